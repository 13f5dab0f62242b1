//! Thousands of calls between two user agents in virtual time: what they hold does not grow with
//! the calls that were, and an hour later nothing is left.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::LegId;
use attendant::sip::{Command, Event, Flow, Input, NewLeg, Output, Transport, Trunk, Ua, UaConfig};
use sip_wire::{OFFER, config, new_leg, trunk};

const CALLS: u32 = 4_000;
const BETWEEN: Duration = Duration::from_millis(20);
const ADDRESSES: [&str; 2] = ["10.0.0.1:5060", "10.0.0.2:5060"];

struct Pair {
    sides: [Ua; 2],
    /// Who is told or asked what next.
    waiting: VecDeque<(usize, Input)>,
    /// Calls that were up, and ends told, on each side.
    up: [u32; 2],
    ended: [u32; 2],
}

fn address(side: usize) -> SocketAddr {
    ADDRESSES[side].parse().unwrap()
}

fn config_of(side: usize) -> UaConfig {
    UaConfig { trunks: vec![Trunk { advertised: address(side), ..trunk() }], ..config() }
}

impl Pair {
    /// Carries messages to and fro until nobody has anything to say.
    fn settle(&mut self, now: Instant) {
        loop {
            for side in 0..2 {
                while let Some(output) = self.sides[side].poll_output() {
                    self.carry(side, output);
                }
            }
            let Some((side, input)) = self.waiting.pop_front() else { return };
            self.sides[side].handle_input(now, input);
        }
    }

    fn carry(&mut self, side: usize, output: Output) {
        match output {
            Output::Send { flow, bytes } => {
                let flow = Flow { local: flow.remote, remote: flow.local, ..flow };
                self.waiting.push_back((1 - side, Input::Datagram { flow, bytes }));
            }
            Output::Event(Event::Incoming(incoming)) => {
                let (leg, sdp) = (incoming.leg, OFFER.into());
                self.order(side, Command::Ring { leg });
                self.order(side, Command::Accept { leg, sdp });
            }
            Output::Event(Event::Answered { leg, .. }) => {
                self.up[side] += 1;
                // Both sides hang up, each in its turn.
                if leg.0 % 4 == 1 {
                    self.order(side, Command::HangUp { leg, reason: None });
                }
            }
            Output::Event(Event::Established { leg, .. }) => {
                self.up[side] += 1;
                if leg.0 % 4 == 0 {
                    self.order(side, Command::HangUp { leg, reason: None });
                }
            }
            Output::Event(Event::Ended { .. }) => self.ended[side] += 1,
            Output::Event(_) | Output::Resolve { .. } => {}
        }
    }

    fn order(&mut self, side: usize, command: Command) {
        self.waiting.push_back((side, Input::Command(command)));
    }

    /// Runs what is due until then.
    fn run_until(&mut self, end: Instant) {
        loop {
            let due = self.sides.iter().filter_map(Ua::poll_timeout).min();
            let Some(now) = due.filter(|at| *at <= end) else { return };
            self.sides.iter_mut().for_each(|side| side.handle_timeout(now));
            self.settle(now);
        }
    }
}

#[test]
fn thousands_of_calls_leave_nothing() {
    let start = Instant::now();
    let sides = [0, 1].map(|side| Ua::new(config_of(side), side as u64, start));
    let mut pair = Pair { sides, waiting: VecDeque::new(), up: [0; 2], ended: [0; 2] };
    let (mut now, mut most) = (start, 0);
    for call in 0..CALLS {
        now += BETWEEN;
        pair.run_until(now);
        let [local, remote] = [address(0), address(1)];
        let flow = Flow { transport: Transport::Udp, local, remote };
        let (leg, target) = (LegId(call * 2 + 1), format!("sip:100@{remote}"));
        let new = NewLeg { leg, flow, target, advertised: local, ..new_leg() };
        pair.order(0, Command::Invite(Box::new(new)));
        pair.settle(now);
        if call % 500 == 0 {
            most = pair.sides.iter().map(|side| side.dump(now).len()).max().unwrap().max(most);
        }
    }
    pair.run_until(now + Duration::from_secs(3600));
    assert_eq!((pair.up, pair.ended), ([CALLS; 2], [CALLS; 2]));
    for side in &pair.sides {
        assert!(side.is_idle(), "{:#?}", side.dump(now));
        assert_eq!(side.dump(now), Vec::<String>::new());
    }
    // An ended call lingers for 64·T1 with its transactions: 1,600 at a time, three things each or so.
    assert!(most < 1_600 * 6, "{most} things were held at a time");
}
