//! Whom a call was for before it came to us: Diversion (RFC 5806), History-Info (RFC 7044).

use super::headers::Headers;
use super::name_addr::NameAddr;
use super::reason::Reason;
use super::scan;
use crate::base::Purpose;

/// One Diversion value: a number that passed the call on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diversion {
    /// The number that was dialled, and did not answer.
    pub who: NameAddr,
    /// Why: `unconditional`, `user-busy`, `no-answer` and others, in lower case.
    pub reason: Option<String>,
    /// How often it was passed on; 1 if not said.
    pub counter: u32,
    /// The number is not to be shown (`privacy` other than `off`).
    pub private: bool,
}

/// One History-Info value: a target that the call had.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HistoryEntry {
    /// The target, without the header fields of its URI.
    pub who: NameAddr,
    /// Its place in the tree of targets: `1.1` as `[1, 1]`; empty where it cannot be read.
    pub index: Vec<u32>,
    /// Why the call left it: the Reason inside its URI, else the `cause` of RFC 4458.
    pub reason: Option<Reason>,
    /// The target is not to be shown (`Privacy` inside its URI).
    pub private: bool,
}

impl Diversion {
    fn new(who: NameAddr) -> Self {
        let word = |name| who.params.unquoted(name).map(|word| word.to_ascii_lowercase());
        let (reason, privacy) = (word("reason"), word("privacy"));
        let counter = who.params.get("counter").and_then(scan::saturating_number).unwrap_or(1);
        Self { reason, counter, private: privacy.is_some_and(|word| word != "off"), who }
    }
}

impl HistoryEntry {
    fn new(mut who: NameAddr) -> Self {
        let index = who.params.get("index").map(index).unwrap_or_default();
        let header = |name| who.uri.header(name);
        let private = header("Privacy").is_some_and(|value| {
            let value = value.reveal(Purpose::Signalling);
            value.split([';', ',']).any(|word| !scan::trim(word).eq_ignore_ascii_case("none"))
        });
        let inside =
            header("Reason").and_then(|value| Reason::parse(value.reveal(Purpose::Signalling)));
        let cause = who.uri.params.get("cause").and_then(scan::number);
        let redirected = |cause| Reason { protocol: "SIP".into(), cause: Some(cause), text: None };
        let reason = inside.or_else(|| cause.map(redirected));
        who.uri.headers.clear();
        Self { who, index, reason, private }
    }
}

/// Reads `1.2.1`.
fn index(text: &str) -> Vec<u32> {
    let numbers: Option<Vec<u32>> = text.split('.').map(scan::saturating_number).collect();
    numbers.unwrap_or_default()
}

impl Headers {
    /// Returns the numbers that passed the call on, the latest first (RFC 5806 §7.2).
    pub fn diversions(&self) -> Vec<Diversion> {
        self.readable_addresses("Diversion").map(Diversion::new).collect()
    }

    /// Returns the targets that the call had, in order: the first is what the caller dialled.
    pub fn history(&self) -> Vec<HistoryEntry> {
        self.readable_addresses("History-Info").map(HistoryEntry::new).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(who: &NameAddr) -> String {
        who.uri.number().unwrap().reveal(Purpose::Comparison).clone()
    }

    #[test]
    fn diversions_as_peers_write_them() {
        let mut headers = Headers::default();
        headers.push(
            "Diversion",
            "\"Desk, Front\" <sip:2001@pbx>;Reason=No-Answer;privacy=\"full\";counter=2;screen=no, \
             <tel:+1-555-0100>;reason=\"user-busy\", <broken",
        );
        headers.push("diversion", "sip:4000@pbx;reason=unconditional;privacy=off");
        let all = headers.diversions();
        assert_eq!(
            all.iter().map(|d| number(&d.who)).collect::<Vec<_>>(),
            ["2001", "+15550100", "4000"]
        );
        let (first, last) = (&all[0], &all[2]);
        assert_eq!(
            (first.reason.as_deref(), first.counter, first.private),
            (Some("no-answer"), 2, true)
        );
        assert_eq!(all[1].reason.as_deref(), Some("user-busy"));
        assert_eq!(
            (last.reason.as_deref(), last.counter, last.private),
            (Some("unconditional"), 1, false)
        );
    }

    #[test]
    fn histories_as_peers_write_them() {
        let mut headers = Headers::default();
        headers.push(
            "History-Info",
            "<sip:+15550100@sbc?Reason=SIP%3Bcause%3D302%3Btext%3D%22Moved%22&Privacy=history>;index=1,\
             <sip:200@pbx;cause=408>;index=1.1;rc=1, \"Desk\" <sip:300@pbx>;index=1.1.x",
        );
        let all = headers.history();
        let numbers: Vec<_> = all.iter().map(|entry| number(&entry.who)).collect();
        assert_eq!(numbers, ["+15550100", "200", "300"]);
        let reason = |at: usize| all[at].reason.as_ref().and_then(|reason| reason.cause);
        assert_eq!([reason(0), reason(1), reason(2)], [Some(302), Some(408), None]);
        assert_eq!([all[0].private, all[1].private], [true, false]);
        let indexes: Vec<_> = all.iter().map(|entry| entry.index.clone()).collect();
        assert_eq!(indexes, [vec![1], vec![1, 1], vec![]]);
        assert!(all[0].who.uri.headers.is_empty());
    }
}
