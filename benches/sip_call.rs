//! Budget: the CPU time that SIPp's own UAS needs for a call (INVITE to BYE), in the same run; 0.3 ms at most.
//!
//! Three measures: the user agent alone, in this process and in virtual time; the user agent behind
//! its socket, in a process of its own, called by SIPp, beside SIPp's UAS called by SIPp; and how many
//! calls a second one core takes, with the time from INVITE to 200.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use attendant::base::TrunkName;
use attendant::signalling::Signalling;
use attendant::sip::{
    Command as Order, Event, Flow, Inbound, Input, Output, Policy, Transport, Trunk, Ua, UaConfig,
};
use bytes::Bytes;

#[allow(dead_code, reason = "the tests use the rest")]
#[allow(clippy::unwrap_used, reason = "a measurement that cannot be made may fail")]
#[path = "../tests/load_stage/crowd.rs"]
mod crowd;

/// Set in the child that answers calls.
const SERVER: &str = "SIP_CALL_SERVER";
/// Calls of one measurement, and how often it is repeated.
const CALLS: u32 = 4_000;
const ROUNDS: usize = 3;
/// Calls a second at which CPU time is compared: well below what either can.
const RATE: u32 = 400;
const BUDGET: Duration = Duration::from_micros(300);

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                   m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

fn main() {
    if std::env::var_os(SERVER).is_some() {
        return serve();
    }
    in_process();
    beside_sipp();
    how_many();
}

fn config(advertised: SocketAddr) -> UaConfig {
    let trunk = Trunk {
        name: TrunkName::new("pbx"),
        allow: vec!["127.0.0.0/8".parse().expect("a network")],
        inbound: Inbound::Ip,
        advertised,
        credentials: None,
        accept_refer: false,
        refer_wait: Duration::from_secs(30),
        listens: vec![],
        policy: Policy::default(),
    };
    UaConfig {
        product: "Attendant/bench".into(),
        trunks: vec![trunk],
        registrar: None,
        t1: Duration::from_millis(500),
    }
}

/// CPU time of this thread, as the scheduler counts it.
fn thread_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split(' ').next().and_then(|ns| ns.parse().ok());
    Duration::from_nanos(first.unwrap_or(0))
}

/// CPU time of a process, all its threads.
fn process_cpu(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let rest = stat.rfind(')').map_or("", |at| &stat[at + 2..]);
    let ticks = |n: usize| rest.split(' ').nth(n).and_then(|it| it.parse::<u64>().ok());
    Duration::from_millis((ticks(11).unwrap_or(0) + ticks(12).unwrap_or(0)) * 10)
}

/// The user agent alone: a thousand calls a second of virtual time, so that 32,000 ended ones linger.
fn in_process() {
    const BATCH: u32 = 100;
    let address = "127.0.0.1:5060".parse().expect("an address");
    let peer = "127.0.0.1:5070".parse().expect("an address");
    let flow = Flow { transport: Transport::Udp, local: address, remote: peer };
    let start = Instant::now();
    let mut ua = Ua::new(config(address), 1, start);
    let (mut spent, mut calls, mut now) = (Duration::ZERO, 0, start);
    for batch in 0..600 {
        let invites: Vec<Bytes> =
            (0..BATCH).map(|n| request("INVITE", 1, batch * BATCH + n, "").into()).collect();
        let before = thread_cpu();
        let mut answers = Vec::new();
        for invite in invites {
            now += Duration::from_millis(1);
            ua.handle_timeout(now);
            ua.handle_input(now, Input::Datagram { flow, bytes: invite });
            answers.extend(answered(&mut ua, now));
        }
        let opening = thread_cpu() - before;
        assert_eq!(answers.len(), BATCH as usize, "each call is accepted");
        let rest = answers.iter().zip(0..).flat_map(|(answer, n)| {
            let tag = std::str::from_utf8(answer).ok().and_then(tag_of).expect("a To tag");
            let number = batch * BATCH + n;
            ["ACK", "BYE"].map(|method| {
                let cseq = if method == "BYE" { 2 } else { 1 };
                Bytes::from(request(method, cseq, number, &format!(";tag={tag}")))
            })
        });
        let rest: Vec<Bytes> = rest.collect();
        let before = thread_cpu();
        for bytes in rest {
            ua.handle_input(now, Input::Datagram { flow, bytes });
            let _ = answered(&mut ua, now);
        }
        // The first third fills the memory of ended calls.
        if batch >= 350 {
            spent += opening + (thread_cpu() - before);
            calls += BATCH;
        }
    }
    let each = spent / calls;
    println!(
        "in process: {each:?} of CPU a call (INVITE, 100, 180, 200, ACK, BYE, 200); {} things held",
        ua.dump(now).len()
    );
}

/// Does what the user agent wants: takes every call, and returns its acceptances.
fn answered(ua: &mut Ua, now: Instant) -> Vec<Bytes> {
    let mut answers = Vec::new();
    while let Some(output) = ua.poll_output() {
        match output {
            Output::Send { bytes, .. } if bytes.starts_with(b"SIP/2.0 200") => answers.push(bytes),
            Output::Event(Event::Incoming(incoming)) => {
                let leg = incoming.leg;
                ua.handle_input(now, Input::Command(Order::Ring { leg }));
                ua.handle_input(now, Input::Command(Order::Accept { leg, sdp: SDP.into() }));
            }
            _ => {}
        }
    }
    answers
}

fn request(method: &str, cseq: u32, number: u32, tag: &str) -> String {
    let (kind, body) = match method {
        "INVITE" => ("Content-Type: application/sdp\r\n", SDP),
        _ => ("", ""),
    };
    format!(
        "{method} sip:900@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK{number}{method}\r\n\
         From: sipp <sip:sipp@127.0.0.1:5070>;tag=t{number}\r\nTo: 900 <sip:900@127.0.0.1:5060>{tag}\r\n\
         Call-ID: {number}-1234@127.0.0.1\r\nCSeq: {cseq} {method}\r\nContact: sip:sipp@127.0.0.1:5070\r\n\
         Max-Forwards: 70\r\nSubject: Performance Test\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn tag_of(response: &str) -> Option<&str> {
    let to = response.lines().find(|line| line.starts_with("To:"))?;
    to.split(";tag=").nth(1)
}

/// The child: a user agent on a socket that takes every call.
fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let any = "127.0.0.1:0".parse().expect("an address");
        let bound = Signalling::bind(&[any], config(any), 1).await;
        let (signalling, handle, mut events) = bound.expect("a socket");
        tokio::spawn(signalling.run());
        let config = config(handle.local_addr());
        let _ = handle.command(Order::Configure(Box::new(config))).await;
        println!("{}", handle.local_addr());
        while let Some(event) = events.recv().await {
            if let Event::Incoming(incoming) = event {
                let leg = incoming.leg;
                let _ = handle.command(Order::Ring { leg }).await;
                let _ = handle.command(Order::Accept { leg, sdp: SDP.into() }).await;
            }
        }
    });
}

/// Something that answers calls; killed, by its own process id, when dropped.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    /// Ours, on one core alone if asked for.
    fn ours(core: Option<usize>) -> Self {
        let own = std::env::current_exe().expect("this program");
        let mut command = match core {
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &core.to_string()]).arg(own);
                command
            }
            None => Command::new(own),
        };
        let mut process = command
            .env(SERVER, "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server");
        let mut line = String::new();
        let out = process.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("its address");
        let address = line.trim().parse().expect("its address");
        Self { process, address }
    }

    fn sipp() -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let process = sipp(&["-sn", "uas"], address.port()).spawn().expect("make setup: sipp");
        while UdpSocket::bind(address).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    let socket = UdpSocket::bind(("127.0.0.1", 0));
    socket.and_then(|socket| socket.local_addr()).map_or(0, |address| address.port())
}

fn sipp(arguments: &[&str], port: u16) -> Command {
    let mut command = Command::new("sipp");
    command.args(arguments).args(["-nostdin", "-i", "127.0.0.1", "-p", &port.to_string()]);
    command.args(["-mp", &free_port().to_string()]);
    command.current_dir(std::env::temp_dir());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// CPU time that a server spends on a call of SIPp's built-in UAC.
fn cost_of_a_call(server: &Server) -> Option<Duration> {
    let (calls, rate) = (CALLS.to_string(), RATE.to_string());
    let before = process_cpu(server.process.id());
    let target = server.address.to_string();
    let arguments = ["-sn", "uac", "-m", &calls, "-r", &rate, "-d", "0", "-s", "900", &target];
    let ended = sipp(&arguments, free_port()).status().ok()?;
    ended.success().then(|| (process_cpu(server.process.id()) - before) / CALLS)
}

fn beside_sipp() {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.extend(cost_of_a_call(&Server::ours(None)));
        theirs.extend(cost_of_a_call(&Server::sipp()));
    }
    ours.sort_unstable();
    theirs.sort_unstable();
    let (Some(own), Some(sipp)) = (ours.get(ours.len() / 2), theirs.get(theirs.len() / 2)) else {
        return println!("by UDP: a call failed, so nothing was measured");
    };
    let ratio = own.as_secs_f64() / sipp.as_secs_f64();
    let verdict = if ratio <= 1.0 && *own <= BUDGET { "within budget" } else { "OVER BUDGET" };
    println!(
        "by UDP, {RATE} calls a second: {own:?} of CPU a call; SIPp's UAS {sipp:?}; ratio {ratio:.2}: {verdict}"
    );
    println!("  all rounds: {ours:?} and {theirs:?}");
}

/// Doubles the rate until calls are lost, repeated or slow.
fn how_many() {
    let several = std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1);
    let mut best = None;
    for a_second in [250, 500, 1_000, 1_500, 2_000, 3_000, 4_000, 6_000, 8_000] {
        let server = Server::ours(several.then_some(1));
        let calls = a_second as usize * 3;
        let plan = crowd::Plan { calls, a_second, held: Duration::ZERO, talks: false };
        let (begun, before) = (Instant::now(), process_cpu(server.process.id()));
        let outcome =
            crowd::Crowd::new("bench", "127.0.0.1", server.address, plan).spinning().run();
        let cpu = process_cpu(server.process.id()) - before;
        let share = cpu.as_secs_f64() * 100.0 / begun.elapsed().as_secs_f64();
        let (p50, p99) = (outcome.setup_percentile(50), outcome.setup_percentile(99));
        let clean = outcome.completed == calls && outcome.repeated == 0;
        println!(
            "{a_second} calls a second: {} of {calls}, {} repeated, INVITE to 200 p50 {p50:?} p99 {p99:?}, {share:.0} % of a core",
            outcome.completed, outcome.repeated
        );
        if !clean {
            break;
        }
        best = Some((a_second, p99));
    }
    if let Some((a_second, p99)) = best {
        println!("one core takes {a_second} calls a second, p99 of INVITE to 200 {p99:?}");
    }
}
