//! Reads the `[[route]]` blocks of a dialplan.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::base::TargetName;
use crate::dialplan::{
    Action, AgentName, CallerRule, Condition, HeaderRule, HoursRule, Language, Pattern, Route,
    RouteName,
};

use super::Code;
use super::file::{OneOrMany, Reader, Text};
use super::plan_file::{Names, all};

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
    language: Option<Text>,
    transfer: Option<Spanned<OneOrMany>>,
    fallback: Option<Text>,
}

/// Reads all routes in the order of the file, and checks that each can be reached.
pub(super) fn read(
    reader: &mut Reader<'_>,
    names: &mut Names,
    literals: &mut Vec<Text>,
    raw: Vec<RouteFile>,
    language: Option<Language>,
) -> Option<Vec<Route>> {
    let count = raw.len();
    let mut places = Vec::new();
    let mut routes: Vec<Route> = Vec::new();
    for raw in raw {
        let place = raw.name.span();
        if places.iter().any(|seen: &Text| seen.get_ref() == raw.name.get_ref()) {
            let title = format!("two routes are called \"{}\"", raw.name.get_ref());
            reader.error(Code::Duplicate, place, title, "the second one", "call it something else");
        }
        places.push(raw.name.clone());
        routes.extend(route(reader, names, literals, raw, language));
    }
    if routes.len() != count {
        return None;
    }
    for (at, route) in routes.iter().enumerate() {
        let earlier =
            routes[..at].iter().find(|earlier| earlier.condition.covers(&route.condition));
        if let Some(earlier) = earlier {
            let title = format!("no call can reach route \"{}\"", route.name);
            let label =
                format!("\"{}\" above takes every call that this one asks for", earlier.name);
            reader.error(
                Code::Unreachable,
                places[at].span(),
                title,
                label,
                "move it up, or remove it",
            );
        }
    }
    let last = routes.last().is_some_and(|route| route.condition.is_empty());
    if !last {
        let title = "a call that no route matches is refused with 404";
        let span = places.last().map_or(0..0, Spanned::span);
        reader.warning(
            Code::NoLastResort,
            span,
            title,
            "end the plan with a route that asks nothing",
        );
    }
    Some(routes)
}

fn route(
    reader: &mut Reader<'_>,
    names: &mut Names,
    literals: &mut Vec<Text>,
    mut raw: RouteFile,
    language: Option<Language>,
) -> Option<Route> {
    let name = RouteName::new(raw.name.get_ref());
    let condition = condition(reader, names, literals, &mut raw);
    let action = action(reader, names, raw, language);
    Some(Route { name, condition: condition?, action: action? })
}

fn condition(
    reader: &mut Reader<'_>,
    names: &mut Names,
    literals: &mut Vec<Text>,
    raw: &mut RouteFile,
) -> Option<Condition> {
    for list in [&raw.called, &raw.caller].into_iter().flatten() {
        if list.get_ref().0.is_empty() {
            let title = "an empty list matches no call";
            reader.error(
                Code::NoEffect,
                list.span(),
                title,
                "",
                "remove the key to match every call",
            );
            return None;
        }
    }
    let called = raw.called.take().map(|list| {
        let span = list.span();
        let texts = OneOrMany::texts(list);
        literals.extend(texts.iter().cloned());
        let placed = texts.into_iter().map(super::file::Entry::Placed).collect();
        all(reader, Spanned::new(span, OneOrMany(placed)), "a number or pattern", Pattern::parse)
    });
    let caller = raw.caller.take().map(|list| {
        let texts = OneOrMany::texts(list);
        let rules: Vec<_> =
            texts.iter().map(|text| caller(reader, names, literals, text)).collect();
        rules.into_iter().collect::<Option<Vec<_>>>()
    });
    let when = raw.when.take().map(|text| {
        let (open, at) = match text.get_ref().strip_prefix("not ") {
            Some(name) => (false, text.get_ref().len() - name.len()),
            None => (true, 0),
        };
        // The quote before the text belongs to its span.
        let name = text.get_ref()[at..].trim().to_owned();
        let place = text.span().start + at..text.span().end;
        let named = Spanned::new(if at > 0 { place.start + 1..place.end - 1 } else { place }, name);
        names.hours.look_up(reader, &named, "hours")?;
        Some(HoursRule { name: named.into_inner(), open })
    });
    let header: Vec<_> = std::mem::take(&mut raw.header)
        .into_iter()
        .map(|(name, value)| {
            let value = reader.value(&value, "a value or pattern", Pattern::parse)?;
            Some(HeaderRule { name: name.into_inner(), value })
        })
        .collect();
    let given = |rule: Option<Option<HoursRule>>| rule.map_or(Some(None), |rule| rule.map(Some));
    Some(Condition {
        called: called.unwrap_or_else(|| Some(Vec::new()))?,
        caller: caller.unwrap_or_else(|| Some(Vec::new()))?,
        when: given(when)?,
        header: header.into_iter().collect::<Option<_>>()?,
    })
}

/// Reads `anonymous`, the name of a `[callers.…]` list, a number or a pattern.
fn caller(
    reader: &mut Reader<'_>,
    names: &mut Names,
    literals: &mut Vec<Text>,
    text: &Text,
) -> Option<CallerRule> {
    match text.get_ref().as_str() {
        "anonymous" => Some(CallerRule::Anonymous),
        name if name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            let numbers = names.callers.look_up(reader, text, "callers")?.clone();
            Some(CallerRule::List { name: name.to_owned(), numbers })
        }
        _ => {
            literals.push(text.clone());
            reader.value(text, "a number or pattern", Pattern::parse).map(CallerRule::Number)
        }
    }
}

fn action(
    reader: &mut Reader<'_>,
    names: &mut Names,
    raw: RouteFile,
    language: Option<Language>,
) -> Option<Action> {
    let name = raw.name.get_ref();
    match (raw.agent, raw.reject) {
        (Some(agent), None) => {
            let known = AgentName::ALL.map(|agent| (agent.name(), agent));
            let agent = reader.choice(&agent, "agent", &known);
            let language = match &raw.language {
                Some(text) => self::language(reader, text),
                None => language,
            };
            let transfer: Vec<_> = raw
                .transfer
                .map(OneOrMany::texts)
                .unwrap_or_default()
                .iter()
                .map(|text| target(reader, names, text))
                .collect();
            let fallback = raw.fallback.map(|text| target(reader, names, &text));
            let transfer = transfer.into_iter().collect::<Option<_>>()?;
            let fallback = fallback.map_or(Some(None), |name| name.map(Some))?;
            Some(Action::Agent { agent: agent?, language: language?, transfer, fallback })
        }
        (None, Some(reject)) => {
            let transfer = raw.transfer.as_ref().map(Spanned::span);
            let texts = [raw.language.as_ref(), raw.fallback.as_ref()];
            let spans = texts.into_iter().flatten().map(Spanned::span).chain(transfer);
            for span in spans {
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

/// Reads a language tag.
pub(super) fn language(reader: &mut Reader<'_>, text: &Text) -> Option<Language> {
    reader.choice(text, "language that we hear and speak", &Language::ALL.map(|l| (l.tag(), l)))
}
