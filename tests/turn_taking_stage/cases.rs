//! The corpus: what is said when, over which line, and what should come of it.

use attendant::base::Expect;

use super::line::Echo;
use super::more_cases;
use super::play::AGENT_BEGINS;
use super::sounds::{self, MS, Noise, SPEAKERS, Speaker};

/// What the agent says first: nobody can cut it off, as in the product.
const PROTECTED: &str = "Thank you for calling Riverside Family Practice.";
/// What it says while it is spoken over: long enough for every barge-in.
const OPEN: &str =
    "I can make, move or cancel an appointment, or take a message. How can I help you today?";
const OFFER: &str = "I have three openings next week. There is Monday at nine thirty with Doctor Patel, Tuesday at two \
    fifteen with Doctor Nguyen, or Thursday at ten with Doctor Rahman. Which of these would you like?";

/// What should come of a case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Truth {
    /// The agent is silent; the caller's turn ends when all of it is said, and not before.
    Turn,
    /// The caller takes the floor from the agent, which must stop.
    Takes,
    /// The agent goes on, or comes back.
    GoesOn,
    /// The agent is silent, and nobody says anything to it.
    Nobody,
}

/// A part of what the caller's side sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Says(&'static str),
    Pauses(usize),
    Coughs(u64),
    Slams,
}
use Part::{Coughs, Pauses, Says, Slams};

/// Which of the corpus' seeds: of its noise, its coughs and its rooms, who speaks, and when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    /// What constants were chosen by, but for what was held back.
    pub(crate) const FIRST: Self = Self(0);
    /// Drawn when they had been chosen.
    pub(crate) const SECOND: Self = Self(1);
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// What it is one of, for the table.
    pub(crate) kind: &'static str,
    pub(crate) draw: Draw,
    pub(crate) truth: Truth,
    pub(crate) speaker: Speaker,
    /// When the first part begins, in milliseconds: where the agent speaks, from when it may be cut off.
    pub(crate) begins: usize,
    pub(crate) parts: Vec<Part>,
    /// How loud the caller is, in dBov.
    pub(crate) level: f64,
    pub(crate) echo: Option<Echo>,
    pub(crate) noise: Option<(Noise, f64)>,
    /// The noise begins with the first part, and not with the call.
    pub(crate) noise_begins: bool,
    /// What the agent says after its first, protected sentence.
    pub(crate) agent: Option<&'static str>,
    /// What it waits for.
    pub(crate) expect: Expect,
    /// Not looked at while constants were chosen.
    pub(crate) held_back: bool,
}

/// The sound of a case, and where in it is what matters.
pub(crate) struct Rendered {
    /// At 16 kHz.
    pub(crate) caller: Vec<f64>,
    /// Where the first part begins, in milliseconds: what the agent does before it does not concern the caller.
    pub(crate) begins: usize,
    /// Its first sound that is to be heard on a telephone.
    pub(crate) onset: usize,
    /// The end of the last one.
    pub(crate) end: usize,
    /// The agent's speech.
    pub(crate) agent: Vec<f64>,
    /// How much of it is protected, in frames.
    pub(crate) protected: usize,
}

/// How long a case goes on after its last part, in milliseconds.
const AFTER: usize = 4_000;

impl Case {
    pub(crate) fn render(&self) -> Rendered {
        let says = |text| sounds::at(sounds::agent(text), -20.0);
        let (mut agent, mut protected) = (Vec::new(), 0);
        let mut begins = self.begins;
        if let Some(text) = self.agent {
            agent = says(PROTECTED);
            protected = agent.len().div_ceil(20 * MS);
            agent.resize(protected * 20 * MS, 0.0);
            agent.extend(says(text));
            begins += AGENT_BEGINS + protected * 20;
        }
        let mut caller = vec![0.0; begins * MS];
        let (mut onset, mut end) = (None, begins);
        for part in &self.parts {
            let sound = match *part {
                Pauses(ms) => vec![0.0; ms * MS],
                Says(text) => sounds::at(sounds::spoken(self.speaker, text), self.level),
                Coughs(seed) => sounds::at(sounds::cough(seed, self.draw), self.level),
                Slams => sounds::at(sounds::slam(self.draw), self.level),
            };
            if !matches!(part, Pauses(_)) {
                onset.get_or_insert((caller.len() + sounds::onset(&sound)) / MS);
                end = (caller.len() + sound.len()) / MS;
            }
            caller.extend(sound);
        }
        let length = caller.len().max(agent.len() + AGENT_BEGINS * MS) + AFTER * MS;
        caller.resize(length, 0.0);
        if let Some((kind, level)) = self.noise {
            let from = if self.noise_begins { begins * MS } else { 0 };
            let noise = sounds::noise(kind, length - from, level, self.draw);
            caller[from..].iter_mut().zip(noise).for_each(|(sample, noise)| *sample += noise);
        }
        Rendered { caller, begins, onset: onset.unwrap_or(begins), end, agent, protected }
    }
}

/// Collects them.
pub(super) struct Corpus {
    cases: Vec<Case>,
    draw: Draw,
    kind: &'static str,
}

impl Corpus {
    /// What follows is of this kind.
    pub(super) fn kind(&mut self, kind: &'static str) {
        self.kind = kind;
    }

    pub(super) fn add(&mut self, truth: Truth, name: &str, parts: &[Part]) -> &mut Case {
        let number = self.cases.len();
        let Self { draw, kind, .. } = *self;
        let agent = matches!(truth, Truth::Takes | Truth::GoesOn);
        let agent = agent.then_some(if number.is_multiple_of(2) { OPEN } else { OFFER });
        let later = 53 * draw.0 as usize;
        self.cases.push(Case {
            name: name.to_owned(),
            kind,
            draw,
            truth,
            speaker: SPEAKERS[(number + 2 * draw.0 as usize) % SPEAKERS.len()],
            begins: if agent.is_some() { 300 + 137 * (number % 7) + later } else { 800 + later },
            parts: parts.to_vec(),
            level: -22.0,
            echo: None,
            noise: None,
            noise_begins: false,
            agent,
            expect: Expect::Anything,
            held_back: number % 3 == 2,
        });
        self.cases.last_mut().unwrap()
    }
}

pub(super) const fn hybrid(loss: f64, delay_ms: usize) -> Option<Echo> {
    Some(Echo { loss, delay_ms, room: false })
}

pub(super) const fn room(loss: f64, delay_ms: usize) -> Option<Echo> {
    Some(Echo { loss, delay_ms, room: true })
}

/// All of it, always the same for a draw.
pub(crate) fn all(draw: Draw) -> Vec<Case> {
    let mut corpus = Corpus { cases: Vec::new(), draw, kind: "" };
    for (kind, add) in [
        ("sentences", sentences as fn(&mut Corpus)),
        ("dictation", dictation),
        ("turns in noise", turns_in_noise),
        ("barge-ins", barge_ins),
        ("echo", echoes),
        ("no barge-ins", no_barge_ins),
        ("nobody", nobody),
    ] {
        corpus.kind(kind);
        add(&mut corpus);
    }
    more_cases::add(&mut corpus);
    corpus.cases
}

fn sentences(corpus: &mut Corpus) {
    for (name, parts) in [
        ("sentence", &[Says("I need to move my appointment to next week.")][..]),
        ("question", &[Says("Do you have anything free on Monday morning?")]),
        (
            "after um",
            &[Says("Um"), Pauses(600), Says("I need a refill of my blood pressure pills.")],
        ),
        ("after well", &[Says("Well"), Pauses(500), Says("my daughter has a fever.")]),
        (
            "trailing to",
            &[Says("I would like to"), Pauses(700), Says("see Doctor Patel on Friday.")],
        ),
        ("trailing and", &[Says("My knee hurts and"), Pauses(900), Says("I can not walk on it.")]),
        (
            "trailing the",
            &[Says("Can you send it to the"), Pauses(700), Says("pharmacy on Main Street?")],
        ),
        (
            "let me see",
            &[Says("Let me see"), Pauses(900), Says("the second of June would be fine.")],
        ),
        (
            "breath",
            &[Says("I was there last week"), Pauses(300), Says("and they told me to call you.")],
        ),
        (
            "long",
            &[
                Says("I have had this cough for about two weeks now"),
                Pauses(350),
                Says("and my husband thinks that I should see somebody about it."),
            ],
        ),
        (
            "two sentences",
            &[Says("Hello there."), Pauses(300), Says("I want to cancel my visit tomorrow.")],
        ),
        ("short", &[Says("Tomorrow morning.")]),
        ("person", &[Says("Can I talk to a person?")]),
    ] {
        corpus.add(Truth::Turn, name, parts);
    }
    for (name, parts) in [
        ("yes", &[Says("Yes.")][..]),
        ("no thank you", &[Says("No, thank you.")]),
        ("that is right", &[Says("Yes, that is right.")]),
        ("um yes", &[Says("Um"), Pauses(400), Says("yes please.")]),
        ("no but", &[Says("No but"), Pauses(500), Says("I could come at ten.")]),
    ] {
        corpus.add(Truth::Turn, name, parts).expect = Expect::YesNo;
    }
}

fn dictation(corpus: &mut Corpus) {
    for (name, expect, parts) in [
        (
            "phone in groups",
            Expect::Digits,
            &[
                Says("five five five"),
                Pauses(600),
                Says("zero one two"),
                Pauses(700),
                Says("four five six seven."),
            ][..],
        ),
        (
            "phone after it is",
            Expect::Digits,
            &[
                Says("It is"),
                Pauses(500),
                Says("five five five, eight six seven"),
                Pauses(500),
                Says("five three zero nine."),
            ],
        ),
        (
            "phone in one go",
            Expect::Digits,
            &[Says("five five five, two one two, three four nine eight.")],
        ),
        (
            "member id",
            Expect::Digits,
            &[
                Says("A B"),
                Pauses(600),
                Says("one two three"),
                Pauses(700),
                Says("four five six seven eight nine zero."),
            ],
        ),
        (
            "date in parts",
            Expect::Date,
            &[
                Says("March"),
                Pauses(700),
                Says("ninth"),
                Pauses(500),
                Says("nineteen eighty four."),
            ],
        ),
        ("date in one go", Expect::Date, &[Says("March ninth, nineteen eighty four.")]),
        (
            "date in digits",
            Expect::Date,
            &[
                Says("oh three"),
                Pauses(450),
                Says("oh nine"),
                Pauses(450),
                Says("nineteen eighty four."),
            ],
        ),
        (
            "date after um",
            Expect::Date,
            &[
                Says("Um"),
                Pauses(600),
                Says("December third"),
                Pauses(600),
                Says("nineteen fifty one."),
            ],
        ),
        ("name spelled", Expect::Name, &[Says("P, A, T,"), Pauses(500), Says("E, L.")]),
        ("name", Expect::Name, &[Says("My name is Susan"), Pauses(300), Says("Miller.")]),
    ] {
        corpus.add(Truth::Turn, name, parts).expect = expect;
    }
}

fn turns_in_noise(corpus: &mut Corpus) {
    for (name, noise, level) in [
        ("sentence in an office", Some((Noise::Office, -50.0)), -22.0),
        ("sentence in a street", Some((Noise::Street, -42.0)), -22.0),
        ("sentence with people about", Some((Noise::Babble, -46.0)), -22.0),
        ("sentence before a television", Some((Noise::Television, -46.0)), -22.0),
        ("soft caller", None, -36.0),
        ("soft caller in an office", Some((Noise::Office, -56.0)), -34.0),
    ] {
        let case = corpus.add(
            Truth::Turn,
            name,
            &[
                Says("I need to see somebody about my back"),
                Pauses(250),
                Says("this week if you can."),
            ],
        );
        (case.noise, case.level) = (noise, level);
    }
}

fn barge_ins(corpus: &mut Corpus) {
    const WORDS: [&str; 5] = [
        "No, wait, I want to talk to a person.",
        "Excuse me, can I ask you something?",
        "Stop, that is not what I need.",
        "Tuesday at two fifteen please.",
        "I need to cancel my appointment.",
    ];
    for (number, (name, echo, noise, level, begins)) in [
        ("over a clean line", None, None, -22.0, 0),
        ("early, clean line", None, None, -22.0, 100),
        ("late, clean line", None, None, -22.0, 2_600),
        ("echo 40", hybrid(40.0, 120), None, -22.0, 0),
        ("echo 24, 60 ms", hybrid(24.0, 60), None, -22.0, 0),
        ("echo 24, 200 ms", hybrid(24.0, 200), None, -22.0, 0),
        ("echo 18, 90 ms", hybrid(18.0, 90), None, -22.0, 0),
        ("echo 18, 250 ms", hybrid(18.0, 250), None, -22.0, 0),
        ("echo 12, 60 ms", hybrid(12.0, 60), None, -22.0, 0),
        ("echo 12, 150 ms", hybrid(12.0, 150), None, -22.0, 0),
        ("early, echo 18", hybrid(18.0, 130), None, -22.0, 150),
        ("late, echo 24", hybrid(24.0, 180), None, -22.0, 2_400),
        ("soft over a clean line", None, None, -32.0, 0),
        ("soft, echo 24", hybrid(24.0, 110), None, -32.0, 0),
        ("in an office", None, Some((Noise::Office, -50.0)), -22.0, 0),
        ("in a street", None, Some((Noise::Street, -42.0)), -22.0, 0),
        ("in a street, echo 24", hybrid(24.0, 110), Some((Noise::Street, -44.0)), -22.0, 0),
        ("before a television", None, Some((Noise::Television, -48.0)), -22.0, 0),
        ("speakerphone 18", room(18.0, 60), None, -22.0, 0),
        ("speakerphone 12", room(12.0, 90), None, -22.0, 0),
    ]
    .into_iter()
    .enumerate()
    {
        let case = corpus.add(Truth::Takes, name, &[Says(WORDS[number % WORDS.len()])]);
        (case.echo, case.noise, case.level) = (echo, noise, level);
        if begins > 0 {
            case.begins = begins + 53 * case.draw.0 as usize;
        }
    }
}

fn echoes(corpus: &mut Corpus) {
    for (name, echo) in [
        ("nothing but echo 12, 60 ms", hybrid(12.0, 60)),
        ("nothing but echo 12, 200 ms", hybrid(12.0, 200)),
        ("nothing but echo 18, 130 ms", hybrid(18.0, 130)),
        ("nothing but echo 18, 250 ms", hybrid(18.0, 250)),
        ("nothing but echo 24, 90 ms", hybrid(24.0, 90)),
        ("nothing but echo 24, 190 ms", hybrid(24.0, 190)),
        ("nothing but echo 40, 120 ms", hybrid(40.0, 120)),
        ("nothing but a room, 12", room(12.0, 60)),
        ("nothing but a room, 18", room(18.0, 110)),
    ] {
        corpus.add(Truth::GoesOn, name, &[]).echo = echo;
    }
}

fn no_barge_ins(corpus: &mut Corpus) {
    const STREET: Noise = Noise::Street;
    for (kind, name, parts, echo, noise) in [
        ("coughs, doors", "cough", &[Coughs(1)][..], None, None),
        ("coughs, doors", "cough over echo 24", &[Coughs(2)], hybrid(24.0, 90), None),
        ("coughs, doors", "coughs", &[Coughs(3), Pauses(250), Coughs(4)], None, None),
        ("coughs, doors", "door", &[Slams], None, None),
        ("agreement", "uh-huh", &[Says("Uh huh.")], None, None),
        ("agreement", "okay", &[Says("Okay.")], None, None),
        ("agreement", "yeah over echo 24", &[Says("Yeah.")], hybrid(24.0, 130), None),
        ("agreement", "right", &[Says("Right.")], None, None),
        ("agreement", "okay twice", &[Says("Okay."), Pauses(1_500), Says("Uh huh.")], None, None),
        ("noise", "silence", &[], None, None),
        ("noise", "office", &[], None, Some((Noise::Office, -42.0))),
        ("noise", "street", &[], None, Some((STREET, -36.0))),
        ("noise", "street over echo 18", &[], hybrid(18.0, 150), Some((STREET, -40.0))),
        ("background talk", "people about", &[], None, Some((Noise::Babble, -40.0))),
        ("background talk", "television", &[], None, Some((Noise::Television, -42.0))),
        ("background talk", "television, loud", &[], None, Some((Noise::Television, -34.0))),
        ("music", "music", &[], None, Some((Noise::HoldMusic, -30.0))),
        ("music", "music, loud", &[], None, Some((Noise::HoldMusic, -22.0))),
    ] {
        corpus.kind(kind);
        let case = corpus.add(Truth::GoesOn, name, parts);
        (case.echo, case.noise) = (echo, noise);
    }
}

fn nobody(corpus: &mut Corpus) {
    for (name, parts, noise) in [
        ("silence, nobody", &[][..], None),
        ("cough, nobody", &[Coughs(5)], None),
        ("office, nobody", &[], Some((Noise::Office, -42.0))),
        ("street, nobody", &[], Some((Noise::Street, -36.0))),
        ("hold music, nobody", &[], Some((Noise::HoldMusic, -26.0))),
        ("people about, nobody", &[], Some((Noise::Babble, -40.0))),
    ] {
        corpus.add(Truth::Nobody, name, parts).noise = noise;
    }
}
