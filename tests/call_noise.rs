//! Short words, noises and voices that fail, told as calls: nobody waits seconds for nothing.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod call_world;
mod timeline;

use std::time::Duration;

use attendant::call::Setup;
use call_world::{GREETED, REFERRED, check, check_with, sdp, setup};

/// A "yes" that the recogniser makes nothing of is asked for again at once, where a model has said that it was a voice.
#[test]
fn a_short_word_that_was_not_understood_is_asked_for_again() {
    check(
        GREETED,
        "
            5000ms < voice-on
            5300ms < voice-off
            6000ms > finish 1
            6100ms < final 1
            6100ms > speak 3 in 0: Sorry, I didn't understand.
            6100ms > speak 4 in 0: You can say, for example: I'd like to move my appointment.
            6200ms < bye
            6200ms > close media
            6200ms > over CallerHungUp {} no note
        ",
    );
}

/// Without one it may have been a cough: nothing is said, and the caller's silence goes on from where it was.
#[test]
fn a_noise_does_not_begin_the_silence_anew() {
    check(
        GREETED,
        "
            4600ms < judge-failed
            5000ms < voice-on
            5300ms < voice-off
            6000ms > finish 1
            6100ms < final 1
            11500ms > speak 3 in 0: I'm still here.
            11500ms > speak 4 in 0: How can I help you today?
            11600ms < bye
            11600ms > close media
            11600ms > over CallerHungUp {} no note
        ",
    );
}

/// How long a turn was does not change when the next one begins before it is understood.
#[test]
fn who_goes_on_before_a_turn_is_understood_does_not_make_it_a_noise() {
    check(
        GREETED,
        "
            5000ms < voice-on
            6500ms < voice-off
            7200ms > finish 1
            7300ms < voice-on
            7400ms < final 1
            7400ms > speak 3 in 0: Sorry, I didn't understand.
            7400ms > speak 4 in 0: You can say, for example: I'd like to move my appointment.
            7500ms < bye
            7500ms > close media
            7500ms > over CallerHungUp {} no note
        ",
    );
}

/// What a voice rendered before it failed is heard, may be spoken over, and is not taken for the whole.
#[test]
fn a_voice_that_fails_in_mid_sentence_is_still_heard() {
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
            7400ms < started 3
            7400ms > replied 1 after 1000 ms
            7900ms < heard 3
            8000ms < started 4
            8100ms < stalled 4 75
            8200ms < voice-on
            8200ms > duck
            8230ms < voice-off
            8230ms > unduck
            8230ms > Nothing after 130 ms
            8230ms > discard
            9500ms < played 4 75
            9500ms > interrupted 4, heard [Can I help you with]
            16500ms > speak 5 in 0: I'm still here.
            16500ms > speak 6 in 0: Can I help you with anything else?
            16600ms < bye
            16600ms > close media
            16600ms > over CallerHungUp {Informed} no note
        ",
    );
}

/// Nobody's call goes on for ever.
#[test]
fn a_call_that_is_too_long_ends_with_a_goodbye() {
    let offer = Some(sdp("sendrecv"));
    let longest = Duration::from_secs(60);
    check_with(
        Setup { longest, ..setup(offer, &[101], false, &[]) },
        GREETED,
        "
            10000ms < reinvite sendonly
            10000ms > 200 to the re-INVITE
            10000ms > update media RecvOnly
            10000ms > discard
            119000ms < reinvite sendrecv
            119000ms > 200 to the re-INVITE
            119000ms > update media SendRecv
            119000ms > discard
            120100ms > flush 1
            120100ms > speak 3 in 1: I'm sorry, this call has lasted as long as it can. Please call us again if there is more. Goodbye.
            120300ms < started 3
            126000ms < heard 3
            126240ms > hang up
            126300ms < bye-answered
            126300ms > close media
            126300ms > over AgentHungUp {} no note
        ",
    );
}

/// A key in the gap between two sentences leaves nothing to be played: the caller's silence counts from there.
#[test]
fn a_key_between_two_sentences_does_not_leave_the_line_dead() {
    check(
        GREETED,
        "
            5000ms < voice-on
            6500ms < voice-off
            7200ms > finish 1
            7300ms < final 1 This is Maria Lopez. I need to move my appointment.
            7300ms > speak 3 in 0: And what's your date of birth?
            7400ms < started 3
            7400ms > replied 1 after 1000 ms
            8400ms < heard 3
            9000ms < voice-on
            10500ms < voice-off
            11500ms > finish 2
            11600ms < final 2
            11600ms > speak 4 in 0: Sorry, I didn't understand.
            11600ms > speak 5 in 0: Please say the month, the day and the year you were born, or key them in as eight digits.
            11700ms < started 4
            11700ms > replied 2 after 1300 ms
            12700ms < heard 4
            12800ms < key *
            12800ms > flush 1
            12800ms > interrupted 5, heard []
            12800ms > Keyed after 0 ms
            19800ms > speak 6 in 1: Are you still there?
            19800ms > speak 7 in 1: And what's your date of birth?
            19900ms < bye
            19900ms > close media
            19900ms > over CallerHungUp {} no note
        ",
    );
}

/// What was said to the ringing tone is forgotten; what is still being said when nobody answers is heard.
#[test]
fn who_speaks_as_a_transfer_fails_is_heard() {
    check_with(
        setup(Some(sdp("sendrecv")), &[101], false, &[]),
        REFERRED,
        "
            10000ms < voice-on
            11000ms < transfer 486
            11000ms > told front-desk Failed(486)
            11000ms > done front-desk Failed(486)
            11000ms > discard
            11000ms > speak 4 in 0: I couldn't reach the front desk. I can take a message or keep helping. Which would you like?
            11500ms < voice-off
            11700ms < partial Are you there?
            11900ms > finish 2
            12000ms < bye
            12000ms > close media
            12000ms > over CallerHungUp {} note-1
        ",
    );
}
