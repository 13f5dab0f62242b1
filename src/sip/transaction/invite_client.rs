//! The client INVITE transaction (RFC 3261 §17.1.1, amended by RFC 6026 §8.4).
//!
//! It repeats the INVITE until somebody answers and acknowledges refusals by itself. Acceptances
//! all go up, copies and forks included, because each needs an ACK of the dialog's.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{ClientInput, ClientOutput, Timing};
use crate::base::TimerTable;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Timer {
    /// Repeats the request.
    A,
    /// Gives up.
    B,
    /// Swallows repeats of a refusal.
    D,
    /// Lets through copies of an acceptance, and those of other forks.
    M,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Calling { resend_in: Duration },
    Proceeding,
    Accepted,
    Completed,
    Terminated,
}

/// The client INVITE transaction.
#[derive(Debug)]
pub struct InviteClient {
    state: State,
    timing: Timing,
    timers: TimerTable<Timer>,
    outputs: VecDeque<ClientOutput>,
}

impl InviteClient {
    /// Starts, and asks for the request to be sent.
    pub fn new(now: Instant, timing: Timing) -> Self {
        let mut timers = TimerTable::default();
        timers.set(Timer::B, now + timing.give_up());
        if !timing.reliable {
            timers.set(Timer::A, now + timing.t1);
        }
        let state = State::Calling { resend_in: timing.t1 };
        Self { state, timing, timers, outputs: VecDeque::from([ClientOutput::Send]) }
    }

    /// Takes a response, or the wish of the layer above to wait no longer.
    pub fn handle_input(&mut self, now: Instant, input: ClientInput) {
        match (self.state, input) {
            (State::Calling { .. } | State::Proceeding, ClientInput::Response(..200)) => {
                self.timers.stop_all();
                self.state = State::Proceeding;
                self.outputs.push_back(ClientOutput::Pass);
            }
            (State::Calling { .. } | State::Proceeding, ClientInput::Response(200..300)) => {
                self.settle(Timer::M, now + self.timing.give_up(), State::Accepted);
            }
            (State::Calling { .. } | State::Proceeding, ClientInput::Response(_)) => {
                self.outputs.push_back(ClientOutput::Ack);
                let wait = self.timing.unless_reliable(self.timing.give_up());
                self.settle(Timer::D, now + wait, State::Completed);
            }
            (State::Accepted, ClientInput::Response(200..300)) => {
                self.outputs.push_back(ClientOutput::Pass);
            }
            (State::Completed, ClientInput::Response(300..)) => {
                self.outputs.push_back(ClientOutput::Ack);
            }
            (State::Calling { .. } | State::Proceeding, ClientInput::Abandon) => self.terminate(),
            (State::Calling { .. } | State::Proceeding, ClientInput::Broken) => {
                self.outputs.push_back(ClientOutput::Timeout);
                self.terminate();
            }
            // Late provisional responses and what comes after the end.
            _ => {}
        }
    }

    /// Runs every timer due at `now`. Calling it early or twice does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            match (timer, self.state) {
                (Timer::A, State::Calling { resend_in }) => {
                    self.outputs.push_back(ClientOutput::Send);
                    let resend_in = resend_in * 2;
                    self.state = State::Calling { resend_in };
                    self.timers.set(Timer::A, now + resend_in);
                }
                (Timer::B, State::Calling { .. }) => {
                    self.outputs.push_back(ClientOutput::Timeout);
                    self.terminate();
                }
                (Timer::D, State::Completed) | (Timer::M, State::Accepted) => self.terminate(),
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

    /// Passes the final response up and waits for its repeats.
    fn settle(&mut self, timer: Timer, until: Instant, state: State) {
        self.outputs.push_back(ClientOutput::Pass);
        self.timers.stop_all();
        self.timers.set(timer, until);
        self.state = state;
    }

    fn terminate(&mut self) {
        self.timers.stop_all();
        self.state = State::Terminated;
        self.outputs.push_back(ClientOutput::Terminate);
    }
}
