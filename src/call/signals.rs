//! What the leg's signalling says: answered, offers of other media, ended.

use std::time::{Duration, Instant};

use crate::agent::{self, Goal};
use crate::base::Sdp;
use crate::media::Way;
use crate::sdp::{self, Direction};
use crate::sip::message::Reason;
use crate::sip::{self, Command, EndCause};

use super::machine::{Call, Phase, Timer};
use super::{EndReason, Output, Summary, Told};

impl Call {
    pub(super) fn sip(&mut self, now: Instant, event: sip::Event) {
        match event {
            sip::Event::Established { answer, .. } => self.established(now, answer.as_deref()),
            sip::Event::Offer { sdp, .. } => self.offered(now, sdp.as_deref()),
            sip::Event::Changed { sdp, .. } => self.media_moved(now, &sdp),
            sip::Event::Transfer { state, .. } => self.transfer(now, state),
            sip::Event::Dtmf { digit, .. } => self.dtmf(now, digit, Way::Info),
            sip::Event::Ended { cause, reason, .. } => self.ended(now, cause, reason),
            // A caller's leg has no other events: we did not call it, sent it no early media, and it may not refer us.
            _ => {}
        }
    }

    fn established(&mut self, now: Instant, answer: Option<&[u8]>) {
        if self.phase == Phase::Ending {
            return;
        }
        if let Some(answer) = answer {
            match sdp::accept_answer(answer, &self.setup.local) {
                Ok(negotiated) => self.media_agreed(now, negotiated),
                Err(_) => {
                    self.end.get_or_insert(EndReason::MediaRefused);
                    return self.hang_up();
                }
            }
        } else if self.negotiated.is_none() {
            // A delayed offer whose ACK holds no answer has no media and never will (RFC 3261 §13.2.2.4).
            self.end.get_or_insert(EndReason::MediaRefused);
            return self.hang_up();
        }
        if self.phase == Phase::Opening {
            self.phase = Phase::Talking;
            self.answered_at = Some(now);
            self.timers.set(Timer::Longest, now + self.setup.longest);
            self.outputs.push_back(Output::Told(Told::Answered));
            // A call that goes to the fallback at once is not greeted.
            if !self.cannot_go_on {
                self.conversation.handle_input(now, agent::Input::Answered);
            }
        }
    }

    fn offered(&mut self, now: Instant, offer: Option<&[u8]>) {
        // The user agent has turned it down itself, if we have hung up.
        if !matches!(self.phase, Phase::Opening | Phase::Talking) {
            return;
        }
        let leg = self.setup.leg;
        match self.describe(offer) {
            Ok((sdp, negotiated)) => {
                self.outputs.push_back(Output::Sip(Command::AcceptOffer { leg, sdp }));
                if let Some(negotiated) = negotiated {
                    self.media_agreed(now, negotiated);
                }
            }
            Err(error) => {
                let refusal = self.refusal(error, true);
                self.outputs.push_back(Output::Sip(Command::RefuseOffer { leg, refusal }));
            }
        }
    }

    /// Answers an offer, or makes one where there is none. The version rises with each change of what we say, and
    /// with nothing else (RFC 3264 §8).
    pub(super) fn describe(
        &mut self,
        offer: Option<&[u8]>,
    ) -> Result<(Sdp, Option<sdp::Negotiated>), sdp::SdpError> {
        let make = |local: &sdp::LocalMedia| match offer {
            None => Ok((Sdp::from(sdp::offer(local, Direction::SendRecv)), None)),
            Some(offer) => {
                sdp::answer(offer, local).map(|(sdp, agreed)| (sdp.into(), Some(agreed)))
            }
        };
        let mut made = make(&self.setup.local)?;
        let theirs = |agreed: &Option<sdp::Negotiated>| Some(agreed.as_ref()?.srtp.clone()?.theirs);
        if let (Some(before), Some(now)) = (theirs(&self.negotiated), theirs(&made.1))
            && before != now
            && let Some(ours) = &mut self.setup.local.encryption
        {
            ours.number += 1;
            made = make(&self.setup.local)?;
        }
        if self.described.as_ref().is_some_and(|before| *before != made.0) {
            self.setup.local.version += 1;
            made = make(&self.setup.local)?;
        }
        self.described = Some(made.0.clone());
        Ok(made)
    }

    /// The far end answered our refresh with other media than before. What cannot be used leaves us as we were.
    fn media_moved(&mut self, now: Instant, answer: &[u8]) {
        if self.phase != Phase::Talking {
            return;
        }
        if let Ok(negotiated) = sdp::accept_answer(answer, &self.setup.local) {
            self.media_agreed(now, negotiated);
        }
    }

    fn media_agreed(&mut self, now: Instant, negotiated: sdp::Negotiated) {
        let was_held = self.held;
        self.held = !negotiated.direction.sends() || !negotiated.direction.receives();
        let output = match self.agreed(negotiated.clone()) {
            None => Output::OpenMedia(negotiated),
            Some(_) => Output::UpdateMedia(negotiated),
        };
        self.outputs.push_back(output);
        if self.held != was_held {
            self.hold_recording(now, self.held);
            // Music on hold is nobody's words, and what was begun before it is cut in two.
            self.voice_on = None;
            self.outputs.push_back(Output::Discard);
            self.conversation.handle_input(now, agent::Input::Hold(self.held));
        }
        self.hold_floor(now);
    }

    /// Notes what was agreed on, for what we offer later too, and returns what was before.
    pub(super) fn agreed(&mut self, negotiated: sdp::Negotiated) -> Option<sdp::Negotiated> {
        self.setup.local.agreed = Some(Box::new(negotiated.clone()));
        self.negotiated.replace(negotiated)
    }

    fn ended(&mut self, now: Instant, cause: EndCause, said: Option<Reason>) {
        // The number, not the words: those are the far end's, and may name somebody.
        let number = |said: Reason| Some(format!("{};cause={}", said.protocol, said.cause?));
        self.summary.far_cause = said.and_then(number);
        let outcome = self.hand_off.as_ref().map(|it| it.leg_ended(cause == EndCause::RemoteBye));
        if let Some(outcome) = outcome {
            self.hand_off_over(now, outcome);
        }
        let reason = match cause {
            EndCause::RemoteBye => EndReason::CallerHungUp,
            EndCause::RemoteCancel => EndReason::CallerCancelled,
            EndCause::AckTimeout => EndReason::AckTimeout,
            EndCause::Timeout | EndCause::SessionExpired => EndReason::SignallingTimeout,
            EndCause::RefusedByUs(_) => EndReason::MediaRefused,
            EndCause::Replaced => EndReason::Replaced,
            EndCause::Local | EndCause::Refused(_) => EndReason::AgentHungUp,
        };
        let reason = *self.end.get_or_insert(reason);
        self.recording_ends();
        if self.negotiated.is_some() {
            self.outputs.push_back(Output::CloseMedia);
        }
        let mut goals = self.conversation.goals().clone();
        if self.moved {
            goals.insert(Goal::Transferred);
        }
        let reason = if self.moved { EndReason::HandedOff } else { reason };
        self.phase = Phase::Over;
        let talked = self.answered_at.map_or(Duration::ZERO, |at| now - at);
        let consent = self.gate.consent;
        let summary = Summary { reason, goals, talked, consent, ..self.summary.clone() };
        self.outputs.push_back(Output::Over(Box::new(summary)));
    }
}
