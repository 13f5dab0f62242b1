//! From words to the numbers of their phonemes. Words that no dictionary knows go letter by
//! letter through a small network.

use std::collections::BTreeMap;

use misaki_rs::fallback::FallbackError;
use misaki_rs::{Fallback, G2P, Language};
use rten::{NodeId, Value, ValueView};
use serde::Deserialize;
use serde_json::from_slice;

use super::lexicon;
use crate::engines::models::{ModelError, ModelFile, ModelPaths};
use crate::engines::runtime::{Network, unusable};

/// What the voice says at once; a longer sentence is cut between words. The network takes 510.
const MAX_PHONEMES: usize = 400;
/// Beginning and end of what the voice is given.
const EDGE: i32 = 0;

/// The dictionary of the voice.
pub(super) struct Phonemes {
    g2p: G2P,
    numbers: BTreeMap<char, i32>,
}

impl Phonemes {
    /// Loads what the files say of it; the dictionary proper is compiled in.
    pub(super) fn load(paths: &ModelPaths) -> Result<Self, ModelError> {
        let json = paths.read(ModelFile::HibariPhonemes)?;
        let numbers =
            from_slice(&json).map_err(|e| unusable(paths, ModelFile::HibariPhonemes, e))?;
        let fallback: Box<dyn Fallback> = Box::new(UnknownWords::load(paths)?);
        let g2p = G2P::with_fallback(Language::EnglishUS, Some(fallback));
        Ok(Self { g2p, numbers })
    }

    /// Returns what the voice is to be given for a sentence, in one piece or more.
    pub(super) fn numbers(&self, sentence: &str) -> Vec<Vec<i32>> {
        let plain = lexicon::with_pronunciations(&speakable(sentence));
        let phonemes = self.g2p.g2p(&plain).map_or_else(|_| self.word_by_word(&plain), |(p, _)| p);
        // The voice was taught one sign each for a flapped and a glottal t.
        let phonemes = phonemes.replace('ɾ', "T").replace('ʔ', "t");
        pieces(phonemes.trim())
            .into_iter()
            .map(|piece| {
                let inside = piece.chars().filter_map(|c| self.numbers.get(&c).copied());
                [EDGE].into_iter().chain(inside).chain([EDGE]).collect::<Vec<i32>>()
            })
            .filter(|numbers| numbers.len() > 2)
            .collect()
    }

    /// Says what can be said of a sentence that the dictionary gives up on.
    fn word_by_word(&self, sentence: &str) -> String {
        let known = sentence.split(' ').filter_map(|word| self.g2p.g2p(word).ok());
        known.map(|(phonemes, _)| phonemes).collect::<Vec<_>>().join(" ")
    }
}

/// Keeps letters that an English voice has a sound for and the stops that it pauses at. Brackets
/// go too: `[word](/phonemes/)` is an instruction to the dictionary.
fn speakable(sentence: &str) -> String {
    let keep = |c: char| {
        let latin = c.is_alphanumeric() && c < '\u{0250}';
        if latin || " .,;:!?'\"-".contains(c) { c } else { ' ' }
    };
    sentence.chars().map(keep).collect()
}

/// Cuts what is too long, at a comma if one is near the end and else between words.
fn pieces(phonemes: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = phonemes;
    while let Some((limit, _)) = rest.char_indices().nth(MAX_PHONEMES) {
        let head = &rest[..limit];
        let half = rest.char_indices().nth(MAX_PHONEMES / 2).map_or(0, |(at, _)| at);
        let comma = head.rfind(", ").map(|at| at + 1).filter(|&at| at > half);
        let at = comma.or_else(|| head.rfind(' ')).filter(|&at| at > 0).unwrap_or(limit);
        pieces.push(rest[..at].trim());
        rest = rest[at..].trim_start();
    }
    pieces.push(rest);
    pieces
}

/// Reads a word by its letters.
struct UnknownWords {
    network: Network,
    input: NodeId,
    output: NodeId,
    letters: BTreeMap<char, i32>,
    phonemes: Vec<String>,
    longest: usize,
}

#[derive(Deserialize)]
struct Alphabet {
    #[serde(rename = "in")]
    letters: Vec<char>,
    #[serde(rename = "out")]
    phonemes: Vec<String>,
    #[serde(rename = "maxlen")]
    longest: usize,
}

impl UnknownWords {
    fn load(paths: &ModelPaths) -> Result<Self, ModelError> {
        let network = Network::load(paths, ModelFile::HibariUnknownWords)?;
        let file = ModelFile::HibariUnknownWordsAlphabet;
        let alphabet: Alphabet =
            from_slice(&paths.read(file)?).map_err(|e| unusable(paths, file, e))?;
        let [output] = network.outputs() else {
            return Err(network.unusable("it has more than one output"));
        };
        Ok(Self {
            input: network.node("chars")?,
            output: *output,
            letters: alphabet.letters.into_iter().zip(1..).collect(),
            phonemes: alphabet.phonemes,
            longest: alphabet.longest,
            network,
        })
    }

    fn read(&self, word: &str) -> Option<String> {
        let known = word.chars().filter_map(|c| self.letters.get(&c).copied());
        let ids: Vec<i32> = known.take(self.longest).collect();
        if ids.is_empty() {
            return None;
        }
        let ids = Value::from_shape([1, ids.len()], ids).ok()?;
        let output =
            self.network.run(vec![(self.input, ids.into())], &[self.output]).ok()?.pop()?;
        let ValueView::Int32Tensor(steps) = output.as_view() else { return None };
        let mut said = String::new();
        let mut last = 0;
        for &step in steps.iter() {
            // A sign counts once however many steps it fills; 0 is none.
            if step != last && step > 0 {
                said += self.phonemes.get(step as usize - 1)?;
            }
            last = step;
        }
        Some(said)
    }
}

impl Fallback for UnknownWords {
    fn phonemize(&self, word: &str) -> Result<String, FallbackError> {
        // Without the word in the error: it may be a name.
        self.read(word).ok_or_else(|| FallbackError::NoPhonemes { word: String::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_english_sound_is_left_out() {
        let words: Vec<String> = speakable("Zoë's [x](/y/) ਪ <☎> naïve?")
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        assert_eq!(words, ["Zoë's", "x", "y", "naïve?"]);
    }

    #[test]
    fn a_long_sentence_is_cut_between_words() {
        let words = "ab ".repeat(300);
        let cut = pieces(words.trim());
        assert_eq!(cut.iter().map(|p| p.len()).collect::<Vec<_>>(), [398, 398, 101]);
        assert_eq!(cut.join(" "), words.trim());
    }

    #[test]
    fn a_comma_is_a_better_place() {
        let words = format!("{}, {}", "ab ".repeat(90).trim(), "cd ".repeat(60).trim());
        assert_eq!(pieces(&words)[0].len(), 270);
    }

    #[test]
    fn one_endless_word_is_cut_anywhere() {
        let word = "ə".repeat(1000);
        assert_eq!(pieces(&word).iter().map(|p| p.chars().count()).sum::<usize>(), 1000);
    }
}
