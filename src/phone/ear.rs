//! When the agent speaks and when it is done, told from the packets that arrive.
//!
//! A machine with the house's four verbs: no clock, no socket. Times are those of arrival, and an
//! onset is dated back to the first packet of the sound that turned out to be speech.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::base::{Decibel, RtpTime, TimerTable};

/// What counts as the agent's speech, and how long a silence ends what.
#[derive(Clone, Copy, Debug)]
pub struct EarSettings {
    /// A packet this loud may be speech: word ends and breath of a line voice lie above it, the
    /// comfort noise that gateways send (-60 and below) does not.
    pub sound: Decibel,
    /// Speech has packets this loud; telephone speech is about 20 dB above.
    pub speech: Decibel,
    /// So many packets of [`WINDOW`] at speech level make an onset: 3 × 20 ms is a short vowel.
    pub onset_packets: usize,
    /// A silence this long ends a talkspurt, and what follows is a new one.
    pub spurt_gap: Duration,
    /// A silence this long ends the agent's turn.
    pub turn_gap: Duration,
}

impl Default for EarSettings {
    fn default() -> Self {
        Self {
            sound: Decibel(-50.0),
            speech: Decibel(-40.0),
            onset_packets: 3,
            spurt_gap: Duration::from_millis(200),
            turn_gap: Duration::from_millis(700),
        }
    }
}

/// Packets looked back at for an onset: 5 × 20 ms.
const WINDOW: usize = 5;

/// A packet of sound, as far as the ear is concerned.
#[derive(Clone, Copy, Debug)]
pub struct HeardPacket {
    /// Its RTP timestamp.
    pub time: RtpTime,
    /// How loud it is.
    pub level: Decibel,
}

/// What the ear noticed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Noticed {
    /// A talkspurt began.
    Started {
        /// When its first packet arrived.
        at: Instant,
        /// The RTP timestamp of that packet.
        time: RtpTime,
    },
    /// The talkspurt is over.
    Paused {
        /// When its last packet arrived.
        last: Instant,
    },
    /// The agent's turn is over.
    Quiet {
        /// When its last packet of speech arrived.
        last: Instant,
    },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Timer {
    SpurtGap,
    TurnGap,
}

/// Tells speech from silence on one stream of packets.
#[derive(Debug)]
pub struct Ear {
    settings: EarSettings,
    in_spurt: bool,
    last_sound: Option<Instant>,
    recent: VecDeque<(Instant, HeardPacket)>,
    timers: TimerTable<Timer>,
    outputs: VecDeque<Noticed>,
}

impl Ear {
    /// Starts in silence.
    pub fn new(settings: EarSettings) -> Self {
        Self {
            settings,
            in_spurt: false,
            last_sound: None,
            recent: VecDeque::with_capacity(WINDOW + 1),
            timers: TimerTable::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes a packet that arrived at `now`.
    pub fn handle_input(&mut self, now: Instant, packet: HeardPacket) {
        self.handle_timeout(now);
        if self.in_spurt {
            if packet.level >= self.settings.sound {
                self.sounded(now);
            }
            return;
        }
        self.recent.push_back((now, packet));
        if self.recent.len() > WINDOW {
            self.recent.pop_front();
        }
        let speech = |p: &&(Instant, HeardPacket)| p.1.level >= self.settings.speech;
        if self.recent.iter().filter(speech).count() >= self.settings.onset_packets {
            self.begin(now);
        }
    }

    /// Looks whether a silence has become long enough.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            let Some(last) = self.last_sound else { continue };
            match timer {
                Timer::SpurtGap => {
                    self.in_spurt = false;
                    self.recent.clear();
                    self.outputs.push_back(Noticed::Paused { last });
                }
                // Something has just begun to sound: wait until it is known to be speech or not.
                Timer::TurnGap if self.is_undecided() => {
                    self.recent.retain(|(at, _)| now.duration_since(*at) < UNDECIDED);
                    self.timers.set(Timer::TurnGap, now + UNDECIDED);
                }
                Timer::TurnGap => self.outputs.push_back(Noticed::Quiet { last }),
            }
        }
    }

    /// Returns what was noticed since the last call.
    pub fn poll_output(&mut self) -> Option<Noticed> {
        self.outputs.pop_front()
    }

    /// Returns when [`Self::handle_timeout`] is next due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    fn is_undecided(&self) -> bool {
        self.recent.iter().any(|(_, p)| p.level >= self.settings.speech)
    }

    fn begin(&mut self, now: Instant) {
        // The onset is the first packet after the last silent one.
        let silent = self.recent.iter().rposition(|(_, p)| p.level < self.settings.sound);
        let loud_before =
            |n: usize| self.recent.iter().take(n).any(|(_, p)| p.level >= self.settings.speech);
        let from = match silent {
            Some(n) if !loud_before(n) => n + 1,
            // A dip within the onset: it began with the first packet that sounds.
            _ => self.recent.iter().position(|(_, p)| p.level >= self.settings.sound).unwrap_or(0),
        };
        if let Some((at, packet)) = self.recent.get(from).copied() {
            self.outputs.push_back(Noticed::Started { at, time: packet.time });
        }
        self.in_spurt = true;
        self.recent.clear();
        self.sounded(now);
    }

    fn sounded(&mut self, now: Instant) {
        self.last_sound = Some(now);
        self.timers.set(Timer::SpurtGap, now + self.settings.spurt_gap);
        self.timers.set(Timer::TurnGap, now + self.settings.turn_gap);
    }
}

/// How long a sound may stay undecided before a silence counts all the same: the window.
const UNDECIDED: Duration = Duration::from_millis(20 * WINDOW as u64);

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays `script` (one letter a 20 ms packet: `#` speech, `+` sound, `.` silence, `_` no
    /// packet) to an ear and tells what it noticed, in ms from the start.
    fn story(script: &str) -> Vec<String> {
        let start = Instant::now();
        let mut ear = Ear::new(EarSettings::default());
        let mut told = Vec::new();
        for (n, letter) in script.chars().filter(|c| !c.is_whitespace()).enumerate() {
            let now = start + Duration::from_millis(20 * n as u64);
            while let Some(due) = ear.poll_timeout().filter(|due| *due <= now) {
                ear.handle_timeout(due);
            }
            let level = match letter {
                '#' => -20.0,
                '+' => -45.0,
                '.' => -127.0,
                _ => f32::NAN,
            };
            if !level.is_nan() {
                let time = RtpTime(160 * n as u32);
                ear.handle_input(now, HeardPacket { time, level: Decibel(level) });
            }
            let ms = |at: Instant| at.duration_since(start).as_millis();
            while let Some(noticed) = ear.poll_output() {
                told.push(match noticed {
                    Noticed::Started { at, time } => {
                        assert_eq!(u128::from(time.0), ms(at) * 8);
                        format!("{}: started {}", ms(now), ms(at))
                    }
                    Noticed::Paused { last } => format!("{}: paused {}", ms(now), ms(last)),
                    Noticed::Quiet { last } => format!("{}: quiet {}", ms(now), ms(last)),
                });
            }
        }
        told
    }

    #[test]
    fn an_onset_is_dated_back_to_its_first_packet() {
        assert_eq!(story(".....###"), ["140: started 100"]);
        // A soft beginning belongs to the word.
        assert_eq!(story("....+###"), ["140: started 80"]);
        // So does a short closure within it.
        assert_eq!(story("...#.##"), ["120: started 60"]);
    }

    #[test]
    fn a_click_is_not_speech_and_a_pause_is_not_the_end() {
        assert_eq!(story(&format!("{}#{}", ".".repeat(10), ".".repeat(60))), [""; 0]);
        let pause = format!("#####{}#####{}", ".".repeat(20), ".".repeat(40));
        assert_eq!(
            story(&pause),
            [
                "40: started 0",
                "280: paused 80",
                "540: started 500",
                "780: paused 580",
                "1280: quiet 580"
            ]
        );
    }

    #[test]
    fn silence_may_also_be_the_absence_of_packets() {
        assert_eq!(
            story(&format!("###{}", "_".repeat(50))),
            ["40: started 0", "240: paused 40", "740: quiet 40"]
        );
    }

    #[test]
    fn a_word_that_is_just_beginning_puts_off_the_end_of_the_turn() {
        // Quiet would be due at 740 ms; the word begins at 720.
        let script = format!("###{}###{}", ".".repeat(33), ".".repeat(40));
        assert_eq!(
            story(&script),
            [
                "40: started 0",
                "240: paused 40",
                "760: started 720",
                "960: paused 760",
                "1460: quiet 760"
            ]
        );
        // A click at the same place only delays it.
        let click = format!("###{}#{}", ".".repeat(33), ".".repeat(40));
        assert_eq!(story(&click), ["40: started 0", "240: paused 40", "840: quiet 40"]);
    }
}
