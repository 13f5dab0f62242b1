//! Questions that only a clinician may answer. The agent says so and offers a message or a person.

use crate::agent::language::{Token, Understood, any};

/// What was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Advice {
    /// A diagnosis, or whether something is serious.
    Clinical,
    /// A dose, or whether to take something.
    Dose,
    /// A test's result.
    Results,
}

impl Advice {
    /// Returns the rule's name for the audit record.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Clinical => "advice.clinical",
            Self::Dose => "advice.dose",
            Self::Results => "advice.results",
        }
    }
}

/// Finds a question that is not the agent's to answer.
pub(crate) fn advice(u: &Understood) -> Option<Advice> {
    if u.spanish.is_empty() { in_english(&u.tokens) } else { in_spanish(&u.spanish) }
}

/// The same in Spanish, on words without accents.
fn in_spanish(tokens: &[Token]) -> Option<Advice> {
    #[rustfmt::skip]
    let rules: &[(Advice, &[&str])] = &[
        (Advice::Results, &[
            "resultado|resultados ..3 analisis|examen|examenes|prueba|pruebas|laboratorio|sangre|biopsia|radiografia|orina|placa",
            "mi|mis|el|los|sus|algun resultado|resultados",
            "analisis|examenes|laboratorios|pruebas ..2 listos|listas|llegaron|llego|salieron",
            "que|como salio|salieron|dijo|dijeron|muestra ..3 analisis|examen|examenes|prueba|pruebas|radiografia|biopsia",
            "ya llegaron|salieron|estan ..2 analisis|examenes|resultados|pruebas|laboratorios",
        ]),
        (Advice::Dose, &[
            "cuanto|cuanta|cuantos|cuantas ..4 tomar|tomo|tomarme|darle|doy|pastillas|miligramos|tylenol|ibuprofeno|aspirina|insulina|medicina|medicamento",
            "que|cual ..2 dosis", "la dosis correcta|maxima|recomendada", "doble dosis|la dosis",
            "debo|deberia|puedo|podria|puede|debe|tengo que ..1 tomar|tomarme|dejar|suspender|darle|mezclar|saltar|seguir|combinar ..4 pastilla*|medicina|medicamento*|tylenol|ibuprofeno|aspirina|antibiotico*|insulina|dosis|vitamina*|alcohol|tomando|tratamiento",
            "debo|deberia dejar de? tomar*", "es seguro|malo|peligroso ..2 tomar|mezclar|dejar|combinar|dar",
            "efecto|efectos secundario|secundarios", "que ..2 tomar|tomo para|contra|si",
            "cual medicina|medicamento|pastilla|antibiotico",
        ]),
        (Advice::Clinical, &[
            "es|sera|parece|suena ..1 grave|normal|peligroso|contagioso|serio|cancer|infeccion",
            "debo|deberia preocuparme|preocupar", "debo|deberia ir a|al",
            "tengo|tendre ..2 cancer|covid|gripe|infeccion|diabetes|neumonia $", "cree|piensa que tengo|tenga|es|sea",
            "que tengo $", "que ..2 me pasa", "que ..2 enfermedad", "diagnosticar*|diagnostico",
            "que significa", "que ..2 hago|hacer para|con|contra|por ..5 dolor|fiebre|tos|sarpullido|sintomas",
            "consejo medico", "puede|podria ser ..2 cancer|infeccion|grave|covid|gripe", "remedio|remedios",
            "como ..1 curo|cura|trato|trata",
        ]),
    ];
    rules.iter().find(|(_, patterns)| any(tokens, patterns)).map(|(advice, _)| *advice)
}

fn in_english(tokens: &[Token]) -> Option<Advice> {
    #[rustfmt::skip]
    let rules: &[(Advice, &[&str])] = &[
        (Advice::Results, &[
            "test|lab|labs|laboratory|blood|x|ray|mri|biopsy|scan|imaging|urine|strep|covid|pregnancy ..2 result|results",
            "result|results of|from|for ..3 test|tests|lab|labs|blood|biopsy|scan|mri|ray|ct",
            "my|the|get|any|his|her results",
            "labs|lab|bloodwork|biopsy|tests come|came|are|is|were ..1 back|in|ready",
            "are|is ..2 labs|lab|bloodwork|biopsy|tests ..1 back|in|ready",
            "blood work ..3 back|in|ready|show|say", "what did my ..3 show|say|find",
            "did my ..3 come back",
        ]),
        (Advice::Dose, &[
            "how much|many ..4 take|give|pills|milligrams|tylenol|ibuprofen|aspirin|insulin|medicine|medication",
            "what|whats|right|correct|maximum|double|missed|higher|lower ..3 dose|dosage",
            "should i|he|she|we ..1 take|stop|start|give|mix|skip|double|continue|increase|crush",
            "can|could|may i|he|she|we ..1 take|give|mix|stop|skip|double|crush ..6 tylenol|ibuprofen|advil|aspirin|aleve|pill|pills|tablet|tablets|medicine|medication|meds|antibiotics|antibiotic|dose|insulin|vitamin|vitamins|nyquil|alcohol",
            "ok|safe|okay|alright|fine|bad to take|mix|stop|give|drink|combine|skip",
            "interact|interacts|interaction|interactions with|between", "side effect|effects",
            "is it safe",
            "milligrams|mg of|should", "what ..3 take for|if",
            "which ..2 medicine|medication|pill|antibiotic",
        ]),
        (Advice::Clinical, &[
            "is|sounds|sound ..2 this|it|that ..1 serious|bad|normal|dangerous|contagious|cancer|broken|infected|life",
            "is ..1 it|this|that ..2 serious|normal|dangerous|contagious",
            "should i ..2 worried|concerned|worry|scared", "should i go to",
            "do i|you think|have ..3 cancer|covid|flu|strep|infection|diabetes|pneumonia",
            "do you think ..3 i|it|this ..2 have|is|serious|infected|broken|sick|pregnant",
            "what|whats ..2 wrong with", "what|whats ..2 causing|cause", "diagnos* me",
            "what do i have", "whats my diagnosis", "what does ..4 mean ..1",
            "what ..2 i|we do for|about ..5 pain|fever|rash|cough|symptoms|it",
            "medical advice",
            "could ..1 it|this ..1 be ..2 cancer|infection|serious|covid|strep|flu",
            "am i ..2 sick|dying|pregnant|infected|contagious|ok", "how ..1 treat|cure",
            "home remedy|remedies",
        ]),
    ];
    rules.iter().find(|(_, patterns)| any(tokens, patterns)).map(|(advice, _)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::language::tokens;

    #[test]
    fn questions_for_a_clinician() {
        #[rustfmt::skip]
        let table: &[(Advice, &[&str])] = &[
            (Advice::Results, &[
                "Can you read me my test results?", "what did my blood work show",
                "are my labs back", "I'm calling for my results", "did my biopsy come back",
            ]),
            (Advice::Dose, &[
                "How much ibuprofen can I take?", "should I take two pills",
                "can I take Tylenol with my blood pressure medicine",
                "what's the right dose for my son", "Is it safe to stop my medication?",
                "should I stop taking it",
            ]),
            (Advice::Clinical, &[
                "Is it serious?", "is this normal", "should I be worried about this rash",
                "do you think I have strep", "what's wrong with me", "Do I have the flu?",
            ]),
        ];
        for (advice_wanted, texts) in table {
            for text in *texts {
                assert_eq!(in_english(&tokens(text)), Some(*advice_wanted), "{text:?}");
            }
        }
        for text in [
            "I'd like to book a physical next week",
            "Can I take the nine thirty?",
            "I'll take it",
            "is this a real person",
            "what time is my appointment",
            "I need a flu shot",
            "do I have an appointment",
            "Is it possible in the morning?",
            "That's fine, I can take that.",
        ] {
            assert_eq!(in_english(&tokens(text)), None, "{text:?}");
        }
    }
}
