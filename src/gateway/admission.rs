//! Whether a call is taken, and where it goes: limits, number plan, a port for its sound.

use std::collections::BTreeMap;

use crate::agent::Setting;
use crate::base::{CallId, Phi, Purpose, TrunkName};
use crate::call::Setup;
use crate::config::{Config, TrunkProfile};
use crate::dialplan::{Action, Dialled, Target};
use crate::ops::RefusalLabel;
use crate::practice::PhoneNumber;
use crate::sdp::LocalMedia;
use crate::sip::Incoming;
use crate::workers::Port;

use super::shared::Shared;

/// A call that is taken.
pub(super) struct Admitted {
    pub(super) setup: Setup,
    pub(super) port: Port,
    pub(super) trunk: TrunkName,
    pub(super) route: String,
    /// Where the caller goes when the agent itself cannot go on: a Refer-To URI.
    pub(super) fallback: Option<String>,
    pub(super) caller: Option<Phi<PhoneNumber>>,
}

/// Lines that are taken already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    /// Over all trunks.
    pub(super) all: usize,
    /// By calls of the same trunk.
    pub(super) of_trunk: usize,
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

/// Decides on a call.
pub(super) fn admit(
    shared: &Shared,
    call: CallId,
    incoming: Incoming,
    taken: Taken,
) -> Result<Admitted, Refused> {
    let config = shared.config.load_full();
    if taken.all >= config.node.max_calls as usize {
        let words = format!("all {} lines of this gateway are taken", taken.all);
        return Err(Refused::new(503, RefusalLabel::Busy, words));
    }
    let Some(profile) = config.trunk(&incoming.trunk) else {
        let words = format!("SIP profile {} was removed", incoming.trunk);
        return Err(Refused::new(503, RefusalLabel::NoRoute, words));
    };
    if taken.of_trunk >= profile.max_calls as usize {
        let words =
            format!("all {} lines of SIP profile {} are taken", taken.of_trunk, incoming.trunk);
        return Err(Refused::new(503, RefusalLabel::Busy, words));
    }
    let (route, targets, fallback, agent_now) = choose(&config, profile, &incoming)?;
    let port = shared.media.reserve().map_err(|error| {
        Refused::new(503, RefusalLabel::NoPorts, format!("no RTP port: {error}"))
    })?;
    let caller = incoming.caller.as_ref().and_then(|number| {
        let number = profile.normalise(number);
        PhoneNumber::parse(number.reveal(Purpose::Routing)).map(Phi::new)
    });
    let uris = uris(profile, &targets);
    let setting = Setting {
        practice: shared.practice.clone(),
        practitioners: shared.practitioners.clone(),
        now: agent_now,
        caller: caller.clone(),
        targets: targets.iter().map(|t| t.name.clone()).filter(|t| uris.contains_key(t)).collect(),
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
        targets: uris,
        referred_by: format!("sip:attendant@{}", profile.sip.advertised),
    };
    let fallback = fallback.and_then(|target| uri(profile, &target));
    Ok(Admitted { setup, port, trunk: incoming.trunk, route, fallback, caller })
}

type Choice = (String, Vec<Target>, Option<Target>, jiff::civil::DateTime);

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
        Action::Agent { .. } => Ok((name, chosen.targets, chosen.fallback, at)),
    }
}

fn uris(profile: &TrunkProfile, targets: &[Target]) -> BTreeMap<crate::base::TargetName, String> {
    let reachable = |target: &Target| Some((target.name.clone(), uri(profile, target)?));
    targets.iter().filter_map(reachable).collect()
}

fn uri(profile: &TrunkProfile, target: &Target) -> Option<String> {
    profile.transfer.refer_to(target.dial.first()?).ok()
}
