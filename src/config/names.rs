//! The names that a plan defines: looked up as they are met, so that every misspelt one is reported.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::dialplan::{DateRule, Hours, NumberList};

use super::Code;
use super::file::{Reader, Text};

/// The names that a plan defines, and which of them something has used.
#[derive(Default)]
pub(super) struct Names {
    /// Opening hours.
    pub(super) hours: Table<Hours>,
    /// Holidays.
    pub(super) holidays: Table<Vec<DateRule>>,
    /// Lists of callers.
    pub(super) callers: Table<Arc<NumberList>>,
    /// Transfer targets.
    pub(super) targets: Table<()>,
}

impl Names {
    /// Looks up a name in `when`, which is one of hours or of holidays.
    pub(super) fn look_up_when(&mut self, reader: &mut Reader<'_>, name: &Text) -> Option<()> {
        if self.holidays.knows(name) {
            return self.holidays.look_up(reader, name, "holidays").map(drop);
        }
        if !self.hours.knows(name) {
            let holidays = match self.holidays.names().next() {
                Some(_) => format!(" and no [holidays.{}]", name.get_ref()),
                None => String::new(),
            };
            let title = format!("no [hours.{}]{holidays} in this file", name.get_ref());
            let known = self.hours.names().chain(self.holidays.names());
            reader.unknown(Code::Undefined, name, title, known);
        }
        self.hours.use_it(name)
    }

    /// Reports every name that nothing used.
    pub(super) fn report_unused(&self, reader: &mut Reader<'_>) {
        self.hours.report_unused(reader, "hours");
        self.holidays.report_unused(reader, "holidays");
        self.callers.report_unused(reader, "callers");
        self.targets.report_unused(reader, "target");
    }
}

/// What one kind of name stands for, where it is defined, and whether anything used it.
pub(super) struct Table<T>(BTreeMap<String, (T, Range<usize>, bool)>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Table<T> {
    pub(super) fn define(&mut self, name: &Text, value: T) {
        self.0.insert(name.get_ref().clone(), (value, name.span(), false));
    }

    fn knows(&self, name: &Text) -> bool {
        self.0.contains_key(name.get_ref())
    }

    fn use_it(&mut self, name: &Text) -> Option<()> {
        self.0.get_mut(name.get_ref()).map(|(_, _, used)| *used = true)
    }

    /// Returns all names in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns where a name is defined.
    pub(super) fn place(&self, name: &str) -> Range<usize> {
        self.0.get(name).map_or(0..0, |(_, place, _)| place.clone())
    }

    /// Looks a name up and notes that it was used; reports one that is not there.
    pub(super) fn look_up(
        &mut self,
        reader: &mut Reader<'_>,
        name: &Text,
        kind: &str,
    ) -> Option<&T> {
        if !self.knows(name) {
            let title = format!("no [{kind}.{}] in this file", name.get_ref());
            reader.unknown(Code::Undefined, name, title, self.names());
        }
        self.use_it(name)?;
        self.0.get(name.get_ref()).map(|(value, _, _)| value)
    }

    fn report_unused(&self, reader: &mut Reader<'_>, kind: &str) {
        for (name, (_, span, used)) in &self.0 {
            if !used {
                let title = format!("nothing uses [{kind}.{name}]");
                reader.warning(Code::Unused, span.clone(), title, "use it, or remove it");
            }
        }
    }

    /// Returns what the names stand for.
    pub(super) fn values(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, (value, _, _))| (name.as_str(), value))
    }
}
