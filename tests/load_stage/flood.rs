//! INVITEs from a stranger, as fast as a scanner sends them.

use std::net::{SocketAddr, UdpSocket};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A flood that is under way.
pub(crate) struct Flood {
    thread: JoinHandle<Flooded>,
}

/// What it came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flooded {
    /// INVITEs sent.
    pub sent: u64,
    /// How long that took.
    pub took: Duration,
    /// Answers that came back.
    pub answers: u64,
}

impl Flood {
    /// Begins to send `a_second` INVITEs from an address of loopback, for so long.
    pub(crate) fn start(from: &str, to: SocketAddr, a_second: u64, lasts: Duration) -> Self {
        let socket = UdpSocket::bind((from, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        let thread = std::thread::spawn(move || flood(&socket, to, a_second, lasts));
        Self { thread }
    }

    /// Waits for its end.
    pub(crate) fn finish(self) -> Flooded {
        self.thread.join().unwrap()
    }
}

fn flood(socket: &UdpSocket, to: SocketAddr, a_second: u64, lasts: Duration) -> Flooded {
    let local = socket.local_addr().unwrap();
    let begun = Instant::now();
    let (mut sent, mut answers) = (0, 0);
    while begun.elapsed() < lasts {
        // As many as are due by now: a late tick is made good by the next.
        let due = begun.elapsed().as_micros() as u64 * a_second / 1_000_000;
        while sent < due {
            let invite = invite(local, to, sent);
            sent += u64::from(socket.send_to(invite.as_bytes(), to).is_ok());
        }
        while socket.recv(&mut [0; 2000]).is_ok() {
            answers += 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Flooded { sent, took: begun.elapsed(), answers }
}

fn invite(local: SocketAddr, to: SocketAddr, number: u64) -> String {
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 101\r\n\
         a=rtpmap:101 telephone-event/8000\r\n",
        local.ip()
    );
    format!(
        "INVITE sip:{}@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKflood{number};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:100@{local}>;tag=f{number}\r\nTo: <sip:900@{to}>\r\n\
         Call-ID: flood-{number}@{local}\r\nCSeq: 1 INVITE\r\nContact: <sip:100@{local}>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        100 + number % 900,
        sdp.len()
    )
}
