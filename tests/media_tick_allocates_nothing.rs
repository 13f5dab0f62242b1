//! Nothing on a media thread allocates: ten minutes of a leg with loss, digits both ways as events and as tones, hold,
//! sound for who waits, a renegotiation and RTCP, and as many ticks of real media threads with bridges and taps that come
//! and go, under an allocator that counts.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod counting;

use std::cell::Cell;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use attendant::base::{Dice, Epoch, Frame, LegId, Phi, UtteranceId};
use attendant::codec::Codec;
use attendant::media::{
    Backdrop, CallTone, CallTones, Clip, LegParams, MediaSession, Playout, SessionEvent, Way,
};
use attendant::rtp::{KeySeed, RTCP_BYTES, RtcpParams, SrtpKeys, Suite};
use attendant::speech::{Attention, HeardFrame};
use attendant::workers::{
    Bridge, DownFrame, LegMedia, MediaConfig, MediaEventKind, MediaPlane, Playback, TapReader,
    WorkersError, up_ring,
};
use counting::Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static ON_MEDIA_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Of all media threads together.
static ON_MEDIA_THREADS: AtomicU64 = AtomicU64::new(0);

fn count() {
    ALLOCATIONS.with(|count| count.set(count.get() + 1));
    if ON_MEDIA_THREAD.get() || is_media_thread() {
        ON_MEDIA_THREAD.set(true);
        ON_MEDIA_THREADS.fetch_add(1, SeqCst);
    }
}

/// Whether the thread is named as one. The standard library would allocate to tell.
#[allow(unsafe_code, reason = "the name of a thread is asked of the kernel")]
fn is_media_thread() -> bool {
    let mut name = [0_u8; 16];
    // SAFETY: the kernel writes 16 bytes at most.
    unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
    name.starts_with(b"media-")
}

#[global_allocator]
static ALLOCATOR: Counting = Counting(|_| count());

#[test]
fn thirty_thousand_ticks_allocate_nothing() {
    let start = Instant::now();
    let caller = SocketAddr::from(([192, 0, 2, 1], 4000));
    let params = LegParams {
        telephone_event: Some(101),
        learn_source: true,
        rtcp: RtcpParams { receiver_time: true, voip_metrics: true, ..RtcpParams::default() },
        in_band_digits: true,
        comfort_noise: true,
        rtp_timeout: Some(Duration::from_secs(1)),
        ..LegParams::new(Codec::Pcmu, 0, caller)
    };
    let mut dice = Dice::new(1);
    let mut ours = MediaSession::new(start, params.clone(), &mut dice);
    let mut theirs = MediaSession::new(start, params.clone(), &mut dice);
    let mut attention = Attention::new();
    let mut over_the_agent = 0_u32;
    let voice = Frame(std::array::from_fn(|i| if i % 100 < 50 { 4000 } else { -4000 }));
    let (mut out, mut frames, mut digits, mut tones) = ([0; 1500], 0_u32, 0_u32, 0_u32);
    let (mut pressed_by_us, mut gone) = (0_u32, 0_u32);
    let clip = Clip::new(vec![1000; 20_000]).unwrap();
    let ringing = Backdrop::Tone(CallTone::Ringing, CallTones::of("US"));
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
            // As loud as a caller's voice over an echo of 20 dB, half of the time.
            attention.send_level(if tick % 200 < 100 { -20.0 } else { -127.0 });
            let noticed = attention.hear(&heard.frame, &heard.loudness, heard.narrow, true);
            let voiced = noticed.activity.voiced;
            over_the_agent += u32::from(noticed.hint.is_some());
            writer.push(&HeardFrame::new(heard.tick, heard.frame, voiced));
            frames += u32::from(reader.pop().is_some());
        }
        let epoch = Epoch((tick / 100) as u32);
        let utterance = UtteranceId((tick / 30) as u32);
        if tick % 200 < 150 {
            down.push(&DownFrame { epoch, utterance, last: tick % 30 == 29, frame: voice });
        }
        playback.steer(tick % 700 < 20, tick % 700 < 10);
        let next = playback.next(epoch, ours.wants_sound(), |kind| _ = black_box(kind));
        ours.tick(now, next.as_ref());
        while let Some(length) = ours.poll_packet(&mut out) {
            // For a while nothing comes back: they think that we are gone.
            if tick % 1000 < 550 {
                theirs.receive(now, &out[..length], caller);
            }
        }
        while theirs.poll_heard(now).is_some() {}
        if let Some((length, _)) = theirs.poll_control(now, &mut report) {
            ours.receive_control(now, &report[..length], reporter);
        }
        if let Some((length, _)) = ours.poll_control(now, &mut report) {
            theirs.receive_control(now, &report[..length], reporter);
        }
        while let Some(event) = ours.poll_event() {
            judged += u32::from(matches!(event, SessionEvent::Judged(_)));
            digits += u32::from(event == SessionEvent::Digit(Phi::new('5'), Way::Event));
            tones += u32::from(event == SessionEvent::Digit(Phi::new('8'), Way::Tone));
        }
        while let Some(event) = theirs.poll_event() {
            pressed_by_us += u32::from(event == SessionEvent::Digit(Phi::new('7'), Way::Event));
            gone += u32::from(matches!(event, SessionEvent::Gone { .. }));
        }
    }
    let quality = black_box(ours.quality(start + Duration::from_secs(600)));
    assert_eq!(ALLOCATIONS.get() - before, 0);

    // The story must have been told, or the zero would mean nothing.
    assert!(over_the_agent > 10, "{over_the_agent} hints");
    assert!(frames > 25_000, "{frames} frames");
    assert_eq!((digits, pressed_by_us), (60, 30));
    // After events tones count no more, but are found all the same.
    assert_eq!(tones, 0);
    assert!(gone > 30, "{gone}");
    assert!(ours.stats().received.concealed > 1000 && ours.stats().frames_played > 18_000);
    assert!(judged > 0 && quality.reports > 90 && quality.round_trip.is_some(), "{quality:?}");
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
    assert!(received.dropped > 2 && received.inserted > 2 && received.scaled > 5, "{received:?}");
    the_allocator_counts();
}

fn the_allocator_counts() {
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
    assert!(frames > 3400 && reports > 3900, "{frames} frames, {reports} reports");
    assert!(counters.forged > 3000 && counters.replayed > 3000, "{counters:?}");
}

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Legs at a time, in pairs.
const LEGS: u32 = 60;
/// What they tick together.
const TICKS: u64 = 30_000;

/// A leg and the far end of it: it talks, presses digits and loses every tenth packet.
struct Party {
    socket: UdpSocket,
    far: MediaSession,
    params: LegParams,
    leg: LegMedia,
}

impl Party {
    fn open(plane: &MediaPlane, number: u32, dice: &mut Dice) -> Self {
        Self::open_with(plane, number, Codec::ALL[number as usize % Codec::ALL.len()], dice)
    }

    fn open_with(plane: &MediaPlane, number: u32, codec: Codec, dice: &mut Dice) -> Self {
        let socket = UdpSocket::bind((LOCALHOST, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        let params = |remote| LegParams {
            telephone_event: Some(101),
            ..LegParams::new(codec, codec.static_payload_type().unwrap_or(96), remote)
        };
        let near = params(socket.local_addr().unwrap());
        let asked = Instant::now();
        // A thread that did not get a core for a while has not taken the legs before this one.
        let (port, leg) = loop {
            let port = plane.reserve().unwrap();
            let at = port.advertised();
            match plane.open(LegId(number), port, near.clone()) {
                Err(WorkersError::Busy { .. }) if asked.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                opened => break (at, opened.unwrap()),
            }
        };
        let far = MediaSession::new(Instant::now(), params(port), dice);
        Self { socket, far, params: near, leg }
    }

    /// The far end's 20 ms. Returns how many frames the agent has heard.
    fn tick(&mut self, dice: &mut Dice, voice: &Frame) -> usize {
        let (now, mut buffer) = (Instant::now(), [0; 1500]);
        self.far.tick(now, (dice.below(4) > 0).then_some(voice));
        while let Some(length) = self.far.poll_packet(&mut buffer) {
            if dice.below(10) > 0 {
                self.socket.send_to(&buffer[..length], self.far.remote()).unwrap();
            }
        }
        while self.socket.recv_from(&mut buffer).is_ok() {}
        std::iter::from_fn(|| self.leg.up.pop()).count()
    }

    /// Something that happens to a leg in a call.
    fn meet_fate(&mut self, dice: &mut Dice) {
        let params = self.params.clone();
        let _ = match dice.below(6) {
            0 => self.leg.control.update(LegParams { sends: false, receives: false, ..params }),
            1 => {
                self.leg.control.update(LegParams { codec: Codec::Pcma, payload_type: 8, ..params })
            }
            2 | 3 => self.leg.control.update(params),
            4 => self.leg.control.send_dtmf('5'),
            _ => {
                self.far.press('7');
                Ok(())
            }
        };
    }
}

/// Many times what it takes: a thread that has gone ends the test.
const PATIENCE: Duration = Duration::from_secs(180);

/// Threads allocate when they start, and all are counted together: one test of real ones at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// So many legs of one thread read their own sockets instead of being told by epoll.
const CROWD: u32 = 310;

#[test]
fn legs_that_read_their_own_sockets_allocate_nothing() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let config =
        MediaConfig { threads: 1, ports: 18_000..=18_699, bind: LOCALHOST, advertised: LOCALHOST };
    let plane = MediaPlane::start(&config).unwrap();
    let mut dice = Dice::new(8);
    // Opus costs a crowd too much.
    let mut parties: Vec<_> =
        (0..CROWD).map(|n| Party::open_with(&plane, n, Codec::Pcmu, &mut dice)).collect();
    let voice = Frame(std::array::from_fn(|i| if i % 100 < 50 { 4000 } else { -4000 }));
    let start = Instant::now();
    let (mut before, mut heard) = (0, 0);
    for round in 0..250 {
        assert!(start.elapsed() < PATIENCE, "the thread has gone");
        // All are there, have changed over, and were heard by then.
        if round == 100 {
            (before, heard) = (ON_MEDIA_THREADS.load(SeqCst), 0);
        }
        // Half of them leave: those that stay are told by epoll again.
        if round == 200 {
            parties.truncate(CROWD as usize / 2);
        }
        for party in &mut parties {
            heard += party.tick(&mut dice, &voice);
        }
        let due = start + Duration::from_millis(20 * (round + 1));
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let allocated = ON_MEDIA_THREADS.load(SeqCst) - before;
    assert!(before > 0, "the allocator does not know media threads");
    assert!(heard > 100 * CROWD as usize / 2, "{heard} frames heard");
    assert_eq!(allocated, 0);
}

#[test]
fn real_media_threads_allocate_nothing_whatever_happens_to_their_legs() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let config =
        MediaConfig { threads: 2, ports: 28_400..=28_999, bind: LOCALHOST, advertised: LOCALHOST };
    let plane = MediaPlane::start(&config).unwrap();
    let mut events = plane.events().unwrap();
    let (mut dice, mut number) = (Dice::new(7), LEGS);
    let mut parties: Vec<_> = (0..LEGS).map(|n| Party::open(&plane, n, &mut dice)).collect();
    let voice = Frame(std::array::from_fn(|i| if i % 100 < 50 { 4000 } else { -4000 }));
    let (mut bridges, mut taps): (Vec<Bridge>, Vec<TapReader>) = (Vec::new(), Vec::new());
    // The threads have started, which allocates, once their first legs have ticked.
    let start = Instant::now();
    while plane.pacing().ticks < 400 {
        assert!(start.elapsed() < PATIENCE, "the threads have gone");
        std::thread::sleep(Duration::from_millis(20));
    }
    let (before, ticks_before) = (ON_MEDIA_THREADS.load(SeqCst), plane.pacing().ticks);
    assert!(before > 0, "the allocator does not know media threads");
    let (mut passed, mut tapped, mut closed, mut digits) = (0, 0, 0, 0);
    // A thread ticks every millisecond, and each leg in every twentieth of them.
    for round in 0.. {
        assert!(start.elapsed() < PATIENCE, "the threads have gone");
        if (plane.pacing().ticks - ticks_before) / 2 / 20 * u64::from(LEGS) > TICKS {
            break;
        }
        std::thread::sleep(Duration::from_millis(15));
        for party in &mut parties {
            party.tick(&mut dice, &voice);
            let (epoch, utterance) = (Epoch(round / 50), UtteranceId(round / 20));
            let next = DownFrame { epoch, utterance, last: round % 20 == 19, frame: voice };
            party.leg.down.push(&next);
            if dice.below(50) == 0 {
                party.meet_fate(&mut dice);
                party.leg.control.flush(epoch);
            }
        }
        let any = dice.below(LEGS.into()) as usize;
        let (one, other) = (any, (any + 1 + dice.below(20) as usize) % LEGS as usize);
        bridges.extend(parties[one].leg.control.bridge(&parties[other].leg.control));
        taps.extend(parties[one].leg.control.tap());
        tapped +=
            taps.iter_mut().map(|tap| std::iter::from_fn(|| tap.pop()).count()).sum::<usize>();
        if bridges.len() > 15 {
            passed += bridges.remove(0).passed();
            taps.remove(0);
        }
        if round % 10 == 9 {
            parties[other] = Party::open(&plane, number, &mut dice);
            number += 1;
        }
        while let Some(event) = events.poll() {
            closed += u32::from(matches!(event.kind, MediaEventKind::Closed { failed: false, .. }));
            digits += u32::from(matches!(event.kind, MediaEventKind::Dtmf(..)));
            assert!(!matches!(event.kind, MediaEventKind::Closed { failed: true, .. }));
        }
    }
    let allocated = ON_MEDIA_THREADS.load(SeqCst) - before;
    // The story must have been told, or the zero would mean nothing.
    assert!(passed > 1000 && tapped > 1000, "{passed} passed, {tapped} tapped");
    assert!(closed > 10 && digits > 10, "{closed} closed, {digits} digits");
    assert_eq!(allocated, 0);
}
