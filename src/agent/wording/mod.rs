//! How things are said: short, natural, one question at a time, in the conversation's language.

pub(crate) mod lines;
mod samples;
mod spanish;

pub(crate) use lines::Line;
pub(crate) use samples::sentences;

use jiff::civil::{Date, DateTime};

use crate::agent::tongue::Tongue;
use crate::agent::tools::{KnownAppointment, OfferedSlot};
use crate::base::{Dice, TargetName};
use crate::practice::{Practitioner, VisitType};

/// Chooses among wordings.
#[derive(Clone, Debug)]
pub(crate) struct Wording {
    dice: Dice,
    /// The language of the conversation now.
    pub(crate) tongue: Tongue,
}

impl Wording {
    pub(crate) fn new(seed: u64, tongue: Tongue) -> Self {
        Self { dice: Dice::new(seed), tongue }
    }

    /// Takes one of the ways to say a thing and fills it in.
    pub(crate) fn line(&mut self, line: Line, fill: &[&str]) -> String {
        let ways = line.ways(self.tongue);
        let way = match ways {
            [only] => only,
            ways => ways[self.dice.below(ways.len() as u64) as usize],
        };
        filled(way, fill)
    }
}

fn filled(way: &str, fill: &[&str]) -> String {
    let mut text = way.to_string();
    for (index, words) in fill.iter().enumerate() {
        text = text.replace(&format!("{{{index}}}"), words);
    }
    // "de el jueves": only Spanish has it.
    text.replace(" de el ", " del ")
}

/// Puts the doctors of a text as its language speaks of them: "la doctora Patel" for "Dr. Patel".
pub(crate) fn titled(tongue: Tongue, text: String, practitioners: &[Practitioner]) -> String {
    match tongue {
        Tongue::English => text,
        Tongue::Spanish => {
            practitioners.iter().fold(text, |text, one| match spanish::doctor(one) {
                Some(doctor) => text.replace(&one.spoken, &doctor),
                None => text,
            })
        }
    }
}

/// "Friday, November 27 at 9:30 AM"; "el viernes 27 de noviembre a las 9:30 de la mañana"
pub(crate) fn moment(tongue: Tongue, start: DateTime) -> String {
    match tongue {
        Tongue::English => format!("{} at {}", day(start.date()), clock(tongue, start)),
        Tongue::Spanish => format!("el {}", spanish::moment(start)),
    }
}

/// "Friday, November 27"
fn day(date: Date) -> String {
    format!("{}, {}", weekday(Tongue::English, date), date.strftime("%B %-d"))
}

/// "Friday"; "viernes"
pub(crate) fn weekday(tongue: Tongue, date: Date) -> String {
    match tongue {
        Tongue::English => date.strftime("%A").to_string(),
        Tongue::Spanish => spanish::weekday(date).into(),
    }
}

/// "9:30 AM"; "9:30 de la mañana"
pub(crate) fn clock(tongue: Tongue, start: DateTime) -> String {
    match tongue {
        Tongue::English => start.strftime("%-I:%M %p").to_string(),
        Tongue::Spanish => spanish::clock(start.time()),
    }
}

/// "March 9, 1984"; "9 de marzo de 1984"
pub(crate) fn birth_date(tongue: Tongue, date: Date) -> String {
    match tongue {
        Tongue::English => date.strftime("%B %-d, %Y").to_string(),
        Tongue::Spanish => format!("{} de {}", spanish::day_and_month(date), date.year()),
    }
}

/// "Friday, November 27 at 9:30 AM with Dr. Patel"
pub(crate) fn with(tongue: Tongue, start: DateTime, practitioner: &str) -> String {
    format!("{} {} {practitioner}", moment(tongue, start), tongue.either("with", "con"))
}

/// What is on offer, as in [`with`].
pub(crate) fn slot(tongue: Tongue, slot: &OfferedSlot) -> String {
    with(tongue, slot.start, &slot.practitioner)
}

/// "your physical on Thursday, November 26 at 10:00 AM with Dr. Patel"
pub(crate) fn appointment(tongue: Tongue, known: &KnownAppointment) -> String {
    let what = visit(tongue, known.visit_type);
    match tongue {
        Tongue::English => {
            format!("your {what} on {}", with(tongue, known.start, &known.practitioner))
        }
        Tongue::Spanish => {
            format!("su {what} del {} con {}", spanish::moment(known.start), known.practitioner)
        }
    }
}

/// The same, told to somebody who asked: "a physical on ...", "una consulta el ...".
pub(crate) fn an_appointment(tongue: Tongue, known: &KnownAppointment) -> String {
    let what = visit(tongue, known.visit_type);
    let article = match tongue {
        Tongue::English => {
            if known.visit_type == VisitType::Office {
                "an"
            } else {
                "a"
            }
        }
        Tongue::Spanish => {
            if known.visit_type == VisitType::Physical {
                "un"
            } else {
                "una"
            }
        }
    };
    let on = tongue.either(" on", "");
    format!("{article} {what}{on} {}", with(tongue, known.start, &known.practitioner))
}

/// "physical"; "examen físico"
pub(crate) fn visit(tongue: Tongue, kind: VisitType) -> &'static str {
    match tongue {
        Tongue::English => kind.spoken(),
        Tongue::Spanish => spanish::visit(kind),
    }
}

/// "a, b and c"
pub(crate) fn list(tongue: Tongue, items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {} {end}", first.join(", "), tongue.either("and", "y")),
    }
}

/// The opening hours as a sentence's end: the practice writes them in English.
pub(crate) fn hours(tongue: Tongue, hours: &str) -> String {
    match tongue {
        Tongue::English => hours.into(),
        Tongue::Spanish => spanish::hours(hours),
    }
}

/// "the front desk" for `front-desk` and for extension-like names, "the nurse" for `nurse`; "recepción".
pub(crate) fn target(tongue: Tongue, name: Option<&TargetName>) -> String {
    let name = match name.map_or("front-desk", TargetName::as_str) {
        "frontdesk" | "front_desk" | "reception" | "desk" => "front-desk",
        name if name.chars().any(|c| c.is_ascii_digit()) => "front-desk",
        name => name,
    };
    match (tongue, name) {
        (Tongue::Spanish, name) => spanish::target(name).into(),
        (Tongue::English, "front-desk") => "the front desk".into(),
        (Tongue::English, name) => format!("the {}", name.replace(['-', '_'], " ")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const EN: Tongue = Tongue::English;
    const ES: Tongue = Tongue::Spanish;

    #[test]
    fn facts_are_spelled_out() {
        let morning = date(2026, 11, 27).at(9, 30, 0, 0);
        assert_eq!(moment(EN, morning), "Friday, November 27 at 9:30 AM");
        let afternoon = date(2026, 12, 1).at(14, 0, 0, 0);
        assert_eq!(moment(EN, afternoon), "Tuesday, December 1 at 2:00 PM");
        assert_eq!(birth_date(EN, date(1984, 3, 9)), "March 9, 1984");
        assert_eq!(list(EN, &["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!(target(EN, Some(&TargetName::new("front-desk"))), "the front desk");
        assert_eq!(target(EN, Some(&TargetName::new("nurse-line"))), "the nurse line");
        assert_eq!(moment(ES, morning), "el viernes 27 de noviembre a las 9:30 de la mañana");
        assert_eq!(moment(ES, afternoon), "el martes 1 de diciembre a las 2:00 de la tarde");
        assert_eq!(birth_date(ES, date(1984, 3, 9)), "9 de marzo de 1984");
        assert_eq!(list(ES, &["a".into(), "b".into(), "c".into()]), "a, b y c");
        assert_eq!(target(ES, Some(&TargetName::new("front-desk"))), "recepción");
    }

    /// Words that only English has: none may be left in a Spanish sentence.
    #[rustfmt::skip]
    const ENGLISH: &[&str] = &[
        "the", "you", "your", "i", "is", "are", "and", "or", "please", "appointment", "would",
        "like", "can", "call", "to", "of", "what", "which", "thank", "thanks", "sorry", "for",
        "with", "on", "at", "it", "that", "this", "have", "day", "date", "message", "help", "my",
    ];

    #[test]
    fn every_sentence_has_its_spanish() {
        for (name, line) in lines::ALL {
            let (english, spanish) = (line.ways(EN), line.ways(ES));
            let holes = |way: &str| [way.contains("{0}"), way.contains("{1}")];
            for way in spanish {
                assert_eq!(holes(way), holes(english[0]), "{name}: {way:?}");
                assert!(!english.contains(way), "{name} is not translated");
                for word in way.split(|c: char| !c.is_alphabetic()) {
                    assert!(!ENGLISH.contains(&word.to_lowercase().as_str()), "{name}: {word:?}");
                }
                assert_eq!(way.contains('?'), way.contains('¿'), "{name}: {way:?}");
                assert!(!way.contains(" tú ") && !way.contains(" tu "), "{name} says usted");
            }
            for way in english {
                assert_eq!(holes(way), holes(english[0]), "{name}: {way:?}");
            }
        }
        assert!(lines::ALL.len() > 90);
    }
}
