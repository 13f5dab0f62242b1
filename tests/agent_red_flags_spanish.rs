//! The emergency guard on Spanish sentences: what must be caught, and what only looks like it.

use attendant::agent::emergency_rule;

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
