//! Numbers that have a unit.

use std::time::Duration;

/// Samples a second, of sound or of an RTP clock.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SampleRate(pub u32);

/// How much sound one RTP packet carries (`a=ptime`, RFC 8866 §6.4), in whole milliseconds.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PacketTime(pub u16);

impl PacketTime {
    /// What every PBX sends unless told otherwise.
    pub const DEFAULT: Self = Self(20);

    /// Returns it as a duration.
    pub fn duration(self) -> Duration {
        Duration::from_millis(self.0.into())
    }
}

/// A level in dBov: 0 is the loudest, silence about -127 (RFC 6464).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Decibel(pub f32);

/// An RTP timestamp as it stands on the wire: 32 bits, and it wraps (RFC 3550 §5.1).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct RtpTime(pub u32);

/// An RTP sequence number as it stands on the wire: 16 bits, and it wraps (RFC 3550 §5.1).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct SeqNo(pub u16);

/// A sequence number with its wraps counted, so that it can be compared and subtracted.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ExtSeqNo(u64);

impl ExtSeqNo {
    /// Starts one wrap up, so that a packet sent before the first one received still fits below.
    pub fn first(wire: SeqNo) -> Self {
        Self((1 << 16) | u64::from(wire.0))
    }

    /// Returns the number nearest to `self` that ends in `wire` (RFC 3550 appendix A.1).
    #[must_use]
    pub fn nearest(self, wire: SeqNo) -> Self {
        let step = wire.0.wrapping_sub(self.0 as u16) as i16;
        Self(self.0.saturating_add_signed(step.into()))
    }

    /// Returns what of it goes on the wire.
    pub fn to_wire(self) -> SeqNo {
        SeqNo(self.0 as u16)
    }

    /// Returns the number after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Returns the number as counted, wraps and all.
    pub fn value(self) -> u64 {
        self.0
    }
}
