//! The emergency guard on a table of sentences: every emergency must be caught, and of the sentences that only
//! look like one, at most a tenth may be.

use attendant::agent::emergency_rule;

/// What must be caught, with the rule that is meant; another rule is as good for the caller.
#[rustfmt::skip]
const EMERGENCIES: &[&str] = &[
    "I have chest pain",
    "I'm having chest pain and my left arm is numb.",
    "My chest hurts really bad",
    "There's this pressure in my chest",
    "It feels like an elephant is sitting on my chest",
    "I think I'm having a heart attack",
    "my husband is having a heart attack",
    "I need an appointment because I have chest pain",
    "My chest is really tight and I'm sweating",
    "pain in my chest since this morning",
    "I got chess pain",
    "Sharp pains in my chest when I walk",
    "I have pain going down my left arm",
    "I can't breathe",
    "My son can't breathe",
    "I'm having trouble breathing",
    "She's having difficulty breathing and her lips are blue",
    "I'm really short of breath",
    "He's choking",
    "my baby is not breathing",
    "I can barely breathe",
    "I can't catch my breath",
    "I think I'm having a stroke",
    "My mom's face is drooping on one side",
    "His speech is slurred all of a sudden",
    "I can't move my right arm",
    "The left side of my body is numb",
    "This is the worst headache of my life",
    "I suddenly can't see out of one eye",
    "The bleeding won't stop",
    "I cut my hand and it won't stop bleeding",
    "He's bleeding really badly",
    "I'm throwing up blood",
    "There's blood everywhere",
    "I've been coughing up blood today",
    "My wife passed out",
    "My father is unconscious",
    "I can't wake her up",
    "My daughter is having a seizure",
    "He collapsed in the kitchen",
    "She's not responding",
    "I took the whole bottle of pills",
    "My daughter swallowed a bottle of Tylenol",
    "I think I overdosed",
    "I took too many of my pills",
    "My toddler drank bleach",
    "my son ate a button battery",
    "My throat is closing up",
    "I'm having an allergic reaction and my tongue is swelling",
    "I got stung by a bee and I can't breathe",
    "She's going into anaphylactic shock",
    "My lips are swelling up after eating peanuts",
    "I want to kill myself",
    "I don't want to live anymore",
    "I'm thinking about suicide",
    "I'm going to hurt myself",
    "I want to end my life",
    "Sometimes I just want to die",
    "everyone would be better off without me",
    "I'm pregnant and I'm bleeding",
    "I'm thirty weeks pregnant and having bad cramps and bleeding",
    "My water broke",
    "I think I'm in labor",
    "I haven't felt the baby move today",
    "My newborn has a fever",
    "My three week old has a temperature of 101",
    "My baby is burning up with a fever of 104",
    "My two month old has a fever",
    "I have a fever and a stiff neck",
    "My kid hit his head and now he's throwing up",
    "I was just in a car accident and I can't feel my legs",
    "This is an emergency",
    "I need an ambulance",
    "I think I'm dying",
    "Hi, this is Maria Lopez. I need to cancel my appointment because I'm having chest pains right now.",
    "No, I have chest pain.",
    "I don't know, I have this chest pain",
    "Yes. My chest hurts.",
    "um, so, uh, I've got, like, chest pain",
];

/// What must not be taken for one.
#[rustfmt::skip]
const LOOK_ALIKES: &[&str] = &[
    "I need an appointment with the heart doctor",
    "My mother had a stroke last year",
    "I have no chest pain",
    "I'd like to book a chest pain follow-up from last month",
    "I don't have any chest pain or anything, I just need a physical",
    "I had a heart attack five years ago and need my yearly check-up",
    "My father died of a heart attack in 2010",
    "I need a refill of my chest pain medication",
    "What are the signs of a stroke?",
    "I'm in the stroke support group on Thursdays",
    "Heart attacks run in my family history, so I want a physical",
    "I nearly had a heart attack when I saw the bill",
    "I need a chest x-ray",
    "I can't breathe through my nose",
    "My nose is stuffed up and I can't breathe at night",
    "I need to schedule a breathing test",
    "I have sleep apnea and need a new breathing machine",
    "I held my breath waiting for the results",
    "I'd like to cancel my appointment",
    "It was a stroke of luck that you had an opening",
    "My dad had a stroke a few years ago, I want to get checked",
    "I have an appointment with the stroke clinic",
    "I need a blood pressure check",
    "I'm calling about my blood work",
    "My gums are bleeding when I brush",
    "The bleeding stopped two weeks ago and I need a follow-up",
    "I'm on blood thinners and need a refill",
    "I get a flu shot every year",
    "I passed out the forms you asked for",
    "I had seizures as a child",
    "I need a refill for my seizure medication",
    "I fainted last year and the doctor wants to see me again next month",
    "I can't wake up early, do you have something in the afternoon?",
    "I take my pills every morning as prescribed",
    "I had food poisoning last week and want a follow-up",
    "My son has poison ivy",
    "I took too many calls today, sorry, when is my appointment?",
    "I'm overdue for my physical",
    "I'm allergic to penicillin",
    "I need my allergy shot",
    "I need a new prescription for my EpiPen",
    "I had an allergic reaction last year and want to see an allergist",
    "I'm dying to get this over with",
    "This traffic is killing me, can I move my appointment?",
    "I'm going to a suicide prevention training on Thursday",
    "I'm not suicidal, I just need my medication",
    "I'm pregnant and need a check-up",
    "Are you open on Labor Day?",
    "The water heater broke so I can't come in",
    "My two year old needs a vaccination",
    "My baby needs her shots",
    "It's not an emergency",
    "I need to update my emergency contact",
    "I went to the emergency room last month and need a follow-up",
    "My phone is dying, can you be quick?",
    "I need to move my Thursday appointment to the next free morning",
    "I have a head cold",
    "I had a family emergency and missed my appointment",
    "My heart is set on Friday",
    "I need a CPR class certificate form",
    "Do you treat asthma?",
    "I hurt my back at the gym",
    "My back hurts and I'd like to see Dr. Patel",
    "I hurt myself at work last week and need a follow-up",
    "I have a sore throat and a cough",
];

#[test]
fn every_emergency_is_caught() {
    let missed: Vec<_> = EMERGENCIES.iter().filter(|text| emergency_rule(text).is_none()).collect();
    assert!(EMERGENCIES.len() >= 50);
    assert!(missed.is_empty(), "missed {} of {}: {missed:#?}", missed.len(), EMERGENCIES.len());
}

#[test]
fn look_alikes_are_left_alone() {
    let taken: Vec<_> = LOOK_ALIKES
        .iter()
        .filter_map(|text| emergency_rule(text).map(|rule| (text, rule)))
        .collect();
    assert!(LOOK_ALIKES.len() >= 50);
    assert!(
        taken.len() * 10 <= LOOK_ALIKES.len(),
        "{} of {}: {taken:#?}",
        taken.len(),
        LOOK_ALIKES.len()
    );
}

/// The rule is what the audit record will say, so the plain cases must name the right one.
#[test]
fn plain_emergencies_have_their_own_rule() {
    for (text, rule) in [
        ("I have chest pain", "red_flag.chest_pain"),
        ("I can't breathe", "red_flag.breathing"),
        ("I think I'm having a stroke", "red_flag.stroke"),
        ("the bleeding won't stop", "red_flag.bleeding"),
        ("he is unconscious", "red_flag.unconscious"),
        ("I took the whole bottle of pills", "red_flag.overdose"),
        ("my throat is closing up", "red_flag.anaphylaxis"),
        ("I want to kill myself", "red_flag.suicidal"),
        ("I'm pregnant and bleeding", "red_flag.pregnancy"),
        ("my newborn has a fever", "red_flag.infant_fever"),
        ("this is an emergency", "red_flag.stated"),
    ] {
        assert_eq!(emergency_rule(text), Some(rule), "{text:?}");
    }
}
