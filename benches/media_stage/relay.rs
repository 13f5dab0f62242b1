//! rtpengine as a server, in user space, told what to do by its NG protocol: bencoded dictionaries
//! over UDP.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::callers::Callers;
use super::{SERVER_CORE, SERVER_PRIORITY, give_up, need};

/// A running rtpengine. It is ended, by its own process id, when dropped.
pub(crate) struct Relay {
    process: Child,
    control: UdpSocket,
    asked: u32,
}

impl Relay {
    /// Ends the bench where it is missing.
    pub(crate) fn need() {
        need("rtpengine", "rtpengine-daemon");
    }

    /// Starts it on the server's core, with one thread and the same scheduling as ours.
    pub(crate) fn start() -> Self {
        let control = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
        let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr());
        let (Ok(control), Ok(listen)) = (control, free) else { give_up("no socket") };
        let process = Command::new("taskset")
            .args(["--cpu-list", &SERVER_CORE.to_string(), "rtpengine"])
            .args(["--config-file=none", "--foreground", "--log-stderr", "--log-level=3"])
            .args(["--table=-1", "--interface=127.0.0.1", "--port-min=12000", "--port-max=31998"])
            .arg(format!("--listen-ng={listen}"))
            .args(["--num-threads=1", "--delete-delay=0", "--scheduling=fifo"])
            .arg(format!("--priority={SERVER_PRIORITY}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(process) = process else { give_up("rtpengine cannot be started") };
        let prepared = control
            .connect(listen)
            .and_then(|()| control.set_read_timeout(Some(Duration::from_millis(200))));
        let mut relay = Self { process, control, asked: 0 };
        let up = prepared.is_ok()
            && (0..50).any(|_| {
                std::thread::sleep(Duration::from_millis(100));
                relay.ask(&[("command", text("ping"))]).is_some()
            });
        if !up {
            give_up("rtpengine does not answer");
        }
        relay
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Adds callers in pairs that talk to each other: both PCMU, or one of them PCMA.
    pub(crate) fn take(&mut self, callers: &mut Callers, count: usize, transcodes: bool) {
        for pair in 0..count / 2 {
            let theirs = if transcodes { 8 } else { 0 };
            let (a, b) = (callers.add(1, 0)[0], callers.add(1, theirs)[0]);
            let id = format!("{pair}@bench");
            let call = [("call-id", text(&id)), ("from-tag", text("a"))];
            let mut offer = vec![("command", text("offer")), ("sdp", text(&sdp(a, 0)))];
            if transcodes {
                let only = |codec: &str| Value::List(vec![text(codec)]);
                let codecs = [("mask", only("PCMU")), ("transcode", only("PCMA"))];
                offer.push(("codec", dictionary(&codecs)));
            }
            offer.extend(call.clone());
            let for_b = self.port(&offer);
            let mut answer = vec![("command", text("answer")), ("to-tag", text("b"))];
            answer.push(("sdp", text(&sdp(b, theirs))));
            answer.extend(call);
            let for_a = self.port(&answer);
            callers.connect(&[for_a, for_b]);
        }
    }

    /// Asks for an offer or answer to be passed on, and returns the port in what comes out.
    fn port(&mut self, request: &[(&str, Value)]) -> u16 {
        let reply = (0..5).find_map(|_| self.ask(request));
        let port = reply.as_ref().and_then(|reply| {
            let Some(Value::Text(sdp)) = reply.get("sdp") else { return None };
            let media = sdp.lines().find_map(|line| line.strip_prefix("m=audio "))?;
            media.split(' ').next()?.parse().ok()
        });
        port.unwrap_or_else(|| give_up(&format!("rtpengine refuses: {reply:?}")))
    }

    /// Sends a request and returns the reply, if one comes.
    fn ask(&mut self, request: &[(&str, Value)]) -> Option<BTreeMap<String, Value>> {
        self.asked += 1;
        let cookie = format!("{}_{} ", std::process::id(), self.asked);
        let mut datagram = cookie.clone();
        dictionary(request).write(&mut datagram);
        self.control.send(datagram.as_bytes()).ok()?;
        let mut buffer = [0; 8192];
        loop {
            let length = self.control.recv(&mut buffer).ok()?;
            let reply = std::str::from_utf8(&buffer[..length]).ok()?;
            // What belongs to an earlier question came too late.
            if let Some(reply) = reply.strip_prefix(&cookie) {
                return match Value::read(&mut &*reply)? {
                    Value::Dictionary(entries) => Some(entries),
                    _ => None,
                };
            }
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn sdp(port: u16, payload_type: u8) -> String {
    let codec = if payload_type == 0 { "PCMU" } else { "PCMA" };
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {payload_type}\r\na=rtpmap:{payload_type} {codec}/8000\r\n"
    )
}

/// A bencoded value.
#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Number,
    List(Vec<Value>),
    Dictionary(BTreeMap<String, Value>),
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn dictionary(entries: &[(&str, Value)]) -> Value {
    let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
    Value::Dictionary(entries.collect())
}

impl Value {
    fn write(&self, out: &mut String) {
        let string = |text: &str, out: &mut String| {
            out.push_str(&format!("{}:{text}", text.len()));
        };
        match self {
            Self::Text(text) => string(text, out),
            Self::Number => out.push_str("i0e"),
            Self::List(values) => {
                out.push('l');
                values.iter().for_each(|value| value.write(out));
                out.push('e');
            }
            Self::Dictionary(entries) => {
                out.push('d');
                for (key, value) in entries {
                    string(key, out);
                    value.write(out);
                }
                out.push('e');
            }
        }
    }

    /// Takes the value that `rest` begins with. Of numbers, none matters here.
    fn read(rest: &mut &str) -> Option<Self> {
        let (first, behind) = (rest.chars().next()?, rest.get(1..)?);
        match first {
            'i' => {
                *rest = behind.split_once('e')?.1;
                Some(Self::Number)
            }
            'l' => {
                *rest = behind;
                let mut values = vec![];
                while !rest.starts_with('e') {
                    values.push(Self::read(rest)?);
                }
                *rest = rest.get(1..)?;
                Some(Self::List(values))
            }
            'd' => {
                *rest = behind;
                let mut entries = BTreeMap::new();
                while !rest.starts_with('e') {
                    let Self::Text(key) = Self::read(rest)? else { return None };
                    entries.insert(key, Self::read(rest)?);
                }
                *rest = rest.get(1..)?;
                Some(Self::Dictionary(entries))
            }
            _ => {
                let (length, behind) = rest.split_once(':')?;
                let length = length.parse().ok()?;
                let text = behind.get(..length)?.to_owned();
                *rest = behind.get(length..)?;
                Some(Self::Text(text))
            }
        }
    }
}
