//! Our readers of header values against those of `sip-header`, which share no line with them: over
//! every value of the corpus and over mutations of it, both read the same, or the difference is
//! one of those listed here with its reason. For Session-Expires, RSeq, RAck, Diversion's words and
//! User-to-User they have no reader.

use std::collections::BTreeMap;

use attendant::base::{Dice, Phi, Purpose};
use attendant::sip::message::{Headers, Message, NameAddr, Params, Scheme, Uri, Via};
use sip_header::sip_uri;
use sip_header::{
    HeaderParams, HeaderParse, HistoryInfo, ListParse, SipHeaderAddr, SipHeaderAddrList,
    SipReasonList, SipReplaces, SipVia, SipWarning,
};

use crate::{pbx, sip_torture, wire};

const MUTATIONS: usize = 100_000;

/// A value as one side reads it, in words that both can say; `Err` where it reads none.
type Reading = Result<Vec<String>, ()>;

/// What kind of value a header field holds.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    Address,
    Addresses,
    Via,
    Reason,
    Warning,
    Replaces,
    History,
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "From" | "To" | "Refer-To" | "Referred-By" => Kind::Address,
        "Contact"
        | "Route"
        | "Record-Route"
        | "P-Asserted-Identity"
        | "P-Preferred-Identity"
        | "Remote-Party-ID"
        | "Diversion"
        | "Service-Route"
        | "Path" => Kind::Addresses,
        "Via" => Kind::Via,
        "Reason" => Kind::Reason,
        "Warning" => Kind::Warning,
        "Replaces" => Kind::Replaces,
        "History-Info" => Kind::History,
        _ => return None,
    })
}

/// What we read.
fn ours(kind: Kind, value: &str) -> Reading {
    let field = |name: &str| {
        let mut headers = Headers::default();
        headers.push(name, value);
        headers
    };
    let some = |list: Vec<String>| if list.is_empty() { Err(()) } else { Ok(list) };
    match kind {
        Kind::Address => Ok(vec![address(&NameAddr::parse(value).map_err(drop)?)]),
        Kind::Addresses => {
            let headers = field("Route");
            let list = headers.list("Route").map_err(drop)?;
            list.into_iter().map(|one| Ok(address(&NameAddr::parse(one).map_err(drop)?))).collect()
        }
        Kind::Via => {
            let headers = field("Via");
            let list = headers.list("Via").map_err(drop)?;
            list.into_iter().map(|one| Ok(via(&Via::parse(one).map_err(drop)?))).collect()
        }
        Kind::Reason => some(
            field("Reason")
                .reasons()
                .into_iter()
                .map(|reason| {
                    format!(
                        "{}|{:?}|{}",
                        reason.protocol,
                        reason.cause,
                        reason.text.unwrap_or_default()
                    )
                })
                .collect(),
        ),
        Kind::Warning => some(
            field("Warning")
                .warnings()
                .into_iter()
                .map(|warning| format!("{}|{}|{}", warning.code, warning.agent, warning.text))
                .collect(),
        ),
        Kind::Replaces => {
            let replaces = field("Replaces").replaces().map_err(drop)?.ok_or(())?;
            Ok(vec![replaces.to_wire()])
        }
        Kind::History => some(
            field("History-Info")
                .history()
                .into_iter()
                .map(|entry| format!("{:?}|{}", entry.index, uri(&entry.who.uri)))
                .collect(),
        ),
    }
}

/// What they read, and whether they find nothing wrong with it.
fn theirs(kind: Kind, value: &str) -> (Reading, bool) {
    fn read<T: HeaderParse>(value: &str, say: impl Fn(&T) -> Vec<String>) -> (Reading, bool) {
        match T::parse_with_warnings(value) {
            Ok(parsed) => (Ok(say(&parsed.value)), parsed.warnings.is_empty()),
            Err(_) => (Err(()), false),
        }
    }
    fn rows<T: ListParse>(value: &str, say: impl Fn(&T) -> Vec<String>) -> (Reading, bool) {
        match T::from_rows_with_warnings([value]) {
            Ok(parsed) => (Ok(say(&parsed.value)), parsed.warnings.is_empty()),
            Err(_) => (Err(()), false),
        }
    }
    match kind {
        Kind::Address => read::<SipHeaderAddr>(value, |one| vec![their_address(one)]),
        Kind::Addresses => {
            rows::<SipHeaderAddrList>(value, |list| list.iter().map(their_address).collect())
        }
        Kind::Via => rows::<SipVia>(value, |list| list.iter().map(their_via).collect()),
        Kind::Reason => rows::<SipReasonList>(value, |list| {
            let say = |reason: &sip_header::SipReason| {
                let cause = reason.cause().and_then(|cause| cause.as_u16());
                let text = reason.text().unwrap_or_default();
                format!("{}|{cause:?}|{text}", reason.protocol().to_ascii_uppercase())
            };
            list.iter().map(say).collect()
        }),
        Kind::Warning => rows::<SipWarning>(value, |list| {
            let say = |warning: &sip_header::SipWarningEntry| {
                format!("{}|{}|{}", warning.code(), warning.agent(), warning.text())
            };
            list.iter().map(say).collect()
        }),
        Kind::Replaces => read::<SipReplaces>(value, |one| {
            let early = if one.early_only() { ";early-only" } else { "" };
            let (to, from) = (one.to_tag(), one.from_tag());
            vec![format!("{};to-tag={to};from-tag={from}{early}", one.call_id())]
        }),
        Kind::History => rows::<HistoryInfo>(value, |list| {
            let say = |entry: &sip_header::HistoryInfoEntry| {
                let numbers = entry.index().unwrap_or_default().split('.').map(str::parse::<u32>);
                let index = numbers.collect::<Result<Vec<_>, _>>().unwrap_or_default();
                format!("{index:?}|{}", their_uri(entry.uri(), false))
            };
            list.iter().map(say).collect()
        }),
    }
}

fn address(who: &NameAddr) -> String {
    let display = seen(&who.display);
    format!("{display}|{}|{}", uri(&who.uri), params(&who.params))
}

fn uri(uri: &Uri) -> String {
    if let Scheme::Other(scheme) = &uri.scheme {
        return decoded(&format!("{scheme}:{}", seen(&uri.user))).to_lowercase();
    }
    let mut headers: Vec<String> = uri
        .headers
        .iter()
        .map(|(name, value)| {
            format!("{}={}", decoded(name).to_lowercase(), decoded(&seen(&Some(value.clone()))))
        })
        .collect();
    headers.sort();
    let number = seen(&uri.number());
    let password = decoded(&seen(&uri.password));
    let (scheme, host) = (uri.scheme.as_str(), host(&uri.host));
    format!(
        "{scheme}:{number}:{password}@{host}:{:?}{}?{}",
        uri.port,
        params(&uri.params),
        headers.join("&")
    )
}

fn via(via: &Via) -> String {
    format!("{} {}:{:?}{}", via.transport, host(&via.host), via.port, params(&via.params))
}

fn params(params: &Params) -> String {
    let value = |name: &str, value: Option<&str>| {
        let plain = value.map(|value| match value.strip_prefix('"') {
            Some(_) => unquoted(value),
            None => value.to_owned(),
        });
        param(name, plain.as_deref())
    };
    params.iter().map(|(name, text)| value(name, text)).collect()
}

fn unquoted(text: &str) -> String {
    let inner = text.trim_matches('"');
    let (mut plain, mut escaped) = (String::new(), false);
    for letter in inner.chars() {
        match (escaped, letter) {
            (false, '\\') => escaped = true,
            _ => {
                plain.push(letter);
                escaped = false;
            }
        }
    }
    plain
}

fn param(name: &str, value: Option<&str>) -> String {
    let name = decoded(name).to_lowercase();
    match value {
        Some(value) => format!(";{name}={}", decoded(value)),
        None => format!(";{name}"),
    }
}

fn their_address(one: &SipHeaderAddr) -> String {
    let display = one.display_name().unwrap_or_default();
    format!("{display}|{}|{}", their_uri(one.uri(), true), their_params(one.params()))
}

fn their_params(params: &HeaderParams) -> String {
    params.iter().map(|(name, value)| param(name, value)).collect()
}

fn their_uri(uri: &sip_uri::Uri, with_headers: bool) -> String {
    if let Some(tel) = uri.as_tel() {
        let number = tel.number().unwrap_or_default().replace(['-', '.', '(', ')'], "");
        let params: String = tel.params().iter().map(|(name, value)| param(name, value)).collect();
        return format!("tel:{number}:@:None{params}?");
    }
    let Some(sip) = uri.as_sip() else { return decoded(&uri.to_string()).to_lowercase() };
    let mut headers: Vec<String> = sip
        .headers()
        .iter()
        .map(|(name, value)| {
            format!("{}={}", decoded(name).to_lowercase(), decoded(value.unwrap_or_default()))
        })
        .collect();
    headers.sort();
    if !with_headers {
        headers.clear();
    }
    let scheme = sip.scheme().map_or("", |scheme| scheme.as_str());
    let user = decoded(sip.user().unwrap_or_default());
    let password = decoded(sip.password().unwrap_or_default());
    let address = sip.host().map(|name| host(&name.bare().to_string())).unwrap_or_default();
    let params: String = sip.params().iter().map(|(name, value)| param(name, value)).collect();
    format!("{scheme}:{user}:{password}@{address}:{:?}{params}?{}", sip.port(), headers.join("&"))
}

fn their_via(one: &sip_header::SipViaEntry) -> String {
    let transport = one.transport().to_ascii_uppercase();
    let address = host(&one.host().bare().to_string());
    format!("{transport} {address}:{:?}{}", one.port(), their_params(one.params()))
}

/// A host in one spelling.
fn host(text: &str) -> String {
    match text.parse::<std::net::IpAddr>() {
        Ok(ip) => ip.to_string(),
        Err(_) => text.to_ascii_lowercase(),
    }
}

/// Percent escapes undone, so that it does not matter who undoes which.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|e| e.into_bytes().into_iter().map(char::from).collect())
}

fn seen(value: &Option<Phi<String>>) -> String {
    value.as_ref().map(|value| value.reveal(Purpose::Comparison).clone()).unwrap_or_default()
}

/// Every value of the corpora whose kind both sides know.
fn values() -> Vec<(Kind, String)> {
    let files = [sip_torture::pbx(), sip_torture::rfc4475(), sip_torture::rfc5118()];
    let mut messages: Vec<Vec<u8>> = pbx::SEEDS.iter().map(|seed| wire(seed)).collect();
    messages.extend(files.into_iter().flatten().map(|vector| vector.bytes));
    let mut values = Vec::new();
    for message in messages.iter().filter_map(|bytes| Message::parse(bytes).ok()) {
        let headers = match &message {
            Message::Request(request) => &request.headers,
            Message::Response(response) => &response.headers,
        };
        let fields =
            headers.iter().filter_map(|(name, value)| Some((kind(name)?, value.to_owned())));
        values.extend(fields);
    }
    values
}

fn mutated(values: &[(Kind, String)], dice: &mut Dice) -> (Kind, String) {
    let pick = |dice: &mut Dice| &values[dice.below(values.len() as u64) as usize];
    let (kind, value) = pick(dice);
    let mut letters: Vec<char> = value.chars().collect();
    let special: Vec<char> = "<>\"\\,;:=@?&%/[]*+-._ \t'()09aé".chars().collect();
    for _ in 0..=dice.below(2) {
        let at = dice.below(letters.len() as u64 + 1) as usize;
        let end = (at + 1 + dice.below(6) as usize).min(letters.len());
        match dice.below(6) {
            0 => drop(letters.drain(at..end)),
            1 => letters.insert(at, special[dice.below(special.len() as u64) as usize]),
            2 if at < letters.len() => {
                letters[at] = special[dice.below(special.len() as u64) as usize]
            }
            3 => {
                let copy = letters[at..end].to_vec();
                letters.splice(at..at, copy);
            }
            4 => {
                let (_, other) = pick(dice);
                let other: Vec<char> = other.chars().collect();
                let from = dice.below(other.len() as u64 + 1) as usize;
                letters.splice(at.., other[from..].iter().copied());
            }
            _ => letters.truncate(at),
        }
    }
    (*kind, letters.into_iter().collect::<String>().trim().to_owned())
}

/// A difference that is meant: its name, why, and what it looks like.
struct Known {
    name: &'static str,
    #[allow(dead_code, reason = "it is for the reader")]
    why: &'static str,
    is: fn(&Case) -> bool,
}

/// A value that the two read differently.
struct Case {
    kind: Kind,
    value: String,
    ours: Reading,
    theirs: Reading,
    /// They found nothing wrong with it.
    clean: bool,
}

const KNOWN: &[Known] = &[
    Known {
        name: "refused",
        why: "they mend what breaks the grammar, and say so; we refuse it",
        is: |case| case.ours.is_err() && !case.clean,
    },
    Known {
        name: "another protocol",
        why: "a Via of another protocol or version is grammatical, and never for us",
        is: |case| {
            let sip = |via: &str| via.trim().starts_with("SIP/2.0/");
            case.kind == Kind::Via && case.ours.is_err() && !case.value.split(',').all(sip)
        },
    },
    Known {
        name: "a space before the semicolon",
        why: "SEMI may have white space round it (RFC 3261 §25.1); they take it into host or port",
        is: |case| case.ours.is_ok() && [" ;", "\t;"].iter().any(|semi| case.value.contains(semi)),
    },
    Known {
        name: "a semicolon in a bare user part",
        why: "without < > everything behind the first semicolon is the header field's (RFC 3261 §20)",
        is: |case| {
            bare(case)
                && case.ours.is_ok()
                && case.value.split_once(';').is_some_and(|(_, rest)| rest.contains('@'))
        },
    },
    Known {
        name: "a control byte in a name",
        why: "no screen and no log is to meet one, so that we take it out",
        is: |case| equal_if(case, |text| text.replace(|c: char| c < ' ', "")),
    },
    Known {
        name: "a flag with an empty value",
        why: "early-only= asks for what early-only does: the call that is not answered yet",
        is: |case| case.kind == Kind::Replaces && case.value.contains("early-only="),
    },
    Known {
        name: "another scheme",
        why: "a URI that is neither sip: nor tel: may not hold these either (RFC 3986 §2); they escape them",
        is: |case| {
            case.clean
                && case.ours.is_err()
                && case.value.contains(['<', '>', '"', ' ', '\t'])
                && matches!(&case.theirs, Ok(all) if all.iter().any(|one| !one.contains("|sip:") && !one.contains("|tel:")))
        },
    },
    Known {
        name: "a broken parameter of a Reason",
        why: "they mend it or take it as it stands; we let go of it, and keep the protocol",
        is: broken_reason,
    },
    Known {
        name: "nothing after the scheme",
        why: "no URI that we could use; RFC 3986 allows it",
        is: |case| {
            case.clean
                && case.ours.is_err()
                && matches!(case.kind, Kind::Address | Kind::Addresses)
                && matches!(&case.theirs, Ok(all) if all.iter().any(|one| one.contains(":|")))
        },
    },
    Known {
        name: "a colon too many",
        why: "RFC 5118 §4.10 wants it passed over; they lose the host",
        is: |case| case.value.contains(":::"),
    },
    Known {
        name: "an element passed over",
        why: "of a list that tells and does not decide, what cannot be read is left out; they mend it",
        is: passed_over,
    },
];

fn passed_over(case: &Case) -> bool {
    let (Ok(ours), Ok(theirs)) = (&case.ours, &case.theirs) else { return false };
    matches!(case.kind, Kind::Reason | Kind::Warning | Kind::History)
        && ours.iter().all(|one| theirs.contains(one))
}

fn broken_reason(case: &Case) -> bool {
    let (Ok(ours), Ok(theirs)) = (&case.ours, &case.theirs) else { return false };
    let head = |text: &String| {
        let mut parts = text.splitn(3, '|').map(str::to_owned);
        (parts.next(), parts.next())
    };
    let ((our, cause), (their, their_cause)) = (head(&ours[0]), head(&theirs[0]));
    case.kind == Kind::Reason
        && !case.clean
        && our == their
        && (cause == their_cause || cause.as_deref() == Some("None"))
}

/// Whether it is an address without angle brackets.
fn bare(case: &Case) -> bool {
    matches!(case.kind, Kind::Address | Kind::Addresses) && !case.value.contains('<')
}

/// Whether both are the same once each is put in other words.
fn equal_if(case: &Case, words: impl Fn(&str) -> String) -> bool {
    let (Ok(ours), Ok(theirs)) = (&case.ours, &case.theirs) else { return false };
    let plain = |all: &[String]| all.iter().map(|one| words(one)).collect::<Vec<_>>();
    plain(ours) == plain(theirs)
}

#[test]
fn both_read_the_same() {
    let values = values();
    let mut dice = Dice::new(7315);
    let mutations = (0..MUTATIONS).map(|_| mutated(&values, &mut dice)).collect::<Vec<_>>();
    let (mut same, mut counts) = (0, BTreeMap::<&str, usize>::new());
    let mut unlisted = Vec::new();
    for (kind, value) in values.iter().cloned().chain(mutations) {
        let ours = ours(kind, &value);
        let (theirs, clean) = theirs(kind, &value);
        if ours == theirs {
            same += 1;
            continue;
        }
        let case = Case { kind, value, ours, theirs, clean };
        match KNOWN.iter().find(|known| (known.is)(&case)) {
            Some(known) => *counts.entry(known.name).or_default() += 1,
            None => unlisted.push(case),
        }
    }
    println!("{same} the same, {counts:?}, {} unlisted", unlisted.len());
    for Case { kind, value, ours, theirs, clean } in unlisted.iter().take(60) {
        println!("{kind:?} {value:?} clean={clean}\n  ours   {ours:?}\n  theirs {theirs:?}");
    }
    assert!(unlisted.is_empty(), "{} differences are not listed", unlisted.len());
}
