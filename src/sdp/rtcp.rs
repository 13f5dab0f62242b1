//! RTCP in a description: its port (RFC 3605), sharing that of RTP (RFC 5761), and extended reports
//! (RFC 3611 §5).

use std::net::SocketAddr;

use super::api::{LocalMedia, RtcpMux};
use super::session::{Attribute, Connection, Media, Session};
use crate::rtp::RtcpParams;

const MUX: &str = "rtcp-mux";
const EXTENDED: &str = "rtcp-xr";
const RECEIVER_TIME: &str = "rcvr-rtt";
const VOIP_METRICS: &str = "voip-metrics";

/// What the offer of the far end asks for. We share the port when it does, unless we are told not to.
pub(super) fn asked(
    session: &Session,
    media: &Media,
    local: &LocalMedia,
    remote: SocketAddr,
) -> RtcpParams {
    let mux = local.rtcp_mux != RtcpMux::Off && shares(media);
    let wanted = extended(session, media);
    RtcpParams { remote: port(media, remote), mux, ..wanted }
}

/// The extended reports that a description asks for.
fn extended(session: &Session, media: &Media) -> RtcpParams {
    let everywhere = media.attributes.iter().chain(&session.attributes);
    let wanted = everywhere.filter(|attribute| attribute.name == EXTENDED);
    let mut params = RtcpParams::default();
    for block in wanted.flat_map(|it| it.value.as_deref().unwrap_or_default().split_whitespace()) {
        match block.split(['=', ':']).next() {
            Some(RECEIVER_TIME) => params.receiver_time = true,
            Some(VOIP_METRICS) => params.voip_metrics = true,
            _ => {}
        }
    }
    params
}

/// What the answer of the far end says; what we did not offer is not agreed.
pub(super) fn answered(
    session: &Session,
    media: &Media,
    local: &LocalMedia,
    remote: SocketAddr,
) -> RtcpParams {
    let (ours, theirs) = (wished(local), extended(session, media));
    RtcpParams {
        remote: port(media, remote),
        mux: ours.mux && shares(media),
        receiver_time: ours.receiver_time && theirs.receiver_time,
        voip_metrics: ours.voip_metrics && theirs.voip_metrics,
    }
}

/// What our offer says.
pub(super) fn offered(local: &LocalMedia) -> Vec<Attribute> {
    described(&wished(local))
}

/// What we offer: what we are told to, and what was agreed before. A refresh by re-INVITE repeats our answer, and
/// a far end that asks for an offer in mid-call wants to change something else.
fn wished(local: &LocalMedia) -> RtcpParams {
    let before = local.agreed.as_ref().map(|before| before.rtcp).unwrap_or_default();
    RtcpParams { mux: before.mux || local.rtcp_mux == RtcpMux::Offer, ..before }
}

/// What a description of ours says of it.
pub(super) fn described(params: &RtcpParams) -> Vec<Attribute> {
    let mut attributes = Vec::new();
    if params.mux {
        attributes.push(Attribute::flag(MUX));
    }
    let time = params.receiver_time.then(|| format!("{RECEIVER_TIME}=all"));
    let metrics = params.voip_metrics.then(|| VOIP_METRICS.to_owned());
    let blocks: Vec<String> = time.into_iter().chain(metrics).collect();
    if !blocks.is_empty() {
        attributes.push(Attribute::new(EXTENDED, blocks.join(" ")));
    }
    attributes
}

fn shares(media: &Media) -> bool {
    media.attributes.iter().any(|attribute| attribute.name == MUX)
}

/// Reads `a=rtcp:53020` or `a=rtcp:53020 IN IP4 192.0.2.4`. What cannot be read, or is of another
/// family than RTP, is as if it were not there.
fn port(media: &Media, rtp: SocketAddr) -> Option<SocketAddr> {
    let value = media.values("rtcp").next()?;
    let (port, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    let port: u16 = port.parse().ok().filter(|port| *port != 0)?;
    let address = match rest.trim() {
        "" => rtp.ip(),
        rest => Connection::parse(rest)?.ip()?,
    };
    let usable =
        address.is_ipv4() == rtp.is_ipv4() && !address.is_unspecified() && !address.is_multicast();
    usable.then(|| SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Codec;
    use crate::sdp::{Direction, accept_answer, answer, offer};

    const REMOTE: ([u8; 4], u16) = ([192, 0, 2, 1], 4000);

    fn local() -> LocalMedia {
        LocalMedia::new(([203, 0, 113, 5], 40_000).into(), vec![Codec::Pcmu], 1)
    }

    fn with_lines(lines: &str) -> String {
        format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
             m=audio 4000 RTP/AVP 0\r\n{lines}"
        )
    }

    #[test]
    fn offers_are_answered_as_they_ask() {
        let none = RtcpParams::default();
        let at = |address: [u8; 4], port: u16| Some(SocketAddr::from((address, port)));
        let table = [
            ("", none, ""),
            ("a=rtcp:4001\r\n", RtcpParams { remote: at(REMOTE.0, 4001), ..none }, ""),
            (
                "a=rtcp:9 IN IP4 192.0.2.7\r\n",
                RtcpParams { remote: at([192, 0, 2, 7], 9), ..none },
                "",
            ),
            ("a=rtcp-mux\r\n", RtcpParams { mux: true, ..none }, "a=rtcp-mux\r\n"),
            (
                "a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup voip-metrics\r\n",
                RtcpParams { receiver_time: true, voip_metrics: true, ..none },
                "a=rtcp-xr:rcvr-rtt=all voip-metrics\r\n",
            ),
            (
                "a=rtcp-xr:voip-metrics\r\n",
                RtcpParams { voip_metrics: true, ..none },
                "a=rtcp-xr:voip-metrics\r\n",
            ),
            ("a=rtcp-xr\r\n", none, ""),
            ("a=rtcp:\r\n", none, ""),
            ("a=rtcp:0\r\n", none, ""),
            ("a=rtcp:70000\r\n", none, ""),
            ("a=rtcp:9 IN IP6 2001:db8::1\r\n", none, ""),
            ("a=rtcp:9 IN IP4 0.0.0.0\r\n", none, ""),
            ("a=rtcp:9 IN IP4 phone.example.net\r\n", none, ""),
        ];
        for (lines, expected, said) in table {
            let (sdp, negotiated) = answer(with_lines(lines).as_bytes(), &local()).unwrap();
            assert_eq!(negotiated.rtcp, expected, "{lines}");
            let sdp = String::from_utf8(sdp).unwrap();
            let about: String =
                sdp.split_inclusive('\n').filter(|line| line.starts_with("a=rtcp")).collect();
            assert_eq!(about, said, "{lines}");
        }
    }

    #[test]
    fn sharing_is_offered_where_it_is_told_to_and_then_agreed() {
        let plain = String::from_utf8(offer(&local(), Direction::SendRecv)).unwrap();
        assert!(!plain.contains("rtcp"), "{plain}");
        let shares = LocalMedia { rtcp_mux: RtcpMux::Offer, ..local() };
        let offered = String::from_utf8(offer(&shares, Direction::SendRecv)).unwrap();
        assert!(offered.contains("a=rtcp-mux\r\n"), "{offered}");
        for (local, lines, expected) in [
            (shares.clone(), "a=rtcp-mux\r\n", true),
            (shares, "", false),
            (local(), "a=rtcp-mux\r\n", false),
        ] {
            let agreed = accept_answer(with_lines(lines).as_bytes(), &local).unwrap();
            assert_eq!(agreed.rtcp.mux, expected, "{lines}");
        }
    }
    #[test]
    fn what_was_agreed_is_offered_again_and_holds_when_it_is_answered() {
        let asked = with_lines("a=rtcp-mux\r\na=rtcp-xr:rcvr-rtt=all voip-metrics\r\n");
        let (_, agreed) = answer(asked.as_bytes(), &local()).unwrap();
        let later = LocalMedia { agreed: Some(Box::new(agreed.clone())), ..local() };
        let offered = String::from_utf8(offer(&later, Direction::SendRecv)).unwrap();
        for line in ["a=rtcp-mux\r\n", "a=rtcp-xr:rcvr-rtt=all voip-metrics\r\n"] {
            assert!(offered.contains(line), "{offered}");
        }
        let same = accept_answer(asked.as_bytes(), &later).unwrap();
        assert_eq!(same.rtcp, agreed.rtcp);
        // The answerer may take less, and gets nothing that was not offered.
        for (lines, expected) in [
            ("", RtcpParams::default()),
            (
                "a=rtcp-mux\r\na=rtcp-xr:voip-metrics\r\n",
                RtcpParams { mux: true, voip_metrics: true, ..RtcpParams::default() },
            ),
        ] {
            let less = accept_answer(with_lines(lines).as_bytes(), &later).unwrap();
            assert_eq!(less.rtcp, expected, "{lines}");
        }
        let none = accept_answer(asked.as_bytes(), &local()).unwrap();
        assert_eq!(none.rtcp, RtcpParams::default());
    }

    #[test]
    fn sharing_is_refused_where_it_is_told_to() {
        let apart = LocalMedia { rtcp_mux: RtcpMux::Off, ..local() };
        let (sdp, agreed) = answer(with_lines("a=rtcp-mux\r\n").as_bytes(), &apart).unwrap();
        assert!(!agreed.rtcp.mux && !String::from_utf8(sdp).unwrap().contains("rtcp-mux"));
    }
}
