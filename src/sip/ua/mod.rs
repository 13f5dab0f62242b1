//! The user agent: what the shell drives. It joins transactions, sessions and the registrar.
//!
//! A datagram goes: known source? parsed? which transaction? which dialog? Only what passes all
//! of that is a call, a change to a call, or a question that we answer ourselves.

mod calls;
mod judges;
mod parties;
mod qualify;
mod questions;
mod registrations;
mod replaces;
mod serve;
mod softphones;
mod sources;
mod words;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use judges::Judges;
use qualify::LookUps;
use questions::Question;
use registrations::Registrations;

use super::agenda::Agenda;
use super::api::{
    Command, DropReason, Event, Flow, Inbound, Input, Output, Transport, Trunk, UaConfig,
};
use super::message::{Message, Method, ParseError, Request, Response, Uri};
use super::registrar::Bindings;
use super::session::{self, Session};
use super::transaction::{self, AskId, ServerId, Transactions};
use crate::base::{Dice, LegId};

/// The SIP user agent. It owns every dialog and transaction, and no socket.
pub struct Ua {
    config: UaConfig,
    /// Retry-After, while draining.
    draining: Option<Duration>,
    dice: Dice,
    transactions: Transactions,
    legs: BTreeMap<LegId, Session>,
    /// Call-ID and our tag, to the leg.
    by_dialog: BTreeMap<(String, String), LegId>,
    /// INVITEs of theirs that a CANCEL may still come for.
    by_invite: BTreeMap<ServerId, LegId>,
    /// Calls that take the place of another once they are accepted.
    replacing: BTreeMap<LegId, LegId>,
    agenda: Agenda<LegId>,
    last_leg: LegId,
    bindings: Bindings,
    judges: Judges,
    questions: BTreeMap<u32, Question>,
    last_question: u32,
    qualifying: LookUps,
    /// Names that are looked up, and for which leg.
    lookups: BTreeMap<u64, (LegId, String)>,
    last_ticket: u64,
    registrations: Registrations,
    outputs: VecDeque<Output>,
}

impl Ua {
    /// Starts. `seed` feeds tags, branches and the registrar's nonces: take it from the operating system, in a
    /// test from the test.
    pub fn new(config: UaConfig, seed: u64, now: Instant) -> Self {
        let dice = Dice::new(seed);
        let mut judges = Judges::new(Dice::new(!seed));
        judges.configure(&config, now);
        Self {
            transactions: Transactions::new(config.t1),
            config,
            draining: None,
            dice,
            legs: BTreeMap::new(),
            by_dialog: BTreeMap::new(),
            by_invite: BTreeMap::new(),
            replacing: BTreeMap::new(),
            agenda: Agenda::default(),
            last_leg: LegId(0),
            bindings: Bindings::default(),
            judges,
            questions: BTreeMap::new(),
            last_question: 0,
            qualifying: LookUps::default(),
            lookups: BTreeMap::new(),
            last_ticket: 0,
            registrations: Registrations::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes a message from the wire, or a wish of the calls.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Datagram { flow, bytes } => self.handle_datagram(now, flow, &bytes),
            Input::Command(command) => self.handle_command(now, command),
            Input::Resolved { ticket, flows } => match self.lookups.remove(&ticket) {
                Some((leg, uri)) => self.drive(now, leg, session::Input::Resolved { uri, flows }),
                None => self.resolved(now, ticket, flows),
            },
            Input::Broken { flow } => {
                self.flow_broken(now, flow);
                self.handle_broken(now, flow);
            }
        }
        self.settle(now);
    }

    /// Runs every timer due at `now`. Calling it early or twice does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.transactions.handle_timeout(now);
        self.settle(now);
        while let Some(leg) = self.agenda.take_due(now) {
            if let Some(session) = self.legs.get_mut(&leg) {
                session.handle_timeout(now);
            }
            self.drain_leg(now, leg);
            self.settle(now);
        }
        self.run_registrations(now);
        self.run_look_ups(now);
        self.settle(now);
        for (user, flow) in self.bindings.take_expired(now) {
            self.tell(Event::Registered { user, flow, expires: Duration::ZERO });
        }
    }

    /// Returns what to do next.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns when to call `handle_timeout`.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let deadlines = [
            self.transactions.poll_timeout(),
            self.agenda.next(),
            self.bindings.next_expiry(),
            self.registrations.poll_timeout(),
            self.qualifying.poll_timeout(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Says what exists and what it waits for, a line each; no name and no number of a person.
    pub fn dump(&self, now: Instant) -> Vec<String> {
        let draining = self.draining.map(|_| "draining".to_owned());
        let legs = self.legs.values().map(|leg| leg.describe(now));
        let questions = self.questions.values().map(|question| question.describe());
        let lines = draining.into_iter().chain(legs).chain(questions);
        let lines = lines.chain(self.registrations.dump(now));
        lines.chain(self.transactions.dump(now)).chain(self.bindings.dump(now)).collect()
    }

    /// Whether nothing is left of any call or question; registrations may be.
    pub fn is_idle(&self) -> bool {
        self.legs.is_empty()
            && self.by_dialog.is_empty()
            && self.by_invite.is_empty()
            && self.replacing.is_empty()
            && self.questions.is_empty()
            && self.qualifying.is_empty()
            && self.lookups.is_empty()
            && self.agenda.next().is_none()
            && self.transactions.is_empty()
    }

    fn handle_datagram(&mut self, now: Instant, flow: Flow, bytes: &[u8]) {
        let admitted = self.admits(flow);
        if !admitted && !self.transactions.asks(flow.remote.ip()) {
            let why = DropReason::UnknownSource;
            return self.tell(Event::Dropped { flow, why });
        }
        if Message::is_keep_alive(bytes) {
            return;
        }
        let message = match flow.transport {
            Transport::Udp => Message::parse(bytes),
            Transport::Tcp | Transport::Tls => Message::parse_stream(bytes),
        };
        match message {
            // Whom we ask something may answer, and no more.
            Ok(Message::Request(_)) | Err(ParseError::Reply(_)) if !admitted => {
                let why = DropReason::UnknownSource;
                self.tell(Event::Dropped { flow, why });
            }
            // Nor may the far end of a call begin anything else.
            Ok(Message::Request(request)) if begins(&request) && !self.opens(flow) => {
                let why = DropReason::UnknownSource;
                self.tell(Event::Dropped { flow, why });
            }
            Ok(Message::Request(mut request)) => {
                request.headers.stamp_via(flow.remote);
                self.transactions.handle_request(now, flow, request);
            }
            Ok(Message::Response(response)) => {
                self.transactions.handle_response(now, flow, response);
            }
            Err(ParseError::Drop(why)) => self.tell(Event::Dropped { flow, why }),
            Err(ParseError::Reply(rejection)) => self.reject_unread(flow, *rejection),
        }
    }

    /// Carries messages and answers between transactions and legs until nothing moves.
    fn settle(&mut self, now: Instant) {
        while let Some(output) = self.transactions.poll_output() {
            use transaction::Output as Below;
            match output {
                Below::Send { flow, bytes } => self.outputs.push_back(Output::Send { flow, bytes }),
                Below::Request { id, flow, request } => self.serve(now, id, flow, request),
                Below::Merged { id, flow, request } => {
                    self.reject(now, id, flow, &request, 482, "the same request came by two paths");
                }
                Below::Cancel { id, flow, request, invite, open } => {
                    self.handle_cancel(now, id, flow, &request, invite, open);
                }
                Below::Ack { request } => self.handle_ack(now, request),
                Below::Response { ask, response } => match ask.leg {
                    Some(leg) => {
                        let number = ask.number;
                        self.drive(now, leg, session::Input::Response { number, response });
                    }
                    None => self.handle_reply(now, ask.number, &response),
                },
                Below::NoAnswer { ask, status } => match ask.leg {
                    Some(leg) => {
                        let number = ask.number;
                        self.drive(now, leg, session::Input::NoAnswer { number, status });
                    }
                    None => self.handle_silence(now, ask.number),
                },
                Below::Stray { flow } => {
                    self.tell(Event::Dropped { flow, why: DropReason::StrayResponse });
                }
                Below::ServerGone { id } => {
                    self.by_invite.remove(&id);
                }
            }
        }
    }

    /// Legs first, so that what fails for it does not try the same way again.
    fn handle_broken(&mut self, now: Instant, flow: Flow) {
        for leg in self.legs.keys().copied().collect::<Vec<_>>() {
            self.drive(now, leg, session::Input::Broken(flow));
        }
        self.transactions.handle_broken(now, flow);
    }

    /// Hands an input to a leg, and does what it wants. An input for a leg that is gone is late, not wrong.
    fn drive(&mut self, now: Instant, leg: LegId, input: session::Input) {
        if let Some(session) = self.legs.get_mut(&leg) {
            session.handle_input(now, input);
            self.drain_leg(now, leg);
        }
    }

    /// Does what a leg wants, notes when it wants to be woken, and forgets it when it is over.
    fn drain_leg(&mut self, now: Instant, leg: LegId) {
        let Some(session) = self.legs.get_mut(&leg) else { return };
        while let Some(output) = session.poll_output() {
            match output {
                session::Output::Ask { number, flow, request, bytes } => {
                    let ask = AskId { leg: Some(leg), number };
                    self.transactions.ask(now, ask, flow, request, bytes);
                }
                session::Output::Send { flow, bytes } => {
                    self.outputs.push_back(Output::Send { flow, bytes });
                }
                session::Output::Respond { id, response } => {
                    let explained = words::explained(&response, &self.config.product);
                    respond(&mut self.transactions, now, id, &explained);
                    // What came with words of its own was told where it was decided.
                    if let Some((method, why)) = words::refusal(&response)
                        && !response.headers.contains("Warning")
                    {
                        let (flow, status) = (session.flow(), response.status);
                        let event = Event::Refused { leg, flow, method, status, why };
                        self.outputs.push_back(Output::Event(event));
                    }
                }
                session::Output::Abandon { number } => {
                    self.transactions.abandon(now, AskId { leg: Some(leg), number });
                }
                session::Output::Resolve { uri } => {
                    self.last_ticket += 1;
                    let (ticket, from) = (self.last_ticket, session.flow());
                    self.lookups.insert(ticket, (leg, uri.clone()));
                    self.outputs.push_back(Output::Resolve { ticket, uri, from });
                }
                session::Output::Event(event) => self.outputs.push_back(Output::Event(event)),
            }
            // What a leg sends and tells keeps its order.
            while let Some((flow, bytes)) = self.transactions.poll_send() {
                self.outputs.push_back(Output::Send { flow, bytes });
            }
        }
        self.agenda.set(leg, session.poll_timeout());
        if session.is_over() {
            self.by_dialog.remove(&session.key());
            self.legs.remove(&leg);
            self.lookups.retain(|_, (asker, _)| *asker != leg);
            self.replacing.retain(|new, old| *new != leg && *old != leg);
        }
    }

    /// Whether we take requests from this source.
    fn admits(&self, flow: Flow) -> bool {
        let ip = flow.remote.ip();
        self.opens(flow) || self.legs.values().any(|leg| leg.is_peer(ip))
    }

    /// Whether this source may begin something: a call, a question.
    fn opens(&self, flow: Flow) -> bool {
        self.config.trunks.iter().any(|trunk| trunk.takes(flow))
            || self.bindings.knows(flow.remote.ip())
            || self.registrations.knows(flow)
    }

    /// Returns the trunk that a request outside any dialog came by, `uri` being its Request-URI: the one whose
    /// registration uses this very flow, a registered softphone, whose address may also be in the list of a PBX, then
    /// whoever lists its address.
    fn trunk_of(&self, flow: Flow, uri: Option<&Uri>) -> Option<&Trunk> {
        let by_our_registration = self.registrations.trunk_of(flow, uri);
        if let Some(name) = by_our_registration
            && let Some(trunk) = self.config.trunks.iter().find(|trunk| trunk.name == *name)
        {
            return Some(trunk);
        }
        let mut allowing = self.config.trunks.iter().filter(|trunk| trunk.takes(flow));
        let registered = self.bindings.user_of(flow).is_some();
        let by_registration = |trunk: &&Trunk| matches!(trunk.inbound, Inbound::Registered);
        let softphones = || allowing.clone().find(by_registration);
        // An address that is listed for a PBX is not asked for a password because softphones may come from there too.
        let by_address = || allowing.clone().find(|trunk| matches!(trunk.inbound, Inbound::Ip));
        registered.then(softphones).flatten().or_else(by_address).or_else(|| allowing.next())
    }

    fn handle_command(&mut self, now: Instant, command: Command) {
        let leg = match &command {
            Command::Ring { leg }
            | Command::Progress { leg, .. }
            | Command::Accept { leg, .. }
            | Command::Refuse { leg, .. }
            | Command::AcceptOffer { leg, .. }
            | Command::RefuseOffer { leg, .. }
            | Command::Reoffer { leg, .. }
            | Command::HangUp { leg, .. }
            | Command::Refer { leg, .. }
            | Command::GiveUpRefer { leg }
            | Command::AcceptRefer { leg }
            | Command::Notify { leg, .. }
            | Command::Press { leg, .. } => *leg,
            Command::Invite(new) => return self.call(now, new),
            Command::Options { .. } | Command::Register { .. } => {
                return self.question(now, command);
            }
            Command::Qualify { .. } => return self.qualify(now, &command),
            Command::KeepRegistered(wanted) => return self.keep_registered(now, wanted.clone()),
            Command::RegisterAgain { trunk } => return self.register_again(now, trunk),
            Command::Drain { retry_after } => {
                self.draining = *retry_after;
                return;
            }
            Command::NonceKey { key } => return self.set_nonce_key(now, key),
            Command::Configure(config) => return self.configure(now, (**config).clone()),
        };
        let accepting = matches!(command, Command::Accept { .. });
        self.drive(now, leg, session::Input::Command(command));
        let up = self.legs.get(&leg).is_some_and(Session::is_up);
        if accepting
            && up
            && let Some(leg) = self.replacing.remove(&leg)
        {
            // RFC 3891 §3: the call whose place it took is over.
            if let Some(session) = self.legs.get_mut(&leg) {
                session.give_way();
            }
            let reason = Some("SIP;cause=200;text=\"Replaced\"".to_owned());
            self.drive(now, leg, session::Input::Command(Command::HangUp { leg, reason }));
        }
    }

    fn configure(&mut self, now: Instant, config: UaConfig) {
        self.transactions.set_t1(config.t1);
        let users: Vec<_> = config.registrar.iter().flat_map(|r| &r.users).collect();
        for (user, flow) in self.bindings.keep(|name| users.iter().any(|user| user.user == name)) {
            self.tell(Event::Registered { user, flow, expires: Duration::ZERO });
        }
        self.judges.configure(&config, now);
        self.config = config;
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// Refuses a request that no leg is asked about, and says why to the admin.
    fn reject(
        &mut self,
        now: Instant,
        id: ServerId,
        flow: Flow,
        request: &Request,
        status: u16,
        why: &'static str,
    ) {
        let response = self.reply(request, status);
        self.refuse(now, id, flow, request, response, why);
    }

    /// As [`Self::reject`], with a response that says more than its status.
    fn refuse(
        &mut self,
        now: Instant,
        id: ServerId,
        flow: Flow,
        request: &Request,
        mut response: Response,
        why: &'static str,
    ) {
        let (method, status) = (request.method.to_string(), response.status);
        words::warn(&mut response, &self.config.product, why);
        self.respond(now, id, &response);
        self.tell(Event::Rejected { flow, method, status, why });
    }

    fn respond(&mut self, now: Instant, id: ServerId, response: &Response) {
        let response = words::explained(response, &self.config.product);
        respond(&mut self.transactions, now, id, &response);
        while let Some((flow, bytes)) = self.transactions.poll_send() {
            self.outputs.push_back(Output::Send { flow, bytes });
        }
    }

    /// Begins a response of the user agent's own.
    fn reply(&mut self, request: &Request, status: u16) -> Response {
        let mut response = Response::to_request(request, status, None);
        response.headers.set_to_tag(&self.dice.hex(16));
        response.headers.push("Server", &self.config.product);
        response
    }
}

impl Trunk {
    /// Whether requests from this address are taken.
    fn allows(&self, source: std::net::IpAddr) -> bool {
        // A dual-stack socket shows IPv4 peers as mapped addresses.
        let source = source.to_canonical();
        self.allow.iter().any(|net| net.contains(&source))
    }
}

/// Whether a request belongs to nothing that there is already.
fn begins(request: &Request) -> bool {
    let inside = request.headers.to().is_some_and(|to| to.tag().is_some());
    !inside && request.method != Method::Cancel
}

fn respond(transactions: &mut Transactions, now: Instant, id: ServerId, response: &Response) {
    // What we add to a response is ours or cleaned, and what we echo was read: it can be written.
    if let Ok(bytes) = response.to_bytes() {
        transactions.respond(now, id, response.status, Bytes::from(bytes));
    } else {
        debug_assert!(false, "a response cannot be written: {response:?}");
    }
}
