//! Opus: our encoder (libopus) heard by ffmpeg's own decoder, and ffmpeg's encoders heard by our decoder.

use attendant::base::Frame;
use attendant::codec::{Codec, Decoder, Encoder, MAX_PAYLOAD, MAX_SAMPLES, OpusSettings};

use super::compare::{Band, Likeness, Limits, compare};
use super::ffmpeg::{WIDE, bytes, ffmpeg, samples};
use super::ogg;
use super::speech::speech;

/// What 24 kbit/s have to keep to. Where a voice is steady the place of a block is not sure, which counts as a
/// jump.
const GOOD: Limits =
    Limits { band: Band::Wide, fit: 0.90, poor: 0.85, jumps: 8, distance: 2.5, upper: 5.0 };

fn encoded(samples: usize, settings: OpusSettings) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(Codec::Opus);
    encoder.tune(&settings);
    let packet = |sound: &[i16]| {
        let mut payload = [0; MAX_PAYLOAD];
        let length = encoder.encode(sound, &mut payload);
        assert!(length > 0);
        assert_eq!(Codec::Opus.samples(&payload[..length]) as usize, 3 * samples);
        payload[..length].to_vec()
    };
    speech().chunks_exact(samples).map(packet).collect()
}

fn heard_by_ffmpeg(packets: &[Vec<u8>], length: usize) -> Likeness {
    let wrapped = ogg::wrap(packets, 3 * length as u64);
    // `opus` is ffmpeg's own, `libopus` would be ours.
    let heard = samples(&ffmpeg(&["-f", "ogg", "-c:a", "opus"], &WIDE, wrapped));
    compare(speech(), &heard, Band::Wide).unwrap()
}

#[test]
fn what_we_send_is_heard_by_another_decoder_at_every_packet_time() {
    let redundant = OpusSettings { fec: true, ..OpusSettings::default() };
    for samples in [160, 320, 640, 960] {
        // In packets of several frames ffmpeg takes redundancy for sound; libopus knows it for what it is.
        let settings = if samples <= 320 { redundant } else { OpusSettings::default() };
        let heard = heard_by_ffmpeg(&encoded(samples, settings), samples);
        println!("{} ms: {heard:?}", samples / 16);
        GOOD.judge(&heard).unwrap();
        let heard = heard_by_us(&encoded(samples, redundant));
        GOOD.judge(&compare(speech(), &heard, Band::Wide).unwrap()).unwrap();
    }
}

/// Without this the test before would say nothing.
#[test]
fn a_broken_encoder_is_heard() {
    let sound = encoded(320, OpusSettings::default());
    let mut flipped = sound.clone();
    flipped.iter_mut().for_each(|packet| packet[6] ^= 0x20);
    let mut swapped = sound.clone();
    swapped.chunks_exact_mut(2).for_each(|two| two.swap(0, 1));
    let every_fifth = (sound.iter().enumerate()).filter(|(n, _)| n % 5 != 4);
    let lost: Vec<_> = every_fifth.map(|(_, packet)| packet.clone()).collect();
    for (what, broken) in [("a bit", flipped), ("the order", swapped), ("packets", lost)] {
        let heard = heard_by_ffmpeg(&broken, 320);
        println!("without {what}: {heard:?}");
        assert!(GOOD.judge(&heard).is_err(), "without {what}");
    }
}

fn heard_by_us(packets: &[Vec<u8>]) -> Vec<i16> {
    let mut decoder = Decoder::new(Codec::Opus);
    let mut heard = Vec::new();
    for packet in packets {
        let mut out = [0; MAX_SAMPLES];
        let length = decoder.decode(packet, &mut out);
        assert_eq!(3 * length as u32, Codec::Opus.samples(packet));
        heard.extend_from_slice(&out[..length]);
    }
    heard
}

#[test]
fn what_other_encoders_send_is_heard_by_us() {
    let celt: &[&str] = &["-c:a", "opus", "-strict", "-2", "-b:a", "64k"];
    let speech_mode: &[&str] = &["-c:a", "libopus", "-application", "voip", "-b:a", "24k"];
    let long = [speech_mode, &["-frame_duration", "60"]].concat();
    let short = [speech_mode, &["-frame_duration", "10"]].concat();
    let stereo: &[&str] = &["-c:a", "libopus", "-b:a", "96k", "-ac", "2", "-ar", "48000"];
    for (name, options) in [
        ("celt", celt),
        ("voip", speech_mode),
        ("60 ms", &long),
        ("10 ms", &short),
        ("stereo", stereo),
    ] {
        let to = [options, &["-f", "ogg"]].concat();
        let packets = ogg::unwrap(&ffmpeg(&WIDE, &to, bytes(speech())));
        assert!(packets.len() * 60 > speech().len() / 16, "{name}");
        let heard = compare(speech(), &heard_by_us(&packets), Band::Wide).unwrap();
        println!("{name}: {heard:?}");
        GOOD.judge(&heard).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        // And a decoder that takes no notice of half of each packet is found out.
        let cut: Vec<_> =
            packets.iter().map(|packet| packet[..packet.len() / 2 + 1].to_vec()).collect();
        let heard = compare(speech(), &heard_by_us(&cut), Band::Wide);
        assert!(heard.is_err() || GOOD.judge(&heard.unwrap()).is_err(), "{name}, cut");
    }
}

/// What two decoders make of one stream is the same sound, sample by sample, but for rounding.
#[test]
fn two_decoders_make_the_same_of_one_stream() {
    let packets = encoded(Frame::SAMPLES, OpusSettings::default());
    let ours = heard_by_us(&packets);
    let theirs = samples(&ffmpeg(&["-f", "ogg", "-c:a", "opus"], &WIDE, ogg::wrap(&packets, 960)));
    let energy: f64 = ours.iter().map(|&a| f64::from(a).powi(2)).sum();
    let ratio = (0..600_usize)
        .map(|delay| {
            let pairs = ours[300..].iter().zip(&theirs[delay..]);
            let error: f64 = pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
            10.0 * (energy / error).log10()
        })
        .fold(f64::MIN, f64::max);
    println!("{ratio:.1} dB");
    assert!(ratio > 25.0, "{ratio:.1} dB");
}
