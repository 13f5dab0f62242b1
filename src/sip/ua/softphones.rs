//! Softphones: their REGISTER, and the password that they have to know.

use std::time::Instant;

use super::Ua;
use super::judges::Realm;
use crate::sip::api::{Event, Flow, Inbound};
use crate::sip::message::{Request, Scheme};
use crate::sip::transaction::ServerId;

impl Ua {
    pub(super) fn serve_register(
        &mut self,
        now: Instant,
        id: ServerId,
        flow: Flow,
        request: &Request,
    ) {
        if !self.judges.has_registrar() {
            return self.reject_method(now, id, flow, request);
        }
        let softphones = |trunk: &&super::Trunk| matches!(trunk.inbound, Inbound::Registered);
        if !self.config.trunks.iter().filter(softphones).any(|trunk| trunk.takes(flow)) {
            let why = "no trunk lets softphones register from here";
            return self.reject(now, id, flow, request, 403, why);
        }
        // RFC 3261 §10.2: the address of record.
        let record = request.headers.to().map(|to| to.uri.scheme);
        if !matches!(record, Some(Scheme::Sip | Scheme::Sips)) {
            return self.reject(now, id, flow, request, 400, "To is no SIP address to register");
        }
        let Some(user) = self.prove(now, id, flow, request, &Realm::Registrar) else { return };
        // RFC 3261 §10.3: nobody registers for somebody else.
        let own = request.headers.to().and_then(|to| to.uri.number());
        if own.is_none_or(|own| *own.reveal(crate::base::Purpose::Comparison) != user) {
            return self.reject(now, id, flow, request, 403, "To is not the user who proved it");
        }
        match self.bindings.register(now, &user, flow, request) {
            Ok(registered) => {
                let mut response = self.reply(request, 200);
                for contact in registered.contacts {
                    response.headers.push("Contact", contact);
                }
                self.respond(now, id, &response);
                for (flow, expires) in registered.changes {
                    self.tell(Event::Registered { user: user.clone(), flow, expires });
                }
            }
            Err((status, why)) => self.reject(now, id, flow, request, status, why),
        }
    }
}
