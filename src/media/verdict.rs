//! Whether both sides hear each other, and if not, why: in words that somebody can act on at
//! three in the morning.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::time::Duration;

use super::levels::Levels;

/// So long a call goes on before anything is said of it.
pub const DECIDES_AFTER: Duration = Duration::from_secs(5);
/// After so long without a packet, one that came before has stopped. Who suppresses silence may
/// send nothing for a while.
const STOPPED: Duration = Duration::from_secs(10);
/// Frames of silence that are no pause: 20 s. Who listens to a greeting behind a noise gate sends as much.
const SILENT_FRAMES: u32 = 1000;
/// Packets in a row that could not be sent, and are no short fault of the network's: 1 s.
const UNSENT: u32 = 50;
/// Refusals that are no late opening of a port.
const REFUSALS: u64 = 3;
/// A refusal counts for so long: machines tell only one a second.
const REFUSAL_HOLDS: Duration = Duration::from_secs(3);

/// What is wrong with what comes in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Inbound {
    /// Not one packet came, from anywhere.
    Nothing,
    /// Packets come, and from somebody else than SDP named.
    Elsewhere {
        /// The last one's source.
        from: SocketAddr,
        /// How many.
        packets: u32,
    },
    /// Packets come that are not under the agreed key, or not encrypted at all.
    Undecipherable {
        /// How many.
        packets: u32,
    },
    /// Packets come, and in a format that was not agreed.
    WrongFormat {
        /// How many.
        packets: u32,
    },
    /// Packets came and do not come any more.
    Stopped {
        /// For how long, in seconds.
        seconds: u32,
    },
    /// Packets come, and all of them hold silence.
    OnlySilence,
}

/// What is wrong with what goes out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outbound {
    /// The far end forbids it: we are on hold and were from the start.
    OnHold,
    /// This machine can send no packet, from the start or since a while.
    Nothing,
    /// The far end's machine says that nobody listens there, or a router that there is no such machine.
    Refused,
    /// The far end reports that it gets nothing of ours.
    NotReceived,
}

/// Whether both sides hear each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// Where our packets go, and theirs should come from.
    pub remote: SocketAddr,
    /// What is wrong with what comes in.
    pub inbound: Option<Inbound>,
    /// What is wrong with what goes out.
    pub outbound: Option<Outbound>,
}

/// What is known of a call, since its media was last agreed on.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Since when it should have sound.
    pub lasted: Duration,
    /// Whether we are sent to.
    pub receives: bool,
    /// Whether we may send.
    pub sends: bool,
    /// Where packets go.
    pub remote: SocketAddr,
    /// Packets from there.
    pub received: u64,
    /// Since when none came.
    pub silent_for: Duration,
    /// Packets from somebody else, and the last one's source.
    pub foreign: u64,
    /// Who that is.
    pub foreign_from: Option<SocketAddr>,
    /// Packets that are not under the leg's key.
    pub undecipherable: u64,
    /// Packets of a payload type that was not agreed, among those received.
    pub unexpected: u64,
    /// How loud what came was.
    pub heard: Levels,
    /// Packets that we sent, in the whole call.
    pub sent: u64,
    /// How many of the latest of them this machine could not send.
    pub unsent: u32,
    /// How often their machine refused one.
    pub refused: u64,
    /// Since when it has not.
    pub not_refused_for: Duration,
    /// Reports of the far end that show packets of ours arriving.
    pub heard_us: u32,
    /// Reports since, which do not.
    pub missed_us: u32,
}

impl Verdict {
    /// Judges; `None` when it is too early.
    pub fn of(facts: &Facts) -> Option<Self> {
        if facts.lasted < DECIDES_AFTER {
            return None;
        }
        Some(Self { remote: facts.remote, inbound: inbound(facts), outbound: outbound(facts) })
    }

    /// Whether both sides hear each other, as far as we know.
    pub fn is_fine(&self) -> bool {
        self.inbound.is_none() && self.outbound.is_none()
    }

    /// Whether it says the same as another: numbers may differ.
    pub fn is_like(&self, other: &Self) -> bool {
        let inbound = |verdict: &Self| verdict.inbound.map(|it| std::mem::discriminant(&it));
        inbound(self) == inbound(other) && self.outbound == other.outbound
    }

    /// Puts it into words for an administrator; `ours` is the address in our SDP.
    pub fn words(&self, ours: SocketAddr) -> impl Display {
        Words { verdict: *self, ours }
    }
}

fn inbound(facts: &Facts) -> Option<Inbound> {
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    if !facts.receives {
        return None;
    }
    if facts.received == 0 {
        return Some(match facts.foreign_from.filter(|_| facts.foreign > 0) {
            _ if facts.undecipherable > 0 => {
                Inbound::Undecipherable { packets: count(facts.undecipherable) }
            }
            Some(from) => Inbound::Elsewhere { from, packets: count(facts.foreign) },
            None => Inbound::Nothing,
        });
    }
    if facts.silent_for >= STOPPED {
        let seconds = count(facts.silent_for.as_secs());
        return Some(Inbound::Stopped { seconds });
    }
    if facts.unexpected >= facts.received {
        return Some(Inbound::WrongFormat { packets: count(facts.unexpected) });
    }
    let silent = facts.heard.is_silent() && facts.heard.frames >= SILENT_FRAMES;
    silent.then_some(Inbound::OnlySilence)
}

fn outbound(facts: &Facts) -> Option<Outbound> {
    if facts.sent == 0 {
        return Some(if facts.sends { Outbound::Nothing } else { Outbound::OnHold });
    }
    if !facts.sends {
        return None;
    }
    if facts.unsent >= UNSENT {
        return Some(Outbound::Nothing);
    }
    let refused = facts.refused >= REFUSALS && facts.not_refused_for < REFUSAL_HOLDS;
    if refused && facts.heard_us == 0 {
        return Some(Outbound::Refused);
    }
    // A single report that shows nothing may have crossed our first packets.
    let missed = facts.missed_us >= 2 || facts.missed_us == 1 && facts.heard_us == 0;
    missed.then_some(Outbound::NotReceived)
}

struct Words {
    verdict: Verdict,
    ours: SocketAddr,
}

impl Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verdict: Verdict { remote, inbound, outbound }, ours } = self;
        let both = inbound.is_some() && outbound.is_some();
        match inbound {
            None if outbound.is_none() => return write!(f, "sound goes both ways"),
            None => {}
            Some(Inbound::Nothing) => write!(
                f,
                "we hear nothing: no packet came to {ours}, the address in our SDP. Can {remote} \
                 reach it? If not, set [listen] advertise; else look for a firewall that drops UDP"
            )?,
            Some(Inbound::Elsewhere { from, packets }) => write!(
                f,
                "we hear nothing: the PBX's SDP says {remote}, and {packets} packets came from \
                 {from} instead and were dropped. Correct the external media address of the PBX, \
                 or set [peer] nat = true if it is behind NAT"
            )?,
            Some(Inbound::Undecipherable { packets }) => write!(
                f,
                "we hear nothing: {packets} packets from {remote} are not encrypted with the \
                 agreed key. Does something between us change SDP, or send plain RTP?"
            )?,
            Some(Inbound::WrongFormat { packets }) => write!(
                f,
                "we hear nothing: all {packets} packets from {remote} are in a format that was \
                 not agreed. Compare the PBX's codecs with `codecs` of the profile"
            )?,
            Some(Inbound::Stopped { seconds }) => write!(
                f,
                "we hear nothing any more: the last packet from {remote} came {seconds} s ago. A \
                 NAT entry or firewall state ran out, or the far end died"
            )?,
            Some(Inbound::OnlySilence) => write!(
                f,
                "we hear silence: packets come from {remote}, and there is no sound in any. The \
                 caller's telephone is muted, or the sound is lost before the PBX"
            )?,
        }
        if both {
            write!(f, "; and ")?;
        }
        match outbound {
            None => Ok(()),
            Some(Outbound::OnHold) => {
                write!(f, "they hear nothing: the PBX's SDP has us on hold since the start")
            }
            Some(Outbound::Nothing) => write!(
                f,
                "they hear nothing: this machine can send no packet to {remote}. Is there a route to \
                 it, and does a firewall of this machine let UDP out?"
            ),
            Some(Outbound::Refused) => write!(
                f,
                "they hear nothing: our packets to {remote} of the PBX's SDP come back: nobody \
                 listens there, or there is no such host. Is it the PBX's media address?"
            ),
            Some(Outbound::NotReceived) => write!(
                f,
                "they hear nothing: the far end reports by RTCP that none of our packets to \
                 {remote} arrive. Look for a firewall or NAT before the PBX"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8, port: u16) -> SocketAddr {
        ([192, 0, 2, last], port).into()
    }

    /// A call that is well.
    fn well() -> Facts {
        Facts {
            lasted: Duration::from_secs(6),
            receives: true,
            sends: true,
            remote: address(1, 4000),
            received: 300,
            silent_for: Duration::ZERO,
            foreign: 0,
            foreign_from: None,
            undecipherable: 0,
            unexpected: 0,
            heard: Levels { frames: 300, loudest: -20.0, ..Levels::default() },
            sent: 300,
            unsent: 0,
            refused: 0,
            not_refused_for: Duration::MAX,
            heard_us: 1,
            missed_us: 0,
        }
    }

    fn silence() -> Levels {
        Levels { frames: 1000, ..Levels::default() }
    }

    #[test]
    fn each_fault_has_its_verdict() {
        let nothing = Facts { received: 0, heard: Levels::default(), ..well() };
        let foreign = Facts { foreign: 240, foreign_from: Some(address(9, 7)), ..nothing };
        let from = address(9, 7);
        let refused = Facts { refused: 4, not_refused_for: Duration::from_secs(1), ..well() };
        use Inbound::{Elsewhere, OnlySilence, Stopped, Undecipherable, WrongFormat};
        let table: &[(Facts, Option<Inbound>, Option<Outbound>)] = &[
            (well(), None, None),
            (nothing, Some(Inbound::Nothing), None),
            (foreign, Some(Elsewhere { from, packets: 240 }), None),
            // Somebody else may try his luck while all is well.
            (Facts { received: 300, heard: well().heard, ..foreign }, None, None),
            (Facts { undecipherable: 9, ..foreign }, Some(Undecipherable { packets: 9 }), None),
            (Facts { unexpected: 300, ..well() }, Some(WrongFormat { packets: 300 }), None),
            (Facts { unexpected: 20, ..well() }, None, None),
            (Facts { heard: silence(), ..well() }, Some(OnlySilence), None),
            // A greeting is listened to, through a gate that lets no noise pass.
            (Facts { heard: Levels { frames: 900, ..silence() }, ..well() }, None, None),
            (
                Facts { silent_for: Duration::from_secs(12), ..well() },
                Some(Stopped { seconds: 12 }),
                None,
            ),
            (Facts { silent_for: Duration::from_secs(9), ..well() }, None, None),
            // On hold nothing has to come, and nothing may be sent.
            (Facts { receives: false, sends: false, ..nothing }, None, None),
            (Facts { sends: false, sent: 0, ..well() }, None, Some(Outbound::OnHold)),
            (Facts { sent: 0, ..well() }, None, Some(Outbound::Nothing)),
            // From the start, or since the route was lost.
            (Facts { unsent: 250, ..well() }, None, Some(Outbound::Nothing)),
            (Facts { sent: 9000, unsent: 50, ..well() }, None, Some(Outbound::Nothing)),
            (Facts { unsent: 49, ..well() }, None, None),
            (Facts { unsent: 250, sends: false, ..well() }, None, None),
            (Facts { heard_us: 0, ..refused }, None, Some(Outbound::Refused)),
            (Facts { heard_us: 0, refused: 2, ..refused }, None, None),
            // It opened its port a little later than it said it would.
            (Facts { not_refused_for: Duration::from_secs(4), heard_us: 0, ..refused }, None, None),
            (refused, None, None),
            (Facts { heard_us: 0, missed_us: 1, ..well() }, None, Some(Outbound::NotReceived)),
            (Facts { heard_us: 5, missed_us: 1, ..well() }, None, None),
            (Facts { heard_us: 5, missed_us: 2, ..well() }, None, Some(Outbound::NotReceived)),
            // A far end without RTCP says nothing, and nothing follows from that.
            (Facts { heard_us: 0, missed_us: 0, ..well() }, None, None),
            (
                Facts { heard_us: 0, missed_us: 3, ..nothing },
                Some(Inbound::Nothing),
                Some(Outbound::NotReceived),
            ),
        ];
        for (index, (facts, inbound, outbound)) in table.iter().enumerate() {
            let verdict = Verdict::of(facts).unwrap();
            assert_eq!((verdict.inbound, verdict.outbound), (*inbound, *outbound), "{index}");
            assert_eq!(verdict.is_fine(), inbound.is_none() && outbound.is_none());
        }
        let early = Facts { lasted: Duration::from_secs(4), ..nothing };
        assert_eq!(Verdict::of(&early), None);
    }

    /// Each one names the addresses that matter and a thing to do, on one line.
    #[test]
    fn words_name_addresses_and_what_to_do() {
        let (remote, ours) = (address(1, 4000), address(200, 40_000));
        let said =
            |inbound, outbound| Verdict { remote, inbound, outbound }.words(ours).to_string();
        assert_eq!(said(None, None), "sound goes both ways");
        let nothing = said(Some(Inbound::Nothing), None);
        for word in ["192.0.2.200:40000", "192.0.2.1:4000", "[listen] advertise", "firewall"] {
            assert!(nothing.contains(word), "{word}: {nothing}");
        }
        let from = address(9, 7);
        let elsewhere = said(Some(Inbound::Elsewhere { from, packets: 240 }), None);
        for word in ["240 packets", "192.0.2.9:7", "192.0.2.1:4000", "[peer] nat"] {
            assert!(elsewhere.contains(word), "{word}: {elsewhere}");
        }
        let both = said(Some(Inbound::Nothing), Some(Outbound::NotReceived));
        assert!(both.starts_with("we hear nothing") && both.contains("; and they hear nothing"));
        assert!(!both.contains('\n') && both.len() < 500, "{both}");
    }
}
