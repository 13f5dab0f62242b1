//! scratch
#[allow(dead_code)]
mod agent_world;
use agent_world::World;
#[test]
fn tell() {
    let scripts: &[&[&str]] = &[
        &["Hi, this is Maria Lopez. I need to move my Thursday appointment to the next free morning.", "March 9th, 1984.", "Yes, please.", "Yes. Could I talk to a person, please?"],
        &["I'd like to book a physical with Dr. Patel next week", "Anna Novak", "eleven two two thousand one", "No, in the afternoon", "that works", "no thanks, bye"],
        &["I need to cancel my appointment", "Robert Chen. February 3rd 1971", "the one on Thursday", "yes", "No, that's all."],
        &["When is my appointment?", "John Smith", "May 20 1990", "60614", "no"],
        &["What are your hours?", "and where are you located?", "I'd like to leave a message", "Please ask the doctor to call me about my knee.", "no"],
        &["banana", "fish tree"],
        &["I have chest pain", "no, I'm fine, I want to book a flu shot", "Maria Lopez, March 9 84", "as soon as possible", "yes", "no"],
        &["I want to reschedule", "Maria", "Lopez", "March 9th", "1984", "Friday", "something later", "later that day", "another day", "with another doctor", "yes"],
    ];
    for script in scripts {
        let mut w = World::new(1);
        for line in *script { w.say(line); }
        println!("{}\n-----", w.tell());
    }
    panic!();
}
