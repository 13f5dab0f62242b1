//! The keys of `dialplans/<plan>.toml`. `*` stands for a name that the admin chooses.

use super::Fallback::{From, Must, Nothing, Value};
use super::{Key, key};

const NUMBERS: &str = "list of numbers and patterns";
const NAMES: &str = "list of targets";

/// All of them, in the order of the manual.
pub const PLAN: &[Key] = &[
    key("timezone", "IANA name", Must, "hours are those of the clock on the practice's wall"),
    key(
        "language",
        "list of languages",
        Value("\"en-US\""),
        "what routes speak that say nothing else",
    ),
    key(
        "recording",
        "`on` or `off`",
        Value("\"off\""),
        "whether calls are recorded whose route says nothing else; needs `[recording] key` in attendant.toml",
    ),
    key("hours.*.open", "list of days and times", Must, "`mon-thu 08:00-17:00`; over midnight too"),
    key(
        "hours.*.except",
        "list of holidays",
        Nothing,
        "days on which the weekly times do not hold",
    ),
    key(
        "holidays.*.dates",
        "list of dates",
        Must,
        "`2026-11-26`, `12-25`, `4th thu nov`, `12-24 08:00-12:00`",
    ),
    key("callers.*.numbers", NUMBERS, Nothing, "who is on the list"),
    key(
        "callers.*.file",
        "path in `lists/`",
        Nothing,
        "a CSV file whose first column is a number or pattern",
    ),
    key("target.*.dial", "list of numbers", Must, "rung one after another"),
    key(
        "target.*.ring",
        "duration",
        Value("\"20s\""),
        "each; no longer than the trunk's `[transfer] wait`",
    ),
    key("target.*.hours", "name of hours", Nothing, "offered to callers only then"),
    key(
        "target.*.how",
        "`profile` or `refer`",
        Value("\"profile\""),
        "how a call is handed over: as the trunk says, or so",
    ),
    key(
        "target.*.announce",
        "text",
        Nothing,
        "told to staff before they take the call; by attended transfer and bridge only, which do not exist yet",
    ),
    key(
        "target.*.unanswered",
        "`agent`, `hangup` or a target",
        Value("\"agent\""),
        "what happens when nobody answers",
    ),
    key("route.name", "text", Must, "its name in logs and tests"),
    key("route.called", NUMBERS, Nothing, "the number that was dialled"),
    key("route.caller", "lists, numbers, patterns, `anonymous`", Nothing, "who calls"),
    key("route.when", "hours and holidays with and, or, not", Nothing, "when it holds"),
    key("route.header", "table: name = value", Nothing, "SIP headers; all of them"),
    key("route.agent", "`reception`", From("or `reject`"), "who answers"),
    key("route.reject", "status", From("or `agent`"), "refuses the call: 486, 603"),
    key("route.language", "list of languages", From("`language` of the plan"), "the first greets"),
    key(
        "route.recording",
        "`on` or `off`",
        From("`recording` of the plan"),
        "whether its calls are recorded, after callers were told",
    ),
    key(
        "route.transfer",
        NAMES,
        Nothing,
        "the only targets that the agent sees; the first is \"a person\"",
    ),
    key("route.fallback", "target", Nothing, "takes the call when the agent cannot go on"),
    key("test.at", "day and time", Must, "when the call comes, in the plan's time zone"),
    key("test.from", "number", From("anonymous"), "who calls"),
    key("test.to", "number", Must, "what is dialled"),
    key("test.header", "table: name = value", Nothing, "SIP headers"),
    key(
        "test.trunk",
        "name",
        From("every trunk of the plan"),
        "the trunk that the test is meant for",
    ),
    key("test.route", "name", Must, "the route that must take it"),
];
