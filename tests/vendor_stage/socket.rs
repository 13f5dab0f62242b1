//! Vendors over WebSockets: ears as Deepgram's `/v1/listen`, voices as `stream-input` of ElevenLabs.

use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, accept_hdr};

use super::http::tone;
use super::{Asked, Desk, Mode, refuses, reset};

/// Sound is heard and spoken at this rate.
const RATE: usize = 16_000;
/// Frames after which a connection that is to be cut is.
const CUT_AFTER: usize = 30;

/// Serves both, whichever is asked for.
pub fn serve(desk: &Desk, mut stream: TcpStream) {
    let n = desk.count();
    let mode = desk.mode_of(n);
    if mode == Mode::NeverReads {
        return desk.hold();
    }
    if matches!(
        mode,
        Mode::Denied
            | Mode::TooMany
            | Mode::Server
            | Mode::Unavailable
            | Mode::NotThere
            | Mode::Redirect
            | Mode::Page
    ) {
        let Some(_) = super::read_head(desk, &mut stream) else { return };
        let _ = refuses(desk, mode, &mut stream);
        return;
    }
    if mode == Mode::SlowStart && refuses(desk, mode, &mut stream) {
        return;
    }
    stream.set_read_timeout(None).unwrap();
    let mut head = String::new();
    #[allow(clippy::result_large_err, reason = "the library's own type")]
    let note = |request: &Request, response: Response| {
        head = format!("{}\n{:?}", request.uri(), request.headers());
        Ok(response)
    };
    let Ok(mut socket) = accept_hdr(stream, note) else { return };
    socket.get_ref().set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let speaks = head.contains("stream-input");
    desk.asked.lock().unwrap().push(Asked { head, body: Vec::new() });
    let at = desk.asked.lock().unwrap().len() - 1;
    match speaks {
        true => speak(desk, mode, n, &mut socket, at),
        false => hear(desk, mode, &mut socket, at),
    }
    if mode == Mode::Reset {
        return reset(socket.get_ref().try_clone().unwrap());
    }
    let _ = socket.close(None);
    let _ = socket.flush();
    desk.closed.fetch_add(1, Ordering::Relaxed);
}

/// Reads a message; `Ok(None)` when there is none yet.
fn read(desk: &Desk, socket: &mut WebSocket<TcpStream>, at: usize) -> Result<Option<Message>, ()> {
    match socket.read() {
        Ok(message) => {
            if let Message::Text(text) = &message {
                let asked = &mut desk.asked.lock().unwrap()[at];
                asked.body.extend_from_slice(text.as_bytes());
                asked.body.push(b'\n');
            }
            Ok(Some(message))
        }
        Err(Error::Io(error))
            if matches!(
                error.kind(),
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
            ) && desk.goes_on() =>
        {
            Ok(None)
        }
        Err(_) => Err(()),
    }
}

/// What was heard of a turn.
#[derive(Default)]
struct Turn {
    from: usize,
    frames: usize,
}

fn hear(desk: &Desk, mode: Mode, socket: &mut WebSocket<TcpStream>, at: usize) {
    let (mut turn, mut turns) = (Turn::default(), 0);
    loop {
        let Ok(message) = read(desk, socket, at) else { return };
        let deaf = mode == Mode::Silent || (mode == Mode::HalfOpen && turns > 0);
        let mut say = |turn: &Turn, words: &str, is_final: bool, finalize: bool| {
            let second = |frames: usize| frames as f64 / 50.0;
            let results = json!({
                "type": "Results", "channel_index": [0, 1],
                "start": second(turn.from), "duration": second(turn.frames),
                "is_final": is_final, "speech_final": false, "from_finalize": finalize,
                "channel": {"alternatives": [
                    {"transcript": words, "confidence": 0.93, "words": []},
                ]},
                "metadata": {"request_id": "1"},
            });
            socket.send(Message::text(results.to_string())).is_ok()
        };
        let goes_on = match message {
            _ if deaf => true,
            Some(Message::Binary(sound)) => {
                turn.frames += sound.len() / 640;
                match mode {
                    // It says so again and again, and comes no further.
                    Mode::Dribble => say(&Turn { frames: 0, ..turn }, "", false, false),
                    Mode::Wordless => say(&turn, "", false, false),
                    Mode::Endless => say(&turn, "and so on", false, false),
                    Mode::Empty => true,
                    Mode::Malformed => socket.send(Message::text("{\"type\":\"Resu")).is_ok(),
                    Mode::WrongRate => {
                        let error = json!({"type": "Error", "description": "sample rate"});
                        socket.send(Message::text(error.to_string())).is_ok()
                    }
                    Mode::Cut | Mode::Reset => turn.frames < CUT_AFTER,
                    _ if turn.frames % 25 == 0 => say(&turn, "vendor hears", false, false),
                    _ => true,
                }
            }
            Some(Message::Text(text)) if text.contains("Finalize") => {
                let words = match mode {
                    Mode::Empty | Mode::Wordless => String::new(),
                    _ => desk.words(turn.frames),
                };
                let said = match mode {
                    Mode::Stall | Mode::Endless | Mode::Dribble => true,
                    _ => say(&turn, &words, true, true),
                };
                turn = Turn { from: turn.from + turn.frames, frames: 0 };
                turns += 1;
                said && mode != Mode::Idles
            }
            Some(Message::Close(_)) => false,
            _ => true,
        };
        if !goes_on {
            return;
        }
    }
}

fn speak(desk: &Desk, mode: Mode, n: usize, socket: &mut WebSocket<TcpStream>, at: usize) {
    let mut text = String::new();
    loop {
        match read(desk, socket, at) {
            Ok(Some(Message::Text(message))) => {
                let message: Value = serde_json::from_str(&message).unwrap();
                match message["text"].as_str().unwrap() {
                    "" => break,
                    more => text.push_str(more.trim_start()),
                }
            }
            Ok(_) => {}
            Err(()) => return,
        }
    }
    if mode == Mode::Silent || (mode == Mode::HalfOpen && n > 0) {
        return desk.hold();
    }
    let characters: Vec<char> = text.trim_end().chars().collect();
    let spoken = match mode {
        Mode::Cut | Mode::Reset | Mode::Stall => characters.len() / 2,
        Mode::Empty => 0,
        _ => characters.len(),
    };
    let mut piece = |characters: &[char], sound: Vec<i16>| {
        let bytes: Vec<u8> = sound.into_iter().flat_map(i16::to_le_bytes).collect();
        let audio = match mode {
            Mode::Malformed => "not base 64!".to_owned(),
            Mode::WrongRate => STANDARD.encode(&bytes[..bytes.len() - 1]),
            _ => STANDARD.encode(&bytes),
        };
        let chars: Vec<String> = characters.iter().map(char::to_string).collect();
        let times = vec![0; chars.len()];
        let message = json!({
            "audio": audio, "isFinal": null, "normalizedAlignment": null,
            "alignment": {"chars": chars, "charStartTimesMs": times, "charDurationsMs": times},
        });
        socket.send(Message::text(message.to_string())).is_ok()
    };
    match mode {
        Mode::Dribble => {
            while piece(&[], vec![0; 160]) && desk.sleep(Duration::from_millis(20)) {}
            return;
        }
        Mode::Endless => {
            while piece(&[], tone(RATE, RATE)) && desk.goes_on() {}
            return;
        }
        _ => {}
    }
    for part in characters[..spoken].chunks(3) {
        if !piece(part, tone(part.len() * RATE / desk.pace, RATE)) {
            return;
        }
    }
    match mode {
        Mode::Stall => desk.hold(),
        Mode::Cut | Mode::Reset => _ = desk.sleep(Duration::from_millis(100)),
        _ => {
            let last = json!({"audio": null, "isFinal": true, "alignment": null});
            let _ = socket.send(Message::text(last.to_string()));
        }
    }
}
