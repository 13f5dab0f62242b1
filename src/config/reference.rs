//! The manual's reference of every key, written from the table that the reader uses.

use super::keys::{Fallback, Key, NODE, PLAN, TRUNK};
use super::{Preset, SnippetFamily, SnippetValues, snippet};

/// The line that heads what is written here.
const MADE: &str = "<!-- Written by the program from its own tables; a test holds it equal. Change src/config and run\n     `ATTENDANT_UPDATE_DOCS=1 cargo test --test manual_reference`. -->\n";

/// Returns the reference of `attendant.toml`.
pub fn node() -> String {
    let mut text = format!(
        "# attendant.toml\n\n{MADE}\nThe process. `attendant explain attendant.toml` shows what holds and where it comes from.\n\n"
    );
    text.push_str("| key | value | default | effect |\n|---|---|---|---|\n");
    for key in NODE {
        let star = if key.restart { " *" } else { "" };
        let row = [&format!("{}{star}", name(key)), key.kind, &default(key), key.meaning];
        text.push_str(&table_row(&row));
    }
    text.push_str("\n\\* takes effect after a restart; a reload says so. Everything else holds from the next call on.\n");
    text
}

/// Returns the reference of SIP profiles.
pub fn trunk() -> String {
    let mut text = format!(
        "# sip-profiles/*.toml\n\n{MADE}\nThe file's name is the trunk's name. What the file says counts first, then its preset, then the default:\n\
         only what differs has to be written. `attendant explain FILE` shows what holds and where it comes from.\n\n"
    );
    text.push_str("| key | value | default | effect |\n|---|---|---|---|\n");
    for key in TRUNK {
        text.push_str(&table_row(&[&name(key), key.kind, &default(key), key.meaning]));
    }
    text.push_str("\nA key that can have no effect where it stands is an error, and so is a value that has none yet.\n");
    text.push_str("\n## What presets change\n\n| preset | standing | values that differ from the default | must be written |\n|---|---|---|---|\n");
    for preset in Preset::ALL {
        let family = preset.family();
        let differs = |path: &str, value: &str| {
            let key = TRUNK.iter().find(|key| key.path == path);
            key.is_none_or(|key| key.fallback.value() != Some(value))
        };
        let facts = family.facts.iter().filter(|fact| differs(fact.path, fact.value));
        let facts: Vec<_> = facts.map(|fact| format!("`{} = {}`", fact.path, fact.value)).collect();
        let needs: Vec<_> = family.requires.iter().map(|path| format!("`{path}`")).collect();
        let row = [
            &format!("[`{0}`](pbx/{0}.md)", preset.name()),
            &*family.standing.to_string(),
            &facts.join("<br>"),
            &needs.join(", "),
        ];
        text.push_str(&table_row(&row));
    }
    text.push_str("\n`attendant presets show NAME` says where each value is known from.\n");
    text
}

/// Returns the reference of dialplans.
pub fn plan() -> String {
    let mut text =
        format!("# dialplans/*.toml\n\n{MADE}\nHow they work: [dialplans](dialplans.md).\n\n");
    text.push_str("| key | value | default | effect |\n|---|---|---|---|\n");
    for key in PLAN {
        text.push_str(&table_row(&[&plan_name(key), key.kind, &default(key), key.meaning]));
    }
    text
}

/// Routes and tests are lists of tables; a star is a name that the admin chooses.
fn plan_name(key: &Key) -> String {
    match key.path.rsplit_once('.') {
        Some((table @ ("route" | "test"), name)) => format!("`[[{table}]] {name}`"),
        Some((table, name)) => format!("`[{}] {name}`", table.replace('*', "NAME")),
        None => format!("`{}`", key.path),
    }
}

/// Returns the recipe of a family: our file, and what to set on the PBX. `profile` is the shipped example.
pub fn recipe(family: SnippetFamily, file: &str, profile: &str) -> String {
    let known = family.preset().family();
    let title = match family {
        SnippetFamily::FreePbx => "FreePBX, by its web pages",
        SnippetFamily::Of(_) => known.title,
    };
    let name = family.name();
    let block = match family {
        SnippetFamily::Of(Preset::AsteriskPjsip) => "ini",
        SnippetFamily::Of(Preset::FreeSwitch) => "xml",
        _ => "text",
    };
    let pasted = snippet(family, &SnippetValues::example(family.preset()));
    let mut text = format!(
        "# {title}\n\n{MADE}\nPreset `{}`, {}. `attendant pbx-snippet {name} --profile FILE` fills in your own addresses.\n\n",
        family.preset().name(),
        known.standing
    );
    text.push_str(&format!("## Attendant: {file}\n\n```toml\n{}```\n\n", profile));
    text.push_str(&format!("## The PBX\n\n```{block}\n{pasted}```\n\n## To know\n\n"));
    known.notes.iter().for_each(|note| text.push_str(&format!("- {note}\n")));
    text.push_str(
        "\nThen `attendant check`, `attendant reload`, and a call. If it does not work: [troubleshooting](../troubleshooting.md).\n",
    );
    text
}

fn name(key: &Key) -> String {
    match key.path.rsplit_once('.') {
        None => format!("`{}`", key.path),
        Some((table, name)) => format!("`[{table}] {name}`"),
    }
}

fn default(key: &Key) -> String {
    match key.fallback {
        Fallback::Value(value) => format!("`{value}`"),
        Fallback::From(words) => words.to_owned(),
        Fallback::Must => "(must be written)".to_owned(),
        Fallback::Nothing => "none".to_owned(),
    }
}

fn table_row(cells: &[&str]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}
