//! Numbers that an agent does not dial: emergency services, and what costs the practice extra.

use super::{Country, Pattern, Shared};

/// Why a number is out of the agent's reach.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Danger {
    /// An emergency service: a call of ours would show the dispatcher the practice's address. The
    /// agent tells a caller in danger to hang up and dial it.
    Emergency,
    /// A crisis line, which is not dispatched by address: it may be dialled where the file names it.
    Crisis,
    /// A number that costs extra, or that fraud is committed with.
    Premium,
    /// A number in the Caribbean or beyond, written like a national one and charged like an
    /// international one: it may be dialled where the file names it.
    Costly,
}

/// How far a rule goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reach {
    /// Never dialled, and no pattern may hold it.
    Always,
    /// Never dialled; patterns may hold it, because ranges of extensions do.
    Number,
    /// Dialled where it is written out; no pattern may hold it.
    Pattern,
}

/// North America. 933 reads the address on file for 911 back, and is often routed together with it.
const NANP: &[(Danger, Reach, &str)] = &[
    (Danger::Emergency, Reach::Always, "911"),
    (Danger::Emergency, Reach::Always, "+1911"),
    // Behind the 9, 8 or 0 that many PBXs want for an outside line, and the emergency numbers of
    // mobile telephones and of other countries, which many PBXs take for 911.
    (Danger::Emergency, Reach::Number, "_[0189]911"),
    (Danger::Emergency, Reach::Number, "_[089]1911"),
    (Danger::Emergency, Reach::Number, "112"),
    (Danger::Emergency, Reach::Number, "999"),
    (Danger::Emergency, Reach::Number, "933"),
    (Danger::Emergency, Reach::Number, "9933"),
    (Danger::Crisis, Reach::Pattern, "988"),
    (Danger::Crisis, Reach::Pattern, "+1988"),
    // Charged by the called party. 976 is an exchange of every area code: patterns may hold it.
    (Danger::Premium, Reach::Always, "_+1900XXXXXXX"),
    (Danger::Premium, Reach::Always, "_[089]1900XXXXXXX"),
    (Danger::Premium, Reach::Always, "_[089]900XXXXXXX"),
    (Danger::Premium, Reach::Number, "_+1NXX976XXXX"),
    (Danger::Premium, Reach::Number, "_[089]1NXX976XXXX"),
    // International premium rate, satellite telephones, international networks.
    (Danger::Premium, Reach::Always, "_+979."),
    (Danger::Premium, Reach::Always, "_+870."),
    (Danger::Premium, Reach::Always, "_+88[123]."),
    (Danger::Premium, Reach::Always, "_[089]011979."),
    (Danger::Premium, Reach::Always, "_[089]011870."),
    (Danger::Premium, Reach::Always, "_[089]01188[123]."),
    // Area codes of +1 outside of the United States, Canada and their territories.
    (Danger::Costly, Reach::Pattern, OVERSEAS),
];

const OVERSEAS: &str = "~(\\+|[089])1(242|246|264|268|284|345|441|473|649|658|664|721|758|767|784|809|829|849|868|869|876)[0-9]{7}";

impl Country {
    fn rules(self) -> &'static [(Danger, Reach, &'static str)] {
        match self {
            Self::Us | Self::Ca => NANP,
        }
    }

    /// Returns why a number is never dialled, whatever a file says. `number` is looked at as it
    /// stands: ask for it as dialled and as normalised.
    pub fn never_dials(self, number: &str) -> Option<Danger> {
        let rules = self.rules().iter().filter(|(_, reach, _)| *reach != Reach::Pattern);
        let mut rules = rules.filter_map(|(danger, _, text)| Some((danger, compiled(text)?)));
        rules.find(|(_, rule)| rule.matches(number)).map(|(danger, _)| *danger)
    }

    /// Returns a number that a pattern must not hold, and why; the number is missing where the
    /// pattern is too large to tell.
    pub fn forbids(self, pattern: &Pattern) -> Option<(Danger, Option<String>)> {
        let literal = pattern.literal().is_some();
        for (danger, reach, text) in self.rules() {
            let asked = match reach {
                Reach::Always => true,
                Reach::Number => literal,
                Reach::Pattern => !literal,
            };
            let shared = asked.then(|| compiled(text)).flatten().map(|rule| rule.shared(pattern));
            match shared {
                None | Some(Shared::Nothing) => {}
                Some(Shared::Number(number)) => return Some((*danger, Some(number))),
                Some(Shared::CannotTell) => return Some((*danger, None)),
            }
        }
        None
    }
}

fn compiled(text: &str) -> Option<Pattern> {
    let rule = Pattern::parse(text);
    debug_assert!(rule.is_ok(), "{text}: {rule:?}");
    rule.ok()
}

impl std::fmt::Display for Danger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Emergency => "an emergency number",
            Self::Crisis => "the crisis line",
            Self::Premium => "a premium number",
            Self::Costly => "a number outside of the United States and Canada",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_never_dialled() {
        for (number, danger) in [
            ("911", Some(Danger::Emergency)),
            ("9911", Some(Danger::Emergency)),
            ("1911", Some(Danger::Emergency)),
            ("91911", Some(Danger::Emergency)),
            ("112", Some(Danger::Emergency)),
            ("999", Some(Danger::Emergency)),
            ("933", Some(Danger::Emergency)),
            ("+19005550100", Some(Danger::Premium)),
            ("+13129765555", Some(Danger::Premium)),
            ("+88216000000", Some(Danger::Premium)),
            ("901188216000000", Some(Danger::Premium)),
            ("988", None),
            ("+18095550100", None),
            ("+13125550100", None),
            ("6001", None),
            ("6112", None),
            ("9119", None),
        ] {
            assert_eq!(Country::Us.never_dials(number), danger, "{number}");
            assert_eq!(Country::Ca.never_dials(number), danger, "{number}");
        }
    }

    #[test]
    fn what_a_pattern_must_not_hold() {
        for (pattern, danger, number) in [
            ("_6XXX", None, ""),
            ("_9XXX", None, ""),
            ("_1XX", None, ""),
            ("_+1312XXXXXXX", None, ""),
            ("+13129765555", Some(Danger::Premium), "+13129765555"),
            ("_+1312555XXXX", None, ""),
            ("_XXX", Some(Danger::Emergency), "911"),
            ("_9XX", Some(Danger::Emergency), "911"),
            ("_9.", Some(Danger::Emergency), "911"),
            ("~9\\d+", Some(Danger::Emergency), "911"),
            ("112", Some(Danger::Emergency), "112"),
            ("9911", Some(Danger::Emergency), "9911"),
            ("_98X", Some(Danger::Crisis), "988"),
            ("988", None, ""),
            ("+18095550100", None, ""),
            ("_+1809555XXXX", Some(Danger::Costly), "+18095555555"),
            ("_9NXXXXXXXXX", Some(Danger::Premium), ""),
            ("_+88.", Some(Danger::Premium), ""),
            ("_+44.", None, ""),
        ] {
            let found = Country::Us.forbids(&Pattern::parse(pattern).unwrap());
            assert_eq!(found.as_ref().map(|(danger, _)| *danger), danger, "{pattern} {found:?}");
            let shown = found.and_then(|(_, number)| number).unwrap_or_default();
            assert!(number.is_empty() || shown == number, "{pattern} {shown}");
        }
        let large = Pattern::parse("~[0-9]{50}{50}").unwrap();
        assert_eq!(Country::Us.forbids(&large), Some((Danger::Emergency, None)));
    }
}
