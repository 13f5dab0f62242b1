//! Bodies that fuzz targets and the ordinary suite share: a property of a parser of bytes that we
//! did not write, each a function that must not panic, whatever it is given.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::base::{Phi, RtpTime, SampleRate, SeqNo};
use crate::codec::Codec;
use crate::config;
use crate::dialplan::{Dialled, Verdict};
use crate::rtp::{Counters, Header, JitterBuffer, KeySeed, Packet, Playout, Released, Ssrc};
use crate::sdp::{self, Encryption, LocalMedia, SdpError, Session};
use crate::sip::DropReason;
use crate::sip::auth::Challenge;
use crate::sip::message::{
    CSeq, Framed, Headers, MAX_MESSAGE, MAX_PARAMETERS, Message, NameAddr, PING, PONG, Params,
    ParseError, RAck, Reason, Replaces, Scheme, SessionExpires, Sipfrag, Uri, UserToUser, Via,
    Warning, frame,
};

/// Whatever parses can be written, and reads back the same; whatever is refused can be answered.
pub fn sip_message(data: &[u8]) {
    let mut first = match Message::parse(data) {
        Ok(message) => message,
        Err(ParseError::Reply(rejection)) => {
            rejection.to_response().to_bytes().expect("a refusal can be written");
            return;
        }
        Err(ParseError::Drop(_)) => return,
    };
    look_at_everything(headers(&mut first));
    let written = first.to_bytes().expect("what was read can be written");
    let mut second = match Message::parse(&written) {
        Ok(message) => message,
        // Long names for compact ones, and UTF-8 for Latin-1, may take it over a limit.
        Err(ParseError::Reply(rejection)) if rejection.status == 513 => return,
        Err(ParseError::Drop(DropReason::TooLarge)) => return,
        Err(error) => panic!("what was written cannot be read: {error:?}"),
    };
    headers(&mut first).remove("Content-Length");
    headers(&mut second).remove("Content-Length");
    assert!(first == second, "what was read back is not what was written");
}

/// The readers of single fields take any text, and what they write reads back the same.
pub fn sip_field(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(uri) = Uri::parse(&text) {
        assert_eq!(Uri::parse(&uri.to_wire()).as_ref(), Ok(&uri));
        let _ = (uri.number(), uri.host_ip());
    }
    if let Ok(address) = NameAddr::parse(&text) {
        assert_eq!(NameAddr::parse(&address.to_wire()).as_ref(), Ok(&address));
    }
    if let Ok(via) = Via::parse(&text) {
        assert_eq!(Via::parse(&via.to_wire()).as_ref(), Ok(&via));
    }
    if let Ok(cseq) = CSeq::parse(&text) {
        assert_eq!(CSeq::parse(&cseq.to_wire()).as_ref(), Ok(&cseq));
    }
    if let Some(challenge) = Challenge::parse(&text) {
        assert_eq!(Challenge::parse(&challenge.to_value()), Some(challenge));
    }
    let _ = (Params::parse(&text), Sipfrag::parse(data));
    let mut fields = Headers::default();
    for name in ["Contact", "Via", "Event", "Subscription-State", "Content-Type", "Retry-After"] {
        fields.push(name, &text);
    }
    look_at_everything(&fields);
}

/// Every view of one field takes any text, and what a view writes reads back the same. The data is
/// `Name: value`.
pub fn sip_views(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (name, value) = text.split_once(':').unwrap_or(("Contact", &text));
    let mut fields = Headers::default();
    fields.push(name, value);
    fields.push("X-Other", value);
    fields.push(name, value);
    look_at_everything(&fields);
    for reason in fields.reasons() {
        // Words with a quote in them are put in quotes, and then are those words.
        assert_eq!(Reason::parse(&reason.to_wire()).as_ref(), Some(&reason));
    }
    for warning in fields.warnings() {
        assert_eq!(Warning::parse(&warning.to_wire()).as_ref(), Some(&warning));
    }
    if let Ok(replaces) = Replaces::parse(value) {
        assert_eq!(Replaces::parse(&replaces.to_wire()).as_ref(), Ok(&replaces));
    }
    if let Some(timer) = SessionExpires::parse(value) {
        assert_eq!(SessionExpires::parse(&timer.to_wire()), Some(timer));
    }
    if let Some(rack) = RAck::parse(value) {
        assert_eq!(RAck::parse(&rack.to_wire()).as_ref(), Some(&rack));
    }
    let _ = UserToUser::parse(value).map(|data| data.bytes());
}

/// A URI reads back as it was written, with whatever was added to it.
pub fn sip_uri(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(mut uri) = Uri::parse(&text) else { return };
    assert_eq!(Uri::parse(&uri.to_wire()).as_ref(), Ok(&uri));
    let _ = (uri.number(), uri.host_ip(), uri.replaces());
    let listed = uri.headers.len();
    if matches!(uri.scheme, Scheme::Sip | Scheme::Sips) && listed < MAX_PARAMETERS {
        uri.push_header("X-Text", &text);
        let again = Uri::parse(&uri.to_wire()).expect("what was added is escaped");
        assert_eq!(
            again.headers[listed].1.map(|value| value.len()),
            uri.headers[listed].1.map(String::len)
        );
        assert_eq!(again, uri);
    }
}

/// A stream is cut into messages that fit into it, the same ones however it comes in pieces.
pub fn sip_frame(data: &[u8]) {
    let mut rest = data;
    loop {
        let length = match frame(rest) {
            Framed::Ping => PING,
            Framed::Pong => PONG,
            Framed::Message(length) => length,
            Framed::NeedMore => return assert!(rest.len() < MAX_MESSAGE),
            Framed::Broken(_) => {
                let _ = Message::parse_stream(rest);
                return;
            }
        };
        let (message, after) = rest.split_at(length);
        if frame(rest) == Framed::Message(length) {
            assert!(length <= MAX_MESSAGE);
            assert_eq!(frame(message), Framed::Message(length));
            for part in [1, length / 3, length / 2, length - 1] {
                assert_eq!(frame(&message[..part]), Framed::NeedMore);
            }
            let body = match Message::parse_stream(message) {
                Ok(Message::Request(request)) => request.body,
                Ok(Message::Response(response)) => response.body,
                Err(_) => Vec::new(),
            };
            assert!(message.ends_with(&body));
        }
        rest = after;
    }
}

/// A fragment reads back as it was written.
pub fn sipfrag(data: &[u8]) {
    if let Some(fragment) = Sipfrag::parse(data) {
        assert_eq!(Sipfrag::parse(&fragment.to_bytes()), Some(fragment));
    }
}

/// A challenge reads back as it was written.
pub fn digest(data: &[u8]) {
    if let Some(challenge) = Challenge::parse(&String::from_utf8_lossy(data)) {
        assert_eq!(Challenge::parse(&challenge.to_value()), Some(challenge));
    }
}

/// A description reads back as it was written; an answer answers every stream and takes one.
pub fn sdp(data: &[u8]) {
    if let Ok(session) = Session::parse(data) {
        match Session::parse(&session.to_bytes()) {
            Ok(again) => assert_eq!(again, session),
            // Writing adds two lines.
            Err(SdpError::Malformed { what, .. }) if what == "there are too many lines" => {}
            Err(error) => panic!("what was written cannot be read: {error}"),
        }
    }
    let plain = local("192.0.2.1:4000");
    let keyed = |required| Encryption { required, seed: KeySeed::new([1; 32]), number: 0 };
    for encryption in [None, Some(keyed(false)), Some(keyed(true))] {
        answered(data, &LocalMedia { encryption, ..plain.clone() });
    }
}

fn answered(data: &[u8], ours: &LocalMedia) {
    let _ = sdp::accept_answer(data, ours);
    let Ok((answer, negotiated)) = sdp::answer(data, ours) else { return };
    let offered = Session::parse(data).expect("it was answered");
    let answered = Session::parse(&answer).expect("an answer of ours can be read");
    let taken: Vec<_> = answered.media.iter().filter(|media| media.port != 0).collect();
    assert_eq!((offered.media.len(), taken.len()), (answered.media.len(), 1));
    assert!(!negotiated.direction.sends() || !negotiated.remote.ip().is_unspecified());
    let keys = taken[0].values("crypto").count();
    assert_eq!(keys, usize::from(negotiated.srtp.is_some()));
    assert!(keys == 1 || ours.encryption.as_ref().is_none_or(|ours| !ours.required));
}

/// Whatever packets come, however they are numbered and whenever, each is released once at most,
/// and playout comes to an end. Twelve bytes are a packet: how long after the last one it comes,
/// and its header.
pub fn rtp_stream(data: &[u8]) {
    let start = Instant::now();
    for playout in [Playout::Reorder, Playout::Paced] {
        let mut buffer = JitterBuffer::new(SampleRate(8000));
        buffer.set_playout(playout);
        let (mut counters, mut now, mut ticks) = (Counters::default(), start, 0_u32);
        let mut released = vec![false; data.len() / 12];
        for (number, bytes) in data.as_chunks::<12>().0.iter().enumerate() {
            let [wait, shape, seq_1, seq_2, time @ .., ssrc, payload_type, length, clock] = bytes;
            // Steps from nothing to a quarter of an hour, most of them short.
            now += Duration::from_millis(u64::from(*wait)) * (1 << (shape & 0x0f)) / 8;
            let header = Header {
                payload_type: payload_type & 0x7f,
                marker: shape & 0x10 != 0,
                seq: SeqNo(u16::from_be_bytes([*seq_1, *seq_2])),
                time: RtpTime(u32::from_be_bytes(*time)),
                ssrc: Ssrc((*ssrc).into()),
            };
            let mut payload = vec![0; 4 + 6 * usize::from(*length)];
            payload[..4].copy_from_slice(&(number as u32).to_be_bytes());
            let samples = if shape & 0x20 == 0 { payload.len() as u32 } else { 0 };
            if shape & 0xc0 == 0xc0 {
                buffer.set_clock(SampleRate([8000, 16_000, 48_000][usize::from(*clock) % 3]));
            }
            buffer.insert(now, &Packet { header, payload: &payload }, samples, &mut counters);
            // What came, and then a tick.
            for _ in 0..2 {
                ticks += 1;
                match playout {
                    Playout::Reorder => {
                        let mut answers = 0;
                        while let Some(what) = buffer.release(now, &mut counters) {
                            note(&mut released, what);
                            answers += 1;
                            assert!(answers < 200, "it never ends");
                        }
                    }
                    Playout::Paced => {
                        let _ = buffer.pace(now, 160, ticks.is_multiple_of(3));
                        note(&mut released, buffer.pull(now, shape & 1 == 0, &mut counters));
                    }
                }
                now += Duration::from_millis(20);
            }
            let _ = (buffer.depth(), buffer.skew_ppm(), buffer.target_ms(now), buffer.following());
        }
    }
}

/// Nothing is heard twice, and nothing is as long as nothing.
fn note(released: &mut [bool], what: Released<'_>) {
    match what {
        Released::Packet { payload, .. } => {
            let number = payload.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
            let before = std::mem::replace(&mut released[number as usize], true);
            assert!(!before, "packet {number} is released twice");
        }
        Released::Lost { samples } | Released::Pause { samples } => assert!(samples > 0),
    }
}

/// A dialplan reads, or says what is wrong with it; what was read gives every call one decision.
/// The list of callers stands behind the first NUL.
pub fn dialplan(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (text, list) = text.split_once('\0').unwrap_or((&text, ""));
    let plan = match config::read_plan(text, list) {
        Ok(plan) => plan,
        Err(errors) => {
            assert!(errors.errors() > 0 && !errors.to_string().is_empty());
            return;
        }
    };
    for (called, caller, at) in [
        ("8000", Some("+13125550142"), "2026-12-25 10:00"),
        ("+13125550199", None, "2026-03-08 02:30"),
        ("", Some(""), "2026-07-06 23:59"),
    ] {
        let dialled = Dialled {
            called: Phi::new(called.to_owned()),
            caller: caller.map(|caller| Phi::new(caller.to_owned())),
            withheld: caller.is_none(),
            at: at.parse().expect("it is a time"),
            headers: vec![("X-Line".to_owned(), Phi::new("es".to_owned()))],
        };
        let why = plan.why(&dialled);
        assert_eq!(why.len(), plan.routes.len());
        let taken = why.iter().position(|reason| reason.verdict == Verdict::Chosen);
        let found = plan.find(&dialled).map(|route| &route.name);
        assert_eq!(taken.map(|at| &plan.routes[at].name), found);
        if let Some(chosen) = plan.route(&dialled) {
            let rings = chosen.targets.iter().map(|offer| plan.rings(offer.target, dialled.at));
            assert!(rings.into_iter().all(|rings| rings.targets.len() <= plan.targets.len()));
        }
    }
}

/// A SIP profile reads, or says what is wrong with it.
pub fn profile(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // Files that a profile names are read: not those without an end.
    if ["/dev", "/proc", "/sys", "\\"].iter().any(|word| text.contains(word)) {
        return;
    }
    match config::read_profile(&text, Path::new("/nowhere")) {
        Ok(profile) => {
            for number in ["911", "9911", "+19005550100", "6001;x=1", "6001\r\nX: y"] {
                assert!(!profile.transfer.allows(number), "{number}");
            }
        }
        Err(errors) => assert!(errors.errors() > 0 && !errors.to_string().is_empty()),
    }
}

/// Calls every view of header fields; none may panic.
pub fn look_at_everything(headers: &Headers) {
    let _ = (headers.from(), headers.to(), headers.call_id(), headers.cseq(), headers.vias());
    let _ = (headers.top_via(), headers.contacts(), headers.contact_is_star(), headers.routes());
    let _ = (headers.record_routes(), headers.max_forwards(), headers.expires());
    let _ = (headers.retry_after(), headers.refer_to(), headers.content_type(), headers.event());
    let _ = (headers.subscription_state(), headers.tokens("Supported"), headers.list("Allow"));
    let _ = (headers.asserted_identity(), headers.preferred_identities(), headers.privacy());
    let _ = (headers.remote_party_ids(), headers.diversions(), headers.history());
    let _ = (headers.session_expires(), headers.min_se(), headers.min_expires(), headers.rseq());
    let _ = (headers.rack(), headers.replaces(), headers.reasons(), headers.warnings());
    let _ = (headers.referred_by(), headers.refer_sub(), headers.service_routes(), headers.paths());
    for data in headers.user_to_user() {
        let _ = data.bytes();
    }
    let _ = (headers.accepts("application/sdp"), headers.refer_to().map(|to| to.uri.replaces()));
    for contact in headers.contacts() {
        let _ = (headers.granted(&contact), contact.preference());
    }
    let mut changed = headers.clone();
    changed.set_to_tag("tag");
    changed.stamp_via(SocketAddr::from(([192, 0, 2, 1], 5060)));
}

fn headers(message: &mut Message) -> &mut Headers {
    match message {
        Message::Request(request) => &mut request.headers,
        Message::Response(response) => &mut response.headers,
    }
}

fn local(rtp: &str) -> LocalMedia {
    let rtp = rtp.parse().expect("it is an address");
    LocalMedia { telephone_event: true, ..LocalMedia::new(rtp, Codec::ALL.to_vec(), 1) }
}
