//! What a SIP profile says of limits and of registering with the PBX.
#![allow(clippy::unwrap_used)]

mod config_case;

use std::time::Duration;

use attendant::config::TrunkProfile;
use config_case::{PROFILE, check, load};

const FILE: &str = "sip-profiles/front.toml";

fn profile(more: &str) -> TrunkProfile {
    let text = format!("{PROFILE}\n{more}");
    let config = load(&[(FILE, &text)]).unwrap_or_else(|errors| panic!("{errors}"));
    config.trunks[0].clone()
}

#[test]
fn limits_are_read() {
    let limits =
        profile("[limits]\ncalls = 7\ncalls-per-second = 5\nper-caller = \"10/10m\"\n").limits;
    assert_eq!((limits.calls, limits.calls_per_second.unwrap().get()), (7, 5));
    let per_caller = limits.per_caller.unwrap();
    assert_eq!((per_caller.calls.get(), per_caller.within), (10, Duration::from_secs(600)));
    let limits = profile("").limits;
    assert_eq!((limits.calls, limits.calls_per_second, limits.per_caller), (30, None, None));
}

#[test]
fn limits_that_cannot_be_kept_are_told() {
    check(
        FILE,
        "[transfer]",
        "[limits]\ncalls-per-second = 0\nper-caller = \"10 in 10m\"\n[transfer]",
        r#"
error[config-value]: 0 calls a second is no limit but a closed door
 --> sip-profiles/front.toml:8:20
  |
8 | calls-per-second = 0
  |                    ^
  |
  = help: leave the key out, or write the number of calls

error[config-value]: "10 in 10m" is not a number of calls in a time
 --> sip-profiles/front.toml:9:14
  |
9 | per-caller = "10 in 10m"
  |              ^^^^^^^^^^^ cannot be read
  |
  = help: write it as "10/10m": ten calls in ten minutes

2 errors"#,
    );
}

/// Its calls come back by the registration, so that nobody has to say where they come from.
#[test]
fn a_profile_that_registers_needs_no_allow() {
    let text = PROFILE.replace("10.0.0.5", "pbx.clinic.lan");
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "wonder\n").unwrap();
    let auth = format!("[auth]\nuser = \"2000\"\nsecret = {{ file = {:?} }}\n", secret.path());
    let text = format!("{text}\n{auth}[register]\nenabled = true\nexpires = \"5m\"\n");
    let config = load(&[(FILE, &text)]).unwrap_or_else(|errors| panic!("{errors}"));
    let trunk = &config.trunks[0];
    let register = trunk.register.as_ref().unwrap();
    assert_eq!((register.user.as_str(), register.expires), ("2000", Duration::from_secs(300)));
    assert!(trunk.sip.allow.is_empty());
    assert_eq!(profile("").register, None);
}

#[test]
fn a_registration_says_with_whom_as_whom_and_how_long() {
    for (more, words) in [
        ("[register]\nenabled = true\n", "[register] says as whom nowhere"),
        ("[register]\nexpires = \"5m\"\n", "nothing is registered"),
        (
            "[register]\nenabled = true\nuser = \"2000\"\nexpires = \"5s\"\n",
            "\"5s\" is no time to be registered for",
        ),
    ] {
        let errors = load(&[(FILE, &format!("{PROFILE}\n{more}"))]).unwrap_err().to_string();
        assert!(errors.contains(words), "{errors}");
    }
}
