//! Bytes to a checked message, or the reason why not (RFC 3261 §7, §16.3, §18.3).
//!
//! One pass cuts lines into fields, a second reads the fields that every message needs. The
//! first fault is kept, and the pass goes on, so that the answer can name the transaction.

use std::borrow::Cow;

use super::cseq::CSeq;
use super::headers::{Field, Headers, Kind};
use super::limits::{MAX_FIELDS, MAX_FOLDS, MAX_MESSAGE, MAX_START_LINE, MAX_VALUE};
use super::method::Method;
use super::name_addr::NameAddr;
use super::packet::{Message, Request, Response};
use super::scan;
use super::uri::Uri;
use super::via::Via;
use super::write::has_control;
use crate::sip::DropReason;

/// What is wrong with a message, and the status that says so.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{why}")]
pub struct Fault {
    /// 400, 501, 505 or 513.
    pub status: u16,
    /// For the telecom admin. Holds nothing of the message.
    pub why: &'static str,
}

/// Why there is no message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ParseError {
    /// Count it, and say nothing: there is no one to answer, or nothing to answer to.
    Drop(DropReason),
    /// A request that can be refused.
    Reply(Box<Rejection>),
}

/// A refused request: all that its refusal needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rejection {
    /// The request's method.
    pub method: Method,
    /// The status to answer with.
    pub status: u16,
    /// For the telecom admin. Holds nothing of the message.
    pub why: &'static str,
    /// Via, From, To, Call-ID and CSeq, as far as they could be read, as received.
    pub headers: Headers,
}

impl Fault {
    /// A fault in the message's form.
    pub(super) const fn bad(why: &'static str) -> Self {
        Self { status: 400, why }
    }

    /// A fault in the message's size.
    pub(super) const fn over(why: &'static str) -> Self {
        Self { status: 513, why }
    }
}

impl Rejection {
    /// Makes the refusal. It has no To tag yet.
    pub fn to_response(&self) -> Response {
        let mut response = Response::new(self.status, None);
        response.headers = self.headers.clone();
        response
    }
}

impl Message {
    /// Reads a datagram.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::parse_from(bytes, false)
    }

    /// Reads one message of a stream, as [`frame`](super::frame()) cut it out: it must say how
    /// long it is (RFC 3261 §18.3).
    pub fn parse_stream(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::parse_from(bytes, true)
    }

    fn parse_from(bytes: &[u8], stream: bool) -> Result<Self, ParseError> {
        let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
        let bytes = &bytes[start.unwrap_or(bytes.len())..];
        let mut fault = None;
        let bytes = match bytes.get(..MAX_MESSAGE) {
            Some(head) if bytes.len() > MAX_MESSAGE => {
                fault = Some(Fault::over("the message is too large"));
                head
            }
            _ => bytes,
        };
        let Some((line, rest)) = cut_line(bytes) else {
            return Err(ParseError::Drop(DropReason::Malformed));
        };
        match line.get(..4).is_some_and(|head| head.eq_ignore_ascii_case(b"SIP/")) {
            true => parse_response(line, Scanned::new(rest, stream), fault),
            false => parse_request(line, Scanned::new(rest, stream), fault),
        }
    }

    /// Whether a datagram is only line ends, sent to keep a NAT open (RFC 5626 §4.4.1).
    pub fn is_keep_alive(bytes: &[u8]) -> bool {
        bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0))
    }
}

fn parse_request(
    line: &[u8],
    scanned: Scanned<'_>,
    fault: Option<Fault>,
) -> Result<Message, ParseError> {
    let malformed = ParseError::Drop(DropReason::Malformed);
    let (line_text, _) = scan::decode(&line[..line.len().min(MAX_START_LINE)]);
    let Some((method, target)) = scan::cut(&line_text, b' ') else { return Err(malformed) };
    let Some(method) = Method::parse(method) else { return Err(malformed) };
    let uri = match line.len() > MAX_START_LINE {
        true => Err(Fault::over("the first line is too long")),
        false => request_target(target).ok_or(malformed.clone())?,
    };
    let Some(via) = scanned.headers.known(Kind::Via) else {
        let large = scanned.fault.or(fault).is_some_and(|fault| fault.status == 513);
        return Err(if large { ParseError::Drop(DropReason::TooLarge) } else { malformed });
    };
    // Who sent it must be readable; what follows may be as broken as RFC 4475 §3.1.2.1 has it.
    if !Via::names_sender(via.split([',', ';']).next().unwrap_or_default()) {
        return Err(malformed);
    }
    let body = scanned.body();
    let checked = fault
        .map_or(Ok(()), Err)
        .and(uri)
        .and_then(|uri| scanned.fault.map_or(Ok(uri), Err))
        .and_then(|uri| check(&scanned.headers, Some(&method)).map(|()| uri))
        .and_then(|uri| body.map(|body| (uri, body)));
    match checked {
        Ok((uri, body)) => {
            let body = body.to_vec();
            Ok(Message::Request(Request { method, uri, headers: scanned.headers, body }))
        }
        // RFC 3261 §17.1.1.3: nothing answers an ACK.
        Err(_) if method == Method::Ack => Err(malformed),
        Err(Fault { status, why }) => {
            let headers = scanned.echo();
            Err(ParseError::Reply(Box::new(Rejection { method, status, why, headers })))
        }
    }
}

fn parse_response(
    line: &[u8],
    scanned: Scanned<'_>,
    fault: Option<Fault>,
) -> Result<Message, ParseError> {
    let drop = |fault: Fault| {
        ParseError::Drop(match fault.status {
            513 => DropReason::TooLarge,
            _ => DropReason::Malformed,
        })
    };
    if line.len() > MAX_START_LINE {
        return Err(ParseError::Drop(DropReason::TooLarge));
    }
    let (line, _) = scan::decode(line);
    let Some((status, phrase)) = status_line(&line).filter(|_| !has_control(line.as_bytes()))
    else {
        return Err(ParseError::Drop(DropReason::Malformed));
    };
    if let Some(fault) = fault.or(scanned.fault) {
        return Err(drop(fault));
    }
    check(&scanned.headers, None).map_err(drop)?;
    let body = scanned.body().map_err(drop)?.to_vec();
    let phrase = phrase.to_owned();
    Ok(Message::Response(Response { status, phrase, headers: scanned.headers, body }))
}

/// Reads `SIP/2.0 200 OK`; the phrase may be missing, and the space before it too.
pub(super) fn status_line(line: &str) -> Option<(u16, &str)> {
    let (version, rest) = line.split_once(' ')?;
    let (code, phrase) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = scan::number(code).filter(|status| (100..700).contains(status))?;
    (code.len() == 3 && version.eq_ignore_ascii_case("SIP/2.0")).then_some((status, phrase))
}

/// Reads the Request-URI and version. `None` if this is not SIP at all.
fn request_target(target: &str) -> Option<Result<Uri, Fault>> {
    let trimmed = target.trim_end_matches(' ');
    let (uri, version) = trimmed.rsplit_once(' ')?;
    let (name, number) = version.split_once('/')?;
    let (major, minor) = number.split_once('.')?;
    let numeric = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !name.eq_ignore_ascii_case("SIP") || !numeric(major) || !numeric(minor) {
        return None;
    }
    if number != "2.0" {
        return Some(Err(Fault { status: 505, why: "the version is not SIP/2.0" }));
    }
    if trimmed.len() != target.len() {
        return Some(Err(Fault::bad("the first line ends in spaces")));
    }
    Some(Uri::parse(uri).and_then(|uri| match uri.headers.is_empty() {
        true => Ok(uri),
        // RFC 3261 §19.1.1, table 1: not allowed in a Request-URI.
        false => Err(Fault::bad("the Request-URI holds header fields")),
    }))
}

/// Checks the fields that every message needs. `method` is that of a request.
fn check(headers: &Headers, method: Option<&Method>) -> Result<(), Fault> {
    let once = |kind, missing, again| match headers.known_all(kind).count() {
        0 => Err(Fault::bad(missing)),
        1 => Ok(()),
        _ => Err(Fault::bad(again)),
    };
    once(Kind::From, "there is no From", "there is more than one From")?;
    once(Kind::To, "there is no To", "there is more than one To")?;
    once(Kind::CallId, "there is no Call-ID", "there is more than one Call-ID")?;
    once(Kind::CSeq, "there is no CSeq", "there is more than one CSeq")?;
    if headers.known_all(Kind::MaxForwards).count() > 1 {
        return Err(Fault::bad("there is more than one Max-Forwards"));
    }
    let value = |kind| headers.known(kind).unwrap_or_default();
    NameAddr::check(value(Kind::From))?;
    NameAddr::check(value(Kind::To))?;
    if value(Kind::CallId).is_empty() || value(Kind::CallId).contains([' ', '\t']) {
        return Err(Fault::bad("Call-ID is empty or holds a space"));
    }
    let cseq = CSeq::parse(value(Kind::CSeq))?;
    match method {
        Some(method) if *method == cseq.method => {}
        // Of a method that nobody knows the sender is to learn that first (RFC 4475 §3.1.2.18).
        Some(Method::Other(_)) => {
            let why = "the method is unknown, and CSeq names another";
            return Err(Fault { status: 501, why });
        }
        Some(_) => return Err(Fault::bad("CSeq names another method than the request")),
        None => {}
    }
    if headers.known(Kind::Via).is_none() {
        return Err(Fault::bad("there is no Via"));
    }
    headers.each_element(Kind::Via, Via::check)?;
    for kind in [Kind::Route, Kind::RecordRoute] {
        headers.each_element(kind, NameAddr::check)?;
    }
    // A registrar may list contacts that others wrote: in a response the good ones count.
    if method.is_some() && !headers.contact_is_star() {
        headers.each_element(Kind::Contact, NameAddr::check)?;
    }
    Ok(())
}

/// Header fields as cut, and what follows them.
struct Scanned<'a> {
    headers: Headers,
    fault: Option<Fault>,
    rest: &'a [u8],
    /// Whether it comes from a stream.
    stream: bool,
}

impl<'a> Scanned<'a> {
    fn new(bytes: &'a [u8], stream: bool) -> Self {
        let mut headers = Headers::default();
        headers.0.reserve(24);
        let mut scanned = Self { headers, fault: None, rest: bytes, stream };
        for fields in 0.. {
            let Some((line, rest)) = cut_line(scanned.rest) else {
                scanned.note(Fault::bad("no empty line ends the header fields"));
                break;
            };
            scanned.rest = rest;
            if line.is_empty() {
                break;
            }
            if fields == MAX_FIELDS {
                scanned.note(Fault::over("there are too many header fields"));
                break;
            }
            if let Err(fault) = scanned.field(line) {
                scanned.note(fault);
            }
        }
        scanned
    }

    fn note(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// Reads one header field with its continuation lines, and keeps it.
    fn field(&mut self, line: &[u8]) -> Result<(), Fault> {
        let colon = scan::find(line, b':');
        // Only behind the name may there be space: before it, it would be a continuation.
        let name = std::str::from_utf8(&line[..colon.unwrap_or(0)]).unwrap_or_default();
        let name = name.trim_end_matches([' ', '\t']);
        let mut value = Cow::Borrowed(trim_bytes(&line[colon.map_or(0, |colon| colon + 1)..]));
        let mut folds = 0;
        while let [b' ' | b'\t', ..] = self.rest {
            // Without its end, the caller finds it and says so.
            let Some((line, rest)) = cut_line(self.rest) else { break };
            self.rest = rest;
            folds += 1;
            // Over a limit it is refused anyway: stop collecting.
            if folds <= MAX_FOLDS && value.len() <= MAX_VALUE {
                unfold(&mut value, trim_bytes(line));
            }
        }
        if !scan::is_token(name) {
            return Err(Fault::bad("a header line has no name and colon"));
        } else if value.len() > MAX_VALUE {
            return Err(Fault::over("a header field is too long"));
        } else if folds > MAX_FOLDS {
            return Err(Fault::over("a header field has too many lines"));
        } else if scan::has_stray_control(&value) {
            return Err(Fault::bad("a header field holds a control byte"));
        }
        let (text, latin1) = scan::decode(&value);
        self.headers.0.push(Field::received(name, text.into_owned(), latin1));
        Ok(())
    }

    /// Returns the body, cut to Content-Length; without it, all that a datagram holds (RFC 3261
    /// §18.3).
    fn body(&self) -> Result<&'a [u8], Fault> {
        let mut lengths = self.headers.known_all(Kind::ContentLength);
        let Some(length) = lengths.next() else {
            return match self.stream {
                true => Err(Fault::bad("a message on a stream has no Content-Length")),
                false => Ok(self.rest),
            };
        };
        if lengths.any(|other| other != length) {
            return Err(Fault::bad("Content-Length is given twice, and not the same"));
        }
        let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        match length.parse::<usize>() {
            Ok(length) if digits => {
                self.rest.get(..length).ok_or(Fault::bad("the body is shorter than Content-Length"))
            }
            _ => Err(Fault::bad("Content-Length is no number")),
        }
    }

    /// Returns what a refusal echoes.
    fn echo(&self) -> Headers {
        let mut headers = Headers::default();
        headers.copy(&self.headers, "Via");
        for name in ["From", "To", "Call-ID", "CSeq"] {
            headers.copy(&self.headers, name);
            let mut seen = 0;
            headers.0.retain(|field| {
                seen += usize::from(field.name() == name);
                field.name() != name || seen == 1
            });
        }
        headers
    }
}

/// Adds a continuation line: the line end and the space round it count as one space.
fn unfold(value: &mut Cow<'_, [u8]>, more: &[u8]) {
    if more.is_empty() {
        return;
    }
    let value = value.to_mut();
    if !value.is_empty() {
        value.push(b' ');
    }
    value.extend_from_slice(more);
}

fn trim_bytes(bytes: &[u8]) -> &[u8] {
    scan::count(bytes.len());
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(|byte| !blank(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// Cuts the first line off, without its CRLF or bare LF.
pub(super) fn cut_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = scan::find(bytes, b'\n');
    scan::count(end.unwrap_or(bytes.len()));
    let end = end?;
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    Some((line, &bytes[end + 1..]))
}
