//! Sound files: 16 bits, mono or stereo.

use std::path::Path;

use super::Failure;

/// Writes a stereo file at 8 kHz: caller left, agent right.
pub(super) fn write_stereo(path: &Path, left: &[i16], right: &[i16]) -> Result<(), Failure> {
    let mut writer = hound::WavWriter::create(path, spec(2, 8000))?;
    for (left, right) in left.iter().zip(right) {
        writer.write_sample(*left)?;
        writer.write_sample(*right)?;
    }
    Ok(writer.finalize()?)
}

fn spec(channels: u16, sample_rate: u32) -> hound::WavSpec {
    let sample_format = hound::SampleFormat::Int;
    hound::WavSpec { channels, sample_rate, bits_per_sample: 16, sample_format }
}

/// Writes a mono file at 8 kHz.
pub(super) fn write_mono(path: &Path, samples: &[i16]) -> Result<(), Failure> {
    let mut writer = hound::WavWriter::create(path, spec(1, 8000))?;
    for sample in samples {
        writer.write_sample(*sample)?;
    }
    Ok(writer.finalize()?)
}

/// Reads the first channel of a file of any rate at 8 kHz; full scale is 1.
pub(super) fn read_narrow(path: &Path) -> Result<Vec<f64>, Failure> {
    let mut reader =
        hound::WavReader::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let spec = reader.spec();
    if spec.sample_format != hound::SampleFormat::Int || spec.bits_per_sample != 16 {
        return Err(format!("{}: only 16-bit files are read", path.display()).into());
    }
    // A program that writes to a pipe cannot know the length beforehand: what is there counts.
    let samples = reader.samples::<i16>().step_by(spec.channels.into()).map_while(Result::ok);
    let sound: Vec<f64> = samples.map(|sample| f64::from(sample) / 32_768.0).collect();
    Ok(resampled(&sound, spec.sample_rate))
}

/// Half the width of the interpolation, in samples of the lower rate.
const HALF: f64 = 24.0;

/// Brings sound to 8 kHz by a windowed sinc that leaves nothing above 4 kHz.
pub(super) fn resampled(sound: &[f64], rate: u32) -> Vec<f64> {
    if rate == 8000 {
        return sound.to_vec();
    }
    let ratio = f64::from(rate) / 8000.0;
    let stretch = ratio.max(1.0);
    let length = (sound.len() as f64 / ratio) as usize;
    (0..length)
        .map(|n| {
            let centre = n as f64 * ratio;
            let from = (centre - HALF * stretch).ceil().max(0.0) as usize;
            let to = ((centre + HALF * stretch) as usize).min(sound.len().saturating_sub(1));
            let weight = |k: usize| {
                let x = (k as f64 - centre) / stretch;
                let sinc = if x.abs() < 1e-9 {
                    1.0
                } else {
                    (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x)
                };
                sinc * (0.5 + 0.5 * (std::f64::consts::PI * x / HALF).cos()) / stretch
            };
            (from..=to).map(|k| sound[k] * weight(k)).sum()
        })
        .collect()
}

/// Cuts the silence before and after: 40 dB below the loudest 10 ms.
pub(super) fn trimmed(sound: &[f64]) -> &[f64] {
    let powers: Vec<f64> = sound.chunks(80).map(|part| part.iter().map(|s| s * s).sum()).collect();
    let loudest = powers.iter().copied().fold(0.0, f64::max);
    let loud = |power: &f64| *power > loudest / 10_000.0;
    match (powers.iter().position(loud), powers.iter().rposition(loud)) {
        (Some(first), Some(last)) => &sound[first * 80..((last + 1) * 80).min(sound.len())],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_rates_become_8_khz_and_what_is_too_high_goes() {
        for rate in [16_000, 22_050, 24_000, 32_000] {
            let tone = |hertz: f64| -> Vec<f64> {
                (0..rate)
                    .map(|n| (std::f64::consts::TAU * hertz * f64::from(n) / f64::from(rate)).sin())
                    .collect()
            };
            let power =
                |sound: &[f64]| sound[500..7500].iter().map(|s| s * s).sum::<f64>() / 7000.0;
            let low = resampled(&tone(1000.0), rate);
            assert!(
                (7990..=8000).contains(&low.len()) && (power(&low) - 0.5).abs() < 0.02,
                "{rate}"
            );
            assert!(power(&resampled(&tone(5500.0), rate)) < 0.001, "{rate}");
        }
    }

    #[test]
    fn silence_round_a_word_is_cut() {
        let mut sound = vec![0.0; 800];
        sound.extend([0.5; 400]);
        sound.extend([0.0; 800]);
        assert_eq!(trimmed(&sound).len(), 400);
        assert!(trimmed(&[0.0; 100]).is_empty());
    }
}
