//! How a line is written and hashed: canonical JSON, SHA-256 over the hash before it and itself.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::Line;
use crate::base::Purpose;

/// The hash before the first line.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Where a chain stands: its last line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// The number of the last line; 0 when there is none.
    pub seq: u64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

impl Head {
    /// The head of an empty chain.
    pub(super) fn genesis() -> Self {
        Self { seq: 0, hash: GENESIS.to_owned() }
    }

    /// Writes the next line of the chain, without its line end; becomes its head.
    pub(super) fn seal(&mut self, line: &Line, at: &str) -> String {
        let seq = self.seq + 1;
        let mut row = Map::new();
        let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
        put("seq", seq.into());
        put("ts", at.into());
        put("call_id", line.call.map(|call| call.to_string()).into());
        put("turn", line.turn.map(|turn| turn.0).into());
        put("actor", line.actor.code().into());
        put("kind", line.kind.code().into());
        put("name", line.name.clone().into());
        put("args", line.args.reveal(Purpose::AuditRecord).clone());
        put("verdict", line.verdict.clone().into());
        put("key", line.key.clone().into());
        put("outcome", line.outcome.reveal(Purpose::AuditRecord).clone());
        put("prev", self.hash.clone().into());
        let hash = digest(&[&self.hash, &canonical(&Value::Object(row.clone()))]);
        row.insert("hash".to_owned(), hash.clone().into());
        *self = Self { seq, hash };
        canonical(&Value::Object(row))
    }

    /// Checks that a text is the line that follows; becomes its head. The error says what does not fit.
    pub(super) fn follow(&mut self, text: &str) -> Result<(), String> {
        let found = Self::read(text)?;
        if found.head.seq != self.seq + 1 {
            return Err(format!(
                "line {} cannot follow line {}: lines were removed, inserted or moved",
                found.head.seq, self.seq
            ));
        }
        if found.prev != self.hash {
            return Err(format!("it does not hold the hash of line {}", self.seq));
        }
        *self = found.head;
        Ok(())
    }

    /// Reads a line and checks it for itself.
    pub(super) fn read(text: &str) -> Result<Found, String> {
        let value: Value = serde_json::from_str(text).map_err(|_| "it is not JSON".to_owned())?;
        if canonical(&value) != text {
            return Err("it is not written as this program writes it".into());
        }
        let Value::Object(mut row) = value else { return Err("it is not an object".into()) };
        let word = |row: &Map<String, Value>, name: &str| {
            row.get(name).and_then(Value::as_str).map(str::to_owned)
        };
        let (Some(seq), Some(prev), Some(hash)) =
            (row.get("seq").and_then(Value::as_u64), word(&row, "prev"), word(&row, "hash"))
        else {
            return Err("it lacks its number or a hash".into());
        };
        row.remove("hash");
        if digest(&[&prev, &canonical(&Value::Object(row))]) != hash {
            return Err("its hash does not fit: the line was changed".into());
        }
        Ok(Found { prev, head: Self { seq, hash } })
    }
}

/// A line that is whole in itself.
pub(super) struct Found {
    pub(super) prev: String,
    pub(super) head: Head,
}

/// Returns the SHA-256 of some texts in hexadecimal, each kept apart from the next: idempotency keys.
pub fn fingerprint(parts: &[&str]) -> String {
    let framed: Vec<String> = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    digest(&framed.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Returns the SHA-256 of texts joined, in hexadecimal.
fn digest(parts: &[&str]) -> String {
    hex(parts.iter().fold(Sha256::new(), |sha, part| sha.chain_update(part)).finalize().as_slice())
}

/// Returns the SHA-256 of bytes that are no text, in hexadecimal.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).as_slice())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a value in one way only, in the manner of RFC 8785: keys sorted, no spaces. A number that is
/// no integer is written as text, since its digits could differ after reading.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<(&String, &Value)> = map.iter().collect();
            pairs.sort_by_key(|(name, _)| *name);
            let pairs: Vec<String> = pairs
                .into_iter()
                .map(|(name, value)| format!("{}:{}", quoted(name), canonical(value)))
                .collect();
            format!("{{{}}}", pairs.join(","))
        }
        Value::Array(values) => {
            format!("[{}]", values.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        Value::Number(number) if !number.is_i64() && !number.is_u64() => {
            quoted(&number.to_string())
        }
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}
