//! Floods on loopback: what strangers send costs a look-up each, and whom we know is heard all the while.
#![allow(clippy::unwrap_used, reason = "tests")]

mod signalling_stage;
mod sip_wire;
mod timeline;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use attendant::ops::logging::{LogFormat, subscriber};
use attendant::ops::metrics;
use attendant::signalling::{Drops, Limits, Rate, Settings};
use attendant::sip::{Inbound, UaConfig};
use signalling_stage::{Agent, PATIENCE, agent, config, loopback, options};
use tokio::net::UdpSocket;

/// Takes calls from 127.0.0.2 alone.
fn for_friends() -> UaConfig {
    let mut config = config();
    config.trunks[0].allow = vec!["127.0.0.2/32".parse().unwrap()];
    config
}

fn settings(limits: Limits) -> Settings {
    Settings { limits, ..Settings::udp(&[loopback()]) }
}

async fn at(ip: &str) -> UdpSocket {
    UdpSocket::bind(format!("{ip}:0")).await.unwrap()
}

/// Sends, and now and then waits for its turn, so that the system's queue is not what is tested.
async fn send(agent: &Agent, from: &UdpSocket, text: &str, times: usize) {
    for sent in 1..=times {
        from.send_to(text.as_bytes(), agent.handle.local_addr()).await.unwrap();
        if sent % 100 == 0 || sent == times {
            agent.handle.dump().await.unwrap();
        }
    }
}

/// Asks until there is an answer, as whoever speaks SIP over UDP does.
async fn ask(agent: &Agent, from: &UdpSocket, branch: &str) -> String {
    let mut buffer = [0; 2_000];
    let begun = std::time::Instant::now();
    loop {
        assert!(begun.elapsed() < PATIENCE, "no answer");
        let text = options(branch).replace("/TCP", "/UDP");
        from.send_to(text.as_bytes(), agent.handle.local_addr()).await.unwrap();
        let answer = tokio::time::timeout(Duration::from_millis(200), from.recv(&mut buffer));
        if let Ok(received) = answer.await {
            return String::from_utf8_lossy(&buffer[..received.unwrap()]).into_owned();
        }
    }
}

/// Twenty thousand INVITEs of a stranger: not one is read, and the friend's questions are answered between them.
#[test]
fn a_flood_of_a_stranger() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let text = metrics::scoped(|metrics| {
        runtime.block_on(async {
            let agent = agent(&settings(Limits::default()), for_friends(), 1);
            let (stranger, friend) = (at("127.0.0.1").await, at("127.0.0.2").await);
            let junk = format!("INVITE sip:900@x SIP/2.0\r\n{}", "x".repeat(600));
            for round in 0..20 {
                send(&agent, &stranger, &junk, 1_000).await;
                let answer = ask(&agent, &friend, &format!("round{round}")).await;
                assert!(answer.starts_with("SIP/2.0 200 OK\r\n"), "{answer}");
            }
            let drops = agent.handle.drops().await.unwrap();
            // A few may be lost in the system's queue; the rest were counted and nothing else.
            assert!((10_000..=20_000).contains(&drops.unknown_source), "{drops:?}");
            assert_eq!((drops.rate_limited, drops.scanner), (0, 0));
            let seen = agent.seen.lock().unwrap();
            assert!(
                seen.iter()
                    .all(|(_, flow, _)| flow.remote.ip() == friend.local_addr().unwrap().ip())
            );
        });
        metrics.render()
    });
    let counted = |reason: &str| {
        let name = format!("attendant_sip_dropped_total{{reason=\"{reason}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse::<u64>().unwrap()
    };
    assert!(counted("unknown_source") >= 10_000);
    assert_eq!(counted("malformed"), 0, "it was never parsed");
}

/// What fail2ban reads: a line for a source, not for a datagram, in the words that the manual's filter looks for.
#[test]
fn the_log_names_a_stranger_once() {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = subscriber(LogFormat::Text, "info", move || writer.clone()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(log, || {
        runtime.block_on(async {
            let agent = agent(&settings(Limits::default()), for_friends(), 1);
            send(&agent, &at("127.0.0.1").await, "what", 500).await;
            let counted =
                async { while agent.handle.drops().await.unwrap().unknown_source < 100 {} };
            tokio::time::timeout(PATIENCE, counted).await.expect("they are counted");
        });
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/manual/transports.md");
    let page = std::fs::read_to_string(page).unwrap();
    let filter = page.lines().find_map(|line| line.strip_prefix("failregex = ")).unwrap();
    let filter = regex::Regex::new(&filter.replace("<HOST>", r"(?<host>\S+)")).unwrap();
    let found: Vec<_> = text.lines().filter_map(|line| filter.captures(line)).collect();
    assert_eq!(found.len(), 1, "{text}");
    assert_eq!(&found[0]["host"], "127.0.0.1");
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A softphone that runs wild is held back; the PBX beside it is not.
#[tokio::test]
async fn a_guest_that_says_too_much() {
    let limits = Limits { guests: Rate { per_second: 1, burst: 10 }, ..Limits::default() };
    let mut config = for_friends();
    let mut phones = config.trunks[0].clone();
    phones.allow = vec!["127.0.0.3/32".parse().unwrap()];
    phones.inbound = Inbound::Registered;
    config.trunks.push(phones);
    let agent = agent(&settings(limits), config, 1);
    let (wild, pbx) = (at("127.0.0.3").await, at("127.0.0.2").await);
    send(&agent, &wild, "what", 500).await;
    send(&agent, &pbx, "what", 500).await;
    // Everything has been read once the PBX is answered.
    ask(&agent, &pbx, "after").await;
    let drops = agent.handle.drops().await.unwrap();
    assert!((400..=490).contains(&drops.rate_limited), "{drops:?}");
    let heard = |ip: SocketAddr| {
        let seen = agent.seen.lock().unwrap();
        seen.iter().filter(|(_, flow, _)| flow.remote == ip).count()
    };
    let held_back = heard(wild.local_addr().unwrap());
    assert!((10..100).contains(&held_back), "{held_back}");
    assert!(heard(pbx.local_addr().unwrap()) > 400);
}

#[tokio::test]
async fn a_scanner_hears_nothing_even_from_a_listed_address() {
    let agent = agent(&settings(Limits::default()), for_friends(), 1);
    let friend = at("127.0.0.2").await;
    let scan =
        options("scan").replace("Content-Length", "User-Agent: friendly-scanner\r\nContent-Length");
    send(&agent, &friend, &scan, 10).await;
    assert!(ask(&agent, &friend, "fine").await.contains("z9hG4bKfine"));
    let drops = agent.handle.drops().await.unwrap();
    assert_eq!(drops, Drops { scanner: 10, ..Drops::default() });
}

/// Sources by the thousand, each with a little: the table stays as it is.
#[tokio::test]
async fn many_sources_are_no_more_than_the_table_holds() {
    let limits = Limits { sources: 64, ..Limits::default() };
    let agent = agent(&settings(limits), for_friends(), 1);
    let friend = at("127.0.0.2").await;
    for last in 0..250 {
        let source = at(&format!("127.0.1.{last}")).await;
        send(&agent, &source, "what", 4).await;
    }
    assert!(ask(&agent, &friend, "fine").await.starts_with("SIP/2.0 200 OK\r\n"));
    let drops = agent.handle.drops().await.unwrap();
    assert!((900..=1_000).contains(&drops.unknown_source), "{drops:?}");
}
