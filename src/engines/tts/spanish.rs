//! From Spanish words to their sounds, by rule: Spanish is written as it is spoken.
//!
//! American Spanish: c before e and i, z and s are one sound, ll and y another. b, d and g are soft except after a
//! pause or a nasal. The signs are those of the International Phonetic Alphabet as the Kokoro voices know them, with
//! one sign each for tʃ, ai, au and ei.

/// Words that are said without a stress of their own.
const UNSTRESSED: &[&str] = &[
    "a", "al", "con", "de", "del", "e", "el", "en", "la", "las", "le", "les", "lo", "los", "me",
    "mi", "mis", "ni", "nos", "o", "para", "pero", "por", "que", "se", "si", "sin", "su", "sus",
    "te", "tu", "tus", "u", "y",
];

/// Words with an x that is said like j.
const X_LIKE_J: &[&str] = &["méxic", "mexic", "oaxac", "texas", "texan", "ximena", "xavier"];

/// One sound of a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sound {
    /// A consonant or a gliding vowel, as it is written in the end.
    Fixed(&'static str),
    /// b, d or g, hard or soft by what stands before.
    Soft(char),
    /// An n, which takes the place of what follows.
    N,
    /// A vowel, and whether it bears an accent.
    Vowel(char, bool),
}

/// Returns the sounds of a text that is written as it is spoken; stops stay where they are.
pub(super) fn phonemes(text: &str) -> String {
    let mut said = String::new();
    // The last sound, over the border of words: nothing after a pause.
    let mut before = None;
    for word in text.split_whitespace() {
        let core = word.trim_matches(|c: char| !c.is_alphanumeric());
        let stops: String = word
            .trim_start_matches(|c: char| !c.is_alphanumeric())
            .chars()
            .skip_while(|c| c.is_alphanumeric())
            .filter(|c| ",.;:!?".contains(*c))
            .collect();
        for part in core.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
            if !said.is_empty() {
                said.push(' ');
            }
            before = word_phonemes(&part.to_lowercase(), before, &mut said);
        }
        if !stops.is_empty() && !said.is_empty() {
            said += &stops[..1];
            before = None;
        }
    }
    // The voice's sign for the nasal of "un vaso" and "un gato" comes of the next word too.
    said.replace("n b", "m b").replace("n p", "m p").replace("n k", "ŋ k").replace("n ɡ", "ŋ ɡ")
}

fn vowel(c: char) -> Option<(char, bool)> {
    Some(match c {
        'a' | 'e' | 'i' | 'o' | 'u' => (c, false),
        'á' | 'à' | 'â' | 'ä' => ('a', true),
        'é' | 'è' | 'ê' | 'ë' => ('e', true),
        'í' | 'ì' | 'î' | 'ï' => ('i', true),
        'ó' | 'ò' | 'ô' | 'ö' => ('o', true),
        'ú' | 'ù' | 'û' => ('u', true),
        'ü' => ('u', false),
        _ => return None,
    })
}

/// Reads a word's letters.
fn sounds(word: &str) -> Vec<Sound> {
    let letters: Vec<char> = word.chars().collect();
    let like_j = X_LIKE_J.iter().any(|stem| word.starts_with(stem));
    let mut sounds = Vec::new();
    let mut n = 0;
    while n < letters.len() {
        if let Some((v, accent)) = vowel(letters[n]) {
            sounds.push(Sound::Vowel(v, accent));
            n += 1;
        } else if let Some(two) = two_letters(&letters, n) {
            sounds.extend_from_slice(two);
            n += 2;
        } else {
            sounds.extend_from_slice(one_letter(&letters, n, like_j));
            n += 1;
        }
    }
    sounds
}

fn letter(letters: &[char], n: usize) -> char {
    letters.get(n).copied().unwrap_or(' ')
}

/// Whether it is a vowel before which c and g are soft.
fn is_front(c: char) -> bool {
    vowel(c).is_some_and(|(v, _)| v == 'e' || v == 'i')
}

/// Returns the sounds of two letters that are read as one sign.
fn two_letters(letters: &[char], n: usize) -> Option<&'static [Sound]> {
    use Sound::{Fixed, Soft};
    let after = letter(letters, n + 2);
    Some(match (letters[n], letter(letters, n + 1)) {
        ('c', 'h') => &[Fixed("ʧ")],
        ('s', 'h') => &[Fixed("ʃ")],
        ('p', 'h') => &[Fixed("f")],
        ('t', 'h') => &[Fixed("t")],
        ('c', 'k') => &[Fixed("k")],
        ('t', 'z') => &[Fixed("s")],
        ('l', 'l') => &[Fixed("ʝ")],
        ('r', 'r') => &[Fixed("r")],
        ('s', 'c' | 'z') if is_front(after) => &[Fixed("s")],
        ('c', 'c') if is_front(after) => &[Fixed("k"), Fixed("s")],
        ('q', 'u') => &[Fixed("k")],
        ('g', 'u') if is_front(after) => &[Soft('ɡ')],
        ('h', 'u') if n == 0 && vowel(after).is_some() => &[Fixed("w")],
        ('h', 'i') if n == 0 && after == 'e' => &[Fixed("ʝ")],
        ('p', 's') if n == 0 => &[Fixed("s")],
        _ => return None,
    })
}

/// Returns the sounds of a consonant by itself.
fn one_letter(letters: &[char], n: usize, x_like_j: bool) -> &'static [Sound] {
    use Sound::{Fixed, N, Soft, Vowel};
    match (letters[n], letter(letters, n + 1)) {
        // Doubled letters of foreign names are single sounds.
        (c, next) if c == next && "bdfgkmpstvz".contains(c) => &[],
        ('c', next) if is_front(next) => &[Fixed("s")],
        ('g', next) if is_front(next) => &[Fixed("x")],
        ('c' | 'k' | 'q', _) => &[Fixed("k")],
        ('z' | 's' | 'ç', _) => &[Fixed("s")],
        ('j', _) => &[Fixed("x")],
        ('x', _) if x_like_j => &[Fixed("x")],
        ('x', _) if n == 0 => &[Fixed("s")],
        ('x', _) => &[Fixed("k"), Fixed("s")],
        ('b' | 'v', _) => &[Soft('b')],
        ('d', _) => &[Soft('d')],
        ('g', _) => &[Soft('ɡ')],
        ('ñ', _) => &[Fixed("ɲ")],
        ('n', _) => &[N],
        ('r', _) if n == 0 || "nls".contains(letters[n - 1]) => &[Fixed("r")],
        ('r', _) => &[Fixed("ɾ")],
        ('w', _) => &[Fixed("w")],
        ('y', next) if vowel(next).is_some() => &[Fixed("ʝ")],
        ('y', _) => &[Vowel('i', false)],
        ('f', _) => &[Fixed("f")],
        ('l', _) => &[Fixed("l")],
        ('m', _) => &[Fixed("m")],
        ('p', _) => &[Fixed("p")],
        ('t', _) => &[Fixed("t")],
        // "h", and signs that no sound belongs to.
        _ => &[],
    }
}

/// Makes gliding vowels of the i and u that share a syllable with another vowel.
fn glides(sounds: &[Sound], ends_in_y: bool) -> Vec<Sound> {
    use Sound::{Fixed, Vowel};
    let mut made: Vec<Sound> = Vec::with_capacity(sounds.len());
    for (n, &sound) in sounds.iter().enumerate() {
        let Vowel(v @ ('i' | 'u'), false) = sound else {
            made.push(sound);
            continue;
        };
        let last = n + 1 == sounds.len();
        let next = sounds.get(n + 1).copied();
        let follows = matches!(next, Some(Vowel(other, _)) if other != v);
        let of_muy = ends_in_y && n + 2 == sounds.len() && v == 'u';
        let precedes = matches!(made.last(), Some(Vowel(other, _)) if *other != v);
        if follows && !of_muy {
            made.push(Fixed(if v == 'i' { "j" } else { "w" }));
        } else if precedes && !(last && v == 'i' && !ends_in_y && made.len() == 1 && n == 0) {
            made.push(Fixed(if v == 'i' { "ɪ" } else { "ʊ" }));
        } else {
            made.push(sound);
        }
    }
    made
}

/// Which vowel bears the stress.
fn stressed(word: &str, sounds: &[Sound]) -> Option<usize> {
    let vowels: Vec<usize> = sounds
        .iter()
        .enumerate()
        .filter(|(_, sound)| matches!(sound, Sound::Vowel(..)))
        .map(|(n, _)| n)
        .collect();
    let accented = sounds.iter().position(|sound| matches!(sound, Sound::Vowel(_, true)));
    if UNSTRESSED.contains(&word) {
        return None;
    }
    let penultimate = word.ends_with(['a', 'e', 'i', 'o', 'u', 'n', 's']) && vowels.len() > 1;
    accented.or_else(|| vowels.iter().rev().nth(usize::from(penultimate)).copied())
}

/// Adds a word's sounds; returns the last.
fn word_phonemes(word: &str, mut before: Option<char>, said: &mut String) -> Option<char> {
    let ends_in_y = word.ends_with('y');
    let sounds = glides(&sounds(word), ends_in_y);
    let stressed = stressed(word, &sounds);
    for (n, sound) in sounds.iter().enumerate() {
        if stressed == Some(n) {
            said.push('ˈ');
        }
        let after_nasal = matches!(before, None | Some('m' | 'n' | 'ŋ' | 'ɲ'));
        let sign = match (sound, sounds.get(n + 1)) {
            (Sound::Fixed(sign), _) => (*sign).to_owned(),
            (Sound::N, Some(Sound::Fixed("k" | "x") | Sound::Soft('ɡ'))) => "ŋ".to_owned(),
            (Sound::N, Some(Sound::Fixed("p" | "m") | Sound::Soft('b'))) => "m".to_owned(),
            (Sound::N, _) => "n".to_owned(),
            (Sound::Soft('d'), _) if after_nasal || before == Some('l') => "d".to_owned(),
            (Sound::Soft(hard), _) if after_nasal => hard.to_string(),
            (Sound::Soft('b'), _) => "β".to_owned(),
            (Sound::Soft('d'), _) => "ð".to_owned(),
            (Sound::Soft(_), _) => "ɣ".to_owned(),
            (Sound::Vowel(v, _), Some(Sound::Fixed("ɪ"))) if "ae".contains(*v) => {
                (if *v == 'a' { "I" } else { "A" }).to_owned()
            }
            (Sound::Vowel('a', _), Some(Sound::Fixed("ʊ"))) => "W".to_owned(),
            (Sound::Vowel(v, _), _) => v.to_string(),
        };
        let merged = said.ends_with(['I', 'A', 'W']) && (sign == "ɪ" || sign == "ʊ");
        if !merged {
            *said += &sign;
        }
        before = sign.chars().last();
    }
    before
}

/// Letters of the first piece of a sentence: less than half a second of work.
const FIRST: usize = 12;
/// How much longer each piece may be than the one before it: what the voice makes while that one is heard.
const GROWTH: usize = 2;
/// Words that a speaker may breathe before.
const BREATHS: &[&str] = &[
    "a", "al", "con", "cuando", "de", "del", "desde", "el", "en", "hasta", "la", "las", "los", "o",
    "para", "pero", "por", "porque", "que", "si", "sin", "su", "sus", "un", "una", "y",
];

/// Cuts a clause between groups of words, a short piece first and then ever longer ones.
pub(super) fn pieces(clause: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut group = String::new();
    let mut most = FIRST;
    let mut before = "";
    for word in clause.split(' ') {
        // "a las nueve", "de la mañana" stay together.
        let breath =
            (BREATHS.contains(&word) && !BREATHS.contains(&before)) || before.ends_with(',');
        if breath && group.chars().count() >= most {
            most = group.chars().count() * GROWTH;
            pieces.push(std::mem::take(&mut group));
        }
        if !group.is_empty() {
            group.push(' ');
        }
        group += word;
        before = word;
    }
    pieces.push(group);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_said_as_they_are_written() {
        for (text, expected) in [
            ("gracias por llamar", "ɡɾˈasjas poɾ ʝamˈaɾ"),
            ("hay seis pacientes en el aula", "ˈI sˈAs pasjˈentes en el ˈWla"),
            ("el veintisiete de noviembre", "el βAntisjˈete ðe noβjˈembɾe"),
            ("las nueve y media de la mañana.", "las nwˈeβe i mˈeðja ðe la maɲˈana."),
            ("muy bien, hoy voy", "mˈuɪ βjˈen, ˈoɪ βˈoɪ"),
            ("reunir los guantes del yogur", "reʊnˈiɾ los ɣwˈantes ðel ʝoɣˈuɾ"),
            ("ciudad", "sjuðˈað"),
            ("un gato, un vaso", "ˈuŋ ɡˈato, ˈum bˈaso"),
            ("la cigüeña y la guitarra", "la siɣwˈeɲa i la ɣitˈara"),
            ("exacto, México", "eksˈakto, mˈexiko"),
            ("llave, perro, alrededor", "ʝˈaβe, pˈero, alreðeðˈoɾ"),
            ("¿Cuándo es la operación?", "kwˈando ˈes la opeɾasjˈon?"),
            ("María, días, país", "maɾˈia, dˈias, paˈis"),
            ("hielo y hueso", "ʝˈelo i wˈeso"),
            ("Jorge Jiménez", "xˈoɾxe ximˈenes"),
            ("Smith, Patel", "smˈit, patˈel"),
            ("queso, quince, guerra", "kˈeso, kˈinse, ɡˈera"),
            ("psicólogo, acción, piscina", "sikˈoloɣo, aksjˈon, pisˈina"),
            ("estoy", "estˈoɪ"),
            ("", ""),
            ("¿?!", ""),
        ] {
            assert_eq!(phonemes(text), expected, "{text}");
        }
    }

    #[test]
    fn a_clause_is_cut_between_groups_of_words_that_grow() {
        for (clause, expected) in [
            ("Claro que sí.", &["Claro que sí."][..]),
            (
                "Tiene una cita el jueves veintiséis de noviembre a las nueve y media de la mañana con la doctora Patel.",
                &[
                    "Tiene una cita",
                    "el jueves veintiséis de noviembre",
                    "a las nueve y media de la mañana con la doctora Patel.",
                ],
            ),
            ("", &[""]),
        ] {
            assert_eq!(pieces(clause), expected);
        }
    }

    #[test]
    fn any_letters_are_taken() {
        use proptest::prelude::*;
        proptest!(|(text in "\\PC{0,40}")| { phonemes(&text); });
        proptest!(|(text in "[a-zñáéíóúü ]{1,30}")| {
            let spoken = phonemes(&text);
            prop_assert!(text.trim().is_empty() || text.replace(['h', ' '], "").is_empty() || !spoken.is_empty());
        });
    }
}
