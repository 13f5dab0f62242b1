//! A number plan: routes from top to bottom, the first that matches takes the call.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::base::{Phi, TargetName};

use super::{Condition, Hours, Numbers};

/// A checked number plan. Every name in it is defined.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the practice's clock hangs.
    pub zone: TimeZone,
    /// Opening hours, by name.
    pub hours: BTreeMap<String, Hours>,
    /// Whom calls may be handed to, by name.
    pub targets: BTreeMap<TargetName, Target>,
    /// The rules, in the order of the file.
    pub routes: Vec<Route>,
    /// What the plan itself says must come out.
    pub tests: Vec<PlanTest>,
}

/// A rule and what becomes of the calls that meet it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// Its name, unique in the plan.
    pub name: RouteName,
    /// What it asks of a call.
    pub condition: Condition,
    /// What it does with it.
    pub action: Action,
}

/// What becomes of a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// The agent answers.
    Agent {
        /// Which one.
        agent: AgentName,
        /// What it speaks.
        language: Language,
        /// The only targets that it sees, the first being the one for "a person".
        transfer: Vec<TargetName>,
        /// Who takes the call when the agent cannot run.
        fallback: Option<TargetName>,
    },
    /// The call is refused with this SIP status.
    Reject {
        /// 400 to 699.
        status: u16,
    },
}

/// The name of a route: closed by the file, so that it may label a metric.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RouteName(String);

impl RouteName {
    /// Takes a name that was checked where it was read.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Returns the name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RouteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An agent that can answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AgentName {
    /// The front desk: appointments, questions, hand-offs.
    Reception,
}

impl AgentName {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Reception];

    /// Returns the name as written in a plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reception => "reception",
        }
    }
}

/// A language that the embedded engines hear and speak.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Language {
    /// American English.
    EnUs,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::EnUs];

    /// Returns the BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::EnUs => "en-US",
        }
    }
}

/// Somebody a call may be handed to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// Its name: all that the agent knows of it.
    pub name: TargetName,
    /// Extension or telephone numbers, tried in this order.
    pub dial: Vec<String>,
    /// How long each may ring before it counts as unanswered.
    pub ring: Duration,
    /// When it can be reached; always when absent.
    pub hours: Option<String>,
    /// What becomes of the caller when nobody answers.
    pub unanswered: Unanswered,
}

/// What becomes of a caller whom nobody answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unanswered {
    /// The agent takes the caller back.
    Agent,
    /// Another target is tried.
    Target(TargetName),
    /// The call ends.
    HangUp,
}

/// A call that looks for its route. Numbers are normalised already ([`Numbers::normalise`]).
#[derive(Clone, Debug)]
pub struct Dialled {
    /// The number that was dialled.
    pub called: Phi<String>,
    /// The caller's number; `None` when withheld.
    pub caller: Option<Phi<String>>,
    /// The practice's civil time ([`Plan::civil`]).
    pub at: DateTime,
    /// SIP headers, name and value.
    pub headers: Vec<(String, Phi<String>)>,
}

/// What a call gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// The route that matched first.
    pub route: Route,
    /// The targets of the route that are open now, in the route's order.
    pub targets: Vec<Target>,
    /// Who takes the call when the agent cannot run, whatever the hour.
    pub fallback: Option<Target>,
    /// What was decided about each route of the plan, in its order.
    pub why: Vec<Reason>,
}

/// No route matched: the call is refused with 404.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoRoute {
    /// Why each route did not match.
    pub why: Vec<Reason>,
}

/// What was decided about a route, in words. Holds no number of the caller's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reason {
    /// The route.
    pub route: RouteName,
    /// What was decided.
    pub verdict: Verdict,
    /// Why: "header X-Line absent".
    pub words: String,
}

/// What was decided about a route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// A condition does not hold.
    Passed,
    /// It took the call.
    Chosen,
    /// An earlier one took the call.
    NotReached,
}

/// A call that the plan itself says must land on a route.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlanTest {
    /// The practice's civil time.
    pub at: DateTime,
    /// The caller's number as dialled; `None` is withheld.
    pub from: Option<String>,
    /// The number dialled.
    pub to: String,
    /// SIP headers, name and value.
    pub headers: Vec<(String, String)>,
    /// The route it must land on.
    pub route: RouteName,
}

impl Plan {
    /// Returns what the clock on the practice's wall shows.
    pub fn civil(&self, now: Timestamp) -> DateTime {
        self.zone.to_datetime(now)
    }

    /// Finds the route for a call: top to bottom, the first match wins.
    ///
    /// # Errors
    /// When no route matches, with the reason for each.
    pub fn route(&self, dialled: &Dialled) -> Result<Chosen, NoRoute> {
        let mut chosen = None;
        let mut why = Vec::with_capacity(self.routes.len());
        for route in &self.routes {
            let (verdict, words) = match (&chosen, route.condition.check(dialled, &self.hours)) {
                (Some(_), _) => (Verdict::NotReached, "not reached".to_owned()),
                (None, Err(words)) => (Verdict::Passed, words),
                (None, Ok(words)) => {
                    chosen = Some(route);
                    (Verdict::Chosen, words)
                }
            };
            why.push(Reason { route: route.name.clone(), verdict, words });
        }
        let Some(route) = chosen else { return Err(NoRoute { why }) };
        let (targets, fallback) = match &route.action {
            Action::Agent { transfer, fallback, .. } => (self.open(transfer, dialled.at), fallback),
            Action::Reject { .. } => (Vec::new(), &None),
        };
        let fallback = fallback.as_ref().and_then(|name| self.targets.get(name)).cloned();
        Ok(Chosen { route: route.clone(), targets, fallback, why })
    }

    fn open(&self, names: &[TargetName], at: DateTime) -> Vec<Target> {
        let open = |target: &&Target| match &target.hours {
            Some(hours) => self.hours.get(hours).is_some_and(|hours| hours.open_at(at)),
            None => true,
        };
        names.iter().filter_map(|name| self.targets.get(name)).filter(open).cloned().collect()
    }

    /// Runs a test of the plan. Numbers are read as the trunk would read them.
    ///
    /// # Errors
    /// When the call lands elsewhere: on which route, and why, a line for each route.
    pub fn run_test(&self, test: &PlanTest, numbers: &Numbers) -> Result<(), String> {
        let dialled = Dialled {
            called: Phi::new(numbers.normalise(&test.to)),
            caller: test.from.as_deref().map(|from| Phi::new(numbers.normalise(from))),
            at: test.at,
            headers: test.headers.iter().map(|(n, v)| (n.clone(), Phi::new(v.clone()))).collect(),
        };
        let (landed, why) = match self.route(&dialled) {
            Ok(chosen) if chosen.route.name == test.route => return Ok(()),
            Ok(chosen) => (format!("this call lands on \"{}\"", chosen.route.name), chosen.why),
            Err(NoRoute { why }) => ("this call finds no route".to_owned(), why),
        };
        let why: String = why.iter().map(|reason| format!("\n- {reason}")).collect();
        Err(landed + &why)
    }
}
