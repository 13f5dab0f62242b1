//! What goes into the user agent and what comes out of it: the words between `sip` and the rest.

mod registration;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use ipnet::IpNet;

use super::auth::Algorithm;
use super::message::Reason;
use crate::base::{LegId, Phi, Sdp, Secret, TrunkName};

pub use registration::{Registration, RegistrationState};

/// A transport that SIP runs on.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Transport {
    /// Unreliable: requests and final responses are repeated.
    Udp,
    /// Reliable.
    Tcp,
    /// Reliable and private.
    Tls,
}

impl Transport {
    /// Returns its name in a Via.
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }
}

/// The way a message came or goes: which of our sockets, and whom it talks to.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Flow {
    /// The transport.
    pub transport: Transport,
    /// Our socket's address, as bound.
    pub local: SocketAddr,
    /// The peer's address, as seen by the socket.
    pub remote: SocketAddr,
}

/// How well the source of a message is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// A PBX: a trunk lists its address.
    Listed,
    /// It may speak, but only to register, or because a call of ours led to it.
    Guest,
    /// Nobody: it gets no answer.
    Stranger,
}

/// How the user agent is set up. Replaced as a whole on reload; running dialogs keep going.
#[derive(Clone, Debug)]
pub struct UaConfig {
    /// `User-Agent` and `Server`.
    pub product: String,
    /// The PBX connections, in the order in which they are tried.
    pub trunks: Vec<Trunk>,
    /// The built-in registrar, for softphones; `None` answers REGISTER with 405.
    pub registrar: Option<Registrar>,
    /// Round-trip estimate T1 (RFC 3261 §17.1.1.1), 500 ms unless a test says otherwise.
    pub t1: Duration,
}

/// A PBX connection, as far as SIP is concerned.
#[derive(Clone, Debug)]
pub struct Trunk {
    /// Its name.
    pub name: TrunkName,
    /// Sources that this trunk takes requests from; every other source gets no answer.
    pub allow: Vec<IpNet>,
    /// What we ask of them beyond their address.
    pub inbound: Inbound,
    /// The address we put in Via and Contact.
    pub advertised: SocketAddr,
    /// What we answer to a 401 or 407.
    pub credentials: Option<Credentials>,
    /// Whether the far end may transfer us with REFER. A PBX has no reason to; our scripted phone does.
    pub accept_refer: bool,
    /// How long a transfer's outcome is waited for after the REFER was accepted.
    pub refer_wait: Duration,
    /// The sockets that its requests come by; empty takes them from every socket.
    pub listens: Vec<(Transport, SocketAddr)>,
    /// What else the PBX family asks for.
    pub policy: Policy,
}

/// How a PBX family wants its calls to be signalled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// Session timers (RFC 4028); `None` neither asks for them nor takes them.
    pub timer: Option<SessionTimer>,
    /// Reliable provisional responses (RFC 3262).
    pub prack: Prack,
    /// Whether the addresses in its Contact cannot be reached, so that everything goes back the way it came.
    pub nat: bool,
    /// Where the dialled number is read, first that yields one.
    pub called: Vec<CalledFrom>,
    /// Where the caller's number is read, first that yields one.
    pub caller: Vec<CallerFrom>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            timer: Some(SessionTimer::default()),
            prack: Prack::Supported,
            nat: false,
            called: vec![CalledFrom::RequestUri],
            caller: vec![CallerFrom::Asserted, CallerFrom::RemotePartyId, CallerFrom::From],
        }
    }
}

/// How long a session lasts without a sign of life (RFC 4028).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionTimer {
    /// The interval that we ask for: `Session-Expires`.
    pub expires: Duration,
    /// The shortest that we take: `Min-SE`, 90 s or more (RFC 4028 §5).
    pub min: Duration,
}

impl Default for SessionTimer {
    fn default() -> Self {
        Self { expires: Duration::from_secs(1800), min: Duration::from_secs(90) }
    }
}

/// Whether provisional responses are acknowledged (RFC 3262).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Prack {
    /// `100rel` is neither offered nor taken.
    Off,
    /// Offered in Supported; done where the far end requires it.
    #[default]
    Supported,
    /// Our INVITEs require it, and our 18x are sent reliably to whoever supports it.
    Required,
}

/// A place where the dialled number stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CalledFrom {
    /// The Request-URI.
    RequestUri,
    /// The last `Diversion` (RFC 5806): the number that was dialled before it was forwarded to us.
    Diversion,
    /// The first entry of `History-Info` (RFC 7044).
    HistoryInfo,
    /// The To header.
    To,
}

/// A place where the caller's number stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallerFrom {
    /// `P-Asserted-Identity` (RFC 3325).
    Asserted,
    /// `P-Preferred-Identity` (RFC 3325).
    Preferred,
    /// `Remote-Party-ID`, of an old draft that Cisco still speaks.
    RemotePartyId,
    /// The From header.
    From,
}

/// How the far end of a trunk proves itself.
#[derive(Clone, Debug)]
pub enum Inbound {
    /// By its address alone.
    Ip,
    /// By its address and a client certificate that its TLS socket has already checked.
    Certificate,
    /// By its address and a digest of these credentials (RFC 8760), asked for in each new call.
    Digest {
        /// The digest realm.
        realm: String,
        /// Who may call.
        users: Vec<Credentials>,
        /// The digests that are asked for and taken, strongest first.
        digests: Vec<Algorithm>,
    },
    /// By digest against the registrar's users (RFC 8760): softphones.
    Registered,
}

/// A user and password.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password.
    pub secret: Secret,
}

/// The built-in registrar (RFC 3261 §10.3) and whom it lets in.
#[derive(Clone, Debug)]
pub struct Registrar {
    /// The digest realm.
    pub realm: String,
    /// Who may register.
    pub users: Vec<Credentials>,
    /// The digests that are asked for and taken, strongest first (RFC 8760 §2.4). Old softphones
    /// give up on a challenge they do not know instead of passing it over.
    pub digests: Vec<Algorithm>,
}

/// A call that we make.
#[derive(Clone, Debug)]
pub struct NewLeg {
    /// The id that the caller of this command chose.
    pub leg: LegId,
    /// Where the request is sent.
    pub flow: Flow,
    /// The Request-URI and To, for example `sip:101@10.0.0.5:5060`.
    pub target: String,
    /// The user part of From and Contact.
    pub from_user: String,
    /// The display name of From.
    pub display: Option<Phi<String>>,
    /// Our SDP offer. Empty asks for theirs, which comes as [`Event::Offer`] (delayed offer).
    pub offer: Sdp,
    /// Further headers, name and value. CR, LF and NUL are refused.
    pub headers: Vec<(String, String)>,
    /// What we answer to a 401 or 407.
    pub credentials: Option<Credentials>,
    /// The address we put in Via and Contact.
    pub advertised: SocketAddr,
    /// Whether an in-dialog REFER is taken (`Event::Referred`) or declined with 603.
    pub accept_refer: bool,
    /// How the far end's family wants to be spoken to.
    pub policy: Policy,
}

/// Why a request is refused.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Refusal {
    /// The status code, 300 to 699.
    pub status: u16,
    /// The reason phrase; the standard one when absent.
    pub phrase: Option<String>,
    /// Further words for the telecom admin, sent as `Warning: 399` (RFC 3261 §20.43).
    pub warning: Option<String>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

/// What the user agent is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// A datagram, or a whole message from a stream.
    Datagram {
        /// The way it came.
        flow: Flow,
        /// The bytes as received.
        bytes: Bytes,
    },
    /// The calls want something.
    Command(Command),
    /// The answer to [`Output::Resolve`].
    Resolved {
        /// The ticket of the question.
        ticket: u64,
        /// Where it can be reached, best first (RFC 3263); empty when nowhere.
        flows: Vec<Flow>,
    },
    /// A connection ended or could not be made, so what waits for it waits in vain (RFC 3261 §8.1.3.1).
    Broken {
        /// The way that is no more.
        flow: Flow,
    },
}

/// What the calls want.
#[derive(Clone, Debug)]
pub enum Command {
    /// Answers an incoming INVITE with 180.
    Ring { leg: LegId },
    /// Answers an incoming INVITE with 183 and our SDP: early media. It is the answer, or our offer if the INVITE
    /// had none; then a far end that does not know 100rel gets a 183 without. What went out reliably (RFC 3262)
    /// stands: the SDP of [`Command::Accept`] is left out after it.
    Progress { leg: LegId, sdp: Sdp },
    /// Answers an incoming INVITE with 200 and our SDP: an answer, or an offer if it had none. It waits by itself
    /// for the PRACK of a 183 with SDP.
    Accept { leg: LegId, sdp: Sdp },
    /// Refuses an incoming INVITE.
    Refuse { leg: LegId, refusal: Refusal },
    /// Answers an [`Event::Offer`], wherever that came: in a re-INVITE, UPDATE or PRACK, or in a response to an
    /// INVITE of ours that had no offer; then the answer goes out in the PRACK or ACK.
    AcceptOffer { leg: LegId, sdp: Sdp },
    /// Refuses an [`Event::Offer`] in a request; the session goes on as it was (RFC 3261 §14.2). One in a response
    /// cannot be refused: the call ends.
    RefuseOffer { leg: LegId, refusal: Refusal },
    /// Offers a change to a session that is up, by re-INVITE: other media, hold, resume. While it rings, by UPDATE,
    /// where the far end takes that and offer and answer were exchanged reliably (else 481). It waits while an offer
    /// of theirs is open, and comes again after a 491. Whatever happens, one [`Event::Reoffered`] follows. One at a
    /// time: a second is refused with 491.
    Reoffer { leg: LegId, sdp: Sdp },
    /// Calls somebody.
    Invite(Box<NewLeg>),
    /// Ends a leg in whatever way its state asks for: BYE, CANCEL or a refusal. [`Event::Ended`] comes when
    /// the far end has answered that, or 64·T1 later. The reason goes out as `Reason` (RFC 3326): as it stands
    /// if it begins with `SIP;` or `Q.850;`, else as the words of an ordinary end.
    HangUp { leg: LegId, reason: Option<String> },
    /// Asks the far end to call somebody else instead (RFC 3515). Whatever happens, one last
    /// [`Event::Transfer`] follows: `Answered`, `Failed` or `Unknown`. One at a time: a second is `Failed(491)`.
    Refer {
        /// The leg to move.
        leg: LegId,
        /// The Refer-To URI, without angle brackets.
        target: String,
        /// Further headers of the REFER, name and value.
        headers: Vec<(String, String)>,
    },
    /// Waits no longer for the outcome of our REFER: the last [`Event::Transfer`] follows at once, `Unknown`
    /// unless another one is on its way. Nothing is sent.
    GiveUpRefer { leg: LegId },
    /// Takes a REFER (202) that came as [`Event::Referred`]; NOTIFYs follow by [`Command::Notify`].
    AcceptRefer { leg: LegId },
    /// Tells the referrer how its REFER goes: a `message/sipfrag` of this status. 200 and above is the last.
    Notify { leg: LegId, status: u16 },
    /// Presses a digit, `0-9*#A-D`, by INFO: where neither telephone events nor tones carry it. One follows another.
    Press { leg: LegId, digit: char },
    /// Asks a peer whether it is there.
    Options {
        /// Comes back in [`Event::OptionsAnswered`].
        id: u32,
        /// Where it goes.
        flow: Flow,
        /// The Request-URI.
        target: String,
        /// The address we put in Via and Contact.
        advertised: SocketAddr,
    },
    /// As [`Command::Options`], to a URI that is looked up first: the next place is asked where one is silent or says
    /// 503 (RFC 3263 §4.3).
    Qualify {
        /// Comes back in [`Event::OptionsAnswered`].
        id: u32,
        /// The Request-URI, and where it goes.
        target: String,
        /// The socket that it leaves by. Its `remote` says nothing.
        from: Flow,
        /// The address we put in Via and Contact.
        advertised: SocketAddr,
    },
    /// Registers with a registrar (our scripted phones).
    Register {
        /// Comes back in [`Event::RegisterAnswered`].
        id: u32,
        /// Where it goes.
        flow: Flow,
        /// The registrar, for example `sip:127.0.0.1:5060`.
        registrar: String,
        /// Who registers.
        credentials: Credentials,
        /// The address we put in Via and Contact.
        advertised: SocketAddr,
        /// How long it is to last; zero withdraws it.
        expires: Duration,
    },
    /// Keeps these registrations and no others: what is new begins, what changed is registered anew, what is no longer
    /// among them is withdrawn. [`Event::Registration`] tells how each goes.
    KeepRegistered(Vec<Registration>),
    /// Registers a trunk again at once: its PBX may have forgotten us.
    RegisterAgain { trunk: TrunkName },
    /// Draining: OPTIONS and new INVITEs get 503 with this Retry-After; `None` ends it.
    Drain { retry_after: Option<Duration> },
    /// What nonces are made with: 256 bits from the operating system, which a seed of 64 is not. Send it first.
    NonceKey { key: Secret },
    /// Replaces the configuration.
    Configure(Box<UaConfig>),
}

/// What the user agent wants done.
#[derive(Clone, Debug)]
pub enum Output {
    /// Bytes for the wire.
    Send {
        /// The way they go.
        flow: Flow,
        /// The message.
        bytes: Bytes,
    },
    /// Something the calls must know.
    Event(Event),
    /// Look up where a URI leads (RFC 3263) and answer with [`Input::Resolved`].
    Resolve {
        /// Comes back in the answer.
        ticket: u64,
        /// A `sip:` or `sips:` URI.
        uri: String,
        /// The socket that the message would leave by, where several could.
        from: Flow,
    },
}

/// A new call for us.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The id that the user agent gave it: even numbers, so that ids chosen for our own calls (odd) never meet one.
    pub leg: LegId,
    /// The trunk it came by.
    pub trunk: TrunkName,
    /// The way it came.
    pub flow: Flow,
    /// The user part of the Request-URI: what was dialled.
    pub called: Phi<String>,
    /// The caller's number or user: P-Asserted-Identity, else From; `None` when anonymous.
    pub caller: Option<Phi<String>>,
    /// The caller's display name.
    pub display: Option<Phi<String>>,
    /// The caller asked the network not to show who calls (RFC 3323), or is nobody at all: `caller` is for routes and
    /// limits, and neither it nor `display` for telling.
    pub withheld: bool,
    /// This call takes the place of another of ours (RFC 3891). Accepting it ends that one with BYE.
    pub replaces: Option<LegId>,
    /// The SDP offer; `None` asks for ours (delayed offer).
    pub offer: Option<Sdp>,
    /// All headers, name and value as received, for dialplan conditions and the ladder.
    pub headers: Vec<(String, Phi<String>)>,
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TransferState {
    /// 2xx to the REFER.
    Accepted,
    /// A sipfrag below 200.
    Progress(u16),
    /// A sipfrag of 2xx: the target answered.
    Answered,
    /// The REFER or the new call was refused with this status.
    Failed(u16),
    /// Nothing more was heard within the trunk's `refer_wait`.
    Unknown,
}

/// Why a leg is over. Exactly one [`Event::Ended`] comes for each leg, whatever the path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EndCause {
    /// The far end sent BYE.
    RemoteBye,
    /// The far end sent CANCEL before we answered.
    RemoteCancel,
    /// We hung up.
    Local,
    /// Another call has taken its place (RFC 3891).
    Replaced,
    /// The far end refused our INVITE.
    Refused(u16),
    /// We refused its INVITE.
    RefusedByUs(u16),
    /// Our 200, or a reliable provisional response, was never acknowledged (64·T1, RFC 3261 §13.3.1.4, RFC 3262 §3).
    AckTimeout,
    /// A request of ours was never answered.
    Timeout,
    /// The session timer ran out, or nobody who knows the call answered our refresh (RFC 4028 §10).
    SessionExpired,
}

/// Why a message was thrown away without an answer.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum DropReason {
    /// No trunk takes requests from this source.
    UnknownSource,
    /// Not SIP, or no Via to answer to.
    Malformed,
    /// A response that no request of ours asked for.
    StrayResponse,
    /// Over a size limit of the parser.
    TooLarge,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// Somebody calls. 100 went out; ring, accept or refuse.
    Incoming(Box<Incoming>),
    /// The ACK to our 200 came, with the answer if our 200 held an offer. It comes again where a re-INVITE
    /// without an offer was answered with ours.
    Established { leg: LegId, answer: Option<Sdp> },
    /// A provisional response to our INVITE.
    Progress { leg: LegId, status: u16, sdp: Option<Sdp> },
    /// The PRACK to our 183 came, with the answer to the offer in it.
    EarlyAnswer { leg: LegId, sdp: Sdp },
    /// Our INVITE was accepted and acknowledged. `sdp` is that of the 200, or of the provisional response that held
    /// it; `None` where the media were agreed on otherwise since, or our INVITE had no offer.
    Answered { leg: LegId, sdp: Option<Sdp> },
    /// The answer to a re-INVITE that repeats our last SDP (a refresh) is not what it was before.
    Changed { leg: LegId, sdp: Sdp },
    /// An offer to accept or refuse: in a re-INVITE (`None`: it wants ours), UPDATE or PRACK, or in a response to an
    /// INVITE of ours that had none. A later one takes the place of an earlier.
    Offer { leg: LegId, sdp: Option<Sdp> },
    /// The far end asks us to call somebody else (only where allowed). Declined with 603 if not accepted within 32·T1.
    Referred { leg: LegId, target: Phi<String>, headers: Vec<(String, Phi<String>)> },
    /// What became of [`Command::Reoffer`]: the status, and with a 2xx the answer. The session goes on as it was
    /// after any refusal but 408 and 481, which end it (RFC 3261 §14.1).
    Reoffered { leg: LegId, status: u16, answer: Option<Sdp> },
    /// How our REFER goes.
    Transfer { leg: LegId, state: TransferState },
    /// A DTMF digit by INFO (`application/dtmf-relay` or `application/dtmf`).
    Dtmf { leg: LegId, digit: char },
    /// The leg is over; `reason` is the first of the far end's BYE, CANCEL or refusal (RFC 3326).
    Ended { leg: LegId, cause: EndCause, reason: Option<Reason> },
    /// Our OPTIONS was answered, or not (`None`), with the Retry-After that it said, and who it was; nobody where the name
    /// leads nowhere.
    OptionsAnswered {
        id: u32,
        status: Option<u16>,
        retry_after: Option<Duration>,
        asked: Option<Flow>,
    },
    /// Our REGISTER was answered, or not (`None`).
    RegisterAnswered { id: u32, status: Option<u16> },
    /// How a registration of ours goes.
    Registration { trunk: TrunkName, state: RegistrationState },
    /// A softphone registered, or withdrew (`expires` zero).
    Registered { user: String, flow: Flow, expires: Duration },
    /// A registration or call of a softphone failed its digest.
    /// After too many, none is looked at for the time `locked`.
    AuthenticationFailed { flow: Flow, user: Option<String>, locked: Option<Duration> },
    /// A PBX told of its voice mail without being asked (RFC 3842), and was answered 200.
    MailNotice { flow: Flow },
    /// A message was thrown away.
    Dropped { flow: Flow, why: DropReason },
    /// A request inside a call was refused, and why in words an admin can act on. The call goes on.
    Refused { leg: LegId, flow: Flow, method: String, status: u16, why: &'static str },
    /// A request was refused by the user agent itself, and why in words an admin can act on.
    Rejected { flow: Flow, method: String, status: u16, why: &'static str },
}
