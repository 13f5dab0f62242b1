//! A whole gateway on loopback, with a PBX of a few lines: what becomes of a call whose task fails, and of its neighbours.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod without_models;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use attendant::call::EndReason;
use attendant::config::{Book, Config};
use attendant::gateway::{Engines, Gateway, Seen, Watched};
use attendant::practice::seed;
use attendant::speech::Recognizer;
use attendant::store::Store;
use tokio::net::UdpSocket;
use tokio::sync::broadcast;
use tokio::time::timeout;
use without_models::{Deaf, Syllables};

/// Long enough for any machine; nothing waits for it that works.
const LONG: Duration = Duration::from_secs(30);

struct House {
    gateway: Gateway,
    sip: SocketAddr,
    store: Store,
    /// The next call's task fails when its media is opened.
    broken: Arc<AtomicBool>,
    seen: broadcast::Receiver<Watched>,
}

impl House {
    async fn open(folder: &Path, rtp: &str) -> Self {
        let sip = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        write(folder, sip, rtp);
        let config = Config::load(folder).unwrap_or_else(|errors| panic!("{errors}"));
        let Book::BuiltIn { path } = &config.node.book;
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let store = Store::open(path).await.unwrap();
        store.seed(&seed::clinic(1, jiff::Zoned::now().date())).await.unwrap();
        let broken = Arc::new(AtomicBool::new(false));
        let fails = Arc::clone(&broken);
        let ears = Box::new(move |_| -> Box<dyn Recognizer> {
            assert!(!fails.swap(false, Ordering::Relaxed), "injected");
            Box::new(Deaf::default())
        });
        let engines = Engines { ears, voices: vec![Box::new(Syllables)] };
        let gateway = Gateway::start_with(folder, config, engines).await.unwrap();
        let seen = gateway.watch();
        Self { gateway, sip, store, broken, seen }
    }

    /// Waits for the end of a call, and returns it with what its row says.
    async fn over(&mut self) -> (EndReason, String, Vec<String>) {
        loop {
            let watched = timeout(LONG, self.seen.recv()).await.unwrap().unwrap();
            if let Seen::Over(summary) = watched.seen {
                let (reason, goals) = self.store.end_of(watched.call).await.unwrap().unwrap();
                return (summary.reason, reason, goals);
            }
        }
    }
}

fn write(folder: &Path, sip: SocketAddr, rtp: &str) {
    let put = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let data = folder.join("data");
    put(
        "attendant.toml",
        format!(
            "data = \"{}\"\nmodels = \"{}\"\n[sip]\nlisten = \"{sip}\"\n[rtp]\nports = \"{rtp}\"\n\
             [metrics]\nlisten = \"off\"\n",
            data.display(),
            data.display()
        ),
    );
    put(
        "sip-profiles/pbx.toml",
        "preset = \"generic\"\ndialplan = \"front\"\n[peer]\nhost = \"127.0.0.1:9\"\n\
         allow = [\"127.0.0.0/8\"]\nping = \"off\"\n[limits]\ncalls = 2\n[transfer]\nallow = [\"_1XX\"]\n"
            .into(),
    );
    put(
        "dialplans/front.toml",
        "timezone = \"America/Chicago\"\n[target.night]\ndial = [\"109\"]\n[[route]]\nname = \"all\"\n\
         agent = \"reception\"\nfallback = \"night\"\n"
            .into(),
    );
}

/// A PBX's end of one call, without an offer in its INVITE: media is opened once it is answered.
struct Pbx {
    socket: UdpSocket,
    rtp: UdpSocket,
    gateway: SocketAddr,
    name: &'static str,
    to: String,
    cseq: u32,
}

impl Pbx {
    async fn new(name: &'static str, gateway: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let rtp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        Self { socket, rtp, gateway, name, to: format!("<sip:8000@{gateway}>"), cseq: 1 }
    }

    async fn send(&self, text: &str) {
        self.socket.send_to(text.as_bytes(), self.gateway).await.unwrap();
    }

    async fn request(&self, method: &str, headers: &str, body: &str) {
        let (here, name) = (self.socket.local_addr().unwrap(), self.name);
        let (gateway, to, cseq) = (self.gateway, &self.to, self.cseq);
        let length = body.len();
        let text = format!(
            "{method} sip:8000@{gateway} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{name}{cseq}{method}\r\n\
             From: <sip:caller@{here}>;tag={name}\r\nTo: {to}\r\nCall-ID: {name}@test\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:pbx@{here}>\r\nMax-Forwards: 70\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        self.send(&text).await;
    }

    /// Waits for a message whose first line begins so; others are passed over.
    async fn expect(&self, start: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let (length, _) = timeout(LONG, self.socket.recv_from(&mut buffer))
                .await
                .unwrap_or_else(|_| panic!("{}: no {start}", self.name))
                .unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.starts_with(start) {
                return text;
            }
        }
    }

    async fn reply(&self, request: &str, status: &str) {
        let kept = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
        let lines = request.lines().filter(|line| kept.iter().any(|name| line.starts_with(name)));
        let lines: String = lines.map(|line| format!("{line}\r\n")).collect();
        self.send(&format!("SIP/2.0 {status}\r\n{lines}Content-Length: 0\r\n\r\n")).await;
    }

    async fn call(&mut self) {
        self.request("INVITE", "", "").await;
        let answer = self.expect("SIP/2.0 200").await;
        self.to = header(&answer, "To").to_owned();
        let port = self.rtp.local_addr().unwrap().port();
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
        );
        self.request("ACK", "Content-Type: application/sdp\r\n", &sdp).await;
    }

    async fn hears_something(&self) {
        for _ in 0..25 {
            timeout(LONG, self.rtp.recv_from(&mut [0; 1500])).await.unwrap().unwrap();
        }
    }
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let line = message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {message}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_fails_goes_to_the_fallback_and_leaves_the_others_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(folder.path(), "24800-24899").await;
    let mut well = Pbx::new("well", house.sip).await;
    well.call().await;
    well.hears_something().await;

    let mut ill = Pbx::new("ill", house.sip).await;
    house.broken.store(true, Ordering::Relaxed);
    ill.call().await;
    let refer = ill.expect("REFER").await;
    assert_eq!(header(&refer, "Refer-To"), "<sip:109@127.0.0.1:9>");
    ill.reply(&refer, "202 Accepted").await;
    well.hears_something().await;

    // Both lines of the trunk are taken, the failed call's too until it is over.
    let third = Pbx::new("third", house.sip).await;
    third.request("INVITE", "", "").await;
    let refused = third.expect("SIP/2.0 503").await;
    assert!(header(&refused, "Warning").contains("all 2 lines of SIP profile pbx"), "{refused}");

    ill.cseq += 1;
    let state =
        "Event: refer\r\nSubscription-State: terminated\r\nContent-Type: message/sipfrag\r\n";
    ill.request("NOTIFY", state, "SIP/2.0 200 OK\r\n").await;
    let bye = ill.expect("BYE").await;
    ill.reply(&bye, "200 OK").await;
    let (reason, row, goals) = house.over().await;
    assert_eq!((reason, row.as_str()), (EndReason::Failed, "failed"));
    assert_eq!(goals, ["transferred"]);

    well.hears_something().await;
    well.cseq += 1;
    well.request("BYE", "", "").await;
    well.expect("SIP/2.0 200").await;
    let (reason, row, _) = house.over().await;
    assert_eq!((reason, row.as_str()), (EndReason::CallerHungUp, "caller_hung_up"));
    house.gateway.stop(Duration::from_secs(2)).await;
}

/// Before the call is answered there is nothing to refer: the PBX goes on to its own next choice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_fails_before_the_answer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(folder.path(), "24900-24999").await;
    let caller = Pbx::new("early", house.sip).await;
    house.broken.store(true, Ordering::Relaxed);
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    caller.request("INVITE", "Content-Type: application/sdp\r\n", sdp).await;
    caller.expect("SIP/2.0 480").await;
    let (reason, row, goals) = house.over().await;
    assert_eq!((reason, row.as_str(), goals.len()), (EndReason::Failed, "failed", 0));
    house.gateway.stop(Duration::from_secs(2)).await;
}
