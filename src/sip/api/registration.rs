//! What a registration of ours is asked to be, and what is told of it.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Credentials, Flow};
use crate::base::TrunkName;

/// A registration of ours with a PBX, kept for as long as it is wanted (RFC 3261 §10.2).
#[derive(Clone, Debug)]
pub struct Registration {
    /// The trunk whose calls come by it.
    pub trunk: TrunkName,
    /// The registrar: `sip:10.0.0.5:5080`, or a name that is looked up.
    pub registrar: String,
    /// As whom: the user part of the address-of-record and of our Contact.
    pub user: String,
    /// What we answer to a 401 or 407.
    pub credentials: Option<Credentials>,
    /// The socket that it leaves by. Its `remote` says nothing.
    pub from: Flow,
    /// The address we put in Via and Contact.
    pub advertised: SocketAddr,
    /// How long we ask for; what the registrar grants counts.
    pub expires: Duration,
    /// Whether our Contact names the address that the registrar sees, instead of the advertised one.
    pub nat: bool,
}

/// How a registration of ours goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RegistrationState {
    /// The registrar has taken or refreshed it.
    Registered {
        /// For how long.
        expires: Duration,
        /// Where the PBX reaches us.
        contact: String,
        /// The way by which its calls come.
        flow: Flow,
    },
    /// An attempt failed. An earlier one may still hold: [`Self::Lost`] says when it no longer does.
    Failed {
        /// What the registrar answered; `None` is silence.
        status: Option<u16>,
        /// What an admin can do about it.
        why: String,
        /// When it is tried again.
        retry: Duration,
    },
    /// The PBX reaches us no longer.
    Lost,
    /// It was withdrawn, and this is the last word about it.
    Withdrawn,
}
