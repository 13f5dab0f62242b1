//! Vendors that hear and speak, in each way in which they can fail: words come, sound comes, and within limits.
#![allow(clippy::unwrap_used)]

mod embedded;
mod hearing;
mod speaking;
#[path = "../vendor_stage/mod.rs"]
mod vendor_stage;

use std::time::Duration;

use attendant::ops::metrics::Metrics;

/// Longer than any limit: what takes longer has hung.
const HUNG: Duration = Duration::from_secs(60);
/// A limit that a slow machine keeps.
const LONG: Duration = Duration::from_secs(20);

/// Returns the kinds of failure that were counted, each once.
fn faults(metrics: &Metrics, engine: &str) -> Vec<String> {
    let name = format!("attendant_vendor_failures_total{{engine=\"{engine}\",fault=\"");
    let page = metrics.render();
    let counted = page.lines().filter_map(|line| line.strip_prefix(&name)?.split_once("\"} "));
    counted.filter(|(_, count)| *count != "0").map(|(fault, _)| fault.to_owned()).collect()
}

/// Returns how often the embedded engine stood in.
fn stand_ins(metrics: &Metrics, engine: &str) -> u64 {
    let name = format!("attendant_vendor_stand_ins_total{{engine=\"{engine}\"}} ");
    metrics.render().lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap()
}
