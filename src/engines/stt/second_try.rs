//! What is believed of a text that a model was made to begin, after it had said nothing of its own accord.
//!
//! Models end at once on many a "yes" of a third of a second and on strings of digits; made to begin, they say them
//! well. But made to begin they say something of a cough, too ("You.", "Gracias."), so of a short sound only such words
//! are believed as people say by themselves.

use crate::base::{Expect, Hints, Purpose};

use super::turn_audio::Piece;

/// The least voice that may be a word of one syllable: 8 × 20 ms = 160 ms.
const A_WORD: usize = 8;
/// From here on it is a word, whatever is said: 25 × 20 ms = 0.5 s.
const SURE_OF_VOICE: usize = 25;
/// Words of a short answer.
const MOST: usize = 3;
/// What models say of noise and music of any length when they are made to begin.
const INVENTED: &[&str] = &["you", "thank you", "thanks for watching", "bye", "gracias"];

/// What people answer, or say to show that they listen, in one breath. Thanks are missing on purpose: models say them
/// of noise.
const ENGLISH: &str = "yes yeah yep yup ya no nope nah okay ok right correct sure fine good great true exactly \
    perfect alright all please stop wait what hello hi help none never maybe not me that this one today tomorrow \
    first second third last next monday tuesday wednesday thursday friday saturday sunday january february march \
    april may june july august september october november december morning noon afternoon evening both either \
    neither mm mhm hm hmm uh huh uhhuh aha ah oh um oclock o'clock am pm person agent operator doctor";
/// The same in Spanish.
const SPANISH: &str = "sí si no ya ajá aja bueno buena bien claro vale dale eso esa ese este esta correcto exacto \
    perfecto ok okey okay cómo como qué que hola alo aló pare espere ayuda nada nunca hoy mañana tarde noche lunes \
    martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo junio julio agosto septiembre \
    octubre noviembre diciembre primero segundo tercero último otro otra ninguno ninguna mm mhm hm hmm ah eh uh \
    persona agente doctor doctora";
/// Numbers said one by one, in both languages.
const NUMBERS: &str = "zero oh nought one two three four five six seven eight nine ten eleven twelve thirteen fourteen \
    fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred double \
    triple half quarter cero uno una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince \
    veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien y media cuarto";
/// How letters are written that somebody spells. Single letters need no list.
const LETTERS: &str = "bee cee see dee gee jay kay el em en pee cue queue are tee vee double-u ex why zee zed aitch be \
    ce de efe ge hache jota ka ele eme ene eñe pe cu erre ese te uve ve equis ye zeta";

/// Whether a model that said nothing of a piece is to be made to say something. Partial results, which have no hints,
/// are not worth it while there is so little.
pub(super) fn is_worth(piece: &Piece, hints: Option<&Hints>) -> bool {
    let least = if hints.is_some() { A_WORD } else { SURE_OF_VOICE };
    piece.voiced >= least
}

/// Whether what it said then is believed.
pub(super) fn is_believed(text: &str, piece: &Piece, hints: Option<&Hints>) -> bool {
    let sure = piece.voiced >= SURE_OF_VOICE;
    let invented = INVENTED.contains(&words(text).join(" ").as_str());
    !invented && (sure || hints.is_some_and(|hints| is_short_answer(text, hints)))
}

/// Whether it is made of nothing but what people say in one breath, or of what is likely now.
fn is_short_answer(text: &str, hints: &Hints) -> bool {
    let words = words(text);
    let listed = |word: &str| {
        let lists = [ENGLISH, SPANISH, NUMBERS, LETTERS];
        lists.iter().any(|list| list.split_whitespace().any(|other| other == word))
    };
    let likely = |word: &str| {
        word.chars().count() > 2
            && hints.phrases.iter().any(|phrase| {
                self::words(phrase.reveal(Purpose::Understanding)).iter().any(|w| w == word)
            })
    };
    let single = |word: &str| {
        let mut letters = word.chars();
        letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none()
    };
    let digits = |word: &str| word.chars().all(|c| c.is_ascii_digit());
    // Digits run on: "five five five".
    let most = if hints.expect == Expect::Digits { 2 * MOST } else { MOST };
    (1..=most).contains(&words.len())
        && words.iter().all(|w| digits(w) || single(w) || listed(w) || likely(w))
}

/// A text's words in lower case.
fn words(text: &str) -> Vec<String> {
    let parted = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    parted.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;

    fn piece(voiced: usize) -> Piece {
        Piece { samples: Vec::new(), voiced }
    }

    #[test]
    fn of_a_short_sound_only_answers_digits_letters_and_names_that_are_likely_are_believed() {
        let phrases = vec![Phi::new("Dr. Patel".to_owned())];
        let hints = Hints { phrases, ..Hints::default() };
        let believed = |text: &str| is_believed(text, &piece(12), Some(&hints));
        for answer in ["Yes.", "No", "Sí.", "Mm-hmm", "Nine", "B.", "5", "Patel.", "Okay, yes."] {
            assert!(believed(answer), "{answer}");
        }
        for invented in [
            "You",
            "You.",
            "Thank you.",
            "Gracias.",
            "The",
            "Bye.",
            "",
            "Subtítulos por la comunidad",
        ] {
            assert!(!believed(invented), "{invented}");
        }
        assert!(!is_believed("Patel", &piece(12), Some(&Hints::default())), "nobody expects it");
        assert!(is_believed("The one in March", &piece(25), None), "half a second is a word");
        assert!(!is_believed("You", &piece(100), None), "of two seconds of music");
    }

    #[test]
    fn a_second_try_is_worth_160_ms_of_voice_once_the_caller_pauses() {
        let hints = Hints::default();
        let worth = [7, 8, 24, 25].map(|voiced| {
            let piece = piece(voiced);
            (is_worth(&piece, Some(&hints)), is_worth(&piece, None))
        });
        assert_eq!(worth, [(false, false), (true, false), (true, false), (true, true)]);
    }
}
