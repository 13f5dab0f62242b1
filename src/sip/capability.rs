//! What this user agent can do, as it says in Allow, Supported and Accept.

use super::message::Headers;

/// The methods that are served. REFER is served with 603 where it is not wanted.
pub(crate) const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, NOTIFY, REFER";

/// The option tags of extensions that we understand: REFER without a subscription (RFC 4488), and calls that take
/// the place of others (RFC 3891).
pub(crate) const SUPPORTED: &str = "norefersub, replaces";

/// The bodies that are read, of INVITE and UPDATE.
pub(crate) const ACCEPT: &str = "application/sdp";

/// Returns the option tags in Require that we do not understand (RFC 3261 §8.2.2.3).
pub(crate) fn not_understood(headers: &Headers) -> Vec<String> {
    let mut tags = headers.tokens("Require");
    tags.retain(|tag| !SUPPORTED.split(", ").any(|known| tag.eq_ignore_ascii_case(known)));
    tags
}
