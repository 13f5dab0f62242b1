//! Asks each PBX now and then whether it is there (OPTIONS), and says when that changes.
//!
//! A PBX that is given by name is looked up for each question, so that a change in DNS is followed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::base::TrunkName;
use crate::config::Config;
use crate::ops;
use crate::sip::{Command, Flow, Transport};

/// A name server that takes longer is as good as none.
const LOOK_UP: Duration = Duration::from_secs(5);

/// The state of the trunks whose profile has a `ping`.
#[derive(Debug, Default)]
pub(super) struct Trunks {
    asked: BTreeMap<u32, Trunk>,
    /// Never used again, so that a late answer is not taken for one of another trunk.
    next: u32,
    /// Names being looked up.
    lookups: JoinSet<(u32, Option<SocketAddr>)>,
}

#[derive(Debug)]
struct Trunk {
    name: TrunkName,
    every: Duration,
    due: Instant,
    /// Nothing is known before the first answer.
    up: Option<bool>,
    host: String,
    port: u16,
    /// Where it is, unless that has to be looked up.
    address: Option<SocketAddr>,
    listen: SocketAddr,
    advertised: SocketAddr,
}

impl Trunks {
    /// Takes the trunks of a configuration; what is known of one that stays is kept.
    pub(super) fn configure(&mut self, now: Instant, config: &Config) {
        let known: BTreeMap<_, _> = self.asked.values().map(|t| (t.name.clone(), t.up)).collect();
        self.asked.clear();
        for profile in &config.trunks {
            let Some((peer, every)) = profile.peer.as_ref().and_then(|p| Some((p, p.ping?))) else {
                continue;
            };
            let name = profile.sip.name.clone();
            let trunk = Trunk {
                every,
                due: now,
                up: known.get(&name).copied().flatten(),
                name,
                host: peer.host.clone(),
                port: peer.port,
                address: peer.address(),
                listen: profile.listen,
                advertised: profile.sip.advertised,
            };
            self.asked.insert(self.next, trunk);
            self.next = self.next.wrapping_add(1);
        }
    }

    /// Returns when the next question is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.asked.values().map(|trunk| trunk.due).min()
    }

    /// Returns the questions that are due and need no look-up; the others come from [`Self::resolved`].
    pub(super) fn ask(&mut self, now: Instant) -> Vec<Command> {
        let mut questions = Vec::new();
        let due = self.asked.iter_mut().filter(|(_, trunk)| trunk.due <= now);
        for (&id, trunk) in due {
            trunk.due = now + trunk.every;
            match trunk.address {
                Some(address) => questions.push(trunk.question(id, address)),
                None => {
                    let (host, port) = (trunk.host.clone(), trunk.port);
                    let v4 = trunk.listen.is_ipv4();
                    self.lookups.spawn(async move { (id, look_up(host, port, v4).await) });
                }
            }
        }
        questions
    }

    /// Waits for a name to be looked up and returns the question; never, where none is being looked up.
    pub(super) async fn resolved(&mut self) -> Option<Command> {
        let found = self.lookups.join_next().await?;
        // A look-up that panicked is a question that was not asked.
        let (id, address) = found.ok()?;
        let Some(address) = address else {
            if let Some(trunk) = self.asked.get(&id) {
                let (trunk, host) = (&trunk.name, &trunk.host);
                tracing::warn!(%trunk, host, "The PBX's name cannot be looked up: check DNS.");
            }
            self.answered(id, None);
            return None;
        };
        self.asked.get(&id).map(|trunk| trunk.question(id, address))
    }

    /// Takes an answer. Any answer but 503 means that the PBX is there (RFC 3261 §11: even 404 does).
    pub(super) fn answered(&mut self, id: u32, status: Option<u16>) {
        let Some(trunk) = self.asked.get_mut(&id) else { return };
        let up = status.is_some_and(|status| status != 503);
        let changed = trunk.up.replace(up) != Some(up);
        ops::TrunkPinged { trunk: &trunk.name, status, up, changed }.emit();
    }
}

impl Trunk {
    fn question(&self, id: u32, remote: SocketAddr) -> Command {
        let flow = Flow { transport: Transport::Udp, local: self.listen, remote };
        let target = format!("sip:{}:{}", self.host, self.port);
        Command::Options { id, flow, target, advertised: self.advertised }
    }
}

/// Returns the first address of a name that our socket can send to.
async fn look_up(host: String, port: u16, v4: bool) -> Option<SocketAddr> {
    let found = timeout(LOOK_UP, tokio::net::lookup_host((host, port))).await.ok()?.ok()?;
    found.into_iter().find(|address| address.is_ipv4() == v4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trunks(host: &str) -> Trunks {
        let listen = "127.0.0.1:5060".parse().unwrap();
        let trunk = Trunk {
            name: TrunkName::new("pbx"),
            every: Duration::from_secs(30),
            due: Instant::now(),
            up: None,
            host: host.into(),
            port: 5070,
            address: None,
            listen,
            advertised: listen,
        };
        Trunks { asked: [(7, trunk)].into(), ..Trunks::default() }
    }

    #[tokio::test]
    async fn a_pbx_that_is_given_by_name_is_asked_where_the_name_leads() {
        let mut trunks = trunks("localhost");
        let now = Instant::now();
        assert!(trunks.ask(now).is_empty(), "it is looked up first");
        assert_eq!(trunks.next_due(), Some(now + Duration::from_secs(30)));
        let question = trunks.resolved().await;
        let Some(Command::Options { id: 7, flow, target, .. }) = question else {
            panic!("{question:?}")
        };
        assert_eq!(flow.remote, "127.0.0.1:5070".parse().unwrap());
        assert_eq!(target, "sip:localhost:5070");
    }

    /// It answers, and says that it takes no calls: the metric says what the log says.
    #[test]
    fn a_pbx_that_answers_503_is_down_for_the_metric_too() {
        ops::metrics::scoped(|metrics| {
            let mut trunks = trunks("localhost");
            let up = || {
                let page = metrics.render();
                page.lines().find_map(|line| line.strip_prefix(UP)?.trim().parse::<f64>().ok())
            };
            trunks.answered(7, Some(404));
            assert_eq!(up(), Some(1.0), "any answer but 503 says that it is there");
            trunks.answered(7, Some(503));
            assert_eq!(up(), Some(0.0));
        });
    }

    const UP: &str = "attendant_trunk_up{trunk=\"pbx\"}";

    #[tokio::test]
    async fn a_name_that_leads_nowhere_is_a_pbx_that_is_down() {
        let mut trunks = trunks("no-such-host.invalid");
        trunks.ask(Instant::now());
        assert!(trunks.resolved().await.is_none());
        assert_eq!(trunks.asked[&7].up, Some(false));
        // A reload begins anew, and an answer to the old question is nobody's.
        trunks.answered(9, Some(200));
        assert_eq!(trunks.asked[&7].up, Some(false));
    }
}
