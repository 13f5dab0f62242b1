//! What the files say of a call: the one answer that a live call gets and that a dry run prints.

use std::fmt;

use jiff::civil::DateTime;

use crate::base::{Language, Phi};
use crate::call::{Attempt, Reach};
use crate::config::{Config, TransferMethod, TrunkProfile};
use crate::dialplan::{Action, AgentName, Dialled, How, Plan, Reason, Route, Target};
use crate::sip::Incoming;

/// A call as it comes from a trunk, its numbers as dialled.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The number that was dialled.
    pub called: Phi<String>,
    /// The caller's number, where the trunk tells it; of one who withholds it too.
    pub caller: Option<Phi<String>>,
    /// The caller is anonymous: there is no number, or it is not to be shown.
    pub withheld: bool,
    /// SIP headers, long name and value.
    pub headers: Vec<(String, Phi<String>)>,
}

impl From<&Incoming> for Asked {
    fn from(incoming: &Incoming) -> Self {
        let Incoming { called, caller, withheld, headers, .. } = incoming;
        Self {
            called: called.clone(),
            caller: caller.clone(),
            withheld: *withheld,
            headers: headers.clone(),
        }
    }
}

/// What becomes of a call.
#[derive(Debug)]
pub struct Decision<'a> {
    plan: &'a Plan,
    dialled: Dialled,
    /// The route that took it; `None` is refused with 404.
    pub route: Option<&'a Route>,
    /// Who answers; `None` when the call is refused.
    pub answer: Option<Answer<'a>>,
}

/// An agent and what it has.
#[derive(Debug)]
pub struct Answer<'a> {
    /// Which agent.
    pub agent: AgentName,
    /// What it speaks; it greets in the first.
    pub language: &'a [Language],
    /// Whether the call is recorded, once the caller knows.
    pub recorded: bool,
    /// The targets of the route, in its order.
    pub targets: Vec<Offered<'a>>,
    /// Who takes the call when the agent cannot run.
    pub fallback: Option<Offered<'a>>,
}

/// A target of the route, and whether this caller is offered it.
#[derive(Debug)]
pub struct Offered<'a> {
    /// The target.
    pub target: &'a Target,
    /// Why it is closed.
    pub closed: Option<String>,
    /// Which of its numbers, and of those behind it, the trunk may not dial.
    pub outside: Vec<&'a str>,
    /// What rings, and what comes after it.
    pub reach: Reach,
    /// Whether the PBX keeps a caller whom nobody answers, although the plan wants the caller back.
    pub keeps_caller: bool,
}

impl Offered<'_> {
    /// Whether the agent may name it to this caller.
    pub fn is_offered(&self) -> bool {
        self.closed.is_none() && !self.reach.attempts.is_empty()
    }
}

/// Decides what becomes of a call that comes by a trunk at a civil time of its plan; `None` when
/// the trunk's plan is not there.
pub fn decide<'a>(
    config: &'a Config,
    profile: &'a TrunkProfile,
    asked: &Asked,
    at: DateTime,
) -> Option<Decision<'a>> {
    let plan = config.plan(profile)?;
    let dialled = Dialled {
        called: profile.normalise(&asked.called),
        caller: asked.caller.as_ref().map(|number| profile.normalise(number)),
        withheld: asked.withheld,
        at,
        headers: asked.headers.clone(),
    };
    let Some(chosen) = plan.route(&dialled) else {
        return Some(Decision { plan, dialled, route: None, answer: None });
    };
    let offered = |target: &'a Target, closed| {
        let (reach, outside) = reach(plan, profile, target, at);
        let keeps_caller = !profile.transfer.caller_returns && !reach.hang_up;
        Offered { target, closed, outside, reach, keeps_caller }
    };
    let answer = match &chosen.route.action {
        Action::Reject { .. } => None,
        Action::Agent { agent, language, recorded, .. } => Some(Answer {
            agent: *agent,
            language,
            recorded: *recorded,
            targets: chosen.targets.into_iter().map(|o| offered(o.target, o.closed)).collect(),
            // The last way out is open at any hour.
            fallback: chosen
                .fallback
                .map(|target| Offered { keeps_caller: false, ..offered(target, None) }),
        }),
    };
    Some(Decision { plan, dialled, route: Some(chosen.route), answer })
}

/// Returns the numbers to ring for a target, one after another, those of the targets behind it
/// included, and the numbers that the trunk may not dial.
fn reach<'a>(
    plan: &'a Plan,
    profile: &TrunkProfile,
    first: &'a Target,
    at: DateTime,
) -> (Reach, Vec<&'a str>) {
    let rings = plan.rings(first, at);
    let mut reach = Reach { attempts: Vec::new(), hang_up: rings.hang_up };
    let mut outside = Vec::new();
    let by_profile = profile.transfer.methods.contains(&TransferMethod::Refer);
    let has_way = |target: &&Target| by_profile || target.how == How::Refer;
    for target in rings.targets.into_iter().filter(has_way) {
        for number in &target.dial {
            match profile.transfer.refer_to(number) {
                Ok(uri) => {
                    let (target, ring) = (target.name.clone(), target.ring);
                    reach.attempts.push(Attempt { target, uri, ring });
                }
                Err(_) => outside.push(number.as_str()),
            }
        }
    }
    (reach, outside)
}

impl Decision<'_> {
    /// Tells what was decided about each route of the plan. Holds no number of the caller's.
    pub fn why(&self) -> Vec<Reason> {
        self.plan.why(&self.dialled)
    }
}

/// What `attendant route` prints, below the lines about the call itself.
impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.route {
            None => writeln!(f, "route     none: refused with 404")?,
            Some(route) => writeln!(f, "route     {}", route.name)?,
        }
        if let Some(Route { action: Action::Reject { status }, .. }) = self.route {
            writeln!(f, "refused   with {status}")?;
        }
        if let Some(answer) = &self.answer {
            writeln!(f, "agent     {}", answer.agent.name())?;
            let tags: Vec<_> = answer.language.iter().map(|language| language.tag()).collect();
            writeln!(f, "language  {}", tags.join(", "))?;
            if answer.recorded {
                writeln!(f, "recording on, once the caller was told")?;
            }
            answer.targets.iter().try_for_each(|target| write!(f, "target    {target}"))?;
            match &answer.fallback {
                Some(target) => write!(f, "fallback  {target}")?,
                None => writeln!(f, "fallback  none: the call ends when the agent cannot run")?,
            }
        }
        writeln!(f, "why:")?;
        self.why().iter().try_for_each(|reason| writeln!(f, "  - {reason}"))
    }
}

impl fmt::Display for Offered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, closed, outside, reach, keeps_caller } = self;
        let name = &target.name;
        match closed {
            Some(words) => writeln!(f, "{name}: not offered, {words}")?,
            None if reach.attempts.is_empty() => {
                let why = match outside.is_empty() {
                    true => "the trunk has no way to hand calls over ([transfer] methods)",
                    false => "the trunk may dial none of its numbers",
                };
                writeln!(f, "{name}: not offered, {why}")?;
            }
            None => writeln!(f, "{name}: {target}")?,
        }
        if closed.is_none() {
            for attempt in &reach.attempts {
                let (target, uri, ring) = (&attempt.target, &attempt.uri, attempt.ring.as_secs());
                let whose = if target == name { String::new() } else { format!(" of {target}") };
                writeln!(f, "            rings {uri}{whose} for {ring}s")?;
            }
        }
        for number in outside.iter().filter(|_| closed.is_none()) {
            writeln!(f, "            not {number}: outside of [transfer] allow")?;
        }
        if *keeps_caller && self.is_offered() {
            let words =
                "the PBX keeps a caller whom it has accepted (failed-refer-returns = false)";
            writeln!(f, "            {words}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "decision_tests.rs"]
mod tests;
