//! A call whose task has failed: the caller goes to the fallback, number by number, and then the leg ends.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::base::LegId;
use crate::call::Input;
use crate::sip::{Command, EndCause, Event, TransferState};

use super::shared::Shared;

/// The user agent says what became of a REFER; this is the net under it.
const REFERRED: Duration = Duration::from_secs(120);
/// A PBX that has taken the caller hangs up on us within this time of saying nothing more.
const DOUBT: Duration = Duration::from_millis(200);
/// How long a BYE may take: 64 times T1, and a little.
const ENDED: Duration = Duration::from_secs(40);

/// What became of one number.
enum Attempt {
    /// Somebody has the caller.
    Moved,
    /// Nobody has; the leg is there.
    Failed,
    /// The leg is over, and whether the PBX had accepted before that.
    Over { moved: bool },
    /// The process wants the leg to end.
    Stopped,
}

/// Refers the caller to the first number that takes them, and ends the leg. Returns whether one did.
pub(super) async fn run(
    shared: &Shared,
    leg: LegId,
    fallback: Vec<String>,
    mut inputs: mpsc::Receiver<Input>,
) -> bool {
    let mut moved = false;
    for target in fallback {
        shared.tell(Command::Refer { leg, target, headers: Vec::new() }).await;
        match attempt(&mut inputs).await {
            Attempt::Failed => {}
            Attempt::Over { moved } => return moved,
            Attempt::Stopped => break,
            Attempt::Moved => {
                moved = true;
                break;
            }
        }
    }
    shared.tell(Command::HangUp { leg, reason: None }).await;
    let _ = timeout(ENDED, async {
        while let Some(input) = inputs.recv().await {
            if let Input::Sip(Event::Ended { .. }) = input {
                return;
            }
        }
    })
    .await;
    moved
}

async fn attempt(inputs: &mut mpsc::Receiver<Input>) -> Attempt {
    let (mut accepted, mut wait) = (false, REFERRED);
    while let Ok(Some(input)) = timeout(wait, inputs.recv()).await {
        let state = match input {
            Input::Sip(Event::Transfer { state, .. }) => state,
            Input::Sip(Event::Ended { cause, .. }) => {
                return Attempt::Over { moved: accepted && cause == EndCause::RemoteBye };
            }
            Input::HangUp => return Attempt::Stopped,
            _ => continue,
        };
        match state {
            TransferState::Accepted => accepted = true,
            TransferState::Progress(_) => {}
            TransferState::Answered => return Attempt::Moved,
            TransferState::Failed(_) => return Attempt::Failed,
            TransferState::Unknown => wait = DOUBT,
        }
    }
    Attempt::Failed
}
