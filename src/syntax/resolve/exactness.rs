//! Which networks and objectives have an exact convex program together (LANGUAGE section 6, THEORY 1 to 7).

use super::checker::Checker;
use super::later::KINK_AT_ZERO;
use super::layers::Shift;
use super::network::Net;
use super::objective::{Constraint, Goal, Penalty};
use super::solve::Machine;
use super::value::shown;
use crate::exact::Rational;
use crate::loss::Targets;
use crate::problem::{Activation, Arrangements, Class, Pool, Solver};
use crate::regularizer::{EUCLIDEAN, Hidden};
use crate::syntax::diagnostic::{Diagnostic, Place};

/// The fix for activations with kinks off 0.
const PERSPECTIVE: &str = "output_l1 subject to hidden_norm <= 1";

/// What a check of exactness looks at.
pub struct Case<'a> {
    pub net: &'a Net,
    goal: &'a Goal,
    pub machine: &'a Machine,
}

impl Case<'_> {
    /// The activation's class; `None` is a gated layer.
    fn class(&self) -> Option<Class> {
        self.net.activation.as_ref().map(|activation| activation.value.class())
    }

    /// Whether the loss is over classes with an output each.
    fn labels(&self) -> bool {
        self.goal.loss.as_ref().is_some_and(|loss| loss.value.loss.targets() == Targets::Labels)
    }

    /// Several outputs in words, if there are several: `3 outputs`.
    fn several(&self) -> Option<String> {
        match self.net.outputs.value {
            Some(1) => None,
            Some(count) => Some(format!("{count} outputs")),
            None => self.labels().then(|| "several outputs".to_string()),
        }
    }

    /// Whether neurons are columns and no norm is part of the program: steps and staircases behind dense layers.
    fn columns(&self) -> bool {
        self.net.activation.as_ref().is_some_and(|activation| activation.value.flat()) && self.net.convolution.is_none()
    }

    fn constraint(&self, kind: Constraint) -> Option<&Place> {
        self.goal.constraints.iter().find(|c| c.value == kind).map(|c| &c.place)
    }

    /// Where weight decay stands, as a penalty or as a constraint.
    fn decay(&self) -> Option<&Place> {
        let penalty = self.goal.penalty.as_ref().filter(|p| matches!(p.value, Penalty::WeightDecay { .. })).map(|p| &p.place);
        penalty.or(self.constraint(Constraint::WeightDecay))
    }
}

impl Checker {
    /// All rules between the statements.  What is right and not solvable yet is noted.
    pub fn exactness(&mut self, net: &Net, goal: &Goal, machine: &Machine) {
        let case = Case { net, goal, machine };
        let errors = [
            kinks_off_zero(&case),
            threshold(&case),
            unbounded(&case),
            two_prices(&case),
            bounded_bias(&case),
            coupled_outputs(&case),
            outputs_of_loss(&case),
            self.linear_solver(&case),
            self.native_solver(&case),
            self.cells_from_gates(&case),
            self.cells_beside_gates(&case),
            self.low_rank_lengths(&case),
        ];
        errors.into_iter().flatten().for_each(|error| self.report(error));
        self.unsolved_unit(&case);
        self.unsolved_objective(&case);
    }

    fn unsolved_unit(&mut self, case: &Case) {
        let unit = &case.net.unit;
        let flat = case.net.activation.as_ref().is_some_and(|activation| activation.value.flat());
        if case.class() == Some(Class::PiecewiseLinear { jumps: true }) && !flat {
            let help = "for now: an activation without jumps, or one that is constant between them";
            self.not_yet_here(&unit.value, &unit.place.span, Some(help));
        }
        if flat && case.net.convolution.is_some() {
            self.not_yet_here(&format!("{} behind a convolution", unit.value), &unit.place.span, Some("for now: a dense layer, or `relu`"));
        }
        let falls = case.net.activation.as_ref().is_some_and(|activation| !activation.value.never_falls());
        let largest = case.net.convolution.as_ref().is_some_and(|convolution| convolution.pool == Pool::Max);
        if falls && largest && !flat {
            let help = "for now: an activation that never falls, such as `relu`, or `avg_pool`";
            self.not_yet_here(&format!("max_pool of {}", unit.value), &unit.place.span, Some(help));
        }
        let shares = case.goal.penalty.as_ref().is_some_and(|penalty| matches!(penalty.value, Penalty::WeightDecay { output: "l2", .. }));
        let Some(several) = case.several().filter(|_| shares) else { return };
        let help = "for now: one output, or `weight_decay(output = l1)`, where each neuron serves one";
        if case.net.shift == Shift::Free {
            self.not_yet_here(&format!("a free bias beside {several} that share neurons"), &case.net.unit.place.span, Some(help));
        }
        if let Some(skip) = &case.net.skip {
            self.not_yet_here(&format!("skip beside {several} that share neurons"), &skip.span, Some(help));
        }
    }

    fn unsolved_objective(&mut self, case: &Case) {
        if let Some(penalty) = &case.goal.penalty {
            let span = &penalty.place.span;
            match penalty.value {
                Penalty::OutputL1 if case.net.gates.is_some() => {
                    let help = "behind gates `weight_decay` is the same, with its strength divided by the bound";
                    self.not_yet_here("output_l1 of a gated layer", span, Some(help));
                }
                Penalty::OutputL1 => {}
                Penalty::WeightDecay { hidden, .. } if case.net.gates.is_some() && !hidden.euclidean() => {
                    let words = self.written(span).to_string();
                    self.not_yet_but(&format!("{words} of a gated layer"), span, "for now: plain `weight_decay`", "weight_decay");
                }
                Penalty::WeightDecay { hidden, output: "l2" }
                    if case.several().is_some() && case.constraint(Constraint::Interpolate).is_some() =>
                {
                    let words = self.written(span).to_string();
                    let (help, code) = output_l1(hidden);
                    self.not_yet_but(&format!("{words} of several outputs beside interpolate"), span, &help, &code);
                }
                Penalty::WeightDecay { .. } => {}
            }
        }
        if let Some(bounded) = case.constraint(Constraint::WeightDecay).filter(|_| case.several().is_some()) {
            let words = self.written(&bounded.span).to_string();
            self.not_yet_here(&words, &bounded.span, Some("for now: one output, or `+ 0.1 * weight_decay(output = l1)`"));
        }
        if case.constraint(Constraint::Interpolate).is_some() {
            self.unsolved_interpolation(case);
        }
    }

    fn unsolved_interpolation(&mut self, case: &Case) {
        let (unit, beside) = (&case.net.unit, "beside interpolate");
        let jumps = case.net.activation.as_ref().is_some_and(|activation| !activation.value.continuous());
        if jumps || case.net.gates.is_some() {
            let help = "for now: `relu`, or another activation without jumps and gates";
            self.not_yet_here(&format!("{} {beside}", unit.value), &unit.place.span, Some(help));
        }
        if let Some(convolution) = case.net.convolution.as_ref().filter(|convolution| convolution.pool == Pool::Max) {
            self.not_yet_here(&format!("max_pool {beside}"), &convolution.place.span, Some("for now: `avg_pool` or `sum_pool`"));
        }
        if let Some(width) = &case.net.width {
            self.not_yet_here(&format!("dense({}) {beside}", width.value), &width.place.span, Some("for now: `dense` without a number"));
        }
        if let Some((word, span)) = &case.machine.partial {
            self.not_yet_here(&format!("{word} {beside}"), span, Some("for now: `generate` or `all`"));
        }
    }

    /// E0355: what bringing data to a lower rank costs is known where weights are measured by their length, and all of them are.
    fn low_rank_lengths(&self, case: &Case) -> Option<Diagnostic> {
        let (_, span) = case.machine.partial.as_ref().filter(|(word, _)| word == "low_rank")?;
        let hidden = match (case.goal.radius, case.goal.penalty.as_ref().map(|penalty| penalty.value)) {
            (Some((_, norm)), _) => norm,
            (None, Some(Penalty::WeightDecay { hidden, .. })) => hidden,
            _ => EUCLIDEAN,
        };
        let jumps = case.net.activation.as_ref().is_some_and(|activation| !activation.value.continuous());
        let (place, what, why) = match (&case.net.skip, &case.goal.penalty) {
            _ if jumps => {
                (case.net.unit.place.clone(), "an activation without jumps", "across a jump a small change of the data is a large one")
            }
            (Some(skip), _) => {
                (skip.clone(), "a network without a skip", "weights that cost nothing make any change of the data a large one")
            }
            (None, Some(penalty)) if case.net.shift == Shift::Free || case.goal.bias.is_some() => (
                case.constraint(Constraint::HiddenBias).unwrap_or(&penalty.place).clone(),
                "a bias that counts like any weight",
                "turning the axes of the data mixes the bias with the weights",
            ),
            (None, Some(penalty)) if !hidden.euclidean() => (
                penalty.place.clone(),
                "hidden weights measured by l2",
                "turning the axes of the data keeps Euclidean lengths and no other norm",
            ),
            _ => return None,
        };
        let error = self.error("E0355", format!("`low_rank` needs {what}"), span, "an approximation of the data");
        Some(error.also(place, "here it is otherwise").note(why).replace("write `generate`", "generate"))
    }

    /// E0350: a linear solver needs a linear program.
    fn linear_solver(&self, case: &Case) -> Option<Diagnostic> {
        let linear = case.machine.linear.as_ref()?;
        let loss = case.goal.loss.as_ref().filter(|loss| !loss.value.loss.linear());
        let culprit = match (&case.goal.penalty, loss) {
            (_, Some(loss)) => Some((loss.place.clone(), format!("`{}` is not made of straight pieces", loss.value.loss.name()))),
            (Some(penalty), _) => {
                let bound = case.constraint(Constraint::HiddenNorm);
                let (flat, place) = match penalty.value {
                    Penalty::WeightDecay { hidden, .. } => (hidden.linear(), &penalty.place),
                    Penalty::OutputL1 => {
                        (case.columns() || case.goal.radius.is_some_and(|(_, hidden)| hidden.linear()), bound.unwrap_or(&penalty.place))
                    }
                };
                let words = self.written(&place.span);
                (!flat).then(|| (place.clone(), format!("`{words}` needs second-order cones")))
            }
            _ => None,
        };
        let (place, remark) = culprit?;
        let who = if case.machine.plan.solver == Solver::Highs { "HiGHS" } else { "microlp" };
        let message = format!("this model is not a linear program, and {who} through good_lp solves linear programs");
        let pick = if case.goal.loss.as_ref().is_some_and(|loss| loss.value.loss.exponential()) { "clarabel" } else { "native" };
        let ways = format!("let cvxc choose: `solver = auto` (it will pick {pick})");
        Some(self.error("E0350", message, linear, "a linear solver").also(place, remark).replace(ways, "auto"))
    }

    /// E0353: the native solver has no exponential cones.
    fn native_solver(&self, case: &Case) -> Option<Diagnostic> {
        let native = case.machine.native.as_ref()?;
        let loss = case.goal.loss.as_ref().filter(|loss| loss.value.loss.exponential())?;
        let message = "this model needs exponential cones, and the native solver has none";
        let error = self.error("E0353", message, native, "straight and second-order cones only");
        let remark = format!("`{}` needs exponential cones", loss.value.loss.name());
        Some(error.also(loss.place.clone(), remark).replace("let cvxc choose: `solver = auto` (it will pick clarabel)", "auto"))
    }
}

/// What keeps an activation from φ(cz) = cφ(z), and the condition that it breaks.
fn unscalable(activation: &Activation) -> (String, &'static str) {
    let breaks = activation.pieces.iter().filter_map(|piece| piece.from.as_ref());
    let sides = [activation.pieces.first(), activation.pieces.last()].map(|piece| piece.map(|piece| &piece.intercept));
    if breaks.into_iter().any(|at| *at != Rational::ZERO) {
        let bends = if activation.continuous() { "bends" } else { "breaks" };
        return (format!("{bends} away from 0"), "all kinks of the activation are at 0");
    }
    let condition = "the activation comes to 0 at 0 from both sides";
    match sides {
        [Some(left), Some(right)] if left != right => (format!("jumps at 0, from {} to {}", shown(left), shown(right)), condition),
        [Some(value), _] => (format!("is {} at 0", shown(value)), condition),
        _ => ("is not 0 at 0".to_string(), condition),
    }
}

/// E0320: weight decay on an activation with kinks off 0, or with a value there.
fn kinks_off_zero(case: &Case) -> Option<Diagnostic> {
    let (decay, unit, activation) = (case.decay()?, &case.net.unit, case.net.activation.as_ref()?);
    if !matches!(activation.value.class(), Class::PiecewiseLinear { .. }) {
        return None;
    }
    let name = &unit.value;
    let (culprit, condition) = unscalable(&activation.value);
    let remark = format!("`{name}` {culprit}, so {name}(c*x) is not c*{name}(x)");
    let error = Diagnostic::error(
        "E0320",
        format!("no exact program is known for `{name}` with weight_decay"),
        decay.clone(),
        "here weight decay cannot be made convex",
    );
    let error = error.also(unit.place.clone(), remark).note(format!(
        "weight decay is exact because a neuron can be rescaled freely: (c*w, a/c) computes\n\
         the same thing. That holds only when {condition}.",
    ));
    let ways = "bound the hidden weights and price the output ones: exact for every\npiecewise-linear activation\n    \
                minimize squared + 0.1 * output_l1\n             subject to hidden_norm <= 1";
    Some(match case.goal.constraints.is_empty() {
        _ if !activation.value.continuous() && !activation.value.flat() => error.help(KINK_AT_ZERO),
        true => error.replace(ways, PERSPECTIVE),
        false => error.help(ways),
    })
}

/// E0321: weight decay on a threshold.
fn threshold(case: &Case) -> Option<Diagnostic> {
    let (decay, unit) = (case.decay()?, &case.net.unit);
    if case.class() != Some(Class::Threshold) {
        return None;
    }
    let name = &unit.value;
    let error = Diagnostic::error(
        "E0321",
        format!("weight decay costs nothing on the hidden layer of `{name}`"),
        decay.clone(),
        "the hidden weights can shrink to 0 for free",
    );
    let error = error
        .also(unit.place.clone(), format!("{name}(c*x) = {name}(x) for every c > 0"))
        .note("with any number of neurons the penalty could then be driven to 0 by splitting neurons");
    Some(match case.goal.constraints.is_empty() {
        true => error.replace("price the output weights alone: `output_l1`", "output_l1"),
        false => error.help(KINK_AT_ZERO),
    })
}

/// E0322: a price on the output weights alone, while the hidden ones may grow.
fn unbounded(case: &Case) -> Option<Diagnostic> {
    let penalty = case.goal.penalty.as_ref().filter(|p| p.value == Penalty::OutputL1)?;
    if case.class() == Some(Class::Threshold) || case.constraint(Constraint::HiddenNorm).is_some() {
        return None;
    }
    let unit = &case.net.unit;
    let error = Diagnostic::error(
        "E0322",
        format!("`output_l1` prices nothing while the hidden weights of `{}` are free", unit.value),
        penalty.place.clone(),
        "only the output weights are priced",
    );
    let error = error.also(unit.place.clone(), "larger hidden weights make up for smaller output weights");
    let help = "bound the hidden weights: `subject to hidden_norm <= 1`";
    Some(match case.goal.constraints.is_empty() {
        true => error.replace(help, PERSPECTIVE),
        false => error.help(help),
    })
}

/// E0338: weight decay already prices what a constraint bounds.
fn two_prices(case: &Case) -> Option<Diagnostic> {
    let decay = case.decay()?;
    let norm = case.constraint(Constraint::HiddenNorm);
    let bound = case.constraint(Constraint::WeightDecay).filter(|_| case.goal.penalty.is_some());
    let constraint = norm.or(bound)?;
    let penalty = case.goal.penalty.as_ref().map_or(decay, |penalty| &penalty.place);
    let error = Diagnostic::error("E0338", "this constraint does not go with this penalty", constraint.clone(), "bounds the weights again");
    let error = error.also(penalty.clone(), "already prices the weights");
    Some(error.help(match case.constraint(Constraint::Interpolate) {
        None => "either `+ 0.1 * weight_decay` alone, or `+ 0.1 * output_l1 subject to hidden_norm <= 1`",
        Some(_) => {
            "either   minimize weight_decay subject to interpolate\n\
             or       minimize output_l1 subject to interpolate, hidden_norm <= 1"
        }
    }))
}

/// What keeps several outputs exact, in words and as code.
fn output_l1(hidden: Hidden) -> (String, String) {
    let hidden = if hidden.euclidean() { String::new() } else { format!("hidden = {}, ", hidden.words()) };
    let code = format!("weight_decay({hidden}output = l1)");
    (format!("`{code}`: each neuron then serves one output, which is exact"), code)
}

/// E0344: a bound on biases that stands alone, or on biases that are not there.
fn bounded_bias(case: &Case) -> Option<Diagnostic> {
    let place = case.constraint(Constraint::HiddenBias)?;
    if let Some(decay) = case.decay() {
        let error = Diagnostic::error("E0344", "`hidden_bias` does not go with weight_decay", place.clone(), "bounds the biases");
        let error = error.also(decay.clone(), "prices neurons however they are scaled");
        return Some(error.help(
            "either `dense(bias = free)` and `+ 0.1 * weight_decay` alone, or\n    \
             minimize squared + 0.1 * output_l1\n             subject to hidden_norm <= 1, hidden_bias <= 0.5",
        ));
    }
    if case.net.shift == Shift::None {
        let error = Diagnostic::error("E0344", "`hidden_bias` bounds biases, and this network has none", place.clone(), "bounds nothing");
        return Some(error.help("give the hidden layer a bias, `dense(bias)`, or leave the constraint out"));
    }
    if case.constraint(Constraint::HiddenNorm).is_none() {
        let error = Diagnostic::error("E0344", "`hidden_bias` stands beside `hidden_norm`", place.clone(), "stands alone");
        return Some(error.help("bound both, `subject to hidden_norm <= 1, hidden_bias <= 0.5`, or leave the constraint out"));
    }
    None
}

/// E0340: chosen cells where outputs share neurons: no choice of cells says where output weights may point.
fn coupled_outputs(case: &Case) -> Option<Diagnostic> {
    let penalty = case.goal.penalty.as_ref()?;
    let Penalty::WeightDecay { output: "l2", .. } = penalty.value else { return None };
    let (several, machine) = (case.several()?, case.machine);
    let listed = (machine.plan.arrangements == Arrangements::All).then(|| machine.arrangements.clone()).flatten();
    let (word, span) = machine.partial.clone().or(listed.map(|span| ("all".to_string(), span))).filter(|_| case.net.gates.is_none())?;
    let place = Place { span, ..penalty.place.clone() };
    Some(
        Diagnostic::error(
            "E0340",
            format!("`{word}` lists cells, and {several} that share neurons need more than cells"),
            place,
            "lists cells",
        )
        .also(penalty.place.clone(), "this lets a neuron serve several outputs")
        .note(
            "output weights may point anywhere: their directions are found by price, as `generate` finds cells;\n\
                   with `weight_decay(output = l1)` every neuron serves one output, and any cells will do",
        )
        .replace("let both be found: `generate`", "generate"),
    )
}

/// E0342: a loss and a number of outputs that do not fit.
fn outputs_of_loss(case: &Case) -> Option<Diagnostic> {
    let (loss, outputs) = (case.goal.loss.as_ref()?, &case.net.outputs);
    let (name, count) = (loss.value.loss.name(), outputs.value.unwrap_or(1));
    if loss.value.loss.targets() == Targets::Classes && count > 1 {
        let message = format!("`{name}` is about two classes and one output, the network has {count}");
        let error = Diagnostic::error("E0342", message, outputs.place.clone(), format!("{count} outputs"));
        return Some(error.also(loss.place.clone(), "a two-class loss").replace("give the network one output: `dense`", "dense"));
    }
    if case.labels() && case.net.targets.len() > 1 {
        let message = format!("`{name}` is about the classes of one column, the network has {} targets", case.net.targets.len());
        let error = Diagnostic::error("E0342", message, case.net.targets[1].place.clone(), "a second target");
        return Some(error.also(loss.place.clone(), "a loss over classes").help("name one column of classes, or take `squared`"));
    }
    if case.labels() && outputs.value == Some(1) {
        let message = format!("`{name}` needs one output per class, the network has one");
        let error = Diagnostic::error("E0342", message, outputs.place.clone(), "one output");
        let error = error.also(loss.place.clone(), "a loss over several outputs");
        return Some(error.replace("leave the number out: as many outputs as classes", "dense"));
    }
    None
}
