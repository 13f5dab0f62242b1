//! Reads the `[[route]]` blocks of a dialplan.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::base::{Language, TargetName};
use crate::dialplan::{
    Action, AgentName, Calendar, CallerRule, Condition, HeaderRule, Held, Moments, Pattern, Route,
    RouteName, Target, When, header_name,
};

use super::Code;
use super::callers_file::Written;
use super::file::{OneOrMany, Reader, Text};
use super::names::Names;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RouteFile {
    name: Text,
    called: Option<Spanned<OneOrMany>>,
    caller: Option<Spanned<OneOrMany>>,
    when: Option<Text>,
    #[serde(default)]
    header: BTreeMap<Text, Text>,
    agent: Option<Text>,
    reject: Option<Spanned<u16>>,
    language: Option<Spanned<OneOrMany>>,
    recording: Option<Text>,
    transfer: Option<Spanned<OneOrMany>>,
    fallback: Option<Text>,
}

impl RouteFile {
    /// Returns the languages that it names, if it names any.
    pub(super) fn languages(&self) -> Option<&Spanned<OneOrMany>> {
        self.language.as_ref()
    }
}

/// The places of a route that checks of the whole plan point at.
pub(super) struct RoutePlaces {
    name: Range<usize>,
    when: Option<Range<usize>>,
    transfer: Vec<Text>,
}

/// What a route has of its plan where it says nothing itself.
#[derive(Clone, Copy)]
pub(super) struct Inherited<'a> {
    pub(super) languages: Option<&'a [Language]>,
    pub(super) recorded: Option<bool>,
}

/// What is found in routes and checked elsewhere.
pub(super) struct Found<'a> {
    pub(super) written: &'a mut Vec<Written>,
    /// Where calls are said to be recorded.
    pub(super) recorded: &'a mut Vec<Range<usize>>,
}

/// Reads all routes in the order of the file.
pub(super) fn read(
    reader: &mut Reader<'_>,
    names: &mut Names,
    found: &mut Found<'_>,
    raw: Vec<RouteFile>,
    inherited: Inherited<'_>,
) -> Option<(Vec<Route>, Vec<RoutePlaces>)> {
    let mut seen: Vec<Text> = Vec::new();
    let mut read = Vec::new();
    for raw in raw {
        if seen.iter().any(|seen| seen.get_ref() == raw.name.get_ref()) {
            let title = format!("two routes are called \"{}\"", raw.name.get_ref());
            let help = "call it something else";
            reader.error(Code::Duplicate, raw.name.span(), title, "the second one", help);
        }
        seen.push(raw.name.clone());
        read.push(route(reader, names, found, raw, inherited));
    }
    let (routes, places): (Vec<_>, Vec<_>) =
        read.into_iter().collect::<Option<Vec<_>>>()?.into_iter().unzip();
    if !routes.last().is_some_and(|route: &Route| route.condition.is_empty()) {
        let title = "a call that no route matches is refused with 404";
        let span = places.last().map_or(0..0, |place: &RoutePlaces| place.name.clone());
        let help = "end the plan with a route that asks nothing";
        reader.warning(Code::NoLastResort, span, title, help);
    }
    Some((routes, places))
}

/// Checks what only the whole plan can tell: routes that no call reaches, and targets that are
/// never open when their route is taken.
pub(super) fn check(
    reader: &mut Reader<'_>,
    calendar: &Calendar,
    moments: &Moments,
    routes: &[Route],
    places: &[RoutePlaces],
    targets: &BTreeMap<TargetName, Target>,
) {
    for (at, (route, place)) in routes.iter().zip(places).enumerate() {
        let held = route.condition.when.as_ref().map(|when| moments.when(calendar, when));
        if let (Some(span), true) = (&place.when, held.as_ref().is_some_and(Held::never)) {
            let title = format!("no call can reach route \"{}\"", route.name);
            let help = "compare it with [hours] and [holidays]";
            reader.error(Code::Unreachable, span.clone(), title, "this is never so", help);
            continue;
        }
        let covers =
            |earlier: &&Route| earlier.condition.covers(&route.condition, calendar, moments);
        if let Some(earlier) = routes[..at].iter().find(covers) {
            let title = format!("no call can reach route \"{}\"", route.name);
            let label =
                format!("\"{}\" above takes every call that this one asks for", earlier.name);
            let help = "move it up, or remove it";
            reader.error(Code::Unreachable, place.name.clone(), title, label, help);
        }
        for text in &place.transfer {
            let Some(hours) = targets
                .get(&TargetName::new(text.get_ref()))
                .and_then(|target| target.hours.as_ref())
            else {
                continue;
            };
            let open = moments.name(calendar, hours);
            let met = held.as_ref().map(|held| open.and(held));
            if !open.never() && met.is_some_and(|met| met.never()) {
                let title = format!(
                    "\"{}\" is closed whenever route \"{}\" takes a call",
                    text.get_ref(),
                    route.name
                );
                let help = format!("it is open in [hours.{hours}]: remove it here, or its `hours`");
                reader.warning(Code::NoEffect, text.span(), title, help);
            }
        }
    }
}

fn route(
    reader: &mut Reader<'_>,
    names: &mut Names,
    found: &mut Found<'_>,
    mut raw: RouteFile,
    inherited: Inherited<'_>,
) -> Option<(Route, RoutePlaces)> {
    let name = RouteName::new(raw.name.get_ref());
    let transfer = raw.transfer.take().map(|list| (list.span(), OneOrMany::texts(list)));
    let (span, transfer) = transfer.map_or((None, Vec::new()), |(span, list)| (Some(span), list));
    let places =
        RoutePlaces { name: raw.name.span(), when: raw.when.as_ref().map(Spanned::span), transfer };
    let condition = condition(reader, names, found.written, &mut raw);
    let recorded = recording(reader, found.recorded, raw.recording.as_ref());
    let recorded = recorded.and_then(|own| own.or(inherited.recorded).or(Some(false)));
    let inherited = Inherited { recorded, ..inherited };
    let action = action(reader, names, raw, (span, &places.transfer), inherited);
    Some((Route { name, condition: condition?, action: action? }, places))
}

fn condition(
    reader: &mut Reader<'_>,
    names: &mut Names,
    written: &mut Vec<Written>,
    raw: &mut RouteFile,
) -> Option<Condition> {
    for list in [&raw.called, &raw.caller].into_iter().flatten() {
        if list.get_ref().0.is_empty() {
            let title = "an empty list matches no call";
            let help = "remove the key to match every call";
            reader.error(Code::NoEffect, list.span(), title, "", help);
            return None;
        }
    }
    let called = raw.called.take().map(OneOrMany::texts).unwrap_or_default();
    let called: Vec<_> = called.iter().map(|text| number(reader, written, text)).collect();
    let caller = raw.caller.take().map(OneOrMany::texts).unwrap_or_default();
    let caller: Vec<_> =
        caller.iter().map(|text| self::caller(reader, names, written, text)).collect();
    let when = match raw.when.take() {
        Some(text) => self::when(reader, names, &text).map(Some),
        None => Some(None),
    };
    let header = headers(reader, std::mem::take(&mut raw.header));
    Some(Condition {
        called: called.into_iter().collect::<Option<_>>()?,
        caller: caller.into_iter().collect::<Option<_>>()?,
        when: when?,
        header: header?,
    })
}

/// Reads a number or pattern, and keeps its place: whether it can ever match depends on the trunk.
fn number(reader: &mut Reader<'_>, written: &mut Vec<Written>, text: &Text) -> Option<Pattern> {
    let pattern = reader.value(text, "a number or pattern", Pattern::parse)?;
    let source = reader.source.clone();
    written.push(Written { pattern: pattern.clone(), source, place: text.span() });
    Some(pattern)
}

fn headers(reader: &mut Reader<'_>, raw: BTreeMap<Text, Text>) -> Option<Vec<HeaderRule>> {
    let mut rules: Vec<HeaderRule> = Vec::new();
    let mut complete = true;
    for (name, value) in raw {
        let long = header_name(name.get_ref());
        let token = |c: char| c.is_ascii_alphanumeric() || "-.!%*_+`'~".contains(c);
        if long.is_empty() || !long.chars().all(token) {
            let title = format!("\"{}\" is not the name of a header", name.get_ref());
            let help = "write it as in the SIP message: X-Line";
            reader.error(Code::Value, name.span(), title, "", help);
            complete = false;
        }
        if rules.iter().any(|rule| rule.name.eq_ignore_ascii_case(long)) {
            let title = format!("the header {long} is asked for twice");
            let help = "write one pattern: \"~(one|other)\"";
            reader.error(Code::Duplicate, name.span(), title, "the second one", help);
            complete = false;
        }
        match reader.value(&value, "a value or pattern", Pattern::parse_value) {
            Some(value) => rules.push(HeaderRule { name: long.to_owned(), value }),
            None => complete = false,
        }
    }
    complete.then_some(rules)
}

/// Reads an expression over hours and holidays, and points into it at what is wrong.
fn when(reader: &mut Reader<'_>, names: &mut Names, text: &Text) -> Option<When> {
    // What stands in the file is the text with a quote before it, unless it has escapes.
    let span = text.span();
    let plain = span.len() == text.get_ref().len() + 2;
    let place = |at: Range<usize>| match plain {
        true => span.start + 1 + at.start..span.start + 1 + at.end,
        false => span.clone(),
    };
    let mut complete = true;
    for (at, name) in When::names(text.get_ref()) {
        let whole = at.len() == text.get_ref().len();
        let at = if whole { span.clone() } else { place(at) };
        complete &= names.look_up_when(reader, &Spanned::new(at, name.to_owned())).is_some();
    }
    match When::parse(text.get_ref()) {
        Ok(when) => complete.then_some(when),
        Err(error) => {
            let title = format!("\"{}\" is not a rule of hours", text.get_ref());
            let help = "write \"clinic\", \"not clinic\" or \"clinic and not (lunch or holidays)\"";
            reader.error(Code::Value, place(error.at), title, error.words, help);
            None
        }
    }
}

/// Reads `anonymous`, the name of a `[callers.…]` list, a number or a pattern.
fn caller(
    reader: &mut Reader<'_>,
    names: &mut Names,
    written: &mut Vec<Written>,
    text: &Text,
) -> Option<CallerRule> {
    match text.get_ref().as_str() {
        "anonymous" => Some(CallerRule::Anonymous),
        name if name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            let numbers = names.callers.look_up(reader, text, "callers")?.clone();
            Some(CallerRule::List { name: name.to_owned(), numbers })
        }
        _ => number(reader, written, text).map(CallerRule::Number),
    }
}

fn action(
    reader: &mut Reader<'_>,
    names: &mut Names,
    raw: RouteFile,
    (transfer_span, transfer): (Option<Range<usize>>, &[Text]),
    inherited: Inherited<'_>,
) -> Option<Action> {
    let name = raw.name.get_ref();
    match (raw.agent, raw.reject) {
        (Some(agent), None) => {
            let known = AgentName::ALL.map(|agent| (agent.name(), agent));
            let agent = reader.choice(&agent, "agent", &known);
            let language = match raw.language {
                Some(list) => self::languages(reader, list),
                None => inherited.languages.map(<[_]>::to_vec),
            };
            let transfer: Vec<_> =
                transfer.iter().map(|text| target(reader, names, text)).collect();
            let fallback = raw.fallback.map(|text| target(reader, names, &text));
            let transfer = transfer.into_iter().collect::<Option<_>>()?;
            let fallback = fallback.map_or(Some(None), |name| name.map(Some))?;
            let (agent, language, recorded) = (agent?, language?, inherited.recorded?);
            Some(Action::Agent { agent, language, recorded, transfer, fallback })
        }
        (None, Some(reject)) => {
            let language = raw.language.as_ref().map(Spanned::span);
            let fallback = raw.fallback.as_ref().map(Spanned::span);
            let recording = raw.recording.as_ref().map(Spanned::span);
            for span in [language, recording, fallback, transfer_span].into_iter().flatten() {
                let title = format!("route \"{name}\" refuses its calls: this key has no effect");
                reader.error(Code::NoEffect, span, title, "no effect", "remove it");
            }
            let status = *reject.get_ref();
            if !(400..=699).contains(&status) {
                let title = format!("{status} refuses no call");
                let help = "write a final status of 400 to 699: 603 declines, 404 is not found";
                reader.error(Code::Value, reject.span(), title, "", help);
                return None;
            }
            Some(Action::Reject { status })
        }
        (Some(_), Some(reject)) => {
            let title = format!("route \"{name}\" both answers and refuses");
            reader.error(Code::NoEffect, reject.span(), title, "", "keep `agent` or `reject`");
            None
        }
        (None, None) => {
            let title = format!("route \"{name}\" does nothing with its calls");
            let help = "write agent = \"reception\", or reject = 603";
            reader.error(Code::MissingKey, raw.name.span(), title, "", help);
            None
        }
    }
}

fn target(reader: &mut Reader<'_>, names: &mut Names, text: &Text) -> Option<TargetName> {
    names.targets.look_up(reader, text, "target")?;
    Some(TargetName::new(text.get_ref()))
}

/// Reads whether calls are recorded, and notes where it is said; `Some(None)` where nothing is.
pub(super) fn recording(
    reader: &mut Reader<'_>,
    places: &mut Vec<Range<usize>>,
    text: Option<&Text>,
) -> Option<Option<bool>> {
    let Some(text) = text else { return Some(None) };
    let recorded = reader.choice(text, "way to record", &[("on", true), ("off", false)])?;
    if recorded {
        places.push(text.span());
    }
    Some(Some(recorded))
}

/// Reads the languages of an agent: the first greets.
pub(super) fn languages(
    reader: &mut Reader<'_>,
    list: Spanned<OneOrMany>,
) -> Option<Vec<Language>> {
    let span = list.span();
    let texts = OneOrMany::texts(list);
    if texts.is_empty() {
        let title = "an agent without a language says nothing";
        reader.error(Code::Value, span, title, "", "write language = \"en-US\"");
        return None;
    }
    let known: Vec<_> = Language::all().map(|language| (language.tag(), language)).collect();
    let mut read = Vec::new();
    for text in &texts {
        let Some(language) = reader.choice(text, "language", &known) else {
            continue;
        };
        if read.contains(&language) {
            let title = format!("{language} is written twice");
            reader.error(Code::Duplicate, text.span(), title, "the second one", "remove it");
        }
        read.push(language);
    }
    (read.len() == texts.len()).then_some(read)
}
