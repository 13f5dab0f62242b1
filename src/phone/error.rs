//! Why a phone cannot be started or a call not be made.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::signalling::BindError;
use crate::speech::VoiceError;

/// Why a phone cannot do what it was asked. A call that was refused is no error but a report.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// The address to call is not one.
    #[error("cannot call {uri:?}: {what}; write it as sip:user@host or sip:user@host:port")]
    BadUri {
        /// As given.
        uri: String,
        /// What is wrong with it.
        what: String,
    },
    /// The host of the address is not known.
    #[error("cannot find the host {host:?}: {source}")]
    UnknownHost {
        /// As given.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// No address of ours leads to the peer.
    #[error("no network leads to {peer}: {source}")]
    NoWay {
        /// Whom.
        peer: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The SIP socket cannot be opened.
    #[error("cannot open the phone's socket: {0}")]
    Signalling(#[from] BindError),
    /// There is no port for the sound.
    #[error("cannot open an RTP port: {source}")]
    Rtp {
        /// What the system said.
        source: io::Error,
    },
    /// A line cannot be spoken.
    #[error("cannot render the phone's lines: {0}")]
    Voice(#[from] VoiceError),
    /// The recording cannot be written.
    #[error("cannot write the recording {}: {what}", path.display())]
    Recording {
        /// Where.
        path: PathBuf,
        /// What the system said.
        what: String,
    },
    /// Nobody called in the time given, or we were told to stop waiting.
    #[error("nobody called")]
    NobodyCalled,
    /// The registrar did not let us in.
    #[error("cannot register {user} at {registrar}: {what}")]
    NotRegistered {
        /// Who.
        user: String,
        /// Where.
        registrar: String,
        /// The status, or that there was no answer.
        what: String,
    },
    /// The user agent has stopped.
    #[error("the phone's signalling has stopped")]
    Stopped,
}

impl PhoneError {
    /// Returns a short name that does not change with the wording.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadUri { .. } => "phone-bad-uri",
            Self::UnknownHost { .. } => "phone-unknown-host",
            Self::NoWay { .. } => "phone-no-way",
            Self::Signalling(_) => "phone-bind",
            Self::Rtp { .. } => "phone-rtp",
            Self::Voice(_) => "phone-voice",
            Self::Recording { .. } => "phone-recording",
            Self::NobodyCalled => "phone-nobody-called",
            Self::NotRegistered { .. } => "phone-not-registered",
            Self::Stopped => "phone-stopped",
        }
    }
}
