//! Asking for a password, and judging the answer.
//!
//! A nonce is `bucket.serial.mac`: the time it was made, a number that makes it unique, and an
//! HMAC over both, the realm and the source's address. So nothing is kept for one who only asks; what is
//! kept is the counts of those who knew the password, until their nonce is too old.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::client::Challenge;
use super::lockout::Lockouts;
use super::{Algorithm, Asked, AuthParams, hex};
use crate::base::Secret;
use crate::sip::Credentials;
use crate::sip::message::Request;

/// A nonce's time is counted in these.
const BUCKET: Duration = Duration::from_secs(60);
/// Buckets that a nonce lives, beyond its own: 4 to 5 minutes. A phone that registers every hour
/// is told `stale` each time, which costs it one more round trip.
const LIFETIME: u64 = 4;
/// Counts kept: 1024 phones registering and calling within a nonce's life.
const COUNTS: usize = 4096;
/// Bytes of cnonce that we keep; phones send 8 to 40.
const MAX_CNONCE: usize = 128;

/// The judge of the passwords of one realm.
#[derive(Debug)]
pub struct Authenticator {
    realm: String,
    users: BTreeMap<String, Secret>,
    /// What we ask for, strongest first (RFC 8760 §2.4).
    digests: Vec<Algorithm>,
    key: Secret,
    start: Instant,
    serial: u64,
    counts: BTreeMap<Nonced, Counted>,
    lockouts: Lockouts,
}

/// What the judge says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// This user knew the password.
    Known {
        /// Who it is.
        user: String,
    },
    /// No answer to a challenge of ours was there: ask.
    Missing,
    /// The password was right, but the nonce too old, not ours, or used before: ask again with
    /// `stale`.
    Stale,
    /// Wrong password, unknown user, or an answer that makes no sense: ask again, and count it.
    Wrong {
        /// Who it claims to be.
        user: Option<String>,
        /// There were too many: nothing is looked at for so long, not even the right one. The answer is the same.
        locked: Option<Duration>,
    },
}

/// The nonce and cnonce that a count belongs to, oldest nonce first.
type Nonced = (u64, String, String);

/// Which counts were seen (RFC 7616 §3.4: nc).
#[derive(Clone, Copy, Debug)]
struct Counted {
    highest: u32,
    /// Bit n: `highest - n` was seen. Requests over UDP may overtake each other.
    seen: u64,
}

impl Authenticator {
    /// A judge of these users. `key` must be hard to guess, `salt` new for each judge with the same key.
    pub fn new(
        realm: &str,
        users: &[Credentials],
        digests: &[Algorithm],
        key: &Secret,
        salt: u64,
        now: Instant,
    ) -> Self {
        let mut judge = Self {
            realm: String::new(),
            users: BTreeMap::new(),
            digests: Vec::new(),
            key: Secret::new(format!("{}.{salt}", key.expose())),
            start: now,
            serial: 0,
            counts: BTreeMap::new(),
            lockouts: Lockouts::default(),
        };
        judge.configure(realm, users, digests);
        judge
    }

    /// Takes other users. What was asked stays asked, and what was counted stays counted.
    pub fn configure(&mut self, realm: &str, users: &[Credentials], digests: &[Algorithm]) {
        self.realm = realm.to_owned();
        self.users = users.iter().map(|u| (u.user.clone(), u.secret.clone())).collect();
        self.digests = digests.to_vec();
    }

    /// Returns the values of WWW-Authenticate, one field each, strongest first.
    pub fn challenges(&mut self, now: Instant, source: IpAddr, stale: bool) -> Vec<String> {
        self.serial += 1;
        let nonce = self.nonce(self.bucket(now), self.serial, source);
        let challenge = |algorithm| Challenge {
            realm: self.realm.clone(),
            nonce: nonce.clone(),
            opaque: None,
            algorithm,
            stale,
            counted: true,
        };
        self.digests.iter().map(|algorithm| challenge(*algorithm).to_value()).collect()
    }

    /// Judges a request from `source`.
    pub fn check(&mut self, now: Instant, source: IpAddr, request: &Request) -> Verdict {
        let answers = request.headers.get_all("Authorization").filter_map(AuthParams::parse);
        let ours = |params: &AuthParams<'_>| params.get("realm") == Some(self.realm.as_str());
        let Some(params) = answers.into_iter().find(ours) else { return Verdict::Missing };
        let Some(user) = params.get("username") else {
            return Verdict::Wrong { user: None, locked: None };
        };
        let user = user.to_owned();
        let Some((asked, nc)) = self.asked(&params, &user, request) else {
            return Verdict::Wrong { user: Some(user), locked: None };
        };
        // An unknown user costs the same work and gets the same answer.
        let nobody = self.mac(&["nobody", &user]);
        let known = self.users.get(&user);
        let password = known.map_or(nobody.as_str(), Secret::expose);
        let given = params.get("response").unwrap_or_default().to_ascii_lowercase();
        let right = Secret::new(asked.response(password)) == Secret::new(given) && known.is_some();
        let (nonce, cnonce) = (asked.nonce, asked.counted.map_or("", |(_, cnonce)| cnonce));
        let (nonce, cnonce) = (nonce.to_owned(), cnonce.to_owned());
        let bucket = self.bucket_of(source, &nonce);
        if let locked @ Some(_) = self.lockouts.left(now, &user, source) {
            return Verdict::Wrong { user: Some(user), locked };
        }
        if !right {
            // Whoever has not seen our nonce may have forged his address to lock its owner out.
            let seen = bucket.is_some();
            let locked = seen.then(|| self.lockouts.wrong(now, &user, source)).flatten();
            return Verdict::Wrong { user: Some(user), locked };
        }
        let fresh = bucket.filter(|bucket| {
            self.bucket(now).checked_sub(*bucket).is_some_and(|lived| lived <= LIFETIME)
        });
        match fresh {
            Some(bucket) if self.count(now, (bucket, nonce, cnonce), nc) => {
                self.lockouts.right(&user, source);
                Verdict::Known { user }
            }
            _ => Verdict::Stale,
        }
    }

    /// Returns what the answer should have been computed over; `None` if it makes no sense.
    fn asked<'a>(
        &'a self,
        params: &'a AuthParams<'_>,
        user: &'a str,
        request: &'a Request,
    ) -> Option<(Asked<'a>, u32)> {
        let algorithm = Algorithm::parse(params.get("algorithm"))?;
        let (nc, cnonce) = (params.get("nc")?, params.get("cnonce")?);
        let count = u32::from_str_radix(nc, 16).ok().filter(|_| nc.len() == 8)?;
        let qop = params.get("qop")?.eq_ignore_ascii_case("auth");
        if !self.digests.contains(&algorithm) || !qop || cnonce.len() > MAX_CNONCE {
            return None;
        }
        // It need not be the Request-URI: a proxy may have changed that, and some write the registrar's host
        // alone (RFC 3261 §22.4, point 5). A replay is stopped by the nonce count.
        let uri = params.get("uri")?;
        let asked = Asked {
            algorithm,
            user,
            realm: &self.realm,
            nonce: params.get("nonce")?,
            counted: Some((nc, cnonce)),
            method: request.method.as_str(),
            uri,
        };
        Some((asked, count))
    }

    /// Notes a count; false if it was there before, or is too old to know.
    fn count(&mut self, now: Instant, place: Nonced, nc: u32) -> bool {
        let oldest = self.bucket(now).saturating_sub(LIFETIME);
        self.counts.retain(|(bucket, ..), _| *bucket >= oldest);
        if self.counts.len() >= COUNTS && !self.counts.contains_key(&place) {
            self.counts.pop_first();
        }
        let counted = self.counts.entry(place).or_insert(Counted { highest: 0, seen: 0 });
        if nc > counted.highest {
            let ahead = nc - counted.highest;
            counted.seen = counted.seen.checked_shl(ahead).unwrap_or(0) | 1;
            counted.highest = nc;
            return true;
        }
        let bit = 1_u64.checked_shl(counted.highest - nc).unwrap_or(0);
        let fresh = bit != 0 && nc != 0 && counted.seen & bit == 0;
        counted.seen |= bit;
        fresh
    }

    /// Returns the bucket of a nonce that is ours and was made for this source.
    fn bucket_of(&self, source: IpAddr, nonce: &str) -> Option<u64> {
        let (bucket, rest) = nonce.split_once('.')?;
        let (serial, _) = rest.split_once('.')?;
        let (bucket, serial) = (bucket.parse().ok()?, serial.parse().ok()?);
        let ours = Secret::new(self.nonce(bucket, serial, source)) == Secret::new(nonce);
        ours.then_some(bucket)
    }

    fn nonce(&self, bucket: u64, serial: u64, source: IpAddr) -> String {
        let (bucket, serial) = (bucket.to_string(), serial.to_string());
        let mac = self.mac(&["nonce", &self.realm, &bucket, &serial, &source.to_string()]);
        format!("{bucket}.{serial}.{}", &mac[..32])
    }

    fn bucket(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_secs() / BUCKET.as_secs()
    }

    fn mac(&self, parts: &[&str]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose().as_bytes())
            .expect("HMAC takes a key of any length");
        for part in parts {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        hex(&mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::auth::DigestClient;
    use crate::sip::message::{Method, Response, Uri};

    const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    /// A registrar, and a phone that answers its challenges.
    struct Story {
        judge: Authenticator,
        start: Instant,
    }

    impl Story {
        fn new() -> Self {
            Self::asking_for(&[Algorithm::Sha256, Algorithm::Md5])
        }

        fn asking_for(digests: &[Algorithm]) -> Self {
            let start = Instant::now();
            let user = |user: &str, secret: &str| Credentials {
                user: user.into(),
                secret: Secret::new(secret),
            };
            let users = vec![user("101", "s3cret"), user("102", "other")];
            let key = Secret::new("7");
            let judge = Authenticator::new("practice", &users, digests, &key, 1, start);
            Self { judge, start }
        }

        fn challenge(&mut self, at: u64) -> DigestClient {
            let now = self.start + Duration::from_secs(at);
            let mut response = Response::new(401, None);
            for value in self.judge.challenges(now, SOURCE, false) {
                response.headers.push("WWW-Authenticate", value);
            }
            DigestClient::new(&response).unwrap()
        }

        fn check(&mut self, at: u64, source: IpAddr, authorization: Option<&str>) -> Verdict {
            let uri = Uri::parse("sip:10.0.0.5:5060;transport=udp").unwrap();
            let mut request = Request::new(Method::Register, uri);
            if let Some(value) = authorization {
                request.headers.push("Authorization", value);
            }
            self.judge.check(self.start + Duration::from_secs(at), source, &request)
        }
    }

    fn answer(phone: &mut DigestClient, user: &str, secret: &str) -> String {
        let credentials = Credentials { user: user.into(), secret: Secret::new(secret) };
        phone.answer(&credentials, &Method::Register, "sip:10.0.0.5:5060", "cafe")
    }

    fn known(user: &str) -> Verdict {
        Verdict::Known { user: user.into() }
    }

    fn wrong(user: &str) -> Verdict {
        Verdict::Wrong { user: Some(user.into()), locked: None }
    }

    #[test]
    fn a_phone_that_knows_the_password_gets_in() {
        let mut story = Story::new();
        assert_eq!(story.check(0, SOURCE, None), Verdict::Missing);
        let mut phone = story.challenge(0);
        assert_eq!(phone.challenge().algorithm, Algorithm::Sha256);
        for second in 0..12 {
            let value = answer(&mut phone, "101", "s3cret");
            assert_eq!(story.check(second, SOURCE, Some(&value)), known("101"), "{value}");
        }
    }

    /// libre up to 1.1, and with it the baresip of Debian 12, gives up where it meets a challenge
    /// other than MD5, also beside one of MD5.
    #[test]
    fn only_the_digests_that_are_wanted_are_asked_for_and_taken() {
        let mut story = Story::asking_for(&[Algorithm::Md5]);
        let challenges = story.judge.challenges(story.start, SOURCE, false);
        assert!(
            matches!(&challenges[..], [one] if one.contains("algorithm=MD5")),
            "{challenges:?}"
        );
        let mut phone = story.challenge(0);
        let value = answer(&mut phone, "101", "s3cret");
        assert_eq!(story.check(1, SOURCE, Some(&value)), known("101"));
        let mut strict = Story::asking_for(&[Algorithm::Sha256]);
        assert_eq!(strict.check(1, SOURCE, Some(&value)), wrong("101"), "no way down to MD5");
    }

    #[test]
    fn wrong_passwords_and_unknown_users_look_alike() {
        let mut story = Story::new();
        let mut phone = story.challenge(0);
        let value = answer(&mut phone, "101", "guess");
        assert_eq!(story.check(1, SOURCE, Some(&value)), wrong("101"));
        let value = answer(&mut phone, "999", "guess");
        assert_eq!(story.check(1, SOURCE, Some(&value)), wrong("999"));
        let value = answer(&mut phone, "102", "s3cret");
        assert_eq!(story.check(1, SOURCE, Some(&value)), wrong("102"));
    }

    #[test]
    fn an_answer_counts_once() {
        let mut story = Story::new();
        let mut phone = story.challenge(0);
        let (first, second, third) = (
            answer(&mut phone, "101", "s3cret"),
            answer(&mut phone, "101", "s3cret"),
            answer(&mut phone, "101", "s3cret"),
        );
        assert_eq!(story.check(1, SOURCE, Some(&first)), known("101"));
        assert_eq!(story.check(1, SOURCE, Some(&first)), Verdict::Stale);
        // Overtaken on the way, and still good.
        assert_eq!(story.check(2, SOURCE, Some(&third)), known("101"));
        assert_eq!(story.check(2, SOURCE, Some(&second)), known("101"));
        assert_eq!(story.check(2, SOURCE, Some(&second)), Verdict::Stale);
    }

    #[test]
    fn a_nonce_ages_and_belongs_to_its_source() {
        let mut story = Story::new();
        let mut phone = story.challenge(30);
        let mut value = || answer(&mut phone, "101", "s3cret");
        let (one, two, three) = (value(), value(), value());
        assert_eq!(story.check(299, SOURCE, Some(&one)), known("101"));
        assert_eq!(story.check(300, SOURCE, Some(&two)), Verdict::Stale);
        let elsewhere = "192.0.2.8".parse().unwrap();
        assert_eq!(story.check(31, elsewhere, Some(&three)), Verdict::Stale);
        assert_eq!(story.judge.counts.len(), 1);
    }

    #[test]
    fn two_phones_behind_one_address_do_not_disturb_each_other() {
        let mut story = Story::new();
        let (mut one, mut two) = (story.challenge(0), story.challenge(0));
        assert_ne!(one.challenge().nonce, two.challenge().nonce);
        let value = answer(&mut one, "101", "s3cret");
        assert_eq!(story.check(1, SOURCE, Some(&value)), known("101"));
        let value = answer(&mut two, "102", "other");
        assert_eq!(story.check(1, SOURCE, Some(&value)), known("102"));
    }

    #[test]
    fn an_answer_for_another_request_is_refused() {
        let mut story = Story::new();
        let mut phone = story.challenge(0);
        let credentials = Credentials { user: "101".into(), secret: Secret::new("s3cret") };
        let moved = phone.answer(&credentials, &Method::Register, "sip:198.51.100.1", "cafe");
        assert_eq!(story.check(1, SOURCE, Some(&moved)), known("101"), "a proxy may have moved it");
        let other = phone.answer(&credentials, &Method::Invite, "sip:10.0.0.5:5060", "cafe");
        assert_eq!(story.check(1, SOURCE, Some(&other)), wrong("101"));
        let good = answer(&mut phone, "101", "s3cret");
        for (from, to) in [("nc=00000003", "nc=3"), ("qop=auth", "qop=auth-int")] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good);
            assert_eq!(story.check(1, SOURCE, Some(&bad)), wrong("101"), "{bad}");
        }
        let elsewhere = good.replace("realm=\"practice\"", "realm=\"other\"");
        assert_eq!(story.check(1, SOURCE, Some(&elsewhere)), Verdict::Missing);
        assert_eq!(story.check(1, SOURCE, Some("Digest")), Verdict::Missing);
        assert_eq!(story.check(1, SOURCE, Some(&good)), known("101"));
    }

    /// Five wrong ones, and then even the right one has to wait; who never saw a challenge can lock nobody out.
    #[test]
    fn guessing_is_slow() {
        let mut story = Story::new();
        let mut phone = story.challenge(0);
        let good = answer(&mut phone, "101", "s3cret");
        for _ in 0..20 {
            let bad =
                answer(&mut phone, "101", "guess").replace(&phone.challenge().nonce, "0.1.ff");
            assert_eq!(story.check(1, SOURCE, Some(&bad)), wrong("101"));
        }
        for _ in 0..4 {
            let bad = answer(&mut phone, "101", "guess");
            assert_eq!(story.check(1, SOURCE, Some(&bad)), wrong("101"));
        }
        let locked = |seconds| Verdict::Wrong {
            user: Some("101".into()),
            locked: Some(Duration::from_secs(seconds)),
        };
        let bad = answer(&mut phone, "101", "guess");
        assert_eq!(story.check(1, SOURCE, Some(&bad)), locked(30));
        assert_eq!(story.check(11, SOURCE, Some(&good)), locked(20));
        let other = answer(&mut phone, "102", "other");
        assert_eq!(story.check(11, SOURCE, Some(&other)), known("102"));
        assert_eq!(story.check(31, SOURCE, Some(&good)), known("101"));
    }

    /// A reload changes passwords, and forgets neither what was asked nor what was shown.
    #[test]
    fn a_reload_lets_no_answer_count_twice() {
        let mut story = Story::new();
        let mut phone = story.challenge(0);
        let (one, two) = (answer(&mut phone, "101", "s3cret"), answer(&mut phone, "101", "new"));
        assert_eq!(story.check(1, SOURCE, Some(&one)), known("101"));
        let users = [Credentials { user: "101".into(), secret: Secret::new("new") }];
        story.judge.configure("practice", &users, &[Algorithm::Sha256]);
        assert_eq!(story.check(2, SOURCE, Some(&one)), wrong("101"));
        assert_eq!(story.check(2, SOURCE, Some(&two)), known("101"));
        assert_eq!(story.check(2, SOURCE, Some(&two)), Verdict::Stale);
    }

    #[test]
    fn counts_are_bounded() {
        let mut story = Story::new();
        for serial in 0..COUNTS + 10 {
            assert!(story.judge.count(story.start, (0, serial.to_string(), String::new()), 1));
        }
        assert_eq!(story.judge.counts.len(), COUNTS);
        let later = story.start + BUCKET * 10;
        assert!(story.judge.count(later, (10, "new".into(), String::new()), 1));
        assert_eq!(story.judge.counts.len(), 1);
    }
}
