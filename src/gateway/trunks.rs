//! Asks each PBX now and then whether it is there (OPTIONS), registers where that is wanted, and says when either changes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use crate::base::TrunkName;
use crate::config::{Config, Peer, TrunkProfile};
use crate::ops;
use crate::sip::{Command, Flow, Registration, RegistrationState, Transport};

use super::standing::{Answer, Registered, Standing, TrunkFacts, TrunkState};

/// After a first failure the PBX is asked again so soon, instead of a whole `ping` later.
const AGAIN: Duration = Duration::from_secs(5);

/// What is known of all trunks.
#[derive(Debug, Default)]
pub(super) struct Trunks {
    /// All of them, in the order of the configuration.
    names: Vec<TrunkName>,
    asked: BTreeMap<u32, Asked>,
    /// Never used again, so that a late answer is not taken for one of another trunk.
    next: u32,
    registered: BTreeMap<TrunkName, Registered>,
    /// Registrations that have not been withdrawn yet.
    held: BTreeSet<TrunkName>,
}

/// A trunk whose profile has a `ping`.
#[derive(Debug)]
struct Asked {
    name: TrunkName,
    every: Duration,
    due: Instant,
    /// A question is under way.
    waiting: bool,
    standing: Standing,
    target: String,
    from: Flow,
    advertised: SocketAddr,
}

impl Trunks {
    /// Takes the trunks of a configuration; what is known of one that stays is kept.
    pub(super) fn configure(&mut self, now: Instant, config: &Config) {
        let before = std::mem::take(&mut self.asked);
        let mut known: BTreeMap<_, _> =
            before.into_values().map(|asked| (asked.name, asked.standing)).collect();
        self.names = config.trunks.iter().map(|profile| profile.sip.name.clone()).collect();
        for profile in &config.trunks {
            let Some((peer, every)) = profile.peer.as_ref().and_then(|p| Some((p, p.ping?))) else {
                continue;
            };
            let name = profile.sip.name.clone();
            let asked = Asked {
                standing: known.remove(&name).unwrap_or_default(),
                name,
                every,
                due: now,
                waiting: false,
                target: uri(peer),
                from: from(profile),
                advertised: profile.sip.advertised,
            };
            self.asked.insert(self.next, asked);
            self.next = self.next.wrapping_add(1);
        }
        let registers =
            |name: &TrunkName| config.trunk(name).is_some_and(|profile| profile.register.is_some());
        self.registered.retain(|name, _| registers(name));
        for profile in config.trunks.iter().filter(|profile| profile.register.is_some()) {
            self.registered.entry(profile.sip.name.clone()).or_default();
        }
    }

    /// Returns the registrations that the configuration wants.
    pub(super) fn register(&mut self, config: &Config) -> Command {
        let wanted: Vec<_> = config.trunks.iter().filter_map(registration).collect();
        self.held.extend(wanted.iter().map(|registration| registration.trunk.clone()));
        Command::KeepRegistered(wanted)
    }

    /// Whether the PBXs still think that we are there.
    pub(super) fn are_registered(&self) -> bool {
        !self.held.is_empty()
    }

    /// Returns when the next question is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.asked.values().filter(|asked| !asked.waiting).map(|asked| asked.due).min()
    }

    /// Returns the questions that are due.
    pub(super) fn ask(&mut self, now: Instant) -> Vec<Command> {
        let due = self.asked.iter_mut().filter(|(_, asked)| !asked.waiting && asked.due <= now);
        let question = |(&id, asked): (&u32, &mut Asked)| {
            asked.due = now + asked.every;
            asked.waiting = true;
            let (target, from, advertised) = (asked.target.clone(), asked.from, asked.advertised);
            Command::Qualify { id, target, from, advertised }
        };
        due.map(question).collect()
    }

    /// Takes an answer, and returns what follows from it.
    pub(super) fn answered(&mut self, now: Instant, id: u32, answer: Answer) -> Option<Command> {
        let asked = self.asked.get_mut(&id)?;
        asked.waiting = false;
        let was_down = matches!(asked.standing.state, TrunkState::Down { .. });
        let changed = asked.standing.take(answer);
        if asked.standing.is_doubtful() {
            asked.due = asked.due.min(now + AGAIN);
        }
        let (trunk, state) = (&asked.name, &asked.standing.state);
        let up = *state == TrunkState::Up;
        ops::TrunkPinged { trunk, status: answer.status, up }.emit();
        if changed {
            ops::TrunkChanged { trunk, state: state.label(), why: &state.to_string() }.emit();
        }
        // A PBX that was away has forgotten who had registered.
        let again = was_down && up && self.registered.contains_key(trunk);
        again.then(|| Command::RegisterAgain { trunk: trunk.clone() })
    }

    /// Notes how a registration goes.
    pub(super) fn registration(&mut self, trunk: &TrunkName, state: &RegistrationState) {
        if *state == RegistrationState::Withdrawn {
            self.held.remove(trunk);
        }
        let Some(registered) = self.registered.get_mut(trunk) else { return };
        let changed = registered.take(state);
        let (holds, why) = (registered.holds, registered.failure.as_deref());
        ops::TrunkRegistered { trunk, holds, why, changed }.emit();
    }

    /// Returns what is known of each trunk.
    pub(super) fn facts(&self) -> Vec<TrunkFacts> {
        let facts = |name: &TrunkName| TrunkFacts {
            name: name.clone(),
            state: self
                .asked
                .values()
                .find(|asked| asked.name == *name)
                .map(|asked| asked.standing.state.clone()),
            registration: self.registered.get(name).cloned(),
        };
        self.names.iter().map(facts).collect()
    }
}

/// Where the PBX is: a name without a port is looked up by SRV (RFC 3263 §4.2), so only a written one is said.
fn uri(peer: &Peer) -> String {
    let place = match peer.fixed_port {
        true => format!("{}:{}", peer.host, peer.port),
        false => peer.host.clone(),
    };
    match peer.transport {
        Transport::Udp => format!("sip:{place}"),
        Transport::Tcp => format!("sip:{place};transport=tcp"),
        Transport::Tls => format!("sip:{place};transport=tls"),
    }
}

/// The socket that a trunk's own requests leave by.
fn from(profile: &TrunkProfile) -> Flow {
    let local = profile.listen;
    let remote = match local {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let transport = profile.peer.as_ref().map_or(Transport::Udp, |peer| peer.transport);
    Flow { transport, local, remote }
}

fn registration(profile: &TrunkProfile) -> Option<Registration> {
    let (register, peer) = (profile.register.as_ref()?, profile.peer.as_ref()?);
    Some(Registration {
        trunk: profile.sip.name.clone(),
        registrar: uri(peer),
        user: register.user.clone(),
        credentials: profile.sip.credentials.clone(),
        from: from(profile),
        advertised: profile.sip.advertised,
        expires: register.expires,
        nat: profile.sip.policy.nat,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: &str = "attendant_trunk_up{trunk=\"pbx\"}";

    fn trunks() -> Trunks {
        let listen = "127.0.0.1:5060".parse().unwrap();
        let asked = Asked {
            name: TrunkName::new("pbx"),
            every: Duration::from_secs(30),
            due: Instant::now(),
            waiting: false,
            standing: Standing::default(),
            target: "sip:pbx.clinic.lan".into(),
            from: Flow { transport: Transport::Udp, local: listen, remote: listen },
            advertised: listen,
        };
        let names = vec![TrunkName::new("pbx")];
        Trunks { names, asked: [(7, asked)].into(), ..Trunks::default() }
    }

    fn answer(status: Option<u16>) -> Answer {
        Answer { status, retry_after: None, asked: None }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_first_failure_is_looked_into_soon() {
        let mut trunks = trunks();
        let now = Instant::now();
        let questions = trunks.ask(now);
        let [Command::Qualify { id: 7, target, .. }] = &questions[..] else {
            panic!("{questions:?}")
        };
        assert_eq!(target, "sip:pbx.clinic.lan");
        assert!(trunks.ask(now + seconds(60)).is_empty(), "one question at a time");
        assert_eq!(trunks.next_due(), None);
        trunks.answered(now + seconds(1), 7, answer(Some(200)));
        assert_eq!(trunks.next_due(), Some(now + seconds(30)));
        trunks.ask(now + seconds(30));
        trunks.answered(now + seconds(31), 7, answer(None));
        assert_eq!(trunks.next_due(), Some(now + seconds(36)));
        trunks.ask(now + seconds(36));
        trunks.answered(now + seconds(37), 7, answer(None));
        assert_eq!(trunks.next_due(), Some(now + seconds(66)));
        let facts = trunks.facts();
        assert_eq!(
            facts[0].to_string(),
            "trunk pbx: down: the name under [peer] host leads nowhere: check DNS"
        );
        // A reload begins anew, and an answer to the old question is nobody's.
        assert!(trunks.answered(now, 9, answer(Some(200))).is_none());
        assert_eq!(trunks.facts(), facts);
    }

    /// It answers, and says that it takes no calls: the metric says what the log says.
    #[test]
    fn a_pbx_that_answers_503_is_down_for_the_metric_too() {
        ops::metrics::scoped(|metrics| {
            let (mut trunks, now) = (trunks(), Instant::now());
            let up = || {
                let page = metrics.render();
                page.lines().find_map(|line| line.strip_prefix(UP)?.trim().parse::<f64>().ok())
            };
            trunks.answered(now, 7, answer(Some(404)));
            assert_eq!(up(), Some(1.0), "any answer but 503 says that it is there");
            trunks.answered(now, 7, answer(Some(503)));
            assert_eq!(up(), Some(1.0), "one may have been a mistake");
            trunks.answered(now, 7, answer(Some(503)));
            assert_eq!(up(), Some(0.0));
        });
    }

    /// It was away, so it has forgotten us.
    #[test]
    fn a_pbx_that_comes_back_is_registered_with_again() {
        let (mut trunks, now) = (trunks(), Instant::now());
        for status in [Some(200), None, None] {
            assert!(trunks.answered(now, 7, answer(status)).is_none());
        }
        assert!(trunks.answered(now, 7, answer(Some(200))).is_none(), "nobody had registered");
        trunks.registered.insert(TrunkName::new("pbx"), Registered::default());
        for status in [None, None] {
            assert!(trunks.answered(now, 7, answer(status)).is_none());
        }
        let follows = trunks.answered(now, 7, answer(Some(200)));
        assert!(matches!(follows, Some(Command::RegisterAgain { .. })), "{follows:?}");
    }

    #[test]
    fn a_registration_is_told_and_counted() {
        ops::metrics::scoped(|metrics| {
            let mut trunks = trunks();
            let name = TrunkName::new("pbx");
            trunks.registered.insert(name.clone(), Registered::default());
            trunks.held.insert(name.clone());
            let contact = String::new();
            let flow = trunks.asked[&7].from;
            let registered = RegistrationState::Registered { expires: seconds(600), contact, flow };
            let why = "wrong password".to_owned();
            let failed = RegistrationState::Failed { status: Some(401), why, retry: seconds(1800) };
            let mut told = Vec::new();
            for state in [registered, failed, RegistrationState::Lost] {
                trunks.registration(&name, &state);
                let page = metrics.render();
                let holds = page.contains("attendant_trunk_registered{trunk=\"pbx\"} 1");
                told.push((holds, trunks.facts()[0].registration.clone().unwrap()));
            }
            let stand = |holds, why: Option<&str>| {
                (holds, Registered { holds, failure: why.map(str::to_owned) })
            };
            let wrong = Some("wrong password");
            assert_eq!(told, [stand(true, None), stand(true, wrong), stand(false, wrong)]);
            assert!(trunks.are_registered());
            trunks.registration(&name, &RegistrationState::Withdrawn);
            assert!(!trunks.are_registered());
        });
    }
}
