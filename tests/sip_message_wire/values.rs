//! Messages in the shape that PBXs, phones and carriers give them, scored on every value read.

use attendant::sip::message::Message;

use crate::describe::describe;
use crate::sip_torture;

/// Every line that describes a message stands in the corpus before it, and nothing else does.
#[test]
fn every_value_of_the_corpus_is_read() {
    let corpus = sip_torture::pbx();
    assert!(corpus.len() >= 42 - 16, "with those of pbx.rs at least 42");
    let mut wrong = String::new();
    for vector in corpus {
        let message =
            Message::parse(&vector.bytes).unwrap_or_else(|e| panic!("{}: {e:?}", vector.name));
        let read = describe(&message);
        if read != vector.expected {
            wrong += &format!("== {}\n", vector.name);
            for line in &read {
                wrong += &format!("? {line}\n");
            }
        }
        attendant::fuzzing::sip_message(&vector.bytes);
    }
    assert!(wrong.is_empty(), "what was read is not what stands in the corpus:\n{wrong}");
}
