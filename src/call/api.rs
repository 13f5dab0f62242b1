//! What goes into a call and what comes out of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::agent::tools::{ErrorCode, ToolCall, ToolResult};
use crate::agent::{Decision, Goal, Setting};
use crate::base::{
    CallId, Epoch, Hints, Language, LegId, Phi, Sdp, TargetName, ToolRequestId, TurnId, UtteranceId,
};
use crate::media::Way;
use crate::sdp::{LocalMedia, Negotiated, SdpError};
use crate::sip;
use crate::speech::floor::Overlap;
use crate::speech::{Manner, Origin, Transcript, VoiceHint};

/// What is fixed when a call begins.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The call's id.
    pub call: CallId,
    /// The caller's leg.
    pub leg: LegId,
    /// The caller's SDP offer; `None` asks for ours.
    pub offer: Option<Sdp>,
    /// Our side of the media, on a port that is already bound.
    pub local: LocalMedia,
    /// What the conversation starts from.
    pub setting: Setting,
    /// How each transfer target is reached. A target that is not here does not exist.
    pub targets: BTreeMap<TargetName, Reach>,
    /// Who takes the caller when the agent cannot go on: its media or its voice is lost.
    pub fallback: Option<(TargetName, Reach)>,
    /// Who refers, as a URI: the Referred-By of a hand-off (RFC 3892).
    pub referred_by: String,
    /// What carries the hand-off's id with a REFER.
    pub context: Vec<Carrier>,
    /// Whether digits are pressed in the sound where there are no telephone events; else they go by INFO.
    pub presses_in_band: bool,
    /// Whether a model tells noise from voices ([`crate::speech::SecondOpinion`]).
    pub judged: bool,
    /// How long the call may last; then the agent says goodbye.
    pub longest: Duration,
    /// Whether a last NOTIFY of 200 says that somebody answered; else the PBX has taken the caller, and no more
    /// is known.
    pub notify_says_answered: bool,
}

/// What carries a hand-off's id with a REFER. Which of them reaches the staff's phone differs between PBXs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Carrier {
    /// `X-Handoff-Id`.
    XHeader,
    /// The parameter `handoff` of Referred-By (RFC 3892).
    ReferredBy,
    /// User-to-User (RFC 7433), the id in hexadecimal.
    UserToUser,
}

/// How a transfer target is reached: one number after another, and then what.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reach {
    /// The numbers, in the order in which they are tried; those of the target that follows an
    /// unanswered one included.
    pub attempts: Vec<Attempt>,
    /// Whether the call ends when nobody answers; else the agent takes the caller back.
    pub hang_up: bool,
}

/// One number that may be rung.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    /// Whose it is.
    pub target: TargetName,
    /// The Refer-To URI.
    pub uri: String,
    /// How long it may ring before it counts as unanswered.
    pub ring: Duration,
}

/// What a call is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// Something happened to its leg.
    Sip(sip::Event),
    /// Something was heard on, or played to, its leg.
    Sound(Sound),
    /// The recogniser has words.
    Transcript(Transcript),
    /// The voice has rendered all of an utterance.
    Rendered { utterance: UtteranceId, frames: u32 },
    /// The voice could not render an utterance, or the rest of it: so many frames of it are played.
    NotRendered { utterance: UtteranceId, frames: u32 },
    /// A tool has answered.
    ToolDone { request: ToolRequestId, result: ToolResult },
    /// The hand-off note is stored under this id, or is not.
    HandOffStored { request: ToolRequestId, stored: Result<String, ErrorCode> },
    /// The leg's media could not be opened, or was lost: nobody hears anybody.
    MediaFailed,
    /// Nobody tells any more which of the caller's sounds are voices: the model has failed.
    JudgeFailed,
    /// Nobody can hear the caller any more: the recogniser has failed, and nothing stands in for it.
    EarsFailed,
    /// Press these digits to the far end, after one another.
    Press { digits: Phi<String> },
    /// The process wants the call to end: the drain deadline has passed.
    HangUp,
}

/// What a media thread tells of the leg.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Sound {
    /// A voice began at this time.
    VoiceOn { since: Instant },
    /// The voice ended at this time.
    VoiceOff { since: Instant },
    /// What is suspected of the caller as of then, and by whom.
    VoiceHint { kind: VoiceHint, by: Origin, at: Instant },
    /// A digit was keyed, as an event (RFC 4733) or in the sound.
    Dtmf { digit: Phi<char>, way: Way },
    /// The first frame of an utterance was sent.
    Started { utterance: UtteranceId },
    /// An utterance is over: all of it was sent, or the rest was dropped after so many frames.
    Ended { utterance: UtteranceId, frames: u32, complete: bool },
    /// Nothing has been received for so long that the far end counts as gone.
    Gone { lasted: Duration },
}

/// What a call wants done.
#[derive(Clone, Debug)]
pub enum Output {
    /// To the user agent.
    Sip(sip::Command),
    /// Press a digit in the leg's media.
    Press { digit: Phi<char> },
    /// Start the leg's media.
    OpenMedia(Negotiated),
    /// A re-INVITE changed the leg's media.
    UpdateMedia(Negotiated),
    /// Stop the leg's media.
    CloseMedia,
    /// From now on the caller waits for somebody, or does not any more: let them hear that the line is alive.
    Waiting(bool),
    /// Render this now, since it will be wanted at once later.
    Prepare { text: Phi<String>, manner: Manner },
    /// Say this after what is being said.
    Speak { utterance: UtteranceId, epoch: Epoch, text: Phi<String>, manner: Manner },
    /// Turn the agent down, or up again: somebody may be speaking over it.
    Duck(bool),
    /// Hold the agent where it is, or let it go on from there.
    Pause(bool),
    /// From now on only sound of this epoch is played, as loud as ever and not held.
    Flush { epoch: Epoch },
    /// Hear the caller in this language from now on, what they are saying at this moment included.
    Hear { language: Language },
    /// Tell the recogniser what is expected.
    Expect(Hints),
    /// The caller's turn is over: the recogniser is to finish it.
    Finish { turn: TurnId },
    /// The recogniser is to forget what it has not finished.
    Discard,
    /// Run a tool.
    Tool { turn: TurnId, request: ToolRequestId, call: ToolCall },
    /// Store a hand-off's context, before the call is moved.
    StoreHandOff {
        turn: TurnId,
        request: ToolRequestId,
        target: TargetName,
        reason: &'static str,
        summary: Phi<String>,
    },
    /// How a hand-off ended, for the audit record.
    TransferDone { turn: TurnId, target: TargetName, outcome: Outcome, took: Duration },
    /// A decision, for the audit record.
    Decided(Decision),
    /// What is to be done about the call's recording, where calls of its route are recorded.
    Record(Record),
    /// What happened, for whoever watches.
    Told(Told),
    /// The call is over; this is the last output.
    Over(Box<Summary>),
}

/// What is to be done about a call's recording. It ends with the leg's media.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Record {
    /// The caller has heard that the call is recorded: from now on it is.
    Start,
    /// From `since` on, which may be some seconds ago, there is to be silence.
    Pause { why: Silence, since: Instant },
    /// This reason for silence ended then.
    Resume { why: Silence, at: Instant },
    /// The caller does not want it: what there is is to be removed.
    Discard,
}

/// Why there is silence in a recording.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Silence {
    /// What was said or keyed looked like a card's number.
    Card,
    /// The caller was on hold.
    Hold,
    /// The caller seemed to refuse, or had not been told in the language that was spoken.
    Consent,
}

/// Whether the caller agreed to be recorded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Consent {
    /// Nobody asked, or the call ended before the notice did: nothing was recorded.
    #[default]
    NotAsked,
    /// The caller heard the notice and stayed.
    Given,
    /// The caller said no.
    Denied,
}

/// How a hand-off ended, after its last attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Somebody answered.
    Answered,
    /// The PBX accepted the transfer and hung up on us: the caller is with it, and who answered is not known.
    Taken,
    /// The REFER or the new call was refused with this status.
    Failed(u16),
    /// It rang for as long as it may.
    Unanswered,
    /// The PBX accepted the transfer and never said what came of it; the caller is still with us.
    Unknown,
    /// The caller hung up before the PBX had accepted anything.
    CallerGone,
}

impl Outcome {
    /// Whether the caller is no longer ours.
    pub fn is_moved(self) -> bool {
        matches!(self, Self::Answered | Self::Taken)
    }
}

/// What happened in a call, in the order in which people experience it.
#[derive(Clone, Debug)]
pub enum Told {
    /// Media were offered that cannot be agreed on, and refused: the call itself, or with `in_call` a change of it, and it
    /// goes on as it was.
    MediaRefused { error: SdpError, status: u16, in_call: bool },
    /// The caller is connected.
    Answered,
    /// A digit was keyed, and came this way; a press that comes by two counts for the first.
    Keyed { way: Way },
    /// The agent begins to say this.
    AgentSays { utterance: UtteranceId, text: Phi<String> },
    /// The caller spoke over the agent and heard only this.
    AgentInterrupted { utterance: UtteranceId, heard: Phi<String> },
    /// How a sound over the agent's speech came out.
    Overlapped(Overlap),
    /// The caller's turn, as understood.
    CallerSaid { turn: TurnId, text: Phi<String>, confidence: f32 },
    /// The agent's first sound after the caller's last: the response gap, as the gateway sees it.
    Replied { turn: TurnId, gap: Duration },
    /// A tool was asked.
    ToolAsked { name: &'static str },
    /// A tool has answered.
    ToolAnswered { name: &'static str, error: Option<ErrorCode>, took: Duration },
    /// A transfer moves: told when its state changes. The target is the one that is tried now.
    Transfer { target: TargetName, state: sip::TransferState },
}

/// Why a call is over.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum EndReason {
    /// The caller hung up.
    CallerHungUp,
    /// The caller gave up before the call was answered.
    CallerCancelled,
    /// The agent said goodbye and hung up.
    AgentHungUp,
    /// A person has the caller.
    HandedOff,
    /// Another call has taken its place: the caller was put through to us by somebody who asked first (RFC 3891).
    Replaced,
    /// Nobody answered, and the number plan says that the call ends then.
    Unanswered,
    /// Nothing was received from the caller's phone for as long as its trunk allows.
    NoMedia,
    /// No codec in common, or the offer could not be read.
    MediaRefused,
    /// Our 200 was never acknowledged: the peer cannot reach our Contact.
    AckTimeout,
    /// A request of ours was never answered.
    SignallingTimeout,
    /// The process was stopped.
    Shutdown,
    /// A fault of ours: the media or the voice was lost, or the call's task failed.
    Failed,
}

/// What is left of a call: the wrap-up row.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The call.
    pub call: CallId,
    /// Why it ended.
    pub reason: EndReason,
    /// What the far end gave as its cause (RFC 3326), as `Q.850;cause=16`.
    pub far_cause: Option<String>,
    /// What it came to.
    pub goals: BTreeSet<Goal>,
    /// Turns of the caller.
    pub turns: u32,
    /// From the answer to the end; zero if never answered.
    pub talked: Duration,
    /// Times the caller spoke over the agent and stopped it.
    pub barge_ins: u32,
    /// Times the agent was turned down or held for a sound over its speech, and went on.
    pub resumed: u32,
    /// Of those, the times in which the caller showed that they listen: "uh-huh".
    pub backchannels: u32,
    /// The stored hand-off note, if there is one.
    pub hand_off: Option<String>,
    /// Whether the caller agreed to be recorded.
    pub consent: Consent,
}
