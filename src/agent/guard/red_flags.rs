//! Emergencies, by phrase rules: deterministic, on every partial and final transcript, before anything else.
//!
//! Sources: the American Heart Association's and American Stroke Association's warning signs (chest pain, "F.A.S.T."),
//! the 988 Lifeline's, the World Allergy Organization's for anaphylaxis, the AAP's for fever under three months,
//! ACOG's for bleeding in pregnancy. A rule errs towards 911; what it must not take for an emergency is listed with it.

use super::red_flags_spanish;
use crate::agent::language::{Token, any, evident, find_all, folded, tokens};
use crate::agent::tongue::Tongue;

/// What an emergency needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// 911.
    Medical,
    /// 988, and 911.
    Crisis,
}

/// A rule that fired.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct RedFlag {
    /// For the audit record: `red_flag.chest_pain`.
    pub(crate) rule: &'static str,
    /// What it needs.
    pub(crate) kind: Kind,
    /// The language in which it was said.
    pub(crate) tongue: Tongue,
}

pub(super) struct Rule {
    pub(super) id: &'static str,
    pub(super) kind: Kind,
    /// Any of these is a hit, unless its surroundings say otherwise.
    pub(super) says: &'static [&'static str],
    /// Any of these in the same sentence says that it is something else.
    pub(super) unless: &'static [&'static str],
}

const MEDICINE: &str = "pills|pill|tablets|medicine|medication|medications|meds|tylenol|ibuprofen|aspirin|advil|insulin|xanax|oxycodone|opioids|ambien";

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule {
        id: "red_flag.suicidal",
        kind: Kind::Crisis,
        says: &[
            "kill|killing|killed myself", "suicidal|suicide", "end|ending|take|taking my own? life",
            "end it all|tonight|now|today", "want|going to end it $", "want|wants|wanted|wish|wishes|wanting to? ..1 die|dead",
            "wish i was|were dead|gone", "dont|didnt want to ..1 live|wake",
            "dont want to be alive|here",
            "want|going|thinking|thoughts|might|urge|plan|planning|gonna|afraid ..4 hurt|hurting|harm|harming|cut|cutting myself",
            "hurting|harming|cutting myself", "better off dead|without", "no reason to live|go on",
            "nothing to live for", "no point in|of|to ..1 living|life|live", "the point in|of living|life", "cant go on",
            "want to kill|shoot|hang ..2 myself",
            "end my life", "ending things", "self harm",
            "kill|killing himself|herself|themselves|themself",
            "jump off a|the bridge|roof|building",
            "hes|shes going to ..1 kill|hurt himself|herself", "tired of living|being alive",
            "dont see a reason to",
        ],
        unless: &[
            "suicide prevention|awareness|training|class|hotline|loss|survivors",
            "died|passed by|from suicide", "lost ..4 to|by suicide", "committed suicide",
            "killing myself laughing|working|with work|at the gym",
            "want|wanted to die of|laughing", "die of laughter|embarrassment", "to die for",
            "dying to",
            "hurting myself ..4 gym|work|lifting|running|football|exercise|exercising",
            "keep hurting myself at",
            "cant go on ..4 monday|tuesday|wednesday|thursday|friday|that|vacation|saturday|sunday|the",
            "want|wants to be here ..4 early|late|long",
            "cut myself ..4 shaving|cooking|kitchen|knife|glass|hair",
        ],
    },
    Rule {
        id: "red_flag.chest_pain",
        kind: Kind::Medical,
        says: &[
            "chest|chess|chests ..3 pain|pains|paint|pane|hurts|hurt|hurting|pressure|tight|tightness|tightening|ache|aches|aching|heavy|heaviness|crushing|squeezing|discomfort|killing|burning|stabbing",
            "pain|pains|pressure|tightness|tight|squeezing|weight|elephant|heaviness|crushing|stabbing|burning|ache ..5 chest|chess",
            "hurts|hurting|hurt ..4 chest", "heart attack", "cardiac arrest", "chest ..6 crushed",
            "clutching|grabbing|holding ..2 chest", "heart hurts|stopped",
            "heart is ..1 hurting|stopped", "pain|pains|numb|numbness ..4 left arm",
            "left arm ..6 pain|hurts|hurt|numb|hurting|tingling", "arm and|or ..2 jaw",
            "pain ..4 arm and|or jaw", "jaw ..3 arm ..3 pain|hurt|hurts", "crushing pain", "angina",
        ],
        unless: &[
            "chest x ray|rays", "chest|heart xray", "gave|give me a heart attack",
            "almost|nearly|about had|have a heart attack", "heart attack when i saw",
            "chest cold|congestion", "chest of drawers", "hurt|hurts my? feelings",
            "heart attack ..3 insurance|prevention|risk|class|study", "medicine cabinet|chest",
        ],
    },
    Rule {
        id: "red_flag.breathing",
        kind: Kind::Medical,
        says: &[
            "cant|couldnt|unable to? ..2 breathe|breath|breathing|breeze|breed",
            "not able to ..1 breathe", "not|isnt|hardly|barely|stopped|stops|quit|arent breathing",
            "stopped ..1 breathing", "hardly|barely ..1 breathe|breath",
            "trouble|difficulty|hard|problem|problems|struggling|struggle|struggles|fighting|labored ..3 breathe|breathing|breath|breaths",
            "hard|difficult|hurts to breathe", "short|shortness of breath",
            "cant|couldnt ..1 catch|get ..2 breath|air", "gasping", "gasp for",
            "choking|choked|choke", "suffocating",
            "turning|turned|going|lips|face|shes|hes|is ..2 blue", "no air", "asthma attack",
            "breathing ..3 stopped|fast|funny|difficult|hard|labored|bad",
            "asthma ..6 bad|badly|worse|worst",
            "inhaler ..2 isnt|not|doesnt|wont ..2 helping|working|work|help",
            "cant ..1 get ..2 air",
            "wheezing ..4 bad|badly|worse|stop|cant", "cant stop wheezing",
        ],
        unless: &[
            "nose|nostril|nostrils|septum", "stuffy|stuffed|congested|congestion",
            "breathing treatment|treatments|test|exercise|exercises|machine|class",
            "breathe a word|easy|easier", "hold|holding|held my breath", "choke|choked up",
            "choking hazard", "feeling|feel|so|bit blue", "blue cross|shield|eyes|shirt",
            "turning|turned blue on", "sleep apnea", "bad breath",
        ],
    },
    Rule {
        id: "red_flag.stroke",
        kind: Kind::Medical,
        says: &[
            "stroke", "strokes ..2 now",
            "face|mouth|smile|eye|lip|cheek ..4 droop*|sagging|crooked|lopsided|paralyzed|drooled",
            "face ..2 numb", "droopy|drooping|crooked ..1 face|mouth|smile",
            "slur|slurs|slurring|slurred ..3",
            "cant|couldnt|unable ..2 move|feel|lift|raise ..3 arm|arms|leg|legs|side|face|body",
            "numb|numbness|weak|weakness|paralyzed|tingling ..4 side|half",
            "side|half ..5 numb|weak|paralyzed|droop*|limp",
            "arm|leg|arms|legs ..2 suddenly ..2 numb|weak|limp|paralyzed",
            "arm|leg ..2 went|gone|going numb|limp|weak",
            "sudden|suddenly ..4 confused|confusion|blind|vision|see|speak|talk|numb|numbness|weak|weakness|headache",
            "cant|couldnt speak|talk all of a sudden", "lost ..3 vision|sight|speech",
            "worst headache",
            "cant get ..3 words out", "talking|speaking gibberish|nonsense|funny",
            "words ..3 coming out wrong|garbled|slurred", "not making ..2 sense",
            "thunderclap headache", "cant ..2 talk right|straight",
        ],
        unless: &[
            "stroke of luck|genius|midnight|bad|good",
            "heat|golf|swim|swimming|back|breast|paint|brush|butterfly|key stroke",
            "stroke ..2 doctor|clinic|specialist|prevention|risk|awareness|support|rehab|recovery|therapy|survivor|center|patient|patients|screening",
            "diagnosed with a stroke", "dentist|novocaine", "different strokes",
        ],
    },
    Rule {
        id: "red_flag.bleeding",
        kind: Kind::Medical,
        says: &[
            "wont|cant|doesnt|not|couldnt|isnt|didnt ..3 stop|stopping|stopped ..3 bleeding|blood|bleed",
            "bleeding ..4 wont|doesnt|not|cant|isnt ..2 stop|stopping|control",
            "bleeding|bleeds ..2 badly|heavily|heavy|lot|bad|everywhere|profusely|out|uncontrollably|severely|internally|like crazy",
            "severe|severely|heavy|heavily|lots|massive|uncontrolled|uncontrollable|serious|bad|profuse|internal|rectal of? bleeding",
            "blood everywhere",
            "blood ..3 everywhere|gushing|spurting|pouring|squirting|soaked|soaking",
            "coughing|throwing|vomiting|vomited|spitting|puking|threw|coughed|puked|cough up? ..3 blood",
            "losing|lost ..3 blood", "gushing|spurting|pouring|squirting ..2 blood",
            "bleeding to death", "cut ..8 bleeding", "bleeding from ..2 head|neck|ears|stabbed",
            "bleeding from ..1 ear", "been stabbed|shot", "got stabbed|shot",
            "was ..1 stabbed|shot", "gunshot", "i am|im bleeding", "cut off ..2 finger|toe|hand",
            "chopped off", "severed", "hemorrhag*", "artery", "blood ..2 wont|doesnt stop",
            "hes|shes bleeding",
        ],
        unless: &[
            "blood|bleeding stopped|has stopped", "got|was|been shot on|in the",
            "flu|covid|tetanus|allergy shot", "bleeding gums", "gums ..2 bleed|bleeding",
            "bleeding money", "artery disease ..4 appointment|follow",
            "blood work|test|tests|pressure|draw|thinner|thinners", "shot ..3 photo|picture|video",
            "lost blood sugar", "bleeding disorder",
        ],
    },
    Rule {
        id: "red_flag.unconscious",
        kind: Kind::Medical,
        says: &[
            "pass|passed|passing|passes out", "unconscious",
            "wont|cant|not|doesnt|isnt|couldnt ..1 wake|waking ..3 up",
            "cant|couldnt wake him|her|them|my", "unresponsive",
            "not|isnt|wont|arent|stopped respond|responding", "collapsed|collapsing|collapse",
            "faint|fainted|fainting", "black|blacked|blacking out",
            "lost|losing|loses|lose consciousness",
            "seizure|seizures|seizing|convulse|convulsed|convulsing|convulses|convulsive|convulsion|convulsions", "no pulse", "not ..1 moving", "dead on the floor",
            "on the floor and", "drowned|drowning", "electrocuted", "had a fit and",
            "found ..3 floor",
        ],
        unless: &[
            "passed|passing out flyers|forms|candy|papers|paperwork",
            "wake up early|on time|in time|before", "wake up ..3 morning ..3 early",
            "seizure medicine|medication|meds|disorder", "fainting couch",
            "like im|hes|shes|a|being unconscious",
            "not moving ..3 appointment|house|until|to", "im|were|we not moving",
            "blackout curtains", "drowning in",
        ],
    },
    Rule {
        id: "red_flag.overdose",
        kind: Kind::Medical,
        says: &[
            "overdos*", "over dose|dosed|dosing", "od|odd on",
            "took|taken|take|swallowed|ate|drank|swallow|eaten|popped ..3 whole|entire|all ..5 bottle|pack|box|@medicine",
            "took|taken|swallowed|ate|drank|gave ..3 too many|much ..3 @medicine",
            "took|taken|swallowed|ate|popped ..2 handful|bunch|fistful ..3",
            "took|taken|swallowed ..1 too many|much",
            "took|taken|swallowed ..2 twenty|thirty|forty|fifty|hundred|20|30|40|50|60|100 ..3 @medicine",
            "swallowed|drank|drink|ate|drinking|eaten|swallow|inhaled ..5 bleach|poison|battery|batteries|antifreeze|detergent|chemical|chemicals|cleaner|magnet|magnets|drano|gasoline|rat|ammonia|pods|pod|lye",
            "poison|poisoned|poisoning", "got into ..4 @medicine",
            "bottle of ..3 @medicine ..6 took|swallowed|drank", "swallowed|drank|ate ..3 bottle of",
            "carbon monoxide", "mixed pills", "narcan", "laced with fentanyl",
        ],
        unless: &[
            "poison ivy|oak|sumac", "food poisoning", "too much time|work|effort",
            "too many calls|times|appointments", "took|taken too much off",
            "as prescribed|directed", "need|needs a|my? refill", "it took|takes",
            "narcan ..3 prescription|training|kit", "took too long",
        ],
    },
    Rule {
        id: "red_flag.anaphylaxis",
        kind: Kind::Medical,
        says: &[
            "anaphyla*",
            "throat|windpipe|airway ..3 closing|closed|closes|tightening|shut|swelling|constricting",
            "tongue|lips|lip|face|throat ..4 swelling|swollen|swelled|swell|puffed|huge",
            "swelling|swollen ..3 tongue|lips|lip|face|throat|airway",
            "severe|bad|serious|terrible|really|major ..1 allergic reaction",
            "having|has|have|is|im ..3 allergic reaction",
            "allergic reaction ..6 swelling|breathe|breathing|hives|throat|now",
            "allergic ..8 swelling|swollen|cant breathe",
            "stung ..10 swelling|swollen|breathe|breathing|dizzy|hives|throat",
            "hives ..8 breathe|throat|tongue|lips|swelling", "eyes|face ..3 swollen|swelling shut",
            "used|using|need|needs ..3 epipen|epi",
            "peanut|peanuts|shellfish|bee ..8 swelling|swollen|breathe|throat|closing",
        ],
        unless: &[
            "swollen|swelling ..3 glands|lymph|ankle|ankles|knee|foot|feet|gums",
            "epipen ..3 refill|prescription|expired|renewed",
            "refill|renew|prescription ..4 epipen|epi", "swollen eyes ..4 crying|allergies",
            "tooth|dentist|dental", "new epipen",
        ],
    },
    Rule {
        id: "red_flag.pregnancy",
        kind: Kind::Medical,
        says: &[
            "pregnant|pregnancy ..14 bleeding|blood|spotting|cramps|cramping|contractions|broke|gushed|leaking|headache|fell|seizure|blurry",
            "bleeding|blood|spotting|cramps|cramping|contractions|fell ..14 pregnant|pregnancy",
            "water|waters just? broke|broken|breaking", "water has ..1 broken",
            "in|into active? labor|labour", "contractions",
            "baby ..3 stopped|isnt|not|hasnt ..2 moving|moved|kicking|move",
            "havent|cant|dont|not felt|feel ..3 baby ..2 move|moving|kick|kicking", "giving birth",
            "baby is|its coming now|out", "miscarriage|miscarrying",
            "having the|my|a baby now|right",
        ],
        unless: &[
            "labor day", "labor law|laws|union|costs|pool|in vain",
            "water heater|main|pipe|line|fountain", "into labor relations",
            "heater|pipe|main ..2 broke", "braxton ..3 class", "hard|manual|child|slave labor",
            "contractions in",
        ],
    },
    Rule {
        id: "red_flag.infant_fever",
        kind: Kind::Medical,
        says: &[
            "baby|infant|newborn|babys|newborns ..10 fever|feverish|temperature|103|104|105|limp|floppy|lethargic|dehydrated",
            "fever|temperature|feverish ..10 baby|infant|newborn|babys",
            "day|days|week|weeks old ..10 fever|temperature|feverish|hot|103|104|105",
            "fever|temperature|feverish ..10 day|days|week|weeks old",
            "one|two|three|1|2|3 month|months old ..10 fever|temperature|feverish",
            "fever|temperature ..8 one|two|three|1|2|3 month|months old",
            "baby ..3 unresponsive|blue|limp|floppy", "baby|infant|newborn ..6 hot|burning",
            "infant|newborn ..8 wont|not|isnt eat|eating|feed|feeding|nursing",
        ],
        unless: &[
            "baby fever", "no fever", "baby teeth", "normal temperature", "temperature ..2 normal",
            "year|years old",
            "four|five|six|seven|eight|nine|ten|eleven|4|5|6|7|8|9|10|11 month|months old",
        ],
    },
    Rule {
        id: "red_flag.meningitis",
        kind: Kind::Medical,
        says: &[
            "stiff neck ..8 fever|headache", "fever|headache ..8 stiff neck",
            "neck ..3 stiff ..6 fever",
        ],
        unless: &[],
    },
    Rule {
        id: "red_flag.injury",
        kind: Kind::Medical,
        says: &[
            "hit|hurt|banged|bumped|smashed ..3 head ..12 vomit*|throwing|confused|passed|unconscious|bleeding|dizzy|sleepy|blurry",
            "head injury",
            "bad|terrible|serious|car|motorcycle|bike accident ..8 hurt|bleeding|cant|head|neck|trapped|injured|now",
            "fell ..12 cant|couldnt ..1 move|get|feel|walk|stand",
            "cant|couldnt feel|move ..1 legs|arms|toes|body", "broke|broken ..2 neck|back|skull",
            "bone ..4 sticking|through|out",
            "badly|severe|severely|third|bad burned|burn|burns|burnt|degree",
            "burned|burnt|scalded ..5 badly|bad|severely|face|over", "hit by a? car|truck|bus",
            "snake|snakes bit|bite|bitten", "bitten by a snake",
            "stabbed",
        ],
        unless: &[
            "break my back", "broke my back working", "years", "heartburn", "burned out|bridge",
        ],
    },
    Rule {
        id: "red_flag.diabetic",
        kind: Kind::Medical,
        says: &[
            "diabetic coma|shock", "insulin shock",
            "diabetic ..8 confused|shaking|unresponsive|sweating|wake",
            "sugar ..6 confused|shaking|passing|unresponsive|wake|dangerously", "ketoacidosis",
        ],
        unless: &["diabetic shock absorber"],
    },
    Rule {
        id: "red_flag.stated",
        kind: Kind::Medical,
        says: &[
            "this|it is ..3 emergency", "its ..3 emergency", "have|having|had an? ..1 emergency",
            "medical emergency", "life or death", "life threatening",
            "need|call|send|get|calling ..1 ambulance|paramedics|911",
            "i|he|she|im|hes|shes|think ..2 dying", "about to die", "going to die", "help me im|i",
            "call 911", "nine one one", "need 911", "emergency $", "please help ..3 dying|hurry",
            "cpr",
        ],
        unless: &[
            "not|isnt ..2 emergency", "emergency contact|contacts|number|line|plan|exit|brake", "dying to|for",
            "phone|battery|plants|plant|cars|car ..2 dying",
            "dying ..2 laughter|boredom|heat|curiosity|thirst|hunger",
            "ambulance bill|bills|ride|charge|company",
            "cpr class|classes|training|certification|certified|course",
            "emergency ..1 form|card|room|department|dental|fund|leave", "in case of ..2 emergency",
            "if ..4 emergency", "family emergency", "kill two", "we are all going to die",
            "plumbing|work|pet|dog|cat emergency",
        ],
    },
];

/// Says what emergency a text speaks of, if it does: the rule's id.
///
/// The rules are those of the guard that runs on everything a caller says.
pub(crate) fn red_flag(text: &str) -> Option<RedFlag> {
    let english = tokens(text);
    let find = |all: &[Token], tongue, first: &dyn Fn(&[Token]) -> Option<&'static Rule>| {
        first_in(all, first).map(|rule| RedFlag { rule: rule.id, kind: rule.kind, tongue })
    };
    // Spanish words in an English sentence are an emergency, but the caller is answered in English.
    let other = || match evident(text, true) {
        Some(Tongue::English) => Tongue::English,
        _ => Tongue::Spanish,
    };
    find(&english, Tongue::English, &|window| RULES.iter().find(|rule| fires(rule, window)))
        .or_else(|| find(&folded(&english), other(), &red_flags_spanish::first))
        .or_else(|| {
            red_flags_spanish::cries_for_help(text).map(|rule| RedFlag {
                rule,
                kind: Kind::Medical,
                tongue: Tongue::Spanish,
            })
        })
}

/// Returns the first rule that fires in a text.
fn first_in(
    all: &[Token],
    first: &dyn Fn(&[Token]) -> Option<&'static Rule>,
) -> Option<&'static Rule> {
    // Sentences are looked at alone, and in pairs: "I'm pregnant. I'm bleeding."
    let sentences: Vec<&[Token]> = all.chunk_by(|a, b| a.sentence == b.sentence).collect();
    let mut start = 0;
    for (index, sentence) in sentences.iter().enumerate() {
        let pair_end =
            start + sentence.len() + sentences.get(index + 1).map_or(0, |next| next.len());
        for window in [&all[start..start + sentence.len()], &all[start..pair_end]] {
            if let Some(rule) = first(window) {
                return Some(rule);
            }
        }
        start += sentence.len();
    }
    None
}

fn fires(rule: &Rule, sentence: &[Token]) -> bool {
    let hits = rule.says.iter().any(|pattern| {
        let pattern = pattern.replace("@medicine", MEDICINE);
        find_all(sentence, &pattern).any(|span| !negated(sentence, span.start))
    });
    hits && !any(sentence, rule.unless)
        && !is_past(sentence)
        && !is_hypothetical(sentence)
        && !is_errand(sentence)
}

/// Whether what begins here is denied: "no chest pain", "I don't have any bleeding".
fn negated(sentence: &[Token], at: usize) -> bool {
    #[rustfmt::skip]
    const BETWEEN: &[&str] = &[
        "any", "have", "having", "had", "has", "a", "an", "the", "really", "got", "been", "more",
        "feel", "feeling", "think", "is", "im", "i", "its", "this", "hes", "shes", "it", "of",
        "there", "kind", "signs", "sign", "symptoms", "or", "in", "my", "actually",
        "experiencing", "severe", "being", "was", "actively", "currently",
    ];
    let mut place = at;
    while place > 0 {
        let before = &sentence[place - 1];
        if before.clause != sentence[at].clause {
            return false;
        }
        match before.word.as_str() {
            "no" | "not" | "dont" | "doesnt" | "without" | "never" | "isnt" | "havent"
            | "hasnt" | "wasnt" | "denies" | "nor" | "arent" | "didnt" => {
                // "I don't know, I have chest pain" denies nothing.
                return !sentence.get(place).is_some_and(|next| {
                    matches!(next.word.as_str(), "know" | "sure" | "only" | "just")
                });
            }
            word if BETWEEN.contains(&word) => place -= 1,
            _ => return false,
        }
    }
    false
}

/// Words that make an emergency of now out of one of then.
#[rustfmt::skip]
const NOW: &[&str] = &[
    "now", "right now", "today", "again", "still", "tonight", "started", "starting", "currently",
    "happening", "this morning|afternoon|evening", "getting worse", "just",
    "minutes|hour|hours ago", "an hour", "since yesterday|this|last night|morning", "came back",
    "wont stop",
    "is|are having", "im having|feeling|getting|bleeding|dizzy", "hes|shes having|not", "all day",
    "cant breathe", "keep|keeps",
];

/// "Last year", "when I was a child", "had a stroke in 2019", "history of".
fn is_past(sentence: &[Token]) -> bool {
    #[rustfmt::skip]
    const PAST: &[&str] = &[
        "last year|month|week|spring|summer|fall|winter|january|february|march|april|may|june|july|august|september|october|november|december|time|visit",
        "year|years|month|months|weeks|decades ago", "a while|week ago", "years back", "history of",
        "when i|he|she|we was|were", "in 19*|20* ..1", "used to", "back in",
        "as a child|kid|teenager|baby", "ever since", "since my|his|her|the|i",
        "after my|his|her|the ..2 stroke|heart|seizure|overdose|accident|surgery",
        "recovering|recovered|recovery from", "had|have|has ..3 before",
        "past|previous|previously|prior", "died|passed ..2 of|from|away", "survived|survivor",
        "the other month|year", "long time ago", "discharged|released from", "er|hospital ..2 for",
        "went to the er|hospital|emergency", "was in the er|hospital|emergency",
        "in the hospital ..3", "saw ..3 last", "years since",
        "two|three|four|five|six|couple|few ..2 months|years",
        "she|he|@kin had a|an ..2 stroke|seizure|attack|emergency so|and|but|at|in|when",
        "is|are|was|were|been better|fine|gone|over|resolved now", "went away", "no longer",
        "had it ..3 ago",
    ];
    // What is over is over, even "now"; what came back is not.
    const OVER: &[&str] = &["gone ..1 now", "went away", "better|fine|ok|healed now"];
    let over = any(sentence, OVER) && !any(sentence, &["came|comes|back|again"]);
    any(sentence, PAST) && (over || !any(sentence, NOW))
}

/// "What if", "the signs of", "do you treat", "runs in my family", "I read about".
fn is_hypothetical(sentence: &[Token]) -> bool {
    #[rustfmt::skip]
    const SUPPOSED: &[&str] = &[
        "what if", "in case", "what are the ..3 signs|symptoms|risks", "signs|symptoms of a|an ..1",
        "how do i ..2 know|tell|prevent", "do|does you|doctor|he|she|the ..3 treat|handle|see|deal",
        "runs in ..1 family", "family history", "risk|risks of|for",
        "prevent|prevention|preventing|avoid", "worried about getting|having|having a|future",
        "read|article|heard|show|movie|class|learned|learn|training|course|news|brochure|pamphlet|information about|on|of",
        "class|course|training ..2 on|about|for", "screening|screened for",
        "tested|test|checked for", "should i ever|ever have", "causes|cause",
        "whats|what is the difference", "support group", "ever get|have", "if i ever",
        "side effect|effects", "would|could that cause", "said if|that if",
    ];
    any(sentence, SUPPOSED) && !any(sentence, NOW)
}

/// "Follow-up for my chest pain", "a refill of my heart attack medication", "stroke clinic": an errand about it.
fn is_errand(sentence: &[Token]) -> bool {
    #[rustfmt::skip]
    const ERRAND: &[&str] = &[
        "follow up|ups", "refill|refills|prescription|renew|renewal",
        "heart|stroke|lung|cardiac|chest|seizure|allergy|breathing|pain doctor|specialist|clinic|doctors|practice",
        "cardiologist|neurologist|pulmonologist|allergist", "results|result",
        "bill|billing|invoice|copay|claim|charge", "medical records|record", "form|forms|paperwork",
        "referral to|for", "recheck",
        "physical therapy", "support group", "insurance",
    ];
    any(sentence, ERRAND)
        && !any(sentence, NOW)
        && !any(
            sentence,
            &[
                "i|we have ..3 chest pain",
                "i|he|she cant breathe",
                "kill myself",
                "im ..2 bleeding",
            ],
        )
}
