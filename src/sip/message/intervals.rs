//! How long things last: sessions, registrations, pauses (RFC 4028, RFC 3261 §20.19, §20.33).

use super::headers::Headers;
use super::name_addr::NameAddr;
use super::scan;
use super::views::token_and_params;

/// Who keeps a session alive (RFC 4028 §4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refresher {
    /// Whoever sent the request that this stands in or answers.
    Uac,
    /// Whoever answers it.
    Uas,
}

/// The Session-Expires field (RFC 4028 §4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionExpires {
    /// Seconds until the session is over unless it is refreshed.
    pub seconds: u32,
    /// Who refreshes it; `None` where that is left to the other side, or is a word we do not know.
    pub refresher: Option<Refresher>,
}

impl Refresher {
    /// Returns it as written on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uac => "uac",
            Self::Uas => "uas",
        }
    }

    /// Returns the other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Uac => Self::Uas,
            Self::Uas => Self::Uac,
        }
    }
}

impl SessionExpires {
    /// Reads `1800;refresher=uac`. Too large a number becomes `u32::MAX`.
    pub fn parse(text: &str) -> Option<Self> {
        let (seconds, params) = token_and_params(text)?;
        let refresher = params.unquoted("refresher").and_then(|word| {
            [Refresher::Uac, Refresher::Uas]
                .into_iter()
                .find(|refresher| word.eq_ignore_ascii_case(refresher.as_str()))
        });
        Some(Self { seconds: scan::saturating_number(&seconds)?, refresher })
    }

    /// Writes it for the wire.
    pub fn to_wire(self) -> String {
        match self.refresher {
            Some(refresher) => format!("{};refresher={}", self.seconds, refresher.as_str()),
            None => self.seconds.to_string(),
        }
    }
}

impl Headers {
    /// Returns how long the session is to last, and who refreshes it.
    pub fn session_expires(&self) -> Option<SessionExpires> {
        SessionExpires::parse(self.get("Session-Expires")?)
    }

    /// Returns the shortest session that some hop takes, in seconds (RFC 4028 §5).
    pub fn min_se(&self) -> Option<u32> {
        self.leading_seconds("Min-SE")
    }

    /// Returns Expires in seconds; the largest number for anything larger.
    pub fn expires(&self) -> Option<u32> {
        scan::saturating_number(self.get("Expires")?)
    }

    /// Returns the shortest registration or subscription that is taken, in seconds: of a 423.
    pub fn min_expires(&self) -> Option<u32> {
        self.leading_seconds("Min-Expires")
    }

    /// Returns Retry-After in seconds, without its comment and parameters.
    pub fn retry_after(&self) -> Option<u32> {
        self.leading_seconds("Retry-After")
    }

    /// Returns how many seconds a registrar grants to a contact that it lists: the contact's own
    /// `expires`, else the Expires field (RFC 3261 §10.2.4).
    pub fn granted(&self, contact: &NameAddr) -> Option<u32> {
        contact.expires().or_else(|| self.expires())
    }

    /// Reads the number before a comment or parameters.
    fn leading_seconds(&self, name: &str) -> Option<u32> {
        scan::saturating_number(self.get(name)?.split([';', '(', ' ', '\t']).next()?)
    }
}

impl NameAddr {
    /// Returns a contact's own `expires` in seconds.
    pub fn expires(&self) -> Option<u32> {
        scan::saturating_number(&self.params.unquoted("expires")?)
    }

    /// Returns a contact's preference in thousandths, 1000 if it says nothing (RFC 3261 §20.10).
    pub fn preference(&self) -> u16 {
        let Some(value) = self.params.get("q") else { return 1000 };
        let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 3 {
            return 1000;
        }
        match whole.trim_start_matches('0') {
            "" => format!("{fraction:0<3}").parse().unwrap_or(1000),
            _ => 1000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &str, value: &str) -> Headers {
        let mut headers = Headers::default();
        headers.push(name, value);
        headers
    }

    #[test]
    fn session_expires_as_peers_write_it() {
        let read = |value| headers("x", value).session_expires();
        let with = |seconds, refresher| Some(SessionExpires { seconds, refresher });
        assert_eq!(read("1800"), with(1800, None));
        assert_eq!(read(" 1800 ; Refresher = UAS"), with(1800, Some(Refresher::Uas)));
        assert_eq!(read("90;refresher=\"uac\";x=y"), with(90, Some(Refresher::Uac)));
        assert_eq!(read("90;refresher=me"), with(90, None));
        assert_eq!(read("99999999999;refresher=uac"), with(u32::MAX, Some(Refresher::Uac)));
        for bad in ["", ";refresher=uac", "-1", "1.5", "soon"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        for wire in ["1800", "90;refresher=uac", "90;refresher=uas"] {
            assert_eq!(SessionExpires::parse(wire).map(SessionExpires::to_wire).unwrap(), wire);
        }
        assert_eq!(Refresher::Uac.other(), Refresher::Uas);
    }

    #[test]
    fn numbers_with_something_behind() {
        assert_eq!(headers("Min-SE", "90;lr=x").min_se(), Some(90));
        assert_eq!(headers("Min-SE", "x").min_se(), None);
        assert_eq!(headers("Min-Expires", "300").min_expires(), Some(300));
        let retry = |value| headers("Retry-After", value).retry_after();
        assert_eq!(retry("18000;duration=3600"), Some(18_000));
        assert_eq!(retry("120 (I'm in a meeting)"), Some(120));
        assert_eq!(retry("5(x)"), Some(5));
        assert_eq!(retry("Fri, 01 Jan 2027 00:00:00 GMT"), None);
    }

    #[test]
    fn what_a_registrar_grants() {
        let mut answer = headers("Contact", "<sip:a@b>;expires=60, <sip:c@d>;q=0.7");
        let granted = |answer: &Headers| -> Vec<_> {
            answer.contacts().iter().map(|contact| answer.granted(contact)).collect()
        };
        assert_eq!(granted(&answer), [Some(60), None]);
        answer.push("Expires", "3600");
        assert_eq!(granted(&answer), [Some(60), Some(3600)]);
        let q = |value: &str| NameAddr::parse(&format!("<sip:a>;q={value}")).unwrap().preference();
        assert_eq!(
            [q("0.7"), q("1"), q("1.000"), q("0"), q("0.05"), q(".5")],
            [700, 1000, 1000, 0, 50, 500]
        );
        assert_eq!([q("2"), q("0.12345"), q("x")], [1000; 3]);
    }
}
