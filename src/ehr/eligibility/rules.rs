//! The practice's own table of payers: which it takes, and what these usually want. It needs no network.
//!
//! The table never says that somebody is insured: nobody was asked.

use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::types::{Accepted, Cents, Eligibility, EligibilityError, Requirement, Source, Standing};
use crate::base::{Phi, Purpose};

/// One row, as it stands in a CSV or TOML file. Everything is text, and empty is not given.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct PayerRow {
    /// The id that the clearinghouse knows the payer by.
    pub payer_id: String,
    /// Its name.
    pub name: String,
    /// Other names that callers use: a list, or a text with `;` between them.
    #[serde(default, deserialize_with = "names")]
    pub aliases: Vec<String>,
    /// The plans that this row is about; none is all plans of the payer.
    #[serde(default, deserialize_with = "names")]
    pub plans: Vec<String>,
    /// `yes`, `no` or `ask`.
    pub accepted: String,
    /// What a visit usually costs the patient at once, in dollars: `25` or `25.50`.
    #[serde(default)]
    pub copay: String,
    /// `yes`, `no` or nothing.
    #[serde(default)]
    pub referral: String,
    /// `yes`, `no` or nothing.
    #[serde(default)]
    pub prior_auth: String,
    /// What a member id looks like: `A` a letter, `9` a digit, `X` either, others themselves.
    #[serde(default)]
    pub member_id: String,
    /// The first day that the row holds, `YYYY-MM-DD`.
    #[serde(default)]
    pub from: String,
    /// The last day.
    #[serde(default)]
    pub until: String,
}

fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Names;
    impl<'de> Visitor<'de> for Names {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of names, or a text with ; between them")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            let names = text.split(';').map(str::trim).filter(|name| !name.is_empty());
            Ok(names.map(str::to_owned).collect())
        }

        // A reader of CSV takes what looks like a number for one.
        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
            Ok(vec![number.to_string()])
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut names = Vec::new();
            while let Some(name) = list.next_element::<String>()? {
                names.push(name);
            }
            Ok(names)
        }
    }
    deserializer.deserialize_any(Names)
}

/// A row that was checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PayerRule {
    /// The clearinghouse's id of the payer.
    pub payer_id: String,
    /// Its name.
    pub name: String,
    accepted: Accepted,
    copay: Option<Cents>,
    referral: Requirement,
    prior_auth: Requirement,
    member_id: String,
    from: Option<Date>,
    until: Option<Date>,
    /// Folded: the name, the aliases and the id.
    known_as: Vec<String>,
    plans: Vec<String>,
}

/// The table.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PayerTable {
    rules: Vec<PayerRule>,
}

impl PayerTable {
    /// Checks the rows.
    ///
    /// # Errors
    /// Every mistake, with its row counted from one.
    pub fn new(rows: &[PayerRow]) -> Result<Self, Vec<EligibilityError>> {
        let mut wrong = Vec::new();
        let mut rules: Vec<PayerRule> = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            match checked(row, at + 1) {
                Ok(rule) => {
                    let double = rules.iter().any(|other| {
                        (&other.payer_id, &other.plans, other.from)
                            == (&rule.payer_id, &rule.plans, rule.from)
                    });
                    if double {
                        let place = format!("row {}, payer_id", at + 1);
                        let remedy = "keep one row for a payer, plan and day";
                        wrong.push(EligibilityError::new(place, "twice in the table", remedy));
                    }
                    rules.push(rule);
                }
                Err(mut mistakes) => wrong.append(&mut mistakes),
            }
        }
        if wrong.is_empty() { Ok(Self { rules }) } else { Err(wrong) }
    }

    /// Returns the payers that a caller's words may mean: by whole name or id, else by all words of it.
    pub fn find(&self, payer: &str, on: Date) -> Vec<&PayerRule> {
        let said = fold(payer);
        if said.is_empty() {
            return Vec::new();
        }
        let current = || self.rules.iter().filter(|rule| rule.holds(on));
        let exact: Vec<&PayerRule> =
            current().filter(|rule| rule.known_as.contains(&said)).collect();
        if !exact.is_empty() {
            return exact;
        }
        let words: Vec<&str> = said.split(' ').collect();
        let within = |name: &String| words.iter().all(|word| name.split(' ').any(|it| it == *word));
        current().filter(|rule| rule.known_as.iter().any(within)).collect()
    }

    /// Answers whether the practice takes a plan. Several payers that the words may mean are none.
    pub fn check(&self, payer: &str, plan: Option<&str>, on: Date) -> Eligibility {
        let mut answer =
            Eligibility { standing: Standing::NotAsked, ..Eligibility::unclear(Source::Rules) };
        let found = self.find(payer, on);
        let Some(first) = found.first() else { return answer };
        if found.iter().any(|rule| rule.payer_id != first.payer_id) {
            return answer;
        }
        answer.payer = Some(first.name.clone());
        // Aliases need to stand in one of its rows only.
        let payer = &first.payer_id;
        let found: Vec<&PayerRule> =
            self.rules.iter().filter(|rule| rule.payer_id == *payer && rule.holds(on)).collect();
        let plan = plan.map(fold).filter(|plan| !plan.is_empty());
        let named =
            |rule: &&&PayerRule| plan.as_ref().is_some_and(|plan| rule.plans.contains(plan));
        let whole = || found.iter().find(|rule| rule.plans.is_empty());
        match found.iter().find(named).or_else(whole) {
            Some(rule) => rule.tell(&mut answer),
            // Rows for some plans only, and another one, or none, was named: somebody has to look.
            None => answer.accepted = Accepted::NeedsVerification,
        }
        answer
    }
}

impl PayerRule {
    fn holds(&self, on: Date) -> bool {
        self.from.is_none_or(|from| from <= on) && self.until.is_none_or(|until| until >= on)
    }

    fn tell(&self, answer: &mut Eligibility) {
        answer.accepted = self.accepted;
        answer.copay = self.copay;
        answer.referral = self.referral;
        answer.prior_auth = self.prior_auth;
    }

    /// Whether a member id looks like this payer's; `None` when the table does not say.
    pub fn fits(&self, member_id: &Phi<String>) -> Option<bool> {
        if self.member_id.is_empty() {
            return None;
        }
        let plain = |c: &char| !c.is_whitespace() && *c != '-';
        let id = member_id.reveal(Purpose::Comparison);
        let id: Vec<char> = id.chars().filter(plain).map(|c| c.to_ascii_uppercase()).collect();
        let mask: Vec<char> = self.member_id.chars().filter(plain).collect();
        let one = |(mask, c): (&char, &char)| match mask {
            'A' => c.is_ascii_alphabetic(),
            '9' => c.is_ascii_digit(),
            'X' => c.is_ascii_alphanumeric(),
            other => other == c,
        };
        Some(mask.len() == id.len() && mask.iter().zip(&id).all(one))
    }
}

fn checked(row: &PayerRow, number: usize) -> Result<PayerRule, Vec<EligibilityError>> {
    let mut wrong = Vec::new();
    let mut fail = |column: &str, fault, remedy| {
        wrong.push(EligibilityError::new(format!("row {number}, {column}"), fault, remedy));
    };
    let accepted = match row.accepted.trim() {
        "yes" => Accepted::Yes,
        "no" => Accepted::No,
        "ask" => Accepted::NeedsVerification,
        _ => {
            fail("accepted", "not known", "write yes, no or ask");
            Accepted::NeedsVerification
        }
    };
    let mut requirement = |column, text: &str| match text.trim() {
        "yes" => Requirement::Required,
        "no" => Requirement::NotRequired,
        "" => Requirement::Unsaid,
        _ => {
            fail(column, "not known", "write yes, no or nothing");
            Requirement::Unsaid
        }
    };
    let referral = requirement("referral", &row.referral);
    let prior_auth = requirement("prior_auth", &row.prior_auth);
    let copay = Cents::parse(&row.copay);
    if copay.is_none() && !row.copay.trim().is_empty() {
        fail("copay", "no amount", "write dollars as 25 or 25.50");
    }
    let mut day = |column, text: &str| match text.trim() {
        "" => None,
        text => {
            let day: Option<Date> = text.parse().ok();
            if day.is_none() {
                fail(column, "no day", "write it as 2026-01-31");
            }
            day
        }
    };
    let (from, until) = (day("from", &row.from), day("until", &row.until));
    for (column, text) in [("payer_id", &row.payer_id), ("name", &row.name)] {
        if fold(text).is_empty() {
            fail(column, "missing", "write it");
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut known_as: Vec<String> =
        row.aliases.iter().chain([&row.name, &row.payer_id]).map(|name| fold(name)).collect();
    known_as.retain(|name| !name.is_empty());
    Ok(PayerRule {
        payer_id: row.payer_id.trim().to_owned(),
        name: row.name.trim().to_owned(),
        accepted,
        copay,
        referral,
        prior_auth,
        member_id: row.member_id.trim().to_owned(),
        from,
        until,
        known_as,
        plans: row.plans.iter().map(|plan| fold(plan)).collect(),
    })
}

/// Lower case, letters and digits, one space between words.
fn fold(text: &str) -> String {
    let plain: String =
        text.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const ON: Date = date(2026, 3, 19);

    #[derive(Deserialize)]
    struct File {
        payer: Vec<PayerRow>,
    }

    fn rows() -> Vec<PayerRow> {
        let file: File = toml::from_str(
            r#"
            [[payer]]
            payer_id = "10001"
            name = "Lakeside Health"
            aliases = ["Lakeside", "LSH"]
            accepted = "yes"
            copay = "25"
            referral = "no"
            member_id = "LSH999999999"

            [[payer]]
            payer_id = "10001"
            name = "Lakeside Health"
            plans = "Bronze HMO; Silver HMO"
            accepted = "no"

            [[payer]]
            payer_id = "20002"
            name = "Prairie Mutual Health"
            accepted = "ask"
            prior_auth = "yes"
            until = "2026-12-31"
            "#,
        )
        .unwrap();
        file.payer
    }

    #[test]
    fn the_table_says_what_is_taken_and_no_more() {
        let table = PayerTable::new(&rows()).unwrap();
        let check = |payer: &str, plan| table.check(payer, plan, ON);
        let whole = check("lakeside", None);
        assert_eq!((whole.standing, whole.accepted), (Standing::NotAsked, Accepted::Yes));
        assert_eq!((whole.copay, whole.referral), (Some(Cents(2500)), Requirement::NotRequired));
        assert_eq!(
            whole.spoken(),
            "We take that plan; your own coverage still has to be verified. The copay appears to be $25."
        );
        assert_eq!(check("LSH", Some("silver hmo")).accepted, Accepted::No);
        assert_eq!(check("10001", Some("gold")).accepted, Accepted::Yes);
        assert_eq!(check("Prairie", None).accepted, Accepted::NeedsVerification);
        // Two payers have that word in their names.
        assert_eq!(check("health", None).payer, None);
        for nobody in ["", "   ", "Acme", "lake"] {
            assert_eq!(check(nobody, None).payer, None, "{nobody}");
        }
        assert_eq!(table.check("Prairie", None, date(2027, 1, 1)).payer, None);
    }

    #[test]
    fn a_member_id_is_held_against_its_form() {
        let table = PayerTable::new(&rows()).unwrap();
        let rule = table.find("lakeside", ON)[0];
        let fits = |id: &str| rule.fits(&Phi::new(id.to_owned()));
        assert_eq!(
            [fits("lsh 123-456-789"), fits("LSH12345678"), fits("XYZ123456789")],
            [Some(true), Some(false), Some(false)]
        );
        assert_eq!(table.find("prairie", ON)[0].fits(&Phi::new("1".into())), None);
    }

    #[test]
    fn every_mistake_of_a_table_is_told() {
        let mut bad = rows();
        bad[1].accepted = "maybe".into();
        bad[1].copay = "much".into();
        bad[2].until = "soon".into();
        bad[2].name = " ".into();
        let told: Vec<String> =
            PayerTable::new(&bad).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "row 2, accepted: not known; write yes, no or ask",
                "row 2, copay: no amount; write dollars as 25 or 25.50",
                "row 3, until: no day; write it as 2026-01-31",
                "row 3, name: missing; write it",
            ]
        );
        let mut twice = rows();
        twice.push(twice[0].clone());
        assert_eq!(PayerTable::new(&twice).unwrap_err()[0].at, "row 4, payer_id");
    }
}
