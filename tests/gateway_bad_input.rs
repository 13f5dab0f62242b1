//! What is wrong and gets a clear answer: on the wire, in files, in the models, at the wrong time.
//!
//! The program itself runs, as an administrator runs it; peers are sockets and speak by hand.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod gateway_stage;

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::time::Duration;

use attendant::engines::models;
use gateway_stage::program::{Program, command};
use gateway_stage::wire::{G711, Peer, header, status};
use gateway_stage::{Folder, NODE, NUMBER, PLAN, PROFILE, alone, wait_until};

/// What is not answered within this is not answered: ten times what an answer takes.
const SILENCE: Duration = Duration::from_secs(2);

/// How long the gateway may take for what it does by and by.
const PATIENCE: Duration = Duration::from_secs(20);

fn answers_options(peer: &Peer) -> bool {
    status(&peer.ask("OPTIONS")) == 200
}

#[test]
fn datagrams_that_are_no_sip_are_counted_and_not_answered() {
    let _alone = alone();
    let folder = Folder::trunk();
    let mut gateway = Program::start(&folder);
    let peer = Peer::new(folder.sip);
    let garbage: [&[u8]; 5] = [
        b"hello?\r\n\r\n",
        b"\x80\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef",
        b"INVITE sip:900@127.0.0.1 SIP/2.0\r\n",
        b"GET / HTTP/1.1\r\nHost: pbx\r\n\r\n",
        &[0xff; 60_000],
    ];
    garbage.iter().for_each(|bytes| peer.send(bytes));
    assert_eq!(peer.receive(SILENCE), None, "garbage gets no answer");
    let dropped = "attendant_sip_dropped_total{reason=\"malformed\"}";
    assert!(gateway.counts(dropped, 5.0), "{:?}\n{}", gateway.get("/metrics"), gateway.log());
    // What keeps a NAT open is not malformed (RFC 5626 §3.5.1).
    peer.send(b"\r\n\r\n");
    assert!(answers_options(&peer));
    assert_eq!(gateway.metric(dropped), Some(5.0));
    assert!(gateway.lives());
}

#[test]
fn an_unknown_method_is_told_what_is_known() {
    let _alone = alone();
    let folder = Folder::trunk();
    let gateway = Program::start(&folder);
    let peer = Peer::new(folder.sip);
    for (method, expected) in [("BREW", 501), ("PUBLISH", 405), ("MESSAGE", 405)] {
        let answer = peer.ask(method);
        assert_eq!(status(&answer), expected, "{answer}");
        let allow = header(&answer, "Allow").unwrap_or_default();
        for known in ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS"] {
            assert!(allow.contains(known), "{answer}");
        }
    }
    assert!(gateway.logs("an unknown method"), "{}", gateway.log());
    assert!(gateway.counts("attendant_sip_rejected_total{method=\"other\"}", 1.0));
}

#[test]
fn an_invite_from_a_stranger_meets_silence() {
    let _alone = alone();
    let folder = Folder::trunk();
    let gateway = Program::start(&folder);
    let stranger = Peer::at("127.0.0.2", folder.sip);
    let (_, invite) = stranger.invitation(NUMBER, G711);
    stranger.send(invite.as_bytes());
    assert_eq!(stranger.receive(SILENCE), None, "a scanner learns nothing");
    assert!(gateway.counts("attendant_sip_dropped_total{reason=\"unknown_source\"}", 1.0));
    assert_eq!(gateway.metric("attendant_calls_active"), Some(0.0));
    let (answer, mut call) = Peer::new(folder.sip).invite(NUMBER, G711);
    assert_eq!(status(&answer), 200, "the trunk itself is served: {answer}");
    assert_eq!(status(&Peer::new(folder.sip).bye(&mut call)), 200);
}

#[test]
fn an_offer_without_a_common_codec_is_told_ours() {
    let _alone = alone();
    let folder = Folder::trunk();
    let gateway = Program::start(&folder);
    let peer = Peer::new(folder.sip);
    let opus =
        "m=audio 39000 RTP/AVP 96 18\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:18 G729/8000\r\n";
    let (answer, _) = peer.invite(NUMBER, opus);
    assert_eq!(status(&answer), 488, "{answer}");
    let warning = header(&answer, "Warning").unwrap_or_default();
    for word in ["PCMU", "PCMA", "opus"] {
        assert!(
            warning.to_lowercase().contains(&word.to_lowercase()),
            "{word} is not in {warning}"
        );
    }
    let (answer, _) = peer.invite(NUMBER, "m=audio nine RTP/AVP 0\r\n");
    assert_eq!(status(&answer), 488, "an offer that cannot be read: {answer}");
    assert!(gateway.counts("attendant_calls_active", 0.0), "{}", gateway.log());
    assert!(answers_options(&peer));
}

#[test]
fn broken_files_are_shown_where_they_are_broken() {
    let folder = Folder::trunk();
    let whole = command(&["check"], folder.path());
    assert_eq!((whole.code, whole.err.as_str()), (Some(0), ""));
    assert!(whole.out.contains("OK: SIP profiles 1, dialplans 1, warnings 0"), "{}", whole.out);

    folder.change(PROFILE, "dialplan = \"front-desk\"", "dialplan = \"front-desk");
    folder.change(NODE, "[drain]\ndeadline = \"10s\"", "[drain]\ndeadline = \"ten\"");
    for arguments in [["check"], ["run"]] {
        let said = command(&arguments, folder.path());
        assert_eq!(said.code, Some(1), "{}", said.err);
        for part in [
            "--> sip-profiles/demo.toml:2:",
            "dialplan = \"front-desk",
            "--> attendant.toml:",
            "deadline = \"ten\"",
            "= help:",
            "2 errors",
        ] {
            assert!(said.err.contains(part), "{part:?} is not in\n{}", said.err);
        }
        assert!(!said.err.contains("panicked"), "{}", said.err);
    }
}

/// A folder of models whose files are links to the real ones, but for those that a test spoils.
fn linked_models(folder: &Folder) -> std::path::PathBuf {
    folder.prepare();
    let (from, to) = (models::default_dir(), folder.file("models"));
    for package in fs::read_dir(&from).unwrap().flatten().filter(|it| it.path().is_dir()) {
        let place = to.join(package.file_name());
        fs::create_dir_all(&place).unwrap();
        for file in fs::read_dir(package.path()).unwrap().flatten() {
            std::os::unix::fs::symlink(file.path(), place.join(file.file_name())).unwrap();
        }
    }
    let node = fs::read_to_string(folder.file(NODE)).unwrap();
    let line = node.lines().find(|line| line.starts_with("models")).unwrap().to_owned();
    folder.change(NODE, &line, "models = \"models\"");
    to
}

fn refuses_to_start(folder: &Folder, parts: &[&str]) {
    let said = command(&["run"], folder.path());
    assert_eq!(said.code, Some(2), "{}", said.err);
    for part in parts {
        assert!(said.err.contains(part), "{part:?} is not in\n{}", said.err);
    }
    assert!(!said.err.contains("panicked"), "{}", said.err);
}

fn tokenizer(models: &Path) -> std::path::PathBuf {
    models.join("moonshine-tokenizer-20251121").join("tokenizer.json")
}

#[test]
fn a_missing_model_is_named_with_the_command_that_fetches_it() {
    let folder = Folder::trunk();
    let models = linked_models(&folder);
    let path = tokenizer(&models);
    fs::remove_file(&path).unwrap();
    let fetch = format!("attendant models fetch --dir {}", models.display());
    refuses_to_start(&folder, &[&*path.to_string_lossy(), "is missing", &fetch]);
    // All of a package, and all of them.
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    refuses_to_start(&folder, &["is missing", &fetch]);
    fs::remove_dir_all(&models).unwrap();
    refuses_to_start(&folder, &["is missing", &fetch]);
}

#[test]
fn a_damaged_model_is_named_with_the_command_that_mends_it() {
    let folder = Folder::trunk();
    let models = linked_models(&folder);
    let path = tokenizer(&models);
    let fetch = format!("attendant models fetch --dir {}", models.display());
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(&path).unwrap();
    fs::write(&path, &bytes).unwrap();
    let parts = [&*path.to_string_lossy(), "is damaged", "SHA-256", &fetch];
    refuses_to_start(&folder, &parts);
    fs::write(&path, &bytes[..middle]).unwrap();
    let parts = [&*path.to_string_lossy(), "is damaged", "bytes", &fetch];
    refuses_to_start(&folder, &parts);
}

#[test]
fn a_model_that_cannot_be_read_is_named_with_what_to_look_at() {
    let folder = Folder::trunk();
    let path = tokenizer(&linked_models(&folder));
    // Whoever runs the tests as root may read every file; a link that leads round in a circle nobody can.
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&path, &path).unwrap();
    refuses_to_start(&folder, &["cannot read", &*path.to_string_lossy(), "Check that this user"]);
}

#[test]
fn check_says_which_models_are_needed_and_whether_they_are_here() {
    let folder = Folder::trunk();
    let models = linked_models(&folder);
    let said = command(&["check"], folder.path());
    let line = format!("speech models embedded: in {}", models.display());
    assert_eq!((said.code, &*said.err), (Some(0), ""), "{}", said.out);
    assert!(said.out.contains(&line), "{}", said.out);
    fs::remove_file(tokenizer(&models)).unwrap();
    let said = command(&["check"], folder.path());
    assert_eq!(said.code, Some(0), "what is fetched later is a warning: {}", said.err);
    let fetch = format!("attendant models fetch --dir {}", models.display());
    assert!(
        said.err.contains("warning[model-missing]") && said.err.contains(&fetch),
        "{}",
        said.err
    );
}

#[test]
fn a_port_that_is_taken_is_named_with_the_command_that_finds_its_holder() {
    let folder = Folder::trunk();
    folder.prepare();
    let holder = UdpSocket::bind(folder.sip).unwrap();
    let find = format!("ss -lunp 'sport = :{}'", folder.sip.port());
    refuses_to_start(&folder, &[&format!("{} is taken", folder.sip), &find]);
    drop(holder);
    let _holder = TcpListener::bind(folder.metrics).unwrap();
    refuses_to_start(&folder, &[&folder.metrics.to_string(), "ss -ltnp", "[metrics] listen"]);
}

#[test]
fn an_empty_book_and_a_missing_folder_say_what_to_do() {
    let folder = Folder::trunk();
    models::ensure(&models::default_dir(), models::Progress::Quiet).unwrap();
    fs::create_dir(folder.file("data")).unwrap();
    refuses_to_start(&folder, &["book.db is empty", "attendant demo"]);
    let said = command(&["run"], &folder.file("nowhere"));
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.err.contains("nowhere/attendant.toml cannot be read"), "{}", said.err);
}

#[test]
fn sigterm_lets_the_call_finish_and_takes_no_other() {
    let _alone = alone();
    let folder = Folder::trunk();
    folder.change(NODE, "deadline = \"10s\"", "deadline = \"2m\"");
    let mut gateway = Program::start(&folder);
    let peer = Peer::new(folder.sip);
    let (answer, mut call) = peer.invite(NUMBER, G711);
    assert_eq!(status(&answer), 200, "{answer}");
    gateway.signal("TERM");
    assert!(gateway.logs("Draining"), "{}", gateway.log());
    let asker = Peer::new(folder.sip);
    let options = asker.ask("OPTIONS");
    assert_eq!(status(&options), 503, "{options}");
    assert!(header(&options, "Retry-After").is_some(), "{options}");
    let (refused, _) = asker.invite(NUMBER, G711);
    assert_eq!(status(&refused), 503, "{refused}");
    let health = gateway.get("/health").unwrap();
    assert!(health.starts_with("HTTP/1.1 503") && health.ends_with("draining\n"), "{health}");
    assert_eq!(gateway.metric("attendant_draining"), Some(1.0));
    assert_eq!(gateway.metric("attendant_calls_active"), Some(1.0), "the call goes on");
    assert!(gateway.lives());
    assert_eq!(status(&peer.bye(&mut call)), 200);
    let ended = gateway.ended().unwrap_or_else(|| panic!("it goes on:\n{}", gateway.log()));
    assert_eq!(ended.code(), Some(0), "{}", gateway.log());
    assert!(gateway.log().contains("Drained: every call has ended."), "{}", gateway.log());
}

#[test]
fn sigterm_ends_calls_at_the_deadline() {
    let _alone = alone();
    let folder = Folder::trunk();
    folder.change(NODE, "deadline = \"10s\"", "deadline = \"1s\"");
    let mut gateway = Program::start(&folder);
    let peer = Peer::new(folder.sip);
    let (answer, _call) = peer.invite(NUMBER, G711);
    assert_eq!(status(&answer), 200, "{answer}");
    gateway.signal("TERM");
    let bye = (0..20).find_map(|_| {
        peer.receive(Duration::from_secs(5)).filter(|message| message.starts_with("BYE "))
    });
    assert!(bye.is_some(), "the caller is told: {}", gateway.log());
    let ended = gateway.ended().unwrap_or_else(|| panic!("it goes on:\n{}", gateway.log()));
    assert_eq!(ended.code(), Some(0), "{}", gateway.log());
    assert!(gateway.log().contains("calls=1"), "{}", gateway.log());
}

#[test]
fn sighup_takes_a_good_configuration_and_refuses_a_broken_one() {
    let _alone = alone();
    let folder = Folder::trunk();
    let mut gateway = Program::start(&folder);
    let peer = Peer::new(folder.sip);
    let reloads = |gateway: &Program<'_>, result: &str, times: f64| {
        gateway.counts(&format!("attendant_reloads_total{{result=\"{result}\"}}"), times)
    };

    folder.change(PLAN, "[[route]]", "[[rout]]");
    gateway.signal("HUP");
    assert!(reloads(&gateway, "refused", 1.0), "{}", gateway.log());
    let log = gateway.log();
    assert!(log.contains("the old one stays in force"), "{log}");
    assert!(log.contains("--> dialplans/front-desk.toml:") && log.contains("`rout`"), "{log}");
    let (answer, mut call) = peer.invite(NUMBER, G711);
    assert_eq!(status(&answer), 200, "the old dialplan serves: {answer}");
    assert_eq!(status(&peer.bye(&mut call)), 200);

    folder.change(PLAN, "[[rout]]", "[[route]]");
    let blocked = "[callers.blocked]\nnumbers = [\"+13125550142\"]\n\n\
        [[route]]\nname = \"blocked\"\ncaller = \"blocked\"\nreject = 603\n\n[[route]]";
    folder.change(PLAN, "[[route]]", blocked);
    folder.change(PLAN, "from  = \"+13125550142\"", "from  = \"+13125550177\"");
    gateway.signal("HUP");
    assert!(reloads(&gateway, "ok", 1.0), "{}", gateway.log());
    let (answer, _) = peer.invite(NUMBER, G711);
    assert_eq!(status(&answer), 603, "the new dialplan serves: {answer}\n{}", gateway.log());
    assert!(gateway.lives());
}

#[test]
fn every_series_is_there_before_the_first_call() {
    let _alone = alone();
    let folder = Folder::trunk();
    let gateway = Program::start(&folder);
    let page = gateway.get("/metrics").unwrap();
    for series in [
        "attendant_calls_active 0",
        "attendant_calls_started_total{trunk=\"demo\"} 0",
        "attendant_calls_ended_total{reason=\"caller_hung_up\"} 0",
        "attendant_calls_refused_total{reason=\"busy\"} 0",
        "attendant_sip_dropped_total{reason=\"malformed\"} 0",
        "attendant_transfers_total{outcome=\"answered\"} 0",
        "attendant_tool_calls_total{tool=\"book_appointment\",result=\"ok\"} 0",
        "attendant_reloads_total{result=\"refused\"} 0",
        "attendant_turn_gap_seconds_count 0",
        "attendant_draining 0",
    ] {
        assert!(page.lines().any(|line| line == series), "{series} is not in\n{page}");
    }
    let took = gateway.metric("attendant_start_seconds").unwrap();
    assert!(took > 0.0, "{took}");
}

#[test]
fn a_call_too_many_is_asked_to_come_back() {
    let _alone = alone();
    for (file, what) in [(NODE, "the node's limit"), (PROFILE, "the trunk's limit")] {
        let folder = Folder::trunk();
        match file {
            NODE => folder.append(NODE, "[limits]\ncalls = 1\n"),
            _ => folder.change(PROFILE, "calls = 200", "calls = 1"),
        }
        let gateway = Program::start(&folder);
        let peer = Peer::new(folder.sip);
        let (answer, mut call) = peer.invite(NUMBER, G711);
        assert_eq!(status(&answer), 200, "{what}: {answer}");
        let second = Peer::new(folder.sip);
        let (answer, _) = second.invite(NUMBER, G711);
        assert_eq!(status(&answer), 503, "{what}: {answer}");
        assert!(header(&answer, "Retry-After").is_some(), "{what}: {answer}");
        assert!(header(&answer, "Warning").is_some_and(|it| it.contains("lines")), "{answer}");
        assert!(gateway.counts("attendant_calls_refused_total{reason=\"busy\"}", 1.0));
        assert_eq!(status(&peer.bye(&mut call)), 200);
        assert!(gateway.counts("attendant_calls_active", 0.0), "{what}");
        // The line is free again once the call's row is written.
        let free = wait_until(PATIENCE, || {
            let (answer, mut call) = second.invite(NUMBER, G711);
            status(&answer) == 200 && status(&second.bye(&mut call)) == 200
        });
        assert!(free, "{what}: there is no room again\n{}", gateway.log());
    }
}
