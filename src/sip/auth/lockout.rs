//! Who has shown wrong passwords, and has to wait before another one is looked at.
//!
//! By user and source: whoever guesses at one extension from one place locks out nobody else.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Wrong passwords that cost nothing: a mistyped one, on every line of a phone.
const FREE: u32 = 5;
/// The first wait; doubled with each further wrong password.
const WAIT: Duration = Duration::from_secs(30);
/// The longest wait, and how long a wrong password is remembered: at 24 guesses a day no password is found.
const MAX_WAIT: Duration = Duration::from_secs(3600);
/// Users and sources remembered; beyond it the one that was quiet longest is forgotten.
const REMEMBERED: usize = 4096;
/// Letters of a user's name that tell them apart: it comes from outside.
const NAME: usize = 64;

/// The wrong passwords of late.
#[derive(Debug, Default)]
pub(super) struct Lockouts(BTreeMap<(String, IpAddr), Tried>);

#[derive(Clone, Copy, Debug)]
struct Tried {
    wrong: u32,
    last: Instant,
    until: Instant,
}

impl Lockouts {
    /// Returns how long this user has to wait here; `None` if a password is looked at.
    pub(super) fn left(&self, now: Instant, user: &str, source: IpAddr) -> Option<Duration> {
        let tried = self.0.get(&key(user, source))?;
        tried.until.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Notes a wrong password, and returns how long the next one has to wait. One that was not looked at is not noted.
    pub(super) fn wrong(&mut self, now: Instant, user: &str, source: IpAddr) -> Option<Duration> {
        let key = key(user, source);
        let old = |tried: &Tried| now.saturating_duration_since(tried.last) > MAX_WAIT;
        if self.0.get(&key).is_none_or(old) {
            self.0.remove(&key);
            self.make_room(now);
        }
        let tried = self.0.entry(key).or_insert(Tried { wrong: 0, last: now, until: now });
        tried.wrong = tried.wrong.saturating_add(1);
        tried.last = now;
        let beyond = tried.wrong.checked_sub(FREE)?;
        let wait = WAIT.saturating_mul(1 << beyond.min(7)).min(MAX_WAIT);
        tried.until = now + wait;
        Some(wait)
    }

    /// Forgets the wrong ones of somebody who knew it after all.
    pub(super) fn right(&mut self, user: &str, source: IpAddr) {
        self.0.remove(&key(user, source));
    }

    fn make_room(&mut self, now: Instant) {
        if self.0.len() < REMEMBERED {
            return;
        }
        self.0.retain(|_, tried| now.saturating_duration_since(tried.last) <= MAX_WAIT);
        if self.0.len() >= REMEMBERED
            && let Some(oldest) = self.0.iter().min_by_key(|(_, tried)| tried.last)
        {
            let oldest = oldest.0.clone();
            self.0.remove(&oldest);
        }
    }
}

/// A household's IPv6 network is one source: its owner can choose among 2^64 addresses.
fn key(user: &str, source: IpAddr) -> (String, IpAddr) {
    let source = match source.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
        v4 @ IpAddr::V4(_) => v4,
    };
    (user.chars().take(NAME).collect(), source)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    #[test]
    fn the_wait_doubles_and_ends() {
        let mut now = Instant::now();
        let mut lockouts = Lockouts::default();
        for _ in 1..FREE {
            assert_eq!(lockouts.wrong(now, "101", SOURCE), None);
        }
        for seconds in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
            let wait = Duration::from_secs(seconds);
            assert_eq!(lockouts.left(now, "101", SOURCE), None);
            assert_eq!(lockouts.wrong(now, "101", SOURCE), Some(wait));
            assert_eq!(lockouts.left(now, "101", SOURCE), Some(wait));
            now += wait;
        }
        lockouts.right("101", SOURCE);
        assert_eq!(lockouts.wrong(now, "101", SOURCE), None);
    }

    #[test]
    fn nobody_else_waits() {
        let now = Instant::now();
        let mut lockouts = Lockouts::default();
        let v6 = |text: &str| text.parse::<IpAddr>().unwrap();
        for _ in 0..FREE {
            lockouts.wrong(now, "101", SOURCE);
            lockouts.wrong(now, "101", v6("2001:db8::1"));
        }
        assert!(lockouts.left(now, "101", SOURCE).is_some());
        assert_eq!(lockouts.left(now, "102", SOURCE), None);
        assert_eq!(lockouts.left(now, "101", "192.0.2.8".parse().unwrap()), None);
        assert!(lockouts.left(now, "101", v6("2001:db8::ffff")).is_some(), "the same network");
        assert_eq!(lockouts.left(now, "101", v6("2001:db8:0:1::1")), None);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut now = Instant::now();
        let mut lockouts = Lockouts::default();
        for number in 0..REMEMBERED + 100 {
            now += Duration::from_millis(1);
            lockouts.wrong(now, &format!("{number}{}", "x".repeat(9000)), SOURCE);
        }
        assert_eq!(lockouts.0.len(), REMEMBERED);
        assert!(lockouts.0.keys().all(|(user, _)| user.len() <= NAME));
        assert!(!lockouts.0.keys().any(|(user, _)| user.starts_with("0x")), "the oldest goes");
        now += MAX_WAIT + Duration::from_secs(1);
        lockouts.wrong(now, "late", SOURCE);
        assert_eq!(lockouts.0.len(), 1);
    }
}
