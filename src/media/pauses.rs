//! When our pauses are described instead of sent (RFC 3389).

/// Noise that is still sent after the last sound, in samples at 16 kHz: 200 ms. The end of a word dies away, and a
/// voice that is late with its next frame has not paused.
const HANGOVER: usize = 3_200;
/// The description is said again: 500 ms. It may be lost, and whoever counts packets is to see that we are there.
const AGAIN: usize = 8_000;

/// Follows what is sent. All counts are in samples at 16 kHz.
#[derive(Clone, Debug, Default)]
pub(super) struct Pauses {
    /// By which number the far end takes descriptions.
    pub(super) payload_type: Option<u8>,
    /// What is to be sent next is the line's noise alone.
    pub(super) is_line: bool,
    /// What went out last was no sound.
    pub(super) rests: bool,
    /// So much of the line's noise came since the last sound.
    line: usize,
    /// So much was left out since the last description.
    since: Option<usize>,
}

impl Pauses {
    /// Nothing may be sent: what comes after it begins with a description, or with sound.
    pub(super) fn begin_anew(&mut self) {
        (self.line, self.since) = (0, None);
    }

    /// So much more is to be sent.
    pub(super) fn pass(&mut self, samples: usize) {
        self.line = if self.is_line { self.line.saturating_add(samples) } else { 0 };
    }

    /// Returns the payload type of a description when the next packet holds nothing else; `waiting` is what waits to be
    /// sent, that packet included.
    pub(super) fn describes(&mut self, waiting: usize) -> Option<u8> {
        self.rests = self.payload_type.is_some() && self.line >= waiting + HANGOVER;
        if !self.rests {
            self.since = None;
        }
        self.payload_type.filter(|_| self.rests)
    }

    /// Whether a description is due in place of a packet that is so long.
    pub(super) fn is_due(&mut self, packet: usize) -> bool {
        let since = self.since.map_or(AGAIN, |since| since + packet);
        let due = since >= AGAIN;
        self.since = Some(if due { 0 } else { since });
        due
    }
}
