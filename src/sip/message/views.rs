//! What header fields mean: one reading for each, made when asked for.
//!
//! A view returns `None`, or leaves an element out, where the text cannot be read. For the fields
//! that the parser has checked that means: not there.

use super::cseq::CSeq;
use super::headers::{Headers, Kind};
use super::name_addr::NameAddr;
use super::params::Params;
use super::parse::Fault;
use super::scan;
use super::via::Via;

/// The package of an Event field (RFC 6665 §8.2.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EventPackage {
    /// `refer`, `message-summary`, `dialog`; in lower case.
    pub package: String,
    /// Which of several subscriptions.
    pub id: Option<String>,
}

/// How a subscription stands (RFC 6665 §4.1.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Subscription {
    /// Accepted, and running.
    Active,
    /// Received, not yet decided.
    Pending,
    /// Over.
    Terminated,
    /// A word we do not know: treated as running.
    Other,
}

/// The Subscription-State field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SubscriptionState {
    /// How it stands.
    pub state: Subscription,
    /// Why it is over: `noresource`, `timeout`, `rejected` and others.
    pub reason: Option<String>,
    /// Seconds left.
    pub expires: Option<u32>,
}

impl Headers {
    /// Returns the caller's address as it says itself.
    pub fn from(&self) -> Option<NameAddr> {
        NameAddr::parse(self.known(Kind::From)?).ok()
    }

    /// Returns the called address as the caller says.
    pub fn to(&self) -> Option<NameAddr> {
        NameAddr::parse(self.known(Kind::To)?).ok()
    }

    /// Returns the Call-ID, compared byte by byte.
    pub fn call_id(&self) -> Option<&str> {
        self.known(Kind::CallId)
    }

    /// Returns the sequence number and its method.
    pub fn cseq(&self) -> Option<CSeq> {
        CSeq::parse(self.known(Kind::CSeq)?).ok()
    }

    /// Returns the Vias, topmost first.
    pub fn vias(&self) -> Vec<Via> {
        self.list("Via")
            .unwrap_or_default()
            .into_iter()
            .filter_map(|v| Via::parse(v).ok())
            .collect()
    }

    /// Returns the topmost Via.
    pub fn top_via(&self) -> Option<Via> {
        let mut top = None;
        // The first element ends the look: what follows it is not needed.
        let _ = scan::each(self.known(Kind::Via)?, b',', true, |element| {
            top = Some(element);
            Err(Fault::bad("enough"))
        });
        Via::parse(top?).ok()
    }

    /// Returns the contacts; none for `*`.
    pub fn contacts(&self) -> Vec<NameAddr> {
        self.addresses("Contact")
    }

    /// Whether the contact is `*`: a REGISTER that withdraws everything (RFC 3261 §10.2.2).
    pub fn contact_is_star(&self) -> bool {
        self.known(Kind::Contact) == Some("*")
    }

    /// Returns the Route set, topmost first.
    pub fn routes(&self) -> Vec<NameAddr> {
        self.addresses("Route")
    }

    /// Returns the recorded routes, as they stand.
    pub fn record_routes(&self) -> Vec<NameAddr> {
        self.addresses("Record-Route")
    }

    /// Returns the way that a registrar wants our requests to go (RFC 3608), topmost first.
    pub fn service_routes(&self) -> Vec<NameAddr> {
        self.addresses("Service-Route")
    }

    /// Returns the way by which a registered contact is reached (RFC 3327), topmost first.
    pub fn paths(&self) -> Vec<NameAddr> {
        self.addresses("Path")
    }

    /// Returns the hops left; 255 for anything larger.
    pub fn max_forwards(&self) -> Option<u8> {
        scan::saturating_number(self.known(Kind::MaxForwards)?)
            .map(|hops| u8::try_from(hops).unwrap_or(u8::MAX))
    }

    /// Returns the media type in lower case, without parameters: `application/sdp`.
    pub fn content_type(&self) -> Option<String> {
        let media = self.known(Kind::ContentType)?.split(';').next()?;
        let mut media: String =
            media.chars().filter(|letter| !matches!(letter, ' ' | '\t')).collect();
        media.make_ascii_lowercase();
        Some(media)
    }

    /// Returns the event package.
    pub fn event(&self) -> Option<EventPackage> {
        let (package, params) = token_and_params(self.known(Kind::Event)?)?;
        Some(EventPackage { package, id: params.get("id").map(str::to_owned) })
    }

    /// Returns how a subscription stands.
    pub fn subscription_state(&self) -> Option<SubscriptionState> {
        let (word, params) = token_and_params(self.known(Kind::SubscriptionState)?)?;
        let state = match word.as_str() {
            "active" => Subscription::Active,
            "pending" => Subscription::Pending,
            "terminated" => Subscription::Terminated,
            _ => Subscription::Other,
        };
        Some(SubscriptionState {
            state,
            reason: params.get("reason").map(str::to_ascii_lowercase),
            expires: params.get("expires").and_then(scan::saturating_number),
        })
    }

    /// Returns the tokens of a list such as Require, Supported or Allow, from every field of the
    /// name, without parameters, as written.
    pub fn tokens(&self, name: &str) -> Vec<String> {
        let bare = |element: &str| element.split(';').next().map(scan::trim).map(str::to_owned);
        self.get_all(name)
            .flat_map(|value| scan::split(value, b',', true).unwrap_or_default())
            .filter_map(bare)
            .filter(|token| !token.is_empty())
            .collect()
    }

    /// Whether a list such as Supported holds a token, whatever its case.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.tokens(name).iter().any(|held| held.eq_ignore_ascii_case(token))
    }

    /// Returns the elements of a comma-separated list, from every field of the name. Fails on an
    /// empty element (RFC 4475 §3.1.2.1) and on a quoted string that does not end.
    pub fn list(&self, name: &str) -> Result<Vec<&str>, Fault> {
        let mut elements = Vec::new();
        for value in self.get_all(name) {
            each_element(value, |element| {
                elements.push(element);
                Ok(())
            })?;
        }
        Ok(elements)
    }

    /// Calls `each` with every element of such a list, up to its first fault.
    pub(super) fn each_element<'a>(
        &'a self,
        kind: Kind,
        mut each: impl FnMut(&'a str) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.known_all(kind).try_for_each(|value| each_element(value, &mut each))
    }

    /// Whether the sender takes bodies of a type such as `application/sdp`. Whoever says nothing
    /// takes SDP and nothing else (RFC 3261 §20.1), and so does whoever sends an empty field: by
    /// the letter it would take nothing, which no caller means.
    pub fn accepts(&self, media: &str) -> bool {
        let ranges = self.tokens("Accept");
        if ranges.is_empty() {
            return media.eq_ignore_ascii_case("application/sdp");
        }
        let family = media.split('/').next().unwrap_or_default();
        ranges.iter().any(|range| {
            let (kind, sub) = range.split_once('/').unwrap_or((range, "*"));
            let (kind, sub) = (scan::trim(kind), scan::trim(sub));
            let all = kind == "*" || kind.eq_ignore_ascii_case(family) && sub == "*";
            all || format!("{kind}/{sub}").eq_ignore_ascii_case(media)
        })
    }

    /// Returns the elements of a comma-separated list that are not empty, from every field of the
    /// name that can be cut.
    pub(super) fn elements(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get_all(name)
            .flat_map(|value| scan::split(value, b',', true).unwrap_or_default())
            .filter(|element| !element.is_empty())
    }

    /// Returns the addresses of a list, without the elements that cannot be read.
    pub(super) fn readable_addresses(&self, name: &str) -> impl Iterator<Item = NameAddr> {
        self.elements(name).filter_map(|element| NameAddr::parse(element).ok())
    }

    fn addresses(&self, name: &str) -> Vec<NameAddr> {
        let elements = self.list(name).unwrap_or_default();
        elements.into_iter().filter_map(|element| NameAddr::parse(element).ok()).collect()
    }
}

/// Reads a word in lower case, and those of its parameters that can be read.
pub(super) fn token_and_params(value: &str) -> Option<(String, Params)> {
    let (token, params) = value.split_at(value.find(';').unwrap_or(value.len()));
    let token = scan::trim(token).to_ascii_lowercase();
    (!token.is_empty()).then(|| (token, Params::parse_readable(params)))
}

fn each_element<'a>(
    value: &'a str,
    mut each: impl FnMut(&'a str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    scan::each(value, b',', true, |element| match element {
        "" => Err(Fault::bad("a list has an empty element")),
        _ => each(element),
    })
}
