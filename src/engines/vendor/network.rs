//! The network's side: one thread that runs all connections to vendors, and what they share.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// A connection is made within this, or is not.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
/// Idle connections that are kept for the next turn, to each vendor.
const IDLE: usize = 16;

/// Why nothing can be asked of any vendor.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The system refuses a thread.
    #[error("the vendors' thread cannot be started: {0}")]
    Thread(std::io::Error),
    /// TLS cannot be set up.
    #[error("TLS to vendors cannot be set up: {0}")]
    Tls(String),
}

/// Runs all connections to vendors. They end when it is dropped.
pub struct Network {
    /// There until it is dropped.
    runtime: Option<Runtime>,
    http: reqwest::Client,
    tls: Arc<ClientConfig>,
    trusts_nobody: bool,
}

impl Network {
    /// Starts its thread. Certificates are believed as this machine believes them.
    ///
    /// # Errors
    /// When the system refuses a thread, or TLS cannot be set up.
    pub fn start() -> Result<Arc<Self>, NetworkError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("vendors")
            .enable_all()
            .build()
            .map_err(NetworkError::Thread)?;
        let tls = |error: &dyn ToString| NetworkError::Tls(error.to_string());
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let trusts_nobody = roots.is_empty();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| tls(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // Health data follows no redirection, and goes through nobody else's hands.
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(config.clone())
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(IDLE)
            .user_agent(concat!("Attendant/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| tls(&error))?;
        Ok(Arc::new(Self { runtime: Some(runtime), http, tls: Arc::new(config), trusts_nobody }))
    }

    /// Whether this machine has no certificates of authorities: no vendor is believed over TLS then.
    pub fn trusts_nobody(&self) -> bool {
        self.trusts_nobody
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub(super) fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// Starts something that ends with the network, or with the handle.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.runtime().spawn(work).abort_handle()
    }

    /// Waits for something on a thread that may wait; `None` when it took longer.
    pub(super) fn wait<T>(&self, longest: Duration, work: impl Future<Output = T>) -> Option<T> {
        self.runtime().handle().block_on(async { timeout(longest, work).await.ok() })
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is taken by `drop` alone")
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Its thread ends by itself: nobody waits for a vendor here.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
