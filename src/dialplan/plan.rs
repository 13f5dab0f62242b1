//! A number plan: routes from top to bottom, the first that matches takes the call.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::base::{Language, Phi, TargetName, TrunkName};

use super::{Calendar, Condition, Numbers};

/// A checked number plan. Every name in it is defined.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the practice's clock hangs.
    pub zone: TimeZone,
    /// Opening hours and holidays.
    pub calendar: Calendar,
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
        /// What it speaks; it greets in the first, and there is one.
        language: Vec<Language>,
        /// Whether the call is recorded, once the caller knows.
        recorded: bool,
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
    /// The way it is reached.
    pub how: How,
    /// What becomes of the caller when nobody answers.
    pub unanswered: Unanswered,
}

/// How a call gets to a target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum How {
    /// As the trunk's `[transfer] methods` say.
    Profile,
    /// By blind REFER, whatever else the trunk could do.
    Refer,
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
    /// The caller's number, where the trunk tells it; of one who withholds it too, for lists and patterns.
    pub caller: Option<Phi<String>>,
    /// The caller is anonymous: there is no number, or it is not to be shown.
    pub withheld: bool,
    /// The practice's civil time ([`Plan::civil`]).
    pub at: DateTime,
    /// SIP headers, name and value.
    pub headers: Vec<(String, Phi<String>)>,
}

/// What a call gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen<'a> {
    /// The route that matched first.
    pub route: &'a Route,
    /// The targets of the route, in its order.
    pub targets: Vec<Offer<'a>>,
    /// Who takes the call when the agent cannot run, whatever the hour.
    pub fallback: Option<&'a Target>,
}

/// A target, and whether it is offered to this caller.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer<'a> {
    /// The target.
    pub target: &'a Target,
    /// Why it is not offered: "clinic is closed (exception 12-25)".
    pub closed: Option<String>,
}

/// The phones that ring for a target, one after another.
#[derive(Clone, Debug, PartialEq)]
pub struct Rings<'a> {
    /// The target itself and those behind it that are open.
    pub targets: Vec<&'a Target>,
    /// Whether the call ends when nobody answers; else the agent takes the caller back.
    pub hang_up: bool,
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
    /// SIP headers, long name and value.
    pub headers: Vec<(String, String)>,
    /// The trunk it comes by; any that uses the plan when absent.
    pub trunk: Option<TrunkName>,
    /// The route it must land on.
    pub route: RouteName,
}

impl Plan {
    /// Returns what the clock on the practice's wall shows.
    pub fn civil(&self, now: Timestamp) -> DateTime {
        self.zone.to_datetime(now)
    }

    /// Returns the languages of all its agents; one may come several times.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        self.routes.iter().flat_map(|route| match &route.action {
            Action::Agent { language, .. } => language.clone(),
            Action::Reject { .. } => Vec::new(),
        })
    }

    /// Finds the route for a call: top to bottom, the first match wins. [`Plan::why`] has the words.
    pub fn find(&self, dialled: &Dialled) -> Option<&Route> {
        self.routes.iter().find(|route| route.condition.check(dialled, &self.calendar, &mut |_| {}))
    }

    /// Finds the route for a call and all that belongs to it; `None` is refused with 404.
    pub fn route(&self, dialled: &Dialled) -> Option<Chosen<'_>> {
        let route = self.find(dialled)?;
        let Action::Agent { transfer, fallback, .. } = &route.action else {
            return Some(Chosen { route, targets: Vec::new(), fallback: None });
        };
        let targets = transfer.iter().filter_map(|name| self.targets.get(name));
        let targets = targets.map(|target| self.offer(target, dialled.at)).collect();
        let fallback = fallback.as_ref().and_then(|name| self.targets.get(name));
        Some(Chosen { route, targets, fallback })
    }

    /// Tells what was decided about each route, in the order of the file.
    pub fn why(&self, dialled: &Dialled) -> Vec<Reason> {
        let mut taken = false;
        let told = self.routes.iter().map(|route| {
            let (verdict, words) = if taken {
                (Verdict::NotReached, "not reached".to_owned())
            } else {
                let mut words: Vec<String> = Vec::new();
                let mut tell = |part: fmt::Arguments<'_>| words.push(part.to_string());
                taken = route.condition.check(dialled, &self.calendar, &mut tell);
                match (taken, words.pop()) {
                    (true, None) => (Verdict::Chosen, "asks nothing".to_owned()),
                    (true, Some(last)) => {
                        words.push(last);
                        (Verdict::Chosen, words.join(", "))
                    }
                    (false, last) => (Verdict::Passed, last.unwrap_or_default()),
                }
            };
            Reason { route: route.name.clone(), verdict, words }
        });
        told.collect()
    }

    fn offer<'a>(&self, target: &'a Target, at: DateTime) -> Offer<'a> {
        let hours = target.hours.as_deref();
        Offer { target, closed: hours.and_then(|hours| self.calendar.closed(hours, at)) }
    }

    /// Tells whose phones ring when a call is handed to a target at some time.
    pub fn rings<'a>(&'a self, first: &'a Target, at: DateTime) -> Rings<'a> {
        let mut rings = Rings { targets: vec![first], hang_up: false };
        let mut target = first;
        // `check` refuses targets that go round in a circle; this ends even if one got through.
        for _ in 0..=self.targets.len() {
            target = match &target.unanswered {
                Unanswered::Agent => break,
                Unanswered::HangUp => {
                    rings.hang_up = true;
                    break;
                }
                Unanswered::Target(next) => match self.targets.get(next) {
                    Some(next) => next,
                    None => break,
                },
            };
            // One that is closed at this hour is as good as unanswered.
            if self.offer(target, at).closed.is_none() {
                rings.targets.push(target);
            }
        }
        rings
    }

    /// Runs a test of the plan. Numbers are read as the trunk would read them.
    ///
    /// # Errors
    /// When the call lands elsewhere: on which route, and why, a line for each route.
    pub fn run_test(&self, test: &PlanTest, numbers: &Numbers) -> Result<(), String> {
        let dialled = Dialled {
            called: Phi::new(numbers.normalise(&test.to)),
            caller: test.from.as_deref().map(|from| Phi::new(numbers.normalise(from))),
            withheld: test.from.is_none(),
            at: test.at,
            headers: test.headers.iter().map(|(n, v)| (n.clone(), Phi::new(v.clone()))).collect(),
        };
        let landed = match self.find(&dialled) {
            Some(route) if route.name == test.route => return Ok(()),
            Some(route) => format!("this call lands on \"{}\"", route.name),
            None => "this call finds no route".to_owned(),
        };
        let why = self.why(&dialled);
        Err(why.iter().fold(landed, |text, reason| format!("{text}\n- {reason}")))
    }
}
