//! What `[recording]` and a plan that records say when they are wrong, as text.
#![allow(clippy::unwrap_used)]

mod config_case;

use config_case::{NODE, PLAN, load, told};

const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

fn node(recording: &str) -> String {
    format!("{NODE}[recording]\n{recording}\n")
}

fn plan() -> String {
    PLAN.replacen("timezone", "recording = \"on\"\ntimezone", 1)
}

#[test]
fn calls_that_nobody_could_hear_are_not_recorded() {
    told(
        &[("dialplans/clinic.toml", &plan())],
        r#"
error[config-undefined]: calls cannot be recorded: nobody could hear them
 --> dialplans/clinic.toml:1:13
  |
1 | recording = "on"
  |             ^^^^ needs a key
  |
  = help: write [recording] key in attendant.toml, or "off" here

1 error"#,
    );
}

#[test]
fn one_key_is_a_warning_and_says_how_to_have_two() {
    told(
        &[("attendant.toml", &node(&format!("key = \"{KEY}\"")))],
        r#"
warning[config-recording-one-key]: recordings have one key: when it is lost, so are all of them
 --> attendant.toml:4:7
  |
4 | key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: make a second with `age-keygen`, keep it elsewhere, and write its public key as escrow-key"#,
    );
}

#[test]
fn a_private_key_is_refused_and_not_shown_to_be_one_of_use() {
    let private = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    let report = load(&[("attendant.toml", &node(&format!("key = \"{private}\"")))]);
    let report = report.unwrap_err().to_string();
    assert!(report.contains("error[config-secret]: a private key does not belong"), "{report}");
    assert!(!report.contains(&private[20..40]), "the key is shown:\n{report}");
    for wrong in ["age1", "ssh-ed25519 AAAA", "", &KEY[..40]] {
        let report = load(&[("attendant.toml", &node(&format!("key = \"{wrong}\"")))]);
        let report = report.unwrap_err().to_string();
        assert!(report.contains("is not a public key of age"), "{report}");
    }
}

#[test]
fn what_has_no_effect_or_makes_no_sense_is_told() {
    let whole = |rest: &str| node(&format!("key = \"{KEY}\"\n{rest}"));
    for (text, words) in [
        (
            node("notice = { en-US = \"We record.\" }"),
            "without the practice's key nothing is recorded",
        ),
        (whole(&format!("escrow-key = \"{KEY}\"")), "the escrow key is the practice's own"),
        (whole("keep-days = 0"), "0 days keep nothing"),
        (whole("notice = { en-US = \" \" }"), "callers have to be told that they are recorded"),
        (whole("notice = { klingon = \"x\" }"), "no language is called \"klingon\""),
    ] {
        let report = load(&[("attendant.toml", &text)]).unwrap_err().to_string();
        assert!(report.contains(words), "{words}:\n{report}");
    }
    let rejects =
        PLAN.replacen("agent    = \"reception\"\n", "reject = 603\nrecording = \"on\"\n", 1);
    let report = load(&[("dialplans/clinic.toml", &rejects)]).unwrap_err().to_string();
    assert!(report.contains("refuses its calls: this key has no effect"), "{report}");
}
