//! Whether a call is taken, and where it goes: limits, number plan, a port for its sound.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use crate::agent::Setting;
use crate::base::{CallId, Phi, Purpose, TargetName, TrunkName};
use crate::call::{Attempt, Reach, Setup};
use crate::config::{Config, TrunkProfile};
use crate::dialplan::{Action, Dialled, Plan, Target, Unanswered};
use crate::ops::{self, RefusalLabel};
use crate::practice::PhoneNumber;
use crate::sdp::LocalMedia;
use crate::sip::Incoming;
use crate::workers::{Port, WorkersError};

use super::shared::Shared;

/// A call that is taken.
pub(super) struct Admitted {
    pub(super) setup: Setup,
    pub(super) port: Port,
    pub(super) trunk: TrunkName,
    pub(super) route: String,
    pub(super) caller: Option<Phi<PhoneNumber>>,
}

/// A call that is not taken.
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) reason: RefusalLabel,
    /// For the admin, on the wire and in the log; never a number or a name.
    pub(super) words: String,
}

impl Refused {
    fn new(status: u16, reason: RefusalLabel, words: impl Into<String>) -> Self {
        Self { status, reason, words: words.into() }
    }
}

/// How many calls there are already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// In all.
    pub(super) node: usize,
    /// Of the trunk that the new one came by.
    pub(super) trunk: usize,
}

/// Decides on a call.
pub(super) fn admit(
    shared: &Shared,
    call: CallId,
    incoming: Incoming,
    load: Load,
) -> Result<Admitted, Refused> {
    let config = shared.config.load_full();
    if load.node >= config.node.max_calls as usize {
        let words = format!("all {} lines of this gateway are taken ([limits] calls)", load.node);
        return Err(Refused::new(503, RefusalLabel::Busy, words));
    }
    let Some(profile) = config.trunk(&incoming.trunk) else {
        let words = format!("SIP profile {} was removed", incoming.trunk);
        return Err(Refused::new(503, RefusalLabel::NoRoute, words));
    };
    if load.trunk >= profile.max_calls as usize {
        let words = format!(
            "all {} lines of SIP profile {} are taken ([limits] calls)",
            load.trunk, incoming.trunk
        );
        return Err(Refused::new(503, RefusalLabel::Busy, words));
    }
    let Choice { route, targets, order, fallback, now } = choose(&config, profile, &incoming)?;
    let (bind, ports) = (profile.media.bind, &profile.media.ports);
    let port = shared.media.reserve_at(bind, ports).map_err(|error| {
        if matches!(error, WorkersError::PortsExhausted { .. }) {
            ops::PortsExhausted { trunk: &incoming.trunk }.emit();
        }
        Refused::new(503, RefusalLabel::NoPorts, format!("no RTP port: {error}"))
    })?;
    let caller = incoming.caller.as_ref().and_then(|number| {
        let number = profile.normalise(number);
        PhoneNumber::parse(number.reveal(Purpose::Routing)).map(Phi::new)
    });
    let setting = Setting {
        practice: shared.practice.clone(),
        practitioners: shared.practitioners.clone(),
        now,
        caller: caller.clone(),
        targets: order,
        seed: call.0,
    };
    let media = &profile.media;
    let setup = Setup {
        call,
        leg: incoming.leg,
        offer: incoming.offer,
        local: LocalMedia {
            rtp: (media.advertise, port.advertised().port()).into(),
            codecs: media.codecs.clone(),
            telephone_event: media.telephone_event,
            packet_time: media.packet_time,
            session_id: call.0 >> 1,
            version: 1,
        },
        setting,
        targets,
        fallback,
        referred_by: format!("sip:attendant@{}", profile.sip.advertised),
    };
    Ok(Admitted { setup, port, trunk: incoming.trunk, route, caller })
}

/// What the number plan says of a call.
struct Choice {
    route: String,
    targets: BTreeMap<TargetName, Reach>,
    /// The route's order of them.
    order: Vec<TargetName>,
    fallback: Option<(TargetName, Reach)>,
    now: DateTime,
}

fn choose(config: &Config, profile: &TrunkProfile, incoming: &Incoming) -> Result<Choice, Refused> {
    let Some(plan) = config.plan(profile) else {
        let words = format!("dialplan {} was removed", profile.plan.as_str());
        return Err(Refused::new(503, RefusalLabel::NoRoute, words));
    };
    let at = plan.civil(jiff::Timestamp::now());
    let dialled = Dialled {
        called: profile.normalise(&incoming.called),
        caller: incoming.caller.as_ref().map(|number| profile.normalise(number)),
        at,
        headers: incoming.headers.clone(),
    };
    let chosen = plan.route(&dialled).map_err(|no_route| {
        let why: Vec<_> =
            no_route.why.iter().map(|r| format!("{}: {}", r.route.as_str(), r.words)).collect();
        Refused::new(
            404,
            RefusalLabel::NoRoute,
            format!("no route takes this number; {}", why.join("; ")),
        )
    })?;
    let name = chosen.route.name.as_str().to_owned();
    match &chosen.route.action {
        Action::Reject { status, .. } => Err(Refused::new(
            *status,
            RefusalLabel::Rejected,
            format!("route {name} rejects the call"),
        )),
        Action::Agent { .. } => {
            let reached =
                chosen.targets.iter().map(|t| (t.name.clone(), reach(plan, profile, t, at)));
            let targets: BTreeMap<_, _> =
                reached.filter(|(_, reach)| !reach.attempts.is_empty()).collect();
            let order = chosen.targets.iter().map(|t| t.name.clone());
            let order = order.filter(|name| targets.contains_key(name)).collect();
            let fallback = chosen.fallback.map(|t| (t.name.clone(), reach(plan, profile, &t, at)));
            Ok(Choice { route: name, targets, order, fallback, now: at })
        }
    }
}

/// Returns the numbers to ring for a target, one after another, those of the targets behind it included.
fn reach(plan: &Plan, profile: &TrunkProfile, first: &Target, at: DateTime) -> Reach {
    let mut reach = Reach::default();
    let mut target = first;
    // `check` refuses targets that go round in a circle; this ends even if one got through.
    for _ in 0..=plan.targets.len() {
        // One that is closed at this hour is as good as unanswered.
        if target.name == first.name || is_open(plan, target, at) {
            let attempts = target.dial.iter().filter_map(|number| {
                let uri = profile.transfer.refer_to(number).ok()?;
                Some(Attempt { target: target.name.clone(), uri, ring: target.ring })
            });
            reach.attempts.extend(attempts);
        }
        target = match &target.unanswered {
            Unanswered::Agent => return reach,
            Unanswered::HangUp => return Reach { hang_up: true, ..reach },
            Unanswered::Target(next) => match plan.targets.get(next) {
                Some(next) => next,
                None => return reach,
            },
        };
    }
    reach
}

fn is_open(plan: &Plan, target: &Target, at: DateTime) -> bool {
    let hours = target.hours.as_ref().map(|name| plan.hours.get(name));
    hours.is_none_or(|hours| hours.is_some_and(|hours| hours.open_at(at)))
}
