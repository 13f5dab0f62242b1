//! RTCP with baresip: it says how it hears us, and we how we hear it; tshark reads ours.

use std::time::Duration;

use attendant::codec::Codec;

use super::capture::Capture;
use super::desk::PATIENCE;
use super::interop::baresip::{Baresip, Setup};
use super::machine::steadily;
use super::post::Post;
use super::{calling, interop, sound};

/// baresip reports every five seconds.
const CALL: Duration = Duration::from_secs(13);

#[test]
fn both_sides_report_that_nothing_is_lost() {
    interop::require("baresip", "baresip");
    steadily(reports);
}

fn reports() {
    let folder = tempfile::tempdir().unwrap();
    let says = folder.path().join("says.wav");
    sound::write(&says, &[sound::theirs(), sound::silence(20_000)].concat(), 8000);
    let ports = 26_200..=26_209;
    let talking = calling();
    let capture = Capture::start(ports.clone());
    let post = Post::open(ports.clone(), &[Codec::Pcma]);
    let mut phone = Baresip::start(&Setup { codecs: "PCMA/8000/1", ..Setup::saying(&says) });
    phone.dial(&post.uri());
    assert!(phone.wait_for("CALL_ESTABLISHED", PATIENCE).is_some(), "{}", phone.log());
    post.say(sound::ours());
    std::thread::sleep(CALL);
    phone.hang_up();
    assert!(post.sees(PATIENCE, |noted| noted.quality.is_some()), "{:?}", post.noted().quality);
    let quality = post.noted().quality.unwrap();
    println!("{quality:?}");
    assert!(quality.reports >= 2 && quality.verdict.unwrap().is_fine(), "{quality:?}");
    assert_eq!((quality.inbound_loss, quality.outbound_loss), (0.0, Some(0.0)));
    assert!(quality.round_trip.unwrap() < Duration::from_secs(1), "{quality:?}");
    assert!(quality.inbound.conversation > 4.2 && quality.outbound.unwrap().conversation > 4.0);
    for levels in [quality.heard, quality.said] {
        assert!((-35.0..-10.0).contains(&levels.speech), "{levels:?}");
    }
    drop((post, talking));
    let fields = [
        "rtcp.pt",
        "rtcp.senderssrc",
        "rtcp.ssrc.identifier",
        "rtcp.ssrc.fraction",
        "rtcp.ssrc.cum_nr",
        "rtcp.sdes.type",
        "rtcp.length_check",
        "_ws.malformed",
        "_ws.expert.message",
    ];
    let rows = capture.reports(&fields);
    let ours = |row: &&Vec<String>| ports.contains(&row[0].parse().unwrap());
    let (ours, theirs): (Vec<_>, Vec<_>) = rows.iter().partition(ours);
    assert!(ours.len() >= 3 && theirs.len() >= 2, "{rows:#?}");
    for row in &ours {
        // A report and a name in each, whole, and nothing that tshark frowns at.
        assert!(row[1].starts_with("200,202"), "{row:?}");
        assert!(row[6].contains('1') && ["1", "True"].contains(&row[7].as_str()), "{row:?}");
        assert_eq!((row[8].as_str(), row[9].as_str()), ("", ""), "{row:?}");
    }
    assert_eq!(ours.last().unwrap()[1], "200,202,203", "the last one says goodbye");
    // What baresip says of our stream, as tshark reads it: not one packet is lost.
    let us = ours[0][2].split(',').next().unwrap();
    let of_us: Vec<_> = theirs.iter().filter(|row| row[3].contains(us)).collect();
    assert!(!of_us.is_empty(), "{theirs:#?}");
    let none = |field: &str| field.split(',').all(|number| number == "0");
    assert!(of_us.iter().all(|row| none(&row[4]) && none(&row[5])), "{of_us:#?}");
}
