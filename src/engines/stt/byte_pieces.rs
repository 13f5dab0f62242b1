//! Whisper's word pieces: strings of bytes, each byte written as a letter (the "byte-level" form of GPT-2).

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
struct TokenizerFile {
    model: Pieces,
    added_tokens: Vec<Mark>,
}

#[derive(Deserialize)]
struct Pieces {
    vocab: BTreeMap<String, u32>,
}

#[derive(Deserialize)]
struct Mark {
    id: u32,
    content: String,
}

/// What nobody says, and the model writes for sounds that are no speech: "♪", "[MUSIC]", "(laughs)".
const NOT_SPEECH: &[char] = &[
    '♪', '♫', '♩', '♬', '♭', '♮', '♯', '[', ']', '(', ')', '{', '}', '<', '>', '*', '#', '_', '~',
    '|', '^', '=', '«', '»',
];

/// What each number stands for.
pub(super) struct BytePieces {
    pieces: Vec<Vec<u8>>,
    /// Numbers that are not said.
    unsaid: Vec<bool>,
    marks: BTreeMap<String, u32>,
}

impl BytePieces {
    /// Reads `tokenizer.json`.
    pub(super) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let file: TokenizerFile = serde_json::from_slice(json)?;
        let marks: BTreeMap<_, _> =
            file.added_tokens.into_iter().map(|m| (m.content, m.id)).collect();
        let last = file.model.vocab.values().chain(marks.values()).max();
        let size = last.map_or(0, |&last| last as usize + 1);
        let (mut pieces, mut unsaid) = (vec![Vec::new(); size], vec![true; size]);
        let bytes = bytes();
        for (text, number) in file.model.vocab.iter().filter(|(text, _)| !marks.contains_key(*text))
        {
            let piece: Vec<u8> = text.chars().filter_map(|c| bytes.get(&c).copied()).collect();
            unsaid[*number as usize] = String::from_utf8_lossy(&piece).contains(NOT_SPEECH);
            pieces[*number as usize] = piece;
        }
        Ok(Self { pieces, unsaid, marks })
    }

    /// Returns the number of a mark such as `<|es|>`.
    pub(super) fn mark(&self, name: &str) -> Option<u32> {
        self.marks.get(name).copied()
    }

    /// Whether this is no part of what people say: marks, and signs for sounds that are no speech.
    pub(super) fn is_unsaid(&self, number: u32) -> bool {
        self.unsaid.get(number as usize).copied().unwrap_or(true)
    }

    /// Returns the text, without spaces round it.
    pub(super) fn text(&self, numbers: &[u32]) -> String {
        let pieces = numbers.iter().filter_map(|&number| self.pieces.get(number as usize));
        let bytes: Vec<u8> = pieces.flatten().copied().collect();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }
}

/// The byte of each letter: printable bytes stand for themselves, the rest are numbered from U+0100 on.
fn bytes() -> BTreeMap<char, u8> {
    let plain = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let rest = (0..=255).filter(|&byte| !plain(byte)).zip(0x100_u32..);
    let rest = rest.filter_map(|(byte, code)| Some((char::from_u32(code)?, byte)));
    (0..=255).filter(|&byte| plain(byte)).map(|byte| (char::from(byte), byte)).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_bytes_and_bytes_are_text() {
        let json = r#"{"model": {"vocab": {"Ma": 0, "Ã±": 1, "ana": 2, "Ġa": 3, "Ġ[": 4, "<|es|>": 6}},
            "added_tokens": [{"id": 6, "content": "<|es|>"}, {"id": 7, "content": "<|en|>"}]}"#;
        let pieces = BytePieces::parse(json.as_bytes()).unwrap();
        assert_eq!(pieces.text(&[3, 3, 0, 1, 2, 6, 7, 900]), "a aMañana");
        let unsaid: Vec<_> = (0..9).filter(|&n| pieces.is_unsaid(n)).collect();
        assert_eq!(unsaid, [4, 5, 6, 7, 8]);
        assert_eq!((pieces.mark("<|es|>"), pieces.mark("<|fr|>")), (Some(6), None));
        assert_eq!(bytes().len(), 256);
        assert_eq!((bytes()[&'Ġ'], bytes()[&'Ċ'], bytes()[&'é']), (b' ', b'\n', 0xe9));
    }
}
