//! Readings of an expression as what a setting needs: a number, a share, a time, a choice, a column.

use super::checker::Checker;
use super::function::too_long;
use crate::exact::{Rational, decimal, double};
use crate::syntax::diagnostic::Diagnostic;
use crate::syntax::model::Placed;
use crate::syntax::names::similar;
use crate::syntax::tree::{Expr, Name, Op, Term};
use std::time::Duration;

/// What numbers out of range should be instead.
pub const WITHIN_DOUBLES: &str = "write a number between 1e-300 and 1e300";

/// Units and what they measure, in seconds or bytes.
const UNITS: &[(&str, Measure, f64)] = &[
    ("%", Measure::Share, 0.01),
    ("ms", Measure::Time, 1e-3),
    ("s", Measure::Time, 1.0),
    ("min", Measure::Time, 60.0),
    ("h", Measure::Time, 3600.0),
    ("kB", Measure::Memory, 1e3),
    ("MB", Measure::Memory, 1e6),
    ("GB", Measure::Memory, 1e9),
];

#[derive(Clone, Copy, PartialEq)]
enum Measure {
    Share,
    Time,
    Memory,
}

impl Measure {
    /// What a setting of this kind needs, and an example.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Measure::Share => ("a share", "20%"),
            Measure::Time => ("a time", "10 min"),
            Measure::Memory => ("an amount of memory", "8 GB"),
        }
    }

    /// The largest value in the base unit, and the range in words.
    fn range(self) -> (f64, &'static str) {
        match self {
            Measure::Share => (1.0 - 1e-9, "above 0% and below 100%"),
            Measure::Time => (3.2e9, "above 0 s and at most 100 years"),
            Measure::Memory => (1e18, "above 0 GB and at most 1e9 GB"),
        }
    }
}

/// What an expression is, to a person.
pub fn nature(expr: &Expr) -> &'static str {
    match &expr.term {
        Term::Number { unit: Some(_), .. } => "a number with a unit",
        Term::Number { .. } => "a bare number",
        Term::Text(_) => "a text",
        Term::Word(_) => "a word",
        Term::Call { .. } => "a call",
        Term::List(_) => "a list",
        Term::Binary { op: Op::Range, .. } => "a range",
        Term::Binary { op: Op::Less | Op::AtMost | Op::Greater | Op::AtLeast | Op::Equal, .. } => "a comparison",
        Term::Negative(_) | Term::Binary { .. } => "an expression",
    }
}

/// A number as people write it.
pub fn shown(number: &Rational) -> String {
    format!("{}", double(number))
}

impl Checker {
    /// E0111: the setting needs something of another type.
    pub fn wrong_type(&self, what: &str, needs: &str, example: &str, expr: &Expr) -> Diagnostic {
        self.error("E0111", format!("`{what}` needs {needs}, such as `{example}`"), &expr.span, nature(expr))
    }

    /// A number: digits, parameters and arithmetic between them.
    pub fn number(&mut self, what: &str, expr: &Expr) -> Option<Rational> {
        let value = match &expr.term {
            Term::Number { digits, unit: None } => return self.digits(digits, expr),
            Term::Number { unit: Some(unit), .. } => return self.refuse(self.unit_in_the_way(what, expr, unit)),
            Term::Word(word) => return self.parameter(what, word, expr),
            Term::Negative(inner) => -self.number(what, inner)?,
            Term::Binary { left, op, right } => {
                let (a, b) = (self.number(what, left), self.number(what, right));
                self.arithmetic(what, expr, *op, a?, b?)?
            }
            _ => return self.refuse(self.wrong_type(what, "a number", "0.1", expr)),
        };
        if too_long(&value) {
            let error = self.error("E0113", "this number is too long to be worked with", &expr.span, "more than 1200 digits");
            return self.refuse(error.help("write it with fewer digits: a double keeps 17 of them"));
        }
        Some(value)
    }

    fn digits(&mut self, digits: &str, expr: &Expr) -> Option<Rational> {
        decimal(digits).or_else(|| {
            let error = self.error("E0113", "this number is out of range", &expr.span, "beyond 1e400, or longer than 1000 digits");
            self.refuse(error.help(WITHIN_DOUBLES))
        })
    }

    fn unit_in_the_way(&self, what: &str, expr: &Expr, unit: &Name) -> Diagnostic {
        if UNITS.iter().any(|(known, ..)| *known == unit.text) {
            return self.error("E0111", format!("`{what}` is a plain number, without a unit"), &expr.span, "a number with a unit");
        }
        self.unknown_unit(unit)
    }

    fn unknown_unit(&self, unit: &Name) -> Diagnostic {
        let known: Vec<&str> = UNITS.iter().map(|(name, ..)| *name).collect();
        let error = self.error("E0116", format!("`{}` is not a unit", unit.text), &unit.span, "unknown unit");
        let long = [("sec", "s"), ("secs", "s"), ("second", "s"), ("seconds", "s"), ("minute", "min"), ("minutes", "min"), ("m", "min")];
        let long =
            long.iter().chain(&[("hour", "h"), ("hours", "h"), ("percent", "%"), ("gb", "GB"), ("mb", "MB"), ("kb", "kB"), ("G", "GB")]);
        match long.clone().find(|(name, _)| *name == unit.text).map(|(_, short)| *short) {
            Some(short) => error.replace(format!("write `{short}`"), short),
            None => error.note(format!("the units are: {}; a product is written with `*`", known.join(", "))),
        }
    }

    fn parameter(&mut self, what: &str, word: &str, expr: &Expr) -> Option<Rational> {
        if let Some(parameter) = self.parameters.iter().find(|p| p.name.text == word) {
            return Some(parameter.value.clone());
        }
        let names: Vec<String> = self.parameters.iter().map(|p| p.name.text.clone()).collect();
        let error =
            self.error("E0117", format!("`{what}` needs a number, and there is no parameter `{word}`"), &expr.span, "unknown parameter");
        self.refuse(match similar(word, names.iter().map(String::as_str)) {
            Some(near) => error.replace(format!("there is a parameter with a similar name: `{near}`"), near),
            None => error.help(format!("declare it: `param {word} = 0.1`, above this line")),
        })
    }

    fn arithmetic(&mut self, what: &str, expr: &Expr, op: Op, a: Rational, b: Rational) -> Option<Rational> {
        match op {
            Op::Add => Some(a + b),
            Op::Subtract => Some(a - b),
            Op::Multiply => Some(a * b),
            Op::Divide if b == Rational::ZERO => self.refuse(self.divides_by_zero(expr)),
            Op::Divide => Some(a / b),
            Op::Power => match (0..=64isize).find(|&k| b == Rational::from(k)) {
                Some(k) => Some(a.pow(k)),
                None => self.refuse(self.no_power(expr)),
            },
            _ => self.refuse(self.wrong_type(what, "a number", "0.1", expr)),
        }
    }

    /// A number strictly between two others, as a double.
    pub fn real(&mut self, what: &str, expr: &Expr, above: f64, below: f64) -> Option<f64> {
        let value = double(&self.number(what, expr)?);
        if value > above && value < below {
            return Some(value);
        }
        let (bounds, help) = match (above.is_finite(), below.is_finite()) {
            (true, true) => (format!("between {above} and {below}"), format!("for example {}", 0.5 * (above + below))),
            (true, false) => (format!("greater than {above}"), format!("for example {}", above + 1.0)),
            _ => ("finite".to_string(), WITHIN_DOUBLES.to_string()),
        };
        let error = self.error("E0113", format!("`{what}` must be {bounds}"), &expr.span, format!("this is {value}"));
        self.refuse(error.help(help))
    }

    /// A whole number from `least` to `most`.
    pub fn whole(&mut self, what: &str, expr: &Expr, least: u64, most: u64) -> Option<u64> {
        let value = self.number(what, expr)?;
        let whole = value.denominator() == Rational::ONE.denominator();
        if whole && value >= Rational::from(least) && value <= Rational::from(most) {
            return Some(double(&value) as u64);
        }
        let bounds = if most == u64::MAX { format!("of at least {least}") } else { format!("from {least} to {most}") };
        let remark = format!("this is {}", shown(&value));
        let error = self.error("E0113", format!("`{what}` must be a whole number {bounds}"), &expr.span, remark);
        let near = if value < Rational::from(least) { least } else { double(&value).min(most as f64) as u64 };
        self.refuse(error.replace(format!("the nearest is {near}"), near.to_string()))
    }

    /// A whole number that fits a seed.
    pub fn seed(&mut self, expr: &Expr) -> Option<u64> {
        self.whole("seed", expr, 0, (1 << 53) - 1)
    }

    /// A number with a unit of the right kind, in the base unit.
    fn measured(&mut self, what: &str, expr: &Expr, measure: Measure) -> Option<f64> {
        let (needs, example) = measure.words();
        let (most, range) = measure.range();
        let error = match &expr.term {
            Term::Number { digits, unit: Some(unit) } => match UNITS.iter().find(|(name, ..)| *name == unit.text) {
                Some((_, of, factor)) if *of == measure => {
                    let value = double(&self.digits(digits, expr)?) * factor;
                    if value > 0.0 && value <= most {
                        return Some(value);
                    }
                    let remark = if value > 0.0 { "too much" } else { "nothing" };
                    self.error("E0113", format!("`{what}` must be {range}"), &expr.span, remark).help(format!("for example `{example}`"))
                }
                Some(_) => self.wrong_type(what, needs, example, expr),
                None => self.unknown_unit(unit),
            },
            Term::Number { unit: None, .. } => {
                self.error("E0111", format!("`{what}` needs {needs}, such as `{example}`"), &expr.span, "a bare number: which unit?")
            }
            _ => self.wrong_type(what, needs, example, expr),
        };
        self.refuse(error)
    }

    /// `20%` as 0.2; strictly between nothing and all.
    pub fn share(&mut self, what: &str, expr: &Expr) -> Option<f64> {
        self.measured(what, expr, Measure::Share)
    }

    /// `10 min`; a hundred years at most.
    pub fn duration(&mut self, what: &str, expr: &Expr) -> Option<Duration> {
        self.measured(what, expr, Measure::Time).map(Duration::from_secs_f64)
    }

    /// `8 GB` in bytes.
    pub fn bytes(&mut self, what: &str, expr: &Expr) -> Option<u64> {
        self.measured(what, expr, Measure::Memory).map(|bytes| bytes as u64)
    }

    /// A quoted text.
    pub fn text<'t>(&mut self, what: &str, expr: &'t Expr, example: &str) -> Option<&'t str> {
        match &expr.term {
            Term::Text(text) => Some(text),
            Term::Word(word) => {
                let quoted = format!("\"{word}\"");
                let error = self.wrong_type(what, "a text in quotes", example, expr);
                self.refuse(error.replace(format!("put it in quotes: `{quoted}`"), quoted))
            }
            _ => self.refuse(self.wrong_type(what, "a text in quotes", example, expr)),
        }
    }

    /// One of a few words.
    pub fn choice(&mut self, what: &str, expr: &Expr, known: &[&'static str]) -> Option<&'static str> {
        self.choice_or_later(what, expr, known, &[])
    }

    /// The same where some words are known, but not offered: they are refused by this version.
    pub fn choice_or_later(&mut self, what: &str, expr: &Expr, known: &[&'static str], later: &[&'static str]) -> Option<&'static str> {
        let found = expr.head().map(|(name, _)| name.text).unwrap_or_default();
        if let Some(word) = known.iter().chain(later).find(|word| **word == found && expr.word().is_some()) {
            return Some(word);
        }
        self.refuse(self.not_a_choice(what, expr, known))
    }

    /// E0114: not one of the words that a setting knows.
    pub fn not_a_choice(&self, what: &str, expr: &Expr, known: &[&str]) -> Diagnostic {
        let found = expr.head().map(|(name, _)| name).unwrap_or(Name { text: String::new(), span: expr.span.clone() });
        let written = self.written(&found.span).replace('\n', " ");
        let error = self.error("E0114", format!("`{what}` cannot be `{written}`"), &found.span, "unknown choice");
        match similar(&found.text, known.iter().copied()) {
            Some(near) => error.replace(format!("there is a choice with a similar name: `{near}`"), near),
            None => error.note(format!("the choices are: {}", known.join(", "))),
        }
    }

    /// A column or a class: a word, a text, or a number as written.
    pub fn label(&mut self, what: &str, expr: &Expr, example: &str) -> Option<Placed<String>> {
        let text = match &expr.term {
            Term::Text(text) | Term::Word(text) => text.clone(),
            Term::Number { unit: None, .. } | Term::Negative(_) => self.written(&expr.span).to_string(),
            _ => return self.refuse(self.wrong_type(what, "a name", example, expr)),
        };
        Some(self.placed(text, &expr.span))
    }

    /// The items of a list; anything else is a list of itself.
    pub fn items<'t>(&self, expr: &'t Expr) -> &'t [Expr] {
        match &expr.term {
            Term::List(items) => items,
            _ => std::slice::from_ref(expr),
        }
    }

    /// Whole numbers `a..b`, both ends in, a <= b.
    pub fn range(&mut self, what: &str, expr: &Expr, least: u64) -> Option<(usize, usize)> {
        let Term::Binary { left, op: Op::Range, right } = &expr.term else {
            return self.refuse(self.wrong_type(what, "a range", "1..3", expr));
        };
        let most = u32::MAX.into();
        let (first, last) = (self.whole(what, left, least, most), self.whole(what, right, least, most));
        let (first, last) = (first? as usize, last? as usize);
        if first > last {
            let error = self.error("E0113", "this range ends before it begins", &expr.span, format!("{first} comes after {last}"));
            return self.refuse(error.replace(format!("turn it around: `{last}..{first}`"), format!("{last}..{first}")));
        }
        Some((first, last))
    }
}
