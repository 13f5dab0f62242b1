//! The gateway under measurement: a process of its own, with a seeded clinic and a log in JSON.

use std::net::{SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::super::progress::Step;
use super::Failure;
use super::capture::end;
use super::log::Log;
use crate::base::Secret;
use crate::config::{Book, Config, templates};
use crate::engines::models;
use crate::practice::seed;
use crate::sip::Credentials;
use crate::store::Store;

/// The gateway's RTP ports, below those that a system gives out by itself.
pub(super) const GATEWAY_PORTS: RangeInclusive<u16> = 21_000..=21_399;
/// The callers'.
pub(super) const CALLER_PORTS: RangeInclusive<u16> = 21_400..=21_999;
const SIP_PORTS: RangeInclusive<u16> = 20_900..=20_999;
pub(super) const NUMBER: &str = "900";
const USER: &str = "1000";
const ZONE: &str = "America/Chicago";
/// The invented clinic is the same every time; its days count from today.
const SEED: u64 = 20_260_101;
/// Loading the models takes seconds on a busy machine.
const STARTS: Duration = Duration::from_secs(60);
/// No limit of the configuration stands in the way of what is measured.
const LINES: &str = "calls = 64";

/// A running gateway. It is ended, by its own process id, when dropped.
pub(super) struct Stage {
    process: Child,
    sip: SocketAddr,
    password: Secret,
    log: PathBuf,
}

impl Stage {
    /// Writes the configuration, seeds the book, and starts the gateway; more of `attendant.toml` may be given.
    pub(super) async fn set(folder: &Path, also: &str) -> Result<Self, Failure> {
        let models = models::default_dir();
        models::ensure(&models, models::Progress::Shown)?;
        let sip = free_port()?;
        let password = Secret::new("measured-0001");
        let params = templates::DemoParams {
            sip,
            // Nobody is transferred in these scripts.
            peer: SocketAddr::from(([127, 0, 0, 1], 20_899)),
            rtp_ports: GATEWAY_PORTS,
            metrics: None,
            data: folder.join("data"),
            models,
            user: USER.into(),
            password: password.clone(),
            number: NUMBER.into(),
            time_zone: ZONE.into(),
        };
        for (path, text) in templates::demo_files(&params) {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
            let mut text = text.replace("calls = 4", LINES);
            if path.ends_with("attendant.toml") {
                text.push_str("\n[log]\nformat = \"json\"\nfilter = \"info,attendant=debug\"\n");
                text.push_str(also);
            }
            std::fs::write(path, text)?;
        }
        let config = Config::load(folder).map_err(|errors| errors.to_string())?;
        seed_book(&config).await?;
        let step = Step::begin("starting the gateway");
        let log = folder.join("gateway.log");
        let process = Command::new(std::env::current_exe()?)
            .arg("run")
            .arg("--config")
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log)?)
            .spawn()?;
        let mut stage = Self { process, sip, password, log };
        stage.wait_until_ready().await?;
        step.done("gateway", &format!("SIP on udp {sip}, process {}", stage.pid()));
        Ok(stage)
    }

    async fn wait_until_ready(&mut self) -> Result<(), Failure> {
        let begun = Instant::now();
        while !self.said().contains("Ready for calls.") {
            if self.process.try_wait()?.is_some() || begun.elapsed() > STARTS {
                return Err(format!("the gateway did not start:\n{}", self.said()).into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn target(&self) -> String {
        format!("sip:{NUMBER}@{}", self.sip)
    }

    pub(super) fn credentials(&self) -> Credentials {
        Credentials { user: USER.into(), secret: self.password.clone() }
    }

    /// Ends the gateway and returns what it said of itself.
    pub(super) fn end(mut self) -> Result<Log, Failure> {
        end(&mut self.process, "TERM")?;
        Ok(Log::read(&self.said()))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn seed_book(config: &Config) -> Result<(), Failure> {
    let Book::BuiltIn { path } = &config.node.book;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let store = Store::open(path).await?;
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::get(ZONE)?).date();
    store.seed(&seed::clinic(SEED, today)).await?;
    store.close().await;
    Ok(())
}

fn free_port() -> Result<SocketAddr, Failure> {
    SIP_PORTS
        .map(|port| SocketAddr::from(([127, 0, 0, 1], port)))
        .find(|address| UdpSocket::bind(address).is_ok())
        .ok_or_else(|| format!("no UDP port of {SIP_PORTS:?} is free on 127.0.0.1").into())
}
