//! What says that a caller does not want to be recorded, in the languages that we hear.

use crate::agent::language::{any, folded, tokens};

/// The refusals in Spanish, without accents. Recognisers write "grave" for "grabe": b and v sound the same. None may be
/// the beginning of another wish ("no, ¿me puede grabar un mensaje?"): it is acted on before the turn is over.
#[rustfmt::skip]
const REFUSED_IN_SPANISH: &[&str] = &[
    "no me|nos|la|lo grabe|graben|grabes|grabar|grave|graven|graves|gravar", "no se? grabe|graben|grabes|grabar|graven|gravar", "no grave|graves esta|esto|la|mi|nuestra|nada|por",
    "no me|nos|la|lo|se? vaya|vayan|este|esten|siga|sigan a? grabar|grabando|gravar|gravando", "no ..1 quiero|deseo|gustaria|autorizo|acepto|permito|consiento|prefiero ..1 que ..3 grabe|graben|grabes|grabando|grave|graven|graves|gravando",
    "no ..1 quiero|deseo|gustaria|autorizo|acepto|permito|consiento|puedo ser|estar|quedar|salir grabado|grabada|gravado|gravada", "no ..1 quiero|deseo ninguna|la|esta|esa grabacion|gravacion",
    "no ..1 autorizo|acepto|permito|consiento|apruebo ..4 graba*|grabe*|grava*|graven", "no ..1 doy ..5 graba*|grabe*|grava*|graven", "no estoy de acuerdo con|en|que ..3 graba*|grabe*|grava*|graven",
    "me niego|opongo a ..4 graba*|grabe*|grava*|graven", "sin grabar|grabarme|grabarnos|grabarla|grabacion|grabaciones|gravar|gravarme|gravacion", "sin que ..2 graben|grabe|graven",
    "deje|deja|dejen|pare|para|paren de grabar|grabarme|grabarnos|grabarla|gravar|gravarme", "pare|para|paren|detenga|detengan|apague|apaguen|quite|quita|quiten|desactive|desactiven|corte|corten|suspenda|suspendan|elimine|borre la|esa|esta|su grabacion|gravacion",
];

/// Whether a caller refuses to be recorded, in so many words, at any time in a call.
pub(crate) fn refuses_recording(text: &str) -> bool {
    let heard = folded(&tokens(text));
    any(&heard, REFUSED_IN_SPANISH)
        || any(
            &heard,
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
            ],
        )
}

/// What people say to find out whether anybody is there.
const HELLOS: &[&str] = &["hello", "hi", "hey", "hola", "alo", "bueno", "diga"];

/// Whether a turn is a greeting or a sound alone, which answers nothing.
pub(crate) fn is_hello(text: &str) -> bool {
    folded(&tokens(text)).iter().all(|token| HELLOS.contains(&&*token.word))
}

/// Whether a caller who has just heard that the call is recorded says no to it, and nothing else.
pub(crate) fn declines(text: &str) -> bool {
    let mut heard = folded(&tokens(text));
    // "Hello? No, thank you."
    let hellos = heard.iter().take_while(|token| HELLOS.contains(&&*token.word)).count();
    heard.drain(..hellos);
    any(
        &heard,
        &[
            "^ no no? no? thanks|gracias|please|thank? you|senor|senora|senorita|joven? $",
            "^ no por favor $",
            "^ no? i dont $",
            "^ no? i do not $",
            "^ no? no? i dont|wont|wouldnt agree|consent|want|like|wish|accept to|that|it|this? please|thanks|thank? you? $",
            "^ no? no? i do|will|would not agree|consent|want|like|wish|accept to|that|it|this? please|thanks|thank? you? $",
            "^ no? please? dont do? that|it|this? please? $",
            "^ no? please? do not do? that|it|this? please? $",
            "^ please no $",
            "^ no? id|i would? rather|prefer not to? please|thanks|thank? you? $",
            "^ no? no yo? no? lo|la|eso? quiero|deseo|acepto|autorizo|permito|consiento|apruebo|gustaria eso|esto|lo|nada? no? por? favor|gracias? $",
            "^ no? no me gustaria|gusta eso? por? favor|gracias? $",
            "^ no? no le? doy mi|el? permiso|consentimiento|autorizacion|aprobacion por? favor|gracias? $",
            "^ no? no tiene|tienen mi? permiso|consentimiento|autorizacion $",
            "^ no? no estoy de acuerdo con? eso? gracias? $",
            "^ no? mejor|prefiero|preferiria|preferimos que? no lo|la? hagan|haga? por? favor|gracias? $",
            "^ no? no me|nos puede|pueden|pueda grabar|gravar $",
            "^ no? no lo|la? haga|hagan por? favor|gracias? $",
            "^ negativo $",
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
            // As a recogniser writes it.
            "No me grave.",
            "no me graves",
            "No, no me grave por favor",
            "no quiero que me graven",
            "No grave esta llamada",
            "No autorizo la gravación",
            "Quite la grabación",
            "No doy mi consentimiento para que me graben",
            "Prefiero que no me graben",
            "No nos graben",
            "no deseo que se grabe",
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
            "No, ¿me puede grabar un mensaje?",
            "no me puede grabar un mensaje",
            "No, quiero dejar un mensaje grabado para el doctor",
            "no quiero dejar un mensaje grabado",
            "¿No está grabado mi número?",
            "No quiero hablar con una grabación",
            "Llamo para dejar un mensaje grabado",
            "No es grave",
            "No me siento grave",
            "no sé si es grave",
            "¿No se grabó mi mensaje?",
        ] {
            assert!(!refuses_recording(text), "{text}");
        }
    }

    #[test]
    fn a_plain_no_is_an_answer_and_more_than_that_is_not() {
        for text in [
            "No.",
            "no no",
            "No, thank you.",
            "No thanks",
            "No, I don't.",
            "I don't consent.",
            "No, I do not agree",
            "I don't want that.",
            "No, I don't want it, thank you",
            "I'd rather not.",
            "I would prefer not to",
            "Please don't.",
            "No, please don't",
            "No gracias",
            "No, señorita",
            "No lo deseo.",
            "No, no lo deseo",
            "No quiero",
            "No, no quiero eso",
            "No autorizo",
            "No acepto, gracias",
            "No doy permiso",
            "No doy mi consentimiento",
            "Prefiero que no",
            "mejor no",
            "No me puede grabar.",
            "No estoy de acuerdo",
            "Hello? No, thank you.",
            "Bueno, no quiero",
        ] {
            assert!(declines(text), "{text}");
        }
        for text in [
            "No, I need to move my appointment",
            "no problem",
            "Not today",
            "Yes.",
            "I don't know",
            "No quiero cancelar mi cita",
            "No quiero esperar",
            "No puedo ir el jueves",
            "No hay problema",
            "No sé",
            "I don't want to cancel",
            "No, mejor el jueves",
            "No me gustaría el viernes",
        ] {
            assert!(!declines(text), "{text}");
        }
    }
}
