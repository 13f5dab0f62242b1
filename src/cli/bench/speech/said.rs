//! What is said to the recogniser: sentences that callers say, and facts in two wordings.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::said_spanish as spanish;
use crate::base::{Dice, Expect, Language, Purpose};
use crate::practice::seed;

/// Something that a speaker says.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) words: String,
    pub(super) expect: Expect,
}

/// A fact, said once as people say it first, and once as they say it when they are asked again.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) truth: Truth,
    pub(super) first: String,
    pub(super) again: String,
}

/// What was meant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Truth {
    Birth(Date),
    Phone(String),
    MemberId(String),
    /// An entry of the directory.
    Name(usize),
}

impl Truth {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Birth(_) => "dates of birth",
            Self::Phone(_) => "phone numbers",
            Self::MemberId(_) => "member ids",
            Self::Name(_) => "names of 500",
        }
    }

    pub(super) fn expect(&self) -> Expect {
        match self {
            Self::Birth(_) => Expect::Date,
            Self::Phone(_) | Self::MemberId(_) => Expect::Digits,
            Self::Name(_) => Expect::Name,
        }
    }
}

#[rustfmt::skip]
const SENTENCES: &[&str] = &[
    "I'd like to make an appointment for next Thursday morning.",
    "I need to reschedule my appointment with Doctor Patel.",
    "Can you tell me what time you close on Friday?",
    "I have had a fever and a cough since Monday.",
    "My insurance changed at the beginning of the month.",
    "I need a refill of my blood pressure medication.",
    "Could you please have the nurse call me back this afternoon?",
    "Yes, that's right.",
    "No, I said the fourteenth, not the fortieth.",
    "Is there anything earlier in the week?",
    "I was told to come in for a follow up in six weeks.",
    "My daughter needs a physical for school.",
    "I'm calling about the bill I got last week.",
    "I can't make it tomorrow because my car broke down.",
    "Do I have to fast before the blood test?",
    "I would rather see the same doctor as last time.",
    "Please cancel my appointment on Wednesday at two thirty.",
    "Can I talk to a person, please?",
    "I left a message yesterday and nobody called back.",
    "Where can I park when I come to the clinic?",
    "The pharmacy says they never got the prescription.",
    "I've been having headaches for about two weeks.",
    "What do I need to bring to my first visit?",
    "It hurts when I bend my knee.",
    "Next Tuesday in the afternoon would be perfect.",
    "Do you have anything on the twenty third?",
    "How much does a visit cost without insurance?",
    "I think I'm having a reaction to the new medicine.",
    "My mother has an appointment at nine fifteen.",
    "Thank you so much, have a good day.",
];

/// The directory, from the same invented names as the clinic: given and family name. Where Spanish is spoken half of them
/// are names of Spanish speakers.
pub(super) fn directory(dice: &mut Dice, today: Date, language: Language) -> Vec<(String, String)> {
    let clinic = seed::clinic(20_260_101, today);
    let names = |of: fn(&crate::practice::Patient) -> &crate::base::Phi<String>| -> Vec<String> {
        let all: BTreeSet<_> = clinic
            .patients
            .iter()
            .map(|patient| of(patient).reveal(Purpose::Demonstration).clone())
            .collect();
        all.into_iter().collect()
    };
    let (given, family) = (names(|patient| &patient.given), names(|patient| &patient.family));
    let mut entries = BTreeSet::new();
    while is_spanish(language) && entries.len() < 250 {
        let pick =
            |dice: &mut Dice, of: &[&str]| of[dice.below(of.len() as u64) as usize].to_owned();
        entries.insert((pick(dice, spanish::GIVEN), pick(dice, spanish::FAMILY)));
    }
    while entries.len() < 500.min(given.len() * family.len()) {
        let pick =
            |dice: &mut Dice, of: &[String]| of[dice.below(of.len() as u64) as usize].clone();
        entries.insert((pick(dice, &given), pick(dice, &family)));
    }
    entries.into_iter().collect()
}

fn is_spanish(language: Language) -> bool {
    language.primary() == "es"
}

/// Sentences, each speaker others of them.
pub(super) fn sentences(dice: &mut Dice, count: usize, language: Language) -> Vec<Text> {
    let known = if is_spanish(language) { spanish::SENTENCES } else { SENTENCES };
    let first = dice.below(known.len() as u64) as usize;
    let all = known.iter().cycle().skip(first).take(count.min(known.len()));
    all.map(|words| Text { words: (*words).to_owned(), expect: Expect::Anything }).collect()
}

/// Facts, so many of each kind.
pub(super) fn facts(
    dice: &mut Dice,
    each: usize,
    directory: &[(String, String)],
    language: Language,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    for _ in 0..each {
        if is_spanish(language) {
            facts.push(spanish::birth(dice));
            facts.push(spanish::phone(dice));
            facts.push(spanish::member_id(dice));
            facts.push(spanish::name(dice, directory));
            continue;
        }
        facts.push(birth(dice));
        facts.push(phone(dice));
        facts.push(member_id(dice));
        facts.push(name(dice, directory));
    }
    facts
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn birth(dice: &mut Dice) -> Fact {
    let year = 1930 + dice.below(80) as i16;
    let (month, day) = (1 + dice.below(12) as u32, 1 + dice.below(28) as u32);
    let date = Date::new(year, month as i8, day as i8).expect("every month has 28 days");
    let spoken = format!("{} {}, {}", MONTHS[month as usize - 1], ordinal(day), said_year(year));
    let first = match dice.below(3) {
        0 => format!("{spoken}."),
        1 => format!("My date of birth is {spoken}."),
        _ => format!("I was born on {spoken}."),
    };
    let again = format!("{}, {}, {}.", cardinal(month), cardinal(day), said_year(year));
    Fact { truth: Truth::Birth(date), first, again }
}

fn phone(dice: &mut Dice) -> Fact {
    let area = ["312", "773", "847", "630", "708"][dice.below(5) as usize];
    let digits = format!("{area}555{:04}", dice.below(10_000));
    let grouped = |digits: &str| {
        format!(
            "{}, {}, {}",
            one_by_one(&digits[..3]),
            one_by_one(&digits[3..6]),
            one_by_one(&digits[6..])
        )
    };
    let first = match dice.below(2) {
        0 => format!("{}.", grouped(&digits)),
        _ => format!("My number is {}.", grouped(&digits)),
    };
    // Again: in twos at the end, which is how many say it slowly.
    let again = format!(
        "It's {}, {}, {}, {}.",
        one_by_one(&digits[..3]),
        one_by_one(&digits[3..6]),
        one_by_one(&digits[6..8]),
        one_by_one(&digits[8..])
    );
    Fact { truth: Truth::Phone(digits), first, again }
}

fn member_id(dice: &mut Dice) -> Fact {
    let digits = format!("{:09}", dice.below(1_000_000_000));
    let first = format!("My member ID is {}.", one_by_one(&digits));
    let again = format!(
        "{}, {}, {}.",
        one_by_one(&digits[..3]),
        one_by_one(&digits[3..6]),
        one_by_one(&digits[6..])
    );
    Fact { truth: Truth::MemberId(digits), first, again }
}

fn name(dice: &mut Dice, directory: &[(String, String)]) -> Fact {
    let at = dice.below(directory.len() as u64) as usize;
    let (given, family) = &directory[at];
    let first = match dice.below(3) {
        0 => format!("{given} {family}."),
        1 => format!("My name is {given} {family}."),
        _ => format!("This is {given} {family}."),
    };
    let spelled: Vec<String> = family.to_uppercase().chars().map(String::from).collect();
    let again = format!("{given} {family}, {}.", spelled.join(", "));
    Fact { truth: Truth::Name(at), first, again }
}

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] =
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

fn cardinal(number: u32) -> String {
    match (SMALL.get(number as usize), number % 10) {
        (Some(word), _) => (*word).to_owned(),
        (None, 0) => TENS[number as usize / 10].to_owned(),
        (None, unit) => format!("{} {}", TENS[number as usize / 10], SMALL[unit as usize]),
    }
}

fn ordinal(number: u32) -> String {
    let special = [
        (1, "first"),
        (2, "second"),
        (3, "third"),
        (5, "fifth"),
        (8, "eighth"),
        (9, "ninth"),
        (12, "twelfth"),
        (20, "twentieth"),
        (30, "thirtieth"),
    ];
    let find =
        |n: u32| special.iter().find(|(known, _)| *known == n).map(|(_, word)| (*word).to_owned());
    match find(number) {
        Some(word) => word,
        None if number < 20 => format!("{}th", SMALL[number as usize]),
        None => format!("{} {}", TENS[number as usize / 10], ordinal(number % 10)),
    }
}

fn said_year(year: i16) -> String {
    let (century, rest) = (year as u32 / 100, year as u32 % 100);
    match (century, rest) {
        (20, 0) => "two thousand".to_owned(),
        (20, rest @ 1..=9) => format!("two thousand {}", cardinal(rest)),
        (_, 0) => format!("{} hundred", cardinal(century)),
        (_, rest @ 1..=9) => format!("{} oh {}", cardinal(century), cardinal(rest)),
        _ => format!("{} {}", cardinal(century), cardinal(rest)),
    }
}

fn one_by_one(digits: &str) -> String {
    let words: Vec<_> = digits.bytes().map(|digit| SMALL[usize::from(digit - b'0')]).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::read_facts;
    use crate::practice::{Likeness, family_likeness, given_likeness};

    const TODAY: Date = Date::constant(2026, 7, 6);

    #[test]
    fn what_is_written_down_without_an_error_is_understood_in_both_wordings() {
        for language in [Language::EN_US, Language::ES_US] {
            let mut dice = Dice::new(5);
            let directory = directory(&mut dice, TODAY, language);
            assert_eq!(directory.len(), 500);
            for fact in facts(&mut dice, 50, &directory, language) {
                for words in [&fact.first, &fact.again] {
                    let read = read_facts(words, fact.truth.expect(), language, TODAY);
                    match &fact.truth {
                        Truth::Birth(date) => assert_eq!(read.birth, Some(*date), "{words}"),
                        Truth::Phone(digits) | Truth::MemberId(digits) => {
                            assert_eq!(read.digits.as_ref(), Some(digits), "{words}");
                        }
                        Truth::Name(at) => {
                            let (given, family) = &directory[*at];
                            let like = (
                                given_likeness(&read.given.unwrap_or_default(), given),
                                family_likeness(&read.family.unwrap_or_default(), family),
                            );
                            assert_eq!(like, (Likeness::Same, Likeness::Same), "{words}");
                        }
                    }
                }
            }
        }
    }
}
