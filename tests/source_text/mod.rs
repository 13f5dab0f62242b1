//! The project's own files as text, for the rules that are about text.
#![allow(clippy::unwrap_used, unreachable_pub)]

use std::fs;
use std::path::{Path, PathBuf};

/// A Rust file.
pub struct Source {
    /// Its path from the top of the repository.
    pub path: String,
    /// What it holds.
    pub text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The product's files, tests in files of their own left out.
pub fn sources() -> Vec<Source> {
    let found = rust_files("src");
    assert!(found.len() > 20, "the sources were found");
    found.into_iter().filter(|source| !source.is_test()).collect()
}

/// Tests, benches and fuzzers.
pub fn other_sources() -> Vec<Source> {
    ["tests", "benches", "fuzz"].into_iter().flat_map(rust_files).collect()
}

fn rust_files(folder: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join(folder), &mut paths);
    let rust = paths.into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    rust.map(|path| Source { text: fs::read_to_string(&path).unwrap(), path: relative(&path) })
        .collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().into_owned()
}

/// Every text file of the tree but what was built or fetched.
pub fn tracked_texts() -> Vec<(String, String)> {
    let mut paths = Vec::new();
    walk(root(), &mut paths);
    paths.iter().filter_map(|path| Some((relative(path), fs::read_to_string(path).ok()?))).collect()
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    // Folders of Cargo's, of git's, and of the demonstration's data and models.
    let skipped = ["target", ".git", "var", "models", "node_modules"];
    let Ok(entries) = fs::read_dir(dir) else { return };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let top = path.parent() == Some(root());
        if (top && skipped.contains(&&*name)) || path.is_symlink() {
            continue;
        }
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

impl Source {
    /// The module under `src/` that the file belongs to.
    pub fn module(&self) -> String {
        let inside = self.path.trim_start_matches("src/");
        inside.split('/').next().unwrap().trim_end_matches(".rs").to_owned()
    }

    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap();
        name == "tests.rs" || name.ends_with("_tests.rs") || self.path.contains("/tests/")
    }

    /// Lines of code with their numbers: no comments, and nothing of a `#[cfg(test)]` item.
    pub fn code(&self) -> Vec<(usize, &str)> {
        let mut code = Vec::new();
        let mut lines = self.text.lines().enumerate().peekable();
        while let Some((index, line)) = lines.next() {
            let trimmed = line.trim_start();
            if trimmed.starts_with("#[cfg(test)]") {
                let indent = line.len() - trimmed.len();
                skip_item(&mut lines, indent);
            } else if !trimmed.starts_with("//") {
                code.push((index + 1, line));
            }
        }
        code
    }

    /// Functions outside of tests: first line, number of lines, head.
    pub fn functions(&self) -> Vec<(usize, usize, &str)> {
        let mut functions = Vec::new();
        let mut open: Option<(usize, usize, &str, bool)> = None;
        for (number, line) in self.code() {
            let indent = line.len() - line.trim_start().len();
            match open {
                None if is_head(line) && !line.ends_with(';') && !line.ends_with('}') => {
                    open = Some((number, indent, line.trim(), line.ends_with('{')));
                }
                // The end of a head over several lines: of a trait's method, or before a body.
                Some((_, depth, _, false)) if indent == depth && line.ends_with(';') => open = None,
                Some((start, depth, head, false)) if indent == depth && line.ends_with('{') => {
                    open = Some((start, depth, head, true));
                }
                Some((start, depth, head, true))
                    if indent == depth && line.trim_start().starts_with('}') =>
                {
                    functions.push((start, number - start + 1, head));
                    open = None;
                }
                _ => {}
            }
        }
        functions
    }
}

fn is_head(line: &str) -> bool {
    let mut words = line.trim_start().split(' ');
    let before = ["pub", "pub(super)", "pub(crate)", "async", "const", "unsafe", "extern"];
    words
        .find(|word| !before.contains(word) && !word.starts_with("pub(in"))
        .is_some_and(|word| word == "fn")
}

/// Skips the item behind an attribute: to `;` on its line, or to the brace at its own depth.
fn skip_item<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>, indent: usize) {
    let mut body = false;
    for (_, line) in lines {
        let trimmed = line.trim_start();
        let depth = line.len() - trimmed.len();
        if depth != indent || trimmed.starts_with("#[") || trimmed.starts_with("//") {
            continue;
        }
        if (body && trimmed.starts_with('}')) || line.ends_with(';') || line.ends_with("{}") {
            return;
        }
        body |= line.ends_with('{');
    }
}
