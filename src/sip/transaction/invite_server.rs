//! The server INVITE transaction (RFC 3261 §17.2.1, amended by RFC 6026 §8.7).
//!
//! It answers repeated INVITEs itself, so that the layer above sees each call once, and repeats
//! refusals until they are acknowledged. Acceptances are repeated by the session above.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{ServerOutput, Timing};
use crate::base::TimerTable;

/// After this the caller's side would repeat the INVITE at us (RFC 3261 §17.2.1).
const TRYING_AFTER: Duration = Duration::from_millis(200);

/// What the server INVITE transaction is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum InviteServerInput {
    /// An ACK came.
    Ack,
    /// The INVITE came again.
    Invite,
    /// The layer above answers: the status, and the response as it goes out.
    Respond(u16, Bytes),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Timer {
    /// Says 100 if nobody else said anything.
    Trying,
    /// Repeats a refusal.
    G,
    /// Gives up waiting for the ACK of a refusal.
    H,
    /// Swallows repeats of that ACK.
    I,
    /// Swallows repeats of an accepted INVITE.
    L,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Proceeding,
    Accepted,
    Completed { resend_in: Duration },
    Confirmed,
    Terminated,
}

/// The server INVITE transaction.
#[derive(Debug)]
pub struct InviteServer {
    state: State,
    /// What was sent last; empty before that.
    last: Bytes,
    trying: Bytes,
    timing: Timing,
    timers: TimerTable<Timer>,
    outputs: VecDeque<ServerOutput>,
}

impl InviteServer {
    /// Starts; `trying` is the 100 that it sends when nothing else was sent in time.
    pub fn new(now: Instant, timing: Timing, trying: Bytes) -> Self {
        let mut timers = TimerTable::default();
        timers.set(Timer::Trying, now + TRYING_AFTER);
        let (last, outputs) = (Bytes::new(), VecDeque::new());
        Self { state: State::Proceeding, last, trying, timing, timers, outputs }
    }

    /// Takes a message from either side.
    pub fn handle_input(&mut self, now: Instant, input: InviteServerInput) {
        use InviteServerInput::{Ack, Invite, Respond};
        match (self.state, input) {
            (State::Proceeding | State::Completed { .. }, Invite) if !self.last.is_empty() => {
                self.outputs.push_back(ServerOutput::Send(self.last.clone()));
            }
            (State::Proceeding, Respond(status, response)) => self.respond(now, status, response),
            (State::Completed { .. }, Ack) => {
                self.timers.stop_all();
                self.timers.set(Timer::I, now + self.timing.unless_reliable(self.timing.t4));
                self.state = State::Confirmed;
            }
            // RFC 6026 §7.1: the ACK of an acceptance belongs to the dialog above.
            (State::Accepted, Ack) => self.outputs.push_back(ServerOutput::PassAck),
            // ... which repeats its 2xx through us until that ACK comes.
            (State::Accepted, Respond(200..300, response)) => {
                self.outputs.push_back(ServerOutput::Send(response));
            }
            // Whatever else arrives is a repeat that the state exists to swallow.
            _ => {}
        }
    }

    /// Runs every timer due at `now`. Calling it early or twice does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            match (timer, self.state) {
                (Timer::Trying, State::Proceeding) => {
                    let trying = self.trying.clone();
                    self.respond(now, 100, trying);
                }
                (Timer::G, State::Completed { resend_in }) => {
                    self.outputs.push_back(ServerOutput::Send(self.last.clone()));
                    let resend_in = (resend_in * 2).min(self.timing.t2);
                    self.state = State::Completed { resend_in };
                    self.timers.set(Timer::G, now + resend_in);
                }
                (Timer::H, State::Completed { .. }) => {
                    self.outputs.push_back(ServerOutput::AckTimeout);
                    self.terminate();
                }
                (Timer::I, State::Confirmed) | (Timer::L, State::Accepted) => self.terminate(),
                (timer, state) => debug_assert!(false, "{timer:?} fired in {state:?}"),
            }
        }
    }

    /// Returns what to do next.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<ServerOutput> {
        self.outputs.pop_front()
    }

    /// Returns when to call `handle_timeout`.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    /// Returns whether a CANCEL still changes anything: no final response was sent.
    pub fn is_open(&self) -> bool {
        self.state == State::Proceeding
    }

    /// Says where it stands, for the state dump.
    pub fn describe(&self) -> String {
        format!("{:?}", self.state)
    }

    fn respond(&mut self, now: Instant, status: u16, response: Bytes) {
        self.timers.stop(Timer::Trying);
        self.outputs.push_back(ServerOutput::Send(response.clone()));
        self.last = response;
        self.state = match status {
            ..200 => State::Proceeding,
            200..300 => {
                self.timers.set(Timer::L, now + self.timing.give_up());
                State::Accepted
            }
            300.. => {
                self.timers.set(Timer::H, now + self.timing.give_up());
                if !self.timing.reliable {
                    self.timers.set(Timer::G, now + self.timing.t1);
                }
                State::Completed { resend_in: self.timing.t1 }
            }
        };
    }

    fn terminate(&mut self) {
        self.timers.stop_all();
        self.state = State::Terminated;
        self.outputs.push_back(ServerOutput::Terminate);
    }
}
