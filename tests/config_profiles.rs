//! What a SIP profile gets wrong beyond a single value, and what it says then.
#![allow(clippy::unwrap_used)]

mod config_case;

use attendant::config::{Code, Config, ConfigErrors, Preset};
use config_case::{NODE, load};

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n";

/// Loads the usual files with this profile, secrets and PEM files beside them.
fn profile(text: &str) -> Result<Config, ConfigErrors> {
    let head = "preset = \"generic\"\ndialplan = \"clinic\"\n";
    let text = if text.contains("preset =") { text.to_owned() } else { format!("{head}{text}") };
    load(&[
        ("sip-profiles/front.toml", &text),
        ("c.pem", CERTIFICATE),
        ("other.pem", CERTIFICATE),
        ("k.pem", KEY),
        ("secret", "horse\n"),
    ])
}

const HOST: &str = "[transfer]\nallow = [\"_6XXX\"]\n[peer]\nhost = \"10.0.0.5\"\n";
const TLS: &str =
    "[listen]\ntls = { bind = \"10.0.0.9:5061\", cert = \"c.pem\", key = { file = \"k.pem\" } }\n";

/// The profile is refused with this code and these words.
#[track_caller]
fn refused(text: &str, code: Code, words: &str) {
    let errors = profile(text).expect_err(text);
    let report = errors.to_string();
    assert!(errors.diagnostics.iter().any(|found| found.code() == code), "{report}");
    assert!(report.contains(words), "{words:?} is not in\n{report}");
}

#[test]
fn keys_without_effect_are_refused() {
    for (lines, words) in [
        ("port = 5070\nhost = \"10.0.0.5:5080\"", "the port is written twice"),
        ("ca = \"c.pem\"", "a certificate is checked only by TLS"),
        ("[auth]\nrealm = \"x\"", "no digest is asked for"),
        ("[auth]\ndigest = \"md5\"", "no digest is asked for"),
        ("[auth.users]\na = { file = \"secret\" }", "no digest is asked for"),
        ("[auth]\ninbound = \"digest\"\nusers = {}", "no user may call"),
        ("[auth]\nuser = \"a\"", "a user without a secret"),
        ("[register]\nexpires = \"5m\"", "nothing is registered"),
    ] {
        let host = if lines.contains("host =") {
            HOST.replace("host = \"10.0.0.5\"\n", "")
        } else {
            HOST.into()
        };
        refused(&format!("{host}{lines}\n"), Code::NoEffect, words);
    }
    let nobody = "[peer]\nallow = [\"10.0.0.5\"]\n";
    for (line, words) in [
        ("ping = \"5s\"", "remove `ping`"),
        ("transport = \"tcp\"", "remove `transport`"),
        ("port = 1", "remove `port`"),
    ] {
        refused(&format!("{nobody}{line}\n"), Code::NoEffect, words);
    }
}

#[test]
fn values_that_have_no_effect_yet_are_refused_in_words() {
    for (lines, words) in [
        ("[media]\ndtmf = \"morse\"\n", "no way to send digits is called \"morse\""),
        ("[media]\nwaiting-sound = \"melodie\"\n", "no sound for waiting callers is called"),
    ] {
        refused(&format!("{HOST}{lines}"), Code::UnknownValue, words);
    }
    let methods = HOST.replace("[transfer]\n", "[transfer]\nmethods = [\"refer\", \"attended\"]\n");
    refused(&methods, Code::UnknownValue, "cannot be handed over by \"attended\" yet");
}

#[test]
fn what_belongs_together_is_asked_for_together() {
    for (lines, words) in [
        ("[auth]\ninbound = \"digest\"\n", "nobody has a password"),
        ("[auth]\ninbound = \"mtls\"\n", "requests that come by UDP show no certificate"),
    ] {
        refused(&format!("{HOST}{lines}"), Code::MissingKey, words);
    }
    let open = format!("{TLS}{HOST}transport = \"tls\"\n[auth]\ninbound = \"mtls\"\n");
    refused(&open, Code::MissingKey, "nothing says which authority");
    let tcp = format!("[listen]\nudp = \"10.0.0.9:5070\"\n{HOST}transport = \"tcp\"\n");
    refused(&tcp, Code::MissingKey, "write tcp = \"…\" under [listen] too");
    let tls = format!("{HOST}transport = \"tls\"\n");
    refused(&tls, Code::MissingKey, "requests go to the PBX by TLS, and it cannot come back by it");
}

#[test]
fn files_of_tls_are_looked_at() {
    let wrong = TLS.replace("c.pem", "nowhere.pem");
    refused(&format!("{wrong}{HOST}"), Code::Value, "nowhere.pem cannot be read");
    let wrong = TLS.replace("\"k.pem\"", "\"c.pem\"");
    refused(&format!("{wrong}{HOST}"), Code::Value, "c.pem holds no PEM block of a PRIVATE KEY");
    let literal = TLS.replace("{ file = \"k.pem\" }", "\"MIIE\"");
    refused(&format!("{literal}{HOST}"), Code::Secret, "the private key is read from a file");
}

#[test]
fn trunks_that_share_a_tls_address_share_its_certificate() {
    let text =
        format!("preset = \"generic\"\ndialplan = \"clinic\"\n{TLS}{HOST}transport = \"tls\"\n");
    let other = text.replace("c.pem", "other.pem").replace("10.0.0.5", "10.0.0.6");
    let files = |other: &str| {
        load(&[
            ("sip-profiles/front.toml", &text),
            ("sip-profiles/second.toml", other),
            ("c.pem", CERTIFICATE),
            ("other.pem", CERTIFICATE),
            ("k.pem", KEY),
        ])
    };
    let report = files(&other).unwrap_err().to_string();
    assert!(
        report.contains("two SIP profiles show different certificates on 10.0.0.9:5061"),
        "{report}"
    );
    files(&other.replace("other.pem", "c.pem")).unwrap_or_else(|report| panic!("{report}"));
}

#[test]
fn session_timers_keep_to_the_rfc() {
    for (timer, words) in [
        ("{ min = \"60s\" }", "shorter than a session timer may be"),
        ("{ expires = \"2m\", min = \"5m\" }", "shorter than the shortest that we take"),
        ("\"on\"", "expected \"off\" or { expires"),
        ("{ expries = \"2m\" }", "nothing reads the key `expries`"),
    ] {
        let report =
            profile(&format!("{HOST}[session]\ntimer = {timer}\n")).unwrap_err().to_string();
        assert!(report.contains(words), "{timer}:\n{report}");
    }
    let off = profile(&format!("{HOST}[session]\ntimer = \"off\"\n")).unwrap();
    assert_eq!(off.trunks[0].sip.policy.timer, None);
}

#[test]
fn a_preset_says_what_it_needs() {
    let text = "preset = \"3cx-extension\"\ndialplan = \"clinic\"\n[transfer]\nallow = [\"_6XXX\"]\n[peer]\nhost = \"pbx.clinic.lan\"\n";
    refused(text, Code::MissingKey, "preset 3cx-extension needs `user` under [auth]");
    let errors = profile(text).unwrap_err();
    assert_eq!(errors.errors(), 2, "user and secret, each once:\n{errors}");
    let whole = format!("{text}[auth]\nuser = \"x\"\nsecret = {{ file = \"secret\" }}\n");
    let config = profile(&whole).unwrap_or_else(|report| panic!("{report}"));
    let trunk = &config.trunks[0];
    assert!(trunk.register.is_some() && trunk.sip.allow.is_empty() && trunk.sip.policy.nat);
    assert_eq!(config.warnings.len(), 1);
    assert_eq!(config.warnings[0].code(), Code::Unverified);
}

/// What the file says counts before the preset, and the preset before the default.
#[test]
fn file_then_preset_then_default() {
    let text = |more: &str| format!("preset = \"cucm\"\ndialplan = \"clinic\"\n{HOST}{more}");
    let ping = |more: &str| {
        let config = profile(&text(more)).unwrap_or_else(|report| panic!("{report}"));
        let timer = config.trunks[0].sip.policy.timer.unwrap();
        (timer.expires.as_secs(), timer.min.as_secs(), config.trunks[0].limits.calls)
    };
    assert_eq!(ping(""), (1800, 1800, 30), "min from the preset, calls by default");
    assert_eq!(ping("[session]\ntimer = { min = \"90s\" }\n"), (1800, 90, 30));
    assert_eq!(ping("[limits]\ncalls = 5\n"), (1800, 1800, 5));
}

/// Every preset holds together: its values are read, its own needs are met by what it asks for.
#[test]
fn every_preset_loads() {
    for preset in Preset::ALL {
        let text = format!(
            "preset = \"{}\"\ndialplan = \"clinic\"\n{HOST}allow = [\"10.0.0.5\"]\n[auth]\nuser = \"x\"\nsecret = {{ file = \"secret\" }}\n",
            preset.name()
        );
        let node = format!("{NODE}[registrar.users]\n1000 = {{ file = \"secret\" }}\n");
        let files = [
            ("attendant.toml", node.as_str()),
            ("sip-profiles/front.toml", &text),
            ("secret", "x\n"),
        ];
        let config = load(&files).unwrap_or_else(|report| panic!("{}:\n{report}", preset.name()));
        assert_eq!(config.trunks[0].preset, preset);
    }
}
