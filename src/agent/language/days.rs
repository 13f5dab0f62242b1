//! Days as people name them: "Thursday", "next week", "the fourteenth", "a week from Friday", "after the 3rd".

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::birth::month;
use super::numbers::{Number, numbers};
use super::phrase::{any, find};
use super::tokens::Token;
use super::when::When;

/// A stretch of days: the first, and the one after the last.
type Days = (Date, Date);

/// Reads the days that were named into `when`.
pub(crate) fn days(tokens: &[Token], today: Date, when: &mut When) {
    let numbers = numbers(tokens);
    let avoided = avoided(tokens);
    let named: Vec<Weekday> = weekdays(tokens)
        .into_iter()
        .map(|(day, _)| day)
        .filter(|day| !avoided.contains(day))
        .collect();
    when.avoid = avoided;
    let single = by_relation(tokens, &numbers, today)
        .or_else(|| by_calendar(tokens, &numbers, today))
        .or_else(|| by_week(tokens, today, &named));
    if let Some(days) = single {
        set(tokens, days, when);
    } else if any(tokens, &["weekend|weekends"]) {
        when.weekdays = vec![Weekday::Saturday, Weekday::Sunday];
    } else if named.len() > 1 || plural(tokens) && !named.is_empty() {
        when.weekdays = named;
    } else if let Some(day) = named.first() {
        set(tokens, one(next(*day, today)), when);
    }
    // "Tuesday or Wednesday next week": the week bounds, the names narrow.
    if single.is_some_and(|(from, until)| plus(from, 1) != until) {
        when.weekdays = weekdays(tokens)
            .into_iter()
            .map(|(day, _)| day)
            .filter(|d| !when.avoid.contains(d))
            .collect();
    }
}

fn set(tokens: &[Token], (from, until): Days, when: &mut When) {
    if before_a_day(tokens) {
        when.until = Some(if any(tokens, &["by"]) { until } else { from });
    } else if any(tokens, &["week|weeks|day|days after"]) {
        (when.from, when.until) = (Some(from), Some(until));
    } else if after_a_day(tokens) {
        when.from = Some(until);
    } else if any(
        tokens,
        &["or later|after", "starting|beginning from|on|the?", "onwards|onward", "from ..3 on"],
    ) {
        when.from = Some(from);
    } else {
        (when.from, when.until) = (Some(from), Some(until));
    }
}

fn before_a_day(tokens: &[Token]) -> bool {
    names_a_day_after(tokens, &["before", "by"])
        || any(tokens, &["earlier|sooner than"]) && names_a_day_after(tokens, &["than"])
}

fn after_a_day(tokens: &[Token]) -> bool {
    names_a_day_after(tokens, &["after", "past"])
        || any(tokens, &["later than"]) && names_a_day_after(tokens, &["than"])
}

/// Whether one of these words is followed within three words by a day, and not by a time of day.
fn names_a_day_after(tokens: &[Token], cues: &[&str]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        cues.contains(&token.word.as_str())
            && tokens.iter().skip(at + 1).take(3).any(|t| {
                weekday(&t.word).is_some()
                    || month(&t.word).is_some()
                    || matches!(t.word.as_str(), "tomorrow" | "today" | "week" | "month")
                    || numbers(std::slice::from_ref(t)).first().is_some_and(|n| n.ordinal)
            })
    })
}

/// "tomorrow", "a week from Friday", "in two weeks".
fn by_relation(tokens: &[Token], numbers: &[Number], today: Date) -> Option<Days> {
    if any(tokens, &["day after tomorrow"]) {
        return Some(one(plus(today, 2)));
    }
    if let Some(span) = find(tokens, "week|weeks from|after _") {
        let weeks = count_before(tokens, numbers, span.start);
        let word = tokens.get(span.end - 1).map(|t| t.word.as_str());
        let start = match word {
            Some("tomorrow") => Some(plus(today, 1)),
            Some("today" | "now") => Some(today),
            Some(word) => weekday(word).map(|day| next(day, today)),
            None => None,
        };
        if let Some(start) = start {
            return Some(one(plus(start, 7 * weeks)));
        }
    }
    if let Some(span) = find(tokens, "in|another _ ..2 day|days|week|weeks|month|months") {
        let unit = tokens[span.end - 1].word.as_str();
        let count = count_before(tokens, numbers, span.end - 1);
        return match unit {
            "day" | "days" => Some(one(plus(today, count))),
            "week" | "weeks" => Some((plus(today, 7 * count), plus(today, 7 * count + 7))),
            _ => Some((plus(today, 30 * count), plus(today, 30 * count + 30))),
        };
    }
    if any(tokens, &["tomorrow", "tommorow"]) {
        return Some(one(plus(today, 1)));
    }
    any(tokens, &["today", "tonight", "this morning|afternoon|evening"]).then(|| one(today))
}

/// "two weeks", "a couple of weeks", "a few weeks", "a week".
fn count_before(tokens: &[Token], numbers: &[Number], at: usize) -> i32 {
    if let Some(number) = numbers.iter().find(|n| n.to == at) {
        return i32::try_from(number.value.min(52)).unwrap_or(1);
    }
    let near = &tokens[at.saturating_sub(3)..at];
    if any(near, &["couple"]) {
        2
    } else if any(near, &["few"]) {
        3
    } else {
        1
    }
}

/// "December 3rd", "the third of December", "12/3", "the 14th", "early December".
fn by_calendar(tokens: &[Token], numbers: &[Number], today: Date) -> Option<Days> {
    for (at, token) in tokens.iter().enumerate() {
        let Some(month) = month(&token.word) else { continue };
        let after = numbers
            .iter()
            .find(|n| n.from == at + 1 || (n.from == at + 2 && tokens[at + 1].word == "the"));
        let before = numbers
            .iter()
            .find(|n| n.ordinal && (n.to == at || (n.to + 1 == at && tokens[n.to].word == "of")));
        if let Some(day) = after.or(before).and_then(|n| i8::try_from(n.value).ok())
            && let Some(date) = coming(month, day, today)
        {
            return Some(one(date));
        }
        // "may" and "march" are also verbs.
        let is_name = !matches!(token.word.as_str(), "may" | "march")
            || at > 0
                && matches!(
                    tokens[at - 1].word.as_str(),
                    "in" | "of" | "next" | "early" | "late" | "mid" | "until"
                );
        if is_name && let Some(first) = coming(month, 1, today.first_of_month()) {
            return Some(within_month(tokens, first, today));
        }
    }
    if let Some((month, day)) = numbers
        .windows(2)
        .find(|pair| pair[0].to == pair[1].from && tokens[pair[1].from].glue == Some('/'))
        .map(|pair| (pair[0].value, pair[1].value))
    {
        let date = coming(i8::try_from(month).ok()?, i8::try_from(day).ok()?, today)?;
        return Some(one(date));
    }
    let ordinal = numbers.iter().find(|n| is_day_of_month(tokens, n))?;
    let day = i8::try_from(ordinal.value).ok()?;
    (0..12).find_map(|months| {
        let month = today.first_of_month().checked_add(months.months()).ok()?;
        let date = Date::new(month.year(), month.month(), day).ok()?;
        (date >= today).then_some(one(date))
    })
}

/// "the 14th", but not "the first available", "a second", "the second one".
fn is_day_of_month(tokens: &[Token], number: &Number) -> bool {
    let next = tokens.get(number.to).map_or("", |t| t.word.as_str());
    let before = number.from.checked_sub(1).map_or("", |at| tokens[at].word.as_str());
    let other = matches!(
        next,
        "one"
            | "available"
            | "free"
            | "opening"
            | "appointment"
            | "thing"
            | "time"
            | "slot"
            | "of"
            | "name"
            | "week"
            | "choice"
            | "option"
            | "in"
            | "name's"
    );
    let small = number.value < 4
        && !matches!(before, "the")
        && !tokens[number.from].word.starts_with(char::is_numeric);
    let bare_small = number.value < 4
        && number.from < 2
        && tokens.len() < 4
        && !tokens[number.from].word.starts_with(char::is_numeric);
    number.ordinal && (1..=31).contains(&number.value) && !other && !small && !bare_small
        || before == "the" && !number.ordinal && (4..=31).contains(&number.value) && next.is_empty()
}

fn within_month(tokens: &[Token], first: Date, today: Date) -> Days {
    let last = plus(first.last_of_month(), 1);
    let from = first.max(plus(today, 1));
    if any(tokens, &["early|beginning", "start of", "first week"]) {
        (from, plus(first, 10))
    } else if any(tokens, &["mid|middle"]) {
        (plus(first, 9), plus(first, 20))
    } else if any(tokens, &["late|end", "last week"]) {
        (plus(first, 20), last)
    } else {
        (from, last)
    }
}

/// "next week", "Tuesday of next week", "next Tuesday", "this Friday".
fn by_week(tokens: &[Token], today: Date, named: &[Weekday]) -> Option<Days> {
    let monday = plus(today, -i32::from(today.weekday().to_monday_zero_offset()));
    let week = if any(tokens, &["week after next", "in two weeks"]) {
        Some(plus(monday, 14))
    } else if any(tokens, &["next week|weeks"]) {
        Some(plus(monday, 7))
    } else if any(tokens, &["this week"]) {
        Some(monday)
    } else {
        None
    };
    if let Some(week) = week {
        if let [day] = named {
            return Some(one(plus(week, i32::from(day.to_monday_zero_offset()))));
        }
        let (from, until) = if any(tokens, &["early|beginning", "start of", "first part"]) {
            (week, plus(week, 2))
        } else if any(tokens, &["late|end", "later"]) {
            (plus(week, 2), plus(week, 7))
        } else {
            (week, plus(week, 7))
        };
        return Some((from.max(plus(today, 1)).min(plus(until, -1)), until));
    }
    if any(tokens, &["next month"]) {
        let first = today.first_of_month().checked_add(1.month()).ok()?;
        return Some(within_month(tokens, first, today));
    }
    if any(tokens, &["this month"]) {
        return Some((plus(today, 1), plus(today.last_of_month(), 1)));
    }
    let [day] = named else { return None };
    let (_, at) = *weekdays(tokens).iter().find(|(found, _)| found == day)?;
    match at.checked_sub(1).map(|before| tokens[before].word.as_str()) {
        // "Next Thursday" is the one of next week, if this week's is still to come.
        Some("next") => {
            let coming = next(*day, today);
            let of_next_week = plus(monday, 7 + i32::from(day.to_monday_zero_offset()));
            Some(one(if coming < plus(monday, 7) { of_next_week } else { coming }))
        }
        Some("this") if today.weekday() == *day => Some(one(today)),
        _ => None,
    }
}

/// Days of the week that are ruled out: "not Friday", "I can't do Fridays", "Friday doesn't work".
fn avoided(tokens: &[Token]) -> Vec<Weekday> {
    let refused = |at: usize| {
        let before = &tokens[at.saturating_sub(4)..at];
        let after = &tokens[at + 1..tokens.len().min(at + 4)];
        any(
            before,
            &[
                "not on? $",
                "except $",
                "day|days|time|anything|any but $",
                "cant do|make|come ..1 $",
                "dont do ..1 $",
                "besides|avoid $",
            ],
        ) && !any(before, &["why not"])
            || any(
                after,
                &[
                    "^ doesnt|dont|wont|isnt|is work|good|great|possible|out|bad",
                    "^ is no|bad|out",
                    "^ are bad|out",
                ],
            )
    };
    weekdays(tokens).into_iter().filter(|(_, at)| refused(*at)).map(|(day, _)| day).collect()
}

/// The days of the week that are named, with their places.
pub(crate) fn weekdays(tokens: &[Token]) -> Vec<(Weekday, usize)> {
    let mut found: Vec<(Weekday, usize)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if let Some(day) = weekday(&token.word)
            && !found.iter().any(|(known, _)| *known == day)
        {
            found.push((day, at));
        }
    }
    found
}

fn plural(tokens: &[Token]) -> bool {
    tokens.iter().any(|t| t.word.ends_with("days") && weekday(&t.word).is_some())
        || any(
            tokens,
            &["any|every|a|some monday|tuesday|wednesday|thursday|friday|saturday|sunday"],
        )
}

fn weekday(word: &str) -> Option<Weekday> {
    // "Thursday's" and "Thursdays" alike.
    match word.strip_suffix('s').filter(|w| w.ends_with("day")).unwrap_or(word) {
        "monday" | "mon" => Some(Weekday::Monday),
        "tuesday" | "tues" | "tue" => Some(Weekday::Tuesday),
        "wednesday" | "weds" | "wensday" => Some(Weekday::Wednesday),
        "thursday" | "thurs" | "thur" | "thirsday" => Some(Weekday::Thursday),
        "friday" | "fri" => Some(Weekday::Friday),
        "saturday" => Some(Weekday::Saturday),
        "sunday" => Some(Weekday::Sunday),
        _ => None,
    }
}

fn next(day: Weekday, today: Date) -> Date {
    let ahead =
        i32::from(day.to_monday_zero_offset()) - i32::from(today.weekday().to_monday_zero_offset());
    plus(today, if ahead <= 0 { ahead + 7 } else { ahead })
}

fn coming(month: i8, day: i8, today: Date) -> Option<Date> {
    [today.year(), today.year().saturating_add(1)]
        .into_iter()
        .find_map(|year| Date::new(year, month, day).ok().filter(|date| *date >= today))
}

fn one(day: Date) -> Days {
    (day, plus(day, 1))
}

fn plus(day: Date, days: i32) -> Date {
    day.saturating_add(days.days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::tokens::tokens;
    use super::*;

    /// A Friday.
    const TODAY: Date = date(2026, 11, 20);

    fn heard(text: &str) -> When {
        let mut when = When::default();
        days(&tokens(text), TODAY, &mut when);
        when
    }

    #[track_caller]
    fn check(text: &str, from: Option<(i8, i8)>, until: Option<(i8, i8)>) {
        let day = |(month, day): (i8, i8)| date(if month < 11 { 2027 } else { 2026 }, month, day);
        let when = heard(text);
        assert_eq!((when.from, when.until), (from.map(day), until.map(day)), "{text:?}");
    }

    #[test]
    fn single_days() {
        for (text, month, day) in [
            ("Thursday", 11, 26),
            ("this Thursday", 11, 26),
            ("next Thursday", 11, 26),
            ("on Friday", 11, 27),
            ("today", 11, 20),
            ("this afternoon", 11, 20),
            ("tomorrow morning", 11, 21),
            ("the day after tomorrow", 11, 22),
            ("the 14th", 12, 14),
            ("the twenty fourth", 11, 24),
            ("the fourteenth", 12, 14),
            ("December 3rd", 12, 3),
            ("December third", 12, 3),
            ("the third of December", 12, 3),
            ("12/3", 12, 3),
            ("January 5", 1, 5),
            ("a week from Friday", 12, 4),
            ("two weeks from Monday", 12, 7),
            ("a week from today", 11, 27),
            ("Tuesday next week", 11, 24),
            ("next week on Wednesday", 11, 25),
            ("in 3 days", 11, 23),
            ("this Friday", 11, 20),
            ("Monday the 30th", 11, 30),
        ] {
            let wanted = date(if month < 11 { 2027 } else { 2026 }, month, day);
            let when = heard(text);
            assert_eq!((when.from, when.until), (Some(wanted), Some(plus(wanted, 1))), "{text:?}");
        }
    }

    #[test]
    fn stretches_of_days() {
        check("next week", Some((11, 23)), Some((11, 30)));
        check("early next week", Some((11, 23)), Some((11, 25)));
        check("the end of next week", Some((11, 25)), Some((11, 30)));
        check("the week after next", Some((11, 30)), Some((12, 7)));
        check("this week", Some((11, 21)), Some((11, 23)));
        check("next month", Some((12, 1)), Some((1, 1)));
        check("in December", Some((12, 1)), Some((1, 1)));
        check("in two weeks", Some((12, 4)), Some((12, 11)));
        check("after the 25th", Some((11, 26)), None);
        check("after Thanksgiving", None, None);
        check("before Wednesday", None, Some((11, 25)));
        check("sometime after Wednesday", Some((11, 26)), None);
        check("Monday or later", Some((11, 23)), None);
    }

    #[test]
    fn several_and_refused_days_of_the_week() {
        assert_eq!(heard("Tuesday or Wednesday").weekdays, [Weekday::Tuesday, Weekday::Wednesday]);
        assert_eq!(heard("Mondays are best").weekdays, [Weekday::Monday]);
        assert_eq!(heard("any day but Friday").avoid, [Weekday::Friday]);
        assert_eq!(heard("I can't do Fridays").avoid, [Weekday::Friday]);
        assert_eq!(heard("Friday doesn't work, Monday does").avoid, [Weekday::Friday]);
        assert_eq!(heard("Friday doesn't work, how about Monday?").from, Some(date(2026, 11, 23)));
        assert_eq!(
            heard("Tuesday or Thursday next week").weekdays,
            [Weekday::Tuesday, Weekday::Thursday]
        );
    }

    #[test]
    fn other_words_are_not_days() {
        for text in [
            "the first available",
            "one second",
            "the second one",
            "may I ask",
            "I may come",
            "yes",
            "the first one",
        ] {
            assert!(heard(text).is_empty(), "{text:?}: {:?}", heard(text));
        }
    }
}
