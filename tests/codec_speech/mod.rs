//! A voice to code: flite's, which `make` installs, at 16 kHz.

use std::process::Command;
use std::sync::OnceLock;

/// Sentences with every kind of sound in them, and pauses between them.
const TEXT: &str = "Good morning, this is the practice of Doctor Jansen. She sees patients from eight to twelve. \
    Would Thursday the sixteenth suit you? Please bring your insurance card, and the list of your medicines.";

/// Returns some ten seconds of speech.
pub(crate) fn speech() -> &'static [i16] {
    static SPEECH: OnceLock<Vec<i16>> = OnceLock::new();
    SPEECH.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let wav = folder.path().join("speech.wav");
        let said =
            Command::new("flite").args(["-voice", "slt", "-t", TEXT, "-o"]).arg(&wav).status();
        assert!(said.expect("flite, which `make setup` installs").success());
        let bytes = std::fs::read(&wav).unwrap();
        let rate = u32::from_le_bytes(bytes[24..28].try_into().unwrap());
        assert_eq!(rate, 16_000, "the rate of flite's voice slt");
        let (samples, _) = bytes[44..].as_chunks();
        samples.iter().map(|two| i16::from_le_bytes(*two)).collect()
    })
}
