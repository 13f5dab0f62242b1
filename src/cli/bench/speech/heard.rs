//! Runs a recogniser on frames as a call would, in virtual time: a frame every 20 ms, and the engine's own work takes
//! as long as it took here.

use std::time::{Duration, Instant};

use super::Failure;
use crate::base::{Expect, Frame, Hints, Purpose, TurnId};
use crate::speech::{HeardFrame, Recognizer, Transcript, Vad};

/// What came of one utterance.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    pub(super) text: String,
    /// From the decided end of the turn to the text.
    pub(super) latency: Duration,
    /// Processor time of all the engine's work on it.
    pub(super) cpu: Duration,
    /// How long the speech was, without the pause after it.
    pub(super) speech: Duration,
}

/// The pause after which the turn counts as over: that of a complete sentence (`Patience::NORMAL`).
const PAUSE: Duration = Duration::from_millis(500);
const FRAME: Duration = Duration::from_millis(20);
/// Silence before anybody speaks, so that the voice detector knows the line.
const BEFORE: usize = 25;
/// So much silence follows at most, if the detector hears no end.
const AFTER: usize = 60;

/// A clock of the frames, and of when the engine is free again.
#[derive(Default)]
struct Clock {
    now: Duration,
    free: Duration,
    cpu: Duration,
}

impl Clock {
    /// Lets the engine work, if it is free, and counts how long that took.
    fn work<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (wall, cpu) = (Instant::now(), thread_cpu());
        let result = work();
        self.free = self.free.max(self.now) + wall.elapsed();
        self.cpu += thread_cpu().saturating_sub(cpu);
        result
    }
}

/// Lets a recogniser hear an utterance.
pub(super) fn hear(
    recognizer: &mut dyn Recognizer,
    expect: Expect,
    frames: &[(Frame, bool)],
    vad: &mut Vad,
) -> Result<Heard, Failure> {
    recognizer.reset();
    recognizer.expect(&Hints::from(expect));
    vad.reset();
    let mut clock = Clock::default();
    let quiet = std::iter::repeat_n((Frame::SILENCE, false), BEFORE);
    let after = std::iter::repeat_n((Frame::SILENCE, false), AFTER);
    let (mut last_voice, spoken) = (None, BEFORE + frames.len());
    for (tick, (frame, concealed)) in quiet.chain(frames.iter().copied()).chain(after).enumerate() {
        clock.now = FRAME * (tick as u32 + 1);
        let activity = vad.push(&frame);
        let heard =
            HeardFrame { concealed, ..HeardFrame::new(tick as u64, frame, activity.voiced) };
        clock.work(|| recognizer.push(&heard))?;
        // Only what has come by now can be worked on, and only by an engine that has done with what came before.
        if clock.free <= clock.now {
            clock.free = clock.now;
        }
        if clock.free < clock.now + FRAME {
            clock.work(|| recognizer.poll())?;
        }
        if activity.voiced {
            last_voice = Some(clock.now);
        }
        let over = last_voice.is_some_and(|last| clock.now >= last + PAUSE);
        if over && tick >= spoken {
            break;
        }
    }
    let decided = clock.now;
    recognizer.finish(TurnId(1));
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let heard = clock.work(|| recognizer.poll())?;
        if let Some(Transcript::Final { text, .. }) = heard {
            return Ok(Heard {
                text: text.reveal(Purpose::Comparison).clone(),
                latency: clock.free.saturating_sub(decided),
                cpu: clock.cpu,
                speech: FRAME * frames.len() as u32,
            });
        }
        if Instant::now() > deadline {
            return Err("the recogniser gives no final text".into());
        }
    }
}

/// Processor time of this thread, in nanoseconds as the scheduler counts them.
fn thread_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or_default();
    Duration::from_nanos(nanos)
}
