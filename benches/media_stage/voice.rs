//! What callers and agents say: a buzz that comes and goes like speech, so that voice detection
//! has its usual work.

use attendant::base::Frame;
use attendant::codec::{Codec, Encoder};

/// Frames until it repeats: 1.2 s of voice, 0.8 s of a quiet line.
pub(crate) const FRAMES: usize = 100;
const VOICED: usize = 60;

/// One frame of it.
pub(crate) fn frame(number: usize) -> Frame {
    let number = number % FRAMES;
    let amplitude = if number < VOICED { 3000.0 } else { 8.0 };
    // A hum at 120 Hz whose harmonics fall off like a voice's, and that swells four times a second.
    let sample = |i: usize| {
        let t = (number * Frame::SAMPLES + i) as f32 / 16e3;
        let swell = 1.0 - 0.5 * (std::f32::consts::TAU * 4.0 * t).cos();
        let hum: f32 =
            (1..20).map(|h| (std::f32::consts::TAU * 120.0 * h as f32 * t).sin() / h as f32).sum();
        (hum * swell * amplitude) as i16
    };
    Frame(std::array::from_fn(sample))
}

/// Bytes of a packet of G.711, which are its samples.
pub(crate) const PACKET: usize = 160;

/// All of it, coded by one of the laws of G.711.
pub(crate) fn payloads(codec: Codec) -> Vec<[u8; PACKET]> {
    let mut encoder = Encoder::new(codec);
    let coded = |number| {
        let mut payload = [0; PACKET];
        encoder.encode(&frame(number).0, &mut payload);
        payload
    };
    (0..FRAMES).map(coded).collect()
}
