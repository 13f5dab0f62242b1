//! A routing decision in words, for a dry run and for the log of a refusal.

use std::fmt;

use super::{Action, Chosen, Dialled, NoRoute, Plan, Reason, Target, Unanswered, Verdict};

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Verdict::Chosen => write!(f, "{}: chosen, {}", self.route, self.words),
            Verdict::Passed | Verdict::NotReached => write!(f, "{}: {}", self.route, self.words),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unanswered = match &self.unanswered {
            Unanswered::Agent => "back to the agent",
            Unanswered::Target(name) => name.as_str(),
            Unanswered::HangUp => "hang up",
        };
        let (name, dial, ring) = (&self.name, self.dial.join(" "), self.ring.as_secs());
        write!(f, "{name} ({dial}, rings {ring}s, unanswered: {unanswered})")
    }
}

impl Plan {
    /// Tells what becomes of a call and why: what `attendant route` prints.
    pub fn explain(&self, dialled: &Dialled) -> String {
        let at = dialled.at.strftime("%a %Y-%m-%d %H:%M");
        let zone = self.zone.iana_name().unwrap_or("local time");
        let (mut text, why) = match self.route(dialled) {
            Ok(chosen) => (self.outcome(&chosen), chosen.why),
            Err(NoRoute { why }) => ("no route: refused with 404\n".to_owned(), why),
        };
        text.push_str(&format!("why, at {at} ({zone}):\n"));
        text.extend(why.iter().map(|reason| format!("  - {reason}\n")));
        text
    }

    fn outcome(&self, chosen: &Chosen) -> String {
        let mut text = format!("route     {}\n", chosen.route.name);
        let mut line =
            |what: &str, value: &dyn fmt::Display| text.push_str(&format!("{what:<10}{value}\n"));
        match &chosen.route.action {
            Action::Reject { status } => line("refused", status),
            Action::Agent { agent, language, transfer, .. } => {
                line("agent", &format_args!("{}, {}", agent.name(), language.tag()));
                for name in transfer {
                    match chosen.targets.iter().find(|target| target.name == *name) {
                        Some(target) => line("target", target),
                        None => line("target", &format_args!("{name} (closed at this hour)")),
                    }
                }
                if let Some(target) = &chosen.fallback {
                    line("fallback", target);
                }
            }
        }
        text
    }
}
