//! A configuration of a few files, and what loading it says.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use attendant::config::{Config, ConfigErrors};

pub const NODE: &str = "\
[sip]
listen = \"10.0.0.9:5060\"
";

pub const PROFILE: &str = "\
preset   = \"generic\"
dialplan = \"clinic\"

[peer]
host = \"10.0.0.5\"

[transfer]
allow = [\"_6XXX\"]
";

pub const PLAN: &str = "\
timezone = \"America/Chicago\"

[hours.clinic]
open = [\"mon-fri 08:00-17:00\"]

[target.front-desk]
dial = [\"6001\"]

[[route]]
name     = \"after-hours\"
when     = \"not clinic\"
agent    = \"reception\"

[[route]]
name     = \"reception\"
agent    = \"reception\"
transfer = [\"front-desk\"]
";

/// Loads the files above with the given ones in their place or beside them.
pub fn load(files: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let dir = tempfile::tempdir().unwrap();
    let usual = [
        ("attendant.toml", NODE),
        ("sip-profiles/front.toml", PROFILE),
        ("dialplans/clinic.toml", PLAN),
    ];
    for (path, text) in usual.iter().chain(files) {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        // As `install -m 0600` would.
        if path.parent().unwrap().ends_with("credentials") {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
    Config::load(dir.path())
}

/// Loads the files above, `from` being replaced by `to` in the one at `path`.
pub fn load_with(path: &str, from: &str, to: &str) -> Result<Config, ConfigErrors> {
    let usual = [
        ("attendant.toml", NODE),
        ("sip-profiles/front.toml", PROFILE),
        ("dialplans/clinic.toml", PLAN),
    ];
    let (_, text) = usual.iter().find(|(known, _)| *known == path).unwrap();
    assert!(text.contains(from), "{from:?} is not in {path}");
    load(&[(path, &text.replacen(from, to, 1))])
}

/// Loads the usual files with `from` replaced by `to` in one of them, and compares the whole report.
#[track_caller]
pub fn check(path: &str, from: &str, to: &str, expected: &str) {
    let report = load_with(path, from, to).expect_err("this is wrong").to_string();
    let expected = expected.trim_start_matches('\n');
    assert_eq!(report, expected, "\n--- it said ---\n{report}\n--- expected ---\n{expected}");
}

/// Loads the usual files with the given ones in their place or beside them, and compares the whole
/// report: all errors, or all warnings.
#[track_caller]
pub fn told(files: &[(&str, &str)], expected: &str) {
    let report = match load(files) {
        Err(errors) => errors.to_string(),
        Ok(config) => {
            let told: Vec<_> = config.warnings.iter().map(ToString::to_string).collect();
            told.join("\n\n")
        }
    };
    let expected = expected.trim_start_matches('\n');
    assert_eq!(report, expected, "\n--- it said ---\n{report}\n--- expected ---\n{expected}");
}
