//! One level's figures: what the wire says, and what the gateway says it was made of.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::figures::Spread;
use super::super::wire::{self, Discard, Leg, WireTurn};
use super::cost::Cost;
use super::log::{Log, Told};

/// One turn as the wire has it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    /// The call, counted from the level's first.
    pub(super) call: usize,
    /// When the caller ended, in ms from the call's first packet.
    pub(super) ended_ms: f64,
    /// From the caller's last sound to the agent's first.
    pub(super) gap_ms: Option<f64>,
    /// Why there is none.
    pub(super) discard: Option<Discard>,
    /// The parts of the gap, where the gateway told of it.
    pub(super) parts: Option<Parts>,
    /// What was heard first filled the wait for a tool; the answer came after so long.
    pub(super) filler_then_ms: Option<f64>,
}

/// What a gap was made of, in ms.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Parts {
    pub(super) endpoint: f64,
    pub(super) recogniser: f64,
    pub(super) brain: f64,
    pub(super) voice: f64,
    /// From the voice's first sound to its first packet, and where the wire and the gateway see the edges of speech apart.
    pub(super) pacing: f64,
}

/// A number of simultaneous calls and what came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Level {
    pub(super) calls_at_once: usize,
    pub(super) calls: usize,
    pub(super) refused: usize,
    pub(super) refusals: Vec<String>,
    pub(super) seconds: f64,
    pub(super) turns: usize,
    pub(super) discards: BTreeMap<String, usize>,
    /// Turns that the log does not tell of: their parts are not known.
    pub(super) untold: usize,
    /// Answers; fillers are none.
    pub(super) gap: Spread,
    pub(super) fillers: Spread,
    /// Answers that came after a filler.
    pub(super) after_filler: Spread,
    pub(super) parts: BTreeMap<&'static str, Spread>,
    /// From the first packet of the gateway's to its first sound.
    pub(super) greeting: Spread,
    pub(super) cost: Cost,
    pub(super) complaints: BTreeMap<String, usize>,
    pub(super) build: &'static str,
    pub(super) rows: Vec<Row>,
}

impl Level {
    /// Puts wire and log together.
    pub(super) fn new(calls_at_once: usize, legs: &[Leg], log: &Log, cost: Cost) -> Self {
        let mut rows = Vec::new();
        for (call, leg) in legs.iter().enumerate() {
            let id = log.call_at(leg.gateway, leg.began);
            for turn in wire::turns(leg) {
                rows.push(row(call, leg, &turn, id.map(|id| (log, id))));
            }
        }
        let mut discards = BTreeMap::new();
        for discard in rows.iter().filter_map(|row| row.discard) {
            *discards.entry(format!("{discard:?}")).or_default() += 1;
        }
        let answers = || rows.iter().filter(|row| row.filler_then_ms.is_none());
        let part =
            |of: fn(&Parts) -> f64| Spread::of(answers().filter_map(|row| Some(of(&row.parts?))));
        let told = |row: &&Row| row.gap_ms.is_some() && row.parts.is_none();
        Self {
            calls_at_once,
            calls: legs.len(),
            turns: rows.len(),
            discards,
            untold: rows.iter().filter(told).count(),
            gap: Spread::of(answers().filter_map(|row| row.gap_ms)),
            fillers: Spread::of(
                rows.iter().filter(|row| row.filler_then_ms.is_some()).filter_map(|row| row.gap_ms),
            ),
            after_filler: Spread::of(rows.iter().filter_map(|row| row.filler_then_ms)),
            parts: BTreeMap::from([
                ("1 end of turn", part(|parts| parts.endpoint)),
                ("2 recogniser", part(|parts| parts.recogniser)),
                ("3 brain and tools", part(|parts| parts.brain)),
                ("4 voice", part(|parts| parts.voice)),
                ("5 pacing, wire", part(|parts| parts.pacing)),
            ]),
            greeting: Spread::of(legs.iter().filter_map(wire::greeting_ms)),
            cost,
            refusals: log.refused.clone(),
            complaints: log.complaints.clone(),
            build: if cfg!(debug_assertions) { "dev" } else { "release" },
            rows,
            ..Self::default()
        }
    }
}

fn row(call: usize, leg: &Leg, turn: &WireTurn, log: Option<(&Log, &str)>) -> Row {
    let gap_ms = turn.gap_ms();
    let on_clock = |seconds: f64| leg.began + (seconds * 1e9) as u64;
    let reply = turn.replies.first().filter(|_| gap_ms.is_some());
    let told = reply.and_then(|reply| log?.0.turn(log?.1, on_clock(*reply)));
    let filler_then_ms = told.filter(|told| told.filler).and_then(|told| {
        let answered = told.answered?;
        // The answer's own first sound, where the log says that it began.
        let near = |began: &&f64| on_clock(**began).abs_diff(answered) < 350_000_000;
        let answer = turn.replies.iter().find(near)?;
        Some((answer - turn.ended) * 1000.0)
    });
    let parts = gap_ms.zip(told).map(|(gap, told)| parts(gap, told));
    Row {
        call,
        ended_ms: turn.ended * 1000.0,
        gap_ms,
        discard: turn.discard,
        parts,
        filler_then_ms,
    }
}

fn parts(gap: f64, told: &Told) -> Parts {
    let Told { endpoint, recogniser, brain, voice: spoken, .. } = *told;
    let voice = told.rendered.unwrap_or_default().min(spoken);
    Parts {
        endpoint,
        recogniser,
        brain,
        voice,
        pacing: gap - endpoint - recogniser - brain - voice,
    }
}
