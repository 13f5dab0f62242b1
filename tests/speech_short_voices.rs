//! Short voices over the agent's speech, told as timelines: what takes the floor, and what waits.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod floor_story;
mod timeline;

use floor_story::check;

/// They are a turn that the caller may go on with. If not, it is an answer; what the agent says next does not end it.
#[test]
fn words_that_ask_for_nothing_wait_for_the_agents_end() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2350ms < voice off
        2600ms < partial I thought.
        2600ms > go on
        2600ms > Backchannel after 700 ms
        6000ms < agent ends
        6020ms < agent starts
        9000ms < agent ends
        11500ms > end of turn
        ",
    );
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2350ms < voice off
        2600ms < partial Maria.
        2600ms > go on
        2600ms > Backchannel after 700 ms
        6000ms < agent ends
        7000ms < voice on
        7500ms < voice off
        7700ms < partial Maria. It is about my back.
        7900ms > end of turn
        ",
    );
}

#[test]
fn over_the_agents_last_word_they_are_an_answer_at_once() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2350ms < voice off
        2600ms < partial Maria.
        2600ms > go on
        2600ms > Backchannel after 700 ms
        2900ms < agent ends
        2900ms > end of turn
        ",
    );
}

#[test]
fn a_cough_does_not_undo_what_was_kept() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2350ms < voice off
        2600ms < partial Maria.
        2600ms > go on
        2600ms > Backchannel after 700 ms
        3000ms < voice on
        3000ms > duck
        3030ms < voice off
        3030ms > unduck
        3030ms > Nothing after 130 ms
        4000ms < agent ends
        6500ms > end of turn
        ",
    );
}

#[test]
fn what_is_added_to_them_may_ask_for_the_floor() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2350ms < voice off
        2600ms < partial Maria.
        2600ms > go on
        2600ms > Backchannel after 700 ms
        3000ms < voice on
        3000ms > duck
        3040ms > pause
        3500ms < voice off
        3700ms < partial Maria. No, wait.
        3700ms > stop speaking
        3700ms > Stopped after 800 ms
        3900ms > end of turn
        ",
    );
}

/// A whole text that comes after a part of it.
#[test]
fn the_same_voice_heard_better_may_ask_for_the_floor() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2500ms < voice off
        2610ms < partial So.
        2610ms > go on
        2610ms > Backchannel after 710 ms
        2650ms < partial Stop it.
        2650ms > stop speaking
        2650ms > Stopped after 250 ms
        2900ms > end of turn
        ",
    );
}

/// It is held, so that nobody suffers: "oh, okay" takes longer than many a word.
#[test]
fn a_voice_takes_the_floor_later_while_its_words_do_not_ask_for_it() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2900ms < voice off
        3100ms < partial Oh, okay.
        3100ms > go on
        3100ms > Backchannel after 1200 ms
        3800ms > discard
        ",
    );
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2600ms < partial I want to cancel
        2670ms > stop speaking
        2670ms > Stopped after 770 ms
        2900ms < voice off
        3100ms < partial I want to cancel it.
        3300ms > end of turn
        ",
    );
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2900ms < voice off
        3600ms > stop speaking
        3600ms > Stopped after 1700 ms
        3600ms > end of turn
        ",
    );
}

/// "Oh", a breath, and "okay": what the recogniser made of the first says nothing of the second.
#[test]
fn words_of_the_voice_before_are_not_those_of_this_one() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2300ms < voice off
        2500ms < voice on
        2530ms < partial Pearl,
        3000ms < voice off
        3200ms < partial Oh, okay.
        3200ms > go on
        3200ms > Backchannel after 1300 ms
        3900ms > discard
        ",
    );
}

#[test]
fn a_sign_of_listening_that_is_heard_otherwise_later_is_as_long() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2700ms < voice off
        2820ms < partial Oh, okay.
        2820ms > go on
        2820ms > Backchannel after 920 ms
        3000ms < partial No, no, Kate.
        3520ms > discard
        ",
    );
}

/// A door that is taken for a voice for a moment, and of which the recogniser makes a sentence.
#[test]
fn words_of_no_voice_take_nothing() {
    check(
        "
        1000ms < agent starts
        2000ms < confirmed
        2000ms > pause
        2050ms < partial No, I have paid.
        2800ms > go on
        2800ms > Nothing after 900 ms
        4000ms > discard
        5000ms < agent ends
        5000ms < hold
        ",
    );
}

/// A sound before the agent's first one, of which a word was made, is not meant for what the agent says seconds later.
#[test]
fn who_made_a_sound_before_the_greeting_does_not_stop_what_follows_it() {
    check(
        "
        1000ms < voice on
        1050ms < protected starts
        1140ms < voice off
        1400ms < partial Last.
        3500ms < agent starts
        3500ms > pause
        3500ms > go on
        3500ms > Backchannel after 0 ms
        9000ms < agent ends
        11500ms > end of turn
        ",
    );
}
