//! The media plane with real sockets on loopback: RTP goes in and frames come out, frames go in
//! and RTP comes out. Counts and sequences are compared, never the time they took.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod machine;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use attendant::base::{Dice, Epoch, Frame, LegId, Phi, UtteranceId};
use attendant::codec::Codec;
use attendant::media::{Inbound, MediaSession, Outbound, Way};
use attendant::rtp::{Packet, RTCP_BYTES, Said, read_rtcp};
use attendant::workers::{
    DownFrame, LegMedia, LegParams, MediaConfig, MediaEvent, MediaEventKind, MediaEvents,
    MediaPlane, WorkersError,
};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// So long that only a machine that stands still fails by it.
const PATIENCE: Duration = Duration::from_secs(20);

struct Phone {
    socket: UdpSocket,
    session: MediaSession,
}

/// A phone, and the leg that talks to it.
fn open(plane: &MediaPlane, leg: u32) -> (Phone, LegMedia) {
    let port = plane.reserve().unwrap();
    let ours = port.advertised();
    let socket = UdpSocket::bind((LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let remote = socket.local_addr().unwrap();
    let media = plane.open(LegId(leg), port, params(remote)).unwrap();
    let session = MediaSession::new(Instant::now(), params(ours), &mut Dice::new(leg.into()));
    (Phone { socket, session }, media)
}

fn params(remote: SocketAddr) -> LegParams {
    LegParams { telephone_event: Some(101), ..LegParams::new(Codec::Pcmu, 0, remote) }
}

fn plane(ports: std::ops::RangeInclusive<u16>) -> (MediaPlane, MediaEvents) {
    let (bind, advertised) = (LOCALHOST, LOCALHOST);
    let plane = MediaPlane::start(&MediaConfig { threads: 1, ports, bind, advertised }).unwrap();
    let events = plane.events().unwrap();
    (plane, events)
}

fn tone(amplitude: f32) -> Frame {
    let sample = |i: usize| (amplitude * (i as f32 * 0.25).sin()) as i16;
    Frame(std::array::from_fn(sample))
}

impl Phone {
    fn send(&mut self, frame: &Frame) {
        let mut out = [0; 1500];
        self.session.tick(Instant::now(), Some(frame));
        while let Some(length) = self.session.poll_packet(&mut out) {
            self.socket.send_to(&out[..length], self.session.remote()).unwrap();
        }
    }

    /// Receives the next packet: sequence number, timestamp, and whether there is sound in it.
    fn receive(&mut self) -> (u16, u32, bool) {
        let mut buffer = [0; 1500];
        let (length, _) = self.socket.recv_from(&mut buffer).unwrap();
        let packet = Packet::parse(&buffer[..length]).unwrap();
        let loud = packet.payload.iter().any(|&code| code & 0x7f < 0x40);
        (packet.header.seq.0, packet.header.time.0, loud)
    }
}

async fn event(
    events: &mut MediaEvents,
    wanted: impl Fn(&MediaEventKind) -> bool,
) -> MediaEventKind {
    wait_for(events, |event| wanted(&event.kind)).await
}

async fn wait_for(
    events: &mut MediaEvents,
    wanted: impl Fn(&MediaEvent) -> bool,
) -> MediaEventKind {
    let wait = async {
        loop {
            let event = events.next().await.unwrap();
            if wanted(&event) {
                return event.kind;
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the event never came")
}

/// Numbers go on by one, timestamps by a packet time and by those that the thread says it left out.
fn goes_on(plane: &MediaPlane, packets: &[(u16, u32, bool)]) {
    let mut left_out = 0;
    for pair in packets.windows(2) {
        assert_eq!(pair[1].0, pair[0].0.wrapping_add(1));
        let more = pair[1].1.wrapping_sub(pair[0].1).wrapping_sub(160);
        assert!(more.is_multiple_of(160), "{more}");
        left_out += u64::from(more / 160);
    }
    assert!(left_out <= plane.pacing().left_out, "{left_out}");
}

#[test]
fn what_the_phone_sends_comes_up_in_order() {
    machine::steadily_async(comes_up);
}

async fn comes_up() {
    let (plane, mut events) = plane(29_000..=29_020);
    let (mut phone, mut media) = open(&plane, 1);
    let from = phone.socket.local_addr().unwrap();
    let mut loud = Vec::new();
    let (start, mut sent) = (Instant::now(), 0);
    while loud.len() < 40 && start.elapsed() < PATIENCE {
        if sent < 40 {
            phone.send(&tone(500.0 * (sent + 1) as f32));
            sent += 1;
        }
        let Some(heard) = media.up.pop() else {
            std::thread::sleep(Duration::from_millis(5));
            continue;
        };
        // Silence stands for time in which nothing came: before the first packet, after the last, or when the thread
        // was held up.
        if heard.frame.level() > -60.0 {
            loud.push((heard.tick, heard.frame.level()));
        }
    }
    assert_eq!(loud.len(), 40);
    let gaps: u64 = loud.windows(2).map(|pair| pair[1].0.checked_sub(pair[0].0 + 1).unwrap()).sum();
    assert!(gaps <= plane.pacing().left_out, "{loud:?}");
    assert!(loud[..38].windows(2).all(|pair| pair[1].1 > pair[0].1 - 0.5), "{loud:?}");
    assert_eq!(media.up.dropped(), 0);
    let first = event(&mut events, |_| true).await;
    assert_eq!(first, MediaEventKind::FirstPacket { from });
}

#[tokio::test]
async fn what_the_agent_says_goes_out_and_is_counted() {
    let (plane, mut events) = plane(29_100..=29_120);
    let (mut phone, mut media) = open(&plane, 1);
    let (utterance, room) = (UtteranceId(7), media.down.free());
    for index in 0..30 {
        let (epoch, last, frame) = (Epoch(0), index == 29, tone(8000.0));
        while !media.down.push(&DownFrame { epoch, utterance, last, frame }) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    let ended = MediaEventKind::UtteranceEnded { utterance, frames_played: 30, complete: true };
    let is_end = |kind: &MediaEventKind| matches!(kind, MediaEventKind::UtteranceEnded { .. });
    assert_eq!(event(&mut events, is_end).await, ended);
    let mut packets = vec![phone.receive()];
    while packets.len() < 60 {
        packets.push(phone.receive());
    }
    goes_on(&plane, &packets);
    // The filters' delay of 2.9 ms carries the last frame's end into one more packet.
    let loud = packets.iter().filter(|packet| packet.2).count();
    let ends = packets.windows(2).filter(|pair| pair[0].2 && !pair[1].2).count();
    assert!((30..=30 + ends).contains(&loud), "{loud} with {ends} ends");
    assert_eq!(media.down.free(), room);
}

#[tokio::test]
async fn a_flush_stops_the_agent_where_it_is_said_to() {
    let (plane, mut events) = plane(29_200..=29_220);
    let (phone, mut media) = open(&plane, 1);
    let utterance = UtteranceId(3);
    while media.down.free() > 0 {
        let (epoch, last, frame) = (Epoch(0), false, tone(8000.0));
        assert!(media.down.push(&DownFrame { epoch, utterance, last, frame }));
    }
    event(&mut events, |kind| *kind == MediaEventKind::UtteranceStarted { utterance }).await;
    let start = Instant::now();
    while media.control.played().1 < 3 {
        assert!(start.elapsed() < PATIENCE, "nothing is played");
        std::thread::sleep(Duration::from_millis(5));
    }
    media.control.flush(Epoch(1));
    let is_end = |kind: &MediaEventKind| matches!(kind, MediaEventKind::UtteranceEnded { .. });
    let ended = event(&mut events, is_end).await;
    let MediaEventKind::UtteranceEnded { frames_played, complete: false, .. } = ended else {
        panic!("{ended:?}")
    };
    assert!(frames_played >= 3, "{frames_played}");
    assert_eq!(media.control.played(), (utterance, frames_played));
    let (epoch, last) = (Epoch(1), true);
    let next = DownFrame { epoch, utterance: UtteranceId(4), last, frame: Frame::SILENCE };
    assert!(media.down.push(&next));
    event(&mut events, is_end).await;
    media.control.close();
    event(&mut events, |kind| matches!(kind, MediaEventKind::Closed { .. })).await;
    phone.socket.set_nonblocking(true).unwrap();
    let mut loud = 0;
    let mut buffer = [0; 1500];
    while let Ok((length, _)) = phone.socket.recv_from(&mut buffer) {
        let packet = Packet::parse(&buffer[..length]).unwrap();
        // A whole frame of the tone, not the filter's tail.
        loud += u32::from(packet.payload[80..].iter().any(|&code| code & 0x7f < 0x40));
    }
    assert_eq!(loud, frames_played);
}

#[tokio::test]
async fn digits_go_both_ways_hold_is_quiet_and_closing_tells_the_counts() {
    let (plane, mut events) = plane(29_300..=29_320);
    let (mut phone, media) = open(&plane, 9);
    assert!(phone.session.press('4'));
    for _ in 0..10 {
        phone.send(&Frame::SILENCE);
    }
    let digit = event(&mut events, |kind| matches!(kind, MediaEventKind::Dtmf(..))).await;
    assert_eq!(digit, MediaEventKind::Dtmf(Phi::new('4'), Way::Event));
    media.control.send_dtmf('8').unwrap();
    let from = phone.session.remote();
    let heard = (0..200).find_map(|_| {
        let mut buffer = [0; 1500];
        let (length, _) = phone.socket.recv_from(&mut buffer).unwrap();
        phone.session.receive(Instant::now(), &buffer[..length], from);
        std::iter::from_fn(|| phone.session.poll_event())
            .find(|event| matches!(event, attendant::media::SessionEvent::Digit(..)))
    });
    assert_eq!(heard, Some(attendant::media::SessionEvent::Digit(Phi::new('8'), Way::Event)));
    let hold =
        LegParams { sends: false, receives: false, ..params(phone.socket.local_addr().unwrap()) };
    media.control.update(hold).unwrap();
    // The leg closes when its last handle is gone.
    drop(media);
    let closed = event(&mut events, |kind| matches!(kind, MediaEventKind::Closed { .. })).await;
    let MediaEventKind::Closed { stats, failed } = closed else { unreachable!() };
    assert!(!failed && stats.received.received == 10 && stats.packets_sent > 0, "{stats:?}");
    assert_eq!(plane.legs(), 0);
}

#[tokio::test]
async fn many_legs_share_the_thread_and_their_ports_come_back_rested() {
    let (plane, mut events) = plane(29_400..=29_459);
    let mut legs: Vec<_> = (0..30).map(|leg| open(&plane, leg)).collect();
    assert!(matches!(plane.reserve(), Err(WorkersError::PortsExhausted { first: 29_400, .. })));
    for (phone, _) in &mut legs {
        let packets: Vec<_> = (0..10).map(|_| phone.receive()).collect();
        goes_on(&plane, &packets);
    }
    assert_eq!(plane.legs(), 30);
    legs.clear();
    for _ in 0..30 {
        event(&mut events, |kind| matches!(kind, MediaEventKind::Closed { .. })).await;
    }
    assert!(events.poll().is_none());
    assert_eq!(plane.legs(), 0);
    assert!(plane.reserve().is_err(), "the ports rest");
    assert!(plane.pacing().ticks > 0);
}

#[test]
fn a_voice_is_an_event_with_its_beginning() {
    machine::steadily_async(a_voice);
}

async fn a_voice() {
    let (plane, mut events) = plane(29_500..=29_520);
    let (mut phone, _media) = open(&plane, 1);
    // A buzz at 120 Hz with a spectrum that falls like a voice's.
    let buzz = |tick: usize| {
        Frame(std::array::from_fn(|i| {
            let t = (tick * 320 + i) as f32 / 16e3;
            let voice: f32 = (1..20)
                .map(|h| (std::f32::consts::TAU * 120.0 * h as f32 * t).sin() / h as f32)
                .sum();
            (voice * 4000.0) as i16
        }))
    };
    let mut speak = async |from: usize, to: usize| {
        for tick in from..to {
            let frame = if (50..100).contains(&tick) { buzz(tick) } else { Frame::SILENCE };
            phone.send(&frame);
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
    };
    speak(0, 150).await;
    let on = event(&mut events, |kind| matches!(kind, MediaEventKind::VoiceOn { .. })).await;
    let MediaEventKind::VoiceOn { started_ago } = on else { unreachable!() };
    assert!((60..=80).contains(&started_ago.as_millis()), "{started_ago:?}");
    let off = event(&mut events, |kind| matches!(kind, MediaEventKind::VoiceOff { .. })).await;
    assert_eq!(off, MediaEventKind::VoiceOff { ended_ago: Duration::from_millis(100) });
}

/// RTCP has a socket of its own, the one after RTP's, and the leg's end is said on it.
#[tokio::test]
async fn reports_go_out_beside_the_sound_and_end_with_a_goodbye() {
    let (plane, mut events) = plane(29_700..=29_720);
    let port = plane.reserve().unwrap();
    let ours = port.advertised();
    let (sound, control) = (0..100)
        .find_map(|pair| {
            let first = 30_000 + 2 * pair;
            Some((
                UdpSocket::bind((LOCALHOST, first)).ok()?,
                UdpSocket::bind((LOCALHOST, first + 1)).ok()?,
            ))
        })
        .unwrap();
    control.set_read_timeout(Some(PATIENCE)).unwrap();
    let remote = sound.local_addr().unwrap();
    let media = plane.open(LegId(1), port, params(remote)).unwrap();
    let mut phone = MediaSession::new(Instant::now(), params(ours), &mut Dice::new(1));
    let mut said = Vec::new();
    let mut buffer = [0; 1500];
    let (length, from) = control.recv_from(&mut buffer).unwrap();
    assert_eq!(from.port(), ours.port() + 1);
    read_rtcp(&buffer[..length], |it| said.push(it)).unwrap();
    let Said::Sender { time, packets, .. } = said[0] else { panic!("{said:?}") };
    // After 2020 by the clock on the wall, and before the seconds wrap.
    assert!(time.0 >> 32 > 3_786_825_600 && packets > 40, "{said:?}");
    // What the phone reports comes to the leg.
    let mut report = [0; RTCP_BYTES];
    let start = Instant::now();
    let (length, to) = std::iter::repeat_with(|| phone.poll_control(Instant::now(), &mut report))
        .inspect(|_| std::thread::sleep(Duration::from_millis(20)))
        .take_while(|_| start.elapsed() < PATIENCE)
        .find_map(|report| report)
        .unwrap();
    control.send_to(&report[..length], to).unwrap();
    // A tick takes all that has come.
    let (then, start) = (plane.pacing().ticks, Instant::now());
    while plane.pacing().ticks < then + 50 {
        assert!(start.elapsed() < PATIENCE, "the thread has gone");
        std::thread::sleep(Duration::from_millis(5));
    }
    media.control.close();
    let told = event(&mut events, |kind| matches!(kind, MediaEventKind::Quality(_))).await;
    let MediaEventKind::Quality(quality) = told else { unreachable!() };
    assert_eq!(quality.reports, 1, "{quality:?}");
    let goodbye = (0..10).find_map(|_| {
        let (length, _) = control.recv_from(&mut buffer).unwrap();
        let mut bye = false;
        read_rtcp(&buffer[..length], |it| bye |= matches!(it, Said::Bye { .. })).unwrap();
        bye.then_some(())
    });
    assert!(goodbye.is_some());
}

/// Nobody listens where our packets go: their machine says so, and the verdict does too.
#[tokio::test]
async fn a_closed_port_is_told_in_words() {
    let (plane, mut events) = plane(29_800..=29_820);
    let gone = UdpSocket::bind((LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let port = plane.reserve().unwrap();
    let ours = port.advertised();
    let mut media = plane.open(LegId(1), port, params(gone)).unwrap();
    let (epoch, utterance, last) = (Epoch(0), UtteranceId(1), false);
    assert!(media.down.push(&DownFrame { epoch, utterance, last, frame: tone(8000.0) }));
    let judged = event(&mut events, |kind| matches!(kind, MediaEventKind::Judged(_))).await;
    let MediaEventKind::Judged(verdict) = judged else { unreachable!() };
    assert_eq!(verdict.outbound, Some(Outbound::Refused));
    assert_eq!(verdict.inbound, Some(Inbound::Nothing));
    let words = verdict.words(ours).to_string();
    assert!(words.contains(&gone.to_string()) && words.contains(&ours.to_string()), "{words}");
    media.control.close();
    let closed = event(&mut events, |kind| matches!(kind, MediaEventKind::Closed { .. })).await;
    let MediaEventKind::Closed { stats, .. } = closed else { unreachable!() };
    assert!(stats.socket.send_refused > 100, "{stats:?}");
}
