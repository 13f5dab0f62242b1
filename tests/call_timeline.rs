//! A call, told as timelines: greeting, turns, barge-in, hold, and the ways in which it ends.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod call_world;
mod timeline;

use std::time::Instant;

use call_world::{GREETED, RUNG, check, check_with, sdp, setup};

#[test]
fn the_greeting_waits_for_the_ack_and_a_turn_is_answered() {
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
            7500ms < started 3
            7500ms > replied 1 after 1100 ms
            9000ms < voice-on
            9000ms > duck
            9040ms > pause
            10020ms > flush 1
            10020ms > interrupted 4, heard []
            10020ms > Stopped after 1120 ms
            10070ms < bye
            10070ms > close media
            10070ms > over CallerHungUp {Informed} no note
        ",
    );
}

/// Nothing of the old epoch is spoken after the flush.
#[test]
fn barge_in_flushes_and_what_was_not_heard_is_told() {
    check(
        RUNG,
        "
            100ms < ack
            100ms > speak 1 in 0: Thank you for calling Maple Street. This is the practice's automated assistant.
            100ms > speak 2 in 0: How can I help you today?
            200ms < started 1
            3000ms < heard 1
            3000ms < rendered 2 100
            3001ms < started 2
            3600ms < voice-on
            3600ms > duck
            3640ms > pause
            4620ms > flush 1
            4620ms > Stopped after 1120 ms
            4630ms < cut 2 40
            4630ms > interrupted 2, heard [How can I]
            4670ms < voice-off
            5370ms > finish 1
            5470ms < final 1 What are your hours?
            5470ms > tool 1 get_office_info
            5520ms < hours 1
            5520ms > speak 3 in 1: nine to five
            5520ms > speak 4 in 1: Can I help you with anything else?
            5570ms < started 3
            5570ms > replied 1 after 1000 ms
            5570ms < bye
            5570ms > close media
            5570ms > over CallerHungUp {Informed} no note
        ",
    );
}

#[test]
fn a_protected_sentence_is_not_cut() {
    check(
        RUNG,
        "
            100ms < ack
            100ms > speak 1 in 0: Thank you for calling Maple Street. This is the practice's automated assistant.
            100ms > speak 2 in 0: How can I help you today?
            200ms < started 1
            1000ms < voice-on
            2000ms < voice-off
            3000ms < heard 1
            3001ms < started 2
            3001ms > flush 1
            3001ms > Stopped after 0 ms
            3001ms > finish 1
            3200ms < cut 2 5
            3200ms > interrupted 2, heard []
            4000ms < final 1 What are your hours?
            4000ms > tool 1 get_office_info
            4100ms < bye
            4100ms > close media
            4100ms > over CallerHungUp {} no note
        ",
    );
}

/// Music on hold is nobody's turn, and nobody's silence counts.
#[test]
fn hold_freezes_the_silence_ladder() {
    check(
        GREETED,
        "
            5000ms < reinvite sendonly
            5000ms > 200 to the re-INVITE
            5000ms > update media RecvOnly
            5000ms > discard
            5500ms < voice-on
            8000ms < voice-off
            60000ms < reinvite sendrecv
            60000ms > 200 to the re-INVITE
            60000ms > update media SendRecv
            60000ms > discard
            67000ms > speak 3 in 0: I'm still here.
            67000ms > speak 4 in 0: How can I help you today?
            70000ms < started 3
            71000ms < reinvite inactive
            71000ms > 200 to the re-INVITE
            71000ms > update media Inactive
            71000ms > discard
            200000ms < reinvite-empty
            200000ms > 200 to the re-INVITE
            201000ms < ack-answer sendrecv
            201000ms > update media SendRecv
            201000ms > discard
            202000ms < bye
            202000ms > close media
            202000ms > over CallerHungUp {} no note
        ",
    );
}

/// What is silent on hold is not gone: the media do not say so, and the agent's question stands when the caller is back.
/// Nothing is asked again meanwhile, however long it takes.
#[test]
fn a_question_waits_out_a_hold_of_an_hour() {
    check(
        RUNG,
        "
            100ms < ack
            100ms > speak 1 in 0: Thank you for calling Maple Street. This is the practice's automated assistant.
            100ms > speak 2 in 0: How can I help you today?
            200ms < started 1
            1000ms < reinvite inactive
            1000ms > 200 to the re-INVITE
            1000ms > update media Inactive
            1000ms > discard
            3601000ms < reinvite sendrecv
            3601000ms > 200 to the re-INVITE
            3601000ms > update media SendRecv
            3601000ms > discard
            3603000ms < heard 1
            3603001ms < started 2
            3604500ms < heard 2
            3611500ms > speak 3 in 0: I'm still here.
            3611500ms > speak 4 in 0: How can I help you today?
            3612000ms < bye
            3612000ms > close media
            3612000ms > over CallerHungUp {} no note
        ",
    );
}

/// What the far end answers to a refresh of ours moves the media, and neither ends a hold nor the call.
#[test]
fn a_refresh_that_is_answered_with_other_media() {
    check(
        GREETED,
        "
            5000ms < reinvite sendonly
            5000ms > 200 to the re-INVITE
            5000ms > update media RecvOnly
            5000ms > discard
            6000ms < refreshed sendonly
            6000ms > update media RecvOnly
            7000ms < refreshed-garbled
            8000ms < bye
            8000ms > close media
            8000ms > over CallerHungUp {} no note
        ",
    );
}

#[test]
fn a_delayed_offer_is_answered_in_the_ack() {
    check_with(
        setup(None, &[101], false, &[]),
        "",
        "
            0ms > 180
            0ms > 200
            100ms < ack-answer sendrecv
            100ms > open media
            100ms > speak 1 in 0: Thank you for calling Maple Street. This is the practice's automated assistant.
            100ms > speak 2 in 0: How can I help you today?
            200ms < bye
            200ms > close media
            200ms > over CallerHungUp {} no note
        ",
    );
}

#[test]
fn an_ack_without_an_answer_ends_the_call() {
    check_with(
        setup(None, &[101], false, &[]),
        "",
        "
            0ms > 180
            0ms > 200
            100ms < ack
            100ms > hang up
            150ms < bye-answered
            150ms > over MediaRefused {} no note
        ",
    );
}

#[test]
fn no_common_codec_is_refused_with_the_reason() {
    check_with(
        setup(Some(b"v=0\r\no=- 1 1 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n".to_vec()), &[101], false, &[]),
        "",
        "
            0ms > 488 no codec in common; the peer offers G729/8000, we allow PCMU
            10ms < refused
            10ms > over MediaRefused {} no note
        ",
    );
}

#[test]
fn a_caller_may_give_up_before_the_answer() {
    check(
        RUNG,
        "
            50ms < cancel
            50ms > close media
            50ms > over CallerCancelled {} no note
        ",
    );
}

#[test]
fn our_200_is_never_acknowledged() {
    check(
        RUNG,
        "
            32000ms < no-ack
            32000ms > close media
            32000ms > over AckTimeout {} no note
        ",
    );
}

#[test]
fn the_goodbye_is_played_out_before_the_bye() {
    check(
        GREETED,
        "
            5000ms < voice-on
            6500ms < voice-off
            7200ms > finish 1
            7300ms < final 1 No thanks, goodbye
            7300ms > speak 3 in 0: Thank you for calling. Have a good day. Goodbye.
            7400ms < started 3
            7400ms > replied 1 after 1000 ms
            9000ms < heard 3
            9240ms > hang up
            9400ms < bye-answered
            9400ms > close media
            9400ms > over AgentHungUp {} no note
        ",
    );
}

#[test]
fn a_goodbye_that_is_never_heard_is_not_waited_for() {
    check(
        GREETED,
        "
            5000ms < voice-on
            6500ms < voice-off
            7200ms > finish 1
            7300ms < final 1 No thanks, goodbye
            7300ms > speak 3 in 0: Thank you for calling. Have a good day. Goodbye.
            27300ms > hang up
            28000ms < bye-answered
            28000ms > close media
            28000ms > over AgentHungUp {} no note
        ",
    );
}

#[test]
fn a_telephone_that_sends_nothing_is_not_there() {
    check(
        RUNG,
        "
            100ms < ack
            100ms > speak 1 in 0: Thank you for calling Maple Street. This is the practice's automated assistant.
            100ms > speak 2 in 0: How can I help you today?
            65000ms < gone 60
            65000ms > hang up
            65100ms < bye-answered
            65100ms > close media
            65100ms > over NoMedia {} no note
        ",
    );
}

/// The late words are not a second turn.
#[test]
fn a_recogniser_that_loses_a_turn_does_not_hang_the_call() {
    check(
        GREETED,
        "
            5000ms < voice-on
            6500ms < voice-off
            7200ms > finish 1
            15200ms > speak 3 in 0: Sorry, I didn't understand.
            15200ms > speak 4 in 0: You can say, for example: I'd like to move my appointment.
            15300ms < started 3
            15300ms > replied 1 after 8900 ms
            15400ms < final 1 What are your hours?
            15500ms < bye
            15500ms > close media
            15500ms > over CallerHungUp {} no note
        ",
    );
}

#[test]
fn media_that_fails_without_a_fallback_ends_the_call() {
    check(
        RUNG,
        "
            100ms < ack
            100ms > speak 1 in 0: Thank you for calling Maple Street. This is the practice's automated assistant.
            100ms > speak 2 in 0: How can I help you today?
            200ms < media-failed
            200ms > hang up
            300ms < bye-answered
            300ms > close media
            300ms > over Failed {} no note
        ",
    );
}

#[test]
fn the_process_may_end_the_call() {
    check(
        RUNG,
        "
            100ms < ack
            100ms > speak 1 in 0: Thank you for calling Maple Street. This is the practice's automated assistant.
            100ms > speak 2 in 0: How can I help you today?
            200ms < stop
            200ms > hang up
            250ms < bye-answered
            250ms > close media
            250ms > over Shutdown {} no note
        ",
    );
}

/// The user agent ends a call by itself where another takes its place.
#[test]
fn another_call_takes_the_place_of_this_one() {
    check(
        GREETED,
        "
            5000ms < voice-on
            6000ms < replaced
            6000ms > close media
            6000ms > over Replaced {} no note
        ",
    );
}

/// A fax machine that knocks is refused, and the call goes on; with audio beside it, the audio is taken.
#[test]
fn a_fax_is_refused_and_the_call_kept() {
    check(
        GREETED,
        "
            5000ms < reinvite-media image 4002 udptl t38
            5000ms > 488 to the re-INVITE
            6000ms < reinvite-media video 4006 RTP/AVP 99|audio 4004 RTP/AVP 0|image 4002 udptl t38
            6000ms > 200 to the re-INVITE
            6000ms > update media SendRecv
            6500ms < reinvite-media audio 0 RTP/AVP 0
            6500ms > 488 to the re-INVITE
            7000ms < bye
            7000ms > close media
            7000ms > over CallerHungUp {} no note
        ",
    );
}

/// A refresh repeats our answer: what stands in it and in what the far end says to it is agreed, and so it is offered
/// to a far end that asks for our offer in mid-call.
#[test]
fn rtcp_stays_as_it_was_agreed_when_the_far_end_answers() {
    use attendant::call::{Call, Input, Output};
    use attendant::sip::{Command, Event};

    let now = Instant::now();
    let about_rtcp = b"a=rtcp-mux\r\na=rtcp-xr:voip-metrics\r\n";
    let theirs = [sdp("sendrecv").as_slice(), about_rtcp].concat();
    let mut call = Call::new(now, setup(Some(theirs.clone()), &[101], false, &[]));
    let (leg, mut agreed, mut said) = (call_world::LEG, Vec::new(), Vec::new());
    for input in [
        Event::Established { leg, answer: None },
        Event::Changed { leg, sdp: theirs.clone().into() },
        Event::Offer { leg, sdp: None },
        Event::Established { leg, answer: Some(theirs.into()) },
    ] {
        call.handle_input(now, Input::Sip(input));
        while let Some(output) = call.poll_output() {
            match output {
                Output::OpenMedia(it) | Output::UpdateMedia(it) => agreed.push(it.rtcp),
                Output::Sip(Command::Accept { sdp, .. } | Command::AcceptOffer { sdp, .. }) => {
                    said.push(sdp);
                }
                _ => {}
            }
        }
    }
    assert_eq!((agreed.len(), said.len()), (3, 2));
    assert!(agreed.iter().all(|rtcp| rtcp.mux && rtcp.voip_metrics), "{agreed:?}");
    for sdp in said {
        assert!(sdp.ends_with(about_rtcp), "{}", String::from_utf8_lossy(&sdp));
    }
}

/// RFC 3264 §8: the version of our description rises with what it says, and with nothing else.
#[test]
fn the_version_rises_with_each_change_alone() {
    use attendant::call::{Call, Output};
    use attendant::sip::Command;

    let now = Instant::now();
    let mut call = Call::new(now, setup(Some(sdp("sendrecv")), &[101], false, &[]));
    let mut versions = |inputs: &[&str]| {
        let mut said = Vec::new();
        for line in std::iter::once("").chain(inputs.iter().copied()) {
            if !line.is_empty() {
                call.handle_input(now, call_world::input(now, line));
            }
            while let Some(output) = call.poll_output() {
                let sdp = match output {
                    Output::Sip(Command::Accept { sdp, .. } | Command::AcceptOffer { sdp, .. }) => {
                        sdp
                    }
                    _ => continue,
                };
                let text = String::from_utf8(sdp.into()).unwrap();
                let origin = text.lines().find(|line| line.starts_with("o=")).unwrap().to_owned();
                said.push(origin.split(' ').nth(2).unwrap().to_owned());
            }
        }
        said.join(" ")
    };
    let said = versions(&[
        "ack",
        "reinvite sendrecv",
        "reinvite sendonly",
        "reinvite sendonly",
        "reinvite-media image 4002 udptl t38",
        "reinvite sendrecv",
    ]);
    assert_eq!(said, "1 1 2 2 3");
}
