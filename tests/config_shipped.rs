//! What is shipped passes `check`: the example at the top level, and the files of the demonstration.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use attendant::base::Secret;
use attendant::config::templates::{DemoParams, demo_files};
use attendant::config::{Code, Config};
use attendant::sip::Inbound;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn copy_toml(from: &Path, to: &Path) -> usize {
    fs::create_dir_all(to).unwrap();
    let files = fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path());
    let toml: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    for path in &toml {
        fs::copy(path, to.join(path.file_name().unwrap())).unwrap();
    }
    toml.len()
}

/// Each profile is checked alone, as an admin would take it; the plans come along.
#[test]
fn every_shipped_profile_and_plan_passes() {
    let profiles: Vec<_> = fs::read_dir(root().join("sip-profiles"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    assert!(profiles.len() >= 3, "{profiles:?}");
    for profile in profiles {
        let dir = tempfile::tempdir().unwrap();
        fs::copy(root().join("attendant.toml"), dir.path().join("attendant.toml")).unwrap();
        assert!(copy_toml(&root().join("dialplans"), &dir.path().join("dialplans")) >= 2);
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
        let surprises: Vec<_> =
            config.warnings.iter().filter(|warning| warning.code() != Code::Unused).collect();
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

/// Each key of a profile and of the process changes what comes out: none is read and forgotten.
#[test]
fn every_key_has_an_effect() {
    let dir = tempfile::tempdir().unwrap();
    let node = r#"
data = "/srv/a"
models = "/srv/m"
[sip]
listen = "0.0.0.0:5070"
advertise = "192.0.2.9"
[rtp]
bind = "192.0.2.10"
advertise = "198.51.100.7"
ports = "30000-30999"
[threads]
media = 2
hearing = 3
[limits]
calls = 12
[metrics]
listen = "127.0.0.1:9999"
[log]
format = "json"
filter = "debug"
[drain]
deadline = "90s"
[practice]
book = "builtin"
path = "clinic.db"
[registrar]
realm = "clinic.example"
[registrar.users]
1000 = { file = "secret" }
"#;
    let profile = r#"
preset = "asterisk-pjsip"
dialplan = "clinic"
[peer]
host = "pbx.clinic.lan:5080"
allow = ["10.0.0.5", "10.1.0.0/16"]
ping = "15s"
[auth]
user = "agent"
secret = { file = "secret" }
inbound = "registered"
[numbers]
country = "CA"
area-code = "416"
[media]
codecs = ["pcma"]
dtmf = "info"
ports = "40000-40099"
[limits]
calls = 7
[transfer]
methods = ["refer"]
refer-to = "sip:{ext}@{peer};transport=udp"
wait = "40s"
allow = ["_6XXX"]
"#;
    let plan = "timezone = \"America/Toronto\"\n[[route]]\nname = \"all\"\nagent = \"reception\"\n";
    fs::create_dir(dir.path().join("sip-profiles")).unwrap();
    fs::create_dir(dir.path().join("dialplans")).unwrap();
    fs::write(dir.path().join("attendant.toml"), node).unwrap();
    fs::write(dir.path().join("sip-profiles/a.toml"), profile).unwrap();
    fs::write(dir.path().join("dialplans/clinic.toml"), plan).unwrap();
    fs::write(dir.path().join("secret"), "horse\n").unwrap();
    let config = Config::load(dir.path()).unwrap_or_else(|report| panic!("{report}"));
    let (node, trunk) = (&config.node, &config.trunks[0]);
    let told = format!(
        "{:?} {:?} {} {:?} {:?} {:?} {} {} {} {:?} {:?} {} {:?} {:?} {}\n{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {} {:?} {:?} {:?}",
        node.data,
        node.models,
        node.sip_listen,
        node.rtp.bind,
        node.rtp.advertise,
        node.rtp.ports,
        node.media_threads,
        node.hearing_threads,
        node.max_calls,
        node.metrics,
        node.log_format,
        node.log_filter,
        node.drain,
        node.book,
        node.registrar.as_ref().unwrap().realm,
        trunk.preset,
        trunk.sip.advertised,
        trunk.sip.allow,
        trunk.peer,
        trunk.sip.credentials,
        trunk.sip.inbound,
        trunk.numbers,
        trunk.media.codecs,
        trunk.media.telephone_event,
        trunk.media.bind,
        trunk.media.advertise,
        trunk.limits.calls,
        trunk.media.ports,
        trunk.transfer.refer_to("6001"),
        trunk.transfer.wait,
    );
    let expected = "\"/srv/a\" \"/srv/m\" 0.0.0.0:5070 Some(192.0.2.10) Some(198.51.100.7) 30000..=30999 2 3 12 Some(127.0.0.1:9999) Json debug 90s BuiltIn { path: \"/srv/a/clinic.db\" } clinic.example\n\
        AsteriskPjsip 192.0.2.9:5070 [10.0.0.5/32, 10.1.0.0/16] Some(Peer { host: \"pbx.clinic.lan\", port: 5080, ping: Some(15s) }) Some(Credentials { user: \"agent\", secret: ‹secret› }) Registered Numbers { country: Ca, area_code: Some(\"416\") } [Pcma] false 192.0.2.10 198.51.100.7 7 40000..=40099 Ok(\"sip:6001@pbx.clinic.lan:5080;transport=udp\") 40s";
    assert_eq!(told, expected, "{told}");
}
