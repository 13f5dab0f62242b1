//! How a leg finds what came where its thread has many: at its own tick it reads its socket, instead of being told by
//! epoll, which asks every socket twice a packet and touches leg and socket a second time, when both are cold.
//!
//! What comes is then heard up to 20 ms later. So that this is little, and the same for each packet, a leg moves once
//! to a slot shortly after its packets come; and so that jitter and delay are those of the network, packets have the
//! kernel's time of arrival.

use std::time::{Duration, Instant};

/// Legs of a thread from which on they look for themselves, and below which no more.
const FROM: usize = if cfg!(test) { 6 } else { 300 };
const UNTIL: usize = if cfg!(test) { 4 } else { 200 };
/// Legs that change over in one tick, at most.
const CHANGES: usize = 4;
/// Packets that a leg takes in a tick, at most. A burst after a stall is taken in a few ticks.
const AT_ONCE: u8 = 16;
/// A leg looks for more than is usual this often: 16 × 20 ms.
const THOROUGHLY: u8 = 16;
/// Packets after which it is known how long they wait for their slot.
const KNOWN: u8 = 16;
/// Packets that wait this long wait for nothing: the leg moves.
const LONG: Duration = Duration::from_millis(6);
/// How long they should wait, so that one that is a little late is not a whole turn later.
const MARGIN: Duration = Duration::from_millis(2);
/// No packet waited longer for its tick; a clock that was set says otherwise.
const LONGEST: Duration = Duration::from_millis(40);

/// What a thread decides for its legs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Policy {
    polled: bool,
    /// Changes left in this tick.
    changes: usize,
}

impl Policy {
    /// Begins a tick of so many legs.
    pub(super) fn tick(&mut self, legs: usize) {
        self.polled = if self.polled { legs >= UNTIL } else { legs >= FROM };
        self.changes = CHANGES;
    }

    /// Whether legs look for themselves.
    pub(super) fn is_on(&self) -> bool {
        self.polled
    }

    /// Whether a leg that is polled, or not, is to change over now.
    pub(super) fn changes(&mut self, polled: bool) -> bool {
        let changes = polled != self.polled && self.changes > 0;
        self.changes -= usize::from(changes);
        changes
    }
}

/// One leg's part of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Polling {
    pub(super) on: bool,
    /// Packets that come in a tick, on the whole, as of the last thorough look; and all that came since.
    usual: u8,
    since: u16,
    /// Nothing came when it was looked last.
    missed: bool,
    ticks: u8,
    /// Packets whose waiting was looked at, and the least of it.
    known: u8,
    least: Duration,
    /// It has its slot, good or bad.
    settled: bool,
}

impl Polling {
    pub(super) fn new(on: bool) -> Self {
        let (known, least, settled) = (0, Duration::MAX, false);
        Self { on, usual: 1, since: 0, missed: true, ticks: 0, known, least, settled }
    }

    /// Begins a tick; whether it is time for a thorough look.
    pub(super) fn tick(&mut self) -> bool {
        self.ticks = (self.ticks + 1) % THOROUGHLY;
        self.ticks == 0
    }

    /// How many packets to read, at most: one more than are there costs a system call.
    pub(super) fn look(&self, thoroughly: bool) -> u8 {
        if thoroughly || self.missed { AT_ONCE } else { self.usual }
    }

    /// So many came.
    pub(super) fn came(&mut self, count: u8, thoroughly: bool) {
        self.missed = count == 0;
        self.since += u16::from(count);
        if thoroughly {
            let usual = (self.since + u16::from(THOROUGHLY) / 2) / u16::from(THOROUGHLY);
            (self.usual, self.since) = (usual.clamp(1, AT_ONCE.into()) as u8, 0);
        }
    }

    /// There was no time to look.
    pub(super) fn put_off(&mut self) {
        self.missed = true;
    }

    /// Takes how long a packet waited for its tick.
    pub(super) fn waited(&mut self, waited: Duration) {
        if !self.settled {
            self.known = self.known.saturating_add(1);
            self.least = self.least.min(waited);
        }
    }

    /// By how many slots earlier the leg should tick, once it is known, and once in a call.
    pub(super) fn earlier(&mut self) -> Option<usize> {
        if self.settled || self.known < KNOWN {
            return None;
        }
        self.settled = true;
        (self.least >= LONG).then(|| (self.least - MARGIN).as_millis().min(19) as usize)
    }
}

/// When a packet came, by the kernel's stamp and both clocks as of the tick.
pub(super) fn arrived(
    now: Instant,
    wall: Duration,
    stamp: Option<Duration>,
) -> (Instant, Duration) {
    let waited = stamp.map_or(Duration::ZERO, |stamp| wall.saturating_sub(stamp)).min(LONGEST);
    (now.checked_sub(waited).unwrap_or(now), waited)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{LegId, RtpTime, SeqNo};
    use crate::codec::Codec;
    use crate::rtp::{Header, Packet, Ssrc};
    use crate::workers::{LegMedia, LegParams, MediaConfig, MediaEventKind, MediaPlane};
    use std::net::{IpAddr, Ipv4Addr, UdpSocket};

    #[test]
    fn a_thread_changes_its_mind_late_and_its_legs_a_few_at_a_time() {
        let mut policy = Policy::default();
        for (legs, polled) in
            [(FROM - 1, false), (FROM, true), (UNTIL, true), (UNTIL - 1, false), (UNTIL, false)]
        {
            policy.tick(legs);
            let changed = (0..10).filter(|_| policy.changes(!polled)).count();
            assert_eq!((changed, policy.changes(polled)), (CHANGES, false), "{legs}");
        }
    }

    #[test]
    fn one_read_finds_one_packet_and_what_is_beyond_is_looked_for_now_and_then() {
        let mut polling = Polling::new(true);
        // Packets waiting at each tick; a far end that is 5 % fast.
        let (mut waiting, mut reads, mut most) = (0_u32, 0, 0);
        for tick in 0..1600_u32 {
            waiting += 1 + u32::from(tick % 20 == 0);
            let thoroughly = polling.tick();
            let look = u32::from(polling.look(thoroughly));
            let came = waiting.min(look);
            reads += came + u32::from(came < look);
            waiting -= came;
            most = most.max(waiting);
            polling.came(came as u8, thoroughly);
        }
        assert!(most <= 2, "{most}");
        assert!(reads < 1600 * 105 / 100 + 250, "{reads}");
        // After a pause, and a stall.
        let thoroughly = polling.tick();
        polling.came(0, thoroughly);
        assert_eq!(polling.look(false), AT_ONCE);
    }

    #[test]
    fn a_leg_moves_once_to_shortly_after_its_packets() {
        for (waits, expected) in [(12_u64, Some(10)), (19, Some(17)), (6, Some(4)), (5, None)] {
            let mut polling = Polling::new(true);
            for number in 0..40_u64 {
                // Some come a little earlier, and so wait longer.
                polling.waited(Duration::from_millis(waits + number % 3));
                let earlier = polling.earlier();
                assert_eq!(earlier, expected.filter(|_| number == 15), "{waits} {number}");
            }
        }
    }

    /// A caller's packet, with its number in every sample.
    fn packet(number: u16) -> Vec<u8> {
        let (seq, time) = (SeqNo(number), RtpTime(u32::from(number) * 160));
        let header = Header { payload_type: 0, marker: number == 0, seq, time, ssrc: Ssrc(7) };
        let mut out = [0; 200];
        let length = Packet { header, payload: &[0x55; 160] }.write(&mut out).unwrap();
        out[..length].to_vec()
    }

    /// Takes what the agents have heard so far of each caller.
    fn count(legs: &mut [(UdpSocket, LegMedia)], heard: &mut [u64]) {
        for ((_, leg), heard) in legs.iter_mut().zip(heard) {
            while let Some(frame) = leg.up.pop() {
                *heard += u64::from(frame.frame.level() > -60.0);
            }
        }
    }

    /// Real legs, more than look for themselves, then fewer, while packets flow: none is lost, a burst is taken, and
    /// the jitter is that of the line although packets wait for their leg's turn.
    #[test]
    fn legs_that_look_for_themselves_hear_all_that_comes() {
        const PACKETS: u16 = 150;
        let at = IpAddr::from(Ipv4Addr::LOCALHOST);
        let config = MediaConfig { threads: 1, ports: 28_700..=28_790, bind: at, advertised: at };
        let plane = MediaPlane::start(&config).unwrap();
        let mut events = plane.events().unwrap();
        let mut legs: Vec<_> = (0..FROM as u32 + 2)
            .map(|id| {
                let phone = UdpSocket::bind((at, 0)).unwrap();
                let params = LegParams::new(Codec::Pcmu, 0, phone.local_addr().unwrap());
                let port = plane.reserve().unwrap();
                phone.connect(port.advertised()).unwrap();
                (phone, plane.open(LegId(id), port, params).unwrap())
            })
            .collect();
        let mut heard = vec![0; legs.len()];
        let began = Instant::now();
        for number in 0..PACKETS {
            for (phone, _) in &legs {
                phone.send(&packet(number)).unwrap();
            }
            // A burst of ten in the middle, and half of them hang up after two thirds.
            if !(70..80).contains(&number) {
                let due = began + Duration::from_millis(20 * u64::from(number));
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            count(&mut legs, &mut heard);
            if number == 100 {
                legs.truncate(UNTIL - 2);
                heard.truncate(UNTIL - 2);
            }
        }
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(20));
            count(&mut legs, &mut heard);
        }
        // A frame or two is of the sound's beginning and end.
        assert!(heard.iter().all(|heard| *heard + 3 >= u64::from(PACKETS)), "{heard:?}");
        drop(legs);
        let mut closed = 0;
        while closed < FROM + 2 {
            let Some(event) = events.poll() else {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            };
            if let MediaEventKind::Closed { stats, failed } = event.kind {
                closed += 1;
                let (came, timing) = (stats.received, stats.timing);
                assert!(!failed && came.lost == 0 && came.received > 0, "{came:?} {timing:?}");
            }
        }
    }

    #[test]
    fn a_stamp_of_another_time_is_not_believed_far() {
        let (now, wall) = (Instant::now() + Duration::from_secs(9), Duration::from_secs(1000));
        let ms = Duration::from_millis;
        assert_eq!(arrived(now, wall, Some(wall - ms(3))), (now - ms(3), ms(3)));
        assert_eq!(arrived(now, wall, Some(wall + ms(1))), (now, ms(0)));
        assert_eq!(arrived(now, wall, Some(ms(1))), (now - LONGEST, LONGEST));
        assert_eq!(arrived(now, wall, None), (now, ms(0)));
    }
}
