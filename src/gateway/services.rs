//! What a trunk wants of its media, beyond what SDP agrees on: digits in the sound, noise, sound for who waits.

use std::net::IpAddr;
use std::time::Duration;

use crate::config::{TrunkProfile, WaitingSound};
use crate::media::{Backdrop, CallTone, CallTones, LegParams};
use crate::sdp::Negotiated;

/// For one call, as its trunk's profile stood when it came.
#[derive(Clone)]
pub(super) struct Services {
    in_band_digits: bool,
    comfort_noise: bool,
    rtp_timeout: Option<Duration>,
    /// What a caller hears who waits for somebody.
    pub(super) waiting: Backdrop,
}

impl Services {
    pub(super) fn of(profile: &TrunkProfile) -> Self {
        let media = &profile.media;
        let waiting = match &media.waiting {
            WaitingSound::Melody => Backdrop::Melody,
            WaitingSound::Ringing => {
                let country = profile.numbers.country.code();
                Backdrop::Tone(CallTone::Ringing, CallTones::of(country))
            }
            WaitingSound::Off => Backdrop::Line,
            WaitingSound::Recording(clip) => Backdrop::Clip(clip.clone()),
        };
        Self {
            in_band_digits: media.in_band_digits,
            comfort_noise: media.comfort_noise,
            rtp_timeout: media.rtp_timeout,
            waiting,
        }
    }

    /// What a media thread is told of a leg. `nat` is where signalling comes from when the far end may be behind NAT.
    pub(super) fn params(&self, negotiated: &Negotiated, nat: Option<IpAddr>) -> LegParams {
        let Negotiated { opus, telephone_event, event_clock, packet_time, direction, .. } =
            *negotiated;
        LegParams {
            opus,
            telephone_event,
            event_clock,
            packet_time,
            sends: direction.sends(),
            receives: direction.receives(),
            learn_source: nat.is_some(),
            learn_from: nat,
            srtp: negotiated.srtp.clone(),
            rtcp: negotiated.rtcp,
            in_band_digits: self.in_band_digits,
            comfort_noise: self.comfort_noise,
            pauses: negotiated.comfort_noise,
            rtp_timeout: self.rtp_timeout,
            ..LegParams::new(negotiated.codec, negotiated.payload_type, negotiated.remote)
        }
    }
}
