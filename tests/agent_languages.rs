//! Callers who ask for another language: the agent goes on in it, or a person does.

#[allow(dead_code, reason = "shared by several test binaries")]
mod agent_world;

use agent_world::{World, setting};
use attendant::base::Language;

/// A conversation on a route with these languages, of which this is said after the greeting.
fn in_languages(tags: &[&str], words: &str) -> Vec<String> {
    let languages = tags.iter().map(|tag| Language::tagged(tag).expect("a tag")).collect();
    let mut world = World::with(attendant::agent::Setting { languages, ..setting(1) });
    world.story.clear();
    world.say(words);
    world.story.split_off(1)
}

#[test]
fn who_asks_for_a_language_of_the_route_goes_to_a_person_who_speaks_it() {
    for (tag, words) in [
        ("zh-CN", "Do you speak Chinese?"),
        ("zh-CN", "Mandarin please"),
        ("zh-CN", "\u{4f60}\u{4f1a}\u{8bf4}\u{4e2d}\u{6587}\u{5417}\u{ff1f}"),
        ("fr-CA", "Parlez-vous fran\u{e7}ais ?"),
        ("pt-BR", "Could we continue in Portuguese?"),
    ] {
        let story = in_languages(&["en-US", tag], words);
        let first =
            "agent: I only speak English. One moment, I'll connect you with the front desk.";
        assert_eq!(story.first().map(String::as_str), Some(first), "{words}: {story:?}");
        assert!(story.iter().any(|line| line.contains("transfer_to_human(front-desk, language")));
        // Where the route does not list it, it means nothing.
        let story = in_languages(&["en-US"], words);
        assert!(!story.concat().contains("language"), "{words}: {story:?}");
    }
}

#[test]
fn in_a_language_that_it_speaks_the_agent_goes_on() {
    let story = in_languages(&["en-US", "es-US", "en-GB"], "Could you speak British English?");
    assert_eq!(
        story,
        ["agent: (speaks en-GB)", "agent: Of course.", "agent: How can I help you today?"]
    );
    let story = in_languages(&["en-US", "es-US"], "Do you speak English?");
    assert_eq!(story[0], "agent: Yes, we can speak English.");
}

#[test]
fn who_speaks_of_a_language_does_not_ask_for_it() {
    for words in [
        "I need an appointment with the Spanish doctor.",
        "My daughter has a Spanish exam on Friday.",
        "I'd like to book a physical.",
    ] {
        let story = in_languages(&["en-US", "es-US"], words).concat();
        assert!(!story.contains("I only speak English"), "{words}: {story}");
    }
}
