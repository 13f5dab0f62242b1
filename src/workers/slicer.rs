//! A voice's pieces of any length, cut into frames of one loudness.

use crate::base::Frame;
use crate::media::Leveller;

/// Cuts pieces of any length into frames. The last frame of a piece waits for the next, so that the leveller sees
/// what comes.
#[derive(Default)]
pub(super) struct Slicer {
    begun: Vec<i16>,
    held: Option<Frame>,
    frames: Vec<Frame>,
}

impl Slicer {
    pub(super) fn cut(&mut self, piece: &[i16], leveller: &mut Leveller) -> &[Frame] {
        leveller.learn(piece);
        self.frames.clear();
        self.begun.extend_from_slice(piece);
        let mut chunks = self.begun.chunks_exact(Frame::SAMPLES);
        for chunk in &mut chunks {
            let mut frame = Frame::SILENCE;
            frame.0.copy_from_slice(chunk);
            if let Some(mut before) = self.held.replace(frame) {
                leveller.level(&mut before, Some(&frame));
                self.frames.push(before);
            }
        }
        let rest = chunks.remainder().len();
        self.begun.drain(..self.begun.len() - rest);
        &self.frames
    }

    /// The last frame or two, filled up with silence.
    pub(super) fn rest(&mut self, leveller: &mut Leveller) -> &[Frame] {
        self.frames.clear();
        let last = (!self.begun.is_empty()).then(|| {
            let mut frame = Frame::SILENCE;
            frame.0[..self.begun.len()].copy_from_slice(&self.begun);
            frame
        });
        self.begun.clear();
        for (mut frame, next) in
            [(self.held.take(), last), (last, None)].into_iter().filter_map(|(f, n)| Some((f?, n)))
        {
            leveller.level(&mut frame, next.as_ref());
            self.frames.push(frame);
        }
        &self.frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_whatever_the_pieces() {
        let sound = vec![1_000_i16; 10 * Frame::SAMPLES + 7];
        for size in [1, 319, 320, 321, 5_000] {
            let (mut slicer, mut leveller) = (Slicer::default(), Leveller::default());
            let mut frames = 0;
            for piece in sound.chunks(size) {
                frames += slicer.cut(piece, &mut leveller).len();
            }
            frames += slicer.rest(&mut leveller).len();
            assert_eq!((frames, slicer.rest(&mut leveller).len()), (11, 0), "pieces of {size}");
        }
    }
}
