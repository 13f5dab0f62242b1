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

const MEDICINE: &str = "antidepressants|antidepressant|percocet|vicodin|morphine|methadone|klonopin|valium|benadryl|lithium|warfarin|fentanyl|heroin|pills|pill|tablets|medicine|medication|medications|meds|tylenol|ibuprofen|aspirin|advil|insulin|xanax|oxycodone|opioids|ambien";

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
            "dont|didnt want to ..1 go on|exist", "dont want to be around $", "no|dont|cant see|have|is ..1 the|a|any point|reason ..1 anymore|anything|life|living",
            "cant do|take this|it|life ..2 anymore|longer ..8 stop|end|over", "just? want it all? ..1 stop|end|over $", "want|wants it all to stop|end",
            "think|thinking|thought|thoughts about|of ..1 not being|disappearing|dying|death", "want|wants|wanted to ..1 disappear|vanish $",
            "been|started|keeps|keep cutting $|again|my|her|his", "been|started|keeps cutting $", "have|has|got|hes|shes|with a ..1 gun|noose|rope",
            "everyone|everybody|family|they|world ..3 better off", "goodbye|suicide|bye note|letter|text|message", "texted|wrote|said|sent|left ..4 goodbye|bye ..8 pills|gun|rope|knife|bridge",
            "cut|slit|slash*|sliced ..1 wrist|wrists", "give|giving|given up on life|living", "rather be dead",
            "have|holding|got|with ..2 pills|gun|razor|rope|knife|blade in front|my|reach|here", "voices ..4 telling|tell|told|saying ..3 hurt|kill|die|harm|do", "telling me to hurt|kill|harm", "want|wanna|going to be with my ..2 wife|husband|mother|mom|dad|father|son|daughter|baby in|again|now|heaven", "be with my dead|late",
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
            "gun permit|license|show|range|lock|safety", "form|questionnaire asked|asks|says|said", "disappear|vanish from the|your", "point in waiting|calling|holding|coming",
            "rope class|course", "to|by an? overdose|suicide",
            "gun shaped|toy|control|violence", "toy|water|nerf|glue|heat|nail|massage gun", "pills in my bag|purse|car|cabinet|box|pillbox", "be with my ..3 during|for|in|while ..2 surgery|hospital|visit|appointment",
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
            "chest ..4 funny|weird|bothering|bothers|pressing|strange|gripping|tightens|squeezed", "breastbone|sternum ..6 pain|pressure|crushing|tight*|hurts|burning|ache",
            "pain|pressure|crushing|tightness|squeezing|burning|weight|feeling ..4 breastbone|sternum", "jaw ..2 arm|arms|shoulder ..3 ache|aches|aching|hurt|hurts|pain|heavy|numb",
            "arm|arms|shoulder ..2 jaw ..3 ache|aches|aching|hurt|hurts|pain", "left arm ..6 ache|aches|aching|heavy|tingl*|funny", "arm feels heavy",
            "heart ..3 racing|pounding|fluttering|beating|beats|skipping ..12 faint|pass|dizzy|breath|chest|sweat*|lightheaded", "cold sweat|sweats ..8 chest|arm|jaw|pressure",
            "chest|jaw|arm ..8 clammy", "clammy ..8 chest|arm|jaw",
            "standing|sitting|stepping|pressing|kneeling|pushing on ..2 chest",
        ],
        unless: &[
            "chest x ray|rays", "chest|heart xray", "gave|give me a heart attack",
            "almost|nearly|about had|have a heart attack", "heart attack when i saw",
            "chest cold|congestion", "chest of drawers", "hurt|hurts my? feelings",
            "heart attack ..3 insurance|prevention|risk|class|study", "medicine cabinet|chest",
            "heart stopped|skipped ..4 when", "chest cold|freezer|hair|size|tattoo", "heart attack ..1 patients|patient", "heart and soul",
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
            "short winded|breathed", "cant|couldnt finish a|my|his|her sentence|sentences", "stuck|lodged|caught|jammed ..5 throat|windpipe|airway", "cant ..1 cough|swallow ..8 breath*|throat|drool*|blue|spit",
            "grunting", "lips|face|fingers|fingertips|nails|skin|mouth ..4 blue|bluish|purple", "breathing|breath ..2 rapid|rapidly|shallow|weird",
            "out of breath ..6 lying|rest|resting|sitting|nothing|still|talking",
            "cant|couldnt get|finish ..3 sentence", "shes|hes|im|is panting", "turning|turned|turns|going|went|hes|shes|is ..1 purple|grey|gray|bluish",
        ],
        unless: &[
            "nose|nostril|nostrils|septum", "stuffy|stuffed|congested|congestion",
            "breathing treatment|treatments|test|exercise|exercises|machine|class",
            "breathe a word|easy|easier", "hold|holding|held my breath", "choke|choked up",
            "choking hazard", "feeling|feel|so|bit blue", "blue cross|shield|eyes|shirt",
            "turning|turned blue on", "sleep apnea", "bad breath",
            "with|in|wearing|under this|the|a|that|my|these mask|masks|collar|dress", "im choking on my|this|these|a|the", "life into|room",
            "throat culture|swab", "song|word|phrase|frog ..3 throat", "blue|purple ..1 dress|car|lipstick|marker|polish|ink",
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
            "speech ..4 weird|funny|off|slurred|strange|jumbled|garbled|wrong|slow|different|gone|thick", "words ..4 jumbled|mixed|garbled|scrambled",
            "dizzy ..8 cant|walk|stand|balance|fall*", "suddenly|sudden ..3 dizzy|dizziness", "cant ..1 walk ..1 straight", "woke|wakes|waking|got up? ..1 confused|disoriented",
            "hes|shes|he|she|@kin is|seems|acting|got|getting|looks|suddenly ..2 confused|disoriented", "doesnt|dont|didnt know ..1 where ..1 he|she|they|i|is|am|hes|shes|im",
            "doesnt|cant|couldnt|didnt recognize ..1 me|us|her|him|anyone|people|his", "cant say|tell my|her|his|me name", "seeing|see double", "double vision",
            "cant|couldnt see ..4 eye|eyes|side ..6 sudden*|now|all", "cant|couldnt see ..6 all of a sudden", "hand|arm|leg|face|foot|side|fingers ..4 numb|weak|limp|tingly ..6 sudden*|nowhere|dropping|just",
            "keep|keeps|kept dropping things",
            "arm|hand|leg|side ..2 went|gone|is|feels dead", "cant hold ..2 cup|fork|spoon|pen|phone|anything|things", "headache ..5 worst|ever", "worst ..3 headache|migraine", "legs|arms|leg|arm|hands|hand ..2 stopped|quit|wont|arent|isnt working|moving|work|move", "sudden* ..4 headache",
        ],
        unless: &[
            "stroke of luck|genius|midnight|bad|good",
            "heat|golf|swim|swimming|back|breast|paint|brush|butterfly|key stroke",
            "stroke ..2 doctor|clinic|specialist|prevention|risk|awareness|support|rehab|recovery|therapy|survivor|center|patient|patients|screening",
            "diagnosed with a stroke", "dentist|novocaine", "different strokes",
            "almost|nearly|about gave|give|had|have me? a stroke", "gave|give|giving|gives me a stroke", "have|had a stroke when|if|seeing", "stroke ..1 medication|medications|medicine|meds|pills|unit|association|belt|class",
            "confused about|by|with|on|which|what|when|as|because", "speech therapy|therapist|pathologist|pathology|class|language", "dizzy headed|with|from all|these|the", "stroke doctor|neurologist",
            "double booked|check|charged", "know where ..2 park|go|put|office|clinic",
            "cant hold ..4 line|long|longer|much", "scared|afraid|worried|fear of ..3 stroke",
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
            "soak|soaks|soaking|soaked|filling|fill|going|bleeding|bled through? ..5 pad|pads|tampon|tampons|towel|towels|sheets|clothes", "stool|stools|poop|diarrhea|vomit ..4 black|tarry|bloody|maroon|blood",
            "black|tarry|maroon|bloody ..2 stool|stools|poop|tarry|vomit", "blood ..10 lot|clots|lots|bright ..4", "bright red blood", "threw|throw*|vomit*|puk*|coughed|spit ..10 coffee grounds",
            "cut|slit|slash*|sliced ..1 wrist|wrists|throat", "cut|gash|wound|laceration|stabbed ..4 deep|bone", "cut|sliced|slit ..4 deep", "pool|puddle of blood", "blood|bleeding ..4 from|out ..4 hour|hours", "finger|toe|hand|thumb|fingertip ..5 cut|chopped|sliced|torn|ripped off", "lot|lots of blood ..4 from|in|on",
        ],
        unless: &[
            "blood|bleeding stopped|has stopped", "got|was|been shot on|in the",
            "flu|covid|tetanus|allergy shot", "bleeding gums", "gums ..2 bleed|bleeding",
            "bleeding money", "artery disease ..4 appointment|follow",
            "blood work|test|tests|pressure|draw|thinner|thinners", "shot ..3 photo|picture|video",
            "lost blood sugar", "bleeding disorder",
            "a|the lot of|about blood tests|test|work", "blood ..3 drawn|draw|lab|labs|type|donor|bank|drive|sugar|pressure",
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
            "dropped|slumped|keeled|crumpled ..3 floor|ground|over", "having|has|had a fit", "wont|cant|doesnt|not ..1 stop shaking|twitching|jerking", "eyes ..3 rolled|rolling",
            "so|too weak ..4 stand|walk|move|sit|cant", "cant keep ..6 down ..8 weak|stand|dizzy|faint|days|pee|walk", "hard|difficult|impossible to wake|rouse",
            "not|isnt|aint acting right|himself|herself|normal ..8 fever|burning|head|hot|confused|hit|fell", "hes|shes|is|looks|went|turned|gone grey|gray|ashen",
            "hes|shes|he|she|and|is not|isnt answering me|us", "isnt answering me|us", "cant|couldnt get him|her|them to open|wake|answer|respond", "open his|her|their eyes", "fell|fallen|found ..3 in|into the pool|tub|bath|lake|river", "pacemaker|defibrillator ..4 shocking|shocked|shocks|firing",
        ],
        unless: &[
            "passed|passing out flyers|forms|candy|papers|paperwork",
            "wake up early|on time|in time|before", "wake up ..3 morning ..3 early",
            "seizure medicine|medication|meds|disorder", "fainting couch",
            "like im|hes|shes|a|being unconscious",
            "not moving ..3 appointment|house|until|to", "im|were|we not moving",
            "blackout curtains", "drowning in",
            "wake up early", "wake up before", "wake up in time", "wake up on time", "at the sight of", "faint|fainted|pass|passed out? once|easily", "unconscious most|every|bias|mind", "most|every nights",
            "hair ..3 grey|gray", "dropped|dropping ..3 off|by|it|them|my phone", "a good fit", "fit me|him|her|us in", "in my story|note|chart|record", "weak ..2 signal|connection|internet|coffee",
            "answering ..3 phone|texts|calls|emails", "open her eyes to|about",
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
            "took|taken|take|gave|given|injected ..2 double|triple|twice|extra|wrong ..4 dose|doses|insulin|@medicine|amount", "took|taken|gave|given ..6 @medicine ..2 two|three|four|five|3|4|5 times",
            "took|taken|swallowed|ate|popped all ..4 @medicine", "took|taken|swallowed|ate ..3 ten|fifteen|twenty|thirty|forty|fifty|sixty|hundred|10|15|20|30|40|50|60|100 ..4 @medicine",
            "drank|drinking|drink|swallowed|ate|eaten|licked ..6 cleaning|cleaner|soap|detergent|disinfectant|solvent|pesticide|under the sink", "swallowed|swallow|ate ..4 battery|batteries|magnet|magnets",
            "drank|drinking|swallowed ..4 oil|perfume|sanitizer|kerosene|lighter|peroxide|turpentine", "drank|drinking|swallowed|ate ..3 remover|polish|thinner|windex|pinesol|lysol|fluid|fuel|paint|glue|mothballs|nicotine|vape|edible|gummies|mushrooms|berries|plant",
        ],
        unless: &[
            "poison ivy|oak|sumac", "food poisoning", "too much time|work|effort",
            "too many calls|times|appointments", "took|taken too much off",
            "as prescribed|directed", "need|needs a|my? refill", "it took|takes",
            "narcan ..3 prescription|training|kit", "took too long",
            "dog|cat|puppy|kitten|pet ..2 swallowed|ate|drank|got|took", "vet|veterinarian", "overdose training|class|course|prevention|awareness|kit|group", "lost ..5 overdose|overdosing",
            "poison control|poisoning ..2 class|poster",
            "fish|olive|cod|castor|mineral|liver oil", "oil ..2 change", "fluids|contrast|barium", "drank ..2 fluid",
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
            "ate|eaten|eating|stung|bit|bitten|shot|pill|antibiotic ..14 hives|wheez*|throat|tongue|lips ..6", "hives ..8 wheez*|vomit*|throwing|faint|dizzy", "covered ..2 hives",
            "throat|tongue ..3 tight|thick|closing|numb",
        ],
        unless: &[
            "swollen|swelling ..3 glands|lymph|ankle|ankles|knee|foot|feet|gums",
            "epipen ..3 refill|prescription|expired|renewed",
            "refill|renew|prescription ..4 epipen|epi", "swollen eyes ..4 crying|allergies",
            "tooth|dentist|dental", "new epipen",
            "throat culture|sore", "sore throat", "strep", "last year|month ..6 hives",
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
            "gave birth|birth|had|delivered|postpartum|section ..10 soaking|bleeding|pad|pads|clots|fever|headache|fainted|faint", "pregnant|pregnancy|trimester|postpartum ..14 swollen|swelling|spots|vision|headache|fluid|fever|pain",
            "weeks|months along|pregnant ..12 fluid|water|bleeding|blood|pain|leaking|gush*|contractions", "fluid|water|liquid ..3 leaking|running|gushing|down|trickling ..3 leg|legs",
            "havent|hasnt|not|cant|no|stopped|didnt felt|feel|feeling|kicked|kicking|moved ..4 kick|kicks|kicked|moving|movement|move|today|since", "felt|feel ..2 kicks|movement ..3 since|today",
            "weeks|months ..8 havent|cant|not|dont felt|feel ..2 him|her|it|baby|move|moving",
            "im|shes|were|is ..4 weeks|months ..8 bleeding|cramping|cramps|contractions|spotting",
        ],
        unless: &[
            "labor day", "labor law|laws|union|costs|pool|in vain",
            "water heater|main|pipe|line|fountain", "into labor relations",
            "heater|pipe|main ..2 broke", "braxton ..3 class", "hard|manual|child|slave labor",
            "contractions in",
            "labor ..2 so ..6 cancel|reschedule|move|cant|miss", "labor and delivery tour|class|bill|nurse|ward|unit", "no pain", "water|electric bill|bottle|fountain|delivery", "had a fever ..3 last",
            "was in labor for|with",
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
            "day|days|week|weeks old ..8 99*|100*|101*|102*|warm|burning|wont|limp|floppy", "newborn|infant|week|weeks ..8 wont|not|isnt|hard ..2 wake|nurse|eat|feed|cry", "wet diaper|diapers ..8 floppy|sleepy|limp|wont|sunken",
            "hasnt|havent|not|no ..2 wet diaper|diapers",
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
            "stiff neck ..12 light|vomit*|throwing|rash|confus*", "neck ..4 stiff ..10 light|rash|headache|vomit*", "light|lights hurts|hurt|bothers ..3 eyes ..10 neck|headache|fever", "fever ..10 neck ..3 stiff|move|bend",
            "fever|burning up? ..8 confus*|delirious|hallucinat*|mottled|acting|purple", "acting|right|confused ..6 fever|burning up",
            "hallucinat*|delirious ..8 fever|burning", "confused ..6 fever",
        ],
        unless: &[
            "fever last|ago",
        ],
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
            "hit|hurt|banged|bumped|smashed|cracked ..3 head ..12 acting|strange|weird|asleep|wont|cant|funny|slurr*|seeing|headache|crying", "eye|eyes ..6 bleach|acid|chemical*|cleaner|ammonia|lye|drano|glue",
            "bleach|acid|chemical|chemicals|cleaner|ammonia|lye ..5 eye|eyes|face",
            "wreck|crash|collision|rollover ..8 hurt|hurts|bleeding|cant|head|neck|trapped|chest|back",
        ],
        unless: &[
            "break my back", "broke my back working", "years", "heartburn", "burned out|bridge",
            "acid reflux", "eye ..3 chart|exam|doctor|drops|glasses",
        ],
    },
    Rule {
        id: "red_flag.diabetic",
        kind: Kind::Medical,
        says: &[
            "diabetic coma|shock", "insulin shock",
            "diabetic ..8 confused|shaking|unresponsive|sweating|wake",
            "sugar ..6 confused|shaking|passing|unresponsive|wake|dangerously", "ketoacidosis",
            "sugar|glucose ..4 high|low|3*|4*|5*|6*|thirty|forty|fifty|three|four|five|six|hundred ..10 shak*|throw*|vomit*|confus*|dizzy|sweat*|breath*|weak|sleepy|faint|passing|ketones|stomach",
        ],
        unless: &["diabetic shock absorber", "sugar free|cookies|packets"],
    },
    Rule {
        id: "red_flag.abdomen",
        kind: Kind::Medical,
        says: &[
            "appendix ..2 burst|bursting|ruptured|exploded", "ruptured|burst appendix|spleen|aneurysm",
            "worst|unbearable|excruciating|terrible sudden? stomach|belly|abdominal pain",
            "stomach|belly|abdomen ..3 hard|rigid ..2 board|rock", "testicle ..6 sudden*|twisted|severe",
        ],
        unless: &["years", "surgery ..3 appendix"],
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
            "emergency at|with work|school|the", "emergency refill|supply|prescription", "is this|it ..1 emergency",
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
    // Who speaks of killing themselves is heard, whenever that was and whatever else they call for.
    let silenced = || is_past(sentence) || is_hypothetical(sentence) || is_errand(sentence);
    hits && !any(sentence, rule.unless) && (rule.kind == Kind::Crisis || !silenced())
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
    "now", "right now", "today", "happening|happened|started|back|it|pain|pains|its|bleeding again", "again today|tonight|this|since", "still", "tonight", "started", "starting", "currently",
    "happening", "this morning|afternoon|evening", "getting worse", "just ..1 started|happened|had|got|collapsed|fell|passed|dropped|took|swallowed|ate|drank|fainted|hit|stopped|woke",
    "minutes|hour|hours ago", "an hour", "since yesterday|this|last night|morning", "came back",
    "wont stop",
    "is|are having", "im having|feeling|getting|bleeding|dizzy", "hes|shes having|not", "all day",
    "cant breathe", "keep|keeps",
    // A symptom that is told in the present stands, whatever errand it comes with.
    "i|we|he|she|they|and|also|now|because|but ..1 have|has|got ..2 chest pain|pains|pressure|tightness|discomfort",
    "have|has|got|feel|feeling|felt ..3 pain|pains|pressure|tightness|heaviness|squeezing ..2 in ..1 chest",
    "my|his|her|the chest|heart|head|arm|jaw|throat ..2 hurts|aches|pounding|tight|heavy|burning|funny|bothering|closing|swelling|racing",
    "ive|hes|shes been having|cutting|bleeding|vomiting|throwing|coughing|getting", "has|have been having|coughing|vomiting|bleeding", "in the hospital|er|ambulance with",
    "by the way ..1 my|i|im|his|her|hes|shes|ive", "i|he|she feel|feels ..4 faint|dizzy|lightheaded|weak|tight",
    "im|hes|shes|is|am ..2 bleeding|choking|unconscious|unresponsive|suicidal|wheezing|soaking|seizing|shaking|sweating|throwing|vomiting",
    "cant ..1 catch|get|feel|move|speak|talk|swallow|stand|lift|see|walk", "comes and goes", "on and off", "since i ..1 woke|got", "has|have been ..2 aching|hurting|numb",
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
