//! The number of a payment card while it is being said or keyed: known as soon as it can be, so that nothing of it is
//! kept (PCI DSS 3.3). The numbers are those of ISO/IEC 7812, with Luhn's check digit.

use std::time::{Duration, Instant};

use super::privacy::{Run, runs};
use crate::agent::language::{Token, any, tokens};
use crate::base::{Phi, Purpose};

const PURPOSE: Purpose = Purpose::Understanding;

/// Digits of the numbers of payment cards.
const LENGTHS: std::ops::RangeInclusive<usize> = 13..=19;
/// Digits that begin as a card's number does, after which it is taken for one that nobody asked for.
const BUILDING: usize = 8;
/// The same where the caller says that it is a card.
const NAMED: usize = 4;
/// Digits that are remembered from one turn, or key, to the next.
const KEPT: usize = 40;
/// A key that comes later begins another number.
const KEY_PAUSE: Duration = Duration::from_secs(8);

/// What there is of a card's number.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum CardSign {
    /// None.
    Nothing,
    /// Digits that may become one.
    Building,
    /// All of one.
    Whole,
}

/// Looks for numbers of cards in what is said and keyed, one turn after another.
#[derive(Clone, Debug, Default)]
pub(crate) struct CardWatch {
    /// The digits that the last turn ended with.
    carried: Phi<String>,
    keyed: Phi<String>,
    last_key: Option<Instant>,
}

impl CardWatch {
    /// Takes what was said so far, or with `last` all of a turn. `asked`: the agent has asked for some number.
    pub(crate) fn said(&mut self, text: &str, last: bool, asked: bool) -> CardSign {
        let words = tokens(text);
        let mut runs = runs(&words);
        let carried = self.carried.reveal(PURPOSE);
        if let Some(first) = runs.first_mut().filter(|first| first.from <= 1) {
            first.digits.insert_str(0, carried);
        }
        let named = names_a_card(&words);
        let sign = |run: &Run| sign(&run.digits, asked, named);
        let found = runs.iter().map(sign).max().unwrap_or(CardSign::Nothing);
        if last {
            let ends = runs.last().filter(|run| run.to + 1 >= words.len());
            self.carried = Phi::new(ends.map_or(String::new(), |run| newest(&run.digits)));
        }
        found
    }

    /// Takes a key.
    pub(crate) fn keyed(&mut self, now: Instant, key: char, asked: bool) -> CardSign {
        let late = self.last_key.is_none_or(|last| last + KEY_PAUSE < now);
        self.last_key = Some(now);
        if late || !key.is_ascii_digit() {
            self.keyed = Phi::default();
        }
        if !key.is_ascii_digit() {
            return CardSign::Nothing;
        }
        self.keyed = self.keyed.map(|digits| newest(&format!("{digits}{key}")));
        sign(self.keyed.reveal(PURPOSE), asked, false)
    }
}

/// Whether a text holds any figures, as the security code and the date that follow a card's number.
pub(crate) fn has_figures(text: &str) -> bool {
    !runs(&tokens(text)).is_empty()
}

fn newest(digits: &str) -> String {
    digits[digits.len().saturating_sub(KEPT)..].to_owned()
}

fn sign(digits: &str, asked: bool, named: bool) -> CardSign {
    if is_or_holds_a_card(digits) {
        return CardSign::Whole;
    }
    let builds = !asked && digits.len() >= BUILDING && begins_a_card(digits);
    match builds || named && digits.len() >= NAMED {
        true => CardSign::Building,
        false => CardSign::Nothing,
    }
}

/// Whether the digits are a card's number, or hold one beside its date and security code.
fn is_or_holds_a_card(digits: &str) -> bool {
    let inside = |from: usize| {
        let rest = &digits[from..];
        let ends = LENGTHS.take_while(|length| *length <= rest.len());
        begins_a_card(rest) && ends.map(|length| &rest[..length]).any(luhn)
    };
    LENGTHS.contains(&digits.len()) && luhn(digits) || (0..digits.len()).any(inside)
}

/// Whether digits begin as those of the payment networks do.
fn begins_a_card(digits: &str) -> bool {
    let start = |length: usize| digits.get(..length).and_then(|it| it.parse::<u16>().ok());
    let (Some(two), Some(three), Some(four)) = (start(2), start(3), start(4)) else { return false };
    // Visa; Mastercard, twice; American Express; Diners; JCB; Discover; UnionPay.
    (40..=49).contains(&two)
        || (51..=55).contains(&two)
        || (2221..=2720).contains(&four)
        || [34, 37, 36, 38, 35, 65, 62].contains(&two)
        || (300..=305).contains(&three)
        || (644..=649).contains(&three)
        || four == 6011
}

/// The check digit of ISO/IEC 7812-1 annex B.
fn luhn(digits: &str) -> bool {
    let weigh = |(at, digit): (usize, u8)| {
        let digit = u32::from(digit - b'0');
        if at % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
    };
    let bytes = digits.bytes();
    // A row of zeros passes the sum and is nobody's card.
    bytes.clone().any(|digit| digit != b'0')
        && bytes.clone().all(|digit| digit.is_ascii_digit())
        && bytes.rev().enumerate().map(weigh).sum::<u32>() % 10 == 0
}

fn names_a_card(words: &[Token]) -> bool {
    any(
        words,
        &[
            "credit|debit card",
            "card number",
            "card is",
            "visa|mastercard|amex|discover",
            "security code",
            "cvv|cvc",
            "tarjeta",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The networks' own test numbers.
    const TEST_CARDS: [&str; 9] = [
        "4111111111111111",
        "4222222222222",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "6011111111111117",
        "3530111333300000",
        "30569309025904",
        "6200000000000005",
    ];

    #[test]
    fn cards_are_known_keyed_and_said_in_any_grouping() {
        let start = Instant::now();
        for card in TEST_CARDS {
            let mut watch = CardWatch::default();
            let signs: Vec<_> = card.chars().map(|key| watch.keyed(start, key, false)).collect();
            assert_eq!(signs.last(), Some(&CardSign::Whole), "{card}");
            assert!(signs[..BUILDING - 1].iter().all(|sign| *sign == CardSign::Nothing), "{card}");
            assert!(signs[BUILDING - 1..].iter().all(|sign| *sign > CardSign::Nothing), "{card}");
            let digits: Vec<_> = card.chars().map(String::from).collect();
            for group in [1, 2, 4] {
                let said = digits.chunks(group).map(|it| it.concat()).collect::<Vec<_>>().join(" ");
                let sign = CardWatch::default().said(&said, true, true);
                assert_eq!(sign, CardSign::Whole, "{said}");
                let more = format!("It's {said}, expires 12 29, code 123");
                assert_eq!(CardWatch::default().said(&more, true, true), CardSign::Whole, "{more}");
            }
        }
        let words = "four one one one one one one one one one one one one one one one";
        assert_eq!(CardWatch::default().said(words, true, true), CardSign::Whole);
    }

    #[test]
    fn a_card_in_two_turns_is_one() {
        let mut watch = CardWatch::default();
        assert_eq!(watch.said("yes it's 4111 1111", true, true), CardSign::Nothing);
        assert_eq!(watch.said("1111", false, true), CardSign::Nothing);
        assert_eq!(watch.said("1111 1111", true, true), CardSign::Whole);
        // What comes after other words is another number.
        let mut watch = CardWatch::default();
        watch.said("4111 1111", true, true);
        watch.said("wait a moment please", true, true);
        assert_eq!(watch.said("1111 1111", true, true), CardSign::Nothing);
    }

    #[test]
    fn what_people_say_to_a_practice_is_no_card() {
        for (text, asked) in [
            ("my number is 312 555 0142", false),
            ("six one seven five five five zero one nine eight", true),
            ("four one five five five five zero one four two", true),
            ("March ninth nineteen eighty four", true),
            ("member id W 123456789", true),
            ("tomorrow at ten thirty or the 24th at 11", false),
            ("", false),
        ] {
            assert_eq!(CardWatch::default().said(text, true, asked), CardSign::Nothing, "{text}");
        }
        // Nobody asked, and it begins as a card does: silence for this turn, and no more.
        let text = "four one five five five five zero one four two";
        assert_eq!(CardWatch::default().said(text, true, false), CardSign::Building);
        assert_eq!(CardWatch::default().said("my visa is 4111", false, true), CardSign::Building);
    }

    #[test]
    fn keys_long_after_one_another_are_no_number() {
        let mut watch = CardWatch::default();
        let start = Instant::now();
        for (n, key) in "4111111111111111".chars().enumerate() {
            let now = start + Duration::from_secs(9) * n as u32;
            assert_eq!(watch.keyed(now, key, false), CardSign::Nothing);
        }
        let mut watch = CardWatch::default();
        for key in "411111111111111*1".chars() {
            assert_ne!(watch.keyed(start, key, false), CardSign::Whole);
        }
    }

    #[test]
    fn one_digit_wrong_is_no_card_by_its_check() {
        for card in TEST_CARDS {
            assert!(luhn(card));
            let last = card.as_bytes()[card.len() - 1];
            let other = char::from(b'0' + (last - b'0' + 1) % 10);
            assert!(!luhn(&format!("{}{other}", &card[..card.len() - 1])));
        }
        assert!(!luhn("0000000000000000"));
    }
}
