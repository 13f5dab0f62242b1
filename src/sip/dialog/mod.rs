//! Dialogs (RFC 3261 §12): who talks to whom, which way, and with which number next.

mod route_set;

use route_set::RouteSet;

use super::message::{Method, NameAddr, Request, Response, Uri};

/// One dialog. From and To keep the bytes they began with; tags and the route set never change.
#[derive(Clone)]
pub(crate) struct Dialog {
    call_id: String,
    /// From of our requests, tag included.
    local: String,
    /// To of our requests, tag included where the peer gave one.
    remote: String,
    remote_tag: String,
    routes: RouteSet,
    target: Uri,
    local_cseq: u32,
    remote_cseq: Option<u32>,
}

/// Why an in-dialog request is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct OutOfOrder;

impl Dialog {
    /// The dialog that an INVITE to us begins, once it is answered with `local_tag`.
    /// `None` if the INVITE lacks what a dialog needs.
    pub(crate) fn answering(invite: &Request, local_tag: &str, local_cseq: u32) -> Option<Self> {
        let headers = &invite.headers;
        let remote_tag = headers.from()?.tag().unwrap_or_default().to_owned();
        Some(Self {
            call_id: headers.call_id()?.to_owned(),
            local: tagged(headers.get("To")?, local_tag),
            remote: headers.get("From")?.to_owned(),
            remote_tag,
            routes: RouteSet::of_request(headers.record_routes()),
            target: caller(invite)?.uri,
            local_cseq,
            remote_cseq: Some(headers.cseq()?.number),
        })
    }

    /// The dialog that a response to our INVITE begins or confirms.
    pub(crate) fn answered(invite: &Request, response: &Response) -> Option<Self> {
        let headers = &response.headers;
        let to = headers.to()?;
        // A peer without Contact is broken, but where the INVITE went it can be reached.
        let contact = headers.contacts().into_iter().next().map(|contact| contact.uri);
        Some(Self {
            call_id: invite.headers.call_id()?.to_owned(),
            local: invite.headers.get("From")?.to_owned(),
            remote: headers.get("To")?.to_owned(),
            remote_tag: to.tag().unwrap_or_default().to_owned(),
            routes: RouteSet::of_response(headers.record_routes()),
            target: contact.unwrap_or_else(|| invite.uri.clone()),
            local_cseq: invite.headers.cseq()?.number,
            remote_cseq: None,
        })
    }

    /// The tag of the far end; empty where it gave none (RFC 2543).
    pub(crate) fn remote_tag(&self) -> &str {
        &self.remote_tag
    }

    /// Begins a request inside the dialog. Its CSeq is taken before anything is sent, so that no two share one.
    pub(crate) fn request(&mut self, method: Method) -> Request {
        self.local_cseq += 1;
        self.numbered(method, self.local_cseq)
    }

    /// Begins the ACK of an acceptance of the INVITE with this number.
    pub(crate) fn ack(&self, cseq: u32) -> Request {
        self.numbered(Method::Ack, cseq)
    }

    /// Takes the next number for a request that is sent again after a challenge.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq += 1;
        self.local_cseq
    }

    /// Returns our own address as the far end knows it.
    pub(crate) fn local_uri(&self) -> Option<Uri> {
        NameAddr::parse(&self.local).ok().map(|local| local.uri)
    }

    /// Takes the number of a request from the far end (RFC 3261 §12.2.2): gaps are fine, going back is not.
    pub(crate) fn take_cseq(&mut self, cseq: u32) -> Result<(), OutOfOrder> {
        if self.remote_cseq.is_some_and(|last| cseq <= last) {
            return Err(OutOfOrder);
        }
        self.remote_cseq = Some(cseq);
        Ok(())
    }

    /// Goes on counting where the same dialog stood while the phone rang.
    pub(crate) fn continue_from(&mut self, early: &Self) {
        self.remote_cseq = early.remote_cseq;
        self.local_cseq = self.local_cseq.max(early.local_cseq);
    }

    /// Notes where the far end wants to be reached from now on (RFC 3261 §12.2.2).
    pub(crate) fn refresh_target(&mut self, contacts: Vec<NameAddr>) {
        if let Some(contact) = contacts.into_iter().next() {
            self.target = contact.uri;
        }
    }

    /// Returns the URI that the next request is sent to: the first proxy, or the far end itself (RFC 3261 §8.1.2).
    pub(crate) fn next_hop(&self) -> &Uri {
        self.routes.first().unwrap_or(&self.target)
    }

    fn numbered(&self, method: Method, cseq: u32) -> Request {
        let (uri, routes) = self.routes.apply(&self.target);
        let mut request = Request::new(method, uri);
        let cseq = format!("{cseq} {}", request.method);
        for route in routes {
            request.headers.push("Route", route);
        }
        request.headers.push("Max-Forwards", "70");
        request.headers.push("From", &self.local);
        request.headers.push("To", &self.remote);
        request.headers.push("Call-ID", &self.call_id);
        request.headers.push("CSeq", cseq);
        request
    }
}

/// Returns where the caller is reached. Whoever chose no branch by RFC 3261 is a peer of RFC 2543, which wants no
/// Contact in an INVITE: then it is From (RFC 4475 §3.4.1).
fn caller(invite: &Request) -> Option<NameAddr> {
    let headers = &invite.headers;
    let old = || headers.top_via().is_some_and(|via| !via.has_modern_branch());
    let contact = headers.contacts().into_iter().next();
    contact.or_else(|| headers.from().filter(|_| old()))
}

/// Appends our tag to the far end's own spelling of our address.
fn tagged(to: &str, tag: &str) -> String {
    format!("{};tag={tag}", to.trim_end_matches([';', ' ', '\t']))
}
