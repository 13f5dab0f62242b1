//! Numbers that the agent must not reach: emergency services, and what costs the practice extra.

use crate::dialplan::{Danger, Numbers, Pattern};

use super::file::{Reader, Text};
use super::{Code, Transfer};

/// Reports patterns of `[transfer] allow` that would let the agent dial for help or at the
/// practice's cost, and patterns that no number can ever match.
pub(super) fn check_allow(reader: &mut Reader<'_>, allow: &[Text], numbers: &Numbers) -> bool {
    let mut found = false;
    for text in allow {
        let Ok(pattern) = Pattern::parse(text.get_ref()) else { continue };
        if let Some((danger, number)) = numbers.country.forbids(&pattern) {
            let (title, label, help) = match (&number, pattern.literal()) {
                (_, Some(number)) => (format!("{number} is {danger}"), "never dialled", NEVER),
                (Some(number), None) => (
                    format!("\"{pattern}\" lets the agent reach {number}, {danger}"),
                    "too wide",
                    match danger {
                        Danger::Emergency | Danger::Premium => NARROW,
                        Danger::Crisis | Danger::Costly => ALONE,
                    },
                ),
                (None, None) => (
                    format!("nobody can tell whether \"{pattern}\" lets the agent reach {danger}"),
                    "too large",
                    NARROW,
                ),
            };
            reader.error(Code::Forbidden, text.span(), title, label, help);
            found = true;
        } else if numbers.never_sees(&pattern) {
            let title = format!("\"{pattern}\" can never match: numbers are compared in full");
            reader.error(Code::NoEffect, text.span(), title, "", full(&pattern, numbers));
            found = true;
        }
    }
    found
}

const NEVER: &str = "remove it: the agent never dials this number, whatever is allowed";
const NARROW: &str = "narrow it to the extensions and numbers of the practice";
const ALONE: &str = "narrow it; if this number is meant, write it by itself";

/// Reports a number of a target that is never dialled; true when there was one.
pub(super) fn check_dial(reader: &mut Reader<'_>, number: &Text, transfer: &Transfer) -> bool {
    let written = number.get_ref();
    let Some(danger) = transfer.danger(written) else { return false };
    let title = format!("{written} is {danger}");
    let help = match danger {
        Danger::Emergency => {
            "the agent tells a caller in danger to hang up and dial 911; it never dials itself"
        }
        Danger::Crisis | Danger::Premium | Danger::Costly => NEVER,
    };
    reader.error(Code::Forbidden, number.span(), title, "never dialled", help);
    true
}

/// Says how a number or pattern is written so that it can match.
pub(super) fn full(pattern: &Pattern, numbers: &Numbers) -> String {
    match pattern.literal() {
        Some(number) => format!("write \"{}\"", numbers.normalise(number)),
        None => "begin it with + and the country: \"_+1312555XXXX\"".to_owned(),
    }
}
