//! What we sent of late, to tell the caller's voice from our own that comes back.
//!
//! An echo is what was sent some frames ago, quieter by the loss of its way. For each delay that it may have we learn the
//! greatest loss that was seen: a caller who speaks makes what comes louder and so proves nothing, but a moment in which
//! little came proves that little comes back by that delay. At the delay of the echo that is its loss; at all others, and
//! on a line without an echo at every one, it is soon far more. So what may be echo is known frame by frame, and in our
//! pauses the caller is heard at once.

use crate::base::Frame;

/// How late an echo may be: 25 × 20 ms = 500 ms.
const TAIL: usize = 25;
/// Frames by which the network may move what comes: one earlier, and two later with the frame that it is cut into.
const SPREAD: usize = 4;
/// Levels that are remembered.
const LEVELS: usize = TAIL + SPREAD - 1;
/// The level of nothing.
const SILENCE: f32 = -127.0;
/// Frames without a sound of ours after which we do not speak.
const PAUSE: usize = 5;
/// Below this, in dBov, we send pauses and no speech: nothing of them comes back.
const SPEECH: f32 = -45.0;
/// Only what is so near to the loudest vowels teaches a loss, in dB: hisses lose far more on a telephone line.
const NEAR_LOUDEST: f32 = 10.0;
/// How fast those are forgotten, in dB a frame: 2.5 dB a second.
const LOUDEST_FORGOTTEN: f32 = 0.05;
/// The loss that is assumed before anything is known, in dB: that of a bad line.
const FIRST_LOSS: f32 = 12.0;
/// The least and the most that is believed.
const LOSSES: (f32, f32) = (8.0, 40.0);
/// How much of what is missing is learnt from a frame, and the most of it in dB: one odd frame proves little, and the first word teaches all.
const LEARNT: (f32, f32) = (0.5, 6.0);
/// How fast a room lets a sound die away, in dB a frame: 60 dB in 300 ms. No echo falls faster than that.
const DIES_AWAY: f32 = 4.0;
/// What is forgotten with each frame of ours that could teach, in dB: 6 dB a second. Sounds of ours differ in how much of
/// them comes back, and lines change in a transfer.
const FORGOTTEN: f32 = 0.12;

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
    /// By how much the line makes our sound quieter before it comes back, in dB, at least.
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
    /// The latest first.
    levels: [f32; LEVELS],
    /// Of each delay in frames.
    losses: [f32; TAIL],
    /// How loud an echo may be by now, in dBov.
    echo: f32,
    /// How loud our vowels are, in dBov.
    vowels: f32,
    now: Sent,
}

impl Default for EchoReference {
    fn default() -> Self {
        let (levels, losses) = ([SILENCE; LEVELS], [FIRST_LOSS; TAIL]);
        Self { levels, losses, echo: SILENCE, vowels: SILENCE, now: Sent::default() }
    }
}

impl EchoReference {
    /// Notes the next 20 ms that go out; `None` when nothing or silence does.
    pub fn send(&mut self, frame: Option<&Frame>) {
        self.send_level(frame.map_or(SILENCE, Frame::level));
    }

    /// The same, of a frame whose level is known; -127 when nothing goes out.
    pub fn send_level(&mut self, level: f32) {
        let gone = self.levels[TAIL - 1];
        self.levels.copy_within(..LEVELS - 1, 1);
        self.levels[0] = level;
        self.vowels = level.max(self.vowels - LOUDEST_FORGOTTEN);
        let Sent { tick, loudest, loss, .. } = self.now;
        // The loudest is looked for anew only when it has just gone.
        let loudest = match level >= loudest {
            true => level,
            false if gone < loudest => loudest,
            false => self.levels[..TAIL].iter().copied().fold(SILENCE, f32::max),
        };
        self.now = Sent { tick: tick + 1, level, loudest, loss };
    }

    /// Notes time that passed with nothing sent, in frames.
    pub fn skip(&mut self, frames: u64) {
        for _ in 0..frames.min(LEVELS as u64) {
            self.send(None);
        }
        self.now.tick += frames.saturating_sub(LEVELS as u64);
    }

    /// Whether anything that we sent may still come back.
    pub fn may_come(&self) -> bool {
        self.now.loudest > SPEECH
    }

    /// Whether we speak now, and are neither done nor held.
    pub(super) fn is_speaking(&self) -> bool {
        self.levels[..PAUSE].iter().any(|&level| level > SPEECH)
    }

    /// How loud our echo may be in the frame that comes now, in dBov. Asked of each while it [may come](Self::may_come).
    pub fn next_echo(&mut self) -> f32 {
        let levels = self.levels.windows(SPREAD);
        let direct = self.losses.iter().zip(levels).fold(SILENCE, |echo, (loss, sent)| {
            echo.max(sent.iter().copied().fold(SILENCE, f32::max) - loss)
        });
        self.echo = direct.max(self.echo - DIES_AWAY);
        self.echo
    }

    /// Learns from that frame, by its level in dBov; from what is no echo, a `voice`, nothing is forgotten. What was made
    /// up in place of a lost one proves nothing.
    pub fn hear(&mut self, level: f32, voice: bool) {
        if !self.may_come() {
            return;
        }
        let least_loud = (self.vowels - NEAR_LOUDEST).max(SPEECH);
        let ((part, step), (least, most)) = (LEARNT, LOSSES);
        let mut lowest = most;
        for (loss, sent) in self.losses.iter_mut().zip(self.levels.windows(SPREAD)) {
            let sent = sent.iter().copied().fold(f32::INFINITY, f32::min);
            if sent > least_loud {
                let more = sent - level - *loss;
                let forgotten = if voice { 0.0 } else { FORGOTTEN };
                let learnt = if more > 0.0 { (more * part).min(step) } else { -forgotten };
                *loss = (*loss + learnt).clamp(least, most);
            }
            lowest = lowest.min(*loss);
        }
        self.now.loss = lowest;
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

    /// Words of a random length and level with pauses between them.
    fn words(dice: &mut Dice) -> impl FnMut() -> f32 {
        let (mut left, mut level) = (0, SILENCE);
        move || {
            if left == 0 {
                let pause = level > SPEECH && dice.below(3) == 0;
                level = if pause { -70.0 } else { -14.0 - dice.below(16) as f32 };
                left = 4 + dice.below(10);
            }
            left -= 1;
            level + dice.below(3) as f32
        }
    }

    /// Returns what comes of so many frames: the reference, and the frames in which what came was louder than it said.
    fn line(loss: f32, delay: usize, frames: usize, caller: f32) -> (EchoReference, usize) {
        let (mut echo, mut dice) = (EchoReference::default(), Dice::new(5));
        let mut words = words(&mut dice);
        let mut sent = vec![-90.0_f32; delay + 1];
        let (mut jitter, mut over) = (Dice::new(6), 0);
        for frame in 0..frames {
            sent.push(words());
            echo.send_level(sent[sent.len() - 1]);
            // The network brings it a frame sooner or later, in pieces of two frames.
            let at = sent.len() - 1 - delay + (jitter.below(3) as usize).min(delay);
            let at = at.clamp(1, sent.len()) - 1;
            let came = (sent[at] - loss).max(-75.0);
            let speaks = frame % 100 > 40;
            let came = if speaks { came.max(caller) } else { came };
            let may_come = echo.next_echo();
            over += usize::from(frame > 100 && came > may_come + 1.0);
            echo.hear(came, came > may_come + 6.0);
        }
        (echo, over)
    }

    #[test]
    fn the_loss_of_the_line_is_learnt_while_we_speak() {
        for (loss, learnt) in [(12.0, 12.0), (24.0, 24.0), (18.0, 18.0), (3.0, 8.0), (50.0, 40.0)] {
            for delay in [3, 7, 12, 20] {
                let (echo, over) = line(loss, delay, 1000, SILENCE);
                let now = echo.now().loss;
                assert!((now - learnt).abs() <= 3.0, "{loss} dB after {delay}: {now}");
                assert!(over <= 20 || loss < 8.0, "{loss} dB after {delay}: {over} echoes");
            }
        }
    }

    #[test]
    fn a_caller_who_speaks_over_us_is_not_taken_for_our_echo() {
        // On a line without one, from the first second on.
        let (echo, over) = line(60.0, 5, 400, -24.0);
        assert!(echo.now().loss > 30.0, "{}", echo.now().loss);
        assert!(over > 150, "heard in {over} frames of about 170");
        let (echo, _) = line(18.0, 5, 1000, -24.0);
        assert!((echo.now().loss - 18.0).abs() < 3.0, "{}", echo.now().loss);
    }

    #[test]
    fn nothing_is_learnt_while_nothing_is_sent() {
        let mut echo = EchoReference::default();
        for _ in 0..100 {
            echo.send(None);
            echo.hear(-20.0, false);
        }
        assert!(!echo.may_come());
        assert_eq!(echo.now().loss, FIRST_LOSS);
    }

    #[test]
    fn a_line_that_becomes_worse_is_learnt_again() {
        let (mut echo, _) = line(40.0, 5, 1000, SILENCE);
        for _ in 0..50 * 30 {
            echo.send_level(-15.0);
            echo.hear(-15.0 - 14.0, false);
        }
        assert!((13.0..15.5).contains(&echo.now().loss), "{}", echo.now().loss);
    }
}
