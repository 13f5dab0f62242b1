//! Whose packets are ours: the address that SDP named, or, behind NAT, one that is learnt once.
//!
//! Learning is what RTP injection abuses, so it is off unless the trunk asks for it, takes four
//! packets in sequence, happens once in the first seconds, never because of an SSRC, and only from
//! where the call itself comes from. Under SRTP nothing gets here that is not genuine.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::base::SeqNo;
use crate::rtp::{Header, Ssrc};

/// Packets in sequence that make a source.
const NEEDED: u8 = 4;
/// How long after the first packet from elsewhere a source may still be learnt.
const WINDOW: Duration = Duration::from_secs(3);
/// Streams from elsewhere that are looked at beside each other.
const CANDIDATES: usize = 4;
/// For so long the first of them goes before the others: ten packet times, of which it needs four.
const FIRST_COMES_FIRST: Duration = Duration::from_millis(200);

/// Where a packet came from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// The leg's source.
    Ours,
    /// An address that has just become the leg's source.
    Learnt,
    /// Somebody else.
    Foreign,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    from: SocketAddr,
    ssrc: Ssrc,
    seq: SeqNo,
    /// Packets in sequence, up to the newest.
    count: u8,
    since: Instant,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Open { until: Option<Instant>, candidates: [Option<Candidate>; CANDIDATES] },
    Settled,
}

/// The source of one leg's packets, and where ours go.
#[derive(Clone, Debug)]
pub struct Latch {
    remote: SocketAddr,
    /// The address of SDP.
    described: SocketAddr,
    /// Where signalling comes from, if nothing may be learnt from elsewhere.
    signalling: Option<IpAddr>,
    state: State,
}

impl Latch {
    /// Starts with the address of SDP; `learn` when the far end may be behind NAT, and then only from that
    /// address or from `signalling`. Without the latter from any.
    pub fn new(remote: SocketAddr, learn: bool, signalling: Option<IpAddr>) -> Self {
        let state = match learn {
            true => State::Open { until: None, candidates: [None; CANDIDATES] },
            false => State::Settled,
        };
        Self { remote, described: remote, signalling, state }
    }

    /// Returns where to send: the learnt source, or the address of SDP.
    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// Whether the source is another one than SDP said.
    pub fn is_learnt(&self) -> bool {
        self.remote != self.described
    }

    /// Learns once more, as after a hold in which a NAT may have forgotten the way. The source stays the one
    /// that it is until another has been learnt, and its first packet ends the learning.
    pub fn reopen(&mut self) {
        self.state = State::Open { until: None, candidates: [None; CANDIDATES] };
    }

    /// Whether a packet from there could be the leg's, or teach us its source. Nothing is changed by it.
    pub fn may_hear(&self, now: Instant, from: SocketAddr) -> bool {
        let open = match &self.state {
            State::Open { until, .. } => until.is_none_or(|until| now <= until),
            State::Settled => false,
        };
        from == self.remote || open && self.may_learn(from.ip())
    }

    /// Whether RTCP from there is the leg's, where SDP said that it comes from `signalled`. Behind NAT its port
    /// is another one than any that we know, so that the learnt host counts.
    pub fn hears_control(&self, from: SocketAddr, signalled: SocketAddr) -> bool {
        let learnt = self.is_learnt() && from.ip() == self.remote.ip();
        from == signalled || from == self.remote || learnt
    }

    /// Judges one packet.
    pub fn judge(&mut self, now: Instant, from: SocketAddr, header: &Header) -> Source {
        if from == self.remote {
            self.state = State::Settled;
            return Source::Ours;
        }
        let may_learn = self.may_learn(from.ip());
        let State::Open { until, candidates } = &mut self.state else { return Source::Foreign };
        if !may_learn {
            return Source::Foreign;
        }
        if now > *until.get_or_insert(now + WINDOW) {
            self.state = State::Settled;
            return Source::Foreign;
        }
        let Some((count, since)) = note(candidates, now, from, header) else {
            return Source::Foreign;
        };
        // Who began earlier goes first, for as long as that takes.
        let earlier = |other: &Candidate| {
            other.from != from && other.since < since && now < other.since + FIRST_COMES_FIRST
        };
        if count < NEEDED || candidates.iter().flatten().any(earlier) {
            return Source::Foreign;
        }
        self.remote = from;
        self.state = State::Settled;
        Source::Learnt
    }

    fn may_learn(&self, from: IpAddr) -> bool {
        self.signalling.is_none_or(|known| from == known || from == self.described.ip())
    }
}

/// Notes a packet from elsewhere and returns how many of its stream came in sequence, and since when it comes.
fn note(
    candidates: &mut [Option<Candidate>; CANDIDATES],
    now: Instant,
    from: SocketAddr,
    header: &Header,
) -> Option<(u8, Instant)> {
    let known = candidates.iter().flatten().find(|last| last.from == from).copied();
    let next = known
        .is_some_and(|last| last.ssrc == header.ssrc && last.seq.0.wrapping_add(1) == header.seq.0);
    let count = known.filter(|_| next).map_or(1, |last| last.count.saturating_add(1));
    let since = known.map_or(now, |last| last.since);
    let place = candidates.iter_mut().find(|place| match place {
        Some(last) if known.is_some() => last.from == from,
        // The first has had its time.
        Some(last) => now >= last.since + FIRST_COMES_FIRST,
        None => known.is_none(),
    });
    *place? = Some(Candidate { from, ssrc: header.ssrc, seq: header.seq, count, since });
    Some((count, since))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::RtpTime;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    /// Each step: milliseconds, port, SSRC, sequence number.
    fn judge(learn: bool, steps: &[(u64, u16, u32, u16)]) -> (Vec<Source>, u16) {
        let start = Instant::now();
        let mut latch = Latch::new(address(1000), learn, None);
        let verdicts = steps
            .iter()
            .map(|&(at, port, ssrc, seq)| {
                let header = Header {
                    payload_type: 0,
                    marker: false,
                    seq: SeqNo(seq),
                    time: RtpTime(0),
                    ssrc: Ssrc(ssrc),
                };
                latch.judge(start + Duration::from_millis(at), address(port), &header)
            })
            .collect();
        (verdicts, latch.remote().port())
    }

    use Source::{Foreign, Learnt, Ours};

    #[test]
    fn four_in_sequence_from_one_stream_make_a_source() {
        let steps =
            [(0, 7, 1, 65_534), (20, 7, 1, 65_535), (40, 7, 1, 0), (60, 7, 1, 1), (80, 7, 9, 50)];
        assert_eq!(judge(true, &steps), (vec![Foreign, Foreign, Foreign, Learnt, Ours], 7));
        assert_eq!(judge(false, &steps), (vec![Foreign; 5], 1000));
    }

    #[test]
    fn the_address_of_sdp_ends_the_learning() {
        let steps = [(0, 7, 1, 1), (20, 1000, 2, 1), (40, 7, 1, 2), (60, 7, 1, 3), (80, 7, 1, 4)];
        assert_eq!(judge(true, &steps), (vec![Foreign, Ours, Foreign, Foreign, Foreign], 1000));
    }

    #[test]
    fn gaps_other_streams_and_late_starts_learn_nothing() {
        let gaps = [(0, 7, 1, 1), (20, 7, 1, 2), (40, 7, 1, 3), (60, 7, 1, 5), (80, 7, 1, 6)];
        assert_eq!(judge(true, &gaps).1, 1000);
        let streams = [(0, 7, 1, 1), (20, 7, 1, 2), (40, 7, 2, 3), (60, 7, 2, 4), (80, 7, 2, 5)];
        assert_eq!(judge(true, &streams).1, 1000);
        // A port that sends four packets in a burst, and one that sends its four in between.
        let turns = [
            (0, 7, 1, 1),
            (1, 8, 1, 2),
            (2, 8, 1, 3),
            (3, 8, 1, 4),
            (4, 8, 1, 5),
            (20, 7, 1, 2),
            (40, 7, 1, 3),
            (60, 7, 1, 4),
        ];
        assert_eq!(judge(true, &turns).1, 7, "who comes first goes first");
        assert_eq!(judge(true, &turns[1..]).1, 8);
        // It had its time, and did not use it.
        let slow = [(0, 7, 1, 1), (100, 8, 1, 1), (120, 8, 1, 2), (140, 8, 1, 3), (160, 8, 1, 4)];
        assert_eq!(judge(true, &slow).1, 1000);
        let slow = [slow.as_slice(), &[(200, 8, 1, 5)]].concat();
        assert_eq!(judge(true, &slow).1, 8);
        let late =
            [(0, 7, 1, 1), (3020, 8, 1, 2), (3040, 8, 1, 3), (3060, 8, 1, 4), (3080, 8, 1, 5)];
        assert_eq!(judge(true, &late).1, 1000);
    }

    #[test]
    fn nothing_is_learnt_from_where_the_call_does_not_come_from() {
        let start = Instant::now();
        let signalling = IpAddr::from([203, 0, 113, 7]);
        let learnt = |from: IpAddr| {
            let mut latch = Latch::new(address(1000), true, Some(signalling));
            (0..8).find(|&seq| {
                let now = start + Duration::from_millis(20 * seq);
                let (seq, time) = (SeqNo(seq as u16), RtpTime(0));
                let header = Header { payload_type: 0, marker: false, seq, time, ssrc: Ssrc(1) };
                assert_eq!(
                    latch.may_hear(now, (from, 7).into()),
                    from != IpAddr::from([192, 0, 2, 2])
                );
                latch.judge(now, (from, 7).into(), &header) == Source::Learnt
            })
        };
        assert_eq!(learnt(signalling), Some(3));
        assert_eq!(learnt([192, 0, 2, 1].into()), Some(3), "another port of SDP's address");
        assert_eq!(learnt([192, 0, 2, 2].into()), None);
    }

    #[test]
    fn control_packets_come_from_where_sound_does() {
        let (rtp, rtcp) = (address(1000), address(1001));
        let plain = Latch::new(rtp, false, None);
        assert!(plain.hears_control(rtcp, rtcp) && plain.hears_control(rtp, rtcp));
        assert!(!plain.hears_control(address(1002), rtcp));
        let mut behind = Latch::new(rtp, true, None);
        for seq in 0..4 {
            let (seq, time) = (SeqNo(seq), RtpTime(0));
            let header = Header { payload_type: 0, marker: false, seq, time, ssrc: Ssrc(1) };
            let from = (IpAddr::from([203, 0, 113, 7]), 7).into();
            behind.judge(Instant::now(), from, &header);
        }
        assert!(behind.hears_control((IpAddr::from([203, 0, 113, 7]), 99).into(), rtcp));
        assert!(!behind.hears_control((IpAddr::from([203, 0, 113, 8]), 7).into(), rtcp));
    }
}
