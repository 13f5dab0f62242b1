//! How things are said: short, natural, one question at a time. Where there are several ways, the seed chooses.

use jiff::civil::{Date, DateTime};

use crate::agent::tools::{KnownAppointment, OfferedSlot};
use crate::base::{Dice, TargetName};

/// Chooses among wordings.
#[derive(Clone, Debug)]
pub(crate) struct Wording {
    dice: Dice,
}

impl Wording {
    pub(crate) fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed) }
    }

    /// Takes one of several ways to say the same.
    pub(crate) fn pick(&mut self, ways: &[&'static str]) -> &'static str {
        ways[self.dice.below(ways.len() as u64) as usize]
    }
}

/// "Friday, November 27 at 9:30 AM"
pub(crate) fn moment(start: DateTime) -> String {
    format!("{} at {}", day(start.date()), clock(start))
}

/// "Friday, November 27"
pub(crate) fn day(date: Date) -> String {
    format!("{}, {}", weekday(date), date.strftime("%B %-d"))
}

/// "Friday"
pub(crate) fn weekday(date: Date) -> String {
    date.strftime("%A").to_string()
}

/// "9:30 AM"
pub(crate) fn clock(start: DateTime) -> String {
    start.strftime("%-I:%M %p").to_string()
}

/// "March 9, 1984"
pub(crate) fn birth_date(date: Date) -> String {
    date.strftime("%B %-d, %Y").to_string()
}

/// "Friday, November 27 at 9:30 AM with Dr. Patel"
pub(crate) fn slot(slot: &OfferedSlot) -> String {
    format!("{} with {}", moment(slot.start), slot.practitioner)
}

/// "your physical on Thursday, November 26 at 10:00 AM with Dr. Patel"
pub(crate) fn appointment(known: &KnownAppointment) -> String {
    format!(
        "your {} on {} with {}",
        known.visit_type.spoken(),
        moment(known.start),
        known.practitioner
    )
}

/// "a, b and c"
pub(crate) fn list(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// "the front desk" for `front-desk` and for extension-like names, "the nurse" for `nurse`.
pub(crate) fn target(name: Option<&TargetName>) -> String {
    match name.map_or("front-desk", TargetName::as_str) {
        "front-desk" | "frontdesk" | "front_desk" | "reception" | "desk" => "the front desk".into(),
        name if name.chars().any(|c| c.is_ascii_digit()) => "the front desk".into(),
        name => format!("the {}", name.replace(['-', '_'], " ")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn facts_are_spelled_out() {
        assert_eq!(moment(date(2026, 11, 27).at(9, 30, 0, 0)), "Friday, November 27 at 9:30 AM");
        assert_eq!(moment(date(2026, 12, 1).at(14, 0, 0, 0)), "Tuesday, December 1 at 2:00 PM");
        assert_eq!(birth_date(date(1984, 3, 9)), "March 9, 1984");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()], "or"), "a, b or c");
        assert_eq!(target(Some(&TargetName::new("front-desk"))), "the front desk");
        assert_eq!(target(Some(&TargetName::new("nurse-line"))), "the nurse line");
    }
}
