//! Hearing over HTTP: a whole turn as a WAV file in a form (RFC 7578), and its words as JSON.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use serde::Deserialize;
use tokio::task::AbortHandle;

use super::ear::{Line, News};
use super::fault::Fault;
use super::network::Network;
use super::socket::with_path;
use crate::base::{Frame, Hints, Purpose, TurnId, Vendor};
use crate::ops::VendorFault;
use crate::speech::HeardFrame;

/// Turns that may be asked for at a time.
const TURNS: usize = 8;
/// The longest answer that is read: an hour of fast speech.
const LONGEST: usize = 1 << 18;
/// What separates the parts of the form: no sound holds it.
const BOUNDARY: &str = "attendant-9c1f6d2e-4b7a-4f0e-8d35-turn";
/// The longest list of likely words: Whisper reads 224 word pieces of it.
const PROMPT: usize = 600;
/// How sure a vendor is that does not say so.
const UNSAID: f32 = 1.0;
/// A segment is noise when the vendor is that sure of it.
const NO_SPEECH: f32 = 0.8;

/// Asks turn by turn. Requests end with it.
pub(super) struct HttpLine {
    network: Arc<Network>,
    vendor: Arc<Vendor>,
    code: String,
    running: Vec<AbortHandle>,
    tell: SyncSender<News>,
    told: Receiver<News>,
}

impl HttpLine {
    pub(super) fn new(network: Arc<Network>, vendor: Arc<Vendor>, code: String) -> Self {
        let (tell, told) = sync_channel(TURNS);
        Self { network, vendor, code, running: Vec::new(), tell, told }
    }
}

impl Line for HttpLine {
    fn streams(&self) -> bool {
        false
    }

    fn audio(&mut self, _: &HeardFrame) -> Result<(), Fault> {
        Ok(())
    }

    fn finish(&mut self, turn: TurnId, whole: &[HeardFrame], hints: &Hints) -> Result<(), Fault> {
        self.running.retain(|running| !running.is_finished());
        if self.running.len() >= TURNS {
            return Err(VendorFault::Blocked.into());
        }
        let verbose = self.vendor.model.contains("whisper");
        let body = form(&self.vendor.model, &self.code, verbose, hints, whole);
        let url = with_path(&self.vendor.url, "/audio/transcriptions");
        let mut request = self
            .network
            .http()
            .post(url)
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
            .header("accept", "application/json")
            .body(body);
        if let Some(key) = &self.vendor.key {
            request = request.bearer_auth(key.expose());
        }
        let tell = self.tell.clone();
        self.running.push(self.network.spawn(async move {
            let news = match ask(request).await {
                Ok((text, confidence)) => News::Said { turn, text, confidence },
                Err(fault) => News::Failed(fault),
            };
            // Nobody waits any more, or there is room: as many may wait as run.
            let _ = tell.try_send(news);
        }));
        Ok(())
    }

    fn poll(&mut self) -> Option<News> {
        self.told.try_recv().ok()
    }
}

impl Drop for HttpLine {
    fn drop(&mut self) {
        self.running.iter().for_each(AbortHandle::abort);
    }
}

async fn ask(request: reqwest::RequestBuilder) -> Result<(String, f32), Fault> {
    let mut answer = request.send().await.map_err(|error| Fault::of_request(&error))?;
    let status = answer.status();
    if !status.is_success() {
        let retry = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
        return Err(Fault::of_status(status.as_u16(), retry));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| Fault::of_request(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return Err(VendorFault::Garbled.into());
        }
    }
    read(&body).ok_or(VendorFault::Garbled.into())
}

#[derive(Deserialize)]
struct Answer {
    text: String,
    #[serde(default)]
    segments: Vec<Segment>,
}

#[derive(Deserialize)]
struct Segment {
    avg_logprob: Option<f32>,
    no_speech_prob: Option<f32>,
}

/// Returns the words and how sure the vendor is of them, 0 to 1.
fn read(body: &[u8]) -> Option<(String, f32)> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let noise = |segment: &Segment| segment.no_speech_prob.is_some_and(|p| p > NO_SPEECH);
    if !answer.segments.is_empty() && answer.segments.iter().all(noise) {
        return Some((String::new(), 0.0));
    }
    let sure: Vec<f32> = answer.segments.iter().filter_map(|s| s.avg_logprob).collect();
    let confidence = match sure.len() {
        0 => UNSAID,
        many => (sure.iter().sum::<f32>() / many as f32).exp().clamp(0.0, 1.0),
    };
    Some((answer.text.trim().to_owned(), confidence))
}

/// Writes the form: what is asked for, and the sound.
fn form(model: &str, code: &str, verbose: bool, hints: &Hints, whole: &[HeardFrame]) -> Vec<u8> {
    let format = if verbose { "verbose_json" } else { "json" };
    let mut body = Vec::with_capacity(whole.len() * Frame::SAMPLES * 2 + 2048);
    let likely = likely(hints);
    for (name, value) in [
        ("model", model),
        ("language", code),
        ("response_format", format),
        ("temperature", "0"),
        ("prompt", &*likely),
    ] {
        if !value.is_empty() {
            let part = format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend_from_slice(part.as_bytes());
        }
    }
    body.extend_from_slice(
        format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"turn.wav\"\r\n\
             content-type: audio/wav\r\n\r\n"
        )
        .as_bytes(),
    );
    wav(whole, &mut body);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// The words that are likely now.
fn likely(hints: &Hints) -> String {
    let mut text = String::new();
    for phrase in &hints.phrases {
        let phrase = phrase.reveal(Purpose::SpeechVendor);
        if text.len() + phrase.len() > PROMPT {
            break;
        }
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.extend(phrase.chars().filter(|c| !c.is_control()));
    }
    text
}

/// Writes a WAV file: 16 bits, mono, 16 kHz.
fn wav(whole: &[HeardFrame], body: &mut Vec<u8>) {
    let bytes = (whole.len() * Frame::SAMPLES * 2) as u32;
    let rate = Frame::RATE.0;
    body.extend_from_slice(b"RIFF");
    body.extend_from_slice(&(36 + bytes).to_le_bytes());
    body.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    body.extend_from_slice(&rate.to_le_bytes());
    body.extend_from_slice(&(2 * rate).to_le_bytes());
    body.extend_from_slice(b"\x02\0\x10\0data");
    body.extend_from_slice(&bytes.to_le_bytes());
    for heard in whole {
        body.extend(heard.frame.0.iter().flat_map(|sample| sample.to_le_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Expect, Phi};

    #[test]
    fn answers_of_both_kinds_are_read_and_others_are_not() {
        assert_eq!(read(br#"{"text":" Two thirty. "}"#), Some(("Two thirty.".into(), UNSAID)));
        let verbose = br#"{"text":"Hi","segments":[{"avg_logprob":-0.1,"no_speech_prob":0.01}]}"#;
        assert!((read(verbose).unwrap().1 - 0.905).abs() < 0.01);
        let noise = br#"{"text":"Thanks for watching!","segments":[{"no_speech_prob":0.97}]}"#;
        assert_eq!(read(noise), Some((String::new(), 0.0)));
        for wrong in [&b""[..], b"{}", b"[]", b"{\"text\":3}", b"{\"text\":\"a", b"\xff"] {
            assert_eq!(read(wrong), None);
        }
    }

    #[test]
    fn the_form_holds_a_wav_file_of_the_turn() {
        let frames = [HeardFrame::new(0, Frame([258; Frame::SAMPLES]), true)];
        let phrases = vec![Phi::new("Dr. Patel".into()), Phi::new("a\r\nb".into())];
        let hints = Hints { expect: Expect::Name, phrases };
        let body = form("whisper-1", "es", true, &hints, &frames);
        let text = String::from_utf8_lossy(&body);
        assert!(text.contains("name=\"language\"\r\n\r\nes\r\n"));
        assert!(text.contains("name=\"prompt\"\r\n\r\nDr. Patel, ab\r\n"));
        assert!(text.contains("\r\n\r\nRIFF"));
        assert!(text.ends_with(&format!("\r\n--{BOUNDARY}--\r\n")));
        let at = body.windows(4).rposition(|w| w == b"data").unwrap();
        assert_eq!(body[at + 4..at + 8], 640_u32.to_le_bytes());
        assert_eq!(body[at + 8..at + 10], [2, 1]);
    }
}
