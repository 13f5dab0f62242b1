//! Spanish words that carry nothing for the gloss: left out, or kept as a word that is no name.

/// Articles, prepositions and the like: left out.
#[rustfmt::skip]
pub(super) const SMALL: &[&str] = &[
    "el", "la", "los", "las", "lo", "un", "una", "unos", "unas", "de", "del", "a", "por", "que", "se", "me", "le", "les",
    "te", "nos", "su", "sus", "es", "esa", "ese", "eso", "esos", "esas", "esto", "pues", "bueno", "entonces", "este", "como",
    "mas", "muy", "ya", "tambien", "aqui", "ahi", "alla", "sobre", "sin", "pero", "porque", "si", "ah", "ay", "oiga", "oye",
    "mire", "mira", "favor", "porfa", "porfavor", "claro", "digame", "fijese", "yo", "usted", "ustedes", "ud", "uds",
    "bien", "verdad", "okey", "ok", "dale", "ese", "ella", "ellos", "ha", "he", "ser", "sea", "va", "voy", "vaya", "fue",
    "era", "algo", "alguna", "algun", "tan", "solo", "solamente", "nomas", "cada", "todo", "toda", "todos", "todas", "unico",
    "anio", "ano", "fecha", "hacia", "segun", "mismo", "misma", "ese", "tal", "cual", "senalado", "punto",
];

/// Words that a caller may begin with or put next to a name, and that are no names.
#[rustfmt::skip]
pub(super) const OTHER: &[&str] = &[
    "aceptan", "acaba", "agenda", "ahora", "ahorita", "alergia", "alergica", "alergico", "analisis", "apellido",
    "apellidos", "atiende", "atienden", "aun", "buscando", "busco", "calle", "casa", "checar", "chequeo", "clinica",
    "confirmar", "consultorio", "correcto", "cuanto", "cuenta", "cuesta", "dar", "darme", "dejar", "deletreo", "desde",
    "diga", "dijeron", "direccion", "disculpa", "disculpe", "dolor", "donde", "doy", "duele", "embarazada",
    "emergencia", "empezo", "encantado", "encuentro", "enferma", "enfermo", "entiendo", "enviar", "equivoque", "era",
    "escriba", "escribe", "espera", "espere", "esposa", "esposo", "esta", "estaba", "estan", "estar",
    "estoy", "exacto", "examen", "excelente", "fiebre", "fisico", "general", "gripe", "gusta", "gustaria", "hable",
    "hablo", "hace", "haga", "hija", "hijo", "hasta", "horas", "igual", "importa", "ir", "irme", "llamaba",
    "llamada", "llamando", "llamo", "llamaron", "madre", "mama", "medicamento", "medicina", "minuto", "momento",
    "momentito", "necesita", "necesito", "ni", "nunca", "ojala", "olvide", "olvido", "oficina", "paciente", "papa",
    "pastillas", "pecho", "pedir", "pendiente", "perdon", "perdona", "perdone", "perfecto", "permiso", "permitame",
    "pido", "poder", "podido", "ponga", "posible", "pregunta", "preguntar", "prefiero", "primera", "primero",
    "pronto", "puede", "pueden", "puedo", "quedo", "quien", "quiere", "quieren", "receta", "recibir", "refiero",
    "regular", "repita", "repite", "resultado", "resultados", "revisar", "saber", "sabe", "sacar", "salud", "seguimiento",
    "segura", "seguro", "sentir", "sera", "seria", "siento", "siempre", "sigo", "sirve", "surtir", "tarde", "telefono",
    "tendria", "tener", "tenia", "tengo", "termino", "tiempo", "tomar", "tos", "tuve", "ultimo", "urgente", "vacuna",
    "vamos", "venir", "ver", "verificar", "verla", "verlo", "vez", "vivo", "vengo", "volver", "ocupo", "listo", "lista",
    "afirmativo", "efectivamente", "asi", "acuerdo", "quizas", "quiza", "talvez", "obvio", "simon", "sip", "aja",
    "nop", "tampoco", "encargado", "encargada", "hacerme", "hacerlo", "hacerla", "pareceria", "parece", "bienvenido",
    "verificacion", "datos", "numero", "letra", "letras", "acento", "mayuscula", "guion", "coma", "tilde", "escucha",
    "escucho", "oye", "oigo", "oye", "entendi", "escuche", "cuales", "tenemos", "somos", "fuera", "sido", "habia", "haber",
];
