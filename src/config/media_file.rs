//! Reads `[media]` and `[numbers]` of a SIP profile.

use std::ops::RangeInclusive;

use serde::Deserialize;
use toml::Spanned;

use crate::codec::Codec;
use crate::dialplan::{Country, Numbers};
use crate::sip::{CalledFrom, CallerFrom};

use super::file::{OneOrMany, Reader, Text};
use super::node::ports;
use super::{Code, Node, Srtp};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MediaFile {
    codecs: Spanned<OneOrMany>,
    dtmf: Text,
    pub(super) srtp: Text,
    ports: Option<Text>,
    pub(super) rtp_timeout: Text,
    pub(super) comfort_noise: Spanned<bool>,
    pub(super) silence_suppression: Spanned<bool>,
    pub(super) rtcp_mux: Text,
    pub(super) packet_time: Text,
    pub(super) waiting_sound: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct NumbersFile {
    country: Text,
    area_code: Option<Text>,
    called: Spanned<OneOrMany>,
    caller: Spanned<OneOrMany>,
}

/// Codecs, how digits travel, encryption, and ports.
type Media = (Vec<Codec>, Digits, Srtp, RangeInclusive<u16>);

/// How digits travel, besides by INFO, which is understood either way.
#[derive(Clone, Copy)]
pub(super) struct Digits {
    /// As telephone-event, if the far end has it.
    pub(super) telephone_event: bool,
    /// In the sound.
    pub(super) in_band: bool,
}

const DIGITS: [(&str, Digits); 4] = [
    ("rfc4733", Digits { telephone_event: true, in_band: false }),
    ("info", Digits { telephone_event: false, in_band: false }),
    ("inband", Digits { telephone_event: false, in_band: true }),
    ("auto", Digits { telephone_event: true, in_band: true }),
];

const CODECS: [(&str, &[Codec]); 5] = [
    ("opus", &[Codec::Opus]),
    ("g722", &[Codec::G722]),
    ("pcmu", &[Codec::Pcmu]),
    ("pcma", &[Codec::Pcma]),
    ("l16", &[Codec::L16, Codec::L16Narrow]),
];

const SRTP: [(&str, Srtp); 3] =
    [("off", Srtp::Off), ("optional", Srtp::Optional), ("required", Srtp::Required)];

const CALLED: [(&str, CalledFrom); 4] = [
    ("request-uri", CalledFrom::RequestUri),
    ("diversion", CalledFrom::Diversion),
    ("history-info", CalledFrom::HistoryInfo),
    ("to", CalledFrom::To),
];

const CALLER: [(&str, CallerFrom); 4] = [
    ("p-asserted-identity", CallerFrom::Asserted),
    ("p-preferred-identity", CallerFrom::Preferred),
    ("remote-party-id", CallerFrom::RemotePartyId),
    ("from", CallerFrom::From),
];

pub(super) fn media(reader: &mut Reader<'_>, raw: MediaFile, node: &Node) -> Option<Media> {
    let span = raw.codecs.span();
    let texts = OneOrMany::texts(raw.codecs);
    if texts.is_empty() {
        let title = "a trunk without a codec carries no call";
        reader.error(Code::Value, span, title, "", "write codecs = [\"pcmu\", \"pcma\"]");
    }
    let named: Vec<_> =
        texts.iter().filter_map(|text| reader.choice(text, "codec", &CODECS)).collect();
    for (at, text) in texts.iter().enumerate() {
        if texts[..at].iter().any(|before| before.get_ref() == text.get_ref()) {
            twice(reader, text);
        }
    }
    let codecs = (named.len() == texts.len() && !named.is_empty()).then(|| named.concat());
    let digits = reader.choice(&raw.dtmf, "way to send digits", &DIGITS);
    let srtp = reader.choice(&raw.srtp, "policy for SRTP", &SRTP);
    let ports = match &raw.ports {
        Some(text) => ports(reader, text),
        None => Some(node.rtp.ports.clone()),
    };
    Some((codecs?, digits?, srtp?, ports?))
}

pub(super) fn numbers(reader: &mut Reader<'_>, raw: &NumbersFile) -> Option<Numbers> {
    let known = Country::ALL.map(|country| (country.code(), country));
    let country = reader.choice(&raw.country, "country", &known);
    let area_code = match &raw.area_code {
        Some(text) => Some(reader.value(text, "an area code", |text| {
            let digits = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
            let area = digits && text.as_bytes()[0] >= b'2';
            area.then(|| text.to_owned()).ok_or("write its three digits: \"312\"")
        })?),
        None => None,
    };
    Some(Numbers { country: country?, area_code })
}

/// Reads where the two numbers of a call stand.
pub(super) fn sides(
    reader: &mut Reader<'_>,
    raw: NumbersFile,
) -> Option<(Vec<CalledFrom>, Vec<CallerFrom>)> {
    let called = places(reader, raw.called, "place of the dialled number", &CALLED);
    let caller = places(reader, raw.caller, "place of the caller's number", &CALLER);
    Some((called?, caller?))
}

fn twice(reader: &mut Reader<'_>, text: &Text) {
    let title = format!("\"{}\" is written twice", text.get_ref());
    reader.error(Code::Duplicate, text.span(), title, "the second one", "remove it");
}

fn places<T: Copy + PartialEq>(
    reader: &mut Reader<'_>,
    list: Spanned<OneOrMany>,
    what: &str,
    known: &[(&str, T)],
) -> Option<Vec<T>> {
    let span = list.span();
    let texts = OneOrMany::texts(list);
    if texts.is_empty() {
        let help = format!("write at least \"{}\"", known[0].0);
        reader.error(Code::Value, span, format!("no {what} is named"), "", help);
        return None;
    }
    let mut found = Vec::new();
    let mut sound = true;
    for text in &texts {
        match reader.choice(text, what, known) {
            None => sound = false,
            Some(place) if found.contains(&place) => {
                twice(reader, text);
                sound = false;
            }
            Some(place) => found.push(place),
        }
    }
    sound.then_some(found)
}
