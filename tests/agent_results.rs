//! What was done is heard: a result that was spoken over is said again before anything else.

#[allow(dead_code, reason = "shared by several test binaries")]
mod agent_world;

use agent_world::{MOVE, World, play};
use attendant::agent::Input;
use attendant::base::Phi;

const MOVED: &str =
    "That's moved. Your appointment is now on Friday, November 27 at 9:30 AM with Dr. Patel.";

/// A call in which the appointment was moved, and the caller heard so much of it and nothing of the question after it.
fn interrupted_after(heard: &str) -> World {
    let mut world = play(1, &[MOVE, "March 9th, 1984."]);
    world.mute = true;
    world.say("Yes.");
    let [result, question] = world.unheard[world.unheard.len() - 2..] else { panic!() };
    world.unheard.clear();
    world.put(Input::Interrupted { utterance: question, heard: Phi::default() });
    world.put(Input::Interrupted { utterance: result, heard: Phi::new(heard.into()) });
    world.story.clear();
    world
}

#[track_caller]
fn check(mut world: World, caller: &str, agent: &[&str]) -> World {
    world.say(caller);
    let said = world.story.iter().filter_map(|line| line.strip_prefix("agent: "));
    assert_eq!(said.collect::<Vec<_>>(), agent, "{caller}");
    world
}

#[test]
fn a_result_that_was_cut_off_is_said_again_first_and_to_its_end() {
    let again = format!("{MOVED} [protected]");
    let world = check(
        interrupted_after("That's"),
        "Hello?",
        &[&again, "Yes, I'm here.", "Is there anything else I can help you with?"],
    );
    // Once it has been heard, it is not said a third time.
    let mut world = world;
    world.hear_out();
    world.story.clear();
    check(world, "Hello?", &["Yes, I'm here.", "Is there anything else I can help you with?"]);
    let world = interrupted_after("");
    check(
        world,
        "No, thanks.",
        &[&again, "Thank you for calling. Have a good day. Goodbye. [protected]", "(hangs up)"],
    );
}

#[test]
fn a_result_that_was_heard_as_far_as_it_matters_is_not() {
    let world = interrupted_after(
        "That's moved. Your appointment is now on Friday, November 27 at 9:30 AM",
    );
    check(world, "Hello?", &["Yes, I'm here.", "Is there anything else I can help you with?"]);
}

#[test]
fn who_asks_what_was_said_is_told_the_result_too() {
    let mut world = play(1, &[MOVE, "March 9th, 1984.", "Yes."]);
    world.story.clear();
    let again = format!("{MOVED} [protected]");
    let question = "Is there anything else I can help you with?";
    let mut world = check(world, "Sorry, what did you say?", &[&again, question]);
    world.say("What are your hours?");
    world.story.clear();
    world.say("Sorry, what did you say?");
    assert!(!world.story.iter().any(|line| line.contains("moved")), "{}", world.tell());
}

/// An emergency comes first; what it dropped is told when the caller goes on.
#[test]
fn an_emergency_comes_before_what_it_dropped() {
    let mut world = play(1, &[MOVE, "March 9th, 1984."]);
    world.mute = true;
    world.say("Yes.");
    world.story.clear();
    world.say("I have chest pain");
    assert!(!world.story.iter().any(|line| line.contains("moved")), "{}", world.tell());
    world.hear_out();
    world.story.clear();
    world.say("No, I'm fine.");
    let said: Vec<_> = world.lines("agent");
    assert_eq!(said[1..], [&format!("{MOVED} [protected]"), "What can I do for you?"]);
}
