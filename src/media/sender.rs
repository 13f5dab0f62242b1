//! The sending half of a leg: frames to packets of the agreed packet time, or event packets in
//! their place.

use crate::base::{Dice, Frame, PacketTime, RtpTime, SeqNo};
use crate::codec::{Codec, Encoder, FRAME_BYTES};
use crate::rtp::{DtmfSender, Header, MAX_PAYLOAD, Packet, Ssrc};

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
    /// Begins a stream at a random place (RFC 3550 §5.1), in the lower half of the numbers: an SRTP receiver
    /// that misses the first packets could not tell a wrap among them (RFC 3711 §3.3.1).
    pub fn begin(dice: &mut Dice) -> Self {
        Self {
            ssrc: Ssrc(dice.bits() as u32),
            seq: SeqNo(dice.bits() as u16 & 0x7fff),
            time: RtpTime(dice.bits() as u32),
            after_pause: true,
        }
    }
}

/// Encodes, collects and packetises.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    continuity: Continuity,
    encoder: Encoder,
    payload_type: u8,
    telephone_event: Option<u8>,
    dtmf: DtmfSender,
    /// Bytes, which for G.711 are samples.
    packet: usize,
    collected: [u8; FRAME_BYTES + MAX_PAYLOAD],
    filled: usize,
}

impl Sender {
    pub(super) fn new(continuity: Continuity, codec: Codec) -> Self {
        Self {
            continuity,
            encoder: Encoder::new(codec),
            payload_type: 0,
            telephone_event: None,
            dtmf: DtmfSender::default(),
            packet: FRAME_BYTES,
            collected: [0; FRAME_BYTES + MAX_PAYLOAD],
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
        self.encoder.switch(codec);
        if payload_type != self.payload_type {
            self.drop_collected();
        }
        self.payload_type = payload_type;
        self.telephone_event = telephone_event;
        // 10 to 60 ms; what is outside was not agreed with anybody.
        self.packet = usize::from(packet_time.0.clamp(10, 60)) * 8;
    }

    pub(super) fn continuity(&self) -> Continuity {
        self.continuity
    }

    /// Takes the next 20 ms of sound.
    pub(super) fn take(&mut self, frame: &Frame) {
        let mut coded = [0; FRAME_BYTES];
        self.encoder.encode(frame, &mut coded);
        // Packets are polled until none is left, so that less than one packet is collected.
        let room = &mut self.collected[self.filled..];
        let length = room.len().min(FRAME_BYTES);
        room[..length].copy_from_slice(&coded[..length]);
        self.filled += length;
    }

    /// Lets 20 ms pass in which nothing may be sent.
    pub(super) fn pass(&mut self) {
        self.drop_collected();
        self.continuity.time = RtpTime(self.continuity.time.0.wrapping_add(FRAME_BYTES as u32));
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
                self.dtmf.next(time, self.packet as u16, 8).map(|event| (payload_type, event))
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
                Packet { header, payload: &self.collected[..self.packet] }.write(out)
            }
        };
        self.collected.copy_within(self.packet..self.filled, 0);
        self.filled -= self.packet;
        self.continuity = Continuity {
            ssrc,
            seq: SeqNo(seq.0.wrapping_add(1)),
            time: RtpTime(time.0.wrapping_add(self.packet as u32)),
            after_pause: false,
        };
        length
    }

    fn drop_collected(&mut self) {
        let time = self.continuity.time.0.wrapping_add(self.filled as u32);
        self.continuity.time = RtpTime(time);
        self.filled = 0;
    }
}
