//! The delimiters of a message, and the escapes that let text contain them.
//!
//! HL7 v2.9 chapter 2, sections 2.5.4 (delimiters), 2.5.5.2 (truncation) and 2.7 (escapes).

use super::error::{Fault, Hl7Error, Place};

/// The characters that take a message apart, as its MSH names them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Delimiters {
    /// Between fields: `|`.
    pub field: char,
    /// Between components: `^`.
    pub component: char,
    /// Between repetitions: `~`.
    pub repetition: char,
    /// Round an escape: `\`. A message may have none.
    pub escape: Option<char>,
    /// Between subcomponents: `&`. A message may have none.
    pub subcomponent: Option<char>,
    /// Behind a value that was cut short, from v2.7 on: `#`.
    pub truncation: Option<char>,
}

impl Default for Delimiters {
    fn default() -> Self {
        Self {
            field: '|',
            component: '^',
            repetition: '~',
            escape: Some('\\'),
            subcomponent: Some('&'),
            truncation: None,
        }
    }
}

impl Delimiters {
    /// Reads them from the beginning of a header: `MSH|^~\&|...`.
    ///
    /// # Errors
    /// When it is no header, or when two of them are the same or could be part of a word.
    pub fn of_header(header: &str) -> Result<Self, Hl7Error> {
        let none = || {
            let remedy = "begin the message with MSH|^~\\&|";
            Hl7Error::new(Fault::NoHeader, Place::segment("MSH"), remedy)
        };
        let rest = header.strip_prefix("MSH").ok_or_else(none)?;
        let field = rest.chars().next().ok_or_else(none)?;
        let named: Vec<char> =
            rest[field.len_utf8()..].chars().take_while(|c| *c != field).take(6).collect();
        let mut found = Self { field, truncation: named.get(4).copied(), ..Self::default() };
        match named[..] {
            [component, repetition, ..] => {
                (found.component, found.repetition) = (component, repetition);
                found.escape = named.get(2).copied();
                found.subcomponent = named.get(3).copied();
            }
            // Seen in the field: only the component separator, or nothing; the usual ones are meant.
            [component] => found.component = component,
            [] => {}
        }
        let fitting = found
            .all()
            .iter()
            .enumerate()
            .all(|(at, one)| one.is_ascii_punctuation() && !found.all()[..at].contains(one));
        if !fitting || named.len() > 5 {
            let remedy = "name distinct punctuation marks in MSH-1 and MSH-2";
            return Err(Hl7Error::new(Fault::Delimiters, Place::field("MSH", 2), remedy));
        }
        Ok(found)
    }

    /// Returns MSH-2 as it is written.
    pub fn encoding_characters(&self) -> String {
        let ends = [self.escape, self.subcomponent, self.truncation];
        [self.component, self.repetition]
            .into_iter()
            .chain(ends.into_iter().map_while(|c| c))
            .collect()
    }

    fn all(&self) -> Vec<char> {
        let ends = [self.escape, self.subcomponent, self.truncation];
        [self.field, self.component, self.repetition]
            .into_iter()
            .chain(ends.into_iter().flatten())
            .collect()
    }

    /// Escapes a text so that a reader finds it whole in one component. Line ends become `\.br\`, other
    /// control characters hexadecimal.
    pub fn escape(&self, text: &str) -> String {
        let Some(mark) = self.escape else {
            // Nothing can be escaped: what would break the message becomes a space.
            let breaks = |c: char| self.all().contains(&c) || c.is_control();
            return text.replace(breaks, " ");
        };
        let mut out = String::with_capacity(text.len());
        let mut before = ' ';
        for c in text.chars() {
            let code = match c {
                c if c == mark => "E",
                c if c == self.field => "F",
                c if c == self.component => "S",
                c if c == self.repetition => "R",
                c if Some(c) == self.subcomponent => "T",
                c if Some(c) == self.truncation => "P",
                '\n' if before == '\r' => "",
                '\r' | '\n' => ".br",
                _ => "-",
            };
            match code {
                "" => {}
                "-" if c.is_control() => out.push_str(&format!("{mark}X{:02X}{mark}", c as u32)),
                "-" => out.push(c),
                code => out.extend([mark].into_iter().chain(code.chars()).chain([mark])),
            }
            before = c;
        }
        out
    }

    /// Undoes the escapes of a text. An escape that we do not know, highlighting and switches of character
    /// set leave nothing; a lone mark stays as it is.
    pub fn unescape(&self, text: &str) -> String {
        let Some(mark) = self.escape.filter(|mark| text.contains(*mark)) else {
            return text.to_owned();
        };
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((plain, behind)) = rest.split_once(mark) {
            out.push_str(plain);
            let Some((code, next)) = behind.split_once(mark).filter(|(code, _)| is_code(code))
            else {
                out.push(mark);
                rest = behind;
                continue;
            };
            self.push_unescaped(&mut out, code);
            rest = next;
        }
        out.push_str(rest);
        out
    }

    fn push_unescaped(&self, out: &mut String, code: &str) {
        match code {
            "F" => out.push(self.field),
            "S" => out.push(self.component),
            "R" => out.push(self.repetition),
            "T" => out.extend(self.subcomponent.or(Some('&'))),
            "E" => out.extend(self.escape),
            "P" => out.extend(self.truncation.or(Some('#'))),
            _ if code.starts_with(".br") || code.starts_with(".sp") || code == ".ce" => {
                out.push('\n')
            }
            _ => {
                if let Some(digits) = code.strip_prefix('X') {
                    out.push_str(&hexadecimal(digits));
                }
            }
        }
    }
}

/// Whether what stands between two marks can be an escape: short, and without spaces inside. A path such as
/// `C:\files\notes` is none.
fn is_code(code: &str) -> bool {
    let known = match code.as_bytes() {
        [b'F' | b'S' | b'R' | b'T' | b'E' | b'P' | b'H' | b'N'] => true,
        [b'X' | b'C' | b'M', digits @ ..] => {
            !digits.is_empty() && digits.len() % 2 == 0 && digits.iter().all(u8::is_ascii_hexdigit)
        }
        [b'Z', rest @ ..] => rest.iter().all(u8::is_ascii_alphanumeric),
        [b'.', rest @ ..] => rest.iter().all(|c| c.is_ascii_alphanumeric() || b"+- ".contains(c)),
        _ => false,
    };
    // The longest that is sensible: hexadecimal data of a paragraph.
    known && code.len() <= 2001
}

fn hexadecimal(digits: &str) -> String {
    let pairs = digits.as_bytes().chunks(2);
    let bytes: Vec<u8> = pairs
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|wrong| wrong.into_bytes().into_iter().map(char::from).collect());
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_names_the_delimiters() {
        assert_eq!(Delimiters::of_header("MSH|^~\\&|A"), Ok(Delimiters::default()));
        let cut = Delimiters::of_header("MSH|^~\\&#|A").unwrap();
        assert_eq!((cut.truncation, cut.encoding_characters().as_str()), (Some('#'), "^~\\&#"));
        let odd = Delimiters::of_header("MSH$%*!@$A").unwrap();
        assert_eq!((odd.field, odd.component, odd.subcomponent), ('$', '%', Some('@')));
        let short = Delimiters::of_header("MSH|^~|A").unwrap();
        assert_eq!((short.escape, short.subcomponent), (None, None));
        assert_eq!(Delimiters::of_header("MSH||A"), Ok(Delimiters::default()));
        for wrong in ["", "MSH", "PID|^~\\&|", "MSH|^^\\&|", "MSHa^~\\&a", "MSH|^~\\&#!|", "MSHé"]
        {
            assert!(Delimiters::of_header(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_escaped_comes_back() {
        let usual = Delimiters::default();
        for text in ["a|b^c~d\\e&f", "Ünïcode 李", "", "two\nlines", "\\F\\", "tab\tbell\u{7}"] {
            let escaped = usual.escape(text);
            assert!(!escaped.contains(['|', '^', '~', '&', '\n', '\t']), "{escaped}");
            assert_eq!(usual.unescape(&escaped), text, "{escaped}");
        }
        assert_eq!(usual.escape("a\r\nb\rc"), "a\\.br\\b\\.br\\c");
        let plain = Delimiters { escape: None, ..usual };
        assert_eq!(plain.escape("a|b\\c\r"), "a b\\c ");
    }

    #[test]
    fn odd_escapes_do_no_harm() {
        let usual = Delimiters::default();
        for (text, read) in [
            ("C:\\files\\notes", "C:\\files\\notes"),
            ("\\H\\loud\\N\\ soft", "loud soft"),
            ("\\Zx1\\a\\C2842\\b", "ab"),
            ("\\X0D0A\\", "\n"),
            ("\\XC3A9\\ \\XE9\\", "é é"),
            ("a\\", "a\\"),
            ("\\X0\\", "\\X0\\"),
            ("a\\.sp+2\\b", "a\nb"),
            ("\\T\\", "&"),
        ] {
            assert_eq!(usual.unescape(text), read, "{text}");
        }
    }
}
