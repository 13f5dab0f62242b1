//! Reads `[recording]` of `attendant.toml`: who may hear recordings, what callers are told, how long they are kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use age::x25519;
use serde::Deserialize;
use toml::Spanned;

use crate::base::Language;

use super::Code;
use super::file::{Reader, Text};
use super::layers::DEFAULT;

/// How calls are recorded whose route says so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recording {
    /// The public keys of those who may hear recordings: the practice's, and that in escrow.
    pub keys: Vec<String>,
    /// Where they are kept.
    pub directory: PathBuf,
    /// What callers are told, by language: one of the same first part stands for those that are not here, and our own
    /// words for the rest.
    pub notice: BTreeMap<Language, String>,
    /// Days after which a recording is removed.
    pub keep_days: u16,
    /// Bytes of the disk that stay free for other things.
    pub reserve: u64,
}

/// What callers are told where the practice says nothing else.
const NOTICES: [(Language, &str); 2] = [
    (Language::EN_US, "This call is recorded. If you don't want that, just say: don't record me."),
    (Language::ES_US, "Esta llamada se graba. Si no lo desea, diga: no me grabe."),
];

impl Recording {
    /// Returns what callers are told who are greeted in a language.
    pub fn notice(&self, language: Language) -> String {
        let same = |known: Language| known.primary() == language.primary();
        let neighbour = || self.notice.iter().find(|(known, _)| same(**known));
        let own = self.notice.get(&language).or_else(|| Some(neighbour()?.1));
        own.map_or_else(|| Self::own_notice(language).to_owned(), Clone::clone)
    }

    /// Returns what callers are told where the practice says nothing else.
    pub fn own_notice(language: Language) -> &'static str {
        let same = |(known, _): &&(Language, &str)| known.primary() == language.primary();
        NOTICES.iter().find(same).unwrap_or(&NOTICES[0]).1
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RecordingFile {
    key: Option<Text>,
    escrow_key: Option<Text>,
    directory: Text,
    notice: Option<BTreeMap<Text, Text>>,
    keep_days: Spanned<u16>,
    keep_free_mb: Spanned<u32>,
}

/// Reads the table; `Some(None)` where nobody could hear a recording, so that none can be made.
pub(super) fn read(
    reader: &mut Reader<'_>,
    data: &Path,
    raw: RecordingFile,
) -> Option<Option<Recording>> {
    let Some(practice) = &raw.key else {
        let alone = [raw.escrow_key.as_ref().map(Spanned::span), raw.notice_place()];
        if let Some(place) = alone.into_iter().flatten().next() {
            let title = "without the practice's key nothing is recorded";
            let help = "write key = \"age1…\": the line that `age-keygen` prints as the public key";
            reader.error(Code::MissingKey, place, title, "no effect", help);
            return None;
        }
        return Some(None);
    };
    let mut keys = vec![public_key(reader, practice)];
    match &raw.escrow_key {
        None => {
            let title = "recordings have one key: when it is lost, so are all of them";
            let help = "make a second with `age-keygen`, keep it elsewhere, and write its public \
                key as escrow-key";
            reader.warning(Code::OneKey, practice.span(), title, help);
        }
        Some(escrow) if escrow.get_ref() == practice.get_ref() => {
            let title =
                "the escrow key is the practice's own: when it is lost, so are all recordings";
            let help = "make a second with `age-keygen`, and keep it elsewhere";
            reader.error(Code::Duplicate, escrow.span(), title, "the second one", help);
            return None;
        }
        Some(escrow) => keys.push(public_key(reader, escrow)),
    }
    let notice = notices(reader, raw.notice);
    let keep_days = *raw.keep_days.get_ref();
    if keep_days == 0 {
        let help = "write a number of days, or leave `recording` off in the dialplan";
        reader.error(Code::Value, raw.keep_days.span(), "0 days keep nothing", "", help);
        return None;
    }
    Some(Some(Recording {
        keys: keys.into_iter().collect::<Option<_>>()?,
        directory: data.join(raw.directory.get_ref()),
        notice: notice?,
        keep_days,
        reserve: u64::from(*raw.keep_free_mb.get_ref()) << 20,
    }))
}

impl RecordingFile {
    fn notice_place(&self) -> Option<std::ops::Range<usize>> {
        let span = self.notice.as_ref()?.keys().next()?.span();
        (span != DEFAULT).then_some(span)
    }
}

/// Reads a public key. A private one is told apart: it must not lie on this machine.
fn public_key(reader: &mut Reader<'_>, text: &Text) -> Option<String> {
    if text.get_ref().to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
        let title = "a private key does not belong on this machine";
        let help = "write the public one, age1…; make a new pair, since this one is no secret now";
        reader.error(Code::Secret, text.span(), title, "whoever reads this hears every call", help);
        return None;
    }
    reader.value(text, "a public key of age", |text| {
        let read = text.parse::<x25519::Recipient>().map(|key| key.to_string());
        read.map_err(|_| "write the line that `age-keygen` prints as the public key: age1…")
    })
}

fn notices(
    reader: &mut Reader<'_>,
    raw: Option<BTreeMap<Text, Text>>,
) -> Option<BTreeMap<Language, String>> {
    let mut notices = BTreeMap::new();
    let mut complete = true;
    for (tag, words) in raw.unwrap_or_default() {
        let known: Vec<_> = Language::all().map(|language| (language.tag(), language)).collect();
        let language = reader.choice(&tag, "language", &known);
        let text = words.get_ref().trim();
        if text.is_empty() {
            let title = "callers have to be told that they are recorded";
            let help = "write what they are told, or remove the line for our own words";
            reader.error(Code::Value, words.span(), title, "", help);
        }
        match language {
            Some(language) if !text.is_empty() => drop(notices.insert(language, text.to_owned())),
            _ => complete = false,
        }
    }
    complete.then_some(notices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_told_in_their_language_or_in_ours() {
        let recording = |notice: &[(Language, &str)]| Recording {
            keys: Vec::new(),
            directory: PathBuf::new(),
            notice: notice.iter().map(|(language, text)| (*language, (*text).to_owned())).collect(),
            keep_days: 1,
            reserve: 0,
        };
        let plain = recording(&[]);
        assert!(plain.notice(Language::EN_US).starts_with("This call is recorded."));
        assert!(plain.notice(Language::ES_US).starts_with("Esta llamada"));
        let own = recording(&[(Language::EN_US, "We record.")]);
        assert_eq!(own.notice(Language::EN_US), "We record.");
        let british = Language::tagged("en-GB").unwrap();
        assert_eq!(own.notice(british), "We record.", "the practice's own words, not ours");
        assert!(own.notice(Language::ES_US).starts_with("Esta llamada"));
    }
}
