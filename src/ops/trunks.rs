//! Events of trunks: whether their PBX is there, and whether it has taken our registration.

use ::metrics::{counter, gauge};

use crate::base::TrunkName;

use super::labels::{Label, TrunkStateLabel};
use super::metrics::names;

/// A PBX was asked whether it is there. It is counted each time, and only [`TrunkChanged`] is news.
#[derive(Debug)]
pub struct TrunkPinged<'a> {
    /// Which trunk.
    pub trunk: &'a TrunkName,
    /// The status it answered with; `None` is silence.
    pub status: Option<u16>,
    /// Whether it takes calls, by that answer.
    pub up: bool,
}

impl TrunkPinged<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { trunk, status, up } = self;
        tracing::debug!(%trunk, ?status, up, "Trunk asked.");
        let up = if up { 1.0 } else { 0.0 };
        gauge!(names::TRUNK_UP, "trunk" => trunk.to_string()).set(up);
    }
}

/// A trunk came up, went down, or began to drain.
#[derive(Debug)]
pub struct TrunkChanged<'a> {
    /// Which.
    pub trunk: &'a TrunkName,
    /// What it is now.
    pub state: TrunkStateLabel,
    /// In words.
    pub why: &'a str,
}

impl TrunkChanged<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { trunk, state, why } = self;
        match state {
            TrunkStateLabel::Up => tracing::info!(%trunk, "Trunk is up."),
            TrunkStateLabel::Draining => tracing::warn!(%trunk, why, "Trunk is draining."),
            TrunkStateLabel::Down => tracing::error!(%trunk, why, "Trunk is down."),
            TrunkStateLabel::Unknown => tracing::debug!(%trunk, "Trunk is not asked yet."),
        }
        counter!(names::TRUNK_CHANGES, "state" => state.label()).increment(1);
    }
}

/// How our registration with a PBX goes.
#[derive(Debug)]
pub struct TrunkRegistered<'a> {
    /// Which trunk's.
    pub trunk: &'a TrunkName,
    /// Whether the PBX has taken it.
    pub holds: bool,
    /// Why the last attempt failed, if it did.
    pub why: Option<&'a str>,
    /// Whether this is news.
    pub changed: bool,
}

impl TrunkRegistered<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { trunk, holds, why, changed } = self;
        match (changed, holds, why) {
            (false, ..) => tracing::debug!(%trunk, holds, "Registration told."),
            (true, true, None) => tracing::info!(%trunk, "Registered with the PBX."),
            (true, true, Some(why)) => {
                tracing::warn!(%trunk, why, "Registration was not refreshed; the last one still holds.");
            }
            (true, false, Some(why)) => {
                tracing::error!(%trunk, why, "Not registered with the PBX.")
            }
            (true, false, None) => tracing::info!(%trunk, "No longer registered with the PBX."),
        }
        let holds = if holds { 1.0 } else { 0.0 };
        gauge!(names::TRUNK_REGISTERED, "trunk" => trunk.to_string()).set(holds);
    }
}
