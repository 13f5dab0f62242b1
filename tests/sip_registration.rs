//! Our registration with a PBX, as stories: kept, refreshed, refused, moved elsewhere, withdrawn.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::time::{Duration, Instant};

use attendant::base::{Secret, TrunkName};
use attendant::sip::message::{Message, Request};
use attendant::sip::{Command, Credentials, Flow, Input, Registration, UaConfig};
use sip_wire::{Wire, config, flow};
use timeline::Machine;

const NAME: &str = "sip:pbx.clinic.lan";
const ADDRESS: &str = "sip:10.0.0.9";

fn settings(registrar: &str) -> Registration {
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

struct Story {
    wire: Wire,
    settings: Registration,
}

impl Story {
    fn new(start: Instant, settings: Registration, config: UaConfig) -> Self {
        Self { wire: Wire::new(start, config), settings }
    }

    fn keep(&mut self, now: Instant, all: Vec<Registration>) {
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
fn check(settings: Registration, script: &str) -> Wire {
    let start = Instant::now();
    let mut story = Story::new(start, settings, config());
    timeline::check(start, &mut story, &with_repeats(script));
    assert!(story.wire.ua.is_idle(), "{:#?}", story.wire.ua.dump(story.wire.now));
    story.wire
}

/// `0ms > REGISTER ... unanswered`: over UDP it is repeated until 64·T1 have gone.
fn with_repeats(script: &str) -> String {
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

fn registers(wire: &Wire) -> Vec<&Request> {
    let requests = wire.messages.iter().filter_map(|message| match message {
        Message::Request(request) => Some(request),
        Message::Response(_) => None,
    });
    requests.collect()
}

const ASK: &str =
    "401 REGISTER | WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", qop=\"auth\"";
const TAKEN: &str = "200 REGISTER | Contact: <sip:2000@10.0.0.1:5060>;expires=100";

/// The first 401 is how it begins; the registrar's Contact says for how long, and four fifths of that are waited.
#[test]
fn it_registers_refreshes_and_withdraws() {
    let wire = check(
        settings(ADDRESS),
        &format!(
            "
            0ms < keep
            0ms > REGISTER #1 for 600 s
            10ms < 100 REGISTER
            20ms < {ASK}
            20ms > REGISTER #2 signed for 600 s
            30ms < {TAKEN} | Expires: 600
            30ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            80030ms > REGISTER #3 signed for 600 s
            80040ms < {TAKEN}
            80040ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            90000ms < withdraw
            90000ms > REGISTER #4 signed for 0 s
            90010ms < 200 REGISTER
            90010ms > pbx is withdrawn
            "
        ),
    );
    let all = registers(&wire);
    let call_ids: Vec<_> = all.iter().map(|r| r.headers.call_id().unwrap()).collect();
    assert!(call_ids.windows(2).all(|pair| pair[0] == pair[1]), "{call_ids:?}");
    assert_eq!(all[0].uri.to_wire(), "sip:10.0.0.9");
    assert_eq!(all[0].headers.get("To"), Some("<sip:2000@10.0.0.9>"));
    assert_eq!(all[0].headers.get("Contact"), Some("<sip:2000@10.0.0.1:5060>;expires=600"));
    assert_eq!(all[3].headers.get("Expires"), Some("0"));
    let nonce_counts = all.iter().filter_map(|r| r.headers.get("Authorization"));
    for (count, value) in (1..).zip(nonce_counts) {
        assert!(value.contains(&format!("nc={count:08x},")), "{value}");
        assert!(value.contains("username=\"agent\""), "{value}");
    }
}

/// An aged nonce is no wrong password, whether the PBX says `stale` or forgets to.
#[test]
fn an_old_nonce_is_replaced_without_a_word() {
    for stale in ["", ", stale=true"] {
        check(
            settings(ADDRESS),
            &format!(
                "
                0ms < keep
                0ms > REGISTER #1 for 600 s
                10ms < {ASK}
                10ms > REGISTER #2 signed for 600 s
                20ms < {TAKEN}
                20ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
                80020ms > REGISTER #3 signed for 600 s
                80030ms < 401 REGISTER | WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n2\", qop=\"auth\"{stale}
                80030ms > REGISTER #4 signed for 600 s
                80040ms < {TAKEN}
                80040ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
                90000ms < withdraw
                90000ms > REGISTER #5 signed for 0 s
                90010ms < 481 REGISTER
                90010ms > pbx is withdrawn
                "
            ),
        );
    }
}

/// A wrong password is shown once, then not for a quarter of an hour at least: PBXs ban those who keep knocking. A
/// new one from a reload is tried at once.
#[test]
fn a_wrong_password_waits_for_a_better_one() {
    let wire = check(
        settings(ADDRESS),
        &format!(
            "
            0ms < keep
            0ms > REGISTER #1 for 600 s
            10ms < {ASK}
            10ms > REGISTER #2 signed for 600 s
            20ms < {}
            20ms > pbx failed by 401: the user or the secret under [auth] is not the PBX's
            900000ms < secret better
            900000ms > REGISTER #3 for 600 s
            900010ms < {ASK}
            900010ms > REGISTER #4 signed for 600 s
            900020ms < {TAKEN}
            900020ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            900030ms < withdraw
            900030ms > REGISTER #5 signed for 0 s
            900040ms < 200 REGISTER
            900040ms > pbx is withdrawn
            ",
            ASK.replace("n1", "n2")
        ),
    );
    assert_eq!(registers(&wire).len(), 5);
}

/// What an admin reads, by what the registrar says.
#[test]
fn every_refusal_says_what_to_do() {
    let digest = "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"1\", algorithm=SHA-256-sess";
    for (answer, told) in [
        ("403 REGISTER", "403: it forbids this user to register"),
        ("404 REGISTER", "404: it knows no such user"),
        ("302 REGISTER", "302: it sends us elsewhere, which we do not follow"),
        ("405 REGISTER", "405: it is no registrar"),
        ("500 REGISTER", "500: it failed by itself"),
        ("503 REGISTER", "503: it serves nobody for now (503 Service Unavailable)"),
        (
            "423 REGISTER",
            "423: it finds the time too short, and names none that we did not ask for",
        ),
        (
            "423 REGISTER | Min-Expires: 60",
            "423: it finds the time too short, and names none that we did not ask for",
        ),
        ("200 REGISTER | Expires: 0", "200: it took the registration and granted no time"),
        (&format!("401 REGISTER | {digest}"), "401: the challenge asks for no digest that we can"),
    ] {
        check(
            settings(ADDRESS),
            &format!(
                "
                0ms < keep
                0ms > REGISTER #1 for 600 s
                10ms < {answer}
                10ms > pbx failed by {told}
                20ms < withdraw
                20ms > pbx is withdrawn
                "
            ),
        );
    }
    check(
        Registration { credentials: None, ..settings(ADDRESS) },
        &format!(
            "
            0ms < keep
            0ms > REGISTER #1 for 600 s
            10ms < {ASK}
            10ms > pbx failed by 401: it asks for a password
            20ms < withdraw
            20ms > pbx is withdrawn
            "
        ),
    );
}

/// RFC 3261 §10.2.8; the longer time is asked for from then on.
#[test]
fn a_registrar_that_wants_it_longer_gets_it_longer() {
    check(
        settings(ADDRESS),
        "
        0ms < keep
        0ms > REGISTER #1 for 600 s
        10ms < 423 REGISTER | Min-Expires: 1000
        10ms > REGISTER #2 for 1000 s
        20ms < 200 REGISTER
        20ms > pbx is registered for 1000 s as sip:2000@10.0.0.1:5060
        800020ms > REGISTER #3 for 1000 s
        800030ms < 200 REGISTER | Expires: 50
        800030ms > pbx is registered for 50 s as sip:2000@10.0.0.1:5060
        810000ms < withdraw
        810000ms > REGISTER #4 for 0 s
        810010ms < 200 REGISTER
        810010ms > pbx is withdrawn
        ",
    );
}

/// RFC 3263: the second registrar serves while the first is silent, and keeps the registration.
#[test]
fn the_next_registrar_serves() {
    check(
        settings(NAME),
        &format!(
            "
            0ms < keep
            0ms > resolve sip:pbx.clinic.lan
            10ms < resolved 10.0.0.8:5060 10.0.0.7:5060 10.0.0.9:5060
            10ms > REGISTER #1 for 600 s to 10.0.0.8:5060 unanswered
            32010ms > REGISTER #2 for 600 s to 10.0.0.7:5060
            32020ms < 503 REGISTER
            32020ms > REGISTER #3 for 600 s
            32030ms < {TAKEN}
            32030ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            112030ms > REGISTER #4 for 600 s unanswered
            132030ms > pbx is lost
            144030ms > resolve sip:pbx.clinic.lan
            144040ms < resolved 10.0.0.8:5060
            144040ms > REGISTER #5 for 600 s to 10.0.0.8:5060
            144050ms < {TAKEN}
            144050ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            144060ms < withdraw
            144060ms > REGISTER #6 for 0 s to 10.0.0.8:5060
            144070ms < 200 REGISTER
            144070ms > pbx is withdrawn
            "
        ),
    );
}

/// RFC 5626 §4.5: half a minute to a minute at first, then twice that, never more than half an hour; and never twice
/// the same, so that a hundred sites do not come back in one second. A Retry-After that is longer counts.
#[test]
fn failures_are_spaced_out() {
    let start = Instant::now();
    let mut firsts = Vec::new();
    for seed in 0..20 {
        let mut story = Story::new(start, settings(ADDRESS), config());
        story.wire.ua = attendant::sip::Ua::new(config(), seed, start);
        story.input(start, "keep");
        let mut waits = Vec::new();
        let mut now = start;
        for attempt in 0..10 {
            while story.output().is_some() {}
            story.input(now, "480 REGISTER");
            while story.output().is_some() {}
            // What is left of the transaction comes first.
            let next = loop {
                let next = story.deadline().unwrap();
                story.timeout(next);
                if let Some(line) = story.output() {
                    assert!(line.starts_with("REGISTER"), "{line}");
                    break next;
                }
            };
            let wait = (next - now).as_secs_f64();
            let upper = f64::min(30.0 * 2_f64.powi(attempt + 1), 1800.0);
            assert!((upper / 2.0..=upper).contains(&wait), "seed {seed}, {attempt}: {wait} s");
            waits.push(wait);
            now = next;
        }
        firsts.push(waits[0].to_bits());
    }
    firsts.sort_unstable();
    firsts.dedup();
    assert!(firsts.len() > 15, "{} different waits of 20", firsts.len());
    check(
        settings(ADDRESS),
        "
        0ms < keep
        0ms > REGISTER #1 for 600 s
        10ms < 480 REGISTER | Retry-After: 120 (maintenance)
        10ms > pbx failed by 480: it refused (480 Temporarily Unavailable)
        120010ms > REGISTER #2 for 600 s
        120020ms < withdraw
        120020ms > REGISTER #3 for 0 s
        120030ms < 200 REGISTER
        120030ms > pbx is withdrawn
        ",
    );
}

/// The connection ends: what came by it cannot come any more, so it is made anew at once; one that ends again and
/// again is left alone for a while.
#[test]
fn a_broken_connection_is_made_anew() {
    check(
        settings(NAME),
        &format!(
            "
            0ms < keep
            0ms > resolve sip:pbx.clinic.lan
            10ms < resolved 10.0.0.8:5060 10.0.0.9:5060
            10ms > REGISTER #1 for 600 s to 10.0.0.8:5060
            20ms < broken 10.0.0.8:5060
            20ms > REGISTER #2 for 600 s
            30ms < 200 REGISTER
            30ms > pbx is registered for 600 s as sip:2000@10.0.0.1:5060
            70000ms < broken 10.0.0.8:5060
            80000ms < broken 10.0.0.9:5060
            80000ms > pbx is lost
            80000ms > resolve sip:pbx.clinic.lan
            80010ms < resolved 10.0.0.9:5060
            80010ms > REGISTER #3 for 600 s
            80020ms < {TAKEN}
            80020ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            80030ms < broken 10.0.0.9:5060
            80030ms > pbx is lost
            80030ms > pbx failed by silence: the registrar closes the connection soon after it took us
            90000ms < withdraw
            90000ms > pbx is withdrawn
            "
        ),
    );
}

#[test]
fn a_name_that_leads_nowhere() {
    check(
        settings(NAME),
        "
        0ms < keep
        0ms > resolve sip:pbx.clinic.lan
        10ms < resolved
        10ms > pbx failed by silence: its name leads nowhere
        10010ms < again
        10010ms > resolve sip:pbx.clinic.lan
        42010ms > pbx failed by silence: its name was not looked up in time
        42020ms < withdraw
        42020ms > pbx is withdrawn
        ",
    );
    check(
        settings(ADDRESS),
        "
        0ms < keep
        0ms > REGISTER #1 for 600 s unanswered
        32000ms > pbx failed by silence: it does not answer
        32010ms < withdraw
        32010ms > pbx is withdrawn
        ",
    );
}

/// Behind a NAT the registrar tells where we are seen, and the Contact says that from then on; the first is taken back.
#[test]
fn the_address_that_the_registrar_sees_is_learned() {
    let seen = "200 REGISTER | Via";
    let settings = Registration { nat: true, ..settings(ADDRESS) };
    let start = Instant::now();
    let mut story = Story::new(start, settings, config());
    story.input(start, "keep");
    assert_eq!(story.output().unwrap(), "REGISTER #1 for 600 s");
    let answer = |story: &mut Story| {
        let Some(Message::Request(request)) = story.wire.messages.last() else { panic!("{seen}") };
        let mut response = attendant::sip::message::Response::to_request(request, 200, None);
        response.headers.stamp_via("198.51.100.7:40000".parse().unwrap());
        response.headers.set_to_tag("t");
        let text = String::from_utf8(response.to_bytes().unwrap()).unwrap();
        story.wire.datagram(start, &text);
    };
    answer(&mut story);
    let told = story.output().unwrap();
    assert_eq!(told, "REGISTER #2 as 198.51.100.7:40000 for 600 s for 0 s");
    answer(&mut story);
    let told = story.output().unwrap();
    assert_eq!(told, "pbx is registered for 600 s as sip:2000@198.51.100.7:40000");
    // Calls by this trunk say the same.
    story.input(start, "INVITE +sdp outside");
    story.input(start, "do ring");
    while story.output().is_some() {}
    let Some(Message::Response(response)) = story.wire.messages.last() else { panic!() };
    let contact = response.headers.get("Contact").unwrap();
    assert_eq!(contact, "<sip:100@198.51.100.7:40000>");
}

fn registered(start: Instant, config: UaConfig, all: Vec<Registration>) -> Story {
    let mut story = Story::new(start, settings(ADDRESS), config);
    for one in &all {
        assert_eq!(one.registrar, ADDRESS);
    }
    story.keep(start, all);
    let mut asked = Vec::new();
    while let Some(line) = story.output() {
        assert!(line.starts_with("REGISTER"), "{line}");
        let Some(Message::Request(request)) = story.wire.messages.last() else { panic!() };
        asked.push(request.clone());
    }
    for request in asked {
        let mut response = attendant::sip::message::Response::to_request(&request, 200, None);
        response.headers.set_to_tag("t");
        response
            .headers
            .push("Service-Route", "<sip:edge.clinic.lan;lr>, <sip:core.clinic.lan;lr>");
        let contact =
            format!("{};pub-gruu=\"sip:x@y;gr=1\"", request.headers.get("Contact").unwrap());
        response.headers.push("Contact", contact);
        response.headers.push("Path", "<sip:edge.clinic.lan;lr>");
        story.wire.datagram(start, &String::from_utf8(response.to_bytes().unwrap()).unwrap());
        assert!(story.output().unwrap().contains("is registered for 600 s"));
    }
    story
}

/// A PBX that we are an extension of needs no `allow`: its calls come by the registration's own flow, and by no other.
#[test]
fn calls_come_back_by_the_registration() {
    let start = Instant::now();
    let mut config = config();
    config.trunks[0].allow.clear();
    let mut story = registered(start, config, vec![settings(ADDRESS)]);
    story.wire.source = "10.0.0.9:5062".into();
    story.input(start, "OPTIONS outside");
    assert_eq!(story.output().unwrap(), "Dropped UnknownSource", "another port is another flow");
    story.wire.source = "10.0.0.9:5060".into();
    story.input(start, "INVITE +sdp outside");
    let mut told = || std::iter::from_fn(|| story.output()).collect::<Vec<_>>();
    assert_eq!(told(), ["100 INVITE", "Incoming 100 by pbx +sdp"]);
    story.input(start, "withdraw");
    assert_eq!(story.output().unwrap(), "REGISTER #2 for 0 s");
    story.input(start, "200 REGISTER");
    assert_eq!(story.output().unwrap(), "pbx is withdrawn");
    story.input(start, "INVITE +sdp outside");
    let told: Vec<_> = std::iter::from_fn(|| story.output()).collect();
    assert_eq!(told, ["403 INVITE", "Rejected INVITE 403"], "it is let in no longer");
}

/// Two trunks at one PBX: the user that the PBX calls says which, else it is the first. An address in `allow` comes last.
#[test]
fn the_user_that_is_called_tells_trunks_of_one_pbx_apart() {
    let start = Instant::now();
    let mut config = config();
    for name in ["night", "day"] {
        let name = TrunkName::new(name);
        config.trunks.push(attendant::sip::Trunk { name, allow: vec![], ..sip_wire::trunk() });
    }
    let one = |trunk: &str, user: &str| {
        let (trunk, user) = (TrunkName::new(trunk), user.to_owned());
        Registration { trunk, user, ..settings(ADDRESS) }
    };
    let mut story = registered(start, config, vec![one("day", "2000"), one("night", "100")]);
    story.input(start, "INVITE +sdp outside");
    assert_eq!(story.output().unwrap(), "100 INVITE");
    assert_eq!(story.output().unwrap(), "Incoming 100 by night +sdp");
    story.keep(start, vec![one("day", "2000")]);
    assert_eq!(story.output().unwrap(), "REGISTER #2 for 0 s");
    story.input(start, "200 REGISTER");
    while story.output().is_some() {}
    story.input(start, "INVITE +sdp outside");
    story.output();
    assert_eq!(story.output().unwrap(), "Incoming 100 by day +sdp");
}

/// RFC 3608: what the registrar wants gone by on the way out stands as Route on our calls of that trunk.
#[test]
fn the_service_route_is_gone_by() {
    let start = Instant::now();
    let mut story = registered(start, config(), vec![settings(ADDRESS)]);
    story.input(start, "do call");
    while story.output().is_some() {}
    let invite = sip_wire::first(&story.wire, &attendant::sip::message::Method::Invite);
    let routes: Vec<_> = invite.headers.get_all("Route").collect();
    assert_eq!(routes, ["<sip:edge.clinic.lan;lr>", "<sip:core.clinic.lan;lr>"]);
}

/// A reload: one goes, one comes, one changes, and the one that stays is left in peace.
#[test]
fn a_reload_changes_only_what_changed() {
    let start = Instant::now();
    let one = |trunk: &str, user: &str, seconds| {
        let (trunk, user) = (TrunkName::new(trunk), user.to_owned());
        let expires = Duration::from_secs(seconds);
        Registration { trunk, user, expires, ..settings(ADDRESS) }
    };
    let all = vec![one("a", "1", 600), one("b", "2", 600), one("c", "3", 600)];
    let mut story = registered(start, config(), all);
    let next = vec![one("c", "3", 900), one("renamed", "1", 600), one("d", "4", 600)];
    story.keep(start, next.clone());
    let told: Vec<_> = std::iter::from_fn(|| story.output()).collect();
    assert_eq!(
        told,
        [
            "REGISTER #2 for 900 s",
            "REGISTER #2 for 600 s",
            "REGISTER #2 for 0 s",
            "REGISTER #1 for 600 s"
        ]
    );
    let tos = registers(&story.wire);
    let tos: Vec<_> = tos.iter().rev().take(4).map(|r| r.headers.get("To").unwrap()).collect();
    let expected = ["<sip:4@10.0.0.9>", "<sip:2@10.0.0.9>", "<sip:1@10.0.0.9>", "<sip:3@10.0.0.9>"];
    assert_eq!(tos, expected);
    for _ in 0..2 {
        story.keep(start, next.clone());
        assert_eq!(story.output(), None, "nothing has changed");
    }
}

/// A PBX that starts anew has forgotten us: whoever notices has us register again.
#[test]
fn it_registers_again_when_told() {
    check(
        settings(ADDRESS),
        &format!(
            "
            0ms < keep
            0ms > REGISTER #1 for 600 s
            10ms < {TAKEN}
            10ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            20000ms < again
            20000ms > REGISTER #2 for 600 s
            20010ms < {TAKEN}
            20010ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            20020ms < withdraw
            20020ms > REGISTER #3 for 0 s unanswered
            52020ms > pbx is withdrawn
            "
        ),
    );
}

/// It is withdrawn before the registrar has said anything: what may yet be taken is taken back.
#[test]
fn it_is_withdrawn_while_it_waits() {
    check(
        settings(ADDRESS),
        "
        0ms < keep
        0ms > REGISTER #1 for 600 s
        10ms < withdraw
        10ms > REGISTER #2 for 0 s
        20ms < 200 REGISTER
        20ms > pbx is withdrawn
        ",
    );
}

/// Both ends are ours: the registrar asks for a digest, grants what it likes and lets the calls of the registered in.
#[test]
fn our_own_registrar_takes_it() {
    let start = Instant::now();
    let mut phones = sip_wire::config();
    phones.trunks[0].inbound = attendant::sip::Inbound::Registered;
    phones.registrar = Some(sip_wire::registrar());
    let mut server = attendant::sip::Ua::new(phones, 1, start);
    let mut client = attendant::sip::Ua::new(config(), 2, start);
    let ours: std::net::SocketAddr = "10.0.0.9:5060".parse().unwrap();
    let registration = Registration {
        registrar: "sip:10.0.0.1:5060".into(),
        user: "anna".into(),
        credentials: Some(sip_wire::credentials()),
        from: Flow { local: ours, ..flow("0.0.0.0:0") },
        advertised: ours,
        expires: Duration::from_secs(7200),
        ..settings(ADDRESS)
    };
    let wish = Command::KeepRegistered(vec![registration]);
    client.handle_input(start, Input::Command(wish));
    let mut told = Vec::new();
    let mut now = start;
    let end = start + Duration::from_secs(6000);
    loop {
        let mut moved = true;
        while std::mem::take(&mut moved) {
            for turn in 0..2 {
                let (from, to) = match turn {
                    0 => (&mut client, &mut server),
                    _ => (&mut server, &mut client),
                };
                while let Some(output) = from.poll_output() {
                    moved = true;
                    match output {
                        attendant::sip::Output::Send { flow, bytes } => {
                            let flow = Flow { local: flow.remote, remote: flow.local, ..flow };
                            to.handle_input(now, Input::Datagram { flow, bytes });
                        }
                        attendant::sip::Output::Event(event) => {
                            told.push(format!(
                                "{} {}",
                                (now - start).as_secs(),
                                sip_wire::told(&event)
                            ));
                        }
                        attendant::sip::Output::Resolve { .. } => panic!("an address is no name"),
                    }
                }
            }
        }
        let next = [client.poll_timeout(), server.poll_timeout()].into_iter().flatten().min();
        match next.filter(|next| *next <= end) {
            None if now == end => break,
            None => {
                now = end;
                client.handle_input(now, Input::Command(Command::KeepRegistered(vec![])));
            }
            Some(next) => {
                now = next;
                client.handle_timeout(now);
                server.handle_timeout(now);
            }
        }
    }
    let expected = [
        "0 Registered anna for 3600 s",
        "0 pbx is registered for 3600 s as sip:anna@10.0.0.9:5060",
        "2880 Registered anna for 3600 s",
        "2880 pbx is registered for 3600 s as sip:anna@10.0.0.9:5060",
        "5760 Registered anna for 3600 s",
        "5760 pbx is registered for 3600 s as sip:anna@10.0.0.9:5060",
        "6000 Registered anna for 0 s",
        "6000 pbx is withdrawn",
    ];
    assert_eq!(told, expected);
}
