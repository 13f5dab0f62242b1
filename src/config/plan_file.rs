//! Reads `dialplans/<name>.toml`: everything but the routes, which are next door.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Spanned;

use crate::base::TargetName;
use crate::dialplan::{
    DateRule, Hours, Language, Opening, Pattern, Plan, PlanTest, RouteName, Target, Unanswered,
};

use super::Code;
use super::diagnostic::Source;
use super::file::{OneOrMany, Reader, Text};
use super::route_file::{self, RouteFile};

/// A plan with the places that checks across files point at.
pub(super) struct ReadPlan {
    pub(super) plan: Plan,
    pub(super) source: Arc<Source>,
    /// Each number that a target dials.
    pub(super) dials: Vec<Text>,
    /// How long each target's numbers may ring, and where that is written: its name, if nowhere.
    pub(super) rings: Vec<(Duration, Range<usize>)>,
    /// Each literal number that a route asks for.
    pub(super) literals: Vec<Text>,
    /// The route that each test names.
    pub(super) tests: Vec<Range<usize>>,
}

/// Most phones go to voice mail after 20 to 25 s, and voice mail counts as answered.
const RING: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PlanFile {
    timezone: Text,
    language: Option<Text>,
    #[serde(default)]
    hours: BTreeMap<Text, HoursFile>,
    #[serde(default)]
    holidays: BTreeMap<Text, HolidaysFile>,
    #[serde(default)]
    callers: BTreeMap<Text, CallersFile>,
    #[serde(default)]
    target: BTreeMap<Text, TargetFile>,
    #[serde(default)]
    route: Vec<RouteFile>,
    #[serde(default)]
    test: Vec<TestFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct HoursFile {
    open: Spanned<OneOrMany>,
    except: Option<Spanned<OneOrMany>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct HolidaysFile {
    dates: Spanned<OneOrMany>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CallersFile {
    numbers: Spanned<OneOrMany>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TargetFile {
    dial: Spanned<OneOrMany>,
    ring: Option<Text>,
    hours: Option<Text>,
    unanswered: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TestFile {
    at: Text,
    from: Option<Text>,
    to: Text,
    #[serde(default)]
    header: BTreeMap<String, String>,
    route: Text,
}

/// The names that a plan defines, and which of them something has used.
#[derive(Default)]
pub(super) struct Names {
    /// Opening hours.
    pub(super) hours: Table<Hours>,
    /// Lists of callers.
    pub(super) callers: Table<Vec<Pattern>>,
    /// Transfer targets.
    pub(super) targets: Table<()>,
}

/// What one kind of name stands for, where it is defined, and whether anything used it.
pub(super) struct Table<T>(BTreeMap<String, (T, Range<usize>, bool)>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Table<T> {
    fn define(&mut self, name: &Text, value: T) {
        self.0.insert(name.get_ref().clone(), (value, name.span(), false));
    }

    /// Looks a name up and notes that it was used; reports one that is not there.
    pub(super) fn look_up(
        &mut self,
        reader: &mut Reader<'_>,
        name: &Text,
        kind: &str,
    ) -> Option<&T> {
        if !self.0.contains_key(name.get_ref()) {
            let title = format!("no [{kind}.{}] in this file", name.get_ref());
            reader.unknown(Code::Undefined, name, title, self.0.keys().map(String::as_str));
        }
        let (value, _, used) = self.0.get_mut(name.get_ref())?;
        *used = true;
        Some(value)
    }

    fn report_unused(&self, reader: &mut Reader<'_>, kind: &str) {
        for (name, (_, span, used)) in &self.0 {
            if !used {
                let title = format!("nothing uses [{kind}.{name}]");
                reader.warning(Code::Unused, span.clone(), title, "use it, or remove it");
            }
        }
    }
}

/// Reads a plan. Names are looked up as they are met, so that all misspelt ones are reported.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<ReadPlan> {
    let raw: PlanFile = reader.shape()?;
    let zone = reader.value(&raw.timezone, "a time zone", |name| {
        TimeZone::get(name)
            .map_err(|_| "write its IANA name: \"America/Chicago\" (Debian package tzdata)")
    });
    let language = match &raw.language {
        Some(text) => route_file::language(reader, text),
        None => Some(Language::EnUs),
    };
    let mut names = Names::default();
    let mut complete = define_hours(reader, &mut names, raw.hours, raw.holidays);
    complete &= define_callers(reader, &mut names, raw.callers);
    raw.target.keys().for_each(|name| names.targets.define(name, ()));
    let (mut dials, mut rings) = (Vec::new(), Vec::new());
    let targets: Vec<_> = raw
        .target
        .into_iter()
        .map(|(name, raw)| {
            let place = raw.ring.as_ref().map_or(name.span(), Spanned::span);
            let target = target(reader, &mut names, &mut dials, &name, raw)?;
            rings.push((target.ring, place));
            Some(target)
        })
        .collect();
    let mut literals = Vec::new();
    let routes = route_file::read(reader, &mut names, &mut literals, raw.route, language);
    names.hours.report_unused(reader, "hours");
    names.callers.report_unused(reader, "callers");
    names.targets.report_unused(reader, "target");

    let targets: BTreeMap<_, _> =
        targets.into_iter().map(|t| t.map(|t| (t.name.clone(), t))).collect::<Option<_>>()?;
    complete &= no_circle(reader, &targets, &names);
    let routes = routes?;
    let known: Vec<&str> = routes.iter().map(|route| route.name.as_str()).collect();
    let places: Vec<_> = raw.test.iter().map(|test| test.route.span()).collect();
    let zone = zone?;
    let tests: Option<Vec<_>> =
        raw.test.into_iter().map(|raw| test(reader, &known, &zone, raw)).collect();
    let hours = names.hours.0.into_iter().map(|(name, (hours, ..))| (name, hours)).collect();
    let plan = Plan { zone, hours, targets, routes, tests: tests? };
    let source = reader.source.clone();
    complete.then_some(ReadPlan { plan, source, dials, rings, literals, tests: places })
}

fn define_hours(
    reader: &mut Reader<'_>,
    names: &mut Names,
    hours: BTreeMap<Text, HoursFile>,
    holidays: BTreeMap<Text, HolidaysFile>,
) -> bool {
    let mut complete = true;
    let mut days: Table<Vec<DateRule>> = Table::default();
    for (name, raw) in holidays {
        let dates = all(reader, raw.dates, "a date", DateRule::parse);
        complete &= dates.is_some();
        days.define(&name, dates.unwrap_or_default());
    }
    for (name, raw) in hours {
        let span = raw.open.span();
        let open = all(reader, raw.open, "opening hours", Opening::parse);
        if open.as_ref().is_some_and(Vec::is_empty) {
            let title = format!("[hours.{}] never opens", name.get_ref());
            reader.warning(Code::NoEffect, span, title, "write open = [\"mon-fri 08:00-17:00\"]");
        }
        let mut closed = Vec::new();
        for except in raw.except.map(OneOrMany::texts).unwrap_or_default() {
            match days.look_up(reader, &except, "holidays") {
                Some(dates) => closed.extend(dates),
                None => complete = false,
            }
        }
        complete &= open.is_some();
        names.hours.define(&name, Hours { open: open.unwrap_or_default(), closed });
    }
    days.report_unused(reader, "holidays");
    complete
}

fn define_callers(
    reader: &mut Reader<'_>,
    names: &mut Names,
    callers: BTreeMap<Text, CallersFile>,
) -> bool {
    let mut complete = true;
    for (name, raw) in callers {
        let numbers = all(reader, raw.numbers, "a number or pattern", Pattern::parse);
        complete &= numbers.is_some();
        names.callers.define(&name, numbers.unwrap_or_default());
    }
    complete
}

/// Reads every text of a list, and reports all that cannot be read.
pub(super) fn all<T, E: std::fmt::Display>(
    reader: &mut Reader<'_>,
    list: Spanned<OneOrMany>,
    what: &str,
    read: impl Fn(&str) -> Result<T, E>,
) -> Option<Vec<T>> {
    let texts = OneOrMany::texts(list);
    let values: Vec<T> = texts.iter().filter_map(|text| reader.value(text, what, &read)).collect();
    (values.len() == texts.len()).then_some(values)
}

fn target(
    reader: &mut Reader<'_>,
    names: &mut Names,
    dials: &mut Vec<Text>,
    name: &Text,
    raw: TargetFile,
) -> Option<Target> {
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
    let ring = raw.ring.map_or(Some(RING), |text| reader.duration(&text));
    let hours = match raw.hours {
        Some(text) => {
            names.hours.look_up(reader, &text, "hours")?;
            Some(text.into_inner())
        }
        None => None,
    };
    let unanswered = match raw.unanswered.as_ref().map(|text| (text.get_ref().as_str(), text)) {
        None | Some(("agent", _)) => Unanswered::Agent,
        Some(("hangup", _)) => Unanswered::HangUp,
        Some((_, text)) => {
            names.targets.look_up(reader, text, "target")?;
            Unanswered::Target(TargetName::new(text.get_ref()))
        }
    };
    let complete = !numbers.is_empty() && dial.len() == numbers.len();
    dials.extend(numbers);
    let name = TargetName::new(name.get_ref());
    let ring = ring?;
    complete.then_some(Target { name, dial, ring, hours, unanswered })
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
        let span = names.targets.0.get(first.as_str()).map_or(0..0, |(_, span, _)| span.clone());
        let title = format!("[target.{first}] comes back to itself when nobody answers");
        let help =
            format!("end the chain {first} → {} with \"agent\" or \"hangup\"", round.join(" → "));
        reader.error(Code::NoEffect, span, title, "the caller would ring for ever", help);
        return false;
    }
    true
}

fn test(
    reader: &mut Reader<'_>,
    known: &[&str],
    zone: &TimeZone,
    raw: TestFile,
) -> Option<PlanTest> {
    let at = reader.value(&raw.at, "a date and time", |text| {
        text.parse::<DateTime>().map_err(|_| "write it as \"2026-12-25 10:00\"")
    });
    if !known.contains(&raw.route.get_ref().as_str()) {
        let title = format!("no route is called \"{}\"", raw.route.get_ref());
        reader.unknown(Code::Undefined, &raw.route, title, known.iter().copied());
        return None;
    }
    let at = at?;
    if zone.to_ambiguous_timestamp(at).is_ambiguous() && zone.to_timestamp(at).is_ok() {
        let title = "clocks are set forward or back here: this time is skipped or comes twice";
        reader.warning(Code::NoEffect, raw.at.span(), title, "test an hour before or after it");
    }
    let (from, to) = (raw.from.map(Spanned::into_inner), raw.to.into_inner());
    let headers = raw.header.into_iter().collect();
    Some(PlanTest { at, from, to, headers, route: RouteName::new(raw.route.into_inner()) })
}
