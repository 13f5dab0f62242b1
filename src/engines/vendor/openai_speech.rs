//! Speaking over HTTP: a text as JSON, and its sound as samples while they are made.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc::{Sender, channel};

use super::fault::Fault;
use super::network::Network;
use super::socket::with_path;
use super::voice::{PIECES, Piece, Stream};
use crate::base::{SampleRate, Vendor};
use crate::ops::VendorFault;

/// What `pcm` is, unless the answer says otherwise.
const RATE: SampleRate = SampleRate(24_000);
/// Bytes that are looked at before it is known whether they are a WAV file.
const HEAD: usize = 12;

pub(super) fn start(network: &Arc<Network>, vendor: &Arc<Vendor>, text: &str, rate: f32) -> Stream {
    let (tell, pieces) = channel(PIECES);
    let body = json!({
        "model": vendor.model,
        "input": text,
        "voice": vendor.voice,
        "response_format": "pcm",
        "speed": rate.clamp(0.25, 4.0),
    });
    let mut request = network
        .http()
        .post(with_path(&vendor.url, "/audio/speech"))
        .header("content-type", "application/json")
        .body(body.to_string());
    if let Some(key) = &vendor.key {
        request = request.bearer_auth(key.expose());
    }
    let task = network.spawn(async move {
        let last = match ask(request, &tell).await {
            Ok(()) => Piece::End,
            Err(fault) => Piece::Failed(fault),
        };
        // Nobody may want it any more.
        let _ = tell.send(last).await;
    });
    Stream { pieces, task }
}

async fn ask(request: reqwest::RequestBuilder, tell: &Sender<Piece>) -> Result<(), Fault> {
    let mut answer = request.send().await.map_err(|error| Fault::of_request(&error))?;
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    if !answer.status().is_success() {
        return Err(Fault::of_status(answer.status().as_u16(), header("retry-after")));
    }
    let mut pcm = Pcm::new(header("content-type").unwrap_or_default())?;
    while let Some(chunk) = answer.chunk().await.map_err(|error| Fault::of_request(&error))? {
        let samples = pcm.take(&chunk)?;
        let (rate, spoken) = (pcm.rate, None);
        if !samples.is_empty() && tell.send(Piece::Sound { samples, rate, spoken }).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Samples out of bytes that come in any pieces.
struct Pcm {
    rate: SampleRate,
    bytes: Vec<u8>,
    begun: bool,
}

impl Pcm {
    /// Reads the media type: some programs name their rate in it.
    fn new(kind: &str) -> Result<Self, Fault> {
        let kind = kind.to_ascii_lowercase();
        if kind.contains("json") || kind.starts_with("text/") {
            return Err(VendorFault::Garbled.into());
        }
        if ["mpeg", "mp3", "ogg", "opus", "flac", "aac"].iter().any(|wrong| kind.contains(wrong)) {
            return Err(VendorFault::WrongSound.into());
        }
        let named = kind.split(';').find_map(|part| part.trim().strip_prefix("rate="));
        let rate = match named {
            Some(rate) => SampleRate(rate.parse().map_err(|_| VendorFault::Garbled)?),
            None => RATE,
        };
        Ok(Self { rate, bytes: Vec::new(), begun: false })
    }

    fn take(&mut self, chunk: &[u8]) -> Result<Vec<i16>, Fault> {
        self.bytes.extend_from_slice(chunk);
        if !self.begun {
            if self.bytes.len() < HEAD {
                return Ok(Vec::new());
            }
            if self.bytes.starts_with(b"RIFF") && !self.read_head()? {
                return Ok(Vec::new());
            }
            if [&b"ID3"[..], b"OggS", b"fLaC"].iter().any(|head| self.bytes.starts_with(head)) {
                return Err(VendorFault::WrongSound.into());
            }
            self.begun = true;
        }
        let whole = self.bytes.len() & !1;
        let pairs = self.bytes.drain(..whole).collect::<Vec<u8>>();
        Ok(pairs.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect())
    }

    /// Reads and drops the head of a WAV file; `false` when it has not come yet.
    fn read_head(&mut self) -> Result<bool, Fault> {
        let wrong = Fault::from(VendorFault::WrongSound);
        let bytes = &self.bytes;
        let (mut at, mut format) = (HEAD, None);
        while let Some(head) = bytes.get(at..at + 8) {
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            let body = at + 8;
            match &head[..4] {
                b"data" => {
                    let (kind, channels, rate, bits) = format.ok_or(wrong)?;
                    if (kind, channels, bits) != (1, 1, 16) {
                        return Err(wrong);
                    }
                    self.rate = SampleRate(rate);
                    self.bytes.drain(..body);
                    return Ok(true);
                }
                b"fmt " => {
                    let Some(f) = bytes.get(body..body + 16) else { break };
                    let short = |i: usize| u16::from_le_bytes([f[i], f[i + 1]]);
                    let rate = u32::from_le_bytes([f[4], f[5], f[6], f[7]]);
                    format = Some((short(0), short(2), rate, short(14)));
                }
                _ => {}
            }
            at = body.saturating_add(length + (length & 1));
            if at > 4096 {
                return Err(wrong);
            }
        }
        if bytes.len() > 4096 { Err(wrong) } else { Ok(false) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(kind: &str, bytes: &[u8], cut: usize) -> Result<(u32, Vec<i16>), Fault> {
        let mut pcm = Pcm::new(kind)?;
        let mut samples = Vec::new();
        for chunk in bytes.chunks(cut) {
            samples.extend(pcm.take(chunk)?);
        }
        Ok((pcm.rate.0, samples))
    }

    #[test]
    fn samples_are_the_same_however_they_are_cut() {
        let bytes: Vec<u8> = (0..60).collect();
        let whole = all("audio/pcm", &bytes, 60).unwrap();
        assert_eq!((whole.0, whole.1.len(), whole.1[0]), (24_000, 30, 0x0100));
        (1..30).for_each(|cut| assert_eq!(all("audio/pcm", &bytes, cut).unwrap(), whole));
        assert_eq!(all("audio/pcm; rate=16000", &bytes, 7).unwrap().0, 16_000);
    }

    #[test]
    fn a_wav_file_names_its_own_rate() {
        let mut wav = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x22\x56\0\0\0\0\0\0\x02\0\x10\0LIST\x02\0\0\0abdata\xff\xff\xff\xff".to_vec();
        wav.extend([1, 0, 2, 0]);
        for cut in 1..wav.len() {
            assert_eq!(all("audio/wav", &wav, cut).unwrap(), (22_050, vec![1, 2]), "{cut}");
        }
        wav[22] = 2;
        assert_eq!(all("audio/wav", &wav, 9).unwrap_err().kind, VendorFault::WrongSound);
    }

    #[test]
    fn what_is_no_sound_is_no_sound() {
        assert_eq!(all("application/json", b"{}", 2).unwrap_err().kind, VendorFault::Garbled);
        assert_eq!(all("audio/mpeg", b"", 2).unwrap_err().kind, VendorFault::WrongSound);
        let mp3 = b"ID3\x04aaaaaaaaaaaaaaaaaa";
        assert_eq!(all("", mp3, 5).unwrap_err().kind, VendorFault::WrongSound);
        let endless = [b"RIFF0000WAVE".as_slice(), &[0; 9000]].concat();
        assert!(all("", &endless, 100).is_err());
    }
}
