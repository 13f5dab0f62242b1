//! What a caller wants, in Spanish: the rules of `intents.rs` for words without accents.

use super::super::intents::{Intent, Meta};
use super::super::phrase::{any, find_all};
use super::super::tokens::Token;
use crate::practice::VisitType;

#[rustfmt::skip]
const PERSON: &[&str] = &[
    "hablar|hable|hablo|comunicarme|comunicar|platicar|atienda|atender|comunique|conecte ..2 persona|humano|alguien|recepcionista|operador|operadora|agente|enfermera|enfermero|representante|gerente|secretaria|encargado|encargada|recepcion|supervisor|asesor|personal",
    "hablar con ..1 doctor|doctora|medico", "quiero|necesito|quisiera|deme|prefiero|paseme|pasarme ..3 persona|humano|operador|operadora|recepcionista|representante|agente|recepcion|enfermera",
    "persona real|humana|verdadera|viva", "ser humano", "^ operador|operadora|recepcion|recepcionista|representante|agente|humano",
    "^ una? persona $", "con recepcion", "transfiera*|transferir*|transfierame|comuniqueme|conecteme|paseme", "me|puede|podria comunica|comunicar|transferir|transfiere|pasa|pasar ..1 con|a",
    "persona|operador|operadora por favor $", "servicio al cliente", "alguien ..2 que hable|atienda|ayude", "con una persona", "hablar con alguien",
    "me atienda ..1 persona|alguien", "hay alguien ..3 hablar",
];

#[rustfmt::skip]
const NOT_PERSON: &[&str] = &[
    "es usted|esto|esta ..2 persona|humano", "eres ..2 persona|humano", "hablo|hablando con ..2 persona|humano|robot|maquina",
    "no quiero ..2 hablar", "sin hablar", "no me transfiera|comunique|pase|conecte",
];

#[rustfmt::skip]
const RESCHEDULE: &[&str] = &[
    "reprogram*|reagend*|recalendariz*|posponer*|pospong*|pospuso|aplaz*",
    "cambi*|mover|mueva|mueve|mueven|moverl*|moverm*|muev*|pasar|pasarl*|pasen|pase|paseme|correr|recorrer*|atrasar*|retrasar*|adelantar* ..5 cita|citas|consulta|turno|visita|hora|fecha|dia|examen|chequeo|vacuna|seguimiento",
    "cambi*|mover|muev*|pasar|pase|pasen|recorrer*|adelantar*|atrasar* ..4 lunes|martes|miercoles|jueves|viernes|sabado|manana",
    "cita|consulta|turno|visita ..8 cambiar*|mover*|cambiarla|moverla|pasarla|cambie|mueva",
    "cambiarla|moverla|pasarla|cambiarlo|moverlo|cambiela|muevala|pasela|cambiemela|cambiamela|adelantarla|atrasarla",
    "otra|otro|distinta|diferente hora|dia|fecha|horario ..2 para mi cita|consulta", "venir|ir otro dia", "cita ..4 para otro dia|fecha",
    "^ cambiar|mover|pasar", "cambio de cita|fecha|hora",
];

#[rustfmt::skip]
const CANCEL: &[&str] = &[
    "cancelar|cancelarl*|cancelarm*|cancelo|cancele|cancela|cancelen|cancelela|cancelemela|cancelacion", "anular*|anule|anulen",
    "ya no ..2 necesito|quiero|voy ..4 cita|consulta", "quitar|quite|borrar|borre|eliminar|elimine ..3 cita", "no voy a necesitar ..2 cita",
];

#[rustfmt::skip]
const CANNOT_COME: &[&str] = &[
    "no ..1 puedo|podre|alcanzo ..2 ir|venir|asistir|llegar|presentarme|acudir", "no voy a? ..1 poder ..2 ir|venir|asistir|llegar|acudir?",
    "no puedo|podre a|en|por|para? el|la|los|ese|este|mi? dia|proximo? cita|jueves|viernes|lunes|martes|miercoles|manana $", "se me presento", "me salio|surgio ..1 algo|imprevisto|compromiso",
    "surgio un|algo", "voy a faltar", "no llego a ..2 cita",
];

#[rustfmt::skip]
const APPOINTMENTS: &[&str] = &[
    "cuando|cual|cuales|que|donde ..4 mi|mis ..2 cita|citas|consulta|turno|examen|visita", "a? que hora|dia ..4 mi|la|tengo ..3 cita|consulta|turno|venir|ir",
    "tengo ..2 alguna|una|otra? cita|citas ..6 $", "^ ..3 tengo cita ..5 $", "confirmar|verificar|revisar|checar|saber|recordar|ver|consultar ..4 mi|mis|la|una|si ..3 cita|citas|consulta|turno",
    "olvide|olvido|recuerdo|acuerdo ..5 cita|cuando|hora", "que citas", "mis citas", "proximas citas", "cuando me toca", "a que hora me toca", "proxima cita $", "cuando es $", "cuando tengo que ir|venir",
    "si|que ..2 tengo ..1 cita",
];

#[rustfmt::skip]
const NOT_APPOINTMENTS: &[&str] = &[
    "quiero|quisiera|necesito|gustaria ..2 cambiar*|mover*|cancelar*|hacer|sacar|agendar|reservar|pedir|programar",
    "tengo ..1 una cita ..8 y|pero",
];

#[rustfmt::skip]
const BOOK: &[&str] = &[
    "hacer|hacerme|sacar|sacarme|pedir|agendar*|agende|agendo|reservar|reserve|programar|programe|concertar|solicitar|apartar|obtener|conseguir|necesito|quiero|quisiera|gustaria|dar|darme|deme|tener|ocupo|busco|buscando ..4 cita|citas|consulta|turno|examen|chequeo|vacuna|vacunas|fisico|seguimiento|revision|control|espacio",
    "necesito|quiero|quisiera|gustaria|puedo|podria ..2 ver|verme|consultar|vea|revise ..2 doctor|doctora|medico|alguien|dr",
    "que me ..1 vea|revise|atienda ..3 doctor|doctora|medico|alguien", "ponerme|pongan|vacunarme ..3 vacuna|inyeccion|refuerzo?", "nueva cita|consulta", "otra cita",
    "cita nueva", "^ ..1 cita $", "una cita ..1 con|para", "^ una cita ..3", "cita con ..1 doctor|doctora", "cita para ..3 examen|chequeo|vacuna|fisico|gripe|manana|lunes|martes|miercoles|jueves|viernes|semana",
    "tiene|tienen|hay|tendra|habra ..4 disponible|disponibles|disponibilidad|libre|libres|espacio|espacios|lugar|citas|cita", "^ agendar|reservar|sacar|agende",
    "hacer|agendar|reservar una para|con",
];

#[rustfmt::skip]
const HOURS: &[&str] = &[
    "horario|horarios ..3 tiene|tienen|atencion|ustedes|oficina|consultorio|clinica|es|son|trabajan|atienden|de|del $", "que|cual|cuales ..2 horario|horarios", "^ ..1 horario ..3 $", "horario de atencion|oficina|servicio",
    "a? que hora|horas ..3 abren|cierran|abre|cierra|atienden|abierto|abiertos|trabajan", "cuando|hasta ..3 abren|cierran|abre|cierra|atienden",
    "abren|atienden|trabajan|abre|abiertos|abierto|cierran|abierta ..3 sabado|sabados|domingo|domingos|hoy|manana|fines|lunes|viernes|tarde|noche", "estan|esta ..2 abierto|abiertos|abierta|cerrado|cerrados",
    "que dias ..1 abren|atienden|trabajan",
];

#[rustfmt::skip]
const ADDRESS: &[&str] = &[
    "direccion|ubicacion|domicilio", "donde ..3 estan|esta|queda|quedan|ubicad*|encuentran|encuentra|localizad*", "como ..2 llego|llegar|llega", "en que calle", "indicaciones para llegar",
];

#[rustfmt::skip]
const MESSAGE: &[&str] = &[
    "dejar|dejarle|dejarles|deje|mandar|enviar|tomar|tome|tomarme|dar|pasar ..3 mensaje|recado|nota", "mensaje|recado para|al|a", "^ un? mensaje|recado",
    "que me llamen|llame|marquen|regresen|devuelvan|contacten", "me pueden|puede|podrian|podria llamar|devolver|regresar|marcar", "me devuelvan|regresen ..2 llamada", "devolver* ..2 llamada", "llamenme|llameme|marquenme",
    "dig*|avis* ..2 doctor|doctora|enfermera que", "avisarle|decirle|diganle|digale|avisenle|aviseles al|a|que",
];

#[rustfmt::skip]
const FOR_STAFF: &[&str] = &[
    "receta|recetas|resurt*|surtir*|surtido", "renovar|rellenar|reponer|refil|refill ..3 medicina|medicinas|medicamento*|receta|pastillas", "se me acabo|acabaron|acaban|terminaron ..3 medicina*|medicamento*|pastillas|insulina",
    "factura|facturas|facturacion|cobro|cobraron|cobran|cargo|saldo|deuda|copago|pagar|pago|billing|bill",
    "aseguranza|aseguranzas|medicaid|medicare|medi|seguro|seguros ..3 medico|aceptan|cubre|cubren|tienen|toman|trabajan|dental|salud|medicos", "mi seguro|aseguranza", "aceptan|toman|reciben|trabajan ..4 seguro|seguros|aseguranza|medicaid|medicare|tarjeta|efectivo|aetna|cigna|humana|blue", "aseguranza|aseguranzas|medicaid|medicare",
    "referido|referencia|referir|remision|pase para ..2 especialista", "expediente|historial|registros|records", "autorizacion previa", "fax", "formulario|formularios|formas|papeles|papeleo|documento|documentos",
    "nota|carta|justificante|constancia|incapacidad ..3 trabajo|escuela|medico|medica", "incapacidad|discapacidad", "farmacia", "queja", "estacionamiento|parqueo|parking", "portal|contrasena",
    "cuanto ..3 cuesta|cuestan|vale|sale|cobra", "costo|precio ..3",
];

#[rustfmt::skip]
const ABOUT_APPOINTMENT: &[&str] = &[
    "sobre|acerca|respecto|por|pregunta|duda|de ..4 mi|una|la ..1 cita|consulta", "^ ..3 mi cita $", "tengo una? cita", "^ ..2 cita $", "^ ..1 citas $",
];

/// A cancelling that the caller does not want, or that others did.
#[rustfmt::skip]
const NOT_CANCEL: &[&str] = &[
    "no ..2 quiero|necesito|voy|pienso|deseo|quisiera ..2 cancelar*|anular*", "no ..2 quiero|deseo|quisiera|necesito|gustaria que ..3 cancel*|anul*",
    "no me|nos|le? la|las|lo? cancele|cancelen|canceles|cancelar|cancela|anule|anulen|anular", "no ..3 vaya|vayan|vayas|ir a ..2 cancelar*|anular*",
    "me|nos|quien|ustedes|han|habian cancelo|cancelado|cancelaron", "politica|cargo|costo ..2 cancelacion",
];

/// Finds what the caller wants.
pub(in super::super) fn intent(heard: &[Token]) -> Option<Intent> {
    if any(heard, PERSON) && !any(heard, NOT_PERSON) {
        return Some(Intent::Person);
    }
    let not = |verbs: &str| any(heard, &[verbs]);
    let prescribed =
        not("pase|pasen|pasar|mande ..3 receta|recetas|medicina|medicamento|referencia");
    if any(heard, RESCHEDULE)
        && !prescribed
        && !not("no ..2 quiero|necesito|voy ..2 cambi*|mover*|pasar*")
        && !not("no la|lo? cambie|mueva")
    {
        return Some(Intent::Reschedule);
    }
    // "No, cancélela": the no is another clause's.
    let joined = |heard: &[Token], pattern: &&str| {
        find_all(heard, pattern).any(|at| heard[at.start].clause == heard[at.end - 1].clause)
    };
    if any(heard, CANCEL) && !NOT_CANCEL.iter().any(|pattern| joined(heard, pattern)) {
        return Some(Intent::Cancel);
    }
    let rules: &[(Intent, &[&str])] = &[
        (Intent::CannotCome, CANNOT_COME),
        (Intent::Message, MESSAGE),
        (Intent::Hours, HOURS),
        (Intent::ForStaff, FOR_STAFF),
    ];
    let first = rules.iter().find(|(_, patterns)| any(heard, patterns)).map(|(intent, _)| *intent);
    if first.is_some() {
        return first;
    }
    if any(heard, APPOINTMENTS) && !any(heard, NOT_APPOINTMENTS) {
        return Some(Intent::Appointments);
    }
    #[rustfmt::skip]
    let rules: &[(Intent, &[&str])] = &[
        (Intent::AppointmentUnclear, &["sobre|acerca|respecto|pregunta|duda ..4 mi|una|la ..1 cita|consulta", "llamo|llamando por|de mi|una|la cita"]),
        (Intent::Book, BOOK),
        (Intent::Address, ADDRESS),
        (Intent::AppointmentUnclear, ABOUT_APPOINTMENT),
    ];
    rules.iter().find(|(_, patterns)| any(heard, patterns)).map(|(intent, _)| *intent)
}

/// Finds words about the conversation itself.
pub(in super::super) fn meta(heard: &[Token]) -> Option<Meta> {
    #[rustfmt::skip]
    let rules: &[(Meta, &[&str])] = &[
        (Meta::Robot, &[
            "es|eres usted? ..3 robot|maquina|computadora|grabacion|persona|humano|real|humana", "hablo|hablando con ..2 robot|maquina|computadora|persona|humano|grabacion",
            "esto|esta es ..2 robot|maquina|computadora|grabacion|persona", "quien es usted", "quien habla", "con quien hablo|tengo",
        ]),
        (Meta::Reached, &["es|hablo al|a|con ..1 consultorio|clinica|oficina", "llame al|a la ..1 consultorio|clinica|oficina", "es ahi|aqui|este ..1 consultorio|clinica|oficina"]),
        (Meta::Repeat, &[
            "repita|repite|repitame|repetir|repetirme|repitalo|repitame", "otra vez por? favor?", "de nuevo $", "una vez mas", "^ como $", "^ que $", "^ perdon $", "^ mande $", "^ disculpe $", "^ como dijo ..2", "que dijo",
            "no le? ..1 escuche|oi|entendi|entiendo|escucho|oigo ..2", "mas despacio|lento|fuerte|alto", "como ..1 dice|dijo", "^ perdon que|como", "no entendi",
        ]),
        (Meta::Hold, &[
            "espere|espereme|esperame|espera|aguarde|aguanteme ..2 momento|momentito|segundo|segundito|minuto|minutito|tantito|poquito", "un|deme|dame ..1 momento|momentito|segundo|segundito|minuto|minutito $", "un|deme ..1 momento|momentito|segundo|minuto por favor",
            "permitame|permita|dejeme|deje ..2 ver|revisar|checar|buscar|momento|pensar|segundo|anotar", "dejame ver|pensar|revisar", "^ espere $", "^ permitame $", "^ un momento", "no cuelgue",
        ]),
        (Meta::Help, &["que puede|puedes hacer", "en que me puede ayudar", "^ ayuda $", "que opciones", "como funciona", "^ opciones $", "que hace usted"]),
        (Meta::NeverMind, &["olvidelo|olvidalo|olvidese", "dejelo|dejalo|dejemoslo asi", "ya no importa", "no importa ya|dejelo", "cambie de opinion", "^ no importa $", "empezar|empecemos de nuevo"]),
        (Meta::Goodbye, &[
            "adios|chao|chau|bye|adiosito", "hasta luego|pronto|manana|la", "nos vemos", "es todo|eso es todo|seria todo|nada mas", "eso es todo", "es todo", "seria todo", "nada mas", "que tenga|tengan|este ..1 buen|bonito|lindo|bonita|linda|feliz|bien|excelente",
            "ya no|nada gracias", "cuidese", "cuelgue|voy a colgar", "asi esta bien gracias", "con eso",
        ]),
        (Meta::Thanks, &["gracias", "agradezco", "muy amable"]),
        (Meta::Still, &["esta|sigue|estas ahi", "me escucha|oye|escuchan|oyen", "hay alguien $", "sigue en la linea"]),
        (Meta::Hello, &["^ hola|alo|bueno|oiga|diga ..2 $", "^ buenos|buenas dias|tardes|noches ..1 $", "^ buenas $", "^ buen dia ..1 $"]),
    ];
    rules.iter().find(|(_, patterns)| any(heard, patterns)).map(|(meta, _)| *meta)
}

/// Finds the kind of visit.
pub(in super::super) fn visit_type(heard: &[Token]) -> Option<VisitType> {
    #[rustfmt::skip]
    let rules: &[(VisitType, &[&str])] = &[
        (VisitType::Vaccination, &["vacun*|inmuniz*|refuerzo|tetano", "inyeccion ..3 gripe|influenza|gripa|tetano"]),
        (VisitType::Physical, &["fisico|fisica|chequeo|checkup|anual", "examen|revision|control general|rutina|anual|medico", "papanicolau|papanicolaou", "bienestar"]),
        (VisitType::FollowUp, &["seguimiento", "control $", "de control", "volver a ver", "revision de"]),
        (VisitType::Sick, &[
            "enferm*|tos|gripe|gripa|resfriado|resfrio|catarro|fiebre|calentura|sarpullido|salpullido|infeccion|dolor|dolores|duele|duelen|vomito|vomitos|nauseas|mareo|mareos|mareado|mareada|diarrea|sinusitis|hinchado|hinchada|torcedura|comezon|picazon|ronchas|alergia|alergias|malestar",
            "me siento ..1 mal|enfermo|enferma", "no me siento ..1 bien", "algo|problema nuevo", "estoy malo|mala",
        ]),
        (VisitType::Office, &["consulta|cita|visita|revision general|regular|normal|rutina|de rutina|comun|medica", "^ ..2 general|regular|normal|rutina ..1 $", "presion arterial|alta", "^ una? consulta $", "revision|revisar ..2 medicamentos|medicinas"]),
    ];
    rules.iter().find(|(_, patterns)| any(heard, patterns)).map(|(kind, _)| *kind)
}

/// Whether the caller speaks for somebody else.
pub(in super::super) fn is_proxy(heard: &[Token]) -> bool {
    #[rustfmt::skip]
    const PROXY: &[&str] = &[
        "cita|examen|consulta|vacuna|chequeo|turno|fisico ..1 para mi|mis|el|la|nuestro|nuestra @familia", "para mi|mis @familia ..3 cita|para|que", "cita|citas de mi|mis @familia",
        "soy su|el|la @familia de?", "llamo|llamando|hablo ..2 de parte|por|para de? mi @familia", "mi|mis @familia ..3 necesita|necesitan|quiere|tiene|tienen ..4 cita|examen|consulta|vacuna|vacunas|chequeo",
        "llevar|traer|vacunar a mi|mis @familia", "para mi @familia $", "en nombre de mi",
    ];
    any(heard, PROXY)
}
