//! Every sentence of the agent, in every language it speaks, side by side: what has no Spanish does not compile.
//!
//! Spanish is Latin American and says "usted". `{0}` and `{1}` are filled in. Where there are several ways to say the
//! same, the seed chooses. Notes for the team are no sentences of the agent: they are written in English.

use crate::agent::tongue::Tongue;

/// One thing to say: in each language one way or several.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    english: &'static [&'static str],
    spanish: &'static [&'static str],
}

impl Line {
    /// Returns the ways to say it.
    pub(crate) fn ways(self, tongue: Tongue) -> &'static [&'static str] {
        tongue.either(self.english, self.spanish)
    }
}

/// Declares the sentences, and lists them for whoever tells them all.
macro_rules! lines {
    ($($name:ident: [$($english:literal),+ $(,)?] [$($spanish:literal),+ $(,)?])+) => {
        $(
            pub(crate) const $name: Line =
                Line { english: &[$($english),+], spanish: &[$($spanish),+] };
        )+

        /// All of them, by name.
        pub(crate) const ALL: &[(&str, Line)] = &[$((stringify!($name), $name)),+];
    };
}

lines! {
    // ---- the call ----
    GREETING: ["Thank you for calling {0}. This is the practice's automated assistant."]
        ["Gracias por llamar a {0}. Le atiende el asistente automático del consultorio."]
    OPEN_TODAY: ["How can I help you today?"] ["¿En qué le puedo ayudar hoy?"]
    OPEN: ["How can I help you?"] ["¿En qué le puedo ayudar?"]
    OPEN_WHAT: ["What can I do for you?"] ["¿Qué puedo hacer por usted?"]
    OPEN_SURE: ["Sure. What can I do for you?"] ["Claro. ¿Qué puedo hacer por usted?"]
    OPEN_THANKS: ["Thank you. What can I do for you?"] ["Gracias. ¿Qué puedo hacer por usted?"]
    ANYTHING_ELSE: [
        "Is there anything else I can help you with?",
        "Is there anything else I can do for you?",
        "Can I help you with anything else?",
    ] [
        "¿Le puedo ayudar con algo más?",
        "¿Hay algo más que pueda hacer por usted?",
        "¿Necesita algo más?",
    ]
    GOODBYE: [
        "Thank you for calling. Goodbye.",
        "Thanks for calling. Take care. Goodbye.",
        "Thank you for calling. Have a good day. Goodbye.",
    ] [
        "Gracias por llamar. Hasta luego.",
        "Gracias por su llamada. Que esté muy bien. Hasta luego.",
        "Gracias por llamar. Que tenga un buen día. Hasta luego.",
    ]
    OF_COURSE: ["Of course."] ["Claro, seguimos en español."]
    YES_THIS_LANGUAGE: ["Yes, we can speak English."] ["Sí, podemos hablar en español."]
    ONLY_THIS: ["I only speak English."] ["Solo hablo español."]
    ONLY_THIS_LANGUAGE: ["I'm sorry, I only speak English on this line."]
        ["Lo siento, en esta línea solo atiendo en español."]
    // ---- the conversation itself ----
    ONE_MOMENT: ["One moment, please."] ["Un momento, por favor."]
    THANK_YOU: ["Thank you."] ["Gracias."]
    ALL_RIGHT: ["All right."] ["Está bien."]
    NOTHING_CHANGED: ["All right. Nothing was changed."] ["Está bien. Todo queda como estaba."]
    WELCOME: ["You're welcome."] ["Con mucho gusto."]
    HERE: ["Yes, I'm here."] ["Sí, aquí estoy."]
    FILLER: ["One moment, please.", "Just a moment.", "Let me look that up."]
        ["Un momento, por favor.", "Un momentito.", "Permítame revisar."]
    STILL_WORKING: ["I'm still working on it. Thank you for your patience."]
        ["Todavía estoy revisando. Gracias por su paciencia."]
    TAKE_YOUR_TIME: ["Take your time.", "Sure, take your time.", "Of course. I'll wait."]
        ["Tómese su tiempo.", "Claro, tómese su tiempo.", "Por supuesto. Aquí espero."]
    ROBOT: ["I'm the practice's automated assistant, not a person. You can ask for a person at any time."]
        ["Soy el asistente automático del consultorio, no una persona. Puede pedir hablar con una persona en cualquier momento."]
    HELP: ["I can book, move or cancel appointments, tell you when yours are, answer questions about our hours and address, take a message, or connect you with a person."]
        ["Puedo hacer, cambiar o cancelar citas, decirle cuándo son las suyas, darle nuestro horario y dirección, tomar un recado o comunicarle con una persona."]
    REACHED: ["This is {0}."] ["Sí, está llamando a {0}."]
    NO_NUMBERS: ["Please don't give card or social security numbers on this line. I haven't kept it."]
        ["Por favor, no dé números de tarjeta de crédito ni de seguro social en esta línea. No lo guardé."]
    SORRY: ["Sorry, I didn't catch that.", "I'm sorry, I didn't get that.", "Sorry, I didn't understand."]
        ["Disculpe, no le entendí.", "Perdón, no le escuché bien.", "Disculpe, no entendí."]
    STILL_THERE: ["Are you still there?", "Hello? Are you there?", "I'm still here."]
        ["¿Sigue en la línea?", "¿Hola? ¿Me escucha?", "Aquí sigo."]
    CANT_HEAR: ["I'm sorry, I can't hear you."] ["Disculpe, no le escucho."]
    TIME_IS_UP: ["I'm sorry, this call has lasted as long as it can. Please call us again if there is more. Goodbye."]
        ["Lo siento, esta llamada ya no puede durar más. Si falta algo, vuelva a llamarnos, por favor. Adiós."]
    CANT_HEAR_BYE: ["I can't hear you, so I'll hang up now. Please call us back any time. Goodbye."]
        ["No le escucho, así que voy a colgar. Vuelva a llamarnos cuando guste. Hasta luego."]
    KEY_BIRTH: ["You can also key in your date of birth: two digits for the month, two for the day, and four for the year."]
        ["También puede marcar su fecha de nacimiento: dos dígitos para el día, dos para el mes y cuatro para el año."]
    KEY_ZIP: ["You can also key in the five digits of your ZIP code."]
        ["También puede marcar los cinco dígitos de su código postal."]
    KEY_ZERO: ["You can also press zero for a person."]
        ["También puede oprimir el cero para hablar con una persona."]
    UNRECORDED: ["All right. I've stopped recording, and nothing of it is kept."]
        ["Está bien. Dejé de grabar, y no se guarda nada de lo grabado."]
    NOT_RECORDED: ["This call is not recorded."] ["Esta llamada no se graba."]
    // ---- what can be said, after a failure ----
    HINT_OPEN: ["You can say, for example: I'd like to move my appointment."]
        ["Puede decir, por ejemplo: quiero cambiar mi cita."]
    HINT_NAME: ["Please say your first and last name, and spell the last name."]
        ["Por favor, diga su nombre y apellido, y luego el apellido letra por letra."]
    HINT_BIRTH: ["Please say the month, the day and the year you were born, or key them in as eight digits."]
        ["Por favor, diga el día, el mes y el año en que nació, o márquelos con ocho dígitos."]
    HINT_ZIP: ["Please say or key in the five digits of your ZIP code."]
        ["Por favor, diga o marque los cinco dígitos de su código postal."]
    HINT_VISIT: ["You can say: a physical, a sick visit, a follow-up, a vaccination, or a regular visit."]
        ["Puede decir: examen físico, consulta porque me siento mal, seguimiento, vacuna o consulta general."]
    HINT_WHEN: ["You can say, for example: next Tuesday morning, or: as soon as possible."]
        ["Puede decir, por ejemplo: el próximo martes por la mañana, o: lo antes posible."]
    HINT_STAFF: ["You can say: take a message, or: the front desk."]
        ["Puede decir: quiero dejar un recado, o: páseme con recepción."]
    // ---- who is calling ----
    NAME: [
        "Sure, I can help with that. Can I have your first and last name, please?",
        "I can help you with that. What's your first and last name?",
        "Happy to help. May I have your first and last name, please?",
    ] [
        "Claro, le ayudo con eso. ¿Me da su nombre y apellido, por favor?",
        "Le puedo ayudar con eso. ¿Cuál es su nombre y apellido?",
        "Con gusto le ayudo. ¿Me dice su nombre y apellido, por favor?",
    ]
    NAME_STILL: ["Got it. And can I have your first and last name, please?"]
        ["Entendido. ¿Y me da su nombre y apellido, por favor?"]
    NAME_AGAIN: ["What's your first and last name? Please spell the last name."]
        ["¿Cuál es su nombre y apellido? Por favor, dígame el apellido letra por letra."]
    NAME_TOO: ["And your first and last name, please?"] ["¿Y su nombre y apellido, por favor?"]
    FAMILY_NAME: ["And your last name, please?"] ["¿Y su apellido, por favor?"]
    GIVEN_NAME: ["And your first name, please?"] ["¿Y su nombre, por favor?"]
    BIRTH: [
        "And your date of birth, please?",
        "Thank you. And what is your date of birth?",
        "And what's your date of birth?",
    ] [
        "¿Y su fecha de nacimiento, por favor?",
        "Gracias. ¿Y cuál es su fecha de nacimiento?",
        "¿Y cuál es su fecha de nacimiento?",
    ]
    BIRTH_AGAIN: ["And your date of birth? You can also key it in as eight digits: month, day and year."]
        ["¿Y su fecha de nacimiento? También puede marcarla con ocho dígitos: día, mes y año."]
    BIRTH_YEAR: ["And the year?"] ["¿Y el año?"]
    BIRTH_RIGHT: ["I heard {0}. Is that right?"] ["Escuché {0}. ¿Es correcto?"]
    TIE_BREAKER: ["Thank you. One more thing: what's your ZIP code, or the last four digits of your phone number?"]
        ["Gracias. Una cosa más: ¿cuál es su código postal, o los últimos cuatro dígitos de su teléfono?"]
    THANKS_NAME: ["Thank you, {0}."] ["Gracias, {0}."]
    NOT_VERIFIED: ["I'm sorry, I couldn't verify those details. Let's try once more."]
        ["Lo siento, no pude verificar esos datos. Intentemos una vez más."]
    // ---- appointments ----
    NO_APPOINTMENT_BOOK: ["I don't see an upcoming appointment for you. Would you like to book one?"]
        ["No veo ninguna cita próxima a su nombre. ¿Quiere hacer una?"]
    THE_ONE: ["The appointment I see is {0}. Is that the one?"] ["La cita que veo es {0}. ¿Es esa?"]
    NO_OTHER: ["I don't see another appointment for you."] ["No veo otra cita a su nombre."]
    NO_APPOINTMENT: ["I don't see an upcoming appointment for you."]
        ["No veo ninguna cita próxima a su nombre."]
    YOU_HAVE_A: ["You have {0}."] ["Usted tiene {0}."]
    YOU_HAVE_MANY: ["You have {0} appointments: {1}."] ["Usted tiene {0} citas: {1}."]
    WHICH_TO_MOVE: ["You have {0}. Which one would you like to move?"]
        ["Usted tiene cita {0}. ¿Cuál quiere cambiar?"]
    WHICH_TO_CANCEL: ["You have {0}. Which one would you like to cancel?"]
        ["Usted tiene cita {0}. ¿Cuál quiere cancelar?"]
    NOT_THAT_ONE_MOVE: ["I don't see that one. You have {0}. Which one would you like to move?"]
        ["No veo esa cita. Usted tiene cita {0}. ¿Cuál quiere cambiar?"]
    NOT_THAT_ONE_CANCEL: ["I don't see that one. You have {0}. Which one would you like to cancel?"]
        ["No veo esa cita. Usted tiene cita {0}. ¿Cuál quiere cancelar?"]
    WHICH_ONE: ["Which appointment do you mean?"] ["¿De cuál cita me habla?"]
    WHAT_ABOUT_IT: ["Sure. Would you like to book, move or cancel an appointment, or hear when it is?"]
        ["Claro. ¿Quiere hacer, cambiar o cancelar una cita, o saber cuándo es?"]
    MOVE_OR_CANCEL: ["I see. Would you like to move it, or cancel it?"]
        ["Entiendo. ¿Quiere cambiarla o cancelarla?"]
    VISIT_TYPE: [
        "What is the visit for: a physical, something new, a follow-up, or a vaccination?",
        "What kind of visit is it: a physical, a sick visit, a follow-up, or a vaccination?",
    ] [
        "¿Para qué es la cita: un examen físico, algo nuevo, un seguimiento o una vacuna?",
        "¿Qué tipo de cita necesita: un examen físico, una consulta porque se siente mal, un seguimiento o una vacuna?",
    ]
    WHEN_BOOK: ["When would you like to come in?", "What day or time works for you?", "When would suit you?"]
        ["¿Cuándo le gustaría venir?", "¿Qué día y a qué hora le conviene?", "¿Cuándo le queda bien?"]
    WHEN_INSTEAD: [
        "When would you like to come instead?",
        "What day or time would work better for you?",
        "When would suit you better?",
    ] [
        "¿Para cuándo le gustaría cambiarla?",
        "¿Qué día y a qué hora le conviene más?",
        "¿Cuándo le queda mejor?",
    ]
    WHEN_BEST: ["What day and time would suit you best?"] ["¿Qué día y a qué hora le conviene más?"]
    UNKNOWN_DOCTOR: ["I don't see that doctor here. We have {0}."] ["No encuentro a esa persona en este consultorio. Aquí atienden {0}."]
    // ---- an offer and its read-back ----
    I_HAVE: ["I have"] ["Tengo"]
    NOTHING_SOONER: ["I don't have anything sooner with them. The closest is"]
        ["No tengo nada antes con esa persona. Lo más cercano es"]
    NOTHING_THEN: ["I don't have anything at that time. The closest is"]
        ["No tengo nada en ese horario. Lo más cercano es"]
    NOTHING_THAT_TIME_OF_DAY: ["I don't have anything at that time of day. The closest is"]
        ["No tengo nada en ese horario. Lo más cercano es"]
    NOTHING_WITH_THEM: ["I don't have anything with them. The closest is"]
        ["No tengo nada con esa persona. Lo más cercano es"]
    NOTHING_EARLIER: ["I don't have anything earlier. I still have"] ["No tengo nada antes. Todavía tengo"]
    SHALL_I_MOVE: ["Shall I move your {0} appointment there?"] ["¿Paso su cita del {0} a esa hora?"]
    SHALL_I_BOOK: ["Shall I book that for your {0}?"] ["¿Le reservo esa hora para su {0}?"]
    IS_THAT_A_YES: ["{0}. Is that a yes?"] ["Sería {0}. ¿Me confirma que sí?"]
    GO_AHEAD_THAT: ["That was {0}. Shall I go ahead?"] ["Le ofrecí {0}. ¿Se lo confirmo?"]
    GO_AHEAD_SURE: ["Just to be sure: shall I go ahead with that?"] ["Solo para confirmar: ¿le confirmo la hora que le ofrecí?"]
    SHALL_I_CANCEL: ["That's {0}. I could also move it. Shall I cancel it?"]
        ["Es {0}. También se la puedo cambiar. ¿La cancelo?"]
    CANCEL_THAT: ["That was {0}. Shall I cancel it?"] ["Era su cita de {0}. ¿La cancelo?"]
    CANCEL_SURE: ["Just to be sure: shall I cancel it?"] ["Solo para confirmar: ¿la cancelo?"]
    STAYS: ["All right, it stays as it is."] ["Está bien, se queda como está."]
    JUST_TAKEN: ["I'm sorry, that time was just taken."] ["Lo siento, alguien acaba de tomar esa hora."]
    // ---- what was done ----
    BOOKED: [
        "You're booked for {0}.",
        "That's booked. Your appointment is on {0}.",
        "You're all set. You're booked for {0}.",
    ] [
        "Su cita quedó reservada para {0}.",
        "Ya quedó reservada. Su cita es {0}.",
        "Listo. Su cita quedó reservada para {0}.",
    ]
    MOVED: [
        "You're all set. Your appointment is now on {0}.",
        "Done. Your appointment is now on {0}.",
        "That's moved. Your appointment is now on {0}.",
    ] [
        "Listo. Su cita ahora es {0}.",
        "Muy bien. Su cita ahora es {0}.",
        "Ya quedó cambiada. Su cita ahora es {0}.",
    ]
    CANCELLED: ["Your appointment is cancelled."] ["Su cita quedó cancelada."]
    CANCELLED_ON: ["Your appointment on {0} is cancelled."] ["Su cita de {0} quedó cancelada."]
    MESSAGE_LEFT: ["I've left your message for the team. Someone will call you back."]
        ["Ya dejé su recado para el equipo. Alguien le devolverá la llamada."]
    MESSAGE_LOST: ["I'm sorry, I couldn't save your message."] ["Lo siento, no pude guardar su recado."]
    CALL_LATER: ["Please call us again later."] ["Por favor, vuelva a llamarnos más tarde."]
    NOT_CONFIRMED: ["I couldn't confirm that change just now. Let me leave a note for the team."]
        ["No pude confirmar ese cambio en este momento. Permítame dejar una nota para el equipo."]
    LEFT_FOR_TEAM: ["I've left this for the team. Your change is requested, and someone will call you back to confirm it."]
        ["Ya dejé una nota para el equipo. Ya pedí el cambio, y alguien le llamará para confirmarlo."]
    // ---- what only staff can do ----
    RULES_CHANGE: ["I'm sorry, our rules don't let me make that change."]
        ["Lo siento, nuestras políticas no me permiten hacer ese cambio."]
    RULES_CANCEL: ["I'm sorry, our rules don't let me cancel that one."]
        ["Lo siento, nuestras políticas no me permiten cancelar esa cita."]
    COULD_NOT: ["I'm sorry, I couldn't do that."] ["Lo siento, no pude hacerlo."]
    SCHEDULE_DOWN: ["I'm sorry, I can't reach our schedule right now."]
        ["Lo siento, en este momento no puedo consultar la agenda."]
    NOTHING_FREE: ["I'm sorry, I don't see a free appointment that fits."]
        ["Lo siento, no veo ninguna cita libre que le convenga."]
    FOR_STAFF: ["That's something our team has to help you with."] ["Con eso le tiene que ayudar nuestro equipo."]
    NO_RESULTS: ["I can't share results on this line."] ["No puedo dar resultados por esta línea."]
    NO_ADVICE: ["I can't give medical advice."] ["No puedo dar consejos médicos."]
    THE_APPOINTMENT: ["{0} I can help you with the appointment."] ["{0} Con la cita sí le puedo ayudar."]
    MESSAGE_OFFER: ["{0} I can take a message for the team. Would you like that?"]
        ["{0} Puedo tomar un recado para el equipo. ¿Quiere dejarlo?"]
    MESSAGE_OR_PERSON: ["{0} I can take a message, or connect you with {1}. Which would you like?"]
        ["{0} Puedo tomar un recado o comunicarle con {1}. ¿Qué prefiere?"]
    MESSAGE_OR_DESK: ["A message, or the front desk?"] ["¿Un recado, o recepción?"]
    SOMEBODY_ELSE: ["For somebody else's appointment, our front desk needs to help you."]
        ["Para la cita de otra persona, le tiene que ayudar nuestra recepción."]
    MESSAGE: [
        "Of course. What should I tell them?",
        "Sure. What's the message?",
        "Sure. What would you like me to pass on?",
    ] [
        "Por supuesto. ¿Qué les digo?",
        "Claro. ¿Cuál es el recado?",
        "Claro. ¿Qué quiere que les diga?",
    ]
    LISTENING: ["Go ahead, I'm listening."] ["Adelante, le escucho."]
    // ---- a person ----
    NOBODY: ["I'm sorry, nobody can take the call right now."]
        ["Lo siento, en este momento nadie puede atender la llamada."]
    TROUBLE: ["I'm sorry, I'm having trouble understanding."] ["Disculpe, me cuesta entenderle."]
    NOT_VERIFIED_DESK: ["I'm sorry, I couldn't verify those details."] ["Lo siento, no pude verificar esos datos."]
    CONNECTING: ["One moment, I'll connect you with {0}."] ["Un momento, le comunico con {0}."]
    TROUBLE_MESSAGE: ["I'm sorry, I'm having trouble understanding. I can take a message, and someone will call you back."]
        ["Disculpe, me cuesta entenderle. Puedo tomar un recado, y alguien le devolverá la llamada."]
    STILL_CONNECTING: ["I'm still connecting you. One moment."] ["Todavía le estoy comunicando. Un momento."]
    NOT_REACHED_DANGER: ["I couldn't reach {0}. If you may be in danger, please hang up and call 911. I can also take a message or keep helping."]
        ["No me contesta nadie de {0}. Si puede estar en peligro, por favor cuelgue y llame al 911. También puedo tomar un recado o seguir ayudándole."]
    NOT_REACHED_MESSAGE: ["I couldn't reach {0}. I can take a message, and someone will call you back. Would you like that?"]
        ["No me contesta nadie de {0}. Puedo tomar un recado, y alguien le devolverá la llamada. ¿Quiere dejarlo?"]
    NOT_REACHED: ["I couldn't reach {0}. I can take a message or keep helping. Which would you like?"]
        ["No me contesta nadie de {0}. Puedo tomar un recado o seguir ayudándole. ¿Qué prefiere?"]
    // ---- emergencies ----
    CALL_911: ["Please hang up and call 911 right now."] ["Por favor, cuelgue y llame al 911 ahora mismo."]
    DONT_WAIT: ["Don't wait on this line."] ["No espere en esta línea."]
    CALL_988: ["Please call or text 988 right now, or hang up and call 911."]
        ["Por favor, llame al 988 ahora mismo, o mande la palabra AYUDA por mensaje de texto al 988. También puede colgar y llamar al 911."]
    ABOUT_988: ["988 is the crisis line, free, day and night. You don't have to go through this alone."]
        ["El 988 es la línea de crisis, gratis, de día y de noche; para español, oprima el 2. No tiene que pasar por esto a solas."]
    IF_SAFE: ["If you are safe and want to stay on this line, tell me how I can help."]
        ["Si está a salvo y quiere seguir en esta línea, dígame cómo le puedo ayudar."]
    IF_SAFE_PERSON: ["If you are safe and want to stay on the line, I can connect you with {0}. Would you like that?"]
        ["Si está a salvo y quiere seguir en la línea, le puedo comunicar con {0}. ¿Quiere que lo haga?"]
    IF_WORSE: ["All right. If it gets worse, hang up and call 911."]
        ["Está bien. Si empeora, cuelgue y llame al 911."]
    // ---- the practice ----
    WE_ARE_OPEN: ["We're open {0}."] ["Nuestro horario es: {0}."]
    WE_ARE_AT: ["We're at {0}."] ["Estamos en {0}."]
}
