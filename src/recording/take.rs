//! One call's recording while it lasts: from the tap, held back for a while, into the file.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::base::Frame;
use crate::ops;
use crate::workers::TapReader;

use super::RecordingError;
use super::file::{Paths, Pause, Row, SealedFile};
use super::held::{HELD, HELD_LONGER, Held, Why};
use super::recorder::{Kept, Order};
use super::wav::{Interleaver, Rate};

/// A frame leaves the tap this long after it was sent.
const LATE: Duration = Duration::from_millis(200);
/// Longer gaps are shortened: 60 s of frames.
const GAP: u64 = 3000;
/// A leg that was told to close has closed by then.
const CLOSED: Duration = Duration::from_secs(1);

/// When each frame was sent, by the clock of this machine.
struct Clock {
    first: u64,
    /// The earliest that the first one can have left the tap: the reader is late now and then, never early.
    zero: Instant,
}

impl Clock {
    fn sent(clock: &mut Option<Self>, now: Instant, tick: u64) -> Instant {
        let clock = clock.get_or_insert(Self { first: tick, zero: now });
        let after = Frame::TIME * u32::try_from(tick - clock.first).unwrap_or(u32::MAX);
        clock.zero = now.checked_sub(after).map_or(clock.zero, |zero| zero.min(clock.zero));
        (clock.zero + after).checked_sub(LATE).unwrap_or(now)
    }
}

/// A recording that goes on.
pub(super) struct Take {
    order: Order,
    tap: TapReader,
    paths: Paths,
    /// `None` when nothing more can be written.
    file: Option<SealedFile>,
    rate: Rate,
    interleaver: Interleaver,
    held: Held,
    clock: Option<Clock>,
    next: Option<u64>,
    started: Timestamp,
    pauses: Vec<Pause>,
    /// Why the last frame written is silent.
    quiet: Option<Why>,
    frames: u64,
    gaps: u64,
    /// The call is over since then.
    ending: Option<(Instant, Option<oneshot::Sender<Kept>>)>,
}

/// What is left of a take: to be finished where it holds nobody up.
pub(super) struct Taken {
    pub(super) order: Order,
    pub(super) paths: Paths,
    pub(super) file: Option<SealedFile>,
    pub(super) row: Row,
    pub(super) told: Option<oneshot::Sender<Kept>>,
}

impl Take {
    /// Begins a file for a call.
    pub(super) fn begin(order: Order, tap: TapReader) -> Result<Self, RecordingError> {
        let rate = if order.wide { Rate::Wide } else { Rate::Narrow };
        let paths = Paths::new(&order.directory, &order.day.to_string(), &order.call.to_string());
        let file = SealedFile::create(paths.clone(), &order.keys, rate)?;
        Ok(Self::on(order, tap, paths, file, rate))
    }

    /// The same, on a file that is there.
    pub(super) fn on(
        order: Order,
        tap: TapReader,
        paths: Paths,
        file: SealedFile,
        rate: Rate,
    ) -> Self {
        let held = Held::new(if order.by_turns { HELD_LONGER } else { HELD });
        let take = Self {
            order,
            tap,
            paths,
            file: Some(file),
            rate,
            interleaver: Interleaver::new(rate),
            held,
            clock: None,
            next: None,
            started: Timestamp::now(),
            pauses: Vec::new(),
            quiet: None,
            frames: 0,
            gaps: 0,
            ending: None,
        };
        // For whoever finds the file of a killed process; it is written again at the end.
        if let Err(error) = take.paths.write_row(&take.row(false)) {
            ops::RecordingFailed { call: take.order.call, error: &error, advice: error.advice() }
                .emit();
        }
        take
    }

    pub(super) fn order(&self) -> &Order {
        &self.order
    }

    pub(super) fn pause(&mut self, why: Why, since: Instant) {
        self.held.pause(why, since);
    }

    pub(super) fn resume(&mut self, why: Why, at: Instant) {
        self.held.resume(why, at);
    }

    /// The call is over: what is still to come from its leg is waited for.
    pub(super) fn end(&mut self, now: Instant, told: Option<oneshot::Sender<Kept>>) {
        self.ending = Some((now, told));
    }

    /// Takes what has come, and writes what is due. Returns true when nothing more follows.
    pub(super) fn step(&mut self, now: Instant) -> bool {
        let was_closed = self.tap.is_closed();
        self.drain(now);
        let over = match &self.ending {
            Some((since, _)) => was_closed || now.saturating_duration_since(*since) > CLOSED,
            None => false,
        };
        if let Err(error) = self.write(now, over) {
            self.fail(&error);
        }
        over
    }

    fn drain(&mut self, now: Instant) {
        while let Some(frame) = self.tap.pop() {
            let gap = self.next.map_or(0, |next| frame.tick.saturating_sub(next)).min(GAP);
            self.gaps += gap;
            for missing in (1..=gap).rev() {
                let sent = Clock::sent(&mut self.clock, now, frame.tick - missing);
                let silence = self.interleaver.bytes(&Frame::SILENCE, &Frame::SILENCE);
                self.held.push(sent, silence);
            }
            let sent = Clock::sent(&mut self.clock, now, frame.tick);
            self.held.push(sent, self.interleaver.bytes(&frame.left, &frame.right));
            self.next = Some(frame.tick + 1);
        }
    }

    fn write(&mut self, now: Instant, all: bool) -> Result<(), RecordingError> {
        while let Some((sound, why)) = self.held.pop(now, all) {
            let Some(file) = &mut self.file else { continue };
            file.write(&sound)?;
            let at = seconds(self.frames);
            self.frames += 1;
            ops::RecordingWritten { bytes: sound.len() as u64 }.emit();
            if let Some(why) = why {
                if self.quiet != Some(why) {
                    self.pauses.push(Pause { from: at, to: at, why: why.word().to_owned() });
                }
                if let Some(pause) = self.pauses.last_mut() {
                    pause.to = seconds(self.frames);
                }
            }
            self.quiet = why;
        }
        Ok(())
    }

    /// Nothing more is written; what there is stays. The call goes on.
    pub(super) fn fail(&mut self, error: &RecordingError) {
        if let Some(file) = self.file.take() {
            ops::RecordingFailed { call: self.order.call, error, advice: error.advice() }.emit();
            file.give_up();
        }
    }

    /// Whether the call is over.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// Whether something is still being written.
    pub(super) fn writes(&self) -> bool {
        self.file.is_some()
    }

    fn row(&self, complete: bool) -> Row {
        Row {
            call: self.order.call.to_string(),
            trunk: self.order.trunk.clone(),
            route: self.order.route.clone(),
            started: self.started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            hertz: self.rate.hertz(),
            seconds: seconds(self.frames),
            pauses: self.pauses.clone(),
            lost_frames: self.gaps,
            complete,
            keys: self.order.keys.clone(),
        }
    }

    /// Returns what is left of it.
    pub(super) fn into_taken(self) -> Taken {
        let row = self.row(self.file.is_some());
        let told = self.ending.and_then(|(_, told)| told);
        Taken { order: self.order, paths: self.paths, file: self.file, row, told }
    }

    /// The caller does not want it: nothing of it stays.
    pub(super) fn discard(self) {
        drop(self.file);
        match self.paths.remove() {
            Ok(()) => ops::RecordingDenied { call: self.order.call }.emit(),
            Err(error) => {
                // So that nobody takes it for one that a killed process left.
                self.paths.deny();
                ops::RecordingFailed {
                    call: self.order.call,
                    error: &error,
                    advice: error.advice(),
                }
                .emit();
            }
        }
    }
}

fn seconds(frames: u64) -> f64 {
    frames as f64 / 50.0
}

impl Taken {
    /// Makes the file whole and durable, and tells who waits for it.
    pub(super) fn finish(mut self) {
        let call = self.order.call;
        let finished = match self.file.take() {
            Some(file) => file.finish().map(Some),
            None => Ok(None),
        };
        let failed = |error: &RecordingError| {
            ops::RecordingFailed { call, error, advice: error.advice() }.emit();
        };
        let bytes = match finished {
            Ok(bytes) => bytes,
            Err(error) => {
                failed(&error);
                None
            }
        };
        self.row.complete = bytes.is_some();
        if let Err(error) = self.paths.write_row(&self.row) {
            failed(&error);
        }
        let paused: f64 = self.row.pauses.iter().map(|pause| pause.to - pause.from).sum();
        let kept = Kept {
            file: format!("{}/{call}.wav.age", self.order.day),
            complete: self.row.complete,
            length: Duration::from_secs_f64(self.row.seconds),
            paused: Duration::from_secs_f64(paused),
            lost: self.row.lost_frames,
        };
        let (length, paused, lost) = (kept.length, kept.paused, kept.lost);
        let bytes = bytes.unwrap_or_default();
        ops::RecordingEnded { call, length, paused, lost, bytes, complete: kept.complete }.emit();
        if let Some(told) = self.told {
            // A call that waits no more needs no answer.
            let _ = told.send(kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::{full_after, list};
    use super::*;
    use crate::base::CallId;
    use crate::workers::tap_for_tests as tap;
    use jiff::civil::date;

    const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    fn order(directory: &std::path::Path) -> Order {
        Order {
            call: CallId(7),
            trunk: "front".into(),
            route: "reception".into(),
            day: date(2026, 11, 20),
            directory: directory.to_owned(),
            keys: vec![KEY.into()],
            wide: false,
            reserve: 0,
            by_turns: false,
        }
    }

    #[test]
    fn a_full_disk_ends_the_recording_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let order = order(folder.path());
        let paths = Paths::new(folder.path(), "2026-11-20", &order.call.to_string());
        // Room for the header and a chunk of 64 KiB, and not for two.
        let file = full_after(paths.clone(), &order.keys, 100_000);
        let (mut send, reader) = tap();
        let text = crate::ops::metrics::scoped(|metrics| {
            let mut take = Take::on(order, reader, paths, file, Rate::Narrow);
            let start = Instant::now() + Duration::from_secs(60);
            // 10 s are held back; a chunk is two seconds of it.
            for tick in 0..1500_u64 {
                let now = start + Frame::TIME * tick as u32;
                send(tick, &Frame([1000; Frame::SAMPLES]));
                assert!(!take.step(now));
            }
            assert!(!take.writes());
            let (told, mut kept) = oneshot::channel();
            take.end(start, Some(told));
            drop(send);
            assert!(take.step(start + Duration::from_secs(60)));
            take.into_taken().finish();
            let kept = kept.try_recv().unwrap();
            assert!(!kept.complete && kept.length > Duration::from_secs(2), "{kept:?}");
            metrics.render()
        });
        assert!(text.contains("attendant_recording_failures_total 1"), "{text}");
        assert!(text.contains("attendant_recordings_total{result=\"cut_short\"} 1"), "{text}");
        let listed = list(folder.path()).unwrap();
        assert!(!listed[0].open && !listed[0].row.as_ref().unwrap().complete, "{listed:?}");
        assert!(listed[0].bytes > 60_000);
    }

    #[test]
    fn what_the_reader_missed_is_silence_of_the_same_length() {
        let folder = tempfile::tempdir().unwrap();
        let (mut send, reader) = tap();
        let mut take = Take::begin(order(folder.path()), reader).unwrap();
        let start = Instant::now() + Duration::from_secs(60);
        for tick in (0..40).chain(140..180) {
            send(tick, &Frame([1000; Frame::SAMPLES]));
            take.step(start + Frame::TIME * tick as u32);
        }
        let (told, mut kept) = oneshot::channel();
        take.end(start, Some(told));
        drop(send);
        assert!(take.step(start + Duration::from_secs(10)));
        take.into_taken().finish();
        let kept = kept.try_recv().unwrap();
        assert_eq!((kept.lost, kept.complete), (100, true), "{kept:?}");
        assert_eq!(kept.length, Duration::from_millis(180 * 20));
    }

    #[test]
    fn after_a_no_nothing_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (mut send, reader) = tap();
        let mut take = Take::begin(order(folder.path()), reader).unwrap();
        let start = Instant::now() + Duration::from_secs(60);
        for tick in 0..40 {
            send(tick, &Frame([1000; Frame::SAMPLES]));
            take.step(start + Frame::TIME * tick as u32);
        }
        assert_eq!(list(folder.path()).unwrap().len(), 1);
        take.discard();
        assert_eq!(list(folder.path()).unwrap(), []);
        let day = std::fs::read_dir(folder.path().join("2026-11-20")).unwrap();
        assert_eq!(day.count(), 0);
    }
}
