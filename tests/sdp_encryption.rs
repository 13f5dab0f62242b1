//! SRTP by SDES in offers and answers (RFC 4568, RFC 3264), as PBXs make them.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use attendant::codec::Codec;
use attendant::rtp::{KeySeed, MasterKey, Suite};
use attendant::sdp::Direction::SendRecv;
use attendant::sdp::{
    Encryption, LocalMedia, Negotiated, Session, accept_answer, answer, offer, offers_keys,
};

/// A key as RFC 4568 shows one, and other bytes of the lengths of the suites.
const KEY: &str = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const LONG: &str = "inline:CzBVep/E6Q4zWH2ix+wRNluApcrvFDleg6jN8hc8YYar0PUaP2SJrtP4HUJnjA==";

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Policy {
    Off,
    Optional,
    Required,
}
use Policy::{Off, Optional, Required};

fn local(policy: Policy) -> LocalMedia {
    let required = policy == Required;
    let encryption = Encryption { required, seed: KeySeed::new([7; 32]), number: 0 };
    let rtp = "192.0.2.5:40000".parse().unwrap();
    let plain = LocalMedia::new(rtp, vec![Codec::Pcmu], 7);
    LocalMedia { encryption: (policy != Off).then_some(encryption), ..plain }
}

/// An offer of the streams in `media`.
fn offered(media: &str) -> Vec<u8> {
    format!("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n{media}")
        .replace('\n', "\r\n")
        .into_bytes()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap().replace("\r\n", "\n")
}

fn answered(policy: Policy, media: &str) -> (String, Negotiated) {
    let (bytes, agreed) = answer(&offered(media), &local(policy)).unwrap();
    (text(&bytes), agreed)
}

fn refused(policy: Policy, media: &str) -> String {
    answer(&offered(media), &local(policy)).unwrap_err().to_string()
}

/// The `m=` and `a=crypto` lines, the latter without their keys.
fn lines(description: &str) -> Vec<&str> {
    let wanted = |line: &&str| line.starts_with("m=") || line.starts_with("a=crypto");
    description.lines().filter(wanted).map(|it| it.split(" inline:").next().unwrap()).collect()
}

fn our_key(description: &str) -> String {
    let line = description.lines().find(|line| line.starts_with("a=crypto:")).unwrap();
    line.split_once("inline:").unwrap().1.to_owned()
}

fn savp(lines: &str) -> String {
    format!("m=audio 4000 RTP/SAVP 0\n{lines}")
}

#[test]
fn an_encrypted_offer_is_answered_with_a_key_of_ours() {
    let media = savp(&format!("a=crypto:3 AES_CM_128_HMAC_SHA1_80 {KEY}|2^31\n"));
    for policy in [Optional, Required] {
        let (text, agreed) = answered(policy, &media);
        let expected = ["m=audio 40000 RTP/SAVP 0", "a=crypto:3 AES_CM_128_HMAC_SHA1_80"];
        assert_eq!(lines(&text), expected);
        let keys = agreed.srtp.unwrap();
        let theirs = b"YS___semctl () {\t220;}\n}\nunles";
        assert_eq!(keys.theirs, MasterKey::new(Suite::Aes128Tag80, theirs).unwrap());
        assert_eq!(keys.ours, KeySeed::new([7; 32]).master_key(Suite::Aes128Tag80, 0));
        assert_eq!(our_key(&text).len(), 40);
        assert_ne!(keys.ours, keys.theirs);
    }
    // By profile with feedback, and by best effort: keys beside a stream in the clear.
    for protocol in ["RTP/SAVPF", "RTP/AVP", "RTP/AVPF"] {
        for policy in [Optional, Required] {
            let (text, agreed) = answered(policy, &media.replace("RTP/SAVP", protocol));
            let expected = format!("m=audio 40000 {protocol} 0");
            assert_eq!(lines(&text), [&expected, "a=crypto:3 AES_CM_128_HMAC_SHA1_80"]);
            assert!(agreed.srtp.is_some());
        }
    }
    let (text, agreed) = answered(Off, &media.replace("RTP/SAVP", "RTP/AVP"));
    assert_eq!((lines(&text), agreed.srtp), (vec!["m=audio 40000 RTP/AVP 0"], None));
}

#[test]
fn the_first_line_that_we_can_do_is_taken() {
    let (text, agreed) = answered(
        Required,
        &savp(&format!(
            "a=crypto:1 AEAD_AES_256_GCM {LONG}\na=crypto:2 AES_CM_128_HMAC_SHA1_80 {KEY} KDR=3\n\
             a=crypto:4 AES_256_CM_HMAC_SHA1_80 {LONG}\na=crypto:5 AES_CM_128_HMAC_SHA1_80 {KEY}\n"
        )),
    );
    assert_eq!(lines(&text)[1..], ["a=crypto:4 AES_256_CM_HMAC_SHA1_80"]);
    let keys = agreed.srtp.unwrap();
    assert_eq!((keys.ours.suite(), keys.theirs.suite()), (Suite::Aes256Tag80, Suite::Aes256Tag80));
    // A draft's name goes back as it came; a key identifier is kept.
    let draft = savp(&format!("a=crypto:9 AES_CM_256_HMAC_SHA1_32 {LONG}|2^20|1:4\n"));
    let (text, agreed) = answered(Optional, &draft);
    assert_eq!(lines(&text)[1..], ["a=crypto:9 AES_CM_256_HMAC_SHA1_32"]);
    assert_eq!(agreed.srtp.unwrap().their_mki, 4);
}

#[test]
fn offers_that_mix_both_get_the_encrypted_stream_if_they_may() {
    let plain = "m=audio 4000 RTP/AVP 0\n";
    let secure = savp(&format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}\n"));
    for (media, order) in [(format!("{plain}{secure}"), false), (format!("{secure}{plain}"), true)]
    {
        for policy in [Optional, Required] {
            let (text, agreed) = answered(policy, &media);
            let mut expected = vec![
                "m=audio 40000 RTP/SAVP 0",
                "a=crypto:1 AES_CM_128_HMAC_SHA1_80",
                "m=audio 0 RTP/AVP 0",
            ];
            if !order {
                expected.rotate_right(1);
            }
            assert_eq!(lines(&text), expected);
            assert!(agreed.srtp.is_some());
        }
        let (text, agreed) = answered(Off, &media);
        let mut expected = ["m=audio 0 RTP/SAVP 0", "m=audio 40000 RTP/AVP 0"];
        if !order {
            expected.reverse();
        }
        assert_eq!((lines(&text), agreed.srtp), (expected.to_vec(), None));
    }
    // Its key cannot be used: then the other one, where that is allowed.
    let unusable =
        format!("m=audio 4000 RTP/SAVP 0\na=crypto:1 F8_128_HMAC_SHA1_80 {KEY}\n{plain}");
    assert_eq!(answered(Optional, &unusable).1.srtp, None);
    assert!(refused(Required, &unusable).contains("F8_128_HMAC_SHA1_80, which we do not have"));
    // Nor is the codec ever worth more than its encryption.
    let other =
        format!("m=audio 4002 RTP/SAVP 18\na=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}\n{plain}");
    assert_eq!(answered(Optional, &other).1.remote.port(), 4000);
    assert!(
        refused(Required, &other).contains("no codec in common"),
        "{}",
        refused(Required, &other)
    );
}

#[test]
fn what_may_not_be_is_refused_in_words_that_help() {
    let plain = "m=audio 4000 RTP/AVP 0\n";
    let secure = savp(&format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}\n"));
    for (policy, media, why) in [
        (
            Required,
            plain,
            "audio is not encrypted and SRTP is required here: switch SRTP (SDES) on for this trunk on the PBX, or write srtp = \"optional\"",
        ),
        (
            Off,
            &secure,
            "audio comes encrypted (RTP/SAVP) and SRTP is off here: switch it off on the PBX, or write srtp = \"optional\"",
        ),
        (Optional, &savp(""), "no a=crypto holds its key"),
        (
            Required,
            &savp(&format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY} UNENCRYPTED_SRTP\n")),
            "a=crypto:1 asks for UNENCRYPTED_SRTP",
        ),
        (
            Optional,
            &savp(&format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY} UNAUTHENTICATED_SRTP\n")),
            "anybody could speak",
        ),
        (Optional, "m=audio 4000 UDP/TLS/RTP/SAVPF 0\na=fingerprint:sha-256 00\n", "keyed by DTLS"),
        (Required, "m=audio 4000 TCP/RTP/AVP 0\n", "audio comes by TCP/RTP/AVP"),
    ] {
        let shown = refused(policy, media);
        assert!(shown.starts_with("no usable audio stream: ") && shown.contains(why), "{shown}");
        assert!(!shown.contains("WVNf"), "{shown}");
    }
    // What cannot be done is left where it need not be: the call is in the clear, as it was offered.
    let best_effort =
        format!("m=audio 4000 RTP/AVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY} KDR=1\n");
    let (text, agreed) = answered(Optional, &best_effort);
    assert_eq!((lines(&text), agreed.srtp), (vec!["m=audio 40000 RTP/AVP 0"], None));
}

#[test]
fn offers_of_ours() {
    let made = |policy| text(&offer(&local(policy), SendRecv));
    assert_eq!(lines(&made(Off)), ["m=audio 40000 RTP/AVP 0"]);
    let suites = [
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80",
        "a=crypto:2 AES_256_CM_HMAC_SHA1_80",
        "a=crypto:3 AES_CM_128_HMAC_SHA1_32",
    ];
    assert_eq!(lines(&made(Required)), [["m=audio 40000 RTP/SAVP 0"].as_slice(), &suites].concat());
    assert_eq!(lines(&made(Optional)), [["m=audio 40000 RTP/AVP 0"].as_slice(), &suites].concat());

    let accepted = |policy, media: &str| accept_answer(&offered(media), &local(policy));
    let keyed = format!("m=audio 4000 RTP/SAVP 0\na=crypto:2 AES_256_CM_HMAC_SHA1_80 {LONG}\n");
    let keys = accepted(Required, &keyed).unwrap().srtp.unwrap();
    assert_eq!(keys.ours, KeySeed::new([7; 32]).master_key(Suite::Aes256Tag80, 0));
    let plain = "m=audio 4000 RTP/AVP 0\n";
    assert_eq!(accepted(Optional, plain).unwrap().srtp, None);
    assert!(accepted(Optional, &keyed.replace("SAVP", "AVP")).unwrap().srtp.is_some());
    assert!(accepted(Required, plain).unwrap_err().to_string().contains("not encrypted"));
    assert!(accepted(Off, &keyed).unwrap_err().to_string().contains("SRTP is off here"));
}

/// Both sides are ours: what one sends under, the other receives under.
#[test]
fn both_sides_come_to_the_same_keys() {
    let mut theirs = local(Optional);
    theirs.encryption.as_mut().unwrap().seed = KeySeed::new([9; 32]);
    for policy in [Optional, Required] {
        let ours = local(policy);
        let (text, agreed) = answer(&offer(&ours, SendRecv), &theirs).unwrap();
        let (there, here) =
            (agreed.srtp.unwrap(), accept_answer(&text, &ours).unwrap().srtp.unwrap());
        assert_eq!((&here.ours, &here.theirs), (&there.theirs, &there.ours));
    }
    // Another number is another key, and the same number the same.
    let media = savp(&format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}\n"));
    let first = our_key(&answered(Required, &media).0);
    assert_eq!(first, our_key(&answered(Required, &media).0));
    let mut next = local(Required);
    next.encryption.as_mut().unwrap().number = 1;
    assert_ne!(first, our_key(&text(&answer(&offered(&media), &next).unwrap().0)));
}

#[test]
fn keys_are_found_and_never_shown() {
    let media = savp(&format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}\n"));
    let (answered, agreed) = answered(Required, &media);
    let session = Session::parse(answered.as_bytes()).unwrap();
    let shown = format!("{session:?} {agreed:?} {:?}", local(Required));
    assert!(shown.contains("a=crypto:‹secret›"), "{shown}");
    assert!(!shown.contains(&our_key(&answered)[..8]) && !shown.contains("WVNf"), "{shown}");
    for (media, keyed) in [
        (media.as_str(), true),
        ("m=audio 4000 RTP/SAVP 0\n", true),
        ("m=audio 4000 RTP/AVP 0\n", false),
        (&media.replace("SAVP", "AVP"), true),
    ] {
        assert_eq!(offers_keys(&offered(media)), keyed, "{media}");
    }
    assert!(!offers_keys(b"garbled"));
}
