//! Session timers (RFC 4028): how long a call lasts without a sign of life, and who gives one.
//!
//! Every re-INVITE and UPDATE that is accepted is such a sign and settles anew who owes the next
//! one. A far end that does not know of this is refreshed all the same, but never given up.

use std::time::{Duration, Instant};

use super::{Session, State, Timer};
use crate::sip::api::{EndCause, Policy};
use crate::sip::message::{Headers, Method, Refresher, Request, Response, SessionExpires};

/// No interval may be shorter (RFC 4028 §4), nor is one taken to be where nothing is said.
const LEAST: u32 = 90;
/// What we make of an interval below that, which nobody may have agreed to.
const NONSENSE: u32 = 32;
/// A BYE leaves this long before the interval is over, or after two thirds of it (RFC 4028 §10).
const BEFORE_THE_END: Duration = Duration::from_secs(32);
/// Refreshes in one interval that may fail before only the end of it is waited for.
const ATTEMPTS: u8 = 2;
/// While something else changes the session, the refresh waits.
const BUSY: Duration = Duration::from_secs(2);

const EXPIRED: &str = "SIP;cause=408;text=\"session timer expired\"";
const UNANSWERED: &str = "SIP;cause=408;text=\"refresh not answered\"";

/// How a call is kept alive.
pub(super) struct Refreshing {
    /// What we ask for, and the least that we take, in seconds. Both grow where the far end wants more.
    asked: u32,
    least: u32,
    /// What both sides agreed on; nothing where the far end does not know of timers.
    agreed: Option<Agreed>,
    /// Refreshes of ours that were refused since the last that was not.
    failed: u8,
    /// The far end takes UPDATE.
    update: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Agreed {
    seconds: u32,
    /// It is us who refresh.
    ours: bool,
}

impl Refreshing {
    pub(super) fn new(policy: &Policy) -> Self {
        let timer = policy.timer.unwrap_or_default();
        let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        let least = seconds(timer.min).max(LEAST);
        let asked = seconds(timer.expires).max(least);
        Self { asked, least, agreed: None, failed: 0, update: false }
    }

    /// Whether the far end takes UPDATE.
    pub(super) fn has_update(&self) -> bool {
        self.update
    }

    /// It refused an UPDATE for what it is.
    pub(super) fn has_no_update(&mut self) {
        self.update = false;
    }

    /// Puts on a re-INVITE, an UPDATE or our first INVITE what we ask for.
    pub(super) fn ask(&self, request: &mut Request, confirmed: bool) {
        let refresher = match self.agreed {
            // Whoever is called may choose.
            _ if !confirmed => None,
            Some(Agreed { ours: false, .. }) => Some(Refresher::Uas),
            _ => Some(Refresher::Uac),
        };
        let seconds = self.agreed.map_or(self.asked, |agreed| agreed.seconds).max(self.least);
        let expires = SessionExpires { seconds, refresher };
        request.headers.set("Session-Expires", expires.to_wire());
        request.headers.set("Min-SE", self.least.to_string());
    }

    /// Takes a 422 to a request of ours. False if it asks for no more than it was offered.
    fn raise(&mut self, response: &Response) -> bool {
        let asked = self.agreed.map_or(self.asked, |agreed| agreed.seconds).max(self.least);
        let Some(least) = response.headers.min_se().filter(|least| *least > asked) else {
            return false;
        };
        self.least = least;
        self.asked = self.asked.max(least);
        true
    }
}

impl Session {
    /// Puts on a request what we ask for, where the far end's family is asked at all.
    pub(super) fn ask_for_timer(&self, request: &mut Request) {
        let refreshes = matches!(request.method, Method::Invite | Method::Update);
        if refreshes && self.setup.policy.timer.is_some() {
            self.refreshing.ask(request, !matches!(self.state, State::Calling));
        }
    }

    /// Answers what an accepted request says of timers, and begins to count anew.
    pub(super) fn answer_timer(
        &mut self,
        now: Instant,
        request: &Request,
        response: &mut Response,
    ) {
        let headers = &request.headers;
        self.note_allow(headers);
        if self.setup.policy.timer.is_none() {
            return;
        }
        let theirs = headers.session_expires();
        let knows = has_timer(headers);
        if theirs.is_none() && !knows {
            return self.count(now, None);
        }
        // RFC 4028 §9: never more than they ask for, never less than either side's least.
        let least = headers.min_se().unwrap_or(LEAST).max(self.refreshing.least);
        let asked = self.refreshing.asked;
        let seconds = theirs.map_or(asked, |theirs| theirs.seconds.min(asked)).max(least);
        let ours = match theirs.and_then(|theirs| theirs.refresher) {
            _ if !knows => true,
            Some(refresher) => refresher == Refresher::Uas,
            None => self.refreshing.agreed.is_some_and(|agreed| agreed.ours),
        };
        let refresher = Some(if ours { Refresher::Uas } else { Refresher::Uac });
        let expires = SessionExpires { seconds, refresher };
        response.headers.push("Session-Expires", expires.to_wire());
        if knows {
            response.headers.push("Require", "timer");
        }
        self.count(now, Some(Agreed { seconds, ours }));
    }

    /// Takes what the far end says of timers in its acceptance, and begins to count anew.
    pub(super) fn take_timer(&mut self, now: Instant, response: &Response) {
        self.note_allow(&response.headers);
        if self.setup.policy.timer.is_none() {
            return;
        }
        // RFC 4028 §7.2: without the field there is no interval, even if there was one before.
        let agreed = response.headers.session_expires().map(|theirs| Agreed {
            seconds: theirs.seconds.max(NONSENSE),
            ours: theirs.refresher != Some(Refresher::Uas),
        });
        self.count(now, agreed);
    }

    /// Notes whether the far end takes UPDATE, if it says so.
    pub(super) fn note_allow(&mut self, headers: &Headers) {
        if headers.contains("Allow") {
            self.refreshing.update = headers.has_token("Allow", "UPDATE");
        }
    }

    fn count(&mut self, now: Instant, agreed: Option<Agreed>) {
        self.refreshing.agreed = agreed;
        self.refreshing.failed = 0;
        self.timers.stop(Timer::Refresh);
        self.timers.stop(Timer::Expire);
        let seconds = agreed.map_or(self.refreshing.asked, |agreed| agreed.seconds);
        let interval = Duration::from_secs(seconds.into());
        if agreed.is_none_or(|agreed| agreed.ours) {
            self.timers.set(Timer::Refresh, now + interval / 2);
        }
        if agreed.is_some() {
            self.timers.set(Timer::Expire, now + interval - BEFORE_THE_END.min(interval / 3));
        }
    }

    /// Shows that we are alive, and asks the far end to show the same.
    pub(super) fn refresh_session(&mut self, now: Instant) {
        if !matches!(self.state, State::Confirmed) {
            return;
        }
        // RFC 4028 §7.4: with an UPDATE there is no description that could be misread.
        let same = self.ours.clone().filter(|_| !self.refreshing.update);
        // An UPDATE without SDP may cross anything but another (RFC 3311 §5.1).
        let busy = match same {
            Some(_) => self.is_changing(),
            None => self.is_refreshing(),
        };
        if busy {
            self.timers.set(Timer::Refresh, now + BUSY);
        } else if !self.ask_to_refresh(same) {
            self.refresh_failed(now, None);
        }
    }

    /// Our refresh was refused: one more, and then it is the end of the interval that decides.
    pub(super) fn refresh_failed(&mut self, now: Instant, retry_after: Option<u32>) {
        self.refreshing.failed = self.refreshing.failed.saturating_add(1);
        let after = retry_after.map(|seconds| Duration::from_secs(seconds.into()));
        let Some(end) = self.timers.deadline(Timer::Expire) else {
            // Nobody expects it, so nobody is harmed.
            let half = Duration::from_secs(self.refreshing.asked.into()) / 2;
            return self.timers.set(Timer::Refresh, now + half.max(after.unwrap_or_default()));
        };
        if self.refreshing.failed < ATTEMPTS {
            let half = end.saturating_duration_since(now) / 2;
            self.timers.set(Timer::Refresh, now + after.unwrap_or(half));
        }
    }

    /// Takes a 422. False if the request is not worth sending again.
    pub(super) fn raise_timer(&mut self, response: &Response) -> bool {
        self.setup.policy.timer.is_some() && self.refreshing.raise(response)
    }

    /// The interval is nearly over, and nobody has shown to be alive.
    pub(super) fn session_expired(&mut self, now: Instant) {
        self.lose(now, EXPIRED);
    }

    /// Nobody answered our refresh, or somebody who does not know the call.
    pub(super) fn refresh_unanswered(&mut self, now: Instant) {
        self.lose(now, UNANSWERED);
    }

    fn lose(&mut self, now: Instant, reason: &str) {
        if !matches!(self.state, State::Confirmed) {
            return;
        }
        // No BYE before the ACK: if that does not come, the call ends for want of it.
        if let Some(at) = self.timers.deadline(Timer::Ack) {
            return self.timers.set(Timer::Expire, at);
        }
        self.bye(Some(reason.to_owned()));
        self.end(now, EndCause::SessionExpired);
    }

    /// Returns our least interval if a request asks for less (RFC 4028 §9): it gets 422.
    pub(super) fn too_short(&self, request: &Request) -> Option<u32> {
        too_short(&self.setup.policy, &request.headers)
    }
}

/// Returns the least interval that this policy takes, if a request asks for less and would
/// understand a 422.
pub(crate) fn too_short(policy: &Policy, headers: &Headers) -> Option<u32> {
    policy.timer?;
    let least = Refreshing::new(policy).least;
    let theirs = headers.session_expires()?;
    (theirs.seconds < least && has_timer(headers)).then_some(least)
}

fn has_timer(headers: &Headers) -> bool {
    headers.has_token("Supported", "timer") || headers.has_token("Require", "timer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_below_the_least_is_raised_to_it() {
        let second = Duration::from_secs(1);
        let timer = crate::sip::SessionTimer { expires: second, min: second };
        let refreshing = Refreshing::new(&Policy { timer: Some(timer), ..Policy::default() });
        assert_eq!((refreshing.asked, refreshing.least), (LEAST, LEAST));
    }
}
