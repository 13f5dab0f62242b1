//! Whole conversations in Spanish: booked, moved, cancelled, asked, handed to a person, an emergency, and the change
//! from one language to the other.

#[allow(dead_code, reason = "shared by several test binaries")]
mod agent_world;

use agent_world::{World, setting};
use attendant::agent::{Goal, Setting};
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
    &["Necesito mover mi cita del jueves al viernes por la mañana", "Me llamo María López", "9/3/1984", "Sí, así es.", "Está bien"],
    &["No puedo ir a mi cita del jueves", "cambiarla", "María López", "marzo nueve de mil novecientos ochenta y cuatro", "el viernes a las nueve y media", "de acuerdo"],
    &["Tengo una cita el jueves y la quiero cambiar para el viernes en la mañana", "Soy María López", "nueve, tres, ochenta y cuatro", "Correcto.", "claro que sí"],
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
            "lunes 23 de noviembre a las 9:30 de la mañana con la doctora Kim",
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
    world.said("¿Le reservo esa hora para su examen físico?");
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
    world.said("Su cita del jueves 26 de noviembre a las 10:00 de la mañana quedó cancelada.");
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
fn who_only_asks_about_cancelling_has_not_agreed() {
    for line in ["¿Qué pasa si la cancelo?", "¿Cómo cancelo?", "¿Y hay cargo por cancelar?"] {
        let world = play(&["Quiero cancelar mi cita", "María López", "9 de marzo de 1984", line]);
        assert!(world.written.is_empty(), "{line:?}:\n{}", world.tell());
    }
    for line in ["Cancélela.", "Quiero cancelarla.", "Sí, quiero cancelar."] {
        let world = play(&["Quiero cancelar mi cita", "María López", "9 de marzo de 1984", line]);
        assert!(world.reached(Goal::Cancelled), "{line:?}:\n{}", world.tell());
    }
}

#[test]
fn figures_that_may_be_either_day_or_month_are_read_back_before_a_try() {
    let wish = ["Quiero cancelar mi cita", "María López"];
    let said = |more: &[&str]| play(&[&wish[..], more].concat());
    let mut world = said(&["nueve, tres, ochenta y cuatro"]);
    world.said("Escuché 9 de marzo de 1984. ¿Es correcto?");
    world.say("Sí.");
    world.said("Es su consulta del jueves");
    // The month first, as on the forms here: said again, it is taken so.
    let mut world = said(&["tres, nueve, ochenta y cuatro"]);
    world.said("Escuché 3 de septiembre de 1984. ¿Es correcto?");
    world.say("No.");
    world.said("diga el día, el mes y el año");
    world.say("tres, nueve, ochenta y cuatro");
    world.said("Escuché 9 de marzo de 1984. ¿Es correcto?");
    world.say("Sí, es correcto.");
    world.said("Es su consulta del jueves");
    // What can be one date only is not asked about.
    let world = said(&["veinticinco, tres, ochenta y cuatro"]);
    assert!(!world.tell().contains("¿Es correcto?"), "{}", world.tell());
}

#[test]
fn socorro_is_a_name_where_a_name_was_asked_for() {
    let mut world = play(&["Quiero cancelar mi cita", "Socorro."]);
    assert!(!world.reached(Goal::Emergency), "{}", world.tell());
    world.said("¿Y su apellido, por favor?");
    world.say("Martínez");
    assert!(!world.reached(Goal::Emergency), "{}", world.tell());
    for cry in ["¡Socorro!", "Socorro, socorro."] {
        let world = play(&["Quiero cancelar mi cita", cry]);
        assert!(world.reached(Goal::Emergency), "{cry:?}:\n{}", world.tell());
    }
    let world = play(&["Socorro."]);
    assert!(world.reached(Goal::Emergency), "{}", world.tell());
}

#[test]
fn doctors_have_their_article_where_the_record_says_which() {
    let world =
        play(&["Quiero una cita con el doctor Smith", "Anna Novak", "2 de noviembre de 2001"]);
    world.said("Aquí atienden Dr. Patel, la doctora Kim, Dr. Okafor y Dr. Rahman.");
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
        let notice = "Esta llamada se graba. Si no lo desea, diga: no me grabe.".to_owned();
        let notice = Some(notice.into());
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
