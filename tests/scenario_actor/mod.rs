//! The user agent on a socket of its own, with rules in place of a call: `Incoming -> ring; accept`.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use attendant::base::{LegId, Secret};
use attendant::signalling::{Handle, Listen, Settings, Signalling};
use attendant::sip::{
    Command, Credentials, Event, NewLeg, Policy, Prack, Refusal, Transport, Trunk, UaConfig,
};
use tokio::sync::mpsc;

use super::interop::scenario::Scenario;
use super::sip_wire::{self, OFFER, config, new_leg, trunk};

/// How long it may take to say what it has to say, and to forget a call (64·T1 at most).
const PATIENCE: Duration = Duration::from_secs(20);

/// A user agent that plays one scenario.
pub(crate) struct Actor {
    handle: Handle,
    told: Arc<Mutex<Vec<String>>>,
    start: Option<String>,
    transport: Transport,
    policy: Policy,
    credentials: Option<Credentials>,
}

struct Rule {
    /// How the line of an event begins.
    when: String,
    /// What is done then, one after another.
    does: Vec<String>,
}

impl Actor {
    /// Opens a socket and waits for what comes.
    pub(crate) async fn start(scenario: &Scenario) -> Self {
        let rules = scenario.all("does").map(|rule| {
            let (when, does) = rule.split_once(" -> ").expect("`does: event -> command; command`");
            let does = does.split("; ").map(str::to_owned).collect();
            Rule { when: when.to_owned(), does }
        });
        let rules = rules.collect();
        let credentials = scenario.get("password").map(|login| {
            let (user, secret) = login.split_once(' ').expect("`password: user secret`");
            Credentials { user: user.into(), secret: Secret::new(secret) }
        });
        let config = config_of(scenario, credentials.clone());
        let (handle, events) = open(config).await;
        let told = Arc::default();
        tokio::spawn(act(handle.clone(), events, rules, Arc::clone(&told)));
        let start = scenario.get("start").map(str::to_owned);
        let transport = if scenario.is_by_tcp() { Transport::Tcp } else { Transport::Udp };
        let policy = policy_of(scenario);
        Self { handle, told, start, transport, policy, credentials }
    }

    /// Returns where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.handle.local_addr()
    }

    /// Does what the scenario begins with, for example a call to the peer.
    pub(crate) async fn begin(&self, peer: SocketAddr) {
        let Some(start) = &self.start else { return };
        let flow = self.handle.flow_by(self.transport, peer).unwrap();
        let command = match start.as_str() {
            "call" | "call-without-offer" => {
                let mut new = NewLeg {
                    flow,
                    target: format!("sip:101@{peer}"),
                    credentials: self.credentials.clone(),
                    advertised: self.address(),
                    policy: self.policy.clone(),
                    ..new_leg()
                };
                if start == "call-without-offer" {
                    new.offer = Default::default();
                }
                Command::Invite(Box::new(new))
            }
            "options" => Command::Options {
                id: 1,
                flow,
                target: format!("sip:{peer}"),
                advertised: self.address(),
            },
            "drain" => Command::Drain { retry_after: Some(Duration::from_secs(120)) },
            other => panic!("start: {other}?"),
        };
        self.handle.command(command).await.unwrap();
    }

    /// Returns what it has told, once that is enough or time is up.
    pub(crate) async fn told(&self, enough: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let told = self.told.lock().unwrap().join("; ");
            if enough(&told) || begun.elapsed() > PATIENCE {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until nothing is left of any call, and returns what is left if that does not come.
    pub(crate) async fn left_behind(&self) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let mut left = self.handle.dump().await.unwrap();
            left.retain(|line| line != "draining");
            if left.is_empty() || begun.elapsed() > PATIENCE {
                return left;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// `prack: required`, and session timers as they are by default.
fn policy_of(scenario: &Scenario) -> Policy {
    let prack = match scenario.get("prack") {
        None | Some("supported") => Prack::Supported,
        Some("required") => Prack::Required,
        Some("off") => Prack::Off,
        Some(other) => panic!("prack: {other}?"),
    };
    Policy { prack, ..Policy::default() }
}

fn config_of(scenario: &Scenario, credentials: Option<Credentials>) -> UaConfig {
    let time = |key, default| {
        let text = scenario.get(key).unwrap_or(default);
        let ms = text.strip_suffix("ms").and_then(|ms| ms.parse().ok());
        Duration::from_millis(ms.unwrap_or_else(|| panic!("{key}: {text}?")))
    };
    let trunk = Trunk {
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        credentials,
        refer_wait: time("refer-wait", "5000ms"),
        policy: policy_of(scenario),
        accept_refer: scenario.get("accept-refer") == Some("yes"),
        ..trunk()
    };
    UaConfig { trunks: vec![trunk], t1: time("t1", "100ms"), ..config() }
}

/// Opens its sockets, UDP and TCP on one port; Contact and Via show that.
async fn open(mut config: UaConfig) -> (Handle, mpsc::Receiver<Event>) {
    loop {
        let address = SocketAddr::from(([127, 0, 0, 1], super::interop::free_port()));
        config.trunks[0].advertised = address;
        let tcp = Listen { transport: Transport::Tcp, ..Listen::udp(address) };
        let settings = Settings { listens: vec![Listen::udp(address), tcp], ..Settings::default() };
        // Somebody else may have taken one of the two meanwhile.
        let Ok((signalling, handle, events)) = Signalling::open(&settings, config.clone(), 1)
        else {
            continue;
        };
        tokio::spawn(signalling.run());
        return (handle, events);
    }
}

async fn act(
    handle: Handle,
    mut events: mpsc::Receiver<Event>,
    rules: Vec<Rule>,
    told: Arc<Mutex<Vec<String>>>,
) {
    let mut leg = LegId(1);
    while let Some(event) = events.recv().await {
        if let Event::Incoming(incoming) = &event {
            leg = incoming.leg;
        }
        if matches!(event, Event::Dropped { .. }) {
            continue;
        }
        let line = sip_wire::told(&event);
        // What is told to the admin alone: SIPp has seen it on the wire.
        if line.starts_with("Refused ") {
            continue;
        }
        told.lock().unwrap().push(line.clone());
        let rule = rules.iter().find(|rule| {
            // `Transfer Failed` is any failure, `Progress 180` this one.
            line.starts_with(&rule.when)
        });
        for word in rule.into_iter().flat_map(|rule| &rule.does) {
            let Some(command) = command(leg, word) else {
                let ms = word.trim_start_matches("wait ").trim_end_matches("ms");
                let ms = ms.parse().unwrap_or_else(|_| panic!("{word}?"));
                tokio::time::sleep(Duration::from_millis(ms)).await;
                continue;
            };
            if handle.command(command).await.is_err() {
                return;
            }
        }
    }
}

/// A word of a rule; `None` is a wait.
fn command(leg: LegId, word: &str) -> Option<Command> {
    let (verb, rest) = word.split_once(' ').unwrap_or((word, ""));
    let refusal = || Refusal { status: rest.parse().unwrap(), ..Refusal::default() };
    Some(match verb {
        "ring" => Command::Ring { leg },
        "progress" => Command::Progress { leg, sdp: OFFER.into() },
        "reoffer" => Command::Reoffer { leg, sdp: OFFER.into() },
        "accept" => Command::Accept { leg, sdp: OFFER.into() },
        "refuse" => Command::Refuse { leg, refusal: refusal() },
        "accept-offer" => Command::AcceptOffer { leg, sdp: OFFER.into() },
        "refuse-offer" => Command::RefuseOffer { leg, refusal: refusal() },
        "hang-up" => {
            let reason = Some(rest.to_owned()).filter(|reason| !reason.is_empty());
            Command::HangUp { leg, reason }
        }
        "refer" => Command::Refer { leg, target: rest.to_owned(), headers: vec![] },
        "wait" => return None,
        other => panic!("{other}?"),
    })
}
