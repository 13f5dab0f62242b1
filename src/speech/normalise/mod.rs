//! From text for readers to text for speaking: "9:30 AM" is "nine thirty A M".
//!
//! A list of rules, each a pattern and what is said for it, applied one after the other: what a
//! rule has turned into words, later rules leave alone. The order is the precedence.

mod numbers;
mod rules;
mod sentences;

pub use sentences::sentences;

/// Returns a text in which all is written as it is spoken.
pub fn to_spoken(text: &str) -> String {
    let spoken = rules::RULES.iter().fold(text.to_owned(), |text, rule| rule.apply(&text));
    // What stood between words may now stand twice.
    let words: Vec<&str> = spoken.split_whitespace().collect();
    words.join(" ").replace(" ,", ",").replace(" .", ".").replace(",,", ",")
}

#[cfg(test)]
mod tests {
    use super::to_spoken;

    fn check(table: &[(&str, &str)]) {
        for (written, spoken) in table {
            assert_eq!(to_spoken(written), *spoken, "for {written:?}");
            assert_eq!(to_spoken(spoken), *spoken, "spoken words are left alone");
        }
    }

    #[test]
    fn times() {
        check(&[
            ("9:30 AM", "nine thirty A M"),
            ("at 9:00 a.m. or 4:05 p.m.", "at nine A M or four oh five P M."),
            ("Is 9:30 a.m. fine?", "Is nine thirty A M fine?"),
            ("We open at 8 a.m. Please come then.", "We open at eight A M. Please come then."),
            ("We close at 5 p.m.", "We close at five P M."),
            ("12:00 PM", "twelve noon"),
            ("12:30pm", "twelve thirty P M"),
            ("12:00 AM", "twelve midnight"),
            ("at 4 p.m. or later", "at four P M or later"),
            ("14:15", "fourteen fifteen"),
            ("at 10:00", "at ten o'clock"),
            ("8:00 AM - 5:00 PM", "eight A M to five P M"),
            ("8 AM–5 PM", "eight A M to five P M"),
            ("9-11 AM", "nine to eleven A M"),
            ("1:2", "one:two"),
        ]);
    }

    #[test]
    fn dates() {
        check(&[
            ("November 26", "November twenty sixth"),
            ("Thursday, November 26th", "Thursday, November twenty sixth"),
            ("Thu, Nov. 26 at 9:30 AM", "Thursday, November twenty sixth at nine thirty A M"),
            ("March 9, 1984", "March ninth, nineteen eighty four"),
            ("March 9th 1984.", "March ninth, nineteen eighty four."),
            ("03/09/1984", "March ninth, nineteen eighty four"),
            ("3/9", "March ninth"),
            ("1984-03-09", "March ninth, nineteen eighty four"),
            ("on the 1st of May 2026", "on the first of May twenty twenty six"),
            ("in 2005, 1900 and 2000", "in two thousand five, nineteen hundred and two thousand"),
            ("13/40", "thirteen of forty"),
            ("Mon. and Tue.", "Monday and Tuesday"),
            ("I may sat. down", "I may sat. down"),
        ]);
    }

    #[test]
    fn numbers() {
        check(&[
            ("You are 3rd, 21st and 112th", "You are third, twenty first and one hundred twelfth"),
            ("1,250 patients", "one thousand two hundred fifty patients"),
            ("2.5 mg", "two point five milligrams"),
            ("1 mg and 98.6", "one milligram and ninety eight point six"),
            ("20%", "twenty percent"),
            ("3-5 days", "three to five days"),
            ("24/7", "twenty four seven"),
            ("0 or 100", "zero or one hundred"),
            (
                "99999999999999999999999",
                "nine nine nine, nine nine nine, nine nine nine, nine nine nine, nine nine nine, nine nine nine, nine nine, nine nine nine",
            ),
        ]);
    }

    #[test]
    fn money() {
        check(&[
            ("$20", "twenty dollars"),
            ("a $1 copay", "a one dollar copay"),
            ("$1,250.00", "one thousand two hundred fifty dollars"),
            ("$20.50.", "twenty dollars and fifty cents."),
            ("$0.75", "seventy five cents"),
            ("$20.01", "twenty dollars and one cent"),
        ]);
    }

    #[test]
    fn telephone_numbers() {
        let spoken = "nine one nine, five five five, zero one three four";
        check(&[
            ("919-555-0134", spoken),
            ("(919) 555-0134", spoken),
            ("919.555.0134", spoken),
            ("9195550134", spoken),
            ("+1 919 555 0134", "one, nine one nine, five five five, zero one three four"),
            ("+19195550134", "one, nine one nine, five five five, zero one three four"),
            ("Call 555-0134.", "Call five five five, zero one three four."),
            ("Please call 911 now.", "Please call nine one one now."),
            ("call 988", "call nine eight eight"),
            ("extension 101", "extension one zero one"),
            ("ext. 4021", "extension four zero two one"),
            (
                "919-555-0134 x12",
                "nine one nine, five five five, zero one three four, extension one two",
            ),
        ]);
    }

    #[test]
    fn ids_and_letters() {
        check(&[
            ("S-M-I-T-H", "S, M, I, T, H"),
            ("L-o-p-e-z.", "L, O, P, E, Z."),
            ("ID BX-4821", "I D B X, four eight two one"),
            ("member ID A12345678", "member I D A, one two three, four five, six seven eight"),
            ("confirmation number 4821", "confirmation number four eight two one"),
            ("ZIP 27601", "ZIP two seven six zero one"),
            ("room 204", "room two zero four"),
            ("COVID-19 and H1N1", "COVID nineteen and H one N one"),
            ("B12", "B twelve"),
            ("number 3", "number three"),
        ]);
    }

    #[test]
    fn titles_and_places() {
        check(&[
            ("Dr. Patel", "Doctor Patel"),
            ("Dr Patel and Mrs. Lee", "Doctor Patel and Missus Lee"),
            ("12 Elm St., Ste. 200", "twelve Elm Street, Suite two hundred"),
            ("St. Mary's on Hill Dr.", "Saint Mary's on Hill Drive."),
            ("your appt. with Mr. Roy Jr.", "your appointment with Mister Roy Junior."),
        ]);
    }

    #[test]
    fn signs() {
        check(&[
            ("**Yes**, `that` & _this_", "Yes, that and this"),
            ("and/or yes/no", "and or yes or no"),
            ("# 3", "number three"),
            ("anna@clinic.example", "anna at clinic dot example"),
            ("“Fine” — it’s done…", "\"Fine\", it's done..."),
            (
                "101.5°F or 38 °C",
                "one hundred one point five degrees Fahrenheit or thirty eight degrees Celsius",
            ),
            ("1 + 1 = 2", "one plus one equals two"),
            ("Sure - come in", "Sure, come in"),
            ("", ""),
            (" two  spaces\nand a line ", "two spaces and a line"),
        ]);
    }

    #[test]
    fn any_text_is_taken_and_no_digit_is_left_over() {
        use proptest::prelude::*;
        let letters = "[0-9a-cA-CxX$%#.,:/+() \u{2013}-]{0,24}";
        proptest!(|(text in letters)| {
            let spoken = to_spoken(&text);
            prop_assert!(!spoken.contains(|c: char| c.is_ascii_digit()), "{text:?}: {spoken:?}");
        });
        proptest!(|(text in "\\PC{0,40}")| { to_spoken(&text); });
    }
}
