//! What stands round a transfer: Referred-By (RFC 3892), Refer-Sub (RFC 4488), User-to-User
//! (RFC 7433).

use super::headers::Headers;
use super::name_addr::NameAddr;
use super::scan;
use super::views::token_and_params;
use crate::base::{Phi, Purpose};

/// One User-to-User value: a few bytes from one end to the other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserToUser {
    /// As on the wire, out of its quotes.
    pub data: Phi<String>,
    /// `hex`, or another word, in lower case. Where nothing is said it is hex (RFC 7433 §4.1).
    pub encoding: Option<String>,
    /// What it is for, in lower case.
    pub purpose: Option<String>,
    /// What it holds, in lower case.
    pub content: Option<String>,
}

impl UserToUser {
    /// Reads `00FA08...;encoding=hex`.
    pub fn parse(value: &str) -> Option<Self> {
        let value = scan::trim(value);
        let end = match value.starts_with('"') {
            true => scan::quoted_end(value, 0).ok()?,
            false => value.find(';').unwrap_or(value.len()),
        };
        let (data, params) = value.split_at(end);
        let params = super::params::Params::parse(params).ok()?;
        let data = scan::trim(data);
        let data = scan::unquote(data).unwrap_or_else(|| data.to_owned());
        let word = |name| params.unquoted(name).map(|word| word.to_ascii_lowercase());
        (!data.is_empty()).then(|| Self {
            data: Phi::new(data),
            encoding: word("encoding"),
            purpose: word("purpose"),
            content: word("content"),
        })
    }

    /// Returns the bytes; `None` where they are not written in hex.
    pub fn bytes(&self) -> Option<Phi<Vec<u8>>> {
        if self.encoding.as_deref().is_some_and(|encoding| encoding != "hex") {
            return None;
        }
        let digits = self.data.reveal(Purpose::Signalling).as_bytes();
        let nibble = |byte: u8| char::from(byte).to_digit(16);
        let byte = |pair: &[u8]| match pair {
            [high, low] => u8::try_from(nibble(*high)? * 16 + nibble(*low)?).ok(),
            _ => None,
        };
        digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>().map(Phi::new)
    }
}

impl Headers {
    /// Returns where a REFER points. Its parameters and its URI's headers are kept.
    pub fn refer_to(&self) -> Option<NameAddr> {
        NameAddr::parse(self.get("Refer-To")?).ok()
    }

    /// Returns who asked for a transfer.
    pub fn referred_by(&self) -> Option<NameAddr> {
        NameAddr::parse(self.get("Referred-By")?).ok()
    }

    /// Returns whether the referrer wants NOTIFYs, or is to get them; `None` where nothing is said.
    pub fn refer_sub(&self) -> Option<bool> {
        match token_and_params(self.get("Refer-Sub")?)?.0.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Returns what one end tells the other, in order.
    pub fn user_to_user(&self) -> Vec<UserToUser> {
        self.elements("User-to-User").filter_map(UserToUser::parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_a_transfer() {
        let mut headers = Headers::default();
        assert_eq!(headers.refer_sub(), None);
        headers.push("b", "\"Desk\" <sip:2001@pbx>;cid=\"1@pbx\"");
        headers.push("Refer-Sub", " False ;x=y");
        assert_eq!(headers.referred_by().unwrap().params.unquoted("cid").as_deref(), Some("1@pbx"));
        assert_eq!(headers.refer_sub(), Some(false));
        headers.set("Refer-Sub", "perhaps");
        assert_eq!(headers.refer_sub(), None);
    }

    #[test]
    fn user_to_user_as_peers_write_it() {
        let mut headers = Headers::default();
        headers
            .push("User-to-User", "00fA0C;encoding=Hex;purpose=isdn-uui, \"a;b,c\";encoding=ascii");
        headers.push("User-to-User", "0;encoding=hex");
        headers.push("User-to-User", ";encoding=hex");
        let all = headers.user_to_user();
        assert_eq!(all.len(), 3);
        let bytes: Vec<_> = all
            .iter()
            .map(|uui| uui.bytes().map(|b| b.reveal(Purpose::Comparison).clone()))
            .collect();
        assert_eq!(bytes, [Some(vec![0, 0xfa, 0x0c]), None, None]);
        assert_eq!(all[0].purpose.as_deref(), Some("isdn-uui"));
        assert_eq!(all[1].data.reveal(Purpose::Comparison), "a;b,c");
    }
}
