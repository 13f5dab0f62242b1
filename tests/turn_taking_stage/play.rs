//! Plays a case: the agent speaks, the caller's side sends, and the floor decides, in virtual time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use attendant::base::{Frame, Hints, Purpose, TurnId};
use attendant::speech::floor::patience::Awaited;
use attendant::speech::floor::{Floor, Input, Output};
use attendant::speech::{
    HeardFrame, Noticed, Origin, Recognizer, SecondOpinion, Transcript, Vad, VoiceEdge, VoiceHint,
    VoiceModel,
};

use super::cases::{Case, Rendered};
use super::line::Line;
use super::sounds;

/// When the agent begins, in milliseconds.
pub(crate) const AGENT_BEGINS: usize = 200;
/// How much later than asked for the words of a pause come: what the recogniser takes for half a sentence on one core.
const WORDS_TAKE: Duration = Duration::from_millis(150);
/// How much later than a frame comes the second opinion on it: rings are emptied every 20 ms.
const OPINION_TAKES: Duration = Duration::from_millis(20);
/// How much a ducked agent is turned down.
const DUCKED: f64 = 0.126;

/// How the agent is heard.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Level {
    Full,
    Ducked,
    /// Held, or stopped for good, before all was said.
    Silent,
}

/// When something was first so, from some moment on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Since {
    /// It was so before, for another reason.
    Before,
    At(usize),
    Never,
}

/// What came of a case. All times are in milliseconds from its beginning.
#[derive(Debug, Default)]
pub(crate) struct Played {
    /// From which frame on it went out how, wherever that changed.
    pub(crate) levels: Vec<(usize, Level)>,
    /// The agent was stopped for good.
    pub(crate) stopped: Option<usize>,
    /// It said all it had to say.
    pub(crate) agent_done: bool,
    /// The caller's turn was over, and whether words were understood in it.
    pub(crate) turns: Vec<(usize, bool)>,
    /// Voices as the detector alone finds them: when it ended, or began.
    pub(crate) voices: Vec<(usize, bool)>,
    /// What the recogniser made of what was said, and when.
    pub(crate) words: Vec<(usize, String)>,
    /// What the gate and the judge said.
    pub(crate) hints: Vec<(usize, VoiceHint)>,
}

impl Played {
    /// When the agent was first heard no better than so, from a moment on.
    pub(crate) fn first(&self, least: Level, from: usize) -> Since {
        let before = self.levels.iter().rev().find(|(at, _)| *at < from);
        if before.is_some_and(|(_, level)| *level >= least) {
            return Since::Before;
        }
        let first = self.levels.iter().find(|(at, level)| *at >= from && *level >= least);
        first.map_or(Since::Never, |(at, _)| Since::At(*at))
    }

    /// How often it was heard no better than so.
    pub(crate) fn times(&self, least: Level) -> usize {
        let mut before = Level::Full;
        let changed = self.levels.iter().filter(|(_, level)| {
            let before = std::mem::replace(&mut before, *level);
            before < least && *level >= least
        });
        changed.count()
    }

    /// When a voice was known to be one, from a moment on.
    pub(crate) fn confirmed(&self, from: usize) -> Option<usize> {
        let is = |(at, hint): &&(usize, VoiceHint)| {
            *at >= from && matches!(hint, VoiceHint::Confirmed { .. })
        };
        self.hints.iter().find(is).map(|(at, _)| *at)
    }
}

struct Agent {
    frames: Vec<[f64; Frame::SAMPLES]>,
    next: usize,
    ducked: bool,
    held: bool,
    over: bool,
    /// Frames that nobody can cut off, and whether what follows them has begun.
    protected: usize,
    began: bool,
}

impl Agent {
    fn next(&mut self) -> Option<Frame> {
        if self.held || self.over {
            return None;
        }
        let frame = self.frames.get(self.next)?;
        self.next += 1;
        let gain = if self.ducked { DUCKED } else { 1.0 };
        Some(Frame(frame.map(|sample| (sample * gain) as i16)))
    }
}

/// What comes from another thread.
enum Later {
    Words(String),
    Hint(VoiceHint),
}

/// Who listens in a case.
#[derive(Default)]
pub(crate) struct Listeners {
    pub(crate) ears: Option<Box<dyn Recognizer>>,
    pub(crate) judge: Option<Box<dyn VoiceModel>>,
}

struct Play {
    start: Instant,
    floor: Floor,
    agent: Agent,
    ears: Option<Box<dyn Recognizer>>,
    turn: TurnId,
    opinion: Option<SecondOpinion>,
    later: VecDeque<(Instant, Later)>,
    alone: Vad,
    played: Played,
}

/// Plays it.
pub(crate) fn play(case: &Case, sound: &Rendered, listeners: Listeners) -> Played {
    let start = Instant::now();
    let agent = &sound.agent;
    let frames = agent.chunks_exact(Frame::SAMPLES).map(|piece| sounds::frame(piece, 0)).collect();
    let mut play = Play {
        start,
        floor: Floor::new(),
        agent: Agent {
            frames,
            next: 0,
            ducked: false,
            held: false,
            over: agent.is_empty(),
            protected: sound.protected,
            began: false,
        },
        ears: listeners.ears,
        turn: TurnId(1),
        opinion: listeners.judge.map(SecondOpinion::new),
        later: VecDeque::new(),
        alone: Vad::new(),
        played: Played::default(),
    };
    let hints = Hints { expect: case.expect, ..Hints::default() };
    if let Some(ears) = &mut play.ears {
        ears.expect(&hints);
    }
    let awaited = Awaited { expect: case.expect, digits: None, ..Awaited::default() };
    play.floor.handle_input(start, Input::Listen(awaited));
    let mut line = Line::new(start, case.echo, case.draw);
    for tick in 0..sound.caller.len() / Frame::SAMPLES {
        let ms = tick * 20;
        let now = start + Duration::from_millis(ms as u64);
        play.run_until(now);
        let frame = play.speak(now, ms);
        line.tick(frame.as_ref(), &sound.caller, |at, heard, noticed| {
            play.run_until(at);
            play.hear(at, heard, noticed);
        });
    }
    play.played
}

impl Play {
    /// The agent's next frame.
    fn speak(&mut self, now: Instant, ms: usize) -> Option<Frame> {
        if ms < AGENT_BEGINS || self.agent.over {
            return None;
        }
        // An utterance is told to begin when its first frame goes out.
        if ms == AGENT_BEGINS || (self.agent.next == self.agent.protected && !self.agent.began) {
            let interruptible = self.agent.next >= self.agent.protected;
            self.agent.began = interruptible;
            self.tell(now, Input::AgentStarts { interruptible });
        }
        let frame = self.agent.next();
        self.note_level(ms);
        if self.agent.next == self.agent.frames.len() {
            self.agent.over = true;
            self.played.agent_done = true;
            self.tell(now, Input::AgentEnds);
        }
        frame
    }

    fn note_level(&mut self, ms: usize) {
        let level = match (self.agent.ducked, self.agent.held || self.agent.over) {
            (_, true) => Level::Silent,
            (true, false) => Level::Ducked,
            (false, false) => Level::Full,
        };
        if self.played.levels.last().map_or(Level::Full, |(_, level)| *level) != level {
            self.played.levels.push((ms, level));
        }
    }

    fn hear(&mut self, now: Instant, heard: &HeardFrame, noticed: Noticed) {
        let ms = (now - self.start).as_millis() as usize;
        match self.alone.push(&heard.frame).edge {
            Some(VoiceEdge::On { .. }) => self.played.voices.push((ms, true)),
            Some(VoiceEdge::Off { ended_ago }) => {
                self.played.voices.push((ms - ended_ago.as_millis() as usize, false));
            }
            None => {}
        }
        if let Some(hint) = noticed.hint {
            self.hint(now, Origin::Detector, hint);
        }
        match noticed.activity.edge {
            Some(VoiceEdge::On { started_ago }) => {
                self.tell(now, Input::VoiceOn { since: now - started_ago });
            }
            Some(VoiceEdge::Off { ended_ago }) => {
                self.tell(now, Input::VoiceOff { since: now - ended_ago });
            }
            None => {}
        }
        let mut heard = *heard;
        if let Some(opinion) = &mut self.opinion
            && let Some(hint) = opinion.judge(&mut heard).unwrap()
        {
            self.later(now + OPINION_TAKES, Later::Hint(hint));
        }
        let mut said = Vec::new();
        if let Some(ears) = &mut self.ears {
            ears.push(&heard).unwrap();
            while let Some(Transcript::Partial { text }) = ears.poll().unwrap() {
                said.push(text.reveal(Purpose::Comparison).clone());
            }
        }
        said.into_iter().for_each(|text| self.later(now + WORDS_TAKE, Later::Words(text)));
    }

    fn later(&mut self, at: Instant, what: Later) {
        let place = self.later.iter().rposition(|(before, _)| *before <= at).map_or(0, |it| it + 1);
        self.later.insert(place, (at, what));
    }

    fn hint(&mut self, now: Instant, by: Origin, hint: VoiceHint) {
        self.played.hints.push(((now - self.start).as_millis() as usize, hint));
        let input = Input::of_hint(hint, by, now);
        self.tell(now, input);
    }

    /// What was said so far is no part of what follows.
    fn forget_words(&mut self) {
        self.later.retain(|(_, what)| !matches!(what, Later::Words(_)));
    }

    /// Does what is due until then.
    fn run_until(&mut self, until: Instant) {
        loop {
            let later = self.later.front().map(|(at, _)| *at);
            let due = [self.floor.poll_timeout(), later].into_iter().flatten().min();
            let Some(now) = due.filter(|at| *at <= until) else { return };
            if Some(now) == later {
                match self.later.pop_front().unwrap().1 {
                    Later::Words(text) => {
                        let ms = (now - self.start).as_millis() as usize;
                        self.tell(now, Input::Partial { text: &text });
                        self.played.words.push((ms, text));
                    }
                    Later::Hint(hint) => self.hint(now, Origin::Model, hint),
                }
            } else {
                self.floor.handle_timeout(now);
                self.take_decisions(now);
            }
        }
    }

    fn tell(&mut self, now: Instant, input: Input<'_>) {
        self.floor.handle_input(now, input);
        self.take_decisions(now);
    }

    fn take_decisions(&mut self, now: Instant) {
        let ms = (now - self.start).as_millis() as usize;
        while let Some(decided) = self.floor.poll_output() {
            match decided {
                Output::Duck => self.agent.ducked = true,
                Output::Unduck => self.agent.ducked = false,
                Output::Pause => self.agent.held = true,
                Output::Resume => (self.agent.held, self.agent.ducked) = (false, false),
                Output::StopSpeaking => {
                    // What goes out next is silence.
                    let next = ms.next_multiple_of(20);
                    self.played.stopped.get_or_insert(next);
                    self.agent.over = true;
                    self.note_level(next);
                    self.floor.handle_input(now, Input::AgentEnds);
                }
                Output::EndOfTurn => {
                    let understood = self.finish();
                    self.played.turns.push((ms, understood));
                    self.forget_words();
                }
                Output::Discard => {
                    if let Some(ears) = &mut self.ears {
                        ears.reset();
                    }
                    self.forget_words();
                }
                Output::Judged(_) | Output::Silence { .. } => {}
            }
        }
    }

    /// Whether anything was understood.
    fn finish(&mut self) -> bool {
        let turn = self.turn;
        self.turn = turn.next();
        let Some(ears) = &mut self.ears else { return false };
        ears.finish(turn);
        while let Some(transcript) = ears.poll().unwrap() {
            if let Transcript::Final { text, .. } = transcript {
                return !text.reveal(Purpose::Comparison).trim().is_empty();
            }
        }
        false
    }
}
