//! Which packets of a protected stream came already (RFC 3711 §3.3.2), so that none is taken twice.

/// Streams that one key can receive at a time; the one heard longest ago makes room for a new one.
pub(super) const STREAMS: usize = 4;
/// How far behind the newest a packet may be (RFC 3711 §3.3.2 asks for 64 or more).
const WINDOW: u64 = 128;

/// Which packets of a stream came, among the newest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) ssrc: u32,
    newest: u64,
    /// Bit n: the packet n before the newest.
    seen: u128,
    /// When it was last heard, in packets.
    heard: u64,
}

impl Window {
    pub(super) fn is_new(&self, index: u64) -> bool {
        match self.newest.checked_sub(index) {
            None => true,
            Some(behind) => behind < WINDOW && self.seen >> behind & 1 == 0,
        }
    }

    /// The roll-over counter (RFC 3711 §3.3.1).
    pub(super) fn rollovers(&self) -> u32 {
        (self.newest >> 16) as u32
    }

    fn note(&mut self, index: u64) {
        match self.newest.checked_sub(index) {
            Some(behind) => self.seen |= 1 << behind,
            None => {
                let ahead = index - self.newest;
                self.seen = if ahead < WINDOW { self.seen << ahead } else { 0 } | 1;
                self.newest = index;
            }
        }
    }

    /// RFC 3711 §3.3.1: the index that is nearest to the newest one.
    pub(super) fn guess(&self, seq: u16) -> u64 {
        let (rollovers, newest) = (self.newest >> 16, self.newest as u16);
        let rollovers = match (newest < 0x8000, i32::from(seq) - i32::from(newest)) {
            (true, 0x8001..) => rollovers.saturating_sub(1),
            (false, ..-0x8000) => rollovers + 1,
            _ => rollovers,
        };
        rollovers << 16 | u64::from(seq)
    }
}

/// Notes an index of a stream whose packet was genuine.
pub(super) fn note(windows: &mut [Option<Window>; STREAMS], ssrc: u32, index: u64, heard: u64) {
    if let Some(window) = windows.iter_mut().flatten().find(|window| window.ssrc == ssrc) {
        window.heard = heard;
        return window.note(index);
    }
    let longest_ago = windows.iter_mut().min_by_key(|window| window.map_or(0, |w| w.heard));
    if let Some(place) = longest_ago {
        *place = Some(Window { ssrc, newest: index, seen: 1, heard });
    }
}
