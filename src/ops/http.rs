//! `/metrics` and `/health` over HTTP/1.1: GET only, one request a connection, everything bounded.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::metrics::Metrics;

/// A request's head, with every header a scraper sends, is a twentieth of this.
const HEAD_BYTES: usize = 8 * 1024;
/// A scraper on the same network needs milliseconds.
const DEADLINE: Duration = Duration::from_secs(5);

/// Whether the process takes calls, and what else is worth a line; shared between the gateway, which sets it, and `/health`.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Said>);

#[derive(Debug, Default)]
struct Said {
    condition: AtomicU8,
    lines: ArcSwap<Vec<String>>,
    asked: ArcSwap<Asked>,
}

/// Says how something is at the moment at which it is asked.
pub type Line = Box<dyn Fn() -> String + Send + Sync>;

#[derive(Default)]
struct Asked(Vec<Line>);

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines", self.0.len())
    }
}

/// What `/health` says.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Condition {
    /// Models are loading, sockets are being bound.
    #[default]
    Starting,
    /// Calls are taken.
    Ready,
    /// Running calls finish, new ones are refused.
    Draining,
}

impl Health {
    /// Says how it is from now on.
    pub fn set(&self, condition: Condition) {
        self.0.condition.store(condition as u8, Ordering::Relaxed);
    }

    /// Says this before it, a line each: a trunk that is down is not this process's fault, but its admin's business.
    pub fn tell(&self, lines: Vec<String>) {
        self.0.lines.store(Arc::new(lines));
    }

    /// Asks these for a line each time it is looked at.
    pub fn ask(&self, lines: Vec<Line>) {
        self.0.asked.store(Arc::new(Asked(lines)));
    }

    /// Returns how it is.
    pub fn get(&self) -> Condition {
        match self.0.condition.load(Ordering::Relaxed) {
            0 => Condition::Starting,
            1 => Condition::Ready,
            _ => Condition::Draining,
        }
    }
}

/// Serves until it is dropped. Connections that dawdle, say too much or ask for something else are
/// closed or refused; none of them can stop the others.
pub async fn run(listener: TcpListener, metrics: Metrics, health: Health) {
    run_within(DEADLINE, listener, metrics, health).await;
}

async fn run_within(deadline: Duration, listener: TcpListener, metrics: Metrics, health: Health) {
    let serve = || serve_one_by_one(deadline, &listener, &metrics, &health);
    // Four connections at a time; further ones wait in the listener's queue.
    tokio::join!(serve(), serve(), serve(), serve());
}

async fn serve_one_by_one(
    deadline: Duration,
    listener: &TcpListener,
    metrics: &Metrics,
    health: &Health,
) {
    loop {
        match listener.accept().await {
            // A deadline passed, or a peer went away: the scraper knows, and will be back.
            Ok((stream, _)) => drop(timeout(deadline, serve(stream, metrics, health)).await),
            Err(error) => {
                // No descriptors left, most likely: wait for some instead of spinning.
                tracing::warn!(%error, "The metrics listener cannot accept.");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn serve(mut stream: TcpStream, metrics: &Metrics, health: &Health) -> io::Result<()> {
    let mut head = Vec::with_capacity(512);
    let end_of_head = |head: &[u8]| head.windows(4).any(|four| four == b"\r\n\r\n");
    while !end_of_head(&head) && head.len() < HEAD_BYTES {
        let room = (HEAD_BYTES - head.len()) as u64;
        if (&mut stream).take(room).read_buf(&mut head).await? == 0 {
            break;
        }
    }
    let answer = match end_of_head(&head) {
        true => answer(&head, metrics, health),
        false if head.len() >= HEAD_BYTES => refuse("431 Request Header Fields Too Large"),
        false => refuse("400 Bad Request"),
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

fn answer(head: &[u8], metrics: &Metrics, health: &Health) -> String {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let Ok(line) = std::str::from_utf8(line) else { return refuse("400 Bad Request") };
    let mut words = line.split(' ');
    let (method, target, version) = (words.next(), words.next(), words.next());
    let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) =
        (method, target, version, words.next())
    else {
        return refuse("400 Bad Request");
    };
    if method != "GET" {
        return write(
            "405 Method Not Allowed",
            "text/plain",
            "Allow: GET\r\n",
            "405 Method Not Allowed\n",
        );
    }
    match target.split('?').next() {
        Some("/metrics") => {
            let format = "text/plain; version=0.0.4; charset=utf-8";
            write("200 OK", format, "", &metrics.render())
        }
        Some("/health") => {
            let (status, word) = match health.get() {
                Condition::Ready => ("200 OK", "ready"),
                Condition::Starting => ("503 Service Unavailable", "starting"),
                Condition::Draining => ("503 Service Unavailable", "draining"),
            };
            let lines = health.0.lines.load();
            let asked = health.0.asked.load();
            let asked = asked.0.iter().map(|line| line());
            let lines = lines.iter().cloned().chain(asked);
            let lines: String = lines.map(|line| format!("{line}\n")).collect();
            write(status, "text/plain", "", &format!("{lines}{word}\n"))
        }
        _ => refuse("404 Not Found"),
    }
}

fn refuse(status: &str) -> String {
    write(status, "text/plain", "", &format!("{status}\n"))
}

fn write(status: &str, format: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {format}\r\nContent-Length: {length}\r\n{headers}\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n{body}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::metrics::scoped;
    use std::net::SocketAddr;

    /// Runs a listener with this deadline for as long as the test speaks to it.
    async fn listening<T>(
        deadline: Duration,
        health: Health,
        test: impl AsyncFnOnce(SocketAddr) -> T,
    ) -> T {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let metrics = scoped(Metrics::clone);
        tokio::select! {
            () = run_within(deadline, listener, metrics, health) => unreachable!("it serves for ever"),
            told = test(address) => told,
        }
    }

    async fn ask(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        // A refused request may be reset under our hands; what came until then counts.
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn metrics_and_health_are_served() {
        let health = Health::default();
        listening(DEADLINE, health.clone(), async |address| {
            let answer = ask(address, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"));
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
            assert!(body.contains("attendant_calls_active 0"), "{body}");
            let health_says = async || ask(address, b"GET /health HTTP/1.0\r\n\r\n").await;
            assert!(health_says().await.ends_with("\r\n\r\nstarting\n"));
            health.set(Condition::Ready);
            let answer = health_says().await;
            assert!(
                answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ready\n"),
                "{answer}"
            );
            // What is wrong elsewhere is told, and is no fault of ours.
            health.tell(vec!["trunk front: down: no answer".into()]);
            let answer = health_says().await;
            assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
            assert!(answer.ends_with("\r\n\r\ntrunk front: down: no answer\nready\n"), "{answer}");
            health.set(Condition::Draining);
            let answer = health_says().await;
            assert!(
                answer.starts_with("HTTP/1.1 503") && answer.ends_with("draining\n"),
                "{answer}"
            );
        })
        .await;
    }

    #[tokio::test]
    async fn everything_else_is_refused() {
        listening(DEADLINE, Health::default(), async |address| {
            let long = [b"GET /metrics HTTP/1.1\r\nX: ".as_slice(), &[b'a'; HEAD_BYTES]].concat();
            for (request, status) in [
                (b"POST /metrics HTTP/1.1\r\n\r\n".as_slice(), "405"),
                (b"GET / HTTP/1.1\r\n\r\n", "404"),
                (b"GET /metrics/../etc/passwd HTTP/1.1\r\n\r\n", "404"),
                (b"GET /metrics\r\n\r\n", "400"),
                (b"GET  /metrics HTTP/1.1\r\n\r\n", "400"),
                (b"GET /metrics HTTP/2.0\r\n\r\n", "400"),
                (b"\xff\xfe\r\n\r\n", "400"),
                (b"\r\n\r\n", "400"),
                (&long, "431"),
            ] {
                let answer = ask(address, request).await;
                let asked = String::from_utf8_lossy(&request[..request.len().min(40)]);
                assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{asked:?}: {answer}");
            }
        })
        .await;
    }

    /// Four who say nothing hold every place; they are put out, and the next one is served.
    #[tokio::test]
    async fn those_who_dawdle_do_not_stop_the_others() {
        listening(Duration::from_millis(50), Health::default(), async |address| {
            let mut silent = Vec::new();
            for _ in 0..8 {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(b"GET /me").await.unwrap();
                silent.push(stream);
            }
            let answer = ask(address, b"GET /metrics HTTP/1.1\r\n\r\n").await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
            for stream in &mut silent {
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
                assert!(rest.is_empty(), "closed without an answer");
            }
        })
        .await;
    }
}
