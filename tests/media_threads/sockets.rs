//! What the sockets of legs say, and both families of addresses.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use attendant::base::LegId;
use attendant::codec::Codec;
use attendant::media::{Outbound, Stats};
use attendant::workers::{MediaEventKind, MediaEvents};

use crate::stage::{
    ATTEMPTS, LOCALHOST, Speech, call, is_heard, middle_level, params, plane, run, run_until, tone,
    wait_for,
};

const LOUD: f32 = 8000.0;

fn closed(events: &mut MediaEvents, leg: u32) -> Stats {
    let kind = wait_for(events, |event| {
        event.leg == LegId(leg) && matches!(event.kind, MediaEventKind::Closed { .. })
    });
    let MediaEventKind::Closed { stats, failed: false, .. } = kind else { panic!("{kind:?}") };
    stats
}

#[test]
fn a_leg_over_ipv6_hears_and_is_heard() {
    let v6 = IpAddr::from(Ipv6Addr::LOCALHOST);
    // By itself, and on a socket of both families to a phone of either.
    for (bind, phone, ports) in [
        (v6, v6, 27_600..=27_603),
        (Ipv6Addr::UNSPECIFIED.into(), v6, 27_604..=27_607),
        (Ipv6Addr::UNSPECIFIED.into(), LOCALHOST, 27_608..=27_611),
    ] {
        let (plane, mut events) = plane(1, ports, bind);
        let port = plane.reserve().unwrap();
        assert_eq!(port.advertised().ip(), bind);
        drop(port);
        let what = format!("{bind} to {phone}");
        let (mut phone, mut leg) = call(&plane, 1, Codec::Pcmu, phone);
        if bind != v6 {
            phone.goes_home();
        }
        phone.tone = Some((440.0, LOUD));
        let mut found = Vec::new();
        let right = (0..ATTEMPTS).any(|attempt| {
            let frames = (0..50).map(|index| tone(700.0, LOUD, index));
            let (mut speech, mut up) = (Speech::new(attempt as u32, frames), Vec::new());
            phone.heard.clear();
            while speech.say(&mut leg) {
                run(&mut [&mut phone], 5);
                up.extend(std::iter::from_fn(|| leg.up.pop()).map(|heard| heard.frame));
            }
            found.push((middle_level(&phone.heard, 700.0), middle_level(&up, 440.0)));
            is_heard(&phone.heard, 700.0, LOUD) && is_heard(&up, 440.0, LOUD)
        });
        assert!(right, "{what}: {found:?}");
        drop(leg);
        let stats = closed(&mut events, 1);
        assert_eq!((stats.received.foreign, stats.socket.unsent()), (0, 0), "{what}");
    }
}

#[test]
fn what_the_kernel_throws_away_is_told_of_the_leg_and_in_all() {
    let (plane, mut events) = plane(1, 27_620..=27_630, LOCALHOST);
    let port = plane.reserve().unwrap();
    assert!(port.receive_buffer() > 0);
    let (asked, got) = plane.receive_buffer();
    assert!(got > 0 && got <= 2 * asked, "{got} of {asked}");
    let ours = port.advertised();
    let phone = UdpSocket::bind((LOCALHOST, 0)).unwrap();
    let leg = plane.open(LegId(1), port, params(Codec::Pcmu, phone.local_addr().unwrap())).unwrap();
    // More than any buffer holds, faster than one is taken a millisecond.
    for _ in 0..5000 {
        phone.send_to(&[0x80; 172], ours).unwrap();
    }
    let thrown_away = || plane.sockets().thrown_away;
    for _ in 0..3000 {
        if thrown_away() > 1000 {
            break;
        }
        phone.send_to(&[0x80; 172], ours).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    leg.control.close();
    let stats = closed(&mut events, 1);
    assert!(stats.socket.thrown_away > 1000, "{stats:?}");
    assert_eq!(stats.socket.thrown_away, thrown_away());
}

#[test]
fn packets_that_cannot_be_sent_are_counted_and_the_leg_goes_on() {
    let (plane, mut events) = plane(1, 27_640..=27_650, LOCALHOST);
    // Refused by this machine: the socket may not broadcast.
    let nowhere = "255.255.255.255:4000".parse().unwrap();
    let (mut phone, leg) = call(&plane, 1, Codec::Pcmu, LOCALHOST);
    run(&mut [&mut phone], 10);
    leg.control.update(params(Codec::Pcmu, nowhere)).unwrap();
    run_until(&mut [&mut phone], |_| plane.sockets().send_failed > 3);
    let here = phone.address();
    leg.control.update(params(Codec::Pcmu, here)).unwrap();
    run(&mut [&mut phone], 10);
    phone.heard.clear();
    run_until(&mut [&mut phone], |phones| phones[0].heard.len() > 5);
    drop(leg);
    let stats = closed(&mut events, 1);
    assert!(stats.socket.send_failed > 3, "{stats:?}");
    assert_eq!(plane.sockets().unsent(), stats.socket.unsent());
}

/// No route, or a firewall of this machine: the call hears, and is not heard.
#[test]
fn a_machine_that_can_send_nothing_says_so() {
    let (plane, mut events) = plane(1, 27_680..=27_690, LOCALHOST);
    let nowhere: SocketAddr = "255.255.255.255:4000".parse().unwrap();
    let (mut phone, leg) = call(&plane, 1, Codec::Pcmu, LOCALHOST);
    // After it was well for a while.
    run(&mut [&mut phone], 100);
    leg.control.update(params(Codec::Pcmu, nowhere)).unwrap();
    let kind = wait_for(
        &mut events,
        |event| matches!(&event.kind, MediaEventKind::Judged(verdict) if verdict.outbound.is_some()),
    );
    let MediaEventKind::Judged(verdict) = kind else { panic!("{kind:?}") };
    assert_eq!((verdict.remote, verdict.outbound), (nowhere, Some(Outbound::Nothing)));
}

/// A far end that has closed its port: the kernel's word of it is nothing to end a call for.
#[test]
fn a_phone_that_is_gone_ends_nothing() {
    let (plane, mut events) = plane(2, 27_660..=27_670, LOCALHOST);
    let (phone, leg) = call(&plane, 1, Codec::Pcma, LOCALHOST);
    let (mut other, _leg) = call(&plane, 2, Codec::Pcma, LOCALHOST);
    drop(phone);
    let refused = || plane.sockets().send_refused;
    run_until(&mut [&mut other], |phones| refused() > 25 && phones[0].heard.len() > 25);
    assert_eq!(plane.legs(), 2);
    drop(leg);
    let stats = closed(&mut events, 1);
    assert!(stats.packets_sent > 25, "{stats:?}");
}
