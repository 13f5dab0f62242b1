//! One leg's ear: its recogniser, what is on both sides of it, and what becomes of the one before when it is changed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::base::{Hints, LegId};
use crate::speech::{HeardFrame, Recognizer, RecognizerError, Transcript, Work};

use super::hearing::{HearingEvent, HearingSink, Request};
use super::inflow::{self, Inflow};

/// Transcripts taken from one recogniser before the next has its turn.
const TRANSCRIPTS: usize = 8;
/// What is kept for another recogniser: 250 × 20 ms = 5 s. A language is changed after a turn, in a pause.
const KEPT: usize = 250;

/// One leg's recogniser and what is on both sides of it.
pub(super) struct Ear {
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
    /// Whether that is kept: 170 KB, twice what the rest of a leg takes.
    keeps: bool,
    hints: Hints,
    sink: HearingSink,
    dropped: u64,
    /// A failure was told and nothing has gone well since.
    failing: bool,
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

    /// Does what costs next to nothing: takes frames and requests, and what is ready.
    pub(super) fn feed(&mut self, leg: LegId, requests: VecDeque<Request>) -> Done {
        for request in requests {
            match request {
                Request::Expect(hints) => {
                    self.recognizer.expect(&hints);
                    self.hints = hints;
                }
                Request::Keep => self.keeps = true,
                Request::Replace(recognizer) => {
                    self.push(leg);
                    self.replace(recognizer);
                }
                Request::Finish(turn) => {
                    self.push(leg);
                    self.turn.clear();
                    self.open += 1;
                    self.recognizer.finish(turn);
                }
                Request::Reset => {
                    inflow::lock(&self.inflow).take(&mut self.taken);
                    self.taken.clear();
                    self.turn.clear();
                    self.recognizer.reset();
                }
            }
        }
        self.push(leg);
        self.hear_while(leg, |due| due.is_none())
    }

    /// Does one piece of work.
    pub(super) fn hear(&mut self, leg: LegId) -> Done {
        let mut first = true;
        self.hear_while(leg, |due| std::mem::take(&mut first) || due.is_none())
    }

    fn hear_while(&mut self, leg: LegId, mut go_on: impl FnMut(Option<Work>) -> bool) -> Done {
        let mut finished = self.listen_to_former(leg);
        for _ in 0..TRANSCRIPTS {
            if !go_on(self.recognizer.due()) {
                break;
            }
            match self.recognizer.poll() {
                Ok(Some(transcript)) => {
                    self.failing = false;
                    finished |= self.heard(leg, transcript);
                }
                Ok(None) => break,
                Err(error) => {
                    self.failed(leg, error);
                    break;
                }
            }
        }
        Done { due: self.recognizer.due(), finished, broken: false }
    }

    /// Tells a transcript; `true` when it ends a turn.
    fn heard(&mut self, leg: LegId, transcript: Transcript) -> bool {
        let finished = matches!(transcript, Transcript::Final { .. });
        self.open = self.open.saturating_sub(finished.into());
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
        self.former = (self.open > 0).then_some(former);
        self.failing = false;
    }

    /// Takes the turns that the recogniser before has to finish; `true` when there was one.
    fn listen_to_former(&mut self, leg: LegId) -> bool {
        let mut finished = false;
        while let Some(former) = &mut self.former {
            match former.poll() {
                Ok(Some(transcript @ Transcript::Final { .. })) => {
                    finished |= self.heard(leg, transcript);
                }
                Ok(Some(Transcript::Partial { .. })) => {}
                Ok(None) => break,
                Err(error) => {
                    self.former = None;
                    self.failed(leg, error);
                }
            }
            if self.open == 0 {
                self.former = None;
            }
        }
        finished
    }

    fn push(&mut self, leg: LegId) {
        // The lock is not held while the recogniser works.
        let dropped = inflow::lock(&self.inflow).take(&mut self.taken);
        while let Some(heard) = self.taken.pop_front() {
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
