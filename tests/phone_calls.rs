//! Two and three scripted phones call each other over loopback: real SIP, real RTP, real time.
//!
//! What is asserted is counted (RTP timestamps, samples of the recordings), not raced against.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod machine;
mod without_models;

use std::path::Path;
use std::time::Duration;

use attendant::base::Phi;
use attendant::phone::{
    AgentSaid, AnswerPlan, AnswerRule, CallPlan, CallProgress, CallReport, EndedBy, Line, Outcome,
    Phone, PhoneConfig, PhoneError, ReferPlan, Talk, transport_for,
};
use attendant::sip::Transport;
use machine::steadily_async;
use without_models::Syllables;

/// Two packets: what scheduling on a busy machine may cost between two clocks that should agree.
const SLACK_MS: f64 = 40.0;

async fn phone(user: &str) -> Phone {
    let config = PhoneConfig::new([127, 0, 0, 1].into(), user, Box::new(Syllables));
    Phone::start(config).await.unwrap()
}

/// Short patience, so that the tests are short.
fn talk(lines: &[&str]) -> Talk {
    let mut talk =
        Talk { lines: lines.iter().map(|text| Line::new(*text)).collect(), ..Talk::default() };
    talk.ear.turn_gap = Duration::from_millis(300);
    talk.pauses.linger = Duration::from_secs(1);
    talk.pauses.target_silent = Duration::from_millis(500);
    talk
}

fn answering(lines: &[&str]) -> AnswerPlan {
    let talk = Talk { speaks_first: true, ..talk(lines) };
    AnswerPlan {
        ring: Duration::from_millis(100),
        talk,
        wait: Some(Duration::from_secs(20)),
        ..AnswerPlan::saying("")
    }
}

fn calling(callee: &Phone, lines: &[&str]) -> CallPlan {
    CallPlan {
        target: format!("sip:100@{}", callee.address()),
        talk: talk(lines),
        ..CallPlan::default()
    }
}

/// Longer than any pause within a sentence, and than the pause that ends a turn, by far.
const LONG_RING: Duration = Duration::from_millis(900);

/// Where speech begins and ends in one channel of a recording, in ms; pauses of 250 ms and more split it: words lie
/// 40 ms apart, and turns 300 ms at least.
fn spurts(path: &Path, channel: usize) -> Vec<(f64, f64)> {
    let samples: Vec<i16> =
        hound::WavReader::open(path).unwrap().samples().map(Result::unwrap).collect();
    let mut found: Vec<(f64, f64)> = Vec::new();
    for (n, pair) in samples.chunks(2).enumerate() {
        let ms = n as f64 / 8.0;
        if pair[channel].unsigned_abs() > 500 {
            match found.last_mut() {
                Some((_, end)) if ms - *end < 250.0 => *end = ms,
                _ => found.push((ms, ms)),
            }
        }
    }
    found
}

#[test]
fn the_response_gap_is_that_of_the_wire() {
    steadily_async(response_gap);
}

async fn response_gap() {
    let folder = tempfile::tempdir().unwrap();
    let (near, far) = (folder.path().join("caller.wav"), folder.path().join("callee.wav"));
    let (mut caller, mut callee) = (phone("caller").await, phone("callee").await);
    let plan = CallPlan {
        recording: Some(near.clone()),
        ..calling(&callee, &["one two three", "four five"])
    };
    let answer = AnswerPlan {
        recording: Some(far.clone()),
        ..answering(&["good morning", "alpha beta", "gamma"])
    };
    let (called, answered) = tokio::join!(caller.call(plan), callee.answer(answer));
    let (called, answered) = (called.unwrap(), answered.unwrap());

    assert_eq!((called.outcome.clone(), called.lines_said), (Outcome::Answered, 2));
    assert_eq!(answered.outcome, Outcome::Answered);
    check_gaps(&called, &answered);
    check_recordings(&called, &near, &far);
    assert_eq!(called.packets.lost + answered.packets.lost, 0);
    assert_eq!(called.packets.duplicate + called.packets.foreign, 0);
    assert!(called.packets.received > 150, "{:?}", called.packets);
    assert!(called.to_json().contains("\"gap_ms\""), "{}", called.to_json());
}

/// The replies that the caller timed are those that the callee sent, packet for packet.
fn check_gaps(called: &CallReport, answered: &CallReport) {
    let zero = |report: &CallReport| report.answered_at.unwrap();
    for n in 0..2 {
        let (asked, replied) = (&called.turns[n], &answered.turns[n + 1]);
        assert_eq!(asked.reply_rtp_time, Some(replied.rtp_time), "turn {n}");
        // The same stretch by the clock of whom sent it.
        let ended = zero(called) + Duration::from_millis(asked.ended_ms.unwrap() as u64);
        let began = zero(answered) + Duration::from_millis(replied.began_ms as u64);
        let truth = began.duration_since(ended).as_secs_f64() * 1000.0;
        let gap = asked.gap_ms.unwrap() as f64;
        assert!((gap - truth).abs() < 3.0 * SLACK_MS, "turn {n}: {gap} measured, {truth} in truth");
        assert!(gap >= 300.0, "turn {n}: the callee waits for the end of the turn: {gap}");
    }
    let greeting = called.greeting_ms.unwrap();
    assert_eq!(called.heard[0].rtp_time, answered.turns[0].rtp_time);
    assert!(greeting < 1000, "{greeting}");
}

/// Both recordings tell the same story, mirrored, and the gap in it is the gap that was measured.
fn check_recordings(called: &CallReport, near: &Path, far: &Path) {
    let (said, heard) = (spurts(near, 0), spurts(near, 1));
    let (sent, came) = (spurts(far, 0), spurts(far, 1));
    assert_eq!((said.len(), heard.len()), (2, 3), "{said:?} {heard:?}");
    assert_eq!((sent.len(), came.len()), (3, 2), "{sent:?} {came:?}");
    for n in 0..2 {
        let (here, there) = (heard[n + 1].0 - said[n].1, sent[n + 1].0 - came[n].1);
        assert!((here - there).abs() < SLACK_MS, "turn {n}: {here} here, {there} there");
        let measured = called.turns[n].gap_ms.unwrap() as f64;
        // The wire's gap begins where the last packet was sent, the file's where its sound ends.
        assert!(
            (measured - here).abs() < 20.0 + SLACK_MS,
            "turn {n}: {measured}, {here} in the file"
        );
        assert!(said[n].0 > heard[n].1 && said[n].1 < heard[n + 1].0, "they do not overlap");
    }
}

#[test]
fn barge_in_is_timed_and_the_other_side_is_talked_over() {
    steadily_async(barge_in);
}

async fn barge_in() {
    let (mut caller, mut callee) = (phone("caller").await, phone("callee").await);
    let mut plan = calling(&callee, &["stop it"]);
    plan.talk.lines[0].barge_in = Some(Duration::from_millis(400));
    let greeting = "a very long greeting that goes on and on and on";
    let (called, answered) = tokio::join!(caller.call(plan), callee.answer(answering(&[greeting])));
    let (called, answered) = (called.unwrap(), answered.unwrap());
    let (line, greeting) = (&called.turns[0], &answered.turns[0]);
    let after = line.began_ms - called.greeting_ms.unwrap();
    assert!((400..700).contains(&after), "{after}");
    // A callee without manners speaks on to its end.
    let stopped = called.heard[0].ended_ms.unwrap() - line.began_ms;
    // Both are rounded from the same two packets, one of them by way of the answer.
    assert!((line.stopped_after_ms.unwrap() - stopped).abs() <= 2, "{line:?} {stopped}");
    let length = greeting.ended_ms.unwrap() - greeting.began_ms;
    assert!((stopped + after - length).abs() < 100, "{stopped} + {after}, {length} long");
}

#[test]
fn a_refer_is_followed_and_the_new_party_is_heard() {
    steadily_async(refer);
}

async fn refer() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("call.wav");
    let (mut caller, mut agent, mut desk) =
        (phone("caller").await, phone("agent").await, phone("101").await);
    let target = format!("sip:101@{}", desk.address());
    let (watcher, mut watched) = tokio::sync::mpsc::channel(64);
    let plan = CallPlan {
        recording: Some(recording.clone()),
        progress: Some(watcher),
        ..calling(&agent, &["a person please"])
    };
    let referring = AnswerPlan {
        refer: Some(ReferPlan {
            target: target.clone(),
            headers: vec![
                ("X-Handoff-Id".into(), "h-0042".into()),
                ("Referred-By".into(), "<sip:100@127.0.0.1>".into()),
            ],
        }),
        ..answering(&["good morning", "one moment"])
    };
    let (called, agent, desk) = tokio::join!(
        caller.call(plan),
        agent.answer(referring),
        desk.answer(AnswerPlan { ring: LONG_RING, ..answering(&["front desk this is jordan"]) })
    );
    let (called, agent, desk) = (called.unwrap(), agent.unwrap(), desk.unwrap());

    let transfer = called.transfer.unwrap();
    assert_eq!(transfer.referred_to, target);
    assert_eq!((transfer.answered, transfer.status), (true, Some(200)));
    assert_eq!(transfer.handoff_id.as_deref(), Some("h-0042"));
    assert!(transfer.heard_target && transfer.referrer_hung_up, "{transfer:?}");
    assert_eq!(called.ended_by, Some(EndedBy::TargetMet));
    assert_eq!(agent.ended_by, Some(EndedBy::Transferred));
    assert_eq!(desk.ended_by, Some(EndedBy::OtherSide));
    assert_eq!(desk.handoff_id.as_deref(), Some("h-0042"));
    assert_eq!(desk.referred_by.as_deref(), Some("<sip:100@127.0.0.1>"));
    let mut story = Vec::new();
    while let Ok(progress) = watched.try_recv() {
        story.push(match progress {
            CallProgress::AgentSpeaking { gap_ms } => format!("speaking, {}", gap_ms.is_some()),
            CallProgress::AgentQuiet { .. } => "quiet".to_string(),
            CallProgress::Referred { target: to, .. } => format!("referred, {}", to == target),
            other => format!("{other:?}"),
        });
    }
    assert_eq!(
        story,
        [
            "Dialling",
            "Ringing",
            "Answered",
            "speaking, false",
            "quiet",
            "CallerSays(\"a person please\")",
            "speaking, true",
            "referred, true",
            // While the desk rings.
            "quiet",
            "Transferred",
            "speaking, false",
            "quiet",
            "Ended { how: \"hung up: the new party was heard\" }",
        ]
    );
    // Greeting, "one moment", and the front desk after it.
    assert_eq!(spurts(&recording, 1).len(), 3);
    assert_eq!(spurts(&recording, 0).len(), 1);
}

#[test]
fn a_transfer_that_fails_goes_back_to_the_agent() {
    steadily_async(failed_transfer);
}

async fn failed_transfer() {
    let (mut caller, mut agent, mut desk) =
        (phone("caller").await, phone("agent").await, phone("101").await);
    let target = format!("sip:101@{}", desk.address());
    let plan = calling(&agent, &["a person please"]);
    let refer = Some(ReferPlan { target, headers: Vec::new() });
    let mut referring = AnswerPlan { refer, ..answering(&["good morning", "one moment"]) };
    // It is the caller who gives up in the end.
    referring.talk.pauses.linger = Duration::from_secs(20);
    let busy = AnswerPlan { refuse: Some(486), ..answering(&[]) };
    let (called, agent, desk) =
        tokio::join!(caller.call(plan), agent.answer(referring), desk.answer(busy));
    let called = called.unwrap();
    let transfer = called.transfer.unwrap();
    assert_eq!((transfer.answered, transfer.status), (false, Some(486)));
    assert_eq!((called.outcome, called.ended_by), (Outcome::Answered, Some(EndedBy::ScriptOver)));
    assert_eq!(agent.unwrap().ended_by, Some(EndedBy::OtherSide));
    assert!(matches!(desk.unwrap().outcome, Outcome::Refused { status: 486, .. }));
}

#[test]
fn cues_choose_what_is_said() {
    steadily_async(cues);
}

async fn cues() {
    let (mut caller, mut callee) = (phone("caller").await, phone("callee").await);
    let (cues, heard) = tokio::sync::mpsc::channel(4);
    let text = Phi::new("And your date of birth, please?".to_string());
    cues.send(AgentSaid { text }).await.unwrap();
    let mut plan = CallPlan { cues: Some(heard), ..calling(&callee, &["jane roe"]) };
    plan.talk.lines[0] = Line::new("jane roe").when_asked(&["your name"]);
    plan.talk.rules = vec![AnswerRule {
        asks_contains: vec!["date of birth".into()],
        say: "fourth of may".into(),
        times: 1,
    }];
    plan.talk.pauses.agent_silent = Duration::from_secs(1);
    let mut answer = answering(&["good morning", "thanks"]);
    answer.talk.pauses.linger = Duration::from_secs(20);
    let (called, answered) = tokio::join!(caller.call(plan), callee.answer(answer));
    let said: Vec<_> = called.unwrap().turns.into_iter().map(|turn| turn.line).collect();
    assert_eq!(said, ["fourth of may", "jane roe"]);
    assert_eq!(answered.unwrap().turns.len(), 2);
}

#[test]
fn a_refusal_and_a_phone_that_only_rings_are_reported() {
    steadily_async(refusals);
}

async fn refusals() {
    let (mut caller, mut callee) = (phone("caller").await, phone("callee").await);
    for (status, phrase) in [(404, "Not Found"), (486, "Busy Here")] {
        let plan = calling(&callee, &["hello"]);
        let refuse = AnswerPlan { refuse: Some(status), ..answering(&[]) };
        let (called, answered) = tokio::join!(caller.call(plan), callee.answer(refuse));
        let refused = Outcome::Refused { status, phrase: phrase.to_string() };
        assert_eq!(called.unwrap().outcome, refused);
        assert_eq!(answered.unwrap().outcome, refused);
    }
    let mut plan = calling(&callee, &["hello"]);
    plan.talk.pauses.ringing = Duration::from_millis(500);
    let ringing = AnswerPlan { ring: Duration::from_secs(20), ..answering(&[]) };
    let (called, answered) = tokio::join!(caller.call(plan), callee.answer(ringing));
    assert_eq!(called.unwrap().outcome, Outcome::NotAnswered);
    assert_eq!(answered.unwrap().outcome, Outcome::Cancelled);
}

#[test]
fn phones_speak_tcp_too() {
    steadily_async(over_tcp);
}

async fn over_tcp() {
    let start = async |user: &str| {
        let config = PhoneConfig::new([127, 0, 0, 1].into(), user, Box::new(Syllables));
        Phone::start(PhoneConfig { transport: Transport::Tcp, ..config }).await.unwrap()
    };
    let (mut caller, mut callee) = (start("caller").await, start("callee").await);
    let target = format!("sip:100@{};transport=tcp", callee.address());
    assert_eq!(transport_for(&target).unwrap().0, Transport::Tcp);
    let plan = CallPlan { target, ..calling(&callee, &["one two"]) };
    let (called, answered) =
        tokio::join!(caller.call(plan), callee.answer(answering(&["good morning", "goodbye"])));
    let called = called.unwrap();
    assert_eq!((called.outcome, called.lines_said), (Outcome::Answered, 1));
    assert_eq!(answered.unwrap().outcome, Outcome::Answered);
}

#[tokio::test]
async fn a_host_that_says_nothing_is_unreachable() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut plan = CallPlan {
        target: format!("sip:100@{}", silent.local_addr().unwrap()),
        talk: talk(&["hello"]),
        ..CallPlan::default()
    };
    plan.talk.pauses.ringing = Duration::from_millis(200);
    let called = phone("caller").await.call(plan).await.unwrap();
    assert_eq!((called.outcome, called.lines_said), (Outcome::Unreachable, 0));
}

#[tokio::test]
async fn a_wrong_address_is_an_error_that_says_how_to_write_it() {
    let mut caller = phone("caller").await;
    let plan = CallPlan { target: "100@127.0.0.1".into(), ..CallPlan::default() };
    let error = caller.call(plan).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot call \"100@127.0.0.1\": it is not a SIP URI; write it as sip:user@host or sip:user@host:port"
    );
    let none = AnswerPlan { wait: Some(Duration::from_millis(50)), ..answering(&[]) };
    assert!(matches!(caller.answer(none).await, Err(PhoneError::NobodyCalled)));
}
