//! The client non-INVITE transaction (RFC 3261 §17.1.2): repeats the request until a final answer.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Timing;
use crate::base::TimerTable;

/// What a client transaction is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClientInput {
    /// A response of this status came.
    Response(u16),
    /// The layer above waits no longer (RFC 3261 §9.1: no final response 64·T1 after a CANCEL).
    Abandon,
    /// The connection that the request went by is no more (RFC 3261 §8.1.3.1).
    Broken,
}

/// What a client transaction wants done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClientOutput {
    /// Put the request on the wire.
    Send,
    /// Acknowledge the refusal that was just handed in.
    Ack,
    /// Hand the response that was just handed in to the layer above.
    Pass,
    /// Nobody answered: as good as a 408, or a 503 where the connection broke (RFC 3261 §8.1.3.1).
    Timeout,
    /// The machine is finished; drop it.
    Terminate,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Timer {
    /// Repeats the request.
    E,
    /// Gives up.
    F,
    /// Swallows repeats of the answer.
    K,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Trying { resend_in: Duration },
    Proceeding,
    Completed,
    Terminated,
}

/// The client non-INVITE transaction.
#[derive(Debug)]
pub struct Client {
    state: State,
    timing: Timing,
    timers: TimerTable<Timer>,
    outputs: VecDeque<ClientOutput>,
}

impl Client {
    /// Starts, and asks for the request to be sent.
    pub fn new(now: Instant, timing: Timing) -> Self {
        let mut timers = TimerTable::default();
        timers.set(Timer::F, now + timing.give_up());
        if !timing.reliable {
            timers.set(Timer::E, now + timing.t1);
        }
        let state = State::Trying { resend_in: timing.t1 };
        Self { state, timing, timers, outputs: VecDeque::from([ClientOutput::Send]) }
    }

    /// Takes a response, or the wish of the layer above to wait no longer.
    pub fn handle_input(&mut self, now: Instant, input: ClientInput) {
        match (self.state, input) {
            (State::Trying { .. } | State::Proceeding, ClientInput::Response(status)) => {
                self.outputs.push_back(ClientOutput::Pass);
                if status < 200 {
                    // Timer E runs on as it was set; from its next turn on it is T2.
                    self.state = State::Proceeding;
                } else {
                    self.complete(now);
                }
            }
            (State::Trying { .. } | State::Proceeding, ClientInput::Abandon) => self.terminate(),
            (State::Trying { .. } | State::Proceeding, ClientInput::Broken) => {
                self.outputs.push_back(ClientOutput::Timeout);
                self.terminate();
            }
            // Repeats of the answer.
            _ => {}
        }
    }

    /// Runs every timer due at `now`. Calling it early or twice does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            match (timer, self.state) {
                (Timer::E, State::Trying { resend_in }) => {
                    self.outputs.push_back(ClientOutput::Send);
                    let resend_in = (resend_in * 2).min(self.timing.t2);
                    self.state = State::Trying { resend_in };
                    self.timers.set(Timer::E, now + resend_in);
                }
                (Timer::E, State::Proceeding) => {
                    self.outputs.push_back(ClientOutput::Send);
                    self.timers.set(Timer::E, now + self.timing.t2);
                }
                (Timer::F, State::Trying { .. } | State::Proceeding) => {
                    self.outputs.push_back(ClientOutput::Timeout);
                    self.terminate();
                }
                (Timer::K, State::Completed) => self.terminate(),
                (timer, state) => debug_assert!(false, "{timer:?} fired in {state:?}"),
            }
        }
    }

    /// Returns what to do next.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<ClientOutput> {
        self.outputs.pop_front()
    }

    /// Returns when to call `handle_timeout`.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    /// Says where it stands, for the state dump.
    pub fn describe(&self) -> String {
        format!("{:?}", self.state)
    }

    fn complete(&mut self, now: Instant) {
        self.timers.stop_all();
        self.timers.set(Timer::K, now + self.timing.unless_reliable(self.timing.t4));
        self.state = State::Completed;
    }

    fn terminate(&mut self) {
        self.timers.stop_all();
        self.state = State::Terminated;
        self.outputs.push_back(ClientOutput::Terminate);
    }
}
