//! The challenges that a peer has put to us, so that a request is signed before it is asked to be.
//!
//! One for each realm, with its count. A secret is wrong where the answer to a fresh challenge is challenged again;
//! a nonce that worked before and no longer does has only aged, whether the peer says `stale` or not.

use super::AuthParams;
use super::client::DigestClient;
use crate::base::Dice;
use crate::sip::Credentials;
use crate::sip::message::{Request, Response};

/// Realms kept: the far end and the proxies before it.
const MAX_KEPT: usize = 8;

/// Challenges that were answered, a realm each.
#[derive(Clone, Debug, Default)]
pub struct Wallet(Vec<Kept>);

#[derive(Clone, Debug)]
struct Kept {
    client: DigestClient,
    /// A request that this signed was taken.
    proven: bool,
}

/// Why a challenge is not answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unanswerable {
    /// It asks for nothing that we have: another scheme, or a hash that we do not know.
    NoDigest,
    /// The answer to the same challenge was refused: the user or the password is wrong.
    WrongSecret,
}

impl Unanswerable {
    /// Says it to an admin.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoDigest => {
                "the challenge asks for no digest that we can: MD5, SHA-256 and SHA-512-256 with qop auth"
            }
            Self::WrongSecret => "the user or the secret under [auth] is not the PBX's",
        }
    }
}

impl Wallet {
    /// Takes the 401 or 407 that `request` was answered with.
    ///
    /// # Errors
    /// When it makes no sense to send the request again.
    pub fn learn(&mut self, request: &Request, response: &Response) -> Result<(), Unanswerable> {
        let asked = DigestClient::all(response);
        if asked.is_empty() {
            return Err(Unanswerable::NoDigest);
        }
        for client in asked {
            let same = |kept: &Kept| kept.client.is_of_same_realm(&client);
            match self.0.iter().position(same) {
                Some(at) => {
                    let kept = &mut self.0[at];
                    let refused = kept.client.has_signed(request) && !kept.proven;
                    if refused && !client.challenge().stale {
                        return Err(Unanswerable::WrongSecret);
                    }
                    kept.proven = false;
                    // The same nonce again counts on (RFC 7616 §3.4: nc).
                    if kept.client.challenge().nonce != client.challenge().nonce {
                        kept.client = client;
                    }
                }
                None if self.0.len() < MAX_KEPT => self.0.push(Kept { client, proven: false }),
                None => {}
            }
        }
        Ok(())
    }

    /// Puts an answer to each kept challenge on a request, in place of older ones. Does nothing where none was asked.
    pub fn sign(&mut self, request: &mut Request, credentials: &Credentials, dice: &mut Dice) {
        if self.0.is_empty() {
            return;
        }
        request.headers.remove("Authorization");
        request.headers.remove("Proxy-Authorization");
        let uri = request.uri.to_wire();
        for Kept { client, .. } in &mut self.0 {
            let value = client.answer(credentials, &request.method, &uri, &dice.hex(16));
            request.headers.push(client.header_name(), value);
        }
    }

    /// Notes that a request was answered with something else than a challenge, and the nonce that is wanted next.
    pub fn accepted(&mut self, response: &Response) {
        for kept in &mut self.0 {
            kept.proven = true;
            let told = response.headers.get(kept.client.info_name()).map(AuthParams::parse_pairs);
            if let Some(nonce) = told.as_ref().and_then(|told| told.get("nextnonce")) {
                kept.client.renew(nonce);
            }
        }
    }

    /// Forgets everything: another peer, or another password.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;
    use crate::sip::message::{Method, Uri};

    fn credentials() -> Credentials {
        Credentials { user: "4000".into(), secret: Secret::new("wonder") }
    }

    fn request() -> Request {
        Request::new(Method::Invite, Uri::parse("sip:101@pbx").unwrap())
    }

    fn challenged(status: u16, values: &[&str]) -> Response {
        let name = if status == 401 { "WWW-Authenticate" } else { "Proxy-Authenticate" };
        let mut response = Response::new(status, None);
        for value in values {
            response.headers.push(name, value);
        }
        response
    }

    fn nonce(nonce: &str) -> String {
        format!(r#"Digest realm="pbx", nonce="{nonce}", qop="auth", opaque="a \"b\"""#)
    }

    /// A wallet, and the request that it has signed last.
    struct Story {
        wallet: Wallet,
        dice: Dice,
        request: Request,
    }

    impl Story {
        fn new() -> Self {
            Self { wallet: Wallet::default(), dice: Dice::new(1), request: request() }
        }

        fn sign(&mut self) -> Vec<String> {
            let Self { wallet, dice, request } = self;
            wallet.sign(request, &credentials(), dice);
            let of = |name| request.headers.get_all(name).map(str::to_owned).collect::<Vec<_>>();
            [of("Authorization"), of("Proxy-Authorization")].concat()
        }

        fn learn(&mut self, status: u16, value: &str) -> Result<(), Unanswerable> {
            self.wallet.learn(&self.request, &challenged(status, &[value]))
        }
    }

    #[test]
    fn later_requests_are_signed_before_they_are_asked_to_be() {
        let mut story = Story::new();
        assert_eq!(story.sign(), [""; 0], "nobody has asked yet");
        assert_eq!(story.learn(401, &nonce("one")), Ok(()));
        for count in 1..12 {
            let [value] = &story.sign()[..] else { panic!("one answer") };
            assert!(value.contains("nonce=\"one\"") && value.contains(&format!("nc={count:08x},")));
            assert!(value.contains(r#"opaque="a \"b\"""#), "{value}");
            story.wallet.accepted(&Response::new(200, None));
        }
    }

    #[test]
    fn a_wrong_secret_is_told_from_an_old_nonce() {
        let mut story = Story::new();
        assert_eq!(story.learn(401, &nonce("one")), Ok(()));
        story.sign();
        assert_eq!(story.learn(401, &nonce("two")), Err(Unanswerable::WrongSecret));
        // It worked before: the nonce has aged, whoever forgets to say `stale`.
        let mut story = Story::new();
        assert_eq!(story.learn(401, &nonce("one")), Ok(()));
        story.sign();
        story.wallet.accepted(&Response::new(200, None));
        story.sign();
        assert_eq!(story.learn(401, &nonce("two")), Ok(()));
        story.sign();
        assert_eq!(story.learn(401, &nonce("three")), Err(Unanswerable::WrongSecret));
        let mut story = Story::new();
        assert_eq!(story.learn(401, &nonce("one")), Ok(()));
        story.sign();
        assert_eq!(story.learn(401, &format!("{}, stale=TRUE", nonce("two"))), Ok(()));
        assert!(story.sign()[0].contains("nonce=\"two\""));
    }

    #[test]
    fn a_proxy_and_the_far_end_each_get_their_answer() {
        let mut story = Story::new();
        assert_eq!(story.learn(407, r#"Digest realm="proxy", nonce="p""#), Ok(()));
        story.sign();
        assert_eq!(story.learn(401, &nonce("one")), Ok(()));
        let values = story.sign();
        assert!(values[0].contains("realm=\"pbx\"") && values[1].contains("realm=\"proxy\""));
        assert_eq!(values.len(), 2, "{values:?}");
    }

    /// Two realms, each in two strengths, in one field as HTTP would write it.
    #[test]
    fn the_strongest_of_each_realm_is_answered() {
        let mut story = Story::new();
        let joined = r#"Digest realm="a", nonce="1", algorithm=MD5, Bearer realm="x", Negotiate,
            dIgEsT realm="a", nonce="2", algorithm=sha-512-256, qop="auth,auth-int",
            Digest realm="b", nonce="3", algorithm=SHA-256, Digest realm="b", nonce="4", algorithm=AKAv1-MD5"#;
        assert_eq!(story.learn(401, &joined.replace('\n', "")), Ok(()));
        let values = story.sign();
        assert_eq!(values.len(), 2, "{values:?}");
        assert!(values[0].contains("nonce=\"2\"") && values[0].contains("algorithm=SHA-512-256"));
        assert!(values[1].contains("nonce=\"3\"") && values[1].contains("algorithm=SHA-256"));
    }

    #[test]
    fn what_we_cannot_answer_is_said_so() {
        let mut story = Story::new();
        for value in ["Basic realm=x", "Digest realm=x, nonce=1, algorithm=MD5-sess", "", "Digest"]
        {
            assert_eq!(story.learn(401, value), Err(Unanswerable::NoDigest), "{value}");
        }
    }

    #[test]
    fn the_next_nonce_is_taken_where_it_is_named() {
        let mut story = Story::new();
        assert_eq!(story.learn(401, &nonce("one")), Ok(()));
        story.sign();
        let mut response = Response::new(200, None);
        let info = r#"qop=auth, rspauth="6629", cnonce="c", nc=00000001, nextnonce="two""#;
        response.headers.push("Authentication-Info", info);
        story.wallet.accepted(&response);
        let value = &story.sign()[0];
        assert!(value.contains("nonce=\"two\"") && value.contains("nc=00000001"), "{value}");
    }
}
