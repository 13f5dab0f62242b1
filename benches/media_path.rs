//! Budget: a packet received and one sent cost at most 2.5 times the kernel's own send and receive,
//! as much as rtpengine's relaying, and 0.6 of its transcoding, all in the same run.
//!
//! Ours is the whole path: socket, parsing, latch, jitter buffer, decoding to 16 kHz, voice
//! detection, up-ring; down-ring, encoding, packetising, socket. rtpengine passes each packet on to
//! another leg, from PCMU to PCMU, or between PCMU and PCMA. The floor is one `recvfrom` and one
//! `sendto` for each packet, after an `epoll_wait` for as many as are there. Each has one thread
//! under SCHED_FIFO on a core of its own; CPU time is that of the whole process, but for our
//! agents, whose end of the rings is a recogniser's and a voice's, and is shown apart.

use std::time::Duration;

use media_stage::callers::{Callers, Window};
use media_stage::relay::Relay;
use media_stage::server::{Server, role};
use media_stage::{
    become_caller, cpu, floor, give_up, median, need_two_cores, ours, stolen, verdict,
};

mod media_stage;

/// Legs, each with its packets both ways.
const LEGS: [usize; 3] = [100, 500, 1000];
/// An odd number, so that there is one in the middle.
const ROUNDS: usize = 3;
const SETTLING: Duration = Duration::from_millis(1500);
const MEASURED: Duration = Duration::from_secs(3);
const OF_FLOOR: f64 = 2.5;
const OF_RELAY: f64 = 1.0;
const OF_TRANSCODING: f64 = 0.6;

fn main() {
    match role().as_deref() {
        Some(ours::ROLE) => return ours::run(),
        Some(floor::ROLE) => return floor::run(),
        _ => {}
    }
    need_two_cores();
    Relay::need();
    become_caller();
    println!("µs of CPU for a packet received and one sent, median of {ROUNDS} rounds");
    let mut good = true;
    for legs in LEGS {
        good &= compare(legs);
    }
    if !good {
        std::process::exit(1);
    }
}

fn compare(legs: usize) -> bool {
    let mut costs: [Vec<f64>; 5] = Default::default();
    let (taken, began) = (stolen(), std::time::Instant::now());
    for _ in 0..ROUNDS {
        let (own, agents) = of_ours(legs);
        let round = [of_floor(legs), own, of_relay(legs, false), of_relay(legs, true), agents];
        for (all, cost) in costs.iter_mut().zip(round) {
            all.push(cost);
        }
    }
    let spread = |all: &[f64]| {
        let rounds: Vec<String> = all.iter().map(|cost| format!("{cost:.2}")).collect();
        rounds.join(" ")
    };
    let rounds: Vec<String> = costs.iter().map(|all| spread(all)).collect();
    let [floor, own, relay, transcoding, agents] = costs.map(median);
    println!(
        "{legs} legs: ours {own:.2} ({}), the agents' ends of its rings {agents:.2}; {:.1} % of the machine stolen",
        rounds[1],
        (stolen() - taken).as_secs_f64() / began.elapsed().as_secs_f64() * 50.0
    );
    let mut good = true;
    for (name, cost, rounds, most) in [
        ("kernel's floor", floor, &rounds[0], OF_FLOOR),
        ("rtpengine's relay", relay, &rounds[2], OF_RELAY),
        ("rtpengine's transcoding", transcoding, &rounds[3], OF_TRANSCODING),
    ] {
        let ratio = own / cost;
        println!(
            "  of {name} {cost:.2} ({rounds}): ratio {ratio:.2} of at most {most}: {}",
            verdict(ratio <= most)
        );
        good &= ratio <= most;
    }
    good
}

/// Measures what `used` grows by for a pair of packets, and sees to it that they were there.
fn cost(callers: &mut Callers, what: &str, mut used: impl FnMut() -> Duration) -> (f64, Window) {
    callers.settle(SETTLING);
    let before = used();
    let window = callers.measure(MEASURED);
    let spent = used() - before;
    let Window { sent, came, lost, strange, silent, .. } = window;
    if came * 100 < sent * 95 || strange > 0 || silent > 0 {
        give_up(&format!(
            "{what}: {sent} packets sent, {came} came, {lost} lost, {strange} of another codec, \
             {silent} callers were sent nothing"
        ));
    }
    (spent.as_secs_f64() * 1e6 / came as f64, window)
}

fn of_floor(legs: usize) -> f64 {
    let (mut callers, mut server) = (Callers::new(), Server::start(floor::ROLE, true));
    server.take(&mut callers, legs);
    cost(&mut callers, "the floor", || cpu(server.id(), "")).0
}

fn of_relay(legs: usize, transcodes: bool) -> f64 {
    let (mut callers, mut relay) = (Callers::new(), Relay::start());
    relay.take(&mut callers, legs, transcodes);
    cost(&mut callers, "rtpengine", || cpu(relay.id(), "")).0
}

/// Ours, and of that the agents' part for a pair.
fn of_ours(legs: usize) -> (f64, f64) {
    let (mut callers, mut server) = (Callers::new(), ours::start());
    server.take(&mut callers, legs);
    let id = server.id();
    let mut agents = Duration::ZERO;
    let (own, window) = cost(&mut callers, "ours", || {
        let agent = cpu(id, ours::AGENT);
        // The first call is before the window, the second one after it.
        agents = agent - agents;
        cpu(id, "") - agent
    });
    let counts = ours::close(&mut server);
    // All of the path was walked, or the figure would mean nothing.
    let whole = |part: u64| part * 100 >= counts.received * 95;
    if !whole(counts.heard) || !whole(counts.played) || counts.voices == 0 || counts.dropped > 0 {
        give_up(&format!("ours: the agents had not their part: {counts:?}"));
    }
    (own, agents.as_secs_f64() * 1e6 / window.came as f64)
}
