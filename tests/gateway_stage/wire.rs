//! A SIP peer of few words, written by hand, so that what is tested is not what tests it.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Numbers Call-IDs, tags and branches of this process.
static NEXT: AtomicU32 = AtomicU32::new(1);

/// What every telephone offers.
pub(crate) const G711: &str = "m=audio 39000 RTP/AVP 0 8 101\r\n\
    a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n";

/// A socket that speaks SIP to one gateway.
#[derive(Debug)]
pub(crate) struct Peer {
    socket: UdpSocket,
    local: SocketAddr,
    gateway: SocketAddr,
}

/// A call that a [`Peer`] has made.
#[derive(Debug)]
pub(crate) struct Dialog {
    call_id: String,
    from: String,
    to: String,
    target: String,
    cseq: u32,
}

impl Peer {
    /// Opens a socket on an address of loopback.
    pub(crate) fn at(address: &str, gateway: SocketAddr) -> Self {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        let local = socket.local_addr().unwrap();
        Self { socket, local, gateway }
    }

    /// Speaks by a socket that is there already.
    pub(crate) fn over(socket: UdpSocket, gateway: SocketAddr) -> Self {
        let local = socket.local_addr().unwrap();
        Self { socket, local, gateway }
    }

    /// Opens a socket on 127.0.0.1.
    pub(crate) fn new(gateway: SocketAddr) -> Self {
        Self::at("127.0.0.1", gateway)
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.gateway).unwrap();
    }

    /// Returns the next message, if one comes in time.
    pub(crate) fn receive(&self, patience: Duration) -> Option<String> {
        let mut buffer = [0; 65_535];
        self.socket.set_read_timeout(Some(patience.max(Duration::from_millis(1)))).unwrap();
        let (length, _) = self.socket.recv_from(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    /// Asks something outside any call and returns the final answer.
    pub(crate) fn ask(&self, method: &str) -> String {
        self.ask_uri(method, &format!("sip:{}", self.gateway))
    }

    /// The same of a user there.
    pub(crate) fn ask_user(&self, method: &str, user: &str) -> String {
        self.ask_uri(method, &format!("sip:{user}@{}", self.gateway))
    }

    fn ask_uri(&self, method: &str, uri: &str) -> String {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let request = self.request(
            method,
            uri,
            &format!("ask-{number}"),
            &format!("<sip:tester@{}>;tag=t{number}", self.local),
            &format!("<{uri}>"),
            1,
            "",
        );
        self.send(request.as_bytes());
        self.answer(&format!("ask-{number}"))
    }

    /// Sends an INVITE and returns its final answer, acknowledged, with the call.
    pub(crate) fn invite(&self, user: &str, media: &str) -> (String, Dialog) {
        let (dialog, request) = self.invitation(user, media);
        self.invite_as(dialog, &request)
    }

    /// As [`Self::invite`], in place of another call (RFC 3891).
    pub(crate) fn replace(&self, user: &str, media: &str, old: &Dialog) -> (String, Dialog) {
        let (dialog, request) = self.invitation(user, media);
        let tag = |address: &str| address.split(";tag=").nth(1).unwrap_or_default().to_owned();
        let (call, to, from) = (&old.call_id, tag(&old.to), tag(&old.from));
        let replaces = format!("\r\nReplaces: {call};to-tag={to};from-tag={from}\r\nContact:");
        self.invite_as(dialog, &request.replacen("\r\nContact:", &replaces, 1))
    }

    /// Offers other media in a call and returns the final answer, acknowledged.
    pub(crate) fn change(&self, dialog: &mut Dialog, media: &str) -> String {
        dialog.cseq += 1;
        let request = self.within(dialog, "INVITE", &self.describe(media));
        self.send(request.as_bytes());
        let answer = self.answer(&dialog.call_id);
        self.send(self.within(dialog, "ACK", "").as_bytes());
        answer
    }

    /// Waits for a BYE and answers it.
    pub(crate) fn is_hung_up_on(&self) -> bool {
        let begun = Instant::now();
        while let Some(message) = self.receive(PATIENCE.saturating_sub(begun.elapsed())) {
            if message.starts_with("BYE ") {
                let copied = message.lines().filter(|line| {
                    ["Via:", "From:", "To:", "Call-ID:", "CSeq:"]
                        .iter()
                        .any(|name| line.starts_with(name))
                });
                let lines: String = copied.map(|line| format!("{line}\r\n")).collect();
                self.send(format!("SIP/2.0 200 OK\r\n{lines}Content-Length: 0\r\n\r\n").as_bytes());
                return true;
            }
        }
        false
    }

    fn invite_as(&self, mut dialog: Dialog, request: &str) -> (String, Dialog) {
        self.send(request.as_bytes());
        let answer = self.answer(&dialog.call_id);
        dialog.to = header(&answer, "To").unwrap_or_default();
        if let Some(contact) = header(&answer, "Contact") {
            dialog.target = contact.trim_matches(['<', '>']).to_owned();
        }
        // A refusal's ACK belongs to the INVITE's own transaction: the same branch.
        let ack = match status(&answer) {
            200..=299 => self.within(&dialog, "ACK", ""),
            _ => {
                let branch = header(request, "Via").unwrap();
                let ack = self.within(&dialog, "ACK", "");
                let own = header(&ack, "Via").unwrap();
                ack.replacen(&own, &branch, 1)
            }
        };
        self.send(ack.as_bytes());
        (answer, dialog)
    }

    /// Returns an INVITE to send.
    pub(crate) fn invitation(&self, user: &str, media: &str) -> (Dialog, String) {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dialog = Dialog {
            call_id: format!("call-{number}"),
            from: format!("<sip:3125550142@{}>;tag=t{number}", self.local),
            to: format!("<sip:{user}@{}>", self.gateway),
            target: format!("sip:{user}@{}", self.gateway),
            cseq: 1,
        };
        let request = self.within(&dialog, "INVITE", &self.describe(media));
        (dialog, request)
    }

    fn describe(&self, media: &str) -> String {
        let ip = self.local.ip();
        format!("v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n{media}")
    }

    /// Hangs up and returns the answer.
    pub(crate) fn bye(&self, dialog: &mut Dialog) -> String {
        dialog.cseq += 1;
        let request = self.within(dialog, "BYE", "");
        self.send(request.as_bytes());
        self.answer(&dialog.call_id)
    }

    /// Returns the next final answer about this Call-ID.
    fn answer(&self, call_id: &str) -> String {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let Some(message) = self.receive(PATIENCE - begun.elapsed()) else { break };
            let ours = header(&message, "Call-ID").is_some_and(|id| id == call_id);
            if ours && status(&message) >= 200 {
                return message;
            }
        }
        panic!("no answer about {call_id}")
    }

    fn within(&self, dialog: &Dialog, method: &str, sdp: &str) -> String {
        let Dialog { call_id, from, to, target, cseq } = dialog;
        self.request(method, target, call_id, from, to, *cseq, sdp)
    }

    #[allow(clippy::too_many_arguments, reason = "these are what a request has")]
    fn request(
        &self,
        method: &str,
        uri: &str,
        call_id: &str,
        from: &str,
        to: &str,
        cseq: u32,
        sdp: &str,
    ) -> String {
        let (local, branch) = (self.local, NEXT.fetch_add(1, Ordering::Relaxed));
        let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK-{branch}\r\n\
             Max-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:tester@{local}>\r\n{kind}\
             Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        )
    }
}

/// Returns the status of a response; 0 is no response.
pub(crate) fn status(message: &str) -> u16 {
    let code = message.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
    code.and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// Returns the value of a header.
pub(crate) fn header(message: &str, name: &str) -> Option<String> {
    let head = message.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}
