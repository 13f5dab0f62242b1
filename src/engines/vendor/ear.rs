//! A vendor behind [`Recognizer`], for one leg: it is watched, its turns are kept until their words are there, and what
//! it fails at goes to a new connection or to the embedded recogniser, from the turn's first sound on.

use std::collections::VecDeque;
use std::time::Instant;

use super::VendorEars;
use super::fault::Fault;
use super::kept::Kept;
use crate::base::{Frame, Hints, Language, Phi, TurnId};
use crate::ops::{SpeechPart, StoodIn, VendorAnswered, VendorFault};
use crate::speech::{HeardFrame, Recognizer, RecognizerError, Transcript, Work};

/// So much voice holds a word: where a vendor found none, the embedded recogniser is asked too. 40 × 20 ms.
const A_WORD: usize = 40;

/// What a vendor has to say.
#[derive(Debug)]
pub(super) enum News {
    /// The turn's words so far.
    Words(String),
    /// It has heard on, and found no word.
    Alive,
    /// A finished turn's words.
    Said { turn: TurnId, text: String, confidence: f32 },
    /// It failed, and says nothing any more.
    Failed(Fault),
}

/// A connection to a vendor that hears. Nothing here waits.
pub(super) trait Line: Send {
    /// Whether it takes sound as it comes, and tells words before the turn is over.
    fn streams(&self) -> bool;

    /// A turn begins: what is said of sound before it is none of its words.
    fn begin(&mut self) {}

    /// The turn was none: its words are not wanted.
    fn forget(&mut self) {}

    /// Takes a frame of the turn.
    fn audio(&mut self, heard: &HeardFrame) -> Result<(), Fault>;

    /// The turn is over; this is all of it.
    fn finish(&mut self, turn: TurnId, whole: &[HeardFrame], hints: &Hints) -> Result<(), Fault>;

    /// Returns what came since.
    fn poll(&mut self) -> Option<News>;
}

/// Who hears the turn that the caller is in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Vendor,
    Embedded,
    Nobody,
}

/// A turn that is over and has no words yet.
struct Waiting {
    turn: TurnId,
    whole: Vec<HeardFrame>,
    since: Instant,
    retried: bool,
}

/// Nobody hears the caller any more: told once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lost {
    No,
    ToTell,
    Told,
}

pub(super) struct VendorEar {
    ears: VendorEars,
    language: Language,
    hints: Hints,
    /// What is likely was told once.
    expected: bool,
    line: Option<Box<dyn Line>>,
    kept: Kept,
    way: Way,
    /// The running turn was sent again already.
    retried: bool,
    /// Voiced frames since the vendor last told that it hears.
    unheard: u32,
    waiting: VecDeque<Waiting>,
    /// Hears turns from their beginning on.
    embedded: Option<Box<dyn Recognizer>>,
    /// Hear turns that the vendor has lost, one each.
    replays: Vec<Box<dyn Recognizer>>,
    told: VecDeque<Transcript>,
    lost: Lost,
}

impl VendorEar {
    pub(super) fn new(ears: VendorEars, language: Language) -> Self {
        Self {
            ears,
            language,
            hints: Hints::default(),
            expected: false,
            line: None,
            kept: Kept::default(),
            way: Way::Nobody,
            retried: false,
            unheard: 0,
            waiting: VecDeque::new(),
            embedded: None,
            replays: Vec::new(),
            told: VecDeque::new(),
            lost: Lost::No,
        }
    }

    fn begin(&mut self) {
        (self.retried, self.unheard) = (false, 0);
        match self.is_admitted() {
            true => self.send_all(),
            false => self.turn_to_embedded(),
        }
    }

    /// Whether the vendor may be asked; then there is a line.
    fn is_admitted(&mut self) -> bool {
        if self.ears.vendor.code(self.language).is_none()
            || !self.ears.breaker.admits(Instant::now())
        {
            return false;
        }
        if self.line.is_none() {
            self.line = self.ears.line(self.language, &self.hints);
        }
        self.line.is_some()
    }

    /// Sends the running turn, from its beginning.
    fn send_all(&mut self) {
        self.way = Way::Vendor;
        if let Some(line) = &mut self.line {
            line.begin();
        }
        let all = self.kept.frames().len();
        self.send_last(all);
    }

    /// Sends so much of the running turn's end.
    fn send_last(&mut self, frames: usize) {
        let Some(line) = &mut self.line else { return };
        let known = self.kept.frames().len() - frames;
        let sent = self.kept.frames().skip(known).try_for_each(|heard| line.audio(heard));
        if let Err(fault) = sent {
            self.vendor_failed(fault);
        }
    }

    /// Gives the running turn, from its beginning, to the embedded recogniser.
    fn turn_to_embedded(&mut self) {
        if self.embedded.is_none() {
            self.embedded = self.new_embedded();
        }
        let Some(embedded) = &mut self.embedded else {
            self.way = Way::Nobody;
            return self.is_lost();
        };
        self.way = Way::Embedded;
        for heard in self.kept.frames() {
            // What it cannot take it tells of the frames that follow, too.
            let _ = embedded.push(heard);
        }
        StoodIn { part: SpeechPart::Recognizer }.emit();
    }

    fn new_embedded(&self) -> Option<Box<dyn Recognizer>> {
        let mut embedded = (self.ears.embedded)(self.language)?;
        embedded.expect(&self.hints);
        Some(embedded)
    }

    fn is_lost(&mut self) {
        if self.lost == Lost::No {
            self.lost = Lost::ToTell;
        }
    }

    /// Its connection is dropped, with what it may still say. No turn is: what it had goes elsewhere.
    fn vendor_failed(&mut self, fault: Fault) {
        self.ears.breaker.failed(Instant::now(), fault);
        self.line = None;
        let waiting = std::mem::take(&mut self.waiting);
        let alone = waiting.is_empty();
        waiting.into_iter().for_each(|turn| self.replay(turn));
        if self.way != Way::Vendor || !self.kept.has_begun() {
            return;
        }
        // In the middle of a turn there is time for another connection; when a turn is over there is none, unless nobody
        // else hears.
        let again = alone || self.new_embedded().is_none();
        if again && !std::mem::replace(&mut self.retried, true) && self.is_admitted() {
            self.unheard = 0;
            self.send_all();
        } else {
            self.turn_to_embedded();
        }
    }

    /// A finished turn is heard again, by whoever can.
    fn replay(&mut self, lost: Waiting) {
        if let Some(mut embedded) = self.new_embedded() {
            for heard in &lost.whole {
                let _ = embedded.push(heard);
            }
            embedded.finish(lost.turn);
            self.replays.push(embedded);
            return StoodIn { part: SpeechPart::Recognizer }.emit();
        }
        if !lost.retried && self.is_admitted() && self.send_again(&lost).is_ok() {
            return self.waiting.push_back(Waiting {
                since: Instant::now(),
                retried: true,
                ..lost
            });
        }
        self.told.push_back(nothing(lost.turn));
        self.is_lost();
    }

    fn send_again(&mut self, lost: &Waiting) -> Result<(), Fault> {
        let Some(line) = &mut self.line else { return Ok(()) };
        line.begin();
        lost.whole.iter().try_for_each(|heard| line.audio(heard))?;
        line.finish(lost.turn, &lost.whole, &self.hints)
    }

    /// Takes what the vendor has said.
    fn vendor_says(&mut self) -> Option<Transcript> {
        loop {
            match self.line.as_mut()?.poll()? {
                News::Alive => self.unheard = 0,
                News::Words(text) => {
                    self.unheard = 0;
                    if self.way == Way::Vendor || !self.waiting.is_empty() {
                        return Some(Transcript::Partial { text: Phi::new(text) });
                    }
                }
                News::Said { turn, text, confidence } => {
                    self.unheard = 0;
                    let at = self.waiting.iter().position(|waiting| waiting.turn == turn);
                    let Some(said) = at.and_then(|at| self.waiting.remove(at)) else { continue };
                    self.ears.breaker.succeeded();
                    let first = said.since.elapsed();
                    VendorAnswered { part: SpeechPart::Recognizer, first }.emit();
                    let voiced = said.whole.iter().filter(|heard| heard.voiced).count();
                    if text.trim().is_empty() && voiced >= A_WORD && self.second_opinion(&said) {
                        continue;
                    }
                    return Some(Transcript::Final { turn, text: Phi::new(text), confidence });
                }
                News::Failed(fault) if self.is_idle() && fault.kind == VendorFault::Cut => {
                    // Idle connections are closed by proxies and vendors as they like: no turn was in it.
                    self.line = None;
                }
                News::Failed(fault) => self.vendor_failed(fault),
            }
        }
    }

    /// Whether the vendor has no turn to hear.
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && !(self.way == Way::Vendor && self.kept.has_begun())
    }

    /// Asks the embedded recogniser for words where the vendor found none; `false` when there is none to ask.
    fn second_opinion(&mut self, said: &Waiting) -> bool {
        let Some(mut embedded) = self.new_embedded() else { return false };
        for heard in &said.whole {
            let _ = embedded.push(heard);
        }
        embedded.finish(said.turn);
        self.replays.push(embedded);
        true
    }

    /// Looks at what is late.
    fn watch(&mut self, now: Instant) {
        let limits = self.ears.vendor.limits;
        let late = |waiting: &Waiting| now.duration_since(waiting.since) >= limits.first;
        if self.waiting.front().is_some_and(late) {
            return self.vendor_failed(VendorFault::Late.into());
        }
        let streams = self.line.as_ref().is_some_and(|line| line.streams());
        let deaf = Frame::TIME * self.unheard >= limits.stall;
        if self.way == Way::Vendor && self.kept.has_begun() && streams && deaf {
            self.vendor_failed(VendorFault::Deaf.into());
        }
    }

    /// Takes the words of a turn that is heard again.
    fn replayed(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        for at in 0..self.replays.len() {
            match self.replays[at].poll()? {
                Some(done @ Transcript::Final { .. }) => {
                    drop(self.replays.swap_remove(at));
                    return Ok(Some(done));
                }
                Some(Transcript::Partial { .. }) | None => {}
            }
        }
        Ok(None)
    }
}

fn nothing(turn: TurnId) -> Transcript {
    Transcript::Final { turn, text: Phi::default(), confidence: 0.0 }
}

impl Recognizer for VendorEar {
    fn push(&mut self, heard: &HeardFrame) -> Result<(), RecognizerError> {
        let begun = self.kept.has_begun();
        let new = self.kept.push(heard);
        if !begun {
            if self.kept.has_begun() {
                self.begin();
            }
            return Ok(());
        }
        match self.way {
            Way::Vendor => {
                self.unheard += u32::from(heard.voiced);
                self.send_last(new);
                Ok(())
            }
            // It knows by itself what to leave out.
            Way::Embedded => self.embedded.as_mut().map_or(Ok(()), |ear| ear.push(heard)),
            Way::Nobody => Ok(()),
        }
    }

    fn expect(&mut self, hints: &Hints) {
        self.hints = hints.clone();
        // A connection is made while the greeting plays, and not in the first turn; what is likely may be a part of
        // its address.
        if !std::mem::replace(&mut self.expected, true) && self.ears.breaker.is_closed() {
            self.line = self.line.take().or_else(|| self.ears.line(self.language, hints));
        }
        if let Some(embedded) = &mut self.embedded {
            embedded.expect(hints);
        }
    }

    fn finish(&mut self, turn: TurnId) {
        if !self.kept.has_begun() {
            return self.told.push_back(nothing(turn));
        }
        let whole = self.kept.take();
        match (self.way, &mut self.embedded) {
            (Way::Vendor, _) => {
                let line = self.line.as_mut();
                let sent = line.map_or(Ok(()), |line| line.finish(turn, &whole, &self.hints));
                let (since, retried) = (Instant::now(), self.retried);
                self.waiting.push_back(Waiting { turn, whole, since, retried });
                if let Err(fault) = sent {
                    self.vendor_failed(fault);
                }
            }
            (Way::Embedded, Some(embedded)) => embedded.finish(turn),
            _ => self.told.push_back(nothing(turn)),
        }
    }

    fn reset(&mut self) {
        if self.kept.take().is_empty() {
            return;
        }
        match (self.way, &mut self.embedded) {
            (Way::Vendor, _) => {
                if let Some(line) = &mut self.line {
                    line.forget();
                }
                if self.waiting.is_empty() {
                    self.ears.breaker.abandoned(Instant::now());
                }
            }
            (Way::Embedded, Some(embedded)) => embedded.reset(),
            _ => {}
        }
    }

    fn due(&self) -> Option<Work> {
        // The vendor's words are there or not; what stands in computes.
        let standing_in = self.replays.iter().chain(&self.embedded);
        standing_in.filter_map(|ear| ear.due()).max()
    }

    fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        if let Some(told) = self.told.pop_front() {
            return Ok(Some(told));
        }
        if let Some(said) = self.vendor_says() {
            return Ok(Some(said));
        }
        self.watch(Instant::now());
        if let Some(done) = self.replayed()? {
            return Ok(Some(done));
        }
        if let Some(embedded) = &mut self.embedded
            && let Some(heard) = embedded.poll()?
        {
            return Ok(Some(heard));
        }
        if self.lost == Lost::ToTell {
            self.lost = Lost::Told;
            let what = format!("{} fails in {}", self.ears.vendor, self.language.name());
            return Err(RecognizerError::Lost { what });
        }
        Ok(self.told.pop_front())
    }
}
