//! Hearing threads: they own the recognisers, and feed each what its leg hears.
//!
//! Any thread serves any leg, the most urgent work first. A recogniser that is slow keeps one thread busy, never a
//! call; one that fails or panics is an event of its leg.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::base::{Hints, LegId, TurnId};
use crate::speech::{Recognizer, Transcript};

use super::WorkersError;
use super::ear::{Done, Ear};
use super::hearing_load::HearingLoad;
use super::hearing_queue::{Job, Meal, Queue};
use super::inflow::Gatherer;
use super::linux::step_back;
use super::rings::UpRing;

/// A final is late when it comes so long after the turn's end: the caller notices.
const LATE: Duration = Duration::from_millis(600);
/// Above this share of the threads' time, finals would wait in a queue that no longer ends: two calls that end their
/// turns at once are served one after the other, and a queue at this load doubles each wait.
const FULL: f32 = 0.75;

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
    /// The recogniser failed; later frames are still offered.
    Failed {
        /// What it said.
        what: String,
    },
}

/// Takes what comes of listening. It is called on a hearing thread and must not wait.
pub type HearingSink = Box<dyn Fn(LegId, HearingEvent) + Send>;

/// What an ear is asked to do, in this order.
pub(super) enum Request {
    Expect(Hints),
    Finish(TurnId),
    Reset,
    /// Keep turns for another recogniser.
    Keep,
    Replace(Box<dyn Recognizer>),
}

/// All hearing threads. They end when it is dropped.
pub struct Hearing {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
    gatherer: Gatherer,
}

impl Hearing {
    /// Starts the threads, at least one.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(threads: usize) -> Result<Self, WorkersError> {
        let threads = threads.max(1);
        let gatherer = Gatherer::start()?;
        let queue = Arc::new(Queue::new(threads));
        let mut hearing = Self { queue, threads: Vec::new(), gatherer };
        for number in 0..threads {
            let (thread, queue) = (format!("hearing-{number}"), Arc::clone(&hearing.queue));
            let join = std::thread::Builder::new()
                .name(thread.clone())
                .spawn(move || listen(&queue))
                .map_err(|source| WorkersError::Thread { thread, source })?;
            hearing.threads.push(join);
        }
        Ok(hearing)
    }

    /// Begins to listen to a leg.
    ///
    /// # Errors
    /// None today: a thread that is behind takes it later.
    pub fn attach(
        &self,
        leg: LegId,
        up: UpRing,
        recognizer: Box<dyn Recognizer>,
        sink: HearingSink,
    ) -> Result<(), WorkersError> {
        let mark = up.mark();
        let ear = Ear::new(self.gatherer.attach(up), recognizer, sink);
        self.queue.attach(leg, Box::new(ear), mark);
        Ok(())
    }

    /// Keeps what the caller says until their turn ends, for another recogniser that may come: 170 KB a leg.
    ///
    /// # Errors
    /// As [`Self::expect`].
    pub fn keep_turns(&self, leg: LegId) -> Result<(), WorkersError> {
        self.queue.ask(leg, Request::Keep)
    }

    /// Gives a leg another recogniser, in another language for example. It hears what the caller has said since their
    /// last turn ended, if [`Self::keep_turns`] was asked for; turns that have ended are finished by the one before.
    ///
    /// # Errors
    /// As [`Self::expect`]; then the one before stays.
    pub fn replace(&self, leg: LegId, recognizer: Box<dyn Recognizer>) -> Result<(), WorkersError> {
        self.queue.ask(leg, Request::Replace(recognizer))
    }

    /// Tells a leg's recogniser what is expected from now on.
    ///
    /// # Errors
    /// When too many requests wait for this leg; as for all that follow.
    pub fn expect(&self, leg: LegId, hints: Hints) -> Result<(), WorkersError> {
        self.queue.ask(leg, Request::Expect(hints))
    }

    /// The caller's turn is over, with all frames that are in the ring by now, and none that comes later.
    ///
    /// # Errors
    /// As [`Self::expect`].
    pub fn finish(&self, leg: LegId, turn: TurnId) -> Result<(), WorkersError> {
        self.queue.ask(leg, Request::Finish(turn))
    }

    /// Forgets what was heard and not finished, the ring included as it is now: what comes later is heard.
    ///
    /// # Errors
    /// As [`Self::expect`].
    pub fn reset(&self, leg: LegId) -> Result<(), WorkersError> {
        self.queue.ask(leg, Request::Reset)
    }

    /// Ends listening to a leg, and drops its recogniser and sink: at once, or when the thread that computes for it
    /// has done.
    ///
    /// # Errors
    /// None today.
    pub fn detach(&self, leg: LegId) -> Result<(), WorkersError> {
        self.queue.detach(leg);
        Ok(())
    }

    /// Says how late finals come and how busy the threads are.
    pub fn load(&self) -> HearingLoad {
        self.queue.load(Instant::now())
    }

    /// Says whether one more call can be listened to without finals coming late for all.
    ///
    /// # Errors
    /// [`WorkersError::HearingFull`] when finals come late, or soon will.
    pub fn admit(&self) -> Result<(), WorkersError> {
        let load = self.load();
        if load.waiting <= LATE && load.p95 <= LATE && load.busy <= FULL {
            return Ok(());
        }
        Err(WorkersError::HearingFull {
            late: load.waiting.max(load.p95),
            percent: (100.0 * load.busy) as u32,
        })
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.queue.stop();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// A hearing thread.
fn listen(queue: &Queue) {
    step_back();
    while let Some(job) = queue.next() {
        match job {
            Job::Feed(ears) => {
                for Meal { leg, mut ear, requests, written } in ears {
                    let done = guarded(leg, &mut ear, |ear| ear.feed(leg, requests, written));
                    queue.give_back(leg, ear, &done);
                }
            }
            Job::Compute(leg, mut ear, work) => {
                let begun = Instant::now();
                let done = guarded(leg, &mut ear, |ear| ear.hear(leg));
                queue.computed(work, begun, Instant::now());
                queue.give_back(leg, ear, &done);
            }
        }
    }
}

/// Runs what may panic.
fn guarded(leg: LegId, ear: &mut Ear, act: impl FnOnce(&mut Ear) -> Done) -> Done {
    catch_unwind(AssertUnwindSafe(|| act(ear))).unwrap_or_else(|_| {
        let what = "it panicked".into();
        // The call must know: nothing is heard from here on. A sink that panics has nobody left to tell.
        let _ = catch_unwind(AssertUnwindSafe(|| ear.tell(leg, HearingEvent::Lost { what })));
        Done { broken: true, ..Done::default() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Frame, Phi};
    use crate::speech::{HeardFrame, RecognizerError, Work};
    use crate::workers::{UpWriter, up_ring};
    use std::collections::VecDeque;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// Counts frames; `fails` at one of them, `panics` at one of them.
    struct Counter {
        frames: u64,
        fails: u64,
        panics: u64,
        finished: Option<(TurnId, u64)>,
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
            self.finished = Some((turn, self.frames));
        }

        fn reset(&mut self) {
            self.frames = 0;
        }

        fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
            Ok(self.finished.take().map(|(turn, frames)| {
                let text = Phi::new(frames.to_string());
                Transcript::Final { turn, text, confidence: 1.0 }
            }))
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

    /// A counter that computes at every tenth frame, until it is let go.
    struct Thinker {
        counter: Counter,
        begun: Sender<()>,
        goes_on: Receiver<()>,
        due: bool,
    }

    impl Recognizer for Thinker {
        fn push(&mut self, heard: &HeardFrame) -> Result<(), RecognizerError> {
            self.counter.push(heard)?;
            self.due |= self.counter.frames.is_multiple_of(10);
            Ok(())
        }
        fn expect(&mut self, _: &Hints) {}
        fn finish(&mut self, turn: TurnId) {
            self.counter.finish(turn);
        }
        fn reset(&mut self) {
            self.counter.reset();
        }
        fn due(&self) -> Option<Work> {
            self.due.then_some(Work::Guess)
        }
        fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
            if std::mem::take(&mut self.due) {
                self.begun.send(()).unwrap();
                let _ = self.goes_on.recv();
            }
            self.counter.poll()
        }
    }

    #[test]
    fn what_comes_after_a_turn_was_finished_or_forgotten_is_of_the_next() {
        let hearing = Hearing::start(1).unwrap();
        let ((begun, computes), (go, goes_on)) = (channel(), channel());
        let (sender, events) = channel();
        let (mut writer, up) = up_ring();
        let counter = Counter { frames: 0, fails: NEVER, panics: NEVER, finished: None };
        let thinker = Thinker { counter, begun, goes_on, due: false };
        let sink = Box::new(move |leg, event| sender.send((leg, event)).unwrap());
        hearing.attach(LegId(1), up, Box::new(thinker), sink).unwrap();
        // The turn ends while the only thread computes, and the caller goes on before it is fed again.
        push(&mut writer, 10);
        computes.recv().unwrap();
        hearing.finish(LegId(1), TurnId(1)).unwrap();
        push(&mut writer, 4);
        go.send(()).unwrap();
        assert_eq!(events.recv().unwrap(), (LegId(1), heard(1, 10)));
        hearing.finish(LegId(1), TurnId(2)).unwrap();
        assert_eq!(events.recv().unwrap(), (LegId(1), heard(2, 14)));
        // What is forgotten is what there was: not what is said while nobody has got round to forgetting.
        push(&mut writer, 6);
        computes.recv().unwrap();
        hearing.reset(LegId(1)).unwrap();
        push(&mut writer, 3);
        go.send(()).unwrap();
        hearing.finish(LegId(1), TurnId(3)).unwrap();
        assert_eq!(events.recv().unwrap(), (LegId(1), heard(3, 3)));
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
        let lost = HearingEvent::Lost { what: "it panicked".into() };
        assert_eq!(events[2], (LegId(2), lost));
        assert_eq!(events[3], (LegId(3), heard(1, 20)));
    }

    #[test]
    fn another_recogniser_hears_the_turn_from_its_beginning() {
        let (listening, mut writers) = attach(&[(1, NEVER, NEVER)]);
        listening.hearing.keep_turns(LegId(1)).unwrap();
        push(&mut writers[0], 10);
        listening.hearing.finish(LegId(1), TurnId(1)).unwrap();
        assert_eq!(listening.events.recv().unwrap(), (LegId(1), heard(1, 10)));
        push(&mut writers[0], 7);
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
        hearing.detach(LegId(1)).unwrap();
        drop(goes_on);
        assert!(events.recv().is_err(), "the sink is dropped");
    }

    /// Has one piece of work of a kind, once it has heard a frame; some wait until they are let go.
    struct Worker {
        work: Work,
        due: bool,
        begun: Sender<Work>,
        goes_on: Option<Receiver<()>>,
    }

    impl Recognizer for Worker {
        fn push(&mut self, _: &HeardFrame) -> Result<(), RecognizerError> {
            self.due = true;
            Ok(())
        }
        fn expect(&mut self, _: &Hints) {}
        fn finish(&mut self, _: TurnId) {}
        fn reset(&mut self) {}
        fn due(&self) -> Option<Work> {
            self.due.then_some(self.work)
        }
        fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
            if std::mem::take(&mut self.due) {
                self.begun.send(self.work).unwrap();
                let _ = self.goes_on.take().map(|goes_on| goes_on.recv());
            }
            Ok(None)
        }
    }

    /// Attaches a worker that has heard a frame; what is returned lets it go.
    fn put_to_work(hearing: &Hearing, leg: u32, work: Work, begun: &Sender<Work>) -> Sender<()> {
        let (mut writer, up) = up_ring();
        push(&mut writer, 1);
        let (go, goes_on) = channel();
        let worker = Worker { work, due: false, begun: begun.clone(), goes_on: Some(goes_on) };
        hearing.attach(LegId(leg), up, Box::new(worker), Box::new(|_, _| {})).unwrap();
        go
    }

    #[test]
    fn finals_of_all_legs_come_first_then_guesses_then_partials() {
        let hearing = Hearing::start(1).unwrap();
        let (begun, order) = channel();
        let first = put_to_work(&hearing, 1, Work::Partial, &begun);
        assert_eq!(order.recv().unwrap(), Work::Partial);
        let rest = [Work::Partial, Work::Guess, Work::Final, Work::Partial, Work::Guess];
        let going: Vec<_> =
            (2..).zip(rest).map(|(leg, work)| put_to_work(&hearing, leg, work, &begun)).collect();
        drop((first, going));
        let order: Vec<_> = (0..5).map(|_| order.recv().unwrap()).collect();
        let [partial, guess] = [Work::Partial, Work::Guess];
        assert_eq!(order, [Work::Final, guess, guess, partial, partial]);
    }

    #[test]
    fn partial_results_leave_a_thread_free_for_finals_of_any_leg() {
        let hearing = Hearing::start(2).unwrap();
        let (begun, order) = channel();
        let going: Vec<_> =
            (1..=4).map(|leg| put_to_work(&hearing, leg, Work::Partial, &begun)).collect();
        assert_eq!(order.recv().unwrap(), Work::Partial);
        std::thread::sleep(Duration::from_millis(50));
        assert!(order.try_recv().is_err(), "the other thread waits for what is urgent");
        let urgent = put_to_work(&hearing, 5, Work::Final, &begun);
        assert_eq!(order.recv().unwrap(), Work::Final);
        drop((going, urgent));
        assert!((0..3).all(|_| order.recv().unwrap() == Work::Partial));
    }

    /// Takes its time for a final.
    struct Sluggish {
        over: VecDeque<TurnId>,
        takes: Duration,
    }

    impl Recognizer for Sluggish {
        fn push(&mut self, _: &HeardFrame) -> Result<(), RecognizerError> {
            Ok(())
        }
        fn expect(&mut self, _: &Hints) {}
        fn finish(&mut self, turn: TurnId) {
            self.over.push_back(turn);
        }
        fn reset(&mut self) {}
        fn due(&self) -> Option<Work> {
            (!self.over.is_empty()).then_some(Work::Final)
        }
        fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
            let Some(turn) = self.over.pop_front() else { return Ok(None) };
            std::thread::sleep(self.takes);
            Ok(Some(Transcript::Final { turn, text: Phi::default(), confidence: 0.0 }))
        }
    }

    #[test]
    fn no_call_is_admitted_while_callers_wait_for_a_slow_engine() {
        let hearing = Hearing::start(1).unwrap();
        let (sender, events) = channel();
        let mut writers = Vec::new();
        for leg in 1..=4 {
            let (writer, up) = up_ring();
            writers.push(writer);
            let sender = sender.clone();
            let sink = Box::new(move |leg, event| sender.send((leg, event)).unwrap());
            let sluggish = Sluggish { over: VecDeque::new(), takes: Duration::from_millis(300) };
            hearing.attach(LegId(leg), up, Box::new(sluggish), sink).unwrap();
        }
        assert!(hearing.admit().is_ok());
        // Four turns end at once: the last waits for the others.
        (1..=4).for_each(|leg| hearing.finish(LegId(leg), TurnId(1)).unwrap());
        (1..=4).for_each(|_| drop(events.recv().unwrap()));
        // The sink is told a moment before the load is noted.
        let noted = (0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(2));
            hearing.load().waiting.is_zero()
        });
        assert!(noted, "{:?}", hearing.load());
        let error = hearing.admit().expect_err("finals came 900 and 1200 ms late");
        assert_eq!(error.code(), "hearing-full");
        let load = hearing.load();
        assert!(load.p95 >= Duration::from_millis(900) && load.waiting.is_zero(), "{load:?}");
        assert!(load.busy > 0.1 && load.partials == 0.0, "{load:?}");
    }
}
