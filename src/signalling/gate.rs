//! Who may speak, and how much, decided before anything is read: a flood from strangers costs a look-up each.
//!
//! One table of sources, bounded; the one unseen for longest makes room. A stranger's verdict is remembered for a
//! moment, so that a flood does not search trunks and calls for each datagram.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::settings::{Limits, Rate};
use crate::ops::{self, DropLabel};
use crate::sip::{Flow, Standing, Transport};

/// How long a stranger stays one. Whom we send something is no stranger from then on.
const STRANGER_FOR: Duration = Duration::from_secs(1);
/// A source is named in the log once in this time at most.
const LINE_EVERY: Duration = Duration::from_secs(60);
/// Lines in that time for all sources together: forged sources are as many as the attacker likes.
const LINES: u32 = 60;
/// Where in a message the name of the sender's program is looked for.
const HEAD: usize = 2_048;
/// Programs that look for PBXs to break into; nobody's telephone says these names.
const SCANNERS: [&[u8]; 10] = [
    b"friendly-scanner",
    b"sipvicious",
    b"sundayddr",
    b"sip-scan",
    b"sipcli",
    b"pplsip",
    b"vaxsipuseragent",
    b"sivus",
    b"smap/",
    b"iwar",
];

/// Whose limit it counts against: an IPv4 address, or the /64 that an IPv6 host is free to roam in.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Source(IpAddr);

impl Source {
    pub(super) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V6(ip) => {
                let network = u128::from(ip) & !u128::from(u64::MAX);
                Self(IpAddr::V6(network.into()))
            }
            ip => Self(ip),
        }
    }
}

/// How much was thrown away before it was read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Drops {
    /// From sources that nobody has listed.
    pub unknown_source: u64,
    /// Beyond what the source may send.
    pub rate_limited: u64,
    /// From programs that look for PBXs to break into.
    pub scanner: u64,
}

/// The gate.
pub(super) struct Gate {
    sources: HashMap<Source, Entry>,
    /// By when they were seen last, oldest first.
    ages: BTreeMap<u64, Source>,
    last_age: u64,
    listed: Rate,
    guests: Rate,
    size: usize,
    lines: Bucket,
    drops: Drops,
}

struct Entry {
    age: u64,
    bucket: Bucket,
    listed: bool,
    /// By which socket it is a stranger, and until when it counts as one without another look. By another
    /// socket it may be a trunk's.
    stranger: Option<(Transport, SocketAddr, Instant)>,
    /// When the log named it, and how much it sent in vain since then.
    line: Option<Instant>,
    dropped: u64,
}

impl Gate {
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        let lines = Rate { per_second: 1, burst: LINES };
        Self {
            sources: HashMap::new(),
            ages: BTreeMap::new(),
            last_age: 0,
            listed: limits.listed,
            guests: limits.guests,
            size: limits.sources.max(1),
            lines: Bucket::full(lines, now),
            drops: Drops::default(),
        }
    }

    /// Forgets everybody: who was a stranger may be a trunk now.
    pub(super) fn forget(&mut self) {
        self.sources.clear();
        self.ages.clear();
    }

    /// Begins anew with other limits.
    pub(super) fn configure(&mut self, limits: &Limits) {
        self.forget();
        (self.listed, self.guests) = (limits.listed, limits.guests);
        self.size = limits.sources.max(1);
    }

    /// Whether a message from this source is read; `standing` is asked where it is not remembered. What is not
    /// read is counted.
    pub(super) fn admits(
        &mut self,
        now: Instant,
        flow: Flow,
        bytes: &[u8],
        standing: impl FnOnce() -> Standing,
    ) -> bool {
        match self.judge(now, flow, bytes, standing) {
            None => true,
            Some(why) => {
                self.drop(now, flow.remote.ip(), why);
                false
            }
        }
    }

    /// As [`Self::admits`] for a connection; the rate is charged for what comes over it.
    pub(super) fn admits_connection(
        &mut self,
        now: Instant,
        flow: Flow,
        standing: impl FnOnce() -> Standing,
    ) -> bool {
        self.admits(now, flow, b"", standing)
    }

    /// Notes that we send there: what comes back is an answer.
    pub(super) fn welcome(&mut self, source: IpAddr) {
        if let Some(entry) = self.sources.get_mut(&Source::of(source)) {
            entry.stranger = None;
        }
    }

    pub(super) fn drops(&self) -> Drops {
        self.drops
    }

    fn judge(
        &mut self,
        now: Instant,
        flow: Flow,
        bytes: &[u8],
        standing: impl FnOnce() -> Standing,
    ) -> Option<DropLabel> {
        let (listed, guests) = (self.listed, self.guests);
        let entry = self.entry(now, Source::of(flow.remote.ip()));
        let socket = (flow.transport, flow.local);
        if entry.stranger.is_some_and(|(by, local, until)| (by, local) == socket && now < until) {
            return Some(DropLabel::UnknownSource);
        }
        let (is_listed, rate) = match standing() {
            Standing::Stranger => {
                entry.stranger = Some((flow.transport, flow.local, now + STRANGER_FOR));
                return Some(DropLabel::UnknownSource);
            }
            Standing::Listed => (true, listed),
            Standing::Guest => (false, guests),
        };
        // A source that changed its standing begins with what that allows.
        if entry.listed != is_listed {
            entry.listed = is_listed;
            entry.bucket = Bucket::full(rate, now);
        }
        if !entry.bucket.take(now, rate) {
            return Some(DropLabel::RateLimited);
        }
        is_scanner(bytes).then_some(DropLabel::Scanner)
    }

    fn entry(&mut self, now: Instant, source: Source) -> &mut Entry {
        self.last_age += 1;
        let age = self.last_age;
        if let Some(entry) = self.sources.get(&source) {
            self.ages.remove(&entry.age);
        } else if self.sources.len() >= self.size
            && let Some((_, oldest)) = self.ages.pop_first()
        {
            self.sources.remove(&oldest);
        }
        self.ages.insert(age, source);
        let guests = self.guests;
        let entry = self.sources.entry(source).or_insert_with(|| Entry {
            age,
            bucket: Bucket::full(guests, now),
            listed: false,
            stranger: None,
            line: None,
            dropped: 0,
        });
        entry.age = age;
        entry
    }

    fn drop(&mut self, now: Instant, source: IpAddr, why: DropLabel) {
        match why {
            DropLabel::UnknownSource => self.drops.unknown_source += 1,
            DropLabel::RateLimited => self.drops.rate_limited += 1,
            DropLabel::Scanner => self.drops.scanner += 1,
            DropLabel::Malformed | DropLabel::StrayResponse | DropLabel::TooLarge => {}
        }
        let lines = Rate { per_second: 1, burst: LINES };
        let mut line = None;
        if let Some(entry) = self.sources.get_mut(&Source::of(source)) {
            entry.dropped += 1;
            let due = entry.line.is_none_or(|last| now.duration_since(last) >= LINE_EVERY);
            if due && self.lines.take(now, lines) {
                entry.line = Some(now);
                line = Some(std::mem::take(&mut entry.dropped));
            }
        }
        ops::SourceDropped { source, why, line }.emit();
    }
}

/// What may still be sent.
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { left: rate.burst.into(), at: now }
    }

    fn take(&mut self, now: Instant, rate: Rate) -> bool {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.left = (self.left + passed * f64::from(rate.per_second)).min(rate.burst.into());
        let some = self.left >= 1.0;
        if some {
            self.left -= 1.0;
        }
        some
    }
}

/// Whether the message names a program that no telephone is.
fn is_scanner(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD)];
    let agent = head.split(|byte| *byte == b'\n').find(|line| {
        let name = b"user-agent";
        line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
    });
    let Some(agent) = agent.map(|agent| agent.to_ascii_lowercase()) else { return false };
    SCANNERS.iter().any(|name| agent.windows(name.len()).any(|part| part == *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(guests: Rate) -> (Gate, Instant) {
        let limits = Limits { guests, sources: 4, ..Limits::default() };
        let now = Instant::now();
        (Gate::new(&limits, now), now)
    }

    fn ip(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    fn from(last: u8) -> Flow {
        let local = SocketAddr::from(([192, 0, 2, 1], 5060));
        Flow { transport: Transport::Udp, local, remote: SocketAddr::new(ip(last), 5060) }
    }

    /// A PBX whose trunk has a TCP socket may well ping us by UDP too.
    #[test]
    fn a_stranger_by_one_socket_may_be_a_trunk_by_another() {
        let (mut gate, now) = gate(Limits::default().guests);
        assert!(!gate.admits(now, from(1), b"x", || Standing::Stranger));
        let by_tcp = Flow { transport: Transport::Tcp, ..from(1) };
        assert!(gate.admits(now, by_tcp, b"x", || Standing::Listed));
        assert!(!gate.admits(now, from(1), b"x", || unreachable!("it is remembered")));
    }

    #[test]
    fn a_bucket_empties_and_fills() {
        let (mut gate, now) = gate(Rate { per_second: 10, burst: 3 });
        let mut admits = |at, last| gate.admits(at, from(last), b"x", || Standing::Guest);
        assert_eq!([(); 5].map(|()| admits(now, 1)), [true, true, true, false, false]);
        assert!(admits(now, 2), "each source has its own");
        let later = now + Duration::from_millis(100);
        assert_eq!([(); 2].map(|()| admits(later, 1)), [true, false]);
        assert_eq!(gate.drops(), Drops { rate_limited: 3, ..Drops::default() });
        // A listed PBX has a far larger one.
        assert!((0..1_000).all(|_| gate.admits(now, from(3), b"x", || Standing::Listed)));
    }

    #[test]
    fn a_stranger_is_looked_up_once_a_second() {
        let (mut gate, now) = gate(Limits::default().guests);
        let mut asked = 0;
        for at in [0, 1, 999, 1_000] {
            let at = now + Duration::from_millis(at);
            assert!(!gate.admits(at, from(1), b"x", || {
                asked += 1;
                Standing::Stranger
            }));
        }
        assert_eq!((asked, gate.drops().unknown_source), (2, 4));
        // Whom we call may answer at once.
        gate.welcome(ip(1));
        let at = now + Duration::from_millis(1_001);
        assert!(gate.admits(at, from(1), b"x", || Standing::Guest));
    }

    #[test]
    fn the_table_forgets_who_was_unseen_for_longest() {
        let (mut gate, now) = gate(Rate { per_second: 1, burst: 1 });
        for last in 0..200 {
            gate.admits(now, from(last), b"x", || Standing::Guest);
            gate.admits(now, from(250), b"x", || Standing::Guest);
        }
        assert_eq!((gate.sources.len(), gate.ages.len()), (4, 4));
        assert!(gate.sources.contains_key(&Source(ip(250))));
        assert!(!gate.admits(now, from(250), b"x", || Standing::Guest), "its bucket is as it was");
    }

    #[test]
    fn scanners_are_known_by_their_name() {
        let with =
            |agent: &str| format!("OPTIONS sip:100@x SIP/2.0\r\n{agent}\r\n\r\n").into_bytes();
        for agent in
            ["User-Agent: friendly-scanner", "user-agent:SIPVicious 0.3", "USER-AGENT: sipcli/v1.8"]
        {
            assert!(is_scanner(&with(agent)), "{agent}");
        }
        for agent in ["User-Agent: Asterisk PBX 20", "X-User-Agent: sipcli", "", "User-Agent:"] {
            assert!(!is_scanner(&with(agent)), "{agent}");
        }
    }

    #[test]
    fn an_ipv6_host_is_its_network() {
        let of = |text: &str| Source::of(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), Source(ip(1)));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
