//! Budget: 5 µs for one leg's 20 ms, both ways with VAD, of the 20 ms that the legs of a thread share.
//!
//! The kernel's 2.6 µs for the two packets come on top. Stages are measured apart, to find which
//! one broke the budget.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Epoch, Frame, RtpTime, SeqNo, UtteranceId};
use attendant::codec::{Codec, Decoder, Encoder};
use attendant::media::{LegParams, MediaSession};
use attendant::rtp::{Counters, Header, JitterBuffer, Packet, Ssrc};
use attendant::speech::{Attention, HeardFrame, Vad};
use attendant::workers::{DownFrame, Playback, up_ring};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

fn voice() -> Frame {
    let sample =
        |i: usize| (6000.0 * (i as f32 * 0.05).sin() + 2000.0 * (i as f32 * 0.4).sin()) as i16;
    Frame(std::array::from_fn(sample))
}

fn packet(number: u32, payload: &[u8]) -> Packet<'_> {
    let header = Header {
        payload_type: 0,
        marker: false,
        seq: SeqNo(number as u16),
        time: RtpTime(number.wrapping_mul(160)),
        ssrc: Ssrc(1),
    };
    Packet { header, payload }
}

/// Everything that a media thread does for one leg in 20 ms, but the system calls.
#[divan::bench]
fn leg(bencher: Bencher<'_, '_>) {
    let start = Instant::now();
    let remote = SocketAddr::from(([192, 0, 2, 1], 4000));
    let params = LegParams { telephone_event: Some(101), ..LegParams::new(Codec::Pcmu, 0, remote) };
    let mut session = MediaSession::new(start, params, &mut Dice::new(1));
    let (mut attention, mut number, frame) = (Attention::new(), 0_u32, voice());
    let (mut writer, _reader) = up_ring();
    let (mut out, mut datagram) = ([0; 1500], [0; 1500]);
    let mut payload = [0; 160];
    Encoder::new(Codec::Pcmu).encode(&frame.0, &mut payload);
    bencher.bench_local(|| {
        number = number.wrapping_add(1);
        let now = start + Duration::from_millis(20) * number;
        session.tick(now, Some(&frame));
        attention.send_level(-12.0);
        while let Some(length) = session.poll_packet(&mut out) {
            black_box(&out[..length]);
        }
        let length = packet(number, &payload).write(&mut datagram).expect("it fits");
        session.receive(now, &datagram[..length], remote);
        while let Some(heard) = session.poll_heard(now) {
            let noticed = attention.hear(&heard.frame, &heard.loudness, heard.narrow, true);
            let voiced = noticed.activity.voiced;
            writer.push(&HeardFrame::new(heard.tick, heard.frame, voiced));
        }
    });
}

#[divan::bench]
fn parse(bencher: Bencher<'_, '_>) {
    let mut datagram = [0; 1500];
    let length = packet(7, &[0x55; 160]).write(&mut datagram).expect("it fits");
    bencher.bench_local(|| Packet::parse(black_box(&datagram[..length])).is_ok());
}

#[divan::bench]
fn jitter_buffer(bencher: Bencher<'_, '_>) {
    let (start, mut number) = (Instant::now(), 0_u32);
    let mut buffer = JitterBuffer::new(Codec::Pcmu.clock_rate());
    let mut counters = Counters::default();
    bencher.bench_local(|| {
        number = number.wrapping_add(1);
        let now = start + Duration::from_millis(20) * number;
        buffer.insert(now, &packet(number, &[0x55; 160]), 160, &mut counters);
        while let Some(released) = buffer.release(now, &mut counters) {
            black_box(released);
        }
    });
}

#[divan::bench]
fn decode_to_16_khz(bencher: Bencher<'_, '_>) {
    let (mut decoder, mut frame) = (Decoder::new(Codec::Pcmu), Frame::SILENCE);
    bencher.bench_local(|| decoder.decode(black_box(&[0x55; 160]), &mut frame.0));
}

#[divan::bench]
fn conceal(bencher: Bencher<'_, '_>) {
    let (mut decoder, mut frame) = (Decoder::new(Codec::Pcmu), Frame::SILENCE);
    let payload: [u8; 160] = std::array::from_fn(|i| i as u8);
    decoder.decode(&payload, &mut frame.0);
    decoder.decode(&payload, &mut frame.0);
    bencher.bench_local(|| decoder.conceal(&mut frame.0));
}

#[divan::bench]
fn encode_from_16_khz(bencher: Bencher<'_, '_>) {
    let (mut encoder, mut payload) = (Encoder::new(Codec::Pcmu), [0; 160]);
    let frame = voice();
    bencher.bench_local(|| encoder.encode(black_box(&frame.0), &mut payload));
}

#[divan::bench]
fn voice_activity(bencher: Bencher<'_, '_>) {
    let (mut vad, frame) = (Vad::new(), voice());
    bencher.bench_local(|| vad.push(black_box(&frame)));
}

/// The caller speaks over the agent: the detector, the echo and the pitch.
#[divan::bench]
fn voice_over_the_agent(bencher: Bencher<'_, '_>) {
    let (mut attention, frame) = (Attention::new(), voice());
    let loudness = frame.loudness();
    bencher.bench_local(|| {
        attention.send_level(-20.0);
        attention.hear(black_box(&frame), &loudness, true, true)
    });
}

/// The caller listens to the agent, and nothing of it comes back.
#[divan::bench]
fn silence_under_the_agent(bencher: Bencher<'_, '_>) {
    let mut attention = Attention::new();
    let (frame, loudness) = (Frame::SILENCE, Frame::SILENCE.loudness());
    bencher.bench_local(|| {
        attention.send_level(-20.0);
        attention.hear(black_box(&frame), &loudness, true, true)
    });
}

#[divan::bench]
fn up_ring_both_ends(bencher: Bencher<'_, '_>) {
    let ((mut writer, mut reader), frame) = (up_ring(), voice());
    bencher.bench_local(|| {
        writer.push(&HeardFrame::new(1, frame, true));
        reader.pop().is_some()
    });
}

#[divan::bench]
fn down_ring_both_ends(bencher: Bencher<'_, '_>) {
    let ((mut down, mut playback), frame) = (Playback::new(), voice());
    let (epoch, utterance) = (Epoch(0), UtteranceId(0));
    bencher.bench_local(|| {
        down.push(&DownFrame { epoch, utterance, last: false, frame });
        playback.next(epoch, true, |_| {}).is_some()
    });
}
