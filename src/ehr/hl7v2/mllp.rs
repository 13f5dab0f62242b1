//! Messages in a stream of bytes: MLLP, the lower layer protocol that HL7 v2 travels on.
//!
//! HL7 transport specification MLLP, releases 1 and 2: `VT` message `FS CR`. What stands between frames is
//! skipped and counted, and a frame that never ends costs no more than the limit.

/// Begins a frame.
pub const START: u8 = 0x0b;
/// Ends a frame, with a carriage return behind it.
pub const END: u8 = 0x1c;
const CR: u8 = 0x0d;
const LF: u8 = 0x0a;

/// What a stream brought.
#[derive(Clone, Eq, PartialEq)]
pub enum Framed {
    /// A message, without its frame.
    Message(Vec<u8>),
    /// The bytes of a message are safe with the other side: release 2's commit acknowledgement.
    Committed,
    /// They are not.
    NotCommitted,
    /// Bytes outside of any frame, skipped.
    Garbage {
        /// How many.
        bytes: usize,
    },
    /// A frame began while another was open: the first is lost.
    Broken {
        /// How much of it there was.
        bytes: usize,
    },
    /// A frame was longer than the limit, and is skipped to its end.
    TooLong {
        /// The limit.
        max: usize,
    },
}

impl std::fmt::Debug for Framed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Message(bytes) => write!(f, "Message({} bytes)", bytes.len()),
            Self::Committed => f.write_str("Committed"),
            Self::NotCommitted => f.write_str("NotCommitted"),
            Self::Garbage { bytes } => write!(f, "Garbage({bytes} bytes)"),
            Self::Broken { bytes } => write!(f, "Broken({bytes} bytes)"),
            Self::TooLong { max } => write!(f, "TooLong(over {max} bytes)"),
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Between frames.
    Outside,
    /// In a frame.
    Inside,
    /// In a frame that is too long.
    Skipping,
}

/// Takes a stream apart, however it was cut into pieces.
pub struct Decoder {
    state: State,
    open: Vec<u8>,
    skipped: usize,
    max: usize,
}

impl Decoder {
    /// Starts between frames; no message may be longer than `max` bytes.
    pub fn new(max: usize) -> Self {
        Self { state: State::Outside, open: Vec::new(), skipped: 0, max }
    }

    /// Takes bytes off the front of `input` until something can be told; `None` when it is used up. Each byte
    /// is looked at once.
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Framed> {
        while let Some((&byte, rest)) = input.split_first() {
            let told = match (self.state, byte) {
                (State::Outside, START) if self.skipped > 0 => return Some(self.garbage()),
                (State::Outside, START) => self.enter(),
                // The end of the frame before, and what some put behind it.
                (State::Outside, CR | LF) => None,
                (State::Outside, _) => {
                    self.skipped = self.skipped.saturating_add(1);
                    None
                }
                (State::Skipping, START) => self.enter(),
                (State::Skipping, END) => self.leave(),
                (State::Skipping, _) => None,
                (State::Inside, START) => {
                    let bytes = self.open.len();
                    self.enter().or(Some(Framed::Broken { bytes }))
                }
                (State::Inside, END) => self.leave(),
                (State::Inside, _) if self.open.len() >= self.max => {
                    self.state = State::Skipping;
                    self.open = Vec::new();
                    Some(Framed::TooLong { max: self.max })
                }
                (State::Inside, byte) => {
                    self.open.push(byte);
                    None
                }
            };
            *input = rest;
            if told.is_some() {
                return told;
            }
        }
        // A stream of nothing but garbage is told as it comes.
        (self.state == State::Outside && self.skipped > 0).then(|| self.garbage())
    }

    /// Whether a frame is open: the connection may not close here without loss.
    pub fn is_inside(&self) -> bool {
        self.state != State::Outside
    }

    fn enter(&mut self) -> Option<Framed> {
        self.state = State::Inside;
        self.open.clear();
        None
    }

    fn leave(&mut self) -> Option<Framed> {
        let was = std::mem::replace(&mut self.state, State::Outside);
        let frame = std::mem::take(&mut self.open);
        match frame[..] {
            _ if was == State::Skipping => None,
            [0x06] => Some(Framed::Committed),
            [0x15] => Some(Framed::NotCommitted),
            _ => Some(Framed::Message(frame)),
        }
    }

    fn garbage(&mut self) -> Framed {
        Framed::Garbage { bytes: std::mem::take(&mut self.skipped) }
    }
}

/// Puts a message into a frame. Bytes that would end it early are left out: no message of ours has any.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 3);
    out.push(START);
    out.extend(message.iter().filter(|byte| ![START, END].contains(byte)));
    out.extend([END, CR]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;

    fn all(decoder: &mut Decoder, mut input: &[u8]) -> Vec<Framed> {
        std::iter::from_fn(|| decoder.next(&mut input)).collect()
    }

    #[test]
    fn a_stream_is_told_the_same_however_it_is_cut() {
        let mut stream = frame(b"MSH|one");
        stream.extend(b"\r\nnoise");
        stream.extend(frame(b"MSH|two\rPID|"));
        // No carriage return behind the end.
        stream
            .extend(b"\x0bMSH|three\x1c\x0bMSH|lost\x0bMSH|four\x1c\r\x0b\x06\x1c\r\x0b\x15\x1c\r");
        let whole = all(&mut Decoder::new(100), &stream);
        assert_eq!(
            whole,
            [
                Framed::Message(b"MSH|one".to_vec()),
                Framed::Garbage { bytes: 5 },
                Framed::Message(b"MSH|two\rPID|".to_vec()),
                Framed::Message(b"MSH|three".to_vec()),
                Framed::Broken { bytes: 8 },
                Framed::Message(b"MSH|four".to_vec()),
                Framed::Committed,
                Framed::NotCommitted,
            ]
        );
        for seed in 0..50 {
            let mut dice = Dice::new(seed);
            let (mut decoder, mut rest, mut told) = (Decoder::new(100), &stream[..], Vec::new());
            while !rest.is_empty() {
                let (piece, behind) = rest.split_at(1 + dice.below(rest.len() as u64) as usize);
                told.extend(all(&mut decoder, piece));
                rest = behind;
            }
            let no_garbage = |told: &[Framed]| {
                told.iter()
                    .filter(|one| !matches!(one, Framed::Garbage { .. }))
                    .cloned()
                    .collect::<Vec<_>>()
            };
            assert_eq!(no_garbage(&told), no_garbage(&whole), "seed {seed}");
        }
    }

    #[test]
    fn a_frame_that_never_ends_costs_no_more_than_the_limit() {
        let mut decoder = Decoder::new(16);
        let mut told = all(&mut decoder, b"\x0b");
        for _ in 0..1000 {
            told.extend(all(&mut decoder, &[b'x'; 64]));
            assert!(decoder.open.capacity() <= 64 && decoder.is_inside());
        }
        told.extend(all(&mut decoder, b"\x1c\r"));
        told.extend(all(&mut decoder, &frame(b"MSH|next")));
        assert_eq!(told, [Framed::TooLong { max: 16 }, Framed::Message(b"MSH|next".to_vec())]);
    }

    #[test]
    fn any_bytes_are_taken_and_the_next_message_is_found() {
        for seed in 0..2000 {
            let mut dice = Dice::new(seed);
            let mut decoder = Decoder::new(40);
            let noise: Vec<u8> = (0..dice.below(200))
                .map(|_| match dice.below(8) {
                    0 => START,
                    1 => END,
                    2 => CR,
                    _ => dice.below(256) as u8,
                })
                .collect();
            let told = all(&mut decoder, &noise);
            assert!(told.len() <= noise.len() + 1, "seed {seed}");
            let last = all(&mut decoder, &frame(b"MSH|after")).pop();
            assert_eq!(last, Some(Framed::Message(b"MSH|after".to_vec())), "seed {seed}");
        }
    }

    #[test]
    fn a_frame_holds_its_message_and_prints_none_of_it() {
        assert_eq!(frame(b"a\x0b\x1cb"), b"\x0bab\x1c\r");
        assert_eq!(format!("{:?}", Framed::Message(b"Jane".to_vec())), "Message(4 bytes)");
    }
}
