//! What this user agent can do, as it says in Allow, Supported and Accept.

use super::api::{Policy, Prack};
use super::message::Headers;

/// The bodies that are read, of INVITE and UPDATE.
pub(crate) const ACCEPT: &str = "application/sdp";

/// The methods that are served. REFER is served with 603 where it is not wanted.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, PRACK, UPDATE, NOTIFY, REFER";

/// The option tags of extensions that we understand: REFER without a subscription (RFC 4488),
/// reliable provisional responses (RFC 3262), session timers (RFC 4028).
pub(crate) const SUPPORTED: &str = "norefersub, replaces, 100rel, timer";

/// Returns the methods that are served to whom this policy is for.
pub(crate) fn allow(policy: &Policy) -> String {
    let on = |method: &&str| *method != "PRACK" || policy.prack != Prack::Off;
    ALLOW.split(", ").filter(on).collect::<Vec<_>>().join(", ")
}

/// Returns the option tags that we offer to whom this policy is for.
pub(crate) fn supported(policy: &Policy) -> String {
    SUPPORTED.split(", ").filter(|tag| is_on(policy, tag)).collect::<Vec<_>>().join(", ")
}

/// Returns the option tags in Require that we do not understand (RFC 3261 §8.2.2.3).
pub(crate) fn not_understood(headers: &Headers, policy: &Policy) -> Vec<String> {
    let mut required = headers.tokens("Require");
    required.retain(|tag| !understands(policy, tag));
    required
}

/// Whether we do what an option tag stands for.
pub(crate) fn understands(policy: &Policy, tag: &str) -> bool {
    let known = SUPPORTED.split(", ").find(|known| tag.eq_ignore_ascii_case(known));
    known.is_some_and(|known| is_on(policy, known))
}

fn is_on(policy: &Policy, tag: &str) -> bool {
    match tag {
        "100rel" => policy.prack != Prack::Off,
        "timer" => policy.timer.is_some(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_switched_off_is_neither_offered_nor_understood() {
        let plain = Policy { timer: None, prack: Prack::Off, ..Policy::default() };
        assert_eq!(supported(&plain), "norefersub, replaces");
        assert_eq!(supported(&Policy::default()), "norefersub, replaces, 100rel, timer");
        let mut headers = Headers::default();
        headers.push("Require", "100REL, Timer");
        headers.push("Require", "foo");
        assert_eq!(not_understood(&headers, &plain), ["100REL", "Timer", "foo"]);
        assert_eq!(not_understood(&headers, &Policy::default()), ["foo"]);
        assert!(!allow(&plain).contains("PRACK") && allow(&Policy::default()).contains("PRACK"));
    }
}
