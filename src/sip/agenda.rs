//! Who wants to be woken when: the deadlines of many machines, kept in order.
//!
//! Each machine knows its own next deadline; this knows whose comes first without asking all.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// One deadline for each key, with the earliest at hand.
#[derive(Debug)]
pub(crate) struct Agenda<K> {
    by_key: BTreeMap<K, Instant>,
    by_time: BTreeSet<(Instant, K)>,
}

impl<K> Default for Agenda<K> {
    fn default() -> Self {
        Self { by_key: BTreeMap::new(), by_time: BTreeSet::new() }
    }
}

impl<K: Copy + Ord> Agenda<K> {
    /// Sets, moves or (with `None`) removes the deadline of `key`.
    pub(crate) fn set(&mut self, key: K, at: Option<Instant>) {
        if self.by_key.get(&key).copied() == at {
            return;
        }
        if let Some(old) = self.by_key.remove(&key) {
            self.by_time.remove(&(old, key));
        }
        if let Some(at) = at {
            self.by_key.insert(key, at);
            self.by_time.insert((at, key));
        }
    }

    /// Returns the earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes the key with the earliest deadline, if that has come.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<K> {
        let (_, key) = self.by_time.first().copied().filter(|(at, _)| *at <= now)?;
        self.set(key, None);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn wakes_each_once_in_order() {
        let start = Instant::now();
        let at = |ms| Some(start + Duration::from_millis(ms));
        let mut agenda = Agenda::default();
        agenda.set('a', at(30));
        agenda.set('b', at(20));
        agenda.set('c', at(20));
        agenda.set('a', at(10));
        agenda.set('c', None);
        assert_eq!(agenda.next(), at(10));
        assert_eq!(agenda.take_due(start), None);
        assert_eq!(agenda.take_due(start + Duration::from_millis(25)), Some('a'));
        assert_eq!(agenda.take_due(start + Duration::from_millis(25)), Some('b'));
        assert_eq!(agenda.take_due(start + Duration::from_millis(25)), None);
        assert_eq!(agenda.next(), None);
    }
}
