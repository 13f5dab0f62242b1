//! A voice's pieces of any length, cut into frames of one loudness.

use crate::base::Frame;
use crate::media::Leveller;

/// Cuts pieces of any length into frames.
#[derive(Default)]
pub(super) struct Slicer {
    begun: Vec<i16>,
    frames: Vec<Frame>,
}

impl Slicer {
    pub(super) fn cut(&mut self, piece: &[i16], leveller: &mut Leveller) -> &[Frame] {
        self.frames.clear();
        self.begun.extend_from_slice(piece);
        let mut chunks = self.begun.chunks_exact(Frame::SAMPLES);
        for chunk in &mut chunks {
            let mut frame = Frame::SILENCE;
            frame.0.copy_from_slice(chunk);
            leveller.level(&mut frame);
            self.frames.push(frame);
        }
        let rest = chunks.remainder().len();
        self.begun.drain(..self.begun.len() - rest);
        &self.frames
    }

    /// The last frame, filled up with silence.
    pub(super) fn rest(&mut self, leveller: &mut Leveller) -> &[Frame] {
        if self.begun.is_empty() {
            return &[];
        }
        let silence = vec![0; Frame::SAMPLES - self.begun.len()];
        self.cut(&silence, leveller)
    }
}
