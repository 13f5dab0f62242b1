//! RTCP packets (RFC 3550 §6, RFC 3611): what a datagram says, and the ones that we write.
//!
//! The home of `rtcp-types`, which reads reports. Names and extended reports are read here, and
//! everything is written here, because the crate allocates for those.

use rtcp_types::prelude::*;
use rtcp_types::{Bye as ByePacket, ReceiverReport, ReportBlock as Block, SenderReport};

use crate::base::RtpTime;

use super::{ReceptionReport, Ssrc};

/// Room for the largest datagram of ours: a report, a name, extended reports and a goodbye.
pub const RTCP_BYTES: usize = 256;
/// Characters of a canonical name of ours (RFC 7022 §4.2): 96 random bits in base64.
pub(super) const CNAME: usize = 16;

/// Time as NTP has it: seconds in the upper half, fractions in the lower (RFC 3550 §4).
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Ntp(pub u64);

impl Ntp {
    /// The middle 32 bits, in which reports measure: units of 1/65536 s.
    pub fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// What one receiver says of one stream (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ReportBlock {
    /// What it got.
    pub reception: ReceptionReport,
    /// The middle of the time in the last sender report, or 0.
    pub last_report: u32,
    /// How long ago that was, in 1/65536 s.
    pub since_report: u32,
}

/// VoIP metrics (RFC 3611 §4.7), as far as something follows from them. 127 is "not known" where
/// it is not a percentage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VoipMetrics {
    /// The stream that was received.
    pub of: Ssrc,
    /// Lost packets, in 256ths.
    pub loss: u8,
    /// Packets that came too late for the jitter buffer, in 256ths.
    pub discarded: u8,
    /// Share lost within bursts, in 256ths.
    pub burst_density: u8,
    /// Share lost between bursts, in 256ths.
    pub gap_density: u8,
    /// Mean length of a burst in ms.
    pub burst_ms: u16,
    /// Mean length of a gap in ms.
    pub gap_ms: u16,
    /// Round trip in ms, 0 when it is not known.
    pub round_trip_ms: u16,
    /// What the end adds: jitter buffer, coding, in ms.
    pub end_delay_ms: u16,
    /// Level of speech in dBm0.
    pub signal: i8,
    /// Level of silence in dBm0.
    pub noise: i8,
    /// Transmission rating (ITU-T G.107), 0 to 100.
    pub rating: u8,
    /// Listening quality in tenths of a MOS.
    pub mos_listening: u8,
    /// Conversational quality in tenths of a MOS.
    pub mos_conversation: u8,
    /// What the jitter buffer adds now, in ms.
    pub buffer_ms: u16,
    /// What it may add at most, in ms.
    pub buffer_max_ms: u16,
}

impl VoipMetrics {
    /// "Not known", for levels and ratings.
    pub const UNKNOWN: u8 = 127;
}

/// One thing that an RTCP datagram says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Said {
    /// A sender's clock and counts.
    Sender {
        /// Whose.
        by: Ssrc,
        /// Its time.
        time: Ntp,
        /// The same moment by the clock of its stream.
        rtp: RtpTime,
        /// Packets that it has sent.
        packets: u32,
    },
    /// What a receiver got of a stream.
    Received {
        /// The receiver.
        by: Ssrc,
        /// What it got.
        block: ReportBlock,
    },
    /// A receiver's clock (RFC 3611 §4.4).
    ReceiverTime {
        /// Whose.
        by: Ssrc,
        /// Its time.
        time: Ntp,
    },
    /// When a receiver's clock was last told (RFC 3611 §4.5).
    SinceReceiverTime {
        /// The receiver.
        of: Ssrc,
        /// The middle of the time that it told.
        last: u32,
        /// How long ago that was, in 1/65536 s.
        since: u32,
    },
    /// Quality, as the far end measured it.
    Voip(VoipMetrics),
    /// A stream ends.
    Bye {
        /// Which.
        by: Ssrc,
    },
}

/// Why a datagram is not RTCP.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not RTCP")]
pub struct NotRtcp;

/// Reads a datagram and passes on what it says. Packets of types that mean nothing to us are
/// passed over; what follows a broken one is not read.
///
/// # Errors
/// When it does not begin with an RTCP packet; it never panics.
pub fn read(datagram: &[u8], mut tell: impl FnMut(Said)) -> Result<(), NotRtcp> {
    let (mut rest, mut any) = (datagram, false);
    while let Some((kind, packet)) = split(&mut rest) {
        any = true;
        if one(kind, packet, &mut tell).is_none() {
            break;
        }
    }
    if any { Ok(()) } else { Err(NotRtcp) }
}

/// Takes the next packet off: its type and all of its bytes.
fn split<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let [first, kind, high, low, ..] = **rest else { return None };
    let length = (usize::from(u16::from_be_bytes([high, low])) + 1) * 4;
    if first >> 6 != 2 || !(192..=223).contains(&kind) || length > rest.len() {
        return None;
    }
    let (packet, after) = rest.split_at(length);
    *rest = after;
    Some((kind, packet))
}

/// `None` when the packet is broken.
fn one(kind: u8, packet: &[u8], tell: &mut impl FnMut(Said)) -> Option<()> {
    match kind {
        200 => {
            let report = SenderReport::parse(packet).ok()?;
            let by = Ssrc(report.ssrc());
            let (time, rtp) = (Ntp(report.ntp_timestamp()), RtpTime(report.rtp_timestamp()));
            tell(Said::Sender { by, time, rtp, packets: report.packet_count() });
            report.report_blocks().for_each(|block| tell(received(by, &block)));
        }
        201 => {
            let report = ReceiverReport::parse(packet).ok()?;
            let by = Ssrc(report.ssrc());
            report.report_blocks().for_each(|block| tell(received(by, &block)));
        }
        203 => {
            let bye = ByePacket::parse(packet).ok()?;
            bye.ssrcs().for_each(|by| tell(Said::Bye { by: Ssrc(by) }));
        }
        207 => {
            let by = Ssrc(word(packet, 4)?);
            let mut blocks = packet.get(8..)?;
            while let [kind, _, high, low, ..] = *blocks {
                let length = (usize::from(u16::from_be_bytes([high, low])) + 1) * 4;
                extended(by, kind, blocks.get(..length)?, tell);
                blocks = &blocks[length..];
            }
        }
        _ => {}
    }
    Some(())
}

fn received(by: Ssrc, block: &Block<'_>) -> Said {
    // 24 bits with a sign.
    let cumulative_lost = (block.cumulative_lost() << 8) as i32 >> 8;
    let reception = ReceptionReport {
        ssrc: Ssrc(block.ssrc()),
        fraction_lost: block.fraction_lost(),
        cumulative_lost,
        extended_highest: block.extended_sequence_number(),
        jitter: block.interarrival_jitter(),
    };
    let last_report = block.last_sender_report_timestamp();
    let since_report = block.delay_since_last_sender_report_timestamp();
    Said::Received { by, block: ReportBlock { reception, last_report, since_report } }
}

/// One block of an extended report; those that are too short or unknown say nothing.
fn extended(by: Ssrc, kind: u8, block: &[u8], tell: &mut impl FnMut(Said)) {
    match kind {
        4 => {
            if let (Some(high), Some(low)) = (word(block, 4), word(block, 8)) {
                tell(Said::ReceiverTime { by, time: Ntp(u64::from(high) << 32 | u64::from(low)) });
            }
        }
        5 => {
            for part in block[4..].chunks_exact(12) {
                if let (Some(of), Some(last), Some(since)) =
                    (word(part, 0), word(part, 4), word(part, 8))
                {
                    tell(Said::SinceReceiverTime { of: Ssrc(of), last, since });
                }
            }
        }
        7 => _ = voip(block).map(|metrics| tell(Said::Voip(metrics))),
        _ => {}
    }
}

fn voip(block: &[u8]) -> Option<VoipMetrics> {
    let block: &[u8; 36] = block.get(..36)?.try_into().ok()?;
    let short = |at: usize| u16::from_be_bytes([block[at], block[at + 1]]);
    Some(VoipMetrics {
        of: Ssrc(word(block, 4)?),
        loss: block[8],
        discarded: block[9],
        burst_density: block[10],
        gap_density: block[11],
        burst_ms: short(12),
        gap_ms: short(14),
        round_trip_ms: short(16),
        end_delay_ms: short(18),
        signal: block[20] as i8,
        noise: block[21] as i8,
        rating: block[24],
        mos_listening: block[26],
        mos_conversation: block[27],
        buffer_ms: short(30),
        buffer_max_ms: short(32),
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// What a sender says of itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct SenderFacts {
    pub(super) time: Ntp,
    pub(super) rtp: RtpTime,
    pub(super) packets: u32,
    pub(super) bytes: u32,
}

/// Writes packets one after the other into a datagram.
pub(super) struct Writer<'a> {
    out: &'a mut [u8; RTCP_BYTES],
    length: usize,
    /// Where the packet that is being written begins.
    start: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut [u8; RTCP_BYTES]) -> Self {
        Self { out, length: 0, start: 0 }
    }

    /// Returns the length of the datagram.
    pub(super) fn finish(self) -> usize {
        self.length
    }

    /// SR with `sender`, else RR (RFC 3550 §6.4).
    pub(super) fn report(
        &mut self,
        by: Ssrc,
        sender: Option<SenderFacts>,
        of: Option<&ReportBlock>,
    ) {
        let kind = if sender.is_some() { 200 } else { 201 };
        self.begin(u8::from(of.is_some()), kind, by);
        if let Some(SenderFacts { time, rtp, packets, bytes }) = sender {
            self.put(&time.0.to_be_bytes());
            [rtp.0, packets, bytes].iter().for_each(|word| self.put(&word.to_be_bytes()));
        }
        if let Some(&ReportBlock { reception, last_report, since_report }) = of {
            let lost = reception.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff;
            let losses = u32::from(reception.fraction_lost) << 24 | lost;
            let ReceptionReport { ssrc, extended_highest, jitter, .. } = reception;
            let words = [ssrc.0, losses, extended_highest, jitter, last_report, since_report];
            words.iter().for_each(|word| self.put(&word.to_be_bytes()));
        }
        self.end();
    }

    /// SDES with nothing but the canonical name (RFC 3550 §6.5).
    pub(super) fn name(&mut self, by: Ssrc, name: &[u8; CNAME]) {
        self.begin(1, 202, by);
        self.put(&[1, CNAME as u8]);
        self.put(name);
        self.put(&[0]);
        while !self.length.is_multiple_of(4) {
            self.put(&[0]);
        }
        self.end();
    }

    /// XR (RFC 3611 §3): a receiver's clock, an answer to that of the far end, and quality.
    pub(super) fn extended(
        &mut self,
        by: Ssrc,
        time: Option<Ntp>,
        since: Option<(Ssrc, u32, u32)>,
        voip: Option<&VoipMetrics>,
    ) {
        if time.is_none() && since.is_none() && voip.is_none() {
            return;
        }
        self.begin(0, 207, by);
        if let Some(time) = time {
            self.put(&[4, 0, 0, 2]);
            self.put(&time.0.to_be_bytes());
        }
        if let Some((of, last, since)) = since {
            self.put(&[5, 0, 0, 3]);
            [of.0, last, since].iter().for_each(|word| self.put(&word.to_be_bytes()));
        }
        if let Some(metrics) = voip {
            self.voip(metrics);
        }
        self.end();
    }

    fn voip(&mut self, metrics: &VoipMetrics) {
        let VoipMetrics { loss, discarded, burst_density, gap_density, rating, .. } = *metrics;
        self.put(&[7, 0, 0, 8]);
        self.put(&metrics.of.0.to_be_bytes());
        self.put(&[loss, discarded, burst_density, gap_density]);
        for short in [metrics.burst_ms, metrics.gap_ms, metrics.round_trip_ms, metrics.end_delay_ms]
        {
            self.put(&short.to_be_bytes());
        }
        // Echo return loss is not measured here; a gap has 16 good packets (RFC 3611 §4.7.2).
        self.put(&[metrics.signal as u8, metrics.noise as u8, VoipMetrics::UNKNOWN, 16]);
        self.put(&[rating, VoipMetrics::UNKNOWN, metrics.mos_listening, metrics.mos_conversation]);
        // Concealment by pitch, and a jitter buffer that adapts (RFC 3611 §4.7.6).
        self.put(&[0b1011_0000, 0]);
        for short in [metrics.buffer_ms, metrics.buffer_max_ms, metrics.buffer_max_ms] {
            self.put(&short.to_be_bytes());
        }
    }

    /// BYE (RFC 3550 §6.6).
    pub(super) fn bye(&mut self, by: Ssrc) {
        self.begin(1, 203, by);
        self.end();
    }

    fn begin(&mut self, count: u8, kind: u8, by: Ssrc) {
        self.start = self.length;
        self.put(&[0x80 | count, kind, 0, 0]);
        self.put(&by.0.to_be_bytes());
    }

    /// The datagram has room for all that is ever put into it.
    fn put(&mut self, bytes: &[u8]) {
        if let Some(place) = self.out.get_mut(self.length..self.length + bytes.len()) {
            place.copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }

    fn end(&mut self) {
        let words = (self.length - self.start) / 4 - 1;
        self.out[self.start + 2..self.start + 4].copy_from_slice(&(words as u16).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rtcp_types::{Compound, Packet};

    const US: Ssrc = Ssrc(0x1122_3344);
    const THEM: Ssrc = Ssrc(0xaabb_ccdd);

    fn all(datagram: &[u8]) -> Result<Vec<Said>, NotRtcp> {
        let mut all = Vec::new();
        read(datagram, |said| all.push(said)).map(|()| all)
    }

    fn block() -> ReportBlock {
        let reception = ReceptionReport {
            ssrc: THEM,
            fraction_lost: 26,
            cumulative_lost: -3,
            extended_highest: 0x1_ffff,
            jitter: 80,
        };
        ReportBlock { reception, last_report: 7, since_report: 9 }
    }

    fn metrics() -> VoipMetrics {
        VoipMetrics {
            of: THEM,
            loss: 1,
            discarded: 2,
            burst_density: 3,
            gap_density: 4,
            burst_ms: 5,
            gap_ms: 6,
            round_trip_ms: 7,
            end_delay_ms: 8,
            signal: -20,
            noise: -60,
            rating: 90,
            mos_listening: 43,
            mos_conversation: 42,
            buffer_ms: 20,
            buffer_max_ms: 240,
        }
    }

    fn everything(out: &mut [u8; RTCP_BYTES]) -> usize {
        let sender = SenderFacts { time: Ntp(5 << 32), rtp: RtpTime(6), packets: 7, bytes: 8 };
        let mut writer = Writer::new(out);
        writer.report(US, Some(sender), Some(&block()));
        writer.name(US, b"0123456789abcdef");
        writer.extended(US, Some(Ntp(3)), Some((THEM, 4, 5)), Some(&metrics()));
        writer.bye(US);
        writer.finish()
    }

    #[test]
    fn what_is_written_is_read() {
        let mut out = [0; RTCP_BYTES];
        let length = everything(&mut out);
        let (by, time) = (US, Ntp(3));
        assert_eq!(
            all(&out[..length]).unwrap(),
            [
                Said::Sender { by, time: Ntp(5 << 32), rtp: RtpTime(6), packets: 7 },
                Said::Received { by, block: block() },
                Said::ReceiverTime { by, time },
                Said::SinceReceiverTime { of: THEM, last: 4, since: 5 },
                Said::Voip(metrics()),
                Said::Bye { by },
            ]
        );
    }

    /// Another program's reader has to take it too.
    #[test]
    fn rtcp_types_reads_what_we_write() {
        let mut out = [0; RTCP_BYTES];
        let length = everything(&mut out);
        let mut compound = Compound::parse(&out[..length]).unwrap();
        let Some(Ok(Packet::Sr(report))) = compound.next() else { panic!() };
        assert_eq!((report.ssrc(), report.packet_count(), report.octet_count()), (US.0, 7, 8));
        assert_eq!(report.report_blocks().next().unwrap().cumulative_lost(), 0xff_fffd);
        let Some(Ok(Packet::Sdes(names))) = compound.next() else { panic!() };
        let chunk = names.chunks().next().unwrap();
        assert_eq!(chunk.items().next().unwrap().value(), b"0123456789abcdef");
        let Some(Ok(Packet::Xr(extended))) = compound.next() else { panic!() };
        assert_eq!(extended.block_iter().count(), 3);
        let Some(Ok(Packet::Bye(bye))) = compound.next() else { panic!() };
        assert_eq!(bye.ssrcs().collect::<Vec<_>>(), [US.0]);
        assert!(compound.next().is_none());
    }

    #[test]
    fn what_is_broken_ends_the_reading_and_not_what_came_before() {
        let mut out = [0; RTCP_BYTES];
        let length = everything(&mut out);
        assert_eq!(all(&out[..length - 1]).unwrap().len(), 5, "the goodbye is cut");
        // A count of blocks that are not there.
        out[0] = 0x9f;
        assert_eq!(all(&out[..length]).unwrap(), []);
        for not in [&[][..], &[0x80, 200, 0], &[0x00, 200, 0, 0], &[0x80, 0, 0, 0], &[0x80; 40]] {
            assert_eq!(all(not), Err(NotRtcp), "{not:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = all(&bytes);
        }

        /// Bytes that look like RTCP: real packets with some bytes changed, cut anywhere.
        #[test]
        fn damaged_packets_never_panic(
            changes in proptest::collection::vec((0_usize..RTCP_BYTES, any::<u8>()), 0..12),
            kinds in proptest::collection::vec(192_u8..=223, 4),
            cut in 0_usize..RTCP_BYTES,
        ) {
            let mut out = [0; RTCP_BYTES];
            let length = everything(&mut out);
            let starts = [0, 52, 76, 140];
            for (start, kind) in starts.into_iter().zip(&kinds) {
                if kind % 2 == 0 {
                    out[start + 1] = *kind;
                }
            }
            for (at, value) in changes {
                out[at] = value;
            }
            let _ = all(&out[..length.min(cut)]);
            let _ = all(&out);
        }
    }
}
