//! Reads `[callers.…]` of a dialplan, and the lists of numbers in `lists/*.csv`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use crate::dialplan::{NumberList, Pattern};

use super::diagnostic::Source;
use super::file::{OneOrMany, Reader, Text};
use super::names::Names;
use super::{Code, Diagnostic};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CallersFile {
    numbers: Option<Spanned<OneOrMany>>,
    file: Option<Text>,
}

impl CallersFile {
    /// Returns the list that it names.
    pub(super) fn list(&self) -> Option<&str> {
        self.file.as_ref().map(|file| file.get_ref().as_str())
    }
}

/// The files of `lists/` by their path, for example `lists/blocked.csv`.
pub(super) type Lists = BTreeMap<String, Arc<Source>>;

/// A number or pattern and where it is written, for checks against the trunks that use the plan.
pub(super) struct Written {
    pub(super) pattern: Pattern,
    pub(super) source: Arc<Source>,
    pub(super) place: Range<usize>,
}

/// Mistakes of one file that are told one by one; a wrong column makes thousands.
pub(super) const TOLD: usize = 10;

/// Defines all lists of callers; false when any of it cannot be read.
pub(super) fn define(
    reader: &mut Reader<'_>,
    lists: &Lists,
    names: &mut Names,
    written: &mut Vec<Written>,
    callers: BTreeMap<Text, CallersFile>,
) -> bool {
    let mut complete = true;
    for (name, raw) in callers {
        let mut numbers = NumberList::default();
        for text in raw.numbers.map(OneOrMany::texts).unwrap_or_default() {
            match reader.value(&text, "a number or pattern", Pattern::parse) {
                Some(pattern) => {
                    numbers.extend([pattern.clone()]);
                    let source = reader.source.clone();
                    written.push(Written { pattern, source, place: text.span() });
                }
                None => complete = false,
            }
        }
        if let Some(file) = &raw.file {
            match list(reader, lists, file) {
                Some(rows) => {
                    numbers.extend(rows.iter().map(|row| row.pattern.clone()));
                    written.extend(rows);
                }
                None => complete = false,
            }
        }
        if complete && numbers.is_empty() {
            let title = format!("nobody is on [callers.{}]", name.get_ref());
            let help = "write numbers = [\"+18005550100\"], or file = \"lists/blocked.csv\"";
            reader.error(Code::NoEffect, name.span(), title, "an empty list", help);
            complete = false;
        }
        names.callers.define(&name, Arc::new(numbers));
    }
    complete
}

/// Reads the list that a plan names.
fn list(reader: &mut Reader<'_>, lists: &Lists, file: &Text) -> Option<Vec<Written>> {
    let Some(source) = lists.get(file.get_ref()) else {
        let title = format!("there is no file {}", file.get_ref());
        let found = Diagnostic::error(Code::Undefined, title);
        let found = found.at(&reader.source, file.span(), "not there");
        let known = lists.keys().map(String::as_str);
        reader.findings.push(match lists.is_empty() {
            true => found.help("lists are kept in the folder `lists`, as lists/blocked.csv"),
            false => found.nearest(file.get_ref(), known),
        });
        return None;
    };
    let rows = rows(source);
    let wrong = rows.iter().filter(|row| row.is_err()).count();
    for (diagnostic, _) in rows.iter().filter_map(|row| row.as_ref().err()).zip(0..TOLD) {
        reader.findings.push(diagnostic.clone());
    }
    if wrong > TOLD {
        let title = format!("{} more rows of {} cannot be read", wrong - TOLD, source.path);
        reader.findings.push(Diagnostic::error(Code::Value, title));
    }
    (wrong == 0).then(|| rows.into_iter().filter_map(Result::ok).collect())
}

/// Reads the first column of every row. A first row without a digit is a heading.
fn rows(source: &Arc<Source>) -> Vec<Result<Written, Diagnostic>> {
    let text = source.text.as_str();
    let mut csv = csv::ReaderBuilder::new();
    let csv = csv.has_headers(false).flexible(true).trim(csv::Trim::All);
    let mut found = Vec::new();
    for (at, row) in csv.from_reader(text.as_bytes()).records().enumerate() {
        let Ok(row) = row else {
            let title = format!("{} is not a CSV file", source.path);
            found.push(Err(Diagnostic::error(Code::Syntax, title).at(source, 0..0, "")));
            break;
        };
        let first = row.get(0).unwrap_or_default().trim_start_matches('\u{feff}').trim();
        let blank = first.is_empty() && row.len() <= 1;
        let heading =
            !first.contains(|c: char| c.is_ascii_digit()) && !first.starts_with(['_', '~']);
        if blank || (at == 0 && heading) {
            continue;
        }
        let place = cell(text, row.position().map_or(0, |place| place.byte() as usize));
        found.push(match number(first) {
            Ok(pattern) => Ok(Written { pattern, source: source.clone(), place }),
            Err(help) => {
                let title = format!("\"{first}\" is not a number or pattern");
                let found = Diagnostic::error(Code::Value, title);
                Err(found.at(source, place, "cannot be read").help(help))
            }
        });
    }
    found
}

fn number(text: &str) -> Result<Pattern, String> {
    let (head, power) = text.split_once(['E', 'e']).unwrap_or((text, ""));
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| "0123456789.+".contains(c));
    if digits(head) && digits(power) {
        return Err(
            "a spreadsheet has rounded it: make its column text, and export it again".into()
        );
    }
    if text.contains(';') {
        return Err("write a comma between columns".into());
    }
    if !text.starts_with(['_', '~']) && !text.contains(|c: char| c.is_ascii_digit()) {
        return Err("the first column holds the number, and this has no digit".into());
    }
    let digits: String = text.chars().filter(|c| !" ()/".contains(*c)).collect();
    Pattern::parse(text).map_err(|error| match Pattern::parse(&digits) {
        Ok(_) if digits.starts_with(|c: char| c.is_ascii_digit() || c == '+') => {
            "leave out spaces, brackets and strokes".to_owned()
        }
        _ => error.to_string(),
    })
}

/// Where the first cell of a row stands, the row beginning at or after this byte.
fn cell(text: &str, from: usize) -> Range<usize> {
    let rest = text.get(from..).unwrap_or_default();
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    let start = from + rest.len() - rest.trim_start_matches(blank).len();
    let rest = &text[start..];
    let end = match rest.strip_prefix('"') {
        Some(quoted) => quoted.find('"').map_or(rest.len(), |at| at + 2),
        None => rest.find([',', '\n', '\r']).unwrap_or(rest.len()),
    };
    start..start + rest[..end].trim_end().len()
}
