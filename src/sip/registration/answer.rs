//! What a registrar's answer says: the time it grants, where it sees us, and why it refused.

use std::net::SocketAddr;

use crate::sip::message::{Response, Uri};

pub(super) const SILENT: &str =
    "it does not answer: check [peer] host, the network and its firewall";

/// Returns the seconds that the registrar granted to our Contact. Its own time counts before that of the response
/// (RFC 3261 §10.2.4). A PBX that writes our Contact anew names one, and that is ours.
pub(super) fn granted(response: &Response, contact: &str) -> Option<u32> {
    let contacts = response.headers.contacts();
    let place = |uri: &Uri| (uri.number(), uri.host.to_ascii_lowercase(), uri.port.unwrap_or(5060));
    let own = Uri::parse(contact).ok().map(|uri| place(&uri));
    let ours = contacts.iter().find(|found| Some(place(&found.uri)) == own);
    let ours = ours.or(contacts.first().filter(|_| contacts.len() == 1));
    let expires = ours.and_then(|ours| ours.params.get("expires")?.trim().parse().ok());
    expires.or(response.headers.expires())
}

/// Returns the address that our REGISTER came from, as the registrar noted it in our Via (RFC 3581).
pub(super) fn seen_as(response: &Response) -> Option<SocketAddr> {
    let via = response.headers.top_via()?;
    let port = via.rport().flatten().or(via.port)?;
    Some(SocketAddr::new(via.received().or_else(|| via.host.parse().ok())?, port))
}

/// Says what an admin can do about a refusal.
pub(super) fn refusal_words(response: &Response) -> String {
    let advice = match response.status {
        300..400 => {
            "it sends us elsewhere, which we do not follow: set [peer] host to where it points"
        }
        403 => {
            "it forbids this user to register: check [auth] and the extension's rights on the PBX"
        }
        404 | 410 | 604 => "it knows no such user: check `user` under [register] and [auth]",
        405 | 501 => "it is no registrar: remove [register], or set [peer] host to one that is",
        408 => SILENT,
        420 | 421 => "it requires an extension that we do not have",
        503 => "it serves nobody for now",
        500.. => "it failed by itself: look into its log",
        _ => "it refused",
    };
    // The PBX's own words, but short, and nothing in them that could end a line.
    let said = response.phrase.chars().filter(|letter| !letter.is_control()).take(60);
    format!("{advice} ({} {})", response.status, said.collect::<String>())
}
