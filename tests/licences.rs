//! Every dependency has a licence that `deny.toml` allows, comes from the registry, and is not banned.
#![allow(clippy::unwrap_used)]

use std::process::Command;

use serde_json::Value;

/// A licence expression (SPDX 2.3 annex D), with the old `MIT/Apache-2.0` for OR.
fn allowed(expression: &str, allow: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let ok = either(&mut rest, allow);
    ok && rest.is_empty()
}

fn either(rest: &mut &[&str], allow: &[String]) -> bool {
    let mut ok = both(rest, allow);
    while rest.first() == Some(&"OR") {
        *rest = &rest[1..];
        ok |= both(rest, allow);
    }
    ok
}

fn both(rest: &mut &[&str], allow: &[String]) -> bool {
    let mut ok = one(rest, allow);
    while rest.first() == Some(&"AND") {
        *rest = &rest[1..];
        ok &= one(rest, allow);
    }
    ok
}

fn one(rest: &mut &[&str], allow: &[String]) -> bool {
    let Some((first, behind)) = rest.split_first() else { return false };
    *rest = behind;
    if *first == "(" {
        let ok = either(rest, allow);
        let closed = rest.first() == Some(&")");
        *rest = rest.get(1..).unwrap_or_default();
        return ok && closed;
    }
    let mut name = (*first).to_owned();
    if let ["WITH", exception, behind @ ..] = *rest {
        name = format!("{name} WITH {exception}");
        *rest = behind;
    }
    allow.contains(&name)
}

#[test]
fn expressions() {
    let allow = ["MIT", "Apache-2.0", "Zlib", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0-only OR MIT", true),
        ("GPL-3.0-only AND MIT", false),
        ("(MIT OR GPL-3.0-only) AND Zlib", true),
        ("(MIT AND GPL-3.0-only) OR ISC", false),
        ("MIT OR GPL-3.0-only AND ISC", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("MIT WITH LLVM-exception", false),
        ("(MIT", false),
        ("MIT Zlib", false),
        ("", false),
    ] {
        assert_eq!(allowed(expression, &allow), expected, "{expression}");
    }
}

#[test]
fn every_dependency_may_come_in() {
    let root = env!("CARGO_MANIFEST_DIR");
    let deny: toml::Table =
        std::fs::read_to_string(format!("{root}/deny.toml")).unwrap().parse().unwrap();
    let texts = |list: &toml::Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let licences = deny["licenses"].as_table().unwrap();
    let allow = texts(&licences["allow"]);
    let clarified = |package: &str| {
        let list = licences["clarify"].as_array().unwrap().iter();
        list.filter(|entry| entry["crate"].as_str() == Some(package))
            .map(|entry| entry["expression"].as_str().unwrap().to_owned())
            .next()
    };
    let banned: Vec<&str> = deny["bans"]["deny"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["crate"].as_str().unwrap())
        .collect();

    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let used: Vec<&Value> =
        metadata["resolve"]["nodes"].as_array().unwrap().iter().map(|node| &node["id"]).collect();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for package in packages.filter(|package| used.contains(&&package["id"])) {
        seen += 1;
        let (name, version) =
            (package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        let named = format!("{name}@{version}");
        let licence = package["license"].as_str().map(str::to_owned).or_else(|| clarified(&named));
        match licence {
            None => wrong
                .push(format!("{named} names no licence: read it, then clarify it in deny.toml")),
            Some(licence) if !allowed(&licence, &allow) => {
                wrong.push(format!("{named} is under {licence}"))
            }
            Some(_) => {}
        }
        if banned.contains(&name) {
            wrong.push(format!("{named} is banned in deny.toml"));
        }
        let ours = name == "attendant" && package["source"].is_null();
        let source = package["source"].as_str().unwrap_or("a folder");
        if !ours && !source.starts_with("registry+") {
            wrong.push(format!("{named} comes from {source}, not from the registry"));
        }
    }
    assert!(seen > 50, "{seen} packages were looked at");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
