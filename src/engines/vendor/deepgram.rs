//! Hearing over a WebSocket as Deepgram's `/v1/listen` speaks it: samples go one way in binary messages, words come the
//! other way as JSON. One connection for a call; which words belong to which turn is told by when they were said.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Sender};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;

use super::ear::{Line, News};
use super::fault::Fault;
use super::network::Network;
use super::socket::{self, Socket, connect, with_query};
use crate::base::{Frame, Hints, Purpose, TurnId, Vendor};
use crate::ops::VendorFault;
use crate::speech::HeardFrame;

/// Sound and requests that may wait for the network: a minute.
const ASKS: usize = 3_000;
/// Words that may wait for the hearing thread.
const NEWS: usize = 256;
/// A connection that carries nothing for ten seconds is closed: it is told to stay well before that.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// Likely words that are named in the address.
const KEY_TERMS: usize = 40;
/// Times are told in hundredths of a second.
const GRAIN: f64 = 0.05;
/// What a vendor that was told to tell all may leave out.
const FLUSHED: f64 = 0.25;
/// A turn ends with a pause of at least this: words up to it are all of them.
const TAIL: f64 = 0.6;

enum Ask {
    Begin,
    Forget,
    Audio(Vec<u8>),
    Finish(TurnId),
}

/// A connection to a vendor of Deepgram's kind. It ends with it.
pub(super) struct DeepgramLine {
    asks: Sender<Ask>,
    news: Receiver<News>,
    task: AbortHandle,
}

pub(super) fn open(
    network: &Arc<Network>,
    vendor: Arc<Vendor>,
    code: &str,
    hints: &Hints,
) -> DeepgramLine {
    let (asks, asked) = mpsc::channel(ASKS);
    let (tell, news) = sync_channel(NEWS);
    let url = address(&vendor, code, hints);
    let tls = network.tls();
    let task = network.spawn(async move {
        let header =
            vendor.key.as_ref().map(|key| ("authorization", format!("Token {}", key.expose())));
        let ended = match connect(tls, &url, header).await {
            Ok(socket) => Session::new(socket, asked, tell.clone(), &vendor).run().await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = ended {
            let _ = tell.try_send(News::Failed(fault));
        }
    });
    DeepgramLine { asks, news, task }
}

fn address(vendor: &Vendor, code: &str, hints: &Hints) -> String {
    let terms: Vec<String> = hints
        .phrases
        .iter()
        .take(KEY_TERMS)
        .map(|phrase| phrase.reveal(Purpose::SpeechVendor).clone())
        .collect();
    let rate = Frame::RATE.0.to_string();
    // Whose turn it is, we decide.
    let fixed = [
        ("model", vendor.model.as_str()),
        ("language", code),
        ("encoding", "linear16"),
        ("sample_rate", &rate),
        ("channels", "1"),
        ("interim_results", "true"),
        ("endpointing", "false"),
        ("smart_format", "true"),
    ];
    with_query(&vendor.url, fixed.into_iter().chain(terms.iter().map(|term| ("keyterm", &**term))))
}

impl DeepgramLine {
    fn ask(&self, ask: Ask) -> Result<(), Fault> {
        match self.asks.try_send(ask) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(VendorFault::Blocked.into()),
            // Why it ended is among the news.
            Err(TrySendError::Closed(_)) => Ok(()),
        }
    }
}

impl Line for DeepgramLine {
    fn streams(&self) -> bool {
        true
    }

    fn begin(&mut self) {
        let _ = self.ask(Ask::Begin);
    }

    fn forget(&mut self) {
        let _ = self.ask(Ask::Forget);
    }

    fn audio(&mut self, heard: &HeardFrame) -> Result<(), Fault> {
        self.ask(Ask::Audio(heard.frame.0.iter().flat_map(|s| s.to_le_bytes()).collect()))
    }

    fn finish(&mut self, turn: TurnId, _: &[HeardFrame], _: &Hints) -> Result<(), Fault> {
        self.ask(Ask::Finish(turn))
    }

    fn poll(&mut self) -> Option<News> {
        self.news.try_recv().ok()
    }
}

impl Drop for DeepgramLine {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A connection that is open.
struct Session {
    socket: Socket,
    asked: mpsc::Receiver<Ask>,
    words: Words,
    tell: SyncSender<News>,
    /// How long a turn's words may stay incomplete before those that are there are believed.
    patience: Duration,
}

impl Session {
    fn new(
        socket: Socket,
        asked: mpsc::Receiver<Ask>,
        tell: SyncSender<News>,
        vendor: &Vendor,
    ) -> Self {
        let patience = vendor.limits.first / 2;
        Self { socket, asked, words: Words::default(), tell, patience }
    }

    async fn run(&mut self) -> Result<(), Fault> {
        let mut quiet_since = Instant::now();
        let mut settle: Option<Instant> = None;
        loop {
            let keep_alive = sleep_until(quiet_since + KEEP_ALIVE);
            let settled = sleep_until(settle.unwrap_or(quiet_since + KEEP_ALIVE));
            tokio::select! {
                ask = self.asked.recv() => {
                    let Some(ask) = ask else { return Ok(()) };
                    quiet_since = Instant::now();
                    if matches!(ask, Ask::Finish(_)) {
                        settle = Some(quiet_since + self.patience);
                    }
                    self.serve(ask).await?;
                }
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        let answer: Answer =
                            serde_json::from_str(&text).map_err(|_| VendorFault::Garbled)?;
                        self.words.hear(answer)?;
                    }
                    Some(Ok(Message::Close(_))) | None => return Err(VendorFault::Cut.into()),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(socket::fault(&error)),
                },
                () = keep_alive => {
                    quiet_since = Instant::now();
                    self.send(r#"{"type":"KeepAlive"}"#).await?;
                }
                () = settled, if settle.is_some() => {
                    settle = None;
                    self.words.settle();
                }
            }
            for news in self.words.told.drain(..) {
                // A hearing thread that is this far behind has no use for it.
                let _ = self.tell.try_send(news);
            }
        }
    }

    async fn serve(&mut self, ask: Ask) -> Result<(), Fault> {
        match ask {
            Ask::Begin => self.words.begin(),
            Ask::Forget => {
                // What it has of it is told now, and so is no part of the next turn's first words.
                self.words.begin();
                self.send(r#"{"type":"Finalize"}"#).await?;
            }
            Ask::Audio(bytes) => {
                self.words.sent += bytes.len() as f64 / 2.0 / f64::from(Frame::RATE.0);
                let sent = self.socket.send(Message::binary(bytes)).await;
                sent.map_err(|error| socket::fault(&error))?;
            }
            Ask::Finish(turn) => {
                self.words.finish(turn);
                self.send(r#"{"type":"Finalize"}"#).await?;
            }
        }
        Ok(())
    }

    async fn send(&mut self, text: &'static str) -> Result<(), Fault> {
        self.socket.send(Message::text(text)).await.map_err(|error| socket::fault(&error))
    }
}

/// A message of the vendor's; of those that are no words only the kind is looked at.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "type")]
    kind: String,
    start: Option<f64>,
    duration: Option<f64>,
    is_final: Option<bool>,
    from_finalize: Option<bool>,
    channel: Option<Channel>,
}

/// Other kinds of message have a list of numbers here.
#[derive(Deserialize)]
#[serde(untagged)]
enum Channel {
    Words { alternatives: Vec<Alternative> },
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Alternative {
    transcript: String,
    confidence: Option<f32>,
}

/// A turn that is over.
struct Pending {
    turn: TurnId,
    /// How much had been sent by its end, in seconds.
    until: f64,
}

/// The words of a connection, told apart by turns.
#[derive(Default)]
struct Words {
    /// Seconds of sound that were sent.
    sent: f64,
    /// Where the turn begins that is being heard, in those.
    from: f64,
    /// Up to where words are final.
    covered: f64,
    /// Up to where it has listened, with words or without.
    listened: f64,
    segments: Vec<(String, f32)>,
    pending: VecDeque<Pending>,
    told: Vec<News>,
}

impl Words {
    fn begin(&mut self) {
        if self.pending.is_empty() {
            self.from = self.sent;
            self.segments.clear();
        }
    }

    fn finish(&mut self, turn: TurnId) {
        self.pending.push_back(Pending { turn, until: self.sent });
        if self.covered + GRAIN >= self.sent && !self.segments.is_empty() {
            self.say();
        }
    }

    /// No more words came in time: those that are there reach up to the pause that ended the turn, or the turn is lost.
    fn settle(&mut self) {
        let whole = |pending: &Pending| self.covered + TAIL >= pending.until;
        if !self.segments.is_empty() && self.pending.front().is_some_and(whole) {
            self.say();
        }
    }

    fn hear(&mut self, answer: Answer) -> Result<(), Fault> {
        match answer.kind.as_str() {
            "Results" => {}
            "Error" => return Err(VendorFault::Rejected.into()),
            _ => return Ok(()),
        }
        let (Some(Channel::Words { alternatives }), is_final) =
            (answer.channel, answer.is_final.unwrap_or(false))
        else {
            return Err(VendorFault::Garbled.into());
        };
        let start = answer.start.unwrap_or(self.from);
        let end = start + answer.duration.unwrap_or(0.0);
        let done = answer.from_finalize.unwrap_or(false);
        let no_time = done && answer.duration.is_none();
        // What was said before this turn belongs to one that is over, or was dropped.
        let ours = end > self.from + GRAIN || answer.duration.is_none();
        let advances = ours && end > self.listened + GRAIN;
        let best = alternatives.into_iter().next();
        let words = best.filter(|best| ours && !best.transcript.trim().is_empty());
        match (words, is_final) {
            (Some(best), true) => {
                self.segments.push((best.transcript, best.confidence.unwrap_or(1.0)));
                if self.pending.is_empty() {
                    self.told.push(News::Words(self.text()));
                }
            }
            // Of a turn that is over its final words alone are of use.
            (Some(_), false) if !self.pending.is_empty() => {}
            (Some(best), false) => {
                self.told.push(News::Words(format!("{} {}", self.text(), best.transcript)));
            }
            // Noise and music hold no word: that it says so in time is all that can be asked.
            (None, _) if advances => self.told.push(News::Alive),
            (None, _) => {}
        }
        if advances {
            self.listened = end;
        }
        if is_final {
            self.covered = self.covered.max(end);
        }
        let lacks = if done { FLUSHED } else { GRAIN };
        let all =
            |pending: &Pending| (done || is_final) && (end + lacks >= pending.until || no_time);
        if self.pending.front().is_some_and(all) {
            self.say();
        }
        Ok(())
    }

    /// Tells a turn's words.
    fn say(&mut self) {
        let Some(Pending { turn, until }) = self.pending.pop_front() else { return };
        let text = self.text();
        let sure: f32 = self.segments.iter().map(|(_, sure)| sure).sum();
        let confidence = (sure / self.segments.len().max(1) as f32).clamp(0.0, 1.0);
        self.segments.clear();
        self.from = until;
        self.told.push(News::Said { turn, text, confidence });
    }

    fn text(&self) -> String {
        let segments: Vec<&str> = self.segments.iter().map(|(text, _)| text.trim()).collect();
        segments.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(start: f64, duration: f64, text: &str, is_final: bool, finalize: bool) -> Answer {
        let json = serde_json::json!({
            "type": "Results", "channel_index": [0, 1], "start": start, "duration": duration,
            "is_final": is_final, "speech_final": false, "from_finalize": finalize,
            "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": []}]},
        });
        serde_json::from_value(json).unwrap()
    }

    fn told(words: &mut Words) -> Vec<String> {
        let show = |news: News| match news {
            News::Words(text) => format!("~{}", text.trim()),
            News::Alive => "alive".to_owned(),
            News::Said { turn, text, .. } => format!("{}:{text}", turn.0),
            News::Failed(fault) => format!("{fault:?}"),
        };
        words.told.drain(..).map(show).collect()
    }

    #[test]
    fn a_turn_is_what_was_said_in_it() {
        let mut words = Words::default();
        words.begin();
        words.sent = 2.0;
        words.hear(result(0.0, 1.0, "I need", false, false)).unwrap();
        words.hear(result(0.0, 1.5, "I need an", true, false)).unwrap();
        words.finish(TurnId(1));
        words.hear(result(1.5, 0.5, "appointment", true, true)).unwrap();
        assert_eq!(told(&mut words), ["~I need", "~I need an", "1:I need an appointment"]);
        // Late words of a turn that is over, then those of the next.
        words.sent = 3.0;
        words.begin();
        words.sent = 4.0;
        words.hear(result(2.0, 1.0, "stale", true, false)).unwrap();
        words.hear(result(3.0, 1.0, "yes", true, false)).unwrap();
        words.finish(TurnId(2));
        assert_eq!(told(&mut words), ["~yes", "2:yes"]);
    }

    #[test]
    fn noise_without_words_is_heard_as_long_as_it_goes_on() {
        let mut words = Words { sent: 3.0, ..Words::default() };
        words.hear(result(0.0, 1.0, "", false, false)).unwrap();
        words.hear(result(0.0, 1.0, "", false, false)).unwrap();
        assert_eq!(told(&mut words), ["alive"], "it comes no further");
        for step in 1..=10 {
            let further = f64::from(step) * 0.02;
            words.hear(result(0.0, 1.0 + further, "", false, false)).unwrap();
        }
        assert_eq!(told(&mut words), ["alive"; 3], "however small the steps");
        words.hear(result(0.0, 2.0, " ", true, false)).unwrap();
        words.hear(result(2.0, 1.0, "yes", false, false)).unwrap();
        assert_eq!(told(&mut words), ["alive", "~yes"]);
        words.finish(TurnId(1));
        words.hear(result(2.0, 1.0, "yes", false, false)).unwrap();
        assert!(told(&mut words).is_empty(), "the turn is over");
    }

    #[test]
    fn words_that_reach_the_pause_are_believed_after_a_while() {
        let mut words = Words { sent: 3.0, ..Words::default() };
        words.hear(result(0.0, 2.5, "two thirty", true, false)).unwrap();
        words.finish(TurnId(1));
        words.settle();
        assert_eq!(told(&mut words), ["~two thirty", "1:two thirty"]);
        words.begin();
        words.sent = 9.0;
        words.hear(result(3.0, 1.0, "half of", true, false)).unwrap();
        words.finish(TurnId(2));
        words.settle();
        assert_eq!(told(&mut words), ["~half of"], "five seconds are missing");
    }

    #[test]
    fn other_messages_are_no_words_and_errors_are_told() {
        let mut words = Words::default();
        for json in [
            r#"{"type":"Metadata","duration":1.5,"channels":1}"#,
            r#"{"type":"SpeechStarted","channel":[0,1],"timestamp":9.5}"#,
            r#"{"type":"UtteranceEnd","channel":[0,1],"last_word_end":2.3}"#,
        ] {
            words.hear(serde_json::from_str(json).unwrap()).unwrap();
        }
        let error: Answer = serde_json::from_str(r#"{"type":"Error","description":"x"}"#).unwrap();
        assert_eq!(words.hear(error).unwrap_err().kind, VendorFault::Rejected);
        let odd: Answer = serde_json::from_str(r#"{"type":"Results","channel":7}"#).unwrap();
        assert_eq!(words.hear(odd).unwrap_err().kind, VendorFault::Garbled);
        assert!(words.told.is_empty());
    }
}
