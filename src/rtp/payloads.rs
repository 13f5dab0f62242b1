//! Room for the payloads that wait: many short ones or few long ones, in one piece of memory.

use crate::base::place;

/// What room is given out in: a third of 20 ms of G.711.
const BLOCK: usize = 64;
/// 16 KiB in all: 32 packets of 60 ms of G.711.
const BLOCKS: usize = 256;

/// Where a payload is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Place {
    first: u16,
    length: u16,
}

#[derive(Clone, Debug)]
pub(super) struct Payloads {
    /// Elsewhere: a leg without it is in fewer pages.
    bytes: Box<[u8; BLOCK * BLOCKS]>,
    /// A bit for each block.
    taken: [u64; BLOCKS / 64],
}

impl Payloads {
    pub(super) fn new() -> Self {
        Self { bytes: Box::new([0; BLOCK * BLOCKS]), taken: [0; BLOCKS / 64] }
    }

    /// Copies a payload in, if there is room for it.
    pub(super) fn keep(&mut self, payload: &[u8]) -> Option<Place> {
        let blocks = payload.len().div_ceil(BLOCK);
        let mut free = 0;
        for block in 0..BLOCKS {
            if free == blocks {
                break;
            }
            free = if self.is_taken(block) { 0 } else { free + 1 };
            if free == blocks {
                let first = block + 1 - blocks;
                return Some(self.fill(first, payload));
            }
        }
        (blocks == 0).then(Place::default)
    }

    /// Where payloads are kept when nothing else waits: room for 20 ms of G.711.
    pub(super) fn first(&self) -> (usize, usize) {
        place(&self.bytes[..3 * BLOCK])
    }

    pub(super) fn get(&self, place: Place) -> &[u8] {
        let start = usize::from(place.first) * BLOCK;
        &self.bytes[start..start + usize::from(place.length)]
    }

    /// Gives room back. The bytes stay until the next payload is kept.
    pub(super) fn free(&mut self, place: Place) {
        for block in place.blocks() {
            self.taken[block / 64] &= !(1 << (block % 64));
        }
    }

    pub(super) fn free_all(&mut self) {
        self.taken = [0; BLOCKS / 64];
    }

    /// Takes back room that was just given back.
    pub(super) fn take_again(&mut self, place: Place) {
        for block in place.blocks() {
            self.taken[block / 64] |= 1 << (block % 64);
        }
    }

    fn fill(&mut self, first: usize, payload: &[u8]) -> Place {
        let place = Place { first: first as u16, length: payload.len() as u16 };
        self.take_again(place);
        let start = first * BLOCK;
        self.bytes[start..start + payload.len()].copy_from_slice(payload);
        place
    }

    fn is_taken(&self, block: usize) -> bool {
        self.taken[block / 64] >> (block % 64) & 1 == 1
    }
}

impl Place {
    fn blocks(self) -> std::ops::Range<usize> {
        let first = usize::from(self.first);
        first..first + usize::from(self.length).div_ceil(BLOCK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_the_longest_hold_of_long_packets_and_for_few_very_long_ones() {
        for (length, fit) in [(480, 32), (160, 85), (1460, 11), (1, 256)] {
            let mut payloads = Payloads::new();
            let places: Vec<_> = std::iter::from_fn(|| payloads.keep(&vec![7; length])).collect();
            assert_eq!(places.len(), fit, "{length}");
            payloads.free_all();
            assert!(payloads.keep(&vec![7; length]).is_some());
        }
    }

    #[test]
    fn whatever_is_kept_and_freed_each_payload_stays_what_it_was() {
        let mut dice = crate::base::Dice::new(4);
        let mut payloads = Payloads::new();
        let mut kept: Vec<(Place, Vec<u8>)> = Vec::new();
        for round in 0..20_000_u32 {
            if dice.below(2) == 0 && !kept.is_empty() {
                let (place, bytes) = kept.swap_remove(dice.below(kept.len() as u64) as usize);
                assert_eq!(payloads.get(place), bytes);
                payloads.free(place);
            } else {
                let bytes = vec![round as u8; dice.below(1500) as usize];
                kept.extend(payloads.keep(&bytes).map(|place| (place, bytes)));
            }
        }
        assert!(kept.iter().all(|(place, bytes)| payloads.get(*place) == bytes));
    }
}
