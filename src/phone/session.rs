//! One scripted call from the first INVITE to the last BYE, decided without waiting for anything.
//!
//! The loop in [`super::phone`] feeds it events and drains its commands. The first party is whom
//! we called or who called us; a transfer adds another.

mod hold;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::clip::Clip;
use super::closing::Story;
use super::ear::Noticed;
use super::holding::Holding;
use super::measure::{Ledger, Said};
use super::opening::{Opening, Pickup};
use super::party::Party;
use super::plan::{AgentSaid, ReferPlan, Talk};
use super::progress::CallProgress;
use super::report::{EndedBy, Outcome, TransferReport};
use super::script::{Done, Script, ScriptInput, ScriptOutput};
use super::wire::WireEvent;
use crate::base::{LegId, Phi, Purpose, Sdp, TimerTable};
use crate::sdp::{self, Direction};
use crate::sip::{Command, EndCause, Event, NewLeg, Refusal, TransferState};

/// After a transfer was answered, the referrer has so long to end its leg; then we do.
const REFERRER_HANGS_UP: Duration = Duration::from_secs(5);
/// A BYE that is not answered is not waited for longer.
const GOODBYE: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Timer {
    /// It has rung long enough: answers it, or gives up.
    Ringing,
    /// The referrer has not ended its leg.
    Referrer,
    /// The plan's own limit.
    HangUp,
    /// The far end does not answer our BYE.
    Goodbye,
    /// The call was held, or listened to after that, for long enough.
    Hold,
}

/// Something that the loop has to do for the session.
pub(super) enum Wish {
    /// Tell the user agent.
    Command(Command),
    /// Call whom the REFER names; [`Session::dial`] or [`Session::cannot_transfer`] is the answer.
    Transfer { to: String, headers: Vec<(String, String)> },
}

/// One scripted call.
pub(super) struct Session {
    pub parties: Vec<Party>,
    pub ledger: Ledger,
    pub script: Script,
    pub story: Story,
    clips: Vec<Clip>,
    pickup: Pickup,
    hang_up_after: Option<Duration>,
    /// Whom the other side is asked to call when all lines are said.
    refer: Option<ReferPlan>,
    pub holding: Holding,
    /// Which party hears us.
    talking: usize,
    referred_at: Option<Instant>,
    /// Ours to end, and why.
    leaving: bool,
    turn_began: Option<Instant>,
    progress: Option<mpsc::Sender<CallProgress>>,
    timers: TimerTable<Timer>,
    wishes: VecDeque<Wish>,
}

impl Session {
    /// Starts with the first party ringing.
    pub(super) fn new(now: Instant, opening: Opening, party: Party) -> Self {
        let mut timers = TimerTable::default();
        timers.set(Timer::Ringing, now + opening.ringing);
        Self {
            parties: vec![party],
            ledger: Ledger::default(),
            script: Script::new(opening.talk, opening.has_cues),
            story: Story::new(now),
            clips: opening.clips,
            pickup: opening.pickup,
            hang_up_after: opening.hang_up_after,
            refer: opening.refer,
            holding: Holding::new(opening.hold),
            talking: 0,
            referred_at: None,
            leaving: false,
            turn_began: None,
            progress: opening.progress,
            timers,
            wishes: VecDeque::new(),
        }
    }

    /// Whether everything is over and accounted for.
    pub(super) fn is_finished(&self) -> bool {
        self.parties.iter().all(|party| party.over && party.is_closed())
    }

    /// Returns what is to be said.
    pub(super) fn talk(&self) -> &Talk {
        self.script.talk()
    }

    /// Tells whoever watches. A watcher that does not keep up misses something.
    pub(super) fn tell(&self, progress: CallProgress) {
        if let Some(watcher) = &self.progress {
            let _ = watcher.try_send(progress);
        }
    }

    /// Takes an event of the user agent.
    pub(super) fn handle_signal(&mut self, now: Instant, event: Event) {
        match event {
            Event::Progress { leg, status, .. } => self.on_progress(leg, status),
            Event::Answered { leg, sdp } => self.on_answered(now, leg, sdp),
            Event::Established { leg, .. } => {
                if let Some(n) = self.find(leg).filter(|_| !self.leaving) {
                    self.parties[n].up = true;
                    self.answered(now);
                }
            }
            Event::Offer { leg, sdp } => self.on_offer(now, leg, sdp),
            Event::Changed { leg, sdp } => {
                if let Some(n) = self.find(leg)
                    && let Ok(agreed) = sdp::accept_answer(&sdp, &self.parties[n].media)
                {
                    self.parties[n].agree(now, agreed);
                }
            }
            Event::Reoffered { leg, status, answer } if self.find(leg) == Some(0) => {
                self.on_reoffered(now, status, answer);
            }
            Event::Referred { leg, target, headers } => {
                self.on_referred(now, leg, &target, &headers);
            }
            Event::Transfer { state, .. } => self.on_transfer(now, state),
            Event::Ended { leg, cause, .. } => self.on_ended(now, leg, cause),
            Event::Incoming(other) => {
                let refusal = Refusal { status: 486, ..Refusal::default() };
                self.wish(Command::Refuse { leg: other.leg, refusal });
            }
            _ => {}
        }
        self.settle(now);
    }

    /// Takes what happened on a wire.
    pub(super) fn handle_wire(&mut self, now: Instant, event: WireEvent) {
        match event {
            WireEvent::Received { wire, packet } => {
                if let Some(party) = self.parties.get_mut(wire) {
                    party.receive(packet);
                }
            }
            WireEvent::Began { clip, at, time } => {
                self.ledger.said.push(Said { clip, began: at, time: time.0, ended: None });
            }
            WireEvent::Ended { at } => {
                if let Some(said) = self.ledger.said.last_mut() {
                    said.ended = Some(at);
                }
                self.script.handle_input(now, ScriptInput::Said);
                self.refer_when_said(now);
            }
            WireEvent::Closed { wire, sent } => {
                if let Some(party) = self.parties.get_mut(wire) {
                    party.closed(sent);
                }
            }
        }
        self.settle(now);
    }

    /// Takes the agent's words.
    pub(super) fn handle_cue(&mut self, now: Instant, said: &AgentSaid) {
        let text = said.text.reveal(Purpose::Demonstration).clone();
        self.script.handle_input(now, ScriptInput::Cue(text));
        self.settle(now);
    }

    /// Ends the call because we were told to.
    pub(super) fn stop(&mut self, now: Instant) {
        self.leave(now, EndedBy::Stopped, Outcome::Cancelled);
    }

    /// Does what has become due.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        for party in &mut self.parties {
            party.handle_timeout(now);
        }
        self.script.handle_timeout(now);
        while let Some(timer) = self.timers.take_expired(now) {
            match timer {
                Timer::Ringing => self.rang(now),
                Timer::Referrer => self.hang_up(0),
                Timer::HangUp => self.leave(now, EndedBy::ScriptOver, Outcome::Cancelled),
                Timer::Hold => {
                    let held = self.parties[0].quality().while_held();
                    let step = self.holding.due(self.parties[0].received(), held);
                    self.hold(now, step);
                }
                Timer::Goodbye => {
                    for n in 0..self.parties.len() {
                        self.end_party(n);
                    }
                }
            }
        }
        self.settle(now);
    }

    /// Returns when [`Self::handle_timeout`] is next due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let ears = self.parties.iter().filter_map(Party::poll_timeout);
        ears.chain(self.script.poll_timeout()).chain(self.timers.next_deadline()).min()
    }

    /// Returns what the loop has to do.
    pub(super) fn poll_output(&mut self) -> Option<Wish> {
        self.wishes.pop_front()
    }

    /// The new party of a transfer is called.
    pub(super) fn dial(&mut self, party: Party, invite: NewLeg) {
        self.parties.push(party);
        self.wish(Command::Invite(Box::new(invite)));
    }

    /// Whom the REFER names cannot be called.
    pub(super) fn cannot_transfer(&mut self, now: Instant, status: u16) {
        self.transfer_failed(now, status);
        self.settle(now);
    }

    /// Gives the wish to call somebody.
    pub(super) fn wish(&mut self, command: Command) {
        self.wishes.push_back(Wish::Command(command));
    }

    /// It has rung long enough.
    fn rang(&mut self, now: Instant) {
        let leg = self.parties[0].leg;
        match std::mem::replace(&mut self.pickup, Pickup::GiveUp) {
            Pickup::Accept(sdp, agreed) => {
                self.parties[0].agree(now, agreed);
                self.wish(Command::Accept { leg, sdp });
            }
            Pickup::Refuse(status) => {
                let refusal = Refusal { status, ..Refusal::default() };
                self.wish(Command::Refuse { leg, refusal });
            }
            Pickup::GiveUp if self.story.reached => {
                self.leave(now, EndedBy::TimedOut, Outcome::NotAnswered);
            }
            Pickup::GiveUp => self.leave(now, EndedBy::TimedOut, Outcome::Unreachable),
        }
    }

    fn find(&self, leg: LegId) -> Option<usize> {
        self.parties.iter().position(|party| party.leg == leg && !party.over)
    }

    fn on_progress(&mut self, leg: LegId, status: u16) {
        match self.find(leg) {
            Some(0) => {
                self.story.reached = true;
                if status > 100 {
                    self.tell(CallProgress::Ringing);
                }
            }
            Some(_) if status > 100 => self.notify(status),
            _ => {}
        }
    }

    fn on_answered(&mut self, now: Instant, leg: LegId, answer: Option<Sdp>) {
        let Some(n) = self.find(leg).filter(|_| !self.leaving) else { return };
        let agreed = match &answer {
            Some(text) => sdp::accept_answer(text, &self.parties[n].media)
                .map(Some)
                .map_err(|error| error.to_string()),
            // By an UPDATE while it rang.
            None if self.parties[n].has_agreed() => Ok(None),
            None => Err("the answer holds no session description".to_string()),
        };
        self.parties[n].up = true;
        match agreed {
            Ok(Some(agreed)) => self.parties[n].agree(now, agreed),
            Ok(None) => {}
            Err(what) if n == 0 => {
                return self.leave(now, EndedBy::Broken, Outcome::NoMedia { what });
            }
            Err(_) => {
                self.hang_up(n);
                return self.transfer_failed(now, 488);
            }
        }
        if n == 0 { self.answered(now) } else { self.transferred(now, n) }
    }

    fn answered(&mut self, now: Instant) {
        self.timers.stop(Timer::Ringing);
        self.story.outcome = Outcome::Answered;
        self.story.answered_at = Some(now);
        self.story.decided_at = now;
        if let Some(after) = self.hang_up_after {
            self.timers.set(Timer::HangUp, now + after);
        }
        self.tell(CallProgress::Answered);
        self.script.handle_input(now, ScriptInput::Answered);
    }

    fn on_offer(&mut self, now: Instant, leg: LegId, offer: Option<Sdp>) {
        let Some(n) = self.find(leg) else { return };
        let party = &mut self.parties[n];
        party.media.version += 1;
        let Some(offer) = offer else {
            let sdp = sdp::offer(&party.media, Direction::SendRecv).into();
            return self.wish(Command::AcceptOffer { leg, sdp });
        };
        match sdp::answer(&offer, &party.media) {
            Ok((sdp, agreed)) => {
                party.agree(now, agreed);
                self.wish(Command::AcceptOffer { leg, sdp: sdp.into() });
            }
            Err(error) => {
                let warning = Some(error.to_string());
                let refusal = Refusal { status: 488, warning, ..Refusal::default() };
                self.wish(Command::RefuseOffer { leg, refusal });
            }
        }
    }

    fn on_referred(
        &mut self,
        now: Instant,
        leg: LegId,
        target: &Phi<String>,
        headers: &[(String, Phi<String>)],
    ) {
        let known = self.find(leg) == Some(0) && self.story.transfer.is_none();
        if !known || self.leaving {
            return;
        }
        let header = |name: &str| {
            let found = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.reveal(Purpose::Signalling).trim().to_string())
        };
        let to = target.reveal(Purpose::Signalling).clone();
        let (handoff_id, referred_by) = (header("X-Handoff-Id"), header("Referred-By"));
        self.wish(Command::AcceptRefer { leg });
        self.notify(100);
        self.referred_at = Some(now);
        self.script.handle_input(now, ScriptInput::Referred);
        self.tell(CallProgress::Referred { target: to.clone(), handoff_id: handoff_id.clone() });
        let carried = [("X-Handoff-Id", &handoff_id), ("Referred-By", &referred_by)];
        let carried = carried.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        let headers = carried.map(|(name, value)| (name.to_string(), value)).collect();
        self.wishes.push_back(Wish::Transfer { to: to.clone(), headers });
        self.story.transfer = Some(TransferReport {
            referred_to: to,
            handoff_id,
            referred_by,
            ..TransferReport::default()
        });
    }

    fn transferred(&mut self, now: Instant, n: usize) {
        self.notify(200);
        self.decide_transfer(now, 200);
        self.talking = n;
        self.turn_began = None;
        if !self.parties[0].over {
            self.timers.set(Timer::Referrer, now + REFERRER_HANGS_UP);
        }
        self.script.handle_input(now, ScriptInput::Transferred);
        self.tell(CallProgress::Transferred);
    }

    fn transfer_failed(&mut self, now: Instant, status: u16) {
        self.notify(status);
        self.decide_transfer(now, status);
        self.tell(CallProgress::TransferFailed { status });
        self.script.handle_input(now, ScriptInput::TransferFailed);
        if self.parties[0].over {
            self.ended(now, EndedBy::OtherSide);
        }
    }

    fn refer_when_said(&mut self, now: Instant) {
        let all_said = self.script.lines_said() == self.script.lines();
        if let Some(refer) = self.refer.take_if(|_| all_said) {
            let ReferPlan { target, headers } = refer;
            self.wish(Command::Refer { leg: self.parties[0].leg, target, headers });
            self.script.handle_input(now, ScriptInput::Referred);
        }
    }

    /// How a REFER of ours goes.
    fn on_transfer(&mut self, now: Instant, state: TransferState) {
        match state {
            TransferState::Accepted | TransferState::Progress(_) => {}
            TransferState::Answered => self.leave(now, EndedBy::Transferred, Outcome::Cancelled),
            TransferState::Failed(_) | TransferState::Unknown => {
                self.script.handle_input(now, ScriptInput::TransferFailed);
            }
        }
    }

    fn decide_transfer(&mut self, now: Instant, status: u16) {
        let took = self.referred_at.map(|at| super::measure::ms_between(at, now));
        if let Some(transfer) = &mut self.story.transfer {
            transfer.answered = status < 300;
            transfer.status = Some(status);
            transfer.took_ms = took;
        }
    }

    fn notify(&mut self, status: u16) {
        let referrer = &self.parties[0];
        if !referrer.over {
            self.wish(Command::Notify { leg: referrer.leg, status });
        }
    }

    fn on_ended(&mut self, now: Instant, leg: LegId, cause: EndCause) {
        let Some(n) = self.find(leg) else { return };
        let was_up = self.parties[n].up;
        self.end_party(n);
        if n > 0 && !was_up {
            let status = if let EndCause::Refused(status) = cause { status } else { 408 };
            return self.transfer_failed(now, status);
        }
        if n == 0 && self.is_transferring() {
            if let Some(transfer) = &mut self.story.transfer {
                transfer.referrer_hung_up = cause == EndCause::RemoteBye;
            }
            return;
        }
        match cause {
            EndCause::RemoteBye => self.ended(now, EndedBy::OtherSide),
            EndCause::AckTimeout | EndCause::Timeout | EndCause::SessionExpired if was_up => {
                self.ended(now, EndedBy::Broken);
            }
            _ if was_up || self.leaving => {}
            EndCause::Refused(status) | EndCause::RefusedByUs(status) => {
                let phrase = crate::sip::message::reason_phrase(status).to_string();
                self.undecided(now, Outcome::Refused { status, phrase });
            }
            EndCause::RemoteCancel => self.undecided(now, Outcome::Cancelled),
            _ => self.undecided(now, Outcome::Unreachable),
        }
    }

    /// Whether a new party is being called or talked to.
    fn is_transferring(&self) -> bool {
        let pending = self.story.transfer.as_ref().is_some_and(|t| t.status.is_none());
        pending || self.parties.iter().skip(1).any(|party| !party.over)
    }

    /// The call ended before it was answered.
    fn undecided(&mut self, now: Instant, outcome: Outcome) {
        self.story.outcome = outcome;
        self.story.decided_at = now;
        self.story.ended_at = now;
    }

    /// The answered call is over.
    fn ended(&mut self, now: Instant, by: EndedBy) {
        if self.story.ended_by.is_none() {
            self.story.ended_by = Some(by);
            self.story.ended_at = now;
        }
        self.leaving = true;
        self.hang_up_all(now);
    }

    /// Leaves the call: `by` if it was answered, with `outcome` if not.
    fn leave(&mut self, now: Instant, by: EndedBy, outcome: Outcome) {
        if self.leaving {
            return;
        }
        if self.story.answered_at.is_some() {
            return self.ended(now, by);
        }
        self.leaving = true;
        self.undecided(now, outcome);
        self.hang_up_all(now);
    }

    fn hang_up_all(&mut self, now: Instant) {
        self.timers.stop_all();
        self.timers.set(Timer::Goodbye, now + GOODBYE);
        for n in 0..self.parties.len() {
            self.hang_up(n);
        }
    }

    fn hang_up(&mut self, n: usize) {
        if let Some(party) = self.parties.get(n).filter(|party| !party.over) {
            self.wish(Command::HangUp { leg: party.leg, reason: None });
        }
    }

    fn end_party(&mut self, n: usize) {
        let party = &mut self.parties[n];
        if !party.over {
            party.over = true;
            party.close();
        }
    }

    /// Passes on what the ears noticed and does what the script wants, until both are quiet.
    fn settle(&mut self, now: Instant) {
        for n in 0..self.parties.len() {
            while let Some(noticed) = self.parties[n].poll_noticed() {
                if n == self.talking {
                    self.hear(now, n, noticed);
                }
            }
        }
        while let Some(output) = self.script.poll_output() {
            match output {
                ScriptOutput::Say(clip) => self.say(clip),
                ScriptOutput::HangUp(Done::ScriptOver) if self.begins_to_hold(now) => {}
                ScriptOutput::HangUp(done) => {
                    let by = match done {
                        Done::ScriptOver => EndedBy::ScriptOver,
                        Done::TargetMet => EndedBy::TargetMet,
                        Done::TimedOut => EndedBy::TimedOut,
                    };
                    self.leave(now, by, Outcome::Cancelled);
                }
            }
        }
    }

    fn say(&mut self, clip: usize) {
        if let (Some(sound), Some(party)) = (self.clips.get(clip), self.parties.get(self.talking)) {
            party.play(clip, sound);
        }
        if let Some(text) = self.script.text(clip) {
            self.tell(CallProgress::CallerSays(text.to_string()));
        }
    }

    fn hear(&mut self, now: Instant, n: usize, noticed: Noticed) {
        if n == 0 {
            self.ledger.hear(noticed);
        }
        match noticed {
            Noticed::Started { at, time } => {
                if let (Some(transfer), true) = (&mut self.story.transfer, n > 0) {
                    transfer.heard_target = true;
                }
                let last = self.ledger.said.len().checked_sub(1);
                let reply = last.map(|last| self.ledger.reply(last)).unwrap_or_default();
                let gap_ms = reply.gap_ms.filter(|_| n == 0 && reply.time == Some(time.0));
                if self.turn_began.is_none() || gap_ms.is_some() {
                    self.tell(CallProgress::AgentSpeaking { gap_ms });
                }
                self.turn_began.get_or_insert(at);
            }
            Noticed::Paused { .. } => {}
            Noticed::Quiet { last } => {
                let began = self.turn_began.take().unwrap_or(last);
                self.tell(CallProgress::AgentQuiet { spoke: last.duration_since(began) });
            }
        }
        self.script.handle_input(now, ScriptInput::Heard(noticed));
    }
}
