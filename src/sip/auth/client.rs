//! Answering a 401 or 407.

use super::{Algorithm, Asked, AuthParams};
use crate::sip::Credentials;
use crate::sip::message::{Method, Request, Response, scan};

/// Realms that one response may ask for: the far end and a few proxies.
const MAX_REALMS: usize = 4;

/// What a peer asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    /// Whose password is meant.
    pub realm: String,
    /// What makes the answer fresh.
    pub nonce: String,
    /// Sent back as it came.
    pub opaque: Option<String>,
    /// The hash.
    pub algorithm: Algorithm,
    /// The password was right, the nonce too old: try again without asking anybody.
    pub stale: bool,
    /// Whether requests are counted (`qop=auth`).
    pub counted: bool,
}

impl Challenge {
    /// Reads the value of WWW-Authenticate or Proxy-Authenticate; `None` if we cannot answer it.
    pub fn parse(value: &str) -> Option<Self> {
        Self::read(&AuthParams::parse(value)?)
    }

    /// Reads every challenge of a field that we can answer; peers may join several by commas.
    pub fn parse_all(value: &str) -> Vec<Self> {
        AuthParams::parse_all(value).iter().filter_map(Self::read).collect()
    }

    fn read(params: &AuthParams<'_>) -> Option<Self> {
        let counted = match params.get("qop") {
            None => false,
            Some(list) if has_auth(list) => true,
            Some(_) => return None,
        };
        Some(Self {
            realm: params.get("realm")?.to_owned(),
            nonce: params.get("nonce")?.to_owned(),
            opaque: params.get("opaque").map(str::to_owned),
            algorithm: Algorithm::parse(params.get("algorithm"))?,
            stale: params.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            counted,
        })
    }

    /// Writes the value of WWW-Authenticate or Proxy-Authenticate.
    pub fn to_value(&self) -> String {
        let Self { realm, nonce, opaque, algorithm, stale, counted } = self;
        let (realm, nonce) = (scan::quote(realm), scan::quote(nonce));
        let mut value =
            format!("Digest realm={realm}, nonce={nonce}, algorithm={}", algorithm.as_str());
        if *counted {
            value.push_str(", qop=\"auth\"");
        }
        if let Some(opaque) = opaque {
            value.push_str(&format!(", opaque={}", scan::quote(opaque)));
        }
        if *stale {
            value.push_str(", stale=true");
        }
        value
    }
}

/// Answers one peer's challenge, again and again, with a rising count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DigestClient {
    challenge: Challenge,
    proxy: bool,
    count: u32,
}

impl DigestClient {
    /// Takes the strongest challenge of a 401 or 407 that we can answer.
    pub fn new(response: &Response) -> Option<Self> {
        let all = Self::all(response).into_iter();
        all.reduce(|best, next| match next.challenge.algorithm > best.challenge.algorithm {
            true => next,
            false => best,
        })
    }

    /// Takes the strongest challenge of each realm in a 401 or 407 that we can answer: several proxies on the way may
    /// each have asked (RFC 3261 §22.3).
    pub(super) fn all(response: &Response) -> Vec<Self> {
        let (name, proxy) = match response.status {
            401 => ("WWW-Authenticate", false),
            407 => ("Proxy-Authenticate", true),
            _ => return Vec::new(),
        };
        let mut strongest: Vec<Self> = Vec::new();
        for challenge in response.headers.get_all(name).flat_map(Challenge::parse_all) {
            let of_realm = strongest.iter().position(|c| c.challenge.realm == challenge.realm);
            match of_realm {
                Some(at) if challenge.algorithm > strongest[at].challenge.algorithm => {
                    strongest[at].challenge = challenge;
                }
                Some(_) => {}
                None if strongest.len() < MAX_REALMS => {
                    strongest.push(Self { challenge, proxy, count: 0 });
                }
                None => {}
            }
        }
        strongest
    }

    /// Goes on with a nonce that the peer named in advance (RFC 7616 §3.5: nextnonce).
    pub(super) fn renew(&mut self, nonce: &str) {
        if self.challenge.nonce != nonce {
            self.challenge.nonce = nonce.to_owned();
            self.count = 0;
        }
    }

    /// Returns the name of the header field that the answer goes into.
    pub fn header_name(&self) -> &'static str {
        match self.proxy {
            true => "Proxy-Authorization",
            false => "Authorization",
        }
    }

    /// Returns the name of the field in which a peer says what it wants next.
    pub(super) fn info_name(&self) -> &'static str {
        match self.proxy {
            true => "Proxy-Authentication-Info",
            false => "Authentication-Info",
        }
    }

    pub(super) fn is_of_same_realm(&self, other: &Self) -> bool {
        self.proxy == other.proxy && self.challenge.realm == other.challenge.realm
    }

    /// Whether this has answered its challenge on the request.
    pub(super) fn has_signed(&self, request: &Request) -> bool {
        let mut answers = request.headers.get_all(self.header_name());
        answers.any(|answer| {
            let params = AuthParams::parse(answer);
            params.is_some_and(|params| {
                params.get("nonce") == Some(&self.challenge.nonce)
                    && params.get("realm") == Some(&self.challenge.realm)
            })
        })
    }

    /// Returns what is being answered.
    pub fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// Returns the value for the next request. `uri` is its Request-URI as written, `cnonce` a
    /// random text of our own.
    pub fn answer(
        &mut self,
        credentials: &Credentials,
        method: &Method,
        uri: &str,
        cnonce: &str,
    ) -> String {
        self.count = self.count.saturating_add(1);
        let nc = format!("{:08x}", self.count);
        let Challenge { realm, nonce, opaque, algorithm, counted, .. } = &self.challenge;
        let asked = Asked {
            algorithm: *algorithm,
            user: &credentials.user,
            realm,
            nonce,
            counted: counted.then_some((&nc, cnonce)),
            method: method.as_str(),
            uri,
        };
        let response = asked.response(credentials.secret.expose());
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\", algorithm={}",
            scan::quote(&credentials.user),
            scan::quote(realm),
            scan::quote(nonce),
            scan::quote(uri),
            algorithm.as_str()
        );
        if *counted {
            // RFC 7616 §3.4: qop and nc stand without quotes.
            value.push_str(&format!(", qop=auth, nc={nc}, cnonce={}", scan::quote(cnonce)));
        }
        if let Some(opaque) = opaque {
            value.push_str(&format!(", opaque={}", scan::quote(opaque)));
        }
        value
    }
}

fn has_auth(list: &str) -> bool {
    list.split(',').any(|word| scan::trim(word).eq_ignore_ascii_case("auth"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn credentials() -> Credentials {
        Credentials { user: "4000".into(), secret: Secret::new("wonder") }
    }

    fn challenged(status: u16, name: &str, values: &[&str]) -> Option<DigestClient> {
        let mut response = Response::new(status, None);
        for value in values {
            response.headers.push(name, value);
        }
        DigestClient::new(&response)
    }

    #[test]
    fn the_strongest_answerable_challenge_is_taken() {
        let client = challenged(
            401,
            "WWW-Authenticate",
            &[
                r#"Digest realm="pbx", nonce="1", algorithm=MD5, qop="auth""#,
                r#"DIGEST realm="pbx",nonce="2",algorithm=sha-256,qop="auth-int,auth",opaque="o""#,
                r#"Digest realm="pbx", nonce="3", algorithm=SHA-512-256, qop="auth-int""#,
                r#"Digest realm="pbx", nonce="4", algorithm=SHA-256-sess, qop="auth""#,
                r#"Bearer realm="pbx""#,
            ],
        );
        let client = client.unwrap();
        assert_eq!(client.challenge().nonce, "2");
        assert_eq!(client.challenge().algorithm, Algorithm::Sha256);
        assert_eq!(client.header_name(), "Authorization");
        assert_eq!(challenged(401, "WWW-Authenticate", &["Basic realm=x"]), None);
        assert_eq!(challenged(407, "WWW-Authenticate", &["Digest realm=a, nonce=b"]), None);
    }

    #[test]
    fn old_asterisk_is_answered_without_count() {
        let mut client = challenged(
            407,
            "Proxy-Authenticate",
            &[r#"Digest algorithm=MD5, realm="asterisk", nonce="4d4d8a8b""#],
        )
        .unwrap();
        let value = client.answer(&credentials(), &Method::Invite, "sip:100@pbx", "cafe");
        assert_eq!(client.header_name(), "Proxy-Authorization");
        assert!(!value.contains("nc=") && !value.contains("cnonce="), "{value}");
    }

    #[test]
    fn the_count_is_hexadecimal_and_unquoted() {
        let mut client =
            challenged(401, "WWW-Authenticate", &[r#"Digest realm="pbx", nonce="n", qop="auth""#])
                .unwrap();
        let mut answer = || client.answer(&credentials(), &Method::Invite, "sip:pbx", "cafe");
        let values: Vec<String> = (0..16).map(|_| answer()).collect();
        assert!(values[0].contains("qop=auth, nc=00000001, cnonce=\"cafe\""), "{}", values[0]);
        assert!(values[9].contains("nc=0000000a,"), "{}", values[9]);
        assert!(values[15].contains("nc=00000010,"), "{}", values[15]);
    }

    #[test]
    fn a_challenge_round_trips() {
        let challenge = Challenge {
            realm: r#"the "practice""#.into(),
            nonce: "5.ab".into(),
            opaque: Some("x".into()),
            algorithm: Algorithm::Sha256,
            stale: true,
            counted: true,
        };
        assert_eq!(Challenge::parse(&challenge.to_value()), Some(challenge));
    }
}
