//! The gateway in this process with ears that understand nothing and a voice of tones: for tests of
//! signalling, which need no speech and no models.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use attendant::base::{CallId, Expect, Phi, TurnId};
use attendant::config::Config;
use attendant::gateway::{Engines, Gateway, Seen, Watched};
use attendant::speech::{HeardFrame, Recognizer, RecognizerError, Transcript};
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

use super::{Folder, wait_until};

#[path = "../phone_voice/mod.rs"]
pub(crate) mod phone_voice;

/// Ears that understand nothing.
#[derive(Default)]
struct Deaf(Option<TurnId>);

impl Recognizer for Deaf {
    fn push(&mut self, _: &HeardFrame) -> Result<(), RecognizerError> {
        Ok(())
    }
    fn expect(&mut self, _: Expect) {}
    fn finish(&mut self, turn: TurnId) {
        self.0 = Some(turn);
    }
    fn reset(&mut self) {}
    fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        let text = Phi::default();
        Ok(self.0.take().map(|turn| Transcript::Final { turn, text, confidence: 0.0 }))
    }
}

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

    /// Starts it with a configuration whose practice book is filled.
    pub(crate) fn start_in(dir: &Path) -> Self {
        let config = Config::load(dir).unwrap_or_else(|errors| panic!("{errors}"));
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let ears = || -> Box<dyn Recognizer> { Box::new(Deaf::default()) };
        let engines = Engines { ears: Box::new(ears), voice: Box::new(phone_voice::Syllables) };
        let gateway = Gateway::start_with(dir, config, engines);
        let gateway = runtime.block_on(gateway).unwrap();
        let record = Arc::default();
        runtime.spawn(write_down(gateway.watch(), Arc::clone(&record)));
        Self { gateway: Some(gateway), record, runtime }
    }

    /// Returns how many calls there are.
    pub(crate) fn calls(&self) -> usize {
        self.gateway.as_ref().unwrap().facts().calls
    }

    /// Returns how many dialogs, transactions and questions SIP still holds.
    pub(crate) fn sip(&self) -> usize {
        let dump = self.gateway.as_ref().unwrap().dump();
        self.runtime.block_on(dump).len()
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
        if let Some(gateway) = self.gateway.take() {
            self.runtime.block_on(gateway.stop(Duration::from_secs(2)));
        }
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
