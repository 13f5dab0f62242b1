//! The receiving half of a leg: packets in the order they come, to frames in the order of time.

use std::time::Instant;

use crate::base::{Frame, Loudness, place};
use crate::codec::{Codec, Decoder, MAX_SAMPLES, NOISE_PAYLOAD, NoiseListener, OpusDecoder};
use crate::rtp::{
    Counters, Depth, Inserted, JitterBuffer, Pace, Packet, Playout, Reception, Released, Ssrc,
};

use super::collected::Collected;
use super::quiet::Quiet;
use super::scaling;

/// A packet of Opus this short says that the next ones are not sent (RFC 6716 §2.1.9).
const OPUS_SILENCE: usize = 2;
/// The noise of pauses for recognition, in -dBov.
const FAINT: u8 = 70;
/// The loudest noise that ears are given in pauses, in -dBov, whatever is told.
const LOUDEST: u8 = 30;
/// Frames that may be asked for at once when the tick was late.
const MAX_DUE: u32 = 5;
/// Packets, and gaps between them, that a frame may be made of.
const MAX_PULLS: usize = 64;
/// Frames that may be heard beyond the time that passed: what a stall brings at once, of this machine's or of
/// the network. It is given back at twice the pace of time.
const AHEAD: u32 = 128;
/// What is made up is silent from here on: 60 ms.
const SILENT_AFTER: usize = 3 * Frame::SAMPLES;

/// What a frame is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sound {
    /// What the far end sent.
    Received,
    /// Made up in place of lost packets.
    Concealed,
    /// Silence: the far end sent nothing.
    Pause,
}

/// A frame that was heard.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// The leg's media clock: frames since the first.
    pub tick: u64,
    /// The sound.
    pub frame: Frame,
    /// What it is made of.
    pub sound: Sound,
    /// How loud it is.
    pub loudness: Loudness,
    /// Whether it was sampled at 8 kHz: then every second sample is as the decoder made it.
    pub narrow: bool,
}

impl Default for Heard {
    /// A place for a frame.
    fn default() -> Self {
        let (frame, loudness) = (Frame::SILENCE, Loudness::SILENCE);
        Self { tick: 0, frame, sound: Sound::Pause, loudness, narrow: false }
    }
}

/// How even a stream is, and how much later than it could be its sound is heard for that.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Timing {
    /// The delay over the fastest packet with which sound was released last, in milliseconds.
    pub depth_ms: u32,
    /// Its mean over the leg.
    pub mean_depth_ms: u32,
    /// The highest.
    pub highest_depth_ms: u32,
    /// The delay that paced playout aims at, 0 without it.
    pub target_ms: u32,
    /// The interarrival jitter (RFC 3550 §6.4.1), in units of the timestamp.
    pub jitter: u32,
    /// The same in milliseconds.
    pub jitter_ms: u32,
    /// The highest it has been.
    pub highest_jitter_ms: u32,
    /// How much faster than ours the far end's clock runs, in millionths; 0 until it is known.
    pub skew_ppm: i32,
}

/// Reorders or paces, decodes and conceals, and cuts packets of any length into frames.
#[derive(Debug)]
pub(super) struct Receiver {
    jitter: JitterBuffer,
    /// What was agreed, whether somebody listens, and what that comes to.
    agreed_playout: Playout,
    for_ears: bool,
    playout: Playout,
    decoder: Decoder,
    /// The payload type agreed, and its codec.
    agreed: (u8, Codec),
    codec: Codec,
    collected: Collected,
    /// Samples at 16 kHz still to be made up, and how.
    missing: usize,
    missing_sound: Sound,
    /// Samples made up since the last that came.
    made_up: usize,
    /// Packets are whole frames, so that what is made up should be too.
    aligned: bool,
    tick: u64,
    /// Frames that may be heard before more time passes.
    room: u32,
    /// Under [`Playout::Paced`]: frames that may be asked for, the one heard last, and whether
    /// anybody speaks.
    due: u32,
    last: Frame,
    quiet: Quiet,
    /// What quiet sounds like, and whether the far end told so itself.
    noise: NoiseListener,
    told_noise: bool,
    /// The last that came said that nothing follows until somebody speaks.
    silent: bool,
}

impl Receiver {
    pub(super) fn new(payload_type: u8, codec: Codec, playout: Playout) -> Self {
        let mut receiver = Self {
            jitter: JitterBuffer::new(codec.clock_rate()),
            agreed_playout: playout,
            for_ears: false,
            playout: Playout::Reorder,
            decoder: Decoder::new(codec),
            agreed: (payload_type, codec),
            codec,
            collected: Collected::new(),
            missing: 0,
            missing_sound: Sound::Pause,
            made_up: 0,
            aligned: true,
            tick: 0,
            room: AHEAD,
            due: 0,
            last: Frame::SILENCE,
            quiet: Quiet::default(),
            noise: NoiseListener::default(),
            told_noise: false,
            silent: false,
        };
        receiver.agree(payload_type, codec, playout);
        receiver
    }

    pub(super) fn agree(&mut self, payload_type: u8, codec: Codec, playout: Playout) {
        self.agreed = (payload_type, codec);
        self.jitter.set_clock(codec.clock_rate());
        self.agreed_playout = playout;
        self.choose_playout();
    }

    /// Goes on after an offer and answer, perhaps with another far end, and perhaps under SRTP.
    pub(super) fn go_on(&mut self, another_far_end: bool, genuine: bool) {
        self.jitter.agree(another_far_end, genuine);
        self.silent &= !another_far_end;
    }

    /// Whether what is heard goes to somebody's ears, for now.
    pub(super) fn set_for_ears(&mut self, for_ears: bool) {
        self.for_ears = for_ears;
        self.choose_playout();
    }

    fn choose_playout(&mut self) {
        self.playout = if self.for_ears { Playout::Paced } else { self.agreed_playout };
        self.jitter.set_playout(self.playout);
        self.due = 0;
    }

    /// Takes what Opus needs, if it has none.
    pub(super) fn equip(&mut self, opus: OpusDecoder) {
        self.decoder.equip(opus);
    }

    pub(super) fn codec_of(&self, payload_type: u8) -> Option<Codec> {
        codec_of(self.agreed, payload_type)
    }

    /// Takes a packet of sound, or with no codec one that only takes up its number.
    pub(super) fn insert(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        codec: Option<Codec>,
        counters: &mut Counters,
    ) -> Inserted {
        let samples = codec.map_or(0, |codec| codec.samples(packet.payload));
        let inserted = self.jitter.insert(now, packet, samples, counters);
        let falls_silent = codec == Some(Codec::Opus) && packet.payload.len() <= OPUS_SILENCE;
        if codec.is_some() && inserted == Inserted::Kept {
            self.silent = falls_silent;
            if falls_silent {
                self.jitter.expect_pauses();
            }
        }
        inserted
    }

    /// Whether the far end has said that it sends nothing until somebody speaks.
    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    /// The stream being received.
    pub(super) fn ssrc(&self) -> Option<Ssrc> {
        self.jitter.ssrc()
    }

    /// The far end falls silent, and tells what its silence sounds like (RFC 3389).
    pub(super) fn hear_noise(&mut self, payload: &[u8]) {
        self.silent = true;
        self.jitter.expect_pauses();
        match self.playout {
            // Nobody is to hear it, and recognition does better without.
            Playout::Reorder => self.decoder.hear_noise(&[FAINT]),
            Playout::Paced => {
                let mut told = [0; NOISE_PAYLOAD];
                let length = payload.len().min(told.len());
                told[..length].copy_from_slice(&payload[..length]);
                told[0] = (told[0] & 0x7f).max(LOUDEST);
                self.decoder.hear_noise(&told[..length]);
            }
        }
        self.told_noise = self.playout == Playout::Paced;
    }

    /// A pause begins whose noise nobody has told of: it sounds like the last quiet that came.
    fn guess_noise(&mut self) {
        if !self.told_noise {
            let mut payload = [0; NOISE_PAYLOAD];
            let length = self.noise.likeness().write(&mut payload);
            self.decoder.hear_noise(&payload[..length]);
        }
    }

    pub(super) fn payloads(&self) -> (usize, usize) {
        self.jitter.payloads()
    }

    pub(super) fn hot(&self, mut fetch: impl FnMut((usize, usize))) {
        fetch(place(&self.jitter));
        self.decoder.hot(&mut fetch);
        fetch(place(&self.tick));
    }

    /// Twenty milliseconds have passed, by which paced playout goes.
    pub(super) fn pass(&mut self) {
        self.due = (self.due + 1).min(MAX_DUE);
        self.room = (self.room + 2).min(AHEAD);
    }

    /// How even the stream is, and what evening it out costs.
    pub(super) fn timing(&self, now: Instant, reception: &Reception) -> Timing {
        let depth = self.jitter.depth();
        Timing {
            depth_ms: depth.last_ms(),
            mean_depth_ms: depth.mean_ms(),
            highest_depth_ms: depth.highest_ms(),
            target_ms: match self.playout {
                Playout::Reorder => 0,
                Playout::Paced => self.jitter.target_ms(now),
            },
            jitter: reception.jitter(),
            jitter_ms: reception.jitter_ms().round() as u32,
            highest_jitter_ms: reception.highest_jitter_ms().round() as u32,
            skew_ppm: self.jitter.skew_ppm(),
        }
    }

    /// How late sound is released.
    pub(super) fn depth(&self) -> &Depth {
        self.jitter.depth()
    }

    /// Writes the next frame that is complete into `heard`; whether there is one.
    pub(super) fn poll(
        &mut self,
        now: Instant,
        counters: &mut Counters,
        heard: &mut Heard,
    ) -> bool {
        match self.playout {
            Playout::Reorder => self.release(now, counters, heard),
            Playout::Paced => {
                let Some(due) = self.due.checked_sub(1) else { return false };
                self.due = due;
                self.play(now, counters, heard);
                true
            }
        }
    }

    fn release(&mut self, now: Instant, counters: &mut Counters, heard: &mut Heard) -> bool {
        loop {
            if self.room == 0 {
                // More sound than time: whoever sends that does so to keep us at work.
                self.missing = 0;
                if self.jitter.release(now, counters).is_none() {
                    return false;
                }
                counters.dropped += 1;
                continue;
            }
            if self.collected.len() >= Frame::SAMPLES {
                self.room -= 1;
                self.cut(heard);
                return true;
            }
            if self.missing > 0 {
                self.make_up_a_frame();
                continue;
            }
            let Some(released) = self.jitter.release(now, counters) else { return false };
            match released {
                Released::Packet { payload_type, payload } => {
                    let codec = codec_of(self.agreed, payload_type).unwrap_or(self.codec);
                    if self.collected.len() == 0 && is_a_frame(codec, payload) {
                        // Nothing need be collected for it.
                        change(&mut self.codec, &mut self.decoder, codec);
                        self.decoder.decode(payload, &mut heard.frame.0);
                        (self.made_up, self.aligned) = (0, true);
                        self.room -= 1;
                        heard.sound = Sound::Received;
                        self.heard(heard);
                        return true;
                    }
                    let decoded = decode(
                        &mut self.codec,
                        &mut self.decoder,
                        &mut self.collected,
                        codec,
                        payload,
                    );
                    self.made_up = 0;
                    let whole = |samples: usize| samples.is_multiple_of(Frame::SAMPLES);
                    self.aligned = whole(decoded) && whole(self.collected.len());
                }
                Released::Lost { samples } => self.miss(samples, Sound::Concealed),
                Released::Pause { samples } => self.miss(samples, Sound::Pause),
            }
        }
    }

    /// Makes the frame that is heard now, whatever came.
    fn play(&mut self, now: Instant, counters: &mut Counters, heard: &mut Heard) {
        let wanted = Frame::SAMPLES.saturating_sub(self.collected.len());
        let quiet = self.quiet.is_quiet();
        match self.jitter.pace(now, self.codec.on_clock(wanted), quiet) {
            Pace::Keep => {}
            Pace::Drop => {
                counters.dropped += 1;
                self.pull(now, 2 * Frame::SAMPLES, counters);
                self.drop_a_frame();
            }
            Pace::Insert => {
                counters.inserted += 1;
                // Quiet backwards is as quiet, and goes on where the last frame ended.
                self.last.0.reverse();
                (heard.frame, heard.sound) = (self.last, Sound::Received);
                return self.heard(heard);
            }
            Pace::Faster => {
                self.pull(now, Frame::SAMPLES + scaling::LONGEST, counters);
                if let Some(period) = scaling::shorten(self.collected.samples()) {
                    counters.scaled += 1;
                    self.collected.drop_front(period);
                }
            }
            Pace::Slower => {
                self.pull(now, Frame::SAMPLES - scaling::SHORTEST, counters);
                let mut period = [0; scaling::LONGEST];
                let sound = self.collected.samples();
                if let Some(length) = scaling::lengthen(&self.last.0, sound, &mut period) {
                    counters.scaled += 1;
                    self.collected.put_front(&period[..length]);
                }
            }
        }
        self.pull(now, Frame::SAMPLES, counters);
        self.cut(heard);
        self.quiet.take(heard.loudness.level);
        if heard.sound == Sound::Received && self.quiet.is_quiet() {
            self.noise.hear(&heard.frame.0);
        }
        self.last = heard.frame;
    }

    /// Collects until there is enough.
    fn pull(&mut self, now: Instant, enough: usize, counters: &mut Counters) {
        // A packet of an odd codec may decode to nothing; it is not waited for for ever.
        for _ in 0..MAX_PULLS {
            if self.collected.len() >= enough {
                return;
            }
            if self.missing > 0 {
                self.make_up(self.missing.min(Frame::SAMPLES));
                continue;
            }
            let quiet = self.quiet.is_quiet();
            match self.jitter.pull(now, quiet, counters) {
                Released::Packet { payload_type, payload } => {
                    let codec = codec_of(self.agreed, payload_type).unwrap_or(self.codec);
                    decode(&mut self.codec, &mut self.decoder, &mut self.collected, codec, payload);
                    self.made_up = 0;
                    self.missing_sound = Sound::Received;
                }
                Released::Lost { samples } => self.miss(samples, Sound::Concealed),
                Released::Pause { samples } => {
                    if self.missing_sound != Sound::Pause {
                        self.guess_noise();
                    }
                    self.miss(samples, Sound::Pause);
                }
            }
        }
    }

    /// Leaves out the first frame that waits: the second one begins where it does.
    fn drop_a_frame(&mut self) {
        let samples = self.collected.samples();
        if samples.len() < 2 * Frame::SAMPLES {
            return;
        }
        for index in 0..Frame::SAMPLES {
            let (gone, kept) = (samples[index], samples[Frame::SAMPLES + index]);
            samples[Frame::SAMPLES + index] = scaling::mix(gone, kept, index, Frame::SAMPLES);
        }
        self.collected.drop_front(Frame::SAMPLES);
    }

    fn miss(&mut self, samples: u32, sound: Sound) {
        (self.missing, self.missing_sound) = (self.codec.wide(samples), sound);
    }

    /// Makes up what is missing, as far as the frame goes. Between packets of whole frames, what is
    /// made up is whole frames too.
    fn make_up_a_frame(&mut self) {
        let exact = self.missing_sound == Sound::Concealed && !self.aligned;
        let room = Frame::SAMPLES - self.collected.len();
        let length = match exact {
            true => room.min(self.missing),
            false if self.collected.len() == 0 && self.missing < Frame::SAMPLES / 2 => 0,
            false => room,
        };
        self.make_up(length);
        if length == 0 {
            self.missing = 0;
        }
    }

    fn make_up(&mut self, length: usize) {
        let Self { collected, decoder, .. } = self;
        let mut length = length;
        if self.codec == Codec::Opus
            && self.missing_sound == Sound::Concealed
            && let Some((_, next)) = self.jitter.following()
        {
            // The packet after a loss may repeat the one before it, and no more.
            let told = self.codec.wide(self.codec.samples(next)).clamp(2, MAX_SAMPLES);
            if (1..=told).contains(&self.missing) {
                collected.add(Sound::Concealed, self.missing, |out| {
                    decoder.recover(next, out);
                    out.len()
                });
                (self.missing, self.made_up) = (0, 0);
                return;
            }
            length = length.min(self.missing.saturating_sub(told));
        }
        self.missing = self.missing.saturating_sub(length);
        match self.missing_sound {
            Sound::Concealed => {
                // The voice fades within 60 ms, whatever the codec; then nothing must sound like one.
                let silent = self.made_up >= SILENT_AFTER;
                collected.add(Sound::Concealed, length, |out| {
                    decoder.conceal(out);
                    if silent {
                        out.fill(0);
                    }
                    out.len()
                });
                self.made_up += length;
            }
            Sound::Pause | Sound::Received => {
                collected.add(Sound::Pause, length, |out| {
                    decoder.pause(out);
                    out.len()
                });
            }
        }
    }

    fn cut(&mut self, heard: &mut Heard) {
        (heard.frame, heard.sound) = self.collected.cut();
        self.heard(heard);
    }

    /// Fills in what is to be known of the sound that is in place.
    fn heard(&mut self, heard: &mut Heard) {
        heard.tick = self.tick;
        heard.loudness = heard.frame.loudness();
        heard.narrow = self.codec.is_narrow();
        self.tick += 1;
    }
}

fn decode(
    current: &mut Codec,
    decoder: &mut Decoder,
    collected: &mut Collected,
    codec: Codec,
    payload: &[u8],
) -> usize {
    change(current, decoder, codec);
    collected.add(Sound::Received, MAX_SAMPLES, |out| decoder.decode(payload, out))
}

fn change(current: &mut Codec, decoder: &mut Decoder, codec: Codec) {
    if codec != *current {
        *current = codec;
        decoder.switch(codec);
    }
}

/// Whether a payload is 20 ms, and nothing but its samples.
fn is_a_frame(codec: Codec, payload: &[u8]) -> bool {
    codec != Codec::Opus && codec.wide(codec.samples(payload)) == Frame::SAMPLES
}

/// The agreed codec, or one whose payload type needs no agreement (RFC 3551 §6).
fn codec_of(agreed: (u8, Codec), payload_type: u8) -> Option<Codec> {
    match agreed {
        (agreed, codec) if agreed == payload_type => Some(codec),
        _ => Codec::ALL.into_iter().find(|c| c.static_payload_type() == Some(payload_type)),
    }
}
