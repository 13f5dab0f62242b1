//! X12 as text: delimiters from ISA, segments, elements; and the strict writer of an interchange.
//!
//! X12.5 (interchange control) and X12.6 (syntax), version 005010.

use std::fmt;

use super::types::EligibilityError;

/// Bytes of an interchange that are taken: the longest answers have some hundred kilobytes.
pub const BYTES_MAX: usize = 2 << 20;
/// Segments of an interchange that are taken.
pub(super) const SEGMENTS_MAX: usize = 50_000;

/// Delimiters, as ISA names them by where they stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Delimiters {
    pub(super) element: char,
    /// ISA11; before 00402 it is no delimiter.
    pub(super) repetition: Option<char>,
    pub(super) component: char,
    pub(super) terminator: char,
}

/// An interchange cut into segments.
#[derive(Clone)]
pub(super) struct Interchange {
    pub(super) delimiters: Delimiters,
    segments: Vec<Vec<String>>,
}

impl fmt::Debug for Interchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.segments.iter().map(|elements| &*elements[0]).collect();
        write!(f, "Interchange({})", names.join(" "))
    }
}

/// One segment, with its number from one.
#[derive(Clone, Copy)]
pub(super) struct Segment<'a> {
    elements: &'a [String],
    pub(super) number: usize,
    delimiters: &'a Delimiters,
}

impl<'a> Segment<'a> {
    pub(super) fn name(&self) -> &'a str {
        &self.elements[0]
    }

    /// Returns an element, trimmed; one that was not sent is empty.
    pub(super) fn get(&self, number: usize) -> &'a str {
        self.elements.get(number).map_or("", |text| text.trim())
    }

    /// Returns the repetitions of an element.
    pub(super) fn list(&self, number: usize) -> Vec<String> {
        let text = self.get(number);
        let pieces: Vec<&str> = match self.delimiters.repetition {
            Some(mark) => text.split(mark).take(100).collect(),
            None => vec![text],
        };
        pieces.into_iter().filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
    }
}

impl Interchange {
    /// Cuts an interchange. Line ends behind terminators, text before ISA and an ISA that is not of its fixed
    /// width are taken.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, EligibilityError> {
        let none = |fault| EligibilityError::new("ISA", fault, "send one X12 interchange");
        if bytes.len() > BYTES_MAX {
            return Err(none("too long"));
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
        };
        let head = text.char_indices().take(200).last().map_or(0, |(at, c)| at + c.len_utf8());
        let start = text[..head].find("ISA").ok_or_else(|| none("no interchange"))?;
        let text = &text[start..];
        let delimiters = delimiters(text).ok_or_else(|| none("no usable delimiters"))?;
        let mut segments = Vec::new();
        for piece in text.split(delimiters.terminator) {
            let piece = piece.trim_matches(['\r', '\n', ' ', '\0']);
            if piece.is_empty() {
                continue;
            }
            if segments.len() >= SEGMENTS_MAX {
                return Err(none("too many segments"));
            }
            segments.push(piece.split(delimiters.element).map(str::to_owned).collect());
        }
        Ok(Self { delimiters, segments })
    }

    pub(super) fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.segments.iter().enumerate().map(|(at, elements)| Segment {
            elements,
            number: at + 1,
            delimiters: &self.delimiters,
        })
    }
}

/// The sixteenth element of ISA is the component separator, and the character behind it ends the segment.
fn delimiters(text: &str) -> Option<Delimiters> {
    let element = text[3..].chars().next()?;
    let mut parts = text.splitn(17, element);
    let repetition = parts.nth(11)?.trim().chars().next()?;
    let mut rest = parts.nth(4)?.chars();
    let (component, terminator) = (rest.next()?, rest.next()?);
    let repetition = Some(repetition).filter(|c| !c.is_ascii_alphanumeric());
    let mut all = vec![element, component, terminator];
    all.extend(repetition);
    let distinct = all.iter().enumerate().all(|(at, one)| !all[..at].contains(one));
    let word = |c: &char| c.is_alphanumeric() || *c == ' ';
    (distinct && !all.iter().any(word)).then_some(Delimiters {
        element,
        repetition,
        component,
        terminator,
    })
}

/// Who sends an interchange to whom.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Party {
    /// ISA05 or ISA07: `ZZ`, `30`.
    pub qualifier: String,
    /// ISA06 or ISA08, at most 15 characters; GS02 or GS03 too.
    pub id: String,
}

/// Segments being written: upper case, basic characters, nothing that could be a delimiter.
pub(super) struct Sheet {
    text: String,
    count: usize,
    wrong: Option<EligibilityError>,
}

impl Sheet {
    pub(super) fn new() -> Self {
        Self { text: String::new(), count: 0, wrong: None }
    }

    /// Adds a segment whose elements are already clean.
    pub(super) fn push(&mut self, name: &str, elements: &[&str]) {
        self.count += 1;
        self.text.push_str(name);
        let used = elements.iter().rposition(|text| !text.is_empty()).map_or(0, |at| at + 1);
        for element in &elements[..used] {
            self.text.push('*');
            self.text.push_str(element);
        }
        self.text.push('~');
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Returns words as they can be sent: folded, without delimiters, cut to a length.
    pub(super) fn words(&self, text: &str, max: usize) -> String {
        let clean: String = fold(text)
            .chars()
            .map(|c| if is_basic(c) && !"*~:^".contains(c) { c } else { ' ' })
            .collect();
        let joined = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        joined.chars().take(max).collect::<String>().trim_end().to_owned()
    }

    /// Returns an id as it can be sent; one that cannot be is an error, since a record is found by it.
    pub(super) fn id(&mut self, at: &'static str, text: &str, min: usize, max: usize) -> String {
        let text = text.trim().to_ascii_uppercase();
        let fits = (min..=max).contains(&text.chars().count())
            && text.chars().all(|c| is_basic(c) && !"*~:^".contains(c));
        if !fits {
            self.fail(at, "not an id that can be sent", "correct it in the record or the settings");
        }
        text
    }

    pub(super) fn fail(&mut self, at: &'static str, fault: &'static str, remedy: &'static str) {
        self.wrong.get_or_insert(EligibilityError::new(at, fault, remedy));
    }

    pub(super) fn finish(self) -> Result<String, EligibilityError> {
        self.wrong.map_or(Ok(self.text), Err)
    }
}

/// The basic character set (X12.6 section 3.3.1).
fn is_basic(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || " !\"&'()*+,-./:;?=".contains(c)
}

/// Upper case without marks over letters: payers keep names so.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_uppercase) {
        match c {
            'À'..='Å' | 'Ā' | 'Ă' | 'Ą' => out.push('A'),
            'Æ' => out.push_str("AE"),
            'Ç' | 'Ć' | 'Ĉ' | 'Ċ' | 'Č' => out.push('C'),
            'Ð' | 'Ď' | 'Đ' => out.push('D'),
            'È'..='Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' => out.push('E'),
            'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => out.push('G'),
            'Ì'..='Ï' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' | 'İ' => out.push('I'),
            'Ĺ' | 'Ļ' | 'Ľ' | 'Ł' => out.push('L'),
            'Ñ' | 'Ń' | 'Ņ' | 'Ň' => out.push('N'),
            'Ò'..='Ö' | 'Ø' | 'Ō' | 'Ŏ' | 'Ő' => out.push('O'),
            'Œ' => out.push_str("OE"),
            'Ŕ' | 'Ŗ' | 'Ř' => out.push('R'),
            'Ś' | 'Ŝ' | 'Ş' | 'Š' | 'Ș' => out.push('S'),
            'Ţ' | 'Ť' | 'Ț' => out.push('T'),
            'Ù'..='Ü' | 'Ũ' | 'Ū' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' => out.push('U'),
            'Ý' | 'Ÿ' => out.push('Y'),
            'Ź' | 'Ż' | 'Ž' => out.push('Z'),
            '’' | '‘' => out.push('\''),
            '–' | '—' | '‐' => out.push('-'),
            // Marks of their own behind a letter.
            '\u{300}'..='\u{36f}' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_where_isa_has_them() {
        let isa = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260316*0805*^*00501*\
                   000000905*0*P*:~\r\nGS*HB~\r\nIEA*1~\r\n";
        let read = Interchange::read(isa.as_bytes()).unwrap();
        assert_eq!(format!("{read:?}"), "Interchange(ISA GS IEA)");
        assert_eq!(read.delimiters.repetition, Some('^'));
        let odd = isa.replace('*', "|").replace('~', "\n").replace(':', ">").replace('^', "U");
        let read = Interchange::read(format!("\u{feff}\n{odd}").as_bytes()).unwrap();
        assert_eq!((read.delimiters.component, read.delimiters.repetition), ('>', None));
        assert_eq!(read.segments().count(), 3);
        // Not of its fixed width.
        assert!(
            Interchange::read(b"ISA*00**00**ZZ*A*ZZ*B*260316*0805*^*00501*905*0*P*:~GS*HB~")
                .is_ok()
        );
        for wrong in
            ["", "ISA", "ISA*", "GS*HB~", "ISA*00*~", &isa[..104], &isa.replace(":~", "**")]
        {
            assert!(Interchange::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_are_folded_and_ids_are_not() {
        let mut sheet = Sheet::new();
        assert_eq!(sheet.words("López-Nuñez  O’Hara*~", 60), "LOPEZ-NUNEZ O'HARA");
        assert_eq!(sheet.words("Strauß Łódź 李", 60), "STRAUSS LODZ");
        assert_eq!(sheet.words("abcdef", 3), "ABC");
        assert_eq!(sheet.id("NM109", " w123 ", 2, 80), "W123");
        sheet.push("NM1", &["IL", "1", "", "", ""]);
        assert_eq!(sheet.count(), 1);
        assert_eq!(sheet.text, "NM1*IL*1~");
        sheet.id("NM109", "W*1", 2, 80);
        let wrong = sheet.finish().unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "NM109: not an id that can be sent; correct it in the record or the settings"
        );
    }
}
