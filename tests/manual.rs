//! The manual knows every error code, every key and every metric, and its examples are true.
#![allow(clippy::unwrap_used)]

mod config_case;

use std::fs;

use attendant::base::TrunkName;
use attendant::config::{Code, Config, Preset};
use attendant::ops::metrics::{expect, scoped};
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
        expect([(&TrunkName::new("front"), true)], ["book_appointment"]);
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
    let text = manual("files.md");
    for (path, table) in [
        ("attendant.toml", ""),
        ("attendant.toml", "sip"),
        ("attendant.toml", "rtp"),
        ("attendant.toml", "threads"),
        ("attendant.toml", "limits"),
        ("attendant.toml", "metrics"),
        ("attendant.toml", "log"),
        ("attendant.toml", "drain"),
        ("attendant.toml", "practice"),
        ("attendant.toml", "registrar"),
        ("sip-profiles/front.toml", ""),
        ("sip-profiles/front.toml", "listen"),
        ("sip-profiles/front.toml", "peer"),
        ("sip-profiles/front.toml", "auth"),
        ("sip-profiles/front.toml", "register"),
        ("sip-profiles/front.toml", "numbers"),
        ("sip-profiles/front.toml", "media"),
        ("sip-profiles/front.toml", "transfer"),
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
    Preset::ALL.iter().for_each(|preset| assert!(text.contains(preset.name())));
}

/// A star means that a reload tells the admin to restart, and no star that it need not.
#[test]
fn stars_stand_where_a_restart_is_needed() {
    let text = manual("files.md");
    let (node, _) = text.split_once("## sip-profiles").unwrap();
    let usual = load(&[]).unwrap();
    let mut seen = 0;
    for line in node.lines().filter(|line| line.starts_with("| `")) {
        let cell = line.split('|').nth(1).unwrap().trim();
        let (key, starred) = (cell.trim_end_matches(" *"), cell.ends_with(" *"));
        let changed = match key {
            "`data`" => "data = \"/srv/a\"\nSIP",
            "`models`" => "models = \"/srv/m\"\nSIP",
            "`[sip] listen`" => "[sip]\nlisten = \"10.0.0.9:5070\"",
            "`[sip] advertise`" => "SIP\nadvertise = \"192.0.2.9\"",
            "`[rtp] bind`" => "SIP\n[rtp]\nbind = \"192.0.2.9\"",
            "`[rtp] advertise`" => "SIP\n[rtp]\nadvertise = \"192.0.2.9\"",
            "`[rtp] ports`" => "SIP\n[rtp]\nports = \"30000-30999\"",
            "`[threads] media`" => "SIP\n[threads]\nmedia = 2",
            "`[threads] hearing`" => "SIP\n[threads]\nhearing = 2",
            "`[limits] calls`" => "SIP\n[limits]\ncalls = 41",
            "`[metrics] listen`" => "SIP\n[metrics]\nlisten = \"off\"",
            "`[log] format`" => "SIP\n[log]\nformat = \"json\"",
            "`[log] filter`" => "SIP\n[log]\nfilter = \"debug\"",
            "`[drain] deadline`" => "SIP\n[drain]\ndeadline = \"9m\"",
            "`[practice] path`" => "SIP\n[practice]\npath = \"other.db\"",
            // There is one book so far, and these are read with the users that they belong to.
            "`[practice] book`" => continue,
            key if key.starts_with("`[registrar") => continue,
            key => panic!("{key} is new: add how it is changed"),
        };
        let changed = changed.replace("SIP", "[sip]\nlisten = \"10.0.0.9:5060\"");
        let config = load(&[("attendant.toml", &changed)]).unwrap_or_else(|e| panic!("{e}"));
        let told = |config: &Config| format!("{:?}", config.node);
        assert_ne!(told(&config), told(&usual), "{key} changes nothing");
        let restart = usual.needs_restart(&config);
        assert_eq!(!restart.is_empty(), starred, "{key}: {restart:?}");
        seen += 1;
    }
    assert_eq!(seen, 15);
}

/// The TOML blocks of the manual are read by the reader that they explain.
#[test]
fn examples_are_true() {
    let block = |text: &str| {
        let (_, rest) = text.split_once("```toml\n").unwrap();
        rest.split_once("```").unwrap().0.to_owned()
    };
    let plan = block(&manual("files.md"));
    // The one route of the example asks for much: without a last resort there is a warning.
    let config =
        load(&[("dialplans/clinic.toml", &plan)]).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(config.warnings.len(), 1, "{:#?}", config.warnings);
    let profile = block(&manual("connect-your-pbx.md"));
    load(&[("sip-profiles/front.toml", &profile)]).unwrap_or_else(|report| panic!("{report}"));
}
