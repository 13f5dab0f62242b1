//! Telephone numbers as people and PBXs write them, brought to one form before rules see them.

use std::fmt;

use super::Pattern;

/// A country whose numbering plan we know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Country {
    /// The United States: North American Numbering Plan.
    Us,
    /// Canada: the same plan.
    Ca,
}

impl Country {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Us, Self::Ca];

    /// Returns the ISO 3166 code, as written in a SIP profile.
    pub fn code(self) -> &'static str {
        match self {
            Self::Us => "US",
            Self::Ca => "CA",
        }
    }

    /// Returns the country with this ISO 3166 code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|country| country.code() == code)
    }
}

/// How a trunk's numbers are read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Numbers {
    /// Whose national numbers they are.
    pub country: Country,
    /// Makes seven-digit numbers complete; without it they match as dialled.
    pub area_code: Option<String>,
}

impl Numbers {
    /// Brings a number to E.164 (`+` and digits) where it is national or international, and
    /// leaves extension numbers, service codes and names as they were dialled.
    ///
    /// Separators and `;` parameters fall away, `*` and `#` stay.
    pub fn normalise(&self, dialled: &str) -> String {
        self.normalise_by_steps(dialled, &mut |_| {})
    }

    /// Does the same, and tells what it does, step by step, for a dry run.
    pub fn normalise_by_steps(
        &self,
        dialled: &str,
        tell: &mut dyn FnMut(fmt::Arguments<'_>),
    ) -> String {
        let user = dialled.split(';').next().unwrap_or_default().trim();
        if user.len() < dialled.trim().len() {
            tell(format_args!("parameters fall away"));
        }
        if user.chars().any(|c| !(c.is_ascii_digit() || "+-.() *#".contains(c))) {
            tell(format_args!("a name: as it stands"));
            return user.to_owned();
        }
        let kept: String = user.chars().filter(|c| !"-.() ".contains(*c)).collect();
        if kept.len() < user.len() {
            tell(format_args!("separators fall away"));
        }
        let digits = kept.strip_prefix('+').unwrap_or(&kept);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            tell(format_args!("a service code: as it stands"));
            return kept;
        }
        if kept.starts_with('+') {
            tell(format_args!("international already"));
            return kept;
        }
        let country = self.country.code();
        // NANP: 011 is the international prefix; an area code and an exchange start with 2 to 9.
        match (digits.len(), self.area_code.as_deref()) {
            (10, _) if national(digits) => {
                tell(format_args!("ten digits are a national number of {country}"));
                format!("+1{digits}")
            }
            (11, _) if digits.starts_with('1') && national(&digits[1..]) => {
                tell(format_args!("1 and ten digits are a national number of {country}"));
                format!("+{digits}")
            }
            (11..=18, _) if digits.starts_with("011") => {
                tell(format_args!("011 is the international prefix of {country}"));
                format!("+{}", &digits[3..])
            }
            (7, Some(area)) if national(&format!("{area}{digits}")) => {
                tell(format_args!("seven digits belong to area code {area}"));
                format!("+1{area}{digits}")
            }
            (7, None) => {
                tell(format_args!("seven digits, and [numbers] has no area-code: as dialled"));
                kept
            }
            _ => {
                tell(format_args!("an extension or a code: as dialled"));
                kept
            }
        }
    }

    /// Whether no number that a pattern stands for can come out of [`Numbers::normalise`]: then the
    /// pattern is not written in the form in which numbers are compared.
    pub fn never_sees(&self, pattern: &Pattern) -> bool {
        if let Some(number) = pattern.literal() {
            return self.normalise(number) != number;
        }
        // National numbers get a `+`, and so does what is behind 011.
        let mut lost = vec!["_NXXNXXXXXX", "_1NXXNXXXXXX", "~011[0-9]{8,15}"];
        if self.area_code.is_some() {
            lost.push("_NXXXXXX");
        }
        let lost: Vec<_> = lost.into_iter().filter_map(|text| Pattern::parse(text).ok()).collect();
        pattern.is_within(&lost.iter().collect::<Vec<_>>())
    }
}

/// Whether ten digits are a North American number: NXX-NXX-XXXX.
fn national(digits: &str) -> bool {
    let starts_high =
        |at: usize| digits.as_bytes().get(at).is_some_and(|b| (b'2'..=b'9').contains(b));
    digits.len() == 10 && starts_high(0) && starts_high(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_they_come() {
        let us = Numbers { country: Country::Us, area_code: None };
        let chicago = Numbers { country: Country::Us, area_code: Some("312".into()) };
        for (numbers, dialled, expected) in [
            (&us, "+13125550142", "+13125550142"),
            (&us, "13125550142", "+13125550142"),
            (&us, "3125550142", "+13125550142"),
            (&us, "(312) 555-0142", "+13125550142"),
            (&us, "312.555.0142;phone-context=x", "+13125550142"),
            (&us, "011442079460000", "+442079460000"),
            (&us, "5550142", "5550142"),
            (&chicago, "5550142", "+13125550142"),
            (&chicago, "555-0142", "+13125550142"),
            (&chicago, "8000", "8000"),
            (&us, "1125550142", "1125550142"),
            (&us, "*98", "*98"),
            (&us, "#31#8000", "#31#8000"),
            (&us, "reception", "reception"),
            (&us, "front.desk", "front.desk"),
            (&us, "911", "911"),
            (&us, "+", "+"),
            (&us, "", ""),
        ] {
            assert_eq!(numbers.normalise(dialled), expected, "{dialled}");
        }
    }

    #[test]
    fn patterns_that_no_number_comes_to() {
        let us = Numbers { country: Country::Us, area_code: None };
        let chicago = Numbers { country: Country::Us, area_code: Some("312".into()) };
        for (pattern, never, in_chicago) in [
            ("3125550142", true, true),
            ("+13125550142", false, false),
            ("_312555XXXX", true, true),
            ("_1312555XXXX", true, true),
            ("_+1312555XXXX", false, false),
            ("_555XXXX", false, true),
            ("_01144.", false, false), // five digits behind it are left alone
            ("~0114420[0-9]{8}", true, true),
            ("_6XXX", false, false),
            ("_312555XXX", false, false),
            ("~[2-9]\\d{9}", false, false), // \d has more digits than ours
            ("~[2-9][0-9]{2}[2-9][0-9]{6}", true, true),
        ] {
            let pattern = Pattern::parse(pattern).unwrap();
            assert_eq!(us.never_sees(&pattern), never, "{pattern}");
            assert_eq!(chicago.never_sees(&pattern), in_chicago, "{pattern}");
        }
    }

    #[test]
    fn steps_are_told() {
        let chicago = Numbers { country: Country::Us, area_code: Some("312".into()) };
        for (dialled, steps) in [
            (
                "(847) 555-0142;x=1",
                "parameters fall away, separators fall away, ten digits are a national number of US",
            ),
            ("18475550142", "1 and ten digits are a national number of US"),
            ("5550142", "seven digits belong to area code 312"),
            ("011442079460000", "011 is the international prefix of US"),
            ("+442079460000", "international already"),
            ("8000", "an extension or a code: as dialled"),
            ("*98", "a service code: as it stands"),
            ("front.desk", "a name: as it stands"),
        ] {
            let mut told = Vec::new();
            chicago.normalise_by_steps(dialled, &mut |step| told.push(step.to_string()));
            assert_eq!(told.join(", "), steps, "{dialled}");
        }
    }

    #[test]
    fn normalising_twice_changes_nothing_more() {
        let us = Numbers { country: Country::Us, area_code: Some("312".into()) };
        let mut dice = crate::base::Dice::new(1);
        for _ in 0..5_000 {
            let length = dice.below(14) as usize;
            let dialled: String = (0..length)
                .map(|_| char::from(b"0123456789+-*#(.a; "[dice.below(19) as usize]))
                .collect();
            let once = us.normalise(&dialled);
            assert_eq!(us.normalise(&once), once, "{dialled}");
        }
    }
}
