//! RTP as it was on the wire, and whether it is clean: sequence numbers and timestamps without a jump, markers at the
//! beginnings of talkspurts and events alone, no payload type that was not agreed, packets marked EF.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Expedited forwarding (RFC 3246).
const EF: u8 = 46;
/// A pause is at least this long: more than a packet that was late on a busy machine.
const PAUSE: f64 = 0.25;
/// How far timestamps may stay behind the clock over a pause: it is what a busy machine does to both ends of it.
const STRAY: f64 = 0.5;
/// Timestamps do not run ahead of the clock: half a packet time, to tell it from one.
const EARLY: f64 = 0.01;

/// What tshark is asked for, in this order.
pub(crate) const FIELDS: [&str; 12] = [
    "frame.time_epoch",
    "ip.src",
    "udp.srcport",
    "udp.dstport",
    "ip.dsfield.dscp",
    "rtp.ssrc",
    "rtp.p_type",
    "rtp.seq",
    "rtp.timestamp",
    "rtp.marker",
    "rtp.payload",
    "rtpevent.end_of_event",
];

/// One packet of RTP.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Seconds.
    pub at: f64,
    pub from: u16,
    pub to: u16,
    pub dscp: u8,
    pub ssrc: u32,
    pub payload_type: u8,
    pub seq: u16,
    pub time: u32,
    pub marker: bool,
    /// What comes after the header of RTP, a tag of SRTP included.
    pub payload: Vec<u8>,
    /// Whether it is the end of an event; `None` when it is none, or nobody can tell.
    pub ends: Option<bool>,
}

impl Row {
    /// Reads a line of tshark's; `None` for what is no RTP.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [at, _, from, to, dscp, ssrc, payload_type, seq, time, marker, payload, ends] =
            fields.as_slice()
        else {
            return None;
        };
        let flag = |text: &str| matches!(text, "1" | "True");
        Some(Self {
            at: at.parse().ok()?,
            from: from.parse().ok()?,
            to: to.parse().ok()?,
            dscp: dscp.parse().ok()?,
            ssrc: u32::from_str_radix(ssrc.strip_prefix("0x")?, 16).ok()?,
            payload_type: payload_type.parse().ok()?,
            seq: seq.parse().ok()?,
            time: time.parse().ok()?,
            marker: flag(marker),
            payload: bytes(payload)?,
            ends: (!ends.is_empty()).then(|| flag(ends)),
        })
    }
}

/// Reads `0a0b0c`, with or without colons.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> =
        hex.chars().filter(|letter| *letter != ':').map(|letter| letter.to_digit(16)).collect();
    Some(digits?.chunks_exact(2).map(|two| (two[0] << 4 | two[1]) as u8).collect())
}

/// What a stream ought to be.
#[derive(Clone, Debug)]
pub(crate) struct Agreed {
    /// Payload types of sound, each with the timestamp's ticks in a packet.
    pub sound: Vec<(u8, u32)>,
    /// The payload type of telephone-event.
    pub event: Option<u8>,
    /// Ticks of the timestamp's clock in a second.
    pub clock: u32,
}

impl Agreed {
    /// One payload type of sound, on an 8 kHz clock and in packets of 20 ms, with telephone-event as 101.
    pub(crate) fn narrow(payload_type: u8) -> Self {
        Self { sound: vec![(payload_type, 160)], event: Some(101), clock: 8000 }
    }

    fn ticks(&self, payload_type: u8) -> Option<u32> {
        self.sound.iter().find(|(it, _)| *it == payload_type).map(|(_, ticks)| *ticks)
    }
}

/// What there was of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub packets: usize,
    /// The telephone events, each with its packets.
    pub events: Vec<usize>,
    /// The pauses, each in seconds.
    pub pauses: Vec<f64>,
    /// How often the payload type of sound changed.
    pub changes: usize,
    /// Packet times of 20 ms that were left out because the sender was held up, as it says by a marker.
    pub left_out: u64,
}

impl Seen {
    /// Whether there was no pause but those of a sender that was held up, and says that it left out so many packet
    /// times.
    pub(crate) fn goes_on(&self, left_out: u64) -> bool {
        let held_up = 0.02 * (left_out + 2) as f64;
        self.pauses.iter().all(|pause| *pause < held_up)
    }
}

/// Looks at one stream, its packets in the order in which they were captured.
///
/// # Errors
/// With everything that is not clean, a line each.
pub(crate) fn inspect(rows: &[Row], agreed: &Agreed) -> Result<Seen, String> {
    let mut inspector = Inspector::default();
    for row in rows {
        inspector.take(row, agreed);
    }
    match (inspector.wrong.is_empty(), rows.is_empty()) {
        (true, false) => Ok(inspector.seen),
        (_, true) => Err("no packets".into()),
        (false, false) => Err(inspector.wrong),
    }
}

/// Goes through a stream.
#[derive(Default)]
struct Inspector<'a> {
    seen: Seen,
    wrong: String,
    last: Option<&'a Row>,
    /// The last packet of sound.
    sound: Option<&'a Row>,
    /// The packet of sound that was least late by its timestamp.
    earliest: Option<&'a Row>,
    /// The timestamp of the event that goes on.
    event: Option<u32>,
}

impl<'a> Inspector<'a> {
    fn fault(&mut self, row: &Row, what: &str) {
        let _ = writeln!(self.wrong, "packet {} ({}): {what}", self.seen.packets, row.seq);
    }

    fn take(&mut self, row: &'a Row, agreed: &Agreed) {
        self.seen.packets += 1;
        if row.dscp != EF {
            self.fault(row, &format!("DSCP {} and not EF", row.dscp));
        }
        if let Some(last) = self.last {
            if row.ssrc != last.ssrc {
                self.fault(row, &format!("SSRC {:08x} after {:08x}", row.ssrc, last.ssrc));
            }
            if row.seq != last.seq.wrapping_add(1) {
                self.fault(row, &format!("sequence number after {}", last.seq));
            }
        }
        let gap = self.last.map(|last| row.at - last.at).filter(|gap| *gap > PAUSE);
        // A packet that was held up on its way out is late, and no more.
        let paused = gap.filter(|_| !self.is_next(row, agreed));
        if agreed.event == Some(row.payload_type) {
            self.take_event(row);
        } else if let Some(ticks) = agreed.ticks(row.payload_type) {
            self.take_sound(row, agreed, ticks, paused.is_some());
        } else {
            self.fault(row, &format!("payload type {} was not agreed", row.payload_type));
        }
        self.seen.pauses.extend(paused);
        self.last = Some(row);
    }

    /// Whether a packet of sound goes on where the one before it ended.
    fn is_next(&self, row: &Row, agreed: &Agreed) -> bool {
        self.sound.filter(|_| self.event.is_none()).is_some_and(|before| {
            agreed.ticks(before.payload_type) == Some(row.time.wrapping_sub(before.time))
        })
    }

    fn take_event(&mut self, row: &Row) {
        if self.event == Some(row.time) {
            *self.seen.events.last_mut().expect("an event goes on") += 1;
            if row.marker {
                self.fault(row, "a marker within an event");
            }
            return;
        }
        self.seen.events.push(1);
        if !row.marker {
            self.fault(row, "an event begins without a marker");
        }
        if let Some(last) = self.last.filter(|last| row.time.wrapping_sub(last.time) > 1 << 31) {
            self.fault(row, &format!("an event at {} after {}", row.time, last.time));
        }
        self.event = Some(row.time);
    }

    /// Returns how many times 20 ms were left out before this packet, if that is what its marker says: the clock goes
    /// on by so much, and not beyond where it would be had nobody been held up. `event` is where the event before it
    /// began.
    fn left_out(&self, row: &Row, agreed: &Agreed, ticks: u32, event: Option<u32>) -> Option<u64> {
        let (before, turn) = (self.sound?, agreed.clock / 50);
        let step = agreed.ticks(before.payload_type).unwrap_or(ticks);
        let due = match event {
            // Each of an event's packets stands for one of sound.
            Some(time) => {
                let packets = *self.seen.events.last()? as u32;
                time.wrapping_sub(before.time) + packets * step
            }
            None => step,
        };
        let went = row.time.wrapping_sub(before.time);
        let more = went.checked_sub(due).filter(|more| *more > 0 && more.is_multiple_of(turn))?;
        (row.marker && !self.is_early(row, agreed)).then_some(u64::from(more / turn))
    }

    /// Whether a packet was sent before its time: a sender that is held up is late, and none is early. The first few
    /// may all have been late.
    fn is_early(&self, row: &Row, agreed: &Agreed) -> bool {
        let Some(first) = self.earliest.filter(|_| self.seen.packets > 5) else { return false };
        let went = f64::from(row.time.wrapping_sub(first.time)) / f64::from(agreed.clock);
        went - (row.at - first.at) > EARLY
    }

    fn take_sound(&mut self, row: &'a Row, agreed: &Agreed, ticks: u32, paused: bool) {
        let event = self.event.take();
        let after_event = event.is_some();
        let stalled = match paused {
            true => None,
            false => self.left_out(row, agreed, ticks, event),
        };
        self.seen.left_out += stalled.unwrap_or(0);
        if after_event && self.last.is_some_and(|last| last.ends == Some(false)) {
            self.fault(row, "the event before it has no end");
        }
        match (row.marker, self.last.is_none() || paused || stalled.is_some()) {
            (true, false) => self.fault(row, "a marker within a talkspurt"),
            (false, true) => self.fault(row, "a talkspurt begins without a marker"),
            _ => {}
        }
        if let Some(before) = self.sound.replace(row) {
            self.seen.changes += usize::from(before.payload_type != row.payload_type);
            let went = row.time.wrapping_sub(before.time);
            let step = agreed.ticks(before.payload_type).unwrap_or(ticks);
            let elapsed = (row.at - before.at) * f64::from(agreed.clock);
            let behind = elapsed - f64::from(went);
            if !after_event && !paused && stalled.is_none() && went != step {
                self.fault(row, &format!("timestamp {went} on, {step} expected"));
            } else if behind > STRAY * f64::from(agreed.clock)
                || went == 0
                || self.is_early(row, agreed)
            {
                self.fault(row, &format!("timestamp {went} on over {elapsed:.0} of the clock"));
            } else if after_event && !paused && went % step != 0 {
                self.fault(
                    row,
                    &format!("timestamp {went} on over an event, no multiple of {step}"),
                );
            }
        }
        if self.earliest.is_none_or(|it| !self.is_later(row, it, agreed)) {
            self.earliest = Some(row);
        }
    }

    /// Whether a packet came later than another, each by its own timestamp.
    fn is_later(&self, row: &Row, than: &Row, agreed: &Agreed) -> bool {
        let went = f64::from(row.time.wrapping_sub(than.time)) / f64::from(agreed.clock);
        row.at - than.at > went
    }
}

/// Sorts packets into streams by their ports.
pub(crate) fn streams(rows: &[Row]) -> BTreeMap<(u16, u16), Vec<Row>> {
    let mut streams: BTreeMap<(u16, u16), Vec<Row>> = BTreeMap::new();
    for row in rows {
        streams.entry((row.from, row.to)).or_default().push(row.clone());
    }
    streams
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two seconds of sound, the second of which is after a pause of one, with a digit in it.
    fn clean() -> Vec<Row> {
        let first = Row {
            at: 10.0,
            from: 26_000,
            to: 28_000,
            dscp: EF,
            ssrc: 7,
            payload_type: 0,
            seq: 65_500,
            time: u32::MAX - 1_000,
            marker: false,
            payload: vec![0; 160],
            ends: None,
        };
        let mut rows = Vec::new();
        for n in 0..100_u32 {
            let ticks = n + if n < 50 { 0 } else { 50 };
            let mut row = Row {
                at: first.at + f64::from(ticks) * 0.02,
                seq: first.seq.wrapping_add(n as u16),
                time: first.time.wrapping_add(ticks * 160),
                marker: n == 0 || n == 50,
                ..first.clone()
            };
            if (60..70).contains(&n) {
                (row.payload_type, row.payload) = (101, vec![5, 10, 0, 160]);
                row.time = first.time.wrapping_add(110 * 160);
                (row.marker, row.ends) = (n == 60, Some(n >= 67));
            }
            rows.push(row);
        }
        rows
    }

    fn agreed() -> Agreed {
        Agreed::narrow(0)
    }

    #[test]
    fn a_clean_stream_passes() {
        let seen = inspect(&clean(), &agreed()).unwrap();
        assert_eq!((seen.packets, seen.events, seen.changes), (100, vec![10], 0));
        assert!(
            seen.pauses.len() == 1 && (seen.pauses[0] - 1.02).abs() < 1e-6,
            "{:?}",
            seen.pauses
        );
    }

    #[test]
    fn a_sender_that_was_held_up_says_so() {
        let mut rows = clean();
        for row in &mut rows[40..] {
            (row.time, row.at) = (row.time.wrapping_add(320), row.at + 0.04);
        }
        rows[40].marker = true;
        let seen = inspect(&rows, &agreed()).unwrap();
        assert_eq!((seen.left_out, seen.pauses.len()), (2, 1));
        assert!(seen.goes_on(60) && !seen.goes_on(40), "{seen:?}");
        // Held up on its way out, the packet before them was as late.
        let mut late = rows.clone();
        late[39].at += 0.055;
        assert_eq!(inspect(&late, &agreed()).unwrap().left_out, 2);
        late[39].at += 0.3;
        for row in &mut late[40..] {
            (row.time, row.at) = (row.time.wrapping_add(15 * 160), row.at + 0.3);
        }
        assert_eq!(inspect(&late, &agreed()).unwrap().left_out, 17);
        // Between an event and the sound after it.
        for row in &mut rows[70..] {
            (row.time, row.at) = (row.time.wrapping_add(160), row.at + 0.02);
        }
        rows[70].marker = true;
        assert_eq!(inspect(&rows, &agreed()).unwrap().left_out, 3);
    }

    #[test]
    fn a_codec_may_change_on_the_way() {
        let mut rows = clean();
        rows[80..].iter_mut().for_each(|row| row.payload_type = 8);
        let agreed = Agreed { sound: vec![(0, 160), (8, 160)], ..agreed() };
        assert_eq!(inspect(&rows, &agreed).unwrap().changes, 1);
    }

    #[test]
    fn whatever_is_planted_is_found() {
        type Plant = fn(&mut Vec<Row>);
        let cases: [(&str, Plant); 20] = [
            ("the event before it has no end", |rows| {
                rows[67..70].iter_mut().for_each(|row| row.ends = Some(false));
            }),
            ("sequence number", |rows| rows[20].seq += 1),
            ("sequence number", |rows| _ = rows.remove(30)),
            ("sequence number", |rows| rows.insert(31, rows[30].clone())),
            ("sequence number", |rows| rows.swap(20, 21)),
            ("timestamp 161 on, 160 expected", |rows| {
                rows[40..].iter_mut().for_each(|row| row.time = row.time.wrapping_add(1));
            }),
            // Held up, as the marker says, but the wire was not quiet; and the other way round.
            ("timestamp 480 on, 160 expected", |rows| {
                rows[40..].iter_mut().for_each(|row| row.time = row.time.wrapping_add(320));
                rows[40].marker = true;
            }),
            ("timestamp 480 on, 160 expected", |rows| {
                for row in &mut rows[40..] {
                    (row.time, row.at) = (row.time.wrapping_add(320), row.at + 0.04);
                }
            }),
            // One packet's time is enough.
            ("timestamp 320 on, 160 expected", |rows| {
                rows[40..].iter_mut().for_each(|row| row.time = row.time.wrapping_add(160));
                rows[40].marker = true;
            }),
            ("a marker within a talkspurt", |rows| rows[70].marker = true),
            ("a marker within a talkspurt", |rows| {
                rows[40..].iter_mut().for_each(|row| row.at += 0.04);
                rows[40].marker = true;
            }),
            ("timestamp 160 on over 8160 of the clock", |rows| {
                rows[50..].iter_mut().for_each(|row| row.time = row.time.wrapping_sub(50 * 160));
            }),
            ("no multiple of 160", |rows| {
                rows[70..].iter_mut().for_each(|row| row.time = row.time.wrapping_add(7));
            }),
            ("a marker within a talkspurt", |rows| rows[20].marker = true),
            ("a talkspurt begins without a marker", |rows| rows[50].marker = false),
            ("an event begins without a marker", |rows| rows[60].marker = false),
            ("a marker within an event", |rows| rows[63].marker = true),
            ("payload type 13 was not agreed", |rows| rows[20].payload_type = 13),
            ("DSCP 0 and not EF", |rows| rows[20].dscp = 0),
            ("SSRC 00000008 after 00000007", |rows| rows[90..].iter_mut().for_each(|r| r.ssrc = 8)),
        ];
        for (wanted, plant) in cases {
            let mut rows = clean();
            plant(&mut rows);
            let found = inspect(&rows, &agreed()).expect_err(wanted);
            assert!(found.contains(wanted), "{wanted:?} wanted:\n{found}");
        }
        assert!(inspect(&[], &agreed()).is_err());
    }

    #[test]
    fn lines_of_tshark_are_read() {
        let line = "1700000000.5\t127.0.0.1\t26000\t28002\t46\t0x0a0b0c0d\t101\t65535\t4294967295\t1\t058a:0320\t1";
        let row = Row::parse(line).unwrap();
        assert_eq!((row.from, row.to, row.dscp, row.ssrc), (26_000, 28_002, 46, 0x0a0b_0c0d));
        assert_eq!(
            (row.payload_type, row.seq, row.time, row.marker),
            (101, 65_535, u32::MAX, true)
        );
        assert_eq!((row.payload, row.ends), (vec![5, 0x8a, 3, 0x20], Some(true)));
        assert_eq!(Row::parse("1700000000.5\t127.0.0.1\t26001\t28003\t0\t\t\t\t\t\t\t"), None);
    }
}
