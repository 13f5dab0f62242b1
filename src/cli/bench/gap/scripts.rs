//! What the scripted callers say. Every line is a turn that wants an answer; none needs to know the agent's words.

use std::time::Duration;

use crate::base::Dice;
use crate::engines::tts::FliteVoice;
use crate::phone::{Line, Pauses, Talk};

/// One call's script.
#[derive(Clone, Debug)]
pub(super) struct Dialogue {
    pub(super) name: &'static str,
    pub(super) talk: Talk,
    pub(super) voice: FliteVoice,
    /// How much slower than the voice's own pace.
    pub(super) stretch: f32,
}

/// A line, in wordings that mean the same.
type Turn = &'static [&'static str];

const WHO: Turn = &[
    "Hi, this is Sarah Johnson, and my date of birth is June fourteenth, nineteen eighty one.",
    "My name is Sarah Johnson. I was born on June fourteenth, nineteen eighty one.",
    "It's Sarah Johnson, date of birth six, fourteen, nineteen eighty one.",
];
const YES: Turn =
    &["Yes, that's right.", "Yes.", "Yes, please.", "That's correct.", "Yeah, that works."];
const NO_MORE: Turn =
    &["No, that's all. Thank you.", "No, thank you.", "That's everything, thanks."];
const HOURS: Turn = &[
    "What are your opening hours?",
    "How late are you open on Friday?",
    "Are you open on Saturdays?",
];
const WHERE: Turn =
    &["Where are you located?", "What is your address, please?", "How do I get to your office?"];
const BOOK: Turn = &[
    "I'd like to book a physical with Doctor Patel.",
    "I need an appointment for a check up.",
    "Can I schedule a visit with Doctor Patel, please?",
];
const SOON: Turn =
    &["As soon as possible, please.", "Next Tuesday morning.", "Any time next week is fine."];
const MOVE: Turn = &[
    "I need to move my appointment on Thursday to the next free morning.",
    "I'd like to reschedule my appointment.",
];
const CANCEL: Turn = &["I need to cancel my appointment.", "Please cancel my visit."];
const WHEN: Turn = &["When is my next appointment?", "What time is my appointment?"];
const REFILL: Turn =
    &["I need a refill for my blood pressure medicine.", "I have a question about my bill."];

const DIALOGUES: &[(&str, &[Turn])] = &[
    ("office", &[HOURS, WHERE, HOURS, WHERE, NO_MORE]),
    ("book", &[BOOK, WHO, YES, SOON, YES, NO_MORE]),
    ("move", &[MOVE, WHO, YES, SOON, YES, NO_MORE]),
    ("cancel", &[CANCEL, WHO, YES, YES, NO_MORE]),
    ("when", &[WHEN, WHO, YES, HOURS, NO_MORE]),
    ("staff", &[REFILL, WHO, YES, WHERE, NO_MORE]),
];

/// Returns the `n`th call's dialogue: another script, voice and wording each time, the same for the same seed.
pub(super) fn dialogue(seed: u64, n: usize) -> Dialogue {
    let mut dice = Dice::new(seed ^ (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let (name, turns) = DIALOGUES[n % DIALOGUES.len()];
    let mut pick = |of: &[&'static str]| of[dice.bits() as usize % of.len()];
    let lines = turns.iter().map(|turn| Line::new(pick(turn))).collect();
    let pauses = Pauses { linger: Duration::from_secs(4), ..Pauses::default() };
    // flite's older voice is left out: people do not buzz.
    let voices = [(FliteVoice::Slt, 1.1), (FliteVoice::Rms, 1.0), (FliteVoice::Awb, 1.05)];
    let (voice, stretch) = voices[n / DIALOGUES.len() % voices.len()];
    Dialogue { name, talk: Talk { lines, pauses, ..Talk::default() }, voice, stretch }
}

/// The caller's number: the one of the seeded patient for every other call, and strangers' for the rest.
pub(super) fn number(n: usize) -> String {
    if n.is_multiple_of(2) {
        "+13125550131".into()
    } else {
        format!("+1312555{:04}", 2000 + n % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn calls_differ_and_a_seed_says_the_same_again() {
        let said = |seed| -> Vec<Vec<String>> {
            (0..18)
                .map(|n| dialogue(seed, n).talk.lines.into_iter().map(|line| line.text).collect())
                .collect()
        };
        assert_eq!(said(1), said(1));
        let different: BTreeSet<_> = said(1).into_iter().collect();
        assert!(different.len() >= 15, "{}", different.len());
        let voices: BTreeSet<_> = (0..18).map(|n| dialogue(1, n).voice.to_string()).collect();
        assert_eq!(voices.len(), 3);
    }
}
