//! Which codec an offer and its answer come to, and what each side says of it: Opus, L16, and digits
//! at more than one clock.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use attendant::base::{PacketTime, SampleRate};
use attendant::codec::{Codec, OpusSettings};
use attendant::sdp::{Direction, LocalMedia, Negotiated, accept_answer, answer, offer};

fn local(codecs: &[Codec]) -> LocalMedia {
    let rtp = "192.0.2.5:40000".parse().unwrap();
    LocalMedia { telephone_event: true, ..LocalMedia::new(rtp, codecs.to_vec(), 7) }
}

fn offered(media: &str) -> Vec<u8> {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{media}")
        .into_bytes()
}

fn answered(media: &str, codecs: &[Codec]) -> (String, Negotiated) {
    let (text, agreed) = answer(&offered(media), &local(codecs)).unwrap();
    (String::from_utf8(text).unwrap(), agreed)
}

/// As browsers and softphones offer it.
const SOFTPHONE: &str = "\
m=audio 5004 RTP/AVP 111 9 0 8 110 126
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=20000
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
";

#[test]
fn an_offer_of_everything() {
    let everything =
        [Codec::Opus, Codec::G722, Codec::Pcmu, Codec::Pcma, Codec::L16, Codec::L16Narrow];
    let text = String::from_utf8(offer(&local(&everything), Direction::SendRecv)).unwrap();
    let media = &text[text.find("m=").unwrap()..];
    assert_eq!(
        media.replace("\r\n", "\n"),
        "m=audio 40000 RTP/AVP 96 9 0 8 97 98 101 102 103\n\
         a=rtpmap:96 opus/48000/2\n\
         a=fmtp:96 minptime=10;maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1\n\
         a=rtpmap:9 G722/8000\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\n\
         a=rtpmap:97 L16/16000\na=rtpmap:98 L16/8000\n\
         a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16\n\
         a=rtpmap:102 telephone-event/48000\na=fmtp:102 0-16\n\
         a=rtpmap:103 telephone-event/16000\na=fmtp:103 0-16\n\
         a=ptime:20\na=maxptime:30\na=sendrecv\n"
    );
}

#[test]
fn the_order_of_the_profile_decides_what_is_answered() {
    for (codecs, expected, payload_type) in [
        (&[Codec::Opus, Codec::Pcmu][..], Codec::Opus, 111),
        (&[Codec::Pcma, Codec::Opus], Codec::Pcma, 8),
        (&[Codec::G722, Codec::Opus], Codec::G722, 9),
        (&[Codec::L16, Codec::Pcmu], Codec::Pcmu, 0),
    ] {
        let (text, agreed) = answered(SOFTPHONE, codecs);
        assert_eq!((agreed.codec, agreed.payload_type), (expected, payload_type));
        let line = text.lines().find(|line| line.starts_with("m=")).unwrap();
        assert!(line.starts_with(&format!("m=audio 40000 RTP/AVP {payload_type} ")), "{line}");
    }
}

#[test]
fn digits_go_at_the_clock_of_the_codec_where_both_sides_have_it() {
    let events = |agreed: &Negotiated| (agreed.telephone_event, agreed.event_clock);
    let (text, agreed) = answered(SOFTPHONE, &[Codec::Opus]);
    assert_eq!(events(&agreed), (Some(110), SampleRate(48_000)));
    assert!(text.contains("a=rtpmap:110 telephone-event/48000\r\n") && !text.contains("126"));
    assert_eq!(events(&answered(SOFTPHONE, &[Codec::Pcmu]).1), (Some(126), SampleRate(8_000)));
    // Many phones have Opus and know no other clock for digits than 8 kHz.
    let phone = SOFTPHONE.replace("a=rtpmap:110 telephone-event/48000\n", "");
    let (text, agreed) = answered(&phone, &[Codec::Opus]);
    assert_eq!(events(&agreed), (Some(126), SampleRate(8_000)));
    assert!(text.contains("a=rtpmap:126 telephone-event/8000\r\n"));
    // And one that has neither.
    let silent = phone.replace("a=rtpmap:126 telephone-event/8000\n", "");
    assert_eq!(events(&answered(&silent, &[Codec::Opus]).1), (None, SampleRate(8_000)));
}

#[test]
fn opus_is_sent_as_the_far_end_wants_it() {
    let (text, agreed) = answered(SOFTPHONE, &[Codec::Opus]);
    let wanted = OpusSettings { fec: true, max_bitrate: 20_000, ..OpusSettings::default() };
    assert_eq!(agreed.opus, wanted);
    assert!(text.contains("a=rtpmap:111 opus/48000/2\r\na=fmtp:111 "), "{text}");
    // Its parameters are not those of the codec beside it.
    assert_eq!(answered(SOFTPHONE, &[Codec::Pcmu]).1.opus, OpusSettings::default());
    let quiet = SOFTPHONE.replace("useinbandfec=1", "usedtx=1;cbr=1;maxplaybackrate=8000");
    let opus = answered(&quiet, &[Codec::Opus]).1.opus;
    assert!(opus.dtx && opus.constant && !opus.fec && opus.max_playback_rate == 8_000);
    // One channel is not as RFC 7587 has it, and is Opus all the same.
    let mono = SOFTPHONE.replace("opus/48000/2", "OPUS/48000");
    assert_eq!(answered(&mono, &[Codec::Opus, Codec::Pcmu]).1.codec, Codec::Opus);
    let other = SOFTPHONE.replace("opus/48000/2", "opus/16000/2");
    assert_eq!(answered(&other, &[Codec::Opus, Codec::Pcmu]).1.codec, Codec::Pcmu);
}

#[test]
fn samples_as_they_are_at_the_rates_that_we_have() {
    let rates =
        "m=audio 4000 RTP/AVP 10 11 96 97\r\na=rtpmap:96 L16/8000\r\na=rtpmap:97 L16/16000/1\r\n";
    let agreed = answered(rates, &[Codec::L16, Codec::L16Narrow]).1;
    assert_eq!((agreed.codec, agreed.payload_type), (Codec::L16, 97));
    let agreed = answered(rates, &[Codec::L16Narrow]).1;
    assert_eq!((agreed.codec, agreed.payload_type), (Codec::L16Narrow, 96));
    // Static types are 44.1 kHz (RFC 3551 §6), and stereo is not ours.
    let wrong = offered("m=audio 4000 RTP/AVP 10 11 96\r\na=rtpmap:96 L16/16000/2\r\n");
    let refused = answer(&wrong, &local(&[Codec::L16, Codec::L16Narrow])).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no codec in common; the peer offers L16/44100, L16/44100, L16/16000, we allow L16, L16"
    );
}

#[test]
fn packets_are_no_longer_than_either_side_can_take() {
    let mut slow = local(&[Codec::L16, Codec::Pcmu]);
    slow.packet_time = PacketTime(60);
    let text = String::from_utf8(offer(&slow, Direction::SendRecv)).unwrap();
    assert!(text.contains("a=ptime:30\r\na=maxptime:30\r\n"), "{text}");
    for (lines, expected) in [
        ("a=ptime:40\n", 40),
        ("a=ptime:40\na=maxptime:20\n", 20),
        ("a=maxptime:10\n", 10),
        ("a=ptime:10\na=maxptime:10\n", 10),
        ("a=ptime:120\n", 20),
        ("a=ptime:30\n", 20),
        ("a=ptime:60\na=maxptime:50\n", 40),
    ] {
        let agreed = answered(&format!("{SOFTPHONE}{lines}"), &[Codec::Opus]).1;
        assert_eq!(agreed.packet_time, PacketTime(expected), "{lines}");
    }
    let linear = "m=audio 4000 RTP/AVP 97 0\na=rtpmap:97 L16/16000\n";
    for (codec, asked, expected) in [
        (Codec::Pcmu, 10, 10),
        (Codec::Pcmu, 30, 30),
        (Codec::Pcmu, 50, 50),
        (Codec::Pcmu, 60, 60),
        (Codec::L16, 10, 10),
        (Codec::L16, 60, 30),
    ] {
        let agreed = answered(&format!("{linear}a=ptime:{asked}\n"), &[codec]).1;
        assert_eq!(agreed.packet_time, PacketTime(expected), "{codec:?} {asked}");
    }
    // What a codec has no frame for is sent shorter.
    let samples = |codec: Codec, time| codec.packet(PacketTime(time)) / 16;
    assert_eq!([10, 30, 50, 60, 200].map(|time| samples(Codec::Opus, time)), [10, 20, 40, 60, 60]);
    assert_eq!([5, 20, 40].map(|time| samples(Codec::L16, time)), [10, 20, 30]);
    assert_eq!([30, 60, 120].map(|time| samples(Codec::Pcmu, time)), [30, 60, 60]);
}

/// What a number stands for in a session it stands for to its end (RFC 3264 §8.3.2), though it was the far end that
/// chose it.
#[test]
fn an_offer_in_mid_call_keeps_the_numbers_that_were_agreed() {
    let codecs = [Codec::Opus, Codec::L16, Codec::Pcmu];
    let carrier = "m=audio 4000 RTP/AVP 101 96\na=rtpmap:101 opus/48000/2\n\
        a=rtpmap:96 telephone-event/8000\n";
    let (_, agreed) = answered(carrier, &codecs);
    assert_eq!((agreed.payload_type, agreed.telephone_event), (101, Some(96)));
    let later = LocalMedia { agreed: Some(Box::new(agreed)), ..local(&codecs) };
    let text = String::from_utf8(offer(&later, Direction::SendRecv)).unwrap();
    for line in [
        "m=audio 40000 RTP/AVP 101 97 0 96 102 103\r\n",
        "a=rtpmap:101 opus/48000/2\r\n",
        "a=rtpmap:97 L16/16000\r\n",
        "a=rtpmap:96 telephone-event/8000\r\n",
        "a=rtpmap:102 telephone-event/48000\r\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

/// RFC 3389: a description of noise goes with codecs at its own clock, and only where both sides have it.
#[test]
fn comfort_noise_is_agreed_where_both_sides_have_it() {
    let noisy = |codecs| LocalMedia { comfort_noise: true, ..local(codecs) };
    let text = String::from_utf8(offer(&noisy(&[Codec::Pcmu]), Direction::SendRecv)).unwrap();
    assert!(text.contains(" RTP/AVP 0 101 13\r\n") && text.contains("a=rtpmap:13 CN/8000\r\n"));
    let text = String::from_utf8(offer(&noisy(&[Codec::Opus]), Direction::SendRecv)).unwrap();
    assert!(!text.contains("CN/"), "{text}");
    let theirs = "m=audio 4000 RTP/AVP 0 111 13 101\na=rtpmap:111 opus/48000/2\n\
        a=rtpmap:101 telephone-event/8000\n";
    for (local, expected, said) in [
        (noisy(&[Codec::Pcmu]), Some(13), "RTP/AVP 0 101 13\r\n"),
        (local(&[Codec::Pcmu]), None, "RTP/AVP 0 101\r\n"),
        (noisy(&[Codec::Opus]), None, "RTP/AVP 111 101\r\n"),
    ] {
        let (text, agreed) = answer(&offered(theirs), &local).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(agreed.comfort_noise, expected, "{text}");
        assert!(text.contains(said), "{text}");
        assert_eq!(accept_answer(&offered(theirs), &local).unwrap().comfort_noise, expected);
    }
    let without = "m=audio 4000 RTP/AVP 0\n";
    let agreed = answer(&offered(without), &noisy(&[Codec::Pcmu])).unwrap().1;
    assert_eq!(agreed.comfort_noise, None);
}

/// Whatever each side allows, both come to the same.
#[test]
fn both_sides_agree() {
    use Codec::{G722, L16, L16Narrow, Opus, Pcma, Pcmu};
    let lists: [&[Codec]; 5] = [
        &[Opus, G722, Pcmu],
        &[Pcmu, Opus],
        &[L16Narrow, Opus, L16],
        &[L16, Pcma],
        &[Pcma, L16Narrow, G722],
    ];
    for (ours, theirs) in lists.iter().flat_map(|a| lists.iter().map(move |b| (*a, *b))) {
        let (ours, theirs) = (local(ours), local(theirs));
        let first = theirs.codecs.iter().find(|codec| ours.codecs.contains(codec));
        let answer = answer(&offer(&ours, Direction::SendRecv), &theirs);
        let Some(first) = first else {
            assert!(answer.is_err());
            continue;
        };
        let (text, there) = answer.unwrap();
        let here = accept_answer(&text, &ours).unwrap();
        assert_eq!((here.codec, there.codec), (*first, *first));
        assert_eq!(here.payload_type, there.payload_type);
        assert_eq!(
            (here.telephone_event, here.event_clock),
            (there.telephone_event, there.event_clock)
        );
        assert!(here.telephone_event.is_some());
        assert_eq!(here.event_clock, first.clock_rate());
        assert!(*first != Opus || here.opus.fec && there.opus.max_playback_rate == 16_000);
    }
}
