//! Messages in the shape that each PBX family gives them, written for these tests: what each
//! does differently from the book, and that we read it right.

use attendant::base::{Phi, Purpose};
use attendant::sip::message::{Message, Sipfrag, Subscription};

use crate::{request, request_of, response, wire};

/// Every message here, as seeds for mutation.
pub(crate) const SEEDS: [&str; 16] = [
    ASTERISK_INVITE,
    ASTERISK_NOTIFY,
    ASTERISK_OPTIONS,
    CUCM_INVITE,
    CUCM_REFER_RESPONSE,
    CUBE_REINVITE,
    AVAYA_INVITE,
    AVAYA_IPO_BYE,
    THREECX_INVITE,
    THREECX_REGISTER_ANSWER,
    FREESWITCH_INVITE,
    FREESWITCH_NOTIFY,
    AUDIOCODES_INVITE,
    MITEL_INFO,
    YEASTAR_MWI,
    GRANDSTREAM_REGISTER,
];

const ASTERISK_INVITE: &str = "\
INVITE sip:attendant@10.0.0.5:5060 SIP/2.0
Via: SIP/2.0/UDP 10.0.0.2:5060;rport;branch=z9hG4bKPj4bcf0d3e-5a3f-4be0-9b54-1f5be9b6f0a1
From: \"Roe, Jane\" <sip:5551234567@10.0.0.2>;tag=7a1cf1b4-9a1e-4c53-8c4c-5c9a1ddc2a2b
To: <sip:attendant@10.0.0.5>
Contact: <sip:asterisk@10.0.0.2:5060>
Call-ID: 0b6f1c1a-2f9c-4d7b-a6e8-4dc4b1b0c6c1
CSeq: 21763 INVITE
Allow: OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, INFO, MESSAGE, REFER
Supported: 100rel, timer, replaces, norefersub, histinfo
Session-Expires: 1800
Min-SE: 90
P-Asserted-Identity: \"Roe, Jane\" <sip:5551234567@10.0.0.2>
Max-Forwards: 70
User-Agent: Asterisk PBX 20.5.0
Content-Type: application/sdp
Content-Length:    11

v=0
o=- 1
";

const ASTERISK_NOTIFY: &str = "\
NOTIFY sip:attendant@10.0.0.5:5060 SIP/2.0
Via: SIP/2.0/UDP 10.0.0.2:5060;rport;branch=z9hG4bKPj9c1
From: <sip:5551234567@10.0.0.2>;tag=7a1c
To: <sip:attendant@10.0.0.5>;tag=01af
Call-ID: 0b6f1c1a
CSeq: 21764 NOTIFY
Event: refer
Subscription-State: terminated;reason=noresource
Content-Type: message/sipfrag;version=2.0
Content-Length: 16

SIP/2.0 200 OK
";

const ASTERISK_OPTIONS: &str = "\
OPTIONS sip:10.0.0.5 SIP/2.0
Via: SIP/2.0/UDP 10.0.0.2:5060;rport;branch=z9hG4bKPj2
From: <sip:asterisk@10.0.0.2>;tag=as3
To: <sip:10.0.0.5>
Contact: <sip:asterisk@10.0.0.2:5060>
Call-ID: qualify-1
CSeq: 1 OPTIONS
Max-Forwards: 70
Content-Length: 0

";

const CUCM_INVITE: &str = "\
INVITE sip:4000@10.1.1.5:5060 SIP/2.0
Via: SIP/2.0/TCP 10.1.1.10:5060;branch=z9hG4bK1f5b4bb21fd
From: \"Front Desk\" <sip:2001@10.1.1.10>;tag=1534~a1b2-c3d4-21342
To: <sip:4000@10.1.1.5>
Date: Tue, 03 Nov 2026 15:04:05 GMT
Call-ID: 4e7d8f00-5a618ab5-1c9-a01010a@10.1.1.10
Supported: timer,resource-priority,replaces
Min-SE:  1800
User-Agent: Cisco-CUCM14.0
Allow: INVITE, OPTIONS, INFO, BYE, CANCEL, ACK, PRACK, UPDATE, REFER, SUBSCRIBE, NOTIFY
CSeq: 101 INVITE
Expires: 180
Allow-Events: presence, kpml
Supported: X-cisco-srtp-fallback,X-cisco-original-called
Call-Info: <urn:x-cisco-remotecc:callinfo>;x-cisco-video-traffic-class=DESKTOP
Session-ID: 6b1a2e3500105000a0000c75bdc1a2b3;remote=00000000000000000000000000000000
Cisco-Guid: 1316847360-0000065536-0000000457-0167837962
Session-Expires:  1800
P-Asserted-Identity: \"Front Desk\" <sip:2001@10.1.1.10>
Remote-Party-ID: \"Front Desk\" <sip:2001@10.1.1.10>;party=calling;screen=yes;privacy=off
Contact: <sip:2001@10.1.1.10:5060;transport=tcp>;+u.sip!devicename.ccm.cisco.com=\"SEP0C75BDC1A2B3\"
Max-Forwards: 69
Content-Length: 0

";

const CUCM_REFER_RESPONSE: &str = "\
SIP/2.0 202 Accepted
Via: SIP/2.0/TCP 10.1.1.5:5060;branch=z9hG4bKr1;received=10.1.1.5
From: <sip:4000@10.1.1.5>;tag=f1
To: \"Front Desk\" <sip:2001@10.1.1.10>;tag=1534~a1b2-c3d4-21342
Call-ID: 4e7d8f00-5a618ab5-1c9-a01010a@10.1.1.10
CSeq: 102 REFER
Contact: <sip:2001@10.1.1.10:5060;transport=tcp>
Content-Length: 0

";

const CUBE_REINVITE: &str = "\
INVITE sip:attendant@10.1.1.5:5060 SIP/2.0
Via: SIP/2.0/UDP 10.1.1.20:5060;branch=z9hG4bK2A1B2,SIP/2.0/UDP 10.1.1.21:5060;branch=z9hG4bK99;received=10.1.1.21
Remote-Party-ID: <sip:5551234567@10.1.1.20>;party=calling;screen=no;privacy=full
From: \"anonymous\" <sip:anonymous@anonymous.invalid>;tag=1C2D3E4-5
To: <sip:attendant@10.1.1.5>;tag=77
Privacy: id
Call-ID: 8E5B5A2C-5A6111EF-8001F0A2-9D3D9C4E@10.1.1.20
CSeq: 102 INVITE
Max-Forwards: 67
Timestamp: 1762182245
Contact: <sip:anonymous@10.1.1.20:5060>
Diversion: <sip:5559876543@10.1.1.20>;privacy=off;reason=no-answer;screen=yes
Content-Length: 0

";

const AVAYA_INVITE: &str = "\
INVITE sip:4000@clinic.example;user=phone SIP/2.0
Record-Route: <sip:10.2.1.30:5060;transport=tcp;lr>
Record-Route: <sip:10.2.1.31:15060;transport=tcp;ibmsid=local.1234;sap=-1*1*016asm-callprocessing.sar-42;lr>, <sip:10.2.1.30;lr>
Via: SIP/2.0/TCP 10.2.1.30;rport;branch=z9hG4bK80AB-AP;ft=10.2.1.30~13c4
Via: SIP/2.0/TCP 10.2.1.31;branch=z9hG4bK0A02;ft=1
From: \"O'Neil, Pat\" <sip:+15551234567;phone-context=clinic.example@clinic.example;user=phone>;tag=80a9c1f2e1b1
To: \"Attendant\" <sip:4000@clinic.example;user=phone>
Call-ID: 80a9c1f2e1b1ef1b2c3d4e5f600
CSeq: 1 INVITE
Max-Forwards: 66
User-to-User: 00FA080001000A5A6189B5;encoding=hex
P-Asserted-Identity: \"O'Neil, Pat\" <sip:+15551234567@clinic.example>, <tel:+15551234567>
Contact: <sip:+15551234567@10.2.1.30;transport=tcp;gsid=8a3f>;+avaya-cm-keep-mpro=no
P-AV-Message-Id: 1_1
Alert-Info: <cid:internal@clinic.example>;avaya-cm-alert-type=internal
Content-Length: 0

";

const AVAYA_IPO_BYE: &str = "\
BYE sip:attendant@10.2.1.5:5060;transport=udp SIP/2.0
Via: SIP/2.0/UDP 10.2.1.40:5060;rport;branch=z9hG4bK9d8
From: \"Extn201\" <sip:201@10.2.1.40>;tag=5c9
To: <sip:attendant@10.2.1.5>;tag=a1
Call-ID: 9f8e7d@10.2.1.40
CSeq: 2 BYE
Contact: \"Extn201\" <sip:201@10.2.1.40:5060;transport=udp>
Max-Forwards: 70
Reason: Q.850;cause=16;text=\"Normal call clearing\"
User-Agent: IP Office 11.1.2.4.0 build 18
Content-Length: 0

";

const THREECX_INVITE: &str = "\
INVITE sip:700@10.3.1.5:5060;rinstance=6a1b2c3d4e5f SIP/2.0
Via: SIP/2.0/UDP 10.3.1.2:5060;branch=z9hG4bK-524287-1---3f2a1b;rport
Max-Forwards: 70
Contact: <sip:5551234567@10.3.1.2:5060>
To: <sip:700@10.3.1.2:5060>
From: \"Jane \\\"JR\\\" Roe <mobile>\"<sip:5551234567@10.3.1.2:5060;nf=e>;tag=2d1c0b
Call-ID: fA3kzX2u1_x9jTWmc1yQ8g..
CSeq: 1 INVITE
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REGISTER, SUBSCRIBE, NOTIFY, REFER, INFO, MESSAGE, UPDATE
Content-Type: application/sdp
Supported: replaces, timer
User-Agent: 3CXPhoneSystem 18.0.9.20 (20)
Content-Length: 5

v=0
";

const THREECX_REGISTER_ANSWER: &str = "\
SIP/2.0 200 OK
Via: SIP/2.0/UDP 10.3.1.5:5060;branch=z9hG4bKreg;rport=5060;received=198.51.100.7
Contact: <sip:700@10.3.1.5:5060;rinstance=6a1b2c3d4e5f>;expires=120, <sip:700@198.51.100.9:61000>;expires=33
To: <sip:700@10.3.1.2:5060>;tag=9a8b
From: <sip:700@10.3.1.2:5060>;tag=1b2c
Call-ID: reg-1
CSeq: 2 REGISTER
Content-Length: 0

";

const FREESWITCH_INVITE: &str = "\
INVITE sip:attendant@10.4.1.5 SIP/2.0
Via: SIP/2.0/UDP 10.4.1.2;rport;branch=z9hG4bKtZ2yrv6yHQ2eB
Max-Forwards: 69
From: \"M\u{fc}ller\" <sip:1000@10.4.1.2>;tag=Zr5pNQm3g2D1F
To: <sip:attendant@10.4.1.5>
Call-ID: 1f8c2b9e-d3a1-123d-8d8f-0242ac110002
CSeq: 58213741 INVITE
Contact: <sip:mod_sofia@10.4.1.2:5060;fs_path=sip%3A10.4.1.9%3Blr>
User-Agent: FreeSWITCH-mod_sofia/1.10.10-release~64bit
Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER, REFER, NOTIFY
Supported: timer, path, replaces
Allow-Events: talk, hold, conference, refer
Content-Type: application/sdp
Content-Disposition: session
Content-Length: 5
X-FS-Support: update_display,send_info
Remote-Party-ID: \"M\u{fc}ller\" <sip:1000@10.4.1.2>;party=calling;screen=yes;privacy=off

v=0
";

const FREESWITCH_NOTIFY: &str = "\
NOTIFY sip:attendant@10.4.1.5:5060 SIP/2.0
Via: SIP/2.0/UDP 10.4.1.2;rport;branch=z9hG4bKy
From: <sip:1000@10.4.1.2>;tag=Zr5pNQm3g2D1F
To: <sip:attendant@10.4.1.5>;tag=5
Call-ID: 1f8c2b9e-d3a1-123d-8d8f-0242ac110002
CSeq: 58213743 NOTIFY
Contact: <sip:mod_sofia@10.4.1.2:5060>
Event: refer;id=58213742
Subscription-State: terminated;reason=noresource
Content-Type: message/sipfrag
Content-Length: 22

SIP/2.0 403 Forbidden
";

const AUDIOCODES_INVITE: &str = "\
INVITE sip:+15550100@sbc.example;user=phone SIP/2.0
v: SIP/2.0/TLS 10.5.1.2:5061;alias;branch=z9hG4bKac1
f: \"Caller\" <sip:+15551234567@sbc.example;user=phone>;tag=1c1
t: <sip:+15550100@sbc.example;user=phone>
i: 12345678
CSeq: 1 INVITE
m: <sip:+15551234567@10.5.1.2:5061;transport=tls;x-i=3a2b>
k: em,100rel,timer,replaces,path,resource-priority,sdp-anat
x: 3600;refresher=uac
History-Info: <sip:+15559876543@sbc.example?Reason=SIP%3Bcause%3D302>;index=1,
 <sip:+15550100@sbc.example>;index=1.1
c: application/sdp
l: 5

v=0
";

const MITEL_INFO: &str = "\
INFO sip:attendant@10.6.1.5 SIP/2.0
Via: SIP/2.0/UDP 10.6.1.2:5060;branch=z9hG4bKm1
From: sip:300@10.6.1.2;tag=m1
To: <sip:attendant@10.6.1.5>;tag=2;
Call-ID: m1
CSeq: 3 INFO
Content-Type: Application / DTMF-Relay ; x=y
Content-Length: 24

Signal=5
Duration=160
";

const YEASTAR_MWI: &str = "\
NOTIFY sip:700@10.7.1.5:5060 SIP/2.0
Via: SIP/2.0/UDP 10.7.1.2:5060;rport;branch=z9hG4bKPjmwi
From: <sip:700@10.7.1.2>;tag=mwi
To: <sip:700@10.7.1.2>;tag=1
Call-ID: mwi
CSeq: 9 NOTIFY
o: Message-Summary
Subscription-State:active
Content-Type: application/simple-message-summary
Content-Length: 21

Messages-Waiting: no
";

const GRANDSTREAM_REGISTER: &str = "\
REGISTER sip:10.0.0.5 SIP/2.0
Via: SIP/2.0/UDP 10.8.1.2:5060;branch=z9hG4bK1805;rport
From: \"101\" <sip:101@10.0.0.5>;tag=1042
To: <sip:101@10.0.0.5>
Call-ID: 870414@BA.I.B.C
CSeq: 2001 REGISTER
Contact: <sip:101@10.8.1.2:5060>;reg-id=1;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000B82AABBCC>\"
X-Grandstream-PBX: true
Max-Forwards: 70
User-Agent: Grandstream GXP2170 1.0.11.39
Supported: path
Expires: 3600
Allow: INVITE, ACK, OPTIONS, CANCEL, BYE, SUBSCRIBE, NOTIFY, INFO, REFER, UPDATE, MESSAGE
Content-Length: 0

";

fn text(value: &Option<Phi<String>>) -> &str {
    value.as_ref().map_or("", |value| value.reveal(Purpose::Comparison))
}

#[test]
fn asterisk() {
    let invite = request(ASTERISK_INVITE);
    let from = invite.headers.from().unwrap();
    assert_eq!(text(&from.display), "Roe, Jane");
    assert_eq!(text(&invite.uri.number()), "attendant");
    assert_eq!(invite.headers.top_via().unwrap().rport(), Some(None));
    assert!(invite.headers.has_token("Supported", "norefersub"));
    assert_eq!(invite.headers.tokens("Allow").len(), 14);
    assert_eq!(invite.body.len(), 11);

    let notify = request(ASTERISK_NOTIFY);
    let state = notify.headers.subscription_state().unwrap();
    assert_eq!(
        (state.state, state.reason.as_deref()),
        (Subscription::Terminated, Some("noresource"))
    );
    assert_eq!(notify.headers.event().unwrap().package, "refer");
    assert_eq!(notify.headers.content_type().as_deref(), Some("message/sipfrag"));
    assert_eq!(Sipfrag::parse(&notify.body), Some(Sipfrag { status: 200, phrase: "OK".into() }));
    assert_eq!(request(ASTERISK_OPTIONS).uri.user, None);
}

#[test]
fn cisco() {
    let invite = request(CUCM_INVITE);
    assert!(invite.body.is_empty());
    let contact = &invite.headers.contacts()[0];
    let device = "+u.sip!devicename.ccm.cisco.com";
    assert_eq!(contact.params.unquoted(device).as_deref(), Some("SEP0C75BDC1A2B3"));
    assert_eq!(contact.uri.params.get("transport"), Some("tcp"));
    assert_eq!(invite.headers.get("x"), Some("1800"));
    assert_eq!(invite.headers.expires(), Some(180));
    assert_eq!(invite.headers.tokens("k").len(), 5);
    assert_eq!(text(&invite.headers.asserted_identity().unwrap().uri.number()), "2001");

    let accepted = response(CUCM_REFER_RESPONSE);
    assert!(accepted.is_success());
    assert_eq!(accepted.headers.to().unwrap().tag(), Some("1534~a1b2-c3d4-21342"));

    let again = request(CUBE_REINVITE);
    assert_eq!(again.headers.asserted_identity(), None);
    let vias = again.headers.vias();
    assert_eq!(vias.len(), 2);
    assert_eq!(vias[1].received(), "10.1.1.21".parse().ok());
}

#[test]
fn avaya() {
    let invite = request(AVAYA_INVITE);
    let hosts: Vec<_> = invite.headers.record_routes().into_iter().map(|r| r.uri.host).collect();
    assert_eq!(hosts, ["10.2.1.30", "10.2.1.31", "10.2.1.30"]);
    assert!(invite.headers.record_routes().iter().all(|route| route.uri.params.contains("lr")));
    let from = invite.headers.from().unwrap();
    assert_eq!(text(&from.uri.number()), "+15551234567");
    assert_eq!(from.uri.host, "clinic.example");
    assert_eq!(text(&from.display), "O'Neil, Pat");
    let caller = invite.headers.asserted_identity().unwrap();
    assert_eq!(caller.uri.host, "clinic.example");

    let bye = request(AVAYA_IPO_BYE);
    assert_eq!(bye.headers.get("Reason"), Some(r#"Q.850;cause=16;text="Normal call clearing""#));
}

#[test]
fn threecx() {
    let invite = request(THREECX_INVITE);
    let from = invite.headers.from().unwrap();
    assert_eq!(text(&from.display), r#"Jane "JR" Roe <mobile>"#);
    assert_eq!((from.tag(), from.uri.params.get("nf")), (Some("2d1c0b"), Some("e")));
    assert_eq!(invite.uri.params.get("rinstance"), Some("6a1b2c3d4e5f"));
    let registered = response(THREECX_REGISTER_ANSWER);
    let expires: Vec<_> = registered
        .headers
        .contacts()
        .iter()
        .map(|contact| contact.params.get("expires").unwrap().to_owned())
        .collect();
    assert_eq!(expires, ["120", "33"]);
    let via = registered.headers.top_via().unwrap();
    assert_eq!((via.rport(), via.received()), (Some(Some(5060)), "198.51.100.7".parse().ok()));
}

/// FreeSWITCH passes on what an old telephone sent: a name in Latin-1, which goes back as it came.
#[test]
fn freeswitch() {
    let utf8 = wire(FREESWITCH_INVITE);
    let latin1: Vec<u8> = String::from_utf8(utf8.clone())
        .unwrap()
        .chars()
        .map(|c| u8::try_from(c).unwrap())
        .collect();
    for bytes in [utf8, latin1] {
        let invite = request_of(&bytes);
        assert_eq!(text(&invite.headers.from().unwrap().display), "Müller");
        let echoed = invite.to_bytes().unwrap();
        let line =
            bytes.split(|byte| *byte == b'\n').find(|line| line.starts_with(b"From")).unwrap();
        assert!(echoed.windows(line.len()).any(|window| window == line));
        assert_eq!(request_of(&echoed).headers.from(), invite.headers.from());
    }
    let notify = request(FREESWITCH_NOTIFY);
    assert_eq!(notify.headers.event().unwrap().id.as_deref(), Some("58213742"));
    assert_eq!(Sipfrag::parse(&notify.body).unwrap().status, 403);
}

#[test]
fn compact_and_folded_from_an_sbc() {
    let invite = request(AUDIOCODES_INVITE);
    assert_eq!(invite.headers.top_via().unwrap().transport, "TLS");
    assert_eq!(invite.headers.get("Session-Expires"), Some("3600;refresher=uac"));
    assert_eq!(invite.headers.list("History-Info").unwrap().len(), 2);
    assert_eq!(invite.body, b"v=0\r\n");
}

#[test]
fn the_others() {
    let info = request(MITEL_INFO);
    assert_eq!(info.headers.content_type().as_deref(), Some("application/dtmf-relay"));
    assert_eq!(info.headers.from().unwrap().tag(), Some("m1"));
    assert_eq!(info.headers.to().unwrap().tag(), Some("2"));
    let mwi = request(YEASTAR_MWI);
    assert_eq!(mwi.headers.event().unwrap().package, "message-summary");
    assert_eq!(mwi.headers.subscription_state().unwrap().state, Subscription::Active);
    let register = request(GRANDSTREAM_REGISTER);
    let contact = &register.headers.contacts()[0];
    assert_eq!(
        contact.params.unquoted("+sip.instance").as_deref(),
        Some("<urn:uuid:00000000-0000-1000-8000-000B82AABBCC>")
    );
}

#[test]
fn who_calls() {
    let caller = |fields: &str| {
        let text = ASTERISK_OPTIONS.replace("From: <sip:asterisk@10.0.0.2>;tag=as3\n", fields);
        request(&text).headers.asserted_identity().map(|who| text_of(&who.uri.number()))
    };
    let anonymous = "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1\n";
    let number = Some("5551234567".to_owned());
    assert_eq!(caller("From: <sip:5551234567@pbx>;tag=1\n"), number);
    assert_eq!(caller(anonymous), None);
    assert_eq!(caller("From: <sip:Restricted@10.1.1.1>;tag=1\n"), None);
    assert_eq!(caller("From: <sip:10.1.1.1>;tag=1\n"), None);
    assert_eq!(caller("From: sip:c8oqz84zk7z@anonymous.invalid;tag=1\n"), None);
    let asserted = |value: &str| format!("{anonymous}P-Asserted-Identity: {value}\n");
    assert_eq!(caller(&asserted("\"Roe, Jane\" <sip:5551234567@pbx>")), number);
    assert_eq!(caller(&asserted("<tel:555-123-4567>, <sip:7@pbx>")), Some("7".into()));
    assert_eq!(caller(&asserted("<tel:555-123-4567>")), number);
    assert_eq!(caller(&asserted("<sip:anonymous@anonymous.invalid>")), None);
    assert_eq!(caller(&asserted("broken")), None);
}

fn text_of(value: &Option<Phi<String>>) -> String {
    text(value).to_owned()
}

/// An attended transfer: Replaces in the URI of Refer-To (RFC 3891).
#[test]
fn refer_to_with_replaces() {
    let refer_to = "Refer-To: <sip:staff@10.0.0.2?Replaces=abc%40pbx%3Bto-tag%3D1%3Bfrom-tag%3D2&X=y>\nCall-ID:";
    let refer =
        request(&ASTERISK_OPTIONS.replace("OPTIONS", "REFER").replace("Call-ID:", refer_to));
    let target = refer.headers.refer_to().unwrap();
    let replaces = target.uri.header("replaces");
    assert_eq!(text(&replaces), "abc@pbx;to-tag=1;from-tag=2");
    let mut uri = target.uri.clone();
    uri.headers.clear();
    uri.push_header("Replaces", "abc@pbx;to-tag=1;from-tag=2");
    assert_eq!(uri.to_wire(), "sip:staff@10.0.0.2?Replaces=abc%40pbx%3Bto-tag%3D1%3Bfrom-tag%3D2");
}

#[test]
fn every_seed_is_read_and_written_back() {
    for seed in SEEDS {
        let message = Message::parse(&wire(seed)).unwrap();
        let again = Message::parse(&message.to_bytes().unwrap()).unwrap();
        assert!(matches!(
            (&message, &again),
            (Message::Request(_), Message::Request(_))
                | (Message::Response(_), Message::Response(_))
        ));
        attendant::fuzzing::sip_message(&wire(seed));
    }
}
