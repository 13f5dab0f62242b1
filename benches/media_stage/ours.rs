//! Our media plane as a server: each caller gets a leg with an agent that listens and speaks.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use attendant::base::{Epoch, LegId, UtteranceId};
use attendant::codec::Codec;
use attendant::workers::{
    DownFrame, LegMedia, LegParams, MediaConfig, MediaEventKind, MediaEvents, MediaPlane,
    Scheduling,
};

use super::server::{Server, numbers, serve};
use super::{CALLER_CORE, give_up, monotonic, pin, schedule, sleep_until, thread_id, voice};

pub(crate) const ROLE: &str = "ours";
/// The names of media threads begin so, and those of the agents'.
pub(crate) const MEDIA: &str = "media-";
pub(crate) const AGENT: &str = "agent";
/// How often agents listen and speak.
const ROUND: Duration = Duration::from_millis(20);

/// What became of the packets, in all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Packets that the legs received.
    pub received: u64,
    /// Packets that they sent.
    pub sent: u64,
    /// Of those, with the agents' sound in them.
    pub played: u64,
    /// Frames that the agents heard.
    pub heard: u64,
    /// Frames that came up too fast for them.
    pub dropped: u64,
    /// Voices that began.
    pub voices: u64,
    /// Legs that are closed.
    pub closed: u64,
}

/// Starts it.
pub(crate) fn start() -> Server {
    Server::start(ROLE, false)
}

/// How the media thread has kept time so far: ticks more than 2 ms late, packet times left out, and the latest tick.
pub(crate) fn pacing(server: &mut Server) -> (u64, u64, Duration) {
    let answer = server.ask("pacing");
    let [late, left_out, worst] = numbers(&answer)[..] else {
        give_up(&format!("the server's pacing is none: {answer}"))
    };
    (late, left_out, Duration::from_micros(worst))
}

/// Closes all legs and returns what became of the packets.
pub(crate) fn close(server: &mut Server) -> Counts {
    let answer = server.ask("close");
    let [received, sent, played, heard, dropped, voices, closed] = numbers(&answer)[..] else {
        give_up(&format!("the server's counts are no counts: {answer}"))
    };
    Counts { received, sent, played, heard, dropped, voices, closed }
}

/// The server's process.
pub(crate) fn run() {
    let at = IpAddr::from(Ipv4Addr::LOCALHOST);
    // Below the ports that the system hands out to callers.
    let config = MediaConfig { threads: 1, ports: 12_000..=31_998, bind: at, advertised: at };
    let plane = match MediaPlane::start(&config) {
        Ok(plane) => plane,
        Err(error) => give_up(&format!("{error}")),
    };
    if plane.realtime() != Scheduling::RealTime {
        eprintln!("no real-time scheduling for the media thread");
    }
    let agents = Arc::new(Agents::default());
    let Some(events) = plane.events() else { give_up("the events are gone") };
    let talking = Arc::clone(&agents);
    let spawned = std::thread::Builder::new().name(AGENT.into()).spawn(move || talking.run(events));
    let Ok(thread) = spawned else { give_up("no thread for the agents") };
    let mut legs = 0;
    serve(|line| match line.strip_prefix("open ") {
        Some(ports) => {
            let ports = numbers::<u16>(ports).into_iter().map(|port| {
                legs += 1;
                agents.open(&plane, LegId(legs), SocketAddr::new(at, port)).to_string()
            });
            ports.collect::<Vec<_>>().join(" ")
        }
        None if line == "pacing" => {
            let it = plane.pacing();
            format!("{} {} {}", it.late, it.left_out, it.worst.as_micros())
        }
        None => agents.close(legs.into()),
    });
    agents.over.store(true, Ordering::Relaxed);
    let _ = thread.join();
}

#[derive(Default)]
struct Agents {
    /// Legs that no agent has yet.
    new: Mutex<Vec<LegMedia>>,
    closing: AtomicBool,
    over: AtomicBool,
    counts: Mutex<Counts>,
}

impl Agents {
    /// Opens a leg and returns its port.
    fn open(&self, plane: &MediaPlane, leg: LegId, remote: SocketAddr) -> u16 {
        let opened = plane.reserve().and_then(|port| {
            let address = port.advertised();
            // The thread takes up one leg a tick.
            std::thread::sleep(Duration::from_micros(1200));
            let params = LegParams::new(Codec::Pcmu, 0, remote);
            Ok((address, plane.open(leg, port, params)?))
        });
        match opened {
            Ok((address, media)) => {
                self.new.lock().unwrap_or_else(PoisonError::into_inner).push(media);
                address.port()
            }
            Err(error) => give_up(&format!("{error}; see `ulimit -n`")),
        }
    }

    fn close(&self, legs: u64) -> String {
        self.closing.store(true, Ordering::Relaxed);
        for _ in 0..500 {
            let counts = *self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            if counts.closed == legs {
                let Counts { received, sent, played, heard, dropped, voices, closed } = counts;
                return format!("{received} {sent} {played} {heard} {dropped} {voices} {closed}");
            }
            std::thread::sleep(ROUND);
        }
        give_up("legs stay open")
    }

    /// The agents' thread: takes what was said, and keeps the down-rings full of speech.
    fn run(&self, mut events: MediaEvents) {
        pin(thread_id(), CALLER_CORE);
        schedule("--rr", 1, thread_id());
        let speech: Vec<_> = (0..voice::FRAMES).map(voice::frame).collect();
        let (mut legs, mut spoken): (Vec<LegMedia>, Vec<usize>) = (vec![], vec![]);
        let (mut counts, mut deadline) = (Counts::default(), monotonic());
        while !self.over.load(Ordering::Relaxed) {
            legs.append(&mut self.new.lock().unwrap_or_else(PoisonError::into_inner));
            spoken.resize(legs.len(), 0);
            for (leg, spoken) in legs.iter_mut().zip(&mut spoken) {
                while let Some(heard) = leg.up.pop() {
                    std::hint::black_box(&heard);
                    counts.heard += 1;
                }
                while leg.down.free() > 0 {
                    let frame = speech[*spoken % speech.len()];
                    let (epoch, utterance, last) = (Epoch(0), UtteranceId(0), false);
                    leg.down.push(&DownFrame { epoch, utterance, last, frame });
                    *spoken += 1;
                }
            }
            while let Some(event) = events.poll() {
                match event.kind {
                    MediaEventKind::VoiceOn { .. } => counts.voices += 1,
                    MediaEventKind::Closed { stats, .. } => {
                        counts.received += stats.received.received;
                        counts.sent += stats.packets_sent;
                        counts.played += stats.frames_played;
                        counts.closed += 1;
                    }
                    _ => {}
                }
            }
            if self.closing.load(Ordering::Relaxed) {
                counts.dropped += legs.iter().map(|leg| leg.up.dropped()).sum::<u64>();
                legs.clear();
            }
            *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = counts;
            deadline = (deadline + ROUND).max(monotonic());
            sleep_until(deadline);
        }
    }
}
