//! SIP messages on the wire: what is read, what is refused, and what is written.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod cost;
#[path = "../counting/mod.rs"]
mod counting;
mod describe;
mod differential;
mod limits;
mod mutations;
mod pbx;
mod round_trip;
#[path = "../sip_torture/mod.rs"]
mod sip_torture;
mod torture;
mod values;

use attendant::sip::message::{Message, ParseError, Request, Response};

/// Turns a text with plain line ends into a message.
pub(crate) fn wire(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

/// Reads a text that must be a request.
pub(crate) fn request(text: &str) -> Request {
    request_of(&wire(text))
}

/// Reads bytes that must be a request.
pub(crate) fn request_of(bytes: &[u8]) -> Request {
    match Message::parse(bytes) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}

/// Reads a text that must be a response.
pub(crate) fn response(text: &str) -> Response {
    match Message::parse(&wire(text)) {
        Ok(Message::Response(response)) => response,
        other => panic!("no response: {other:?}"),
    }
}

/// Reads bytes and says what came of it: `ok`, `drop`, or the status of the refusal.
pub(crate) fn verdict(bytes: &[u8]) -> String {
    match Message::parse(bytes) {
        Ok(_) => "ok".into(),
        Err(ParseError::Drop(_)) => "drop".into(),
        Err(ParseError::Reply(rejection)) => rejection.status.to_string(),
    }
}

/// A plain request, to be spoilt in one place by a test.
pub(crate) const INVITE: &str = "\
INVITE sip:user@example.com SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKkdjuw;rport
Max-Forwards: 70
From: \"Caller\" <sip:caller@example.net>;tag=134161461246
To: <sip:user@example.com>
Call-ID: plain.0ha0isndaksdj@192.0.2.1
CSeq: 8 INVITE
Contact: <sip:caller@192.0.2.1>
Content-Type: application/sdp
Content-Length: 4

v=0
";

/// The plain request with one text replaced by another.
pub(crate) fn spoilt(from: &str, to: &str) -> Vec<u8> {
    assert!(INVITE.contains(from), "{from:?} is not in the plain request");
    wire(&INVITE.replacen(from, to, 1))
}
