//! What was heard of what was said: memory and transcript hold the words that were played, no more.

use std::time::Duration;

use crate::base::{Frame, Phi};

/// Something the agent says, and how much of it the caller has heard.
#[derive(Clone, Debug)]
pub struct Utterance {
    text: Phi<String>,
    /// Known once the voice has rendered all of it.
    frames_total: Option<u32>,
}

impl Utterance {
    /// What is on its way to the caller's ear when a frame has left us: a packet time and the usual
    /// 40 ms of the far end's playout buffer.
    pub const IN_FLIGHT: Duration = Duration::from_millis(60);

    /// A text that is about to be spoken.
    pub fn new(text: Phi<String>) -> Self {
        Self { text, frames_total: None }
    }

    /// The voice has rendered all of it: so many frames of 20 ms.
    pub fn rendered(&mut self, frames: u32) {
        self.frames_total = Some(frames);
    }

    /// Returns all of the text.
    pub fn text(&self) -> &Phi<String> {
        &self.text
    }

    /// Returns the words of which the last sound had reached the caller when this many frames had
    /// been sent and the rest was dropped.
    ///
    /// `at_rest`: nothing has been sent for longer than it takes to arrive, so that all that was sent was heard.
    ///
    /// The time of a word is taken linearly from its place in the text; a word counts once its end
    /// was heard. With the length unknown, about 15 characters a second are assumed.
    pub fn heard_after(&self, frames_sent: u32, at_rest: bool) -> Phi<String> {
        let in_flight = match at_rest {
            true => 0,
            false => (Self::IN_FLIGHT.as_millis() / Frame::TIME.as_millis()) as u32,
        };
        let heard = frames_sent.saturating_sub(in_flight) as usize;
        self.text.map(|text| {
            let frames_a_second = 50;
            let total = match self.frames_total {
                Some(frames) => frames as usize,
                None => text.len() * frames_a_second / 15,
            };
            if total == 0 {
                return String::new();
            }
            let reached = text.len() * heard / total;
            let end = text
                .char_indices()
                .filter(|(_, c)| c.is_whitespace())
                .map(|(at, _)| at)
                .chain([text.len()])
                .take_while(|&at| at <= reached)
                .last();
            text[..end.unwrap_or(0)].trim_end().to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Purpose;

    fn heard(frames: u32) -> String {
        let mut said = Utterance::new(Phi::new("I have Friday at nine thirty".into()));
        said.rendered(100);
        said.heard_after(frames, false).reveal(Purpose::Comparison).clone()
    }

    #[test]
    fn at_rest_all_that_was_sent_was_heard() {
        let mut said = Utterance::new(Phi::new("I have Friday at nine thirty".into()));
        said.rendered(100);
        let heard = |frames| said.heard_after(frames, true).reveal(Purpose::Comparison).clone();
        assert_eq!((heard(22), heard(27)), ("I have".into(), "I have".into()));
        assert_eq!(heard(47), "I have Friday");
        assert_eq!(heard(100), "I have Friday at nine thirty");
    }

    #[test]
    fn only_whole_words_that_were_played_count() {
        assert_eq!(heard(0), "");
        assert_eq!(heard(3), "");
        assert_eq!(heard(30), "I have");
        assert_eq!(heard(62), "I have Friday at");
        assert_eq!(heard(103), "I have Friday at nine thirty");
        assert_eq!(heard(1000), "I have Friday at nine thirty");
    }
}
