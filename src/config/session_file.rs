//! Reads `[session]` of a SIP profile: timers, reliable responses, how long an answer may take.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::sip::{Prack, SessionTimer};

use super::Code;
use super::file::{Reader, Text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SessionFile {
    timer: TimerFile,
    prack: Text,
    answer_within: Text,
}

/// `"off"`, or `{ expires = "30m", min = "90s" }`.
enum TimerFile {
    Off,
    On(TimerTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TimerTable {
    expires: Text,
    min: Text,
}

impl<'de> Deserialize<'de> for TimerFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = TimerFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"off\" or { expires = \"…\", min = \"…\" }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TimerFile, E> {
                match text {
                    "off" => Ok(TimerFile::Off),
                    other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TimerFile, A::Error> {
                TimerTable::deserialize(MapAccessDeserializer::new(map)).map(TimerFile::On)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

const PRACK: [(&str, Prack); 3] =
    [("off", Prack::Off), ("supported", Prack::Supported), ("required", Prack::Required)];

/// RFC 4028 §4 and §5: a shorter one is not allowed.
const MIN_SE: Duration = Duration::from_secs(90);

/// Session timer, reliable responses, and how long an answer may take.
type Session = (Option<SessionTimer>, Prack, Duration);

pub(super) fn session(reader: &mut Reader<'_>, raw: SessionFile) -> Option<Session> {
    let timer = match raw.timer {
        TimerFile::Off => Some(None),
        TimerFile::On(table) => timer(reader, &table).map(Some),
    };
    let prack = reader.choice(&raw.prack, "use of reliable responses", &PRACK);
    let answer_within = reader.duration(&raw.answer_within);
    Some((timer?, prack?, answer_within?))
}

fn timer(reader: &mut Reader<'_>, raw: &TimerTable) -> Option<SessionTimer> {
    let (expires, min) = (reader.duration(&raw.expires), reader.duration(&raw.min));
    let (expires, min) = (expires?, min?);
    if min < MIN_SE {
        let title = format!("\"{}\" is shorter than a session timer may be", raw.min.get_ref());
        reader.error(Code::Value, raw.min.span(), title, "", "write 90s or more (RFC 4028 §5)");
        return None;
    }
    if expires < min {
        let title = format!(
            "sessions of {} are shorter than the shortest that we take",
            raw.expires.get_ref()
        );
        let help = format!("write expires = \"{}\" or more", raw.min.get_ref());
        reader.error(Code::Value, raw.expires.span(), title, "", help);
        return None;
    }
    Some(SessionTimer { expires, min })
}
