//! Finds the machine that a message belongs to, and makes and drops the machines.
//!
//! Above it every request is seen once and every request of ours ends in a final response or a
//! timeout. Below it are only messages.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::key::{ClientKey, MergeKey, ServerKey};
use super::{
    Client, ClientInput, ClientOutput, InviteClient, InviteServer, InviteServerInput, Server,
    ServerInput, ServerOutput, Timing,
};
use crate::base::LegId;
use crate::sip::agenda::Agenda;
use crate::sip::message::{Method, Request, Response};
use crate::sip::{Flow, Transport};

/// A request of ours. Whoever asks chooses the number; it must be new.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct AskId {
    /// The leg that asks; `None` for the user agent itself.
    pub(crate) leg: Option<LegId>,
    /// Unique within the leg.
    pub(crate) number: u32,
}

/// A request of theirs that wants an answer.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct ServerId(u64);

/// What the layer above must know or do.
#[derive(Debug)]
pub(crate) enum Output {
    /// Put this on the wire.
    Send { flow: Flow, bytes: Bytes },
    /// A request, for the first time. It must be answered.
    Request { id: ServerId, flow: Flow, request: Request },
    /// A request that came before by another path: answer 482 (RFC 3261 §8.2.2.2).
    Merged { id: ServerId, flow: Flow, request: Request },
    /// A CANCEL. `invite` is what it is about, if that is still known; `open` if unanswered.
    Cancel { id: ServerId, flow: Flow, request: Request, invite: Option<ServerId>, open: bool },
    /// An ACK that acknowledges an acceptance.
    Ack { request: Request },
    /// A response to a request of ours; an acceptance of INVITE may come several times.
    Response { ask: AskId, response: Response },
    /// Nobody answered our request; the status that is as good as that.
    NoAnswer { ask: AskId, status: u16 },
    /// A response that no request of ours asked for.
    Stray { flow: Flow },
    /// The answer to `id` is history.
    ServerGone { id: ServerId },
}

enum ServerMachine {
    Invite(InviteServer),
    Other(Server),
}

struct ServerEntry {
    machine: ServerMachine,
    flow: Flow,
    key: ServerKey,
    merge: Option<MergeKey>,
    /// The port at which the sender says that it can be reached.
    listens: u16,
}

enum ClientMachine {
    Invite(InviteClient),
    Other(Client),
}

struct ClientEntry {
    machine: ClientMachine,
    flow: Flow,
    key: ClientKey,
    request: Request,
    bytes: Bytes,
    /// What silence stands for: 408, or 503 once the connection is gone.
    silence: u16,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Id {
    Server(ServerId),
    Client(AskId),
}

/// All transactions of a user agent.
pub(crate) struct Transactions {
    t1: Duration,
    last_id: u64,
    servers: BTreeMap<ServerId, ServerEntry>,
    clients: BTreeMap<AskId, ClientEntry>,
    by_server_key: BTreeMap<ServerKey, ServerId>,
    by_merge_key: BTreeMap<MergeKey, ServerId>,
    by_client_key: BTreeMap<ClientKey, AskId>,
    agenda: Agenda<Id>,
    outputs: VecDeque<Output>,
}

impl Transactions {
    /// Starts without any.
    pub(crate) fn new(t1: Duration) -> Self {
        Self {
            t1,
            last_id: 0,
            servers: BTreeMap::new(),
            clients: BTreeMap::new(),
            by_server_key: BTreeMap::new(),
            by_merge_key: BTreeMap::new(),
            by_client_key: BTreeMap::new(),
            agenda: Agenda::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Changes T1 for the transactions that begin from now on.
    pub(crate) fn set_t1(&mut self, t1: Duration) {
        self.t1 = t1;
    }

    /// Takes a request from the wire.
    pub(crate) fn handle_request(&mut self, now: Instant, flow: Flow, request: Request) {
        let Some(key) = ServerKey::of(&request) else { return };
        if let Some(id) = self.by_server_key.get(&key).copied() {
            self.handle_repeat(now, id, request);
            return;
        }
        if request.method == Method::Ack {
            self.outputs.push_back(Output::Ack { request });
            return;
        }
        let merge = MergeKey::of(&request);
        let merged = merge.as_ref().is_some_and(|merge| self.by_merge_key.contains_key(merge));
        let id = self.open_server(now, flow, key, merge.filter(|_| !merged), &request);
        self.outputs.push_back(match request.method {
            _ if merged => Output::Merged { id, flow, request },
            Method::Cancel => {
                let invite = ServerKey::cancelled_by(&request)
                    .and_then(|key| self.by_server_key.get(&key).copied());
                let open = invite.is_some_and(|invite| self.is_open(invite));
                Output::Cancel { id, flow, request, invite, open }
            }
            _ => Output::Request { id, flow, request },
        });
    }

    /// Takes a response from the wire.
    pub(crate) fn handle_response(&mut self, now: Instant, flow: Flow, response: Response) {
        let found =
            ClientKey::of_response(&response).and_then(|key| self.by_client_key.get(&key).copied());
        let Some(ask) = found else {
            self.outputs.push_back(Output::Stray { flow });
            return;
        };
        let Some(entry) = self.clients.get_mut(&ask) else { return };
        entry.machine.handle_input(now, ClientInput::Response(response.status));
        self.drain_client(ask, Some(response));
    }

    /// Sends a request of ours, whose top Via holds a new branch.
    pub(crate) fn ask(
        &mut self,
        now: Instant,
        ask: AskId,
        flow: Flow,
        request: Request,
        bytes: Bytes,
    ) {
        let Some(key) = ClientKey::of_request(&request) else { return };
        let timing = self.timing(flow);
        let machine = match request.method {
            Method::Invite => ClientMachine::Invite(InviteClient::new(now, timing)),
            _ => ClientMachine::Other(Client::new(now, timing)),
        };
        self.by_client_key.insert(key.clone(), ask);
        self.clients.insert(ask, ClientEntry { machine, flow, key, request, bytes, silence: 408 });
        self.drain_client(ask, None);
    }

    /// Answers a request of theirs. Too late is no harm.
    pub(crate) fn respond(&mut self, now: Instant, id: ServerId, status: u16, bytes: Bytes) {
        let Some(entry) = self.servers.get_mut(&id) else { return };
        match &mut entry.machine {
            ServerMachine::Invite(machine) => {
                machine.handle_input(now, InviteServerInput::Respond(status, bytes));
            }
            ServerMachine::Other(machine) => {
                machine.handle_input(now, ServerInput::Respond(status, bytes));
            }
        }
        self.drain_server(id, None);
    }

    /// Waits no longer for an answer to `ask`.
    pub(crate) fn abandon(&mut self, now: Instant, ask: AskId) {
        if let Some(entry) = self.clients.get_mut(&ask) {
            entry.machine.handle_input(now, ClientInput::Abandon);
            self.drain_client(ask, None);
        }
    }

    /// A connection is no more: what waits for an answer by it waits in vain, and what is still to be answered is
    /// answered by a new one to the same address (RFC 3261 §18.2.2).
    pub(crate) fn handle_broken(&mut self, now: Instant, flow: Flow) {
        if flow.transport != Transport::Udp {
            for entry in self.servers.values_mut().filter(|entry| entry.flow == flow) {
                entry.flow.remote.set_port(entry.listens);
            }
        }
        let clients = self.clients.iter().filter(|(_, entry)| entry.flow == flow);
        let asks: Vec<AskId> = clients.map(|(ask, _)| *ask).collect();
        for ask in asks {
            if let Some(entry) = self.clients.get_mut(&ask) {
                entry.silence = 503;
                entry.machine.handle_input(now, ClientInput::Broken);
                self.drain_client(ask, None);
            }
        }
    }

    /// Runs every timer due at `now`.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some(id) = self.agenda.take_due(now) {
            match id {
                Id::Client(ask) => {
                    if let Some(entry) = self.clients.get_mut(&ask) {
                        entry.machine.handle_timeout(now);
                        self.drain_client(ask, None);
                    }
                }
                Id::Server(id) => {
                    if let Some(entry) = self.servers.get_mut(&id) {
                        entry.machine.handle_timeout(now);
                        self.drain_server(id, None);
                    }
                }
            }
        }
    }

    /// Returns what to do next.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns the next output if it is a message for the wire: it can go out at once.
    pub(crate) fn poll_send(&mut self) -> Option<(Flow, Bytes)> {
        let Some(Output::Send { flow, bytes }) = self.outputs.front() else { return None };
        let send = (*flow, bytes.clone());
        self.outputs.pop_front();
        Some(send)
    }

    /// Returns when to call `handle_timeout`.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.agenda.next()
    }

    /// Whether nothing is left: every machine has run to its end and left no trace.
    pub(crate) fn is_empty(&self) -> bool {
        self.servers.is_empty()
            && self.clients.is_empty()
            && self.by_server_key.is_empty()
            && self.by_merge_key.is_empty()
            && self.by_client_key.is_empty()
            && self.agenda.next().is_none()
    }

    /// Whether an INVITE of ours with this branch still has a transaction.
    pub(crate) fn has_invited(&self, branch: &str) -> bool {
        self.by_client_key.contains_key(&ClientKey::of_invite(branch))
    }

    /// Whether a request of ours to this address still waits.
    pub(crate) fn asks(&self, remote: std::net::IpAddr) -> bool {
        self.clients.values().any(|entry| entry.flow.remote.ip() == remote)
    }

    /// Whether a transaction that still waits goes over such a flow.
    pub(crate) fn uses(&self, such: impl Fn(Flow) -> bool) -> bool {
        self.clients.values().any(|entry| such(entry.flow))
            || self.servers.values().any(|entry| such(entry.flow))
    }

    /// Says one line for each transaction.
    pub(crate) fn dump(&self, now: Instant) -> Vec<String> {
        let due = |at: Option<Instant>| match at {
            Some(at) => format!("next in {} ms", at.saturating_duration_since(now).as_millis()),
            None => "no timer".to_owned(),
        };
        let clients = self.clients.values().map(|entry| {
            let (state, at) = match &entry.machine {
                ClientMachine::Invite(machine) => (machine.describe(), machine.poll_timeout()),
                ClientMachine::Other(machine) => (machine.describe(), machine.poll_timeout()),
            };
            let (method, remote) = (&entry.request.method, entry.flow.remote);
            format!("our {method} to {remote}: {state}, {}", due(at))
        });
        let servers = self.servers.values().map(|entry| {
            let (state, at) = match &entry.machine {
                ServerMachine::Invite(machine) => (machine.describe(), machine.poll_timeout()),
                ServerMachine::Other(machine) => (machine.describe(), machine.poll_timeout()),
            };
            let (method, remote) = (entry.key.method(), entry.flow.remote);
            format!("{method} from {remote}: {state}, {}", due(at))
        });
        clients.chain(servers).collect()
    }

    fn timing(&self, flow: Flow) -> Timing {
        Timing::from_t1(self.t1, flow.transport != Transport::Udp)
    }

    fn is_open(&self, id: ServerId) -> bool {
        match self.servers.get(&id).map(|entry| &entry.machine) {
            Some(ServerMachine::Invite(machine)) => machine.is_open(),
            _ => false,
        }
    }

    fn handle_repeat(&mut self, now: Instant, id: ServerId, request: Request) {
        let Some(entry) = self.servers.get_mut(&id) else { return };
        match (&mut entry.machine, &request.method) {
            (ServerMachine::Invite(machine), Method::Ack) => {
                machine.handle_input(now, InviteServerInput::Ack);
            }
            (ServerMachine::Invite(machine), _) => {
                machine.handle_input(now, InviteServerInput::Invite);
            }
            (ServerMachine::Other(machine), _) => machine.handle_input(now, ServerInput::Request),
        }
        self.drain_server(id, Some(request));
    }

    fn open_server(
        &mut self,
        now: Instant,
        flow: Flow,
        key: ServerKey,
        merge: Option<MergeKey>,
        request: &Request,
    ) -> ServerId {
        self.last_id += 1;
        let id = ServerId(self.last_id);
        let timing = self.timing(flow);
        let machine = match request.method {
            Method::Invite => {
                // The 100 has no tag of ours (RFC 3261 §8.2.6.2), so that it needs nobody above.
                let trying = Response::to_request(request, 100, None).to_bytes();
                let trying = Bytes::from(trying.unwrap_or_default());
                ServerMachine::Invite(InviteServer::new(now, timing, trying))
            }
            _ => ServerMachine::Other(Server::new(timing)),
        };
        self.by_server_key.insert(key.clone(), id);
        if let Some(merge) = &merge {
            self.by_merge_key.insert(merge.clone(), id);
        }
        let usual = if flow.transport == Transport::Tls { 5061 } else { 5060 };
        let listens = request.headers.top_via().and_then(|via| via.port).unwrap_or(usual);
        self.servers.insert(id, ServerEntry { machine, flow, key, merge, listens });
        self.drain_server(id, None);
        id
    }

    /// Does what the machine wants; `received` is the ACK or repeat it was just told of.
    fn drain_server(&mut self, id: ServerId, mut received: Option<Request>) {
        let Some(entry) = self.servers.get_mut(&id) else { return };
        let flow = entry.flow;
        let mut gone = false;
        while let Some(output) = entry.machine.poll_output() {
            match output {
                ServerOutput::Send(bytes) => self.outputs.push_back(Output::Send { flow, bytes }),
                ServerOutput::PassAck => {
                    if let Some(request) = received.take() {
                        self.outputs.push_back(Output::Ack { request });
                    }
                }
                // Whom we refused owes us nothing: the end of the machine is all there is to it.
                ServerOutput::AckTimeout => {}
                ServerOutput::Terminate => gone = true,
            }
        }
        self.agenda.set(Id::Server(id), entry.machine.poll_timeout().filter(|_| !gone));
        if gone && let Some(entry) = self.servers.remove(&id) {
            self.by_server_key.remove(&entry.key);
            if let Some(merge) = entry.merge {
                self.by_merge_key.remove(&merge);
            }
            self.outputs.push_back(Output::ServerGone { id });
        }
    }

    /// Does what the machine wants; `received` is the response it was just told of.
    fn drain_client(&mut self, ask: AskId, received: Option<Response>) {
        let Some(entry) = self.clients.get_mut(&ask) else { return };
        let flow = entry.flow;
        let mut gone = false;
        while let Some(output) = entry.machine.poll_output() {
            match output {
                ClientOutput::Send => {
                    self.outputs.push_back(Output::Send { flow, bytes: entry.bytes.clone() });
                }
                ClientOutput::Ack => {
                    let ack = received
                        .as_ref()
                        .and_then(|response| acknowledge(&entry.request, response).to_bytes().ok());
                    if let Some(bytes) = ack.map(Bytes::from) {
                        self.outputs.push_back(Output::Send { flow, bytes });
                    }
                }
                ClientOutput::Pass => {
                    if let Some(response) = received.clone() {
                        self.outputs.push_back(Output::Response { ask, response });
                    }
                }
                ClientOutput::Timeout => {
                    self.outputs.push_back(Output::NoAnswer { ask, status: entry.silence });
                }
                ClientOutput::Terminate => gone = true,
            }
        }
        self.agenda.set(Id::Client(ask), entry.machine.poll_timeout().filter(|_| !gone));
        if gone && let Some(entry) = self.clients.remove(&ask) {
            self.by_client_key.remove(&entry.key);
        }
    }
}

impl ServerMachine {
    fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Invite(machine) => machine.handle_timeout(now),
            Self::Other(machine) => machine.handle_timeout(now),
        }
    }

    fn poll_output(&mut self) -> Option<ServerOutput> {
        match self {
            Self::Invite(machine) => machine.poll_output(),
            Self::Other(machine) => machine.poll_output(),
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Invite(machine) => machine.poll_timeout(),
            Self::Other(machine) => machine.poll_timeout(),
        }
    }
}

impl ClientMachine {
    fn handle_input(&mut self, now: Instant, input: ClientInput) {
        match self {
            Self::Invite(machine) => machine.handle_input(now, input),
            Self::Other(machine) => machine.handle_input(now, input),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Invite(machine) => machine.handle_timeout(now),
            Self::Other(machine) => machine.handle_timeout(now),
        }
    }

    fn poll_output(&mut self) -> Option<ClientOutput> {
        match self {
            Self::Invite(machine) => machine.poll_output(),
            Self::Other(machine) => machine.poll_output(),
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Invite(machine) => machine.poll_timeout(),
            Self::Other(machine) => machine.poll_timeout(),
        }
    }
}

/// Makes the ACK of a refusal (RFC 3261 §17.1.1.3): the INVITE's way, the response's To.
fn acknowledge(invite: &Request, response: &Response) -> Request {
    let mut ack = Request::new(Method::Ack, invite.uri.clone());
    for name in ["Via", "Route", "From", "Call-ID"] {
        // An INVITE of ours has one Via, which is the top one.
        ack.headers.copy(&invite.headers, name);
    }
    ack.headers.push("Max-Forwards", "70");
    ack.headers.copy(&response.headers, "To");
    if let Some(cseq) = invite.headers.cseq() {
        ack.headers.push("CSeq", format!("{} ACK", cseq.number));
    }
    ack
}
