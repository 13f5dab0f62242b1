//! Reads `[limits]` and `[register]` of a SIP profile.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::sip::Credentials;

use super::file::{Reader, Text, duration};
use super::node::calls;
use super::trunk_file::Written;
use super::{Code, Limits, Peer, PerCaller, Register};

/// A registration that is shorter is more traffic than it is worth; a longer one outlives a PBX's restart by hours.
const EXPIRES_RANGE: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(24 * 3600);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TrunkLimitsFile {
    calls: Spanned<u32>,
    calls_per_second: Option<Spanned<u32>>,
    per_caller: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RegisterFile {
    enabled: bool,
    expires: Text,
    user: Option<Text>,
}

impl RegisterFile {
    pub(super) fn is_enabled(&self) -> bool {
        self.enabled
    }
}

/// Reads the limits.
pub(super) fn limits(reader: &mut Reader<'_>, raw: TrunkLimitsFile) -> Option<Limits> {
    let calls = calls(reader, &raw.calls);
    let per_second = match raw.calls_per_second {
        None => Some(None),
        Some(number) => match NonZeroU32::new(*number.get_ref()) {
            Some(number) => Some(Some(number)),
            None => {
                let title = "0 calls a second is no limit but a closed door";
                let help = "leave the key out, or write the number of calls";
                reader.error(Code::Value, number.span(), title, "", help);
                None
            }
        },
    };
    let per_caller = match raw.per_caller {
        None => Some(None),
        Some(text) => reader.value(&text, "a number of calls in a time", per_caller).map(Some),
    };
    Some(Limits { calls: calls?, calls_per_second: per_second?, per_caller: per_caller? })
}

/// Reads `10/10m`.
fn per_caller(text: &str) -> Result<PerCaller, &'static str> {
    let read = || {
        let (calls, within) = text.split_once('/')?;
        let calls = calls.trim().parse().ok()?;
        Some(PerCaller { calls, within: duration(within.trim())? })
    };
    read().ok_or("write it as \"10/10m\": ten calls in ten minutes")
}

/// Reads whether and how we register with the PBX.
pub(super) fn register(
    reader: &mut Reader<'_>,
    raw: RegisterFile,
    written: &Written,
    peer: Option<&Peer>,
    credentials: Option<&Credentials>,
) -> Option<Option<Register>> {
    if !raw.is_enabled() {
        let mut dead = [Some(&raw.expires), raw.user.as_ref()].into_iter().flatten();
        let Some(text) = dead.find(|text| written.has(text)) else { return Some(None) };
        let help = "write enabled = true under [register], or remove the key";
        reader.error(Code::NoEffect, text.span(), "nothing is registered", "no effect", help);
        return None;
    }
    if peer.is_none() {
        let help = "write `host` under [peer]: the PBX that we register with";
        reader.error(Code::MissingKey, 0..0, "[register] says with whom nowhere", "", help);
        return None;
    }
    let user = match (&raw.user, credentials) {
        (Some(user), _) => user.get_ref().clone(),
        (None, Some(credentials)) => credentials.user.clone(),
        (None, None) => {
            let help = "write `user` and `secret` under [auth]: those of the extension or trunk";
            reader.error(Code::MissingKey, 0..0, "[register] says as whom nowhere", "", help);
            return None;
        }
    };
    let expires = reader.duration(&raw.expires)?;
    if !EXPIRES_RANGE.contains(&expires) {
        let title = format!("\"{}\" is no time to be registered for", raw.expires.get_ref());
        reader.error(Code::Value, raw.expires.span(), title, "", "write 1m to 24h");
        return None;
    }
    Some(Some(Register { user, expires }))
}
