//! Real, independent SIP peers for tests: baresip (a phone that plays a WAV file and records the
//! other side) and SIPp (a load generator). Both are Debian packages; without them a test is skipped
//! with a note, unless `ATTENDANT_INTEROP=required`.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may")]

pub(crate) mod baresip;
pub(crate) mod sipp;

use std::net::UdpSocket;
use std::process::{Command, Stdio};

/// Whether a peer is installed. Says so when it is not, and fails where it must be.
pub(crate) fn installed(program: &str, package: &str) -> bool {
    let found = Command::new(program)
        .arg("-h")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok();
    let required = std::env::var("ATTENDANT_INTEROP").is_ok_and(|value| value == "required");
    assert!(found || !required, "{program} is not installed: apt-get install {package}");
    if !found {
        eprintln!("skipped: {program} is not installed (apt-get install {package})");
    }
    found
}

/// Returns a UDP port of loopback that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    UdpSocket::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
