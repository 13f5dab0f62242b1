//! SRTP of one leg (RFC 3711): what is sent is sealed, what comes is opened, and keys change without a gap.
//!
//! Contexts live as long as their key is agreed, over hold and resume and over time without encryption, so
//! that no roll-over counter is ever taken back under a key: that would use its key stream twice.

use crate::rtp::{SrtpError, SrtpKeys, SrtpReceiver, SrtpSender};

/// The longest protected datagram that is opened: what an Ethernet carries.
pub(super) const LONGEST: usize = 1500;

/// Both directions of one leg.
#[derive(Clone)]
pub(super) struct Protection {
    keys: SrtpKeys,
    sender: SrtpSender,
    receiver: SrtpReceiver,
    /// Under the key that the far end had until it offered another one: packets of it are still on their way.
    before: Option<SrtpReceiver>,
    /// Encryption is agreed, and not only was.
    active: bool,
}

impl Protection {
    pub(super) fn new(keys: &SrtpKeys) -> Self {
        Self {
            sender: SrtpSender::new(&keys.ours),
            receiver: SrtpReceiver::new(&keys.theirs, keys.their_mki),
            before: None,
            active: true,
            keys: keys.clone(),
        }
    }

    /// Goes on under what a later offer and answer agreed on: the same key goes on where it was, another one
    /// begins. Returns whether our stream must be another one: some far ends count roll-overs on under a new key
    /// and some do not (RFC 3711 §3.3.1), and of a new stream all count from nothing.
    #[must_use]
    pub(super) fn agree(&mut self, keys: Option<&SrtpKeys>) -> bool {
        self.active = keys.is_some();
        let Some(keys) = keys else { return false };
        let mut begin_anew = false;
        if keys.ours != self.keys.ours {
            begin_anew = self.sender.has_rolled_over();
            self.sender = SrtpSender::new(&keys.ours);
        }
        if (&keys.theirs, keys.their_mki) != (&self.keys.theirs, self.keys.their_mki) {
            let receiver = SrtpReceiver::succeed(&keys.theirs, keys.their_mki, &self.receiver);
            self.before = Some(std::mem::replace(&mut self.receiver, receiver));
        }
        self.keys = keys.clone();
        begin_anew
    }

    pub(super) fn is_active(&self) -> bool {
        self.active
    }

    /// Opens an RTP packet, which is copied to `room`.
    pub(super) fn open<'a>(
        &mut self,
        datagram: &[u8],
        room: &'a mut [u8; LONGEST],
    ) -> Result<&'a [u8], SrtpError> {
        let packet = copied(datagram, room)?;
        let length = match (self.receiver.unprotect(packet), &mut self.before) {
            (Err(SrtpError::Forged), Some(before)) => before.unprotect(packet)?,
            (opened, before) => {
                let length = opened?;
                *before = None;
                length
            }
        };
        Ok(&packet[..length])
    }

    /// Opens an RTCP packet, which is copied to `room`.
    pub(super) fn open_report<'a>(
        &mut self,
        datagram: &[u8],
        room: &'a mut [u8; LONGEST],
    ) -> Result<&'a [u8], SrtpError> {
        let packet = copied(datagram, room)?;
        let length = match (self.receiver.unprotect_report(packet), &mut self.before) {
            (Err(SrtpError::Forged), Some(before)) => before.unprotect_report(packet)?,
            (opened, _) => opened?,
        };
        Ok(&packet[..length])
    }

    /// Seals the RTP packet in the first `length` bytes of `out` and returns its new length. A packet that goes
    /// in the clear is counted too.
    pub(super) fn seal(&mut self, out: &mut [u8], length: usize) -> Option<usize> {
        if self.active {
            return self.sender.protect(out, length).ok();
        }
        self.sender.pass(out.get(..length)?);
        Some(length)
    }

    /// Seals the RTCP packet in the first `length` bytes of `out` and returns its new length.
    pub(super) fn seal_report(&mut self, out: &mut [u8], length: usize) -> Option<usize> {
        match self.active {
            true => self.sender.protect_report(out, length).ok(),
            false => Some(length),
        }
    }
}

impl std::fmt::Debug for Protection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { keys, active, .. } = self;
        f.debug_struct("Protection").field("keys", keys).field("active", active).finish()
    }
}

fn copied<'a>(datagram: &[u8], room: &'a mut [u8; LONGEST]) -> Result<&'a mut [u8], SrtpError> {
    let packet = room.get_mut(..datagram.len()).ok_or(SrtpError::NoRoom)?;
    packet.copy_from_slice(datagram);
    Ok(packet)
}
