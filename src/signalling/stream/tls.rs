//! TLS (RFC 5246, RFC 8446): our certificates, whom we believe, and what a failed handshake means in words.
//!
//! The name that a peer has to prove comes from the configuration (RFC 5922 §7.1), never from where a message
//! was sent.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{CertificateError, ClientConfig, RootCertStore, ServerConfig};

use super::end::End;
use crate::ops::TlsFailure;
use crate::signalling::settings::{TlsClient, TlsServer};

/// Why TLS cannot be set up: which file, and what about it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read the {what} {}", file.display())]
    Unreadable {
        /// What it should hold.
        what: &'static str,
        /// Which file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file holds nothing of the kind.
    #[error("{} holds no {what} in PEM", file.display())]
    Missing {
        /// What it should hold.
        what: &'static str,
        /// Which file.
        file: PathBuf,
    },
    /// A file holds something that is not usable.
    #[error("the {what} in {} cannot be used: {why}", file.display())]
    Unusable {
        /// What it should hold.
        what: &'static str,
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Certificate and key are not a pair.
    #[error("{} is not the private key of {}", key.display(), cert.display())]
    NoPair {
        /// The certificate.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// A client certificate without its key.
    #[error("{} has no private key beside it", cert.display())]
    NoKey {
        /// The certificate.
        cert: PathBuf,
    },
    /// A name that no certificate can hold.
    #[error("{name:?} is neither a host name nor an address")]
    BadName {
        /// The name.
        name: String,
    },
    /// This machine trusts nobody.
    #[error("this machine has no CA certificates")]
    NoSystemCas,
}

impl TlsError {
    /// Returns the name under which the manual explains it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "tls-file-unreadable",
            Self::Missing { .. } => "tls-file-empty",
            Self::Unusable { .. } => "tls-file-unusable",
            Self::NoPair { .. } => "tls-key-of-another",
            Self::NoKey { .. } => "tls-key-missing",
            Self::BadName { .. } => "tls-bad-name",
            Self::NoSystemCas => "tls-no-system-ca",
        }
    }

    /// Returns what to do about it.
    pub fn advice(&self) -> String {
        match self {
            Self::Unreadable { file, .. } => format!(
                "Check that it is there and that the service may read it: `ls -l {}`.",
                file.display()
            ),
            Self::Missing { what, .. } => format!(
                "A {what} in PEM begins with `-----BEGIN`; convert a DER file with `openssl x509 -inform der`."
            ),
            Self::Unusable { file, .. } => {
                format!(
                    "See what it holds with `openssl x509 -noout -text -in {}`.",
                    file.display()
                )
            }
            Self::NoPair { .. } => "Give the key that the certificate was made with.".into(),
            Self::NoKey { .. } => "Give the file of its private key as well.".into(),
            Self::BadName { .. } => "Write the name that stands in the PBX's certificate.".into(),
            Self::NoSystemCas => {
                "Install the package `ca-certificates`, or name the file of the CA.".into()
            }
        }
    }
}

/// Whom we expect at the other end of a connection that we make.
pub(super) struct Expected {
    pub(super) config: Arc<ClientConfig>,
    pub(super) name: ServerName<'static>,
}

/// Reads what we show to who connects, and whom we take.
pub(in crate::signalling) fn server(tls: &TlsServer) -> Result<Arc<ServerConfig>, TlsError> {
    let (chain, key) = (chain(&tls.cert)?, key(&tls.key)?);
    let unusable = |error: rustls::Error| match error {
        rustls::Error::InconsistentKeys(_) => {
            TlsError::NoPair { cert: tls.cert.clone(), key: tls.key.clone() }
        }
        error => unusable("certificate", &tls.cert, error),
    };
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let builder = match &tls.client_ca {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let cas = Arc::new(cas(file)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(cas, provider()).build();
            let bad = |error| self::unusable("CA certificate", file, error);
            builder.with_client_cert_verifier(verifier.map_err(bad)?)
        }
    };
    Ok(Arc::new(builder.with_single_cert(chain, key).map_err(unusable)?))
}

/// All whom we may connect to.
#[derive(Default)]
pub(in crate::signalling) struct Clients(Vec<(TlsClient, Arc<ClientConfig>, ServerName<'static>)>);

impl Clients {
    /// Reads their files.
    pub(in crate::signalling) fn new(clients: &[TlsClient]) -> Result<Self, TlsError> {
        let read = |tls: &TlsClient| {
            let bad = |_| TlsError::BadName { name: tls.server_name.clone() };
            let name = ServerName::try_from(tls.server_name.clone()).map_err(bad)?;
            Ok((tls.clone(), client(tls)?, name))
        };
        Ok(Self(clients.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// Returns whom we expect at an address that this host name led to, if one did.
    pub(super) fn expect(&self, remote: IpAddr, host: Option<&str>) -> Result<Expected, End> {
        let named = |tls: &TlsClient| {
            host.is_some_and(|host| tls.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)))
        };
        let listed = |tls: &TlsClient| tls.networks.iter().any(|net| net.contains(&remote));
        let found = self.0.iter().find(|(tls, ..)| named(tls));
        let found = found.or_else(|| self.0.iter().find(|(tls, ..)| listed(tls)));
        let Some((_, config, name)) = found else {
            let why = "no SIP profile says whose certificate to expect there";
            return Err(End::tls(TlsFailure::NotExpected, why));
        };
        Ok(Expected { config: Arc::clone(config), name: name.clone() })
    }
}

fn client(tls: &TlsClient) -> Result<Arc<ClientConfig>, TlsError> {
    let (roots, of) = match &tls.ca {
        Some(file) => (cas(file)?, file.clone()),
        None => (system_cas()?, PathBuf::from("the system's CA certificates")),
    };
    let bad = |error: rustls::Error| unusable("CA certificate", &of, error);
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
    let verifier = verifier.build().map_err(|error| unusable("CA certificate", &of, error))?;
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(bad)?
        .with_webpki_verifier(verifier);
    let config = match (&tls.cert, &tls.key) {
        (None, _) => builder.with_no_client_auth(),
        (Some(cert), None) => return Err(TlsError::NoKey { cert: cert.clone() }),
        (Some(cert), Some(key)) => {
            let pair = builder.with_client_auth_cert(chain(cert)?, self::key(key)?);
            pair.map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => {
                    TlsError::NoPair { cert: cert.clone(), key: key.clone() }
                }
                error => unusable("certificate", cert, error),
            })?
        }
    };
    Ok(Arc::new(config))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn unusable(what: &'static str, file: &Path, error: impl std::fmt::Display) -> TlsError {
    TlsError::Unusable { what, file: file.to_owned(), why: error.to_string() }
}

fn unread(what: &'static str, file: &Path, error: pem::Error) -> TlsError {
    let file = file.to_owned();
    match error {
        pem::Error::Io(source) => TlsError::Unreadable { what, file, source },
        pem::Error::NoItemsFound => TlsError::Missing { what, file },
        error => TlsError::Unusable { what, file, why: error.to_string() },
    }
}

fn certificates(what: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found =
        CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = found.map_err(|error| unread(what, file, error))?;
    match found.is_empty() {
        true => Err(TlsError::Missing { what, file: file.to_owned() }),
        false => Ok(found),
    }
}

fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    certificates("certificate", file)
}

fn key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| unread("private key", file, error))
}

fn cas(file: &Path) -> Result<RootCertStore, TlsError> {
    let what = "CA certificate";
    let mut store = RootCertStore::empty();
    for certificate in certificates(what, file)? {
        store.add(certificate).map_err(|error| unusable(what, file, error))?;
    }
    Ok(store)
}

fn system_cas() -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() { Err(TlsError::NoSystemCas) } else { Ok(store) }
}

/// Says why a handshake failed, `name` being the one that we expected.
pub(super) fn end(error: &io::Error, name: Option<&ServerName<'_>>) -> End {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(inner) = inner else {
        return End::tls(TlsFailure::Closed, format!("the peer went away: {error}"));
    };
    let (failure, why) = explain(inner);
    match name {
        Some(name) => End::tls(failure, format!("{why} (expected {})", name.to_str())),
        None => End::tls(failure, why),
    }
}

/// Says whether an error of a connection that was there is one of TLS.
pub(super) fn late(error: &io::Error) -> Option<End> {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>())?;
    let (failure, why) = explain(inner);
    Some(End::tls(failure, why))
}

fn explain(error: &rustls::Error) -> (TlsFailure, String) {
    use rustls::Error;
    let failure = match error {
        Error::NoCertificatesPresented => TlsFailure::NoCertificate,
        Error::InvalidCertificate(certificate) => match certificate {
            // A bad signature is that of another CA with the same name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                TlsFailure::UnknownCa
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsFailure::WrongName
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => TlsFailure::Expired,
            _ => TlsFailure::BadCertificate,
        },
        Error::AlertReceived(_) => TlsFailure::Refused,
        Error::PeerIncompatible(_) | Error::NoApplicationProtocol => TlsFailure::NothingInCommon,
        Error::InvalidMessage(_) => TlsFailure::NotTls,
        _ => TlsFailure::Closed,
    };
    let advice = match failure {
        TlsFailure::NoCertificate => "it showed no certificate, and this address asks for one",
        TlsFailure::UnknownCa => "its certificate does not come from the CA that is asked for",
        TlsFailure::WrongName => "its certificate is for another name",
        TlsFailure::Expired => "its certificate is not valid at this time",
        TlsFailure::BadCertificate => "its certificate is not valid",
        TlsFailure::Refused => "it refused; does it trust our CA, does it ask for a certificate?",
        TlsFailure::NothingInCommon => "no version of TLS or no cipher in common; 1.2 is the least",
        TlsFailure::NotTls => "it does not speak TLS; is this the port of another transport?",
        TlsFailure::Closed | TlsFailure::Timeout | TlsFailure::NotExpected => "it ended",
    };
    (failure, format!("{advice}: {error}"))
}
