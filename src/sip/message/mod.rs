//! Bytes to requests and responses, and back (RFC 3261 §7, §25). Home of `rsip`.
//!
//! House rules: `rsip` is the store of header fields and nothing more; its parsers and writers
//! never see what the network sent. Every limit stands in `limits`. What names a person is
//! [`Phi`](crate::base::Phi), so that no `{:?}` of a message can leak it.

mod cseq;
mod forwarding;
mod frame;
mod headers;
mod identity;
mod intervals;
mod limits;
mod method;
mod model;
mod name_addr;
mod packet;
mod params;
mod parse;
mod reason;
mod reliable;
mod replaces;
pub(super) mod scan;
mod sipfrag;
mod status;
mod transfer;
mod uri;
mod via;
mod views;
mod write;

pub use cseq::CSeq;
pub use forwarding::{Diversion, HistoryEntry};
pub use frame::{Framed, PING, PONG, frame};
pub use headers::Headers;
pub use identity::{Party, Privacy, RemotePartyId};
pub use intervals::{Refresher, SessionExpires};
pub use limits::{MAX_FIELDS, MAX_FOLDS, MAX_MESSAGE, MAX_PARAMETERS, MAX_START_LINE, MAX_VALUE};
pub use method::Method;
pub use name_addr::NameAddr;
pub use packet::{Message, Request, Response};
pub use params::Params;
pub use parse::{Fault, ParseError, Rejection};
pub use reason::{Reason, Warning};
pub use reliable::RAck;
pub use replaces::Replaces;
pub use sipfrag::Sipfrag;
pub use status::reason_phrase;
pub use transfer::UserToUser;
pub use uri::{Scheme, Uri};
pub use via::Via;
pub use views::{EventPackage, Subscription, SubscriptionState};
pub use write::WriteError;
