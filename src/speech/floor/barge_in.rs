//! Sounds over the agent's speech: turned down for, held for, judged, and undone where they meant nothing.
//!
//! A suspicion turns the agent down within 80 ms; a voice holds it within 160 ms. Words, or a voice that goes on,
//! stop it. A sign of listening, a cough, or a voice without words lets it go on with exactly the next frame: nothing
//! is said twice, and what the caller heard is counted by the frames that went out.

use std::time::{Duration, Instant};

use super::short::length;
use super::words::{Said, said};
use super::{Before, Caller, DENIED_LATE, Floor, Output, Overlap, Timer, Verdict};
use crate::speech::Origin;

/// A sound that lasts this long, or is not known to have ended by then, is no click. Where nothing better is known than
/// that somebody makes a sound, it holds the agent: with a tick, within 160 ms of its begin. A cough is let go of again.
const CONFIRM: Duration = Duration::from_millis(140);
/// A voice over the agent that lasts this long takes the floor: "uh-huh" and "okay" are shorter.
pub(super) const TAKES: Duration = Duration::from_millis(650);
/// One of which no words are known that ask for it takes it so much later: the agent is held meanwhile, and what was meant
/// for "oh, okay" is known by then.
const UNHEARD: Duration = Duration::from_millis(350);
/// How late the end of a voice is told: the detector's hangover, a packet and the way here.
const TOLD_LATE: Duration = Duration::from_millis(120);
/// One whose words so far are signs of listening takes it this much later: "that works, thank you".
const ASSENT: Duration = Duration::from_millis(450);
/// Words that are known sooner than this after a voice were heard in a part of it: "so" in "so-" of "sure". The agent is
/// held meanwhile, so that nothing is lost by waiting for the whole.
const HEARD_OUT: Duration = Duration::from_millis(200);
/// Words come within this time after a voice, or there were none.
const WORDS: Duration = Duration::from_millis(800);
/// A recogniser that is late may tell them until then, and is listened to after all.
const LATE: Duration = Duration::from_millis(1200);
/// A suspicion that has not come true by then was none.
const DOUBT: Duration = Duration::from_millis(600);
/// A sign of listening, or a voice without words, is an answer where the agent says nothing more than this after it.
pub(super) const ANSWERS: Duration = Duration::from_millis(700);
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
    /// It was given longer, for it is heard to be a sign of listening.
    assents: bool,
    /// It was given longer, for no word of it was known that asks for the floor.
    unheard: bool,
    /// How long it has lasted, pauses left out, before the voice that goes on now.
    pub(super) voiced: Duration,
    /// A voice that the agent went on after, and what was recorded of it is kept for a moment.
    pub(super) late: Option<Late>,
    episode: Option<Episode>,
}

/// A voice that is over, and may still count: words may be late, and the agent may have been at its last one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Late {
    /// When it ended.
    since: Instant,
    /// Until then the agent's end makes it an answer.
    answers_until: Instant,
    /// In so many syllables it was a sign of listening. Others in its place, and no more of them, are a mishearing of it.
    listened: usize,
    /// How long it lasted.
    voiced: Duration,
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
        if self.voice.denied.is_some() {
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
        let takes = due.is_some_and(|due| due <= since + TOLD_LATE)
            && (self.over.voiced + lasted >= TAKES + UNHEARD || self.over.assents);
        self.timers.stop(Timer::Confirm);
        self.timers.stop(Timer::Takes);
        if self.voice.denied.is_none() {
            self.over.voiced += lasted;
        }
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

    /// What the words so far are worth.
    fn said(&self) -> Said {
        self.partial.as_ref().map_or(Said::Nothing, |(_, text)| said(text, &self.expected))
    }

    /// Whether it is known to be no word.
    fn is_a_sound(&self) -> bool {
        self.voice.denied.is_some() || self.over.voiced < CONFIRM
    }

    pub(super) fn suspected(&mut self, now: Instant, since: Instant) {
        if self.agent == Some(true) && self.level == Level::Full {
            self.duck(now, since);
            self.timers.set(Timer::Doubt, now + DOUBT);
        }
    }

    pub(super) fn confirmed(&mut self, now: Instant, since: Instant, by: Origin) {
        if by == Origin::Detector && self.model_denies(now) {
            // It is taken in by what the model knows better: turned down for, and no more.
            return self.suspected(now, since);
        }
        let was_denied = self.is_a_voice_after_all(now, since);
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
            Caller::Talking { over: true, .. } if was_denied => self.begins_anew(now, since),
            Caller::Talking { since, over: true } => self.voice_over(now, since),
            // The voice itself is yet to be told, if it goes on.
            _ => self.timers.set(Timer::Words, now + WORDS),
        }
    }

    /// Nothing is denied any more. Returns whether what goes on was.
    fn is_a_voice_after_all(&mut self, now: Instant, since: Instant) -> bool {
        let was_denied = self.voice.denied.take().is_some();
        if self.model_denied.take().is_none() {
            return was_denied;
        }
        match self.caller {
            Caller::Talking { .. } if self.agent.is_none() => self.timers.stop(Timer::Silence),
            Caller::Talking { .. } => {}
            // The turn in it has ended, and the detector's voice has not: it is that of another turn.
            _ if self.voice.goes_on => self.voice_on(now, since),
            _ => {}
        }
        was_denied
    }

    fn begins_anew(&mut self, now: Instant, since: Instant) {
        self.caller = Caller::Talking { since, over: true };
        self.over.voiced = Duration::ZERO;
        self.voice_over(now, since);
    }

    /// The model does not know any more: the detector decides alone.
    pub(super) fn unknown(&mut self, now: Instant) {
        let was_denied = self.is_a_voice_after_all(now, now);
        let talking = matches!(self.caller, Caller::Talking { over: true, .. });
        if was_denied && talking && self.agent == Some(true) {
            self.begins_anew(now, now);
        }
    }

    /// What the detector suspected was none. A voice that it hears is judged by how that goes on.
    pub(super) fn suspicion_ends(&mut self, now: Instant) {
        let talking = matches!(self.caller, Caller::Talking { .. });
        if self.level == Level::Ducked && (!talking || self.voice.denied.is_some()) {
            self.go_on(now, Verdict::Nothing);
        }
    }

    pub(super) fn denied(&mut self, now: Instant) {
        self.model_denied = Some(now);
        let of_the_last = match self.caller {
            Caller::Talking { .. } => true,
            Caller::Paused { since, .. } => now < since + DENIED_LATE,
            Caller::Quiet => false,
        };
        if of_the_last {
            self.voice.denied.get_or_insert(now);
        }
        if self.agent.is_none() {
            return self.denied_in_silence(now);
        }
        if self.agent == Some(true) && self.level != Level::Full {
            self.go_on(now, Verdict::Nothing);
            match self.caller {
                Caller::Talking { .. } => self.settle_over(),
                Caller::Paused { over: true, .. } if of_the_last => {
                    self.settle_over();
                    self.forget(now);
                }
                // Its words may be late.
                Caller::Paused { since, over: true } => self.give_up_words(now, since),
                // Of what was only suspected nothing is forgotten: it may be a word's first sound.
                Caller::Quiet | Caller::Paused { over: false, .. } => {
                    self.timers.stop(Timer::Words);
                }
            }
        }
    }

    /// Words have come while the agent speaks, or is held.
    pub(super) fn words_over(&mut self, now: Instant) {
        let Some((known, text)) = &self.partial else { return };
        let (known, said) = (*known, said(text, &self.expected));
        match (self.caller, said) {
            (Caller::Paused { since, over: true }, Said::Words) if known >= since + HEARD_OUT => {
                self.take_floor_or_keep(now, since);
            }
            (Caller::Paused { over: true, .. }, Said::Backchannel) => {
                self.dismiss(now, Verdict::Backchannel);
            }
            // What somebody says who speaks on. More of an "okay" may follow.
            (Caller::Talking { since, over: true }, Said::Words)
                if self.level != Level::Full
                    && now >= since + TAKES + TOLD_LATE
                    && self.asks_in(self.heard + TAKES) =>
            {
                self.take_floor(now, Verdict::Stopped);
            }
            (Caller::Quiet, Said::Words) => {
                // Of no voice there are no words: a door that the recogniser makes some of.
                let Some(late) = self.over.late else { return };
                if length(text) <= late.listened {
                    return;
                }
                let since = late.since;
                self.timers.stop(Timer::Silence);
                self.caller = Caller::Paused { since, over: false };
                match self.agent {
                    Some(_) if self.asks(late.voiced) => self.take_floor(now, Verdict::Stopped),
                    Some(_) => return self.keep(now, since, late.voiced),
                    None => self.settle_over(),
                }
                self.arm_endpoint(now, since);
            }
            (Caller::Paused { .. }, Said::Words)
                if self.kept.is_some_and(|kept| self.asks(kept.voiced())) =>
            {
                self.take_floor(now, Verdict::Stopped);
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
                let takes = self.voice.denied.is_none() && now >= since + TAKES;
                if takes && let Some(longer) = self.is_given_longer(now.duration_since(since)) {
                    self.pause(now, since);
                    self.timers.set(Timer::Takes, now + longer);
                } else if takes {
                    self.take_floor(now, Verdict::Stopped);
                } else {
                    self.voice_over(now, since);
                }
            }
            Caller::Paused { since, over: true } => {
                let lately = now < since + WORDS;
                let said = self.said();
                if self.is_a_sound() {
                    self.dismiss(now, Verdict::Nothing);
                } else if said != Said::Nothing || lately {
                    self.wait_for_words(now, since);
                } else if self.over.voiced >= TAKES {
                    self.take_floor(now, Verdict::Stopped);
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
    pub(super) fn agent_is_done(&mut self, now: Instant, could_be_cut: bool) {
        self.go_on(now, Verdict::Overtaken);
        for timer in [Timer::Confirm, Timer::Takes, Timer::Words] {
            self.timers.stop(timer);
        }
        // Said over the last of what was asked: an answer.
        self.kept = self.kept.filter(|kept| !could_be_cut || kept.is_old(now));
        match (self.caller, self.over.late) {
            (Caller::Paused { since, over: true }, _) => {
                let said = self.said();
                let listens = said == Said::Backchannel && !(could_be_cut && now < since + ANSWERS);
                let sound = self.is_a_sound() && said == Said::Nothing;
                if listens || sound || self.voice.denied.is_some() {
                    self.forget(now);
                }
            }
            // Said over the last of what was asked: an answer after all.
            (Caller::Quiet, Some(late)) if could_be_cut && now < late.answers_until => {
                self.timers.stop(Timer::Forget);
                self.over.late = None;
                self.caller = Caller::Paused { since: late.since, over: false };
            }
            _ => {}
        }
        let late = self.over.late;
        self.over = Overlapping { late, ..Overlapping::default() };
    }

    /// What the agent was saying was dropped by somebody else, with all that was done to it.
    pub(super) fn agent_dropped(&mut self, now: Instant) {
        self.level = Level::Full;
        self.judge(now, Verdict::Overtaken);
        (self.agent, self.kept) = (None, None);
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
            (Timer::Takes, _) if talking => match self.is_given_longer(TAKES) {
                Some(longer) => self.timers.set(Timer::Takes, now + longer),
                None => self.take_floor(now, Verdict::Stopped),
            },
            // Words of a part of it, perhaps, and no others came.
            (Timer::Words, Caller::Paused { since, over: true }) if self.said() == Said::Words => {
                self.take_floor_or_keep(now, since);
            }
            // Who spoke for so long over a protected sentence has something to say, with words or without.
            (Timer::Words, Caller::Paused { over: true, .. }) if self.over.voiced >= TAKES => {
                self.take_floor(now, Verdict::Stopped);
            }
            (Timer::Words, Caller::Paused { since, over: true }) => self.give_up_words(now, since),
            (Timer::Words, Caller::Quiet) => {
                self.give_up_words(now, now);
                // No voice has ended that could be an answer.
                let (since, voiced) = (now, Duration::ZERO);
                self.over.late = Some(Late { since, answers_until: now, listened: 0, voiced });
            }
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

    /// How much longer a voice that would take the floor is given, once for each reason: for its words, when it has lasted
    /// so long; and if it agrees.
    fn is_given_longer(&mut self, lasted: Duration) -> Option<Duration> {
        if self.said() == Said::Backchannel && !std::mem::replace(&mut self.over.assents, true) {
            return Some(ASSENT);
        }
        let left = (TAKES + UNHEARD).saturating_sub(lasted);
        let waits = !left.is_zero() && !self.asks_in(self.heard + TAKES);
        (waits && !std::mem::replace(&mut self.over.unheard, true)).then_some(left)
    }

    /// No words have come: the agent goes on, and what was recorded is kept for words that are late.
    fn give_up_words(&mut self, now: Instant, since: Instant) {
        self.go_on(now, Verdict::Nothing);
        let voiced = std::mem::take(&mut self.over.voiced);
        self.settle_over();
        if !self.goes_back(now) {
            self.keep_for(now, since, LATE, voiced);
        }
    }

    fn keep_for(&mut self, now: Instant, since: Instant, time: Duration, voiced: Duration) {
        self.caller = Caller::Quiet;
        let listens = self.said() == Said::Backchannel;
        let heard = self.partial.as_ref().map_or(0, |(_, text)| length(text));
        let listened = if listens { heard } else { 0 };
        self.over.late = Some(Late { since, answers_until: now + ANSWERS, listened, voiced });
        self.timers.set(Timer::Forget, now + time);
    }

    /// The turn goes back to the pause that it was in before a sound over the agent, if it had begun by then.
    pub(super) fn goes_back(&mut self, now: Instant) -> bool {
        let Some(Before { since, partial }) = self.voice.before.take() else { return false };
        self.partial = partial;
        self.caller = Caller::Paused { since, over: false };
        self.arm_endpoint(now, since);
        true
    }

    /// It meant nothing: the agent goes on, and what was recorded is forgotten.
    fn dismiss(&mut self, now: Instant, verdict: Verdict) {
        self.go_on(now, verdict);
        let voiced = std::mem::take(&mut self.over.voiced);
        self.settle_over();
        match self.caller {
            Caller::Paused { since, .. } if verdict == Verdict::Backchannel => {
                if !self.goes_back(now) {
                    self.keep_for(now, since, ANSWERS, voiced);
                }
            }
            _ => self.forget(now),
        }
    }

    fn forget(&mut self, now: Instant) {
        if self.goes_back(now) {
            return;
        }
        self.caller = Caller::Quiet;
        (self.partial, self.kept) = (None, None);
        self.outputs.push_back(Output::Discard);
    }

    pub(super) fn take_floor(&mut self, now: Instant, verdict: Verdict) {
        (self.agent, self.kept) = (None, None);
        self.level = Level::Full;
        self.outputs.push_back(Output::StopSpeaking);
        if let Caller::Talking { since, .. } | Caller::Paused { since, .. } = self.caller {
            self.begin_episode(since);
        }
        self.judge(now, verdict);
        let late = self.over.late.take();
        self.settle_over();
        match self.caller {
            Caller::Quiet if late.is_some() => self.forget(now),
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
