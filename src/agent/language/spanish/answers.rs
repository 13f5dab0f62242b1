//! Yes and no in Spanish. Appointments are moved and cancelled on a yes: only what plainly is one counts, and whoever
//! hesitates, sets a condition or goes on with "pero" is asked again.

use super::super::answers::Answer;
use super::super::phrase::{any, find_all};
use super::super::tokens::Token;

/// Agreement, where nothing but what `AFTER` lists goes on from it.
#[rustfmt::skip]
const YES: &[&str] = &[
    "sip|simon|claro|correcto|exacto|exactamente|perfecto|perfecta|afirmativo|efectivamente|excelente|magnifico|okey|ok|aja|uhhuh|obvio|listo|confirmo|acepto|hagalo|reservela|cancelela|cambiela|muevala|agendela|confirmela|pongala|apartela",
    "^ adelante|vale|dale", "^ bueno|bien|esa|ese|andele|sale|va $", "esta bien|perfecto", "por supuesto", "de acuerdo", "asi es|mero", "queda|suena bien|perfecto",
    "me parece|sirve|funciona|queda|conviene|va ..1 bien|perfecto", "me sirve|funciona|conviene", "^ por favor", "muy bien", "me late", "desde luego", "la tomo|quiero|acepto",
    "esa|ese|eso misma|mismo", "^ es correcto", "con gusto", "ya mismo", "eso es", "le confirmo", "claro|seguro|por supuesto|obvio que",
];

/// What may go on from a yes without a comma.
#[rustfmt::skip]
const AFTER: &[&str] = &[
    "gracias", "muchas", "por", "favor", "porfa", "porfavor", "asi", "esa", "ese", "eso", "esta", "este", "el", "la", "las", "al", "a",
    "para", "con", "en", "de", "entonces", "pues", "si", "senor", "senora", "senorita", "joven", "claro", "correcto", "exacto", "perfecto", "ok",
    "hagalo", "reservela", "cancelela", "cambiela", "muevala", "agendela", "confirmela", "pongala", "apartela", "me", "que", "gusto", "adelante",
];

/// What may go on from "si" written without its accent; before anything else it may be "if".
#[rustfmt::skip]
const AFTER_SI: &[&str] = &[
    "si", "gracias", "por", "porfa", "porfavor", "senor", "senora", "senorita", "claro", "esta", "estoy", "esa", "ese", "eso", "asi", "correcto", "exacto",
    "perfecto", "de", "como", "muy", "confirmo", "acepto", "adelante", "ok", "hagalo", "reservela", "cancelela", "cambiela", "muevala", "agendela", "confirmela",
    "pongala", "apartela", "quiero", "pues", "bueno", "soy",
];

#[rustfmt::skip]
const NO: &[&str] = &[
    "no", "nop|nunca|negativo|tampoco|ninguna|ninguno|nada", "para nada", "mejor no", "asi no", "incorrecto|incorrecta|equivocado|equivocada", "esta mal", "ni hablar",
];

/// It does not suit, said without a no.
#[rustfmt::skip]
const UNSUITED: &[&str] = &[
    "queda|quedaria|va|viene|cae|sale|parece|hace ..4 mal|dificil|imposible|lejos|complicado|complicada|pesado",
    "esta|estaria ..2 mal|dificil|imposible|lejos|complicado|complicada|pesado", "es|sera|seria ..2 imposible|dificil|complicado|lejos", "^ imposible|dificil|mal",
];

/// Whoever says this has not decided, or says yes to something else.
#[rustfmt::skip]
const DOUBT: &[&str] = &[
    "no se", "no estoy|estamos ..2 seguro|segura|seguros", "pero|aunque|quizas|quiza|talvez|depende|sino|excepto|salvo", "tal vez", "a lo mejor", "puede ser|que", "solo que", "sin embargo", "creo|supongo|imagino",
    "pensar*|pienso|piense|pensando|decidir*|decido", "duda|dudas|dudo", "consultar*|consulto|preguntar*|pregunto|platicar*|hablar*|hablo|avisar*|checar*|reviso|revisar* ..3 con|a|mi ..2 @familia|trabajo|jefe|agenda|calendario",
    "mas adelante|tarde|tardecito|temprano|temprana|pronto|luego", "todavia|aun no", "espere|espera|esperese|dejeme|dejame|permitame", "dejela|dejemela|dejarla|dejemosla|dejenla|dejelo ..2 asi|como|igual",
    "depronto|capaz|luego|llamo|aviso", "veo|vemos|ver con|si|que", "dejela|dejemela|dejarla|dejemosla|dejenla|quedesela", "bien asi|como", "en vez|lugar", "a ver", "es que", "y si", "despues", "mejor la|el|en|por|otro|otra|manana|dejela", "otra|otro hora|dia|fecha|horario|doctor|doctora",
];

/// A no in which there is no refusal.
#[rustfmt::skip]
const NO_OBSTACLE: &[&str] = &[
    "^ si? claro? bueno? ok? no hay|tengo ningun? problema|inconveniente gracias|senorita|senor|senora? $", "^ si? claro? sin problema|problemas gracias|senorita|senor|senora? $",
    "^ si? claro? pues? como no con? gusto? gracias|senorita|senor|senora? por? favor? $", "^ y? por que no $", "^ no me molesta $",
];

/// A cancelling that is asked for; others speak of one: "¿me cobran por cancelar?".
#[rustfmt::skip]
const CANCELS: &[&str] = &[
    "quiero|necesito|quisiera|deseo|favor|gustaria|puede|pueden|podria ..3 cancel*|anul*", "^ ..1 cancelar*|cancele*|anular*|anule*", "cancelela|cancelemela|cancelarla",
];

/// Reads yes or no.
pub(in super::super) fn answer(heard: &[Token]) -> Option<Answer> {
    let (yes, no) = (si(heard) || agrees(heard), any(heard, NO));
    let refuses = any(heard, &["^ no|nop|mejor|negativo"]) || any(heard, UNSUITED);
    if any(heard, DOUBT) {
        // "No, más tarde" refuses whatever it goes on with, "no sé" does not.
        let knows = !any(heard, &["no se", "no estoy|estamos ..2 seguro|segura|seguros"]);
        let waits = any(heard, &["espere|espera|esperese|dejeme|dejame|permitame"]);
        return match () {
            () if knows && refuses && !yes => Some(Answer::No),
            () if knows && no && !yes && !any(heard, &["todavia|aun no"]) => Some(Answer::No),
            // A wait is no answer, unless it holds the words of one.
            () if waits && !yes && !any(heard, &["si|cancel*|anul*|cambi*|reserv*|confirm*"]) => {
                None
            }
            () => Some(Answer::Unclear),
        };
    }
    let unless = |pair: &[Token]| is_if(&pair[0]) && pair[1].word == "no";
    if heard.windows(2).any(|pair| unless(pair) && pair[0].clause == pair[1].clause) {
        return Some(Answer::Unclear);
    }
    if any(heard, NO_OBSTACLE) {
        return Some(Answer::Yes);
    }
    let refuses = refuses
        || any(
            heard,
            &[
                "perdon|asi no",
                "claro|parece|seguro|obvio|digo que no",
                "por supuesto que no",
                "que no $",
                "no ..1 esta bien|correcto",
            ],
        )
        || any(
            heard,
            &[
                "no ..2 sirve|puedo|funciona|queda|conviene|parece|quiero|correcto|bien|seguro|segura",
            ],
        );
    match (yes, no) {
        // "No, sí" and "No, está bien" may be a yes to either.
        (true, _) if any(heard, &["^ no|nop"]) && !any(heard, &["no ..2 bien|si", "asi"]) => {
            Some(Answer::No)
        }
        (true, _) if any(heard, &["^ no esta bien"]) && heard[0].clause != heard[1].clause => {
            Some(Answer::Unclear)
        }
        (_, _) if refuses => Some(Answer::No),
        (true, false) => Some(Answer::Yes),
        (false, true) if any(heard, &["^ si no"]) => Some(Answer::Unclear),
        (false, true) => Some(Answer::No),
        // "Sí, no hay otra."
        (true, true)
            if any(
                heard,
                &["no hay|tengo de? otra|remedio|problema|inconveniente", "no se preocupe"],
            ) =>
        {
            Some(Answer::Yes)
        }
        (true, true) => Some(Answer::Unclear),
        (false, false) => {
            let unsure = any(heard, &["esta bien|si", "si no|me|se|la|puedo|puede"])
                || any(heard, &["cancel*|anul*"])
                    && (!any(heard, CANCELS)
                        || any(heard, &["cobr*|cuesta|multa|cargo|costo", "si la"]));
            unsure.then_some(Answer::Unclear)
        }
    }
}

/// Whether there is agreement that does not go on to something else: "está bien", not "está bien difícil".
fn agrees(heard: &[Token]) -> bool {
    YES.iter().flat_map(|pattern| find_all_anchored(heard, pattern)).any(|(from, end)| {
        let goes_on = end < heard.len() && heard[end].clause == heard[end - 1].clause;
        // "Si está bien para el doctor": a condition.
        let condition =
            heard[..from].iter().any(|t| is_if(t) && t.clause == heard[from].clause) && !si(heard);
        let negated = from > 0
            && matches!(
                heard[from - 1].word.as_str(),
                "no" | "mas" | "cuanto" | "mi" | "su" | "nada"
            )
            && heard[from - 1].clause == heard[from].clause;
        !condition
            && !negated
            && (!goes_on || AFTER.contains(&heard[end].word.as_str()) && !if_follows(heard, end))
    })
}

/// Every place of a pattern; one that begins with `^` has the start of the turn alone.
fn find_all_anchored<'a>(heard: &'a [Token], pattern: &'a str) -> Vec<(usize, usize)> {
    let (anchored, bare) = match pattern.strip_prefix("^ ") {
        Some(bare) => (true, bare),
        None => (false, pattern),
    };
    find_all(heard, bare)
        .filter(|at| !anchored || at.start == 0)
        .map(|at| (at.start, at.end))
        .collect()
}

/// Whether a condition or a no follows a yes in the same breath: "está bien si lo pienso".
fn if_follows(heard: &[Token], end: usize) -> bool {
    let rest = heard[end..].iter().take_while(|t| t.clause == heard[end].clause);
    rest.clone().any(|t| is_if(t) && rest.clone().last() != Some(t) || t.word == "no")
}

/// Whether a word is "si" without the accent that makes it a yes.
fn is_if(token: &Token) -> bool {
    token.word == "si" && !token.raw.to_lowercase().contains('í')
}

/// Whether there is a "sí". Without its accent it is "if", unless it stands alone in its clause or, where no accents
/// are written at all, what follows can only follow a yes.
fn si(heard: &[Token]) -> bool {
    let accents = heard.iter().any(|t| t.raw.chars().any(|c| "áéíóúÁÉÍÓÚ".contains(c)));
    (0..heard.len()).filter(|at| heard[*at].word == "si").any(|at| {
        let next = heard.get(at + 1).filter(|next| next.clause == heard[at].clause);
        let joined = at > 0 && heard[at - 1].clause == heard[at].clause;
        match next {
            Some(next) if next.word == "no" => false,
            _ if !is_if(&heard[at]) => true,
            None => true,
            Some(next) => !joined && !accents && AFTER_SI.contains(&next.word.as_str()),
        }
    })
}
