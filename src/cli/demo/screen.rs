//! The conversation on the terminal, as it happens, and the same in `call.txt`.

use std::fmt::Write as _;
use std::fs;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, broadcast, mpsc};

use super::files::Folder;
use crate::base::{CallId, Purpose};
use crate::call::{Summary, Told};
use crate::gateway::{Seen, Watched};
use crate::phone::{AgentSaid, CallProgress};

/// What the screen has seen of the call.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    /// The call's id.
    pub(super) call: Option<CallId>,
    /// All that the agent began to say.
    pub(super) agent_said: Vec<String>,
    /// What is left of the call.
    pub(super) summary: Option<Box<Summary>>,
}

/// Prints what happens.
#[derive(Clone)]
pub(super) struct Screen(Arc<Mutex<Page>>);

struct Page {
    begun: Instant,
    colours: bool,
    text: String,
    file: PathBuf,
    account: Account,
}

/// The gateway's last word comes after the caller's phone has hung up.
const LAST_WORD: Duration = Duration::from_secs(5);

impl Screen {
    pub(super) fn new(folder: &Folder) -> Self {
        Self(Arc::new(Mutex::new(Page {
            begun: Instant::now(),
            colours: std::io::stdout().is_terminal(),
            text: String::new(),
            file: folder.path("call.txt"),
            account: Account::default(),
        })))
    }

    /// Prints what gateway and phone tell, and passes the agent's words on to the caller's script.
    pub(super) fn watch(
        &self,
        mut gateway: broadcast::Receiver<Watched>,
        mut phone: mpsc::Receiver<CallProgress>,
        cue: mpsc::Sender<AgentSaid>,
    ) {
        let screen = self.clone();
        tokio::spawn(async move {
            while let Ok(watched) = gateway.recv().await {
                if let Seen::Told(Told::AgentSays { text, .. }) = &watched.seen {
                    let _ = cue.try_send(AgentSaid { text: text.clone() });
                }
                screen.0.lock().await.gateway(&watched);
            }
        });
        let screen = self.clone();
        tokio::spawn(async move {
            while let Some(event) = phone.recv().await {
                screen.0.lock().await.phone(&event);
            }
        });
    }

    /// Waits for the gateway's last word, writes `call.txt`, and returns what was seen.
    pub(super) async fn finish(&self) -> Account {
        let deadline = Instant::now() + LAST_WORD;
        while self.0.lock().await.account.summary.is_none() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let page = self.0.lock().await;
        if let Err(error) = fs::write(&page.file, &page.text) {
            eprintln!("error: cannot write {}: {error}", page.file.display());
        }
        page.account.clone()
    }
}

impl Page {
    fn gateway(&mut self, watched: &Watched) {
        let call = *self.account.call.get_or_insert(watched.call);
        if call != watched.call {
            return;
        }
        match &watched.seen {
            Seen::Arrived { trunk, route } => {
                self.line("2", "gateway", &format!("call {call} by trunk {trunk}, route {route}"));
            }
            Seen::Told(told) => self.told(told),
            Seen::Over(summary) => {
                self.line("2", "gateway", &format!("call over: {:?}", summary.reason));
                self.account.summary = Some(summary.clone());
            }
        }
    }

    fn told(&mut self, told: &Told) {
        match told {
            Told::AgentSays { text, .. } => {
                let text = text.reveal(Purpose::Demonstration).clone();
                self.line("36;1", "agent", &text);
                self.account.agent_said.push(text);
            }
            Told::AgentInterrupted { heard, .. } => {
                let heard = heard.reveal(Purpose::Demonstration);
                self.line("36", "", &format!("(interrupted; the caller heard \"{heard}\")"));
            }
            Told::CallerSaid { text, confidence, .. } => {
                let text = text.reveal(Purpose::Demonstration);
                let sure = (confidence * 100.0).round();
                self.line("2", "heard", &format!("\"{text}\" ({sure} %)"));
            }
            Told::ToolAnswered { name, error, took } => {
                let outcome = error.map_or("ok", |error| error.code());
                let took = took.as_millis();
                self.line("35", "tool", &format!("{name}: {outcome}, {took} ms"));
            }
            Told::Transfer { target, state } => {
                self.line("35", "transfer", &format!("{target}: {state:?}"));
            }
            Told::Overlapped(overlap) => {
                let decided = overlap.decided.as_millis();
                self.line("2", "floor", &format!("{:?} after {decided} ms", overlap.verdict));
            }
            Told::Answered
            | Told::Replied { .. }
            | Told::ToolAsked { .. }
            | Told::Keyed { .. }
            | Told::MediaRefused { .. } => {}
        }
    }

    fn phone(&mut self, event: &CallProgress) {
        match event {
            CallProgress::Dialling => self.line("2", "caller", "(dials)"),
            CallProgress::Ringing => self.line("2", "caller", "(hears it ring)"),
            CallProgress::Answered => self.line("2", "caller", "(is connected)"),
            CallProgress::CallerSays(text) => self.line("33;1", "caller", text),
            CallProgress::AgentSpeaking { gap_ms: Some(gap) } => {
                self.line("32", "", &format!("response gap {gap} ms"));
            }
            CallProgress::Referred { target, handoff_id } => {
                let id = handoff_id.as_deref().unwrap_or("none");
                self.line("35", "caller", &format!("(is sent to {target}, hand-off id {id})"));
            }
            CallProgress::Transferred => self.line("35", "caller", "(extension 101 has answered)"),
            CallProgress::TransferFailed { status } => {
                self.line("31", "caller", &format!("(extension 101 refused: {status})"));
            }
            CallProgress::Ended { how } => self.line("2", "caller", &format!("({how})")),
            CallProgress::AgentSpeaking { gap_ms: None }
            | CallProgress::AgentQuiet { .. }
            | CallProgress::Held(_) => {}
        }
    }

    fn line(&mut self, colour: &str, who: &str, what: &str) {
        let at = self.begun.elapsed();
        let (minutes, seconds) = (at.as_secs() / 60, at.as_secs_f32() % 60.0);
        let head = format!("  {minutes}:{seconds:04.1}  {who:<8} ");
        match self.colours {
            true => println!("{head}\x1b[{colour}m{what}\x1b[0m"),
            false => println!("{head}{what}"),
        }
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{head}{what}");
    }
}
