//! The digits of one caller, from events and from tones, each press once.

use std::time::Instant;

use crate::base::{Frame, Phi, Purpose, SampleRate};
use crate::rtp::{DtmfReceiver, Packet};

use super::in_band::ToneDetector;
use super::keypad::{Keypad, Way};

/// Finds digits in what a leg receives.
#[derive(Clone, Debug)]
pub(super) struct Digits {
    events: DtmfReceiver,
    tones: ToneDetector,
    keypad: Keypad,
}

impl Digits {
    /// For events whose timestamps count at `clock`.
    pub(super) fn new(clock: SampleRate) -> Self {
        Self {
            events: DtmfReceiver::new(clock),
            tones: ToneDetector::default(),
            keypad: Keypad::default(),
        }
    }

    /// Goes on with another clock, or with a far end that may press keys in another way than before.
    pub(super) fn agree(&mut self, clock: SampleRate, is_other: bool) {
        self.events.set_clock(clock);
        if is_other {
            self.keypad.forget_ways();
        }
    }

    /// Takes an event packet.
    pub(super) fn event(&mut self, now: Instant, packet: &Packet<'_>) -> Option<(Phi<char>, Way)> {
        let digit = *self.events.receive(packet)?.reveal(Purpose::Comparison);
        self.press(now, digit, Way::Event)
    }

    /// Takes a frame. The sound of a digit becomes silence: nobody is to take it for a voice.
    pub(super) fn hear(&mut self, now: Instant, frame: &mut Frame) -> Option<(Phi<char>, Way)> {
        let tones = self.tones.hear(frame);
        if tones.present {
            *frame = Frame::SILENCE;
        }
        let digit = tones.pressed?;
        self.press(now, digit, Way::Tone)
    }

    fn press(&mut self, now: Instant, digit: char, way: Way) -> Option<(Phi<char>, Way)> {
        self.keypad.take(now, digit, way).then(|| (Phi::new(digit), way))
    }
}
