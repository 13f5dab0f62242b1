//! What each codec has to keep to. Beside each limit stands what was measured with a good codec, and what the
//! nearest of the broken ones came to (see `faults`).

use super::compare::{Band, Limits};

/// PCMU and PCMA.
pub(crate) const G711: Limits =
    Limits { band: Band::Narrow, fit: 0.99, poor: 0.985, jumps: 2, distance: 1.0, upper: 0.0 };

/// G.722.
pub(crate) const G722: Limits =
    Limits { band: Band::Wide, fit: 0.95, poor: 0.9, jumps: 2, distance: 3.0, upper: 6.0 };

/// Opus in its voice mode.
pub(crate) const OPUS: Limits =
    Limits { band: Band::Wide, fit: 0.9, poor: 0.8, jumps: 2, distance: 4.0, upper: 8.0 };

/// L16 at 16 kHz.
pub(crate) const L16: Limits =
    Limits { band: Band::Wide, fit: 0.99, poor: 0.985, jumps: 2, distance: 1.0, upper: 2.0 };

/// L16 at 8 kHz.
pub(crate) const L16_NARROW: Limits = Limits { band: Band::Narrow, upper: 0.0, ..L16 };
