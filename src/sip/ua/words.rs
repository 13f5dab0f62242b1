//! A reason in words on every refusal (RFC 3261 §20.43), so that an admin who sees it in a trace knows what to change.

use std::borrow::Cow;

use crate::sip::message::{Method, Response};

/// Returns the refusal that a response is: its method, and why, in words that say it without the trace. `None` for what is no
/// refusal: a challenge, or the end of an INVITE that was taken back.
pub(super) fn refusal(response: &Response) -> Option<(String, &'static str)> {
    if response.status < 400 || matches!(response.status, 401 | 407 | 487) {
        return None;
    }
    let method = response.headers.cseq().map(|cseq| cseq.method);
    let why = words(response.status, method.as_ref());
    Some((method.map(|method| method.to_string()).unwrap_or_default(), why))
}

/// Returns the response with a reason in words, if it is a refusal that has none.
pub(super) fn explained<'a>(response: &'a Response, agent: &str) -> Cow<'a, Response> {
    match refusal(response).filter(|_| !response.headers.contains("Warning")) {
        None => Cow::Borrowed(response),
        Some((_, why)) => {
            let mut response = response.clone();
            warn(&mut response, agent, why);
            Cow::Owned(response)
        }
    }
}

/// Says why. The agent is a token of our product's name: an address would tell of our network.
pub(super) fn warn(response: &mut Response, agent: &str, why: &str) {
    let agent = agent.split('/').next().unwrap_or_default();
    let words = why.replace(['"', '\\'], "'");
    response.headers.push("Warning", format!("399 {agent} \"{words}\""));
}

fn words(status: u16, method: Option<&Method>) -> &'static str {
    match status {
        400 => "the request cannot be understood as it is written",
        403 => "it is forbidden here",
        404 => "no route takes this number",
        405 => "a method that is not served inside a call",
        415 => "its body is of a kind that we do not read here",
        420 => "it requires an extension that we do not have",
        421 => "we require an extension that it does not offer",
        422 => "the session timer is shorter than Min-SE",
        480 => "nobody takes the call now",
        481 => "it belongs to no call of ours, or to one that has ended",
        482 => "the same request came by two paths",
        483 => "Max-Forwards ran out: a loop?",
        486 => "the line is taken",
        488 if method == Some(&Method::Update) || method == Some(&Method::Invite) => {
            "no sound that both sides can: check codecs and media lines of the offer"
        }
        488 => "the body cannot be used here",
        489 => "we notify of nothing but our REFER",
        491 => "another change of this session is under way: try again in a moment",
        500 => "it came out of order, or while an earlier one still waits for its answer",
        501 => "an unknown method",
        503 => "no more is taken now: see Retry-After",
        603 => "it is not wanted here",
        _ if status < 500 => "it is refused as it is",
        _ if status < 600 => "it could not be served",
        _ => "it is declined",
    }
}
