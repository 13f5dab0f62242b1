//! The built-in registrar (RFC 3261 §10.3): which softphone is reached by which flow.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::api::Flow;
use super::message::{NameAddr, Request};

/// The longest a binding lasts; a phone that asks for more is told.
const MAX_EXPIRES: u32 = 3600;
/// What a phone gets that names no time.
const DEFAULT_EXPIRES: u32 = 600;
/// Devices of one user: a desk phone, a softphone, and some spare.
const MAX_BINDINGS: usize = 8;

/// One device of a user.
#[derive(Clone, Debug)]
struct Binding {
    contact: String,
    flow: Flow,
    until: Instant,
    call_id: String,
    cseq: u32,
}

/// Who is registered.
#[derive(Debug, Default)]
pub(crate) struct Bindings(BTreeMap<String, Vec<Binding>>);

/// What became of a REGISTER.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Registered {
    /// Contact values for the 200.
    pub(crate) contacts: Vec<String>,
    /// What changed: the flow, and for how long; zero withdraws it.
    pub(crate) changes: Vec<(Flow, Duration)>,
}

/// Why a REGISTER is refused: the status, and words for the admin.
pub(crate) type Refused = (u16, &'static str);

impl Bindings {
    /// Takes the REGISTER of a user who proved to be that.
    pub(crate) fn register(
        &mut self,
        now: Instant,
        user: &str,
        flow: Flow,
        request: &Request,
    ) -> Result<Registered, Refused> {
        let headers = &request.headers;
        let call_id = headers.call_id().unwrap_or_default();
        let cseq = headers.cseq().map_or(0, |cseq| cseq.number);
        let bindings = self.0.entry(user.to_owned()).or_default();
        let stale = |binding: &&Binding| binding.call_id == call_id && cseq <= binding.cseq;
        let mut changes = Vec::new();
        if bindings.iter().any(|binding| stale(&binding)) {
            return Err((500, "a REGISTER came out of order"));
        }
        if headers.contact_is_star() {
            if headers.expires() != Some(0) {
                return Err((400, "Contact: * without Expires: 0"));
            }
            changes.extend(bindings.drain(..).map(|binding| (binding.flow, Duration::ZERO)));
        }
        for contact in headers.contacts() {
            let expires = expires(&contact, headers.expires());
            let uri = contact.uri.to_wire();
            bindings.retain(|binding| binding.contact != uri);
            changes.push((flow, Duration::from_secs(expires.into())));
            if expires == 0 {
                continue;
            }
            if bindings.len() == MAX_BINDINGS {
                return Err((403, "a user has too many devices"));
            }
            let until = now + Duration::from_secs(expires.into());
            let call_id = call_id.to_owned();
            bindings.push(Binding { contact: uri, flow, until, call_id, cseq });
        }
        let contacts = bindings.iter().map(|binding| binding.written(now)).collect();
        self.0.retain(|_, bindings| !bindings.is_empty());
        Ok(Registered { contacts, changes })
    }

    /// Takes out what has run out, and says what that was.
    pub(crate) fn take_expired(&mut self, now: Instant) -> Vec<(String, Flow)> {
        let mut expired = Vec::new();
        for (user, bindings) in &mut self.0 {
            for binding in bindings.extract_if(.., |binding| binding.until <= now) {
                expired.push((user.clone(), binding.flow));
            }
        }
        self.0.retain(|_, bindings| !bindings.is_empty());
        expired
    }

    /// Keeps the bindings of users that still exist, and says what went.
    pub(crate) fn keep(&mut self, exists: impl Fn(&str) -> bool) -> Vec<(String, Flow)> {
        let mut gone = Vec::new();
        self.0.retain(|user, bindings| {
            let stays = exists(user);
            if !stays {
                gone.extend(bindings.iter().map(|binding| (user.clone(), binding.flow)));
            }
            stays
        });
        gone
    }

    /// Returns when the next binding runs out.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.all().map(|(_, binding)| binding.until).min()
    }

    /// Returns who registered by this flow.
    pub(crate) fn user_of(&self, flow: Flow) -> Option<&str> {
        self.all().find(|(_, binding)| binding.flow == flow).map(|(user, _)| user)
    }

    /// Whether anybody is registered from this address.
    pub(crate) fn knows(&self, remote: IpAddr) -> bool {
        self.all().any(|(_, binding)| binding.flow.remote.ip() == remote)
    }

    /// Says one line for each binding.
    pub(crate) fn dump(&self, now: Instant) -> Vec<String> {
        let line = |(user, binding): (&str, &Binding)| {
            let left = binding.until.saturating_duration_since(now).as_secs();
            format!("{user} is at {}, for {left} s", binding.flow.remote)
        };
        self.all().map(line).collect()
    }

    fn all(&self) -> impl Iterator<Item = (&str, &Binding)> {
        self.0.iter().flat_map(|(user, bindings)| bindings.iter().map(move |b| (user.as_str(), b)))
    }
}

impl Binding {
    fn written(&self, now: Instant) -> String {
        let left = self.until.saturating_duration_since(now).as_secs();
        format!("<{}>;expires={left}", self.contact)
    }
}

/// RFC 3261 §10.3: the Contact's own time, else the request's, else ours.
fn expires(contact: &NameAddr, general: Option<u32>) -> u32 {
    let own = contact.params.get("expires").and_then(|text| text.parse().ok());
    own.or(general).unwrap_or(DEFAULT_EXPIRES).min(MAX_EXPIRES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::Transport;
    use crate::sip::message::{Message, Method};

    fn flow(port: u16) -> Flow {
        let at = |port| format!("10.0.0.1:{port}").parse().unwrap();
        Flow { transport: Transport::Udp, local: at(5060), remote: at(port) }
    }

    fn register(cseq: u32, lines: &str) -> Request {
        let text = format!(
            "REGISTER sip:pbx SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@pbx>;tag=1\r\n\
             To: <sip:a@pbx>\r\nCall-ID: c\r\nCSeq: {cseq} REGISTER\r\n{lines}\r\n"
        );
        match Message::parse(text.as_bytes()).unwrap() {
            Message::Request(request) => request,
            Message::Response(_) => panic!("{}", Method::Register),
        }
    }

    #[test]
    fn a_phone_comes_refreshes_and_goes() {
        let now = Instant::now();
        let later = now + Duration::from_secs(50);
        let mut bindings = Bindings::default();
        let mut go = |now, cseq, lines| {
            bindings.register(now, "a", flow(7000), &register(cseq, lines)).map(|r| r.contacts)
        };
        let come = "Contact: <sip:a@10.0.0.1:7000>\r\nExpires: 60\r\n";
        assert_eq!(go(now, 1, come), Ok(vec!["<sip:a@10.0.0.1:7000>;expires=60".into()]));
        assert_eq!(go(later, 2, ""), Ok(vec!["<sip:a@10.0.0.1:7000>;expires=10".into()]));
        assert_eq!(go(later, 3, come), Ok(vec!["<sip:a@10.0.0.1:7000>;expires=60".into()]));
        assert_eq!(go(later, 3, come), Err((500, "a REGISTER came out of order")));
        let second = "Contact: <sip:a@10.0.0.1:7001>;expires=99999\r\n";
        assert_eq!(go(later, 4, second).unwrap().len(), 2);
        assert!(go(later, 5, "Contact: *\r\n").is_err());
        assert_eq!(go(later, 6, "Contact: *\r\nExpires: 0\r\n"), Ok(vec![]));
        assert_eq!(bindings.next_expiry(), None);
        assert!(bindings.0.is_empty());
    }

    #[test]
    fn a_phone_that_falls_silent_runs_out() {
        let now = Instant::now();
        let mut bindings = Bindings::default();
        let come = register(1, "Contact: <sip:a@10.0.0.1:7000>;expires=60\r\n");
        let done = bindings.register(now, "a", flow(7000), &come).unwrap();
        assert_eq!(done.changes, [(flow(7000), Duration::from_secs(60))]);
        assert_eq!(bindings.user_of(flow(7000)), Some("a"));
        assert_eq!(bindings.user_of(flow(7001)), None);
        let end = bindings.next_expiry().unwrap();
        assert!(bindings.take_expired(end - Duration::from_millis(1)).is_empty());
        assert_eq!(bindings.take_expired(end), [("a".to_owned(), flow(7000))]);
        assert_eq!(bindings.next_expiry(), None);
    }
}
