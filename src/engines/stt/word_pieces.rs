//! Moonshine's word pieces: from the numbers the decoder says to text.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The end of the text.
pub(super) const END: u32 = 2;
/// What the decoder starts from.
pub(super) const START: u32 = 1;

#[derive(Deserialize)]
struct TokenizerFile {
    model: Pieces,
}

#[derive(Deserialize)]
struct Pieces {
    vocab: BTreeMap<String, u32>,
}

/// What each number stands for. Numbers without an entry are marks of the model's own.
pub(super) struct WordPieces(Vec<Piece>);

enum Piece {
    Nothing,
    Text(String),
    Byte(u8),
}

impl WordPieces {
    /// Reads `tokenizer.json`.
    pub(super) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let file: TokenizerFile = serde_json::from_slice(json)?;
        let size = file.model.vocab.values().max().map_or(0, |&last| last as usize + 1);
        let mut pieces: Vec<Piece> = (0..size).map(|_| Piece::Nothing).collect();
        for (text, number) in file.model.vocab {
            pieces[number as usize] = match text.as_str() {
                "<unk>" | "<s>" | "</s>" => Piece::Nothing,
                text => {
                    byte_of(text).map_or_else(|| Piece::Text(text.replace('▁', " ")), Piece::Byte)
                }
            };
        }
        Ok(Self(pieces))
    }

    /// Returns the text, without spaces round it.
    pub(super) fn text(&self, numbers: &[u32]) -> String {
        let mut bytes = Vec::new();
        for &number in numbers {
            match self.0.get(number as usize) {
                Some(Piece::Text(text)) => bytes.extend_from_slice(text.as_bytes()),
                Some(Piece::Byte(byte)) => bytes.push(*byte),
                Some(Piece::Nothing) | None => {}
            }
        }
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }
}

/// Reads a piece like `<0xE2>`.
fn byte_of(text: &str) -> Option<u8> {
    let hex = text.strip_prefix("<0x")?.strip_suffix('>')?;
    if hex.len() == 2 { u8::from_str_radix(hex, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_words_and_bytes_to_letters() {
        let json = br#"{"model": {"vocab": {"<unk>": 0, "<s>": 1, "</s>": 2, "<0xC3>": 3,
            "<0xA9>": 4, "\u2581Jos": 5, "\u2581L": 6, "opez": 7, "<0x>": 8}}}"#;
        let pieces = WordPieces::parse(json).unwrap();
        assert_eq!(pieces.text(&[1, 5, 3, 4, 6, 7, 2]), "José Lopez");
        assert_eq!(pieces.text(&[8, 40_000]), "<0x>", "an unknown number says nothing");
        assert_eq!(pieces.text(&[3]), "\u{fffd}", "half a letter is no panic");
        assert_eq!(pieces.text(&[]), "");
    }
}
