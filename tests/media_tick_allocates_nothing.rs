//! Nothing on a media thread allocates: ten minutes of a leg with loss, digits, hold and a
//! renegotiation, under an allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Epoch, Frame, Phi, UtteranceId};
use attendant::codec::Codec;
use attendant::media::{LegParams, MediaSession, SessionEvent};
use attendant::rtp::{KeySeed, SrtpKeys, Suite};
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
    let counted = ALLOCATIONS.get();
    drop(black_box(vec![0_u8; 100]));
    assert_eq!(ALLOCATIONS.get() - counted, 2, "the allocator does not count");
}

/// Sealing, opening, what is forged and what comes again, reports, other keys, hold, and a time in the clear.
#[test]
fn ticks_under_srtp_allocate_nothing() {
    let start = Instant::now();
    let (here, there) = (SocketAddr::from(([192, 0, 2, 1], 4000)), ([192, 0, 2, 2], 4000).into());
    let keys = |ours: u32, theirs: u32| {
        let suite = Suite::ALL[ours as usize / 2 % 4];
        let key = |number| KeySeed::new([3; 32]).master_key(suite, number);
        SrtpKeys { ours: key(ours), theirs: key(theirs), their_mki: 0 }
    };
    let params = |remote, srtp| LegParams { srtp, ..LegParams::new(Codec::Pcmu, 0, remote) };
    let mut dice = Dice::new(1);
    let mut ours = MediaSession::new(start, params(there, Some(keys(0, 1))), &mut dice);
    let mut theirs = MediaSession::new(start, params(here, Some(keys(1, 0))), &mut dice);
    let voice = Frame(std::array::from_fn(|i| if i % 100 < 50 { 4000 } else { -4000 }));
    let (mut out, mut room, mut frames, mut reports) = ([0; 1500], [0; 1500], 0_u32, 0_u32);

    let before = ALLOCATIONS.get();
    for tick in 0..4000_u64 {
        let now = start + Duration::from_millis(20 * tick);
        let number = 2 * (tick / 400) as u32;
        match tick % 400 {
            0 => {
                ours.update(now, params(there, Some(keys(number, number + 1))));
                theirs.update(now, params(here, Some(keys(number + 1, number))));
            }
            200 => ours.update(now, LegParams { sends: false, ..params(there, None) }),
            250 => ours.update(now, params(there, Some(keys(number, number + 1)))),
            _ => {}
        }
        theirs.tick(now, Some(&voice));
        while let Some(length) = theirs.poll_packet(&mut out) {
            ours.receive(now, &out[..length], there);
            ours.receive(now, &out[..length], there);
            // The next number, under a tag of this one.
            out[3] = out[3].wrapping_add(1);
            ours.receive(now, &out[..length], there);
        }
        out[..8].copy_from_slice(&[0x80, 201, 0, 1, 0, 0, 0, 9]);
        if let Some(length) = theirs.seal_report(&mut out, 8) {
            reports += u32::from(ours.open_report(&out[..length], &mut room).is_some());
        }
        ours.tick(now, Some(&voice));
        while ours.poll_packet(&mut out).is_some() {}
        frames += std::iter::from_fn(|| ours.poll_heard(now)).count() as u32;
        while ours.poll_event().is_some() {}
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    let counters = ours.stats().received;
    assert!(frames > 3900 && reports > 3900, "{frames} frames, {reports} reports");
    assert!(counters.forged > 3000 && counters.replayed > 3000, "{counters:?}");
}
