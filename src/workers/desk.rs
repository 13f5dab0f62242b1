//! What waits to be rendered, in which order, and by which voice.
//!
//! Texts are rendered in parts, and whoever would fall silent first comes first: eight callers hear their first
//! sentences before one hears his third. A part that would come too late from the voice goes to its lighter one.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::base::{Frame, Language, LegId, Phi, UtteranceId};
use crate::speech::Manner;

use super::mouth::{Mouth, Utterance};
use super::prompts::Prompts;
use super::speaking::{Rendering, SpeakingEvent};

/// The longest utterance: 60 s. Nobody listens to more at once.
pub(super) const LONGEST: usize = 3000;
/// A first sound later than this is too late: the lighter voice speaks instead.
const LATE: Duration = Duration::from_millis(400);
/// How much a measurement counts against those before it.
const FRESH: f32 = 0.2;

/// A text to render, and for whom: nobody for a prompt.
pub(super) struct Job {
    pub(super) to: Option<(LegId, UtteranceId)>,
    pub(super) text: Phi<String>,
    pub(super) manner: Manner,
    pub(super) asked: Instant,
    /// Whether nobody waits for it yet: a prompt for idle time.
    pub(super) idle: bool,
    /// What is left of it, once it is cut.
    pub(super) parts: Option<VecDeque<Phi<String>>>,
    /// Whether [`crate::speech::Voice::pieces`] cut its next part.
    pub(super) in_pieces: usize,
    /// How long its next part is, in letters.
    pub(super) letters: usize,
    /// A prompt's frames so far.
    pub(super) prompt: Vec<Frame>,
    /// The least that any of its parts came from.
    pub(super) by: Rendering,
}

impl Job {
    pub(super) fn new(to: Option<(LegId, UtteranceId)>, text: Phi<String>, manner: Manner) -> Self {
        Self {
            to,
            letters: text.reveal(crate::base::Purpose::SpokenReply).len(),
            text,
            manner,
            asked: Instant::now(),
            idle: false,
            parts: None,
            in_pieces: 0,
            prompt: Vec::new(),
            by: Rendering::Cached,
        }
    }
}

#[derive(Default)]
pub(super) struct Desk {
    pub(super) mouths: BTreeMap<LegId, Mouth>,
    pub(super) sentences: Vec<Job>,
    pub(super) to_prepare: VecDeque<Job>,
    /// Voices that render a prompt at this moment.
    pub(super) preparing: usize,
    /// All voices.
    pub(super) voices: usize,
    /// Whether they render what may never be heard for nothing.
    pub(super) free: bool,
    pub(super) prompts: Prompts,
    pub(super) events: Vec<(LegId, SpeakingEvent)>,
    /// Seconds that a letter takes, by language, as measured.
    pub(super) pace: BTreeMap<Language, f32>,
    pub(super) stopping: bool,
}

impl Desk {
    pub(super) fn find(&mut self, leg: LegId, utterance: UtteranceId) -> Option<&mut Utterance> {
        self.mouths.get_mut(&leg)?.queue.iter_mut().find(|queued| queued.id == utterance)
    }

    /// Whether somebody still waits for a job.
    pub(super) fn wants(&mut self, job: &Job) -> bool {
        job.to.is_none_or(|(leg, id)| self.find(leg, id).is_some())
    }

    /// How long its leg has something to say without it: what is rendered before it and of it.
    pub(super) fn slack(&self, job: &Job) -> Duration {
        let Some((leg, id)) = job.to else { return Duration::ZERO };
        let Some(mouth) = self.mouths.get(&leg) else { return Duration::ZERO };
        let upto = mouth.queue.iter().position(|queued| queued.id == id).map_or(0, |at| at + 1);
        let frames: usize = mouth.queue.iter().take(upto).map(|queued| queued.frames.len()).sum();
        Frame::TIME * frames as u32
    }

    /// Takes the next job: one that needs the lighter voice, else the most urgent, else a prompt. `true` is for the
    /// lighter voice.
    pub(super) fn take(
        &mut self,
        has_light: &mut dyn FnMut(Language) -> bool,
    ) -> Option<(Job, bool)> {
        let mut order: Vec<(Duration, Instant, usize)> = self
            .sentences
            .iter()
            .enumerate()
            .map(|(index, job)| (self.slack(job), job.asked, index))
            .collect();
        order.sort_unstable();
        let mut before = Duration::ZERO;
        let mut late = None;
        for &(slack, asked, index) in &order {
            let job = &self.sentences[index];
            let own = self.estimate(job.manner.language, job.letters);
            // Who has begun to speak waits for nothing before the slack is over.
            let waited = if job.parts.is_some() { Duration::ZERO } else { asked.elapsed() };
            let first = waited + before / self.voices.max(1) as u32 + own;
            if first > slack + LATE && has_light(job.manner.language) {
                late = Some(index);
                break;
            }
            before += own;
        }
        if let Some(index) = late {
            return Some((self.sentences.swap_remove(index), true));
        }
        if let Some(&(.., index)) = order.first() {
            return Some((self.sentences.swap_remove(index), false));
        }
        // Nobody waits for a prompt, and a caller who comes in the middle of one finds a voice that is free.
        if self.preparing + 1 < self.voices.max(2) {
            let job = self.to_prepare.pop_front()?;
            self.preparing += 1;
            return Some((job, false));
        }
        None
    }

    /// How long so many letters take, as far as is known.
    pub(super) fn estimate(&self, language: Language, letters: usize) -> Duration {
        let pace = self.pace.get(&language).copied().unwrap_or_default();
        Duration::from_secs_f32((pace * letters as f32).clamp(0.0, 60.0))
    }

    /// Takes note of how long so many letters took.
    pub(super) fn took(&mut self, language: Language, letters: usize, took: Duration) {
        let measured = took.as_secs_f32() / letters.max(1) as f32;
        let pace = self.pace.entry(language).or_insert(measured);
        *pace += (measured - *pace) * FRESH;
    }

    /// Adds rendered frames; `Break` when nobody wants more.
    pub(super) fn add(&mut self, leg: LegId, id: UtteranceId, frames: &[Frame]) -> ControlFlow<()> {
        let Some(utterance) = self.find(leg, id) else { return ControlFlow::Break(()) };
        let room = LONGEST.saturating_sub(utterance.total as usize);
        let taken = frames.len().min(room);
        utterance.frames.extend(&frames[..taken]);
        utterance.total += taken as u32;
        if utterance.total > 0 && utterance.first.is_none() {
            utterance.first = Some(utterance.asked.elapsed());
        }
        if taken < frames.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    pub(super) fn finish(
        &mut self,
        leg: LegId,
        id: UtteranceId,
        by: Rendering,
        failed: Option<String>,
    ) {
        let Some(utterance) = self.find(leg, id) else { return };
        if utterance.total == 0 {
            // Its end must be played to be told: 20 ms of silence.
            utterance.frames.push_back(Frame::SILENCE);
            utterance.total = 1;
        }
        let cut = utterance.total as usize >= LONGEST;
        let failed = failed.or_else(|| cut.then(|| "longer than 60 s: cut".into()));
        utterance.rendered = true;
        let (frames_total, took) = (utterance.total, utterance.asked.elapsed());
        let first = utterance.first.unwrap_or(took);
        let event = match failed {
            Some(what) => SpeakingEvent::Failed { utterance: id, frames_total, what },
            None => SpeakingEvent::Rendered { utterance: id, frames_total, first, took, by },
        };
        self.events.push((leg, event));
    }
}
