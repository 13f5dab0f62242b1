//! One turn, understood: everything that was found in it, in the light of what was asked.

use jiff::civil::{Date, Weekday};

use super::answers::{Answer, answer};
use super::birth::{BirthHeard, birth_date, is_ambiguous};
use super::days::{days, weekdays};
use super::intents::{Intent, Meta, intent, is_proxy, meta, visit_type};
use super::names::{NameHeard, NamePart, PractitionerHeard, name, practitioner};
use super::phrase::{any, find};
use super::spanish;
use super::times::times;
use super::tokens::{Token, tokens};
use super::when::When;
use crate::agent::tongue::Tongue;
use crate::practice::{Practitioner, VisitType};

/// What the caller was asked for, as far as it changes how words are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Asked {
    /// Nothing in particular.
    Open,
    /// Their name.
    Name(NamePart),
    /// Their date of birth, or the year of it.
    BirthDate,
    /// Digits.
    Digits,
    /// A day or time.
    When,
    /// A practitioner.
    Practitioner,
    /// Yes or no.
    YesNo,
}

/// What a turn says.
#[derive(Clone, Debug)]
pub(crate) struct Understood {
    /// As it was heard.
    pub(crate) text: String,
    /// The words; of Spanish those of its gloss.
    pub(crate) tokens: Vec<Token>,
    /// The Spanish words, without accents; none in an English conversation.
    pub(crate) spanish: Vec<Token>,
    /// The language that the caller asks for.
    pub(crate) tongue: Option<Tongue>,
    /// What the caller wants.
    pub(crate) intent: Option<Intent>,
    /// What they say about the conversation itself.
    pub(crate) meta: Option<Meta>,
    /// Yes or no.
    pub(crate) answer: Option<Answer>,
    /// Their name.
    pub(crate) name: NameHeard,
    /// Their date of birth.
    pub(crate) birth: Option<BirthHeard>,
    /// Whether that date's day may be its month, as in figures in a country where both orders are used.
    pub(crate) birth_ambiguous: bool,
    /// When they want to come.
    pub(crate) when: When,
    /// Which appointment they speak of.
    pub(crate) which: When,
    /// The day of the week by which they name it.
    pub(crate) which_weekdays: Vec<Weekday>,
    /// With whom.
    pub(crate) practitioner: Option<PractitionerHeard>,
    /// What for.
    pub(crate) visit_type: Option<VisitType>,
    /// Whether they speak for somebody else.
    pub(crate) proxy: bool,
}

/// An hour that is named as a choice.
#[rustfmt::skip]
const BARE_HOUR: &[&str] = &[
    "do|take|with|say|prefer|make ..1 two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon",
    "do|take|with|say|prefer|make ..1 2|3|4|5|6|7|8|9|10|11|12", "do|take|with|say|prefer|make ..1 one oclock|thirty|fifteen|pm",
];

/// Reads a turn.
pub(crate) fn understand(
    text: &str,
    asked: Asked,
    tongue: Tongue,
    practitioners: &[Practitioner],
    today: Date,
) -> Understood {
    let heard = spanish::folded(&tokens(text));
    let (all, spanish) = match tongue {
        Tongue::English => (tokens(text), Vec::new()),
        Tongue::Spanish => (spanish::gloss(text, matches!(asked, Asked::Name(_))), heard.clone()),
    };
    let day_first = tongue == Tongue::Spanish;
    // Figures after a name are a date of birth; parts of one are looked for only where it was asked for.
    let expected = matches!(asked, Asked::BirthDate | Asked::Name(_));
    let birth = birth_date(&all, today, expected, day_first)
        .filter(|(heard, _)| asked == Asked::BirthDate || matches!(heard, BirthHeard::Full(_)));
    let part = if let Asked::Name(part) = asked { Some(part) } else { None };
    let mut rest = all.clone();
    // Who speaks English here says the month first.
    let birth_ambiguous = day_first
        && matches!(&birth, Some((BirthHeard::Full(date), span)) if is_ambiguous(*date, &all[span.clone()]));
    if let Some((_, span)) = &birth {
        // What was a date of birth is not also a wish for a day.
        rest.drain(span.clone());
    }
    // What is refused in Spanish is no wish in the gloss either.
    let plain = |words: &[Token]| if any(&spanish, &["no"]) { None } else { intent(words) };
    let wanted = spanish::intent(&spanish).or_else(|| plain(&all)).or_else(|| plain(&rest));
    // "No puedo el viernes" refuses a day that was asked about.
    let refuses = day_first
        && wanted == Some(Intent::CannotCome)
        && matches!(asked, Asked::When | Asked::YesNo);
    let wanted = wanted.filter(|_| !refuses);
    let (source, target) = if matches!(wanted, Some(Intent::Reschedule | Intent::CannotCome)) {
        split_move(&rest)
    } else {
        (rest.clone(), rest.clone())
    };
    let (source, target, rest) = (corrected(source), corrected(target), corrected(rest));
    let [which, when] = [&source, &target].map(|words| read_when(words, asked, today));
    // A yes of the gloss's is none: only one that was said in English.
    let said_yes = answer(&spanish) == Some(Answer::Yes);
    let english = |words: &[Token]| {
        answer(words).filter(|found| !day_first || said_yes || *found != Answer::Yes)
    };
    Understood {
        meta: spanish::meta(&spanish).or_else(|| meta(&all)),
        answer: spanish::answer(&spanish).or_else(|| english(&rest)).or_else(|| english(&all)),
        name: name(&all, part, tongue.either(1, 2)),
        birth: birth.map(|(heard, _)| heard),
        birth_ambiguous,
        practitioner: practitioner(&rest, practitioners, asked == Asked::Practitioner),
        visit_type: spanish::visit_type(&spanish).or_else(|| visit_type(&rest)),
        proxy: is_proxy(&all) || spanish::is_proxy(&spanish),
        which_weekdays: weekdays(&source).into_iter().map(|(day, _)| day).collect(),
        intent: wanted,
        which,
        when,
        tongue: spanish::wanted_tongue(&heard),
        text: text.into(),
        tokens: all,
        spanish,
    }
}

/// Reads days and times.
fn read_when(words: &[Token], asked: Asked, today: Date) -> When {
    let mut when = When::default();
    days(words, today, &mut when);
    // "Let's do ten": an hour without a cue, to an offer.
    let hour = asked == Asked::YesNo && any(words, BARE_HOUR);
    times(words, asked == Asked::When || hour, &mut when);
    when
}

impl Understood {
    /// How many words were said.
    pub(crate) fn length(&self) -> usize {
        self.tokens.len().max(self.spanish.len())
    }

    /// Whether any of these patterns is in it.
    pub(crate) fn says(&self, patterns: &[&str]) -> bool {
        any(&self.tokens, patterns)
    }
}

/// Drops what the caller took back: of "Friday, no wait, Thursday" only Thursday counts.
fn corrected(mut tokens: Vec<Token>) -> Vec<Token> {
    if let Some(cut) = correction(&tokens) {
        tokens.drain(..cut);
    }
    tokens
}

/// Returns where what counts begins when a caller corrects themself and says it again.
fn correction(tokens: &[Token]) -> Option<usize> {
    #[rustfmt::skip]
    const PATTERNS: &[&str] =
        &[
            "no wait", "wait no", "no i mean|meant", "i mean|meant", "sorry i mean|meant",
            "no sorry", "make that", "scratch that", "correction", "or rather", "no no",
        ];
    let span =
        PATTERNS.iter().filter_map(|pattern| find(tokens, pattern)).max_by_key(|span| span.end)?;
    // Only where something came before and something follows.
    (span.start > 0 && tokens.len() > span.end).then_some(span.end)
}

/// Parts "my Thursday appointment to Friday morning" into the appointment and the wish.
fn split_move(tokens: &[Token]) -> (Vec<Token>, Vec<Token>) {
    #[rustfmt::skip]
    const VERBS: &[&str] = &["move|moving|change|changing|switch|reschedul*|push|bump|shift|postpone|delay|swap|moved|changed"];
    for (at, token) in tokens.iter().enumerate() {
        let separates = match token.word.as_str() {
            "to" | "until" | "till" | "into" => true,
            "for" => {
                at == 0
                    || !matches!(
                        tokens[at - 1].word.as_str(),
                        "appointment"
                            | "visit"
                            | "physical"
                            | "up"
                            | "one"
                            | "scheduled"
                            | "booked"
                            | "is"
                            | "have"
                    )
            }
            _ => false,
        };
        if separates && any(&tokens[..at], VERBS) && says_when(&tokens[at + 1..]) {
            return (tokens[..at].to_vec(), tokens[at + 1..].to_vec());
        }
    }
    // Without "to": clauses that ask for something are the wish, the others name the appointment.
    #[rustfmt::skip]
    const WISH: &[&str] = &[
        "instead", "rather", "could|can|may i", "could|can we", "do you have", "how|what about",
        "next|first|earliest ..1 available|free|open|opening|possible", "something|anything",
        "prefer", "any|some other", "another|different", "work|works ..1 better",
        "id like|love", "as soon as", "can you do", "sometime",
    ];
    let (mut source, mut target) = (Vec::new(), Vec::new());
    for clause in tokens.chunk_by(|a, b| a.clause == b.clause) {
        let wishes = any(clause, WISH) && !any(clause, VERBS) && !any(clause, &["appointment"]);
        if wishes { &mut target } else { &mut source }.extend_from_slice(clause);
    }
    if target.is_empty()
        && any(
            &source,
            &[
                "next|first|earliest ..1 available|free|open|opening|possible",
                "as soon as possible",
                "asap",
            ],
        )
    {
        target.clone_from(&source);
        target.retain(|token| !token.word.ends_with("day"));
    }
    (source, target)
}

fn says_when(tokens: &[Token]) -> bool {
    let mut when = When::default();
    days(tokens, Date::constant(2026, 1, 1), &mut when);
    times(tokens, true, &mut when);
    !when.is_empty()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::practice::Daypart;

    fn heard(text: &str) -> Understood {
        understand(text, Asked::Open, Tongue::English, &[], date(2026, 11, 20))
    }

    #[test]
    fn a_move_has_a_source_and_a_target() {
        let one = heard(
            "Hi, this is Maria Lopez. I need to move my Thursday appointment to the next free morning.",
        );
        assert_eq!(one.intent, Some(Intent::Reschedule));
        assert_eq!(one.which_weekdays, [Weekday::Thursday]);
        assert_eq!(
            (one.when.from, one.when.daypart, one.when.anytime),
            (None, Some(Daypart::Morning), true)
        );
        assert_eq!(one.name.family.as_deref(), Some("Lopez"));

        let two = heard("Can I change my appointment from Thursday to next Tuesday?");
        assert_eq!(two.which_weekdays, [Weekday::Thursday]);
        assert_eq!(two.when.from, Some(date(2026, 11, 24)));

        let three = heard("I need to reschedule my Thursday appointment.");
        assert_eq!(three.which_weekdays, [Weekday::Thursday]);
        assert!(three.when.is_empty(), "{:?}", three.when);

        let four = heard("I can't make it Thursday. Could I come Friday morning instead?");
        assert_eq!(four.which_weekdays, [Weekday::Thursday]);
        assert_eq!(
            (four.when.from, four.when.daypart),
            (Some(date(2026, 11, 27)), Some(Daypart::Morning))
        );

        let five = heard("I need to reschedule for next week");
        assert!(five.which_weekdays.is_empty());
        assert_eq!(five.when.from, Some(date(2026, 11, 23)));
    }

    #[test]
    fn corrections_outrank_what_they_correct() {
        let one = heard("Friday, no wait, Thursday");
        assert_eq!(one.when.from, Some(date(2026, 11, 26)));
        assert_eq!(heard("no wait").when, When::default());
    }

    #[test]
    fn a_date_of_birth_is_no_wish() {
        let one =
            heard("I'm Maria Lopez, March 9th, 1984, and I'd like to book a physical next week");
        assert_eq!(one.birth, Some(BirthHeard::Full(date(1984, 3, 9))));
        assert_eq!(one.when.from, Some(date(2026, 11, 23)));
        assert_eq!(one.intent, Some(Intent::Book));
        assert_eq!(one.visit_type, Some(VisitType::Physical));
    }
}
