//! Nothing on a media thread allocates: ten minutes of a leg with loss, digits, hold and a
//! renegotiation, under an allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Epoch, Frame, Phi, UtteranceId};
use attendant::codec::Codec;
use attendant::media::{LegParams, MediaSession, Playout, SessionEvent};
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
        ..LegParams::new(Codec::Pcmu, 0, caller)
    };
    let mut dice = Dice::new(1);
    let mut ours = MediaSession::new(start, params.clone(), &mut dice);
    let mut theirs = MediaSession::new(start, params.clone(), &mut dice);
    let mut vad = Vad::new();
    let voice = Frame(std::array::from_fn(|i| if i % 100 < 50 { 4000 } else { -4000 }));
    let (mut out, mut frames, mut digits) = ([0; 1500], 0_u32, 0_u32);

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
        while let Some(event) = ours.poll_event() {
            digits += u32::from(event == SessionEvent::Digit(Phi::new('5')));
        }
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);

    // The story must have been told, or the zero would mean nothing.
    assert!(frames > 25_000, "{frames} frames");
    assert_eq!(digits, 60);
    assert!(ours.stats().received.concealed > 1000 && ours.stats().frames_played > 25_000);
    the_allocator_counts();
}

/// Ten minutes of a bridged leg: packets are lost, come late, in another order and twice, from a
/// clock that runs fast and from one that runs slow, and the playout changes as bridges come and go.
#[test]
fn paced_playout_allocates_nothing() {
    let start = Instant::now();
    let caller = SocketAddr::from(([192, 0, 2, 1], 4000));
    let paced = LegParams { playout: Playout::Paced, ..LegParams::new(Codec::Pcmu, 0, caller) };
    let mut dice = Dice::new(2);
    let mut ours = MediaSession::new(start, paced.clone(), &mut dice);
    let mut theirs = MediaSession::new(start, paced.clone(), &mut dice);
    let voice = Frame(std::array::from_fn(|i| if i % 100 < 50 { 4000 } else { -4000 }));
    // Packets on their way: when they come, and what is in them.
    let mut network = [(u64::MAX, 0_usize, [0_u8; 200]); 32];
    let (mut out, mut frames, mut sent_us) = ([0; 1500], 0_u32, 0_u64);

    let before = ALLOCATIONS.get();
    for tick in 0..30_000_u64 {
        let now_us = tick * 20_000;
        let now = start + Duration::from_micros(now_us);
        if tick % 5000 == 4000 {
            ours.update(now, LegParams::new(Codec::Pcmu, 0, caller));
        }
        if tick % 5000 == 4500 {
            ours.update(now, paced.clone());
        }
        // A clock that is wrong by 500 ppm, this way and that.
        let period = if tick < 15_000 { 19_990 } else { 20_010 };
        while sent_us <= now_us {
            theirs.tick(now, (tick % 100 < 60).then_some(&voice));
            while let Some(length) = theirs.poll_packet(&mut out) {
                for copies in 0..1 + usize::from(dice.below(20) == 0) {
                    let at_us = sent_us + dice.below(70_000) + copies as u64 * 9000;
                    let free = network.iter_mut().find(|(at, ..)| *at == u64::MAX);
                    if let Some(place) = free.filter(|_| dice.below(20) > 0) {
                        place.2[..length].copy_from_slice(&out[..length]);
                        (place.0, place.1) = (at_us, length);
                    }
                }
            }
            sent_us += period;
        }
        for (at_us, length, bytes) in &mut network {
            if *at_us <= now_us {
                ours.receive(now, &bytes[..*length], caller);
                *at_us = u64::MAX;
            }
        }
        ours.tick(now, None);
        while ours.poll_packet(&mut out).is_some() {}
        while ours.poll_heard(now).is_some() {
            frames += 1;
        }
        while ours.poll_event().is_some() {}
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);

    let received = ours.stats().received;
    assert!(frames > 29_000, "{frames} frames");
    assert!(received.lost > 500 && received.concealed > 500 && received.late > 10, "{received:?}");
    assert!(received.reordered > 1000 && received.duplicate > 500, "{received:?}");
    assert!(received.dropped > 5 && received.inserted > 5 && received.scaled > 5, "{received:?}");
    the_allocator_counts();
}

fn the_allocator_counts() {
    let counted = ALLOCATIONS.get();
    drop(black_box(vec![0_u8; 100]));
    assert_eq!(ALLOCATIONS.get() - counted, 2, "the allocator does not count");
}
