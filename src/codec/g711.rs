//! ITU-T G.711: µ-law and A-law, one byte a sample at 8 kHz, by table both ways.

/// Which of the two laws.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Law {
    /// North America and Japan.
    Mu,
    /// Everywhere else.
    A,
}

/// Added before the segments are cut, so that they line up (G.711 table 2a note).
const MU_BIAS: i32 = 132;

static MU_DECODE: [i16; 256] = decode_table(Law::Mu);
static A_DECODE: [i16; 256] = decode_table(Law::A);
/// Indexed by the upper 14 bits of the sample: µ-law has 14 bits of resolution.
static MU_ENCODE: [u8; 1 << 14] = mu_encode_table();
/// Indexed by the upper 13 bits of the sample: A-law has 13 bits of resolution.
static A_ENCODE: [u8; 1 << 13] = a_encode_table();

impl Law {
    /// Returns the sample that a code stands for.
    pub fn decode(self, code: u8) -> i16 {
        match self {
            Self::Mu => MU_DECODE[usize::from(code)],
            Self::A => A_DECODE[usize::from(code)],
        }
    }

    /// Returns the code nearest to a sample.
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Mu => MU_ENCODE[usize::from(sample as u16 >> 2)],
            Self::A => A_ENCODE[usize::from(sample as u16 >> 3)],
        }
    }

    /// Returns the code of silence.
    pub fn silence(self) -> u8 {
        match self {
            Self::Mu => 0xff,
            Self::A => 0xd5,
        }
    }
}

const fn decode_table(law: Law) -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = match law {
            Law::Mu => mu_decode(code as u8),
            Law::A => a_decode(code as u8),
        };
        code += 1;
    }
    table
}

/// G.711 table 2: sign, 3 bits of segment, 4 bits of step, all inverted on the line.
const fn mu_decode(code: u8) -> i16 {
    let code = !code;
    let (segment, step) = ((code >> 4 & 7) as i32, (code & 15) as i32);
    let magnitude = (((step << 3) + MU_BIAS) << segment) - MU_BIAS;
    if code & 0x80 != 0 { -magnitude as i16 } else { magnitude as i16 }
}

/// G.711 table 1: even bits inverted on the line; the sign bit is set for positive values.
const fn a_decode(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (segment, step) = ((code >> 4 & 7) as i32, (code & 15) as i32);
    let magnitude = match segment {
        0 => (step << 4) + 8,
        _ => ((step << 4) + 264) << (segment - 1),
    };
    if code & 0x80 != 0 { magnitude as i16 } else { -magnitude as i16 }
}

const fn mu_encode_table() -> [u8; 1 << 14] {
    let mut table = [0; 1 << 14];
    let mut index = 0;
    while index < table.len() {
        // The middle of the four samples that share the entry.
        table[index] = mu_encode(((index << 2) as u16 as i16) as i32 + 2);
        index += 1;
    }
    table
}

const fn mu_encode(sample: i32) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = if sample < 0 { -sample } else { sample };
    let biased = if magnitude > 32_635 { 32_635 } else { magnitude } + MU_BIAS;
    let segment = 24 - biased.leading_zeros() as i32;
    let step = biased >> (segment + 3) & 15;
    !(sign | (segment << 4) as u8 | step as u8)
}

const fn a_encode_table() -> [u8; 1 << 13] {
    let mut table = [0; 1 << 13];
    let mut index = 0;
    while index < table.len() {
        table[index] = a_encode(((index << 3) as u16 as i16) as i32);
        index += 1;
    }
    table
}

const fn a_encode(sample: i32) -> u8 {
    // In 13 bits, negative values are one's complement, so that -1 is in the first step.
    let (sign, magnitude) = if sample < 0 { (0, (!(sample >> 3)) << 3) } else { (0x80, sample) };
    let steps = magnitude >> 4;
    let code = if steps < 32 {
        steps
    } else {
        let segment = 28 - (steps as u32).leading_zeros() as i32;
        (segment << 4) | (steps >> (segment - 1) & 15)
    };
    (sign | code as u8) ^ 0x55
}

#[cfg(test)]
mod tests {
    use super::*;

    /// G.711 tables 1a and 2a: decision and output values at the segment ends, for 16-bit samples.
    #[test]
    fn known_codes_decode_to_the_values_of_the_recommendation() {
        for (code, value) in [(0x80, 32_124), (0x00, -32_124), (0xff, 0), (0x7f, 0), (0xfe, 8)] {
            assert_eq!(Law::Mu.decode(code), value, "µ {code:#x}");
        }
        for (code, value) in [(0xd5, 8), (0x55, -8), (0xaa, 32_256), (0x2a, -32_256), (0x80, 5504)]
        {
            assert_eq!(Law::A.decode(code), value, "A {code:#x}");
        }
    }

    #[test]
    fn every_code_survives_the_round_trip() {
        for code in 0..=255 {
            assert_eq!(Law::A.encode(Law::A.decode(code)), code);
            // µ-law has two zeros, of which the encoder uses the positive one.
            let expected = if code == 0x7f { 0xff } else { code };
            assert_eq!(Law::Mu.encode(Law::Mu.decode(code)), expected);
        }
    }

    /// G.711 tables 1 and 2, in 14 bits for µ-law and 13 for A-law: the decision values at the
    /// segments' ends, and sixteen equal steps between them. Negative samples mirror as `!x`.
    fn by_the_table(law: Law, sample: i16) -> u8 {
        let (bits, ends): (_, &[i32]) = match law {
            Law::Mu => (2, &[-1, 31, 95, 223, 479, 991, 2015, 4063, 8159]),
            Law::A => (3, &[0, 64, 128, 256, 512, 1024, 2048, 4096]),
        };
        let magnitude = i32::from(if sample < 0 { !sample } else { sample }) >> bits;
        let magnitude = magnitude.min(ends.last().unwrap() - 1);
        let segment = ends.iter().rposition(|&end| end <= magnitude).unwrap();
        let (low, high) = (ends[segment], ends[segment + 1]);
        match law {
            Law::Mu => {
                let step = (magnitude - low) * 16 / (high - low);
                !(u8::from(sample < 0) << 7 | (segment * 16) as u8 | step as u8)
            }
            Law::A => {
                // The first two segments share one slope and one table row.
                let steps = if segment == 0 { 32 } else { 16 };
                let step = (magnitude - low) * steps / (high - low);
                let from = if segment == 0 { 0 } else { (segment + 1) * 16 };
                (u8::from(sample >= 0) << 7 | (from as i32 + step) as u8) ^ 0x55
            }
        }
    }

    #[test]
    fn every_sample_is_encoded_as_the_tables_say() {
        for law in [Law::Mu, Law::A] {
            for sample in i16::MIN..=i16::MAX {
                assert_eq!(law.encode(sample), by_the_table(law, sample), "{law:?} {sample}");
            }
        }
    }

    #[test]
    fn silence_is_silent() {
        assert_eq!(Law::Mu.decode(Law::Mu.silence()), 0);
        assert_eq!(Law::A.decode(Law::A.silence()), 8);
        assert_eq!(Law::Mu.encode(0), Law::Mu.silence());
        assert_eq!(Law::A.encode(0), Law::A.silence());
    }
}
