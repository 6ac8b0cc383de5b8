//! Parameters, their overrides from the command line, and the values that `path` walks through.

use super::checker::{Checker, Parameter};
use super::terms::reserved;
use crate::exact::{Rational, decimal, double};
use crate::syntax::diagnostic::{Diagnostic, Place, Source};
use crate::syntax::names::similar;
use crate::syntax::tree::{Binding, Expr, Span, Term};

const GRIDS: &[&str] = &["logspace", "linspace"];

/// The most values of a path.
const MOST_VALUES: u64 = 100_000;

impl Checker {
    /// `param name = number`.
    pub fn param(&mut self, binding: &Binding, overrides: &[(String, String)]) {
        let name = &binding.name;
        if let Some(first) = self.parameters.iter().find(|p| p.name.text == name.text) {
            let first = self.place(&first.name.span);
            let error = self.error("E0106", format!("parameter `{}` is declared twice", name.text), &name.span, "declared again");
            return self.report(error.also(first, "declared here first").help("keep one of the two"));
        }
        if reserved(&name.text) {
            let error =
                self.error("E0107", format!("`{}` is a built-in word and cannot be a parameter", name.text), &name.span, "a built-in name");
            return self.report(error.replace(format!("choose another name, such as `my_{}`", name.text), format!("my_{}", name.text)));
        }
        // A parameter whose value is wrong is still declared, so that its uses are not reported as well.
        let default = self.default(binding).unwrap_or(Rational::ONE);
        let changed = overrides.iter().rev().find(|(changed, _)| *changed == name.text).map(|(_, value)| value.clone());
        let value = changed.as_deref().and_then(decimal).unwrap_or(default);
        self.parameters.push(Parameter { name: name.clone(), value, default: binding.value.span.clone(), changed });
    }

    fn default(&mut self, binding: &Binding) -> Option<Rational> {
        let (name, value) = (&binding.name.text, &binding.value);
        let grid = value.head().is_some_and(|(name, _)| GRIDS.contains(&name.text.as_str())) || matches!(value.term, Term::List(_));
        if !grid {
            return self.number(name, value);
        }
        let written = self.written(&value.span).to_string();
        let error = self.error("E0105", "a parameter holds one number, this is a whole grid", &value.span, "a grid of values");
        let lines = format!("keep one default and sweep it:\n    param {name} = 0.1\n    path  {name} = {written}");
        self.refuse(error.replace(lines, format!("0.1\npath {name} = {written}")))
    }

    /// `path name = grid`: the parameter and its values, for the command that walks through them.
    pub fn path(&mut self, binding: &Binding) -> Option<(String, Vec<f64>)> {
        let (name, value) = (&binding.name, &binding.value);
        let known: Vec<String> = self.parameters.iter().map(|p| p.name.text.clone()).collect();
        if !known.contains(&name.text) {
            let error = self.error(
                "E0117",
                format!("`path` walks a parameter, and there is none called `{}`", name.text),
                &name.span,
                "unknown parameter",
            );
            self.report(match similar(&name.text, known.iter().map(String::as_str)) {
                Some(near) => error.replace(format!("there is a parameter with a similar name: `{near}`"), near),
                None => error.help(format!("declare it above this line: `param {} = 0.1`", name.text)),
            });
        }
        let Term::List(items) = &value.term else { return Some((name.text.clone(), self.grid(value)?)) };
        if items.is_empty() {
            let error = self.error("E0113", "this path has no values", &value.span, "an empty list");
            self.report(error.replace("for example `[1, 0.1, 0.01]`", "[1, 0.1, 0.01]"));
        }
        let values: Vec<Option<Rational>> = items.iter().map(|item| self.number("path", item)).collect();
        Some((name.text.clone(), values.into_iter().map(|value| value.as_ref().map(double)).collect::<Option<_>>()?))
    }

    /// `logspace(first, last, count)` and `linspace(...)`: both ends in, of logarithms to twelve digits.
    fn grid(&mut self, value: &Expr) -> Option<Vec<f64>> {
        let Some((name, args)) = value.head().filter(|(name, _)| GRIDS.contains(&name.text.as_str())) else {
            return self.refuse(self.wrong_type("path", "a grid of values", "logspace(1e-4, 10, 25)", value));
        };
        let values = self.arguments(&name, args, &["first", "last", "count"])?;
        let [Some(first), Some(last), Some(count)] = values[..] else {
            let error = self.error("E0118", format!("`{}` needs three numbers", name.text), &name.span, "first, last, count");
            return self.refuse(error.help(format!("for example `{}(1e-4, 10, 25)`", name.text)));
        };
        let count = self.whole("count", count, 1, MOST_VALUES)?;
        let steps = (count - 1).max(1);
        if name.text == "logspace" {
            let (first, last) = (self.real("first", first, 0.0, f64::INFINITY)?, self.real("last", last, 0.0, f64::INFINITY)?);
            let at = |step: u64| first * libm::pow(last / first, step as f64 / steps as f64);
            let digits = |value: f64| format!("{value:.11e}").parse().unwrap_or(value);
            return Some((0..count).map(|step| digits(at(step))).collect());
        }
        let (first, last) = (self.number("first", first)?, self.number("last", last)?);
        let at = |step: u64| double(&(&first + (&last - &first) * Rational::from(step) / Rational::from(steps)));
        Some((0..count).map(at).collect())
    }

    /// E0120 to E0122: overrides that fit no parameter.
    pub fn overrides(&mut self, given: &[String]) {
        for set in given {
            let source = Source::new(crate::syntax::render::COMMAND_LINE, format!("--set {set}"));
            let name_end = set.find('=').unwrap_or(set.len());
            let name = set[..name_end].trim();
            let place = |from: usize, to: usize| Place::new(&source, 6 + from..6 + to);
            if name_end == set.len() {
                let error = Diagnostic::error("E0122", format!("`--set {set}` gives no value"), place(0, set.len()), "");
                self.report(error.help(format!("--set {set}=1")));
            } else if !self.parameters.iter().any(|p| p.name.text == name) {
                self.report(self.no_parameter(set, name, place(0, name_end)));
            } else if !finite(set[name_end + 1..].trim()) {
                let value = set[name_end + 1..].trim();
                let why = if decimal(value).is_some() { "too large for a double" } else { "not a number" };
                let error = Diagnostic::error("E0121", format!("`--set {set}`: `{value}` is {why}"), place(name_end + 1, set.len()), "");
                self.report(error.help(format!("--set {name}=0.1")));
            }
        }
    }

    fn no_parameter(&self, set: &str, name: &str, place: Place) -> Diagnostic {
        let error = Diagnostic::error("E0120", format!("`--set {set}`: this model has no parameter `{name}`"), place, "");
        let file = self.source.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let all: Vec<String> = self.parameters.iter().map(|p| format!("{} ({})", p.name.text, self.written(&p.default))).collect();
        if all.is_empty() {
            return error.note(format!("{file} has no parameters")).help("declare one in the model: `param beta = 0.1`");
        }
        let error = error.note(format!("parameters in {file}: {}", all.join(", ")));
        match similar(name, self.parameters.iter().map(|p| p.name.text.as_str())) {
            Some(near) => error.help(format!("--set {near}{}", &set[set.find('=').unwrap_or(set.len())..])),
            None => error,
        }
    }

    /// The defaults that the command line changed, and by what.
    pub fn changed_defaults(&self) -> Vec<(Span, String)> {
        let changed = |parameter: &Parameter| Some((parameter.default.clone(), parameter.changed.clone()?));
        self.parameters.iter().filter_map(changed).collect()
    }
}

/// Whether a value is a number that doubles can hold.
fn finite(value: &str) -> bool {
    decimal(value).is_some_and(|value| double(&value).is_finite())
}

/// `NAME=VALUE` in two, where it is well formed.
pub fn pairs(overrides: &[String]) -> Vec<(String, String)> {
    let pair = |set: &String| set.split_once('=').map(|(name, value)| (name.trim().to_string(), value.trim().to_string()));
    overrides.iter().filter_map(pair).filter(|(_, value)| finite(value)).collect()
}
