//! SRTP through a whole gateway on loopback: what a trunk's `srtp` lets in, sound under the keys of the answer, other
//! keys within a call, and no key in any log line.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod gateway_stage;

use std::io::Write;
use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use attendant::rtp::{MasterKey, Packet, SrtpReceiver, Suite};
use gateway_stage::quiet::Quiet;
use gateway_stage::wire::{Peer, status};
use gateway_stage::{Folder, NUMBER, PROFILE};
use tracing_subscriber::fmt::MakeWriter;

/// As RFC 4568 shows one, and another one.
const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const OTHER: &str = "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";
const PATIENCE: Duration = Duration::from_secs(20);

/// All that was logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn gateway(srtp: &str) -> (Folder, Quiet) {
    let folder = Folder::trunk();
    folder.append(PROFILE, &format!("[media]\nsrtp = \"{srtp}\"\n"));
    let gateway = Quiet::start(&folder);
    (folder, gateway)
}

fn secure(port: u16, key: &str, more: &str) -> String {
    let crypto = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\n");
    format!("m=audio {port} RTP/SAVP 0\r\n{crypto}{more}")
}

fn plain(port: u16) -> String {
    format!("m=audio {port} RTP/AVP 0\r\n")
}

/// The key in an answer, as it stands there.
fn key_of(answer: &str) -> &str {
    let (_, rest) = answer.split_once("inline:").unwrap_or_else(|| panic!("no key in {answer}"));
    rest.split_whitespace().next().unwrap()
}

fn receiver(key: &str) -> SrtpReceiver {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<u32> =
        key.chars().filter_map(|digit| ALPHABET.find(digit)).map(|value| value as u32).collect();
    let group = |four: &[u32]| four.iter().fold(0, |bits, digit| bits << 6 | digit).to_be_bytes();
    let bytes: Vec<u8> = digits.chunks(4).flat_map(|four| group(four)[1..].to_vec()).collect();
    SrtpReceiver::new(&MasterKey::new(Suite::Aes128Tag80, &bytes).unwrap(), 0)
}

/// Takes packets until so many in a row open under the key, and returns the last one's sequence number.
fn hears(rtp: &UdpSocket, receiver: &mut SrtpReceiver, wanted: u32) -> u16 {
    let (begun, mut opened) = (Instant::now(), 0);
    let mut buffer = [0; 1500];
    loop {
        assert!(begun.elapsed() < PATIENCE, "nothing opens under this key");
        let Ok((length, _)) = rtp.recv_from(&mut buffer) else { continue };
        // RTCP comes by another port, and by this one where both sides wish so.
        match receiver.unprotect(&mut buffer[..length]) {
            Ok(length) => {
                opened += 1;
                let packet = Packet::parse(&buffer[..length]).unwrap();
                assert_eq!((packet.header.payload_type, packet.payload.len()), (0, 160));
                if opened == wanted {
                    return packet.header.seq.0;
                }
            }
            Err(_) => opened = 0,
        }
    }
}

#[test]
fn a_call_under_srtp_and_what_is_refused() {
    let log = Log::default();
    const PLANTED: &str = "cGxhbnRlZCwgdG8gc2VlIHRoYXQgaXQgaXMgZm91";
    let told = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    told.with_writer(log.clone()).init();
    // What would be found: each level is written down, with whatever stands in a line of SDP.
    tracing::trace!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{PLANTED}");
    let (folder, running) = gateway("required");
    let peer = Peer::new(folder.sip);
    let rtp = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    rtp.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let port = rtp.local_addr().unwrap().port();

    let (refused, _) = peer.invite(NUMBER, &plain(port));
    assert_eq!(status(&refused), 488);
    assert!(refused.contains("SRTP is required here: switch SRTP (SDES) on"), "{refused}");
    let (refused, _) = peer.invite(NUMBER, &secure(port, KEY, "").replace(" 0\r\n", " 18\r\n"));
    assert_eq!(status(&refused), 488);
    for reason in ["bad_offer", "no_common_codec"] {
        let series = format!("attendant_calls_refused_total{{reason=\"{reason}\"}}");
        assert_eq!(folder.metric(&series), Some(1.0), "{reason}");
    }

    let (answer, mut call) = peer.invite(NUMBER, &secure(port, KEY, ""));
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.contains(" RTP/SAVP 0"), "{answer}");
    let ours = key_of(&answer).to_owned();
    assert_ne!(ours, KEY);
    let mut under = receiver(&ours);
    let before = hears(&rtp, &mut under, 20);

    // Hold and resume name the same key, and so do we: numbers and counters go on.
    for direction in ["a=inactive\r\n", "a=sendrecv\r\n"] {
        let answer = peer.change(&mut call, &secure(port, KEY, direction));
        assert_eq!((status(&answer), key_of(&answer)), (200, ours.as_str()));
    }
    let after = hears(&rtp, &mut under, 20);
    assert!(after.wrapping_sub(before) < 1000);

    // Another key there, another one here.
    let answer = peer.change(&mut call, &secure(port, OTHER, ""));
    let next = key_of(&answer).to_owned();
    assert!(next != ours && next != OTHER);
    hears(&rtp, &mut receiver(&next), 20);
    let refused = peer.change(&mut call, &plain(port));
    assert_eq!(status(&refused), 488, "the call goes on under its keys: {refused}");
    hears(&rtp, &mut receiver(&next), 20);
    assert_eq!(status(&peer.bye(&mut call)), 200);
    // Each call has keys of its own.
    let (answer, mut call) = peer.invite(NUMBER, &secure(port, KEY, ""));
    assert!(![ours.as_str(), &next].contains(&key_of(&answer)));
    assert_eq!(status(&peer.bye(&mut call)), 200);
    drop(running);

    let (folder, running) = gateway("off");
    let peer = Peer::new(folder.sip);
    let (refused, _) = peer.invite(NUMBER, &secure(port, KEY, ""));
    assert_eq!(status(&refused), 488);
    assert!(refused.contains("SRTP is off here"), "{refused}");
    drop(running);

    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    let readable: Vec<&str> = logged
        .lines()
        .filter(|line| line.contains("The keys of this call's SRTP came unencrypted"))
        .collect();
    let warnings = readable.iter().filter(|line| line.contains(" WARN ")).count();
    assert!(warnings == 1 && readable.len() > 1, "once a trunk: {readable:#?}");
    let refusals = logged.lines().filter(|line| line.contains("Call refused."));
    assert!(refusals.clone().count() >= 2, "{logged}");
    for refusal in refusals {
        assert!(refusal.contains("trunk=demo"), "{refusal}");
    }
    let change = "A change of media was refused; the call goes on as it was.";
    assert!(logged.contains(change), "{logged}");
    assert!(logged.contains("SRTP is required here"), "the refusal is in the log: {logged}");
    assert!(logged.contains(&PLANTED[..12]), "a key would not be found");
    for key in [KEY, OTHER, &ours, &next] {
        assert!(!logged.contains(&key[..12]), "a key was logged");
    }
}
