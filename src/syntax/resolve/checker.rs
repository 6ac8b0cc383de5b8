//! What every check shares: the file it reads, the parameters it knows, and the errors it has found.

use crate::exact::Rational;
use crate::syntax::diagnostic::{Diagnostic, Place, Source};
use crate::syntax::model::Placed;
use crate::syntax::names::similar;
use crate::syntax::parse::MOST_ERRORS;
use crate::syntax::tree::{Arg, Binding, Expr, Name, Span};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A declared parameter after overrides.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: Name,
    pub value: Rational,
    /// The default as written.
    pub default: Span,
    /// The text that `--set` gave instead.
    pub changed: Option<String>,
}

/// Reads one file's statements and collects what is wrong with them.
pub struct Checker {
    pub source: Arc<Source>,
    /// The model's folder: paths in it are relative to this.
    pub folder: PathBuf,
    pub parameters: Vec<Parameter>,
    /// Quoted relative paths of files that the model reads, and where they lead from the current folder.
    pub paths: Vec<(Span, PathBuf)>,
    found: Vec<Diagnostic>,
    later: Vec<Diagnostic>,
}

impl Checker {
    pub fn new(source: Arc<Source>, folder: PathBuf) -> Self {
        Checker { source, folder, parameters: Vec::new(), paths: Vec::new(), found: Vec::new(), later: Vec::new() }
    }

    pub fn place(&self, span: &Span) -> Place {
        Place::new(&self.source, span.clone())
    }

    pub fn placed<T>(&self, value: T, span: &Span) -> Placed<T> {
        Placed { value, place: self.place(span) }
    }

    /// What was written at a place.
    pub fn written(&self, span: &Span) -> &str {
        &self.source.text[span.clone()]
    }

    /// A file that the model names, relative to its own folder.
    pub fn named_file(&mut self, shown: &str, span: &Span) -> PathBuf {
        let path = self.folder.join(shown);
        if Path::new(shown).is_relative() {
            self.paths.push((span.clone(), path.clone()));
        }
        path
    }

    /// An error at `span`, to be completed and handed to `report`.
    pub fn error(&self, code: &'static str, message: impl Into<String>, span: &Span, remark: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message, self.place(span), remark)
    }

    /// Keeps an error, once, and only as many as anybody reads.
    pub fn report(&mut self, error: Diagnostic) {
        if self.found.len() < MOST_ERRORS && !self.found.contains(&error) {
            self.found.push(error);
        }
    }

    /// Reports and gives nothing back: the end of a reading that failed.
    pub fn refuse<T>(&mut self, error: Diagnostic) -> Option<T> {
        self.report(error);
        None
    }

    /// Whether anything is wrong so far.
    pub fn failed(&self) -> bool {
        !self.found.is_empty()
    }

    /// How many errors there are: a reading that fails adds to them.
    pub fn found_so_far(&self) -> usize {
        self.found.len()
    }

    pub fn divides_by_zero(&self, expr: &Expr) -> Diagnostic {
        self.error("E0113", "this divides by zero", &expr.span, "").help("divide by a number that is not 0")
    }

    pub fn no_power(&self, expr: &Expr) -> Diagnostic {
        self.error("E0113", "a power must be a whole number from 0 to 64", &expr.span, "").help("write the value itself, or a product")
    }

    /// Keeps something that is right but cannot be solved yet: it matters only if nothing is wrong.
    pub fn not_yet(&mut self, error: Diagnostic) {
        self.later.push(error);
    }

    /// All errors in file order; if there are none, the first thing that cannot be solved yet.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        let start = |d: &Diagnostic| d.place().span.start;
        if self.found.is_empty() {
            self.later.sort_by_key(start);
            self.later.truncate(1);
            return self.later;
        }
        self.found
    }

    /// The settings of a block by name: unknown ones and second ones are reported.
    pub fn settings<'t>(&mut self, owner: &str, block: &'t [Binding], known: &[&str]) -> Vec<&'t Binding> {
        let mut kept: Vec<&Binding> = Vec::new();
        for setting in block {
            let name = &setting.name;
            if !known.contains(&name.text.as_str()) {
                self.unknown_setting(owner, name, known);
            } else if let Some(first) = kept.iter().find(|first| first.name.text == name.text) {
                let error = self.error("E0112", format!("`{}` is set twice", name.text), &name.span, "set again");
                let first = self.place(&first.name.span);
                self.report(error.also(first, "set here first").help("keep one of the two"));
            } else {
                kept.push(setting);
            }
        }
        kept
    }

    fn unknown_setting(&mut self, owner: &str, name: &Name, known: &[&str]) {
        let error = self.error("E0110", format!("`{owner}` has no setting `{}`", name.text), &name.span, "unknown setting");
        self.report(match similar(&name.text, known.iter().copied()) {
            Some(near) => error.replace(format!("there is a setting with a similar name: `{near}`"), near),
            None => error.note(format!("the settings of `{owner}` are: {}", known.join(", "))),
        });
    }

    /// The arguments of a call in the order of `names`: by position first, or by name.
    pub fn arguments<'t>(&mut self, call: &Name, args: &'t [Arg], names: &[&str]) -> Option<Vec<Option<&'t Expr>>> {
        let mut values: Vec<Option<&Expr>> = vec![None; names.len()];
        let mut next = 0;
        for arg in args {
            let slot = match &arg.label {
                Some(label) => names.iter().position(|name| *name == label.text),
                None => (next < names.len()).then_some(next),
            };
            let Some(slot) = slot else { return self.refuse(self.extra_argument(call, arg, names)) };
            if values[slot].is_some() {
                let message = format!("`{}` is given twice", names[slot]);
                return self.refuse(self.error("E0115", message, &arg.value.span, "given again").help("keep one of the two"));
            }
            values[slot] = Some(&arg.value);
            next = slot + 1;
        }
        Some(values)
    }

    fn extra_argument(&self, call: &Name, arg: &Arg, names: &[&str]) -> Diagnostic {
        let known = match names {
            [] => format!("`{}` takes no arguments", call.text),
            names => format!("`{}` takes: {}", call.text, names.join(", ")),
        };
        let Some(label) = &arg.label else {
            let message = match names.len() {
                0 => known.clone(),
                most => format!("`{}` takes at most {}", call.text, crate::syntax::names::count(most, "argument")),
            };
            let error = self.error("E0115", message, &arg.value.span, "one argument too many");
            return if names.is_empty() { error } else { error.note(known) };
        };
        let error = self.error("E0115", format!("`{}` has no argument `{}`", call.text, label.text), &label.span, "unknown argument");
        match similar(&label.text, names.iter().copied()) {
            Some(near) => error.replace(format!("there is an argument with a similar name: `{near}`"), near),
            None => error.note(known),
        }
    }
}
