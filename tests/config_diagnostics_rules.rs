//! What the rules of a dialplan say when they are wrong, or right and idle: hours, holidays, lists
//! of callers, headers, targets, numbers out of reach. As text.
#![allow(clippy::unwrap_used)]

mod config_case;

use config_case::{PLAN, PROFILE, check, load, told};

const PROFILE_FILE: &str = "sip-profiles/front.toml";
const PLAN_FILE: &str = "dialplans/clinic.toml";
const LIST: &str = "lists/blocked.csv";

/// A plan with a list of blocked callers from a file.
const BLOCKING: &str = r#"timezone = "America/Chicago"

[callers.blocked]
file = "lists/blocked.csv"

[[route]]
name   = "blocked"
caller = "blocked"
reject = 603

[[route]]
name  = "reception"
agent = "reception"
"#;

#[test]
fn rows_of_a_list_that_cannot_be_read() {
    let list = "number,why\r\n+18005550100,fine\r\nDr. Smith,a name\n\"+1800\n\",two lines\n1.80055E+10,rounded\n+18005550101;other\n_+1888!5,no\n";
    told(
        &[(PLAN_FILE, BLOCKING), (LIST, list)],
        r#"FILL"#,
    );
}

#[test]
fn a_list_with_the_wrong_column_first_is_told_in_short() {
    let list: String = (0..200).map(|n| format!("caller number {n},+1800555{n:04}\n")).collect();
    let report = load(&[(PLAN_FILE, BLOCKING), (LIST, &list)]).unwrap_err().to_string();
    assert!(report.contains("error[config-value]: 190 more rows of lists/blocked.csv"), "{report}");
    assert!(report.ends_with("\n11 errors"), "{report}");
}

#[test]
fn a_list_that_is_not_there() {
    told(
        &[(PLAN_FILE, &BLOCKING.replace("blocked.csv", "blokced.csv")), (LIST, "+18005550100\n")],
        r#"FILL"#,
    );
}

#[test]
fn a_folder_of_lists_that_is_not_there() {
    told(
        &[(PLAN_FILE, BLOCKING)],
        r#"FILL"#,
    );
}

#[test]
fn numbers_of_a_list_that_are_never_compared() {
    told(
        &[(PLAN_FILE, BLOCKING), (LIST, "(312) 555-0142\n3125550142\n_312555XXXX,a block\n")],
        r#"FILL"#,
    );
    let list: String = (0..200).map(|n| format!("312555{n:04},x\n")).collect();
    let report = load(&[(PLAN_FILE, BLOCKING), (LIST, &list)]).unwrap_err().to_string();
    assert!(report.contains("190 more numbers in lists/blocked.csv can never match"), "{report}");
}

#[test]
fn a_list_without_anybody() {
    told(
        &[(PLAN_FILE, BLOCKING), (LIST, "number,why\n\n")],
        r#"FILL"#,
    );
}

#[test]
fn names_inside_of_a_rule_of_hours() {
    check(
        PLAN_FILE,
        "\"not clinic\"",
        "\"not (clinic and lunch) or clinc\"",
        r#"FILL"#,
    );
}

#[test]
fn a_rule_of_hours_that_is_none() {
    check(
        PLAN_FILE,
        "\"not clinic\"",
        "\"not clinic, clinic\"",
        r#"FILL"#,
    );
}

#[test]
fn hours_and_holidays_of_one_name() {
    check(
        PLAN_FILE,
        "[hours.clinic]",
        "[holidays.clinic]\ndates = \"12-25\"\n[hours.not]\nopen = \"mon 08:00-09:00\"\n[hours.clinic]",
        r#"FILL"#,
    );
}

#[test]
fn dates_that_are_none() {
    check(
        PLAN_FILE,
        "[hours.clinic]",
        "[holidays.us]\ndates = [\"2026-02-30\", \"4th thursday nov\", \"12-24 8-12\"]\n[hours.clinic]\nexcept = \"su\"",
        r#"FILL"#,
    );
}

#[test]
fn a_route_at_hours_that_never_are() {
    check(
        PLAN_FILE,
        "\"not clinic\"",
        "\"clinic and not clinic\"",
        r#"FILL"#,
    );
}

#[test]
fn a_route_whose_numbers_an_earlier_one_takes() {
    let plan = format!(
        "{}\n[[route]]\nname = \"last\"\nagent = \"reception\"\ntransfer = \"front-desk\"\n",
        PLAN.replace("when     = \"not clinic\"", "called = [\"_8XXX\", \"_+1312555XXXX\"]").replace(
            "name     = \"reception\"",
            "name     = \"reception\"\nwhen = \"clinic\"\ncalled = [\"_80[0-4]X\", \"+13125550142\", \"~81[0-9]{2}\"]"
        )
    );
    told(
        &[(PLAN_FILE, &plan)],
        r#"FILL"#,
    );
}

#[test]
fn a_route_whose_hours_and_callers_an_earlier_one_takes() {
    let plan = r#"timezone = "America/Chicago"

[hours.clinic]
open = "mon-fri 08:00-17:00"

[hours.lunch]
open = "mon-fri 12:00-13:00"

[callers.known]
numbers = ["_+1312555XXXX", "+13125560100"]

[[route]]
name   = "friends"
caller = ["known", "anonymous"]
when   = "clinic"
header = { X-Line = "~.*" }
agent  = "reception"

[[route]]
name   = "at-lunch"
caller = ["+13125560100", "_+13125550XXX", "anonymous"]
when   = "lunch"
header = { x-line = "es", Subject = "x" }
reject = 603

[[route]]
name  = "reception"
agent = "reception"
"#;
    told(
        &[(PLAN_FILE, plan)],
        r#"FILL"#,
    );
}

#[test]
fn headers_that_are_none() {
    check(
        PLAN_FILE,
        "when     = \"not clinic\"",
        "header = { \"X Line\" = \"es\", s = \"a\", Subject = \"b\", X-Odd = \"~(\" }",
        r#"FILL"#,
    );
}

#[test]
fn agents_and_languages_that_we_do_not_have() {
    check(
        PLAN_FILE,
        "agent    = \"reception\"\n\n",
        "agent = \"receptoin\"\nlanguage = [\"es-US\", \"en-US\", \"en-US\"]\n\n",
        r#"FILL"#,
    );
}

#[test]
fn ways_to_hand_over_that_have_no_effect() {
    check(
        PLAN_FILE,
        "dial = [\"6001\"]",
        "dial = [\"6001\"]\nhow = \"bridge\"\nannounce = \"{caller.name}, {reason}\"",
        r#"FILL"#,
    );
}

#[test]
fn a_way_to_hand_over_that_is_none() {
    check(
        PLAN_FILE,
        "dial = [\"6001\"]",
        "dial = [\"6001\"]\nhow = \"atended\"",
        r#"FILL"#,
    );
}

#[test]
fn numbers_that_are_never_dialled() {
    check(
        PLAN_FILE,
        "dial = [\"6001\"]",
        "dial = [\"9-911\", \"112\", \"900-555-0100\", \"+88216000000\", \"988\"]",
        r#"FILL"#,
    );
}

#[test]
fn patterns_that_reach_too_far() {
    check(
        PROFILE_FILE,
        "\"_6XXX\"",
        "\"_6XXX\", \"_9.\", \"_98X\", \"_+1809555XXXX\", \"_+1[2-9]XXNXXXXXX\", \"~[0-9]{50}{50}\", \"999\", \"_312555XXXX\"",
        r#"FILL"#,
    );
}

#[test]
fn a_test_for_a_trunk_that_does_not_use_the_plan() {
    let test = "\n[[test]]\nat = \"2026-07-06 10:00\"\nto = \"8000\"\ntrunk = \"frnt\"\nroute = \"reception\"\n";
    told(
        &[(PLAN_FILE, &format!("{PLAN}{test}"))],
        r#"FILL"#,
    );
}

/// The same plan behind two trunks: a number of seven digits is complete on one of them alone.
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
        r#"FILL"#,
    );
}

#[test]
fn hours_that_are_right_and_idle() {
    let plan = r#"timezone = "America/Chicago"

[hours.never]
open   = "mon 08:00-17:00"
except = "mondays"

[hours.night]
open = ["sat 22:00-02:30", "sun 02:15-06:00"]

[hours.clinic]
open = ["mon-fri 08:00-17:00"]

[holidays.mondays]
dates = ["1st mon jan", "2nd mon jan", "3rd mon jan", "4th mon jan", "5th mon jan"]

[holidays.unused]
dates = "12-25"

[target.front-desk]
dial  = "6001"
hours = "clinic"

[[route]]
name     = "closed"
when     = "not clinic and (night or never)"
agent    = "reception"
transfer = "front-desk"

[[route]]
name     = "open"
when     = "clinic"
agent    = "reception"
transfer = "front-desk"
"#;
    let all = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        .map(|month| {
            ["1st", "2nd", "3rd", "4th", "5th"].map(|nth| format!("\"{nth} mon {month}\"")).join(", ")
        })
        .join(", ");
    let january = "\"1st mon jan\", \"2nd mon jan\", \"3rd mon jan\", \"4th mon jan\", \"5th mon jan\"";
    told(
        &[(PLAN_FILE, &plan.replace(january, &all))],
        r#"FILL"#,
    );
}
