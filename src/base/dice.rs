//! Randomness for cores: seeded, small, and the same on every machine.

/// xorshift64* (Vigna 2016). Not for secrets: a shell seeds it from the operating system where
/// guessing must be hard, and a test seeds it with a number it can print.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dice(u64);

impl Dice {
    /// Starts a sequence; the same seed gives the same sequence.
    pub fn new(seed: u64) -> Self {
        // splitmix64 of the seed, so that seeds 1, 2, 3 do not start alike; zero would stay zero.
        let mut state = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self((state ^ (state >> 31)).max(1))
    }

    /// Returns the next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Returns a number below `bound`, which must not be zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        (self.bits() >> 16) % bound.max(1)
    }

    /// Returns `length` lower-case hexadecimal digits, for tags, branches and ids.
    pub fn hex(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(b"0123456789abcdef"[(self.bits() >> 60) as usize])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_tells_the_same_story() {
        let (mut one, mut two, mut other) = (Dice::new(7), Dice::new(7), Dice::new(8));
        let first: Vec<_> = (0..20).map(|_| one.bits()).collect();
        assert_eq!(first, (0..20).map(|_| two.bits()).collect::<Vec<_>>());
        assert_ne!(first, (0..20).map(|_| other.bits()).collect::<Vec<_>>());
        assert!(first.iter().all(|_| one.below(6) < 6));
        assert_eq!(one.hex(16).len(), 16);
    }
}
