//! What callers say in Spanish, and what must be understood of it, with accents and without, in words and figures.

use jiff::civil::date;

use super::super::birth::BirthHeard;
use super::super::names::{NamePart, PractitionerHeard};
use super::super::numbers::digit_run;
use super::super::understood::{Asked, Understood, understand};
use crate::agent::tongue::Tongue;
use crate::practice::{Practitioner, PractitionerId};

const OPEN: Asked = Asked::Open;
const NAME: Asked = Asked::Name(NamePart::Both);
const FAMILY: Asked = Asked::Name(NamePart::Family);
const BORN: Asked = Asked::BirthDate;
const WHEN: Asked = Asked::When;
const YES_NO: Asked = Asked::YesNo;

fn staff() -> Vec<Practitioner> {
    ["Patel", "Kim", "Okafor"]
        .iter()
        .map(|family| Practitioner {
            id: PractitionerId(format!("prac-{}", family.to_lowercase())),
            given: "A".into(),
            family: (*family).into(),
            spoken: format!("Dr. {family}"),
            specialty: "family medicine".into(),
            gender: None,
        })
        .collect()
}

/// A Friday.
fn heard(text: &str, asked: Asked) -> Understood {
    understand(text, asked, Tongue::Spanish, &staff(), date(2026, 11, 20))
}

/// Says in a few words what was understood.
fn told(u: &Understood) -> String {
    let mut all: Vec<String> = Vec::new();
    all.extend(u.intent.map(|intent| intent.name().to_string()));
    all.extend(u.answer.map(|answer| format!("{answer:?}")));
    all.extend(u.meta.map(|meta| format!("{meta:?}")));
    all.extend(u.name.given.as_ref().map(|name| format!("given:{name}")));
    all.extend(u.name.family.as_ref().map(|name| format!("family:{name}")));
    all.extend(u.birth.map(|birth| match birth {
        BirthHeard::Full(date) => format!("born:{date}"),
        BirthHeard::MonthDay(month, day) => format!("born:{month}/{day}"),
        BirthHeard::Year(year) => format!("year:{year}"),
    }));
    let when = &u.when;
    all.extend(match (when.from, when.until) {
        (Some(from), Some(until)) if from.tomorrow().is_ok_and(|next| next == until) => {
            Some(format!("day:{}", from.strftime("%m-%d")))
        }
        (None, None) => None,
        (from, until) => {
            let day = |day: Option<jiff::civil::Date>| {
                day.map_or(String::new(), |day| day.strftime("%m-%d").to_string())
            };
            Some(format!("days:{}..{}", day(from), day(until)))
        }
    });
    all.extend(when.weekdays.iter().map(|day| format!("any:{day:?}")));
    all.extend(when.avoid.iter().map(|day| format!("avoid:{day:?}")));
    all.extend(when.daypart.map(|part| format!("{part:?}")));
    let hours = |time: jiff::civil::Time| time.strftime("%-H:%M").to_string();
    all.extend(match (when.earliest, when.latest) {
        (Some(from), Some(until)) if until.duration_since(from).as_secs() == 60 => {
            Some(format!("at:{}", hours(from)))
        }
        (None, None) => None,
        (from, until) => {
            let side = |time: Option<_>| time.map_or(String::new(), hours);
            Some(format!("hours:{}..{}", side(from), side(until)))
        }
    });
    all.extend(when.anytime.then(|| "anytime".to_string()));
    all.extend(when.shift.map(|shift| format!("{shift:?}")));
    all.extend(u.which_weekdays.iter().map(|day| format!("which:{day:?}")));
    all.extend(u.visit_type.map(|kind| kind.code().to_string()));
    all.extend(u.practitioner.as_ref().map(|one| match one {
        PractitionerHeard::Known(index) => format!("with:{}", staff()[*index].family),
        other => format!("with:{other:?}"),
    }));
    all.extend(u.proxy.then(|| "proxy".to_string()));
    if all.is_empty() { "nothing".into() } else { all.join(" ") }
}

/// Each row: what was asked, what is said, and what must be among what is understood; `!` what must not be.
#[rustfmt::skip]
const TABLE: &[(Asked, &str, &str)] = &[
    // ---- wishes ----
    (OPEN, "Hola, quisiera hacer una cita.", "book"),
    (OPEN, "Necesito una cita con el doctor Patel la próxima semana.", "book with:Patel days:11-23..11-30"),
    (OPEN, "quiero sacar una cita para un examen físico", "book physical"),
    (OPEN, "Buenas tardes, ¿me puede dar una cita para mañana?", "book day:11-21 !Afternoon"),
    (OPEN, "Quiero agendar un chequeo", "book physical"),
    (OPEN, "necesito ver al doctor, tengo mucha tos", "book sick"),
    (OPEN, "Necesito ponerme la vacuna de la gripe", "vaccination"),
    (OPEN, "¿Tienen algo disponible esta semana?", "book days:11-21..11-23"),
    (OPEN, "Una cita, por favor.", "book"),
    (OPEN, "Necesito mover mi cita del jueves a la próxima mañana libre.", "reschedule which:Thursday Morning anytime"),
    (OPEN, "quiero cambiar mi cita del jueves para el viernes por la mañana", "reschedule which:Thursday day:11-27 Morning"),
    (OPEN, "Quisiera reprogramar mi cita", "reschedule"),
    (OPEN, "¿Puedo pasar mi cita al martes?", "reschedule day:11-24"),
    (OPEN, "Tengo una cita el jueves y la necesito cambiar", "reschedule"),
    (OPEN, "Me gustaría cambiar la fecha de mi consulta", "reschedule"),
    (OPEN, "Necesito posponer mi cita", "reschedule"),
    (OPEN, "quiero cancelar mi cita", "cancel"),
    (OPEN, "Necesito cancelar la cita del jueves, por favor.", "cancel which:Thursday"),
    (OPEN, "cancélela", "cancel"),
    (OPEN, "Ya no necesito la cita", "cancel"),
    (OPEN, "No puedo ir a mi cita del jueves", "cannot_come which:Thursday"),
    (OPEN, "me salió un imprevisto", "cannot_come"),
    (OPEN, "¿Cuándo es mi cita?", "appointments"),
    (OPEN, "¿A qué hora tengo la cita?", "appointments"),
    (OPEN, "Quiero confirmar mi cita", "appointments"),
    (OPEN, "Se me olvidó cuándo es mi cita", "appointments"),
    (OPEN, "llamo por mi cita", "appointment_unclear"),
    (OPEN, "¿Cuál es su horario?", "hours"),
    (OPEN, "¿A qué hora abren?", "hours"),
    (OPEN, "¿Abren los sábados?", "hours"),
    (OPEN, "hasta qué hora atienden", "hours"),
    (OPEN, "¿Dónde están ubicados?", "address"),
    (OPEN, "¿Cuál es la dirección?", "address"),
    (OPEN, "cómo llego al consultorio", "address"),
    (OPEN, "¿Aceptan Medicaid?", "for_staff"),
    (OPEN, "¿Qué seguros aceptan?", "for_staff"),
    (OPEN, "Necesito que me resurtan mi receta", "for_staff"),
    (OPEN, "tengo una pregunta sobre mi factura", "for_staff"),
    (OPEN, "necesito una referencia para el especialista", "for_staff"),
    (OPEN, "¿Cuánto cuesta la consulta?", "for_staff"),
    (OPEN, "Quiero hablar con una persona", "person"),
    (OPEN, "¿Me comunica con recepción?", "person"),
    (OPEN, "Operadora.", "person"),
    (OPEN, "páseme con alguien por favor", "person"),
    (OPEN, "¿Puedo hablar con la doctora Kim?", "person"),
    (OPEN, "una persona real", "person"),
    (OPEN, "Quiero dejar un mensaje", "message"),
    (OPEN, "que me llamen por favor", "message"),
    (OPEN, "¿Le puede dejar un recado al doctor?", "message"),
    (OPEN, "No quiero cancelar", "!cancel"),
    (OPEN, "No quiero que la cancele", "!cancel"),
    (OPEN, "No quiero que me cancelen la cita", "!cancel"),
    (OPEN, "No me cancele la cita", "!cancel"),
    (OPEN, "Por favor no me cancelen la cita", "!cancel"),
    (OPEN, "no vayan a cancelar mi cita", "!cancel"),
    (OPEN, "No, no la vaya a cancelar", "!cancel"),
    (OPEN, "No la cancelen", "!cancel"),
    (OPEN, "Me cancelaron la cita", "!cancel"),
    (OPEN, "¿Por qué cancelaron mi cita?", "!cancel"),
    (OPEN, "Recibí un mensaje de que mi cita fue cancelada", "!cancel"),
    (OPEN, "Me dijeron que mi cita está cancelada", "!cancel"),
    (OPEN, "¿Me cancelaron la cita del jueves?", "!cancel"),
    (OPEN, "No, cancélela", "cancel"),
    (OPEN, "Mejor la cancelo", "cancel"),
    (OPEN, "No puedo ir, cancele mi cita", "cancel"),
    (OPEN, "No voy a poder ir, quiero cancelar", "cancel"),
    (OPEN, "¿Me puede cancelar la cita?", "cancel"),
    (OPEN, "Quiero que me cancelen la cita", "cancel"),
    (OPEN, "Necesito que me pase una receta el viernes", "!reschedule for_staff"),
    (OPEN, "No puedo hablar mañana", "!cannot_come"),
    (OPEN, "No puedo esperar hasta el viernes", "!cannot_come"),
    (OPEN, "No puedo el viernes", "cannot_come"),
    (OPEN, "No puedo ir el viernes", "cannot_come"),
    (OPEN, "Necesito que me pase la cita al viernes", "reschedule"),
    (OPEN, "¿Me la puede pasar al lunes?", "reschedule"),
    (OPEN, "Necesito una cita para mi hijo", "proxy"),
    (OPEN, "llamo de parte de mi mamá", "proxy"),
    (OPEN, "mi esposo tiene una cita", "proxy"),
    (OPEN, "mi mamá me dijo que llamara", "!proxy"),
    // ---- the conversation ----
    (OPEN, "Repita, por favor.", "Repeat"),
    (OPEN, "¿Cómo?", "Repeat"),
    (OPEN, "¿Mande?", "Repeat"),
    (OPEN, "no le entendí", "Repeat"),
    (OPEN, "¿Me lo puede repetir?", "Repeat"),
    (OPEN, "Espere un momento", "Hold"),
    (OPEN, "Permítame ver mi agenda", "Hold"),
    (OPEN, "un momentito", "Hold"),
    (OPEN, "¿Es usted un robot?", "Robot"),
    (OPEN, "¿Estoy hablando con una persona?", "Robot !person"),
    (OPEN, "¿Qué puede hacer?", "Help"),
    (OPEN, "Olvídelo.", "NeverMind"),
    (OPEN, "Adiós.", "Goodbye"),
    (OPEN, "No, es todo, gracias.", "Goodbye"),
    (OPEN, "Nada más, gracias. Que tenga buen día.", "Goodbye"),
    (OPEN, "hasta luego", "Goodbye"),
    (OPEN, "Gracias.", "Thanks"),
    (OPEN, "¿Sigue ahí?", "Still"),
    (OPEN, "Hola.", "Hello"),
    (OPEN, "Buenos días", "Hello !Morning !day:"),
    // ---- yes and no ----
    (YES_NO, "Sí.", "Yes"),
    (YES_NO, "si", "Yes"),
    (YES_NO, "Sí, por favor.", "Yes"),
    (YES_NO, "Claro que sí", "Yes"),
    (YES_NO, "Correcto.", "Yes"),
    (YES_NO, "Así es.", "Yes"),
    (YES_NO, "Está bien", "Yes"),
    (YES_NO, "de acuerdo", "Yes"),
    (YES_NO, "Me parece bien", "Yes"),
    (YES_NO, "Perfecto, gracias", "Yes"),
    (YES_NO, "ajá", "Yes"),
    (YES_NO, "no hay problema", "Yes"),
    (YES_NO, "¿Por qué no?", "Yes"),
    (YES_NO, "por supuesto", "Yes"),
    (YES_NO, "esa está bien", "Yes"),
    (YES_NO, "Sí, esa me sirve", "Yes"),
    (YES_NO, "ok", "Yes"),
    (YES_NO, "No.", "No"),
    (YES_NO, "No, así no.", "No"),
    (YES_NO, "no, gracias", "No"),
    (YES_NO, "No me sirve", "No"),
    (YES_NO, "no puedo a esa hora", "No"),
    (YES_NO, "Claro que no", "No"),
    (YES_NO, "No, no está bien", "No"),
    (YES_NO, "Incorrecto", "No"),
    (YES_NO, "mejor no", "No"),
    (YES_NO, "No, espere, el jueves", "No day:11-26"),
    (YES_NO, "Sí, cómo no", "Yes"),
    (YES_NO, "Cómo no.", "Yes"),
    (YES_NO, "No hay problema, gracias", "Yes"),
    (YES_NO, "Me queda bien", "Yes"),
    (YES_NO, "si me queda bien", "Unclear"),
    (YES_NO, "sí me queda bien", "Yes"),
    (YES_NO, "si esta bien", "Yes"),
    (YES_NO, "si por favor", "Yes"),
    (YES_NO, "Sí, no hay otra", "Yes"),
    (YES_NO, "Sí, cancélela", "Yes"),
    (YES_NO, "Por favor, cancélela", "Yes"),
    (YES_NO, "Sí, el viernes está bien", "Yes"),
    (YES_NO, "Eso es.", "Yes"),
    (YES_NO, "Adelante.", "Yes"),
    // ---- what only sounds like yes ----
    (YES_NO, "No sé si pueda.", "Unclear"),
    (YES_NO, "No sé si puedo a esa hora", "Unclear"),
    (YES_NO, "No sé si cancelarla", "Unclear"),
    (YES_NO, "No sé si me conviene", "Unclear"),
    (YES_NO, "no se si cancelarla", "Unclear"),
    (YES_NO, "No estoy segura", "Unclear"),
    (YES_NO, "Como no he podido hablar con mi esposo, no sé", "Unclear"),
    (YES_NO, "Como no tengo carro, me queda difícil", "No"),
    (YES_NO, "Me queda mal", "No"),
    (YES_NO, "Me queda mal esa hora", "No"),
    (YES_NO, "Esa hora me queda mal", "No"),
    (YES_NO, "Me queda muy lejos", "No"),
    (YES_NO, "Esa está mal", "No"),
    (YES_NO, "Me va mal", "No"),
    (YES_NO, "Me va a ser imposible", "No"),
    (YES_NO, "No, si yo la quería en la tarde", "No"),
    (YES_NO, "Está bien difícil", "No"),
    (YES_NO, "Está bien, pero quiero otra hora", "Unclear"),
    (YES_NO, "Sí, pero no puedo", "Unclear"),
    (YES_NO, "Muy bien, gracias, lo voy a pensar", "Unclear"),
    (YES_NO, "¿Está bien si lo pienso?", "Unclear"),
    (YES_NO, "Si no hay otra", "Unclear"),
    (YES_NO, "Sí, pues no, gracias", "Unclear"),
    (YES_NO, "Bueno, tal vez", "Unclear"),
    (YES_NO, "Creo que sí", "Unclear"),
    (YES_NO, "Me parece que no", "No"),
    (YES_NO, "Me parece muy temprano", "!Yes"),
    (YES_NO, "Me va a tocar trabajar", "!Yes"),
    (YES_NO, "Más adelante", "!Yes"),
    (YES_NO, "Ya es muy tarde", "!Yes"),
    (YES_NO, "Eso es muy temprano", "!Yes"),
    (YES_NO, "¿Cuánto vale?", "!Yes"),
    (YES_NO, "Por favor déjela como está", "!Yes"),
    (YES_NO, "Sí, déjela así", "Unclear"),
    (YES_NO, "Es por mi seguro", "!Yes"),
    (YES_NO, "Perfecto no es", "!Yes"),
    (YES_NO, "No, está bien", "!Yes"),
    (YES_NO, "Claro, luego le llamo", "!Yes"),
    (YES_NO, "Está bien, yo le llamo luego", "!Yes"),
    (YES_NO, "Ok, lo veo con mi esposa", "!Yes"),
    (YES_NO, "Está bien, déjela", "!Yes"),
    (YES_NO, "Está bien así como está", "!Yes"),
    (YES_NO, "Gracias, está bien así", "!Yes"),
    (YES_NO, "Claro, si no hay otra", "!Yes"),
    (YES_NO, "¿Seguro?", "!Yes"),
    (YES_NO, "No dije que sí", "!Yes"),
    (YES_NO, "Sí, así está bien", "Yes"),
    (YES_NO, "Ándele", "Yes"),
    (YES_NO, "Bueno, es que trabajo ese día", "!Yes"),
    (YES_NO, "Claro, es que trabajo ese día", "!Yes"),
    (YES_NO, "Ok, a ver", "!Yes"),
    (YES_NO, "Bueno, mire", "!Yes"),
    (YES_NO, "Después la cancelo", "Unclear"),
    (YES_NO, "¿Me cobran por cancelarla?", "Unclear"),
    (YES_NO, "¿Y si la cancelo?", "Unclear"),
    (YES_NO, "Sí, mejor no", "!Yes"),
    (YES_NO, "Está bien lejos", "No"),
    (YES_NO, "Está bien temprano", "!Yes"),
    (YES_NO, "Quisiera a la doctora", "!Yes"),
    (YES_NO, "Déjeme pensarlo", "!Yes"),
    (YES_NO, "Yes, please", "Yes"),
    (YES_NO, "Si está bien para el doctor", "!Yes"),
    (YES_NO, "Sí, déjeme hablar con mi esposa", "!Yes"),
    // ---- days ----
    (WHEN, "El próximo martes por la tarde", "day:11-24 Afternoon"),
    (WHEN, "mañana", "day:11-21 !Morning"),
    (WHEN, "mañana por la mañana", "day:11-21 Morning"),
    (WHEN, "pasado mañana", "day:11-22"),
    (WHEN, "hoy en la tarde", "day:11-20 Afternoon"),
    (WHEN, "el catorce", "day:12-14"),
    (WHEN, "el 14", "day:12-14"),
    (WHEN, "el veinticuatro", "day:11-24"),
    (WHEN, "el viernes 27", "day:11-27"),
    (WHEN, "el viernes veintisiete de noviembre", "day:11-27"),
    (WHEN, "el 3 de diciembre", "day:12-03"),
    (WHEN, "tres de diciembre a las diez", "day:12-03 at:10:00"),
    (WHEN, "el primero de diciembre", "day:12-01"),
    (WHEN, "3/12", "day:12-03"),
    (WHEN, "el miércoles", "day:11-25"),
    (WHEN, "el miercoles", "day:11-25"),
    (WHEN, "la semana que viene", "days:11-23..11-30"),
    (WHEN, "el jueves de la próxima semana", "day:11-26"),
    (WHEN, "el lunes que viene", "day:11-23"),
    (WHEN, "en dos semanas", "days:12-04..12-11"),
    (WHEN, "dentro de tres días", "day:11-23"),
    (WHEN, "de hoy en ocho", "day:11-27"),
    (WHEN, "el próximo mes", "days:12-01..01-01"),
    (WHEN, "en diciembre", "days:12-01..01-01"),
    (WHEN, "a principios de diciembre", "days:12-01..12-11"),
    (WHEN, "después del 25", "days:11-26.."),
    (WHEN, "antes del miércoles", "days:..11-25"),
    (WHEN, "martes o miércoles", "any:Tuesday any:Wednesday"),
    (WHEN, "los lunes", "any:Monday"),
    (WHEN, "cualquier día menos el viernes", "avoid:Friday"),
    (WHEN, "el viernes no puedo", "avoid:Friday"),
    (WHEN, "no puedo el viernes", "avoid:Friday"),
    (WHEN, "el viernes, no, espere, el jueves", "day:11-26"),
    (WHEN, "el lunes, digo, el martes", "day:11-24"),
    (WHEN, "lo antes posible", "anytime"),
    (WHEN, "lo más pronto posible", "anytime"),
    (WHEN, "cuando sea", "anytime"),
    (WHEN, "me da igual", "anytime"),
    (WHEN, "la primera cita disponible", "anytime"),
    // ---- times ----
    (WHEN, "a las tres y media", "at:15:30"),
    (WHEN, "a las 9:30", "at:9:30"),
    (WHEN, "a las nueve y media de la mañana", "at:9:30 !day:"),
    (WHEN, "a la una", "at:13:00"),
    (WHEN, "a la una y cuarto", "at:13:15"),
    (WHEN, "a las diez menos cuarto", "at:9:45"),
    (WHEN, "un cuarto para las diez", "at:9:45"),
    (WHEN, "a las once en punto", "at:11:00"),
    (WHEN, "a las 2 de la tarde", "at:14:00"),
    (WHEN, "nueve y media", "at:9:30"),
    (WHEN, "a las 10 am", "at:10:00"),
    (WHEN, "antes de las diez", "hours:..10:00"),
    (WHEN, "después de las tres", "hours:15:00.."),
    (WHEN, "entre las nueve y las once", "hours:9:00..11:00"),
    (WHEN, "de 9 de la mañana a 11 de la mañana", "hours:9:00"),
    (WHEN, "el martes a las diez y media", "day:11-24 at:10:30"),
    (WHEN, "por la mañana", "Morning !day:"),
    (WHEN, "en la tarde, después del trabajo", "Afternoon"),
    (WHEN, "al mediodía", "hours:11:30..13:30"),
    (WHEN, "¿no tiene algo más tarde?", "Later"),
    (WHEN, "algo más temprano", "Earlier"),
    (WHEN, "otro día", "OtherDay"),
    (WHEN, "otra hora", "Other"),
    (WHEN, "con otro doctor", "with:Another"),
    (WHEN, "con cualquier doctor", "with:Any"),
    (WHEN, "con la doctora Kim", "with:Kim"),
    // ---- dates of birth ----
    (BORN, "9 de marzo de 1984", "born:1984-03-09"),
    (BORN, "nueve de marzo del ochenta y cuatro", "born:1984-03-09"),
    (BORN, "nueve de marzo de mil novecientos ochenta y cuatro", "born:1984-03-09"),
    (BORN, "el 9 de marzo del 84", "born:1984-03-09"),
    (BORN, "Marzo 9, 1984.", "born:1984-03-09"),
    (BORN, "nací el nueve de marzo de 1984", "born:1984-03-09"),
    (BORN, "9/3/1984", "born:1984-03-09"),
    (BORN, "09031984", "born:1984-03-09"),
    (BORN, "nueve, tres, ochenta y cuatro", "born:1984-03-09"),
    (BORN, "nueve del tres del ochenta y cuatro", "born:1984-03-09"),
    (BORN, "cero nueve cero tres mil novecientos ochenta y cuatro", "born:1984-03-09"),
    (BORN, "dos de noviembre del dos mil uno", "born:2001-11-02"),
    (BORN, "primero de enero de mil novecientos cincuenta", "born:1950-01-01"),
    (BORN, "25 de diciembre de 1950", "born:1950-12-25"),
    (BORN, "treinta y uno de octubre del setenta y uno", "born:1971-10-31"),
    (BORN, "9 de marzo", "born:3/9"),
    (BORN, "mil novecientos ochenta y cuatro", "year:1984"),
    (BORN, "del ochenta y cuatro", "year:1984"),
    (OPEN, "Soy María López, nacida el 9 de marzo de 1984, y quiero una cita para la próxima semana", "born:1984-03-09 book days:11-23..11-30"),
    // ---- names ----
    (OPEN, "Hola, me llamo María López.", "given:María family:López"),
    (OPEN, "Mi nombre es Maria Lopez y quiero una cita", "given:Maria family:Lopez book"),
    (OPEN, "Soy Juan de la Cruz", "given:Juan family:De La Cruz"),
    (OPEN, "Habla Roberto Chen", "given:Roberto family:Chen"),
    (OPEN, "soy alérgica a la penicilina", "!given"),
    (NAME, "María López", "given:María family:López"),
    (NAME, "maría lópez", "given:María family:López"),
    (NAME, "María López García", "given:María family:López García"),
    (NAME, "Claro, es María López.", "given:María family:López"),
    (NAME, "Mi nombre es Julio Domínguez", "given:Julio family:Domínguez"),
    (NAME, "Ana Muñoz, eme, u, eñe, o, zeta", "given:Ana family:Muñoz"),
    (NAME, "María Lópes, ele, o, pe, e, zeta", "given:María family:Lopez"),
    (FAMILY, "López", "family:López"),
    (FAMILY, "ele de Luis, o, pe, e, zeta", "family:Lopez"),
    (FAMILY, "Mi apellido es Novak", "family:Novak"),
];

#[test]
fn spanish_is_understood() {
    let mut wrong = Vec::new();
    for (asked, text, wanted) in TABLE {
        let told = told(&heard(text, *asked));
        let padded = format!(" {told} ");
        for part in wanted.split(' ') {
            let fits = match part.strip_prefix('!') {
                Some(part) => !padded.contains(&format!(" {part}")),
                // A family name of two words is one part of the row.
                None => padded.contains(&format!(" {part}")),
            };
            if !fits {
                wrong.push(format!("{text:?}: {told:?} has not {part:?}"));
            }
        }
    }
    assert!(TABLE.len() >= 120);
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), TABLE.len());
}

#[test]
fn digits_are_dictated() {
    for (text, digits) in [
        ("cinco cinco cinco, cero uno dos tres", "5550123"),
        ("el seis cero uno cinco siete", "60157"),
        ("60157", "60157"),
        ("sesenta, uno cincuenta y siete", "60157"),
    ] {
        let found = digit_run(&heard(text, Asked::Digits).tokens);
        assert_eq!(found.as_deref(), Some(digits), "{text:?}");
    }
}
