//! Secure RTP and RTCP (RFC 3711) with counter-mode AES of 128 or 256 bits (RFC 6188) and HMAC-SHA1.
//!
//! Keys come from SDP (RFC 4568). Nothing here allocates, so that a media thread may run it, and
//! nothing is taken from a packet before its tag is right.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::Ssrc;
use super::keys::{KeyStream, MasterKey, SALT};
use super::replay::{STREAMS, Window, note};

/// Bytes of the longest tag.
const TAG: usize = 10;
/// What SRTCP puts between the packet and its tag: the E bit and the index.
const INDEX: usize = 4;
/// The most that protecting adds to a packet.
pub const OVERHEAD: usize = TAG + INDEX;

/// Why a packet is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SrtpError {
    /// It is shorter than header and tag.
    #[error("too short to be protected")]
    Short,
    /// Its tag does not fit: another key, or somebody changed it.
    #[error("the authentication tag is wrong")]
    Forged,
    /// It came before, or is too old to tell.
    #[error("replayed")]
    Replayed,
    /// There is no room for the tag.
    #[error("no room for the tag")]
    NoRoom,
    /// The key has been used for as many packets as it may (RFC 3711 §9.2).
    #[error("the key is used up")]
    UsedUp,
}

/// Session keys of one direction, for RTP or RTCP.
#[derive(Clone)]
struct Session {
    stream: KeyStream,
    mac: Hmac<Sha1>,
    salt: [u8; SALT],
    tag: usize,
}

impl Session {
    /// Derives the keys of RTP.
    fn rtp(master: &MasterKey) -> Self {
        Self::derive(master, [0, 1, 2], master.suite().tag())
    }

    /// Derives the keys of RTCP.
    fn rtcp(master: &MasterKey) -> Self {
        Self::derive(master, [3, 4, 5], TAG)
    }

    fn derive(master: &MasterKey, labels: [u8; 3], tag: usize) -> Self {
        let (mut key, mut mac, mut salt) = ([0; 32], [0; 20], [0; SALT]);
        let key = &mut key[..master.suite().key_bytes()];
        master.derive(labels[0], key);
        master.derive(labels[1], &mut mac);
        master.derive(labels[2], &mut salt);
        let mac = Hmac::new_from_slice(&mac).expect("HMAC takes keys of any length");
        Self { stream: KeyStream::new(key), mac, salt, tag }
    }

    /// RFC 3711 §4.1.1: encrypts or decrypts.
    fn apply(&self, ssrc: u32, index: u64, bytes: &mut [u8]) {
        let mut block = [0; 16];
        block[..SALT].copy_from_slice(&self.salt);
        for (byte, other) in block[4..8].iter_mut().zip(ssrc.to_be_bytes()) {
            *byte ^= other;
        }
        for (byte, other) in block[8..14].iter_mut().zip(&index.to_be_bytes()[2..]) {
            *byte ^= other;
        }
        self.stream.apply(&block, bytes);
    }

    fn mac(&self, packet: &[u8], rollovers: Option<u32>) -> Hmac<Sha1> {
        let mut mac = self.mac.clone();
        mac.update(packet);
        if let Some(rollovers) = rollovers {
            mac.update(&rollovers.to_be_bytes());
        }
        mac
    }

    fn sign(&self, packet: &[u8], rollovers: Option<u32>, tag: &mut [u8]) {
        let whole = self.mac(packet, rollovers).finalize().into_bytes();
        tag.copy_from_slice(&whole[..tag.len()]);
    }

    /// In constant time.
    fn verify(&self, packet: &[u8], rollovers: Option<u32>, tag: &[u8]) -> bool {
        self.mac(packet, rollovers).verify_truncated_left(tag).is_ok()
    }
}

/// Protects what we send under one key.
#[derive(Clone)]
pub struct SrtpSender {
    rtp: Session,
    rtcp: Session,
    ssrc: Option<Ssrc>,
    rollovers: u32,
    last: u16,
    reports: u32,
}

impl SrtpSender {
    /// Begins under a new key.
    pub fn new(key: &MasterKey) -> Self {
        let (rtp, rtcp) = (Session::rtp(key), Session::rtcp(key));
        Self { rtp, rtcp, ssrc: None, rollovers: 0, last: 0, reports: 0 }
    }

    /// Whether the sequence number has wrapped, so that the roll-over counter is not 0.
    pub fn has_rolled_over(&self) -> bool {
        self.rollovers > 0
    }

    /// Protects the RTP packet in the first `length` bytes and returns its new length.
    ///
    /// # Errors
    /// When it is no RTP packet, or `buffer` has no room for the tag.
    pub fn protect(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SrtpError> {
        let end = length + self.rtp.tag;
        let header = header_length(buffer.get(..length).ok_or(SrtpError::Short)?)?;
        if buffer.len() < end {
            return Err(SrtpError::NoRoom);
        }
        let (ssrc, index) = self.count(buffer)?;
        self.rtp.apply(ssrc, index, &mut buffer[header..length]);
        let (packet, tag) = buffer[..end].split_at_mut(length);
        self.rtp.sign(packet, Some(self.rollovers), tag);
        Ok(end)
    }

    /// Counts an RTP packet that goes in the clear between others that do not, so that the roll-over counter
    /// stays right. What is no RTP packet is not counted.
    pub fn pass(&mut self, packet: &[u8]) {
        if header_length(packet).is_ok() {
            // A key that is used up says so when it is used.
            let _ = self.count(packet);
        }
    }

    /// Returns stream and index of a packet whose header is whole.
    fn count(&mut self, packet: &[u8]) -> Result<(u32, u64), SrtpError> {
        let (ssrc, seq) = (word(packet, 8), u16::from_be_bytes([packet[2], packet[3]]));
        if self.ssrc != Some(Ssrc(ssrc)) {
            self.ssrc = Some(Ssrc(ssrc));
            self.rollovers = 0;
        } else if seq < self.last && self.last - seq > 0x8000 {
            self.rollovers = self.rollovers.checked_add(1).ok_or(SrtpError::UsedUp)?;
        }
        self.last = seq;
        Ok((ssrc, u64::from(self.rollovers) << 16 | u64::from(seq)))
    }

    /// Protects the RTCP packet in the first `length` bytes and returns its new length.
    ///
    /// # Errors
    /// When it is no RTCP packet, or `buffer` has no room for index and tag.
    pub fn protect_report(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SrtpError> {
        let end = length + INDEX + self.rtcp.tag;
        if length < 8 {
            return Err(SrtpError::Short);
        }
        if buffer.len() < end {
            return Err(SrtpError::NoRoom);
        }
        if self.reports >= 0x7fff_ffff {
            return Err(SrtpError::UsedUp);
        }
        self.reports += 1;
        let ssrc = word(buffer, 4);
        self.rtcp.apply(ssrc, self.reports.into(), &mut buffer[8..length]);
        let (packet, tag) = buffer[..end].split_at_mut(length + INDEX);
        packet[length..].copy_from_slice(&(0x8000_0000 | self.reports).to_be_bytes());
        self.rtcp.sign(packet, None, tag);
        Ok(end)
    }
}

/// Checks and opens what comes under one key.
#[derive(Clone)]
pub struct SrtpReceiver {
    rtp: Session,
    rtcp: Session,
    /// Bytes of the key identifier before each tag.
    mki: usize,
    streams: [Option<Window>; STREAMS],
    reports: [Option<Window>; STREAMS],
    packets: u64,
    /// Streams under the key before this one, and their roll-over counters.
    hints: [Option<(u32, u32)>; STREAMS],
}

impl SrtpReceiver {
    /// Begins under a new key. Packets carry a key identifier (MKI) of so many bytes, as a rule none; there
    /// is one key, so that it says nothing.
    pub fn new(key: &MasterKey, mki: u8) -> Self {
        let (rtp, rtcp) = (Session::rtp(key), Session::rtcp(key));
        let (streams, reports) = ([None; STREAMS], [None; STREAMS]);
        let hints = [None; STREAMS];
        Self { rtp, rtcp, mki: mki.into(), streams, reports, packets: 0, hints }
    }

    /// Begins under the key that follows that of `before`. Some go on counting roll-overs (RFC 3711 §3.3.1),
    /// others begin anew with the key: either is understood.
    pub fn succeed(key: &MasterKey, mki: u8, before: &Self) -> Self {
        let mut hints = before.hints;
        for window in before.streams.iter().flatten() {
            let hint = Some((window.ssrc, window.rollovers()));
            let known = hints.iter().position(|it| it.is_some_and(|(ssrc, _)| ssrc == window.ssrc));
            hints[known.unwrap_or(STREAMS - 1)] = hint;
            hints.rotate_right(usize::from(known.is_none()));
        }
        Self { hints, ..Self::new(key, mki) }
    }

    /// Opens an SRTP packet in place and returns the length of the RTP packet.
    ///
    /// # Errors
    /// When it is not to be believed; then `packet` is as it came.
    pub fn unprotect(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let tag = packet.len().checked_sub(self.rtp.tag).ok_or(SrtpError::Short)?;
        let length = tag.checked_sub(self.mki).ok_or(SrtpError::Short)?;
        let header = header_length(&packet[..length])?;
        let (ssrc, seq) = (word(packet, 8), u16::from_be_bytes([packet[2], packet[3]]));
        let known = self.streams.iter().flatten().find(|window| window.ssrc == ssrc);
        let index = known.map_or(seq.into(), |window| window.guess(seq));
        if known.is_some_and(|window| !window.is_new(index)) {
            return Err(SrtpError::Replayed);
        }
        let genuine = |index: u64| {
            let rollovers = (index >> 16) as u32;
            self.rtp.verify(&packet[..length], Some(rollovers), &packet[tag..])
        };
        let index = match (genuine(index), known) {
            (true, _) => index,
            (false, None) => {
                // The packets before the first wrap were lost, or sent before we listened; or the far end
                // counts on from the key before.
                let hint = self.hints.iter().flatten().find(|(of, _)| *of == ssrc);
                let counts_on = hint.map(|(_, rollovers)| u64::from(*rollovers) << 16 | index);
                let next = |index: u64| index + 0x1_0000;
                let mut all = [Some(next(index)), counts_on, counts_on.map(next)].into_iter();
                all.find_map(|it| it.filter(|index| genuine(*index))).ok_or(SrtpError::Forged)?
            }
            (false, _) => return Err(SrtpError::Forged),
        };
        self.packets += 1;
        note(&mut self.streams, ssrc, index, self.packets);
        self.rtp.apply(ssrc, index, &mut packet[header..length]);
        Ok(length)
    }

    /// Opens an SRTCP packet in place and returns the length of the RTCP packet.
    ///
    /// # Errors
    /// When it is not to be believed; then `packet` is as it came.
    pub fn unprotect_report(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let tag = packet.len().checked_sub(self.rtcp.tag).ok_or(SrtpError::Short)?;
        let signed = tag.checked_sub(self.mki).ok_or(SrtpError::Short)?;
        let length = signed.checked_sub(INDEX).filter(|&l| l >= 8).ok_or(SrtpError::Short)?;
        let (ssrc, mark) = (word(packet, 4), word(packet, length));
        let index = u64::from(mark & 0x7fff_ffff);
        let known = self.reports.iter().flatten().find(|window| window.ssrc == ssrc);
        if known.is_some_and(|window| !window.is_new(index)) {
            return Err(SrtpError::Replayed);
        }
        if !self.rtcp.verify(&packet[..signed], None, &packet[tag..]) {
            return Err(SrtpError::Forged);
        }
        self.packets += 1;
        note(&mut self.reports, ssrc, index, self.packets);
        if mark >> 31 == 1 {
            self.rtcp.apply(ssrc, index, &mut packet[8..length]);
        }
        Ok(length)
    }
}

/// The length of an RTP header with its CSRC list and extension (RFC 3550 §5.1), which stay readable.
fn header_length(packet: &[u8]) -> Result<usize, SrtpError> {
    let first = *packet.first().filter(|first| **first >> 6 == 2).ok_or(SrtpError::Short)?;
    let mut length = 12 + 4 * usize::from(first & 15);
    if first & 0x10 != 0 {
        let words = packet.get(length + 2..length + 4).ok_or(SrtpError::Short)?;
        length += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    (length <= packet.len()).then_some(length).ok_or(SrtpError::Short)
}

fn word(packet: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Suite;
    use proptest::prelude::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pair = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap();
        digits.chunks(2).map(pair).collect()
    }

    fn key(suite: Suite) -> MasterKey {
        let bytes: Vec<u8> = (0..suite.key_bytes() + SALT).map(|i| (i * 7 + 3) as u8).collect();
        MasterKey::new(suite, &bytes).unwrap()
    }

    fn packet(seq: u16, ssrc: u32) -> Vec<u8> {
        let mut packet = vec![0x80, 0];
        packet.extend(seq.to_be_bytes());
        packet.extend([0, 0, 0, 1]);
        packet.extend(ssrc.to_be_bytes());
        packet.extend((0..160).map(|i| i as u8 ^ seq as u8));
        packet
    }

    fn protect(sender: &mut SrtpSender, packet: &[u8]) -> Vec<u8> {
        let mut buffer = packet.to_vec();
        buffer.resize(packet.len() + OVERHEAD, 0);
        let length = sender.protect(&mut buffer, packet.len()).unwrap();
        buffer.truncate(length);
        buffer
    }

    fn open(receiver: &mut SrtpReceiver, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
        let mut packet = packet.to_vec();
        let length = receiver.unprotect(&mut packet)?;
        packet.truncate(length);
        Ok(packet)
    }

    #[test]
    fn the_key_stream_is_that_of_rfc_3711_b_2() {
        let mut session = Session::rtp(&key(Suite::Aes128Tag80));
        session.stream = KeyStream::new(&hex("2B7E151628AED2A6ABF7158809CF4F3C"));
        session.salt.copy_from_slice(&hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"));
        let mut stream = [0; 48];
        session.apply(0, 0, &mut stream);
        assert_eq!(
            stream[..],
            hex(
                "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0"
            )
        );
    }

    #[test]
    fn what_is_protected_opens_and_is_not_readable() {
        for suite in Suite::ALL {
            let (mut sender, mut receiver) =
                (SrtpSender::new(&key(suite)), SrtpReceiver::new(&key(suite), 0));
            // Over two wraps of the sequence number.
            for number in (65_000..65_536 * 2 + 100_u32).step_by(7) {
                let plain = packet(number as u16, 9);
                let sealed = protect(&mut sender, &plain);
                assert_eq!(sealed.len(), plain.len() + suite.tag());
                assert_ne!(sealed[12..60], plain[12..60]);
                assert_eq!(open(&mut receiver, &sealed).unwrap(), plain);
            }
        }
    }

    #[test]
    fn a_replayed_an_old_and_a_changed_packet_are_refused() {
        let master = key(Suite::Aes128Tag80);
        let (mut sender, mut receiver) = (SrtpSender::new(&master), SrtpReceiver::new(&master, 0));
        let sealed: Vec<_> = (0..300).map(|seq| protect(&mut sender, &packet(seq, 9))).collect();
        assert!(open(&mut receiver, &sealed[0]).is_ok());
        assert!(open(&mut receiver, &sealed[200]).is_ok());
        assert_eq!(open(&mut receiver, &sealed[200]), Err(SrtpError::Replayed));
        assert_eq!(open(&mut receiver, &sealed[0]), Err(SrtpError::Replayed));
        assert!(open(&mut receiver, &sealed[73]).is_ok(), "127 behind");
        assert_eq!(open(&mut receiver, &sealed[72]), Err(SrtpError::Replayed), "128 behind");
        for at in 0..sealed[250].len() {
            let mut changed = sealed[250].clone();
            changed[at] ^= 1;
            assert!(open(&mut receiver, &changed).is_err(), "byte {at}");
        }
        assert!(open(&mut receiver, &sealed[250]).is_ok(), "forgeries move no window");
        let mut other = SrtpReceiver::new(&key(Suite::Aes256Tag80), 0);
        assert_eq!(open(&mut other, &sealed[251]), Err(SrtpError::Forged));
    }

    #[test]
    fn a_new_stream_under_the_same_key_is_its_own() {
        let master = key(Suite::Aes128Tag32);
        let (mut sender, mut receiver) = (SrtpSender::new(&master), SrtpReceiver::new(&master, 0));
        for ssrc in 0..20 {
            for seq in 0..3 {
                let sealed = protect(&mut sender, &packet(seq, ssrc));
                assert!(open(&mut receiver, &sealed).is_ok(), "stream {ssrc}, packet {seq}");
                assert_eq!(open(&mut receiver, &sealed), Err(SrtpError::Replayed));
            }
        }
    }

    #[test]
    fn reports_are_protected_with_an_index_of_their_own() {
        let master = key(Suite::Aes128Tag32);
        let (mut sender, mut receiver) = (SrtpSender::new(&master), SrtpReceiver::new(&master, 0));
        let plain = hex("80c90001 00000009 81ca0004 00000009 0108 61747465 6e64616e 7400");
        for index in 1..5 {
            let mut buffer = plain.clone();
            buffer.resize(plain.len() + OVERHEAD, 0);
            let length = sender.protect_report(&mut buffer, plain.len()).unwrap();
            assert_eq!(length, plain.len() + OVERHEAD);
            assert_eq!(word(&buffer, plain.len()), 0x8000_0000 | index);
            assert_ne!(buffer[8..plain.len()], plain[8..]);
            let mut again = buffer.clone();
            let opened = receiver.unprotect_report(&mut buffer).unwrap();
            assert_eq!(buffer[..opened], plain);
            assert_eq!(receiver.unprotect_report(&mut again), Err(SrtpError::Replayed));
            again[10] ^= 1;
            assert!(receiver.unprotect_report(&mut again).is_err());
        }
    }

    #[test]
    fn a_key_identifier_is_read_over_and_the_first_wrap_may_be_missed() {
        let master = key(Suite::Aes256Tag80);
        let (mut sender, mut receiver) = (SrtpSender::new(&master), SrtpReceiver::new(&master, 4));
        let with_mki = |sealed: &[u8]| {
            let (packet, tag) = sealed.split_at(sealed.len() - TAG);
            [packet, &[0, 0, 0, 1], tag].concat()
        };
        let lost = protect(&mut sender, &packet(65_535, 9));
        for seq in 0..3 {
            let sealed = with_mki(&protect(&mut sender, &packet(seq, 9)));
            assert_eq!(open(&mut receiver, &sealed).unwrap(), packet(seq, 9));
        }
        assert_eq!(open(&mut receiver, &lost), Err(SrtpError::Forged), "without identifier");
        assert_eq!(open(&mut receiver, &with_mki(&lost)).unwrap(), packet(65_535, 9));
        let mut report = hex("80c90001 00000009");
        report.resize(8 + OVERHEAD, 0);
        let length = sender.protect_report(&mut report, 8).unwrap();
        let mut report = with_mki(&report[..length]);
        assert_eq!(receiver.unprotect_report(&mut report), Ok(8));
    }

    /// RFC 3711 §3.3.1 has it that they count on; many begin anew.
    #[test]
    fn a_far_end_may_or_may_not_count_on_under_another_key() {
        let (first, second) = (key(Suite::Aes128Tag80), key(Suite::Aes256Tag80));
        for (kept, seq) in [(3, 700), (0, 700), (3, 65_534), (4, 2), (1, 9)] {
            let (mut sender, mut before) = (SrtpSender::new(&first), SrtpReceiver::new(&first, 0));
            for round in 0..4 {
                for seq in [100, 30_000, 60_000_u16] {
                    let sealed = protect(&mut sender, &packet(seq, 9));
                    open(&mut before, &sealed).unwrap_or_else(|e| panic!("{round} {seq}: {e}"));
                }
            }
            assert!(sender.has_rolled_over());
            let mut after = SrtpReceiver::succeed(&second, 0, &before);
            let mut sender = SrtpSender::new(&second);
            (sender.ssrc, sender.last, sender.rollovers) = (Some(Ssrc(9)), seq, kept);
            for ahead in 0..5 {
                let plain = packet(seq.wrapping_add(ahead), 9);
                assert_eq!(
                    open(&mut after, &protect(&mut sender, &plain)),
                    Ok(plain),
                    "{kept} {seq}"
                );
            }
            // Of another stream nothing was counted.
            let mut sender = SrtpSender::new(&second);
            (sender.ssrc, sender.rollovers) = (Some(Ssrc(8)), 3);
            let sealed = protect(&mut sender, &packet(100, 8));
            assert_eq!(open(&mut after, &sealed), Err(SrtpError::Forged));
        }
    }

    proptest! {
        /// Short packets were what broke others.
        #[test]
        fn no_bytes_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..64), rtp: bool) {
            if rtp && !bytes.is_empty() {
                bytes[0] = 0x80 | bytes[0] & 0x3f;
            }
            let mut receiver = SrtpReceiver::new(&key(Suite::Aes128Tag80), 0);
            let before = bytes.clone();
            prop_assert!(receiver.unprotect(&mut bytes).is_err());
            prop_assert!(receiver.unprotect_report(&mut bytes).is_err());
            prop_assert_eq!(&bytes, &before);
            let mut sender = SrtpSender::new(&key(Suite::Aes128Tag80));
            let length = bytes.len();
            let _ = sender.protect(&mut bytes, length);
            bytes.resize(length + OVERHEAD, 0);
            let _ = sender.protect(&mut bytes, length);
            let _ = sender.protect_report(&mut bytes, length);
        }
    }
}
