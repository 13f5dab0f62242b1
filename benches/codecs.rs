//! Budget for 20 ms of sound at 16 kHz, in µs to encode, decode and conceal: G.711 0.6, 0.7, 3.5; G.722 8, 6, 5;
//! Opus 120, 10, 10; L16 0.2, 0.3, 5; comfort noise 3. And for both directions of a call between two codecs,
//! compute alone, 7,000 calls a core between the laws of G.711, 1,200 between G.711 and G.722, 140 with Opus.
//!
//! All take turns, and of each 100 ms of the voice the fastest round counts: what else the machine does makes a round slower, never
//! faster.

use std::hint::black_box;
use std::time::Instant;

use attendant::base::{Decibel, Frame};
use attendant::codec::{
    Codec, Decoder, Encoder, MAX_PAYLOAD, NoiseLikeness, NoiseListener, NoiseMaker, OpusSettings,
};

/// Frames of the voice, how many are timed at once, and how often all are gone through.
const FRAMES: usize = 50;
const PART: usize = 5;
const ROUNDS: usize = 60;
/// A frame, in ns.
const FRAME_NS: f64 = 20e6;

/// A voice with hiss in it that rises and falls, so that no codec has an easy time.
fn voice() -> Vec<Frame> {
    let mut noise = 1_u32;
    let mut sample = |at: usize| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let t = at as f64 / 16e3;
        let pitch = 120.0 * t + 15.0 * t * t;
        let wave = |k: u32| (std::f64::consts::TAU * pitch * f64::from(k)).sin() / f64::from(k);
        let syllable = (std::f64::consts::TAU * 3.0 * t).sin();
        let hiss = f64::from(noise >> 16) / 65_536.0 - 0.5;
        let voiced = 5_000.0 * syllable.max(0.1) * (1..20).map(wave).sum::<f64>();
        (voiced + 3_000.0 * (-syllable).max(0.05) * hiss) as i16
    };
    (0..FRAMES)
        .map(|frame| Frame(std::array::from_fn(|i| sample(frame * Frame::SAMPLES + i))))
        .collect()
}

/// Something done to a frame, and what it costs.
struct Cost {
    name: String,
    budget_ns: f64,
    /// What each part of the voice took in its fastest round.
    parts: [f64; FRAMES / PART],
    step: Box<dyn FnMut(usize)>,
}

impl Cost {
    fn new(name: String, budget_us: f64, step: impl FnMut(usize) + 'static) -> Self {
        let (budget_ns, parts) = (1000.0 * budget_us, [f64::MAX; FRAMES / PART]);
        Self { name, budget_ns, parts, step: Box::new(step) }
    }

    fn round(&mut self) {
        for (part, fastest) in self.parts.iter_mut().enumerate() {
            let start = Instant::now();
            (part * PART..(part + 1) * PART).for_each(|frame| (self.step)(frame));
            *fastest = fastest.min(start.elapsed().as_nanos() as f64);
        }
    }

    fn nanoseconds(&self) -> f64 {
        self.parts.iter().sum::<f64>() / FRAMES as f64
    }

    /// Says what it costs beside `other`, and whether that is within its budget.
    fn say(&self, other: f64) -> bool {
        let Self { name, budget_ns, .. } = self;
        let nanoseconds = self.nanoseconds() - other;
        let ratio = nanoseconds / budget_ns;
        println!("{name:<24} {nanoseconds:>9.0} ns  budget {budget_ns:>8.0}  ratio {ratio:.2}");
        ratio <= 1.0
    }
}

fn redundant() -> OpusSettings {
    OpusSettings { fec: true, ..OpusSettings::default() }
}

/// Encode, decode, conceal, in µs.
fn budgets(codec: Codec) -> [f64; 3] {
    match codec {
        Codec::Pcmu | Codec::Pcma => [0.6, 0.7, 3.5],
        Codec::L16Narrow => [0.6, 0.7, 3.5],
        Codec::G722 => [8.0, 6.0, 5.0],
        Codec::L16 => [0.2, 0.3, 5.0],
        Codec::Opus => [120.0, 10.0, 10.0],
    }
}

fn of_codec(codec: Codec, voice: &[Frame]) -> [Cost; 3] {
    let mut encoder = Encoder::new(codec);
    encoder.tune(&redundant());
    let coded = |frame: &Frame| {
        let mut payload = [0; MAX_PAYLOAD];
        let length = encoder.encode(&frame.0, &mut payload);
        payload[..length].to_vec()
    };
    let payloads: Vec<Vec<u8>> = voice.iter().map(coded).collect();
    let [encode, decode, conceal] = budgets(codec);
    let name = |what| format!("{codec:?} {what}");
    let (sound, mut out) = (voice.to_vec(), [0; MAX_PAYLOAD]);
    let encode = Cost::new(name("encode"), encode, move |frame| {
        black_box(encoder.encode(black_box(&sound[frame].0), &mut out));
    });
    let (mut decoder, mut frame) = (Decoder::new(codec), Frame::SILENCE);
    let packets = payloads.clone();
    let decode = Cost::new(name("decode"), decode, move |number| {
        black_box(decoder.decode(black_box(&packets[number]), &mut frame.0));
    });
    // After each frame that came one is made up, and what decoding costs is taken off again.
    let (mut decoder, mut frame) = (Decoder::new(codec), Frame::SILENCE);
    let conceal = Cost::new(name("conceal"), conceal, move |number| {
        black_box(decoder.decode(black_box(&payloads[number]), &mut frame.0));
        decoder.conceal(black_box(&mut frame.0));
    });
    [encode, decode, conceal]
}

fn of_noise(voice: &[Frame]) -> [Cost; 2] {
    let (sound, mut listener) = (voice.to_vec(), NoiseListener::default());
    let listen = Cost::new("noise listen".into(), 3.0, move |frame| {
        listener.hear(black_box(&sound[frame].0));
    });
    let (mut maker, mut frame) = (NoiseMaker::default(), Frame::SILENCE);
    let colour = [50, 40, 140, 110, 135, 120, 130, 125, 128, 126, 127];
    let likeness = NoiseLikeness::parse(&colour).unwrap_or(NoiseLikeness::white(Decibel(-50.0)));
    maker.be(&likeness);
    let make = Cost::new("noise make".into(), 3.0, move |_| maker.fill(black_box(&mut frame.0)));
    [listen, make]
}

/// Calls a core between two codecs, both directions, and the least there should be.
fn density(costs: &[Cost], between: [Codec; 2]) -> bool {
    let of = |codec: Codec, what: &str| {
        let name = format!("{codec:?} {what}");
        costs.iter().find(|cost| cost.name == name).map_or(0.0, Cost::nanoseconds)
    };
    let spent: f64 = between.iter().map(|it| of(*it, "encode") + of(*it, "decode")).sum();
    let calls = FRAME_NS / spent;
    let least = match between.map(|codec| (codec == Codec::Opus, codec == Codec::G722)) {
        [(true, _), (true, _)] => 70.0,
        [(true, _), _] | [_, (true, _)] => 140.0,
        [(_, true), (_, true)] => 700.0,
        [(_, true), _] | [_, (_, true)] => 1_200.0,
        _ => 7_000.0,
    };
    let name = format!("{:?} and {:?}", between[0], between[1]);
    println!(
        "{name:<24} {calls:>9.0} calls a core  least {least:>6.0}  ratio {:.2}",
        calls / least
    );
    calls >= least
}

fn main() {
    let voice = voice();
    let mut costs: Vec<Cost> =
        Codec::ALL.into_iter().flat_map(|codec| of_codec(codec, &voice)).collect();
    costs.extend(of_noise(&voice));
    for _ in 0..ROUNDS {
        costs.iter_mut().for_each(Cost::round);
    }
    println!(
        "20 ms of sound at 16 kHz, with the filters from and to 8 kHz where the codec needs them:"
    );
    let mut kept = true;
    for (at, cost) in costs.iter().enumerate() {
        let decoded = cost.name.ends_with("conceal").then(|| costs[at - 1].nanoseconds());
        kept &= cost.say(decoded.unwrap_or(0.0));
    }
    println!("Both directions of a call between two codecs, compute alone:");
    for (at, one) in Codec::ALL.into_iter().enumerate() {
        for other in &Codec::ALL[at..] {
            kept &= density(&costs, [one, *other]);
        }
    }
    let (encoder, decoder) = (size_of::<Encoder>(), size_of::<Decoder>());
    println!("A leg's coders: {encoder} + {decoder} bytes; those of Opus some 45,000 more.");
    if !kept {
        eprintln!("over budget");
        std::process::exit(1);
    }
}
