//! What the scripted caller says, and what must come of it.

use std::time::Duration;

use crate::agent::Goal;
use crate::engines::tts::FliteVoice;
use crate::phone::{AnswerRule, Line, Pauses, Talk};

/// The built-in scripts of `attendant demo`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum Script {
    /// Moves an appointment, then asks for a person
    #[default]
    Move,
    /// Books a new appointment
    Book,
    /// Says that it hurts
    Emergency,
}

/// A script with what it needs and what it must reach.
pub(super) struct Scene {
    /// What is said.
    pub(super) talk: Talk,
    /// Who says it; another voice than the agent's.
    pub(super) voice: FliteVoice,
    /// How much slower than the voice's own pace.
    pub(super) stretch: f32,
    /// What the conversation must come to.
    pub(super) goals: Vec<Goal>,
}

/// Lines that a telephone and the recogniser carry well in these voices.
const WHO: &str =
    "Hi, this is Sarah Johnson, and my date of birth is June fourteenth, nineteen eighty one.";
const BIRTH: &str = "June fourteenth, nineteen eighty one.";

impl Script {
    /// Returns the script as a scene.
    pub(super) fn scene(self) -> Scene {
        let (lines, voice, stretch, goals) = match self {
            Self::Move => {
                (moving(), FliteVoice::Slt, 1.1, vec![Goal::Rescheduled, Goal::Transferred])
            }
            Self::Book => (booking(), FliteVoice::Slt, 1.1, vec![Goal::Booked]),
            Self::Emergency => {
                (vec![Line::new("I have chest pain.")], FliteVoice::Rms, 1.0, vec![Goal::Emergency])
            }
        };
        Scene { talk: talk(lines), voice, stretch, goals }
    }
}

/// Returns a scene of the caller's own lines; it must only be said to its end.
pub(super) fn own_lines(lines: &[String]) -> Scene {
    let lines = lines.iter().map(Line::new).collect();
    Scene { talk: talk(lines), voice: FliteVoice::Slt, stretch: 1.1, goals: Vec::new() }
}

fn moving() -> Vec<Line> {
    vec![
        Line::new(WHO),
        Line::new("I need to move my appointment on Thursday to the next free morning."),
        Line::new("Yes, that's right."),
        Line::new("Can I talk to a person, please?"),
    ]
}

fn booking() -> Vec<Line> {
    vec![
        Line::new("I'd like to book a physical with Doctor Patel."),
        Line::new(WHO).when_asked(&["name"]),
        Line::new("As soon as possible, please.").when_asked(&["when", "what day"]),
        Line::new("Yes, that works.").when_asked(&["shall i", "does that", "is that right"]),
        Line::new("No, that's all.").when_asked(&["anything else", "something else"]),
    ]
}

fn talk(lines: Vec<Line>) -> Talk {
    let pauses = Pauses { linger: Duration::from_secs(5), ..Pauses::default() };
    let rules = vec![
        AnswerRule {
            asks_contains: vec!["date of birth".into(), "birthday".into()],
            say: BIRTH.into(),
            times: 2,
        },
        AnswerRule {
            asks_contains: vec![
                "your name".into(),
                "your first and last name".into(),
                "your full name".into(),
            ],
            say: "My name is Sarah Johnson.".into(),
            times: 2,
        },
    ];
    Talk { lines, rules, pauses, ..Talk::default() }
}
