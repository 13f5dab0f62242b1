//! When a turn is over, told as timelines.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod floor_story;
mod timeline;

use floor_story::check;

#[test]
fn a_complete_sentence_ends_the_turn_sooner_than_one_nobody_understood() {
    check(
        "
        1100ms < voice on
        2100ms < voice off
        2400ms < partial I need to move my appointment.
        2500ms > end of turn
        5100ms < voice on
        6100ms < voice off
        6800ms > end of turn
        ",
    );
}

#[test]
fn a_sentence_that_trails_off_is_waited_for() {
    check(
        "
        1100ms < voice on
        2100ms < voice off
        2400ms < partial I would like to see doctor Patel on
        2900ms < voice on
        3600ms < voice off
        3900ms < partial I would like to see doctor Patel on Friday.
        4000ms > end of turn
        5000ms < listen spanish
        6100ms < voice on
        7100ms < voice off
        7400ms < partial Quisiera cambiar mi cita para el
        8300ms > end of turn
        ",
    );
}

#[test]
fn a_dictated_date_may_pause_until_it_is_one() {
    check(
        "
        0ms < listen date
        1100ms < voice on
        1700ms < voice off
        2000ms < partial March.
        2600ms < voice on
        3900ms < voice off
        4200ms < partial March 9, 1984.
        4250ms > end of turn
        ",
    );
}

#[test]
fn a_number_is_waited_for_until_it_has_its_digits() {
    check(
        "
        0ms < listen zip
        1100ms < voice on
        1700ms < voice off
        2000ms < partial six oh six
        3000ms < voice on
        3500ms < voice off
        3750ms < partial six oh six one four
        3800ms > end of turn
        ",
    );
}

#[test]
fn a_name_that_is_spelled_is_waited_for() {
    check(
        "
        0ms < listen name
        1100ms < voice on
        1700ms < voice off
        2000ms < partial Lopez. L. O.
        2700ms < voice on
        3500ms < voice off
        3750ms < partial Lopez. L. O. P. E. Z.
        4600ms > end of turn
        ",
    );
}

/// A partial that comes later than the pause it asks for ends the turn at once.
#[test]
fn yes_is_quick() {
    check(
        "
        0ms < listen yes-no
        1100ms < voice on
        1500ms < voice off
        1600ms < partial Yes.
        1800ms > end of turn
        3100ms < voice on
        3500ms < voice off
        3770ms < partial No, thanks.
        3770ms > end of turn
        ",
    );
}

/// What was known before the last sound ended is not all that was said.
#[test]
fn words_that_are_older_than_the_last_sound_do_not_end_the_turn() {
    check(
        "
        0ms < listen yes-no
        1100ms < voice on
        1350ms < partial Yes.
        1500ms < voice off
        2000ms > end of turn
        ",
    );
}

/// An emergency is answered on a partial transcript, before the turn is over: the turn still ends, and
/// what the agent says next is not taken for something that it says over the caller.
#[test]
fn a_turn_that_is_answered_before_its_end_ends_all_the_same() {
    check(
        "
        1100ms < voice on
        2100ms < voice off
        2300ms < partial I have chest pain.
        2320ms < protected starts
        2500ms > end of turn
        5000ms < agent starts
        9000ms < agent ends
        9000ms < hold
        ",
    );
}

#[test]
fn nobodys_silence_counts_on_hold() {
    check(
        "
        1000ms < agent starts
        2000ms < agent ends
        3000ms < hold
        60000ms < resume
        67000ms > silence 7 s
        74000ms > silence 14 s
        81000ms > silence 21 s
        88000ms > silence 28 s
        95000ms > silence 35 s
        102000ms > silence 42 s
        ",
    );
}
