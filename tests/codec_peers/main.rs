//! Our codecs beside other implementations of the same standards, which ffmpeg brings: `make` installs it.
//!
//! G.711, G.722 and L16 have to agree in every bit. Opus and comfort noise leave the encoder, and comfort noise
//! the decoder, a choice: there one side's sound is compared with what went into the other.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "what recorded calls are judged by is more than is needed here")]
#[path = "../media_peers/compare.rs"]
mod compare;
mod exact;
mod ffmpeg;
mod noise;
mod ogg;
mod opus;
#[path = "../codec_speech/mod.rs"]
mod speech;
