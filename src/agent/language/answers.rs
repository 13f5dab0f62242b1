//! Yes, no, and choices among what was listed.

use super::phrase::{any, find};
use super::tokens::Token;

/// An answer to a yes-or-no question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Answer {
    /// Agreed.
    Yes,
    /// Refused.
    No,
    /// Both, or neither in so many words: to be asked again.
    Unclear,
}

#[rustfmt::skip]
const YES: &[&str] = &[
    "yes", "yeah", "yep", "yup", "yea", "ya", "yah", "sure", "ok", "correct", "absolutely",
    "definitely", "exactly", "perfect", "great", "wonderful", "excellent", "fine", "uhhuh",
    "certainly", "affirmative",
    "thats|its right|good|fine|it|me|great|ok|correct|perfect",
    "that|it is right|good|fine|it|me|great|ok|correct", "^ right",
    "sounds good|great|fine|perfect|right", "that|it|this works|work", "works for me", "please do",
    "go ahead", "do it|that", "lets do|go|take", "ill take ..2",
    "id like that|to", "that would be great|good|fine|perfect|wonderful|ok|nice", "that would work",
    "thatd work", "thatd be great|good|fine|perfect", "im good|fine|ok|happy with", "thatll work",
    "^ please", "^ i do", "^ it is", "i agree", "book it", "^ thats the one", "good for me",
    "i can make|do it|that", "you bet", "of course", "that one",
];

#[rustfmt::skip]
const NO: &[&str] = &[
    "no", "nope", "nah", "negative", "not really", "not that|this", "i dont", "dont think so",
    "dont do",
    "doesnt|wont|cant|dont|isnt|not ..1 work|good|right|possible|do|make|able|correct|want",
    "wrong|incorrect", "rather not", "not yet|now|good|right|correct",
    "^ dont", "cant do|make", "^ not", "nothing", "never mind", "i wont", "neither",
];

/// A no that means yes: "no problem", "no, that's fine", "no worries".
#[rustfmt::skip]
const YES_AFTER_ALL: &[&str] = &[
    "no problem", "no worries", "^ no thats|its fine|ok|good|perfect|great|right",
    "^ no that|it is|sounds fine|ok|good|perfect|great|right", "^ no that|it works", "why not",
    "^ no no ..1 thats fine|good|ok", "dont mind", "i dont see why not", "cant wait",
    "no objection*",
];

/// Reads yes or no.
pub(crate) fn answer(tokens: &[Token]) -> Option<Answer> {
    if any(tokens, YES_AFTER_ALL) {
        return Some(Answer::Yes);
    }
    let (yes, no) = (any(tokens, YES), any(tokens, NO));
    match (yes, no) {
        (true, false) => Some(Answer::Yes),
        (false, true) => Some(Answer::No),
        // "No, that doesn't work" and "no, sorry, it's not good": what is refused with a word of agreement in it.
        (true, true) if begins(tokens, &["no", "nope", "nah", "sorry", "actually", "not"]) => {
            Some(Answer::No)
        }
        (true, true)
            if any(tokens, &["doesnt|wont|cant|isnt|dont ..2 work|fine|good|right|do|make"]) =>
        {
            Some(Answer::No)
        }
        (true, true) => Some(Answer::Unclear),
        (false, false) => None,
    }
}

fn begins(tokens: &[Token], words: &[&str]) -> bool {
    tokens.first().is_some_and(|token| words.contains(&token.word.as_str()))
}

/// Reads "the second one", "the last", "the earlier one" as a place in a list of `len`.
pub(crate) fn choice(tokens: &[Token], len: usize) -> Option<usize> {
    #[rustfmt::skip]
    let rules: &[(&[&str], usize)] = &[
        (&[
            "first ..1 one|appointment|option|visit", "^ the? first $",
            "earlier|earliest|sooner|soonest|former one?", "number one", "^ one $", "^ 1 $",
            "the first",
        ], 0),
        (&[
            "second ..1 one|appointment|option|visit", "^ the? second $", "number two", "^ two $",
            "^ 2 $", "the second",
        ], 1),
        (&[
            "third ..1 one|appointment|option|visit", "^ the? third $", "number three", "^ three $",
            "^ 3 $", "the third",
        ], 2),
    ];
    if find(tokens, "last|later|latest|latter one|appointment|visit").is_some()
        || find(tokens, "^ the? last|later|latest|latter $").is_some()
    {
        return len.checked_sub(1);
    }
    rules
        .iter()
        .find(|(patterns, index)| *index < len && any(tokens, patterns))
        .map(|(_, index)| *index)
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    #[test]
    fn yes_and_no_in_many_words() {
        for text in [
            "Yes.",
            "Yeah",
            "yes please",
            "Sure.",
            "that works",
            "Sounds good.",
            "OK",
            "perfect",
            "go ahead",
            "that's fine",
            "Yes, that's right.",
            "Uh-huh.",
            "Mm-hmm",
            "please do",
            "No problem, that works",
            "no, that's fine",
            "let's do that",
            "I'll take it",
            "That would be great",
            "Correct.",
            "Yes. Friday at 9:30 works.",
            "absolutely",
            "right",
            "That is correct.",
        ] {
            assert_eq!(answer(&tokens(text)), Some(Answer::Yes), "{text:?}");
        }
        for text in [
            "No.",
            "nope",
            "no thanks",
            "that doesn't work",
            "I can't do that",
            "not really",
            "I don't think so",
            "no, that's not good for me",
            "No, sorry, that doesn't work for me.",
            "wrong",
            "Nah",
            "Uh-uh.",
            "That's not right.",
            "Actually no",
            "I'd rather not",
        ] {
            assert_eq!(answer(&tokens(text)), Some(Answer::No), "{text:?}");
        }
        for text in ["", "Thursday", "Maria Lopez", "afternoon instead", "what", "hello"] {
            assert_eq!(answer(&tokens(text)), None, "{text:?}");
        }
        assert_eq!(answer(&tokens("Yeah, no, I mean")), Some(Answer::Unclear));
    }

    #[test]
    fn places_in_a_list() {
        for (text, index) in [
            ("the first one", Some(0)),
            ("the second one", Some(1)),
            ("the last one", Some(2)),
            ("the later one", Some(2)),
            ("first available", None),
            ("yes", None),
        ] {
            assert_eq!(choice(&tokens(text), 3), index, "{text:?}");
        }
    }
}
