//! The rules of the house that the compiler does not know.
#![allow(clippy::unwrap_used)]

mod source_text;

use std::collections::{BTreeMap, BTreeSet};

use source_text::{Source, sources, tracked_texts};

/// Each module and the modules it may use. A new edge is a decision: change this on purpose, and
/// say why in the commit. `gateway` and `cli`, at the top of the stack, are spelled out below.
const MAY_USE: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("sip", &["base"]),
    ("codec", &["base"]),
    // The keys of SRTP stand in SDP.
    ("sdp", &["base", "codec", "rtp"]),
    ("rtp", &["base"]),
    ("practice", &["base"]),
    ("dialplan", &["base"]),
    ("media", &["base", "rtp", "codec"]),
    ("speech", &["base"]),
    ("agent", &["base", "practice"]),
    ("call", &["base", "sip", "sdp", "codec", "media", "speech", "agent", "practice", "dialplan"]),
    ("ops", &["base"]),
    // A recording for waiting callers is made fit to play once, when it is read.
    ("config", &["base", "sip", "codec", "media", "dialplan", "practice", "ops"]),
    ("signalling", &["base", "sip", "ops"]),
    ("workers", &["base", "rtp", "codec", "media", "speech", "ops"]),
    ("recording", &["base", "codec", "workers", "ops"]),
    ("engines", &["base", "speech", "agent", "ops"]),
    // The built-in book lives in our own database.
    ("ehr", &["base", "practice", "store", "ops"]),
    ("store", &["base", "practice", "call", "ops"]),
    ("audit", &["base", "ops"]),
    ("toolbox", &["base", "agent", "practice", "ehr", "audit", "ops"]),
    // It shares signalling with the gateway, but not the media that it measures.
    ("phone", &["base", "sip", "sdp", "codec", "rtp", "signalling", "speech", "engines"]),
    ("main", &["cli"]),
    // Bodies that fuzz targets and property tests share.
    ("fuzzing", &["base", "codec", "sip", "sdp", "rtp", "config", "dialplan"]),
];

/// The top of the stack may use everything that is not above it.
const TOP: &[(&str, &[&str])] = &[("gateway", &["cli", "main"]), ("cli", &["main"])];

/// Where each outside crate is at home. One place to change when we replace it.
const HOMES: &[(&str, &[&str])] = &[
    ("aes", &["rtp"]),
    // Public keys are checked where they are read.
    ("age", &["config", "recording"]),
    ("annotate_snippets", &["config"]),
    ("base64", &["engines"]),
    ("audiopus", &["codec"]),
    ("clap", &["cli", "main"]),
    ("csv", &["config"]),
    ("ctr", &["rtp"]),
    ("flate2", &["engines"]),
    ("futures_util", &["engines"]),
    ("getrandom", &["gateway", "phone"]),
    ("hickory_resolver", &["signalling"]),
    ("hmac", &["rtp", "sip"]),
    ("hound", &["phone", "cli"]),
    ("md5", &["sip"]),
    ("metrics_exporter_prometheus", &["ops"]),
    ("misaki_rs", &["engines"]),
    ("regex_syntax", &["dialplan"]),
    ("reqwest", &["engines"]),
    ("ringbuf", &["workers"]),
    ("rsip", &["sip"]),
    ("rten", &["engines"]),
    ("rustix", &["engines", "recording"]),
    ("rtcp_types", &["rtp"]),
    ("rtp_rs", &["rtp"]),
    ("rubato", &["codec"]),
    ("rustls_native_certs", &["signalling", "engines"]),
    ("sha1", &["rtp"]),
    ("sd_notify", &["ops"]),
    ("sha2", &["sip", "audit", "engines"]),
    ("socket2", &["signalling"]),
    ("sqlx", &["store"]),
    ("strsim", &["agent", "config", "practice"]),
    ("tar", &["engines"]),
    ("tokio_rustls", &["signalling"]),
    ("tokio_tungstenite", &["engines"]),
    ("toml", &["config"]),
    ("tracing_subscriber", &["ops"]),
    ("webrtc_vad", &["speech"]),
    ("zip", &["engines"]),
];

/// Recording macros stand in events alone: one event, one log line, one metric.
const RECORDING: &[&str] = &["counter!(", "gauge!(", "histogram!("];

/// Modules that decide. All others do what these decided.
const CORES: &[&str] = &[
    "base", "sip", "sdp", "rtp", "codec", "media", "speech", "practice", "agent", "dialplan",
    "call",
];

/// Words a core must not contain: the clock, the network, files, locks, tasks and threads.
const NOT_IN_A_CORE: &[&str] = &[
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "tokio::",
    "UdpSocket",
    "TcpStream",
    "Mutex",
    "RwLock",
    "async fn",
    ".await",
    "thread::",
    "std::fs",
    "std::env",
    "println!",
];

/// Tasks start where the gateway, a scripted phone or the demonstration keeps track of them.
const SPAWNS: &[&str] = &["src/gateway/", "src/phone/", "src/cli/demo/"];

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 600;

fn may_use(module: &str, used: &str) -> bool {
    if let Some((_, above)) = TOP.iter().find(|(name, _)| *name == module) {
        return !above.contains(&used);
    }
    let allowed = MAY_USE.iter().find(|(name, _)| *name == module);
    let (_, allowed) = allowed.unwrap_or_else(|| panic!("add `{module}` to MAY_USE"));
    allowed.contains(&used)
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.module() != "lib") {
        let module = source.module();
        for used in used_modules(source).into_iter().filter(|used| *used != module) {
            if !may_use(&module, &used) {
                wrong.push(format!("{}: `{module}` may not use `{used}`", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What follows `crate::`, also in `use crate::{…}`; `main.rs` says `attendant::`.
fn used_modules(source: &Source) -> BTreeSet<String> {
    let text: String = source.code().iter().map(|(_, line)| format!("{line}\n")).collect();
    let mut used = BTreeSet::new();
    for root in ["crate::", "attendant::"] {
        for (at, _) in text.match_indices(root) {
            if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = &text[at + root.len()..];
            match rest.strip_prefix('{') {
                None => drop(used.insert(first_word(rest))),
                Some(list) => used.extend(list_heads(list)),
            }
        }
    }
    // `crate::Type` would name something of lib.rs itself, which holds modules only.
    used.retain(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
    used
}

/// The first word of each entry of a braced list: `a::{b, c}, d::e}` gives a and d.
fn list_heads(list: &str) -> Vec<String> {
    let (mut depth, mut start, mut heads) = (0, true, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if depth == 0 && start && (c.is_alphabetic() || c == '_') => {
                heads.push(first_word(&list[at..]));
                start = false;
            }
            _ => {}
        }
    }
    heads
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn the_table_has_no_circle() {
    let mut above: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    while !above.is_empty() {
        let free: Vec<&str> = above
            .iter()
            .filter(|(_, used)| used.iter().all(|module| !above.contains_key(module)))
            .map(|(module, _)| *module)
            .collect();
        assert!(!free.is_empty(), "these go round: {:?}", above.keys());
        above.retain(|module, _| !free.contains(module));
    }
}

#[test]
fn outside_crates_stay_at_home() {
    let mut wrong = Vec::new();
    for source in sources() {
        let module = source.module();
        for (krate, homes) in HOMES.iter().filter(|(_, homes)| !homes.contains(&&*module)) {
            for (number, line) in source.code() {
                if names_crate(line, krate) {
                    wrong.push(format!("{}:{number}: `{krate}` lives in {homes:?}", source.path));
                }
            }
        }
        for (number, line) in source.code().into_iter().filter(|_| module != "ops") {
            if RECORDING.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{number}: make an event in `ops` of it", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// True for `tokio::x` and `use tokio;`; false for `mytokio::x` and `crate::tokio::x`.
fn names_crate(line: &str, krate: &str) -> bool {
    let inside_a_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let path = format!("{krate}::");
    let named = line.match_indices(&path).any(|(at, _)| {
        let before = line[..at].strip_suffix("::").filter(|b| !b.ends_with(inside_a_path));
        before.is_some() || !line[..at].ends_with(inside_a_path)
    });
    named || line.trim() == format!("use {krate};")
}

#[test]
fn cores_do_no_io_and_read_no_clock() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| CORES.contains(&&*source.module())) {
        for (number, line) in source.code() {
            for word in NOT_IN_A_CORE.iter().filter(|word| line.contains(**word)) {
                wrong.push(format!("{}:{number}: {word}", source.path));
            }
        }
        for (number, name) in hash_iterations(source) {
            wrong.push(format!("{}:{number}: iterates the HashMap `{name}`", source.path));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Finds where a thing declared as HashMap or HashSet is walked: its order differs from run to run.
fn hash_iterations(source: &Source) -> Vec<(usize, String)> {
    const WALKS: [&str; 7] =
        [".iter()", ".iter_mut()", ".keys()", ".values()", ".drain(", ".into_iter()", ".retain("];
    let code = source.code();
    let names: BTreeSet<String> =
        code.iter().filter_map(|(_, line)| declared_hash(line)).map(str::to_owned).collect();
    let mut found = Vec::new();
    for (number, line) in code {
        for name in &names {
            let walked = WALKS.iter().any(|walk| line.contains(&format!("{name}{walk}")));
            let end = line.trim_end().trim_end_matches(" {");
            let looped = line.trim_start().starts_with("for ")
                && ["&", "&mut ", "&self.", "&mut self.", "self.", ""]
                    .iter()
                    .any(|before| end.ends_with(&format!(" in {before}{name}")));
            if walked || looped {
                found.push((number, name.clone()));
            }
        }
    }
    found
}

/// Returns x of `x: HashMap<..>`, `let mut x = HashMap::new()` and the like.
fn declared_hash(line: &str) -> Option<&str> {
    let at = line.find("HashMap").or_else(|| line.find("HashSet"))?;
    let head = line[..at].trim_end().strip_suffix([':', '='])?.trim_end();
    head.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().filter(|name| !name.is_empty())
}

#[test]
fn tasks_start_in_one_place() {
    let may_spawn = |source: &&Source| SPAWNS.iter().any(|folder| source.path.starts_with(folder));
    for source in sources().iter().filter(|source| !may_spawn(source)) {
        for (number, line) in source.code() {
            assert!(
                !line.contains("tokio::spawn"),
                "{}:{number}: only {SPAWNS:?} start tasks",
                source.path
            );
        }
    }
}

#[test]
fn health_data_is_opened_for_a_purpose() {
    for source in sources().iter().filter(|source| source.module() != "base") {
        let text: String =
            source.code().iter().map(|(_, line)| format!("{}\n", line.trim())).collect();
        for (at, opened) in text.match_indices(".reveal(") {
            let reason = text[at + opened.len()..].trim_start();
            let named = reason.split(')').next().is_some_and(|reason| reason.contains("Purpose::"));
            // A file with one reason may give it a name.
            let constant = reason.starts_with("PURPOSE)")
                && text.contains("const PURPOSE: Purpose = Purpose::");
            assert!(
                named || constant,
                "{}: name the purpose where it is opened: .reveal({}",
                source.path,
                reason.lines().next().unwrap_or_default()
            );
        }
    }
}

#[test]
fn files_start_with_their_job_and_fit_in_the_head() {
    let mut wrong = Vec::new();
    for source in sources().into_iter().chain(source_text::other_sources()) {
        let path = &source.path;
        if !source.text.starts_with("//! ") {
            wrong.push(format!("{path}: say in the first line what this file is for"));
        }
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            wrong.push(format!(
                "{path}: {lines} lines, and {FILE_LINES_MAX} are enough: two nouns in one coat"
            ));
        }
        for (number, length, head) in source.functions() {
            if length > FUNCTION_LINES_MAX && path.starts_with("src/") {
                wrong.push(format!("{path}:{number}: {length} lines: {head}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The tree speaks of the product alone: no host of a package registry, no folder of somebody's machine.
#[test]
fn nothing_of_where_it_was_made_is_in_the_tree() {
    let words = [
        concat!("/wo", "rk/"),
        concat!("/tm", "p/w/"),
        concat!("/ro", "ot/"),
        concat!("crates", ".io"),
        concat!("pypi", ".org"),
        concat!("python", "hosted.org"),
        concat!("registry", ".npmjs"),
        concat!("npmjs", ".com"),
        concat!("huggingface", ".co"),
    ];
    let mut wrong = Vec::new();
    for (path, text) in tracked_texts() {
        // Cargo writes the registry's name into every line of a lock file, ours and the fuzzers'.
        let lock = ["Cargo.lock", "fuzz/Cargo.lock"].contains(&&*path);
        for word in words.iter().filter(|word| !lock && text.contains(**word)) {
            wrong.push(format!("{path}: {word}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The checks above can fail: each finds what it looks for in a text made for it.
#[test]
fn the_checks_can_fail() {
    let bad = Source {
        path: "src/sip/bad.rs".into(),
        text: "//! Bad.\nuse crate::{base::{A, B}, config::Config, ops};\nuse crate::agent;\n\
               struct S { peers: HashMap<u8, u8> }\nfn f() {\n    for x in &self.peers {\n    }\n\
               \x20   ::toml::from_str(x)\n}\n#[cfg(test)]\nmod tests {\n    use crate::gateway::Gateway;\n}\n\
               fn long() {\n    let t = Instant::now();\n}\n// tokio::spawn\n"
            .into(),
    };
    let used: Vec<_> = used_modules(&bad).into_iter().collect();
    assert_eq!(used, ["agent", "base", "config", "ops"]);
    assert!(!may_use("sip", "config") && may_use("sip", "base") && !may_use("gateway", "cli"));
    assert!(may_use("cli", "gateway") && may_use("cli", "sip") && !may_use("cli", "main"));
    assert_eq!(hash_iterations(&bad), [(6, "peers".to_owned())]);
    assert!(bad.code().iter().any(|(_, line)| names_crate(line, "toml")));
    assert!(bad.code().iter().any(|(_, line)| line.contains("Instant::now")));
    assert!(!bad.code().iter().any(|(_, line)| line.contains("tokio")), "comments are no code");
    let functions: Vec<_> =
        bad.functions().into_iter().map(|(start, length, _)| (start, length)).collect();
    assert_eq!(functions, [(5, 5), (14, 3)]);
}
