//! Whether somebody speaks over the agent: votes of frames that are voices and cannot be our echo.

use std::time::Duration;

use crate::base::Frame;

use super::VoiceHint;

/// By how much a frame must be louder than our echo may be, in dB.
pub(super) const ABOVE_ECHO: f32 = 6.0;
/// The same for a voice that goes on: it dies away, and rises again.
pub(super) const ABOVE_ECHO_LATER: f32 = 3.0;
/// Correlation from which a frame has a pitch.
pub(super) const PITCHED: f32 = 0.5;
/// Frames looked at for a suspicion, and how many of them must be hits.
const SUSPECTED: (u32, u32) = (4, 3);
/// The same for a voice, whatever is between them: "ex-cuse" has a first syllable of 60 ms and a closure of 100.
const CONFIRMED: (u32, u32) = (12, 5);
/// So many of those must have a pitch, as vowels have, and one of the last two frames.
const WITH_PITCH: u32 = 4;
const LATELY: u32 = 2;
/// On a line of which nearly nothing comes back a suspicion in which so many have a pitch is a voice.
const ON_A_CLEAN_LINE: u32 = 2;
/// The loss of such a line, in dB.
pub(super) const CLEAN: f32 = 32.0;
/// Frames looked at for the end of a voice, and how many of them may still be hits.
const OVER: (u32, u32) = (6, 1);
/// Frames without a hit after which a suspicion was none: 240 ms, for the closure between two syllables.
const NONE_LEFT: u32 = 12;
/// What has not become a voice by then is noise: 25 × 20 ms = 500 ms.
const PATIENCE: u32 = 25;

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Stage {
    #[default]
    Quiet,
    /// So many frames ago.
    Suspected(u32),
    Confirmed,
    /// It goes on, and was given up.
    Denied,
}

/// Counts the votes.
#[derive(Clone, Debug, Default)]
pub(super) struct EchoGate {
    /// Which of the last frames were hits, the latest lowest.
    hits: u32,
    /// Which of them had a pitch.
    pitched: u32,
    stage: Stage,
}

impl EchoGate {
    /// Takes the vote of a frame that came while our echo may come, over a line with such a loss in dB, and returns what is
    /// new.
    pub(super) fn vote(&mut self, hit: bool, pitched: bool, loss: f32) -> Option<VoiceHint> {
        self.hits = self.hits << 1 | u32::from(hit);
        self.pitched = self.pitched << 1 | u32::from(hit && pitched);
        let count = |votes: u32, frames: u32| (votes & ((1 << frames) - 1)).count_ones();
        let is_over = count(self.hits, OVER.0) <= OVER.1;
        let is_suspect = count(self.hits, SUSPECTED.0) >= SUSPECTED.1;
        let at_once =
            loss >= CLEAN && is_suspect && count(self.pitched, SUSPECTED.0) >= ON_A_CLEAN_LINE;
        let is_voice = at_once
            || count(self.hits, CONFIRMED.0) >= CONFIRMED.1
                && count(self.pitched, CONFIRMED.0) >= WITH_PITCH
                && count(self.pitched, LATELY) > 0;
        let (next, hint) = match self.stage {
            Stage::Quiet | Stage::Suspected(_) | Stage::Denied if is_voice => {
                let started_ago = self.started_ago(CONFIRMED.0);
                (Stage::Confirmed, Some(VoiceHint::Confirmed { started_ago }))
            }
            Stage::Quiet if is_suspect => {
                let started_ago = self.started_ago(SUSPECTED.0);
                (Stage::Suspected(0), Some(VoiceHint::Suspected { started_ago }))
            }
            Stage::Suspected(_) if count(self.hits, NONE_LEFT) == 0 => {
                (Stage::Quiet, Some(VoiceHint::Denied))
            }
            Stage::Suspected(PATIENCE) => (Stage::Denied, Some(VoiceHint::Denied)),
            Stage::Suspected(frames) => (Stage::Suspected(frames + 1), None),
            Stage::Confirmed | Stage::Denied if is_over => (Stage::Quiet, None),
            stage => (stage, None),
        };
        self.stage = next;
        hint
    }

    /// Our echo cannot come any more. A suspicion does not outlast that: `speaks` says what came of it.
    pub(super) fn rest(&mut self, speaks: bool) -> Option<VoiceHint> {
        let started_ago = self.started_ago(u32::BITS);
        match std::mem::take(self).stage {
            Stage::Suspected(_) if speaks => Some(VoiceHint::Confirmed { started_ago }),
            Stage::Suspected(_) => Some(VoiceHint::Denied),
            Stage::Quiet | Stage::Confirmed | Stage::Denied => None,
        }
    }

    /// Whether there is nothing to count on with.
    pub(super) fn is_at_rest(&self) -> bool {
        self.stage == Stage::Quiet && self.hits == 0
    }

    fn started_ago(&self, frames: u32) -> Duration {
        let hits = self.hits & (u32::MAX >> (u32::BITS - frames));
        Frame::TIME * (u32::BITS - hits.leading_zeros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `.` no hit, `+` a hit, `V` a hit with a pitch; returns what was told after which frame.
    fn votes(story: &str) -> Vec<(usize, VoiceHint)> {
        let mut gate = EchoGate::default();
        let take = |(at, vote)| Some((at + 1, gate.vote(vote != '.', vote == 'V', 20.0)?));
        story.chars().enumerate().filter_map(take).collect()
    }

    const fn suspected(frames: u32) -> VoiceHint {
        VoiceHint::Suspected { started_ago: Duration::from_millis(20 * frames as u64) }
    }

    const fn confirmed(frames: u32) -> VoiceHint {
        VoiceHint::Confirmed { started_ago: Duration::from_millis(20 * frames as u64) }
    }

    #[test]
    fn a_voice_is_suspected_after_60_ms_and_certain_after_100() {
        assert_eq!(votes("...VVVVVVVV......"), [(6, suspected(3)), (8, confirmed(5))]);
        assert_eq!(votes("...+VV.VV+VVV"), [(6, suspected(3)), (9, confirmed(6))]);
    }

    #[test]
    fn on_a_clean_line_what_is_suspected_and_has_a_pitch_is_a_voice() {
        let mut gate = EchoGate::default();
        let told = [true, true, false, true].map(|hit| gate.vote(hit, hit, CLEAN));
        assert_eq!(told, [None, None, None, Some(confirmed(4))]);
        let mut gate = EchoGate::default();
        let told = [false, true, false, false].map(|pitch| gate.vote(true, pitch, CLEAN));
        assert_eq!(told, [None, None, Some(suspected(3)), None], "a cough");
    }

    #[test]
    fn two_short_syllables_with_a_closure_between_them_are_a_voice() {
        assert_eq!(votes("VVV.....VV"), [(3, suspected(3)), (10, confirmed(10))]);
        assert_eq!(votes("VVV.........VV"), [(3, suspected(3))], "too long ago");
    }

    #[test]
    fn a_cough_is_suspected_and_denied() {
        let told = votes("..++++++V+++..............");
        assert_eq!(told, [(5, suspected(3)), (24, VoiceHint::Denied)]);
    }

    #[test]
    fn a_click_is_nothing() {
        assert_eq!(votes("..++....V..V....++.."), []);
    }

    #[test]
    fn noise_that_does_not_end_is_given_up_and_a_voice_in_it_is_found() {
        let noise = "+".repeat(60);
        assert_eq!(votes(&noise), [(3, suspected(3)), (29, VoiceHint::Denied)]);
        let voice = format!("{noise}VVVV");
        assert_eq!(votes(&voice).last(), Some(&(64, confirmed(12))));
    }

    #[test]
    fn a_suspicion_does_not_outlast_our_echo() {
        for (speaks, told) in [(true, confirmed(4)), (false, VoiceHint::Denied)] {
            let mut gate = EchoGate::default();
            (0..4).for_each(|_| _ = gate.vote(true, false, 20.0));
            assert_eq!(gate.rest(speaks), Some(told));
            assert!(gate.is_at_rest());
            assert_eq!(gate.rest(speaks), None);
        }
    }
}
