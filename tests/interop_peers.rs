//! The peers that other tests rely on work by themselves: baresip calls baresip, SIPp calls SIPp's
//! kind. When these fail, look at the machine and not at the gateway.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod interop;

use std::path::Path;
use std::time::Duration;

use interop::baresip::{Baresip, Setup};
use interop::sipp::{self, Answering, Load};

/// Writes a second of silence, a second of a tone, and so many seconds of silence.
fn write_tone(path: &Path, hertz: f64, silence: u32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..8000 * (2 + silence) {
        let phase = f64::from(n) * hertz * std::f64::consts::TAU / 8000.0;
        let sounds = (8000..16_000).contains(&n);
        writer.write_sample(if sounds { (phase.sin() * 8000.0) as i16 } else { 0 }).unwrap();
    }
    writer.finalize().unwrap();
}

#[test]
fn baresip_calls_baresip_and_both_record() {
    interop::require("baresip", "baresip");
    let folder = tempfile::tempdir().unwrap();
    let (low, high) = (folder.path().join("low.wav"), folder.path().join("high.wav"));
    write_tone(&low, 400.0, 10);
    write_tone(&high, 1200.0, 10);
    let mut caller = Baresip::start(&Setup::saying(&low));
    let mut callee = Baresip::start(&Setup { user: "callee", ..Setup::saying(&high) });
    let patience = Duration::from_secs(10);
    caller.dial(&format!("sip:callee@127.0.0.1:{}", callee.port()));
    assert!(callee.wait_for("CALL_INCOMING", patience).is_some(), "{}", callee.log());
    callee.accept();
    assert!(caller.wait_for("CALL_ESTABLISHED", patience).is_some(), "{}", caller.log());
    std::thread::sleep(Duration::from_secs(3));
    caller.hang_up();
    assert!(callee.wait_for("CALL_CLOSED", patience).is_some(), "{}", callee.log());
    let (caller, callee) = (caller.finish(), callee.finish());
    for (heard, hertz) in [(&caller.received, 1200.0), (&callee.received, 400.0)] {
        let crossings = heard.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        let second = f64::from(u32::try_from(crossings).unwrap());
        assert!((second - hertz).abs() < hertz * 0.1, "{crossings} waves, {hertz} expected");
    }
    assert!(caller.sent.iter().any(|sample| *sample > 4000));
}

#[test]
fn sipp_counts_calls_that_went_well_and_calls_that_did_not() {
    interop::require("sipp", "sip-tester");
    let answering = Answering::start();
    let held = Duration::from_millis(200);
    let load = Load { target: answering.address, dials: "100", calls: 20, a_second: 20, held };
    let report = sipp::run(&load);
    assert_eq!((report.successful, report.failed), (20, 0), "{}", report.errors);
}
