//! What is heard on a telephone: voices of other engines than the agent's, and what is no voice.

use std::f64::consts::TAU;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use attendant::base::{Dice, Frame};
use attendant::engines::models;
use attendant::engines::tts::HibariModel;
use attendant::speech::Manner;

use super::cases::Draw;

/// Samples a millisecond.
pub(crate) const MS: usize = 16;

/// Who speaks on the caller's side.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Speaker {
    Flite(&'static str),
    Espeak(&'static str),
}

/// Women, men, a Scot and a formant synthesiser.
pub(crate) const SPEAKERS: [Speaker; 6] = [
    Speaker::Flite("slt"),
    Speaker::Flite("rms"),
    Speaker::Espeak("en-us+f3"),
    Speaker::Flite("awb"),
    Speaker::Espeak("en-gb+m3"),
    Speaker::Flite("kal16"),
];

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error} (see `make setup`)"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

/// One at a time renders, and others find it done.
static RENDERING: Mutex<()> = Mutex::new(());

/// Renders once, into a file that is kept by all that it depends on.
fn kept(key: impl Hash, render: impl FnOnce(&PathBuf)) -> Vec<i16> {
    let _alone = RENDERING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut depends = DefaultHasher::new();
    key.hash(&mut depends);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("turn-taking");
    std::fs::create_dir_all(&folder).unwrap();
    let raw = folder.join(format!("{:016x}.raw", depends.finish()));
    if !raw.exists() {
        let part = folder.join(format!("{:016x}-{}.part", depends.finish(), std::process::id()));
        render(&part);
        std::fs::rename(&part, &raw).unwrap();
    }
    let bytes = std::fs::read(&raw).unwrap();
    bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}

/// A text at 16 kHz, without silence before or after it.
pub(crate) fn spoken(speaker: Speaker, text: &str) -> Vec<f64> {
    let sound = kept((speaker, text), |raw| {
        let wav = raw.with_extension("wav");
        let (wav, raw) = (wav.to_str().unwrap(), raw.to_str().unwrap());
        match speaker {
            Speaker::Flite(voice) => run("flite", &["-voice", voice, "-t", text, "-o", wav]),
            Speaker::Espeak(voice) => {
                run("espeak-ng", &["-v", voice, "-s", "150", "-w", wav, text])
            }
        }
        let format = ["-t", "raw", "-r", "16000", "-e", "signed", "-b", "16", "-c", "1"];
        run("sox", &[&["-D", wav][..], &format, &[raw]].concat());
        std::fs::remove_file(wav).unwrap();
    });
    trimmed(sound.into_iter().map(f64::from).collect())
}

/// The agent's own voice, as it comes out of its engine.
pub(crate) fn agent(text: &str) -> Vec<f64> {
    static MODEL: OnceLock<std::sync::Arc<HibariModel>> = OnceLock::new();
    let sound = kept(("agent", text), |raw| {
        let model = MODEL.get_or_init(|| {
            let paths = models::find(&models::default_dir()).expect("see `make models`");
            HibariModel::load(&paths).unwrap()
        });
        let mut bytes = Vec::new();
        let mut take = |piece: &[i16]| {
            bytes.extend(piece.iter().flat_map(|s| s.to_le_bytes()));
            ControlFlow::Continue(())
        };
        model.voice().speak(text, Manner::default(), &mut take).unwrap();
        std::fs::write(raw, bytes).unwrap();
    });
    sound.into_iter().map(f64::from).collect()
}

/// Root mean square levels of pieces of 10 ms, in dBov.
fn levels(sound: &[f64]) -> Vec<f64> {
    let level = |piece: &[f64]| {
        let power = piece.iter().map(|s| s * s).sum::<f64>() / piece.len().max(1) as f64;
        10.0 * (power / (32_768.0 * 32_768.0)).max(1e-12).log10()
    };
    sound.chunks(10 * MS).map(level).collect()
}

/// Without what is 30 dB below the loudest at both ends.
fn trimmed(sound: Vec<f64>) -> Vec<f64> {
    let levels = levels(&sound);
    let least = levels.iter().copied().fold(f64::MIN, f64::max) - 30.0;
    let first = levels.iter().position(|&level| level > least).unwrap_or(0);
    let last = levels.iter().rposition(|&level| level > least).unwrap_or(0);
    let end = ((last + 1) * 10 * MS).min(sound.len());
    sound[first * 10 * MS..end].to_vec()
}

/// Brings the louder half of it to a level in dBov, as a speech voltmeter would.
pub(crate) fn at(mut sound: Vec<f64>, dbov: f64) -> Vec<f64> {
    let levels = levels(&sound);
    let loudest = levels.iter().copied().fold(f64::MIN, f64::max);
    let (mut power, mut count) = (0.0, 0.0);
    for level in levels.into_iter().filter(|level| *level > loudest - 20.0) {
        power += 10_f64.powf(level / 10.0);
        count += 1.0;
    }
    let gain = 10_f64.powf((dbov - 10.0 * f64::log10(power / count)) / 20.0);
    sound.iter_mut().for_each(|sample| *sample *= gain);
    sound
}

/// The first moment at which something is to be heard on a telephone, in samples: 20 dB below the loudest. Of an "s" most
/// is above 4 kHz.
pub(crate) fn onset(sound: &[f64]) -> usize {
    let narrow: Vec<f64> = sound.windows(4).map(|four| four.iter().sum::<f64>() / 4.0).collect();
    let levels = levels(&narrow);
    let loudest = levels.iter().copied().fold(f64::MIN, f64::max);
    levels.iter().position(|&level| level > loudest - 20.0).unwrap_or(0) * 10 * MS
}

/// What is no voice that speaks to us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Noise {
    /// An air conditioner, and a key now and then.
    Office,
    /// Cars that pass.
    Street,
    /// Six people at other tables.
    Babble,
    /// One speaker and music.
    Television,
    /// What a PBX plays.
    HoldMusic,
    /// Another telephone on the desk.
    Ringing,
    /// A dog that barks now and then.
    Dog,
}

/// So many samples of it, at a level in dBov.
pub(crate) fn noise(kind: Noise, samples: usize, dbov: f64, draw: Draw) -> Vec<f64> {
    let another = 1000 * draw.0;
    let mut dice = Dice::new(kind as u64 + 11 + another);
    let mut white = move || dice.below(20_001) as f64 - 10_000.0;
    let begins = 37_777 * draw.0 as usize;
    let sound = match kind {
        Noise::Office => {
            let (mut low, mut click, mut keys) = (0.0, 0.0, Dice::new(3 + another));
            (0..samples)
                .map(|_| {
                    low += 0.06 * (white() - low);
                    click *= 0.995;
                    if keys.below(9_000) == 0 {
                        click = 0.5;
                    }
                    low + click * white()
                })
                .collect()
        }
        Noise::Street => {
            let (mut low, mut lower) = (0.0, 0.0);
            let pass =
                |i: usize| 0.35 + 0.65 * (TAU * (i + begins) as f64 / 67_000.0).sin().powi(2);
            (0..samples)
                .map(|i| {
                    low += 0.25 * (white() - low);
                    lower += 0.05 * (low - lower);
                    (low * 0.3 + lower * 2.0) * pass(i)
                })
                .collect()
        }
        Noise::Babble => mixed(samples, &SPEAKERS, begins),
        Noise::Television => {
            let speaker = 2 + draw.0 as usize;
            let speech = at(mixed(samples, &SPEAKERS[speaker..=speaker], begins), -20.0);
            let music = at(music(samples, draw), -28.0);
            speech.iter().zip(music).map(|(a, b)| a + b).collect()
        }
        Noise::HoldMusic => music(samples, draw),
        Noise::Ringing => ringing(samples, draw),
        Noise::Dog => barking(samples, draw),
    };
    at(sound, dbov)
}

const NEWS: &str = "In other news, the city council voted last night to widen the road along the river. Work is expected \
    to begin in the spring and to take about two years. Residents had asked for a bridge instead, but the mayor said that \
    there was no money for it.";

fn mixed(samples: usize, speakers: &[Speaker], begins: usize) -> Vec<f64> {
    let mut sum = vec![0.0; samples];
    for (number, speaker) in speakers.iter().enumerate() {
        let voice = at(spoken(*speaker, NEWS), -20.0);
        for (i, sample) in sum.iter_mut().enumerate() {
            *sample += voice[(i + begins + number * 23_000) % voice.len()];
        }
    }
    sum
}

/// Two tones, a second on and two off, warbling.
fn ringing(samples: usize, draw: Draw) -> Vec<f64> {
    let (low, high) = (440.0 + 310.0 * draw.0 as f64, 480.0 + 520.0 * draw.0 as f64);
    (0..samples)
        .map(|i| {
            let t = i as f64 / 16e3;
            let on = f64::from(t % 3.0 < 1.0);
            let warble = if ((t * 20.0) as usize).is_multiple_of(2) { low } else { high };
            8000.0 * on * (TAU * warble * t).sin()
        })
        .collect()
}

/// Two barks every two seconds: a harsh tone that falls, of 150 ms each.
fn barking(samples: usize, draw: Draw) -> Vec<f64> {
    let mut dice = Dice::new(77 + draw.0);
    let (mut phase, pitch) = (0.0, 520.0 - 150.0 * draw.0 as f64);
    (0..samples)
        .map(|i| {
            let t = i as f64 / 16e3 % 2.0;
            let bark = if t < 0.4 { t } else { t - 0.4 };
            if t > 0.8 || bark > 0.15 {
                return 0.0;
            }
            phase += pitch * (1.0 - 2.0 * bark) / 16e3;
            let shape = (bark * 100.0).min(1.0) * (1.0 - bark / 0.15);
            let tone: f64 = (1..8).map(|n| (TAU * phase * f64::from(n)).sin() / f64::from(n)).sum();
            shape * (6000.0 * tone + 0.3 * (dice.below(20_001) as f64 - 10_000.0))
        })
        .collect()
}

/// Chords with a tune over them, each note struck and dying away.
fn music(samples: usize, draw: Draw) -> Vec<f64> {
    const TUNE: [f64; 8] = [523.3, 659.3, 784.0, 659.3, 698.5, 587.3, 493.9, 523.3];
    const CHORDS: [[f64; 3]; 4] = [
        [261.6, 329.6, 392.0],
        [220.0, 261.6, 329.6],
        [174.6, 220.0, 261.6],
        [196.0, 246.9, 293.7],
    ];
    let note = |hertz: f64, t: f64, since: f64| {
        let struck = (-3.0 * since).exp() * (since * 200.0).min(1.0);
        (1..5).map(|n| (TAU * hertz * f64::from(n) * t).sin() / f64::from(n * n)).sum::<f64>()
            * struck
    };
    // Another draw plays it lower, and from another place.
    let (key, from) = (1.0 - 0.16 * draw.0 as f64, 3 * draw.0 as usize);
    (0..samples)
        .map(|i| {
            let t = i as f64 / 16e3;
            let beat = (t / 0.4) as usize + from;
            let chord = CHORDS[beat / 4 % 4].iter();
            let under: f64 = chord.map(|hertz| note(key * hertz, t, t % 1.6)).sum();
            3000.0 * (note(key * TUNE[beat % 8], t, t % 0.4) + 0.5 * under)
        })
        .collect()
}

/// A cough: two bursts of noise with the ring of a throat, the second with a little voice at its end.
pub(crate) fn cough(seed: u64, draw: Draw) -> Vec<f64> {
    let mut dice = Dice::new(seed + 100 * draw.0);
    let (mut sound, mut one, mut two) = (Vec::new(), 0.0, 0.0);
    let resonance = 450.0 + 80.0 * seed as f64 + 37.0 * draw.0 as f64;
    let (radius, angle) = (0.96_f64, TAU * resonance / 16e3);
    for (length, voiced) in [(110 + 10 * seed as usize, 0.0), (60, -1.0), (170, 0.35)] {
        for i in 0..length * MS {
            let part = i as f64 / (length * MS) as f64;
            let shape =
                if voiced < 0.0 { 0.01 } else { (part * 30.0).min(1.0) * (1.0 - part).powf(1.5) };
            let hiss = dice.below(20_001) as f64 - 10_000.0;
            let buzz = f64::max(voiced, 0.0) * 12_000.0 * f64::from(i % 130 < 12) * part;
            let next = 2.0 * radius * angle.cos() * one - radius * radius * two + hiss + buzz;
            (two, one) = (one, next);
            sound.push((next + 2.0 * hiss) * shape);
        }
    }
    sound
}

/// A door that falls shut.
pub(crate) fn slam(draw: Draw) -> Vec<f64> {
    let (mut dice, mut low) = (Dice::new(8 + draw.0), 0.0);
    (0..250 * MS)
        .map(|i| {
            low += 0.2 * (dice.below(20_001) as f64 - 10_000.0 - low);
            low * (-(i as f64) / (40.0 * MS as f64)).exp()
        })
        .collect()
}

/// Frame number `index` of a sound, silence beyond its end.
pub(crate) fn frame(sound: &[f64], index: usize) -> [f64; Frame::SAMPLES] {
    std::array::from_fn(|i| sound.get(index * Frame::SAMPLES + i).copied().unwrap_or(0.0))
}
