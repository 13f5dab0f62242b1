//! Our side in small: signalling and the media plane without an agent, for what the agent does not do to a call:
//! press digits, hold it, change its codec. One call at a time, which it is called for.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::mpsc as plain;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use attendant::base::{Epoch, Frame, LegId, PacketTime, Purpose, TrunkName, UtteranceId};
use attendant::codec::Codec;
use attendant::media::Quality;
use attendant::rtp::Counters;
use attendant::sdp::{self, Direction, LocalMedia, Negotiated};
use attendant::signalling::{Handle, Settings, Signalling};
use attendant::sip::{Command, Event, Inbound, Policy, Trunk, UaConfig};
use attendant::workers::{
    DownFrame, LegControl, LegMedia, LegParams, MediaConfig, MediaEvent, MediaEventKind,
    MediaEvents, MediaPlane, Port,
};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::gateway_stage::wait_until;

/// What is asked of a post.
enum Ask {
    Press(char),
    Say(Vec<i16>),
    Offer(Vec<Codec>, Direction),
}

/// What a post has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    /// What was heard, 16 kHz.
    pub heard: Vec<i16>,
    /// Digits by RFC 4733.
    pub events: String,
    /// Digits by INFO.
    pub infos: String,
    /// What was agreed, each time that it was.
    pub agreed: Vec<Negotiated>,
    /// How often nothing came for long.
    pub silent: usize,
    /// How many packet times the media thread says that it left out.
    pub left_out: u64,
    /// How it sounded, once it is over.
    pub quality: Option<Quality>,
    /// What came, once it is over.
    pub received: Option<Counters>,
    /// The call is over.
    pub over: bool,
}

/// A post that takes a call. It ends when dropped.
pub(crate) struct Post {
    pub address: SocketAddr,
    asks: mpsc::UnboundedSender<Ask>,
    noted: Arc<Mutex<Noted>>,
    clerk: JoinHandle<()>,
    _runtime: Runtime,
}

impl Post {
    /// Starts it on these RTP ports, with these codecs, best first.
    pub(crate) fn open(ports: RangeInclusive<u16>, codecs: &[Codec]) -> Self {
        Self::open_with(ports, codecs, PacketTime::DEFAULT)
    }

    /// The same, and packets are so long unless the caller wishes otherwise.
    pub(crate) fn open_with(
        ports: RangeInclusive<u16>,
        codecs: &[Codec],
        packet_time: PacketTime,
    ) -> Self {
        let loopback = [127, 0, 0, 1].into();
        let settings = Settings::udp(&[SocketAddr::new(loopback, 0)]);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let config = MediaConfig { threads: 1, ports, bind: loopback, advertised: loopback };
        let plane = MediaPlane::start(&config).unwrap();
        let (asks, asked) = mpsc::unbounded_channel();
        let noted: Arc<Mutex<Noted>> = Arc::default();
        let notes = Arc::clone(&noted);
        let codecs = codecs.to_vec();
        let (opened, address) = plain::channel();
        let clerk = runtime.spawn(async move {
            let (signalling, handle, events) =
                Signalling::open(&settings, anybody(settings.listens[0].bind), 7).unwrap();
            tokio::spawn(signalling.run());
            let address = handle.local_addr();
            handle.command(Command::Configure(Box::new(anybody(address)))).await.unwrap();
            opened.send(address).unwrap();
            let port = plane.reserve().unwrap();
            let rtp = SocketAddr::new(address.ip(), port.advertised().port());
            let local = LocalMedia {
                telephone_event: true,
                packet_time,
                ..LocalMedia::new(rtp, codecs, 1)
            };
            let told = plane.events().unwrap();
            let line = None;
            let clerk =
                Clerk { plane, handle, local, port: Some(port), line, notes, say: Vec::new() };
            clerk.run(events, told, asked).await;
        });
        let address = address.recv().unwrap();
        Self { address, asks, noted, clerk, _runtime: runtime }
    }

    /// Returns whom to dial.
    pub(crate) fn uri(&self) -> String {
        format!("sip:post@{}", self.address)
    }

    /// Presses a digit.
    pub(crate) fn press(&self, digit: char) {
        let _ = self.asks.send(Ask::Press(digit));
    }

    /// Says something, 16 kHz.
    pub(crate) fn say(&self, sound: Vec<i16>) {
        let _ = self.asks.send(Ask::Say(sound));
    }

    /// Offers other codecs, or a hold, in a re-INVITE.
    pub(crate) fn offer(&self, codecs: &[Codec], direction: Direction) {
        let _ = self.asks.send(Ask::Offer(codecs.to_vec(), direction));
    }

    /// Returns what it has seen.
    pub(crate) fn noted(&self) -> Noted {
        self.noted.lock().unwrap().clone()
    }

    /// Waits until it has seen this.
    pub(crate) fn sees(&self, patience: Duration, so: impl Fn(&Noted) -> bool) -> bool {
        let seen =
            wait_until(patience, || self.clerk.is_finished() || so(&self.noted.lock().unwrap()));
        assert!(!self.clerk.is_finished(), "the clerk has gone, with what it said above");
        seen
    }
}

/// Takes calls from anybody.
fn anybody(address: SocketAddr) -> UaConfig {
    let trunk = Trunk {
        name: TrunkName::new("post"),
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        inbound: Inbound::Ip,
        advertised: address,
        credentials: None,
        accept_refer: false,
        refer_wait: Duration::from_secs(5),
        listens: Vec::new(),
        policy: Policy::default(),
    };
    let t1 = Duration::from_millis(500);
    UaConfig { product: "Post".into(), trunks: vec![trunk], registrar: None, t1 }
}

/// Who sits at the post.
struct Clerk {
    plane: MediaPlane,
    handle: Handle,
    local: LocalMedia,
    port: Option<Port>,
    line: Option<(LegId, LegMedia)>,
    notes: Arc<Mutex<Noted>>,
    /// What is still to be said.
    say: Vec<Frame>,
}

impl Clerk {
    async fn run(
        mut self,
        mut events: mpsc::Receiver<Event>,
        mut told: MediaEvents,
        mut asked: mpsc::UnboundedReceiver<Ask>,
    ) {
        let mut round = tokio::time::interval(Duration::from_millis(10));
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.signal(event).await,
                    None => return,
                },
                event = told.next() => self.media(event.unwrap()),
                ask = asked.recv() => match ask {
                    Some(ask) => self.ask(ask).await,
                    None => return,
                },
                _ = round.tick() => self.sound(),
            }
        }
    }

    async fn tell(&mut self, command: Command) {
        self.handle.command(command).await.unwrap();
    }

    async fn signal(&mut self, event: Event) {
        match event {
            Event::Incoming(call) => {
                let (sdp, agreed) = sdp::answer(&call.offer.unwrap(), &self.local).unwrap();
                let port = self.port.take().expect("one call");
                let media = self.plane.open(call.leg, port, params(&agreed)).unwrap();
                self.line = Some((call.leg, media));
                self.note(agreed);
                self.tell(Command::Accept { leg: call.leg, sdp: sdp.into() }).await;
            }
            Event::Offer { leg, sdp: Some(offer) } => {
                self.local.version += 1;
                let (sdp, agreed) = sdp::answer(&offer, &self.local).unwrap();
                self.update(agreed);
                self.tell(Command::AcceptOffer { leg, sdp: sdp.into() }).await;
            }
            Event::Reoffered { answer: Some(answer), .. } => {
                let agreed = sdp::accept_answer(&answer, &self.local).unwrap();
                self.update(agreed);
            }
            Event::Dtmf { digit, .. } => self.notes.lock().unwrap().infos.push(digit),
            Event::Ended { .. } => {
                self.line = None;
                self.notes.lock().unwrap().over = true;
            }
            _ => {}
        }
    }

    fn media(&mut self, event: MediaEvent) {
        let mut notes = self.notes.lock().unwrap();
        match event.kind {
            MediaEventKind::Dtmf(digit, _) => {
                notes.events.push(*digit.reveal(Purpose::Understanding))
            }
            MediaEventKind::NoPackets { .. } => notes.silent += 1,
            MediaEventKind::Quality(quality) => notes.quality = Some(quality),
            MediaEventKind::Closed { stats, .. } => notes.received = Some(stats.received),
            _ => {}
        }
    }

    async fn ask(&mut self, ask: Ask) {
        let (leg, media) = self.line.as_ref().expect("somebody on the line");
        match ask {
            Ask::Press(digit) => media.control.send_dtmf(digit).unwrap(),
            Ask::Say(sound) => {
                for samples in sound.chunks_exact(Frame::SAMPLES) {
                    self.say.push(Frame(samples.try_into().unwrap()));
                }
            }
            Ask::Offer(codecs, direction) => {
                let leg = *leg;
                self.local.version += 1;
                self.local.codecs = codecs;
                let sdp = sdp::offer(&self.local, direction).into();
                self.tell(Command::Reoffer { leg, sdp }).await;
            }
        }
    }

    /// Moves sound between the rings and us.
    fn sound(&mut self) {
        self.notes.lock().unwrap().left_out = self.plane.pacing().left_out;
        let Some((_, LegMedia { up, down, .. })) = &mut self.line else { return };
        let mut notes = self.notes.lock().unwrap();
        while let Some(heard) = up.pop() {
            notes.heard.extend_from_slice(&heard.frame.0);
        }
        let sent = self.say.iter().take(down.free());
        let sent = sent.take_while(|frame| {
            let (epoch, utterance) = (Epoch(0), UtteranceId(1));
            down.push(&DownFrame { epoch, utterance, last: false, frame: **frame })
        });
        let sent = sent.count();
        self.say.drain(..sent);
    }

    fn update(&mut self, agreed: Negotiated) {
        let control: Option<&LegControl> = self.line.as_ref().map(|(_, media)| &media.control);
        control.unwrap().update(params(&agreed)).unwrap();
        self.note(agreed);
    }

    fn note(&self, agreed: Negotiated) {
        self.notes.lock().unwrap().agreed.push(agreed);
    }
}

/// What was agreed, in media's terms.
fn params(agreed: &Negotiated) -> LegParams {
    LegParams {
        opus: agreed.opus,
        telephone_event: agreed.telephone_event,
        event_clock: agreed.event_clock,
        packet_time: agreed.packet_time,
        sends: agreed.direction.sends(),
        receives: agreed.direction.receives(),
        learn_source: true,
        srtp: agreed.srtp.clone(),
        rtcp: agreed.rtcp,
        ..LegParams::new(agreed.codec, agreed.payload_type, agreed.remote)
    }
}
