//! The server non-INVITE transaction (RFC 3261 §17.2.2): answers repeats with what was answered.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::Timing;
use crate::base::TimerTable;

/// What the server non-INVITE transaction is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ServerInput {
    /// The request came again.
    Request,
    /// The layer above answers: the status, and the response as it goes out.
    Respond(u16, Bytes),
}

/// What a server transaction wants done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ServerOutput {
    /// Put this response on the wire.
    Send(Bytes),
    /// The ACK of an accepted call, which belongs to the dialog above.
    PassAck,
    /// No ACK came for a refusal; the peer may be gone.
    AckTimeout,
    /// The machine is finished; drop it.
    Terminate,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Timer {
    /// Answers repeats of the request.
    J,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

/// The server non-INVITE transaction.
#[derive(Debug)]
pub struct Server {
    state: State,
    /// What was sent last; empty before that.
    last: Bytes,
    timing: Timing,
    timers: TimerTable<Timer>,
    outputs: VecDeque<ServerOutput>,
}

impl Server {
    /// Starts when the request has come for the first time.
    pub fn new(timing: Timing) -> Self {
        Self {
            state: State::Trying,
            last: Bytes::new(),
            timing,
            timers: TimerTable::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes a message from either side.
    pub fn handle_input(&mut self, now: Instant, input: ServerInput) {
        match (self.state, input) {
            (State::Proceeding | State::Completed, ServerInput::Request) => {
                self.outputs.push_back(ServerOutput::Send(self.last.clone()));
            }
            (State::Trying | State::Proceeding, ServerInput::Respond(status, response)) => {
                self.outputs.push_back(ServerOutput::Send(response.clone()));
                self.last = response;
                self.state = State::Proceeding;
                if status >= 200 {
                    let wait = self.timing.unless_reliable(self.timing.give_up());
                    self.timers.set(Timer::J, now + wait);
                    self.state = State::Completed;
                }
            }
            // Nothing was said yet, or the last word has been.
            _ => {}
        }
    }

    /// Runs every timer due at `now`. Calling it early or twice does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            match (timer, self.state) {
                (Timer::J, State::Completed) => {
                    self.timers.stop_all();
                    self.state = State::Terminated;
                    self.outputs.push_back(ServerOutput::Terminate);
                }
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

    /// Says where it stands, for the state dump.
    pub fn describe(&self) -> String {
        format!("{:?}", self.state)
    }
}
