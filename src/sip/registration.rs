//! Our registration with a PBX (RFC 3261 §10.2): kept for as long as it is wanted, then withdrawn.
//!
//! One REGISTER is under way at a time. It goes to the first place where the registrar can be reached, to the next one
//! where that is silent or gone, and after the last it waits as RFC 5626 §4.5 says. A refusal of our password waits
//! longest: PBXs ban those who keep knocking.

mod answer;
mod wait;
mod way;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use answer::{SILENT, granted, refusal_words, seen_as};
use bytes::Bytes;
use wait::{BASE_WAIT, MAX_WAIT};

use super::api::{self, Flow, RegistrationState, Transport};
use super::auth::{Unanswerable, Wallet};
use super::capability;
use super::message::{Method, NameAddr, Request, Response, Uri, Via};
use crate::base::{Dice, TimerTable, TrunkName};

pub(crate) use way::direct;

/// The longest that a Retry-After is believed.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// How long a name may be looked up.
const RESOLVE_WAIT: Duration = Duration::from_secs(32);
/// A flow that broke sooner is not opened again at once.
const STEADY: Duration = Duration::from_secs(60);
/// Challenges that one attempt answers: of a proxy, of the registrar, and a stale nonce of each.
const MAX_CHALLENGES: u8 = 4;
/// Registrars that are tried in one attempt.
const MAX_TARGETS: usize = 8;

/// What a registration is told.
pub(crate) enum Input {
    /// Where the registrar can be reached, best first.
    Resolved(Vec<Flow>),
    /// The answer to the REGISTER that is under way.
    Response(Response),
    /// Nobody answered it.
    NoAnswer,
    /// A connection is no more.
    Broken(Flow),
    /// Register again now: the PBX may have forgotten us.
    Refresh,
    /// Other settings for the same binding.
    Change(api::Registration),
    /// It is wanted no longer.
    Withdraw,
}

/// What a registration wants done.
pub(crate) enum Output {
    /// Look up where this leads.
    Resolve { uri: String, from: Flow },
    /// Send this, and hand its answer in.
    Ask { flow: Flow, request: Request, bytes: Bytes },
    /// Wait no longer for the answer.
    Abandon,
    /// Tell how it goes.
    Event(RegistrationState),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Timer {
    /// Registers again: a refresh, or another attempt.
    Next,
    /// Gives up waiting for a name.
    Resolve,
    /// The binding has run out.
    Lost,
}

enum State {
    /// Waits for where the registrar is.
    Resolving,
    /// Waits for the answer to a REGISTER.
    Asking(Asking),
    /// Waits for its next turn.
    Waiting,
    /// Withdrawn.
    Over,
}

struct Asking {
    flow: Flow,
    request: Request,
    challenges: u8,
    /// It was asked for a longer time, and asked for that.
    lengthened: bool,
    /// It was sent again with the address that the registrar sees.
    relearned: bool,
}

/// What the registrar has taken.
struct Bound {
    flow: Flow,
    /// When this flow was first used.
    since: Instant,
    contact: String,
}

/// One registration.
pub(crate) struct Registration {
    settings: api::Registration,
    registrar: Uri,
    /// `User-Agent`.
    product: String,
    call_id: String,
    tag: String,
    cseq: u32,
    dice: Dice,
    wallet: Wallet,
    state: State,
    /// Places that are still to be tried in this attempt.
    targets: VecDeque<Flow>,
    /// The names of places were looked up in this attempt.
    resolved: bool,
    bound: Option<Bound>,
    /// It was told that it holds.
    announced: bool,
    /// Our address as the registrar sees it.
    learned: Option<SocketAddr>,
    /// A Contact that the registrar should forget.
    outdated: Option<String>,
    /// The shortest time that the registrar takes, in seconds.
    least: u32,
    service_route: Vec<String>,
    failures: u32,
    leaving: bool,
    timers: TimerTable<Timer>,
    outputs: VecDeque<Output>,
}

impl Registration {
    /// Begins to register. `None` if the registrar is no SIP URI.
    pub(crate) fn new(
        now: Instant,
        settings: api::Registration,
        product: &str,
        mut dice: Dice,
    ) -> Option<Self> {
        let registrar = Uri::parse(&settings.registrar).ok().filter(|uri| !uri.host.is_empty())?;
        let mut registration = Self {
            settings,
            registrar,
            product: product.to_owned(),
            call_id: dice.hex(24),
            tag: dice.hex(16),
            cseq: 0,
            dice,
            wallet: Wallet::default(),
            state: State::Waiting,
            targets: VecDeque::new(),
            resolved: false,
            bound: None,
            announced: false,
            learned: None,
            outdated: None,
            least: 0,
            service_route: Vec::new(),
            failures: 0,
            leaving: false,
            timers: TimerTable::default(),
            outputs: VecDeque::new(),
        };
        registration.begin(now);
        Some(registration)
    }

    /// Takes an answer or a wish.
    pub(crate) fn handle_input(&mut self, now: Instant, input: Input) {
        match (input, &self.state) {
            (_, State::Over) => {}
            (Input::Resolved(flows), State::Resolving) => {
                self.timers.stop(Timer::Resolve);
                self.targets = flows.into_iter().take(MAX_TARGETS).collect();
                self.go_on(now, None, "its name leads nowhere: check DNS and [peer] host");
            }
            (Input::Response(response), State::Asking(_)) => self.handle_response(now, &response),
            (Input::NoAnswer, State::Asking(_)) => self.go_on(now, None, SILENT),
            (Input::Broken(flow), _) => self.handle_broken(now, flow),
            (Input::Refresh, State::Waiting) => self.begin(now),
            (Input::Change(settings), _) => {
                self.settings = settings;
                self.wallet.clear();
                self.failures = 0;
                self.stop_asking();
                if std::mem::take(&mut self.leaving) {
                    // The registrar may have forgotten us already.
                    self.lose();
                }
                self.begin(now);
            }
            (Input::Withdraw, _) => self.withdraw(now),
            // Late answers.
            (Input::Resolved(_) | Input::Response(_) | Input::NoAnswer | Input::Refresh, _) => {}
        }
    }

    /// Runs every timer due at `now`. Calling it early or twice does nothing.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            match timer {
                Timer::Next => self.begin(now),
                Timer::Resolve => self.go_on(now, None, "its name was not looked up in time"),
                Timer::Lost => self.lose(),
            }
        }
    }

    /// Returns what to do next.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns when to call `handle_timeout`.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    /// Whether it can be forgotten.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Whether it is being withdrawn.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// Returns whose it is.
    pub(crate) fn trunk(&self) -> &TrunkName {
        &self.settings.trunk
    }

    /// Returns what was asked for.
    pub(crate) fn settings(&self) -> &api::Registration {
        &self.settings
    }

    /// Returns the way by which the PBX reaches us.
    pub(crate) fn flow(&self) -> Option<Flow> {
        self.bound.as_ref().map(|bound| bound.flow)
    }

    /// Returns our address as the registrar sees it, where that is another than ours.
    pub(crate) fn learned(&self) -> Option<SocketAddr> {
        self.learned.filter(|_| self.settings.nat)
    }

    /// Returns the Route that requests outside a dialog go by (RFC 3608).
    pub(crate) fn service_route(&self) -> &[String] {
        &self.service_route
    }

    /// Says in one line how it stands.
    pub(crate) fn describe(&self, now: Instant) -> String {
        let state = match &self.state {
            State::Resolving => "looks its registrar up",
            State::Asking(_) if self.leaving => "is being withdrawn",
            State::Asking(_) => "waits for the registrar",
            State::Waiting if self.bound.is_some() => "registered",
            State::Waiting => "not registered",
            State::Over => "withdrawn",
        };
        let next = self
            .timers
            .deadline(Timer::Next)
            .map(|at| format!(", again in {} s", at.saturating_duration_since(now).as_secs()));
        format!("trunk {}: {state}{}", self.settings.trunk, next.unwrap_or_default())
    }

    /// Makes an attempt: a refresh where the last one went, else wherever the registrar is.
    fn begin(&mut self, now: Instant) {
        self.timers.stop(Timer::Next);
        match &self.bound {
            Some(bound) => {
                let flow = bound.flow;
                self.targets.clear();
                self.resolved = false;
                self.ask(now, flow);
            }
            None => self.resolve(now),
        }
    }

    fn resolve(&mut self, now: Instant) {
        self.resolved = true;
        let from = self.settings.from;
        if let Some(flow) = direct(&self.registrar, from) {
            self.targets = VecDeque::from([flow]);
            return self.go_on(now, None, SILENT);
        }
        self.state = State::Resolving;
        self.timers.set(Timer::Resolve, now + RESOLVE_WAIT);
        let uri = self.registrar.to_wire();
        self.outputs.push_back(Output::Resolve { uri, from });
    }

    /// Tries the next place; after the last, looks the name up again if that was not done, else waits.
    fn go_on(&mut self, now: Instant, status: Option<u16>, why: &str) {
        if self.leaving {
            return self.over();
        }
        match self.targets.pop_front() {
            Some(flow) => self.ask(now, flow),
            None if !self.resolved => self.resolve(now),
            None => self.fail(now, status, why, None, BASE_WAIT),
        }
    }

    fn ask(&mut self, now: Instant, flow: Flow) {
        let mut request = self.request(flow);
        if let Some(credentials) = &self.settings.credentials {
            self.wallet.sign(&mut request, credentials, &mut self.dice);
        }
        let asking = Asking { flow, request, challenges: 0, lengthened: false, relearned: false };
        self.send(now, asking);
    }

    /// Sends it as a new transaction with the next number.
    fn send(&mut self, now: Instant, mut asking: Asking) {
        self.cseq += 1;
        let Asking { flow, request, .. } = &mut asking;
        let branch = format!("z9hG4bK{}", self.dice.hex(20));
        let via = Via::new(flow.transport.name(), self.settings.advertised, &branch);
        request.headers.remove("Via");
        request.headers.push_first("Via", via.to_wire());
        request.headers.set("CSeq", format!("{} REGISTER", self.cseq));
        match request.to_bytes().map(Bytes::from) {
            Ok(bytes) => {
                let (flow, request) = (*flow, request.clone());
                self.outputs.push_back(Output::Ask { flow, request, bytes });
                self.state = State::Asking(asking);
            }
            Err(_) => {
                let why = "a key under [register] or [auth] cannot stand in a message";
                self.fail(now, None, why, None, MAX_WAIT);
            }
        }
    }

    fn request(&self, flow: Flow) -> Request {
        let Uri { host, .. } = &self.registrar;
        let record = Uri::sip(Some(&self.settings.user), host, None);
        let from = NameAddr::new(record.clone()).with_tag(&self.tag);
        let mut target = self.registrar.clone();
        target.user = None;
        let mut request = Request::new(Method::Register, target);
        request.headers.push("Max-Forwards", "70");
        request.headers.push("From", from.to_wire());
        request.headers.push("To", NameAddr::new(record).to_wire());
        request.headers.push("Call-ID", &self.call_id);
        request.headers.push("User-Agent", &self.product);
        request.headers.push("Allow", capability::ALLOW);
        // RFC 3327 §5.1: proxies on the way may put themselves in.
        request.headers.push("Supported", "path");
        let seconds = if self.leaving { 0 } else { self.seconds() };
        let contact = match &self.bound {
            Some(bound) if self.leaving => bound.contact.clone(),
            _ => self.contact(flow),
        };
        request.headers.push("Contact", format!("<{contact}>;expires={seconds}"));
        if let Some(outdated) = self.outdated.as_ref().filter(|_| !self.leaving) {
            request.headers.push("Contact", format!("<{outdated}>;expires=0"));
        }
        request.headers.push("Expires", seconds.to_string());
        request
    }

    /// Where the PBX reaches us; the user part tells several trunks of one PBX apart.
    fn contact(&self, flow: Flow) -> String {
        let at = self.learned().unwrap_or(self.settings.advertised);
        let host = at.ip().to_string();
        let mut uri = Uri::sip(Some(&self.settings.user), &host, Some(at.port()));
        let transport = match flow.transport {
            Transport::Udp => None,
            Transport::Tcp => Some("tcp"),
            Transport::Tls => Some("tls"),
        };
        if transport.is_some() {
            uri.params.set("transport", transport);
        }
        uri.to_wire()
    }

    fn seconds(&self) -> u32 {
        let wanted = u32::try_from(self.settings.expires.as_secs()).unwrap_or(u32::MAX);
        wanted.max(self.least)
    }

    fn handle_response(&mut self, now: Instant, response: &Response) {
        if response.is_provisional() {
            return;
        }
        let State::Asking(asking) = std::mem::replace(&mut self.state, State::Waiting) else {
            return;
        };
        match response.status {
            401 | 407 => self.handle_challenge(now, asking, response),
            200..300 if self.leaving => self.over(),
            200..300 => self.handle_success(now, asking, response),
            _ if self.leaving => self.over(),
            423 => self.handle_too_brief(now, asking, response),
            // RFC 3263 §4.3: somebody else may serve.
            408 | 503 if !self.targets.is_empty() || !self.resolved => {
                self.go_on(now, Some(response.status), SILENT);
            }
            403 => self.refused(now, response, MAX_WAIT),
            _ => self.refused(now, response, BASE_WAIT),
        }
    }

    fn handle_challenge(&mut self, now: Instant, mut asking: Asking, response: &Response) {
        let Some(credentials) = self.settings.credentials.clone() else {
            let why = "it asks for a password: write `user` and `secret` under [auth]";
            return self.fail(now, Some(response.status), why, None, MAX_WAIT);
        };
        let learned = match asking.challenges {
            MAX_CHALLENGES => Err(Unanswerable::WrongSecret),
            _ => self.wallet.learn(&asking.request, response),
        };
        match learned {
            Ok(()) => {
                asking.challenges += 1;
                self.wallet.sign(&mut asking.request, &credentials, &mut self.dice);
                self.send(now, asking);
            }
            Err(_) if self.leaving => self.over(),
            Err(why) => {
                self.wallet.clear();
                self.fail(now, Some(response.status), why.words(), None, MAX_WAIT);
            }
        }
    }

    /// RFC 3261 §10.2.8: what the registrar thinks worth its while.
    fn handle_too_brief(&mut self, now: Instant, mut asking: Asking, response: &Response) {
        let least = response.headers.get("Min-Expires").and_then(|text| text.trim().parse().ok());
        match least {
            Some(least) if least > self.seconds() && !asking.lengthened => {
                self.least = least;
                let challenges = asking.challenges;
                asking = Asking { lengthened: true, challenges, ..self.again(asking) };
                self.send(now, asking);
            }
            _ => {
                let why = "it finds the time too short, and names none that we did not ask for";
                self.fail(now, Some(423), why, None, BASE_WAIT);
            }
        }
    }

    /// Makes the request anew, for the same place.
    fn again(&mut self, asking: Asking) -> Asking {
        let mut request = self.request(asking.flow);
        if let Some(credentials) = &self.settings.credentials {
            self.wallet.sign(&mut request, credentials, &mut self.dice);
        }
        Asking { request, ..asking }
    }

    fn handle_success(&mut self, now: Instant, asking: Asking, response: &Response) {
        self.wallet.accepted(response);
        let contact = self.contact(asking.flow);
        let granted = granted(response, &contact).unwrap_or(self.seconds());
        if granted == 0 {
            let why = "it took the registration and granted no time";
            return self.fail(now, Some(response.status), why, None, BASE_WAIT);
        }
        let granted = Duration::from_secs(granted.into());
        let since = self.bound.as_ref().filter(|bound| bound.flow == asking.flow);
        let since = since.map_or(now, |bound| bound.since);
        self.bound = Some(Bound { flow: asking.flow, since, contact: contact.clone() });
        self.timers.set(Timer::Lost, now + granted);
        self.outdated = None;
        let routes = response.headers.list("Service-Route").unwrap_or_default();
        self.service_route = routes.into_iter().map(str::to_owned).collect();
        let seen = seen_as(response).filter(|seen| {
            self.settings.nat && *seen != self.learned.unwrap_or(self.settings.advertised)
        });
        if let Some(seen) = seen.filter(|_| !asking.relearned) {
            self.learned = Some(seen);
            self.outdated = Some(contact);
            let asking = Asking { relearned: true, ..self.again(asking) };
            return self.send(now, asking);
        }
        self.failures = 0;
        // Four fifths: early enough for another attempt or two, late enough not to be a burden.
        self.timers.set(Timer::Next, now + granted * 4 / 5);
        self.announced = true;
        let flow = asking.flow;
        self.tell(RegistrationState::Registered { expires: granted, contact, flow });
    }

    fn refused(&mut self, now: Instant, response: &Response, base: Duration) {
        let why = refusal_words(response);
        let after = response.headers.retry_after().map(|after| Duration::from_secs(after.into()));
        self.fail(now, Some(response.status), &why, after, base);
    }

    /// Waits for the next attempt. The binding stays for as long as it was granted.
    fn fail(
        &mut self,
        now: Instant,
        status: Option<u16>,
        why: &str,
        after: Option<Duration>,
        base: Duration,
    ) {
        if self.leaving {
            return self.over();
        }
        self.failures = self.failures.saturating_add(1);
        let wait = wait::after(self.failures, base, &mut self.dice);
        let after = after.unwrap_or_default().min(MAX_RETRY_AFTER);
        let retry = wait.max(after);
        self.state = State::Waiting;
        self.timers.set(Timer::Next, now + retry);
        self.targets.clear();
        // The next attempt looks for the registrar anew, instead of knocking where nobody opened.
        self.tell(RegistrationState::Failed { status, why: why.to_owned(), retry });
    }

    fn handle_broken(&mut self, now: Instant, flow: Flow) {
        let bound = self.bound.as_ref().filter(|bound| bound.flow == flow);
        let steady = bound.map(|bound| now.saturating_duration_since(bound.since) >= STEADY);
        if steady.is_some() {
            self.lose();
        }
        match (&self.state, steady) {
            (State::Asking(asking), _) if asking.flow == flow => {
                self.outputs.push_back(Output::Abandon);
                self.go_on(now, None, "the connection could not be made, or was closed");
            }
            (State::Waiting, Some(true)) => self.begin(now),
            (State::Waiting, Some(false)) => {
                let why = "the registrar closes the connection soon after it took us";
                self.fail(now, None, why, None, BASE_WAIT);
            }
            _ => {}
        }
    }

    /// The PBX reaches us no longer.
    fn lose(&mut self) {
        self.timers.stop(Timer::Lost);
        self.service_route.clear();
        self.bound = None;
        if std::mem::take(&mut self.announced) && !self.leaving {
            self.tell(RegistrationState::Lost);
        }
    }

    fn withdraw(&mut self, now: Instant) {
        if std::mem::replace(&mut self.leaving, true) {
            return;
        }
        // A REGISTER that is under way may yet be taken.
        let asked = match &self.state {
            State::Asking(asking) => Some(asking.flow),
            _ => None,
        };
        self.stop_asking();
        self.timers.stop(Timer::Next);
        self.timers.stop(Timer::Resolve);
        self.targets.clear();
        match self.flow().or(asked) {
            Some(flow) => self.ask(now, flow),
            None => self.over(),
        }
    }

    fn stop_asking(&mut self) {
        if matches!(self.state, State::Asking(_)) {
            self.outputs.push_back(Output::Abandon);
        }
        self.state = State::Waiting;
    }

    fn over(&mut self) {
        self.state = State::Over;
        self.bound = None;
        self.timers.stop_all();
        self.tell(RegistrationState::Withdrawn);
    }

    fn tell(&mut self, state: RegistrationState) {
        self.outputs.push_back(Output::Event(state));
    }
}
