//! Builds everything from the configuration, admits calls, drains and stops.
//!
//! House rules: the only place that spawns tasks; each has a name and ends by itself when what it
//! waits for is gone.

mod admission;
mod call_task;
mod decision;
mod error;
mod judge;
mod leg_sound;
mod media_minder;
mod recording;
mod recording_minder;
mod reload;
mod rescue;
mod services;
mod shared;
mod sockets;
mod standing;
mod start;
mod switchboard;
mod throttle;
mod tools;
mod trunk_sound;
mod trunks;
mod turn_clock;
mod vendors;
mod watch;
mod wrap_up;

pub use decision::{Answer, Asked, Decision, Offered, decide};
pub use error::StartError;
pub use reload::{AskError, CONTROL_SOCKET, ReloadError, Reloaded, ask_to_reload};
pub use standing::{Registered, TrunkFacts, TrunkState};
pub use start::{Ears, Engines, Facts, Gateway};
pub use watch::{Seen, Watched};

/// Starts a task. Its name is in the log when it panics.
fn spawn<F>(name: &'static str, task: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    use tracing::Instrument;
    tokio::spawn(task.instrument(tracing::debug_span!("task", name)))
}
