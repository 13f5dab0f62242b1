//! A message taken apart, as tolerantly as is safe: what senders do wrong is repaired and told.
//!
//! The text is kept whole and cut where it is asked, so reading costs what is read. HL7 v2.9 chapter 2.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::charset;
use super::delimiters::Delimiters;
use super::error::{Fault, Hl7Error, Place};

/// How much of a message is taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of a message.
    pub bytes: usize,
    /// Segments of a message.
    pub segments: usize,
    /// Repetitions of a field that are looked at; those behind are left.
    pub repetitions: usize,
}

impl Default for Limits {
    /// A schedule message has a few kilobytes and twenty segments; one with a document in it may have a
    /// megabyte. 64 ids of one patient are a merged hospital's.
    fn default() -> Self {
        Self { bytes: 1 << 20, segments: 2000, repetitions: 64 }
    }
}

/// What was wrong with a message and could be mended without guessing.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Repair {
    /// Bytes before MSH, such as a byte order mark or blank lines.
    LeadingBytes,
    /// Segments end in LF or CR LF instead of CR.
    LineEnds,
    /// A line that is no segment: text with an unescaped line end, joined to the segment before it.
    BrokenLine,
    /// The bytes are not of the character set that MSH-18 names.
    CharacterSet,
}

#[derive(Clone, Debug)]
struct Line {
    name: String,
    /// Everything behind the name, from the first field separator on.
    body: String,
    occurrence: usize,
}

/// A message.
#[derive(Clone)]
pub struct Message {
    delimiters: Delimiters,
    lines: Vec<Line>,
    repairs: BTreeSet<Repair>,
    repetitions: usize,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.lines.iter().map(|line| &*line.name).collect();
        write!(f, "Message({} {:?})", names.join(" "), self.repairs)
    }
}

impl Message {
    /// Reads a message, without its MLLP frame.
    ///
    /// # Errors
    /// When there is no usable header, when it is over a limit, or when its text cannot be read.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Hl7Error> {
        if bytes.len() > limits.bytes {
            let remedy = "send documents by another way, or raise the limit";
            return Err(Hl7Error::new(Fault::TooLong, Place::segment("MSH"), remedy));
        }
        let (bytes, mut repairs) = skip_to_header(bytes)?;
        // The header's own ASCII says how to read the rest.
        let end = bytes.iter().position(|b| *b == b'\r' || *b == b'\n').unwrap_or(bytes.len());
        let header: String = bytes[..end].iter().map(|byte| char::from(*byte)).collect();
        let delimiters = Delimiters::of_header(&header)?;
        let declared = header.split(delimiters.field).nth(17).unwrap_or_default();
        let declared = declared.split(delimiters.repetition).next().unwrap_or_default();
        let decoded = charset::decode(bytes, declared).ok_or_else(|| {
            let remedy = "send UNICODE UTF-8 or 8859/1 and say so in MSH-18";
            Hl7Error::new(Fault::CharacterSet, Place::field("MSH", 18), remedy)
        })?;
        if decoded.misdeclared {
            repairs.insert(Repair::CharacterSet);
        }
        let mut message =
            Self { delimiters, lines: Vec::new(), repairs, repetitions: limits.repetitions };
        message.cut(&decoded.text, limits)?;
        Ok(message)
    }

    fn cut(&mut self, text: &str, limits: &Limits) -> Result<(), Hl7Error> {
        if text.contains('\n') {
            self.repairs.insert(Repair::LineEnds);
        }
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for piece in text.split(['\r', '\n']).filter(|piece| !piece.trim().is_empty()) {
            let Some(name) = segment_name(piece, self.delimiters.field) else {
                self.repairs.insert(Repair::BrokenLine);
                // Behind the header there is no text that could go on.
                if let [_, .., last] = &mut self.lines[..] {
                    last.body.push('\n');
                    last.body.push_str(piece);
                }
                continue;
            };
            if self.lines.len() >= limits.segments {
                let remedy = "send fewer segments, or raise the limit";
                return Err(Hl7Error::new(Fault::TooMany, Place::segment("MSH"), remedy));
            }
            let occurrence = count.entry(name.to_owned()).or_default();
            *occurrence += 1;
            let (name, body) = (name.to_owned(), piece[name.len()..].to_owned());
            self.lines.push(Line { name, body, occurrence: *occurrence });
        }
        Ok(())
    }

    /// Returns its delimiters.
    pub fn delimiters(&self) -> &Delimiters {
        &self.delimiters
    }

    /// Returns what was mended.
    pub fn repairs(&self) -> &BTreeSet<Repair> {
        &self.repairs
    }

    /// Returns all segments in order, Z-segments too.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.lines.iter().map(|line| Segment { message: self, line })
    }

    /// Returns the segments of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Segment<'a>> {
        self.segments().filter(move |segment| segment.name() == name)
    }

    /// Returns the first segment of a name.
    pub fn first(&self, name: &str) -> Option<Segment<'_>> {
        self.segments().find(|segment| segment.name() == name)
    }

    /// Returns the header.
    pub fn header(&self) -> Segment<'_> {
        Segment { message: self, line: &self.lines[0] }
    }

    /// Returns kind and trigger event of MSH-9: `("SIU", "S12")`. A header without the second is helped by
    /// EVN-1 where there is one.
    pub fn event(&self) -> (String, String) {
        let kind = self.header().field(9).first();
        let (kind, event) = (kind.component(1).text(), kind.component(2).text());
        // Some write `ADT_A08`.
        match kind.split_once('_') {
            Some((kind, event)) => (kind.to_owned(), event.to_owned()),
            None if event.is_empty() => {
                let named = self.first("EVN").map(|segment| segment.field(1).first().text());
                (kind, named.unwrap_or_default())
            }
            None => (kind, event),
        }
    }

    /// Returns MSH-10, which the answer repeats.
    pub fn control_id(&self) -> String {
        self.header().field(10).first().text()
    }

    /// Returns MSH-12, `2.3` where it is empty.
    pub fn version(&self) -> String {
        let version = self.header().field(12).first().text();
        if version.is_empty() { "2.3".into() } else { version }
    }
}

/// Skips what stands before the header: white space, a byte order mark, a frame's start.
fn skip_to_header(bytes: &[u8]) -> Result<(&[u8], BTreeSet<Repair>), Hl7Error> {
    let at = |remedy, fault| Err(Hl7Error::new(fault, Place::segment("MSH"), remedy));
    // 64 bytes are more than any of these; beyond it is another thing than a message.
    let start = bytes.windows(3).take(64).position(|window| window == b"MSH");
    let Some(start) = start else {
        let head = bytes.get(..3).unwrap_or_default();
        return match head {
            b"FHS" | b"BHS" => at("send one message at a time", Fault::Batch),
            _ => at("begin the message with MSH|^~\\&|", Fault::NoHeader),
        };
    };
    if bytes.starts_with(b"FHS") || bytes.starts_with(b"BHS") {
        return at("send one message at a time", Fault::Batch);
    }
    let repairs = if start > 0 { BTreeSet::from([Repair::LeadingBytes]) } else { BTreeSet::new() };
    Ok((&bytes[start..], repairs))
}

/// Returns the name of a line that is a segment: a capital, two capitals or digits, then a separator or
/// nothing.
fn segment_name(line: &str, separator: char) -> Option<&str> {
    let name = line.get(..3)?;
    let fits = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let rest = &line[3..];
    (fits && (rest.is_empty() || rest.starts_with(separator))).then_some(name)
}

/// A segment of a message.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    message: &'a Message,
    line: &'a Line,
}

impl<'a> Segment<'a> {
    /// Returns its name.
    pub fn name(&self) -> &'a str {
        &self.line.name
    }

    /// Returns its place.
    pub fn place(&self) -> Place {
        Place { occurrence: self.line.occurrence, ..Place::segment(self.name()) }
    }

    /// Returns a field, counted from one; one that was not sent is empty.
    pub fn field(&self, number: usize) -> Field<'a> {
        let (message, body) = (self.message, &*self.line.body);
        let separator = message.delimiters.field;
        let text = match (self.name(), number) {
            ("MSH", 1) => body.get(..separator.len_utf8()),
            // The header's first separator is its first field.
            ("MSH", number) => body.split(separator).nth(number - 1),
            (_, number) => body.split(separator).nth(number),
        };
        // MSH-2 consists of delimiters and is not cut at them.
        let plain = self.name() == "MSH" && number <= 2;
        let place = Place { field: Some(number), ..self.place() };
        Field { message, text: text.unwrap_or_default(), plain, place }
    }
}

/// A field of a segment.
#[derive(Clone)]
pub struct Field<'a> {
    message: &'a Message,
    text: &'a str,
    plain: bool,
    place: Place,
}

impl<'a> Field<'a> {
    /// Returns its place.
    pub fn place(&self) -> Place {
        self.place.clone()
    }

    /// Whether nothing was sent: what stands stays as it is.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether `""` was sent: what stands is to be deleted.
    pub fn is_null(&self) -> bool {
        self.text == "\"\""
    }

    /// Returns its repetitions, at least one, at most as many as the limit.
    pub fn repetitions(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        let (message, place) = (self.message, self.place.clone());
        let separator = message.delimiters.repetition;
        let plain = self.plain;
        self.text
            .split(move |c| c == separator && !plain)
            .take(message.repetitions)
            .enumerate()
            .map(move |(at, text)| Part {
                message,
                text,
                level: if plain { Level::Plain } else { Level::Repetition },
                place: Place { repetition: Some(at + 1), ..place.clone() },
            })
    }

    /// Returns its first repetition.
    pub fn first(&self) -> Part<'a> {
        self.repetitions().next().expect("splitting gives one piece at least")
    }

    /// Returns all of it as free text: repetitions are lines, and components are not cut, since senders
    /// forget to escape them.
    pub fn prose(&self) -> String {
        let lines: Vec<String> =
            self.repetitions().map(|part| self.message.delimiters.unescape(part.text)).collect();
        lines.join("\n")
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Level {
    Plain,
    Repetition,
    Component,
    Subcomponent,
}

/// A repetition of a field, or what it consists of.
#[derive(Clone)]
pub struct Part<'a> {
    message: &'a Message,
    text: &'a str,
    level: Level,
    place: Place,
}

impl<'a> Part<'a> {
    /// Returns its place.
    pub fn place(&self) -> Place {
        self.place.clone()
    }

    /// Returns a component, or a subcomponent of one, counted from one; one that was not sent is empty.
    pub fn component(&self, number: usize) -> Part<'a> {
        let delimiters = &self.message.delimiters;
        let (separator, level) = match self.level {
            Level::Repetition => (Some(delimiters.component), Level::Component),
            Level::Component => (delimiters.subcomponent, Level::Subcomponent),
            Level::Plain | Level::Subcomponent => (None, Level::Subcomponent),
        };
        let text = match separator {
            Some(separator) => self.text.split(separator).nth(number.saturating_sub(1)),
            None => (number == 1).then_some(self.text),
        };
        let component = self.place.component.or(Some(number));
        let place = Place { component, ..self.place.clone() };
        Part { message: self.message, text: text.unwrap_or_default(), level, place }
    }

    /// Returns its text without escapes, trimmed. Of something that has parts it is the first part: a
    /// reader that expects a plain value finds it there (HL7 v2.9 section 2.5.3.5). `""` is empty.
    pub fn text(&self) -> String {
        let delimiters = &self.message.delimiters;
        let mut text = self.text;
        if self.level == Level::Repetition {
            text = text.split(delimiters.component).next().unwrap_or_default();
        }
        if let (Level::Repetition | Level::Component, Some(and)) =
            (self.level, delimiters.subcomponent)
        {
            text = text.split(and).next().unwrap_or_default();
        }
        if self.level == Level::Plain {
            return text.to_owned();
        }
        if text == "\"\"" {
            return String::new();
        }
        delimiters.unescape(text).trim().to_owned()
    }

    /// Whether the sender cut it short (from v2.7 on).
    pub fn is_truncated(&self) -> bool {
        self.message.delimiters.truncation.is_some_and(|mark| self.text.ends_with(mark))
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether `""` was sent.
    pub fn is_null(&self) -> bool {
        self.text == "\"\""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Message {
        Message::read(text.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn a_message_is_read_down_to_its_subcomponents() {
        let message = read(
            "MSH|^~\\&|EHR|MAIN|||20260316||ADT^A08^ADT_A01|17|P|2.5.1\r\
             PID|1||a^^^ONE~b^^^TWO&1.2.3&ISO||L\\T\\M&van&den^Jo~Alias\rZPI|x\r",
        );
        assert_eq!(message.event(), ("ADT".into(), "A08".into()));
        assert_eq!((message.control_id(), message.version()), ("17".into(), "2.5.1".into()));
        assert_eq!(message.header().field(1).first().text(), "|");
        assert_eq!(message.header().field(2).first().text(), "^~\\&");
        assert_eq!(message.header().field(3).first().text(), "EHR");
        let pid = message.first("PID").unwrap();
        let ids: Vec<_> = pid.field(3).repetitions().map(|id| id.text()).collect();
        assert_eq!(ids, ["a", "b"]);
        let second = pid.field(3).repetitions().nth(1).unwrap();
        assert_eq!(second.component(4).component(2).text(), "1.2.3");
        assert_eq!(second.component(4).text(), "TWO");
        assert_eq!(second.component(4).place().to_string(), "PID-3 repetition 2 component 4");
        assert_eq!(pid.field(5).first().text(), "L&M");
        assert_eq!(pid.field(5).first().component(1).component(3).text(), "den");
        assert!(pid.field(99).is_empty() && pid.field(99).first().component(7).is_empty());
        assert_eq!(message.first("ZPI").unwrap().field(1).first().text(), "x");
        assert!(message.repairs().is_empty());
        assert_eq!(format!("{message:?}"), "Message(MSH PID ZPI {})");
    }

    #[test]
    fn what_senders_do_wrong_is_mended_and_told() {
        for (text, repair) in [
            ("MSH|^~\\&|A\nPID|1\n", Repair::LineEnds),
            ("MSH|^~\\&|A\r\nPID|1\r\n", Repair::LineEnds),
            ("\u{feff}\r\nMSH|^~\\&|A\rPID|1", Repair::LeadingBytes),
            ("MSH|^~\\&|A\rNTE|1||one\rtwo| lines\rPID|1", Repair::BrokenLine),
        ] {
            let message = read(text);
            assert!(message.repairs().contains(&repair), "{text}");
            assert_eq!(message.first("PID").unwrap().field(1).first().text(), "1", "{text}");
        }
        let broken = read("MSH|^~\\&|A\rNTE|1||one\rtwo lines\r");
        assert_eq!(broken.first("NTE").unwrap().field(3).prose(), "one\ntwo lines");
        let event = read("MSH|^~\\&|A||||||ADT|1\rEVN|A04\r").event();
        assert_eq!(event, ("ADT".into(), "A04".into()));
        assert_eq!(read("MSH|^~\\&|A||||||ADT_A28|1\r").event().1, "A28");
    }

    #[test]
    fn nothing_and_deletion_differ() {
        let message = read("MSH|^~\\&#|A\rPID|1||\"\"||cut sh#\r");
        let pid = message.first("PID").unwrap();
        assert!(pid.field(2).is_empty() && pid.field(3).is_null());
        assert_eq!(pid.field(3).first().text(), "");
        assert!(pid.field(5).first().is_truncated() && !pid.field(1).first().is_truncated());
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let fault = |bytes: &[u8], limits| Message::read(bytes, &limits).unwrap_err().fault;
        let usual = Limits::default();
        assert_eq!(fault(b"", usual), Fault::NoHeader);
        assert_eq!(fault(b"PID|1", usual), Fault::NoHeader);
        assert_eq!(fault(b"FHS|^~\\&|\rMSH|^~\\&|", usual), Fault::Batch);
        assert_eq!(fault(b"MSH|^^\\&|", usual), Fault::Delimiters);
        assert_eq!(fault(b"MSH|^~\\&|A", Limits { bytes: 5, ..usual }), Fault::TooLong);
        let many = b"MSH|^~\\&|A\rPID|\rPID|\r";
        assert_eq!(fault(many, Limits { segments: 2, ..usual }), Fault::TooMany);
        let polish = b"MSH|^~\\&|A|||||||||||||||8859/2\rPID|\xf1";
        assert_eq!(fault(polish, usual), Fault::CharacterSet);
        let wide = read(&format!("MSH|^~\\&|A\rPID|{}", "~".repeat(5000)));
        assert_eq!(wide.first("PID").unwrap().field(1).repetitions().count(), usual.repetitions);
    }
}
