//! Dates in Spanish: "9 de marzo de 1984", "nueve del tres del ochenta y cuatro", "el viernes 27", "el catorce".

use super::super::numbers::Number;
use super::super::tokens::Token;
use super::numbers::number_at;
use super::phrases::here;

#[rustfmt::skip]
const MONTHS: [(&str, &str); 13] = [
    ("enero", "january"), ("febrero", "february"), ("marzo", "march"), ("abril", "april"), ("mayo", "may"),
    ("junio", "june"), ("julio", "july"), ("agosto", "august"), ("septiembre", "september"),
    ("octubre", "october"), ("noviembre", "november"), ("diciembre", "december"), ("setiembre", "september"),
];

/// Returns the English name of a day of the week.
pub(super) fn weekday(word: &str) -> Option<&'static str> {
    Some(match word {
        "lunes" => "monday",
        "martes" => "tuesday",
        "miercoles" => "wednesday",
        "jueves" => "thursday",
        "viernes" => "friday",
        "sabado" | "sabados" => "saturday",
        "domingo" | "domingos" => "sunday",
        _ => return None,
    })
}

fn month(word: &str) -> Option<&'static str> {
    MONTHS.iter().find(|(name, _)| *name == word).map(|(_, english)| *english)
}

fn month_number(number: u32) -> Option<&'static str> {
    usize::try_from(number).ok()?.checked_sub(1).and_then(|index| MONTHS.get(index)).map(|m| m.1)
}

/// Reads the date that begins here: its words in English, and the word after it.
pub(super) fn date(heard: &[Token], at: usize) -> Option<(Vec<String>, usize)> {
    calendar(heard, at).or_else(|| day_of_month(heard, at)).or_else(|| by_weekday(heard, at))
}

/// "el 9 de marzo", "primero de mayo de 1999", "marzo 9", "9/3", "nueve del tres del ochenta y cuatro", "en marzo".
fn calendar(heard: &[Token], at: usize) -> Option<(Vec<String>, usize)> {
    let start = here(heard, at, "el? dia?").unwrap_or(at);
    if let Some((day, end)) = day(heard, start) {
        let of = here(heard, end, "de|del mes? de?").unwrap_or(end);
        if let Some(name) = heard.get(of).and_then(|t| month(&t.word)) {
            return Some((vec![name.into(), day.to_string()], year_follows(heard, of + 1)));
        }
        if of > end
            && let Some(number) = number_at(heard, of).filter(|n| n.value <= 12)
            && let Some(name) = month_number(number.value)
            && year_follows(heard, number.to) > number.to
        {
            return Some((vec![name.into(), day.to_string()], year_follows(heard, number.to)));
        }
        if let Some(number) = slashed(heard, end)
            && let Some(name) = month_number(number.value)
        {
            return Some((vec![name.into(), day.to_string()], number.to));
        }
    }
    let name = month(&heard.get(at)?.word)?;
    if is_a_name(heard, at) {
        return None;
    }
    match number_at(heard, here(heard, at + 1, "el").unwrap_or(at + 1)).filter(|n| n.value <= 31) {
        Some(day) if day.value > 0 => {
            Some((vec![name.into(), day.value.to_string()], year_follows(heard, day.to)))
        }
        _ => Some((vec!["in".into(), name.into()], year_follows(heard, at + 1))),
    }
}

/// "Julio Domínguez" is a person; a month has no capital, unless it begins a sentence.
pub(super) fn is_a_name(heard: &[Token], at: usize) -> bool {
    let token = &heard[at];
    let begins = at == 0 || heard[at - 1].sentence != token.sentence;
    let named = |t: &Token| {
        t.capital && t.clause == token.clause && t.word.chars().all(char::is_alphabetic)
    };
    token.capital && (!begins || heard.get(at + 1).is_some_and(named))
}

/// The month of "9/3": no year follows it.
fn slashed(heard: &[Token], at: usize) -> Option<Number> {
    let glued = |at: usize| heard.get(at).is_some_and(|t| matches!(t.glue, Some('/' | '-')));
    let month = number_at(heard, at).filter(|_| glued(at))?;
    (month.value <= 12 && !glued(month.to)).then_some(month)
}

/// "9", "nueve", "primero", "1ro".
fn day(heard: &[Token], at: usize) -> Option<(u32, usize)> {
    if let Some(end) = here(heard, at, "primero|primer|1ro|1o") {
        return Some((1, end));
    }
    let number =
        number_at(heard, at).filter(|n| (1..=31).contains(&n.value) && n.digits.len() <= 2)?;
    Some((number.value, here(heard, number.to, "ro|o|ero|º").unwrap_or(number.to)))
}

/// Skips what joins a date to its year: "de", "del", "del año".
fn year_follows(heard: &[Token], at: usize) -> usize {
    let joined = here(heard, at, "de|del ano?").or_else(|| here(heard, at, "ano"));
    let year = joined.and_then(|at| number_at(heard, at));
    match (joined, year) {
        (Some(joined), Some(year)) if year.value > 31 || year.digits.len() >= 2 => joined,
        _ => at,
    }
}

/// "el catorce", "el día 14", "al 14", "después del 25": a day of the month.
fn day_of_month(heard: &[Token], at: usize) -> Option<(Vec<String>, usize)> {
    let start = here(heard, at, "el|al|del dia?").or_else(|| here(heard, at, "dia"))?;
    let (day, end) = day(heard, start)?;
    let counts = "por|semanas|dias|meses|anos|minutos|horas|de|del";
    let glued = heard.get(end).is_some_and(|t| t.glue.is_some());
    let figures = number_at(heard, end).is_some();
    if here(heard, end, counts).is_some() && here(heard, end, "de|por la").is_none()
        || glued
        || figures
        || heard.get(start).is_some_and(|t| t.word.starts_with("primer"))
    {
        return None;
    }
    let mut words: Vec<String> = Vec::new();
    if heard[at].word == "al" {
        words.push("to".into());
    }
    words.extend(["the".into(), format!("{day}th")]);
    Some((words, end))
}

/// "el próximo martes", "el martes que viene", "cita del jueves", "los martes", "el viernes 27".
fn by_weekday(heard: &[Token], at: usize) -> Option<(Vec<String>, usize)> {
    const LEADS: &[(&str, &str)] = &[
        ("cita|consulta|visita|turno del|de el? proximo?", "'s appointment"),
        ("cita|consulta|visita|turno de este|ese", "'s appointment"),
        ("cita|consulta|visita|turno que tengo|tenia el|este", "'s appointment"),
        ("el? proximo|siguiente", "next"),
        ("al proximo|siguiente", "to next"),
        ("este|ese", "this"),
        ("cualquier", "any"),
        ("un|algun", "a"),
        ("todos? los", "s"),
        ("del", "from"),
        ("al", "to"),
        ("el", ""),
        ("", ""),
    ];
    let (lead, english, start) = LEADS.iter().find_map(|(lead, english)| {
        let start = here(heard, at, lead)?;
        weekday(&heard.get(start)?.word).map(|_| (*lead, *english, start))
    })?;
    let name = weekday(&heard[start].word)?;
    if lead.is_empty() && is_a_name(heard, start) && name == "sunday" {
        return None;
    }
    let mut words: Vec<String> = Vec::new();
    let mut end = start + 1;
    let coming = here(heard, end, "que viene|entra|sigue")
        .or_else(|| here(heard, end, "proximo|siguiente|entrante|venidero"));
    if let Some(after) = coming {
        end = after;
        words.push("next".into());
    }
    match english {
        "'s appointment" => {
            words.extend([name.to_string(), "appointment".into()]);
        }
        "s" => words.push(format!("{name}s")),
        lead => {
            let said: Vec<String> = lead.split_whitespace().map(String::from).collect();
            words.splice(0..0, said);
            words.push(name.into());
        }
    }
    // "el viernes 27": the day of the month, unless a month or a time follows.
    if let Some((day, after)) = day(heard, end)
        && here(heard, after, "de|del").is_none_or(|of| {
            heard.get(of).is_none_or(|t| month(&t.word).is_none() && t.word != "la")
        })
        && here(heard, after, "y|menos|am|pm|por|de").is_none()
        && !heard[end].word.contains(':')
    {
        words.push(format!("{day}th"));
        end = after;
    }
    Some((words, end))
}
