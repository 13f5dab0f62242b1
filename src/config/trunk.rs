//! One PBX connection, checked: what `sip-profiles/<name>.toml` comes to.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use crate::base::{PacketTime, Phi, Purpose};
use crate::codec::Codec;
use crate::dialplan::Numbers;
use crate::sip;

use super::{Preset, Transfer, WaitingSound};
use crate::sip::Transport;

/// A PBX connection whose every value has been checked.
#[derive(Clone, Debug)]
pub struct TrunkProfile {
    /// What the user agent needs of it; the trunk's name is in there.
    pub sip: sip::Trunk,
    /// The preset that it builds on.
    pub preset: Preset,
    /// The address that our own requests leave by: that of the PBX's transport in `listens`.
    pub listen: SocketAddr,
    /// Where its requests come in. Trunks may share a socket.
    pub listens: Vec<Listen>,
    /// The PBX, if calls go out to it.
    pub peer: Option<Peer>,
    /// The number plan of its calls.
    pub plan: PlanName,
    /// How its numbers are read.
    pub numbers: Numbers,
    /// Its media.
    pub media: TrunkMedia,
    /// How many calls it may bring.
    pub limits: Limits,
    /// How we register with the PBX, if we do.
    pub register: Option<Register>,
    /// A call that cannot be answered by then is refused, so that the PBX's own rule takes it.
    pub answer_within: Duration,
    /// Where its calls may be handed to.
    pub transfer: Transfer,
}

/// A socket of a trunk.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Listen {
    /// The transport.
    pub transport: Transport,
    /// The address to bind.
    pub address: SocketAddr,
    /// The certificate of a TLS socket; without one it takes no connection, and is only a way out.
    pub tls: Option<TlsFiles>,
}

/// PEM files of a TLS socket; they were there when the configuration was read.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct TlsFiles {
    /// Our certificate and its chain.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authority that the peer's certificate must come from; `None` asks for none.
    pub client_ca: Option<PathBuf>,
}

/// The name of a number plan: the file name in `dialplans/`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PlanName(pub(super) String);

impl PlanName {
    /// Returns the name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The far end of a trunk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Peer {
    /// An address or a DNS name.
    pub host: String,
    /// The port: 5060, or 5061 for TLS, unless written.
    pub port: u16,
    /// Whether the port was written: then a name is not looked up by SRV (RFC 3263 §4.2).
    pub fixed_port: bool,
    /// How requests go to it.
    pub transport: Transport,
    /// The authority that its certificate must come from; `None` takes those of the system.
    pub ca: Option<PathBuf>,
    /// How often it is asked with OPTIONS whether it is there.
    pub ping: Option<Duration>,
}

impl Peer {
    /// Returns host and port as a URI has them; the usual port is left out.
    pub fn host_and_port(&self) -> String {
        match (self.transport, self.port) {
            (Transport::Udp | Transport::Tcp, 5060) | (Transport::Tls, 5061) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// Returns where it is, when no name has to be looked up for that.
    pub fn address(&self) -> Option<SocketAddr> {
        self.host.trim_matches(['[', ']']).parse::<IpAddr>().ok().map(|ip| (ip, self.port).into())
    }
}

/// How many calls a trunk may bring.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// At a time; the next one is refused with 503.
    pub calls: u32,
    /// New calls a second; one more is refused with 503.
    pub calls_per_second: Option<NonZeroU32>,
    /// Calls of one caller; one more is refused with 486.
    pub per_caller: Option<PerCaller>,
}

/// How often one caller may call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PerCaller {
    /// So many calls.
    pub calls: NonZeroU32,
    /// In any time as long as this.
    pub within: Duration,
}

/// How we register with a PBX (RFC 3261 §10.2); with which password is in [`sip::Trunk::credentials`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Register {
    /// As whom: the extension number or the name of the trunk on the PBX.
    pub user: String,
    /// For how long we ask; the PBX may grant less.
    pub expires: Duration,
}

/// What media a trunk carries, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrunkMedia {
    /// The codecs, best first.
    pub codecs: Vec<Codec>,
    /// Whether digits travel as telephone-event (RFC 4733); INFO is understood either way.
    pub telephone_event: bool,
    /// Whether digits are looked for in the sound too.
    pub in_band_digits: bool,
    /// Whether the agent's silence is that of an open line.
    pub comfort_noise: bool,
    /// Whether our pauses are described and not sent where the far end has comfort noise (RFC 3389).
    pub silence_suppression: bool,
    /// What a caller hears while a person is sought for them.
    pub waiting: WaitingSound,
    /// A far end that sends nothing for so long is gone, unless it is on hold.
    pub rtp_timeout: Option<Duration>,
    /// How much sound we put in a packet.
    pub packet_time: PacketTime,
    /// Whether RTCP goes over the port of RTP.
    pub rtcp_mux: RtcpMux,
    /// Whether sound is encrypted.
    pub srtp: Srtp,
    /// The address to bind RTP sockets to.
    pub bind: IpAddr,
    /// The address to write into SDP.
    pub advertise: IpAddr,
    /// The ports to bind: whole pairs, from an even one to an odd one.
    pub ports: RangeInclusive<u16>,
}

/// Whether RTCP goes over the port of RTP (RFC 5761).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RtcpMux {
    /// Never.
    Off,
    /// When the PBX offers it.
    Accept,
    /// Offered by us too.
    Offer,
}

/// Whether sound is encrypted (SRTP, with keys in SDP: RFC 4568).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Srtp {
    /// Never; an offer of nothing else is refused.
    Off,
    /// As the PBX offers it.
    Optional,
    /// Always; an offer without it is refused.
    Required,
}

impl TrunkProfile {
    /// Brings a number to the form that the number plan's patterns are matched against.
    pub fn normalise(&self, number: &Phi<String>) -> Phi<String> {
        Phi::new(self.numbers.normalise(number.reveal(Purpose::Routing)))
    }
}
