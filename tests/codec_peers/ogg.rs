//! Ogg (RFC 3533) with one stream of Opus (RFC 7845): the only wrapping in which ffmpeg takes and gives it.

/// Wraps packets of `samples` at 48 kHz each.
pub(crate) fn wrap(packets: &[Vec<u8>], samples: u64) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec();
    // No samples to skip, 16 kHz, no gain, one stream.
    head.extend([0, 0, 0x80, 0x3e, 0, 0, 0, 0, 0]);
    let tags = b"OpusTags\0\0\0\0\0\0\0\0".to_vec();
    let mut out = page(&head, 2, 0, 0);
    out.extend(page(&tags, 0, 0, 1));
    for (number, packet) in packets.iter().enumerate() {
        let last = if number + 1 == packets.len() { 4 } else { 0 };
        out.extend(page(packet, last, (number as u64 + 1) * samples, number as u32 + 2));
    }
    out
}

/// Returns the packets of sound.
pub(crate) fn unwrap(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut packets, mut begun) = (Vec::new(), Vec::new());
    while bytes.len() > 27 && bytes.starts_with(b"OggS") {
        let count = usize::from(bytes[26]);
        let (lengths, rest) = bytes[27..].split_at(count);
        let mut rest = rest;
        for &length in lengths {
            let (piece, after) = rest.split_at(length.into());
            begun.extend_from_slice(piece);
            rest = after;
            if length < 255 {
                packets.push(std::mem::take(&mut begun));
            }
        }
        bytes = rest;
    }
    packets.retain(|packet| !packet.starts_with(b"OpusHead") && !packet.starts_with(b"OpusTags"));
    packets
}

/// A page of one packet.
fn page(packet: &[u8], flags: u8, granule: u64, number: u32) -> Vec<u8> {
    let mut lengths = vec![255; packet.len() / 255];
    lengths.push((packet.len() % 255) as u8);
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(granule.to_le_bytes());
    page.extend(1_u32.to_le_bytes());
    page.extend(number.to_le_bytes());
    page.extend([0; 4]);
    page.push(lengths.len() as u8);
    page.extend(lengths);
    page.extend_from_slice(packet);
    let check = page.iter().fold(0_u32, |mut check, &byte| {
        check ^= u32::from(byte) << 24;
        for _ in 0..8 {
            check = check << 1 ^ if check >> 31 == 1 { 0x04c1_1db7 } else { 0 };
        }
        check
    });
    page[22..26].copy_from_slice(&check.to_le_bytes());
    page
}
