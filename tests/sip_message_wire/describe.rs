//! All that is read in a message, a line for each value: what a corpus of expectations compares.

use attendant::base::{Phi, Purpose};
use attendant::sip::message::{
    Diversion, Headers, HistoryEntry, Message, NameAddr, Params, RemotePartyId, Uri, UserToUser,
    Via,
};

/// Returns the lines, in the order of the views here and of the fields in the message.
pub(crate) fn describe(message: &Message) -> Vec<String> {
    let (first, headers, body) = match message {
        Message::Request(request) => {
            (format!("{} {}", request.method, uri(&request.uri)), &request.headers, &request.body)
        }
        Message::Response(response) => {
            (format!("{} {}", response.status, response.phrase), &response.headers, &response.body)
        }
    };
    let mut lines = vec![first];
    basics(headers, &mut lines);
    identities(headers, &mut lines);
    numbers(headers, &mut lines);
    words(headers, &mut lines);
    if !body.is_empty() {
        lines.push(format!(
            "body {} of {}",
            body.len(),
            headers.content_type().unwrap_or_default()
        ));
    }
    let one_space = |line: String| line.split_whitespace().collect::<Vec<_>>().join(" ");
    lines.into_iter().map(one_space).collect()
}

fn basics(headers: &Headers, lines: &mut Vec<String>) {
    lines.extend(headers.vias().iter().map(via));
    let mut all = |name: &str, list: Vec<NameAddr>| {
        lines.extend(list.iter().map(|who| format!("{name}: {}", address(who))));
    };
    all("from", headers.from().into_iter().collect());
    all("to", headers.to().into_iter().collect());
    all("contact", headers.contacts());
    all("route", headers.routes());
    all("record-route", headers.record_routes());
    all("service-route", headers.service_routes());
    all("path", headers.paths());
    all("refer-to", headers.refer_to().into_iter().collect());
    all("referred-by", headers.referred_by().into_iter().collect());
    let cseq = headers.cseq().unwrap();
    lines.push(format!("call-id {} cseq {}", headers.call_id().unwrap(), cseq.to_wire()));
}

fn identities(headers: &Headers, lines: &mut Vec<String>) {
    let mut all = |name: &str, list: Vec<NameAddr>| {
        lines.extend(list.iter().map(|who| format!("{name}: {}", address(who))));
    };
    all("asserted", headers.asserted_identities());
    all("preferred", headers.preferred_identities());
    all("caller", headers.asserted_identity().into_iter().collect());
    let party = |id: &RemotePartyId| {
        let RemotePartyId { who, party, screened, private } = id;
        format!("party {party:?} screened={screened} private={private}: {}", name(who))
    };
    lines.extend(headers.remote_party_ids().iter().map(party));
    let diversion = |diversion: &Diversion| {
        let Diversion { who, reason, counter, private } = diversion;
        let reason = reason.as_deref().unwrap_or("-");
        format!("diverted {reason} x{counter} private={private}: {}", name(who))
    };
    lines.extend(headers.diversions().iter().map(diversion));
    let entry = |entry: &HistoryEntry| {
        let HistoryEntry { who, index, reason, private } = entry;
        let reason = reason.as_ref().map_or("-".into(), |reason| reason.to_wire());
        format!("history {index:?} {reason} private={private}: {}", name(who))
    };
    lines.extend(headers.history().iter().map(entry));
    if headers.contains("Privacy") {
        lines.push(format!("{:?}", headers.privacy()).replace(" false", " -"));
    }
}

fn numbers(headers: &Headers, lines: &mut Vec<String>) {
    let mut number = |name: &str, value: Option<u32>| {
        lines.extend(value.map(|value| format!("{name} {value}")));
    };
    number("max-forwards", headers.max_forwards().map(u32::from));
    number("expires", headers.expires());
    number("min-expires", headers.min_expires());
    number("min-se", headers.min_se());
    number("retry-after", headers.retry_after());
    number("rseq", headers.rseq());
    number("q.850", headers.q850_cause().map(u32::from));
    for contact in headers.contacts().iter().filter(|contact| contact.expires().is_some()) {
        let granted = headers.granted(contact).unwrap();
        lines.push(format!("granted {granted} at {}", contact.preference()));
    }
    lines.extend(headers.session_expires().map(|timer| format!("session {}", timer.to_wire())));
    lines.extend(headers.rack().map(|rack| format!("rack {}", rack.to_wire())));
    let inside = headers.refer_to().and_then(|to| to.uri.replaces().unwrap());
    let replaces = headers.replaces().unwrap().or(inside);
    lines.extend(replaces.map(|replaces| format!("replaces {}", replaces.to_wire())));
}

fn words(headers: &Headers, lines: &mut Vec<String>) {
    for name in ["Require", "Supported", "Allow", "Allow-Events", "Accept"] {
        if headers.contains(name) {
            lines.push(format!("{} {}", name.to_lowercase(), headers.tokens(name).join(" ")));
        }
    }
    let data = |uui: &UserToUser| {
        let data = uui.data.reveal(Purpose::Comparison);
        format!(
            "user-to-user {data} {} bytes",
            uui.bytes().unwrap().reveal(Purpose::Comparison).len()
        )
    };
    lines.extend(headers.user_to_user().iter().map(data));
    lines.extend(headers.reasons().iter().map(|reason| format!("reason {}", reason.to_wire())));
    lines.extend(headers.warnings().iter().map(|warning| format!("warning {}", warning.to_wire())));
    lines.extend(headers.refer_sub().map(|wanted| format!("refer-sub {wanted}")));
    lines.extend(
        headers
            .event()
            .map(|event| format!("event {} id={}", event.package, event.id.unwrap_or_default())),
    );
    lines.extend(headers.subscription_state().map(|state| {
        format!("subscription {:?} {:?} {:?}", state.state, state.reason, state.expires)
    }));
}

fn via(via: &Via) -> String {
    let Via { transport, host, port, .. } = via;
    let port = port.map_or(String::new(), |port| format!(" {port}"));
    let received = via.received().map_or(String::new(), |ip| format!(" received={ip}"));
    let rport = match via.rport() {
        None => String::new(),
        Some(None) => " rport".into(),
        Some(Some(port)) => format!(" rport={port}"),
    };
    format!("via {transport} {host}{port} branch={}{received}{rport}", via.branch().unwrap_or("-"))
}

/// `Jane Roe | sip 555 pbx.example 5060 transport=tcp | tag=1`
fn address(who: &NameAddr) -> String {
    format!("{} | {} |{}", seen(&who.display), uri(&who.uri), params(&who.params))
}

/// `Jane Roe | sip 555 pbx.example 5060`
fn name(who: &NameAddr) -> String {
    format!("{} | {}", seen(&who.display), uri(&who.uri))
}

fn uri(uri: &Uri) -> String {
    let port = uri.port.map_or(String::new(), |port| format!(" {port}"));
    let headers: Vec<_> = uri
        .headers
        .iter()
        .map(|(name, _)| format!("?{name}={}", seen(&uri.header(name))))
        .collect();
    let number = seen(&uri.number());
    let rest = format!("{port}{} {}", params(&uri.params), headers.join(" "));
    format!("{} {number} {}{}", uri.scheme.as_str(), uri.host, rest.trim_end())
}

fn params(params: &Params) -> String {
    params
        .iter()
        .map(|(name, value)| match value {
            Some(_) => format!(" {name}={}", params.unquoted(name).unwrap()),
            None => format!(" {name}"),
        })
        .collect()
}

fn seen(value: &Option<Phi<String>>) -> String {
    value.as_ref().map_or("-".into(), |value| value.reveal(Purpose::Comparison).clone())
}
