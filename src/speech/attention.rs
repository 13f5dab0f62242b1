//! What a leg pays attention to: the caller's voice, and while the agent speaks, only what cannot be our echo.

use crate::base::{Frame, Loudness};

use super::background::Background;
use super::echo_gate::{ABOVE_ECHO, ABOVE_ECHO_LATER, EchoGate, PITCHED};
use super::pitch::Pitch;
use super::vad::Onset;
use super::{Activity, EchoReference, Sent, Vad, VoiceHint};

/// By how much a voice that goes on may be softer than one that begins, behind which others talk, in dB.
const ABOVE_TALK_LATER: f32 = -3.0;

/// What was found in a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noticed {
    /// Whether there is a voice in it that is not our echo, and whether one began or ended.
    pub activity: Activity,
    /// What is new of whether somebody speaks over the agent. A suspicion is always followed by one of the other two.
    pub hint: Option<VoiceHint>,
}

/// The voice detector of one leg, with what it needs to know of what the leg sends.
#[derive(Default)]
pub struct Attention {
    vad: Vad,
    echo: EchoReference,
    gate: EchoGate,
    pitch: Pitch,
    background: Background,
}

impl Attention {
    /// Makes it; this allocates, nothing else does.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes how loud the next 20 ms are that go out, in dBov; -127 when nothing does.
    pub fn send_level(&mut self, level: f32) {
        self.echo.send_level(level);
    }

    /// Notes time that passed with nothing sent, in frames.
    pub fn skip(&mut self, frames: u64) {
        self.echo.skip(frames);
    }

    /// What is being sent now.
    pub fn sent(&self) -> Sent {
        self.echo.now()
    }

    /// Takes the next frame that came. One that was `narrow` has nothing above 4 kHz; one that was not `received` was
    /// made up in place of one that was lost, at least in part.
    pub fn hear(
        &mut self,
        frame: &Frame,
        loudness: &Loudness,
        narrow: bool,
        received: bool,
    ) -> Noticed {
        if !self.echo.may_come() {
            let activity = self.vad.push_measured(frame, loudness, narrow);
            let hint = match self.gate.is_at_rest() {
                true => None,
                false => self.gate.rest(self.vad.is_speaking()),
            };
            return Noticed { activity, hint };
        }
        let level = loudness.level;
        let candidate = self.vad.look(frame, loudness, narrow);
        let echo = self.echo.next_echo();
        if received && self.echo.is_speaking() {
            self.background.hear(if level > echo + ABOVE_ECHO_LATER { level } else { f32::MIN });
        }
        let over_echo = if candidate { level - echo } else { f32::MIN };
        // For a caller who listens there is nothing more to compute.
        if Vad::is_looked_at(loudness) {
            self.pitch.push(frame);
        }
        // A voice that was behind the caller before is none.
        let over_talk = level - self.background.needed();
        let hit = over_echo > ABOVE_ECHO && over_talk > 0.0;
        let pitched = hit && self.pitch.strength() > PITCHED;
        let hint = self.gate.vote(hit, pitched, self.echo.now().loss);
        let goes_on =
            self.vad.is_speaking() && over_echo > ABOVE_ECHO_LATER && over_talk > ABOVE_TALK_LATER;
        let began = match hint {
            Some(VoiceHint::Confirmed { started_ago }) => Some(started_ago),
            _ => None,
        };
        let voiced = hit || goes_on;
        if received {
            self.echo.hear(level, voiced);
        }
        let edge = self.vad.conclude(voiced, Onset::Held(began));
        Noticed { activity: Activity { voiced, level, edge }, hint }
    }

    /// Forgets the voice that is heard, and keeps what is known of the line.
    pub fn reset(&mut self) {
        self.vad.reset();
        self.gate = EchoGate::default();
    }
}
