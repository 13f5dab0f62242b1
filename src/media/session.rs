//! One leg: judges what comes in, turns it into frames, and turns frames into packets.
//!
//! Every 20 ms: [`MediaSession::tick`], then [`MediaSession::poll_packet`] until none is left; for
//! each datagram [`MediaSession::receive`]; after either, `poll_heard` and `poll_event`.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::base::{Dice, Frame, Loudness, PacketTime, SampleRate, place};
use crate::codec::{Codec, OpusCoders, OpusSettings};
use crate::rtp::{
    Inserted, Ntp, Packet, PacketError, Playout, RTCP_BYTES, Reception, RtcpParams, SrtpError,
    SrtpKeys, is_control,
};

use super::backdrop::{Backdrop, BackdropPlayer};
use super::digits::Digits;
use super::event::SessionEvent;
use super::latch::{Latch, Source};
use super::life::Life;
use super::protection::{LONGEST, Protection};
use super::received::Received;
use super::receiver::{Heard, Receiver, Timing};
use super::sender::{Continuity, Sender};
use super::stats::Stats;
use super::tones::Dialler;
use super::watch::{Quality, Watch, next_port};

/// Comfort noise (RFC 3389), for which every 8 kHz codec shares one payload type.
const COMFORT_NOISE: u8 = 13;
/// The most that is made up for after a stand-still, in frames: 30 s.
const SKIPPED: u64 = 1500;
/// Bytes of the header of our packets (RFC 3550 §5.1).
const HEADER: usize = 12;
/// Events that may wait between two polls.
const EVENTS: usize = 8;

/// What was agreed for a leg (SDP's answer, in media's terms).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LegParams {
    /// What we send, and expect.
    pub codec: Codec,
    /// Its payload type, both ways.
    pub payload_type: u8,
    /// How the far end wants its Opus.
    pub opus: OpusSettings,
    /// The payload type of telephone-event (RFC 4733), when both sides have it.
    pub telephone_event: Option<u8>,
    /// What its durations count at: the clock of the codec, or 8 kHz from those who know no other.
    pub event_clock: SampleRate,
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
    /// The payload type by which our pauses are described and not sent (RFC 3389), if the far end has it.
    pub pauses: Option<u8>,
    /// How long nothing at all may come, unless on hold, until the far end counts as gone.
    pub rtp_timeout: Option<Duration>,
    /// From which address besides that of SDP it may be learnt: where signalling comes from. `None` is any.
    pub learn_from: Option<IpAddr>,
    /// The keys of SRTP; `None` sends and takes what is not encrypted.
    pub srtp: Option<SrtpKeys>,
    /// When what comes is played.
    pub playout: Playout,
    /// What was agreed of RTCP.
    pub rtcp: RtcpParams,
}

impl LegParams {
    /// A leg that sends and receives packets of 20 ms, with nothing else agreed.
    pub fn new(codec: Codec, payload_type: u8, remote: SocketAddr) -> Self {
        Self {
            codec,
            payload_type,
            opus: OpusSettings::default(),
            telephone_event: None,
            event_clock: SampleRate(8_000),
            remote,
            packet_time: PacketTime::DEFAULT,
            sends: true,
            receives: true,
            learn_source: false,
            in_band_digits: false,
            comfort_noise: false,
            pauses: None,
            rtp_timeout: None,
            playout: Playout::Reorder,
            rtcp: RtcpParams::default(),
            learn_from: None,
            srtp: None,
        }
    }

    /// Whether either side has the other on hold.
    pub fn is_held(&self) -> bool {
        !(self.sends && self.receives)
    }
}

/// The media of one leg.
#[derive(Debug)]
pub struct MediaSession {
    params: LegParams,
    latch: Latch,
    protection: Option<Protection>,
    receiver: Receiver,
    sender: Sender,
    digits: Digits,
    dialler: Dialler,
    backdrop: BackdropPlayer,
    reception: Reception,
    watch: Watch,
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
        let LegParams { codec, payload_type, .. } = params;
        let seed = u64::from(continuity.ssrc.0) << 32 | u64::from(continuity.time.0);
        let mut receiver = Receiver::new(payload_type, codec, params.playout);
        receiver.go_on(true, params.srtp.is_some());
        Self {
            latch: Latch::new(params.remote, params.learn_source, params.learn_from),
            protection: params.srtp.as_ref().map(Protection::new),
            sender: Sender::new(continuity, &params),
            receiver,
            params,
            digits: Digits::new(codec.clock_rate()),
            dialler: Dialler::default(),
            backdrop: BackdropPlayer::default(),
            reception: Reception::new(codec.clock_rate()),
            watch: Watch::new(now, continuity.ssrc, seed),
            stats: Stats::default(),
            life: Life::new(now),
            events: [const { None }; EVENTS],
        }
    }

    /// Takes what Opus needs, for a leg that was not opened with it: before it is agreed on. What a
    /// leg has it keeps; a second time would free memory.
    pub fn equip(&mut self, coders: OpusCoders) {
        self.sender.equip(coders.encoder);
        self.receiver.equip(coders.decoder);
    }

    /// Goes on under what a later offer and answer agreed on. The source is learnt anew only when
    /// the far end's address changed, and after a hold.
    pub fn update(&mut self, now: Instant, params: LegParams) {
        let learning = |of: &LegParams| (of.remote, of.learn_source, of.learn_from);
        if learning(&params) != learning(&self.params) {
            self.latch = Latch::new(params.remote, params.learn_source, params.learn_from);
        } else if params.learn_source && self.params.is_held() && !params.is_held() {
            self.latch.reopen();
        }
        let srtp = params.srtp.as_ref();
        if self.protection.as_mut().is_some_and(|it| it.agree(srtp)) {
            self.sender.begin_anew();
        } else if self.protection.is_none() {
            self.protection = srtp.map(Protection::new);
        }
        // What did not come on hold was not to come, nor from somebody who was not asked yet.
        let moved = params.remote != self.params.remote;
        if moved || self.params.is_held() && !params.is_held() {
            self.life = Life::new(now);
        }
        let path = |of: &LegParams| (of.remote, of.sends, of.receives, of.srtp.is_some());
        if path(&params) != path(&self.params) {
            self.watch.agree(now, &self.stats, moved);
        }
        self.sender.agree(&params);
        self.watch.is_now(self.sender.continuity());
        self.receiver.agree(params.payload_type, params.codec, params.playout);
        self.receiver.go_on(moved, srtp.is_some());
        let keys = |of: &LegParams| (of.remote, of.telephone_event);
        self.digits.agree(params.codec.clock_rate(), keys(&params) != keys(&self.params));
        self.reception.set_clock(params.codec.clock_rate());
        self.params = params;
    }

    /// Says whether what is heard goes to somebody's ears, as that of a bridged leg does, and not
    /// to recognition. It is then played evenly, whatever was agreed.
    pub fn set_for_ears(&mut self, for_ears: bool) {
        self.receiver.set_for_ears(for_ears);
    }

    /// Takes one datagram. It never panics, whatever is in it.
    pub fn receive(&mut self, now: Instant, datagram: &[u8], from: SocketAddr) -> Received {
        let protection = self.protection.as_mut().filter(|it| it.is_active());
        let Some(protection) = protection.filter(|_| !is_control(datagram)) else {
            return self.receive_open(now, datagram, from);
        };
        // Nobody else's packets are worth the arithmetic, and only what is genuine may be learnt from.
        if !self.latch.may_hear(now, from) {
            self.stats.received.foreign += 1;
            self.watch.foreign(from);
            return Received::Foreign;
        }
        let mut room = [0; LONGEST];
        match protection.open(datagram, &mut room) {
            Ok(packet) => self.receive_open(now, packet, from),
            Err(error) => self.refuse(error),
        }
    }

    fn refuse(&mut self, error: SrtpError) -> Received {
        let counters = &mut self.stats.received;
        match error {
            SrtpError::Forged => counters.forged += 1,
            SrtpError::Replayed => counters.replayed += 1,
            SrtpError::Short | SrtpError::NoRoom | SrtpError::UsedUp => counters.malformed += 1,
        }
        Received::Unprotected(error)
    }

    /// Takes one datagram that is not encrypted, or not any more.
    fn receive_open(&mut self, now: Instant, datagram: &[u8], from: SocketAddr) -> Received {
        let counters = &mut self.stats.received;
        let packet = match Packet::parse(datagram) {
            Ok(packet) => packet,
            Err(PacketError::Control) => return self.receive_control(now, datagram, from),
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
                self.watch.foreign(from);
                return Received::Foreign;
            }
        }
        if self.stats.received.received == 0 {
            self.emit(SessionEvent::FirstPacket { from });
        }
        self.stats.received.received += 1;
        self.life.packet(now);
        if !self.params.receives {
            // What we do not want to hear is not lost.
            if self.reception.ssrc() == Some(packet.header.ssrc) {
                self.reception.receive(now, &packet.header, false);
            }
            return Received::OnHold;
        }
        self.take(now, &packet)
    }

    /// Takes one datagram of RTCP, from the port of its own or that of RTP. It never panics.
    pub fn receive_control(&mut self, now: Instant, datagram: &[u8], from: SocketAddr) -> Received {
        self.stats.received.control += 1;
        let LegParams { remote, rtcp, .. } = &self.params;
        let signalled = rtcp.remote.unwrap_or_else(|| next_port(*remote));
        if !self.latch.hears_control(from, signalled) {
            return Received::Foreign;
        }
        let mut room = [0; LONGEST];
        let Some(packet) = self.open_report(datagram, &mut room) else {
            return Received::Malformed;
        };
        let Some(lost) = self.watch.receive_control(now, packet, from) else {
            return Received::Malformed;
        };
        lost.into_iter().for_each(|lost| self.sender.expect_loss(lost));
        self.life.sign(now);
        Received::Control
    }

    /// Writes the RTCP report that is due into `out`, after a tick's packets, and returns its
    /// length and where it goes.
    pub fn poll_control(
        &mut self,
        now: Instant,
        out: &mut [u8; RTCP_BYTES],
    ) -> Option<(usize, SocketAddr)> {
        if !self.watch.control_is_due(now) {
            return None;
        }
        let Self { watch, reception, params, .. } = self;
        let ours = self.sender.as_of_now();
        let length = watch.write_control(now, ours, reception, params, out)?;
        self.send_control(length, out)
    }

    /// Writes the last report, with a goodbye, as [`Self::poll_control`] does.
    pub fn goodbye(
        &mut self,
        now: Instant,
        out: &mut [u8; RTCP_BYTES],
    ) -> Option<(usize, SocketAddr)> {
        let ours = self.sender.as_of_now();
        let length = self.watch.write_goodbye(now, ours, &mut self.reception, out)?;
        self.send_control(length, out)
    }

    fn send_control(
        &mut self,
        length: usize,
        out: &mut [u8; RTCP_BYTES],
    ) -> Option<(usize, SocketAddr)> {
        let rtp = (self.latch.remote(), self.latch.is_learnt());
        let to = self.watch.control_remote(&self.params, rtp);
        // On hold as RFC 2543 had it there is nobody to report to.
        if to.ip().is_unspecified() {
            return None;
        }
        Some((self.seal_report(out, length)?, to))
    }

    /// Whether RTCP goes over the port of RTP (RFC 5761).
    pub fn shares_port(&self) -> bool {
        self.params.rtcp.mux
    }

    /// Tells the time of day, for reports; without it they count from the start of the leg.
    pub fn set_wall_clock(&mut self, now: Instant, time: Ntp) {
        self.watch.set_wall_clock(now, time);
    }

    /// Notes that the far end's machine refused a packet: nobody listens there.
    pub fn refused(&mut self, now: Instant) {
        self.watch.refused(now);
    }

    /// Notes that this machine could not send the packet that was polled last.
    pub fn unsent(&mut self) {
        self.watch.unsent();
    }

    /// Returns how the leg sounded so far.
    pub fn quality(&self, now: Instant) -> Quality {
        let judged = (&self.stats, self.life.last_packet(now, self.receiver.is_silent()));
        self.watch.quality(now, &self.reception, (&self.params, self.latch.remote()), judged)
    }

    /// Opens an RTCP packet of the far end, copying it to `room`, and counts what is not genuine; without SRTP
    /// it is returned as it came.
    pub fn open_report<'a>(
        &mut self,
        datagram: &'a [u8],
        room: &'a mut [u8; LONGEST],
    ) -> Option<&'a [u8]> {
        let Some(protection) = self.protection.as_mut().filter(|it| it.is_active()) else {
            return Some(datagram);
        };
        match protection.open_report(datagram, room) {
            Ok(packet) => Some(packet),
            Err(error) => {
                self.refuse(error);
                None
            }
        }
    }

    /// Seals an RTCP packet of ours, the first `length` bytes of `out`, and returns its new length; without
    /// SRTP that is the old one. `out` has room for 14 bytes more.
    pub fn seal_report(&mut self, out: &mut [u8], length: usize) -> Option<usize> {
        match &mut self.protection {
            Some(protection) => protection.seal_report(out, length),
            None => Some(length),
        }
    }

    /// Whether the next tick sends sound, so that a frame of the agent's would be heard.
    pub fn wants_sound(&self) -> bool {
        self.params.sends && !self.sender.presses() && !self.dialler.is_busy()
    }

    /// Moves on by 20 ms, with the agent's next frame if it has one and [`Self::wants_sound`].
    /// Without one the backdrop is sent, so that the far end sees an unbroken stream.
    /// Returns what goes out; `None` when nothing may.
    pub fn tick(&mut self, now: Instant, next: Option<&Frame>) -> Option<Frame> {
        let mut frame = next.copied().unwrap_or(Frame::SILENCE);
        self.tick_in_place(now, next.is_some(), &mut frame)?;
        self.sender.take(&frame);
        Some(frame)
    }

    /// The same where the agent's frame `is_next` in its place, or what is sent instead is put
    /// there. Returns how loud it is, to be given to [`Self::send`] at once.
    pub fn tick_in_place(
        &mut self,
        now: Instant,
        is_next: bool,
        frame: &mut Frame,
    ) -> Option<Loudness> {
        let is_line = !is_next && !self.dialler.is_busy() && self.backdrop.is_line();
        self.sender.next_is_line(is_line);
        if is_next && self.params.sends {
            self.stats.frames_played += 1;
            self.backdrop.yield_to_voice();
        } else if self.params.sends {
            *frame = match self.dialler.is_busy() {
                true => self.dialler.next_frame(),
                false => self.backdrop.next_frame(self.params.comfort_noise),
            };
        } else {
            self.sender.pass();
        }
        let sent = self.params.sends.then(|| frame.loudness());
        if self.params.receives {
            self.receiver.pass();
        }
        self.watch.buffers(self.receiver.depth());
        if !self.params.is_held() {
            let silent = self.receiver.is_silent();
            let words = self.life.check(now, self.params.rtp_timeout, silent);
            words.into_iter().flatten().for_each(|event| self.emit(event));
        }
        let (said, remote) = (sent.as_ref().filter(|_| is_next), self.latch.remote());
        let seen = (&self.stats, self.life.last_packet(now, self.receiver.is_silent()));
        if let Some(verdict) = self.watch.tick(now, said, (&self.params, remote), seen) {
            self.emit(SessionEvent::Judged(verdict));
        }
        sent
    }

    /// Changes what is sent while the agent says nothing.
    pub fn play_behind(&mut self, backdrop: Backdrop) {
        self.backdrop.change(backdrop);
    }

    /// Lets frames' time pass in which nothing could be sent: this machine stood still.
    pub fn skip(&mut self, frames: u64) {
        // After more than that the far end has given up, and any time is as good.
        for _ in 0..frames.min(SKIPPED) {
            self.sender.pass();
            self.receiver.pass();
        }
    }

    /// Writes the next packet that is due into `out` and returns its length. It goes to
    /// [`Self::remote`].
    pub fn poll_packet(&mut self, out: &mut [u8]) -> Option<usize> {
        let length = self.sender.poll_packet(out)?;
        self.seal(length, out)
    }

    /// Writes the packet that the frame of [`Self::tick_in_place`] makes due, as
    /// [`Self::poll_packet`] does, which is asked afterwards.
    pub fn send(&mut self, frame: &Frame, out: &mut [u8]) -> Option<usize> {
        let length = self.sender.send(frame, out)?;
        self.seal(length, out)
    }

    fn seal(&mut self, length: usize, out: &mut [u8]) -> Option<usize> {
        self.stats.packets_sent += 1;
        self.watch.sends(length.saturating_sub(HEADER));
        match &mut self.protection {
            Some(protection) => protection.seal(out, length),
            None => Some(length),
        }
    }

    /// Returns the next frame that was heard. On hold nothing is: what comes then is the PBX's music.
    pub fn poll_heard(&mut self, now: Instant) -> Option<Heard> {
        let mut heard = Heard::default();
        self.hear(now, &mut heard).then_some(heard)
    }

    /// The same, into a place of the caller's; whether there was one.
    pub fn hear(&mut self, now: Instant, heard: &mut Heard) -> bool {
        while self.params.receives && self.receiver.poll(now, &mut self.stats.received, heard) {
            if self.params.is_held() {
                continue;
            }
            self.watch.heard(&heard.loudness, heard.sound);
            if self.params.in_band_digits {
                if let Some((digit, way)) = self.digits.hear(now, &mut heard.frame) {
                    self.emit(SessionEvent::Digit(digit, way));
                }
                heard.loudness = heard.frame.loudness();
            }
            return true;
        }
        false
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

    /// The place where payloads wait for their turn.
    pub fn payloads(&self) -> (usize, usize) {
        self.receiver.payloads()
    }

    /// Names the place of each part that ticks and packets need, for whoever fetches them ahead.
    pub fn hot(&self, mut fetch: impl FnMut((usize, usize))) {
        fetch(place(&self.params));
        fetch(place(&self.latch));
        fetch(place(&self.sender));
        fetch(place(&self.reception));
        fetch(place(&self.watch));
        fetch(place(&self.stats));
        fetch(place(&self.life));
        fetch(place(&self.events));
        self.receiver.hot(fetch);
    }

    /// Returns the counts, without [`Stats::timing`].
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Returns how even what comes is.
    pub fn timing(&self, now: Instant) -> Timing {
        self.receiver.timing(now, &self.reception)
    }

    /// Returns the account of the stream that comes, of which RTCP reports.
    pub fn reception(&mut self) -> &mut Reception {
        &mut self.reception
    }

    /// Returns what another session needs to go on sending for this one.
    pub fn continuity(&self) -> Continuity {
        self.sender.continuity()
    }

    fn take(&mut self, now: Instant, packet: &Packet<'_>) -> Received {
        let payload_type = packet.header.payload_type;
        let counters = &mut self.stats.received;
        let codec = self.receiver.codec_of(payload_type);
        let inserted = self.receiver.insert(now, packet, codec, counters);
        let stream = self.receiver.ssrc();
        if stream == Some(packet.header.ssrc) {
            self.reception.receive(now, &packet.header, codec.is_some());
        }
        if codec.is_some() {
            return Received::Sound(inserted);
        }
        // Whose sound is not heard presses no keys either. Digits may come before any sound.
        let is_theirs = stream.is_none_or(|ssrc| ssrc == packet.header.ssrc);
        if Some(payload_type) == self.params.telephone_event {
            if is_theirs && let Some((digit, way)) = self.digits.event(now, packet) {
                self.emit(SessionEvent::Digit(digit, way));
            }
            return Received::Event(inserted);
        }
        if payload_type == COMFORT_NOISE {
            if inserted == Inserted::Kept {
                self.receiver.hear_noise(packet.payload);
            }
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
