//! Engines that hear.

mod byte_pieces;
mod decoded;
mod decoder;
mod either;
mod hearing;
mod lexicon;
mod mel;
mod moonshine;
mod second_try;
mod turn_audio;
mod whisper;
mod word_pieces;

pub use either::either;
pub use moonshine::MoonshineModel;
pub use whisper::WhisperModel;
