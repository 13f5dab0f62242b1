//! Numbers in Spanish: "treinta y uno", "mil novecientos ochenta y cuatro", "dos mil uno", "cero tres".

use super::super::numbers::Number;
use super::super::tokens::Token;
use super::unaccented;

#[rustfmt::skip]
const SMALL: [&str; 30] = [
    "cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez",
    "once", "doce", "trece", "catorce", "quince", "dieciseis", "diecisiete", "dieciocho",
    "diecinueve", "veinte", "veintiuno", "veintidos", "veintitres", "veinticuatro", "veinticinco",
    "veintiseis", "veintisiete", "veintiocho", "veintinueve",
];
#[rustfmt::skip]
const TENS: [&str; 7] = ["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"];
#[rustfmt::skip]
const HUNDREDS: [&str; 9] = [
    "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos",
    "setecientos", "ochocientos", "novecientos",
];

/// Finds the numbers in a text, in order.
pub(crate) fn spanish_numbers(tokens: &[Token]) -> Vec<Number> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match number_at(tokens, at) {
            Some(number) => {
                at = number.to;
                found.push(number);
            }
            None => at += 1,
        }
    }
    found
}

/// Returns the number that begins here, in words or figures.
pub(super) fn number_at(tokens: &[Token], at: usize) -> Option<Number> {
    let number =
        |value: u32, digits: String, to| Number { value, digits, ordinal: false, from: at, to };
    let token = tokens.get(at)?;
    if token.word.chars().all(|c| c.is_ascii_digit()) {
        let value = if token.word.len() <= 9 { token.word.parse().unwrap_or(0) } else { 0 };
        return Some(number(value, token.word.clone(), at + 1));
    }
    let (value, to) = cardinal(tokens, at)?;
    Some(number(value, value.to_string(), to))
}

fn word(tokens: &[Token], at: usize) -> String {
    tokens.get(at).map_or_else(String::new, |t| t.word.chars().map(unaccented).collect())
}

fn cardinal(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    if word(tokens, at) == "mil" {
        return Some(with_rest(tokens, 1000, at + 1));
    }
    let (value, to) = below_thousand(tokens, at)?;
    // "cero tres, mil novecientos" is a month and a year: of thousands people say one and two.
    if value == 2 && word(tokens, to) == "mil" {
        return Some(with_rest(tokens, value * 1000, to + 1));
    }
    Some((value, to))
}

/// "mil novecientos ...", "dos mil cuatro"; a nought ends it.
fn with_rest(tokens: &[Token], thousands: u32, at: usize) -> (u32, usize) {
    match below_thousand(tokens, at) {
        Some((rest, to)) if rest > 0 => (thousands + rest, to),
        _ => (thousands, at),
    }
}

fn below_thousand(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let first = word(tokens, at);
    if first == "cien" {
        return Some((100, at + 1));
    }
    let Some(index) = HUNDREDS.iter().position(|name| *name == first) else {
        return below_hundred(tokens, at);
    };
    let hundreds = (index as u32 + 1) * 100;
    match below_hundred(tokens, at + 1) {
        Some((rest, to)) if rest > 0 => Some((hundreds + rest, to)),
        _ => Some((hundreds, at + 1)),
    }
}

fn below_hundred(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let first = word(tokens, at);
    let small = |name: &str| SMALL.iter().position(|known| *known == name).map(|n| n as u32);
    let unit = |at| small(&word(tokens, at)).filter(|n| (1..10).contains(n));
    let joined = |at| if word(tokens, at) == "y" { unit(at + 1) } else { None };
    if let Some(index) = TENS.iter().position(|name| *name == first) {
        let tens = index as u32 * 10 + 30;
        return match joined(at + 1) {
            Some(n) => Some((tens + n, at + 3)),
            // "ochenta cuatro", as it is heard when it is said fast.
            None if clause(tokens, at) == clause(tokens, at + 1) => {
                unit(at + 1).map(|n| (tens + n, at + 2)).or(Some((tens, at + 1)))
            }
            None => Some((tens, at + 1)),
        };
    }
    let value = small(&first).or(if first == "veintiun" { Some(21) } else { None })?;
    match joined(at + 1) {
        // The old spelling: "diez y seis", "veinte y dos".
        Some(n) if matches!(value, 10 | 20) => Some((value + n, at + 3)),
        _ => Some((value, at + 1)),
    }
}

fn clause(tokens: &[Token], at: usize) -> u16 {
    tokens.get(at).map_or(u16::MAX, |t| t.clause)
}

#[cfg(test)]
mod tests {
    use super::super::super::tokens::tokens;
    use super::*;

    #[test]
    fn numbers_are_read() {
        for (text, digits) in [
            ("mil novecientos ochenta y cuatro", vec!["1984"]),
            ("dos mil uno", vec!["2001"]),
            ("dos mil", vec!["2000"]),
            ("treinta y uno", vec!["31"]),
            ("diecinueve ochenta y cuatro", vec!["19", "84"]),
            ("cinco cinco cinco, cero uno dos tres", vec!["5", "5", "5", "0", "1", "2", "3"]),
            ("veintidós de mayo de 1999", vec!["22", "1999"]),
            ("diez y seis", vec!["16"]),
            ("el dieciséis", vec!["16"]),
            ("ciento cuatro", vec!["104"]),
            ("nueve, tres, ochenta y cuatro", vec!["9", "3", "84"]),
            ("un momento", vec![]),
        ] {
            let found: Vec<_> =
                spanish_numbers(&tokens(text)).into_iter().map(|n| n.digits).collect();
            assert_eq!(found, digits, "{text:?}");
        }
    }
}
