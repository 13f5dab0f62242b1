//! What all calls share. Everything in it is a handle or an immutable snapshot.

use std::collections::BTreeSet;
use std::path::PathBuf;

use arc_swap::ArcSwap;
use tokio::sync::broadcast;

use crate::audit::Audit;
use crate::base::Language;
use crate::config::Config;
use crate::practice::{Practice, Practitioner};
use crate::recording::Recorder;
use crate::signalling;
use crate::sip::Command;
use crate::speech::Recognizer;
use crate::store::Store;
use crate::toolbox::Toolbox;
use crate::workers::{Hearing, MediaPlane, Speaking};

use super::judge::Judges;
use super::start::Ears;
use super::watch::Watched;

/// What all calls share.
pub(super) struct Shared {
    pub(super) config_dir: PathBuf,
    /// Replaced by a reload; a call keeps what it started with.
    pub(super) config: ArcSwap<Config>,
    pub(super) signalling: signalling::Handle,
    pub(super) media: MediaPlane,
    pub(super) hearing: Hearing,
    pub(super) speaking: Speaking,
    pub(super) ears: Ears,
    /// What was loaded at the start hears and speaks these; a reload adds none.
    pub(super) languages: BTreeSet<Language>,
    pub(super) recorder: Recorder,
    /// Tell voices from noise and music, where there is a model.
    pub(super) judges: Option<Judges>,
    pub(super) toolbox: Toolbox,
    pub(super) audit: Audit,
    pub(super) store: Store,
    pub(super) practice: Practice,
    pub(super) practitioners: Vec<Practitioner>,
    pub(super) watch: broadcast::Sender<Watched>,
}

impl Shared {
    /// Tells the user agent what is wanted. Once signalling has stopped, so has all else.
    pub(super) async fn tell(&self, command: Command) {
        let _ = self.signalling.command(command).await;
    }

    /// Makes a call's recogniser.
    pub(super) fn recognizer(&self, language: Language) -> Box<dyn Recognizer> {
        (self.ears)(language)
    }
}
