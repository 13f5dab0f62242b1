//! One RTP stream each way: a thread that sends by the clock, and one that notes when packets come.
//!
//! Kept apart from the media plane on purpose: no jitter buffer stands between the wire and the
//! stopwatch. The threads end by themselves when the [`Wire`] is dropped.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::party::Arrived;
use super::sound::{Hearing, Sound};
use crate::base::{Dice, Frame, PacketTime, RtpTime, SeqNo};
use crate::codec::{Codec, Encoder, MAX_PAYLOAD};
use crate::rtp::{Header, MasterKey, Packet, SRTP_OVERHEAD, SrtpSender, Ssrc};

/// Orders that may wait: a script gives one at a time.
const ORDERS: usize = 16;
/// How often the receiver looks whether it is still wanted.
const LOOK_UP: Duration = Duration::from_millis(100);
/// An hour at 8 kHz; what is sent beyond is not kept for the recording.
const KEPT: usize = 8_000 * 3_600;

/// Which wire of a call: the call itself, then the one it was transferred to.
pub(super) type WireId = usize;

/// Where and how to send.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// Where to.
    pub remote: SocketAddr,
    /// The payload type.
    pub payload_type: u8,
    /// How much sound a packet holds.
    pub packet_time: PacketTime,
    /// What it is coded with.
    pub codec: Codec,
    /// Whether anything is sent at all (hold).
    pub sends: bool,
    /// Our key of SRTP, if it is encrypted.
    pub key: Option<MasterKey>,
}

/// What happens on a wire.
#[derive(Debug)]
pub(super) enum WireEvent {
    /// A packet came.
    Received { wire: WireId, packet: Arrived },
    /// The first packet of a clip is out.
    Began { clip: usize, at: Instant, time: RtpTime },
    /// The last packet of that clip is out.
    Ended { at: Instant },
    /// The wire was closed.
    Closed { wire: WireId, sent: Sent },
}

/// What was sent on a wire.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    /// When the first packet was due; `None` if nothing was sent.
    pub origin: Option<Instant>,
    /// What was said, one packet after the other, as the far end hears it: it begins at `origin`.
    pub sound: Sound,
    /// Packets sent.
    pub packets: u64,
    /// Packets that the socket refused.
    pub refused: u64,
}

enum Order {
    Stream(Stream),
    Play { clip: usize, sound: Vec<i16> },
    Close,
}

/// A bound RTP port with its two threads.
#[derive(Debug)]
pub(super) struct Wire {
    local: SocketAddr,
    orders: SyncSender<Order>,
    wanted: Arc<AtomicBool>,
}

impl Wire {
    /// Binds a port and begins to listen.
    ///
    /// # Errors
    /// When no even port of the range is free, or no thread can be started.
    pub(super) fn open(
        id: WireId,
        address: IpAddr,
        ports: &RangeInclusive<u16>,
        dice: &mut Dice,
        events: mpsc::Sender<WireEvent>,
    ) -> io::Result<Self> {
        let socket = Arc::new(bind(address, ports, dice)?);
        socket.set_read_timeout(Some(LOOK_UP))?;
        let local = socket.local_addr()?;
        let wanted = Arc::new(AtomicBool::new(true));
        let (orders, taken) = sync_channel(ORDERS);
        let receiver = (Arc::clone(&socket), Arc::clone(&wanted), events.clone());
        thread::Builder::new().name("phone-rtp-in".into()).spawn(move || {
            let (socket, wanted, events) = receiver;
            receive(id, &socket, &wanted, &events);
        })?;
        let mut sender = Sender::new(id, socket, events, dice);
        thread::Builder::new().name("phone-rtp-out".into()).spawn(move || sender.run(&taken))?;
        Ok(Self { local, orders, wanted })
    }

    /// Returns the bound address.
    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Sends from now on, silence to begin with; or changes where and how.
    pub(super) fn stream(&self, stream: Stream) {
        self.order(Order::Stream(stream));
    }

    /// Plays a clip, 16 kHz, after what is being played.
    pub(super) fn play(&self, clip: usize, frames: &[Frame]) {
        let sound = frames.iter().flat_map(|frame| frame.0).collect();
        self.order(Order::Play { clip, sound });
    }

    /// Stops sending and receiving; [`WireEvent::Closed`] follows.
    pub(super) fn close(&self) {
        self.wanted.store(false, Ordering::Relaxed);
        self.order(Order::Close);
    }

    fn order(&self, order: Order) {
        // A full queue means that the thread has not run for minutes; the call is lost anyway.
        let _ = self.orders.try_send(order);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::Relaxed);
    }
}

/// Binds an even port of the range, beginning anywhere in it; a range of 0 leaves it to the system.
fn bind(address: IpAddr, ports: &RangeInclusive<u16>, dice: &mut Dice) -> io::Result<UdpSocket> {
    if *ports.end() == 0 {
        return UdpSocket::bind((address, 0));
    }
    let even: Vec<u16> = ports.clone().filter(|port| port % 2 == 0).collect();
    let first = dice.below(even.len() as u64) as usize;
    for n in 0..even.len() {
        match UdpSocket::bind((address, even[(first + n) % even.len()])) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            bound_or_hopeless => return bound_or_hopeless,
        }
    }
    let what = format!("no free RTP port from {} to {}", ports.start(), ports.end());
    Err(io::Error::new(ErrorKind::AddrInUse, what))
}

fn receive(
    wire: WireId,
    socket: &UdpSocket,
    wanted: &AtomicBool,
    events: &mpsc::Sender<WireEvent>,
) {
    let mut datagram = [0; 2048];
    while wanted.load(Ordering::Relaxed) && !events.is_closed() {
        // A timeout is a look-up; ECONNREFUSED and the like are a peer that is not there yet.
        let Ok((length, from)) = socket.recv_from(&mut datagram) else { continue };
        let arrived = Instant::now();
        if Packet::parse(&datagram[..length]).is_err() {
            continue;
        }
        // Full when the call task has slept for seconds: the packet counts as lost then.
        let packet = Arrived { arrived, from, datagram: datagram[..length].to_vec() };
        let _ = events.try_send(WireEvent::Received { wire, packet });
    }
}

/// The sending thread's state.
struct Sender {
    wire: WireId,
    socket: Arc<UdpSocket>,
    events: mpsc::Sender<WireEvent>,
    header: Header,
    /// What it is coded with, and how that sounds at the far end.
    coding: Option<(Codec, Encoder, Hearing)>,
    /// What it is encrypted with.
    srtp: Option<(MasterKey, SrtpSender)>,
    queue: VecDeque<(usize, Vec<i16>)>,
    /// How much of the first in the queue is out.
    played: usize,
    sent: Sent,
}

impl Sender {
    fn new(
        wire: WireId,
        socket: Arc<UdpSocket>,
        events: mpsc::Sender<WireEvent>,
        dice: &mut Dice,
    ) -> Self {
        let header = Header {
            payload_type: 0,
            marker: true,
            seq: SeqNo(dice.bits() as u16),
            time: RtpTime(dice.bits() as u32),
            ssrc: Ssrc(dice.bits() as u32),
        };
        let (queue, sent) = (VecDeque::new(), Sent::default());
        let (coding, srtp) = (None, None);
        Self { wire, socket, events, header, coding, srtp, queue, played: 0, sent }
    }

    fn run(&mut self, orders: &Receiver<Order>) {
        let mut due = None;
        let mut stream = None;
        loop {
            // Before the call is answered there is nothing to do but to wait for orders.
            let order = match due {
                None => orders.recv().map_err(|_| TryRecvError::Disconnected),
                Some(_) => orders.try_recv(),
            };
            match order {
                Ok(Order::Stream(new)) => {
                    self.agree(&new);
                    stream = Some(new);
                    due.get_or_insert_with(Instant::now);
                    continue;
                }
                Ok(Order::Play { clip, sound }) => {
                    self.queue.push_back((clip, sound));
                    continue;
                }
                Ok(Order::Close) | Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {}
            }
            if let (Some(at), Some(stream)) = (due, &stream) {
                thread::sleep(at.saturating_duration_since(Instant::now()));
                self.sent.origin.get_or_insert(at);
                self.send(stream);
                due = Some(at + self.lasts(stream));
            }
        }
        let sent = std::mem::take(&mut self.sent);
        let _ = self.events.blocking_send(WireEvent::Closed { wire: self.wire, sent });
    }

    /// Keeps what did not change: a codec's memory, and the numbers that SRTP has counted.
    fn agree(&mut self, stream: &Stream) {
        if self.coding.as_ref().is_none_or(|(codec, ..)| *codec != stream.codec) {
            let (encoder, hearing) = (Encoder::new(stream.codec), Hearing::new(stream.codec));
            self.coding = Some((stream.codec, encoder, hearing));
        }
        match &stream.key {
            Some(key) if self.srtp.as_ref().is_none_or(|(before, _)| before != key) => {
                self.srtp = Some((key.clone(), SrtpSender::new(key)));
            }
            Some(_) => {}
            None => self.srtp = None,
        }
    }

    fn send(&mut self, stream: &Stream) {
        let Some((codec, encoder, hearing)) = &mut self.coding else { return };
        let mut sound = vec![0; codec.packet(stream.packet_time)];
        let (mut began, mut ended) = (None, false);
        if let Some((clip, clip_sound)) = self.queue.front().filter(|_| stream.sends) {
            let rest = &clip_sound[self.played..];
            let length = rest.len().min(sound.len());
            sound[..length].copy_from_slice(&rest[..length]);
            began = (self.played == 0).then_some(*clip);
            ended = length == rest.len();
            self.played += length;
        }
        if ended {
            self.queue.pop_front();
            self.played = 0;
        }
        let mut payload = [0; MAX_PAYLOAD];
        let length = encoder.encode(&sound, &mut payload);
        let heard = hearing.decode(&payload[..length]);
        let passed = codec.on_clock(sound.len());
        if stream.sends {
            self.transmit(stream, &payload[..length]);
        } else {
            self.header.marker = true;
        }
        let at = Instant::now();
        if let Some(clip) = began {
            let time = self.header.time;
            let _ = self.events.blocking_send(WireEvent::Began { clip, at, time });
        }
        if ended {
            let _ = self.events.blocking_send(WireEvent::Ended { at });
        }
        self.keep(heard);
        self.header.time = RtpTime(self.header.time.0.wrapping_add(passed));
    }

    /// How much sound a packet holds: what was asked for, as far as the codec has packets of that length.
    fn lasts(&self, stream: &Stream) -> Duration {
        let samples = stream.codec.packet(stream.packet_time) as u32;
        Duration::from_secs(1) * samples / Frame::RATE.0
    }

    fn keep(&mut self, heard: Sound) {
        let kept = &mut self.sent.sound;
        if kept.samples.is_empty() {
            kept.rate = heard.rate;
        }
        let heard = heard.at(kept.rate);
        if kept.samples.len() + heard.len() <= KEPT {
            kept.samples.extend(heard);
        }
    }

    fn transmit(&mut self, stream: &Stream, payload: &[u8]) {
        let mut datagram = [0; 2048];
        self.header.payload_type = stream.payload_type;
        let packet = Packet { header: self.header, payload };
        let room = datagram.len() - SRTP_OVERHEAD;
        let Some(mut length) = packet.write(&mut datagram[..room]) else { return };
        if let Some((_, srtp)) = &mut self.srtp {
            match srtp.protect(&mut datagram, length) {
                Ok(protected) => length = protected,
                // Nothing is sent in the clear under a key that is used up.
                Err(_) => return self.sent.refused += 1,
            }
        }
        match self.socket.send_to(&datagram[..length], stream.remote) {
            Ok(_) => self.sent.packets += 1,
            Err(_) => self.sent.refused += 1,
        }
        self.header.seq = SeqNo(self.header.seq.0.wrapping_add(1));
        self.header.marker = false;
    }
}
