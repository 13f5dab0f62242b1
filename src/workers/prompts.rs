//! Sentences rendered beforehand: a greeting is ready before the call is answered.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::Frame;
use crate::speech::Manner;

/// Prompts kept: 32 of some 5 s each are 5 MB.
const PROMPTS: usize = 32;
/// The longest prompt kept: 20 s.
const LONGEST: usize = 1000;

struct Prompt {
    text: String,
    manner: Manner,
    frames: Arc<[Frame]>,
}

impl Prompt {
    fn is(&self, text: &str, manner: Manner) -> bool {
        self.text == text && self.manner == manner
    }
}

/// The prompts, the one used last at the end.
#[derive(Default)]
pub(super) struct Prompts(VecDeque<Prompt>);

impl Prompts {
    pub(super) fn get(&mut self, text: &str, manner: Manner) -> Option<Arc<[Frame]>> {
        let index = self.0.iter().position(|other| other.is(text, manner))?;
        let prompt = self.0.remove(index)?;
        let frames = Arc::clone(&prompt.frames);
        self.0.push_back(prompt);
        Some(frames)
    }

    /// Keeps a prompt, in place of the one not used for the longest time.
    pub(super) fn keep(&mut self, text: String, manner: Manner, frames: Vec<Frame>) {
        if frames.is_empty() || frames.len() > LONGEST {
            return;
        }
        self.0.retain(|other| !other.is(&text, manner));
        if self.0.len() == PROMPTS {
            self.0.pop_front();
        }
        self.0.push_back(Prompt { text, manner, frames: frames.into() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_not_used_for_the_longest_time_goes_first() {
        let mut prompts = Prompts::default();
        for number in 0..PROMPTS {
            prompts.keep(number.to_string(), Manner::default(), vec![Frame::SILENCE; number + 1]);
        }
        assert_eq!(prompts.get("0", Manner::default()).unwrap().len(), 1);
        prompts.keep("new".into(), Manner::default(), vec![Frame::SILENCE]);
        prompts.keep("long".into(), Manner::default(), vec![Frame::SILENCE; LONGEST + 1]);
        assert!(
            prompts.get("0", Manner::default()).is_some()
                && prompts.get("new", Manner::default()).is_some()
        );
        assert!(
            prompts.get("1", Manner::default()).is_none()
                && prompts.get("long", Manner::default()).is_none()
        );
    }
}
