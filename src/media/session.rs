//! One leg: judges what comes in, turns it into frames, and turns frames into packets.
//!
//! Every 20 ms: [`MediaSession::tick`], then [`MediaSession::poll_packet`] until none is left; for
//! each datagram [`MediaSession::receive`]; after either, `poll_heard` and `poll_event`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::base::{Dice, Frame, PacketTime, Phi};
use crate::codec::Codec;
use crate::rtp::{Counters, Inserted, Packet, PacketError};

use super::backdrop::{Backdrop, BackdropPlayer};
use super::digits::Digits;
use super::latch::{Latch, Source};
use super::life::Life;
use super::receiver::{Heard, Receiver};
use super::sender::{Continuity, Sender};
use super::tones::Dialler;

/// Comfort noise (RFC 3389), for which every 8 kHz codec shares one payload type.
const COMFORT_NOISE: u8 = 13;
/// Events that may wait between two polls.
const EVENTS: usize = 8;

/// What was agreed for a leg (SDP's answer, in media's terms).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LegParams {
    /// What we send, and expect.
    pub codec: Codec,
    /// Its payload type, both ways.
    pub payload_type: u8,
    /// The payload type of telephone-event (RFC 4733), when both sides have it.
    pub telephone_event: Option<u8>,
    /// Where the far end receives, by its SDP.
    pub remote: SocketAddr,
    /// How much sound to put in a packet.
    pub packet_time: PacketTime,
    /// Whether we may send: not on hold.
    pub sends: bool,
    /// Whether the far end sends.
    pub receives: bool,
    /// Whether the far end may be behind NAT, so that its address is learnt from its packets.
    pub learn_source: bool,
    /// Whether digits are looked for in the sound, and pressed in it where there are no telephone events.
    pub in_band_digits: bool,
    /// Whether the agent's silence is that of an open line, not digital silence.
    pub comfort_noise: bool,
    /// How long nothing at all may come, unless on hold, until the far end counts as gone.
    pub rtp_timeout: Option<Duration>,
}

impl LegParams {
    /// A leg that sends and receives packets of 20 ms, with nothing else agreed.
    pub fn new(codec: Codec, payload_type: u8, remote: SocketAddr) -> Self {
        Self {
            codec,
            payload_type,
            telephone_event: None,
            remote,
            packet_time: PacketTime::DEFAULT,
            sends: true,
            receives: true,
            learn_source: false,
            in_band_digits: false,
            comfort_noise: false,
            rtp_timeout: None,
        }
    }

    /// Whether either side has the other on hold.
    pub fn is_held(&self) -> bool {
        !(self.sends && self.receives)
    }
}

/// What became of a datagram.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Received {
    /// Sound, or comfort noise.
    Sound(Inserted),
    /// A packet of a telephone event; the digit comes as a [`SessionEvent`].
    Event(Inserted),
    /// From somebody else: dropped.
    Foreign,
    /// RTCP: dropped.
    Control,
    /// Not RTP: dropped.
    Malformed,
    /// Of a payload type that was not agreed: its sound is dropped.
    Unexpected,
    /// Sent although nothing should be: dropped.
    OnHold,
}

/// What happened on the leg.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SessionEvent {
    /// The first packet of the far end came.
    FirstPacket {
        /// Where from.
        from: SocketAddr,
    },
    /// The far end's address is not that of its SDP; packets go there from now on.
    SourceLearnt {
        /// Where it is.
        at: SocketAddr,
    },
    /// The far end pressed a digit, which may be part of a date of birth or a member id.
    Digit(Phi<char>),
    /// Nothing came although the far end should send.
    NoPackets {
        /// For how long.
        lasted: Duration,
    },
    /// Nothing came for as long as was agreed, not even RTCP: the far end is gone.
    Gone {
        /// For how long.
        lasted: Duration,
    },
}

/// Counts of one leg. They only grow.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Of what came.
    pub received: Counters,
    /// Packets sent.
    pub packets_sent: u64,
    /// Frames of the agent's sound sent, without silence.
    pub frames_played: u64,
}

/// The media of one leg.
#[derive(Clone, Debug)]
pub struct MediaSession {
    params: LegParams,
    latch: Latch,
    receiver: Receiver,
    sender: Sender,
    digits: Digits,
    dialler: Dialler,
    backdrop: BackdropPlayer,
    stats: Stats,
    life: Life,
    events: [Option<SessionEvent>; EVENTS],
}

impl MediaSession {
    /// Starts a leg; `dice` chooses where our stream begins.
    pub fn new(now: Instant, params: LegParams, dice: &mut Dice) -> Self {
        Self::resume(now, params, Continuity::begin(dice))
    }

    /// Starts a leg that goes on with a stream that another session sent.
    pub fn resume(now: Instant, params: LegParams, continuity: Continuity) -> Self {
        let mut sender = Sender::new(continuity, params.codec);
        let LegParams { codec, payload_type, telephone_event, packet_time, .. } = params;
        sender.agree(codec, payload_type, telephone_event, packet_time);
        Self {
            latch: Latch::new(params.remote, params.learn_source),
            params,
            receiver: Receiver::new(payload_type, codec),
            sender,
            digits: Digits::new(codec.clock_rate()),
            dialler: Dialler::default(),
            backdrop: BackdropPlayer::default(),
            stats: Stats::default(),
            life: Life::new(now),
            events: [const { None }; EVENTS],
        }
    }

    /// Goes on under what a later offer and answer agreed on. The source is learnt anew only when
    /// the far end's address changed.
    pub fn update(&mut self, now: Instant, params: LegParams) {
        if params.remote != self.params.remote || params.learn_source != self.params.learn_source {
            self.latch = Latch::new(params.remote, params.learn_source);
        }
        // What did not come on hold was not to come.
        if self.params.is_held() && !params.is_held() {
            self.life = Life::new(now);
        }
        let LegParams { codec, payload_type, telephone_event, packet_time, .. } = params;
        self.sender.agree(codec, payload_type, telephone_event, packet_time);
        self.receiver.agree(payload_type, codec);
        self.digits.agree(codec.clock_rate());
        self.params = params;
    }

    /// Takes one datagram. It never panics, whatever is in it.
    pub fn receive(&mut self, now: Instant, datagram: &[u8], from: SocketAddr) -> Received {
        let counters = &mut self.stats.received;
        let packet = match Packet::parse(datagram) {
            Ok(packet) => packet,
            Err(PacketError::Control) => {
                counters.control += 1;
                if from.ip() == self.latch.remote().ip() {
                    self.life.sign(now);
                }
                return Received::Control;
            }
            Err(_) => {
                counters.malformed += 1;
                return Received::Malformed;
            }
        };
        match self.latch.judge(now, from, &packet.header) {
            Source::Ours => {}
            Source::Learnt => self.emit(SessionEvent::SourceLearnt { at: from }),
            Source::Foreign => {
                counters.foreign += 1;
                return Received::Foreign;
            }
        }
        if self.stats.received.received == 0 {
            self.emit(SessionEvent::FirstPacket { from });
        }
        self.stats.received.received += 1;
        self.life.packet(now);
        if !self.params.receives {
            return Received::OnHold;
        }
        self.take(now, &packet)
    }

    /// Whether the next tick sends sound, so that a frame of the agent's would be heard.
    pub fn wants_sound(&self) -> bool {
        self.params.sends && !self.sender.presses() && !self.dialler.is_busy()
    }

    /// Moves on by 20 ms, with the agent's next frame if it has one and [`Self::wants_sound`].
    /// Without one the backdrop is sent, so that the far end sees an unbroken stream.
    pub fn tick(&mut self, now: Instant, next: Option<&Frame>) {
        if !self.params.sends {
            self.sender.pass();
        } else if let Some(frame) = next {
            self.stats.frames_played += 1;
            self.backdrop.yield_to_voice();
            self.sender.take(frame);
        } else if self.dialler.is_busy() {
            self.sender.take(&self.dialler.next_frame());
        } else {
            self.sender.take(&self.backdrop.next_frame(self.params.comfort_noise));
        }
        if !self.params.is_held() {
            for event in self.life.check(now, self.params.rtp_timeout).into_iter().flatten() {
                self.emit(event);
            }
        }
    }

    /// Changes what is sent while the agent says nothing.
    pub fn play_behind(&mut self, backdrop: Backdrop) {
        self.backdrop.change(backdrop);
    }

    /// Writes the next packet that is due into `out` and returns its length. It goes to
    /// [`Self::remote`].
    pub fn poll_packet(&mut self, out: &mut [u8]) -> Option<usize> {
        let length = self.sender.poll_packet(out)?;
        self.stats.packets_sent += 1;
        Some(length)
    }

    /// Returns the next frame that was heard. On hold nothing is: what comes then is the PBX's music.
    pub fn poll_heard(&mut self, now: Instant) -> Option<Heard> {
        loop {
            if !self.params.receives {
                return None;
            }
            let mut heard = self.receiver.poll(now, &mut self.stats.received)?;
            if self.params.is_held() {
                continue;
            }
            if self.params.in_band_digits
                && let Some(digit) = self.digits.hear(now, &mut heard.frame)
            {
                self.emit(SessionEvent::Digit(digit));
            }
            return Some(heard);
        }
    }

    /// Returns what has happened since.
    pub fn poll_event(&mut self) -> Option<SessionEvent> {
        let event = self.events[0].take()?;
        self.events.rotate_left(1);
        Some(event)
    }

    /// Presses a digit: as a telephone event, else in the sound; `false` when the far end takes neither or too many
    /// wait.
    pub fn press(&mut self, digit: char) -> bool {
        match self.params.telephone_event {
            None if self.params.in_band_digits => self.dialler.press(digit),
            _ => self.sender.press(digit),
        }
    }

    /// Returns where packets go: the address of SDP, or the one that was learnt.
    pub fn remote(&self) -> SocketAddr {
        self.latch.remote()
    }

    /// Returns the counts.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Returns what another session needs to go on sending for this one.
    pub fn continuity(&self) -> Continuity {
        self.sender.continuity()
    }

    fn take(&mut self, now: Instant, packet: &Packet<'_>) -> Received {
        let payload_type = packet.header.payload_type;
        let counters = &mut self.stats.received;
        if let Some(codec) = self.receiver.codec_of(payload_type) {
            return Received::Sound(self.receiver.insert(now, packet, Some(codec), counters));
        }
        let inserted = self.receiver.insert(now, packet, None, counters);
        if Some(payload_type) == self.params.telephone_event {
            if let Some(digit) = self.digits.event(now, packet) {
                self.emit(SessionEvent::Digit(digit));
            }
            return Received::Event(inserted);
        }
        if payload_type == COMFORT_NOISE {
            self.receiver.expect_pauses();
            return Received::Sound(inserted);
        }
        counters.unexpected += 1;
        Received::Unexpected
    }

    /// Events are few and polled after every call; if not, the first ones matter most.
    fn emit(&mut self, event: SessionEvent) {
        if let Some(place) = self.events.iter_mut().find(|place| place.is_none()) {
            *place = Some(event);
        }
    }
}
