//! Recorded sound against what was sent: where it lies, how well it fits, and what its bands have lost.
//!
//! All sound here is at 16 kHz. The delay is found by the whole; from there each block of 256 ms is followed for
//! itself, so that sound which is lost or added on the way shows as a jump and not as a bad fit of all that comes
//! after. The fit of a block is its normalised cross-correlation, which no change of level touches.

use std::f64::consts::{PI, TAU};

/// Samples a second.
pub(crate) const RATE: usize = 16_000;
/// What is followed at a time: 256 ms, one or two syllables.
const BLOCK: usize = 4096;
/// How far one block may lie from where the one before it lay: three packets of 20 ms.
const STEP: isize = 960;
/// A block moves by this much, or it has not moved: 1 ms. Resamplers and pitch make less.
const MOVED: isize = 16;
/// Blocks that are this much quieter than the loudest hold breath and noise (dB).
const QUIET: f64 = 30.0;
/// A spectrum's samples: 32 ms.
const WINDOW: usize = 512;
/// Edges of the bands that are compared, in Hz. Those above 4 kHz are there for wideband alone.
const BANDS: [f64; 11] =
    [300.0, 500.0, 750.0, 1_050.0, 1_450.0, 2_000.0, 2_600.0, 3_300.0, 4_200.0, 5_400.0, 6_800.0];
/// Of those, how many a telephone's band has.
const NARROW_BANDS: usize = 7;
/// A band this far below the loudest of its frame is not heard beside it (dB).
const MASKED: f64 = 30.0;
/// The largest distance that counts: what is gone is gone (dB).
const GONE: f64 = 40.0;

/// What a codec carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Band {
    /// 300 to 3,300 Hz.
    Narrow,
    /// 150 to 6,800 Hz.
    Wide,
}

impl Band {
    fn edges(self) -> (f64, f64) {
        match self {
            Self::Narrow => (300.0, 3_300.0),
            Self::Wide => (150.0, 6_800.0),
        }
    }

    fn bands(self) -> usize {
        match self {
            Self::Narrow => NARROW_BANDS,
            Self::Wide => BANDS.len() - 1,
        }
    }
}

/// What came of a comparison.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Likeness {
    /// From the beginning of the recording to the first block, less where that was in what was sent.
    pub delay_ms: f64,
    /// Of the middle block: 1 is the same.
    pub fit: f64,
    /// Of the block that a fifth of them fit worse than.
    pub poor: f64,
    /// How often sound was lost or added.
    pub jumps: usize,
    /// The mean distance of spectra, in dB.
    pub distance: f64,
    /// That of the bands above 4 kHz, each by itself the worst; 0 in narrow band.
    pub upper: f64,
}

/// What a codec and a path have to keep to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// What the codec carries.
    pub band: Band,
    /// The least [`Likeness::fit`].
    pub fit: f64,
    /// The least [`Likeness::poor`].
    pub poor: f64,
    /// The most [`Likeness::jumps`]: a busy machine may hold up a packet or two.
    pub jumps: usize,
    /// The most [`Likeness::distance`] in dB.
    pub distance: f64,
    /// The most [`Likeness::upper`] in dB.
    pub upper: f64,
}

impl Limits {
    /// Says what is wrong, if anything is.
    pub(crate) fn judge(&self, likeness: &Likeness) -> Result<(), String> {
        let Likeness { fit, poor, jumps, distance, upper, .. } = *likeness;
        let wrong = [
            (fit < self.fit, format!("fits by {fit:.3}, {:.3} wanted", self.fit)),
            (
                poor < self.poor,
                format!("a fifth fits by {poor:.3} or worse, {:.3} wanted", self.poor),
            ),
            (jumps > self.jumps, format!("jumps {jumps} times, {} allowed", self.jumps)),
            (distance > self.distance, format!("{distance:.1} dB away, {} allowed", self.distance)),
            (upper > self.upper, format!("above 4 kHz {upper:.1} dB away, {} allowed", self.upper)),
        ];
        let words: Vec<_> =
            wrong.into_iter().filter_map(|(is, words)| is.then_some(words)).collect();
        if words.is_empty() { Ok(()) } else { Err(format!("{}; {likeness:?}", words.join("; "))) }
    }
}

/// Compares; both at 16 kHz, `heard` anywhere in a recording that is longer.
///
/// # Errors
/// When nothing in the recording is loud enough to be compared.
pub(crate) fn compare(sent: &[i16], heard: &[i16], band: Band) -> Result<Likeness, String> {
    let (sent, heard) = (within(sent, band), within(heard, band));
    if level(&heard) < 10.0 {
        return Err(format!("nothing was heard in {:.1} s", heard.len() as f64 / RATE as f64));
    }
    let blocks = blocks(&sent);
    let start = rough_place(&sent, &heard)?;
    let mut at = start;
    let mut places = Vec::new();
    for &block in &blocks {
        let place = follow(&sent[block..block + BLOCK], &heard, at + block as isize);
        // A block that fits nowhere says nothing of where the next one is.
        if place.fit > 0.3 {
            at = place.at - block as isize;
        }
        places.push((block, place));
    }
    let fits = sorted(places.iter().map(|(_, place)| place.fit).collect());
    let fit = fits[fits.len() / 2];
    let poor = fits[fits.len() / 5];
    let delays: Vec<isize> = places
        .iter()
        .filter(|(_, place)| place.fit > 0.5)
        .map(|(block, place)| place.at - *block as isize)
        .collect();
    let jumps = delays.windows(2).filter(|two| (two[1] - two[0]).abs() > MOVED).count();
    let first = delays.first().copied().unwrap_or(start);
    let (distance, upper) = spectra(&sent, &heard, &places, band);
    let delay_ms = first as f64 * 1000.0 / RATE as f64;
    Ok(Likeness { delay_ms, fit, poor, jumps, distance, upper })
}

/// Where a block was found, and how well it fits there.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: isize,
    fit: f64,
}

/// Returns where the blocks begin that are loud enough.
fn blocks(sent: &[f64]) -> Vec<usize> {
    let starts = (0..sent.len() / BLOCK).map(|n| n * BLOCK);
    let levels: Vec<(usize, f64)> = starts.map(|at| (at, level(&sent[at..at + BLOCK]))).collect();
    let loudest = levels.iter().map(|it| it.1).fold(0.0, f64::max);
    let least = loudest * 10_f64.powf(-QUIET / 20.0);
    levels.into_iter().filter(|it| it.1 > least).map(|it| it.0).collect()
}

/// Finds about where it begins, by what lies below 1 kHz: all of the recording, in steps of half a millisecond.
fn rough_place(sent: &[f64], heard: &[f64]) -> Result<isize, String> {
    const STRIDE: usize = 8;
    let thin = |sound: &[f64]| -> Vec<f64> {
        let low = filtered(sound, &low_pass(900.0, 129));
        low.iter().copied().step_by(STRIDE).collect()
    };
    let loud = blocks(sent);
    let (sent, heard) = (thin(sent), thin(heard));
    // Several blocks, each by itself: were half of them broken, the others would still find the place.
    let mut found = Vec::new();
    for &block in loud.iter().take(8) {
        let from = block / STRIDE;
        let piece = &sent[from..(from + BLOCK / STRIDE).min(sent.len())];
        let last = heard.len().saturating_sub(piece.len());
        let fits = (0..last).map(|at| (at, correlation(piece, &heard[at..at + piece.len()])));
        if let Some((at, fit)) = fits.max_by(|a, b| a.1.total_cmp(&b.1)) {
            found.push((fit, at as isize - from as isize));
        }
    }
    let best = found.into_iter().max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, at)| at * STRIDE as isize).ok_or("nothing was sent".to_owned())
}

/// Finds a block near a place.
fn follow(block: &[f64], heard: &[f64], near: isize) -> Place {
    let fit = |at: isize| {
        let piece = usize::try_from(at).ok().and_then(|at| heard.get(at..at + block.len()));
        Place { at, fit: piece.map_or(-1.0, |piece| correlation(block, piece)) }
    };
    let better = |a: &Place, b: &Place| a.fit.total_cmp(&b.fit);
    // Speech in a telephone's band turns no faster than this in 1/4 ms; then every sample is tried.
    let coarse = (-STEP..=STEP).step_by(3).map(|off| fit(near + off)).max_by(better);
    let coarse = coarse.expect("there are steps");
    (-3..=3).map(|off| fit(coarse.at + off)).max_by(better).expect("there are steps")
}

/// Returns the mean distance of all bands, and the worst of those above 4 kHz.
fn spectra(sent: &[f64], heard: &[f64], places: &[(usize, Place)], band: Band) -> (f64, f64) {
    let mut apart = vec![Vec::new(); band.bands()];
    for (block, place) in places {
        let Ok(at) = usize::try_from(place.at) else { continue };
        let Some(theirs) = heard.get(at..at + BLOCK) else { continue };
        let ours = &sent[*block..block + BLOCK];
        let gain = 20.0 * (level(ours) / level(theirs).max(1e-9)).log10();
        for from in (0..=BLOCK - WINDOW).step_by(WINDOW / 2) {
            let (a, b) = (bands(&ours[from..from + WINDOW]), bands(&theirs[from..from + WINDOW]));
            let loudest = a.iter().copied().fold(f64::MIN, f64::max);
            for (n, apart) in apart.iter_mut().enumerate() {
                if a[n] > loudest - MASKED && a[n] > 0.0 {
                    apart.push((a[n] - b[n] - gain).abs().min(GONE));
                }
            }
        }
    }
    let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len().max(1) as f64;
    let upper = apart.iter().skip(NARROW_BANDS).map(|band| mean(band)).fold(0.0, f64::max);
    (mean(&apart.concat()), upper)
}

/// Returns the level of each band in dB.
fn bands(frame: &[f64]) -> Vec<f64> {
    let mut spectrum: Vec<(f64, f64)> = (frame.iter().enumerate())
        .map(|(n, s)| (s * (0.5 - 0.5 * (TAU * n as f64 / frame.len() as f64).cos()), 0.0))
        .collect();
    transform(&mut spectrum);
    let bin = |hertz: f64| (hertz * frame.len() as f64 / RATE as f64) as usize;
    BANDS
        .windows(2)
        .map(|edges| {
            let power =
                spectrum[bin(edges[0])..bin(edges[1])].iter().map(|(re, im)| re * re + im * im);
            10.0 * (power.sum::<f64>() / (frame.len() * frame.len()) as f64 + 1e-9).log10()
        })
        .collect()
}

/// The fast Fourier transform, radix 2.
fn transform(values: &mut [(f64, f64)]) {
    let length = values.len();
    let bits = length.trailing_zeros();
    for n in 0..length {
        let turned = n.reverse_bits() >> (usize::BITS - bits);
        if turned > n {
            values.swap(n, turned);
        }
    }
    let mut half = 1;
    while half < length {
        for n in 0..half {
            let (sin, cos) = (-PI * n as f64 / half as f64).sin_cos();
            for even in (n..length).step_by(2 * half) {
                let (re, im) = values[even + half];
                let odd = (re * cos - im * sin, re * sin + im * cos);
                let (re, im) = values[even];
                values[even] = (re + odd.0, im + odd.1);
                values[even + half] = (re - odd.0, im - odd.1);
            }
        }
        half *= 2;
    }
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (mut product, mut ours, mut theirs) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        product += x * y;
        ours += x * x;
        theirs += y * y;
    }
    if ours * theirs > 0.0 { product / (ours * theirs).sqrt() } else { 0.0 }
}

/// The root mean square.
fn level(sound: &[f64]) -> f64 {
    (sound.iter().map(|s| s * s).sum::<f64>() / sound.len().max(1) as f64).sqrt()
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// What lies in the band.
fn within(sound: &[i16], band: Band) -> Vec<f64> {
    let (low, high) = band.edges();
    let (below, above) = (low_pass(low, 257), low_pass(high, 257));
    let taps: Vec<f64> = above.iter().zip(&below).map(|(a, b)| a - b).collect();
    filtered(&sound.iter().map(|s| f64::from(*s)).collect::<Vec<_>>(), &taps)
}

/// A windowed sinc at 16 kHz (Hamming), its delay half its length.
fn low_pass(hertz: f64, taps: usize) -> Vec<f64> {
    let middle = (taps / 2) as f64;
    (0..taps)
        .map(|n| {
            let x = n as f64 - middle;
            let w = TAU * hertz / RATE as f64;
            let sinc = if x == 0.0 { w / PI } else { (w * x).sin() / (PI * x) };
            sinc * (0.54 - 0.46 * (TAU * n as f64 / (taps - 1) as f64).cos())
        })
        .collect()
}

/// Convolves; what comes out lies where it lay.
fn filtered(sound: &[f64], taps: &[f64]) -> Vec<f64> {
    let half = taps.len() / 2;
    let mut padded = vec![0.0; half];
    padded.extend_from_slice(sound);
    padded.resize(sound.len() + 2 * half, 0.0);
    // A symmetrical filter needs no turning round.
    padded
        .windows(taps.len())
        .map(|window| window.iter().zip(taps).map(|(s, tap)| s * tap).sum())
        .collect()
}

/// Brings sound to another rate: a windowed sinc of 24 zeros each side, below the lower half rate.
pub(crate) fn resampled(sound: &[i16], from: usize, to: usize) -> Vec<i16> {
    const ZEROS: f64 = 24.0;
    if from == to {
        return sound.to_vec();
    }
    let ratio = to as f64 / from as f64;
    let cutoff = ratio.min(1.0) * 0.94;
    let reach = ZEROS / cutoff;
    // Positions repeat with the ratio's numerator: their taps are made once.
    let divisor = (1..=from.min(to))
        .rev()
        .find(|n| from.is_multiple_of(*n) && to.is_multiple_of(*n))
        .unwrap_or(1);
    let phases = to / divisor;
    let kernel = |x: f64| {
        let w = cutoff * PI * x;
        let sinc = if x == 0.0 { cutoff } else { cutoff * w.sin() / w };
        sinc * (0.5 + 0.5 * (PI * x / reach).cos())
    };
    let width = reach.ceil() as isize;
    let table: Vec<Vec<f64>> = (0..phases)
        .map(|phase| {
            let fraction = (phase * from % to) as f64 / to as f64;
            (-width + 1..=width).map(|tap| kernel(tap as f64 - fraction)).collect()
        })
        .collect();
    (0..sound.len() * to / from)
        .map(|n| {
            let whole = (n * from / to) as isize;
            let taps = &table[n % phases];
            let sum: f64 = (taps.iter().enumerate())
                .filter_map(|(tap, weight)| {
                    let at = usize::try_from(whole + tap as isize - width + 1).ok()?;
                    sound.get(at).map(|s| f64::from(*s) * weight)
                })
                .sum();
            sum.round().clamp(-32_768.0, 32_767.0) as i16
        })
        .collect()
}
