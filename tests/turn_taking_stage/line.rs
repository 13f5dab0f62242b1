//! A telephone line in virtual time: G.711 both ways over real media sessions, with the agent's echo in what comes back.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Frame};
use attendant::codec::Codec;
use attendant::media::{Heard, LegParams, MediaSession, Sound};
use attendant::speech::{Attention, HeardFrame, Noticed};

use super::cases::Draw;
use super::sounds::{MS, frame};

/// How our voice comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Echo {
    /// How much quieter, in dB.
    pub(crate) loss: f64,
    /// How much later than the far end hears it.
    pub(crate) delay_ms: usize,
    /// Through a room, from loudspeaker to microphone, and not through a hybrid.
    pub(crate) room: bool,
}

/// What the far end's wire makes of our voice.
struct EchoPath {
    taps: Vec<(usize, f64)>,
    sent: Vec<f64>,
}

impl EchoPath {
    fn new(echo: Option<Echo>, draw: Draw) -> Self {
        let mut taps = Vec::new();
        if let Some(Echo { loss, delay_ms, room }) = echo {
            let mut dice = Dice::new(delay_ms as u64 + 1000 * draw.0);
            let mut sign = || if dice.below(2) == 0 { -1.0 } else { 1.0 };
            // A hybrid rings for a millisecond or two, a room for a tenth of a second.
            let parts: Vec<(usize, f64)> = match room {
                false => {
                    [1.0, -0.45, 0.25, -0.1].iter().enumerate().map(|(i, g)| (6 * i, *g)).collect()
                }
                true => (0..60)
                    .map(|i| (i * 29 + i * i % 17, sign() * (-(i as f64) / 14.0).exp()))
                    .collect(),
            };
            let power: f64 = parts.iter().map(|(_, gain)| gain * gain).sum();
            let scale = 10_f64.powf(-loss / 20.0) / power.sqrt();
            taps = parts.into_iter().map(|(at, g)| (delay_ms * MS + at, g * scale)).collect();
        }
        Self { taps, sent: Vec::new() }
    }

    fn next(&mut self, sent: &Frame) -> [f64; Frame::SAMPLES] {
        let from = self.sent.len();
        self.sent.extend(sent.0.iter().map(|&s| f64::from(s)));
        let past = |at: usize| self.sent.get(at).copied().unwrap_or(0.0);
        std::array::from_fn(|i| {
            self.taps
                .iter()
                .map(|&(late, gain)| (from + i).checked_sub(late).map_or(0.0, past) * gain)
                .sum()
        })
    }
}

/// Both ends of it.
pub(crate) struct Line {
    start: Instant,
    ours: MediaSession,
    theirs: MediaSession,
    attention: Attention,
    echo: EchoPath,
    tick: usize,
    heard: Heard,
    packet: [u8; 1500],
    /// Of what comes, some packets are lost and some come with the next.
    bad: Option<Dice>,
    late: Vec<Vec<u8>>,
}

/// When what the far end sends arrives, in a tick of ours.
const ARRIVES: Duration = Duration::from_millis(7);

impl Line {
    pub(crate) fn new(start: Instant, echo: Option<Echo>, draw: Draw) -> Self {
        let remote = SocketAddr::from(([192, 0, 2, 1], 4000));
        let params = LegParams::new(Codec::Pcmu, 0, remote);
        let mut dice = Dice::new(1);
        Self {
            start,
            ours: MediaSession::new(start, params.clone(), &mut dice),
            theirs: MediaSession::new(start, params, &mut dice),
            attention: Attention::new(),
            echo: EchoPath::new(echo, draw),
            tick: 0,
            heard: Heard::default(),
            packet: [0; 1500],
            bad: None,
            late: Vec::new(),
        }
    }

    /// The same over a network that loses one packet in fifty and brings one in eight 20 ms late.
    pub(crate) fn over_a_bad_network(self, seed: u64) -> Self {
        Self { bad: Some(Dice::new(seed)), ..self }
    }

    /// The loss that was learnt.
    pub(crate) fn loss(&self) -> f32 {
        self.attention.sent().loss
    }

    /// Moves on by 20 ms: `agent` goes out, and `caller` comes in with the echo. Each frame that is heard is told with
    /// its time, as a leg on its media thread would.
    pub(crate) fn tick(
        &mut self,
        agent: Option<&Frame>,
        caller: &[f64],
        mut told: impl FnMut(Instant, &HeardFrame, Noticed),
    ) {
        let remote = SocketAddr::from(([192, 0, 2, 1], 4000));
        let now = self.start + Frame::TIME * self.tick as u32;
        let sent = self.ours.tick(now, agent);
        while let Some(length) = self.ours.poll_packet(&mut self.packet) {
            self.theirs.receive(now, &self.packet[..length], remote);
        }
        self.attention.send_level(sent.map_or(-127.0, |frame| frame.level()));
        let at_their_ear = self.theirs.poll_heard(now).map_or(Frame::SILENCE, |heard| heard.frame);
        let echo = self.echo.next(&at_their_ear);
        let caller = frame(caller, self.tick);
        let mixed = Frame(std::array::from_fn(|i| {
            (caller[i] + echo[i]).clamp(-32_768.0, 32_767.0).round() as i16
        }));
        self.theirs.tick(now, Some(&mixed));
        let arrives = now + ARRIVES;
        for packet in std::mem::take(&mut self.late) {
            self.ours.receive(arrives, &packet, remote);
        }
        while let Some(length) = self.theirs.poll_packet(&mut self.packet) {
            let packet = &self.packet[..length];
            let fate = self.bad.as_mut().map_or(u64::MAX, |dice| dice.below(400));
            match fate {
                0..8 => {}
                8..58 => self.late.push(packet.to_vec()),
                _ => _ = self.ours.receive(arrives, packet, remote),
            }
        }
        while self.ours.hear(arrives, &mut self.heard) {
            let Heard { tick, frame, sound, loudness, narrow } = &self.heard;
            let received = *sound == Sound::Received;
            let noticed = self.attention.hear(frame, loudness, *narrow, received);
            let sent = self.attention.sent();
            let voiced = noticed.activity.voiced;
            let concealed = *sound == Sound::Concealed;
            let heard = HeardFrame { tick: *tick, frame: *frame, voiced, concealed, sent };
            told(arrives, &heard, noticed);
        }
        self.tick += 1;
    }
}
