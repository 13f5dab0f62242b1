//! The systemd files: understood by systemd, and as closed as they claim to be.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// 1.3 as shipped; 2.0 leaves room for a drop-in, while a unit that forgets its sandbox has 9.2.
const EXPOSURE_MAX: f64 = 2.0;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd").join(name)
}

/// A copy whose program exists, since that is what systemd looks at.
fn unit(change: impl Fn(String) -> String) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("attendant.service");
    let text = fs::read_to_string(shipped("attendant.service")).unwrap();
    fs::write(&path, change(text.replace("/usr/bin/attendant", "/bin/true"))).unwrap();
    (dir, path)
}

fn systemd(program: &str, arguments: &[&str], file: &Path) -> (Output, String) {
    let output = Command::new(program)
        .args(arguments)
        .arg(file)
        .env("SYSTEMD_PAGER", "")
        .env("LC_ALL", "C")
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; `make setup` installs it"));
    let said = [output.stdout.as_slice(), b"\n", &output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output, said)
}

fn complaints(unit: &Path) -> String {
    let (output, said) = systemd("systemd-analyze", &["verify"], unit);
    let ours: Vec<_> = said.lines().filter(|line| line.contains("attendant")).collect();
    if output.status.success() && ours.is_empty() { String::new() } else { said }
}

fn exposure(unit: &Path) -> f64 {
    let (_, said) = systemd("systemd-analyze", &["security", "--offline=true", "--no-pager"], unit);
    let (_, level) = said
        .split_once("Overall exposure level for attendant.service: ")
        .unwrap_or_else(|| panic!("{said}"));
    level.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn systemd_understands_the_unit() {
    let (_dir, path) = unit(|text| text);
    assert_eq!(complaints(&path), "");
    // The check itself can fail.
    let (_dir, path) = unit(|text| text.replace("ProtectHome=", "ProtectHose="));
    assert!(complaints(&path).contains("ProtectHose"));
}

#[test]
fn the_unit_is_closed() {
    let (_dir, path) = unit(|text| text);
    let closed = exposure(&path);
    assert!(closed <= EXPOSURE_MAX, "exposure {closed}");
    let (_dir, path) = unit(|text| {
        text.lines()
            .filter(|line| !line.starts_with("Protect") && !line.starts_with("System"))
            .collect::<Vec<_>>()
            .join("\n")
    });
    assert!(exposure(&path) > EXPOSURE_MAX);
}

#[test]
fn the_unit_says_what_the_gateway_relies_on() {
    let text = fs::read_to_string(shipped("attendant.service")).unwrap();
    for line in [
        "Type=notify",
        "NotifyAccess=main",
        "ExecReload=/usr/bin/attendant reload --config /etc/attendant",
        "Restart=always",
        "TimeoutStopSec=15min",
        "LimitCORE=0",
        "LimitRTPRIO=20",
        "LimitNICE=-10",
        "LimitMEMLOCK=infinity",
        "SystemCallFilter=sched_setscheduler sched_setattr setpriority",
        "MemoryDenyWriteExecute=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    ] {
        assert!(text.lines().any(|have| have == line), "{line}");
    }
}

#[test]
fn the_user_can_be_made() {
    let (output, said) =
        systemd("systemd-sysusers", &["--dry-run"], &shipped("attendant.sysusers"));
    assert!(output.status.success(), "{said}");
    assert!(said.contains("attendant"), "{said}");
}

/// The folders that the unit names are those that tmpfiles makes, and the user is the same.
#[test]
fn the_files_agree() {
    let unit = fs::read_to_string(shipped("attendant.service")).unwrap();
    let tmpfiles = fs::read_to_string(shipped("attendant.tmpfiles")).unwrap();
    let sysctl = fs::read_to_string(shipped("60-attendant-sysctl.conf")).unwrap();
    let example = fs::read_to_string(shipped("../attendant.toml")).unwrap();
    assert!(unit.contains("\nUser=attendant\n") && unit.contains("\nStateDirectory=attendant\n"));
    for line in tmpfiles.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<_> = line.split_whitespace().collect();
        assert!(matches!(fields[0], "d" | "z") && fields.len() == 6, "{line}");
        assert!(
            fields[1].starts_with("/etc/attendant") || fields[1].starts_with("/var/lib/attendant"),
            "{line}"
        );
        assert!(
            !fields[2].ends_with('7') && !fields[2].ends_with('6'),
            "nobody else writes: {line}"
        );
    }
    for line in sysctl.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.starts_with("net.") && line.contains(" = "), "{line}");
    }
    assert!(
        example.contains("ports = \"20000-20999\"")
            && sysctl.contains("reserved_ports = 20000-20999")
    );
}
