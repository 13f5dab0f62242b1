//! A slower and better judge of what is a voice: a model that follows sound over a quarter of a second.
//!
//! The detector on the media thread is asked of every frame and decides at once. What it takes for a voice is listened to
//! again by a model, off the media thread: noise, music and coughs are denied, a voice in them is confirmed, and each frame
//! is marked anew for whoever recognises words.

use std::time::Duration;

use crate::base::Frame;

use super::{HeardFrame, VoiceHint};

/// Tells how likely there is a voice. Owned by one leg; weights are shared.
pub trait VoiceModel: Send {
    /// Takes the next 20 ms, and returns how likely there is a voice in what it has heard since it last said so, 0 to 1;
    /// `None` while it has not enough.
    ///
    /// # Errors
    /// When it has failed, with what it said.
    fn push(&mut self, frame: &Frame) -> Result<Option<f32>, String>;
    /// Forgets all it has heard.
    fn reset(&mut self);
}

/// It is asked for so long after the detector last heard a voice: 15 × 20 ms = 300 ms.
const ASKED_FOR: u32 = 15;
/// From here on a voice is likely, and below the other there is none.
const LIKELY: f32 = 0.5;
const UNLIKELY: f32 = 0.3;
/// A voice that was denied must be this likely, twice.
const SURE: f32 = 0.7;
/// Opinions without a voice after which there is none: 4 × 32 ms = 128 ms from the first sound.
const DENIED_AFTER: u32 = 4;
/// The same of a voice that was found: 12 × 32 ms = 384 ms.
const GONE_AFTER: u32 = 12;
/// What was denied is denied again every 4 × 32 ms = 128 ms while it goes on: the detector may take it for a voice again.
const AGAIN: u32 = 4;
/// How long ago a voice began that is confirmed after all.
const FOUND_AFTER: Duration = Duration::from_millis(100);
/// What the detector takes for a caller over the agent: three of four frames, so many frames ago at most.
const SUSPECTED: (u32, u32) = (4, 3);
const LATELY: u32 = 12;
/// What we send is louder than this in dBov while the agent speaks: then what is soft may be our echo.
const SPEECH: f32 = -45.0;

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Verdict {
    /// The detector hears something, and not enough was heard of it.
    #[default]
    Open,
    Voice,
    Denied,
}

/// One leg's.
pub struct SecondOpinion {
    model: Box<dyn VoiceModel>,
    /// Frames since the detector heard a voice.
    unvoiced: u32,
    verdict: Verdict,
    /// Opinions in a row without a voice, and with one.
    without: u32,
    with: u32,
    /// The last opinion.
    likely: bool,
    /// Which of the last frames the detector took for a voice, the latest lowest.
    hits: u32,
    /// Frames since it suspected somebody, and since that one began.
    suspected: Option<(u32, u32)>,
    /// A voice over the agent was told.
    told: bool,
}

impl SecondOpinion {
    /// Asks this model.
    pub fn new(model: Box<dyn VoiceModel>) -> Self {
        let (verdict, likely, told) = (Verdict::Open, false, false);
        let (hits, suspected) = (0, None);
        Self {
            model,
            unvoiced: ASKED_FOR,
            verdict,
            without: 0,
            with: 0,
            likely,
            hits,
            suspected,
            told,
        }
    }

    /// Judges the next frame that was heard and marks it anew, and returns what is new.
    ///
    /// # Errors
    /// When the model has failed, with what it said: it is not to be asked again.
    pub fn judge(&mut self, heard: &mut HeardFrame) -> Result<Option<VoiceHint>, String> {
        self.unvoiced = if heard.voiced { 0 } else { self.unvoiced.saturating_add(1) };
        self.suspect(heard.voiced);
        if self.unvoiced > ASKED_FOR {
            return Ok(None);
        }
        if self.unvoiced == ASKED_FOR {
            return Ok(self.forget());
        }
        let mut hint = None;
        if let Some(likelihood) = self.model.push(&heard.frame)? {
            hint = self.decide(likelihood);
            if hint.is_none() && heard.sent.loudest > SPEECH {
                hint = self.second();
            }
        }
        match self.verdict {
            Verdict::Denied => heard.voiced = false,
            // A soft voice that the detector has lost goes on.
            Verdict::Voice if self.likely && heard.sent.loudest < SPEECH => heard.voiced = true,
            Verdict::Voice | Verdict::Open => {}
        }
        Ok(hint)
    }

    /// What was not listened to cannot be judged: nothing is known any more. Returns what is new.
    pub fn skip(&mut self) -> Option<VoiceHint> {
        if self.unvoiced >= ASKED_FOR {
            return None;
        }
        self.unvoiced = ASKED_FOR;
        self.forget()
    }

    /// Follows what the detector suspects.
    fn suspect(&mut self, voiced: bool) {
        self.hits = self.hits << 1 | u32::from(voiced);
        self.suspected = self.suspected.map(|(ago, began)| (ago + 1, began + 1));
        let lately = self.hits & ((1 << SUSPECTED.0) - 1);
        let is_suspect = lately.count_ones() >= SUSPECTED.1;
        match &mut self.suspected {
            Some((ago, _)) if is_suspect => *ago = 0,
            None if is_suspect => {
                self.suspected = Some((0, u32::BITS - lately.leading_zeros()));
            }
            Some((LATELY, _)) => self.suspected = None,
            Some(_) | None => {}
        }
    }

    /// A voice that the detector suspects over the agent, and the model hears.
    fn second(&mut self) -> Option<VoiceHint> {
        if self.told || self.verdict != Verdict::Voice || !self.likely {
            return None;
        }
        let (_, began) = self.suspected?;
        self.told = true;
        Some(VoiceHint::Confirmed { started_ago: Frame::TIME * began })
    }

    fn decide(&mut self, likelihood: f32) -> Option<VoiceHint> {
        self.likely = likelihood > LIKELY;
        self.without = if likelihood < UNLIKELY { self.without + 1 } else { 0 };
        self.with = if likelihood > SURE { self.with + 1 } else { 0 };
        let (next, hint) = match self.verdict {
            Verdict::Open if self.likely => (Verdict::Voice, None),
            Verdict::Open if self.without >= DENIED_AFTER => {
                (Verdict::Denied, Some(VoiceHint::Denied))
            }
            // Within words it is sure of itself; a pause that the detector fills with noise is none of them.
            Verdict::Voice if self.without >= GONE_AFTER && self.unvoiced == 0 => {
                (Verdict::Denied, Some(VoiceHint::Denied))
            }
            Verdict::Denied if self.with >= 2 => {
                (Verdict::Voice, Some(VoiceHint::Confirmed { started_ago: FOUND_AFTER }))
            }
            Verdict::Denied
                if self.unvoiced == 0 && self.without.is_multiple_of(AGAIN) && self.without > 0 =>
            {
                (Verdict::Denied, Some(VoiceHint::Denied))
            }
            verdict => (verdict, None),
        };
        self.verdict = next;
        hint
    }

    /// A denial holds no longer than it is known to.
    fn forget(&mut self) -> Option<VoiceHint> {
        self.model.reset();
        let denied = self.verdict == Verdict::Denied;
        (self.verdict, self.without, self.with, self.likely) = (Verdict::Open, 0, 0, false);
        (self.hits, self.suspected, self.told) = (0, None, false);
        denied.then_some(VoiceHint::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::Sent;

    /// Says what it is told to, an opinion for each frame.
    struct Told(Vec<f32>, usize);

    impl VoiceModel for Told {
        fn push(&mut self, _: &Frame) -> Result<Option<f32>, String> {
            self.1 += 1;
            Ok(self.0.get(self.1 - 1).copied())
        }
        fn reset(&mut self) {}
    }

    /// Opinions as tenths, of frames that the detector takes for a voice; returns what is told after which frame, and
    /// which frames count as voiced.
    fn judged(
        opinions: &str,
        detector: impl Fn(usize) -> bool,
    ) -> (Vec<(usize, VoiceHint)>, String) {
        let likely: Vec<_> =
            opinions.chars().map(|c| c.to_digit(10).unwrap() as f32 / 9.0).collect();
        let frames = likely.len();
        let mut opinion = SecondOpinion::new(Box::new(Told(likely, 0)));
        let (mut told, mut voiced) = (Vec::new(), String::new());
        for at in 0..frames {
            let mut heard = HeardFrame::new(at as u64, Frame::SILENCE, detector(at));
            told.extend(opinion.judge(&mut heard).unwrap().map(|hint| (at + 1, hint)));
            voiced.push(if heard.voiced { 'v' } else { '.' });
        }
        (told, voiced)
    }

    #[test]
    fn a_cough_is_denied_and_no_word() {
        let (told, voiced) = judged("0111122100", |_| true);
        assert_eq!(told, [(4, VoiceHint::Denied), (8, VoiceHint::Denied)]);
        assert_eq!(voiced, "vvv.......");
    }

    #[test]
    fn a_denial_is_taken_back_when_nothing_is_known_any_more() {
        let (told, _) = judged("00000000000000000000", |at| at < 4);
        assert_eq!(told, [(4, VoiceHint::Denied), (19, VoiceHint::Unknown)]);
        let mut opinion = SecondOpinion::new(Box::new(Told(vec![0.0; 4], 0)));
        for at in 0..4 {
            opinion.judge(&mut HeardFrame::new(at, Frame::SILENCE, true)).unwrap();
        }
        assert_eq!((opinion.skip(), opinion.skip()), (Some(VoiceHint::Unknown), None));
    }

    #[test]
    fn a_voice_is_left_alone() {
        assert_eq!(judged("0259999100999", |_| true).0, []);
    }

    #[test]
    fn a_voice_in_noise_that_was_denied_is_found() {
        let (told, voiced) = judged("000000089999", |_| true);
        let found = VoiceHint::Confirmed { started_ago: FOUND_AFTER };
        assert_eq!(told, [(4, VoiceHint::Denied), (9, found)]);
        assert_eq!(voiced, "vvv.....vvvv");
    }

    #[test]
    fn a_soft_voice_goes_on_and_our_echo_does_not() {
        assert_eq!(judged("99999999", |at| at < 3).1, "vvvvvvvv");
        let mut opinion = SecondOpinion::new(Box::new(Told(vec![1.0; 8], 0)));
        for at in 0..8 {
            let sent = Sent { loudest: -20.0, ..Sent::default() };
            let mut heard = HeardFrame { sent, ..HeardFrame::new(at, Frame::SILENCE, at < 3) };
            opinion.judge(&mut heard).unwrap();
            assert_eq!(heard.voiced, at < 3);
        }
    }

    /// What is told of a voice that the model hears at once, and the detector in these frames, while we speak.
    fn over_us(detector: &str) -> Vec<(usize, VoiceHint)> {
        let mut opinion = SecondOpinion::new(Box::new(Told(vec![0.6; 40], 0)));
        let sent = Sent { loudest: -20.0, ..Sent::default() };
        let judge = |(at, voiced)| {
            let heard = HeardFrame::new(at as u64, Frame::SILENCE, voiced == 'v');
            let hint = opinion.judge(&mut HeardFrame { sent, ..heard }).unwrap();
            hint.map(|hint| (at + 1, hint))
        };
        detector.chars().enumerate().filter_map(judge).collect()
    }

    #[test]
    fn what_the_detector_suspects_over_us_and_the_model_hears_is_a_voice() {
        let started_ago = Frame::TIME * 4;
        assert_eq!(over_us("..vv.vvvv.."), [(6, VoiceHint::Confirmed { started_ago })]);
        assert_eq!(over_us("v...v...vv...v"), [], "a frame here and there is our echo");
        assert_eq!(judged("99999999", |_| true).0, [], "nobody is to be held");
    }

    #[test]
    fn nobody_asks_in_silence() {
        let mut opinion = SecondOpinion::new(Box::new(Told(vec![1.0; 100], 0)));
        for at in 0..100 {
            let mut heard = HeardFrame::new(at, Frame::SILENCE, false);
            assert_eq!(opinion.judge(&mut heard), Ok(None));
            assert!(!heard.voiced);
        }
    }
}
