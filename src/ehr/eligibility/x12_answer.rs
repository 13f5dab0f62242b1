//! The answer as X12: 271 (005010X279A1), or what comes instead of one: 999 and TA1.
//!
//! Tolerant in everything but completeness: an answer that is cut short is no answer, since its end may take
//! back what its beginning says.

use jiff::civil::Date;

use super::benefits::{Asked, BENEFITS_MAX, Benefit, Span, digest, share};
use super::codes::{element_fault, interchange_note, reject, segment_fault};
use super::types::{Cents, Eligibility, EligibilityError, Source, Trace};
use super::x12_text::{Interchange, Segment};
use crate::base::Phi;

/// What an interchange brought.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// A payer's answer about one person.
    Eligibility(Box<Eligibility>),
    /// 999: whether the question was well formed.
    Form {
        /// AK1-02: the group's control number.
        control: String,
        /// Whether all of it was taken.
        accepted: bool,
        /// What was not.
        problems: Vec<String>,
    },
    /// TA1: whether the envelope was taken.
    Envelope {
        /// The interchange's control number.
        control: String,
        /// Whether it was taken.
        accepted: bool,
        /// Why not.
        note: &'static str,
    },
}

/// Reads an interchange.
///
/// # Errors
/// When it is none, is cut short, or holds no answer.
pub fn read_answer(bytes: &[u8], asked: &Asked) -> Result<Vec<Answer>, EligibilityError> {
    let interchange = Interchange::read(bytes)?;
    let mut answers = Vec::new();
    let mut open: Option<(usize, Set)> = None;
    for segment in interchange.segments() {
        match segment.name() {
            "TA1" => answers.push(Answer::Envelope {
                control: segment.get(1).to_owned(),
                accepted: matches!(segment.get(4), "A" | "E"),
                note: interchange_note(segment.get(5)),
            }),
            "ST" => {
                if let Some((number, _)) = open {
                    return Err(cut(number));
                }
                let set = match segment.get(1) {
                    "271" => Set::Benefits(Box::new(Reader::new(asked))),
                    "999" | "997" => Set::Form(Form::default()),
                    _ => Set::Other,
                };
                open = Some((segment.number, set));
            }
            "SE" => {
                let Some((number, set)) = open.take() else { continue };
                // Both ends are counted.
                let sent: usize = segment.get(1).parse().unwrap_or(0);
                if sent > segment.number - number + 1 {
                    return Err(cut(number));
                }
                set.close(&mut answers);
            }
            _ => {
                if let Some((_, set)) = &mut open {
                    set.take(&segment);
                }
            }
        }
    }
    match (open, answers.is_empty()) {
        (Some((number, _)), _) => Err(cut(number)),
        (None, true) => {
            Err(EligibilityError::new("ST", "no answer in it", "send a 271, a 999 or a TA1"))
        }
        (None, false) => Ok(answers),
    }
}

fn cut(number: usize) -> EligibilityError {
    EligibilityError::new(format!("ST {number}"), "cut short", "ask again")
}

/// Finds the answer to a question among those of an interchange: by our trace number, or the only one, if it
/// repeats no other.
pub fn answer_to<'a>(answers: &'a [Answer], trace: &str) -> Option<&'a Eligibility> {
    let all: Vec<&Eligibility> = answers
        .iter()
        .filter_map(|answer| match answer {
            Answer::Eligibility(answer) => Some(&**answer),
            _ => None,
        })
        .collect();
    // We write it in capitals.
    let same = |it: &Trace| it.ours && it.number.eq_ignore_ascii_case(trace);
    let ours = |answer: &&&Eligibility| answer.traces.iter().any(same);
    let silent = |answer: &&Eligibility| !answer.traces.iter().any(|it| it.ours);
    let named: Vec<_> = all.iter().filter(ours).collect();
    match (&named[..], &all[..]) {
        ([one], _) => Some(one),
        ([], [one]) if silent(one) => Some(one),
        _ => None,
    }
}

enum Set {
    Benefits(Box<Reader>),
    Form(Form),
    Other,
}

impl Set {
    fn take(&mut self, segment: &Segment<'_>) {
        match self {
            Self::Benefits(reader) => reader.take(segment),
            Self::Form(form) => form.take(segment),
            Self::Other => {}
        }
    }

    fn close(self, answers: &mut Vec<Answer>) {
        match self {
            Self::Benefits(reader) => {
                let found = reader.close().into_iter();
                answers.extend(found.map(|answer| Answer::Eligibility(Box::new(answer))));
            }
            Self::Form(form) => answers.push(Answer::Form {
                control: form.control,
                accepted: form.accepted,
                problems: form.problems,
            }),
            Self::Other => {}
        }
    }
}

#[derive(Default)]
struct Form {
    control: String,
    accepted: bool,
    problems: Vec<String>,
    place: String,
}

impl Form {
    fn take(&mut self, segment: &Segment<'_>) {
        let get = |number| segment.get(number);
        let problem = match segment.name() {
            "AK1" => {
                self.control = get(2).to_owned();
                return;
            }
            "IK3" | "AK3" => {
                self.place = format!("{} {}", short(get(1)), short(get(2)));
                format!("{}: {}", self.place, segment_fault(get(4)))
            }
            "IK4" | "AK4" => {
                format!("{} element {}: {}", self.place, short(get(1)), element_fault(get(3)))
            }
            "AK9" => {
                self.accepted = matches!(get(1), "A" | "E");
                return;
            }
            _ => return,
        };
        // The first ones tell; a question of ours has twenty segments.
        if self.problems.len() < 20 {
            self.problems.push(problem);
        }
    }
}

/// Names and numbers of segments, and not what somebody put there instead.
fn short(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).take(6).collect()
}

/// One person's part of a 271, and what stands above it.
struct Reader {
    asked: Asked,
    /// Of the payer and the practice: it goes for all.
    shared: Eligibility,
    person: Option<Person>,
    found: Vec<Eligibility>,
    /// Inside LS and LE: somebody else's names.
    others: bool,
}

#[derive(Clone)]
struct Person {
    answer: Eligibility,
    plan: Span,
    benefits: Vec<Benefit>,
    /// It has a line or a refusal of its own.
    told: bool,
}

impl Reader {
    fn new(asked: &Asked) -> Self {
        Self {
            asked: asked.clone(),
            shared: Eligibility::unclear(Source::X12),
            person: None,
            found: Vec::new(),
            others: false,
        }
    }

    fn take(&mut self, segment: &Segment<'_>) {
        match segment.name() {
            "HL" => return self.level(segment.get(3)),
            "LS" => self.others = true,
            // A line of ours ends what was never closed.
            "LE" | "EB" => self.others = false,
            _ => {}
        }
        if self.others {
            return;
        }
        let Some(person) = &mut self.person else {
            match segment.name() {
                "NM1" if segment.get(1) == "PR" => self.shared.payer = words(segment.get(3)),
                "AAA" => self.shared.rejects.push(reject(segment.get(3), segment.get(4))),
                _ => {}
            }
            return;
        };
        match segment.name() {
            "EB" if person.benefits.len() < BENEFITS_MAX => {
                person.told = true;
                person.benefits.push(benefit(segment));
            }
            "AAA" => {
                person.told = true;
                person.answer.rejects.push(reject(segment.get(3), segment.get(4)));
            }
            "TRN" => person.answer.traces.push(Trace {
                number: segment.get(2).chars().take(50).collect(),
                by: words(segment.get(3)),
                ours: segment.get(1) == "2",
            }),
            "DTP" => person.date(segment),
            "MSG" => person.message(segment.get(1)),
            _ => {}
        }
    }

    fn level(&mut self, code: &str) {
        self.others = false;
        let before = self.person.take();
        let plain = || Person {
            answer: self.shared.clone(),
            plan: Span::default(),
            benefits: Vec::new(),
            told: false,
        };
        match (code, before) {
            // The dependent of a policy: what was said of its holder's policy goes for both.
            ("23", Some(holder)) if !holder.told => {
                self.person = Some(Person { answer: holder.answer, plan: holder.plan, ..plain() });
            }
            ("22" | "23", before) => {
                self.person = Some(plain());
                self.end(before);
            }
            (_, before) => {
                if code == "20" {
                    self.shared = Eligibility::unclear(Source::X12);
                }
                self.end(before);
            }
        }
    }

    fn end(&mut self, person: Option<Person>) {
        if let Some(mut person) = person {
            digest(&mut person.answer, &person.benefits, person.plan, &self.asked);
            let lines = person.benefits.into_iter().flat_map(|benefit| benefit.messages);
            person.answer.messages.extend(lines.take(200));
            self.found.push(person.answer);
        }
    }

    fn close(mut self) -> Vec<Eligibility> {
        let last = self.person.take();
        self.end(last);
        if self.found.is_empty() {
            // Refused before anybody was looked at.
            let mut answer = self.shared;
            digest(&mut answer, &[], Span::default(), &self.asked);
            self.found.push(answer);
        }
        self.found
    }
}

impl Person {
    fn date(&mut self, segment: &Segment<'_>) {
        let (from, to) = dates(segment.get(3));
        let span = match self.benefits.last_mut() {
            // Behind the first line dates belong to the line before.
            Some(benefit) => &mut benefit.span,
            None => &mut self.plan,
        };
        span.take(segment.get(1), from, to);
    }

    fn message(&mut self, text: &str) {
        let kept = match self.benefits.last_mut() {
            Some(benefit) => &mut benefit.messages,
            None => &mut self.answer.messages,
        };
        if !text.is_empty() && kept.len() < 50 {
            kept.push(Phi::new(text.chars().take(264).collect()));
        }
    }
}

fn benefit(segment: &Segment<'_>) -> Benefit {
    let text = |number: usize| segment.get(number).to_owned();
    Benefit {
        code: text(1),
        level: text(2),
        services: segment.list(3),
        insurance: text(4),
        plan: words(segment.get(5)).map(Phi::new),
        period: text(6),
        amount: Cents::parse(segment.get(7)),
        share: share(segment.get(8)),
        authorization: text(11),
        network: text(12),
        span: Span::default(),
        messages: Vec::new(),
    }
}

fn words(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.chars().take(80).collect())
}

/// Reads D8 and RD8 by their shape, since the qualifier is at times the other's.
pub(super) fn dates(text: &str) -> (Option<Date>, Option<Date>) {
    match text.split_once('-') {
        Some((from, to)) => (date(from), date(to)),
        None => (date(text), None),
    }
}

fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<i16>().ok();
    let (month, day) = (i8::try_from(number(4, 6)?).ok()?, i8::try_from(number(6, 8)?).ok()?);
    Date::new(number(0, 4)?, month, day).ok()
}
