//! Reads `dialplans/<name>.toml`: hours, callers, targets and routes have files of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Spanned;

use crate::base::{Language, TrunkName};
use crate::dialplan::{Calendar, Moments, Plan, PlanTest, Route, RouteName, header_name};

use super::Code;
use super::callers_file::{self, CallersFile, Lists, Written};
use super::diagnostic::Source;
use super::file::{OneOrMany, Reader, Text};
use super::hours_file::{self, HolidaysFile, HoursFile};
use super::names::Names;
use super::route_file::{self, Found, Inherited, RouteFile};
use super::target_file::{self, TargetFile, TargetPlaces};

/// A plan with the places that checks across files point at.
pub(super) struct ReadPlan {
    pub(super) plan: Plan,
    pub(super) source: Arc<Source>,
    /// What targets dial, and how.
    pub(super) targets: Vec<TargetPlaces>,
    /// Each number and pattern that a route or a list asks for.
    pub(super) written: Vec<Written>,
    /// The lists that it names: `lists/blocked.csv`.
    pub(super) lists: BTreeSet<String>,
    /// What each test names.
    pub(super) tests: Vec<TestPlaces>,
    /// The languages of its agents, where they stand.
    pub(super) languages: Vec<(Language, Range<usize>)>,
    /// Where it says that calls are recorded.
    pub(super) recorded: Vec<Range<usize>>,
}

/// The places of a test.
pub(super) struct TestPlaces {
    pub(super) route: Range<usize>,
    pub(super) trunk: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PlanFile {
    timezone: Text,
    language: Option<Spanned<OneOrMany>>,
    recording: Option<Text>,
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
struct TestFile {
    at: Text,
    from: Option<Text>,
    to: Text,
    #[serde(default)]
    header: BTreeMap<String, String>,
    trunk: Option<Text>,
    route: Text,
}

/// Reads a plan. Names are looked up as they are met, so that all misspelt ones are reported.
pub(super) fn read(reader: &mut Reader<'_>, lists: &Lists) -> Option<ReadPlan> {
    let raw: PlanFile = reader.shape()?;
    let zone = reader.value(&raw.timezone, "a time zone", |name| {
        TimeZone::get(name)
            .map_err(|_| "write its IANA name: \"America/Chicago\" (Debian package tzdata)")
    });
    let named = raw.language.iter().chain(raw.route.iter().filter_map(RouteFile::languages));
    let named: Vec<_> = named
        .flat_map(OneOrMany::placed)
        .filter_map(|text| Some((Language::tagged(text.get_ref())?, text.span())))
        .collect();
    let language = match raw.language {
        Some(list) => route_file::languages(reader, list),
        None => Some(vec![Language::EN_US]),
    };
    let mut recorded = Vec::new();
    let recording = route_file::recording(reader, &mut recorded, raw.recording.as_ref());
    let (mut names, mut written) = (Names::default(), Vec::new());
    let openings = hours_file::define(reader, &mut names, raw.hours, raw.holidays);
    let used = raw.callers.values().filter_map(CallersFile::list).map(str::to_owned).collect();
    let callers = callers_file::define(reader, lists, &mut names, &mut written, raw.callers);
    raw.target.keys().for_each(|name| names.targets.define(name, ()));
    let targets = target_file::read(reader, &mut names, raw.target);
    let inherited = Inherited { languages: language.as_deref(), recorded: recording.flatten() };
    let routes = route_file::read(
        reader,
        &mut names,
        &mut Found { written: &mut written, recorded: &mut recorded },
        raw.route,
        inherited,
    );
    names.report_unused(reader);

    // What can ever happen is asked only of what could be read to its end.
    let calendar = openings.as_ref().map(|_| calendar(&names));
    let moments = calendar.as_ref().map(Moments::of);
    if let (Some(calendar), Some(moments)) = (&calendar, &moments) {
        if let (Some(zone), Some(openings)) = (&zone, &openings) {
            hours_file::warn(reader, &names, calendar, moments, zone, openings);
        }
        if let (Some((routes, places)), Some((targets, _))) = (&routes, &targets) {
            route_file::check(reader, calendar, moments, routes, places, targets);
        }
    }
    let (routes, _) = routes?;
    let (zone, calendar, (targets, places)) = (zone?, calendar?, targets?);
    let (tests, test_places) = tests(reader, &routes, &zone, raw.test)?;
    let plan = Plan { zone, calendar, targets, routes, tests };
    let source = reader.source.clone();
    let (targets, tests) = (places, test_places);
    recording?;
    let (lists, languages) = (used, named);
    callers.then_some(ReadPlan {
        plan,
        source,
        targets,
        written,
        lists,
        tests,
        languages,
        recorded,
    })
}

fn calendar(names: &Names) -> Calendar {
    let hours = names.hours.values().map(|(name, hours)| (name.to_owned(), hours.clone()));
    let holidays = names.holidays.values().map(|(name, days)| (name.to_owned(), days.clone()));
    Calendar { hours: hours.collect(), holidays: holidays.collect() }
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

fn tests(
    reader: &mut Reader<'_>,
    routes: &[Route],
    zone: &TimeZone,
    raw: Vec<TestFile>,
) -> Option<(Vec<PlanTest>, Vec<TestPlaces>)> {
    let known: Vec<&str> = routes.iter().map(|route| route.name.as_str()).collect();
    let read: Vec<_> = raw.into_iter().map(|raw| test(reader, &known, zone, raw)).collect();
    Some(read.into_iter().collect::<Option<Vec<_>>>()?.into_iter().unzip())
}

fn test(
    reader: &mut Reader<'_>,
    known: &[&str],
    zone: &TimeZone,
    raw: TestFile,
) -> Option<(PlanTest, TestPlaces)> {
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
    let places = TestPlaces { route: raw.route.span(), trunk: raw.trunk.clone() };
    let headers = raw.header.into_iter();
    let test = PlanTest {
        at,
        from: raw.from.map(Spanned::into_inner).filter(|from| from != "anonymous"),
        to: raw.to.into_inner(),
        headers: headers.map(|(name, value)| (header_name(&name).to_owned(), value)).collect(),
        trunk: raw.trunk.map(|name| TrunkName::new(name.into_inner())),
        route: RouteName::new(raw.route.into_inner()),
    };
    Some((test, places))
}
