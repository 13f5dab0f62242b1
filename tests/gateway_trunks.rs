//! A trunk of the running gateway from the PBX's side: registered, asked for life, limited, drained.
//!
//! The PBX is a socket and a hand that writes SIP; the gateway runs in this process without speech models.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod gateway_stage;

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use gateway_stage::quiet::Quiet;
use gateway_stage::wire::{G711, Peer, header, status};
use gateway_stage::{Folder, NUMBER, PROFILE, wait_until};

const PATIENCE: Duration = Duration::from_secs(20);

/// A PBX that is asked and answers by hand.
struct Pbx {
    socket: UdpSocket,
    address: SocketAddr,
}

impl Pbx {
    fn new() -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let address = socket.local_addr().unwrap();
        Self { socket, address }
    }

    /// Writes the profile of a trunk to it.
    fn profile(&self, folder: &Folder, more: &str) {
        let host = self.address;
        let profile = format!(
            "preset   = \"generic\"\ndialplan = \"front-desk\"\npeer.host = \"{host}\"\n\
             transfer.allow = [\"_1XX\"]\n{more}"
        );
        folder.write(PROFILE, &profile);
    }

    /// Returns the next request of this method, and from where; answers everything else with 200.
    fn expect(&self, method: &str) -> (String, SocketAddr) {
        let begun = Instant::now();
        let mut buffer = [0; 65_535];
        while begun.elapsed() < PATIENCE {
            self.socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
            let Ok((length, from)) = self.socket.recv_from(&mut buffer) else { continue };
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if message.starts_with(method) {
                return (message, from);
            }
            if !message.starts_with("SIP/2.0") && !message.trim().is_empty() {
                self.answer(&(message, from), "200 OK", "");
            }
        }
        panic!("no {method} came")
    }

    fn answer(&self, request: &(String, SocketAddr), line: &str, more: &str) {
        let (message, from) = request;
        self.socket.send_to(response(message, line, more).as_bytes(), from).unwrap();
    }
}

/// Writes the answer to a request.
fn response(request: &str, line: &str, more: &str) -> String {
    let mut text = format!("SIP/2.0 {line}\r\n");
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        let tag = if name == "To" { ";tag=pbx" } else { "" };
        text.push_str(&format!("{name}: {}{tag}\r\n", header(request, name).unwrap()));
    }
    text.push_str(&format!("{more}Content-Length: 0\r\n\r\n"));
    text
}

fn registering(expires: &str) -> String {
    format!(
        "peer.ping = \"off\"\n[auth]\nuser = \"2000\"\nsecret = {{ file = \"pbx-secret\" }}\n\
         [register]\nenabled = true\nexpires = \"{expires}\"\n"
    )
}

/// What the log, the facts and the health answer say of the only trunk.
fn trunk(house: &Quiet) -> String {
    house.facts().trunks[0].to_string()
}

/// An extension of the PBX: it registers, takes the calls that come by the registration, follows a reload, and when it is
/// stopped it refuses new calls at once, finishes the one it has, and only then takes its registration back.
#[test]
fn a_registered_trunk_from_start_to_drain() {
    let (folder, pbx) = (Folder::new(), Pbx::new());
    folder.write("pbx-secret", "seven-willows\n");
    pbx.profile(&folder, &registering("10m"));
    let house = Quiet::start(&folder);
    let first = pbx.expect("REGISTER");
    assert!(!first.0.contains("Authorization:"), "{}", first.0);
    let contact = header(&first.0, "Contact").unwrap();
    assert!(contact.starts_with(&format!("<sip:2000@{}>", folder.sip)), "{contact}");
    let asked =
        "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\r\n";
    pbx.answer(&first, "401 Unauthorized", asked);
    let second = pbx.expect("REGISTER");
    assert!(second.0.contains("Authorization: Digest username=\"2000\""), "{}", second.0);
    assert_eq!(trunk(&house), "trunk demo: not registered yet");
    pbx.answer(&second, "200 OK", &format!("Contact: {contact}\r\n"));
    assert!(
        wait_until(PATIENCE, || trunk(&house) == "trunk demo: registered"),
        "{}",
        trunk(&house)
    );

    pbx.profile(&folder, &registering("20m"));
    house.reload().unwrap();
    let changed = pbx.expect("REGISTER");
    assert_eq!(header(&changed.0, "Expires").as_deref(), Some("1200"));
    pbx.answer(&changed, "200 OK", "");

    // The PBX calls from the very socket that we registered with.
    let peer = Peer::over(pbx.socket.try_clone().unwrap(), folder.sip);
    let (answer, mut dialog) = peer.invite(NUMBER, G711);
    assert_eq!(status(&answer), 200, "{answer}");

    let begun = Instant::now();
    let stopping = house.stop(Duration::from_secs(60));
    let refused = wait_until(PATIENCE, || status(&peer.ask("OPTIONS")) == 503);
    assert!(refused, "OPTIONS tells that we drain");
    let (answer, _) = peer.invite(NUMBER, G711);
    assert_eq!(status(&answer), 503, "{answer}");
    assert!(header(&answer, "Retry-After").is_some(), "{answer}");
    assert!(answer.contains("Warning: 399"), "{answer}");
    let answer = peer.bye(&mut dialog);
    assert_eq!(status(&answer), 200, "{answer}");
    let last = pbx.expect("REGISTER");
    assert_eq!(header(&last.0, "Expires").as_deref(), Some("0"), "{}", last.0);
    pbx.answer(&last, "200 OK", "");
    stopping.join().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(30), "it did not wait for the deadline");
}

/// Calls outlast the deadline by a goodbye and no more; a PBX that no longer answers is not waited for long.
#[test]
fn the_drain_has_a_deadline() {
    let (folder, pbx) = (Folder::new(), Pbx::new());
    folder.write("pbx-secret", "seven-willows\n");
    pbx.profile(&folder, &registering("10m"));
    let house = Quiet::start(&folder);
    let request = pbx.expect("REGISTER");
    pbx.answer(&request, "200 OK", "");
    assert!(wait_until(PATIENCE, || trunk(&house) == "trunk demo: registered"));
    let peer = Peer::over(pbx.socket.try_clone().unwrap(), folder.sip);
    let (answer, _) = peer.invite(NUMBER, G711);
    assert_eq!(status(&answer), 200, "{answer}");
    let begun = Instant::now();
    let stopping = house.stop(Duration::from_secs(1));
    let bye = pbx.expect("BYE");
    pbx.answer(&bye, "200 OK", "");
    pbx.expect("REGISTER");
    stopping.join().unwrap();
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(1) && took < Duration::from_secs(20), "{took:?}");
}

/// What the PBX answers to OPTIONS is what the gateway says of it.
#[test]
fn the_state_of_a_trunk_is_told() {
    let (folder, pbx) = (Folder::new(), Pbx::new());
    pbx.profile(&folder, "peer.ping = \"1s\"\n");
    let house = Quiet::start(&folder);
    assert_eq!(trunk(&house), "trunk demo: not asked yet");
    let expect = |line: &str, more: &str, told: &str| {
        for _ in 0..5 {
            let request = pbx.expect("OPTIONS");
            pbx.answer(&request, line, more);
            if wait_until(Duration::from_millis(800), || trunk(&house) == told) {
                return;
            }
        }
        panic!("{line}: {}", trunk(&house));
    };
    expect("200 OK", "", "trunk demo: up");
    expect(
        "503 Service Unavailable",
        "Retry-After: 120\r\n",
        "trunk demo: draining: it takes calls again in 120 s",
    );
    expect("200 OK", "", "trunk demo: up");
    let down = "trunk demo: down: it answers OPTIONS with 503: it takes no calls";
    expect("503 Service Unavailable", "", down);
    expect("404 Not Found", "", "trunk demo: up");
}

/// Each limit refuses with its own status, says when to come back, and says in words which limit it was.
#[test]
fn limits_say_which_they_are() {
    let (folder, pbx) = (Folder::new(), Pbx::new());
    let limits =
        "peer.ping = \"off\"\n[limits]\ncalls = 2\ncalls-per-second = 3\nper-caller = \"3/10m\"\n";
    pbx.profile(&folder, limits);
    let _house = Quiet::start(&folder);
    let peer = Peer::over(pbx.socket.try_clone().unwrap(), folder.sip);
    let refusal = |answer: &str| {
        let of = |name| header(answer, name).unwrap_or_default();
        (status(answer), of("Retry-After"), of("Warning"))
    };
    let (one, mut first) = peer.invite(NUMBER, G711);
    let (two, mut second) = peer.invite(NUMBER, G711);
    assert_eq!((status(&one), status(&two)), (200, 200), "{one}{two}");
    let (answer, _) = peer.invite(NUMBER, G711);
    let (status_, after, words) = refusal(&answer);
    assert_eq!((status_, after.as_str()), (503, "10"), "{answer}");
    assert!(words.contains("[limits] calls") && words.contains("demo"), "{words}");
    assert_eq!(status(&peer.bye(&mut first)), 200);
    assert_eq!(status(&peer.bye(&mut second)), 200);
    std::thread::sleep(Duration::from_millis(1100));
    let (answer, mut third) = peer.invite(NUMBER, G711);
    assert_eq!(status(&answer), 200, "{answer}");
    assert_eq!(status(&peer.bye(&mut third)), 200);
    let (answer, _) = peer.invite(NUMBER, G711);
    let (status_, after, words) = refusal(&answer);
    assert_eq!(status_, 486, "{answer}");
    assert!((1..=600).contains(&after.parse::<u32>().unwrap()), "{after}");
    assert!(words.contains("per-caller") && !words.contains("3125550142"), "{words}");
    let answers: Vec<_> = (0..6).map(|_| peer.invite(NUMBER, G711).0).collect();
    let too_fast = answers.iter().find(|answer| status(answer) == 503).expect("six at once");
    let (_, after, words) = refusal(too_fast);
    assert_eq!(after, "1");
    assert!(words.contains("calls-per-second"), "{words}");
}

/// The port of the last call rests, so that its packets do not reach the next one: who comes meanwhile is told when to come
/// again, and then has it.
#[test]
fn a_call_without_a_port_is_asked_to_come_back() {
    let (folder, pbx) = (Folder::new(), Pbx::new());
    let narrow = "peer.ping = \"off\"\n[limits]\ncalls = 1\n[media]\nports = \"24500-24501\"\n";
    pbx.profile(&folder, narrow);
    let _house = Quiet::start(&folder);
    let peer = Peer::over(pbx.socket.try_clone().unwrap(), folder.sip);
    let (answer, mut first) = peer.invite(NUMBER, G711);
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.contains("m=audio 24500 "), "{answer}");
    assert_eq!(status(&peer.bye(&mut first)), 200);
    // The line is free before the port is. Whoever is late by the two seconds for which it rests is taken at once.
    let mut refusals = Vec::new();
    for _ in 0..5 {
        let again = wait_until(PATIENCE, || {
            let (answer, mut call) = peer.invite(NUMBER, G711);
            match status(&answer) {
                200 => status(&peer.bye(&mut call)) == 200,
                _ => {
                    refusals.push(answer);
                    false
                }
            }
        });
        assert!(again, "{refusals:?}");
        if refusals.iter().any(|answer| answer.contains("no RTP port")) {
            break;
        }
    }
    let without_port = refusals.iter().find(|answer| answer.contains("no RTP port"));
    let answer = without_port.unwrap_or_else(|| panic!("{refusals:?}"));
    assert_eq!(status(answer), 503);
    assert_eq!(header(answer, "Retry-After").as_deref(), Some("10"));
    assert!(header(answer, "Warning").unwrap().contains("24500 to 24501"), "{answer}");
}

/// The same by TCP: the calls come back by the connection that we made, and when the PBX closes it we are no longer there.
#[test]
fn a_registration_lives_and_dies_with_its_connection() {
    let folder = Folder::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let host = listener.local_addr().unwrap();
    folder.write("pbx-secret", "seven-willows\n");
    folder.write(
        PROFILE,
        &format!(
            "preset = \"generic\"\ndialplan = \"front-desk\"\npeer.host = \"{host}\"\n\
             peer.transport = \"tcp\"\npeer.allow = [\"192.0.2.1\"]\ntransfer.allow = [\"_1XX\"]\n{}",
            registering("10m")
        ),
    );
    let house = Quiet::start(&folder);
    let (stream, _) = listener.accept().unwrap();
    let mut line = Line(stream);
    let request = line.read();
    assert!(request.starts_with("REGISTER "), "{request}");
    let contact = header(&request, "Contact").unwrap();
    assert!(contact.contains(";transport=tcp>"), "{contact}");
    line.write(&response(&request, "200 OK", ""));
    assert!(
        wait_until(PATIENCE, || trunk(&house) == "trunk demo: registered"),
        "{}",
        trunk(&house)
    );
    let within = |method: &str, cseq: u32, to: &str| {
        format!(
            "{method} sip:{NUMBER}@{} SIP/2.0\r\nVia: SIP/2.0/TCP {host};branch=z9hG4bK{method}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:3125550142@{host}>;tag=t\r\nTo: {to}\r\nCall-ID: tcp\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:3125550142@{host};transport=tcp>\r\n\
             Content-Length: 0\r\n\r\n",
            folder.sip
        )
    };
    line.write(&within("INVITE", 1, &format!("<sip:{NUMBER}@{host}>")));
    let answer = line.final_answer();
    assert_eq!(status(&answer), 200, "{answer}");
    let to = header(&answer, "To").unwrap();
    // An answer without the offer that was asked for ends the call.
    line.write(&within("ACK", 1, &to));
    line.write(&within("BYE", 2, &to));
    line.final_answer();
    drop(line);
    let lost =
        "trunk demo: not registered: the registrar closes the connection soon after it took us";
    assert!(wait_until(PATIENCE, || trunk(&house) == lost), "{}", trunk(&house));
}

/// Messages on a connection.
struct Line(std::net::TcpStream);

impl Line {
    fn read(&mut self) -> String {
        use std::io::Read;
        self.0.set_read_timeout(Some(PATIENCE)).unwrap();
        let (mut text, mut byte) = (Vec::new(), [0]);
        while !text.ends_with(b"\r\n\r\n") {
            self.0.read_exact(&mut byte).unwrap();
            // What keeps the connection open is no message.
            if !(text.is_empty() && byte[0] < b' ') {
                text.push(byte[0]);
            }
        }
        let head = String::from_utf8(text).unwrap();
        let length = header(&head, "Content-Length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        head
    }

    fn final_answer(&mut self) -> String {
        loop {
            let message = self.read();
            if status(&message) >= 200 {
                return message;
            }
        }
    }

    fn write(&mut self, text: &str) {
        use std::io::Write;
        self.0.write_all(text.as_bytes()).unwrap();
    }
}
