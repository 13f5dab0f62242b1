//! Digest authentication (RFC 7616, RFC 8760; RFC 2617 for old peers): both ends of it.
//!
//! `qop=auth` alone: `auth-int` is in nobody's PBX. A challenge that we cannot answer is passed
//! over, so that a peer may offer it beside one that we can.

mod client;
mod lockout;
mod server;
mod wallet;

pub use client::{Challenge, DigestClient};
pub use server::{Authenticator, Verdict};
pub use wallet::{Unanswerable, Wallet};

use hmac::digest::Digest;

use super::message::scan;

/// A hash for digests, weakest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    /// MD5: what every PBX can.
    Md5,
    /// SHA-256 (RFC 8760).
    Sha256,
    /// SHA-512/256 (RFC 8760).
    Sha512256,
}

impl Algorithm {
    /// Returns its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512256 => "SHA-512-256",
        }
    }

    /// Reads a name; none means MD5 (RFC 7616 §3.3). The `-sess` forms are not ours.
    fn parse(name: Option<&str>) -> Option<Self> {
        let known = [Self::Md5, Self::Sha256, Self::Sha512256];
        let name = name.unwrap_or("MD5");
        known.into_iter().find(|algorithm| name.eq_ignore_ascii_case(algorithm.as_str()))
    }

    /// Returns the hash of the parts joined by colons, in lower-case hexadecimal.
    fn hash(self, parts: &[&str]) -> String {
        let text = parts.join(":");
        match self {
            Self::Md5 => hex(&md5::Md5::digest(&text)),
            Self::Sha256 => hex(&sha2::Sha256::digest(&text)),
            Self::Sha512256 => hex(&sha2::Sha512_256::digest(&text)),
        }
    }
}

/// What a digest is computed over, besides the password (RFC 7616 §3.4.1).
#[derive(Clone, Copy)]
struct Asked<'a> {
    algorithm: Algorithm,
    user: &'a str,
    realm: &'a str,
    nonce: &'a str,
    /// nc and cnonce; without them it is the form of RFC 2069.
    counted: Option<(&'a str, &'a str)>,
    method: &'a str,
    uri: &'a str,
}

impl Asked<'_> {
    fn response(&self, password: &str) -> String {
        let secret = self.algorithm.hash(&[self.user, self.realm, password]);
        let request = self.algorithm.hash(&[self.method, self.uri]);
        match self.counted {
            Some((nc, cnonce)) => {
                self.algorithm.hash(&[&secret, self.nonce, nc, cnonce, "auth", &request])
            }
            None => self.algorithm.hash(&[&secret, self.nonce, &request]),
        }
    }
}

/// `name=value` pairs after the word Digest.
#[derive(Default)]
struct AuthParams<'a>(Vec<(&'a str, String)>);

impl<'a> AuthParams<'a> {
    /// Reads `Digest a="b", c=d`, the scheme in any case. `None` for another scheme, or no pairs.
    fn parse(value: &'a str) -> Option<Self> {
        Self::parse_all(value).into_iter().next()
    }

    /// Reads every challenge of a field. RFC 3261 §7.3.1 wants a field for each; HTTP, and some peers with it, join
    /// them by commas (RFC 9110 §11.6.1).
    fn parse_all(value: &'a str) -> Vec<Self> {
        let mut all = Vec::new();
        let mut current: Option<Self> = None;
        for piece in scan::split(value, b',', false).unwrap_or_default() {
            let (name, value) = piece.split_once('=').map_or((piece, None), |(n, v)| (n, Some(v)));
            let name = scan::trim(name);
            // Only where a challenge begins do two words stand before the first equals sign.
            let begins = name.split_once([' ', '\t']);
            let name = match (begins, value) {
                (Some((scheme, name)), Some(_)) => {
                    all.extend(current.take());
                    current = scheme.eq_ignore_ascii_case("Digest").then(Self::default);
                    scan::trim(name)
                }
                // Another scheme, with what it needs in one word or none.
                (_, None) if !piece.is_empty() => {
                    all.extend(current.take());
                    ""
                }
                _ => name,
            };
            if let (Some(params), Some(value)) = (&mut current, value) {
                params.push(name, value);
            }
        }
        all.extend(current);
        all
    }

    /// Reads pairs that no scheme stands before: Authentication-Info.
    fn parse_pairs(value: &'a str) -> Self {
        let mut params = Self::default();
        for piece in scan::split(value, b',', false).unwrap_or_default() {
            if let Some((name, value)) = piece.split_once('=') {
                params.push(scan::trim(name), value);
            }
        }
        params
    }

    fn push(&mut self, name: &'a str, value: &str) {
        let value = scan::trim(value);
        let plain = scan::unquote(value).unwrap_or_else(|| value.to_owned());
        self.0.push((name, plain));
    }

    fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc7616(algorithm: Algorithm) -> Asked<'static> {
        Asked {
            algorithm,
            user: "Mufasa",
            realm: "http-auth@example.org",
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            counted: Some(("00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")),
            method: "GET",
            uri: "/dir/index.html",
        }
    }

    /// RFC 7616 §3.9.1.
    #[test]
    fn vectors_of_rfc_7616() {
        assert_eq!(
            rfc7616(Algorithm::Md5).response("Circle of Life"),
            "8ca523f5e9506fed4657c9700eebdbec"
        );
        assert_eq!(
            rfc7616(Algorithm::Sha256).response("Circle of Life"),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    /// RFC 7616 §3.9.2, with the response of erratum 4897.
    #[test]
    fn vector_of_sha_512_256() {
        let asked = Asked {
            algorithm: Algorithm::Sha512256,
            user: "J\u{e4}s\u{f8}n Doe",
            realm: "api@example.org",
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            counted: Some(("00000001", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v")),
            method: "GET",
            uri: "/doe.json",
        };
        assert_eq!(
            asked.response("Secret, or not?"),
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
        );
    }

    /// RFC 2617 §3.5, and the same without qop (RFC 2069 §2.4, with its published correction).
    #[test]
    fn vectors_of_rfc_2617() {
        let asked = Asked {
            algorithm: Algorithm::Md5,
            user: "Mufasa",
            realm: "testrealm@host.com",
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            counted: Some(("00000001", "0a4f113b")),
            method: "GET",
            uri: "/dir/index.html",
        };
        assert_eq!(asked.response("Circle Of Life"), "6629fae49393a05397450978507c4ef1");
        let old = Asked { counted: None, ..asked };
        assert_eq!(old.response("CircleOfLife"), "1949323746fe6a43ef61f9606e7febea");
        assert_ne!(old.response("Circle Of Life"), asked.response("Circle Of Life"));
    }
}
