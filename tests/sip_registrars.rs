//! Attendant as an extension of a PBX: it registers with Kamailio, which asks for a password, and what
//! becomes of it when the password is wrong or the registrar wants a longer time.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod gateway_stage;
mod interop;

use std::time::Duration;

use gateway_stage::quiet::Quiet;
use gateway_stage::wire::{Peer, status};
use gateway_stage::{Folder, PROFILE, alone, wait_until};
use interop::kamailio::Kamailio;

const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway that registers as 700 with this password.
fn extension(registrar: &Kamailio, password: &str) -> Folder {
    let folder = Folder::new();
    folder.write("credentials/pbx", password);
    folder.write(
        PROFILE,
        &format!(
            "preset = \"generic\"\ndialplan = \"front-desk\"\n\n[peer]\nhost = \"{}\"\nping = \"off\"\n\n\
             [auth]\nuser = \"700\"\nsecret = {{ file = \"credentials/pbx\" }}\n\n\
             [register]\nenabled = true\nexpires = \"1m\"\n\n[transfer]\nallow = [\"_1XX\"]\n",
            registrar.address
        ),
    );
    folder
}

/// Whether the registrar knows where 700 is.
fn is_known(registrar: &Kamailio) -> bool {
    let peer = Peer::new(registrar.address);
    status(&peer.ask_user("OPTIONS", "700")) == 200
}

#[test]
fn it_registers_with_a_password_and_leaves_when_it_stops() {
    let _alone = alone();
    for algorithm in ["MD5", "SHA-256"] {
        let registrar = Kamailio::registrar("willow", 60, algorithm);
        let folder = extension(&registrar, "willow");
        let gateway = Quiet::start(&folder);
        assert!(wait_until(PATIENCE, || is_known(&registrar)), "{algorithm}: {}", registrar.log());
        drop(gateway);
        assert!(!is_known(&registrar), "{algorithm}: it has left: {}", registrar.log());
    }
}

/// A call for the extension comes from the registrar, along the registered contact.
#[test]
fn calls_come_by_the_registration() {
    let _alone = alone();
    let registrar = Kamailio::registrar("willow", 60, "MD5");
    let folder = extension(&registrar, "willow");
    let gateway = Quiet::start(&folder);
    assert!(wait_until(PATIENCE, || is_known(&registrar)), "{}", registrar.log());
    let peer = Peer::new(registrar.address);
    let (answer, mut call) = peer.invite("700", gateway_stage::wire::G711);
    assert_eq!(status(&answer), 200, "{answer}\n{}", registrar.log());
    assert_eq!(status(&peer.bye(&mut call)), 200);
    assert!(gateway.is_empty_within(PATIENCE));
}

#[test]
fn a_registrar_that_wants_a_longer_time_gets_it() {
    let _alone = alone();
    let registrar = Kamailio::registrar("willow", 300, "MD5");
    let folder = extension(&registrar, "willow");
    let _gateway = Quiet::start(&folder);
    assert!(wait_until(PATIENCE, || is_known(&registrar)), "{}", registrar.log());
}

#[test]
fn a_wrong_password_does_not_register() {
    let _alone = alone();
    let registrar = Kamailio::registrar("willow", 60, "MD5");
    let folder = extension(&registrar, "poplar");
    let _gateway = Quiet::start(&folder);
    std::thread::sleep(Duration::from_secs(2));
    assert!(!is_known(&registrar), "{}", registrar.log());
}
