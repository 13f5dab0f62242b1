//! What the fuzz targets of the SIP parsers begin with: `fuzz/seeds`, made from the messages of
//! tests/sip_torture. `UPDATE_FUZZ_SEEDS=1` writes them anew.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod sip_torture;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use attendant::fuzzing;
use attendant::sip::message::{Headers, Message};
use sip_torture::Vector;

type Body = fn(&[u8]);

/// The targets that begin with seeds of ours.
const TARGETS: [(&str, Body); 7] = [
    ("sip_message", fuzzing::sip_message),
    ("sip_field", fuzzing::sip_field),
    ("sip_views", fuzzing::sip_views),
    ("sip_uri", fuzzing::sip_uri),
    ("sip_frame", fuzzing::sip_frame),
    ("sipfrag", fuzzing::sipfrag),
    ("digest", fuzzing::digest),
];

/// As many of each kind: enough to begin with, few enough to look at.
const MOST: usize = 12;

/// The fields whose views do more than cut a list.
const VIEWED: [&str; 20] = [
    "Via",
    "From",
    "Contact",
    "Record-Route",
    "Refer-To",
    "Replaces",
    "Session-Expires",
    "RAck",
    "Reason",
    "Warning",
    "Retry-After",
    "Diversion",
    "History-Info",
    "P-Asserted-Identity",
    "Privacy",
    "Remote-Party-ID",
    "User-to-User",
    "Event",
    "Subscription-State",
    "Content-Type",
];

fn vectors() -> Vec<Vector> {
    let files = [sip_torture::pbx(), sip_torture::rfc4475(), sip_torture::rfc5118()];
    files.into_iter().flatten().collect()
}

fn fields(message: &Message) -> &Headers {
    match message {
        Message::Request(request) => &request.headers,
        Message::Response(response) => &response.headers,
    }
}

/// Every seed: target and name, and its bytes.
fn seeds() -> BTreeMap<(String, String), Vec<u8>> {
    let mut seeds = BTreeMap::new();
    let mut add = |target: &str, name: &str, bytes: &[u8]| {
        seeds.insert((target.to_owned(), format!("{name}.txt")), bytes.to_vec());
    };
    let vectors = vectors();
    let text = |vector: &&Vector| vector.bytes.is_ascii() && vector.bytes.len() < 1500;
    for vector in vectors.iter().filter(text).step_by(7).take(MOST) {
        add("sip_message", vector.name, &vector.bytes);
    }
    let framed: Vec<u8> =
        vectors.iter().filter(text).step_by(20).flat_map(|v| v.bytes.clone()).collect();
    add("sip_frame", "several", &framed);
    add("sip_frame", "ping", b"\r\n\r\n\r\nOPTIONS sip:a SIP/2.0\r\nl:\r\n 3\r\n\r\nabc\r\n\r\n");
    let (mut names, mut uris) = (BTreeSet::new(), BTreeSet::new());
    for message in vectors.iter().filter_map(|vector| Message::parse(&vector.bytes).ok()) {
        for (name, value) in fields(&message).iter().filter(|(_, value)| value.is_ascii()) {
            if names.insert(name.to_ascii_lowercase()) && value.len() < 200 {
                let file = name.to_ascii_lowercase();
                match name {
                    "WWW-Authenticate" | "Proxy-Authenticate" => {
                        add("digest", &file, value.as_bytes())
                    }
                    _ if !VIEWED.contains(&name) => {}
                    _ => add("sip_views", &file, format!("{name}: {value}").as_bytes()),
                }
            }
            if matches!(name, "From" | "Contact" | "Via" | "CSeq" | "Refer-To") && uris.len() < MOST
            {
                add(
                    "sip_field",
                    &format!("{}-{}", name.to_ascii_lowercase(), uris.len()),
                    value.as_bytes(),
                );
            }
        }
        for contact in fields(&message).contacts() {
            let wire = contact.uri.to_wire();
            if wire.is_ascii() && uris.insert(wire.clone()) && uris.len() <= MOST {
                add("sip_uri", &format!("contact-{}", uris.len()), wire.as_bytes());
            }
        }
    }
    add(
        "sip_uri",
        "refer-to",
        b"sip:101@10.0.0.2:5060?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2&X=y",
    );
    add("sip_uri", "tel", b"tel:+1(555)0100;phone-context=ims.example");
    for (name, fragment) in [
        ("ok", "SIP/2.0 200 OK\r\n"),
        ("bare", "\r\nSIP/2.0 603"),
        ("full", "SIP/2.0 486 Busy\r\nTo: <sip:a>\r\n"),
    ] {
        add("sipfrag", name, fragment.as_bytes());
    }
    add("digest", "several", b"Digest realm=\"a, b\", nonce=\"1\\\"2\", qop=\"auth,auth-int\", algorithm=SHA-256, stale=TRUE");
    seeds
}

#[test]
fn seeds_are_those_of_the_corpus_and_do_no_harm() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let seeds = seeds();
    if std::env::var_os("UPDATE_FUZZ_SEEDS").is_some() {
        for ((target, name), bytes) in &seeds {
            fs::create_dir_all(folder.join(target)).unwrap();
            fs::write(folder.join(target).join(name), bytes).unwrap();
        }
    }
    for (target, body) in TARGETS {
        let mut stored: BTreeMap<_, _> = BTreeMap::new();
        for entry in fs::read_dir(folder.join(target)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let bytes = fs::read(&path).unwrap();
            body(&bytes);
            stored.insert((target.to_owned(), name), bytes);
        }
        let wanted = seeds.iter().filter(|((of, _), _)| of == target);
        assert!(
            stored.iter().eq(wanted),
            "fuzz/seeds/{target} is not what the corpus makes: set UPDATE_FUZZ_SEEDS=1 and run this again"
        );
    }
}
