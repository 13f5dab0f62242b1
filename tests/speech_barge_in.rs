//! Sounds over the agent's speech, told as timelines.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod floor_story;
mod timeline;

use floor_story::check;

#[test]
fn who_speaks_on_takes_the_floor() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2670ms > stop speaking
        2670ms > Stopped after 770 ms
        2670ms < agent ends
        2820ms < voice off
        3120ms < partial I want a person.
        3220ms > end of turn
        ",
    );
}

#[test]
fn words_take_the_floor_sooner() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2300ms < voice off
        2500ms < partial Wait.
        2500ms > stop speaking
        2500ms > Stopped after 600 ms
        2800ms > end of turn
        ",
    );
}

/// A recogniser that tells words while they are spoken: of a voice so short they may be others in the end. The agent is
/// held all the while.
#[test]
fn words_of_a_part_of_a_short_voice_are_not_believed_before_the_whole_is_known() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2250ms < partial so yeah
        2300ms < voice off
        2320ms < partial so yeah
        2500ms < partial Yeah.
        2500ms > go on
        2500ms > Backchannel after 600 ms
        3200ms > discard
        ",
    );
    // A sign of listening stays one, if it is heard otherwise later.
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2300ms < voice off
        2350ms < partial Right.
        2350ms > go on
        2350ms > Backchannel after 450 ms
        2500ms < partial Ride.
        3050ms > discard
        ",
    );
    // No others come: they count.
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2300ms < voice off
        2300ms < partial no wait
        3000ms > stop speaking
        3000ms > Stopped after 1100 ms
        3000ms > end of turn
        ",
    );
}

#[test]
fn a_cough_is_too_short_to_hold_the_agent_for() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2030ms < voice off
        2030ms > unduck
        2030ms > Nothing after 130 ms
        2030ms > discard
        3000ms < agent ends
        3000ms < hold
        ",
    );
    // Known to have been one a moment late.
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2100ms < voice off
        2100ms > go on
        2100ms > Nothing after 200 ms
        2100ms > discard
        3000ms < agent ends
        3000ms < hold
        ",
    );
}

#[test]
fn who_listens_does_not_stop_the_agent() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2350ms < voice off
        2600ms < partial Mm-hmm, okay.
        2600ms > go on
        2600ms > Backchannel after 700 ms
        3300ms > discard
        4000ms < agent ends
        4000ms < hold
        ",
    );
    check(
        "
        0ms < listen spanish
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2350ms < voice off
        2600ms < partial Ajá, claro.
        2600ms > go on
        2600ms > Backchannel after 700 ms
        3300ms > discard
        4000ms < agent ends
        4000ms < hold
        ",
    );
}

#[test]
fn what_was_denied_does_not_stop_the_agent_when_it_is_taken_for_a_voice_again() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2150ms < denied
        2150ms > go on
        2150ms > Nothing after 250 ms
        3000ms < confirmed
        3000ms > duck
        3130ms < denied
        3130ms > unduck
        3130ms > Nothing after 230 ms
        4000ms < confirmed by the model
        4000ms > pause
        4130ms < denied
        4130ms > go on
        4130ms > Nothing after 230 ms
        4300ms < unknown
        4300ms > duck
        4440ms > pause
        4500ms < voice off
        4500ms > go on
        4500ms > Nothing after 200 ms
        4500ms > discard
        ",
    );
}

#[test]
fn who_agrees_at_some_length_does_not_stop_the_agent() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2400ms < partial That works
        2700ms < voice off
        2900ms < partial That works.
        2900ms > go on
        2900ms > Backchannel after 1000 ms
        3600ms > discard
        ",
    );
}

#[test]
fn where_yes_or_no_is_asked_they_are_answers() {
    check(
        "
        0ms < listen yes-no
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2350ms < voice off
        2600ms < partial Okay.
        2600ms > stop speaking
        2600ms > Stopped after 700 ms
        2650ms > end of turn
        ",
    );
}

/// More may follow a sign of listening, and then it was none.
#[test]
fn okay_but_is_no_sign_of_listening() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2250ms < partial okay
        2400ms < voice off
        2500ms < voice on
        2770ms > stop speaking
        2770ms > Stopped after 870 ms
        3000ms < voice off
        3300ms < partial Okay, but not on Friday.
        3400ms > end of turn
        ",
    );
}

#[test]
fn a_voice_without_words_is_waited_for_and_late_words_still_count() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2400ms < voice off
        3100ms > go on
        3100ms > Nothing after 1200 ms
        4300ms > discard
        6000ms < agent ends
        6000ms < hold
        ",
    );
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2400ms < voice off
        3100ms > go on
        3100ms > Nothing after 1200 ms
        3500ms < partial I want a person.
        3500ms > stop speaking
        3500ms > Stopped after 1200 ms
        3500ms > end of turn
        ",
    );
}

#[test]
fn a_digit_stops_what_may_be_stopped() {
    check(
        "
        1000ms < agent starts
        2000ms < key
        2000ms > stop speaking
        2000ms > Keyed after 0 ms
        2000ms < agent ends
        2100ms < protected starts
        2200ms < key
        3000ms < agent ends
        3000ms < hold
        ",
    );
}

#[test]
fn hints_turn_it_down_and_hold_it() {
    check(
        "
        1000ms < agent starts
        2060ms < suspected
        2060ms > duck
        2100ms < voice on
        2105ms < confirmed
        2105ms > pause
        2400ms < voice off
        2600ms < partial Right.
        2600ms > go on
        2600ms > Backchannel after 600 ms
        3060ms < suspected
        3060ms > duck
        3300ms > discard
        3660ms > unduck
        3660ms > Nothing after 660 ms
        4000ms < agent ends
        4000ms < hold
        ",
    );
}

#[test]
fn what_is_denied_was_none() {
    check(
        "
        1000ms < agent starts
        2060ms < suspected
        2060ms > duck
        2100ms < voice on
        2105ms < confirmed
        2105ms > pause
        2300ms < denied
        2300ms > go on
        2300ms > Nothing after 300 ms
        3400ms < voice off
        3400ms > discard
        4000ms < agent ends
        4000ms < hold
        ",
    );
}

/// Hold music of the caller's own, while the agent waits for an answer: no turn, and it stops nothing that is said later.
#[test]
fn what_is_denied_while_the_agent_is_silent_is_no_turn() {
    check(
        "
        1100ms < voice on
        1200ms < denied
        1700ms < voice off
        1700ms > discard
        2100ms < voice on
        2200ms < denied
        2500ms < agent starts
        4000ms < agent ends
        4000ms < hold
        ",
    );
}

/// A voice in the music is one; and a cough after words does not undo them.
#[test]
fn a_voice_in_what_was_denied_is_a_turn() {
    check(
        "
        1100ms < voice on
        1200ms < denied
        1900ms < confirmed by the model
        2500ms < voice off
        3200ms > end of turn
        5100ms < voice on
        6000ms < voice off
        6200ms < voice on
        6300ms < denied
        6600ms < voice off
        6720ms > end of turn
        ",
    );
}

/// A suspicion may be our own echo.
#[test]
fn echo_does_next_to_nothing() {
    check(
        "
        1000ms < agent starts
        1200ms < suspected
        1200ms > duck
        1250ms < not suspected
        1250ms > unduck
        1250ms > Nothing after 110 ms
        3500ms < partial practice's automated assistant
        4000ms < agent ends
        4000ms < hold
        ",
    );
}

/// A voice that was confirmed and then never told.
#[test]
fn nobody_is_left_in_the_air() {
    check(
        "
        1000ms < agent starts
        2000ms < confirmed
        2000ms > pause
        2800ms > go on
        2800ms > Nothing after 900 ms
        4000ms > discard
        5000ms < agent ends
        5000ms < hold
        ",
    );
    // Coughs, each short enough and soon enough after the last.
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2150ms < voice off
        2650ms < voice on
        2750ms < voice off
        3250ms < voice on
        3350ms < voice off
        3850ms < voice on
        3950ms < voice off
        4450ms < voice on
        4540ms > stop speaking
        4540ms > Stopped after 2640 ms
        4550ms < voice off
        5250ms > end of turn
        ",
    );
}

#[test]
fn a_protected_sentence_is_heard_to_its_end_and_the_answer_given_over_it_counts() {
    check(
        "
        1000ms < protected starts
        2000ms < voice on
        2500ms < voice off
        4000ms < agent ends
        4000ms > end of turn
        ",
    );
    check(
        "
        0ms < listen yes-no
        1000ms < protected starts
        2000ms < voice on
        2400ms < voice off
        2700ms < partial Yes.
        4000ms < agent ends
        4000ms > end of turn
        ",
    );
    check(
        "
        1000ms < protected starts
        2000ms < voice on
        2400ms < voice off
        2700ms < partial Mm-hmm.
        4000ms < agent ends
        4000ms > discard
        4000ms < hold
        ",
    );
}

#[test]
fn an_answer_begun_over_the_last_word_is_an_answer() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2030ms < agent ends
        2030ms > unduck
        2030ms > Overtaken after 130 ms
        2400ms < voice off
        2600ms < partial Yes.
        2900ms > end of turn
        ",
    );
}

#[test]
fn who_spoke_over_a_protected_sentence_is_not_talked_over_by_the_next_one() {
    check(
        "
        1000ms < protected starts
        2000ms < voice on
        3000ms < agent starts
        3000ms > stop speaking
        3000ms > Stopped after 0 ms
        3000ms < agent ends
        4000ms < voice off
        4300ms < partial This is Maria Lopez.
        4400ms > end of turn
        ",
    );
    check(
        "
        1000ms < protected starts
        2000ms < voice on
        2400ms < voice off
        2500ms < agent starts
        2500ms > pause
        2700ms < partial Maria Lopez.
        2700ms > stop speaking
        2700ms > Stopped after 200 ms
        2700ms < agent ends
        2800ms > end of turn
        ",
    );
}

/// What a guard has dropped is not held any more, and the turn goes on.
#[test]
fn a_guard_may_drop_what_is_held() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2300ms < dropped
        2300ms > Overtaken after 400 ms
        2310ms < protected starts
        2400ms < voice off
        5000ms < agent ends
        5000ms > end of turn
        ",
    );
}

#[test]
fn a_hold_lets_go_of_what_is_held() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2000ms > duck
        2040ms > pause
        2200ms < hold
        2200ms > go on
        2200ms > Overtaken after 300 ms
        2300ms < voice off
        2400ms < partial music
        60000ms < resume
        61000ms < voice on
        61000ms > duck
        61030ms < voice off
        61030ms > unduck
        61030ms > Nothing after 130 ms
        61030ms > discard
        62000ms < hold
        ",
    );
}
