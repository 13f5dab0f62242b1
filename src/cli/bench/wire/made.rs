//! Captures made for tests.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::RangeInclusive;

use super::pcap::Datagram;

pub(super) const GATEWAY: RangeInclusive<u16> = 20_000..=20_099;
const BASE: u64 = 1_700_000_000_000_000_000;

/// So many packets of 20 ms with a constant sample in each, from `start` seconds on.
pub(super) fn talk(
    start: f64,
    of_caller: bool,
    ssrc: u32,
    number: u16,
    count: u16,
    value: i16,
) -> Vec<Datagram> {
    let made = |n: u16| {
        let (at, time) = (start + 0.02 * f64::from(n), 160 * u32::from(n));
        packet(at, of_caller, ssrc, number.wrapping_add(n), time, &[value; 160])
    };
    (0..count).map(made).collect()
}

/// One packet of sound.
pub(super) fn packet(
    at: f64,
    of_caller: bool,
    ssrc: u32,
    number: u16,
    time: u32,
    samples: &[i16],
) -> Datagram {
    let mut payload = vec![0x80, 0];
    payload.extend(number.to_be_bytes());
    payload.extend(time.to_be_bytes());
    payload.extend(ssrc.to_be_bytes());
    payload.extend(samples.iter().map(|sample| crate::codec::Law::Mu.encode(*sample)));
    let (caller, gateway) = (
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, 21_000),
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, 20_000),
    );
    let (from, to) = if of_caller { (caller, gateway) } else { (gateway, caller) };
    Datagram { at: BASE + (at * 1e9).round() as u64, from, to, payload }
}

/// Returns packets as a capture file.
pub(super) fn capture(packets: &[Datagram], swapped: bool, nano: bool) -> Vec<u8> {
    let number = |value: u32| if swapped { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut bytes = Vec::new();
    bytes.extend(number(if nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 }));
    for field in [0, 0, 0, 65_535, 1] {
        bytes.extend(number(field));
    }
    for packet in packets {
        let udp = 8 + packet.payload.len();
        let mut frame = vec![0; 12];
        frame.extend([8, 0, 0x45, 0]);
        frame.extend(((20 + udp) as u16).to_be_bytes());
        frame.extend([0, 0, 0, 0, 64, 17, 0, 0]);
        frame.extend(packet.from.ip().octets());
        frame.extend(packet.to.ip().octets());
        frame.extend(packet.from.port().to_be_bytes());
        frame.extend(packet.to.port().to_be_bytes());
        frame.extend((udp as u16).to_be_bytes());
        frame.extend([0, 0]);
        frame.extend(&packet.payload);
        let fraction = packet.at % 1_000_000_000 / if nano { 1 } else { 1_000 };
        bytes.extend(number((packet.at / 1_000_000_000) as u32));
        bytes.extend(number(fraction as u32));
        bytes.extend(number(frame.len() as u32));
        bytes.extend(number(frame.len() as u32));
        bytes.extend(frame);
    }
    bytes
}
