//! Turns of a conversation out of two streams: when the caller ended, and when the agent began.

use serde::Serialize;

use super::rtp::Leg;
use super::sound::{Spurt, spurts};

/// Why a turn says nothing of the response gap.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli::bench) enum Discard {
    /// The caller began while the agent spoke.
    OverAgent,
    /// The agent began before the caller had ended: it cut the caller off.
    CutOff,
    /// The agent said nothing before the caller spoke again.
    NoReply,
}

/// A turn of the caller; seconds on the capture's clock.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli::bench) struct WireTurn {
    pub(in crate::cli::bench) began: f64,
    pub(in crate::cli::bench) ended: f64,
    /// Where the agent began to speak until the caller's next turn; the first is the reply.
    pub(in crate::cli::bench) replies: Vec<f64>,
    pub(in crate::cli::bench) discard: Option<Discard>,
}

impl WireTurn {
    /// Returns the response gap in milliseconds, where there is one.
    pub(in crate::cli::bench) fn gap_ms(&self) -> Option<f64> {
        let reply = self.replies.first().filter(|_| self.discard.is_none())?;
        Some((reply - self.ended) * 1000.0)
    }
}

/// Pauses of the caller that are shorter lie within a turn.
const TURN: f64 = 0.7;
/// Edges may be off by so much, and are no overlap then.
const TOUCHING: f64 = 0.05;

/// Finds the caller's turns and what the agent did with them.
pub(in crate::cli::bench) fn turns(leg: &Leg) -> Vec<WireTurn> {
    pair(&spurts(&leg.caller, true), &spurts(&leg.agent, false))
}

/// Returns how long the agent's first sound comes after its first packet, in milliseconds.
pub(in crate::cli::bench) fn greeting_ms(leg: &Leg) -> Option<f64> {
    let first = leg.agent.first()?;
    let spoken = spurts(&leg.agent, false);
    Some((spoken.first()?.began - first.at) * 1000.0)
}

fn pair(caller: &[Spurt], agent: &[Spurt]) -> Vec<WireTurn> {
    let mut turns: Vec<Spurt> = Vec::new();
    for spurt in caller {
        match turns.last_mut() {
            Some(turn) if spurt.began - turn.ended < TURN => turn.ended = spurt.ended,
            _ => turns.push(*spurt),
        }
    }
    turns.iter().enumerate().map(|(n, turn)| judge(turn, turns.get(n + 1), agent)).collect()
}

fn judge(turn: &Spurt, next: Option<&Spurt>, agent: &[Spurt]) -> WireTurn {
    let until = next.map_or(f64::INFINITY, |next| next.began);
    let over = agent.iter().any(|a| a.began < turn.began && a.ended > turn.began + TOUCHING);
    let cut = agent.iter().any(|a| a.began >= turn.began && a.began < turn.ended - TOUCHING);
    let replies: Vec<f64> = agent
        .iter()
        .map(|spurt| spurt.began)
        .filter(|began| *began >= turn.ended - TOUCHING && *began < until)
        .collect();
    let discard = match (over, cut, replies.is_empty()) {
        (true, ..) => Some(Discard::OverAgent),
        (_, true, _) => Some(Discard::CutOff),
        (.., true) => Some(Discard::NoReply),
        _ => None,
    };
    WireTurn { began: turn.began, ended: turn.ended, replies, discard }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spurts(times: &[(f64, f64)]) -> Vec<Spurt> {
        times.iter().map(|&(began, ended)| Spurt { began, ended }).collect()
    }

    #[test]
    fn turns_are_paired_with_what_follows_them() {
        let caller = spurts(&[
            (5.0, 6.0),
            (6.4, 7.0),
            (12.0, 13.0),
            (20.0, 21.0),
            (30.0, 32.0),
            (40.0, 41.0),
        ]);
        let agent = spurts(&[
            (0.2, 4.0),
            (7.8, 9.0),
            (9.3, 10.0),
            (19.0, 20.5),
            (31.0, 33.0),
            (41.5, 42.0),
        ]);
        let turns = pair(&caller, &agent);
        let told: Vec<_> =
            turns.iter().map(|turn| (turn.discard, turn.gap_ms().map(f64::round))).collect();
        assert_eq!(
            told,
            [
                (None, Some(800.0)),
                (None, Some(6000.0)),
                (Some(Discard::OverAgent), None),
                (Some(Discard::CutOff), None),
                (None, Some(500.0)),
            ]
        );
        assert_eq!(turns[0].replies.len(), 2);
        assert_eq!(pair(&spurts(&[(1.0, 2.0)]), &[])[0].discard, Some(Discard::NoReply));
    }
}
