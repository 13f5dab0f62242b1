//! Nothing on a media thread allocates: ten minutes of a leg with loss, digits, hold, a
//! renegotiation and RTCP, under an allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Epoch, Frame, Phi, UtteranceId};
use attendant::codec::Codec;
use attendant::media::{LegParams, MediaSession, SessionEvent};
use attendant::rtp::{RTCP_BYTES, RtcpParams};
use attendant::speech::{HeardFrame, Vad};
use attendant::workers::{DownFrame, Playback, up_ring};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[allow(unsafe_code, reason = "an allocator is unsafe by its trait")]
// SAFETY: everything is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn thirty_thousand_ticks_allocate_nothing() {
    let start = Instant::now();
    let caller = SocketAddr::from(([192, 0, 2, 1], 4000));
    let params = LegParams {
        telephone_event: Some(101),
        learn_source: true,
        rtcp: RtcpParams { receiver_time: true, voip_metrics: true, ..RtcpParams::default() },
        ..LegParams::new(Codec::Pcmu, 0, caller)
    };
    let mut dice = Dice::new(1);
    let mut ours = MediaSession::new(start, params.clone(), &mut dice);
    let mut theirs = MediaSession::new(start, params.clone(), &mut dice);
    let mut vad = Vad::new();
    let voice = Frame(std::array::from_fn(|i| if i % 100 < 50 { 4000 } else { -4000 }));
    let (mut out, mut frames, mut digits) = ([0; 1500], 0_u32, 0_u32);
    let (mut report, mut judged) = ([0; RTCP_BYTES], 0_u32);
    let reporter = SocketAddr::new(caller.ip(), caller.port() + 1);

    let (mut writer, mut reader) = up_ring();
    let (mut down, mut playback) = Playback::new();

    let before = ALLOCATIONS.get();
    for tick in 0..30_000_u64 {
        let now = start + Duration::from_millis(20 * tick);
        if tick % 500 == 50 {
            theirs.press('5');
        }
        match tick % 1000 {
            600 => ours.update(now, LegParams { sends: false, receives: false, ..params.clone() }),
            700 => ours
                .update(now, LegParams { codec: Codec::Pcma, payload_type: 8, ..params.clone() }),
            900 => ours.update(now, params.clone()),
            _ => {}
        }
        theirs.tick(now, (tick % 100 < 50).then_some(&voice));
        while let Some(length) = theirs.poll_packet(&mut out) {
            if dice.below(10) > 0 {
                ours.receive(now, &out[..length], caller);
            }
        }
        while let Some(heard) = ours.poll_heard(now) {
            let voiced = vad.push(&heard.frame).voiced;
            writer.push(&HeardFrame::new(heard.tick, heard.frame, voiced));
            frames += u32::from(reader.pop().is_some());
        }
        let epoch = Epoch((tick / 100) as u32);
        let utterance = UtteranceId((tick / 30) as u32);
        down.push(&DownFrame { epoch, utterance, last: tick % 30 == 29, frame: voice });
        let next = playback.next(epoch, ours.wants_sound(), |kind| _ = black_box(kind));
        ours.tick(now, next.as_ref());
        while ours.poll_packet(&mut out).is_some() {}
        if let Some((length, _)) = theirs.poll_control(now, &mut report) {
            ours.receive_control(now, &report[..length], reporter);
        }
        if let Some((length, _)) = ours.poll_control(now, &mut report) {
            theirs.receive_control(now, &report[..length], reporter);
        }
        while let Some(event) = ours.poll_event() {
            judged += u32::from(matches!(event, SessionEvent::Judged(_)));
            digits += u32::from(event == SessionEvent::Digit(Phi::new('5')));
        }
    }
    let quality = black_box(ours.quality(start + Duration::from_secs(600)));
    assert_eq!(ALLOCATIONS.get() - before, 0);

    // The story must have been told, or the zero would mean nothing.
    assert!(frames > 25_000, "{frames} frames");
    assert_eq!(digits, 60);
    assert!(judged > 0 && quality.reports > 90 && quality.round_trip.is_some(), "{quality:?}");
    assert!(ours.stats().received.concealed > 1000 && ours.stats().frames_played > 25_000);
    let counted = ALLOCATIONS.get();
    drop(black_box(vec![0_u8; 100]));
    assert_eq!(ALLOCATIONS.get() - counted, 2, "the allocator does not count");
}
