//! Whether the call may be recorded now: not before the caller has heard that it is, not after a no, and neither what
//! was private nor what comes in on hold.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::agent::Private;
use crate::base::{TurnId, UtteranceId};

use super::machine::Call;
use super::{Consent, Output, Record, Silence};

/// A key that comes later is the first of another number.
const KEY_PAUSE: Duration = Duration::from_secs(8);

/// Between the call and what records it.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate {
    /// The utterance that tells the caller.
    notice: Option<UtteranceId>,
    pub(super) consent: Consent,
    held: bool,
    /// When the last turns began: the words of one may come when the next has begun.
    turns: VecDeque<(TurnId, Instant)>,
    /// The first and the last key of the number that is being keyed, or was last.
    keys: Option<(Instant, Instant)>,
    /// The call was told to be silent about a card, since then.
    private: Option<Instant>,
    /// The caller may be refusing in this turn.
    unsure: bool,
    /// The caller has not been told in the language that is spoken.
    untold: bool,
}

/// Turns whose beginning is known: those before have their words, or nobody waits for them.
const TURNS: usize = 4;

impl Gate {
    fn began(&self, turn: TurnId) -> Option<Instant> {
        self.turns.iter().find(|(known, _)| *known == turn).map(|(_, began)| *began)
    }
}

impl Call {
    /// This utterance tells the caller that the call is recorded.
    pub(super) fn notice_begins(&mut self, utterance: UtteranceId) {
        self.gate.notice = Some(utterance);
    }

    /// The caller has heard all of an utterance: of the notice, and stays. From now on is recorded.
    pub(super) fn notice_may_be_heard(&mut self, now: Instant, utterance: UtteranceId) {
        if self.gate.notice != Some(utterance) {
            return;
        }
        self.doubts(now, now, |gate| gate.untold = false);
        if self.gate.consent == Consent::NotAsked {
            self.gate.consent = Consent::Given;
            self.outputs.push_back(Output::Record(Record::Start));
            if self.held {
                self.hold_recording(now, true);
            }
            // What began before goes on.
            if let Some(since) = self.gate.private {
                self.silence(Silence::Card, Some(since), now);
            }
            if self.gate.unsure || self.gate.untold {
                self.silence(Silence::Consent, Some(now), now);
            }
        }
    }

    /// The caller does not want it: what there is goes, and nothing follows.
    pub(super) fn consent_is_denied(&mut self) {
        let before = std::mem::replace(&mut self.gate.consent, Consent::Denied);
        if before == Consent::Given {
            self.outputs.push_back(Output::Record(Record::Discard));
        }
    }

    /// What is on the line on hold is nobody's consent.
    pub(super) fn hold_recording(&mut self, now: Instant, held: bool) {
        if std::mem::replace(&mut self.gate.held, held) != held {
            self.silence(Silence::Hold, held.then_some(now), now);
        }
    }

    /// The turn that the caller is in began then, at the latest: what was heard before it may be a part of it.
    pub(super) fn recorded_turn_begins(&mut self, since: Instant) {
        let turn = self.turn;
        if self.gate.began(turn).is_none() {
            self.gate.turns.push_back((turn, since));
            if self.gate.turns.len() > TURNS {
                self.gate.turns.pop_front();
            }
        }
    }

    /// What was heard so far of a turn was none of it.
    pub(super) fn recorded_turn_is_dropped(&mut self) {
        let turn = self.turn;
        self.gate.turns.retain(|(known, _)| *known != turn);
    }

    /// The call is over: who may have been refusing is taken at their word.
    pub(super) fn recording_ends(&mut self) {
        if self.gate.unsure {
            self.consent_is_denied();
        }
    }

    /// The caller pressed a key.
    pub(super) fn recorded_key(&mut self, now: Instant) {
        let first = match self.gate.keys {
            Some((first, last)) if now.saturating_duration_since(last) <= KEY_PAUSE => first,
            _ => now,
        };
        self.gate.keys = Some((first, now));
    }

    /// The caller gives what must not be kept, or has finished.
    pub(super) fn private(&mut self, now: Instant, private: Private) {
        let began = |turn| self.gate.began(turn).unwrap_or(now);
        let since = match private {
            Private::Said { turn } => began(turn),
            Private::Keyed => self.gate.keys.map_or(now, |(first, _)| first),
            Private::Over => {
                if self.gate.private.take().is_some() {
                    self.silence(Silence::Card, None, now);
                }
                return;
            }
            Private::Unsure { turn } => {
                return self.doubts(now, began(turn), |gate| gate.unsure = true);
            }
            Private::Sure => return self.doubts(now, now, |gate| gate.unsure = false),
            Private::Untold { turn } => {
                return self.doubts(now, began(turn), |gate| {
                    gate.untold = true;
                    // One in the former language, that is still to be heard, tells them nothing.
                    gate.notice = None;
                });
            }
        };
        self.gate.private = Some(self.gate.private.map_or(since, |known| known.min(since)));
        self.silence(Silence::Card, Some(since), now);
    }

    /// Whether the caller agrees is doubtful, or is no more.
    fn doubts(&mut self, now: Instant, since: Instant, change: impl FnOnce(&mut Gate)) {
        let doubtful = |gate: &Gate| gate.unsure || gate.untold;
        let before = doubtful(&self.gate);
        change(&mut self.gate);
        let after = doubtful(&self.gate);
        if before != after {
            self.silence(Silence::Consent, after.then_some(since), now);
        }
    }

    fn silence(&mut self, why: Silence, since: Option<Instant>, now: Instant) {
        if self.gate.consent == Consent::Given {
            self.outputs.push_back(Output::Record(match since {
                Some(since) => Record::Pause { why, since },
                None => Record::Resume { why, at: now },
            }));
        }
    }
}
