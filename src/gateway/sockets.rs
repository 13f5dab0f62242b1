//! What signalling is set up with, out of the configuration.

use crate::config::{Config, Listen, TrunkProfile};
use crate::signalling::{self, Settings, TlsClient, TlsServer};
use crate::sip::Transport;

/// Returns the sockets of all trunks, each once, and whom we expect behind TLS.
pub(super) fn settings(config: &Config) -> Settings {
    let mut listens: Vec<_> = config.trunks.iter().flat_map(|trunk| &trunk.listens).collect();
    // A certificate sorts behind none: of two entries for one address the one with a certificate stays.
    listens.sort_unstable();
    listens.reverse();
    listens.dedup_by_key(|listen| (listen.transport, listen.address));
    listens.reverse();
    Settings {
        listens: listens.into_iter().map(socket).collect(),
        tls_clients: config.trunks.iter().filter_map(tls_client).collect(),
        ..Settings::default()
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

    #[test]
    fn an_address_that_trunks_share_is_one_socket() {
        let files = [
            ("attendant.toml", "[sip]\nlisten = \"127.0.0.1:5060\"\n"),
            (
                "dialplans/p.toml",
                "timezone = \"America/Chicago\"\n[[route]]\nname = \"a\"\nreject = 603\n",
            ),
            (
                "sip-profiles/a.toml",
                "preset = \"generic\"\ndialplan = \"p\"\npeer.host = \"10.0.0.5\"\n",
            ),
            (
                "sip-profiles/b.toml",
                "preset = \"generic\"\ndialplan = \"p\"\npeer.host = \"10.0.0.6\"\npeer.transport = \"tcp\"\n",
            ),
        ];
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let config = Config::load(folder.path()).unwrap_or_else(|errors| panic!("{errors}"));
        let address = "127.0.0.1:5060".parse().unwrap();
        let expected = vec![signalling::Listen::udp(address), signalling::Listen::tcp(address)];
        assert_eq!(settings(&config).listens, expected);
    }
}
