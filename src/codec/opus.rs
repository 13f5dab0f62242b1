//! Opus (RFC 6716) through libopus: the home of `audiopus`.
//!
//! libopus asks for memory when a coder is made, and never again; so coders are made off the media
//! thread, and one that a leg has it keeps.

use audiopus::coder::{Decoder, Encoder, GenericCtl};
use audiopus::packet::{Packet, nb_samples};
use audiopus::{Application, Bandwidth, Bitrate, Channels, MutSignals, SampleRate};

use super::MAX_SAMPLES;

/// Four fifths of the quality of 10 at a third of its cost; above 7 the cost doubles.
const COMPLEXITY: u8 = 5;
/// Wide-band speech with redundancy is as good as uncoded from here on, at half of G.711's rate.
const BITRATE: u32 = 32_000;
/// Below, libopus leaves out what makes speech intelligible.
const LEAST_BITRATE: u32 = 6_000;
/// What we expect to be lost until somebody tells: without any, no redundancy is sent.
const EXPECTED_LOSS: u8 = 5;
/// libopus conceals whole steps of 2.5 ms.
const STEP: usize = 40;
/// A payload of so few bytes need not be sent, and says nothing when it is (RFC 7587 §3.1.3).
const UNSENT: usize = 2;
/// `OPUS_SET_DTX`, for which audiopus has a number and no name.
const SET_DTX: i32 = 4016;

/// What the far end wants to receive, by its `a=fmtp` (RFC 7587 §6.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OpusSettings {
    /// `maxaveragebitrate`, in bit/s.
    pub max_bitrate: u32,
    /// `maxplaybackrate`, in Hz: more would not be heard.
    pub max_playback_rate: u32,
    /// `useinbandfec`: whether it makes use of redundancy.
    pub fec: bool,
    /// `usedtx`: whether it would rather get nothing than silence.
    pub dtx: bool,
    /// `cbr`: whether every packet is to be as long as the others.
    pub constant: bool,
}

impl Default for OpusSettings {
    /// What RFC 7587 says of a far end that says nothing.
    fn default() -> Self {
        Self {
            max_bitrate: BITRATE,
            max_playback_rate: 48_000,
            fec: false,
            dtx: false,
            constant: false,
        }
    }
}

/// Both coders of one leg, made beforehand.
#[derive(Debug)]
pub struct OpusCoders {
    /// For [`Encoder::equip`](super::Encoder::equip).
    pub encoder: OpusEncoder,
    /// For [`Decoder::equip`](super::Decoder::equip).
    pub decoder: OpusDecoder,
}

impl Default for OpusCoders {
    /// Asks the system for some 40 kB.
    fn default() -> Self {
        Self { encoder: OpusEncoder::new(), decoder: OpusDecoder::new() }
    }
}

/// Encodes one stream, from 16 kHz.
#[derive(Debug)]
pub struct OpusEncoder(Encoder);

impl OpusEncoder {
    pub(super) fn new() -> Self {
        let encoder = Encoder::new(SampleRate::Hz16000, Channels::Mono, Application::Voip);
        let mut this = Self(encoder.expect("libopus refuses only for want of memory"));
        let fixed = this.0.set_complexity(COMPLEXITY);
        debug_assert!(fixed.is_ok(), "{fixed:?}");
        this.expect_loss(EXPECTED_LOSS);
        this.tune(&OpusSettings::default());
        this
    }

    /// Goes on as the far end wants it.
    pub(super) fn tune(&mut self, settings: &OpusSettings) {
        let OpusSettings { max_bitrate, max_playback_rate, fec, dtx, constant } = *settings;
        let bitrate = max_bitrate.clamp(LEAST_BITRATE, BITRATE);
        let bandwidth = match max_playback_rate {
            ..12_000 => Bandwidth::Narrowband,
            12_000..16_000 => Bandwidth::Mediumband,
            16_000.. => Bandwidth::Wideband,
        };
        let encoder = &mut self.0;
        // Each of them is a number in its range, which libopus takes.
        let taken = encoder
            .set_bitrate(Bitrate::BitsPerSecond(bitrate as i32))
            .and_then(|()| encoder.set_max_bandwidth(bandwidth))
            .and_then(|()| encoder.set_inband_fec(fec))
            .and_then(|()| encoder.set_vbr(!constant))
            .and_then(|()| encoder.set_encoder_ctl_request(SET_DTX, i32::from(dtx)));
        debug_assert!(taken.is_ok(), "{taken:?}");
    }

    /// Sends redundancy for a path that loses so many packets in a hundred.
    pub(super) fn expect_loss(&mut self, percent: u8) {
        let taken = self.0.set_packet_loss_perc(percent.min(100));
        debug_assert!(taken.is_ok(), "{taken:?}");
    }

    /// Begins another stream.
    pub(super) fn restart(&mut self) {
        let restarted = self.0.reset_state();
        debug_assert!(restarted.is_ok(), "{restarted:?}");
    }

    /// Returns the length of the payload; none of silence that need not be sent.
    pub(super) fn encode(&mut self, sound: &[i16], out: &mut [u8]) -> usize {
        match self.0.encode(sound, out) {
            Ok(length) if length > UNSENT => length,
            _ => 0,
        }
    }
}

/// Decodes one stream, to 16 kHz.
#[derive(Debug)]
pub struct OpusDecoder {
    decoder: Decoder,
    /// The last packet was of silence: what follows it is its noise.
    quiet: bool,
}

impl OpusDecoder {
    pub(super) fn new() -> Self {
        let decoder = Decoder::new(SampleRate::Hz16000, Channels::Mono);
        Self { decoder: decoder.expect("libopus refuses only for want of memory"), quiet: false }
    }

    /// Begins another stream.
    pub(super) fn restart(&mut self) {
        self.quiet = false;
        let restarted = self.decoder.reset_state();
        debug_assert!(restarted.is_ok(), "{restarted:?}");
    }

    /// Decodes a packet and returns how many samples it came to. Of one that is damaged, as much
    /// as it says to hold is concealed.
    pub(super) fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        let length = samples(payload, SampleRate::Hz16000).min(out.len());
        let out = &mut out[..length];
        self.quiet = payload.len() <= UNSENT;
        if length > 0 && !self.run(Some(payload), false, out) {
            self.conceal(out);
        }
        length
    }

    /// Makes up what was lost before the packet `next`, whose redundancy tells of the end of it;
    /// without any it is as good as [`Self::conceal`].
    pub(super) fn recover(&mut self, next: &[u8], out: &mut [i16]) {
        let whole = out.len().is_multiple_of(STEP) && out.len() <= MAX_SAMPLES;
        if !(whole && !next.is_empty() && self.run(Some(next), true, out)) {
            self.conceal(out);
        }
    }

    pub(super) fn conceal(&mut self, out: &mut [i16]) {
        // A piece of a step is cut off one that is made whole.
        for piece in out.chunks_mut(320) {
            let mut whole = [0; 320];
            let made = piece.len().next_multiple_of(STEP);
            if self.run(None, false, &mut whole[..made]) {
                piece.copy_from_slice(&whole[..piece.len()]);
            } else {
                piece.fill(0);
            }
        }
    }

    /// Makes what is between two packets of a far end that does not send silence.
    pub(super) fn pause(&mut self, out: &mut [i16]) {
        match self.quiet {
            true => self.conceal(out),
            false => out.fill(0),
        }
    }

    fn run(&mut self, payload: Option<&[u8]>, redundancy: bool, out: &mut [i16]) -> bool {
        let wanted = out.len();
        let packet = match payload.map(Packet::try_from) {
            Some(Err(_)) => return false,
            Some(Ok(packet)) => Some(packet),
            None => None,
        };
        let Ok(signals) = MutSignals::try_from(out) else { return false };
        self.decoder.decode(packet, signals, redundancy).is_ok_and(|made| made == wanted)
    }
}

/// Returns how many samples of the RTP clock, which is 48 kHz whatever is sent, a payload carries;
/// none if it is damaged.
pub(super) fn samples_at_48_khz(payload: &[u8]) -> u32 {
    samples(payload, SampleRate::Hz48000) as u32
}

fn samples(payload: &[u8], rate: SampleRate) -> usize {
    let counted = Packet::try_from(payload).and_then(|packet| nb_samples(packet, rate));
    counted.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// Twenty milliseconds of a voice that is another one every 100 ms.
    fn voice(frame: usize) -> [i16; 320] {
        let pitch = [110.0, 190.0, 140.0, 230.0][(frame + 1) / 5 % 4];
        std::array::from_fn(|i| {
            let t = (frame * 320 + i) as f64 / 16e3;
            let part = |k: i32| 4000.0 / f64::from(k) * (TAU * pitch * t * f64::from(k)).sin();
            (1..20).map(part).sum::<f64>() as i16
        })
    }

    fn fec() -> OpusSettings {
        OpusSettings { fec: true, ..OpusSettings::default() }
    }

    #[test]
    fn a_packet_says_how_much_it_holds_and_a_damaged_one_nothing() {
        let mut encoder = OpusEncoder::new();
        for samples in [160, 320, 640, 960] {
            let mut out = [0; 960];
            let length = encoder.encode(&[1000; 960][..samples], &mut out);
            assert_eq!(samples_at_48_khz(&out[..length]), 3 * samples as u32);
            assert_eq!(OpusDecoder::new().decode(&out[..length], &mut [0; MAX_SAMPLES]), samples);
        }
        // Code 3 with no frames, with more than 120 ms, and without its count.
        for damaged in [&[][..], &[0x0b, 0], &[0x1b, 63], &[0x0b]] {
            assert_eq!(samples_at_48_khz(damaged), 0, "{damaged:?}");
        }
    }

    #[test]
    fn any_bytes_decode_to_what_they_say_to_hold() {
        let (mut decoder, mut state) = (OpusDecoder::new(), 3_u32);
        let mut byte = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        for round in 0..3000 {
            let payload: Vec<u8> = (0..round % 90).map(|_| byte()).collect();
            let mut out = [0; MAX_SAMPLES];
            let made = decoder.decode(&payload, &mut out);
            assert_eq!(3 * made as u32, samples_at_48_khz(&payload));
            decoder.recover(&payload, &mut out[..40 * (round % 49)]);
            decoder.conceal(&mut out[..round % 700]);
        }
    }

    #[test]
    fn the_next_packet_tells_of_the_lost_one_and_without_it_less_is_known() {
        let errors = [true, false].map(|redundant| {
            let (mut encoder, mut decoder) = (OpusEncoder::new(), OpusDecoder::new());
            encoder.tune(&fec());
            encoder.expect_loss(20);
            let packets: Vec<Vec<u8>> = (0..60)
                .map(|frame| {
                    let mut out = [0; 960];
                    let length = encoder.encode(&voice(frame), &mut out);
                    out[..length].to_vec()
                })
                .collect();
            let (mut whole, mut heard) = (OpusDecoder::new(), Vec::new());
            let mut without_loss = Vec::new();
            for (frame, packet) in packets.iter().enumerate() {
                let mut out = [0; 320];
                whole.decode(packet, &mut out);
                without_loss.extend(out);
                match (frame % 5 == 4, redundant) {
                    (false, _) => drop(decoder.decode(packet, &mut out)),
                    (true, true) => {
                        decoder.recover(packets.get(frame + 1).unwrap_or(packet), &mut out)
                    }
                    (true, false) => decoder.conceal(&mut out),
                }
                heard.extend(out);
            }
            let pairs = heard.iter().zip(&without_loss);
            pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>()
        });
        assert!(errors[0] * 2.0 < errors[1], "{errors:?}");
    }

    #[test]
    fn silence_need_not_be_sent_to_a_far_end_that_says_so() {
        let sent = [true, false].map(|dtx| {
            let mut encoder = OpusEncoder::new();
            encoder.tune(&OpusSettings { dtx, ..OpusSettings::default() });
            let lengths = (0..200).map(|_| encoder.encode(&[0; 320], &mut [0; 960]));
            lengths.filter(|length| *length > 0).count()
        });
        assert!(sent[0] < 40 && sent[1] == 200, "{sent:?}");
    }

    #[test]
    fn the_rate_is_what_the_far_end_can_take() {
        let rate = |settings: OpusSettings| -> usize {
            let mut encoder = OpusEncoder::new();
            encoder.tune(&settings);
            let sizes = (0..100).map(|frame| encoder.encode(&voice(frame), &mut [0; 960]));
            8 * sizes.sum::<usize>() / 2
        };
        let (full, low) = (
            rate(OpusSettings::default()),
            rate(OpusSettings { max_bitrate: 12_000, ..OpusSettings::default() }),
        );
        assert!((20_000..40_000).contains(&full) && (8_000..16_000).contains(&low), "{full} {low}");
    }
}
