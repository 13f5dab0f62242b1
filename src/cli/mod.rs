//! The command line: one file a command, every command with an example in its help.
//!
//! House rules: a command says what it did or what is wrong and what to do; exit code 0 is success,
//! 1 is "no", 2 is "could not".

mod audit;
mod bench;
mod call;
mod check;
mod demo;
mod explain;
mod models;
mod pbx_snippet;
mod presets;
mod progress;
mod recordings;
mod reload;
mod route;
mod run;
mod script;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::engines::models::ModelError;
use crate::gateway::StartError;
use crate::recording::RecordingError;
use crate::store::StoreError;

/// A SIP/RTP media gateway with the voice agent inside, for medical practices.
#[derive(Debug, Parser)]
#[command(name = "attendant", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the gateway until it is told to stop
    Run(run::Arguments),
    /// Calls itself: a scripted patient telephones the agent, and you watch and listen
    Demo(demo::Arguments),
    /// Reads the configuration and says all that is wrong with it
    Check(check::Arguments),
    /// Shows every value of a file that holds, and where it came from
    Explain(explain::Arguments),
    /// Lists the PBX families whose values are compiled in
    Presets(presets::Arguments),
    /// Prints what to set on the PBX
    PbxSnippet(pbx_snippet::Arguments),
    /// Says where a call would go, and why
    Route(route::Arguments),
    /// Puts a changed configuration into force; a wrong one changes nothing
    Reload(reload::Arguments),
    /// Calls a SIP peer with a spoken script, and measures how it answers
    Call(call::Arguments),
    /// Measures this machine: how long answers take, how well speech is understood
    #[command(subcommand)]
    Bench(bench::Command),
    /// Works on the audit record
    #[command(subcommand)]
    Audit(audit::Command),
    /// Works on the embedded speech models
    #[command(subcommand)]
    Models(models::Command),
    /// Lists what is kept of calls as sound
    Recordings(recordings::Arguments),
    /// Prints the version
    #[command(after_help = "Example:\n  attendant version")]
    Version,
}

/// What a command may fail with: words for the person at the terminal.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command line and returns the exit code.
pub fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Run(arguments) => run::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Presets(arguments) => presets::run(&arguments),
        Command::PbxSnippet(arguments) => pbx_snippet::run(&arguments),
        Command::Route(arguments) => route::run(&arguments),
        Command::Reload(arguments) => reload::run(&arguments),
        Command::Call(arguments) => call::run(arguments),
        Command::Bench(command) => bench::run(command),
        Command::Audit(command) => audit::run(&command),
        Command::Models(command) => models::run(&command),
        Command::Recordings(arguments) => recordings::run(&arguments),
        Command::Version => {
            println!("attendant {}", env!("CARGO_PKG_VERSION"));
            Ok(ExitCode::SUCCESS)
        }
    };
    result.unwrap_or_else(|failure| {
        tell(&failure);
        ExitCode::from(2)
    })
}

/// Prints what went wrong, why, and what to do about it.
fn tell(failure: &Failure) {
    eprintln!("error: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    if let Some(advice) = advice(failure) {
        eprintln!("  = help: {advice}");
    }
}

/// Returns what the error itself says to do about it.
fn advice(failure: &Failure) -> Option<String> {
    if let Some(error) = failure.downcast_ref::<StartError>() {
        return error.advice();
    }
    let models = failure.downcast_ref::<ModelError>().map(ModelError::advice);
    let store = || failure.downcast_ref::<StoreError>().map(|it| it.advice().to_owned());
    let recording = || failure.downcast_ref::<RecordingError>().map(|it| it.advice().to_owned());
    models.or_else(store).or_else(recording)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_has_an_example_in_its_help() {
        fn walk(command: &clap::Command) {
            if command.has_subcommands() {
                command.get_subcommands().filter(|sub| sub.get_name() != "help").for_each(walk);
            } else {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("attendant "), "`{}` has no example", command.get_name());
            }
        }
        let mut command = Arguments::command();
        command.build();
        walk(&command);
        command.debug_assert();
    }
}
