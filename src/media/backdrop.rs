//! What goes out while the agent says nothing: the noise of a line, a tone, or sound for a caller who waits.

use std::fmt;
use std::sync::Arc;

use crate::base::{Decibel, Frame};

use super::melody::Melody;
use super::tones::{CallTone, CallTones, TonePlayer};

/// The noise of a line that is open: -68 dBov. Digital silence sounds as if the line had been cut.
const NOISE: f32 = 13.0;
/// The same, as it is described.
pub(super) const NOISE_LEVEL: Decibel = Decibel(-68.0);
/// Samples over which a backdrop comes and goes: 40 ms.
const FADE: f32 = 640.0;

/// What stands behind the agent's words and is heard between them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Backdrop {
    /// The noise of the line, if the leg has one, or nothing.
    #[default]
    Line,
    /// A tone of a network, for a caller who knows what it means.
    Tone(CallTone, &'static CallTones),
    /// Slow bells, for a caller who waits.
    Melody,
    /// A recording, over and over.
    Clip(Clip),
}

/// A recording at the rate of a frame, which ends where it begins.
#[derive(Clone, Eq, PartialEq)]
pub struct Clip(Arc<[i16]>);

/// The shortest recording: half a second.
const SHORTEST: usize = 8_000;
/// Over which the end of a recording is led over into its beginning: 50 ms.
const SEAM: usize = 800;
/// A recording is brought to this level, in dBov, if it is louder: under the agent's voice, which has -20.
const LOUDEST: f32 = -26.0;
/// No sample of it is above this: -6 dB of full scale.
const PEAK: f32 = 16_400.0;

impl Clip {
    /// Takes a recording at [`Frame::RATE`]: too loud, it is turned down; and its end is led over into its beginning.
    /// `None` when it lasts less than half a second.
    pub fn new(mut samples: Vec<i16>) -> Option<Self> {
        if samples.len() < SHORTEST {
            return None;
        }
        let power: f64 = samples.iter().map(|&s| f64::from(s).powi(2)).sum();
        let level = (power / samples.len() as f64).sqrt().max(1.0) as f32;
        let peak = samples.iter().map(|s| f32::from(s.unsigned_abs())).fold(1.0, f32::max);
        let wanted = 32_768.0 * 10_f32.powf(LOUDEST / 20.0);
        let gain = (wanted / level).min(PEAK / peak).min(1.0);
        for sample in &mut samples {
            *sample = (f32::from(*sample) * gain) as i16;
        }
        let body = samples.len() - SEAM;
        for i in 0..SEAM {
            let part = i as f32 / SEAM as f32;
            let (begins, ends) = (f32::from(samples[i]), f32::from(samples[body + i]));
            samples[i] = (begins * part + ends * (1.0 - part)) as i16;
        }
        samples.truncate(body);
        Some(Self(samples.into()))
    }

    /// Tells in a test when it is freed.
    #[cfg(test)]
    pub(crate) fn watch(&self) -> std::sync::Weak<[i16]> {
        Arc::downgrade(&self.0)
    }

    /// How many samples it has.
    pub fn samples(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clip({:.1} s)", self.0.len() as f32 / Frame::RATE.0 as f32)
    }
}

#[derive(Clone, Debug)]
enum Playing {
    Line,
    Tone(TonePlayer),
    Melody(Melody),
    Clip { clip: Clip, at: usize },
}

/// Makes the frames of a leg's backdrop.
#[derive(Clone, Debug)]
pub(super) struct BackdropPlayer {
    playing: Playing,
    /// Waits until the one before it has faded.
    next: Option<Playing>,
    /// From 0 to 1.
    gain: f32,
    noise: u32,
    smooth: f32,
}

impl Default for BackdropPlayer {
    fn default() -> Self {
        Self { playing: Playing::Line, next: None, gain: 0.0, noise: 0x2545_f491, smooth: 0.0 }
    }
}

impl BackdropPlayer {
    /// Changes to another backdrop, softly.
    pub(super) fn change(&mut self, backdrop: Backdrop) {
        let next = match backdrop {
            Backdrop::Line => Playing::Line,
            Backdrop::Tone(tone, tones) => Playing::Tone(TonePlayer::new(tones, tone)),
            Backdrop::Melody => Playing::Melody(Melody::default()),
            Backdrop::Clip(clip) => Playing::Clip { clip, at: 0 },
        };
        if self.is_line() {
            (self.playing, self.gain) = (next, 0.0);
        } else {
            self.next = Some(next);
        }
    }

    /// Whether there is nothing but the line.
    pub(super) fn is_line(&self) -> bool {
        matches!(self.playing, Playing::Line)
    }

    /// The agent speaks: the backdrop waits, and comes back softly.
    pub(super) fn yield_to_voice(&mut self) {
        self.gain = 0.0;
    }

    /// The next 20 ms, over the noise of the line where there is one.
    pub(super) fn next_frame(&mut self, noise: bool) -> Frame {
        let mut frame = Frame::SILENCE;
        if !noise && self.is_line() {
            return frame;
        }
        for sample in &mut frame.0 {
            let line = if noise { self.next_noise() } else { 0.0 };
            *sample = (line + self.next_sample()) as i16;
        }
        frame
    }

    fn next_sample(&mut self) -> f32 {
        let sample = match &mut self.playing {
            Playing::Line => return 0.0,
            Playing::Tone(player) => player.next_sample(),
            Playing::Melody(melody) => melody.next_sample(),
            Playing::Clip { clip, at } => {
                let sample = f32::from(clip.0[*at]);
                *at = (*at + 1) % clip.0.len();
                sample
            }
        };
        if self.next.is_none() {
            self.gain = (self.gain + 1.0 / FADE).min(1.0);
        } else {
            self.gain -= 1.0 / FADE;
            if self.gain <= 0.0 {
                (self.playing, self.gain) = (self.next.take().unwrap_or(Playing::Line), 0.0);
            }
        }
        sample * self.gain.max(0.0)
    }

    /// White noise, a little darker, as on a line.
    fn next_noise(&mut self) -> f32 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 17;
        self.noise ^= self.noise << 5;
        let white = (self.noise >> 8) as f32 / (1 << 23) as f32 - 1.0;
        self.smooth = 0.5 * self.smooth + white;
        // Of a uniform number the root mean square is 0.58; the filter makes 0.67 of it.
        self.smooth * (NOISE / 0.667)
    }
}

#[cfg(test)]
mod tests {
    use super::super::in_band::ToneDetector;
    use super::*;

    fn frames(player: &mut BackdropPlayer, noise: bool, count: usize) -> Vec<Frame> {
        (0..count).map(|_| player.next_frame(noise)).collect()
    }

    fn level(frames: &[Frame]) -> f32 {
        let power: f64 = frames.iter().flat_map(|f| f.0).map(|s| f64::from(s).powi(2)).sum();
        let mean = power / (frames.len() * Frame::SAMPLES) as f64;
        10.0 * (mean.max(1e-9) / 32_768_f64.powi(2)).log10() as f32
    }

    #[test]
    fn an_open_line_is_not_quite_silent() {
        let mut player = BackdropPlayer::default();
        let noise = level(&frames(&mut player, true, 500));
        assert!((-70.0..-66.0).contains(&noise), "{noise} dBov");
        assert_eq!(player.next_frame(false), Frame::SILENCE);
    }

    /// Ten minutes of it: never silent for long, never loud, and never a digit.
    #[test]
    fn the_melody_is_gentle_and_holds_no_digit() {
        let (mut player, mut detector) = (BackdropPlayer::default(), ToneDetector::default());
        player.change(Backdrop::Melody);
        let mut loudest = 0;
        for _ in 0..10 {
            let minute = frames(&mut player, true, 3000);
            let level = level(&minute);
            assert!((-34.0..-24.0).contains(&level), "{level} dBov");
            for second in minute.chunks(100) {
                assert!(second.iter().any(|frame| frame.level() > -45.0));
            }
            for frame in &minute {
                loudest = frame.0.iter().map(|s| s.unsigned_abs()).max().unwrap().max(loudest);
                let heard = detector.hear(frame);
                assert!(heard.pressed.is_none() && !heard.present);
            }
        }
        assert!(loudest < 8_000, "{loudest}");
    }

    #[test]
    fn a_backdrop_comes_and_goes_without_a_click() {
        let mut player = BackdropPlayer::default();
        player.change(Backdrop::Tone(CallTone::Ringing, CallTones::of("US")));
        let mut heard = frames(&mut player, false, 20);
        assert!(heard[10].level() > -25.0);
        player.yield_to_voice();
        heard.extend(frames(&mut player, false, 20));
        player.change(Backdrop::Line);
        heard.extend(frames(&mut player, false, 20));
        assert_eq!(heard[45..], [Frame::SILENCE; 15]);
        let samples: Vec<i16> = heard[..20].iter().chain(&heard[40..]).flat_map(|f| f.0).collect();
        let step = samples.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max();
        // Two sines of 2,500 at 440 and 480 Hz move by 900 a sample at most.
        assert!(step.unwrap() < 1000, "{step:?}");
    }

    /// A sine that does not fit into its recording would click at each turn.
    #[test]
    fn a_recording_turns_without_a_seam_and_is_never_too_loud() {
        let sine = |i: usize| (30_000.0 * (0.05 * i as f32).sin()) as i16;
        let clip = Clip::new((0..16_123).map(sine).collect()).unwrap();
        assert_eq!(clip.samples(), 16_123 - SEAM);
        let mut player = BackdropPlayer::default();
        player.change(Backdrop::Clip(clip));
        let heard = frames(&mut player, false, 200);
        let loud = level(&heard[10..]);
        assert!((LOUDEST - 1.0..LOUDEST + 0.5).contains(&loud), "{loud} dBov");
        let samples: Vec<i16> = heard.iter().flat_map(|f| f.0).collect();
        let step = samples.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max();
        assert!(step.unwrap() < 150, "{step:?}");
        assert_eq!(Clip::new(vec![0; SHORTEST - 1]), None);
        assert!(Clip::new(vec![0; SHORTEST]).is_some());
    }
}
