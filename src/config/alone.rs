//! One file by itself, from its text: what fuzzers and property tests read.

use std::path::Path;
use std::sync::Arc;

use crate::dialplan::Plan;

use super::callers_file::Lists;
use super::diagnostic::{Findings, Source};
use super::file::Reader;
use super::{ConfigErrors, Node, TrunkProfile, plan_file, trunk_file};

/// Reads a dialplan; `list` is what `lists/list.csv` holds.
///
/// # Errors
/// With every mistake in it.
pub fn read_plan(text: &str, list: &str) -> Result<Plan, ConfigErrors> {
    let lists: Lists =
        [Source::new("lists/list.csv", list)].map(|source| (source.path.clone(), source)).into();
    alone("dialplans/plan.toml", text, |reader| {
        plan_file::read(reader, &lists).map(|read| read.plan)
    })
}

/// Reads a SIP profile, its relative paths starting at a folder.
///
/// # Errors
/// With every mistake in it.
pub fn read_profile(text: &str, dir: &Path) -> Result<TrunkProfile, ConfigErrors> {
    let node = Node::stand_in();
    alone("sip-profiles/trunk.toml", text, |reader| {
        trunk_file::read(reader, dir, "trunk", &node).map(|read| read.profile)
    })
}

fn alone<T>(
    path: &str,
    text: &str,
    read: impl FnOnce(&mut Reader<'_>) -> Option<T>,
) -> Result<T, ConfigErrors> {
    let mut findings = Findings::default();
    let source: Arc<Source> = Source::new(path, text);
    let value = read(&mut Reader { source, findings: &mut findings });
    findings.into_warnings()?;
    Ok(value.expect("what cannot be read is reported"))
}
