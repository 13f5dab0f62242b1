//! INFO: digits pressed, for PBXs that do not put them into the sound (RFC 6086 §1, legacy use), theirs and ours.

use std::collections::VecDeque;

use super::ask::What;
use super::way::Way;
use super::{Output, Session, State};
use crate::sip::api::Event;
use crate::sip::message::{Method, Request};
use crate::sip::transaction::ServerId;

const KEYS: &str = "0123456789*#ABCD";
/// Digits of ours that may wait. A card number is 19; more is refused.
const WAITING: usize = 32;

/// Digits of ours, one INFO at a time: two could overtake each other.
#[derive(Default)]
pub(super) struct Keys {
    waiting: VecDeque<char>,
    on_its_way: Option<char>,
    /// The far end takes no `application/dtmf-relay`.
    bare: bool,
}

impl Session {
    /// Presses a digit, after those that are on their way.
    pub(super) fn press(&mut self, digit: char) {
        let digit = digit.to_ascii_uppercase();
        if KEYS.contains(digit) && self.keys.waiting.len() < WAITING {
            self.keys.waiting.push_back(digit);
            self.press_next();
        }
    }

    fn press_next(&mut self) {
        if self.keys.on_its_way.is_some() || !matches!(self.state, State::Confirmed) {
            return;
        }
        let (Some(dialog), Some(digit)) = (self.dialog.as_mut(), self.keys.waiting.pop_front())
        else {
            return;
        };
        let mut info = dialog.request(Method::Info);
        match self.keys.bare {
            true => info.set_body("application/dtmf", vec![digit as u8]),
            false => {
                let body = format!("Signal={digit}\r\nDuration=100\r\n");
                info.set_body("application/dtmf-relay", body.into_bytes());
            }
        }
        let way = self.dialog.as_ref().map_or(Way::Back, |dialog| self.way(dialog));
        if self.ask(What::Info, way, info).is_ok() {
            self.keys.on_its_way = Some(digit);
        }
    }

    /// A digit of ours has been answered, or never will be.
    pub(super) fn handle_press_answer(&mut self, status: u16) {
        let digit = self.keys.on_its_way.take();
        if status == 415 && !self.keys.bare {
            self.keys.bare = true;
            self.keys.waiting.extend(digit);
            self.keys.waiting.rotate_right(1);
        }
        self.press_next();
    }

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
            KEYS.contains(key).then_some(key)
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
