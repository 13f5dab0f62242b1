//! Requests and responses, and how a response is made for a request.

use std::fmt;

use super::headers::Headers;
use super::method::Method;
use super::status::reason_phrase;
use super::uri::Uri;

/// A request or a response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

/// A request (RFC 3261 §7.1).
#[derive(Clone, Eq, PartialEq)]
pub struct Request {
    /// What is asked.
    pub method: Method,
    /// Of whom.
    pub uri: Uri,
    /// The header fields. Content-Length is written from the body, whatever stands here.
    pub headers: Headers,
    /// The body, cut to its length.
    pub body: Vec<u8>,
}

/// A response (RFC 3261 §7.2).
#[derive(Clone, Eq, PartialEq)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    /// The reason phrase, perhaps empty; as received.
    pub phrase: String,
    /// The header fields. Content-Length is written from the body, whatever stands here.
    pub headers: Headers,
    /// The body, cut to its length.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without header fields.
    pub fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: Headers::default(), body: Vec::new() }
    }

    /// Sets the body and its type; an empty body takes the type away.
    pub fn set_body(&mut self, content_type: &str, body: impl Into<Vec<u8>>) {
        set_body(&mut self.headers, &mut self.body, content_type, body.into());
    }
}

impl Response {
    /// A response without header fields.
    pub fn new(status: u16, phrase: Option<&str>) -> Self {
        let phrase = phrase.unwrap_or(reason_phrase(status)).to_owned();
        Self { status, phrase, headers: Headers::default(), body: Vec::new() }
    }

    /// The response to a request: Via, From, To, Call-ID and CSeq as received (RFC 3261
    /// §8.2.6.2), Record-Route where a dialog may come of it (§12.1.1), Timestamp in a 100
    /// (§8.2.6.1). Puts no tag on To: see [`Headers::set_to_tag`].
    pub fn to_request(request: &Request, status: u16, phrase: Option<&str>) -> Self {
        let mut response = Self::new(status, phrase);
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            response.headers.copy(&request.headers, name);
        }
        let opens = matches!(request.method, Method::Invite | Method::Refer | Method::Subscribe);
        if opens && (101..300).contains(&status) {
            response.headers.copy(&request.headers, "Record-Route");
        }
        if status == 100 {
            response.headers.copy(&request.headers, "Timestamp");
        }
        response
    }

    /// Sets the body and its type; an empty body takes the type away.
    pub fn set_body(&mut self, content_type: &str, body: impl Into<Vec<u8>>) {
        set_body(&mut self.headers, &mut self.body, content_type, body.into());
    }

    /// Whether it is 100 to 199.
    pub fn is_provisional(&self) -> bool {
        self.status < 200
    }

    /// Whether it is 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

fn set_body(headers: &mut Headers, old: &mut Vec<u8>, content_type: &str, body: Vec<u8>) {
    match body.is_empty() {
        true => headers.remove("Content-Type"),
        false => headers.set("Content-Type", content_type),
    }
    *old = body;
}

/// Without values and body: they name people.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, uri, headers, body } = self;
        write!(f, "{method} {uri:?} {headers:?} and {} bytes", body.len())
    }
}

/// Without values and body: they name people.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, phrase, headers, body } = self;
        write!(f, "{status} {phrase} {headers:?} and {} bytes", body.len())
    }
}
