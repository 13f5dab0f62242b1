//! How far a download is, for whoever watches.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Whether somebody watches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    /// Nobody: say nothing.
    Quiet,
    /// Somebody: a bar on the terminal, or a line a package where standard error is none.
    Shown,
}

/// The bar of one package.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// Starts at nothing.
    pub(super) fn new(progress: Progress, name: &str, bytes: u64) -> Self {
        if progress == Progress::Quiet {
            return Self(ProgressBar::hidden());
        }
        if !std::io::stderr().is_terminal() {
            eprintln!("Fetching {name} ({:.1} MB)", bytes as f64 / 1e6);
            return Self(ProgressBar::hidden());
        }
        let style = "{prefix:29} {bar:28} {bytes:>10} of {total_bytes}  {msg}";
        let bar = ProgressBar::new(bytes)
            .with_style(ProgressStyle::with_template(style).expect("the template is well formed"))
            .with_prefix(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Shows what is done now.
    pub(super) fn step(&self, what: &'static str) {
        self.0.set_message(what);
    }

    /// Shows how many bytes have come; what exceeds the archive is the client's own bookkeeping.
    pub(super) fn at(&self, bytes: u64) {
        self.0.set_position(bytes.min(self.0.length().unwrap_or(0)));
    }

    /// Shows that it is there.
    pub(super) fn done(&self) {
        self.0.set_position(self.0.length().unwrap_or(0));
        self.0.finish_with_message("ready");
    }
}
