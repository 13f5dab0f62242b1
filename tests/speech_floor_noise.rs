//! Noise, music and short answers, told as timelines: what is no voice is no turn and stops nothing, and no word is lost
//! for it.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod floor_story;
mod timeline;

use floor_story::check;

/// What was denied over the agent is no answer when the agent ends.
#[test]
fn music_that_goes_on_after_the_agent_is_no_turn() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2150ms < denied
        2150ms > go on
        2150ms > Nothing after 250 ms
        3000ms < agent ends
        5000ms < voice off
        5000ms > discard
        10000ms > silence 7 s
        11000ms < hold
        ",
    );
}

/// Each new note of what the model denies holds nothing, until the model takes that back.
#[test]
fn what_is_still_denied_does_not_turn_the_agent_down_again() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2150ms < denied
        2150ms > go on
        2150ms > Nothing after 250 ms
        2500ms < voice off
        2500ms > discard
        2600ms < voice on
        2900ms < voice off
        2900ms > discard
        3100ms < unknown
        3200ms < voice on
        3200ms > duck
        3240ms > pause
        3400ms < voice off
        3600ms < partial Stop.
        3600ms > stop speaking
        3600ms > Stopped after 500 ms
        3600ms < agent ends
        3900ms > end of turn
        ",
    );
}

/// The caller's silence is one deadline, whatever comes in between.
#[test]
fn music_does_not_put_off_the_question_whether_somebody_is_there() {
    check(
        "
        1000ms < agent starts
        2000ms < agent ends
        3000ms < voice on
        3150ms < denied
        4000ms < voice off
        4000ms > discard
        4200ms < unknown
        8500ms < voice on
        8650ms < denied
        9000ms > silence 7 s
        9500ms < voice off
        9500ms > discard
        16000ms > silence 14 s
        17000ms < hold
        ",
    );
}

#[test]
fn a_turn_that_was_a_noise_does_not_begin_the_silence_anew() {
    check(
        "
        1000ms < agent starts
        2000ms < agent ends
        3000ms < voice on
        3200ms < voice off
        3900ms > end of turn
        4000ms < nothing
        8000ms < voice on
        8200ms < voice off
        8900ms > end of turn
        9100ms < nothing
        11100ms > silence 9 s
        12000ms < hold
        ",
    );
}

/// A bus goes by behind the caller's last word: the words end the turn, and not the bus.
#[test]
fn noise_behind_a_sentence_does_not_hold_up_its_end() {
    check(
        "
        1100ms < voice on
        2400ms < denied
        2700ms < partial I need to move my appointment.
        2700ms > end of turn
        3000ms < confirmed by the model
        3600ms < voice off
        3900ms < partial On Friday.
        4000ms > end of turn
        ",
    );
    // Its words were known before.
    check(
        "
        1100ms < voice on
        2300ms < partial I need to move my appointment.
        2400ms < denied
        2520ms > end of turn
        4000ms < voice off
        ",
    );
}

/// The model is a moment behind the detector.
#[test]
fn a_denial_is_of_the_voice_that_has_just_ended() {
    check(
        "
        1100ms < voice on
        1300ms < voice off
        1350ms < denied
        1350ms > discard
        ",
    );
    check(
        "
        1100ms < voice on
        2000ms < voice off
        2500ms < denied
        2700ms > end of turn
        ",
    );
}

/// What was said before the agent began is not lost for a cough over it.
#[test]
fn a_cough_over_the_agent_does_not_take_the_turn_before_it_along() {
    check(
        "
        1100ms < voice on
        1600ms < voice off
        1700ms < partial And I also need a refill.
        1800ms < agent starts
        1900ms < voice on
        1900ms > duck
        1930ms < voice off
        1930ms > unduck
        1930ms > Nothing after 130 ms
        2000ms > end of turn
        ",
    );
}

/// Signs of listening over a protected sentence add up to nothing.
#[test]
fn who_listened_to_a_protected_sentence_does_not_stop_the_next_one() {
    check(
        "
        1000ms < protected starts
        1500ms < voice on
        1850ms < voice off
        2500ms < voice on
        2850ms < voice off
        3100ms < partial Mm-hmm, okay.
        4000ms < agent starts
        4000ms > pause
        4000ms > go on
        4000ms > Backchannel after 0 ms
        4700ms > discard
        ",
    );
    // While it is still being said.
    check(
        "
        1000ms < protected starts
        1500ms < voice on
        2100ms < partial Okay.
        2200ms < agent starts
        2200ms > pause
        2300ms < voice off
        2500ms < partial Okay, thanks.
        2500ms > go on
        2500ms > Backchannel after 300 ms
        3200ms > discard
        ",
    );
}

/// A suspicion that does not come true may be a word's first sound: nothing is forgotten for it.
#[test]
fn the_first_sound_of_a_word_is_kept() {
    check(
        "
        1000ms < agent starts
        2060ms < suspected
        2060ms > duck
        2160ms < not suspected
        2160ms > unduck
        2160ms > Nothing after 160 ms
        2300ms < voice on
        2300ms > duck
        2340ms > pause
        2600ms < voice off
        2800ms < partial Excuse me.
        2800ms > stop speaking
        2800ms > Stopped after 600 ms
        3000ms > end of turn
        ",
    );
}

/// "Yes." over the last word of a question answers it.
#[test]
fn a_short_answer_over_the_last_word_is_one() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2300ms < voice off
        2500ms < partial Yes.
        2500ms > go on
        2500ms > Backchannel after 600 ms
        2700ms < agent ends
        2800ms > end of turn
        ",
    );
    // With more to be said after it, it is none.
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2300ms < voice off
        2500ms < partial Yes.
        2500ms > go on
        2500ms > Backchannel after 600 ms
        3200ms > discard
        3300ms < agent ends
        4000ms < hold
        ",
    );
    // Nobody understood it: it is asked what was said.
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2300ms < voice off
        3000ms > go on
        3000ms > Nothing after 1100 ms
        3100ms < agent ends
        3100ms > end of turn
        ",
    );
}

/// Words of what has been discarded come late, and earn the next voice nothing.
#[test]
fn words_of_what_is_forgotten_are_forgotten() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2030ms < voice off
        2030ms > unduck
        2030ms > Nothing after 130 ms
        2030ms > discard
        2200ms < partial Okay.
        3000ms < voice on
        3000ms > duck
        3040ms > pause
        4000ms < voice off
        4000ms > stop speaking
        4000ms > Stopped after 1100 ms
        4700ms > end of turn
        ",
    );
}
