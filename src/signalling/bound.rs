//! Opens what the settings list, and turns one set of sockets into another without touching what stays.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;

use super::error::BindError;
use super::settings::{Listen, Settings, TlsServer};
use super::stream::{Clients, Listener, server};
use super::udp::Udp;
use crate::sip::Transport;

/// Sockets ready to be used, and the TLS that belongs to them.
pub(super) struct Bound {
    pub(super) udp: Vec<Udp>,
    pub(super) listeners: Vec<Listener>,
    pub(super) clients: Clients,
    /// As bound, in the order of the settings.
    pub(super) ways: Vec<(Transport, SocketAddr)>,
}

impl Bound {
    /// Opens everything.
    ///
    /// # Errors
    /// Where one of it fails; then nothing is left open.
    pub(super) fn open(settings: &Settings) -> Result<Self, BindError> {
        Self::beside(settings, &[], &[])
    }

    /// Opens what is not open yet. UDP sockets that stay are not in `udp`; listeners that stay are renewed.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) fn beside(
        settings: &Settings,
        old: &[Udp],
        listeners: &[Listener],
    ) -> Result<Self, BindError> {
        if settings.listens.is_empty() {
            return Err(BindError::NoAddress);
        }
        let mut certificates = Certificates::default();
        let mut bound = Self {
            udp: Vec::new(),
            listeners: Vec::new(),
            clients: Clients::new(&settings.tls_clients)?,
            ways: Vec::new(),
        };
        for listen in &settings.listens {
            let Listen { transport, bind, tls } = listen;
            let twice = |other: &&Listen| other.transport == *transport && other.bind == *bind;
            if bind.port() != 0 && settings.listens.iter().filter(twice).any(|it| it.tls != *tls) {
                return Err(BindError::TwoCertificates { address: *bind });
            }
            let failed = |source| BindError::new(*transport, *bind, source);
            let local = match transport {
                Transport::Udp => match old.iter().find(|udp| udp.serves(*bind)) {
                    Some(there) => there.local,
                    None => {
                        let udp = Udp::bind(*bind).map_err(failed)?;
                        let local = udp.local;
                        bound.udp.push(udp);
                        local
                    }
                },
                Transport::Tcp | Transport::Tls => {
                    let tls = tls.as_ref().map(|tls| certificates.read(tls)).transpose()?;
                    let takes = *transport == Transport::Tcp || tls.is_some();
                    let mut there = listeners.iter().filter(|there| there.serves(*bind, takes));
                    let there = there
                        .clone()
                        .find(|there| there.transport == *transport)
                        .or_else(|| there.next());
                    let listener = match there {
                        Some(there) => there.renewed(*transport, tls),
                        None => Listener::bind(*transport, *bind, tls).map_err(failed)?,
                    };
                    let local = listener.local;
                    bound.listeners.push(listener);
                    local
                }
            };
            bound.ways.push((*transport, local));
        }
        Ok(bound)
    }
}

/// Files that several addresses share are read once.
#[derive(Default)]
struct Certificates(HashMap<TlsServer, Arc<ServerConfig>>);

impl Certificates {
    fn read(&mut self, tls: &TlsServer) -> Result<Arc<ServerConfig>, BindError> {
        if let Some(read) = self.0.get(tls) {
            return Ok(Arc::clone(read));
        }
        let read = server(tls)?;
        self.0.insert(tls.clone(), Arc::clone(&read));
        Ok(read)
    }
}
