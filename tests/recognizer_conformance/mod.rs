//! What every recogniser must do, whatever it runs on.

use attendant::base::{Purpose, TurnId};
use attendant::speech::{HeardFrame, Recognizer, Transcript, Work};

/// Runs all checks on recognisers made by `make`. `speech` is something it understands, with
/// silence round it.
pub(crate) fn conforms(make: &mut dyn FnMut() -> Box<dyn Recognizer>, speech: &[HeardFrame]) {
    finish_without_any_frame_is_an_empty_final(make().as_mut());
    silence_is_an_empty_final(make().as_mut(), speech);
    speech_is_a_final_with_words(make().as_mut(), speech);
    reset_forgets_what_was_not_finished(make().as_mut(), speech);
    reset_keeps_what_was_finished(make().as_mut(), speech);
    frames_after_finish_are_the_next_turn(make().as_mut(), speech);
    what_is_urgent_is_told(make().as_mut(), speech);
}

fn push(recognizer: &mut dyn Recognizer, speech: &[HeardFrame]) {
    speech.iter().for_each(|heard| recognizer.push(heard).unwrap());
}

/// Returns the text of the next final; partials before it are skipped.
pub(crate) fn next_final(recognizer: &mut dyn Recognizer, expected: TurnId) -> String {
    for _ in 0..100 {
        match recognizer.poll().unwrap() {
            Some(Transcript::Final { turn, text, confidence }) => {
                assert_eq!(turn, expected);
                assert!((0.0..=1.0).contains(&confidence), "{confidence}");
                return text.reveal(Purpose::Comparison).clone();
            }
            Some(Transcript::Partial { .. }) | None => {}
        }
    }
    panic!("no final for {expected}");
}

fn nothing_more(recognizer: &mut dyn Recognizer) {
    assert_eq!(recognizer.poll().unwrap(), None);
}

fn finish_without_any_frame_is_an_empty_final(recognizer: &mut dyn Recognizer) {
    nothing_more(recognizer);
    recognizer.finish(TurnId(7));
    assert_eq!(next_final(recognizer, TurnId(7)), "");
    nothing_more(recognizer);
}

fn silence_is_an_empty_final(recognizer: &mut dyn Recognizer, speech: &[HeardFrame]) {
    let silence = HeardFrame::new(0, attendant::base::Frame::SILENCE, false);
    push(recognizer, &vec![silence; 100]);
    nothing_more(recognizer);
    recognizer.finish(TurnId(1));
    assert_eq!(next_final(recognizer, TurnId(1)), "");
    push(recognizer, speech);
    recognizer.finish(TurnId(2));
    assert_ne!(next_final(recognizer, TurnId(2)), "");
}

fn speech_is_a_final_with_words(recognizer: &mut dyn Recognizer, speech: &[HeardFrame]) {
    push(recognizer, speech);
    recognizer.finish(TurnId(1));
    assert_ne!(next_final(recognizer, TurnId(1)), "");
    nothing_more(recognizer);
}

fn reset_forgets_what_was_not_finished(recognizer: &mut dyn Recognizer, speech: &[HeardFrame]) {
    push(recognizer, speech);
    recognizer.reset();
    nothing_more(recognizer);
    recognizer.finish(TurnId(1));
    assert_eq!(next_final(recognizer, TurnId(1)), "");
}

fn reset_keeps_what_was_finished(recognizer: &mut dyn Recognizer, speech: &[HeardFrame]) {
    push(recognizer, speech);
    recognizer.finish(TurnId(1));
    push(recognizer, &speech[..speech.len() / 2]);
    recognizer.reset();
    assert_ne!(next_final(recognizer, TurnId(1)), "");
    nothing_more(recognizer);
}

fn frames_after_finish_are_the_next_turn(recognizer: &mut dyn Recognizer, speech: &[HeardFrame]) {
    push(recognizer, speech);
    recognizer.finish(TurnId(1));
    push(recognizer, speech);
    recognizer.finish(TurnId(2));
    recognizer.finish(TurnId(3));
    let first = next_final(recognizer, TurnId(1));
    assert_ne!(first, "");
    assert_eq!(next_final(recognizer, TurnId(2)), first, "the same sound, the same words");
    assert_eq!(next_final(recognizer, TurnId(3)), "");
    nothing_more(recognizer);
}

/// Once everything is done, nothing is due; while somebody waits for a final, it comes before all else.
fn what_is_urgent_is_told(recognizer: &mut dyn Recognizer, speech: &[HeardFrame]) {
    assert_eq!(recognizer.due(), None);
    push(recognizer, speech);
    recognizer.finish(TurnId(1));
    push(recognizer, speech);
    assert!(recognizer.due().is_none_or(|work| work == Work::Final));
    assert_ne!(next_final(recognizer, TurnId(1)), "");
    assert_ne!(recognizer.due(), Some(Work::Final), "the second turn is not over");
    recognizer.reset();
    nothing_more(recognizer);
    assert_eq!(recognizer.due(), None);
}
