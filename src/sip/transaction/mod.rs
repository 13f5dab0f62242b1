//! SIP transactions (RFC 3261 §17, amended by RFC 6026): repeats are sent and swallowed here.
//!
//! Four machines, one a file, and the layer that finds the machine a message belongs to.

mod client;
mod invite_client;
mod invite_server;
mod key;
mod layer;
mod server;
mod timing;

pub use client::{Client, ClientInput, ClientOutput};
pub use invite_client::InviteClient;
pub use invite_server::{InviteServer, InviteServerInput};
pub(crate) use layer::{AskId, Output, ServerId, Transactions};
pub use server::{Server, ServerInput, ServerOutput};
pub use timing::Timing;
