//! A user agent that registers, and the registrar at the other end of its wire.

use std::time::{Duration, Instant};

use attendant::base::{Secret, TrunkName};
use attendant::sip::message::{Message, Request};
use attendant::sip::{Command, Credentials, Flow, Input, Registration, UaConfig};

use super::sip_wire::{Wire, config, flow};
use super::timeline::{self, Machine};

pub(crate) const ASK: &str =
    "401 REGISTER | WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", qop=\"auth\"";
pub(crate) const TAKEN: &str = "200 REGISTER | Contact: <sip:2000@10.0.0.1:5060>;expires=100";

pub(crate) const NAME: &str = "sip:pbx.clinic.lan";
pub(crate) const ADDRESS: &str = "sip:10.0.0.9";

pub(crate) fn settings(registrar: &str) -> Registration {
    Registration {
        trunk: TrunkName::new("pbx"),
        registrar: registrar.into(),
        user: "2000".into(),
        credentials: Some(Credentials { user: "agent".into(), secret: Secret::new("wonder") }),
        from: flow("0.0.0.0:0"),
        advertised: "10.0.0.1:5060".parse().unwrap(),
        expires: Duration::from_secs(600),
        nat: false,
    }
}

pub(crate) struct Story {
    pub(crate) wire: Wire,
    pub(crate) settings: Registration,
}

impl Story {
    pub(crate) fn new(start: Instant, settings: Registration, config: UaConfig) -> Self {
        Self { wire: Wire::new(start, config), settings }
    }

    pub(crate) fn keep(&mut self, now: Instant, all: Vec<Registration>) {
        self.wire.command(now, Command::KeepRegistered(all));
    }
}

impl Machine for Story {
    fn input(&mut self, now: Instant, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let to = |text: &str| Flow { remote: text.parse().unwrap(), ..self.settings.from };
        match verb {
            "keep" => {
                let settings = self.settings.clone();
                self.keep(now, vec![settings]);
            }
            "secret" => {
                let secret = Secret::new(rest);
                let user = "agent".into();
                self.settings.credentials = Some(Credentials { user, secret });
                let settings = self.settings.clone();
                self.keep(now, vec![settings]);
            }
            "withdraw" => self.keep(now, vec![]),
            "again" => {
                let trunk = TrunkName::new("pbx");
                self.wire.command(now, Command::RegisterAgain { trunk });
            }
            "resolved" => {
                let flows = rest.split(' ').filter(|text| !text.is_empty()).map(to).collect();
                let ticket = self.wire.ticket;
                self.wire.ua.handle_input(now, Input::Resolved { ticket, flows });
            }
            "broken" => {
                let flow = to(rest);
                self.wire.ua.handle_input(now, Input::Broken { flow });
            }
            _ => self.wire.input(now, line),
        }
    }

    fn timeout(&mut self, now: Instant) {
        self.wire.timeout(now);
    }

    fn output(&mut self) -> Option<String> {
        let line = self.wire.output()?;
        let Some(Message::Request(request)) = self.wire.messages.last() else { return Some(line) };
        if !line.starts_with("REGISTER") {
            return Some(line);
        }
        let number = request.headers.cseq().unwrap().number;
        let signed = if request.headers.contains("Authorization") { " signed" } else { "" };
        let contacts = request.headers.contacts();
        let contacts = contacts.iter().map(|contact| {
            let (uri, expires) = (&contact.uri, contact.params.get("expires").unwrap());
            match (uri.host.as_str(), uri.port) {
                ("10.0.0.1", Some(5060)) => format!(" for {expires} s"),
                (host, port) => format!(" as {host}:{} for {expires} s", port.unwrap()),
            }
        });
        let contacts: String = contacts.collect();
        Some(line.replacen("REGISTER", &format!("REGISTER #{number}{signed}{contacts}"), 1))
    }

    fn deadline(&self) -> Option<Instant> {
        self.wire.deadline()
    }
}

#[track_caller]
pub(crate) fn check(settings: Registration, script: &str) -> Wire {
    let start = Instant::now();
    let mut story = Story::new(start, settings, config());
    timeline::check(start, &mut story, &with_repeats(script));
    assert!(story.wire.ua.is_idle(), "{:#?}", story.wire.ua.dump(story.wire.now));
    story.wire
}

/// `0ms > REGISTER ... unanswered`: over UDP it is repeated until 64·T1 have gone.
pub(crate) fn with_repeats(script: &str) -> String {
    let repeats = [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
    let line = |line: &str| match line.strip_suffix(" unanswered") {
        None => format!("{line}\n"),
        Some(line) => {
            let (ms, rest) = line.trim().split_once("ms > ").unwrap();
            let at: u64 = ms.parse().unwrap();
            repeats.map(|ms| format!("{}ms > {rest}\n", at + ms)).concat()
        }
    };
    let script: String = script.lines().map(line).collect();
    let mut lines: Vec<_> = script.lines().filter(|line| line.contains("ms ")).collect();
    lines.sort_by_key(|line| line.trim().split_once("ms ").unwrap().0.parse::<u64>().unwrap());
    lines.iter().map(|line| format!("{line}\n")).collect()
}

pub(crate) fn registers(wire: &Wire) -> Vec<&Request> {
    let requests = wire.messages.iter().filter_map(|message| match message {
        Message::Request(request) => Some(request),
        Message::Response(_) => None,
    });
    requests.collect()
}
