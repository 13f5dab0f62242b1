//! Sounds over the agent's speech: turned down for, held for, judged, and undone where they meant nothing.
//!
//! A suspicion turns the agent down within 80 ms; a voice holds it within 160 ms. Words, or a voice that goes on,
//! stop it. A sign of listening, a cough, or a voice without words lets it go on with exactly the next frame: nothing
//! is said twice, and what the caller heard is counted by the frames that went out.

use std::time::{Duration, Instant};

use super::words::{Said, said};
use super::{Caller, Floor, Output, Overlap, Timer, Verdict};

/// A voice that lasts this long is no cough. Where nothing better is known than that somebody makes a sound, it
/// holds the agent: with a tick, within 160 ms of its begin.
const CONFIRM: Duration = Duration::from_millis(140);
/// A voice over the agent that lasts this long takes the floor: "uh-huh" and "okay" are shorter.
const TAKES: Duration = Duration::from_millis(650);
/// How late the end of a voice is told: the detector's hangover, a packet and the way here.
const TOLD_LATE: Duration = Duration::from_millis(120);
/// One whose words so far are signs of listening takes it this much later: "that works, thank you".
const ASSENT: Duration = Duration::from_millis(450);
/// Words come within this time after a voice, or there were none.
const WORDS: Duration = Duration::from_millis(800);
/// A recogniser that is late may tell them until then, and is listened to after all.
const LATE: Duration = Duration::from_millis(1200);
/// A suspicion that has not come true by then was none.
const DOUBT: Duration = Duration::from_millis(600);
/// Nobody is left in the air for longer, whatever comes in.
const WATCHDOG: Duration = Duration::from_millis(2500);

/// How the agent is heard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Level {
    Full,
    Ducked,
    Paused,
}

/// What is known of the sound over the agent's speech.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Overlapping {
    /// It is a voice.
    confirmed: bool,
    /// It is none: what goes on is forgotten when it ends.
    pub(super) denied: bool,
    /// Nothing was said before it in this turn.
    pub(super) alone: bool,
    /// It was given longer, for it is heard to be a sign of listening.
    assents: bool,
    /// How long it has lasted, pauses left out, before the voice that goes on now.
    voiced: Duration,
    /// The end of a voice whose words did not come, and still may.
    pub(super) late: Option<Instant>,
    episode: Option<Episode>,
}

/// A sound that something was done for.
#[derive(Clone, Copy, Debug)]
struct Episode {
    since: Instant,
    ducked: Option<Duration>,
    paused: Option<Duration>,
}

impl Floor {
    /// A voice goes on over what may be cut.
    pub(super) fn voice_over(&mut self, now: Instant, since: Instant) {
        if self.over.denied {
            return;
        }
        self.duck(now, since);
        let confirmed = if self.over.confirmed { now } else { since + CONFIRM };
        self.timers.set(Timer::Confirm, confirmed.max(now));
        let left = TAKES.saturating_sub(self.over.voiced);
        self.timers.set(Timer::Takes, (since + left + TOLD_LATE).max(now));
    }

    pub(super) fn voice_over_ends(&mut self, now: Instant, since: Instant, lasted: Duration) {
        // It was due before the voice ended, even if its timer is handled a moment later.
        let due = self.timers.deadline(Timer::Takes);
        let takes = due.is_some_and(|due| due <= since + TOLD_LATE);
        self.timers.stop(Timer::Confirm);
        self.timers.stop(Timer::Takes);
        self.over.voiced += lasted;
        if self.agent != Some(true) {
            // Over a protected sentence: kept, and judged after it.
            return;
        }
        if self.is_a_sound() {
            self.dismiss(now, Verdict::Nothing);
        } else if takes {
            self.take_floor(now, Verdict::Stopped);
        } else {
            self.wait_for_words(now, since);
        }
    }

    fn wait_for_words(&mut self, now: Instant, since: Instant) {
        self.pause(now, since);
        self.timers.set(Timer::Words, (since + WORDS).max(now));
        if self.partial.is_some() {
            self.words_over(now);
        }
    }

    /// Whether the words so far are signs of listening.
    fn assents(&self) -> bool {
        let said = self.partial.as_ref().map(|(_, text)| said(text, &self.expected));
        said == Some(Said::Backchannel)
    }

    /// Whether it is known to be no word.
    fn is_a_sound(&self) -> bool {
        self.over.denied || self.over.voiced < CONFIRM
    }

    pub(super) fn suspected(&mut self, now: Instant, since: Instant) {
        if self.agent == Some(true) && self.level == Level::Full {
            self.duck(now, since);
            self.timers.set(Timer::Doubt, now + DOUBT);
        }
    }

    pub(super) fn confirmed(&mut self, now: Instant, since: Instant) {
        let was_denied = std::mem::take(&mut self.over.denied);
        if self.agent.is_none() {
            return;
        }
        self.over.confirmed = true;
        if self.agent == Some(false) {
            return;
        }
        self.pause(now, since);
        match self.caller {
            // What was denied until now was no voice: this one begins here.
            Caller::Talking { over: true, .. } if was_denied => {
                self.caller = Caller::Talking { since, over: true };
                self.over.voiced = Duration::ZERO;
                self.voice_over(now, since);
            }
            Caller::Talking { since, over: true } => self.voice_over(now, since),
            // The voice itself is yet to be told, if it goes on.
            _ => self.timers.set(Timer::Words, now + WORDS),
        }
    }

    pub(super) fn denied(&mut self, now: Instant) {
        let talking = matches!(self.caller, Caller::Talking { .. });
        if self.agent == Some(true) && self.level != Level::Full {
            self.go_on(now, Verdict::Nothing);
            self.settle_over();
            if !talking {
                self.forget();
            }
        }
        self.over.denied = talking;
    }

    /// Words have come while the agent speaks, or is held.
    pub(super) fn words_over(&mut self, now: Instant) {
        let Some((_, text)) = &self.partial else { return };
        let said = said(text, &self.expected);
        match (self.caller, said) {
            (Caller::Paused { over: true, .. }, Said::Words) => {
                self.take_floor(now, Verdict::Stopped);
            }
            (Caller::Paused { over: true, .. }, Said::Backchannel) => {
                self.dismiss(now, Verdict::Backchannel);
            }
            // What somebody says who is believed to speak. More of an "okay" may follow.
            (Caller::Talking { over: true, .. }, Said::Words) if self.level != Level::Full => {
                self.take_floor(now, Verdict::Stopped);
            }
            (Caller::Quiet, Said::Words) => {
                let since = match self.over.late {
                    Some(since) => since,
                    None if self.level == Level::Paused => now,
                    None => return,
                };
                self.timers.stop(Timer::Silence);
                self.caller = Caller::Paused { since, over: false };
                match self.agent {
                    Some(_) => self.take_floor(now, Verdict::Stopped),
                    None => self.settle_over(),
                }
                self.arm_endpoint(now, since);
            }
            _ => {}
        }
    }

    /// An utterance begins that may be cut; somebody may be speaking already.
    pub(super) fn may_be_cut(&mut self, now: Instant) {
        match self.caller {
            Caller::Quiet | Caller::Paused { over: false, .. } => {}
            // Began over a protected sentence, or a moment before this one: decided as if over this one.
            Caller::Talking { since, over } => {
                // What was heard while we were silent is not our echo.
                self.over.confirmed |= !over;
                self.caller = Caller::Talking { since, over: true };
                match !self.over.denied && now >= since + TAKES {
                    true => self.take_floor(now, Verdict::Stopped),
                    false => self.voice_over(now, since),
                }
            }
            Caller::Paused { since, over: true } => {
                let lately = now < since + WORDS;
                if self.is_a_sound() {
                    self.dismiss(now, Verdict::Nothing);
                } else if self.over.voiced >= TAKES {
                    self.take_floor(now, Verdict::Stopped);
                } else if self.partial.is_some() || lately {
                    self.wait_for_words(now, since);
                } else {
                    self.give_up_words(now, since);
                }
            }
        }
    }

    /// An utterance begins that must be heard.
    pub(super) fn protect(&mut self, now: Instant) {
        self.go_on(now, Verdict::Overtaken);
        for timer in [Timer::Confirm, Timer::Takes, Timer::Words] {
            self.timers.stop(timer);
        }
        match &mut self.caller {
            Caller::Talking { over, .. } => *over = true,
            Caller::Quiet | Caller::Paused { .. } => {}
        }
    }

    /// Nothing of the agent's is left: what was said over it is an answer, unless it meant nothing.
    pub(super) fn agent_is_done(&mut self, now: Instant) {
        self.go_on(now, Verdict::Overtaken);
        for timer in [Timer::Confirm, Timer::Takes, Timer::Words] {
            self.timers.stop(timer);
        }
        if let Caller::Paused { over: true, .. } = self.caller {
            let said =
                self.partial.as_ref().map_or(Said::Nothing, |(_, it)| said(it, &self.expected));
            let sound = self.is_a_sound() && said == Said::Nothing;
            if said == Said::Backchannel || self.over.denied || sound {
                self.forget();
            }
        }
        let late = self.over.late;
        self.over = Overlapping { late, ..Overlapping::default() };
    }

    /// What the agent was saying was dropped by somebody else, with all that was done to it.
    pub(super) fn agent_dropped(&mut self, now: Instant) {
        self.level = Level::Full;
        self.judge(now, Verdict::Overtaken);
        self.agent = None;
        match self.caller {
            Caller::Quiet => {}
            Caller::Talking { since, .. } => self.caller = Caller::Talking { since, over: false },
            Caller::Paused { since, .. } => {
                self.caller = Caller::Paused { since, over: false };
                self.arm_endpoint(now, since);
            }
        }
        self.settle_over();
    }

    pub(super) fn key(&mut self, now: Instant) {
        if self.agent == Some(true) {
            self.begin_episode(now);
            self.take_floor(now, Verdict::Keyed);
        }
    }

    pub(super) fn due_over(&mut self, now: Instant, timer: Timer) {
        let talking = matches!(self.caller, Caller::Talking { over: true, .. });
        match (timer, self.caller) {
            (Timer::Confirm, Caller::Talking { since, over: true }) => {
                self.over.confirmed = true;
                self.pause(now, since);
            }
            (Timer::Takes, _) if talking && !self.over.assents && self.assents() => {
                self.over.assents = true;
                self.timers.set(Timer::Takes, now + ASSENT);
            }
            (Timer::Takes, _) if talking => self.take_floor(now, Verdict::Stopped),
            (Timer::Words, Caller::Paused { since, over: true }) => self.give_up_words(now, since),
            (Timer::Words, Caller::Quiet) => self.give_up_words(now, now),
            (Timer::Words, _) if !talking => self.go_on(now, Verdict::Nothing),
            (Timer::Doubt, _) if self.level == Level::Ducked => self.go_on(now, Verdict::Nothing),
            (Timer::Watchdog, _) if self.level == Level::Paused && talking => {
                self.take_floor(now, Verdict::Stopped);
            }
            (Timer::Watchdog, Caller::Paused { since, over: true }) => {
                self.give_up_words(now, since);
            }
            (Timer::Watchdog, _) => self.go_on(now, Verdict::Nothing),
            (Timer::Forget, _) => {
                self.over.late = None;
                self.partial = None;
                self.outputs.push_back(Output::Discard);
            }
            _ => {}
        }
    }

    /// No words have come: the agent goes on, and what was recorded is kept for words that are late.
    fn give_up_words(&mut self, now: Instant, since: Instant) {
        self.go_on(now, Verdict::Nothing);
        self.caller = Caller::Quiet;
        self.settle_over();
        self.over.late = Some(since);
        self.timers.set(Timer::Forget, now + LATE);
    }

    /// It meant nothing: the agent goes on, and what was recorded is forgotten.
    fn dismiss(&mut self, now: Instant, verdict: Verdict) {
        self.go_on(now, verdict);
        self.settle_over();
        self.forget();
    }

    fn forget(&mut self) {
        self.caller = Caller::Quiet;
        self.partial = None;
        self.outputs.push_back(Output::Discard);
    }

    fn take_floor(&mut self, now: Instant, verdict: Verdict) {
        self.agent = None;
        self.level = Level::Full;
        self.outputs.push_back(Output::StopSpeaking);
        if let Caller::Talking { since, .. } | Caller::Paused { since, .. } = self.caller {
            self.begin_episode(since);
        }
        self.judge(now, verdict);
        self.settle_over();
        match self.caller {
            Caller::Quiet => {}
            Caller::Talking { since, .. } => self.caller = Caller::Talking { since, over: false },
            Caller::Paused { since, .. } => {
                self.caller = Caller::Paused { since, over: false };
                self.arm_endpoint(now, since);
            }
        }
    }

    fn duck(&mut self, now: Instant, since: Instant) {
        if self.level == Level::Full {
            self.level = Level::Ducked;
            self.outputs.push_back(Output::Duck);
            let episode = self.begin_episode(since);
            episode.ducked = Some(now.saturating_duration_since(episode.since));
            self.timers.set(Timer::Watchdog, now + WATCHDOG);
        }
    }

    fn pause(&mut self, now: Instant, since: Instant) {
        self.timers.stop(Timer::Doubt);
        if self.level != Level::Paused {
            self.level = Level::Paused;
            self.outputs.push_back(Output::Pause);
            let episode = self.begin_episode(since);
            episode.paused = Some(now.saturating_duration_since(episode.since));
            self.timers.set(Timer::Watchdog, now + WATCHDOG);
        }
    }

    /// The agent goes on as loud as before, from where it was.
    pub(super) fn go_on(&mut self, now: Instant, verdict: Verdict) {
        match std::mem::replace(&mut self.level, Level::Full) {
            Level::Full => {}
            Level::Ducked => self.outputs.push_back(Output::Unduck),
            Level::Paused => self.outputs.push_back(Output::Resume),
        }
        self.timers.stop(Timer::Watchdog);
        self.timers.stop(Timer::Doubt);
        self.judge(now, verdict);
    }

    /// What was known of the sound is of no further use.
    pub(super) fn settle_over(&mut self) {
        self.over = Overlapping::default();
        for timer in [
            Timer::Confirm,
            Timer::Takes,
            Timer::Words,
            Timer::Doubt,
            Timer::Watchdog,
            Timer::Forget,
        ] {
            self.timers.stop(timer);
        }
    }

    /// Counted from when there was something to be stopped.
    fn begin_episode(&mut self, since: Instant) -> &mut Episode {
        let since = self.interruptible_since.map_or(since, |started| started.max(since));
        self.over.episode.get_or_insert(Episode { since, ducked: None, paused: None })
    }

    fn judge(&mut self, now: Instant, verdict: Verdict) {
        if let Some(Episode { since, ducked, paused }) = self.over.episode.take() {
            let decided = now.saturating_duration_since(since);
            let overlap = Overlap { since, ducked, paused, decided, verdict };
            self.outputs.push_back(Output::Judged(overlap));
        }
    }
}
