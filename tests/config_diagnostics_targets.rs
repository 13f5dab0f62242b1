//! What a dialplan says when those who answer, those whom calls are handed to, or its tests for a
//! trunk are wrong: agents, ways to hand over, numbers out of reach. As text.
#![allow(clippy::unwrap_used)]

mod config_case;

use config_case::{PLAN, PROFILE, check, load, told};

const PROFILE_FILE: &str = "sip-profiles/front.toml";
const PLAN_FILE: &str = "dialplans/clinic.toml";

#[test]
fn agents_and_languages_that_we_do_not_have() {
    check(
        PLAN_FILE,
        "agent    = \"reception\"\n\n",
        "agent = \"receptoin\"\nlanguage = [\"sp-US\", \"en-US\", \"en-US\"]\n\n",
        r#"
error[config-unknown-value]: no agent is called "receptoin"
  --> dialplans/clinic.toml:12:9
   |
12 | agent = "receptoin"
   |         ^^^^^^^^^^^ unknown value
   |
   = help: did you mean "reception"?

error[config-unknown-value]: no language is called "sp-US"
  --> dialplans/clinic.toml:13:13
   |
13 | language = ["sp-US", "en-US", "en-US"]
   |             ^^^^^^^ unknown value
   |
   = help: did you mean "es-US"?

error[config-duplicate]: en-US is written twice
  --> dialplans/clinic.toml:13:31
   |
13 | language = ["sp-US", "en-US", "en-US"]
   |                               ^^^^^^^ the second one
   |
   = help: remove it

3 errors"#,
    );
}

#[test]
fn ways_to_hand_over_that_have_no_effect() {
    check(
        PLAN_FILE,
        "dial = [\"6001\"]",
        "dial = [\"6001\"]\nhow = \"bridge\"\nannounce = \"{caller.name}, {reason}\"",
        r#"
error[config-no-effect]: calls cannot be handed over by "bridge" yet
 --> dialplans/clinic.toml:8:7
  |
8 | how = "bridge"
  |       ^^^^^^^^ no effect
  |
  = help: remove it, or write how = "refer"

error[config-no-effect]: nobody would hear this: calls are handed over by blind REFER alone
 --> dialplans/clinic.toml:9:12
  |
9 | announce = "{caller.name}, {reason}"
  |            ^^^^^^^^^^^^^^^^^^^^^^^^^ no effect
  |
  = help: remove it

2 errors"#,
    );
}

#[test]
fn a_way_to_hand_over_that_is_none() {
    check(
        PLAN_FILE,
        "dial = [\"6001\"]",
        "dial = [\"6001\"]\nhow = \"atended\"",
        r#"
error[config-unknown-value]: no way to reach a target is called "atended"
 --> dialplans/clinic.toml:8:7
  |
8 | how = "atended"
  |       ^^^^^^^^^ unknown value
  |
  = help: did you mean "attended"?

1 error"#,
    );
}

#[test]
fn numbers_that_are_never_dialled() {
    check(
        PLAN_FILE,
        "dial = [\"6001\"]",
        "dial = [\"9-911\", \"112\", \"900-555-0100\", \"+88216000000\", \"988\"]",
        r#"
error[config-forbidden-number]: 9-911 is an emergency number
 --> dialplans/clinic.toml:7:9
  |
7 | dial = ["9-911", "112", "900-555-0100", "+88216000000", "988"]
  |         ^^^^^^^ never dialled
  |
  = help: the agent tells a caller in danger to hang up and dial 911; it never dials itself

error[config-forbidden-number]: 112 is an emergency number
 --> dialplans/clinic.toml:7:18
  |
7 | dial = ["9-911", "112", "900-555-0100", "+88216000000", "988"]
  |                  ^^^^^ never dialled
  |
  = help: the agent tells a caller in danger to hang up and dial 911; it never dials itself

error[config-forbidden-number]: 900-555-0100 is a premium number
 --> dialplans/clinic.toml:7:25
  |
7 | dial = ["9-911", "112", "900-555-0100", "+88216000000", "988"]
  |                         ^^^^^^^^^^^^^^ never dialled
  |
  = help: remove it: the agent never dials this number, whatever is allowed

error[config-forbidden-number]: +88216000000 is a premium number
 --> dialplans/clinic.toml:7:41
  |
7 | dial = ["9-911", "112", "900-555-0100", "+88216000000", "988"]
  |                                         ^^^^^^^^^^^^^^ never dialled
  |
  = help: remove it: the agent never dials this number, whatever is allowed

error[config-not-allowed]: trunk front may not hand calls to 988
 --> dialplans/clinic.toml:7:57
  |
7 | dial = ["9-911", "112", "900-555-0100", "+88216000000", "988"]
  |                                                         ^^^^^ not allowed
  |
  = help: add it, or a pattern for it, to `allow` under [transfer] in sip-profiles/front.toml

5 errors"#,
    );
}

#[test]
fn patterns_that_reach_too_far() {
    check(
        PROFILE_FILE,
        "\"_6XXX\"",
        "\"_6XXX\", \"_9.\", \"_98X\", \"_+1809555XXXX\", \"_+1[2-9]XXNXXXXXX\", \"~[0-9]{50}{50}\", \"999\", \"_312555XXXX\"",
        r#"
error[config-forbidden-number]: "_9." lets the agent reach 911, an emergency number
 --> sip-profiles/front.toml:8:19
  |
8 | allow = ["_6XXX", "_9.", "_98X", "_+1809555XXXX", "_+1[2-9]XXNXXXXXX", "~[0-9]{50}{50}", "999", "_312555XXXX"]
  |                   ^^^^^ too wide
  |
  = help: narrow it to the extensions and numbers of the practice

error[config-forbidden-number]: "_98X" lets the agent reach 988, the crisis line
 --> sip-profiles/front.toml:8:26
  |
8 | allow = ["_6XXX", "_9.", "_98X", "_+1809555XXXX", "_+1[2-9]XXNXXXXXX", "~[0-9]{50}{50}", "999", "_312555XXXX"]
  |                          ^^^^^^ too wide
  |
  = help: narrow it; if this number is meant, write it by itself

error[config-forbidden-number]: "_+1809555XXXX" lets the agent reach +18095555555, a number outside of the United States and Canada
 --> sip-profiles/front.toml:8:34
  |
8 | allow = ["_6XXX", "_9.", "_98X", "_+1809555XXXX", "_+1[2-9]XXNXXXXXX", "~[0-9]{50}{50}", "999", "_312555XXXX"]
  |                                  ^^^^^^^^^^^^^^^ too wide
  |
  = help: narrow it; if this number is meant, write it by itself

error[config-forbidden-number]: "_+1[2-9]XXNXXXXXX" lets the agent reach +19005555555, a premium number
 --> sip-profiles/front.toml:8:51
  |
8 | allow = ["_6XXX", "_9.", "_98X", "_+1809555XXXX", "_+1[2-9]XXNXXXXXX", "~[0-9]{50}{50}", "999", "_312555XXXX"]
  |                                                   ^^^^^^^^^^^^^^^^^^^ too wide
  |
  = help: narrow it to the extensions and numbers of the practice

error[config-forbidden-number]: nobody can tell whether "~[0-9]{50}{50}" lets the agent reach an emergency number
 --> sip-profiles/front.toml:8:72
  |
8 | allow = ["_6XXX", "_9.", "_98X", "_+1809555XXXX", "_+1[2-9]XXNXXXXXX", "~[0-9]{50}{50}", "999", "_312555XXXX"]
  |                                                                        ^^^^^^^^^^^^^^^^ too large
  |
  = help: narrow it to the extensions and numbers of the practice

error[config-forbidden-number]: 999 is an emergency number
 --> sip-profiles/front.toml:8:90
  |
8 | allow = ["_6XXX", "_9.", "_98X", "_+1809555XXXX", "_+1[2-9]XXNXXXXXX", "~[0-9]{50}{50}", "999", "_312555XXXX"]
  |                                                                                          ^^^^^ never dialled
  |
  = help: remove it: the agent never dials this number, whatever is allowed

error[config-no-effect]: "_312555XXXX" can never match: numbers are compared in full
 --> sip-profiles/front.toml:8:97
  |
8 | allow = ["_6XXX", "_9.", "_98X", "_+1809555XXXX", "_+1[2-9]XXNXXXXXX", "~[0-9]{50}{50}", "999", "_312555XXXX"]
  |                                                                                                 ^^^^^^^^^^^^^
  |
  = help: begin it with + and the country: "_+1312555XXXX"

7 errors"#,
    );
}

#[test]
fn a_test_for_a_trunk_that_does_not_use_the_plan() {
    let test = "\n[[test]]\nat = \"2026-07-06 10:00\"\nto = \"8000\"\ntrunk = \"frnt\"\nroute = \"reception\"\n";
    told(
        &[(PLAN_FILE, &format!("{PLAN}{test}"))],
        r#"
error[config-undefined]: trunk frnt does not use this plan
  --> dialplans/clinic.toml:22:9
   |
22 | trunk = "frnt"
   |         ^^^^^^ not defined
   |
   = help: did you mean "front"?

1 error"#,
    );
}

#[test]
fn a_test_is_run_for_its_trunk() {
    let plan = format!(
        "{}\n[[route]]\nname = \"last\"\nagent = \"reception\"\ntransfer = \"front-desk\"\n\
         [[test]]\nat = \"2026-07-06 10:00\"\nto = \"555-0142\"\ntrunk = \"front\"\nroute = \"last\"\n\
         [[test]]\nat = \"2026-07-06 10:00\"\nto = \"555-0142\"\ntrunk = \"back\"\nroute = \"reception\"\n",
        PLAN.replace("name     = \"reception\"", "name = \"reception\"\ncalled = \"+13125550142\"")
    );
    let back = PROFILE.replace("10.0.0.5", "10.0.0.6") + "[numbers]\narea-code = \"312\"\n";
    let files = [(PLAN_FILE, plan.as_str()), ("sip-profiles/back.toml", back.as_str())];
    assert_eq!(load(&files).unwrap_or_else(|e| panic!("{e}")).warnings, []);
    let plan = plan.replace("trunk = \"back\"\n", "");
    told(
        &[(PLAN_FILE, &plan), ("sip-profiles/back.toml", &back)],
        r#"
error[config-test-failed]: this call lands on "last"
  --> dialplans/clinic.toml:32:9
   |
32 | route = "reception"
   |         ^^^^^^^^^^^ the test says otherwise
   |
   = help: this is why:
           - after-hours: clinic is open
           - reception: called number is not +13125550142
           - last: chosen, asks nothing

1 error"#,
    );
}

#[test]
fn a_caller_who_does_not_come_back() {
    check(
        PLAN_FILE,
        "dial = [\"6001\"]",
        "dial = [\"6001\"]\nhow = \"refer\"",
        r#"
error[config-no-effect]: by blind REFER nobody comes back from [target.front-desk] on trunk front
 --> dialplans/clinic.toml:8:7
  |
8 | how = "refer"
  |       ^^^^^^^ the PBX keeps a caller whom it has accepted
  |
  = help: write unanswered = "hangup", or failed-refer-returns = true under [transfer] in sip-profiles/front.toml if the PBX gives the caller back

1 error"#,
    );
    let hangs_up = PLAN.replace("[\"6001\"]", "\"6001\"\nhow = \"refer\"\nunanswered = \"hangup\"");
    assert_eq!(load(&[(PLAN_FILE, &hangs_up)]).unwrap().warnings, []);
}
