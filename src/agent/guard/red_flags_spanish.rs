//! Emergencies in Spanish: the rules of `red_flags.rs` for words without accents. They run on every text, whatever
//! the conversation's language: who is afraid speaks their own.

use std::ops::Range;

use super::red_flags::{Kind, Rule};
use crate::agent::language::{Token, any, find_all};

const MEDICINE: &str = "pastilla|pastillas|tableta|tabletas|pildoras|medicina|medicinas|medicamento|medicamentos|tylenol|ibuprofeno|aspirina|aspirinas|insulina|xanax|tranquilizantes|somniferos|paracetamol";

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule {
        id: "red_flag.suicidal",
        kind: Kind::Crisis,
        says: &[
            "quiero|quisiera|quiere|deseo|ganas|pienso|pensando ..2 morir|morirme|morirse|matarme|matarse|suicidarme|suicidarse",
            "suicidarme|suicidarse|suicidar|suicidio|suicida|suicidas", "matarme|ahorcarme|dispararme", "quitarme|quitarse ..1 vida", "acabar|terminar con mi|su|la vida", "acabar|terminar con todo", "acabar con esto $", "mejor me mato", "me mato $",
            "me ..1 quiero|quisiera|voy ..2 matar|suicidar|ahorcar", "me ..1 quiero|quisiera morir", "se ..1 quiere|quisiera|va|quiso ..2 matar|suicidar|ahorcar", "se ..1 quiere|quisiera|quiso morir",
            "me|se ..1 quiero|quisiera|quiere|quiso|voy|va ..2 quitar ..1 vida", "me|se ..1 quiero|quisiera|quiere|quiso|voy|va ..2 hacer ..1 dano",
            "no quiero|quisiera ..2 vivir|viviendo|despertar|existir", "quiero|quisiera ..1 no despertar|existir", "ya no quiero estar|seguir ..1 aqui|viva|vivo", "no ..1 quiero estar|seguir ..1 este mundo", "no vale la pena ..1 vivir|seguir", "no tengo ..2 razon|razones|motivos|ganas ..2 vivir",
            "quiero|quisiera|quiere desaparecer", "desaparecerme", "no ..3 sentido ..2 vida|vivir", "estarian|estaria|estaran|estan|vivirian ..1 mejor sin mi",
            "mejor muerto|muerta", "hacerme|hacerse dano", "lastimarme a mi", "cortarme las|los venas|munecas|brazos", "corte|corto|cortar|cortarse|cortando|cortado las venas|munecas",
            "me|se ..3 tirar|aventar|lanzar ..2 puente|edificio|techo|azotea|balcon|ventana|tren", "tirarme|tirarse|aventarme|aventarse|lanzarme|lanzarse|saltar|brincar ..2 puente|edificio|techo|azotea|balcon|ventana|tren",
            "cansado|cansada de vivir", "quisiera estar muerto|muerta",
        ],
        // Nothing said beside it makes it something else.
        unless: &[],
    },
    Rule {
        id: "red_flag.chest_pain",
        kind: Kind::Medical,
        says: &[
            "dolor|presion|opresion|punzada|punzadas|ardor|molestia|peso|apreton ..4 pecho|corazon", "dolores ..2 en ..2 pecho|corazon", "dolores de pecho", "tengo|tiene|siento|siente|con|unos|muchos|fuertes ..1 dolores ..4 pecho|corazon", "duele|duelen|dolia|aprieta|oprime|arde|punza|pesa ..4 pecho|corazon",
            "pecho ..3 duele|aprieta|oprime|apretado|arde|pesa|pesado|oprimido|doliendo|adolorido", "ataque ..2 corazon|cardiaco|cardiaca", "infarto|infartando", "paro cardiaco|cardiorrespiratorio",
            "dolor|duele|doliendo ..5 brazo izquierdo", "brazo izquierdo ..4 duele|dormido|adormecido|hormigueo|entumecido|doliendo|hormiguea", "dolor ..6 brazo ..3 mandibula|quijada", "dolor ..6 mandibula|quijada ..3 brazo",
        ],
        unless: &["radiografia|rayos|placa", "dar|dando el|de? pecho", "leche|cancer|bulto ..2 pecho", "casi me da|dio un infarto", "me dio|va a dar un infarto cuando", "susto"],
    },
    Rule {
        id: "red_flag.breathing",
        kind: Kind::Medical,
        says: &[
            "no puedo|puede|podia|logro|logra|consigo|consigue|pude ..2 respirar", "no respira|respiro|respiraba", "no esta|estoy ..1 respirando", "cuesta|dificil|dificultad|trabajo|problema|problemas|batalla|batallando|apenas ..4 respirar|respira|respiro|respiracion|respirando",
            "falta ..2 aire|respiracion|aliento", "no ..1 puedo|puede|alcanzo|alcanza|logro|logra a? agarrar|jalar|tomar ..1 aire", "no alcanzo|alcanza ..2 respirar", "no ..1 entra|llega ..1 aire|oxigeno", "sofoco|sofoca|sofocando|sofocandome|sofocandose", "sin aire|aliento|respiracion", "me|se|estoy|esta ahogo|ahoga|ahogando|ahogo|asfixio|asfixia|asfixiando|asfixiandome|ahogandose|ahogandome", "atragant*", "ataque|crisis de asma", "asma ..4 fuerte|mal|peor|grave",
            "labios|cara|dedos|unas ..3 azul|azules|morado|morados|morada", "poniendo|puso|pone|poniendose azul|morado|morada|morados|azules", "jadeando|jadea", "inhalador ..3 no ..3 sirve|funciona|ayuda|hace", "pecho ..1 cerrado",
        ],
        unless: &[
            "nariz|tapada|tapado|congestion|congestionado|congestionada|mocos", "terapia|tratamiento|prueba|ejercicios|maquina ..3 respira*", "apnea", "ahogo|ahogando|ahogada|ahogado ..2 en|de trabajo|deudas|cuentas|tareas|papeles", "falta ..2 aire acondicionado",
        ],
    },
    Rule {
        id: "red_flag.stroke",
        kind: Kind::Medical,
        says: &[
            "derrame|derrames", "embolia|apoplejia", "accidente|ataque|infarto ..1 cerebral|cerebrovascular|cerebro",
            "cara|boca|lado|parpado ..5 caida|caido|torcida|torcido|chueca|chueco|paralizada|paralizado|dormida|dormido|adormecida|adormecido|entumecida|entumecido", "torcio|cayo|durmio|paralizo|enchueco|adormecio|caido|torcido|dormido ..5 cara|boca|lado|brazo",
            "no puedo|puede ..2 mover|levantar|sentir ..3 brazo|brazos|pierna|piernas|lado|cara|cuerpo|mano", "mitad ..2 cara ..3 dormida|dormido|caida|torcida|paralizada", "fue ..3 boca|cara ..2 lado", "no veo|ve ..2 ojo|ojos", "veo|ve|ver|vista|vision|hablar|hablo|habla ..5 repente|golpe|repentinamente", "no siento|siente ..3 brazo|brazos|pierna|piernas|lado|cara|cuerpo|mitad", "arrastra|arrastrando|arrastro|enreda|traba ..3 palabras|lengua|habla",
            "no puede|puedo hablar ..2 bien|claro|claramente|claridad", "habla|hablando ..2 raro|enredado|arrastrado|incoherencias|incoherente", "no se le entiende ..3 habla|dice", "repente|golpe|repentina|repentino|subita ..5 ver|veo|ve|vista|vision|debilidad|debil|confundido|confundida|confusion|hablar",
            "perdi|perdio|perdiendo ..2 vista|vision|habla", "peor dolor de cabeza", "dolor de cabeza ..4 peor de",
        ],
        unless: &["clinica|especialista|rehabilitacion|terapia|prevencion|riesgo|grupo|centro|neurologo ..4 derrame|derrames|cerebral|embolia", "derrame ..2 aceite|agua|cafe|leche", "dentista|anestesia"],
    },
    Rule {
        id: "red_flag.bleeding",
        kind: Kind::Medical,
        says: &[
            "sangr* ..4 mucho|mucha|demasiado|demasiada|abundante|abundantemente|bastante|fuerte|incontrolable|profusamente", "mucha|muchisima|demasiada sangre", "sangrado abundante|fuerte|grave|interno|rectal|severo", "no ..3 para|deja|paro|dejo|parar|detener|detiene|parado|controlar ..4 sangr*|hemorragia|sangre",
            "sangr*|hemorragia ..4 no ..2 para|deja|detiene|corta|paro|quita", "hemorragia|desangr*", "perdiendo|perdi|perdio|pierde|pierdo ..2 sangre", "vomit*|escup*|tosi|tose|toso|tosiendo|tosio|echando|arroj* ..3 sangre",
            "sangre ..3 por todos|todas|chorros", "corte|corto|cortado|cortada ..8 sangr*", "apunal*|balazo|balazos|balearon|navajazo|acuchill*", "dispararon", "disparo en", "baleado|baleada", "hago|hace|hice|hizo|hacer ..2 bano ..2 sangre", "popo|heces|excremento|evacu* ..3 sangre", "sangre ..3 popo|heces|excremento", "estoy|esta ..1 sangrando", "corto|corte|arranco|amputo ..3 dedo|mano|dedos $",
        ],
        unless: &["encias|encia", "analisis|examen|prueba|pruebas|muestra|banco|donar|azucar|presion|tipo ..4 sangre", "regla|menstruacion|periodo", "ya paro|dejo de sangrar", "anticoagulante*", "trastorno ..3 sangr*"],
    },
    Rule {
        id: "red_flag.unconscious",
        kind: Kind::Medical,
        says: &[
            "desmay*", "inconsciente|inconciente", "no ..1 despierta|responde|reacciona|reacciono|respondio|desperto", "no puedo ..1 despertar*", "perdi|perdio|pierde|perdiendo|perder ..1 conocimiento|consciencia|conciencia|sentido", "convulsiona*|convulsione*|convulsiono|convulsivo|convulsiva", "una|otra|la|su|con|de convulsion", "ataque epileptico|epilepsia|convulsivo",
            "ataque de epilepsia", "esta|estan dando un? ataque|ataques", "tirado|tirada|tendido|tendida en el piso|suelo|bano", "colapso|desplomo|desvanecio", "no tiene|encuentro ..1 pulso", "electrocuto|electrocutado|electrocutada|electrocutando|electrocutarse", "me electrocute", "se cayo ..5 no se? mueve|levanta|responde|despierta", "ahogo en la piscina|alberca|tina",
        ],
        unless: &["medicina|medicamento|pastillas|doctor ..4 convulsiones|epilepsia", "no|nadie responde|responden ..4 telefono|llamada|llamadas|mensaje|mensajes|correo|doctor|doctora|farmacia|consultorio", "nadie ..2 responde", "no responde nadie", "trastorno convulsivo"],
    },
    Rule {
        id: "red_flag.overdose",
        kind: Kind::Medical,
        says: &[
            "sobredosis", "tome|tomo|tomado|trago|trague|ingeri|ingirio|comio|comi|bebio|bebi|tomaron ..3 todo|toda|todas|todos|entero|entera ..5 frasco|botella|bote|caja|botecito|@medicina", "tome|tomo|tomado|trago|trague|ingirio|comio|di|dio|dimos ..3 demasiad*|muchas|muchos|montones ..4 @medicina",
            "trago|tragaron ..2 @medicina", "voy|va|quiero|quiere ..2 tomar|tomarme|tomarse todas|todo|todos ..4 @medicina", "se ..1 tomo|comio ..2 cinco|seis|siete|ocho|nueve|diez|once|doce|quince|veinte|treinta|cuarenta|cincuenta|sesenta|cien|5|6|7|8|9|10|12|15|20|30|40|50|60|100 @medicina", "tome|tomado|trague|comi ..2 cinco|seis|siete|ocho|nueve|diez|once|doce|quince|veinte|treinta|cuarenta|cincuenta|sesenta|cien|5|6|7|8|9|10|12|15|20|30|40|50|60|100 @medicina", "tome|tomo|tomado|trago|trague ..3 punado|monton|frasco|bote", "tome|tomo|tomado|trago|trague|bebio|bebi|comio|ingirio ..4 veneno|cloro|blanqueador|detergente|anticongelante|raticida|lejia|cloralex|gasolina|pilas|pila", "envenen*", "tome|tomo ..2 demasiado|demasiadas",
        ],
        unless: &["intoxicacion alimenticia|alimentaria", "tome|tomo ..3 demasiado cafe|agua|sol|tiempo|tarde", "clase|curso|prevencion ..3 sobredosis"],
    },
    Rule {
        id: "red_flag.allergy",
        kind: Kind::Medical,
        says: &[
            "reaccion ..1 alergica", "alergica|alergico|alergia ..10 hincha*|hincho|respirar|cierra|cerrando", "hincha*|hincho ..4 garganta|lengua|labios|labio|cara|boca|ojos", "garganta|lengua|labios|labio|cara|boca ..4 hincha*|hincho", "garganta ..4 cierra|cerrando|cerro|cerrar", "cierra|cerrando|cerro ..3 garganta",
            "lengua|labios ..2 inflam*", "anafila*", "pico|picadura|picaron|mani|cacahuate|mariscos|abeja|avispa ..10 hincha*|hincho|respirar|garganta|mareado|mareada", "ronchas ..8 respirar|garganta|lengua|labios", "uso|necesito|necesita ..3 epipen|epinefrina", "use el|la|mi|su|un|una epipen|epinefrina",
        ],
        unless: &["ganglios|tobillo|tobillos|rodilla|pie|pies|encias", "muela|diente|dentista|encia", "epipen|epinefrina ..4 receta|vencida|vencido|resurtir|renovar", "receta|renovar|resurtir ..4 epipen|epinefrina", "ojos hinchados ..4 llorar|llorando|alergias"],
    },
    Rule {
        id: "red_flag.pregnancy",
        kind: Kind::Medical,
        says: &[
            "embaraz* ..14 sangr*|sangre|contracciones|cai|cayo|fuente|liquido|manchando|mancha|convulsion|borroso|colicos", "sangr*|contracciones|manchando|cai|cayo|colicos ..14 embaraz*", "rompio|rompi|reventada|reviento|roto ..2 fuente", "contracciones", "trabajo|labor|dolores de parto",
            "bebe ..3 no ..2 mueve|patea|movido|moviendo", "no ..2 siento|sentido ..5 bebe", "aborto espontaneo", "ya viene|esta naciendo|saliendo ..1 bebe", "bebe ..2 ya viene|naciendo|saliendo", "voy|va a dar a luz|parir",
        ],
        unless: &["clase|clases|curso ..2 parto", "fuente ..2 agua|empleo|trabajo"],
    },
    Rule {
        id: "red_flag.infant_fever",
        kind: Kind::Medical,
        says: &[
            "bebe|bebito|bebita|recien|nene|nena ..10 fiebre|calentura|temperatura|flacido|flacida|aguado|aguadito|letargico|deshidratado|deshidratada|39|40|103|104", "fiebre|calentura|temperatura ..10 bebe|bebito|bebita|recien", "bebe ..4 morado|morada|azul|flacido|flacida", "recien nacido|nacida ..8 no ..2 come|quiere|toma|mama",
            "un|uno|dos|tres|1|2|3 mes|meses ..10 fiebre|calentura|temperatura", "fiebre|calentura|temperatura ..10 un|uno|dos|tres|1|2|3 mes|meses", "dias|semanas de nacido|nacida|edad|vida ..10 fiebre|calentura", "fiebre|calentura ..10 dias|semanas de nacido|nacida|edad|vida",
        ],
        unless: &["sin|no tiene|no ha tenido fiebre|calentura", "temperatura ..2 normal", "anos", "cuatro|cinco|seis|siete|ocho|nueve|diez|once|4|5|6|7|8|9|10|11 meses", "dientes"],
    },
    Rule {
        id: "red_flag.meningitis",
        kind: Kind::Medical,
        says: &["cuello|nuca ..3 rigido|rigida|tieso|tiesa|duro ..8 fiebre|calentura|cabeza", "fiebre|calentura|cabeza ..8 cuello|nuca ..3 rigido|rigida|tieso|tiesa|duro"],
        unless: &[],
    },
    Rule {
        id: "red_flag.injury",
        kind: Kind::Medical,
        says: &[
            "golpeo|golpe|golpee|pego|pegue|lastimo ..4 cabeza ..12 vomit*|confundid*|desmay*|inconsciente|sangr*|mareo|mareado|mareada|sueno|dormido|dormida|borroso", "herida|lesion|traumatismo|fractura ..3 cabeza|craneo|cuello", "accidente ..4 herid*|sangr*|atrapad*|lastimad*|ahora|ahorita",
            "cayo|cai ..12 no ..1 puede|puedo|siente|siento ..2 mover*|levantar*|caminar|sentir|pararse|pararme|piernas", "no puedo|puede mover las? piernas|cuello", "rompio|rompi|fracturo ..3 cuello|espalda|craneo", "hueso ..3 salido|fuera|afuera|expuesto|salio", "fractura expuesta",
            "quemadura|quemaduras|queme|quemo|quemado|quemada ..5 grave|graves|cara|mucho|tercer|cuerpo|feo", "atropell*", "mordio|mordedura|pico|picadura ..4 serpiente|vibora|culebra|cascabel|alacran|escorpion",
        ],
        unless: &["hace anos", "antigua|vieja"],
    },
    Rule {
        id: "red_flag.diabetic",
        kind: Kind::Medical,
        says: &["coma diabetico", "choque|shock insulinico|diabetico", "azucar ..6 confundid*|temblando|desmay*|inconsciente|peligros*|sudando", "diabetic* ..8 confundid*|temblando|inconsciente|sudando|responde", "cetoacidosis"],
        unless: &[],
    },
    Rule {
        id: "red_flag.stated",
        kind: Kind::Medical,
        says: &[
            "es|tengo|hay|tenemos|esta|esto es? una? emergencia", "emergencia medica", "^ una? emergencia $", "vida o muerte", "necesito|necesitamos|llame|llamen|mande|manden|mandame|envie|envien|pida|pidan|llamar ..3 ambulancia|paramedicos|911",
            "me|se ..1 estoy|esta ..1 muriendo", "me|se muero|muere|moria", "muriendome|muriendose", "me|se ..2 voy|va a morir", "voy a morirme", "va a morirse", "llame|llamen|llamar ..1 911", "al|el nueve uno|once uno? $", "^ nueve uno uno $", "llame|llamen|llama|llamar|llamo|marque|marquen|marca|marcar al? nueve uno|once", "auxilio|socorro auxilio|socorro|ayuda|ayudenme|ayudeme|por|rapido|necesito|necesitamos", "ayuda|ayudenme|ayudeme|favor auxilio|socorro", "pido|pida|pidan|pidiendo|mande|manden auxilio|socorro", "necesito|necesitamos auxilio", "ayudenme|ayudeme ..3 muero|muere|muriendo|rapido",
        ],
        unless: &[
            "no es ..2 emergencia", "contacto|numero|telefono|caso|sala|cuarto|salida|plan|fondo ..2 emergencia|emergencias", "en caso de", "muero|muere|muriendo|muriendome de la? risa|hambre|sed|calor|sueno|ganas|verguenza|frio|curiosidad|pena|aburrimiento",
            "celular|telefono|bateria|carro|planta|plantas ..2 se ..1 muriendo|muere", "ambulancia ..3 factura|cobro|cuenta|cobraron", "factura|cobro|cuenta ..3 ambulancia", "emergencia familiar",
        ],
    },
];

/// Returns the first rule that fires in a sentence.
pub(super) fn first(sentence: &[Token]) -> Option<&'static Rule> {
    RULES.iter().find(|rule| fires(rule, sentence))
}

/// Whether a whole turn is the cry "¡Auxilio!" or "¡Socorro!": the rule's id. Both are first names as well, so a bare
/// word with a capital and without a mark, as the beginning of a name comes in, is none.
pub(super) fn cries_for_help(text: &str) -> Option<&'static str> {
    let bare = text.trim();
    let word = bare.trim_matches(|c: char| !c.is_alphabetic());
    let cry = matches!(word.to_lowercase().as_str(), "auxilio" | "socorro");
    let unfinished = word == bare && word.starts_with(char::is_uppercase);
    (cry && !unfinished).then_some("red_flag.stated")
}

fn fires(rule: &Rule, sentence: &[Token]) -> bool {
    let hits = || {
        rule.says.iter().flat_map(|pattern| {
            let pattern = pattern.replace("@medicina", MEDICINE);
            let (first, pattern) = match pattern.strip_prefix("^ ") {
                Some(rest) => (true, rest),
                None => (false, pattern.as_str()),
            };
            let here = |span: &Range<usize>| !first || span.start == 0;
            find_all(sentence, pattern).filter(here).collect::<Vec<_>>()
        })
    };
    if rule.kind == Kind::Crisis {
        return hits().any(|span| !crisis_negated(sentence, span.start));
    }
    let now = any(sentence, NOW);
    let elsewhen = !now && (any(sentence, PAST) || any(sentence, SUPPOSED));
    let errand = !now && any(sentence, ERRAND);
    let silenced = any(sentence, rule.unless) || elsewhen || errand;
    hits().any(|span| {
        !negated(sentence, span.start)
            && if present(sentence, &span) { !idiom(sentence, &span) } else { !silenced }
    })
}

/// Whether a hit is what somebody has now: "me duele", "no puede respirar". What else is said does not undo that.
fn present(sentence: &[Token], hit: &Range<usize>) -> bool {
    let around = &sentence[hit.start.saturating_sub(3)..hit.end];
    let skipped = hit.start - hit.start.saturating_sub(3);
    PRESENT.iter().any(|pattern| find_all(around, pattern).any(|span| span.end >= skipped))
}

/// Whether the very words of a hit are another thing: "me muero de hambre".
fn idiom(sentence: &[Token], hit: &Range<usize>) -> bool {
    let within = |span: Range<usize>| span.start < hit.end && hit.start < span.end;
    IDIOMS.iter().any(|pattern| find_all(sentence, pattern).any(within))
}

/// Of a crisis only the word before denies it ("no soy suicida"), and before "me" and "se" it may as well be a "No,".
fn crisis_negated(sentence: &[Token], at: usize) -> bool {
    let word = |at: usize| sentence[at].word.as_str();
    let before = match at {
        0 => return false,
        at if at > 1 && matches!(word(at - 1), "soy" | "es") => at - 2,
        at => at - 1,
    };
    sentence[before].clause == sentence[at].clause
        && matches!(word(before), "no" | "ni" | "nunca" | "sin" | "tampoco")
        && !matches!(word(at), "me" | "se")
}

/// Whether what begins here is denied: "no tengo dolor de pecho", "sin dolor".
fn negated(sentence: &[Token], at: usize) -> bool {
    #[rustfmt::skip]
    const BETWEEN: &[&str] = &[
        "tengo", "tiene", "tuvo", "tuve", "siento", "siente", "hay", "es", "he", "ha", "tenido", "un", "una", "el", "la", "ningun",
        "ninguna", "de", "mas", "me", "le", "se", "esto", "realmente", "ya", "por", "eso", "estoy", "esta", "creo", "que", "sea", "nada", "ni", "o", "ahora", "mucho",
    ];
    for (place, before) in sentence[..at].iter().enumerate().rev() {
        if before.clause != sentence[at].clause {
            return false;
        }
        match before.word.as_str() {
            "no" => return !denies_nothing(&sentence[place + 1..=at]),
            "sin" | "nunca" | "tampoco" | "ni" | "niega" => return true,
            word if BETWEEN.contains(&word) => {}
            _ => return false,
        }
    }
    false
}

/// Whether a "no" before these words is none: "no sé qué tengo", "no es que …", "no, nada más me duele".
fn denies_nothing(after: &[Token]) -> bool {
    let plain = [
        "^ se que|si|como|tengo|siento|me|es|estoy|porque|creo",
        "^ es que",
        "^ mas|nada|por ..2 me|tengo|siento|estoy",
    ];
    after.first().is_some_and(|next| next.raw.to_lowercase() == "sé") || any(after, &plain)
}

/// What somebody has now, a word or two before an emergency or in it.
#[rustfmt::skip]
const PRESENT: &[&str] = &[
    "me|le|nos ..1 duele|duelen|aprieta|oprime|arde|punza|pesa|falta|cuesta|cierra|hincha", "duele|duelen|aprieta|oprime", "siento|siente", "no ..1 puedo|puede|alcanzo|alcanza|logro|logra|consigo|consigue|entra|llega|veo|ve",
    "tengo|tiene|siento|siente|con un|una|unos|muchos|mucho|mucha|este|esta|el|los|la|fuerte|fuertes|gran|muy? un|una|unos|muchos|mucho|mucha|este|esta|el|los|la|fuerte|fuertes|gran|muy? dolor|dolores|presion|opresion|punzada|punzadas|ardor|molestia|peso|labios|cara|lengua|garganta|fiebre|calentura|mucha|convulsiones", "estoy|esta|estan|estamos",
    "ahogo|ahoga|asfixio|asfixia|sofoco|sofoca|muero", "se muere", "sangro|sangra|toso|tose|vomito|vomita", "no ..1 respira|respiro|mueve", "hago|hace ..2 bano", "voy|va a morir|morirme|morirse",
    "papa|mama|padre|madre|hijo|hija|esposo|esposa|marido|mujer|hermano|hermana|abuelo|abuela|abuelito|abuelita|bebe|nino|nina|tio|tia|amigo|amiga|novio|novia|vecino|vecina|suegro|suegra|nieto|nieta|senor|senora|ella ..1 no ..1 responde|reacciona|despierta",
    "es|tengo|hay|tenemos una? emergencia", "labios ..2 azules|morados",
];

/// Words of an emergency in which there is none.
#[rustfmt::skip]
const IDIOMS: &[&str] = &[
    "respir* ..2 por ..2 nariz|fosa", "aire acondicionado", "ahogo|ahoga|ahogando ..2 en|de trabajo|deudas|cuentas|tareas|papeles", "muero|muere|muriendo|muriendome|morir|morirme de la? risa|hambre|sed|calor|sueno|ganas|verguenza|frio|curiosidad|pena|aburrimiento",
    "celular|telefono|bateria|carro|planta|plantas ..2 se ..1 muriendo|muere", "morir ..1 celular|telefono|bateria|carro", "emergencia familiar", "bebe|bebito|bebita|nene|nena ..3 anos", "bebe|bebito|bebita|nene|nena ..2 cuatro|cinco|seis|siete|ocho|nueve|diez|once|4|5|6|7|8|9|10|11 meses",
    "anos ..1 y|con ..1 un|dos|tres meses", "derrame ..2 aceite|agua|cafe|leche", "demasiado cafe|agua|sol|tiempo|tarde", "ojos hinchados ..4 llorar|llorando|alergias", "clase|clases|curso ..2 parto", "sangr* ..3 encias|encia", "encias|encia ..4 sangr*",
    "dar|dando el|de? pecho $", "hinchado|hinchada|hinchados ..3 ganglios|tobillo|tobillos|rodilla|pie|pies",
];

#[rustfmt::skip]
const NOW: &[&str] = &[
    "ahora|ahorita|hoy|todavia|sigue|sigo|empezo|empeora|empeorando", "otra vez", "de nuevo", "en este momento", "desde ayer|anoche|hace", "esta manana|tarde|noche", "acaba|acabo|acaban de", "minutos|hora|horas", "no para|se quita", "volvio",
    "estoy|esta|estan teniendo|sintiendo|sangrando|mareado|mareada|convulsionando|ahogando", "me|le esta dando|doliendo", "no puedo|puede ..2 respirar|mover|hablar",
];

#[rustfmt::skip]
const PAST: &[&str] = &[
    "ano|mes|semana|verano|invierno pasado|pasada", "hace ..2 anos|ano|meses|tiempo|decadas", "hace ..2 semanas", "cuando era|tenia|estaba", "en 19*|20*", "en dos mil ..2", "antecedentes", "historial de", "tuve|tuvo|sufri|sufrio ..8 antes|una vez",
    "murio|fallecio de|por", "despues|desde de? mi|su|del|la derrame|infarto|cirugia|accidente|embolia", "recuperando|recuperacion|recuperado|recuperada", "ya paso|estoy|esta|se mejor|bien|quito|fue", "se me quito", "dieron de alta", "estuve|estuvo ..2 hospital|emergencias", "sobrevivi*",
];

#[rustfmt::skip]
const SUPPOSED: &[&str] = &[
    "que pasa|pasaria|hago si", "en caso de", "cuales son ..2 sintomas|senales|riesgos", "sintomas|senales|signos de un|una|infarto|derrame", "ustedes|doctor|doctora|aqui ..2 tratan|trata|atienden|atiende|ven|ve", "historia|antecedentes familiar|familiares", "riesgo|riesgos de",
    "prevenir|prevencion|evitar", "lei|vi|articulo|programa|pelicula|clase|curso|informacion|folleto|charla ..4 sobre|de|acerca", "prueba|examen ..2 para detectar", "efecto|efectos secundario|secundarios", "diferencia entre", "puede|podria causar|provocar", "miedo de|a",
];

#[rustfmt::skip]
const ERRAND: &[&str] = &[
    "receta|recetas|resurt*|surtir|renovar", "seguimiento|chequeo", "cardiologo|cardiologa|neurologo|neurologa|alergologo|neumologo|especialista", "resultado|resultados", "factura|cobro|copago", "aseguranza", "seguro medico", "expediente|historial", "formulario|papeleo|papeles", "referencia|referido",
    "terapia|rehabilitacion", "grupo de apoyo",
];
