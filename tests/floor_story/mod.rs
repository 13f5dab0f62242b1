//! The floor, told as timelines.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "each test takes what it needs")]

use std::time::{Duration, Instant};

use attendant::base::{Expect, Language};
use attendant::speech::floor::{Floor, Input, Output};
use attendant::speech::{Awaited, Origin};

use super::timeline;

struct Story {
    floor: Floor,
    start: Instant,
}

impl timeline::Machine for Story {
    /// `voice on`, `voice off` (each said 100 ms late, as the detector does), `suspected`, `confirmed` (of a voice
    /// that began 60 and 100 ms ago), `not suspected`, by the model `denied`, `confirmed by the model` and `unknown`,
    /// `partial …`, `key`, `agent starts`, `protected starts`, `agent ends`,
    /// `dropped`, `nothing`, `listen yes-no|date|zip|name|spanish`, `hold`, `resume`.
    fn input(&mut self, now: Instant, line: &str) {
        let ago = |ms| now - Duration::from_millis(ms);
        let since = ago(100);
        let listen =
            |expect, digits| Input::Listen(Awaited { expect, digits, ..Awaited::default() });
        let input = match line {
            "voice on" => Input::VoiceOn { since },
            "voice off" => Input::VoiceOff { since },
            "suspected" => Input::Suspected { since: ago(60) },
            "confirmed" => Input::Confirmed { since, by: Origin::Detector },
            "confirmed by the model" => Input::Confirmed { since, by: Origin::Model },
            "not suspected" => Input::Denied { by: Origin::Detector },
            "denied" => Input::Denied { by: Origin::Model },
            "unknown" => Input::Unknown,
            "key" => Input::Key,
            "agent starts" => Input::AgentStarts { interruptible: true },
            "protected starts" => Input::AgentStarts { interruptible: false },
            "agent ends" => Input::AgentEnds,
            "dropped" => Input::AgentDropped,
            "listen yes-no" => listen(Expect::YesNo, None),
            "listen date" => listen(Expect::Date, None),
            "listen zip" => listen(Expect::Digits, Some(5)),
            "listen name" => listen(Expect::Name, None),
            "listen spanish" => {
                Input::Listen(Awaited { language: Language::ES_US, ..Awaited::default() })
            }
            "nothing" => Input::Nothing,
            "hold" => Input::Hold(true),
            "resume" => Input::Hold(false),
            text => Input::Partial { text: text.strip_prefix("partial ").unwrap() },
        };
        self.floor.handle_input(now, input);
    }

    fn timeout(&mut self, now: Instant) {
        self.floor.handle_timeout(now);
    }

    fn output(&mut self) -> Option<String> {
        Some(match self.floor.poll_output()? {
            Output::EndOfTurn => "end of turn".into(),
            Output::Duck => "duck".into(),
            Output::Unduck => "unduck".into(),
            Output::Pause => "pause".into(),
            Output::Resume => "go on".into(),
            Output::StopSpeaking => "stop speaking".into(),
            Output::Discard => "discard".into(),
            Output::Judged(overlap) => {
                assert!(overlap.since >= self.start && overlap.ducked <= Some(overlap.decided));
                format!("{:?} after {} ms", overlap.verdict, overlap.decided.as_millis())
            }
            Output::Silence { lasted } => format!("silence {} s", lasted.as_secs()),
        })
    }

    fn deadline(&self) -> Option<Instant> {
        self.floor.poll_timeout()
    }
}

/// Tells a floor from its beginning on.
#[track_caller]
pub fn check(script: &str) {
    let start = Instant::now() + Duration::from_secs(1);
    timeline::check(start, &mut Story { floor: Floor::new(), start }, script);
}
