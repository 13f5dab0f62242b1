//! Sending a challenged request again, with the credentials it asks for (RFC 3261 §22.2).

use super::api::Credentials;
use super::auth::DigestClient;
use super::message::{Request, Response};
use crate::base::Dice;

/// Puts the answer to a 401 or 407 on a copy of the request that was challenged. The caller gives
/// it its new CSeq and Via. False if it was answered before and not only stale, which means that
/// the password is wrong, or if there is no challenge that we can answer.
pub(crate) fn answer_challenge(
    request: &mut Request,
    response: &Response,
    credentials: &Credentials,
    dice: &mut Dice,
) -> bool {
    let Some(mut client) = DigestClient::new(response) else { return false };
    let name = client.header_name();
    // A proxy and the far end may each ask once, under names of their own.
    if request.headers.contains(name) && !client.challenge().stale {
        return false;
    }
    let uri = request.uri.to_wire();
    let value = client.answer(credentials, &request.method, &uri, &dice.hex(16));
    request.headers.set(name, value);
    true
}
