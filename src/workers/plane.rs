//! The media plane: all media threads, their ports and their legs.

use std::net::{IpAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use ringbuf::traits::{Producer, Split};
use ringbuf::{HeapProd, HeapRb};

use crate::base::LegId;
use crate::media::{LegParams, SocketCounts};

use super::WorkersError;
use super::control::LegMedia;
use super::events::MediaEvents;
use super::leg::{Leg, Scratch};
use super::linux::{
    Epoll, EventFd, RECEIVE_BUFFER, Scheduling, ask_for_real_time, prepare_for_rtp, receive_buffer,
};
use super::news::{Arrivals, Bell, Desk, news};
use super::polling::Policy;
use super::ports::{Port, PortPool};
use super::thread::{Gauges, LEGS, MediaThread, Wheel};

/// Legs that may wait to be taken up, and to be freed.
const WAITING: usize = 256;

/// How media is set up.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Media threads, at least 1. One carries about 1,500 legs.
    pub threads: usize,
    /// The ports to receive RTP on; the even ones are used.
    pub ports: RangeInclusive<u16>,
    /// The address to receive on.
    pub bind: IpAddr,
    /// The address that goes into SDP: another one than `bind` behind NAT.
    pub advertised: IpAddr,
}

/// How busy the media threads are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MediaLoad {
    /// The part of a core that the busiest one used in the last second.
    pub busiest: f32,
    /// How many of them are too busy, or too late, for more legs.
    pub refusing: usize,
    /// How many there are.
    pub threads: usize,
}

/// How well the media threads kept time.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Pacing {
    /// Milliseconds ticked.
    pub ticks: u64,
    /// How many of them more than 2 ms late.
    pub late: u64,
    /// The latest of all.
    pub worst: Duration,
    /// Packet times that were left out, because the threads came 20 ms or more too late.
    pub left_out: u64,
}

struct Thread {
    gauges: Arc<Gauges>,
    /// Locked by those who open legs; the thread takes from the other end and locks nothing.
    opened: Mutex<HeapProd<Box<Leg>>>,
    wake: Arc<EventFd>,
    join: Option<JoinHandle<()>>,
    scheduling: Scheduling,
}

impl Thread {
    /// Too busy, or gone.
    fn is_refusing(&self) -> bool {
        self.gauges.refusing.load(Ordering::Relaxed) || self.is_gone()
    }

    /// Whether it has ended by a fault of ours outside a leg: what it shows last is not true any more.
    fn is_gone(&self) -> bool {
        self.join.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

/// All media threads. They end when it is dropped.
pub struct MediaPlane {
    threads: Vec<Thread>,
    ports: Arc<PortPool>,
    arrivals: Arc<Arrivals>,
    bell: Arc<Bell>,
    events: Mutex<Option<MediaEvents>>,
    receive_buffer: usize,
}

impl MediaPlane {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system refuses a thread or a descriptor. Scheduling that is refused is no error:
    /// see [`Self::realtime`].
    pub fn start(config: &MediaConfig) -> Result<Self, WorkersError> {
        let MediaConfig { threads, ports, bind, advertised } = config;
        let refused = |source| WorkersError::Thread { thread: "media".into(), source };
        let told = Arc::new(EventFd::new().map_err(refused)?);
        let bell = Arc::new(Bell::new(Arc::clone(&told)));
        let arrivals = Arc::new(Arrivals::default());
        let (mut started, mut retired, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..(*threads).max(1) {
            let (gauges, wake) = (Arc::new(Gauges::default()), EventFd::new().map_err(refused)?);
            let wake = Arc::new(wake);
            let (opened, to_open) = HeapRb::new(WAITING).split();
            let (retire, done) = HeapRb::new(WAITING).split();
            retired.push(done);
            let (news, named) = news(2 * LEGS, Arc::clone(&bell));
            tokens.push(named);
            let thread = MediaThread {
                epoll: Epoll::new().map_err(refused)?,
                gauges: Arc::clone(&gauges),
                opened: to_open,
                retired: retire,
                wake: Arc::clone(&wake),
                wheel: Wheel::new(),
                scratch: Scratch::default(),
                polling: Policy::default(),
                news,
            };
            let (granted, report) = mpsc::sync_channel(1);
            let join = std::thread::Builder::new()
                .name(format!("media-{number}"))
                .spawn(move || {
                    let _ = granted.send(ask_for_real_time());
                    thread.run();
                })
                .map_err(refused)?;
            let scheduling = report.recv().unwrap_or(Scheduling::Plain);
            let (opened, join) = (Mutex::new(opened), Some(join));
            started.push(Thread { gauges, opened, wake, join, scheduling });
        }
        let desk = Desk::new(Arc::clone(&arrivals), Arc::clone(&bell), tokens);
        Ok(Self {
            threads: started,
            ports: Arc::new(PortPool::new(ports.clone(), *bind, *advertised)),
            events: Mutex::new(Some(MediaEvents::new(told, desk, retired))),
            arrivals,
            bell,
            receive_buffer: buffer_of_the_system(*bind),
        })
    }

    /// Returns the least that any media thread was granted.
    pub fn realtime(&self) -> Scheduling {
        self.threads.iter().map(|thread| thread.scheduling).min().unwrap_or(Scheduling::Plain)
    }

    /// Returns how well the threads have kept time so far.
    pub fn pacing(&self) -> Pacing {
        self.threads.iter().fold(Pacing::default(), |sum, thread| Pacing {
            ticks: sum.ticks + thread.gauges.ticks.load(Ordering::Relaxed),
            late: sum.late + thread.gauges.late.load(Ordering::Relaxed),
            worst: sum
                .worst
                .max(Duration::from_micros(thread.gauges.worst_us.load(Ordering::Relaxed))),
            left_out: sum.left_out + thread.gauges.left_out.load(Ordering::Relaxed),
        })
    }

    /// Returns how busy the threads are.
    pub fn load(&self) -> MediaLoad {
        let busy = |thread: &Thread| thread.gauges.busy.load(Ordering::Relaxed);
        let busiest = self.threads.iter().map(busy).max().unwrap_or(0);
        let refusing = self.threads.iter().filter(|thread| thread.is_refusing()).count();
        MediaLoad { busiest: busiest as f32 / 1000.0, refusing, threads: self.threads.len() }
    }

    /// Whether a call more can be carried. Ask it before one is promised: a call that goes on may
    /// need another leg, and that is not refused.
    ///
    /// # Errors
    /// [`WorkersError::Overloaded`] when every thread is too busy, or was late too often.
    pub fn admit(&self) -> Result<(), WorkersError> {
        let MediaLoad { busiest, refusing, threads } = self.load();
        if refusing < threads {
            return Ok(());
        }
        Err(WorkersError::Overloaded { percent: (100.0 * busiest) as u32 })
    }

    /// Returns what the sockets of all legs have counted, of those that are closed too.
    pub fn sockets(&self) -> SocketCounts {
        self.threads.iter().map(|thread| thread.gauges.sockets.read()).fold(
            SocketCounts::default(),
            |sum, one| SocketCounts {
                thrown_away: sum.thrown_away + one.thrown_away,
                send_refused: sum.send_refused + one.send_refused,
                send_full: sum.send_full + one.send_full,
                send_failed: sum.send_failed + one.send_failed,
            },
        )
    }

    /// Returns the receive buffer that RTP sockets ask for and the one they get, in bytes.
    pub fn receive_buffer(&self) -> (usize, usize) {
        (RECEIVE_BUFFER, self.receive_buffer)
    }

    /// Returns how many legs are open.
    pub fn legs(&self) -> usize {
        self.threads.iter().map(|thread| thread.gauges.legs.load(Ordering::Relaxed)).sum()
    }

    /// Binds a port for a leg to come.
    ///
    /// # Errors
    /// When none is free ([`WorkersError::PortsExhausted`], answered with 503), or the system
    /// refuses a socket.
    pub fn reserve(&self) -> Result<Port, WorkersError> {
        self.ports.reserve()
    }

    /// Binds a port for a leg to come, on an address and in a range of its own.
    ///
    /// # Errors
    /// As [`Self::reserve`].
    pub fn reserve_at(
        &self,
        bind: IpAddr,
        ports: &RangeInclusive<u16>,
    ) -> Result<Port, WorkersError> {
        self.ports.reserve_at(bind, ports)
    }

    /// Opens a leg on a reserved port.
    ///
    /// # Errors
    /// When the threads carry as many as they can.
    pub fn open(
        &self,
        leg: LegId,
        port: Port,
        params: LegParams,
    ) -> Result<LegMedia, WorkersError> {
        let load = |thread: &Thread| thread.gauges.legs.load(Ordering::Relaxed);
        let full = || WorkersError::TooManyLegs { legs: self.legs() };
        // A thread that is too busy only when all are, and one that is gone never.
        let rank = |thread: &&Thread| (thread.is_refusing(), load(thread));
        let there = self.threads.iter().filter(|thread| !thread.is_gone());
        let thread = there.min_by_key(rank).ok_or(WorkersError::Busy { thread: "media" })?;
        let mut to_open = thread.opened.lock().unwrap_or_else(PoisonError::into_inner);
        // Only who holds the lock adds legs, so that there is a place for each in the wheel.
        if load(thread) >= LEGS {
            return Err(full());
        }
        let leg = (leg, self.arrivals.token());
        let (opened, media, outlet) = Leg::open(leg, port, params, Arc::clone(&thread.wake));
        thread.gauges.legs.fetch_add(1, Ordering::Relaxed);
        // Before the leg can tell anything: a wake-up for a ring that nobody knows yet would be lost.
        self.arrivals.leave(outlet);
        if to_open.try_push(opened).is_err() {
            thread.gauges.legs.fetch_sub(1, Ordering::Relaxed);
            self.bell.look_at_all();
            return Err(WorkersError::Busy { thread: "media" });
        }
        thread.wake.signal();
        Ok(media)
    }

    /// Returns the events of all legs; `None` after the first time.
    pub fn events(&self) -> Option<MediaEvents> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for MediaPlane {
    fn drop(&mut self) {
        for thread in &self.threads {
            thread.gauges.stop.store(true, Ordering::Relaxed);
            thread.wake.signal();
        }
        for thread in &mut self.threads {
            // A media thread that panicked outside a leg has said so already.
            let _ = thread.join.take().map(JoinHandle::join);
        }
    }
}

/// What a socket on this address gets, in bytes; none when it cannot be opened, which the first
/// leg will say better.
fn buffer_of_the_system(bind: IpAddr) -> usize {
    let Ok(socket) = UdpSocket::bind((bind, 0)) else { return 0 };
    prepare_for_rtp(&socket);
    receive_buffer(&socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Codec;
    use crate::workers::control::Request;
    use crate::workers::{Bridge, MediaEvent, MediaEventKind};
    use std::net::Ipv4Addr;

    async fn closed(events: &mut MediaEvents) -> MediaEvent {
        loop {
            let event = events.next().await.unwrap();
            if matches!(event.kind, MediaEventKind::Closed { .. }) {
                return event;
            }
        }
    }

    /// A leg that is to panic and sends nothing, bridged with one that is to go on.
    struct Bridged {
        plane: MediaPlane,
        events: MediaEvents,
        /// Of the one that goes on.
        phone: UdpSocket,
        bad: LegMedia,
        good: LegMedia,
        bridge: Bridge,
    }

    fn bridged(ports: RangeInclusive<u16>) -> Bridged {
        let (bind, advertised) = (Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        let config = MediaConfig { threads: 1, ports, bind, advertised };
        let plane = MediaPlane::start(&config).unwrap();
        let events = plane.events().unwrap();
        let phone = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let params = LegParams::new(Codec::Pcma, 8, phone.local_addr().unwrap());
        let silent = LegParams { sends: false, ..params.clone() };
        let bad = plane.open(LegId(1), plane.reserve().unwrap(), silent).unwrap();
        let good = plane.open(LegId(2), plane.reserve().unwrap(), params).unwrap();
        let bridge = bad.control.bridge(&good.control).unwrap();
        Bridged { plane, events, phone, bad, good, bridge }
    }

    #[tokio::test]
    async fn a_panic_in_a_tick_closes_that_leg_and_no_other() {
        let Bridged { plane, mut events, phone, bad, good, bridge } = bridged(29_600..=29_620);
        bad.control.ask(Request::Panic).unwrap();
        let closed = self::closed(&mut events).await;
        assert_eq!(closed.leg, LegId(1));
        assert!(matches!(closed.kind, MediaEventKind::Closed { failed: true, .. }));
        assert_eq!(plane.legs(), 1);
        assert!(bridge.is_over(), "who was bridged with it is back with the agent");
        // The other one is heard for as long as anybody listens.
        for _ in 0..20 {
            let (length, _) = phone.recv_from(&mut [0; 1500]).unwrap();
            assert_eq!(length, 172);
        }
        good.control.close();
        let closed = self::closed(&mut events).await;
        assert!(matches!(closed.kind, MediaEventKind::Closed { failed: false, .. }));
    }

    #[tokio::test]
    async fn a_panic_at_the_end_of_a_leg_ends_that_leg_alone() {
        let Bridged { plane, mut events, phone, bad, good, bridge } = bridged(29_670..=29_679);
        bad.control.ask(Request::PanicAtTheEnd).unwrap();
        let before = plane.pacing().ticks;
        while plane.pacing().ticks < before + 100 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        bad.control.close();
        let closed = self::closed(&mut events).await;
        assert_eq!((closed.leg, plane.legs()), (LegId(1), 1));
        assert!(matches!(closed.kind, MediaEventKind::Closed { failed: true, .. }));
        assert!(bridge.is_over());
        for _ in 0..20 {
            phone.recv_from(&mut [0; 1500]).unwrap();
        }
        good.control.close();
        let closed = self::closed(&mut events).await;
        assert!(matches!(closed.kind, MediaEventKind::Closed { failed: false, .. }));
        assert!(plane.threads.iter().all(|thread| !thread.is_gone()));
    }

    #[tokio::test]
    async fn a_leg_that_closes_before_it_takes_what_it_is_asked_leaves_nobody_waiting() {
        let (bind, advertised) = (Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        let config = MediaConfig { threads: 1, ports: 29_622..=29_629, bind, advertised };
        let plane = MediaPlane::start(&config).unwrap();
        let mut events = plane.events().unwrap();
        let phone = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let params = LegParams::new(Codec::Pcma, 8, phone.local_addr().unwrap());
        let open = |id| plane.open(LegId(id), plane.reserve().unwrap(), params.clone()).unwrap();
        let (gone, stays) = (open(1), open(2));
        // Before the leg's next tick, if the machine is not slower than that: then it was bridged, and parts.
        gone.control.close();
        let bridge = gone.control.bridge(&stays.control).unwrap();
        let tap = gone.control.tap();
        assert_eq!(closed(&mut events).await.leg, LegId(1));
        assert!(bridge.is_over());
        // And after it.
        let late = stays.control.bridge(&gone.control).unwrap();
        assert!(late.is_over() && gone.control.tap().is_err());
        // What it was asked is freed with it, by whoever takes its events.
        while tap.as_ref().is_ok_and(|reader| !reader.is_closed()) {
            events.poll();
        }
    }

    #[test]
    fn new_calls_are_refused_only_when_every_thread_is_full() {
        let (bind, advertised) = (Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        let config = MediaConfig { threads: 2, ports: 29_630..=29_640, bind, advertised };
        let plane = MediaPlane::start(&config).unwrap();
        let phone = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let params = LegParams::new(Codec::Pcma, 8, phone.local_addr().unwrap());
        let legs = |thread: usize| plane.threads[thread].gauges.legs.load(Ordering::Relaxed);
        // A thread says each second that it is idle: until a moment between two is met.
        let full =
            |thread: usize| plane.threads[thread].gauges.refusing.store(true, Ordering::Relaxed);
        let mut opened = Vec::new();
        while legs(1) < 3 {
            full(0);
            assert!(plane.admit().is_ok() || plane.load().refusing == 0);
            let before = legs(0);
            let leg = plane.open(LegId(1), plane.reserve().unwrap(), params.clone()).unwrap();
            opened.push(leg);
            // A thread with room takes the next leg, however few the full one has.
            assert!(legs(0) == before || !plane.threads[0].is_refusing());
            assert!(opened.len() < 5);
        }
        let refused = (0..1000).find_map(|_| {
            full(0);
            full(1);
            plane.admit().err()
        });
        assert_eq!(refused.unwrap().code(), "media-overloaded");
    }
}
