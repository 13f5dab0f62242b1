//! Hearing threads: they own the recognisers, and feed each what its leg hears.
//!
//! A recogniser that is slow delays those on its thread, never a call; one that fails or panics
//! is an event of its leg.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::{Hints, LegId, TurnId};
use crate::speech::{HeardFrame, Recognizer, RecognizerError, Transcript};

use super::WorkersError;
use super::inflow::{self, Gatherer, Inflow};
use super::linux::step_back;
use super::rings::UpRing;

/// How often rings are looked at when nothing is asked.
const ROUND: Duration = Duration::from_millis(10);
/// Requests that may wait: a thread that is this far behind takes no more.
const REQUESTS: usize = 1024;
/// Transcripts taken from one recogniser before the next has its turn.
const TRANSCRIPTS: usize = 8;

/// What is kept for another recogniser: 250 × 20 ms = 5 s. A language is changed after a turn, in a pause.
const KEPT: usize = 250;

/// What comes of listening.
#[derive(Clone, Debug, PartialEq)]
pub enum HearingEvent {
    /// Words.
    Heard(Transcript),
    /// Frames were lost because recognition came too late.
    Behind {
        /// How many.
        frames: u64,
    },
    /// Nobody can hear the caller any more.
    Lost {
        /// Why.
        what: String,
    },
    /// The recogniser failed. After a panic it is gone, else later frames are still offered.
    Failed {
        /// What it said.
        what: String,
    },
}

/// Takes what comes of listening. It is called on a hearing thread and must not wait.
pub type HearingSink = Box<dyn Fn(LegId, HearingEvent) + Send>;

enum Request {
    Attach(LegId, Box<Ear>),
    Replace(LegId, Box<dyn Recognizer>),
    Expect(LegId, Hints),
    Finish(LegId, TurnId),
    Reset(LegId),
    Detach(LegId),
}

struct HearingThread {
    requests: Option<SyncSender<Request>>,
    join: Option<JoinHandle<()>>,
}

/// All hearing threads. They end when it is dropped.
pub struct Hearing {
    threads: Vec<HearingThread>,
    gatherer: Gatherer,
    /// The thread of each leg, and its mark of being detached.
    homes: Mutex<BTreeMap<LegId, (usize, Arc<AtomicBool>)>>,
}

impl Hearing {
    /// Starts the threads, at least one.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(threads: usize) -> Result<Self, WorkersError> {
        let mut started = Vec::new();
        for number in 0..threads.max(1) {
            let (requests, asked) = sync_channel(REQUESTS);
            let thread = format!("hearing-{number}");
            let join = std::thread::Builder::new()
                .name(thread.clone())
                .spawn(move || listen(&asked))
                .map_err(|source| WorkersError::Thread { thread, source })?;
            started.push(HearingThread { requests: Some(requests), join: Some(join) });
        }
        let gatherer = Gatherer::start()?;
        Ok(Self { threads: started, gatherer, homes: Mutex::new(BTreeMap::new()) })
    }

    /// Begins to listen to a leg.
    ///
    /// # Errors
    /// When the thread is too far behind.
    pub fn attach(
        &self,
        leg: LegId,
        up: UpRing,
        recognizer: Box<dyn Recognizer>,
        sink: HearingSink,
    ) -> Result<(), WorkersError> {
        let detached = Arc::new(AtomicBool::new(false));
        let home = {
            let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
            let load = |thread: &usize| homes.values().filter(|(home, _)| home == thread).count();
            let home = (0..self.threads.len()).min_by_key(load).unwrap_or(0);
            homes.insert(leg, (home, Arc::clone(&detached)));
            home
        };
        let (inflow, taken) = (self.gatherer.attach(up), VecDeque::new());
        let ear = Ear {
            inflow,
            taken,
            recognizer,
            former: None,
            open: 0,
            turn: VecDeque::new(),
            hints: Hints::default(),
            sink,
            dropped: 0,
            failing: false,
            detached,
        };
        self.ask(home, Request::Attach(leg, Box::new(ear)))
    }

    /// Gives a leg another recogniser, in another language for example. It hears what the caller has said since their
    /// last turn ended; turns that have ended are finished by the one before.
    ///
    /// # Errors
    /// When the thread is too far behind; then the one before stays.
    pub fn replace(&self, leg: LegId, recognizer: Box<dyn Recognizer>) -> Result<(), WorkersError> {
        self.ask(self.home(leg), Request::Replace(leg, recognizer))
    }

    /// Tells a leg's recogniser what is expected from now on.
    ///
    /// # Errors
    /// When the thread is too far behind; as for all that follow.
    pub fn expect(&self, leg: LegId, hints: Hints) -> Result<(), WorkersError> {
        self.ask(self.home(leg), Request::Expect(leg, hints))
    }

    /// The caller's turn is over, with all frames that are in the ring by now.
    ///
    /// # Errors
    /// As [`Self::expect`].
    pub fn finish(&self, leg: LegId, turn: TurnId) -> Result<(), WorkersError> {
        self.ask(self.home(leg), Request::Finish(leg, turn))
    }

    /// Forgets what was heard and not finished, the ring included.
    ///
    /// # Errors
    /// As [`Self::expect`].
    pub fn reset(&self, leg: LegId) -> Result<(), WorkersError> {
        self.ask(self.home(leg), Request::Reset(leg))
    }

    /// Ends listening to a leg, and drops its recogniser and sink; when the thread is far behind,
    /// once it has come to it.
    ///
    /// # Errors
    /// As [`Self::expect`]; it is detached all the same.
    pub fn detach(&self, leg: LegId) -> Result<(), WorkersError> {
        let left = self.homes.lock().unwrap_or_else(PoisonError::into_inner).remove(&leg);
        let Some((home, detached)) = left else { return Ok(()) };
        detached.store(true, Ordering::Release);
        self.ask(home, Request::Detach(leg))
    }

    fn home(&self, leg: LegId) -> usize {
        let homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        homes.get(&leg).map_or(0, |(home, _)| *home)
    }

    fn ask(&self, home: usize, request: Request) -> Result<(), WorkersError> {
        let requests = self.threads.get(home).and_then(|thread| thread.requests.as_ref());
        let busy = WorkersError::Busy { thread: "hearing" };
        match requests.map(|requests| requests.try_send(request)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => Err(busy),
        }
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        for thread in &mut self.threads {
            thread.requests = None;
        }
        for thread in &mut self.threads {
            let _ = thread.join.take().map(JoinHandle::join);
        }
    }
}

/// One leg's recogniser and what is on both sides of it.
struct Ear {
    inflow: Arc<Mutex<Inflow>>,
    /// Empty but for the while in which it is pushed.
    taken: VecDeque<HeardFrame>,
    recognizer: Box<dyn Recognizer>,
    /// The one before, while it has turns to finish.
    former: Option<Box<dyn Recognizer>>,
    /// Turns that have ended and have no final text.
    open: usize,
    /// What was heard since the last turn ended, for another recogniser.
    turn: VecDeque<HeardFrame>,
    hints: Hints,
    sink: HearingSink,
    dropped: u64,
    /// A failure was told and nothing has gone well since.
    failing: bool,
    /// Nobody asks for it any more, and the word of that may not have come.
    detached: Arc<AtomicBool>,
}

/// A hearing thread.
fn listen(requests: &Receiver<Request>) {
    step_back();
    let mut ears: BTreeMap<LegId, Box<Ear>> = BTreeMap::new();
    loop {
        let request = match ears.is_empty() {
            true => requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
            false => requests.recv_timeout(ROUND),
        };
        match request {
            Ok(request) => {
                serve(&mut ears, request);
                while let Ok(request) = requests.try_recv() {
                    serve(&mut ears, request);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        ears.retain(|&leg, ear| {
            !ear.detached.load(Ordering::Acquire) && guarded(leg, ear, |ear| ear.listen(leg))
        });
    }
}

fn serve(ears: &mut BTreeMap<LegId, Box<Ear>>, request: Request) {
    let mut with = |leg: LegId, act: &mut dyn FnMut(&mut Ear)| {
        if let Some(ear) = ears.get_mut(&leg)
            && !guarded(leg, ear, |ear| act(ear))
        {
            ears.remove(&leg);
        }
    };
    match request {
        Request::Attach(leg, ear) => _ = ears.insert(leg, ear),
        Request::Detach(leg) => _ = ears.remove(&leg),
        Request::Replace(leg, recognizer) => {
            let mut recognizer = Some(recognizer);
            with(leg, &mut |ear| {
                recognizer.take().into_iter().for_each(|recognizer| ear.replace(leg, recognizer));
            });
        }
        Request::Expect(leg, hints) => with(leg, &mut |ear| {
            ear.recognizer.expect(&hints);
            ear.hints.clone_from(&hints);
        }),
        Request::Finish(leg, turn) => with(leg, &mut |ear| {
            ear.push(leg);
            ear.turn.clear();
            ear.open += 1;
            ear.recognizer.finish(turn);
        }),
        Request::Reset(leg) => with(leg, &mut |ear| {
            inflow::lock(&ear.inflow).take(&mut ear.taken);
            ear.taken.clear();
            ear.turn.clear();
            ear.recognizer.reset();
        }),
    }
}

/// Runs what may panic; `false` when it did, and the ear is to be dropped.
fn guarded(leg: LegId, ear: &mut Ear, act: impl FnOnce(&mut Ear)) -> bool {
    let done = catch_unwind(AssertUnwindSafe(|| act(ear))).is_ok();
    if !done {
        let what = "it panicked".into();
        // A sink that panics has nobody left to tell.
        let _ = catch_unwind(AssertUnwindSafe(|| (ear.sink)(leg, HearingEvent::Failed { what })));
    }
    done
}

impl Ear {
    fn listen(&mut self, leg: LegId) {
        self.push(leg);
        self.listen_to_former(leg);
        for _ in 0..TRANSCRIPTS {
            match self.recognizer.poll() {
                Ok(Some(transcript)) => {
                    self.failing = false;
                    self.heard(leg, transcript);
                }
                Ok(None) => return,
                Err(error) => return self.failed(leg, error),
            }
        }
    }

    fn heard(&mut self, leg: LegId, transcript: Transcript) {
        if matches!(transcript, Transcript::Final { .. }) {
            self.open = self.open.saturating_sub(1);
        }
        (self.sink)(leg, HearingEvent::Heard(transcript));
    }

    fn replace(&mut self, leg: LegId, mut recognizer: Box<dyn Recognizer>) {
        recognizer.expect(&self.hints);
        for heard in &self.turn {
            if let Err(error) = recognizer.push(heard) {
                self.failed(leg, error);
                break;
            }
        }
        let former = std::mem::replace(&mut self.recognizer, recognizer);
        // Two changes within one turn: the first one's turns are the call's own limit's.
        self.former = (self.open > 0).then_some(former);
        self.failing = false;
    }

    /// Takes the turns that the recogniser before has to finish.
    fn listen_to_former(&mut self, leg: LegId) {
        while let Some(former) = &mut self.former {
            match former.poll() {
                Ok(Some(transcript @ Transcript::Final { .. })) => self.heard(leg, transcript),
                Ok(Some(Transcript::Partial { .. })) => {}
                Ok(None) => break,
                Err(error) => {
                    self.former = None;
                    return self.failed(leg, error);
                }
            }
            if self.open == 0 {
                self.former = None;
            }
        }
    }

    fn push(&mut self, leg: LegId) {
        // The lock is not held while the recogniser works.
        let dropped = inflow::lock(&self.inflow).take(&mut self.taken);
        while let Some(heard) = self.taken.pop_front() {
            if let Err(error) = self.recognizer.push(&heard) {
                self.failed(leg, error);
            }
            if self.turn.len() == KEPT {
                self.turn.pop_front();
            }
            self.turn.push_back(heard);
        }
        let frames = dropped - self.dropped;
        if frames > 0 {
            self.dropped = dropped;
            (self.sink)(leg, HearingEvent::Behind { frames });
        }
    }

    /// Tells a failure once, and not again at every frame.
    fn failed(&mut self, leg: LegId, error: RecognizerError) {
        let event = match error {
            RecognizerError::Behind { frames } => HearingEvent::Behind { frames: frames as u64 },
            RecognizerError::Lost { what } => HearingEvent::Lost { what },
            RecognizerError::Failed { .. } if self.failing => return,
            RecognizerError::Failed { what } => {
                self.failing = true;
                HearingEvent::Failed { what }
            }
        };
        (self.sink)(leg, event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Frame, Phi};
    use crate::workers::{UpWriter, up_ring};
    use std::sync::mpsc::{Receiver, channel};

    /// Counts frames; `fails` at one of them, `panics` at one of them.
    struct Counter {
        frames: u64,
        fails: u64,
        panics: u64,
        finished: Option<TurnId>,
    }

    impl Recognizer for Counter {
        fn push(&mut self, _: &HeardFrame) -> Result<(), RecognizerError> {
            self.frames += 1;
            assert_ne!(self.frames, self.panics, "a scripted panic");
            match self.frames >= self.fails {
                true => Err(RecognizerError::Failed { what: "scripted".into() }),
                false => Ok(()),
            }
        }

        fn expect(&mut self, _: &Hints) {}

        fn finish(&mut self, turn: TurnId) {
            self.finished = Some(turn);
        }

        fn reset(&mut self) {
            self.frames = 0;
        }

        fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
            let text = Phi::new(self.frames.to_string());
            Ok(self.finished.take().map(|turn| Transcript::Final { turn, text, confidence: 1.0 }))
        }
    }

    struct Listening {
        hearing: Hearing,
        events: Receiver<(LegId, HearingEvent)>,
    }

    fn attach(legs: &[(u32, u64, u64)]) -> (Listening, Vec<UpWriter>) {
        let hearing = Hearing::start(1).unwrap();
        let (sender, events) = channel();
        let mut writers = Vec::new();
        for &(leg, fails, panics) in legs {
            let (writer, up) = up_ring();
            writers.push(writer);
            let counter = Counter { frames: 0, fails, panics, finished: None };
            let sender = sender.clone();
            let sink = Box::new(move |leg, event| sender.send((leg, event)).unwrap());
            hearing.attach(LegId(leg), up, Box::new(counter), sink).unwrap();
        }
        (Listening { hearing, events }, writers)
    }

    fn push(writer: &mut UpWriter, frames: u64) {
        for tick in 0..frames {
            writer.push(&HeardFrame::new(tick, Frame::SILENCE, false));
        }
    }

    fn heard(turn: u32, frames: u64) -> HearingEvent {
        let (turn, text) = (TurnId(turn), Phi::new(frames.to_string()));
        HearingEvent::Heard(Transcript::Final { turn, text, confidence: 1.0 })
    }

    const NEVER: u64 = u64::MAX;

    #[test]
    fn a_turn_has_every_frame_pushed_before_it_was_finished() {
        let (listening, mut writers) = attach(&[(1, NEVER, NEVER), (2, NEVER, NEVER)]);
        for turn in 1..=20 {
            push(&mut writers[0], 10);
            push(&mut writers[1], 3);
            for leg in 1..=2 {
                listening.hearing.finish(LegId(leg), TurnId(turn)).unwrap();
            }
            let mut two = [listening.events.recv().unwrap(), listening.events.recv().unwrap()];
            two.sort_by_key(|(leg, _)| *leg);
            let turns = u64::from(turn);
            assert_eq!(two[0], (LegId(1), heard(turn, turns * 10)));
            assert_eq!(two[1], (LegId(2), heard(turn, turns * 3)));
        }
    }

    #[test]
    fn one_recogniser_that_fails_or_panics_leaves_the_others_alone() {
        let (listening, mut writers) = attach(&[(1, 5, NEVER), (2, NEVER, 5), (3, NEVER, NEVER)]);
        for writer in &mut writers {
            push(writer, 20);
        }
        for leg in 1..=3 {
            listening.hearing.finish(LegId(leg), TurnId(1)).unwrap();
        }
        let mut events: Vec<_> = (0..4).map(|_| listening.events.recv().unwrap()).collect();
        events.sort_by_key(|(leg, _)| *leg);
        let failed = |what: &str| HearingEvent::Failed { what: what.into() };
        assert_eq!(events[0], (LegId(1), failed("scripted")));
        assert_eq!(events[1], (LegId(1), heard(1, 20)));
        assert_eq!(events[2], (LegId(2), failed("it panicked")));
        assert_eq!(events[3], (LegId(3), heard(1, 20)));
    }

    #[test]
    fn another_recogniser_hears_the_turn_from_its_beginning() {
        let (listening, mut writers) = attach(&[(1, NEVER, NEVER)]);
        push(&mut writers[0], 10);
        listening.hearing.finish(LegId(1), TurnId(1)).unwrap();
        assert_eq!(listening.events.recv().unwrap(), (LegId(1), heard(1, 10)));
        push(&mut writers[0], 7);
        // What is in the ring is pushed before a turn ends; a change comes in the middle of one.
        std::thread::sleep(Duration::from_millis(100));
        let another = Counter { frames: 100, fails: NEVER, panics: NEVER, finished: None };
        listening.hearing.replace(LegId(1), Box::new(another)).unwrap();
        push(&mut writers[0], 3);
        listening.hearing.finish(LegId(1), TurnId(2)).unwrap();
        assert_eq!(listening.events.recv().unwrap(), (LegId(1), heard(2, 110)));
    }

    #[test]
    fn what_came_too_late_is_told() {
        let (listening, mut writers) = attach(&[]);
        assert!(writers.pop().is_none());
        let (mut writer, up) = up_ring();
        push(&mut writer, 300);
        let (sender, events) = channel();
        let counter = Counter { frames: 0, fails: NEVER, panics: NEVER, finished: None };
        let sink = Box::new(move |leg, event| sender.send((leg, event)).unwrap());
        listening.hearing.attach(LegId(1), up, Box::new(counter), sink).unwrap();
        assert_eq!(events.recv().unwrap(), (LegId(1), HearingEvent::Behind { frames: 268 }));
        listening.hearing.detach(LegId(1)).unwrap();
        assert!(events.recv().is_err(), "the sink is dropped");
    }

    /// Computes until it is let go.
    struct Slow(Receiver<()>);

    impl Recognizer for Slow {
        fn push(&mut self, _: &HeardFrame) -> Result<(), RecognizerError> {
            let _ = self.0.recv();
            Ok(())
        }
        fn expect(&mut self, _: &Hints) {}
        fn finish(&mut self, _: TurnId) {}
        fn reset(&mut self) {}
        fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
            Ok(None)
        }
    }

    #[test]
    fn a_leg_that_is_left_while_its_thread_takes_no_requests_is_left_once_it_does() {
        let hearing = Hearing::start(1).unwrap();
        let (mut writer, up) = up_ring();
        let (goes_on, blocked) = channel();
        let (sender, events) = channel();
        let sink = Box::new(move |leg, event| sender.send((leg, event)).unwrap());
        hearing.attach(LegId(1), up, Box::new(Slow(blocked)), sink).unwrap();
        push(&mut writer, 1);
        // Full, and full still when it has had time to take what there was before.
        for _ in 0..2 {
            while hearing.expect(LegId(1), Hints::default()).is_ok() {}
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(hearing.detach(LegId(1)).is_err());
        drop(goes_on);
        assert!(events.recv().is_err(), "the sink is dropped");
    }
}
