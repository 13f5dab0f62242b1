//! Callers: each has a socket of its own, sends a packet every 20 ms and is sent one, and the
//! kernel writes down when that came.

use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use attendant::base::{RtpTime, SeqNo};
use attendant::codec::Codec;
use attendant::rtp::{Header, Packet, Ssrc};
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::{TimeSpec, TimeValLike};

use super::voice::{self, PACKET};
use super::{give_up, monotonic, sleep_until};

/// Callers take turns within 20 ms, a millisecond each.
const TURNS: usize = 20;
const TURN: Duration = Duration::from_millis(1);
const PACKET_NANOS: i64 = 20_000_000;

/// One caller.
struct Caller {
    socket: UdpSocket,
    /// What it sends, and expects to be sent.
    payload_type: u8,
    seq: u16,
    /// The first timestamp that it was sent.
    begun: Option<u32>,
    heard: Heard,
}

/// What one caller was sent in a window.
#[derive(Debug, Default)]
struct Heard {
    first: Option<i64>,
    last: i64,
    strange: u64,
    /// When each packet came, less 20 ms for each one before it.
    offsets: Vec<i64>,
}

/// What all callers were sent in a window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    /// Packets sent to the server.
    pub sent: u64,
    /// Packets that came from it.
    pub came: u64,
    /// Packet times between the first and the last of which nothing came.
    pub lost: u64,
    /// Packets of another payload type than the caller's.
    pub strange: u64,
    /// Callers that were sent nothing.
    pub silent: u64,
    /// How much later each packet came than the caller's earliest one, nanoseconds, in order.
    deviations: Vec<i64>,
}

impl Window {
    /// The deviation that this share of the packets stays below, in milliseconds.
    pub(crate) fn deviation(&self, share: f64) -> f64 {
        let last = self.deviations.len().saturating_sub(1);
        let index = (self.deviations.len() as f64 * share) as usize;
        self.deviations.get(index.min(last)).map_or(f64::NAN, |&nanos| nanos as f64 / 1e6)
    }
}

/// Callers, and what they say.
pub(crate) struct Callers {
    callers: Vec<Caller>,
    mu: Vec<[u8; PACKET]>,
    a: Vec<[u8; PACKET]>,
    control: Vec<u8>,
    round: usize,
    sent: u64,
}

impl Callers {
    pub(crate) fn new() -> Self {
        let (mu, a) = (voice::payloads(Codec::Pcmu), voice::payloads(Codec::Pcma));
        let control = nix::cmsg_space!(TimeSpec);
        Self { callers: vec![], mu, a, control, round: 0, sent: 0 }
    }

    /// Adds callers of a payload type (0 or 8) and returns their ports.
    pub(crate) fn add(&mut self, count: usize, payload_type: u8) -> Vec<u16> {
        let add = |_| {
            let caller = Caller::new(payload_type).unwrap_or_else(|error| {
                give_up(&format!("a caller has no socket ({error}): see `ulimit -n`"))
            });
            let port = caller.socket.local_addr().map_or(0, |address| address.port());
            self.callers.push(caller);
            port
        };
        (0..count).map(add).collect()
    }

    /// Tells the callers added last where to send to, in the order of their ports.
    pub(crate) fn connect(&mut self, ports: &[u16]) {
        let first = self.callers.len() - ports.len();
        for (caller, &port) in self.callers[first..].iter().zip(ports) {
            let server = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            if caller.socket.connect(server).is_err() {
                give_up("a caller cannot reach the server");
            }
        }
    }

    /// Returns how many packets were sent to the server so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Talks without looking, so that everything settles.
    pub(crate) fn settle(&mut self, time: Duration) {
        self.talk(time, false);
    }

    /// Talks for a time and returns what came meanwhile.
    pub(crate) fn measure(&mut self, time: Duration) -> Window {
        let packets = (time.as_millis() / 20) as usize + 50;
        for caller in &mut self.callers {
            caller.heard = Heard { offsets: Vec::with_capacity(packets), ..Heard::default() };
        }
        let mut window = Window { sent: self.talk(time, true), ..Window::default() };
        for caller in &mut self.callers {
            let Heard { first, last, strange, offsets } = std::mem::take(&mut caller.heard);
            let Some(first) = first else {
                window.silent += 1;
                continue;
            };
            window.came += offsets.len() as u64;
            window.lost += ((last - first + 1) as u64).saturating_sub(offsets.len() as u64);
            window.strange += strange;
            let earliest = offsets.iter().copied().min().unwrap_or(0);
            window.deviations.extend(offsets.iter().map(|offset| offset - earliest));
        }
        window.deviations.sort_unstable();
        window
    }

    /// Everybody sends and is sent packets for a time; returns how many were sent.
    fn talk(&mut self, time: Duration, measured: bool) -> u64 {
        let (start, mut sent) = (monotonic(), 0);
        for turn in 0..time.as_millis() as usize {
            sleep_until(start + TURN * turn as u32);
            let round = self.round + turn / TURNS;
            let turns = self.callers.iter_mut().enumerate().skip(turn % TURNS).step_by(TURNS);
            for (index, caller) in turns {
                while let Some(arrived) = caller.receive(&mut self.control) {
                    if measured {
                        caller.heard.take(arrived);
                    }
                }
                let says = if caller.payload_type == 0 { &self.mu } else { &self.a };
                sent += u64::from(caller.send(round, &says[(round + 7 * index) % says.len()]));
            }
        }
        self.round += time.as_millis() as usize / TURNS;
        self.sent += sent;
        sent
    }
}

/// A packet that came: its number by its timestamp, which goes on where a packet is left out; its time
/// of arrival; and whether it is of another payload type.
struct Arrived {
    number: i64,
    nanos: i64,
    strange: bool,
}

impl Heard {
    fn take(&mut self, arrived: Arrived) {
        self.first.get_or_insert(arrived.number);
        self.last = self.last.max(arrived.number);
        self.strange += u64::from(arrived.strange);
        self.offsets.push(arrived.nanos - arrived.number * PACKET_NANOS);
    }
}

impl Caller {
    fn new(payload_type: u8) -> std::io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        Ok(Self { socket, payload_type, seq: 0, begun: None, heard: Heard::default() })
    }

    fn send(&mut self, round: usize, payload: &[u8]) -> bool {
        let header = Header {
            payload_type: self.payload_type,
            marker: false,
            seq: SeqNo(self.seq),
            time: RtpTime((round * PACKET) as u32),
            ssrc: Ssrc(self.socket.as_raw_fd() as u32),
        };
        self.seq = self.seq.wrapping_add(1);
        let mut out = [0; 256];
        let length = Packet { header, payload }.write(&mut out).unwrap_or(0);
        self.socket.send(&out[..length]).is_ok()
    }

    fn receive(&mut self, control: &mut [u8]) -> Option<Arrived> {
        let mut buffer = [0; 1500];
        loop {
            let mut room = [IoSliceMut::new(&mut buffer)];
            let (socket, flags) = (self.socket.as_raw_fd(), MsgFlags::MSG_DONTWAIT);
            let message = match recvmsg::<()>(socket, &mut room, Some(control), flags) {
                Ok(message) => message,
                Err(Errno::EAGAIN) => return None,
                // The server had not opened its port yet when something was sent there.
                Err(_) => continue,
            };
            let length = message.bytes;
            let stamp = message.cmsgs().ok()?.find_map(|control| match control {
                ControlMessageOwned::ScmTimestampns(stamp) => Some(stamp.num_nanoseconds()),
                _ => None,
            });
            let nanos = stamp.unwrap_or_else(|| give_up("the kernel stamps no packets"));
            let Ok(packet) = Packet::parse(&buffer[..length]) else { continue };
            let begun = *self.begun.get_or_insert(packet.header.time.0);
            let number = i64::from(packet.header.time.0.wrapping_sub(begun) / PACKET as u32);
            let strange = packet.header.payload_type != self.payload_type;
            return Some(Arrived { number, nanos, strange });
        }
    }
}
