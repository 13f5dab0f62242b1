//! What broken codecs and paths make of sound, and that the comparison finds each of them.

use attendant::codec::Law;

use super::compare::{Band, Likeness, Limits, RATE, compare, resampled};
use super::{alone, limits, sound};

/// Samples of 20 ms.
const FRAME: usize = RATE / 50;

/// Through G.711: by one law on the way in, by one on the way out.
fn through(sound: &[i16], there: Law, back: Law) -> Vec<i16> {
    let narrow = resampled(sound, RATE, 8000);
    let coded = narrow.iter().map(|sample| back.decode(there.encode(*sample)));
    resampled(&coded.collect::<Vec<_>>(), 8000, RATE)
}

/// As a recording holds it: silence before and after, and not on a frame's edge.
fn recorded(sound: &[i16]) -> Vec<i16> {
    [sound::silence(1_234), sound.to_vec(), sound::silence(700)].concat()
}

fn dice(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    }
}

fn noise(length: usize) -> Vec<i16> {
    let mut dice = dice(7);
    (0..length).map(|_| ((dice() - 0.5) * 8_000.0) as i16).collect()
}

/// Loses every twentieth frame or so; what is left moves up, or silence takes its place.
fn without_frames(sound: &[i16], filled: bool) -> Vec<i16> {
    let mut dice = dice(3);
    let frames = sound.chunks(FRAME).map(|frame| match dice() < 0.05 {
        true if filled => vec![0; frame.len()],
        true => Vec::new(),
        false => frame.to_vec(),
    });
    frames.flatten().collect()
}

/// G.711 both ways, as a codec ought to be.
fn good(sound: &[i16]) -> Vec<i16> {
    through(sound, Law::Mu, Law::Mu)
}

fn judged(broken: &[i16], sent: &[i16], limits: &Limits) -> (Result<(), String>, Option<Likeness>) {
    match compare(sent, &recorded(broken), limits.band) {
        Ok(likeness) => (limits.judge(&likeness), Some(likeness)),
        Err(what) => (Err(what), None),
    }
}

#[test]
fn good_sound_passes_with_room_to_spare() {
    let _alone = alone();
    let sent = sound::theirs();
    for law in [Law::A, Law::Mu] {
        let (verdict, likeness) = judged(&through(&sent, law, law), &sent, &limits::G711);
        println!("G.711 {law:?}: {likeness:?}");
        verdict.unwrap();
        assert!((likeness.unwrap().delay_ms - 1_234.0).abs() < 0.2, "{likeness:?}");
    }
    let louder: Vec<i16> = sent.iter().map(|s| (f64::from(*s) * 0.4) as i16).collect();
    let (verdict, likeness) = judged(&louder, &sent, &limits::G722);
    println!("quieter by 8 dB: {likeness:?}");
    verdict.unwrap();
}

#[test]
fn broken_sound_is_found_whatever_broke_it() {
    let _alone = alone();
    let sent = sound::theirs();
    let swapped: Vec<i16> = sent.iter().map(|sample| sample.swap_bytes()).collect();
    let octave = resampled(&good(&sent), 8000, RATE);
    let up: Vec<i16> = good(&sent).into_iter().step_by(2).collect();
    let clipped: Vec<i16> = sent.iter().map(|s| s.saturating_mul(24) / 24).collect();
    let hissing: Vec<i16> =
        good(&sent).iter().zip(noise(sent.len())).map(|(s, n)| s.saturating_add(n / 2)).collect();
    let mut backwards = good(&sent);
    backwards.chunks_mut(FRAME).for_each(<[i16]>::reverse);
    let cases = [
        ("A-law heard as mu-law", through(&sent, Law::A, Law::Mu)),
        ("mu-law heard as A-law", through(&sent, Law::Mu, Law::A)),
        ("bytes swapped", swapped),
        ("an octave down", octave),
        ("an octave up", up),
        ("frames lost", without_frames(&good(&sent), false)),
        ("frames silenced", without_frames(&good(&sent), true)),
        ("clipped", clipped),
        ("noise instead", noise(sent.len())),
        ("noise besides", hissing),
        ("each frame backwards", backwards),
        ("another sentence", sound::ours()),
        ("silence", vec![0; sent.len()]),
    ];
    for (what, broken) in cases {
        let (verdict, likeness) = judged(&broken, &sent, &limits::G711);
        println!("{what}: {likeness:?} {verdict:?}");
        verdict.expect_err(what);
    }
}

#[test]
fn a_wideband_codec_that_is_narrow_is_found() {
    let _alone = alone();
    let sent = sound::theirs();
    let (verdict, likeness) = judged(&good(&sent), &sent, &limits::G722);
    println!("narrow: {likeness:?}");
    assert!(verdict.unwrap_err().contains("above 4 kHz"));
    assert_eq!(limits::G722.band, Band::Wide);
}
