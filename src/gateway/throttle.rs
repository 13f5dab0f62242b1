//! How fast calls may come: by trunk, and by caller.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::base::{Phi, TrunkName};
use crate::config::{Limits, PerCaller};

/// Callers remembered: a busy practice has some hundred an hour. Beyond it the one that was quiet longest is forgotten.
const CALLERS: usize = 10_000;

/// What has come of late.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    buckets: BTreeMap<TrunkName, Bucket>,
    callers: BTreeMap<(TrunkName, Phi<String>), VecDeque<Instant>>,
}

#[derive(Debug)]
struct Bucket {
    calls: f64,
    at: Instant,
}

/// Why a call comes too soon, and when the next one would not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum TooSoon {
    /// More calls a second than the trunk may bring.
    Trunk { words: String, wait: Duration },
    /// More calls than one caller may make.
    Caller { words: String, wait: Duration },
}

impl Throttle {
    /// Counts a call; a caller who is anonymous cannot be told from others and is not counted by itself.
    pub(super) fn take(
        &mut self,
        now: Instant,
        trunk: &TrunkName,
        limits: &Limits,
        caller: Option<&Phi<String>>,
    ) -> Result<(), TooSoon> {
        if let Some(rate) = limits.calls_per_second {
            let rate = rate.get();
            let full = || Bucket { calls: rate.into(), at: now };
            let bucket = self.buckets.entry(trunk.clone()).or_insert_with(full);
            if !bucket.take(now, rate) {
                let words = format!(
                    "SIP profile {trunk} may bring {rate} new calls a second ([limits] calls-per-second)"
                );
                return Err(TooSoon::Trunk { words, wait: Duration::from_secs(1) });
            }
        }
        match (limits.per_caller, caller) {
            (Some(limit), Some(caller)) => self.take_caller(now, trunk, limit, caller),
            _ => Ok(()),
        }
    }

    /// Forgets trunks that are gone.
    pub(super) fn keep(&mut self, exists: impl Fn(&TrunkName) -> bool) {
        self.buckets.retain(|trunk, _| exists(trunk));
        self.callers.retain(|(trunk, _), _| exists(trunk));
    }

    fn take_caller(
        &mut self,
        now: Instant,
        trunk: &TrunkName,
        limit: PerCaller,
        caller: &Phi<String>,
    ) -> Result<(), TooSoon> {
        let key = (trunk.clone(), caller.clone());
        if !self.callers.contains_key(&key) {
            self.make_room(now, limit.within);
        }
        let calls = self.callers.entry(key).or_default();
        let recent = |at: &Instant| now.saturating_duration_since(*at) < limit.within;
        calls.retain(recent);
        if calls.len() >= limit.calls.get() as usize {
            let first = calls.front().copied().unwrap_or(now);
            let wait = (first + limit.within).saturating_duration_since(now);
            let (calls, within) = (limit.calls, limit.within.as_secs());
            let words = format!(
                "this caller has made {calls} calls in {within} s ([limits] per-caller of SIP profile {trunk})"
            );
            return Err(TooSoon::Caller { words, wait });
        }
        calls.push_back(now);
        Ok(())
    }

    fn make_room(&mut self, now: Instant, within: Duration) {
        if self.callers.len() < CALLERS {
            return;
        }
        let last = |calls: &VecDeque<Instant>| calls.back().copied();
        self.callers.retain(|_, calls| {
            last(calls).is_some_and(|at| now.saturating_duration_since(at) < within)
        });
        if self.callers.len() >= CALLERS
            && let Some((oldest, _)) = self.callers.iter().min_by_key(|(_, calls)| last(calls))
        {
            let oldest = oldest.clone();
            self.callers.remove(&oldest);
        }
    }
}

impl Bucket {
    /// Takes one of the calls of a second, which may come all at once.
    fn take(&mut self, now: Instant, rate: u32) -> bool {
        let rate = f64::from(rate);
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.calls = (self.calls + since * rate).min(rate);
        self.at = now;
        let enough = self.calls >= 1.0;
        if enough {
            self.calls -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    fn limits(a_second: Option<u32>, per_caller: Option<(u32, u64)>) -> Limits {
        let number = |n| NonZeroU32::new(n).unwrap();
        Limits {
            calls: 30,
            calls_per_second: a_second.map(number),
            per_caller: per_caller.map(|(calls, seconds)| PerCaller {
                calls: number(calls),
                within: Duration::from_secs(seconds),
            }),
        }
    }

    #[test]
    fn a_trunk_brings_so_many_calls_a_second() {
        let (start, trunk) = (Instant::now(), TrunkName::new("front"));
        let mut throttle = Throttle::default();
        let limits = limits(Some(5), None);
        let at = |ms| start + Duration::from_millis(ms);
        let mut taken = |ms| throttle.take(at(ms), &trunk, &limits, None).is_ok();
        assert_eq!((0..7).filter(|_| taken(0)).count(), 5);
        assert!(!taken(199) && taken(200) && !taken(201));
        assert_eq!(
            (0..1000).filter(|ms| taken(10_000 + ms)).count(),
            9,
            "five, and one each 200 ms"
        );
    }

    #[test]
    fn a_caller_makes_so_many_calls_in_a_while() {
        let (start, trunk) = (Instant::now(), TrunkName::new("front"));
        let mut throttle = Throttle::default();
        let limits = limits(None, Some((2, 600)));
        let caller = |number: &str| Phi::new(number.to_owned());
        let mut take = |seconds, number: &str| {
            let at = start + Duration::from_secs(seconds);
            throttle.take(at, &trunk, &limits, Some(&caller(number)))
        };
        assert_eq!((take(0, "+13125550142"), take(10, "+13125550142")), (Ok(()), Ok(())));
        let Err(TooSoon::Caller { words, wait }) = take(100, "+13125550142") else { panic!() };
        assert_eq!(wait, Duration::from_secs(500));
        assert!(!words.contains("3125550142") && words.contains("per-caller"), "{words}");
        assert_eq!(take(100, "+13125550143"), Ok(()), "others may call");
        assert_eq!(take(600, "+13125550142"), Ok(()), "the first is forgotten");
        assert!(take(601, "+13125550142").is_err());
        let anonymous = throttle.take(start, &trunk, &limits, None);
        assert_eq!(anonymous, Ok(()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut now, trunk) = (Instant::now(), TrunkName::new("front"));
        let mut throttle = Throttle::default();
        let limits = limits(None, Some((2, 600)));
        for number in 0..CALLERS + 50 {
            now += Duration::from_millis(1);
            let caller = Phi::new(format!("{number}"));
            throttle.take(now, &trunk, &limits, Some(&caller)).unwrap();
        }
        assert_eq!(throttle.callers.len(), CALLERS);
        throttle.keep(|_| false);
        assert!(throttle.callers.is_empty());
    }
}
