//! Reads `[auth]` of a SIP profile: what we show, and what we ask to be shown.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::sip::{Credentials, Inbound, Transport};

use super::file::{OneOrMany, Reader, SecretFile, Text};
use super::node::digests;
use super::trunk_file::Written;
use super::{Code, Listen};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AuthFile {
    pub(super) user: Option<Text>,
    pub(super) secret: Option<Spanned<SecretFile>>,
    pub(super) inbound: Text,
    realm: Text,
    users: Option<Spanned<BTreeMap<Text, Spanned<SecretFile>>>>,
    digest: Spanned<OneOrMany>,
}

/// How the far end proves itself, as a profile spells it.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Ip,
    Digest,
    Certificate,
    Registered,
}

const KINDS: [(&str, Kind); 4] = [
    ("ip", Kind::Ip),
    ("digest", Kind::Digest),
    ("mtls", Kind::Certificate),
    ("registered", Kind::Registered),
];

/// Reads what the far end must show; `listens` are the trunk's sockets, where they could be read.
pub(super) fn inbound(
    reader: &mut Reader<'_>,
    dir: &Path,
    raw: &AuthFile,
    listens: Option<&[Listen]>,
    written: &Written,
) -> Option<Inbound> {
    let kind = reader.choice(&raw.inbound, "way to authenticate", &KINDS)?;
    if kind != Kind::Digest {
        let realm = Some(raw.realm.span()).filter(|_| written.has(&raw.realm));
        let digest = Some(raw.digest.span()).filter(|_| written.has(&raw.digest));
        let users = raw.users.as_ref().map(Spanned::span);
        let dead: Vec<_> = realm.into_iter().chain(digest).chain(users).collect();
        for place in &dead {
            let title = "no digest is asked for";
            let help = "write inbound = \"digest\", or remove the key";
            reader.error(Code::NoEffect, place.clone(), title, "no effect", help);
        }
        if !dead.is_empty() {
            return None;
        }
    }
    match kind {
        Kind::Ip => Some(Inbound::Ip),
        Kind::Registered => Some(Inbound::Registered),
        Kind::Certificate => certificate(reader, raw, listens?),
        Kind::Digest => digest(reader, dir, raw),
    }
}

fn certificate(reader: &mut Reader<'_>, raw: &AuthFile, listens: &[Listen]) -> Option<Inbound> {
    let checked = |listen: &Listen| listen.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    if let Some(open) = listens.iter().find(|listen| !checked(listen)) {
        let title = match open.transport {
            Transport::Tls => {
                "nothing says which authority the PBX's certificate comes from".into()
            }
            other => format!("requests that come by {} show no certificate", other.name()),
        };
        let help = "write only tls under [listen], with client-ca = \"…\"";
        reader.error(Code::MissingKey, raw.inbound.span(), title, "needs mutual TLS", help);
        return None;
    }
    Some(Inbound::Certificate)
}

fn digest(reader: &mut Reader<'_>, dir: &Path, raw: &AuthFile) -> Option<Inbound> {
    let Some(table) = &raw.users else {
        let title = "a digest is asked for, and nobody has a password";
        let help = "write [auth.users] with a line a user: pbx = { file = \"…\" }";
        reader.error(Code::MissingKey, raw.inbound.span(), title, "needs users", help);
        return None;
    };
    let mut users = Vec::new();
    for (user, secret) in table.get_ref() {
        if let Some(secret) = reader.secret(dir, secret) {
            users.push(Credentials { user: user.get_ref().clone(), secret });
        }
    }
    if table.get_ref().is_empty() {
        let help = "write a line a user: pbx = { file = \"…\" }";
        reader.error(Code::NoEffect, table.span(), "no user may call", "no effect", help);
    }
    let digests = digests(reader, &raw.digest)?;
    let complete = users.len() == table.get_ref().len() && !users.is_empty();
    complete.then(|| Inbound::Digest { realm: raw.realm.get_ref().clone(), users, digests })
}

/// Reads what we answer to a challenge.
pub(super) fn credentials(
    reader: &mut Reader<'_>,
    dir: &Path,
    user: Option<Text>,
    secret: Option<Spanned<SecretFile>>,
) -> Option<Option<Credentials>> {
    match (user, secret) {
        (None, None) => Some(None),
        (Some(user), Some(secret)) => {
            let secret = reader.secret(dir, &secret)?;
            Some(Some(Credentials { user: user.into_inner(), secret }))
        }
        (Some(user), None) => {
            let title = "a user without a secret answers no challenge";
            reader.error(Code::NoEffect, user.span(), title, "", "write `secret` too");
            None
        }
        (None, Some(secret)) => {
            // Read all the same: a literal secret is the worse mistake.
            reader.secret(dir, &secret)?;
            let title = "a secret without a user answers no challenge";
            reader.error(Code::NoEffect, secret.span(), title, "", "write `user` too");
            None
        }
    }
}
