//! One leg's ear: its recogniser, what is on both sides of it, and what becomes of the one before when it is changed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::base::{Hints, LegId};
use crate::speech::{HeardFrame, Recognizer, RecognizerError, Transcript, Work};

use super::hearing::{HearingEvent, HearingSink, Request};
use super::inflow::{self, Counted, Inflow};

/// Transcripts taken from one recogniser before the next has its turn.
const TRANSCRIPTS: usize = 8;
/// What is kept for another recogniser: 250 × 20 ms = 5 s. A language is changed after a turn, in a pause.
const KEPT: usize = 250;

/// What a recogniser that was replaced has for its last turns: 8 s. By then the call has given them up.
const LAST_TURNS: Duration = Duration::from_secs(8);

/// One leg's recogniser and what is on both sides of it.
pub(super) struct Ear {
    inflow: Arc<Mutex<Inflow>>,
    /// Taken and not pushed: what came after the last request.
    taken: VecDeque<Counted>,
    recognizer: Box<dyn Recognizer>,
    /// The one before, while it has turns to finish.
    former: Option<Former>,
    /// Turns that have ended and have no final text, but for those of the one before.
    open: usize,
    /// What was heard since the last turn ended, for another recogniser.
    turn: VecDeque<HeardFrame>,
    /// Whether that is kept: 170 KB, twice what the rest of a leg takes.
    keeps: bool,
    hints: Hints,
    sink: HearingSink,
    dropped: u64,
    /// A failure was told and nothing has gone well since.
    failing: bool,
}

/// A recogniser that has been replaced and has turns to finish.
struct Former {
    recognizer: Box<dyn Recognizer>,
    open: usize,
    since: Instant,
}

/// What became of an ear while a thread had it.
#[derive(Default)]
pub(super) struct Done {
    /// What it wants to compute next.
    pub(super) due: Option<Work>,
    /// A turn was finished.
    pub(super) finished: bool,
    /// It panicked and is to be dropped.
    pub(super) broken: bool,
}

impl Ear {
    pub(super) fn new(
        inflow: Arc<Mutex<Inflow>>,
        recognizer: Box<dyn Recognizer>,
        sink: HearingSink,
    ) -> Self {
        Self {
            inflow,
            taken: VecDeque::new(),
            recognizer,
            former: None,
            open: 0,
            turn: VecDeque::new(),
            keeps: false,
            hints: Hints::default(),
            sink,
            dropped: 0,
            failing: false,
        }
    }

    /// Tells something of the leg.
    pub(super) fn tell(&self, leg: LegId, event: HearingEvent) {
        (self.sink)(leg, event);
    }

    /// Does what costs next to nothing: takes requests, each with how many frames had been written when it was made,
    /// the frames that have been `written`, and what is ready.
    pub(super) fn feed(
        &mut self,
        leg: LegId,
        requests: VecDeque<(Request, u64)>,
        written: u64,
    ) -> Done {
        self.take(leg);
        for (request, upto) in requests {
            match request {
                Request::Expect(hints) => {
                    self.recognizer.expect(&hints);
                    self.hints = hints;
                }
                Request::Keep => self.keeps = true,
                Request::Replace(recognizer) => {
                    self.push(leg, upto);
                    self.replace(recognizer);
                }
                Request::Finish(turn) => {
                    self.push(leg, upto);
                    self.turn.clear();
                    self.open += 1;
                    self.recognizer.finish(turn);
                }
                Request::Reset => {
                    let later = self.taken.partition_point(|&(at, _)| at <= upto);
                    self.taken.drain(..later);
                    self.turn.clear();
                    self.recognizer.reset();
                }
            }
        }
        self.push(leg, written);
        self.hear_while(leg, |due| due.is_none())
    }

    /// Does one piece of work.
    pub(super) fn hear(&mut self, leg: LegId) -> Done {
        let mut first = true;
        self.hear_while(leg, |due| due.is_none() || std::mem::take(&mut first))
    }

    fn hear_while(&mut self, leg: LegId, mut go_on: impl FnMut(Option<Work>) -> bool) -> Done {
        let mut finished = self.listen_to_former(leg, &mut go_on);
        for _ in 0..TRANSCRIPTS {
            if !go_on(self.recognizer.due()) {
                break;
            }
            match self.recognizer.poll() {
                Ok(Some(transcript)) => {
                    self.failing = false;
                    let is_final = self.heard(leg, transcript);
                    self.open = self.open.saturating_sub(is_final.into());
                    finished |= is_final;
                }
                Ok(None) => break,
                Err(error) => {
                    self.failed(leg, error);
                    break;
                }
            }
        }
        let former = self.former.as_ref().and_then(|former| former.recognizer.due());
        Done { due: former.max(self.recognizer.due()), finished, broken: false }
    }

    /// Tells a transcript; `true` when it ends a turn.
    fn heard(&mut self, leg: LegId, transcript: Transcript) -> bool {
        let finished = matches!(transcript, Transcript::Final { .. });
        (self.sink)(leg, HearingEvent::Heard(transcript));
        finished
    }

    fn replace(&mut self, mut recognizer: Box<dyn Recognizer>) {
        recognizer.expect(&self.hints);
        for heard in &self.turn {
            // What it cannot take it tells of the frames that follow, too.
            let _ = recognizer.push(heard);
        }
        let former = std::mem::replace(&mut self.recognizer, recognizer);
        // Of two changes within one turn the first one's turn is left to the call's own limit.
        let open = std::mem::take(&mut self.open);
        let since = Instant::now();
        self.former = (open > 0).then_some(Former { recognizer: former, open, since });
        self.failing = false;
    }

    /// Takes the turns that the recogniser before has to finish; `true` when there was one.
    fn listen_to_former(
        &mut self,
        leg: LegId,
        go_on: &mut impl FnMut(Option<Work>) -> bool,
    ) -> bool {
        let mut finished = false;
        while let Some(former) = &mut self.former {
            if former.open == 0 || former.since.elapsed() > LAST_TURNS {
                self.former = None;
                break;
            }
            if !go_on(former.recognizer.due()) {
                break;
            }
            match former.recognizer.poll() {
                Ok(Some(transcript @ Transcript::Final { .. })) => {
                    former.open -= 1;
                    finished |= self.heard(leg, transcript);
                }
                Ok(Some(Transcript::Partial { .. })) => {}
                Ok(None) => break,
                Err(error) => {
                    self.former = None;
                    self.failed(leg, error);
                }
            }
        }
        finished
    }

    /// Takes what has come, and tells what was lost.
    fn take(&mut self, leg: LegId) {
        // The lock is not held while the recogniser works.
        let dropped = inflow::lock(&self.inflow).take(&mut self.taken);
        let frames = dropped - self.dropped;
        if frames > 0 {
            self.dropped = dropped;
            (self.sink)(leg, HearingEvent::Behind { frames });
        }
    }

    /// Gives the recogniser the first so many frames that were written, as far as it has not got them.
    fn push(&mut self, leg: LegId, upto: u64) {
        while self.taken.front().is_some_and(|&(at, _)| at <= upto)
            && let Some((_, heard)) = self.taken.pop_front()
        {
            if let Err(error) = self.recognizer.push(&heard) {
                self.failed(leg, error);
            }
            if self.keeps {
                if self.turn.len() == KEPT {
                    self.turn.pop_front();
                }
                self.turn.push_back(heard);
            }
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
