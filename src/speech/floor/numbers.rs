//! The numbers in a text that is still being dictated, as groups of digits; English and Spanish.
//!
//! Only how much has been said matters here, not what it means: "eighty-four" is two digits, "nineteen eighty four"
//! four of them.

use super::words::words;

/// What a dictated text is made of.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Dictated {
    /// Its numbers in order, each as its digits.
    pub(super) groups: Vec<String>,
    /// Whether a month is named.
    pub(super) month: bool,
    /// Letters that stand alone at its end: a name that is being spelled.
    pub(super) letters: usize,
}

#[rustfmt::skip]
const NUMBERS: &[(&str, u32)] = &[
    ("zero", 0), ("oh", 0), ("o", 0), ("nought", 0), ("one", 1), ("two", 2), ("three", 3), ("four", 4), ("five", 5),
    ("six", 6), ("seven", 7), ("eight", 8), ("nine", 9), ("ten", 10), ("eleven", 11), ("twelve", 12),
    ("thirteen", 13), ("fourteen", 14), ("fifteen", 15), ("sixteen", 16), ("seventeen", 17), ("eighteen", 18),
    ("nineteen", 19), ("twenty", 20), ("thirty", 30), ("forty", 40), ("fifty", 50), ("sixty", 60),
    ("seventy", 70), ("eighty", 80), ("ninety", 90),
    ("first", 1), ("second", 2), ("third", 3), ("fourth", 4), ("fifth", 5), ("sixth", 6), ("seventh", 7),
    ("eighth", 8), ("ninth", 9), ("tenth", 10), ("eleventh", 11), ("twelfth", 12), ("thirteenth", 13),
    ("fourteenth", 14), ("fifteenth", 15), ("sixteenth", 16), ("seventeenth", 17), ("eighteenth", 18),
    ("nineteenth", 19), ("twentieth", 20), ("thirtieth", 30),
    ("cero", 0), ("uno", 1), ("una", 1), ("primero", 1), ("dos", 2), ("tres", 3), ("cuatro", 4), ("cinco", 5),
    ("seis", 6), ("siete", 7), ("ocho", 8), ("nueve", 9), ("diez", 10), ("once", 11), ("doce", 12), ("trece", 13),
    ("catorce", 14), ("quince", 15), ("dieciséis", 16), ("dieciseis", 16), ("diecisiete", 17), ("dieciocho", 18),
    ("diecinueve", 19), ("veinte", 20), ("veintiuno", 21), ("veintiún", 21), ("veintidós", 22), ("veintidos", 22),
    ("veintitrés", 23), ("veintitres", 23), ("veinticuatro", 24), ("veinticinco", 25), ("veintiséis", 26),
    ("veintiseis", 26), ("veintisiete", 27), ("veintiocho", 28), ("veintinueve", 29), ("treinta", 30),
    ("cuarenta", 40), ("cincuenta", 50), ("sesenta", 60), ("setenta", 70), ("ochenta", 80), ("noventa", 90),
    ("cien", 100), ("ciento", 100), ("doscientos", 200), ("trescientos", 300), ("cuatrocientos", 400),
    ("quinientos", 500), ("seiscientos", 600), ("setecientos", 700), ("ochocientos", 800), ("novecientos", 900),
];

#[rustfmt::skip]
const MONTHS: &[&str] = &[
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "oct", "nov", "dec",
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "setiembre", "octubre",
    "noviembre", "diciembre",
];

/// Reads a text.
pub(super) fn dictated(text: &str) -> Dictated {
    let split: String = text.chars().map(|c| if "-/.–".contains(c) { ' ' } else { c }).collect();
    let words = words(&split);
    let mut found = Dictated::default();
    let mut open: Option<u32> = None;
    let mut times = 1;
    for word in &words {
        let word = word.as_str();
        if let Some(value) = value(word) {
            open = match (open, times) {
                (Some(number), 1) if joins(number, value) => Some(number + value),
                _ => {
                    found.close(open.take());
                    Some(value)
                }
            };
            if times > 1 {
                let digit = value.to_string().repeat(times);
                (open, times) = (None, 1);
                found.groups.push(digit);
            }
        } else if let (Some(scale), Some(number)) = (scale(word), open.filter(|&it| it < 100)) {
            open = Some(number.max(1) * scale);
        } else if scale(word) == Some(1000) {
            found.close(open.take());
            open = Some(1000);
        } else if matches!(word, "and" | "y") && open.is_some() {
            // "Treinta y cinco", "two thousand and four".
        } else {
            found.close(open.take());
            times = match word {
                "double" | "doble" => 2,
                "triple" => 3,
                _ => 1,
            };
            found.month |= MONTHS.contains(&word);
            let digits: String = word.chars().filter(char::is_ascii_digit).collect();
            if !digits.is_empty() {
                found.groups.push(digits);
            }
        }
    }
    found.close(open);
    let alone = |word: &&String| word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    found.letters = words.iter().rev().take_while(alone).count();
    found
}

fn value(word: &str) -> Option<u32> {
    NUMBERS.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

fn scale(word: &str) -> Option<u32> {
    match word {
        "hundred" => Some(100),
        "thousand" | "mil" => Some(1000),
        _ => None,
    }
}

/// Whether a number goes on with another: "eighty" with "four", "two thousand" with "four".
fn joins(number: u32, next: u32) -> bool {
    let room = match number {
        0 => 1,
        _ if number.is_multiple_of(1000) => 1000,
        _ if number.is_multiple_of(100) => 100,
        _ if number.is_multiple_of(10) && number % 100 >= 20 => 10,
        _ => 1,
    };
    (1..room).contains(&next)
}

impl Dictated {
    fn close(&mut self, number: Option<u32>) {
        self.groups.extend(number.map(|number| number.to_string()));
    }

    /// How many digits it has in all.
    pub(super) fn digits(&self) -> usize {
        self.groups.iter().map(String::len).sum()
    }

    /// Whether it has a day, a month and a year, as words or as numbers alone.
    pub(super) fn is_date(&self) -> bool {
        let is_year = |digits: &str| match digits.len() {
            4 => digits.starts_with("19") || digits.starts_with("20"),
            // Of "nineteen" the rest is to come.
            2 => digits != "19" && digits != "20",
            _ => false,
        };
        let Some((last, before)) = self.groups.split_last() else { return false };
        if self.month {
            let rest = self.groups[1..].concat();
            return is_year(&rest) || !before.is_empty() && last.len() == 4 && is_year(last);
        }
        match self.digits() {
            8.. => true,
            6 | 7 if last.len() == 4 => is_year(last),
            6 => is_year(&self.groups.concat()[4..]),
            3..=5 => before.len() == 2 && is_year(last),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_counted_by_their_digits() {
        for (text, digits) in [
            ("five five five, one two", "55512"),
            ("555-1234", "5551234"),
            ("oh three oh nine eighty-four", "030984"),
            ("eight hundred five", "805"),
            ("double five three", "553"),
            ("nineteen eighty four", "1984"),
            ("two thousand and four", "2004"),
            ("two thousand twenty", "2020"),
            ("mil novecientos ochenta y cuatro", "1984"),
            ("cero tres, treinta y cinco", "0335"),
            ("twenty oh five", "2005"),
            ("nothing", ""),
        ] {
            assert_eq!(dictated(text).groups.concat(), digits, "{text:?}");
        }
        assert_eq!(dictated("L O P").letters, 3);
        assert_eq!(dictated("Lopez, L-O-P").letters, 3);
        assert_eq!(dictated("L O P Lopez").letters, 0);
    }

    #[test]
    fn a_date_has_a_day_a_month_and_a_year() {
        for text in [
            "March 9, 1984.",
            "March ninth, nineteen eighty four",
            "the ninth of March eighty-four",
            "9 de marzo de 1984",
            "nueve de marzo de mil novecientos ochenta y cuatro",
            "3/9/84",
            "03/09/1984",
            "oh three oh nine eighty-four",
            "oh three oh nine nineteen eighty four",
            "three nine eighty-four",
            "May 1st two thousand four",
        ] {
            assert!(dictated(text).is_date(), "{text:?}");
        }
        for text in [
            "March.",
            "March ninth",
            "March twenty-fourth",
            "March ninth nineteen",
            "March 1984",
            "nineteen eighty four",
            "oh three oh nine",
            "oh three oh nine nineteen",
            "nueve de marzo de mil",
            "",
        ] {
            assert!(!dictated(text).is_date(), "{text:?}");
        }
    }
}
