//! Reads a configuration directory: every file, every mistake, one answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::Language;
use crate::dialplan::Plan;
use crate::sip::UaConfig;

use super::callers_file::Lists;
use super::diagnostic::{Findings, Source};
use super::file::Reader;
use super::layers::Layer;
use super::node::NodeFile;
use super::{
    Code, ConfigErrors, Diagnostic, NODE, Node, PlanName, TrunkProfile, across, plan_file,
    trunk_file,
};

/// A configuration in which every value was checked. A call keeps the one it started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The process.
    pub node: Node,
    /// The PBX connections, in the order of their file names, which is the order they are tried in.
    pub trunks: Vec<TrunkProfile>,
    /// The number plans that trunks use, by name.
    pub plans: BTreeMap<PlanName, Plan>,
    /// Tells this configuration from another.
    pub generation: Generation,
    /// What works and may not be what was meant.
    pub warnings: Vec<Diagnostic>,
}

/// Names a configuration by what its files hold: the same files have the same generation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Generation(u64);

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "g-{:08x}", self.0 & 0xffff_ffff)
    }
}

impl Generation {
    /// FNV-1a (64 bits) over paths and texts; it only has to tell files apart, not to resist anybody.
    fn of<'a>(sources: impl Iterator<Item = &'a Arc<Source>>) -> Self {
        let bytes =
            sources.flat_map(|s| s.path.bytes().chain([0]).chain(s.text.bytes()).chain([0]));
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }))
    }
}

/// The longest file that is read. The largest plan we can think of has a tenth of this.
const FILE_BYTES: u64 = 1 << 20;
/// The longest list: some 200,000 numbers with a comment each.
const LIST_BYTES: u64 = 8 << 20;

/// What can be read of a directory, whatever is wrong with the rest of it: what is shown to whoever mends it.
#[derive(Debug)]
pub struct Readable {
    /// The process, where its file holds no mistake.
    pub node: Option<Node>,
    /// The PBX connections whose files hold no mistake; none without the process, whose values theirs build on.
    pub trunks: Vec<TrunkProfile>,
    /// Every mistake in every file, when there is at least one error.
    pub errors: Option<ConfigErrors>,
}

impl Readable {
    /// Reads a directory as [`Config::load`] does.
    pub fn load(dir: &Path) -> Self {
        let (config, node_is_sound, findings) = Config::read(dir);
        let (node, trunks) = match node_is_sound {
            true => (Some(config.node), config.trunks),
            false => (None, Vec::new()),
        };
        Self { node, trunks, errors: findings.into_warnings().err() }
    }
}

impl Config {
    /// Reads `attendant.toml`, `sip-profiles/*.toml`, `dialplans/*.toml` and `lists/*.csv` under a
    /// directory.
    ///
    /// # Errors
    /// With every mistake in every file, when there is at least one error.
    pub fn load(dir: &Path) -> Result<Self, ConfigErrors> {
        let (config, _, findings) = Self::read(dir);
        Ok(Self { warnings: findings.into_warnings()?, ..config })
    }

    /// Reads all that holds no mistake, and whether the process is among it; what could not be read is left out.
    fn read(dir: &Path) -> (Self, bool, Findings) {
        let mut findings = Findings::default();
        let node_source = read_file(&mut findings, dir, "attendant.toml");
        let trunk_sources = read_folder(&mut findings, dir, "sip-profiles", ".toml");
        let plan_sources = read_folder(&mut findings, dir, "dialplans", ".toml");
        let lists: Lists = read_folder(&mut findings, dir, "lists", ".csv")
            .into_values()
            .map(|source| (source.path.clone(), source))
            .collect();
        if trunk_sources.is_empty() {
            let title = format!("no file in {}", dir.join("sip-profiles").display());
            findings.push(
                Diagnostic::error(Code::File, title)
                    .help("write one a PBX: the manual, \"Connect your PBX\""),
            );
        }
        let sources = node_source.iter().chain(trunk_sources.values()).chain(plan_sources.values());
        let generation = Generation::of(sources.chain(lists.values()));

        let node = node_source.and_then(|source| {
            let mut reader = Reader { source, findings: &mut findings };
            let raw: NodeFile = reader.shape_over(&[Layer::defaults(NODE)])?;
            Node::check(&mut reader, dir, raw)
        });
        let stand_in = node.clone().unwrap_or_else(Node::stand_in);
        let mut trunks = Vec::new();
        let profiles = trunk_sources.len();
        for (name, source) in trunk_sources {
            let mut reader = Reader { source, findings: &mut findings };
            trunks.extend(trunk_file::read(&mut reader, dir, &name, &stand_in));
        }
        let (mut plans, mut unread) = (BTreeMap::new(), BTreeSet::new());
        for (name, source) in plan_sources {
            let name = PlanName(name);
            match plan_file::read(&mut Reader { source, findings: &mut findings }, &lists) {
                Some(plan) => drop(plans.insert(name, plan)),
                None => drop(unread.insert(name)),
            }
        }
        // Without a node every registered trunk would seem to lack a registrar.
        if node.is_some() {
            across::check(&mut findings, &stand_in, &trunks, &plans, &unread, profiles);
        }
        if unread.is_empty() {
            across::unused_lists(&mut findings, &lists, &plans);
        }
        let trunks = trunks.into_iter().map(|read| read.profile).collect();
        let plans = plans.into_iter().map(|(name, read)| (name, read.plan)).collect();
        let config = Self { node: stand_in, trunks, plans, generation, warnings: Vec::new() };
        (config, node.is_some(), findings)
    }

    /// Returns where the process that runs with this directory keeps its data: `attendant reload` finds it there.
    /// Only `data` is looked at, so that another mistake is told by the process itself.
    ///
    /// # Errors
    /// When `attendant.toml` is not there or is not TOML.
    pub fn data_dir(dir: &Path) -> Result<PathBuf, ConfigErrors> {
        let mut findings = Findings::default();
        let data = read_file(&mut findings, dir, "attendant.toml").and_then(|source| {
            let table: toml::Table = Reader { source, findings: &mut findings }.shape()?;
            let written = table.get("data").and_then(toml::Value::as_str).map(str::to_owned);
            let default = NODE.iter().find(|key| key.path == "data")?.fallback.value()?;
            Some(dir.join(written.unwrap_or_else(|| default.trim_matches('"').to_owned())))
        });
        findings.into_warnings()?;
        Ok(data.unwrap_or_default())
    }

    /// Returns the trunk with this name.
    pub fn trunk(&self, name: &crate::base::TrunkName) -> Option<&TrunkProfile> {
        self.trunks.iter().find(|trunk| trunk.sip.name == *name)
    }

    /// Returns the number plan of a trunk.
    pub fn plan(&self, trunk: &TrunkProfile) -> Option<&Plan> {
        self.plans.get(&trunk.plan)
    }

    /// Returns what the SIP user agent needs of it.
    pub fn ua(&self) -> UaConfig {
        UaConfig {
            product: concat!("Attendant/", env!("CARGO_PKG_VERSION")).into(),
            trunks: self.trunks.iter().map(|trunk| trunk.sip.clone()).collect(),
            registrar: self.node.registrar.clone(),
            // RFC 3261 §17.1.1.1.
            t1: std::time::Duration::from_millis(500),
        }
    }

    /// Returns the languages of all agents in all plans.
    pub fn languages(&self) -> BTreeSet<Language> {
        self.plans.values().flat_map(Plan::languages).collect()
    }

    /// Returns the keys that differ in `next` and take effect only after a restart; everything
    /// else takes effect with the next call.
    pub fn needs_restart(&self, next: &Self) -> Vec<&'static str> {
        let (old, new) = (&self.node, &next.node);
        let changed = [
            ("data", old.data != new.data),
            ("models", old.models != new.models),
            ("[threads] media", old.media_threads != new.media_threads),
            ("[threads] hearing", old.hearing_threads != new.hearing_threads),
            ("[metrics] listen", old.metrics != new.metrics),
            ("[log] format", old.log_format != new.log_format),
            ("[log] filter", old.log_filter != new.log_filter),
            ("[drain] deadline", old.drain != new.drain),
            ("[practice]", old.book != new.book),
            ("[speech]", old.speech != new.speech),
            // What hears and speaks it is loaded at the start.
            ("[[route]] language", !next.languages().is_subset(&self.languages())),
        ];
        changed.into_iter().filter(|(_, changed)| *changed).map(|(key, _)| key).collect()
    }
}

/// Reads a file into memory; `path` is relative to the directory, and is what messages show.
fn read_file(findings: &mut Findings, dir: &Path, path: &str) -> Option<Arc<Source>> {
    let full = dir.join(path);
    let found = std::fs::metadata(&full).and_then(|meta| match meta.len() {
        // A spreadsheet may have written comments in an encoding of its own.
        0..=LIST_BYTES if path.ends_with(".csv") => {
            std::fs::read(&full).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        }
        0..=FILE_BYTES => std::fs::read_to_string(&full),
        _ => Err(std::io::Error::other("longer than 1 MiB (a list: 8 MiB)")),
    });
    match found {
        Ok(text) => Some(Source::new(path, text)),
        Err(error) => {
            let title = format!("{} cannot be read: {error}", full.display());
            findings.push(Diagnostic::error(Code::File, title));
            None
        }
    }
}

/// Reads every file of a folder whose name ends like this, by the name before it.
fn read_folder(
    findings: &mut Findings,
    dir: &Path,
    folder: &str,
    ending: &str,
) -> BTreeMap<String, Arc<Source>> {
    // A folder that is not there holds no file, which is reported where one is missed.
    let entries = std::fs::read_dir(dir.join(folder)).into_iter().flatten().flatten();
    let names: BTreeSet<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
        .filter(|name| !name.is_empty() && !name.starts_with('.'))
        .collect();
    names
        .into_iter()
        .filter_map(|name| {
            let source = read_file(findings, dir, &format!("{folder}/{name}{ending}"))?;
            Some((name, source))
        })
        .collect()
}
