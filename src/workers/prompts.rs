//! Sound of sentences that are said again and again, rendered beforehand: a greeting is ready before the call is
//! answered. What is kept holds no health data: only what was asked for as a prompt is.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::base::Frame;
use crate::speech::Manner;

/// What all prompts may fill: 24 MB, which is thirteen minutes.
const MOST: usize = 24 << 20;
/// How much sound that is.
pub(super) const MOST_SOUND: Duration =
    Duration::from_millis((MOST / size_of::<Frame>() * 20) as u64);
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

    fn bytes(&self) -> usize {
        size_of_val::<[Frame]>(&self.frames) + self.text.len() + size_of::<Self>()
    }
}

/// The prompts, the one used last at the end.
#[derive(Default)]
pub(super) struct Prompts {
    kept: VecDeque<Prompt>,
    bytes: usize,
}

impl Prompts {
    pub(super) fn get(&mut self, text: &str, manner: Manner) -> Option<Arc<[Frame]>> {
        let index = self.kept.iter().position(|other| other.is(text, manner))?;
        let prompt = self.kept.remove(index)?;
        let frames = Arc::clone(&prompt.frames);
        self.kept.push_back(prompt);
        Some(frames)
    }

    /// Keeps a prompt, in place of those not used for the longest time.
    pub(super) fn keep(&mut self, text: String, manner: Manner, frames: Vec<Frame>) {
        if frames.is_empty() || frames.len() > LONGEST {
            return;
        }
        if let Some(index) = self.kept.iter().position(|other| other.is(&text, manner)) {
            self.bytes -= self.kept.remove(index).map_or(0, |prompt| prompt.bytes());
        }
        let prompt = Prompt { text, manner, frames: frames.into() };
        self.bytes += prompt.bytes();
        self.kept.push_back(prompt);
        while self.bytes > MOST {
            self.bytes -= self.kept.pop_front().map_or(0, |prompt| prompt.bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Language;

    fn keep(prompts: &mut Prompts, text: &str, frames: usize) {
        prompts.keep(text.into(), Manner::default(), vec![Frame::SILENCE; frames]);
    }

    fn has(prompts: &mut Prompts, text: &str) -> bool {
        prompts.get(text, Manner::default()).is_some()
    }

    #[test]
    fn the_prompts_not_used_for_the_longest_time_go_when_the_memory_is_full() {
        let mut prompts = Prompts::default();
        // As many of 20 s as there is room for.
        let all = MOST / (LONGEST * size_of::<Frame>());
        for number in 0..all {
            keep(&mut prompts, &number.to_string(), LONGEST);
        }
        assert!(has(&mut prompts, "0") && prompts.bytes <= MOST);
        keep(&mut prompts, "new", LONGEST);
        keep(&mut prompts, "too long", LONGEST + 1);
        assert!(prompts.bytes <= MOST);
        assert!(has(&mut prompts, "0") && has(&mut prompts, "new"));
        assert!(!has(&mut prompts, "1") && !has(&mut prompts, "too long"));
    }

    #[test]
    fn a_prompt_is_one_text_in_one_manner() {
        let mut prompts = Prompts::default();
        keep(&mut prompts, "Hello.", 2);
        let before = prompts.bytes;
        keep(&mut prompts, "Hello.", 2);
        assert_eq!(prompts.bytes, before, "counted once");
        assert!(prompts.get("Hello.", Language::ES_US.into()).is_none());
        assert!(prompts.get("Hello.", Manner { rate: 0.8, ..Manner::default() }).is_none());
    }
}
