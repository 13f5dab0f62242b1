//! Budget: with every core busy, p99 of what our media thread sends is at most twice as late as a
//! bare loop's, and at most a twentieth of what a tokio interval sends, in the same run.
//!
//! `stress-ng --cpu 4` keeps the cores busy. Each sends packets of 20 ms to 100 callers: our plane
//! with all that belongs to a call; a thread under SCHED_FIFO that sleeps by `clock_nanosleep` to
//! each millisecond and sends; a tokio task a caller that awaits an interval and sends. How late a
//! packet is, the kernel says (see `media_calls`). They take turns, so that none disturbs another.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use attendant::base::{RtpTime, SeqNo};
use attendant::rtp::{Header, Packet, Ssrc};
use media_stage::callers::Callers;
use media_stage::server::{Server, numbers, role, serve};
use media_stage::{
    become_caller, give_up, median, monotonic, need, need_two_cores, ours, sleep_until, verdict,
};

mod media_stage;

const CALLS: usize = 100;
/// An odd number, so that there is one in the middle.
const ROUNDS: usize = 3;
const SETTLING: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(8);
const OF_BARE: f64 = 2.0;
const OF_TOKIO: f64 = 0.05;

const BARE: &str = "bare";
const TOKIO: &str = "tokio";

fn main() {
    match role().as_deref() {
        Some(ours::ROLE) => return ours::run(),
        Some(BARE) => return serve_packets(|lines| _ = std::thread::spawn(|| bare_loop(lines))),
        Some(TOKIO) => return serve_packets(|lines| _ = std::thread::spawn(|| intervals(lines))),
        _ => {}
    }
    need_two_cores();
    need("stress-ng", "stress-ng");
    // It starts first: what a thread on one core starts stays there.
    let stress = Stress::start();
    become_caller();
    let mut late: [Vec<f64>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (name, all) in [ours::ROLE, BARE, TOKIO].into_iter().zip(&mut late) {
            let (mut callers, mut server) = (Callers::new(), Server::start(name, name == BARE));
            server.take(&mut callers, CALLS);
            callers.settle(SETTLING);
            let window = callers.measure(MEASURED);
            let share = |share| window.deviation(share);
            println!(
                "{name}: {CALLS} calls, sends late by p50 {:.3} p99 {:.3} p99.9 {:.3} max {:.3} ms, {} lost",
                share(0.5),
                share(0.99),
                share(0.999),
                share(1.0),
                window.lost
            );
            all.push(share(0.99));
        }
    }
    drop(stress);
    let [own, bare, tokio] = late.map(median);
    let mut good = true;
    for (name, other, most) in [("a bare loop", bare, OF_BARE), ("tokio", tokio, OF_TOKIO)] {
        let ratio = own / other;
        good &= ratio <= most;
        println!(
            "p99 {own:.3} ms, {name} {other:.3} ms, ratio {ratio:.3} of at most {most}: {}",
            verdict(ratio <= most)
        );
    }
    if !good {
        std::process::exit(1);
    }
}

/// Keeps every core busy until it is dropped.
struct Stress(Child);

impl Stress {
    fn start() -> Self {
        let mut command = Command::new("stress-ng");
        command.args(["--cpu", "4", "--quiet"]).stdin(Stdio::null());
        match command.spawn() {
            Ok(process) => Self(process),
            Err(_) => give_up("stress-ng cannot be started"),
        }
    }
}

impl Drop for Stress {
    fn drop(&mut self) {
        // Its workers end with it when it is asked to end, not when it is killed.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// A caller to send to.
struct Line {
    socket: UdpSocket,
    seq: u16,
}

impl Line {
    fn send(&mut self) {
        let (seq, time) = (SeqNo(self.seq), RtpTime(u32::from(self.seq).wrapping_mul(160)));
        let header = Header { payload_type: 0, marker: false, seq, time, ssrc: Ssrc(1) };
        let mut out = [0; 172];
        Packet { header, payload: &[0xff; 160] }.write(&mut out);
        let _ = self.socket.send(&out);
        self.seq = self.seq.wrapping_add(1);
    }
}

fn serve_packets(start: impl Fn(Vec<Line>)) {
    serve(|line| {
        let lines: std::io::Result<Vec<_>> = numbers::<u16>(line)
            .into_iter()
            .map(|port| {
                let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
                socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
                Ok(Line { socket, seq: 0 })
            })
            .collect();
        let Ok(lines) = lines else { give_up("no sockets") };
        let at = |line: &Line| line.socket.local_addr().map_or(0, |at| at.port()).to_string();
        let ports: Vec<String> = lines.iter().map(at).collect();
        start(lines);
        ports.join(" ")
    });
}

fn bare_loop(mut lines: Vec<Line>) {
    let mut deadline = monotonic();
    for turn in 0.. {
        sleep_until(deadline);
        lines.iter_mut().skip(turn % 20).step_by(20).for_each(Line::send);
        deadline += Duration::from_millis(1);
    }
}

fn intervals(lines: Vec<Line>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return };
    runtime.block_on(async {
        for mut line in lines {
            tokio::spawn(async move {
                let mut interval = tokio::time::interval(Duration::from_millis(20));
                loop {
                    interval.tick().await;
                    line.send();
                }
            });
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        std::future::pending::<()>().await;
    });
}
