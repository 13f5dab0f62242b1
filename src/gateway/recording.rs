//! A call's hand on the recorder: begins when the call says so, and leaves what the wrap-up row needs.

use std::time::Duration;

use jiff::civil::Date;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::base::{CallId, TrunkName};
use crate::call::{Record, Silence};
use crate::config;
use crate::ops;
use crate::recording::{Kept, Order, Recorder, Why};
use crate::workers::LegControl;

/// A file that takes longer to become durable is not waited for: the row says what is known.
const KEPT: Duration = Duration::from_secs(3);

/// What a call's recording is made of; it does nothing for calls that are not recorded.
#[derive(Default)]
pub(super) struct CallRecording {
    order: Option<Order>,
    running: Option<crate::recording::Recording>,
    kept: Option<oneshot::Receiver<Kept>>,
}

impl CallRecording {
    /// For a call whose route is recorded.
    pub(super) fn new(
        recording: Option<config::Recording>,
        (call, day): (CallId, Date),
        trunk: &TrunkName,
        route: &str,
    ) -> Self {
        let order = recording.map(|recording| Order {
            call,
            trunk: trunk.to_string(),
            route: route.to_owned(),
            day,
            directory: recording.directory,
            keys: recording.keys,
            wide: false,
            reserve: recording.reserve,
            by_turns: false,
        });
        Self { order, ..Self::default() }
    }

    /// The recogniser tells nothing of a turn before it is over, or does.
    pub(super) fn by_turns(&mut self, by_turns: bool) {
        if let Some(order) = &mut self.order {
            order.by_turns = by_turns;
        }
    }

    /// The codec carries more than the telephone band, or does not.
    pub(super) fn band(&mut self, wide: bool) {
        if let Some(order) = &mut self.order {
            order.wide = wide;
        }
    }

    /// Does what the call wants; `media` is its leg.
    pub(super) fn perform(
        &mut self,
        record: Record,
        recorder: &Recorder,
        media: Option<&LegControl>,
    ) {
        match (record, &self.running) {
            (Record::Start, None) => self.start(recorder, media),
            (Record::Pause { why, since }, Some(running)) => running.pause(reason(why), since),
            (Record::Resume { why, at }, Some(running)) => running.resume(reason(why), at),
            (Record::Discard, Some(_)) => {
                if let Some(running) = self.running.take() {
                    running.discard();
                }
            }
            (_, _) => {}
        }
    }

    fn start(&mut self, recorder: &Recorder, media: Option<&LegControl>) {
        let (Some(order), Some(media)) = (self.order.take(), media) else { return };
        match media.tap() {
            Ok(tap) => self.running = Some(recorder.begin(order, tap)),
            Err(error) => {
                let advice = error.advice();
                ops::RecordingFailed { call: order.call, error: &error, advice }.emit();
            }
        }
    }

    /// The leg is closed: nothing follows. It is said when the media are closed, and again when the call is over.
    pub(super) fn finish(&mut self) {
        if let Some(running) = self.running.take() {
            self.kept = Some(running.finish());
        }
    }

    /// Returns what is left of it, once it is whole.
    pub(super) async fn kept(mut self) -> Option<Kept> {
        timeout(KEPT, self.kept.take()?).await.ok()?.ok()
    }
}

fn reason(why: Silence) -> Why {
    match why {
        Silence::Card => Why::Card,
        Silence::Hold => Why::Hold,
        Silence::Consent => Why::Consent,
    }
}
