//! The signalling shell on loopback: two of them call each other, SIPp calls one, and what it says
//! when it cannot start.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use attendant::base::LegId;
use attendant::signalling::{BindError, Direction, Handle, Signalling};
use attendant::sip::{Command, EndCause, Event, NewLeg, Trunk, UaConfig};
use sip_wire::{OFFER, config, trunk};
use tokio::sync::mpsc;

fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn config_on_loopback() -> UaConfig {
    let allow = vec!["127.0.0.0/8".parse().unwrap()];
    // SIPp and our tests look at where packets go, not at what is advertised.
    let advertised = "127.0.0.1:5060".parse().unwrap();
    UaConfig { trunks: vec![Trunk { allow, advertised, ..trunk() }], ..config() }
}

async fn start(seed: u64) -> (Handle, mpsc::Receiver<Event>) {
    let bound = Signalling::bind(&[loopback()], config_on_loopback(), seed).await;
    let (signalling, handle, events) = bound.unwrap();
    tokio::spawn(signalling.run());
    let mut config = config_on_loopback();
    config.trunks[0].advertised = handle.local_addr();
    handle.command(Command::Configure(Box::new(config))).await.unwrap();
    (handle, events)
}

/// Returns the next event that `wanted` takes.
async fn until<T>(events: &mut mpsc::Receiver<Event>, wanted: impl Fn(&Event) -> Option<T>) -> T {
    loop {
        let event = events.recv().await.expect("signalling goes on");
        if let Some(found) = wanted(&event) {
            return found;
        }
    }
}

#[tokio::test]
async fn two_of_them_call_each_other() {
    let (caller, mut caller_events) = start(1).await;
    let (called, mut called_events) = start(2).await;
    let remote = called.local_addr();
    let new = NewLeg {
        flow: caller.flow_to(remote),
        target: format!("sip:100@{remote}"),
        advertised: caller.local_addr(),
        ..sip_wire::new_leg()
    };
    caller.command(Command::Invite(Box::new(new))).await.unwrap();
    let leg = until(&mut called_events, |event| match event {
        Event::Incoming(incoming) => Some(incoming.leg),
        _ => None,
    })
    .await;
    assert_eq!(leg, LegId(2));
    called.command(Command::Accept { leg, sdp: OFFER.into() }).await.unwrap();
    let sdp = until(&mut caller_events, |event| match event {
        Event::Answered { sdp, .. } => Some(sdp.clone()),
        _ => None,
    })
    .await;
    assert_eq!(sdp.as_deref(), Some(OFFER.as_bytes()));
    until(&mut called_events, |event| matches!(event, Event::Established { .. }).then_some(()))
        .await;
    let dump = called.dump().await.unwrap();
    assert!(dump[0].starts_with("leg-2 with 127.0.0.1:") && dump[0].contains(": up"), "{dump:?}");
    called.command(Command::HangUp { leg, reason: None }).await.unwrap();
    let ended = |event: &Event| match event {
        Event::Ended { cause, .. } => Some(*cause),
        _ => None,
    };
    assert_eq!(until(&mut caller_events, ended).await, EndCause::RemoteBye);
    assert_eq!(until(&mut called_events, ended).await, EndCause::Local);
}

#[tokio::test]
async fn it_ends_when_nobody_holds_it() {
    let bound = Signalling::bind(&[loopback()], config_on_loopback(), 1).await;
    let (signalling, handle, mut events) = bound.unwrap();
    let copy = handle.clone();
    let running = tokio::spawn(signalling.run());
    drop(handle);
    assert!(copy.dump().await.is_ok(), "one handle is enough");
    drop(copy);
    running.await.unwrap();
    assert!(events.recv().await.is_none());
}

#[tokio::test]
async fn a_taken_port_is_said_with_what_to_do() {
    let (handle, _events) = start(1).await;
    let address = handle.local_addr();
    let Err(error) = Signalling::bind(&[address], config(), 1).await else { panic!("bound twice") };
    assert_eq!(error.to_string(), format!("UDP port {address} is taken by another program"));
    assert_eq!(error.code(), "signalling-port-taken");
    assert!(error.advice().contains(&format!("ss -lunp 'sport = :{}'", address.port())));
    // TEST-NET-1 is nobody's.
    let elsewhere = "192.0.2.1:5060".parse().unwrap();
    let Err(error) = Signalling::bind(&[elsewhere], config(), 1).await else { panic!("bound") };
    assert!(matches!(error, BindError::NotOurs { .. }), "{error}");
    let Err(error) = Signalling::bind(&[], config(), 1).await else { panic!("bound") };
    assert_eq!(error.code(), "signalling-no-address");
}

/// Every message passes the tap, both ways, also what nobody answers.
#[tokio::test]
async fn the_tap_sees_everything() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let bound = Signalling::bind(&[loopback(), loopback()], config_on_loopback(), 1).await;
    let (signalling, handle, mut events) = bound.unwrap();
    let tap = move |direction, _, bytes: &bytes::Bytes| {
        notes.lock().unwrap().push((direction, bytes.clone()))
    };
    tokio::spawn(signalling.with_tap(Box::new(tap)).run());
    let peer = tokio::net::UdpSocket::bind(loopback()).await.unwrap();
    // The second socket answers from the second socket.
    let second = handle.local_addrs()[1];
    peer.send_to(b"what", second).await.unwrap();
    until(&mut events, |event| matches!(event, Event::Dropped { .. }).then_some(())).await;
    let via = peer.local_addr().unwrap();
    let options = format!(
        "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch=z9hG4bK1;rport\r\n\
         From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n"
    );
    peer.send_to(options.as_bytes(), second).await.unwrap();
    let mut buffer = [0; 2000];
    let (length, from) = peer.recv_from(&mut buffer).await.unwrap();
    assert_eq!(from, second);
    assert!(buffer[..length].starts_with(b"SIP/2.0 200 OK\r\n"));
    let seen = seen.lock().unwrap();
    let ways: Vec<_> = seen.iter().map(|(direction, _)| *direction).collect();
    assert_eq!(ways, [Direction::In, Direction::In, Direction::Out]);
    assert_eq!(seen[2].1, buffer[..length]);
}

/// A flood from strangers, and nobody reads the events: memory stays as it is, and calls come through.
#[tokio::test]
async fn a_flood_costs_nothing() {
    let mut config = config_on_loopback();
    config.trunks[0].allow = vec!["127.0.0.2/32".parse().unwrap()];
    let bound = Signalling::bind(&[loopback()], config, 1).await;
    let (signalling, handle, _events) = bound.unwrap();
    tokio::spawn(signalling.run());
    let stranger = tokio::net::UdpSocket::bind(loopback()).await.unwrap();
    let friend = tokio::net::UdpSocket::bind("127.0.0.2:0").await.unwrap();
    for round in 0..40 {
        for _ in 0..100 {
            stranger.send_to(b"INVITE sip:900@x SIP/2.0", handle.local_addr()).await.unwrap();
        }
        // Until it has looked at these, so that the socket's own buffer is not what is tested.
        let lines = handle.dump().await.unwrap();
        assert!(lines.is_empty(), "round {round}: {lines:?}");
    }
    friend.send_to(b"what", handle.local_addr()).await.unwrap();
    let options = format!(
        "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK1;rport\r\n\
         From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n",
        friend.local_addr().unwrap()
    );
    // The socket's buffer may still be full of strangers, so it asks as often as it has to.
    let mut buffer = [0; 2000];
    let length = loop {
        friend.send_to(options.as_bytes(), handle.local_addr()).await.unwrap();
        let answer = friend.recv_from(&mut buffer);
        if let Ok(received) = tokio::time::timeout(Duration::from_millis(100), answer).await {
            break received.unwrap().0;
        }
    };
    assert!(buffer[..length].starts_with(b"SIP/2.0 200 OK\r\n"));
    let drops = handle.drops().await.unwrap();
    assert!(drops.unknown_source > 0, "{drops:?}");
}

/// SIPp, an independent caller: fifty calls, twenty a second, none failed.
#[tokio::test]
async fn sipp_calls_fifty_times() {
    let (handle, mut events) = start(1).await;
    let sipp = tokio::process::Command::new("sipp")
        .args(["-sn", "uac", "-i", "127.0.0.1", "-m", "50", "-r", "20", "-d", "300", "-nostdin"])
        .args(["-timeout", "60", "-timeout_error", &handle.local_addr().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("sipp runs: apt-get install sip-tester");
    let answering = tokio::spawn({
        let handle = handle.clone();
        async move {
            let mut ended = Vec::new();
            while ended.len() < 50 {
                match events.recv().await.unwrap() {
                    Event::Incoming(incoming) => {
                        let leg = incoming.leg;
                        handle.command(Command::Ring { leg }).await.unwrap();
                        let sdp = OFFER.into();
                        handle.command(Command::Accept { leg, sdp }).await.unwrap();
                    }
                    Event::Ended { cause, .. } => ended.push(cause),
                    _ => {}
                }
            }
            ended
        }
    });
    let output = sipp.wait_with_output().await.unwrap();
    let screen = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{:?}\n{screen}\n{errors}", output.status);
    assert_eq!(answering.await.unwrap(), [EndCause::RemoteBye; 50]);
}
