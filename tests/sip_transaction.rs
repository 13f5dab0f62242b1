//! The four transaction machines, told as timelines: every timer of RFC 3261 §17 and RFC 6026.
#![allow(clippy::unwrap_used, reason = "tests")]

mod timeline;

use std::time::{Duration, Instant};

use attendant::sip::transaction::{
    Client, ClientInput, InviteClient, InviteServer, InviteServerInput, Server, ServerInput,
    ServerOutput, Timing,
};
use bytes::Bytes;

/// One of the four, driven by words.
enum Driven {
    InviteClient(InviteClient),
    Client(Client),
    InviteServer(InviteServer),
    Server(Server),
}

impl timeline::Machine for Driven {
    fn input(&mut self, now: Instant, line: &str) {
        let asked = |line: &str| match line {
            "abandon" => ClientInput::Abandon,
            status => ClientInput::Response(status.parse().unwrap()),
        };
        let answer = |line: &str| {
            let status = line.trim_start_matches("answer ");
            (status.parse().unwrap(), Bytes::from(status.to_owned()))
        };
        match self {
            Self::InviteClient(machine) => machine.handle_input(now, asked(line)),
            Self::Client(machine) => machine.handle_input(now, asked(line)),
            Self::InviteServer(machine) => machine.handle_input(
                now,
                match line {
                    "ACK" => InviteServerInput::Ack,
                    "INVITE" => InviteServerInput::Invite,
                    _ => InviteServerInput::Respond(answer(line).0, answer(line).1),
                },
            ),
            Self::Server(machine) => machine.handle_input(
                now,
                match line {
                    "request" => ServerInput::Request,
                    _ => ServerInput::Respond(answer(line).0, answer(line).1),
                },
            ),
        }
    }

    fn timeout(&mut self, now: Instant) {
        match self {
            Self::InviteClient(machine) => machine.handle_timeout(now),
            Self::Client(machine) => machine.handle_timeout(now),
            Self::InviteServer(machine) => machine.handle_timeout(now),
            Self::Server(machine) => machine.handle_timeout(now),
        }
    }

    fn output(&mut self) -> Option<String> {
        let said = |output: ServerOutput| match output {
            ServerOutput::Send(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            other => format!("{other:?}"),
        };
        match self {
            Self::InviteClient(machine) => {
                machine.poll_output().map(|output| format!("{output:?}"))
            }
            Self::Client(machine) => machine.poll_output().map(|output| format!("{output:?}")),
            Self::InviteServer(machine) => machine.poll_output().map(said),
            Self::Server(machine) => machine.poll_output().map(said),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Self::InviteClient(machine) => machine.poll_timeout(),
            Self::Client(machine) => machine.poll_timeout(),
            Self::InviteServer(machine) => machine.poll_timeout(),
            Self::Server(machine) => machine.poll_timeout(),
        }
    }
}

const UDP: bool = false;
const TCP: bool = true;

fn timing(reliable: bool) -> Timing {
    Timing::from_t1(Duration::from_millis(500), reliable)
}

#[track_caller]
fn invite_client(reliable: bool, script: &str) {
    let start = Instant::now();
    let machine = InviteClient::new(start, timing(reliable));
    timeline::check(start, &mut Driven::InviteClient(machine), script);
}

#[track_caller]
fn client(reliable: bool, script: &str) {
    let start = Instant::now();
    timeline::check(start, &mut Driven::Client(Client::new(start, timing(reliable))), script);
}

#[track_caller]
fn invite_server(reliable: bool, script: &str) {
    let start = Instant::now();
    let machine = InviteServer::new(start, timing(reliable), Bytes::from_static(b"100"));
    timeline::check(start, &mut Driven::InviteServer(machine), script);
}

#[track_caller]
fn server(reliable: bool, script: &str) {
    let start = Instant::now();
    timeline::check(start, &mut Driven::Server(Server::new(timing(reliable))), script);
}

/// Timers A and B: repeats double without a cap, and 64·T1 is the end.
#[test]
fn an_invite_nobody_answers() {
    invite_client(
        UDP,
        "
        0ms > Send
        500ms > Send
        1500ms > Send
        3500ms > Send
        7500ms > Send
        15500ms > Send
        31500ms > Send
        32000ms > Timeout
        32000ms > Terminate
        ",
    );
    invite_client(
        TCP,
        "
        0ms > Send
        32000ms > Timeout
        32000ms > Terminate
        ",
    );
}

/// Any provisional response stops A and B; it may ring for long. Timer M then lets copies and forks of the 200 up.
#[test]
fn an_invite_that_is_accepted() {
    let story = "
        0ms > Send
        100ms < 100
        100ms > Pass
        300ms < 180
        300ms > Pass
        60000ms < 200
        60000ms > Pass
        60100ms < 180
        60500ms < 200
        60500ms > Pass
        60600ms < 486
        92000ms > Terminate
        93000ms < 200
        ";
    invite_client(UDP, story);
    invite_client(TCP, story);
}

/// Timer D: a refusal is acknowledged each time it comes, but told once.
#[test]
fn an_invite_that_is_refused() {
    invite_client(
        UDP,
        "
        0ms > Send
        100ms < 486
        100ms > Ack
        100ms > Pass
        600ms < 486
        600ms > Ack
        700ms < 200
        32100ms > Terminate
        ",
    );
    invite_client(
        TCP,
        "
        0ms > Send
        100ms < 603
        100ms > Ack
        100ms > Pass
        100ms > Terminate
        ",
    );
}

/// RFC 3261 §9.1: after a CANCEL without effect the layer above lets go.
#[test]
fn an_invite_that_is_abandoned() {
    invite_client(
        UDP,
        "
        0ms > Send
        100ms < 180
        100ms > Pass
        40000ms < abandon
        40000ms > Terminate
        ",
    );
}

/// Timers E and F: repeats double up to T2, and 64·T1 is the end.
#[test]
fn a_request_nobody_answers() {
    client(
        UDP,
        "
        0ms > Send
        500ms > Send
        1500ms > Send
        3500ms > Send
        7500ms > Send
        11500ms > Send
        15500ms > Send
        19500ms > Send
        23500ms > Send
        27500ms > Send
        31500ms > Send
        32000ms > Timeout
        32000ms > Terminate
        ",
    );
    client(
        TCP,
        "
        0ms > Send
        32000ms > Timeout
        32000ms > Terminate
        ",
    );
}

/// Timer E goes on at T2 after a provisional response; timer F does not stop.
#[test]
fn a_request_that_is_only_begun() {
    client(
        UDP,
        "
        0ms > Send
        500ms > Send
        700ms < 100
        700ms > Pass
        1500ms > Send
        5500ms > Send
        9500ms > Send
        13500ms > Send
        17500ms > Send
        21500ms > Send
        25500ms > Send
        29500ms > Send
        32000ms > Timeout
        32000ms > Terminate
        ",
    );
}

/// Timer K: T4 to swallow repeats of the answer, nothing where there are none.
#[test]
fn a_request_that_is_answered() {
    client(
        UDP,
        "
        0ms > Send
        100ms < 200
        100ms > Pass
        200ms < 200
        5100ms > Terminate
        ",
    );
    client(
        TCP,
        "
        0ms > Send
        100ms < 481
        100ms > Pass
        100ms > Terminate
        ",
    );
}

/// 100 Trying within 200 ms when nobody says anything, and what was said last to each repeat.
#[test]
fn a_call_that_rings() {
    invite_server(
        UDP,
        "
        100ms < INVITE
        200ms > 100
        300ms < INVITE
        300ms > 100
        400ms < answer 180
        400ms > 180
        900ms < INVITE
        900ms > 180
        5000ms < answer 200
        5000ms > 200
        37000ms > Terminate
        ",
    );
    invite_server(
        UDP,
        "
        100ms < answer 180
        100ms > 180
        150ms < answer 404
        150ms > 404
        160ms < ACK
        5160ms > Terminate
        ",
    );
}

/// Timers G and H: a refusal nobody acknowledges is repeated up to T2 apart, for 64·T1.
#[test]
fn a_refusal_nobody_acknowledges() {
    invite_server(
        UDP,
        "
        0ms < answer 403
        0ms > 403
        500ms > 403
        1500ms > 403
        3500ms > 403
        7500ms > 403
        11500ms > 403
        15500ms > 403
        19500ms > 403
        23500ms > 403
        27500ms > 403
        31500ms > 403
        32000ms > AckTimeout
        32000ms > Terminate
        ",
    );
    invite_server(
        TCP,
        "
        0ms < answer 403
        0ms > 403
        32000ms > AckTimeout
        32000ms > Terminate
        ",
    );
}

/// Timer I: T4 to swallow repeats of the ACK; a second answer is not sent.
#[test]
fn a_refusal_that_is_acknowledged() {
    invite_server(
        UDP,
        "
        0ms < answer 486
        0ms > 486
        100ms < INVITE
        100ms > 486
        200ms < answer 200
        500ms > 486
        600ms < ACK
        700ms < ACK
        700ms < INVITE
        5600ms > Terminate
        ",
    );
    invite_server(
        TCP,
        "
        0ms < answer 486
        0ms > 486
        100ms < ACK
        100ms > Terminate
        ",
    );
}

/// Timer L (RFC 6026): repeats of an accepted INVITE are swallowed, copies of the 200 go through, ACKs go up.
#[test]
fn an_acceptance_belongs_to_the_dialog() {
    invite_server(
        UDP,
        "
        50ms < answer 200
        50ms > 200
        90ms < INVITE
        550ms < answer 200
        550ms > 200
        600ms < answer 500
        700ms < ACK
        700ms > PassAck
        800ms < ACK
        800ms > PassAck
        32050ms > Terminate
        ",
    );
}

/// Timer J: 64·T1 in which the answer is given again, nothing on a reliable transport.
#[test]
fn a_request_we_answer() {
    server(
        UDP,
        "
        100ms < request
        150ms < answer 100
        150ms > 100
        200ms < request
        200ms > 100
        300ms < answer 200
        300ms > 200
        800ms < request
        800ms > 200
        900ms < answer 500
        32300ms > Terminate
        40000ms < request
        ",
    );
    server(
        TCP,
        "
        100ms < answer 200
        100ms > 200
        100ms > Terminate
        ",
    );
}
