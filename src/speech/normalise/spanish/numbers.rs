//! Numbers in Spanish words.

use super::super::rule::ear_groups;

const ONES: [&str; 30] = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
];
const TENS: [&str; 10] =
    ["", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"];
const HUNDREDS: [&str; 10] = [
    "",
    "ciento",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
];
const ORDINALS: [&str; 21] = [
    "cero",
    "primero",
    "segundo",
    "tercero",
    "cuarto",
    "quinto",
    "sexto",
    "séptimo",
    "octavo",
    "noveno",
    "décimo",
    "undécimo",
    "duodécimo",
    "decimotercero",
    "decimocuarto",
    "decimoquinto",
    "decimosexto",
    "decimoséptimo",
    "decimoctavo",
    "decimonoveno",
    "vigésimo",
];

/// What a number is followed by: "veintiuno", "veintiún días", "veintiuna citas".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// Nothing that it counts.
    Alone,
    /// A masculine noun.
    Masculine,
    /// A feminine noun.
    Feminine,
}

/// "mil doscientos cincuenta".
pub(super) fn cardinal(n: u64, form: Form) -> String {
    match n {
        1_000_000_000_000.. => scaled(n, 1_000_000_000_000, "un billón", "billones", form),
        1_000_000.. => scaled(n, 1_000_000, "un millón", "millones", form),
        1_000.. => {
            let head = match n / 1000 {
                1 => "mil".to_owned(),
                // "veintiún mil", and "doscientas mil citas".
                thousands => {
                    let form = if form == Form::Feminine { form } else { Form::Masculine };
                    format!("{} mil", cardinal(thousands, form))
                }
            };
            joined(head, n % 1000, form)
        }
        100 => "cien".to_owned(),
        101.. => {
            let head = HUNDREDS[n as usize / 100];
            let feminine = form == Form::Feminine && n >= 200;
            let head = if feminine { head.replace("tos", "tas") } else { head.to_owned() };
            joined(head, n % 100, form)
        }
        30.. => match n % 10 {
            0 => TENS[n as usize / 10].to_owned(),
            one => format!("{} y {}", TENS[n as usize / 10], cardinal(one, form)),
        },
        _ => match (n, form) {
            (1, Form::Masculine) => "un".to_owned(),
            (1, Form::Feminine) => "una".to_owned(),
            (21, Form::Masculine) => "veintiún".to_owned(),
            (21, Form::Feminine) => "veintiuna".to_owned(),
            _ => ONES[n as usize].to_owned(),
        },
    }
}

fn scaled(n: u64, scale: u64, one: &str, many: &str, form: Form) -> String {
    let head = match n / scale {
        1 => one.to_owned(),
        head => format!("{} {many}", cardinal(head, Form::Masculine)),
    };
    joined(head, n % scale, form)
}

fn joined(head: String, rest: u64, form: Form) -> String {
    if rest == 0 { head } else { format!("{head} {}", cardinal(rest, form)) }
}

/// "vigésimo primero", "tercera", "tercer piso".
pub(super) fn ordinal(n: u64, form: Form) -> String {
    let word = match n {
        0..=20 => ORDINALS[n as usize].to_owned(),
        21..=29 => format!("vigésimo {}", ORDINALS[n as usize - 20]),
        _ => return cardinal(n, form),
    };
    match form {
        Form::Alone => word,
        Form::Feminine => {
            let words = word.split(' ').map(|w| format!("{}a", w.strip_suffix('o').unwrap_or(w)));
            words.collect::<Vec<_>>().join(" ")
        }
        Form::Masculine if word.ends_with("primero") || word.ends_with("tercero") => {
            word[..word.len() - 1].to_owned()
        }
        Form::Masculine => word,
    }
}

/// "nueve uno nueve": each digit by itself.
pub(super) fn digits(text: &str) -> String {
    let words: Vec<&str> =
        text.chars().filter_map(|c| c.to_digit(10)).map(|d| ONES[d as usize]).collect();
    words.join(" ")
}

/// In groups that an ear can hold, a pause between.
pub(super) fn digit_groups(text: &str) -> String {
    ear_groups(text).iter().map(|group| digits(group)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_agree_with_what_they_count() {
        for (n, alone, masculine, feminine) in [
            (1, "uno", "un", "una"),
            (16, "dieciséis", "dieciséis", "dieciséis"),
            (21, "veintiuno", "veintiún", "veintiuna"),
            (31, "treinta y uno", "treinta y un", "treinta y una"),
            (100, "cien", "cien", "cien"),
            (101, "ciento uno", "ciento un", "ciento una"),
            (200, "doscientos", "doscientos", "doscientas"),
            (500, "quinientos", "quinientos", "quinientas"),
            (1_984, "mil novecientos ochenta y cuatro", "", ""),
            (2_026, "dos mil veintiséis", "", ""),
            (21_000, "veintiún mil", "veintiún mil", "veintiuna mil"),
            (1_000_000, "un millón", "un millón", "un millón"),
            (2_500_001, "dos millones quinientos mil uno", "", ""),
        ] {
            assert_eq!(cardinal(n, Form::Alone), alone);
            if !masculine.is_empty() {
                assert_eq!(cardinal(n, Form::Masculine), masculine);
                assert_eq!(cardinal(n, Form::Feminine), feminine);
            }
        }
        assert!(cardinal(u64::MAX, Form::Alone).starts_with("dieciocho millones cuatrocientos"));
    }

    #[test]
    fn ordinals() {
        assert_eq!(ordinal(3, Form::Masculine), "tercer");
        assert_eq!(ordinal(3, Form::Feminine), "tercera");
        assert_eq!(ordinal(22, Form::Feminine), "vigésima segunda");
        assert_eq!(ordinal(45, Form::Alone), "cuarenta y cinco");
    }
}
