//! Networks from a seed: what was sent, and when it comes if at all.
//!
//! Loss is Gilbert's: a good state and a bad one in which everything is lost, of which the mean
//! length is given. Packets come in the order in which they were sent unless it is said that they
//! overtake each other.
#![allow(dead_code, reason = "each test uses a part of it")]

use attendant::base::{Dice, RtpTime, SeqNo};
use attendant::rtp::{Header, Ssrc};

const MS: u64 = 1000;

/// A packet that was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Sent {
    /// Its number among all that were sent.
    pub index: u32,
    /// When, in microseconds of our clock.
    pub sent_us: u64,
    /// How much sound is in it.
    pub ms: u64,
    pub header: Header,
}

/// A packet that comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Arrival {
    pub at_us: u64,
    pub sent: Sent,
}

/// How much longer than the fastest a packet takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Jitter {
    /// Evenly between nothing and so many microseconds.
    Uniform(u64),
    /// Of this mean and deviation, in milliseconds.
    Normal(f64, f64),
    /// Now and then the network stands still for 150 ms.
    Spikes,
    /// Exponential, and sometimes much more.
    Wifi,
    /// A few packets are overtaken.
    Overtaken,
}

/// What happens to the stream in the middle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Midway {
    Nothing,
    /// Another source, with numbers and timestamps of its own.
    AnotherSource,
    /// The timestamp is an hour on.
    AnHour,
    /// The numbers jump.
    Numbers(i16),
}

/// A network, and the stream that goes through it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Impairment {
    pub name: &'static str,
    pub seconds: u64,
    /// Sound in each packet; the next one has `then_ms`, and so on in turn.
    pub ms: u64,
    pub then_ms: u64,
    /// Lost, in percent, and the mean number of packets in a row.
    pub loss: (f64, f64),
    pub jitter: Jitter,
    /// Percent that come again.
    pub duplicates: u64,
    /// How much too fast the far end's clock is.
    pub skew_ppm: i64,
    /// Nothing is sent while nobody speaks.
    pub talkspurts: bool,
    pub first_seq: u16,
    pub first_time: u32,
    pub midway: Midway,
    /// Percent of packets with another source's between.
    pub foreign: u64,
}

impl Impairment {
    pub(crate) const CLEAN: Self = Self {
        name: "clean",
        seconds: 60,
        ms: 20,
        then_ms: 20,
        loss: (0.0, 1.0),
        jitter: Jitter::Uniform(0),
        duplicates: 0,
        skew_ppm: 0,
        talkspurts: false,
        first_seq: 1000,
        first_time: 4_000_000,
        midway: Midway::Nothing,
        foreign: 0,
    };

    /// What is sent.
    pub(crate) fn sent(&self, dice: &mut Dice) -> Vec<Sent> {
        let mut all = Vec::new();
        let (mut media_us, mut index) = (0_u64, 0_u32);
        let (mut seq, mut offset, mut ssrc) = (self.first_seq, self.first_time, 0x5eed);
        let mut spurt_until = 0;
        let mut pause_until = 0;
        let mut marker = true;
        let mut turned = self.midway == Midway::Nothing;
        while media_us < self.seconds * 1000 * MS {
            let ms = if index.is_multiple_of(2) { self.ms } else { self.then_ms };
            if self.talkspurts && media_us >= spurt_until {
                pause_until = media_us + 200 * MS + exponential(dice, 1000.0);
                spurt_until = pause_until + 400 * MS + exponential(dice, 1200.0);
                marker = true;
            }
            if media_us < pause_until && media_us > 0 {
                media_us += ms * MS;
                continue;
            }
            if !turned && media_us >= self.seconds * 500 * MS {
                turned = true;
                match self.midway {
                    Midway::Nothing => {}
                    Midway::AnotherSource => {
                        (ssrc, seq, marker) = (0x0dd, seq.wrapping_add(20_000), true);
                        offset = offset.wrapping_add(1_234_567);
                    }
                    Midway::AnHour => offset = offset.wrapping_add(28_800_000),
                    Midway::Numbers(jump) => seq = seq.wrapping_add_signed(jump),
                }
            }
            let time = offset.wrapping_add((media_us / 125) as u32);
            let header = Header {
                payload_type: 0,
                marker,
                seq: SeqNo(seq),
                time: RtpTime(time),
                ssrc: Ssrc(ssrc),
            };
            let sent_us = (media_us as i64 * (1_000_000 - self.skew_ppm) / 1_000_000) as u64;
            all.push(Sent { index, sent_us, ms, header });
            (index, seq, marker) = (index + 1, seq.wrapping_add(1), false);
            media_us += ms * MS;
        }
        all
    }

    /// What of it comes, in the order in which it does.
    pub(crate) fn arrivals(&self, sent: &[Sent], dice: &mut Dice) -> Vec<Arrival> {
        let mut all = Vec::new();
        let (mut bad, mut latest) = (false, 0);
        let mut spike = 3_000_000 + exponential(dice, 10_000.0);
        for sent in sent {
            let (percent, burst) = self.loss;
            let chance = percent / 100.0;
            let turns = if bad { 1.0 / burst } else { chance / (burst * (1.0 - chance)) };
            bad ^= unit(dice) < turns;
            if bad {
                continue;
            }
            let mut delay = self.delay(dice);
            if matches!(self.jitter, Jitter::Spikes) && sent.sent_us >= spike {
                // It falls in real time: everything comes when it is over.
                delay += (spike + 150 * MS).saturating_sub(sent.sent_us);
                if sent.sent_us >= spike + 150 * MS {
                    spike = sent.sent_us + 1_000_000 + exponential(dice, 9000.0);
                }
            }
            let mut at_us = sent.sent_us + delay;
            if !matches!(self.jitter, Jitter::Overtaken) {
                at_us = at_us.max(latest);
                latest = at_us;
            }
            all.push(Arrival { at_us, sent: *sent });
            if dice.below(100) < self.duplicates {
                all.push(Arrival { at_us: at_us + dice.below(30 * MS), sent: *sent });
            }
            if dice.below(100) < self.foreign {
                let header =
                    Header { ssrc: Ssrc(0xbad), seq: SeqNo(dice.bits() as u16), ..sent.header };
                all.push(Arrival {
                    at_us: at_us + 1,
                    sent: Sent { index: u32::MAX, header, ..*sent },
                });
            }
        }
        all.sort_by_key(|arrival| arrival.at_us);
        all
    }

    fn delay(&self, dice: &mut Dice) -> u64 {
        match self.jitter {
            Jitter::Uniform(most) => dice.below(most + 1),
            Jitter::Normal(mean, deviation) => {
                // Twelve throws are close enough to normal (Irwin and Hall).
                let sum: f64 = (0..12).map(|_| unit(dice)).sum();
                ((mean + deviation * (sum - 6.0)).max(0.0) * 1000.0) as u64
            }
            Jitter::Spikes => dice.below(3 * MS),
            Jitter::Wifi => {
                let rare = dice.below(100) == 0;
                exponential(dice, 4.0) + if rare { 40 * MS + exponential(dice, 30.0) } else { 0 }
            }
            Jitter::Overtaken => {
                let rare = dice.below(100) < 5;
                dice.below(3 * MS) + if rare { 25 * MS + dice.below(20 * MS) } else { 0 }
            }
        }
    }
}

/// The networks that the buffer is measured on.
pub(crate) fn networks() -> Vec<Impairment> {
    use Jitter::{Normal, Overtaken, Spikes, Uniform, Wifi};
    const C: Impairment = Impairment::CLEAN;
    let jitter = |name, jitter| Impairment { name, jitter, ..C };
    let loss = |name, percent, burst| Impairment {
        name,
        loss: (percent, burst),
        jitter: Uniform(5 * MS),
        ..C
    };
    let even = Impairment { jitter: Uniform(10 * MS), ..C };
    vec![
        jitter("LAN", Uniform(MS / 2)),
        loss("loss 1 %", 1.0, 1.0),
        loss("loss 5 %", 5.0, 1.0),
        loss("loss 5 %, bursts of 4", 5.0, 4.0),
        loss("loss 20 %, bursts of 3", 20.0, 3.0),
        jitter("jitter 0-20", Uniform(20 * MS)),
        jitter("jitter 0-60", Uniform(60 * MS)),
        jitter("jitter 0-200", Uniform(200 * MS)),
        jitter("jitter normal, 10", Normal(30.0, 10.0)),
        jitter("spikes of 150 ms", Spikes),
        jitter("Wi-Fi", Wifi),
        jitter("overtaken 5 %", Overtaken),
        Impairment { name: "duplicates 10 %", duplicates: 10, ..even },
        Impairment { name: "skew +500 ppm", skew_ppm: 500, jitter: Uniform(5 * MS), ..C },
        Impairment { name: "skew -500 ppm", skew_ppm: -500, jitter: Uniform(5 * MS), ..C },
        Impairment { name: "talkspurts", talkspurts: true, ..even },
        Impairment {
            name: "talkspurts, jitter 60, loss 2 %",
            talkspurts: true,
            loss: (2.0, 1.0),
            jitter: Uniform(60 * MS),
            ..C
        },
        Impairment {
            name: "wraps",
            first_seq: 65_500,
            first_time: 0_u32.wrapping_sub(40 * 160),
            ..even
        },
        Impairment { name: "another source", midway: Midway::AnotherSource, ..even },
        Impairment { name: "an hour on", midway: Midway::AnHour, ..even },
        Impairment { name: "packets of 40 ms", ms: 40, then_ms: 40, ..even },
        Impairment { name: "packets of 10 ms", ms: 10, then_ms: 10, ..even },
        Impairment { name: "packets of 30 ms", ms: 30, then_ms: 30, ..even },
        Impairment { name: "packets of 60 ms", ms: 60, then_ms: 60, ..even },
        Impairment { name: "packets of 20 and 40 ms", then_ms: 40, ..even },
        Impairment { name: "numbers +100", midway: Midway::Numbers(100), ..even },
        Impairment { name: "numbers -100", midway: Midway::Numbers(-100), ..even },
        Impairment { name: "numbers -40", midway: Midway::Numbers(-40), ..even },
        Impairment { name: "another source between", foreign: 30, ..even },
    ]
}

fn unit(dice: &mut Dice) -> f64 {
    dice.below(1 << 32) as f64 / (1_u64 << 32) as f64
}

/// In microseconds, of a mean in milliseconds.
fn exponential(dice: &mut Dice, mean_ms: f64) -> u64 {
    (-mean_ms * 1000.0 * (1.0 - unit(dice)).ln()) as u64
}
