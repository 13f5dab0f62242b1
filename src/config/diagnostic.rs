//! A mistake in a file, shown the way a compiler shows one.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Code, speech_file};

/// A file as read, and as it may be shown: secrets are masked, byte for byte.
#[derive(Eq, PartialEq)]
pub(super) struct Source {
    /// Its path, relative to the configuration directory.
    pub(super) path: String,
    /// What it holds.
    pub(super) text: String,
    shown: String,
}

impl Source {
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let text = text.into();
        Arc::new(Self { path: path.into(), shown: mask_secrets(&text), text })
    }
}

/// Its path alone: its text may hold what must not be printed.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.path)
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// It works, and may not be what was meant.
    Warning,
}

/// One mistake: what, where, and what to write instead.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    severity: Severity,
    code: Code,
    title: String,
    place: Option<Place>,
    help: Option<String>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Place {
    source: Arc<Source>,
    span: Range<usize>,
    label: String,
}

impl Diagnostic {
    pub(super) fn error(code: Code, title: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, title: title.into(), place: None, help: None }
    }

    pub(super) fn warning(code: Code, title: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, title) }
    }

    pub(super) fn at(
        mut self,
        source: &Arc<Source>,
        span: Range<usize>,
        label: impl Into<String>,
    ) -> Self {
        let end = span.end.min(source.shown.len());
        let span = span.start.min(end)..end;
        self.place = Some(Place { source: source.clone(), span, label: label.into() });
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a help line that names the nearest of the known names, or lists them.
    pub(super) fn nearest<'a>(self, wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known: Vec<&str> = known.into_iter().collect();
        known.sort_unstable();
        let close = |name: &&&str| strsim::jaro_winkler(wrong, name) > 0.75;
        let distance = |name: &&&str| strsim::damerau_levenshtein(wrong, name);
        match known.iter().filter(close).min_by_key(distance) {
            Some(name) => self.help(format!("did you mean \"{name}\"?")),
            None if known.is_empty() => self,
            None => self.help(format!("it can be {}", known.join(", "))),
        }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What kind of mistake it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Renders it with a terminal's colours.
    pub fn styled(&self) -> String {
        self.render(&Renderer::styled())
    }

    fn render(&self, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&self.title).id(self.code.name()));
        if let Some(Place { source, span, label }) = &self.place {
            let mark = AnnotationKind::Primary.span(span.clone()).label(label.as_str());
            let snippet = Snippet::source(source.shown.as_str()).path(source.path.as_str());
            group = group.element(snippet.annotation(mark));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Renderer::plain()))
    }
}

/// Every mistake found in a configuration, errors first, in the order of files and lines.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigErrors {
    /// What was found: at least one error.
    pub diagnostics: Vec<Diagnostic>,
}

impl ConfigErrors {
    /// Returns how many errors there are.
    pub fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|d| d.severity == Severity::Error).count()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.diagnostics.iter().try_for_each(|diagnostic| writeln!(f, "{diagnostic}\n"))?;
        match self.errors() {
            1 => write!(f, "1 error"),
            many => write!(f, "{many} errors"),
        }
    }
}

impl std::error::Error for ConfigErrors {}

/// What is being found while files are read.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Diagnostic>);

impl Findings {
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        if !self.0.contains(&diagnostic) {
            self.0.push(diagnostic);
        }
    }

    /// Returns the warnings, or everything when there is an error among it.
    pub(super) fn into_warnings(self) -> Result<Vec<Diagnostic>, ConfigErrors> {
        let mut diagnostics = self.0;
        let place = |d: &Diagnostic| {
            d.place.as_ref().map(|place| (place.source.path.clone(), place.span.start))
        };
        if diagnostics.iter().any(|d| d.severity == Severity::Error) {
            // What seems unused may be used where an error stands now.
            diagnostics.retain(|d| d.code != Code::Unused);
        }
        diagnostics.sort_by_key(|d| (d.severity, place(d)));
        match diagnostics.first().map(|first| first.severity) {
            Some(Severity::Error) => Err(ConfigErrors { diagnostics }),
            _ => Ok(diagnostics),
        }
    }
}

/// Replaces the values of `secret =`, and of every key in `[registrar.users]`, by stars, so that no
/// message can print a password that was written where it must not be. Masks too much rather than
/// too little: to the end of the line, and to the end of a multi-line string.
fn mask_secrets(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut in_users = false;
    let mut open_string = None;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('[') && open_string.is_none() {
            in_users = line.replace([' ', '"', '\''], "").starts_with("[registrar.users]");
        }
        let masked_from = match open_string {
            Some(_) => Some(0),
            None => secret_value(line, in_users || line.contains("users")),
        };
        let Some(from) = masked_from else {
            shown.push_str(line);
            continue;
        };
        let value = line[from..].trim_end_matches(['\n', '\r']);
        shown.push_str(&line[..from]);
        shown.push_str(&"*".repeat(value.len()));
        shown.push_str(&line[from + value.len()..]);
        let quote = ["\"\"\"", "'''"].into_iter().find(|quote| value.starts_with(quote));
        open_string = match open_string.or(quote) {
            Some(quote) if value.trim_start_matches(quote).contains(quote) => None,
            still => still,
        };
    }
    shown
}

/// Returns where the first value of a secret starts in a line, if there is one.
fn secret_value(line: &str, every_key: bool) -> Option<usize> {
    // The private key of recordings, whatever it stands under.
    if let Some(at) = line.to_ascii_uppercase().find("AGE-SECRET-KEY-") {
        return Some(at);
    }
    line.match_indices('=').find_map(|(equals, _)| {
        let key = line[..equals].trim_end().trim_end_matches(['"', '\'']);
        let named = |words: &[&str]| words.iter().any(|word| key.ends_with(word));
        let secret = named(&["secret", "password", "token", "api-key", "api_key"])
            || (every_key && !named(&["file", "env", "realm"]));
        let value = line[equals + 1..].trim_start_matches([' ', '\t']);
        let bare = value.split(['"', '\'']).nth(1).unwrap_or(value.trim());
        // A key in the place of its name.
        let secret =
            secret || (named(&["key", "key-credential"]) && speech_file::looks_like_a_key(bare));
        (secret && !value.starts_with('{')).then(|| line.len() - value.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_nothing_moves() {
        for (text, shown) in [
            ("secret = \"hunter2\"\n", "secret = *********\n"),
            ("secret = 12345\nx = 1", "secret = *****\nx = 1"),
            ("a = { secret = 'x' }", "a = { secret = *****"),
            ("secret = { file = \"/run/x\" }", "secret = { file = \"/run/x\" }"),
            (
                "[registrar.users]\n1000 = \"fern\"\n[peer]\nhost = \"h\"",
                "[registrar.users]\n1000 = ******\n[peer]\nhost = \"h\"",
            ),
            ("users = { 1000 = \"fern\" }", "users = { 1000 = ********"),
            ("secret = \"nev\\\"er", "secret = ********"),
            ("secret =\"é\"", "secret =****"),
            ("secret = \"\"\"a\nb\"\"\"\nc = 1", "secret = ****\n****\nc = 1"),
            ("key = \"age-secret-key-1QQ\"", "key = \"*******************"),
            ("host = \"pbx\"", "host = \"pbx\""),
            ("key = \"sk-abc\"", "key = ********"),
            ("key-credential = \"sk-abc\"", "key-credential = ********"),
            ("key-credential = \"deepgram\"", "key-credential = \"deepgram\""),
        ] {
            let masked = mask_secrets(text);
            assert_eq!(masked, shown);
            assert_eq!(masked.len(), text.len(), "spans still fit");
        }
    }
}
