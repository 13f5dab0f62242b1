//! Offer and answer (RFC 3264): one audio stream over RTP or SRTP, everything else refused.

use std::net::SocketAddr;

use super::api::{Direction, LocalMedia, Negotiated, SdpError};
use super::crypto::{self, Crypto};
use super::fmtp;
use super::format::Format;
use super::rtcp;
use super::session::{Attribute, Connection, Media, Origin, Session};
use crate::base::{PacketTime, SampleRate};
use crate::codec::Codec;
use crate::rtp::SrtpKeys;

/// The payload type that everybody uses for telephone-event; at other clocks, those after it.
const TELEPHONE_EVENT: u8 = 101;
/// The clock of telephone-event that everybody knows, whatever the codec's own is.
const EVENT_CLOCK: SampleRate = SampleRate(8_000);
/// Comfort noise, which has a number of its own (RFC 3389 §4), and the clock that goes with it.
const COMFORT_NOISE: u8 = 13;
const NOISE_CLOCK: SampleRate = SampleRate(8_000);
/// Digits, star, pound, A to D, and flash (RFC 4733 §3.2).
const EVENTS: &str = "0-16";
/// Packet times that we send. A peer must take any other than the one it asks for (RFC 3551 §4.2), so that ours serves
/// where its own is none of these.
const PACKET_TIMES: [u16; 6] = [10, 20, 30, 40, 50, 60];

/// Samples of [`Codec::packet`] in a millisecond.
const SAMPLES_A_MS: usize = 16;

/// Answers an offer. Every stream of it is answered: the first audio stream that we can use is
/// taken, one with SRTP before one without; the others get port 0 (RFC 3264 §6).
pub fn answer(offer: &[u8], local: &LocalMedia) -> Result<(Vec<u8>, Negotiated), SdpError> {
    let offer = Session::parse(offer)?;
    let Taken { at: taken, negotiated, crypto } = first_usable(&offer, local)?;
    let media = offer.media.iter().enumerate().map(|(at, media)| match at == taken {
        true => accepted(media, local, &negotiated, crypto.as_ref()),
        false => Media { port: 0, connection: None, attributes: mid(media), ..media.clone() },
    });
    Ok((Session { media: media.collect(), ..describe(local) }.to_bytes(), negotiated))
}

/// Makes an offer of one audio stream. Where SRTP may be and need not, keys are offered beside a stream in the
/// clear: whoever does not know them reads over them.
pub fn offer(local: &LocalMedia, direction: Direction) -> Vec<u8> {
    let formats = numbered(local);
    let protocol = match &local.encryption {
        Some(encryption) if encryption.required => "RTP/SAVP",
        _ => "RTP/AVP",
    };
    let mut media = audio(protocol, local, &formats, direction);
    media.attributes.extend(local.encryption.iter().flat_map(crypto::offered));
    media.attributes.extend(rtcp::offered(local));
    Session { media: vec![media], ..describe(local) }.to_bytes()
}

/// What we speak, by payload type. A number means the same for as long as a session lasts (RFC 3264 §8.3.2), whoever
/// gave it its meaning.
fn numbered(local: &LocalMedia) -> Vec<(u8, Meaning)> {
    let known = local.agreed.iter().flat_map(|agreed| meanings(agreed));
    let known: Vec<(u8, Meaning)> = known.collect();
    let is_free = |number: &u8| known.iter().all(|(taken, _)| taken != number);
    let kept = |meaning: Meaning| known.iter().find(|it| it.1 == meaning).map(|it| it.0);
    let mut free = (96..TELEPHONE_EVENT).filter(is_free);
    let mut formats = Vec::new();
    for codec in &local.codecs {
        let meaning = Meaning::Sound(*codec);
        let number = kept(meaning).or_else(|| codec.static_payload_type()).or_else(|| free.next());
        formats.extend(number.map(|number| (number, meaning)));
    }
    if local.telephone_event {
        let mut free = (TELEPHONE_EVENT..128).filter(is_free);
        for meaning in event_clocks(&local.codecs).into_iter().map(Meaning::Events) {
            let number = kept(meaning).or_else(|| free.next());
            formats.extend(number.map(|number| (number, meaning)));
        }
    }
    let narrow = |codec: &Codec| codec.clock_rate() == NOISE_CLOCK;
    if local.comfort_noise && local.codecs.iter().any(narrow) {
        formats.push((kept(Meaning::Noise).unwrap_or(COMFORT_NOISE), Meaning::Noise));
    }
    formats
}

/// Takes the answer to an offer of ours.
pub fn accept_answer(answer: &[u8], local: &LocalMedia) -> Result<Negotiated, SdpError> {
    let answer = Session::parse(answer)?;
    let no_audio = |what: &str| SdpError::NoAudio { what: what.to_owned() };
    let media = answer.media.first().ok_or(no_audio("the answer holds no stream"))?;
    let (remote, crypto) = usable(&answer, media, local).map_err(|what| no_audio(&what))?;
    let formats = Format::all(media);
    // The answerer's order counts: the first one is what it would like to get.
    let ours = |format: &Format| local.codecs.iter().copied().find(|codec| format.is(*codec));
    let Some((codec, format)) = formats.iter().find_map(|f| ours(f).map(|codec| (codec, f))) else {
        return Err(no_common_codec(&formats, local));
    };
    let agreed = agree(&answer, media, local, remote, codec, format);
    let rtcp = rtcp::answered(&answer, media, local, remote);
    Ok(Negotiated { srtp: keys(crypto.as_ref(), local), rtcp, ..agreed })
}

/// Whether keys of SRTP stand in a description, or will in its answer. What is no description holds none.
pub fn offers_keys(description: &[u8]) -> bool {
    Session::parse(description).is_ok_and(|it| it.media.iter().any(crypto::is_offered))
}

/// The stream of an offer that we take.
struct Taken {
    at: usize,
    negotiated: Negotiated,
    crypto: Option<Crypto>,
}

/// Returns the first audio stream that we can use, and what it comes to.
fn first_usable(offer: &Session, local: &LocalMedia) -> Result<Taken, SdpError> {
    let (mut offered, mut audio) = (Vec::new(), false);
    let mut reasons = Vec::new();
    let mut streams: Vec<_> = offer.media.iter().enumerate().collect();
    if local.encryption.is_some() {
        streams.sort_by_key(|(_, media)| !crypto::is_offered(media));
    }
    for (at, media) in streams {
        let (remote, crypto) = match usable(offer, media, local) {
            Ok(usable) => usable,
            Err(reason) => {
                reasons.push(reason);
                continue;
            }
        };
        audio = true;
        let formats = Format::all(media);
        let fitting = |codec: &Codec| formats.iter().find(|f| f.is(*codec)).map(|f| (*codec, f));
        match local.codecs.iter().find_map(fitting) {
            Some((codec, format)) => {
                let agreed = agree(offer, media, local, remote, codec, format);
                let rtcp = rtcp::asked(offer, media, local, remote);
                let srtp = keys(crypto.as_ref(), local);
                let negotiated = Negotiated { srtp, rtcp, ..agreed };
                return Ok(Taken { at, negotiated, crypto });
            }
            None => offered.extend(formats),
        }
    }
    if !audio {
        let what = match reasons.is_empty() {
            true => "the offer holds no stream".to_owned(),
            false => reasons.join("; "),
        };
        return Err(SdpError::NoAudio { what });
    }
    Err(no_common_codec(&offered, local))
}

/// Returns where a stream of the peer is received and by what it is protected, or why we cannot use it.
fn usable(
    session: &Session,
    media: &Media,
    local: &LocalMedia,
) -> Result<(SocketAddr, Option<Crypto>), String> {
    if media.kind != "audio" {
        return Err(format!("a stream is {}", brief(&media.kind)));
    }
    if media.port == 0 {
        return Err("the audio stream is refused or switched off".into());
    }
    match media.protocol.as_str() {
        "RTP/AVP" | "RTP/AVPF" | "RTP/SAVP" | "RTP/SAVPF" => {}
        "UDP/TLS/RTP/SAVP" | "UDP/TLS/RTP/SAVPF" => {
            return Err("audio is keyed by DTLS, and we have SRTP by SDES (RTP/SAVP) alone".into());
        }
        other => return Err(format!("audio comes by {}, not RTP/AVP", brief(other))),
    }
    let crypto = crypto::agreed(media, local)?;
    let connection = session.connection_of(media).ok_or("audio has no c= address")?;
    let address = connection.ip().ok_or("the c= address of audio is a name")?;
    if address.is_multicast() {
        return Err("the c= address of audio is multicast".into());
    }
    // Nothing is sent to 0.0.0.0, so that its family does not matter.
    if !address.is_unspecified() && address.is_ipv4() != local.rtp.is_ipv4() {
        return Err("audio is received by another family of IP than ours".into());
    }
    Ok((SocketAddr::new(address, media.port), crypto))
}

fn keys(crypto: Option<&Crypto>, local: &LocalMedia) -> Option<SrtpKeys> {
    Some(crypto?.keys(local.encryption.as_ref()?))
}

/// What a usable stream comes to, seen from our side.
fn agree(
    session: &Session,
    media: &Media,
    local: &LocalMedia,
    remote: SocketAddr,
    codec: Codec,
    format: &Format,
) -> Negotiated {
    // RFC 4733 §2.1 wants the codec's own clock; phones that know no other than 8 kHz are many.
    let formats = Format::all(media);
    let at = |clock| Some((formats.iter().find(|format| format.is_telephone_event(clock))?, clock));
    let events = at(codec.clock_rate()).or_else(|| at(EVENT_CLOCK));
    let events = events.filter(|_| local.telephone_event);
    let noise = formats.iter().find(|format| format.is_comfort_noise());
    let noise = noise.filter(|_| local.comfort_noise && codec.clock_rate() == NOISE_CLOCK);
    let direction = match session.direction_of(media) {
        Direction::SendRecv => Direction::SendRecv,
        Direction::SendOnly => Direction::RecvOnly,
        Direction::RecvOnly => Direction::SendOnly,
        Direction::Inactive => Direction::Inactive,
    };
    Negotiated {
        opus: format.opus(),
        telephone_event: events.map(|(format, _)| format.payload_type),
        event_clock: events.map_or(EVENT_CLOCK, |(_, clock)| clock),
        comfort_noise: noise.map(|format| format.payload_type),
        packet_time: packet_time(media, codec, local.packet_time),
        direction: match (remote.ip().is_unspecified(), direction) {
            // Hold as RFC 2543 §B.5 had it, and RFC 3264 §8.4 still wants it understood.
            (true, Direction::SendRecv | Direction::RecvOnly) => Direction::RecvOnly,
            (true, _) => Direction::Inactive,
            (false, direction) => direction,
        },
        ..Negotiated::new(codec, format.payload_type, remote)
    }
}

/// Returns how much sound to send in a packet: as the peer asks, if we can and the codec has a frame for it, and never
/// more than its `a=maxptime`.
fn packet_time(media: &Media, codec: Codec, ours: PacketTime) -> PacketTime {
    let number = |name| media.values(name).find_map(|value| value.parse::<f32>().ok());
    let most = number("maxptime").filter(|most| *most > 0.0).unwrap_or(f32::MAX);
    let asked = PACKET_TIMES.into_iter().find(|time| number("ptime") == Some(f32::from(*time)));
    let wanted = asked.unwrap_or(ours.0);
    let fitting =
        PACKET_TIMES.into_iter().rev().find(|time| *time <= wanted && f32::from(*time) <= most);
    let samples = codec.packet(PacketTime(fitting.unwrap_or(PACKET_TIMES[0])));
    PacketTime((samples / SAMPLES_A_MS) as u16)
}

/// The stream that we take, in the peer's payload types (RFC 3264 §6.1).
fn accepted(
    media: &Media,
    local: &LocalMedia,
    negotiated: &Negotiated,
    crypto: Option<&Crypto>,
) -> Media {
    let formats: Vec<_> = meanings(negotiated).collect();
    let mut stream = audio(&media.protocol, local, &formats, negotiated.direction);
    let answered = crypto.zip(local.encryption.as_ref()).map(|(line, ours)| line.answered(ours));
    stream.attributes.extend(answered);
    stream.attributes.extend(rtcp::described(&negotiated.rtcp));
    stream.attributes.extend(mid(media));
    stream
}

/// What the payload types stand for that were agreed on.
fn meanings(agreed: &Negotiated) -> impl Iterator<Item = (u8, Meaning)> {
    let events = Meaning::Events(agreed.event_clock);
    let sound = (agreed.payload_type, Meaning::Sound(agreed.codec));
    let noise = agreed.comfort_noise.map(|number| (number, Meaning::Noise));
    let events = agreed.telephone_event.map(|number| (number, events));
    std::iter::once(sound).chain(events).chain(noise)
}

/// What a payload type of ours stands for.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Meaning {
    Sound(Codec),
    /// RFC 4733, at a clock.
    Events(SampleRate),
    /// RFC 3389.
    Noise,
}

impl Meaning {
    /// What stands in `a=rtpmap` and, if there is anything to say, in `a=fmtp`.
    fn describe(self) -> (String, Option<&'static str>) {
        match self {
            Self::Events(clock) => (format!("telephone-event/{}", clock.0), Some(EVENTS)),
            Self::Noise => (format!("CN/{}", NOISE_CLOCK.0), None),
            Self::Sound(codec) => {
                let (name, clock) = (codec.sdp_name(), codec.clock_rate().0);
                let map = match codec.sdp_channels() {
                    1 => format!("{name}/{clock}"),
                    channels => format!("{name}/{clock}/{channels}"),
                };
                (map, (codec == Codec::Opus).then_some(fmtp::OPUS))
            }
        }
    }
}

/// The clocks at which digits are offered: that of each codec, and the one that everybody knows.
fn event_clocks(codecs: &[Codec]) -> Vec<SampleRate> {
    let mut clocks = vec![EVENT_CLOCK];
    for clock in codecs.iter().map(|codec| codec.clock_rate()) {
        if !clocks.contains(&clock) {
            clocks.push(clock);
        }
    }
    clocks
}

/// An audio stream of ours.
fn audio(
    protocol: &str,
    local: &LocalMedia,
    formats: &[(u8, Meaning)],
    direction: Direction,
) -> Media {
    let mut attributes = Vec::new();
    let mut most = u16::MAX;
    for (number, meaning) in formats {
        let (map, parameters) = meaning.describe();
        attributes.push(Attribute::new("rtpmap", format!("{number} {map}")));
        attributes.extend(parameters.map(|it| Attribute::new("fmtp", format!("{number} {it}"))));
        if let Meaning::Sound(codec) = meaning {
            most = most.min(codec.max_packet_time().0);
        }
    }
    attributes.push(Attribute::new("ptime", local.packet_time.0.min(most).to_string()));
    attributes.push(Attribute::new("maxptime", most.to_string()));
    attributes.push(Attribute::flag(match direction {
        Direction::SendRecv => "sendrecv",
        Direction::SendOnly => "sendonly",
        Direction::RecvOnly => "recvonly",
        Direction::Inactive => "inactive",
    }));
    Media {
        kind: "audio".into(),
        port: local.rtp.port(),
        protocol: protocol.into(),
        formats: formats.iter().map(|(number, _)| number.to_string()).collect(),
        connection: None,
        attributes,
    }
}

/// Our description without its streams.
fn describe(local: &LocalMedia) -> Session {
    let connection = Connection::new(local.rtp.ip());
    Session {
        origin: Origin {
            user: "-".into(),
            session_id: local.session_id.to_string(),
            version: local.version.to_string(),
            connection: connection.clone(),
        },
        name: String::new(),
        connection: Some(connection),
        attributes: Vec::new(),
        media: Vec::new(),
    }
}

/// A stream's name goes back to the peer, refused or not (RFC 5888 §9.1).
fn mid(media: &Media) -> Vec<Attribute> {
    media.values("mid").take(1).map(|mid| Attribute::new("mid", mid)).collect()
}

fn no_common_codec(offered: &[Format], local: &LocalMedia) -> SdpError {
    // A log line and a Warning field hold a dozen names; more would help nobody.
    let offered: Vec<String> = offered.iter().take(12).map(Format::describe).collect();
    let allowed: Vec<&str> = local.codecs.iter().map(|codec| codec.sdp_name()).collect();
    let list = |names: String| if names.is_empty() { "nothing".to_owned() } else { names };
    SdpError::NoCommonCodec { offered: list(offered.join(", ")), allowed: list(allowed.join(", ")) }
}

/// Returns a peer's word as far as a log line can bear it.
fn brief(word: &str) -> String {
    word.chars().filter(|letter| letter.is_ascii_graphic()).take(24).collect()
}
