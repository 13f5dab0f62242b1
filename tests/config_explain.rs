//! What `explain`, `presets` and `pbx-snippet` print: the text is the feature.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

const NODE: &str = "[sip]\nlisten = \"10.0.0.9:5060\"\n[threads]\nmedia = 2\n";

const PROFILE: &str = "\
preset   = \"cucm\"
dialplan = \"clinic\"

[peer]
host  = \"cucm.clinic.lan\"
allow = [\"10.0.0.5\", \"10.0.0.6\"]

[auth]
user   = \"agent\"
secret = { file = \"credentials/pbx\" }

[session]
timer = \"off\"

[transfer]
allow = [\"_6XXX\"]
";

const PLAN: &str = "\
timezone = \"America/Chicago\"
[[route]]
name  = \"all\"
agent = \"reception\"
";

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("attendant.toml", NODE),
        ("sip-profiles/front.toml", PROFILE),
        ("dialplans/clinic.toml", PLAN),
        ("credentials/pbx", "correct-horse\n"),
    ] {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// Runs the program in a folder and returns its exit code, standard output and standard error.
fn attendant(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attendant"));
    let output = command.current_dir(dir).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn says(dir: &Path, arguments: &[&str], expected: &str) {
    let (code, out, err) = attendant(dir, arguments);
    assert_eq!((code, &*err), (0, ""), "{out}");
    // Lines are compared without the blanks that align them at their ends.
    let trimmed: String = out.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    assert_eq!(trimmed, expected, "\n--- it said ---\n{trimmed}");
}

#[test]
fn a_profile_is_explained() {
    let dir = folder();
    says(dir.path(), &["explain", "sip-profiles/front.toml"], EXPLAINED);
    let (_, out, _) = attendant(dir.path(), &["explain", "sip-profiles/front.toml"]);
    assert!(!out.contains("correct-horse"), "a secret is shown by its place alone");
}

const EXPLAINED: &str = "";

#[test]
fn the_process_is_explained() {
    let dir = folder();
    let (code, out, err) = attendant(dir.path(), &["explain", "attendant.toml"]);
    assert_eq!((code, &*err), (0, ""), "{out}");
    for line in [
        "data                   \"/var/lib/attendant\"           default",
        "models                 /var/lib/attendant/models      below `data`",
        "listen                 \"10.0.0.9:5060\"                attendant.toml:2",
        "advertise              10.0.0.9:5060                  as `listen`",
        "media                  2                              attendant.toml:4",
        "hearing                1                              default",
        "users                  -                              not written",
    ] {
        assert!(out.lines().any(|have| have == line), "{line:?} is not in\n{out}");
    }
}

#[test]
fn what_cannot_be_explained_is_told() {
    let dir = folder();
    let (code, _, err) = attendant(dir.path(), &["explain", "dialplans/clinic.toml"]);
    assert_eq!(code, 2);
    assert!(err.contains("neither attendant.toml nor a file in sip-profiles/"), "{err}");
    let (code, _, err) = attendant(dir.path(), &["explain", "sip-profiles/back.toml"]);
    assert_eq!(code, 2);
    assert!(err.contains("back.toml is no SIP profile"), "{err}");
    fs::write(dir.path().join("sip-profiles/front.toml"), "preset = \"cucn\"\n").unwrap();
    let (code, out, err) = attendant(dir.path(), &["explain", "sip-profiles/front.toml"]);
    assert_eq!((code, &*out), (1, ""));
    assert!(err.contains("error[config-"), "{err}");
}

#[test]
fn presets_are_listed_with_their_standing() {
    let dir = folder();
    says(dir.path(), &["presets"], LIST);
}

const LIST: &str = "";

#[test]
fn a_preset_says_where_each_value_is_from() {
    let dir = folder();
    says(dir.path(), &["presets", "show", "3cx-extension"], SHOWN);
    let (code, _, err) = attendant(dir.path(), &["presets", "show", "cucn"]);
    assert_eq!(code, 2);
    assert!(err.contains("cucm") && err.contains("carrier-register"), "{err}");
}

const SHOWN: &str = "";

#[test]
fn a_snippet_is_filled_in_from_the_profile() {
    let dir = folder();
    let profile = "sip-profiles/front.toml";
    let number = ["--number", "8800", "--fallback", "6900"];
    let arguments = [&["pbx-snippet", "cucm", "--profile", profile], &number[..]].concat();
    let (code, out, err) = attendant(dir.path(), &arguments);
    assert_eq!((code, &*err), (0, ""), "{out}");
    for line in [
        "     Outgoing Transport Type      TCP",
        "     Destination Address          10.0.0.9      Port 5060",
        "     Calling Search Space         one that reaches only _6XXX: what the agent may transfer to",
        "     Route Pattern 8800 to the route list",
    ] {
        assert!(out.lines().any(|have| have == line), "{line:?} is not in\n{out}");
    }
    assert!(out.contains("then one of 6900"), "{out}");
    let other = ["pbx-snippet", "freepbx", "--profile", profile];
    let (code, _, err) = attendant(dir.path(), &other);
    assert_eq!(
        (code, &*err),
        (0, "warning: the profile's preset is cucm, and this is for freepbx\n")
    );
    let (code, _, err) = attendant(dir.path(), &["pbx-snippet", "freepbx", "--number", "8,1"]);
    assert_eq!(code, 2);
    assert!(err.contains("write its digits"), "{err}");
}

/// What is pasted into FreeSWITCH is XML: every element that is opened is closed.
#[test]
fn the_freeswitch_snippet_is_well_formed() {
    let dir = folder();
    let (_, out, _) = attendant(dir.path(), &["pbx-snippet", "freeswitch"]);
    let mut open = Vec::new();
    let mut rest = out.as_str();
    while let Some((_, tag)) = rest.split_once('<') {
        let end = if tag.starts_with("!--") { "-->" } else { ">" };
        let (tag, after) = tag.split_once(end).unwrap();
        rest = after;
        let name = tag.trim_start_matches('/').split_whitespace().next().unwrap();
        match tag {
            tag if tag.starts_with("!--") => assert!(!tag[3..].contains("--"), "{tag}"),
            tag if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "{out}"),
            tag if tag.ends_with('/') => assert_eq!(tag.matches('"').count() % 2, 0, "{tag}"),
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}
