//! Whose packets are ours: the address that SDP named, or, behind NAT, one that is learnt once.
//!
//! Learning is what RTP injection abuses, so it is off unless the trunk asks for it, takes four
//! packets in sequence, happens once in the first seconds, and never because of an SSRC.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::base::SeqNo;
use crate::rtp::{Header, Ssrc};

/// Packets in sequence that make a source.
const NEEDED: u8 = 4;
/// How long after the first packet from elsewhere a source may still be learnt.
const WINDOW: Duration = Duration::from_secs(3);

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
    count: u8,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Open { until: Option<Instant>, candidate: Option<Candidate> },
    Settled,
}

/// The source of one leg's packets, and where ours go.
#[derive(Clone, Debug)]
pub struct Latch {
    remote: SocketAddr,
    state: State,
}

impl Latch {
    /// Starts with the address of SDP; `learn` when the far end may be behind NAT.
    pub fn new(remote: SocketAddr, learn: bool) -> Self {
        let state = match learn {
            true => State::Open { until: None, candidate: None },
            false => State::Settled,
        };
        Self { remote, state }
    }

    /// Returns where to send: the learnt source, or the address of SDP.
    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// Judges one packet.
    pub fn judge(&mut self, now: Instant, from: SocketAddr, header: &Header) -> Source {
        if from == self.remote {
            self.state = State::Settled;
            return Source::Ours;
        }
        let State::Open { until, candidate } = &mut self.state else { return Source::Foreign };
        if now > *until.get_or_insert(now + WINDOW) {
            self.state = State::Settled;
            return Source::Foreign;
        }
        let count = match candidate {
            Some(last)
                if last.from == from
                    && last.ssrc == header.ssrc
                    && last.seq.0.wrapping_add(1) == header.seq.0 =>
            {
                last.count + 1
            }
            _ => 1,
        };
        if count >= NEEDED {
            self.remote = from;
            self.state = State::Settled;
            return Source::Learnt;
        }
        *candidate = Some(Candidate { from, ssrc: header.ssrc, seq: header.seq, count });
        Source::Foreign
    }
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
        let mut latch = Latch::new(address(1000), learn);
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
        let turns = [(0, 7, 1, 1), (1, 8, 1, 2), (20, 7, 1, 2), (21, 8, 1, 3), (40, 7, 1, 3)];
        assert_eq!(judge(true, &turns).1, 1000);
        let late =
            [(0, 7, 1, 1), (3020, 8, 1, 2), (3040, 8, 1, 3), (3060, 8, 1, 4), (3080, 8, 1, 5)];
        assert_eq!(judge(true, &late).1, 1000);
    }
}
