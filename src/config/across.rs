//! What only two files together can get wrong: a profile and its plan, or two profiles.

use std::collections::{BTreeMap, BTreeSet};

use crate::dialplan::Pattern;
use crate::sip::Inbound;

use super::diagnostic::Findings;
use super::file::Reader;
use super::plan_file::ReadPlan;
use super::trunk_file::ReadTrunk;
use super::{Code, Diagnostic, Node, PlanName};

/// Checks all files against each other.
pub(super) fn check(
    findings: &mut Findings,
    node: &Node,
    trunks: &[ReadTrunk],
    plans: &BTreeMap<PlanName, ReadPlan>,
    unread: &BTreeSet<PlanName>,
) {
    for (at, trunk) in trunks.iter().enumerate() {
        registrar(findings, node, trunk);
        ports(findings, trunk);
        claims(findings, trunk, &trunks[..at]);
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
    let used: BTreeSet<_> = trunks.iter().map(|trunk| &trunk.profile.plan).collect();
    for (name, plan) in plans.iter().filter(|(name, _)| !used.contains(name)) {
        let title = format!("no SIP profile uses the dialplan \"{name}\"");
        let place = Diagnostic::warning(Code::Unused, title).at(&plan.source, 0..0, "");
        findings.push(place.help(format!("write dialplan = \"{name}\" in a SIP profile")));
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

/// Two profiles on one socket must not claim the same source: which one took a call would be chance.
fn claims(findings: &mut Findings, trunk: &ReadTrunk, earlier: &[ReadTrunk]) {
    let shares = |other: &&ReadTrunk| {
        let theirs = &other.profile.sip.listens;
        trunk.profile.sip.listens.iter().any(|socket| theirs.contains(socket))
    };
    for other in earlier.iter().filter(shares) {
        for net in &trunk.sources {
            let overlap = |theirs: &ipnet::IpNet| {
                theirs.contains(net.get_ref()) || net.get_ref().contains(theirs)
            };
            let Some(theirs) = other.profile.sip.allow.iter().find(|net| overlap(net)) else {
                continue;
            };
            let title = format!("two SIP profiles claim requests from {}", net.get_ref());
            let label = format!("{} takes {theirs} on the same socket", other.source.path);
            let found =
                Diagnostic::error(Code::SourceClaimed, title).at(&trunk.source, net.span(), label);
            findings.push(found.help("narrow one of them, or give it a `listen` of its own"));
        }
    }
}

fn trunk_and_plan(findings: &mut Findings, trunk: &ReadTrunk, plan: &ReadPlan) {
    let mut reader = Reader { source: plan.source.clone(), findings };
    let (profile, path) = (&trunk.profile, &trunk.source.path);
    for number in &plan.dials {
        let country = profile.numbers.country;
        let normal = profile.numbers.normalise(number.get_ref());
        if country.emergency().iter().any(|known| *known == normal || known == number.get_ref()) {
            let title = format!("{} is an emergency number", number.get_ref());
            let help =
                "the agent tells a caller in danger to hang up and dial 911; it never dials itself";
            reader.error(Code::Forbidden, number.span(), title, "never dialled", help);
        } else if !profile.transfer.allows(number.get_ref()) {
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
    for (ring, place) in plan.rings.iter().filter(|(ring, _)| *ring > wait) {
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
    for text in &plan.literals {
        let normal = profile.numbers.normalise(text.get_ref());
        let literal =
            Pattern::parse(text.get_ref()).is_ok_and(|pattern| pattern.literal().is_some());
        if literal && normal != *text.get_ref() {
            let title =
                format!("\"{}\" can never match: numbers are compared in full", text.get_ref());
            reader.error(Code::Unreachable, text.span(), title, "", format!("write \"{normal}\""));
        }
    }
    for (test, place) in plan.plan.tests.iter().zip(&plan.tests) {
        if let Err(story) = plan.plan.run_test(test, &profile.numbers) {
            let (title, why) = story.split_once('\n').unwrap_or((&story, ""));
            let label = "the test says otherwise";
            reader.error(Code::Test, place.clone(), title, label, format!("this is why:\n{why}"));
        }
    }
}
