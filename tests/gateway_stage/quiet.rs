//! The gateway in this process with ears that understand nothing and a voice of tones: for tests of
//! signalling, which need no speech and no models.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use attendant::base::CallId;
use attendant::config::Config;
use attendant::gateway::{Engines, Facts, Gateway, ReloadError, Reloaded, Seen, Watched};
use attendant::speech::Recognizer;
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

use super::{Folder, wait_until};

#[path = "../without_models/mod.rs"]
pub(crate) mod without_models;

use without_models::{Deaf, Syllables};

/// What the gateway has told of its calls.
#[derive(Debug, Default)]
struct Record {
    /// The trunk of each call.
    trunks: BTreeMap<CallId, String>,
    /// Why calls ended, by trunk.
    ends: BTreeMap<String, Vec<String>>,
    over: usize,
}

/// A running gateway. It is stopped when dropped.
pub(crate) struct Quiet {
    gateway: Option<Gateway>,
    record: Arc<Mutex<Record>>,
    runtime: Runtime,
}

impl Quiet {
    /// Starts it.
    pub(crate) fn start(folder: &Folder) -> Self {
        folder.fill_book();
        Self::start_in(folder.path())
    }

    /// Starts it with ears that take so long to put on.
    pub(crate) fn start_slowly(folder: &Folder, wait: Duration) -> Self {
        folder.fill_book();
        Self::start_with(folder.path(), wait)
    }

    /// Starts it with a configuration whose practice book is filled.
    pub(crate) fn start_in(dir: &Path) -> Self {
        Self::start_with(dir, Duration::ZERO)
    }

    fn start_with(dir: &Path, wait: Duration) -> Self {
        Self::start_with_ears(dir, move || {
            std::thread::sleep(wait);
            Box::new(Deaf::default())
        })
    }

    /// Starts it with ears of the test's own.
    pub(crate) fn start_with_ears(
        dir: &Path,
        ears: impl Fn() -> Box<dyn Recognizer> + Send + Sync + 'static,
    ) -> Self {
        let config = Config::load(dir).unwrap_or_else(|errors| panic!("{errors}"));
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let engines =
            Engines { ears: Box::new(move |_| ears()), voices: vec![Box::new(Syllables)] };
        let gateway = runtime.block_on(Gateway::start_with(dir, config, engines)).unwrap();
        let record = Arc::default();
        runtime.spawn(write_down(gateway.watch(), Arc::clone(&record)));
        Self { gateway: Some(gateway), record, runtime }
    }

    fn gateway(&self) -> &Gateway {
        self.gateway.as_ref().unwrap()
    }

    /// Returns what it says of itself.
    pub(crate) fn facts(&self) -> Facts {
        self.gateway().facts()
    }

    /// Returns how many calls there are.
    pub(crate) fn calls(&self) -> usize {
        self.facts().calls
    }

    /// Reads the configuration again.
    pub(crate) fn reload(&self) -> Result<Reloaded, ReloadError> {
        self.runtime.block_on(self.gateway().reload())
    }

    /// Does something beside it, on its threads.
    pub(crate) fn beside<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Drains and stops it in a thread of its own.
    pub(crate) fn stop(mut self, within: Duration) -> JoinHandle<()> {
        std::thread::spawn(move || self.end(within))
    }

    fn end(&mut self, within: Duration) {
        if let Some(gateway) = self.gateway.take() {
            self.runtime.block_on(gateway.stop(within));
        }
    }

    /// Returns how many dialogs, transactions and questions SIP still holds.
    pub(crate) fn sip(&self) -> usize {
        self.runtime.block_on(self.gateway().dump()).len()
    }

    /// Returns how many calls have come in, and how many are over.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let record = self.record.lock().unwrap();
        (record.trunks.len(), record.over)
    }

    /// Returns why the calls of a trunk ended, one after another.
    pub(crate) fn ends(&self, trunk: &str) -> Vec<String> {
        self.record.lock().unwrap().ends.get(trunk).cloned().unwrap_or_default()
    }

    /// Waits until no call is left.
    pub(crate) fn is_empty_within(&self, patience: Duration) -> bool {
        wait_until(patience, || self.calls() == 0 && self.counts().0 == self.counts().1)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        self.end(Duration::from_secs(2));
    }
}

async fn write_down(mut watch: broadcast::Receiver<Watched>, record: Arc<Mutex<Record>>) {
    loop {
        let watched = match watch.recv().await {
            Ok(watched) => watched,
            Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        let mut record = record.lock().unwrap();
        match watched.seen {
            Seen::Arrived { trunk, .. } => {
                record.trunks.insert(watched.call, trunk.to_string());
            }
            Seen::Over(summary) => {
                let trunk = record.trunks.get(&watched.call).cloned().unwrap_or_default();
                record.ends.entry(trunk).or_default().push(format!("{:?}", summary.reason));
                record.over += 1;
            }
            Seen::Told(_) => {}
        }
    }
}
