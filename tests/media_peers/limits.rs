//! What each codec has to keep to. Above each stands what good calls came to, fit and distance the worst of both
//! directions. The nearest of what `faults` breaks: silenced frames (a fifth fits by 0.970, 1.2 dB), lost frames (8
//! jumps), noise besides (0.87, 9.5 dB), the wrong law (0.66, 8.8 dB), a narrow band (40 dB above 4 kHz).

use super::compare::{Band, Limits};

/// PCMU and PCMA, in the clear and encrypted: 0.9994, a fifth 0.998, 0.49 dB.
pub(crate) const G711: Limits =
    Limits { band: Band::Narrow, fit: 0.99, poor: 0.985, jumps: 2, distance: 1.0, upper: 0.0 };

/// G.722: 0.9987, a fifth 0.985, 0.53 dB, above 4 kHz 1.2 dB.
pub(crate) const G722: Limits =
    Limits { band: Band::Wide, fit: 0.98, poor: 0.95, jumps: 2, distance: 1.5, upper: 4.0 };

/// Opus in its voice mode: 0.937, a fifth 0.88, 1.1 dB, above 4 kHz 2.4 dB.
pub(crate) const OPUS: Limits =
    Limits { band: Band::Wide, fit: 0.85, poor: 0.75, jumps: 2, distance: 2.5, upper: 5.0 };

/// L16 at 16 kHz: 1.000, 0.09 dB, above 4 kHz 0.1 dB.
pub(crate) const L16: Limits =
    Limits { band: Band::Wide, fit: 0.995, poor: 0.99, jumps: 2, distance: 0.5, upper: 1.0 };

/// L16 at 8 kHz: 1.000, 0.11 dB.
pub(crate) const L16_NARROW: Limits = Limits { band: Band::Narrow, upper: 0.0, ..L16 };
