//! Who judges passwords: the registrar's judge, and one for each trunk whose calls show a digest.

use std::collections::BTreeMap;
use std::time::Instant;

use super::Ua;
use crate::base::{Dice, Secret, TrunkName};
use crate::sip::api::{Event, Flow, Inbound, UaConfig};
use crate::sip::auth::{Authenticator, Verdict};
use crate::sip::message::Request;
use crate::sip::transaction::ServerId;

/// Whose users a request has to be of.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Realm {
    /// The registrar's.
    Registrar,
    /// A trunk's own.
    Trunk(TrunkName),
}

/// All judges.
pub(super) struct Judges {
    key: Secret,
    /// Its own, so that who else throws dice does not matter to it.
    dice: Dice,
    all: BTreeMap<Realm, Authenticator>,
}

impl Judges {
    /// None yet. Until a better key comes, the seed has to do.
    pub(super) fn new(mut dice: Dice) -> Self {
        Self { key: Secret::new(dice.hex(64)), dice, all: BTreeMap::new() }
    }

    /// Takes a key. What was asked before is asked again.
    pub(super) fn set_key(&mut self, key: Secret) {
        self.key = key;
        self.all.clear();
    }

    /// Has a judge for each realm of the configuration. One that stays remembers what it was shown.
    pub(super) fn configure(&mut self, config: &UaConfig, now: Instant) {
        let registrar = config.registrar.iter();
        let registrar = registrar.map(|r| (Realm::Registrar, &r.realm, &r.users, &r.digests));
        let trunks = config.trunks.iter().filter_map(|trunk| match &trunk.inbound {
            Inbound::Digest { realm, users, digests } => {
                Some((Realm::Trunk(trunk.name.clone()), realm, users, digests))
            }
            Inbound::Ip | Inbound::Certificate | Inbound::Registered => None,
        });
        let mut before = std::mem::take(&mut self.all);
        for (place, realm, users, digests) in registrar.chain(trunks) {
            let judge = match before.remove(&place) {
                Some(mut judge) => {
                    judge.configure(realm, users, digests);
                    judge
                }
                None => {
                    let salt = self.dice.bits();
                    Authenticator::new(realm, users, digests, &self.key, salt, now)
                }
            };
            self.all.insert(place, judge);
        }
    }

    /// Whether softphones may register.
    pub(super) fn has_registrar(&self) -> bool {
        self.all.contains_key(&Realm::Registrar)
    }
}

impl Ua {
    pub(super) fn set_nonce_key(&mut self, now: Instant, key: &Secret) {
        self.judges.set_key(key.clone());
        self.judges.configure(&self.config, now);
    }

    /// Returns the user whose password the request shows; else answers 401 and returns `None`.
    pub(super) fn prove(
        &mut self,
        now: Instant,
        id: ServerId,
        flow: Flow,
        request: &Request,
        realm: &Realm,
    ) -> Option<String> {
        let ip = flow.remote.ip();
        let Some(judge) = self.judges.all.get_mut(realm) else {
            let why = "softphones are let in, but there is no registrar";
            self.reject(now, id, flow, request, 403, why);
            return None;
        };
        let stale = match judge.check(now, ip, request) {
            Verdict::Known { user } => return Some(user),
            Verdict::Missing => false,
            Verdict::Stale => true,
            Verdict::Wrong { user, locked } => {
                let failed = Event::AuthenticationFailed { flow, user, locked };
                self.outputs.push_back(super::Output::Event(failed));
                false
            }
        };
        let challenges = judge.challenges(now, ip, stale);
        let mut response = self.reply(request, 401);
        for challenge in challenges {
            response.headers.push("WWW-Authenticate", challenge);
        }
        // A first 401 is how this protocol says hello: no event.
        self.respond(now, id, &response);
        None
    }
}
