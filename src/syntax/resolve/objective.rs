//! The `minimize` statement: one loss, one penalty with its strength, and constraints.

use super::checker::Checker;
use super::terms::{REGULARIZERS, Word};
use crate::exact::double;
use crate::loss::{LOSSES, Total, find};
use crate::regularizer::{EUCLIDEAN, Hidden, find as find_norm};
use crate::syntax::diagnostic::Diagnostic;
use crate::syntax::model::Placed;
use crate::syntax::names::similar;
use crate::syntax::tree::{Arg, Expr, Name, Op, Span, Term};

/// The hidden norms as the language names them.
const NORM_WORDS: &[&str] = &["l2", "l1", "linf", "sparse_group"];

/// A penalty that the language knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Penalty {
    WeightDecay { hidden: Hidden, output: &'static str },
    OutputL1,
}

/// `subject to ...`
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constraint {
    HiddenNorm,
    HiddenBias,
    Interpolate,
    WeightDecay,
}

/// An objective that has passed its checks.
#[derive(Clone, Debug)]
pub struct Goal {
    pub whole: Span,
    pub loss: Option<Placed<Total>>,
    pub penalty: Option<Placed<Penalty>>,
    pub strength: Placed<f64>,
    pub constraints: Vec<Placed<Constraint>>,
    /// r and the norm of `hidden_norm <= r`.
    pub radius: Option<(f64, Hidden)>,
    /// B of `hidden_bias <= B`.
    pub bias: Option<f64>,
    /// r of `weight_decay <= r`.
    pub budget: Option<f64>,
}

impl Checker {
    pub fn objective(&mut self, objective: &Expr, constraints: &[Expr]) -> Option<Goal> {
        let before = self.found_so_far();
        let strength = self.placed(1.0, &objective.span);
        let mut goal = Goal {
            whole: objective.span.clone(),
            loss: None,
            penalty: None,
            strength,
            constraints: Vec::new(),
            radius: None,
            bias: None,
            budget: None,
        };
        for term in self.addends(objective) {
            self.term(term, &mut goal);
        }
        for constraint in constraints {
            self.constraint(constraint, &mut goal);
        }
        if self.found_so_far() > before {
            return None;
        }
        self.complete(&goal)?;
        // The constraint stands for a loss that nothing else is finite for.
        let interpolate = goal.constraints.iter().find(|constraint| constraint.value == Constraint::Interpolate);
        goal.loss = goal.loss.or(interpolate.map(|at| Placed { value: Total::interpolation(), place: at.place.clone() }));
        Some(goal)
    }

    /// The terms of a sum; differences are reported.
    fn addends<'t>(&mut self, expr: &'t Expr) -> Vec<&'t Expr> {
        match &expr.term {
            Term::Binary { left, op: Op::Add, right } => [self.addends(left), self.addends(right)].concat(),
            Term::Binary { left, op: Op::Subtract, right } if self.has_word(right) => {
                let error = self.error("E0336", "terms of an objective are added, not subtracted", &right.span, "subtracted");
                self.report(
                    error.help("write `+`, or leave the term out: a sum of a loss and penalties is convex, a difference need not be"),
                );
                self.addends(left)
            }
            _ => vec![expr],
        }
    }

    /// Whether an expression holds a word that is no parameter.
    fn has_word(&self, expr: &Expr) -> bool {
        match &expr.term {
            Term::Word(word) => !self.parameters.iter().any(|p| p.name.text == *word),
            Term::Call { .. } => true,
            Term::Negative(inner) => self.has_word(inner),
            Term::Binary { left, right, .. } => self.has_word(left) || self.has_word(right),
            _ => false,
        }
    }

    /// One term: a loss, or a penalty with its strength.
    fn term(&mut self, term: &Expr, goal: &mut Goal) -> Option<()> {
        let (word, factor) = self.split_factor(term)?;
        let (name, args) = word.head()?;
        match self.objective_word(&name, args, word)? {
            Word::Loss(loss, mean) => {
                if factor.is_some() {
                    let error = self.error("E0334", "a loss has no factor", &term.span, "a loss times a number");
                    let alone = self.written(&word.span).to_string();
                    return self.refuse(error.replace("the optimum depends only on the ratio: scale the penalty instead", alone));
                }
                self.keep_loss(loss, mean, word, goal)
            }
            Word::Penalty(penalty) => {
                if let Some(first) = &goal.penalty {
                    let error = self.error("E0335", "an objective has one penalty", &word.span, "a second penalty");
                    let first = first.place.clone();
                    return self.refuse(error.also(first, "the first one").help("keep one of the two"));
                }
                goal.penalty = Some(self.placed(penalty, &word.span));
                goal.strength = self.strength(factor, word)?;
                Some(())
            }
        }
    }

    fn keep_loss(&mut self, loss: Total, mean: bool, word: &Expr, goal: &mut Goal) -> Option<()> {
        if let Some(first) = &goal.loss {
            let first = first.place.clone();
            let error = self.error("E0335", "an objective has one loss", &word.span, "a second loss");
            return self.refuse(error.also(first, "the first one").help("keep one of the two"));
        }
        goal.loss = Some(self.placed(Total { mean, ..loss }, &word.span));
        Some(())
    }

    /// Splits a product into its one word and the numbers around it.
    fn split_factor<'t>(&mut self, term: &'t Expr) -> Option<(&'t Expr, Option<Factor<'t>>)> {
        match &term.term {
            Term::Word(_) | Term::Call { .. } if self.has_word(term) => Some((term, None)),
            Term::Binary { left, op: Op::Multiply, right } => match (self.has_word(left), self.has_word(right)) {
                (true, true) => {
                    let product = || self.error("E0332", "a product of two terms is not an objective", &term.span, "two terms multiplied");
                    let error = self.undeclared(left).or_else(|| self.undeclared(right)).unwrap_or_else(product);
                    self.refuse(error)
                }
                (true, false) => self.with_factor(left, Factor::Times(right)),
                (false, true) => self.with_factor(right, Factor::Times(left)),
                _ => self.refuse(self.only_a_number(term)),
            },
            Term::Binary { left, op: Op::Divide, right } if self.has_word(left) && !self.has_word(right) => {
                self.with_factor(left, Factor::Over(right))
            }
            _ if !self.has_word(term) => self.refuse(self.only_a_number(term)),
            _ => {
                let error = self.error("E0332", "this is not a sum of a loss and a penalty", &term.span, "not such a term");
                self.refuse(error.help("write it out: `minimize loss + number * penalty`"))
            }
        }
    }

    fn with_factor<'t>(&mut self, inner: &'t Expr, factor: Factor<'t>) -> Option<(&'t Expr, Option<Factor<'t>>)> {
        match self.split_factor(inner)? {
            (word, None) => Some((word, Some(factor))),
            (word, Some(first)) => Some((word, Some(Factor::Both(Box::new(first), Box::new(factor))))),
        }
    }

    fn only_a_number(&self, term: &Expr) -> Diagnostic {
        self.error("E0332", "a number alone does not change the optimum", &term.span, "a number")
            .help("multiply it with a penalty: `0.1 * weight_decay`")
    }

    /// The strength of a penalty: a positive number.
    fn strength(&mut self, factor: Option<Factor>, word: &Expr) -> Option<Placed<f64>> {
        let Some(factor) = factor else { return Some(self.placed(1.0, &word.span)) };
        let span = factor.span();
        let value = double(&self.factor(&factor)?);
        if value > 0.0 && value.is_finite() {
            return Some(self.placed(value, &span));
        }
        let error = self.error("E0333", "the strength of a penalty must be positive", &span, format!("this is {value}"));
        let changed = self.parameters.iter().find(|p| p.changed.is_some() && self.written(&span).contains(&p.name.text));
        let note = changed.map(|p| format!("`--set` made `{}` {}", p.name.text, super::value::shown(&p.value)));
        self.refuse(match note {
            Some(note) => error.note(note),
            None => error.replace("a small positive number keeps the optimum well defined, for example `1e-6`", "1e-6"),
        })
    }

    fn factor(&mut self, factor: &Factor) -> Option<crate::exact::Rational> {
        match factor {
            Factor::Times(expr) => self.number("the strength", expr),
            Factor::Over(expr) => {
                let value = self.number("the strength", expr)?;
                if value == crate::exact::Rational::ZERO {
                    return self.refuse(self.divides_by_zero(expr));
                }
                Some(crate::exact::Rational::ONE / value)
            }
            Factor::Both(a, b) => Some(self.factor(a)? * self.factor(b)?),
        }
    }

    /// E0331, E0337: an objective has a loss and a penalty, unless constraints stand for them.
    fn complete(&mut self, goal: &Goal) -> Option<()> {
        let has = |constraint| goal.constraints.iter().any(|c| c.value == constraint);
        if let Some(interpolate) = goal.constraints.iter().find(|c| c.value == Constraint::Interpolate)
            && let Some(loss) = &goal.loss
        {
            let error =
                Diagnostic::error("E0339", "a loss has no effect where the data are fitted exactly", loss.place.clone(), "always 0");
            return self.refuse(
                error
                    .also(interpolate.place.clone(), "fits the data exactly")
                    .help("leave the constraint out: `minimize squared + 0.1 * weight_decay`"),
            );
        }
        if goal.loss.is_none() && !has(Constraint::Interpolate) {
            let written = self.written(&goal.whole).to_string();
            let error = self.error("E0331", "the objective has no loss", &goal.whole, "only a regulariser");
            return self.refuse(error.replace("add one, for example `squared + ...`", format!("squared + {written}")));
        }
        if goal.penalty.is_none() && !has(Constraint::WeightDecay) {
            let written = self.written(&goal.whole).to_string();
            let error = self.error("E0337", "the objective has no regulariser", &goal.whole, "only a loss");
            let error = error.note("without one, networks of growing weights can approach the optimum and never reach it");
            return self.refuse(error.replace("add one, for example `+ 0.1 * weight_decay`", format!("{written} + 0.1 * weight_decay")));
        }
        Some(())
    }

    /// What a word of an objective means.
    fn objective_word(&mut self, name: &Name, args: &[Arg], word: &Expr) -> Option<Word> {
        match name.text.as_str() {
            "mean" => {
                let inner = self.one(name, args, "mean(squared)")?;
                let (inner_name, inner_args) = inner.head().or_else(|| self.refuse(self.mean_of_what(inner)))?;
                match self.objective_word(&inner_name, inner_args, inner)? {
                    Word::Loss(loss, false) => Some(Word::Loss(loss, true)),
                    _ => self.refuse(self.mean_of_what(inner)),
                }
            }
            "weight_decay" => self.weight_decay(name, args).map(Word::Penalty),
            "output_l1" => {
                self.arguments(name, args, &[])?;
                Some(Word::Penalty(Penalty::OutputL1))
            }
            _ => self.loss(name, args, word).map(|total| Word::Loss(total, false)),
        }
    }

    fn mean_of_what(&self, inner: &Expr) -> Diagnostic {
        self.error("E0332", "`mean` is of a loss", &inner.span, "not a loss").help("for example `mean(squared)`")
    }

    fn loss(&mut self, name: &Name, args: &[Arg], word: &Expr) -> Option<Total> {
        let Some(loss) = find(&name.text) else { return self.refuse(self.unknown_word(name)) };
        let Some(parameter) = loss.parameter() else {
            self.arguments(name, args, &[])?;
            return Some(Total { loss, parameter: 0.0, mean: false, outputs: 1 });
        };
        let values = self.arguments(name, args, &[parameter.name])?;
        let Some(value) = values[0] else {
            let code = format!("{}(0.5)", loss.name());
            let error = self.error("E0118", format!("`{}` needs a number: {}", loss.name(), parameter.meaning), &word.span, "given none");
            return self.refuse(error.replace(format!("for example `{code}`"), code));
        };
        let value = self.real(loss.name(), value, parameter.above, parameter.below)?;
        Some(Total { loss, parameter: value, mean: false, outputs: 1 })
    }

    /// E0330: a bare word in a product that nothing knows stands for a number that was not declared.
    fn undeclared(&self, word: &Expr) -> Option<Diagnostic> {
        let name = word.word()?;
        let known = find(name).is_some() || REGULARIZERS.contains(&name) || name == "mean";
        let error = self.unknown_word(&Name { text: name.to_string(), span: word.span.clone() });
        (!known).then(|| error.help(format!("a number needs a name before it is used: `param {name} = 0.1`")))
    }

    fn unknown_word(&self, name: &Name) -> Diagnostic {
        let message = format!("`{}` is not a loss, a regulariser or a parameter", name.text);
        let error = self.error("E0330", message, &name.span, "unknown");
        let losses: Vec<&str> = LOSSES.iter().map(|loss| loss.name()).collect();
        let known = losses.iter().copied().chain(REGULARIZERS.iter().copied()).chain(["mean"]);
        let parameters = self.parameters.iter().map(|p| p.name.text.as_str());
        match similar(&name.text, known.chain(parameters)) {
            Some(near) => error.replace(format!("there is one with a similar name: `{near}`"), near),
            None => error.note(format!("the losses are: {}\nthe regularisers are: {}", losses.join(", "), REGULARIZERS.join(", "))),
        }
    }

    /// `weight_decay`, `weight_decay(hidden = l1)`, `weight_decay(output = l1)`.
    fn weight_decay(&mut self, name: &Name, args: &[Arg]) -> Option<Penalty> {
        if let Some(bare) = args.iter().find(|arg| arg.label.is_none()) {
            let error = self.error("E0115", "`weight_decay` takes its norms by name", &bare.value.span, "which layer's norm?");
            let error = match bare.value.word().filter(|word| find_norm(word).is_some()) {
                Some(norm) => error.replace(format!("of the hidden weights: `hidden = {norm}`"), format!("hidden = {norm}")),
                None => error.help("write plain `weight_decay`: Euclidean norms of both layers"),
            };
            return self.refuse(error);
        }
        let values = self.arguments(name, args, &["hidden", "output"])?;
        let hidden = values[0].map_or(Some(EUCLIDEAN), |expr| self.norm("hidden", expr));
        let output = values[1].map_or(Some("l2"), |expr| self.choice("output", expr, &["l2", "l1"]));
        Some(Penalty::WeightDecay { hidden: hidden?, output: output? })
    }

    /// `l2`, `l1`, `linf`, `sparse_group(t)`.
    fn norm(&mut self, what: &str, expr: &Expr) -> Option<Hidden> {
        match expr.head() {
            Some((name, args)) if name.text == "sparse_group" => {
                let values = self.arguments(&name, args, &["t"])?;
                let Some(value) = values[0] else {
                    let error =
                        self.error("E0118", "`sparse_group` needs a number: the share of l1, the rest being l2", &expr.span, "given none");
                    return self.refuse(error.replace("for example `sparse_group(0.5)`", "sparse_group(0.5)"));
                };
                self.real("sparse_group", value, 0.0, 1.0).map(Hidden::sparse_group)
            }
            _ => self.choice(what, expr, NORM_WORDS).and_then(find_norm),
        }
    }

    /// `interpolate`, `hidden_norm <= r`, `hidden_bias <= b`, `weight_decay <= r`.
    fn constraint(&mut self, expr: &Expr, goal: &mut Goal) -> Option<()> {
        let (constraint, span) = match &expr.term {
            Term::Word(word) if word == "interpolate" => (Constraint::Interpolate, &expr.span),
            Term::Binary { left, op: Op::AtMost, right } => {
                let (name, args) = left.head().unzip();
                let word = name.map(|name| name.text).unwrap_or_default();
                let (kind, norm) = match (word.as_str(), args.unwrap_or_default()) {
                    ("hidden_norm", []) => (Constraint::HiddenNorm, EUCLIDEAN),
                    ("hidden_norm", [norm]) if norm.label.is_none() => (Constraint::HiddenNorm, self.norm("hidden_norm", &norm.value)?),
                    ("hidden_bias", []) => (Constraint::HiddenBias, EUCLIDEAN),
                    ("weight_decay", []) => (Constraint::WeightDecay, EUCLIDEAN),
                    _ => return self.refuse(self.unknown_constraint(left)),
                };
                let bound = self.real(&word, right, 0.0, f64::INFINITY)?;
                goal.radius = goal.radius.or((kind == Constraint::HiddenNorm).then_some((bound, norm)));
                goal.bias = goal.bias.or((kind == Constraint::HiddenBias).then_some(bound));
                goal.budget = goal.budget.or((kind == Constraint::WeightDecay).then_some(bound));
                (kind, &expr.span)
            }
            Term::Binary { left, right, .. } if matches!(left.word(), Some("hidden_norm" | "hidden_bias" | "weight_decay")) => {
                let (word, number) = (left.word().unwrap_or_default(), self.written(&right.span).to_string());
                let error = self.error("E0341", "a constraint is an upper bound", &expr.span, "not written with `<=`");
                let code = format!("{word} <= {number}");
                return self.refuse(error.replace(format!("write `{code}`"), code));
            }
            _ => return self.refuse(self.unknown_constraint(expr)),
        };
        if goal.constraints.iter().any(|first| first.value == constraint) {
            return self.refuse(self.error("E0335", "this constraint is given twice", span, "given again").help("keep one of the two"));
        }
        let placed = self.placed(constraint, span);
        goal.constraints.push(placed);
        Some(())
    }

    fn unknown_constraint(&self, expr: &Expr) -> Diagnostic {
        let written = self.written(&expr.span);
        let error = self.error("E0341", format!("`{written}` is not a constraint"), &expr.span, "unknown");
        let error = error.note(
            "the constraints are: hidden_norm <= r, also hidden_norm(l1) and other norms, hidden_bias <= b, weight_decay <= r, interpolate",
        );
        match expr.head().and_then(|(name, _)| similar(&name.text, ["hidden_norm", "hidden_bias", "weight_decay", "interpolate"])) {
            Some(near) if expr.word().is_some() => error.replace(format!("there is one with a similar name: `{near}`"), near),
            _ => error,
        }
    }
}

/// The numbers around a word.
enum Factor<'t> {
    Times(&'t Expr),
    Over(&'t Expr),
    Both(Box<Factor<'t>>, Box<Factor<'t>>),
}

impl Factor<'_> {
    fn span(&self) -> Span {
        match self {
            Factor::Times(expr) | Factor::Over(expr) => expr.span.clone(),
            Factor::Both(a, b) => {
                let (a, b) = (a.span(), b.span());
                // Numbers on both sides of the word: point at the first ones.
                if a.end <= b.start { a } else { b }
            }
        }
    }
}
