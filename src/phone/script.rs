//! Which line is said when: the scripted side's manners.
//!
//! A machine with the house's four verbs. It waits for the end of the other side's turn, talks over
//! it only where the script says so, and loses its patience when nothing is said at all.

use std::collections::VecDeque;
use std::time::Instant;

use super::ear::Noticed;
use super::plan::Talk;
use crate::base::TimerTable;

/// What happens to the script.
#[derive(Clone, Debug)]
pub(super) enum ScriptInput {
    /// The call is up.
    Answered,
    /// The ear noticed something.
    Heard(Noticed),
    /// The last packet of our speech is out.
    Said,
    /// The other side's words, where known.
    Cue(String),
    /// A transfer has begun: nothing more is said until it has ended.
    Referred,
    /// The new party did not answer; the old one is still there.
    TransferFailed,
    /// The new party is there.
    Transferred,
}

/// What the script wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ScriptOutput {
    /// Say this clip: first the lines are counted, then the rules.
    Say(usize),
    /// Hang up.
    HangUp(Done),
}

/// Why the script has come to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Done {
    /// Everything was said, and nothing more came.
    ScriptOver,
    /// The new party was heard, or was silent for too long.
    TargetMet,
    /// The call took too long.
    TimedOut,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Doing {
    Waiting,
    Listening,
    Speaking,
    Moving,
    Moved,
    Over,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Timer {
    /// The other side says nothing: say the next line anyway.
    Silence,
    /// The other side has spoken long enough to be talked over.
    Barge,
    /// Nothing is left to say and nothing comes.
    Linger,
    /// The new party has said what it had to say.
    Target,
    /// The whole call.
    Length,
}

/// So much of the other side's words is kept between two of our lines.
const HEARD_LIMIT: usize = 4096;

/// The script of one call.
#[derive(Debug)]
pub(super) struct Script {
    talk: Talk,
    has_cues: bool,
    doing: Doing,
    next_line: usize,
    rules_used: Vec<u8>,
    heard: String,
    /// When the other side's turn began, while it lasts.
    turn_began: Option<Instant>,
    timers: TimerTable<Timer>,
    outputs: VecDeque<ScriptOutput>,
}

impl Script {
    /// Starts before the call is answered.
    pub(super) fn new(talk: Talk, has_cues: bool) -> Self {
        Self {
            rules_used: vec![0; talk.rules.len()],
            talk,
            has_cues,
            doing: Doing::Waiting,
            next_line: 0,
            heard: String::new(),
            turn_began: None,
            timers: TimerTable::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes what happened.
    pub(super) fn handle_input(&mut self, now: Instant, input: ScriptInput) {
        match (self.doing, input) {
            (Doing::Over, _) => {}
            (Doing::Waiting, ScriptInput::Answered) => {
                self.timers.set(Timer::Length, now + self.talk.pauses.whole_call);
                if self.talk.speaks_first { self.say_next(now) } else { self.listen(now) }
            }
            (Doing::Speaking, ScriptInput::Said) => self.listen(now),
            (doing, ScriptInput::Heard(noticed)) => self.hear(now, doing, noticed),
            (_, ScriptInput::Cue(text)) => self.note(&text),
            (Doing::Listening | Doing::Speaking, ScriptInput::Referred) => {
                self.doing = Doing::Moving;
                self.stop_waiting();
            }
            (Doing::Moving, ScriptInput::TransferFailed) => self.listen(now),
            (Doing::Moving, ScriptInput::Transferred) => {
                self.doing = Doing::Moved;
                self.turn_began = None;
                self.timers.set(Timer::Target, now + self.talk.pauses.agent_silent);
            }
            // A line that ends in a transfer, an answer that comes twice: nothing to do.
            _ => {}
        }
    }

    /// Does what has become due.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            match timer {
                Timer::Silence | Timer::Barge => self.say_next(now),
                Timer::Linger => self.finish(Done::ScriptOver),
                Timer::Target => self.finish(Done::TargetMet),
                Timer::Length => self.finish(Done::TimedOut),
            }
        }
    }

    /// Returns what the script wants.
    pub(super) fn poll_output(&mut self) -> Option<ScriptOutput> {
        self.outputs.pop_front()
    }

    /// Returns when [`Self::handle_timeout`] is next due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    /// Returns the words of a clip.
    pub(super) fn text(&self, clip: usize) -> Option<&str> {
        let lines = self.talk.lines.iter().map(|line| line.text.as_str());
        lines.chain(self.talk.rules.iter().map(|rule| rule.say.as_str())).nth(clip)
    }

    /// How many lines were said; spare answers are not counted.
    pub(super) fn lines_said(&self) -> usize {
        self.next_line
    }

    /// How many lines there are.
    pub(super) fn lines(&self) -> usize {
        self.talk.lines.len()
    }

    /// Returns what is to be said.
    pub(super) fn talk(&self) -> &Talk {
        &self.talk
    }

    fn note(&mut self, text: &str) {
        if self.heard.len() + text.len() < HEARD_LIMIT {
            self.heard.push_str(&text.to_lowercase());
            self.heard.push(' ');
        }
    }

    fn hear(&mut self, now: Instant, doing: Doing, noticed: Noticed) {
        match noticed {
            Noticed::Started { at, .. } => {
                self.turn_began.get_or_insert(at);
                self.timers.stop(Timer::Silence);
                self.timers.stop(Timer::Linger);
                self.timers.stop(Timer::Target);
                if doing == Doing::Listening {
                    self.arm_barge();
                }
            }
            Noticed::Paused { .. } => {}
            Noticed::Quiet { .. } => {
                self.turn_began = None;
                match doing {
                    Doing::Listening => self.take_turn(now),
                    Doing::Moved => {
                        self.timers.set(Timer::Target, now + self.talk.pauses.target_silent);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Our line is out, or there is none yet: what now?
    fn listen(&mut self, now: Instant) {
        self.doing = Doing::Listening;
        if self.turn_began.is_some() {
            self.arm_barge();
        } else {
            self.wait_out_silence(now);
        }
    }

    fn wait_out_silence(&mut self, now: Instant) {
        if self.next_line < self.talk.lines.len() {
            self.timers.set(Timer::Silence, now + self.talk.pauses.agent_silent);
        } else {
            self.timers.set(Timer::Linger, now + self.talk.pauses.linger);
        }
    }

    fn arm_barge(&mut self) {
        let barge_in = self.talk.lines.get(self.next_line).and_then(|line| line.barge_in);
        if let (Some(after), Some(began)) = (barge_in, self.turn_began) {
            self.timers.set(Timer::Barge, began + after);
        }
    }

    /// The other side is done: says what fits, or goes on waiting.
    fn take_turn(&mut self, now: Instant) {
        let asked = self.talk.lines.get(self.next_line).map(|line| self.contains_any(&line.asks));
        if !self.has_cues || asked == Some(true) {
            return self.say_next(now);
        }
        let rule = (0..self.talk.rules.len()).find(|&n| {
            let rule = &self.talk.rules[n];
            self.rules_used[n] < rule.times && self.contains_any(&rule.asks_contains)
        });
        if let Some(n) = rule {
            self.rules_used[n] += 1;
            return self.say(self.talk.lines.len() + n);
        }
        match self.talk.lines.get(self.next_line) {
            Some(line) if line.asks.is_empty() => self.say_next(now),
            _ => self.wait_out_silence(now),
        }
    }

    fn contains_any(&self, words: &[String]) -> bool {
        words.iter().any(|word| self.heard.contains(&word.to_lowercase()))
    }

    fn say_next(&mut self, now: Instant) {
        if self.next_line < self.talk.lines.len() {
            self.next_line += 1;
            self.say(self.next_line - 1);
        } else {
            self.doing = Doing::Listening;
            self.wait_out_silence(now);
        }
    }

    fn say(&mut self, clip: usize) {
        self.doing = Doing::Speaking;
        self.stop_waiting();
        self.heard.clear();
        self.outputs.push_back(ScriptOutput::Say(clip));
    }

    fn stop_waiting(&mut self) {
        for timer in [Timer::Silence, Timer::Barge, Timer::Linger] {
            self.timers.stop(timer);
        }
    }

    fn finish(&mut self, done: Done) {
        self.doing = Doing::Over;
        self.timers.stop_all();
        self.outputs.push_back(ScriptOutput::HangUp(done));
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{AnswerRule, Line};
    use super::*;
    use crate::base::RtpTime;
    use std::time::Duration;

    /// Runs a script against a timeline of `ms < what happens` and compares what it wants, `ms > what`.
    fn check(talk: Talk, has_cues: bool, timeline: &str) {
        let start = Instant::now();
        let lines: Vec<&str> = timeline.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        let mut script = Script::new(talk, has_cues);
        let mut told = Vec::new();
        let drain = |script: &mut Script, at: Instant, told: &mut Vec<String>| {
            while let Some(output) = script.poll_output() {
                told.push(format!("{} > {output:?}", at.duration_since(start).as_millis()));
            }
        };
        for line in lines.iter().filter(|line| line.contains(" < ")) {
            let (ms, what) = line.split_once(" < ").unwrap();
            let now = start + Duration::from_millis(ms.parse().unwrap());
            while let Some(due) = script.poll_timeout().filter(|due| *due <= now) {
                script.handle_timeout(due);
                drain(&mut script, due, &mut told);
            }
            told.push((*line).to_string());
            let input = match what {
                "answered" => ScriptInput::Answered,
                "said" => ScriptInput::Said,
                "started" => ScriptInput::Heard(Noticed::Started { at: now, time: RtpTime(0) }),
                "quiet" => ScriptInput::Heard(Noticed::Quiet { last: now }),
                "referred" => ScriptInput::Referred,
                "failed" => ScriptInput::TransferFailed,
                "transferred" => ScriptInput::Transferred,
                "end" => continue,
                cue => ScriptInput::Cue(cue.to_string()),
            };
            script.handle_input(now, input);
            drain(&mut script, now, &mut told);
        }
        assert_eq!(told, lines);
    }

    fn talk(lines: &[&str]) -> Talk {
        Talk { lines: lines.iter().map(|l| Line::new(*l)).collect(), ..Talk::default() }
    }

    #[test]
    fn lines_wait_for_the_end_of_the_other_turn_and_the_end_is_awaited() {
        check(
            talk(&["one", "two"]),
            false,
            "
            0 < answered
            300 < started
            4000 < quiet
            4000 > Say(0)
            6000 < said
            7000 < started
            7500 < quiet
            7500 > Say(1)
            9000 < said
            9500 < started
            12000 < quiet
            18000 > HangUp(ScriptOver)
            60000 < end",
        );
    }

    #[test]
    fn a_silent_agent_is_spoken_to_anyway() {
        check(
            talk(&["one", "two"]),
            false,
            "
            0 < answered
            8000 > Say(0)
            9000 < said
            17000 > Say(1)
            18000 < said
            24000 > HangUp(ScriptOver)
            30000 < end",
        );
    }

    #[test]
    fn a_barge_in_line_does_not_wait_and_others_do() {
        let mut plan = talk(&["", "after that"]);
        plan.lines[0] = Line::new("stop").barging_in(Duration::from_millis(1500));
        check(
            plan,
            false,
            "
            0 < answered
            300 < started
            1800 > Say(0)
            2200 < quiet
            2400 < said
            3000 < started
            9000 < quiet
            9000 > Say(1)
            9500 < end",
        );
    }

    #[test]
    fn an_agent_that_still_talks_when_our_line_ends_is_not_talked_over() {
        check(
            talk(&["one", "two"]),
            false,
            "
            0 < answered
            10 < started
            1000 < quiet
            1000 > Say(0)
            1500 < started
            2000 < said
            30000 < quiet
            30000 > Say(1)
            30001 < end",
        );
    }

    #[test]
    fn cues_choose_spare_answers_and_hold_lines_back() {
        let mut plan = talk(&["I need to move it", "", "no, that is all"]);
        plan.lines[1] = Line::new("Jane Roe").when_asked(&["your name"]);
        plan.rules.push(AnswerRule {
            asks_contains: vec!["date of birth".into()],
            say: "the fourth of May".into(),
            times: 1,
        });
        check(
            plan,
            true,
            "
            0 < answered
            100 < How can I help?
            200 < started
            3000 < quiet
            3000 > Say(0)
            4000 < said
            4100 < One moment, please.
            4200 < started
            5000 < quiet
            5500 < May I have Your Name?
            6000 < started
            7000 < quiet
            7000 > Say(1)
            8000 < said
            8100 < And your date of birth?
            8200 < started
            9000 < quiet
            9000 > Say(3)
            10000 < said
            10100 < Your date of birth again?
            10200 < started
            11000 < quiet
            11000 > Say(2)
            12000 < end",
        );
    }

    #[test]
    fn a_line_that_is_never_asked_for_is_said_in_the_end() {
        let mut plan = talk(&[""]);
        plan.lines[0] = Line::new("Jane Roe").when_asked(&["name"]);
        check(
            plan,
            true,
            "
            0 < answered
            200 < started
            3000 < quiet
            11000 > Say(0)
            11001 < end",
        );
    }

    #[test]
    fn nothing_is_said_while_a_transfer_is_under_way() {
        check(
            talk(&["one", "two"]),
            false,
            "
            0 < answered
            10 < started
            900 < referred
            1000 < quiet
            20000 < transferred
            21000 < started
            23000 < quiet
            25000 > HangUp(TargetMet)
            26000 < end",
        );
    }

    #[test]
    fn a_failed_transfer_goes_back_to_the_script() {
        check(
            talk(&["one"]),
            false,
            "
            0 < answered
            10 < started
            900 < referred
            1000 < quiet
            2000 < failed
            3000 < started
            4000 < quiet
            4000 > Say(0)
            300000 > HangUp(TimedOut)
            300001 < end",
        );
    }
}
