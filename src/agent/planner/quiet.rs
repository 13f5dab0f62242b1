//! Silence: asked again, asked once more with the keys as another way, then goodbye with the way back.
//!
//! Who comes back while the goodbye is spoken is not hung up on.

use std::time::Duration;

use super::step::Step;
use crate::agent::conversation::Conversation;
use crate::agent::wording::lines;
use crate::base::UtteranceId;

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
                if let Some(offer) = self.offer_of_keys() {
                    self.say_line(offer);
                }
                self.ask_again_or_open();
            }
            _ => self.trouble.leaving = Some(self.say_line(lines::CANT_HEAR_BYE)),
        }
    }

    /// The call has lasted for as long as it may: goodbye, with the way back.
    pub(crate) fn time_is_up(&mut self) {
        self.stop_speaking();
        let text = self.wording.line(lines::TIME_IS_UP, &[]);
        self.close(text, "too_long");
    }

    /// The goodbye into silence was heard to its end, and nobody said anything.
    pub(crate) fn leave_if_unanswered(&mut self, spoken: UtteranceId) {
        if self.trouble.leaving == Some(spoken) {
            self.end("silence");
        }
    }
}
