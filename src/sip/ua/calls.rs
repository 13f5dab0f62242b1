//! Calls beginning: an INVITE to us that passes every check, and one of ours.

use std::time::{Duration, Instant};

use super::Ua;
use super::judges::Realm;
use super::parties::Parties;
use crate::base::{Dice, LegId, Phi, Purpose};
use crate::sip::api::{Event, Flow, Inbound, Incoming, NewLeg, Transport, Trunk};
use crate::sip::capability;
use crate::sip::message::{Request, Scheme};
use crate::sip::session::{Session, Setup, body_of, too_short};
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
        // What takes the place of a call is no new call.
        if self.draining.is_some() && !request.headers.contains("Replaces") {
            return self.refuse_while_draining(now, id, flow, &request);
        }
        let Some(trunk) = self.trunk_of(flow, Some(&request.uri)).cloned() else {
            return self.reject(now, id, flow, &request, 403, "no trunk takes calls from here");
        };
        if self.is_own(&request) {
            return self.reject(now, id, flow, &request, 482, "a call of ours came back to us");
        }
        if !Self::is_callable(&request) {
            return self.reject(now, id, flow, &request, 416, "a URI that is no address of ours");
        }
        let body = body_of(&request.headers, &request.body);
        if body.strange {
            let mut response = self.reply(&request, 415);
            response.headers.push("Accept", capability::ACCEPT);
            return self.refuse(now, id, flow, &request, response, "its body is no SDP");
        }
        if let Some(least) = too_short(&trunk.policy, &request.headers) {
            let mut response = self.reply(&request, 422);
            response.headers.push("Min-SE", least.to_string());
            let why = "its session timer is shorter than the trunk's least";
            return self.refuse(now, id, flow, &request, response, why);
        }
        if !request.headers.accepts(capability::ACCEPT) {
            let mut response = self.reply(&request, 406);
            response.headers.push("Accept", capability::ACCEPT);
            return self.refuse(now, id, flow, &request, response, "it takes no SDP in answer");
        }
        let mut softphone = self.bindings.user_of(flow).map(str::to_owned);
        let realm = match &trunk.inbound {
            // What a registration of ours brings was proven when the registrar took our password.
            _ if self.registrations.knows(flow) => None,
            Inbound::Registered if softphone.is_some() => None,
            Inbound::Registered => Some(Realm::Registrar),
            Inbound::Digest { .. } => Some(Realm::Trunk(trunk.name.clone())),
            Inbound::Ip | Inbound::Certificate => None,
        };
        if let Some(realm) = realm {
            let Some(user) = self.prove(now, id, flow, &request, &realm) else { return };
            softphone = Some(user);
        }
        let softphone = softphone.filter(|_| matches!(trunk.inbound, Inbound::Registered));
        match self.replaced_by(&request, &trunk.name) {
            Err((status, why)) => self.reject(now, id, flow, &request, status, why),
            Ok(replaces) => {
                let parties = Parties::of(&request, &trunk.policy, softphone);
                let incoming = incoming(self.next_leg(), &trunk, flow, &request, parties);
                let incoming = Incoming { offer: body.sdp, replaces, ..incoming };
                self.take_call(now, id, &trunk, request, incoming);
            }
        }
    }

    fn take_call(
        &mut self,
        now: Instant,
        id: ServerId,
        trunk: &Trunk,
        request: Request,
        incoming: Incoming,
    ) {
        let (leg, flow) = (incoming.leg, incoming.flow);
        let nat = trunk.policy.nat || is_behind_nat(&request, flow);
        let setup = Setup {
            leg,
            flow,
            pinned: nat || matches!(trunk.inbound, Inbound::Registered),
            // Behind a NAT the registrar has told us where we are.
            advertised: self
                .registrations
                .learned(&trunk.name)
                .unwrap_or_else(|| trunk.advertised_by(flow)),
            user: request.uri.number().map(|user| user.reveal(Purpose::Signalling).clone()),
            product: self.config.product.clone(),
            credentials: trunk.credentials.clone(),
            trunk: Some(trunk.name.clone()),
            secure: asks_for_sips(&request),
            accept_refer: trunk.accept_refer,
            refer_wait: trunk.refer_wait,
            t1: self.config.t1,
            policy: trunk.policy.clone(),
            dice: Dice::new(self.dice.bits()),
        };
        match Session::incoming(setup, id, request.clone()) {
            Some(session) => {
                self.by_invite.insert(id, leg);
                if let Some(old) = incoming.replaces {
                    self.replacing.insert(leg, old);
                }
                self.begin(now, leg, session);
                self.tell(Event::Incoming(Box::new(incoming)));
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
        let trunk = self.trunk_of(new.flow, None);
        let mut new = new.clone();
        if let Some(trunk) = trunk {
            // RFC 3608 §5: what the registrar wants gone by on the way out.
            let routes = self.registrations.service_route(&trunk.name).iter();
            new.headers.splice(0..0, routes.map(|route| ("Route".to_owned(), route.clone())));
        }
        let setup = Setup {
            leg,
            flow: new.flow,
            pinned: new.policy.nat || self.bindings.user_of(new.flow).is_some(),
            advertised: new.advertised,
            user: Some(new.from_user.clone()),
            product: self.config.product.clone(),
            credentials: new.credentials.clone(),
            trunk: trunk.map(|trunk| trunk.name.clone()),
            secure: new.target.get(..5).is_some_and(|it| it.eq_ignore_ascii_case("sips:")),
            accept_refer: new.accept_refer,
            refer_wait: trunk.map_or(REFER_WAIT, |trunk| trunk.refer_wait),
            t1: self.config.t1,
            policy: new.policy.clone(),
            dice: Dice::new(self.dice.bits()),
        };
        // Draining or not: the second leg of a transfer belongs to a call that has to finish.
        let session = Session::connect(now, setup, &new);
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
    parties: Parties,
) -> Incoming {
    let headers = request.headers.iter();
    Incoming {
        leg,
        trunk: trunk.name.clone(),
        flow,
        called: parties.called.unwrap_or_default(),
        caller: parties.caller,
        display: parties.display,
        withheld: parties.withheld,
        replaces: None,
        offer: None,
        headers: headers
            .map(|(name, value)| (name.to_owned(), Phi::new(value.to_owned())))
            .collect(),
    }
}

/// A phone behind a NAT writes an address into its Via that is not where its packets come from.
fn is_behind_nat(request: &Request, flow: Flow) -> bool {
    request.headers.top_via().is_some_and(|via| {
        let moved = via.received().is_some_and(|ip| via.host.parse() != Ok(ip));
        // A connection leaves by a port of its own, which says nothing.
        let port =
            flow.transport == Transport::Udp && via.port.unwrap_or(5060) != flow.remote.port();
        moved || port
    })
}

/// RFC 3261 §12.1.1: whoever is asked for by `sips:`, or by a route of it, answers with it.
fn asks_for_sips(request: &Request) -> bool {
    let route = request.headers.record_routes().into_iter().next();
    let hop = route.or_else(|| request.headers.contacts().into_iter().next());
    request.uri.scheme == Scheme::Sips || hop.is_some_and(|hop| hop.uri.scheme == Scheme::Sips)
}
