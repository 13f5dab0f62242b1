//! Reads a capture file of dumpcap or tcpdump: UDP over IPv4 on Ethernet, which loopback counts as.

use std::net::{Ipv4Addr, SocketAddrV4};

/// One UDP packet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::cli::bench) struct Datagram {
    /// When the kernel saw it, in nanoseconds since 1970.
    pub(in crate::cli::bench) at: u64,
    pub(in crate::cli::bench) from: SocketAddrV4,
    pub(in crate::cli::bench) to: SocketAddrV4,
    pub(in crate::cli::bench) payload: Vec<u8>,
}

const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
const ETHERNET: u32 = 1;

/// Reads all UDP packets; others are passed over.
///
/// # Errors
/// When it is no capture file, or of another kind of network.
pub(in crate::cli::bench) fn read(bytes: &[u8]) -> Result<Vec<Datagram>, String> {
    let word = |at: usize| bytes.get(at..at + 4).map(|four| [four[0], four[1], four[2], four[3]]);
    let magic = word(0).map(u32::from_le_bytes).ok_or("the capture is empty")?;
    let (swapped, unit) = match magic {
        0xa1b2_c3d4 => (false, 1_000),
        0xa1b2_3c4d => (false, 1),
        0xd4c3_b2a1 => (true, 1_000),
        0x4d3c_b2a1 => (true, 1),
        other => return Err(format!("{other:08x} is not how a pcap file begins")),
    };
    let number = |at: usize| {
        word(at)
            .map(|four| if swapped { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
    };
    let kind = number(20).ok_or("the capture is cut off")?;
    if kind != ETHERNET {
        return Err(format!("link type {kind} is not read here, only Ethernet"));
    }
    let mut found = Vec::new();
    let mut at = FILE_HEADER;
    while let (Some(seconds), Some(fraction), Some(length)) =
        (number(at), number(at + 4), number(at + 8))
    {
        let start = at + RECORD_HEADER;
        // The last record of a program that was stopped may be cut off.
        let Some(frame) = bytes.get(start..start + length as usize) else { break };
        let at_ns = u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * unit;
        found.extend(datagram(at_ns, frame));
        at = start + length as usize;
    }
    Ok(found)
}

fn datagram(at: u64, frame: &[u8]) -> Option<Datagram> {
    let two =
        |bytes: &[u8], at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    if two(frame, 12)? != 0x0800 {
        return None;
    }
    let ip = frame.get(14..)?;
    let header = usize::from(ip.first()? & 0x0f) * 4;
    // Fragments hold no whole packet.
    if ip.first()? >> 4 != 4 || *ip.get(9)? != 17 || two(ip, 6)? & 0x3fff != 0 {
        return None;
    }
    let address = |at: usize| {
        Some(Ipv4Addr::new(*ip.get(at)?, *ip.get(at + 1)?, *ip.get(at + 2)?, *ip.get(at + 3)?))
    };
    let udp = ip.get(header..)?;
    let length = usize::from(two(udp, 4)?);
    let payload = udp.get(8..length)?.to_vec();
    let from = SocketAddrV4::new(address(12)?, two(udp, 0)?);
    let to = SocketAddrV4::new(address(16)?, two(udp, 2)?);
    Some(Datagram { at, from, to, payload })
}

#[cfg(test)]
mod tests {
    use super::super::made;
    use super::*;

    #[test]
    fn a_capture_is_read_in_either_byte_order_and_unit() {
        let packet = Datagram {
            at: 1_700_000_000_123_456_000,
            from: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 21_000),
            to: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 20_000),
            payload: vec![1, 2, 3],
        };
        for swapped in [false, true] {
            for nano in [false, true] {
                let bytes = made::capture(&[packet.clone(), packet.clone()], swapped, nano);
                assert_eq!(read(&bytes), Ok(vec![packet.clone(), packet.clone()]));
                // Cut anywhere, it is the packets before the cut, and no panic.
                for length in FILE_HEADER..bytes.len() {
                    let cut = read(&bytes[..length]).unwrap();
                    assert!(cut.len() < 2, "{length}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_capture_says_so() {
        assert!(read(b"").is_err());
        assert!(read(b"\x0a\x0d\x0d\x0a of another format").unwrap_err().contains("0a0d0d0a"));
    }
}
