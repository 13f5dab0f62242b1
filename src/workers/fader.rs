//! How loud the agent goes out: as it is, turned down, or not at all, and from one to the other without a click.

use crate::base::Frame;

/// Gains are parts of this.
const FULL: i32 = 1 << 15;
/// 15 dB less: clearly out of the way, and still there.
const DUCKED: i32 = 5827;

/// How the agent is to go out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Steer {
    pub(super) ducked: bool,
    pub(super) paused: bool,
}

impl Steer {
    fn gain(self) -> i32 {
        match self {
            Self { paused: true, .. } => 0,
            Self { ducked: true, .. } => DUCKED,
            Self { .. } => FULL,
        }
    }
}

/// The gain as it is now. It moves to where it is to be within one frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fader {
    gain: i32,
}

impl Default for Fader {
    fn default() -> Self {
        Self { gain: FULL }
    }
}

impl Fader {
    /// Nothing is heard any more.
    pub(super) fn is_shut(self) -> bool {
        self.gain == 0
    }

    /// Takes the gain at once, where nothing is heard that could click.
    pub(super) fn set(&mut self, to: Steer) {
        self.gain = to.gain();
    }

    /// Passes a frame.
    pub(super) fn pass(&mut self, to: Steer, frame: &mut Frame) {
        let from = std::mem::replace(&mut self.gain, to.gain());
        if from == FULL && self.gain == FULL {
            return;
        }
        let (step, samples) = (self.gain - from, Frame::SAMPLES as i32);
        for (sample, at) in frame.0.iter_mut().zip(1..) {
            let gain = from + step * at / samples;
            *sample = ((i32::from(*sample) * gain) >> 15) as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOWN: Steer = Steer { ducked: true, paused: false };
    const SHUT: Steer = Steer { ducked: true, paused: true };
    const LOUD: Frame = Frame([i16::MIN; Frame::SAMPLES]);

    #[test]
    fn it_is_turned_down_by_fifteen_decibels_and_up_again() {
        let mut fader = Fader::default();
        let mut pass = |to| {
            let mut frame = LOUD;
            fader.pass(to, &mut frame);
            frame
        };
        assert!(pass(Steer::default()) == LOUD);
        pass(DOWN);
        let down = pass(DOWN).level();
        assert!((down + 15.0).abs() < 0.1, "{down}");
        pass(SHUT);
        assert!(pass(SHUT) == Frame::SILENCE);
        pass(Steer::default());
        assert!(pass(Steer::default()) == LOUD);
    }

    #[test]
    fn it_never_jumps() {
        let mut fader = Fader::default();
        let mut last = i32::from(i16::MIN);
        for to in [DOWN, SHUT, Steer::default(), SHUT, DOWN, Steer::default()] {
            let mut frame = LOUD;
            fader.pass(to, &mut frame);
            for sample in frame.0 {
                let jump = (i32::from(sample) - last).abs();
                assert!(jump <= 32_768 / Frame::SAMPLES as i32 + 1, "{jump}");
                last = sample.into();
            }
        }
    }
}
