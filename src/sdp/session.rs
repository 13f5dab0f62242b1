//! A session description as data: the lines that a call needs, read and written (RFC 8866).
//!
//! Lines of other types are read over: `b=`, `i=`, `k=` and the like change nothing for us.
//! Values keep the spelling of the peer; nothing is looked up.

use std::fmt;
use std::net::IpAddr;

use super::api::{Direction, SdpError};

/// Lines in a description. The longest seen, of a browser with video, had some 150.
const MAX_LINES: usize = 1024;
/// Streams in a description.
const MAX_MEDIA: usize = 16;

/// A session description.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Session {
    /// `o=`: who made it.
    pub origin: Origin,
    /// `s=`: what it is called, often `-`.
    pub name: String,
    /// `c=` for all streams that have none of their own.
    pub connection: Option<Connection>,
    /// `a=` for all streams.
    pub attributes: Vec<Attribute>,
    /// The streams, in order.
    pub media: Vec<Media>,
}

/// `o=`: who made a description, and which one it is (RFC 8866 §5.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
    /// A user name, or `-`.
    pub user: String,
    /// The same for the life of a session.
    pub session_id: String,
    /// Rises with each change.
    pub version: String,
    /// Where it was made: not where to send to.
    pub connection: Connection,
}

/// `IN IP4 192.0.2.1`, as in `c=` and `o=`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Connection {
    /// `IP4` or `IP6`.
    pub family: String,
    /// An address or a name, with what follows a slash for multicast.
    pub address: String,
}

/// `a=name` or `a=name:value`. The keys in `a=crypto` are not shown.
#[derive(Clone, Eq, PartialEq)]
pub struct Attribute {
    /// The name.
    pub name: String,
    /// What follows the colon.
    pub value: Option<String>,
}

/// `m=`, and the lines below it: a stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Media {
    /// `audio`, `video`, `image`, `application`.
    pub kind: String,
    /// The port; zero refuses the stream.
    pub port: u16,
    /// `RTP/AVP`, `RTP/SAVP`, `udptl`.
    pub protocol: String,
    /// Payload types, or other words.
    pub formats: Vec<String>,
    /// `c=` of this stream.
    pub connection: Option<Connection>,
    /// `a=` of this stream.
    pub attributes: Vec<Attribute>,
}

impl Session {
    /// Reads a description. Lines may end in CRLF, LF or CR.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        let text = decode(bytes);
        let mut session = Self::default();
        let (mut versioned, mut originated) = (false, false);
        for (number, line) in lines(&text).enumerate() {
            let fail = |what: &str| SdpError::Malformed { line: number + 1, what: what.to_owned() };
            if number == MAX_LINES {
                return Err(fail("there are too many lines"));
            }
            let (kind, value) = match line.split_once('=') {
                Some((kind, value)) if kind.len() == 1 => (kind, value.trim()),
                _ => return Err(fail("it does not begin with a letter and an equals sign")),
            };
            if !versioned && kind != "v" {
                return Err(fail("a description begins with v=0"));
            }
            match kind {
                "v" if value == "0" => versioned = true,
                "v" => return Err(fail("the version is not 0")),
                "o" => {
                    session.origin = Origin::parse(value).ok_or(fail("o= has no six parts"))?;
                    originated = true;
                }
                _ => session.line(kind, value).map_err(fail)?,
            }
        }
        match (versioned, originated) {
            (true, true) => Ok(session),
            (false, _) => Err(SdpError::Malformed { line: 1, what: "it is empty".into() }),
            (true, false) => Err(SdpError::Malformed { line: 2, what: "there is no o=".into() }),
        }
    }

    /// Writes the description, lines in the order of RFC 8866 §5. CR, LF and NUL are left out, so
    /// that no value can start another line.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = String::with_capacity(512);
        let Origin { user, session_id, version, connection } = &self.origin;
        let origin = format!("{user} {session_id} {version} {}", connection.to_value());
        push_line(&mut out, 'v', "0");
        push_line(&mut out, 'o', &origin);
        push_line(&mut out, 's', if self.name.is_empty() { "-" } else { &self.name });
        if let Some(connection) = &self.connection {
            push_line(&mut out, 'c', &connection.to_value());
        }
        push_line(&mut out, 't', "0 0");
        for attribute in &self.attributes {
            push_line(&mut out, 'a', &attribute.to_value());
        }
        for Media { kind, port, protocol, formats, connection, attributes } in &self.media {
            push_line(&mut out, 'm', &format!("{kind} {port} {protocol} {}", formats.join(" ")));
            if let Some(connection) = connection {
                push_line(&mut out, 'c', &connection.to_value());
            }
            for attribute in attributes {
                push_line(&mut out, 'a', &attribute.to_value());
            }
        }
        out.into_bytes()
    }

    /// Returns where a stream is sent to: its own address, else that of the session.
    pub fn connection_of<'a>(&'a self, media: &'a Media) -> Option<&'a Connection> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// Returns who sends a stream, seen from the describer's side: the stream's own word, else
    /// that of the session, else both (RFC 8866 §6.7).
    pub fn direction_of(&self, media: &Media) -> Direction {
        let word = |attribute: &Attribute| match attribute.name.as_str() {
            "sendrecv" => Some(Direction::SendRecv),
            "sendonly" => Some(Direction::SendOnly),
            "recvonly" => Some(Direction::RecvOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        };
        let own = media.attributes.iter().find_map(word);
        own.or_else(|| self.attributes.iter().find_map(word)).unwrap_or_default()
    }

    fn line(&mut self, kind: &str, value: &str) -> Result<(), &'static str> {
        match kind {
            "s" if self.media.is_empty() => {
                self.name = if value == "-" { String::new() } else { value.to_owned() };
            }
            "c" => {
                let connection = Connection::parse(value).ok_or("c= has no three parts")?;
                match self.media.last_mut() {
                    // RFC 8866 §5.7 allows several for multicast: the first one counts.
                    Some(media) => media.connection.get_or_insert(connection),
                    None => self.connection.get_or_insert(connection),
                };
            }
            "a" => {
                let attribute = Attribute::parse(value);
                match self.media.last_mut() {
                    Some(media) => media.attributes.push(attribute),
                    None => self.attributes.push(attribute),
                }
            }
            "m" if self.media.len() == MAX_MEDIA => return Err("there are too many streams"),
            "m" => self.media.push(Media::parse(value)?),
            _ => {}
        }
        Ok(())
    }
}

impl Media {
    fn parse(value: &str) -> Result<Self, &'static str> {
        let mut words = value.split_whitespace();
        let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next())
        else {
            return Err("m= has no kind, port and protocol");
        };
        let port = port.split('/').next().unwrap_or_default();
        Ok(Self {
            kind: kind.to_ascii_lowercase(),
            port: port.parse().map_err(|_| "the port of m= is no number below 65536")?,
            protocol: protocol.to_ascii_uppercase(),
            formats: words.map(str::to_owned).collect(),
            connection: None,
            attributes: Vec::new(),
        })
    }

    /// Returns the values of every attribute of this name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.attributes
            .iter()
            .filter(move |attribute| attribute.name == name)
            .filter_map(|attribute| attribute.value.as_deref())
    }
}

impl Origin {
    fn parse(value: &str) -> Option<Self> {
        let words: Vec<&str> = value.split_whitespace().take(6).collect();
        let [user, session_id, version, connection @ ..] = words.as_slice() else { return None };
        Some(Self {
            user: (*user).to_owned(),
            session_id: (*session_id).to_owned(),
            version: (*version).to_owned(),
            connection: Connection::parse(&connection.join(" "))?,
        })
    }
}

impl Default for Origin {
    fn default() -> Self {
        Self {
            user: "-".into(),
            session_id: "0".into(),
            version: "0".into(),
            connection: Connection { family: "IP4".into(), address: "0.0.0.0".into() },
        }
    }
}

impl Connection {
    /// The description of an address.
    pub fn new(address: IpAddr) -> Self {
        let family = if address.is_ipv4() { "IP4" } else { "IP6" };
        Self { family: family.into(), address: address.to_string() }
    }

    /// Returns the address, if it is not a name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.address.split('/').next()?.parse().ok()
    }

    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_whitespace();
        let (network, family, address) = (words.next()?, words.next()?, words.next()?);
        let family = family.to_ascii_uppercase();
        network.eq_ignore_ascii_case("IN").then(|| Self { family, address: address.to_owned() })
    }

    fn to_value(&self) -> String {
        format!("IN {} {}", self.family, self.address)
    }
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.eq_ignore_ascii_case("crypto") {
            true => write!(f, "a={}:‹secret›", self.name),
            false => write!(f, "a={}", self.to_value()),
        }
    }
}

impl Attribute {
    /// `a=name`.
    pub fn flag(name: &str) -> Self {
        Self { name: name.into(), value: None }
    }

    /// `a=name:value`.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Some(value.into()) }
    }

    fn parse(text: &str) -> Self {
        match text.split_once(':') {
            Some((name, value)) => Self::new(name.trim(), value.trim()),
            None => Self::flag(text),
        }
    }

    fn to_value(&self) -> String {
        match &self.value {
            Some(value) => format!("{}:{value}", self.name),
            None => self.name.clone(),
        }
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\r', '\n']).filter(|line| !line.trim().is_empty())
}

fn push_line(out: &mut String, kind: char, value: &str) {
    out.push(kind);
    out.push('=');
    out.extend(value.chars().filter(|letter| !matches!(letter, '\r' | '\n' | '\0')));
    out.push_str("\r\n");
}

/// Reads bytes as UTF-8, else as Latin-1. NUL, which no line may hold, is read over.
fn decode(bytes: &[u8]) -> String {
    let mut text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    text.retain(|letter| letter != '\0');
    text
}
