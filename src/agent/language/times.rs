//! Times of day: "nine thirty", "after 3", "in the morning", "half past ten", and what was offered: "something later".

use jiff::ToSpan;
use jiff::civil::Time;

use super::numbers::{Number, numbers};
use super::phrase::any;
use super::tokens::Token;
use super::when::{Shift, When};
use crate::practice::Daypart;

/// Reads the time of day that was named into `when`. `expected`: bare figures are times too.
pub(crate) fn times(tokens: &[Token], expected: bool, when: &mut When) {
    clock(tokens, expected, when);
    dayparts(tokens, when);
    when.anytime = any(
        tokens,
        &[
            "next|first|soonest|earliest ..1 available|free|open|opening|possible|appointment|slot|one|time|availability",
            "as soon as possible",
            "as soon as you can",
            "asap",
            "soonest",
            "earliest",
            "any time|day|morning|afternoon",
            "anytime",
            "anything",
            "whenever",
            "whatever ..3 have|available|works|easiest|open",
            "doesnt matter",
            "dont care",
            "no preference",
            "any is fine",
            "right away",
            "next free|open _",
            "you pick|choose",
            "im flexible|open",
        ],
    );
    when.shift = shift(tokens);
    if let (Some(Shift::WeekAfter), Some(day)) = (when.shift, when.from) {
        // "The Monday after" is a Monday, and which one is not known yet.
        when.weekdays = vec![day.weekday()];
        (when.from, when.until) = (None, None);
    }
}

fn shift(tokens: &[Token]) -> Option<Shift> {
    #[rustfmt::skip]
    let rules: &[(Shift, &[&str])] = &[
        (Shift::LaterThatDay, &[
            "later ..2 that|same|the day", "later in the day", "later on that day",
        ]),
        (Shift::WeekAfter, &[
            "the week after $", "the week after on|in|maybe|would|is",
            "the monday|tuesday|wednesday|thursday|friday after $", "following week", "week later",
        ]),
        (Shift::OtherDay, &[
            "another|different|other day|date", "next day", "day after that", "any other day",
        ]),
        (Shift::Earlier, &["earlier|sooner", "too late", "move|moved|bump|push ..3 up|forward"]),
        (Shift::Later, &[
            "later", "move|push|bump ..3 back|out", "too early|soon", "after that", "next one",
            "next available", "further out",
        ]),
        (Shift::Other, &[
            "another|different|other time|one|slot|option", "anything|something else", "what else",
            "other times|options",
            "any other", "next ..1 available", "something different", "else do you have",
        ]),
    ];
    rules.iter().find(|(_, patterns)| any(tokens, patterns)).map(|(shift, _)| *shift)
}

fn dayparts(tokens: &[Token], when: &mut When) {
    let greeted = |at: usize| {
        let opens = tokens.get(at + 1).is_some_and(|next| {
            next.clause != tokens[at].clause
                || matches!(next.word.as_str(), "this" | "im" | "my" | "i" | "hi")
        });
        at == 0 && opens || at > 0 && tokens[at - 1].word == "good"
    };
    for (at, token) in tokens.iter().enumerate() {
        let avoided = at > 0 && matches!(tokens[at - 1].word.as_str(), "not" | "no") || {
            let before = &tokens[at.saturating_sub(4)..at];
            any(before, &["not in the $", "cant|dont do|make|come ..2 $", "except ..2 $"])
        };
        let part = match token.word.as_str() {
            "morning" | "mornings" | "mourning" if !greeted(at) => Daypart::Morning,
            "afternoon" | "afternoons" | "evening" | "evenings" if !greeted(at) => {
                Daypart::Afternoon
            }
            "am" if !follows_number(tokens, at) && !follows_i(tokens, at) => Daypart::Morning,
            "pm" if !follows_number(tokens, at) => Daypart::Afternoon,
            "noon" | "midday" | "lunchtime"
                if any(tokens, &["around|at noon|midday|lunchtime"]) =>
            {
                when.earliest = when.earliest.or(Some(Time::constant(11, 30, 0, 0)));
                when.latest = when.latest.or(Some(Time::constant(13, 30, 0, 0)));
                return;
            }
            _ => continue,
        };
        when.daypart = Some(match (part, avoided) {
            (Daypart::Morning, true) => Daypart::Afternoon,
            (Daypart::Afternoon, true) => Daypart::Morning,
            (part, false) => part,
        });
    }
    if any(tokens, &["after lunch"]) {
        when.daypart = Some(Daypart::Afternoon);
    }
    if any(
        tokens,
        &["late afternoon", "late in the afternoon|day", "end of the day", "after work|school"],
    ) {
        when.daypart = Some(Daypart::Afternoon);
        when.earliest = when.earliest.or(Some(Time::constant(15, 0, 0, 0)));
    }
    if any(tokens, &["early|first thing ..2 morning", "first thing", "early as possible in"]) {
        when.daypart = Some(Daypart::Morning);
    }
    if when.daypart == Some(Daypart::Morning)
        && any(tokens, &["late morning", "later in the morning"])
    {
        when.earliest = when.earliest.or(Some(Time::constant(10, 0, 0, 0)));
    }
}

fn follows_number(tokens: &[Token], at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return false };
    !numbers(&tokens[before..at]).is_empty() || tokens[before].word.contains([':', '.'])
}

fn follows_i(tokens: &[Token], at: usize) -> bool {
    at > 0 && matches!(tokens[at - 1].word.as_str(), "i" | "that" | "who" | "what")
        || tokens.len() > at + 1 && tokens[at + 1].word == "i"
}

/// Clock times with the word before them: at, after, before, between.
fn clock(tokens: &[Token], expected: bool, when: &mut When) {
    let found = clock_times(tokens, expected);
    let before = |at: usize| at.checked_sub(1).map_or("", |at| tokens[at].word.as_str());
    match found.as_slice() {
        [] => {}
        [(from, start, _), (to, _, _), ..]
            if any(tokens, &["between"]) || before(*start) == "from" =>
        {
            (when.earliest, when.latest) = (Some(*from), Some(*to));
        }
        [(time, start, _), ..] => match before(*start) {
            "after" | "past" | "from" => when.earliest = Some(*time),
            "before" | "by" | "until" | "till" => when.latest = Some(*time),
            "around" | "about" => {
                when.earliest = Some(shifted(*time, -60));
                when.latest = Some(shifted(*time, 61));
            }
            "than" if any(tokens, &["later than"]) => when.earliest = Some(*time),
            "than" => when.latest = Some(*time),
            _ if any(tokens, &["or later", "or after"]) => when.earliest = Some(*time),
            _ => {
                when.earliest = Some(*time);
                when.latest = Some(shifted(*time, 1));
            }
        },
    }
}

fn shifted(time: Time, minutes: i64) -> Time {
    time.saturating_add(minutes.minutes())
}

/// Returns the clock times and the words they take.
fn clock_times(tokens: &[Token], expected: bool) -> Vec<(Time, usize, usize)> {
    let numbers = numbers(tokens);
    let mut times: Vec<(Time, usize, usize)> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match clock_time(tokens, &numbers, at, expected) {
            Some((time, end)) => {
                times.push((time, at, end));
                at = end;
            }
            None => at += 1,
        }
    }
    times
}

fn clock_time(
    tokens: &[Token],
    numbers: &[Number],
    at: usize,
    expected: bool,
) -> Option<(Time, usize)> {
    let word = tokens[at].word.as_str();
    let cued = expected || is_cued(tokens, at);
    if matches!(word, "half" | "quarter")
        && let Some(time) = spoken_fraction(tokens, numbers, at)
    {
        return Some(time);
    }
    if let Some((hour, minute)) = word.split_once([':', '.']) {
        let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
        return finish(tokens, hour, minute, at + 1);
    }
    let number = numbers.iter().find(|n| n.from == at && !n.ordinal)?;
    let word_at = |at: usize| tokens.get(at).map_or("", |t| t.word.as_str());
    if matches!(number.digits.len(), 3 | 4) && number.to == at + 1 {
        // "at 930", "930 am"; but 1984 is a year.
        let marked = cued || matches!(word_at(number.to), "am" | "pm");
        let time = || finish(tokens, number.value / 100, number.value % 100, number.to);
        return if marked && !number.digits.starts_with("19") { time() } else { None };
    }
    let minutes = numbers.iter().find(|n| n.from == number.to && !n.ordinal && is_minutes(n));
    let end = minutes.map_or(number.to, |n| n.to);
    let marked = matches!(word_at(end), "am" | "pm" | "oclock")
        || minutes.is_some_and(|n| n.value >= 10 && n.digits.len() == 2);
    let pronoun = word == "one" && !cued
        || expected && !marked && at > 0 && matches!(word_at(at - 1), "the" | "that" | "this");
    if !(cued || marked)
        || pronoun
        || counts_something_else(tokens, at, end)
        || !(1..=12).contains(&number.value)
    {
        return None;
    }
    finish(tokens, number.value, minutes.map_or(0, |n| n.value), end)
}

/// Whether the word before says that a time follows.
fn is_cued(tokens: &[Token], at: usize) -> bool {
    const CUES: &[&str] =
        &["^ at|around|about|after|before|by|until|till|than|between|from", "^ and"];
    let Some(before) = at.checked_sub(1) else { return false };
    let which = CUES.iter().position(|cue| any(&tokens[before..at], &[cue]));
    which == Some(0) || which == Some(1) && any(&tokens[..at], &["between"])
}

/// "in 2 weeks", "March 9", "12/3": figures that are no time of day.
fn counts_something_else(tokens: &[Token], at: usize, end: usize) -> bool {
    const UNITS: &[&str] =
        &["^ week|weeks|day|days|month|months|minutes|minute|year|years|hour|hours"];
    any(&tokens[end.min(tokens.len())..], UNITS)
        || at > 0 && super::birth::month(&tokens[at - 1].word).is_some()
        || tokens.get(at + 1).is_some_and(|t| t.glue == Some('/'))
}

fn is_minutes(number: &Number) -> bool {
    number.value < 60 && number.digits.len() == 2 && number.value.is_multiple_of(5)
        || number.digits == "00"
}

fn spoken_fraction(tokens: &[Token], numbers: &[Number], at: usize) -> Option<(Time, usize)> {
    let relation = tokens.get(at + 1)?.word.as_str();
    let number = numbers.iter().find(|n| n.from == at + 2 && (1..=12).contains(&n.value))?;
    let (hour, minute) = match (tokens[at].word.as_str(), relation) {
        ("half", "past" | "after") => (number.value, 30),
        ("quarter", "past" | "after") => (number.value, 15),
        ("quarter", "to" | "till" | "of" | "before") => {
            (if number.value == 1 { 12 } else { number.value - 1 }, 45)
        }
        _ => return None,
    };
    finish(tokens, hour, minute, number.to)
}

/// Puts a clock time into the office day: "at 2" is in the afternoon unless "am" follows.
fn finish(tokens: &[Token], hour: u32, minute: u32, mut end: usize) -> Option<(Time, usize)> {
    if tokens.get(end).is_some_and(|t| t.word == "oclock") {
        end += 1;
    }
    let hour = match (tokens.get(end).map(|t| t.word.as_str()), hour) {
        (Some("am"), 12) => 0,
        (Some("pm"), 1..=11) => hour + 12,
        (Some("am" | "pm"), _) => hour,
        (_, 1..=6) => hour + 12,
        _ => hour,
    };
    if tokens.get(end).is_some_and(|t| matches!(t.word.as_str(), "am" | "pm")) {
        end += 1;
    }
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
    Some((time, end))
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::super::tokens::tokens;
    use super::*;

    fn heard(text: &str) -> When {
        let mut when = When::default();
        times(&tokens(text), false, &mut when);
        when
    }

    #[test]
    fn clock_times_are_read() {
        for (text, hour, minute) in [
            ("at 9:30", 9, 30),
            ("at nine thirty", 9, 30),
            ("nine thirty", 9, 30),
            ("10 a.m.", 10, 0),
            ("10am", 10, 0),
            ("at 2", 14, 0),
            ("two thirty pm", 14, 30),
            ("half past ten", 10, 30),
            ("quarter to three", 14, 45),
            ("at 930", 9, 30),
            ("9.30", 9, 30),
            ("at eleven o'clock", 11, 0),
            ("2:15 PM", 14, 15),
            ("12:00 p.m.", 12, 0),
        ] {
            assert_eq!(heard(text).earliest, Some(time(hour, minute, 0, 0)), "{text:?}");
        }
        let after = heard("any time after 3");
        assert_eq!((after.earliest, after.latest), (Some(time(15, 0, 0, 0)), None));
        let between = heard("between 9 and 11");
        assert_eq!(
            (between.earliest, between.latest),
            (Some(time(9, 0, 0, 0)), Some(time(11, 0, 0, 0)))
        );
        assert_eq!(heard("before ten").latest, Some(time(10, 0, 0, 0)));
    }

    #[test]
    fn parts_of_the_day_are_read() {
        for (text, part) in [
            ("in the morning", Some(Daypart::Morning)),
            ("the next free morning", Some(Daypart::Morning)),
            ("afternoon instead", Some(Daypart::Afternoon)),
            ("not in the morning", Some(Daypart::Afternoon)),
            ("Good morning, this is Maria", None),
            ("first thing tomorrow", Some(Daypart::Morning)),
            ("Good afternoon. Do you have something in the morning?", Some(Daypart::Morning)),
            ("after lunch", Some(Daypart::Afternoon)),
            ("I am Maria", None),
        ] {
            assert_eq!(heard(text).daypart, part, "{text:?}");
        }
    }

    #[test]
    fn figures_that_count_other_things_are_no_times() {
        for text in ["in 2 weeks", "March 9", "the first one", "that one", "I have 3 kids", "12/3"]
        {
            let when = heard(text);
            assert_eq!((when.earliest, when.latest), (None, None), "{text:?}");
        }
    }

    #[test]
    fn wishes_relative_to_the_offer() {
        assert_eq!(heard("do you have something later").shift, Some(Shift::Later));
        assert_eq!(heard("another day").shift, Some(Shift::OtherDay));
        assert_eq!(heard("anything earlier?").shift, Some(Shift::Earlier));
        assert_eq!(heard("a different time").shift, Some(Shift::Other));
        assert!(heard("the next free morning").anytime);
        assert!(heard("as soon as possible").anytime);
    }
}
