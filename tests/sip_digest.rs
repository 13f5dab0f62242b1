//! Digest on the wire: what we answer when we are asked, and how we ask.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::time::Instant;

use attendant::base::{Secret, TrunkName};
use attendant::sip::auth::{Algorithm, DigestClient};
use attendant::sip::message::{Message, Method};
use attendant::sip::{Command, Credentials, Inbound, Transport, Trunk, UaConfig};
use sip_wire::{Wire, check, config, trunk};
use timeline::Machine;

/// The values of Authorization on the requests of a method, `-` where there is none.
fn signed(wire: &Wire, method: &str) -> Vec<String> {
    let requests = wire.messages.iter().filter_map(|message| match message {
        Message::Request(request) if request.method.as_str() == method => Some(request),
        _ => None,
    });
    requests.map(|r| r.headers.get("Authorization").unwrap_or("-").to_owned()).collect()
}

/// Asked once, later requests of the dialog show what they know before they are asked, and count on.
#[test]
fn a_dialog_remembers_what_it_was_asked() {
    let wire = check(
        "
        0ms < do call with password
        0ms > INVITE +sdp
        10ms < 401 INVITE | WWW-Authenticate: Digest realm=\"pbx\", nonce=\"1\", qop=\"auth\", opaque=\"o\"
        10ms > ACK
        10ms > INVITE +sdp
        90ms < 200 INVITE +sdp
        90ms > ACK
        90ms > Answered +sdp
        1000ms < do refer sip:101@10.0.0.9
        1000ms > REFER | Refer-To: <sip:101@10.0.0.9>
        1010ms < 401 REFER | WWW-Authenticate: Digest realm=\"pbx\", nonce=\"2\", qop=\"auth\"
        1010ms > REFER | Refer-To: <sip:101@10.0.0.9>
        1020ms < 603 REFER | Authentication-Info: nextnonce=\"3\"
        1020ms > Transfer Failed(603)
        2000ms < do hang-up
        2000ms > BYE
        2010ms < 401 BYE | WWW-Authenticate: Digest realm=\"pbx\", nonce=\"4\", qop=\"auth\", stale=true
        2010ms > BYE
        2020ms < 200 BYE
        2020ms > Ended Local
        ",
    );
    let has = |value: &str, nonce: &str, nc: &str| {
        assert!(value.contains(&format!("nonce=\"{nonce}\"")), "{value}");
        assert!(value.contains(&format!("nc={nc},")), "{value}");
    };
    let invites = signed(&wire, "INVITE");
    assert_eq!(invites[0], "-");
    has(&invites[1], "1", "00000001");
    assert!(invites[1].contains("opaque=\"o\""), "{}", invites[1]);
    let refers = signed(&wire, "REFER");
    has(&refers[0], "1", "00000002");
    has(&refers[1], "2", "00000001");
    let byes = signed(&wire, "BYE");
    has(&byes[0], "3", "00000001");
    has(&byes[1], "4", "00000001");
}

/// The password is wrong: asked again at once, it is not tried again. The strongest hash stays the only one.
#[test]
fn a_wrong_password_is_shown_once() {
    let asked = "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"1\", algorithm=MD5 | \
                 WWW-Authenticate: DIGEST realm=\"pbx\", nonce=\"2\", algorithm=sha-256, qop=\"auth\"";
    let wire = check(&format!(
        "
        0ms < do register
        0ms > REGISTER
        10ms < 401 REGISTER | {asked}
        10ms > REGISTER
        20ms < 401 REGISTER | {asked}
        20ms > RegisterAnswered Some(401)
        "
    ));
    let registers = signed(&wire, "REGISTER");
    assert!(registers[1].contains("algorithm=SHA-256"), "{registers:?}");
}

/// A PBX of a listed address that has to show a password too.
fn proving(digests: &[Algorithm]) -> UaConfig {
    let user =
        |user: &str, secret: &str| Credentials { user: user.into(), secret: Secret::new(secret) };
    let inbound = Inbound::Digest {
        realm: "clinic".into(),
        users: vec![user("pbx", "seven"), user("spare", "eight")],
        digests: digests.to_vec(),
    };
    UaConfig { trunks: vec![Trunk { inbound, ..trunk() }], ..config() }
}

/// Returns what the peer would answer to the challenges of the last 401.
fn answer(wire: &Wire, user: &str, secret: &str, uri: &str) -> String {
    let responses = wire.messages.iter().rev().find_map(|message| match message {
        Message::Response(response) if response.status == 401 => Some(response),
        _ => None,
    });
    let mut client = DigestClient::new(responses.unwrap()).unwrap();
    let credentials = Credentials { user: user.into(), secret: Secret::new(secret) };
    client.answer(&credentials, &Method::Invite, uri, "cafe")
}

const URI: &str = "sip:100@10.0.0.1:5060";

fn all(wire: &mut Wire) -> Vec<String> {
    std::iter::from_fn(|| wire.output()).collect()
}

/// A new call is challenged with 401, as a user agent does; what follows in the dialog is known by it.
#[test]
fn a_pbx_shows_its_password_with_each_call() {
    let start = Instant::now();
    let mut wire = Wire::new(start, proving(&[Algorithm::Sha256, Algorithm::Md5]));
    wire.input(start, "INVITE +sdp");
    assert_eq!(all(&mut wire), ["401 INVITE"]);
    let Some(Message::Response(response)) = wire.messages.last() else { panic!() };
    let asked: Vec<_> = response.headers.get_all("WWW-Authenticate").collect();
    assert!(asked[0].contains("algorithm=SHA-256") && asked[1].contains("algorithm=MD5"));
    assert!(!response.headers.contains("Proxy-Authenticate"));
    wire.input(start, "ACK z9hG4bKpeer1");
    let value = answer(&wire, "pbx", "seven", URI);
    wire.input(start, &format!("INVITE +sdp outside | Authorization: {value}"));
    assert_eq!(all(&mut wire), ["100 INVITE", "Incoming 100 by pbx +sdp"]);
    for (line, expected) in [
        ("do accept", vec!["200 INVITE +sdp"]),
        ("ACK", vec!["Established"]),
        ("INVITE +sdp", vec!["Offer +sdp"]),
        ("do accept-offer", vec!["200 INVITE +sdp"]),
        ("ACK", vec![]),
        ("BYE", vec!["200 BYE", "Ended RemoteBye"]),
    ] {
        wire.input(start, line);
        assert_eq!(all(&mut wire), expected, "{line}");
    }
    wire.input(start, "OPTIONS outside");
    assert_eq!(
        all(&mut wire),
        ["200 OPTIONS"],
        "whether we are there is no secret for a listed address"
    );
}

/// The same answer twice, a wrong one, another trunk's user, and one after too many: all look alike.
#[test]
fn nobody_gets_in_by_repeating_or_guessing() {
    let start = Instant::now();
    let mut wire = Wire::new(start, proving(&[Algorithm::Md5]));
    let ask = |wire: &mut Wire, value: Option<String>| {
        let value = value.map_or(String::new(), |value| format!(" | Authorization: {value}"));
        wire.input(start, &format!("INVITE +sdp outside{value}"));
        let told = all(wire);
        let Some(Message::Response(response)) = wire.messages.last() else { panic!() };
        let headers: Vec<_> = response.headers.iter().map(|(name, _)| name.to_owned()).collect();
        (told, response.status, headers)
    };
    let (told, status, first) = ask(&mut wire, None);
    assert_eq!((told, status), (vec!["401 INVITE".to_owned()], 401));
    let good = answer(&wire, "pbx", "seven", URI);
    assert_eq!(ask(&mut wire, Some(good.clone())).1, 100);
    let (told, status, headers) = ask(&mut wire, Some(good));
    assert_eq!((told, status, &headers), (vec!["401 INVITE".to_owned()], 401, &first));
    for (user, secret) in
        [("pbx", "guess"), ("nobody", "guess"), ("anna", "wonder"), ("pbx", "eight")]
    {
        let value = answer(&wire, user, secret, URI);
        let (told, status, headers) = ask(&mut wire, Some(value));
        assert_eq!(told, [format!("AuthenticationFailed Some({user:?})"), "401 INVITE".to_owned()]);
        assert_eq!((status, &headers), (401, &first));
    }
    for _ in 0..4 {
        let value = answer(&wire, "pbx", "guess", URI);
        ask(&mut wire, Some(value));
    }
    let right = answer(&wire, "pbx", "seven", URI);
    let (_, status, headers) = ask(&mut wire, Some(right));
    assert_eq!((status, &headers), (401, &first), "locked, and not told so");
    let spare = answer(&wire, "spare", "eight", URI);
    assert_eq!(ask(&mut wire, Some(spare)).1, 100, "others are not");
    let wrong_place = answer(&wire, "spare", "eight", "sip:100@10.9.9.9");
    assert_eq!(ask(&mut wire, Some(wrong_place)).1, 401);
}

/// A key of 256 bits comes from the system; what was asked with another key is asked again, quietly.
#[test]
fn nonces_are_made_with_the_key_that_is_given() {
    let start = Instant::now();
    let nonce_with = |key: &str| {
        let mut wire = Wire::new(start, proving(&[Algorithm::Md5]));
        wire.command(start, Command::NonceKey { key: Secret::new(key) });
        wire.input(start, "INVITE +sdp");
        all(&mut wire);
        let Some(Message::Response(response)) = wire.messages.last() else { panic!() };
        response.headers.get("WWW-Authenticate").unwrap().to_owned()
    };
    assert_ne!(nonce_with("one"), nonce_with("two"), "the seed is the same");
    let mut wire = Wire::new(start, proving(&[Algorithm::Md5]));
    wire.input(start, "INVITE +sdp");
    all(&mut wire);
    let value = answer(&wire, "pbx", "seven", URI);
    wire.command(start, Command::NonceKey { key: Secret::new("one") });
    wire.input(start, &format!("INVITE +sdp outside | Authorization: {value}"));
    assert_eq!(all(&mut wire), ["401 INVITE"]);
    let Some(Message::Response(response)) = wire.messages.last() else { panic!() };
    assert!(response.headers.get("WWW-Authenticate").unwrap().contains("stale=true"));
}

/// A listed address is not asked for a password because softphones or a proving PBX may come from its network too;
/// a certificate counts on TLS alone, and a trunk with sockets of its own is reached by no other.
#[test]
fn the_doors_are_tried_in_their_order() {
    let start = Instant::now();
    let named = |name: &str, inbound: Inbound, allow: &str| Trunk {
        name: TrunkName::new(name),
        inbound,
        allow: vec![allow.parse().unwrap()],
        ..trunk()
    };
    let digest = proving(&[Algorithm::Md5]).trunks[0].inbound.clone();
    let trunks = vec![
        named("a-proving", digest, "10.0.0.0/8"),
        named("b-certified", Inbound::Certificate, "10.0.0.0/8"),
        Trunk {
            listens: vec![(Transport::Udp, "10.0.0.2:5060".parse().unwrap())],
            ..named("c-elsewhere", Inbound::Ip, "10.0.0.0/8")
        },
        named("d-listed", Inbound::Ip, "10.0.0.9/32"),
    ];
    let mut wire = Wire::new(start, UaConfig { trunks, ..config() });
    wire.input(start, "INVITE +sdp");
    assert_eq!(all(&mut wire), ["100 INVITE", "Incoming 100 by d-listed +sdp"]);
    let certified = vec![named("certified", Inbound::Certificate, "10.0.0.0/8")];
    let mut wire = Wire::new(start, UaConfig { trunks: certified, ..config() });
    wire.input(start, "INVITE +sdp");
    assert_eq!(all(&mut wire), ["Dropped UnknownSource"], "UDP shows no certificate");
}
