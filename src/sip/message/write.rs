//! Requests and responses to bytes. Nothing that a value holds can start another line.

use super::headers::Headers;
use super::packet::{Message, Request, Response};
use super::scan;

/// Why a message cannot be written. The offending value is not shown: it may name a person.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WriteError {
    /// The first line holds a space, a control byte, or no token where there must be one.
    #[error("the first line cannot be written: {0}")]
    StartLine(&'static str),
    /// A header name is no token.
    #[error("a header field's name is no token")]
    Name,
    /// A value holds CR, LF, NUL or another control byte.
    #[error("the value of {name} holds a control byte")]
    Value {
        /// The header field.
        name: String,
    },
}

impl Message {
    /// Writes it for the wire.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WriteError> {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

impl Request {
    /// Writes it for the wire, Content-Length included.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WriteError> {
        if !scan::is_token(self.method.as_str()) {
            return Err(WriteError::StartLine("the method is no token"));
        }
        let uri = self.uri.to_wire();
        if uri.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(WriteError::StartLine("the URI holds a space or control byte"));
        }
        write(format!("{} {uri} SIP/2.0\r\n", self.method), &self.headers, &self.body)
    }
}

impl Response {
    /// Writes it for the wire, Content-Length included.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WriteError> {
        if !(100..700).contains(&self.status) {
            return Err(WriteError::StartLine("the status is not between 100 and 699"));
        }
        if has_control(self.phrase.as_bytes()) {
            return Err(WriteError::StartLine("the reason phrase holds a control byte"));
        }
        write(format!("SIP/2.0 {} {}\r\n", self.status, self.phrase), &self.headers, &self.body)
    }
}

fn write(start: String, headers: &Headers, body: &[u8]) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::with_capacity(1024 + body.len());
    out.extend_from_slice(start.as_bytes());
    for field in &headers.0 {
        let name = field.name();
        if name.eq_ignore_ascii_case("Content-Length") {
            continue;
        }
        if !scan::is_token(name) {
            return Err(WriteError::Name);
        }
        let value = field.to_bytes();
        if !field.checked && has_control(&value) {
            return Err(WriteError::Value { name: name.to_owned() });
        }
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(&value);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    out.extend_from_slice(body);
    Ok(out)
}

/// Whether there is a control byte other than the tab.
pub(super) fn has_control(bytes: &[u8]) -> bool {
    scan::count(bytes.len());
    // Without a way out of the loop it looks at many bytes at once.
    bytes.iter().fold(false, |found, byte| found | (*byte < b' ' && *byte != b'\t'))
}
