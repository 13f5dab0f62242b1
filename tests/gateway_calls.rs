//! Phones and load generators that others wrote call the running gateway: what it understood, what
//! it said, and what is left afterwards.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod gateway_stage;
mod interop;
mod machine;

use std::net::UdpSocket;
use std::path::Path;
use std::time::Duration;

use gateway_stage::running::{Inside, Moment};
use gateway_stage::wire::{Peer, status};
use gateway_stage::{Folder, NODE, NUMBER, PASSWORD, PROFILE, USER, alone, sound, wait_until};
use interop::baresip::{Baresip, Recorded, Setup};
use interop::sipp::{self, Load};
use machine::{resident, steadily};

/// How long baresip may take for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// The practice of the seeded clinic, as the recogniser writes its name.
const PRACTICE: &str = "maple street";

/// Writes a question, an end, and the silences in which the agent speaks.
fn write_caller(path: &Path) {
    let lines = [
        sound::silence(14),
        sound::spoken("When are you open?"),
        sound::silence(12),
        sound::spoken("No, that is all."),
        // The call ends with the file: the agent's goodbye fits in.
        sound::silence(20),
    ];
    sound::write(path, &lines.concat());
}

/// Talks to the agent from the dialled call on, and asserts on both ends of it.
fn converse(gateway: &Inside, mut phone: Baresip) -> Recorded {
    assert!(phone.wait_for("CALL_ESTABLISHED", PATIENCE).is_some(), "{}", phone.log());
    let told = gateway.saw(Duration::from_secs(90), |it| matches!(it, Moment::Over(_)));
    assert!(told, "the call does not end: {:?}\n{}", gateway.moments(), phone.log());
    phone.finish()
}

/// What the gateway tells of the conversation.
fn check_transcript(moments: &[Moment]) {
    let at = |wanted: &dyn Fn(&Moment) -> bool| moments.iter().position(wanted);
    let asked =
        at(&|it| matches!(it, Moment::Caller(text) if text.to_lowercase().contains("open")))
            .unwrap_or_else(|| panic!("the question was not understood: {moments:?}"));
    let greeted =
        at(&|it| matches!(it, Moment::Agent(text) if text.contains("Thank you for calling")));
    assert!(greeted.is_some_and(|greeted| greeted < asked), "{moments:?}");
    let hours = moments[asked..].iter().any(
        |it| matches!(it, Moment::Agent(text) if text.contains("Monday to Friday") && text.contains("nine")),
    );
    assert!(hours, "the hours were not said: {moments:?}");
    let goodbye = moments[asked..]
        .iter()
        .any(|it| matches!(it, Moment::Caller(text) if text.to_lowercase().contains("all")));
    assert!(goodbye, "{moments:?}");
    assert_eq!(moments.last(), Some(&Moment::Over("AgentHungUp".into())), "{moments:?}");
}

/// What the phone has heard: baresip's own recording, not ours.
fn check_recording(recorded: &Recorded) {
    let greeting = &recorded.received[..recorded.received.len().min(13 * 8000)];
    let level = sound::speech_level(greeting);
    assert!((-35.0..-5.0).contains(&level), "{level} dBov");
    let words = sound::understood(greeting);
    println!("the phone heard, at {level:.1} dBov: {words}");
    assert!(words.contains("thank you for calling") && words.contains(PRACTICE), "{words}");
    let rest = &recorded.received[14 * 8000..];
    let words = sound::understood(rest);
    println!("and then: {words}");
    assert!(words.contains("friday"), "{words}");
}

#[test]
fn a_registered_telephone_asks_for_the_hours() {
    interop::require("baresip", "baresip");
    let _alone = alone();
    steadily(ask_for_the_hours);
}

fn ask_for_the_hours() {
    let folder = Folder::new();
    let gateway = Inside::start(&folder);
    let says = folder.file("says.wav");
    write_caller(&says);
    let registrar = folder.sip.to_string();
    let setup =
        Setup { user: USER, registrar: Some((&registrar, PASSWORD)), ..Setup::saying(&says) };
    let mut phone = Baresip::start(&setup);
    assert!(phone.writes("200 OK (Attendant/", PATIENCE), "{}", phone.log());
    phone.dial(&format!("sip:{NUMBER}@{registrar}"));
    let recorded = converse(&gateway, phone);
    let moments = gateway.stop();
    check_transcript(&moments);
    check_recording(&recorded);
}

#[test]
fn a_wrong_password_does_not_get_in() {
    interop::require("baresip", "baresip");
    let _alone = alone();
    let folder = Folder::new();
    let gateway = Inside::start(&folder);
    let says = folder.file("says.wav");
    sound::write(&says, &sound::silence(10));
    let registrar = folder.sip.to_string();
    let setup =
        Setup { user: USER, registrar: Some((&registrar, "guessed")), ..Setup::saying(&says) };
    let mut phone = Baresip::start(&setup);
    assert!(phone.writes("401 Unauthorized (Attendant/", PATIENCE), "{}", phone.log());
    phone.dial(&format!("sip:{NUMBER}@{registrar}"));
    assert!(phone.wait_for("CALL_CLOSED", PATIENCE).is_some(), "{}", phone.log());
    assert_eq!(gateway.stop(), [], "no call came in");
}

/// The even ports of a configuration's `[rtp] ports`, all of them free again?
fn all_free(first: u16, last: u16) -> bool {
    (first..=last).step_by(2).all(|port| UdpSocket::bind(("127.0.0.1", port)).is_ok())
}

#[test]
fn two_hundred_calls_at_twenty_a_second() {
    interop::require("sipp", "sip-tester");
    let _alone = alone();
    steadily(two_hundred_calls);
}

fn two_hundred_calls() {
    // Fewer ports than calls: each must come back to be used again.
    let (first, last) = (25_000, 25_239);
    let folder = Folder::trunk();
    folder.change(NODE, "ports = \"24000-24399\"", &format!("ports = \"{first}-{last}\""));
    folder.append(NODE, "[limits]\ncalls = 120\n");
    folder.change(PROFILE, "calls = 200", "calls = 120");
    let gateway = Inside::start(&folder);
    let idle = resident("self") / 1024;
    let load = Load {
        target: folder.sip,
        dials: NUMBER,
        calls: 200,
        a_second: 20,
        held: Duration::from_secs(1),
    };
    let report = sipp::run(&load);
    let after = resident("self") / 1024;
    println!("resident memory: {idle} MB idle, {after} MB after {report:?}");
    assert_eq!((report.successful, report.failed), (200, 0), "{}", report.errors);

    assert!(wait_until(PATIENCE, || gateway.calls() == 0), "{} calls are left", gateway.calls());
    assert!(wait_until(PATIENCE, || all_free(first, last)), "RTP ports are still held");
    let options = Peer::new(folder.sip).ask("OPTIONS");
    assert_eq!(status(&options), 200, "{options}");
    let over = |it: &&Moment| matches!(it, Moment::Over(reason) if reason == "CallerHungUp");
    let moments = gateway.stop();
    assert_eq!(moments.iter().filter(over).count(), 200, "each call was closed once");
    assert_eq!(moments.iter().filter(|it| **it == Moment::Arrived).count(), 200);
}
