//! What must be true of a user agent whatever its network and its peers do. The judge sees every
//! message that reaches a user agent and every one that leaves it, and says what was wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{LegId, Purpose};
use attendant::sip::message::{Headers, Message, Method, NameAddr, Request, Response, Uri, Via};
use attendant::sip::{Command, EndCause, Event, Flow, TransferState};
use bytes::Bytes;

/// 64·T1: how long anybody waits for anybody.
const GIVE_UP: Duration = Duration::from_secs(32);

/// A transaction as both ends see it: branch, sent-by and method.
type Key = (String, String, String);

/// What is known of one user agent.
#[derive(Default)]
pub(crate) struct Judge {
    /// What was wrong, in the order in which it was seen.
    pub(crate) wrong: Vec<String>,
    /// Requests that came and want an answer, with the sources they came from.
    asked: BTreeMap<Key, BTreeSet<SocketAddr>>,
    /// Those of them that are outside any dialog.
    firsts: BTreeSet<Key>,
    /// Final statuses given to each, the tags they were given with, and the bytes of acceptances.
    finals: BTreeMap<Key, (Instant, BTreeSet<u16>)>,
    tags: BTreeMap<Key, String>,
    accepted: BTreeMap<Key, Bytes>,
    /// Requests sent, by branch and method.
    sent: BTreeMap<(String, String), Bytes>,
    /// The last CSeq of each dialog: Call-ID, From tag, To tag.
    numbers: BTreeMap<(String, String, String), u32>,
    /// The numbers used, with what for: Call-ID, From tag, method, CSeq.
    used: BTreeSet<(String, String, String, u32)>,
    /// Who we are and who they are in each dialog: Call-ID and tag, to the URI.
    names: BTreeMap<(String, String), String>,
    /// Where requests of a call may go.
    ways: BTreeMap<String, BTreeSet<SocketAddr>>,
    invites: BTreeMap<String, Invite>,
    /// ACKs that must go out before anything else happens: Call-ID, CSeq, To tag.
    owed: Vec<(String, u32, String)>,
    /// Those that may wait for the calls: a 200 with an offer is acknowledged with the answer.
    owed_later: Vec<(String, u32, String)>,
    /// Our acceptances of first INVITEs: Call-ID and our tag, to when, which CSeq, and whether it was acknowledged.
    answered: BTreeMap<(String, String), (Instant, u32, bool)>,
    /// Call-IDs of which a BYE came, and branches of which a CANCEL did.
    byes: BTreeSet<String>,
    cancels: BTreeSet<String>,
    pub(crate) legs: BTreeMap<LegId, Leg>,
    /// A call that was just ordered, and whose INVITE will be the next to go out.
    ordered: Option<LegId>,
    /// Connections were broken: what was on its way may be lost for good.
    pub(crate) broken: bool,
    /// The datagram at hand cannot be read; where it came from.
    unread: Option<SocketAddr>,
    referred: u32,
    outcomes: u32,
    reoffers: u32,
    reoffered: u32,
}

/// An INVITE of ours.
struct Invite {
    call_id: String,
    cseq: u32,
    /// To tag: a change to a running call has one, whatever its answer says.
    tag: String,
    /// It offers; where it does not, the ACK waits for our answer.
    offers: bool,
    at: Instant,
    cancelled: Option<Instant>,
    heard: bool,
    refused: bool,
    accepted: Option<Instant>,
}

/// A leg.
#[derive(Default)]
pub(crate) struct Leg {
    call_id: Option<String>,
    /// Of their INVITE.
    branch: Option<String>,
    ended: u32,
    /// It was up.
    pub(crate) up: bool,
}

impl Judge {
    /// A datagram is about to reach the user agent; `known` says whether a trunk allows its source.
    pub(crate) fn hears(&mut self, now: Instant, flow: Flow, bytes: &[u8], known: bool) {
        self.unread = None;
        if !known {
            return;
        }
        match Message::parse(bytes) {
            Ok(Message::Request(request)) => self.hears_request(flow, &request),
            Ok(Message::Response(response)) => self.hears_response(now, flow, &response),
            Err(_) => self.unread = Some(flow.remote),
        }
    }

    /// What a datagram made the user agent send has been seen.
    pub(crate) fn settled(&mut self) {
        self.unread = None;
        for (call_id, cseq, tag) in std::mem::take(&mut self.owed) {
            self.wrong.push(format!("no ACK {cseq} to {tag} for a 200 in {call_id}"));
        }
    }

    fn hears_request(&mut self, flow: Flow, request: &Request) {
        let headers = &request.headers;
        let Some(call_id) = headers.call_id().map(str::to_owned) else { return };
        self.learn_way(&call_id, flow.remote, headers);
        match request.method {
            Method::Ack => return self.hears_ack(&call_id, headers),
            Method::Bye => drop(self.byes.insert(call_id)),
            Method::Cancel => {
                let via = headers.top_via();
                self.cancels.extend(via.and_then(|via| via.branch().map(str::to_owned)));
            }
            _ => {}
        }
        if let Some(key) = key_of(headers) {
            if headers.to().is_some_and(|to| to.tag().is_none()) {
                self.firsts.insert(key.clone());
            }
            self.asked.entry(key).or_default().insert(flow.remote);
        }
    }

    fn hears_ack(&mut self, call_id: &str, headers: &Headers) {
        let Some(tag) = headers.to().and_then(|to| to.tag().map(str::to_owned)) else { return };
        let answered = self.answered.get_mut(&(call_id.to_owned(), tag));
        let cseq = headers.cseq().map(|cseq| cseq.number);
        if let Some((_, number, acknowledged)) = answered {
            *acknowledged |= Some(*number) == cseq;
        }
    }

    fn hears_response(&mut self, now: Instant, flow: Flow, response: &Response) {
        let headers = &response.headers;
        let Some(call_id) = headers.call_id().map(str::to_owned) else { return };
        self.learn_way(&call_id, flow.remote, headers);
        let (Some(cseq), Some(via)) = (headers.cseq(), headers.top_via()) else { return };
        let ours = cseq.method == Method::Invite;
        let invite = via.branch().and_then(|branch| self.invites.get_mut(branch));
        let (true, Some(invite)) = (ours, invite) else { return };
        match response.status {
            ..200 => invite.heard = true,
            300.. => invite.refused = true,
            _ => {
                let timed_out = !invite.heard && now >= invite.at + GIVE_UP;
                let given_up = invite.cancelled.is_some_and(|at| now >= at + GIVE_UP);
                let first = *invite.accepted.get_or_insert(now);
                let over = now >= first + GIVE_UP || invite.refused || timed_out || given_up;
                let tag = headers.to().and_then(|to| to.tag().map(str::to_owned));
                if !over && !self.broken {
                    let tag = tag.unwrap_or_default();
                    // In a dialog, an answer of somebody else is none: it was garbled on its way.
                    if !invite.tag.is_empty() && invite.tag != tag {
                        return;
                    }
                    let call_id = invite.call_id.clone();
                    let owed = match invite.offers {
                        true => &mut self.owed,
                        false => &mut self.owed_later,
                    };
                    owed.push((call_id, invite.cseq, tag));
                }
            }
        }
    }

    fn learn_way(&mut self, call_id: &str, source: SocketAddr, headers: &Headers) {
        let ways = self.ways.entry(call_id.to_owned()).or_default();
        ways.insert(source);
        let hops = headers.contacts().into_iter().chain(headers.record_routes());
        ways.extend(hops.filter_map(|hop| address_of(&hop.uri)));
    }

    /// The user agent sends something.
    pub(crate) fn says(&mut self, now: Instant, flow: Flow, bytes: &Bytes) {
        // A refusal of what cannot be read shows as much of it as could.
        if self.unread == Some(flow.remote) && bytes.starts_with(b"SIP/2.0 ") {
            return;
        }
        match Message::parse(bytes) {
            Ok(Message::Request(request)) => self.says_request(now, flow, &request, bytes),
            Ok(Message::Response(response)) => self.says_response(now, flow, &response, bytes),
            Err(error) => self.wrong.push(format!("it sent what cannot be read: {error:?}")),
        }
    }

    fn says_request(&mut self, now: Instant, flow: Flow, request: &Request, bytes: &Bytes) {
        let headers = &request.headers;
        let (Some(call_id), Some(cseq), Some(via)) =
            (headers.call_id().map(str::to_owned), headers.cseq(), headers.top_via())
        else {
            return self.wrong.push("a request without Call-ID, CSeq or Via".into());
        };
        let branch = via.branch().unwrap_or_default().to_owned();
        if let Some(leg) = self.ordered.take() {
            self.ways.entry(call_id.clone()).or_default().insert(flow.remote);
            self.legs.entry(leg).or_default().call_id = Some(call_id.clone());
        }
        let known = self.ways.get(&call_id).is_some_and(|ways| ways.contains(&flow.remote));
        if !known {
            let (method, to) = (&request.method, flow.remote);
            self.wrong.push(format!("{method} to {to}: no flow, route or target of {call_id}"));
        }
        let (own, theirs) = (headers.from(), headers.to());
        let tags = [&own, &theirs]
            .map(|who| who.as_ref().and_then(|who| who.tag()).unwrap_or_default().to_owned());
        self.keep_name(&call_id, own);
        // The ACK of a refusal says what the refusal said, even if that was garbled on its way.
        self.keep_name(&call_id, theirs.filter(|_| request.method != Method::Ack));
        let [own, theirs] = tags;
        match request.method {
            Method::Ack => {
                for owed in [&mut self.owed, &mut self.owed_later] {
                    owed.retain(|(id, number, tag)| {
                        (id, *number, tag) != (&call_id, cseq.number, &theirs)
                    });
                }
            }
            Method::Cancel => {
                if let Some(invite) = self.invites.get_mut(&branch) {
                    invite.cancelled.get_or_insert(now);
                }
            }
            _ => {}
        }
        let transaction = (branch.clone(), request.method.to_string());
        if let Some(before) = self.sent.get(&transaction) {
            // Who refuses twice, each time as somebody else, gets an ACK for each.
            if before != bytes && request.method != Method::Ack {
                self.wrong.push(format!("{} {branch} was sent with two texts", request.method));
            }
            return;
        }
        self.sent.insert(transaction, bytes.clone());
        if matches!(request.method, Method::Ack | Method::Cancel) {
            return;
        }
        self.rises(&request.method, &call_id, &own, &theirs, cseq.number);
        if request.method == Method::Invite {
            let invite = Invite {
                call_id: call_id.clone(),
                cseq: cseq.number,
                tag: theirs.clone(),
                offers: !request.body.is_empty(),
                at: now,
                cancelled: None,
                heard: false,
                refused: false,
                accepted: None,
            };
            self.invites.insert(branch, invite);
        }
        if request.method == Method::Bye
            && let Some((at, _, false)) = self.answered.get(&(call_id.clone(), own))
            && now < *at + GIVE_UP
        {
            self.wrong.push(format!("BYE in {call_id} before ACK or 64*T1"));
        }
    }

    /// A number that was used stays used, by the dialog and by the INVITE that began it.
    fn rises(&mut self, method: &Method, call_id: &str, own: &str, theirs: &str, cseq: u32) {
        let key = |tag: &str| (call_id.to_owned(), own.to_owned(), tag.to_owned());
        // What a connection took with it goes out once more by another, number and all (RFC 3263 §4.3).
        if !self.used.insert((call_id.to_owned(), own.to_owned(), method.to_string(), cseq))
            && self.broken
        {
            return;
        }
        let last = [self.numbers.get(&key("")), self.numbers.get(&key(theirs))];
        if let Some(last) = last.into_iter().flatten().max()
            && cseq <= *last
        {
            self.wrong.push(format!("{method} has CSeq {cseq} after {last} in {call_id}"));
        }
        self.numbers.insert(key(theirs), cseq);
    }

    /// Who somebody is does not change while a dialog lasts.
    fn keep_name(&mut self, call_id: &str, who: Option<NameAddr>) {
        let Some(who) = who else { return };
        let Some(tag) = who.tag().map(str::to_owned) else { return };
        let name = who.uri.to_wire();
        let before = self.names.entry((call_id.to_owned(), tag)).or_insert_with(|| name.clone());
        if *before != name {
            self.wrong.push(format!("{before} became {name} in {call_id}"));
        }
    }

    fn says_response(&mut self, now: Instant, flow: Flow, response: &Response, bytes: &Bytes) {
        let headers = &response.headers;
        let status = response.status;
        // What was garbled on its way may have lost its branch.
        let Some(key) = key_of(headers) else { return };
        let Some(sources) = self.asked.get(&key) else {
            return self.wrong.push(format!("{status} to {key:?}, which nobody asked"));
        };
        if !sources.contains(&flow.remote) {
            self.wrong.push(format!("{status} to {}: {key:?} came from elsewhere", flow.remote));
        }
        let (to, call_id) = (headers.to(), headers.call_id().unwrap_or_default().to_owned());
        let tag = to.as_ref().and_then(|to| to.tag()).unwrap_or_default().to_owned();
        if self.finals.get(&key).is_some_and(|(at, _)| now >= *at + GIVE_UP) {
            // A repeat that came after the transaction's end is a new request (RFC 3261 §17.2.2).
            self.finals.remove(&key);
            self.tags.remove(&key);
        }
        if status > 100 {
            let before = self.tags.entry(key.clone()).or_insert_with(|| tag.clone()).clone();
            if before != tag {
                self.wrong.push(format!("{key:?} was answered by {before} and by {tag}"));
            }
        }
        if status < 200 {
            return;
        }
        let (_, finals) = self.finals.entry(key.clone()).or_insert_with(|| (now, BTreeSet::new()));
        finals.insert(status);
        if finals.len() > 1 {
            self.wrong.push(format!("{key:?} got {finals:?}"));
        }
        if status < 300 && key.2 == "INVITE" {
            let cseq = headers.cseq().map_or(0, |cseq| cseq.number);
            // A change to a running call is no beginning of one.
            if self.firsts.contains(&key) {
                self.answered.entry((call_id, tag)).or_insert((now, cseq, false));
            }
            let before = self.accepted.entry(key.clone()).or_insert_with(|| bytes.clone());
            if *before != bytes {
                self.wrong.push(format!("{key:?} was accepted with two texts"));
            }
        }
    }

    /// The calls order something.
    pub(crate) fn ordered(&mut self, command: &Command) {
        match command {
            Command::Invite(new) => {
                self.legs.entry(new.leg).or_default();
                self.ordered = Some(new.leg);
            }
            Command::Reoffer { leg, .. }
                if self.legs.get(leg).is_some_and(|leg| leg.ended == 0) =>
            {
                self.reoffers += 1;
            }
            Command::Refer { leg, .. } if self.legs.get(leg).is_some_and(|leg| leg.ended == 0) => {
                self.referred += 1;
            }
            _ => {}
        }
    }

    /// The user agent tells something.
    pub(crate) fn tells(&mut self, event: &Event) {
        let leg = match event {
            Event::Incoming(incoming) => {
                let of = |wanted: &str| {
                    let mut headers = incoming.headers.iter();
                    let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
                    found.map(|(_, value)| value.reveal(Purpose::Comparison).clone())
                };
                let via = of("via").and_then(|via| Via::parse(&via).ok());
                let branch = via.and_then(|via| via.branch().map(str::to_owned));
                let leg = Leg { call_id: of("call-id"), branch, ..Leg::default() };
                if self.legs.insert(incoming.leg, leg).is_some() {
                    self.wrong.push(format!("{} comes in twice", incoming.leg));
                }
                return;
            }
            Event::Transfer { leg, state } => {
                let last = !matches!(state, TransferState::Accepted | TransferState::Progress(_));
                let over = self.legs.get(leg).is_none_or(|leg| leg.ended > 0);
                // One that is asked for too late is refused too late.
                self.outcomes += u32::from(last && !over);
                return;
            }
            Event::Ended { leg, cause, .. } => return self.ends(*leg, *cause),
            Event::Reoffered { leg, .. } => {
                let over = self.legs.get(leg).is_none_or(|leg| leg.ended > 0);
                self.reoffered += u32::from(!over);
                return;
            }
            Event::Established { leg, .. } | Event::Answered { leg, .. } => {
                self.legs.entry(*leg).or_default().up = true;
                leg
            }
            Event::Progress { leg, .. }
            | Event::EarlyAnswer { leg, .. }
            | Event::Changed { leg, .. }
            | Event::Offer { leg, .. }
            | Event::Referred { leg, .. }
            | Event::Dtmf { leg, .. } => leg,
            _ => return,
        };
        match self.legs.get(leg) {
            Some(leg) if leg.ended == 0 => {}
            Some(_) => self.wrong.push(format!("{event:?} after the end")),
            None => self.wrong.push(format!("{event:?} of a leg that nobody knows")),
        }
    }

    fn ends(&mut self, leg: LegId, cause: EndCause) {
        let entry = self.legs.entry(leg).or_default();
        entry.ended += 1;
        if entry.ended > 1 {
            self.wrong.push(format!("{leg} ended {} times", entry.ended));
        }
        let call_id = entry.call_id.clone().unwrap_or_default();
        let why = match cause {
            EndCause::RemoteBye => self.byes.contains(&call_id),
            EndCause::RemoteCancel => {
                entry.branch.as_ref().is_some_and(|branch| self.cancels.contains(branch))
            }
            _ => true,
        };
        if !why {
            self.wrong.push(format!("{leg} ended by {cause:?}, which nobody of {call_id} sent"));
        }
    }

    /// Everything is over: what was never done is wrong.
    pub(crate) fn closes(&mut self) {
        for (leg, it) in self.legs.iter().filter(|(_, it)| it.ended == 0) {
            self.wrong.push(format!("{leg} never ended ({:?})", it.call_id));
        }
        for key in self.asked.keys().filter(|key| !self.finals.contains_key(*key)) {
            self.wrong.push(format!("{key:?} was never answered"));
        }
        for (call_id, cseq, tag) in std::mem::take(&mut self.owed_later) {
            self.wrong.push(format!("never an ACK {cseq} to {tag} for a 200 in {call_id}"));
        }
        if self.referred != self.outcomes {
            let (referred, outcomes) = (self.referred, self.outcomes);
            self.wrong.push(format!("{referred} transfers had {outcomes} outcomes"));
        }
        if self.reoffers != self.reoffered {
            let (reoffers, reoffered) = (self.reoffers, self.reoffered);
            self.wrong.push(format!("{reoffers} offers of ours had {reoffered} outcomes"));
        }
    }
}

fn key_of(headers: &Headers) -> Option<Key> {
    let via = headers.top_via()?;
    let by = format!("{}:{}", via.host, via.port.unwrap_or(5060)).to_lowercase();
    Some((via.branch()?.to_owned(), by, headers.cseq()?.method.to_string()))
}

fn address_of(uri: &Uri) -> Option<SocketAddr> {
    Some((uri.host_ip()?, uri.port.unwrap_or(5060)).into())
}
