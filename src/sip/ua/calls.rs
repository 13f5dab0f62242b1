//! Calls beginning: an INVITE to us that passes every check, and one of ours.

use std::time::{Duration, Instant};

use super::Ua;
use crate::base::{Dice, LegId, Phi, Purpose};
use crate::sip::api::{Event, Flow, Inbound, Incoming, NewLeg, Trunk};
use crate::sip::capability;
use crate::sip::message::Request;
use crate::sip::session::{Session, Setup, body_of};
use crate::sip::transaction::ServerId;

/// How long a transfer of a call of ours is waited for where no trunk says it.
const REFER_WAIT: Duration = Duration::from_secs(30);

impl Ua {
    pub(super) fn serve_invite(
        &mut self,
        now: Instant,
        id: ServerId,
        flow: Flow,
        request: Request,
    ) {
        if self.draining.is_some() {
            return self.refuse_while_draining(now, id, flow, &request);
        }
        let Some(trunk) = self.trunk_of(flow).cloned() else {
            return self.reject(now, id, flow, &request, 403, "no trunk takes calls from here");
        };
        if !Self::is_callable(&request) {
            return self.reject(now, id, flow, &request, 416, "a URI that is no address of ours");
        }
        let body = body_of(&request.headers, &request.body);
        if body.strange {
            let mut response = self.reply(&request, 415);
            response.headers.push("Accept", capability::ACCEPT);
            return self.refuse(now, id, flow, &request, response, "its body is no SDP");
        }
        if !request.headers.accepts(capability::ACCEPT) {
            let mut response = self.reply(&request, 406);
            response.headers.push("Accept", capability::ACCEPT);
            return self.refuse(now, id, flow, &request, response, "it takes no SDP in answer");
        }
        let registered = self.bindings.user_of(flow).is_some();
        if matches!(trunk.inbound, Inbound::Registered)
            && !registered
            && self.prove(now, id, flow, &request).is_none()
        {
            return;
        }
        self.take_call(now, id, flow, &trunk, request, body.sdp);
    }

    fn take_call(
        &mut self,
        now: Instant,
        id: ServerId,
        flow: Flow,
        trunk: &Trunk,
        request: Request,
        offer: Option<Vec<u8>>,
    ) {
        let leg = self.next_leg();
        // A phone behind a NAT writes an address into its Via that is not where its packets come from.
        let via = request.headers.top_via();
        let behind_nat = via.is_some_and(|via| {
            via.received().is_some_and(|ip| via.host.parse() != Ok(ip))
                || via.port.unwrap_or(5060) != flow.remote.port()
        });
        let setup = Setup {
            leg,
            flow,
            pinned: behind_nat || matches!(trunk.inbound, Inbound::Registered),
            advertised: trunk.advertised,
            user: request.uri.number().map(|user| user.reveal(Purpose::Signalling).clone()),
            product: self.config.product.clone(),
            credentials: trunk.credentials.clone(),
            accept_refer: trunk.accept_refer,
            refer_wait: trunk.refer_wait,
            t1: self.config.t1,
            dice: Dice::new(self.dice.bits()),
        };
        let event = incoming(leg, trunk, flow, &request, offer);
        match Session::incoming(setup, id, request.clone()) {
            Some(session) => {
                self.by_invite.insert(id, leg);
                self.begin(now, leg, session);
                self.tell(Event::Incoming(Box::new(event)));
            }
            None => self.reject(now, id, flow, &request, 400, "the INVITE has no Contact"),
        }
    }

    pub(super) fn call(&mut self, now: Instant, new: &NewLeg) {
        let leg = new.leg;
        if self.legs.contains_key(&leg) {
            debug_assert!(false, "{leg} exists already");
            return;
        }
        let trunk = self.trunk_of(new.flow);
        let setup = Setup {
            leg,
            flow: new.flow,
            pinned: self.bindings.user_of(new.flow).is_some(),
            advertised: new.advertised,
            user: Some(new.from_user.clone()),
            product: self.config.product.clone(),
            credentials: new.credentials.clone(),
            accept_refer: new.accept_refer,
            refer_wait: trunk.map_or(REFER_WAIT, |trunk| trunk.refer_wait),
            t1: self.config.t1,
            dice: Dice::new(self.dice.bits()),
        };
        // Draining or not: the second leg of a transfer belongs to a call that has to finish.
        let session = Session::connect(now, setup, new);
        self.begin(now, leg, session);
    }

    fn begin(&mut self, now: Instant, leg: LegId, session: Session) {
        self.by_dialog.insert(session.key(), leg);
        self.legs.insert(leg, session);
        self.drain_leg(now, leg);
    }

    /// Returns the next even number that no leg has.
    fn next_leg(&mut self) -> LegId {
        loop {
            self.last_leg = self.last_leg.next().next();
            if !self.legs.contains_key(&self.last_leg) {
                return self.last_leg;
            }
        }
    }
}

/// Says who calls whom, for those who decide about the call.
fn incoming(
    leg: LegId,
    trunk: &Trunk,
    flow: Flow,
    request: &Request,
    offer: Option<Vec<u8>>,
) -> Incoming {
    let caller = request.headers.asserted_identity();
    let said = request.headers.from();
    let display = caller.as_ref().and_then(|caller| caller.display.clone());
    let headers = request.headers.iter();
    Incoming {
        leg,
        trunk: trunk.name.clone(),
        flow,
        called: request.uri.number().unwrap_or_default(),
        caller: caller.as_ref().and_then(|caller| caller.uri.number()),
        display: display.or_else(|| said.filter(|_| caller.is_some())?.display),
        offer,
        headers: headers
            .map(|(name, value)| (name.to_owned(), Phi::new(value.to_owned())))
            .collect(),
    }
}
