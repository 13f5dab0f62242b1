//! Whether a call is taken, and where it goes: limits, number plan, a port for its sound.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::agent::{Notice, Setting, greets_in};
use crate::base::{CallId, Language, Phi, Purpose, TargetName, TrunkName};
use crate::call::{Carrier, Reach, Setup};
use crate::config::{
    Config, ContextField, Notify200, Recording, RtcpMux, Srtp, TrunkMedia, TrunkProfile,
};
use crate::dialplan::{Action, Reason, Verdict};
use crate::ops::{self, RefusalLabel};
use crate::practice::PhoneNumber;
use crate::rtp::KeySeed;
use crate::sdp::{self, Encryption, LocalMedia};
use crate::sip::{Inbound, Incoming, Transport, Trunk};
use crate::workers::{Port, WorkersError};

use super::decision::{Asked, Offered, decide};
use super::services::Services;
use super::shared::Shared;
use super::switchboard::RETRY_AFTER;
use super::throttle::{Throttle, TooSoon};

/// A call that is taken.
pub(super) struct Admitted {
    pub(super) setup: Setup,
    pub(super) port: Port,
    /// Where signalling comes from, if the PBX may be behind NAT.
    pub(super) nat: Option<IpAddr>,
    pub(super) trunk: TrunkName,
    pub(super) route: String,
    pub(super) services: Services,
    pub(super) caller: Option<Phi<PhoneNumber>>,
    /// Later it is refused.
    pub(super) answer_by: Instant,
    /// How it is recorded, if it is.
    pub(super) recording: Option<Recording>,
}

/// A call that is not taken.
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) reason: RefusalLabel,
    /// For the admin, on the wire and in the log; never a number or a name.
    pub(super) words: String,
    /// When it may be tried again.
    pub(super) retry_after: Option<Duration>,
}

impl Refused {
    fn new(status: u16, reason: RefusalLabel, words: impl Into<String>) -> Self {
        let retry_after = (status == 503).then_some(RETRY_AFTER);
        Self { status, reason, words: words.into(), retry_after }
    }
}

impl From<TooSoon> for Refused {
    fn from(too_soon: TooSoon) -> Self {
        match too_soon {
            TooSoon::Trunk { words, wait } => {
                let retry_after = Some(wait);
                Self { status: 503, reason: RefusalLabel::TooFast, words, retry_after }
            }
            // Busy, and not 503: a PBX would take that for the whole trunk's state and send others elsewhere too.
            TooSoon::Caller { words, wait } => {
                let retry_after = Some(wait);
                Self { status: 486, reason: RefusalLabel::CallerTooOften, words, retry_after }
            }
        }
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
    throttle: &mut Throttle,
    warned: &mut Warned,
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
    has_line(profile, load, &incoming.trunk)?;
    has_room(shared)?;
    let number = incoming.caller.as_ref().map(|number| profile.normalise(number));
    throttle.take(received, &incoming.trunk, &profile.limits, number.as_ref())?;
    let Choice { route, targets, order, fallback, languages, recorded, now } =
        choose(&config, profile, call, &Asked::from(&incoming), Timestamp::now())?;
    let languages = loaded(&shared.languages, languages);
    let port = reserve(shared, profile)?;
    let caller = shown(number.as_ref(), incoming.withheld);
    let recording = config.node.recording.clone().filter(|_| recorded);
    let setting = Setting {
        practice: shared.practice.clone(),
        practitioners: shared.practitioners.clone(),
        now,
        caller: caller.clone(),
        targets: order,
        notice: recording.as_ref().map(|recording| notice(recording, &languages)),
        languages,
        seed: call.0,
    };
    let media = &profile.media;
    let rtp = (media.advertise, port.advertised().port()).into();
    let encryption = encryption(media.srtp)?;
    if encryption.is_some() && keys_are_readable(&incoming) {
        let (trunk, transport) = (&incoming.trunk, incoming.flow.transport);
        warned.keys_are_readable(call, trunk, transport);
    }
    let nat = learns_sound(&profile.sip).then_some(incoming.flow.remote.ip());
    let setup = Setup {
        call,
        leg: incoming.leg,
        offer: incoming.offer,
        local: LocalMedia { encryption, ..local_media(media, rtp, call) },
        setting,
        targets,
        fallback,
        referred_by: format!("sip:attendant@{}", profile.sip.advertised),
        context: profile.transfer.context.iter().map(carrier).collect(),
        presses_in_band: profile.media.in_band_digits,
        judged: shared.judges.is_some(),
        longest: config.node.longest_call,
        notify_says_answered: profile.transfer.notify_200 == Notify200::Answered,
    };
    let (answer_by, services) = (received + profile.answer_within, Services::of(profile));
    let trunk = incoming.trunk;
    Ok(Admitted { setup, port, nat, trunk, route, services, caller, answer_by, recording })
}

/// Refuses a call more than the trunk has lines for.
fn has_line(profile: &TrunkProfile, load: Load, trunk: &TrunkName) -> Result<(), Refused> {
    if load.trunk < profile.limits.calls as usize {
        return Ok(());
    }
    let words =
        format!("all {} lines of SIP profile {trunk} are taken ([limits] calls)", load.trunk);
    Err(Refused::new(503, RefusalLabel::Busy, words))
}

/// Returns those languages of a route that are heard and spoken until the next start: what a reload has added is not.
/// English always is.
fn loaded(at_start: &BTreeSet<Language>, languages: Vec<Language>) -> Vec<Language> {
    let is_loaded =
        |language: &Language| *language == Language::EN_US || at_start.contains(language);
    let loaded: Vec<_> = languages.into_iter().filter(is_loaded).collect();
    if loaded.is_empty() { vec![Language::EN_US] } else { loaded }
}

/// What callers are told of the recording, in each language of the route; in that of the greeting first.
fn notice(recording: &Recording, languages: &[Language]) -> Notice {
    let all = [greets_in(languages)].into_iter().chain(languages.iter().copied());
    Notice::new(all.map(|language| (language, recording.notice(language))).collect())
}

/// Whether the threads that move sound, and those that hear, can take another call.
fn has_room(shared: &Shared) -> Result<(), Refused> {
    shared.media.admit().map_err(|error| {
        Refused::new(503, RefusalLabel::Overloaded, format!("no room for more sound: {error}"))
    })?;
    shared.hearing.admit().map_err(|error| {
        Refused::new(503, RefusalLabel::HearingFull, format!("no room for another caller: {error}"))
    })
}

/// What we can do on a trunk, beside encryption.
fn local_media(media: &TrunkMedia, rtp: SocketAddr, call: CallId) -> LocalMedia {
    LocalMedia {
        telephone_event: media.telephone_event,
        packet_time: media.packet_time,
        comfort_noise: media.comfort_noise && media.silence_suppression,
        rtcp_mux: mux(media.rtcp_mux),
        ..LocalMedia::new(rtp, media.codecs.clone(), call.0 >> 1)
    }
}

fn mux(policy: RtcpMux) -> sdp::RtcpMux {
    match policy {
        RtcpMux::Off => sdp::RtcpMux::Off,
        RtcpMux::Accept => sdp::RtcpMux::Accept,
        RtcpMux::Offer => sdp::RtcpMux::Offer,
    }
}

/// Binds a port for a call's sound.
fn reserve(shared: &Shared, profile: &TrunkProfile) -> Result<Port, Refused> {
    let (bind, ports) = (profile.media.bind, &profile.media.ports);
    shared.media.reserve_at(bind, ports).map_err(|error| {
        if matches!(error, WorkersError::PortsExhausted { .. }) {
            ops::PortsExhausted { trunk: &profile.sip.name }.emit();
        }
        Refused::new(503, RefusalLabel::NoPorts, format!("no RTP port: {error}"))
    })
}

/// Whether sound may come from elsewhere than SDP says: behind NAT, and from softphones, which write an address of
/// their own choice into it.
fn learns_sound(trunk: &Trunk) -> bool {
    trunk.policy.nat || matches!(trunk.inbound, Inbound::Registered)
}

/// Returns how a call encrypts: with keys of its own, from the system's randomness.
fn encryption(srtp: Srtp) -> Result<Option<Encryption>, Refused> {
    let required = match srtp {
        Srtp::Off => return Ok(None),
        Srtp::Optional => false,
        Srtp::Required => true,
    };
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| {
        let words = format!("the system gives no randomness for keys: {error}");
        Refused::new(503, RefusalLabel::Busy, words)
    })?;
    Ok(Some(Encryption { required, seed: KeySeed::new(seed), number: 0 }))
}

/// Whether keys cross the network readable: whoever sees the SIP hears the call.
fn keys_are_readable(incoming: &Incoming) -> bool {
    let offered = incoming.offer.as_deref().is_none_or(sdp::offers_keys);
    offered && incoming.flow.transport != Transport::Tls
}

/// Trunks that were warned of what every call of theirs would be warned of.
#[derive(Default)]
pub(super) struct Warned(BTreeSet<TrunkName>);

impl Warned {
    /// Warns once a trunk and start; whoever keeps it so has decided so, and reads of the other calls at `info`.
    fn keys_are_readable(&mut self, call: CallId, trunk: &TrunkName, transport: Transport) {
        const WORDS: &str =
            "The keys of this call's SRTP came unencrypted: set the PBX to SIP over TLS.";
        if self.0.insert(trunk.clone()) {
            tracing::warn!(%call, %trunk, ?transport, "{WORDS}");
        } else {
            tracing::info!(%call, %trunk, ?transport, "{WORDS}");
        }
    }
}

/// Returns the number that the agent, the record and the staff know the caller by. One that is withheld chooses the
/// route and counts for the limits, and goes no further (RFC 3323): it is no hint at who calls, and nobody reads it.
fn shown(number: Option<&Phi<String>>, withheld: bool) -> Option<Phi<PhoneNumber>> {
    let number = number.filter(|_| !withheld)?;
    PhoneNumber::parse(number.reveal(Purpose::Routing)).map(Phi::new)
}

fn carrier(field: &ContextField) -> Carrier {
    match field {
        ContextField::XHeaders => Carrier::XHeader,
        ContextField::ReferredBy => Carrier::ReferredBy,
        ContextField::UserToUser => Carrier::UserToUser,
    }
}

/// What the number plan says of a call.
pub(super) struct Choice {
    pub(super) route: String,
    pub(super) targets: BTreeMap<TargetName, Reach>,
    /// The route's order of them.
    order: Vec<TargetName>,
    pub(super) fallback: Option<(TargetName, Reach)>,
    /// The languages of its agent.
    languages: Vec<Language>,
    /// Whether the call is recorded.
    recorded: bool,
    now: DateTime,
}

pub(super) fn choose(
    config: &Config,
    profile: &TrunkProfile,
    call: CallId,
    asked: &Asked,
    now: Timestamp,
) -> Result<Choice, Refused> {
    let gone = || {
        let words = format!("dialplan {} was removed", profile.plan.as_str());
        Refused::new(503, RefusalLabel::NoRoute, words)
    };
    let at = config.plan(profile).ok_or_else(gone)?.civil(now);
    let decision = decide(config, profile, asked, at).ok_or_else(gone)?;
    let why = || decision.why().iter().map(ToString::to_string).collect();
    ops::CallRouted { call, trunk: &profile.sip.name, why: &why }.emit();
    let Some(route) = decision.route else {
        let words = told(&decision.why());
        return Err(Refused::new(404, RefusalLabel::NoRoute, words));
    };
    let name = route.name.as_str().to_owned();
    if let Action::Reject { status } = route.action {
        let chosen = decision.why().into_iter().find(|reason| reason.verdict == Verdict::Chosen);
        let because = chosen.map(|reason| reason.words).unwrap_or_default();
        let words = format!("route {name} rejects the call: {because}");
        return Err(Refused::new(status, RefusalLabel::Rejected, words));
    }
    let answer = decision.answer.ok_or_else(gone)?;
    let (languages, recorded) = (answer.language.to_vec(), answer.recorded);
    let offered = answer.targets.into_iter().filter(Offered::is_offered);
    let targets: Vec<_> = offered.map(|o| (o.target.name.clone(), o.reach)).collect();
    let order = targets.iter().map(|(name, _)| name.clone()).collect();
    let fallback = answer.fallback.map(|o| (o.target.name.clone(), o.reach));
    let targets = targets.into_iter().collect();
    Ok(Choice { route: name, targets, order, fallback, languages, recorded, now: at })
}

/// Routes whose reasons a refusal gives; it travels in a header too. The rest is in the log at `debug`.
const TOLD: usize = 10;

fn told(why: &[Reason]) -> String {
    let mut words = String::from("no route takes this number");
    why.iter().take(TOLD).for_each(|reason| words.push_str(&format!("; {reason}")));
    if why.len() > TOLD {
        words.push_str(&format!("; and {} more", why.len() - TOLD));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::Policy;
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
        let config = load(PLAN);
        let asked = asked("8000");
        let decision = decide(&config, &config.trunks[0], &asked, at).unwrap();
        let answer = decision.answer.unwrap();
        let reach = &answer.targets[0].reach;
        let told = reach.attempts.iter().map(|it| {
            let seconds = it.ring.as_secs();
            format!("{} {} {seconds}s", it.target, it.uri)
        });
        (told.collect(), reach.hang_up)
    }

    #[test]
    fn a_language_that_a_reload_has_added_waits_for_the_next_start() {
        let [english, spanish] = [Language::EN_US, Language::ES_US];
        let plan =
            PLAN.replacen("[hours.day]", "language = [\"es-US\", \"en-US\"]\n[hours.day]", 1);
        let (before, after) = (load(PLAN).languages(), load(&plan).languages());
        assert_eq!(loaded(&before, vec![spanish, english]), [english]);
        assert_eq!(loaded(&before, vec![spanish]), [english]);
        assert_eq!(loaded(&after, vec![spanish, english]), [spanish, english]);
    }

    #[test]
    fn softphones_and_trunks_behind_nat_may_send_sound_from_elsewhere() {
        let trunk = load(PLAN).trunks.remove(0).sip;
        assert!(!learns_sound(&trunk));
        let registered = Trunk { inbound: Inbound::Registered, ..trunk.clone() };
        assert!(learns_sound(&registered));
        let policy = Policy { nat: true, ..trunk.policy };
        assert!(learns_sound(&Trunk { policy, ..trunk }));
    }

    fn asked(called: &str) -> Asked {
        let (called, headers) = (Phi::new(called.into()), Vec::new());
        Asked { called, caller: None, withheld: true, headers }
    }

    #[test]
    fn a_withheld_number_goes_no_further_than_the_route() {
        let number = Phi::new("+13125550142".to_owned());
        let known = |withheld| shown(Some(&number), withheld).is_some();
        assert_eq!((known(false), known(true)), (true, false));
        assert!(shown(None, true).is_none());
    }

    fn load(plan: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in
            [("attendant.toml", NODE), ("sip-profiles/t.toml", PROFILE), ("dialplans/p.toml", plan)]
        {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Config::load(folder.path()).unwrap_or_else(|errors| panic!("{errors}\n{plan}"))
    }

    #[test]
    fn a_refusal_is_told_in_the_words_of_the_dry_run() {
        let asked = asked("8000");
        let refused = |plan: &str| {
            let config = load(plan);
            let now = Timestamp::UNIX_EPOCH;
            let refused = choose(&config, &config.trunks[0], CallId(2), &asked, now).err().unwrap();
            (refused.status, refused.words)
        };
        let head = "timezone = \"America/Chicago\"\n";
        let plan =
            format!("{head}[[route]]\nname = \"no\"\ncaller = \"anonymous\"\nreject = 603\n");
        let words = "route no rejects the call: caller is anonymous".to_owned();
        assert_eq!(refused(&plan), (603, words));
        let routes: String = (0..12)
            .map(|n| {
                format!("[[route]]\nname = \"r{n}\"\ncalled = \"90{n}\"\nagent = \"reception\"\n")
            })
            .collect();
        let (status, words) = refused(&(head.to_owned() + &routes));
        assert_eq!(status, 404);
        let start = "no route takes this number; r0: called number is not 900; r1: called number";
        assert!(words.starts_with(start), "{words}");
        assert!(words.ends_with("; r9: called number is not 909; and 2 more"), "{words}");
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
