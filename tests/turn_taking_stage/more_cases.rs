//! More of the corpus: who takes the floor in other words, and much that does not take it.

use super::cases::Part::{Coughs, Pauses, Says, Slams};
use super::cases::{Corpus, Truth, hybrid, room};
use super::sounds::Noise;

/// Adds them. They follow what was there before, so that the voices of that stay the same.
pub(super) fn add(corpus: &mut Corpus) {
    corpus.kind("barge-ins");
    barge_ins(corpus);
    corpus.kind("agreement");
    agreement(corpus);
    corpus.kind("coughs, doors");
    sounds(corpus);
    noises(corpus);
    corpus.kind("nobody");
    nobody(corpus);
}

fn barge_ins(corpus: &mut Corpus) {
    for (name, words, echo, noise) in [
        ("hello", "Hello? Can you hear me?", None, None),
        ("wait", "Wait. That does not work for me.", None, None),
        ("actually", "Actually, I only want to leave a message.", None, None),
        ("doctor", "Is Doctor Patel in today?", hybrid(40.0, 80), None),
        ("person, echo 18", "I want to talk to a real person.", hybrid(18.0, 70), None),
        ("pills, echo 24", "My pills have run out.", hybrid(24.0, 140), None),
        ("Thursday, office", "Thursday at ten, please.", None, Some((Noise::Office, -46.0))),
        ("no no, people", "No, no, that is wrong.", None, Some((Noise::Babble, -48.0))),
        ("cancel, television", "Can you cancel it?", None, Some((Noise::Television, -44.0))),
        ("question, music", "What was the first one again?", None, Some((Noise::HoldMusic, -42.0))),
    ] {
        let case = corpus.add(Truth::Takes, name, &[Says(words)]);
        (case.echo, case.noise) = (echo, noise);
    }
}

fn agreement(corpus: &mut Corpus) {
    for (name, parts, echo) in [
        ("uh-huh over echo 18", &[Says("Uh huh.")][..], hybrid(18.0, 100)),
        ("yes", &[Says("Yes.")], None),
        ("sure", &[Says("Sure.")], None),
        ("I see", &[Says("I see.")], None),
        ("all right", &[Says("All right.")], None),
        ("got it", &[Says("Got it.")], None),
        ("oh okay", &[Says("Oh, okay.")], None),
        ("yeah twice", &[Says("Yeah."), Pauses(1_200), Says("Yeah.")], None),
        ("right, clean echo 40", &[Says("Right.")], hybrid(40.0, 90)),
        ("okay over echo 24", &[Says("Okay.")], hybrid(24.0, 160)),
        ("uh-huh, soft", &[Says("Uh huh.")], None),
        ("okay thank you", &[Says("Okay, thank you.")], None),
    ] {
        let case = corpus.add(Truth::GoesOn, name, parts);
        case.echo = echo;
        if name.ends_with("soft") {
            case.level = -32.0;
        }
    }
}

fn sounds(corpus: &mut Corpus) {
    for (name, parts, echo, noise) in [
        ("cough over echo 12", &[Coughs(5)][..], hybrid(12.0, 110), None),
        ("three coughs", &[Coughs(1), Pauses(200), Coughs(5), Pauses(300), Coughs(2)], None, None),
        ("cough in a street", &[Coughs(4)], None, Some((Noise::Street, -42.0))),
        ("doors", &[Slams, Pauses(900), Slams], None, None),
        ("door over echo 18", &[Slams], hybrid(18.0, 120), None),
        ("cough, uh-huh", &[Coughs(3), Pauses(700), Says("Uh huh.")], None, None),
    ] {
        let case = corpus.add(Truth::GoesOn, name, parts);
        (case.echo, case.noise) = (echo, noise);
    }
}

fn noises(corpus: &mut Corpus) {
    for (kind, name, echo, noise, begins) in [
        ("noise", "office over echo 24", hybrid(24.0, 130), (Noise::Office, -44.0), false),
        ("noise", "loud street", None, (Noise::Street, -30.0), false),
        ("noise", "telephone rings", None, (Noise::Ringing, -28.0), true),
        ("noise", "dog", None, (Noise::Dog, -24.0), true),
        ("background talk", "people over echo 24", hybrid(24.0, 90), (Noise::Babble, -42.0), false),
        ("background talk", "many people", None, (Noise::Babble, -34.0), false),
        ("background talk", "television afar", None, (Noise::Television, -50.0), false),
        (
            "background talk",
            "television, echo",
            hybrid(24.0, 70),
            (Noise::Television, -42.0),
            false,
        ),
        ("background talk", "television goes on", None, (Noise::Television, -38.0), true),
        ("music", "music over echo 18", hybrid(18.0, 80), (Noise::HoldMusic, -32.0), false),
        ("music", "music in a room", room(18.0, 60), (Noise::HoldMusic, -36.0), false),
        ("music", "music begins", None, (Noise::HoldMusic, -24.0), true),
    ] {
        corpus.kind(kind);
        let case = corpus.add(Truth::GoesOn, name, &[]);
        (case.echo, case.noise, case.noise_begins) = (echo, Some(noise), begins);
    }
}

fn nobody(corpus: &mut Corpus) {
    for (name, parts, noise) in [
        ("coughs, nobody", &[Coughs(1), Pauses(1_500), Coughs(2)][..], None),
        ("doors, nobody", &[Slams, Pauses(1_200), Slams], None),
        ("loud street, nobody", &[], Some((Noise::Street, -30.0))),
        ("music, nobody", &[], Some((Noise::HoldMusic, -34.0))),
        ("music, loud, nobody", &[], Some((Noise::HoldMusic, -22.0))),
        ("television, nobody", &[], Some((Noise::Television, -42.0))),
        ("television, loud, nobody", &[], Some((Noise::Television, -34.0))),
        ("telephone, nobody", &[], Some((Noise::Ringing, -28.0))),
        ("dog, nobody", &[], Some((Noise::Dog, -24.0))),
    ] {
        let case = corpus.add(Truth::Nobody, name, parts);
        // Long enough for noise to be taken for more than one turn.
        (case.noise, case.begins) = (noise, case.begins + 6_000);
    }
}
