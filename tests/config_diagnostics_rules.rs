//! What the rules of a dialplan say when they are wrong, or right and idle: hours, holidays, lists
//! of callers, headers. As text.
#![allow(clippy::unwrap_used)]

mod config_case;

use config_case::{PLAN, check, load, told};

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
    let list = "number,why\r\n+18005550100,fine\r\nDr. Smith,a name\n\"+1800\n\",two lines\n(312) 555-0142,dressed\n1.80055E+10,rounded\n+18005550101;other\n_+1888!5,no\n";
    told(
        &[(PLAN_FILE, BLOCKING), (LIST, list)],
        r#"
error[config-value]: "Dr. Smith" is not a number or pattern
 --> lists/blocked.csv:3:1
  |
3 | Dr. Smith,a name
  | ^^^^^^^^^ cannot be read
  |
  = help: the first column holds the number, and this has no digit

error[config-value]: "(312) 555-0142" is not a number or pattern
 --> lists/blocked.csv:6:1
  |
6 | (312) 555-0142,dressed
  | ^^^^^^^^^^^^^^ cannot be read
  |
  = help: leave out spaces, brackets and strokes

error[config-value]: "1.80055E+10" is not a number or pattern
 --> lists/blocked.csv:7:1
  |
7 | 1.80055E+10,rounded
  | ^^^^^^^^^^^ cannot be read
  |
  = help: a spreadsheet has rounded it: make its column text, and export it again

error[config-value]: "+18005550101;other" is not a number or pattern
 --> lists/blocked.csv:8:1
  |
8 | +18005550101;other
  | ^^^^^^^^^^^^^^^^^^ cannot be read
  |
  = help: write a comma between columns

error[config-value]: "_+1888!5" is not a number or pattern
 --> lists/blocked.csv:9:1
  |
9 | _+1888!5,no
  | ^^^^^^^^ cannot be read
  |
  = help: `!` takes the rest of the number, so nothing can follow it

5 errors"#,
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
        r#"
error[config-undefined]: there is no file lists/blokced.csv
 --> dialplans/clinic.toml:4:8
  |
4 | file = "lists/blokced.csv"
  |        ^^^^^^^^^^^^^^^^^^^ not there
  |
  = help: did you mean "lists/blocked.csv"?

1 error"#,
    );
}

#[test]
fn a_folder_of_lists_that_is_not_there() {
    told(
        &[(PLAN_FILE, BLOCKING)],
        r#"
error[config-undefined]: there is no file lists/blocked.csv
 --> dialplans/clinic.toml:4:8
  |
4 | file = "lists/blocked.csv"
  |        ^^^^^^^^^^^^^^^^^^^ not there
  |
  = help: lists are kept in the folder `lists`, as lists/blocked.csv

1 error"#,
    );
}

#[test]
fn numbers_of_a_list_that_are_never_compared() {
    told(
        &[(PLAN_FILE, BLOCKING), (LIST, "3125550142\n1-312-555-0143,x\n_312555XXXX,a block\n")],
        r#"
error[config-unreachable-route]: "3125550142" can never match: numbers are compared in full
 --> lists/blocked.csv:1:1
  |
1 | 3125550142
  | ^^^^^^^^^^
  |
  = help: write "+13125550142"

error[config-unreachable-route]: "1-312-555-0143" can never match: numbers are compared in full
 --> lists/blocked.csv:2:1
  |
2 | 1-312-555-0143,x
  | ^^^^^^^^^^^^^^
  |
  = help: write "+13125550143"

error[config-unreachable-route]: "_312555XXXX" can never match: numbers are compared in full
 --> lists/blocked.csv:3:1
  |
3 | _312555XXXX,a block
  | ^^^^^^^^^^^
  |
  = help: begin it with + and the country: "_+1312555XXXX"

3 errors"#,
    );
    let list: String = (0..200).map(|n| format!("312555{n:04},x\n")).collect();
    let report = load(&[(PLAN_FILE, BLOCKING), (LIST, &list)]).unwrap_err().to_string();
    assert!(report.contains("190 more numbers in lists/blocked.csv can never match"), "{report}");
}

#[test]
fn a_list_without_anybody() {
    told(
        &[(PLAN_FILE, BLOCKING), (LIST, "number,why\n\n")],
        r#"
error[config-no-effect]: nobody is on [callers.blocked]
 --> dialplans/clinic.toml:3:10
  |
3 | [callers.blocked]
  |          ^^^^^^^ an empty list
  |
  = help: write numbers = ["+18005550100"], or file = "lists/blocked.csv"

1 error"#,
    );
}

#[test]
fn names_inside_of_a_rule_of_hours() {
    check(
        PLAN_FILE,
        "\"not clinic\"",
        "\"not (clinic and lunch) or clinc\"",
        r#"
error[config-undefined]: no [hours.lunch] in this file
  --> dialplans/clinic.toml:11:29
   |
11 | when     = "not (clinic and lunch) or clinc"
   |                             ^^^^^ not defined
   |
   = help: it can be clinic

error[config-undefined]: no [hours.clinc] in this file
  --> dialplans/clinic.toml:11:39
   |
11 | when     = "not (clinic and lunch) or clinc"
   |                                       ^^^^^ not defined
   |
   = help: did you mean "clinic"?

2 errors"#,
    );
}

#[test]
fn a_rule_of_hours_that_is_none() {
    check(
        PLAN_FILE,
        "\"not clinic\"",
        "\"not clinic, clinic\"",
        r#"
error[config-value]: "not clinic, clinic" is not a rule of hours
  --> dialplans/clinic.toml:11:23
   |
11 | when     = "not clinic, clinic"
   |                       ^ `,` means nothing here: write and, or, not and brackets
   |
   = help: write "clinic", "not clinic" or "clinic and not (lunch or holidays)"

1 error"#,
    );
}

#[test]
fn hours_and_holidays_of_one_name() {
    check(
        PLAN_FILE,
        "[hours.clinic]",
        "[holidays.clinic]\ndates = \"12-25\"\n[hours.not]\nopen = \"mon 08:00-09:00\"\n[hours.clinic]",
        r#"
error[config-value]: `when` cannot say the name "not"
 --> dialplans/clinic.toml:5:8
  |
5 | [hours.not]
  |        ^^^
  |
  = help: use letters, digits and dashes, and no and, or, not

error[config-duplicate]: hours and holidays are both called "clinic"
 --> dialplans/clinic.toml:7:8
  |
7 | [hours.clinic]
  |        ^^^^^^
  |
  = help: call one of them something else: `when` could mean either

2 errors"#,
    );
}

#[test]
fn dates_that_are_none() {
    check(
        PLAN_FILE,
        "[hours.clinic]",
        "[holidays.us]\ndates = [\"2026-02-30\", \"4th thursday nov\", \"12-24 8-12\"]\n[hours.clinic]\nexcept = \"su\"",
        r#"
error[config-value]: "2026-02-30" is not a date
 --> dialplans/clinic.toml:4:10
  |
4 | dates = ["2026-02-30", "4th thursday nov", "12-24 8-12"]
  |          ^^^^^^^^^^^^ cannot be read
  |
  = help: `2026-02-30` is not a date: write 2026-12-25, 12-25 for every year, "4th thu nov", "last mon may" or 2026-07-20..2026-07-31

error[config-value]: "4th thursday nov" is not a date
 --> dialplans/clinic.toml:4:24
  |
4 | dates = ["2026-02-30", "4th thursday nov", "12-24 8-12"]
  |                        ^^^^^^^^^^^^^^^^^^ cannot be read
  |
  = help: `4th thursday nov` is not a date: write 2026-12-25, 12-25 for every year, "4th thu nov", "last mon may" or 2026-07-20..2026-07-31

error[config-value]: "12-24 8-12" is not a date
 --> dialplans/clinic.toml:4:44
  |
4 | dates = ["2026-02-30", "4th thursday nov", "12-24 8-12"]
  |                                            ^^^^^^^^^^^^ cannot be read
  |
  = help: `12-24 8-12` is not a date: write 2026-12-25, 12-25 for every year, "4th thu nov", "last mon may" or 2026-07-20..2026-07-31

error[config-undefined]: no [holidays.su] in this file
 --> dialplans/clinic.toml:6:10
  |
6 | except = "su"
  |          ^^^^ not defined
  |
  = help: it can be us

4 errors"#,
    );
}

#[test]
fn a_route_at_hours_that_never_are() {
    check(
        PLAN_FILE,
        "\"not clinic\"",
        "\"clinic and not clinic\"",
        r#"
error[config-unreachable-route]: no call can reach route "after-hours"
  --> dialplans/clinic.toml:11:12
   |
11 | when     = "clinic and not clinic"
   |            ^^^^^^^^^^^^^^^^^^^^^^^ this is never so
   |
   = help: compare it with [hours] and [holidays]

1 error"#,
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
        r#"
error[config-unreachable-route]: no call can reach route "at-lunch"
  --> dialplans/clinic.toml:20:10
   |
20 | name   = "at-lunch"
   |          ^^^^^^^^^^ "friends" above takes every call that this one asks for
   |
   = help: move it up, or remove it

1 error"#,
    );
}

#[test]
fn headers_that_are_none() {
    check(
        PLAN_FILE,
        "when     = \"not clinic\"",
        "header = { \"X Line\" = \"es\", s = \"a\", Subject = \"b\", X-Odd = \"~(\" }",
        r#"
error[config-value]: "X Line" is not the name of a header
  --> dialplans/clinic.toml:11:12
   |
11 | header = { "X Line" = "es", s = "a", Subject = "b", X-Odd = "~(" }
   |            ^^^^^^^^
   |
   = help: write it as in the SIP message: X-Line

error[config-duplicate]: the header Subject is asked for twice
  --> dialplans/clinic.toml:11:29
   |
11 | header = { "X Line" = "es", s = "a", Subject = "b", X-Odd = "~(" }
   |                             ^ the second one
   |
   = help: write one pattern: "~(one|other)"

error[config-value]: "~(" is not a value or pattern
  --> dialplans/clinic.toml:11:61
   |
11 | header = { "X Line" = "es", s = "a", Subject = "b", X-Odd = "~(" }
   |                                                             ^^^^ cannot be read
   |
   = help: not a regular expression: unclosed group

3 errors"#,
    );
}

/// The same plan behind two trunks: a number of seven digits is complete on one of them alone.
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
            ["1st", "2nd", "3rd", "4th", "5th"]
                .map(|nth| format!("\"{nth} mon {month}\""))
                .join(", ")
        })
        .join(", ");
    let january =
        "\"1st mon jan\", \"2nd mon jan\", \"3rd mon jan\", \"4th mon jan\", \"5th mon jan\"";
    told(
        &[(PLAN_FILE, &plan.replace(january, &all))],
        r#"
warning[config-no-effect]: [hours.never] never opens
 --> dialplans/clinic.toml:3:8
  |
3 | [hours.never]
  |        ^^^^^
  |
  = help: write open = ["mon-fri 08:00-17:00"]

warning[config-no-effect]: this names a time that is skipped: on 2026-03-08 the clock goes from 02:00 to 03:00
 --> dialplans/clinic.toml:8:9
  |
8 | open = ["sat 22:00-02:30", "sun 02:15-06:00"]
  |         ^^^^^^^^^^^^^^^^^
  |
  = help: begin and end an hour before or after it

warning[config-no-effect]: this names a time that is skipped: on 2026-03-08 the clock goes from 02:00 to 03:00
 --> dialplans/clinic.toml:8:28
  |
8 | open = ["sat 22:00-02:30", "sun 02:15-06:00"]
  |                            ^^^^^^^^^^^^^^^^^
  |
  = help: begin and end an hour before or after it

warning[config-unused]: nothing uses [holidays.unused]
  --> dialplans/clinic.toml:16:11
   |
16 | [holidays.unused]
   |           ^^^^^^
   |
   = help: use it, or remove it

warning[config-no-effect]: "front-desk" is closed whenever route "closed" takes a call
  --> dialplans/clinic.toml:27:12
   |
27 | transfer = "front-desk"
   |            ^^^^^^^^^^^^
   |
   = help: it is open in [hours.clinic]: remove it here, or its `hours`

warning[config-no-last-resort]: a call that no route matches is refused with 404
  --> dialplans/clinic.toml:30:12
   |
30 | name     = "open"
   |            ^^^^^^
   |
   = help: end the plan with a route that asks nothing"#,
    );
}

#[test]
fn a_list_that_no_plan_uses() {
    told(
        &[("lists/old.csv", "+18005550100,left over\n")],
        r#"
warning[config-unused]: no dialplan uses lists/old.csv
 --> lists/old.csv:1:1
  |
1 | +18005550100,left over
  | ^
  |
  = help: write file = "lists/old.csv" under [callers.…], or remove it"#,
    );
}
