//! Calls whose ears and voice are vendors': a language is changed in mid-call, and a vendor that is lost in mid-call is
//! not noticed by the caller. The vendors speak their own wire formats on this machine.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod gateway_stage;
mod vendor_stage;

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use attendant::base::Secret;
use attendant::base::{Hints, Phi, Purpose, TurnId};
use attendant::call::Told;
use attendant::engines::tts::{Flite, FliteVoice};
use attendant::gateway::{Engines, Gateway, Seen};
use attendant::phone::{CallPlan, Line, Phone, PhoneConfig, Talk};
use attendant::sip::Credentials;
use attendant::speech::{
    HeardFrame, Manner, Recognizer, RecognizerError, Transcript, Voice, VoiceError,
};
use gateway_stage::{Folder, NODE, NUMBER, PASSWORD, PLAN, USER};
use vendor_stage::{Mode, Server, http, socket};

/// Stands in for a recogniser: says these of the next turns that it hears.
struct Says(Arc<Mutex<VecDeque<String>>>, VecDeque<Transcript>);

impl Recognizer for Says {
    fn push(&mut self, _: &HeardFrame) -> Result<(), RecognizerError> {
        Ok(())
    }
    fn expect(&mut self, _: &Hints) {}
    fn finish(&mut self, turn: TurnId) {
        let text = Phi::new(self.0.lock().unwrap().pop_front().unwrap_or_default());
        self.1.push_back(Transcript::Final { turn, text, confidence: 0.9 });
    }
    fn reset(&mut self) {}
    fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        Ok(self.1.pop_front())
    }
}

/// Characters a second of all voices but the caller's: what they say is not listened to here.
const PACE: usize = 30;

/// Stands in for a voice: a low tone, as long as the text.
struct Hums;

impl Voice for Hums {
    fn speak(
        &mut self,
        text: &str,
        _: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        let _ = sink(&http::tone(text.chars().count() * 16_000 / PACE, 16_000));
        Ok(())
    }
}

/// What came of a call: what was understood and said, in order.
struct Outcome {
    told: Vec<String>,
}

impl Outcome {
    fn caller(&self) -> Vec<&str> {
        self.told.iter().filter_map(|line| line.strip_prefix("caller: ")).collect()
    }

    fn has(&self, line: &str) -> bool {
        self.told.iter().any(|told| told.contains(line))
    }
}

/// Makes a call of so many turns to a gateway with these vendors; `embedded` says what the stand-in hears. The caller
/// hangs up when the agent has, or when something `until` is a part of has been said or done.
fn call(
    languages: &str,
    ears: (&str, String),
    voice: (&str, String),
    embedded: &[&str],
    turns: usize,
    until: &'static str,
) -> Outcome {
    let folder = Folder::new();
    folder.fill_book();
    let (ears, ears_url) = ears;
    let (voice, voice_url) = voice;
    folder.append(
        NODE,
        &format!(
            "[speech.recogniser]\nkind = \"{ears}\"\nurl = \"{ears_url}\"\nfirst-within = \"3s\"\n\
             stall-within = \"20s\"\npause = \"1h\"\n\
             [speech.voice]\nkind = \"{voice}\"\nurl = \"{voice_url}\"\nvoice = \"ada\"\n\
             first-within = \"5s\"\nstall-within = \"5s\"\n"
        ),
    );
    folder.change(PLAN, "language = \"en-US\"", &format!("language = [{languages}]"));
    let config = folder.config();
    let script: Arc<Mutex<VecDeque<String>>> =
        Arc::new(Mutex::new(embedded.iter().map(ToString::to_string).collect()));
    let engines = Engines {
        ears: Box::new(move |_| Box::new(Says(Arc::clone(&script), VecDeque::new()))),
        voices: vec![Box::new(Hums)],
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let gateway = runtime.block_on(Gateway::start_with(folder.path(), config, engines)).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let (mut seen, notes) = (gateway.watch(), Arc::clone(&told));
    runtime.spawn(async move {
        const PURPOSE: Purpose = Purpose::Demonstration;
        while let Ok(watched) = seen.recv().await {
            let line = match watched.seen {
                Seen::Told(Told::CallerSaid { text, .. }) => {
                    format!("caller: {}", text.reveal(PURPOSE))
                }
                Seen::Told(Told::AgentSays { text, .. }) => {
                    format!("agent: {}", text.reveal(PURPOSE))
                }
                Seen::Told(Told::Transfer { target, .. }) => format!("transfer: {target}"),
                Seen::Over(summary) => format!("over: {:?}", summary.reason),
                _ => continue,
            };
            notes.lock().unwrap().push(line);
        }
    });
    let (hang_up, stop) = tokio::sync::oneshot::channel();
    let heard = Arc::clone(&told);
    runtime.spawn(async move {
        while !heard.lock().unwrap().iter().any(|line: &String| line.contains(until)) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let _ = hang_up.send(());
    });
    let report = runtime.block_on(async {
        let voice = Box::new(Flite::new(FliteVoice::Slt, 1.1).unwrap());
        let phone = Phone::start(PhoneConfig::new([127, 0, 0, 1].into(), "caller", voice));
        // What is understood is the vendor's script; what is said has only to be a voice.
        let lines = vec![Line::new("This is what the caller says to the agent."); turns];
        let plan = CallPlan {
            target: format!("sip:{NUMBER}@{}", folder.sip),
            from_user: Some(USER.into()),
            credentials: Some(Credentials { user: USER.into(), secret: Secret::new(PASSWORD) }),
            talk: Talk { lines, ..Talk::default() },
            stop: Some(stop),
            ..CallPlan::default()
        };
        phone.await.unwrap().call(plan).await.unwrap()
    });
    drop(report);
    runtime.block_on(gateway.stop(Duration::from_secs(2)));
    let told = told.lock().unwrap().clone();
    println!("{told:#?}");
    Outcome { told }
}

fn ears(server: &Server) -> (&'static str, String) {
    ("deepgram-websocket", format!("ws://{}/v1/listen", server.address))
}

#[test]
fn a_language_is_changed_in_mid_call() {
    let hears = Server::scripted(
        Mode::Well,
        socket::serve,
        &["Could you speak British English, please?", "What are your opening hours?"],
    );
    let speaks = Server::paced(Mode::Well, http::serve, PACE);
    let voice = ("openai-http", format!("http://{}/v1", speaks.address));
    let outcome = call("\"en-US\", \"en-GB\"", ears(&hears), voice, &[], 2, "Monday");
    assert_eq!(
        outcome.caller()[..2],
        ["Could you speak British English, please?", "What are your opening hours?"]
    );
    assert!(outcome.has("agent: Of course.") && outcome.has("Monday"), "{:?}", outcome.told);
    // A connection for each language, and every sentence from the vendor.
    let asked: Vec<String> = hears.asked().into_iter().map(|asked| asked.head).collect();
    assert!(
        asked[0].contains("language=en-US") && asked[1].contains("language=en-GB"),
        "{asked:?}"
    );
    let said =
        String::from_utf8(speaks.asked().into_iter().flat_map(|a| a.body).collect()).unwrap();
    assert!(said.contains("Of course."), "{said}");
}

#[test]
fn who_asks_for_a_language_without_wording_goes_to_a_person() {
    let goes_to_a_person = |tag, words| {
        let hears = Server::scripted(Mode::Well, socket::serve, &[words]);
        let speaks = Server::paced(Mode::Well, socket::serve, PACE);
        let voice = ("elevenlabs-websocket", format!("ws://{}/v1/text-to-speech", speaks.address));
        let languages = format!("\"en-US\", \"{tag}\"");
        let outcome = call(&languages, ears(&hears), voice, &[], 1, "transfer: ");
        assert_eq!(outcome.caller()[0], words);
        assert!(
            outcome.has("I only speak English.") && outcome.has("transfer: "),
            "{:?}",
            outcome.told
        );
    };
    // Side by side: what takes time is talking and listening.
    std::thread::scope(|scope| {
        scope.spawn(|| goes_to_a_person("fr-CA", "Parlez-vous français ?"));
        scope.spawn(|| goes_to_a_person("zh-CN", "你会说中文吗？"));
    });
}

#[test]
fn a_vendor_that_is_lost_in_mid_call_is_not_noticed() {
    // Each connection hears one turn; then it is kept and says nothing: the embedded ears hear the second turn, and a
    // new connection the third.
    let words = ["When are you open?", "Goodbye."];
    let hears = Server::scripted(Mode::HalfOpen, socket::serve, &words);
    // It stops in the middle of each sentence.
    let speaks = Server::paced(Mode::Cut, http::serve, PACE);
    let voice = ("openai-http", format!("http://{}/v1", speaks.address));
    let embedded = ["What is your address?"];
    let outcome = call("\"en-US\"", ears(&hears), voice, &embedded, 3, "over: ");
    assert_eq!(outcome.caller()[..3], ["When are you open?", "What is your address?", "Goodbye."]);
    assert!(outcome.has("Maple Street"), "{:?}", outcome.told);
    assert!(outcome.has("over: AgentHungUp"), "{:?}", outcome.told);
}
