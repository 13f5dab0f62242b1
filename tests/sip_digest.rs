//! Digest on the wire: what we answer when we are asked, and how we ask.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use attendant::sip::message::Message;
use sip_wire::{Wire, check};

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
