//! Where a host is (RFC 3263): NAPTR, SRV and address records, what failed lately, and the order that comes of it.

mod destination;
mod failures;
mod resolver;
mod srv;

pub use destination::Destination;
pub use resolver::{LocateError, Resolver};
