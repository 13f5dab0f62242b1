//! The reference and the recipes of the manual are what the program writes. `ATTENDANT_UPDATE_DOCS=1` renews them.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use attendant::config::{Preset, SnippetFamily, reference};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a page with what the program writes, or renews it.
fn held(path: &Path, text: &str) {
    if std::env::var_os("ATTENDANT_UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let page = fs::read_to_string(path).unwrap_or_default();
    let shown = path.display();
    assert!(
        page == text,
        "{shown} is old: ATTENDANT_UPDATE_DOCS=1 cargo test --test manual_reference"
    );
}

#[test]
fn every_key_stands_in_the_reference() {
    let manual = root().join("docs/manual");
    held(&manual.join("reference-attendant.md"), &reference::node());
    held(&manual.join("reference-sip-profiles.md"), &reference::trunk());
    held(&manual.join("reference-dialplans.md"), &reference::plan());
}

/// The example that is shipped for a family.
fn example(family: SnippetFamily) -> PathBuf {
    let name = match family.preset() {
        Preset::AsteriskPjsip => "asterisk",
        preset => preset.name(),
    };
    Path::new("sip-profiles").join(format!("{name}.toml"))
}

#[test]
fn every_family_has_a_recipe_and_an_example() {
    let folder = root().join("docs/manual/pbx");
    let mut pages = BTreeSet::new();
    let index = fs::read_to_string(root().join("docs/manual/connect-your-pbx.md")).unwrap();
    for family in SnippetFamily::all() {
        let file = example(family);
        let profile = fs::read_to_string(root().join(&file)).unwrap();
        assert!(
            profile.contains(&format!("preset   = \"{}\"", family.preset().name())),
            "{file:?}"
        );
        let text = reference::recipe(family, &file.display().to_string(), &profile);
        let page = format!("{}.md", family.name());
        held(&folder.join(&page), &text);
        assert!(index.contains(&format!("(pbx/{page})")), "{page} is not linked");
        pages.insert(page);
    }
    let there: BTreeSet<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, pages, "a page without a family");
    // Every shipped example is one of them.
    let shipped = fs::read_dir(root().join("sip-profiles")).unwrap().count();
    assert_eq!(shipped, Preset::ALL.len());
}
