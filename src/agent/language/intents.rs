//! What the caller wants, by rules that can be read and counted. The first rule that fits wins.

use super::phrase::any;
use super::tokens::Token;
use crate::practice::VisitType;

/// What a caller can want.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Intent {
    /// A person.
    Person,
    /// To move an appointment.
    Reschedule,
    /// To call one off.
    Cancel,
    /// Cannot come: to move it or to call it off.
    CannotCome,
    /// To know when it is.
    Appointments,
    /// A new appointment.
    Book,
    /// "It's about my appointment": which of these is open.
    AppointmentUnclear,
    /// When the practice is open.
    Hours,
    /// Where it is.
    Address,
    /// To leave a message.
    Message,
    /// Something for which only a message or a person can help: refills, bills, insurance, referrals, records.
    ForStaff,
}

impl Intent {
    /// Returns the name for the audit record.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Reschedule => "reschedule",
            Self::Cancel => "cancel",
            Self::CannotCome => "cannot_come",
            Self::Appointments => "appointments",
            Self::Book => "book",
            Self::AppointmentUnclear => "appointment_unclear",
            Self::Hours => "hours",
            Self::Address => "address",
            Self::Message => "message",
            Self::ForStaff => "for_staff",
        }
    }
}

/// Words that keep the conversation going and are no wish of their own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Meta {
    /// "Say that again."
    Repeat,
    /// "Hold on."
    Hold,
    /// "Are you a robot?"
    Robot,
    /// "What can you do?"
    Help,
    /// "Never mind."
    NeverMind,
    /// "Bye", "that's all".
    Goodbye,
    /// "Thank you."
    Thanks,
    /// "Hello?"
    Hello,
    /// "Are you there?"
    Still,
    /// "Is this Maple Street?"
    Reached,
}

#[rustfmt::skip]
const PERSON: &[&str] = &[
    "talk|speak|talking|speaking|chat to|with ..2 person|human|someone|somebody|representative|rep|operator|receptionist|agent|nurse|staff|people|anyone|anybody|manager|secretary|supervisor|reception|desk|live",
    "talk|speak to|with ..2 doctor",
    "get|give|want|need|like me? ..3 person|human|representative|operator|receptionist|rep",
    "real|live|actual person|human|agent", "human being", "front desk", "^ operator",
    "^ representative", "^ agent", "^ receptionist", "^ human",
    "^ a? person $", "^ reception", "connect|transfer|patch me", "transfer my? call",
    "transfer to ..3 desk|person|someone|operator|human", "put ..2 through",
    "operator|representative please $", "customer service", "person please", "human please",
    "let me talk|speak", "can you transfer", "speak to the office",
    "get me ..2 person|someone|somebody|human",
];

#[rustfmt::skip]
const NOT_PERSON: &[&str] = &[
    "are you ..4 person|human|agent", "is this|it ..4 person|human|live|agent|operator|desk",
    "am i ..4 person|human|agent", "first|best person", "appointment ..3 front desk",
    "im ..3 person", "where ..3 front desk",
    "dont ..4 talk|speak", "without talking|speaking",
];

#[rustfmt::skip]
const RESCHEDULE: &[&str] = &[
    "reschedule|rescheduled|rescheduling|reschedul*", "re schedule", "schedule again",
    "get|make it|that ..2 earlier|sooner|later", "supposed to come|see|be ..8 but",
    "scheduled|booked for ..8 but",
    "move|moving|change|changing|switch|switching|shift|push|bump|postpone|delay|swap|moved|changed ..4 appointment|appointments|visit|check|physical|booking|time|date|day|it|slot",
    "move|change|switch|shift|push|bump ..3 monday|tuesday|wednesday|thursday|friday|saturday|tomorrow|todays|tomorrows|mondays|tuesdays|wednesdays|thursdays|fridays|one",
    "postpone", "different|another|new time ..2 for my|the|that appointment|visit",
    "come|see|seen another day|time", "cancel and ..3 book|schedule|make|another|new",
    "push ..2 back",
    "appointment ..6 move|change|switch|reschedule ..2 it",
];

#[rustfmt::skip]
const CANCEL: &[&str] = &[
    "cancel|canceled|cancelled|canceling|cancelling|cancellation|cansel",
    "call off ..3 appointment", "call it off", "drop my appointment",
    "dont need ..3 appointment ..1 anymore", "get rid of ..3 appointment",
    "take me off ..3 schedule", "delete ..3 appointment",
];

#[rustfmt::skip]
const CANNOT_COME: &[&str] = &[
    "cant|wont|not|unable|couldnt ..3 make ..2 it|my|the|that|appointment",
    "cant|wont ..2 be there",
    "cant|wont ..3 come ..4 appointment|monday|tuesday|wednesday|thursday|friday|tomorrow|today",
    "cant|wont be able ..4 make|come", "going to miss ..3 appointment",
    "conflict with ..3 appointment", "something came up", "not going to make it",
];

#[rustfmt::skip]
const APPOINTMENTS: &[&str] = &[
    "when|whens|what|which|whats ..6 my ..3 appointment|appointments|visit",
    "when|what time ..3 my? ..2 appointment|appointments|visit|physical|coming in",
    "what time ..2 i|my ..5 appointment|come|coming|visit",
    "do|did i ..2 have ..5 appointment|appointments",
    "check|confirm|verify|know|remember|find|see|forgot ..4 my ..3 appointment|appointments|visit",
    "forgot when", "list ..3 appointments",
    "what|which|upcoming|my|read|tell ..3 appointments",
    "what|when do i have ..2 scheduled|coming|booked", "details ..3 my ..2 appointment",
    "when am i ..3 coming|seeing|scheduled|supposed",
    "when do i ..2 see|come", "lost|misplaced ..3 appointment|card",
    "if|whether ..4 has|have ..2 appointment",
];

#[rustfmt::skip]
const BOOK: &[&str] = &[
    "book|schedule|make|set|setup|arrange|need|want|like|get|have|looking|request ..5 appointment|appointments|visit|physical|check|vaccine|vaccination|shot|follow|booking|consultation",
    "book|schedule ..4 with|for|in|next|a|an|something|time",
    "need|want|like|get ..3 to? ..1 see|seen|come in", "see ..2 doctor|nurse|someone",
    "come in|see ..3 check|physical|shot|vaccine",
    "get|squeeze|fit me in", "new appointment", "another appointment", "appointment with doctor",
    "^ an? appointment ..2 $", "appointment for ..3 physical|check|shot|vaccine|flu",
    "any ..2 openings|availability", "any ..2 appointments ..1 available", "sign up for",
    "^ book", "^ schedule", "id like a|to ..2 physical|check|vaccine|shot", "be seen",
];

#[rustfmt::skip]
const HOURS: &[&str] = &[
    "hours", "what time ..4 open|close|opens|closes|closed",
    "when|until ..4 open|close|opens|closes|closed", "are|is|will you|the|your ..2 ..2 open|closed",
    "open|closed ..2 on|tomorrow|today|saturday|sunday|weekends|saturdays|sundays|late",
    "how late", "how early ..3 open",
];

#[rustfmt::skip]
const ADDRESS: &[&str] = &[
    "address", "where ..5 located|office|practice|clinic|you|building|come|go|find",
    "wheres ..3 office|practice|clinic", "location", "directions", "how do|can i get there",
    "how do|can i get to your|the", "how to get there",
];

#[rustfmt::skip]
const MESSAGE: &[&str] = &[
    "leave|take|send|give|pass ..3 message|note", "message for|to",
    "have|ask ..4 call me|us ..1 back", "call me|us back", "callback", "call back", "^ a? message",
    "tell ..2 doctor|nurse that", "pass ..3 along|on to",
    "let ..2 doctor|nurse know", "^ take ..1 message",
];

#[rustfmt::skip]
const FOR_STAFF: &[&str] = &[
    "refill*", "prescription|prescriptions", "medication renewal",
    "renew ..3 medication|meds|prescription",
    "bill|billing|invoice|balance|payment|charge|charges|charged|owe|copay",
    "insurance|medicare|medicaid|coverage",
    "referral|referrals|referred", "medical records|record", "my records|chart",
    "prior authorization", "fax", "form|forms|paperwork", "note|letter for work|school", "pharmacy",
    "disability", "complaint", "parking", "portal|password",
    "do|does you|the ..2 take|accept ..4", "blue cross|shield", "aetna|cigna|humana|tricare",
    "how much ..3 cost|visit", "cost ..2 of",
];

#[rustfmt::skip]
const ABOUT_APPOINTMENT: &[&str] = &[
    "about|regarding|concerning|question ..4 appointment|appointments|visit",
    "^ ..3 my ..1 appointment $", "have|got an appointment", "^ ..2 appointment $",
];

/// Finds what the caller wants.
pub(crate) fn intent(tokens: &[Token]) -> Option<Intent> {
    if wants_person(tokens) {
        return Some(Intent::Person);
    }
    let refused = any(
        tokens,
        &[
            "dont|not|no|never want|need|going|trying|wanna|asking ..2 cancel|canceling|cancelling",
            "not|dont|no cancel",
        ],
    );
    let moves = any(tokens, RESCHEDULE);
    if moves && !any(tokens, &["dont|not ..3 move|change|reschedule"]) {
        return Some(Intent::Reschedule);
    }
    if any(tokens, CANCEL) && !refused && !any(tokens, &["cancellation policy|fee"]) {
        return Some(Intent::Cancel);
    }
    #[rustfmt::skip]
    let rules: &[(Intent, &[&str])] = &[
        (Intent::CannotCome, CANNOT_COME),
        (Intent::Message, MESSAGE),
        (Intent::Book, &["have|got|is|are ..3 anything|something|openings|times|slots|availability ..2 open|available|free|for|on|in"]),
        (Intent::Hours, HOURS),
        (Intent::Appointments, APPOINTMENTS),
        (Intent::ForStaff, FOR_STAFF),
        (Intent::Address, ADDRESS),
        (Intent::AppointmentUnclear, &["about|regarding|concerning|question ..4 my|the|an ..2 appointment|appointments|visit"]),
        (Intent::Book, BOOK),
        (Intent::AppointmentUnclear, ABOUT_APPOINTMENT),
    ];
    rules.iter().find(|(_, patterns)| any(tokens, patterns)).map(|(intent, _)| *intent)
}

/// A person is granted the first time it is asked for, so this looks wider than other rules.
pub(crate) fn wants_person(tokens: &[Token]) -> bool {
    any(tokens, PERSON) && !any(tokens, NOT_PERSON)
}

/// Finds words about the conversation itself.
pub(crate) fn meta(tokens: &[Token]) -> Option<Meta> {
    #[rustfmt::skip]
    let rules: &[(Meta, &[&str])] = &[
        (Meta::Robot, &[
            "are you ..4 robot|human|machine|ai|computer|bot|recording|automated|real|person",
            "is this|it ..4 robot|human|machine|ai|computer|bot|recording|automated|real|person",
            "am i ..4 robot|human|machine|ai|computer|bot|recording|person",
            "you a|an ..1 robot|human|machine|ai|bot|computer|person",
            "who am i speaking|talking", "who are you", "who is this", "whos this",
            "is this the front desk",
        ]),
        (Meta::Reached, &[
            "did i reach|call|dial", "have i reached",
            "is this ..4 office|clinic|practice|medicine|street|center|medical",
        ]),
        (Meta::Repeat, &[
            "say|repeat|tell ..2 that|it|this ..2 again|once", "repeat", "say again", "come again",
            "pardon", "^ what $", "^ sorry $", "^ huh $", "^ excuse me $",
            "what|when ..2 was|is that again", "what did you say",
            "what was that",
            "didnt|couldnt ..2 hear|catch|get|understand ..2 you|that|it|what", "one more time",
            "^ what was ..2 $", "^ say what", "missed that", "cant hear you",
            "speak up|louder|slower|slowly", "speak|talk|go ..2 slower|slowly", "slow down", "^ slower", "^ sorry what",
        ]),
        (Meta::Hold, &[
            "hold on", "hang on", "just|wait|me a|one second|minute|moment|sec",
            "one|a second|minute|moment|sec please", "one|a second|minute|moment|sec $",
            "let me check|see|look|think|get|find|grab", "bear with me", "^ wait $", "hold please",
            "need a second|minute|moment",
        ]),
        (Meta::Help, &[
            "what can you do|help", "what do you do", "how does this work", "^ help $",
            "what are my options", "^ options $",
        ]),
        (Meta::NeverMind, &[
            "never mind", "nevermind", "forget it|about it", "forget that", "leave it",
            "^ start over", "changed my mind",
        ]),
        (Meta::Goodbye, &[
            "bye", "thats all|it|everything", "that is all|it|everything", "that will be all|it",
            "thatll be all|it", "nothing else|more",
            "have a good|great|nice|wonderful ..1 day|one|night|evening|weekend|afternoon",
            "talk to you later", "hang up", "see you ..3 $", "im done|good|all set", "all set",
            "were done|good", "take care", "not today $", "i think thats", "that does it",
            "thatd be all|it",
        ]),
        (Meta::Thanks, &["thank|thanks", "appreciate"]),
        (Meta::Still, &[
            "are|anyone|anybody|you ..1 there", "can you hear", "do you hear", "still there",
        ]),
        (Meta::Hello, &[
            "^ hello|hi|hey|yo ..2 $", "^ hello|hi|hey hello|hi|hey",
            "^ good morning|afternoon|evening ..1 $",
        ]),
    ];
    rules.iter().find(|(_, patterns)| any(tokens, patterns)).map(|(meta, _)| *meta)
}

/// Finds the kind of visit.
pub(crate) fn visit_type(tokens: &[Token]) -> Option<VisitType> {
    #[rustfmt::skip]
    let rules: &[(VisitType, &[&str])] = &[
        (VisitType::Vaccination, &["vaccin*|shot|shots|immuniz*|booster|jab|tetanus"]),
        (VisitType::Physical, &[
            "physical|physicals|fiscal|wellness", "check up",
            "annual|yearly ..2 exam|visit|check|appointment", "well visit|woman|child",
        ]),
        (VisitType::FollowUp, &["follow up|ups", "recheck", "check back"]),
        (VisitType::Sick, &[
            "sick|cough|coughing|cold|flu|fever|rash|infection|ache|aches|hurts|hurt|pain|painful|vomiting|nausea|dizzy|headache|headaches|earache|congest*|sinus|diarrhea|sprain|swollen|uti|itching|itchy",
            "sore throat", "not feeling|feel well|good",
            "dont feel good|well", "new problem|issue", "feeling bad|terrible|awful|sick",
        ]),
        (VisitType::Office, &[
            "office|regular|routine|general|normal|ordinary|standard visit|appointment|one|check",
            "^ ..2 regular|routine|general|office|normal ..1 $", "blood pressure",
            "medication review", "established patient",
        ]),
    ];
    // "We'll visit" is no well visit.
    let kept: Vec<Token> = tokens
        .iter()
        .filter(|token| token.word != "well" || token.raw.len() == 4)
        .cloned()
        .collect();
    rules
        .iter()
        .find(|(_, patterns)| any(&kept, patterns))
        .map(|(kind, _)| *kind)
        .or_else(|| is_ill(tokens).then_some(VisitType::Sick))
}

/// Whether somebody is ill. Words have no apostrophes here, and "I'll be there" is no illness.
fn is_ill(tokens: &[Token]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        let goes_on = tokens.get(at + 1).is_some_and(|next| {
            next.clause == token.clause && VERBS_AFTER_WILL.contains(&next.word.as_str())
        });
        let written = token.raw.eq_ignore_ascii_case("ill");
        // A recogniser that leaves apostrophes out writes "ill be there"; the illness stands behind a word.
        token.word == "ill" && written && at > 0 && !goes_on
    })
}

/// What a promise goes on with, and an illness does not.
#[rustfmt::skip]
const VERBS_AFTER_WILL: &[&str] = &[
    "be", "take", "have", "call", "do", "go", "see", "come", "wait", "get", "make", "need", "think", "let", "just", "hold",
    "try", "talk", "check", "ask", "probably", "also", "never", "always", "give", "bring", "keep", "pass", "book", "tell",
    "put", "want", "say", "stay", "leave", "send", "find", "move", "cancel", "pay", "drive", "meet", "show", "start", "use",
];

/// Whether the caller speaks for somebody else.
pub(crate) fn is_proxy(tokens: &[Token]) -> bool {
    any(
        tokens,
        &[
            "appointment|physical|visit|shot|check ..1 for my @kin",
            "for my|our|the|a @kin ..3 appointment|to",
            "im|am his|her|their|the @kin",
            "im|am his|her|their|the ..1 caregiver|caretaker|guardian|aide|attorney|parent|mother|father",
            "caregiver|caretaker|guardian|conservator|aide for|of|to",
            "power of attorney",
            "calling|call|called|phoning ..4 for|about|regarding|behalf ..1 my|our @kin|@kins",
            "on behalf of",
            "on|in my|our @kins|@kin behalf",
            "see my|our ..1 @kin",
            "it|its|thats|this|this ..1 for my|our|a|the @kin",
            "is for my|our @kin",
            "^ for my|our @kin $",
            "^ for my|our @kin",
            "isnt|not for me|myself",
            "for somebody|someone else",
            "for another person",
            "for my|our ..2 @kin $",
            "one for ..2 my|our @kin",
            "me and my|our @kin ..1 both|need|want|appointments",
            "my|our ..2 @kin and i|me ..2 need|want|both|would|are|have",
            "both of us",
            "us both",
            "my|our ..2 @kin|@kins ..3 needs|wants|need|want|would|should|has|must|got|hoping|like|supposed ..1 to ..2 see|be|come|get|have|talk|make|book|schedule|reschedule|cancel|move|change",
            "my|our ..2 @kin ..5 needs|wants|need ..4 appointment|physical|shot|shots|visit|vaccine|checkup|vaccines|check|refill|doctor|follow",
            "my|our @kin has|have ..4 appointment|physical|shot|visit|vaccine",
            "my|our ..1 @kin ..12 can|could|should|want|need ..1 he|she|him|her|they|them ..3 seen|in|come|see|appointment",
            "can|could|want|like|need|get|have ..2 him|her|my @kin? ..2 seen|looked|checked|examined|come",
            "want|need|get him|her|them seen|looked|checked|in",
            "can|could|may he|she|they ..1 be? seen|come|see|get",
            "set|sign|get|put|squeeze|fit my|our|him|her|them @kin? ..2 up|in|down",
            "make|book|schedule|get|move|cancel her|him|them ..2 appointment|in|visit|physical",
            "move|change|cancel|reschedule her|his|their ..1 appointment",
            "my|our @kin|@kins ..2 appointment|physical|visit|check",
            "book|schedule|cancel|move|change|reschedule my|our @kin",
            "book|schedule|get|bring|take my|our @kin ..3 in|appointment|doctor",
            "my|our @kin ..2 is|has ..8 see ..2 doctor|someone",
            "shes|hes my @kin",
            "he|she cant call|come to the phone",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::Intent::*;
    use super::*;

    #[rustfmt::skip]
    const WISHES: &[(Intent, &[&str])] = &[
        (Person, &[
            "I want to talk to a person", "Can I speak with a human please", "operator",
            "Representative.", "front desk please", "Can I talk to someone?",
            "Get me a real person", "transfer me", "I'd like to speak to the receptionist",
            "talk to a human", "Can I speak to Dr. Patel?", "put me through to the nurse",
            "I need a person", "let me talk to somebody", "Please connect me to the front desk",
            "I just want a human", "speak to a nurse", "No, I want to talk to a person.",
            "Could you put me through to the front desk?",
            "Now I'd like to talk to a person, please.", "agent",
        ]),
        (Reschedule, &[
            "I need to move my Thursday appointment to the next free morning",
            "I'd like to reschedule", "can I change my appointment",
            "Could I switch it to Friday?",
            "I have an appointment on Thursday and I need to change it",
            "push my physical to next week", "I need to reschedule my visit with Dr. Patel",
            "move my appointment",
            "I need to cancel and rebook for another day", "postpone my appointment",
            "I need a different time for my appointment",
            "I want to move my Thursday to Friday", "change the time of my appointment",
        ]),
        (Cancel, &[
            "I need to cancel my appointment", "cancel it",
            "please cancel my visit on Thursday", "I want to call it off", "I'd like to cancel",
        ]),
        (CannotCome, &[
            "I can't make it on Thursday", "I can't make my appointment", "something came up",
        ]),
        (Appointments, &[
            "When is my appointment?", "What time is my appointment on Thursday",
            "do I have an appointment this week", "can you check my appointment",
            "I forgot when my appointment is",
            "I'd like to confirm my appointment", "what appointments do I have",
            "When's my next appointment?", "Do I have any appointments coming up?",
        ]),
        (Book, &[
            "I'd like to book a physical with Dr. Patel next week", "I need an appointment",
            "can I make an appointment", "I need to see the doctor", "schedule a checkup",
            "I want to come in for a flu shot",
            "I'd like an appointment", "Do you have any openings this week?",
            "I need to be seen", "set up an appointment for my annual physical",
            "Can I get in to see Dr. Kim tomorrow", "I want to schedule a follow-up visit",
            "I have a sore throat and need to see someone",
            "Hello, I would like to make an appointment, please.",
        ]),
        (Hours, &[
            "what are your hours", "when do you close", "are you open on Saturday",
            "What time do you open tomorrow?", "How late are you open?",
            "Are you guys open on weekends?",
        ]),
        (Address, &[
            "where are you located", "what's your address", "how do I get there",
            "Where is your office?",
        ]),
        (Message, &[
            "I'd like to leave a message", "can you have someone call me back",
            "take a message for Dr. Kim", "Please tell the doctor that I called",
        ]),
        (ForStaff, &[
            "I need a refill", "I have a question about my bill",
            "do you take Blue Cross insurance", "I need a referral",
            "I need my medical records",
        ]),
        (AppointmentUnclear, &[
            "I'm calling about my appointment", "I have a question about an appointment",
        ]),
    ];

    #[test]
    fn intents_are_told_apart() {
        let mut wrong = Vec::new();
        for (intent_wanted, texts) in WISHES {
            for text in *texts {
                let got = intent(&tokens(text));
                if got != Some(*intent_wanted) {
                    wrong.push(format!("{text:?}: {got:?}, not {intent_wanted:?}"));
                }
            }
        }
        for text in [
            "yes",
            "Maria Lopez",
            "March 9th 1984",
            "the weather is nice",
            "Thursday",
            "is this a real person",
            "are you human",
            "",
        ] {
            if let Some(got) = intent(&tokens(text)) {
                wrong.push(format!("{text:?}: {got:?}, not none"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn words_about_the_conversation() {
        for (text, wanted) in [
            ("Can you repeat that?", Meta::Repeat),
            ("say that again", Meta::Repeat),
            ("What?", Meta::Repeat),
            ("Pardon?", Meta::Repeat),
            ("I didn't catch that", Meta::Repeat),
            ("hold on", Meta::Hold),
            ("Just a second.", Meta::Hold),
            ("one moment please", Meta::Hold),
            ("let me check my calendar", Meta::Hold),
            ("are you a robot?", Meta::Robot),
            ("am I talking to a real person", Meta::Robot),
            ("Is this a machine?", Meta::Robot),
            ("bye", Meta::Goodbye),
            ("that's all, thanks, bye", Meta::Goodbye),
            ("No, that's it.", Meta::Goodbye),
            ("Thank you.", Meta::Thanks),
            ("never mind", Meta::NeverMind),
            ("Hello?", Meta::Hello),
            ("are you there", Meta::Still),
            ("What can you do?", Meta::Help),
            ("No, nothing else.", Meta::Goodbye),
        ] {
            assert_eq!(meta(&tokens(text)), Some(wanted), "{text:?}");
        }
        for text in ["I want to move my appointment", "Maria Lopez", "in a week", "the second one"]
        {
            assert_eq!(meta(&tokens(text)), None, "{text:?}");
        }
    }

    #[test]
    fn kinds_of_visit() {
        for (text, kind) in [
            ("a flu shot", VisitType::Vaccination),
            ("my annual physical", VisitType::Physical),
            ("a checkup", VisitType::Physical),
            ("follow-up", VisitType::FollowUp),
            ("I have a bad cough", VisitType::Sick),
            ("sore throat", VisitType::Sick),
            ("just a regular visit", VisitType::Office),
            ("an office visit", VisitType::Office),
        ] {
            assert_eq!(visit_type(&tokens(text)), Some(kind), "{text:?}");
        }
    }

    #[test]
    fn a_promise_is_no_illness() {
        #[rustfmt::skip]
        let promises = [
            "Okay, I'll be there.", "I'll take it", "ill be there", "I'll have to call you back", "Yes, I'll", "I\u{2019}ll see",
            "we'll come, she'll be there and he'll drive", "I'd like to, we're ready", "We'll visit on Tuesday",
        ];
        for text in promises {
            assert_eq!(visit_type(&tokens(text)), None, "{text:?}");
        }
        for text in ["I'm ill", "I feel ill.", "I've been ill since Monday", "he is very ill"] {
            assert_eq!(visit_type(&tokens(text)), Some(VisitType::Sick), "{text:?}");
        }
    }

    #[test]
    fn speaking_for_others() {
        #[rustfmt::skip]
        let proxies = [
            "I need an appointment for my son", "I'm calling for my mother", "my daughter needs an appointment",
            "move my husband's appointment", "My daughter needs to see the doctor", "I'm calling for my husband", "it's for my mom",
            "It's for my son.", "For my daughter.", "set my husband up with an appointment",
            "My daughter has a fever, can she be seen today?", "It's not for me, it's for my son",
            "My son is sick and I want him seen", "I'm the caregiver for Robert Chen", "I'm her guardian",
            "She's my mother and she can't call herself", "My husband and I both need physicals",
            "one for me and one for my wife", "I'm calling about my dad's appointment", "My wife would like to come in",
            "My kid needs his shots", "I'm calling on my mother's behalf", "Can you get my son in tomorrow?",
            "I'm his wife", "Can you see my baby tomorrow", "my boyfriend needs a follow-up", "The appointment is for my wife", "It's for somebody else", "I have power of attorney for my aunt",
            "my little boy needs to be seen", "I need to bring my daughter in", "Can he be seen today?",
        ];
        for text in proxies {
            assert!(is_proxy(&tokens(text)), "{text:?}");
        }
        #[rustfmt::skip]
        let own = [
            "I need an appointment", "my mother told me to call", "I need to see my doctor", "My husband will drive me",
            "Yes, if my husband can drive me.", "I have to pick up my kids at three", "My mother had a stroke last year",
            "Heart disease runs in my family, my father had it", "I have to take my son to school", "My wife recommended Dr. Patel",
            "I need to check with my husband", "My daughter's birthday is on Friday", "I can't, I'm at my sister's",
            "It's for me", "It's for a physical", "My son gave me his cold and I need to be seen", "I'm on the phone with my wife, hold on", "it's for my knee", "It's for my annual physical", "Is it for Thursday?",
            "My wife goes to Dr. Patel", "I had a baby last year",
        ];
        for text in own {
            assert!(!is_proxy(&tokens(text)), "{text:?}");
        }
    }
}
