//! OPTIONS to a peer by its name: looked up first, then asked place by place until one answers.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{Output, Ua};
use crate::sip::api::{Command, Event, Flow};
use crate::sip::message::Uri;
use crate::sip::registration::direct;

/// Tickets of these look-ups are apart from all others.
const TICKETS: u64 = 1 << 62;
/// How long a name may be looked up.
const WAIT: Duration = Duration::from_secs(32);
/// Places that one question asks.
const MAX_PLACES: usize = 8;

/// Questions whose place is being looked up, by their id.
#[derive(Default)]
pub(super) struct LookUps(BTreeMap<u32, LookUp>);

struct LookUp {
    uri: Uri,
    advertised: SocketAddr,
    until: Instant,
}

impl LookUps {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.0.values().map(|look_up| look_up.until).min()
    }
}

impl Ua {
    pub(super) fn qualify(&mut self, now: Instant, command: &Command) {
        let Command::Qualify { id, target, from, advertised } = command else { return };
        let (id, from, advertised) = (*id, *from, *advertised);
        let Some(uri) = Uri::parse(target).ok().filter(|uri| !uri.host.is_empty()) else {
            return self.tell(Event::OptionsAnswered {
                id,
                status: None,
                retry_after: None,
                asked: None,
            });
        };
        if let Some(flow) = direct(&uri, from) {
            let request = self.options(uri, advertised);
            return self.put_to(now, id, request, advertised, VecDeque::from([flow]));
        }
        let question = uri.to_wire();
        self.qualifying.0.insert(id, LookUp { uri, advertised, until: now + WAIT });
        let ticket = TICKETS + u64::from(id);
        self.outputs.push_back(Output::Resolve { ticket, uri: question, from });
    }

    /// Takes the answer to a look-up to whoever asked.
    pub(super) fn resolved(&mut self, now: Instant, ticket: u64, flows: Vec<Flow>) {
        let id = ticket.checked_sub(TICKETS).and_then(|id| u32::try_from(id).ok());
        match id.and_then(|id| Some((id, self.qualifying.0.remove(&id)?))) {
            Some((id, LookUp { uri, advertised, .. })) => {
                let request = self.options(uri, advertised);
                let places = flows.into_iter().take(MAX_PLACES).collect();
                self.put_to(now, id, request, advertised, places);
            }
            None => self.registrar_found(now, ticket, flows),
        }
    }

    pub(super) fn run_look_ups(&mut self, now: Instant) {
        let late = self.qualifying.0.iter().filter(|(_, found)| found.until <= now);
        let late: Vec<_> = late.map(|(id, _)| *id).collect();
        for id in late {
            self.qualifying.0.remove(&id);
            let (status, retry_after, asked) = (None, None, None);
            self.tell(Event::OptionsAnswered { id, status, retry_after, asked });
        }
    }
}
