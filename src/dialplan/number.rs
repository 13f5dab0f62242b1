//! Telephone numbers as people and PBXs write them, brought to one form before rules see them.

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

    /// Numbers that the agent must never dial: emergency services, also behind the 9 or 8 that
    /// many PBXs want for an outside line. A caller in danger is told to dial 911 themselves,
    /// because a call of ours would show the practice's address to the dispatcher.
    pub fn emergency(self) -> &'static [&'static str] {
        match self {
            Self::Us | Self::Ca => &["911", "9911", "8911", "+1911"],
        }
    }

    /// One number of each range that costs the caller or the practice extra.
    pub fn premium(self) -> &'static [&'static str] {
        match self {
            Self::Us | Self::Ca => &["+19005550100", "19005550100", "9005550100"],
        }
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
        let user = dialled.split(';').next().unwrap_or_default().trim();
        if user.chars().any(|c| !(c.is_ascii_digit() || "+-.() *#".contains(c))) {
            return user.to_owned();
        }
        let kept: String = user.chars().filter(|c| !"-.() ".contains(*c)).collect();
        let digits = kept.strip_prefix('+').unwrap_or(&kept);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return kept;
        }
        if kept.starts_with('+') {
            return kept;
        }
        // NANP: 011 is the international prefix; an area code and an exchange start with 2 to 9.
        match (digits.len(), self.area_code.as_deref()) {
            (10, _) if national(digits) => format!("+1{digits}"),
            (11, _) if digits.starts_with('1') && national(&digits[1..]) => format!("+{digits}"),
            (11..=18, _) if digits.starts_with("011") => format!("+{}", &digits[3..]),
            (7, Some(area)) if national(&format!("{area}{digits}")) => format!("+1{area}{digits}"),
            _ => kept,
        }
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
