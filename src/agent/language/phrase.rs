//! A small pattern language over words: every rule of the planner and of the guards is written in it.
//!
//! `a|b` one of these; `word*` a prefix; `word?` may be missing; `_` any one word; `..3` up to three words;
//! `^` the start and `$` the end; `@kin` a named class. No pattern allocates more than a short list.

use std::ops::Range;

use super::tokens::Token;

/// Words for family and others whom a caller speaks about.
#[rustfmt::skip]
const KIN: &[&str] = &[
    "mother", "mom", "moms", "father", "dad", "dads", "husband", "wife", "son", "daughter",
    "brother", "sister", "parents", "mum", "mama", "papa", "stepson", "stepdaughter", "stepmother", "stepfather", "grandson",
    "granddaughter", "grandchild", "grandkid", "toddler", "infant", "newborn", "spouse", "fiance", "fiancee", "teenager",
    "kids", "children", "sons", "daughters", "boy", "girl", "nana", "granny", "inlaw",
    "baby", "child", "kid", "friend", "neighbor", "grandmother", "grandma", "grandfather",
    "grandpa", "aunt",
    "uncle", "cousin", "partner", "roommate", "boyfriend", "girlfriend", "coworker", "niece",
    "nephew",
];

/// The same in Spanish, without accents.
#[rustfmt::skip]
const FAMILIA: &[&str] = &[
    "madre", "mama", "mami", "padre", "papa", "papi", "esposo", "esposa", "marido", "mujer", "hijo",
    "hija", "hijos", "hijas", "hermano", "hermana", "bebe", "nino", "nina", "ninos", "amigo", "amiga",
    "vecino", "vecina", "abuelo", "abuela", "abuelito", "abuelita", "tio", "tia", "primo", "prima",
    "suegro", "suegra", "novio", "novia", "pareja", "sobrino", "sobrina", "nieto", "nieta",
];

/// Finds the first place where the pattern matches and returns the words it covers.
pub(crate) fn find(tokens: &[Token], pattern: &str) -> Option<Range<usize>> {
    let elements: Vec<&str> = pattern.split_whitespace().collect();
    let (anchored, elements) = match elements.split_first() {
        Some((&"^", rest)) => (true, rest),
        _ => (false, elements.as_slice()),
    };
    let last_start = if anchored { 0 } else { tokens.len() };
    (0..=last_start).find_map(|start| match_from(tokens, start, elements).map(|end| start..end))
}

/// Finds every place where the pattern matches, one for each start.
pub(crate) fn find_all<'a>(
    tokens: &'a [Token],
    pattern: &'a str,
) -> impl Iterator<Item = Range<usize>> + 'a {
    let elements: Vec<&str> = pattern.split_whitespace().collect();
    (0..tokens.len())
        .filter_map(move |start| match_from(tokens, start, &elements).map(|end| start..end))
}

/// Whether any of the patterns matches anywhere.
pub(crate) fn any(tokens: &[Token], patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| find(tokens, pattern).is_some())
}

fn match_from(tokens: &[Token], at: usize, elements: &[&str]) -> Option<usize> {
    let Some((element, rest)) = elements.split_first() else { return Some(at) };
    if *element == "$" {
        return (at == tokens.len()).then_some(at);
    }
    if let Some(most) = element.strip_prefix("..") {
        let most: usize = most.parse().unwrap_or(0);
        let reach = most.min(tokens.len().saturating_sub(at));
        return (0..=reach).find_map(|skip| match_from(tokens, at + skip, rest));
    }
    let (element, optional) = match element.strip_suffix('?') {
        Some(bare) => (bare, true),
        None => (*element, false),
    };
    let here = tokens.get(at).is_some_and(|token| word_matches(&token.word, element));
    if here && let Some(end) = match_from(tokens, at + 1, rest) {
        return Some(end);
    }
    if optional { match_from(tokens, at, rest) } else { None }
}

fn word_matches(word: &str, element: &str) -> bool {
    element.split('|').any(|one| match one {
        "_" => true,
        "@kin" => KIN.contains(&word),
        // "Mother's": words have no apostrophes.
        "@kins" => word.strip_suffix('s').is_some_and(|one| KIN.contains(&one)),
        "@familia" => FAMILIA.contains(&word),
        _ => match one.strip_suffix('*') {
            Some(prefix) => word.starts_with(prefix),
            None => word == one,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    #[track_caller]
    fn check(text: &str, pattern: &str, expected: Option<Range<usize>>) {
        assert_eq!(find(&tokens(text), pattern), expected, "{text:?} ~ {pattern:?}");
    }

    #[test]
    fn patterns_match_what_they_say() {
        check("I need to move my appointment", "move|change ..3 appointment", Some(3..6));
        check("I need to move it", "move|change ..3 appointment", None);
        check("she is breathing", "breath*", Some(2..3));
        check("talk to a real person", "talk to a? real? person", Some(0..5));
        check("talk to person", "talk to a? real? person", Some(0..3));
        check("operator", "^ operator $", Some(0..1));
        check("the operator", "^ operator $", None);
        check("my mother fell", "my @kin _", Some(0..3));
        check("", "a", None);
    }

    #[test]
    fn every_start_is_found() {
        let heard = tokens("pain and pain");
        assert_eq!(find_all(&heard, "pain").collect::<Vec<_>>(), [0..1, 2..3]);
    }
}
