//! `a=fmtp` of Opus (RFC 7587 §6.1): what we say of ourselves, and what the far end says.

use crate::codec::OpusSettings;

/// What we want to receive: no more than 16 kHz can be heard here, and redundancy is made use of.
/// Silence may be left out or sent: without `usedtx` that is the far end's own choice.
pub(super) const OPUS: &str =
    "minptime=10;maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1";

/// Reads what the far end wants to receive. What cannot be read is as if it were not there.
pub(super) fn opus(parameters: &str) -> OpusSettings {
    let mut settings = OpusSettings::default();
    // Far fewer have a meaning.
    for parameter in parameters.split(';').take(32) {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let number = value.parse::<u32>().ok();
        match (name.as_str(), number) {
            ("maxaveragebitrate", Some(rate)) => settings.max_bitrate = rate,
            ("maxplaybackrate", Some(rate)) => settings.max_playback_rate = rate,
            ("useinbandfec", Some(switch)) => settings.fec = switch == 1,
            ("usedtx", Some(switch)) => settings.dtx = switch == 1,
            ("cbr", Some(switch)) => settings.constant = switch == 1,
            // Stereo is what we never send, and what it sends is its own affair.
            _ => {}
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_and_the_rest_is_as_the_standard_has_it() {
        let silent = OpusSettings::default();
        for (text, expected) in [
            ("", silent),
            ("useinbandfec=1", OpusSettings { fec: true, ..silent }),
            ("minptime=10; UseInbandFEC=1 ;stereo=1", OpusSettings { fec: true, ..silent }),
            (
                "maxplaybackrate=8000;maxaveragebitrate=12000;usedtx=1;cbr=1",
                OpusSettings {
                    max_playback_rate: 8_000,
                    max_bitrate: 12_000,
                    dtx: true,
                    constant: true,
                    ..silent
                },
            ),
            ("useinbandfec=2;usedtx=yes;maxaveragebitrate=;cbr", silent),
            ("maxaveragebitrate=99999999999999;;=;===", silent),
        ] {
            assert_eq!(opus(text), expected, "{text}");
        }
        assert!(opus(OPUS).fec && opus(OPUS).max_playback_rate == 16_000 && !opus(OPUS).dtx);
    }
}
