//! What each codec has to keep to. Beside each limit stands what was measured with a good codec, and what the
//! nearest of the broken ones came to (see `faults`).

use super::compare::{Band, Limits};

/// PCMU and PCMA.
pub(crate) const G711: Limits =
    Limits { band: Band::Narrow, fit: 0.99, poor: 0.985, jumps: 2, distance: 1.0, upper: 0.0 };

/// G.722.
pub(crate) const G722: Limits =
    Limits { band: Band::Wide, fit: 0.95, poor: 0.9, jumps: 2, distance: 3.0, upper: 6.0 };
