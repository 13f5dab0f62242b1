//! What media threads tell the rest: per leg a ring, and one wake-up for all of them.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use tokio::io::unix::AsyncFd;

use crate::base::{LegId, Phi, UtteranceId};
use crate::media::{Quality, SessionEvent, Stats, Verdict, Way};
use crate::speech::VoiceHint;

use super::control::Returned;
use super::leg::Leg;
use super::linux::EventFd;
use super::news::{Desk, News, Outlet, Token};

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
    /// Whether the caller speaks over the agent, counted from [`MediaEvent::at`] back.
    VoiceHint(VoiceHint),
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
    /// Whether there is something since [`Self::pass_word`].
    told: bool,
    token: Token,
    queued: Arc<AtomicBool>,
    closed: bool,
}

impl EventSender {
    /// Makes it, with the outlet that its events come out of, and what the leg gives back.
    pub(super) fn new(leg: LegId, token: Token, returned: HeapCons<Returned>) -> (Self, Outlet) {
        let (ring, events) = HeapRb::new(WAITING).split();
        let queued = Arc::new(AtomicBool::new(false));
        let outlet = Outlet { token, queued: Arc::clone(&queued), events, returned };
        (Self { leg, ring, told: false, token, queued, closed: false }, outlet)
    }

    pub(super) fn token(&self) -> Token {
        self.token
    }

    /// Tells, or drops what matters less when nobody has listened for seconds.
    pub(super) fn tell(&mut self, at: Instant, kind: MediaEventKind) {
        let room = match kind {
            MediaEventKind::Closed { .. } => 0,
            // Without its end a voice goes on for ever.
            MediaEventKind::UtteranceEnded { .. }
            | MediaEventKind::VoiceOff { .. }
            // Without it the agent stays turned down.
            | MediaEventKind::VoiceHint(VoiceHint::Denied)
            | MediaEventKind::Quality(_) => 1,
            _ => KEPT,
        };
        self.closed |= matches!(kind, MediaEventKind::Closed { .. });
        if self.ring.vacant_len() > room {
            self.told |= self.ring.try_push(MediaEvent { leg: self.leg, at, kind }).is_ok();
        }
    }

    /// There is something else to look at than events.
    pub(super) fn has_more(&mut self) {
        self.told = true;
    }

    /// Lets the leg be looked at, if there is anything since.
    pub(super) fn pass_word(&mut self, news: &mut News) {
        if std::mem::take(&mut self.told) {
            news.of(self.token, &self.queued);
        }
    }

    #[cfg(test)]
    pub(super) fn has_room(&self) -> bool {
        self.ring.vacant_len() > KEPT
    }
}

/// A media thread that ends by a fault of ours takes its legs with it, and each of them says so.
impl Drop for EventSender {
    fn drop(&mut self) {
        if !self.closed && std::thread::panicking() {
            let stats = Stats::default();
            self.tell(Instant::now(), MediaEventKind::Closed { stats, failed: true });
        }
    }
}

/// The events of all legs. Drain it in one task, which passes them on to the calls.
pub struct MediaEvents {
    wake: Arc<EventFd>,
    registered: Option<AsyncFd<Arc<EventFd>>>,
    desk: Desk,
    /// Legs that a media thread is done with: freed here, because freeing takes a lock.
    retired: Vec<HeapCons<Box<Leg>>>,
    ready: VecDeque<MediaEvent>,
}

impl MediaEvents {
    pub(super) fn new(wake: Arc<EventFd>, desk: Desk, retired: Vec<HeapCons<Box<Leg>>>) -> Self {
        Self { wake, registered: None, desk, retired, ready: VecDeque::new() }
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
        // The token is left when the leg is freed.
        let gone = self.retired.iter_mut().flat_map(|retired| retired.pop_iter());
        self.desk.take(gone.map(|leg| leg.token()), &mut self.ready);
        self.ready.pop_front()
    }
}
