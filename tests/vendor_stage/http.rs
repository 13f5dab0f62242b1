//! OpenAI-compatible vendors: `POST …/audio/transcriptions` and `POST …/audio/speech` over HTTP/1.1.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::{Asked, Desk, Mode, answer, read_head, refuses, reset};

/// What `pcm` of this protocol is.
pub const RATE: usize = 24_000;
/// How fast this voice speaks, in characters a second.
pub const CHARACTERS_A_SECOND: usize = 15;

/// Serves both, whichever is asked for.
pub fn serve(desk: &Desk, mut stream: TcpStream) {
    if desk.mode == Mode::NeverReads {
        return desk.hold();
    }
    while let Some(head) = read_head(desk, &mut stream) {
        let Some(body) = read_body(desk, &head, &mut stream) else { return };
        let speaks = head.contains("/audio/speech");
        desk.asked.lock().unwrap().push(Asked { head, body: body.clone() });
        let n = desk.count();
        let mode = desk.mode_of(n);
        if refuses(desk, mode, &mut stream) {
            continue;
        }
        if mode == Mode::Silent || (mode == Mode::HalfOpen && n > 0) {
            return desk.hold();
        }
        if mode == Mode::Reset && !speaks {
            return reset(stream);
        }
        let goes_on = match speaks {
            true => speak(desk, mode, &body, &mut stream),
            false => transcribe(desk, mode, &body, &mut stream),
        };
        if !goes_on {
            if mode == Mode::Reset {
                reset(stream);
            }
            return;
        }
    }
}

fn read_body(desk: &Desk, head: &str, stream: &mut TcpStream) -> Option<Vec<u8>> {
    let head = head.to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1)?.lines().next()?.trim().parse().ok()?;
    let mut body = Vec::with_capacity(length);
    let mut buffer = [0; 16 << 10];
    while body.len() < length {
        match stream.read(&mut buffer) {
            Ok(0) => return None,
            Ok(read) => body.extend_from_slice(&buffer[..read]),
            Err(_) if desk.goes_on() => {}
            Err(_) => return None,
        }
    }
    Some(body)
}

/// Returns how many frames of 20 ms the WAV file in a form holds.
pub fn frames(form: &[u8]) -> usize {
    let riff = form.windows(4).position(|four| four == b"RIFF").unwrap();
    let data = riff + form[riff..].windows(4).position(|four| four == b"data").unwrap();
    let length = form[data + 4..data + 8].try_into().unwrap();
    u32::from_le_bytes(length) as usize / 640
}

fn transcribe(desk: &Desk, mode: Mode, form: &[u8], stream: &mut TcpStream) -> bool {
    let text = serde_json::json!({"text": desk.words(frames(form))}).to_string();
    let json = "content-type: application/json\r\n";
    match mode {
        Mode::Dribble | Mode::Endless => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
            let mut open = stream.write_all(head.as_bytes()).is_ok();
            while open && desk.sleep(Duration::from_millis(20)) {
                open = stream.write_all(b"1\r\n \r\n").is_ok();
            }
            false
        }
        Mode::Malformed => {
            answer(stream, "200 OK", json, b"{\"text\":\"vendor he");
            true
        }
        Mode::WrongRate => {
            answer(stream, "400 Bad Request", json, b"{\"error\":\"sample rate\"}");
            true
        }
        Mode::Cut | Mode::Stall => {
            let head = format!("HTTP/1.1 200 OK\r\n{json}content-length: {}\r\n\r\n", text.len());
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&text.as_bytes()[..12]);
            if mode == Mode::Stall {
                desk.hold();
            }
            false
        }
        Mode::Empty => {
            answer(stream, "200 OK", json, b"{\"text\":\"\"}");
            true
        }
        _ => {
            answer(stream, "200 OK", json, text.as_bytes());
            true
        }
    }
}

fn speak(desk: &Desk, mode: Mode, body: &[u8], stream: &mut TcpStream) -> bool {
    let asked: serde_json::Value = serde_json::from_slice(body).unwrap();
    let text = asked["input"].as_str().unwrap();
    assert_eq!((&asked["response_format"], &asked["voice"]), (&"pcm".into(), &"ada".into()));
    let kind = match mode {
        Mode::WrongRate => "audio/pcm; rate=7000",
        Mode::Malformed => "application/json",
        _ => "audio/pcm",
    };
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n");
    if stream.write_all(head.as_bytes()).is_err() {
        return false;
    }
    let samples = text.chars().count() * RATE / desk.pace;
    let sound: Vec<u8> = tone(samples, RATE).into_iter().flat_map(i16::to_le_bytes).collect();
    let mut chunk = |bytes: &[u8]| {
        let head = format!("{:x}\r\n", bytes.len());
        stream.write_all(head.as_bytes()).is_ok()
            && stream.write_all(bytes).is_ok()
            && stream.write_all(b"\r\n").is_ok()
    };
    match mode {
        // Silence for ever, a little at a time.
        Mode::Dribble => {
            while chunk(&[0; 480]) && desk.sleep(Duration::from_millis(20)) {}
            false
        }
        Mode::Endless => {
            while chunk(&sound[..48_000]) && desk.goes_on() {}
            false
        }
        Mode::Cut | Mode::Reset | Mode::Stall => {
            // An odd number of bytes: half a sample is there.
            sound[..sound.len() / 2 + 1].chunks(4_801).for_each(|piece| _ = chunk(piece));
            match mode {
                Mode::Stall => desk.hold(),
                _ => _ = desk.sleep(Duration::from_millis(100)),
            }
            false
        }
        // 100 ms of sound every 300 ms.
        Mode::Slow => {
            let mut pieces = sound.chunks(RATE / 5);
            while pieces.next().is_some_and(&mut chunk) && desk.sleep(Duration::from_millis(290)) {}
            false
        }
        Mode::Empty => stream.write_all(b"0\r\n\r\n").is_ok(),
        _ => {
            sound.chunks(4_801).all(&mut chunk);
            stream.write_all(b"0\r\n\r\n").is_ok()
        }
    }
}

/// Sound that is told from that of the stand-in: a tone.
pub fn tone(samples: usize, rate: usize) -> Vec<i16> {
    let at = |i: usize| std::f64::consts::TAU * 300.0 * i as f64 / rate as f64;
    (0..samples).map(|i| (6_000.0 * at(i).sin()) as i16 | 1).collect()
}
