//! One leg's half on its media thread.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ringbuf::traits::{Consumer, Producer};

use crate::base::{Dice, Frame, LegId, Loudness, Purpose, place};
use crate::media::{Heard, LegParams, MediaSession, SessionEvent, SocketCounts, Sound, over};
use crate::rtp::{Ntp, RTCP_BYTES};
use crate::speech::{Attention, Noticed, VoiceEdge};

use super::bridge::BridgeEnd;
use super::control::{Asked, LegMedia, Request, Returned, control};
use super::events::{EventSender, MediaEventKind};
use super::linux::{EventFd, fetch_ahead, receive, stamp_arrivals, take_error};
use super::news::{News, Outlet, Token};
use super::playback::Playback;
use super::polling::{Polling, arrived};
use super::ports::{Port, system_random};
use super::rings::{UpWriter, up_ring};
use super::tap::TapWriter;

/// Words of refused packets that are taken at a time.
const ERRORS_AT_ONCE: usize = 16;

/// The half of a leg on its media thread. It is made and dropped elsewhere.
pub(super) struct Leg {
    port: Port,
    session: MediaSession,
    attention: Attention,
    /// Whether the caller's voice was told to have begun, and not to have ended.
    voice_told: bool,
    up: UpWriter,
    playback: Playback,
    bridge: Option<BridgeEnd>,
    tap: Option<Box<TapWriter>>,
    asked: Asked,
    events: EventSender,
    /// The wheel's turn in which it last ticked.
    turn: Option<u64>,
    socket: SocketCounts,
    /// What the kernel said last of datagrams thrown away; it wraps.
    thrown_away: u32,
    polling: Polling,
    #[cfg(test)]
    panics_at_its_end: bool,
}

/// What a media thread works in, leg after leg, so that it stays in the nearest cache.
pub(super) struct Scratch {
    datagram: [u8; 2048],
    out: [u8; 1024],
    sent: Frame,
    heard: Heard,
    /// The time of day as of the tick.
    pub(super) wall: Duration,
    /// Whether the thread has time to receive, besides sending.
    pub(super) receives: bool,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            datagram: [0; 2048],
            out: [0; 1024],
            sent: Frame::SILENCE,
            heard: Heard::default(),
            wall: Duration::ZERO,
            receives: true,
        }
    }
}

/// Whether a leg goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ticked {
    GoesOn,
    Closes,
}

impl Leg {
    /// Makes both halves, and the end that its events come out of.
    pub(super) fn open(
        (id, token): (LegId, Token),
        port: Port,
        params: LegParams,
        wake: Arc<EventFd>,
    ) -> (Box<Self>, LegMedia, Outlet) {
        let (control, asked, returned) = control(wake, params.codec);
        let (writer, up) = up_ring();
        let (down, playback) = Playback::new();
        let (events, told) = EventSender::new(id, token, returned);
        let now = Instant::now();
        let mut session = MediaSession::new(now, params, &mut Dice::new(system_random()));
        session.set_wall_clock(now, time_of_day());
        let leg = Box::new(Self {
            port,
            session,
            attention: Attention::new(),
            voice_told: false,
            up: writer,
            playback,
            bridge: None,
            tap: None,
            asked,
            events,
            turn: None,
            socket: SocketCounts::default(),
            thrown_away: 0,
            polling: Polling::new(false),
            #[cfg(test)]
            panics_at_its_end: false,
        });
        (leg, LegMedia { up, down, control }, told)
    }

    /// The leg's 20 ms: what goes out first, then what the clock brings.
    pub(super) fn tick(&mut self, now: Instant, turn: u64, scratch: &mut Scratch) -> Ticked {
        if self.asked.shared.is_closing() {
            return Ticked::Closes;
        }
        self.leave_out(turn);
        if self.asked.shared.has_requests() {
            while let Some(request) = self.asked.requests.try_pop() {
                self.serve(now, request);
            }
        }
        self.return_what_is_over();
        let frame = &mut scratch.sent;
        let is_next = self.next_frame(now, frame);
        let sent = self.session.tick_in_place(now, is_next, frame);
        if sent.is_some()
            && let Some(length) = self.session.send(frame, &mut scratch.out)
        {
            self.send(now, &scratch.out[..length]);
        }
        self.send_more(now, &mut scratch.out);
        // What came by now came before this frame went out.
        match self.polling.on {
            true if scratch.receives => self.take_what_came(now, scratch),
            true => self.polling.put_off(),
            false => {}
        }
        self.attention.send_level(sent.unwrap_or(Loudness::SILENCE).level);
        if let Some(tap) = &mut self.tap {
            tap.sent(self.attention.sent().tick, sent.map(|_| &scratch.sent));
        }
        self.pass_on(now, &mut scratch.heard);
        Ticked::GoesOn
    }

    /// Lets the time of turns pass that the thread left out.
    fn leave_out(&mut self, turn: u64) {
        // A leg that has moved may tick twice in a turn.
        let missed = self.turn.replace(turn).map_or(0, |last| (turn - last).saturating_sub(1));
        if missed > 0 {
            self.session.skip(missed);
            self.attention.skip(missed);
        }
    }

    fn serve(&mut self, now: Instant, request: Request) {
        match request {
            Request::Update(params, coders) => {
                if let Some(coders) = coders {
                    self.session.equip(coders);
                }
                if params.is_held() {
                    // A voice that began before is not the one that comes after.
                    self.attention.reset();
                    self.voice_told = false;
                }
                self.session.update(now, params);
            }
            Request::Press(digit) => _ = self.session.press(digit),
            Request::PlayBehind(backdrop) => self.session.play_behind(backdrop),
            // The other leg could not be asked: all stays as it is.
            Request::Bridge(end) if end.is_over() => self.give_back(Returned::Bridge { _end: end }),
            Request::Bridge(end) => {
                // Who is heard from now on is not the agent's to answer.
                if std::mem::take(&mut self.voice_told) {
                    let ended_ago = Duration::ZERO;
                    self.events.tell(now, MediaEventKind::VoiceOff { ended_ago });
                }
                self.session.set_for_ears(true);
                if let Some(before) = self.bridge.replace(end) {
                    before.part();
                    self.give_back(Returned::Bridge { _end: before });
                }
            }
            Request::Tap(writer) => {
                if let Some(before) = self.tap.replace(writer) {
                    self.give_back(Returned::Tap { _writer: before });
                }
            }
            #[cfg(test)]
            Request::Panic => panic!("asked to by a test"),
            #[cfg(test)]
            Request::PanicAtTheEnd => self.panics_at_its_end = true,
        }
    }

    fn return_what_is_over(&mut self) {
        if let Some(end) = self.bridge.take_if(|bridge| bridge.is_over()) {
            self.session.set_for_ears(false);
            // A voice that began before was not told. What is left of it is the agent's to answer.
            self.attention.reset();
            self.voice_told = false;
            self.give_back(Returned::Bridge { _end: end });
        }
        if let Some(writer) = self.tap.take_if(|tap| tap.is_over()) {
            self.give_back(Returned::Tap { _writer: writer });
        }
    }

    fn give_back(&mut self, returned: Returned) {
        // There is room. If not, it is freed here, which is late but not wrong.
        drop(self.asked.returned.try_push(returned));
        self.events.has_more();
    }

    /// What goes out: the agent, or whom the leg is bridged with, or the agent over that one.
    fn next_frame(&mut self, now: Instant, frame: &mut Frame) -> bool {
        let Self { session, playback, events, asked, bridge, .. } = self;
        // Asked before digits are taken: what they silence is the next frame.
        let wants_sound = session.wants_sound();
        let tell = |kind| events.tell(now, kind);
        let (ducked, paused) = asked.shared.steer();
        playback.steer(ducked, paused);
        let agent = playback.next_in_place(asked.shared.epoch(), wants_sound, frame, tell);
        if let Some(playing) = playback.playing() {
            asked.shared.tell_played(playing);
        }
        let Some(bridge) = bridge else { return agent };
        let other = bridge.next(|digit| _ = session.press(digit));
        let Some(other) = other.filter(|_| wants_sound) else { return agent };
        *frame = if agent { over(frame, &other) } else { other };
        true
    }

    fn send(&mut self, now: Instant, packet: &[u8]) {
        let to = self.session.remote();
        let sent = match self.port.socket().send_to(packet, to) {
            // Whatever an earlier packet met (ICMP) is told by the next send, which then does not go.
            Err(error) if !is_full(&error) => self.port.socket().send_to(packet, to),
            sent => sent,
        };
        if let Err(error) = sent {
            // A far end that has not opened its port yet, or a full queue: the next packet follows.
            self.count(now, &error);
        }
    }

    /// Sends what is due beside the frame's packet.
    fn send_more(&mut self, now: Instant, out: &mut [u8]) {
        while let Some(length) = self.session.poll_packet(out) {
            self.send(now, &out[..length]);
        }
        let mut report = [0; RTCP_BYTES];
        if let Some((length, to)) = self.session.poll_control(now, &mut report) {
            self.send_control(&report[..length], to);
        }
    }

    fn send_control(&self, report: &[u8], to: SocketAddr) {
        let socket =
            if self.session.shares_port() { self.port.socket() } else { self.port.control() };
        // Whoever has no RTCP refuses it, and the next report says all of it again.
        let _ = socket.send_to(report, to);
    }

    fn count(&mut self, now: Instant, error: &io::Error) {
        match error.kind() {
            _ if is_full(error) => self.socket.send_full += 1,
            ErrorKind::ConnectionRefused => {
                self.socket.send_refused += 1;
                self.session.refused(now);
            }
            _ => {
                self.socket.send_failed += 1;
                self.session.unsent();
            }
        }
    }

    /// Reads what came since the last tick.
    fn take_what_came(&mut self, now: Instant, scratch: &mut Scratch) {
        let thoroughly = self.polling.tick();
        let look = self.polling.look(thoroughly);
        let came = (0..look).take_while(|_| self.receive(now, scratch)).count();
        self.polling.came(came as u8, thoroughly);
        if thoroughly {
            // A send may have met the error that a receive would have told of.
            self.take_errors(now);
        }
    }

    /// Takes one datagram off the socket; whether there was one, or an error.
    pub(super) fn receive(&mut self, now: Instant, scratch: &mut Scratch) -> bool {
        match receive(self.port.socket(), &mut scratch.datagram) {
            Ok(came) => {
                if let Some(thrown_away) = came.thrown_away {
                    let before = std::mem::replace(&mut self.thrown_away, thrown_away);
                    self.socket.thrown_away += u64::from(thrown_away.wrapping_sub(before));
                }
                let (at, waited) = arrived(now, scratch.wall, came.stamp);
                self.session.receive(at, &scratch.datagram[..came.length], came.from);
                self.pass_on(now, &mut scratch.heard);
                self.polling.waited(waited);
                true
            }
            // A watched socket may be ready for nothing but errors.
            Err(error) if self.polling.on && error.kind() == ErrorKind::WouldBlock => false,
            // That of an earlier packet of ours (RFC 1122 §4.1.3.3), which is cleared by this.
            Err(_) => {
                self.take_errors(now);
                true
            }
        }
    }

    /// Takes what the kernel knows of packets of ours that did not arrive.
    fn take_errors(&mut self, now: Instant) {
        for _ in 0..ERRORS_AT_ONCE {
            match take_error(self.port.socket()) {
                Some(libc::ECONNREFUSED | libc::EHOSTUNREACH | libc::ENETUNREACH) => {
                    self.socket.send_refused += 1;
                    self.session.refused(now);
                }
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Takes one datagram off the socket of RTCP.
    pub(super) fn receive_control(&mut self, now: Instant, scratch: &mut Scratch) {
        if let Ok(came) = receive(self.port.control(), &mut scratch.datagram) {
            self.session.receive_control(now, &scratch.datagram[..came.length], came.from);
        }
    }

    /// The last word of a leg.
    pub(super) fn close(&mut self, now: Instant, failed: bool) {
        self.leave_others();
        // After a fault of ours nothing more is asked of the session, nor of what it may have been in.
        if !failed {
            #[cfg(test)]
            assert!(!self.panics_at_its_end, "asked to by a test");
            if let Some(tap) = &mut self.tap {
                tap.finish();
            }
            let mut report = [0; RTCP_BYTES];
            if let Some((length, to)) = self.session.goodbye(now, &mut report) {
                self.send_control(&report[..length], to);
            }
            self.events.tell(now, MediaEventKind::Quality(self.session.quality(now)));
        }
        self.tell_closed(now, failed);
    }

    /// The last word of a leg that could not be closed.
    pub(super) fn give_up(&mut self, now: Instant) {
        self.leave_others();
        self.tell_closed(now, true);
    }

    fn tell_closed(&mut self, now: Instant, failed: bool) {
        let mut stats = *self.session.stats();
        if !failed {
            stats.timing = self.session.timing(now);
        }
        stats.socket = self.socket;
        self.events.tell(now, MediaEventKind::Closed { stats, failed });
    }

    /// Whom it is bridged with returns to the agent.
    fn leave_others(&mut self) {
        if let Some(bridge) = &self.bridge {
            bridge.part();
        }
        self.refuse_the_rest();
    }

    /// What was asked and not taken up goes with the leg, so that whoever waits for it sees that nothing comes of it.
    fn refuse_the_rest(&mut self) {
        self.asked.shared.go();
        while let Some(request) = self.asked.requests.try_pop() {
            match request {
                Request::Bridge(end) => {
                    end.part();
                    if let Some(before) = self.bridge.replace(end) {
                        self.give_back(Returned::Bridge { _end: before });
                    }
                }
                Request::Tap(writer) => {
                    if let Some(before) = self.tap.replace(writer) {
                        self.give_back(Returned::Tap { _writer: before });
                    }
                }
                // Freed here, which is late but not wrong.
                _ => {}
            }
        }
    }

    /// Where RTCP comes to.
    pub(super) fn control(&self) -> &UdpSocket {
        self.port.control()
    }

    /// Looks for itself what came, or leaves that to epoll.
    pub(super) fn poll(&mut self, on: bool) {
        stamp_arrivals(self.port.socket(), on);
        self.polling = Polling::new(on);
    }

    pub(super) fn is_polled(&self) -> bool {
        self.polling.on
    }

    /// By how many slots earlier it should tick, if so.
    pub(super) fn earlier(&mut self) -> Option<usize> {
        self.polling.earlier().filter(|_| self.polling.on)
    }

    /// Has the processor fetch what the next tick needs.
    pub(super) fn fetch_ahead(&self) {
        let fetch = |(address, bytes)| fetch_ahead(address, bytes);
        fetch(place(&self.port));
        fetch(place(&self.attention));
        fetch(place(&self.polling));
        fetch(place(&self.playback));
        fetch(place(&self.asked));
        self.session.hot(fetch);
    }

    /// The same of what lies elsewhere, once it is at hand where.
    pub(super) fn fetch_rings(&self) {
        let fetch = |(address, bytes)| fetch_ahead(address, bytes);
        fetch(place(&*self.asked.shared));
        fetch(self.up.place());
        fetch(self.playback.place());
        fetch(self.session.payloads());
    }

    /// The same of the places of the next frames, once the rings are at hand.
    pub(super) fn fetch_frames(&self) {
        let fetch = |(address, bytes)| fetch_ahead(address, bytes);
        fetch(self.up.next_place());
        if let Some(next) = self.playback.next_place() {
            fetch(next)
        }
    }

    /// Its number among those whose end has not been seen.
    pub(super) fn token(&self) -> Token {
        self.events.token()
    }

    /// Lets what it has told be looked at.
    pub(super) fn pass_word(&mut self, news: &mut News) {
        self.events.pass_word(news);
    }

    /// What the socket has counted so far.
    pub(super) fn socket(&self) -> &SocketCounts {
        &self.socket
    }

    fn pass_on(&mut self, now: Instant, heard: &mut Heard) {
        while self.session.hear(now, heard) {
            if let Some(tap) = &mut self.tap {
                tap.heard(heard.tick, &heard.frame);
            }
            let Heard { frame, loudness, narrow, sound, .. } = &*heard;
            let received = *sound == Sound::Received;
            let noticed = self.attention.hear(frame, loudness, *narrow, received);
            match &mut self.bridge {
                Some(bridge) => bridge.pass(&heard.frame),
                None => self.hear(now, heard, noticed),
            }
        }
        while let Some(event) = self.session.poll_event() {
            if let (SessionEvent::Digit(digit, _), Some(bridge)) = (&event, &mut self.bridge) {
                bridge.press(*digit.reveal(Purpose::Signalling));
            }
            self.events.tell(now, event.into());
        }
    }

    /// Up to the agent.
    fn hear(&mut self, now: Instant, heard: &Heard, Noticed { activity, hint }: Noticed) {
        let (voiced, sent) = (activity.voiced, self.attention.sent());
        let kind = (voiced, heard.sound == Sound::Concealed);
        self.up.write(heard.tick, &heard.frame, kind, sent);
        if let Some(hint) = hint {
            self.events.tell(now, MediaEventKind::VoiceHint(hint));
        }
        match activity.edge {
            Some(VoiceEdge::On { started_ago }) => {
                self.voice_told = true;
                self.events.tell(now, MediaEventKind::VoiceOn { started_ago });
            }
            // One that began while the leg was bridged was never told.
            Some(VoiceEdge::Off { ended_ago }) if std::mem::take(&mut self.voice_told) => {
                self.events.tell(now, MediaEventKind::VoiceOff { ended_ago });
            }
            Some(VoiceEdge::Off { .. }) | None => {}
        }
    }
}

/// Whether a queue of this machine is full.
fn is_full(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS)
}

/// The time of day as reports have it, from 1900 on (RFC 3550 §4).
fn time_of_day() -> Ntp {
    const FROM_1900_TO_1970: u64 = 2_208_988_800;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let fraction = (u64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
    Ntp((now.as_secs() + FROM_1900_TO_1970) << 32 | fraction)
}

impl AsRawFd for Leg {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.port.socket().as_raw_fd()
    }
}
