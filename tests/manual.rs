//! The manual knows every error code, every key and every metric, and its examples are true.
#![allow(clippy::unwrap_used)]

mod config_case;

use std::fs;

use attendant::base::TrunkName;
use attendant::config::Code;
use attendant::ops::metrics::{ExpectedTrunk, expect, scoped};
use config_case::load;

fn manual(name: &str) -> String {
    let path = format!("{}/docs/manual/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_error_code_has_its_entry() {
    let text = manual("troubleshooting.md");
    let entries: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(entries, Code::ALL.map(Code::name), "in the order of `Code`");
}

#[test]
fn every_series_is_explained() {
    let text = manual("operate.md");
    let shown = scoped(|metrics| {
        let name = &TrunkName::new("front");
        expect([ExpectedTrunk { name, asked: true, registers: true }], ["book_appointment"]);
        metrics.render()
    });
    let series = shown.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let series: Vec<_> = series.collect();
    for name in &series {
        let cell = |c: &str| text.contains(&format!("| `{name}{c}"));
        assert!(cell("`") || cell("{"), "{name} is not in the manual");
    }
    let explained = text.lines().filter(|line| line.starts_with("| `attendant_")).count();
    assert_eq!(explained, series.len(), "the manual explains series that do not exist");
}

/// The reader's own list of keys, told when it meets one that it does not know.
#[test]
fn every_key_is_explained() {
    let files = manual("files.md") + &manual("dialplans.md");
    let text = &files;
    for (path, table) in [
        ("dialplans/clinic.toml", ""),
        ("dialplans/clinic.toml", "hours.x"),
        ("dialplans/clinic.toml", "holidays.x"),
        ("dialplans/clinic.toml", "callers.x"),
        ("dialplans/clinic.toml", "target.x"),
        ("dialplans/clinic.toml", "[route]"),
        ("dialplans/clinic.toml", "[test]"),
    ] {
        let wrong = match table {
            "" => "qqqqqqqq = 1\n".to_owned(),
            table => format!("[{table}]\nqqqqqqqq = 1\n"),
        };
        let report = load(&[(path, &wrong)]).unwrap_err().to_string();
        let known =
            report.lines().find_map(|line| line.split_once("it can be ")).map(|(_, known)| known);
        let known: Vec<_> = known.unwrap_or_else(|| panic!("{report}")).split(", ").collect();
        assert!(!known.is_empty());
        for key in known {
            let explained = [
                format!("`{key}`"),
                format!(" {key}`"),
                format!("[{key}"),
                format!(".{key}]"),
                format!(" {key} = "),
                format!("\n{key} "),
            ];
            assert!(explained.iter().any(|word| text.contains(word)), "{path} [{table}] {key}");
        }
    }
}

/// The TOML blocks of the manual are read by the reader that they explain.
#[test]
fn examples_are_true() {
    let block = |text: &str| {
        let (_, rest) = text.split_once("```toml\n").unwrap();
        rest.split_once("```").unwrap().0.to_owned()
    };
    let profile = block(&manual("connect-your-pbx.md"));
    load(&[("sip-profiles/front.toml", &profile)]).unwrap_or_else(|report| panic!("{report}"));
    let listen = format!("{}{}", config_case::PROFILE, block(&manual("trunks.md")));
    let pem = |kind: &str| format!("-----BEGIN {kind}-----\n");
    let (certificate, key) = (pem("CERTIFICATE"), pem("PRIVATE KEY"));
    load(&[
        ("sip-profiles/front.toml", &listen),
        ("tls/agent.pem", &certificate),
        ("tls/agent.key", &key),
        ("tls/pbx-ca.pem", &certificate),
    ])
    .unwrap_or_else(|report| panic!("{report}"));
    let node = format!("{}{}", config_case::NODE, block(&manual("recording.md")));
    let plan = format!("recording = \"on\"\n{}", config_case::PLAN);
    let config = load(&[("attendant.toml", &node), ("dialplans/clinic.toml", &plan)]);
    let config = config.unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(config.node.recording.map(|it| (it.keys.len(), it.keep_days)), Some((2, 60)));
}
