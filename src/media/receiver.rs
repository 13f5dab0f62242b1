//! The receiving half of a leg: packets in the order they come, to frames in the order of time.

use std::time::Instant;

use crate::base::Frame;
use crate::codec::{Codec, Decoder, FRAME_BYTES};
use crate::rtp::{Counters, Inserted, JitterBuffer, MAX_PAYLOAD, Packet, Released, Ssrc};

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

/// Reorders, collects packets of any length into frames, decodes and conceals.
#[derive(Clone, Debug)]
pub(super) struct Receiver {
    jitter: JitterBuffer,
    decoder: Decoder,
    /// The payload type agreed, and its codec.
    agreed: (u8, Codec),
    codec: Codec,
    collected: [u8; FRAME_BYTES + MAX_PAYLOAD],
    filled: usize,
    /// Samples still to be made up, and how.
    missing: u32,
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
            collected: [0; FRAME_BYTES + MAX_PAYLOAD],
            filled: 0,
            missing: 0,
            missing_sound: Sound::Pause,
            aligned: true,
            tick: 0,
        }
    }

    pub(super) fn agree(&mut self, payload_type: u8, codec: Codec) {
        self.agreed = (payload_type, codec);
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
        let samples = codec.map_or(0, |codec| codec.samples(packet.payload.len()));
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
            if self.filled >= FRAME_BYTES {
                return Some(self.decode());
            }
            if self.missing > 0
                && let Some(heard) = self.make_up(counters)
            {
                return Some(heard);
            }
            if self.filled >= FRAME_BYTES {
                continue;
            }
            match self.jitter.release(now, counters)? {
                Released::Packet { payload_type, payload } => {
                    self.aligned = payload.len() % FRAME_BYTES == 0;
                    let codec = codec_of(self.agreed, payload_type).unwrap_or(self.codec);
                    if codec != self.codec {
                        self.codec = codec;
                        self.decoder.switch(codec);
                        self.filled = 0;
                    }
                    // Less than a frame is collected here, and a payload has its limit.
                    let room = &mut self.collected[self.filled..];
                    let length = payload.len().min(room.len());
                    room[..length].copy_from_slice(&payload[..length]);
                    self.filled += length;
                }
                Released::Lost { samples, .. } => {
                    (self.missing, self.missing_sound) = (samples, Sound::Concealed);
                }
                Released::Pause { samples } => {
                    (self.missing, self.missing_sound) = (samples, Sound::Pause);
                }
            }
        }
    }

    fn decode(&mut self) -> Heard {
        let mut frame = Frame::SILENCE;
        self.decoder.decode(&self.collected[..FRAME_BYTES], &mut frame);
        self.collected.copy_within(FRAME_BYTES..self.filled, 0);
        self.filled -= FRAME_BYTES;
        self.heard(frame, Sound::Received)
    }

    /// Makes up whole frames. What completes a frame begun, or is left over between packets
    /// shorter than a frame, goes to the bytes collected.
    fn make_up(&mut self, counters: &mut Counters) -> Option<Heard> {
        let whole = FRAME_BYTES as u32;
        let exact = self.missing_sound == Sound::Concealed && !self.aligned;
        if self.filled > 0 || self.missing < whole && exact {
            let room = FRAME_BYTES - self.filled;
            let length = if exact { room.min(self.missing as usize) } else { room };
            for index in self.filled..self.filled + length {
                // A packet shorter than a frame: its neighbour stands in for it.
                self.collected[index] = match self.missing_sound {
                    Sound::Concealed if self.filled > 0 => self.collected[index - self.filled],
                    _ => self.codec.silence(),
                };
            }
            self.filled += length;
            self.missing = self.missing.saturating_sub(length as u32);
            return None;
        }
        if self.missing < whole / 2 {
            self.missing = 0;
            return None;
        }
        self.missing = self.missing.saturating_sub(whole);
        let mut frame = Frame::SILENCE;
        match self.missing_sound {
            Sound::Concealed => {
                counters.concealed += 1;
                self.decoder.conceal(&mut frame);
            }
            _ => self.decoder.pause(&mut frame),
        }
        Some(self.heard(frame, self.missing_sound))
    }

    fn heard(&mut self, frame: Frame, sound: Sound) -> Heard {
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
