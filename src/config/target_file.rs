//! Reads `[target.…]` of a dialplan: whom calls may be handed to.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::base::TargetName;
use crate::dialplan::{How, Target, Unanswered};

use super::Code;
use super::file::{OneOrMany, Reader, Text};
use super::names::Names;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TargetFile {
    dial: Spanned<OneOrMany>,
    ring: Option<Text>,
    hours: Option<Text>,
    how: Option<Text>,
    announce: Option<Text>,
    unanswered: Option<Text>,
}

/// The places of a target that checks against its trunks point at.
pub(super) struct TargetPlaces {
    pub(super) name: TargetName,
    /// Each number that it dials.
    pub(super) dials: Vec<Text>,
    /// How long each may ring, and where that is written: the target's name, if nowhere.
    pub(super) ring: (Duration, Range<usize>),
    /// Where `how` is written.
    pub(super) how: Option<Range<usize>>,
}

/// Most phones go to voice mail after 20 to 25 s, and voice mail counts as answered.
const RING: Duration = Duration::from_secs(20);

/// Reads all targets, whose names are defined already.
pub(super) fn read(
    reader: &mut Reader<'_>,
    names: &mut Names,
    raw: BTreeMap<Text, TargetFile>,
) -> Option<(BTreeMap<TargetName, Target>, Vec<TargetPlaces>)> {
    let read: Vec<_> =
        raw.into_iter().map(|(name, raw)| target(reader, names, &name, raw)).collect();
    let read: Vec<_> = read.into_iter().collect::<Option<_>>()?;
    let (targets, places): (Vec<_>, Vec<_>) = read.into_iter().unzip();
    let targets = targets.into_iter().map(|target| (target.name.clone(), target)).collect();
    no_circle(reader, &targets, names).then_some((targets, places))
}

fn target(
    reader: &mut Reader<'_>,
    names: &mut Names,
    name: &Text,
    raw: TargetFile,
) -> Option<(Target, TargetPlaces)> {
    let span = raw.dial.span();
    let numbers = OneOrMany::texts(raw.dial);
    if numbers.is_empty() {
        let title = format!("[target.{}] dials nobody", name.get_ref());
        reader.error(Code::Value, span, title, "", "write dial = [\"6001\"]");
    }
    let dialable = |text: &str| {
        let odd = text.chars().find(|c| !(c.is_ascii_alphanumeric() || "+*#-.".contains(*c)));
        match (text.is_empty(), odd) {
            (false, None) => Ok(text.to_owned()),
            _ => Err("write an extension or a telephone number; a pattern cannot be dialled"),
        }
    };
    let dial: Vec<String> = numbers
        .iter()
        .filter_map(|text| reader.value(text, "a number to dial", dialable))
        .collect();
    let place = raw.ring.as_ref().map_or(name.span(), Spanned::span);
    let ring = raw.ring.map_or(Some(RING), |text| reader.duration(&text));
    let how = how(reader, raw.how.as_ref(), raw.announce.as_ref());
    let hours = match raw.hours {
        Some(text) => {
            names.hours.look_up(reader, &text, "hours").is_some().then(|| Some(text.into_inner()))
        }
        None => Some(None),
    };
    let unanswered = match raw.unanswered.as_ref().map(|text| (text.get_ref().as_str(), text)) {
        None | Some(("agent", _)) => Some(Unanswered::Agent),
        Some(("hangup", _)) => Some(Unanswered::HangUp),
        Some((_, text)) => names
            .targets
            .look_up(reader, text, "target")
            .map(|()| Unanswered::Target(TargetName::new(text.get_ref()))),
    };
    let complete = !numbers.is_empty() && dial.len() == numbers.len();
    let name = TargetName::new(name.get_ref());
    let (ring, how, hours, unanswered) = (ring?, how?, hours?, unanswered?);
    let places = TargetPlaces {
        name: name.clone(),
        dials: numbers,
        ring: (ring, place),
        how: raw.how.as_ref().map(Spanned::span),
    };
    complete.then_some((Target { name, dial, ring, hours, how, unanswered }, places))
}

/// Reads how a target is reached. What needs a second call of ours cannot have an effect yet.
fn how(reader: &mut Reader<'_>, how: Option<&Text>, announce: Option<&Text>) -> Option<How> {
    let mut complete = true;
    if let Some(text) = announce {
        let title = "nobody would hear this: calls are handed over by blind REFER alone";
        reader.error(Code::NoEffect, text.span(), title, "no effect", "remove it");
        complete = false;
    }
    let known = [
        ("profile", Some(How::Profile)),
        ("refer", Some(How::Refer)),
        ("attended", None),
        ("bridge", None),
    ];
    let read = match how {
        None => Some(How::Profile),
        Some(text) => {
            let read = reader.choice(text, "way to reach a target", &known)?;
            if read.is_none() {
                let title = format!("calls cannot be handed over by \"{}\" yet", text.get_ref());
                let help = "remove it, or write how = \"refer\"";
                reader.error(Code::NoEffect, text.span(), title, "no effect", help);
            }
            read
        }
    };
    read.filter(|_| complete)
}

/// Reports targets that hand an unanswered call round in a circle.
fn no_circle(
    reader: &mut Reader<'_>,
    targets: &BTreeMap<TargetName, Target>,
    names: &Names,
) -> bool {
    let next = |name: &TargetName| match &targets.get(name)?.unanswered {
        Unanswered::Target(next) => Some(next),
        Unanswered::Agent | Unanswered::HangUp => None,
    };
    for first in targets.keys() {
        let path: Vec<_> =
            std::iter::successors(next(first), |name| next(name)).take(targets.len()).collect();
        let Some(back) = path.iter().position(|name| *name == first) else { continue };
        let round: Vec<_> = path[..=back].iter().map(|name| name.as_str()).collect();
        let span = names.targets.place(first.as_str());
        let title = format!("[target.{first}] comes back to itself when nobody answers");
        let help =
            format!("end the chain {first} → {} with \"agent\" or \"hangup\"", round.join(" → "));
        reader.error(Code::NoEffect, span, title, "the caller would ring for ever", help);
        return false;
    }
    true
}
