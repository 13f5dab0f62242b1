//! Engines that hear.

mod hearing;
mod moonshine;
mod turn_audio;
mod word_pieces;

pub use moonshine::MoonshineModel;
