//! The rules of [`super::to_spoken`], in the order in which they apply.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::numbers::{cardinal, digit_groups, digits, ordinal, year};

/// A pattern and what is said for it; `None` leaves the text as it is.
pub(super) struct Rule {
    pattern: Regex,
    say: Say,
}

type Say = fn(&Captures<'_>) -> Option<String>;

impl Rule {
    /// Says every match.
    pub(super) fn apply(&self, text: &str) -> String {
        let say = |found: &Captures<'_>| (self.say)(found).unwrap_or_else(|| found[0].to_owned());
        self.pattern.replace_all(text, say).into_owned()
    }
}

/// All of them.
pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let table: &[(&str, Say)] = &[
        (r"[*_`“”‘’—–…\u{00a0}]", sign),
        (r"\b([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)\b", mail),
        (r"\b(Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun)\b(\.?)", weekday),
        (r"\b(Dr|St)\.? ([A-Z])", title),
        (r"\b(Mr|Mrs|Ms|Prof)\b\.?", title),
        (r"\b(Jr|Sr|St|Dr|Ave|Blvd|Rd|Ste|Apt|appt|approx)\b(\.)(\s+[A-Z]|\s*$)?", place),
        (r"\b[A-Za-z](?:-[A-Za-z]){2,}\b", letters),
        (r"(?:(\+?1)[ .-]?)?(?:\((\d{3})\) ?|\b(\d{3})[ .-]?)(\d{3})[ .-]?(\d{4})\b", telephone),
        (r"(?:\+1)(\d{3})(\d{3})(\d{4})\b", telephone_e164),
        (r"\b(\d{3})-(\d{4})\b", telephone_local),
        (r"(?i)\b(?:extension|ext\.?)\s*(?:number\s+)?(\d{1,6})\b", extension),
        (r",? ?\bx(\d{2,6})\b", extension_after),
        (r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b", date_iso),
        (r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b", date_us),
        (r"\b24/7\b", always),
        (r"\b(\d{1,2})/(\d{1,2})\b", date_short),
        (r"\$ ?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d\d)\b)?", money),
        (r"\b(\d{1,2}(?::\d\d)?)\s?-\s?(\d{1,2}(?::\d\d)?\s?[AaPp]\.?[Mm])", range),
        (r"(?i)(\d\s?[ap]\.?m\.?|\d:\d\d)\s?-\s?(\d)", time_range),
        (r"\b(\d{1,2})(?::([0-5]\d))?\s?([AaPp])\.?[Mm]\b(\.\s+[A-Z]|\.\s*$)?\.?", time),
        (r"\b(\d{1,2}):([0-5]\d)\b", clock),
        (&format!(r"\b({MONTHS})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}})\b)?"), date),
        (r"\b(?:911|988)\b", emergency),
        (
            r"(?i)\b(room|zip|zip code|(?:confirmation|member|record|reference|case|account|policy|group) (?:number|no\.?))\s+(?:is\s+)?(\d{3,})\b",
            numbered,
        ),
        (r"\bIDs?\b", id),
        (r"\b[A-Z0-9]+(?:-[A-Z0-9]+)*\b", mixed),
        (r"\b(\d{1,3}(?:,\d{3})+|\d{1,9})(?:st|nd|rd|th)\b", nth),
        (r"(?i)\b(\d+(?:[.,]\d+)?)\s?(mg|mcg|ml|kg|lbs?|cm|hrs?|min)\b", unit),
        (r"(\d)\s?%", percent),
        (r"#\s?(\d)", hash),
        (r"\b(\d{1,3}(?:,\d{3})+|\d+)\.(\d+)\b", decimal),
        (r"\b(\d+)\s?-\s?(\d+)\b", range),
        (r"\b\d{1,3}(?:,\d{3})+\b", with_commas),
        (r"\b(?:19|20)\d\d\b", year_alone),
        (r"[0-9]+", integer),
        (r"(\w)\s?&\s?(\w)", ampersand),
        (r"\b([A-Za-z]+)/([A-Za-z]+)\b", slash),
        (r"\s-+\s", dash),
        (r"°\s?([FC])\b", degrees),
        (r"[+=@°]", symbol),
    ];
    let rule = |&(pattern, say): &(&str, Say)| Rule {
        pattern: Regex::new(pattern).expect("every test runs every pattern"),
        say,
    };
    table.iter().map(rule).collect()
});

const MONTHS: &str = "January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec";
const MONTH_NAMES: [&str; 12] = [
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

fn number(text: &str) -> Option<u64> {
    text.replace(',', "").parse().ok()
}

fn sign(found: &Captures<'_>) -> Option<String> {
    let said = match &found[0] {
        "“" | "”" => "\"",
        "‘" | "’" => "'",
        "—" => ", ",
        "–" => "-",
        "…" => "...",
        "\u{00a0}" => " ",
        _ => "",
    };
    Some(said.to_owned())
}

fn mail(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} at {}", found[1].replace('.', " dot "), found[2].replace('.', " dot ")))
}

fn weekday(found: &Captures<'_>) -> Option<String> {
    let name = match &found[1] {
        "Mon" => "Monday",
        "Tue" | "Tues" => "Tuesday",
        "Wed" => "Wednesday",
        "Fri" => "Friday",
        // These are words of their own as well.
        "Sat" if &found[2] == "." => "Saturday",
        "Sun" if &found[2] == "." => "Sunday",
        "Sat" | "Sun" => return None,
        _ => "Thursday",
    };
    Some(name.to_owned())
}

fn title(found: &Captures<'_>) -> Option<String> {
    let next = found.get(2).map_or("", |next| next.as_str());
    Some(match &found[1] {
        "Dr" => format!("Doctor {next}"),
        "St" => format!("Saint {next}"),
        "Mr" => "Mister".to_owned(),
        "Mrs" => "Missus".to_owned(),
        "Ms" => "Miz".to_owned(),
        _ => "Professor".to_owned(),
    })
}

/// Abbreviations whose stop may end the sentence as well: it does before a capital and at the end.
fn place(found: &Captures<'_>) -> Option<String> {
    let word = match &found[1] {
        "Jr" => "Junior",
        "Sr" => "Senior",
        "St" => "Street",
        "Dr" => "Drive",
        "Ave" => "Avenue",
        "Blvd" => "Boulevard",
        "Rd" => "Road",
        "Ste" => "Suite",
        "Apt" => "Apartment",
        "appt" => "appointment",
        _ => "approximately",
    };
    Some(found.get(3).map_or(word.to_owned(), |after| format!("{word}.{}", after.as_str())))
}

fn letters(found: &Captures<'_>) -> Option<String> {
    Some(found[0].to_uppercase().replace('-', ", "))
}

fn telephone(found: &Captures<'_>) -> Option<String> {
    let area = found.get(2).or(found.get(3))?;
    let country = if found.get(1).is_some() { "one, " } else { "" };
    Some(format!(
        "{country}{}, {}, {}",
        digits(area.as_str()),
        digits(&found[4]),
        digits(&found[5])
    ))
}

fn telephone_e164(found: &Captures<'_>) -> Option<String> {
    Some(format!("one, {}, {}, {}", digits(&found[1]), digits(&found[2]), digits(&found[3])))
}

fn telephone_local(found: &Captures<'_>) -> Option<String> {
    Some(format!("{}, {}", digits(&found[1]), digits(&found[2])))
}

fn extension(found: &Captures<'_>) -> Option<String> {
    Some(format!("extension {}", digits(&found[1])))
}

fn extension_after(found: &Captures<'_>) -> Option<String> {
    Some(format!(", extension {}", digits(&found[1])))
}

fn month_and_day(month: &str, day: &str) -> Option<String> {
    let month = number(month).filter(|n| (1..=12).contains(n))?;
    let day = number(day).filter(|n| (1..=31).contains(n))?;
    Some(format!("{} {}", MONTH_NAMES[month as usize - 1], ordinal(day)))
}

fn date_iso(found: &Captures<'_>) -> Option<String> {
    Some(format!("{}, {}", month_and_day(&found[2], &found[3])?, year(number(&found[1])?)))
}

fn date_us(found: &Captures<'_>) -> Option<String> {
    Some(format!("{}, {}", month_and_day(&found[1], &found[2])?, year(number(&found[3])?)))
}

fn always(_: &Captures<'_>) -> Option<String> {
    Some("twenty four seven".to_owned())
}

fn date_short(found: &Captures<'_>) -> Option<String> {
    month_and_day(&found[1], &found[2]).or_else(|| {
        Some(format!("{} of {}", cardinal(number(&found[1])?), cardinal(number(&found[2])?)))
    })
}

fn date(found: &Captures<'_>) -> Option<String> {
    let name = &found[1];
    let month = MONTH_NAMES.iter().find(|month| month.starts_with(&name[..3]))?;
    let day = number(&found[2]).filter(|n| (1..=31).contains(n))?;
    let day = format!("{month} {}", ordinal(day));
    match found.get(3).and_then(|y| number(y.as_str())) {
        Some(y) => Some(format!("{day}, {}", year(y))),
        None => Some(day),
    }
}

fn money(found: &Captures<'_>) -> Option<String> {
    let dollars = number(&found[1])?;
    let cents = found.get(2).and_then(|cents| number(cents.as_str())).unwrap_or(0);
    let many =
        |n: u64, one: &str| format!("{} {one}{}", cardinal(n), if n == 1 { "" } else { "s" });
    Some(match (dollars, cents) {
        (0, 1..) => many(cents, "cent"),
        (_, 0) => many(dollars, "dollar"),
        _ => format!("{} and {}", many(dollars, "dollar"), many(cents, "cent")),
    })
}

fn range(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} to {}", &found[1], &found[2]))
}

fn time_range(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} to {}", &found[1], &found[2]))
}

fn minutes(minutes: &str) -> String {
    match number(minutes) {
        None | Some(0) => String::new(),
        Some(n @ 1..10) => format!(" oh {}", cardinal(n)),
        Some(n) => format!(" {}", cardinal(n)),
    }
}

fn time(found: &Captures<'_>) -> Option<String> {
    let hour = number(&found[1]).filter(|n| (1..=12).contains(n))?;
    let past = minutes(found.get(2).map_or("", |m| m.as_str()));
    let morning = found[3].eq_ignore_ascii_case("a");
    // "a.m." before a capital or at the end closes the sentence too.
    let end = found.get(4).map_or("", |end| end.as_str());
    let half = match (hour, past.as_str(), morning) {
        (12, "", true) => "midnight",
        (12, "", false) => "noon",
        (_, _, true) => "A M",
        (_, _, false) => "P M",
    };
    Some(format!("{}{past} {half}{end}", cardinal(hour)))
}

fn clock(found: &Captures<'_>) -> Option<String> {
    let hour = number(&found[1]).filter(|n| *n < 24)?;
    match number(&found[2])? {
        0 => Some(format!("{} o'clock", cardinal(hour))),
        _ => Some(format!("{}{}", cardinal(hour), minutes(&found[2]))),
    }
}

fn emergency(found: &Captures<'_>) -> Option<String> {
    Some(digits(&found[0]))
}

fn numbered(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} {}", &found[1], digit_groups(&found[2])))
}

fn id(found: &Captures<'_>) -> Option<String> {
    Some(if found[0].ends_with('s') { "I Ds" } else { "I D" }.to_owned())
}

/// Letters and digits mixed, as in member numbers.
fn mixed(found: &Captures<'_>) -> Option<String> {
    let text = &found[0];
    if !text.contains(|c: char| c.is_ascii_digit())
        || !text.contains(|c: char| c.is_ascii_uppercase())
    {
        return None;
    }
    let runs = runs(text);
    let short = runs.len() == 2 && runs[1].len() <= 2;
    let said: Vec<String> = runs
        .iter()
        .map(|run| match run.parse::<u64>() {
            Ok(n) if run.len() <= 2 && !run.starts_with('0') => cardinal(n),
            Ok(_) | Err(_) if run.starts_with(|c: char| c.is_ascii_digit()) => digit_groups(run),
            // "COVID" is a word, "BX" is two letters.
            _ if run.len() > 3 => (*run).to_owned(),
            _ => run.chars().map(String::from).collect::<Vec<_>>().join(" "),
        })
        .collect();
    let long =
        runs.iter().any(|run| run.len() > 2 && run.starts_with(|c: char| c.is_ascii_digit()));
    Some(said.join(if long && !short { ", " } else { " " }))
}

/// Cuts at dashes and where letters and digits meet.
fn runs(text: &str) -> Vec<&str> {
    let mut runs = Vec::new();
    for part in text.split('-').filter(|part| !part.is_empty()) {
        let mut start = 0;
        for (at, pair) in part.as_bytes().windows(2).enumerate() {
            if pair[0].is_ascii_digit() != pair[1].is_ascii_digit() {
                runs.push(&part[start..=at]);
                start = at + 1;
            }
        }
        runs.push(&part[start..]);
    }
    runs
}

fn nth(found: &Captures<'_>) -> Option<String> {
    number(&found[1]).map(ordinal)
}

fn unit(found: &Captures<'_>) -> Option<String> {
    let one = &found[1] == "1";
    let name = match found[2].to_ascii_lowercase().as_str() {
        "mg" => "milligram",
        "mcg" => "microgram",
        "ml" => "milliliter",
        "kg" => "kilogram",
        "lb" | "lbs" => "pound",
        "cm" => "centimeter",
        "hr" | "hrs" => "hour",
        _ => "minute",
    };
    Some(format!("{} {name}{}", &found[1], if one { "" } else { "s" }))
}

fn percent(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} percent", &found[1]))
}

fn hash(found: &Captures<'_>) -> Option<String> {
    Some(format!("number {}", &found[1]))
}

fn decimal(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} point {}", whole(&found[1]), digits(&found[2])))
}

fn with_commas(found: &Captures<'_>) -> Option<String> {
    Some(whole(&found[0]))
}

fn year_alone(found: &Captures<'_>) -> Option<String> {
    number(&found[0]).map(year)
}

fn integer(found: &Captures<'_>) -> Option<String> {
    Some(whole(&found[0]))
}

/// A number as such, unless it is too long to be one.
fn whole(text: &str) -> String {
    let plain = text.replace(',', "");
    let code = plain.len() > 1 && plain.starts_with('0') || text.len() > 4 && !text.contains(',');
    match number(&plain) {
        Some(n) if !code => cardinal(n),
        _ => digit_groups(&plain),
    }
}

fn ampersand(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} and {}", &found[1], &found[2]))
}

fn degrees(found: &Captures<'_>) -> Option<String> {
    let scale = if &found[1] == "F" { "Fahrenheit" } else { "Celsius" };
    Some(format!(" degrees {scale}"))
}

fn symbol(found: &Captures<'_>) -> Option<String> {
    let word = match &found[0] {
        "+" => "plus",
        "=" => "equals",
        "@" => "at",
        _ => "degrees",
    };
    Some(format!(" {word} "))
}

fn dash(_: &Captures<'_>) -> Option<String> {
    Some(", ".to_owned())
}

fn slash(found: &Captures<'_>) -> Option<String> {
    let or = if found[0].eq_ignore_ascii_case("and/or") { " " } else { " or " };
    Some(format!("{}{or}{}", &found[1], &found[2]))
}
