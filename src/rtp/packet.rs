//! One RTP packet (RFC 3550 §5.1), borrowed from the datagram it came in.
//!
//! The home of `rtp-rs`: everything above speaks of [`Packet`] and [`Header`] alone.

use rtp_rs::{RtpPacketBuilder, RtpReader, RtpReaderError};

use crate::base::{RtpTime, SeqNo};

/// The synchronisation source: one stream of one sender (RFC 3550 §3).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Ssrc(pub u32);

/// The fixed header, as far as we set it ourselves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header {
    /// The payload type, 0 to 127.
    pub payload_type: u8,
    /// For sound: the first packet after a pause in which nothing was sent (RFC 3551 §4.1).
    pub marker: bool,
    /// The sequence number.
    pub seq: SeqNo,
    /// The timestamp of the first sample.
    pub time: RtpTime,
    /// The stream.
    pub ssrc: Ssrc,
}

/// Why a datagram is not an RTP packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PacketError {
    /// It ends before its header does.
    #[error("truncated: {length} bytes")]
    Truncated {
        /// Of the datagram.
        length: usize,
    },
    /// It is not version 2.
    #[error("RTP version {version}, not 2")]
    Version {
        /// What stood there.
        version: u8,
    },
    /// The padding count does not fit.
    #[error("padding of {padding} bytes does not fit")]
    Padding {
        /// What stood there.
        padding: u8,
    },
    /// It is RTCP on the same port (RFC 5761 §4).
    #[error("RTCP, not RTP")]
    Control,
}

/// A received packet: its header, and its payload without extension, CSRC list and padding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Packet<'a> {
    /// The fixed header.
    pub header: Header,
    /// The payload; it may be empty.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes a datagram apart.
    ///
    /// # Errors
    /// When it is not an RTP packet; it never panics.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, PacketError> {
        if is_control(datagram) {
            return Err(PacketError::Control);
        }
        let reader = RtpReader::new(datagram).map_err(|error| match error {
            RtpReaderError::UnsupportedVersion(version) => PacketError::Version { version },
            RtpReaderError::PaddingLengthInvalid(padding) => PacketError::Padding { padding },
            RtpReaderError::BufferTooShort(_) | RtpReaderError::HeadersTruncated { .. } => {
                PacketError::Truncated { length: datagram.len() }
            }
        })?;
        let header = Header {
            payload_type: reader.payload_type(),
            marker: reader.mark(),
            seq: SeqNo(u16::from(reader.sequence_number())),
            time: RtpTime(reader.timestamp()),
            ssrc: Ssrc(reader.ssrc()),
        };
        Ok(Self { header, payload: reader.payload() })
    }

    /// Writes the packet into `out` and returns its length, or `None` when it does not fit or
    /// the payload type is above 127.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        RtpPacketBuilder::new()
            .payload_type(self.header.payload_type)
            .marked(self.header.marker)
            .sequence(self.header.seq.0.into())
            .timestamp(self.header.time.0)
            .ssrc(self.header.ssrc.0)
            .payload(self.payload)
            .build_into(out)
            .ok()
    }
}

/// Whether a datagram on the port of RTP is RTCP: its packet types, 192 to 223, fall on payload types 64 to 95
/// with the marker (RFC 5761 §4). It may be shorter than any RTP packet (RFC 5506).
pub fn is_control(datagram: &[u8]) -> bool {
    matches!(datagram, [first, 192..=223, ..] if first >> 6 == 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header() -> Header {
        Header {
            payload_type: 0,
            marker: true,
            seq: SeqNo(65_535),
            time: RtpTime(u32::MAX),
            ssrc: Ssrc(0xdead_beef),
        }
    }

    #[test]
    fn the_wire_image_is_that_of_rfc_3550() {
        let mut out = [0; 32];
        let packet = Packet { header: header(), payload: b"abc" };
        let length = packet.write(&mut out).unwrap();
        assert_eq!(out[..length], *b"\x80\x80\xff\xff\xff\xff\xff\xff\xde\xad\xbe\xefabc");
        assert_eq!(Packet::parse(&out[..length]), Ok(packet));
        assert_eq!(packet.write(&mut out[..14]), None);
    }

    #[test]
    fn extension_csrc_and_padding_are_not_sound() {
        let mut datagram = vec![0xb2, 0x08, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        datagram.extend([1; 8]); // two CSRCs
        datagram.extend([0xbe, 0xde, 0, 1, 9, 9, 9, 9]); // one word of extension
        datagram.extend(b"sound");
        datagram.extend([0, 0, 3]);
        let packet = Packet::parse(&datagram).unwrap();
        assert_eq!(packet.payload, b"sound");
        assert_eq!(packet.header.payload_type, 8);
    }

    #[test]
    fn what_is_not_rtp_says_why() {
        assert_eq!(Packet::parse(&[]), Err(PacketError::Truncated { length: 0 }));
        assert_eq!(Packet::parse(&[0; 12]), Err(PacketError::Version { version: 0 }));
        let mut report = [0; 28];
        report[..2].copy_from_slice(&[0x80, 200]);
        assert_eq!(Packet::parse(&report), Err(PacketError::Control));
        // An empty report, and one with padding, whose count is none of RTP's.
        assert_eq!(Packet::parse(&[0x80, 201, 0, 1, 0, 0, 0, 1]), Err(PacketError::Control));
        let mut report = [0; 28];
        (report[0], report[1], report[27]) = (0xbf, 201, 200);
        assert_eq!(Packet::parse(&report), Err(PacketError::Control));
        let mut padded = [0; 13];
        padded[0] = 0xa0;
        padded[12] = 9;
        assert_eq!(Packet::parse(&padded), Err(PacketError::Padding { padding: 9 }));
    }

    proptest! {
        /// Whatever parses must write back to something that parses to the same.
        #[test]
        fn any_bytes_parse_or_are_refused(mut datagram in proptest::collection::vec(any::<u8>(), 0..300), rtp: bool) {
            if rtp && !datagram.is_empty() {
                datagram[0] = 0x80 | datagram[0] & 0x3f;
            }
            let Ok(packet) = Packet::parse(&datagram) else { return Ok(()) };
            let mut out = [0; 400];
            let length = packet.write(&mut out).unwrap();
            prop_assert_eq!(Packet::parse(&out[..length]), Ok(packet));
        }
    }
}
