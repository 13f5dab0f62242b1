//! Reads what `[media]` says beyond codecs and ports: what is sent while the agent says nothing, what a caller hears
//! who waits, and when a silent far end counts as gone.

use std::path::Path;
use std::time::Duration;

use crate::base::{PacketTime, SampleRate};
use crate::codec::at_frame_rate;
use crate::media::Clip;

use super::Code;
use super::file::{Reader, Text};
use super::media_file::MediaFile;
use super::trunk::RtcpMux;

/// What a caller hears while a person is sought for them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum WaitingSound {
    /// Slow bells, made up by Attendant.
    Melody,
    /// The ringing tone of the trunk's country.
    Ringing,
    /// The noise of the line.
    Off,
    /// A recording of the practice.
    Recording(Clip),
}

/// What is sent while nobody speaks, and how long nothing may come.
pub(super) struct Services {
    pub(super) comfort_noise: bool,
    pub(super) silence_suppression: bool,
    pub(super) waiting: WaitingSound,
    pub(super) rtp_timeout: Option<Duration>,
    pub(super) packet_time: PacketTime,
    pub(super) rtcp_mux: RtcpMux,
}

const MADE_UP: [(&str, WaitingSound); 3] = [
    ("melody", WaitingSound::Melody),
    ("ringing", WaitingSound::Ringing),
    ("off", WaitingSound::Off),
];
const PACKET_TIMES: [(&str, PacketTime); 6] = [
    ("10ms", PacketTime(10)),
    ("20ms", PacketTime(20)),
    ("30ms", PacketTime(30)),
    ("40ms", PacketTime(40)),
    ("50ms", PacketTime(50)),
    ("60ms", PacketTime(60)),
];
const RTCP_MUX: [(&str, RtcpMux); 3] =
    [("off", RtcpMux::Off), ("accept", RtcpMux::Accept), ("offer", RtcpMux::Offer)];
/// A shorter silence is a lost handful of packets, or a PBX that is being reloaded.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest file: ten minutes at 48 kHz.
const LARGEST: u64 = 58_000_000;
/// The longest recording: ten minutes at 16 kHz, 19 MB in memory.
const LONGEST: usize = 600 * 16_000;

pub(super) fn services(reader: &mut Reader<'_>, dir: &Path, raw: &MediaFile) -> Option<Services> {
    let waiting = waiting(reader, dir, &raw.waiting_sound);
    let rtp_timeout = timeout(reader, &raw.rtp_timeout);
    let comfort_noise = *raw.comfort_noise.get_ref();
    let silence_suppression = *raw.silence_suppression.get_ref();
    let packet_time = reader.choice(&raw.packet_time, "packet time", &PACKET_TIMES);
    let rtcp_mux = reader.choice(&raw.rtcp_mux, "policy for rtcp-mux", &RTCP_MUX);
    let (waiting, rtp_timeout) = (waiting?, rtp_timeout?);
    let (packet_time, rtcp_mux) = (packet_time?, rtcp_mux?);
    Some(Services {
        comfort_noise,
        silence_suppression,
        waiting,
        rtp_timeout,
        packet_time,
        rtcp_mux,
    })
}

fn timeout(reader: &mut Reader<'_>, text: &Text) -> Option<Option<Duration>> {
    if text.get_ref() == "off" {
        return Some(None);
    }
    let lasts = reader.duration(text)?;
    if lasts < SHORTEST_TIMEOUT {
        let title = format!("\"{}\" ends calls that only lost some packets", text.get_ref());
        let help = "write 10s or more, or \"off\" to leave it to the PBX's session timer";
        reader.error(Code::Value, text.span(), title, "", help);
        return None;
    }
    Some(Some(lasts))
}

fn waiting(reader: &mut Reader<'_>, dir: &Path, text: &Text) -> Option<WaitingSound> {
    let name = text.get_ref();
    if let Some((_, made_up)) = MADE_UP.iter().find(|(known, _)| known == name) {
        return Some(made_up.clone());
    }
    // What looks like a file is one; the rest is a name that is not known.
    if !name.contains(['.', '/']) {
        let title = format!("no sound for waiting callers is called \"{name}\"");
        let known = MADE_UP.iter().map(|(known, _)| *known);
        reader.unknown(Code::UnknownValue, text, title, known);
        return None;
    }
    let path = dir.join(name);
    match recording(&path) {
        Ok(clip) => Some(WaitingSound::Recording(clip)),
        Err(why) => {
            let help = "it must be a WAV file with 16-bit PCM in one channel, up to 10 min: \
                        sox music.mp3 -r 16000 -c 1 -b 16 waiting.wav";
            reader.error(Code::Value, text.span(), format!("{} {why}", path.display()), "", help);
            None
        }
    }
}

fn recording(path: &Path) -> Result<Clip, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let length = std::fs::metadata(path).map_err(cannot)?.len();
    if length > LARGEST {
        return Err(format!("has {length} bytes, which is more than ten minutes of sound"));
    }
    let samples = wav(&std::fs::read(path).map_err(cannot)?)?;
    if samples.len() > LONGEST {
        return Err("lasts more than ten minutes".into());
    }
    Clip::new(samples).ok_or_else(|| "lasts less than half a second".into())
}

/// Reads a WAV file (RIFF) of 16-bit PCM into samples at 16 kHz.
fn wav(bytes: &[u8]) -> Result<Vec<i16>, String> {
    if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return Err("is no WAV file".into());
    }
    let (mut rest, mut rate) = (&bytes[12..], None);
    while let (Some(name), Some(length)) = (rest.get(..4), rest.get(4..8)) {
        let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let body = &rest[8..];
        match name {
            b"fmt " => rate = Some(rate_of(body)?),
            b"data" => {
                let rate = rate.ok_or("has sound before its format")?;
                // A recorder that was stopped leaves a length that its file does not have.
                let body = &body[..length.min(body.len())];
                let samples =
                    body.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
                let sound = at_frame_rate(samples.collect(), SampleRate(rate));
                return sound.ok_or_else(|| format!("has {rate} samples a second"));
            }
            _ => {}
        }
        // Chunks begin at even places.
        rest = body.get(length + length % 2..).unwrap_or_default();
    }
    Err("holds no sound".into())
}

/// The sample rate of a `fmt ` chunk that we can play.
fn rate_of(format: &[u8]) -> Result<u32, String> {
    let number = |at: usize| {
        format.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]])).unwrap_or_default()
    };
    let (kind, channels, rate, bits) =
        (number(0), number(2), u32::from(number(4)) | u32::from(number(6)) << 16, number(14));
    // 0xfffe: the same in a longer form, which newer tools write.
    match (kind, channels, rate, bits) {
        (1 | 0xfffe, 1, rate, 16) => Ok(rate),
        (1 | 0xfffe, 1, _, bits) => Err(format!("has samples of {bits} bits")),
        (1 | 0xfffe, channels, ..) => Err(format!("has {channels} channels")),
        (kind, ..) => Err(format!("is compressed (WAV format {kind})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(kind: u16, channels: u16, rate: u32, bits: u16, samples: &[i16]) -> Vec<u8> {
        let mut format = Vec::<u8>::new();
        for (value, size) in [
            (u32::from(kind), 2),
            (channels.into(), 2),
            (rate, 4),
            (0, 4),
            (0, 2),
            (bits.into(), 2),
        ] {
            format.extend(&value.to_le_bytes()[..size]);
        }
        let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let mut bytes = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        bytes.extend(format);
        bytes.extend(b"data");
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn recordings_are_read_at_any_rate() {
        assert_eq!(wav(&file(1, 1, 16_000, 16, &[1, -2, 3])).unwrap(), [1, -2, 3]);
        assert_eq!(wav(&file(0xfffe, 1, 8_000, 16, &[2; 1000])).unwrap().len(), 2000);
        assert_eq!(wav(&file(1, 1, 44_100, 16, &[2; 4410])).unwrap().len(), 1600);
    }

    #[test]
    fn what_cannot_be_played_says_why() {
        for (bytes, why) in [
            (b"ID3".to_vec(), "is no WAV file"),
            (file(1, 2, 16_000, 16, &[]), "has 2 channels"),
            (file(1, 1, 7, 16, &[]), "has 7 samples a second"),
            (file(1, 1, 8_000, 8, &[]), "has samples of 8 bits"),
            (file(7, 1, 8_000, 8, &[]), "is compressed (WAV format 7)"),
            (b"RIFF\0\0\0\0WAVE".to_vec(), "holds no sound"),
            (b"RIFF\0\0\0\0WAVEdata\0\0\0\0".to_vec(), "has sound before its format"),
        ] {
            assert_eq!(wav(&bytes).unwrap_err(), why);
        }
        // Cut anywhere, it is read or refused.
        let whole = file(1, 1, 16_000, 16, &[5; 40]);
        for length in 0..whole.len() {
            let _ = wav(&whole[..length]);
        }
    }
}
