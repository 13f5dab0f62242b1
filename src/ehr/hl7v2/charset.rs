//! The bytes of a message as text: MSH-18 and what senders put there.
//!
//! HL7 table 0211. A sender's declaration is often wrong, and valid UTF-8 beyond ASCII is hardly ever
//! anything else: it wins.

/// What a text was read as.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Decoded {
    /// The text.
    pub(super) text: String,
    /// The bytes were not what the header says.
    pub(super) misdeclared: bool,
}

/// Reads bytes under a declared character set; `None` when we do not know it and the bytes need it.
pub(super) fn decode(bytes: &[u8], declared: &str) -> Option<Decoded> {
    let unicode = std::str::from_utf8(bytes).ok();
    if bytes.is_ascii() {
        return unicode.map(|text| Decoded { text: text.to_owned(), misdeclared: false });
    }
    let name: String = declared
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_uppercase();
    let is_unicode = matches!(&*name, "UNICODEUTF8" | "UTF8" | "UNICODE");
    if let Some(text) = unicode {
        return Some(Decoded { text: text.to_owned(), misdeclared: !is_unicode });
    }
    let (text, misdeclared) = match &*name {
        "88591" | "ISO88591" | "WINDOWS1252" | "CP1252" => (western(bytes, false), false),
        "885915" | "ISO885915" => (western(bytes, true), false),
        // Nothing or ASCII is declared: what an old Windows program writes.
        "" | "ASCII" => (western(bytes, false), true),
        _ if is_unicode => (String::from_utf8_lossy(bytes).into_owned(), true),
        _ => return None,
    };
    Some(Decoded { text, misdeclared })
}

/// The characters of Windows-1252 from 0x80 to 0x9f, where ISO 8859-1 has controls that nobody sends.
const WINDOWS: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž',
    '\u{fffd}', '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}',
    'ž', 'Ÿ',
];

fn western(bytes: &[u8], latin_9: bool) -> String {
    let read = |byte: &u8| match *byte {
        0x80..=0x9f => WINDOWS[usize::from(byte - 0x80)],
        0xa4 if latin_9 => '€',
        0xa6 if latin_9 => 'Š',
        0xa8 if latin_9 => 'š',
        0xb4 if latin_9 => 'Ž',
        0xb8 if latin_9 => 'ž',
        0xbc if latin_9 => 'Œ',
        0xbd if latin_9 => 'œ',
        0xbe if latin_9 => 'Ÿ',
        byte => char::from(byte),
    };
    bytes.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_declared_or_as_what_they_are() {
        let read =
            |bytes: &[u8], declared| decode(bytes, declared).map(|it| (it.text, it.misdeclared));
        assert_eq!(read(b"Lopez", "KS X 1001"), Some(("Lopez".into(), false)));
        assert_eq!(read("López".as_bytes(), "UNICODE UTF-8"), Some(("López".into(), false)));
        assert_eq!(read("López".as_bytes(), "8859/1"), Some(("López".into(), true)));
        assert_eq!(read(b"L\xf3pez", "8859/1"), Some(("López".into(), false)));
        assert_eq!(read(b"L\xf3pez", ""), Some(("López".into(), true)));
        assert_eq!(read(b"\xa4 \x80", "8859/15"), Some(("€ €".into(), false)));
        assert_eq!(read(b"L\xf3pez", "UNICODE UTF-8"), Some(("L\u{fffd}pez".into(), true)));
        assert_eq!(read(b"L\xf3pez", "8859/2"), None);
    }
}
