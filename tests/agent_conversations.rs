//! Whole conversations, told line by line: what the caller says, what the agent says, which tools run.

#[allow(dead_code, reason = "shared by several test binaries")]
mod agent_world;

use std::collections::VecDeque;
use std::time::Duration;

use agent_world::{MOVE, World, check, play, setting};
use attendant::agent::Goal;
use attendant::agent::tools::ErrorCode;

// ---- A. moving an appointment ----

#[test]
fn an_appointment_is_moved_and_a_person_asked_for() {
    check(
        "
        agent: Thank you for calling Maple Street Family Medicine. This is the practice's automated assistant. [protected]
        agent: How can I help you today?
        caller: Hi, this is Maria Lopez. I need to move my Thursday appointment to the next free morning.
        agent: And what's your date of birth?
        caller: March 9th, 1984.
        tool: verify_identity(Maria Lopez, 1984-03-09)
        agent: Thank you, Maria.
        tool: get_patient_appointments()
        tool: find_slots(office, prac-patel, from 2026-11-21T00:00:00, Morning)
        agent: I have Friday, November 27 at 9:30 AM with Dr. Patel. Shall I move your Thursday appointment there? [protected]
        caller: Yes, please.
        tool: reschedule_appointment(appt-1, slot-3)
        agent: That's moved. Your appointment is now on Friday, November 27 at 9:30 AM with Dr. Patel.
        agent: Is there anything else I can help you with?
        caller: Yes. Could I talk to a person, please?
        agent: One moment, I'll connect you with the front desk.
        tool: transfer_to_human(front-desk, patient_request, Maria Lopez, born March 9, 1984, verified. Moved the appointment to Friday, November 27 at 9:30 AM with Dr. Patel. Last said: \"Yes. Could I talk to a person, please?\")
        agent: (hangs up)
        ",
    );
}

/// Ways to say the same, as callers and recognisers have them.
#[rustfmt::skip]
const WAYS: &[&[&str]] = &[
    &[MOVE, "March 9th, 1984.", "Yes."],
    &[MOVE, "three nine eighty four", "sure"],
    &[MOVE, "0 3 0 9 1984", "Yeah, that works."],
    &[
        "Hi, this is Maria Lopez, date of birth March 9th 1984. I need to move my Thursday appointment to the next free morning.",
        "yes",
    ],
    &[
        "I need to move my Thursday appointment to the next free morning",
        "Maria Lopez, March 9, 1984",
        "Yes please.",
    ],
    &[
        "I need to move my Thursday appointment to the next free morning",
        "Maria",
        "Lopez",
        "March 9th",
        "1984",
        "okay",
    ],
    // What a recogniser makes of it.
    &[
        "Hi, this is Maria Lopes. I need to move my Thursday appointment to the next free morning.",
        "March 9th, 1984.",
        "Yes.",
    ],
    &[
        "Hi this is Marie Lopez I need to move my Thursday appointment to the next free morning",
        "Marsh ninth nineteen eighty four",
        "yes",
    ],
    &[
        "this is maria lopez. i need to move my thursday appointment to the next free morning",
        "march 9 1984",
        "yes",
    ],
    &[
        "Um, hi, uh, this is Maria Lopez. I, um, I need to move my, uh, Thursday appointment to the next free, uh, morning.",
        "Um, March 9th, uh, 1984.",
        "Um, yes.",
    ],
    // Split turns and missing words.
    &[
        "Hi, this is Maria Lopez.",
        "I need to move my Thursday appointment",
        "March 9th, 1984",
        "to the next free morning",
        "yes",
    ],
    &["move my appointment", "Maria Lopez", "March 9 84", "next free morning", "yes"],
    &["Need move Thursday appointment next free morning", "Maria Lopez", "March 9 1984", "yes"],
    &[
        "I need to reschedule",
        "L-O-P-E-Z, Maria Lopez",
        "It's 03/09/1984.",
        "The next available morning, please.",
        "That's fine.",
    ],
    &[
        "I can't make it on Thursday. Do you have anything the next free morning?",
        "Maria Lopez",
        "March 9th 1984",
        "Yes",
    ],
    &[
        "Good morning. I have an appointment on Thursday and I need to change it.",
        "My name is Maria Lopez.",
        "The ninth of March, 1984",
        "Any morning as soon as possible",
        "Perfect.",
    ],
    &[
        "I'd like to change my appointment from Thursday to Friday morning",
        "It's Maria Lopez",
        "My date of birth is March 9th, 1984",
        "Yes, that's right.",
    ],
];

#[test]
fn the_goal_is_reached_however_the_facts_come_in() {
    for seed in [1, 2] {
        for lines in WAYS {
            let world = play(seed, lines);
            assert!(world.reached(Goal::Rescheduled), "seed {seed}:\n{}", world.tell());
            world.said("November 27 at 9:30 AM with Dr. Patel");
            assert_eq!(world.written, ["reschedule_appointment"], "{}", world.tell());
        }
    }
}

#[test]
fn an_offer_can_be_turned_in_every_direction() {
    let after = |line: &str| {
        let world = play(1, &[MOVE, "March 9th, 1984.", line]);
        world.last("agent").to_string()
    };
    for (line, offered) in [
        ("No.", "Friday, November 27 at 11:00 AM with Dr. Patel"),
        ("Something later, please.", "Friday, November 27 at 11:00 AM with Dr. Patel"),
        ("Later that day.", "Friday, November 27 at 11:00 AM with Dr. Patel"),
        ("Another time.", "Friday, November 27 at 11:00 AM with Dr. Patel"),
        ("No, in the afternoon instead.", "Friday, November 27 at 2:00 PM with Dr. Patel"),
        ("Do you have anything in the afternoon?", "Friday, November 27 at 2:00 PM with Dr. Patel"),
        ("Tuesday instead", "Tuesday, November 24"),
        ("Could I come on Tuesday next week?", "Tuesday, November 24"),
        ("No wait, December 3rd.", "Thursday, December 3 at 9:30 AM with Dr. Patel"),
        ("Friday doesn't work.", "Tuesday, December 1 at 9:30 AM with Dr. Patel"),
        ("another day", "Tuesday, December 1 at 9:30 AM with Dr. Patel"),
        ("With another doctor.", "Monday, November 23 at 9:30 AM with Dr. Kim"),
        ("With Dr. Kim, please.", "Monday, November 23 at 9:30 AM with Dr. Kim"),
        ("After the 7th of December", "Tuesday, December 8 at 9:30 AM with Dr. Patel"),
        ("What about ten thirty or later?", "Friday, November 27 at 11:00 AM with Dr. Patel"),
        ("a week from Friday", "Friday, December 4 at 9:30 AM with Dr. Patel"),
        (
            "Anything earlier?",
            "I don't have anything earlier. I still have Friday, November 27 at 9:30 AM",
        ),
    ] {
        let said = after(line);
        // Dr. Patel is away until the 26th: a wish for Tuesday the 24th gets the closest.
        let fits = said.contains(offered)
            || offered.starts_with("Tuesday, November 24")
                && said.starts_with("I don't have anything at that time. The closest is");
        assert!(fits, "{line:?}: {said:?}");
    }
}

#[test]
fn the_right_one_of_several_appointments_is_moved() {
    for line in [
        "The one on Thursday.",
        "the second one",
        "the physical",
        "The one with Dr. Patel",
        "November 26th",
        "at three thirty",
    ] {
        let world = play(
            1,
            &[
                "I need to move my appointment to next week in the morning",
                "Robert Chen",
                "February 3rd, 1971",
                line,
                "yes",
            ],
        );
        assert!(world.reached(Goal::Rescheduled), "{line:?}:\n{}", world.tell());
        assert!(
            world
                .lines("tool")
                .iter()
                .any(|tool| tool.starts_with("reschedule_appointment(appt-3")),
            "{line:?}:\n{}",
            world.tell()
        );
    }
    // Named well enough in the first sentence, nothing is asked.
    let world =
        play(1, &["I need to move my physical to next week", "Robert Chen", "February 3rd, 1971"]);
    world.not_said("Which one");
    world.said("Shall I move your Thursday appointment there?");
}

#[test]
fn a_day_without_an_appointment_is_asked_about() {
    let mut world = play(
        1,
        &["I want to move my Tuesday appointment to next week", "Maria Lopez, March 9th 1984"],
    );
    world.said("The appointment I see is your office visit on Thursday, November 26 at 10:00 AM with Dr. Patel. Is that the one?");
    world.say("Yes");
    world.said("Shall I move your Thursday appointment there?");
}

#[test]
fn wishes_may_lean_on_the_appointment() {
    for (line, offered) in [
        ("Can you push my appointment to the following week?", "Tuesday, December 1 at 9:30 AM"),
        (
            "I was supposed to come on Thursday but I have to work. Can we do the Friday after?",
            "Friday, December 4 at 9:30 AM",
        ),
        (
            "I need to reschedule my appointment for Tuesday the 1st at 2",
            "Tuesday, December 1 at 2:00 PM",
        ),
        (
            "Could I move my appointment up with any doctor? I'd like something sooner.",
            "Monday, November 23 at 9:30 AM with Dr. Kim",
        ),
    ] {
        let world = play(1, &[line, "Maria Lopez", "March 9 1984"]);
        assert!(world.last("agent").contains(offered), "{line:?}:\n{}", world.tell());
    }
}

#[test]
fn a_correction_in_mid_sentence_counts() {
    let world = play(
        1,
        &[
            "I need to move my appointment to Friday, no wait, to Wednesday the 2nd",
            "Maria Lopez",
            "March 9 1984",
            "yes",
        ],
    );
    world.said("Wednesday, December 2 at 9:30 AM");
}

#[test]
fn a_slot_taken_by_somebody_else_is_followed_by_the_next() {
    let mut world = World::new(1);
    world.faults.insert("reschedule_appointment", VecDeque::from([ErrorCode::SlotTaken]));
    for line in [MOVE, "March 9th, 1984.", "Yes."] {
        world.say(line);
    }
    world.said("that time was just taken");
    world.said("I have Friday, November 27 at 11:00 AM");
    assert!(!world.reached(Goal::Rescheduled));
    world.say("Yes.");
    assert!(world.reached(Goal::Rescheduled), "{}", world.tell());
}

// ---- B. booking ----

#[test]
fn a_physical_is_booked() {
    check(
        "
        agent: Thank you for calling Maple Street Family Medicine. This is the practice's automated assistant. [protected]
        agent: How can I help you today?
        caller: I'd like to book a physical with Dr. Patel next week.
        agent: Happy to help. May I have your first and last name, please?
        caller: Anna Novak.
        agent: And what's your date of birth?
        caller: November 2nd, 2001.
        tool: verify_identity(Anna Novak, 2001-11-02)
        agent: Thank you, Anna.
        tool: find_slots(physical, prac-patel, from 2026-11-23T00:00:00 until 2026-11-30T00:00:00)
        agent: I have Thursday, November 26 at 9:30 AM with Dr. Patel. Shall I book that for your physical? [protected]
        caller: No, in the afternoon.
        tool: find_slots(physical, prac-patel, from 2026-11-23T00:00:00 until 2026-11-30T00:00:00, Afternoon)
        agent: I have Thursday, November 26 at 2:00 PM with Dr. Patel. Shall I book that for your physical? [protected]
        caller: Yes.
        tool: book_appointment(slot-4, physical)
        agent: You're booked for Thursday, November 26 at 2:00 PM with Dr. Patel.
        agent: Can I help you with anything else?
        caller: No, that's all. Thanks, bye.
        agent: Thank you for calling. Goodbye. [protected]
        agent: (hangs up)
        ",
    );
}

#[test]
fn booking_asks_for_what_is_missing_and_no_more() {
    let world = play(
        1,
        &[
            "I need an appointment",
            "Anna Novak",
            "11 2 2001",
            "a flu shot",
            "Tuesday afternoon",
            "yes",
        ],
    );
    assert!(world.reached(Goal::Booked), "{}", world.tell());
    world.said("Tuesday, November 24 at 2:00 PM");

    let world = play(
        1,
        &[
            "I have a sore throat and need to see someone as soon as possible",
            "Anna Novak, November 2nd 2001",
            "yes",
        ],
    );
    assert!(world.reached(Goal::Booked), "{}", world.tell());

    let world = play(
        1,
        &[
            "This is Anna Novak, November 2nd 2001. Can I get a checkup with any doctor on Monday at 2 pm?",
            "yes",
        ],
    );
    assert!(world.reached(Goal::Booked), "{}", world.tell());
    world.said("Monday, November 23 at 2:00 PM");

    let world = play(
        1,
        &[
            "Do you have anything open on Wednesday after 3 for a follow-up?",
            "Anna Novak",
            "11/2/2001",
            "great",
        ],
    );
    assert!(world.reached(Goal::Booked), "{}", world.tell());
    world.said("Wednesday, November 25 at 4:30 PM");

    let world = play(1, &["I'd like to see Dr. Smith", "Anna Novak", "11/2/2001"]);
    world.said(
        "I don't see that doctor here. We have Dr. Patel, Dr. Kim, Dr. Okafor and Dr. Rahman.",
    );
}

// ---- C. cancelling, telling, the practice's facts, messages ----

#[test]
fn an_appointment_is_cancelled_after_a_read_back() {
    let mut world = play(1, &["I need to cancel my appointment", "Maria Lopez, March 9th 1984"]);
    world.said("That's your office visit on Thursday, November 26 at 10:00 AM with Dr. Patel. I could also move it. Shall I cancel it? [protected]");
    assert!(!world.reached(Goal::Cancelled));
    world.say("Yes, please cancel it.");
    assert!(world.reached(Goal::Cancelled), "{}", world.tell());
    world.said("Your appointment on Thursday, November 26 at 10:00 AM is cancelled.");

    let world = play(1, &["cancel my appointment", "Maria Lopez, March 9th 1984", "No, keep it."]);
    assert!(world.written.is_empty());
    world.said("it stays as it is");

    let world = play(
        1,
        &[
            "cancel my appointment",
            "Maria Lopez, March 9th 1984",
            "Can you move it to Friday instead?",
            "yes",
        ],
    );
    assert!(
        world.reached(Goal::Rescheduled) && !world.reached(Goal::Cancelled),
        "{}",
        world.tell()
    );
}

#[test]
fn appointments_are_told_and_then_acted_on() {
    let mut world = play(1, &["When is my appointment?", "Maria Lopez", "March 9th, 1984"]);
    world.said("You have an office visit on Thursday, November 26 at 10:00 AM with Dr. Patel.");
    assert!(world.reached(Goal::Informed));
    world.say("Can you cancel it please");
    world.say("yes");
    assert!(world.reached(Goal::Cancelled), "{}", world.tell());
}

#[test]
fn public_facts_need_no_identity_and_do_not_lose_the_thread() {
    let world = play(1, &["What are your hours?", "And where are you located?", "No, that's it."]);
    world.used(&["get_office_info", "get_office_info"]);
    assert!(world.reached(Goal::Informed) && world.ended, "{}", world.tell());

    let world = play(1, &[MOVE, "March 9th, 1984.", "Wait, are you open on Friday?", "OK, yes."]);
    assert!(world.reached(Goal::Rescheduled), "{}", world.tell());
}

#[test]
fn a_message_is_taken_and_left() {
    let world = play(
        1,
        &[
            "I'd like to leave a message for Dr. Kim",
            "Please tell her that the new shoes help my knee.",
            "Anna Novak",
            "no",
        ],
    );
    world.used(&["create_callback"]);
    world.said("I've left your message for the team.");
    assert!(world.last("tool").contains("the new shoes help my knee"), "{}", world.tell());

    let world = play(
        1,
        &[
            "I have a question about my bill",
            "a message, please",
            "I was charged twice for October.",
            "no",
        ],
    );
    world.used(&["create_callback"]);
}

// ---- D. a person ----

#[test]
fn a_person_is_granted_the_first_time_wherever_it_is_asked_for() {
    for line in [
        "I want to talk to a person",
        "Can I speak to a human?",
        "Front desk, please.",
        "Operator.",
        "Representative!",
        "Let me talk to somebody",
        "I want to talk to a real person.",
        "Could you connect me with the front desk?",
    ] {
        for before in [
            &[][..],
            &[MOVE],
            &[MOVE, "March 9th, 1984."],
            &["I need an appointment", "Anna Novak", "11 2 2001"],
        ] {
            let mut world = play(1, before);
            world.say(line);
            assert!(world.reached(Goal::Transferred) && world.ended, "{line:?}:\n{}", world.tell());
            assert!(
                world.last("tool").starts_with("transfer_to_human(front-desk, patient_request, "),
                "{}",
                world.tell()
            );
        }
    }
    let mut world = World::new(1);
    world.key("0");
    assert!(world.reached(Goal::Transferred), "{}", world.tell());
}

#[test]
fn the_transfer_waits_for_its_announcement_and_the_note_tells_the_story() {
    let mut world = play(1, &[MOVE, "March 9th, 1984."]);
    world.mute = true;
    world.say("Actually, let me talk to a person.");
    assert!(
        !world.tell().contains("transfer_to_human"),
        "not before it was heard:\n{}",
        world.tell()
    );
    world.hear_out();
    let note = world.last("tool").to_string();
    for part in
        ["Maria Lopez", "verified", "Wanted to move an appointment", "Thursday, November 26"]
    {
        assert!(note.contains(part), "{note}");
    }
    // Nobody reports what was heard: the transfer starts all the same.
    let mut world = World::new(1);
    world.mute = true;
    world.say("operator");
    world.pass(Duration::from_secs(10));
    assert!(world.tell().contains("transfer_to_human"), "{}", world.tell());
}

#[test]
fn a_failed_transfer_returns_to_the_same_conversation() {
    let mut world = World::new(1);
    world.faults.insert("transfer_to_human", VecDeque::from([ErrorCode::TransferFailed]));
    for line in [MOVE, "March 9th, 1984.", "I'd rather talk to a person"] {
        world.say(line);
    }
    world.said("I couldn't reach the front desk. I can take a message or keep helping.");
    assert!(!world.ended && !world.reached(Goal::Transferred));
    world.say("Then let's go on.");
    world.say("Yes");
    assert!(world.reached(Goal::Rescheduled), "{}", world.tell());

    let mut world = World::new(1);
    world.faults.insert("transfer_to_human", VecDeque::from([ErrorCode::TransferFailed]));
    for line in
        ["operator", "take a message", "Please call me back about my bill.", "Anna Novak", "no"]
    {
        world.say(line);
    }
    world.used(&["transfer_to_human", "create_callback"]);
    assert!(world.ended, "{}", world.tell());
}

#[test]
fn two_failures_in_a_row_bring_a_person() {
    let world = play(1, &["banana fish tree", "purple monkey dishwasher"]);
    assert!(
        world.last("tool").starts_with("transfer_to_human(front-desk, frustrated, "),
        "{}",
        world.tell()
    );
    // One failure does not, and what is understood starts the count again.
    let world =
        play(1, &["banana fish tree", MOVE, "purple monkey dishwasher", "March 9th, 1984."]);
    assert!(!world.tell().contains("transfer_to_human"), "{}", world.tell());
}

#[test]
fn without_a_target_a_message_is_taken() {
    let mut world = World::with(attendant::agent::Setting { targets: vec![], ..setting(1) });
    world.say("I want a person");
    world.said("nobody can take the call right now");
    world.say("Please call me back about my referral.");
    world.said("And your first and last name, please?");
    world.say("I'd rather not say");
    world.used(&["create_callback"]);
}

#[test]
fn a_nod_where_something_else_was_asked_brings_the_question_again_at_once() {
    for nod in ["Yes.", "Okay.", "Yeah, right.", "Thank you."] {
        let mut world = play(1, &[MOVE]);
        world.story.clear();
        world.say(nod);
        let said: Vec<_> = world.story.iter().filter(|line| line.starts_with("agent: ")).collect();
        assert_eq!(said.len(), 1, "{nod}: {said:?}");
        assert!(said[0].contains("birth") && !said[0].contains("sorry"), "{nod}: {said:?}");
        // Who nods again and again is helped by a person.
        world.say(nod);
        world.say(nod);
        let all = world.story.join("\n");
        assert!(all.contains("front desk"), "{nod}: {all}");
    }
}
