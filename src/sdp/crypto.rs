//! `a=crypto` (RFC 4568): the keys of SRTP in a description, read and written.
//!
//! What cannot be done as asked is refused in words, and never done in part. The words name the line by
//! its tag and hold nothing of the key.

use super::api::{Encryption, LocalMedia};
use super::session::{Attribute, Media};
use crate::rtp::{MasterKey, SrtpKeys, Suite};

/// What we offer, best first. The first is the one that everybody has, and that some peers take to be the
/// only one; the short tag is what Cisco's phones had for long.
const OFFERED: [Suite; 3] = [Suite::Aes128Tag80, Suite::Aes256Tag80, Suite::Aes128Tag32];
/// Names under which suites are known besides their own: drafts of RFC 6188 had these.
const ALSO: [(&str, Suite); 2] = [
    ("AES_CM_256_HMAC_SHA1_80", Suite::Aes256Tag80),
    ("AES_CM_256_HMAC_SHA1_32", Suite::Aes256Tag32),
];
/// Lines that are looked at. A peer that offers every suite there is has a dozen.
const MAX_LINES: usize = 32;

/// A line that we can do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Crypto {
    tag: u32,
    /// As the peer spells it.
    suite: String,
    key: MasterKey,
    mki: u8,
}

impl Crypto {
    /// Returns the first line of a stream that we can do, `None` when there is no line at all.
    ///
    /// # Errors
    /// Says of each line why it cannot be used.
    pub(super) fn first(media: &Media) -> Result<Option<Self>, String> {
        let mut reasons = Vec::new();
        for value in media.values("crypto").take(MAX_LINES) {
            match Self::parse(value) {
                Ok(line) => return Ok(Some(line)),
                Err(reason) => reasons.push(reason),
            }
        }
        match reasons.is_empty() {
            true => Ok(None),
            false => Err(reasons.into_iter().take(4).collect::<Vec<_>>().join(", ")),
        }
    }

    /// Returns the keys that the line comes to.
    pub(super) fn keys(&self, ours: &Encryption) -> SrtpKeys {
        let ours = ours.seed.master_key(self.key.suite(), ours.number);
        SrtpKeys { ours, theirs: self.key.clone(), their_mki: self.mki }
    }

    /// Returns the line that answers this one: the same tag and suite, and our key (RFC 4568 §5.1.2).
    pub(super) fn answered(&self, ours: &Encryption) -> Attribute {
        line(self.tag, &self.suite, &self.keys(ours).ours)
    }

    fn parse(value: &str) -> Result<Self, String> {
        let mut words = value.split_whitespace();
        let (Some(tag), Some(suite), Some(key)) = (words.next(), words.next(), words.next()) else {
            return Err("a=crypto has no tag, suite and key".into());
        };
        let tag = Some(tag).filter(|tag| tag.len() <= 9).and_then(|tag| tag.parse().ok());
        let tag: u32 = tag.ok_or("the tag of a=crypto is no number")?;
        let refused = |why: &str| format!("a=crypto:{tag} {why}");
        let known = Suite::ALL.into_iter().map(|suite| (suite.name(), suite)).chain(ALSO);
        let Some((name, suite)) = known.into_iter().find(|(name, _)| *name == suite) else {
            let plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
            let name: String = suite.chars().filter(plain).take(32).collect();
            return Err(refused(&format!("is {name}, which we do not have")));
        };
        words.try_for_each(parameter).map_err(|why| refused(&why))?;
        let (key, mki) = keyed(suite, key).map_err(refused)?;
        Ok(Self { tag, suite: name.to_owned(), key, mki })
    }
}

/// The lines of an offer of ours.
pub(super) fn offered(ours: &Encryption) -> impl Iterator<Item = Attribute> {
    (1..)
        .zip(OFFERED)
        .map(|(tag, suite)| line(tag, suite.name(), &ours.seed.master_key(suite, ours.number)))
}

/// Whether keys are in a description, or would be in its answer: SRTP is offered.
pub(super) fn is_offered(media: &Media) -> bool {
    is_secure(media) || media.values("crypto").next().is_some()
}

/// Whether the protocol of a stream demands SRTP.
pub(super) fn is_secure(media: &Media) -> bool {
    matches!(media.protocol.as_str(), "RTP/SAVP" | "RTP/SAVPF")
}

/// Decides by what a stream is protected: `None` is nothing, which we may then use.
///
/// # Errors
/// Says why the stream cannot be used, and what would help.
pub(super) fn agreed(media: &Media, local: &LocalMedia) -> Result<Option<Crypto>, String> {
    let secure = is_secure(media);
    let Some(ours) = &local.encryption else {
        return match secure {
            true => Err(format!(
                "audio comes encrypted ({}) and SRTP is off here: switch it off on the PBX, or write \
                 srtp = \"optional\"",
                media.protocol
            )),
            false => Ok(None),
        };
    };
    match Crypto::first(media) {
        Ok(Some(line)) => Ok(Some(line)),
        Err(why) if secure || ours.required => Err(format!("no key of SRTP can be used: {why}")),
        Ok(None) if secure => {
            Err("audio is encrypted, and no a=crypto holds its key (SDES is what we have)".into())
        }
        Ok(None) if ours.required => Err("audio is not encrypted and SRTP is required here: \
             switch SRTP (SDES) on for this trunk on the PBX, or write srtp = \"optional\""
            .into()),
        // It is offered in the clear, with keys for those who can: we cannot.
        Ok(None) | Err(_) => Ok(None),
    }
}

/// `inline:key||salt|lifetime|MKI:length`
fn keyed(suite: Suite, text: &str) -> Result<(MasterKey, u8), &'static str> {
    if text.contains(';') {
        return Err("holds several keys; we take one");
    }
    let inline = text.get(..7).filter(|method| method.eq_ignore_ascii_case("inline:"));
    let mut parts = text[inline.ok_or("has a key that is not inline")?.len()..].split('|');
    let bytes = parts.next().and_then(decode).ok_or("has a key that is no base64")?;
    let key =
        MasterKey::new(suite, &bytes).ok_or("has a key of another length than its suite's")?;
    let mut mki = 0;
    for part in parts {
        match part.split_once(':') {
            Some((value, length)) => {
                let number = !value.is_empty() && value.bytes().all(|digit| digit.is_ascii_digit());
                // RFC 4568 §6.1: 1 to 128 bytes.
                let length =
                    length.parse().ok().filter(|bytes| number && (1..=128).contains(bytes));
                mki = length.ok_or("has a key identifier (MKI) that we cannot read")?;
            }
            None if lives(part) => {}
            None => return Err("has a lifetime that we cannot read"),
        }
    }
    Ok((key, mki))
}

/// A lifetime in packets, as a number or a power of two, 2^48 at most (RFC 3711 §9.2). It is the peer's to keep:
/// who sends under a key offers another one in time.
fn lives(text: &str) -> bool {
    let packets = match text.strip_prefix("2^") {
        Some(power) => power.parse().ok().and_then(|power| 1_u64.checked_shl(power)),
        None => text.parse().ok(),
    };
    packets.is_some_and(|packets| (1..=1 << 48).contains(&packets))
}

/// RFC 4568 §6.3: what a session parameter asks for must be done, or the line be left.
fn parameter(word: &str) -> Result<(), String> {
    let name = word.split('=').next().unwrap_or_default();
    match name {
        // How far packets may be reordered: ours are taken 128 behind the newest, which is twice what is asked for.
        "WSH" => Ok(()),
        "UNENCRYPTED_SRTP" | "UNENCRYPTED_SRTCP" => {
            Err(format!("asks for {name}: nothing goes unencrypted"))
        }
        "UNAUTHENTICATED_SRTP" => Err("asks for UNAUTHENTICATED_SRTP: anybody could speak".into()),
        "KDR" => Err("asks for KDR: keys are derived once".into()),
        "FEC_KEY" | "FEC_ORDER" => Err(format!("asks for {name}: there is no FEC")),
        // The dash says that it may be left.
        _ if name.starts_with('-') => Ok(()),
        _ => Err("asks for a session parameter that we do not know".into()),
    }
}

fn line(tag: u32, suite: &str, key: &MasterKey) -> Attribute {
    Attribute::new("crypto", format!("{tag} {suite} inline:{}", encode(&key.to_bytes())))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 (RFC 4648 §4).
fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= group.len() { digit.into() } else { '=' });
        }
    }
    text
}

/// Base64, with or without its padding: some peers leave it out.
fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 || digits.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        (bits, count) = (bits << 6 | value as u32, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4568 §6.1 and §9, and lines as phones write them.
    #[test]
    fn lines_are_read_or_refused_in_words() {
        const KEY: &str = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
        let read = |rest: &str| {
            Crypto::parse(&format!("1 AES_CM_128_HMAC_SHA1_80 {rest}")).map(|line| line.mki)
        };
        for (rest, mki) in [
            (KEY.to_owned(), 0),
            (format!("{KEY}|2^20|1:4"), 4),
            (format!("{KEY}|2^20"), 0),
            (format!("{KEY}|1048576"), 0),
            (format!("{KEY}|1:128"), 128),
            (format!("{KEY}|2^31|1:1 WSH=128 -KDR=1"), 1),
            (KEY.replace("inline", "INLINE"), 0),
        ] {
            assert_eq!(read(&rest), Ok(mki), "{rest}");
        }
        for (rest, why) in [
            (format!("{KEY};{KEY}"), "several keys"),
            (format!("{KEY}|0"), "lifetime"),
            (format!("{KEY}|2^49"), "lifetime"),
            (format!("{KEY}|2^99"), "lifetime"),
            (format!("{KEY}|1:0"), "MKI"),
            (format!("{KEY}|1:129"), "MKI"),
            (format!("{KEY}|:4"), "MKI"),
            (format!("{KEY} UNENCRYPTED_SRTP"), "asks for UNENCRYPTED_SRTP"),
            (format!("{KEY} UNENCRYPTED_SRTCP"), "asks for UNENCRYPTED_SRTCP"),
            (format!("{KEY} WSH=64 UNAUTHENTICATED_SRTP"), "anybody could speak"),
            (format!("{KEY} KDR=4"), "asks for KDR"),
            (format!("{KEY} FEC_ORDER=FEC_SRTP"), "asks for FEC_ORDER"),
            (format!("{KEY} NEW_THING"), "do not know"),
            (KEY.replace("inline:", "https:"), "not inline"),
            ("inlin".into(), "not inline"),
            (KEY.replace('X', "!"), "no base64"),
            (KEY.replace("WVNf", ""), "another length"),
            ("inline:".into(), "another length"),
        ] {
            let shown = read(&rest).unwrap_err();
            assert!(shown.starts_with("a=crypto:1 ") && shown.contains(why), "{rest}: {shown}");
            assert!(!shown.contains("zZW1jdGw"), "{shown}");
        }
        let suite = |name: &str| Crypto::parse(&format!("7 {name} {KEY}")).map(|line| line.suite);
        assert_eq!(
            suite("F8_128_HMAC_SHA1_80").unwrap_err(),
            "a=crypto:7 is F8_128_HMAC_SHA1_80, which we do not have"
        );
        assert!(suite("AES_256_CM_HMAC_SHA1_80").unwrap_err().contains("another length"));
        assert_eq!(suite("AES_CM_128_HMAC_SHA1_32").unwrap(), "AES_CM_128_HMAC_SHA1_32");
        for line in [
            "",
            "1",
            "1 AES_CM_128_HMAC_SHA1_80",
            "x AES_CM_128_HMAC_SHA1_80 inline:",
            "1234567890 a b",
        ] {
            assert!(Crypto::parse(line).is_err(), "{line}");
        }
    }

    /// RFC 4648 §10.
    #[test]
    fn base64() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
            assert_eq!(decode(text.trim_end_matches('=')).unwrap(), bytes.as_bytes());
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)).unwrap(), all);
        for wrong in ["Z", "Zg===", "Zm9v\n", "Z=g=", "Zm-v", "ü"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
