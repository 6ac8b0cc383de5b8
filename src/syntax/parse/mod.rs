//! Text to tree: the whole file at once, and if that fails each statement alone, so that each gets its own error.

mod build;
mod cut;
mod report;

use super::diagnostic::{Diagnostic, Place, Source};
use super::tree::Tree;
use build::Builder;
use pest::Parser as _;
use std::sync::Arc;

/// The statement words, in the order that a file usually has them.
pub const STATEMENTS: &[&str] =
    &["cvx", "use", "param", "path", "activation", "data", "network", "minimize", "minimise", "solve", "output"];

/// The most brackets inside brackets.
const DEEPEST: usize = 64;

/// The most errors of one run: nobody reads more.
pub const MOST_ERRORS: usize = 100;

/// The recogniser that pest makes from the grammar.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/model.pest"]
struct Grammar;

/// The tree of a file, or what keeps it from having one.
pub fn parse(source: &Arc<Source>) -> Result<Tree, Vec<Diagnostic>> {
    let text = source.text.as_str();
    if let Some(at) = cut::too_deep(text, DEEPEST) {
        return Err(vec![nested(Place::new(source, at..at + 1))]);
    }
    match Grammar::parse(Rule::file, text) {
        Ok(pairs) => Builder::new(source, 0).file(pairs).map_err(|error| vec![error]),
        Err(error) => {
            let found = pieces(source);
            // A statement may be right by itself and wrong only where it stands; then the whole file's error is the one to show.
            Err(if found.is_empty() { vec![report::syntax(source, 0, text, &error)] } else { found })
        }
    }
}

/// The errors of a broken file's statements, each parsed alone.
fn pieces(source: &Arc<Source>) -> Vec<Diagnostic> {
    cut::pieces(&source.text).into_iter().filter_map(|piece| error_of(source, piece)).take(MOST_ERRORS).collect()
}

fn error_of(source: &Arc<Source>, piece: std::ops::Range<usize>) -> Option<Diagnostic> {
    let text = &source.text[piece.clone()];
    if let Some(error) = report::unknown_statement(source, piece.start, text) {
        return Some(error);
    }
    match Grammar::parse(Rule::one, text) {
        Ok(pairs) => Builder::new(source, piece.start).file(pairs).err(),
        Err(error) => Some(report::syntax(source, piece.start, text, &error)),
    }
}

/// E0003: brackets or operators inside one another beyond all reason.
fn nested(place: Place) -> Diagnostic {
    Diagnostic::error("E0003", "this is nested too deeply to be read", place, "one level too many")
        .note(format!("brackets nest at most {DEEPEST} deep, and an expression has at most {} operators inside one another", build::BUDGET))
        .help("split it into several activations or parameters")
}
