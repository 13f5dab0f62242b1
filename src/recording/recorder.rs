//! The recording thread, and what a call holds of it. A second thread makes files durable, which may take a second.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use tokio::sync::oneshot;

use crate::base::CallId;
use crate::ops;
use crate::workers::TapReader;

use super::RecordingError;
use super::file;
use super::held::Why;
use super::take::{Take, Taken};

/// How often taps are emptied: they hold a second.
const ROUND: Duration = Duration::from_millis(100);
/// How often it is looked whether the disk has room.
const LOOK: Duration = Duration::from_secs(5);

/// What is recorded, and where to.
#[derive(Clone, Debug)]
pub struct Order {
    /// The call.
    pub call: CallId,
    /// Where it came from.
    pub trunk: String,
    /// The route that took it.
    pub route: String,
    /// The practice's day: the folder's name.
    pub day: Date,
    /// Where recordings are kept.
    pub directory: PathBuf,
    /// The public keys of those who may hear it (age, X25519).
    pub keys: Vec<String>,
    /// At 16 kHz; else at 8.
    pub wide: bool,
    /// Bytes of the disk that stay free for other things.
    pub reserve: u64,
    /// Nothing is known of a caller's turn before it is over: more is held back for what must not be kept.
    pub by_turns: bool,
}

/// What is left of a call's recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The file, below the directory: `2026-11-20/c-….wav.age`.
    pub file: String,
    /// Whether it is whole.
    pub complete: bool,
    /// How long it is.
    pub length: Duration,
    /// How much of that is silence by intent.
    pub paused: Duration,
    /// Frames that are silence because this machine was late.
    pub lost: u64,
}

enum Command {
    Begin(Box<Order>, TapReader),
    Pause(CallId, Why, Instant),
    Resume(CallId, Why, Instant),
    End(CallId, Option<oneshot::Sender<Kept>>),
    Discard(CallId),
}

/// Records calls. One a process.
pub struct Recorder(Sender<Command>);

impl Recorder {
    /// Starts its threads, which sleep until there is something to record. They end with it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> Result<Self, RecordingError> {
        let (commands, asked) = channel();
        let (done, finished) = channel::<Taken>();
        let named = |name: &str| std::thread::Builder::new().name(name.into());
        named("recording")
            .spawn(move || Thread { takes: Vec::new(), done, looked: None }.run(&asked))
            .map_err(|_| RecordingError::Thread)?;
        named("recording-end")
            .spawn(move || finished.into_iter().for_each(Taken::finish))
            .map_err(|_| RecordingError::Thread)?;
        Ok(Self(commands))
    }

    /// Begins to record what a tap gives, from now on. What goes wrong is told as an event, and the call goes on.
    pub fn begin(&self, order: Order, tap: TapReader) -> Recording {
        let call = order.call;
        let _ = self.0.send(Command::Begin(Box::new(order), tap));
        Recording { call, commands: self.0.clone() }
    }
}

/// A call's recording, as its call holds it. It ends when it is dropped.
pub struct Recording {
    call: CallId,
    commands: Sender<Command>,
}

impl Recording {
    /// From `since` on, up to 15 s ago, there is silence.
    pub fn pause(&self, why: Why, since: Instant) {
        self.tell(Command::Pause(self.call, why, since));
    }

    /// From `at` on there is sound again, unless there is another reason for silence.
    pub fn resume(&self, why: Why, at: Instant) {
        self.tell(Command::Resume(self.call, why, at));
    }

    /// The caller does not want to be recorded: what there is is removed.
    pub fn discard(self) {
        self.tell(Command::Discard(self.call));
    }

    /// The call is over. What is left of it comes when the file is whole; never, when there is none.
    pub fn finish(self) -> oneshot::Receiver<Kept> {
        let (told, kept) = oneshot::channel();
        self.tell(Command::End(self.call, Some(told)));
        kept
    }

    fn tell(&self, command: Command) {
        // The thread is gone only when the process is about to end.
        let _ = self.commands.send(command);
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // One that has ended already is not there any more.
        self.tell(Command::End(self.call, None));
    }
}

struct Thread {
    takes: Vec<Take>,
    done: Sender<Taken>,
    looked: Option<Instant>,
}

impl Thread {
    fn run(mut self, asked: &Receiver<Command>) {
        loop {
            let command = match self.takes.is_empty() {
                true => asked.recv().map_err(|_| RecvTimeoutError::Disconnected),
                false => asked.recv_timeout(ROUND),
            };
            let now = Instant::now();
            match command {
                Ok(command) => {
                    self.take(now, command);
                    asked.try_iter().for_each(|command| self.take(now, command));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let running = self.takes.iter_mut().filter(|take| !take.is_ending());
                    running.for_each(|take| take.end(now, None));
                    if self.takes.is_empty() {
                        return;
                    }
                    std::thread::sleep(ROUND);
                }
            }
            self.step(now);
        }
    }

    fn take(&mut self, now: Instant, command: Command) {
        match command {
            Command::Begin(order, tap) => self.begin(*order, tap),
            Command::Pause(call, why, since) => self.each(call, |take| take.pause(why, since)),
            Command::Resume(call, why, at) => self.each(call, |take| take.resume(why, at)),
            Command::End(call, told) => {
                let take = self.takes.iter_mut().find(|take| take.order().call == call);
                // A second end is that of the handle which is dropped after the first.
                if let Some(take) = take.filter(|take| !take.is_ending()) {
                    take.end(now, told);
                }
            }
            Command::Discard(call) => {
                if let Some(at) = self.takes.iter().position(|take| take.order().call == call) {
                    self.takes.swap_remove(at).discard();
                    self.tell_active();
                }
            }
        }
    }

    fn begin(&mut self, order: Order, tap: TapReader) {
        let call = order.call;
        match room(&order).and_then(|()| Take::begin(order, tap)) {
            Ok(take) => {
                ops::RecordingStarted { call }.emit();
                self.takes.push(take);
            }
            Err(error) => {
                ops::RecordingFailed { call, error: &error, advice: error.advice() }.emit();
            }
        }
        self.tell_active();
    }

    fn each(&mut self, call: CallId, act: impl FnOnce(&mut Take)) {
        if let Some(take) = self.takes.iter_mut().find(|take| take.order().call == call) {
            act(take);
        }
    }

    fn step(&mut self, now: Instant) {
        if self.looked.is_none_or(|looked| looked + LOOK <= now) {
            self.looked = Some(now);
            for take in self.takes.iter_mut().filter(|take| take.writes()) {
                if let Err(error) = room(take.order()) {
                    take.fail(&error);
                }
            }
        }
        let over: Vec<_> = self.takes.extract_if(.., |take| take.step(now)).collect();
        if !over.is_empty() {
            self.tell_active();
        }
        // The other thread ends after this one.
        over.into_iter().for_each(|take| drop(self.done.send(take.into_taken())));
    }

    fn tell_active(&self) {
        ops::RecordingsActive { count: self.takes.len() }.emit();
    }
}

/// Whether the disk has room beside what other things need.
fn room(order: &Order) -> Result<(), RecordingError> {
    match file::free(&order.directory) {
        Some(free) if free < order.reserve => Err(RecordingError::Full {
            path: order.directory.clone(),
            free_mb: free >> 20,
            reserve_mb: order.reserve >> 20,
        }),
        _ => Ok(()),
    }
}
