//! The torture messages of RFC 4475 and RFC 5118: what is read, and what the user agent answers.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod sip_torture;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use attendant::base::{Phi, Purpose, Secret, TrunkName};
use attendant::sip::auth::Algorithm;
use attendant::sip::message::{Message, ParseError, Request, Response};
use attendant::sip::{
    Credentials, Event, Flow, Inbound, Input, Output, Policy, Registrar, Transport, Trunk, Ua,
    UaConfig,
};
use sip_torture::Vector;

/// Name, what the parser says (`ok`, a status, `drop`), and what the user agent does: `call`, a
/// status, or nothing. Behind `|` why we took that way where the RFC leaves one open.
const VERDICTS: &str = "
wsinv       ok    481  | its To has a tag, and there is no such dialog
intmeth     ok    501
esc01       ok    call
escnull     ok    401
esc02       ok    501
lwsdisp     ok    200
longreq     ok    call
dblreq      ok    401  | what follows the body in the datagram is dropped
semiuri     ok    200
transports  ok    200
mpart01     ok    405  | MESSAGE is not served
unreason    ok    -    | no request of ours asked for it
noreason    ok    -
badinv01    400   400
clerr       400   400
ncl         400   400
scalar02    400   400
scalarlg    drop  -
quotbal     400   400  | not guessed where the quote would end: a name says who calls
ltgtruri    400   400  | not stripped: the first line is never mended
lwsruri     400   400
lwsstart    400   400
trws        400   400
escruri     400   400  | a header field smuggled into a Request-URI is never used
baddate     ok    call | Date is not used for anything, so that it cannot be wrong
regbadct    400   400
badaspec    400   400
baddn       400   400  | as archived, without the empty line
badvers     505   505
mismatch01  400   400
mismatch02  501   501
bigcode     drop  -
badbranch   ok    200  | matched as RFC 2543 did: by Call-ID, CSeq, From tag, Via
insuf       400   400
unkscm      ok    416
novelsc     ok    416
unksm2      ok    400
bext01      ok    420
invut       ok    415
regaut01    ok    401  | as if there were no Authorization
multi01     400   400
mcl01       400   400
bcast       ok    -
zeromf      ok    200  | the last hop answers an OPTIONS
cparam01    ok    401
cparam02    ok    401
regescrt    ok    401
sdp01       ok    406
inv2543     ok    call | without a Contact, From says where the caller is, as in RFC 2543
ipv6-good   ok    401
ipv6-bad    400   400
port-ambiguous                ok  401  | read as it stands: no port
port-unambiguous              ok  401
via-received-param-with-delim ok  481
via-received-param-no-delim   ok  200
ipv6-in-sdp                   ok  call
mult-ip-in-header             ok  481
mult-ip-in-sdp                ok  call
ipv4-mapped-ipv6              ok  call
ipv6-bug-abnf-3-colons        ok  200  | the colon too many is passed over
";

fn flow(transport: Transport) -> Flow {
    let (local, remote) = ("10.0.0.1:5060".parse().unwrap(), "10.0.0.9:5060".parse().unwrap());
    Flow { transport, local, remote }
}

fn ua(now: Instant) -> Ua {
    let credentials = Credentials { user: "anna".into(), secret: Secret::new("wonder") };
    let trunk = |inbound, name: &str| Trunk {
        name: TrunkName::new(name),
        allow: vec!["10.0.0.0/24".parse().unwrap()],
        inbound,
        advertised: "10.0.0.1:5060".parse().unwrap(),
        credentials: None,
        accept_refer: false,
        refer_wait: Duration::from_secs(60),
        listens: vec![],
        policy: Policy::default(),
    };
    let registrar = Registrar {
        realm: "clinic".into(),
        users: vec![credentials],
        digests: vec![Algorithm::Sha256],
    };
    let config = UaConfig {
        product: "Attendant/test".into(),
        trunks: vec![trunk(Inbound::Ip, "pbx"), trunk(Inbound::Registered, "softphones")],
        registrar: Some(registrar),
        t1: Duration::from_millis(500),
    };
    Ua::new(config, 7, now)
}

/// What the parser says.
fn parsed(bytes: &[u8]) -> String {
    match Message::parse(bytes) {
        Ok(_) => "ok".into(),
        Err(ParseError::Drop(_)) => "drop".into(),
        Err(ParseError::Reply(rejection)) => rejection.status.to_string(),
    }
}

/// What the user agent does, and its last response as far as it can be read.
fn answered(bytes: &[u8], transport: Transport) -> (String, Option<Message>) {
    let now = Instant::now();
    let mut ua = ua(now);
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    ua.handle_input(now, Input::Datagram { flow: flow(transport), bytes });
    let (mut said, mut last) = ("-".to_owned(), None);
    while let Some(output) = ua.poll_output() {
        match output {
            Output::Send { bytes, flow } => {
                assert_eq!(flow.remote, "10.0.0.9:5060".parse().unwrap());
                // What it echoes may be as broken as what came: only its first line is ours.
                let line = bytes.strip_prefix(b"SIP/2.0 ").unwrap().get(..3).unwrap();
                let status = std::str::from_utf8(line).unwrap();
                if status != "100" {
                    said = status.into();
                    last = Message::parse(&bytes).ok();
                }
            }
            Output::Event(Event::Incoming(_)) => said = "call".into(),
            Output::Event(_) | Output::Resolve { .. } => {}
        }
    }
    (said, last)
}

fn all() -> Vec<Vector> {
    let vectors: Vec<Vector> =
        sip_torture::rfc4475().into_iter().chain(sip_torture::rfc5118()).collect();
    assert_eq!(vectors.len(), 49 + 11, "RFC 5118 has two messages in its section 4.5");
    vectors
}

fn vector(name: &str) -> Vec<u8> {
    all().into_iter().find(|vector| vector.name == name).unwrap().bytes
}

fn request(name: &str) -> Request {
    match Message::parse(&vector(name)) {
        Ok(Message::Request(request)) => request,
        other => panic!("{name}: {other:?}"),
    }
}

fn response(name: &str) -> Response {
    match Message::parse(&vector(name)) {
        Ok(Message::Response(response)) => response,
        other => panic!("{name}: {other:?}"),
    }
}

fn seen(value: Option<Phi<String>>) -> String {
    value.map(|value| value.reveal(Purpose::Comparison).clone()).unwrap_or_default()
}

/// Each message has the verdict that the table says, all of them shown at once where not.
#[test]
fn every_message_has_its_verdict() {
    let mut verdicts = BTreeMap::new();
    for line in VERDICTS.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split('|').next().unwrap().split_whitespace();
        let name = words.next().unwrap();
        assert!(verdicts.insert(name, words.collect::<Vec<_>>().join(" ")).is_none(), "{name}");
    }
    let mut wrong = Vec::new();
    for Vector { name, bytes, .. } in all() {
        let said = format!("{} {}", parsed(&bytes), answered(&bytes, Transport::Udp).0);
        let wanted = verdicts.remove(name).unwrap_or_default();
        if said != wanted {
            wrong.push(format!("{name}: {said}, not {wanted}"));
        }
    }
    assert!(wrong.is_empty() && verdicts.is_empty(), "{wrong:#?} {verdicts:?}");
}

fn answer(name: &str) -> Response {
    match answered(&vector(name), Transport::Udp).1 {
        Some(Message::Response(response)) => response,
        other => panic!("{name}: {other:?}"),
    }
}

/// A refusal says what the sender needs to do better, and echoes the bytes that came.
#[test]
fn refusals_say_what_would_do() {
    let unsupported = answer("bext01").headers.tokens("Unsupported");
    assert_eq!(unsupported, ["nothingSupportsThis", "nothingSupportsThisEither"]);
    for name in ["invut", "sdp01"] {
        assert_eq!(answer(name).headers.get("Accept"), Some("application/sdp"), "{name}");
    }
    for name in ["intmeth", "esc02", "mpart01"] {
        assert!(answer(name).headers.has_token("Allow", "INVITE"), "{name}");
    }
    for name in ["regaut01", "cparam01", "regescrt"] {
        assert!(answer(name).headers.contains("WWW-Authenticate"), "{name}");
    }
    let odd = answer("intmeth");
    let sent = request("intmeth");
    for name in ["From", "Call-ID", "CSeq"] {
        assert_eq!(
            odd.headers.get(name),
            sent.headers.get(name).map(|value| value.trim()),
            "{name}"
        );
    }
    let to = sent.headers.get("To").unwrap();
    assert!(to.starts_with("\"BEL:\\\u{7} NUL:\\\0 DEL:\\\u{7f}\" <sip:1_unusual"));
    assert!(odd.headers.get("To").unwrap().starts_with(to));
}

#[test]
fn values_of_the_tortuous_invite() {
    let invite = request("wsinv");
    let headers = &invite.headers;
    assert!(invite.uri.params.contains("unknownparam"));
    let (to, from) = (headers.to().unwrap(), headers.from().unwrap());
    assert_eq!((seen(to.uri.number()).as_str(), to.tag()), ("vivekg", Some("1918181833n")));
    assert_eq!(
        (seen(from.display.clone()).as_str(), from.tag()),
        (r#"J Rosenberg \""#, Some("98asjd8"))
    );
    assert_eq!((headers.max_forwards(), headers.get("s")), (Some(68), Some("")));
    assert_eq!(headers.cseq().unwrap().to_wire(), "9 INVITE");
    let vias: Vec<_> = headers.vias().iter().map(|via| via.to_wire()).collect();
    assert_eq!(
        vias,
        [
            "SIP/2.0/UDP 192.0.2.2;branch=390skdjuw",
            "SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8",
            "SIP/2.0/UDP 192.168.255.111;branch=z9hG4bK30239",
        ]
    );
    assert_eq!(
        headers.get("NewFangledHeader"),
        Some("newfangled value continued newfangled value")
    );
    assert_eq!(headers.get("UnknownHeaderWithUnusualValue"), Some(";;,,;;,;"));
    let route = &headers.routes()[0];
    assert_eq!(
        route.uri.to_wire(),
        "sip:services.example.com;lr;unknownwith=value;unknown-no-value"
    );
    let contact = &headers.contacts()[0];
    assert_eq!(seen(contact.display.clone()), r#"Quoted string """#);
    assert_eq!((contact.params.get("newparam"), contact.preference()), (Some("newvalue"), 330));
    assert_eq!(invite.body.len(), 150);
}

#[test]
fn values_of_the_other_valid_messages() {
    let odd = request("intmeth");
    assert_eq!(odd.method.as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    let user = "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*";
    assert_eq!(odd.uri.user.clone().map(|user| seen(Some(user))).unwrap(), user);
    assert_eq!(seen(odd.uri.password.clone()), "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
    let (to, from) = (odd.headers.to().unwrap(), odd.headers.from().unwrap());
    assert_eq!(seen(to.display.clone()), "BEL: NUL: DEL:\u{7f}");
    assert_eq!(seen(from.display.clone()), "token1~` token2'+_ token3*%!.-");
    assert_eq!(from.params.unquoted("fromParam''~+*_!.-%").as_deref(), Some("работающий"));
    assert_eq!(odd.headers.get("extensionHeader-!.%*+_`'~"), Some("\u{feff}大停電"));
    assert_eq!(odd.headers.max_forwards(), Some(255));

    let escaped = request("esc01");
    assert_eq!(seen(escaped.uri.number()), "sips:user@example.com");
    assert_eq!(seen(escaped.headers.to().unwrap().uri.number()), "user");
    assert_eq!(seen(escaped.headers.from().unwrap().uri.number()), "I have spaces");
    assert_eq!(seen(escaped.headers.contacts()[0].uri.number()), "caller");
    let nulls: Vec<_> =
        request("escnull").headers.contacts().iter().map(|c| seen(c.uri.number())).collect();
    assert_eq!(nulls, ["\0", "\0\0"]);
    let literal = request("esc02");
    assert_eq!((literal.method.as_str(), literal.headers.contacts().len()), ("RE%47IST%45R", 2));
    assert_eq!(seen(literal.headers.from().unwrap().display), "%Z%45");
    assert_eq!(literal.headers.get("C%6Fntact"), Some("<sip:alias2@host2.example.com>"));

    assert_eq!(seen(request("lwsdisp").headers.from().unwrap().display), "caller");
    let long = request("longreq");
    let vias = long.headers.vias();
    assert_eq!((vias.len(), vias[0].host.as_str()), (34, "sip33.example.com"));
    assert_eq!(vias[33].received(), "192.0.2.5".parse().ok());
    let to = long.headers.to().unwrap();
    assert_eq!((to.uri.port, to.uri.params.iter().count()), (Some(6000), 3));
    assert_eq!(long.headers.from().unwrap().params.iter().count(), 3);
    assert_eq!(long.headers.call_id().unwrap().len(), 141);
    let extra = request("dblreq");
    assert_eq!(
        (extra.body.len(), extra.headers.call_id()),
        (0, Some("dblreq.0ha0isndaksdj99sdfafnl3lk233412"))
    );
    let semicolons = request("semiuri");
    assert_eq!(seen(semicolons.uri.user.clone()), "user;par=u%40example.net");
    assert_eq!(
        (semicolons.uri.host.as_str(), semicolons.uri.params.is_empty()),
        ("example.com", true)
    );
    assert_eq!(semicolons.headers.tokens("Accept").len(), 6);
    let transports: Vec<_> =
        request("transports").headers.vias().into_iter().map(|via| via.transport).collect();
    assert_eq!(transports, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
    let parts = request("mpart01");
    assert_eq!(
        (parts.body.len(), parts.headers.content_type().as_deref()),
        (553, Some("multipart/mixed"))
    );
    assert!(parts.body.ends_with(b"\r\n--7a9cbec02ceef655--\r\n") && parts.body.contains(&0x82));
    assert!(response("unreason").phrase.starts_with("= 2**3 * 5**2 но сто девяносто девять"));
    assert_eq!(response("noreason").phrase, "");
}

#[test]
fn values_of_what_is_read_and_refused_or_ignored() {
    assert!(!request("badbranch").headers.top_via().unwrap().has_modern_branch());
    assert_eq!(request("unkscm").uri.scheme.as_str(), "nobodyknowsthisscheme");
    assert_eq!(request("novelsc").uri.to_wire(), "soap.beep://192.0.2.103:3002");
    let schemes = request("unksm2").headers;
    assert_eq!(schemes.to().unwrap().uri.to_wire(), "isbn:2983792873");
    assert_eq!(schemes.from().unwrap().uri.to_wire(), "http://www.example.com");
    assert_eq!(schemes.contacts()[0].uri.to_wire(), "name:John_Smith");
    // Whose parameter it is decides whether the registrar compares by it (RFC 3261 §10.2.4).
    let (header, uri) =
        (request("cparam01").headers.contacts(), request("cparam02").headers.contacts());
    assert!(
        header[0].params.contains("unknownparam") && !header[0].uri.params.contains("unknownparam")
    );
    assert!(!uri[0].params.contains("unknownparam") && uri[0].uri.params.contains("unknownparam"));
    let route = request("regescrt").headers.contacts()[0].uri.header("Route");
    assert_eq!(seen(route), "<sip:sip.example.com>");
    assert_eq!(response("bcast").headers.vias().len(), 2);
    assert_eq!(request("zeromf").headers.max_forwards(), Some(0));
    assert!(!request("sdp01").headers.accepts("application/sdp"));
    let old = request("inv2543");
    assert_eq!((old.headers.top_via().unwrap().branch(), old.headers.max_forwards()), (None, None));
    assert_eq!(old.headers.from().unwrap().tag(), None);
    assert!(!old.headers.record_routes()[0].uri.params.contains("lr"));
    assert!(old.body.ends_with(b"m=audio 49217 RTP/AVP 0\r\n"));
    let named = vector("baddn");
    assert_eq!(parsed(&named), "400");
    let printed = [named, b"\r\n".to_vec()].concat();
    let Ok(Message::Request(printed)) = Message::parse(&printed) else {
        panic!("baddn as printed")
    };
    assert_eq!(seen(printed.headers.from().unwrap().display), "Bell, Alexander");
}

#[test]
fn values_of_ipv6() {
    let (ambiguous, clear) = (request("port-ambiguous").uri, request("port-unambiguous").uri);
    assert_eq!((ambiguous.host.as_str(), ambiguous.port), ("2001:db8::10:5070", None));
    assert_eq!((clear.host.as_str(), clear.port), ("2001:db8::10", Some(5070)));
    for name in ["via-received-param-with-delim", "via-received-param-no-delim"] {
        let via = request(name).headers.top_via().unwrap();
        assert_eq!(
            (via.host.as_str(), via.received()),
            ("2001:db8::9:1", "2001:db8::9:255".parse().ok())
        );
    }
    let vias = request("mult-ip-in-header").headers.vias();
    let hosts: Vec<_> = vias.iter().map(|via| (via.host.as_str(), via.port)).collect();
    assert_eq!(
        hosts,
        [("2001:db8::9:1", Some(6050)), ("192.0.2.1", None), ("2001:db8::9:255", None)]
    );
    let mapped = request("ipv4-mapped-ipv6").headers;
    assert_eq!(mapped.top_via().unwrap().host, "::ffff:192.0.2.10");
    assert_eq!(mapped.contacts()[0].uri.host_ip(), "::ffff:192.0.2.2".parse().ok());
    assert_eq!(request("ipv6-bug-abnf-3-colons").uri.to_wire(), "sip:user@[2001:db8::192.0.2.1]");
}

/// On a stream the same bytes may mean something else: what comes later, or where all ends.
#[test]
fn on_a_stream() {
    use attendant::sip::message::{Framed, PONG, frame};
    assert_eq!(frame(&vector("clerr")), Framed::NeedMore);
    for name in ["ncl", "mcl01", "inv2543"] {
        assert!(matches!(frame(&vector(name)), Framed::Broken(_)), "{name}");
        assert_eq!(answered(&vector(name), Transport::Tcp).0, "400", "{name}");
    }
    let two = vector("dblreq");
    let Framed::Message(first) = frame(&two) else { panic!("no message") };
    assert_eq!(frame(&two[first..]), Framed::Pong);
    let Framed::Message(second) = frame(&two[first + PONG..]) else { panic!("no second message") };
    assert!(Message::parse_stream(&two[first + PONG..][..second]).is_ok());
    for Vector { name, bytes, .. } in all() {
        let whole = matches!(frame(&bytes), Framed::Message(length) if length <= bytes.len());
        let odd = ["clerr", "ncl", "mcl01", "inv2543", "baddn", "scalarlg", "test"];
        assert!(whole || odd.contains(&name), "{name}: {:?}", frame(&bytes));
    }
}
