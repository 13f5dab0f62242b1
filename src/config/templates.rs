//! The files of a demonstration: a softphone trunk on loopback, a front desk, one extension to hand
//! calls to. They are written to a folder and loaded like any others.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use crate::base::Secret;

/// What differs from one demonstration to the next.
#[derive(Clone, Debug)]
pub struct DemoParams {
    /// Where the gateway listens for SIP.
    pub sip: SocketAddr,
    /// The second phone: calls are handed to it.
    pub peer: SocketAddr,
    /// Ports for RTP: from an even one to an odd one.
    pub rtp_ports: RangeInclusive<u16>,
    /// Where metrics are served; `None` is nowhere.
    pub metrics: Option<SocketAddr>,
    /// Where data is written.
    pub data: PathBuf,
    /// Where the speech models are.
    pub models: PathBuf,
    /// The user that a softphone registers as.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// The number that reaches the agent.
    pub number: String,
    /// The practice's IANA time zone.
    pub time_zone: String,
}

/// Returns the files to write, each with its path below the configuration directory. The one with
/// the password should be readable by its owner alone.
pub fn demo_files(params: &DemoParams) -> Vec<(PathBuf, String)> {
    let credential = format!("credentials/{}", params.user);
    vec![
        (PathBuf::from("attendant.toml"), node(params, &credential)),
        (PathBuf::from("sip-profiles/demo.toml"), profile(params)),
        (PathBuf::from("dialplans/front-desk.toml"), plan(params)),
        (PathBuf::from(credential), format!("{}\n", params.password.expose())),
    ]
}

/// A text as TOML writes it: quotes, backslashes and control characters escaped.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

fn node(params: &DemoParams, credential: &str) -> String {
    let DemoParams { sip, rtp_ports, metrics, data, models, user, .. } = params;
    let metrics = metrics.map_or_else(|| "off".to_owned(), |address| address.to_string());
    let (data, models, user) = (path(data), path(models), quoted(user));
    let (first, last) = (rtp_ports.start(), rtp_ports.end());
    format!(
        r#"# The demonstration's process. The manual explains every key.
data   = {data}
models = {models}

[sip]
listen = "{sip}"

[rtp]
ports = "{first}-{last}"

[metrics]
listen = "{metrics}"

[drain]
deadline = "10s"

[registrar.users]
{user} = {{ file = "{credential}" }}
"#
    )
}

fn profile(params: &DemoParams) -> String {
    let DemoParams { peer, .. } = params;
    format!(
        r#"# Softphones on this machine; calls are handed to the second phone at {peer}.
preset   = "softphone"
dialplan = "front-desk"

[peer]
host  = "{peer}"
allow = ["127.0.0.0/8", "::1/128"]

[limits]
calls = 4

[transfer]
allow = ["_1XX"]
"#
    )
}

fn plan(params: &DemoParams) -> String {
    let (zone, number) = (quoted(&params.time_zone), quoted(&params.number));
    format!(
        r#"# Everybody who calls reaches reception; a person is extension 101.
timezone = {zone}
language = "en-US"

[target.front-desk]
dial = ["101"]
ring = "20s"
unanswered = "agent"

[[route]]
name     = "reception"
agent    = "reception"
transfer = ["front-desk"]
fallback = "front-desk"

[[test]]
at    = "2026-07-06 10:00"
from  = "+13125550142"
to    = {number}
route = "reception"
"#
    )
}
