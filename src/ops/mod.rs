//! What operators see: events, which are log line and metric in one; metrics over HTTP; systemd.
//!
//! House rules: nothing here may carry [`crate::base::Phi`]; labels come from closed enums or from
//! names that the configuration closes. `emit` is the only place an event is logged or counted.

mod events;
pub mod http;
mod labels;
pub mod logging;
mod media;
pub mod metrics;
mod recording;
mod sound;
pub mod systemd;
mod transport;
mod trunks;
mod turns;
mod vendors;

pub use events::{
    AudioDropped, AuditFailed, AuthenticationFailed, CallEnded, CallPanicked, CallRefused,
    CallRouted, CallStarted, DetectorFailed, DrainEnded, DrainStarted, MailNotified, MediaTimeout,
    PortsExhausted, Ready, RecognizerFailed, ReloadDone, ReloadFailed, SipDropped, SipRejected,
    SoftphoneRegistered, SpokenOver, StoreFailed, ToolRan, TransferFinished, VoiceFailed,
};
pub use labels::{
    AudioPath, ConnectionEnd, ConnectionRefusal, DigitWay, DropLabel, EndLabel, Label,
    OverlapLabel, RefusalLabel, RtpKind, Scheduling, SendFault, SoundSide, SoundVerdict,
    SpeechPart, TlsFailure, ToolOutcome, TransferOutcome, TrunkStateLabel, VendorFault, VoiceLabel,
};
pub use media::{
    HearingFull, HearingMeasured, MediaFull, MediaLate, MediaLoadMeasured, MediaScheduling,
    MemoryLocked, RtpBuffer, RtpThrownAway, RtpUnsent,
};
pub use recording::{
    RecordingDenied, RecordingEnded, RecordingFailed, RecordingPurged, RecordingRecovered,
    RecordingStarted, RecordingWritten, RecordingsActive, RecordingsUnkept,
};
pub use sound::{DigitKeyed, Evenness, MediaClosed, SoundJudged, SoundOf, SoundUnsent};
pub use transport::{
    ConnectionClosed, ConnectionOpened, ConnectionRefused, DatagramsLost, SourceDropped, TlsFailed,
};
pub use trunks::{TrunkChanged, TrunkPinged, TrunkRegistered};
pub use turns::{AnswerFollowed, MediaOpened, TurnAnswered, TurnSplit, VoiceRendered};
pub use vendors::{StoodIn, VendorAnswered, VendorBack, VendorFailed};
