//! What signalling is set up with, out of the configuration.

use crate::config::{Config, Floods, Listen, TrunkProfile};
use crate::signalling::{self, Limits, Rate, Settings, TlsClient, TlsServer};
use crate::sip::Transport;

/// Returns the sockets of all trunks, each once, and whom we expect behind TLS.
pub(super) fn settings(config: &Config) -> Settings {
    let mut listens: Vec<_> = config.trunks.iter().flat_map(|trunk| &trunk.listens).collect();
    listens.sort_unstable();
    listens.dedup();
    // The way out of one trunk is the way in of another. Two ways in that differ are refused by signalling: which
    // of two certificates, and of two client CAs, is nothing to guess.
    let shown: Vec<_> = listens
        .iter()
        .filter(|listen| listen.tls.is_some())
        .map(|listen| (listen.transport, listen.address))
        .collect();
    let same = |listen: &Listen| shown.contains(&(listen.transport, listen.address));
    listens.retain(|listen| listen.tls.is_some() || !same(listen));
    Settings {
        listens: listens.into_iter().map(socket).collect(),
        tls_clients: config.trunks.iter().filter_map(tls_client).collect(),
        limits: limits(config.node.floods),
        name_servers: config.node.name_servers.clone(),
    }
}

/// Bursts: a listed PBX may bring two seconds' worth at once; fifty telephones that come back after a power cut bring
/// five.
fn limits(floods: Floods) -> Limits {
    let rate =
        |per_second: u32, burst: u32| Rate { per_second, burst: per_second.saturating_mul(burst) };
    Limits {
        listed: rate(floods.listed_per_second, 2),
        guests: rate(floods.guests_per_second, 5),
        connections: floods.connections as usize,
        connections_per_source: floods.connections_per_source as usize,
        ..Limits::default()
    }
}

fn socket(listen: &Listen) -> signalling::Listen {
    let tls = listen.tls.as_ref().map(|files| TlsServer {
        cert: files.cert.clone(),
        key: files.key.clone(),
        client_ca: files.client_ca.clone(),
    });
    signalling::Listen { transport: listen.transport, bind: listen.address, tls }
}

/// A PBX that we call by TLS has to show a certificate for the name in the file, whatever led there.
fn tls_client(trunk: &TrunkProfile) -> Option<TlsClient> {
    let peer = trunk.peer.as_ref().filter(|peer| peer.transport == Transport::Tls)?;
    let own = trunk.listens.iter().find_map(|listen| listen.tls.as_ref());
    Some(TlsClient {
        server_name: peer.host.trim_matches(['[', ']']).to_owned(),
        hosts: vec![peer.host.clone()],
        networks: trunk.sip.allow.clone(),
        ca: peer.ca.clone(),
        cert: own.map(|files| files.cert.clone()),
        key: own.map(|files| files.key.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(files: &[(&str, &str)]) -> (tempfile::TempDir, Config) {
        let folder = tempfile::tempdir().unwrap();
        let plan = "timezone = \"America/Chicago\"\n[[route]]\nname = \"a\"\nreject = 603\n";
        for (name, text) in files.iter().chain(&[("dialplans/p.toml", plan)]) {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let config = Config::load(folder.path()).unwrap_or_else(|errors| panic!("{errors}"));
        (folder, config)
    }

    #[test]
    fn a_pbx_behind_tls_must_show_the_name_of_the_file() {
        let profile = "preset = \"generic\"\ndialplan = \"p\"\n[listen]\n\
            tls = { bind = \"127.0.0.1:5061\", cert = \"c.pem\", key = { file = \"k.pem\" }, client-ca = \"ca.pem\" }\n\
            [peer]\nhost = \"pbx.clinic.lan\"\nallow = [\"10.0.0.5\"]\ntransport = \"tls\"\nca = \"ca.pem\"\n\
            [auth]\ninbound = \"mtls\"\n";
        let certificate = "-----BEGIN CERTIFICATE-----\n";
        let (folder, config) = loaded(&[
            ("attendant.toml", "[sip]\nlisten = \"127.0.0.1:5060\"\n"),
            ("c.pem", certificate),
            ("ca.pem", certificate),
            ("k.pem", "-----BEGIN PRIVATE KEY-----\n"),
            ("sip-profiles/a.toml", profile),
        ]);
        let file = |name: &str| folder.path().join(name);
        let settings = settings(&config);
        let server =
            TlsServer { cert: file("c.pem"), key: file("k.pem"), client_ca: Some(file("ca.pem")) };
        let bind = "127.0.0.1:5061".parse().unwrap();
        assert_eq!(settings.listens, [signalling::Listen::tls(bind, server)]);
        let client = TlsClient {
            server_name: "pbx.clinic.lan".into(),
            hosts: vec!["pbx.clinic.lan".into()],
            networks: vec!["10.0.0.5/32".parse().unwrap()],
            ca: Some(file("ca.pem")),
            cert: Some(file("c.pem")),
            key: Some(file("k.pem")),
        };
        assert_eq!(settings.tls_clients, [client]);
    }

    #[test]
    fn the_defaults_of_the_files_are_those_of_signalling() {
        let node = "[sip]\nlisten = \"127.0.0.1:5060\"\n";
        let profile = "preset = \"generic\"\ndialplan = \"p\"\npeer.host = \"10.0.0.5\"\n";
        let (_folder, config) =
            loaded(&[("attendant.toml", node), ("sip-profiles/a.toml", profile)]);
        assert_eq!(settings(&config).limits, Limits::default());
        let node = format!(
            "{node}[limits]\nguests-per-second = 7\nconnections = 9\n[dns]\nservers = \"192.0.2.53\"\n"
        );
        let (_folder, config) =
            loaded(&[("attendant.toml", &node), ("sip-profiles/a.toml", profile)]);
        let settings = settings(&config);
        assert_eq!(settings.limits.guests, Rate { per_second: 7, burst: 35 });
        assert_eq!(settings.limits.connections, 9);
        assert_eq!(settings.name_servers, ["192.0.2.53:53".parse().unwrap()]);
    }

    #[test]
    fn an_address_that_trunks_share_is_one_socket() {
        let (_folder, config) = loaded(&[
            ("attendant.toml", "[sip]\nlisten = \"127.0.0.1:5060\"\n"),
            (
                "sip-profiles/a.toml",
                "preset = \"generic\"\ndialplan = \"p\"\npeer.host = \"10.0.0.5\"\n",
            ),
            (
                "sip-profiles/b.toml",
                "preset = \"generic\"\ndialplan = \"p\"\npeer.host = \"10.0.0.6\"\npeer.transport = \"tcp\"\n",
            ),
        ]);
        let address = "127.0.0.1:5060".parse().unwrap();
        let expected = vec![signalling::Listen::udp(address), signalling::Listen::tcp(address)];
        assert_eq!(settings(&config).listens, expected);
    }
}
