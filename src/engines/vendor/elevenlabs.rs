//! Speaking over a WebSocket as `stream-input` of ElevenLabs does: text goes one way, sound in base 64 comes the other
//! way with the characters that it says.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::{Sender, channel};
use tokio_tungstenite::tungstenite::Message;

use super::fault::Fault;
use super::network::Network;
use super::socket::{self, Socket, connect, encoded, with_path, with_query};
use super::voice::{PIECES, Piece, Stream};
use crate::base::{Frame, Vendor};
use crate::ops::VendorFault;

pub(super) fn start(
    network: &Arc<Network>,
    vendor: &Arc<Vendor>,
    code: &str,
    text: &str,
    rate: f32,
) -> Stream {
    let (tell, pieces) = channel(PIECES);
    let url = with_path(&vendor.url, &format!("/{}/stream-input", encoded(&vendor.voice)));
    let url = with_query(
        &url,
        [("model_id", &*vendor.model), ("language_code", code), ("output_format", "pcm_16000")],
    );
    let header = vendor.key.as_ref().map(|key| ("xi-api-key", key.expose().to_owned()));
    let (tls, text) = (network.tls(), text.to_owned());
    let task = network.spawn(async move {
        let last = match speak(connect(tls, &url, header).await, &text, rate, &tell).await {
            Ok(()) => Piece::End,
            Err(fault) => Piece::Failed(fault),
        };
        // Nobody may want it any more.
        let _ = tell.send(last).await;
    });
    Stream { pieces, task }
}

async fn speak(
    socket: Result<Socket, Fault>,
    text: &str,
    rate: f32,
    tell: &Sender<Piece>,
) -> Result<(), Fault> {
    let mut socket = socket?;
    let messages = [
        json!({"text": " ", "voice_settings": {"speed": rate.clamp(0.7, 1.2)}}),
        // Text that does not end with a space is taken for half a word.
        json!({"text": format!("{text} "), "flush": true}),
        json!({"text": ""}),
    ];
    for message in messages {
        let sent = socket.send(Message::text(message.to_string())).await;
        sent.map_err(|error| socket::fault(&error))?;
    }
    let mut spoken = Spoken::default();
    loop {
        let message = match socket.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(_))) | None => return Err(VendorFault::Cut.into()),
            Some(Ok(_)) => continue,
            Some(Err(error)) => return Err(socket::fault(&error)),
        };
        let (sound, last) = spoken.read(&message)?;
        if let Some(samples) = sound {
            let (rate, spoken) = (Frame::RATE, spoken.characters);
            if tell.send(Piece::Sound { samples, rate, spoken }).await.is_err() {
                return Ok(());
            }
        }
        if last {
            let _ = socket.close(None).await;
            return Ok(());
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    audio: Option<String>,
    is_final: Option<bool>,
    alignment: Option<Alignment>,
    /// There in messages of failures alone.
    error: Option<Value>,
    code: Option<Value>,
}

#[derive(Deserialize)]
struct Alignment {
    chars: Vec<String>,
}

/// How far the text has come.
#[derive(Default)]
struct Spoken {
    characters: Option<usize>,
}

impl Spoken {
    /// Returns the sound of a message, and whether it is the last.
    fn read(&mut self, message: &str) -> Result<(Option<Vec<i16>>, bool), Fault> {
        let garbled = || Fault::from(VendorFault::Garbled);
        let answer: Answer = serde_json::from_str(message).map_err(|_| garbled())?;
        if answer.error.is_some() || answer.code.is_some() {
            return Err(VendorFault::Rejected.into());
        }
        if let Some(alignment) = answer.alignment.filter(|some| !some.chars.is_empty()) {
            *self.characters.get_or_insert(0) += alignment.chars.len();
        }
        let sound = match answer.audio.as_deref() {
            None | Some("") => None,
            Some(audio) => {
                let bytes = STANDARD.decode(audio).map_err(|_| garbled())?;
                if bytes.len() % 2 == 1 {
                    return Err(VendorFault::WrongSound.into());
                }
                let pairs = bytes.chunks_exact(2);
                Some(pairs.map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect())
            }
        };
        Ok((sound, answer.is_final.unwrap_or(false)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_and_the_characters_that_it_says_are_read() {
        let mut spoken = Spoken::default();
        let first = r#"{"audio":"AQACAA==","isFinal":null,"normalizedAlignment":null,
            "alignment":{"chars":["H","i"],"charStartTimesMs":[0,5],"charDurationsMs":[5,5]}}"#;
        assert_eq!(spoken.read(first).unwrap(), (Some(vec![1, 2]), false));
        assert_eq!(spoken.characters, Some(2));
        assert_eq!(spoken.read(r#"{"audio":null,"isFinal":true}"#).unwrap(), (None, true));
        for (wrong, kind) in [
            ("{", VendorFault::Garbled),
            (r#"{"audio":"***"}"#, VendorFault::Garbled),
            (r#"{"audio":"AQAC"}"#, VendorFault::WrongSound),
            (r#"{"message":"no credits","error":"quota","code":1008}"#, VendorFault::Rejected),
        ] {
            assert_eq!(spoken.read(wrong).unwrap_err().kind, kind, "{wrong}");
        }
    }
}
