//! Speaking threads: voices render sentences, and one thread keeps the down-rings full.
//!
//! Rendered sound waits here and not in a ring, so that a leg whose ring is full keeps nobody
//! else waiting, and so that a barge-in drops it at once.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::{Epoch, Frame, LegId, Phi, Purpose, UtteranceId};
use crate::media::Leveller;
use crate::speech::{Manner, Voice};

use super::WorkersError;
use super::linux::step_back;
use super::mouth::{Mouth, Utterance};
use super::playback::is_older;
use super::prompts::Prompts;
use super::rings::DownRing;
use super::slicer::Slicer;

/// How often full rings are looked at.
const ROUND: Duration = Duration::from_millis(10);
/// Sentences of one leg that may wait.
const SENTENCES: usize = 64;
/// Prompts that may wait to be rendered.
const PROMPTS: usize = 64;
/// The longest utterance: 60 s. Nobody listens to more at once.
const LONGEST: usize = 3000;

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
    },
    /// The voice failed. What was rendered until then is spoken.
    Failed {
        /// Which.
        utterance: UtteranceId,
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
    /// Starts a thread for each voice, and one that hands on what they render.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(voices: Vec<Box<dyn Voice>>) -> Result<Self, WorkersError> {
        let shared = Arc::new(Shared::default());
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
                    desk.finish(leg, utterance, None);
                }
                None => desk.sentences.push_back(Job { to: Some((leg, utterance)), text, manner }),
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
        desk.to_prepare.push_back(Job { to: None, text: Phi::new(text.to_owned()), manner });
        drop(desk);
        self.shared.wake();
        Ok(())
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

/// A text to render, and for whom: nobody for a prompt.
struct Job {
    to: Option<(LegId, UtteranceId)>,
    text: Phi<String>,
    manner: Manner,
}

#[derive(Default)]
struct Desk {
    mouths: BTreeMap<LegId, Mouth>,
    sentences: VecDeque<Job>,
    to_prepare: VecDeque<Job>,
    prompts: Prompts,
    events: Vec<(LegId, SpeakingEvent)>,
    stopping: bool,
}

impl Desk {
    fn find(&mut self, leg: LegId, utterance: UtteranceId) -> Option<&mut Utterance> {
        self.mouths.get_mut(&leg)?.queue.iter_mut().find(|queued| queued.id == utterance)
    }

    /// Adds rendered frames; `Break` when nobody wants more.
    fn add(&mut self, leg: LegId, id: UtteranceId, frames: &[Frame]) -> ControlFlow<()> {
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

    fn finish(&mut self, leg: LegId, id: UtteranceId, failed: Option<String>) {
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
            Some(what) => SpeakingEvent::Failed { utterance: id, what },
            None => SpeakingEvent::Rendered { utterance: id, frames_total, first, took },
        };
        self.events.push((leg, event));
    }
}

#[derive(Default)]
struct Shared {
    desk: Mutex<Desk>,
    changed: Condvar,
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        self.changed.notify_all();
    }

    fn take_job(&self) -> Option<Job> {
        let mut desk = self.desk();
        loop {
            if desk.stopping {
                return None;
            }
            // A caller waits for a sentence, nobody for a prompt.
            let sentence = desk.sentences.pop_front();
            if let Some(job) = sentence.or_else(|| desk.to_prepare.pop_front()) {
                return Some(job);
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

/// A voice's thread.
fn render(shared: &Shared, mut voice: Box<dyn Voice>) {
    step_back();
    let mut leveller = Leveller::default();
    while let Some(Job { to, text, manner }) = shared.take_job() {
        let text = text.reveal(Purpose::SpokenReply);
        let wanted = |desk: &mut Desk| to.is_none_or(|(leg, id)| desk.find(leg, id).is_some());
        if !wanted(&mut shared.desk()) {
            continue;
        }
        let mut slicer = Slicer::default();
        let mut prompt = Vec::new();
        let mut deliver = |frames: &[Frame]| match to {
            Some((leg, id)) => {
                let flow = shared.desk().add(leg, id, frames);
                shared.wake();
                flow
            }
            None => {
                prompt.extend_from_slice(frames);
                if prompt.len() > LONGEST {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            }
        };
        let spoken = catch_unwind(AssertUnwindSafe(|| {
            voice.speak(text, manner, &mut |piece| deliver(slicer.cut(piece, &mut leveller)))
        }));
        let _ = deliver(slicer.rest(&mut leveller));
        let failed = match spoken {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("it panicked".into()),
        };
        match (to, failed) {
            (Some((leg, id)), failed) => shared.desk().finish(leg, id, failed),
            (None, None) => shared.desk().prompts.keep(text.clone(), manner, prompt),
            // It is rendered again when it is said.
            (None, Some(_)) => {}
        }
        shared.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;
    use crate::speech::VoiceError;
    use crate::workers::{MediaEventKind, Playback};
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// Speaks as many frames as the text says, in odd pieces; "fail" fails after three frames,
    /// "panic" panics. It asks the gate before each text.
    struct Scripted {
        gate: Option<Receiver<()>>,
    }

    impl Voice for Scripted {
        fn speak(
            &mut self,
            text: &str,
            _: Manner,
            sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
        ) -> Result<(), VoiceError> {
            if let Some(gate) = &self.gate {
                let _ = gate.recv();
            }
            assert_ne!(text, "panic");
            let frames = text.parse().unwrap_or(3);
            let sound = vec![3000; frames * Frame::SAMPLES];
            for piece in sound.chunks(777) {
                if sink(piece).is_break() {
                    break;
                }
            }
            match text {
                "fail" => Err(VoiceError::Failed { what: "scripted".into() }),
                _ => Ok(()),
            }
        }
    }

    struct World {
        speaking: Speaking,
        playback: Playback,
        events: Receiver<(LegId, SpeakingEvent)>,
        gate: Sender<()>,
    }

    const LEG: LegId = LegId(1);

    fn world(gated: bool) -> World {
        let (gate, opened) = channel();
        let voice = Scripted { gate: gated.then_some(opened) };
        let speaking = Speaking::start(vec![Box::new(voice)]).unwrap();
        let (down, playback) = Playback::new();
        let (sender, events) = channel();
        speaking.attach(LEG, down, Box::new(move |leg, event| sender.send((leg, event)).unwrap()));
        World { speaking, playback, events, gate }
    }

    impl World {
        fn say(&self, utterance: u32, epoch: u32, text: &str) {
            let text = Phi::new(text.to_owned());
            self.speaking
                .say(LEG, UtteranceId(utterance), Epoch(epoch), text, Manner::default())
                .unwrap();
        }

        fn event(&self) -> SpeakingEvent {
            match self.events.recv().unwrap().1 {
                SpeakingEvent::Rendered { utterance, frames_total, first, took } => {
                    assert!(first <= took);
                    let nothing = Duration::ZERO;
                    let (first, took) = (nothing, nothing);
                    SpeakingEvent::Rendered { utterance, frames_total, first, took }
                }
                other => other,
            }
        }

        /// Plays until `ends` utterances have ended: which, how long, whether complete.
        fn play(&mut self, epoch: u32, ends: usize) -> Vec<(u32, u32, bool)> {
            let mut ended = Vec::new();
            while ended.len() < ends {
                let played = self.playback.next(Epoch(epoch), true, |kind| {
                    if let MediaEventKind::UtteranceEnded { utterance, frames_played, complete } =
                        kind
                    {
                        ended.push((utterance.0, frames_played, complete));
                    }
                });
                if played.is_none() {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            ended
        }
    }

    fn rendered(utterance: u32, frames_total: u32) -> SpeakingEvent {
        let (first, took) = (Duration::ZERO, Duration::ZERO);
        SpeakingEvent::Rendered { utterance: UtteranceId(utterance), frames_total, first, took }
    }

    #[test]
    fn sentences_are_spoken_in_order_and_longer_than_the_ring() {
        let mut world = world(false);
        for (utterance, text) in [(1, "5"), (2, "250"), (3, "1")] {
            world.say(utterance, 0, text);
        }
        let ended = world.play(0, 3);
        assert_eq!(ended, [(1, 5, true), (2, 250, true), (3, 1, true)]);
        let events = [world.event(), world.event(), world.event()];
        assert_eq!(events, [rendered(1, 5), rendered(2, 250), rendered(3, 1)]);
    }

    #[test]
    fn a_stop_drops_what_waits_and_what_follows_is_spoken() {
        let mut world = world(true);
        world.say(1, 0, "50");
        world.say(2, 0, "50");
        world.speaking.stop(LEG, Epoch(1));
        assert_eq!(world.event(), SpeakingEvent::Dropped { utterance: UtteranceId(1) });
        assert_eq!(world.event(), SpeakingEvent::Dropped { utterance: UtteranceId(2) });
        world.say(3, 0, "50");
        assert_eq!(world.event(), SpeakingEvent::Dropped { utterance: UtteranceId(3) });
        world.say(4, 1, "4");
        world.gate.send(()).unwrap();
        world.gate.send(()).unwrap();
        assert_eq!(world.play(1, 1), [(4, 4, true)]);
        drop(world.gate);
    }

    #[test]
    fn a_voice_that_fails_or_panics_is_told_and_goes_on() {
        let mut world = world(false);
        for (utterance, text) in [(1, "fail"), (2, "panic"), (3, "2")] {
            world.say(utterance, 0, text);
        }
        assert_eq!(world.play(0, 3), [(1, 3, true), (2, 1, true), (3, 2, true)]);
        let failed = |utterance, what: &str| SpeakingEvent::Failed {
            utterance: UtteranceId(utterance),
            what: what.into(),
        };
        assert_eq!(world.event(), failed(1, "the voice failed: scripted"));
        assert_eq!(world.event(), failed(2, "it panicked"));
        assert_eq!(world.event(), rendered(3, 2));
    }

    #[test]
    fn a_prompt_is_spoken_without_the_voice() {
        let mut world = world(true);
        world.speaking.prerender("7", Manner::default()).unwrap();
        world.gate.send(()).unwrap();
        while !world.speaking.is_prerendered("7", Manner::default()) {
            std::thread::sleep(Duration::from_millis(1));
        }
        // The gate is shut: the voice would wait for ever.
        world.say(1, 0, "7");
        assert_eq!(world.play(0, 1), [(1, 7, true)]);
        assert_eq!(world.event(), rendered(1, 7));
        drop(world.gate);
    }

    #[test]
    fn a_leg_with_a_full_ring_keeps_nobody_waiting() {
        let mut world = world(false);
        let (down, mut other) = Playback::new();
        world.speaking.attach(LegId(2), down, Box::new(|_, _| {}));
        world.say(1, 0, "1000");
        let text = Phi::new("300".to_owned());
        world.speaking.say(LegId(2), UtteranceId(9), Epoch(0), text, Manner::default()).unwrap();
        let mut played = 0;
        while played < 300 {
            match other.next(Epoch(0), true, |_| {}) {
                Some(_) => played += 1,
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        }
        assert_eq!(world.play(0, 1), [(1, 1000, true)]);
    }

    #[test]
    fn more_than_a_minute_is_cut_and_said_so() {
        let mut world = world(false);
        world.say(1, 0, "4000");
        assert_eq!(world.play(0, 1), [(1, LONGEST as u32, true)]);
        let SpeakingEvent::Failed { what, .. } = world.event() else { panic!("not told") };
        assert!(what.contains("60 s"));
    }
}
