//! One leg: the session that an INVITE sets up, and what is done in it until it is over.
//!
//! One file an operation. The session sees each request once and never a repeat, because the
//! transactions below swallow those; and it says [`Event::Ended`] exactly once.

mod accept;
mod ack;
mod ask;
mod body;
mod close;
mod connect;
mod delayed;
mod early;
mod info;
mod modify;
mod prack;
mod referred;
mod refresh;
mod reliable;
mod reoffer;
mod timer;
mod transfer;
mod way;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use accept::Unacked;
use ack::Ack;
use ask::Asked;
use bytes::Bytes;
use connect::Placed;
use delayed::OfferedBack;
use modify::Offered;
use prack::Heard;
use referred::Referred;
use refresh::Refresh;
use reliable::Provisional;
use reoffer::Reoffer;
use timer::Refreshing;
use transfer::Transfer;
use way::Ways;

use super::api::{Command, Credentials, Event, Flow, Policy, Transport};
use super::auth::Wallet;
use super::capability;
use super::dialog::Dialog;
use super::message::{Method, Reason, Request, Response, Scheme, Uri, Via};
use super::transaction::ServerId;
use crate::base::{Dice, LegId, Sdp, TimerTable, TrunkName};

pub(crate) use body::body_of;
pub(crate) use timer::too_short;

/// What a session needs to know from its beginning.
pub(crate) struct Setup {
    pub(crate) leg: LegId,
    /// Where the INVITE came from or goes to.
    pub(crate) flow: Flow,
    /// The far end is reached by the flow alone: its Contact is behind a NAT.
    pub(crate) pinned: bool,
    pub(crate) advertised: SocketAddr,
    /// The user part of our Contact.
    pub(crate) user: Option<String>,
    pub(crate) product: String,
    pub(crate) credentials: Option<Credentials>,
    /// The trunk that it came or goes by.
    pub(crate) trunk: Option<TrunkName>,
    /// The far end asks for `sips:`, so that our Contact says it too (RFC 3261 §12.1.1).
    pub(crate) secure: bool,
    pub(crate) accept_refer: bool,
    pub(crate) refer_wait: Duration,
    pub(crate) t1: Duration,
    /// How the far end's family wants to be spoken to.
    pub(crate) policy: Policy,
    pub(crate) dice: Dice,
}

/// What a session is told.
pub(crate) enum Input {
    /// The call wants something.
    Command(Command),
    /// A request inside the dialog, once.
    Request { id: ServerId, flow: Flow, request: Request },
    /// The ACK of an acceptance; it may come several times.
    Ack(Request),
    /// The INVITE with this id, still unanswered, was taken back.
    Cancelled { id: ServerId, cancel: Request },
    /// A response to the request with this number.
    Response { number: u32, response: Response },
    /// Nobody answered the request with this number: as good as this status.
    NoAnswer { number: u32, status: u16 },
    /// A name that we asked for leads there.
    Resolved { uri: String, flows: Vec<Flow> },
    /// A connection is no more.
    Broken(Flow),
}

/// What a session wants done.
pub(crate) enum Output {
    /// Send a request and wait for its answer.
    Ask { number: u32, flow: Flow, request: Request, bytes: Bytes },
    /// Send an ACK.
    Send { flow: Flow, bytes: Bytes },
    /// Answer a request.
    Respond { id: ServerId, response: Response },
    /// Wait no longer for the answer to this request.
    Abandon { number: u32 },
    /// Look up where a name leads.
    Resolve { uri: String },
    /// Tell the call.
    Event(Event),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Timer {
    /// Repeats an acceptance.
    Repeat,
    /// Gives up waiting for its ACK.
    Ack,
    /// Says 180 again, before a proxy gives up on us.
    Ring,
    /// Repeats a reliable provisional response.
    Provide,
    /// Gives up waiting for its PRACK.
    Prack,
    /// Gives up waiting for our own call to answer an offer in their response.
    Answer,
    /// Shows the far end that we are alive.
    Refresh,
    /// The far end has not shown that it is.
    Expire,
    /// Gives up waiting for what a CANCEL should have brought.
    Cancel,
    /// Gives up waiting for the outcome of our REFER.
    Transfer,
    /// Declines their REFER, which nobody took.
    Decline,
    /// Tries our re-INVITE again, or gives it up.
    Reoffer,
    /// Waits no longer for what a name leads to.
    Name,
    /// Forgets the leg.
    Linger,
}

/// How far the leg is.
enum State {
    /// Their INVITE waits for our answer.
    Incoming { id: ServerId, invite: Request },
    /// Our INVITE waits for theirs.
    Calling,
    /// Accepted by either side.
    Confirmed,
    /// We hung up: our BYE waits for their ACK or for its own answer.
    Closing,
    /// Late requests are still answered.
    Over,
}

/// One leg.
pub(crate) struct Session {
    setup: Setup,
    state: State,
    local_tag: String,
    call_id: String,
    dialog: Option<Dialog>,
    /// Another call takes its place.
    gives_way: bool,
    /// Our INVITE, if we made the call.
    placed: Option<Placed>,
    /// Our acceptance, until it is acknowledged.
    unacked: Option<Unacked>,
    /// Their re-INVITE, UPDATE or PRACK with an offer, until we answer.
    offered: Option<Offered>,
    /// Their offer in a response to our INVITE, until we answer.
    offered_back: Option<OfferedBack>,
    /// Our refresh, until they answer.
    refresh: Option<Refresh>,
    /// Their reliable provisional responses to the re-INVITE of ours with this number.
    heard: (u32, Heard),
    /// What we said to their INVITE before the final answer.
    provisional: Provisional,
    refreshing: Refreshing,
    /// The descriptions that both sides agreed on last.
    ours: Option<Sdp>,
    theirs: Option<Sdp>,
    /// A BYE that waits for the ACK, with its reason.
    held_bye: Option<Option<String>>,
    /// Our re-INVITE, until it is answered.
    reoffer: Option<Reoffer>,
    asked: BTreeMap<u32, Asked>,
    /// What the far end asked for before it took a request of ours.
    wallet: Wallet,
    last_number: u32,
    /// Our ACKs of acceptances, for their copies.
    acks: Vec<Ack>,
    ways: Ways,
    /// Why the far end ended it.
    far_reason: Option<Reason>,
    /// Our REFER, until its outcome is known.
    transfer: Option<Transfer>,
    keys: info::Keys,
    /// Whether there ever was one.
    has_referred: bool,
    /// Their REFER.
    referred: Option<Referred>,
    timers: TimerTable<Timer>,
    outputs: VecDeque<Output>,
}

impl Session {
    fn new(setup: Setup, state: State, call_id: String, local_tag: String) -> Self {
        Self {
            provisional: Provisional::default(),
            refreshing: Refreshing::new(&setup.policy),
            setup,
            state,
            local_tag,
            call_id,
            dialog: None,
            placed: None,
            unacked: None,
            offered: None,
            offered_back: None,
            refresh: None,
            heard: (0, Heard::default()),
            ours: None,
            theirs: None,
            held_bye: None,
            reoffer: None,
            asked: BTreeMap::new(),
            wallet: Wallet::default(),
            last_number: 0,
            acks: Vec::new(),
            ways: Ways::default(),
            far_reason: None,
            gives_way: false,
            transfer: None,
            keys: info::Keys::default(),
            has_referred: false,
            referred: None,
            timers: TimerTable::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes a message or a wish.
    pub(crate) fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Command(command) => self.handle_command(now, command),
            Input::Request { id, flow, request } => {
                self.handle_flow(flow);
                self.handle_request(now, id, request);
            }
            Input::Ack(request) => self.handle_ack(now, &request),
            Input::Cancelled { id, cancel } => self.handle_cancel(now, id, &cancel),
            Input::Response { number, response } => self.handle_response(now, number, response),
            Input::NoAnswer { number, status } => self.handle_no_answer(now, number, status),
            Input::Resolved { uri, flows } => self.handle_resolved(&uri, flows),
            Input::Broken(flow) => self.handle_broken(flow),
        }
        self.watch_names(now);
    }

    /// Runs every timer due at `now`. Calling it early or twice does nothing.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            match timer {
                Timer::Repeat => self.repeat_acceptance(now),
                Timer::Ack => self.give_up_on_ack(now),
                Timer::Ring => self.provide_again(now),
                Timer::Provide => self.repeat_provisional(now),
                Timer::Prack => self.give_up_on_prack(now),
                Timer::Answer => self.refuse_back(now),
                Timer::Refresh => self.refresh_session(now),
                Timer::Expire => self.session_expired(now),
                Timer::Cancel => self.give_up_on_cancel(now),
                Timer::Transfer => self.give_up_on_transfer(),
                Timer::Decline => self.decline_refer(),
                Timer::Reoffer => self.handle_reoffer_timeout(now),
                Timer::Name => self.give_up_on_names(),
                // Nothing waits any more: see `is_over`.
                Timer::Linger => {
                    self.abandon_refresh();
                    self.abandon_reoffers();
                }
            }
        }
        self.watch_names(now);
    }

    /// Returns what to do next.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns when to call `handle_timeout`.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    /// Whether the leg can be forgotten.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Over) && self.timers.deadline(Timer::Linger).is_none()
    }

    /// Returns Call-ID and our tag, by which requests find this session.
    pub(crate) fn key(&self) -> (String, String) {
        (self.call_id.clone(), self.local_tag.clone())
    }

    /// Returns where the INVITE came from or went to.
    pub(crate) fn flow(&self) -> Flow {
        self.setup.flow
    }

    /// Returns how the far end's family wants to be spoken to.
    pub(crate) fn policy(&self) -> &Policy {
        &self.setup.policy
    }

    /// Returns the trunk that it came or goes by.
    pub(crate) fn trunk(&self) -> Option<&TrunkName> {
        self.setup.trunk.as_ref()
    }

    /// Whether it was accepted by either side, and nobody has hung up.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state, State::Confirmed)
    }

    /// From here on its end is that another call has taken its place.
    pub(crate) fn give_way(&mut self) {
        self.gives_way = true;
    }

    /// Whether another call may take the place of this one; if not, with which status it is refused (RFC 3891 §3).
    pub(crate) fn yields_to(&self, remote_tag: &str, early_only: bool) -> Result<(), u16> {
        let confirmed = self.dialog.as_ref().is_some_and(|it| it.remote_tag() == remote_tag);
        let early = self.placed.as_ref().is_some_and(|placed| placed.early.rings_at(remote_tag));
        match self.state {
            // A call that rings with us is not ours to give away.
            State::Incoming { .. } => Err(481),
            State::Calling if early => Ok(()),
            State::Confirmed if confirmed && early_only => Err(486),
            State::Confirmed if confirmed => Ok(()),
            State::Closing | State::Over if confirmed => Err(603),
            _ => Err(481),
        }
    }

    /// Says in one line what the leg is and what it waits for.
    pub(crate) fn describe(&self, now: Instant) -> String {
        let state = match &self.state {
            State::Incoming { .. } => "incoming, waits for our answer",
            State::Calling => "calling, waits for their answer",
            State::Confirmed if self.unacked.is_some() => "accepted, waits for ACK",
            State::Confirmed if self.offered.is_some() || self.owes_answer() => {
                "up, their offer waits for our answer"
            }
            State::Confirmed if self.reoffer.is_some() => "up, our offer waits for their answer",
            State::Confirmed if self.refresh.is_some() => "up, our refresh waits for its answer",
            State::Confirmed if self.transfer.is_some() => "up, waits for the transfer's outcome",
            State::Confirmed => "up",
            State::Closing if self.held_bye.is_some() => "closing, BYE waits for ACK",
            State::Closing => "closing, waits for the answer to BYE",
            State::Over => "over, answers late requests",
        };
        let (leg, remote) = (self.setup.leg, self.setup.flow.remote);
        let timers = [
            (Timer::Repeat, "200 again"),
            (Timer::Ack, "give up on ACK"),
            (Timer::Ring, "180 again"),
            (Timer::Provide, "reliable 18x again"),
            (Timer::Prack, "give up on PRACK"),
            (Timer::Answer, "give up on our answer"),
            (Timer::Refresh, "refresh"),
            (Timer::Expire, "session expires"),
            (Timer::Cancel, "give up on CANCEL"),
            (Timer::Transfer, "give up on transfer"),
            (Timer::Decline, "decline REFER"),
            (Timer::Reoffer, "re-INVITE"),
            (Timer::Name, "give up on a name"),
            (Timer::Linger, "forget"),
        ];
        let mut line = format!("{leg} with {remote}: {state}");
        for (timer, name) in timers {
            if let Some(at) = self.timers.deadline(timer) {
                let left = at.saturating_duration_since(now).as_millis();
                line.push_str(&format!(", {name} in {left} ms"));
            }
        }
        line
    }

    fn handle_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Ring { .. } => self.provide(now, 180, None),
            Command::Progress { sdp, .. } => self.provide(now, 183, Some(sdp)),
            Command::Accept { sdp, .. } => self.accept(now, sdp),
            Command::Refuse { refusal, .. } => self.refuse(now, &refusal),
            Command::AcceptOffer { sdp, .. } => self.accept_offer(now, sdp),
            Command::RefuseOffer { refusal, .. } => self.refuse_offer(now, &refusal),
            Command::Reoffer { sdp, .. } => self.reoffer(now, sdp),
            Command::HangUp { reason, .. } => self.hang_up(now, reason),
            Command::Refer { target, headers, .. } => self.refer(&target, &headers),
            Command::GiveUpRefer { .. } => self.give_up_on_transfer(),
            Command::AcceptRefer { .. } => self.accept_refer(),
            Command::Notify { status, .. } => self.notify(status),
            Command::Press { digit, .. } => self.press(digit),
            // The rest is about no leg, or makes one.
            _ => {}
        }
    }

    fn handle_request(&mut self, now: Instant, id: ServerId, request: Request) {
        if matches!(self.state, State::Over) {
            if request.method == Method::Prack {
                return self.handle_prack(now, id, request);
            }
            // Twenty things may be crossing when a call ends; none of them is an error.
            let late = matches!(request.method, Method::Bye | Method::Notify);
            return self.answer(id, &request, if late { 200 } else { 481 });
        }
        let from = request.headers.from();
        let tag = from.as_ref().and_then(|from| from.tag()).unwrap_or_default();
        let cseq = request.headers.cseq().map_or(0, |cseq| cseq.number);
        let Some(dialog) = self.dialog_with(tag) else {
            // The BYE of a phone that was too late crosses ours.
            let loser = request.method == Method::Bye && self.has_acknowledged(tag);
            return self.answer(id, &request, if loser { 200 } else { 481 });
        };
        if dialog.take_cseq(cseq).is_err() {
            return self.answer(id, &request, 500);
        }
        match request.method {
            Method::Bye => self.handle_bye(now, id, &request),
            Method::Invite => self.handle_reinvite(id, request),
            Method::Update => self.handle_update(now, id, request),
            Method::Info => self.handle_info(id, &request),
            Method::Options => self.handle_options(id, &request),
            Method::Refer => self.handle_refer(now, id, request),
            Method::Notify => self.handle_notify(now, id, &request),
            Method::Prack => self.handle_prack(now, id, request),
            Method::Subscribe => self.answer(id, &request, 489),
            Method::Other(_) => self.answer(id, &request, 501),
            _ => {
                let mut response = self.response(&request, 405);
                response.headers.push("Allow", capability::allow(&self.setup.policy));
                self.outputs.push_back(Output::Respond { id, response });
            }
        }
    }

    /// Returns the dialog with the far end of this tag: the confirmed one, or an early one of our call.
    fn dialog_with(&mut self, remote_tag: &str) -> Option<&mut Dialog> {
        if let Some(dialog) = self.dialog.as_mut() {
            return Some(dialog).filter(|dialog| dialog.remote_tag() == remote_tag);
        }
        self.placed.as_mut()?.early_with(remote_tag)
    }

    fn handle_options(&mut self, id: ServerId, request: &Request) {
        let mut response = self.response(request, 200);
        response.headers.push("Allow", capability::allow(&self.setup.policy));
        response.headers.push("Accept", capability::ACCEPT);
        response.headers.push("Supported", capability::supported(&self.setup.policy));
        self.outputs.push_back(Output::Respond { id, response });
    }

    /// Begins a response of this session's.
    fn response(&self, request: &Request, status: u16) -> Response {
        let mut response = Response::to_request(request, status, None);
        response.headers.set_to_tag(&self.local_tag);
        response.headers.push("Server", &self.setup.product);
        response
    }

    /// Answers with nothing but a status.
    fn answer(&mut self, id: ServerId, request: &Request, status: u16) {
        let response = self.response(request, status);
        self.outputs.push_back(Output::Respond { id, response });
    }

    /// Says where we want to be reached: by the transport that the call came or went by (RFC 3261 §8.1.1.8).
    fn contact(&self) -> String {
        let advertised = self.setup.advertised;
        let user = self.setup.user.as_deref();
        let host = advertised.ip().to_string();
        let mut uri = Uri::sip(user, &host, Some(advertised.port()));
        match self.setup.flow.transport {
            Transport::Udp => {}
            _ if self.setup.secure => uri.scheme = Scheme::Sips,
            Transport::Tcp => uri.params.set("transport", Some("tcp")),
            Transport::Tls => uri.params.set("transport", Some("tls")),
        }
        format!("<{}>", uri.to_wire())
    }

    /// Makes the Via of a new transaction.
    fn via(&mut self, transport: Transport) -> String {
        let branch = format!("z9hG4bK{}", self.setup.dice.hex(20));
        Via::new(transport.name(), self.setup.advertised, &branch).to_wire()
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// How long a peer is waited for: 64·T1.
    fn give_up(&self) -> Duration {
        64 * self.setup.t1
    }

    fn leg(&self) -> LegId {
        self.setup.leg
    }
}
