//! What a recogniser's failure means to a person.

use super::{Rule, STATEMENTS, cut};
use crate::syntax::diagnostic::{Diagnostic, Place, Source};
use crate::syntax::names;
use pest::error::{Error, ErrorVariant, InputLocation};
use std::sync::Arc;

/// E0100: the piece starts with a word that starts no statement.
pub fn unknown_statement(source: &Arc<Source>, offset: usize, piece: &str) -> Option<Diagnostic> {
    let at = start(piece);
    let word = cut::word(&piece[at..]);
    if word.is_empty() || STATEMENTS.contains(&word) {
        return None;
    }
    let place = Place::new(source, offset + at..offset + at + word.len());
    let error = Diagnostic::error("E0100", format!("a statement cannot start with `{word}`"), place, "unknown statement");
    let shown: Vec<&str> = STATEMENTS.iter().copied().filter(|&word| word != "minimise").collect();
    Some(match names::similar(word, shown.iter().copied()) {
        Some(near) => error.replace(format!("there is a statement with a similar name: `{near}`"), near),
        None => error.note(format!("the statements are: {}", shown.join(", "))),
    })
}

/// Where the first statement of a piece begins: after blanks and comments.
fn start(piece: &str) -> usize {
    let mut at = 0;
    for line in piece.split_inclusive('\n') {
        let code = line.trim_start();
        if !code.is_empty() && !code.starts_with('#') {
            return at + line.len() - code.len();
        }
        at += line.len();
    }
    at.min(piece.len())
}

/// E0001: what was expected, and what was found instead.
pub fn syntax(source: &Arc<Source>, offset: usize, piece: &str, error: &Error<Rule>) -> Diagnostic {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at.min(piece.len()),
    };
    let at = unread_from(piece, at);
    let rest = &piece[at..];
    let place = |length: usize| Place::new(source, offset + at..offset + at + length);
    if let Some(arrow) = wrong_arrow(piece, at) {
        let error = Diagnostic::error(
            "E0001",
            format!("layers are joined with `->`, found `{arrow}`"),
            place(arrow.len()),
            format!("not `{arrow}`"),
        );
        return error.replace("write `->`", "->");
    }
    if let Some(name) = unquoted(piece, at) {
        let (quoted, place) = (format!("\"{}\"", &piece[name.clone()]), Place::new(source, offset + name.start..offset + name.end));
        let error = Diagnostic::error("E0001", "a file name stands in quotes", place, "no quotes");
        return error.replace(format!("write `{quoted}`"), quoted);
    }
    if rest.starts_with('"') {
        return Diagnostic::error("E0001", "this text has no closing quote", place(1), "opened here")
            .help("close it with `\"` on the same line");
    }
    if rest.trim().is_empty()
        && let Some(open) = cut::unclosed(piece)
    {
        let bracket = &piece[open..open + 1];
        let place = Place::new(source, offset + open..offset + open + 1);
        return Diagnostic::error("E0001", format!("this `{bracket}` is never closed"), place, "opened here");
    }
    let (found, length) = found(rest);
    let expected = expected(piece, at, error);
    Diagnostic::error("E0001", format!("expected {expected}, found {found}"), place(length), "")
}

/// The first character that pest could not use: its position may stand before blanks.
fn unread_from(piece: &str, at: usize) -> usize {
    let blanks = piece[at..].len() - piece[at..].trim_start_matches([' ', '\t']).len();
    at + blanks
}

/// The file name around `at` that lacks its quotes, in a call that reads a file.
fn unquoted(piece: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let open = cut::unclosed(&piece[..at])?;
    let call = piece[..open].rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next()?;
    let start = open + piece[open..].find(|c: char| c != '(' && c != ' ')?;
    let length = piece[start..].find([',', ')', ' ', '\n', ';', '"']).unwrap_or(piece.len() - start);
    let ending = piece[start..start + length].rsplit_once('.')?.1;
    let reads = ["csv", "tsv", "npy", "npz", "parquet", "arrow", "libsvm", "cells"].contains(&call);
    let named = !ending.is_empty() && ending.chars().all(char::is_alphanumeric) && start <= at && at < start + length;
    (reads && named).then_some(start..start + length)
}

/// Another arrow where `->` belongs.
fn wrong_arrow(piece: &str, at: usize) -> Option<&'static str> {
    let in_network = cut::word(&piece[start(piece)..]) == "network";
    let arrows = ["=>", "-->", "==>", "~>", ">>", "|>", "→", ">", "=", "|"];
    arrows.into_iter().find(|arrow| in_network && piece[at..].starts_with(arrow))
}

/// The token that stands in the way, in words, and its length.
fn found(rest: &str) -> (String, usize) {
    let Some(first) = rest.chars().next() else { return ("the end of the file".into(), 0) };
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    match first {
        '\n' | '\r' | '#' => ("the end of the line".into(), 0),
        _ if word > 0 => (format!("`{}`", &rest[..word]), word),
        c if c.is_control() => (format!("the character U+{:04X}", c as u32), c.len_utf8()),
        c => (format!("`{c}`"), c.len_utf8()),
    }
}

/// What could have stood there.
fn expected(piece: &str, at: usize, error: &Error<Rule>) -> &'static str {
    let ErrorVariant::ParsingError { positives, .. } = &error.variant else { return "something else" };
    let has = |rules: &[Rule]| positives.iter().any(|rule| rules.contains(rule));
    let before = piece[..at].trim_end();
    if piece[start(piece)..].is_empty() || has(&[Rule::version, Rule::data]) {
        return "a statement";
    }
    if has(&[Rule::stage, Rule::branches, Rule::pipeline]) {
        return if before.ends_with("->") { "a layer" } else { "an input" };
    }
    if has(&[Rule::expr, Rule::arg, Rule::quantity, Rule::neg, Rule::list, Rule::number]) {
        return if before.ends_with(['(', ',']) { "an argument" } else { "a value" };
    }
    let names: [(&[Rule], &str); 8] = [
        (&[Rule::kw_to], "`to`"),
        (&[Rule::kw_from], "`from`"),
        (&[Rule::setting], "a setting, such as `name = value`"),
        (&[Rule::arm, Rule::kw_otherwise], "a case, such as `x < 0: 0`"),
        (&[Rule::row, Rule::cell], "a value"),
        (&[Rule::integer], "a whole number"),
        (&[Rule::string], "a text in quotes"),
        (&[Rule::ident, Rule::label], "a name"),
    ];
    if let Some((_, words)) = names.iter().find(|(rules, _)| has(rules)) {
        return words;
    }
    if has(&[Rule::table, Rule::call]) { "a data source, such as `csv(\"f.csv\")`" } else { closing(before) }
}

/// What ends the innermost open bracket, or else the statement.
fn closing(before: &str) -> &'static str {
    let Some(open) = cut::unclosed(before) else { return "the end of the statement" };
    let inside = before[open..].rsplit(['{', ';', '\n']).next().unwrap_or_default();
    match &before[open..=open] {
        "(" => "`,` or `)`",
        "[" => "`,` or `]`",
        _ if cut::word(before[..open].trim_end().rsplit(' ').next().unwrap_or_default()) == "piecewise" && !inside.contains(':') => "`:`",
        _ => "`;`, a new line or `}`",
    }
}
