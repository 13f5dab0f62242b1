//! One leg: its half on the media thread, and the half that the rest of the house holds.

use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ringbuf::traits::{Consumer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::base::{Dice, Epoch, LegId, UtteranceId};
use crate::media::{Backdrop, LegParams, MediaSession};
use crate::speech::{HeardFrame, Vad, VoiceEdge};

use super::events::{EventSender, MediaEvent, MediaEventKind};
use super::playback::Playback;
use super::ports::{Port, system_random};
use super::rings::{DownRing, UpRing, UpWriter, up_ring};
use super::{WorkersError, linux::EventFd};

/// Requests that may wait for the leg's next tick.
const REQUESTS: usize = 64;

/// What is asked of a leg.
pub(super) enum Request {
    Update(LegParams),
    Press(char),
    PlayBehind(Backdrop),
    /// A fault of ours, to see what becomes of the others.
    #[cfg(test)]
    Panic,
}

/// What both halves see.
pub(super) struct Shared {
    epoch: AtomicU32,
    /// Utterance in the upper half, frames played in the lower.
    played: AtomicU64,
    closing: AtomicBool,
}

/// The half of a leg that the rest of the house holds.
pub struct LegMedia {
    /// What the caller says.
    pub up: UpRing,
    /// What the agent says.
    pub down: DownRing,
    /// Everything else. The leg closes when the last copy of it is dropped.
    pub control: LegControl,
}

/// Steers a leg, from any thread.
#[derive(Clone)]
pub struct LegControl(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    /// Locked by those who ask; the media thread takes from the other end and locks nothing.
    requests: Mutex<HeapProd<Request>>,
    /// The backdrop asked for last, and the one before: a recording that the media thread lets go of is freed here.
    behind: Mutex<[Backdrop; 2]>,
    wake: Arc<EventFd>,
}

impl LegControl {
    /// Begins an epoch: from the next tick on, nothing older is played.
    pub fn flush(&self, epoch: Epoch) {
        self.0.shared.epoch.store(epoch.0, Ordering::Release);
    }

    /// Returns what of the agent's speech went out last, as of the last tick.
    pub fn played(&self) -> (UtteranceId, u32) {
        let played = self.0.shared.played.load(Ordering::Acquire);
        (UtteranceId((played >> 32) as u32), played as u32)
    }

    /// Goes on under what a later offer and answer agreed on.
    ///
    /// # Errors
    /// When the media thread has not taken up what was asked before.
    pub fn update(&self, params: LegParams) -> Result<(), WorkersError> {
        self.ask(Request::Update(params))
    }

    /// Presses a digit (RFC 4733). It is ignored when the far end does not take them.
    ///
    /// # Errors
    /// When the media thread has not taken up what was asked before.
    pub fn send_dtmf(&self, digit: char) -> Result<(), WorkersError> {
        self.ask(Request::Press(digit))
    }

    /// Changes what is sent while the agent says nothing: sound for a caller who waits.
    ///
    /// # Errors
    /// When the media thread has not taken up what was asked before.
    pub fn play_behind(&self, backdrop: Backdrop) -> Result<(), WorkersError> {
        let mut behind = self.0.behind.lock().unwrap_or_else(PoisonError::into_inner);
        behind.rotate_right(1);
        behind[0] = backdrop.clone();
        self.ask(Request::PlayBehind(backdrop))
    }

    /// Closes the leg at its next tick; [`MediaEventKind::Closed`] follows.
    pub fn close(&self) {
        self.0.close();
    }

    pub(super) fn ask(&self, request: Request) -> Result<(), WorkersError> {
        let mut requests = self.0.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.try_push(request).map_err(|_| WorkersError::Busy { thread: "media" })
    }
}

impl Handle {
    fn close(&self) {
        self.shared.closing.store(true, Ordering::Release);
        self.wake.signal();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

/// The half of a leg on its media thread. It is made and dropped elsewhere.
pub(super) struct Leg {
    port: Port,
    session: MediaSession,
    vad: Vad,
    up: UpWriter,
    playback: Playback,
    requests: HeapCons<Request>,
    events: EventSender,
    shared: Arc<Shared>,
    out: [u8; 1024],
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
        id: LegId,
        port: Port,
        params: LegParams,
        wake: Arc<EventFd>,
    ) -> (Box<Self>, LegMedia, HeapCons<MediaEvent>) {
        let shared = Arc::new(Shared {
            epoch: AtomicU32::new(0),
            played: AtomicU64::new(0),
            closing: AtomicBool::new(false),
        });
        let (requests, asked) = HeapRb::new(REQUESTS).split();
        let (writer, up) = up_ring();
        let (down, playback) = Playback::new();
        let (events, told) = EventSender::new(id);
        let session = MediaSession::new(Instant::now(), params, &mut Dice::new(system_random()));
        let leg = Box::new(Self {
            port,
            session,
            vad: Vad::new(),
            up: writer,
            playback,
            requests: asked,
            events,
            shared: Arc::clone(&shared),
            out: [0; 1024],
        });
        let (requests, behind) = (Mutex::new(requests), Mutex::default());
        let control = LegControl(Arc::new(Handle { shared, requests, behind, wake }));
        (leg, LegMedia { up, down, control }, told)
    }

    /// The leg's 20 ms: what goes out first, then what the clock brings.
    pub(super) fn tick(&mut self, now: Instant) -> Ticked {
        if self.shared.closing.load(Ordering::Acquire) {
            return Ticked::Closes;
        }
        while let Some(request) = self.requests.try_pop() {
            match request {
                Request::Update(params) => {
                    if params.is_held() {
                        // A voice that began before is not the one that comes after.
                        self.vad.reset();
                    }
                    self.session.update(now, params);
                }
                Request::Press(digit) => _ = self.session.press(digit),
                Request::PlayBehind(backdrop) => self.session.play_behind(backdrop),
                #[cfg(test)]
                Request::Panic => panic!("asked to by a test"),
            }
        }
        let epoch = Epoch(self.shared.epoch.load(Ordering::Acquire));
        let Self { session, playback, events, .. } = self;
        let next = playback.next(epoch, session.wants_sound(), |kind| events.tell(now, kind));
        session.tick(now, next.as_ref());
        while let Some(length) = session.poll_packet(&mut self.out) {
            // A far end that has not opened its port yet, or a full queue: the next packet follows.
            let _ = self.port.socket().send_to(&self.out[..length], session.remote());
        }
        if let Some((utterance, frames)) = playback.playing() {
            let played = u64::from(utterance.0) << 32 | u64::from(frames);
            self.shared.played.store(played, Ordering::Release);
        }
        self.pass_on(now);
        Ticked::GoesOn
    }

    /// Takes one datagram off the socket.
    pub(super) fn receive(&mut self, now: Instant, buffer: &mut [u8]) {
        // An error is that of an earlier packet of ours (RFC 1122 §4.1.3.3), and is cleared.
        if let Ok((length, from)) = self.port.socket().recv_from(buffer) {
            self.session.receive(now, &buffer[..length], from);
            self.pass_on(now);
        }
    }

    /// The last word of a leg.
    pub(super) fn close(&mut self, now: Instant, failed: bool) {
        let stats = *self.session.stats();
        self.events.tell(now, MediaEventKind::Closed { stats, failed });
    }

    pub(super) fn took_word(&mut self) -> bool {
        self.events.take_told()
    }

    fn pass_on(&mut self, now: Instant) {
        while let Some(heard) = self.session.poll_heard(now) {
            let activity = self.vad.push(&heard.frame);
            let (tick, frame, voiced) = (heard.tick, heard.frame, activity.voiced);
            self.up.push(&HeardFrame { tick, frame, voiced });
            match activity.edge {
                Some(VoiceEdge::On { started_ago }) => {
                    self.events.tell(now, MediaEventKind::VoiceOn { started_ago });
                }
                Some(VoiceEdge::Off { ended_ago }) => {
                    self.events.tell(now, MediaEventKind::VoiceOff { ended_ago });
                }
                None => {}
            }
        }
        while let Some(event) = self.session.poll_event() {
            self.events.tell(now, event.into());
        }
    }
}

impl AsRawFd for Leg {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.port.socket().as_raw_fd()
    }
}
