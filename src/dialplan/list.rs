//! Numbers to look a caller up in: thousands of literals and a few patterns.

use std::collections::BTreeSet;

use super::Pattern;

/// A list of numbers. A literal is found by its text, so that only patterns cost time each.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NumberList {
    literals: BTreeSet<String>,
    patterns: Vec<Pattern>,
}

impl NumberList {
    /// Whether a number is on the list.
    pub fn contains(&self, number: &str) -> bool {
        self.literals.contains(number) || self.patterns.iter().any(|p| p.matches(number))
    }

    /// Whether every number of a pattern is on the list; false also where it cannot be told.
    pub fn covers(&self, pattern: &Pattern) -> bool {
        match pattern.literal() {
            Some(number) => self.contains(number),
            None => pattern.is_within(&self.patterns.iter().collect::<Vec<_>>()),
        }
    }

    /// Whether every number of another list is on this one; false also where it cannot be told.
    pub fn covers_list(&self, other: &Self) -> bool {
        other.literals.iter().all(|number| self.contains(number))
            && other.patterns.iter().all(|pattern| self.covers(pattern))
    }

    /// How many numbers and patterns there are.
    pub fn len(&self) -> usize {
        self.literals.len() + self.patterns.len()
    }

    /// Whether nobody is on it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the numbers that are written out, in the order of their characters.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.literals.iter().map(String::as_str)
    }

    /// Returns the patterns in the order in which they were written.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }
}

impl Extend<Pattern> for NumberList {
    fn extend<T: IntoIterator<Item = Pattern>>(&mut self, patterns: T) {
        for pattern in patterns {
            match pattern.literal() {
                Some(number) => drop(self.literals.insert(number.to_owned())),
                None if self.patterns.contains(&pattern) => {}
                None => self.patterns.push(pattern),
            }
        }
    }
}

impl FromIterator<Pattern> for NumberList {
    fn from_iter<T: IntoIterator<Item = Pattern>>(patterns: T) -> Self {
        let mut list = Self::default();
        list.extend(patterns);
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_on_it() {
        let list: NumberList = ["+18005550100", "_+1888555XXXX", "+18005550100", "_+1888555XXXX"]
            .map(|text| Pattern::parse(text).unwrap())
            .into_iter()
            .collect();
        assert_eq!((list.len(), list.is_empty()), (2, false));
        for (number, on) in
            [("+18005550100", true), ("+18885550142", true), ("+18885560142", false), ("", false)]
        {
            assert_eq!(list.contains(number), on, "{number}");
        }
        let covers = |text| list.covers(&Pattern::parse(text).unwrap());
        assert!(covers("+18885550142") && covers("_+18885551XXX") && !covers("_+188855XXXXX"));
        assert!(list.covers_list(&list) && list.covers_list(&NumberList::default()));
        assert!(!NumberList::default().covers_list(&list));
    }
}
