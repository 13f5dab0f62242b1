//! The machine on which tests run.
//!
//! [`steadily`] tells a machine that stood still from a fault: a test in real time is made again when the machine did
//! not give it its time. A fault comes again; what the machine did does not.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::any::Any;
use std::cell::RefCell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Whoever is this late misses a packet of sound, and those who hear him notice.
const STOOD_STILL: Duration = Duration::from_millis(20);
/// How often a test is made at most.
const TRIES: usize = 6;
/// A test that has taken so long is not made again.
const LONG: Duration = Duration::from_secs(300);
/// How a failure begins that is none of the machine's.
const SURE: &str = "a fault, whatever the machine did: ";
/// Watchers, so that one is on each core at most times.
const WATCHERS: usize = 4;
/// Between two looks at the clock.
const NAP: Duration = Duration::from_millis(4);

/// Makes a test in real time; again, when it fails and the machine stood still meanwhile.
pub(crate) fn steadily(test: impl Fn()) {
    if let Err(what) = tried(&test, Watch::start, Watch::end) {
        resume_unwind(what);
    }
}

/// The same of a test that waits, each time in a runtime of its own.
pub(crate) fn steadily_async(test: impl AsyncFn()) {
    steadily(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test());
    });
}

/// Fails with what no machine does, however it stood still: the test is not made again.
pub(crate) fn fault(what: impl Display) -> ! {
    panic!("{SURE}{what}")
}

/// Makes a test until it passes, fails while the machine went on, or was made often or [`LONG`] enough.
pub(crate) fn tried<W>(
    test: &impl Fn(),
    watch: impl Fn() -> W,
    end: impl Fn(W) -> Duration,
) -> Result<(), Box<dyn Any + Send>> {
    let begun = Instant::now();
    for left in (0..TRIES).rev() {
        let watch = watch();
        let outcome = catch_unwind(AssertUnwindSafe(test));
        let still = end(watch);
        let Err(what) = outcome else { return Ok(()) };
        println!("failed; meanwhile the machine stood still for up to {} ms", still.as_millis());
        let sure = what.downcast_ref::<String>().is_some_and(|what| what.starts_with(SURE));
        if sure || still < STOOD_STILL || left == 0 || begun.elapsed() > LONG {
            return Err(what);
        }
    }
    unreachable!("the last one returns")
}

/// Fails when a thread says that it was held up for longer than anybody else was since the test began.
pub(crate) fn account_for(held_up: Duration) {
    let late =
        WATCHING.with_borrow(|late| late.as_ref().map_or(0, |it| it.load(Ordering::Relaxed)));
    let late = Duration::from_micros(late);
    if held_up > 2 * late + 2 * STOOD_STILL {
        fault(format!("held up for {held_up:?}, and the machine for {late:?}"));
    }
}

thread_local! {
    /// Of the watch that this thread began: microseconds for which its watchers were late, together.
    static WATCHING: RefCell<Option<Arc<AtomicU64>>> = const { RefCell::new(None) };
}

/// Looks at the clock all the time, at the priority of everybody, and notes for how long it could not.
pub(crate) struct Watch {
    over: Arc<AtomicBool>,
    longest: Arc<AtomicU64>,
    stolen: Option<u64>,
    watchers: Vec<JoinHandle<()>>,
}

impl Watch {
    pub(crate) fn start() -> Self {
        let (over, longest) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let all = Arc::<AtomicU64>::default();
        let watcher = |_| {
            let (over, longest, all) = (Arc::clone(&over), Arc::clone(&longest), Arc::clone(&all));
            std::thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    std::thread::sleep(NAP);
                    let late = begun.elapsed().saturating_sub(NAP);
                    longest.fetch_max(late.as_micros() as u64, Ordering::Relaxed);
                    // Less is what any sleep takes.
                    if late > Duration::from_millis(2) {
                        all.fetch_add(late.as_micros() as u64, Ordering::Relaxed);
                    }
                }
            })
        };
        let watchers = (0..WATCHERS).map(watcher).collect();
        WATCHING.set(Some(all));
        Self { over, longest, stolen: stolen(), watchers }
    }

    /// Returns the longest time for which it, or a core, stood still.
    pub(crate) fn end(self) -> Duration {
        self.over.store(true, Ordering::Relaxed);
        for watcher in self.watchers {
            watcher.join().unwrap();
        }
        let stolen = stolen().zip(self.stolen).map_or(0, |(now, then)| now.saturating_sub(then));
        Duration::from_micros(self.longest.load(Ordering::Relaxed))
            .max(Duration::from_millis(10 * stolen))
    }
}

/// Hundredths of a second that the machine below this one took from its cores.
fn stolen() -> Option<u64> {
    let all = std::fs::read_to_string("/proc/stat").ok()?;
    all.lines().next()?.split_whitespace().nth(8)?.parse().ok()
}

/// Resident memory of a process in KB, by its id or as `self`.
pub(crate) fn resident(process: impl Display) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
