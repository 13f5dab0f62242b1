//! Yes, no, and choices among what was listed.

use super::phrase::{any, find, find_all};
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

/// Words of agreement. They are an answer only where nothing else in the turn is against it: see [`OPEN`].
#[rustfmt::skip]
const YES: &[&str] = &[
    "yes", "yeah", "yep", "yup", "yea", "ya", "yah", "yessir", "sure", "ok", "alright", "correct", "absolutely",
    "definitely", "exactly", "perfect", "great", "wonderful", "excellent", "fine", "uhhuh", "awesome", "fantastic",
    "lovely", "certainly", "affirmative", "totally", "indeed", "all right",
    "thats|its right|good|fine|it|me|great|ok|correct|perfect|true",
    "that|it is right|good|fine|it|me|great|ok|correct|true", "^ right", "^ thats|that right",
    "sounds good|great|fine|perfect|right|like", "that|it|this works|work|suits", "works for|great|fine|perfectly|well",
    "please do", "go ahead", "do it|that", "lets do|take|book|keep it|that|this", "lets go ahead|for|with", "lets go $",
    "ill take it|that|this", "ill take the|that ..2 one|slot|appointment|time|spot",
    "id|would like|love that|it", "id like|love to $", "id like|love to ..1 book|take|do|keep|schedule|have it|that|this",
    "id like|love to please|yes",
    "that would be great|good|fine|perfect|wonderful|ok|nice|lovely", "that would work", "thatd work",
    "thatd be great|good|fine|perfect", "im good|fine|ok|happy with", "thatll work|do", "thatll be great|good|fine|perfect|ok",
    "that will work|do", "that will be great|good|fine|perfect|ok", "that does work", "^ that does $",
    "^ please $", "^ please thank|thanks|yes|sure|book|go|schedule", "^ i do $", "^ i do please|thanks|indeed", "^ it is $",
    "i agree", "book it", "^ thats the one", "good for|with me", "i can make|do it|that", "^ you bet $",
    "^ you bet thank|thanks|please|it", "of course", "^ ..1 that one ..1 $", "that one works|please", "by all means",
    "^ works $", "why not", "monday|tuesday|wednesday|thursday|friday|morning|afternoon|time|thirty|fifteen|oclock works|work",
];

#[rustfmt::skip]
const NO: &[&str] = &[
    "no", "nope", "nah", "negative", "not really", "not that|this", "i dont", "dont think",
    "dont do", "please dont", "please do not", "it|that|this is not|never", "it|that|this isnt",
    "doesnt|wont|cant|dont|isnt|not ..1 work|works|good|right|possible|do|make|able|correct|want|ok|fine",
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

/// What looks like a no, a condition or a question, and is none.
#[rustfmt::skip]
const HARMLESS: &[&str] = &[
    "no ..1 problem|problems|worries|doubt|issue|issues|trouble|questions|thats|its", "not a|an problem|issue|bother", "dont|wont|wouldnt mind|worry|care",
    "do|would not mind|worry", "cant wait|complain", "not bad", "if you dont mind", "if you could|would|can|please|will",
    "if possible|thats|its ok|possible|alright|fine|please", "if possible", "nothing else",
    "can|could|would|will you ..2 book|do|schedule|reserve|make|confirm|put|cancel|move|change it|that|me|this|the",
    "can|could|would|will you ..1 go ahead", "why not", "can|could|shall we ..1 do|book|take|schedule it|that|this",
    "thats|is ..2 what i|we|ive", "thats when im|i", "how nice|wonderful|great|lovely", "whatever", "no wait yes",
];

/// What says that a word of agreement beside it settles nothing: doubt, a wait, a condition, a question, another wish.
#[rustfmt::skip]
const OPEN: &[&str] = &[
    // Doubt.
    "unsure|maybe|perhaps|possibly|probably|might|depends|depending|confused|confusing|doubt",
    "i guess $", "question|questions|wondering|wonder",
    // A wait, or somebody or something to ask first.
    "wait|stop|hold", "hang on", "just|one|a ..1 sec|minute|moment", "one|a second $", "just a second", "let me", "give me",
    "lets see|wait|think|back|stop", "think about|it|over|on", "talk|speak to|with", "check|ask|call|look my|with|him|her|the|at|first|back|into|it",
    "need|have|got|want|like to ..2 check|ask|talk|think|look|see|call|speak|go|work", "get back", "my calendar",
    "before i|you|we",
    // A condition.
    "but|if|unless|except|until|although|however|provided|assuming|though|whether|or|otherwise", "as long as", "only when|after|before",
    // A question.
    "what|which|who|whos|whom|where|when|whens|how|why|whats|hows|wheres", "^ are|is|was|does|did|will|would|should|could|can|am",
    "^ do you|i|they|we",
    // Another wish, or what stands against this one.
    "instead|another|different|other|rather|earlier|sooner", "someone|something|somebody|anything else", "later time|one|that|in",
    "do|take|with|say|prefer|the two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|1|2|3|4|5|6|7|8|9|10|11|12",
    "too early|late|far|long|soon|much", "i have ..1 work|school|class|a|an|another|my|plans|something|to", "im at|in|on|out|away|going|not",
    "i work|travel|teach", "busy|angry|mad|upset|ridiculous|conflict|vacation|working|traveling|joking|kidding",
    "^ im fine|good|ok $", "^ im fine|good|ok thank|thanks|for",
    // What takes it back.
    "_ actually", "scratch|forget that|it", "you to say", "in theory", "^ yeah right $", "changed my", "take that back", "just kidding",
];

/// Not to know is no no.
#[rustfmt::skip]
const NOT_SURE: &[&str] = &[
    "not|isnt|aint|never ..2 sure|certain|positive|convinced", "dont|cant|couldnt|didnt|never ..1 know|remember|understand|follow|recall|say|tell",
    "do|can not ..1 know|remember|understand|follow|recall|say|tell", "^ ..1 i guess|suppose so $", "^ ..1 i guess|suppose $",
    "i would|d? like to think|talk|ask|check", "id like to think|talk|ask|check",
];

const DENIALS: &[&str] = &[
    "no|not|dont|doesnt|isnt|wont|cant|never|nope|nah|didnt|wasnt|arent|shouldnt|couldnt|wouldnt|aint|hardly|neither",
];

/// Reads yes or no.
///
/// A yes is judged by the whole turn, because an appointment is booked, moved or cancelled on it: a word of agreement
/// counts only where nothing else in the turn doubts it, asks, waits, sets a condition or wishes for something else.
pub(crate) fn answer(tokens: &[Token]) -> Option<Answer> {
    let after_all = any(tokens, YES_AFTER_ALL);
    let rest = without(tokens, HARMLESS);
    let (yes, no) = (after_all || any(tokens, YES), !after_all && any(&rest, NO));
    let refuses = begins(tokens, &["no", "nope", "nah"]);
    if any(&rest, NOT_SURE) && !(refuses && no) {
        return Some(Answer::Unclear);
    }
    match (yes, no) {
        (true, false) if is_open(tokens, &rest, after_all) => Some(Answer::Unclear),
        (true, false) => Some(Answer::Yes),
        (false, true) => Some(Answer::No),
        // "No, that doesn't work" and "no, sorry, it's not good": what is refused with a word of agreement in it.
        (true, true) if refuses || begins(tokens, &["sorry", "actually", "not"]) => {
            Some(Answer::No)
        }
        (true, true)
            if any(
                &rest,
                &[
                    "doesnt|wont|cant|isnt|dont|not ..2 work|works|fine|good|right|do|make|want|like|ok",
                    "please dont",
                ],
            ) =>
        {
            Some(Answer::No)
        }
        (true, true) => Some(Answer::Unclear),
        (false, false) => None,
    }
}

/// Whether words of agreement settle nothing, for what stands beside them.
fn is_open(tokens: &[Token], rest: &[Token], after_all: bool) -> bool {
    let asks = rest.chunk_by(|a, b| a.sentence == b.sentence).any(|sentence| {
        sentence.iter().any(|token| token.asks) && !sentence.iter().any(|token| token.word == BLANK)
    });
    let denies = !after_all && any(rest, DENIALS);
    let opens = rest.chunk_by(|a, b| a.clause == b.clause).any(|clause| any(clause, OPEN));
    asks || denies || opens || any(rest, OPEN) || is_aside(tokens)
}

/// Whether a long turn that does not begin with agreement has a word of it somewhere: "the weather is fine up here".
fn is_aside(tokens: &[Token]) -> bool {
    const FEW: usize = 6;
    let mut left = without(tokens, YES);
    let opening = left.iter().take(4).any(|token| token.word == BLANK);
    left.retain(|token| {
        token.word != BLANK
            && !token.capital
            && !token.word.starts_with(|c: char| c.is_ascii_digit())
            && !matches!(
                token.word.as_str(),
                "at" | "on" | "the" | "in" | "with" | "doctor" | "for"
            )
    });
    !opening && left.len() > FEW
}

/// Stands for a word that is accounted for.
const BLANK: &str = "~";

fn without(tokens: &[Token], patterns: &[&str]) -> Vec<Token> {
    let mut rest = tokens.to_vec();
    for span in patterns.iter().flat_map(|pattern| find_each(tokens, pattern)) {
        for token in &mut rest[span] {
            token.word = BLANK.into();
        }
    }
    rest
}

fn find_each(tokens: &[Token], pattern: &str) -> Vec<std::ops::Range<usize>> {
    if pattern.starts_with('^') {
        find(tokens, pattern).into_iter().collect()
    } else {
        find_all(tokens, pattern).collect()
    }
}

/// Whether a turn neither asks, doubts, denies nor sets a condition: what an order must be to count as a yes.
pub(crate) fn is_plain(tokens: &[Token]) -> bool {
    let rest = without(tokens, HARMLESS);
    !any(&rest, NOT_SURE) && !is_open(tokens, &rest, false)
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

    /// What has a word of agreement in it and agrees to nothing: it is asked again, refused, or another wish.
    #[rustfmt::skip]
    const NO_YES: &[&str] = &[
        "I'm not sure.",
        "I'm not so sure about that.",
        "Are you sure?",
        "Okay, hold on.",
        "Okay, let me check my calendar.",
        "Sure, let me think about it.",
        "Sure, one second.",
        "Yeah... let me think.",
        "Yes hold on please.",
        "Please don't.",
        "Please hold.",
        "Please wait.",
        "It is not.",
        "It is?",
        "I do not know.",
        "It's not okay.",
        "That's not okay with me.",
        "Is that okay with my insurance?",
        "Okay, but what does it cost?",
        "Okay, what about Monday?",
        "Okay what.",
        "Yeah, what?",
        "Right, but which doctor is that?",
        "Great. When is that?",
        "Great, but that's my birthday.",
        "Perfect. Oh wait, I have work that day.",
        "Yes, if my husband can drive me.",
        "I'd like to think about it.",
        "I'd like to talk to my wife first.",
        "Fine, but not with him.",
        "That would be fine if it was in the morning.",
        "I can make it if it's after four.",
        "Let's do ten.",
        "Let's go back.",
        "I'll take the eleven.",
        "That one or the other one?",
        "Does that work for Dr. Patel?",
        "You bet I'm angry.",
        "I don't think that works.",
        "Okay, one moment.",
        "Sure, but can we do it later?",
        "Yes, unless it rains.",
        "Yeah, maybe.",
        "Fine, whatever, no.",
        "Great, who is that with?",
        "I'd like that better in the afternoon, if possible another day.",
        "Okay, but not Thursday.",
        "Yes, I need to check with my husband first.",
        "Perfect, but is that downtown?",
        "Okay, I have a question.",
        "Right, right, but how long does it take?",
        "That's fine for you to say",
        "That sounds good in theory",
        "Yeah right",
        "Absolutely not",
        "Of course not",
        "Yeah, I'm gonna have to pass",
        "I wish that worked",
        "That would work on Monday if at all",
        "I'll take two aspirin and wait.",
        "Sure. Actually, no.",
        "Yes? I don't know.",
        "Okay, give me a second.",
        "Sounds good, let me ask my wife.",
        "Yeah, I might be working.",
        "Please do not.",
        "I'm not certain that's right.",
        "I cannot say.",
        "Perfect, only if it's with Dr. Kim.",
        "Okay, so what happens if I cancel?",
        "Yes or no, I can't tell.",
        "That works except I'm busy on Friday.",
        "Well, it's not fine.",
        "Do you think that's okay?",
        "Okay?",
        "Uh-huh, and what else do you have?",
        "I guess so.",
        "I suppose so",
        "Great, I have school then.",
        "Sure, I'd rather come on Monday.",
    ];

    /// What callers say who agree, and what recognisers write for it.
    #[rustfmt::skip]
    const AGREED: &[&str] = &[
        "Yes, please.",
        "Yeah, that works.",
        "Sure, go ahead",
        "Sounds good",
        "That'll be fine",
        "Okay.",
        "Uh-huh",
        "Uh huh.",
        "mm hmm",
        "Yep",
        "Correct",
        "Yup.",
        "Yeah",
        "yes",
        "YES",
        "Yes yes.",
        "Yes, that's correct.",
        "Yes, that's right.",
        "That's right.",
        "Yes, that works for me.",
        "Yes, that would be great, thank you.",
        "Perfect, thank you so much.",
        "Great, thanks.",
        "Okay, thank you.",
        "Okay, I'll be there.",
        "Okay, I'll take it.",
        "I'll take it.",
        "I'll take that one.",
        "Let's do it.",
        "Let's do that.",
        "Let's go ahead.",
        "Sure.",
        "Sure, why not?",
        "Sure thing.",
        "Absolutely.",
        "Definitely",
        "Of course.",
        "Please do.",
        "Yes, go ahead and book it.",
        "Go ahead, please.",
        "That is correct.",
        "That's fine with me.",
        "That works great.",
        "That would work.",
        "That'll work.",
        "Fine.",
        "Fine by me.",
        "All right.",
        "Alright, that's good.",
        "No problem.",
        "No problem, that works",
        "No, that's fine.",
        "Yes, I can make that.",
        "I can do that.",
        "Yes, that's perfect.",
        "Perfect.",
        "Wonderful.",
        "Sounds great, thanks.",
        "Oh yes, please.",
        "Um, yes.",
        "Uh, yeah, sure.",
        "Yes, I'd like that.",
        "I would love that.",
        "Yes. Friday at 9:30 works.",
        "Yes, Friday, November 27 at 9:30 AM with Dr. Patel.",
        "Yes, Thursday is good.",
        "Could you book that for me, please? Yes.",
        "Yes, can you book that please?",
        "Yes, if you don't mind.",
        "Yes, that's what I want.",
        "Yes ma'am.",
        "You bet.",
        "Book it.",
        "Works for me.",
        "It's good for me.",
        "Right.",
        "exactly",
        "Okay, great, that sounds good.",
        "Yes I think that works",
        "I guess that works",
        "Yes, it is.",
        "Friday works",
        "Yes, nine thirty works",
        "Sure, put me down for that",
        "Friday at nine thirty is great",
        "Sounds like a plan",
        "Yes, that's my birthday.",
        "Yes, that's great. I'll see you then.",
        "That sounds good, just book it",
        "It is.",
        "I do.",
        "I agree.",
    ];

    #[test]
    fn a_yes_is_one_by_the_whole_turn() {
        let taken: Vec<_> =
            NO_YES.iter().filter(|text| answer(&tokens(text)) == Some(Answer::Yes)).collect();
        assert!(taken.is_empty(), "taken for a yes: {taken:#?}");
        let lost: Vec<_> = AGREED
            .iter()
            .map(|text| (text, answer(&tokens(text))))
            .filter(|(_, got)| *got != Some(Answer::Yes))
            .collect();
        assert!(lost.is_empty(), "not taken for a yes: {lost:#?}");
        assert!(NO_YES.len() >= 60 && AGREED.len() >= 60);
    }

    #[test]
    fn who_does_not_know_refuses_nothing() {
        for text in ["I'm not sure.", "I don't know.", "I do not know.", "Not sure"] {
            assert_eq!(answer(&tokens(text)), Some(Answer::Unclear), "{text:?}");
        }
        for text in ["Please don't.", "It is not.", "It's not okay.", "I don't want that one"] {
            assert_eq!(answer(&tokens(text)), Some(Answer::No), "{text:?}");
        }
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
