//! The gateway in this process, watched.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use attendant::base::Purpose;
use attendant::call::Told;
use attendant::engines::tts::{Flite, FliteVoice};
use attendant::gateway::{Gateway, Seen, Watched};
use attendant::phone::{CallPlan, CallReport, Phone, PhoneConfig};
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

use super::{Folder, wait_until};

/// A line of the conversation, or the end of the call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Moment {
    /// A call came in.
    Arrived,
    /// The agent began to say this.
    Agent(String),
    /// The caller spoke over the agent and had heard only this.
    Cut(String),
    /// The caller was understood so.
    Caller(String),
    /// It is over, for this reason.
    Over(String),
}

/// A running gateway. It is stopped when dropped.
pub(crate) struct Inside {
    gateway: Option<Gateway>,
    moments: Arc<Mutex<Vec<Moment>>>,
    runtime: Runtime,
}

impl Inside {
    /// Starts it.
    pub(crate) fn start(folder: &Folder) -> Self {
        folder.prepare();
        let config = folder.config();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let gateway = runtime.block_on(Gateway::start(folder.path(), config)).unwrap();
        let moments = Arc::default();
        runtime.spawn(write_down(gateway.watch(), Arc::clone(&moments)));
        Self { gateway: Some(gateway), moments, runtime }
    }

    /// Returns how many calls there are.
    pub(crate) fn calls(&self) -> usize {
        self.gateway.as_ref().unwrap().facts().calls
    }

    /// Returns what has happened so far.
    pub(crate) fn moments(&self) -> Vec<Moment> {
        self.moments.lock().unwrap().clone()
    }

    /// Waits for a moment.
    pub(crate) fn saw(&self, patience: Duration, wanted: impl Fn(&Moment) -> bool) -> bool {
        wait_until(patience, || self.moments().iter().any(&wanted))
    }

    /// Makes a scripted call to it.
    pub(crate) fn call(&self, plan: CallPlan) -> CallReport {
        let voice = Box::new(Flite::new(FliteVoice::Slt, 1.1).unwrap());
        self.runtime.block_on(async {
            let config = PhoneConfig::new([127, 0, 0, 1].into(), "caller", voice);
            Phone::start(config).await.unwrap().call(plan).await.unwrap()
        })
    }

    /// The same, and hangs up once there was such a moment, or when nothing came of it for long.
    pub(crate) fn call_until(
        &self,
        mut plan: CallPlan,
        wanted: impl Fn(&Moment) -> bool + Send + 'static,
    ) -> CallReport {
        let (hang_up, stop) = tokio::sync::oneshot::channel();
        plan.stop = Some(stop);
        let moments = Arc::clone(&self.moments);
        let waiting = std::thread::spawn(move || {
            let over = |it: &Moment| wanted(it) || matches!(it, Moment::Over(_));
            wait_until(Duration::from_secs(90), || moments.lock().unwrap().iter().any(over));
            let _ = hang_up.send(());
        });
        let report = self.call(plan);
        waiting.join().unwrap();
        report
    }

    /// Drains and stops it, and returns what has happened.
    pub(crate) fn stop(mut self) -> Vec<Moment> {
        self.end();
        self.moments()
    }

    fn end(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            self.runtime.block_on(gateway.stop(Duration::from_secs(2)));
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.end();
    }
}

async fn write_down(mut watch: broadcast::Receiver<Watched>, moments: Arc<Mutex<Vec<Moment>>>) {
    const PURPOSE: Purpose = Purpose::Demonstration;
    loop {
        let watched = match watch.recv().await {
            Ok(watched) => watched,
            Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        let moment = match watched.seen {
            Seen::Arrived { .. } => Moment::Arrived,
            Seen::Told(Told::AgentSays { text, .. }) => Moment::Agent(text.reveal(PURPOSE).clone()),
            Seen::Told(Told::AgentInterrupted { heard, .. }) => {
                Moment::Cut(heard.reveal(PURPOSE).clone())
            }
            Seen::Told(Told::CallerSaid { text, .. }) => {
                Moment::Caller(text.reveal(PURPOSE).clone())
            }
            Seen::Over(summary) => Moment::Over(format!("{:?}", summary.reason)),
            Seen::Told(_) => continue,
        };
        moments.lock().unwrap().push(moment);
    }
}
