//! Which route a call takes, when, and the words for why.
#![allow(clippy::unwrap_used)]

mod config_case;

use attendant::base::Phi;
use attendant::config::Config;
use attendant::dialplan::{Action, CallerRule, Dialled, Pattern, Plan, Verdict};
use config_case::{PROFILE, load};
use jiff::civil::DateTime;

const PLAN: &str = r#"
timezone = "America/Chicago"

[hours.clinic]
open   = ["mon-thu 08:00-17:00", "fri 08:00-15:00"]
except = "us-holidays"

[holidays.us-holidays]
dates = ["2026-11-26", "12-25", "01-01"]

[callers.blocked]
numbers = ["+18005550100", "_+1888XXXXXXX"]

[target.front-desk]
dial = ["6001", "6002"]
ring = "15s"

[target.nurse]
dial  = ["6100"]
hours = "clinic"
unanswered = "front-desk"

[[route]]
name   = "blocked"
caller = ["blocked", "anonymous"]
reject = 603

[[route]]
name   = "after-hours"
called = ["8000", "_+1312555XXXX", "~\\+1847555\\d{4}"]
when   = "not clinic"
agent  = "reception"
transfer = ["nurse", "front-desk"]

[[route]]
name   = "vip"
header = { X-Line = "~v.*" }
agent  = "reception"

[[route]]
name   = "second-line"
called = "8001"
caller = "_+1773XXXXXXX"
when   = "clinic"
agent  = "reception"
transfer = ["front-desk"]

[[route]]
name   = "reception"
agent  = "reception"
transfer = ["nurse", "front-desk"]
fallback = "front-desk"
"#;

fn config() -> Config {
    load(&[("dialplans/clinic.toml", PLAN)]).unwrap_or_else(|report| panic!("{report}"))
}

fn plan() -> Plan {
    config().plans.into_values().next().unwrap()
}

fn call(called: &str, caller: &str, at: &str, header: &[(&str, &str)]) -> Dialled {
    Dialled {
        called: Phi::new(called.into()),
        caller: (!caller.is_empty()).then(|| Phi::new(caller.into())),
        withheld: caller.is_empty(),
        at: at.parse().unwrap(),
        headers: header.iter().map(|(n, v)| ((*n).into(), Phi::new((*v).into()))).collect(),
    }
}

const OPEN: &str = "2026-07-06 10:00";
const NIGHT: &str = "2026-07-06 22:00";

#[test]
fn the_first_route_that_matches_takes_the_call() {
    let plan = plan();
    let vip = [("x-line", " vip ")];
    for (called, caller, at, header, expected) in [
        ("8000", "+13125550142", OPEN, &[][..], "reception"),
        ("8000", "+13125550142", NIGHT, &[], "after-hours"),
        ("8001", "+13125550142", NIGHT, &[], "reception"),
        ("+13125550199", "+13125550142", NIGHT, &[], "after-hours"),
        ("+18475551234", "+13125550142", NIGHT, &[], "after-hours"),
        ("+184755512345", "+13125550142", NIGHT, &[], "reception"),
        ("8000", "+13125550142", "2026-12-25 10:00", &[], "after-hours"),
        ("8000", "+13125550142", "2027-12-25 10:00", &[], "after-hours"),
        ("8000", "+13125550142", "2026-12-22 10:00", &[], "reception"),
        ("8000", "+13125550142", "2026-07-10 15:00", &[], "after-hours"),
        ("8000", "+18005550100", OPEN, &[], "blocked"),
        ("8000", "+18885550100", NIGHT, &[], "blocked"),
        ("8000", "", OPEN, &[], "blocked"),
        ("8000", "+13125550142", OPEN, &vip, "vip"),
        ("8000", "+13125550142", NIGHT, &vip, "after-hours"),
        ("8000", "+13125550142", OPEN, &[("X-Line", "es")], "reception"),
        ("8001", "+17735550142", OPEN, &[], "second-line"),
        ("8001", "+17735550142", NIGHT, &[], "reception"),
        ("8002", "+17735550142", OPEN, &[], "reception"),
    ] {
        let chosen = plan.route(&call(called, caller, at, header)).unwrap();
        assert_eq!(chosen.route.name.as_str(), expected, "{called} {caller} {at}");
    }
}

#[test]
fn a_target_that_is_closed_is_not_offered() {
    let plan = plan();
    let offered = |at| {
        let dialled = call("8000", "+13125550142", at, &[]);
        let chosen = plan.route(&dialled).unwrap();
        let told = chosen.targets.iter().map(|offer| match &offer.closed {
            None => offer.target.name.to_string(),
            Some(why) => format!("({}: {why})", offer.target.name),
        });
        told.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(offered(OPEN), "nurse front-desk");
    assert_eq!(offered(NIGHT), "(nurse: clinic is closed) front-desk");
    assert_eq!(
        offered("2026-12-25 10:00"),
        "(nurse: clinic is closed (exception 12-25)) front-desk"
    );
    let withheld = call("8000", "", OPEN, &[]);
    let chosen = plan.route(&withheld).unwrap();
    assert_eq!(chosen.route.action, Action::Reject { status: 603 });
    assert!(chosen.targets.is_empty() && chosen.fallback.is_none());
}

/// The network may tell us a number that is not to be shown: lists know it, and the caller is anonymous all the same.
#[test]
fn a_number_that_is_withheld_may_still_be_on_a_list() {
    let plan = |caller: &str| {
        let route =
            format!("[[route]]\nname = \"r\"\ncaller = \"{caller}\"\nagent = \"reception\"");
        let list = "[callers.known]\nnumbers = \"+13125550142\"";
        let text = format!("timezone = \"America/Chicago\"\n{list}\n{route}\n");
        let config = load(&[("dialplans/clinic.toml", &text)]);
        config.unwrap_or_else(|report| panic!("{report}")).plans.into_values().next().unwrap()
    };
    let takes = |rule: &str, dialled: &Dialled| plan(rule).find(dialled).is_some();
    let shown = call("8000", "+13125550142", OPEN, &[]);
    let withheld = Dialled { withheld: true, ..shown.clone() };
    let taken = ["known", "+13125550142", "anonymous"];
    assert_eq!(taken.map(|rule| takes(rule, &shown)), [true, true, false]);
    assert_eq!(taken.map(|rule| takes(rule, &withheld)), [true, true, true]);
    let why = told(&plan("anonymous"), &withheld);
    assert_eq!(why, "- r: chosen, caller is anonymous\n");
}

fn told(plan: &Plan, dialled: &Dialled) -> String {
    plan.why(dialled).iter().map(|reason| format!("- {reason}\n")).collect()
}

#[test]
fn every_route_says_why() {
    let es = [("X-Line", "es")];
    let why = told(&plan(), &call("8000", "+13125550142", "2026-12-25 10:00", &es));
    let expected = "\
- blocked: caller is not on list blocked or anonymous
- after-hours: chosen, called number is 8000, clinic is closed (exception 12-25)
- vip: not reached
- second-line: not reached
- reception: not reached
";
    assert_eq!(why, expected, "{why}");
    let why = told(&plan(), &call("8001", "+17735550142", OPEN, &es));
    let expected = "\
- blocked: caller is not on list blocked or anonymous
- after-hours: called number is not 8000 or _+1312555XXXX or ~\\+1847555\\d{4}
- vip: header X-Line is not ~v.*
- second-line: chosen, called number is 8001, caller is _+1773XXXXXXX, clinic is open
- reception: not reached
";
    assert_eq!(why, expected, "{why}");
    let why = told(&plan(), &call("8002", "+18475550142", OPEN, &[]));
    assert!(why.contains("- vip: header X-Line absent\n"), "{why}");
    assert!(why.ends_with("- reception: chosen, asks nothing\n"), "{why}");
}

#[test]
fn rules_of_hours_may_be_joined() {
    let plan = PLAN
        .replace("when   = \"not clinic\"", "when = \"not (clinic and not lunch) or us-holidays\"")
        .replace("[holidays", "[hours.lunch]\nopen = \"daily 12:00-13:00\"\n[holidays");
    let config = load(&[("dialplans/clinic.toml", &plan)]).unwrap_or_else(|e| panic!("{e}"));
    let plan = config.plans.into_values().next().unwrap();
    for (at, route, words) in [
        (OPEN, "reception", "clinic is open and lunch is closed and today is not on us-holidays"),
        (NIGHT, "after-hours", "clinic is closed"),
        ("2026-07-06 12:30", "after-hours", "lunch is open"),
    ] {
        let dialled = call("8000", "+13125550142", at, &[]);
        let chosen = plan.route(&dialled).unwrap();
        assert_eq!(chosen.route.name.as_str(), route, "{at}");
        let why = told(&plan, &dialled);
        assert!(why.contains(&format!("{words}\n")), "{at} {why}");
    }
}

/// A number on the list, a pattern on it, and the list's words.
#[test]
fn callers_come_from_a_file_too() {
    let plan = PLAN.replace(
        "numbers = [\"+18005550100\", \"_+1888XXXXXXX\"]",
        "numbers = \"+18005550100\"\nfile = \"lists/blocked.csv\"",
    );
    let list = "\u{feff}Number,why\r\n+17735550111, \"sells, and sells\"\r\n\r\n_+1888XXXXXXX\r\n";
    let files = [("dialplans/clinic.toml", plan.as_str()), ("lists/blocked.csv", list)];
    let config = load(&files).unwrap_or_else(|e| panic!("{e}"));
    assert_ne!(
        load(&[files[0], ("lists/blocked.csv", "_+1888XXXXXXX\n")]).unwrap().generation,
        config.generation
    );
    let plan = config.plans.into_values().next().unwrap();
    for (caller, route) in [
        ("+18005550100", "blocked"),
        ("+17735550111", "blocked"),
        ("+18885550111", "blocked"),
        ("+17735550112", "reception"),
    ] {
        let chosen = call("8000", caller, OPEN, &[]);
        assert_eq!(plan.route(&chosen).unwrap().route.name.as_str(), route, "{caller}");
    }
}

#[test]
fn a_header_may_be_named_by_its_compact_form() {
    let plan = PLAN.replace("{ X-Line = \"~v.*\" }", "{ s = \"Line two\" }");
    let config = load(&[("dialplans/clinic.toml", &plan)]).unwrap_or_else(|e| panic!("{e}"));
    let plan = config.plans.into_values().next().unwrap();
    let landed = |value| {
        let dialled = call("8000", "+13125550142", OPEN, &[("Subject", value)]);
        plan.route(&dialled).unwrap().route.name.to_string()
    };
    assert_eq!((landed("Line two"), landed("line two")), ("vip".into(), "reception".into()));
}

#[test]
fn a_plan_without_a_last_resort_can_refuse() {
    let plan = {
        let mut plan = plan();
        plan.routes.truncate(2);
        plan
    };
    let dialled = call("8002", "+17735550142", OPEN, &[]);
    assert!(plan.route(&dialled).is_none());
    let why = plan.why(&dialled);
    assert_eq!(why.len(), 2);
    assert!(why.iter().all(|reason| reason.verdict == Verdict::Passed));
}

/// Neither a caller's number nor what a header says may get into words that are logged.
#[test]
fn reasons_hold_nothing_of_the_caller() {
    let mut plan = plan();
    let listed = CallerRule::Number(Pattern::parse("+17735550142").unwrap());
    plan.routes[3].condition.caller.push(listed);
    plan.routes[3].condition.caller.remove(0);
    for (called, caller) in
        [("8000", "+13125550142"), ("8009", "+18885550142"), ("8001", "+17735550142")]
    {
        let header = [("X-Line", "jane-roe-1960")];
        let dialled = call(called, caller, OPEN, &header);
        let text = format!("{:?} {}", plan.route(&dialled).unwrap().targets, told(&plan, &dialled));
        for word in ["5550142", "jane", "1960"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
}

/// 2026-03-08 02:00 clocks in Chicago are set forward, 2026-11-01 02:00 back. The door opens at
/// eight by the clock on the wall either way.
#[test]
fn hours_follow_the_clock_on_the_wall() {
    let plan = plan();
    for (utc, wall, open) in [
        ("2026-03-06T13:59:59Z", "2026-03-06T07:59:59", false),
        ("2026-03-06T14:00:00Z", "2026-03-06T08:00:00", true),
        ("2026-03-08T07:59:59Z", "2026-03-08T01:59:59", false),
        ("2026-03-08T08:00:00Z", "2026-03-08T03:00:00", false),
        ("2026-03-09T12:59:59Z", "2026-03-09T07:59:59", false),
        ("2026-03-09T13:00:00Z", "2026-03-09T08:00:00", true),
        ("2026-10-30T19:59:59Z", "2026-10-30T14:59:59", true),
        ("2026-11-01T06:30:00Z", "2026-11-01T01:30:00", false),
        ("2026-11-01T07:30:00Z", "2026-11-01T01:30:00", false),
        ("2026-11-02T22:59:59Z", "2026-11-02T16:59:59", true),
        ("2026-11-02T23:00:00Z", "2026-11-02T17:00:00", false),
    ] {
        let at = plan.civil(utc.parse().unwrap());
        assert_eq!(at, wall.parse::<DateTime>().unwrap(), "{utc}");
        assert_eq!(plan.calendar.is("clinic", at), open, "{utc}");
    }
}

#[test]
fn a_test_at_an_hour_that_does_not_exist_is_a_warning() {
    let test = |at: &str| {
        let plan = format!(
            "{PLAN}\n[[test]]\nat = \"{at}\"\nfrom = \"+13125550142\"\nto = \"8001\"\nroute = \"reception\"\n"
        );
        let mut warnings = load(&[("dialplans/clinic.toml", &plan)]).unwrap().warnings;
        warnings.retain(|warning| warning.to_string().contains("clocks are set"));
        warnings
    };
    assert_eq!(test("2026-03-08 10:30").len(), 0);
    assert_eq!(test("2026-03-08 02:30").len(), 1);
    assert_eq!(test("2026-11-01 01:30").len(), 1);
}

#[test]
fn numbers_are_brought_to_one_form_before_rules_see_them() {
    let config = config();
    let trunk = &config.trunks[0];
    let called = trunk.normalise(&Phi::new("(312) 555-0199".into()));
    let dialled = Dialled { called, ..call("", "+13125550142", NIGHT, &[]) };
    let chosen = config.plan(trunk).unwrap().route(&dialled).unwrap();
    assert_eq!(chosen.route.name.as_str(), "after-hours");
    assert!(PROFILE.contains("generic"));
}

/// Whatever is dialled, the decision and its reasons agree, and each route gets one reason.
#[test]
fn random_calls_get_one_route_and_a_reason_each() {
    let plan = plan();
    let mut dice = attendant::base::Dice::new(2);
    let mut pick = |from: &[&str]| from[dice.below(from.len() as u64) as usize].to_owned();
    for _ in 0..2_000 {
        let called = pick(&["8000", "8001", "+13125550100", "x", ""]);
        let caller = pick(&["+18005550100", "+17735550100", "+13125550100", "", "6001"]);
        let at = pick(&[OPEN, NIGHT, "2026-11-26 09:00", "2026-07-11 12:00"]);
        let line = pick(&["vip", "es", ""]);
        let dialled = call(&called, &caller, &at, &[("X-Line", &line)]);
        let chosen = plan.route(&dialled).unwrap();
        let why = plan.why(&dialled);
        assert_eq!(why.len(), plan.routes.len());
        let taken: Vec<_> = why.iter().filter(|r| r.verdict == Verdict::Chosen).collect();
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].route, chosen.route.name);
    }
}
