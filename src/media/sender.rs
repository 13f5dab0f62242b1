//! The sending half of a leg: frames to packets of the agreed packet time, or event packets in
//! their place.

use crate::base::{Dice, Frame, PacketTime, RtpTime, SeqNo};
use crate::codec::{Codec, Encoder, MAX_PAYLOAD};
use crate::rtp::{DtmfSender, Header, Packet, Ssrc};

/// The longest packet: 60 ms, in samples at 16 kHz.
const MAX_PACKET: usize = 960;

/// What must go on without a jump for the far end, whoever sends: one struct, so that it can be
/// handed on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Continuity {
    /// Our stream.
    pub ssrc: Ssrc,
    /// The sequence number of the next packet.
    pub seq: SeqNo,
    /// The timestamp of the next packet.
    pub time: RtpTime,
    /// Nothing was sent before the next packet (RFC 3551 §4.1).
    pub after_pause: bool,
}

impl Continuity {
    /// Begins a stream at a random place (RFC 3550 §5.1).
    pub fn begin(dice: &mut Dice) -> Self {
        Self {
            ssrc: Ssrc(dice.bits() as u32),
            seq: SeqNo(dice.bits() as u16),
            time: RtpTime(dice.bits() as u32),
            after_pause: true,
        }
    }
}

/// Collects sound for a packet, encodes and packetises it.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    continuity: Continuity,
    codec: Codec,
    encoder: Encoder,
    payload_type: u8,
    telephone_event: Option<u8>,
    dtmf: DtmfSender,
    /// Of sound, in samples at 16 kHz as all that is collected.
    packet: usize,
    collected: [i16; Frame::SAMPLES + MAX_PACKET],
    filled: usize,
}

impl Sender {
    pub(super) fn new(continuity: Continuity, codec: Codec) -> Self {
        Self {
            continuity,
            codec,
            encoder: Encoder::new(codec),
            payload_type: 0,
            telephone_event: None,
            dtmf: DtmfSender::default(),
            packet: Frame::SAMPLES,
            collected: [0; Frame::SAMPLES + MAX_PACKET],
            filled: 0,
        }
    }

    pub(super) fn agree(
        &mut self,
        codec: Codec,
        payload_type: u8,
        telephone_event: Option<u8>,
        packet_time: PacketTime,
    ) {
        if payload_type != self.payload_type {
            self.drop_collected();
        }
        self.codec = codec;
        self.encoder.switch(codec);
        self.payload_type = payload_type;
        self.telephone_event = telephone_event;
        // 10 to 60 ms; what is outside was not agreed with anybody.
        self.packet = usize::from(packet_time.0.clamp(10, 60)) * 16;
    }

    pub(super) fn continuity(&self) -> Continuity {
        self.continuity
    }

    /// Takes the next 20 ms of sound.
    pub(super) fn take(&mut self, frame: &Frame) {
        // Packets are polled until none is left, so that less than one packet is collected.
        let room = &mut self.collected[self.filled..];
        let length = room.len().min(Frame::SAMPLES);
        room[..length].copy_from_slice(&frame.0[..length]);
        self.filled += length;
    }

    /// Lets 20 ms pass in which nothing may be sent.
    pub(super) fn pass(&mut self) {
        self.drop_collected();
        self.go_on(Frame::SAMPLES);
        self.continuity.after_pause = true;
    }

    pub(super) fn press(&mut self, digit: char) -> bool {
        self.telephone_event.is_some() && self.dtmf.press(digit)
    }

    pub(super) fn presses(&self) -> bool {
        self.dtmf.is_busy()
    }

    /// Writes the next packet that is full.
    pub(super) fn poll_packet(&mut self, out: &mut [u8]) -> Option<usize> {
        if self.filled < self.packet {
            return None;
        }
        let Continuity { ssrc, seq, time, after_pause } = self.continuity;
        let event = match self.telephone_event {
            Some(payload_type) => {
                let samples = self.codec.on_clock(self.packet) as u16;
                let rate = (self.codec.clock_rate().0 / 1000) as u16;
                self.dtmf.next(time, samples, rate).map(|event| (payload_type, event))
            }
            None => None,
        };
        let length = match &event {
            Some((payload_type, event)) => {
                let (payload_type, marker, time) = (*payload_type, event.marker, event.time);
                let header = Header { payload_type, marker, seq, time, ssrc };
                Packet { header, payload: &event.payload }.write(out)
            }
            None => {
                let payload_type = self.payload_type;
                let header = Header { payload_type, marker: after_pause, seq, time, ssrc };
                let mut payload = [0; MAX_PAYLOAD];
                let length = self.encoder.encode(&self.collected[..self.packet], &mut payload);
                Packet { header, payload: &payload[..length] }.write(out)
            }
        };
        self.collected.copy_within(self.packet..self.filled, 0);
        self.filled -= self.packet;
        self.go_on(self.packet);
        self.continuity.seq = SeqNo(seq.0.wrapping_add(1));
        self.continuity.after_pause = false;
        length
    }

    fn drop_collected(&mut self) {
        self.go_on(self.filled);
        self.filled = 0;
    }

    /// Moves the RTP clock on by so many samples at 16 kHz.
    fn go_on(&mut self, samples: usize) {
        let time = &mut self.continuity.time.0;
        *time = time.wrapping_add(self.codec.on_clock(samples));
    }
}
