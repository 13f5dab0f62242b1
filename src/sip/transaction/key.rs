//! What makes two requests the same transaction (RFC 3261 §17.1.3, §17.2.3, §8.2.2.2).

use crate::sip::message::{Method, Request, Response};

/// The transaction that a received request belongs to.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct ServerKey {
    /// The branch, or for peers of RFC 2543 all that their rules compare.
    id: String,
    /// Host and port that the sender put in Via: two senders may choose the same branch.
    sent_by: String,
    /// The method, with ACK counted as INVITE.
    method: String,
}

impl ServerKey {
    /// Returns the key of a request; `None` if it has no Via or CSeq, which the parser refuses.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let method = match &request.method {
            Method::Ack => Method::Invite,
            other => other.clone(),
        };
        Self::with_method(request, &method)
    }

    /// Returns the key of the INVITE that a CANCEL is about (RFC 3261 §9.2).
    pub(crate) fn cancelled_by(cancel: &Request) -> Option<Self> {
        Self::with_method(cancel, &Method::Invite)
    }

    /// Returns the method, for the state dump.
    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    fn with_method(request: &Request, method: &Method) -> Option<Self> {
        let via = request.headers.top_via()?;
        let sent_by = format!("{}:{}", via.host.to_ascii_lowercase(), via.port.unwrap_or(5060));
        let id = match via.branch() {
            Some(branch) if via.has_modern_branch() => branch.to_owned(),
            // RFC 2543: the Via as a whole, which holds the branch if there is one. The To tag is
            // left out, so that the ACK of a refusal, which has one, still finds its INVITE.
            _ => {
                let cseq = request.headers.cseq()?.number;
                let from = request.headers.from()?.tag().unwrap_or_default().to_owned();
                let call_id = request.headers.call_id()?;
                format!("{} {from} {call_id} {cseq} {}", request.uri.to_wire(), via.to_wire())
            }
        };
        Some(Self { id, sent_by, method: method.as_str().to_owned() })
    }
}

/// What a request that came twice on two paths has in common (RFC 3261 §8.2.2.2).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct MergeKey {
    call_id: String,
    from_tag: String,
    cseq: u32,
    method: String,
}

impl MergeKey {
    /// Returns the key; `None` for requests inside a dialog and those that answer nothing.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        if matches!(request.method, Method::Ack | Method::Cancel) {
            return None;
        }
        if request.headers.to()?.tag().is_some() {
            return None;
        }
        let cseq = request.headers.cseq()?;
        Some(Self {
            call_id: request.headers.call_id()?.to_owned(),
            from_tag: request.headers.from()?.tag()?.to_owned(),
            cseq: cseq.number,
            method: cseq.method.as_str().to_owned(),
        })
    }
}

/// The transaction that a response belongs to: the branch we chose, and the method.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct ClientKey {
    branch: String,
    method: String,
}

impl ClientKey {
    /// Returns the key of a request of ours.
    pub(crate) fn of_request(request: &Request) -> Option<Self> {
        let branch = request.headers.top_via()?.branch()?.to_owned();
        Some(Self { branch, method: request.method.as_str().to_owned() })
    }

    /// Returns the key of an INVITE of ours with this branch.
    pub(crate) fn of_invite(branch: &str) -> Self {
        Self { branch: branch.to_owned(), method: Method::Invite.as_str().to_owned() }
    }

    /// Returns the key of the request that a response answers.
    pub(crate) fn of_response(response: &Response) -> Option<Self> {
        let branch = response.headers.top_via()?.branch()?.to_owned();
        Some(Self { branch, method: response.headers.cseq()?.method.as_str().to_owned() })
    }
}
