//! What media threads need of Linux and std does not offer: absolute sleeps, scheduling classes,
//! locked memory, epoll, eventfd, socket options and control messages. All of the module's
//! `unsafe` is here.
#![allow(unsafe_code, reason = "system calls that std does not wrap; each says why it is sound")]

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::unix::AsyncFd;

/// Which scheduling a media thread was granted.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Scheduling {
    /// None beyond that of every thread: under load, packets are late.
    Plain,
    /// Nice -10: better, but inference can still delay packets.
    Nice,
    /// SCHED_FIFO at priority 10: nothing of ours delays packets.
    RealTime,
}

/// The real-time priority: below the kernel's own threads.
const PRIORITY: libc::c_int = 10;
/// The nice value to fall back to.
const NICE: libc::c_int = -10;
/// The nice value of threads that compute for long.
const NICE_OF_INFERENCE: libc::c_int = 5;

/// Asks for the best scheduling that this thread may have.
pub(super) fn ask_for_real_time() -> Scheduling {
    let priority = libc::sched_param { sched_priority: PRIORITY };
    let policy = libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK;
    // SAFETY: 0 is the calling thread, and the parameter outlives the call.
    if unsafe { libc::sched_setscheduler(0, policy, &raw const priority) } == 0 {
        return Scheduling::RealTime;
    }
    if set_nice(NICE) { Scheduling::Nice } else { Scheduling::Plain }
}

/// Steps back behind the threads that carry packets.
pub(super) fn step_back() {
    set_nice(NICE_OF_INFERENCE);
}

fn set_nice(nice: libc::c_int) -> bool {
    // SAFETY: no memory is passed; 0 is the calling thread.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) == 0 }
}

/// Whether memory stays in memory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MemoryLock {
    /// All that was and will be touched.
    Locked,
    /// The limit of locked memory (`LimitMEMLOCK=`) is not "infinity". A lower one would make
    /// allocations fail later, so that nothing is asked.
    Limited {
        /// The limit in bytes.
        bytes: u64,
    },
    /// The system refused.
    Refused {
        /// The error number.
        errno: i32,
    },
}

/// Keeps all memory of this process in memory, so that no tick waits for a disk. What was never
/// touched is not fetched (`MCL_ONFAULT`): a stack of 8 MB still costs only what is used of it.
pub fn lock_memory() -> MemoryLock {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a limit of ours.
    unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &raw mut limit) };
    if limit.rlim_cur != libc::RLIM_INFINITY && !may_lock_beyond_the_limit() {
        return MemoryLock::Limited { bytes: limit.rlim_cur };
    }
    // SAFETY: no memory is passed.
    match unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE | libc::MCL_ONFAULT) } {
        0 => MemoryLock::Locked,
        _ => MemoryLock::Refused { errno: io::Error::last_os_error().raw_os_error().unwrap_or(0) },
    }
}

/// Whether this process has CAP_IPC_LOCK, which knows no limit.
fn may_lock_beyond_the_limit() -> bool {
    const CAP_IPC_LOCK: u32 = 14;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = effective.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    effective.is_some_and(|mask| mask >> CAP_IPC_LOCK & 1 == 1)
}

/// Returns the processor time that this thread has used.
pub(super) fn thread_time() -> Duration {
    clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn clock(which: libc::clockid_t) -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of ours. Both clocks asked for always exist on Linux.
    unsafe { libc::clock_gettime(which, &raw mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// A point of CLOCK_MONOTONIC, which `Instant` does not give away.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Monotonic(Duration);

impl Monotonic {
    pub(super) fn now() -> Self {
        Self(clock(libc::CLOCK_MONOTONIC))
    }

    /// Returns it as the clock tells it, for arithmetic.
    pub(super) fn clock(self) -> Duration {
        self.0
    }

    pub(super) fn after(self, time: Duration) -> Self {
        Self(self.0 + time)
    }

    pub(super) fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// Sleeps until then; a signal may end it early, which a tick survives.
    pub(super) fn sleep_until(self) {
        let then = libc::timespec {
            tv_sec: self.0.as_secs() as libc::time_t,
            tv_nsec: self.0.subsec_nanos() as libc::c_long,
        };
        let flag = libc::TIMER_ABSTIME;
        // SAFETY: the pointer is to a timespec of ours; the remainder is not asked for.
        unsafe {
            libc::clock_nanosleep(
                libc::CLOCK_MONOTONIC,
                flag,
                &raw const then,
                std::ptr::null_mut(),
            )
        };
    }
}

/// A counter that wakes whoever waits for it.
#[derive(Debug)]
pub(super) struct EventFd(File);

impl EventFd {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: no memory is passed.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        Ok(Self(File::from(own(fd)?)))
    }

    /// Lets a task of the current runtime wait for it.
    pub(super) fn watch(this: &Arc<Self>) -> io::Result<AsyncFd<Arc<Self>>> {
        // SAFETY: the descriptor is open for as long as the counter lives, and its owner is moved
        // in; it is never replaced by another.
        unsafe { AsyncFd::register(Arc::clone(this)) }.map_err(io::Error::from)
    }

    pub(super) fn signal(&self) {
        // It fails only when the counter is full, and then the reader is awake anyway.
        let _ = (&self.0).write(&1_u64.to_ne_bytes());
    }

    pub(super) fn clear(&self) {
        let _ = (&self.0).read(&mut [0; 8]);
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for EventFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Descriptors that became readable, at most this many a millisecond; the rest come next time.
const READY: usize = 256;

/// Waits for many descriptors.
pub(super) struct Epoll {
    fd: OwnedFd,
    ready: [libc::epoll_event; READY],
}

impl Epoll {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: no memory is passed.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        Ok(Self { fd: own(fd)?, ready: [libc::epoll_event { events: 0, u64: 0 }; READY] })
    }

    /// Watches `fd` under a number of the caller's. Closing `fd` ends the watch.
    pub(super) fn add(&self, fd: &impl AsRawFd, number: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: number };
        let (epoll, fd) = (self.fd.as_raw_fd(), fd.as_raw_fd());
        // SAFETY: both descriptors are open, and the event outlives the call.
        match unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &raw mut event) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    pub(super) fn remove(&self, fd: &impl AsRawFd) {
        let (epoll, fd) = (self.fd.as_raw_fd(), fd.as_raw_fd());
        // SAFETY: both descriptors are open; no event is needed to delete.
        unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_DEL, fd, std::ptr::null_mut()) };
    }

    /// Waits up to `timeout`, and returns how many numbers [`Self::number`] has.
    pub(super) fn wait(&mut self, timeout: Duration) -> usize {
        let (fd, timeout) = (self.fd.as_raw_fd(), timeout.as_millis() as libc::c_int);
        // SAFETY: the array is ours and has as many places as are named.
        let count =
            unsafe { libc::epoll_wait(fd, self.ready.as_mut_ptr(), READY as libc::c_int, timeout) };
        usize::try_from(count).unwrap_or(0)
    }

    pub(super) fn number(&self, index: usize) -> u64 {
        self.ready[index].u64
    }
}

/// The receive buffer that is asked for: some 200 packets as the kernel counts them, 4 s of one
/// leg. Memory is taken only for what waits.
pub(super) const RECEIVE_BUFFER: usize = 256 * 1024;

/// Lets what is sent go before what can wait, as RTP and its reports do (RFC 4594 §4.1). Each is a wish: without it,
/// things are only a little worse.
pub(super) fn prioritise(socket: &UdpSocket) {
    /// Expedited forwarding (RFC 3246).
    const EF: libc::c_int = 0xb8;
    /// The highest that needs no privilege.
    const INTERACTIVE: libc::c_int = 6;
    set_options(
        socket,
        &[
            (libc::IPPROTO_IP, libc::IP_TOS, EF),
            (libc::IPPROTO_IPV6, libc::IPV6_TCLASS, EF),
            (libc::SOL_SOCKET, libc::SO_PRIORITY, INTERACTIVE),
        ],
    );
}

/// Sets what RTP wants of a socket, [`prioritise`] included.
pub(super) fn prepare_for_rtp(socket: &UdpSocket) {
    const BUFFER: libc::c_int = RECEIVE_BUFFER as libc::c_int;
    prioritise(socket);
    let options = [
        (libc::SOL_SOCKET, libc::SO_RCVBUF, BUFFER),
        // Beyond net.core.rmem_max, where we may.
        (libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, BUFFER),
        // How many datagrams were thrown away comes with each that was not.
        (libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1),
        // What the far end's machine refuses is told; see `take_error`.
        (libc::IPPROTO_IP, libc::IP_RECVERR, 1),
        (libc::IPPROTO_IPV6, libc::IPV6_RECVERR, 1),
    ];
    set_options(socket, &options);
}

fn set_options(socket: &UdpSocket, options: &[(libc::c_int, libc::c_int, libc::c_int)]) {
    for &(level, name, value) in options {
        let value: *const libc::c_int = &raw const value;
        let size = size_of::<libc::c_int>() as libc::socklen_t;
        // SAFETY: the pointer is to an int of ours, and its size is given.
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, value.cast(), size) };
    }
}

/// Returns the receive buffer that a socket got, in the terms in which it is asked for.
pub(super) fn receive_buffer(socket: &UdpSocket) -> usize {
    let got = option(socket, libc::SOL_SOCKET, libc::SO_RCVBUF);
    // The kernel doubles what it is asked for, to have room for its own book-keeping.
    usize::try_from(got / 2).unwrap_or(0)
}

/// Returns how a socket's packets are marked (RFC 2474), as the octet of their headers.
#[cfg(test)]
pub(super) fn mark(socket: &UdpSocket) -> libc::c_int {
    option(socket, libc::IPPROTO_IP, libc::IP_TOS)
}

fn option(socket: &UdpSocket, level: libc::c_int, name: libc::c_int) -> libc::c_int {
    let (mut got, mut size) = (0 as libc::c_int, size_of::<libc::c_int>() as libc::socklen_t);
    let (value, size) = ((&raw mut got).cast(), &raw mut size);
    // SAFETY: both pointers are to values of ours, and the size is that of the value.
    unsafe { libc::getsockopt(socket.as_raw_fd(), level, name, value, size) };
    got
}

/// A datagram that was received.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Datagram {
    pub(super) length: usize,
    /// Where it came from; an IPv4 address as such, whatever the socket's family.
    pub(super) from: SocketAddr,
    /// How many the kernel has thrown away on this socket because its buffer was full; it wraps.
    pub(super) thrown_away: Option<u32>,
    /// The time of day at which it came, where [`stamp_arrivals`] asked for that.
    pub(super) stamp: Option<Duration>,
}

/// A place for control messages, aligned as they need it.
#[repr(C, align(8))]
struct ControlMessages([u8; 64]);

/// Receives one datagram, with what the kernel says of those that are lost.
pub(super) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Datagram> {
    // SAFETY: an address of all zeros is one of no family.
    let mut from: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    let mut control = ControlMessages([0; 64]);
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: a header of all zeros is one without any parts.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_name = (&raw mut from).cast();
    header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = control.0.len();
    // SAFETY: every pointer of the header is to something of ours, with its length.
    let length = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, 0) };
    let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
    let from = address(&from).ok_or(io::ErrorKind::AddrNotAvailable)?;
    let (thrown_away, stamp) = said_beside(&header);
    Ok(Datagram { length, from, thrown_away, stamp })
}

/// Has the processor fetch so many bytes from there, which are needed soon. Nothing else comes of it.
pub(super) fn fetch_ahead(address: usize, bytes: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in (address & !63..address + bytes).step_by(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch is a hint, and does nothing where there is no memory.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::without_provenance(line)) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (address, bytes);
}

/// Has the kernel say when each datagram came, or no more.
pub(super) fn stamp_arrivals(socket: &UdpSocket, on: bool) {
    let on = libc::c_int::from(on);
    let size = size_of::<libc::c_int>() as libc::socklen_t;
    let (fd, value) = (socket.as_raw_fd(), (&raw const on).cast());
    // SAFETY: the pointer is to an int of ours, and its size is given.
    unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, value, size) };
}

/// Takes the next word of why a packet of ours did not arrive (ICMP), as the system's error number.
/// Until all are taken, the socket counts as readable.
pub(super) fn take_error(socket: &UdpSocket) -> Option<i32> {
    let mut control = [ControlMessages([0; 64]), ControlMessages([0; 64])];
    // SAFETY: a header of all zeros is one without any parts: what the packet held is not asked for.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_control = (&raw mut control).cast();
    header.msg_controllen = size_of_val(&control);
    let flags = libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT;
    // SAFETY: every pointer of the header is to something of ours, with its length.
    let taken = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, flags) };
    if taken < 0 {
        return None;
    }
    // SAFETY: the kernel has written whole messages into the control buffer and its length into
    // the header. An extended error begins with the error's number; a time may stand before it.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(&raw const header);
        while message.as_ref().is_some_and(|it| it.cmsg_level == libc::SOL_SOCKET) {
            message = libc::CMSG_NXTHDR(&raw const header, message);
        }
        let number = message.as_ref().map(|_| libc::CMSG_DATA(message).cast::<i32>());
        Some(number.map_or(0, |number| number.read_unaligned()))
    }
}

fn address(from: &libc::sockaddr_storage) -> Option<SocketAddr> {
    let from: *const libc::sockaddr_storage = from;
    // SAFETY: the storage is larger than an address of any family, and aligned for each.
    let (family, v4, v6) = unsafe {
        ((*from).ss_family, &*from.cast::<libc::sockaddr_in>(), &*from.cast::<libc::sockaddr_in6>())
    };
    match libc::c_int::from(family) {
        libc::AF_INET => {
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some((ip, u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 => {
            let (ip, port) = (Ipv6Addr::from(v6.sin6_addr.s6_addr), u16::from_be(v6.sin6_port));
            match ip.to_ipv4_mapped() {
                Some(ip) => Some((ip, port).into()),
                None => Some(SocketAddrV6::new(ip, port, 0, v6.sin6_scope_id).into()),
            }
        }
        _ => None,
    }
}

/// What the kernel says beside a datagram: how many were thrown away, and when it came.
fn said_beside(header: &libc::msghdr) -> (Option<u32>, Option<Duration>) {
    let (mut thrown_away, mut stamp) = (None, None);
    // SAFETY: the kernel has written whole messages into the control buffer and its length into
    // the header; the macros do not leave it.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while let Some(found) = message.as_ref() {
            match (found.cmsg_level, found.cmsg_type) {
                (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                    thrown_away = Some(libc::CMSG_DATA(message).cast::<u32>().read_unaligned());
                }
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                    let at = libc::CMSG_DATA(message).cast::<libc::timespec>().read_unaligned();
                    let seconds = u64::try_from(at.tv_sec).unwrap_or(0);
                    stamp = Some(Duration::new(seconds, at.tv_nsec as u32 % 1_000_000_000));
                }
                _ => {}
            }
            message = libc::CMSG_NXTHDR(header, message);
        }
    }
    (thrown_away, stamp)
}

fn own(fd: RawFd) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just made by the kernel, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn socket(bind: IpAddr) -> UdpSocket {
        UdpSocket::bind((bind, 0)).unwrap()
    }

    #[test]
    fn what_the_kernel_throws_away_is_counted() {
        let (sender, ours) =
            (socket(Ipv4Addr::LOCALHOST.into()), socket(Ipv4Addr::LOCALHOST.into()));
        prepare_for_rtp(&ours);
        assert!(receive_buffer(&ours) >= RECEIVE_BUFFER / 2);
        ours.set_nonblocking(true).unwrap();
        let to = ours.local_addr().unwrap();
        for _ in 0..4000 {
            sender.send_to(&[7; 172], to).unwrap();
        }
        let (mut came, mut buffer) = (0, [0; 2048]);
        let first = receive(&ours, &mut buffer).unwrap();
        assert_eq!(first.length, 172);
        assert_eq!(first.from, sender.local_addr().unwrap());
        while receive(&ours, &mut buffer).is_ok() {
            came += 1;
        }
        assert!((100..3000).contains(&came), "{came}");
        // The next one says how many went before it.
        sender.send_to(&[7; 10], to).unwrap();
        let last = receive(&ours, &mut buffer).unwrap();
        assert_eq!((last.length, last.thrown_away), (10, Some(4000 - came - 1)));
        let error = receive(&ours, &mut buffer).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn addresses_of_both_families_are_read_and_mapped_ones_are_plain() {
        for (bind, peer) in [
            (IpAddr::from(Ipv6Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)),
            (Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::LOCALHOST.into()),
            (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::LOCALHOST.into()),
        ] {
            let (ours, phone) = (socket(bind), socket(peer));
            let port = ours.local_addr().unwrap().port();
            phone.send_to(b"in", (peer, port)).unwrap();
            let came = receive(&ours, &mut [0; 16]).unwrap();
            assert_eq!((came.length, came.from), (2, phone.local_addr().unwrap()));
            // And back, from a socket of the other family too.
            ours.send_to(b"out", came.from).unwrap();
            assert_eq!(phone.recv_from(&mut [0; 16]).unwrap().0, 3);
        }
    }

    #[test]
    fn what_nobody_listens_for_is_told_and_taken() {
        let ours = socket(Ipv4Addr::LOCALHOST.into());
        prepare_for_rtp(&ours);
        ours.set_nonblocking(true).unwrap();
        assert_eq!(take_error(&ours), None);
        let gone = socket(Ipv4Addr::LOCALHOST.into()).local_addr().unwrap();
        for _ in 0..3 {
            // The second may be refused in place of the first.
            let _ = ours.send_to(b"anybody?", gone);
        }
        let told: Vec<_> = std::iter::from_fn(|| take_error(&ours)).collect();
        assert!(!told.is_empty() && told.iter().all(|it| *it == libc::ECONNREFUSED), "{told:?}");
        let mut epoll = Epoll::new().unwrap();
        epoll.add(&ours, 5).unwrap();
        assert_eq!(epoll.wait(Duration::from_millis(20)), 0, "nothing is left to read");
    }

    /// What the header of a datagram says is asked of the receiving kernel.
    fn traffic_class(socket: &UdpSocket, level: libc::c_int, kind: libc::c_int) -> u8 {
        let (mut buffer, mut control) = ([0_u8; 64], ControlMessages([0; 64]));
        let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
        // SAFETY: as in `receive`.
        unsafe {
            let mut header: libc::msghdr = std::mem::zeroed();
            (header.msg_iov, header.msg_iovlen) = (&raw mut part, 1);
            header.msg_control = control.0.as_mut_ptr().cast();
            header.msg_controllen = control.0.len();
            assert!(libc::recvmsg(socket.as_raw_fd(), &raw mut header, 0) > 0);
            let message = libc::CMSG_FIRSTHDR(&raw const header);
            let found = message.as_ref().expect("the kernel says what the header said");
            assert_eq!((found.cmsg_level, found.cmsg_type), (level, kind));
            // One byte of IPv4, an int of IPv6: the lowest byte comes first on this machine.
            libc::CMSG_DATA(message).read()
        }
    }

    #[test]
    fn packets_carry_expedited_forwarding_on_the_wire() {
        let v4 = (libc::IPPROTO_IP, libc::IP_RECVTOS, libc::IP_TOS);
        let v6 = (libc::IPPROTO_IPV6, libc::IPV6_RECVTCLASS, libc::IPV6_TCLASS);
        for (bind, to, (level, ask, kind)) in [
            (IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv4Addr::LOCALHOST), v4),
            (Ipv6Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into(), v6),
            // A socket of both families, as `bind = "::"` gives.
            (Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::LOCALHOST.into(), v4),
        ] {
            let (ours, peer) = (socket(bind), socket(to));
            let (on, size) = (1 as libc::c_int, size_of::<libc::c_int>() as libc::socklen_t);
            let value = (&raw const on).cast();
            // SAFETY: the pointer is to an int of ours, and its size is given.
            let set = unsafe { libc::setsockopt(peer.as_raw_fd(), level, ask, value, size) };
            assert_eq!(set, 0);
            let address = peer.local_addr().unwrap();
            ours.send_to(b"plain", address).unwrap();
            assert_eq!(traffic_class(&peer, level, kind), 0);
            prepare_for_rtp(&ours);
            ours.send_to(b"marked", address).unwrap();
            // DSCP 46 in the upper six bits.
            assert_eq!(traffic_class(&peer, level, kind), 46 << 2, "{bind} to {to}");
        }
    }

    #[test]
    fn a_sleep_into_the_past_returns_and_threads_have_a_time_of_their_own() {
        Monotonic::now().sleep_until();
        let before = thread_time();
        let mut sum = 0_u64;
        while thread_time() < before + Duration::from_millis(2) {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(sum > 0);
    }
}
