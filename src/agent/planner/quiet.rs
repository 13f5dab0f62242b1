//! Silence: asked again, asked once more, then goodbye with the way back.

use std::time::Duration;

use super::step::Step;
use crate::agent::conversation::Conversation;
use crate::agent::wording::lines;

/// Quiet after which the caller is asked again. Shells report in steps, so a little less than the 6 s that are meant.
const PATIENCE: Duration = Duration::from_millis(5_500);
/// The same for a caller who asked for time.
const HELD_PATIENCE: Duration = Duration::from_secs(30);

impl Conversation {
    /// Acts on quiet that has lasted so long since the agent stopped speaking.
    pub(crate) fn silence(&mut self, lasted: Duration) {
        if !self.flights.is_empty()
            || matches!(self.step, Step::Working | Step::Transferring { .. } | Step::Ended)
        {
            return;
        }
        // A shell that counts on from the same pause is answered only after another wait.
        let since = lasted
            .checked_sub(self.trouble.quiet)
            .filter(|since| !since.is_zero())
            .unwrap_or(lasted);
        if since < if self.trouble.held { HELD_PATIENCE } else { PATIENCE } {
            return;
        }
        self.trouble.quiet = lasted;
        self.trouble.held = false;
        self.trouble.silences += 1;
        match self.trouble.silences {
            1 => {
                self.say_line(lines::STILL_THERE);
                self.ask_again_or_open();
            }
            2 => {
                self.say_line(lines::CANT_HEAR);
                self.ask_again_or_open();
            }
            _ => {
                let text = self.wording.line(lines::CANT_HEAR_BYE, &[]);
                self.close(text, "silence");
            }
        }
    }
}
