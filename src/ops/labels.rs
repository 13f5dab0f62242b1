//! The values a label can have: closed, so that no dashboard ever meets a new one unawares.

/// A closed set of label values.
pub trait Label: Copy + 'static {
    /// All of them, so that each series is there before it is first counted.
    const ALL: &'static [Self];

    /// Returns the value as dashboards know it.
    fn label(self) -> &'static str;
}

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum $name {
            $($(#[$value_doc])* $value),*
        }

        impl Label for $name {
            const ALL: &'static [Self] = &[$(Self::$value),*];

            fn label(self) -> &'static str {
                match self {
                    $(Self::$value => $text),*
                }
            }
        }
    )*};
}

labels! {
    /// Where an utterance's sound came from.
    VoiceLabel {
        /// All of it was rendered beforehand.
        Cached = "cached",
        /// The voice.
        Voice = "voice",
        /// The lighter voice, at least in part: the voice would have been late, or failed.
        Light = "light",
    }

    /// What a speech engine does.
    SpeechPart {
        /// It hears.
        Recognizer = "recognizer",
        /// It speaks.
        Voice = "voice",
    }

    /// How a speech vendor failed.
    VendorFault {
        /// No connection.
        Unreachable = "unreachable",
        /// It does not know our key, or does not let us.
        Denied = "denied",
        /// It was asked too often.
        TooMany = "too_many",
        /// It refused what it was asked, for another reason.
        Rejected = "rejected",
        /// A fault of its own.
        Server = "server",
        /// What it sent is not what its protocol says.
        Garbled = "garbled",
        /// It ended before it was done.
        Cut = "cut",
        /// Nothing useful came in time.
        Late = "late",
        /// Sound stopped coming.
        Stalled = "stalled",
        /// It was sent voice and brought no word.
        Deaf = "deaf",
        /// It did not take what it was sent.
        Blocked = "blocked",
        /// Sound that nobody could play.
        WrongSound = "wrong_sound",
    }

    /// How a call ended.
    EndLabel {
        /// The agent said goodbye.
        Completed = "completed",
        /// The caller hung up.
        CallerHungUp = "caller_hung_up",
        /// A person has the caller.
        Transferred = "transferred",
        /// Nothing was heard from the far end for too long.
        MediaTimeout = "media_timeout",
        /// The far end stopped answering SIP.
        SignallingTimeout = "signalling_timeout",
        /// The process was stopping and could wait no longer.
        Drained = "drained",
        /// A fault of ours.
        Failed = "failed",
    }

    /// Why a call was refused.
    RefusalLabel {
        /// As many calls as are let in.
        Busy = "busy",
        /// The process is stopping.
        Draining = "draining",
        /// More calls a second than the trunk may bring.
        TooFast = "too_fast",
        /// More calls than one caller may make.
        CallerTooOften = "caller_too_often",
        /// No route of the dialplan matches.
        NoRoute = "no_route",
        /// A route refuses it.
        Rejected = "rejected",
        /// No codec in common.
        NoCommonCodec = "no_common_codec",
        /// The offer is not usable otherwise.
        BadOffer = "bad_offer",
        /// No RTP port is free.
        NoPorts = "no_ports",
        /// The media threads are too busy, or too late.
        Overloaded = "overloaded",
        /// What callers say would be understood too late.
        HearingFull = "hearing_full",
        /// The speech engines are not there.
        NoEngine = "no_engine",
    }

    /// What is known of a PBX.
    TrunkStateLabel {
        /// It was not asked yet.
        Unknown = "unknown",
        /// It answers.
        Up = "up",
        /// It does not answer, or takes no calls.
        Down = "down",
        /// It said when it will be back.
        Draining = "draining",
    }

    /// What came of a sound over the agent's speech.
    OverlapLabel {
        /// The agent stopped: the caller has the floor.
        Stopped = "stopped",
        /// A digit stopped it.
        Keyed = "keyed",
        /// The caller showed that they listen, and the agent went on.
        Backchannel = "backchannel",
        /// A cough, or noise: the agent went on.
        Resumed = "resumed",
    }

    /// How a transfer went.
    TransferOutcome {
        /// Somebody answered.
        Answered = "answered",
        /// Accepted, and then nothing more was heard.
        Unknown = "unknown",
        /// Nobody answered in time.
        Unanswered = "unanswered",
        /// The target was busy or refused.
        Refused = "refused",
        /// The PBX refused to transfer.
        Failed = "failed",
    }

    /// How a tool call went.
    ToolOutcome {
        /// It did what was asked.
        Ok = "ok",
        /// The guard stopped it.
        Denied = "denied",
        /// It said no: no such patient, no such slot.
        Refused = "refused",
        /// It failed.
        Failed = "failed",
    }

    /// Why a datagram was thrown away unanswered.
    DropLabel {
        /// No trunk takes requests from there.
        UnknownSource = "unknown_source",
        /// Not SIP.
        Malformed = "malformed",
        /// A response nobody asked for.
        StrayResponse = "stray_response",
        /// Over a size limit.
        TooLarge = "too_large",
        /// More than its source may send.
        RateLimited = "rate_limited",
        /// A tool that looks for PBXs to break into.
        Scanner = "scanner",
    }

    /// Why a connection was not taken.
    ConnectionRefusal {
        /// No trunk takes requests from there.
        UnknownSource = "unknown_source",
        /// Its source has as many as it may.
        SourceLimit = "source_limit",
        /// There are as many as we hold.
        NodeLimit = "node_limit",
        /// The system has no room for it.
        System = "system",
    }

    /// Why a connection ended, or was never made.
    ConnectionEnd {
        /// The peer closed it.
        Peer = "peer",
        /// We closed it: nothing needed it any more.
        Idle = "idle",
        /// We stop, or were told to close it.
        Local = "local",
        /// It could not be made.
        Connect = "connect",
        /// TLS was not agreed on.
        Tls = "tls",
        /// It broke.
        Broken = "broken",
        /// It answered no ping.
        NoPong = "no_pong",
        /// It took nothing of what we wrote.
        Stuck = "stuck",
        /// A message was begun and not ended in time, or none was ever sent.
        Slow = "slow",
        /// What came is no SIP.
        Malformed = "malformed",
    }

    /// Why TLS was not agreed on.
    TlsFailure {
        /// The other side showed no certificate.
        NoCertificate = "no_certificate",
        /// Its certificate does not come from the CA that we ask for.
        UnknownCa = "unknown_ca",
        /// Its certificate is for another name.
        WrongName = "wrong_name",
        /// Its certificate is not valid any more, or not yet.
        Expired = "expired",
        /// Its certificate is not valid otherwise.
        BadCertificate = "bad_certificate",
        /// It does not like ours, or what we offer.
        Refused = "refused",
        /// No version or cipher in common.
        NothingInCommon = "nothing_in_common",
        /// It does not speak TLS.
        NotTls = "not_tls",
        /// It went away.
        Closed = "closed",
        /// It took too long.
        Timeout = "timeout",
        /// No SIP profile says whom to expect there.
        NotExpected = "not_expected",
    }

    /// What scheduling a media thread got.
    Scheduling {
        /// SCHED_FIFO: paced to 0.1 ms under load.
        Fifo = "fifo",
        /// A raised nice value.
        Nice = "nice",
        /// As every other thread: uneven under load.
        Plain = "plain",
    }

    /// Why a packet of sound could not be sent.
    SendFault {
        /// Nobody listens there.
        Refused = "refused",
        /// A queue of this machine was full.
        Full = "full",
        /// Anything else, such as no route.
        Failed = "failed",
    }

    /// How a digit of the caller's came.
    DigitWay {
        /// As a telephone event (RFC 4733).
        Event = "event",
        /// As a tone in the sound.
        Tone = "tone",
        /// By SIP INFO.
        Info = "info",
    }

    /// Which way sound was going when it was dropped.
    AudioPath {
        /// From the caller to the recogniser, which is behind.
        Up = "up",
        /// From the voice to the caller.
        Down = "down",
    }

    /// Whether both sides of a call hear each other.
    SoundVerdict {
        /// They do.
        Fine = "fine",
        /// Not one packet came.
        NothingReceived = "nothing_received",
        /// Packets came from another address than SDP names.
        Elsewhere = "elsewhere",
        /// Packets came that are not under the agreed key.
        Undecipherable = "undecipherable",
        /// Packets came in a format that was not agreed.
        WrongFormat = "wrong_format",
        /// Packets came and do not any more.
        Stopped = "stopped",
        /// Packets came, with silence in all of them.
        OnlySilence = "only_silence",
        /// We were on hold from the start.
        OnHold = "on_hold",
        /// Not one packet could be sent.
        NothingSent = "nothing_sent",
        /// The far end's machine refused our packets.
        Refused = "refused",
        /// The far end reports that none of our packets arrive.
        NotReceived = "not_received",
    }

    /// Whose sound it is.
    SoundSide {
        /// The far end's, as we hear it.
        Heard = "heard",
        /// Ours, as the far end hears it.
        Said = "said",
    }

    /// What became of packets.
    RtpKind {
        /// They came.
        Received = "received",
        /// They never came.
        Lost = "lost",
        /// They came too late.
        Late = "late",
        /// They came again.
        Duplicate = "duplicate",
        /// They came after a later one, and in time.
        Reordered = "reordered",
        /// They came from somebody else.
        Foreign = "foreign",
        /// They were not under the leg's key.
        Forged = "forged",
        /// They were, and came again.
        Replayed = "replayed",
        /// We sent them.
        Sent = "sent",
    }
}
