//! Lays a file over its preset and the defaults: what the file says counts first, then the preset, then the default.
//!
//! All three are TOML and are read by the same reader. A value that does not stand in the file has the place of
//! what brought it there: the `preset` key, or none.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::keys::Key;
use super::presets::Fact;

/// The place of a value that is a default: where no file has a value.
pub(super) const DEFAULT: Range<usize> = 0..0;

/// Values that a file need not repeat.
pub(super) struct Layer {
    text: String,
    place: Range<usize>,
}

impl Layer {
    /// The preset's values; `place` is where the file names the preset.
    pub(super) fn preset(facts: &[Fact], place: Range<usize>) -> Self {
        Self { text: text(facts.iter().map(|fact| (fact.path, fact.value))), place }
    }

    /// The defaults of all keys that have one.
    pub(super) fn defaults(keys: &[Key]) -> Self {
        let values = keys.iter().filter_map(|key| Some((key.path, key.fallback.value()?)));
        Self { text: text(values), place: DEFAULT }
    }

    /// Returns its values.
    pub(super) fn table(&self) -> DeTable<'_> {
        DeTable::parse(&self.text).expect("compiled in, and read in a test").into_inner()
    }
}

/// Dotted keys are TOML: `peer.ping = "30s"`.
fn text(values: impl Iterator<Item = (&'static str, &'static str)>) -> String {
    values.map(|(path, value)| format!("{path} = {value}\n")).collect()
}

/// Reads a file with what lies under it, the first layer on top.
pub(super) fn read<T: DeserializeOwned>(file: &str, under: &[Layer]) -> Result<T, toml::de::Error> {
    let mut table = DeTable::parse(file)?;
    for layer in under {
        lay_under(table.get_mut(), layer.table(), &layer.place);
    }
    T::deserialize(Deserializer::from(table))
}

fn lay_under<'a>(upper: &mut DeTable<'a>, lower: DeTable<'a>, place: &Range<usize>) {
    for (key, value) in lower {
        match upper.get_mut(key.get_ref().as_ref()) {
            None => {
                let key = Spanned::new(place.clone(), key.into_inner());
                upper.insert(key, moved(value, place));
            }
            Some(there) => {
                if let (DeValue::Table(upper), DeValue::Table(lower)) =
                    (there.get_mut(), value.into_inner())
                {
                    lay_under(upper, lower, place);
                }
            }
        }
    }
}

/// Gives a value and all in it another place.
fn moved<'a>(value: Spanned<DeValue<'a>>, place: &Range<usize>) -> Spanned<DeValue<'a>> {
    let value = match value.into_inner() {
        DeValue::Table(table) => {
            let entry = |(key, value): (Spanned<_>, _)| {
                (Spanned::new(place.clone(), key.into_inner()), moved(value, place))
            };
            DeValue::Table(table.into_iter().map(entry).collect())
        }
        DeValue::Array(array) => {
            DeValue::Array(array.into_iter().map(|value| moved(value, place)).collect())
        }
        plain => plain,
    };
    Spanned::new(place.clone(), value)
}

/// What stands where a path leads.
pub(super) enum Found<'t, 'a> {
    /// The key's own value.
    Value(&'t Spanned<DeValue<'a>>),
    /// A plain value where a table would be: `timer = "off"` for `timer.min`.
    Instead(&'t Spanned<DeValue<'a>>),
}

/// Finds a value by its path, `peer.ping`.
pub(super) fn find<'t, 'a>(table: &'t DeTable<'a>, path: &str) -> Option<Found<'t, 'a>> {
    let Some((head, rest)) = path.split_once('.') else {
        return table.get(path).map(Found::Value);
    };
    let value = table.get(head)?;
    match value.get_ref().as_table() {
        Some(table) => find(table, rest),
        None => Some(Found::Instead(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Outer {
        a: Spanned<u32>,
        inner: Inner,
    }

    #[derive(Deserialize)]
    struct Inner {
        b: Spanned<u32>,
        c: Spanned<Vec<Spanned<u32>>>,
        d: Spanned<String>,
    }

    #[test]
    fn the_file_counts_first_and_every_value_has_its_place() {
        let layer = |text: &str, place| Layer { text: text.into(), place };
        let preset = layer("inner.b = 20\ninner.c = [21, 22]\n", 7..9);
        let defaults = layer("a = 30\ninner.b = 31\ninner.d = \"x\"\n", DEFAULT);
        let read: Outer = read("[inner]\nb = 10\n", &[preset, defaults]).unwrap();
        assert_eq!((*read.a.get_ref(), read.a.span()), (30, 0..0));
        assert_eq!((*read.inner.b.get_ref(), read.inner.b.span()), (10, 12..14));
        assert_eq!(read.inner.c.span(), 7..9);
        assert_eq!(read.inner.c.get_ref()[1].span(), 7..9);
        assert_eq!((read.inner.d.get_ref().as_str(), read.inner.d.span()), ("x", 0..0));
    }
}
