//! What `explain`, `presets` and `pbx-snippet` print: the text is the feature.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

const NODE: &str = "[sip]\nlisten = \"10.0.0.9:5060\"\n[threads]\nmedia = 2\n";

const PROFILE: &str = "\
preset   = \"cucm\"
dialplan = \"clinic\"

[peer]
host  = \"cucm.clinic.lan\"
allow = [\"10.0.0.5\", \"10.0.0.6\"]

[auth]
user   = \"agent\"
secret = { file = \"credentials/pbx\" }

[session]
timer = \"off\"

[transfer]
allow = [\"_6XXX\"]
";

const PLAN: &str = "\
timezone = \"America/Chicago\"
[[route]]
name  = \"all\"
agent = \"reception\"
";

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("attendant.toml", NODE),
        ("sip-profiles/front.toml", PROFILE),
        ("dialplans/clinic.toml", PLAN),
        ("credentials/pbx", "correct-horse\n"),
    ] {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// Runs the program in a folder and returns its exit code, standard output and standard error.
fn attendant(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attendant"));
    let output = command.current_dir(dir).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn says(dir: &Path, arguments: &[&str], expected: &str) {
    let (code, out, err) = attendant(dir, arguments);
    assert_eq!((code, &*err), (0, ""), "{out}");
    // Lines are compared without the blanks that align them at their ends.
    let trimmed: String = out.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    assert_eq!(trimmed, expected, "\n--- it said ---\n{trimmed}");
}

#[test]
fn a_profile_is_explained() {
    let dir = folder();
    says(dir.path(), &["explain", "sip-profiles/front.toml"], EXPLAINED);
    let (_, out, _) = attendant(dir.path(), &["explain", "sip-profiles/front.toml"]);
    assert!(!out.contains("correct-horse"), "a secret is shown by its place alone");
}

const EXPLAINED: &str = r#"trunk front, preset cucm (from documentation)
preset                 "cucm"                         sip-profiles/front.toml:1
dialplan               "clinic"                       sip-profiles/front.toml:2

[listen]
udp                    10.0.0.9:5060                  [sip] listen of attendant.toml
tcp                    10.0.0.9:5060                  [sip] listen of attendant.toml

[listen.tls]
bind                   -                              not written
cert                   -                              not written
key                    -                              not written
client-ca              -                              not written

[listen.advertise]
sip                    10.0.0.9:5060                  default: "auto"
rtp                    10.0.0.9                       default: "auto"

[peer]
host                   "cucm.clinic.lan"              sip-profiles/front.toml:5
port                   5060                           where SRV has no other
allow                  10.0.0.5/32 10.0.0.6/32        sip-profiles/front.toml:6: ["10.0.0.5", "10.0.0.6"]
ping                   "30s"                          default
transport              "tcp"                          preset cucm
ca                     -                              not written
nat                    false                          default

[auth]
user                   "agent"                        sip-profiles/front.toml:9
secret                 { file = "credentials/pbx" }   sip-profiles/front.toml:10
inbound                "ip"                           default
realm                  "attendant"                    default
users                  -                              not written
digest                 ["sha-256", "md5"]             default

[register]
enabled                false                          default
user                   -                              not written
expires                "10m"                          default

[numbers]
country                "US"                           default
area-code              -                              not written
called                 ["request-uri", "diversion", "to"]
                                                      preset cucm
caller                 ["p-asserted-identity", "remote-party-id", "from"]
                                                      preset cucm

[media]
codecs                 ["pcmu", "pcma"]               default
dtmf                   "rfc4733"                      default
srtp                   "off"                          default
ports                  20000-20999                    [rtp] ports of attendant.toml
rtp-timeout            "60s"                          default
comfort-noise          true                           default
silence-suppression    false                          default
packet-time            "20ms"                         default
rtcp-mux               "accept"                       default
waiting-sound          "melody"                       default

[limits]
calls                  30                             default
calls-per-second       -                              not written
per-caller             -                              not written

[session]
prack                  "supported"                    preset cucm
answer-within          "3s"                           default

[session.timer]
expires                "off"                          sip-profiles/front.toml:13
min                    "off"                          sip-profiles/front.toml:13

[transfer]
methods                ["refer"]                      default
refer-to               "sip:{ext}@{peer}"             default
notify-200-means       "answered"                     default
failed-refer-returns   false                          preset cucm
wait                   "25s"                          default
context                ["referred-by"]                preset cucm
allow                  ["_6XXX"]                      sip-profiles/front.toml:16
"#;

#[test]
fn the_process_is_explained() {
    let dir = folder();
    let (code, out, err) = attendant(dir.path(), &["explain", "attendant.toml"]);
    assert_eq!((code, &*err), (0, ""), "{out}");
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let hearing = format!("{:<23}{:<31}by the machine's cores", "hearing", cores.min(2));
    for line in [
        "data                   \"/var/lib/attendant\"           default",
        "models                 /var/lib/attendant/models      below `data`",
        "listen                 \"10.0.0.9:5060\"                attendant.toml:2",
        "advertise              10.0.0.9:5060                  as `listen`",
        "media                  2                              attendant.toml:4",
        &hearing,
        "users                  -                              not written",
    ] {
        assert!(out.lines().any(|have| have == line), "{line:?} is not in\n{out}");
    }
}

/// Whoever looks for a mistake is shown the values all the same: those that no mistake elsewhere touches, and what the
/// file itself says where it is the wrong one.
#[test]
fn mistakes_do_not_hide_the_values() {
    let dir = folder();
    let explain = |file: &str| attendant(dir.path(), &["explain", file]);
    fs::write(dir.path().join("dialplans/clinic.toml"), "timezone = 1\n").unwrap();
    let (code, out, err) = explain("sip-profiles/front.toml");
    assert_eq!(code, 1);
    let trimmed: String = out.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    assert_eq!(trimmed, EXPLAINED, "another file's mistake");
    assert!(err.contains("dialplans/clinic.toml:1:12") && err.ends_with("1 error\n"), "{err}");
    fs::remove_file(dir.path().join("credentials/pbx")).unwrap();
    let (code, out, err) = explain("sip-profiles/front.toml");
    assert_eq!(code, 1);
    assert!(err.contains("the secret in file credentials/pbx cannot be read"), "{err}");
    for line in [
        "trunk front, preset cucm (from documentation)",
        "host                   \"cucm.clinic.lan\"              sip-profiles/front.toml:5",
        "secret                 { file = \"credentials/pbx\" }   sip-profiles/front.toml:10",
        "transport              \"tcp\"                          preset cucm",
        "ping                   \"30s\"                          default",
        "udp                    -                              not written",
    ] {
        assert!(out.lines().any(|have| have.trim_end() == line), "{line:?} is not in\n{out}");
    }
    // Without the process its address is not known, and none is made up.
    fs::write(dir.path().join("attendant.toml"), "[sip]\nlisten = \"here\"\n").unwrap();
    fs::write(dir.path().join("credentials/pbx"), "correct-horse\n").unwrap();
    let (code, out, _) = explain("sip-profiles/front.toml");
    assert_eq!(code, 1);
    assert!(out.contains("\"cucm.clinic.lan\"") && !out.contains("127.0.0.1"), "{out}");
    let (code, out, err) = explain("attendant.toml");
    assert_eq!(code, 1);
    assert!(out.contains("listen                 \"here\""), "{out}");
    assert!(err.contains("\"here\" is not an address and port"), "{err}");
    // What is not TOML has no values.
    fs::write(dir.path().join("attendant.toml"), "[sip\n").unwrap();
    let (code, out, err) = explain("attendant.toml");
    assert_eq!((code, &*out), (1, ""), "{err}");
    assert!(err.contains("error[config-syntax]"), "{err}");
}

/// A secret that stands where it must not is an error, and no reason to show it.
#[test]
fn a_literal_secret_is_not_shown() {
    for (file, lines) in [
        ("sip-profiles/front.toml", "[auth]\nsecret = \"hunter2\"\n"),
        ("sip-profiles/front.toml", "auth = \"hunter2\"\n"),
        ("sip-profiles/front.toml", "[auth]\nsecret = { value = \"hunter2\" }\n"),
        ("sip-profiles/front.toml", "[auth]\nsecret = [\"hunter2\"]\n"),
        ("sip-profiles/front.toml", "[auth.users]\npbx = \"hunter2\"\n"),
        ("sip-profiles/front.toml", "listen.tls = { key = \"hunter2\" }\n"),
        ("attendant.toml", "[registrar.users]\n1000 = \"hunter2\"\n2000 = { file = \"two\" }\n"),
        ("attendant.toml", "registrar.users = \"hunter2\"\n"),
    ] {
        let dir = folder();
        fs::write(dir.path().join(file), lines).unwrap();
        let (code, out, _) = attendant(dir.path(), &["explain", file]);
        assert_eq!(code, 1);
        let told: Vec<_> = out.lines().filter(|line| line.contains("hunter2")).collect();
        assert!(told.is_empty(), "{lines}{told:?}");
        assert!(out.contains("***") || out.contains("(not a table)"), "{lines}{out}");
        assert_eq!(lines.contains("two"), out.contains("2000 = { file = \"two\" }"), "{out}");
    }
}

#[test]
fn what_cannot_be_explained_is_told() {
    let dir = folder();
    let (code, _, err) = attendant(dir.path(), &["explain", "dialplans/clinic.toml"]);
    assert_eq!(code, 2);
    assert!(err.contains("neither attendant.toml nor a file in sip-profiles/"), "{err}");
    let (code, _, err) = attendant(dir.path(), &["explain", "sip-profiles/back.toml"]);
    assert_eq!(code, 2);
    assert!(err.contains("back.toml is no SIP profile"), "{err}");
    fs::write(
        dir.path().join("sip-profiles/front.toml"),
        "preset = \"cucn\"\ndialplan = \"clinic\"\n",
    )
    .unwrap();
    let (code, out, err) = attendant(dir.path(), &["explain", "sip-profiles/front.toml"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("trunk front\npreset                 \"cucn\""), "{out}");
    assert!(err.contains("no preset is called \"cucn\"") && err.contains("\"cucm\""), "{err}");
    // The file beside it is not the one that is asked for.
    fs::write(dir.path().join("sip-profiles/front.txt"), "").unwrap();
    let (code, out, _) = attendant(dir.path(), &["explain", "sip-profiles/front.txt"]);
    assert_eq!((code, &*out), (2, ""));
}

#[test]
fn presets_are_listed_with_their_standing() {
    let dir = folder();
    says(dir.path(), &["presets"], LIST);
}

const LIST: &str = r#"asterisk-pjsip    from documentation  Asterisk with chan_pjsip: FreePBX, Issabel, pjsip.conf
freeswitch        from documentation  FreeSWITCH, FusionPBX
3cx-trunk         from documentation  3CX, generic SIP trunk by address
3cx-extension     from documentation  3CX, as an extension that registers
cucm              from documentation  Cisco Unified Communications Manager, SIP trunk
cube              from documentation  Cisco CUBE and IOS gateways, dial peer
avaya-ipo         from documentation  Avaya IP Office, SIP line
avaya-aura        from documentation  Avaya Aura: Session Manager, Communication Manager
mitel             from documentation  Mitel MiVoice
yeastar           from documentation  Yeastar P and S series
grandstream-ucm   from documentation  Grandstream UCM6xxx
generic           verified            Any PBX that speaks RFC 3261 and offers G.711
carrier-ip        from documentation  A carrier's trunk by address
carrier-register  from documentation  A carrier's trunk that we register with
softphone         verified            Softphones that register with Attendant: a first call without a PBX
"#;

#[test]
fn a_preset_says_where_each_value_is_from() {
    let dir = folder();
    says(dir.path(), &["presets", "show", "3cx-extension"], SHOWN);
    let (code, _, err) = attendant(dir.path(), &["presets", "show", "cucn"]);
    assert_eq!(code, 2);
    assert!(err.contains("cucm") && err.contains("carrier-register"), "{err}");
}

const SHOWN: &str = r#"3cx-extension: 3CX, as an extension that registers
from documentation
A profile must write: peer.host, auth.user, auth.secret

peer.transport = "udp"
    documentation: phones are provisioned with UDP unless told otherwise
register.enabled = true
    documentation: an extension is known by its registration
register.expires = "2m"
    our choice: keeps the way through a NAT open
peer.nat = true
    our choice: a hosted 3CX is behind its FQDN, not behind its Contact
session.prack = "off"
    our choice: as on the trunk
transfer.failed-refer-returns = false
    our choice: not known, so a caller is never counted on to come back

Everything else is the default: `attendant explain FILE` shows what holds.

- The user is the extension's Authentication ID, not its number.
- No allow is needed: requests come over the registration.
- REFER works for extensions; it may be challenged with 407, which is answered.

On the PBX: attendant pbx-snippet 3cx-extension
"#;

#[test]
fn a_snippet_is_filled_in_from_the_profile() {
    let dir = folder();
    let profile = "sip-profiles/front.toml";
    let number = ["--number", "8800", "--fallback", "6900"];
    let arguments = [&["pbx-snippet", "cucm", "--profile", profile], &number[..]].concat();
    let (code, out, err) = attendant(dir.path(), &arguments);
    assert_eq!((code, &*err), (0, ""), "{out}");
    for line in [
        "     Outgoing Transport Type      TCP",
        "     Destination Address          10.0.0.9      Port 5060",
        "     Calling Search Space         one that reaches only _6XXX: what the agent may transfer to",
        "     Route Pattern 8800 to the route list",
    ] {
        assert!(out.lines().any(|have| have == line), "{line:?} is not in\n{out}");
    }
    assert!(out.contains("then one of 6900"), "{out}");
    let other = ["pbx-snippet", "freepbx", "--profile", profile];
    let (code, _, err) = attendant(dir.path(), &other);
    assert_eq!(
        (code, &*err),
        (0, "warning: the profile's preset is cucm, and this is for freepbx\n")
    );
    let (code, _, err) = attendant(dir.path(), &["pbx-snippet", "freepbx", "--number", "8,1"]);
    assert_eq!(code, 2);
    assert!(err.contains("write its digits"), "{err}");
}

/// What is pasted into FreeSWITCH is XML: every element that is opened is closed.
#[test]
fn the_freeswitch_snippet_is_well_formed() {
    let dir = folder();
    let (_, out, _) = attendant(dir.path(), &["pbx-snippet", "freeswitch"]);
    let mut open = Vec::new();
    let mut rest = out.as_str();
    while let Some((_, tag)) = rest.split_once('<') {
        let end = if tag.starts_with("!--") { "-->" } else { ">" };
        let (tag, after) = tag.split_once(end).unwrap();
        rest = after;
        let name = tag.trim_start_matches('/').split_whitespace().next().unwrap();
        match tag {
            tag if tag.starts_with("!--") => assert!(!tag[3..].contains("--"), "{tag}"),
            tag if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "{out}"),
            tag if tag.ends_with('/') => assert_eq!(tag.matches('"').count() % 2, 0, "{tag}"),
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}
