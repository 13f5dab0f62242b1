//! Voice activity: is somebody speaking in this frame, and since when.
//!
//! The home of `webrtc-vad`. Its answer counts only above an energy floor that follows the noise
//! of the line, because alone it takes loud noise and echo for voice.

use std::time::Duration;

use webrtc_vad::{SampleRate, VadMode};

use crate::base::{Frame, Loudness};

/// A voice is this much above the noise.
const ABOVE_NOISE: f32 = 12.0;
/// And never quieter than this, in dBov.
const QUIETEST: f32 = -48.0;
/// What is quieter than this is not looked at: it is no voice, whatever it is, and of a caller who
/// listens there is nothing else.
const UNHEARD: f32 = -60.0;
/// Where the noise floor starts: what comes before the line is known must be clearly a voice.
const FIRST_NOISE: f32 = -45.0;
/// The least it can be: the idle noise of a digital trunk.
const LEAST_NOISE: f32 = -70.0;
/// The most it can be, so that a voice can always be heard over it.
const MOST_NOISE: f32 = -30.0;
/// How fast the floor falls towards a quieter frame, per frame.
const FALL: f32 = 0.2;
/// How fast it rises, in dB per frame, when webrtc-vad hears no voice: 5 dB a second.
const RISE: f32 = 0.1;
/// The same while it hears one, which may be noise: 0.5 dB a second.
const RISE_IN_VOICE: f32 = 0.01;
/// Frames looked at for the onset, and how many of them must be voiced.
const ONSET: (u32, u32) = (4, 3);
/// Unvoiced frames in a row that end a voice: 100 ms, longer than a stop consonant.
const HANGOVER: u32 = 5;

/// A voice began or ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VoiceEdge {
    /// It began.
    On {
        /// How long ago: from the start of its first voiced frame to the end of this one.
        started_ago: Duration,
    },
    /// It ended.
    Off {
        /// How long ago: since the end of its last voiced frame.
        ended_ago: Duration,
    },
}

/// What makes a voice begin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Onset {
    /// Enough voiced frames.
    Voiced,
    /// Somebody else's word, and how long ago it began.
    Held(Option<Duration>),
}

/// What was found in a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activity {
    /// Whether there is a voice in this very frame.
    pub voiced: bool,
    /// How loud the frame is, in dBov.
    pub level: f32,
    /// Whether a voice began or ended, judged over several frames.
    pub edge: Option<VoiceEdge>,
}

/// The detector of one leg.
pub struct Vad {
    webrtc: SendableVad,
    noise: f32,
    /// Which of the last frames were voiced, the latest lowest.
    recent: u32,
    speaking: bool,
    unvoiced: u32,
}

impl Default for Vad {
    fn default() -> Self {
        Self::new()
    }
}

impl Vad {
    /// Makes a detector; this allocates, pushing does not.
    pub fn new() -> Self {
        Self {
            webrtc: SendableVad::new(),
            noise: FIRST_NOISE,
            recent: 0,
            speaking: false,
            unvoiced: 0,
        }
    }

    /// Takes the next frame.
    pub fn push(&mut self, frame: &Frame) -> Activity {
        self.push_measured(frame, &frame.loudness(), false)
    }

    /// The same, of a frame that has been measured. One that was `narrow` has nothing above 4 kHz:
    /// webrtc-vad would only halve its rate again.
    pub fn push_measured(&mut self, frame: &Frame, loudness: &Loudness, narrow: bool) -> Activity {
        let voiced = self.look(frame, loudness, narrow);
        Activity { voiced, level: loudness.level, edge: self.conclude(voiced, Onset::Voiced) }
    }

    /// The first half of it: whether the frame is voiced. [`Self::conclude`] is to follow.
    pub(super) fn look(&mut self, frame: &Frame, loudness: &Loudness, narrow: bool) -> bool {
        let likely = Self::is_looked_at(loudness) && self.webrtc.is_voice(frame, narrow);
        self.judge(loudness.level, likely)
    }

    /// Whether a frame is loud enough to be looked at.
    pub(super) fn is_looked_at(loudness: &Loudness) -> bool {
        loudness.level >= UNHEARD
    }

    fn judge(&mut self, level: f32, likely: bool) -> bool {
        let voiced = likely && level > self.noise + ABOVE_NOISE && level > QUIETEST;
        self.follow_noise(level, likely);
        voiced
    }

    /// The second half: whether a voice began or ended, if the frame counts as voiced.
    pub(super) fn conclude(&mut self, voiced: bool, onset: Onset) -> Option<VoiceEdge> {
        self.recent = self.recent << 1 | u32::from(voiced);
        self.unvoiced = if voiced { 0 } else { self.unvoiced.saturating_add(1) };
        self.find_edge(onset)
    }

    /// Forgets the voice that is heard, and keeps what is known of the line's noise.
    pub fn reset(&mut self) {
        (self.recent, self.speaking, self.unvoiced) = (0, false, 0);
    }

    /// Whether a voice has begun and not ended.
    pub fn is_speaking(&self) -> bool {
        self.speaking
    }

    /// Returns the level of the line's noise, in dBov.
    pub fn noise(&self) -> f32 {
        self.noise
    }

    fn find_edge(&mut self, onset: Onset) -> Option<VoiceEdge> {
        let began = match onset {
            Onset::Held(began) => began,
            Onset::Voiced => {
                let (window, needed) = ONSET;
                let onset = self.recent & ((1 << window) - 1);
                let frames = u32::BITS - onset.leading_zeros();
                (onset.count_ones() >= needed).then_some(Frame::TIME * frames)
            }
        };
        if let Some(started_ago) = began.filter(|_| !self.speaking) {
            self.speaking = true;
            return Some(VoiceEdge::On { started_ago });
        }
        if self.speaking && self.unvoiced >= HANGOVER {
            self.speaking = false;
            self.recent = 0;
            return Some(VoiceEdge::Off { ended_ago: Frame::TIME * self.unvoiced });
        }
        None
    }

    fn follow_noise(&mut self, level: f32, likely: bool) {
        let step = match level < self.noise {
            true => (level - self.noise) * FALL,
            false if likely => RISE_IN_VOICE,
            false => RISE.min(level - self.noise),
        };
        self.noise = (self.noise + step).clamp(LEAST_NOISE, MOST_NOISE);
    }
}

/// libfvad keeps all its state behind the pointer it returns and has no globals, so that an
/// instance may move between threads; `webrtc-vad` only does not say so.
struct SendableVad {
    vad: webrtc_vad::Vad,
    narrow: bool,
}

#[allow(unsafe_code, reason = "webrtc-vad holds a raw pointer and so is not Send by itself")]
// SAFETY: the pointer is owned by this value alone, all access is through `&mut self`, and the C
// code behind it has neither thread-local nor global state.
unsafe impl Send for SendableVad {}

impl SendableVad {
    fn new() -> Self {
        // Mode 3 has the fewest false alarms; the constructor sets it, a reset would undo it.
        let (rate, mode) = (SampleRate::Rate16kHz, VadMode::VeryAggressive);
        Self { vad: webrtc_vad::Vad::new_with_rate_and_mode(rate, mode), narrow: false }
    }

    fn is_voice(&mut self, frame: &Frame, narrow: bool) -> bool {
        if narrow != self.narrow {
            self.narrow = narrow;
            // It keeps what it has learnt: it works on bands below 4 kHz at either rate.
            let rate = if narrow { SampleRate::Rate8kHz } else { SampleRate::Rate16kHz };
            self.vad.set_sample_rate(rate);
        }
        // 20 ms at either rate is a length it takes, so that it has no error to give.
        let voice = if narrow {
            // Every second sample is as it was before its rate was doubled (codec/resample.rs).
            let narrow: [i16; Frame::SAMPLES / 2] = std::array::from_fn(|i| frame.0[2 * i]);
            self.vad.is_voice_segment(&narrow)
        } else {
            self.vad.is_voice_segment(&frame.0)
        };
        voice.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;
    use std::f64::consts::TAU;

    /// A vowel: harmonics of 120 Hz under three formants, with a little vibrato, at `dbov`.
    fn vowel(frame: usize, dbov: f64) -> Frame {
        let mut sum = [0.0_f64; Frame::SAMPLES];
        for (i, sample) in sum.iter_mut().enumerate() {
            let t = (frame * Frame::SAMPLES + i) as f64 / 16e3;
            for harmonic in 1..28 {
                let hertz = 120.0 * f64::from(harmonic);
                let formants = [(700.0, 130.0), (1200.0, 150.0), (2600.0, 250.0)];
                let gain: f64 =
                    formants.iter().map(|(f, w)| 1.0 / (1.0 + ((hertz - f) / w).powi(2))).sum();
                let wobble = 0.3 * (TAU * 5.0 * t).sin();
                *sample += gain * (TAU * hertz * t + wobble * f64::from(harmonic)).sin();
            }
        }
        let power = sum.iter().map(|s| s * s).sum::<f64>() / Frame::SAMPLES as f64;
        let scale = 32_768.0 * 10_f64.powf(dbov / 20.0) / power.sqrt();
        Frame(std::array::from_fn(|i| (sum[i] * scale) as i16))
    }

    fn noise(dice: &mut Dice, dbov: f64) -> Frame {
        let scale = 32_768.0 * 10_f64.powf(dbov / 20.0) * 3_f64.sqrt();
        Frame(std::array::from_fn(|_| {
            ((dice.below(20_001) as f64 / 10_000.0 - 1.0) * scale) as i16
        }))
    }

    /// Frames of voice from `from` to `to`, of noise elsewhere; returns the edges with their
    /// frames, and the frames in which they say that it happened.
    fn edges(
        length: usize,
        from: usize,
        to: usize,
        loud: f64,
        dbov: f64,
    ) -> Vec<(usize, bool, i64)> {
        let (mut vad, mut dice) = (Vad::new(), Dice::new(3));
        let mut found = Vec::new();
        for index in 0..length {
            let frame = match (from..to).contains(&index) {
                true => vowel(index, loud),
                false => noise(&mut dice, dbov),
            };
            let ago = |time: Duration| (time.as_millis() / 20) as i64;
            match vad.push(&frame).edge {
                Some(VoiceEdge::On { started_ago }) => {
                    found.push((index, true, index as i64 + 1 - ago(started_ago)));
                }
                Some(VoiceEdge::Off { ended_ago }) => {
                    found.push((index, false, index as i64 + 1 - ago(ended_ago)));
                }
                None => {}
            }
        }
        found
    }

    #[test]
    fn a_voice_is_found_where_it_begins_and_ends() {
        for noise in [-90.0, -60.0, -45.0] {
            let found = edges(150, 50, 100, -22.0, noise);
            let &[(on, true, began), (off, false, ended)] = &found[..] else {
                panic!("{noise}: {found:?}")
            };
            assert!((50..=54).contains(&on) && (50..=51).contains(&began), "{noise}: {found:?}");
            assert!(
                (104..=112).contains(&off) && (100..=107).contains(&ended),
                "{noise}: {found:?}"
            );
        }
    }

    #[test]
    fn noise_and_silence_are_no_voice() {
        for noise in [-127.0, -60.0, -45.0, -35.0] {
            assert_eq!(edges(500, 0, 0, 0.0, noise), [], "{noise}");
        }
    }

    #[test]
    fn a_voice_below_the_floor_does_not_count() {
        assert_eq!(edges(150, 50, 100, -52.0, -80.0), []);
    }

    #[test]
    fn a_click_is_not_a_voice() {
        let mut vad = Vad::new();
        for index in 0..100 {
            let frame = if index % 10 == 0 { vowel(index, -15.0) } else { Frame::SILENCE };
            let activity = vad.push(&frame);
            // webrtc-vad itself hangs on for some frames; silence must not be counted for voice.
            assert_eq!(activity.edge, None);
            assert!(!activity.voiced || index % 10 == 0);
        }
    }

    /// A minute in which a voice comes and goes over a line of this noise, and when it speaks.
    fn comings_and_goings(dice: &mut Dice, floor: f64) -> impl Iterator<Item = (bool, Frame)> {
        let (mut speaks, mut until) = (true, 0);
        (0..3000).map(move |index| {
            if index == until {
                speaks = !speaks;
                until += 10 + dice.below(90) as usize;
            }
            let loud = -20.0 - dice.below(15) as f64;
            (speaks, if speaks { vowel(index, loud) } else { noise(dice, floor) })
        })
    }

    /// The control hears what webrtc-vad is spared: voices come and go over quiet lines, and begin and
    /// end in the same frames, but for a frame here and there in which the control wavers too.
    #[test]
    fn frames_too_quiet_to_be_looked_at_change_nothing() {
        for (seed, floor) in [-127.0, -90.0, -75.0, -66.0, -61.0].into_iter().enumerate() {
            let mut dice = Dice::new(seed as u64);
            let (mut sparing, mut control) = (Vad::new(), Vad::new());
            let (mut voiced, mut spared, mut others, mut edges) = (0, 0, 0, [0; 2]);
            for (_, frame) in comings_and_goings(&mut dice, floor) {
                let level = frame.level();
                let likely = control.webrtc.is_voice(&frame, false);
                let (heard, expected) = (sparing.push(&frame), control.judge(level, likely));
                others += u32::from(heard.voiced != expected);
                edges[0] += u32::from(heard.edge.is_some());
                edges[1] += u32::from(control.conclude(expected, Onset::Voiced).is_some());
                voiced += u32::from(heard.voiced);
                spared += u32::from(level < UNHEARD);
            }
            assert!(others <= 20 && edges[0] == edges[1], "{floor}: {others} others, {edges:?}");
            assert!(voiced > 800 && spared > 800, "{voiced} voiced, {spared} spared");
        }
    }

    /// Where there is nothing above 4 kHz, every second sample tells as much: the same voices are found, within a
    /// frame or two, and none in noise.
    #[test]
    fn at_half_the_rate_what_is_narrow_is_heard_alike() {
        for (seed, floor) in [-127.0, -75.0, -60.0, -50.0].into_iter().enumerate() {
            let mut dice = Dice::new(seed as u64);
            let (mut narrow, mut control) = (Vad::new(), Vad::new());
            let (mut voiced, mut others, mut edges) = ([0_u32; 2], 0, [0; 2]);
            for (speaks, mut frame) in comings_and_goings(&mut dice, floor) {
                if !speaks {
                    // Nothing of it is above 4 kHz either, nearly.
                    for at in (1..Frame::SAMPLES - 1).step_by(2) {
                        frame.0[at] = frame.0[at - 1].midpoint(frame.0[at + 1]);
                    }
                }
                let loudness = frame.loudness();
                let heard = narrow.push_measured(&frame, &loudness, true);
                let expected = control.push_measured(&frame, &loudness, false);
                for (which, it) in [heard, expected].into_iter().enumerate() {
                    voiced[which] += u32::from(it.voiced);
                    edges[which] += u32::from(it.edge.is_some());
                }
                others += u32::from(heard.voiced != expected.voiced);
            }
            println!("{floor}: {others} others, voiced {voiced:?}, {edges:?}");
            assert!(
                others * 50 < voiced[1] && edges[0] == edges[1],
                "{floor}: {others}, {edges:?}"
            );
        }
    }

    /// A voice before a hold and one after it are two, although the detector heard nothing between.
    #[test]
    fn a_voice_that_is_forgotten_may_begin_again() {
        let mut vad = Vad::new();
        let mut begun = 0;
        for index in 0..40 {
            if index == 20 {
                assert!(vad.is_speaking());
                vad.reset();
            }
            let edge = vad.push(&vowel(index, -20.0)).edge;
            begun += u32::from(matches!(edge, Some(VoiceEdge::On { .. })));
        }
        assert_eq!(begun, 2);
    }

    #[test]
    fn it_may_move_between_threads() {
        let mut vad = Vad::new();
        std::thread::spawn(move || vad.push(&Frame::SILENCE)).join().unwrap();
    }
}
