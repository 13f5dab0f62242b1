//! Sounds over the agent's speech in any order: nothing is held for ever, and nothing plays after a stop.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::time::{Duration, Instant};

use attendant::base::Dice;
use attendant::speech::Origin;
use attendant::speech::floor::{Floor, Input, Output};

/// Whatever comes in, in whatever order: what is turned down is turned up, what is held goes on or is stopped, and
/// neither takes longer than somebody can be left in the air.
#[test]
fn nothing_is_held_for_ever_whatever_comes_in() {
    const LONGEST: Duration = Duration::from_millis(2500);
    let texts = ["", "um", "okay", "mm-hmm", "no", "I want a person", "ajá", "555", "(coughs)"];
    let origins = [Origin::Detector, Origin::Model];
    let (mut pauses, mut stops) = (0, 0);
    for seed in 0..3000 {
        let mut dice = Dice::new(seed);
        let start = Instant::now() + Duration::from_secs(1);
        let (mut floor, mut now) = (Floor::new(), start);
        let (mut ducked, mut paused, mut protected) = (None, None, false);
        let mut log = Vec::new();
        for _ in 0..120 {
            let until = now + Duration::from_millis(dice.below(400));
            loop {
                while let Some(output) = floor.poll_output() {
                    log.push(format!("{} > {output:?}", (now - start).as_millis()));
                    let fits = match output {
                        Output::Duck => {
                            !protected && paused.is_none() && ducked.replace(now).is_none()
                        }
                        Output::Unduck => ducked.take().is_some() && paused.is_none(),
                        Output::Pause => !protected && paused.replace(now).is_none(),
                        Output::Resume => {
                            ducked = None;
                            paused.take().is_some()
                        }
                        Output::StopSpeaking => {
                            stops += 1;
                            (ducked, paused) = (None, None);
                            !protected
                        }
                        _ => true,
                    };
                    pauses += u32::from(output == Output::Pause);
                    assert!(fits, "{seed}: {}", log.join("\n"));
                }
                for since in [ducked, paused].into_iter().flatten() {
                    assert!(now - since <= 2 * LONGEST, "{seed}: {}", log.join("\n"));
                }
                if let Some(since) = paused {
                    assert!(now - since <= LONGEST, "{seed}: {}", log.join("\n"));
                }
                match floor.poll_timeout().filter(|&at| at <= until) {
                    Some(at) => {
                        now = now.max(at);
                        floor.handle_timeout(now);
                    }
                    None => break,
                }
            }
            now = until;
            let since = now - Duration::from_millis(dice.below(150));
            let input = match dice.below(22) {
                0..=3 => Input::VoiceOn { since },
                4..=7 => Input::VoiceOff { since },
                8 => Input::Suspected { since },
                9 => Input::Confirmed { since, by: origins[dice.below(2) as usize] },
                10 if seed % 2 == 0 => Input::Denied { by: origins[dice.below(2) as usize] },
                11..=14 => Input::Partial { text: texts[dice.below(texts.len() as u64) as usize] },
                15 => Input::Key,
                16 if dice.below(4) == 0 => Input::Unknown,
                16..=18 => Input::AgentStarts { interruptible: true },
                19 => Input::AgentStarts { interruptible: false },
                20 => Input::AgentEnds,
                21 if dice.below(3) == 0 => Input::Hold(dice.below(2) == 0),
                21 if dice.below(3) == 0 => Input::AgentDropped,
                _ => continue,
            };
            log.push(format!("{} < {input:?}", (now - start).as_millis()));
            floor.handle_input(now, input.clone());
            match input {
                // What is told before it belongs to what was before.
                Input::AgentStarts { interruptible: false } => protected = true,
                Input::AgentStarts { .. } | Input::AgentEnds => protected = false,
                Input::AgentDropped => (ducked, paused, protected) = (None, None, false),
                _ => {}
            }
        }
    }
    assert!(pauses > 3000 && stops > 3000, "{pauses} pauses, {stops} stops");
}
