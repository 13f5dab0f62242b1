//! What the gateway says of its own turns: the lines of its log, read as an operator's tool would read them.

use std::collections::BTreeMap;

use serde_json::Value;

/// The parts of a response gap as the gateway measured them, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    /// When it was told, in nanoseconds since 1970: as the reply's first packet left.
    pub(super) at: u64,
    pub(super) gap: f64,
    pub(super) endpoint: f64,
    pub(super) recogniser: f64,
    pub(super) brain: f64,
    /// From the first sentence to its first packet.
    pub(super) voice: f64,
    /// The voice's own part of that, where it had to be rendered.
    pub(super) rendered: Option<f64>,
    /// It filled the wait for a tool.
    pub(super) filler: bool,
    /// When the answer followed it.
    pub(super) answered: Option<u64>,
}

/// All that a log says of turns.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Which call had a port of ours, and since when.
    ports: Vec<(u64, u16, String)>,
    turns: BTreeMap<String, Vec<Told>>,
    /// Refusals, as the log words them.
    pub(super) refused: Vec<String>,
    /// Lines of level WARN and ERROR, and how often each came.
    pub(super) complaints: BTreeMap<String, usize>,
}

impl Log {
    /// Reads the lines of a log in JSON; what is none is passed over.
    pub(super) fn read(text: &str) -> Self {
        let mut log = Self::default();
        let mut rendered: BTreeMap<(String, String), f64> = BTreeMap::new();
        let mut said: Vec<(String, String, usize)> = Vec::new();
        for line in text.lines() {
            let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
            let field = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
            let call = field("call").to_owned();
            let Some(at) = field("timestamp").parse::<jiff::Timestamp>().ok() else { continue };
            let at = at.as_nanosecond() as u64;
            let ms = |name: &str| milliseconds(field(name));
            match field("message") {
                "Media opened." => {
                    let port = line.get("port").and_then(Value::as_u64).unwrap_or_default();
                    log.ports.push((at, port as u16, call));
                }
                "Turn answered." => {
                    let filler = line.get("filler").and_then(Value::as_bool).unwrap_or_default();
                    let (Some(gap), Some(endpoint)) = (ms("gap"), ms("endpoint")) else { continue };
                    let part = |name| ms(name).unwrap_or_default();
                    let (recogniser, brain, voice) =
                        (part("recogniser"), part("brain"), part("voice"));
                    let turns = log.turns.entry(call.clone()).or_default();
                    said.push((call, field("utterance").to_owned(), turns.len()));
                    let (rendered, answered) = (None, None);
                    turns.push(Told {
                        at,
                        gap,
                        endpoint,
                        recogniser,
                        brain,
                        voice,
                        rendered,
                        filler,
                        answered,
                    });
                }
                "The answer followed." => {
                    let turn = log.turns.get_mut(&call).and_then(|turns| turns.last_mut());
                    turn.into_iter().for_each(|turn| turn.answered = Some(at));
                }
                "Utterance rendered." => {
                    rendered.extend(
                        ms("first").map(|first| ((call, field("utterance").to_owned()), first)),
                    );
                }
                "Call refused." => log.refused.push(field("why").to_owned()),
                message if matches!(field("level"), "WARN" | "ERROR") => {
                    *log.complaints.entry(message.to_owned()).or_default() += 1;
                }
                _ => {}
            }
        }
        for (call, utterance, n) in said {
            let first = rendered.get(&(call.clone(), utterance)).copied();
            if let Some(turn) = log.turns.get_mut(&call).and_then(|turns| turns.get_mut(n)) {
                turn.rendered = first;
            }
        }
        log
    }

    /// Returns the call that had a port when its first packet was seen.
    pub(super) fn call_at(&self, port: u16, seen: u64) -> Option<&str> {
        let opened = self.ports.iter().filter(|(at, known, _)| *known == port && *at < seen + SOON);
        opened.max_by_key(|(at, ..)| *at).map(|(.., call)| call.as_str())
    }

    /// Returns what is told of a reply that began on the wire then.
    pub(super) fn turn(&self, call: &str, reply: u64) -> Option<&Told> {
        let near = |turn: &&Told| turn.at.abs_diff(reply) < NEAR;
        self.turns.get(call)?.iter().filter(near).min_by_key(|turn| turn.at.abs_diff(reply))
    }
}

/// The far end may begin to send as soon as it has our answer, before the log's line is written.
const SOON: u64 = 1_000_000_000;
/// A reply begins where the gateway says, but for a soft beginning and a busy machine.
const NEAR: u64 = 350_000_000;

/// Reads a duration as Rust shows it: `1.5s`, `450.123ms`, `12.3µs`, `0ns`.
fn milliseconds(text: &str) -> Option<f64> {
    let units = [("ms", 1.0), ("µs", 1e-3), ("ns", 1e-6), ("s", 1000.0)];
    let (number, factor) =
        units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn durations_are_read_as_they_are_shown() {
        for (micros, shown) in [(1_500_000, 1500.0), (450_123, 450.123), (12, 0.012), (0, 0.0)] {
            let text = format!("{:?}", Duration::from_micros(micros));
            let read = milliseconds(&text).unwrap();
            assert!((read - shown).abs() < 1e-9, "{text}: {read}");
        }
        assert_eq!(milliseconds("soon"), None);
    }

    #[test]
    fn a_turn_is_found_by_its_call_and_time() {
        let text = r#"
{"timestamp":"2026-07-06T10:00:00.000000Z","level":"DEBUG","message":"Media opened.","call":"c-1","port":20000}
{"timestamp":"2026-07-06T10:00:05.500000Z","level":"DEBUG","message":"Turn answered.","call":"c-1","turn":"turn-1","gap":"900ms","utterance":"utt-2","filler":true,"endpoint":"500ms","recogniser":"100ms","brain":"250ms","voice":"50ms"}
{"timestamp":"2026-07-06T10:00:05.520000Z","level":"DEBUG","message":"Utterance rendered.","call":"c-1","utterance":"utt-2","first":"31ms","took":"60ms"}
{"timestamp":"2026-07-06T10:00:06.500000Z","level":"DEBUG","message":"The answer followed.","call":"c-1","turn":"turn-1","utterance":"utt-3","after":"1.9s"}
{"timestamp":"2026-07-06T10:00:07.000000Z","level":"WARN","message":"Call refused.","call":"c-2","why":"no room"}
not a line of ours"#;
        let log = Log::read(text);
        let at = |ms: u64| 1_783_332_000_000_000_000 + ms * 1_000_000;
        assert_eq!(log.call_at(20_000, at(200)), Some("c-1"));
        assert_eq!(log.call_at(20_002, at(200)), None);
        assert_eq!(log.turn("c-1", at(4000)), None);
        let told = log.turn("c-1", at(5510)).unwrap();
        assert_eq!((told.filler, told.rendered, told.endpoint), (true, Some(31.0), 500.0));
        assert_eq!(told.answered, Some(at(6500)));
        assert_eq!(log.refused, ["no room"]);
    }
}
