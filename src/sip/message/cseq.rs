//! CSeq: which request of a dialog this is (RFC 3261 §20.16).

use super::method::Method;
use super::parse::Fault;
use super::scan;

/// A sequence number and the method it counts for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CSeq {
    /// The number.
    pub number: u32,
    /// The method.
    pub method: Method,
}

impl CSeq {
    /// Reads `314159 INVITE`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = scan::trim(text);
        let (number, method) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        match (scan::number(number), Method::parse(scan::trim(method))) {
            (Some(number), Some(method)) => Ok(Self { number, method }),
            (Some(_), None) => Err(Fault::bad("CSeq names no method")),
            _ => Err(Fault::bad("CSeq has no number below 2^32")),
        }
    }

    /// Writes it for the wire.
    pub fn to_wire(&self) -> String {
        format!("{} {}", self.number, self.method)
    }
}
