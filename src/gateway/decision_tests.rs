//! A live call and a dry run say the same, and no plan reaches a number outside of `[transfer] allow`.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::Weekday;
use proptest::prelude::*;

use super::*;
use crate::base::{CallId, Phi, TargetName};
use crate::gateway::admission::choose;

const NODE: &str = "data = \"d\"\nmodels = \"m\"\n[sip]\nlisten = \"127.0.0.1:5060\"\n";
const PROFILE: &str = "preset = \"generic\"\ndialplan = \"p\"\n[peer]\nhost = \"10.0.0.5\"\n\
    [transfer]\nallow = [\"_6XXX\", \"_+1312555XXXX\", \"988\", \"~7[0-4]{3}\"]\n";

fn load(plan: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in
        [("attendant.toml", NODE), ("sip-profiles/t.toml", PROFILE), ("dialplans/p.toml", plan)]
    {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    Config::load(folder.path()).unwrap_or_else(|errors| panic!("{errors}\n{plan}"))
}

/// What a generated route asks, simple enough to be judged a second way.
#[derive(Clone, Debug)]
struct Rule {
    called: Option<&'static str>,
    caller: Option<&'static str>,
    when: Option<bool>,
    header: Option<&'static str>,
    reject: Option<u16>,
}

#[derive(Clone, Debug)]
struct Caller {
    called: &'static str,
    caller: Option<&'static str>,
    header: Option<&'static str>,
    /// Hours since the first moment of 2026 (UTC).
    hour: i64,
}

fn rule() -> impl Strategy<Value = Rule> {
    let called = prop::option::of(prop::sample::select(vec!["8000", "8001", "+13125550100"]));
    let caller = prop::option::of(prop::sample::select(vec!["+13125550142", "6001", "anonymous"]));
    let header = prop::option::of(prop::sample::select(vec!["es", "en"]));
    let reject = prop::option::weighted(0.3, prop::sample::select(vec![403_u16, 486, 603]));
    (called, caller, prop::option::of(any::<bool>()), header, reject).prop_map(
        |(called, caller, when, header, reject)| Rule { called, caller, when, header, reject },
    )
}

fn caller() -> impl Strategy<Value = Caller> {
    let called = prop::sample::select(vec!["8000", "8001", "312-555-0100", "+13125550100", "x"]);
    let caller =
        prop::option::of(prop::sample::select(vec!["3125550142", "+13125550142", "6001", "7"]));
    let header = prop::option::of(prop::sample::select(vec!["es", "en", "fr"]));
    (called, caller, header, 0..20_000_i64).prop_map(|(called, caller, header, hour)| Caller {
        called,
        caller,
        header,
        hour,
    })
}

fn plan(rules: &[Rule]) -> String {
    let mut text =
        "timezone = \"America/Chicago\"\n[hours.clinic]\nopen = \"mon-fri 08:00-17:00\"\n\
        [target.desk]\ndial = \"6001\"\n"
            .to_owned();
    for (at, rule) in rules.iter().enumerate() {
        writeln!(text, "[[route]]\nname = \"r{at}\"").unwrap();
        let mut key = |key: &str, value: Option<&str>| {
            value.map(|value| writeln!(text, "{key} = \"{value}\"").unwrap())
        };
        key("called", rule.called);
        key("caller", rule.caller);
        key("when", rule.when.map(|open| if open { "clinic" } else { "not clinic" }));
        key("header.X-Line", rule.header);
        match rule.reject {
            Some(status) => writeln!(text, "reject = {status}").unwrap(),
            None => writeln!(text, "agent = \"reception\"\ntransfer = \"desk\"").unwrap(),
        }
    }
    text
}

/// Judges by hand what the dialplan judges by its rules.
fn takes(rule: &Rule, caller: &Caller, open: bool) -> bool {
    let long = |number: &str| match number {
        "3125550142" => "+13125550142".to_owned(),
        "312-555-0100" => "+13125550100".to_owned(),
        other => other.to_owned(),
    };
    let number = caller.caller.map(long);
    rule.called.is_none_or(|called| called == long(caller.called))
        && rule.caller.is_none_or(|rule| number.as_deref().unwrap_or("anonymous") == rule)
        && rule.when.is_none_or(|wanted| wanted == open)
        && rule.header.is_none_or(|value| caller.header == Some(value))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_live_call_a_dry_run_and_a_second_judge_agree(
        rules in prop::collection::vec(rule(), 1..6),
        callers in prop::collection::vec(caller(), 1..12),
    ) {
        // Routes that cannot be reached are refused by `check`; here they may stand.
        let mut kept: Vec<Rule> = Vec::new();
        for rule in rules {
            let wider = |earlier: &Rule| {
                (earlier.called.is_none() || earlier.called == rule.called)
                    && (earlier.caller.is_none() || earlier.caller == rule.caller)
                    && (earlier.when.is_none() || earlier.when == rule.when)
                    && (earlier.header.is_none() || earlier.header == rule.header)
            };
            if !kept.iter().any(wider) {
                kept.push(rule);
            }
        }
        let config = load(&plan(&kept));
        let profile = &config.trunks[0];
        for caller in callers {
            let now = Timestamp::from_second(1_767_225_600 + caller.hour * 3_600).unwrap();
            let at = config.plan(profile).unwrap().civil(now);
            let weekend = matches!(at.weekday(), Weekday::Saturday | Weekday::Sunday);
            let open = !weekend && (8..17).contains(&at.hour());
            let asked = Asked {
                called: Phi::new(caller.called.to_owned()),
                caller: caller.caller.map(|number| Phi::new(number.to_owned())),
                withheld: caller.caller.is_none(),
                headers: caller.header.map(|v| ("X-Line".to_owned(), Phi::new(v.to_owned()))).into_iter().collect(),
            };
            let expected = kept.iter().position(|rule| takes(rule, &caller, open));
            let dry = decide(&config, profile, &asked, at).unwrap().to_string();
            let first = dry.lines().next().unwrap().to_owned();
            let live = match choose(&config, profile, CallId(2), &asked, now) {
                Ok(choice) => format!("route     {}", choice.route),
                Err(refused) if refused.status == 404 => "route     none: refused with 404".to_owned(),
                Err(refused) => {
                    let rule = expected.and_then(|at| kept[at].reject);
                    prop_assert_eq!(Some(refused.status), rule);
                    let told = format!("refused   with {}\n", refused.status);
                    prop_assert!(dry.contains(&told), "{}", dry);
                    first.clone()
                }
            };
            prop_assert_eq!(&first, &live);
            let by_hand = expected.map_or("none: refused with 404".to_owned(), |at| format!("r{at}"));
            prop_assert_eq!(first, format!("route     {by_hand}"));
            // Every losing line but those behind the winner names a condition; none a number.
            prop_assert!(!dry.contains("5550142"), "{}", dry);
        }
    }

    /// The plan is changed behind the back of `check`: what the trunk allows is asked again.
    #[test]
    fn whatever_a_target_dials_only_what_is_allowed_goes_out(
        numbers in prop::collection::vec("[0-9+*#a;@<>\r\n%-]{0,12}|6[0-9]{3}|7[0-9]{3}|9?911|\\+1312555[0-9]{4}|900555010[0-9]", 1..6),
        asked_for in "\\PC{0,12}|desk|6001|911|sip:6001@evil",
    ) {
        let mut config = load(&plan(&[Rule { called: None, caller: None, when: None, header: None, reject: None }]));
        let desk = TargetName::new("desk");
        for plan in config.plans.values_mut() {
            plan.targets.get_mut(&desk).unwrap().dial.clone_from(&numbers);
        }
        let profile = &config.trunks[0];
        let (called, headers) = (Phi::new("8000".into()), Vec::new());
        let asked = Asked { called, caller: None, withheld: true, headers };
        let choice = choose(&config, profile, CallId(2), &asked, Timestamp::UNIX_EPOCH);
        let Ok(choice) = choice else { return Err(TestCaseError::fail("it has an agent")) };
        let reached = choice.targets.get(&TargetName::new(&asked_for));
        prop_assert!(reached.is_none() || asked_for == "desk", "a tool names targets alone");
        for attempt in choice.targets.values().flat_map(|reach| &reach.attempts) {
            let user = attempt.uri.strip_prefix("sip:").and_then(|uri| uri.strip_suffix("@10.0.0.5"));
            let user = user.unwrap_or_else(|| panic!("{}", attempt.uri));
            let digits: String = user.chars().filter(char::is_ascii_digit).collect();
            let plain = user.chars().all(|c| c.is_ascii_digit() || "+-.".contains(c));
            prop_assert!(plain, "{}", user);
            let extension = digits.len() == 4 && digits.starts_with('6');
            let other = digits.len() == 4 && digits.starts_with('7') && digits[1..].chars().all(|c| c < '5');
            let block = digits.trim_start_matches('1').starts_with("312555") && digits.len() >= 10;
            prop_assert!(extension || other || block || digits == "988", "{}", user);
        }
    }
}
