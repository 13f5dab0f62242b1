//! OPTIONS and REGISTER of ours: one question, one answer, no dialog.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Ua;
use crate::sip::api::{Command, Credentials, Event, Flow};
use crate::sip::auth::Wallet;
use crate::sip::capability;
use crate::sip::message::{Method, NameAddr, Request, Response, Uri, Via};
use crate::sip::transaction::AskId;

/// How often a question is asked again with a password: once, and once for a stale nonce.
const MAX_CHALLENGES: u8 = 2;

/// A question that waits for its answer.
pub(super) struct Question {
    id: u32,
    flow: Flow,
    /// Whom to ask next, if this one is silent or says 503.
    others: VecDeque<Flow>,
    request: Request,
    advertised: SocketAddr,
    credentials: Option<Credentials>,
    wallet: Wallet,
    challenges: u8,
}

impl Question {
    pub(super) fn describe(&self) -> String {
        format!("our {} number {} waits for {}", self.request.method, self.id, self.flow.remote)
    }
}

impl Ua {
    pub(super) fn question(&mut self, now: Instant, command: Command) {
        let (question, target) = match command {
            Command::Options { id, flow, target, advertised } => {
                let request = Uri::parse(&target).ok().map(|uri| self.options(uri, advertised));
                ((id, flow, advertised, None), request)
            }
            Command::Register { id, flow, registrar, credentials, advertised, expires } => {
                let request = Uri::parse(&registrar)
                    .ok()
                    .map(|uri| self.register(uri, &credentials.user, advertised, expires));
                ((id, flow, advertised, Some(credentials)), request)
            }
            _ => return,
        };
        let (id, flow, advertised, credentials) = question;
        let Some(request) = target else {
            let register = credentials.is_some();
            return self.tell(answered(register, id, Some(400), None, Some(flow)));
        };
        let others = VecDeque::new();
        let wallet = Wallet::default();
        let challenges = 0;
        let question =
            Question { id, flow, others, request, advertised, credentials, wallet, challenges };
        self.put(now, question);
    }

    /// Asks the first of these places, and the others after it.
    pub(super) fn put_to(
        &mut self,
        now: Instant,
        id: u32,
        request: Request,
        advertised: SocketAddr,
        mut others: VecDeque<Flow>,
    ) {
        let Some(flow) = others.pop_front() else {
            return self.tell(answered(false, id, None, None, None));
        };
        let (credentials, wallet, challenges) = (None, Wallet::default(), 0);
        let question =
            Question { id, flow, others, request, advertised, credentials, wallet, challenges };
        self.put(now, question);
    }

    pub(super) fn handle_reply(&mut self, now: Instant, number: u32, response: &Response) {
        self.registrar_answered(now, number, Some(response));
        if response.is_provisional() {
            return;
        }
        let Some(mut question) = self.questions.remove(&number) else { return };
        let challenged = matches!(response.status, 401 | 407);
        if let Some(credentials) = question.credentials.clone().filter(|_| challenged)
            && question.challenges < MAX_CHALLENGES
            && question.wallet.learn(&question.request, response).is_ok()
        {
            question.wallet.sign(&mut question.request, &credentials, &mut self.dice);
            question.challenges += 1;
            return self.put(now, question);
        }
        if response.status == 503
            && let Some(next) = question.others.pop_front()
        {
            question.flow = next;
            return self.put(now, question);
        }
        let register = question.request.method == Method::Register;
        let after = response.headers.retry_after().map(|after| Duration::from_secs(after.into()));
        let (id, status, flow) = (question.id, Some(response.status), Some(question.flow));
        self.tell(answered(register, id, status, after, flow));
    }

    pub(super) fn handle_silence(&mut self, now: Instant, number: u32) {
        self.registrar_answered(now, number, None);
        let Some(mut question) = self.questions.remove(&number) else { return };
        if let Some(next) = question.others.pop_front() {
            question.flow = next;
            return self.put(now, question);
        }
        let register = question.request.method == Method::Register;
        self.tell(answered(register, question.id, None, None, Some(question.flow)));
    }

    /// Sends it under a new number: in this dialogless world CSeq may simply count all our questions.
    fn put(&mut self, now: Instant, mut question: Question) {
        self.last_question = self.last_question.wrapping_add(1) & 0x7fff_ffff;
        let number = self.last_question;
        let Question { flow, advertised, ref mut request, .. } = question;
        let branch = format!("z9hG4bK{}", self.dice.hex(20));
        let via = Via::new(flow.transport.name(), advertised, &branch);
        request.headers.remove("Via");
        request.headers.push_first("Via", via.to_wire());
        request.headers.set("CSeq", format!("{number} {}", request.method));
        match request.to_bytes().map(Bytes::from) {
            Ok(bytes) => {
                let request = request.clone();
                self.questions.insert(number, question);
                self.transactions.ask(now, AskId { leg: None, number }, flow, request, bytes);
            }
            Err(_) => {
                let register = request.method == Method::Register;
                self.tell(answered(register, question.id, Some(400), None, Some(flow)));
            }
        }
    }

    pub(super) fn options(&mut self, uri: Uri, advertised: SocketAddr) -> Request {
        let own = Uri::sip(None, &advertised.ip().to_string(), Some(advertised.port()));
        let mut request = self.outside(Method::Options, uri.clone(), own.clone(), uri);
        request.headers.push("Contact", NameAddr::new(own).to_wire());
        request.headers.push("Accept", capability::ACCEPT);
        request
    }

    fn register(
        &mut self,
        registrar: Uri,
        user: &str,
        advertised: SocketAddr,
        expires: Duration,
    ) -> Request {
        let record = Uri::sip(Some(user), &registrar.host, registrar.port);
        let host = advertised.ip().to_string();
        let contact = NameAddr::new(Uri::sip(Some(user), &host, Some(advertised.port())));
        let mut request = self.outside(Method::Register, registrar, record.clone(), record);
        let seconds = expires.as_secs();
        request.headers.push("Contact", format!("{};expires={seconds}", contact.to_wire()));
        request.headers.push("Expires", seconds.to_string());
        request
    }

    /// Begins a request outside any dialog; Via and CSeq come when it is sent.
    fn outside(&mut self, method: Method, uri: Uri, from: Uri, to: Uri) -> Request {
        let from = NameAddr::new(from).with_tag(&self.dice.hex(16));
        let mut request = Request::new(method, uri);
        request.headers.push("Max-Forwards", "70");
        request.headers.push("From", from.to_wire());
        request.headers.push("To", NameAddr::new(to).to_wire());
        request.headers.push("Call-ID", self.dice.hex(24));
        request.headers.push("CSeq", "1 OPTIONS");
        request.headers.push("User-Agent", &self.config.product);
        request.headers.push("Allow", capability::ALLOW);
        request.headers.push("Supported", capability::SUPPORTED);
        request
    }
}

fn answered(
    register: bool,
    id: u32,
    status: Option<u16>,
    retry_after: Option<Duration>,
    asked: Option<Flow>,
) -> Event {
    match register {
        true => Event::RegisterAnswered { id, status },
        false => Event::OptionsAnswered { id, status, retry_after, asked },
    }
}
