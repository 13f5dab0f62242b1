//! Builds everything from the configuration and starts it.

use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::agent::fixed_sentences;
use crate::audit::Audit;
use crate::base::{Language, Secret};
use crate::config::{Book, Config};
use crate::ehr::{BuiltinBook, Ehr, EhrError};
use crate::engines::models::{self, ModelPaths, Set};
use crate::engines::stt::{MoonshineModel, WhisperModel, either};
use crate::engines::tts::EmbeddedVoices;
use crate::ops::http::{Condition, Health};
use crate::ops::{self, http, metrics, systemd};
use crate::practice::{Practice, Practitioner};
use crate::recording::Recorder;
use crate::signalling::Signalling;
use crate::sip::Command;
use crate::speech::{Recognizer, Voice};
use crate::store::Store;
use crate::toolbox::{Toolbox, civil_clock};
use crate::workers::{Hearing, MediaConfig, MediaEvent, MediaEvents, MediaPlane, Speaking};

use super::error::StartError;
use super::judge::{self, Judges};
use super::reload::{self, CONTROL_SOCKET, ReloadError, Reloaded};
use super::shared::Shared;
use super::standing::TrunkFacts;
use super::switchboard::{Board, Control, Switchboard, expect_metrics};
use super::watch::Watched;
use super::{media_minder, recording_minder, sockets, spawn, vendors};

/// What a watcher may be behind before it loses the oldest: a minute of a lively call.
const WATCHED: usize = 1024;
/// Events that may wait for the switchboard.
const EVENTS: usize = 1024;

/// Voices that speak at once; they share their weights.
const VOICES: usize = 2;

/// A running gateway.
pub struct Gateway {
    shared: Arc<Shared>,
    control: mpsc::Sender<Control>,
    calls: watch::Receiver<usize>,
    trunks: watch::Receiver<Vec<TrunkFacts>>,
    switchboard: JoinHandle<()>,
    background: Vec<JoinHandle<()>>,
    health: Health,
}

/// Makes a call's recogniser for a language.
pub type Ears = Box<dyn Fn(Language) -> Box<dyn Recognizer> + Send + Sync>;

/// What hears and speaks in every call.
pub struct Engines {
    /// Makes a recogniser for each call.
    pub ears: Ears,
    /// Speak for all of them, a thread each.
    pub voices: Vec<Box<dyn Voice>>,
}

impl Engines {
    /// Loads the embedded ones.
    ///
    /// # Errors
    /// A model is missing or damaged.
    pub fn embedded(config: &Config) -> Result<Self, StartError> {
        let paths = models::find(&config.node.models)?;
        let ears = embedded_ears(config, &paths)?;
        let voices = embedded_voices(config, &paths)?;
        Ok(Self { ears, voices: (0..VOICES).map(|_| voices.voice()).collect() })
    }
}

/// What a running gateway says of itself.
#[derive(Clone, Debug)]
pub struct Facts {
    /// How the media threads are scheduled.
    pub scheduling: String,
    /// Calls at this moment.
    pub calls: usize,
    /// How each trunk stands.
    pub trunks: Vec<TrunkFacts>,
}

impl Gateway {
    /// Builds everything and takes calls.
    ///
    /// # Errors
    /// With what is missing, where, and what to do; then nothing is left running.
    pub async fn start(dir: &Path, config: Config) -> Result<Self, StartError> {
        let begun = Instant::now();
        let engines = Engines::embedded(&config)?;
        let judges = judge::embedded(&config);
        Self::build(begun, dir, config, engines, judges).await
    }

    /// As [`Self::start`], with other ears and another voice.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(
        dir: &Path,
        config: Config,
        engines: Engines,
    ) -> Result<Self, StartError> {
        Self::build(Instant::now(), dir, config, engines, None).await
    }

    async fn build(
        begun: Instant,
        dir: &Path,
        config: Config,
        engines: Engines,
        judges: Option<Judges>,
    ) -> Result<Self, StartError> {
        let metrics = metrics::install().ok();
        let (engines, standings) = vendors::before(engines, &config)?;
        let store = open_book(&config).await?;
        let ehr: Arc<dyn Ehr> = Arc::new(BuiltinBook::new(store.clone()));
        let (practice, practitioners) = clinic(ehr.as_ref(), &config).await?;
        let (audit, writer) = Audit::open(config.node.data.join("audit.jsonl"))?;
        let toolbox =
            Toolbox::new(Arc::clone(&ehr), audit.clone(), civil_clock(&practice.time_zone)?);
        let media = MediaPlane::start(&media_config(&config))?;
        let hearing = Hearing::start(config.node.hearing_threads.get().into())?;
        let speaking = Speaking::start(engines.voices)?;
        prepare_sentences(&speaking, &config);
        let recorder = Recorder::start()?;
        let seed = seed_of_the_system();
        let key = key_of_the_system().map_err(StartError::Random)?;
        let (driver, signalling, signals) =
            Signalling::open(&sockets::settings(&config), config.ua(), seed)?;

        let mut background = vec![spawn("audit", writer), spawn("signalling", driver.run())];
        let health = Health::default();
        health.ask(
            standings.into_iter().map(|vendor| Box::new(move || vendor.line()) as _).collect(),
        );
        background.extend(serve_metrics(&config, metrics, &health).await?);
        let (media_events, heard) = mpsc::channel(EVENTS);
        background.extend(
            media.events().map(|events| spawn("media events", pass_on(events, media_events))),
        );
        say_if_torn(&audit);
        media_minder::say_how_it_starts(&media);

        expect_metrics(&config);
        let ready = (config.trunks.len(), config.generation.to_string());
        let shared = Arc::new(Shared {
            config_dir: dir.to_owned(),
            languages: config.languages(),
            config: ArcSwap::from_pointee(config),
            signalling,
            media,
            hearing,
            speaking,
            ears: engines.ears,
            recorder,
            judges,
            toolbox,
            audit,
            store,
            practice,
            practitioners,
            watch: broadcast::channel(WATCHED).0,
        });
        shared.tell(Command::NonceKey { key }).await;
        let (control, asked) = mpsc::channel(8);
        let (calls_told, calls) = watch::channel(0);
        let (trunks_told, trunks) = watch::channel(Vec::new());
        let board = Board { calls: calls_told, trunks: trunks_told, health: health.clone() };
        let switchboard = Switchboard::new(Arc::clone(&shared), seed ^ 1, board);
        let switchboard = spawn("switchboard", switchboard.run(signals, heard, asked));
        background.extend(minders(&shared, &control).await);
        health.set(Condition::Ready);
        ops::Ready { trunks: ready.0, generation: &ready.1, took: begun.elapsed() }.emit();
        Ok(Self { shared, control, calls, trunks, switchboard, background, health })
    }

    /// Returns what it says of itself.
    pub fn facts(&self) -> Facts {
        Facts {
            scheduling: ops::Label::label(media_minder::scheduling(&self.shared.media)).to_owned(),
            calls: *self.calls.borrow(),
            trunks: self.trunks.borrow().clone(),
        }
    }

    /// Keeps all memory of this process in memory, and says whether that may be. It is for a process
    /// that does nothing else.
    pub fn lock_memory(&self) {
        media_minder::lock_memory();
    }

    /// Returns a line for `systemctl status`.
    pub fn status(&self) -> String {
        media_minder::status(&self.shared.media)
    }

    /// Says what SIP holds and waits for, a line each; nothing when it has stopped. An ended call stays
    /// for half a minute, to answer what comes late.
    pub async fn dump(&self) -> Vec<String> {
        self.shared.signalling.dump().await.unwrap_or_default()
    }

    /// Watches all calls from now on.
    pub fn watch(&self) -> broadcast::Receiver<Watched> {
        self.shared.watch.subscribe()
    }

    /// Reads the configuration again. A bad one changes nothing.
    ///
    /// # Errors
    /// With every mistake in every file, or the socket that cannot be opened.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        reload::reload(&self.control).await
    }

    /// Takes no more calls, lets the running ones finish within this time, and stops.
    pub async fn stop(mut self, within: Duration) {
        self.health.set(Condition::Draining);
        if self.control.send(Control::Drain { within }).await.is_ok() {
            // An error means that the switchboard has panicked, and with it every call has ended.
            let _ = (&mut self.switchboard).await;
        }
        // The last responses and acknowledgements are given a moment on the wire.
        tokio::time::sleep(Duration::from_millis(100)).await;
        for task in &self.background {
            task.abort();
        }
        // It may be gone already, or never have been there.
        let data = self.shared.config.load().node.data.clone();
        let _ = std::fs::remove_file(data.join(CONTROL_SOCKET));
        self.shared.store.close().await;
    }
}

/// Loads what hears: Spanish only if some route has it.
fn embedded_ears(config: &Config, paths: &ModelPaths) -> Result<Ears, StartError> {
    let english = MoonshineModel::load(paths)?;
    if !config.languages().into_iter().any(WhisperModel::hears) {
        return Ok(Box::new(move |_| english.recognizer()));
    }
    let spanish = WhisperModel::load(&models::find_set(&config.node.models, Set::Spanish)?)?;
    Ok(Box::new(move |language| match WhisperModel::hears(language) {
        true => spanish.recognizer(),
        // Who calls in Spanish is heard before the agent has changed to it.
        false => either(&english, &spanish),
    }))
}

/// Loads what speaks: Spanish only if some route has it.
fn embedded_voices(config: &Config, paths: &ModelPaths) -> Result<EmbeddedVoices, StartError> {
    let spanish =
        config.languages().into_iter().any(|language| language.embedded() == Some(Language::ES_US));
    let spanish = spanish.then(|| models::find_set(&config.node.models, Set::Spanish));
    Ok(EmbeddedVoices::load(paths, spanish.transpose()?.as_ref())?)
}

/// Has what is said word for word ready before it is said, in every language of the routes: the emergency of each first.
fn prepare_sentences(speaking: &Speaking, config: &Config) {
    for language in config.languages() {
        speaking.prerender_in_idle_time(fixed_sentences(language), language.into());
    }
}

async fn open_book(config: &Config) -> Result<Store, StartError> {
    let Book::BuiltIn { path } = &config.node.book;
    Ok(Store::open(path).await?)
}

/// Returns who the practice is and who works there; a book that does not say is as good as empty.
async fn clinic(
    ehr: &dyn Ehr,
    config: &Config,
) -> Result<(Practice, Vec<Practitioner>), StartError> {
    let practice = ehr.practice().await.map_err(|error| match error {
        EhrError::NotFound => empty_book(config),
        error => StartError::Practice(error),
    })?;
    let practitioners = ehr.practitioners().await.map_err(StartError::Practice)?;
    match practitioners.is_empty() {
        true => Err(empty_book(config)),
        false => Ok((practice, practitioners)),
    }
}

fn empty_book(config: &Config) -> StartError {
    let Book::BuiltIn { path } = &config.node.book;
    StartError::EmptyBook { path: path.display().to_string() }
}

fn say_if_torn(audit: &Audit) {
    if let Some(bytes) = audit.torn_bytes() {
        tracing::warn!(
            bytes,
            "The audit record ended in the middle of a line, which was cut off: the process was killed, or the disk was full."
        );
    }
}

fn media_config(config: &Config) -> MediaConfig {
    let rtp = &config.node.rtp;
    let bind = rtp.bind.unwrap_or_else(|| config.node.sip_listen.ip());
    MediaConfig {
        threads: config.node.media_threads.get().into(),
        ports: rtp.ports.clone(),
        bind,
        advertised: rtp.advertise.unwrap_or(bind),
    }
}

async fn pass_on(mut events: MediaEvents, to: mpsc::Sender<MediaEvent>) {
    while let Ok(event) = events.next().await {
        if to.send(event).await.is_err() {
            return;
        }
    }
}

/// Starts what looks after the process, and what is asked from outside.
async fn minders(shared: &Arc<Shared>, control: &mpsc::Sender<Control>) -> Vec<JoinHandle<()>> {
    let mut minders = vec![spawn("media minder", media_minder::run(Arc::clone(shared)))];
    minders.push(spawn("recording minder", recording_minder::run(Arc::clone(shared))));
    minders.extend(watchdog(control.clone()));
    minders.extend(serve_control(&shared.config.load(), control.clone()).await);
    minders
}

/// Opens the socket of `attendant reload`. Calls do not depend on it: without it SIGHUP reloads.
async fn serve_control(config: &Config, control: mpsc::Sender<Control>) -> Option<JoinHandle<()>> {
    match reload::open(&config.node.data).await {
        Ok(listener) => Some(spawn("control", reload::serve(listener, control))),
        Err(error) => {
            tracing::warn!(%error, "No control socket: `attendant reload` cannot ask, SIGHUP still works.");
            None
        }
    }
}

async fn serve_metrics(
    config: &Config,
    metrics: Option<metrics::Metrics>,
    health: &Health,
) -> Result<Option<JoinHandle<()>>, StartError> {
    let (Some(address), Some(metrics)) = (config.node.metrics, metrics) else { return Ok(None) };
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| StartError::Metrics { address, source })?;
    Ok(Some(spawn("metrics", http::run(listener, metrics, health.clone()))))
}

/// Tells systemd that the switchboard still moves.
fn watchdog(control: mpsc::Sender<Control>) -> Option<JoinHandle<()>> {
    let every = systemd::watchdog_interval()?;
    Some(spawn("watchdog", async move {
        loop {
            tokio::time::sleep(every).await;
            let (answer, answered) = oneshot::channel();
            if control.send(Control::Alive(answer)).await.is_err() {
                return;
            }
            if answered.await.is_ok() {
                systemd::alive();
            }
        }
    }))
}

/// What nonces are made with (256 bits): a password's digest is worth more than a seed of 64.
fn key_of_the_system() -> std::io::Result<Secret> {
    use std::fmt::Write as _;
    use std::io::Read as _;
    let mut bytes = [0_u8; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let mut key = String::with_capacity(64);
    for byte in bytes {
        write!(key, "{byte:02x}").expect("writing to a string cannot fail");
    }
    Ok(Secret::new(key))
}

/// Tags and branches must not be guessed: the standard library seeds its hasher from the system.
fn seed_of_the_system() -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::normalise::{sentences, to_spoken_in};

    /// The emergency is rendered first, and would be the first to go.
    #[test]
    fn the_sentences_of_both_languages_and_the_greetings_fit_in_what_is_kept() {
        /// Slower than either voice; and what stands between sentences.
        const LETTERS_A_SECOND: usize = 12;
        const PAUSE: Duration = Duration::from_millis(200);
        let sound = |text: &str, language: Language| {
            let spoken = to_spoken_in(text, language);
            let parts = sentences(&spoken).len() as u32;
            let long = Duration::from_secs(spoken.len() as u64) / LETTERS_A_SECOND as u32;
            let whole = long + PAUSE * parts;
            // A text of several sentences is kept whole, and each of them too.
            if parts > 1 { whole * 2 } else { whole }
        };
        let all: Duration = [Language::EN_US, Language::ES_US]
            .iter()
            .flat_map(|&language| fixed_sentences(language).into_iter().map(move |t| (t, language)))
            .map(|(text, language)| sound(text, language))
            .sum();
        // Five of the longest prompts that are kept: greetings of as many routes.
        let greetings = Duration::from_secs(5 * 20);
        assert!(all + greetings <= Speaking::KEEPS, "{all:?} of {:?}", Speaking::KEEPS);
    }
}
