//! What media threads tell the rest: per leg a ring, and one wake-up for all of them.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use tokio::io::unix::AsyncFd;

use crate::base::{LegId, Phi, UtteranceId};
use crate::media::{Quality, SessionEvent, Stats, Verdict, Way};

use super::leg::Leg;
use super::linux::EventFd;

/// Events of one leg that may wait: seconds of the liveliest leg.
const WAITING: usize = 32;
/// Places kept for what must not be lost: the end of an utterance or a voice, the end of the leg.
const KEPT: usize = 8;

/// Something that happened on a leg.
#[derive(Clone, Debug)]
pub struct MediaEvent {
    /// Where.
    pub leg: LegId,
    /// When the media thread saw it.
    pub at: Instant,
    /// What.
    pub kind: MediaEventKind,
}

/// What happened on a leg.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaEventKind {
    /// The caller began to speak.
    VoiceOn {
        /// How long before [`MediaEvent::at`].
        started_ago: Duration,
    },
    /// The caller stopped speaking.
    VoiceOff {
        /// How long before [`MediaEvent::at`].
        ended_ago: Duration,
    },
    /// The caller pressed a digit, and how it came.
    Dtmf(Phi<char>, Way),
    /// The first frame of an utterance went out.
    UtteranceStarted {
        /// Which.
        utterance: UtteranceId,
    },
    /// More of an utterance went out.
    UtteranceProgress {
        /// Which.
        utterance: UtteranceId,
        /// How many of its frames so far.
        frames_played: u32,
    },
    /// No more of an utterance goes out.
    UtteranceEnded {
        /// Which.
        utterance: UtteranceId,
        /// How many of its frames went out in all.
        frames_played: u32,
        /// Whether its last frame was among them; if not, a newer epoch cut it off.
        complete: bool,
    },
    /// The first packet of the far end came.
    FirstPacket {
        /// Where from.
        from: SocketAddr,
    },
    /// The far end is elsewhere than its SDP said; packets go there from now on.
    SourceLearnt {
        /// Where it is.
        at: SocketAddr,
    },
    /// The far end should send and does not.
    NoPackets {
        /// For how long.
        lasted: Duration,
    },
    /// The far end is gone: nothing came for as long as was agreed.
    Gone {
        /// For how long.
        lasted: Duration,
    },
    /// Whether both sides hear each other: said once it is known, and when it changes.
    Judged(Verdict),
    /// How the leg sounded in all; told before it is closed.
    Quality(Quality),
    /// The leg is closed; nothing follows.
    Closed {
        /// Its counts.
        stats: Stats,
        /// Whether a fault of ours closed it: the call goes on without this leg.
        failed: bool,
    },
}

impl From<SessionEvent> for MediaEventKind {
    fn from(event: SessionEvent) -> Self {
        match event {
            SessionEvent::FirstPacket { from } => Self::FirstPacket { from },
            SessionEvent::SourceLearnt { at } => Self::SourceLearnt { at },
            SessionEvent::Digit(digit, way) => Self::Dtmf(digit, way),
            SessionEvent::NoPackets { lasted } => Self::NoPackets { lasted },
            SessionEvent::Gone { lasted } => Self::Gone { lasted },
            SessionEvent::Judged(verdict) => Self::Judged(verdict),
        }
    }
}

/// A leg's end of its event ring, on the media thread.
pub(super) struct EventSender {
    leg: LegId,
    ring: HeapProd<MediaEvent>,
    /// Whether something was told since [`Self::take_told`].
    told: bool,
}

impl EventSender {
    pub(super) fn new(leg: LegId) -> (Self, HeapCons<MediaEvent>) {
        let (ring, events) = HeapRb::new(WAITING).split();
        (Self { leg, ring, told: false }, events)
    }

    /// Tells, or drops what matters less when nobody has listened for seconds.
    pub(super) fn tell(&mut self, at: Instant, kind: MediaEventKind) {
        let room = match kind {
            MediaEventKind::Closed { .. } => 0,
            // Without its end a voice goes on for ever.
            MediaEventKind::UtteranceEnded { .. }
            | MediaEventKind::VoiceOff { .. }
            | MediaEventKind::Quality(_) => 1,
            _ => KEPT,
        };
        if self.ring.vacant_len() > room {
            self.told |= self.ring.try_push(MediaEvent { leg: self.leg, at, kind }).is_ok();
        }
    }

    pub(super) fn take_told(&mut self) -> bool {
        std::mem::take(&mut self.told)
    }
}

/// Where new legs leave their event rings, and old ones themselves.
#[derive(Default)]
pub(super) struct Arrivals {
    pub(super) rings: Mutex<Vec<HeapCons<MediaEvent>>>,
}

/// The events of all legs. Drain it in one task, which passes them on to the calls.
pub struct MediaEvents {
    wake: Arc<EventFd>,
    registered: Option<AsyncFd<Arc<EventFd>>>,
    arrivals: Arc<Arrivals>,
    /// Legs that a media thread is done with: freed here, because freeing takes a lock.
    retired: Vec<HeapCons<Box<Leg>>>,
    rings: Vec<HeapCons<MediaEvent>>,
    ready: VecDeque<MediaEvent>,
}

impl MediaEvents {
    pub(super) fn new(
        wake: Arc<EventFd>,
        arrivals: Arc<Arrivals>,
        retired: Vec<HeapCons<Box<Leg>>>,
    ) -> Self {
        let (rings, ready) = (Vec::new(), VecDeque::new());
        Self { wake, registered: None, arrivals, retired, rings, ready }
    }

    /// Waits for the next event. Nothing is lost when the wait is given up.
    ///
    /// # Errors
    /// When the descriptor cannot be registered with the runtime.
    pub async fn next(&mut self) -> io::Result<MediaEvent> {
        loop {
            if let Some(event) = self.poll() {
                return Ok(event);
            }
            let watched = match &self.registered {
                Some(watched) => watched,
                None => self.registered.insert(EventFd::watch(&self.wake)?),
            };
            let mut ready = watched.readable().await?;
            // Cleared before the rings are looked at, so that what comes meanwhile wakes again.
            self.wake.clear();
            ready.clear_ready();
        }
    }

    /// Passes every event to `take`, for as long as the runtime lives.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn run(mut self, mut take: impl FnMut(MediaEvent)) -> io::Result<()> {
        loop {
            take(self.next().await?);
        }
    }

    /// Returns the next event that is there already.
    pub fn poll(&mut self) -> Option<MediaEvent> {
        if let Some(event) = self.ready.pop_front() {
            return Some(event);
        }
        let mut arrived = self.arrivals.rings.lock().unwrap_or_else(PoisonError::into_inner);
        self.rings.append(&mut arrived);
        drop(arrived);
        for retired in &mut self.retired {
            while let Some(leg) = retired.try_pop() {
                drop(leg);
            }
        }
        let ready = &mut self.ready;
        self.rings.retain_mut(|ring| {
            let gone = !ring.write_is_held();
            ready.extend(ring.pop_iter());
            !gone
        });
        self.ready.pop_front()
    }
}
