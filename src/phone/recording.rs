//! The stereo recording of a call: what we sent on the left, what came on the right.
//!
//! Both lie on one clock: a packet's sound begins where the packet was sent, or where it would have
//! arrived over the quickest way seen; so a gap on the wire is the same gap in the file less the
//! packet time of our last packet.

use std::path::Path;
use std::time::Instant;

use super::sound::{NARROW, Sound};

/// Longest file: an hour and a half.
const LIMIT_SECONDS: usize = 5_400;
/// A timestamp that is further than this from the clock starts a new stretch.
const JUMP: f64 = 0.5;

/// Decoded sound that was sent, without a gap.
#[derive(Clone, Debug)]
pub(super) struct SentTrack {
    /// When its first sample was due.
    pub origin: Instant,
    /// What it was.
    pub sound: Sound,
}

/// A decoded packet that came.
#[derive(Clone, Debug)]
pub(super) struct ReceivedPacket {
    /// When.
    pub arrived: Instant,
    /// The stream it belongs to.
    pub ssrc: u32,
    /// Its RTP timestamp.
    pub time: u32,
    /// Ticks of that timestamp's clock in a second.
    pub clock: u32,
    /// What it held.
    pub sound: Sound,
}

/// Both channels, of equal length.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Stereo {
    /// Samples a second: 8,000, or 16,000 if any of it is wideband.
    pub rate: u32,
    pub left: Vec<i16>,
    pub right: Vec<i16>,
}

impl Stereo {
    /// Lays everything out from `origin` on; what came before it is cut off.
    pub(super) fn lay_out(
        origin: Instant,
        sent: &[SentTrack],
        received: &[ReceivedPacket],
    ) -> Self {
        let rates = sent.iter().map(|track| track.sound.rate);
        let rates = rates.chain(received.iter().map(|packet| packet.sound.rate));
        let rate = rates.max().unwrap_or(NARROW).max(NARROW);
        let mut stereo = Self { rate, ..Self::default() };
        for track in sent {
            let sound = track.sound.clone().at(rate);
            lay(&mut stereo.left, rate, seconds(origin, track.origin), &sound);
        }
        for stretch in stretches(origin, received) {
            for packet in stretch.packets {
                let at = stretch.transit + stretch.since_first(packet);
                lay(&mut stereo.right, rate, at, &packet.sound.clone().at(rate));
            }
        }
        let length = stereo.left.len().max(stereo.right.len());
        stereo.left.resize(length, 0);
        stereo.right.resize(length, 0);
        stereo
    }

    /// Writes a 16-bit WAV file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), hound::Error> {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: self.rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec)?;
        for (left, right) in self.left.iter().zip(&self.right) {
            writer.write_sample(*left)?;
            writer.write_sample(*right)?;
        }
        writer.finalize()
    }
}

/// Packets whose timestamps and arrivals go together.
struct Stretch<'a> {
    packets: &'a [ReceivedPacket],
    /// Where its first timestamp lies on the file's clock, by the quickest packet; in seconds.
    transit: f64,
}

impl Stretch<'_> {
    fn since_first(&self, packet: &ReceivedPacket) -> f64 {
        media_seconds(&self.packets[0], packet)
    }
}

fn stretches(origin: Instant, received: &[ReceivedPacket]) -> Vec<Stretch<'_>> {
    let mut found: Vec<Stretch<'_>> = Vec::new();
    let (mut from, mut transit) = (0, 0.0);
    for (n, packet) in received.iter().enumerate() {
        let first = &received[from];
        let own = seconds(origin, packet.arrived) - media_seconds(first, packet);
        if n == from {
            transit = own;
        } else if packet.ssrc != first.ssrc
            || packet.clock != first.clock
            || (own - transit).abs() > JUMP
        {
            found.push(Stretch { packets: &received[from..n], transit });
            (from, transit) = (n, seconds(origin, packet.arrived));
        } else {
            transit = f64::min(transit, own);
        }
    }
    if from < received.len() {
        found.push(Stretch { packets: &received[from..], transit });
    }
    found
}

fn media_seconds(from: &ReceivedPacket, to: &ReceivedPacket) -> f64 {
    f64::from(to.time.wrapping_sub(from.time) as i32) / f64::from(from.clock.max(1))
}

/// Returns the seconds from one instant to another, negative when it was before.
fn seconds(from: Instant, to: Instant) -> f64 {
    if to >= from { (to - from).as_secs_f64() } else { -(from - to).as_secs_f64() }
}

fn lay(channel: &mut Vec<i16>, rate: u32, at: f64, samples: &[i16]) {
    let start = (at * f64::from(rate)).round() as i64;
    let skipped = usize::try_from(-start).unwrap_or(0).min(samples.len());
    let start = usize::try_from(start).unwrap_or(0);
    let end = start + samples.len() - skipped;
    if end > rate as usize * LIMIT_SECONDS {
        return;
    }
    if channel.len() < end {
        channel.resize(end, 0);
    }
    channel[start..end].copy_from_slice(&samples[skipped..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(origin: Instant, ms: f64) -> Instant {
        origin + Duration::from_secs_f64(ms / 1000.0)
    }

    fn sound(samples: Vec<i16>) -> Sound {
        Sound { rate: 8000, samples }
    }

    fn packet(origin: Instant, ms: f64, time: u32, value: i16) -> ReceivedPacket {
        let sound = sound(vec![value; 160]);
        ReceivedPacket { arrived: at(origin, ms), ssrc: 1, time, clock: 8000, sound }
    }

    #[test]
    fn both_channels_lie_on_one_clock() {
        let origin = Instant::now();
        let sent = [SentTrack { origin: at(origin, 10.0), sound: sound(vec![7; 80]) }];
        // The second packet is the quickest: it says where all of them belong.
        let received = [
            packet(origin, 101.5, u32::MAX - 159, 1),
            packet(origin, 120.0, 0, 2),
            packet(origin, 175.0, 320, 4),
        ];
        let stereo = Stereo::lay_out(origin, &sent, &received);
        let mut right = vec![0; 800];
        right.extend([1; 160]);
        right.extend([2; 160]);
        right.extend([0; 160]);
        right.extend([4; 160]);
        assert_eq!(stereo.right, right);
        let mut left = vec![0; 80];
        left.extend([7; 80]);
        left.resize(right.len(), 0);
        assert_eq!(stereo.left, left);
    }

    #[test]
    fn another_stream_starts_where_it_arrives() {
        let origin = Instant::now();
        let mut other = packet(origin, 60.0, 5_000_000, 2);
        other.ssrc = 2;
        // Timestamps that stood still while nothing was sent.
        let resumed = ReceivedPacket { time: 5_000_160, ..packet(origin, 1000.0, 0, 3) };
        let resumed = ReceivedPacket { ssrc: 2, ..resumed };
        let received = [packet(origin, 0.0, 0, 1), packet(origin, 20.0, 160, 1), other, resumed];
        let right = Stereo::lay_out(origin, &[], &received).right;
        let starts: Vec<_> = [1, 2, 3].map(|v| right.iter().position(|s| *s == v)).to_vec();
        assert_eq!(starts, [Some(0), Some(480), Some(8000)]);
        assert_eq!(right.len(), 8160);
    }

    #[test]
    fn narrow_and_wide_sound_lie_in_one_file() {
        let origin = Instant::now();
        let wide = Sound { rate: 16_000, samples: vec![5; 320] };
        let narrow = packet(origin, 0.0, 0, 1);
        let wide = ReceivedPacket { sound: wide, ..packet(origin, 20.0, 160, 0) };
        let stereo = Stereo::lay_out(origin, &[], &[narrow, wide]);
        assert_eq!((stereo.rate, stereo.right), (16_000, [[1; 320], [5; 320]].concat()));
    }

    #[test]
    fn what_came_before_the_origin_is_cut() {
        let origin = Instant::now() + Duration::from_secs(1);
        let early = ReceivedPacket {
            arrived: origin - Duration::from_millis(10),
            ..packet(origin, 0.0, 0, 1)
        };
        assert_eq!(Stereo::lay_out(origin, &[], &[early]).right, vec![1; 80]);
    }
}
