//! What a process costs: processor time by kind of thread, and memory, as Linux counts them.

use std::collections::BTreeMap;
use std::fs;

use serde::Serialize;

/// What was used up to now.
#[derive(Clone, Debug, Default)]
pub(in crate::cli::bench) struct Used {
    /// Seconds of processor time, by the kind of thread.
    threads: BTreeMap<String, f64>,
    /// All of them, those that have ended too.
    all: f64,
}

/// What a stretch of time has cost.
#[derive(Clone, Debug, Default, Serialize)]
pub(in crate::cli::bench) struct Cost {
    /// Of one core, in percent.
    pub(in crate::cli::bench) cpu_percent: f64,
    /// The same, by the kind of thread.
    pub(in crate::cli::bench) by_thread: BTreeMap<String, f64>,
    /// Resident memory at its highest, in MB.
    pub(in crate::cli::bench) peak_mb: f64,
}

impl Used {
    /// Reads what a process has used; nothing of one that is gone.
    pub(in crate::cli::bench) fn by(pid: u32) -> Self {
        let seconds =
            |path: &str| fs::read_to_string(path).ok().and_then(|stat| cpu_seconds(&stat));
        let mut used = Self {
            all: seconds(&format!("/proc/{pid}/stat")).unwrap_or_default(),
            ..Self::default()
        };
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        for task in tasks {
            let path = task.path();
            let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
            let own = seconds(&path.join("stat").to_string_lossy()).unwrap_or_default();
            *used.threads.entry(kind(name.trim())).or_default() += own;
        }
        used
    }

    /// Returns what was used since then, in so many seconds.
    pub(in crate::cli::bench) fn since(&self, before: &Self, seconds: f64, pid: u32) -> Cost {
        let percent = |now: f64, then: f64| 100.0 * (now - then) / seconds.max(0.001);
        let then = |name: &str| before.threads.get(name).copied().unwrap_or_default();
        let by_thread =
            self.threads.iter().map(|(name, now)| (name.clone(), percent(*now, then(name))));
        Cost {
            cpu_percent: percent(self.all, before.all),
            by_thread: by_thread.filter(|(_, percent)| *percent >= 0.05).collect(),
            peak_mb: peak_mb(pid).unwrap_or_default(),
        }
    }
}

/// Threads of a kind have a number each: `media-0`, `hearing-1`.
fn kind(name: &str) -> String {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned()
}

/// Reads the 14th and 15th field of a stat file: user and system time in ticks of 10 ms.
fn cpu_seconds(stat: &str) -> Option<f64> {
    // A thread's name stands in brackets and may hold anything.
    let rest = stat.rsplit_once(')')?.1;
    let mut fields = rest.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

fn peak_mb(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kb| kb / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_something() {
        let before = Used::by(std::process::id());
        let begun = std::time::Instant::now();
        let mut sum = 0_u64;
        while begun.elapsed().as_millis() < 200 {
            sum = (0..100_000).fold(sum, |sum, n: u64| sum.wrapping_mul(31).wrapping_add(n));
        }
        assert_ne!(std::hint::black_box(sum), 1);
        let now = Used::by(std::process::id());
        assert!(now.all >= before.all && now.all > 0.0);
        assert!(now.since(&before, 1.0, std::process::id()).peak_mb > 1.0);
    }

    #[test]
    fn a_stat_line_is_read_whatever_the_thread_is_called() {
        let line = "7 (a ) b) S 1 2 3 4 5 6 7 8 9 10 250 150 0 0";
        assert_eq!(cpu_seconds(line), Some(4.0));
        assert_eq!(
            (kind("hearing-12"), kind("phone-rtp-in")),
            ("hearing".into(), "phone-rtp-in".into())
        );
    }
}
