//! Where calls come in and their legs' events are put through; admission, draining, reload.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::error::{SendTimeoutError, TrySendError};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{Id, JoinError, JoinSet};

use crate::agent::tools::ToolCall;
use crate::base::{CallId, Dice, LegId, TrunkName};
use crate::call::{Input, Sound};
use crate::config::{Config, TrunkProfile};
use crate::ops::http::Health;
use crate::ops::metrics::{self, ExpectedTrunk};
use crate::ops::{self, systemd};
use crate::sip::{Command, DropReason, Event, Incoming, Refusal};
use crate::speech::Origin;
use crate::toolbox::ToolSession;
use crate::workers::{MediaEvent, MediaEventKind};

use super::admission::{self, Admitted, Load, Warned};
use super::call_task::{self, Hands, INBOX};
use super::leg_sound::LegSound;
use super::recording::CallRecording;
use super::reload::{ReloadError, Reloaded};
use super::rescue;
use super::shared::Shared;
use super::sockets;
use super::standing::{Answer, TrunkFacts};
use super::throttle::Throttle;
use super::tools;
use super::trunk_sound::TrunkSounds;
use super::trunks::Trunks;
use super::turn_clock::TurnClock;
use super::watch::{Seen, Watch};
use super::wrap_up::{self, Known, Left};

/// When a caller who was turned away may try again.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(10);
/// After the drain deadline, calls get this long to say goodbye on the wire.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What the process asks of the switchboard.
#[derive(Debug)]
pub(super) enum Control {
    /// Reads the configuration again.
    Reload(oneshot::Sender<Result<Reloaded, ReloadError>>),
    /// Takes no more calls, and stops when the last has ended or the deadline has come.
    Drain { within: Duration },
    /// Answers, to show that it still moves.
    Alive(oneshot::Sender<()>),
}

/// A call that is `INBOX` events behind and takes none for this long is stuck.
const STUCK: Duration = Duration::from_secs(1);
/// Legs that are over and whose media counts are still to come.
const CLOSING: usize = 256;

struct Line {
    known: Arc<Known>,
    session: Arc<ToolSession>,
    inbox: mpsc::Sender<Input>,
    /// Where the caller goes when the call's task fails: Refer-To URIs.
    fallback: Vec<String>,
    sound: LegSound,
}

/// The one task that knows which call has which leg.
pub(super) struct Switchboard {
    shared: Arc<Shared>,
    lines: BTreeMap<LegId, Line>,
    closing: BTreeMap<LegId, LegSound>,
    trunks: Trunks,
    tasks: JoinSet<LegId>,
    legs_of_tasks: BTreeMap<Id, LegId>,
    dice: Dice,
    draining: Option<Instant>,
    drain_told: bool,
    /// Registrations are being withdrawn, and waited for until then.
    withdrawing: Option<Instant>,
    throttle: Throttle,
    sounds: TrunkSounds,
    warned: Warned,
    board: Board,
}

/// Where the switchboard says how things are.
pub(super) struct Board {
    pub(super) calls: watch::Sender<usize>,
    pub(super) trunks: watch::Sender<Vec<TrunkFacts>>,
    pub(super) health: Health,
}

impl Board {
    fn tell(&self, trunks: Vec<TrunkFacts>, sounds: &TrunkSounds) {
        let known = |trunk: &TrunkFacts| sounds.line(&trunk.name);
        let sounds = trunks.iter().filter_map(known).collect::<Vec<_>>();
        self.health.tell(trunks.iter().map(TrunkFacts::to_string).chain(sounds).collect());
        self.trunks.send_replace(trunks);
    }
}

impl Switchboard {
    pub(super) fn new(shared: Arc<Shared>, seed: u64, board: Board) -> Self {
        let mut trunks = Trunks::default();
        trunks.configure(Instant::now(), &shared.config.load());
        // Whoever asks before anything has happened is told that, and not that there are no trunks.
        let sounds = TrunkSounds::default();
        board.tell(trunks.facts(), &sounds);
        Self {
            shared,
            lines: BTreeMap::new(),
            closing: BTreeMap::new(),
            trunks,
            tasks: JoinSet::new(),
            legs_of_tasks: BTreeMap::new(),
            dice: Dice::new(seed),
            draining: None,
            drain_told: false,
            withdrawing: None,
            throttle: Throttle::default(),
            sounds,
            warned: Warned::default(),
            board,
        }
    }

    /// Runs until it has drained.
    pub(super) async fn run(
        mut self,
        mut sip: mpsc::Receiver<Event>,
        mut media: mpsc::Receiver<MediaEvent>,
        mut control: mpsc::Receiver<Control>,
    ) {
        self.register().await;
        loop {
            self.board.calls.send_replace(self.lines.len());
            if self.draining.is_some() && self.lines.is_empty() && self.has_left().await {
                self.drained(0);
                return;
            }
            // Who is about to leave asks nobody whether he is there.
            let due = self.trunks.next_due().filter(|_| self.draining.is_none());
            let wake = self.draining.into_iter().chain(self.withdrawing).chain(due).min();
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
        match (event.leg(), event) {
            (Some(leg), event) => self.put_through(leg, Input::Sip(event)).await,
            (None, Event::Incoming(incoming)) => self.incoming(*incoming).await,
            (None, Event::OptionsAnswered { id, status, retry_after, asked }) => {
                let answer = Answer { status, retry_after, asked };
                if let Some(command) = self.trunks.answered(Instant::now(), id, answer) {
                    self.shared.tell(command).await;
                }
                self.tell_board();
            }
            (None, Event::Registration { trunk, state }) => {
                self.trunks.registration(&trunk, &state);
                self.tell_board();
            }
            (None, event) => report(&event),
        }
    }

    async fn put_through(&self, leg: LegId, input: Input) {
        if let Some(line) = self.lines.get(&leg) {
            // Only a call that has just ended has no inbox; it has nothing more to learn. One that is stuck
            // must not stop the others.
            if let Err(SendTimeoutError::Timeout(_)) = line.inbox.send_timeout(input, STUCK).await {
                let call = line.known.call;
                tracing::error!(%call, "A call does not take what happens to it; an event is lost.");
            }
        }
    }

    fn media(&mut self, event: MediaEvent) {
        let closed = matches!(event.kind, MediaEventKind::Closed { .. });
        let sound = match self.lines.get_mut(&event.leg) {
            Some(line) => Some(&mut line.sound),
            None => self.closing.get_mut(&event.leg),
        };
        let ended = sound.and_then(|sound| sound.hear(&event.kind));
        if let Some(ended) = ended {
            self.sounds.take(ended);
            self.tell_board();
        }
        if closed {
            self.closing.remove(&event.leg);
        }
        let Some(line) = self.lines.get(&event.leg) else { return };
        let Some(input) = media_input(&event) else { return };
        // One that has just ended has nothing more to learn.
        if let Err(TrySendError::Full(_)) = line.inbox.try_send(input) {
            let call = line.known.call;
            tracing::warn!(%call, "The call is too slow for its sound; an event is lost.");
        }
    }

    fn tell_board(&self) {
        self.board.tell(self.trunks.facts(), &self.sounds);
    }

    fn load(&self, trunk: &TrunkName) -> Load {
        let of_trunk = self.lines.values().filter(|line| line.known.trunk == *trunk);
        Load { node: self.lines.len(), trunk: of_trunk.count() }
    }

    async fn incoming(&mut self, incoming: Incoming) {
        let leg = incoming.leg;
        let call = CallId(self.dice.bits());
        let trunk = incoming.trunk.clone();
        let mut load = self.load(&trunk);
        if let Some(old) = incoming.replaces {
            // The last step of an attended transfer to us. Whoever is on this leg is not who was on the other:
            // what that one told and proved is not theirs, and they too are told whom they speak with.
            tracing::info!(%call, %old, %leg, "A call takes the place of another.");
            load = Load { node: load.node.saturating_sub(1), trunk: load.trunk.saturating_sub(1) };
        }
        let (throttle, warned) = (&mut self.throttle, &mut self.warned);
        match admission::admit(&self.shared, call, incoming, load, throttle, warned) {
            Ok(admitted) => self.connect(call, leg, admitted).await,
            Err(refused) => {
                let (reason, status) = (refused.reason, refused.status);
                let why = &refused.words;
                ops::CallRefused { call, trunk: &trunk, reason, status, why }.emit();
                let refusal = Refusal {
                    status: refused.status,
                    phrase: None,
                    warning: Some(refused.words),
                    retry_after: refused.retry_after,
                };
                self.shared.tell(Command::Refuse { leg, refusal }).await;
            }
        }
    }

    async fn connect(&mut self, call: CallId, leg: LegId, admitted: Admitted) {
        let (inbox, inputs) = mpsc::channel(INBOX);
        let watch = Watch::new(call, self.shared.watch.clone());
        let Admitted { setup, port, nat, trunk, route, services, caller, answer_by, recording } =
            admitted;
        let day = setup.setting.now.date();
        let mut recording = CallRecording::new(recording, (call, day), &trunk, &route);
        recording.by_turns(self.shared.config.load().node.speech.hears_by_turns());
        let (sound_told, sound_heard) = oneshot::channel();
        let sound = LegSound::new(call, trunk.clone(), setup.local.rtp, sound_told);
        let fallback = setup.fallback.iter().flat_map(|(_, reach)| &reach.attempts);
        let fallback = fallback.map(|attempt| attempt.uri.clone()).collect();
        ops::CallStarted { call, trunk: &trunk, route: &route }.emit();
        watch.tell(Seen::Arrived { trunk: trunk.clone(), route });
        let language = crate::agent::greets_in(&setup.setting.languages);
        let may_change = setup.setting.languages.len() > 1;
        let (tools, session) = tools::start(&self.shared, call, caller.clone(), inbox.clone());
        let mut hands = Hands {
            call,
            leg,
            trunk: trunk.clone(),
            shared: Arc::clone(&self.shared),
            watch: watch.clone(),
            inbox: inbox.clone(),
            tools,
            port: Some(port),
            nat,
            answer_by,
            media: None,
            had_media: false,
            services,
            language,
            may_change,
            recording,
            gaps: Vec::new(),
            clock: TurnClock::default(),
            digit_ways: Vec::new(),
        };
        let (started, ended) = (jiff::Timestamp::now(), AtomicBool::new(false));
        let known = Arc::new(Known { call, trunk, caller, started, ended });
        let line = Line {
            known: Arc::clone(&known),
            session: Arc::clone(&session),
            inbox,
            fallback,
            sound,
        };
        self.lines.insert(leg, line);
        let task = self.tasks.spawn(async move {
            let summary = call_task::run(setup, inputs, &mut hands).await;
            let Hands { shared, gaps, had_media, recording, .. } = hands;
            let sound = if had_media { wrap_up::sound(sound_heard).await } else { None };
            let left = Left { sound, recording: recording.kept().await };
            wrap_up::store(&shared, &known, &gaps, &session, left, &summary).await;
            watch.tell(Seen::Over(summary));
            leg
        });
        self.legs_of_tasks.insert(task.id(), leg);
    }

    async fn ended(&mut self, ended: Result<(Id, LegId), JoinError>) {
        match ended {
            Ok((task, leg)) => {
                self.legs_of_tasks.remove(&task);
                self.hung_up(leg);
            }
            Err(error) => {
                let Some(leg) = self.legs_of_tasks.remove(&error.id()) else { return };
                self.rescue(leg);
            }
        }
    }

    fn hung_up(&mut self, leg: LegId) {
        let Some(line) = self.lines.remove(&leg) else { return };
        if !line.sound.is_over {
            self.closing.insert(leg, line.sound);
        }
        if self.closing.len() > CLOSING {
            // It never had media.
            self.closing.pop_first();
        }
    }

    /// A call's task has panicked: the caller goes to the fallback extension, and somebody is woken.
    fn rescue(&mut self, leg: LegId) {
        let Some(line) = self.lines.get_mut(&leg) else { return };
        let (known, session) = (Arc::clone(&line.known), Arc::clone(&line.session));
        ops::CallPanicked { call: known.call }.emit();
        // A hearing thread too busy to be told drops the leg when its ring closes.
        let _ = self.shared.hearing.detach(leg);
        self.shared.speaking.detach(leg);
        if known.ended.load(Ordering::Relaxed) {
            return self.hung_up(leg);
        }
        let (inbox, inputs) = mpsc::channel(INBOX);
        line.inbox = inbox;
        let fallback = std::mem::take(&mut line.fallback);
        let shared = Arc::clone(&self.shared);
        let watch = Watch::new(known.call, shared.watch.clone());
        let task = self.tasks.spawn(async move {
            let moved = rescue::run(&shared, leg, fallback, inputs).await;
            let summary = Box::new(known.failed(moved));
            wrap_up::store(&shared, &known, &[], &session, Left::default(), &summary).await;
            watch.tell(Seen::Over(summary));
            leg
        });
        self.legs_of_tasks.insert(task.id(), leg);
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

    /// Reads the configuration again. Whatever goes wrong, the old one stays in force as a whole.
    async fn reload(&mut self) -> Result<Reloaded, ReloadError> {
        systemd::reloading();
        let result = self.swap().await;
        match &result {
            Ok(done) => {
                ops::ReloadDone { generation: &done.generation, waiting: &done.waiting }.emit();
                systemd::status("Configuration reloaded.");
            }
            Err(error) => {
                ops::ReloadFailed { errors: error.count(), report: &error.to_string() }.emit();
                systemd::status("Reload failed: the old configuration stays. See the journal.");
            }
        }
        systemd::ready();
        result
    }

    async fn swap(&mut self) -> Result<Reloaded, ReloadError> {
        let old = self.shared.config.load_full();
        let config = Config::load(&self.shared.config_dir)?;
        // New sockets come before anything is swapped; those that no trunk wants any more go once they are unused.
        self.shared.signalling.reload(sockets::settings(&config)).await?;
        let reloaded = Reloaded {
            generation: config.generation.to_string(),
            trunks: config.trunks.len(),
            waiting: old.needs_restart(&config),
            warnings: config.warnings.clone(),
        };
        self.trunks.configure(Instant::now(), &config);
        self.throttle.keep(|trunk| config.trunk(trunk).is_some());
        expect_metrics(&config);
        self.shared.tell(Command::Configure(Box::new(config.ua()))).await;
        self.shared.config.store(Arc::new(config));
        if self.draining.is_none() {
            self.register().await;
        }
        // Requests are done in order: once this is answered, the new configuration is in force. An error means that
        // signalling has stopped, and all else with it.
        let _ = self.shared.signalling.drops().await;
        Ok(reloaded)
    }

    /// Registers where the configuration wants it.
    async fn register(&mut self) {
        let command = self.trunks.register(&self.shared.config.load());
        self.shared.tell(command).await;
        self.tell_board();
    }

    /// Whether the PBXs know that we are gone, so that they send calls elsewhere; or do not listen any more.
    async fn has_left(&mut self) -> bool {
        let now = Instant::now();
        let until = match self.withdrawing {
            Some(until) => until,
            None => {
                self.shared.tell(Command::KeepRegistered(Vec::new())).await;
                *self.withdrawing.insert(now + LAST_WORDS)
            }
        };
        !self.trunks.are_registered() || until <= now
    }

    /// Says once how draining came out.
    fn drained(&mut self, cut_off: usize) {
        if !std::mem::replace(&mut self.drain_told, true) {
            ops::DrainEnded { cut_off }.emit();
        }
    }

    async fn timeout(&mut self, now: Instant) {
        if self.draining.is_none() {
            for question in self.trunks.ask(now) {
                self.shared.tell(question).await;
            }
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

fn media_input(event: &MediaEvent) -> Option<Input> {
    Some(Input::Sound(match &event.kind {
        MediaEventKind::VoiceOn { started_ago } => {
            Sound::VoiceOn { since: event.at - *started_ago }
        }
        MediaEventKind::VoiceOff { ended_ago } => Sound::VoiceOff { since: event.at - *ended_ago },
        MediaEventKind::VoiceHint(kind) => {
            Sound::VoiceHint { kind: *kind, by: Origin::Detector, at: event.at }
        }
        MediaEventKind::Dtmf(digit, way) => Sound::Dtmf { digit: digit.clone(), way: *way },
        MediaEventKind::UtteranceStarted { utterance } => Sound::Started { utterance: *utterance },
        MediaEventKind::UtteranceEnded { utterance, frames_played, complete } => {
            Sound::Ended { utterance: *utterance, frames: *frames_played, complete: *complete }
        }
        MediaEventKind::Gone { lasted } => Sound::Gone { lasted: *lasted },
        MediaEventKind::Closed { failed: true, .. } => return Some(Input::MediaFailed),
        _ => return None,
    }))
}

/// Every series is there before it is first counted.
pub(super) fn expect_metrics(config: &Config) {
    metrics::expect(config.trunks.iter().map(series), ToolCall::NAMES);
}

fn series(trunk: &TrunkProfile) -> ExpectedTrunk<'_> {
    ExpectedTrunk {
        name: &trunk.sip.name,
        asked: trunk.peer.as_ref().is_some_and(|peer| peer.ping.is_some()),
        registers: trunk.register.is_some(),
    }
}

/// What no call needs to know, but somebody at 3 am may.
fn report(event: &Event) {
    match event {
        Event::Dropped { flow, why } => {
            ops::SipDropped { source: flow.remote, why: label(*why) }.emit();
        }
        Event::Rejected { flow, method, status, why }
        | Event::Refused { flow, method, status, why, .. } => {
            ops::SipRejected { source: flow.remote, method, status: *status, why }.emit();
        }
        Event::MailNotice { flow } => ops::MailNotified { source: flow.remote }.emit(),
        Event::AuthenticationFailed { flow, user, locked } => {
            let (source, user, locked) = (flow.remote, user.as_deref(), *locked);
            ops::AuthenticationFailed { source, user, locked }.emit();
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
