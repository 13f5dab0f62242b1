//! SIP over TLS on loopback: whom we believe, who has to show what, and certificates that change under way.
#![allow(clippy::unwrap_used, reason = "tests")]

mod signalling_stage;
mod sip_wire;
mod timeline;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use attendant::base::LegId;
use attendant::ops::metrics;
use attendant::signalling::{
    BindError, Direction, Listen, Settings, Signalling, TlsClient, TlsServer,
};
use attendant::sip::{Command, EndCause, Inbound, Transport};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use signalling_stage::{Agent, agent, config, connect, is_closed, loopback, write};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A CA and what it signed, as files.
struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Not the name that its certificates get: OpenSSL would take those for their own issuers.
        params.distinguished_name.push(DnType::CommonName, "the practice's CA");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { folder, issuer }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Signs a certificate for a name, and writes it with its key to files of that name.
    fn sign(&self, name: &str) -> TlsServer {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let (cert_file, key_file) =
            (self.file(&format!("{name}.pem")), self.file(&format!("{name}.key")));
        std::fs::write(&cert_file, cert.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        TlsServer { cert: cert_file, key: key_file, client_ca: None }
    }

    /// Expects this name from this CA, wherever it is.
    fn expects(&self, server_name: &str) -> TlsClient {
        TlsClient {
            server_name: server_name.into(),
            hosts: vec![],
            networks: vec!["127.0.0.0/8".parse().unwrap()],
            ca: Some(self.file("ca.pem")),
            cert: None,
            key: None,
        }
    }
}

fn settings(tls: TlsServer, client: Option<TlsClient>) -> Settings {
    Settings {
        listens: vec![Listen::tls(loopback(), tls)],
        tls_clients: client.into_iter().collect(),
        ..Settings::default()
    }
}

async fn tls(settings: &Settings, seed: u64) -> Agent {
    let agent = agent(settings, config(), seed);
    agent.advertise().await;
    agent
}

/// Runs it with metrics of its own, and returns what they counted of a series.
fn counted(series: &str, run: impl Future<Output = ()>) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::scoped(|metrics| {
        runtime.block_on(run);
        let text = metrics.render();
        let line = text.lines().find(|line| line.starts_with(series)).expect("it is there");
        line.rsplit(' ').next().unwrap().parse().unwrap()
    })
}

fn failures(reason: &str) -> String {
    format!("attendant_sip_tls_failures_total{{reason=\"{reason}\"}}")
}

#[tokio::test]
async fn a_call_over_tls() {
    let ca = Authority::new();
    let mut caller =
        tls(&settings(ca.sign("desk.example"), Some(ca.expects("pbx.example"))), 1).await;
    let mut called =
        tls(&settings(ca.sign("pbx.example"), Some(ca.expects("desk.example"))), 2).await;
    let remote = called.handle.local_addr();
    let leg = connect(&mut caller, &mut called, Transport::Tls, remote).await;
    called.hang_up(leg).await;
    assert_eq!(caller.ended().await, EndCause::RemoteBye);
    assert_eq!(called.ended().await, EndCause::Local);
    let seen = caller.seen.lock().unwrap().clone();
    let local = caller.handle.local_addr();
    assert!(seen[0].2.contains(&format!("Via: SIP/2.0/TLS {local};")), "{}", seen[0].2);
    assert_eq!(seen[0].1.transport, Transport::Tls);
}

#[test]
fn another_name_is_refused() {
    let wrong = counted(&failures("wrong_name"), async {
        let ca = Authority::new();
        // What the configuration expects counts, and not the address that the INVITE went to.
        let caller =
            tls(&settings(ca.sign("desk.example"), Some(ca.expects("127.0.0.1"))), 1).await;
        let mut called = tls(&settings(ca.sign("pbx.example"), None), 2).await;
        caller.call(Transport::Tls, called.handle.local_addr()).await;
        caller.has_connections(0).await;
        assert!(called.events.try_recv().is_err(), "nothing was said");
        assert_eq!(called.lines(Direction::In), Vec::<String>::new());
    });
    assert_eq!(wrong, 1);
}

#[test]
fn another_ca_is_refused_and_so_is_who_nobody_expects() {
    let unknown = counted(&failures("unknown_ca"), async {
        let (ca, other) = (Authority::new(), Authority::new());
        let caller =
            tls(&settings(ca.sign("desk.example"), Some(other.expects("pbx.example"))), 1).await;
        let called = tls(&settings(ca.sign("pbx.example"), None), 2).await;
        caller.call(Transport::Tls, called.handle.local_addr()).await;
        caller.has_connections(0).await;
    });
    assert_eq!(unknown, 1);
    let unexpected = counted(&failures("not_expected"), async {
        let ca = Authority::new();
        let caller = tls(&settings(ca.sign("desk.example"), None), 1).await;
        caller.call(Transport::Tls, "127.0.0.1:9".parse().unwrap()).await;
        caller.has_connections(0).await;
    });
    assert_eq!(unexpected, 1);
}

/// mTLS: with a certificate the call comes in, without one nobody is heard.
#[test]
fn who_shows_no_certificate_is_refused() {
    let refused = counted(&failures("no_certificate"), async {
        let (ca, clients) = (Authority::new(), Authority::new());
        let mut server = ca.sign("pbx.example");
        server.client_ca = Some(clients.file("ca.pem"));
        let mut trunk = config();
        trunk.trunks[0].inbound = Inbound::Certificate;
        let mut called = agent(&settings(server, None), trunk.clone(), 2);
        let remote = called.handle.local_addr();
        trunk.trunks[0].advertised = remote;
        called.handle.command(Command::Configure(Box::new(trunk))).await.unwrap();

        let bare = settings(ca.sign("desk.example"), Some(ca.expects("pbx.example")));
        let caller = tls(&bare, 1).await;
        caller.call(Transport::Tls, remote).await;
        caller.has_connections(0).await;
        called.has_connections(0).await;
        assert_eq!(called.lines(Direction::In), Vec::<String>::new());

        let TlsServer { cert, key, .. } = clients.sign("desk.example");
        let expects = TlsClient { cert: Some(cert), key: Some(key), ..ca.expects("pbx.example") };
        let mut caller = tls(&settings(ca.sign("desk.example"), Some(expects)), 3).await;
        connect(&mut caller, &mut called, Transport::Tls, remote).await;
        caller.hang_up(LegId(1)).await;
        assert_eq!(called.ended().await, EndCause::RemoteBye);
    });
    assert_eq!(refused, 1);
}

#[test]
fn what_does_not_speak_tls_is_let_go() {
    let strange = counted(&failures("not_tls"), async {
        let ca = Authority::new();
        let agent = tls(&settings(ca.sign("pbx.example"), None), 1).await;
        let mut stream = TcpStream::connect(agent.handle.local_addr()).await.unwrap();
        write(&mut stream, &signalling_stage::options("a")).await;
        is_closed(&mut stream).await;
        agent.has_connections(0).await;
    });
    assert_eq!(strange, 1);
}

/// A new certificate counts from the next handshake on; the call that is up does not notice.
#[tokio::test]
async fn certificates_change_under_a_call() {
    let (old, new) = (Authority::new(), Authority::new());
    let mut called = tls(&settings(old.sign("pbx.example"), None), 2).await;
    let remote = called.handle.local_addr();
    let mut caller =
        tls(&settings(old.sign("desk.example"), Some(old.expects("pbx.example"))), 1).await;
    connect(&mut caller, &mut called, Transport::Tls, remote).await;

    // A key of another certificate changes nothing.
    let (fresh, other) = (new.sign("pbx.example"), new.sign("other.example"));
    let wrong = TlsServer { key: other.key, ..fresh.clone() };
    let listens = |tls| vec![Listen::tls(remote, tls)];
    let error = called.handle.reload(Settings { listens: listens(wrong), ..Settings::default() });
    assert_eq!(error.await.unwrap_err().code(), "tls-key-of-another");
    let reload = Settings { listens: listens(fresh), ..Settings::default() };
    called.handle.reload(reload).await.unwrap();

    // Who trusts the new CA alone gets in; who trusts the old one alone no longer does.
    let trusting = settings(new.sign("desk.example"), Some(new.expects("pbx.example")));
    let mut late = tls(&trusting, 3).await;
    assert_eq!(late.options(Transport::Tls, remote).await, Some(200));
    let stale = tls(&settings(old.sign("desk.example"), Some(old.expects("pbx.example"))), 4).await;
    stale.call(Transport::Tls, remote).await;
    stale.has_connections(0).await;

    assert_eq!(caller.connections().await.len(), 1);
    caller.hang_up(LegId(1)).await;
    assert_eq!(called.ended().await, EndCause::RemoteBye);
}

/// A trunk that is only ever called needs no certificate of ours, and no port.
#[tokio::test]
async fn a_way_out_alone() {
    let ca = Authority::new();
    let called = tls(&settings(ca.sign("pbx.example"), None), 2).await;
    let bind: SocketAddr = "127.0.0.1:5061".parse().unwrap();
    let out = Listen { transport: Transport::Tls, bind, tls: None };
    let settings = Settings {
        listens: vec![out],
        tls_clients: vec![ca.expects("pbx.example")],
        ..Settings::default()
    };
    let mut caller = tls(&settings, 1).await;
    assert_eq!(caller.options(Transport::Tls, called.handle.local_addr()).await, Some(200));
}

/// Whoever would be heard without a certificate by mistake is not: the address is not opened at all.
#[tokio::test]
async fn one_address_has_one_certificate_and_one_client_ca() {
    let ca = Authority::new();
    let open = ca.sign("pbx.example");
    let closed = TlsServer { client_ca: Some(ca.file("ca.pem")), ..open.clone() };
    let bind = "127.0.0.1:45061".parse().unwrap();
    let listens = vec![Listen::tls(bind, open), Listen::tls(bind, closed)];
    let settings = Settings { listens, ..Settings::default() };
    let Err(error) = Signalling::open(&settings, config(), 1) else { panic!("it opened") };
    assert_eq!(error.code(), "signalling-two-certificates");
    assert!(error.advice().contains("client-ca"), "{}", error.advice());
}

/// What is wrong with a file is said with its name and what to do.
#[tokio::test]
async fn mistakes_in_words() {
    let ca = Authority::new();
    let good = ca.sign("pbx.example");
    std::fs::write(ca.file("empty.pem"), "nothing\n").unwrap();
    std::fs::write(
        ca.file("bad.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let said = |settings: Settings| match Signalling::open(&settings, config(), 1) {
        Err(BindError::Tls(error)) => {
            let text = error.to_string().replace(&*ca.folder.path().to_string_lossy(), "");
            (error.code(), text, error.advice())
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it opened"),
    };
    let server = |tls: TlsServer| said(settings(tls, None));
    let client = |tls: TlsClient| said(settings(good.clone(), Some(tls)));

    let (code, text, advice) = server(TlsServer { cert: ca.file("no.pem"), ..good.clone() });
    assert_eq!(
        (code, text.as_str()),
        ("tls-file-unreadable", "cannot read the certificate /no.pem")
    );
    assert!(advice.contains("ls -l"), "{advice}");
    let (code, text, _) = server(TlsServer { key: ca.file("empty.pem"), ..good.clone() });
    assert_eq!((code, text.as_str()), ("tls-file-empty", "/empty.pem holds no private key in PEM"));
    let other = ca.sign("other.example");
    let (code, text, _) = server(TlsServer { key: other.key, ..good.clone() });
    assert_eq!(code, "tls-key-of-another");
    assert_eq!(text, "/other.example.key is not the private key of /pbx.example.pem");
    let (code, text, _) = server(TlsServer { client_ca: Some(ca.file("bad.pem")), ..good.clone() });
    assert_eq!(code, "tls-file-unusable");
    assert!(text.starts_with("the CA certificate in /bad.pem cannot be used: "), "{text}");
    let (code, ..) = client(TlsClient { cert: Some(good.cert.clone()), ..ca.expects("x") });
    assert_eq!(code, "tls-key-missing");
    let (code, text, _) = client(ca.expects("not a name"));
    assert_eq!(
        (code, text.as_str()),
        ("tls-bad-name", "\"not a name\" is neither a host name nor an address")
    );
}

/// OpenSSL, an independent client: it verifies our name and chain, and gets an answer.
#[tokio::test]
async fn openssl_believes_us() {
    let ca = Authority::new();
    let agent = tls(&settings(ca.sign("pbx.example"), None), 1).await;
    for version in ["-tls1_2", "-tls1_3"] {
        let mut client = tokio::process::Command::new("openssl")
            .args(["s_client", "-quiet", "-verify_return_error", "-verify_hostname", "pbx.example"])
            .args([version, "-CAfile"])
            .arg(ca.file("ca.pem"))
            .args(["-connect", &agent.handle.local_addr().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("openssl runs: apt-get install openssl");
        let (mut to, mut from) = (client.stdin.take().unwrap(), client.stdout.take().unwrap());
        let asked = signalling_stage::options(version).replace("/TCP", "/TLS");
        to.write_all(asked.as_bytes()).await.unwrap();
        let mut answer = [0; 15];
        let read = from.read_exact(&mut answer);
        tokio::time::timeout(signalling_stage::PATIENCE, read).await.expect("it answers").unwrap();
        assert_eq!(&answer, b"SIP/2.0 200 OK\r", "{version}");
        client.kill().await.unwrap();
    }
}
