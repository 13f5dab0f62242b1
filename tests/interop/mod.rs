//! Real, independent SIP peers for tests: baresip (a phone that plays a WAV file and records the
//! other side) and SIPp (a load generator). Both are Debian packages, which `make test` installs;
//! without them a test fails and says so, since one that did not run has shown nothing.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may")]

pub(crate) mod baresip;
pub(crate) mod kamailio;
pub(crate) mod scenario;
pub(crate) mod sipp;
pub(crate) mod tool;

use std::net::{TcpListener, UdpSocket};
use std::process::{Command, Stdio};

/// Fails, saying what to install, when a peer is not there.
#[track_caller]
pub(crate) fn require(program: &str, package: &str) {
    let found = Command::new(program)
        .arg("-h")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if let Err(error) = found {
        panic!("{program} does not run ({error}): apt-get install {package}");
    }
}

/// Returns a UDP port of loopback that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    UdpSocket::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// The same of TCP.
pub(crate) fn free_tcp_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
