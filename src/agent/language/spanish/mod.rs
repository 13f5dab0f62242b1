//! Spanish: wishes and answers by rules of their own, on words without accents; days, times, dates of birth, numbers
//! and names by a gloss, which puts them into the words that the rules of this folder's parent read.

mod answers;
mod clock;
mod dates;
mod gloss;
mod intents;
mod letters;
mod numbers;
mod phrases;
#[cfg(test)]
mod table;
mod words;

pub(super) use answers::answer;
pub(super) use gloss::gloss;
pub(super) use intents::{intent, is_proxy, meta, visit_type};
pub(crate) use numbers::spanish_numbers;

use super::phrase::any;
use super::tokens::{Token, tokens};
use crate::agent::tongue::Tongue;

/// The same words without accents: a recogniser writes them or does not.
pub(crate) fn folded(tokens: &[Token]) -> Vec<Token> {
    let plain = |word: &str| word.chars().map(unaccented).collect();
    tokens.iter().map(|token| Token { word: plain(&token.word), ..token.clone() }).collect()
}

fn unaccented(c: char) -> char {
    match c {
        'á' | 'à' => 'a',
        'é' | 'è' => 'e',
        'í' | 'ì' => 'i',
        'ó' | 'ò' => 'o',
        'ú' | 'ù' | 'ü' => 'u',
        'ñ' => 'n',
        c => c,
    }
}

/// Words that only Spanish has, and no family name.
#[rustfmt::skip]
const SPANISH: &[&str] = &[
    "hola", "buenos", "buenas", "dias", "tardes", "noches", "quiero", "quisiera", "necesito", "necesita", "tengo",
    "tiene", "puedo", "puede", "podria", "gustaria", "cita", "citas", "consulta", "por", "favor",
    "gracias", "hablar", "habla", "hablo", "hablan", "espanol", "ingles", "llamo", "nombre", "soy", "mi",
    "para", "cambiar", "cancelar", "mover", "hacer", "pedir", "sacar", "que", "como", "cuando",
    "donde", "cual", "estoy", "esta", "con", "una", "un", "el", "jueves", "viernes", "lunes",
    "martes", "miercoles", "sabado", "manana", "hoy", "ahora", "pero", "porque", "muy", "doctora",
    "dolor", "pecho", "respirar", "hijo", "hija", "esposo", "esposa", "si", "usted", "ustedes", "alguien",
    "persona", "horario", "abren", "cierran", "direccion", "receta", "medicina", "seguro", "ayuda",
    "emergencia", "duele", "siento", "entiendo", "nacimiento", "enero", "febrero", "abril", "mayo", "junio",
    "julio", "septiembre", "octubre", "noviembre", "diciembre", "semana", "quiere", "le", "llamada",
];

/// Words that only English has, and no name.
#[rustfmt::skip]
const ENGLISH: &[&str] = &[
    "i", "id", "im", "my", "the", "need", "want", "would", "like", "appointment", "please", "hello",
    "you", "your", "is", "are", "this", "that", "and", "to", "of", "for", "with", "have", "has", "can",
    "could", "speak", "talk", "move", "change", "book", "schedule", "when", "what", "where", "how",
    "it", "its", "do", "does", "on", "at", "next", "week", "tomorrow", "today", "morning",
    "afternoon", "thank", "thanks", "yes", "name", "english", "spanish", "doctor's", "was", "were",
    "there", "calling", "call", "about", "monday", "tuesday", "wednesday", "thursday", "friday",
];

/// Words of a text by which it counts as one in a language; a caller's first turn needs fewer.
const EVIDENCE: (usize, usize) = (2, 3);

/// Says what language a text is plainly in. `first`: it is what the caller begins with.
pub(crate) fn evident(text: &str, first: bool) -> Option<Tongue> {
    let heard = folded(&tokens(text));
    let count = |list: &[&str]| heard.iter().filter(|t| list.contains(&t.word.as_str())).count();
    let (spanish, english) = (count(SPANISH), count(ENGLISH));
    let enough = if first { EVIDENCE.0 } else { EVIDENCE.1 };
    let greets = first && any(&heard, &["^ hola $", "^ buenas $"]);
    if greets || spanish >= enough && spanish > 2 * english {
        Some(Tongue::Spanish)
    } else if english >= enough && english > 2 * spanish {
        Some(Tongue::English)
    } else {
        None
    }
}

/// Says what language a caller asks for: "Do you speak Spanish?", "en inglés, por favor".
pub(super) fn wanted_tongue(heard: &[Token]) -> Option<Tongue> {
    #[rustfmt::skip]
    let rules: &[(Tongue, &[&str])] = &[
        (Tongue::Spanish, &[
            "speak|speaks|talk|continue|switch ..3 spanish|espanol", "in spanish", "spanish please|speaking",
            "^ spanish $", "^ ..2 espanol ..2 $", "en espanol", "hable|habla|hablan|hablas|hablar|hablo|hablamos|hablen|entiende|atiende|atienden ..2 espanol",
            "prefiero|prefer ..3 espanol|spanish", "no hablo|entiendo ..2 ingles", "dont ..1 speak|understand ..2 english",
        ]),
        (Tongue::English, &[
            "speak|speaks|talk|continue|switch ..3 english|ingles", "in english", "english please|speaking",
            "^ english $", "^ ..2 ingles ..2 $", "en ingles", "hable|habla|hablan|hablas|hablar|hablo|hablamos|hablen|entiende|atiende|atienden ..2 ingles",
            "prefiero|prefer ..3 ingles|english", "no hablo|entiendo ..2 espanol", "dont ..1 speak|understand ..2 spanish",
        ]),
    ];
    rules.iter().find(|(_, patterns)| any(heard, patterns)).map(|(tongue, _)| *tongue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_turn_is_seen() {
        for text in [
            "Hola, quiero hacer una cita.",
            "hola",
            "Buenos días, necesito cambiar mi cita del jueves",
            "me duele el pecho",
            "Necesito una cita con el doctor Patel por favor",
        ] {
            assert_eq!(evident(text, true), Some(Tongue::Spanish), "{text:?}");
        }
        for text in ["I need to move my appointment", "Can I talk to a person please?"] {
            assert_eq!(evident(text, true), Some(Tongue::English), "{text:?}");
        }
        for text in ["Maria de la Cruz", "no", "ok", "", "Dr. Patel", "9:30", "Mi"] {
            assert_eq!(evident(text, true), None, "{text:?}");
        }
    }

    #[test]
    fn a_language_is_asked_for() {
        let wanted = |text| wanted_tongue(&folded(&tokens(text)));
        for text in [
            "Can you speak Spanish?",
            "¿Habla español?",
            "En español, por favor.",
            "Spanish please",
            "Español",
            "Do you have anybody who speaks Spanish",
            "No hablo inglés",
        ] {
            assert_eq!(wanted(text), Some(Tongue::Spanish), "{text:?}");
        }
        for text in
            ["Can we speak English?", "en inglés por favor", "English, please.", "¿Habla inglés?"]
        {
            assert_eq!(wanted(text), Some(Tongue::English), "{text:?}");
        }
        for text in ["I need an appointment", "John English", "quiero una cita"] {
            assert_eq!(wanted(text), None, "{text:?}");
        }
    }
}
