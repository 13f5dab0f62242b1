//! Times of day in Spanish: "a las tres y media", "antes de las diez", "diez para las nueve", "a la una de la tarde".

use super::super::tokens::Token;
use super::numbers::number_at;
use super::phrases::here;

/// A time of day as it was said: the words it takes in English, and the word after it.
pub(super) type Said = (Vec<String>, usize);

/// What stands before an hour, and what it means.
#[rustfmt::skip]
const LEADS: &[(&str, &str)] = &[
    ("mas tarde que|de las|la", "later than"), ("mas temprano|antes que las|la", "earlier than"),
    ("antes de las|la", "before"), ("despues|luego de las|la", "after"), ("pasadas|pasando las", "after"),
    ("a partir de las|la", "from"), ("desde las|la", "from"), ("hasta las|la", "until"),
    ("alrededor|cerca de las|la", "around"), ("a eso de las|la", "around"),
    ("como|tipo a las|la", "around"), ("mas o menos a las|la", "around"), ("sobre las|la", "around"),
    ("entre las|la?", "between"), ("y las|la", "and"), ("a las|la", "at"), ("de las|la", "from"),
    ("para las|la", "at"), ("las|la", "at"),
];

/// Reads the time of day that begins here.
pub(super) fn clock(heard: &[Token], at: usize) -> Option<Said> {
    if let Some(said) = from_to(heard, at) {
        return Some(said);
    }
    for (lead, english) in LEADS {
        if let Some(start) = here(heard, at, lead)
            && let Some((time, end)) = hour(heard, start, true)
        {
            let la = heard[start - 1].word == "la";
            // "la" goes with one o'clock alone: "la 14" is no time.
            if la && !time.starts_with("1:") && !time.starts_with("13:") {
                continue;
            }
            return Some(finish(heard, english, time, end));
        }
    }
    if let Some((time, end)) = minutes_to(heard, at) {
        return Some(finish(heard, "at", time, end));
    }
    let (time, end) = hour(heard, at, false)?;
    Some(finish(heard, "", time, end))
}

/// "de 9 a 11", "de nueve de la mañana a once".
fn from_to(heard: &[Token], at: usize) -> Option<Said> {
    let (from, end) = hour(heard, here(heard, at, "de|desde las|la?")?, true)?;
    let (mut words, end) = finish(heard, "between", from, end);
    let (until, end) = hour(heard, here(heard, end, "a|hasta las|la?")?, true)?;
    let (until, end) = finish(heard, "and", until, end);
    words.extend(until);
    Some((words, end))
}

/// Puts the words together, with the part of the day that follows.
fn finish(heard: &[Token], lead: &str, time: String, end: usize) -> Said {
    let mut words: Vec<String> = lead.split_whitespace().map(String::from).collect();
    words.push(time);
    let (half, end) = part_of_day(heard, end);
    words.extend(half.map(String::from));
    (words, end)
}

fn part_of_day(heard: &[Token], at: usize) -> (Option<&'static str>, usize) {
    const PARTS: &[(&str, &str)] = &[
        ("de|por|en la manana|madrugada", "am"),
        ("de|por|en la tarde|noche", "pm"),
        ("del mediodia|dia", "pm"),
        ("am", "am"),
        ("pm", "pm"),
        ("a m", "am"),
        ("p m", "pm"),
    ];
    PARTS
        .iter()
        .find_map(|(part, half)| here(heard, at, part).map(|end| (Some(*half), end)))
        .unwrap_or((None, at))
}

/// "las tres y media", "9:30", "nueve de la mañana". Unled, only what is surely a time.
fn hour(heard: &[Token], at: usize, led: bool) -> Option<(String, usize)> {
    let token = heard.get(at)?;
    if let Some((hour, minute)) = token.word.split_once([':', '.']) {
        let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
        return Some((written(hour, minute)?, horas(heard, at + 1)));
    }
    let (hour, end) = match (token.word.as_str(), number_at(heard, at)) {
        ("una", _) if led => (1, at + 1),
        (_, Some(number)) if number.digits.len() <= 2 => (number.value, number.to),
        (_, Some(number)) if led && matches!(number.digits.len(), 3 | 4) => {
            return Some((written(number.value / 100, number.value % 100)?, number.to));
        }
        _ => return None,
    };
    if !(1..=23).contains(&hour) {
        return None;
    }
    if let Some((minute, end)) = said_minutes(heard, end) {
        let (hour, minute) = if minute < 0 { (before(hour), 60 + minute) } else { (hour, minute) };
        return Some((written(hour, u32::try_from(minute).ok()?)?, horas(heard, end)));
    }
    let bare = number_at(heard, end).filter(|n| led && n.digits.len() == 2 && n.value < 60);
    if let Some(minute) = bare {
        return Some((written(hour, minute.value)?, horas(heard, minute.to)));
    }
    let sure = part_of_day(heard, end).0.is_some() || here(heard, end, "en punto").is_some();
    let counts =
        here(heard, end, "citas|personas|semanas|dias|meses|anos|ultimas|primeras|opciones");
    (led && counts.is_none() || sure).then_some((written(hour, 0)?, horas(heard, end)))
}

/// "y media", "y cuarto", "y veinte", "menos cuarto": negative before the hour.
fn said_minutes(heard: &[Token], at: usize) -> Option<(i32, usize)> {
    for (words, minutes) in [("y media", 30), ("y cuarto", 15), ("menos un? cuarto", -15)] {
        if let Some(end) = here(heard, at, words) {
            return Some((minutes, end));
        }
    }
    let sign = match heard.get(at)?.word.as_str() {
        "y" => 1,
        "menos" => -1,
        _ => return None,
    };
    let number = number_at(heard, at + 1).filter(|n| (1..60).contains(&n.value))?;
    // "a las 9 y 11" may be two times; minutes that people say are fives, or follow "menos".
    let minutes = i32::try_from(number.value).ok()?;
    (sign < 0 || minutes % 5 == 0 && minutes >= 10 || minutes == 5)
        .then_some((sign * minutes, number.to))
}

/// "cuarto para las tres", "diez para las nueve".
fn minutes_to(heard: &[Token], at: usize) -> Option<(String, usize)> {
    let (minutes, end) = match here(heard, at, "un? cuarto") {
        Some(end) => (15, end),
        None => {
            number_at(heard, at).map(|n| (n.value, n.to)).filter(|(n, _)| (1..30).contains(n))?
        }
    };
    let start = here(heard, end, "para las|la")?;
    let number = number_at(heard, start).map(|n| (n.value, n.to));
    let (hour, end) = number
        .or_else(|| here(heard, start, "una").map(|end| (1, end)))
        .filter(|(h, _)| *h <= 12)?;
    Some((written(before(hour), 60 - minutes)?, end))
}

fn before(hour: u32) -> u32 {
    if hour == 1 { 12 } else { hour - 1 }
}

fn horas(heard: &[Token], at: usize) -> usize {
    here(heard, at, "en punto").or_else(|| here(heard, at, "horas|hrs")).unwrap_or(at)
}

fn written(hour: u32, minute: u32) -> Option<String> {
    (hour < 24 && minute < 60).then(|| format!("{hour}:{minute:02}"))
}
