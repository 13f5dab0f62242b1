//! Somebody speaks over the agent, told as timelines: what holds it, what stops it, and what it goes on after.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod call_world;
mod timeline;

use call_world::{ANNOUNCED, GREETED, RUNG, check};

/// The agent asks its first question.
const ASKING: &str = "
            0ms > open media
            0ms > 180
            0ms > 200
            100ms < ack
            100ms > speak 1 in 0: Thank you for calling Maple Street. This is the practice's automated assistant.
            100ms > speak 2 in 0: How can I help you today?
            200ms < started 1
            3000ms < heard 1
            3000ms < rendered 2 100
            3001ms < started 2
    ";

#[test]
fn uh_huh_holds_the_agent_for_a_moment() {
    check(
        ASKING,
        "
            3600ms < voice-on
            3600ms > duck
            3640ms > pause
            3900ms < voice-off
            4150ms < partial Uh-huh.
            4150ms > unduck
            4150ms > go on
            4150ms > Backchannel after 650 ms
            4850ms > discard
            5600ms < heard 2
            6000ms < bye
            6000ms > close media
            6000ms > over CallerHungUp {} no note
        ",
    );
}

#[test]
fn a_cough_turns_it_down_and_no_more() {
    check(
        ASKING,
        "
            3600ms < suspected
            3600ms > duck
            3700ms < not-suspected
            3700ms > unduck
            3700ms > Nothing after 160 ms
            5600ms < heard 2
            6000ms < bye
            6000ms > close media
            6000ms > over CallerHungUp {} no note
        ",
    );
}

/// Who has more to say than the agent waited for goes on over its first word.
#[test]
fn who_goes_on_as_the_agent_begins_is_not_talked_over() {
    check(
        GREETED,
        "
            5000ms < voice-on
            6500ms < voice-off
            6600ms < partial What are your hours?
            6900ms > finish 1
            7200ms < final 1 What are your hours?
            7200ms > tool 1 get_office_info
            7250ms < hours 1
            7250ms > speak 3 in 0: nine to five
            7250ms > speak 4 in 0: Can I help you with anything else?
            7400ms < voice-on
            7410ms < started 3
            7410ms > replied 1 after 1010 ms
            7410ms > duck
            7410ms > pause
            8070ms > flush 1
            8070ms > interrupted 4, heard []
            8070ms > Stopped after 660 ms
            8080ms < cut 3 2
            8080ms > interrupted 3, heard []
            8520ms < voice-off
            8820ms < partial On Friday.
            8920ms > finish 2
            9120ms < bye
            9120ms > close media
            9120ms > over CallerHungUp {Informed} no note
        ",
    );
}

/// What was held for and then stopped was heard up to where it was held.
#[test]
fn what_was_heard_is_counted_over_a_hold() {
    check(
        ASKING,
        "
            4000ms < voice-on
            4000ms > duck
            4040ms > pause
            4300ms < voice-off
            4550ms < partial Wait, please.
            4550ms > flush 1
            4550ms > Stopped after 650 ms
            4570ms < cut 2 57
            4570ms > interrupted 2, heard [How can I help]
            4700ms > finish 1
            5000ms < bye
            5000ms > close media
            5000ms > over CallerHungUp {} no note
        ",
    );
}

#[test]
fn the_last_word_of_a_sentence_may_be_spoken_over() {
    check(
        ASKING,
        "
            4990ms < voice-on
            4990ms > duck
            5000ms < heard 2
            5000ms > unduck
            5000ms > Overtaken after 110 ms
            6000ms < voice-off
            6300ms < partial What are your hours?
            6400ms > finish 1
            6500ms < bye
            6500ms > close media
            6500ms > over CallerHungUp {} no note
        ",
    );
}

/// The notice that the agent is a machine is heard to its end. What was said over it is judged when it may be.
#[test]
fn over_a_protected_sentence_nothing_is_held_and_nothing_is_lost() {
    check(
        RUNG,
        "
            100ms < ack
            100ms > speak 1 in 0: Thank you for calling Maple Street. This is the practice's automated assistant.
            100ms > speak 2 in 0: How can I help you today?
            200ms < started 1
            1000ms < suspected
            1010ms < confirmed
            1020ms < voice-on
            1500ms < voice-off
            1800ms < partial What are your hours?
            3000ms < heard 1
            3001ms < started 2
            3001ms > pause
            3001ms > flush 1
            3001ms > Stopped after 0 ms
            3001ms > finish 1
            3100ms < cut 2 1
            3100ms > interrupted 2, heard []
            3200ms < bye
            3200ms > close media
            3200ms > over CallerHungUp {} no note
        ",
    );
    check(
        RUNG,
        "
            100ms < ack
            100ms > speak 1 in 0: Thank you for calling Maple Street. This is the practice's automated assistant.
            100ms > speak 2 in 0: How can I help you today?
            200ms < started 1
            1000ms < voice-on
            1400ms < voice-off
            1700ms < partial Okay.
            3000ms < heard 1
            3001ms < started 2
            3001ms > pause
            3001ms > unduck
            3001ms > go on
            3001ms > Backchannel after 0 ms
            3701ms > discard
            4200ms < bye
            4200ms > close media
            4200ms > over CallerHungUp {} no note
        ",
    );
}

/// Held or stopped, a hand-off that is announced goes on; what the caller wants instead is heard first.
#[test]
fn a_hand_off_s_announcement_may_be_spoken_over() {
    check(
        ANNOUNCED,
        "
            8000ms < voice-on
            8000ms > duck
            8040ms > pause
            8300ms < voice-off
            8600ms < partial Okay, thanks.
            8600ms > unduck
            8600ms > go on
            8600ms > Backchannel after 700 ms
            9300ms > discard
            9500ms < heard 3
            9500ms > store 1 front-desk patient_request
            9600ms < bye
            9600ms > done front-desk CallerGone
            9600ms > close media
            9600ms > over CallerHungUp {} no note
        ",
    );
}

/// A hold lets go of what was held: the caller who comes back hears the rest.
#[test]
fn a_hold_while_the_agent_is_held() {
    check(
        ASKING,
        "
            3600ms < voice-on
            3600ms > duck
            3640ms > pause
            3800ms < reinvite sendonly
            3800ms > 200 to the re-INVITE
            3800ms > update media RecvOnly
            3800ms > discard
            3800ms > unduck
            3800ms > go on
            3800ms > Overtaken after 300 ms
            60000ms < reinvite sendrecv
            60000ms > 200 to the re-INVITE
            60000ms > update media SendRecv
            60000ms > discard
            61000ms < heard 2
            68000ms > speak 3 in 0: I'm still here.
            68000ms > speak 4 in 0: How can I help you today?
            69000ms < bye
            69000ms > close media
            69000ms > over CallerHungUp {} no note
        ",
    );
}

/// 0 asks for a person, at once; a digit that nobody asked for stops nothing.
#[test]
fn a_digit_stops_the_question_it_answers() {
    check(
        ASKING,
        "
            3600ms < key 7
            4000ms < key 0
            4000ms > flush 1
            4000ms > Keyed after 0 ms
            4000ms > speak 3 in 1: One moment, I'll connect you with the front desk.
            4010ms < cut 2 30
            4010ms > interrupted 2, heard [How]
            4100ms < bye
            4100ms > close media
            4100ms > over CallerHungUp {} no note
        ",
    );
}

/// "Okay" to what was done is no answer to the question after it, which wants a yes or a no.
#[test]
fn an_okay_to_what_is_said_before_a_question_is_a_sign_of_listening() {
    const TOLD: &str = "
            5000ms < voice-on
            6500ms < voice-off
            6600ms < partial What are your hours?
            6900ms > finish 1
            7200ms < final 1 What are your hours?
            7200ms > tool 1 get_office_info
            7250ms < hours 1
            7250ms > speak 3 in 0: nine to five
            7250ms > speak 4 in 0: Can I help you with anything else?
            7400ms < started 3
            7400ms > replied 1 after 1000 ms
    ";
    check(
        &format!("{GREETED}{TOLD}"),
        "
            8000ms < voice-on
            8000ms > duck
            8040ms > pause
            8300ms < voice-off
            8500ms < partial Okay.
            8500ms > unduck
            8500ms > go on
            8500ms > Backchannel after 600 ms
            9200ms > discard
            9500ms < heard 3
            9501ms < started 4
            10000ms < voice-on
            10000ms > duck
            10040ms > pause
            10300ms < voice-off
            10500ms < partial Okay.
            10500ms > flush 1
            10500ms > Stopped after 600 ms
            10510ms < cut 4 30
            10510ms > interrupted 4, heard [Can I]
            10600ms > finish 2
            10700ms < bye
            10700ms > close media
            10700ms > over CallerHungUp {Informed} no note
        ",
    );
}
