//! From a definition to its normal form: breaks, slopes and intercepts, exact.

use super::curved;
use super::function::{Break, Function, MOST_BREAKS, Trouble, checked};
use super::library::{JOINS, Key, Library};
use super::value::WITHIN_DOUBLES;
use crate::exact::{Rational, decimal};
use crate::syntax::diagnostic::{Diagnostic, Place};
use crate::syntax::names::{count, similar};
use crate::syntax::tree::{Arg, Arm, Body, Expr, Name, Op, Span, Term};
use std::collections::BTreeMap;

/// The most evaluation steps of a model's activations together, each piece of each function counting as one.
const MOST_WORK: usize = 600_000;

/// What names mean inside one definition.
struct Frame {
    scope: usize,
    variable: String,
    parameters: BTreeMap<String, Rational>,
}

impl Library {
    /// The normal form of a definition with its parameters at `values`; `None` once its error is reported.
    pub fn function(&mut self, key: Key, values: Vec<Rational>, used: &Place) -> Option<Function> {
        let call = (key, values);
        if let Some(known) = self.known.get(&call) {
            return known.clone();
        }
        if self.open.contains(&key) {
            self.circle(key);
            return None;
        }
        if self.open.len() > 64 {
            self.report(too_much(used.clone(), "definitions call one another more than 64 deep"));
            return None;
        }
        self.open.push(key);
        let function = self.body(key, &call.1);
        self.open.pop();
        self.known.insert(call, function.clone());
        function
    }

    /// The defaults of a definition's parameters, in order.
    pub fn defaults(&mut self, key: Key) -> Option<Vec<Rational>> {
        let parameters = self.definition(key).parameters.clone();
        let frame = Frame { scope: key.0, variable: String::new(), parameters: BTreeMap::new() };
        parameters.iter().map(|parameter| self.constant(&frame, &parameter.value, "a default")).collect()
    }

    fn circle(&mut self, key: Key) {
        let definition = self.definition(key);
        let message = format!("`{}` is defined by means of itself", definition.name.text);
        let place = self.place(key.0, &definition.name.span);
        self.report(
            Diagnostic::error("E0240", message, place, "this definition leads back here")
                .note("an activation is a formula in `x`, not a recursion"),
        );
    }

    fn body(&mut self, key: Key, values: &[Rational]) -> Option<Function> {
        let definition = self.definition(key).clone();
        let mut parameters = BTreeMap::new();
        for (parameter, value) in definition.parameters.iter().zip(values) {
            let name = &parameter.name;
            if name.text == definition.variable.text || parameters.insert(name.text.clone(), value.clone()).is_some() {
                let error = Diagnostic::error("E0203", format!("`{}` names two things", name.text), self.place(key.0, &name.span), "taken");
                self.report(error.help("give each parameter a name of its own"));
                return None;
            }
        }
        let frame = Frame { scope: key.0, variable: definition.variable.text.clone(), parameters };
        match &definition.body {
            Body::Formula(formula) => self.expr(&frame, formula),
            Body::Cases { arms, close } => self.cases(&frame, &definition.name, arms, close),
        }
    }

    fn constant(&mut self, frame: &Frame, expr: &Expr, what: &str) -> Option<Rational> {
        let function = self.expr(frame, expr)?;
        let value = function.as_constant().cloned();
        if value.is_none() {
            let place = self.place(frame.scope, &expr.span);
            self.report(Diagnostic::error(
                "E0232",
                format!("{what} must be a number"),
                place,
                format!("this varies with `{}`", frame.variable),
            ));
        }
        value
    }

    /// The function that an expression is, of the frame's variable.
    fn expr(&mut self, frame: &Frame, expr: &Expr) -> Option<Function> {
        match &expr.term {
            Term::Number { digits, unit: None } => self.number(frame, digits, expr),
            Term::Word(word) => self.word(frame, word, expr),
            Term::Negative(inner) => {
                let inner = self.expr(frame, inner)?;
                self.settle(frame, inner.negative(), expr)
            }
            Term::Binary { left, op, right } => self.binary(frame, expr, left, *op, right),
            Term::Call { name, args } => self.call(frame, expr, name, args),
            _ => self.not_a_formula(frame, expr),
        }
    }

    fn number(&mut self, frame: &Frame, digits: &str, expr: &Expr) -> Option<Function> {
        let number = decimal(digits);
        if number.is_none() {
            let place = self.place(frame.scope, &expr.span);
            let error = Diagnostic::error("E0113", "this number is out of range", place, "beyond 1e400, or longer than 1000 digits");
            self.report(error.help(WITHIN_DOUBLES));
        }
        number.map(Function::constant)
    }

    fn not_a_formula(&mut self, frame: &Frame, expr: &Expr) -> Option<Function> {
        let place = self.place(frame.scope, &expr.span);
        let message = "an activation is a formula of numbers, `x` and its parameters";
        self.report(Diagnostic::error("E0231", message, place, super::value::nature(expr)));
        None
    }

    fn word(&mut self, frame: &Frame, word: &str, expr: &Expr) -> Option<Function> {
        if word == frame.variable {
            return Some(Function::identity());
        }
        if let Some(value) = frame.parameters.get(word) {
            return Some(Function::constant(value.clone()));
        }
        let place = self.place(frame.scope, &expr.span);
        let known = self.find(frame.scope, word).is_some() || JOINS.contains(&word) || curved::CURVED.iter().any(|c| c.name == word);
        let error = Diagnostic::error("E0230", format!("`{word}` has no meaning here"), place, "unknown name");
        let names = frame.parameters.keys().map(String::as_str).chain([frame.variable.as_str()]);
        let variable = &frame.variable;
        self.report(match similar(word, names) {
            _ if frame.variable.is_empty() => error.note("a default is a number"),
            _ if known => {
                error.replace(format!("a function is called with its argument: `{word}({variable})`"), format!("{word}({variable})"))
            }
            Some(near) => error.replace(format!("there is one with a similar name: `{near}`"), near),
            None => error.help(format!("make it a parameter of the activation, with a default: `{word} = 0.1`")),
        });
        None
    }

    fn binary(&mut self, frame: &Frame, expr: &Expr, left: &Expr, op: Op, right: &Expr) -> Option<Function> {
        let (a, b) = (self.expr(frame, left), self.expr(frame, right));
        let (a, b) = (a?, b?);
        let result = match op {
            Op::Add => a.plus(&b),
            Op::Subtract => b.negative().and_then(|b| a.plus(&b)),
            Op::Multiply => a.times(&b),
            Op::Divide => a.over(&b),
            Op::Power => a.to_the(&b),
            _ => return self.not_a_formula(frame, expr),
        };
        self.settle(frame, result, expr)
    }

    /// Counts the work, and turns trouble into an error at the expression.
    fn settle(&mut self, frame: &Frame, result: Result<Function, Trouble>, expr: &Expr) -> Option<Function> {
        let place = self.place(frame.scope, &expr.span);
        let error = match result {
            Ok(function) => {
                self.work += 1 + function.breaks.len();
                if self.work <= MOST_WORK {
                    return Some(function);
                }
                too_much(place, "evaluating it takes too many steps")
            }
            Err(Trouble::Curved) => bends(place, &frame.variable, expr),
            Err(Trouble::TooManyBreaks) => too_much(place, &format!("more than {MOST_BREAKS} breaks")),
            Err(Trouble::NumbersTooLong) => too_much(place, "its numbers have more than 1200 digits"),
            Err(Trouble::DivisionByZero) => Diagnostic::error("E0233", "this divides by zero", place, "a quotient without a value"),
        };
        self.report(error);
        None
    }

    fn call(&mut self, frame: &Frame, expr: &Expr, name: &Name, args: &[Arg]) -> Option<Function> {
        if JOINS.contains(&name.text.as_str()) {
            return self.join(frame, expr, name, args);
        }
        let place = self.place(frame.scope, &name.span);
        if let Some(error) = curved::refusal(&name.text, place.clone()) {
            self.report(error);
            return None;
        }
        let Some(key) = self.find(frame.scope, &name.text) else {
            if !self.reported(frame.scope, &name.text) {
                self.unknown_function(frame, name, place);
            }
            return None;
        };
        let Some((first, rest)) = args.split_first().filter(|(first, _)| first.label.is_none()) else {
            let error = Diagnostic::error("E0234", format!("`{}` needs its argument", name.text), place, "called with none");
            self.report(error.help(format!("write `{}({})`", name.text, frame.variable)));
            return None;
        };
        let inner = self.expr(frame, &first.value);
        let mut values = Vec::new();
        for arg in rest {
            values.push((arg.label.as_ref(), self.constant(frame, &arg.value, "a parameter")?, &arg.value.span));
        }
        let values = self.with_defaults(frame.scope, key, &values)?;
        let outer = self.function(key, values, &place)?;
        self.settle(frame, outer.of(&inner?), expr)
    }

    /// Joins given values with the defaults of a definition's parameters.
    pub fn with_defaults(&mut self, scope: usize, key: Key, given: &[(Option<&Name>, Rational, &Span)]) -> Option<Vec<Rational>> {
        let mut values = self.defaults(key)?;
        let names: Vec<String> = self.definition(key).parameters.iter().map(|p| p.name.text.clone()).collect();
        for (position, (label, value, span)) in given.iter().enumerate() {
            let slot = match label {
                Some(label) => names.iter().position(|name| *name == label.text),
                None => (position < names.len()).then_some(position),
            };
            let Some(slot) = slot else {
                self.extra_parameter(scope, key, label.map_or(*span, |label| &label.span), &names, label.map(|label| label.text.as_str()));
                return None;
            };
            values[slot] = value.clone();
        }
        Some(values)
    }

    fn extra_parameter(&mut self, scope: usize, key: Key, span: &Span, names: &[String], label: Option<&str>) {
        let (name, place) = (self.definition(key).name.text.clone(), self.place(scope, span));
        let message = match label {
            Some(label) => format!("`{name}` has no parameter `{label}`"),
            None => format!("`{name}` has {}", count(names.len(), "parameter")),
        };
        let error = Diagnostic::error("E0234", message, place, if label.is_some() { "unknown parameter" } else { "one too many" });
        let near = label.and_then(|label| similar(label, names.iter().map(String::as_str)));
        self.report(match near {
            Some(near) => error.replace(format!("there is one with a similar name: `{near}`"), near),
            None if names.is_empty() => error,
            None => error.note(format!("its parameters are: {}", names.join(", "))),
        });
    }

    fn unknown_function(&mut self, frame: &Frame, name: &Name, place: Place) {
        let error = Diagnostic::error("E0230", format!("there is no activation or function `{}`", name.text), place, "unknown function");
        let near = similar(&name.text, self.names(frame.scope).into_iter().chain(JOINS.iter().copied())).map(str::to_string);
        self.report(match near {
            Some(near) => error.replace(format!("there is one with a similar name: `{near}`"), near),
            None => error.note("the functions are: max, min, and every activation, built-in or defined in this file"),
        });
    }

    /// max and min of two functions or more.
    fn join(&mut self, frame: &Frame, expr: &Expr, name: &Name, args: &[Arg]) -> Option<Function> {
        if args.len() < 2 || args.iter().any(|arg| arg.label.is_some()) {
            let place = self.place(frame.scope, &expr.span);
            self.report(Diagnostic::error(
                "E0234",
                format!("`{}` joins two expressions or more", name.text),
                place,
                count(args.len(), "argument"),
            ));
            return None;
        }
        let functions: Vec<Option<Function>> = args.iter().map(|arg| self.expr(frame, &arg.value)).collect();
        let mut functions = functions.into_iter();
        let mut result = functions.next()??;
        for next in functions {
            let joined = if name.text == "max" { result.max(&next?) } else { result.min(&next?) };
            result = self.settle(frame, joined, expr)?;
        }
        Some(result)
    }

    /// `piecewise { ... }`: cases from left to right.
    fn cases(&mut self, frame: &Frame, name: &Name, arms: &[Arm], close: &Span) -> Option<Function> {
        let ends = self.ends(frame, name, arms, close)?;
        let values: Option<Vec<Function>> = arms.iter().map(|arm| self.expr(frame, &arm.value)).collect();
        let values = values?;
        let mut breaks = Vec::new();
        for (k, (at, included)) in ends.iter().enumerate() {
            let owner = if *included { &values[k] } else { &values[k + 1] };
            // Of two cases that end at one place, the first keeps the point and the second only what lies behind it.
            let kept = breaks.pop_if(|last: &mut Break| last.at == *at);
            let value = kept.map_or_else(|| owner.value(at), |last| if *included { owner.value(at) } else { last.value });
            breaks.push(Break { at: at.clone(), value, after: values[k + 1].first.clone() });
        }
        self.straight(frame, arms, &values)?;
        checked(Function { first: values[0].first.clone(), breaks }).ok().or_else(|| {
            let place = self.place(frame.scope, &name.span);
            self.report(too_much(place, &format!("more than {MOST_BREAKS} breaks, or numbers of more than 1200 digits")));
            None
        })
    }

    /// E0223: a case is one straight piece.
    fn straight(&mut self, frame: &Frame, arms: &[Arm], values: &[Function]) -> Option<()> {
        for (arm, value) in arms.iter().zip(values) {
            if let Some(kink) = value.breaks.first() {
                let message = format!("this case bends inside itself, at {} = {}", frame.variable, super::value::shown(&kink.at));
                let place = self.place(frame.scope, &arm.value.span);
                self.report(
                    Diagnostic::error("E0223", message, place, "not one straight piece")
                        .help("make two cases of it, or write the activation as a formula without `piecewise`"),
                );
                return None;
            }
        }
        Some(())
    }

    /// Where the cases end, and whether each end still belongs to its case; order and completeness are checked.
    fn ends(&mut self, frame: &Frame, name: &Name, arms: &[Arm], close: &Span) -> Option<Vec<(Rational, bool)>> {
        let mut ends: Vec<(Rational, bool)> = Vec::new();
        for (k, arm) in arms.iter().enumerate() {
            let last = k + 1 == arms.len();
            let Some(condition) = &arm.condition else {
                if !last {
                    self.unreachable(frame, &arms[k + 1], arm);
                    return None;
                }
                return Some(ends);
            };
            let end = self.end(frame, arm, condition)?;
            if ends.last().is_some_and(|before| end.0 < before.0 || (end.0 == before.0 && (before.1 || !end.1))) {
                self.unreachable(frame, arm, &arms[k - 1]);
                return None;
            }
            ends.push(end);
        }
        self.open_ended(frame, name, arms, close);
        None
    }

    /// The end of one case: `x < number` or `x <= number`.
    fn end(&mut self, frame: &Frame, arm: &Arm, condition: &Expr) -> Option<(Rational, bool)> {
        if let Term::Binary { left, op, right } = &condition.term
            && left.word() == Some(&frame.variable)
            && matches!(op, Op::Less | Op::AtMost)
        {
            return Some((self.constant(frame, right, "the end of a case")?, *op == Op::AtMost));
        }
        let place = self.place(frame.scope, &arm.span);
        let message = format!("a case begins with `{} < number`", frame.variable);
        self.report(
            Diagnostic::error("E0222", message, place, "not such a condition")
                .help("the cases go from left to right: each says where it ends, and the last is `otherwise`"),
        );
        None
    }

    fn unreachable(&mut self, frame: &Frame, arm: &Arm, earlier: &Arm) {
        let text = |span: &Span| self.scopes[frame.scope].source.text[span.clone()].trim().to_string();
        let (place, first) = (self.place(frame.scope, &arm.span), self.place(frame.scope, &earlier.span));
        let remark = format!("already covered by `{}` above", text(&earlier.span));
        let error = Diagnostic::error("E0220", "this case can never be reached", place, remark).also(first, "this case comes first");
        self.report(error.help("order the cases from left to right: smallest break first"));
    }

    fn open_ended(&mut self, frame: &Frame, name: &Name, arms: &[Arm], close: &Span) {
        let place = self.place(frame.scope, close);
        let Some(last) = arms.last() else {
            let error = Diagnostic::error("E0221", format!("`{}` has no cases", name.text), place, "the cases end here");
            self.report(error.help("add a case: `otherwise: ...`"));
            return;
        };
        let condition = self.scopes[frame.scope].source.text[last.span.clone()].trim();
        let beyond = if condition.contains("<=") { condition.replace("<=", ">") } else { condition.replace('<', ">=") };
        let error = Diagnostic::error("E0221", format!("`{}` has no value for {beyond}", name.text), place, "the cases end here");
        let also = self.place(frame.scope, &last.span);
        let slot = "; otherwise: 0 }";
        self.report(error.also(also, "the last case stops here").replace("add a last case: `otherwise: ...`", slot));
    }
}

/// E0210: the innermost part that bends continuously.
fn bends(place: Place, variable: &str, expr: &Expr) -> Diagnostic {
    let what = match &expr.term {
        Term::Binary { op: Op::Power, .. } => "a power",
        Term::Binary { op: Op::Divide, .. } => "a quotient",
        _ => "a product",
    };
    Diagnostic::error("E0210", "this activation is not piecewise linear", place, format!("{what}: its graph bends continuously in `{variable}`"))
        .note("the exact convex program exists because a piecewise-linear unit is linear\nonce you fix which piece each sample falls in; a curve has no such pieces")
        .help(curved::STRAIGHT)
}

/// E0224: a definition beyond all reason.
fn too_much(place: Place, why: &str) -> Diagnostic {
    Diagnostic::error("E0224", "this activation is too large to be worked with", place, why).help("write it with fewer pieces")
}
