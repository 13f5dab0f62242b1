//! Who calls: what the network asserts, else what the caller says (RFC 3325, RFC 3323).

use super::headers::Headers;
use super::name_addr::NameAddr;
use super::scan;
use super::uri::Scheme;
use crate::base::Purpose;

/// User parts by which PBXs say that they do not say.
const WITHHELD: [&str; 4] = ["anonymous", "restricted", "unavailable", "unknown"];

impl Headers {
    /// Returns the caller: P-Asserted-Identity, of two values the SIP one; else From. `None` for
    /// an anonymous caller. Privacy is not an obstacle: it binds those outside the network that
    /// asserts the identity (RFC 3325 §9.3), and a trunk's peers are inside.
    pub fn asserted_identity(&self) -> Option<NameAddr> {
        let asserted: Vec<_> = self
            .get_all("P-Asserted-Identity")
            .flat_map(|value| scan::split(value, b',', true).unwrap_or_default())
            .filter_map(|element| NameAddr::parse(element).ok())
            .filter(|identity| !is_anonymous(identity))
            .collect();
        let sip = |identity: &&NameAddr| matches!(identity.uri.scheme, Scheme::Sip | Scheme::Sips);
        let best = asserted.iter().find(sip).or(asserted.first()).cloned();
        best.or_else(|| self.from().filter(|from| !is_anonymous(from)))
    }
}

fn is_anonymous(identity: &NameAddr) -> bool {
    let host = identity.uri.host.to_ascii_lowercase();
    if host == "anonymous.invalid" || host.ends_with(".anonymous.invalid") {
        return true;
    }
    let Some(user) = identity.uri.number() else { return true };
    let user = user.reveal(Purpose::Comparison);
    WITHHELD.iter().any(|word| user.eq_ignore_ascii_case(word))
}
