//! Limits, refusals, and what may be written.

use attendant::sip::message::{
    Headers, MAX_FIELDS, MAX_FOLDS, MAX_MESSAGE, MAX_PARAMETERS, MAX_START_LINE, MAX_VALUE,
    Message, Method, ParseError, Request, Response, Uri, WriteError, reason_phrase,
};

use crate::{INVITE, request, request_of, spoilt, verdict, wire};

fn subject(value: &str) -> Vec<u8> {
    spoilt("Max-Forwards:", &format!("Subject: {value}\nMax-Forwards:"))
}

/// Each limit is met from both sides: the last size that is taken, the first that is not.
#[test]
fn every_limit_is_a_513() {
    let user = |length: usize| {
        let line = "INVITE sip:@example.com SIP/2.0".len();
        spoilt("sip:user@", &format!("sip:{}@", "u".repeat(length - line)))
    };
    let fields = |count: usize| {
        let plain = INVITE.split("\n\n").next().unwrap().lines().count() - 1;
        spoilt("Max-Forwards:", &format!("{}Max-Forwards:", "X: y\n".repeat(count - plain)))
    };
    let params = |count: usize| {
        spoilt("<sip:user@example.com>", &format!("<sip:user@example.com{}>", ";p".repeat(count)))
    };
    let folds = |count: usize| subject(&format!("a{}", "\n b".repeat(count)));
    let padded = |length: usize| {
        let bytes = wire(INVITE);
        let padding = vec![b'x'; length - bytes.len()];
        [bytes, padding].concat()
    };
    let value = |length: usize| subject(&"s".repeat(length));
    for (name, good, bad) in [
        ("start line", user(MAX_START_LINE), user(MAX_START_LINE + 1)),
        ("fields", fields(MAX_FIELDS), fields(MAX_FIELDS + 1)),
        ("parameters", params(MAX_PARAMETERS), params(MAX_PARAMETERS + 1)),
        ("folds", folds(MAX_FOLDS), folds(MAX_FOLDS + 1)),
        ("value", value(MAX_VALUE), value(MAX_VALUE + 1)),
        ("message", padded(MAX_MESSAGE), padded(MAX_MESSAGE + 1)),
    ] {
        assert_eq!(verdict(&good), "ok", "{name}");
        assert_eq!(verdict(&bad), "513", "{name}");
    }
}

/// A refusal names the transaction in the bytes that came, whatever else is wrong.
#[test]
fn a_refusal_echoes_what_came() {
    let mut bytes = wire(
        "\
INVITE sip:user@example.com SIP/2.0
v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1 , SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK2
Via: SIP/2.0/UDP 192.0.2.3;branch=z9hG4bK3
f: \"M@ller\"   <sip:caller@example.net>;tag=1
t: <sip:user@example.com>
i: a@b
CSeq: 1 INVITE
CSeq: 2 INVITE

",
    );
    let at = bytes.windows(2).position(|two| two == b"M@").unwrap() + 1;
    bytes[at] = 0xfc;
    let Err(ParseError::Reply(rejection)) = Message::parse(&bytes) else { panic!("no refusal") };
    assert_eq!((rejection.status, rejection.why), (400, "there is more than one CSeq"));
    assert_eq!(rejection.method, Method::Invite);
    let answer = rejection.to_response().to_bytes().unwrap();
    let expected = b"SIP/2.0 400 Bad Request\r\n\
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1 , SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK2\r\n\
Via: SIP/2.0/UDP 192.0.2.3;branch=z9hG4bK3\r\n\
From: \"M\xfcller\"   <sip:caller@example.net>;tag=1\r\n\
To: <sip:user@example.com>\r\nCall-ID: a@b\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(String::from_utf8_lossy(&answer), String::from_utf8_lossy(expected));
    assert_eq!(answer, expected);
}

/// Nothing that a name, a reason or a model says can start another line.
#[test]
fn injection_is_refused() {
    let plain = || request(INVITE);
    let refused = |change: &dyn Fn(&mut Request)| {
        let mut request = plain();
        change(&mut request);
        request.to_bytes().unwrap_err()
    };
    assert!(plain().to_bytes().is_ok());
    for evil in ["a\r\nRefer-To: <sip:evil@example.com>", "a\nb", "a\rb", "a\0b"] {
        let value = WriteError::Value { name: "X-Note".into() };
        assert_eq!(refused(&|request| request.headers.push("X-Note", evil)), value);
        assert_eq!(refused(&|request| request.headers.set("X-Note", evil)), value);
        assert_eq!(refused(&|request| request.headers.push_first("X-Note", evil)), value);
        assert_eq!(refused(&|request| request.headers.push(evil, "v")), WriteError::Name);
        let in_name = |request: &mut Request| {
            let mut to = request.headers.to().unwrap();
            to.display = Some(attendant::base::Phi::new(evil.to_owned()));
            request.headers.set("To", to.to_wire());
        };
        assert_eq!(refused(&in_name), WriteError::Value { name: "To".into() });
        assert!(matches!(
            refused(&|request| request.method = Method::Other(evil.into())),
            WriteError::StartLine(_)
        ));
        assert!(matches!(
            refused(&|request| request.uri.host = evil.into()),
            WriteError::StartLine(_)
        ));
        assert!(matches!(
            refused(&|request| request.uri.params.set(evil, None)),
            WriteError::StartLine(_)
        ));
        assert!(Response::new(200, Some(evil)).to_bytes().is_err());
        // A user part is escaped, so that it cannot even try.
        let called = Uri::sip(Some(evil), "pbx", None);
        assert!(Request::new(Method::Options, called).to_bytes().is_ok());
    }
    assert!(
        Response::new(99, None).to_bytes().is_err() && Response::new(700, None).to_bytes().is_err()
    );
}

#[test]
fn content_length_is_always_that_of_the_body() {
    let mut request = request(INVITE);
    request.headers.set("Content-Length", "9999");
    request.set_body("application/sdp", b"v=0\r\n\xff".to_vec());
    let bytes = request.to_bytes().unwrap();
    assert!(bytes.ends_with(b"\r\nContent-Length: 6\r\n\r\nv=0\r\n\xff"));
    assert_eq!(bytes.windows(15).filter(|w| w.eq_ignore_ascii_case(b"content-length:")).count(), 1);
    request.set_body("application/sdp", Vec::new());
    assert!(!request.headers.contains("c"));
}

#[test]
fn responses_carry_what_they_must() {
    let text = INVITE
        .replace("Contact:", "Record-Route: <sip:p1;lr>, <sip:p2;lr>\nTimestamp: 54\nContact:");
    let invite = request(&text);
    let names = |response: &Response| {
        response.headers.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>().join(" ")
    };
    let answer = |status| Response::to_request(&invite, status, None);
    assert_eq!(names(&answer(100)), "Via From To Call-ID CSeq Timestamp");
    assert_eq!(names(&answer(180)), "Via From To Call-ID CSeq Record-Route");
    assert_eq!(names(&answer(200)), "Via From To Call-ID CSeq Record-Route");
    assert_eq!(names(&answer(486)), "Via From To Call-ID CSeq");
    assert_eq!(answer(486).phrase, reason_phrase(486));
    assert_eq!(Response::to_request(&invite, 486, Some("On leave")).phrase, "On leave");
    let mut tagged = answer(200);
    tagged.headers.set_to_tag("abc");
    tagged.headers.set_to_tag("other");
    assert_eq!(tagged.headers.get("To"), Some("<sip:user@example.com>;tag=abc"));
}

#[test]
fn via_is_stamped_with_the_source() {
    let stamped = |via: &str, source: &str| {
        let mut headers = Headers::default();
        headers.push("Via", via);
        headers.stamp_via(source.parse().unwrap());
        headers.get("Via").unwrap().to_owned()
    };
    assert_eq!(
        stamped("SIP/2.0/UDP 10.0.0.1:5062;branch=z9;rport, SIP/2.0/TCP b", "192.0.2.9:40000"),
        "SIP/2.0/UDP 10.0.0.1:5062;branch=z9;rport=40000;received=192.0.2.9, SIP/2.0/TCP b"
    );
    assert_eq!(
        stamped("SIP/2.0/UDP 10.0.0.1;branch=z9", "10.0.0.1:5060"),
        "SIP/2.0/UDP 10.0.0.1;branch=z9"
    );
    assert_eq!(
        stamped("SIP/2.0/UDP pbx;branch=z9;received=6.6.6.6", "[2001:db8::1]:5060"),
        "SIP/2.0/UDP pbx;branch=z9;received=2001:db8::1"
    );
}

#[test]
fn header_fields_are_kept_in_order() {
    let mut headers = Headers::default();
    for (name, value) in [("X-A", "1"), ("v", "one"), ("X-B", "2"), ("VIA", "two"), ("x-a", "3")] {
        headers.push(name, value);
    }
    headers.push_first("Via", "zero");
    let all = |headers: &Headers| {
        headers.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(all(&headers), "Via=zero X-A=1 Via=one X-B=2 Via=two x-a=3");
    assert_eq!(headers.get_all("via").collect::<Vec<_>>(), ["zero", "one", "two"]);
    headers.set("X-A", "4");
    assert_eq!(all(&headers), "Via=zero X-A=4 Via=one X-B=2 Via=two");
    headers.remove("V");
    headers.set("X-C", "5");
    assert_eq!(all(&headers), "X-A=4 X-B=2 X-C=5");
}

/// A debug print of anything that came from the network names nobody.
#[test]
fn debug_output_names_nobody() {
    let message =
        request_of(&spoilt("sip:user@example.com SIP", "sip:jane.roe@example.com;x=jane.roe SIP"));
    let mut shown = format!("{message:?} {:?}", message.uri);
    let text = INVITE
        .replace("Caller", "jane.roe")
        .replace("caller@", "jane.roe@")
        .replace("8 INVITE", "9 X");
    shown += &format!("{:?}", Message::parse(&wire(&text)));
    let from = request(&INVITE.replace("Caller", "jane.roe").replace("caller@", "jane.roe@"))
        .headers
        .from();
    shown += &format!("{from:?}");
    assert!(!shown.contains("jane"), "{shown}");
    assert!(shown.contains("example.com") && shown.contains("Call-ID"), "{shown}");
}

/// Control characters go from a name, quoted or not: also where a URI's header field brought them.
#[test]
fn names_have_no_control_characters() {
    for text in ["\"a\\\u{7}b\" <sip:c@d>", "a\u{4}b <sip:c@d>", "\u{11}ab <sip:c@d>"] {
        let address = attendant::sip::message::NameAddr::parse(text).unwrap();
        assert_eq!(address.to_wire(), "\"ab\" <sip:c@d>");
    }
}
