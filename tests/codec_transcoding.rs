//! Speech through any two codecs one after the other, as between two legs, and with packets lost on the way.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::f64::consts::TAU;

use attendant::base::Frame;
use attendant::codec::{Codec, Decoder, Encoder, MAX_PAYLOAD, OpusSettings};

#[allow(dead_code, reason = "what recorded calls are judged by is more than is needed here")]
#[path = "media_peers/compare.rs"]
mod compare;
#[path = "codec_speech/mod.rs"]
mod speech;

use compare::{Band, Likeness, compare};

/// Three seconds are a sentence.
fn sentence() -> &'static [i16] {
    &speech::speech()[..150 * Frame::SAMPLES]
}

fn packets(codec: Codec, sound: &[i16]) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(codec);
    encoder.tune(&OpusSettings { fec: true, ..OpusSettings::default() });
    encoder.expect_loss(20);
    let packet = |frame: &[i16]| {
        let mut payload = [0; MAX_PAYLOAD];
        let length = encoder.encode(frame, &mut payload);
        payload[..length].to_vec()
    };
    sound.chunks_exact(Frame::SAMPLES).map(packet).collect()
}

fn decoded(codec: Codec, packets: &[Vec<u8>]) -> Vec<i16> {
    let mut decoder = Decoder::new(codec);
    let mut sound = Vec::new();
    for packet in packets {
        let mut frame = Frame::SILENCE;
        assert_eq!(decoder.decode(packet, &mut frame.0), Frame::SAMPLES);
        sound.extend(frame.0);
    }
    sound
}

/// How well a codec by itself fits at the least, and how far it is away at the most in dB.
fn limits(codec: Codec) -> (f64, f64) {
    match codec {
        Codec::Pcmu | Codec::Pcma => (0.995, 0.8),
        Codec::G722 => (0.995, 0.8),
        Codec::Opus => (0.880, 2.0),
        Codec::L16 => (0.9999, 0.05),
        Codec::L16Narrow => (0.999, 0.3),
    }
}

fn band(codecs: [Codec; 2]) -> Band {
    let narrow = |codec| matches!(codec, Codec::Pcmu | Codec::Pcma | Codec::L16Narrow);
    if codecs.into_iter().any(narrow) { Band::Narrow } else { Band::Wide }
}

/// A pair fits as well as both do one after the other.
fn judge(codecs: [Codec; 2], heard: &Likeness) -> Result<(), String> {
    let [(fit_a, apart_a), (fit_b, apart_b)] = codecs.map(limits);
    let (fit, apart) = (fit_a * fit_b - 0.002, apart_a + apart_b);
    match heard.fit >= fit && heard.distance <= apart && heard.jumps <= 4 {
        true => Ok(()),
        false => Err(format!("{codecs:?}: {fit:.3} and {apart:.1} dB wanted, {heard:?}")),
    }
}

#[test]
fn speech_passes_through_any_two_codecs() {
    for codecs in Codec::ALL.iter().flat_map(|a| Codec::ALL.map(|b| [*a, b])) {
        let first = decoded(codecs[0], &packets(codecs[0], sentence()));
        let second = decoded(codecs[1], &packets(codecs[1], &first));
        let heard = compare(sentence(), &second, band(codecs)).unwrap();
        println!("{codecs:?}: {:.4}, {:.2} dB, {} jumps", heard.fit, heard.distance, heard.jumps);
        judge(codecs, &heard).unwrap();
    }
}

/// Each way to be wrong is heard by the same limits.
#[test]
fn a_broken_codec_is_heard() {
    let swapped = |packets: &[Vec<u8>]| -> Vec<Vec<u8>> {
        let swap = |packet: &Vec<u8>| packet.chunks(2).flat_map(|two| [two[1], two[0]]).collect();
        packets.iter().map(swap).collect()
    };
    let flipped = |packets: &[Vec<u8>]| -> Vec<Vec<u8>> {
        let flip = |packet: &Vec<u8>| packet.iter().map(|byte| byte ^ 0x10).collect();
        packets.iter().map(flip).collect()
    };
    let coded = |codec| packets(codec, sentence());
    for (what, sent, heard_as, broken) in [
        ("the other law", Codec::Pcmu, Codec::Pcma, coded(Codec::Pcmu)),
        ("the other law", Codec::Pcma, Codec::Pcmu, coded(Codec::Pcma)),
        ("a bit of each byte", Codec::Pcmu, Codec::Pcmu, flipped(&coded(Codec::Pcmu))),
        ("a bit of each byte", Codec::G722, Codec::G722, flipped(&coded(Codec::G722))),
        ("the other byte first", Codec::L16, Codec::L16, swapped(&coded(Codec::L16))),
        (
            "the other byte first",
            Codec::L16Narrow,
            Codec::L16Narrow,
            swapped(&coded(Codec::L16Narrow)),
        ),
    ] {
        let heard = compare(sentence(), &decoded(heard_as, &broken), band([sent, heard_as]));
        let verdict = heard.and_then(|heard| judge([sent, Codec::L16], &heard));
        assert!(verdict.is_err(), "{sent:?}, {what}");
    }
}

/// What is done about a lost packet.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Loss {
    Silence,
    Concealed,
    /// With what the packet after it repeats.
    Recovered,
}

/// Every seventh packet is lost: returns what is heard instead, and the places.
fn with_losses(codec: Codec, packets: &[Vec<u8>], loss: Loss) -> Vec<i16> {
    let mut decoder = Decoder::new(codec);
    let mut sound = Vec::new();
    for (number, packet) in packets.iter().enumerate() {
        let mut frame = Frame::SILENCE;
        match (is_lost(number), loss) {
            (false, _) => _ = decoder.decode(packet, &mut frame.0),
            // The decoder's own state goes on as if it had concealed.
            (true, Loss::Silence) => {
                decoder.conceal(&mut frame.0);
                frame = Frame::SILENCE;
            }
            (true, Loss::Concealed) => decoder.conceal(&mut frame.0),
            (true, Loss::Recovered) => decoder.recover(&packets[number + 1], &mut frame.0),
        }
        sound.extend(frame.0);
    }
    sound
}

fn is_lost(number: usize) -> bool {
    number % 7 == 5 && number < 147
}

/// Levels in dB in bands of 200 Hz to 3.4 kHz.
fn bands(frame: &[i16]) -> [f64; 17] {
    std::array::from_fn(|band| {
        let lines = (0..4).map(|line| {
            let hertz = (band * 200 + line * 50) as f64;
            let (mut re, mut im) = (0.0, 0.0);
            for (i, &sample) in frame.iter().enumerate() {
                let window = 1.0 - (TAU * i as f64 / frame.len() as f64).cos();
                let phase = TAU * hertz * i as f64 / 16e3;
                re += window * f64::from(sample) * phase.cos();
                im += window * f64::from(sample) * phase.sin();
            }
            re * re + im * im
        });
        10.0 * lines.sum::<f64>().max(1e4).log10()
    })
}

/// How far what was made up is from what was lost, in dB a band, where there was speech.
fn apart(whole: &[i16], heard: &[i16]) -> f64 {
    let mut all = Vec::new();
    for number in (0..150).filter(|number| is_lost(*number)) {
        // The delay of a decoder moves what was lost into the frame after it.
        let place = number * Frame::SAMPLES..(number + 1) * Frame::SAMPLES;
        let (a, b) = (&whole[place.clone()], &heard[place]);
        if Frame(a.try_into().unwrap()).level() > -40.0 {
            let (a, b) = (bands(a), bands(b));
            all.extend(a.iter().zip(b).map(|(a, b)| (a - b).abs().min(40.0)));
        }
    }
    assert!(all.len() > 100);
    all.iter().sum::<f64>() / all.len() as f64
}

#[test]
fn what_is_lost_is_concealed_and_silence_in_its_place_is_worse() {
    for codec in Codec::ALL {
        let packets = packets(codec, sentence());
        let whole = decoded(codec, &packets);
        let of = |loss| apart(&whole, &with_losses(codec, &packets, loss));
        let (concealed, silence) = (of(Loss::Concealed), of(Loss::Silence));
        println!("{codec:?}: {concealed:.1} dB a band concealed, {silence:.1} dB with silence");
        assert!(concealed < 10.0, "{codec:?}: {concealed:.1} dB");
        assert!(
            silence > 2.0 * concealed,
            "{codec:?}: {concealed:.1} dB, and silence {silence:.1}"
        );
        let recovered = of(Loss::Recovered);
        println!("{codec:?}: {recovered:.1} dB with what the next packet repeats");
        match codec {
            Codec::Opus => {
                assert!(recovered < 0.7 * concealed, "{recovered:.1} and {concealed:.1}")
            }
            // They repeat nothing.
            _ => assert_eq!(recovered, concealed, "{codec:?}"),
        }
    }
}
