//! Speaking threads: voices render sentences, and one thread keeps the down-rings full.
//!
//! Rendered sound waits here and not in a ring, so that a leg whose ring is full keeps nobody
//! else waiting, and so that a barge-in drops it at once.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::{Epoch, Language, LegId, Phi, Purpose, UtteranceId};
use crate::speech::{Manner, Voice};

use super::WorkersError;
use super::desk::{Desk, Job};
use super::mouth::{Mouth, Utterance};
use super::playback::is_older;
use super::prompts::MOST_SOUND;
use super::render::render;
use super::rings::DownRing;

/// How often full rings are looked at.
const ROUND: Duration = Duration::from_millis(10);
/// Sentences of one leg that may wait.
const SENTENCES: usize = 64;
/// Prompts that may wait to be rendered for calls, beside those for idle time.
const PROMPTS: usize = 64 + IDLE_PROMPTS;
/// Prompts that may wait for idle time.
const IDLE_PROMPTS: usize = 512;

/// Where an utterance's sound came from: the least of its parts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Rendering {
    /// All of it was rendered beforehand.
    Cached,
    /// The voice.
    Voice,
    /// At least a part came from the lighter voice, because the voice would have been late or failed.
    Light,
}

/// What comes of speaking.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SpeakingEvent {
    /// All of an utterance is rendered; the last frames may still wait for room in the ring.
    Rendered {
        /// Which.
        utterance: UtteranceId,
        /// How long it is.
        frames_total: u32,
        /// From the request to its first sound.
        first: Duration,
        /// From the request to its last.
        took: Duration,
        /// Where it came from.
        by: Rendering,
    },
    /// The voice failed, and the lighter one spoke in its place.
    FellBack {
        /// Which.
        utterance: UtteranceId,
        /// What the voice said.
        what: String,
    },
    /// The voice failed. What was rendered until then is spoken.
    Failed {
        /// Which.
        utterance: UtteranceId,
        /// How long that is; 1, of silence, where it is nothing.
        frames_total: u32,
        /// What the voice said.
        what: String,
    },
    /// An utterance was stopped before its last frame was handed on.
    Dropped {
        /// Which.
        utterance: UtteranceId,
    },
}

/// Takes what comes of speaking. It is called on a speaking thread and must not wait.
pub type SpeakingSink = Box<dyn Fn(LegId, SpeakingEvent) + Send + Sync>;

/// All voices. They end when it is dropped, after the sentence they are in.
pub struct Speaking {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Speaking {
    /// How much sound of prompts is kept; those go that were not used for the longest time.
    pub const KEEPS: Duration = MOST_SOUND;

    /// Starts a thread for each voice, and one that hands on what they render.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(voices: Vec<Box<dyn Voice>>) -> Result<Self, WorkersError> {
        let shared = Arc::new(Shared::default());
        shared.desk().voices = voices.len();
        shared.desk().free = voices.iter().all(|voice| voice.is_free());
        let mut speaking = Self { shared: Arc::clone(&shared), threads: Vec::new() };
        speaking.spawn("speaking".into(), move || hand_on(&shared))?;
        for (number, voice) in voices.into_iter().enumerate() {
            let shared = Arc::clone(&speaking.shared);
            speaking.spawn(format!("voice-{number}"), move || render(&shared, voice))?;
        }
        Ok(speaking)
    }

    fn spawn(
        &mut self,
        thread: String,
        run: impl FnOnce() + Send + 'static,
    ) -> Result<(), WorkersError> {
        let builder = std::thread::Builder::new().name(thread.clone());
        let spawned = builder.spawn(run);
        self.threads.push(spawned.map_err(|source| WorkersError::Thread { thread, source })?);
        Ok(())
    }

    /// Gives a leg a voice.
    pub fn attach(&self, leg: LegId, ring: DownRing, sink: SpeakingSink) {
        let mouth = Mouth { ring, sink: sink.into(), epoch: Epoch(0), queue: VecDeque::new() };
        self.shared.desk().mouths.insert(leg, mouth);
    }

    /// Queues a text to be spoken after those before it, unless its epoch is over already.
    ///
    /// # Errors
    /// When too many sentences wait, or the leg was never attached.
    pub fn say(
        &self,
        leg: LegId,
        utterance: UtteranceId,
        epoch: Epoch,
        text: Phi<String>,
        manner: Manner,
    ) -> Result<(), WorkersError> {
        let mut desk = self.shared.desk();
        let prompt = desk.prompts.get(text.reveal(Purpose::Comparison), manner);
        let busy = WorkersError::Busy { thread: "speaking" };
        let Some(mouth) = desk.mouths.get_mut(&leg) else { return Err(busy) };
        if mouth.queue.len() >= SENTENCES {
            return Err(busy);
        }
        if is_older(epoch, mouth.epoch) {
            desk.events.push((leg, SpeakingEvent::Dropped { utterance }));
        } else {
            mouth.queue.push_back(Utterance::new(utterance, epoch));
            match prompt {
                Some(frames) => {
                    // A prompt is shorter than what an utterance may be.
                    let _ = desk.add(leg, utterance, &frames);
                    desk.finish(leg, utterance, Rendering::Cached, None);
                }
                None => desk.sentences.push(Job::new(Some((leg, utterance)), text, manner)),
            }
        }
        drop(desk);
        self.shared.wake();
        Ok(())
    }

    /// Begins an epoch: what belongs to an older one and has not gone into the ring is dropped.
    /// The ring itself is flushed by [`super::LegControl::flush`].
    pub fn stop(&self, leg: LegId, epoch: Epoch) {
        let mut desk = self.shared.desk();
        let Desk { mouths, sentences, events, .. } = &mut *desk;
        if let Some(mouth) = mouths.get_mut(&leg)
            && !is_older(epoch, mouth.epoch)
        {
            mouth.epoch = epoch;
            mouth.queue.retain(|queued| {
                let keep = !is_older(queued.epoch, epoch);
                if !keep {
                    sentences.retain(|job| job.to != Some((leg, queued.id)));
                    events.push((leg, SpeakingEvent::Dropped { utterance: queued.id }));
                }
                keep
            });
        }
        drop(desk);
        self.shared.wake();
    }

    /// Takes the voice from a leg, with all that waits.
    pub fn detach(&self, leg: LegId) {
        let mut desk = self.shared.desk();
        desk.mouths.remove(&leg);
        desk.sentences.retain(|job| job.to.is_none_or(|(to, _)| to != leg));
    }

    /// Renders a prompt that many callers hear, so that saying it later takes no time. It must not
    /// hold health data.
    ///
    /// # Errors
    /// When too many wait.
    pub fn prerender(&self, text: &str, manner: Manner) -> Result<(), WorkersError> {
        let mut desk = self.shared.desk();
        if desk.prompts.get(text, manner).is_some() {
            return Ok(());
        }
        if desk.to_prepare.len() >= PROMPTS {
            return Err(WorkersError::Busy { thread: "speaking" });
        }
        // A caller hears it soon: before those of [`Self::prerender_in_idle_time`].
        desk.to_prepare.push_front(Job::new(None, Phi::new(text.to_owned()), manner));
        drop(desk);
        self.shared.wake();
        Ok(())
    }

    /// Renders prompts when no caller waits for the voice, if that costs nothing. They must not hold health data. As
    /// many as may wait are taken.
    pub fn prerender_in_idle_time<'t>(
        &self,
        texts: impl IntoIterator<Item = &'t str>,
        manner: Manner,
    ) {
        let mut desk = self.shared.desk();
        if !desk.free {
            return;
        }
        let room = IDLE_PROMPTS.saturating_sub(desk.to_prepare.len());
        let jobs = texts.into_iter().take(room);
        let job = |text: &str| Job::new(None, Phi::new(text.to_owned()), manner);
        let jobs = jobs.map(|text| Job { idle: true, ..job(text) });
        desk.to_prepare.extend(jobs);
        drop(desk);
        self.shared.wake();
    }

    /// Whether a prompt is rendered and kept.
    pub fn is_prerendered(&self, text: &str, manner: Manner) -> bool {
        self.shared.desk().prompts.get(text, manner).is_some()
    }
}

impl Drop for Speaking {
    fn drop(&mut self) {
        self.shared.desk().stopping = true;
        self.shared.wake();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[derive(Default)]
pub(super) struct Shared {
    desk: Mutex<Desk>,
    changed: Condvar,
}

impl Shared {
    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wake(&self) {
        self.changed.notify_all();
    }

    /// Waits for a job; `true` is for the lighter voice, `None` at the end.
    pub(super) fn take_job(
        &self,
        has_light: &mut dyn FnMut(Language) -> bool,
    ) -> Option<(Job, bool)> {
        let mut desk = self.desk();
        loop {
            if desk.stopping {
                return None;
            }
            if let Some(taken) = desk.take(has_light) {
                return Some(taken);
            }
            desk = self.changed.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The thread that keeps rings full and tells what happened.
fn hand_on(shared: &Shared) {
    let mut desk = shared.desk();
    loop {
        if desk.stopping {
            return;
        }
        // All legs have their turn, whichever of them wait.
        let waiting = desk.mouths.values_mut().fold(false, |any, mouth| mouth.hand_on() | any);
        if !desk.events.is_empty() {
            let mut events = std::mem::take(&mut desk.events);
            let sinks: Vec<_> = events
                .drain(..)
                .filter_map(|(leg, event)| {
                    Some((Arc::clone(&desk.mouths.get(&leg)?.sink), leg, event))
                })
                .collect();
            drop(desk);
            for (sink, leg, event) in sinks {
                let _ = catch_unwind(AssertUnwindSafe(|| sink(leg, event)));
            }
            desk = shared.desk();
            continue;
        }
        desk = match waiting {
            true => {
                shared.changed.wait_timeout(desk, ROUND).unwrap_or_else(PoisonError::into_inner).0
            }
            false => shared.changed.wait(desk).unwrap_or_else(PoisonError::into_inner),
        };
    }
}

#[cfg(test)]
#[path = "speaking_tests.rs"]
mod tests;
