//! The phone itself: waits for the wire, the user agent, the cues and the clock, one at a time.
//!
//! It decides nothing about a call; [`super::session`] does. Nothing is spawned here but threads
//! for sound: the user agent's task is run by whichever method is being awaited.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::clip::{self, Clip};
use super::closing;
use super::error::PhoneError;
use super::opening::{Opening, Pickup};
use super::party::Party;
use super::plan::{AgentSaid, AnswerPlan, CallPlan, Talk};
use super::progress::CallProgress;
use super::report::CallReport;
use super::session::{Session, Wish};
use super::signals::{Signals, sleep_until};
use super::target::Target;
use super::wire::{Wire, WireEvent};
use crate::base::{Dice, LegId, Phi, Purpose, Sdp};
use crate::codec::Codec;
use crate::rtp::KeySeed;
use crate::sdp::{self, Direction, Encryption, LocalMedia};
use crate::signalling::TlsClient;
use crate::sip::{Command, Credentials, Event, Flow, Incoming, NewLeg, Policy, Refusal, Transport};
use crate::speech::{Voice, VoiceError};

/// Packets and marks on their way from the RTP threads: 20 s of packets.
const WIRE_EVENTS: usize = 1024;
/// After a call, repeated requests are still answered for so long.
const AFTERGLOW: Duration = Duration::from_millis(200);
/// A registration that is not answered is given up (64·T1).
const REGISTERING: Duration = Duration::from_secs(32);

/// How a phone is set up.
pub struct PhoneConfig {
    /// The SIP socket. Port 0 takes any; the address must be one that the peer can answer to.
    pub bind: SocketAddr,
    /// The transport of all its calls.
    pub transport: Transport,
    /// Whom it expects by TLS.
    pub tls: Option<TlsClient>,
    /// RTP ports; `0..=0` takes any.
    pub rtp_ports: RangeInclusive<u16>,
    /// The user part of From and Contact.
    pub user: String,
    /// What it speaks, best first.
    pub codecs: Vec<Codec>,
    /// SRTP with keys in SDP (RFC 4568): whether it is offered and taken, and whether audio without it is refused.
    pub srtp: Encrypted,
    /// What speaks the lines.
    pub voice: Box<dyn Voice>,
}

/// Whether a phone encrypts its sound.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Encrypted {
    /// Never.
    #[default]
    No,
    /// Where the far end does.
    Optional,
    /// Always.
    Required,
}

impl std::fmt::Debug for PhoneConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PhoneConfig").field("bind", &self.bind).field("user", &self.user).finish()
    }
}

impl PhoneConfig {
    /// A phone on a free port of this address.
    pub fn new(address: IpAddr, user: impl Into<String>, voice: Box<dyn Voice>) -> Self {
        Self {
            bind: SocketAddr::new(address, 0),
            transport: Transport::Udp,
            tls: None,
            rtp_ports: 0..=0,
            user: user.into(),
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            srtp: Encrypted::No,
            voice,
        }
    }
}

/// A scripted softphone. One call at a time.
pub struct Phone {
    rtp_ports: RangeInclusive<u16>,
    user: String,
    codecs: Vec<Codec>,
    srtp: Encrypted,
    voice: Option<Box<dyn Voice>>,
    signals: Signals,
    dice: Dice,
    next_leg: LegId,
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phone").field("address", &self.address()).finish()
    }
}

impl Phone {
    /// Binds the SIP socket.
    ///
    /// # Errors
    /// When it cannot be bound.
    pub async fn start(config: PhoneConfig) -> Result<Self, PhoneError> {
        let mut dice = Dice::new(seed_of_the_system());
        let signals = Signals::bind(config.transport, config.bind, config.tls, dice.bits())?;
        Ok(Self {
            rtp_ports: config.rtp_ports,
            user: config.user,
            codecs: config.codecs,
            srtp: config.srtp,
            voice: Some(config.voice),
            signals,
            dice,
            next_leg: LegId(1),
        })
    }

    /// Returns the address of the SIP socket.
    pub fn address(&self) -> SocketAddr {
        self.signals.address()
    }

    /// Registers, so that calls for the user come here; an `expires` of zero withdraws it.
    ///
    /// # Errors
    /// When the registrar's address is wrong, or it refuses, or does not answer.
    pub async fn register(
        &mut self,
        registrar: &str,
        credentials: Credentials,
        expires: Duration,
    ) -> Result<(), PhoneError> {
        let target = Target::find(registrar).await?;
        let (flow, advertised) = (self.flow(target.peer), self.address());
        let user = credentials.user.clone();
        let registrar = target.uri;
        self.signals.tell(Command::Register {
            id: 1,
            flow,
            registrar: registrar.clone(),
            credentials,
            advertised,
            expires,
        });
        let answer = tokio::time::timeout(REGISTERING, async {
            loop {
                if let Event::RegisterAnswered { status, .. } = self.signals.next().await? {
                    return Ok::<_, PhoneError>(status);
                }
            }
        });
        let what = match answer.await {
            Ok(Ok(Some(200))) => return Ok(()),
            Ok(Ok(Some(status))) => {
                format!("{status} {}", crate::sip::message::reason_phrase(status))
            }
            Ok(Err(error)) => return Err(error),
            Ok(Ok(None)) | Err(_) => "no answer".to_string(),
        };
        Err(PhoneError::NotRegistered { user, registrar, what })
    }

    /// Makes a call. That it is refused or not answered is a report, not an error.
    ///
    /// # Errors
    /// When there is nothing to call with, or nobody to call, or the recording cannot be written.
    pub async fn call(&mut self, plan: CallPlan) -> Result<CallReport, PhoneError> {
        let target = Target::find(&plan.target).await?;
        let clips = self.render(&plan.talk).await?;
        let (wire_events, wires) = mpsc::channel(WIRE_EVENTS);
        let leg = self.take_leg();
        let party = self.party(leg, 0, &plan.talk, &wire_events)?;
        let template = NewLeg {
            leg,
            flow: self.flow(target.peer),
            target: target.uri.clone(),
            from_user: plan.from_user.unwrap_or_else(|| self.user.clone()),
            display: plan.display.map(Phi::new),
            offer: sdp::offer(&party.media, Direction::SendRecv).into(),
            headers: plan.headers,
            credentials: plan.credentials,
            advertised: self.address(),
            accept_refer: true,
            policy: Policy::default(),
        };
        let opening = Opening {
            ringing: plan.talk.pauses.ringing,
            has_cues: plan.cues.is_some(),
            pickup: Pickup::GiveUp,
            hang_up_after: None,
            refer: None,
            hold: plan.hold,
            progress: plan.progress,
            talk: plan.talk,
            clips,
        };
        let dialled_at = Instant::now();
        let mut session = Session::new(dialled_at, opening, party);
        session.tell(CallProgress::Dialling);
        session.wish(Command::Invite(Box::new(template.clone())));
        let inputs = Inputs { wires, wire_events, cues: plan.cues, stop: plan.stop };
        self.run(&mut session, inputs, &template).await?;
        let ending = closing::Ending { peer: target.uri, dialled_at, recording: plan.recording };
        closing::report(session, ending)
    }

    /// Waits for a call and answers it.
    ///
    /// # Errors
    /// When nobody calls in time, or there is nothing to answer with, or the recording cannot be
    /// written.
    pub async fn answer(&mut self, mut plan: AnswerPlan) -> Result<CallReport, PhoneError> {
        let clips = self.render(&plan.talk).await?;
        let incoming = self.wait_for_call(plan.wait, &mut plan.stop).await?;
        let (wire_events, wires) = mpsc::channel(WIRE_EVENTS);
        let leg = incoming.leg;
        let party = self.party(leg, 0, &plan.talk, &wire_events)?;
        self.signals.tell(Command::Ring { leg });
        let opening = Opening {
            ringing: plan.ring,
            has_cues: false,
            pickup: pickup(&plan, &incoming, &party.media),
            hang_up_after: plan.hang_up_after,
            refer: plan.refer.take(),
            hold: None,
            progress: plan.progress.take(),
            talk: plan.talk,
            clips,
        };
        let dialled_at = Instant::now();
        let mut session = Session::new(dialled_at, opening, party);
        session.tell(CallProgress::Ringing);
        let template = self.template_for(&incoming);
        let inputs = Inputs { wires, wire_events, cues: None, stop: plan.stop };
        self.run(&mut session, inputs, &template).await?;
        let caller = incoming.caller.as_ref().map(|caller| caller.reveal(Purpose::Signalling));
        let peer = caller.cloned().unwrap_or_else(|| "anonymous".to_string());
        let ending = closing::Ending { peer, dialled_at, recording: plan.recording };
        let mut report = closing::report(session, ending)?;
        report.handoff_id = header(&incoming, "X-Handoff-Id");
        report.referred_by = header(&incoming, "Referred-By");
        Ok(report)
    }

    async fn wait_for_call(
        &mut self,
        wait: Option<Duration>,
        stop: &mut Option<oneshot::Receiver<()>>,
    ) -> Result<Incoming, PhoneError> {
        let until = wait.map(|wait| Instant::now() + wait);
        loop {
            tokio::select! {
                biased;
                event = self.signals.next() => if let Event::Incoming(incoming) = event? {
                    return Ok(*incoming);
                },
                () = told(stop) => return Err(PhoneError::NobodyCalled),
                () = sleep_until(until) => return Err(PhoneError::NobodyCalled),
            }
        }
    }

    /// Drains the session, waits for one thing, feeds it in; until it is finished.
    async fn run(
        &mut self,
        session: &mut Session,
        mut inputs: Inputs,
        template: &NewLeg,
    ) -> Result<(), PhoneError> {
        loop {
            while let Some(wish) = session.poll_output() {
                match wish {
                    Wish::Command(command) => self.signals.tell(command),
                    Wish::Transfer { to, headers } => {
                        self.transfer(session, &inputs, template, &to, headers).await?;
                    }
                }
            }
            if session.is_finished() {
                break;
            }
            let due = session.poll_timeout();
            tokio::select! {
                biased;
                Some(event) = inputs.wires.recv() => session.handle_wire(Instant::now(), event),
                event = self.signals.next() => session.handle_signal(Instant::now(), event?),
                cue = next_cue(&mut inputs.cues) => session.handle_cue(Instant::now(), &cue),
                () = told(&mut inputs.stop) => session.stop(Instant::now()),
                () = sleep_until(due) => session.handle_timeout(Instant::now()),
            }
        }
        session.tell(CallProgress::Ended { how: session.story.in_words() });
        self.afterglow().await
    }

    /// Answers what is repeated after the end, for a moment.
    async fn afterglow(&mut self) -> Result<(), PhoneError> {
        let until = Instant::now() + AFTERGLOW;
        loop {
            tokio::select! {
                event = self.signals.next() => if let Event::Incoming(late) = event? {
                    let refusal = Refusal { status: 480, ..Refusal::default() };
                    self.signals.tell(Command::Refuse { leg: late.leg, refusal });
                },
                () = sleep_until(Some(until)) => return Ok(()),
            }
        }
    }

    async fn transfer(
        &mut self,
        session: &mut Session,
        inputs: &Inputs,
        template: &NewLeg,
        to: &str,
        headers: Vec<(String, String)>,
    ) -> Result<(), PhoneError> {
        let Ok(target) = Target::find(to).await else {
            session.cannot_transfer(Instant::now(), 404);
            return Ok(());
        };
        let (leg, wire) = (self.take_leg(), session.parties.len());
        let party = self.party(leg, wire, session.talk(), &inputs.wire_events)?;
        let invite = NewLeg {
            leg,
            flow: self.flow(target.peer),
            target: target.uri,
            offer: sdp::offer(&party.media, Direction::SendRecv).into(),
            headers,
            ..template.clone()
        };
        session.dial(party, invite);
        Ok(())
    }

    /// Renders the lines and spare answers on a thread of their own: a voice may take seconds.
    async fn render(&mut self, talk: &Talk) -> Result<Vec<Clip>, PhoneError> {
        let lines = talk.lines.iter().map(|line| line.text.clone());
        let texts: Vec<_> = lines.chain(talk.rules.iter().map(|rule| rule.say.clone())).collect();
        let Some(mut voice) = self.voice.take() else { return Err(PhoneError::Stopped) };
        let (done, result) = oneshot::channel();
        let work = move || {
            let clips = clip::render(voice.as_mut(), &texts);
            let _ = done.send((voice, clips));
        };
        let thread = std::thread::Builder::new().name("phone-voice".into());
        let failed = |error: std::io::Error| VoiceError::Failed { what: error.to_string() };
        thread.spawn(work).map_err(failed)?;
        let (voice, clips) = result.await.map_err(|_| PhoneError::Stopped)?;
        self.voice = Some(voice);
        Ok(clips?)
    }

    fn party(
        &mut self,
        leg: LegId,
        wire: usize,
        talk: &Talk,
        events: &mpsc::Sender<WireEvent>,
    ) -> Result<Party, PhoneError> {
        let address = self.address().ip();
        let wire = Wire::open(wire, address, &self.rtp_ports, &mut self.dice, events.clone())
            .map_err(|source| PhoneError::Rtp { source })?;
        let encryption = match self.srtp {
            Encrypted::No => None,
            wanted => {
                let (required, seed) = (wanted == Encrypted::Required, key_seed()?);
                Some(Encryption { required, seed, number: 0 })
            }
        };
        let media = LocalMedia {
            telephone_event: true,
            encryption,
            ..LocalMedia::new(wire.local(), self.codecs.clone(), self.dice.bits() >> 2)
        };
        Ok(Party::new(leg, media, wire, talk.ear))
    }

    /// Legs that we make have odd numbers.
    fn take_leg(&mut self) -> LegId {
        let leg = self.next_leg;
        self.next_leg = leg.next().next();
        leg
    }

    fn flow(&self, remote: SocketAddr) -> Flow {
        self.signals.flow(remote)
    }

    /// What a call that we answered would be transferred with.
    fn template_for(&self, incoming: &Incoming) -> NewLeg {
        NewLeg {
            leg: incoming.leg,
            flow: incoming.flow,
            target: String::new(),
            from_user: self.user.clone(),
            display: None,
            offer: Sdp::default(),
            headers: Vec::new(),
            credentials: None,
            advertised: self.address(),
            accept_refer: true,
            policy: Policy::default(),
        }
    }
}

/// Everything that a call waits for, but the user agent and the clock.
struct Inputs {
    wires: mpsc::Receiver<WireEvent>,
    wire_events: mpsc::Sender<WireEvent>,
    cues: Option<mpsc::Receiver<AgentSaid>>,
    stop: Option<oneshot::Receiver<()>>,
}

fn pickup(plan: &AnswerPlan, incoming: &Incoming, media: &LocalMedia) -> Pickup {
    if let Some(status) = plan.refuse {
        return Pickup::Refuse(status);
    }
    let agreed = incoming.offer.as_ref().map(|offer| sdp::answer(offer, media));
    match agreed {
        Some(Ok((sdp, agreed))) => Pickup::Accept(sdp.into(), agreed),
        // A call without an offer wants ours; a scripted phone does without.
        Some(Err(_)) | None => Pickup::Refuse(488),
    }
}

fn header(incoming: &Incoming, name: &str) -> Option<String> {
    let found = incoming.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.reveal(Purpose::Signalling).clone())
}

/// Waits for the next cue; for ever when there are none.
async fn next_cue(cues: &mut Option<mpsc::Receiver<AgentSaid>>) -> AgentSaid {
    if let Some(source) = cues {
        if let Some(cue) = source.recv().await {
            return cue;
        }
        *cues = None;
    }
    std::future::pending().await
}

/// Waits until told; for ever when nobody can tell.
async fn told(stop: &mut Option<oneshot::Receiver<()>>) {
    if let Some(source) = stop {
        let told = source.await;
        *stop = None;
        if told.is_ok() {
            return;
        }
    }
    std::future::pending().await
}

/// Returns 64 bits that nobody can guess: the standard library keys its hash maps with them.
fn seed_of_the_system() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// Returns what the keys of one leg are made of.
fn key_seed() -> Result<KeySeed, PhoneError> {
    let mut bytes = [0; 32];
    let source = |error: getrandom::Error| std::io::Error::other(error.to_string());
    getrandom::fill(&mut bytes).map_err(|error| PhoneError::Rtp { source: source(error) })?;
    Ok(KeySeed::new(bytes))
}
