//! What is shipped passes `check`: the example at the top level, and the files of the demonstration.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use attendant::base::Secret;
use attendant::config::templates::{DemoParams, demo_files};
use attendant::config::{Code, Config, Preset};
use attendant::sip::Inbound;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Copies the files of a folder and returns how many they are.
fn copy(from: &Path, to: &Path) -> usize {
    fs::create_dir_all(to).unwrap();
    let files: Vec<_> = fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in &files {
        fs::copy(path, to.join(path.file_name().unwrap())).unwrap();
    }
    files.len()
}

/// Each profile is checked alone, as an admin would take it; the plans come along.
#[test]
fn every_shipped_profile_and_plan_passes() {
    let profiles: Vec<_> = fs::read_dir(root().join("sip-profiles"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    assert_eq!(profiles.len(), Preset::ALL.len(), "{profiles:?}");
    for profile in profiles {
        let dir = tempfile::tempdir().unwrap();
        fs::copy(root().join("attendant.toml"), dir.path().join("attendant.toml")).unwrap();
        assert!(copy(&root().join("dialplans"), &dir.path().join("dialplans")) >= 5);
        assert!(copy(&root().join("lists"), &dir.path().join("lists")) >= 1);
        // What the package leaves to the admin: the secrets that the files name.
        fs::create_dir(dir.path().join("credentials")).unwrap();
        for name in ["1000", "pbx"] {
            fs::write(dir.path().join("credentials").join(name), "correct-horse\n").unwrap();
        }
        fs::create_dir(dir.path().join("sip-profiles")).unwrap();
        let name = profile.file_name().unwrap();
        fs::copy(&profile, dir.path().join("sip-profiles").join(name)).unwrap();
        let config =
            Config::load(dir.path()).unwrap_or_else(|e| panic!("{}:\n{e}", profile.display()));
        let expected = [Code::Unused, Code::Unverified];
        let surprises: Vec<_> =
            config.warnings.iter().filter(|warning| !expected.contains(&warning.code())).collect();
        assert!(surprises.is_empty(), "{surprises:#?}");
        // Every plan is tried on this trunk too, whichever the profile names.
        for plan in config.plans.values() {
            assert!(!plan.tests.is_empty(), "a shipped plan shows its tests");
            for test in &plan.tests {
                plan.run_test(test, &config.trunks[0].numbers)
                    .unwrap_or_else(|why| panic!("{why}"));
            }
        }
    }
}

fn params(dir: &Path) -> DemoParams {
    DemoParams {
        sip: "127.0.0.1:15060".parse().unwrap(),
        peer: "127.0.0.1:15070".parse().unwrap(),
        rtp_ports: 30_000..=30_019,
        metrics: None,
        data: dir.join("a \"quoted\" \\ place"),
        models: dir.join("models"),
        user: "1000".into(),
        password: Secret::new("7431-fern"),
        number: "900".into(),
        time_zone: "America/Chicago".into(),
    }
}

#[test]
fn the_demonstrations_files_load_without_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let params = params(dir.path());
    for (path, text) in demo_files(&params) {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let config = Config::load(dir.path()).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(config.warnings, []);
    assert_eq!(config.node.data, params.data);
    assert_eq!(config.node.metrics, None);
    let trunk = &config.trunks[0];
    assert!(matches!(trunk.sip.inbound, Inbound::Registered));
    assert_eq!(trunk.sip.advertised, params.sip);
    assert_eq!(trunk.peer.as_ref().unwrap().address(), Some(params.peer));
    assert_eq!(trunk.transfer.refer_to("101").as_deref(), Ok("sip:101@127.0.0.1:15070"));
    assert!(trunk.transfer.refer_to("911").is_err());
    assert_eq!(trunk.media.ports, 30_000..=30_019);
    let registrar = config.ua().registrar.unwrap();
    assert_eq!(registrar.users[0].user, "1000");
    assert_eq!(registrar.users[0].secret, Secret::new("7431-fern"));
    assert!(!format!("{config:?}").contains("7431"), "the password is not printed");
}
