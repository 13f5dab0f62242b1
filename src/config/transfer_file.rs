//! Reads `[transfer]` of a SIP profile.

use serde::Deserialize;
use toml::Spanned;

use crate::dialplan::{Numbers, Pattern};

use super::file::{OneOrMany, Reader, Text};
use super::{Code, ContextField, Notify200, Peer, Transfer, TransferMethod, reach};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TransferFile {
    methods: Spanned<OneOrMany>,
    refer_to: Text,
    notify_200_means: Text,
    failed_refer_returns: bool,
    wait: Text,
    context: Spanned<OneOrMany>,
    allow: Option<Spanned<OneOrMany>>,
}

pub(super) fn transfer(
    reader: &mut Reader<'_>,
    raw: TransferFile,
    peer: Option<&Peer>,
    numbers: &Numbers,
) -> Option<(Transfer, Vec<Text>)> {
    let methods = methods(reader, raw.methods);
    let notify_200 =
        reader.choice(&raw.notify_200_means, "meaning of NOTIFY 200", &Notify200::NAMES);
    let context: Vec<_> = OneOrMany::texts(raw.context);
    let context: Option<Vec<_>> = context
        .iter()
        .map(|text| reader.choice(text, "carrier of context", &ContextField::NAMES))
        .collect();
    let wait = reader.duration(&raw.wait);
    let allow = raw.allow.map(OneOrMany::texts).unwrap_or_default();
    let patterns: Vec<_> = allow
        .iter()
        .filter_map(|text| reader.value(text, "a number or pattern", Pattern::parse))
        .collect();
    let forbidden = reach::check_allow(reader, &allow, numbers);
    let refer_to = refer_to(reader, &raw.refer_to);
    if let (Some(first), None) = (allow.first(), peer) {
        let title = "calls cannot be handed to numbers of a peer that is not named";
        reader.error(Code::NoEffect, first.span(), title, "no effect", "write `host` under [peer]");
        return None;
    }
    if forbidden || patterns.len() != allow.len() {
        return None;
    }
    let transfer = Transfer {
        methods: methods?,
        refer_to: refer_to?,
        notify_200: notify_200?,
        caller_returns: raw.failed_refer_returns,
        context: context?,
        peer: peer.map(Peer::host_and_port).unwrap_or_default(),
        wait: wait?,
        allow: patterns,
        numbers: numbers.clone(),
    };
    Some((transfer, allow))
}

fn methods(reader: &mut Reader<'_>, list: Spanned<OneOrMany>) -> Option<Vec<TransferMethod>> {
    let texts = OneOrMany::texts(list);
    let mut sound = true;
    let mut found = Vec::new();
    for text in &texts {
        if ["attended", "bridge"].contains(&text.get_ref().as_str()) {
            let title = format!("calls cannot be handed over by \"{}\" yet", text.get_ref());
            let help = "write methods = [\"refer\"], or [] where the PBX takes no REFER";
            reader.error(Code::UnknownValue, text.span(), title, "not yet", help);
            sound = false;
            continue;
        }
        match reader.choice(text, "way to transfer", &TransferMethod::NAMES) {
            Some(method) => found.push(method),
            None => sound = false,
        }
    }
    sound.then_some(found)
}

fn refer_to(reader: &mut Reader<'_>, text: &Text) -> Option<String> {
    reader.value(text, "a Refer-To template", |template| {
        let filled = template.replacen("{ext}", "6001", 1).replacen("{peer}", "pbx", 1);
        let scheme = template.starts_with("sip:") || template.starts_with("tel:");
        let odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"{}".contains(c);
        let sound = scheme && template.contains("{ext}") && !filled.contains(odd);
        sound.then(|| template.to_owned()).ok_or("write it as \"sip:{ext}@{peer}\"")
    })
}
