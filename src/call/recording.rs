//! Whether the call may be recorded now: not before the caller has heard that it is, not after a no, and neither what
//! was private nor what comes in on hold.

use std::time::{Duration, Instant};

use crate::agent::Private;
use crate::base::UtteranceId;

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
    /// When the turn that the caller is in, or was in last, began.
    turn_began: Option<Instant>,
    /// The first and the last key of the number that is being keyed, or was last.
    keys: Option<(Instant, Instant)>,
    /// The call was told to be silent about a card.
    private: bool,
}

impl Call {
    /// This utterance tells the caller that the call is recorded.
    pub(super) fn notice_begins(&mut self, utterance: UtteranceId) {
        self.gate.notice = Some(utterance);
    }

    /// The caller has heard all of an utterance: of the notice, and stays. From now on is recorded.
    pub(super) fn notice_may_be_heard(&mut self, now: Instant, utterance: UtteranceId) {
        if self.gate.notice == Some(utterance) && self.gate.consent == Consent::NotAsked {
            self.gate.consent = Consent::Given;
            self.outputs.push_back(Output::Record(Record::Start));
            if self.held {
                self.hold_recording(now, true);
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

    /// A turn of the caller began then.
    pub(super) fn recorded_turn_begins(&mut self, since: Instant) {
        self.gate.turn_began = Some(since);
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
        let since = match private {
            Private::Said => self.gate.turn_began,
            Private::Keyed => self.gate.keys.map(|(first, _)| first),
            Private::Over => None,
        };
        let begins = private != Private::Over;
        if begins || self.gate.private {
            self.gate.private = begins;
            self.silence(Silence::Card, begins.then(|| since.unwrap_or(now)), now);
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
