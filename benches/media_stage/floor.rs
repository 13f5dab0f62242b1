//! What the kernel alone costs: a socket for each caller, and every packet goes back as it came.

use std::net::{Ipv4Addr, UdpSocket};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::give_up;
use super::server::{numbers, serve};

pub(crate) const ROLE: &str = "floor";

/// The server's process.
pub(crate) fn run() {
    serve(|line| {
        // Where callers are is in their packets.
        let count = numbers::<u16>(line).len();
        let open = || -> std::io::Result<_> {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        let sockets: Result<Vec<_>, _> = (0..count).map(|_| open()).collect();
        let Ok(sockets) = sockets else { give_up("no sockets for the floor: see `ulimit -n`") };
        let ports = sockets.iter().map(|s| s.local_addr().map_or(0, |at| at.port()).to_string());
        let ports: Vec<String> = ports.collect();
        std::thread::spawn(|| echo(sockets));
        ports.join(" ")
    });
}

/// One receive and one send for each packet, and one wait for as many as are there.
fn echo(sockets: Vec<UdpSocket>) {
    let Ok(epoll) = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC) else { return };
    for (number, socket) in sockets.iter().enumerate() {
        let _ = epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, number as u64));
    }
    let (mut ready, mut buffer) = ([EpollEvent::empty(); 256], [0; 2048]);
    loop {
        let count = epoll.wait(&mut ready, EpollTimeout::NONE).unwrap_or(0);
        for event in &ready[..count] {
            let socket = &sockets[event.data() as usize];
            if let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let _ = socket.send_to(&buffer[..length], from);
            }
        }
    }
}
