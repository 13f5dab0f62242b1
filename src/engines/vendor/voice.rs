//! A vendor behind [`Voice`], for one thread: it is watched while it speaks, and where it stops the embedded voice goes
//! on with the clause in which it stopped.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Receiver;
use tokio::task::AbortHandle;

use super::fault::Fault;
use super::resample::Resampler;
use super::resume::{self, CHARACTERS_A_SECOND};
use super::{VendorVoices, elevenlabs, openai_speech};
use crate::base::{Frame, Language, SampleRate, VendorKind};
use crate::ops::{SpeechPart, StoodIn, VendorAnswered, VendorFault};
use crate::speech::normalise::to_spoken;
use crate::speech::{Manner, Trouble, Voice, VoiceError};

/// Below this a sample is silence: what comes before the first sound is not waited through.
const SILENT: u16 = 96;
/// What is kept before the first sound, so that a soft consonant is not cut: 20 ms.
const LEAD: usize = 320;
/// Nobody speaks faster, in characters a second: sound that ends earlier was cut off.
const FASTEST: f32 = 45.0;
/// Nor slower: sound that goes on longer is none of the text. Ten seconds are always believed.
const SLOWEST: f32 = 2.5;
const BELIEVED: f32 = 10.0;
/// Text that is long enough to be judged by that.
const JUDGED: usize = 24;
/// Pieces that may wait between the network and a voice's thread.
pub(super) const PIECES: usize = 64;

/// What comes of a sentence.
pub(super) enum Piece {
    /// Sound, and how many characters of the text it goes up to, where the vendor tells.
    Sound { samples: Vec<i16>, rate: SampleRate, spoken: Option<usize> },
    /// All of it has come.
    End,
    /// No more will come.
    Failed(Fault),
}

/// A sentence under way. It ends when it is dropped.
pub(super) struct Stream {
    pub(super) pieces: Receiver<Piece>,
    pub(super) task: AbortHandle,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) struct VendorVoice {
    voices: VendorVoices,
    embedded: Box<dyn Voice>,
    /// The vendor spoke the last text, and all of it.
    itself: bool,
}

/// How far a sentence has come.
struct Progress {
    asked: Instant,
    /// When the first sound came.
    first: Option<Instant>,
    /// Samples of the vendor's, as seconds.
    received: f32,
    /// Samples at 16 kHz that the sink got.
    delivered: usize,
    /// Characters spoken, where the vendor tells.
    spoken: Option<usize>,
    resampler: Option<(SampleRate, Resampler)>,
}

/// How a sentence ended with the vendor.
enum Ended {
    /// All was said.
    Well,
    /// Nobody wants the rest.
    Unwanted,
    /// It failed.
    Badly(Fault),
}

impl VendorVoice {
    pub(super) fn new(voices: VendorVoices, embedded: Box<dyn Voice>) -> Self {
        Self { voices, embedded, itself: true }
    }

    fn start(&self, text: &str, code: &str, rate: f32) -> Stream {
        let (network, vendor) = (&self.voices.network, &self.voices.vendor);
        match vendor.kind {
            VendorKind::ElevenLabs => elevenlabs::start(network, vendor, code, text, rate),
            _ => openai_speech::start(network, vendor, text, rate),
        }
    }

    fn listen(
        &self,
        stream: &mut Stream,
        progress: &mut Progress,
        text: &str,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Ended {
        let characters = text.chars().count();
        loop {
            let limit = self.limit(progress);
            let Some(piece) = self.voices.network.wait(limit, stream.pieces.recv()) else {
                let late = progress.first.is_none();
                let kind = if late { VendorFault::Late } else { VendorFault::Stalled };
                return Ended::Badly(kind.into());
            };
            match piece {
                Some(Piece::Sound { samples, rate, spoken }) => {
                    if progress.spoken < spoken {
                        progress.spoken = spoken;
                    }
                    match progress.take(&samples, rate) {
                        Some(sound) if sink_all(sink, &sound).is_break() => return Ended::Unwanted,
                        Some(_) => {}
                        None => return Ended::Badly(VendorFault::WrongSound.into()),
                    }
                    if progress.behind() > self.voices.vendor.limits.stall {
                        return Ended::Badly(VendorFault::Stalled.into());
                    }
                    if progress.received > (characters as f32 / SLOWEST).max(BELIEVED) {
                        return Ended::Badly(VendorFault::WrongSound.into());
                    }
                }
                Some(Piece::End) => {
                    let rest = progress.finish();
                    let short = progress.received * FASTEST < characters as f32;
                    let nothing = progress.first.is_none() && characters > 0;
                    if nothing || (short && characters >= JUDGED) {
                        return Ended::Badly(VendorFault::Cut.into());
                    }
                    let _ = sink(&rest);
                    return Ended::Well;
                }
                Some(Piece::Failed(fault)) => return Ended::Badly(fault),
                None => return Ended::Badly(VendorFault::Cut.into()),
            }
        }
    }

    /// How long the next piece is waited for: the sound that is there already is played meanwhile.
    fn limit(&self, progress: &Progress) -> Duration {
        let limits = self.voices.vendor.limits;
        let Some(first) = progress.first else {
            return limits.first.saturating_sub(progress.asked.elapsed());
        };
        let seconds = progress.delivered as f32 / Frame::RATE.0 as f32;
        let ahead = Duration::from_secs_f32(seconds).saturating_sub(first.elapsed());
        // It is late before the caller hears nothing.
        limits.stall.max(ahead.saturating_sub(limits.stall))
    }

    /// Has the embedded voice say this, a piece after another.
    fn stand_in(
        &mut self,
        pieces: Vec<String>,
        manner: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
        why: &str,
    ) -> Result<(), VoiceError> {
        self.itself = false;
        if pieces.iter().all(|piece| piece.trim().is_empty()) {
            return Ok(());
        }
        if manner.language.embedded().is_none() {
            let vendor = &self.voices.vendor;
            let what = format!("{vendor}: {why}; nobody else speaks {}", manner.language.name());
            return Err(VoiceError::Failed { what });
        }
        StoodIn { part: SpeechPart::Voice }.emit();
        let manner = self.behind(manner);
        let mut wanted = ControlFlow::Continue(());
        for piece in pieces {
            let mut noted = |sound: &[i16]| {
                wanted = sink(sound);
                wanted
            };
            self.embedded.speak(&piece, manner, &mut noted)?;
            if wanted.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Cuts what the vendor has left unsaid: a short piece first where the embedded voice is slow, for the caller has
    /// waited already.
    fn cut(&self, rest: &str, manner: Manner) -> Vec<String> {
        let manner = self.behind(manner);
        let parts = self.embedded.parts(rest, manner).into_iter();
        parts.flat_map(|part| self.embedded.pieces(&part, manner)).collect()
    }

    /// In which language the embedded voice says what is to be said in this one.
    fn behind(&self, manner: Manner) -> Manner {
        let language = manner.language.embedded().unwrap_or(manner.language);
        Manner { language, ..manner }
    }

    /// Whether the vendor is not asked now, so that the embedded voice speaks.
    fn is_left_alone(&self, language: Language) -> bool {
        let knows = self.voices.vendor.code(language).is_some();
        language.embedded().is_some() && !(knows && self.voices.breaker.is_closed())
    }
}

impl Voice for VendorVoice {
    fn speak(
        &mut self,
        text: &str,
        manner: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        self.itself = true;
        if text.trim().is_empty() {
            return Ok(());
        }
        let code = self.voices.vendor.code(manner.language).map(str::to_owned);
        let Some(code) = code else {
            return self.stand_in(
                vec![text.to_owned()],
                manner,
                sink,
                "it does not know the language",
            );
        };
        if !self.voices.breaker.admits(Instant::now()) {
            return self.stand_in(vec![text.to_owned()], manner, sink, "it failed too often");
        }
        // Times, numbers and names are spoken as we say them, whoever speaks.
        let spoken = match manner.language.primary() {
            "en" => to_spoken(text),
            _ => text.to_owned(),
        };
        let mut progress = Progress::new();
        let mut stream = self.start(&spoken, &code, manner.rate);
        let ended = self.listen(&mut stream, &mut progress, &spoken, sink);
        drop(stream);
        if let Some(first) = progress.first {
            let first = first.duration_since(progress.asked);
            VendorAnswered { part: SpeechPart::Voice, first }.emit();
        }
        match ended {
            Ended::Well => self.voices.breaker.succeeded(),
            Ended::Unwanted if progress.first.is_some() => self.voices.breaker.succeeded(),
            Ended::Unwanted => self.voices.breaker.abandoned(Instant::now()),
            Ended::Badly(fault) => {
                self.voices.breaker.failed(Instant::now(), fault);
                let why = crate::ops::Label::label(fault.kind);
                let rest = self.cut(resume::rest(&spoken, progress.spoken()), manner);
                return self.stand_in(rest, manner, sink, why);
            }
        }
        Ok(())
    }

    fn parts(&self, text: &str, manner: Manner) -> Vec<String> {
        match self.is_left_alone(manner.language) {
            true => self.embedded.parts(text, self.behind(manner)),
            false => vec![text.to_owned()],
        }
    }

    fn pieces(&self, part: &str, manner: Manner) -> Vec<String> {
        match self.is_left_alone(manner.language) {
            true => self.embedded.pieces(part, self.behind(manner)),
            false => vec![part.to_owned()],
        }
    }

    fn stand_in(&mut self, language: Language, trouble: Trouble) -> Option<&mut dyn Voice> {
        // A vendor's voice fails where the embedded one has failed as well.
        let waits = trouble == Trouble::Failed || self.is_left_alone(language);
        let language = language.embedded().filter(|_| waits)?;
        self.embedded.stand_in(language, trouble)
    }

    fn spoke_it_all(&self) -> bool {
        self.itself
    }
}

/// Gives the sink a piece, if there is one.
fn sink_all(sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>, sound: &[i16]) -> ControlFlow<()> {
    if sound.is_empty() { ControlFlow::Continue(()) } else { sink(sound) }
}

impl Progress {
    fn new() -> Self {
        Self {
            asked: Instant::now(),
            first: None,
            received: 0.0,
            delivered: 0,
            spoken: None,
            resampler: None,
        }
    }

    /// Returns what is to be played of a piece; `None` when nobody can play it.
    fn take(&mut self, samples: &[i16], rate: SampleRate) -> Option<Vec<i16>> {
        if self.resampler.as_ref().is_none_or(|(known, _)| *known != rate) {
            self.resampler = Some((rate, Resampler::new(rate)?));
        }
        let mut useful = samples;
        if self.first.is_none() {
            let Some(at) = samples.iter().position(|sample| sample.unsigned_abs() > SILENT) else {
                return Some(Vec::new());
            };
            self.first = Some(Instant::now());
            useful = &samples[at.saturating_sub(LEAD)..];
        }
        self.received += useful.len() as f32 / rate.0 as f32;
        let mut sound = Vec::with_capacity(useful.len());
        let (_, resampler) = self.resampler.as_mut()?;
        resampler.push(useful, &mut sound);
        self.delivered += sound.len();
        Some(sound)
    }

    fn finish(&mut self) -> Vec<i16> {
        let mut sound = Vec::new();
        if let Some((_, resampler)) = &mut self.resampler {
            resampler.finish(&mut sound);
        }
        sound
    }

    /// Characters of the text, as it is spoken, that were said: as the vendor tells, or as time tells.
    fn spoken(&self) -> usize {
        self.spoken.unwrap_or((self.received * CHARACTERS_A_SECOND) as usize)
    }

    /// How far the sound that came is behind its own time: the caller heard nothing for so long, in all.
    fn behind(&self) -> Duration {
        let sound = Duration::from_secs_f32(self.delivered as f32 / Frame::RATE.0 as f32);
        self.first.map_or(Duration::ZERO, |first| first.elapsed().saturating_sub(sound))
    }
}
