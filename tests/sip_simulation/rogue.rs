//! A peer on a trunk that behaves as it likes: it repeats, forgets, contradicts itself, counts
//! backwards and answers what nobody asked. It writes proper lines, so that they are understood.

use std::cell::Cell;
use std::net::SocketAddr;

use attendant::base::Dice;

use super::proxy::{answer, branch, header};
use super::sip_wire::OFFER;

/// Messages it sends, with how many milliseconds later.
pub(crate) type Sends = Vec<(u64, SocketAddr, String)>;

/// What it may still send in one run: a quarrel ends.
const BREATH: u32 = 80;

/// One of its calls.
struct Dialog {
    peer: SocketAddr,
    /// Request-URI of its requests.
    target: String,
    call_id: String,
    own: String,
    theirs: String,
    cseq: u64,
    invite: String,
}

/// The peer.
pub(crate) struct Rogue {
    address: SocketAddr,
    dice: Dice,
    /// It repeats itself: over a connection that would be no repeat.
    repeats: bool,
    breath: u32,
    number: u32,
    branches: Cell<u32>,
    dialogs: Vec<Dialog>,
}

impl Rogue {
    pub(crate) fn new(address: SocketAddr, repeats: bool, seed: u64) -> Self {
        let dice = Dice::new(seed ^ 0x0726);
        let branches = Cell::new(0);
        Self { address, dice, repeats, breath: BREATH, number: 0, branches, dialogs: Vec::new() }
    }

    /// Calls somebody.
    pub(crate) fn call(&mut self, peer: SocketAddr) -> Sends {
        self.number += 1;
        let number = self.number;
        let mut dialog = Dialog {
            peer,
            target: format!("sip:100@{peer}"),
            call_id: format!("rogue-{number}@{}", self.address.ip()),
            own: format!("<sip:rogue@{}>;tag=rogue{number}", self.address.ip()),
            theirs: format!("<sip:100@{}>", peer.ip()),
            cseq: 1 + self.dice.below(1000),
            invite: String::new(),
        };
        let odd = [
            "Require: 100rel\r\n",
            "Supported: timer, 100rel\r\nSession-Expires: 90\r\n",
            "Require: holography\r\n",
            "Session-Expires: 5\r\nSupported: timer\r\n",
            "Replaces: nobody@there;to-tag=a;from-tag=b\r\n",
            "Max-Forwards: 0\r\n",
        ];
        let extra = match self.dice.below(4) {
            0 => odd[self.dice.below(odd.len() as u64) as usize],
            _ => "",
        };
        let offer = if self.dice.below(4) == 0 { "" } else { OFFER };
        let invite = self.write(&dialog, "INVITE", dialog.cseq, extra, offer);
        dialog.invite.clone_from(&invite);
        self.dialogs.push(dialog);
        let mut sends = vec![(0, peer, invite.clone())];
        if self.repeats && self.dice.below(4) == 0 {
            sends.push((self.dice.below(900), peer, invite.clone()));
        }
        if self.dice.below(6) == 0 {
            // The same call by another path (RFC 3261 §8.2.2.2).
            sends.push((
                self.dice.below(300),
                peer,
                invite.replacen("branch=z9hG4bK", "branch=z9hG4bKtwo", 1),
            ));
        }
        if self.dice.below(6) == 0 {
            sends.push((self.dice.below(4000), peer, self.cancel(&invite)));
        }
        self.breathe(sends)
    }

    /// Takes a message.
    pub(crate) fn hears(&mut self, source: SocketAddr, bytes: &[u8]) -> Sends {
        let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
        let sends = match text.starts_with("SIP/2.0 ") {
            true => self.hears_response(source, text),
            false => self.hears_request(source, text),
        };
        self.breathe(sends)
    }

    fn breathe(&mut self, mut sends: Sends) -> Sends {
        sends.truncate(self.breath as usize);
        self.breath -= sends.len() as u32;
        sends
    }

    fn hears_response(&mut self, source: SocketAddr, text: &str) -> Sends {
        let status: u16 = text.get(8..11).and_then(|code| code.parse().ok()).unwrap_or(0);
        let (cseq, to) =
            (header(text, "CSeq").unwrap_or_default(), header(text, "To").unwrap_or_default());
        let id = header(text, "Call-ID").unwrap_or_default();
        let Some(at) = self.dialogs.iter().position(|dialog| dialog.call_id == id) else {
            return Vec::new();
        };
        let contact =
            header(text, "Contact").map(|contact| contact.trim_matches(['<', '>']).to_owned());
        if to.contains(";tag=") {
            self.dialogs[at].theirs = to.to_owned();
        }
        if let Some(contact) = contact {
            self.dialogs[at].target = contact;
        }
        let number: u64 = cseq.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(1);
        let mut sends = Vec::new();
        match (status, cseq.ends_with("INVITE")) {
            (101..=199, true) => {
                if self.dice.below(3) == 0 {
                    sends.extend(self.something(at));
                }
                if self.repeats && self.dice.below(8) == 0 {
                    let invite = self.dialogs[at].invite.clone();
                    sends.push((self.dice.below(500), source, self.cancel(&invite)));
                }
            }
            (200..=299, true) => {
                let body = if self.dice.below(3) == 0 { "" } else { OFFER };
                let wrong = self.dice.below(10) == 0;
                let number = number + u64::from(wrong);
                let ack = self.write(&self.dialogs[at], "ACK", number, "", body);
                if self.dice.below(10) < 7 {
                    for _ in 0..1 + self.dice.below(2) {
                        sends.push((self.dice.below(1500), source, ack.clone()));
                    }
                }
                if self.dice.below(2) == 0 {
                    for _ in 0..self.dice.below(4) {
                        sends.extend(self.something(at));
                    }
                }
            }
            (300..=699, true) => {
                // A refusal's ACK is the INVITE's own.
                let invite = &self.dialogs[at].invite;
                let mut ack = like_ack(invite, to);
                if self.dice.below(5) == 0 {
                    ack = ack.replacen("CSeq", "X-CSeq", 1);
                }
                sends.push((0, source, ack));
            }
            _ => {}
        }
        sends
    }

    /// Some request inside a dialog, with a number that may be wrong.
    fn something(&mut self, at: usize) -> Sends {
        const WHAT: [(&str, &str, &str); 12] = [
            ("BYE", "", ""),
            ("INVITE", "", OFFER),
            ("INVITE", "", ""),
            ("UPDATE", "", OFFER),
            ("UPDATE", "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n", ""),
            ("INFO", "Content-Type: application/dtmf-relay\r\n", "Signal=5\r\nDuration=160\r\n"),
            ("REFER", "Refer-To: <sip:101@10.0.0.3>\r\n", ""),
            (
                "NOTIFY",
                "Event: refer\r\nSubscription-State: terminated\r\nContent-Type: message/sipfrag\r\n",
                "SIP/2.0 200 OK\r\n",
            ),
            ("PRACK", "RAck: 1 1 INVITE\r\n", ""),
            ("MESSAGE", "Content-Type: text/plain\r\n", "hello"),
            ("SUBSCRIBE", "Event: presence\r\n", ""),
            ("BREW", "", ""),
        ];
        let (method, extra, body) = WHAT[self.dice.below(WHAT.len() as u64) as usize];
        let step = self.dice.below(8);
        let dialog = &mut self.dialogs[at];
        dialog.cseq = match step {
            0 => dialog.cseq,
            1 => dialog.cseq.saturating_sub(3),
            2 => dialog.cseq + 8,
            _ => dialog.cseq + 1,
        };
        let (cseq, peer) = (dialog.cseq, dialog.peer);
        let text = self.write(&self.dialogs[at], method, cseq, extra, body);
        let after = self.dice.below(8000);
        let mut sends = vec![(after, peer, text.clone())];
        if self.repeats && self.dice.below(4) == 0 {
            sends.push((after + self.dice.below(1000), peer, text));
        }
        sends
    }

    fn hears_request(&mut self, source: SocketAddr, text: &str) -> Sends {
        let method = text.split(' ').next().unwrap_or_default();
        let mut sends = Vec::new();
        if method == "ACK" {
            return sends;
        }
        let answers: &[&str] = match method {
            "INVITE" => &[
                "100 Trying",
                "180 Ringing",
                "183 Session Progress",
                "200 OK",
                "200 OK",
                "302 Moved Temporarily",
                "401 Unauthorized",
                "486 Busy Here",
                "491 Request Pending",
                "503 Service Unavailable",
                "603 Decline",
            ],
            _ => &[
                "200 OK",
                "200 OK",
                "202 Accepted",
                "404 Not Found",
                "481 Call Does Not Exist",
                "500 Server Internal Error",
                "407 Proxy Authentication Required",
            ],
        };
        for _ in 0..self.dice.below(4) {
            let status = answers[self.dice.below(answers.len() as u64) as usize];
            let tag = format!("r{}", self.dice.below(3));
            let mut head = answer(text, status, if status.starts_with("100") { "" } else { &tag });
            head.push_str(&format!("Contact: <sip:rogue@{}>\r\n", self.address));
            if status.starts_with("40") {
                head.push_str(
                    "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=MD5\r\n",
                );
            }
            if status.starts_with("18") && self.dice.below(3) == 0 {
                let number = self.dice.below(4);
                head.push_str(&format!("Require: 100rel\r\nRSeq: {number}\r\n"));
            }
            let body = if method == "INVITE" && self.dice.below(2) == 0 { OFFER } else { "" };
            sends.push((self.dice.below(6000), source, finish(head, body)));
        }
        if self.dice.below(8) == 0 {
            // An answer that belongs to nothing.
            let own = branch(text).unwrap_or_default();
            let stray = answer(text, "200 OK", "stray").replace(&own, "z9hG4bKnobodys");
            sends.push((self.dice.below(500), source, finish(stray, "")));
        }
        sends
    }

    fn write(&self, dialog: &Dialog, method: &str, cseq: u64, extra: &str, body: &str) -> String {
        let Dialog { target, call_id, own, theirs, .. } = dialog;
        self.branches.set(self.branches.get() + 1);
        let branch = format!("z9hG4bKrogue{}", self.branches.get());
        let kind = if body.starts_with("v=0") { "Content-Type: application/sdp\r\n" } else { "" };
        let hops = if extra.contains("Max-Forwards") { "" } else { "Max-Forwards: 70\r\n" };
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch={branch}\r\nFrom: {own}\r\n\
             To: {theirs}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:rogue@{}>\r\n{hops}{extra}{kind}Content-Length: {}\r\n\r\n{body}",
            self.address,
            self.address,
            body.len()
        )
    }

    fn cancel(&mut self, invite: &str) -> String {
        let text =
            like_ack(invite, header(invite, "To").unwrap_or_default()).replace("ACK", "CANCEL");
        // Sometimes for a call that is not there.
        if self.dice.below(5) == 0 { text.replace("z9hG4bKrogue", "z9hG4bKother") } else { text }
    }
}

fn finish(head: String, body: &str) -> String {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!("{head}{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn like_ack(invite: &str, to: &str) -> String {
    let target = invite.split(' ').nth(1).unwrap_or_default();
    let of = |name| header(invite, name).unwrap_or_default();
    let number = of("CSeq").split(' ').next().unwrap_or_default();
    format!(
        "ACK {target} SIP/2.0\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {number} ACK\r\n\
         Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        of("Via"),
        of("From"),
        of("Call-ID"),
    )
}
