//! The gloss: what a Spanish turn says of days, times, dates of birth, numbers, names and choices, in the words that
//! the rules for these read. It is no translation: wishes and answers are read from the Spanish itself.

use super::super::numbers::Number;
use super::super::tokens::{Token, tokens};
use super::clock::clock;
use super::dates::{date, is_a_name};
use super::folded;
use super::letters::spelled;
use super::numbers::number_at;
use super::phrases::phrase;
use super::words::{OTHER, SMALL};

/// What stands for a word that carries nothing but is no name either.
const NO_NAME: &str = "also";

/// Names that are words as well, where a turn begins with them.
const NAMES_TOO: &[&str] = &["julio", "abril", "domingo", "agosto", "segundo", "mercedes"];

/// Glosses a text. `names`: the caller was asked for a name, so that "de la" may be part of one.
pub(in super::super) fn gloss(text: &str, names: bool) -> Vec<Token> {
    let written = tokens(text);
    let heard = folded(&written);
    let mut gloss = Gloss { written: &written, heard: &heard, names, said: Vec::new() };
    let mut at = 0;
    while at < heard.len() {
        at = gloss.step(at).max(at + 1);
    }
    gloss.said
}

struct Gloss<'a> {
    written: &'a [Token],
    heard: &'a [Token],
    names: bool,
    said: Vec<Token>,
}

impl Gloss<'_> {
    /// Glosses what begins here and returns the place after it.
    fn step(&mut self, at: usize) -> usize {
        if let Some((letters, end)) = spelled(self.heard, at) {
            for (letter, place) in letters {
                let glue = self.written[place].glue;
                self.put(&letter.to_string(), place);
                if let Some(last) = self.said.last_mut() {
                    last.glue = glue;
                }
            }
            return end;
        }
        if self.is_particle(at) {
            self.said.push(Token { word: self.heard[at].word.clone(), ..self.written[at].clone() });
            return at + 1;
        }
        if let Some((words, end)) = clock(self.heard, at).or_else(|| date(self.heard, at)) {
            for word in words {
                self.put(&word, at);
            }
            return end;
        }
        if !self.keeps_its_capital(at)
            && let Some((words, end)) = phrase(self.heard, at)
        {
            for word in words.split(' ') {
                self.put(word, at);
            }
            return end;
        }
        if let Some(number) = number_at(self.heard, at) {
            self.number(&number);
            return number.to;
        }
        self.word(at);
        at + 1
    }

    fn word(&mut self, at: usize) {
        let word = self.heard[at].word.as_str();
        let opens = at == 0 || self.heard[at - 1].sentence != self.heard[at].sentence;
        if SMALL.contains(&word) && (!self.heard[at].capital || opens) {
            return;
        }
        if OTHER.contains(&word) && (!self.heard[at].capital || opens) {
            return self.put(NO_NAME, at);
        }
        self.said.push(self.written[at].clone());
    }

    fn put(&mut self, word: &str, at: usize) {
        let Token { clause, sentence, .. } = self.heard[at];
        let word = word.to_string();
        self.said.push(Token {
            word,
            raw: String::new(),
            capital: false,
            clause,
            sentence,
            glue: None,
            asks: false,
        });
    }

    /// A number in figures, as it was written: "3-9-1984" keeps its hyphens.
    fn number(&mut self, number: &Number) {
        self.put(&number.digits, number.from);
        if let Some(last) = self.said.last_mut() {
            last.glue = self.written[number.from].glue;
        }
    }

    /// "Juan de la Cruz": the words between two names, where each is written with a capital or a name was asked for.
    fn is_particle(&self, at: usize) -> bool {
        let particle = |at: usize| {
            self.heard.get(at).is_some_and(|t| {
                matches!(t.word.as_str(), "de" | "del" | "la" | "las" | "los") && !t.capital
            })
        };
        if !particle(at) {
            return false;
        }
        let Some(first) = (0..at).rev().find(|at| !particle(*at)) else { return false };
        let Some(next) = (at..self.heard.len()).find(|at| !particle(*at)) else { return false };
        let (first, last) = (&self.heard[first], &self.heard[next]);
        let all_lower = self.heard.iter().all(|t| !t.capital);
        let plain = |t: &Token| {
            t.word.chars().all(char::is_alphabetic)
                && t.word.len() > 2
                && !OTHER.contains(&t.word.as_str())
                && !SMALL.contains(&t.word.as_str())
                && phrase(std::slice::from_ref(t), 0).is_none()
                && number_at(std::slice::from_ref(t), 0).is_none()
        };
        first.clause == last.clause
            && plain(first)
            && plain(last)
            && (first.capital && last.capital || self.names && all_lower)
    }

    /// A word in the middle of a sentence that is written with a capital is a name, whatever it means.
    fn keeps_its_capital(&self, at: usize) -> bool {
        let titles = ["doctor", "sra", "sr", "srta", "senora", "senor"];
        self.heard[at].capital
            && is_a_name(self.heard, at)
            && !titles.contains(&self.heard[at].word.as_str())
            && (at == 0 && NAMES_TOO.contains(&self.heard[at].word.as_str())
                || at > 0 && self.heard[at - 1].capital
                || at > 0
                    && matches!(
                        self.heard[at - 1].word.as_str(),
                        "llamo"
                            | "soy"
                            | "es"
                            | "habla"
                            | "doctor"
                            | "doctora"
                            | "senora"
                            | "senor"
                            | "de"
                            | "con"
                    ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_carries_meaning_is_put_into_the_rules_words() {
        for (text, said) in [
            ("el viernes 27 de noviembre a las 9:30 de la mañana", "friday november 27 at 9:30 am"),
            ("nueve de marzo del ochenta y cuatro", "march 9 84"),
            ("el próximo martes por la tarde", "next tuesday in the afternoon"),
            ("antes de las diez", "before 10:00"),
            ("mañana por la mañana", "tomorrow morning"),
            ("el catorce", "the 14th"),
            ("a las tres y media", "at 3:30"),
            ("a la una y cuarto", "at 1:15"),
            ("un cuarto para las tres", "at 2:45"),
            ("entre las nueve y las once", "between 9:00 and 11:00"),
            ("del jueves al viernes", "from thursday to friday"),
            ("me llamo María de la Cruz", "my name is María de la Cruz"),
            ("después del 25", "after the 25th"),
            ("los martes", "tuesdays"),
            ("cinco cinco cinco, cero uno dos tres", "5 5 5 0 1 2 3"),
            ("no, espere, el jueves", "no wait thursday"),
        ] {
            let got: Vec<String> = gloss(text, false)
                .into_iter()
                .map(|t| if t.raw.is_empty() { t.word } else { t.raw })
                .collect();
            assert_eq!(got.join(" "), said, "{text:?}");
        }
    }
}
