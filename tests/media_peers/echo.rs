//! SIPp, which sends every packet back as it came: what is heard is what was said, through another's sockets.

use std::process::{Command, Stdio};

use super::calls::check;
use super::desk::Desk;
use super::machine::steadily;
use super::{calling, interop, limits, sound};

#[test]
fn what_sipp_sends_back_is_what_was_said() {
    interop::require("sipp", "sip-tester");
    steadily(echo);
}

fn echo() {
    let talking = calling();
    let desk = Desk::open("26160-26199", "codecs = [\"pcmu\"]");
    let folder = tempfile::tempdir().unwrap();
    let ended = Command::new("sipp")
        .args(["-sn", "uac", "-nostdin", "-i", "127.0.0.1", "-mi", "127.0.0.1", "-rtp_echo"])
        .args(["-mp", "26230"])
        .args(["-s", "900", "-m", "1", "-d", "7000", "-timeout", "30s"])
        .arg(desk.folder.sip.to_string())
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(ended.success(), "{ended}");
    drop(talking);
    check("SIPp, echo", &sound::ours(), &desk.heard(0), &limits::G711);
    assert!(desk.is_empty());
}
