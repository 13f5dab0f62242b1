//! Kamailio, twice: a proxy that stays in the path of every call, as a practice's session border
//! controller does, and a registrar that asks for a password.

use std::fs;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::free_port;

/// How long it may take to start, and to stop.
const PATIENCE: Duration = Duration::from_secs(15);

/// Goes by the Request-URI; what is for 900 goes by the transport that is asked for. `lr=on` is how
/// it spells its Record-Route.
const PROXY: &str = r#"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
modparam("rr", "enable_full_lr", 1)
modparam("rr", "enable_double_rr", 1)

request_route {
    if (!mf_process_maxfwd_header("10")) {
        sl_send_reply("483", "Too Many Hops");
        exit;
    }
    if (is_method("CANCEL")) {
        if (t_check_trans()) t_relay();
        exit;
    }
    if (has_totag()) {
        if (loose_route()) {
            t_relay();
        } else if (is_method("ACK") && t_check_trans()) {
            t_relay();
        } else if (!is_method("ACK")) {
            sl_send_reply("404", "Not here");
        }
        exit;
    }
    record_route();
    if ($rU == "900") {
        $du = "sip:" + $rd + ":" + $rp + ";transport=TRANSPORT";
    }
    t_relay();
}
"#;

/// Keeps who registers with the right password, and says where it is when asked by OPTIONS.
const REGISTRAR: &str = r#"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "textops.so"
loadmodule "siputils.so"
modparam("auth", "algorithm", "DIGEST")
modparam("auth", "nonce_expire", 4)
modparam("registrar", "min_expires", MIN_EXPIRES)
modparam("registrar", "max_expires", 600)

request_route {
    if (is_method("REGISTER")) {
        if (!pv_www_authenticate("pbx", "PASSWORD", "0")) {
            www_challenge("pbx", "1");
            exit;
        }
        save("location");
        exit;
    }
    if (has_totag()) {
        t_relay();
        exit;
    }
    if (is_method("OPTIONS")) {
        if (lookup("location")) {
            sl_send_reply("200", "Registered");
        } else {
            sl_send_reply("404", "Nobody");
        }
        exit;
    }
    if (lookup("location")) {
        t_relay();
        exit;
    }
    sl_send_reply("404", "Nobody");
}
"#;

/// A running Kamailio. It is ended, by its own process id, when dropped.
#[derive(Debug)]
pub(crate) struct Kamailio {
    process: Child,
    folder: tempfile::TempDir,
    /// Where it listens, by UDP and TCP.
    pub address: SocketAddr,
}

impl Kamailio {
    /// Starts a proxy that goes on to number 900 by `udp` or `tcp`.
    pub(crate) fn proxy(transport: &str) -> Self {
        Self::start(&PROXY.replace("TRANSPORT", transport))
    }

    /// Starts a registrar that wants this password, and no shorter registration than `min` seconds.
    pub(crate) fn registrar(password: &str, min: u32, algorithm: &str) -> Self {
        let script = REGISTRAR
            .replace("MIN_EXPIRES", &min.to_string())
            .replace("PASSWORD", password)
            .replace("DIGEST", algorithm);
        Self::start(&script)
    }

    fn start(script: &str) -> Self {
        // Debian keeps servers where a user's PATH does not look.
        let program = ["/usr/sbin/kamailio", "kamailio"];
        let program = program.iter().find(|it| Path::new(it).exists()).unwrap_or(&"kamailio");
        super::require(program, "kamailio");
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::from(([127, 0, 2, 1], free_port()));
        let text = format!(
            "#!KAMAILIO\ndebug=2\nlog_stderror=yes\nfork=yes\nchildren=1\ntcp_children=1\nauto_aliases=no\n\
             listen=udp:{address}\nlisten=tcp:{address}\ntcp_accept_no_cl=yes\n{script}"
        );
        let path = folder.path().join("kamailio.cfg");
        fs::write(&path, text).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new(program)
            .arg("-f")
            .arg(&path)
            .args(["-DD", "-E", "-m", "16", "-M", "4", "-Y"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut kamailio = Self { process, folder, address };
        let started = Instant::now();
        while UdpSocket::bind(address).is_ok() || TcpStream::connect(address).is_err() {
            let ended = kamailio.process.try_wait().unwrap();
            assert!(ended.is_none() && started.elapsed() < PATIENCE, "{}", kamailio.log());
            std::thread::sleep(Duration::from_millis(30));
        }
        kamailio
    }

    /// Returns what it has said.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        // Asked, it takes its children along; killed, it would leave them behind.
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-s", "TERM", &pid]).status();
        let asked = Instant::now();
        while matches!(self.process.try_wait(), Ok(None)) && asked.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(30));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
