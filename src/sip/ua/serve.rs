//! Requests, first come: to the leg whose dialog they belong to, or to what answers without a call.

use std::time::Instant;

use super::Ua;
use crate::sip::api::{Event, Flow, Policy};
use crate::sip::capability;
use crate::sip::message::{Method, Rejection, Request, Response, Scheme};
use crate::sip::session;
use crate::sip::transaction::ServerId;

impl Ua {
    /// Answers a request, or sees to it that a leg does.
    pub(super) fn serve(&mut self, now: Instant, id: ServerId, flow: Flow, request: Request) {
        if matches!(request.uri.scheme, Scheme::Other(_)) {
            let why = "the Request-URI is of a scheme that we do not know";
            return self.reject(now, id, flow, &request, 416, why);
        }
        let policy = self.policy_for(flow, &request);
        let unknown = capability::not_understood(&request.headers, &policy);
        if !unknown.is_empty() {
            let mut response = self.reply(&request, 420);
            response.headers.push("Unsupported", unknown.join(", "));
            let why = "it requires an extension that we do not have";
            return self.refuse(now, id, flow, &request, response, why);
        }
        // RFC 3891 §3.
        if request.method != Method::Invite && request.headers.contains("Replaces") {
            return self.reject(now, id, flow, &request, 400, "only an INVITE replaces a call");
        }
        if request.headers.to().is_some_and(|to| to.tag().is_some()) {
            return self.serve_in_dialog(now, id, flow, request);
        }
        // A back-to-back user agent is a hop too (RFC 7332); to an OPTIONS we are the end of the way.
        if request.headers.max_forwards() == Some(0) && request.method != Method::Options {
            return self.reject(now, id, flow, &request, 483, "Max-Forwards ran out: a loop?");
        }
        match &request.method {
            Method::Invite => self.serve_invite(now, id, flow, request),
            Method::Options => self.serve_options(now, id, flow, &request),
            Method::Register => self.serve_register(now, id, flow, &request),
            Method::Notify => self.serve_notify(now, id, flow, &request),
            Method::Subscribe => {
                let mut response = self.reply(&request, 489);
                response.headers.push("Allow-Events", "refer");
                self.refuse(now, id, flow, &request, response, "we notify of nothing else");
            }
            Method::Refer => {
                self.reject(now, id, flow, &request, 603, "a REFER outside any call");
            }
            Method::Bye | Method::Info | Method::Update | Method::Prack => {
                self.reject(now, id, flow, &request, 481, "it belongs to no dialog of ours");
            }
            Method::Other(_) => {
                let mut response = self.reply(&request, 501);
                response.headers.push("Allow", capability::ALLOW);
                self.refuse(now, id, flow, &request, response, "an unknown method");
            }
            _ => self.reject_method(now, id, flow, &request),
        }
    }

    /// Returns how whoever sent this request wants to be spoken to: as its call was set up, else as its trunk says.
    fn policy_for(&self, flow: Flow, request: &Request) -> Policy {
        let leg = self.leg_of(request).and_then(|leg| self.legs.get(&leg));
        let of_trunk = || self.trunk_of(flow, Some(&request.uri)).map(|trunk| trunk.policy.clone());
        leg.map(|leg| leg.policy().clone()).or_else(of_trunk).unwrap_or_default()
    }

    /// Answers what could not be read. No transaction remembers it: a repeat is answered again.
    pub(super) fn reject_unread(&mut self, flow: Flow, mut rejection: Rejection) {
        let (method, status, why) = (rejection.method.to_string(), rejection.status, rejection.why);
        self.tell(Event::Rejected { flow, method, status, why });
        rejection.headers.stamp_via(flow.remote);
        let mut response = rejection.to_response();
        response.headers.set_to_tag(&self.dice.hex(16));
        response.headers.push("Server", &self.config.product);
        super::words::warn(&mut response, &self.config.product, why);
        if let Ok(bytes) = response.to_bytes() {
            self.outputs.push_back(super::Output::Send { flow, bytes: bytes.into() });
        }
    }

    pub(super) fn handle_ack(&mut self, now: Instant, request: Request) {
        if let Some(leg) = self.leg_of(&request) {
            self.drive(now, leg, session::Input::Ack(request));
        }
    }

    /// RFC 3261 §9.2: a CANCEL is answered for itself; what it is about, if still open, with 487.
    pub(super) fn handle_cancel(
        &mut self,
        now: Instant,
        id: ServerId,
        flow: Flow,
        request: &Request,
        invite: Option<ServerId>,
        open: bool,
    ) {
        let Some(invite) = invite else {
            return self.reject(now, id, flow, request, 481, "there is nothing to cancel");
        };
        let leg = self.by_invite.get(&invite).copied();
        let mut response = Response::to_request(request, 200, None);
        if let Some(session) = leg.and_then(|leg| self.legs.get(&leg)) {
            // The tag of the answer to the INVITE, which is the same answerer's.
            response.headers.set_to_tag(&session.key().1);
        }
        response.headers.set_to_tag(&self.dice.hex(16));
        response.headers.push("Server", &self.config.product);
        self.respond(now, id, &response);
        if let (Some(leg), true) = (leg, open) {
            let cancel = request.clone();
            self.drive(now, leg, session::Input::Cancelled { id: invite, cancel });
        }
    }

    fn serve_in_dialog(&mut self, now: Instant, id: ServerId, flow: Flow, request: Request) {
        let Some(leg) = self.leg_of(&request) else {
            return self.reject(now, id, flow, &request, 481, "it belongs to no dialog of ours");
        };
        // Whoever overheard Call-ID and tags must also sit where the far end sits, or on a trunk.
        let trusted = self.legs.get(&leg).is_some_and(|session| {
            session.is_peer(flow.remote.ip()) || self.trunk_of(flow, None).is_some()
        });
        if !trusted {
            return self.reject(now, id, flow, &request, 481, "its source is not the dialog's");
        }
        if request.method == Method::Invite {
            self.by_invite.insert(id, leg);
        }
        self.drive(now, leg, session::Input::Request { id, flow, request });
    }

    /// Finds the leg by Call-ID and our tag; the session itself compares theirs.
    fn leg_of(&self, request: &Request) -> Option<crate::base::LegId> {
        let to = request.headers.to()?;
        let key = (request.headers.call_id()?.to_owned(), to.tag()?.to_owned());
        self.by_dialog.get(&key).copied()
    }

    fn serve_options(&mut self, now: Instant, id: ServerId, flow: Flow, request: &Request) {
        if self.draining.is_some() {
            return self.refuse_while_draining(now, id, flow, request);
        }
        let policy = self.policy_for(flow, request);
        let mut response = self.reply(request, 200);
        response.headers.push("Allow", capability::allow(&policy));
        response.headers.push("Accept", capability::ACCEPT);
        response.headers.push("Supported", capability::supported(&policy));
        self.respond(now, id, &response);
    }

    pub(super) fn refuse_while_draining(
        &mut self,
        now: Instant,
        id: ServerId,
        flow: Flow,
        request: &Request,
    ) {
        let wait = self.draining.unwrap_or_default().as_secs();
        let mut response = self.reply(request, 503);
        response.headers.push("Retry-After", wait.to_string());
        self.refuse(now, id, flow, request, response, "draining: calls finish, none begins");
    }

    fn serve_notify(&mut self, now: Instant, id: ServerId, flow: Flow, request: &Request) {
        // PBXs tell a registered phone of its voice mail without being asked.
        let unasked = request.headers.event().is_some_and(|e| e.package == "message-summary");
        if !unasked {
            return self.reject(
                now,
                id,
                flow,
                request,
                481,
                "it tells of nothing that we asked for",
            );
        }
        let response = self.reply(request, 200);
        self.respond(now, id, &response);
        if unasked {
            self.tell(Event::MailNotice { flow });
        }
    }

    pub(super) fn reject_method(
        &mut self,
        now: Instant,
        id: ServerId,
        flow: Flow,
        request: &Request,
    ) {
        let mut response = self.reply(request, 405);
        response.headers.push("Allow", capability::ALLOW);
        self.refuse(now, id, flow, request, response, "a method that we do not serve");
    }

    /// Whether an INVITE can name anybody here.
    pub(super) fn is_callable(request: &Request) -> bool {
        matches!(request.uri.scheme, Scheme::Sip | Scheme::Sips | Scheme::Tel)
    }
}
