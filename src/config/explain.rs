//! Tells every value that holds, and where it came from: file and line, preset, or default.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{Fallback, Key, NODE, TRUNK};
use super::layers::{self, DEFAULT, Found, Layer};
use super::{Node, Preset, Readable, TrunkProfile};
use crate::base::TrunkName;
use crate::sip::Transport;

/// Values wider than this push where they came from to a line of its own.
const VALUE_COLUMN: usize = 30;
const NAME_COLUMN: usize = 22;

/// Why a file cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// It is none of the files that have keys of this kind.
    #[error("{path} is neither attendant.toml nor a file in sip-profiles/")]
    OtherFile {
        /// The file.
        path: String,
    },
    /// It has no values to show: where it is broken is among the mistakes of the configuration.
    #[error("{path} is not TOML")]
    NotToml {
        /// The file.
        path: String,
    },
    /// It cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// One file of a configuration that was loaded.
struct File<'a> {
    /// Its path below the configuration directory.
    path: String,
    text: &'a str,
    table: DeTable<'a>,
}

impl File<'_> {
    fn line(&self, value: &Spanned<DeValue<'_>>) -> usize {
        self.text[..value.span().start].matches('\n').count() + 1
    }
}

/// Explains `attendant.toml`. Where it holds mistakes, what it says is shown all the same, and what follows from it
/// is left out.
///
/// # Errors
/// When the file is not there, or is not TOML.
pub fn node(read: &Readable, dir: &Path) -> Result<String, ExplainError> {
    let text = text_of(dir, "attendant.toml")?;
    let file = parsed("attendant.toml", &text)?;
    let defaults = Layer::defaults(NODE);
    let under = [(defaults.table(), "default".to_owned())];
    Ok(explained(NODE, &file, &under, &|key| node_value(read.node.as_ref()?, key)))
}

/// Explains the SIP profile of a trunk, as [`node`] does.
///
/// # Errors
/// As [`node`].
pub fn trunk(read: &Readable, dir: &Path, name: &TrunkName) -> Result<String, ExplainError> {
    let path = format!("sip-profiles/{name}.toml");
    let text = text_of(dir, &path)?;
    let file = parsed(&path, &text)?;
    let preset = file.table.get("preset").and_then(|value| value.get_ref().as_str());
    let preset = preset.and_then(Preset::from_name);
    let defaults = Layer::defaults(TRUNK);
    let facts = preset.map(|preset| Layer::preset(preset.family().facts, DEFAULT));
    let mut under = Vec::new();
    let mut head = format!("trunk {name}\n");
    if let (Some(preset), Some(facts)) = (preset, &facts) {
        under.push((facts.table(), format!("preset {}", preset.name())));
        head = format!("trunk {name}, preset {} ({})\n", preset.name(), preset.family().standing);
    }
    under.push((defaults.table(), "default".to_owned()));
    let checked = read.node.as_ref().zip(read.trunks.iter().find(|it| it.sip.name == *name));
    let computed = |key: &Key| checked.and_then(|(node, trunk)| trunk_value(node, trunk, key));
    Ok(head + &explained(TRUNK, &file, &under, &computed))
}

fn text_of(dir: &Path, path: &str) -> Result<String, ExplainError> {
    let full = dir.join(path);
    std::fs::read_to_string(&full)
        .map_err(|source| ExplainError::Unreadable { path: full.display().to_string(), source })
}

fn parsed<'a>(path: &str, text: &'a str) -> Result<File<'a>, ExplainError> {
    let path = path.to_owned();
    match DeTable::parse(text) {
        Ok(table) => Ok(File { path, text, table: table.into_inner() }),
        Err(_) => Err(ExplainError::NotToml { path }),
    }
}

/// A value that no file holds: it, and where it comes from.
type Computed = Option<(String, String)>;

fn explained(
    keys: &[Key],
    file: &File<'_>,
    under: &[(DeTable<'_>, String)],
    computed: &dyn Fn(&Key) -> Computed,
) -> String {
    let mut text = String::new();
    let mut table = "";
    for key in keys {
        let (mut value, mut origin) = match found(key, file, under) {
            Some(found) => found,
            None => ("-".to_owned(), "not written".to_owned()),
        };
        if let Some((real, from)) = computed(key) {
            let written = value != "-";
            origin = if written { format!("{origin}: {value}") } else { from };
            value = real;
        }
        if key.table() != table {
            table = key.table();
            text.push_str(&format!("\n[{table}]\n"));
        }
        text.push_str(&line(key.name(), &value, &origin));
    }
    text
}

/// Three columns; a value that is too wide has a line of its own.
pub(super) fn line(name: &str, value: &str, origin: &str) -> String {
    match value.chars().count() <= VALUE_COLUMN {
        true => format!("{name:<NAME_COLUMN$} {value:<VALUE_COLUMN$} {origin}\n"),
        false => {
            let indent = NAME_COLUMN + 1 + VALUE_COLUMN;
            format!("{name:<NAME_COLUMN$} {value}\n{:indent$} {origin}\n", "")
        }
    }
}

/// Returns what the file, or the first layer that has it, says of a key.
fn found(key: &Key, file: &File<'_>, under: &[(DeTable<'_>, String)]) -> Option<(String, String)> {
    if let Some(written) = layers::find(&file.table, key.path) {
        let (Found::Value(value) | Found::Instead(value)) = &written;
        let place = format!("{}:{}", file.path, file.line(value));
        let text = match written {
            Found::Value(value) if key.is_secret() => secret_shown(value.get_ref()),
            // Any other text in the place of a table is a mistake, and may be a secret.
            Found::Instead(value) if value.get_ref().as_str() != Some("off") => {
                "(not a table)".to_owned()
            }
            Found::Value(value) | Found::Instead(value) => shown(value.get_ref()),
        };
        return Some((text, place));
    }
    let lower = under.iter().find_map(|(table, name)| match layers::find(table, key.path)? {
        Found::Value(value) | Found::Instead(value) => Some((shown(value.get_ref()), name.clone())),
    });
    lower.or_else(|| match key.fallback {
        Fallback::Value(value) => Some((value.to_owned(), "default".to_owned())),
        Fallback::From(_) | Fallback::Must | Fallback::Nothing => None,
    })
}

/// Where a secret is to be found; one that stands in the file all the same is an error, and is not shown.
fn secret_shown(value: &DeValue<'_>) -> String {
    let Some(table) = value.as_table() else { return "***".to_owned() };
    let entries = table.iter().map(|(key, value)| {
        let value = match (key.get_ref().as_ref(), value.get_ref()) {
            ("file" | "env", place @ DeValue::String(_)) => shown(place),
            (_, other) => secret_shown(other),
        };
        format!("{} = {value}", key.get_ref())
    });
    in_braces(entries)
}

fn in_braces(entries: impl Iterator<Item = String>) -> String {
    format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
}

/// A value on one line, as TOML writes it.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => toml::Value::String(text.to_string()).to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(is) => is.to_string(),
        DeValue::Datetime(when) => when.to_string(),
        DeValue::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| shown(item.get_ref())).collect();
            format!("[{}]", items.join(", "))
        }
        DeValue::Table(table) => in_braces(
            table
                .iter()
                .map(|(key, value)| format!("{} = {}", key.get_ref(), shown(value.get_ref()))),
        ),
    }
}

fn node_value(node: &Node, key: &Key) -> Computed {
    match key.path {
        "models" => Some((node.models.display().to_string(), "below `data`".into())),
        "threads.hearing" => {
            Some((node.hearing_threads.to_string(), "by the machine's cores".into()))
        }
        "sip.advertise" => {
            let told = node.sip_advertise.unwrap_or(node.sip_listen);
            Some((told.to_string(), "as `listen`".into()))
        }
        "rtp.bind" => {
            let bound = node.rtp.bind.unwrap_or(node.sip_listen.ip());
            Some((bound.to_string(), "as [sip] listen; a trunk's own [listen] counts first".into()))
        }
        "rtp.advertise" => {
            let bound = node.rtp.bind.unwrap_or(node.sip_listen.ip());
            Some((node.rtp.advertise.unwrap_or(bound).to_string(), "as `bind`".into()))
        }
        _ => None,
    }
}

fn trunk_value(node: &Node, trunk: &TrunkProfile, key: &Key) -> Computed {
    let own = "[sip] listen of attendant.toml";
    let socket = |transport: Transport| {
        let listen = trunk.listens.iter().find(|listen| listen.transport == transport)?;
        (listen.address == node.sip_listen).then(|| (listen.address.to_string(), own.into()))
    };
    match key.path {
        "listen.udp" => socket(Transport::Udp),
        "listen.tcp" => socket(Transport::Tcp),
        "listen.advertise.sip" => Some((trunk.sip.advertised.to_string(), String::new())),
        "listen.advertise.rtp" => Some((trunk.media.advertise.to_string(), String::new())),
        "peer.port" => {
            let peer = trunk.peer.as_ref()?;
            let from = match (peer.fixed_port, peer.address()) {
                (true, _) => "in `host`",
                (false, Some(_)) => "the usual one",
                (false, None) => "where SRV has no other",
            };
            Some((peer.port.to_string(), from.into()))
        }
        "peer.allow" if !trunk.sip.allow.is_empty() => {
            let nets: Vec<_> = trunk.sip.allow.iter().map(ToString::to_string).collect();
            Some((nets.join(" "), "the address in `host`".into()))
        }
        "peer.allow" => Some(("none".into(), "requests come over the registration".into())),
        "register.user" => Some((trunk.register.as_ref()?.user.clone(), "[auth] user".into())),
        "media.ports" => {
            let (first, last) = (trunk.media.ports.start(), trunk.media.ports.end());
            Some((format!("{first}-{last}"), "[rtp] ports of attendant.toml".into()))
        }
        _ => None,
    }
}
