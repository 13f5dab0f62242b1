//! One call's task: it owns the call, waits for one thing, feeds it in, and does what the call wants.

use std::future::pending;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::sleep_until;

use crate::agent::tools::ErrorCode;
use crate::base::{CallId, Epoch, Language, LegId, Phi, Purpose, TrunkName, TurnId};
use crate::call::{Call, Input, Outcome, Output, Setup, Summary, Told};
use crate::media::{Backdrop, Way};
use crate::ops;
use crate::sdp::{Negotiated, SdpError};
use crate::sip::{Command, Refusal};
use crate::speech::floor::{Overlap, Verdict};
use crate::speech::{RecognizerError, Transcript, VoiceError};
use crate::workers::{
    HearingEvent, HearingSink, LegControl, Port, Rendering, SpeakingEvent, SpeakingSink,
    WorkersError,
};

use super::judge;
use super::recording::CallRecording;
use super::services::Services;
use super::shared::Shared;
use super::tools::{HandOffJob, Job, Tools};
use super::turn_clock::TurnClock;
use super::watch::{Seen, Watch};

/// Inputs that may wait for a call: a second of frames' worth of events, were they all to come at once.
pub(super) const INBOX: usize = 256;

/// What a call's task works with.
pub(super) struct Hands {
    pub(super) call: CallId,
    pub(super) leg: LegId,
    /// Where the call came from.
    pub(super) trunk: TrunkName,
    pub(super) shared: Arc<Shared>,
    pub(super) watch: Watch,
    /// To ourselves, for what the speech threads have to say.
    pub(super) inbox: mpsc::Sender<Input>,
    pub(super) tools: Tools,
    /// Bound at admission, until the media is opened on it.
    pub(super) port: Option<Port>,
    /// Where signalling comes from, when the far end may be behind NAT: its sound may come from there too.
    pub(super) nat: Option<IpAddr>,
    /// Later the call is refused, so that the PBX's own rule takes it.
    pub(super) answer_by: Instant,
    pub(super) media: Option<LegControl>,
    /// The leg had media, and will tell how it sounded.
    pub(super) had_media: bool,
    /// What the trunk wants of its media, beyond what SDP agrees on.
    pub(super) services: Services,
    /// What the caller is heard in.
    pub(super) language: Language,
    /// The route has other languages, which the caller may change to.
    pub(super) may_change: bool,
    /// What is recorded of the call.
    pub(super) recording: CallRecording,
    /// The response gap of each turn.
    pub(super) gaps: Vec<Duration>,
    /// Where each of them went.
    pub(super) clock: TurnClock,
    /// How digits have come in this call.
    pub(super) digit_ways: Vec<Way>,
}

/// Runs a call to its end and returns what is left of it.
pub(super) async fn run(
    setup: Setup,
    mut inputs: mpsc::Receiver<Input>,
    hands: &mut Hands,
) -> Box<Summary> {
    let mut call = Call::new(Instant::now(), setup);
    loop {
        while let Some(output) = call.poll_output() {
            hands.clock.output(Instant::now(), &output);
            if let Some(summary) = hands.perform(output).await {
                return summary;
            }
        }
        let timer = wait_until(call.poll_timeout());
        tokio::select! {
            biased;
            input = inputs.recv() => {
                let Some(input) = input else { unreachable!("the task holds a sender itself") };
                let now = Instant::now();
                hands.clock.input(now, hands.call, &input);
                call.handle_input(now, input);
            }
            () = timer => call.handle_timeout(Instant::now()),
        }
    }
}

async fn wait_until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => sleep_until(at.into()).await,
        None => pending().await,
    }
}

impl Hands {
    /// Does what the call wants; returns what is left of it when it is over.
    async fn perform(&mut self, output: Output) -> Option<Box<Summary>> {
        let leg = self.leg;
        match output {
            Output::Sip(Command::Accept { leg, .. }) if Instant::now() > self.answer_by => {
                let warning = Some("not answered in time ([session] answer-within)".into());
                let refusal = Refusal { status: 503, warning, ..Refusal::default() };
                tracing::warn!(call = %self.call, "The call could not be answered in time and was refused.");
                self.shared.tell(Command::Refuse { leg, refusal }).await;
            }
            Output::Sip(command) => self.shared.tell(command).await,
            Output::OpenMedia(negotiated) => self.open_media(&negotiated),
            Output::UpdateMedia(_) | Output::Press { .. } | Output::Waiting(_) => {
                self.ask_media(&output);
            }
            Output::CloseMedia => self.close_media(),
            Output::Prepare { text, manner } => {
                let prepared =
                    self.shared.speaking.prerender(text.reveal(Purpose::SpokenReply), manner);
                self.managed("prompt", prepared);
            }
            Output::Speak { utterance, epoch, text, manner } => {
                if self.shared.speaking.say(leg, utterance, epoch, text, manner).is_err() {
                    self.post(Input::NotRendered { utterance, frames: 0 });
                }
            }
            Output::Duck(_) | Output::Pause(_) => self.steer_media(&output),
            Output::Flush { epoch } => self.flush(epoch),
            Output::Hear { language } => self.hear_in(language),
            Output::Expect(hints) => {
                self.managed("expectation", self.shared.hearing.expect(leg, hints));
            }
            Output::Finish { turn } => self.finish_turn(turn),
            Output::Discard => self.managed("reset", self.shared.hearing.reset(leg)),
            Output::Tool { turn, request, call } => {
                self.tools.ask(Job::Run { turn, request, call });
            }
            Output::StoreHandOff { turn, request, target, reason, summary } => {
                let job = HandOffJob::Store { turn, request, target, reason, summary };
                self.tools.hand_off(job);
            }
            Output::TransferDone { turn, target, outcome, took } => {
                let (call, target, label) = (self.call, &target, label(outcome));
                ops::TransferFinished { call, target, outcome: label, took }.emit();
                self.tools.hand_off(HandOffJob::Done { turn, outcome });
            }
            Output::Record(record) => {
                self.recording.perform(record, &self.shared.recorder, self.media.as_ref());
            }
            Output::Decided(decision) => self.tools.ask(Job::Decided(decision)),
            Output::Told(told) => self.told(told),
            Output::Over(summary) => {
                self.close_media();
                return Some(summary);
            }
        }
        None
    }

    fn finish_turn(&self, turn: TurnId) {
        if self.shared.hearing.finish(self.leg, turn).is_err() {
            // The hearing thread is a thousand requests behind: the turn was not understood.
            let (text, confidence) = (Phi::default(), 0.0);
            self.post(Input::Transcript(Transcript::Final { turn, text, confidence }));
        }
    }

    /// Gives the caller ears for another language.
    fn hear_in(&mut self, language: Language) {
        self.language = language;
        let recognizer = self.shared.recognizer(language);
        self.managed("recogniser", self.shared.hearing.replace(self.leg, recognizer));
    }

    /// What cannot be agreed on is for the PBX's admin and for ours.
    fn tell_refusal(&self, error: &SdpError, status: u16, in_call: bool) {
        let (call, trunk, why) = (self.call, &self.trunk, &error.to_string());
        if in_call {
            tracing::warn!(%call, %trunk, status, why, "A change of media was refused; the call goes on as it was.");
            return;
        }
        let reason = match error {
            SdpError::NoCommonCodec { .. } => ops::RefusalLabel::NoCommonCodec,
            SdpError::Malformed { .. } | SdpError::NoAudio { .. } => ops::RefusalLabel::BadOffer,
        };
        ops::CallRefused { call, trunk, reason, status, why }.emit();
    }

    fn flush(&self, epoch: Epoch) {
        if let Some(media) = &self.media {
            media.flush(epoch);
            // Then, so that nothing of the old epoch is heard again.
            media.pause(false);
            media.duck(false);
        }
        self.shared.speaking.stop(self.leg, epoch);
    }

    fn steer_media(&self, output: &Output) {
        let Some(media) = &self.media else { return };
        match output {
            Output::Duck(on) => media.duck(*on),
            Output::Pause(on) => media.pause(*on),
            _ => {}
        }
    }

    fn ask_media(&self, output: &Output) {
        let Some(media) = &self.media else { return };
        match output {
            Output::UpdateMedia(negotiated) => {
                let params = self.services.params(negotiated, self.nat);
                self.managed("media update", media.update(params));
            }
            Output::Press { digit } => {
                self.managed("digit", media.send_dtmf(*digit.reveal(Purpose::Signalling)));
            }
            Output::Waiting(waits) => {
                let behind = if *waits { self.services.waiting.clone() } else { Backdrop::Line };
                self.managed("waiting sound", media.play_behind(behind));
            }
            _ => {}
        }
    }

    fn tell_overlap(&self, overlap: &Overlap) {
        let Overlap { ducked, paused, decided, verdict, .. } = *overlap;
        let verdict = match verdict {
            Verdict::Stopped => ops::OverlapLabel::Stopped,
            Verdict::Keyed => ops::OverlapLabel::Keyed,
            Verdict::Backchannel => ops::OverlapLabel::Backchannel,
            Verdict::Nothing | Verdict::Overtaken => ops::OverlapLabel::Resumed,
        };
        ops::SpokenOver { call: self.call, verdict, ducked, paused, decided }.emit();
    }

    /// To our own inbox, for what could not be done.
    fn post(&self, input: Input) {
        if self.inbox.try_send(input).is_err() {
            tracing::warn!(call = %self.call, "The call is too slow for itself; an input is lost.");
        }
    }

    fn managed(&self, what: &'static str, result: Result<(), WorkersError>) {
        if let Err(error) = result {
            tracing::warn!(call = %self.call, what, %error, "A worker could not take a request.");
        }
    }

    fn open_media(&mut self, negotiated: &Negotiated) {
        let Some(port) = self.port.take() else { return };
        let leg = self.leg;
        self.recording.band(!negotiated.codec.is_narrow());
        ops::MediaOpened { call: self.call, port: port.advertised().port() }.emit();
        match self.shared.media.open(leg, port, self.services.params(negotiated, self.nat)) {
            Ok(media) => {
                let recognizer = self.shared.recognizer(self.language);
                let up = match &self.shared.judges {
                    Some(judge) => {
                        media.up.advised(judge(), judge::sink(self.call, self.inbox.clone()))
                    }
                    None => media.up,
                };
                let attached = self.shared.hearing.attach(leg, up, recognizer, self.hearing_sink());
                self.managed("recogniser", attached);
                if self.may_change {
                    self.managed("recogniser", self.shared.hearing.keep_turns(leg));
                }
                self.shared.speaking.attach(leg, media.down, self.speaking_sink());
                self.media = Some(media.control);
                self.had_media = true;
            }
            Err(error) => {
                tracing::error!(call = %self.call, %error, "The call has no media.");
                self.post(Input::MediaFailed);
            }
        }
    }

    fn hearing_sink(&self) -> HearingSink {
        let (call, inbox) = (self.call, self.inbox.clone());
        Box::new(move |_, event| match event {
            // A call that is over, or 256 inputs behind, has no use for it.
            HearingEvent::Heard(transcript) => drop(inbox.try_send(Input::Transcript(transcript))),
            HearingEvent::Behind { frames } => {
                ops::AudioDropped { call, path: ops::AudioPath::Up, frames }.emit();
            }
            HearingEvent::Lost { what } => {
                let error = RecognizerError::Lost { what };
                ops::RecognizerFailed { call, error: &error }.emit();
                let _ = inbox.try_send(Input::EarsFailed);
            }
            HearingEvent::Failed { what } => {
                let error = RecognizerError::Failed { what };
                ops::RecognizerFailed { call, error: &error }.emit();
            }
        })
    }

    fn speaking_sink(&self) -> SpeakingSink {
        let (call, inbox) = (self.call, self.inbox.clone());
        Box::new(move |_, event| match event {
            SpeakingEvent::Rendered { utterance, frames_total: frames, first, took, by } => {
                let by = match by {
                    Rendering::Cached => ops::VoiceLabel::Cached,
                    Rendering::Voice => ops::VoiceLabel::Voice,
                    Rendering::Light => ops::VoiceLabel::Light,
                };
                ops::VoiceRendered { call, utterance, first, took, by }.emit();
                let _ = inbox.try_send(Input::Rendered { utterance, frames });
            }
            SpeakingEvent::Failed { utterance, frames_total: frames, what } => {
                ops::VoiceFailed { call, error: &VoiceError::Failed { what } }.emit();
                let _ = inbox.try_send(Input::NotRendered { utterance, frames });
            }
            SpeakingEvent::FellBack { what, .. } => {
                ops::VoiceFailed { call, error: &VoiceError::Failed { what } }.emit();
            }
            // The call has stopped it itself and knows.
            SpeakingEvent::Dropped { .. } => {}
        })
    }

    fn close_media(&mut self) {
        if let Some(media) = self.media.take() {
            self.managed("detach", self.shared.hearing.detach(self.leg));
            self.shared.speaking.detach(self.leg);
            media.close();
        }
        self.recording.finish();
        self.port = None;
    }

    fn told(&mut self, told: Told) {
        match &told {
            Told::Replied { turn, gap } => {
                self.gaps.push(*gap);
                let split = self.clock.split(Instant::now(), &told);
                ops::TurnAnswered { call: self.call, turn: *turn, gap: *gap, split }.emit();
            }
            Told::ToolAnswered { name, error, took } => {
                let outcome = tool_outcome(*error);
                ops::ToolRan { call: self.call, tool: name, outcome, took: *took }.emit();
            }
            Told::MediaRefused { error, status, in_call } => {
                self.tell_refusal(error, *status, *in_call);
            }
            Told::Keyed { way } => {
                let first = !self.digit_ways.contains(way);
                if first {
                    self.digit_ways.push(*way);
                }
                let (call, trunk, way) = (self.call, &self.trunk, digit_way(*way));
                ops::DigitKeyed { call, trunk, way, first }.emit();
            }
            Told::Overlapped(overlap) => self.tell_overlap(overlap),
            Told::Transfer { target, state } => {
                tracing::info!(call = %self.call, %target, ?state, "Transfer.");
            }
            _ => {}
        }
        self.watch.tell(Seen::Told(told));
    }
}

fn digit_way(way: Way) -> ops::DigitWay {
    match way {
        Way::Event => ops::DigitWay::Event,
        Way::Tone => ops::DigitWay::Tone,
        Way::Info => ops::DigitWay::Info,
    }
}

fn label(outcome: Outcome) -> ops::TransferOutcome {
    match outcome {
        Outcome::Answered => ops::TransferOutcome::Answered,
        Outcome::Taken | Outcome::Unknown => ops::TransferOutcome::Unknown,
        Outcome::Unanswered | Outcome::CallerGone | Outcome::Failed(408 | 480 | 487) => {
            ops::TransferOutcome::Unanswered
        }
        Outcome::Failed(486 | 600 | 603) => ops::TransferOutcome::Refused,
        Outcome::Failed(_) => ops::TransferOutcome::Failed,
    }
}

fn tool_outcome(error: Option<ErrorCode>) -> ops::ToolOutcome {
    match error {
        None | Some(ErrorCode::AlreadyDone) => ops::ToolOutcome::Ok,
        Some(
            ErrorCode::FabricatedArgument | ErrorCode::InvalidArgument | ErrorCode::NotVerified,
        ) => ops::ToolOutcome::Denied,
        Some(ErrorCode::EhrUnavailable | ErrorCode::Timeout | ErrorCode::TransferFailed) => {
            ops::ToolOutcome::Failed
        }
        Some(_) => ops::ToolOutcome::Refused,
    }
}
