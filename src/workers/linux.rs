//! What media threads need of Linux and std does not offer: absolute sleeps, scheduling classes,
//! epoll, eventfd and socket options. All of the module's `unsafe` is here.
#![allow(unsafe_code, reason = "system calls that std does not wrap; each says why it is sound")]

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::UdpSocket;
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

/// A point of CLOCK_MONOTONIC, which `Instant` does not give away.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Monotonic(Duration);

impl Monotonic {
    pub(super) fn now() -> Self {
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer is to a timespec of ours. The clock always exists on Linux.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
        Self(Duration::new(now.tv_sec as u64, now.tv_nsec as u32))
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

/// Sets what RTP wants of a socket. Each is a wish: without it, things are only a little worse.
pub(super) fn prepare_for_rtp(socket: &UdpSocket) {
    /// Expedited forwarding (RFC 3246).
    const EF: libc::c_int = 0xb8;
    /// The highest that needs no privilege.
    const INTERACTIVE: libc::c_int = 6;
    /// Some 300 packets: a second of stall for one leg.
    const BUFFER: libc::c_int = 256 * 1024;
    let options = [
        (libc::IPPROTO_IP, libc::IP_TOS, EF),
        (libc::IPPROTO_IPV6, libc::IPV6_TCLASS, EF),
        (libc::SOL_SOCKET, libc::SO_PRIORITY, INTERACTIVE),
        (libc::SOL_SOCKET, libc::SO_RCVBUF, BUFFER),
    ];
    for (level, name, value) in options {
        let value: *const libc::c_int = &raw const value;
        let size = size_of::<libc::c_int>() as libc::socklen_t;
        // SAFETY: the pointer is to an int of ours, and its size is given.
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, value.cast(), size) };
    }
}

fn own(fd: RawFd) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just made by the kernel, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
