//! Presets as text: the list, and one with where each value is from.

use super::{Preset, Standing};

impl Preset {
    /// Returns a line for each preset: name, standing, product.
    pub fn list() -> String {
        let mut text = String::new();
        for preset in Self::ALL {
            let family = preset.family();
            let standing = match family.standing {
                Standing::Verified(_) => "verified",
                Standing::FromDocumentation => "from documentation",
            };
            text.push_str(&format!("{:<17} {standing:<19} {}\n", preset.name(), family.title));
        }
        text
    }

    /// Returns all that is known of it.
    pub fn show(self) -> String {
        let family = self.family();
        let mut text = format!("{}: {}\n{}\n", self.name(), family.title, family.standing);
        if !family.requires.is_empty() {
            text.push_str(&format!("A profile must write: {}\n", family.requires.join(", ")));
        }
        text.push('\n');
        for fact in family.facts {
            text.push_str(&format!("{} = {}\n", fact.path, fact.value));
            text.push_str(&wrapped(&format!("{}: {}", fact.source.words(), fact.why), "    "));
        }
        text.push_str(
            "\nEverything else is the default: `attendant explain FILE` shows what holds.\n\n",
        );
        for note in family.notes {
            text.push_str(&wrapped(note, "  ").replacen("  ", "- ", 1));
        }
        text.push_str(&format!("\nOn the PBX: attendant pbx-snippet {}\n", self.name()));
        text
    }
}

/// Breaks a text at some ninety columns, every line indented.
fn wrapped(text: &str, indent: &str) -> String {
    const WIDTH: usize = 90;
    let mut lines = vec![indent.to_owned()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a first line");
        if line.trim().is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("{indent}{word}"));
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}
