//! What came of a scripted call: for people, for tests, and as JSON.

use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::holding::HoldReport;
use super::quality::QualityReport;

/// How a call ended up.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Outcome {
    /// It was answered.
    Answered,
    /// It was refused.
    Refused {
        /// The final status.
        status: u16,
        /// What that means.
        phrase: String,
    },
    /// It rang for longer than the plan allows.
    NotAnswered,
    /// The other end does not speak SIP, or is not there.
    Unreachable,
    /// What was answered cannot be understood.
    NoMedia {
        /// What is wrong with it.
        what: String,
    },
    /// We gave up while it rang, because we were told to.
    Cancelled,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered => f.write_str("answered"),
            Self::Refused { status, phrase } => write!(f, "refused: {status} {phrase}"),
            Self::NotAnswered => f.write_str("not answered"),
            Self::Unreachable => f.write_str("unreachable: no SIP answer"),
            Self::NoMedia { what } => write!(f, "answered with no usable sound: {what}"),
            Self::Cancelled => f.write_str("given up while it rang"),
        }
    }
}

/// Who ended an answered call.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndedBy {
    /// The other side sent BYE.
    OtherSide,
    /// We did: the script was over.
    ScriptOver,
    /// We did: the new party was heard.
    TargetMet,
    /// We did: whom we referred the other side to has answered.
    Transferred,
    /// We did: the call had taken too long.
    TimedOut,
    /// We did: we were told to.
    Stopped,
    /// The connection broke: a request was not answered or acknowledged.
    Broken,
}

impl fmt::Display for EndedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherSide => "the other side hung up",
            Self::ScriptOver => "hung up: everything was said",
            Self::TargetMet => "hung up: the new party was heard",
            Self::Transferred => "hung up: the transfer was answered",
            Self::TimedOut => "hung up: the call had taken too long",
            Self::Stopped => "hung up: told to stop",
            Self::Broken => "broken: the other side does not answer any more",
        })
    }
}

/// One thing that we said, and how it was answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TurnReport {
    /// The words.
    pub line: String,
    /// When its first packet was sent, in ms since the call was answered.
    pub began_ms: i64,
    /// When its last packet was sent; `None` when it was cut off.
    pub ended_ms: Option<i64>,
    /// The RTP timestamp of its first packet.
    pub rtp_time: u32,
    /// From our last packet of speech sent to their first received, in ms.
    pub gap_ms: Option<i64>,
    /// Barge-in: from our first packet of speech sent to their last received, in ms.
    pub stopped_after_ms: Option<i64>,
    /// The RTP timestamp of the first packet of the reply.
    pub reply_rtp_time: Option<u32>,
}

/// One stretch of the other side's speech.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpurtReport {
    /// When its first packet arrived, in ms since the call was answered.
    pub began_ms: i64,
    /// When its last packet arrived.
    pub ended_ms: Option<i64>,
    /// The RTP timestamp of the first packet.
    pub rtp_time: u32,
}

/// A transfer that the other side asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TransferReport {
    /// The Refer-To.
    pub referred_to: String,
    /// `X-Handoff-Id` of the REFER; it went into the new INVITE.
    pub handoff_id: Option<String>,
    /// `Referred-By` of the REFER; it went into the new INVITE.
    pub referred_by: Option<String>,
    /// Whether the new party answered.
    pub answered: bool,
    /// The final status of the new INVITE.
    pub status: Option<u16>,
    /// From the REFER to that status, in ms.
    pub took_ms: Option<i64>,
    /// Whether the new party's voice was heard.
    pub heard_target: bool,
    /// Whether the referrer ended its leg, as it should, and not we.
    pub referrer_hung_up: bool,
}

/// Packets of the call.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct PacketReport {
    /// Sent.
    pub sent: u64,
    /// Received, of the agreed payload type, each counted once.
    pub received: u64,
    /// Missing between the first and the last received, by sequence number.
    pub lost: u64,
    /// Received again.
    pub duplicate: u64,
    /// From another address, or of another payload type.
    pub foreign: u64,
}

/// What came of a scripted call.
#[derive(Clone, Debug, Serialize)]
pub struct CallReport {
    /// Whom we called, or who called us and what they dialled.
    pub peer: String,
    /// How it ended up.
    pub outcome: Outcome,
    /// Who ended it, once it was answered.
    pub ended_by: Option<EndedBy>,
    /// From the INVITE to the final answer, in ms.
    pub setup_ms: i64,
    /// From the ACK to the first packet of the other side's speech, in ms.
    pub greeting_ms: Option<i64>,
    /// From the answer to the end, in ms.
    pub talked_ms: i64,
    /// What we said and how it was answered.
    pub turns: Vec<TurnReport>,
    /// When the other side spoke.
    pub heard: Vec<SpurtReport>,
    /// Scripted lines said, spare answers not counted.
    pub lines_said: usize,
    /// Scripted lines there were.
    pub lines: usize,
    /// The transfer, if there was one.
    pub transfer: Option<TransferReport>,
    /// Headers of the INVITE that we answered and of the transfer: `X-Handoff-Id`, `Referred-By`.
    pub handoff_id: Option<String>,
    /// As above.
    pub referred_by: Option<String>,
    /// Packets.
    pub packets: PacketReport,
    /// How well the other side was heard; `None` when no media were agreed on.
    pub quality: Option<QualityReport>,
    /// How a hold went, if one was asked for.
    pub hold: Option<HoldReport>,
    /// The recording.
    pub recording: Option<PathBuf>,
    /// When the call was answered (ACK sent or received); all other times count from here.
    #[serde(skip)]
    pub answered_at: Option<Instant>,
}

impl CallReport {
    /// Returns it as pretty JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data with string keys always serialises")
    }
}

/// Sequence numbers received on one wire, to tell lost and repeated ones.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    seen: std::collections::BTreeSet<u64>,
    last: Option<crate::base::ExtSeqNo>,
    streams: Vec<(u64, u64)>,
    ssrc: Option<u32>,
    duplicate: u64,
}

impl Arrivals {
    /// Counts a packet; returns whether it is new.
    pub(super) fn count(&mut self, ssrc: u32, seq: crate::base::SeqNo) -> bool {
        if self.ssrc != Some(ssrc) {
            self.close();
            self.ssrc = Some(ssrc);
        }
        let number = match self.last {
            Some(last) => last.nearest(seq),
            None => crate::base::ExtSeqNo::first(seq),
        };
        self.last = Some(number);
        let new = self.seen.insert(number.value());
        self.duplicate += u64::from(!new);
        new
    }

    /// Adds the counts to a report.
    pub(super) fn report(mut self, packets: &mut PacketReport) {
        self.close();
        for (received, lost) in self.streams {
            packets.received += received;
            packets.lost += lost;
        }
        packets.duplicate += self.duplicate;
    }

    fn close(&mut self) {
        if let (Some(first), Some(last)) = (self.seen.first(), self.seen.last()) {
            let received = self.seen.len() as u64;
            self.streams.push((received, last - first + 1 - received));
        }
        self.seen.clear();
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeqNo;

    #[test]
    fn lost_and_repeated_packets_are_told_apart() {
        let mut arrivals = Arrivals::default();
        let order = [65_533, 65_535, 0, 0, 65_534, 4];
        let new: Vec<_> = order.iter().map(|n| arrivals.count(1, SeqNo(*n))).collect();
        assert_eq!(new, [true, true, true, false, true, true]);
        assert!(arrivals.count(2, SeqNo(9)));
        assert!(arrivals.count(2, SeqNo(12)));
        let mut packets = PacketReport::default();
        arrivals.report(&mut packets);
        let expected = PacketReport { received: 7, lost: 5, duplicate: 1, ..packets };
        assert_eq!(packets, expected);
    }
}
