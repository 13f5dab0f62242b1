//! What a hostile or broken peer sends: real messages with something changed, from a seed.

use std::collections::BTreeMap;

use attendant::base::Dice;
use attendant::fuzzing;

use crate::{pbx, sip_torture, verdict, wire};

/// Whole messages in all; each thread has its own share and its own dice.
const CASES: usize = 200_000;
const THREADS: usize = 4;
/// Values of single fields.
const VALUES: usize = 50_000;

/// No mutation makes the parser panic, and whatever it reads can be looked at through every view,
/// written, and read again as the same. Some mutations are harmless and most are refused: a run in
/// which neither happens tests nothing.
#[test]
fn mutated_messages_do_no_harm() {
    let mut seeds: Vec<Vec<u8>> = pbx::SEEDS.iter().map(|seed| wire(seed)).collect();
    let files = [sip_torture::pbx(), sip_torture::rfc4475(), sip_torture::rfc5118()];
    seeds.extend(files.into_iter().flatten().map(|vector| vector.bytes));
    let share = &|thread: usize| {
        let mut dice = Dice::new(4475 + thread as u64);
        let mut seen = BTreeMap::<String, usize>::new();
        for case in 0..CASES / THREADS {
            let bytes = mutated(&seeds, &mut dice);
            fuzzing::sip_message(&bytes);
            if case % 10 == 0 {
                fuzzing::sip_frame(&bytes);
                *seen.entry(verdict(&bytes)).or_default() += 1;
            }
        }
        seen
    };
    let mut seen = BTreeMap::<String, usize>::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || share(thread))).collect();
        for (verdict, count) in threads.into_iter().flat_map(|thread| thread.join().unwrap()) {
            *seen.entry(verdict).or_default() += count;
        }
    });
    for outcome in ["ok", "drop", "400", "501", "505", "513"] {
        assert!(seen.get(outcome).is_some_and(|count| *count > CASES / 50_000), "{seen:?}");
    }
}

/// The same for the readers of single fields, which see what no message parser let through.
#[test]
fn mutated_fields_do_no_harm() {
    let mut dice = Dice::new(3261);
    let alphabet = b"<>\"\\;,:=@?&%/[] \tsip.telSIP/2.0UDP0123456789abc\xc3\xa9\xff\0*";
    let views = [
        "Via",
        "Contact",
        "Reason",
        "Warning",
        "Replaces",
        "RAck",
        "RSeq",
        "Diversion",
        "x",
        "b",
        "o",
        "History-Info",
        "Privacy",
        "User-to-User",
        "Refer-To",
        "Retry-After",
        "Subscription-State",
    ];
    for case in 0..VALUES {
        let length = dice.below(40) as usize;
        let bytes: Vec<u8> =
            (0..length).map(|_| alphabet[dice.below(alphabet.len() as u64) as usize]).collect();
        fuzzing::sip_field(&bytes);
        fuzzing::sip_uri(&[b"sip:", &bytes[..]].concat());
        fuzzing::sip_views(&[views[case % views.len()].as_bytes(), b":", &bytes].concat());
        fuzzing::sipfrag(&[b"SIP/2.0 ", &bytes[..]].concat());
        fuzzing::digest(&[b"Digest realm=\"", &bytes[..]].concat());
    }
}

fn mutated(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let pick = |dice: &mut Dice| seeds[dice.below(seeds.len() as u64) as usize].clone();
    let mut bytes = pick(dice);
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len() as u64 + 1) as usize;
        let end = (at + dice.below(24) as usize).min(bytes.len());
        match dice.below(12) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            2 => bytes.truncate(at),
            3 => bytes.insert(at, dice.bits() as u8),
            4 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            5 => {
                let special = b"\r\n\0<>\",;:=@%\\ \t";
                bytes.insert(at, special[dice.below(special.len() as u64) as usize]);
            }
            6 => {
                let other = pick(dice);
                let from = dice.below(other.len() as u64) as usize;
                bytes.splice(at.., other[from..].iter().copied());
            }
            7 => lines(&mut bytes, dice, |lines, one, two| lines.swap(one, two)),
            8 => lines(&mut bytes, dice, |lines, one, _| drop(lines.remove(one))),
            9 => lines(&mut bytes, dice, |lines, one, two| lines.insert(two, lines[one].clone())),
            10 => {
                let digits = b"99999999999999999999";
                let start =
                    bytes.iter().skip(at).position(u8::is_ascii_digit).map_or(at, |d| at + d);
                bytes.splice(start..start, digits.iter().copied());
            }
            _ => {
                let long = vec![b";a,<\"%"[dice.below(6) as usize]; 1 << dice.below(15)];
                bytes.splice(at..at, long);
            }
        }
    }
    if dice.below(50) == 0 {
        return String::from_utf8_lossy(&bytes)
            .replacen("SIP/2.0\r\n", "SIP/3.1\r\n", 1)
            .into_bytes();
    }
    bytes
}

fn lines(bytes: &mut Vec<u8>, dice: &mut Dice, change: impl Fn(&mut Vec<Vec<u8>>, usize, usize)) {
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let count = lines.len() as u64;
    change(&mut lines, dice.below(count) as usize, dice.below(count) as usize);
    *bytes = lines.join(&b'\n');
}
