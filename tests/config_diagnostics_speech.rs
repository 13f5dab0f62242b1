//! What `[speech.recogniser]` and `[speech.voice]` say when they are wrong, and what routes may not name. As text.
#![allow(clippy::unwrap_used)]

mod config_case;

use config_case::{NODE, PLAN, load};

const NODE_FILE: &str = "attendant.toml";
const PLAN_FILE: &str = "dialplans/clinic.toml";

/// Loads with these lines of `attendant.toml`, and returns the report.
fn report(lines: &str) -> String {
    let node = format!("{NODE}\n{lines}");
    load(&[(NODE_FILE, &node), ("credentials/key", "fern\n")]).unwrap_err().to_string()
}

#[track_caller]
fn says(report: &str, words: &[&str]) {
    for words in words {
        assert!(report.contains(words), "no {words:?} in\n{report}");
    }
}

#[test]
fn a_key_in_the_file_is_refused_and_not_printed() {
    let key = "sk-proj-2f7b0c41d9";
    for lines in [
        format!("[speech.recogniser]\nkind = \"openai-http\"\nkey-credential = \"{key}\"\n"),
        format!("[speech.recogniser]\nkind = \"openai-http\"\nkey = \"{key}\"\n"),
        format!("[speech.voice]\nkind = \"openai-http\"\napi-key = \"{key}\"\n"),
        format!("[speech.voice]\nkind = \"openai-http\"\ntoken = \"{key}\"\n"),
    ] {
        let report = report(&lines);
        says(
            &report,
            &["error[config-secret]: a key does not belong in this file", "LoadCredential="],
        );
        assert!(!report.contains(key), "{report}");
    }
}

#[test]
fn a_credential_is_there_and_not_everybodys() {
    let with = |name| {
        format!("[speech.recogniser]\nkind = \"openai-http\"\nkey-credential = \"{name}\"\n")
    };
    // It may be systemd's to give, which only the service sees.
    let other = load(&[(NODE_FILE, &format!("{NODE}\n{}", with("other")))]).unwrap();
    says(
        &other.warnings.iter().map(ToString::to_string).collect::<String>(),
        &[
            "warning[config-secret]: the credential other cannot be looked at from here",
            "LoadCredential=other:",
        ],
    );
    says(&report(&with("../key")), &["\"../key\" is not the name of a credential"]);
    assert!(
        load(&[(NODE_FILE, &format!("{NODE}\n{}", with("key"))), ("credentials/key", "fern\n")])
            .is_ok()
    );
    let two =
        load(&[(NODE_FILE, &format!("{NODE}\n{}", with("key"))), ("credentials/key", "a b\n")]);
    says(&two.unwrap_err().to_string(), &["the credential key is longer than a word"]);

    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        (NODE_FILE, format!("{NODE}\n{}", with("key"))),
        ("sip-profiles/front.toml", config_case::PROFILE.to_owned()),
        (PLAN_FILE, PLAN.to_owned()),
        ("credentials/key", "fern\n".to_owned()),
    ] {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    let errors = attendant::config::Config::load(dir.path()).unwrap_err().to_string();
    says(&errors, &["everybody on this machine may read credentials/key", "chmod 0600"]);
}

#[test]
fn what_has_no_effect_or_is_missing_is_told() {
    let embedded = report("[speech.recogniser]\nmodel = \"large\"\n");
    says(&embedded, &["config-no-effect", "no vendor is asked: [speech.recogniser]"]);
    let keyless = report("[speech.recogniser]\nkind = \"deepgram-websocket\"\n");
    says(&keyless, &["config-missing-key", "deepgram-websocket wants a key"]);
    let voiceless =
        report("[speech.voice]\nkind = \"elevenlabs-websocket\"\nkey-credential = \"key\"\n");
    says(&voiceless, &["no voice is named"]);
    says(
        &report("[speech.voice]\nkind = \"deepgram-websocket\"\n"),
        &["no speech engine is called"],
    );
    let open = report("[speech.voice]\nkind = \"openai-http\"\nurl = \"http://10.0.0.7/v1\"\n");
    says(&open, &["health data would travel unencrypted: write https://"]);
    let keyed = report(
        "[speech.voice]\nkind = \"openai-http\"\nurl = \"https://v.example.com/v1?token=fern4711\"\n",
    );
    says(&keyed, &["error[config-secret]: a key does not belong in this file"]);
    assert!(!keyed.contains("fern4711"), "{keyed}");
}

#[test]
fn languages_are_those_that_both_parts_have() {
    let plan =
        PLAN.replacen("[hours.clinic]", "language = [\"en-US\", \"ja-JP\"]\n\n[hours.clinic]", 1);
    let alone = load(&[(PLAN_FILE, &plan)]).unwrap_err().to_string();
    says(
        &alone,
        &[
            "error[config-language]: the embedded recogniser does not hear Japanese",
            "error[config-language]: the embedded voice does not speak Japanese",
            "--> dialplans/clinic.toml:3:22",
            "under [speech.voice] in attendant.toml",
        ],
    );
    let vendors = "[speech.recogniser]\nkind = \"deepgram-websocket\"\nkey-credential = \"key\"\n\
                   [speech.voice]\nkind = \"elevenlabs-websocket\"\nkey-credential = \"key\"\nvoice = \"ada\"\n";
    let node = format!("{NODE}\n{vendors}");
    let key = ("credentials/key", "fern\n");
    let config = load(&[(NODE_FILE, &node), (PLAN_FILE, &plan), key]).unwrap();
    let warned: String = config.warnings.iter().map(ToString::to_string).collect();
    says(&warned, &["config-language", "while the vendor fails, such a call goes to a person"]);
    let leaves = config.node.speech.leaves();
    assert_eq!(
        leaves,
        [
            "Health data leaves this machine: what callers say goes to deepgram-websocket at api.deepgram.com",
            "Health data leaves this machine: what the agent says goes to elevenlabs-websocket at api.elevenlabs.io",
        ]
    );
    // A vendor that speaks less than the other hears.
    let hebrew = plan.replace("ja-JP", "he-IL");
    let report = load(&[(NODE_FILE, &node), (PLAN_FILE, &hebrew), key]).unwrap_err().to_string();
    says(
        &report,
        &["neither elevenlabs-websocket at api.elevenlabs.io nor the embedded voice speaks Hebrew"],
    );
}
