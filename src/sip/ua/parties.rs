//! Who calls whom, read where the trunk's policy says it stands (RFC 3325, RFC 3323, RFC 5806, RFC 7044).

use crate::base::{Phi, Purpose};
use crate::sip::api::{CalledFrom, CallerFrom, Policy};
use crate::sip::message::{NameAddr, Party, Request, Scheme};

/// Who calls whom.
#[derive(Debug, Default)]
pub(super) struct Parties {
    pub(super) called: Option<Phi<String>>,
    pub(super) caller: Option<Phi<String>>,
    pub(super) display: Option<Phi<String>>,
    /// The caller asked for privacy: the number may decide, but not be shown.
    pub(super) withheld: bool,
}

impl Parties {
    /// Reads them from an INVITE. A softphone is who it has proved to be, whatever it says (RFC 3325 §7: what
    /// comes from outside the network that is trusted does not count).
    pub(super) fn of(request: &Request, policy: &Policy, softphone: Option<String>) -> Self {
        let called = policy.called.iter().find_map(|place| called(request, *place));
        let called = called.or_else(|| request.uri.number());
        let from = request.headers.from();
        if let Some(user) = softphone {
            let own = |from: &NameAddr| {
                let number = from.uri.number();
                number.is_some_and(|number| *number.reveal(Purpose::Comparison) == user)
            };
            let display = from.filter(own).and_then(|from| from.display);
            return Self { called, caller: Some(Phi::new(user)), display, withheld: false };
        }
        let found = policy.caller.iter().find_map(|place| caller(request, *place));
        let (who, private) = match found {
            Some((who, private)) => (Some(who), private),
            None => (None, false),
        };
        let anonymous = from.as_ref().is_some_and(NameAddr::is_anonymous);
        let privacy = request.headers.privacy();
        let asked = !privacy.none && (privacy.id || privacy.user || privacy.header);
        let said = from.filter(|_| who.is_some() && !anonymous).and_then(|from| from.display);
        Self {
            called,
            caller: who.as_ref().and_then(|who| who.uri.number()),
            display: who.and_then(|who| who.display).or(said),
            withheld: asked || private || anonymous,
        }
    }
}

fn called(request: &Request, place: CalledFrom) -> Option<Phi<String>> {
    let headers = &request.headers;
    match place {
        CalledFrom::RequestUri => request.uri.number(),
        // Each one who passes the call on puts itself first: the last was dialled.
        CalledFrom::Diversion => headers.diversions().pop()?.who.uri.number(),
        CalledFrom::HistoryInfo => headers.history().into_iter().next()?.who.uri.number(),
        CalledFrom::To => headers.to()?.uri.number(),
    }
}

/// Returns who is named there, and whether not to show it.
fn caller(request: &Request, place: CallerFrom) -> Option<(NameAddr, bool)> {
    let headers = &request.headers;
    let named = |who: &NameAddr| !who.is_anonymous();
    let best = |identities: Vec<NameAddr>| {
        // RFC 3325 §9.1: of two, one is sip: and the other tel:.
        let sip = |who: &&NameAddr| matches!(who.uri.scheme, Scheme::Sip | Scheme::Sips);
        let mut named = identities.into_iter().filter(named).collect::<Vec<_>>();
        let at = named.iter().position(|who| sip(&who)).unwrap_or(0);
        (!named.is_empty()).then(|| (named.swap_remove(at), false))
    };
    match place {
        CallerFrom::Asserted => best(headers.asserted_identities()),
        CallerFrom::Preferred => best(headers.preferred_identities()),
        CallerFrom::RemotePartyId => {
            let mut ids = headers.remote_party_ids().into_iter();
            let id = ids.find(|id| id.party == Party::Calling && named(&id.who))?;
            Some((id.who, id.private))
        }
        CallerFrom::From => headers.from().filter(named).map(|who| (who, false)),
    }
}
