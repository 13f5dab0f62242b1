//! Moonshine's word pieces: from the numbers the decoder says to text, and back.

use std::collections::{BTreeMap, HashMap};

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
    /// Which two pieces become one, those that do so first before the others: "in g".
    #[serde(default)]
    merges: Vec<String>,
}

/// What each number stands for. Numbers without an entry are marks of the model's own.
pub(super) struct WordPieces {
    pieces: Vec<Piece>,
    /// The numbers of single letters and of bytes.
    letters: HashMap<char, u32>,
    bytes: HashMap<u8, u32>,
    /// For two pieces: when they become one, and which.
    merges: HashMap<(u32, u32), (usize, u32)>,
}

enum Piece {
    Nothing,
    Text(String),
    Byte(u8),
}

impl WordPieces {
    /// Reads `tokenizer.json`.
    pub(super) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let Pieces { vocab, merges } = serde_json::from_slice::<TokenizerFile>(json)?.model;
        let merges = merges.iter().zip(0..).filter_map(|(merge, when)| {
            let (left, right) = merge.split_once(' ')?;
            let whole = vocab.get(&format!("{left}{right}"))?;
            Some(((*vocab.get(left)?, *vocab.get(right)?), (when, *whole)))
        });
        let merges = merges.collect();
        let size = vocab.values().max().map_or(0, |&last| last as usize + 1);
        let mut pieces: Vec<Piece> = (0..size).map(|_| Piece::Nothing).collect();
        let (mut letters, mut bytes) = (HashMap::new(), HashMap::new());
        for (text, number) in vocab {
            let mut chars = text.chars();
            pieces[number as usize] = match text.as_str() {
                "<unk>" | "<s>" | "</s>" => Piece::Nothing,
                text => {
                    if let (Some(letter), None) = (chars.next(), chars.next()) {
                        letters.insert(letter, number);
                    }
                    match byte_of(text) {
                        Some(byte) => {
                            bytes.insert(byte, number);
                            Piece::Byte(byte)
                        }
                        None => Piece::Text(text.replace('▁', " ")),
                    }
                }
            };
        }
        Ok(Self { pieces, letters, bytes, merges })
    }

    /// Returns the numbers of a text, as the model was taught to write it (byte pair encoding).
    pub(super) fn numbers(&self, text: &str) -> Vec<u32> {
        let mut numbers = Vec::new();
        for letter in std::iter::once(' ').chain(text.chars()) {
            let letter = if letter == ' ' { '▁' } else { letter };
            match self.letters.get(&letter) {
                Some(number) => numbers.push(*number),
                None => {
                    let mut utf8 = [0; 4];
                    let bytes = letter.encode_utf8(&mut utf8).bytes();
                    numbers.extend(bytes.filter_map(|byte| self.bytes.get(&byte)));
                }
            }
        }
        loop {
            let pairs = numbers.windows(2).enumerate();
            let next = pairs
                .filter_map(|(at, two)| Some((*self.merges.get(&(two[0], two[1]))?, at)))
                .min_by_key(|((when, _), at)| (*when, *at));
            let Some(((_, whole), at)) = next else { return numbers };
            numbers[at] = whole;
            numbers.remove(at + 1);
        }
    }

    /// Returns the text, without spaces round it.
    pub(super) fn text(&self, numbers: &[u32]) -> String {
        let mut bytes = Vec::new();
        for &number in numbers {
            match self.pieces.get(number as usize) {
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

    #[test]
    fn text_becomes_the_pieces_that_merge_first() {
        let json = br#"{"model": {"vocab": {"<0xC3>": 3, "<0xA9>": 4, "\u2581": 5, "a": 6, "b": 7,
            "ab": 8, "\u2581a": 9, "\u2581ab": 10, "ba": 11}, "merges": ["a b", "\u2581 a", "\u2581 ab"]}}"#;
        let pieces = WordPieces::parse(json).unwrap();
        assert_eq!(pieces.numbers("ab a"), [10, 9]);
        assert_eq!(pieces.numbers("bba"), [5, 7, 7, 6], "no rule says that b and a become one");
        assert_eq!(pieces.numbers("a\u{e9}"), [9, 3, 4]);
        assert_eq!(pieces.text(&pieces.numbers("abba ab")), "abba ab");
    }
}
