//! Whether two names are the same name, as spelled, as spoken and as a recogniser may have heard it.
//!
//! Likeness alone proves nothing: [`super::IdentityCheck`] asks for it only where the birth date fits exactly.

use strsim::{jaro_winkler, osa_distance};

/// How much two names are alike.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Likeness {
    /// Different names.
    Different,
    /// They sound or are spelled alike, or one is short for the other.
    Close,
    /// The same letters, whatever the case, the accents and the punctuation.
    Same,
}

/// Names shorter than this are compared by sound alone: one letter is too much of them.
const SPELLING_MIN: usize = 4;
/// Jaro-Winkler similarity from which two spellings are close: "Martin" and "Martinez" are (0.95),
/// "Miller" and "Mueller" are (0.91), "Miller" and "Mitchell" are not (0.87).
const SPELLING_CLOSE: f64 = 0.90;
/// Names that sound alike may differ by this many letters in length: "Lee" and "Li", "Smyth" and "Smith".
const SOUND_LENGTH_DIFF: usize = 2;

/// Short forms by the name they stand for.
const SHORT_FORMS: &[(&str, &[&str])] = &[
    ("alexander", &["alex", "sasha"]),
    ("andrew", &["andy", "drew"]),
    ("anthony", &["tony"]),
    ("barbara", &["barb"]),
    ("benjamin", &["ben"]),
    ("catherine", &["cathy", "kate", "katie", "kathy"]),
    ("charles", &["charlie", "chuck"]),
    ("christopher", &["chris"]),
    ("daniel", &["dan", "danny"]),
    ("david", &["dave"]),
    ("deborah", &["deb", "debbie"]),
    ("edward", &["ed", "eddie", "ted"]),
    ("elizabeth", &["beth", "betty", "liz", "lisa"]),
    ("francisco", &["paco", "pancho"]),
    ("guadalupe", &["lupe"]),
    ("jacob", &["jake"]),
    ("james", &["jim", "jimmy", "jamie"]),
    ("jennifer", &["jen", "jenny"]),
    ("john", &["jack", "johnny"]),
    ("jose", &["pepe"]),
    ("joseph", &["joe", "joey"]),
    ("kenneth", &["ken", "kenny"]),
    ("margaret", &["maggie", "meg", "peggy"]),
    ("matthew", &["matt"]),
    ("michael", &["mike", "mick"]),
    ("nicholas", &["nick"]),
    ("patricia", &["pat", "patty", "tricia"]),
    ("rebecca", &["becky"]),
    ("richard", &["rick", "dick", "rich"]),
    ("robert", &["bob", "bobby", "rob"]),
    ("ronald", &["ron"]),
    ("samuel", &["sam"]),
    ("stephen", &["steve"]),
    ("susan", &["sue", "susie"]),
    ("thomas", &["tom", "tommy"]),
    ("timothy", &["tim"]),
    ("william", &["bill", "billy", "will"]),
];

/// Compares given names: "María José" and "Maria" are close, "Bob" and "Robert" too.
pub fn given_likeness(one: &str, other: &str) -> Likeness {
    let (one, other) = (words(one), words(other));
    let by_word = match (one.first(), other.first()) {
        (Some(a), Some(b)) => a == b || is_short_form(a, b) || is_short_form(b, a),
        _ => false,
    };
    whole_likeness(&one, &other).max(if by_word { Likeness::Close } else { Likeness::Different })
}

/// Compares family names: "García-Lopez" and "Lopez" are close.
pub fn family_likeness(one: &str, other: &str) -> Likeness {
    let (one, other) = (words(one), words(other));
    let share_a_word =
        one.iter().any(|word| word.chars().count() >= SPELLING_MIN && other.contains(word));
    whole_likeness(&one, &other).max(if share_a_word {
        Likeness::Close
    } else {
        Likeness::Different
    })
}

fn whole_likeness(one: &[String], other: &[String]) -> Likeness {
    let (one, other) = (one.concat(), other.concat());
    if one.is_empty() || other.is_empty() {
        Likeness::Different
    } else if one == other {
        Likeness::Same
    } else if sounds_alike(&one, &other) || is_spelled_alike(&one, &other) {
        Likeness::Close
    } else {
        Likeness::Different
    }
}

fn is_short_form(short: &str, long: &str) -> bool {
    SHORT_FORMS.iter().any(|(name, forms)| *name == long && forms.contains(&short))
}

fn sounds_alike(one: &str, other: &str) -> bool {
    let lengths = one.chars().count().abs_diff(other.chars().count());
    lengths <= SOUND_LENGTH_DIFF && sound_key(one) == sound_key(other)
}

fn is_spelled_alike(one: &str, other: &str) -> bool {
    one.chars().count().min(other.chars().count()) >= SPELLING_MIN
        && (osa_distance(one, other) <= 1 || jaro_winkler(one, other) >= SPELLING_CLOSE)
}

/// Splits a name into lower-case words without accents. Apostrophes join ("O'Brien"), all else parts.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars().flat_map(char::to_lowercase) {
        match plain(c) {
            Some(letters) => words.last_mut().expect("starts with one").push_str(letters),
            None if c.is_alphabetic() => words.last_mut().expect("as above").push(c),
            None if "'’`.".contains(c) || is_combining(c) => {}
            None => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn is_combining(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// Returns the plain Latin letters of a lower-case letter with a mark.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ð' | 'ď' | 'đ' => "d",
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì'..='ï' | 'ī' | 'į' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

/// Returns the consonants as an English or Spanish ear groups them. A vowel counts at the start only.
fn sound_key(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut key = String::new();
    let mut at = 0;
    while at < letters.len() {
        let next = letters.get(at + 1).copied();
        let (sound, taken) = match (letters[at], next) {
            ('p', Some('h')) => ('f', 2),
            ('g' | 'k', Some('n')) | ('w', Some('r')) if at == 0 => (' ', 1),
            ('g', Some('h')) if at > 0 => (' ', 2),
            ('s' | 'c', Some('h')) => ('x', 2),
            ('t', Some('z')) => ('s', 2),
            ('c', Some('e' | 'i' | 'y')) => ('s', 1),
            ('g', Some('e' | 'i' | 'y')) | ('j', _) => ('j', 1),
            ('c' | 'k' | 'q' | 'g', _) => ('k', 1),
            ('s' | 'z' | 'x', _) => ('s', 1),
            ('b' | 'v', _) => ('b', 1),
            ('d' | 't', _) => ('t', 1),
            ('m' | 'n', _) => ('n', 1),
            ('a' | 'e' | 'i' | 'o' | 'u', _) => (if at == 0 { 'a' } else { ' ' }, 1),
            ('h' | 'w' | 'y', _) => (' ', 1),
            (other, _) => (other, 1),
        };
        if sound != ' ' && !key.ends_with(sound) {
            key.push(sound);
        }
        at += taken;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_punctuation_make_no_difference() {
        for (one, other) in [
            ("López", "LOPEZ"),
            ("O'Brien", "o’brien"),
            ("Mc Donald", "McDonald"),
            ("García-Lopez", "Garcia Lopez"),
            ("Jose\u{301}", "José"),
            ("Großmann", "Grossmann"),
        ] {
            assert_eq!(family_likeness(one, other), Likeness::Same, "{one} {other}");
        }
    }

    #[test]
    fn what_sounds_or_reads_alike_is_close() {
        for (one, other) in [
            ("Lopez", "Lopes"),
            ("Smith", "Smyth"),
            ("Miller", "Mueller"),
            ("Phillips", "Filips"),
            ("Knight", "Night"),
            ("Vargas", "Bargas"),
            ("Lee", "Li"),
            ("Martin", "Martinez"),
            ("Garcia Lopez", "Lopez"),
            ("Schmitz", "Schmidts"),
        ] {
            assert_eq!(family_likeness(one, other), Likeness::Close, "{one} {other}");
        }
        for (one, other) in [("Bob", "Robert"), ("María José", "Maria"), ("Katherine", "Catherine")]
        {
            assert_eq!(given_likeness(one, other), Likeness::Close, "{one} {other}");
            assert_eq!(given_likeness(other, one), Likeness::Close, "{other} {one}");
        }
    }

    #[test]
    fn other_names_are_different_and_nothing_is_like_nothing() {
        for (one, other) in [
            ("Lopez", "Miller"),
            ("Chen", "Kim"),
            ("Miller", "Mitchell"),
            ("Johnson", "Jackson"),
            ("", ""),
            ("--", "Lee"),
            ("Lopez", ""),
            ("Bob", "William"),
        ] {
            assert_eq!(family_likeness(one, other), Likeness::Different, "{one} {other}");
            assert_eq!(given_likeness(one, other), Likeness::Different, "{one} {other}");
        }
    }

    #[test]
    fn any_text_is_compared_without_harm() {
        for text in ["ß", "\u{301}", "李", "🙂", "a'", "h", "gh", "tz", "\0", &"x".repeat(5000)]
        {
            let _ = family_likeness(text, "Lopez");
            let _ = given_likeness(text, text);
        }
        assert_eq!(family_likeness("李", "李"), Likeness::Same);
    }
}
