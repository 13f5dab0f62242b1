//! Who calls: what the network asserts, else what the caller says (RFC 3325, RFC 3323).

use super::headers::Headers;
use super::name_addr::NameAddr;
use super::scan;
use super::uri::Scheme;
use crate::base::Purpose;

/// User parts by which PBXs say that they do not say.
const WITHHELD: [&str; 4] = ["anonymous", "restricted", "unavailable", "unknown"];

/// What a caller wants kept from others (RFC 3323 §4.2, RFC 3325 §9.3, RFC 7044 §10.1).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Privacy {
    /// Nothing is to be hidden, whatever the network would do.
    pub none: bool,
    /// The asserted identity (`id`).
    pub id: bool,
    /// Header fields that name the caller.
    pub header: bool,
    /// The media's addresses.
    pub session: bool,
    /// What the caller's own telephone could not hide.
    pub user: bool,
    /// The call must fail rather than be shown.
    pub critical: bool,
    /// The targets that the call had.
    pub history: bool,
}

/// Whom a Remote-Party-ID names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Party {
    /// Whoever calls; also where nothing is said.
    Calling,
    /// Whoever is called.
    Called,
    /// Another word.
    Other,
}

/// One Remote-Party-ID value (draft-ietf-sip-privacy-04), which Cisco and FreeSWITCH still send.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RemotePartyId {
    /// The party.
    pub who: NameAddr,
    /// Which party it is.
    pub party: Party,
    /// The sender has checked that it is (`screen=yes`).
    pub screened: bool,
    /// It is not to be shown (`privacy` other than `off`).
    pub private: bool,
}

impl RemotePartyId {
    fn new(who: NameAddr) -> Self {
        let word = |name| who.params.unquoted(name).map(|word| word.to_ascii_lowercase());
        let party = match word("party").as_deref() {
            None | Some("calling") => Party::Calling,
            Some("called") => Party::Called,
            Some(_) => Party::Other,
        };
        let screened = word("screen").as_deref() == Some("yes");
        let private = word("privacy").is_some_and(|word| word != "off");
        Self { party, screened, private, who }
    }
}

impl Headers {
    /// Returns the identities that the network asserts, in order.
    pub fn asserted_identities(&self) -> Vec<NameAddr> {
        self.readable_addresses("P-Asserted-Identity").collect()
    }

    /// Returns the identities that the caller asks the network to assert.
    pub fn preferred_identities(&self) -> Vec<NameAddr> {
        self.readable_addresses("P-Preferred-Identity").collect()
    }

    /// Returns the parties that the peer names, in order.
    pub fn remote_party_ids(&self) -> Vec<RemotePartyId> {
        self.readable_addresses("Remote-Party-ID").map(RemotePartyId::new).collect()
    }

    /// Returns what the caller wants hidden; nothing where nothing is said. Words are parted by
    /// semicolons, and by commas where a peer takes the field for a list.
    pub fn privacy(&self) -> Privacy {
        let mut privacy = Privacy::default();
        for word in self.get_all("Privacy").flat_map(|value| value.split([';', ','])) {
            match scan::trim(word).to_ascii_lowercase().as_str() {
                "none" => privacy.none = true,
                "id" => privacy.id = true,
                "header" => privacy.header = true,
                "session" => privacy.session = true,
                "user" => privacy.user = true,
                "critical" => privacy.critical = true,
                "history" => privacy.history = true,
                _ => {}
            }
        }
        privacy
    }

    /// Returns the caller: P-Asserted-Identity, of two values the SIP one; else From. `None` for
    /// an anonymous caller. Privacy is not an obstacle: it binds those outside the network that
    /// asserts the identity (RFC 3325 §9.3), and a trunk's peers are inside.
    pub fn asserted_identity(&self) -> Option<NameAddr> {
        let mut asserted = self.asserted_identities();
        asserted.retain(|identity| !identity.is_anonymous());
        let sip = |identity: &&NameAddr| matches!(identity.uri.scheme, Scheme::Sip | Scheme::Sips);
        let best = asserted.iter().find(sip).or(asserted.first()).cloned();
        best.or_else(|| self.from().filter(|from| !from.is_anonymous()))
    }
}

impl NameAddr {
    /// Whether it names nobody: no user part, a word such as `anonymous` for one, or the host that
    /// stands for none (RFC 3323 §4.1.1.3).
    pub fn is_anonymous(&self) -> bool {
        let host = self.uri.host.to_ascii_lowercase();
        if host == "anonymous.invalid" || host.ends_with(".anonymous.invalid") {
            return true;
        }
        let Some(user) = self.uri.number() else { return true };
        let user = user.reveal(Purpose::Comparison);
        WITHHELD.iter().any(|word| user.eq_ignore_ascii_case(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parties_and_privacy() {
        let mut headers = Headers::default();
        assert_eq!(headers.privacy(), Privacy::default());
        headers.push("Remote-Party-ID", "\"A\" <sip:1@pbx>;party=Calling;screen=YES;privacy=off");
        headers.push("Remote-Party-ID", "<sip:2@pbx>;party=called;privacy=full, sip:3@pbx;party=x");
        headers.push("Privacy", "id; Header ,critical;new");
        let ids = headers.remote_party_ids();
        let parties: Vec<_> = ids.iter().map(|id| (id.party, id.screened, id.private)).collect();
        assert_eq!(
            parties,
            [
                (Party::Calling, true, false),
                (Party::Called, false, true),
                (Party::Other, false, false)
            ]
        );
        let expected = Privacy { id: true, header: true, critical: true, ..Privacy::default() };
        assert_eq!(headers.privacy(), expected);
        headers.push("P-Preferred-Identity", "\"B\" <sip:4@pbx>, <tel:+5>");
        assert_eq!(headers.preferred_identities().len(), 2);
        assert!(NameAddr::parse("<sip:anonymous@anonymous.invalid>").unwrap().is_anonymous());
    }
}
