//! What a wrong file says, as text: the text is the feature.
#![allow(clippy::unwrap_used)]

mod config_case;

use config_case::{NODE, PLAN, PROFILE, check, load, load_with};

const NODE_FILE: &str = "attendant.toml";
const PROFILE_FILE: &str = "sip-profiles/front.toml";
const PLAN_FILE: &str = "dialplans/clinic.toml";

#[test]
fn the_usual_files_are_right() {
    let config = load(&[]).unwrap();
    assert_eq!(config.warnings, []);
    assert_eq!(load(&[]).unwrap().generation, config.generation);
    let other = load_with(PROFILE_FILE, "_6XXX", "_[67]XXX").unwrap();
    assert_ne!(other.generation, config.generation);
}

#[test]
fn a_key_spelled_wrong() {
    check(
        NODE_FILE,
        "listen",
        "lisen",
        r#"
error[config-unknown-key]: nothing reads the key `lisen`
 --> attendant.toml:2:1
  |
2 | lisen = "10.0.0.9:5060"
  | ^^^^^ unknown key
  |
  = help: did you mean "listen"?

1 error"#,
    );
}

#[test]
fn a_key_that_is_nothing_like_any() {
    check(
        PLAN_FILE,
        "dial = [\"6001\"]",
        "dial = \"6001\"\ncolour = 3",
        r#"
error[config-unknown-key]: nothing reads the key `colour`
 --> dialplans/clinic.toml:8:1
  |
8 | colour = 3
  | ^^^^^^ unknown key
  |
  = help: it can be announce, dial, hours, how, ring, unanswered

1 error"#,
    );
}

#[test]
fn a_value_of_the_wrong_type() {
    check(
        NODE_FILE,
        "\"10.0.0.9:5060\"",
        "5060",
        r#"
error[config-value]: invalid type: integer `5060`, expected a string
 --> attendant.toml:2:10
  |
2 | listen = 5060
  |          ^^^^
  |
  = help: write it in quotes

1 error"#,
    );
}

#[test]
fn not_toml() {
    check(
        NODE_FILE,
        ":5060\"",
        ":5060",
        r#"
error[config-syntax]: not TOML: invalid basic string, expected `"`
 --> attendant.toml:2:24
  |
2 | listen = "10.0.0.9:5060
  |                        ^

1 error"#,
    );
}

#[test]
fn a_key_that_is_missing() {
    check(
        PROFILE_FILE,
        "dialplan = \"clinic\"",
        "",
        r#"
error[config-missing-key]: the key `dialplan` is missing
 --> sip-profiles/front.toml:1:1
  |
1 | preset   = "generic"
  | ^ it belongs here

1 error"#,
    );
}

#[test]
fn a_codec_is_written_once() {
    check(
        "sip-profiles/front.toml",
        "[transfer]",
        "[media]\ncodecs = [\"pcmu\", \"g722\", \"pcmu\"]\n\n[transfer]",
        r#"
error[config-duplicate]: "pcmu" is written twice
 --> sip-profiles/front.toml:8:27
  |
8 | codecs = ["pcmu", "g722", "pcmu"]
  |                           ^^^^^^ the second one
  |
  = help: remove it

1 error"#,
    );
}

/// A name alone does not say in which folder it was looked for.
#[test]
fn a_recording_that_is_not_there_is_told_with_its_whole_path() {
    let media = "[media]\nwaiting-sound = \"wait.wav\"\n\n[transfer]";
    let report = load_with("sip-profiles/front.toml", "[transfer]", media).unwrap_err().to_string();
    assert!(
        report.contains("/wait.wav cannot be read: ") && report.contains("error[config-value]: /"),
        "{report}"
    );
}

#[test]
fn several_mistakes_are_all_told() {
    let more = "[rtp]\nports = \"20001-30000\"\n[drain]\ndeadline = \"10\"\n[limits]\ncalls = 0\n[log]\nformat = \"jsno\"\nfilter = \"verbose\"\n[sip]";
    check(
        NODE_FILE,
        "[sip]",
        more,
        r#"
error[config-value]: "20001-30000" is not a range of ports
 --> attendant.toml:2:9
  |
2 | ports = "20001-30000"
  |         ^^^^^^^^^^^^^ cannot be read
  |
  = help: write it as "40000-40999": from an even port to an odd one, not below 1024

error[config-value]: "10" is not a duration
 --> attendant.toml:4:12
  |
4 | deadline = "10"
  |            ^^^^ cannot be read
  |
  = help: write it as 250ms, 30s, 10m or 1h

error[config-value]: 0 calls is no limit but a closed door
 --> attendant.toml:6:9
  |
6 | calls = 0
  |         ^
  |
  = help: leave the key out for the default, or stop the service to take no calls

error[config-unknown-value]: no log format is called "jsno"
 --> attendant.toml:8:10
  |
8 | format = "jsno"
  |          ^^^^^^ unknown value
  |
  = help: did you mean "json"?

error[config-value]: "verbose" is not a log filter
 --> attendant.toml:9:10
  |
9 | filter = "verbose"
  |          ^^^^^^^^^ cannot be read
  |
  = help: `verbose` is not a level: error, warn, info, debug, trace or off; write it as "info" or "info,attendant::sip=debug"

5 errors"#,
    );
}

#[test]
fn every_file_is_read_even_when_one_is_wrong() {
    let report = load(&[
        (NODE_FILE, &NODE.replace("listen", "lisen")),
        (PROFILE_FILE, &PROFILE.replace("generic", "asterisk")),
        (PLAN_FILE, &PLAN.replace("\"not clinic\"", "\"not clnic\"")),
    ])
    .unwrap_err();
    let codes: Vec<_> = report.diagnostics.iter().map(|found| found.code().name()).collect();
    assert_eq!(codes, ["config-unknown-key", "config-undefined", "config-unknown-value"]);
    assert_eq!(report.errors(), 3);
}

#[test]
fn a_preset_nobody_knows() {
    check(
        PROFILE_FILE,
        "generic",
        "asterisk",
        r#"
error[config-unknown-value]: no preset is called "asterisk"
 --> sip-profiles/front.toml:1:12
  |
1 | preset   = "asterisk"
  |            ^^^^^^^^^^ unknown value
  |
  = help: did you mean "asterisk-pjsip"?

1 error"#,
    );
}

#[test]
fn a_wildcard_that_a_peer_cannot_answer_to() {
    check(
        PROFILE_FILE,
        "[peer]",
        "[listen]\nudp = \"0.0.0.0:5060\"\nadvertise = { rtp = \"192.0.2.7\" }\n[peer]",
        r#"
error[config-wildcard]: SIP listens on 0.0.0.0:5060, which no peer can send to
 --> sip-profiles/front.toml:5:7
  |
5 | udp = "0.0.0.0:5060"
  |       ^^^^^^^^^^^^^^ a wildcard
  |
  = help: write advertise = { sip = "…" } too: the address that the PBX reaches this machine under

1 error"#,
    );
    check(
        NODE_FILE,
        "10.0.0.9:5060\"",
        "[::]:5060\"\nadvertise = \"192.0.2.7\"",
        r#"
error[config-wildcard]: RTP listens on ::, which no peer can send to
 --> sip-profiles/front.toml:1:1
  |
1 | preset   = "generic"
  | ^ no [listen] of its own
  |
  = help: write advertise = "…" under [rtp] in attendant.toml: the address that the PBX reaches this machine under

1 error"#,
    );
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_shown() {
    check(
        PROFILE_FILE,
        "[transfer]",
        "[auth]\nuser = \"x\"\nsecret = \"hunter2\"\n[transfer]",
        r#"
error[config-secret]: a secret does not belong in this file
 --> sip-profiles/front.toml:9:10
  |
9 | secret = *********
  |          ^^^^^^^^^ a literal secret
  |
  = help: keep it in a file of its own and write { file = "…" }, or { env = "…" }

1 error"#,
    );
    check(
        NODE_FILE,
        "[sip]",
        "[registrar.users]\n1000 = 7431\n[sip]",
        r#"
error[config-secret]: a secret does not belong in this file
 --> attendant.toml:2:8
  |
2 | 1000 = ****
  |        ^^^^ a literal secret
  |
  = help: keep it in a file of its own and write { file = "…" }, or { env = "…" }

1 error"#,
    );
}

#[test]
fn a_secret_that_is_not_there() {
    check(
        NODE_FILE,
        "[sip]",
        "[registrar.users]\n1000 = { file = \"nowhere\" }\n[sip]",
        r#"
error[config-secret]: the secret in file nowhere cannot be read
 --> attendant.toml:2:8
  |
2 | 1000 = { file = "nowhere" }
  |        ^^^^^^^^^^^^^^^^^^^^ No such file or directory (os error 2)

1 error"#,
    );
    check(
        NODE_FILE,
        "[sip]",
        "[registrar.users]\n1000 = { env = \"ATTENDANT_TEST_UNSET\" }\n[sip]",
        r#"
error[config-secret]: the secret in variable ATTENDANT_TEST_UNSET cannot be read
 --> attendant.toml:2:8
  |
2 | 1000 = { env = "ATTENDANT_TEST_UNSET" }
  |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not set, or not text

1 error"#,
    );
}

#[test]
fn a_digest_that_we_do_not_have() {
    check(
        NODE_FILE,
        "[sip]",
        "[registrar]\ndigest = [\"sha-256\", \"sha1\"]\nusers = { 1000 = { env = \"PATH\" } }\n[sip]",
        r#"
error[config-unknown-value]: no digest is called "sha1"
 --> attendant.toml:2:22
  |
2 | digest = ["sha-256", "sha1"]
  |                      ^^^^^^ unknown value
  |
  = help: did you mean "sha-256"?

1 error"#,
    );
}

#[test]
fn registered_softphones_need_a_registrar() {
    check(
        PROFILE_FILE,
        "[transfer]",
        "[auth]\ninbound = \"registered\"\n[transfer]",
        r#"
error[config-undefined]: trunk front takes registered softphones, and nobody can register
 --> sip-profiles/front.toml:8:11
  |
8 | inbound = "registered"
  |           ^^^^^^^^^^^^ needs a registrar
  |
  = help: write [registrar.users] in attendant.toml

1 error"#,
    );
}

#[test]
fn a_name_does_not_say_which_addresses_are_let_in() {
    check(
        PROFILE_FILE,
        "10.0.0.5",
        "pbx.clinic.lan",
        r#"
error[config-missing-key]: nothing says which addresses requests are taken from
 --> sip-profiles/front.toml:5:8
  |
5 | host = "pbx.clinic.lan"
  |        ^^^^^^^^^^^^^^^^ a name does not say it
  |
  = help: write allow = ["192.0.2.5/32"] under [peer]

1 error"#,
    );
}

#[test]
fn two_profiles_for_one_source() {
    let second = PROFILE.replace("10.0.0.5\"", "10.0.0.5\"\nallow = [\"10.0.0.0/24\"]");
    let report = load(&[("sip-profiles/second.toml", &second)]).unwrap_err().to_string();
    let expected = r#"error[config-source-claimed]: two SIP profiles claim requests from 10.0.0.0/24
 --> sip-profiles/second.toml:6:10
  |
6 | allow = ["10.0.0.0/24"]
  |          ^^^^^^^^^^^^^ sip-profiles/front.toml takes 10.0.0.5/32 on the same socket
  |
  = help: narrow one of them, or give it a `listen` of its own

1 error"#;
    assert_eq!(report, expected);
    let apart = second.replace("[peer]", "[listen]\nudp = \"10.0.0.9:5070\"\n[peer]");
    assert!(load(&[("sip-profiles/second.toml", &apart)]).is_ok());
}

/// A profile that claims what many do is told once, whatever the number of addresses and of profiles.
#[test]
fn many_profiles_for_one_source() {
    let text = PROFILE.replace("10.0.0.5\"", "10.0.0.5\"\nallow = [\"10.0.0.5\", \"10.0.0.6\"]");
    let names: Vec<_> = (1..8).map(|n| format!("sip-profiles/p{n}.toml")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), text.as_str())).collect();
    let errors = load(&files).unwrap_err();
    let report = errors.to_string();
    assert_eq!(errors.errors(), 7, "each but the first:\n{report}");
    for words in [
        "two SIP profiles claim requests from 10.0.0.5/32",
        "8 SIP profiles claim requests from 10.0.0.5/32",
        "sip-profiles/front.toml takes 10.0.0.5/32, sip-profiles/p1.toml takes 10.0.0.5/32, \
         sip-profiles/p2.toml takes 10.0.0.5/32 on the same socket",
        "sip-profiles/p4.toml takes 10.0.0.5/32, and 2 more on the same socket",
    ] {
        assert!(report.contains(words), "{words:?} is not in\n{report}");
    }
}

#[test]
fn fewer_ports_than_calls() {
    check(
        PROFILE_FILE,
        "[transfer]",
        "[media]\nports = \"40000-40009\"\n[transfer]",
        r#"
error[config-ports]: ports 40000-40009 carry 5 calls, and 30 are let in
 --> sip-profiles/front.toml:1:1
  |
1 | preset   = "generic"
  | ^ in this profile
  |
  = help: widen `ports` (two a call), or lower `calls` under [limits]

1 error"#,
    );
}

#[test]
fn an_empty_folder_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let report = attendant::config::Config::load(dir.path()).unwrap_err().to_string();
    let expected = format!(
        "error[config-file]: {0}/attendant.toml cannot be read: No such file or directory (os error 2)\n\n\
         error[config-file]: no file in {0}/sip-profiles\n |\n = help: write one a PBX: the manual, \"Connect your PBX\"\n\n2 errors",
        dir.path().display()
    );
    assert_eq!(report, expected);
}

/// Whatever stands in a file, reading it ends in a configuration or a report, and no secret is shown.
#[test]
fn damaged_files_never_panic_and_never_tell() {
    let secret = "correct-horse-battery";
    let node =
        format!("{NODE}[registrar.users]\n1000 = \"{secret}\"\n2000 = {{ env = \"HOME\" }}\n");
    let profile = PROFILE
        .replace("[transfer]", &format!("[auth]\nuser = \"x\"\nsecret = \"{secret}\"\n[transfer]"));
    let mut dice = attendant::base::Dice::new(11);
    for round in 0..400 {
        let mut files = [
            (NODE_FILE, node.clone()),
            (PROFILE_FILE, profile.clone()),
            (PLAN_FILE, PLAN.to_owned()),
        ];
        let (_, text) = &mut files[round % 3];
        let mut bytes = text.clone().into_bytes();
        for _ in 0..=dice.below(3) {
            let at = dice.below(bytes.len() as u64) as usize;
            match dice.below(3) {
                0 => drop(bytes.remove(at)),
                1 => bytes[at] = b"\"[]={}\n#'.,_~X"[dice.below(14) as usize],
                _ => bytes.insert(at, b"\"[]={}\n#'.,_~X"[dice.below(14) as usize]),
            }
        }
        *text = String::from_utf8(bytes).unwrap();
        let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
        let Err(report) = load(&files) else { continue };
        assert!(!format!("{report:?}").contains(secret), "round {round}");
        let report = report.to_string();
        // A key of a secret that is damaged is a key nobody knows: its value is not known for a secret then.
        let damaged =
            !files[0].1.contains("[registrar.users]\n1000 = ") || !files[1].1.contains("secret = ");
        assert!(damaged || !report.contains(secret), "round {round}:\n{report}");
    }
}
