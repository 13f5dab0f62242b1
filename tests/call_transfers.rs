//! The hand-off of a call, told as timelines: the note, the sentence, the REFER, and who has the caller in the end.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod call_world;
mod timeline;

use attendant::call::Setup;
use call_world::{ANNOUNCED, ASKED, REFERRED, RUNG, check, check_with, sdp, setup};

/// The note first, then the sentence is heard, then the REFER. States are told when they change.
#[test]
fn a_transfer_that_is_answered_ends_the_call() {
    check(
        ASKED,
        "
            9100ms < stored 1
            9100ms > refer sip:101@pbx note-1
            9200ms < transfer 202
            9200ms > told front-desk Accepted
            9300ms < transfer 100
            9300ms > told front-desk Progress(100)
            9400ms < transfer 100
            9500ms < transfer 180
            9500ms > told front-desk Progress(180)
            9600ms < transfer 180
            12000ms < transfer answered
            12000ms > told front-desk Answered
            12000ms > done front-desk Answered
            12240ms > hang up
            12500ms < bye-answered
            12500ms > close media
            12500ms > over HandedOff {Transferred} note-1
        ",
    );
}

/// FreeSWITCH says 200 before it transfers: the caller is with the PBX, and nobody may say that a person answered.
#[test]
fn where_200_means_accepted_nobody_is_said_to_have_answered() {
    let accepted = Setup {
        notify_says_answered: false,
        ..setup(Some(sdp("sendrecv")), &[101, 102], false, &[])
    };
    check_with(
        accepted,
        REFERRED,
        "
            9300ms < transfer answered
            9300ms > told front-desk Answered
            9300ms > done front-desk Taken
            9540ms > hang up
            9600ms < bye-answered
            9600ms > close media
            9600ms > over HandedOff {Transferred} note-1
        ",
    );
}

/// The tool starts after 7 s without word that the announcement was heard; the REFER still waits for its end.
#[test]
fn the_refer_waits_for_the_sentence() {
    check(
        ANNOUNCED,
        "
            14300ms > store 1 front-desk patient_request
            14300ms < stored 1
            14800ms < heard 3
            14800ms > refer sip:101@pbx note-1
            15000ms < transfer 202
            15000ms > told front-desk Accepted
            15001ms < bye
            15001ms > done front-desk Taken
            15001ms > close media
            15001ms > over HandedOff {Transferred} note-1
        ",
    );
}

/// On hold nobody hears a sentence: neither the tool nor the REFER goes on without it, however long it takes.
#[test]
fn a_transfer_waits_out_a_hold() {
    check(
        ANNOUNCED,
        "
            8000ms < reinvite inactive
            8000ms > 200 to the re-INVITE
            8000ms > update media Inactive
            8000ms > discard
            60000ms < reinvite sendrecv
            60000ms > 200 to the re-INVITE
            60000ms > update media SendRecv
            60000ms > discard
            66300ms > store 1 front-desk patient_request
            66300ms < stored 1
            67000ms < reinvite inactive
            67000ms > 200 to the re-INVITE
            67000ms > update media Inactive
            67000ms > discard
            97000ms < reinvite sendrecv
            97000ms > 200 to the re-INVITE
            97000ms > update media SendRecv
            97000ms > discard
            97500ms < heard 3
            97500ms > refer sip:101@pbx note-1
            98000ms < transfer 202
            98000ms > told front-desk Accepted
            98001ms < bye
            98001ms > done front-desk Taken
            98001ms > close media
            98001ms > over HandedOff {Transferred} note-1
        ",
    );
}

/// FreeSWITCH and CUCM hang up on us when the transfer worked; the user agent says `Unknown` first.
#[test]
fn a_pbx_that_hangs_up_after_its_202_has_the_caller() {
    check(
        REFERRED,
        "
            9300ms < transfer unknown
            9300ms > told front-desk Unknown
            9300ms < bye
            9300ms > done front-desk Taken
            9300ms > close media
            9300ms > over HandedOff {Transferred} note-1
        ",
    );
}

#[test]
fn a_caller_who_hangs_up_before_the_202_was_not_moved() {
    check(
        ASKED,
        "
            9100ms < stored 1
            9100ms > refer sip:101@pbx note-1
            9300ms < transfer unknown
            9300ms > told front-desk Unknown
            9300ms < bye
            9300ms > done front-desk CallerGone
            9300ms > close media
            9300ms > over CallerHungUp {} note-1
        ",
    );
}

/// Both numbers are tried, then the agent has the caller again.
#[test]
fn an_unknown_outcome_with_the_caller_still_there_goes_on() {
    check(
        REFERRED,
        "
            30000ms < transfer unknown
            30000ms > told front-desk Unknown
            30200ms > refer sip:102@pbx note-1
            30300ms < transfer 202
            30300ms > told front-desk Accepted
            50000ms < transfer unknown
            50000ms > told front-desk Unknown
            50200ms > done front-desk Unknown
            50200ms > discard
            50200ms > speak 4 in 0: I couldn't reach the front desk. I can take a message or keep helping. Which would you like?
            50500ms < started 4
            52000ms < heard 4
            53000ms < bye
            53000ms > close media
            53000ms > over CallerHungUp {} note-1
        ",
    );
}

/// The same conversation, and its silence ladder works again.
#[test]
fn busy_goes_to_the_next_number_and_then_back_to_the_agent() {
    check(
        REFERRED,
        "
            9300ms < transfer 486
            9300ms > told front-desk Failed(486)
            9300ms > refer sip:102@pbx note-1
            9500ms < transfer 603
            9500ms > told front-desk Failed(603)
            9500ms > done front-desk Failed(603)
            9500ms > discard
            9500ms > speak 4 in 0: I couldn't reach the front desk. I can take a message or keep helping. Which would you like?
            9600ms < started 4
            12000ms < heard 4
            19000ms > speak 5 in 0: I'm still here.
            19000ms > speak 6 in 0: I couldn't reach the front desk. I can take a message or keep helping. Which would you like?
            19100ms < started 5
            20000ms < heard 5
            20500ms < bye
            20500ms > close media
            20500ms > over CallerHungUp {} note-1
        ",
    );
}

/// 20 s of ringing, and 3 s for the PBX.
#[test]
fn a_number_that_rings_too_long_is_given_up() {
    check(
        REFERRED,
        "
            32200ms > give up
            32300ms < transfer unknown
            32300ms > told front-desk Unknown
            32500ms > refer sip:102@pbx note-1
            33000ms < transfer 202
            33000ms > told front-desk Accepted
            34000ms < transfer answered
            34000ms > told front-desk Answered
            34000ms > done front-desk Answered
            34100ms < bye
            34100ms > close media
            34100ms > over HandedOff {Transferred} note-1
        ",
    );
}

#[test]
fn an_answer_that_crosses_the_giving_up_counts() {
    check(
        REFERRED,
        "
            32200ms > give up
            32300ms < transfer answered
            32300ms > told front-desk Answered
            32300ms > done front-desk Answered
            32400ms < bye
            32400ms > close media
            32400ms > over HandedOff {Transferred} note-1
        ",
    );
}

#[test]
fn unanswered_may_mean_that_the_call_ends() {
    check_with(
        setup(Some(sdp("sendrecv")), &[101], true, &[]),
        REFERRED,
        "
            12000ms < transfer 480
            12000ms > told front-desk Failed(480)
            12000ms > hang up
            12000ms > done front-desk Failed(480)
            12000ms > discard
            12100ms < bye-answered
            12100ms > close media
            12100ms > over Unanswered {} note-1
        ",
    );
}

/// The other number is not tried: it would be refused for the same reason.
#[test]
fn a_pbx_without_refer_is_asked_once() {
    check(
        ASKED,
        "
            9100ms < stored 1
            9100ms > refer sip:101@pbx note-1
            9200ms < transfer 405
            9200ms > told front-desk Failed(405)
            9200ms > done front-desk Failed(405)
            9200ms > speak 4 in 0: I couldn't reach the front desk. I can take a message or keep helping. Which would you like?
            9300ms < bye
            9300ms > close media
            9300ms > over CallerHungUp {} note-1
        ",
    );
}

#[test]
fn a_note_that_cannot_be_stored_does_not_keep_the_caller() {
    check(
        ASKED,
        "
            9100ms < not-stored 1
            9100ms > refer sip:101@pbx without a note
            9200ms < transfer 202
            9200ms > told front-desk Accepted
            9300ms < bye
            9300ms > done front-desk Taken
            9300ms > close media
            9300ms > over HandedOff {Transferred} no note
        ",
    );
}

#[test]
fn a_note_that_is_never_answered_does_not_keep_the_caller() {
    check(
        ASKED,
        "
            19000ms > refer sip:101@pbx without a note
            19100ms < transfer 202
            19100ms > told front-desk Accepted
            19200ms < stored 1
            19300ms < bye
            19300ms > done front-desk Taken
            19300ms > close media
            19300ms > over HandedOff {Transferred} note-1
        ",
    );
}

#[test]
fn a_note_that_is_refused_moves_nobody() {
    check(
        ASKED,
        "
            9100ms < denied 1
            9100ms > speak 4 in 0: I couldn't reach the front desk. I can take a message or keep helping. Which would you like?
            9200ms < bye
            9200ms > close media
            9200ms > over CallerHungUp {} no note
        ",
    );
}

#[test]
fn media_that_cannot_be_opened_goes_to_the_fallback() {
    check_with(
        setup(Some(sdp("sendrecv")), &[101], false, &[900, 901]),
        RUNG,
        "
            10ms < media-failed
            100ms < ack
            100ms > refer sip:900@pbx without a note
            200ms < transfer 202
            200ms > told night Accepted
            300ms < transfer 486
            300ms > told night Failed(486)
            300ms > refer sip:901@pbx without a note
            400ms < transfer 202
            400ms > told night Accepted
            500ms < transfer answered
            500ms > told night Answered
            500ms > done night Answered
            740ms > hang up
            800ms < bye-answered
            800ms > close media
            800ms > over HandedOff {Transferred} no note
        ",
    );
}

#[test]
fn a_fallback_that_nobody_answers_ends_the_call() {
    // Whether nobody is heard because of the media or because of the recogniser is the same to the caller.
    for lost in ["media-failed", "ears-failed"] {
        let script = "
            100ms < ack
            100ms > speak 1 in 0: Thank you for calling Maple Street. This is the practice's automated assistant.
            100ms > speak 2 in 0: How can I help you today?
            200ms < LOST
            200ms > refer sip:900@pbx without a note
            300ms < transfer 503
            300ms > told night Failed(503)
            300ms > hang up
            300ms > done night Failed(503)
            400ms < bye-answered
            400ms > close media
            400ms > over Failed {} no note
        ";
        let setup = setup(Some(sdp("sendrecv")), &[101], false, &[900]);
        check_with(setup, RUNG, &script.replace("LOST", lost));
    }
}

/// Then the fallback is rung.
#[test]
fn media_that_fails_during_a_transfer_lets_it_finish() {
    check_with(
        setup(Some(sdp("sendrecv")), &[101], false, &[900]),
        REFERRED,
        "
            9250ms < media-failed
            9300ms < transfer 486
            9300ms > told front-desk Failed(486)
            9300ms > refer sip:900@pbx note-1
            9400ms < transfer 202
            9400ms > told night Accepted
            9500ms < bye
            9500ms > done front-desk Taken
            9500ms > close media
            9500ms > over HandedOff {Transferred} note-1
        ",
    );
}

#[test]
fn a_voice_that_is_lost_goes_to_the_fallback() {
    check_with(
        setup(Some(sdp("sendrecv")), &[101], false, &[900]),
        RUNG,
        "
            100ms < ack
            100ms > speak 1 in 0: Thank you for calling Maple Street. This is the practice's automated assistant.
            100ms > speak 2 in 0: How can I help you today?
            200ms < mute 1
            200ms > interrupted 1, heard []
            300ms < mute 2
            300ms > interrupted 2, heard []
            7300ms > speak 3 in 0: I'm still here.
            7300ms > speak 4 in 0: How can I help you today?
            7500ms < mute 3
            7500ms > interrupted 3, heard []
            7500ms > refer sip:900@pbx without a note
            7600ms < transfer 202
            7600ms > told night Accepted
            7700ms < bye
            7700ms > done night Taken
            7700ms > close media
            7700ms > over HandedOff {Transferred} no note
        ",
    );
}

/// Nothing comes out after `over`.
#[test]
fn a_bye_in_the_middle_of_everything() {
    check(
        ASKED,
        "
            9050ms < bye
            9050ms > done front-desk CallerGone
            9050ms > close media
            9050ms > over CallerHungUp {} no note
            9100ms < stored 1
            9200ms < transfer 202
            9300ms < final 2 hello
            9400ms < stop
        ",
    );
}
