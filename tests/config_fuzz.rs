//! The readers of dialplans and SIP profiles take any text: the bodies of the fuzz targets, run on
//! what is shipped and on what mistakes make of it.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use attendant::base::Dice;
use attendant::fuzzing;

fn shipped(folder: &str) -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Lines lost, doubled, moved and joined; characters changed; one file spliced into another.
fn mistake(dice: &mut Dice, texts: &[String]) -> String {
    let below = |dice: &mut Dice, n: usize| dice.below(n.max(1) as u64) as usize;
    let mut lines: Vec<&str> = texts[below(dice, texts.len())].lines().collect();
    for _ in 0..=below(dice, 3) {
        let (at, to) = (below(dice, lines.len()), below(dice, lines.len()));
        match below(dice, 5) {
            0 if lines.len() > 1 => drop(lines.remove(at)),
            1 if !lines.is_empty() => lines.insert(to, lines[at]),
            2 if !lines.is_empty() => lines.swap(at, to),
            3 => lines.truncate(at),
            _ => {
                let other: Vec<&str> = texts[below(dice, texts.len())].lines().collect();
                let from = below(dice, other.len());
                lines.splice(at..at, other[from..].iter().take(3).copied());
            }
        }
    }
    let mut text = lines.join("\n");
    let odd = [
        "\"",
        "[",
        "]",
        "=",
        "_",
        "~",
        "(",
        "X",
        "9",
        "\0",
        "é",
        ",",
        "not ",
        "\n",
        "[[route]]\n",
        "24:00",
    ];
    for _ in 0..below(dice, 4) {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        if let Some(&at) = places.get(below(dice, places.len())) {
            let end = at + text[at..].chars().next().map_or(0, char::len_utf8) * below(dice, 2);
            text.replace_range(at..end, odd[below(dice, odd.len())]);
        }
    }
    text
}

#[test]
fn dialplans_with_mistakes_are_read_or_refused() {
    let texts = shipped("dialplans");
    let list = shipped("lists").concat();
    let mut dice = Dice::new(21);
    for text in &texts {
        let text = text.replace("lists/blocked.csv", "lists/list.csv");
        fuzzing::dialplan(format!("{text}\0{list}").as_bytes());
    }
    for _ in 0..400 {
        let text = mistake(&mut dice, &texts).replace("lists/blocked.csv", "lists/list.csv");
        fuzzing::dialplan(text.as_bytes());
        fuzzing::dialplan(
            format!("{text}\0{}", mistake(&mut dice, std::slice::from_ref(&list))).as_bytes(),
        );
    }
}

#[test]
fn profiles_with_mistakes_are_read_or_refused() {
    let texts = shipped("sip-profiles");
    let mut dice = Dice::new(22);
    texts.iter().for_each(|text| fuzzing::profile(text.as_bytes()));
    (0..800).for_each(|_| fuzzing::profile(mistake(&mut dice, &texts).as_bytes()));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let mut dice = Dice::new(23);
    for _ in 0..500 {
        let bytes: Vec<u8> = (0..dice.below(60)).map(|_| dice.below(256) as u8).collect();
        fuzzing::dialplan(&bytes);
        fuzzing::profile(&bytes);
    }
    let deep = format!("timezone = \"America/Chicago\"\nx = {}", "[".repeat(100_000));
    fuzzing::dialplan(deep.as_bytes());
    fuzzing::profile(deep.as_bytes());
}
