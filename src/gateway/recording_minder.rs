//! Looks after the recordings on disk: at the start what a killed process left, and each day what has had its time.

use std::sync::Arc;
use std::time::Duration;

use jiff::Zoned;

use crate::ops;
use crate::recording::{self, RecordingError};

use super::shared::Shared;

/// How often it is looked whether a new day has begun.
const ROUND: Duration = Duration::from_secs(15 * 60);

/// Runs until it is dropped.
pub(super) async fn run(shared: Arc<Shared>) {
    let (mut seen, mut recovered) = (None, None);
    loop {
        let config = shared.config.load_full();
        // Recordings that are no longer made are still removed in their time, as long as it is known.
        if let Some(settings) = &config.node.recording {
            let today = Zoned::now().date();
            let (directory, days) = (settings.directory.clone(), settings.keep_days);
            let first = recovered.as_ref() != Some(&directory);
            if first || seen != Some(today) {
                let there = directory.clone();
                // A disk may take its time.
                let work = move || look_after(&there, today, days, first);
                match tokio::task::spawn_blocking(work).await {
                    Ok(Ok(())) => (seen, recovered) = (Some(today), Some(directory)),
                    // It is tried again in the next round.
                    Ok(Err(error)) => ops::RecordingsUnkept { error: &error }.emit(),
                    Err(_) => {}
                }
            }
        }
        tokio::time::sleep(ROUND).await;
    }
}

fn look_after(
    directory: &std::path::Path,
    today: jiff::civil::Date,
    days: u16,
    first: bool,
) -> Result<(), RecordingError> {
    if first {
        for call in recording::recover(directory)? {
            ops::RecordingRecovered { call: &call }.emit();
        }
    }
    for purged in recording::purge(directory, today, days)? {
        ops::RecordingPurged { call: &purged.call, day: &purged.day }.emit();
    }
    Ok(())
}
