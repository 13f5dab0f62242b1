//! Response gaps and barge-in, from what went out and what came in.

use std::time::Instant;

use super::ear::Noticed;

/// Something we said, by the packets that held it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    /// Which clip.
    pub clip: usize,
    /// When the first packet with speech in it was sent.
    pub began: Instant,
    /// The RTP timestamp of that packet.
    pub time: u32,
    /// When the last packet with speech in it was sent; `None` when it was cut off.
    pub ended: Option<Instant>,
}

/// A talkspurt of the other side, by the packets that arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spurt {
    /// When its first packet arrived.
    pub began: Instant,
    /// The RTP timestamp of that packet.
    pub time: u32,
    /// When its last packet arrived; `None` while it lasts.
    pub ended: Option<Instant>,
}

/// Everything both sides said in a call, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    pub said: Vec<Said>,
    pub spurts: Vec<Spurt>,
}

/// How the other side answered one line.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Reply {
    /// From the last packet of our speech sent to the first of theirs received, in ms; negative
    /// when theirs began before ours had ended.
    pub gap_ms: Option<i64>,
    /// The RTP timestamp of that first packet.
    pub time: Option<u32>,
    /// Barge-in: from the first packet of our speech to the last of theirs.
    pub stopped_after_ms: Option<i64>,
}

impl Ledger {
    /// Takes what the ear noticed.
    pub(super) fn hear(&mut self, noticed: Noticed) {
        match noticed {
            Noticed::Started { at, time } => {
                self.spurts.push(Spurt { began: at, time: time.0, ended: None });
            }
            Noticed::Paused { last } => {
                if let Some(spurt) = self.spurts.last_mut() {
                    spurt.ended = Some(last);
                }
            }
            Noticed::Quiet { .. } => {}
        }
    }

    /// Returns how the `n`th thing that we said was answered, as far as is known by now.
    pub(super) fn reply(&self, n: usize) -> Reply {
        let Some(said) = self.said.get(n) else { return Reply::default() };
        let until = self.said.get(n + 1).map(|next| next.began);
        let mut reply = Reply::default();
        for spurt in &self.spurts {
            if spurt.began < said.began {
                let over = spurt.ended.filter(|last| *last > said.began);
                reply.stopped_after_ms = over.map(|last| ms_between(said.began, last));
                continue;
            }
            let in_time = until.is_none_or(|until| spurt.began < until);
            let Some(ended) = said.ended.filter(|_| in_time) else { break };
            // A spurt within our line that ended before it is an interruption, not the reply.
            if spurt.began >= ended || spurt.ended.is_none_or(|last| last >= ended) {
                reply.gap_ms = Some(ms_between(ended, spurt.began));
                reply.time = Some(spurt.time);
                break;
            }
        }
        reply
    }
}

/// Returns the milliseconds from one instant to another, rounded; negative when it was before.
pub(super) fn ms_between(from: Instant, to: Instant) -> i64 {
    let rounded = |d: std::time::Duration| ((d.as_micros() + 500) / 1000) as i64;
    if to >= from { rounded(to - from) } else { -rounded(from - to) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn ledger(said: &[(u64, u64)], spurts: &[(u64, u64)]) -> Ledger {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let said = said.iter().enumerate();
        Ledger {
            said: said
                .map(|(clip, &(began, ended))| Said {
                    clip,
                    began: at(began),
                    time: 0,
                    ended: Some(at(ended)),
                })
                .collect(),
            spurts: spurts
                .iter()
                .map(|&(began, ended)| Spurt {
                    began: at(began),
                    time: began as u32 * 8,
                    ended: Some(at(ended)),
                })
                .collect(),
        }
    }

    #[test]
    fn the_gap_is_from_our_last_packet_to_their_first() {
        let ledger = ledger(
            &[(5000, 7000), (10_000, 11_000)],
            &[(100, 4000), (7450, 8000), (8300, 9000), (11_900, 12_000)],
        );
        let first = ledger.reply(0);
        assert_eq!(
            first,
            Reply { gap_ms: Some(450), time: Some(7450 * 8), stopped_after_ms: None }
        );
        assert_eq!(ledger.reply(1).gap_ms, Some(900));
        assert_eq!(ledger.reply(2), Reply::default());
    }

    #[test]
    fn an_unanswered_line_has_no_gap() {
        let ledger = ledger(&[(5000, 7000), (15_000, 16_000)], &[(100, 4000), (16_500, 17_000)]);
        assert_eq!(ledger.reply(0).gap_ms, None);
        assert_eq!(ledger.reply(1).gap_ms, Some(500));
    }

    #[test]
    fn barge_in_is_from_our_first_packet_to_their_last() {
        let ledger = ledger(&[(5000, 7000)], &[(3000, 5240), (7600, 9000)]);
        let reply = ledger.reply(0);
        assert_eq!((reply.stopped_after_ms, reply.gap_ms), (Some(240), Some(600)));
    }

    #[test]
    fn a_reply_that_begins_too_early_is_negative_and_a_short_interruption_is_none() {
        assert_eq!(ledger(&[(5000, 7000)], &[(6800, 9000)]).reply(0).gap_ms, Some(-200));
        let interrupted = ledger(&[(5000, 7000)], &[(5500, 5900), (7300, 9000)]);
        assert_eq!(interrupted.reply(0).gap_ms, Some(300));
    }
}
