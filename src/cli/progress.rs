//! Progress for people: a bar or a spinner for whatever takes longer than two seconds.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A step that may take a while. It ends with a tick and a sentence.
pub(super) struct Step(ProgressBar);

impl Step {
    /// Shows that a step has begun.
    pub(super) fn begin(what: &str) -> Self {
        let bar = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("  {spinner} {msg} {elapsed:.dim}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// Shows that it is done, and what came of it.
    pub(super) fn done(self, what: &str, found: &str) {
        let took = self.0.elapsed();
        self.0.finish_and_clear();
        println!("  ✓ {what:<10} {found}  ({:.1} s)", took.as_secs_f32());
    }
}
