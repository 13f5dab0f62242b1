//! How the last calls of each trunk sounded: a line for whoever asks how it goes.

use std::collections::{BTreeMap, VecDeque};

use crate::base::TrunkName;
use crate::ops::Label;

use super::leg_sound::Sounded;

/// Calls of a trunk that are looked back on.
const LAST: usize = 20;

/// The last calls of each trunk, the latest last.
#[derive(Default)]
pub(super) struct TrunkSounds(BTreeMap<TrunkName, VecDeque<Sounded>>);

impl TrunkSounds {
    /// Takes a call that is over.
    pub(super) fn take(&mut self, call: Sounded) {
        let calls = self.0.entry(call.trunk.clone()).or_default();
        if calls.len() == LAST {
            calls.pop_front();
        }
        calls.push_back(call);
    }

    /// Returns how the calls of a trunk sounded; `None` before the first.
    pub(super) fn line(&self, trunk: &TrunkName) -> Option<String> {
        let calls = self.0.get(trunk)?;
        let mos = |side: usize| {
            let known: Vec<f32> = calls.iter().filter_map(|call| call.mos[side]).collect();
            match known.len() {
                0 => "not known".to_owned(),
                many => format!("{:.1}", known.iter().sum::<f32>() / many as f32),
            }
        };
        let (heard, said) = (mos(0), mos(1));
        let many = calls.len();
        let mut line = format!("sound {trunk}: last {many} calls, MOS heard {heard}, said {said}");
        let bad = calls.iter().filter(|call| !call.faults.is_empty()).count();
        match calls.iter().rev().find(|call| !call.faults.is_empty()) {
            None => line.push_str(", no fault"),
            Some(last) => {
                let faults: Vec<_> = last.faults.iter().map(|fault| fault.label()).collect();
                line.push_str(&format!(", {bad} with a fault, the latest: {}", faults.join(" ")));
            }
        }
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::SoundVerdict;

    #[test]
    fn a_trunk_is_known_by_its_last_calls() {
        let (front, other) = (TrunkName::new("front"), TrunkName::new("other"));
        let mut sounds = TrunkSounds::default();
        let mut take = |mos, faults: &[SoundVerdict]| {
            sounds.take(Sounded { trunk: front.clone(), mos, faults: faults.to_vec() });
            sounds.line(&front).unwrap()
        };
        assert_eq!(
            take([Some(4.3), None], &[]),
            "sound front: last 1 calls, MOS heard 4.3, said not known, no fault"
        );
        let faults = [SoundVerdict::NothingReceived, SoundVerdict::NotReceived];
        assert_eq!(
            take([Some(4.1), Some(3.9)], &faults),
            "sound front: last 2 calls, MOS heard 4.2, said 3.9, 1 with a fault, the latest: nothing_received not_received"
        );
        let last = (0..LAST).map(|_| take([None, Some(4.0)], &[])).last();
        assert_eq!(
            last.as_deref(),
            Some("sound front: last 20 calls, MOS heard not known, said 4.0, no fault")
        );
        assert_eq!(sounds.line(&other), None);
    }
}
