//! Spanish words, brought to one way of writing: without accents, numbers as figures.

/// Words that are written in several ways: all become the first.
const SAME: &[(&str, &str)] =
    &[("dr", "doctor"), ("dra", "doctora"), ("sr", "senor"), ("sra", "senora")];

#[rustfmt::skip]
const SMALL: [&str; 30] = [
    "cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "trece",
    "catorce", "quince", "dieciseis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiuno", "veintidos",
    "veintitres", "veinticuatro", "veinticinco", "veintiseis", "veintisiete", "veintiocho", "veintinueve",
];
const TENS: [&str; 7] =
    ["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"];
#[rustfmt::skip]
const HUNDREDS: [&str; 9] = [
    "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos", "setecientos", "ochocientos",
    "novecientos",
];

/// Returns the text without accents, in lower case.
pub(super) fn plain(text: &str) -> String {
    let bare = |c: char| match c {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        other => other,
    };
    text.to_lowercase().chars().map(bare).collect()
}

/// The one way to write a word.
pub(super) fn same(word: &str) -> &str {
    SAME.iter().find(|(other, _)| *other == word).map_or(word, |(_, one)| one)
}

/// A word by its sound in America: what is spelled in two ways and said in one is no error ("Okafor", "Ocafor").
fn sound(word: &str) -> String {
    let word = word.replace("qu", "k").replace("ce", "se").replace("ci", "si").replace("ch", "x");
    let word = word.replace("ll", "y").replace("ge", "je").replace("gi", "ji").replace('h', "");
    let one = |c: char| match c {
        'c' => 'k',
        'v' => 'b',
        'z' => 's',
        c => c,
    };
    let mut letters: Vec<char> = word.chars().map(one).collect();
    letters.dedup();
    letters.into_iter().collect()
}

/// Turns number words into the digits that are written for them, one word a digit.
pub(super) fn digits(words: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let word = words[at].as_str();
        let before = at.checked_sub(1).and_then(|n| words.get(n)).map(String::as_str);
        let after_number = out.last().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        // "las 8 y 40 y 5": 8:45, however it is written.
        let joins = word == "y" && after_number && {
            let next = words.get(at + 1).map(String::as_str).unwrap_or_default();
            next.bytes().all(|b| b.is_ascii_digit()) && !next.is_empty()
                || number(&words[at + 1..]).is_some()
        };
        // "nueve y media", "nueve y cuarto": parts of an hour.
        let part = match words.get(at + 1).map(String::as_str) {
            Some("media") => Some("30"),
            Some("cuarto") => Some("15"),
            _ => None,
        };
        if let (true, "y", Some(part)) = (after_number, word, part) {
            out.extend(part.chars().map(String::from));
            at += 2;
        } else if joins {
            // "30 y uno", "cuarenta y 5".
            let unit =
                words.get(at + 1).and_then(|word| self::at(&SMALL, word).or(word.parse().ok()));
            let tens = out.len() >= 2
                && out[out.len() - 1] == "0"
                && matches!(out[out.len() - 2].as_str(), "3" | "4" | "5");
            match unit.filter(|unit| tens && (1..10).contains(unit)) {
                Some(unit) => {
                    out.pop();
                    out.push(unit.to_string());
                    at += 2;
                }
                None => at += 1,
            }
        } else if word.bytes().all(|b| b.is_ascii_digit()) {
            out.extend(word.chars().map(String::from));
            at += 1;
        } else if word == "primero" || word == "una" && before == Some("la") {
            out.push("1".into());
            at += 1;
        } else if let Some((value, used)) = number(&words[at..]) {
            out.extend(value.to_string().chars().map(String::from));
            at += used;
        } else {
            out.push(sound(word));
            at += 1;
        }
    }
    out
}

/// A number at the beginning, and how many words it takes.
fn number(words: &[String]) -> Option<(u32, usize)> {
    let mil = |at: usize| words.get(at).is_some_and(|word| word == "mil");
    let (thousands, used) = match below_thousand(words) {
        Some((value, used)) if !mil(used) => return Some((value, used)),
        Some((value, used)) => (value, used + 1),
        None if mil(0) => (1, 1),
        None => return None,
    };
    let (rest, more) = below_thousand(&words[used..]).unwrap_or_default();
    Some((thousands * 1000 + rest, used + more))
}

fn below_thousand(words: &[String]) -> Option<(u32, usize)> {
    let first = words.first()?;
    if first == "cien" {
        return Some((100, 1));
    }
    match at(&HUNDREDS, first) {
        Some(n) => {
            let (rest, used) = below_hundred(&words[1..]).unwrap_or_default();
            Some(((n + 1) * 100 + rest, 1 + used))
        }
        None => below_hundred(words),
    }
}

fn below_hundred(words: &[String]) -> Option<(u32, usize)> {
    let first = words.first()?;
    if let Some(small) = at(&SMALL, first) {
        return Some((small, 1));
    }
    let tens = 30 + 10 * at(&TENS, first)?;
    let unit = words.get(2).and_then(|word| at(&SMALL, word)).filter(|n| (1..10).contains(n));
    match (words.get(1).map(String::as_str), unit) {
        (Some("y"), Some(unit)) => Some((tens + unit, 3)),
        _ => Some((tens, 1)),
    }
}

fn at(list: &[&str], word: &str) -> Option<u32> {
    list.iter().position(|known| *known == word).map(|n| n as u32)
}

#[cfg(test)]
mod tests {
    use super::super::words::normal;
    use crate::base::Language;

    #[track_caller]
    fn same(one: &str, other: &str) {
        assert_eq!(normal(one, Language::ES_US), normal(other, Language::ES_US));
    }

    #[test]
    fn numbers_in_words_and_figures_are_the_same() {
        same("nueve de marzo de mil novecientos ochenta y cuatro", "9 de marzo de 1984.");
        same("el primero de enero de dos mil cuatro", "El 1 de enero de 2004");
        same("a las nueve y media de la mañana", "A las 9:30 de la manana,");
        same("a la una y cuarto", "a la 1:15");
        same("a las diez", "a las 10:00");
        same("Llame al nueve uno uno", "llame al 911");
        same("tres uno dos, cinco cincuenta y cinco", "312 5 55");
        same("treinta y uno de diciembre", "31 de diciembre");
        same("con la Dra. Patel", "con la doctora patel");
        same("el 31 de diciembre a las 3:45", "el 30 y uno de diciembre a las tres y 40 y cinco");
        same("a las 10:05", "a las 10 y cinco");
        same("con la doctora Okafor el viernes", "con la doctora Ocaffor el biernes");
        assert_ne!(normal("una casa", Language::ES_US), normal("una cosa", Language::ES_US));
        assert_ne!(normal("una cita", Language::ES_US), normal("1 cita", Language::ES_US));
    }
}
