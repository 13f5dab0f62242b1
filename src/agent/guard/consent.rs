//! What says that a caller does not want to be recorded, in the languages that we hear.

use crate::agent::language::{any, tokens};

/// Whether a caller refuses to be recorded, in so many words, at any time in a call.
pub(crate) fn refuses_recording(text: &str) -> bool {
    any(
        &tokens(text),
        &[
            "dont|not|never record|tape $",
            "dont|not|never record|tape me|this|us|it|the|my|anything|our",
            "not|never|without being|be|get|getting recorded|taped",
            "without being? recorded|recording|taped",
            "dont|not want|like|wish|wanna ..6 recorded|taped|recording",
            "stop|quit|pause|end|cancel|disable the|this|your|any? recording|taping",
            "stop|quit taping|recording",
            "turn|switch|shut ..3 recording ..1 off",
            "turn|switch|shut off ..2 recording",
            "no recording|recordings",
            "dont|not|never ..3 consent|agree|allow|permit|authorize ..4 record|recording|recorded",
            "object|opt ..4 recording|recorded",
            "no ..4 graba*|grabe*",
            "sin graba*",
            "deje|deja|pare|para|detenga|apague ..3 graba*",
        ],
    )
}

/// Whether a caller who has just heard that the call is recorded says no to it, and nothing else.
pub(crate) fn declines(text: &str) -> bool {
    any(
        &tokens(text),
        &[
            "^ no no? no? $",
            "^ no thanks|gracias $",
            "^ no thank you $",
            "^ no i dont $",
            "^ no i do not $",
            "^ no? i dont|wont agree|consent $",
            "^ no? i do|will not agree|consent $",
            "^ no? no acepto $",
            "^ no? no estoy de acuerdo $",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_understood() {
        for text in [
            "Don't record me.",
            "Please do not record this call.",
            "I don't want to be recorded.",
            "I do not want this call to be recorded, please",
            "Stop recording.",
            "Can you stop the recording?",
            "I'd rather not be recorded",
            "Turn off the recording please",
            "could you turn the recording off",
            "No recording, please.",
            "I do not consent to being recorded",
            "I don't agree to the recording. I want to book an appointment.",
            "I object to the recording",
            "No me grabe.",
            "No quiero que me graben",
            "no autorizo la grabación",
            "No quiero ser grabado.",
            "Deje de grabar, por favor",
        ] {
            assert!(refuses_recording(text), "{text}");
        }
    }

    #[test]
    fn what_patients_say_of_records_is_no_refusal() {
        for text in [
            "I need my medical records.",
            "You don't have a record of my appointment?",
            "Is there no record of it?",
            "Can you send the records to Dr. Patel? I don't have them.",
            "No, let me grab a pen.",
            "I want to stop my medication",
            "for the record I was not there",
            "No.",
            "Is this being recorded?",
            "That's fine, you can record it.",
        ] {
            assert!(!refuses_recording(text), "{text}");
        }
    }

    #[test]
    fn a_plain_no_is_an_answer_and_more_than_that_is_not() {
        for text in
            ["No.", "no no", "No, thank you.", "No, I don't.", "I don't consent.", "No gracias"]
        {
            assert!(declines(text), "{text}");
        }
        for text in
            ["No, I need to move my appointment", "no problem", "Not today", "Yes.", "I don't know"]
        {
            assert!(!declines(text), "{text}");
        }
    }
}
