//! One leg of a scripted call: its wire, what was agreed on it, and what came.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::clip::Clip;
use super::ear::{Ear, EarSettings, HeardPacket, Noticed};
use super::quality::{Quality, QualityReport};
use super::recording::{ReceivedPacket, SentTrack};
use super::report::{Arrivals, PacketReport};
use super::sound::Hearing;
use super::wire::{Sent, Stream, Wire};
use crate::base::LegId;
use crate::rtp::{MasterKey, Packet, SrtpReceiver};
use crate::sdp::{LocalMedia, Negotiated};

/// An hour of packets; what comes beyond is not kept for the recording.
const KEPT: usize = 180_000;

/// Packets kept until it is known what belongs to the call.
const EARLY: usize = 16;
/// Sound may overtake the answer that it belongs to by so much; what is older was early media.
const OVERTAKING: Duration = Duration::from_millis(100);

/// A packet, as it came.
#[derive(Debug)]
pub(super) struct Arrived {
    pub arrived: Instant,
    pub from: SocketAddr,
    pub datagram: Vec<u8>,
}

/// One leg.
pub(super) struct Party {
    pub leg: LegId,
    /// How we describe ourselves on it.
    pub media: LocalMedia,
    /// Answered and acknowledged.
    pub up: bool,
    /// The user agent has said that it ended.
    pub over: bool,
    wire: Wire,
    agreed: Option<Negotiated>,
    hearing: Option<Hearing>,
    /// What the far end encrypts with.
    srtp: Option<(MasterKey, SrtpReceiver)>,
    quality: Quality,
    ear: Ear,
    noticed: VecDeque<Noticed>,
    early: VecDeque<Arrived>,
    arrivals: Arrivals,
    foreign: u64,
    received: Vec<ReceivedPacket>,
    sent: Option<Sent>,
}

impl Party {
    /// Starts with a wire that only listens.
    pub(super) fn new(leg: LegId, media: LocalMedia, wire: Wire, ear: EarSettings) -> Self {
        Self {
            leg,
            media,
            up: false,
            over: false,
            wire,
            agreed: None,
            hearing: None,
            srtp: None,
            quality: Quality::default(),
            ear: Ear::new(ear),
            noticed: VecDeque::new(),
            early: VecDeque::new(),
            arrivals: Arrivals::default(),
            foreign: 0,
            received: Vec::new(),
            sent: None,
        }
    }

    /// Whether media were agreed on.
    pub(super) fn has_agreed(&self) -> bool {
        self.agreed.is_some()
    }

    /// We hold the call since then, or no longer.
    pub(super) fn hold(&mut self, since: Option<Instant>) {
        self.quality.hold(since);
    }

    /// Packets of sound so far.
    pub(super) fn received(&self) -> u64 {
        self.received.len() as u64
    }

    /// How well it is heard.
    pub(super) fn quality(&self) -> &Quality {
        &self.quality
    }

    /// Sends from now on as agreed, or as agreed anew.
    pub(super) fn agree(&mut self, now: Instant, agreed: Negotiated) {
        self.wire.stream(Stream {
            remote: agreed.remote,
            payload_type: agreed.payload_type,
            packet_time: agreed.packet_time,
            codec: agreed.codec,
            sends: agreed.direction.sends(),
            key: agreed.srtp.as_ref().map(|keys| keys.ours.clone()),
        });
        if self.agreed.as_ref().is_none_or(|before| before.codec != agreed.codec) {
            self.hearing = Some(Hearing::new(agreed.codec));
        }
        match &agreed.srtp {
            // The numbers that were counted go on with the key.
            Some(keys) if self.srtp.as_ref().is_some_and(|(key, _)| *key == keys.theirs) => {}
            Some(keys) => {
                let receiver = SrtpReceiver::new(&keys.theirs, keys.their_mki);
                self.srtp = Some((keys.theirs.clone(), receiver));
            }
            None => self.srtp = None,
        }
        self.quality.agree(&agreed);
        self.agreed = Some(agreed);
        for early in std::mem::take(&mut self.early) {
            if now.saturating_duration_since(early.arrived) < OVERTAKING {
                self.receive(early);
            }
        }
    }

    /// Says a clip.
    pub(super) fn play(&self, number: usize, clip: &Clip) {
        self.wire.play(number, &clip.frames);
    }

    /// Takes a packet; what is noticed comes from [`Self::poll_noticed`].
    pub(super) fn receive(&mut self, packet: Arrived) {
        let Some(agreed) = &self.agreed else {
            if self.early.len() >= EARLY {
                self.early.pop_front();
            }
            return self.early.push_back(packet);
        };
        let Arrived { arrived, from, mut datagram } = packet;
        let open = match &mut self.srtp {
            Some((_, srtp)) if from.ip() == agreed.remote.ip() => {
                srtp.unprotect(&mut datagram).ok()
            }
            _ => Some(datagram.len()),
        };
        let packet = open.and_then(|length| Packet::parse(&datagram[..length]).ok());
        let Some(Packet { header, payload }) = packet.filter(|_| from.ip() == agreed.remote.ip())
        else {
            self.quality.foreign();
            self.foreign += 1;
            return;
        };
        if agreed.telephone_event == Some(header.payload_type) {
            return;
        }
        if header.payload_type != agreed.payload_type {
            self.foreign += 1;
            return;
        }
        if !self.arrivals.count(header.ssrc.0, header.seq) {
            return;
        }
        let Some(hearing) = &mut self.hearing else { return };
        let sound = hearing.decode(payload);
        let level = sound.level();
        self.quality.receive(arrived, &header, level);
        self.ear.handle_input(arrived, HeardPacket { time: header.time, level });
        let clock = agreed.codec.clock_rate().0;
        self.listen();
        if self.received.len() < KEPT {
            let (ssrc, time) = (header.ssrc.0, header.time.0);
            self.received.push(ReceivedPacket { arrived, ssrc, time, clock, sound });
        }
    }

    /// Lets the ear look at the clock.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.ear.handle_timeout(now);
        self.listen();
    }

    /// Returns what the ear noticed.
    pub(super) fn poll_noticed(&mut self) -> Option<Noticed> {
        self.noticed.pop_front()
    }

    /// Returns when [`Self::handle_timeout`] is next due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.ear.poll_timeout().filter(|_| !self.over)
    }

    /// Closes the wire; [`Self::closed`] is called when it is.
    pub(super) fn close(&self) {
        self.wire.close();
    }

    /// The wire is closed.
    pub(super) fn closed(&mut self, sent: Sent) {
        self.sent = Some(sent);
    }

    /// Whether the wire is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.sent.is_some()
    }

    /// Adds what was sent and received to a report and a recording, and says how well it was heard.
    pub(super) fn account(
        self,
        packets: &mut PacketReport,
        left: &mut Vec<SentTrack>,
        right: &mut Vec<ReceivedPacket>,
    ) -> Option<QualityReport> {
        self.arrivals.report(packets);
        packets.foreign += self.foreign;
        let quality = self.quality.report(packets);
        right.extend(self.received);
        let Some(sent) = self.sent else { return quality };
        packets.sent += sent.packets;
        if let Some(origin) = sent.origin {
            left.push(SentTrack { origin, sound: sent.sound });
        }
        quality
    }

    fn listen(&mut self) {
        while let Some(noticed) = self.ear.poll_output() {
            self.noticed.push_back(noticed);
        }
    }
}
