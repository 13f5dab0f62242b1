//! `attendant route`: where a call would go and why, as the person at the terminal reads it; and
//! that every example of the manual's page on dialplans is right.
#![allow(clippy::unwrap_used)]

mod config_case;

use std::fs;
use std::path::Path;
use std::process::Command;

use config_case::{NODE, PROFILE, load};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs `attendant route` and returns its exit code, standard output and standard error.
fn route(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_attendant"))
        .args(["route", "--config", dir.to_str().unwrap()])
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn shipped(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// The shipped plan `clinic` on the shipped profile for Asterisk.
fn clinic() -> tempfile::TempDir {
    directory(&[
        ("attendant.toml", NODE),
        ("sip-profiles/front.toml", &shipped("sip-profiles/asterisk.toml")),
        ("dialplans/clinic.toml", &shipped("dialplans/clinic.toml")),
        ("lists/blocked.csv", &shipped("lists/blocked.csv")),
    ])
}

#[test]
fn the_manual_shows_what_it_prints() {
    let dir = clinic();
    let arguments = ["--from", "(847) 555-0142", "--to", "8000", "--at", "2026-12-25 10:00"];
    let (code, out, err) = route(dir.path(), &arguments);
    assert_eq!(code, 0, "{err}");
    let page = shipped("docs/manual/dialplans.md");
    let (_, shown) = page.split_once("--at \"2026-12-25 10:00\"\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    assert_eq!(out, shown, "\n--- it said ---\n{out}");
}

#[test]
fn every_part_of_an_answer_is_told() {
    let plan = r#"timezone = "America/Chicago"
[hours.clinic]
open = "mon-fri 08:00-17:00"
[callers.blocked]
numbers = "+18005550100"
[target.front-desk]
dial = ["6001", "6002"]
hours = "clinic"
unanswered = "night"
[target.night]
dial = "6900"
ring = "15s"
unanswered = "hangup"
[[route]]
name = "blocked"
caller = "blocked"
reject = 603
[[route]]
name = "es"
header = { s = "~es.*", From = "~.*\"Roe, Jane\".*" }
agent = "reception"
transfer = ["front-desk", "night"]
[[route]]
name = "extension"
called = "_8XXX"
agent = "reception"
"#;
    let dir = directory(&[
        ("attendant.toml", NODE),
        ("sip-profiles/front.toml", PROFILE),
        ("dialplans/clinic.toml", plan),
    ]);
    let es = ["--from", "5550142", "--to", "x", "--header", "s: es-MX", "--display", "Roe, Jane"];
    let at = |time| [&es[..], &["--profile", "front", "--at", time]].concat();
    let (code, out, err) = route(dir.path(), &at("2026-11-20 10:00"));
    let expected = "\
trunk     front, dialplan clinic
called    x (a name: as it stands)
caller    5550142 (seven digits, and [numbers] has no area-code: as dialled)
at        Fri 2026-11-20 10:00 (America/Chicago)
route     es
agent     reception
language  en-US
target    front-desk: 6001, 6002, 20s each, unanswered: night
            rings sip:6001@10.0.0.5 for 20s
            rings sip:6002@10.0.0.5 for 20s
            rings sip:6900@10.0.0.5 of night for 15s
target    night: 6900, 15s each, unanswered: hang up
            rings sip:6900@10.0.0.5 for 15s
fallback  none: the call ends when the agent cannot run
why:
  - blocked: caller is not on list blocked
  - es: chosen, header From is ~.*\"Roe, Jane\".*, header Subject is ~es.*
  - extension: not reached
";
    assert_eq!((code, &*out), (0, expected), "{out}{err}");
    let (_, out, _) = route(dir.path(), &at("2026-11-20 20:00"));
    assert!(
        out.contains("target    front-desk: not offered, clinic is closed\ntarget    night: 6900"),
        "{out}"
    );

    // A PBX that takes no REFER has no way, but for a target that is tried by REFER all the same.
    let none = PROFILE.replace("allow =", "methods = []\nfailed-refer-returns = true\nallow =");
    fs::write(dir.path().join("sip-profiles/front.toml"), none).unwrap();
    let refer = plan.replace("ring = \"15s\"", "ring = \"15s\"\nhow = \"refer\"");
    fs::write(dir.path().join("dialplans/clinic.toml"), refer).unwrap();
    let (_, out, err) = route(dir.path(), &at("2026-11-20 10:00"));
    let expected = "\
target    front-desk: 6001, 6002, 20s each, unanswered: night
            rings sip:6900@10.0.0.5 of night for 15s
target    night: 6900, 15s each, unanswered: hang up
            rings sip:6900@10.0.0.5 for 15s
";
    assert!(out.contains(expected), "{out}{err}");
    fs::write(dir.path().join("dialplans/clinic.toml"), plan).unwrap();
    let (_, out, _) = route(dir.path(), &at("2026-11-20 10:00"));
    let expected =
        "front-desk: not offered, the trunk has no way to hand calls over ([transfer] methods)\n";
    assert!(out.contains(expected), "{out}");

    let (code, out, _) = route(dir.path(), &["--from", "8005550100", "--to", "8000"]);
    assert_eq!(code, 1);
    assert!(
        out.contains("caller    8005550100 → +18005550100 (ten digits are a national"),
        "{out}"
    );
    assert!(out.contains("route     blocked\nrefused   with 603\nwhy:\n  - blocked: chosen, caller is on list blocked\n"), "{out}");
    let (code, out, _) = route(dir.path(), &["--to", "+13125550142"]);
    assert_eq!(code, 1);
    assert!(out.contains("caller    withheld\n"), "{out}");
    assert!(out.contains("route     none: refused with 404\n"), "{out}");
    assert!(out.ends_with("  - extension: called number is not _8XXX\n"), "{out}");
}

#[test]
fn what_is_asked_wrongly_is_said() {
    let dir = clinic();
    let copy = dir.path().join("sip-profiles/other.toml");
    for (arguments, said) in [
        (
            &["--to", "1", "--at", "noon"][..],
            "error: \"noon\" is not a time: write \"2026-12-25 10:00\"",
        ),
        (
            &["--to", "1", "--header", "X-Line=es"],
            "error: \"X-Line=es\" is not a header: write 'X-Line: es'",
        ),
        (
            &["--to", "1", "--profile", "frnt"],
            "error: no SIP profile is called frnt; there are front",
        ),
    ] {
        let (code, out, err) = route(dir.path(), arguments);
        assert_eq!((code, &*out), (2, ""), "{err}");
        assert!(err.starts_with(said), "{err}");
    }
    fs::write(copy, PROFILE.replace("10.0.0.5", "10.0.0.6")).unwrap();
    let (code, _, err) = route(dir.path(), &["--to", "1"]);
    assert_eq!(code, 2);
    assert!(
        err.starts_with("error: say which SIP profile: --profile with one of front, other"),
        "{err}"
    );
    fs::write(dir.path().join("dialplans/clinic.toml"), "timezone = 1\n").unwrap();
    let (code, _, err) = route(dir.path(), &["--to", "1"]);
    assert_eq!(code, 1);
    assert!(err.contains("error[config-value]"), "{err}");
}

/// The names that fragments of the page take for granted.
const GRANTED: [(&str, &str); 4] = [
    ("[hours.clinic]", "open = \"mon-fri 08:00-17:00\"\n"),
    ("[target.front-desk]", "dial = \"6001\"\n"),
    ("[target.nurse]", "dial = \"6100\"\n"),
    ("[target.on-call]", "dial = \"6900\"\n"),
];

#[test]
fn every_block_of_the_page_is_a_plan() {
    let page = shipped("docs/manual/dialplans.md");
    let blocks: Vec<_> =
        page.split("```toml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
    assert!(blocks.len() >= 6);
    let list = shipped("lists/blocked.csv");
    for block in blocks {
        let mut plan = String::new();
        if !block.contains("timezone") {
            plan.push_str("timezone = \"America/Chicago\"\n");
        }
        plan.push_str(block);
        for (head, rest) in GRANTED.iter().filter(|(head, _)| !block.contains(head)) {
            plan.push_str(&format!("\n{head}\n{rest}"));
        }
        if !block.contains("[[route]]") {
            plan.push_str("\n[[route]]\nname = \"all\"\nagent = \"reception\"\n");
        }
        let files = [("dialplans/clinic.toml", plan.as_str()), ("lists/blocked.csv", &list)];
        load(&files).unwrap_or_else(|report| panic!("{report}\n{plan}"));
    }
}
