//! What a wrong dialplan says, alone and together with the profile that uses it, as text.
#![allow(clippy::unwrap_used)]

mod config_case;

use config_case::{check, load_with};

const PROFILE_FILE: &str = "sip-profiles/front.toml";
const PLAN_FILE: &str = "dialplans/clinic.toml";

#[test]
fn emergency_and_premium_numbers_are_out_of_reach() {
    check(
        PROFILE_FILE,
        "_6XXX",
        "_XXX",
        r#"
error[config-forbidden-number]: "_XXX" lets the agent reach 911, an emergency number
 --> sip-profiles/front.toml:8:10
  |
8 | allow = ["_XXX"]
  |          ^^^^^^ too wide
  |
  = help: narrow it to the extensions and numbers of the practice

1 error"#,
    );
    check(
        PROFILE_FILE,
        "_6XXX",
        "_+1NXXNXXXXXX",
        r#"
error[config-forbidden-number]: "_+1NXXNXXXXXX" lets the agent reach +19005555555, a premium number
 --> sip-profiles/front.toml:8:10
  |
8 | allow = ["_+1NXXNXXXXXX"]
  |          ^^^^^^^^^^^^^^^ too wide
  |
  = help: narrow it to the extensions and numbers of the practice

1 error"#,
    );
    check(
        PLAN_FILE,
        "6001",
        "911",
        r#"
error[config-forbidden-number]: 911 is an emergency number
 --> dialplans/clinic.toml:7:9
  |
7 | dial = ["911"]
  |         ^^^^^ never dialled
  |
  = help: the agent tells a caller in danger to hang up and dial 911; it never dials itself

1 error"#,
    );
}

#[test]
fn a_target_that_the_trunk_does_not_allow() {
    check(
        PROFILE_FILE,
        "_6XXX",
        "_7XXX",
        r#"
error[config-not-allowed]: trunk front may not hand calls to 6001
 --> dialplans/clinic.toml:7:9
  |
7 | dial = ["6001"]
  |         ^^^^^^ not allowed
  |
  = help: add it, or a pattern for it, to `allow` under [transfer] in sip-profiles/front.toml

1 error"#,
    );
}

#[test]
fn a_target_that_rings_for_longer_than_the_trunk_waits() {
    check(
        PLAN_FILE,
        "dial = [\"6001\"]",
        "dial = [\"6001\"]\nring = \"40s\"",
        r#"
error[config-no-effect]: rings for 40s, and trunk front waits 25s for a transfer's outcome
 --> dialplans/clinic.toml:8:8
  |
8 | ring = "40s"
  |        ^^^^^ never rings that long
  |
  = help: write wait = "45s" under [transfer] in sip-profiles/front.toml, or a shorter `ring`

1 error"#,
    );
}

#[test]
fn names_that_are_not_defined() {
    check(
        PLAN_FILE,
        "\"not clinic\"",
        "\"not clnic\"",
        r#"
error[config-undefined]: no [hours.clnic] in this file
  --> dialplans/clinic.toml:11:17
   |
11 | when     = "not clnic"
   |                 ^^^^^ not defined
   |
   = help: did you mean "clinic"?

1 error"#,
    );
    check(
        PLAN_FILE,
        "[\"front-desk\"]",
        "[\"frontdesk\", \"nurse\"]",
        r#"
error[config-undefined]: no [target.frontdesk] in this file
  --> dialplans/clinic.toml:17:13
   |
17 | transfer = ["frontdesk", "nurse"]
   |             ^^^^^^^^^^^ not defined
   |
   = help: did you mean "front-desk"?

error[config-undefined]: no [target.nurse] in this file
  --> dialplans/clinic.toml:17:26
   |
17 | transfer = ["frontdesk", "nurse"]
   |                          ^^^^^^^ not defined
   |
   = help: it can be front-desk

2 errors"#,
    );
    check(
        PROFILE_FILE,
        "\"clinic\"",
        "\"clnic\"",
        r#"
error[config-undefined]: no dialplans/clnic.toml
 --> sip-profiles/front.toml:2:12
  |
2 | dialplan = "clnic"
  |            ^^^^^^^ not defined
  |
  = help: did you mean "clinic"?

1 error"#,
    );
}

#[test]
fn a_day_nobody_knows() {
    check(
        PLAN_FILE,
        "mon-fri 08",
        "mon-fry 08",
        r#"
error[config-value]: "mon-fry 08:00-17:00" is not opening hours
 --> dialplans/clinic.toml:4:9
  |
4 | open = ["mon-fry 08:00-17:00"]
  |         ^^^^^^^^^^^^^^^^^^^^^ cannot be read
  |
  = help: `fry` is not a day: mon, tue, wed, thu, fri, sat or sun

1 error"#,
    );
}

#[test]
fn a_route_behind_one_that_takes_everything() {
    check(
        PLAN_FILE,
        "when     = \"not clinic\"",
        "",
        r#"
error[config-unreachable-route]: no call can reach route "reception"
  --> dialplans/clinic.toml:15:12
   |
15 | name     = "reception"
   |            ^^^^^^^^^^^ "after-hours" above takes every call that this one asks for
   |
   = help: move it up, or remove it

1 error"#,
    );
}

#[test]
fn a_number_that_is_never_compared_like_this() {
    check(
        PLAN_FILE,
        "when     = \"not clinic\"",
        "when = \"not clinic\"\ncalled = [\"3125550142\"]",
        r#"
error[config-unreachable-route]: "3125550142" can never match: numbers are compared in full
  --> dialplans/clinic.toml:12:11
   |
12 | called = ["3125550142"]
   |           ^^^^^^^^^^^^
   |
   = help: write "+13125550142"

1 error"#,
    );
}

#[test]
fn a_key_without_effect() {
    check(
        PLAN_FILE,
        "agent    = \"reception\"\n\n",
        "reject = 603\nfallback = \"front-desk\"\n\n",
        r#"
error[config-no-effect]: route "after-hours" refuses its calls: this key has no effect
  --> dialplans/clinic.toml:13:12
   |
13 | fallback = "front-desk"
   |            ^^^^^^^^^^^^ no effect
   |
   = help: remove it

1 error"#,
    );
    check(
        PROFILE_FILE,
        "host = \"10.0.0.5\"",
        "allow = \"10.0.0.5\"\nping = \"10s\"",
        r#"
error[config-no-effect]: there is no peer to ask
 --> sip-profiles/front.toml:6:8
  |
6 | ping = "10s"
  |        ^^^^^ no effect
  |
  = help: write `host`, or remove `ping`

1 error"#,
    );
}

#[test]
fn a_caller_who_would_ring_for_ever() {
    let circle = "dial = [\"6001\"]\nunanswered = \"nurse\"\n[target.nurse]\ndial = [\"6100\"]\nunanswered = \"front-desk\"";
    check(
        PLAN_FILE,
        "dial = [\"6001\"]",
        circle,
        r#"
error[config-no-effect]: [target.front-desk] comes back to itself when nobody answers
 --> dialplans/clinic.toml:6:9
  |
6 | [target.front-desk]
  |         ^^^^^^^^^^ the caller would ring for ever
  |
  = help: end the chain front-desk → nurse → front-desk with "agent" or "hangup"

1 error"#,
    );
}

#[test]
fn a_test_of_the_plan_that_fails() {
    let test = "transfer = [\"front-desk\"]\n\n[[test]]\nat = \"2026-12-25 18:00\"\nfrom = \"+18475550142\"\nto = \"8000\"\nroute = \"reception\"";
    check(
        PLAN_FILE,
        "transfer = [\"front-desk\"]",
        test,
        r#"
error[config-test-failed]: this call lands on "after-hours"
  --> dialplans/clinic.toml:23:9
   |
23 | route = "reception"
   |         ^^^^^^^^^^^ the test says otherwise
   |
   = help: this is why:
           - after-hours: chosen, clinic is closed
           - reception: not reached

1 error"#,
    );
}

#[test]
fn warnings_do_not_stop_anything() {
    let config = load_with(PLAN_FILE, "transfer = [\"front-desk\"]", "called = \"8000\"").unwrap();
    let warnings: String = config.warnings.iter().map(|warning| format!("{warning}\n")).collect();
    let expected = r#"warning[config-unused]: nothing uses [target.front-desk]
 --> dialplans/clinic.toml:6:9
  |
6 | [target.front-desk]
  |         ^^^^^^^^^^
  |
  = help: use it, or remove it
warning[config-no-last-resort]: a call that no route matches is refused with 404
  --> dialplans/clinic.toml:15:12
   |
15 | name     = "reception"
   |            ^^^^^^^^^^^
   |
   = help: end the plan with a route that asks nothing
"#;
    assert_eq!(warnings, expected);
}
