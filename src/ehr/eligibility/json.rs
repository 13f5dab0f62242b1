//! The question and the answer as JSON, in the shape that Change Healthcare made and Stedi keeps.
//!
//! `POST /change/medicalnetwork/eligibility/v3`. Numbers come as text or as numbers, lists as lists or as their
//! only entry; what is not known is left.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::benefits::{Asked, BENEFITS_MAX, Benefit, Span, digest, share};
use super::codes::reject;
use super::types::{Cents, Eligibility, EligibilityError, Inquiry, Insured, Source, Trace, is_npi};
use super::x12_answer::dates;
use super::x12_text::BYTES_MAX;
use crate::base::{Phi, Purpose};

const PURPOSE: Purpose = Purpose::EhrRequest;

/// Writes the question. `control` is a number of ours, another one each time.
///
/// # Errors
/// When the NPI is none, or an id or name is empty.
pub fn write_request(inquiry: &Inquiry, control: u32) -> Result<Value, EligibilityError> {
    let asker = &inquiry.asker;
    let empty = |at: &'static str, text: &str| match text.trim() {
        "" => Err(EligibilityError::new(at, "missing", "ask for it, or set it")),
        _ => Ok(()),
    };
    if !is_npi(&asker.npi) {
        let remedy = "check the ten digits in the settings";
        return Err(EligibilityError::new("provider.npi", "no NPI", remedy));
    }
    empty("tradingPartnerServiceId", &inquiry.payer.id)?;
    empty("subscriber.memberId", inquiry.member_id.reveal(PURPOSE))?;
    empty("subscriber.lastName", inquiry.subscriber.family.reveal(PURPOSE))?;
    let provider = match &asker.given {
        Some(given) => json!({"npi": asker.npi, "firstName": given, "lastName": asker.name}),
        None => json!({"npi": asker.npi, "organizationName": asker.name}),
    };
    let mut subscriber = person(&inquiry.subscriber);
    subscriber.insert("memberId".into(), json!(inquiry.member_id.reveal(PURPOSE).trim()));
    let whole = vec![super::benefits::WHOLE_PLAN.to_owned()];
    let services = if inquiry.services.is_empty() { &whole } else { &inquiry.services };
    let mut request = json!({
        "controlNumber": format!("{:09}", control % 1_000_000_000),
        "submitterTransactionIdentifier": inquiry.trace,
        "tradingPartnerServiceId": inquiry.payer.id,
        "provider": provider,
        "subscriber": subscriber,
        "encounter": {"serviceTypeCodes": services, "dateOfService": day(inquiry.on)},
    });
    if let Some(dependent) = &inquiry.dependent {
        empty("dependents.lastName", dependent.family.reveal(PURPOSE))?;
        request["dependents"] = json!([person(dependent)]);
    }
    Ok(request)
}

fn person(insured: &Insured) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("firstName".into(), json!(insured.given.reveal(PURPOSE).trim()));
    map.insert("lastName".into(), json!(insured.family.reveal(PURPOSE).trim()));
    map.insert("dateOfBirth".into(), json!(day(*insured.birth_date.reveal(PURPOSE))));
    map
}

fn day(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

/// Reads the answer, of whatever HTTP status. `trace` is the number that the question had.
///
/// # Errors
/// When it is no JSON object: of such an answer nothing is known.
pub fn read_response(
    bytes: &[u8],
    asked: &Asked,
    trace: &str,
) -> Result<Eligibility, EligibilityError> {
    let wrong = |fault| EligibilityError::new("answer", fault, "ask again");
    if bytes.len() > BYTES_MAX {
        return Err(wrong("too long"));
    }
    let body: Value = serde_json::from_slice(bytes).map_err(|_| wrong("no JSON"))?;
    if !body.is_object() {
        return Err(wrong("no JSON object"));
    }
    let mut answer = Eligibility::unclear(Source::Clearinghouse);
    answer.payer = text(&body["payer"]["name"]).or(text(&body["tradingPartnerName"]));
    refusals(&mut answer, &body);
    traces(&mut answer, &body, trace);
    let lines = list(&body["benefitsInformation"]).into_iter().take(BENEFITS_MAX);
    let mut benefits: Vec<Benefit> = lines.map(benefit).collect();
    let says = |code: &str| code.len() == 1 && ("1"..="8").contains(&code);
    if !benefits.iter().any(|benefit| says(&benefit.code)) {
        let lines = list(&body["planStatus"]).into_iter().take(100);
        benefits.extend(lines.map(|line| Benefit {
            code: text(&line["statusCode"]).unwrap_or_default(),
            services: words(&line["serviceTypeCodes"]),
            plan: text(&line["planDetails"]).map(Phi::new),
            ..Benefit::default()
        }));
    }
    let plan = span(&body["planDateInformation"]);
    digest(&mut answer, &benefits, plan, asked);
    if answer.plan.is_none() {
        let named = ["planDescription", "planNetworkDescription", "groupDescription"];
        let found = named.iter().find_map(|key| text(&body["planInformation"][*key]));
        answer.plan = found.map(Phi::new);
    }
    answer.messages = benefits.into_iter().flat_map(|line| line.messages).take(200).collect();
    Ok(answer)
}

fn benefit(line: &Value) -> Benefit {
    let get = |key: &str| text(&line[key]).unwrap_or_default();
    let mut own = span(&line["benefitsDateInformation"]);
    if own == Span::default() {
        own = span(&line["benefitDateInformation"]);
    }
    let messages = list(&line["additionalInformation"]).into_iter().take(50);
    Benefit {
        code: get("code"),
        level: get("coverageLevelCode"),
        services: words(&line["serviceTypeCodes"]),
        insurance: get("insuranceTypeCode"),
        plan: text(&line["planCoverage"]).map(Phi::new),
        period: get("timeQualifierCode"),
        amount: Cents::parse(&get("benefitAmount")),
        share: share(&get("benefitPercent")),
        authorization: get("authOrCertIndicator"),
        network: get("inPlanNetworkIndicatorCode"),
        span: own,
        messages: messages.filter_map(|it| text(&it["description"])).map(Phi::new).collect(),
    }
}

/// The names that dates have, with the qualifiers that they stand for.
const DATES: [(&str, &str); 12] = [
    ("plan", "291"),
    ("planBegin", "346"),
    ("planEnd", "347"),
    ("eligibility", "307"),
    ("eligibilityBegin", "356"),
    ("eligibilityEnd", "357"),
    ("benefit", "292"),
    ("benefitBegin", "348"),
    ("benefitEnd", "349"),
    ("periodStart", "193"),
    ("periodEnd", "194"),
    ("dateOfDeath", "442"),
];

fn span(value: &Value) -> Span {
    let mut span = Span::default();
    for (name, qualifier) in DATES {
        if let Some(text) = text(&value[name]) {
            // 2026-01-01, or 20260101, or two of these with a hyphen.
            let (from, to) = match text.parse::<Date>() {
                Ok(day) if text.len() == 10 => (Some(day), None),
                _ => dates(&text),
            };
            span.take(qualifier, from, to);
        }
    }
    span
}

/// Refusals stand beside the whole, or beside whom they are about.
fn refusals(answer: &mut Eligibility, body: &Value) {
    let mut lists = vec![&body["errors"]];
    for whom in ["payer", "provider", "subscriber"] {
        lists.extend([&body[whom]["aaaErrors"], &body[whom]["AAAErrors"]]);
    }
    for dependent in list(&body["dependents"]).into_iter().take(10) {
        lists.extend([&dependent["aaaErrors"], &dependent["AAAErrors"]]);
    }
    for error in lists.into_iter().flat_map(list).take(100) {
        let code = text(&error["code"]).unwrap_or_default();
        let next = text(&error["followupAction"]).unwrap_or_default();
        let told = reject(&code, follow_up(&next));
        if !answer.rejects.contains(&told) {
            answer.rejects.push(told);
        }
    }
}

/// AAA04 comes as its code or as its words.
fn follow_up(text: &str) -> &str {
    let known = [
        ("please correct", "C"),
        ("resubmission not", "N"),
        ("resubmission allowed", "R"),
        ("please resubmit", "P"),
        ("please wait 30", "W"),
        ("please wait 10", "X"),
        ("do not resubmit", "S"),
    ];
    let lower = text.to_ascii_lowercase();
    known.iter().find(|(words, _)| lower.starts_with(words)).map_or(text, |(_, code)| code)
}

fn traces(answer: &mut Eligibility, body: &Value, ours: &str) {
    let mut found: Vec<Trace> = Vec::new();
    let mut push = |number: Option<String>, by: Option<String>| {
        if let Some(number) = number {
            let ours = number == ours;
            let trace = Trace { number: number.chars().take(50).collect(), by, ours };
            if !found.contains(&trace) {
                found.push(trace);
            }
        }
    };
    let mut lists = vec![&body["subscriberTraceNumbers"], &body["subscriber"]["traceNumbers"]];
    for dependent in list(&body["dependents"]).into_iter().take(10) {
        lists.extend([&dependent["dependentTraceNumbers"], &dependent["traceNumbers"]]);
    }
    for trace in lists.into_iter().flat_map(list).take(20) {
        let number = ["referenceIdentification", "traceNumber", "referenceIdentificationNumber"]
            .iter()
            .find_map(|key| text(&trace[*key]));
        push(number, text(&trace["originatingCompanyIdentifier"]));
    }
    push(text(&body["eligibilitySearchId"]), None);
    push(text(&body["meta"]["traceId"]), None);
    push(text(&body["submitterTransactionIdentifier"]), None);
    answer.traces = found;
}

/// Text that says something, of a string or a number; at most 264 characters, as MSG has.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().chars().take(264).collect(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

fn words(value: &Value) -> Vec<String> {
    list(value).into_iter().filter_map(text).take(100).collect()
}

/// A list, the only entry of one, or nothing.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(entries) => entries.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}
