//! What happens to the sound when a call is held, resumed elsewhere, asked for a fax, or taken over by another leg.
#![allow(clippy::unwrap_used, reason = "tests")]

mod gateway_stage;

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use gateway_stage::running::{Inside, Moment};
use gateway_stage::wire::{Peer, header, status};
use gateway_stage::{Folder, NUMBER, alone, wait_until};

const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than anything that was on its way.
const QUIET: Duration = Duration::from_millis(600);

/// Where a telephone receives sound.
struct Ear(UdpSocket);

impl Ear {
    fn new() -> Self {
        Self(UdpSocket::bind(("127.0.0.1", 0)).unwrap())
    }

    /// Its stream, in a codec and a direction.
    fn stream(&self, payload_type: u8, direction: &str) -> String {
        let port = self.0.local_addr().unwrap().port();
        format!("m=audio {port} RTP/AVP {payload_type}\r\na={direction}\r\n")
    }

    /// Waits for a packet of this payload type; what came before is read over.
    fn hears(&self, payload_type: u8) -> bool {
        let (begun, mut packet) = (Instant::now(), [0; 1500]);
        self.0.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        while begun.elapsed() < PATIENCE {
            if let Ok(length) = self.0.recv(&mut packet)
                && length > 12
                && packet[1] & 0x7f == payload_type
            {
                return true;
            }
        }
        false
    }

    /// Whether nothing comes any more, once what was on its way is here.
    fn is_silent(&self) -> bool {
        let (mut packet, begun) = ([0; 1500], Instant::now());
        self.0.set_read_timeout(Some(QUIET)).unwrap();
        while begun.elapsed() < PATIENCE {
            if self.0.recv(&mut packet).is_err() {
                return true;
            }
        }
        false
    }
}

#[test]
fn sound_follows_hold_resume_codec_and_a_leg_that_takes_over() {
    let _alone = alone();
    let folder = Folder::trunk();
    let gateway = Inside::start(&folder);
    let (desk, first) = (Peer::new(folder.sip), Ear::new());
    let (answer, mut consult) = desk.invite(NUMBER, &first.stream(0, "sendrecv"));
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(first.hears(0));

    for (hold, ours) in [("sendonly", "a=recvonly"), ("inactive", "a=inactive")] {
        let held = desk.change(&mut consult, &first.stream(0, hold));
        assert!(status(&held) == 200 && held.contains(ours), "{held}");
        assert!(first.is_silent(), "nothing is sent on hold");
    }
    // A fax machine knocks: refused, and the call is as it was.
    let fax = desk.change(&mut consult, "m=image 4000 udptl t38\r\n");
    assert_eq!(status(&fax), 488, "{fax}");
    assert!(header(&fax, "Warning").is_some_and(|words| words.contains("image")), "{fax}");

    let second = Ear::new();
    let resumed = desk.change(&mut consult, &second.stream(8, "sendrecv"));
    assert_eq!(status(&resumed), 200, "{resumed}");
    assert!(second.hears(8), "another port and another codec");
    assert!(first.is_silent());

    let (caller, third) = (Peer::new(folder.sip), Ear::new());
    let (answer, mut taken) = caller.replace(NUMBER, &third.stream(0, "sendrecv"), &consult);
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(desk.is_hung_up_on(), "the call whose place it took is over");
    assert!(third.hears(0));
    assert!(second.is_silent());
    assert!(wait_until(PATIENCE, || gateway.calls() == 1), "{} calls", gateway.calls());
    assert_eq!(status(&caller.bye(&mut taken)), 200);
    assert!(wait_until(PATIENCE, || gateway.calls() == 0), "{} calls are left", gateway.calls());
    let moments = gateway.stop();
    let count = |wanted: &Moment| moments.iter().filter(|it| *it == wanted).count();
    // Who takes over is somebody else: nothing that the first one told or proved is theirs.
    assert_eq!(count(&Moment::Arrived), 2, "{moments:?}");
    assert_eq!(count(&Moment::Over("Replaced".into())), 1, "{moments:?}");
    assert_eq!(count(&Moment::Over("CallerHungUp".into())), 1, "{moments:?}");
}
