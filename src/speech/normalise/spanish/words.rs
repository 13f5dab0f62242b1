//! Titles, measures, money and codes in Spanish.

use regex::Captures;

use super::super::rule::{group, number, runs};
use super::numbers::{Form, cardinal, digit_groups, digits, ordinal};

/// Measures: as written, one of it, several of it, and how it counts.
const UNITS: &[(&str, &str, &str, Form)] = &[
    ("mg", "miligramo", "miligramos", Form::Masculine),
    ("mcg", "microgramo", "microgramos", Form::Masculine),
    ("ml", "mililitro", "mililitros", Form::Masculine),
    ("dl", "decilitro", "decilitros", Form::Masculine),
    ("kg", "kilo", "kilos", Form::Masculine),
    ("g", "gramo", "gramos", Form::Masculine),
    ("l", "litro", "litros", Form::Masculine),
    ("lb", "libra", "libras", Form::Feminine),
    ("lbs", "libra", "libras", Form::Feminine),
    ("oz", "onza", "onzas", Form::Feminine),
    ("cm", "centímetro", "centímetros", Form::Masculine),
    ("mm", "milímetro", "milímetros", Form::Masculine),
    ("km", "kilómetro", "kilómetros", Form::Masculine),
    ("h", "hora", "horas", Form::Feminine),
    ("hrs", "hora", "horas", Form::Feminine),
    ("min", "minuto", "minutos", Form::Masculine),
    ("seg", "segundo", "segundos", Form::Masculine),
    ("ui", "unidad internacional", "unidades internacionales", Form::Feminine),
];

/// Titles and what else is abbreviated.
const SHORT: &[(&str, &str)] = &[
    ("dr", "doctor"),
    ("dra", "doctora"),
    ("dres", "doctores"),
    ("sr", "señor"),
    ("sra", "señora"),
    ("sres", "señores"),
    ("srta", "señorita"),
    ("ud", "usted"),
    ("uds", "ustedes"),
    ("lic", "licenciado"),
    ("prof", "profesor"),
    ("av", "avenida"),
    ("avda", "avenida"),
    ("blvd", "bulevar"),
    ("apto", "apartamento"),
    ("apt", "apartamento"),
    ("depto", "departamento"),
    ("tel", "teléfono"),
    ("pág", "página"),
    ("aprox", "aproximadamente"),
    ("etc", "etcétera"),
    ("st", "Street"),
    ("ave", "avenida"),
];

/// What is said letter by letter though it could be a word.
const SPELLED: &[&str] = &[
    "EPOC", "ER", "EKG", "FAQ", "MRI", "UCI", "VIH", "HMO", "PPO", "USA", "ID", "IV", "ENT", "TAC",
    "EEG", "ECG",
];

/// Masculine though they end like feminine words, and the other way round.
const MASCULINE: &[&str] = &[
    "día",
    "días",
    "problema",
    "problemas",
    "programa",
    "programas",
    "mapa",
    "mapas",
    "sistema",
    "sistemas",
    "síntoma",
    "síntomas",
];
const FEMININE: &[&str] = &[
    "mano", "manos", "tarde", "tardes", "noche", "noches", "vez", "veces", "clase", "clases",
    "mujer", "mujeres", "calle", "calles", "llave", "llaves", "dosis", "crisis",
];
/// What is no noun: a number before it stands alone.
const NO_NOUN: &[&str] = &[
    "a", "al", "o", "u", "y", "e", "de", "del", "por", "para", "con", "en", "es", "son", "que",
    "si", "no", "hasta", "menos", "más", "sobre", "punto", "coma", "ni", "está", "están", "tiene",
    "mil", "se", "como", "cuando", "entre", "sin", "fue",
];

/// How a number before this word is said.
pub(super) fn form_before(noun: &str) -> Form {
    let noun = noun.to_lowercase();
    if noun.is_empty() || NO_NOUN.contains(&noun.as_str()) {
        return Form::Alone;
    }
    if MASCULINE.contains(&noun.as_str()) {
        return Form::Masculine;
    }
    let ends = ["a", "as", "ión", "iones", "dad", "dades", "tud"];
    let feminine = FEMININE.contains(&noun.as_str()) || ends.iter().any(|end| noun.ends_with(end));
    if feminine { Form::Feminine } else { Form::Masculine }
}

pub(super) fn short(found: &Captures<'_>) -> Option<String> {
    let key = found[1].to_lowercase();
    let word = SHORT.iter().find(|(short, _)| *short == key).map(|(_, long)| *long)?;
    // At the end of the text its stop is the sentence's too, and so it is where nothing but a sentence can begin.
    let next = found.get(4).map(|next| next.as_str());
    let ends = match next {
        Some("") => true,
        Some(_) => key == "etc",
        None => false,
    };
    let stop = if &found[2] == "." && ends { "." } else { "" };
    let gap = match &found[3] {
        "" if next != Some("") => " ",
        gap => gap,
    };
    Some(format!("{word}{stop}{gap}{}", next.unwrap_or("")))
}

pub(super) fn numero(found: &Captures<'_>) -> Option<String> {
    Some(format!("número {}", &found[1]))
}

/// "1.º", "3ª", "2do piso"
pub(super) fn nth(found: &Captures<'_>) -> Option<String> {
    let form = match &found[2] {
        "a" | "ª" | "ra" | "da" | "ta" => Form::Feminine,
        "er" => Form::Masculine,
        // "1.º piso" is the "primer piso".
        _ if found.get(3).is_some() => Form::Masculine,
        _ => Form::Alone,
    };
    number(&found[1]).map(|n| format!("{}{}", ordinal(n, form), group(found, 3)))
}

pub(super) fn unit(found: &Captures<'_>) -> Option<String> {
    let named = |text: &str| {
        let text = text.to_lowercase();
        UNITS.iter().find(|(short, ..)| *short == text)
    };
    let (_, one, many, form) = named(&found[2])?;
    // A comma parts thousands only before three digits: "2,5 mg" are not twenty-five.
    let mut groups = found[1].split(',');
    let whole = groups
        .next()
        .is_some_and(|first| (1..=3).contains(&first.len()) && !first.starts_with('0'));
    let thousands = whole && groups.all(|group| group.len() == 3);
    let amount = match number(&found[1]) {
        Some(n) if thousands || !found[1].contains(',') => cardinal(n, *form),
        _ => found[1].to_owned(),
    };
    let name = if &found[1] == "1" { one } else { many };
    let per = match found.get(3) {
        Some(per) => {
            named(per.as_str()).map_or("por día", |(_, one, ..)| one).replace("por día", "día")
        }
        None => return Some(format!("{amount} {name}")),
    };
    Some(format!("{amount} {name} por {per}"))
}

fn dollars(n: u64) -> String {
    let of = if n >= 1_000_000 && n.is_multiple_of(1_000_000) { " de" } else { "" };
    let noun = if n == 1 { "dólar" } else { "dólares" };
    format!("{}{of} {noun}", cardinal(n, Form::Masculine))
}

fn cents(n: u64) -> String {
    format!("{} {}", cardinal(n, Form::Masculine), if n == 1 { "centavo" } else { "centavos" })
}

pub(super) fn money(found: &Captures<'_>) -> Option<String> {
    let whole = number(&found[1])?;
    Some(match (whole, number(group(found, 2)).unwrap_or(0)) {
        (0, n @ 1..) => cents(n),
        (_, 0) => dollars(whole),
        (_, n) => format!("{} con {}", dollars(whole), cents(n)),
    })
}

/// "20 €"
pub(super) fn euros(found: &Captures<'_>) -> Option<String> {
    let n = number(&found[1])?;
    Some(format!("{} {}", cardinal(n, Form::Masculine), if n == 1 { "euro" } else { "euros" }))
}

pub(super) fn percent(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} por ciento", &found[1]))
}

pub(super) fn pressure(found: &Captures<'_>) -> Option<String> {
    let (high, low) = (number(&found[1])?, number(&found[2])?);
    if !(60..=260).contains(&high) || !(30..=160).contains(&low) {
        return None;
    }
    Some(format!("{} sobre {}", cardinal(high, Form::Alone), cardinal(low, Form::Alone)))
}

/// "1/2 tableta", "2 1/2 horas"
pub(super) fn fraction(found: &Captures<'_>) -> Option<String> {
    let (top, bottom) = (number(&found[2])?, number(&found[3])?);
    let (de, noun) = (group(found, 4), group(found, 5));
    let noun = if group(found, 1) == "1" { noun.trim_end_matches('s') } else { noun };
    let form = form_before(noun);
    let half = if form == Form::Feminine { "media" } else { "medio" };
    let part = match (top, bottom) {
        (1, 2) => half.to_owned(),
        (1, 3) => "un tercio de".to_owned(),
        (2, 3) => "dos tercios de".to_owned(),
        (1, 4) => "un cuarto de".to_owned(),
        (3, 4) => "tres cuartos de".to_owned(),
        _ => return None,
    };
    match number(group(found, 1)) {
        // "dos horas y media"
        Some(n) if bottom == 2 => Some(format!("{} {noun} y {half}", cardinal(n, form))),
        Some(n) => Some(format!("{} {noun} y {}", cardinal(n, form), part.trim_end_matches(" de"))),
        None if de.is_empty() || part.ends_with("de") => Some(format!("{part} {noun}")),
        None => Some(format!("{part} de {noun}")),
    }
}

fn web_words(text: &str) -> String {
    let mut said = String::new();
    for c in text.chars() {
        match c {
            '.' => said += " punto ",
            '-' => said += " guion ",
            '_' => said += " guion bajo ",
            '/' => said += " barra ",
            '+' => said += " más ",
            c if c.is_ascii_digit() => said += &format!(" {} ", digits(&c.to_string())),
            c => said.push(c),
        }
    }
    said
}

pub(super) fn mail(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} arroba {}", web_words(&found[1]), web_words(&found[2])))
}

pub(super) fn site(found: &Captures<'_>) -> Option<String> {
    let www = if found.get(1).is_some() { "uve doble, uve doble, uve doble, punto " } else { "" };
    let path = group(found, 3).trim_end_matches('/');
    Some(format!(" {www}{}{}", web_words(&found[2]), web_words(path)))
}

/// A letter's name.
fn letter(c: char) -> Option<&'static str> {
    Some(match c.to_uppercase().next()? {
        'A' => "a",
        'B' => "be",
        'C' => "ce",
        'D' => "de",
        'E' => "e",
        'F' => "efe",
        'G' => "ge",
        'H' => "hache",
        'I' => "i",
        'J' => "jota",
        'K' => "ka",
        'L' => "ele",
        'M' => "eme",
        'N' => "ene",
        'Ñ' => "eñe",
        'O' => "o",
        'P' => "pe",
        'Q' => "cu",
        'R' => "erre",
        'S' => "ese",
        'T' => "te",
        'U' => "u",
        'V' => "uve",
        'W' => "doble u",
        'X' => "equis",
        'Y' => "i griega",
        'Z' => "zeta",
        'Á' => "a con acento",
        'É' => "e con acento",
        'Í' => "i con acento",
        'Ó' => "o con acento",
        'Ú' => "u con acento",
        'Ü' => "u con diéresis",
        'Ç' => "ce con cedilla",
        _ => return None,
    })
}

fn letter_names(text: &str, between: &str) -> String {
    text.chars().filter_map(letter).collect::<Vec<_>>().join(between)
}

pub(super) fn letters(found: &Captures<'_>) -> Option<String> {
    Some(letter_names(&found[0], ", "))
}

/// "J. K. López", but "opción A. Luego"
pub(super) fn initials(found: &Captures<'_>) -> Option<String> {
    let letters: String = found[2].chars().filter(|c| c.is_alphabetic()).collect();
    if ["AM", "PM"].contains(&letters.as_str()) {
        return None;
    }
    let (before, stop) = match found.get(1) {
        Some(kind) => (format!("{} ", kind.as_str()), "."),
        None => (String::new(), ""),
    };
    Some(format!("{before}{}{stop} {}", letter_names(&found[2], " "), &found[3]))
}

pub(super) fn capitals(found: &Captures<'_>) -> Option<String> {
    let word = &found[0];
    let vowel = word.contains(['A', 'E', 'I', 'O', 'U', 'Y', 'Á', 'É', 'Í', 'Ó', 'Ú']);
    (!vowel || SPELLED.contains(&word)).then(|| letter_names(word, " "))
}

/// A letter by itself, "la letra C", "vitamina C": not "A", "E", "O", "Y", which are words.
pub(super) fn one_letter(found: &Captures<'_>) -> Option<String> {
    let word = matches!(&found[2], "y" | "Y");
    let names = ["letra ", "vitamina ", "hepatitis "];
    if word && !names.contains(&found[1].to_lowercase().as_str()) {
        return None;
    }
    Some(format!("{}{}", &found[1], letter(found[2].chars().next()?)?))
}

pub(super) fn telephone(found: &Captures<'_>) -> Option<String> {
    let area = found.get(2).or(found.get(3))?;
    let country = if found.get(1).is_some() { "uno, " } else { "" };
    let area =
        if area.as_str() == "800" { "ochocientos".to_owned() } else { digits(area.as_str()) };
    Some(format!("{country}{area}, {}, {}", digits(&found[4]), digits(&found[5])))
}

pub(super) fn telephone_e164(found: &Captures<'_>) -> Option<String> {
    Some(format!("uno, {}, {}, {}", digits(&found[1]), digits(&found[2]), digits(&found[3])))
}

pub(super) fn telephone_local(found: &Captures<'_>) -> Option<String> {
    Some(format!("{}, {}", digits(&found[1]), digits(&found[2])))
}

pub(super) fn extension(found: &Captures<'_>) -> Option<String> {
    Some(format!("extensión {}", digits(&found[1])))
}

pub(super) fn emergency(found: &Captures<'_>) -> Option<String> {
    Some(digits(&found[0]))
}

pub(super) fn numbered(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} {}{}", &found[1], group(found, 2), digit_groups(&found[3])))
}

pub(super) fn dashed(found: &Captures<'_>) -> Option<String> {
    Some(found[0].split('-').map(digit_groups).collect::<Vec<_>>().join(", "))
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
    let long = runs.iter().any(|r| r.len() > 2 && r.starts_with(|c: char| c.is_ascii_digit()));
    let said: Vec<String> = runs
        .iter()
        .map(|run| match run.parse::<u64>() {
            Ok(n) if run.len() <= 2 && !run.starts_with('0') => cardinal(n, Form::Alone),
            Ok(_) | Err(_) if run.starts_with(|c: char| c.is_ascii_digit()) => digit_groups(run),
            _ if run.len() > 3 => (*run).to_owned(),
            _ => letter_names(run, " "),
        })
        .collect();
    Some(said.join(if long { ", " } else { " " }))
}

pub(super) fn decimal(found: &Captures<'_>) -> Option<String> {
    let sign = if &found[2] == "," { "coma" } else { "punto" };
    let after = match found[3].len() {
        1..=2 if !found[3].starts_with('0') => cardinal(number(&found[3])?, Form::Alone),
        _ => digits(&found[3]),
    };
    Some(format!("{} {sign} {after}", whole(&found[1], Form::Alone)))
}

/// A number before a word that it counts, or before none.
pub(super) fn counted(found: &Captures<'_>) -> Option<String> {
    let after = group(found, 2);
    let form = form_before(after.trim());
    let gap = if after.is_empty() { "" } else { after };
    Some(format!("{}{gap}", whole(&found[1], form)))
}

pub(super) fn left_over(found: &Captures<'_>) -> Option<String> {
    Some(whole(&found[0], Form::Alone))
}

/// A number as such, unless it is too long to be one.
fn whole(text: &str, form: Form) -> String {
    let plain = text.replace(',', "");
    let code = plain.len() > 1 && plain.starts_with('0') || text.len() > 4 && !text.contains(',');
    match number(&plain) {
        Some(n) if !code => cardinal(n, form),
        _ => digit_groups(&plain),
    }
}

pub(super) fn hash(found: &Captures<'_>) -> Option<String> {
    Some(format!("número {}", &found[1]))
}

pub(super) fn minus(found: &Captures<'_>) -> Option<String> {
    Some(format!("{}menos {}", &found[1], &found[2]))
}

pub(super) fn degrees(found: &Captures<'_>) -> Option<String> {
    Some(format!(" grados {}", if &found[1] == "F" { "Fahrenheit" } else { "Celsius" }))
}

pub(super) fn per(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} por {}", &found[1], &found[2]))
}

pub(super) fn either(found: &Captures<'_>) -> Option<String> {
    if found[0].eq_ignore_ascii_case("y/o") {
        return Some("y o".to_owned());
    }
    Some(format!("{} o {}", &found[1], &found[2]))
}

pub(super) fn symbol(found: &Captures<'_>) -> Option<String> {
    let word = match &found[0] {
        "+" => "más",
        "=" => "igual a",
        "@" => "arroba",
        "&" => "y",
        "~" => "unos",
        "<" => "menos de",
        ">" => "más de",
        "≤" => "como máximo",
        "≥" => "como mínimo",
        "×" => "por",
        "%" => "por ciento",
        "$" => "dólares",
        _ => "grados",
    };
    Some(format!(" {word} "))
}

pub(super) fn dash(_: &Captures<'_>) -> Option<String> {
    Some(", ".to_owned())
}
