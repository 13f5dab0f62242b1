//! SIP over TCP on loopback: calls, framing, pings, and connections that end or never begin.
#![allow(clippy::unwrap_used, reason = "tests")]

mod signalling_stage;
mod sip_wire;
mod timeline;

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use attendant::base::LegId;
use attendant::signalling::{Direction, Limits, Listen, Settings};
use attendant::sip::{Command, EndCause, Event, TransferState, Transport};
use signalling_stage::{
    Agent, agent, config, connect, is_closed, loopback, options, read_until, write,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

fn settings(limits: Limits) -> Settings {
    Settings { listens: vec![Listen::tcp(loopback())], limits, ..Settings::default() }
}

async fn tcp(limits: Limits, seed: u64) -> Agent {
    let agent = agent(&settings(limits), config(), seed);
    agent.advertise().await;
    agent
}

async fn stream_to(agent: &Agent) -> TcpStream {
    TcpStream::connect(agent.handle.local_addr()).await.unwrap()
}

#[tokio::test]
async fn a_call_over_one_connection() {
    let (mut caller, mut called) =
        (tcp(Limits::default(), 1).await, tcp(Limits::default(), 2).await);
    let remote = called.handle.local_addr();
    connect(&mut caller, &mut called, Transport::Tcp, remote).await;
    caller.hang_up(LegId(1)).await;
    assert_eq!(called.ended().await, EndCause::RemoteBye);
    assert_eq!(caller.ended().await, EndCause::Local);
    assert_eq!((caller.connections().await.len(), called.connections().await.len()), (1, 1));
    let seen = caller.seen.lock().unwrap().clone();
    let sent: Vec<_> = seen.iter().filter(|(way, ..)| *way == Direction::Out).collect();
    let firsts: Vec<_> = sent.iter().map(|(.., text)| text.split(' ').next().unwrap()).collect();
    assert_eq!(firsts, ["INVITE", "ACK", "BYE"], "nothing is sent twice");
    let local = caller.handle.local_addr();
    for (_, flow, text) in sent {
        assert_eq!((flow.local, flow.remote), (local, remote));
        assert!(text.contains(&format!("Via: SIP/2.0/TCP {local};")), "{text}");
    }
    // Nothing waits for repeats that a reliable transport never makes.
    let waits = async || {
        let lines = caller.handle.dump().await.unwrap();
        lines.iter().any(|line| line.contains("our BYE"))
    };
    let forgotten = async {
        while waits().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(signalling_stage::PATIENCE, forgotten).await.unwrap();
}

/// Carries connections to somebody else, until they are cut.
async fn relay(to: SocketAddr) -> (SocketAddr, Arc<Notify>) {
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let (address, cut) = (listener.local_addr().unwrap(), Arc::new(Notify::new()));
    let scissors = Arc::clone(&cut);
    tokio::spawn(async move {
        let mut carrying = JoinSet::new();
        loop {
            tokio::select! {
                near = listener.accept() => {
                    let mut near = near.unwrap().0;
                    let mut far = TcpStream::connect(to).await.unwrap();
                    carrying.spawn(async move {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    });
                }
                () = scissors.notified() => carrying.abort_all(),
            }
        }
    });
    (address, cut)
}

/// A connection is cut while the call goes on: our BYE, and a REFER, make another one.
#[tokio::test]
async fn what_follows_a_cut_dials_again() {
    let (mut caller, mut called) =
        (tcp(Limits::default(), 1).await, tcp(Limits::default(), 2).await);
    let (middle, cut) = relay(called.handle.local_addr()).await;
    // Who is called is reached through the relay alone.
    let mut behind = config();
    behind.trunks[0].advertised = middle;
    called.handle.command(Command::Configure(Box::new(behind))).await.unwrap();
    connect(&mut caller, &mut called, Transport::Tcp, middle).await;
    assert_eq!(caller.connections().await.len(), 1);
    cut.notify_one();
    caller.has_connections(0).await;
    called.has_connections(0).await;
    let (leg, target) = (LegId(1), "sip:200@127.0.0.1".to_owned());
    caller.handle.command(Command::Refer { leg, target, headers: vec![] }).await.unwrap();
    // It takes no REFER: that answer came over a new connection.
    let state = caller.until(|event| match event {
        Event::Transfer { state, .. } => Some(*state),
        _ => None,
    });
    assert_eq!(state.await, TransferState::Failed(603));
    assert_eq!(caller.connections().await.len(), 1);
    cut.notify_one();
    caller.has_connections(0).await;
    caller.hang_up(leg).await;
    assert_eq!(called.ended().await, EndCause::RemoteBye);
    assert_eq!(caller.ended().await, EndCause::Local);
}

#[tokio::test]
async fn nobody_there_is_known_at_once() {
    let mut caller = tcp(Limits::default(), 1).await;
    let closed = TcpListener::bind(loopback()).await.unwrap().local_addr().unwrap();
    caller.call(Transport::Tcp, closed).await;
    // As good as 503 (RFC 3261 §8.1.3.1), and not after 32 s.
    assert_eq!(caller.ended().await, EndCause::Refused(503));
    caller.has_connections(0).await;
}

#[tokio::test]
async fn messages_in_any_pieces_get_their_answers_in_order() {
    let agent = tcp(Limits::default(), 1).await;
    let mut stream = stream_to(&agent).await;
    let both = [options("one"), options("two")].concat();
    let (head, tail) = both.split_at(both.len() / 2 + 40);
    for part in [&head[..7], &head[7..], tail] {
        write(&mut stream, part).await;
        tokio::task::yield_now().await;
    }
    for branch in ["one", "two"] {
        let answer = read_until(&mut stream, "Content-Length: 0\r\n\r\n").await;
        assert!(answer.starts_with("SIP/2.0 200 OK\r\n"), "{answer}");
        assert!(answer.contains(&format!("branch=z9hG4bK{branch}")), "{answer}");
        // RFC 3581: where it really came from.
        let port = stream.local_addr().unwrap().port();
        assert!(answer.contains(&format!(";rport={port}")), "{answer}");
        assert!(answer.contains(";received=127.0.0.1"), "{answer}");
    }
}

#[tokio::test]
async fn a_ping_gets_its_pong_and_silence_gets_nothing() {
    let limits = Limits {
        ping: Duration::from_millis(300),
        pong: Duration::from_millis(300),
        ..Limits::default()
    };
    let agent = tcp(limits, 1).await;
    let mut stream = stream_to(&agent).await;
    write(&mut stream, "\r\n\r\n").await;
    assert_eq!(read_until(&mut stream, "\r\n").await, "\r\n");
    write(&mut stream, &options("a")).await;
    read_until(&mut stream, "Content-Length: 0\r\n\r\n").await;
    // It has proved of use: we ping it. One that never answered a ping is not missed...
    for _ in 0..3 {
        assert_eq!(read_until(&mut stream, "\r\n\r\n").await, "\r\n\r\n");
    }
    // ... and one that did, is.
    write(&mut stream, "\r\n").await;
    let rest = is_closed(&mut stream).await;
    assert!(rest.len() <= 8 && rest.trim().is_empty(), "{rest:?}");
    agent.has_connections(0).await;
}

#[tokio::test]
async fn who_is_slow_is_let_go() {
    let limits = Limits { message: Duration::from_millis(300), ..Limits::default() };
    let agent = tcp(limits, 1).await;
    // Says nothing; says half a message; says one and then half of the next, a byte at a time.
    let mut silent = stream_to(&agent).await;
    let mut half = stream_to(&agent).await;
    let mut slow = stream_to(&agent).await;
    write(&mut half, &options("half")[..40]).await;
    write(&mut slow, &options("slow")).await;
    read_until(&mut slow, "Content-Length: 0\r\n\r\n").await;
    let dripping = async {
        for byte in options("next").bytes() {
            use tokio::io::AsyncWriteExt;
            if slow.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{} bytes took their time", options("next").len());
    };
    let (_, _, ()) = tokio::join!(is_closed(&mut silent), is_closed(&mut half), dripping);
    agent.has_connections(0).await;
}

#[tokio::test]
async fn there_is_room_for_so_many_and_no_more() {
    let limits = Limits { connections_per_source: 3, ..Limits::default() };
    let agent = tcp(limits, 1).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(stream_to(&agent).await);
    }
    agent.has_connections(3).await;
    assert_eq!(is_closed(&mut stream_to(&agent).await).await, "");
    // Room again once one of them has gone.
    drop(streams.pop());
    agent.has_connections(2).await;
    let mut stream = stream_to(&agent).await;
    write(&mut stream, &options("a")).await;
    read_until(&mut stream, "Content-Length: 0\r\n\r\n").await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_unless_something_needs_it() {
    let limits = Limits { idle: Duration::from_millis(200), ..Limits::default() };
    let (mut caller, mut called) = (tcp(Limits::default(), 1).await, tcp(limits, 2).await);
    let remote = called.handle.local_addr();
    let leg = connect(&mut caller, &mut called, Transport::Tcp, remote).await;
    let mut other = stream_to(&called).await;
    write(&mut other, &options("a")).await;
    let answer = is_closed(&mut other).await;
    assert!(answer.starts_with("SIP/2.0 200 OK\r\n"), "{answer}");
    // As long again: the call's connection is still there.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(called.connections().await.len(), 1, "{:?}", called.connections().await);
    called.hang_up(leg).await;
    assert_eq!(caller.ended().await, EndCause::RemoteBye);
}

#[tokio::test]
async fn strangers_and_rubbish() {
    let agent = tcp(Limits::default(), 1).await;
    for rubbish in ["GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}", "\0\0\0\0"] {
        let mut stream = stream_to(&agent).await;
        write(&mut stream, rubbish).await;
        is_closed(&mut stream).await;
    }
    // A request whose end cannot be found is refused before the connection is closed.
    let mut stream = stream_to(&agent).await;
    write(&mut stream, &options("a").replace("Content-Length: 0\r\n", "")).await;
    let answer = is_closed(&mut stream).await;
    assert!(answer.starts_with("SIP/2.0 400 "), "{answer}");
    // Who is not listed is let go before it says a word.
    let mut nobody = config();
    nobody.trunks[0].allow = vec!["192.0.2.0/24".parse().unwrap()];
    let agent = signalling_stage::agent(&settings(Limits::default()), nobody, 1);
    let mut stream = stream_to(&agent).await;
    assert_eq!(is_closed(&mut stream).await, "");
    assert_eq!(agent.connections().await.len(), 0);
    assert_eq!(agent.handle.drops().await.unwrap().unknown_source, 1);
}

/// A peer that does not read: its queue fills, and the rest of the world goes on.
#[tokio::test]
async fn a_peer_that_does_not_read_is_let_go() {
    let limits = Limits { write: Duration::from_millis(500), ..Limits::default() };
    let mut agent = tcp(limits, 1).await;
    let deaf = TcpListener::bind(loopback()).await.unwrap();
    let remote: SocketAddr = deaf.local_addr().unwrap();
    let holding = tokio::spawn(async move {
        let held = deaf.accept().await.unwrap();
        // Nobody takes the next one.
        drop(deaf);
        std::future::pending::<()>().await;
        drop(held);
    });
    // What nobody reads fills the system's buffers, some 10 MB, then our queue; then it is enough.
    let flow = agent.handle.flow_by(Transport::Tcp, remote).unwrap();
    let target = format!("sip:{}@{remote}", "x".repeat(4_000));
    for id in 0..5_000 {
        let target = target.clone();
        let asked = Command::Options { id, flow, target, advertised: flow.local };
        agent.handle.command(asked).await.unwrap();
        while agent.events.try_recv().is_ok() {}
    }
    agent.has_connections(0).await;
    holding.abort();
}

#[tokio::test]
async fn reload_binds_first_and_leaves_what_stays() {
    let mut one = tcp(Limits::default(), 1).await;
    let mut other = tcp(Limits::default(), 2).await;
    let (near, far) = (one.handle.local_addr(), other.handle.local_addr());
    let leg = connect(&mut one, &mut other, Transport::Tcp, far).await;
    // A mistake changes nothing.
    let taken = Settings { listens: vec![Listen::tcp(far)], ..Settings::default() };
    let error = one.handle.reload(taken).await.unwrap_err();
    assert_eq!(error.to_string(), format!("TCP port {far} is taken by another program"));
    assert_eq!(one.handle.ways(), [(Transport::Tcp, near)]);
    // The address that stays is the same socket; the one that is new takes calls.
    let listens = vec![Listen::tcp(near), Listen::udp(loopback())];
    one.handle.reload(Settings { listens, ..Settings::default() }).await.unwrap();
    let ways = one.handle.ways();
    assert_eq!((ways[0], ways[1].0), ((Transport::Tcp, near), Transport::Udp));
    assert_eq!(other.options(Transport::Tcp, near).await, Some(200));
    // An address that goes takes nothing new, and its calls go on.
    let listens = vec![Listen::udp(ways[1].1)];
    one.handle.reload(Settings { listens, ..Settings::default() }).await.unwrap();
    assert!(TcpStream::connect(near).await.is_err());
    other.hang_up(leg).await;
    assert_eq!(one.ended().await, EndCause::RemoteBye);
}

#[tokio::test]
async fn ipv6_has_sockets_and_brackets_of_its_own() {
    let listens =
        vec![Listen::tcp("[::1]:0".parse().unwrap()), Listen::udp("[::]:0".parse().unwrap())];
    let settings = Settings { listens, ..Settings::default() };
    let (mut one, mut other) = (agent(&settings, config(), 1), agent(&settings, config(), 2));
    other.advertise().await;
    let remote = other.handle.local_addr();
    connect(&mut one, &mut other, Transport::Tcp, remote).await;
    one.hang_up(LegId(1)).await;
    assert_eq!(other.ended().await, EndCause::RemoteBye);
    let invite = one.lines(Direction::Out)[0].clone();
    assert!(invite.contains(&format!("@[::1]:{}", remote.port())), "{invite}");
    let seen = one.seen.lock().unwrap().clone();
    assert!(seen[0].2.contains("Via: SIP/2.0/TCP [::1]:"), "{}", seen[0].2);
    assert!(seen[0].2.contains("Contact: <sip:desk@[::1]:"), "{}", seen[0].2);
    // `[::]` is IPv6 alone: the same port is still free for IPv4.
    let port = one.handle.ways()[1].1.port();
    tokio::net::UdpSocket::bind(("0.0.0.0", port)).await.unwrap();
    one.until(|event| matches!(event, Event::Ended { .. }).then_some(())).await;
}

/// SIPp, an independent caller: over one connection for all calls, and over one for each.
#[tokio::test]
async fn sipp_calls_over_tcp() {
    for mode in ["t1", "tn"] {
        let mut called = tcp(Limits::default(), 1).await;
        let remote = called.handle.local_addr().to_string();
        let sipp = tokio::process::Command::new("sipp")
            .args(["-sn", "uac", "-t", mode, "-max_socket", "100", "-i", "127.0.0.1", "-nostdin"])
            .args([
                "-m",
                "40",
                "-r",
                "20",
                "-d",
                "300",
                "-timeout",
                "60",
                "-timeout_error",
                &remote,
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("sipp runs: apt-get install sip-tester");
        let mut ended = Vec::new();
        while ended.len() < 40 {
            match called.events.recv().await.unwrap() {
                Event::Incoming(incoming) => {
                    let leg = incoming.leg;
                    called.handle.command(Command::Ring { leg }).await.unwrap();
                    let sdp = sip_wire::OFFER.into();
                    called.handle.command(Command::Accept { leg, sdp }).await.unwrap();
                }
                Event::Ended { cause, .. } => ended.push(cause),
                _ => {}
            }
        }
        let output = sipp.wait_with_output().await.unwrap();
        let (screen, errors) = (output.stdout, output.stderr);
        let said = [screen, errors].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(output.status.success(), "{mode}: {}\n{}", said[0], said[1]);
        assert_eq!(ended, [EndCause::RemoteBye; 40], "{mode}");
    }
}
