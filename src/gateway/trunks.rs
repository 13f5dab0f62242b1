//! Asks each PBX now and then whether it is there (OPTIONS), and says when that changes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::base::TrunkName;
use crate::config::Config;
use crate::ops;
use crate::sip::{Command, Flow, Transport};

/// The state of the trunks whose profile has a `ping`.
#[derive(Debug, Default)]
pub(super) struct Trunks(BTreeMap<u32, Trunk>);

#[derive(Debug)]
struct Trunk {
    name: TrunkName,
    every: Duration,
    due: Instant,
    /// Nothing is known before the first answer.
    up: Option<bool>,
    ask: (Flow, String, std::net::SocketAddr),
}

impl Trunks {
    /// Takes the trunks of a configuration; what is known of one that stays is kept.
    pub(super) fn configure(&mut self, now: Instant, config: &Config) {
        let known: BTreeMap<_, _> = self.0.values().map(|t| (t.name.clone(), t.up)).collect();
        let pinged = config.trunks.iter().filter_map(|profile| {
            let peer = profile.peer.as_ref()?;
            let (every, remote) = (peer.ping?, peer.address()?);
            let flow = Flow { transport: Transport::Udp, local: profile.listen, remote };
            let name = profile.sip.name.clone();
            let up = known.get(&name).copied().flatten();
            let ask = (flow, format!("sip:{remote}"), profile.sip.advertised);
            Some(Trunk { name, every, due: now, up, ask })
        });
        self.0 = (0..).zip(pinged).collect();
    }

    /// Returns when the next question is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.0.values().map(|trunk| trunk.due).min()
    }

    /// Returns the questions that are due.
    pub(super) fn ask(&mut self, now: Instant) -> Vec<Command> {
        let due = self.0.iter_mut().filter(|(_, trunk)| trunk.due <= now);
        due.map(|(&id, trunk)| {
            trunk.due = now + trunk.every;
            let (flow, target, advertised) = trunk.ask.clone();
            Command::Options { id, flow, target, advertised }
        })
        .collect()
    }

    /// Takes an answer. Any answer but 503 means that the PBX is there (RFC 3261 §11: even 404 does).
    pub(super) fn answered(&mut self, id: u32, status: Option<u16>) {
        let Some(trunk) = self.0.get_mut(&id) else { return };
        let up = status.is_some_and(|status| status != 503);
        let changed = trunk.up.replace(up) != Some(up);
        ops::TrunkPinged { trunk: &trunk.name, status, changed }.emit();
    }
}
