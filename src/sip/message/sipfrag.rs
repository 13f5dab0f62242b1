//! `message/sipfrag`: how a transfer goes, as a status line (RFC 3420, RFC 3515 §2.4.5).

use super::parse::status_line;
use super::scan;
use super::status::reason_phrase;

/// The status line at the head of a fragment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sipfrag {
    /// The status code, 100 to 699.
    pub status: u16,
    /// The reason phrase, perhaps empty.
    pub phrase: String,
}

impl Sipfrag {
    /// The fragment for a status, with its standard phrase.
    pub fn new(status: u16) -> Self {
        Self { status, phrase: reason_phrase(status).to_owned() }
    }

    /// Reads the first line that is not empty. `None` if it is no status line: the outcome is
    /// then unknown, which is not the same as failed.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let line = body
            .split(|byte| matches!(byte, b'\r' | b'\n'))
            .find(|line| !line.iter().all(u8::is_ascii_whitespace))?;
        let (line, _) = scan::decode(line);
        let (status, phrase) = status_line(scan::trim(&line))?;
        Some(Self { status, phrase: phrase.to_owned() })
    }

    /// Writes it as a body.
    pub fn to_bytes(&self) -> Vec<u8> {
        format!("SIP/2.0 {} {}\r\n", self.status, self.phrase).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_as_peers_write_them() {
        let status = |body: &[u8]| Sipfrag::parse(body).map(|fragment| fragment.status);
        assert_eq!(status(b"SIP/2.0 200 OK\r\n"), Some(200));
        assert_eq!(status(b"SIP/2.0 100 Trying"), Some(100));
        assert_eq!(status(b"\r\nSIP/2.0 486\r\nContact: <sip:a@b>\r\n"), Some(486));
        assert_eq!(status(b"sip/2.0 503 Service Unavailable\n"), Some(503));
        for bad in [&b""[..], b"\r\n", b"OK", b"SIP/2.0 99 x", b"SIP/3.0 200 OK", b"SIP/2.0 2000"] {
            assert_eq!(status(bad), None);
        }
        assert_eq!(Sipfrag::new(200).to_bytes(), b"SIP/2.0 200 OK\r\n");
    }
}
