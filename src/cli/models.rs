//! `attendant models`: fetches the embedded speech models, lists and checks them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::Failure;
use crate::engines::models::{self, ModelError, PACKAGES, Package, Progress, Registry, Set};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Fetches what is missing, and checks every file against its published SHA-256
    #[command(after_help = "Examples:
  attendant models fetch
  attendant models fetch --set spanish
  attendant models fetch --dir /var/lib/attendant/models
  attendant models fetch --from-dir /media/usb/attendant-models")]
    Fetch(Fetch),
    /// Lists the packages that hold them: version, licence, size, and whether they are here
    #[command(after_help = "Examples:
  attendant models list --dir /var/lib/attendant/models
  attendant models list --json")]
    List(Place),
    /// Reads every file and checks it against its published SHA-256
    #[command(after_help = "Examples:
  attendant models verify --dir /var/lib/attendant/models
  attendant models verify --set spanish --json

What every installation needs is checked, what is here besides, and the sets that are named.")]
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(super) struct Fetch {
    /// Fetches this set too, besides what every installation needs; may be given again
    #[arg(long, value_name = "SET")]
    set: Vec<Wanted>,
    /// Takes the archives from this folder instead of the package registries
    #[arg(long, value_name = "DIR")]
    from_dir: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Wants this set to be here; may be given again
    #[arg(long, value_name = "SET")]
    set: Vec<Wanted>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Place {
    /// Where the models are kept [default: $ATTENDANT_MODELS, else ~/.cache/attendant/models]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Prints JSON, one object
    #[arg(long)]
    json: bool,
}

/// A set as it is written on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Wanted {
    /// Hears and speaks English: every installation needs it
    Embedded,
    /// Hears and speaks Spanish
    Spanish,
}

impl From<Wanted> for Set {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Embedded => Self::Embedded,
            Wanted::Spanish => Self::Spanish,
        }
    }
}

/// What every installation needs, and what was named.
fn sets(wanted: &[Wanted]) -> Vec<Set> {
    let named: Vec<Set> = wanted.iter().map(|&wanted| wanted.into()).collect();
    Set::ALL.into_iter().filter(|set| Set::USUAL.contains(set) || named.contains(set)).collect()
}

impl Place {
    fn dir(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(models::default_dir)
    }
}

pub(super) fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Fetch(Fetch { set, from_dir, place }) => {
            let (dir, sets) = (place.dir(), sets(set));
            let progress = if place.json { Progress::Quiet } else { Progress::Shown };
            match from_dir {
                Some(archives) => models::ensure_from(&dir, &sets, archives, progress)?,
                None => models::ensure_sets(&dir, &sets, progress)?,
            };
            Ok(verify(&dir, &sets, place.json))
        }
        Command::List(place) => {
            let dir = place.dir();
            match place.json {
                true => println!("{}", list_json(&dir)),
                false => print!("{}", list(&dir)),
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Verify(Verify { set, place }) => Ok(verify(&place.dir(), &sets(set), place.json)),
    }
}

/// Checks the packages of these sets, and of others what is here. Tells everything that is wrong.
fn verify(dir: &Path, sets: &[Set], json: bool) -> ExitCode {
    let checked = |it: &&Package| sets.contains(&it.set) || models::is_begun(dir, it);
    let packages: Vec<_> = PACKAGES.iter().filter(checked).collect();
    let faults: Vec<_> = packages
        .iter()
        .flat_map(|package| models::faults(dir, package).into_iter().map(|fault| (*package, fault)))
        .collect();
    let ok = faults.is_empty();
    if json {
        let names: Vec<_> = packages.iter().map(|package| package.name).collect();
        let faults: Vec<_> =
            faults.iter().map(|(package, fault)| fault_json(package, fault)).collect();
        println!("{}", json!({ "dir": dir, "ok": ok, "checked": names, "faults": faults }));
    } else if ok {
        println!("OK: the speech models are in {}", dir.display());
    } else {
        let count = faults.len();
        faults.into_iter().for_each(|(_, fault)| super::tell(&fault.into()));
        eprintln!("{count} of the files in {} cannot be used", dir.display());
    }
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fault_json(package: &Package, fault: &ModelError) -> Value {
    json!({ "package": package.name, "set": package.set.name(), "code": fault.code(),
            "message": fault.to_string(), "advice": fault.advice() })
}

fn list(dir: &Path) -> String {
    let packages = PACKAGES.iter().map(|package| {
        let Package { set, name, version, archive, licence, sha256, .. } = package;
        let (client, megabytes) = (client(package), package.bytes as f64 / 1e6);
        let here = presence(&models::find_package(dir, package));
        let set = set.name();
        format!(
            "{name} {version}, {here}\n  set      {set}\n  archive  {archive}, {megabytes:.1} MB, by {client}\n  sha256   {sha256}\n  licence  {licence}\n"
        )
    });
    let packages: Vec<_> = packages.collect();
    format!("{}\nin {}\n", packages.join("\n"), dir.display())
}

fn list_json(dir: &Path) -> Value {
    let packages = PACKAGES.iter().map(|package| {
        let files = package.files.iter().map(|file| {
            let path = dir.join(package.folder).join(file.name);
            json!({ "path": path, "bytes": file.bytes, "sha256": file.sha256 })
        });
        json!({
            "set": package.set.name(),
            "name": package.name,
            "version": package.version,
            "client": client(package),
            "archive": package.archive,
            "bytes": package.bytes,
            "sha256": package.sha256,
            "licence": package.licence,
            "state": presence(&models::find_package(dir, package)),
            "files": files.collect::<Vec<_>>(),
        })
    });
    json!({ "dir": dir, "packages": packages.collect::<Vec<_>>() })
}

fn client(package: &Package) -> &'static str {
    match package.registry {
        Registry::Npm => "npm",
        Registry::PyPi => "pip",
    }
}

fn presence(found: &Result<(), ModelError>) -> &'static str {
    match found {
        Ok(()) => "present",
        Err(ModelError::Missing { .. }) => "missing",
        Err(ModelError::Damaged { .. } | ModelError::WrongSize { .. }) => "damaged",
        Err(_) => "unreadable",
    }
}
