//! What hears and speaks for us: the embedded models and where they come from, and vendors over the network.
//!
//! House rules: an engine stands behind a trait of [`crate::speech`] and owns its model; several
//! calls share one copy of the weights. Nothing here knows what a call is.

pub mod models;
pub mod stt;
pub mod tts;
pub mod vad;
pub mod vendor;

mod onnx_shapes;
mod runtime;
