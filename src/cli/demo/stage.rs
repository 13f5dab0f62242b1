//! What a demonstration needs: models, a seeded clinic, the gateway, and a phone at extension 101.

use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};

use tokio::sync::broadcast;

use super::super::Failure;
use super::super::progress::Step;
use super::files::Folder;
use crate::base::{Phi, Purpose, Secret};
use crate::config::{Config, templates};
use crate::engines::models;
use crate::engines::tts::{Flite, FliteVoice};
use crate::gateway::{Gateway, Watched};
use crate::ops::logging;
use crate::phone::{AnswerPlan, Phone, PhoneConfig};
use crate::practice::{Appointment, PhoneNumber, seed};
use crate::sip::Credentials;
use crate::store::Store;

/// The invented clinic is the same every time; its days count from today.
const SEED: u64 = 20_260_101;
const ZONE: &str = "America/Chicago";
const USER: &str = "1000";
/// Ports that are tried, from the wanted one on.
const PORTS_TRIED: u16 = 50;

/// A running demonstration.
pub(super) struct Stage {
    gateway: Gateway,
    store: Store,
    sip: SocketAddr,
    password: Secret,
}

impl Stage {
    /// Sets everything up, telling what it does.
    pub(super) async fn set(folder: &Folder, listen: SocketAddr) -> Result<Self, Failure> {
        let models = models::default_dir();
        // Downloads show a bar of their own.
        models::ensure(&models, models::Progress::Shown)?;
        let sip = free_port(listen)?;
        let peer = front_desk(folder).await?;
        let password = Secret::new(password());
        let params = templates::DemoParams {
            sip,
            peer,
            rtp_ports: 40_000..=40_199,
            metrics: None,
            data: folder.path("data"),
            models,
            user: USER.into(),
            password: password.clone(),
            number: super::NUMBER.into(),
            time_zone: ZONE.into(),
        };
        for (path, text) in templates::demo_files(&params) {
            folder.write_private(&path, &text)?;
        }
        let config = Config::load(&folder.path("")).map_err(|errors| errors.to_string())?;
        let filter = std::env::var("ATTENDANT_LOG").unwrap_or_else(|_| "error".into());
        logging::init(config.node.log_format, &filter)?;
        let store = seed_book(&config).await?;
        let step = Step::begin("starting the gateway");
        let gateway = Gateway::start(&folder.path(""), config).await?;
        let facts = gateway.facts();
        step.done("gateway", &format!("SIP on udp {sip}, media threads {}", facts.scheduling));
        Ok(Self { gateway, store, sip, password })
    }

    pub(super) fn sip(&self) -> SocketAddr {
        self.sip
    }

    /// Returns what a softphone registers and calls with.
    pub(super) fn credentials(&self) -> Credentials {
        Credentials { user: USER.into(), secret: self.password.clone() }
    }

    pub(super) fn watch(&self) -> broadcast::Receiver<Watched> {
        self.gateway.watch()
    }

    /// Returns the standing appointments of the caller, a line each.
    pub(super) async fn appointments(&self) -> Result<BTreeSet<String>, Failure> {
        let number = PhoneNumber::parse(super::CALLER).ok_or("the demo's caller has no number")?;
        let today = jiff::Zoned::now().datetime().date().to_datetime(jiff::civil::Time::midnight());
        let practitioners = self.store.practitioners().await?;
        let mut lines = BTreeSet::new();
        for patient in self.store.patients_at(&Phi::new(number)).await? {
            for appointment in self.store.appointments_of(&patient.id, today).await? {
                let with = practitioners.iter().find(|it| it.id == appointment.practitioner);
                let with = with.map_or("nobody", |it| it.spoken.as_str());
                let who = patient.given.reveal(Purpose::Demonstration);
                lines.insert(describe(&appointment, with, who));
            }
        }
        Ok(lines)
    }

    /// Prints what to type into a softphone, and waits for Ctrl-C.
    pub(super) async fn wait_for_softphones(&self, number: &str) {
        println!("\nNow call it yourself. Type into a softphone on this machine:");
        println!("  server    {}   (UDP)", self.sip);
        println!("  user      {USER}");
        println!("  password  {}", self.password.expose());
        println!(
            "  dial      {number}   you are Sarah Johnson, born June 14, 1981, or Maria Lopez, born March 9, 1984"
        );
        println!("Ctrl-C ends it.");
        // An error means that there is no way to wait for Ctrl-C; then there is nothing to wait for.
        let _ = tokio::signal::ctrl_c().await;
    }

    pub(super) async fn end(self) {
        self.gateway.stop(std::time::Duration::from_secs(2)).await;
        self.store.close().await;
    }
}

async fn seed_book(config: &Config) -> Result<Store, Failure> {
    let step = Step::begin("seeding the practice book");
    let crate::config::Book::BuiltIn { path } = &config.node.book;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let store = Store::open(path).await?;
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::get(ZONE)?).date();
    let clinic = seed::clinic(SEED, today);
    store.seed(&clinic).await?;
    let (doctors, patients) = (clinic.practitioners.len(), clinic.patients.len());
    let free = clinic.slots.len() - clinic.appointments.len();
    let found = format!(
        "{}: {doctors} practitioners, {patients} patients, {free} free appointment slots",
        clinic.practice.name
    );
    step.done("practice", &found);
    Ok(store)
}

/// The phone at extension 101: it answers whoever is transferred to it, as long as the process lives.
async fn front_desk(folder: &Folder) -> Result<SocketAddr, Failure> {
    let voice = Box::new(Flite::new(FliteVoice::Awb, 1.0)?);
    let mut phone = Phone::start(PhoneConfig::new([127, 0, 0, 1].into(), "101", voice)).await?;
    let address = phone.address();
    let recording = folder.path("extension-101.wav");
    tokio::spawn(async move {
        let mut plan = AnswerPlan::saying("Front desk, this is Jordan. How can I help you?");
        plan.recording = Some(recording);
        // A call that fails is over; the phone waits for the next one.
        loop {
            let _ = phone.answer(plan).await;
            plan = AnswerPlan::saying("Front desk, this is Jordan. How can I help you?");
        }
    });
    Ok(address)
}

fn describe(appointment: &Appointment, with: &str, who: &str) -> String {
    let start = appointment.start.reveal(Purpose::Demonstration);
    let when = start.strftime("%a %b %d, %H:%M");
    format!("{when}  {with}  {}  ({who})", appointment.visit_type.spoken())
}

fn free_port(wanted: SocketAddr) -> Result<SocketAddr, Failure> {
    let ports = (0..PORTS_TRIED).map(|step| wanted.port().saturating_add(step));
    ports
        .map(|port| SocketAddr::new(wanted.ip(), port))
        .find(|address| UdpSocket::bind(address).is_ok())
        .ok_or_else(|| format!("no free UDP port at {wanted} or the {PORTS_TRIED} after it; choose another with --listen").into())
}

/// Four words' worth of guessing, made new each time: the demonstration listens on loopback alone.
fn password() -> String {
    use std::hash::{BuildHasher, Hasher};
    let bits = || std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("{:04}-{:06x}", bits() % 10_000, bits() & 0xff_ffff)
}
