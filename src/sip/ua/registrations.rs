//! Our registrations: which there are, and which trunk a request by one of them belongs to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use super::{Output, Ua};
use crate::base::{Dice, Purpose, TrunkName};
use crate::sip::api::{self, Event, Flow, RegistrationState};
use crate::sip::message::{Response, Uri};
use crate::sip::registration::{self, Input, Registration};
use crate::sip::transaction::AskId;

/// Tickets of registrations are apart from all others.
const TICKETS: u64 = 1 << 63;

/// All registrations of ours.
#[derive(Default)]
pub(super) struct Registrations {
    all: BTreeMap<u32, Registration>,
    /// The REGISTER that is under way, by the number of its question.
    by_question: BTreeMap<u32, u32>,
    last: u32,
}

impl Registrations {
    /// Returns when the next one wants to be woken.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.all.values().filter_map(Registration::poll_timeout).min()
    }

    /// Whether one of them goes by exactly this way.
    pub(super) fn knows(&self, flow: Flow) -> bool {
        self.by(flow).next().is_some()
    }

    /// Whether one of them goes by a way like this.
    pub(super) fn any(&self, wanted: impl Fn(Flow) -> bool) -> bool {
        self.all.values().filter_map(Registration::flow).any(wanted)
    }

    /// Returns the trunk of a request that came by this way. Of several at one PBX it is the one whose Contact the
    /// request is for.
    pub(super) fn trunk_of(&self, flow: Flow, uri: Option<&Uri>) -> Option<&TrunkName> {
        let user = uri.and_then(Uri::number);
        let user = user.as_ref().map(|user| user.reveal(Purpose::Comparison).as_str());
        let named = self.by(flow).find(|found| user == Some(&found.settings().user));
        named.or_else(|| self.by(flow).next()).map(Registration::trunk)
    }

    /// Returns a trunk's own address as its registrar sees it, where that is another than ours.
    pub(super) fn learned(&self, trunk: &TrunkName) -> Option<SocketAddr> {
        self.of(trunk)?.learned()
    }

    /// Returns the Route that a trunk's requests outside a dialog go by.
    pub(super) fn service_route(&self, trunk: &TrunkName) -> &[String] {
        self.of(trunk).map_or(&[], Registration::service_route)
    }

    /// Says one line for each.
    pub(super) fn dump(&self, now: Instant) -> impl Iterator<Item = String> {
        self.all.values().map(move |registration| registration.describe(now))
    }

    fn by(&self, flow: Flow) -> impl Iterator<Item = &Registration> {
        self.all.values().filter(move |registration| registration.flow() == Some(flow))
    }

    fn of(&self, trunk: &TrunkName) -> Option<&Registration> {
        let mut own = self.all.values().filter(|found| found.trunk() == trunk);
        own.find(|registration| !registration.is_leaving())
    }
}

impl Ua {
    pub(super) fn keep_registered(&mut self, now: Instant, wanted: Vec<api::Registration>) {
        let mut leaving: Vec<u32> = self.registrations.all.keys().copied().collect();
        let mut new = Vec::new();
        for settings in wanted {
            let all = &self.registrations.all;
            // One that is just leaving comes back: two would take the binding away from each other.
            let same = |id: &u32| is_same_binding(all[id].settings(), &settings);
            match leaving.iter().position(same) {
                Some(at) => {
                    let id = leaving.swap_remove(at);
                    let before = all[&id].settings();
                    if before.trunk != settings.trunk {
                        let trunk = before.trunk.clone();
                        let state = RegistrationState::Withdrawn;
                        self.outputs.push_back(Output::Event(Event::Registration { trunk, state }));
                    }
                    let found = &self.registrations.all[&id];
                    if found.is_leaving() || !is_unchanged(found.settings(), &settings) {
                        self.drive_registration(now, id, Input::Change(settings));
                    }
                }
                None => new.push(settings),
            }
        }
        // What goes is told first, so that a PBX that gives an address away once has it free.
        leaving.sort_unstable();
        for id in leaving {
            self.drive_registration(now, id, Input::Withdraw);
        }
        for settings in new {
            self.begin_registration(now, settings);
        }
    }

    pub(super) fn register_again(&mut self, now: Instant, trunk: &TrunkName) {
        let all = self.registrations.all.iter();
        let own: Vec<_> =
            all.filter(|(_, found)| found.trunk() == trunk).map(|(id, _)| *id).collect();
        for id in own {
            self.drive_registration(now, id, Input::Refresh);
        }
    }

    pub(super) fn run_registrations(&mut self, now: Instant) {
        let due = |found: &Registration| found.poll_timeout().is_some_and(|at| at <= now);
        let all = self.registrations.all.iter();
        let due: Vec<_> = all.filter(|(_, found)| due(found)).map(|(id, _)| *id).collect();
        for id in due {
            if let Some(registration) = self.registrations.all.get_mut(&id) {
                registration.handle_timeout(now);
            }
            self.drain_registration(now, id);
        }
    }

    /// Takes the answer to a look-up, if a registration asked for it.
    pub(super) fn registrar_found(&mut self, now: Instant, ticket: u64, flows: Vec<Flow>) {
        if let Some(id) = ticket.checked_sub(TICKETS).and_then(|id| u32::try_from(id).ok()) {
            self.drive_registration(now, id, Input::Resolved(flows));
        }
    }

    pub(super) fn flow_broken(&mut self, now: Instant, flow: Flow) {
        let ids: Vec<_> = self.registrations.all.keys().copied().collect();
        for id in ids {
            self.drive_registration(now, id, Input::Broken(flow));
        }
    }

    /// Takes the answer to a question of the user agent's, or `None` for silence, if it was a REGISTER of these.
    pub(super) fn registrar_answered(
        &mut self,
        now: Instant,
        number: u32,
        response: Option<&Response>,
    ) {
        let Some(id) = self.registrations.by_question.get(&number).copied() else { return };
        let input = match response {
            Some(response) => Input::Response(response.clone()),
            None => Input::NoAnswer,
        };
        if response.is_none_or(|response| !response.is_provisional()) {
            self.registrations.by_question.remove(&number);
        }
        self.drive_registration(now, id, input);
    }

    fn begin_registration(&mut self, now: Instant, settings: api::Registration) {
        let trunk = settings.trunk.clone();
        let dice = Dice::new(self.dice.bits());
        let product = &self.config.product;
        match Registration::new(now, settings, product, dice) {
            Some(registration) => {
                self.registrations.last += 1;
                let id = self.registrations.last;
                self.registrations.all.insert(id, registration);
                self.drain_registration(now, id);
            }
            None => {
                let why = "the registrar is no SIP URI: check [peer] host".to_owned();
                let retry = std::time::Duration::MAX;
                let state = RegistrationState::Failed { status: None, why, retry };
                self.tell(Event::Registration { trunk, state });
            }
        }
    }

    fn drive_registration(&mut self, now: Instant, id: u32, input: Input) {
        if let Some(registration) = self.registrations.all.get_mut(&id) {
            registration.handle_input(now, input);
            self.drain_registration(now, id);
        }
    }

    fn drain_registration(&mut self, now: Instant, id: u32) {
        let Some(registration) = self.registrations.all.get_mut(&id) else { return };
        let trunk = registration.trunk().clone();
        while let Some(output) = registration.poll_output() {
            match output {
                registration::Output::Resolve { uri, from } => {
                    let ticket = TICKETS + u64::from(id);
                    self.outputs.push_back(Output::Resolve { ticket, uri, from });
                }
                registration::Output::Ask { flow, request, bytes } => {
                    self.last_question = self.last_question.wrapping_add(1) & 0x7fff_ffff;
                    let number = self.last_question;
                    self.registrations.by_question.insert(number, id);
                    let ask = AskId { leg: None, number };
                    self.transactions.ask(now, ask, flow, request, bytes);
                }
                registration::Output::Abandon => {
                    let questions = &mut self.registrations.by_question;
                    let own = questions.iter().filter(|(_, of)| **of == id);
                    let own: Vec<_> = own.map(|(number, _)| *number).collect();
                    for number in own {
                        questions.remove(&number);
                        self.transactions.abandon(now, AskId { leg: None, number });
                    }
                }
                registration::Output::Event(state) => {
                    let trunk = trunk.clone();
                    self.outputs.push_back(Output::Event(Event::Registration { trunk, state }));
                }
            }
            while let Some((flow, bytes)) = self.transactions.poll_send() {
                self.outputs.push_back(Output::Send { flow, bytes });
            }
        }
        if registration.is_over() {
            self.registrations.all.remove(&id);
        }
    }
}

/// Whether both are about the same address at the same registrar, so that withdrawing one would withdraw the other.
fn is_same_binding(a: &api::Registration, b: &api::Registration) -> bool {
    a.registrar == b.registrar
        && a.user == b.user
        && a.advertised == b.advertised
        && (a.from.transport, a.from.local) == (b.from.transport, b.from.local)
}

fn is_unchanged(a: &api::Registration, b: &api::Registration) -> bool {
    let secret = |of: &api::Registration| {
        of.credentials.as_ref().map(|c| (c.user.clone(), c.secret.clone()))
    };
    a.trunk == b.trunk && a.expires == b.expires && a.nat == b.nat && secret(a) == secret(b)
}
