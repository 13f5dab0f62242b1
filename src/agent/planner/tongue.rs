//! Another language: the agent goes on in it where its own wording exists in it, and else a person does.

use std::time::Instant;

use crate::agent::api::Output;
use crate::agent::conversation::Conversation;
use crate::agent::language::Understood;
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
    /// Acts on a wish for another language of the route. Returns whether there was one.
    pub(super) fn asks_for_a_language(&mut self, now: Instant, u: &Understood) -> bool {
        let Some(language) = self.language_asked_for(u) else { return false };
        self.trouble.failures = 0;
        if language == self.language {
            self.say(format!("Yes, we can speak {}.", language.name()), true);
            self.ask_again_or_open();
        } else if crate::agent::speaks(language) {
            self.decide("intent", format!("language.{language}"));
            self.language = language;
            self.push(Output::SwitchLanguage(language));
            self.say("Of course.".into(), true);
            self.ask_again_or_open();
        } else {
            self.decide("intent", format!("language.{language}"));
            self.hand_off(now, "language");
        }
        true
    }

    fn language_asked_for(&self, u: &Understood) -> Option<Language> {
        let listed = &self.setting.languages;
        // The language that is spoken last: "not in English, in Spanish" is a wish for Spanish.
        let others = listed.iter().filter(|language| **language != self.language);
        if let Some(language) = others.clone().find(|language| asks(u, **language)) {
            return Some(*language);
        }
        if u.says(NOT_ENGLISH) {
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
    // Scripts without spaces: the name stands somewhere in what was said.
    let wide = |name: &&&str| name.chars().all(|c| ('\u{3000}'..'\u{ffff}').contains(&c));
    if own.iter().filter(wide).any(|name| u.tokens.iter().any(|token| token.raw.contains(*name))) {
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
    ASKS.iter().any(|pattern| u.says(&[&pattern.replace('@', &names)]))
}
