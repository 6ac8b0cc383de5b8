//! What we tell a person about their file: one cause, its place, why, and a way out.

use serde::Serialize;
use std::ops::Range;
use std::sync::Arc;

/// A text that diagnostics point into: a model file, a data file's line, the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name shown: a path as the person wrote it.
    pub name: String,
    /// The line number of the text's first line; data files are excerpts, everything else starts at 1.
    pub first_line: usize,
    pub text: String,
}

impl Source {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Source { name: name.into(), first_line: 1, text: text.into() })
    }

    /// One line of a long file.
    pub fn line(name: impl Into<String>, number: usize, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Source { name: name.into(), first_line: number, text: text.into() })
    }
}

/// A stretch of a source, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub source: Arc<Source>,
    pub span: Range<usize>,
}

impl Place {
    pub fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        Place { source: source.clone(), span }
    }

    /// Line and column, both from 1, the column in characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = &self.source.text[..self.span.start.min(self.source.text.len())];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (self.source.first_line + before.matches('\n').count(), before[line_start..].chars().count() + 1)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Error,
    Warning,
}

/// A remark on a place: `^^^` for the first one, `---` for the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub place: Place,
    pub text: String,
}

/// A way out: words, and if they are code, what to paste and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Help {
    pub text: String,
    /// A statement, setting or expression that compiles in place of the labelled one.
    pub replacement: Option<String>,
}

/// One error or warning.  There is no constructor without a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: &'static str,
    pub level: Level,
    pub message: String,
    /// The first one is primary.
    pub labels: Vec<Label>,
    pub notes: Vec<String>,
    pub helps: Vec<Help>,
}

impl Diagnostic {
    /// An error at `place`; `remark` stands under the carets and may be empty.
    pub fn error(code: &'static str, message: impl Into<String>, place: Place, remark: impl Into<String>) -> Self {
        let labels = vec![Label { place, text: remark.into() }];
        Diagnostic { code, level: Level::Error, message: message.into(), labels, notes: Vec::new(), helps: Vec::new() }
    }

    /// A warning at `place`.
    pub fn warning(code: &'static str, message: impl Into<String>, place: Place, remark: impl Into<String>) -> Self {
        Diagnostic { level: Level::Warning, ..Diagnostic::error(code, message, place, remark) }
    }

    /// Points at a second place.
    pub fn also(mut self, place: Place, remark: impl Into<String>) -> Self {
        self.labels.push(Label { place, text: remark.into() });
        self
    }

    /// Says why.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Offers a way out.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(Help { text: text.into(), replacement: None });
        self
    }

    /// Offers a way out with the code that takes it.
    pub fn replace(mut self, text: impl Into<String>, code: impl Into<String>) -> Self {
        self.helps.push(Help { text: text.into(), replacement: Some(code.into()) });
        self
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.labels[0].place
    }
}
