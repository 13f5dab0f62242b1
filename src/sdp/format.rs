//! What a stream's payload types stand for: `a=rtpmap` and `a=fmtp`, or RFC 3551 where there is
//! none.

use std::collections::BTreeMap;

use super::fmtp;
use super::session::Media;
use crate::base::SampleRate;
use crate::codec::{Codec, OpusSettings};

/// Payload types that need no `a=rtpmap` (RFC 3551 §6), by which peers still name them.
const STATIC: [(u8, &str, u32); 13] = [
    (0, "PCMU", 8_000),
    (3, "GSM", 8_000),
    (4, "G723", 8_000),
    (5, "DVI4", 8_000),
    (7, "LPC", 8_000),
    (8, "PCMA", 8_000),
    (9, "G722", 8_000),
    (12, "QCELP", 8_000),
    (13, "CN", 8_000),
    (15, "G728", 8_000),
    (18, "G729", 8_000),
    (10, "L16", 44_100),
    (11, "L16", 44_100),
];

/// One payload type and what it means; without a name if nobody says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Format {
    pub(super) payload_type: u8,
    name: String,
    clock: u32,
    channels: u8,
    /// What `a=fmtp` says of it.
    parameters: String,
}

impl Format {
    /// Returns the formats of a stream, in the order of preference.
    pub(super) fn all(media: &Media) -> Vec<Self> {
        let maps = media.values("rtpmap").filter_map(Self::parse_map);
        let maps: BTreeMap<u8, Self> = maps.map(|map| (map.payload_type, map)).collect();
        let parameters: BTreeMap<u8, &str> =
            media.values("fmtp").filter_map(Self::parse_parameters).collect();
        let number = |word: &String| word.parse::<u8>().ok().filter(|number| *number < 128);
        let meaning = |number: u8| {
            let mapped = maps.get(&number).cloned().or_else(|| Self::from_table(number));
            let format = mapped.unwrap_or(Self { payload_type: number, ..Self::default() });
            let parameters = parameters.get(&number).copied().unwrap_or_default().to_owned();
            Self { parameters, ..format }
        };
        // 128 payload types are all there are.
        media.formats.iter().filter_map(number).map(meaning).take(128).collect()
    }

    /// Whether this is the codec, with one channel; Opus without its second one is Opus.
    pub(super) fn is(&self, codec: Codec) -> bool {
        self.name.eq_ignore_ascii_case(codec.sdp_name())
            && self.clock == codec.clock_rate().0
            && (self.channels == 1 || self.channels == codec.sdp_channels())
    }

    /// Whether this is RFC 4733 at this clock.
    pub(super) fn is_telephone_event(&self, clock: SampleRate) -> bool {
        self.name.eq_ignore_ascii_case("telephone-event") && self.clock == clock.0
    }

    /// Whether this is RFC 3389, at the clock that its payload type has.
    pub(super) fn is_comfort_noise(&self) -> bool {
        self.name.eq_ignore_ascii_case("CN") && self.clock == 8_000 && self.channels == 1
    }

    /// Returns how the far end wants its Opus.
    pub(super) fn opus(&self) -> OpusSettings {
        fmtp::opus(&self.parameters)
    }

    /// Returns it as `G729/8000`. A peer's name is cut to what a log line can bear.
    pub(super) fn describe(&self) -> String {
        if self.name.is_empty() {
            return format!("payload type {}", self.payload_type);
        }
        let plain = |letter: &char| letter.is_ascii_alphanumeric() || "-_.".contains(*letter);
        let name: String = self.name.chars().filter(plain).take(32).collect();
        format!("{name}/{}", self.clock)
    }

    /// Reads `101 telephone-event/8000` or `96 opus/48000/2`.
    fn parse_map(value: &str) -> Option<Self> {
        let (payload_type, encoding) = value.split_once([' ', '\t'])?;
        let mut parts = encoding.trim().split('/');
        Some(Self {
            payload_type: payload_type.parse().ok()?,
            name: parts.next()?.to_owned(),
            clock: parts.next()?.parse().ok()?,
            channels: parts.next().map_or(Some(1), |channels| channels.parse().ok())?,
            parameters: String::new(),
        })
    }

    /// Reads `96 useinbandfec=1`.
    fn parse_parameters(value: &str) -> Option<(u8, &str)> {
        let (payload_type, parameters) = value.split_once([' ', '\t'])?;
        Some((payload_type.parse().ok()?, parameters.trim()))
    }

    fn from_table(number: u8) -> Option<Self> {
        let (payload_type, name, clock) = *STATIC.iter().find(|(known, ..)| *known == number)?;
        let channels = if number == 10 { 2 } else { 1 };
        let parameters = String::new();
        Some(Self { payload_type, name: name.into(), clock, channels, parameters })
    }
}
