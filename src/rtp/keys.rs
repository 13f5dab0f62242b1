//! Master keys of SRTP: as SDP carries them (RFC 4568), as we make them, and how AES uses them.

use aes::cipher::{InnerIvInit, KeyInit, StreamCipher};
use aes::{Aes128Enc, Aes256Enc};
use ctr::{Ctr128BE, CtrCore};

/// Bytes of the master salt, and of a session salt.
pub const SALT: usize = 14;
/// Bytes of the longest master key.
const LONGEST: usize = 32;

/// What is done to a packet. The names are those of RFC 4568 §6.2 and RFC 6188 §4.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Suite {
    /// `AES_256_CM_HMAC_SHA1_80`
    Aes256Tag80,
    /// `AES_256_CM_HMAC_SHA1_32`
    Aes256Tag32,
    /// `AES_CM_128_HMAC_SHA1_80`, which everybody has.
    Aes128Tag80,
    /// `AES_CM_128_HMAC_SHA1_32`
    Aes128Tag32,
}

impl Suite {
    /// All of them, strongest first.
    pub const ALL: [Self; 4] =
        [Self::Aes256Tag80, Self::Aes128Tag80, Self::Aes256Tag32, Self::Aes128Tag32];

    /// Returns its name in `a=crypto`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes256Tag80 => "AES_256_CM_HMAC_SHA1_80",
            Self::Aes256Tag32 => "AES_256_CM_HMAC_SHA1_32",
            Self::Aes128Tag80 => "AES_CM_128_HMAC_SHA1_80",
            Self::Aes128Tag32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// Returns the length of the master key in bytes.
    pub fn key_bytes(self) -> usize {
        match self {
            Self::Aes256Tag80 | Self::Aes256Tag32 => 32,
            Self::Aes128Tag80 | Self::Aes128Tag32 => 16,
        }
    }

    /// The length of the tag of SRTP; that of SRTCP is always ten bytes (RFC 4568 §6.2).
    pub(super) fn tag(self) -> usize {
        match self {
            Self::Aes256Tag80 | Self::Aes128Tag80 => 10,
            Self::Aes256Tag32 | Self::Aes128Tag32 => 4,
        }
    }
}

/// A master key and salt, as SDP carries them.
#[derive(Clone)]
pub struct MasterKey {
    suite: Suite,
    key: [u8; LONGEST],
    salt: [u8; SALT],
}

impl MasterKey {
    /// Takes the key and the salt behind it; `None` when their length is not the suite's.
    pub fn new(suite: Suite, bytes: &[u8]) -> Option<Self> {
        let (key_bytes, salt_bytes) = bytes.split_at_checked(suite.key_bytes())?;
        let mut key = [0; LONGEST];
        key[..key_bytes.len()].copy_from_slice(key_bytes);
        Some(Self { suite, key, salt: salt_bytes.try_into().ok()? })
    }

    /// Returns the suite.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Returns the key and the salt behind it, for SDP.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.key[..self.suite.key_bytes()], &self.salt].concat()
    }

    /// RFC 3711 §4.3: bytes of a session key, by its label. The key derivation rate is zero.
    pub(super) fn derive(&self, label: u8, out: &mut [u8]) {
        let mut block = [0; 16];
        block[..SALT].copy_from_slice(&self.salt);
        block[7] ^= label;
        out.fill(0);
        KeyStream::new(&self.key[..self.suite.key_bytes()]).apply(&block, out);
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey({}, ‹secret›)", self.suite.name())
    }
}

impl PartialEq for MasterKey {
    fn eq(&self, other: &Self) -> bool {
        let differing = self.key.iter().zip(other.key).map(|(a, b)| a ^ b);
        let salts = self.salt.iter().zip(other.salt).map(|(a, b)| a ^ b);
        self.suite == other.suite && differing.chain(salts).fold(0, |all, bits| all | bits) == 0
    }
}

impl Eq for MasterKey {}

/// The keys of one leg's stream, both ways.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SrtpKeys {
    /// What we send is under this one.
    pub ours: MasterKey,
    /// What the far end sends is under this one.
    pub theirs: MasterKey,
    /// Bytes of the key identifier that the far end puts before its tags; mostly none.
    pub their_mki: u8,
}

/// Secret bytes of one leg, from the system's randomness, that all its own master keys come from:
/// a core has no randomness, and a later offer may want another key.
#[derive(Clone, Eq, PartialEq)]
pub struct KeySeed([u8; 32]);

impl KeySeed {
    /// Takes bytes that nobody can guess and nothing else uses.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the leg's key of this number for a suite. Keys of other numbers and suites have nothing to
    /// do with it: each is a piece of its own of one AES-256 key stream.
    pub fn master_key(&self, suite: Suite, number: u32) -> MasterKey {
        let mut block = [0; 16];
        block[0] = suite as u8;
        block[1..5].copy_from_slice(&number.to_be_bytes());
        let mut bytes = [0; LONGEST + SALT];
        KeyStream::new(&self.0).apply(&block, &mut bytes);
        let length = suite.key_bytes() + SALT;
        MasterKey::new(suite, &bytes[..length]).expect("this is the length of the suite")
    }
}

impl std::fmt::Debug for KeySeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeySeed(‹secret›)")
    }
}

/// AES in counter mode under one key, which is expanded once.
#[derive(Clone)]
pub(super) enum KeyStream {
    Aes128(Aes128Enc),
    Aes256(Aes256Enc),
}

impl KeyStream {
    /// Takes a key of 16 bytes, or of 32.
    pub(super) fn new(key: &[u8]) -> Self {
        const LENGTH: &str = "keys have the length of their suite";
        match key.len() {
            16 => Self::Aes128(Aes128Enc::new_from_slice(key).expect(LENGTH)),
            _ => Self::Aes256(Aes256Enc::new_from_slice(key).expect(LENGTH)),
        }
    }

    /// XORs the key stream that begins at the counter block.
    pub(super) fn apply(&self, block: &[u8; 16], bytes: &mut [u8]) {
        let block = block.into();
        match self {
            Self::Aes128(key) => {
                Ctr128BE::from_core(CtrCore::inner_iv_init(key, block)).apply_keystream(bytes)
            }
            Self::Aes256(key) => {
                Ctr128BE::from_core(CtrCore::inner_iv_init(key, block)).apply_keystream(bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pair = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap();
        digits.chunks(2).map(pair).collect()
    }

    #[test]
    fn session_keys_are_those_of_rfc_3711_b_3() {
        let master = hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
        let master = MasterKey::new(Suite::Aes128Tag80, &master).unwrap();
        let derived = |label, length| {
            let mut out = vec![0; length];
            master.derive(label, &mut out);
            out
        };
        assert_eq!(derived(0, 16), hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(derived(2, 14), hex("30CBBC08863D8C85D49DB34A9AE1"));
        let long = hex("CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA4");
        assert_eq!(derived(1, 20), long);
    }

    #[test]
    fn session_keys_of_256_bits_are_those_of_rfc_6188_7_2() {
        let master = hex(
            "f0f04914b513f2763a1b1fa130f10e29 98f6f6e43e4309d1e622a0e332b9f1b6 3b04803de51ee7c96423ab5b78d2",
        );
        let master = MasterKey::new(Suite::Aes256Tag80, &master).unwrap();
        let mut derived = [0; 32];
        master.derive(0, &mut derived);
        assert_eq!(
            derived[..],
            hex("5ba1064e30ec51613cad926c5a28ef73 1ec7fb397f70a960653caf06554cd8c4")
        );
        let mut salt = [0; SALT];
        master.derive(2, &mut salt);
        assert_eq!(salt[..], hex("fa31791685ca444a9e07c6c64e93"));
    }

    #[test]
    fn every_key_of_a_seed_is_another_one_and_none_is_shown() {
        let seeds = [KeySeed::new([7; 32]), KeySeed::new([8; 32])];
        let mut keys = Vec::new();
        for seed in &seeds {
            for suite in Suite::ALL {
                for number in [0, 1, 2, u32::MAX] {
                    let key = seed.master_key(suite, number);
                    assert_eq!(key, seed.master_key(suite, number));
                    assert_eq!(key.suite(), suite);
                    keys.push(key.to_bytes());
                }
            }
        }
        // No run of eight bytes stands in two of them, or twice in one.
        let mut runs: Vec<&[u8]> = keys.iter().flat_map(|key| key.windows(8)).collect();
        let all = runs.len();
        runs.sort_unstable();
        runs.dedup();
        assert_eq!(runs.len(), all);
        let key = seeds[0].master_key(Suite::Aes128Tag80, 0);
        let keys = SrtpKeys { ours: key.clone(), theirs: key, their_mki: 0 };
        let shown = format!("{:?} {keys:?}", seeds[0]);
        assert!(shown.contains("‹secret›") && !shown.contains('['), "{shown}");
    }
}
