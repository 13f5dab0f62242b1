//! Where a message on a stream ends (RFC 3261 §18.3), and the line ends that keep a stream open
//! (RFC 5626 §4.4.1).

use super::limits::{MAX_MESSAGE, MAX_START_LINE};
use super::parse::cut_line;
use super::scan;

/// What stands at the beginning of a stream's bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framed {
    /// The beginning of something: read on, and ask again.
    NeedMore,
    /// [`PING`] bytes that ask for one line end in answer.
    Ping,
    /// [`PONG`] bytes that answer our ping, or that a peer put before a message.
    ///
    /// A ping that comes in two halves reads as two of these, unless the second half has begun to
    /// come: a pong that nobody asked for, right after another, is worth an answer.
    Pong,
    /// A message of this many bytes, for [`Message::parse_stream`](super::Message::parse_stream).
    Message(usize),
    /// Nothing after this can be understood. What is there may still be a request to refuse: give
    /// it to [`Message::parse_stream`](super::Message::parse_stream), then close the connection.
    Broken(&'static str),
}

/// The length of [`Framed::Ping`].
pub const PING: usize = 4;
/// The length of [`Framed::Pong`].
pub const PONG: usize = 2;

/// Looks at what a stream holds. Takes nothing: the caller drops as many bytes as were framed.
///
/// Never waits for more than [`MAX_MESSAGE`] bytes, so that a buffer of that size is enough.
pub fn frame(bytes: &[u8]) -> Framed {
    match bytes {
        [] | [b'\r'] | [b'\r', b'\n', b'\r'] => return Framed::NeedMore,
        [b'\r', b'\n', b'\r', b'\n', ..] => return Framed::Ping,
        [b'\r', b'\n', ..] => return Framed::Pong,
        // Also a TLS handshake on a plain port, and NULs that keep a NAT open.
        [first, ..] if !scan::is_token_byte(*first) => {
            return Framed::Broken("what comes is not SIP");
        }
        _ => {}
    }
    let wait = || match bytes.len() >= MAX_MESSAGE {
        true => Framed::Broken("a message is too large"),
        false => Framed::NeedMore,
    };
    let Some((line, mut rest)) = cut_line(bytes) else { return wait() };
    if line.len() <= MAX_START_LINE && !speaks_sip(line) {
        return Framed::Broken("what comes is not SIP");
    }
    let mut length = Length::default();
    loop {
        let Some((line, after)) = cut_line(rest) else { return wait() };
        rest = after;
        if line.is_empty() {
            break;
        }
        length.look_at(line);
    }
    let head = bytes.len() - rest.len();
    match length.get() {
        Ok(body) if body.saturating_add(head) > MAX_MESSAGE => {
            Framed::Broken("a message is too large")
        }
        Ok(body) if rest.len() < body => Framed::NeedMore,
        Ok(body) => Framed::Message(head + body),
        Err(why) => Framed::Broken(why),
    }
}

/// Whether the first line is one of a request or a response.
fn speaks_sip(line: &[u8]) -> bool {
    let sip = |text: &[u8]| text.get(..4).is_some_and(|text| text.eq_ignore_ascii_case(b"SIP/"));
    let last = line.trim_ascii_end().rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    sip(line) || sip(last)
}

/// The Content-Length of a header section, while its lines go by.
#[derive(Default)]
struct Length {
    /// The value that is being read, if the last line began one; it may be folded.
    value: Option<Vec<u8>>,
    /// What was read.
    seen: Option<Vec<u8>>,
    differs: bool,
}

impl Length {
    fn look_at(&mut self, line: &[u8]) {
        if let [b' ' | b'\t', ..] = line {
            if let Some(value) = &mut self.value {
                if !value.is_empty() {
                    value.push(b' ');
                }
                value.extend_from_slice(line.trim_ascii());
            }
            return;
        }
        self.keep();
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return };
        let name = line[..colon].trim_ascii_end();
        if name.eq_ignore_ascii_case(b"Content-Length") || name.eq_ignore_ascii_case(b"l") {
            self.value = Some(line[colon + 1..].trim_ascii().to_vec());
        }
    }

    fn keep(&mut self) {
        let Some(value) = self.value.take() else { return };
        self.differs |= self.seen.as_ref().is_some_and(|seen| *seen != value);
        self.seen = Some(value);
    }

    fn get(mut self) -> Result<usize, &'static str> {
        self.keep();
        let Some(value) = self.seen else { return Err("a message on a stream has no length") };
        if self.differs {
            return Err("Content-Length is given twice, and not the same");
        }
        let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(&value).ok().filter(|_| digits);
        let text = text.ok_or("Content-Length is no number")?;
        Ok(text.parse().unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::{Message, ParseError};

    const HEAD: &str = "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP b;branch=z9hG4bK1\r\n";

    fn head(rest: &str) -> Vec<u8> {
        format!("{HEAD}{rest}\r\n\r\n").into_bytes()
    }

    #[test]
    fn messages_and_pings_in_any_pieces() {
        let one = [head("l:3"), b"abc".to_vec()].concat();
        let two = [b"SIP/2.0 200 OK\r\nContent-Length \t:\r\n 1\r\n\r\nx".to_vec()].concat();
        let stream = [b"\r\n\r\n".to_vec(), one.clone(), b"\r\n".to_vec(), two.clone()].concat();
        let expected =
            [Framed::Ping, Framed::Message(one.len()), Framed::Pong, Framed::Message(two.len())];
        let mut at = 0;
        for wanted in expected {
            let length = match wanted {
                Framed::Ping => PING,
                Framed::Pong => PONG,
                Framed::Message(length) => length,
                other => panic!("{other:?}"),
            };
            for end in at + PONG + 1..at + length {
                assert_eq!(frame(&stream[at..end]), Framed::NeedMore, "{at} {end}");
            }
            assert_eq!(frame(&stream[at..]), wanted);
            at += length;
        }
        assert_eq!(frame(&stream[at..]), Framed::NeedMore);
        for part in [&b""[..], b"\r", b"\r\n\r"] {
            assert_eq!(frame(part), Framed::NeedMore);
        }
        assert_eq!(frame(b"\r\n"), Framed::Pong);
    }

    #[test]
    fn streams_that_cannot_be_followed() {
        let broken = |bytes: &[u8]| matches!(frame(bytes), Framed::Broken(_));
        for bytes in [&b"\x16\x03\x01\x02"[..], b"\0\0\0\0", b"\n", b" x", b"GET / HTTP/1.1\r\n"] {
            assert!(broken(bytes), "{bytes:?}");
        }
        for rest in ["X: y", "l: -1", "l: 1\r\nContent-Length: 2", "l: 0x1", "l:", "l: 1\r\n 1"] {
            assert!(broken(&head(rest)), "{rest}");
            assert!(matches!(Message::parse_stream(&head(rest)), Err(ParseError::Reply(_))));
        }
        assert_eq!(
            frame(&head("l: 0\r\nContent-Length:0")),
            Framed::Message(head("l: 0\r\nContent-Length:0").len())
        );
        assert!(broken(&head("l: 99999999999999999999999")));
        let long = head(&format!("l:\r\n {}1", "0".repeat(40)));
        assert_eq!(frame(&[long.clone(), b"x".to_vec()].concat()), Framed::Message(long.len() + 1));
    }

    /// A buffer of the largest message is enough: what fills it without an end is broken.
    #[test]
    fn nothing_is_waited_for_beyond_the_limit() {
        let large = |length: usize| head(&format!("l: {}", length - head("l: 00000").len()));
        assert_eq!(frame(&large(MAX_MESSAGE)), Framed::NeedMore);
        assert!(matches!(frame(&large(MAX_MESSAGE + 1)), Framed::Broken(_)));
        for endless in [format!("{HEAD}X: {}", "y".repeat(MAX_MESSAGE)), "y".repeat(MAX_MESSAGE)] {
            assert_eq!(frame(&endless.as_bytes()[..MAX_MESSAGE - 1]), Framed::NeedMore);
            assert!(matches!(frame(&endless.as_bytes()[..MAX_MESSAGE]), Framed::Broken(_)));
        }
        let whole = format!("{HEAD}l: 1\r\n\r\n{}", "x".repeat(MAX_MESSAGE));
        assert_eq!(frame(whole.as_bytes()), Framed::Message(whole.len() - MAX_MESSAGE + 1));
    }
}
