//! What callers say of days, times and themselves, and the words for it that the rules read. The first that fits wins,
//! so what begins another stands before it.

use super::super::tokens::Token;

/// Matches words from a place on and says where they end: `a|b` one of these, `word?` may be missing, `word*` a prefix.
pub(super) fn here(heard: &[Token], at: usize, pattern: &str) -> Option<usize> {
    let pattern = pattern.trim_start();
    if pattern.is_empty() {
        return Some(at);
    }
    let (element, rest) = pattern.split_once(' ').unwrap_or((pattern, ""));
    let (element, optional) = match element.strip_suffix('?') {
        Some(bare) => (bare, true),
        None => (element, false),
    };
    if element == "$" {
        return (at == heard.len()).then_some(at);
    }
    let fits = |word: &str| {
        element.split('|').any(|one| match one.strip_suffix('*') {
            Some(prefix) => word.starts_with(prefix),
            None => word == one,
        })
    };
    let next = heard.get(at).is_some_and(|token| fits(&token.word));
    if next && let Some(end) = here(heard, at + 1, rest) {
        return Some(end);
    }
    if optional { here(heard, at, rest) } else { None }
}

/// Returns the words for what begins here, and the word after it.
pub(super) fn phrase(heard: &[Token], at: usize) -> Option<(&'static str, usize)> {
    PHRASES
        .iter()
        .chain(TALK)
        .filter(|(_, words)| !words.starts_with("not ") && *words != "not" || is_joined(heard, at))
        .find_map(|(pattern, words)| here(heard, at, pattern).map(|end| (*words, end)))
}

/// Whether no comma parts "no" from what follows: "no, por la tarde" is a wish, "no por la tarde" is none.
fn is_joined(heard: &[Token], at: usize) -> bool {
    heard.get(at + 1).is_some_and(|next| next.clause == heard[at].clause)
}

#[rustfmt::skip]
const PHRASES: &[(&str, &str)] = &[
    // Greetings have parts of the day in them.
    ("buenos|buen dias|dia", "hello"), ("buenas tardes|noches", "hello"), ("buenas", "hello"), ("hola|alo", "hello"),
    ("hasta manana", "bye"), ("hasta luego|pronto", "bye"), ("nos vemos", "bye"),
    // Days.
    ("pasado manana", "day after tomorrow"),
    ("manana por|en|a la manana", "tomorrow morning"), ("manana temprano", "tomorrow morning"),
    ("manana por|en|a la tarde", "tomorrow afternoon"), ("manana mismo", "tomorrow"),
    ("la? proxima|siguiente|primera manana libre|disponible?", "next free morning"),
    ("la? proxima|siguiente|primera tarde libre|disponible?", "next free afternoon"),
    ("esta manana", "this morning"), ("esta tarde", "this afternoon"), ("esta noche", "tonight"),
    ("a primera hora de? la? manana?", "first thing"), ("temprano por|en la manana", "first thing in the morning"),
    ("al final de la tarde", "late afternoon"), ("a ultima hora", "end of the day"),
    ("tarde por|en la tarde", "late afternoon"), ("por|en|de|a la manana", "in the morning"), ("en|por las mananas", "in the mornings"),
    ("por|en|de|a la tarde", "in the afternoon"), ("en|por las tardes", "in the afternoons"),
    ("por|en|de|a la noche", "in the evening"), ("en|por las noches", "in the evenings"),
    ("otra|una|alguna|cualquier manana", "in the morning"), ("otra|una|alguna|cualquier tarde", "in the afternoon"),
    ("la manana", "in the morning"), ("la tarde", "in the afternoon"), ("las mananas", "in the mornings"), ("las tardes", "in the afternoons"),
    ("al|a mediodia", "at noon"), ("a medio dia", "at noon"), ("al medio dia", "at noon"), ("mediodia", "at noon"),
    ("despues del? almuerzo|comer|almorzar|lonche|comida|mediodia", "after lunch"), ("despues del? la? trabajo|trabajar|escuela|clases", "after work"),
    ("mas tarde ese|el mismo? dia", "later that day"), ("ese|el mismo dia mas tarde", "later that day"), ("ese mismo dia", "that day"),
    ("muy|demasiado tarde", "too late"), ("muy|demasiado temprano|pronto", "too early"),
    ("mas tarde|adelante", "later"), ("mas tardecito", "later"), ("mas temprano|pronto|tempranito", "earlier"), ("un poco antes", "earlier"),
    ("algo antes $", "something earlier"), ("antes $", "earlier"), ("mas cercano|cercana", "earlier"), ("temprano", "first thing"),
    ("hoy mismo", "today"), ("hoy", "today"), ("manana", "tomorrow"),
    // Weeks and months.
    ("la? semana despues de esa?", "the week after"), ("la? semana siguiente", "following week"),
    ("de la? proxima|otra semana", "next week"), ("la? proxima|otra semana", "next week"), ("la? semana proxima|entrante", "next week"),
    ("la? semana que viene|entra|sigue", "next week"), ("esta|la misma? semana", "this week"),
    ("de hoy en ocho", "a week from today"), ("en ocho dias", "in 8 days"), ("en una semana", "in a week"), ("dentro de una semana", "in a week"),
    ("dentro de", "in"), ("en un par de semanas", "in 2 weeks"), ("en unas? semanas", "in 3 weeks"),
    ("el? proximo mes", "next month"), ("el? mes proximo|entrante", "next month"), ("el? mes que viene|entra|sigue", "next month"), ("este mes", "this month"), ("en un mes", "in a month"),
    ("a? principios|comienzos|inicios del? la?", "early"), ("a? mediados del? la?", "mid"), ("a? finales|fines del? la?", "late"), ("al? final del?", "late"),
    ("fin|fines de semana", "weekend"), ("a partir del?", "starting from"), ("o despues", "or later"), ("en adelante", "onwards"),
    ("semanas", "weeks"), ("semana", "week"), ("meses", "months"), ("mes", "month"), ("dias", "days"),
    // As soon as can be, or whenever.
    ("lo antes|pronto posible", "as soon as possible"), ("lo mas pronto|rapido|temprano posible|que", "as soon as possible"), ("cuanto antes", "as soon as possible"),
    ("la? primera|proxima cita|hora|fecha libre|disponible|que?", "next available"), ("el? primer|proximo espacio|dia|horario|turno libre|disponible|que?", "next available"),
    ("lo|la primero|primera que tenga|tengan|haya", "first available"), ("lo mas cercano", "first available"), ("la mas proxima|cercana", "first available"),
    ("cualquier dia", "any day"), ("cualquier hora|momento|horario", "any time"), ("a la hora que sea", "any time"), ("el dia que sea", "any day"), ("cuando sea|puedan|quieran|tengan|haya|tenga", "whenever"),
    ("me? da igual", "doesnt matter"), ("me? da lo mismo", "doesnt matter"), ("no me? importa", "doesnt matter"), ("lo que tenga|haya|tengan|sea", "whatever you have"),
    ("usted diga|decida|escoja|elija|digame", "you choose"), ("no tengo preferencia", "no preference"), ("sin preferencia", "no preference"),
    ("que|cuales dias|horas|horarios tiene|hay|tienen", "what do you have"), ("que tiene|hay|tienen disponible?", "what do you have"), ("que hay", "whats available"),
    // Something else.
    ("algo mas temprano|pronto|cercano", "something earlier"), ("algo mas tarde|adelante", "something later"),
    ("con? otro doctor|medico", "with another doctor"), ("con? otra doctora|medica", "with another doctor"), ("con? otra persona", "with somebody else"), ("con? alguien mas", "with somebody else"),
    ("con? cualquier|cualquiera doctor|doctora|medico|de?", "any doctor"), ("con quien sea", "anyone"), ("con cualquiera", "anyone"),
    ("otro dia", "another day"), ("otra fecha", "another date"), ("otra hora|opcion", "another time"), ("otro horario|momento", "another time"),
    ("que mas tiene|hay|tienen", "what else"), ("algo mas", "something else"), ("otro|otra $", "another one"),
    ("el|la|los que sigue", "next one"),
    ("no puedo|podria $", "doesnt work"), ("no puedo|podria el|los|ese|este|la|en|a", "cant do"), ("no me? puedo ir|venir|asistir|llegar|presentarme", "cant make it"),
    ("no me? va|voy a? poder", "cant make it"), ("no podre|alcanzo ir|venir|asistir|llegar?", "cant make it"),
    ("no me? sirve|funciona|queda|conviene|viene|acomoda bien?", "doesnt work"), ("excepto|menos|salvo el|los|las?", "except"), ("que no sea el|los?", "not"), ("no el|los", "not"), ("no en|por la manana", "not in the morning"), ("no en|por la tarde", "not in the afternoon"),
    ("despues de que", "after"), ("luego del?", "after"), ("despues", "after"), ("antes", "before"), ("hasta", "until"), ("desde", "from"), ("entre", "between"),
    // Corrections.
    ("no no", "no no"), ("no espere|espera", "no wait"), ("espere|espera no", "wait no"), ("no mejor", "no wait"), ("no perdon|perdone|disculpe", "no sorry"),
    ("mejor dicho", "i mean"), ("quise|quiero decir", "i mean"), ("es decir", "i mean"), ("digo", "i mean"), ("me equivoque", "scratch that"), ("perdon no", "no sorry"), ("corrijo", "correction"),
];

#[rustfmt::skip]
const TALK: &[(&str, &str)] = &[
    // Who is speaking.
    ("mi nombre completo? es", "my name is"), ("el? nombre es", "name is"), ("nombre completo", "name"), ("me llamo", "my name is"), ("yo? me llamo", "my name is"),
    ("a nombre de", "name is"), ("primer nombre es?", "first name is"), ("nombre de pila es?", "first name is"), ("mi? apellido|apellidos es|son?", "last name is"),
    ("yo? soy la|el? senora|sra|senorita|srta", "this is mrs"), ("yo? soy el? senor|sr", "this is mr"), ("yo? soy", "im"), ("aqui|le|les habla", "this is"), ("habla", "this is"), ("de parte de", "this is"),
    ("senora|sra|senorita|srta|dona", "mrs"), ("senor|sr|don", "mr"), ("nombre", "name"), ("nombres", "names"),
    ("nacimiento", "birth"), ("naci|nacida|nacido", "born"), ("cumpleanos", "birthday"), ("codigo postal", "zip code"),
    ("doctor|doctora|medico|medica", "doctor"), ("enfermera|enfermero", "nurse"),
    // Choices.
    ("la|el primera|primero|primer de? todas?", "the first"), ("la|el segunda|segundo", "the second"), ("la|el tercera|tercero", "the third"), ("la|el ultima|ultimo", "the last one"),
    ("primera|primero $", "the first"), ("segunda|segundo $", "the second"), ("tercera|tercero $", "the third"), ("ultima|ultimo $", "the last one"),
    ("la de antes", "the earlier one"), ("ninguna|ninguno", "none"), ("nada", "nothing"), ("cualquiera", "anything"),
    ("no se|estoy seguro|segura", "not sure"), ("algo nuevo", "something new"), ("otra cosa|razon", "something else"), ("otro motivo|asunto", "something else"),
    // What is wanted, for the questions that offer it.
    ("mi|mis citas", "my appointments"), ("mi|mis cita", "my appointment"), ("cita|turno", "appointment"), ("citas|turnos", "appointments"), ("consulta|visita", "visit"),
    ("reprogram*|reagend*|cambi*|posponer*|pospong*|aplaz*|atras*|recorr*", "move"), ("mover*|muev*", "move"), ("pasarl*|paseme*|pasela", "move"), ("pasar|pasen|pase mi|la|esa", "move my"), ("adelantar*", "move earlier"),
    ("cancelar|cancelarl*|cancelarm*|cancele|cancelel*|cancelem*|cancelen|cancela|cancelo|cancelacion|anul*", "cancel"), ("reserv*|agendar*|agend*|programar*", "book"), ("hacer|sacar|pedir una|otra|mi", "book"), ("nueva|nuevo", "new"), ("cuando", "when"), ("a? que hora", "what time"), ("que dia", "what day"), ("con quien", "who with"),
    ("que me? llamen|llame", "call me back"), ("me llamen|llame|devuelvan|regresen", "call me back"), ("llamenme|llameme", "call me back"), ("devuelvan|devolver|devuelva|regresen la llamada", "call me back"),
    ("mensaje|recado|nota", "message"), ("recepcion", "front desk"), ("persona|alguien|humano|operador|operadora|recepcionista|representante|agente", "person"),
    ("no me transfiera|comunique|pase", "dont transfer"), ("comuni*|transfi*|conect*", "connect"), ("paseme|pasarme|paselo", "connect"), ("hablar|platicar", "talk"), ("seguir|siga|sigamos|continu*", "continue"), ("ayud*", "help"),
    ("tiene|tendra|tienen|tendran|hay|habra algo", "do you have something"), ("tiene|tendra|tienen|tendran|hay|habra", "do you have"), ("podria|puedo|podriamos ir|venir|ser", "could i"), ("podria|podriamos", "could i"), ("quisiera|gustaria|quiero", "id like"), ("en vez|lugar", "instead"), ("mejor", "instead"),
    ("adios|chao|chau|bye", "bye"), ("gracias", "thanks"), ("olvidelo|olvidalo|dejelo", "forget it"),
    ("mi|mis", "my"), ("o|u", "or"), ("y|e", "and"), ("con", "with"), ("para", "for"), ("este|esta", "this"), ("proximo|proxima|siguiente", "next"), ("libre", "free"), ("disponible", "available"), ("temprana", "earlier"),
    ("a el|la|los|otro|otra|este|ese|hoy|cualquier", "to"), ("al", "to"), ("en", "in"), ("hora|horario", "time"), ("dia", "day"), ("otro|otra", "another"),
];
