//! How values are read out of a TOML file: shapes by serde, meanings here, mistakes with a place.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use crate::base::Secret;

use super::diagnostic::{Findings, Source};
use super::layers::{self, Layer};
use super::{Code, Diagnostic};

/// A text with the place where it stands.
pub(super) type Text = Spanned<String>;

/// One file on its way to checked values, and what was found wrong with it.
pub(super) struct Reader<'a> {
    pub(super) source: Arc<Source>,
    pub(super) findings: &'a mut Findings,
}

impl Reader<'_> {
    /// Reads the shape of the file. The first wrong shape ends it: what follows would be guesswork.
    pub(super) fn shape<T: DeserializeOwned>(&mut self) -> Option<T> {
        match toml::from_str(&self.source.text) {
            Ok(raw) => Some(raw),
            Err(error) => {
                self.findings.push(wrong_shape(&self.source, &error));
                None
            }
        }
    }

    /// As [`Self::shape`], with what lies under the file, the first layer on top.
    pub(super) fn shape_over<T: DeserializeOwned>(&mut self, under: &[Layer]) -> Option<T> {
        match layers::read(&self.source.text, under) {
            Ok(raw) => Some(raw),
            Err(error) => {
                self.findings.push(wrong_shape(&self.source, &error));
                None
            }
        }
    }

    /// Reports an error at a place.
    pub(super) fn error(
        &mut self,
        code: Code,
        span: Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let diagnostic = Diagnostic::error(code, title).at(&self.source, span, label);
        let help = help.into();
        self.findings.push(if help.is_empty() { diagnostic } else { diagnostic.help(help) });
    }

    /// Reports a warning at a place.
    pub(super) fn warning(
        &mut self,
        code: Code,
        span: Range<usize>,
        title: impl Into<String>,
        help: impl Into<String>,
    ) {
        let diagnostic = Diagnostic::warning(code, title).at(&self.source, span, "").help(help);
        self.findings.push(diagnostic);
    }

    /// Reports a name that is not among the known ones.
    pub(super) fn unknown<'a>(
        &mut self,
        code: Code,
        name: &Text,
        title: String,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        let label = if code == Code::Undefined { "not defined" } else { "unknown value" };
        let found = Diagnostic::error(code, title).at(&self.source, name.span(), label);
        self.findings.push(found.nearest(name.get_ref(), known));
    }

    /// Reads a value by a function that knows what is wrong with it.
    pub(super) fn value<T, E: fmt::Display>(
        &mut self,
        text: &Text,
        what: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match read(text.get_ref()) {
            Ok(value) => Some(value),
            Err(error) => {
                let title = format!("\"{}\" is not {what}", text.get_ref());
                self.error(Code::Value, text.span(), title, "cannot be read", error.to_string());
                None
            }
        }
    }

    /// Reads one of a closed set of names.
    pub(super) fn choice<T: Copy>(
        &mut self,
        text: &Text,
        what: &str,
        known: &[(&str, T)],
    ) -> Option<T> {
        let found = known.iter().find(|(name, _)| name == text.get_ref()).map(|(_, value)| *value);
        if found.is_none() {
            let title = format!("no {what} is called \"{}\"", text.get_ref());
            self.unknown(Code::UnknownValue, text, title, known.iter().map(|(name, _)| *name));
        }
        found
    }

    /// Reads a duration: `250ms`, `30s`, `10m`, `1h`.
    pub(super) fn duration(&mut self, text: &Text) -> Option<Duration> {
        self.value(text, "a duration", |text| {
            duration(text).ok_or("write it as 250ms, 30s, 10m or 1h")
        })
    }

    /// Reads a secret out of the file or variable that is named, `dir` being where relative paths start.
    pub(super) fn secret(&mut self, dir: &Path, secret: &Spanned<SecretFile>) -> Option<Secret> {
        let help = "keep it in a file of its own and write { file = \"…\" }, or { env = \"…\" }";
        let (found, place) = match secret.get_ref() {
            SecretFile::Literal => {
                let title = "a secret does not belong in this file";
                self.error(Code::Secret, secret.span(), title, "a literal secret", help);
                return None;
            }
            SecretFile::File(path) => {
                let read = std::fs::read_to_string(dir.join(path)).map_err(|e| e.to_string());
                (read, format!("file {path}"))
            }
            SecretFile::Env(name) => {
                // The error of `var` would print a value that is not text.
                (
                    std::env::var(name).map_err(|_| "not set, or not text".into()),
                    format!("variable {name}"),
                )
            }
        };
        let (title, label) = match found.as_deref().map(str::trim_end) {
            Ok("") => (format!("the secret in {place} is empty"), String::new()),
            Ok(text) if text.contains(['\n', '\0']) => {
                (format!("the secret in {place} is longer than a line"), String::new())
            }
            Ok(text) => return Some(Secret::new(text)),
            Err(error) => (format!("the secret in {place} cannot be read"), error.clone()),
        };
        self.error(Code::Secret, secret.span(), title, label, "");
        None
    }
}

/// A mistake of shape in our words, with the nearest name where one was misspelt.
fn wrong_shape(source: &Arc<Source>, error: &toml::de::Error) -> Diagnostic {
    let message = error.message().lines().next().unwrap_or_default();
    let span = error.span().unwrap_or(0..0);
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let first = quoted.first().copied().unwrap_or_default();
    let known = || quoted.iter().skip(1).copied();
    let at = |code, title: String, label: &str| {
        Diagnostic::error(code, title).at(source, span.clone(), label)
    };
    let keys = ["key", "api-key", "token", "secret"];
    if message.starts_with("unknown field")
        && keys.contains(&first)
        && known().any(|name| name == "key-credential")
    {
        let title = "a key does not belong in this file".to_owned();
        let help = "write key-credential = \"NAME\", and the key into credentials/NAME (mode 0600) or LoadCredential=NAME:… of the unit";
        at(Code::Secret, title, "a literal key").help(help)
    } else if message.starts_with("unknown field") {
        let title = format!("nothing reads the key `{first}`");
        at(Code::UnknownKey, title, "unknown key").nearest(first, known())
    } else if message.starts_with("unknown variant") {
        let title = format!("\"{first}\" is not a value of this key");
        at(Code::UnknownValue, title, "unknown value").nearest(first, known())
    } else if message.starts_with("missing field") {
        at(Code::MissingKey, format!("the key `{first}` is missing"), "it belongs here")
    } else if message.starts_with("duplicate key") {
        at(Code::Duplicate, "a key is written twice".into(), "the second one")
    } else if message.starts_with("invalid type") && message.ends_with("expected a string") {
        at(Code::Value, message.into(), "").help("write it in quotes")
    } else if ["invalid type", "invalid value", "invalid secret"]
        .iter()
        .any(|m| message.starts_with(m))
    {
        at(Code::Value, message.into(), "")
    } else {
        at(Code::Syntax, format!("not TOML: {message}"), "")
    }
}

/// Reads `250ms`, `30s`, `10m` or `1h`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit);
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).map(Duration::from_millis)
}

/// `"one"` or `["one", "two"]`.
#[derive(Clone, Debug, Default)]
pub(super) struct OneOrMany(pub(super) Vec<Entry>);

/// A text in a list. A text that stands alone has no place of its own: its key's is used.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    Placed(Text),
    Alone(String),
}

impl OneOrMany {
    /// As [`Self::texts`], of a list that is needed further.
    pub(super) fn placed(list: &Spanned<Self>) -> Vec<Text> {
        Self::texts(list.clone())
    }

    /// Returns the texts with their places.
    pub(super) fn texts(list: Spanned<Self>) -> Vec<Text> {
        let span = list.span();
        let place = |entry| match entry {
            Entry::Placed(text) => text,
            Entry::Alone(text) => Spanned::new(span.clone(), text),
        };
        list.into_inner().0.into_iter().map(place).collect()
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in quotes, or a list of them")
            }

            fn visit_str<E>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![Entry::Alone(text.to_owned())]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(Entry::Placed(text));
                }
                Ok(OneOrMany(texts))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Where a secret is to be found.
#[derive(Debug)]
pub(super) enum SecretFile {
    /// In the file itself, where it must not be. Its text is not kept.
    Literal,
    /// In this file; systemd's `LoadCredential=` makes one.
    File(String),
    /// In this environment variable.
    Env(String),
}

impl<'de> Deserialize<'de> for SecretFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "lowercase")]
        enum Key {
            File,
            Env,
        }
        struct Reference;
        impl<'de> Visitor<'de> for Reference {
            type Value = SecretFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("{ file = \"…\" } or { env = \"…\" }")
            }

            fn visit_str<E>(self, _text: &str) -> Result<SecretFile, E> {
                Ok(SecretFile::Literal)
            }

            // A password of digits only: serde's own message would print it.
            fn visit_i64<E>(self, _number: i64) -> Result<SecretFile, E> {
                Ok(SecretFile::Literal)
            }

            fn visit_f64<E>(self, _number: f64) -> Result<SecretFile, E> {
                Ok(SecretFile::Literal)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretFile, A::Error> {
                let wrong = || {
                    serde::de::Error::custom(
                        "invalid secret, expected { file = \"…\" } or { env = \"…\" }",
                    )
                };
                let found = match map.next_key()?.ok_or_else(wrong)? {
                    Key::File => SecretFile::File(map.next_value()?),
                    Key::Env => SecretFile::Env(map.next_value()?),
                };
                if map.next_key::<Key>()?.is_some() { Err(wrong()) } else { Ok(found) }
            }
        }
        deserializer.deserialize_any(Reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let ms = |text| duration(text).map(|d| d.as_millis());
        assert_eq!(ms("250ms"), Some(250));
        assert_eq!(ms("30s"), Some(30_000));
        assert_eq!(ms("10m"), Some(600_000));
        assert_eq!(ms("1h"), Some(3_600_000));
        for wrong in [
            "",
            "s",
            "30",
            "-1s",
            "0s",
            "1.5s",
            "30 s",
            "1d",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert_eq!(ms(wrong), None, "{wrong}");
        }
    }
}
