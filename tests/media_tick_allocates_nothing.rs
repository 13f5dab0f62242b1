//! Nothing on a media thread allocates: ten minutes of a leg with loss, digits both ways as events and as tones, hold,
//! sound for who waits and a renegotiation, under an allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Epoch, Frame, Phi, UtteranceId};
use attendant::codec::Codec;
use attendant::media::{
    Backdrop, CallTone, CallTones, Clip, LegParams, MediaSession, SessionEvent,
};
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
        in_band_digits: true,
        comfort_noise: true,
        rtp_timeout: Some(Duration::from_secs(1)),
        ..LegParams::new(Codec::Pcmu, 0, caller)
    };
    let mut dice = Dice::new(1);
    let mut ours = MediaSession::new(start, params.clone(), &mut dice);
    let mut theirs = MediaSession::new(start, params.clone(), &mut dice);
    let mut vad = Vad::new();
    let voice = Frame(std::array::from_fn(|i| if i % 100 < 50 { 4000 } else { -4000 }));
    let (mut out, mut frames, mut digits, mut tones) = ([0; 1500], 0_u32, 0_u32, 0_u32);
    let (mut pressed_by_us, mut gone) = (0_u32, 0_u32);
    let clip = Clip::new(vec![1000; 20_000]).unwrap();
    let ringing = Backdrop::Tone(CallTone::Ringing, CallTones::of("US"));

    let (mut writer, mut reader) = up_ring();
    let (mut down, mut playback) = Playback::new();

    let before = ALLOCATIONS.get();
    for tick in 0..30_000_u64 {
        let now = start + Duration::from_millis(20 * tick);
        if tick % 500 == 50 {
            theirs.press('5');
        }
        // The same in the sound, while nobody says anything.
        match tick % 500 {
            450 => {
                theirs.update(now, LegParams { telephone_event: None, ..params.clone() });
                theirs.press('8');
            }
            490 => theirs.update(now, params.clone()),
            _ => {}
        }
        if tick % 1000 == 250 {
            ours.press('7');
        }
        match tick % 1000 {
            150 => ours.play_behind(Backdrop::Melody),
            350 => ours.play_behind(Backdrop::Clip(clip.clone())),
            500 => ours.play_behind(ringing.clone()),
            950 => ours.play_behind(Backdrop::Line),
            _ => {}
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
        if tick % 200 < 150 {
            down.push(&DownFrame { epoch, utterance, last: tick % 30 == 29, frame: voice });
        }
        let next = playback.next(epoch, ours.wants_sound(), |kind| _ = black_box(kind));
        ours.tick(now, next.as_ref());
        while let Some(length) = ours.poll_packet(&mut out) {
            // For a while nothing comes back: they think that we are gone.
            if tick % 1000 < 550 {
                theirs.receive(now, &out[..length], caller);
            }
        }
        while theirs.poll_heard(now).is_some() {}
        while let Some(event) = ours.poll_event() {
            digits += u32::from(event == SessionEvent::Digit(Phi::new('5')));
            tones += u32::from(event == SessionEvent::Digit(Phi::new('8')));
        }
        while let Some(event) = theirs.poll_event() {
            pressed_by_us += u32::from(event == SessionEvent::Digit(Phi::new('7')));
            gone += u32::from(matches!(event, SessionEvent::Gone { .. }));
        }
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);

    // The story must have been told, or the zero would mean nothing.
    assert!(frames > 25_000, "{frames} frames");
    assert_eq!((digits, pressed_by_us), (60, 30));
    // After events tones count no more, but are found all the same.
    assert_eq!(tones, 0);
    assert!(gone > 30, "{gone}");
    assert!(ours.stats().received.concealed > 1000 && ours.stats().frames_played > 18_000);
    let counted = ALLOCATIONS.get();
    drop(black_box(vec![0_u8; 100]));
    assert_eq!(ALLOCATIONS.get() - counted, 2, "the allocator does not count");
}
