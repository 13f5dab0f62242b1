//! Where calls come in and their legs' events are put through; admission, draining, reload.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{Id, JoinError, JoinSet};

use crate::base::{CallId, Dice, LegId, TrunkName};
use crate::call::{Input, Sound};
use crate::config::{Config, ConfigErrors};
use crate::ops;
use crate::sip::{Command, DropReason, Event, Incoming, Refusal};
use crate::workers::{MediaEvent, MediaEventKind};

use super::admission::{self, Admitted, Taken};
use super::call_task::{self, Hands, INBOX};
use super::shared::Shared;
use super::start;
use super::tools;
use super::trunks::Trunks;
use super::watch::{Seen, Watch};
use super::wrap_up::{self, Known};

/// When a caller who was turned away may try again.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// After the drain deadline, calls get this long to say goodbye on the wire.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What the process asks of the switchboard.
#[derive(Debug)]
pub(super) enum Control {
    /// Reads the configuration again.
    Reload(oneshot::Sender<Result<(), ConfigErrors>>),
    /// Takes no more calls, and stops when the last has ended or the deadline has come.
    Drain { within: Duration },
    /// Answers, to show that it still moves.
    Alive(oneshot::Sender<()>),
}

struct Line {
    call: CallId,
    trunk: TrunkName,
    inbox: mpsc::Sender<Input>,
    fallback: Option<String>,
}

/// The one task that knows which call has which leg.
pub(super) struct Switchboard {
    shared: Arc<Shared>,
    lines: BTreeMap<LegId, Line>,
    trunks: Trunks,
    tasks: JoinSet<LegId>,
    legs_of_tasks: BTreeMap<Id, LegId>,
    dice: Dice,
    draining: Option<Instant>,
    drain_told: bool,
    calls: watch::Sender<usize>,
}

impl Switchboard {
    pub(super) fn new(shared: Arc<Shared>, seed: u64, calls: watch::Sender<usize>) -> Self {
        let mut trunks = Trunks::default();
        trunks.configure(Instant::now(), &shared.config.load());
        Self {
            shared,
            lines: BTreeMap::new(),
            trunks,
            tasks: JoinSet::new(),
            legs_of_tasks: BTreeMap::new(),
            dice: Dice::new(seed),
            draining: None,
            drain_told: false,
            calls,
        }
    }

    /// Runs until it has drained.
    pub(super) async fn run(
        mut self,
        mut sip: mpsc::Receiver<Event>,
        mut media: mpsc::Receiver<MediaEvent>,
        mut control: mpsc::Receiver<Control>,
    ) {
        loop {
            self.calls.send_replace(self.lines.len());
            if self.draining.is_some() && self.lines.is_empty() {
                self.drained(0);
                return;
            }
            let wake = self.draining.into_iter().chain(self.trunks.next_due()).min();
            let wake = wake.unwrap_or_else(|| Instant::now() + RETRY_AFTER);
            tokio::select! {
                Some(event) = sip.recv() => self.sip(event).await,
                Some(event) = media.recv() => self.media(event),
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended).await,
                Some(asked) = control.recv() => self.control(asked).await,
                () = tokio::time::sleep_until(wake.into()) => self.timeout(Instant::now()).await,
            }
        }
    }

    async fn sip(&mut self, event: Event) {
        let leg = match &event {
            Event::Incoming(_) => None,
            Event::Established { leg, .. }
            | Event::Progress { leg, .. }
            | Event::Answered { leg, .. }
            | Event::Offer { leg, .. }
            | Event::Referred { leg, .. }
            | Event::Transfer { leg, .. }
            | Event::Dtmf { leg, .. }
            | Event::Ended { leg, .. } => Some(*leg),
            _ => None,
        };
        match (leg, event) {
            (Some(leg), event) => self.put_through(leg, Input::Sip(event)).await,
            (None, Event::Incoming(incoming)) => self.incoming(*incoming).await,
            (None, Event::OptionsAnswered { id, status }) => self.trunks.answered(id, status),
            (None, event) => report(&event),
        }
    }

    async fn put_through(&self, leg: LegId, input: Input) {
        if let Some(line) = self.lines.get(&leg) {
            // Only a call that has just ended has no inbox; it has nothing more to learn.
            let _ = line.inbox.send(input).await;
        }
    }

    fn media(&mut self, event: MediaEvent) {
        let Some(line) = self.lines.get(&event.leg) else { return };
        let Some(sound) = sound(&event) else { return };
        if line.inbox.try_send(Input::Sound(sound)).is_err() {
            tracing::warn!(call = %line.call, "The call is too slow for its sound; an event is lost.");
        }
    }

    async fn incoming(&mut self, incoming: Incoming) {
        let leg = incoming.leg;
        let call = CallId(self.dice.bits());
        let trunk = incoming.trunk.clone();
        let of_trunk = self.lines.values().filter(|line| line.trunk == trunk).count();
        let taken = Taken { all: self.lines.len(), of_trunk };
        match admission::admit(&self.shared, call, incoming, taken) {
            Ok(admitted) => self.connect(call, leg, admitted).await,
            Err(refused) => {
                let (reason, status) = (refused.reason, refused.status);
                let why = &refused.words;
                ops::CallRefused { call, trunk: &trunk, reason, status, why }.emit();
                let refusal = Refusal {
                    status: refused.status,
                    phrase: None,
                    warning: Some(refused.words),
                    retry_after: (refused.status == 503).then_some(RETRY_AFTER),
                };
                self.shared.tell(Command::Refuse { leg, refusal }).await;
            }
        }
    }

    async fn connect(&mut self, call: CallId, leg: LegId, admitted: Admitted) {
        let (inbox, inputs) = mpsc::channel(INBOX);
        let watch = Watch::new(call, self.shared.watch.clone());
        let Admitted { setup, port, trunk, route, fallback, caller } = admitted;
        ops::CallStarted { call, trunk: &trunk, route: &route }.emit();
        watch.tell(Seen::Arrived { trunk: trunk.clone(), route });
        let (tools, session) = tools::start(&self.shared, call, caller.clone(), inbox.clone());
        let mut hands = Hands {
            call,
            leg,
            shared: Arc::clone(&self.shared),
            watch: watch.clone(),
            inbox: inbox.clone(),
            tools,
            port: Some(port),
            media: None,
            target: None,
            gaps: Vec::new(),
        };
        self.lines.insert(leg, Line { call, trunk: trunk.clone(), inbox, fallback });
        let started = jiff::Timestamp::now();
        let task = self.tasks.spawn(async move {
            let summary = call_task::run(setup, inputs, &mut hands).await;
            let Hands { shared, gaps, .. } = hands;
            let known = Known { call, trunk, caller, started, gaps };
            wrap_up::store(&shared, known, &session, &summary).await;
            watch.tell(Seen::Over(summary));
            leg
        });
        self.legs_of_tasks.insert(task.id(), leg);
    }

    async fn ended(&mut self, ended: Result<(Id, LegId), JoinError>) {
        match ended {
            Ok((task, leg)) => {
                self.legs_of_tasks.remove(&task);
                self.lines.remove(&leg);
            }
            Err(error) => {
                let Some(leg) = self.legs_of_tasks.remove(&error.id()) else { return };
                let Some(line) = self.lines.remove(&leg) else { return };
                self.rescue(leg, line).await;
            }
        }
    }

    /// A call's task has panicked: the caller goes to the fallback extension, and somebody is woken.
    async fn rescue(&mut self, leg: LegId, line: Line) {
        ops::CallPanicked { call: line.call }.emit();
        // A hearing thread too busy to be told drops the leg when its ring closes.
        let _ = self.shared.hearing.detach(leg);
        self.shared.speaking.detach(leg);
        let shared = Arc::clone(&self.shared);
        if let Some(target) = line.fallback {
            let headers = Vec::new();
            shared.tell(Command::Refer { leg, target, headers }).await;
            super::spawn("rescue", async move {
                tokio::time::sleep(LAST_WORDS).await;
                shared.tell(Command::HangUp { leg, reason: None }).await;
            });
        } else {
            shared.tell(Command::HangUp { leg, reason: None }).await;
        }
    }

    async fn control(&mut self, asked: Control) {
        match asked {
            Control::Reload(answer) => {
                let result = self.reload().await;
                let _ = answer.send(result);
            }
            Control::Drain { within } => {
                ops::DrainStarted { calls: self.lines.len(), deadline: within }.emit();
                self.draining = Some(Instant::now() + within);
                let retry_after = Some(RETRY_AFTER);
                self.shared.tell(Command::Drain { retry_after }).await;
            }
            // An asker that has gone needs no answer.
            Control::Alive(answer) => drop(answer.send(())),
        }
    }

    async fn reload(&mut self) -> Result<(), ConfigErrors> {
        let old = self.shared.config.load_full();
        match Config::load(&self.shared.config_dir) {
            Ok(config) => {
                let restart = old.needs_restart(&config);
                let generation = config.generation.to_string();
                ops::ReloadDone { generation: &generation, waiting: &restart }.emit();
                self.trunks.configure(Instant::now(), &config);
                start::expect_metrics(&config);
                self.shared.tell(Command::Configure(Box::new(config.ua()))).await;
                self.shared.config.store(Arc::new(config));
                Ok(())
            }
            Err(errors) => {
                ops::ReloadFailed { errors: errors.errors(), report: &errors.to_string() }.emit();
                Err(errors)
            }
        }
    }

    /// Says once how draining came out.
    fn drained(&mut self, cut_off: usize) {
        if !std::mem::replace(&mut self.drain_told, true) {
            ops::DrainEnded { cut_off }.emit();
        }
    }

    async fn timeout(&mut self, now: Instant) {
        for question in self.trunks.ask(now) {
            self.shared.tell(question).await;
        }
        if self.draining.is_some_and(|at| at <= now) {
            // The drain deadline has come: every call is asked to end.
            self.drained(self.lines.len());
            for line in self.lines.values() {
                let _ = line.inbox.try_send(Input::HangUp);
            }
            self.draining = Some(now + LAST_WORDS);
        }
    }
}

fn sound(event: &MediaEvent) -> Option<Sound> {
    Some(match &event.kind {
        MediaEventKind::VoiceOn { started_ago } => {
            Sound::VoiceOn { since: event.at - *started_ago }
        }
        MediaEventKind::VoiceOff { ended_ago } => Sound::VoiceOff { since: event.at - *ended_ago },
        MediaEventKind::Dtmf(digit) => Sound::Dtmf { digit: digit.clone() },
        MediaEventKind::UtteranceStarted { utterance } => Sound::Started { utterance: *utterance },
        MediaEventKind::UtteranceEnded { utterance, frames_played, complete } => {
            Sound::Ended { utterance: *utterance, frames: *frames_played, complete: *complete }
        }
        MediaEventKind::NoPackets { lasted } => Sound::NoPackets { lasted: *lasted },
        _ => return None,
    })
}

/// What no call needs to know, but somebody at 3 am may.
fn report(event: &Event) {
    match event {
        Event::Dropped { flow, why } => {
            ops::SipDropped { source: flow.remote, why: label(*why) }.emit();
        }
        Event::Rejected { flow, method, status, why } => {
            ops::SipRejected { source: flow.remote, method, status: *status, why }.emit();
        }
        Event::AuthenticationFailed { flow, user } => {
            ops::AuthenticationFailed { source: flow.remote, user: user.as_deref() }.emit();
        }
        Event::Registered { user, flow, expires } => {
            ops::SoftphoneRegistered { user, source: flow.remote, expires: *expires }.emit();
        }
        _ => {}
    }
}

fn label(why: DropReason) -> ops::DropLabel {
    match why {
        DropReason::UnknownSource => ops::DropLabel::UnknownSource,
        DropReason::Malformed => ops::DropLabel::Malformed,
        DropReason::StrayResponse => ops::DropLabel::StrayResponse,
        DropReason::TooLarge => ops::DropLabel::TooLarge,
    }
}
