//! Messages in files: the test messages of RFC 4475 and RFC 5118, byte by byte, and those of the
//! PBX corpus, which are ours. rfc4475.txt says how they are written.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "each test takes what it needs")]

/// A message of a file.
pub struct Vector {
    pub name: &'static str,
    /// What else the line with its name says: the section of the RFC.
    pub note: &'static str,
    /// The lines before the message that begin with `? `: what is to be read in it.
    pub expected: Vec<&'static str>,
    pub bytes: Vec<u8>,
}

pub fn rfc4475() -> Vec<Vector> {
    read(include_str!("rfc4475.txt"))
}

pub fn rfc5118() -> Vec<Vector> {
    read(include_str!("rfc5118.txt"))
}

pub fn pbx() -> Vec<Vector> {
    read(include_str!("pbx.txt"))
}

fn read(file: &'static str) -> Vec<Vector> {
    let start = file.find("\n== ").expect("a file has messages") + 4;
    file[start..].strip_suffix('\n').unwrap().split("\n== ").map(vector).collect()
}

fn vector(text: &'static str) -> Vector {
    let (title, mut rest) = text.split_once('\n').unwrap();
    let (name, note) = title.split_once(' ').unwrap_or((title, ""));
    let mut expected = Vec::new();
    while let Some((line, after)) = rest.strip_prefix("? ").and_then(|rest| rest.split_once('\n')) {
        expected.push(line);
        rest = after;
    }
    Vector { name, note, expected, bytes: bytes_of(rest) }
}

/// Undoes the escapes. The line end at the end of the last line was cut off with what follows it.
fn bytes_of(text: &str) -> Vec<u8> {
    let text = text.replace("…\n", "");
    let open = text.ends_with("‹›");
    let mut bytes = Vec::new();
    for (at, part) in text.replace('\n', "\r\n").split(['‹', '›']).enumerate() {
        match at % 2 {
            0 => bytes.extend_from_slice(part.as_bytes()),
            _ => bytes.extend(
                part.split_ascii_whitespace().map(|hex| u8::from_str_radix(hex, 16).unwrap()),
            ),
        }
    }
    if !open {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}
