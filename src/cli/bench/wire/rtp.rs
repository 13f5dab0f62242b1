//! Joins the packets of a capture to calls: who said what when.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::pcap::Datagram;

/// A packet of sound.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    /// When it was on the wire, in seconds from the capture's first packet.
    pub(super) at: f64,
    /// Its RTP timestamp, counted on without wrapping.
    pub(super) time: i64,
    /// 8 kHz.
    pub(super) samples: Vec<i16>,
}

/// One call's two streams.
#[derive(Clone, Debug)]
pub(in crate::cli::bench) struct Leg {
    /// The gateway's port.
    pub(in crate::cli::bench) gateway: u16,
    /// When its first packet was on the wire, in nanoseconds since 1970.
    pub(in crate::cli::bench) began: u64,
    pub(super) caller: Vec<Packet>,
    pub(super) agent: Vec<Packet>,
}

/// G.711 µ-law by its payload type (RFC 3551).
const PCMU: u8 = 0;
/// Streams of one pair of ports that are further apart are two calls.
const NEW_CALL: u64 = 3_000_000_000;

/// Finds the calls of a capture. Whatever has a port of `gateway` is the gateway's end.
pub(in crate::cli::bench) fn legs(packets: &[Datagram], gateway: &RangeInclusive<u16>) -> Vec<Leg> {
    let mut open: BTreeMap<(u16, u16), Joining> = BTreeMap::new();
    let mut legs = Vec::new();
    for packet in packets {
        let (from, to) = (packet.from.port(), packet.to.port());
        let (ours, theirs, of_caller) = match (gateway.contains(&from), gateway.contains(&to)) {
            (false, true) => (to, from, true),
            (true, false) => (from, to, false),
            _ => continue,
        };
        let Some(rtp) = parse(&packet.payload) else { continue };
        let key = (ours, theirs);
        if open.get(&key).is_some_and(|call| packet.at.saturating_sub(call.last) > NEW_CALL) {
            legs.extend(open.remove(&key).map(|call| call.leg));
        }
        let call = open.entry(key).or_insert_with(|| Joining::new(ours, packet.at));
        call.take(packet.at, &rtp, of_caller);
    }
    legs.extend(open.into_values().map(|call| call.leg));
    legs.retain(|leg| !leg.caller.is_empty() && !leg.agent.is_empty());
    legs.sort_by_key(|leg| leg.began);
    legs
}

struct Joining {
    leg: Leg,
    last: u64,
    caller: Stream,
    agent: Stream,
}

#[derive(Default)]
struct Stream {
    ssrc: Option<u32>,
    last: Option<(u16, u32, i64)>,
}

impl Joining {
    fn new(gateway: u16, began: u64) -> Self {
        let leg = Leg { gateway, began, caller: Vec::new(), agent: Vec::new() };
        Self { leg, last: began, caller: Stream::default(), agent: Stream::default() }
    }

    fn take(&mut self, at: u64, rtp: &Rtp<'_>, of_caller: bool) {
        self.last = at;
        let (stream, packets) = match of_caller {
            true => (&mut self.caller, &mut self.leg.caller),
            false => (&mut self.agent, &mut self.leg.agent),
        };
        let Some(time) = stream.place(rtp) else { return };
        let at = (at - self.leg.began) as f64 / 1e9;
        let samples = rtp.payload.iter().map(|code| mu_law(*code)).collect();
        packets.push(Packet { at, time, samples });
    }
}

impl Stream {
    /// Returns the unwrapped timestamp of a packet that comes after the last one.
    fn place(&mut self, rtp: &Rtp<'_>) -> Option<i64> {
        if self.ssrc != Some(rtp.ssrc) {
            // Another stream in the same call: its clock begins where it wants.
            self.ssrc = Some(rtp.ssrc);
            let after = self.last.map_or(0, |(.., time)| time + 1_000_000);
            self.last = Some((rtp.number, rtp.time, after));
            return Some(after);
        }
        let (number, time, placed) = self.last?;
        let ahead = rtp.number.wrapping_sub(number) as i16;
        if ahead <= 0 {
            return None;
        }
        let placed = placed + i64::from(rtp.time.wrapping_sub(time) as i32);
        self.last = Some((rtp.number, rtp.time, placed));
        Some(placed)
    }
}

struct Rtp<'a> {
    number: u16,
    time: u32,
    ssrc: u32,
    payload: &'a [u8],
}

/// Reads RTP that holds µ-law (RFC 3550 section 5.1); anything else is none of it.
fn parse(bytes: &[u8]) -> Option<Rtp<'_>> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    if first >> 6 != 2 || second & 0x7f != PCMU {
        return None;
    }
    let four =
        |at: usize| bytes.get(at..at + 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    let mut start = 12 + 4 * usize::from(first & 0x0f);
    if first & 0x10 != 0 {
        let words = four(start)? & 0xffff;
        start += 4 + 4 * words as usize;
    }
    let padding = if first & 0x20 == 0 { 0 } else { usize::from(*bytes.last()?) };
    let payload = bytes.get(start..bytes.len().checked_sub(padding)?)?;
    let number = u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]);
    Some(Rtp { number, time: four(4)?, ssrc: four(8)?, payload })
}

/// Decodes one sample of µ-law (ITU-T G.711 table 2a), at 16 bits.
fn mu_law(code: u8) -> i16 {
    let code = !code;
    let (segment, step) = (i32::from(code >> 4 & 7), i32::from(code & 15));
    let size = ((2 * step + 33) << segment) - 33;
    let size = 4 * size;
    (if code & 0x80 == 0 { size } else { -size }) as i16
}

impl Leg {
    /// Lays both directions out on one clock, 8 kHz: the caller's sound, which a packet holds when it is sent, ends where
    /// its packet was on the wire; the agent's, which is heard when it comes, begins there.
    pub(in crate::cli::bench) fn stereo(&self) -> (Vec<i16>, Vec<i16>) {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        lay(&self.caller, true, &mut left);
        lay(&self.agent, false, &mut right);
        let length = left.len().max(right.len());
        left.resize(length, 0);
        right.resize(length, 0);
        (left, right)
    }
}

/// A delay that goes beyond this is no jitter: the sound itself stood still.
const STOOD_STILL: f64 = 0.06;

/// When each packet would have been on the wire had none been late: where the quickest of its stretch says.
pub(super) fn smoothed(packets: &[Packet]) -> Vec<f64> {
    let mut placed = Vec::with_capacity(packets.len());
    let mut from = 0;
    while from < packets.len() {
        let (to, quickest) = stretch(packets, from);
        placed.extend(packets[from..to].iter().map(|packet| quickest + seconds(packet)));
        from = to;
    }
    placed
}

/// Where the stretch of sound that begins here ends, and how quickly its quickest packet came.
fn stretch(packets: &[Packet], from: usize) -> (usize, f64) {
    let transit = |packet: &Packet| packet.at - seconds(packet);
    let (mut to, mut quickest) = (from, transit(&packets[from]));
    while let Some(packet) = packets.get(to) {
        let own = transit(packet);
        if (own - quickest).abs() > STOOD_STILL {
            break;
        }
        quickest = quickest.min(own);
        to += 1;
    }
    (to, quickest)
}

/// Its place in the stream.
fn seconds(packet: &Packet) -> f64 {
    packet.time as f64 / 8000.0
}

/// Packets lie where they would be without jitter, so that it does not tear the sound.
fn lay(packets: &[Packet], ends_at_packet: bool, into: &mut Vec<i16>) {
    for (packet, placed) in packets.iter().zip(smoothed(packets)) {
        let back = if ends_at_packet { packet.samples.len() as f64 / 8000.0 } else { 0.0 };
        let start = ((placed - back) * 8000.0).round();
        let skipped = if start < 0.0 { (-start) as usize } else { 0 };
        let start = start.max(0.0) as usize;
        let samples = packet.samples.get(skipped..).unwrap_or_default();
        into.resize(into.len().max(start + samples.len()), 0);
        into[start..start + samples.len()].copy_from_slice(samples);
    }
}

#[cfg(test)]
mod tests {
    use super::super::made;
    use super::*;

    #[test]
    fn mu_law_is_that_of_the_standard() {
        // Table 2a: the ends of the first and the last segment, either sign; 14 bits there, 16 here.
        for (code, value) in
            [(0xff, 0), (0x7f, 0), (0x80, 32_124), (0x00, -32_124), (0xfe, 8), (0xef, 132)]
        {
            assert_eq!(mu_law(code), value, "{code:#x}");
        }
        // And that of the codec that is measured, which this must not be made of.
        for code in 0..=255 {
            assert_eq!(mu_law(code), crate::codec::Law::Mu.decode(code), "{code:#x}");
        }
    }

    #[test]
    fn a_call_is_joined_from_both_ways_and_repeats_count_once() {
        let mut packets = made::talk(0.0, true, 100, 0, 3, 1000);
        packets.extend(made::talk(0.01, false, 9, u16::MAX - 1, 3, 2000));
        packets.extend(made::talk(0.02, true, 100, 1, 1, 1000));
        packets.sort_by_key(|packet| packet.at);
        let legs = legs(&packets, &made::GATEWAY);
        assert_eq!(legs.len(), 1);
        assert_eq!((legs[0].caller.len(), legs[0].agent.len(), legs[0].gateway), (3, 3, 20_000));
        let (left, right) = legs[0].stereo();
        assert_eq!((left.len(), right.len()), (560, 560));
        // The caller's first packet lies before its time on the wire, which is the clock's zero.
        assert!(left[..320].iter().all(|s| *s > 900) && left[320..].iter().all(|s| *s == 0));
        assert!(right[..80].iter().all(|s| *s == 0) && right[80..].iter().all(|s| *s > 1800));
    }

    #[test]
    fn a_later_call_on_the_same_ports_is_another() {
        let mut packets = made::talk(0.0, true, 1, 0, 5, 1000);
        packets.extend(made::talk(0.0, false, 2, 0, 5, 1000));
        packets.extend(made::talk(9.0, true, 3, 0, 5, 1000));
        packets.extend(made::talk(9.0, false, 4, 0, 5, 1000));
        packets.sort_by_key(|packet| packet.at);
        assert_eq!(legs(&packets, &made::GATEWAY).len(), 2);
    }

    #[test]
    fn bytes_that_are_no_rtp_are_none() {
        assert!(parse(&[]).is_none() && parse(&[0x80]).is_none() && parse(&[0x80; 12]).is_some());
        assert!(parse(&[0xb0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]).is_none());
    }
}
