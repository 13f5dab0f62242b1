//! Telephone numbers, member ids, spelled letters, addresses of the web, in English.

use regex::Captures;

use super::super::rule::{group, runs};
use super::numbers::{cardinal, digit_groups, digits};

/// What is said letter by letter though it could be a word, or is short for something.
const SPELLED: &[&str] = &[
    "AED", "AIDS", "BMI", "CDC", "CEO", "COPD", "CPAP", "CPR", "CT", "DMV", "DNA", "ECG", "EEG",
    "EHR", "EKG", "EMR", "EMS", "ENT", "EOB", "ER", "EU", "FAQ", "FDA", "FSA", "GI", "GP", "HIV",
    "HMO", "HPV", "HR", "HSA", "ICU", "IUD", "IV", "LLC", "MD", "MRI", "NP", "OB", "OTC", "PA",
    "PCP", "PPO", "PSA", "PTO", "PTSD", "RN", "RSV", "STD", "TB", "TV", "UK", "URL", "US", "USA",
    "UTI", "VA",
];
/// Those of [`SPELLED`] that are words after all.
const WORDS: &[&str] = &["AIDS", "CPAP"];

/// "J.K. Lee", "M.D.", "U.S."
pub(super) fn initials(found: &Captures<'_>) -> Option<String> {
    let letters: Vec<String> = found[1].chars().filter(|c| *c != '.').map(String::from).collect();
    let end = found.get(2).map_or(String::new(), |after| {
        // A name goes on after its initials; a degree ends what it stands in.
        let degree = matches!(letters.concat().as_str(), "MD" | "PA" | "US" | "RN" | "DO" | "PHD");
        let stop = degree || after.as_str().trim().is_empty();
        format!("{}{}", if stop { "." } else { "" }, after.as_str())
    });
    Some(format!("{}{end}", letters.join(" ")))
}

pub(super) fn capitals(found: &Captures<'_>) -> Option<String> {
    let word = &found[0];
    let (stem, plural) = word.strip_suffix('s').map_or((word, ""), |stem| (stem, "s"));
    let no_vowel = !stem.contains(['A', 'E', 'I', 'O', 'U', 'Y']) && stem.len() > 1;
    let spelled = SPELLED.contains(&stem) && !WORDS.contains(&stem);
    if !no_vowel && !spelled {
        return None;
    }
    let letters: Vec<String> = stem.chars().map(String::from).collect();
    Some(format!("{}{plural}", letters.join(" ")))
}

pub(super) fn known_word(found: &Captures<'_>) -> Option<String> {
    Some(
        match &found[0] {
            "DOB" => "date of birth",
            "SSN" => "social security number",
            "Rx" => "prescription",
            "OB-GYN" | "OB/GYN" | "OBGYN" => "O B G Y N",
            "A1c" | "A1C" => "A one C",
            _ => return None,
        }
        .to_owned(),
    )
}

fn web_words(text: &str) -> String {
    let mut said = String::new();
    for c in text.chars() {
        match c {
            '.' => said += " dot ",
            '-' => said += " dash ",
            '_' => said += " underscore ",
            '/' => said += " slash ",
            '+' => said += " plus ",
            ':' => said += " colon ",
            c if c.is_ascii_digit() => said += &format!(" {} ", digits(&c.to_string())),
            c => said.push(c),
        }
    }
    said
}

pub(super) fn mail(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} at {}", web_words(&found[1]), web_words(&found[2])))
}

/// "www.cedar.example/portal"
pub(super) fn site(found: &Captures<'_>) -> Option<String> {
    let www = if found.get(1).is_some() { "w w w dot " } else { "" };
    let path = group(found, 3).trim_end_matches('/');
    Some(format!(" {www}{}{}", web_words(&found[2]), web_words(path)))
}

pub(super) fn letters(found: &Captures<'_>) -> Option<String> {
    let named = |letter: &str| {
        let letter = letter.to_uppercase();
        let (plain, mark) = match letter.as_str() {
            "Á" => ("A", "accent"),
            "É" => ("E", "accent"),
            "Í" => ("I", "accent"),
            "Ó" => ("O", "accent"),
            "Ú" => ("U", "accent"),
            "Ü" => ("U", "umlaut"),
            "Ö" => ("O", "umlaut"),
            "Ä" => ("A", "umlaut"),
            "Ñ" => ("N", "tilde"),
            "Ç" => ("C", "cedilla"),
            _ => return letter,
        };
        format!("{plain} with {} {mark}", if mark.starts_with(['a', 'u']) { "an" } else { "a" })
    };
    Some(found[0].split('-').map(named).collect::<Vec<_>>().join(", "))
}

/// "eight hundred" for a free number's area, digits else.
fn area(text: &str) -> String {
    if text == "800" { "eight hundred".to_owned() } else { digits(text) }
}

pub(super) fn telephone(found: &Captures<'_>) -> Option<String> {
    let code = found.get(2).or(found.get(3))?;
    let country = if found.get(1).is_some() { "one, " } else { "" };
    Some(format!("{country}{}, {}, {}", area(code.as_str()), digits(&found[4]), digits(&found[5])))
}

pub(super) fn telephone_e164(found: &Captures<'_>) -> Option<String> {
    Some(format!("one, {}, {}, {}", area(&found[1]), digits(&found[2]), digits(&found[3])))
}

pub(super) fn telephone_local(found: &Captures<'_>) -> Option<String> {
    Some(format!("{}, {}", digits(&found[1]), digits(&found[2])))
}

/// "1-800-DOCTORS"
pub(super) fn telephone_word(found: &Captures<'_>) -> Option<String> {
    Some(format!("one, {}, {}", area(&found[1]), found[2].replace('-', " ")))
}

pub(super) fn extension(found: &Captures<'_>) -> Option<String> {
    Some(format!("extension {}", digits(&found[1])))
}

pub(super) fn extension_after(found: &Captures<'_>) -> Option<String> {
    Some(format!(", extension {}", digits(&found[1])))
}

pub(super) fn emergency(found: &Captures<'_>) -> Option<String> {
    Some(digits(&found[0]))
}

pub(super) fn numbered(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} {}{}", &found[1], group(found, 2), digit_groups(&found[3])))
}

/// "123-45-6789": groups as they are written.
pub(super) fn dashed(found: &Captures<'_>) -> Option<String> {
    Some(found[0].split('-').map(digit_groups).collect::<Vec<_>>().join(", "))
}

pub(super) fn id(found: &Captures<'_>) -> Option<String> {
    Some(if found[0].ends_with('s') { "I Ds" } else { "I D" }.to_owned())
}

/// Letters and digits mixed, as in member numbers.
pub(super) fn mixed(found: &Captures<'_>) -> Option<String> {
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
