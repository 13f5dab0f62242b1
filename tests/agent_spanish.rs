//! Whole conversations in Spanish: booked, moved, cancelled, asked, handed to a person, an emergency, and the change
//! from one language to the other.

#[allow(dead_code, reason = "shared by several test binaries")]
mod agent_world;

use agent_world::{World, setting};
use attendant::agent::{Goal, Setting, emergency_rule};
use attendant::base::Language;

fn spoken(languages: &[Language]) -> Setting {
    Setting { languages: languages.to_vec(), ..setting(1) }
}

fn spanish() -> World {
    World::with(spoken(&[Language::ES_US, Language::EN_US]))
}

fn play(lines: &[&str]) -> World {
    let mut world = spanish();
    for line in lines {
        world.say(line);
    }
    world
}

/// Compares a whole story, as in the English conversations.
#[track_caller]
fn check(languages: &[Language], story: &str) {
    let expected: Vec<&str> =
        story.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut world = World::with(spoken(languages));
    for line in &expected {
        if let Some(text) = line.strip_prefix("caller: ") {
            world.say(text);
        }
    }
    assert_eq!(world.tell(), expected.join("\n"));
}

const ES: &[Language] = &[Language::ES_US, Language::EN_US];
const EN_ES: &[Language] = &[Language::EN_US, Language::ES_US];

#[test]
fn an_appointment_is_moved_and_a_person_asked_for() {
    check(
        ES,
        "
        agent: Gracias por llamar a Maple Street Family Medicine. Le atiende el asistente automático del consultorio. [protected]
        agent: ¿En qué le puedo ayudar hoy?
        caller: Hola, me llamo María López. Necesito cambiar mi cita del jueves para la próxima mañana libre.
        agent: ¿Y cuál es su fecha de nacimiento?
        caller: Nueve de marzo del ochenta y cuatro.
        tool: verify_identity(María López, 1984-03-09)
        agent: Gracias, Maria.
        tool: get_patient_appointments()
        tool: find_slots(office, prac-patel, from 2026-11-21T00:00:00, Morning)
        agent: Tengo el viernes 27 de noviembre a las 9:30 de la mañana con Dr. Patel. ¿Paso su cita del jueves a esa hora? [protected]
        caller: Sí, por favor.
        tool: reschedule_appointment(appt-1, slot-3)
        agent: Ya quedó cambiada. Su cita ahora es el viernes 27 de noviembre a las 9:30 de la mañana con Dr. Patel.
        agent: ¿Le puedo ayudar con algo más?
        caller: Sí. ¿Puedo hablar con una persona?
        agent: Un momento, le comunico con recepción.
        tool: transfer_to_human(front-desk, patient_request, María López, born March 9, 1984, verified. Speaks Spanish. Moved the appointment to Friday, November 27 at 9:30 AM with Dr. Patel. Last said: \"Sí. ¿Puedo hablar con una persona?\")
        agent: (hangs up)
        ",
    );
}

/// The same wish as callers and recognisers have it.
#[rustfmt::skip]
const WAYS: &[&[&str]] = &[
    &["Quiero cambiar mi cita", "María López", "9 de marzo de 1984", "La próxima mañana libre, por favor.", "Sí."],
    &["quiero cambiar mi cita", "maria lopez", "nueve de marzo del ochenta y cuatro", "por la mañana lo antes posible", "si"],
    &["Necesito mover mi cita del jueves al viernes por la mañana", "Me llamo María López", "9/3/1984", "Está bien"],
    &["No puedo ir a mi cita del jueves", "cambiarla", "María López", "marzo nueve de mil novecientos ochenta y cuatro", "el viernes a las nueve y media", "de acuerdo"],
    &["Tengo una cita el jueves y la quiero cambiar para el viernes en la mañana", "Soy María López", "nueve, tres, ochenta y cuatro", "claro que sí"],
    &["Reprogramar mi cita", "María", "López", "9 de marzo", "del ochenta y cuatro", "el viernes 27 a las 9:30", "perfecto"],
];

#[test]
fn the_goal_is_reached_however_it_is_said() {
    for lines in WAYS {
        let world = play(lines);
        assert!(world.reached(Goal::Rescheduled), "{}", world.tell());
        world.said("viernes 27 de noviembre a las 9:30 de la mañana con Dr. Patel");
        assert_eq!(world.written, ["reschedule_appointment"], "{}", world.tell());
    }
}

#[test]
fn an_offer_can_be_turned() {
    for (line, offered) in [
        ("No.", "viernes 27 de noviembre a las 11:00 de la mañana"),
        ("¿Tiene algo más tarde?", "viernes 27 de noviembre a las 11:00 de la mañana"),
        ("No, mejor por la tarde.", "viernes 27 de noviembre a las 2:00 de la tarde"),
        ("El viernes no puedo.", "martes 1 de diciembre a las 9:30 de la mañana"),
        ("otro día", "martes 1 de diciembre a las 9:30 de la mañana"),
        (
            "Con la doctora Kim, por favor.",
            "lunes 23 de noviembre a las 9:30 de la mañana con Dr. Kim",
        ),
        ("No, espere, el 3 de diciembre.", "jueves 3 de diciembre a las 9:30 de la mañana"),
        ("¿No tiene nada antes?", "No tengo nada antes. Todavía tengo el viernes 27 de noviembre"),
    ] {
        let world = play(&[
            "Hola, soy María López. Quiero cambiar mi cita del jueves para la próxima mañana libre.",
            "9 de marzo de 1984",
            line,
        ]);
        assert!(world.last("agent").contains(offered), "{line:?}:\n{}", world.tell());
    }
}

#[test]
fn an_appointment_is_booked() {
    let world = play(&[
        "Buenos días, necesito una cita para un examen físico con el doctor Patel la próxima semana",
        "Anna Novak",
        "2 de noviembre de 2001",
        "No, por la tarde.",
        "Sí, está bien.",
        "No, es todo. Gracias, adiós.",
    ]);
    assert!(world.reached(Goal::Booked), "{}", world.tell());
    world.said("¿Se la reservo para su examen físico?");
    world.said("jueves 26 de noviembre a las 2:00 de la tarde con Dr. Patel");
    assert!(world.ended, "{}", world.tell());
    // What is missing is asked for, one question at a time.
    let world = play(&[
        "Quiero hacer una cita",
        "Anna Novak",
        "dos de noviembre del dos mil uno",
        "una vacuna para la gripe",
        "el martes por la tarde",
        "sí",
    ]);
    assert!(world.reached(Goal::Booked), "{}", world.tell());
    world.said("martes 24 de noviembre a las 2:00 de la tarde");
}

#[test]
fn an_appointment_is_cancelled() {
    let world = play(&["Quiero cancelar mi cita", "María López", "9 de marzo de 1984", "Sí."]);
    assert!(world.reached(Goal::Cancelled), "{}", world.tell());
    world.said("Es su consulta del jueves 26 de noviembre a las 10:00 de la mañana con Dr. Patel.");
    world.said("Su cita el jueves 26 de noviembre a las 10:00 de la mañana quedó cancelada.");
    let world =
        play(&["Quiero cancelar mi cita", "María López", "9 de marzo de 1984", "No, mejor no."]);
    assert!(!world.reached(Goal::Cancelled), "{}", world.tell());
    let world = play(&[
        "cancelar mi cita",
        "María López",
        "9 de marzo de 1984",
        "mejor cámbiela",
        "el viernes",
        "sí",
    ]);
    assert!(world.reached(Goal::Rescheduled), "{}", world.tell());
}

#[test]
fn who_does_not_plainly_agree_keeps_the_appointment() {
    for line in [
        "No sé si cancelarla.",
        "No sé si pueda.",
        "Como no he podido hablar con mi esposo, no sé",
        "Muy bien, gracias, lo voy a pensar",
        "Más adelante",
        "Por favor déjela como está",
        "Está bien, pero quiero pensarlo",
        "Si no hay otra",
    ] {
        let world = play(&["Quiero cancelar mi cita", "María López", "9 de marzo de 1984", line]);
        assert!(world.written.is_empty(), "{line:?}:\n{}", world.tell());
    }
    for line in [
        "Me queda mal.",
        "Esa hora me queda mal",
        "Me va a ser imposible",
        "No sé si me conviene",
        "Como no tengo carro, me queda difícil",
        "No, si yo la quería en la tarde",
        "Está bien difícil",
        "¿Está bien si lo pienso?",
    ] {
        let world = play(&[
            "Hola, soy María López. Quiero cambiar mi cita del jueves para la próxima mañana libre.",
            "9 de marzo de 1984",
            line,
        ]);
        assert!(world.written.is_empty(), "{line:?}:\n{}", world.tell());
    }
}

#[test]
fn who_does_not_want_to_be_recorded_is_heard() {
    let noticed = |line: &str| {
        let notice = Some("Esta llamada se graba. Si no lo desea, diga: no me grabe.".to_owned());
        let mut world = World::with(Setting { notice, ..spoken(ES) });
        world.say(line);
        world
    };
    let told = "Dejé de grabar";
    for line in ["No me grave.", "No, no lo deseo.", "Prefiero que no", "No quiero que me graven"] {
        noticed(line).said(told);
    }
    for line in ["No, ¿me puede grabar un mensaje?", "No, quiero dejar un mensaje grabado", "No sé"]
    {
        noticed(line).not_said(told);
    }
}

#[test]
fn a_yes_that_came_too_soon_is_asked_again_in_words_that_mean_a_yes() {
    const MOVE: &str =
        "Hola, soy María López. Quiero cambiar mi cita del jueves para la próxima mañana libre.";
    for (line, moved) in [("Sí.", true), ("Sí, déjela así.", false), ("Déjela como está.", false)]
    {
        let mut world = play(&[MOVE]);
        world.mute = true;
        world.say("9 de marzo de 1984");
        world.say("Sí.");
        world.said("Solo para confirmar: ¿le confirmo la hora que le ofrecí?");
        world.not_said("así?");
        assert!(world.written.is_empty(), "{}", world.tell());
        world.hear_out();
        world.say(line);
        assert_eq!(!world.written.is_empty(), moved, "{line:?}:\n{}", world.tell());
    }
}

#[test]
fn the_right_one_of_several_is_meant() {
    for line in [
        "la del jueves",
        "la segunda",
        "el examen físico",
        "la del doctor Patel",
        "el 26 de noviembre",
        "a las tres y media",
    ] {
        let world =
            play(&["Quiero cancelar mi cita", "Robert Chen", "3 de febrero de 1971", line, "sí"]);
        assert!(
            world.lines("tool").iter().any(|tool| tool.starts_with("cancel_appointment(appt-3")),
            "{line:?}:\n{}",
            world.tell()
        );
    }
}

#[test]
fn questions_are_answered_in_spanish() {
    let world = play(&["¿A qué hora abren?", "¿Y dónde están?", "No, nada más."]);
    world.said("Nuestro horario es: lunes a viernes, 8 de la mañana a 5 de la tarde.");
    world.said("Estamos en 12 Maple Street, Springfield.");
    assert!(world.reached(Goal::Informed) && world.ended, "{}", world.tell());
    let world = play(&["¿Cuándo es mi cita?", "María López", "9 de marzo de 1984"]);
    world.said("Usted tiene una consulta el jueves 26 de noviembre a las 10:00 de la mañana");
    let world = play(&["¿Aceptan Medicaid?", "Con recepción."]);
    assert!(world.reached(Goal::Transferred), "{}", world.tell());
    let world = play(&["¿Cuánto ibuprofeno puedo tomar?"]);
    world.said("No puedo dar consejos médicos.");
    let world = play(&["Mi número de seguro social es 123 45 6789"]);
    world.said("no dé números de tarjeta");
}

#[test]
fn a_message_is_left() {
    let world = play(&[
        "Quiero dejar un recado",
        "Que me llamen por los resultados de mañana",
        "María López",
    ]);
    world.said("Ya dejé su recado para el equipo.");
    assert_eq!(world.written, ["create_callback"], "{}", world.tell());
}

#[test]
fn what_is_not_understood_is_asked_again_and_brings_a_person() {
    let world = play(&["bla bla mesa", "zapato"]);
    world.said("Puede decir, por ejemplo: quiero cambiar mi cita.");
    world.said("Disculpe, me cuesta entenderle. Un momento, le comunico con recepción.");
    let world = play(&["Quiero una cita", "¿Cómo? Repita, por favor."]);
    assert_eq!(
        world.lines("agent").iter().filter(|line| line.contains("nombre y apellido")).count(),
        2
    );
}

#[test]
fn an_emergency_is_answered_first() {
    let world = play(&["Quiero una cita porque me duele mucho el pecho"]);
    world.said("Por favor, cuelgue y llame al 911 ahora mismo. [protected]");
    world.said("le puedo comunicar con recepción");
    assert!(world.reached(Goal::Emergency));
    let world = play(&["ya no quiero vivir"]);
    world.said("988");
    // On an English route that lists Spanish it is answered in Spanish; where it does not, in English.
    let mut world = World::with(spoken(EN_ES));
    world.partial("ay no puedo respirar");
    world.said("Por favor, cuelgue y llame al 911 ahora mismo.");
    let mut world = World::with(spoken(&[Language::EN_US]));
    world.say("no puedo respirar");
    world.said("Please hang up and call 911 right now.");
}

#[test]
fn who_asks_for_spanish_or_speaks_it_gets_it() {
    for line in [
        "Can you speak Spanish?",
        "¿Habla español?",
        "habla espanol",
        "En español, por favor.",
        "I don't speak English.",
        "No hablo inglés.",
        "Spanish, please.",
        "Spanish.",
    ] {
        let mut world = World::with(spoken(EN_ES));
        world.say(line);
        world.said("(speaks es-US)");
        assert!(world.tell().contains("español."), "{}", world.tell());
        assert_eq!(world.last("agent"), "¿En qué le puedo ayudar?", "{}", world.tell());
        world.say("Quiero hacer una cita");
        world.said("nombre y apellido");
        // And back.
        world.say("English, please.");
        world.said("(speaks en-US)");
        assert!(world.last("agent").contains("first and last name"), "{}", world.tell());
    }
    // A first turn that is plainly Spanish is answered in Spanish at once.
    check(
        EN_ES,
        "
        agent: Thank you for calling Maple Street Family Medicine. This is the practice's automated assistant. [protected]
        agent: How can I help you today?
        caller: Hola, quiero cancelar mi cita.
        agent: (speaks es-US)
        agent: Con gusto le ayudo. ¿Me dice su nombre y apellido, por favor?
        caller: María López
        agent: ¿Y cuál es su fecha de nacimiento?
        caller: in English please
        agent: (speaks en-US)
        agent: Of course.
        agent: And your date of birth, please?
        caller: March 9th, 1984
        tool: verify_identity(María López, 1984-03-09)
        agent: Thank you, Maria.
        tool: get_patient_appointments()
        agent: That's your office visit on Thursday, November 26 at 10:00 AM with Dr. Patel. I could also move it. Shall I cancel it? [protected]
        caller: Yes
        tool: cancel_appointment(appt-1)
        agent: Your appointment on Thursday, November 26 at 10:00 AM is cancelled.
        agent: Can I help you with anything else?
        ",
    );
}

#[test]
fn a_route_without_spanish_offers_people() {
    let mut world = World::with(spoken(&[Language::EN_US]));
    world.say("Do you speak Spanish?");
    world.said("I only speak English on this line.");
    world.not_said("(speaks");
    // The caller may also begin in English on a Spanish route.
    let mut world = spanish();
    world.say("Hi, I need to move my appointment please");
    world.said("(speaks en-US)");
    world.said("first and last name");
}

#[test]
fn nothing_in_english_is_said_in_spanish() {
    #[rustfmt::skip]
    const STOP: &[&str] = &[
        "the", "you", "your", "is", "are", "and", "or", "please", "appointment", "would", "like", "can",
        "call", "to", "of", "what", "thank", "sorry", "for", "with", "on", "at", "it", "that", "this",
        "have", "monday", "tuesday", "wednesday", "thursday", "friday", "november", "december", "am", "pm",
    ];
    let stories: &[&[&str]] = &[
        WAYS[3],
        &["Quiero cancelar mi cita", "Robert Chen", "3 de febrero de 1971", "la segunda", "no"],
        &["¿Cuándo son mis citas?", "Robert Chen", "3 de febrero de 1971"],
        &[
            "cita",
            "Ana Nadie",
            "1 de enero de 1950",
            "Ana Nadie",
            "1 de enero de 1950",
            "sí",
            "Ana Nadie",
            "1 de enero de 1950",
            "sí",
        ],
        &[
            "quiero una cita",
            "John Smith",
            "20 de mayo de 1990",
            "60157",
            "chequeo",
            "cuando sea",
            "mmm bueno pero quizás",
            "sí",
        ],
        &[
            "¿es usted un robot?",
            "¿qué puede hacer?",
            "espere un momento",
            "¿sigue ahí?",
            "olvídelo",
            "gracias",
        ],
    ];
    for lines in stories {
        let mut world = play(lines);
        world.silence(6);
        world.silence(12);
        world.silence(18);
        for said in world.lines("agent") {
            for word in said.replace("[protected]", "").split(|c: char| !c.is_alphabetic()) {
                assert!(
                    !STOP.contains(&word.to_lowercase().as_str()),
                    "{word:?} in {said:?}\n{}",
                    world.tell()
                );
            }
        }
    }
}

#[test]
fn emergencies_and_what_only_looks_like_one() {
    #[rustfmt::skip]
    let rules: &[(&str, &[&str])] = &[
        ("red_flag.chest_pain", &["Tengo dolor de pecho", "me duele mucho el pecho", "siento una presión en el pecho", "creo que es un infarto", "me está dando un ataque al corazón"]),
        ("red_flag.breathing", &["No puedo respirar", "mi mamá no puede respirar", "me falta el aire", "le cuesta mucho respirar", "se está ahogando"]),
        ("red_flag.stroke", &["creo que es un derrame", "se le torció la cara", "no puede mover el brazo", "tiene un lado dormido, la cara dormida"]),
        ("red_flag.bleeding", &["estoy sangrando mucho", "no para de sangrar", "está vomitando sangre", "tiene una hemorragia"]),
        ("red_flag.suicidal", &["quiero morirme", "ya no quiero vivir", "pienso en matarme", "quiero acabar con mi vida"]),
        ("red_flag.overdose", &["tomé todo el frasco de pastillas", "se tomó muchas pastillas", "mi hijo se tragó cloro", "es una sobredosis"]),
        ("red_flag.allergy", &["se le hincha la garganta", "tiene la lengua hinchada", "es una reacción alérgica", "se le está cerrando la garganta"]),
        ("red_flag.infant_fever", &["mi bebé tiene fiebre", "el recién nacido tiene calentura", "tiene dos meses y mucha fiebre"]),
        ("red_flag.pregnancy", &["estoy embarazada y estoy sangrando", "se me rompió la fuente", "no siento que se mueva el bebé"]),
        ("red_flag.unconscious", &["se desmayó", "mi papá no responde", "está convulsionando", "perdió el conocimiento"]),
        ("red_flag.stated", &["es una emergencia", "necesito una ambulancia", "me estoy muriendo", "llamen al 911"]),
    ];
    let mut wrong = Vec::new();
    for (rule, texts) in rules {
        for text in *texts {
            let plain: String = text
                .chars()
                .map(|c| match c {
                    'á' => 'a',
                    'é' => 'e',
                    'í' => 'i',
                    'ó' => 'o',
                    'ú' => 'u',
                    c => c,
                })
                .collect();
            for text in [text.to_string(), plain] {
                let found = emergency_rule(&text);
                if found.is_none() || (found != Some(*rule) && !text.contains("embarazada")) {
                    wrong.push(format!("{text:?}: {found:?}, not {rule}"));
                }
            }
        }
    }
    for text in [
        "no tengo dolor de pecho",
        "quiero una cita para una radiografía de pecho",
        "sin dolor de pecho ni fiebre",
        "tuve un derrame el año pasado",
        "mi papá murió de un infarto hace diez años",
        "necesito una cita con el cardiólogo de seguimiento de mi infarto",
        "me muero de hambre",
        "no puedo respirar por la nariz",
        "necesito un análisis de sangre",
        "me sangran las encías",
        "no es una emergencia",
        "mi contacto de emergencia",
        "tengo dolor de garganta",
        "tengo la garganta inflamada",
        "nadie responde el teléfono",
        "la medicina para las convulsiones",
        "estoy embarazada y quiero una cita",
        "mi bebé necesita sus vacunas",
        "me duele la cabeza",
        "me tomé una pastilla esta mañana",
        "cuáles son los síntomas de un derrame",
        "quiero una vacuna contra la gripe",
        "hola, quiero cambiar mi cita del jueves",
        "casi me da un infarto cuando vi la cuenta",
        "mi hijo tiene cinco años y tiene fiebre",
    ] {
        if let Some(found) = emergency_rule(text) {
            wrong.push(format!("{text:?}: {found}, not none"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every phrase by itself, as it is and without accents.
#[track_caller]
fn each_is(rule: &str, texts: &[&str]) {
    let plain = |c| "aeioun".chars().nth("áéíóúñ".chars().position(|accented| accented == c)?);
    let wrong: Vec<_> = texts
        .iter()
        .flat_map(|text| [text.to_string(), text.chars().map(|c| plain(c).unwrap_or(c)).collect()])
        .map(|text| (emergency_rule(&text), text))
        .filter(|(found, _)| *found != Some(rule))
        .collect();
    assert!(wrong.is_empty(), "not {rule}: {wrong:#?}");
}

#[test]
fn who_speaks_of_suicide_is_heard() {
    #[rustfmt::skip]
    each_is("red_flag.suicidal", &[
        "Me quiero matar", "Me voy a matar", "Me quiero hacer daño", "me quiero quitar la vida", "quiero acabar con todo",
        "ya no quiero estar en este mundo", "Quiero desaparecer", "Me corté las venas", "mi hijo se cortó las venas",
        "Me voy a tirar del puente", "no le veo sentido a la vida", "estarían mejor sin mí", "Tengo miedo de hacerme daño",
        "me quisiera morir", "me quiero morir", "mi hija se quiere quitar la vida", "mi esposo se va a matar", "mejor me mato", "quisiera no despertar", "quiero acabar con esto",
        // Nothing that is said beside it makes it something else.
        "Me quiero matar, estuve en el hospital el año pasado", "No sé, me quiero matar", "No sé me quiero matar",
        "Necesito una receta, me quiero morir", "Me quiero morir, me muero de vergüenza", "Quiero morirme, mi hermano murió por suicidio",
    ]);
}

#[test]
fn what_hurts_now_is_an_emergency_whatever_else_is_said() {
    #[rustfmt::skip]
    each_is("red_flag.chest_pain", &[
        "Me duele el pecho y tengo la presión alta", "Tengo presión alta y me duele mucho el pecho", "Tengo dolor de pecho, qué susto",
        "Tengo miedo de morirme, me duele el pecho", "Me duele el pecho, me operaron del corazón el año pasado", "Estuve en el hospital y me duele el pecho",
        "Quiero una cita de seguimiento porque siento opresión en el pecho", "Necesito hablar con mi cardiólogo, siento presión en el pecho",
        "No sé qué tengo me duele el pecho", "No sé tengo dolor de pecho", "No es que tengo dolor de pecho desde anoche", "No sé, tengo dolor de pecho",
        "me está dando dolor de pecho", "me está dando un ataque al corazón", "Dolores en el pecho", "tengo dolores fuertes en el pecho", "Siento un fuerte dolor en el pecho, necesito una receta",
    ]);
    #[rustfmt::skip]
    each_is("red_flag.breathing", &[
        "Mi hijo no puede respirar, tiene los labios azules y la nariz tapada", "Tiene la nariz tapada y no puedo respirar, me estoy ahogando",
        "Me dieron de alta del hospital y me falta el aire", "Quiero un chequeo, me falta el aire", "Me falta el aire y necesito una receta para mi inhalador",
        "No alcanzo a respirar", "No puedo agarrar aire", "No me entra el aire", "no me llega el aire", "Me sofoco",
    ]);
    #[rustfmt::skip]
    each_is("red_flag.stroke", &[
        "Se me durmió la mitad de la cara", "Se le fue la boca de lado", "No veo de un ojo de repente",
    ]);
    #[rustfmt::skip]
    each_is("red_flag.unconscious", &[
        "Mi papá no responde, el doctor me dijo que llamara", "Mi mamá no responde, llamé al doctor y no contesta", "Le está dando un ataque",
        "Mi papá no responde el doctor me dijo que llamara",
    ]);
    each_is(
        "red_flag.overdose",
        &[
            "Mi hijo se tragó unas pastillas",
            "Me tomé veinte pastillas",
            "me voy a tomar todas las pastillas",
            "se tomó veinte pastillas",
        ],
    );
    each_is("red_flag.bleeding", &["Me dispararon", "hago del baño con sangre"]);
    each_is(
        "red_flag.infant_fever",
        &["Mi niño tiene dos meses y tiene fiebre, mi otro hijo tiene 5 años"],
    );
    each_is("red_flag.stated", &["me voy a morir", "mi celular no sirve, me estoy muriendo"]);
}

#[test]
fn what_is_over_or_another_thing_stays_none() {
    #[rustfmt::skip]
    let quiet = [
        "me muero de risa", "me tomo cinco pastillas al día", "se va a morir mi teléfono", "quiero acabar con esto del papeleo", "me estoy muriendo de hambre", "mi celular se está muriendo", "me falta el aire acondicionado",
        "mi bebé tiene dos años y tiene fiebre", "mi bebé tiene ocho meses y tiene fiebre", "me ahogo en trabajo",
        "no puedo respirar bien por la nariz", "no siento dolor de pecho", "no me duele el pecho", "ya no tengo dolor de pecho",
    ];
    let taken: Vec<_> =
        quiet.iter().filter_map(|text| emergency_rule(text).map(|rule| (text, rule))).collect();
    assert!(taken.is_empty(), "{taken:#?}");
}

#[test]
fn an_emergency_in_english_is_answered_in_english() {
    for line in ["I need to tell you that she said no puedo respirar", "I think I have angina now"]
    {
        let mut world = World::with(spoken(EN_ES));
        world.say(line);
        world.said("Please hang up and call 911 right now.");
        world.not_said("(speaks");
    }
    for line in
        ["Socorro Martinez, date of birth March 9th 1984", "I use an EpiPen, I need a refill"]
    {
        let mut world = World::with(spoken(EN_ES));
        world.partial("Socorro");
        world.say(line);
        world.not_said("911");
        world.not_said("(speaks");
    }
}
