//! What only two files together can get wrong: a profile and its plan, or two profiles.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::TrunkName;
use crate::dialplan::{How, Unanswered};
use crate::sip::Inbound;

use super::callers_file::{Lists, TOLD, Written};
use super::diagnostic::Findings;
use super::file::Reader;
use super::listen_file;
use super::plan_file::ReadPlan;
use super::trunk_file::ReadTrunk;
use super::{Code, Diagnostic, Node, PlanName, Reached, Speech, reach};

/// Checks all files against each other. `profiles` counts those that could not be read too.
pub(super) fn check(
    findings: &mut Findings,
    node: &Node,
    trunks: &[ReadTrunk],
    plans: &BTreeMap<PlanName, ReadPlan>,
    unread: &BTreeSet<PlanName>,
    profiles: usize,
) {
    for (at, trunk) in trunks.iter().enumerate() {
        registrar(findings, node, trunk);
        ports(findings, trunk);
        claims(findings, trunk, &trunks[..at]);
        listen_file::one_certificate(findings, trunk, &trunks[..at]);
        match plans.get(&trunk.profile.plan) {
            Some(plan) => trunk_and_plan(findings, trunk, plan),
            // A plan that could not be read was reported where it was read.
            None if unread.contains(&trunk.profile.plan) => {}
            None => {
                let title = format!("no dialplans/{}.toml", trunk.profile.plan);
                let known = plans.keys().chain(unread).map(PlanName::as_str);
                let mut reader = Reader { source: trunk.source.clone(), findings };
                reader.unknown(Code::Undefined, &trunk.plan, title, known);
            }
        }
    }
    recordings(findings, node, plans);
    test_trunks(findings, trunks, profiles > trunks.len(), plans);
    plans.values().for_each(|plan| languages(findings, &node.speech, plan));
    let used: BTreeSet<_> = trunks.iter().map(|trunk| &trunk.profile.plan).collect();
    for (name, plan) in plans.iter().filter(|(name, _)| !used.contains(name)) {
        let title = format!("no SIP profile uses the dialplan \"{name}\"");
        let place = Diagnostic::warning(Code::Unused, title).at(&plan.source, 0..0, "");
        findings.push(place.help(format!("write dialplan = \"{name}\" in a SIP profile")));
    }
}

/// Reports lists that no plan names.
pub(super) fn unused_lists(
    findings: &mut Findings,
    lists: &Lists,
    plans: &BTreeMap<PlanName, ReadPlan>,
) {
    for (path, source) in lists {
        if !plans.values().any(|plan| plan.lists.contains(path)) {
            let found = Diagnostic::warning(Code::Unused, format!("no dialplan uses {path}"));
            let help = format!("write file = \"{path}\" under [callers.…], or remove it");
            findings.push(found.at(source, 0..0, "").help(help));
        }
    }
}

/// Reports languages that nobody hears or speaks, and warns of those that depend on a vendor.
fn languages(findings: &mut Findings, speech: &Speech, plan: &ReadPlan) {
    let mut reader = Reader { source: plan.source.clone(), findings };
    for (language, place) in &plan.languages {
        let name = language.name();
        let parts = [
            ("recogniser", "hear", speech.heard(*language), &speech.recogniser),
            ("voice", "speak", speech.spoken(*language), &speech.voice),
        ];
        for (part, verb, reached, vendor) in parts {
            let who = match vendor {
                Some(vendor) => format!("neither {vendor} nor the embedded {part} {verb}s {name}"),
                None => format!("the embedded {part} does not {verb} {name}"),
            };
            match reached {
                Reached::Embedded => {}
                Reached::Nowhere => {
                    let help = format!(
                        "remove it, or name a vendor that does under [speech.{part}] in attendant.toml"
                    );
                    reader.error(Code::Language, place.clone(), who, "", help);
                }
                Reached::VendorOnly => {
                    let title = format!(
                        "the embedded {part} does not {verb} {name}: while the vendor fails, such a call goes to a person"
                    );
                    let help = "give its route a `fallback` and somebody in `transfer`";
                    reader.warning(Code::Language, place.clone(), title, help);
                }
            }
        }
    }
}

/// Without a key nobody could ever hear a recording.
fn recordings(findings: &mut Findings, node: &Node, plans: &BTreeMap<PlanName, ReadPlan>) {
    if node.recording.is_some() {
        return;
    }
    for plan in plans.values() {
        for place in &plan.recorded {
            let title = "calls cannot be recorded: nobody could hear them";
            let found = Diagnostic::error(Code::Undefined, title);
            let found = found.at(&plan.source, place.clone(), "needs a key");
            findings.push(found.help("write [recording] key in attendant.toml, or \"off\" here"));
        }
    }
}

fn registrar(findings: &mut Findings, node: &Node, trunk: &ReadTrunk) {
    if matches!(trunk.profile.sip.inbound, Inbound::Registered) && node.registrar.is_none() {
        let span = trunk.inbound.as_ref().map_or(0..0, toml::Spanned::span);
        let title = format!(
            "trunk {} takes registered softphones, and nobody can register",
            trunk.profile.sip.name
        );
        let found =
            Diagnostic::error(Code::Undefined, title).at(&trunk.source, span, "needs a registrar");
        findings.push(found.help("write [registrar.users] in attendant.toml"));
    }
}

fn ports(findings: &mut Findings, trunk: &ReadTrunk) {
    let ports = &trunk.profile.media.ports;
    let pairs = (u32::from(*ports.end()) + 1 - u32::from(*ports.start())) / 2;
    if pairs < trunk.profile.limits.calls {
        let calls = trunk.profile.limits.calls;
        let title = format!(
            "ports {}-{} carry {pairs} calls, and {calls} are let in",
            ports.start(),
            ports.end()
        );
        let found =
            Diagnostic::error(Code::Ports, title).at(&trunk.source, 0..0, "in this profile");
        findings.push(found.help("widen `ports` (two a call), or lower `calls` under [limits]"));
    }
}

/// So many profiles that claim a source are named in one message.
const NAMED: usize = 5;

/// Two profiles on one socket must not claim the same source: which one took a call would be chance. A profile is told
/// once, with all those before it that claim what it does.
fn claims(findings: &mut Findings, trunk: &ReadTrunk, earlier: &[ReadTrunk]) {
    let shares = |other: &&ReadTrunk| {
        let theirs = &other.profile.sip.listens;
        trunk.profile.sip.listens.iter().any(|socket| theirs.contains(socket))
    };
    let overlap = |other: &ReadTrunk| {
        trunk.sources.iter().find_map(|net| {
            let ours = net.get_ref();
            let overlap = |theirs: &&ipnet::IpNet| theirs.contains(ours) || ours.contains(*theirs);
            let theirs = other.profile.sip.allow.iter().find(overlap)?;
            Some((net, format!("{} takes {theirs}", other.source.path)))
        })
    };
    let found: Vec<_> = earlier.iter().filter(shares).filter_map(overlap).collect();
    let Some((net, _)) = found.first() else { return };
    let named: Vec<_> = found.iter().take(NAMED).map(|(_, theirs)| theirs.as_str()).collect();
    let more = match found.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let title = match found.len() {
        1 => format!("two SIP profiles claim requests from {}", net.get_ref()),
        others => format!("{} SIP profiles claim requests from {}", others + 1, net.get_ref()),
    };
    let label = format!("{}{more} on the same socket", named.join(", "));
    let found = Diagnostic::error(Code::SourceClaimed, title).at(&trunk.source, net.span(), label);
    findings.push(found.help("narrow one of them, or give it a `listen` of its own"));
}

fn trunk_and_plan(findings: &mut Findings, trunk: &ReadTrunk, plan: &ReadPlan) {
    let mut reader = Reader { source: plan.source.clone(), findings: &mut *findings };
    let (profile, path) = (&trunk.profile, &trunk.source.path);
    for number in plan.targets.iter().flat_map(|target| &target.dials) {
        let allowed = profile.transfer.allows(number.get_ref());
        if !reach::check_dial(&mut reader, number, &profile.transfer) && !allowed {
            let title =
                format!("trunk {} may not hand calls to {}", profile.sip.name, number.get_ref());
            let help = match trunk.allow.is_empty() {
                true => {
                    format!("write allow = [\"{}\"] under [transfer] in {path}", number.get_ref())
                }
                false => {
                    format!("add it, or a pattern for it, to `allow` under [transfer] in {path}")
                }
            };
            reader.error(Code::NotAllowed, number.span(), title, "not allowed", help);
        }
    }
    let wait = profile.transfer.wait;
    let rings = plan.targets.iter().map(|target| &target.ring);
    for (ring, place) in rings.filter(|(ring, _)| *ring > wait) {
        let (ring, wait) = (ring.as_secs(), wait.as_secs());
        let title = format!(
            "rings for {ring}s, and trunk {} waits {wait}s for a transfer's outcome",
            profile.sip.name
        );
        let help = format!(
            "write wait = \"{}s\" under [transfer] in {path}, or a shorter `ring`",
            ring + 5
        );
        reader.error(Code::NoEffect, place.clone(), title, "never rings that long", help);
    }
    caller_back(findings, trunk, plan);
    never_compared(findings, trunk, plan);
    tests(findings, trunk, plan);
}

/// Reports targets that ask for blind REFER and for the caller back, where the PBX keeps the caller.
fn caller_back(findings: &mut Findings, trunk: &ReadTrunk, plan: &ReadPlan) {
    let kept = !trunk.profile.transfer.caller_returns;
    let mut reader = Reader { source: plan.source.clone(), findings };
    for places in plan.targets.iter().filter(|_| kept) {
        let (Some(span), Some(target)) = (&places.how, plan.plan.targets.get(&places.name)) else {
            continue;
        };
        if target.how == How::Refer && target.unanswered != Unanswered::HangUp {
            let title = format!(
                "by blind REFER nobody comes back from [target.{}] on trunk {}",
                places.name, trunk.profile.sip.name
            );
            let help = format!(
                "write unanswered = \"hangup\", or failed-refer-returns = true under [transfer] in {} \
                 if the PBX gives the caller back",
                trunk.source.path
            );
            let label = "the PBX keeps a caller whom it has accepted";
            reader.error(Code::NoEffect, span.clone(), title, label, help);
        }
    }
}

/// Reports numbers and patterns that no number of the trunk can be equal to.
fn never_compared(findings: &mut Findings, trunk: &ReadTrunk, plan: &ReadPlan) {
    let numbers = &trunk.profile.numbers;
    let lost = plan.written.iter().filter(|written| numbers.never_sees(&written.pattern));
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for Written { pattern, source, place } in lost {
        let count = told.entry(&source.path).or_default();
        *count += 1;
        if *count > TOLD {
            continue;
        }
        let title = format!("\"{pattern}\" can never match: numbers are compared in full");
        let help = reach::full(pattern, numbers);
        let mut reader = Reader { source: source.clone(), findings: &mut *findings };
        reader.error(Code::Unreachable, place.clone(), title, "", help);
    }
    for (path, count) in told.into_iter().filter(|(_, count)| *count > TOLD) {
        let title = format!("{} more numbers in {path} can never match", count - TOLD);
        findings.push(Diagnostic::error(Code::Unreachable, title));
    }
}

/// Runs the tests of the plan that are meant for this trunk.
fn tests(findings: &mut Findings, trunk: &ReadTrunk, plan: &ReadPlan) {
    let profile = &trunk.profile;
    let mut reader = Reader { source: plan.source.clone(), findings };
    let meant = |trunk: &Option<TrunkName>| trunk.as_ref().is_none_or(|t| *t == profile.sip.name);
    let tests = plan.plan.tests.iter().zip(&plan.tests);
    for (test, place) in tests.filter(|(test, _)| meant(&test.trunk)) {
        if let Err(story) = plan.plan.run_test(test, &profile.numbers) {
            let (title, why) = story.split_once('\n').unwrap_or((&story, ""));
            let label = "the test says otherwise";
            let help = format!("this is why:\n{why}");
            reader.error(Code::Test, place.route.clone(), title, label, help);
        }
    }
}

/// Reports tests for a trunk that does not use the plan.
fn test_trunks(
    findings: &mut Findings,
    trunks: &[ReadTrunk],
    unread: bool,
    plans: &BTreeMap<PlanName, ReadPlan>,
) {
    for (name, plan) in plans {
        let users = || trunks.iter().filter(|trunk| trunk.profile.plan == *name);
        let users = || users().map(|trunk| trunk.profile.sip.name.as_str());
        let mut reader = Reader { source: plan.source.clone(), findings: &mut *findings };
        for text in plan.tests.iter().filter_map(|places| places.trunk.as_ref()) {
            if !unread && !users().any(|user| user == text.get_ref()) {
                let title = format!("trunk {} does not use this plan", text.get_ref());
                reader.unknown(Code::Undefined, text, title, users());
            }
        }
    }
}
