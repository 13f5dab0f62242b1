//! The phone's user agent on its socket.

use std::net::SocketAddr;

use super::error::PhoneError;
use crate::sip::{Command, Event};

pub(super) struct Signals {
    address: SocketAddr,
}

impl Signals {
    pub(super) async fn bind(bind: SocketAddr, _seed: u64) -> Result<Self, PhoneError> {
        Ok(Self { address: bind })
    }
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
    pub(super) fn tell(&mut self, _command: Command) -> Result<(), PhoneError> {
        Ok(())
    }
    pub(super) async fn next(&mut self) -> Result<Event, PhoneError> {
        std::future::pending().await
    }
}
