//! Single facts out of a caller's words, as the conversation reads them: for whoever measures how well it hears.

use jiff::civil::Date;

use super::language::{Asked, BirthHeard, NamePart, digit_run, understand};
use crate::agent::tongue::Tongue;
use crate::base::{Expect, Language};

/// What was found; nothing of what was not asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FactsRead {
    /// Given name.
    pub given: Option<String>,
    /// Family name.
    pub family: Option<String>,
    /// A whole date of birth.
    pub birth: Option<Date>,
    /// The longest run of digits.
    pub digits: Option<String>,
}

/// Reads the answer to a question for a name, a date of birth or digits.
pub fn read_facts(text: &str, expect: Expect, language: Language, today: Date) -> FactsRead {
    let asked = match expect {
        Expect::Name => Asked::Name(NamePart::Both),
        Expect::Date => Asked::BirthDate,
        Expect::Digits => Asked::Digits,
        Expect::Anything | Expect::YesNo => Asked::Open,
    };
    let understood = understand(text, asked, Tongue::of(language).unwrap_or_default(), &[], today);
    let birth = match understood.birth {
        Some(BirthHeard::Full(date)) => Some(date),
        _ => None,
    };
    match expect {
        Expect::Date => FactsRead { birth, ..FactsRead::default() },
        Expect::Digits => {
            FactsRead { digits: digit_run(&understood.tokens), ..FactsRead::default() }
        }
        _ => {
            let (given, family) = (understood.name.given, understood.name.family);
            FactsRead { given, family, ..FactsRead::default() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_answer_is_read() {
        let today = Date::constant(2026, 7, 6);
        let read = |text, expect| read_facts(text, expect, Language::EN_US, today);
        let read_spanish = |text, expect| read_facts(text, expect, Language::ES_US, today);
        assert_eq!(read("March 9th, 1984.", Expect::Date).birth, Some(Date::constant(1984, 3, 9)));
        let digits = read("It's 312, 555, oh one three one.", Expect::Digits).digits;
        assert_eq!(digits.as_deref(), Some("3125550131"));
        let birth =
            read_spanish("El nueve de marzo de mil novecientos ochenta y cuatro.", Expect::Date)
                .birth;
        assert_eq!(birth, Some(Date::constant(1984, 3, 9)));
        let digits =
            read_spanish("Es el 312, cinco cinco cinco, cero uno tres uno.", Expect::Digits).digits;
        assert_eq!(digits.as_deref(), Some("3125550131"));
        let name = read("My name is Maria Lopez.", Expect::Name);
        assert_eq!((name.given.as_deref(), name.family.as_deref()), (Some("Maria"), Some("Lopez")));
    }
}
