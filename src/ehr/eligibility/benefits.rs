//! From the lines of a payer's answer to what a caller needs, whichever wire they came by.
//!
//! The codes are those of the X12 271 (005010X279A1, loop 2110), which clearinghouses repeat in JSON. Where an
//! answer says two things, none is chosen: a wrong price is worse than none.

use jiff::civil::Date;

use super::types::{Cents, Eligibility, RejectKind, Requirement, Standing};
use crate::base::{Phi, Purpose};

/// The service type of a plan as a whole.
pub const WHOLE_PLAN: &str = "30";
/// EB06: what is left of an amount.
const REMAINING: &str = "29";
/// EB06: what was spent this year.
const SPENT: &str = "24";
/// EB04: Medicare part B, which pays for visits to a practice; part A is for hospitals.
const PART_B: &str = "MB";
/// Lines that are looked at, at most: the longest answers have a few hundred.
pub(super) const BENEFITS_MAX: usize = 5000;

/// What was asked, as far as the answer is read by it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asked {
    /// Service type codes, the most telling first.
    pub services: Vec<String>,
    /// The day of the visit.
    pub on: Date,
}

/// First and last day of something.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Span {
    pub(super) begins: Option<Date>,
    pub(super) ends: Option<Date>,
}

impl Span {
    fn holds(&self, day: Date) -> bool {
        self.begins.is_none_or(|begins| begins <= day) && self.ends.is_none_or(|ends| ends >= day)
    }

    /// Takes over what a date qualifier (DTP01) says. `true` when it is one of coverage.
    pub(super) fn take(&mut self, qualifier: &str, from: Option<Date>, to: Option<Date>) -> bool {
        // The end of time is no end.
        let to = to.filter(|day| day.year() < 9000);
        match qualifier {
            "291" | "292" | "307" => {
                self.begins = from.or(self.begins);
                self.ends = to.or(self.ends);
            }
            "346" | "348" | "356" | "193" => self.begins = from.or(self.begins),
            "347" | "349" | "357" | "194" => {
                self.ends = from.filter(|day| day.year() < 9000).or(self.ends);
            }
            // The day of death ends a coverage.
            "442" => self.ends = from.or(self.ends),
            _ => return false,
        }
        true
    }
}

/// One line: EB and what belongs to it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Benefit {
    /// EB01.
    pub(super) code: String,
    /// EB02: `IND`, `FAM`.
    pub(super) level: String,
    /// EB03.
    pub(super) services: Vec<String>,
    /// EB04.
    pub(super) insurance: String,
    /// EB05.
    pub(super) plan: Option<Phi<String>>,
    /// EB06.
    pub(super) period: String,
    /// EB07.
    pub(super) amount: Option<Cents>,
    /// EB08, in hundredths of a percent.
    pub(super) share: Option<u16>,
    /// EB11.
    pub(super) authorization: String,
    /// EB12: `Y` in network, `N` out of it.
    pub(super) network: String,
    /// Its own dates.
    pub(super) span: Span,
    /// MSG.
    pub(super) messages: Vec<Phi<String>>,
}

impl Benefit {
    fn is_active(&self) -> bool {
        matches!(&*self.code, "1" | "2" | "3" | "4" | "5")
    }

    fn is_inactive(&self) -> bool {
        matches!(&*self.code, "6" | "7" | "8")
    }

    /// How well it fits what was asked: 2 a service that was asked for, 1 the plan as a whole, 0 neither.
    fn fit(&self, asked: &Asked) -> u8 {
        let named = |code: &String| code != WHOLE_PLAN && self.services.contains(code);
        if asked.services.iter().any(named) {
            return 2;
        }
        u8::from(self.services.is_empty() || self.services.iter().any(|code| code == WHOLE_PLAN))
    }
}

/// Reads EB08: a fraction, or, since many send it so, a percentage.
pub(super) fn share(text: &str) -> Option<u16> {
    let value: f64 = text.trim().parse().ok()?;
    match value {
        value if !(0.0..=100.0).contains(&value) => None,
        value if value <= 1.0 => Some((value * 10_000.0).round() as u16),
        value => Some((value * 100.0).round() as u16),
    }
}

/// Brings the lines of an answer into it.
pub(super) fn digest(answer: &mut Eligibility, benefits: &[Benefit], plan: Span, asked: &Asked) {
    let standing: Vec<&Benefit> = deciding(benefits, asked);
    let current = |benefit: &&&Benefit| benefit.is_active() && holds(benefit, plan, asked.on);
    let active = standing.iter().find(current).copied();
    let lapsed = standing.iter().any(|benefit| benefit.is_active()) && active.is_none();
    // A plan that ended before is no contradiction to one that runs.
    let old = |benefit: &Benefit| benefit.span.ends.is_some_and(|ends| ends < asked.on);
    let denied = standing.iter().any(|benefit| benefit.is_inactive() && !old(benefit));
    let ended = standing.iter().any(|benefit| benefit.is_inactive() && old(benefit));
    answer.standing = match active {
        Some(_) if denied => Standing::Unclear,
        Some(_) => Standing::AppearsActive,
        None if denied || ended || lapsed || excluded(benefits, asked) => Standing::AppearsInactive,
        None => refused(answer),
    };
    let telling = active.or(standing.first().copied());
    answer.plan = telling.and_then(|benefit| benefit.plan.clone());
    let own = telling.map(|benefit| benefit.span).unwrap_or_default();
    answer.begins = own.begins.or(plan.begins);
    answer.ends = own.ends.or(plan.ends);
    answer.other_payer |= benefits.iter().any(|benefit| benefit.code == "R");
    costs(answer, benefits, asked);
    requirements(answer, benefits, asked);
}

fn holds(benefit: &Benefit, plan: Span, on: Date) -> bool {
    let span =
        Span { begins: benefit.span.begins.or(plan.begins), ends: benefit.span.ends.or(plan.ends) };
    span.holds(on)
}

/// The lines that decide: those of the service that was asked for, else of the whole plan; of Medicare, part B.
fn deciding<'a>(benefits: &'a [Benefit], asked: &Asked) -> Vec<&'a Benefit> {
    let says = |benefit: &&Benefit| benefit.is_active() || benefit.is_inactive();
    let of = |fit| -> Vec<&Benefit> {
        benefits.iter().filter(says).filter(|benefit| benefit.fit(asked) == fit).collect()
    };
    let mut found = of(2);
    if found.is_empty() {
        found = of(1);
    }
    if found.iter().any(|benefit| benefit.insurance == PART_B) {
        found.retain(|benefit| benefit.insurance == PART_B);
    }
    found
}

/// Whether a service that was asked for is said not to be covered.
fn excluded(benefits: &[Benefit], asked: &Asked) -> bool {
    benefits.iter().any(|benefit| benefit.code == "I" && benefit.fit(asked) == 2)
}

fn refused(answer: &Eligibility) -> Standing {
    let any = |kind| answer.rejects.iter().any(|reject| reject.kind == kind);
    match () {
        () if any(RejectKind::Unavailable) => Standing::Unavailable,
        () if any(RejectKind::Member) => Standing::NotFound,
        () => Standing::Unclear,
    }
}

fn costs(answer: &mut Eligibility, benefits: &[Benefit], asked: &Asked) {
    let amount = |code: &str, wanted: &dyn Fn(&str) -> bool| {
        let lines = benefits.iter().filter(|it| it.code == code && wanted(&it.period));
        best(lines, asked, |benefit| benefit.amount)
    };
    let total = |period: &str| period != REMAINING && period != SPENT;
    answer.copay = amount("B", &total);
    answer.deductible_remaining = amount("C", &|period| period == REMAINING);
    answer.deductible = amount("C", &total);
    answer.out_of_pocket_remaining = amount("G", &|period| period == REMAINING);
    let shares = benefits.iter().filter(|benefit| benefit.code == "A");
    answer.coinsurance = best(shares, asked, |benefit| benefit.share);
}

/// The value of the lines that fit best: the service, in the network, for one person. Several values among
/// these are none.
fn best<'a, T: PartialEq>(
    lines: impl Iterator<Item = &'a Benefit>,
    asked: &Asked,
    value: impl Fn(&Benefit) -> Option<T>,
) -> Option<T> {
    let mut found: Vec<((u8, bool, bool), T)> = lines
        .filter(|benefit| benefit.network != "N" && benefit.fit(asked) > 0)
        .filter_map(|benefit| {
            let rank = (benefit.fit(asked), benefit.network == "Y", benefit.level == "IND");
            Some((rank, value(benefit)?))
        })
        .collect();
    let top = found.iter().map(|(rank, _)| *rank).max()?;
    found.retain(|(rank, _)| *rank == top);
    let (_, first) = found.pop()?;
    found.iter().all(|(_, other)| *other == first).then_some(first)
}

fn requirements(answer: &mut Eligibility, benefits: &[Benefit], asked: &Asked) {
    let fitting = || benefits.iter().filter(|benefit| benefit.fit(asked) > 0);
    for benefit in fitting().filter(|benefit| benefit.network != "N") {
        match &*benefit.authorization {
            "Y" => answer.prior_auth = answer.prior_auth.or_required(),
            "N" => answer.prior_auth = answer.prior_auth.or_not_required(),
            _ => {}
        }
    }
    let own = fitting().flat_map(|benefit| &benefit.messages);
    for text in own.map(|message| message.reveal(Purpose::Understanding)) {
        let text = text.to_uppercase();
        if text.contains("REFERRAL") {
            answer.referral = said(&text, answer.referral);
        }
        if ["PRIOR AUTH", "PREAUTH", "PRE-AUTH", "PRECERT", "PRE-CERT"]
            .iter()
            .any(|word| text.contains(word))
        {
            answer.prior_auth = said(&text, answer.prior_auth);
        }
    }
}

/// Payers tell referrals in free text alone. A sentence with both words for and against counts as against
/// only when it denies.
fn said(text: &str, stands: Requirement) -> Requirement {
    let denies =
        ["NOT REQUIRED", "NOT NEEDED", "NO REFERRAL", "NO PRIOR", "NO PRE", "NOT NECESSARY"];
    let demands = ["REQUIRED", "NEEDED", "MUST", "NECESSARY"];
    if denies.iter().any(|word| text.contains(word)) {
        stands.or_not_required()
    } else if demands.iter().any(|word| text.contains(word)) {
        stands.or_required()
    } else {
        stands
    }
}

impl Requirement {
    fn or_required(self) -> Self {
        Self::Required
    }

    /// A demand elsewhere in the answer stands.
    fn or_not_required(self) -> Self {
        if self == Self::Required { self } else { Self::NotRequired }
    }
}

#[cfg(test)]
mod tests {
    use super::super::types::Source;
    use super::*;
    use jiff::civil::date;

    const ON: Date = date(2026, 3, 19);

    fn line(code: &str, service: &str) -> Benefit {
        Benefit { code: code.into(), services: vec![service.into()], ..Benefit::default() }
    }

    fn of(benefits: &[Benefit], services: &[&str]) -> Eligibility {
        let services = services.iter().map(|&code| code.to_owned()).collect();
        let mut answer = Eligibility::unclear(Source::X12);
        digest(&mut answer, benefits, Span::default(), &Asked { services, on: ON });
        answer
    }

    #[test]
    fn what_was_asked_for_decides() {
        let lines = [line("1", "30"), line("6", "XX")];
        assert_eq!(of(&lines, &["30"]).standing, Standing::AppearsActive);
        assert_eq!(of(&lines, &["XX"]).standing, Standing::AppearsInactive);
        assert_eq!(of(&lines[1..], &["30"]).standing, Standing::Unclear);
        assert_eq!(of(&[line("1", "30"), line("6", "30")], &["30"]).standing, Standing::Unclear);
        assert_eq!(of(&[line("I", "XX")], &["XX"]).standing, Standing::AppearsInactive);
        assert_eq!(of(&[line("V", "30")], &["30"]).standing, Standing::Unclear);
    }

    #[test]
    fn dates_decide_with_it() {
        let dated = |code, begins, ends| Benefit {
            span: Span { begins: Some(begins), ends },
            ..line(code, "30")
        };
        let year = |year: i16| date(year, 1, 1);
        let now = dated("1", year(2026), None);
        let old = dated("6", year(2024), Some(date(2025, 12, 31)));
        let both = of(&[old.clone(), now.clone()], &["30"]);
        assert_eq!((both.standing, both.begins), (Standing::AppearsActive, Some(year(2026))));
        assert_eq!(of(&[old], &["30"]).standing, Standing::AppearsInactive);
        let over = dated("1", year(2025), Some(date(2026, 3, 18)));
        assert_eq!(of(&[over], &["30"]).standing, Standing::AppearsInactive);
        let later = dated("1", year(2027), None);
        assert_eq!(of(&[later], &["30"]).standing, Standing::AppearsInactive);
    }

    #[test]
    fn of_medicare_part_b_decides() {
        let part = |code: &str, insurance: &str| Benefit {
            insurance: insurance.into(),
            ..line(code, "30")
        };
        let answer = of(&[part("1", "MA"), part("6", "MB")], &["30"]);
        assert_eq!(answer.standing, Standing::AppearsInactive);
        let answer = of(&[part("1", "MA"), part("1", "MB"), line("R", "30")], &["30"]);
        assert_eq!((answer.standing, answer.other_payer), (Standing::AppearsActive, true));
    }

    #[test]
    fn a_price_is_said_when_there_is_one() {
        let copay = |dollars: i64, network: &str, level: &str| Benefit {
            amount: Some(Cents(dollars * 100)),
            network: network.into(),
            level: level.into(),
            ..line("B", "30")
        };
        let of = |lines: &[Benefit]| of(lines, &["30"]).copay;
        assert_eq!(of(&[copay(25, "Y", "IND"), copay(50, "N", "IND")]), Some(Cents(2500)));
        assert_eq!(of(&[copay(50, "N", "IND")]), None);
        assert_eq!(of(&[copay(25, "Y", ""), copay(40, "Y", "")]), None);
        assert_eq!(
            of(&[copay(25, "Y", ""), copay(25, "Y", ""), copay(9, "W", "IND")]),
            Some(Cents(2500))
        );
        assert_eq!(of(&[]), None);
        assert_eq!(
            [share("0.2"), share("20"), share("1"), share("0")].map(Option::unwrap),
            [2000, 2000, 10_000, 0]
        );
        assert_eq!([share("-1"), share("101"), share("x"), share("NaN")], [None; 4]);
    }

    #[test]
    fn what_the_plan_wants_is_read_from_its_words_too() {
        let with =
            |text: &str| Benefit { messages: vec![Phi::new(text.into())], ..line("1", "30") };
        let of = |lines: &[Benefit]| {
            let answer = of(lines, &["30"]);
            (answer.referral, answer.prior_auth)
        };
        use Requirement::{NotRequired, Required, Unsaid};
        assert_eq!(of(&[with("Referral required from PCP")]), (Required, Unsaid));
        assert_eq!(of(&[with("NO REFERRAL REQUIRED")]), (NotRequired, Unsaid));
        assert_eq!(
            of(&[with("Precert must be obtained"), with("prior auth not required")]),
            (Unsaid, Required)
        );
        let asked = |code: &str| Benefit { authorization: code.into(), ..line("1", "30") };
        assert_eq!(of(&[asked("N"), asked("U")]), (Unsaid, NotRequired));
        assert_eq!(of(&[asked("Y"), asked("N")]), (Unsaid, Required));
    }
}
