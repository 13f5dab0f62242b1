//! What becomes of a reload, and the socket by which `attendant reload` asks for one and waits.
//!
//! A Unix socket in the data directory takes one line, answers with a line and a text, and closes.

use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::config::{ConfigErrors, Diagnostic};
use crate::signalling::BindError;

use super::switchboard::Control;

/// Its name in the data directory.
pub const CONTROL_SOCKET: &str = "control.sock";
/// The one thing that may be asked.
const RELOAD: &str = "reload";
/// Who asks writes a line at once.
const LINE: Duration = Duration::from_secs(5);
/// A line of a request is a tenth of this.
const LINE_BYTES: u64 = 80;
/// Reading the files takes milliseconds; names of certificates and lists may be on a slow disk.
const ANSWER: Duration = Duration::from_secs(60);

/// A configuration that is in force now.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// Which one.
    pub generation: String,
    /// How many SIP profiles it has.
    pub trunks: usize,
    /// Keys that changed and wait for a restart.
    pub waiting: Vec<&'static str>,
    /// What works and may not be what was meant.
    pub warnings: Vec<Diagnostic>,
}

impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.warnings.iter().try_for_each(|warning| writeln!(f, "{warning}\n"))?;
        let Self { generation, trunks, waiting, warnings } = self;
        let warnings = warnings.len();
        write!(f, "Reloaded {generation}: SIP profiles {trunks}, warnings {warnings}")?;
        match waiting.is_empty() {
            true => Ok(()),
            false => write!(f, "\nTakes effect after a restart: {}", waiting.join(", ")),
        }
    }
}

/// Why a configuration was refused; the old one stays in force, as if nothing had been asked.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// There are mistakes in it.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// A socket that it asks for cannot be opened.
    #[error("{0}\n  = help: {advice}", advice = .0.advice())]
    Sockets(#[from] BindError),
    /// The gateway is about to stop.
    #[error("Attendant is stopping")]
    Stopping,
}

impl ReloadError {
    /// Returns how many mistakes there are.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Config(errors) => errors.errors(),
            Self::Sockets(_) | Self::Stopping => 1,
        }
    }
}

/// Why nobody could be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens there.
    #[error("no running Attendant answers at {path}")]
    NotRunning {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It took too long, or went away.
    #[error("Attendant did not say what became of the reload; see its log")]
    NoAnswer,
}

/// Asks the running gateway to read its configuration again, and waits for what it says: `Ok` when the new one is in
/// force, `Err` in the inner result with every mistake.
///
/// # Errors
/// When nobody answers.
pub async fn ask_to_reload(data: &Path) -> Result<Result<String, String>, AskError> {
    let path = data.join(CONTROL_SOCKET);
    let connected = UnixStream::connect(&path).await;
    let mut stream = connected.map_err(|source| AskError::NotRunning { path, source })?;
    let talk = async {
        stream.write_all(format!("{RELOAD}\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        io::Result::Ok(answer)
    };
    let answer = timeout(ANSWER, talk).await.map_err(|_| AskError::NoAnswer)?;
    let answer = answer.map_err(|_| AskError::NoAnswer)?;
    match answer.split_once('\n') {
        Some(("ok", text)) => Ok(Ok(text.to_owned())),
        Some(("refused", text)) => Ok(Err(text.to_owned())),
        _ => Err(AskError::NoAnswer),
    }
}

/// Opens the control socket, readable by the service's user alone. A socket that a dead process has left is replaced.
pub(super) async fn open(data: &Path) -> io::Result<UnixListener> {
    let path = data.join(CONTROL_SOCKET);
    if UnixStream::connect(&path).await.is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another Attendant listens there"));
    }
    // What is not there need not be removed; what cannot be removed is told by `bind`.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers one after another, until it is dropped.
pub(super) async fn serve(listener: UnixListener, control: mpsc::Sender<Control>) {
    loop {
        match listener.accept().await {
            // Who asks and goes away wants no answer.
            Ok((stream, _)) => drop(answer(stream, &control).await),
            Err(error) => {
                tracing::warn!(%error, "The control socket cannot accept.");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer(mut stream: UnixStream, control: &mpsc::Sender<Control>) -> io::Result<()> {
    let mut line = String::new();
    let mut reader = BufReader::new((&mut stream).take(LINE_BYTES));
    timeout(LINE, reader.read_line(&mut line)).await??;
    let told = match line.trim_end() {
        RELOAD => match reload(control).await {
            Ok(done) => format!("ok\n{done}\n"),
            Err(error) => format!("refused\n{error}\n"),
        },
        _ => "unknown\n".to_owned(),
    };
    stream.write_all(told.as_bytes()).await?;
    stream.shutdown().await
}

/// Has the switchboard read the configuration again.
pub(super) async fn reload(control: &mpsc::Sender<Control>) -> Result<Reloaded, ReloadError> {
    let (answer, answered) = oneshot::channel();
    // A switchboard that is gone is stopping.
    if control.send(Control::Reload(answer)).await.is_err() {
        return Err(ReloadError::Stopping);
    }
    answered.await.unwrap_or(Err(ReloadError::Stopping))
}
