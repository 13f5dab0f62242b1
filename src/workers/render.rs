//! A voice's thread: it takes parts of texts, most urgent first, and renders them.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::base::{Frame, Language, Phi, Purpose};
use crate::media::Leveller;
use crate::speech::{Trouble, Voice};

use super::desk::{Desk, Job, LONGEST};
use super::linux::step_back;
use super::slicer::Slicer;
use super::speaking::{Rendering, Shared, SpeakingEvent};

/// A first sound that is later than this is worth a cut in the melody.
const SOON: Duration = Duration::from_millis(300);

/// The gains of each voice that speaks on this thread: by language, and whether it is a stand-in.
type Levellers = BTreeMap<(Language, bool), Leveller>;

/// What came of a part.
enum Outcome {
    /// More parts may follow.
    Said,
    /// Nobody wants the rest.
    Enough,
    /// The voice failed.
    Failed(String),
}

/// Renders until the threads are to end.
pub(super) fn render(shared: &Shared, mut voice: Box<dyn Voice>) {
    step_back();
    let mut levellers = Levellers::new();
    loop {
        let taken =
            shared.take_job(&mut |language| voice.stand_in(language, Trouble::Late).is_some());
        let Some((mut job, light)) = taken else { return };
        let outcome = if shared.desk().wants(&job) {
            next_part(shared, voice.as_mut(), &mut job, light, &mut levellers)
        } else {
            Outcome::Enough
        };
        let mut desk = shared.desk();
        if job.to.is_none() {
            desk.preparing -= 1;
        }
        put_away(&mut desk, job, outcome);
        drop(desk);
        shared.wake();
    }
}

/// Puts a job back for its next part, or ends it.
fn put_away(desk: &mut Desk, mut job: Job, outcome: Outcome) {
    let left = job.parts.as_ref().and_then(VecDeque::front);
    let more = left.map(|part| part.reveal(Purpose::SpokenReply).len());
    match (outcome, more, job.to) {
        (Outcome::Said, Some(letters), to) => {
            job.letters = letters;
            match to {
                Some(_) => desk.sentences.push(job),
                None => {
                    // A caller who comes now waits for a greeting: behind that, and before what nobody waits for.
                    let idle = desk.to_prepare.iter().position(|other| job.idle && other.idle);
                    let first = if job.idle { desk.to_prepare.len() } else { 0 };
                    desk.to_prepare.insert(idle.unwrap_or(first), job);
                }
            }
        }
        (Outcome::Failed(what), _, Some((leg, id))) => desk.finish(leg, id, job.by, Some(what)),
        (_, _, Some((leg, id))) => desk.finish(leg, id, job.by, None),
        // What is missing of a prompt is rendered again when it is said.
        (Outcome::Said, None, None) => {
            let text = job.text.reveal(Purpose::SpokenReply).clone();
            desk.prompts.keep(text, job.manner, job.prompt);
        }
        (_, _, None) => {}
    }
}

/// Cuts the text if that is to be done, and renders the next part.
fn next_part(
    shared: &Shared,
    voice: &mut dyn Voice,
    job: &mut Job,
    light: bool,
    levellers: &mut Levellers,
) -> Outcome {
    if job.parts.is_none() {
        let text = job.text.reveal(Purpose::SpokenReply);
        let cut = catch_unwind(AssertUnwindSafe(|| voice.parts(text, job.manner)));
        let cut = cut.unwrap_or_else(|_| vec![text.clone()]);
        job.parts = Some(cut.into_iter().map(Phi::new).collect());
    }
    let Some(part) = job.parts.as_mut().and_then(VecDeque::pop_front) else { return Outcome::Said };
    let part = part.reveal(Purpose::SpokenReply);
    let known = shared.desk().prompts.get(part, job.manner);
    if let Some(frames) = known {
        return match deliver(shared, job, &frames) {
            ControlFlow::Continue(()) => Outcome::Said,
            ControlFlow::Break(()) => Outcome::Enough,
        };
    }
    let part = &first_piece(shared, voice, job, part);
    let begun = Instant::now();
    let before = job.prompt.len();
    let late = light.then_some(Trouble::Late);
    let mut spoken = speak(shared, voice, part, job, late, levellers);
    let took = begun.elapsed();
    if let (Outcome::Failed(what), false, Some((leg, utterance))) = (&spoken.0, light, job.to)
        && spoken.1 == 0
    {
        // Nothing of it was heard: the lighter voice says it.
        let event = SpeakingEvent::FellBack { utterance, what: what.clone() };
        if voice.stand_in(job.manner.language, Trouble::Failed).is_some() {
            shared.desk().events.push((leg, event));
            spoken = speak(shared, voice, part, job, Some(Trouble::Failed), levellers);
            job.by = Rendering::Light;
        }
    } else if matches!(spoken.0, Outcome::Said) && !light {
        let mut desk = shared.desk();
        desk.took(job.manner.language, part.len(), took);
        let several = job.text.reveal(Purpose::Comparison) != part;
        if job.to.is_none() && several {
            desk.prompts.keep(part.clone(), job.manner, job.prompt[before..].to_vec());
        }
    }
    job.by = job.by.max(if light { Rendering::Light } else { Rendering::Voice });
    spoken.0
}

/// Returns what is rendered now of a part: all of it, or a first piece where its caller would wait too long.
fn first_piece(shared: &Shared, voice: &dyn Voice, job: &mut Job, part: &str) -> String {
    if job.in_pieces > 0 || job.to.is_none() {
        job.in_pieces = job.in_pieces.saturating_sub(1);
        return part.to_owned();
    }
    let desk = shared.desk();
    let waits = desk.estimate(job.manner.language, part.len()) > desk.slack(job) + SOON;
    drop(desk);
    let cut = |part: &str| catch_unwind(AssertUnwindSafe(|| voice.pieces(part, job.manner)));
    let mut pieces = if waits { cut(part).unwrap_or_default() } else { Vec::new() }.into_iter();
    let Some(first) = pieces.next() else { return part.to_owned() };
    if let Some(parts) = &mut job.parts {
        for piece in pieces.rev() {
            parts.push_front(Phi::new(piece));
            job.in_pieces += 1;
        }
    }
    first
}

/// Gives frames to whom they are for.
fn deliver(shared: &Shared, job: &mut Job, frames: &[Frame]) -> ControlFlow<()> {
    match job.to {
        Some((leg, id)) => {
            let flow = shared.desk().add(leg, id, frames);
            shared.wake();
            flow
        }
        None => {
            job.prompt.extend_from_slice(frames);
            if job.prompt.len() > LONGEST {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }
    }
}

/// Renders a part with the voice or the lighter one: what came of it and how many frames.
fn speak(
    shared: &Shared,
    voice: &mut dyn Voice,
    part: &str,
    job: &mut Job,
    trouble: Option<Trouble>,
    levellers: &mut Levellers,
) -> (Outcome, usize) {
    let language = job.manner.language;
    let leveller = levellers.entry((language, trouble.is_some())).or_default();
    let other = trouble.filter(|&trouble| voice.stand_in(language, trouble).is_some());
    let voice = match other {
        Some(trouble) => voice.stand_in(language, trouble).expect("it is there"),
        None => voice,
    };
    let mut slicer = Slicer::default();
    let (mut count, mut wanted) = (0, true);
    let manner = job.manner;
    let mut hand_over = |frames: &[Frame]| {
        count += frames.len();
        let flow = deliver(shared, job, frames);
        wanted &= flow.is_continue();
        flow
    };
    let spoken = catch_unwind(AssertUnwindSafe(|| {
        voice.speak(part, manner, &mut |piece| hand_over(slicer.cut(piece, leveller)))
    }));
    let _ = hand_over(slicer.rest(leveller));
    let outcome = match spoken {
        // Nobody waits for a prompt: one that its voice did not speak to the end is not kept for all callers.
        Ok(Ok(())) if job.to.is_none() && !voice.spoke_it_all() => Outcome::Enough,
        Ok(Ok(())) if wanted => Outcome::Said,
        Ok(Ok(())) => Outcome::Enough,
        Ok(Err(error)) => Outcome::Failed(error.to_string()),
        Err(_) => Outcome::Failed("it panicked".into()),
    };
    (outcome, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::Manner;

    /// A prompt with parts left.
    fn prompt(text: &str, idle: bool) -> Job {
        let parts = Some(VecDeque::from([Phi::new("rest".to_owned())]));
        let job = Job::new(None, Phi::new(text.to_owned()), Manner::default());
        Job { parts, idle, ..job }
    }

    #[test]
    fn the_rest_of_what_nobody_waits_for_comes_after_a_greeting_and_before_others_like_it() {
        let to_prepare = VecDeque::from([prompt("greeting", false), prompt("later", true)]);
        let mut desk = Desk { to_prepare, ..Desk::default() };
        put_away(&mut desk, prompt("begun", true), Outcome::Said);
        put_away(&mut desk, prompt("another greeting", false), Outcome::Said);
        let order = desk.to_prepare.iter().map(|job| job.text.reveal(Purpose::Comparison).as_str());
        let order: Vec<&str> = order.collect();
        assert_eq!(order, ["another greeting", "greeting", "begun", "later"]);
        desk.to_prepare.truncate(2);
        put_away(&mut desk, prompt("begun", true), Outcome::Said);
        assert_eq!(desk.to_prepare.len(), 3);
        assert!(desk.to_prepare[2].idle, "behind both greetings");
    }
}
