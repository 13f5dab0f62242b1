//! The sending half of a leg: frames to packets of the agreed packet time, or event packets in
//! their place.

use crate::base::{Dice, Frame, RtpTime, SampleRate, SeqNo};
use crate::codec::{Codec, Encoder, MAX_PAYLOAD, NOISE_PAYLOAD, NoiseLikeness, OpusEncoder};
use crate::rtp::{DtmfSender, Header, Packet, Ssrc};

use super::backdrop::NOISE_LEVEL;
use super::pauses::Pauses;
use super::session::LegParams;

/// The longest packet: 60 ms, in samples at 16 kHz.
const MAX_PACKET: usize = 960;

/// The least loss that is expected, in percent: what the next seconds bring nobody knows.
const LEAST_LOSS: u8 = 5;

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

    /// Goes on as another stream: another clock rate is one (RFC 7160 §4.1), and so is another key. The odd
    /// multiplier takes every name to another one; the numbers begin where [`Self::begin`] has them.
    fn begin_anew(&mut self) {
        self.seq.0 &= 0x7fff;
        self.ssrc = Ssrc(self.ssrc.0.wrapping_mul(0x9e37_79b1).wrapping_add(0x7f4a_7c15));
        self.after_pause = true;
    }
}

/// Collects sound for a packet, encodes and packetises it.
#[derive(Debug)]
pub(super) struct Sender {
    continuity: Continuity,
    codec: Codec,
    encoder: Encoder,
    payload_type: u8,
    telephone_event: Option<u8>,
    event_clock: SampleRate,
    pauses: Pauses,
    dtmf: DtmfSender,
    /// Of sound, in samples at 16 kHz as all that is collected.
    packet: usize,
    /// Elsewhere: a frame that is a packet is not collected, and a leg without it is in fewer pages.
    collected: Box<[i16; Frame::SAMPLES + MAX_PACKET]>,
    filled: usize,
}

impl Sender {
    pub(super) fn new(continuity: Continuity, params: &LegParams) -> Self {
        let mut sender = Self {
            continuity,
            codec: params.codec,
            encoder: Encoder::new(params.codec),
            payload_type: params.payload_type,
            telephone_event: None,
            event_clock: params.event_clock,
            pauses: Pauses::default(),
            dtmf: DtmfSender::default(),
            packet: Frame::SAMPLES,
            collected: Box::new([0; Frame::SAMPLES + MAX_PACKET]),
            filled: 0,
        };
        sender.agree(params);
        sender
    }

    /// Takes what Opus needs, if it has none.
    pub(super) fn equip(&mut self, opus: OpusEncoder) {
        self.encoder.equip(opus);
    }

    pub(super) fn agree(&mut self, params: &LegParams) {
        if params.payload_type != self.payload_type {
            self.drop_collected();
        }
        let another_clock = params.codec.clock_rate() != self.codec.clock_rate();
        if another_clock {
            self.continuity.begin_anew();
        }
        let events = (params.telephone_event.is_some(), params.event_clock);
        if another_clock || events != (true, self.event_clock) {
            // What is being pressed counts in a clock, and goes to somebody, that are gone: it would never end.
            self.dtmf = DtmfSender::default();
        }
        self.codec = params.codec;
        self.encoder.switch(params.codec);
        self.encoder.tune(&params.opus);
        self.payload_type = params.payload_type;
        self.telephone_event = params.telephone_event;
        self.event_clock = params.event_clock;
        self.pauses.payload_type = params.pauses;
        self.packet = params.codec.packet(params.packet_time);
    }

    /// Goes on as another stream.
    pub(super) fn begin_anew(&mut self) {
        self.continuity.begin_anew();
    }

    pub(super) fn continuity(&self) -> Continuity {
        self.continuity
    }

    /// The same with the clock as of now, after what waits for its packet to be full.
    pub(super) fn as_of_now(&self) -> Continuity {
        let Continuity { time, .. } = self.continuity;
        let time = RtpTime(time.0.wrapping_add(self.codec.on_clock(self.filled)));
        Continuity { time, ..self.continuity }
    }

    /// Codecs that can repeat more or less of themselves do so for a path that loses so much, in 256ths.
    pub(super) fn expect_loss(&mut self, lost: u8) {
        let percent = (u32::from(lost) * 100 / 256) as u8;
        self.encoder.expect_loss(percent.max(LEAST_LOSS));
    }

    /// Says whether what is taken or sent next is the line's noise alone.
    pub(super) fn next_is_line(&mut self, is_line: bool) {
        self.pauses.is_line = is_line;
    }

    /// Takes the next 20 ms.
    pub(super) fn take(&mut self, frame: &Frame) {
        // Packets are polled until none is left, so that less than one packet is collected.
        let room = &mut self.collected[self.filled..];
        let length = room.len().min(Frame::SAMPLES);
        room[..length].copy_from_slice(&frame.0[..length]);
        self.filled += length;
        self.pauses.pass(length);
    }

    /// Lets 20 ms pass in which nothing may be sent.
    pub(super) fn pass(&mut self) {
        self.drop_collected();
        self.pauses.begin_anew();
        self.go_on(Frame::SAMPLES);
        self.continuity.after_pause = true;
    }

    pub(super) fn press(&mut self, digit: char) -> bool {
        self.telephone_event.is_some() && self.dtmf.press(digit)
    }

    pub(super) fn presses(&self) -> bool {
        self.dtmf.is_busy()
    }

    /// Writes the next packet that is full, or none while there is silence that need not be sent.
    pub(super) fn poll_packet(&mut self, out: &mut [u8]) -> Option<usize> {
        while self.filled >= self.packet {
            let written = self.write_packet(None, out);
            self.collected.copy_within(self.packet..self.filled, 0);
            self.filled -= self.packet;
            let written = self.wrote(written);
            if written.is_some() {
                return written;
            }
        }
        None
    }

    /// Writes the packet that `frame` alone fills, if it does; else takes the frame.
    pub(super) fn send(&mut self, frame: &Frame, out: &mut [u8]) -> Option<usize> {
        if self.filled > 0 || self.packet != Frame::SAMPLES {
            self.take(frame);
            return self.poll_packet(out);
        }
        self.pauses.pass(Frame::SAMPLES);
        let written = self.write_packet(Some(frame), out);
        self.wrote(written)
    }

    /// Moves on by a packet, whether it is sent or not.
    fn wrote(&mut self, written: Option<usize>) -> Option<usize> {
        self.go_on(self.packet);
        self.continuity.after_pause = written.is_none() || self.pauses.rests;
        if written.is_some() {
            self.continuity.seq = SeqNo(self.continuity.seq.0.wrapping_add(1));
        }
        written
    }

    /// Writes a packet of `frame`, or of what was collected.
    fn write_packet(&mut self, frame: Option<&Frame>, out: &mut [u8]) -> Option<usize> {
        let Continuity { ssrc, seq, time, after_pause } = self.continuity;
        self.pauses.rests = false;
        if let Some(payload_type) = self.telephone_event {
            // It is sent where the sound would be, and counts how long it is in its own clock.
            let rate = (self.event_clock.0 / 1000) as u16;
            let samples = (self.packet / 16) as u16 * rate;
            if let Some(event) = self.dtmf.next(time, samples, rate) {
                let (marker, time) = (event.marker, event.time);
                let header = Header { payload_type, marker, seq, time, ssrc };
                return Packet { header, payload: &event.payload }.write(out);
            }
        }
        if let Some(payload_type) =
            self.pauses.describes(frame.map_or(self.filled, |_| Frame::SAMPLES))
        {
            if !self.pauses.is_due(self.packet) {
                return None;
            }
            let mut payload = [0; NOISE_PAYLOAD];
            let length = NoiseLikeness::white(NOISE_LEVEL).write(&mut payload);
            let header = Header { payload_type, marker: false, seq, time, ssrc };
            return Packet { header, payload: &payload[..length] }.write(out);
        }
        let mut payload = [0; MAX_PAYLOAD];
        let sound = frame.map_or(&self.collected[..self.packet], |frame| &frame.0);
        let length = self.encoder.encode(sound, &mut payload);
        if length == 0 {
            return None;
        }
        let (payload_type, marker) = (self.payload_type, after_pause);
        let header = Header { payload_type, marker, seq, time, ssrc };
        Packet { header, payload: &payload[..length] }.write(out)
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
