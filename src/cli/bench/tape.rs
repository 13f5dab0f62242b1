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
