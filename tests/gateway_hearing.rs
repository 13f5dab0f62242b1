//! A gateway whose recognisers are too busy takes no more calls, until they have time again.
#![allow(clippy::unwrap_used, reason = "in a test it is the message")]

mod gateway_stage;

use std::time::Duration;

use attendant::base::{Hints, TurnId};
use attendant::speech::{HeardFrame, Recognizer, RecognizerError, Transcript, Work};
use gateway_stage::quiet::Quiet;
use gateway_stage::wire::{G711, Peer, header, status};
use gateway_stage::{Folder, NODE, NUMBER, alone, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

/// Computes all the time, and never has done.
struct Laborious;

impl Recognizer for Laborious {
    fn push(&mut self, _: &HeardFrame) -> Result<(), RecognizerError> {
        Ok(())
    }
    fn expect(&mut self, _: &Hints) {}
    fn finish(&mut self, _: TurnId) {}
    fn reset(&mut self) {}
    fn due(&self) -> Option<Work> {
        Some(Work::Final)
    }
    fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        std::thread::sleep(Duration::from_millis(50));
        Ok(None)
    }
}

#[test]
fn a_caller_who_would_be_understood_too_late_is_asked_to_come_back() {
    let _alone = alone();
    let folder = Folder::trunk();
    // One caller keeps one thread busy.
    folder.append(NODE, "[threads]\nhearing = 1\n");
    folder.fill_book();
    let gateway = Quiet::start_with_ears(folder.path(), || Box::new(Laborious));
    let (first, second) = (Peer::new(folder.sip), Peer::new(folder.sip));
    let (answer, mut call) = first.invite(NUMBER, G711);
    assert_eq!(status(&answer), 200, "{answer}");
    let mut refusal = String::new();
    let refused = wait_until(PATIENCE, || {
        let (answer, mut call) = second.invite(NUMBER, G711);
        if status(&answer) == 200 {
            assert_eq!(status(&second.bye(&mut call)), 200);
            std::thread::sleep(Duration::from_millis(300));
        }
        refusal = answer;
        status(&refusal) == 503
    });
    assert!(refused, "{refusal}");
    assert!(header(&refusal, "Retry-After").is_some(), "{refusal}");
    assert!(header(&refusal, "Warning").is_some_and(|it| it.contains("understood")), "{refusal}");
    // The call that goes on is none the worse, and when it is over there is room again.
    assert_eq!(gateway.calls(), 1);
    assert_eq!(status(&first.bye(&mut call)), 200);
    let free = wait_until(PATIENCE, || {
        let (answer, mut call) = second.invite(NUMBER, G711);
        status(&answer) == 200 && status(&second.bye(&mut call)) == 200
    });
    assert!(free, "there is no room again");
}
