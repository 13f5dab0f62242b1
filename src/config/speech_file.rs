//! Reads `[speech.recogniser]` and `[speech.voice]`: who hears and speaks, and what a vendor is asked for.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::base::{Language, Secret, Vendor, VendorKind, VendorLimits};

use super::Code;
use super::file::{Reader, Text};
use super::layers::DEFAULT;

/// Who hears and who speaks; `None` is the embedded engine, which stands in for a vendor that fails.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Speech {
    /// Turns what callers say into words.
    pub recogniser: Option<Vendor>,
    /// Turns what the agent says into sound.
    pub voice: Option<Vendor>,
}

/// Whether a language can be had from a vendor or the embedded engine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reached {
    /// The embedded engine has it.
    Embedded,
    /// The vendor alone has it: while that fails, nobody has.
    VendorOnly,
    /// Neither has it.
    Nowhere,
}

impl Speech {
    /// Returns who hears a language.
    pub fn heard(&self, language: Language) -> Reached {
        reached(self.recogniser.as_ref(), language)
    }

    /// Returns who speaks a language.
    pub fn spoken(&self, language: Language) -> Reached {
        reached(self.voice.as_ref(), language)
    }

    /// Whether words are known at the end of a turn alone.
    pub fn hears_by_turns(&self) -> bool {
        self.recogniser.as_ref().is_some_and(|it| it.kind == VendorKind::OpenAiTranscription)
    }

    /// Says what leaves this machine, a line for each vendor.
    pub fn leaves(&self) -> Vec<String> {
        let line = |what: &str, vendor: &Vendor| {
            format!("Health data leaves this machine: {what} goes to {vendor}")
        };
        let heard = self.recogniser.iter().map(|vendor| line("what callers say", vendor));
        let said = self.voice.iter().map(|vendor| line("what the agent says", vendor));
        heard.chain(said).collect()
    }
}

fn reached(vendor: Option<&Vendor>, language: Language) -> Reached {
    if Language::EMBEDDED.contains(&language) {
        return Reached::Embedded;
    }
    match vendor.and_then(|vendor| vendor.code(language)) {
        // In an outage who speaks British English is served in American.
        Some(_) if language.embedded().is_some() => Reached::Embedded,
        Some(_) => Reached::VendorOnly,
        None => Reached::Nowhere,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SpeechFile {
    recogniser: RecogniserFile,
    voice: VoiceFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RecogniserFile {
    kind: Text,
    url: Option<Text>,
    model: Option<Text>,
    key_credential: Option<Text>,
    languages: Option<Spanned<BTreeMap<Text, Text>>>,
    first_within: Text,
    stall_within: Text,
    failures: Spanned<u32>,
    pause: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct VoiceFile {
    kind: Text,
    url: Option<Text>,
    model: Option<Text>,
    voice: Option<Text>,
    key_credential: Option<Text>,
    languages: Option<Spanned<BTreeMap<Text, Text>>>,
    first_within: Text,
    stall_within: Text,
    failures: Spanned<u32>,
    pause: Text,
}

/// Either of the two tables.
struct EngineFile {
    table: &'static str,
    kind: Text,
    url: Option<Text>,
    model: Option<Text>,
    voice: Option<Text>,
    key_credential: Option<Text>,
    languages: Option<Spanned<BTreeMap<Text, Text>>>,
    first_within: Text,
    stall_within: Text,
    failures: Spanned<u32>,
    pause: Text,
}

impl From<RecogniserFile> for EngineFile {
    fn from(raw: RecogniserFile) -> Self {
        Self {
            table: "speech.recogniser",
            kind: raw.kind,
            url: raw.url,
            model: raw.model,
            voice: None,
            key_credential: raw.key_credential,
            languages: raw.languages,
            first_within: raw.first_within,
            stall_within: raw.stall_within,
            failures: raw.failures,
            pause: raw.pause,
        }
    }
}

impl From<VoiceFile> for EngineFile {
    fn from(raw: VoiceFile) -> Self {
        Self {
            table: "speech.voice",
            kind: raw.kind,
            url: raw.url,
            model: raw.model,
            voice: raw.voice,
            key_credential: raw.key_credential,
            languages: raw.languages,
            first_within: raw.first_within,
            stall_within: raw.stall_within,
            failures: raw.failures,
            pause: raw.pause,
        }
    }
}

const HEARS: [(&str, Option<VendorKind>); 3] = [
    ("embedded", None),
    ("openai-http", Some(VendorKind::OpenAiTranscription)),
    ("deepgram-websocket", Some(VendorKind::Deepgram)),
];

const SPEAKS: [(&str, Option<VendorKind>); 3] = [
    ("embedded", None),
    ("openai-http", Some(VendorKind::OpenAiSpeech)),
    ("elevenlabs-websocket", Some(VendorKind::ElevenLabs)),
];

/// Reads both engines; `dir` is the directory of the configuration.
pub(super) fn speech(reader: &mut Reader<'_>, dir: &Path, raw: SpeechFile) -> Option<Speech> {
    let recogniser = engine(reader, dir, raw.recogniser.into(), &HEARS);
    let voice = engine(reader, dir, raw.voice.into(), &SPEAKS);
    Some(Speech { recogniser: recogniser?, voice: voice? })
}

fn engine(
    reader: &mut Reader<'_>,
    dir: &Path,
    raw: EngineFile,
    kinds: &[(&str, Option<VendorKind>)],
) -> Option<Option<Vendor>> {
    let kind = reader.choice(&raw.kind, "speech engine", kinds)?;
    let Some(kind) = kind else { return no_vendor(reader, &raw).then_some(None) };
    let url = match &raw.url {
        Some(text) if holds_a_key(text.get_ref()) => {
            let title = "a key does not belong in this file";
            let help = "name it by key-credential: it is sent as this kind of vendor asks for it";
            reader.error(Code::Secret, text.span(), title, "there is one in this address", help);
            None
        }
        Some(text) => reader.value(text, "an address of this vendor", |text| url(kind, text)),
        None => Some(kind.url().to_owned()),
    };
    let key = match &raw.key_credential {
        Some(text) => key(reader, dir, text).map(Some),
        None if raw.url.is_none() => {
            let title = format!("{} wants a key", kind.name());
            let help = "write key-credential = \"name\": the manual, \"Speech vendors\"";
            reader.error(Code::MissingKey, raw.kind.span(), title, "", help);
            None
        }
        None => Some(None),
    };
    let voice = match (&raw.voice, kind) {
        (Some(voice), _) => Some(voice.get_ref().clone()),
        (None, VendorKind::ElevenLabs) => {
            let help = "write voice = \"…\": its id, from the vendor's list of voices";
            reader.error(Code::MissingKey, raw.kind.span(), "no voice is named", "", help);
            None
        }
        (None, VendorKind::OpenAiSpeech) => Some("alloy".to_owned()),
        (None, _) => Some(String::new()),
    };
    let codes = codes(reader, raw.languages);
    let first = reader.duration(&raw.first_within);
    let stall = reader.duration(&raw.stall_within);
    let pause = reader.duration(&raw.pause);
    if *raw.failures.get_ref() == 0 {
        let title = "a vendor that may never fail is never asked";
        reader.error(Code::Value, raw.failures.span(), title, "", "write 1 or more");
        return None;
    }
    let limits = VendorLimits {
        first: first?,
        stall: stall?,
        failures: *raw.failures.get_ref(),
        pause: pause?,
    };
    let model = raw.model.map_or_else(|| kind.model().to_owned(), Spanned::into_inner);
    Some(Some(Vendor { kind, url: url?, model, voice: voice?, key: key?, codes: codes?, limits }))
}

/// Reports what only a vendor would have a use for.
fn no_vendor(reader: &mut Reader<'_>, raw: &EngineFile) -> bool {
    let texts = [&raw.url, &raw.model, &raw.voice, &raw.key_credential];
    let limits = [&raw.first_within, &raw.stall_within, &raw.pause];
    let dead: Vec<_> = texts
        .into_iter()
        .flatten()
        .chain(limits)
        .map(Spanned::span)
        .chain(raw.languages.as_ref().map(Spanned::span))
        .chain([raw.failures.span()])
        .filter(|span| *span != DEFAULT)
        .collect();
    for span in &dead {
        let title = format!("no vendor is asked: [{}] is the embedded engine", raw.table);
        let help = "write kind = \"openai-http\" or another vendor's, or remove the key";
        reader.error(Code::NoEffect, span.clone(), title, "no effect", help);
    }
    dead.is_empty()
}

/// Reads an address. Health data goes there: not without encryption, except to a program on this machine.
fn url(kind: VendorKind, text: &str) -> Result<String, String> {
    let [encrypted, plain] = kind.schemes();
    let help = || format!("write it as \"{}\"", kind.url());
    let (scheme, rest) = text.split_once("://").ok_or_else(help)?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || "\"<>@".contains(c);
    if host.is_empty() || text.contains(odd) {
        return Err(help());
    }
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match scheme {
        scheme if scheme == encrypted => {}
        scheme if scheme == plain && here => {}
        scheme if scheme == plain => {
            return Err(format!(
                "health data would travel unencrypted: write {encrypted}://, or an address of this machine"
            ));
        }
        _ => return Err(help()),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Reads the key out of the credential that is named: systemd's, or a file of `credentials/` that not everybody reads.
fn key(reader: &mut Reader<'_>, dir: &Path, text: &Text) -> Option<Secret> {
    let name = text.get_ref().as_str();
    let help = "put the key into credentials/NAME beside this file (mode 0600), or LoadCredential=NAME:… of the unit, and write key-credential = \"NAME\"";
    if looks_like_a_key(name) {
        let title = "a key does not belong in this file";
        reader.error(Code::Secret, text.span(), title, "this looks like the key itself", help);
        return None;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        let title = format!("\"{name}\" is not the name of a credential");
        reader.error(Code::Value, text.span(), title, "", help);
        return None;
    }
    let of_systemd = std::env::var_os("CREDENTIALS_DIRECTORY")
        .map(|folder| Path::new(&folder).join(name))
        .filter(|path| path.is_file());
    let own = dir.join("credentials").join(name);
    let open = |path: &Path| std::fs::metadata(path).is_ok_and(|meta| meta.mode() & 0o027 != 0);
    if of_systemd.is_none() && open(&own) {
        let title = format!("everybody on this machine may read credentials/{name}");
        let help = format!("chmod 0600 credentials/{name}, owned by who runs the service");
        reader.error(Code::Secret, text.span(), title, "", help);
        return None;
    }
    let by_systemd = std::env::var_os("CREDENTIALS_DIRECTORY").is_some();
    let found = std::fs::read_to_string(of_systemd.unwrap_or(own));
    if !by_systemd && found.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        let title = format!("the credential {name} cannot be looked at from here");
        let help = format!(
            "the unit needs LoadCredential={name}:…, or put the key into credentials/{name} beside this file (mode 0600)"
        );
        reader.warning(Code::Secret, text.span(), title, help);
        return Some(Secret::new(""));
    }
    let (title, label) = match found.as_deref().map(str::trim) {
        Ok("") => (format!("the credential {name} is empty"), String::new()),
        Ok(key) if !key.chars().all(|c| c.is_ascii_graphic()) => {
            (format!("the credential {name} is longer than a word"), String::new())
        }
        Ok(key) => return Some(Secret::new(key)),
        Err(error) => (format!("the credential {name} cannot be read"), error.to_string()),
    };
    reader.error(Code::Secret, text.span(), title, label, help);
    None
}

/// Whether a text is more likely a vendor's key than the name of one.
pub(super) fn looks_like_a_key(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    // The public half of an age key may be read by everybody.
    let public = text.starts_with("age1");
    !public
        && (text.starts_with("sk-") || text.starts_with("sk_") || (text.len() >= 24 && digits >= 3))
}

/// Parameters of an address that are keys by their names.
const KEYS: [&str; 6] = ["key", "token", "api-key", "apikey", "access-token", "secret"];

/// Whether an address has a key among its parameters.
fn holds_a_key(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter_map(|part| part.split_once('=')).any(|(name, value)| {
        let name = name.to_ascii_lowercase().replace('_', "-");
        looks_like_a_key(value) || (!value.is_empty() && KEYS.contains(&&*name))
    })
}

fn codes(
    reader: &mut Reader<'_>,
    raw: Option<Spanned<BTreeMap<Text, Text>>>,
) -> Option<BTreeMap<Language, String>> {
    let mut codes = BTreeMap::new();
    let mut sound = true;
    let known: Vec<_> = Language::all().map(|language| (language.tag(), language)).collect();
    for (tag, code) in raw.map(Spanned::into_inner).unwrap_or_default() {
        let language = reader.choice(&tag, "language", &known);
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if code.get_ref().is_empty() || !code.get_ref().chars().all(plain) {
            let title = format!("\"{}\" is no code of a language", code.get_ref());
            reader.error(
                Code::Value,
                code.span(),
                title,
                "",
                "write it as the vendor does: \"es\"",
            );
            sound = false;
        }
        match language {
            Some(language) => drop(codes.insert(language, code.into_inner())),
            None => sound = false,
        }
    }
    sound.then_some(codes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_data_goes_over_tls_or_stays_here() {
        let http = |text| url(VendorKind::OpenAiSpeech, text);
        assert_eq!(http("https://v.example.com/v1/"), Ok("https://v.example.com/v1".into()));
        for here in ["http://localhost:8000/v1", "http://127.0.0.1:9/v1", "http://[::1]:9"] {
            assert_eq!(http(here), Ok(here.into()));
        }
        for open in ["http://10.0.0.5/v1", "http://127.0.0.1.example.com", "http://localhost.x"] {
            assert!(http(open).unwrap_err().contains("unencrypted"), "{open}");
        }
        for wrong in
            ["", "v.example.com", "wss://v.example.com", "https://", "https://a b", "https://k@h"]
        {
            assert!(http(wrong).is_err(), "{wrong}");
        }
        assert!(url(VendorKind::Deepgram, "wss://v.example.com/v1/listen").is_ok());
    }

    #[test]
    fn parameters_of_an_address_are_no_keys() {
        for keyed in ["wss://h/v1?a=b&token=fern", "https://h?api_key=x", "wss://h?x=sk-abc"] {
            assert!(holds_a_key(keyed), "{keyed}");
        }
        for plain in ["wss://h/v1", "wss://h/v1?enable_logging=false", "https://h?api-version=1"] {
            assert!(!holds_a_key(plain), "{plain}");
        }
    }

    #[test]
    fn keys_are_told_from_names() {
        for key in ["sk-abc", "sk_live", "0123456789abcdef0123456789abcdef01234567"] {
            assert!(looks_like_a_key(key));
        }
        for name in ["deepgram", "openai-key-2026", "speech.vendor_1"] {
            assert!(!looks_like_a_key(name));
        }
    }
}
