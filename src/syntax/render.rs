//! Diagnostics as text for people and as JSON for tools.

use super::diagnostic::{Diagnostic, Label, Level, Source};
use annotate_snippets::{AnnotationKind, Group, Level as Title, Origin, Renderer, Snippet};
use serde_json::{Value, json as object};
use std::fmt::Write as _;
use std::sync::Arc;

/// All diagnostics as rustc shows its own, an empty line between two.
pub fn render(diagnostics: &[Diagnostic], color: bool) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let _ = writeln!(out, "{}\n", one(diagnostic, color));
    }
    out
}

fn one(diagnostic: &Diagnostic, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let level = match diagnostic.level {
        Level::Error => Title::ERROR,
        Level::Warning => Title::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(&diagnostic.message).id(diagnostic.code));
    for source in sources(diagnostic) {
        // A text that is not there has a name to show and no lines.
        group = match source.text.is_empty() && diagnostic.labels[0].text.is_empty() {
            true => group.element(Origin::path(source.name.clone())),
            false => group.element(snippet(diagnostic, &source)),
        };
    }
    let notes = diagnostic.notes.iter().map(|note| Title::NOTE.message(note));
    let helps = diagnostic.helps.iter().map(|help| Title::HELP.message(&help.text));
    for message in notes.chain(helps) {
        group = group.element(message);
    }
    let text = renderer.render(&[group]);
    let source = &diagnostic.place().source;
    match source.name == COMMAND_LINE {
        true => without_numbers(&text),
        // An origin without lines stands where an origin with lines would.
        false if source.text.is_empty() && diagnostic.labels[0].text.is_empty() => text.replacen('\n', "\n ", 1),
        false => text,
    }
}

/// The name of the source that holds the arguments.
pub const COMMAND_LINE: &str = "command line";

/// The command line has no line numbers: drops `:1:7` behind its name, and the `1` in the margin.
fn without_numbers(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    for line in &mut lines {
        if let Some(at) = line.find(COMMAND_LINE).map(|at| at + COMMAND_LINE.len()) {
            let end = line[at..].find(|c: char| c != ':' && !c.is_ascii_digit()).map_or(line.len(), |length| at + length);
            line.replace_range(at..end, "");
        }
    }
    if let Some((line, at)) = lines.iter_mut().skip(2).find_map(|line| margin_number(line).map(|at| (line, at))) {
        line.replace_range(at..=at, " ");
    }
    lines.join("\n")
}

/// Where the line number 1 stands at the start of a line, colours left out.
fn margin_number(line: &str) -> Option<usize> {
    let mut rest = line;
    while let Some(colour) = rest.strip_prefix('\u{1b}') {
        rest = &colour[colour.find('m')? + 1..];
    }
    rest.starts_with('1').then(|| line.len() - rest.len())
}

/// The texts that a diagnostic points into, the primary one first.
fn sources(diagnostic: &Diagnostic) -> Vec<Arc<Source>> {
    let mut sources: Vec<Arc<Source>> = Vec::new();
    for label in &diagnostic.labels {
        if !sources.iter().any(|known| known == &label.place.source) {
            sources.push(label.place.source.clone());
        }
    }
    sources
}

fn snippet<'a>(diagnostic: &'a Diagnostic, source: &Arc<Source>) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text: String = source.text.clone();
    let mut snippet = Snippet::source(text).line_start(source.first_line).path(source.name.clone());
    for (number, label) in diagnostic.labels.iter().enumerate() {
        if &label.place.source == source {
            let kind = if number == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(within(label));
            snippet = snippet.annotation(if label.text.is_empty() { annotation } else { annotation.label(&label.text) });
        }
    }
    snippet
}

/// A label's span, kept inside its text whatever was damaged.
fn within(label: &Label) -> std::ops::Range<usize> {
    let text = &label.place.source.text;
    let inside = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (inside(label.place.span.start), inside(label.place.span.end));
    start..end.max(start)
}

/// The documented JSON: `[{code, level, message, file, span, labels, notes, helps}]`.
pub fn json(diagnostics: &[Diagnostic]) -> Value {
    diagnostics.iter().map(one_json).collect()
}

fn one_json(diagnostic: &Diagnostic) -> Value {
    let labels: Vec<Value> = diagnostic.labels.iter().map(label_json).collect();
    let helps: Vec<Value> = diagnostic.helps.iter().map(|help| object!({ "text": help.text, "replacement": help.replacement })).collect();
    object!({
        "code": diagnostic.code,
        "level": diagnostic.level,
        "message": diagnostic.message,
        "file": diagnostic.place().source.name,
        "span": span_json(&diagnostic.labels[0]),
        "labels": labels,
        "notes": diagnostic.notes,
        "helps": helps,
    })
}

fn label_json(label: &Label) -> Value {
    object!({ "file": label.place.source.name, "span": span_json(label), "text": label.text })
}

fn span_json(label: &Label) -> Value {
    let (line, column) = label.place.line_column();
    object!({ "start": label.place.span.start, "end": label.place.span.end, "line": line, "column": column })
}
