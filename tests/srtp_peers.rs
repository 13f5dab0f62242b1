//! Our SRTP beside another implementation: ffmpeg protects a stream, we open it.

use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::time::Duration;

use attendant::rtp::{MasterKey, Packet, SrtpError, SrtpReceiver, Suite};

/// Thirty bytes, 0 to 29, in base64.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";

#[test]
fn what_ffmpeg_protects_opens() {
    // ffmpeg's AES_CM_128_HMAC_SHA1_32 shortens the tag of reports too, which RFC 4568 §6.2 does not; under
    // the name of RFC 5764 it does as we do.
    let suites = [
        (Suite::Aes128Tag80, "AES_CM_128_HMAC_SHA1_80"),
        (Suite::Aes128Tag32, "SRTP_AES128_CM_HMAC_SHA1_32"),
    ];
    for (suite, name) in suites {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let port = socket.local_addr().unwrap().port();
        let mut ffmpeg = Command::new("ffmpeg")
            .args(["-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i"])
            .args(["sine=frequency=440:sample_rate=8000:duration=1", "-c:a", "pcm_mulaw"])
            .args(["-f", "rtp", "-srtp_out_suite", name, "-srtp_out_params", KEY])
            .arg(format!("srtp://127.0.0.1:{port}?rtcpport={port}&pkt_size=200"))
            .stdout(Stdio::null())
            .spawn()
            .expect("ffmpeg, which `make setup` installs");
        let bytes: Vec<u8> = (0..30).collect();
        let mut receiver = SrtpReceiver::new(&MasterKey::new(suite, &bytes).unwrap(), 0);
        let (mut sound, mut reports, mut buffer) = (Vec::new(), 0, [0; 2048]);
        while sound.len() < 7_000 {
            let length = socket.recv(&mut buffer).expect("ffmpeg sends a second of sound");
            let packet = &mut buffer[..length];
            let control = (192..=223).contains(&packet[1]);
            if control {
                receiver.unprotect_report(packet).unwrap();
                assert_eq!(receiver.unprotect_report(packet).unwrap_err(), SrtpError::Replayed);
                reports += 1;
                continue;
            }
            let length = receiver.unprotect(packet).unwrap();
            let packet = Packet::parse(&packet[..length]).unwrap();
            assert_eq!(packet.header.payload_type, 0);
            sound.extend_from_slice(packet.payload);
        }
        assert!(reports > 0, "a sender report goes out with the first packet");
        // A sine in µ-law has as many codes of either sign.
        let positive = sound.iter().filter(|code| **code & 0x80 != 0).count();
        assert!((sound.len() * 45 / 100..sound.len() * 55 / 100).contains(&positive), "{positive}");
        ffmpeg.wait().unwrap();
    }
}
