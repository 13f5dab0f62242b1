//! Spelled names: "eme, a, ere, i, a", "ele de Luis, o, pe, e, zeta", "doble ele".

use super::super::tokens::Token;

#[rustfmt::skip]
const LETTERS: &[(&str, char)] = &[
    ("be", 'b'), ("ce", 'c'), ("de", 'd'), ("efe", 'f'), ("ge", 'g'), ("hache", 'h'), ("jota", 'j'),
    ("ka", 'k'), ("ca", 'k'), ("ele", 'l'), ("eme", 'm'), ("ene", 'n'), ("pe", 'p'), ("cu", 'q'),
    ("ere", 'r'), ("erre", 'r'), ("ese", 's'), ("te", 't'), ("uve", 'v'), ("ve", 'v'), ("equis", 'x'),
    ("ye", 'y'), ("zeta", 'z'), ("ceta", 'z'), ("seta", 'z'),
];

/// What may follow a letter's name to tell it from another: "be grande", "ve chica", "i griega".
const KINDS: &[&str] = &["grande", "larga", "alta", "chica", "corta", "baja", "latina"];

/// Reads at least three letters from here on, each with its place, and says where they end.
pub(super) fn spelled(heard: &[Token], from: usize) -> Option<(Vec<(char, usize)>, usize)> {
    let mut letters = Vec::new();
    let mut at = from;
    while let Some((letter, times, end)) = letter(heard, at) {
        letters.extend(std::iter::repeat_n((letter, at), times));
        at = end;
    }
    (letters.len() >= 3).then_some((letters, at))
}

/// Returns a letter, how many times it stands there, and the word after it.
fn letter(heard: &[Token], at: usize) -> Option<(char, usize, usize)> {
    let word = |at: usize| heard.get(at).map_or("", |t| t.word.as_str());
    match (word(at), word(at + 1)) {
        ("doble", "u" | "ve" | "uve") | ("uve" | "ve", "doble") => return Some(('w', 1, at + 2)),
        ("i", "griega") => return Some(('y', 1, at + 2)),
        ("doble", _) => return letter(heard, at + 1).map(|(letter, _, end)| (letter, 2, end)),
        // A name of its own, which the accent's loss hides.
        ("ene", "con") if word(at + 2) == "tilde" => return Some(('ñ', 1, at + 3)),
        _ => {}
    }
    if heard.get(at)?.raw.to_lowercase() == "eñe" {
        return Some(('ñ', 1, at + 1));
    }
    let name = word(at);
    let letter = match LETTERS.iter().find(|(known, _)| *known == name) {
        Some((_, letter)) => *letter,
        None => {
            let mut all = name.chars();
            all.next().filter(|c| c.is_alphabetic() && all.next().is_none())?
        }
    };
    let mut end = at + 1;
    if KINDS.contains(&word(end)) {
        end += 1;
    }
    // "ele de Luis", "be como Beatriz"
    if matches!(word(end), "de" | "como")
        && word(end + 1).len() > 2
        && word(end + 1).starts_with(letter)
    {
        end += 2;
    }
    Some((letter, 1, end))
}

#[cfg(test)]
mod tests {
    use super::super::super::tokens::tokens;
    use super::super::folded;
    use super::*;

    #[test]
    fn letters_are_read_by_their_names() {
        for (text, name) in [
            ("ele, o, pe, e, zeta", "lopez"),
            ("eme a ere i a", "maria"),
            ("ele de Luis, o, pe de Pedro, e, zeta", "lopez"),
            ("ve chica, a, ele, de, e, zeta", "valdez"),
            ("eme u eñe o zeta", "muñoz"),
            ("uve i doble ele a", "villa"),
            ("L-O-P-E-Z", "lopez"),
        ] {
            let found = spelled(&folded(&tokens(text)), 0).map(|(letters, _)| letters);
            let found: Option<String> = found.map(|all| all.into_iter().map(|(c, _)| c).collect());
            assert_eq!(found.as_deref(), Some(name), "{text:?}");
        }
        assert_eq!(spelled(&folded(&tokens("a las tres")), 0), None);
    }
}
