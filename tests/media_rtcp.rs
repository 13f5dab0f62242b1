//! Two sessions with RTCP between them, over a network that loses and delays, in virtual time: what
//! one sent and the other lost, both say alike.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Frame, PacketTime};
use attendant::codec::Codec;
use attendant::media::{
    Inbound, LegParams, MediaSession, Outbound, Quality, Received, SessionEvent, Verdict,
};
use attendant::rtp::{KeySeed, RTCP_BYTES, RtcpParams, Said, SrtpKeys, Suite, read_rtcp};

const TICK: Duration = Duration::from_millis(20);

fn address(last: u8, port: u16) -> SocketAddr {
    ([192, 0, 2, last], port).into()
}

/// One way through the network.
#[derive(Clone, Copy)]
struct Way {
    delay: Duration,
    /// Of a hundred packets so many are lost; reports never are.
    lost: u64,
    /// Where packets seem to come from, behind a NAT that nobody knows of.
    from: SocketAddr,
}

struct End {
    session: MediaSession,
    frame: Option<Frame>,
    reads_reports: bool,
    events: Vec<SessionEvent>,
    reports: Vec<(Vec<u8>, SocketAddr)>,
    inbox: VecDeque<(Instant, bool, Vec<u8>, SocketAddr)>,
    lost: u32,
    offered: u32,
}

/// Two ends and what lies between them.
struct World {
    now: Instant,
    dice: Dice,
    ends: [End; 2],
    ways: [Way; 2],
}

fn voice() -> Frame {
    Frame(std::array::from_fn(|i| if i % 40 < 20 { 3000 } else { -3000 }))
}

impl World {
    fn new(params: impl Fn(LegParams) -> LegParams) -> Self {
        let now = Instant::now();
        let mut dice = Dice::new(3);
        let remotes = [address(2, 5000), address(1, 4000)];
        let ends = remotes.map(|remote| End {
            session: MediaSession::new(
                now,
                params(LegParams::new(Codec::Pcma, 8, remote)),
                &mut dice,
            ),
            frame: Some(voice()),
            reads_reports: true,
            events: Vec::new(),
            reports: Vec::new(),
            inbox: VecDeque::new(),
            lost: 0,
            offered: 0,
        });
        let way = |from| Way { delay: Duration::from_millis(30), lost: 0, from };
        Self { now, dice, ends, ways: [way(remotes[1]), way(remotes[0])] }
    }

    fn run(&mut self, seconds: u64) {
        for _ in 0..seconds * 50 {
            self.now += TICK;
            for index in 0..2 {
                self.step(index);
            }
        }
    }

    /// One end receives what has arrived, and sends its 20 ms.
    fn step(&mut self, index: usize) {
        let (now, way) = (self.now, self.ways[index]);
        let end = &mut self.ends[index];
        while end.inbox.front().is_some_and(|(at, ..)| *at <= now)
            && let Some((_, control, datagram, from)) = end.inbox.pop_front()
        {
            match control {
                true if end.reads_reports => {
                    assert_eq!(
                        end.session.receive_control(now, &datagram, from),
                        Received::Control
                    );
                }
                true => {}
                false => _ = end.session.receive(now, &datagram, from),
            }
        }
        while end.session.poll_heard(now).is_some() {}
        let frame = end.frame;
        end.session.tick(now, frame.as_ref().filter(|_| end.session.wants_sound()));
        end.events.extend(std::iter::from_fn(|| end.session.poll_event()));
        let mut sent = Vec::new();
        let mut out = [0; 1500];
        while let Some(length) = end.session.poll_packet(&mut out) {
            let from = self.ways[index].from;
            end.offered += 1;
            if self.dice.below(100) < way.lost {
                end.lost += 1;
            } else {
                sent.push((now + way.delay, false, out[..length].to_vec(), from));
            }
        }
        let mut report = [0; RTCP_BYTES];
        if let Some((length, to)) = end.session.poll_control(now, &mut report) {
            let from = SocketAddr::new(way.from.ip(), way.from.port() + 1);
            let report = report[..length].to_vec();
            end.reports.push((report.clone(), to));
            sent.push((now + way.delay, true, report, from));
        }
        self.ends[1 - index].inbox.extend(sent);
    }

    fn quality(&self, index: usize) -> Quality {
        self.ends[index].session.quality(self.now)
    }

    fn verdicts(&mut self, index: usize) -> Vec<Verdict> {
        let events = std::mem::take(&mut self.ends[index].events);
        let judged = |event| match event {
            SessionEvent::Judged(verdict) => Some(verdict),
            _ => None,
        };
        events.into_iter().filter_map(judged).collect()
    }
}

fn close(one: f32, other: f32, by: f32) -> bool {
    (one - other).abs() <= by
}

#[test]
fn both_ends_agree_on_loss_and_round_trip() {
    let mut world = World::new(|params| params);
    world.ways[0].lost = 8;
    world.ways[1].delay = Duration::from_millis(90);
    world.run(60);
    let [near, far] = [world.quality(0), world.quality(1)];
    let lost = world.ends[0].lost as f32 / world.ends[0].offered as f32;
    assert!(world.ends[0].lost > 150, "{lost}");
    assert!(close(near.outbound_loss.unwrap(), lost, 0.01), "{lost}: {near:?}");
    assert!(close(far.inbound_loss, lost, 0.01), "{lost}: {far:?}");
    assert_eq!((near.inbound_loss, far.outbound_loss), (0.0, Some(0.0)));
    for quality in [near, far] {
        let trip = quality.round_trip.unwrap();
        // 30 ms there and 90 ms back, and reports wait for their tick at both ends.
        assert!((110..=165).contains(&trip.as_millis()), "{trip:?}");
        assert!(quality.reports >= 9, "{quality:?}");
        assert!(close(quality.heard.speech, -20.8, 1.0), "{quality:?}");
        assert!(quality.verdict.unwrap().is_fine());
    }
    let (there, here) = (near.outbound.unwrap(), near.inbound);
    assert!(there.listening < here.listening - 0.4, "{there:?} {here:?}");
    assert!(close(there.conversation, far.inbound.conversation, 0.25), "{there:?} {far:?}");
}

/// Control: without a loss both say none, and sound is as good as G.711 can be.
#[test]
fn a_clean_network_is_told_as_one() {
    let mut world = World::new(|params| params);
    world.run(30);
    for index in 0..2 {
        let quality = world.quality(index);
        assert_eq!((quality.inbound_loss, quality.outbound_loss), (0.0, Some(0.0)));
        assert!(quality.inbound.conversation > 4.3, "{quality:?}");
        assert!(quality.outbound.unwrap().conversation > 4.3, "{quality:?}");
        assert!(quality.inbound_jitter < 1.0 && quality.outbound_jitter.unwrap() < 1.0);
    }
    for index in 0..2 {
        assert_eq!(world.verdicts(index).len(), 1, "said once");
    }
}

#[test]
fn reports_go_to_the_port_after_rtp_or_where_sdp_says_or_along_with_rtp() {
    let reported_to = |rtcp: RtcpParams| {
        let mut world = World::new(|params| LegParams { rtcp, ..params });
        world.ends.iter_mut().for_each(|end| end.reads_reports = false);
        world.run(10);
        world.ends[0].reports[0].1
    };
    assert_eq!(reported_to(RtcpParams::default()), address(2, 5001));
    let elsewhere = Some(address(7, 900));
    assert_eq!(
        reported_to(RtcpParams { remote: elsewhere, ..RtcpParams::default() }),
        address(7, 900)
    );
    assert_eq!(
        reported_to(RtcpParams { mux: true, remote: elsewhere, ..RtcpParams::default() }),
        address(2, 5000)
    );
}

/// Behind NAT, reports go where packets come from.
#[test]
fn reports_follow_the_latch() {
    let mut world = World::new(|params| LegParams { learn_source: true, ..params });
    world.ways[1].from = address(99, 7000);
    world.run(10);
    let to: Vec<_> = world.ends[0].reports.iter().map(|report| report.1).collect();
    assert!(!to.is_empty() && to.iter().all(|to| *to == address(99, 7001)), "{to:?}");
    // A stranger's report is not read.
    let before = world.quality(0).reports;
    let report = world.ends[1].reports[0].0.clone();
    let (now, stranger) = (world.now, address(66, 7001));
    let session = &mut world.ends[0].session;
    assert_eq!(session.receive_control(now, &report, stranger), Received::Foreign);
    assert_eq!(world.quality(0).reports, before);
}

#[test]
fn who_asks_for_voip_metrics_gets_them_and_their_word_counts() {
    let rtcp = RtcpParams { receiver_time: true, voip_metrics: true, ..RtcpParams::default() };
    let mut world = World::new(|params| LegParams { rtcp, ..params });
    world.ways[0].lost = 10;
    world.run(40);
    let mut metrics = None;
    let (report, _) = world.ends[1].reports.last().unwrap();
    read_rtcp(report, |said| {
        if let Said::Voip(voip) = said {
            metrics = Some(voip);
        }
    })
    .unwrap();
    let metrics = metrics.unwrap();
    assert!((18..36).contains(&metrics.loss), "{metrics:?}");
    assert!((-16..=-13).contains(&metrics.signal), "{metrics:?}");
    let [near, far] = [world.quality(0), world.quality(1)];
    assert!(close(near.outbound.unwrap().conversation, far.inbound.conversation, 0.15));
}

#[test]
fn nobody_there_and_somebody_elsewhere_have_words() {
    let (ours, remote) = (address(1, 4000), address(2, 5000));
    // Nothing comes.
    let mut world = World::new(|params| params);
    world.ways[1].lost = 100;
    world.ends[0].reads_reports = false;
    world.run(8);
    let verdicts = world.verdicts(0);
    assert_eq!(
        verdicts,
        [Verdict { remote, inbound: Some(Inbound::Nothing), outbound: None }],
        "{}",
        verdicts[0].words(ours)
    );
    assert!(verdicts[0].words(ours).to_string().contains("192.0.2.1:4000"));
    // And then it does.
    world.ways[1].lost = 0;
    world.run(6);
    let said = world.verdicts(0);
    assert!(!said.is_empty() && said.iter().all(Verdict::is_fine), "{said:?}");
    assert!(world.quality(0).verdict.unwrap().is_fine());
    // From elsewhere.
    let mut world = World::new(|params| params);
    world.ways[1].from = address(99, 7000);
    world.ends[0].reads_reports = false;
    world.run(6);
    let Some(Inbound::Elsewhere { from, packets }) = world.verdicts(0)[0].inbound else { panic!() };
    assert_eq!(from, address(99, 7000));
    assert!(packets > 200);
}

#[test]
fn silence_and_a_deaf_far_end_are_told() {
    let mut world = World::new(|params| params);
    world.ends[1].frame = None;
    // Nobody is bound to speak while they are greeted.
    world.run(18);
    assert!(world.verdicts(0).iter().all(Verdict::is_fine));
    world.run(12);
    let said = world.verdicts(0);
    assert_eq!(said.last().unwrap().inbound, Some(Inbound::OnlySilence), "{said:?}");
    // The other end hears well and says so: it has sent no sound itself, and still judges.
    let said = world.verdicts(1);
    assert!(!said.is_empty() && said.iter().all(Verdict::is_fine), "{said:?}");
    // Our packets die on the way; reports do not.
    let mut world = World::new(|params| params);
    world.ways[0].lost = 100;
    world.run(20);
    let said = world.verdicts(0);
    assert_eq!(said.last().unwrap().outbound, Some(Outbound::NotReceived), "{said:?}");
    assert_eq!(world.verdicts(1)[0].inbound, Some(Inbound::Nothing));
}

/// Hold is no fault, and what is dropped on hold is not lost.
#[test]
fn hold_is_no_verdict_and_no_loss() {
    let mut world = World::new(|params| params);
    world.run(10);
    let plain = LegParams::new(Codec::Pcma, 8, address(2, 5000));
    let held = LegParams { sends: false, receives: false, ..plain.clone() };
    world.ends[0].session.update(world.now, held);
    world.run(30);
    world.ends[0].session.update(world.now, plain);
    world.run(20);
    let said = world.verdicts(0);
    assert!(!said.is_empty() && said.iter().all(Verdict::is_fine), "{said:?}");
    let [near, far] = [world.quality(0), world.quality(1)];
    assert_eq!((near.inbound_loss, far.outbound_loss), (0.0, Some(0.0)));
    assert_eq!(near.outbound_loss, Some(0.0));
    // To the other end we fell silent, without a word: it does say that.
    assert!(far.verdict.unwrap().is_fine());
}

/// RFC 7160 §4.1 and RFC 3550 §6.4.1: the reports are of the stream that there is, and count what it has sent.
#[test]
fn another_clock_is_another_stream_and_reports_follow_it() {
    let mut world = World::new(|params| params);
    world.run(20);
    let before = world.ends[0].session.continuity().ssrc;
    assert!(close(world.quality(0).outbound_loss.unwrap(), 0.0, 0.01));
    let offered = world.ends[0].offered;
    for (index, remote) in [address(2, 5000), address(1, 4000)].into_iter().enumerate() {
        let params = LegParams::new(Codec::L16, 97, remote);
        world.ends[index].session.update(world.now, params);
    }
    world.ways[0].lost = 20;
    world.run(30);
    let ssrc = world.ends[0].session.continuity().ssrc;
    assert_ne!(ssrc, before);
    let (report, _) = world.ends[0].reports.last().unwrap();
    let mut told = None;
    read_rtcp(report, |said| {
        if let Said::Sender { by, packets, .. } = said {
            told = Some((by, packets));
        }
    })
    .unwrap();
    let (by, packets) = told.unwrap();
    assert_eq!(by, ssrc);
    assert!((1000..=world.ends[0].offered - offered).contains(&packets), "{packets}");
    // The far end speaks of the new stream, and is understood.
    let near = world.quality(0);
    assert!(close(near.outbound_loss.unwrap(), 0.2, 0.05), "{near:?}");
    assert!(near.verdict.unwrap().is_fine() && near.round_trip.is_some(), "{near:?}");
    let mut out = [0; RTCP_BYTES];
    let (length, _) = world.ends[0].session.goodbye(world.now, &mut out).unwrap();
    let mut bye = None;
    read_rtcp(&out[..length], |said| {
        if let Said::Bye { by } = said {
            bye = Some(by);
        }
    })
    .unwrap();
    assert_eq!(bye, Some(ssrc));
}

/// With long packets too, the time of RTP that a report tells is that of the moment, not of the next packet.
#[test]
fn reports_tell_the_time_of_the_moment() {
    let mut world = World::new(|params| LegParams { packet_time: PacketTime(60), ..params });
    world.run(60);
    let base = world.ends[0].session.continuity().time.0.wrapping_sub(1_000_000);
    let mut apart = Vec::new();
    for (report, _) in &world.ends[0].reports {
        read_rtcp(report, |said| {
            if let Said::Sender { time, rtp, .. } = said {
                let ms = ((u128::from(time.0) * 1000) >> 32) as i64;
                apart.push(ms - i64::from(rtp.0.wrapping_sub(base)) / 8);
            }
        })
        .unwrap();
    }
    assert!(apart.len() > 8, "{apart:?}");
    assert!(apart.iter().all(|it| (it - apart[0]).abs() <= 1), "{apart:?}");
}

#[test]
fn the_last_report_says_goodbye() {
    let mut world = World::new(|params| params);
    world.run(3);
    let mut out = [0; RTCP_BYTES];
    let (length, to) = world.ends[0].session.goodbye(world.now, &mut out).unwrap();
    assert_eq!(to, address(2, 5001));
    let mut bye = false;
    read_rtcp(&out[..length], |said| bye |= matches!(said, Said::Bye { .. })).unwrap();
    assert!(bye);
}

/// Reports are sealed as sound is (RFC 3711 §3.4); who sends them in the clear is not read.
#[test]
fn reports_are_sealed_under_the_keys_of_the_leg() {
    let key = |number| KeySeed::new([9; 32]).master_key(Suite::Aes128Tag80, number);
    let mut world = World::new(|params| {
        let (ours, theirs) = if params.remote.port() == 5000 { (0, 1) } else { (1, 0) };
        let keys = SrtpKeys { ours: key(ours), theirs: key(theirs), their_mki: 0 };
        LegParams { srtp: Some(keys), ..params }
    });
    world.ways[0].lost = 5;
    world.run(20);
    let (report, _) = world.ends[0].reports.last().unwrap();
    // The header and the SSRC are in the clear, the rest is not (RFC 3711 §3.4).
    assert_eq!(report[..2], [0x81, 200]);
    let mut packets = 0;
    let _ = read_rtcp(report, |said| {
        if let Said::Sender { packets: count, .. } = said {
            packets = count;
        }
    });
    assert!(packets == 0 || packets > 1_000_000, "{packets}");
    let [near, far] = [world.quality(0), world.quality(1)];
    assert!(close(near.outbound_loss.unwrap(), far.inbound_loss, 0.01) && far.inbound_loss > 0.02);
    let mut plain = World::new(|params| params);
    plain.run(5);
    let (report, _) = plain.ends[1].reports[0].clone();
    let (now, from) = (world.now, address(2, 5001));
    let session = &mut world.ends[0].session;
    assert_eq!(session.receive_control(now, &report, from), Received::Malformed);
    assert_eq!(session.quality(now).reports, near.reports);
}
