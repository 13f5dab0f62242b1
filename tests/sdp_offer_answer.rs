//! Offers and answers (RFC 3264) as PBXs make them, and what must come of each.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use attendant::base::{Dice, PacketTime};
use attendant::codec::Codec;
use attendant::fuzzing;
use attendant::sdp::{
    Direction, LocalMedia, Negotiated, SdpError, Session, accept_answer, answer, offer,
};
use proptest::prelude::*;

fn local() -> LocalMedia {
    let rtp = "192.0.2.5:40000".parse().unwrap();
    LocalMedia {
        telephone_event: true,
        version: 2,
        ..LocalMedia::new(rtp, vec![Codec::Pcmu, Codec::Pcma], 7)
    }
}

/// An offer of the streams in `media`.
fn offered(media: &str) -> Vec<u8> {
    format!("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n{media}")
        .replace('\n', "\r\n")
        .into_bytes()
}

fn answered(media: &str) -> (String, Negotiated) {
    let (bytes, negotiated) = answer(&offered(media), &local()).unwrap();
    (String::from_utf8(bytes).unwrap().replace("\r\n", "\n"), negotiated)
}

fn negotiated(media: &str) -> Negotiated {
    answered(media).1
}

fn refused(media: &str) -> String {
    answer(&offered(media), &local()).unwrap_err().to_string()
}

const ASTERISK: &str = "\
m=audio 14218 RTP/AVP 8 0 9 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:9 G722/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=maxptime:140
a=sendrecv
";

#[test]
fn an_answer_as_a_whole() {
    let (text, agreed) = answered(ASTERISK);
    assert_eq!(
        text,
        "v=0\no=- 7 2 IN IP4 192.0.2.5\ns=-\nc=IN IP4 192.0.2.5\nt=0 0\n\
         m=audio 40000 RTP/AVP 0 101\na=rtpmap:0 PCMU/8000\na=rtpmap:101 telephone-event/8000\n\
         a=fmtp:101 0-16\na=ptime:20\na=maxptime:60\na=sendrecv\n"
    );
    assert_eq!(
        agreed,
        Negotiated {
            telephone_event: Some(101),
            ..Negotiated::new(Codec::Pcmu, 0, "192.0.2.1:14218".parse().unwrap())
        }
    );
}

#[test]
fn our_preference_decides() {
    let mut a_law = local();
    a_law.codecs.reverse();
    let (_, agreed) = answer(&offered(ASTERISK), &a_law).unwrap();
    assert_eq!((agreed.codec, agreed.payload_type), (Codec::Pcma, 8));
    a_law.codecs = vec![Codec::Pcma];
    a_law.telephone_event = false;
    let (text, agreed) = answer(&offered(ASTERISK), &a_law).unwrap();
    assert_eq!(agreed.telephone_event, None);
    assert!(!String::from_utf8(text).unwrap().contains("telephone-event"));
}

/// Static payload types need no rtpmap, dynamic ones do; names have no case.
#[test]
fn payload_types() {
    let bare = negotiated("m=audio 4000 RTP/AVP 18 8\n");
    assert_eq!((bare.codec, bare.payload_type, bare.telephone_event), (Codec::Pcma, 8, None));
    let dynamic =
        "m=audio 4000 RTP/AVP 97 96\na=rtpmap:97 pcmu/8000/1\na=rtpmap:96 Telephone-Event/8000\n";
    let (text, agreed) = answered(dynamic);
    assert_eq!(
        (agreed.codec, agreed.payload_type, agreed.telephone_event),
        (Codec::Pcmu, 97, Some(96))
    );
    assert!(text.contains("m=audio 40000 RTP/AVP 97 96\na=rtpmap:97 PCMU/8000\n"), "{text}");
    // 48 kHz events belong to Opus, and stereo or 16 kHz PCMU is another codec.
    let opus = "m=audio 4000 RTP/AVP 96 0 97 98\na=rtpmap:96 opus/48000/2\na=rtpmap:97 telephone-event/48000\na=rtpmap:98 telephone-event/8000\n";
    assert_eq!(negotiated(opus).telephone_event, Some(98));
    assert!(
        refused("m=audio 4000 RTP/AVP 96 97\na=rtpmap:96 PCMU/8000/2\na=rtpmap:97 PCMU/16000\n")
            .contains("in common")
    );
    // A payload type is what its rtpmap says, even a static one.
    assert!(refused("m=audio 4000 RTP/AVP 0\na=rtpmap:0 G729/8000\n").contains("G729/8000"));
    let unnamed = refused("m=audio 4000 RTP/AVP 200 99\n");
    assert_eq!(unnamed, "no codec in common; the peer offers payload type 99, we allow PCMU, PCMA");
}

/// RFC 3264 §6.1, each direction at either level, and hold by address at either level.
#[test]
fn directions() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    let audio = "m=audio 4000 RTP/AVP 0\n";
    for (word, expected, held) in [
        ("", SendRecv, RecvOnly),
        ("a=sendrecv\n", SendRecv, RecvOnly),
        ("a=sendonly\n", RecvOnly, RecvOnly),
        ("a=recvonly\n", SendOnly, Inactive),
        ("a=inactive\n", Inactive, Inactive),
    ] {
        let zero = "c=IN IP4 0.0.0.0\n";
        let line = |direction| match direction {
            SendRecv => "a=sendrecv\n",
            SendOnly => "a=sendonly\n",
            RecvOnly => "a=recvonly\n",
            Inactive => "a=inactive\n",
        };
        for (media, expected) in [
            (format!("{audio}{word}"), expected),
            (format!("{word}{audio}"), expected),
            (format!("a=inactive\n{audio}a=sendrecv\n{word}"), SendRecv),
            (format!("{audio}{zero}{word}"), held),
            (format!("{word}{audio}{zero}"), held),
        ] {
            // The session's word is weaker than the stream's; the stream's first word counts.
            let (text, agreed) = answered(&media);
            assert_eq!(agreed.direction, expected, "{media}");
            assert!(text.ends_with(line(expected)), "{media}{text}");
            let session = Session::parse(text.as_bytes()).unwrap();
            assert_eq!(session.direction_of(&session.media[0]), expected);
        }
    }
}

/// Every stream is answered, in order, and one is taken.
#[test]
fn every_stream_is_answered() {
    let media = "\
m=image 5000 udptl t38
m=audio 5002 RTP/SAVP 0 8
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc
m=audio 5002 RTP/AVP 8 0
a=mid:two
m=audio 5004 RTP/AVP 0
m=video 5006 RTP/AVP 99 34
a=rtpmap:99 H264/90000
a=mid:five
m=application 0 UDP/BFCP *
";
    let (text, agreed) = answered(media);
    let lines: Vec<_> =
        text.lines().filter(|line| line.starts_with("m=") || line.starts_with("a=mid")).collect();
    assert_eq!(
        lines,
        [
            "m=image 0 UDPTL t38",
            "m=audio 0 RTP/SAVP 0 8",
            "m=audio 40000 RTP/AVP 0",
            "a=mid:two",
            "m=audio 0 RTP/AVP 0",
            "m=video 0 RTP/AVP 99 34",
            "a=mid:five",
            "m=application 0 UDP/BFCP *",
        ]
    );
    assert_eq!(agreed.remote.port(), 5002);
    assert!(!text.contains("crypto"));
    // The first audio stream has no codec of ours, so the second one is taken.
    assert_eq!(negotiated("m=audio 1 RTP/AVP 18\nm=audio 2 RTP/AVP 8\n").remote.port(), 2);
}

#[test]
fn addresses() {
    let at = |media: &str| negotiated(media).remote.to_string();
    assert_eq!(at("m=audio 4000/2 RTP/AVP 0\nc=IN IP4 198.51.100.9/127\n"), "198.51.100.9:4000");
    assert_eq!(
        at("m=video 1 RTP/AVP 34\nc=IN IP4 203.0.113.1\nm=audio 4000 RTP/AVP 0\n"),
        "192.0.2.1:4000"
    );
    for (media, why) in [
        ("m=audio 4000 RTP/AVP 0\nc=IN IP4 pbx.example.com\n", "the c= address of audio is a name"),
        ("m=audio 4000 RTP/AVP 0\nc=IN IP6 2001:db8::1\n", "another family of IP"),
        ("m=audio 4000 RTP/AVP 0\nc=IN IP4 224.2.1.1/127\n", "multicast"),
        ("m=audio 0 RTP/AVP 0\n", "refused or switched off"),
        ("m=audio 4000 RTP/SAVPF 0\n", "audio comes encrypted (RTP/SAVPF) and SRTP is off here"),
        ("m=image 4000 udptl t38\n", "a stream is image"),
        ("", "the offer holds no stream"),
    ] {
        let shown = refused(media);
        assert!(shown.starts_with("no usable audio stream: ") && shown.contains(why), "{shown}");
    }
    let without = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n";
    assert!(answer(without, &local()).unwrap_err().to_string().contains("no c= address"));
}

#[test]
fn ipv6() {
    let mut ours = local();
    ours.rtp = "[2001:db8::5]:40000".parse().unwrap();
    let theirs = b"v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=in ip6 2001:db8::1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    let (text, agreed) = answer(theirs, &ours).unwrap();
    assert!(String::from_utf8(text).unwrap().contains("\r\nc=IN IP6 2001:db8::5\r\n"));
    assert_eq!(agreed.remote, "[2001:db8::1]:4000".parse().unwrap());
    let held = String::from_utf8(theirs.to_vec()).unwrap().replace("2001:db8::1", "::");
    assert_eq!(answer(held.as_bytes(), &ours).unwrap().1.direction, Direction::RecvOnly);
}

#[test]
fn packet_times() {
    let time = |lines: &str| negotiated(&format!("m=audio 4000 RTP/AVP 0\n{lines}")).packet_time.0;
    assert_eq!(time(""), 20);
    assert_eq!(time("a=ptime:40\n"), 40);
    assert_eq!(time("a=ptime:20.0\n"), 20);
    for asked in [10, 30, 50] {
        assert_eq!(time(&format!("a=ptime:{asked}\n")), asked);
    }
    assert_eq!(time("a=ptime:25\n"), 20);
    assert_eq!(time("a=ptime:5000\n"), 20);
    assert_eq!(time("a=ptime:soon\n"), 20);
    assert_eq!(time("a=ptime:60\na=maxptime:40\n"), 40);
    assert_eq!(time("a=maxptime:0\na=ptime:60\n"), 60);
    let mut ours = local();
    ours.packet_time = PacketTime(60);
    let (text, agreed) =
        answer(&offered("m=audio 4000 RTP/AVP 0\na=maxptime:40\n"), &ours).unwrap();
    assert_eq!(agreed.packet_time.0, 40);
    assert!(String::from_utf8(text).unwrap().contains("a=ptime:60"));
}

#[test]
fn no_codec_in_common() {
    assert_eq!(
        refused(
            "m=audio 4000 RTP/AVP 18 9 96 101\na=rtpmap:96 opus/48000/2\na=rtpmap:101 telephone-event/8000\n"
        ),
        "no codec in common; the peer offers G729/8000, G722/8000, opus/48000, telephone-event/8000, we allow PCMU, PCMA"
    );
    let rude = format!("m=audio 4000 RTP/AVP 96\na=rtpmap:96 {}\u{1b}\"/8000\n", "x".repeat(4000));
    assert!(refused(&rude).len() < 150);
    assert!(!refused(&rude).contains(['\u{1b}', '"']));
}

#[test]
fn malformed_descriptions_say_where() {
    for (text, expected) in [
        ("", "line 1: it is empty"),
        ("\r\n\r\n", "line 1: it is empty"),
        ("o=- 1 1 IN IP4 192.0.2.1", "line 1: a description begins with v=0"),
        ("v=1", "line 1: the version is not 0"),
        ("v=0\r\nhello", "line 2: it does not begin with a letter and an equals sign"),
        ("v=0\r\no=- 1", "line 2: o= has no six parts"),
        ("v=0\no=- 1 1 IN IP4 a\nm=audio", "line 3: m= has no kind, port and protocol"),
        (
            "v=0\no=- 1 1 IN IP4 a\nm=audio 70000 RTP/AVP 0",
            "line 3: the port of m= is no number below 65536",
        ),
        (
            "v=0\no=- 1 1 IN IP4 a\nm=audio -1 RTP/AVP 0",
            "line 3: the port of m= is no number below 65536",
        ),
        ("v=0\no=- 1 1 IN IP4 a\nc=IN", "line 3: c= has no three parts"),
        ("v=0\ns=-", "line 2: there is no o="),
    ] {
        let error = answer(text.as_bytes(), &local()).unwrap_err();
        assert!(matches!(error, SdpError::Malformed { .. }));
        assert_eq!(error.to_string(), expected, "{text:?}");
    }
    let many = format!("v=0\no=- 1 1 IN IP4 a\n{}", "a=x\n".repeat(2000));
    assert_eq!(
        answer(many.as_bytes(), &local()).unwrap_err().to_string(),
        "line 1025: there are too many lines"
    );
    let many = format!("v=0\no=- 1 1 IN IP4 a\n{}", "m=a 1 b\n".repeat(17));
    assert_eq!(
        answer(many.as_bytes(), &local()).unwrap_err().to_string(),
        "line 19: there are too many streams"
    );
}

#[test]
fn our_offer_and_its_answers() {
    let text = String::from_utf8(offer(&local(), Direction::SendRecv)).unwrap();
    assert!(text.contains("m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"), "{text}");
    let held = offer(&local(), Direction::SendOnly);
    assert_eq!(answer(&held, &local()).unwrap().1.direction, Direction::RecvOnly);
    // The answerer's order counts, and so do its payload types.
    let taken = accept_answer(
        &offered("m=audio 9 RTP/AVP 8 0 96\na=rtpmap:96 telephone-event/8000\na=recvonly\n"),
        &local(),
    )
    .unwrap();
    assert_eq!(
        (taken.codec, taken.payload_type, taken.telephone_event),
        (Codec::Pcma, 8, Some(96))
    );
    assert_eq!(
        (taken.direction, taken.remote),
        (Direction::SendOnly, "192.0.2.1:9".parse().unwrap())
    );
    let failed = |media: &str| accept_answer(&offered(media), &local()).unwrap_err().to_string();
    assert!(failed("m=audio 0 RTP/AVP 0\n").contains("refused"));
    assert!(failed("").contains("the answer holds no stream"));
    assert!(failed("m=audio 9 RTP/AVP 18\n").contains("in common"));
}

/// Two of us understand each other, whatever each allows.
#[test]
fn both_sides_agree() {
    let directions =
        [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];
    let lists = [
        vec![Codec::Pcmu],
        vec![Codec::Pcma],
        vec![Codec::Pcma, Codec::Pcmu],
        vec![Codec::Pcmu, Codec::Pcma],
    ];
    for (offerer_codecs, answerer_codecs) in
        lists.iter().flat_map(|a| lists.iter().map(move |b| (a, b)))
    {
        for (direction, events) in directions.into_iter().flat_map(|d| [(d, true), (d, false)]) {
            let offerer = LocalMedia { codecs: offerer_codecs.clone(), ..local() };
            let answerer = LocalMedia {
                codecs: answerer_codecs.clone(),
                telephone_event: events,
                rtp: "192.0.2.6:50000".parse().unwrap(),
                ..local()
            };
            let common = offerer_codecs.iter().any(|codec| answerer_codecs.contains(codec));
            let Ok((text, theirs)) = answer(&offer(&offerer, direction), &answerer) else {
                assert!(!common);
                continue;
            };
            let ours = accept_answer(&text, &offerer).unwrap();
            assert!(common);
            assert_eq!((ours.codec, ours.payload_type), (theirs.codec, theirs.payload_type));
            assert_eq!(
                theirs.codec,
                *answerer_codecs.iter().find(|c| offerer_codecs.contains(c)).unwrap()
            );
            assert_eq!(ours.telephone_event, events.then_some(101));
            assert_eq!(ours.telephone_event, theirs.telephone_event);
            assert_eq!((ours.remote, theirs.remote), (answerer.rtp, offerer.rtp));
            assert_eq!(ours.direction, direction);
            assert_eq!(ours.direction.sends(), theirs.direction.receives());
            assert_eq!(ours.direction.receives(), theirs.direction.sends());
        }
    }
}

/// Nothing that a peer wrote can start a line of ours.
#[test]
fn injection_is_left_out() {
    let mut session = Session::parse(&offered(ASTERISK)).unwrap();
    session.name = "a\r\nm=audio 1 RTP/AVP 0".into();
    session.media[0].formats.push("0\r\na=evil".into());
    let text = String::from_utf8(session.to_bytes()).unwrap();
    assert_eq!(text.matches("\r\nm=").count(), 1);
    assert!(!text.contains("\r\na=evil"));
}

/// Browsers and old gateways alike: long lists, other line ends, Latin-1, a NUL at the end.
#[test]
fn odd_but_readable() {
    let latin1 = b"v=0\no=M\xfcller 1 1 IN IP4 192.0.2.1\ns=Anruf f\xfcr Sie\nc=IN IP4 192.0.2.1\nt=0 0\nb=AS:64\nm=audio 4000 RTP/AVP 0 \n\n\0";
    let session = Session::parse(latin1).unwrap();
    assert_eq!((session.origin.user.as_str(), session.name.as_str()), ("Müller", "Anruf für Sie"));
    assert!(answer(latin1, &local()).is_ok());
    let returns =
        offered(ASTERISK).iter().copied().filter(|byte| *byte != b'\n').collect::<Vec<_>>();
    assert_eq!(answer(&returns, &local()).unwrap().1, negotiated(ASTERISK));
    assert!(answer(&offered("m=audio 4000 RTP/AVPF 0\n"), &local()).is_ok());
}

#[test]
fn mutated_descriptions_do_no_harm() {
    let seeds = [
        offered(ASTERISK),
        offer(&local(), Direction::SendRecv),
        offered(
            "m=image 1 udptl t38\nm=audio 2 RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\na=mid:x\n",
        ),
        offered(
            "m=audio 2 RTP/SAVP 8\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4 WSH=64\nm=audio 2 RTP/AVP 8\n",
        ),
    ];
    let mut dice = Dice::new(3264);
    let mut good = 0;
    for _ in 0..50_000 {
        let mut bytes = seeds[dice.below(4) as usize].clone();
        for _ in 0..=dice.below(3) {
            let at = dice.below(bytes.len() as u64 + 1) as usize;
            let end = (at + dice.below(20) as usize).min(bytes.len());
            match dice.below(5) {
                0 => drop(bytes.drain(at..end)),
                1 => bytes.insert(at, dice.bits() as u8),
                2 => bytes.insert(at, b" :/=\r\n09\0ac"[dice.below(11) as usize]),
                3 => {
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
                _ => bytes.truncate(at.max(20)),
            }
        }
        fuzzing::sdp(&bytes);
        good += usize::from(answer(&bytes, &local()).is_ok());
    }
    assert!((10_000..45_000).contains(&good), "{good} of 50000 could still be answered");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        fuzzing::sdp(&bytes);
    }

    #[test]
    fn any_lines_do_no_harm(lines in proptest::collection::vec("[vosctamb]=[ -~é]{0,30}", 0..20)) {
        fuzzing::sdp(format!("v=0\no=- 1 1 IN IP4 192.0.2.1\n{}", lines.join("\n")).as_bytes());
    }
}
