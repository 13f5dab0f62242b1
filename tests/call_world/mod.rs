//! A call on virtual time: texts go in as its inputs, and its outputs come out as short lines.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "each test takes what it needs")]

use std::time::{Duration, Instant};

use attendant::agent::Setting;
use attendant::agent::tools::{ErrorCode, ToolData, ToolResult};
use attendant::base::{
    CallId, LegId, Phi, Purpose, TargetName, ToolRequestId, TurnId, UtteranceId,
};
use attendant::call::{Attempt, Call, Carrier, Input, Output, Reach, Setup, Sound, Told};
use attendant::codec::Codec;
use attendant::media::Way;
use attendant::practice::{Practice, Practitioner, PractitionerId};
use attendant::sdp::LocalMedia;
use attendant::sip::{Command, EndCause, Event, TransferState};
use attendant::speech::{Origin, Transcript, VoiceHint};
use jiff::civil::date;

use super::timeline;

pub const LEG: LegId = LegId(2);
/// The leg that takes its place.
const SEE: Purpose = Purpose::Comparison;

macro_rules! rung {
    () => {
        "
            0ms > open media
            0ms > 180
            0ms > 200
        "
    };
}

macro_rules! greeted {
    () => {
        concat!(
            rung!(),
            "
            100ms < ack
            100ms > speak 1 in 0: Thank you for calling Maple Street. This is the practice's automated assistant.
            100ms > speak 2 in 0: How can I help you today?
            200ms < started 1
            3000ms < heard 1
            3001ms < started 2
            4500ms < heard 2
        "
        )
    };
}

macro_rules! announced {
    () => {
        concat!(
            greeted!(),
            "
            5000ms < voice-on
            6500ms < voice-off
            7200ms > finish 1
            7300ms < final 1 I want to talk to a person please
            7300ms > speak 3 in 0: One moment, I'll connect you with the front desk.
            7400ms < started 3
            7400ms > replied 1 after 1000 ms
        "
        )
    };
}

macro_rules! asked {
    () => {
        concat!(
            announced!(),
            "
            9000ms < heard 3
            9000ms > store 1 front-desk patient_request
        "
        )
    };
}

/// How each call with an offer begins. This and the next ones begin stories whose beginning is not the point.
pub const RUNG: &str = rung!();
/// The caller has heard the greeting.
pub const GREETED: &str = greeted!();
/// The caller has asked for a person, and begins to hear that one is sought.
pub const ANNOUNCED: &str = announced!();
/// The caller has asked for a person and heard that one is called; the note is on its way.
pub const ASKED: &str = asked!();
/// The PBX has taken the REFER to the first number.
pub const REFERRED: &str = concat!(
    asked!(),
    "
            9100ms < stored 1
            9100ms > refer sip:101@pbx note-1
            9200ms < transfer 202
            9200ms > told front-desk Accepted
    "
);

/// Tells a call with two numbers for a person.
#[track_caller]
pub fn check(before: &str, script: &str) {
    check_with(setup(Some(sdp("sendrecv")), &[101, 102], false, &[]), before, script);
}

/// Tells a call from its beginning on.
#[track_caller]
pub fn check_with(setup: Setup, before: &str, script: &str) {
    let start = Instant::now() + Duration::from_secs(10);
    timeline::check(start, &mut Story::begin(start, setup), &format!("{before}{script}"));
}

/// An offer of µ-law, with a line to change its direction.
pub fn sdp(direction: &str) -> Vec<u8> {
    format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 0\r\na={direction}\r\n"
    )
    .into_bytes()
}

fn attempt(target: &str, number: u16) -> Attempt {
    let uri = format!("sip:{number}@pbx");
    Attempt { target: TargetName::new(target), uri, ring: Duration::from_secs(20) }
}

/// A call whose targets and fallback are as given: numbers, and whether the call ends after them.
pub fn setup(offer: Option<Vec<u8>>, dial: &[u16], hang_up: bool, fallback: &[u16]) -> Setup {
    let reach = |target: &str, dial: &[u16], hang_up| Reach {
        attempts: dial.iter().map(|&number| attempt(target, number)).collect(),
        hang_up,
    };
    let desk = TargetName::new("front-desk");
    let night = TargetName::new("night");
    Setup {
        call: CallId(7),
        leg: LEG,
        offer: offer.map(Into::into),
        local: LocalMedia {
            telephone_event: true,
            ..LocalMedia::new("192.0.2.1:40000".parse().unwrap(), vec![Codec::Pcmu], 1)
        },
        setting: Setting {
            practice: Practice {
                name: "Maple Street".into(),
                address: "12 Maple Street".into(),
                hours: "Monday to Friday".into(),
                time_zone: "America/Chicago".into(),
            },
            practitioners: vec![Practitioner {
                id: PractitionerId("prac-patel".into()),
                given: "A".into(),
                family: "Patel".into(),
                spoken: "Dr. Patel".into(),
                specialty: "family medicine".into(),
                gender: None,
            }],
            now: date(2026, 11, 20).at(10, 0, 0, 0),
            caller: None,
            targets: if dial.is_empty() { vec![] } else { vec![desk.clone()] },
            languages: Vec::new(),
            notice: None,
            seed: 1,
        },
        targets: [(desk, reach("front-desk", dial, hang_up))].into(),
        fallback: (!fallback.is_empty()).then(|| (night, reach("night", fallback, false))),
        referred_by: "sip:attendant@192.0.2.1".into(),
        context: vec![Carrier::XHeader, Carrier::ReferredBy],
        presses_in_band: false,
        judged: true,
        longest: Duration::from_secs(3600),
        notify_says_answered: true,
    }
}

pub struct Story(pub Call);

impl Story {
    pub fn begin(start: Instant, setup: Setup) -> Self {
        Self(Call::new(start, setup))
    }
}

/// Reads an input; `now` is when it comes.
pub fn input(now: Instant, line: &str) -> Input {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let since = now - Duration::from_millis(100);
    let number = || rest.split(' ').next().unwrap().parse::<u32>().unwrap();
    let sip = |event| Input::Sip(event);
    let (hint, started_ago) = (
        |by, kind| Input::Sound(Sound::VoiceHint { kind, by, at: now }),
        Duration::from_millis(60),
    );
    match word {
        "ack" => sip(Event::Established { leg: LEG, answer: None }),
        "ack-answer" => sip(Event::Established { leg: LEG, answer: Some(sdp(rest).into()) }),
        "reinvite" => sip(Event::Offer { leg: LEG, sdp: Some(sdp(rest).into()) }),
        // `reinvite-media audio 4000 RTP/AVP 8|image 4002 udptl t38`: streams, a bar between two.
        "reinvite-media" => {
            let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\n";
            let streams = rest.split('|').map(|stream| format!("m={stream}\r\n"));
            let sdp = Some(format!("{head}{}", streams.collect::<String>()).as_str().into());
            sip(Event::Offer { leg: LEG, sdp })
        }
        "refreshed" => sip(Event::Changed { leg: LEG, sdp: sdp(rest).into() }),
        "refreshed-garbled" => sip(Event::Changed { leg: LEG, sdp: "v=1".into() }),
        "reinvite-empty" => sip(Event::Offer { leg: LEG, sdp: None }),
        "replaced" => ended(EndCause::Replaced),
        "transfer" => sip(Event::Transfer { leg: LEG, state: state(rest) }),
        "bye" => ended(EndCause::RemoteBye),
        "cancel" => ended(EndCause::RemoteCancel),
        "bye-answered" => ended(EndCause::Local),
        "refused" => ended(EndCause::RefusedByUs(488)),
        "no-ack" => ended(EndCause::AckTimeout),
        "lost" => ended(EndCause::Timeout),
        "voice-on" => Input::Sound(Sound::VoiceOn { since }),
        "voice-off" => Input::Sound(Sound::VoiceOff { since }),
        "suspected" => hint(Origin::Detector, VoiceHint::Suspected { started_ago }),
        "confirmed" => hint(Origin::Detector, VoiceHint::Confirmed { started_ago }),
        "not-suspected" => hint(Origin::Detector, VoiceHint::Denied),
        "not-a-voice" => hint(Origin::Model, VoiceHint::Denied),
        "info" => sip(Event::Dtmf { leg: LEG, digit: rest.chars().next().unwrap() }),
        "key" | "tone" => {
            let way = if word == "key" { Way::Event } else { Way::Tone };
            Input::Sound(Sound::Dtmf { digit: Phi::new(rest.chars().next().unwrap()), way })
        }
        "started" => Input::Sound(Sound::Started { utterance: UtteranceId(number()) }),
        "rendered" => {
            let frames = rest.split(' ').nth(1).unwrap().parse().unwrap();
            Input::Rendered { utterance: UtteranceId(number()), frames }
        }
        "heard" => played(number(), 500, true),
        // All that there is of it, so many frames, was played.
        "played" => played(number(), rest.split(' ').nth(1).unwrap().parse().unwrap(), true),
        "cut" => played(number(), rest.split(' ').nth(1).unwrap().parse().unwrap(), false),
        "mute" => Input::NotRendered { utterance: UtteranceId(number()), frames: 1 },
        // The voice failed after so many frames.
        "stalled" => {
            let frames = rest.split(' ').nth(1).unwrap().parse().unwrap();
            Input::NotRendered { utterance: UtteranceId(number()), frames }
        }
        "judge-failed" => Input::JudgeFailed,
        "gone" => Input::Sound(Sound::Gone { lasted: Duration::from_secs(number().into()) }),
        "partial" => Input::Transcript(Transcript::Partial { text: Phi::new(rest.into()) }),
        "final" => {
            let (turn, text) = rest.split_once(' ').unwrap_or((rest, ""));
            let (turn, text) = (TurnId(turn.parse().unwrap()), Phi::new(text.to_owned()));
            Input::Transcript(Transcript::Final { turn, text, confidence: 0.9 })
        }
        "stored" => stored(number(), Ok("note-1".into())),
        "not-stored" => stored(number(), Err(ErrorCode::EhrUnavailable)),
        "denied" => stored(number(), Err(ErrorCode::InvalidArgument)),
        "hours" => tool(number(), ToolResult::ok(ToolData::OfficeInfo("nine to five".into()))),
        "tool-fails" => tool(number(), ToolResult::failed(ErrorCode::EhrUnavailable)),
        "press" => Input::Press { digits: Phi::new(rest.into()) },
        "media-failed" => Input::MediaFailed,
        "ears-failed" => Input::EarsFailed,
        "stop" => Input::HangUp,
        other => panic!("no such input: {other}"),
    }
}

fn ended(cause: EndCause) -> Input {
    Input::Sip(Event::Ended { leg: LEG, cause, reason: None })
}

fn played(utterance: u32, frames: u32, complete: bool) -> Input {
    Input::Sound(Sound::Ended { utterance: UtteranceId(utterance), frames, complete })
}

fn stored(request: u32, stored: Result<String, ErrorCode>) -> Input {
    Input::HandOffStored { request: ToolRequestId(request), stored }
}

fn tool(request: u32, result: ToolResult) -> Input {
    Input::ToolDone { request: ToolRequestId(request), result }
}

fn state(text: &str) -> TransferState {
    match text {
        "202" => TransferState::Accepted,
        "answered" => TransferState::Answered,
        "unknown" => TransferState::Unknown,
        status => match status.parse().unwrap() {
            status @ ..200 => TransferState::Progress(status),
            status => TransferState::Failed(status),
        },
    }
}

impl timeline::Machine for Story {
    fn input(&mut self, now: Instant, line: &str) {
        self.0.handle_input(now, input(now, line));
    }

    fn timeout(&mut self, now: Instant) {
        self.0.handle_timeout(now);
    }

    fn output(&mut self) -> Option<String> {
        loop {
            // What is not worth a line here: what is prepared, expected and decided.
            if let Some(line) = line(self.0.poll_output()?) {
                return Some(line);
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.0.poll_timeout()
    }
}

fn line(output: Output) -> Option<String> {
    Some(match output {
        Output::Sip(command) => return Some(sip_line(command)),
        Output::OpenMedia(_) => "open media".into(),
        Output::UpdateMedia(to) => format!("update media {:?}", to.direction),
        Output::CloseMedia => "close media".into(),
        Output::Press { digit } => format!("press {}", digit.reveal(SEE)),
        Output::Speak { utterance, epoch, text, .. } => {
            format!("speak {} in {}: {}", utterance.0, epoch.0, text.reveal(SEE))
        }
        Output::Duck(on) => if on { "duck" } else { "unduck" }.into(),
        Output::Pause(on) => if on { "pause" } else { "go on" }.into(),
        Output::Flush { epoch } => format!("flush {}", epoch.0),
        Output::Finish { turn } => format!("finish {}", turn.0),
        Output::Discard => "discard".into(),
        Output::Tool { request, call, .. } => format!("tool {} {}", request.0, call.name()),
        Output::StoreHandOff { request, target, reason, .. } => {
            format!("store {} {target} {reason}", request.0)
        }
        Output::TransferDone { target, outcome, .. } => format!("done {target} {outcome:?}"),
        Output::Told(Told::Transfer { target, state }) => format!("told {target} {state:?}"),
        Output::Told(Told::AgentInterrupted { utterance, heard }) => {
            format!("interrupted {}, heard [{}]", utterance.0, heard.reveal(SEE))
        }
        Output::Told(Told::Replied { turn, gap }) => {
            format!("replied {} after {} ms", turn.0, gap.as_millis())
        }
        Output::Told(Told::Overlapped(overlap)) => {
            format!("{:?} after {} ms", overlap.verdict, overlap.decided.as_millis())
        }
        Output::Over(summary) => {
            let note = summary.hand_off.unwrap_or_else(|| "no note".into());
            format!("over {:?} {:?} {note}", summary.reason, summary.goals)
        }
        Output::Hear { language } => format!("hear {language}"),
        Output::Waiting(_)
        | Output::Told(_)
        | Output::Prepare { .. }
        | Output::Expect(_)
        | Output::Record(_)
        | Output::Decided(_) => {
            return None;
        }
    })
}

fn sip_line(command: Command) -> String {
    match command {
        Command::Ring { .. } => "180".into(),
        Command::Accept { .. } => "200".into(),
        Command::Refuse { refusal, .. } => {
            format!("{} {}", refusal.status, refusal.warning.unwrap_or_default())
        }
        Command::AcceptOffer { .. } => "200 to the re-INVITE".into(),
        Command::RefuseOffer { refusal, .. } => format!("{} to the re-INVITE", refusal.status),
        Command::HangUp { .. } => "hang up".into(),
        Command::Refer { target, headers, .. } => {
            let id = headers.iter().find(|(name, _)| name == "X-Handoff-Id");
            format!("refer {target} {}", id.map_or("without a note", |(_, id)| id))
        }
        Command::GiveUpRefer { .. } => "give up".into(),
        Command::Press { digit, .. } => format!("info {digit}"),
        other => format!("{other:?}"),
    }
}
