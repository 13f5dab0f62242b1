//! `attendant bench`: measures this machine, with instruments that stand apart from what they measure.

mod figures;
mod gap;
mod listen;
mod outside;
mod speech;
mod tape;
mod wire;

use std::process::ExitCode;

use clap::Subcommand;

use super::Failure;
use crate::base::Language;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Calls a gateway of its own with scripted callers, and measures on the wire how long its answers take
    Gap(gap::Arguments),
    /// Says the agent's own sentences, and lets another engine write down what it hears
    Listen(listen::Arguments),
    /// Says sentences and facts to the recogniser over a telephone line, and measures what it makes of them
    Speech(speech::Arguments),
}

pub(super) fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Gap(arguments) => gap::run(arguments),
        Command::Listen(arguments) => listen::run(&arguments),
        Command::Speech(arguments) => speech::run(&arguments),
    }
}

/// Reads the tag of a language that the embedded engines hear and speak.
fn spoken_language(tag: &str) -> Result<Language, String> {
    let known = Language::tagged(tag).filter(|language| Language::EMBEDDED.contains(language));
    let tags: Vec<_> = Language::EMBEDDED.iter().map(|language| language.tag()).collect();
    known.ok_or_else(|| format!("the embedded engines speak {}", tags.join(" and ")))
}
