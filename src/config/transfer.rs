//! Where calls may be handed to on a trunk, and how that is written on the wire.

use std::fmt::Write;
use std::time::Duration;

use crate::dialplan::{Danger, Numbers, Pattern};

/// How calls leave us on a trunk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transfer {
    /// The ways, tried in this order.
    pub methods: Vec<TransferMethod>,
    /// What a final NOTIFY of 200 says.
    pub notify_200: Notify200,
    /// Whether the caller is with us again when a transfer fails after it was accepted.
    pub caller_returns: bool,
    /// What carries the hand-off's id with the REFER.
    pub context: Vec<ContextField>,
    /// The Refer-To URI, with `{ext}` and `{peer}` to fill in.
    pub(super) refer_to: String,
    /// What `{peer}` stands for: the PBX's host, and its port where it has one.
    pub(super) peer: String,
    /// How long an outcome is waited for.
    pub wait: Duration,
    /// The numbers that may be reached; none when empty.
    pub(super) allow: Vec<Pattern>,
    /// How numbers are read before `allow` sees them.
    pub(super) numbers: Numbers,
}

/// A way to hand a call over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TransferMethod {
    /// Blind REFER (RFC 3515, RFC 5589 §6).
    Refer,
}

impl TransferMethod {
    pub(super) const NAMES: [(&'static str, Self); 1] = [("refer", Self::Refer)];
}

/// What a PBX says by a final NOTIFY of 200 to our REFER.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Notify200 {
    /// Somebody answered.
    Answered,
    /// It took the caller, and nothing more is known.
    Accepted,
}

impl Notify200 {
    pub(super) const NAMES: [(&'static str, Self); 2] =
        [("answered", Self::Answered), ("accepted", Self::Accepted)];
}

/// What carries the hand-off's id with a REFER.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ContextField {
    /// `X-Handoff-Id`.
    XHeaders,
    /// A parameter of Referred-By (RFC 3892).
    ReferredBy,
    /// User-to-User (RFC 7433).
    UserToUser,
}

impl ContextField {
    pub(super) const NAMES: [(&'static str, Self); 3] = [
        ("x-headers", Self::XHeaders),
        ("referred-by", Self::ReferredBy),
        ("uui", Self::UserToUser),
    ];
}

/// A number that `[transfer] allow` does not let through.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{number} is not in `[transfer] allow`")]
pub struct NotAllowed {
    /// The number, which comes from the dialplan and not from the caller.
    pub number: String,
}

impl Transfer {
    /// Whether this trunk may hand calls to a number.
    pub fn allows(&self, number: &str) -> bool {
        // Reading a number drops `;` and all behind it: what is not a plain number is not read at all.
        let plain = |c: char| c.is_ascii_alphanumeric() || "+*#-_.".contains(c);
        let normal = self.numbers.normalise(number);
        number.chars().all(plain)
            && self.danger(number).is_none()
            && self.allow.iter().any(|pattern| pattern.matches(&normal))
    }

    /// Returns why a number is never dialled, whatever is allowed: as it is written, as it is read,
    /// and as it goes on the wire, where the template may put a 9 before it.
    pub(super) fn danger(&self, number: &str) -> Option<Danger> {
        let uri = self.fill(number);
        let user = uri.split_once(':').map_or("", |(_, rest)| rest);
        let user = user.split(['@', ';']).next().unwrap_or_default();
        let dangerous = |text: &str| {
            let country = self.numbers.country;
            country.never_dials(text).or_else(|| country.never_dials(&self.numbers.normalise(text)))
        };
        dangerous(number).or_else(|| dangerous(user))
    }

    /// Returns the URI to put into Refer-To for a number of the dialplan.
    ///
    /// # Errors
    /// When the number is not allowed. A plan that passed `check` never asks for one.
    pub fn refer_to(&self, number: &str) -> Result<String, NotAllowed> {
        match self.allows(number) {
            true => Ok(self.fill(number)),
            false => Err(NotAllowed { number: number.to_owned() }),
        }
    }

    fn fill(&self, number: &str) -> String {
        self.refer_to.replace("{ext}", &escape(number)).replace("{peer}", &self.peer)
    }
}

/// Writes a number as the user part of a SIP URI (RFC 3261 §25.1): `#` has to be escaped.
fn escape(number: &str) -> String {
    number.bytes().fold(String::new(), |mut uri, byte| {
        match byte {
            b if b.is_ascii_alphanumeric() || b"+*-_.".contains(&b) => uri.push(char::from(b)),
            b => write!(uri, "%{b:02X}").expect("a String takes all that is written"),
        }
        uri
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;
    use crate::dialplan::Country;

    fn transfer(allow: &[&str]) -> Transfer {
        Transfer {
            methods: vec![TransferMethod::Refer],
            notify_200: Notify200::Answered,
            caller_returns: false,
            context: Vec::new(),
            refer_to: "sip:{ext}@{peer};user=phone".into(),
            peer: "10.0.0.5".into(),
            wait: Duration::from_secs(25),
            allow: allow.iter().map(|text| Pattern::parse(text).unwrap()).collect(),
            numbers: Numbers { country: Country::Us, area_code: None },
        }
    }

    #[test]
    fn what_goes_on_the_wire() {
        let transfer = transfer(&["_6XXX", "_+1312XXXXXXX", "_#9X"]);
        for (number, uri) in [
            ("6001", Some("sip:6001@10.0.0.5;user=phone")),
            ("3125550142", Some("sip:3125550142@10.0.0.5;user=phone")),
            ("#91", Some("sip:%2391@10.0.0.5;user=phone")),
            ("7001", None),
            ("911", None),
            ("6001@evil", None),
        ] {
            assert_eq!(transfer.refer_to(number).ok().as_deref(), uri, "{number}");
        }
    }

    /// A template that asks for an outside line makes other numbers of what is allowed.
    #[test]
    fn what_the_template_puts_before_a_number_counts() {
        let transfer =
            Transfer { refer_to: "sip:9{ext}@{peer}".into(), ..transfer(&["_XX", "_1900XXXXXXX"]) };
        assert_eq!(transfer.refer_to("12").as_deref(), Ok("sip:912@10.0.0.5"));
        for number in ["11", "1-1", "19005550100"] {
            assert!(transfer.refer_to(number).is_err(), "{number}");
        }
    }

    /// Whatever is asked for, only allowed numbers come out, and never an emergency number.
    #[test]
    fn nothing_else_gets_out() {
        let any = transfer(&["_."]);
        let some = transfer(&["_[69]XX"]);
        let mut dice = Dice::new(5);
        for _ in 0..20_000 {
            let number: String = (0..dice.below(6))
                .map(|_| char::from(b"0169+@;>\r\n%"[dice.below(11) as usize]))
                .collect();
            if let Ok(uri) = some.refer_to(&number) {
                assert_eq!(number.len(), 3, "{uri}");
                assert_ne!(number, "911");
            }
            if let Ok(uri) = any.refer_to(&number) {
                let user = uri
                    .strip_prefix("sip:")
                    .and_then(|uri| uri.strip_suffix("@10.0.0.5;user=phone"));
                let plain = |c: char| c.is_ascii_alphanumeric() || "+*-_.%".contains(c);
                assert!(user.is_some_and(|user| user.chars().all(plain)), "{uri}");
            }
        }
        assert_eq!(any.refer_to("911"), Err(NotAllowed { number: "911".into() }));
    }
}
