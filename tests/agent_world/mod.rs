//! A small clinic in memory and a telephone in text: drives whole conversations without sound, clock or store.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use attendant::agent::tools::{
    ErrorCode, KnownAppointment, OfferedSlot, OfficeTopic, Ref, ToolCall, ToolData, ToolResult,
};
use attendant::agent::{Conversation, Decision, Goal, Input, Output, Setting};
use attendant::base::{Phi, Purpose, TargetName, ToolRequestId, TurnId, UtteranceId};
use attendant::practice::{Gender, Practice, Practitioner, PractitionerId, VisitType};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Weekday, date};

/// A Friday, ten in the morning.
pub(crate) const NOW: DateTime = date(2026, 11, 20).at(10, 0, 0, 0);

const SEE: Purpose = Purpose::Comparison;

/// Plays the caller's lines and compares the whole story.
#[track_caller]
pub(crate) fn check(story: &str) {
    let expected: Vec<&str> =
        story.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut world = World::new(1);
    for line in &expected {
        if let Some(text) = line.strip_prefix("caller: ") {
            world.say(text);
        } else if let Some(text) = line.strip_prefix("partial: ") {
            world.partial(text);
        } else if let Some(digits) = line.strip_prefix("keys: ") {
            world.key(digits);
        } else if let Some(time) = line.strip_prefix("silence: ") {
            world.silence(time.trim_end_matches(" s").parse().expect("seconds"));
        }
    }
    let told: Vec<&str> = world.story.iter().map(String::as_str).collect();
    assert_eq!(told.join("\n"), expected.join("\n"));
}

pub(crate) fn play(seed: u64, lines: &[&str]) -> World {
    let mut world = World::new(seed);
    for line in lines {
        world.say(line);
    }
    world
}

/// The first line of the story that most tests tell.
pub(crate) const MOVE: &str =
    "Hi, this is Maria Lopez. I need to move my Thursday appointment to the next free morning.";

/// One record of the clinic's.
pub(crate) struct Record {
    pub(crate) given: &'static str,
    pub(crate) family: &'static str,
    pub(crate) born: Date,
    pub(crate) zip: &'static str,
    pub(crate) appointments: Vec<KnownAppointment>,
}

/// The clinic and the call.
pub(crate) struct World {
    pub(crate) talk: Conversation,
    /// What happened, a line each.
    pub(crate) story: Vec<String>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) listens: Vec<String>,
    pub(crate) patients: Vec<Record>,
    /// Errors that a tool answers with, in order, before it works.
    pub(crate) faults: BTreeMap<&'static str, VecDeque<ErrorCode>>,
    /// Tools answer only when told to.
    pub(crate) slow: bool,
    /// Utterances are reported as heard only when told to.
    pub(crate) mute: bool,
    pub(crate) waiting: Vec<(ToolRequestId, ToolCall, TurnId)>,
    pub(crate) unheard: Vec<UtteranceId>,
    /// Successful writes, by tool.
    pub(crate) written: Vec<&'static str>,
    pub(crate) verified: Option<usize>,
    offered: BTreeMap<String, (DateTime, usize)>,
    taken: Vec<(DateTime, usize)>,
    tries: u8,
    turn: TurnId,
    asked_in: TurnId,
    pub(crate) now: Instant,
    pub(crate) ended: bool,
}

pub(crate) fn staff() -> Vec<Practitioner> {
    ["Patel", "Kim", "Okafor", "Rahman"]
        .iter()
        .map(|family| Practitioner {
            id: PractitionerId(format!("prac-{}", family.to_lowercase())),
            given: "A".into(),
            family: (*family).into(),
            spoken: format!("Dr. {family}"),
            specialty: "family medicine".into(),
            gender: (*family == "Kim").then_some(Gender::Woman),
        })
        .collect()
}

pub(crate) fn setting(seed: u64) -> Setting {
    Setting {
        practice: Practice {
            name: "Maple Street Family Medicine".into(),
            address: "12 Maple Street, Springfield".into(),
            hours: "Monday to Friday, 8 AM to 5 PM".into(),
            time_zone: "America/Chicago".into(),
        },
        practitioners: staff(),
        now: NOW,
        caller: None,
        targets: vec![TargetName::new("front-desk")],
        languages: Vec::new(),
        notice: None,
        seed,
    }
}

fn known(n: u8, start: DateTime, who: usize, visit_type: VisitType) -> KnownAppointment {
    let one = &staff()[who];
    KnownAppointment {
        appointment: Ref(format!("appt-{n}")),
        start,
        practitioner: one.spoken.clone(),
        practitioner_ref: Ref(one.id.0.clone()),
        visit_type,
    }
}

fn patients() -> Vec<Record> {
    let thursday = date(2026, 11, 26);
    vec![
        Record {
            given: "Maria",
            family: "Lopez",
            born: date(1984, 3, 9),
            zip: "60157",
            appointments: vec![known(1, thursday.at(10, 0, 0, 0), 0, VisitType::Office)],
        },
        Record {
            given: "Robert",
            family: "Chen",
            born: date(1971, 2, 3),
            zip: "60201",
            appointments: vec![
                known(2, date(2026, 11, 24).at(9, 0, 0, 0), 1, VisitType::Vaccination),
                known(3, thursday.at(15, 30, 0, 0), 0, VisitType::Physical),
                known(4, date(2026, 12, 8).at(11, 0, 0, 0), 2, VisitType::FollowUp),
            ],
        },
        Record {
            given: "John",
            family: "Smith",
            born: date(1990, 5, 20),
            zip: "60157",
            appointments: vec![],
        },
        Record {
            given: "John",
            family: "Smith",
            born: date(1990, 5, 20),
            zip: "60614",
            appointments: vec![],
        },
        Record {
            given: "Anna",
            family: "Novak",
            born: date(2001, 11, 2),
            zip: "60010",
            appointments: vec![],
        },
    ]
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self::with(setting(seed))
    }

    pub(crate) fn with(setting: Setting) -> Self {
        let mut world = Self {
            talk: Conversation::new(setting),
            story: Vec::new(),
            decisions: Vec::new(),
            listens: Vec::new(),
            patients: patients(),
            faults: BTreeMap::new(),
            slow: false,
            mute: false,
            waiting: Vec::new(),
            unheard: Vec::new(),
            written: Vec::new(),
            verified: None,
            offered: BTreeMap::new(),
            taken: Vec::new(),
            tries: 0,
            turn: TurnId(0),
            asked_in: TurnId(0),
            now: Instant::now(),
            ended: false,
        };
        world.put(Input::Answered);
        world
    }

    /// The caller says something.
    pub(crate) fn say(&mut self, text: &str) {
        self.say_heard(text, 0.9);
    }

    /// The caller says something that the recogniser is so sure of.
    pub(crate) fn say_heard(&mut self, text: &str, confidence: f32) {
        self.turn = self.turn.next();
        self.story.push(format!("caller: {text}"));
        self.put(Input::Heard { turn: self.turn, text: Phi::new(text.into()), confidence });
    }

    /// The recogniser has heard this much of the next turn.
    pub(crate) fn partial(&mut self, text: &str) {
        self.story.push(format!("partial: {text}"));
        self.put(Input::Partial { turn: self.turn.next(), text: Phi::new(text.into()) });
    }

    pub(crate) fn key(&mut self, digits: &str) {
        self.story.push(format!("keys: {digits}"));
        for digit in digits.chars() {
            self.put(Input::Dtmf { digit });
        }
    }

    pub(crate) fn silence(&mut self, seconds: u64) {
        self.story.push(format!("silence: {seconds} s"));
        self.put(Input::Silence { lasted: Duration::from_secs(seconds) });
    }

    /// Lets time pass, with its timers.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.talk.poll_timeout().filter(|due| *due <= end) {
            self.now = due.max(self.now);
            self.talk.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// Slow tools answer now.
    pub(crate) fn answer(&mut self) {
        for (request, call, turn) in std::mem::take(&mut self.waiting) {
            self.asked_in = turn;
            let result = self.run(&call);
            self.put(Input::ToolDone { request, result });
        }
    }

    /// The last utterance is cut off after this much of it.
    pub(crate) fn interrupt(&mut self, heard: &str) {
        let Some(utterance) = self.unheard.pop() else { return };
        for earlier in std::mem::take(&mut self.unheard) {
            self.put(Input::Spoken { utterance: earlier });
        }
        self.put(Input::Interrupted { utterance, heard: Phi::new(heard.into()) });
    }

    /// What was said is reported as heard.
    pub(crate) fn hear_out(&mut self) {
        for utterance in std::mem::take(&mut self.unheard) {
            self.put(Input::Spoken { utterance });
        }
    }

    pub(crate) fn put(&mut self, input: Input) {
        self.now += Duration::from_millis(100);
        self.talk.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            let mut work = Vec::new();
            while let Some(output) = self.talk.poll_output() {
                work.push(output);
            }
            if work.is_empty() {
                break;
            }
            for output in work {
                self.act(output);
            }
            if !self.mute {
                for utterance in std::mem::take(&mut self.unheard) {
                    self.talk.handle_input(self.now, Input::Spoken { utterance });
                }
            }
            if !self.slow {
                for (request, call, turn) in std::mem::take(&mut self.waiting) {
                    self.asked_in = turn;
                    let result = self.run(&call);
                    self.talk.handle_input(self.now, Input::ToolDone { request, result });
                }
            }
        }
    }

    fn act(&mut self, output: Output) {
        match output {
            Output::Say { utterance, text, interruptible } => {
                let mark = if interruptible { "" } else { " [protected]" };
                self.story.push(format!("agent: {}{mark}", text.reveal(SEE)));
                self.unheard.push(utterance);
            }
            Output::StopSpeaking => {
                self.unheard.clear();
                self.story.push("agent: (stops)".into());
            }
            Output::Listen { hints: attendant::base::Hints { expect, .. }, patience } => {
                self.listens.push(format!("{expect:?} {patience:?}"))
            }
            Output::Tool { request, call } => {
                self.story.push(format!("tool: {}", spell(&call)));
                self.waiting.push((request, call, self.turn));
            }
            Output::HangUp => {
                self.ended = true;
                self.story.push("agent: (hangs up)".into());
            }
            Output::Slower => self.story.push("agent: (speaks more slowly)".into()),
            Output::SwitchLanguage(language) => {
                self.story.push(format!("agent: (speaks {language})"));
            }
            // What is recorded of a call has stories of its own.
            Output::Notice { .. } | Output::Unrecorded | Output::Private(_) => {}
            Output::Decided(decision) => self.decisions.push(decision),
        }
    }

    fn run(&mut self, call: &ToolCall) -> ToolResult {
        if let Some(error) = self.faults.get_mut(call.name()).and_then(VecDeque::pop_front) {
            self.story.push(format!("error: {}", error.code()));
            return ToolResult::failed(error);
        }
        let result = self.run_well(call);
        if let Some(error) = result.error {
            self.story.push(format!("error: {}", error.code()));
        } else if matches!(
            call,
            ToolCall::BookAppointment { .. }
                | ToolCall::RescheduleAppointment { .. }
                | ToolCall::CancelAppointment { .. }
                | ToolCall::CreateCallback { .. }
                | ToolCall::TransferToHuman { .. }
        ) {
            self.written.push(call.name());
        }
        result
    }

    fn run_well(&mut self, call: &ToolCall) -> ToolResult {
        match call {
            ToolCall::LookupPatientByPhone => ToolResult::ok(ToolData::PhoneMatches(1)),
            ToolCall::VerifyIdentity { given, family, birth_date, tie_breaker } => {
                let tie = tie_breaker.as_ref().map(|t| t.reveal(SEE).clone());
                self.verify(given.reveal(SEE), family.reveal(SEE), *birth_date.reveal(SEE), tie)
            }
            ToolCall::GetPatientAppointments => match self.verified {
                Some(who) => ToolResult::ok(ToolData::Appointments(Phi::new(
                    self.patients[who].appointments.clone(),
                ))),
                None => ToolResult::failed(ErrorCode::NotVerified),
            },
            ToolCall::FindSlots { practitioner, from, until, daypart, .. } => {
                let who = practitioner
                    .as_ref()
                    .map(|r| staff().iter().position(|p| p.id.0 == r.0).expect("a ref of ours"));
                let mut free: Vec<_> = all_slots()
                    .filter(|(start, p)| {
                        *start >= *from
                            && until.is_none_or(|until| *start < until)
                            && who.is_none_or(|who| who == *p)
                            && daypart.is_none_or(|part| part.contains(start.time()))
                            && !self.taken.contains(&(*start, *p))
                    })
                    .collect();
                free.sort();
                let page = free.into_iter().take(3).map(|(start, p)| {
                    let slot = format!("slot-{}", self.offered.len() + 1);
                    self.offered.insert(slot.clone(), (start, p));
                    OfferedSlot { slot: Ref(slot), start, practitioner: staff()[p].spoken.clone() }
                });
                ToolResult::ok(ToolData::Slots(page.collect()))
            }
            ToolCall::BookAppointment { slot, agreed_in, .. } => self.stand(slot, *agreed_in),
            ToolCall::RescheduleAppointment { appointment, slot, agreed_in } => {
                let who = self.verified.expect("verified before a write");
                assert!(
                    self.patients[who].appointments.iter().any(|a| a.appointment == *appointment),
                    "not the caller's"
                );
                self.stand(slot, *agreed_in)
            }
            ToolCall::CancelAppointment { appointment, agreed_in } => {
                assert_eq!(*agreed_in, self.asked_in, "agreed in the turn that agreed");
                let who = self.verified.expect("verified before a write");
                self.patients[who].appointments.retain(|a| a.appointment != *appointment);
                ToolResult::ok(ToolData::Cancelled)
            }
            ToolCall::GetOfficeInfo { topic: OfficeTopic::Hours } => ToolResult::ok(
                ToolData::OfficeInfo("We're open Monday to Friday, 8 AM to 5 PM.".into()),
            ),
            ToolCall::GetOfficeInfo { topic: OfficeTopic::Address } => ToolResult::ok(
                ToolData::OfficeInfo("We're at 12 Maple Street in Springfield.".into()),
            ),
            ToolCall::CreateCallback { .. } => ToolResult::ok(ToolData::None),
            ToolCall::TransferToHuman { .. } => ToolResult::ok(ToolData::Bridged),
        }
    }

    fn stand(&mut self, slot: &Ref, agreed_in: TurnId) -> ToolResult {
        assert_eq!(agreed_in, self.asked_in, "agreed in the turn that agreed");
        assert!(self.verified.is_some(), "verified before a write");
        let Some(place) = self.offered.get(&slot.0).copied() else {
            return ToolResult::failed(ErrorCode::InvalidArgument);
        };
        if self.taken.contains(&place) {
            return ToolResult::failed(ErrorCode::SlotTaken);
        }
        self.taken.push(place);
        ToolResult::ok(ToolData::Booked {
            start: Phi::new(place.0),
            practitioner: staff()[place.1].spoken.clone(),
        })
    }

    fn verify(&mut self, given: &str, family: &str, born: Date, tie: Option<String>) -> ToolResult {
        let like =
            |a: &str, b: &str| strsim::jaro_winkler(&a.to_lowercase(), &b.to_lowercase()) > 0.85;
        let matches: Vec<usize> = (0..self.patients.len())
            .filter(|i| {
                let p = &self.patients[*i];
                p.born == born
                    && like(p.given, given)
                    && like(p.family, family)
                    && tie.as_ref().is_none_or(|tie| tie == p.zip)
            })
            .collect();
        match matches.as_slice() {
            [one] => {
                self.verified = Some(*one);
                ToolResult::ok(ToolData::Verified {
                    given: Phi::new(self.patients[*one].given.into()),
                })
            }
            [_, _, ..] => ToolResult::failed(ErrorCode::MultipleMatches),
            [] => {
                self.tries += 1;
                let error =
                    if self.tries >= 3 { ErrorCode::VerifyLocked } else { ErrorCode::NotVerified };
                ToolResult {
                    error: Some(error),
                    data: ToolData::NotVerified { attempts_left: 3 - self.tries.min(3) },
                }
            }
        }
    }

    // ---- what a test asks of the story ----

    pub(crate) fn lines(&self, who: &str) -> Vec<&str> {
        self.story.iter().filter_map(|line| line.strip_prefix(who)?.strip_prefix(": ")).collect()
    }

    pub(crate) fn last(&self, who: &str) -> &str {
        self.lines(who).last().copied().unwrap_or_default()
    }

    pub(crate) fn reached(&self, goal: Goal) -> bool {
        self.talk.goals().contains(&goal)
    }

    pub(crate) fn tell(&self) -> String {
        self.story.join("\n")
    }

    #[track_caller]
    pub(crate) fn said(&self, what: &str) {
        assert!(
            self.lines("agent").iter().any(|line| line.contains(what)),
            "nobody said {what:?}:\n{}",
            self.tell()
        );
    }

    #[track_caller]
    pub(crate) fn not_said(&self, what: &str) {
        assert!(
            !self.lines("agent").iter().any(|line| line.contains(what)),
            "somebody said {what:?}:\n{}",
            self.tell()
        );
    }

    #[track_caller]
    pub(crate) fn used(&self, tools: &[&str]) {
        let used: Vec<_> = self
            .lines("tool")
            .iter()
            .map(|line| line.split('(').next().unwrap_or_default())
            .collect();
        assert_eq!(used, tools, "{}", self.tell());
    }
}

/// Free slots of the practitioners, weekdays from the 23rd on: 9:30, 11:00, 14:00 and 16:30; Dr. Patel has no Monday.
fn all_slots() -> impl Iterator<Item = (DateTime, usize)> {
    (0..42)
        .flat_map(|ahead| {
            let day = NOW.date().saturating_add(ahead.days());
            let open = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            (0..4_usize).flat_map(move |who| {
                let works = open
                    && !(who == 0
                        && (day.weekday() == Weekday::Monday || day < date(2026, 11, 26)));
                [(9, 30), (11, 0), (14, 0), (16, 30)]
                    .into_iter()
                    .filter(move |_| works)
                    .map(move |(hour, minute)| (day.at(hour, minute, 0, 0), who))
            })
        })
        .filter(|(start, _)| *start > NOW)
}

fn spell(call: &ToolCall) -> String {
    let inside = match call {
        ToolCall::VerifyIdentity { given, family, birth_date, tie_breaker } => {
            let tie =
                tie_breaker.as_ref().map(|t| format!(", {}", t.reveal(SEE))).unwrap_or_default();
            format!("{} {}, {}{tie}", given.reveal(SEE), family.reveal(SEE), birth_date.reveal(SEE))
        }
        ToolCall::FindSlots { visit_type, practitioner, from, until, daypart } => {
            let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
            let part = daypart.map(|part| format!(", {part:?}")).unwrap_or_default();
            let who = practitioner.as_ref().map_or("any", |r| r.0.as_str());
            format!("{}, {who}, from {from}{until}{part}", visit_type.code())
        }
        ToolCall::BookAppointment { slot, visit_type, .. } => {
            format!("{}, {}", slot.0, visit_type.code())
        }
        ToolCall::RescheduleAppointment { appointment, slot, .. } => {
            format!("{}, {}", appointment.0, slot.0)
        }
        ToolCall::CancelAppointment { appointment, .. } => appointment.0.clone(),
        ToolCall::GetOfficeInfo { topic } => format!("{topic:?}"),
        ToolCall::CreateCallback { reason } => reason.reveal(SEE).clone(),
        ToolCall::TransferToHuman { target, reason, summary } => {
            format!("{target}, {reason}, {}", summary.reveal(SEE))
        }
        ToolCall::LookupPatientByPhone | ToolCall::GetPatientAppointments => String::new(),
    };
    format!("{}({inside})", call.name())
}
