//! The few ways in which text is cut: outside quotes, outside angle brackets, in one pass.
//!
//! Every cut of a header value goes through here, and in tests each counts the bytes it looked
//! at, so that a quadratic parser shows as a number and not as a slow machine.

use std::borrow::Cow;

use super::parse::Fault;

/// What a byte may be part of, as bits.
const CLASSES: [u8; 256] = classes();
/// A token (RFC 3261 §25.1).
const TOKEN: u8 = 1;
/// The name of a parameter: URI parameters allow a few more than a token (param-unreserved).
const NAME: u8 = 2;
/// The value of a parameter that is not quoted, whoever wrote it.
const VALUE: u8 = 4;
/// A host name, or an IPv4 address.
const HOST: u8 = 8;
/// A URI, as far as one look tells.
const URI: u8 = 16;

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        let mut class = 0;
        if byte.is_ascii_alphanumeric() || holds(b"-.!%*_+`'~", byte) {
            class |= TOKEN | NAME;
        }
        if holds(b"[]/:&$()", byte) {
            class |= NAME;
        }
        if !holds(b" \t\"<>,", byte) {
            class |= VALUE;
        }
        if byte.is_ascii_alphanumeric() || holds(b"-._", byte) {
            class |= HOST;
        }
        if byte > b' ' && byte != 0x7f && !holds(b"<>\"", byte) {
            class |= URI;
        }
        classes[at] = class;
        at += 1;
    }
    classes
}

const fn holds(set: &[u8], byte: u8) -> bool {
    let mut at = 0;
    while at < set.len() {
        if set[at] == byte {
            return true;
        }
        at += 1;
    }
    false
}

fn all(text: &str, class: u8) -> bool {
    count(text.len());
    text.bytes().all(|byte| CLASSES[usize::from(byte)] & class != 0)
}

/// Whether the text is a token (RFC 3261 §25.1), and not empty.
pub(in crate::sip) fn is_token(text: &str) -> bool {
    !text.is_empty() && all(text, TOKEN)
}

/// Whether the byte may stand in a token.
pub(in crate::sip) fn is_token_byte(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & TOKEN != 0
}

/// Whether the text may be the name of a parameter.
pub(super) fn is_parameter_name(text: &str) -> bool {
    !text.is_empty() && all(text, NAME)
}

/// Whether the text may be the value of a parameter without quotes.
pub(super) fn is_parameter_value(text: &str) -> bool {
    all(text, VALUE)
}

/// Whether the text may be a host name or an IPv4 address.
pub(super) fn is_host(text: &str) -> bool {
    !text.is_empty() && all(text, HOST)
}

/// Whether the text holds nothing that no URI may: a space, quote, bracket or control byte.
pub(super) fn may_be_uri(text: &str) -> bool {
    all(text, URI)
}

/// Returns where a byte is first, eight bytes at a step.
pub(super) fn find(bytes: &[u8], wanted: u8) -> Option<usize> {
    find_any(bytes, [wanted])
}

/// Returns where the first of some bytes is, eight bytes at a step.
fn find_any<const N: usize>(bytes: &[u8], wanted: [u8; N]) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let patterns = wanted.map(|byte| LOW * u64::from(byte));
    let (chunks, rest) = bytes.as_chunks::<8>();
    for (at, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        // A byte that is wanted becomes zero, and only at and above a zero byte is there a borrow.
        let zero = |pattern: u64| (word ^ pattern).wrapping_sub(LOW) & !(word ^ pattern) & HIGH;
        let found = patterns.iter().fold(0, |found, pattern| found | zero(*pattern));
        if found != 0 {
            return Some(at * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|byte| wanted.contains(byte))?;
    Some(chunks.len() * 8 + at)
}

/// Cuts the text at the first of an ASCII byte, which goes.
pub(super) fn cut(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = find(text.as_bytes(), byte)?;
    Some((&text[..at], &text[at + 1..]))
}

/// Cuts the text before the first of an ASCII byte, else behind all of it.
pub(super) fn cut_before(text: &str, byte: u8) -> (&str, &str) {
    text.split_at(find(text.as_bytes(), byte).unwrap_or(text.len()))
}

/// Trims linear white space: unfolding has left only spaces and tabs.
pub(in crate::sip) fn trim(text: &str) -> &str {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    match text.as_bytes() {
        [] => text,
        [first, .., last] if !blank(first) && !blank(last) => text,
        _ => text.trim_matches([' ', '\t']),
    }
}

/// Cuts `text` at each `separator` that stands outside quotes and, if asked, outside `<>`. The
/// pieces are trimmed; empty ones are kept. Fails on a quoted string that does not end.
pub(in crate::sip) fn split(text: &str, separator: u8, brackets: bool) -> Result<Vec<&str>, Fault> {
    let mut pieces = Vec::new();
    each(text, separator, brackets, |piece| {
        pieces.push(piece);
        Ok(())
    })?;
    Ok(pieces)
}

/// As [`split`], without keeping the pieces: stops at the first fault that `each` returns.
pub(super) fn each<'a>(
    text: &'a str,
    separator: u8,
    brackets: bool,
    mut each: impl FnMut(&'a str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    count(text.len());
    let bytes = text.as_bytes();
    let open = if brackets { b'<' } else { separator };
    let (mut start, mut at) = (0, 0);
    while let Some(found) = find_any(&bytes[at..], [separator, b'"', open]) {
        at += found;
        match bytes[at] {
            b'"' => at = quoted_end(text, at)?,
            byte if byte == separator => {
                each(trim(&text[start..at]))?;
                at += 1;
                start = at;
            }
            // What stands between < and > is not looked into; without an end, that is the rest.
            _ => match find(&bytes[at..], b'>') {
                Some(close) => at += close,
                None => break,
            },
        }
    }
    each(trim(&text[start..]))
}

/// Returns the index after the quoted string that begins at `start` (RFC 3261 §25.1).
pub(in crate::sip) fn quoted_end(text: &str, start: usize) -> Result<usize, Fault> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' => {
                count(at - start);
                return Ok(at + 1);
            }
            _ => {}
        }
        at += 1;
    }
    Err(Fault::bad("a quoted string does not end"))
}

/// Takes a whole quoted string out of its quotes and escapes; `None` if it is none, or ends early.
pub(in crate::sip) fn unquote(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if quoted_end(text, 0).ok()? != text.len() {
        return None;
    }
    let (mut plain, mut escaped) = (String::with_capacity(inner.len()), false);
    for letter in inner.chars() {
        if !escaped && letter == '\\' {
            escaped = true;
        } else {
            plain.push(letter);
            escaped = false;
        }
    }
    Some(plain)
}

/// Whether there is a control byte other than the tab, and other than what a backslash escapes
/// inside quotes: the one place where the grammar allows them (RFC 3261 §25.1, quoted-pair). A CR
/// or LF has no place even there.
pub(super) fn has_stray_control(bytes: &[u8]) -> bool {
    if !super::write::has_control(bytes) {
        return false;
    }
    let (mut quoted, mut escaped) = (false, false);
    for byte in bytes.iter().copied() {
        let control = byte < b' ' && byte != b'\t';
        if control && (!escaped || matches!(byte, b'\r' | b'\n')) {
            return true;
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            _ => {}
        }
    }
    false
}

/// Puts text in quotes, with `"` and `\` escaped.
pub(in crate::sip) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    quoted
}

/// Undoes `%41`; a `%` that begins no escape stays (RFC 4475 §3.1.1.5). Bytes that are no UTF-8
/// are taken as Latin-1.
pub(in crate::sip) fn percent_decode(text: &str) -> String {
    count(text.len());
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let digit = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16));
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decode(&decoded).0.into_owned()
}

/// Escapes every byte that `allowed` does not take.
pub(in crate::sip) fn percent_encode(text: &str, allowed: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii() && allowed(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for nibble in [byte >> 4, byte & 15] {
                encoded.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
            }
        }
    }
    encoded
}

/// Reads bytes as UTF-8, else as Latin-1 and says so: older PBXs send names that way.
pub(in crate::sip) fn decode(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    count(bytes.len());
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (bytes.iter().copied().map(char::from).collect(), true),
    }
}

/// Reads a number of digits alone, without a sign, that fits.
pub(in crate::sip) fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// Reads a number of digits alone; too large a number becomes `u32::MAX`.
pub(in crate::sip) fn saturating_number(text: &str) -> Option<u32> {
    count(text.len());
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
thread_local! {
    static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts bytes looked at, in tests.
#[inline]
pub(super) fn count(_bytes: usize) {
    #[cfg(test)]
    LOOKED_AT.set(LOOKED_AT.get() + _bytes);
}

/// Returns how many bytes `f` looked at.
#[cfg(test)]
pub(in crate::sip) fn looked_at(f: impl FnOnce()) -> usize {
    let before = LOOKED_AT.get();
    f();
    LOOKED_AT.get() - before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::Message;

    #[test]
    fn commas_inside_quotes_and_brackets_do_not_separate() {
        let list = r#""Roe, Jane" <sip:1,2@a>;q=1 , <sip:b> ,"\",", <sip:"x>"#;
        assert_eq!(
            split(list, b',', true).unwrap(),
            [r#""Roe, Jane" <sip:1,2@a>;q=1"#, "<sip:b>", r#""\",""#, r#"<sip:"x>"#]
        );
        assert!(split(r#""open, <sip:a>"#, b',', true).is_err());
        assert!(split(r#""open\"#, b',', true).is_err());
        assert_eq!(split("", b',', true).unwrap(), [""]);
    }

    #[test]
    fn a_byte_is_found_wherever_it_stands() {
        for length in 0..40 {
            for at in 0..length {
                let mut bytes = vec![b'\n' + 1; length];
                bytes[at] = b'\n';
                bytes[length - 1] = b'\n';
                assert_eq!(find(&bytes, b'\n'), Some(at.min(length - 1)));
                bytes[at] = 0x8a;
                bytes[length - 1] = 0x8a;
                assert_eq!(find(&bytes, b'\n'), None);
            }
        }
    }

    #[test]
    fn quoting_round_trips() {
        for text in ["", "plain", r#"a "b" \c"#, "\\", "Zoë"] {
            assert_eq!(unquote(&quote(text)).as_deref(), Some(text));
        }
        for text in ["\"", "a", "\"a\" \"b\"", "\"a\\\""] {
            assert_eq!(unquote(text), None, "{text}");
        }
    }

    #[test]
    fn percent_escapes() {
        assert_eq!(percent_decode("sips%3Auser%40example.com"), "sips:user@example.com");
        assert_eq!(percent_decode("%Z%45%4"), "%ZE%4");
        assert_eq!(percent_decode("null-%00-null"), "null-\0-null");
        assert_eq!(percent_decode("M%FCller"), "Müller");
        assert_eq!(percent_encode("a b@ü", |b| b.is_ascii_alphanumeric()), "a%20b%40%C3%BC");
    }

    /// Reading a message, and then looking at all of it, looks at each byte a dozen times at most,
    /// however large it is and whatever it repeats.
    #[test]
    fn no_byte_is_looked_at_too_often() {
        let head = "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\nTo: <sip:a@b>\r\n\
                    From: <sip:d@e>;tag=1\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n";
        for (name, unit) in [
            ("Contact", "<sip:a@b;p=1>,"),
            ("Contact", "\"\""),
            ("Contact", "\"\\"),
            ("Contact", "<"),
            ("Via", "SIP/2.0/UDP a;b=c,"),
            ("Via", ";"),
            ("Route", "<sip:a;lr>, "),
            ("Supported", "a,"),
            ("Subject", "x\r\n "),
            ("X", "y\r\nX: "),
        ] {
            for units in [50, 500, 5000] {
                let bytes = format!("{head}{name}: {}<sip:z>\r\n\r\n", unit.repeat(units));
                let looked = looked_at(|| match Message::parse(bytes.as_bytes()) {
                    Ok(Message::Request(request)) => {
                        crate::fuzzing::look_at_everything(&request.headers);
                    }
                    Ok(Message::Response(_)) | Err(_) => {}
                });
                assert!(looked >= head.len(), "{name} {unit:?}: {looked}");
                let limit = 16 * bytes.len();
                assert!(looked <= limit, "{name} {unit:?} * {units}: {looked} > {limit}");
            }
        }
    }

    #[test]
    fn numbers_saturate() {
        assert_eq!(saturating_number("0068"), Some(68));
        assert_eq!(saturating_number("99999999999999999999"), Some(u32::MAX));
        assert_eq!(saturating_number("-1"), None);
        assert_eq!(saturating_number(""), None);
    }
}
