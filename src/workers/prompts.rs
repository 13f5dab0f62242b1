//! Sentences rendered beforehand: a greeting is ready before the call is answered.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::Frame;

/// Prompts kept: 32 of some 5 s each are 5 MB.
const PROMPTS: usize = 32;
/// The longest prompt kept: 20 s.
const LONGEST: usize = 1000;

/// The prompts, the one used last at the end.
#[derive(Default)]
pub(super) struct Prompts(VecDeque<(String, Arc<[Frame]>)>);

impl Prompts {
    pub(super) fn get(&mut self, text: &str) -> Option<Arc<[Frame]>> {
        let index = self.0.iter().position(|(other, _)| other == text)?;
        let prompt = self.0.remove(index)?;
        let frames = Arc::clone(&prompt.1);
        self.0.push_back(prompt);
        Some(frames)
    }

    /// Keeps a prompt, in place of the one not used for the longest time.
    pub(super) fn keep(&mut self, text: String, frames: Vec<Frame>) {
        if frames.is_empty() || frames.len() > LONGEST {
            return;
        }
        self.0.retain(|(other, _)| *other != text);
        if self.0.len() == PROMPTS {
            self.0.pop_front();
        }
        self.0.push_back((text, frames.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_not_used_for_the_longest_time_goes_first() {
        let mut prompts = Prompts::default();
        for number in 0..PROMPTS {
            prompts.keep(number.to_string(), vec![Frame::SILENCE; number + 1]);
        }
        assert_eq!(prompts.get("0").unwrap().len(), 1);
        prompts.keep("new".into(), vec![Frame::SILENCE]);
        prompts.keep("long".into(), vec![Frame::SILENCE; LONGEST + 1]);
        assert!(prompts.get("0").is_some() && prompts.get("new").is_some());
        assert!(prompts.get("1").is_none() && prompts.get("long").is_none());
    }
}
