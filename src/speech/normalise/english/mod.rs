//! American English, as people say what is written.
//!
//! The order of the rules is their precedence: what one has turned into words, later ones leave alone.

mod amounts;
mod codes;
mod moments;
pub(super) mod numbers;
mod places;

use std::sync::LazyLock;

use regex::Captures;

use super::rule::{self, FOREIGN_DIGITS, Rule, SIGNS};
use amounts as a;
use codes as c;
use moments::{self as m, MONTHS, WEEKDAYS};
use places as p;

const SHORT_DAYS: &str = "Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun";
const STREETS: &str = "St|Dr|Ave|Blvd|Rd|Ln|Ct|Pl|Pkwy|Hwy|Cir|Ter|Sq";
const UNIT: &str = "mg|mcg|µg|ml|cc|kg|lbs?|oz|cm|mm|km|ft|hrs?|mins?|sec|iu|tsp|tbsp|bpm|mmhg|mph";
const PARTED: &str = "tablets?|pills?|capsules?|cups?|tabs?|hours?|minutes?|days?|teaspoons?|tablespoons?|doses?|of|an?|mg|mcg|ml|mL|miles?|inch|inches|price|pounds?|years?|weeks?|months?|off";
/// What surnames begin with.
const PARTICLES: &str =
    "de|del|della|di|da|dos|du|des|van|von|vander|der|den|ter|ten|la|le|el|al|bin|ibn|abu";
const NUMBERED: &str = "zip|code|pin|passcode|mrn|ssn|ids?|confirmation|chart|claim|(?:confirmation|member|record|reference|case|account|policy|group|claim|chart|prescription|order|id|fax|tracking) (?:number|no\\.?|id)";

/// All rules.
pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    [before_numbers(), moments_and_codes(), numbers_and_signs()].into_iter().flatten().collect()
});

/// Signs, the web, titles and places.
fn before_numbers() -> Vec<Rule> {
    Rule::table(&[
        (r"\b([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)\b", c::mail),
        (
            r"(?i)(?:\bhttps?://)?\b(www\.)?((?:[a-z0-9-]+\.)+(?:com|org|net|gov|edu|health|example|io|us|care|clinic))\b(/[\w./-]*\w)?/?",
            c::site,
        ),
        (SIGNS, rule::sign),
        (FOREIGN_DIGITS, rule::foreign_digit),
        (r"(?i)\b(e\.g\.|i\.e\.|etc\.|vs\.|w/o\b|w/|p\.r\.n\.)(\s*$)?", p::shorthand),
        (r"\b(?:DOB|SSN|Rx|OB-GYN|OB/GYN|OBGYN|A1[Cc])\b", c::known_word),
        (r"\bP\.?\s?O\.?\s+Box\s+(\d+)\b", p::box_number),
        (
            &format!(r"\b({SHORT_DAYS}|{WEEKDAYS})\.?\s?-\s?({SHORT_DAYS}|{WEEKDAYS})\b|\bM-F\b"),
            m::weekdays,
        ),
        (&format!(r"\b({SHORT_DAYS})\b(\.?)"), m::weekday),
        (
            &format!(
                r"\b(\d{{1,5}})((?: (?:NE|NW|SE|SW|[NSEW])\b\.?)?)((?: (?:[A-Z][a-z']+|\d{{1,3}}(?:st|nd|rd|th)))+?) ({STREETS}|Street|Drive|Avenue|Road|Boulevard|Lane|Court|Way)\b(?:\.(\s+[A-Z]|\s*$)|\.)?"
            ),
            p::address,
        ),
        (
            &format!(
                r"\b(on|of|off|near|and|at|to|from) ([A-Z][a-z']+) ({STREETS})\b(?:\.(\s+[A-Z]|\s*$)|\.)?"
            ),
            p::street_named,
        ),
        (&format!(r"\b(Drs?|St)\.? (\p{{Lu}}|(?:{PARTICLES})\b)"), p::title),
        (r"\b(Mr|Mrs|Ms|Prof)\b\.?", p::title),
        (
            r"(?i)\b(room|rm\.?|suite|ste\.?|apartment|apt\.?|unit|building|bldg\.?) #?(\d{1,5})([A-Z])?\b",
            p::room,
        ),
        (
            r"\b(Jr|Sr|St|Dr|Ave|Blvd|Rd|Ln|Pkwy|Hwy|Ste|Apt|Bldg|Rm|Dept|Ctr|Mt|Ft|appts?|approx|tel)\b(\.)(\s+[A-Z]|\s*$)?",
            p::place,
        ),
        (r"\b(\d+) (wks?|yrs?|mos?)\b\.?", p::span),
        (r"(, ?)?\b([A-Z]{2}),? (\d{5})(?:-(\d{4}))?\b", p::state_and_zip),
        (
            r"(\b(?:in|from|near|outside|to) )?\b((?:[A-Z][a-z]+ )*[A-Z][a-z]+), ([A-Z]{2})\b",
            p::state,
        ),
        (r"\b[Nn]o\. ?(\d)", p::numero),
        (r"\b((?:[A-Z]\.){2,})(\s+[A-Z]|\s*$)?", c::initials),
        (r"\b\p{L}(?:-\p{L}){2,}\b", c::letters),
    ])
}

/// Telephone numbers, ids, times and dates.
fn moments_and_codes() -> Vec<Rule> {
    Rule::table(&[
        (r"\b1-(8\d\d)-([A-Z]{2,}(?:-[A-Z]+)*)\b", c::telephone_word),
        (
            r"(?:(\+?\b1)[ .-]?)?(?:\((\d{3})\) ?|\b(\d{3})[ .-]?)(\d{3})[ .-]?(\d{4})\b",
            c::telephone,
        ),
        (r"(?:\+1|\b1)(\d{3})(\d{3})(\d{4})\b", c::telephone_e164),
        (r"\b(\d{3})-(\d{4})\b", c::telephone_local),
        (r"(?i)\b(?:extension|ext\.?)\s*(?:number\s+)?(\d{1,6})\b", c::extension),
        (r",? ?\bx(\d{2,6})\b", c::extension_after),
        (r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b", m::date_iso),
        (r"\b(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})\b", m::date_us),
        (r"\b(\d{1,2})/((?:19|20)\d\d)\b", m::month_of_year),
        (r"\b\d+(?:-\d+){2,}\b|\b\d{5}-\d{4}\b", c::dashed),
        (r"\b24/7\b", m::always),
        (
            &format!(r"(?:\b(\d{{1,3}}) )?\b(\d{{1,2}})/(\d{{1,2}})([ -](?:{PARTED})\b)"),
            a::fraction,
        ),
        (r"\b(\d{1,3}) (\d{1,2})/(\d{1,2})\b()", a::fraction),
        (r"\b(\d{2,3})/(\d{2,3})\b", a::pressure),
        (
            &format!(
                r"(?:\b(on|by|until|till|since|before|after|from|through|{SHORT_DAYS}|{WEEKDAYS})(,? ))?\b(\d{{1,2}})/(\d{{1,2}})\b"
            ),
            m::date_short,
        ),
        (r"\$ ?(\d{1,3}(?:,\d{3})+|\d+)\s?-\s?\$?(\d)", a::money_range),
        (r"\$ ?(\d+(?:\.\d+)?) (million|billion|thousand)\b", a::money_large),
        (r"\$ ?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d\d)\b)?", a::money),
        (r"\b(\d+) ?¢", a::cents),
        (r"([€£]) ?(\d+)", a::other_money),
        (r"\b(\d{1,2}(?::\d\d)?)\s?-\s?(\d{1,2}(?::\d\d)?\s?[AaPp]\.?[Mm])", m::between),
        (r"(?i)(\d\s?[ap]\.?m\.?|\d:\d\d)\s?-\s?(\d)", m::between),
        (r"\b(\d{1,2})(?::([0-5]\d))?\s?([AaPp])\.?\s?[Mm]\b(\.\s+[A-Z]|\.\s*$)?\.?", m::time),
        (r"\b(\d{1,2}):([0-5]\d)\b", m::clock),
        (&format!(r"\b({MONTHS})\.? (\d{{1,2}})\s?-\s?(\d{{1,2}})\b"), m::days_of_month),
        (&format!(r"\b({MONTHS})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}})\b)?"), m::date),
        (
            &format!(r"(\b[Tt]he )?\b(\d{{1,2}}) ({MONTHS})\b\.?(?:,? (\d{{4}})\b)?"),
            m::date_day_first,
        ),
        (r"\b(19|20)(\d)0'?s\b", m::decade),
        (r"()\b([2-9])0'?s\b", m::decade),
        (r"\b(?:911|988|211|311|411|711)\b", c::emergency),
        (
            &format!(r"(?i)\b({NUMBERED})(?:\s*:)?\s+((?:code\s+)?(?:is\s+)?)(\d{{3,}})\b"),
            c::numbered,
        ),
        (r"\bIDs?\b", c::id),
        (r"\b[A-Z0-9]+(?:-[A-Z0-9]+)*\b", c::mixed),
        (r"\b[A-Z]{2,5}s?\b", c::capitals),
    ])
}

/// What is left: numbers, measures, signs.
fn numbers_and_signs() -> Vec<Rule> {
    Rule::table(&[
        (r#"\b(\d)'\s?(\d{1,2})(?:"|\b)"#, a::height),
        (r"\b(\d{1,3}(?:,\d{3})+|\d{1,9})(?:st|nd|rd|th)\b", a::nth),
        (
            &format!(
                r"(?i)\b(\d{{1,3}}(?:,\d{{3}})+|\d*\.?\d+|and a half|one (?:half|quarter|third)|three quarters)[ -]?({UNIT}|(?-i:g|[Ll]))(?:/({UNIT}|dl|l|day|kg))?\b"
            ),
            a::unit,
        ),
        (r"(gram|grams|liter|liters)/(\d)", a::per),
        (r"(\w)/(day|week|month|year|hour|visit|dose|tablet|min|person)\b", a::per),
        (r"(\d)\s?%", a::percent),
        (r"#\s?(\d)", a::hash),
        (r"\b(\d{1,3}(?:,\d{3})+|\d+)\.(\d+)\b", a::decimal),
        (r"(^|[ (])\.(\d+)\b", a::point),
        (r"\b(\d+)k\b", a::thousand),
        (r"\b(\d+)x\b", a::times),
        (r"\bx ?(\d+) (days?|weeks?|months?)\b", a::for_so_long),
        (r"\b(\d+)\s?-\s?(\d+)\b", m::between),
        (r"(^|[ (])-(\d)", a::minus),
        (r"\b\d{1,3}(?:,\d{3})+\b", a::with_commas),
        (r"\b(?:19|20)\d\d\b", a::year_alone),
        (r"(\p{L})([0-9])", rule::apart),
        (r"([0-9])(\p{L})", rule::apart),
        (r"[0-9]+", a::integer),
        (r"(\w)\s?&\s?(\w)", ampersand),
        (r"\b([A-Za-z]+)/([A-Za-z]+)\b", slash),
        (r"\s-+\s", dash),
        (r"°\s?([FC])\b", degrees),
        (r"[+=@°~<>≤≥±×%$]", symbol),
    ])
}

fn ampersand(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} and {}", &found[1], &found[2]))
}

fn degrees(found: &Captures<'_>) -> Option<String> {
    let scale = if &found[1] == "F" { "Fahrenheit" } else { "Celsius" };
    Some(format!(" degrees {scale}"))
}

fn symbol(found: &Captures<'_>) -> Option<String> {
    let word = match &found[0] {
        "+" => "plus",
        "=" => "equals",
        "@" => "at",
        "~" => "about",
        "<" => "less than",
        ">" => "more than",
        "≤" => "at most",
        "≥" => "at least",
        "±" => "plus or minus",
        "×" => "times",
        "%" => "percent",
        "$" => "dollars",
        _ => "degrees",
    };
    Some(format!(" {word} "))
}

fn dash(_: &Captures<'_>) -> Option<String> {
    Some(", ".to_owned())
}

fn slash(found: &Captures<'_>) -> Option<String> {
    let or = if found[0].eq_ignore_ascii_case("and/or") { " " } else { " or " };
    Some(format!("{}{or}{}", &found[1], &found[2]))
}
