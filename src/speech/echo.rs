//! What we sent of late, to tell the caller's voice from our own that comes back.
//!
//! A trunk's echo is at most half a second late and some decibels quieter than what was sent: a
//! frame that is no louder than the loudest of that time less the line's loss may be echo. The
//! loss is learnt from the line: what comes while we speak is echo, or a caller who is louder.

use crate::base::Frame;

/// How late an echo may be: 25 × 20 ms = 500 ms.
const TAIL: usize = 25;
/// The level of nothing.
const SILENCE: f32 = -127.0;
/// Below this, in dBov, we send pauses and no speech: nothing of them comes back.
const SPEECH: f32 = -45.0;
/// Frames that are this much above the line's noise say something about its loss, in dB.
const ABOVE_NOISE: f32 = 6.0;
/// The loss that is assumed before anything is known, in dB: that of a bad line.
const FIRST_LOSS: f32 = 12.0;
/// The least and the most that is believed.
const LOSSES: (f32, f32) = (8.0, 40.0);
/// Frames that the loss is learnt from: 150 × 20 ms = 3 s of our speech.
const LEARNT_FROM: usize = 150;
/// And how many it takes to believe it.
const ENOUGH: usize = 25;

/// What was being sent at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sent {
    /// The number of the last frame sent, silence included: the clock of what goes out. A frame
    /// heard with this number came between that frame's departure and the next one's.
    pub tick: u64,
    /// That frame's level in dBov.
    pub level: f32,
    /// The highest level of the last 500 ms, in dBov.
    pub loudest: f32,
    /// By how much the line makes our sound quieter before it comes back, in dB.
    pub loss: f32,
}

impl Default for Sent {
    /// Nothing was sent.
    fn default() -> Self {
        Self { tick: 0, level: SILENCE, loudest: SILENCE, loss: FIRST_LOSS }
    }
}

/// The levels of what one leg sent, for as long as an echo may be under way.
#[derive(Clone, Debug)]
pub struct EchoReference {
    levels: [f32; TAIL],
    next: usize,
    now: Sent,
    loss: Loss,
}

impl Default for EchoReference {
    fn default() -> Self {
        let loss = Loss { last: [0; LEARNT_FROM], count: 0, next: 0, having: [0; DECIBELS] };
        Self { levels: [SILENCE; TAIL], next: 0, now: Sent::default(), loss }
    }
}

/// One place for each whole decibel.
const DECIBELS: usize = 64;

/// The tenth percentile of the last losses: the loudest echoes, without the odd loud cough.
#[derive(Clone, Debug)]
struct Loss {
    last: [u8; LEARNT_FROM],
    count: usize,
    next: usize,
    /// How many of the last have each value.
    having: [u8; DECIBELS],
}

impl Loss {
    fn learn(&mut self, loss: f32) -> Option<f32> {
        let loss = loss.clamp(0.0, (DECIBELS - 1) as f32) as u8;
        let gone = std::mem::replace(&mut self.last[self.next], loss);
        self.next = (self.next + 1) % LEARNT_FROM;
        if self.count == LEARNT_FROM {
            self.having[usize::from(gone)] -= 1;
        } else {
            self.count += 1;
        }
        self.having[usize::from(loss)] += 1;
        let mut below = 0;
        let tenth = self.having.iter().position(|&having| {
            below += usize::from(having);
            10 * below >= self.count
        });
        let (least, most) = LOSSES;
        tenth.filter(|_| self.count >= ENOUGH).map(|loss| (loss as f32).clamp(least, most))
    }
}

impl EchoReference {
    /// Notes the next 20 ms that go out; `None` when nothing or silence does.
    pub fn send(&mut self, frame: Option<&Frame>) {
        self.send_level(frame.map_or(SILENCE, Frame::level));
    }

    /// The same, of a frame whose level is known; -127 when nothing goes out.
    pub fn send_level(&mut self, level: f32) {
        let gone = std::mem::replace(&mut self.levels[self.next], level);
        self.next = (self.next + 1) % TAIL;
        let Sent { tick, loudest, loss, .. } = self.now;
        // The loudest is looked for anew only when it has just gone.
        let loudest = match level >= loudest {
            true => level,
            false if gone < loudest => loudest,
            false => self.levels.iter().copied().fold(SILENCE, f32::max),
        };
        self.now = Sent { tick: tick + 1, level, loudest, loss };
    }

    /// Notes time that passed with nothing sent, in frames.
    pub fn skip(&mut self, frames: u64) {
        for _ in 0..frames.min(TAIL as u64) {
            self.send(None);
        }
        self.now.tick += frames.saturating_sub(TAIL as u64);
    }

    /// Notes a frame that came, by its level and the level of the line's noise in dBov.
    pub fn hear(&mut self, level: f32, noise: f32) {
        if self.now.loudest > SPEECH
            && level > noise + ABOVE_NOISE
            && let Some(loss) = self.loss.learn(self.now.loudest - level)
        {
            self.now.loss = loss;
        }
    }

    /// What is being sent now.
    pub fn now(&self) -> Sent {
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;

    fn frame(amplitude: i16) -> Frame {
        Frame([amplitude; Frame::SAMPLES])
    }

    #[test]
    fn the_loudest_is_remembered_for_half_a_second() {
        let mut echo = EchoReference::default();
        assert_eq!(echo.now(), Sent::default());
        echo.send(Some(&frame(16_384)));
        let loud = echo.now().level;
        assert!((loud + 6.02).abs() < 0.01, "{loud}");
        for tick in 2..=25 {
            echo.send(None);
            assert_eq!(echo.now(), Sent { tick, loudest: loud, ..Sent::default() });
        }
        echo.send(None);
        assert_eq!(echo.now(), Sent { tick: 26, ..Sent::default() });
        echo.skip(1000);
        assert_eq!(echo.now().tick, 1026);
    }

    #[test]
    fn the_loudest_is_the_maximum_whatever_is_sent() {
        let (mut echo, mut dice) = (EchoReference::default(), Dice::new(4));
        let mut levels = vec![SILENCE; TAIL];
        for _ in 0..2000 {
            let next = (dice.below(3) > 0).then(|| frame(1 + dice.below(8) as i16));
            echo.send(next.as_ref());
            levels.push(next.map_or(SILENCE, |next| next.level()));
            let loudest = levels[levels.len() - TAIL..].iter().copied().fold(SILENCE, f32::max);
            assert_eq!(echo.now().loudest, loudest);
        }
    }

    #[test]
    fn the_loss_of_the_line_is_learnt_while_we_speak() {
        let (mut echo, mut dice) = (EchoReference::default(), Dice::new(5));
        // Nothing is learnt while nothing is sent, nor from the line's noise.
        for _ in 0..100 {
            echo.send(None);
            echo.hear(-20.0, -70.0);
        }
        assert_eq!(echo.now().loss, FIRST_LOSS);
        let voice = frame(4096);
        for (line, learnt) in [(24.0, 24.0), (18.0, 18.0), (3.0, 8.0), (50.0, 40.0)] {
            for round in 0..LEARNT_FROM {
                echo.send(Some(&voice));
                echo.hear(-60.0, -62.0);
                // Words rise and fall: most of an echo is quieter than its loudest.
                let quieter = if round % 5 == 0 { 0.0 } else { dice.below(12) as f32 };
                echo.hear(voice.level() - line - quieter, -90.0);
            }
            assert!((echo.now().loss - learnt).abs() <= 1.0, "{line}: {}", echo.now().loss);
        }
    }
}
