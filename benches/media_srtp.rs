//! Budget: SRTP both ways adds 0.6 µs to a leg's 20 ms, a tenth of what a packet in and one out cost with the kernel's share.
//!
//! The same leg in the clear and under each suite, in turns, so that a busy machine slows all alike. Printed are
//! the medians of the rounds and their ratio. Beside them, sealing and opening by themselves.

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Frame, RtpTime, SeqNo};
use attendant::codec::{Codec, Encoder};
use attendant::media::{LegParams, MediaSession};
use attendant::rtp::{
    Header, KeySeed, MasterKey, Packet, SrtpKeys, SrtpReceiver, SrtpSender, Ssrc, Suite,
};
use attendant::speech::Vad;

/// What the kernel takes to send one packet and receive one, at least.
const KERNEL_NS: f64 = 2600.0;
const ROUNDS: usize = 60;
const FRAMES: u32 = 500;

fn key(suite: Suite, number: u32) -> MasterKey {
    KeySeed::new([1; 32]).master_key(suite, number)
}

fn voice() -> Frame {
    let sample =
        |i: usize| (6000.0 * (i as f32 * 0.05).sin() + 2000.0 * (i as f32 * 0.4).sin()) as i16;
    Frame(std::array::from_fn(sample))
}

/// A leg, and packets of its far end made beforehand.
struct Leg {
    session: MediaSession,
    vad: Vad,
    now: Instant,
    sender: Option<SrtpSender>,
    number: u16,
    payload: [u8; 160],
}

impl Leg {
    fn new(suite: Option<Suite>) -> Self {
        let keys = |suite| SrtpKeys { ours: key(suite, 1), theirs: key(suite, 2), their_mki: 0 };
        let remote = SocketAddr::from(([192, 0, 2, 1], 4000));
        let now = Instant::now();
        let params = LegParams { srtp: suite.map(keys), ..LegParams::new(Codec::Pcmu, 0, remote) };
        let session = MediaSession::new(now, params, &mut Dice::new(1));
        let mut payload = [0; 160];
        Encoder::new(Codec::Pcmu).encode(&voice().0, &mut payload);
        let sender = suite.map(|suite| SrtpSender::new(&key(suite, 2)));
        Self { session, vad: Vad::new(), now, sender, number: 0, payload }
    }

    /// A round of frames both ways; returns nanoseconds a frame.
    fn round(&mut self) -> f64 {
        let remote = self.session.remote();
        let mut coming = Vec::new();
        for _ in 0..FRAMES {
            let (seq, time) = (SeqNo(self.number), RtpTime(u32::from(self.number) * 160));
            let header = Header { payload_type: 0, marker: false, seq, time, ssrc: Ssrc(1) };
            let mut out = vec![0; 200];
            let mut length =
                Packet { header, payload: &self.payload }.write(&mut out).expect("it fits");
            if let Some(sender) = &mut self.sender {
                length = sender.protect(&mut out, length).expect("it is a packet");
            }
            out.truncate(length);
            coming.push(out);
            self.number = self.number.wrapping_add(1);
        }
        let (frame, mut out) = (voice(), [0; 1500]);
        let begun = Instant::now();
        for packet in &coming {
            self.now += Duration::from_millis(20);
            self.session.tick(self.now, Some(&frame));
            while let Some(length) = self.session.poll_packet(&mut out) {
                black_box(&out[..length]);
            }
            self.session.receive(self.now, packet, remote);
            while let Some(heard) = self.session.poll_heard(self.now) {
                black_box(self.vad.push(&heard.frame).voiced);
            }
        }
        begun.elapsed().as_nanos() as f64 / f64::from(FRAMES)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Nanoseconds to seal a packet of 172 bytes, and to open it.
fn alone(suite: Suite) -> (f64, f64) {
    let mut packet = vec![0; 186];
    packet[0] = 0x80;
    let (mut seal, mut open) = (Vec::new(), Vec::new());
    let mut sender = SrtpSender::new(&key(suite, 1));
    let mut receiver = SrtpReceiver::new(&key(suite, 1), 0);
    let mut number = 0_u16;
    for _ in 0..ROUNDS {
        let mut packets: Vec<_> = (0..FRAMES)
            .map(|_| {
                number = number.wrapping_add(1);
                packet[2..4].copy_from_slice(&number.to_be_bytes());
                packet.clone()
            })
            .collect();
        let begun = Instant::now();
        let lengths: Vec<_> =
            packets.iter_mut().map(|it| sender.protect(it, 172).expect("it is a packet")).collect();
        seal.push(begun.elapsed().as_nanos() as f64 / f64::from(FRAMES));
        let begun = Instant::now();
        for (packet, length) in packets.iter_mut().zip(lengths) {
            receiver.unprotect(&mut packet[..length]).expect("it is genuine");
        }
        open.push(begun.elapsed().as_nanos() as f64 / f64::from(FRAMES));
    }
    (median(seal), median(open))
}

fn main() {
    let mut legs = [None, Some(Suite::Aes128Tag80), Some(Suite::Aes256Tag80)].map(Leg::new);
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (leg, times) in legs.iter_mut().zip(&mut times) {
            times.push(leg.round());
        }
    }
    let [plain, short, long] = times.map(median);
    println!("a leg's 20 ms both ways, without the system calls: {plain:.0} ns in the clear");
    for (name, time) in [("AES-128", short), ("AES-256", long)] {
        let (added, whole) = (time - plain, plain + KERNEL_NS);
        let share = added / whole;
        println!(
            "{name}: {time:.0} ns, {added:+.0} ns = {:.1} % of {whole:.0} ns with the kernel's share (budget 600 ns)",
            share * 100.0
        );
    }
    for suite in Suite::ALL {
        let (seal, open) = alone(suite);
        println!("{}: seal {seal:.0} ns, open {open:.0} ns", suite.name());
    }
}
