//! What a body is: SDP, alone or as a part (RFC 3261 §7.4, RFC 5621), something else, or nothing.

use crate::base::Sdp;
use crate::sip::capability;
use crate::sip::message::Headers;

/// A body, as far as a session cares.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Body {
    /// The session description.
    pub(crate) sdp: Option<Sdp>,
    /// There is a body, and nothing in it that we read: 415.
    pub(crate) strange: bool,
}

/// Finds the session description of a message.
pub(crate) fn body_of(headers: &Headers, body: &[u8]) -> Body {
    if body.is_empty() {
        return Body::default();
    }
    let kind = headers.content_type();
    match kind.as_deref() {
        Some(capability::ACCEPT) => Body { sdp: Some(body.into()), strange: false },
        Some(kind) if kind.starts_with("multipart/") => {
            let boundary = headers.get("Content-Type").and_then(boundary);
            let sdp = boundary.and_then(|boundary| sdp_part(body, &boundary));
            Body { strange: sdp.is_none(), sdp }
        }
        // Some peers forget the type; a description always begins like this (RFC 8866 §5.1).
        None if body.starts_with(b"v=0") => Body { sdp: Some(body.into()), strange: false },
        _ => Body { sdp: None, strange: true },
    }
}

fn boundary(content_type: &str) -> Option<String> {
    let params = content_type.split(';').skip(1).map(str::trim);
    let value = params.filter_map(|param| param.split_once('=')).find_map(|(name, value)| {
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    })?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// Returns the first part of type `application/sdp`.
fn sdp_part(body: &[u8], boundary: &str) -> Option<Sdp> {
    let delimiter = format!("--{boundary}");
    let starts = find_all(body, delimiter.as_bytes());
    starts.windows(2).find_map(|pair| {
        let part = &body[pair[0] + delimiter.len()..pair[1]];
        let head_end = find_all(part, b"\r\n\r\n").first().copied()?;
        let head = String::from_utf8_lossy(&part[..head_end]).to_ascii_lowercase();
        let is_sdp = head.lines().any(|line| {
            line.split_once(':').is_some_and(|(name, value)| {
                matches!(name.trim(), "content-type" | "c")
                    && value.trim().starts_with(capability::ACCEPT)
            })
        });
        let content = &part[head_end + 4..];
        // The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1).
        is_sdp.then(|| content.strip_suffix(b"\r\n").unwrap_or(content).into())
    })
}

fn find_all(haystack: &[u8], needle: &[u8]) -> Vec<usize> {
    let windows = haystack.windows(needle.len()).enumerate();
    windows.filter(|(_, window)| *window == needle).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content_type: Option<&str>, body: &str) -> Body {
        let mut headers = Headers::default();
        if let Some(content_type) = content_type {
            headers.push("Content-Type", content_type);
        }
        body_of(&headers, body.as_bytes())
    }

    #[test]
    fn descriptions_are_found_alone_and_in_parts() {
        let sdp = |text: &str| Body { sdp: Some(text.into()), strange: false };
        assert_eq!(read(None, ""), Body::default());
        assert_eq!(read(Some("application/sdp"), "v=0\r\n"), sdp("v=0\r\n"));
        assert_eq!(read(Some("Application/SDP; charset=utf-8"), "v=0\r\n"), sdp("v=0\r\n"));
        assert_eq!(read(None, "v=0\r\n"), sdp("v=0\r\n"));
        let parts = "--x\r\nContent-Type: application/isup\r\n\r\n\0\0\r\n--x\r\n\
                     Content-type:application/sdp\r\n\r\nv=0\r\no=-\r\n\r\n--x--\r\n";
        let mixed = Some("multipart/mixed;boundary=\"x\"");
        assert_eq!(read(mixed, parts), sdp("v=0\r\no=-\r\n"));
    }

    #[test]
    fn what_cannot_be_read_is_said_to_be_strange() {
        let strange = Body { sdp: None, strange: true };
        assert_eq!(read(Some("text/plain"), "hello"), strange);
        assert_eq!(read(None, "hello"), strange);
        for broken in
            ["--x", "--x--", "", "--x\r\n--x--", "--x\r\nContent-Type: application/sdp--x--"]
        {
            let read = read(Some("multipart/mixed;boundary=x"), broken);
            assert_eq!(read.sdp, None);
        }
        assert_eq!(read(Some("multipart/mixed"), "--\r\n\r\n--"), strange);
    }
}
