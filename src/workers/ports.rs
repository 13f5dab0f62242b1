//! RTP ports: pairs of a range, the even one for RTP and the odd one for RTCP, handed out at random
//! and rested after use, so that packets of the last call do not reach the next one.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::base::Dice;

use super::WorkersError;
use super::linux::{prepare_for_rtp, prioritise, receive_buffer};

/// How long a port rests: longer than any packet is on its way, and than a BYE takes to arrive.
const REST: Duration = Duration::from_secs(2);
/// Ports that another program may have, until no more are tried for one call.
const REFUSED: usize = 64;

#[derive(Debug)]
struct State {
    dice: Dice,
    /// By address: profiles on several addresses have ranges of their own, of the same numbers too.
    taken: BTreeSet<(IpAddr, u16)>,
    resting: BTreeMap<(IpAddr, u16), Instant>,
}

/// The ports of one media plane.
#[derive(Debug)]
pub(super) struct PortPool {
    range: RangeInclusive<u16>,
    bind: IpAddr,
    advertised: IpAddr,
    state: Mutex<State>,
}

impl PortPool {
    pub(super) fn new(range: RangeInclusive<u16>, bind: IpAddr, advertised: IpAddr) -> Self {
        let dice = Dice::new(system_random());
        let state = State { dice, taken: BTreeSet::new(), resting: BTreeMap::new() };
        Self { range, bind, advertised, state: Mutex::new(state) }
    }

    /// Binds a pair of ports that is free and rested: RTP on the even one, RTCP on the odd one
    /// (RFC 3550 §11).
    pub(super) fn reserve(self: &Arc<Self>) -> Result<Port, WorkersError> {
        self.reserve_at(self.bind, &self.range)
    }

    /// As [`Self::reserve`], on an address and in a range of its own.
    pub(super) fn reserve_at(
        self: &Arc<Self>,
        bind: IpAddr,
        range: &RangeInclusive<u16>,
    ) -> Result<Port, WorkersError> {
        let now = Instant::now();
        let (first, last) = (*range.start(), *range.end());
        let exhausted = || WorkersError::PortsExhausted { first, last };
        let even = first.checked_next_multiple_of(2).ok_or_else(exhausted)?;
        let count = last.checked_sub(even).map_or(0, |span| u32::from(span).div_ceil(2));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.resting.retain(|_, until| *until > now);
        // Said at once: whoever calls while there are none must not cost a look at each.
        if state.in_use(bind, even..=last) >= count as usize {
            return Err(exhausted());
        }
        let mut refused = 0;
        let start = state.dice.below(count.max(1).into()) as u32;
        for step in 0..count {
            let number = even + 2 * ((start + step) % count) as u16;
            let key = (bind, number);
            if state.taken.contains(&key) || state.resting.contains_key(&key) {
                continue;
            }
            match bind_pair(bind, number) {
                Ok((socket, control)) => {
                    state.taken.insert(key);
                    return Ok(Port { socket, control, bind, number, pool: Arc::clone(self) });
                }
                // Another program has it.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && refused < REFUSED => {
                    refused += 1;
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => break,
                Err(source) => return Err(WorkersError::Socket { address: bind, source }),
            }
        }
        Err(exhausted())
    }

    fn rest(&self, bind: IpAddr, number: u16) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.taken.remove(&(bind, number));
        state.resting.insert((bind, number), Instant::now() + REST);
    }
}

impl State {
    /// How many ports of a range are taken or rest.
    fn in_use(&self, bind: IpAddr, range: RangeInclusive<u16>) -> usize {
        let keys = (bind, *range.start())..=(bind, *range.end());
        self.taken.range(keys.clone()).count() + self.resting.range(keys).count()
    }
}

/// Two sockets, ready for a media thread.
fn bind_pair(bind: IpAddr, number: u16) -> io::Result<(UdpSocket, UdpSocket)> {
    let (socket, control) =
        (UdpSocket::bind((bind, number))?, UdpSocket::bind((bind, number.saturating_add(1)))?);
    prepare_for_rtp(&socket);
    prioritise(&control);
    socket.set_nonblocking(true)?;
    control.set_nonblocking(true)?;
    Ok((socket, control))
}

/// A bound RTP port, and the one after it for RTCP. They rest when dropped.
#[derive(Debug)]
pub struct Port {
    socket: UdpSocket,
    control: UdpSocket,
    bind: IpAddr,
    number: u16,
    pool: Arc<PortPool>,
}

impl Port {
    /// Returns the address to write into SDP.
    pub fn advertised(&self) -> SocketAddr {
        SocketAddr::new(self.pool.advertised, self.number)
    }

    /// Returns the receive buffer that the system gave, in bytes.
    pub fn receive_buffer(&self) -> usize {
        receive_buffer(&self.socket)
    }

    pub(super) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// Where RTCP comes to when it has a port of its own.
    pub(super) fn control(&self) -> &UdpSocket {
        &self.control
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.pool.rest(self.bind, self.number);
    }
}

/// A number that cannot be guessed from outside: std keys its hashers from the system's randomness.
pub(super) fn system_random() -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn pool(range: RangeInclusive<u16>) -> Arc<PortPool> {
        let advertised = IpAddr::from([203, 0, 113, 5]);
        Arc::new(PortPool::new(range, Ipv4Addr::LOCALHOST.into(), advertised))
    }

    #[test]
    fn ports_are_even_and_run_out_and_rest() {
        let pool = pool(28_001..=28_009);
        let mut ports: Vec<_> = std::iter::from_fn(|| pool.reserve().ok()).collect();
        let mut numbers: Vec<_> = ports.iter().map(|port| port.advertised().port()).collect();
        numbers.sort_unstable();
        assert!(numbers.iter().all(|n| n % 2 == 0 && (28_002..=28_008).contains(n)), "{numbers:?}");
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
        assert!(ports[0].advertised().ip() == IpAddr::from([203, 0, 113, 5]));
        ports.pop();
        // It is free, but it rests.
        let error = pool.reserve().unwrap_err();
        assert_eq!(error.code(), "media-ports-exhausted");
        pool.state.lock().unwrap().resting.values_mut().for_each(|until| *until = Instant::now());
        assert!(pool.reserve().is_ok());
    }

    #[test]
    fn a_port_that_another_program_has_is_passed_over() {
        let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, 28_102));
        let pool = pool(28_102..=28_105);
        let port = pool.reserve().unwrap();
        assert_eq!(port.advertised().port(), 28_104);
        drop((taken, port));
        let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, 28_113));
        let pool = super::tests::pool(28_112..=28_115);
        assert_eq!(pool.reserve().unwrap().advertised().port(), 28_114, "RTCP needs its port too");
        drop(taken);
    }

    #[test]
    fn an_address_that_is_not_ours_says_so() {
        let pool = Arc::new(PortPool::new(
            28_200..=28_210,
            IpAddr::from([192, 0, 2, 1]),
            IpAddr::from([192, 0, 2, 1]),
        ));
        assert_eq!(pool.reserve().unwrap_err().code(), "media-socket");
    }

    #[test]
    fn an_empty_range_is_exhausted() {
        for (first, last) in [(28_301, 28_301), (65_535, 65_535), (28_301, 28_300)] {
            assert_eq!(pool(first..=last).reserve().unwrap_err().code(), "media-ports-exhausted");
        }
    }

    #[test]
    fn each_address_has_all_ports_of_its_range() {
        let pool = pool(28_310..=28_313);
        let addresses = [1, 2].map(|last| IpAddr::from([127, 0, 45, last]));
        let reserve = |bind| pool.reserve_at(bind, &(28_310..=28_313));
        let ports: Vec<_> = [0, 1, 0, 1].map(|index| reserve(addresses[index]).unwrap()).into();
        assert!(addresses.iter().all(|bind| reserve(*bind).is_err()));
        drop(ports);
        assert!(addresses.iter().all(|bind| reserve(*bind).is_err()), "they rest");
    }

    #[test]
    fn ports_that_other_programs_have_are_not_all_tried() {
        let taken: Vec<_> = (0..100)
            .map(|index| UdpSocket::bind((Ipv4Addr::LOCALHOST, 28_400 + 2 * index)).unwrap())
            .collect();
        let pool = pool(28_400..=28_599);
        assert_eq!(pool.reserve().unwrap_err().code(), "media-ports-exhausted");
        drop(taken);
        assert!(pool.reserve().is_ok());
    }

    #[test]
    fn both_sockets_are_marked_for_expedited_forwarding() {
        let port = pool(28_320..=28_323).reserve().unwrap();
        let marks = [port.socket(), port.control()].map(super::super::linux::mark);
        assert_eq!(marks, [0xb8, 0xb8]);
    }
}
