//! The receiving half of a leg: packets in the order they come, to frames in the order of time.

use std::time::Instant;

use crate::base::Frame;
use crate::codec::{Codec, Decoder, MAX_SAMPLES};
use crate::rtp::{Counters, Inserted, JitterBuffer, Packet, Released, Ssrc};

/// What a frame is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sound {
    /// What the far end sent.
    Received,
    /// Made up in place of lost packets.
    Concealed,
    /// Silence: the far end sent nothing.
    Pause,
}

/// A frame that was heard.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// The leg's media clock: frames since the first.
    pub tick: u64,
    /// The sound.
    pub frame: Frame,
    /// What it is made of.
    pub sound: Sound,
}

/// Reorders, decodes and conceals, and cuts packets of any length into frames.
#[derive(Clone, Debug)]
pub(super) struct Receiver {
    jitter: JitterBuffer,
    decoder: Decoder,
    /// The payload type agreed, and its codec.
    agreed: (u8, Codec),
    codec: Codec,
    /// Sound at 16 kHz: less than a frame, and a packet.
    collected: [i16; Frame::SAMPLES + MAX_SAMPLES],
    filled: usize,
    /// How much of the frame that comes next is made up, and how.
    concealed: usize,
    paused: usize,
    /// Samples at 16 kHz still to be made up, and how.
    missing: usize,
    missing_sound: Sound,
    /// Packets are whole frames, so that what is made up should be too.
    aligned: bool,
    tick: u64,
}

impl Receiver {
    pub(super) fn new(payload_type: u8, codec: Codec) -> Self {
        Self {
            jitter: JitterBuffer::new(codec.clock_rate()),
            decoder: Decoder::new(codec),
            agreed: (payload_type, codec),
            codec,
            collected: [0; Frame::SAMPLES + MAX_SAMPLES],
            filled: 0,
            concealed: 0,
            paused: 0,
            missing: 0,
            missing_sound: Sound::Pause,
            aligned: true,
            tick: 0,
        }
    }

    pub(super) fn agree(&mut self, payload_type: u8, codec: Codec) {
        self.agreed = (payload_type, codec);
        self.jitter.set_clock(codec.clock_rate());
    }

    pub(super) fn codec_of(&self, payload_type: u8) -> Option<Codec> {
        codec_of(self.agreed, payload_type)
    }

    /// Takes a packet of sound, or with no codec one that only takes up its number.
    pub(super) fn insert(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        codec: Option<Codec>,
        counters: &mut Counters,
    ) -> Inserted {
        let samples = codec.map_or(0, |codec| codec.samples(packet.payload));
        self.jitter.insert(now, packet, samples, counters)
    }

    /// The stream being received.
    pub(super) fn ssrc(&self) -> Option<Ssrc> {
        self.jitter.ssrc()
    }

    pub(super) fn expect_pauses(&mut self) {
        self.jitter.expect_pauses();
    }

    /// Returns the next frame that is complete.
    pub(super) fn poll(&mut self, now: Instant, counters: &mut Counters) -> Option<Heard> {
        loop {
            if self.filled >= Frame::SAMPLES {
                return Some(self.cut(counters));
            }
            if self.missing > 0 {
                self.make_up();
                continue;
            }
            match self.jitter.release(now, counters)? {
                Released::Packet { payload_type, payload } => {
                    let codec = codec_of(self.agreed, payload_type).unwrap_or(self.codec);
                    if codec != self.codec {
                        self.codec = codec;
                        self.decoder.switch(codec);
                    }
                    let samples = self.decoder.decode(payload, &mut self.collected[self.filled..]);
                    self.filled += samples;
                    self.aligned = samples.is_multiple_of(Frame::SAMPLES);
                }
                Released::Lost { samples } => self.miss(samples, Sound::Concealed),
                Released::Pause { samples } => self.miss(samples, Sound::Pause),
            }
        }
    }

    fn miss(&mut self, samples: u32, sound: Sound) {
        (self.missing, self.missing_sound) = (self.codec.wide(samples), sound);
    }

    /// Makes up what is missing, as far as the frame goes. Between packets of whole frames, what is
    /// made up is whole frames too.
    fn make_up(&mut self) {
        let exact = self.missing_sound == Sound::Concealed && !self.aligned;
        let room = Frame::SAMPLES - self.filled;
        let length = match exact {
            true => room.min(self.missing),
            false if self.filled == 0 && self.missing < Frame::SAMPLES / 2 => 0,
            false => room,
        };
        self.missing = if length == 0 { 0 } else { self.missing.saturating_sub(length) };
        let out = &mut self.collected[self.filled..self.filled + length];
        match self.missing_sound {
            Sound::Concealed => {
                self.decoder.conceal(out);
                self.concealed += length;
            }
            Sound::Pause | Sound::Received => {
                self.decoder.pause(out);
                self.paused += length;
            }
        }
        self.filled += length;
    }

    /// Cuts off a frame. It is what at least half of it is.
    fn cut(&mut self, counters: &mut Counters) -> Heard {
        let mut frame = Frame::SILENCE;
        frame.0.copy_from_slice(&self.collected[..Frame::SAMPLES]);
        self.collected.copy_within(Frame::SAMPLES..self.filled, 0);
        self.filled -= Frame::SAMPLES;
        let half = |samples: usize| 2 * samples >= Frame::SAMPLES;
        let sound = match (half(self.concealed), half(self.paused)) {
            (true, _) => Sound::Concealed,
            (false, true) => Sound::Pause,
            (false, false) => Sound::Received,
        };
        (self.concealed, self.paused) = (0, 0);
        counters.concealed += u64::from(sound == Sound::Concealed);
        let tick = self.tick;
        self.tick += 1;
        Heard { tick, frame, sound }
    }
}

/// The agreed codec, or one whose payload type needs no agreement (RFC 3551 §6).
fn codec_of(agreed: (u8, Codec), payload_type: u8) -> Option<Codec> {
    match agreed {
        (agreed, codec) if agreed == payload_type => Some(codec),
        _ => Codec::ALL.into_iter().find(|c| c.static_payload_type() == Some(payload_type)),
    }
}
