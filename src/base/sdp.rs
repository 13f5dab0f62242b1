//! A session description as it goes over the wire, told by its length: keys of SRTP stand in it (RFC 4568).

use std::fmt;
use std::ops::Deref;

/// The bytes of a session description. `Debug` shows how many there are, and none of them.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Sdp(Vec<u8>);

impl fmt::Debug for Sdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sdp({} bytes)", self.0.len())
    }
}

impl Deref for Sdp {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Sdp {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Sdp {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<&str> for Sdp {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<Sdp> for Vec<u8> {
    fn from(sdp: Sdp) -> Self {
        sdp.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_shown() {
        let sdp = Sdp::from(
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        );
        assert_eq!(format!("{:?}", Some(sdp)), "Some(Sdp(82 bytes))");
    }
}
