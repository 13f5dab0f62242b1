//! Whether a call is taken, and where it goes: limits, number plan, a port for its sound.

use std::collections::BTreeMap;
use std::time::Instant;

use jiff::civil::DateTime;

use crate::agent::Setting;
use crate::base::{CallId, Phi, Purpose, TargetName, TrunkName};
use crate::call::{Attempt, Carrier, Reach, Setup};
use crate::config::{Config, ContextField, Notify200, TrunkProfile};
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
    /// Later it is refused.
    pub(super) answer_by: Instant,
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
    let received = Instant::now();
    let config = shared.config.load_full();
    if load.node >= config.node.max_calls as usize {
        let words = format!("all {} lines of this gateway are taken ([limits] calls)", load.node);
        return Err(Refused::new(503, RefusalLabel::Busy, words));
    }
    let Some(profile) = config.trunk(&incoming.trunk) else {
        let words = format!("SIP profile {} was removed", incoming.trunk);
        return Err(Refused::new(503, RefusalLabel::NoRoute, words));
    };
    if load.trunk >= profile.limits.calls as usize {
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
        context: profile.transfer.context.iter().map(carrier).collect(),
        notify_says_answered: profile.transfer.notify_200 == Notify200::Answered,
    };
    let answer_by = received + profile.answer_within;
    Ok(Admitted { setup, port, trunk: incoming.trunk, route, caller, answer_by })
}

fn carrier(field: &ContextField) -> Carrier {
    match field {
        ContextField::XHeaders => Carrier::XHeader,
        ContextField::ReferredBy => Carrier::ReferredBy,
        ContextField::UserToUser => Carrier::UserToUser,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const NODE: &str = "data = \"d\"\nmodels = \"m\"\n[sip]\nlisten = \"127.0.0.1:5060\"\n";
    const PROFILE: &str = "preset = \"generic\"\ndialplan = \"p\"\n[peer]\nhost = \"10.0.0.5\"\n\
        [transfer]\nallow = [\"_6XXX\"]\n";
    const PLAN: &str = r#"
        timezone = "America/Chicago"
        [hours.day]
        open = ["mon-fri 08:00-17:00"]
        [target.desk]
        dial = ["6001", "6002"]
        ring = "15s"
        unanswered = "nurse"
        [target.nurse]
        dial = ["6003"]
        hours = "day"
        unanswered = "night"
        [target.night]
        dial = ["6004"]
        unanswered = "hangup"
        [[route]]
        name = "all"
        agent = "reception"
        transfer = ["desk"]
    "#;

    /// The numbers behind `desk`, one after another, and what comes after them.
    fn behind_the_desk(at: DateTime) -> (Vec<String>, bool) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in
            [("attendant.toml", NODE), ("sip-profiles/t.toml", PROFILE), ("dialplans/p.toml", PLAN)]
        {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let config = Config::load(folder.path()).unwrap_or_else(|errors| panic!("{errors}"));
        let profile = &config.trunks[0];
        let plan = config.plan(profile).unwrap();
        let desk = &plan.targets[&TargetName::new("desk")];
        let reach = reach(plan, profile, desk, at);
        let told = reach.attempts.iter().map(|it| {
            let seconds = it.ring.as_secs();
            format!("{} {} {seconds}s", it.target, it.uri)
        });
        (told.collect(), reach.hang_up)
    }

    #[test]
    fn numbers_are_rung_one_after_another_down_the_chain_of_targets() {
        let all = [
            "desk sip:6001@10.0.0.5 15s",
            "desk sip:6002@10.0.0.5 15s",
            "nurse sip:6003@10.0.0.5 20s",
            "night sip:6004@10.0.0.5 20s",
        ];
        let friday = date(2026, 11, 20);
        let (told, hang_up) = behind_the_desk(friday.at(10, 0, 0, 0));
        assert_eq!((told, hang_up), (all.map(str::to_owned).to_vec(), true));
        // The nurse has gone home.
        let (told, _) = behind_the_desk(friday.at(20, 0, 0, 0));
        assert_eq!(told, [all[0], all[1], all[3]]);
    }
}
