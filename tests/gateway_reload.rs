//! A configuration that changes under a running gateway: swapped as a whole, or not at all.
//!
//! The gateway runs in this process with ears that understand nothing; peers are sockets and speak by hand.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod gateway_stage;

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use attendant::gateway::{ReloadError, ask_to_reload};
use gateway_stage::program::command;
use gateway_stage::quiet::Quiet;
use gateway_stage::wire::{G711, Peer, header, status};
use gateway_stage::{Folder, NODE, NUMBER, PLAN, PROFILE, wait_until};

const PATIENCE: Duration = Duration::from_secs(20);
/// What is not answered within this is not answered.
const SILENCE: Duration = Duration::from_secs(1);

fn free_port() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn answers(at: SocketAddr) -> bool {
    status(&Peer::new(at).ask("OPTIONS")) == 200
}

/// Whether an OPTIONS request is answered at all.
fn hears(at: SocketAddr) -> bool {
    let peer = Peer::new(at);
    let local = free_port();
    let request = format!(
        "OPTIONS sip:{at} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK-hears;rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:t@{local}>;tag=1\r\nTo: <sip:{at}>\r\nCall-ID: hears-{local}\r\n\
         CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    peer.send(request.as_bytes());
    peer.receive(SILENCE).is_some()
}

#[test]
fn sockets_are_opened_and_closed_while_calls_go_on() {
    let folder = Folder::trunk();
    let house = Quiet::start(&folder);
    let peer = Peer::new(folder.sip);
    let (answer, mut call) = peer.invite(NUMBER, G711);
    assert_eq!(status(&answer), 200, "{answer}");

    let second = free_port();
    let line = format!("dialplan = \"front-desk\"\n\n[listen]\nudp = \"{second}\"\n");
    folder.change(PROFILE, "dialplan = \"front-desk\"\n", &line);
    let reloaded = house.reload().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((reloaded.trunks, reloaded.waiting), (1, vec![]));
    assert!(answers(second), "the new socket serves");
    assert_eq!(house.calls(), 1, "the call goes on");
    assert_eq!(status(&peer.bye(&mut call)), 200, "on the socket that it came by");
    assert!(wait_until(PATIENCE, || house.calls() == 0));
}

#[test]
fn a_socket_that_no_trunk_has_any_more_is_deaf() {
    let folder = Folder::trunk();
    let house = Quiet::start(&folder);
    assert!(answers(folder.sip));
    let second = free_port();
    folder.change(NODE, &folder.sip.to_string(), &second.to_string());
    house.reload().unwrap_or_else(|error| panic!("{error}"));
    assert!(answers(second));
    assert!(!hears(folder.sip));
}

#[test]
fn a_new_plan_takes_the_next_call_and_not_the_running_one() {
    let folder = Folder::trunk();
    let house = Quiet::start(&folder);
    let peer = Peer::new(folder.sip);
    let (answer, mut call) = peer.invite(NUMBER, G711);
    assert_eq!(status(&answer), 200, "{answer}");
    let closed = "[[route]]\nname = \"closed\"\ncalled = \"900\"\nreject = 603\n\n[[route]]";
    folder.change(PLAN, "[[route]]", closed);
    folder.change(PLAN, "route = \"reception\"", "route = \"closed\"");
    let warned = house.reload().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(warned.waiting, Vec::<&str>::new());
    let (answer, _) = Peer::new(folder.sip).invite(NUMBER, G711);
    assert_eq!(status(&answer), 603, "{answer}");
    assert_eq!(status(&peer.bye(&mut call)), 200);
}

/// A PBX of a few words at an address of its own: takes every REGISTER.
struct Registrar {
    socket: UdpSocket,
}

impl Registrar {
    fn open() -> Self {
        let socket = UdpSocket::bind("127.0.0.5:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket }
    }

    /// Returns the address-of-record and the expiry of the next REGISTER, which is granted.
    fn next(&self) -> (String, String) {
        let mut buffer = [0; 4096];
        loop {
            let (length, from) = self.socket.recv_from(&mut buffer).unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let echo: String = ["Via", "From", "Call-ID", "CSeq", "Contact", "Expires"]
                .iter()
                .filter_map(|name| Some(format!("{name}: {}\r\n", header(&text, name)?)))
                .collect();
            let to = header(&text, "To").unwrap();
            let answer =
                format!("SIP/2.0 200 OK\r\n{echo}To: {to};tag=pbx\r\nContent-Length: 0\r\n\r\n");
            self.socket.send_to(answer.as_bytes(), from).unwrap();
            if text.starts_with("REGISTER ") {
                let contact = header(&text, "Contact").unwrap_or_default();
                let of_contact = contact.rsplit_once("expires=").map(|(_, value)| value.to_owned());
                return (to, of_contact.or(header(&text, "Expires")).unwrap());
            }
        }
    }
}

#[test]
fn registrations_follow_the_files() {
    let folder = Folder::trunk();
    let house = Quiet::start(&folder);
    let pbx = Registrar::open();
    let host = pbx.socket.local_addr().unwrap();
    let profile = format!(
        "preset = \"carrier-register\"\ndialplan = \"front-desk\"\n[peer]\nhost = \"{host}\"\nping = \"off\"\n\
         [auth]\nuser = \"agent\"\nsecret = {{ file = \"credentials/1000\" }}\n[transfer]\nallow = [\"_1XX\"]\n"
    );
    folder.write("sip-profiles/carrier.toml", &profile);
    assert_eq!(house.reload().unwrap().trunks, 2);
    let (to, expires) = pbx.next();
    assert!(to.contains("sip:agent@127.0.0.5"), "{to}");
    assert_eq!(expires, "600");

    folder.write("sip-profiles/carrier.toml", &format!("{profile}[register]\nuser = \"8000\"\n"));
    house.reload().unwrap_or_else(|error| panic!("{error}"));
    let mut seen = vec![pbx.next(), pbx.next()];
    seen.sort_by_key(|(_, expires)| expires.len());
    assert!(seen[0].0.contains("agent@") && seen[0].1 == "0", "the old one is withdrawn: {seen:?}");
    assert!(seen[1].0.contains("8000@") && seen[1].1 == "600", "{seen:?}");

    std::fs::remove_file(folder.file("sip-profiles/carrier.toml")).unwrap();
    assert_eq!(house.reload().unwrap().trunks, 1);
    let (to, expires) = pbx.next();
    assert!(to.contains("8000@") && expires == "0", "{to} {expires}");
}

/// What cannot be answered in time goes back to the PBX, whose own rule rings somebody.
#[test]
fn a_call_that_would_be_answered_too_late_is_refused() {
    let folder = Folder::trunk();
    folder.append(PROFILE, "[session]\nanswer-within = \"20s\"\n");
    let house = Quiet::start_slowly(&folder, Duration::from_millis(400));
    let (answer, mut call) = Peer::new(folder.sip).invite(NUMBER, G711);
    assert_eq!(status(&answer), 200, "{answer}");
    assert_eq!(status(&Peer::new(folder.sip).bye(&mut call)), 200);
    folder.change(PROFILE, "\"20s\"", "\"200ms\"");
    house.reload().unwrap_or_else(|error| panic!("{error}"));
    let (answer, _) = Peer::new(folder.sip).invite(NUMBER, G711);
    assert_eq!(status(&answer), 503, "{answer}");
    assert!(answer.contains("answer-within"), "the admin is told why: {answer}");
    assert!(wait_until(PATIENCE, || house.calls() == 0), "nothing is left of it");
}

#[test]
fn a_mistake_changes_nothing() {
    let folder = Folder::trunk();
    let house = Quiet::start(&folder);
    let before = folder.config().generation;

    // A file that is wrong, beside one that has changed and is right.
    let second = free_port();
    let line = format!("dialplan = \"front-desk\"\n\n[listen]\nudp = \"{second}\"\n");
    folder.change(PROFILE, "dialplan = \"front-desk\"\n", &line);
    folder.change(PLAN, "[[route]]", "[[rout]]");
    let report = house.reload().unwrap_err().to_string();
    assert!(
        report.contains("nothing reads the key `rout`") && report.ends_with("1 error"),
        "{report}"
    );
    assert!(answers(folder.sip), "the old socket serves");
    assert!(!hears(second), "the new one was not opened");

    // Right files that ask for a socket that is taken.
    folder.change(PLAN, "[[rout]]", "[[route]]");
    let taken = UdpSocket::bind(second).unwrap();
    let refused = house.reload().unwrap_err();
    assert!(matches!(refused, ReloadError::Sockets(_)), "{refused}");
    assert!(refused.to_string().contains("is taken by another program"), "{refused}");
    let (answer, mut call) = Peer::new(folder.sip).invite(NUMBER, G711);
    assert_eq!(status(&answer), 200, "{answer}");
    assert_eq!(status(&Peer::new(folder.sip).bye(&mut call)), 200);

    drop(taken);
    let after = house.reload().unwrap_or_else(|error| panic!("{error}"));
    assert_ne!(after.generation, before.to_string());
    assert!(answers(second), "now it serves");
}

#[test]
fn what_waits_for_a_restart_is_named() {
    let folder = Folder::trunk();
    let house = Quiet::start(&folder);
    folder.append(NODE, "[threads]\nmedia = 2\n");
    let told = house.reload().unwrap().to_string();
    assert!(told.ends_with("\nTakes effect after a restart: [threads] media"), "{told}");
}

/// What `systemctl reload` runs: it waits, says what came of it, and fails visibly.
#[test]
fn the_command_waits_for_the_result() {
    let folder = Folder::trunk();
    let alone = command(&["reload"], folder.path());
    assert_eq!(alone.code, Some(2), "{}", alone.err);
    assert!(alone.err.contains("no running Attendant answers at"), "{}", alone.err);

    let house = Quiet::start(&folder);
    let said = command(&["reload"], folder.path());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let generation = folder.config().generation;
    assert_eq!(said.out, format!("Reloaded {generation}: SIP profiles 1, warnings 0\n"));

    folder.change(PROFILE, "preset", "prset");
    let checked = command(&["check"], folder.path());
    let said = command(&["reload"], folder.path());
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    let nothing = "Nothing has changed: the old configuration stays in force.\n";
    assert_eq!(said.err, format!("{}{nothing}", checked.err), "as `check` says it");
    assert!(answers(folder.sip));

    // Somebody who asks something else, or nothing, stops nobody.
    let data = folder.config_data();
    let mut rude = std::os::unix::net::UnixStream::connect(data.join("control.sock")).unwrap();
    std::io::Write::write_all(&mut rude, &[b'x'; 300]).unwrap();
    let asked = house.beside(ask_to_reload(&data)).unwrap();
    assert!(asked.is_err(), "{asked:?}");
    drop(house);
    assert!(!data.join("control.sock").exists(), "it goes with the gateway");
}
