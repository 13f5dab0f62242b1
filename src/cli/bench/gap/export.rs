//! Stereo recordings off the wire for judges that others wrote: caller left, agent right, a folder a call.

use std::path::Path;

use serde_json::json;

use super::super::wire::{self, Leg};
use super::super::{Failure, tape};

/// Writes each call's `recording.wav`, the `metadata.json` that voice-agent-latency reads, and our own figures.
pub(super) fn write(folder: &Path, legs: &[Leg], calls: usize) -> Result<(), Failure> {
    for (n, leg) in legs.iter().enumerate() {
        let call = format!("call-{n:03}");
        let folder = folder.join(&call);
        std::fs::create_dir_all(&folder)?;
        let (left, right) = leg.stereo();
        tape::write_stereo(&folder.join("recording.wav"), &left, &right)?;
        let turns = wire::turns(leg);
        let spoken: Vec<_> = (1..=turns.len())
            .map(|index| json!({ "index": index, "kind": "case", "spoken": true, "text": "" }))
            .collect();
        let metadata = json!({
            "call_id": call,
            "run_id": format!("calls-{calls}"),
            "kind": "bench",
            "mode": "scripted_dialog",
            "vendor": "attendant",
            "channel_map": { "near": 0, "far": 1, "source": "wire" },
            "turns_played": turns.len(),
            "turns": spoken,
        });
        std::fs::write(folder.join("metadata.json"), serde_json::to_string_pretty(&metadata)?)?;
        let ours: Vec<_> = turns
            .iter()
            .map(|turn| {
                let ms = |seconds: f64| (seconds * 10_000.0).round() / 10.0;
                json!({
                    "caller_began_ms": ms(turn.began),
                    "caller_ended_ms": ms(turn.ended),
                    "agent_began_ms": turn.replies.first().map(|began| ms(*began)),
                    "gap_ms": turn.gap_ms(),
                    "discard": turn.discard,
                })
            })
            .collect();
        std::fs::write(folder.join("ours.json"), serde_json::to_string_pretty(&ours)?)?;
    }
    Ok(())
}
