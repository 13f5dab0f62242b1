//! Another language: the agent goes on in it where its own wording exists in it, and else a person does.

use std::time::Instant;

use super::step::Step;
use crate::agent::conversation::Conversation;
use crate::agent::language::{Understood, any};
use crate::agent::tongue::Tongue;
use crate::agent::wording::lines;
use crate::base::Language;

/// What people call their language, by the first part of its tag, besides its English name.
const NAMES: &[(&str, &[&str])] = &[
    ("ar", &["arabi", "عربي", "العربية", "بالعربية"]),
    ("de", &["deutsch"]),
    ("en", &["ingles", "inglés", "anglais", "inglese", "inglês"]),
    ("es", &["espanol", "español", "espaniol", "castellano"]),
    ("fa", &["farsi", "فارسی"]),
    ("fil", &["tagalog", "pilipino"]),
    ("fr", &["francais", "français"]),
    ("hi", &["हिंदी", "हिन्दी"]),
    ("ht", &["kreyol", "kreyòl", "creole"]),
    ("it", &["italiano"]),
    ("ja", &["nihongo", "日本語"]),
    ("ko", &["hangugeo", "hangukmal", "한국어", "한국말"]),
    ("pl", &["polsku", "polski"]),
    ("pt", &["portugues", "português"]),
    ("ru", &["russki", "русски", "русский"]),
    ("uk", &["українською", "українська"]),
    ("vi", &["việt", "viet"]),
    ("yue", &["guangdonghua", "粤语", "粵語", "广东话", "廣東話"]),
    ("zh", &["zhongwen", "putonghua", "中文", "普通话", "普通話", "国语", "國語"]),
];

/// How people ask for a language; `@` stands for its names.
const ASKS: &[&str] = &[
    "speak|speaks|speaking|talk|talks|continue|switch|conversation|habla|hablas|hablan|hablar|hable|abla|parle|parlez|parla|fala|falar|sprechen|mówi ..3 @",
    "in|en|em|auf|po|по @",
    "@ please|speaker|speaking|interpreter|translator|por|favor",
    "prefer|want|need ..1 @",
    "^ @ $",
    "^ tieng|tiếng @",
];

/// Whoever says this wants another language than English, whichever.
const NOT_ENGLISH: &[&str] = &[
    "dont|cant|cannot|not|no ..1 speak|understand ..2 english",
    "no ..1 hablo|entiendo ..2 ingles|inglés",
    "no english",
];

impl Conversation {
    /// Acts on a wish for another language of the route. Returns whether that was all there was to the turn.
    pub(super) fn asks_for_a_language(&mut self, now: Instant, u: &Understood) -> bool {
        // "John English" is a name, and a message may speak of anything.
        let named = matches!(self.step, Step::Name(_)) && u.name.family.is_some();
        if named || self.step == Step::Message {
            return false;
        }
        let Some(language) = self.language_asked_for(u) else {
            if u.tongue.is_none_or(|tongue| tongue == self.wording.tongue) {
                return false;
            }
            self.decide("intent", "language.none");
            self.offer_staff(lines::ONLY_THIS_LANGUAGE);
            return true;
        };
        self.trouble.failures = 0;
        if !crate::agent::speaks(language) {
            self.decide("intent", format!("language.{language}"));
            self.hand_off(now, "language");
            return true;
        }
        let line = if language == self.language {
            lines::YES_THIS_LANGUAGE
        } else {
            self.speak(language);
            lines::OF_COURSE
        };
        if u.intent.is_some() || !u.when.is_empty() || u.birth.is_some() {
            // Said with a wish, which is what is answered.
            return false;
        }
        self.say_line(line);
        self.ask_again_or_open();
        true
    }

    fn language_asked_for(&self, u: &Understood) -> Option<Language> {
        let listed = &self.setting.languages;
        // The language that is spoken last: "not in English, in Spanish" is a wish for Spanish.
        let others = listed.iter().filter(|language| **language != self.language);
        if let Some(language) = others.clone().find(|language| asks(u, **language)) {
            return Some(*language);
        }
        if let Some(tongue) = u.tongue {
            let own = Some(self.language).filter(|_| tongue == self.wording.tongue);
            if let Some(language) = own.or_else(|| self.language_in(tongue)) {
                return Some(language);
            }
        }
        if self.wording.tongue == Tongue::English && u.says(NOT_ENGLISH) {
            let spanish = |language: &&Language| language.primary() == "es";
            return match others.clone().count() {
                0 => None,
                1 => others.copied().next(),
                _ => others.clone().find(spanish).or_else(|| others.clone().next()).copied(),
            };
        }
        listed.contains(&self.language).then_some(self.language).filter(|own| asks(u, *own))
    }
}

/// Whether a turn asks for this language.
fn asks(u: &Understood, language: Language) -> bool {
    let own = NAMES.iter().find(|(primary, _)| *primary == language.primary());
    let own = own.map(|(_, names)| *names).unwrap_or_default();
    // Of Spanish the words themselves, and not their gloss.
    let words = if u.spanish.is_empty() { &u.tokens } else { &u.spanish };
    // Scripts without spaces: the name stands somewhere in what was said.
    let wide = |name: &&&str| name.chars().all(|c| ('\u{3000}'..'\u{ffff}').contains(&c));
    if own.iter().filter(wide).any(|name| words.iter().any(|token| token.raw.contains(*name))) {
        return true;
    }
    let english = language.name().to_lowercase();
    let names = match english.split_once(' ') {
        // "British English" is asked for by both words: the second alone is a language of its own.
        Some((which, "english")) => format!("{which} english"),
        Some(_) if language.primary() == "zh" => "mandarin|chinese".into(),
        _ => english.rsplit(' ').next().unwrap_or_default().to_owned(),
    };
    let names = match own.is_empty() || names.contains(' ') {
        true => names,
        false => format!("{names}|{}", own.join("|")),
    };
    ASKS.iter().any(|pattern| any(words, &[&pattern.replace('@', &names)]))
}
