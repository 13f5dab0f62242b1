//! INFO: digits pressed, for PBXs that do not put them into the sound (RFC 6086 §1, legacy use).

use super::{Output, Session};
use crate::sip::api::Event;
use crate::sip::message::Request;
use crate::sip::transaction::ServerId;

impl Session {
    pub(super) fn handle_info(&mut self, id: ServerId, request: &Request) {
        let kind = request.headers.content_type().unwrap_or_default();
        let digit = digit(&kind, &request.body);
        // An INFO without a body is a sign of life.
        if digit.is_none() && !request.body.is_empty() {
            let mut response = self.response(request, 415);
            response.headers.push("Accept", "application/dtmf-relay, application/dtmf");
            return self.outputs.push_back(Output::Respond { id, response });
        }
        self.answer(id, request, 200);
        if let Some(digit) = digit {
            let leg = self.leg();
            self.tell(Event::Dtmf { leg, digit });
        }
    }
}

/// Reads `Signal=5` of `application/dtmf-relay`, or the bare digit of `application/dtmf`.
fn digit(kind: &str, body: &[u8]) -> Option<char> {
    let text = std::str::from_utf8(body).ok()?;
    let signal = match kind {
        "application/dtmf-relay" => text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then_some(value)
        })?,
        "application/dtmf" => text.lines().next()?,
        _ => return None,
    };
    match signal.trim() {
        // Event numbers of RFC 4733, which some send in place of the keys.
        "10" => Some('*'),
        "11" => Some('#'),
        key if key.len() == 1 => {
            let key = key.chars().next()?.to_ascii_uppercase();
            "0123456789*#ABCD".contains(key).then_some(key)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_as_peers_write_them() {
        let relay = |body: &str| digit("application/dtmf-relay", body.as_bytes());
        assert_eq!(relay("Signal=5\r\nDuration=160\r\n"), Some('5'));
        assert_eq!(relay("Signal= *\r\nDuration= 250"), Some('*'));
        assert_eq!(relay("Duration=160\nsignal=d\n"), Some('D'));
        assert_eq!(relay("Signal=11\r\nDuration=160\r\n"), Some('#'));
        assert_eq!(relay("Signal=17"), None);
        assert_eq!(relay("5"), None);
        assert_eq!(digit("application/dtmf", b"7"), Some('7'));
        assert_eq!(digit("application/dtmf", b"#\r\n"), Some('#'));
        assert_eq!(digit("application/dtmf", b"\xff"), None);
        assert_eq!(digit("application/media_control+xml", b"5"), None);
    }
}
