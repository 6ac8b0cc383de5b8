//! Where a path leads: along the model's own `path` statement, or down from the largest useful strength.

use super::super::console::Console;
use super::super::journey;
use super::super::trouble::{Exit, Outcome, Trouble};
use super::walk::{Walker, interrupted};
use crate::problem::Problem;
use crate::report;
use crate::solve::largest;
use crate::syntax::model::Model;

/// Without a `path` statement: how many values, and the smallest over the largest.
const POINTS: u32 = 25;
const RATIO: f64 = 0.01;

/// A value and the problem there.
pub struct Stop {
    pub value: f64,
    pub problem: Problem,
}

/// The values of a path and the problem at each of them.
pub struct Route {
    /// The parameter that is walked; `None` where the strength has no name.
    pub parameter: Option<String>,
    /// The largest useful strength, where the path begins there.
    pub largest: Option<f64>,
    /// Largest first, and never none.
    pub stops: Vec<Stop>,
}

impl super::Path {
    pub fn route(&self, problem: &Problem, walker: &mut Walker, console: &Console) -> Outcome<Route> {
        let model = walker.model;
        if let Some((name, values)) = self.statement(model)? {
            self.suits(name, &model.name)?;
            let mut values = values.clone();
            values.sort_by(|a, b| b.total_cmp(a));
            values.dedup();
            let stop = |value| Ok(Stop { value, problem: self.at(name, value, console)? });
            let stops = values.into_iter().map(stop).collect::<Outcome<_>>()?;
            return Ok(Route { parameter: Some(name.clone()), largest: None, stops });
        }
        if problem.objective.regularizer.budget.is_some() {
            let sentence = "its penalty is bounded, so there is no strength to walk: write `path NAME = ...` for a parameter in the bound";
            return Err(Trouble::Said(Exit::Wrong, format!("{}: {sentence}", model.name)));
        }
        if problem.objective.loss.interpolates() {
            let sentence =
                "at any strength the network that fits exactly is the same: write `path NAME = ...` for a parameter of something else";
            return Err(Trouble::Said(Exit::Wrong, format!("{}: {sentence}", model.name)));
        }
        // Rounded upwards: at the first point the network without neurons should be optimal.
        let found = largest(problem, &mut walker.control(&mut |_| {})).map(|value| digits(value * (1.0 + 5e-6)));
        let Some(first) = found else {
            if walker.interrupted() {
                return Err(interrupted());
            }
            return Err(Trouble::Said(Exit::Failed, format!("{}: no neuron is of any use at any strength", model.name)));
        };
        let (count, ratio) = (self.points.unwrap_or(POINTS) as usize, self.ratio.unwrap_or(RATIO));
        let value = |step: usize| digits(first * libm::pow(ratio, step as f64 / (count - 1).max(1) as f64));
        let stop = |value: f64| {
            let mut problem = problem.clone();
            problem.objective.strength = value;
            Stop { value, problem }
        };
        let parameter = self.strength(model, console);
        if let Some(name) = &parameter {
            self.walks(name, &model.name)?;
        }
        Ok(Route { parameter, largest: found, stops: (0..count).map(value).map(stop).collect() })
    }

    /// Whether the command line asks for nothing that a `path` statement says already.
    fn suits(&self, name: &str, model: &str) -> Outcome<()> {
        if self.points.is_some() || self.ratio.is_some() {
            let sentence =
                format!("{model} says which values of `{name}` to walk: leave `--points` and `--ratio` out, or its `path {name}`");
            return Err(Trouble::Said(Exit::Usage, sentence));
        }
        self.walks(name, model)
    }

    /// A parameter that is walked has no value of its own.
    fn walks(&self, name: &str, model: &str) -> Outcome<()> {
        match self.set.iter().find(|set| self::name(set) == name) {
            None => Ok(()),
            Some(set) => {
                let sentence = format!("`--set {set}`: the path of {model} walks `{name}`; leave it out, or `cvxc solve` with this value");
                Err(Trouble::Said(Exit::Usage, sentence))
            }
        }
    }

    /// The `path` statement to walk, if there is one.
    fn statement<'m>(&self, model: &'m Model) -> Outcome<Option<&'m (String, Vec<f64>)>> {
        let names = || model.paths.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let sentence = match (&self.along, model.paths.as_slice()) {
            (None, []) => return Ok(None),
            (None, [one]) => return Ok(Some(one)),
            (None, _) => format!("{} has several paths, {}; choose one with --along", model.name, names()),
            (Some(along), all) => match all.iter().find(|(name, _)| name == along) {
                Some(path) => return Ok(Some(path)),
                None if all.is_empty() => format!("{} has no `path` statement", model.name),
                None => format!("{} has no path of `{along}`, but of {}", model.name, names()),
            },
        };
        Err(Trouble::Said(Exit::Usage, sentence))
    }

    /// The problem with another value of a parameter.
    fn at(&self, name: &str, value: f64, console: &Console) -> Outcome<Problem> {
        let model = self.read(&self.settings(name, value), &console.silent())?;
        let mut problem = journey::bind(&model, &mut |_| {}).map_err(Trouble::Diagnosed)?;
        self.limits.apply(&mut problem)?;
        Ok(problem)
    }

    /// The command line's parameters with this one in the place of its own.
    pub fn settings(&self, name: &str, value: f64) -> Vec<String> {
        let others = self.set.iter().filter(|set| self::name(set) != name);
        others.cloned().chain([format!("{name}={}", report::shortest(value))]).collect()
    }

    /// The parameter that is the objective's strength, and no part of what is walked otherwise, if there is one.
    fn strength(&self, model: &Model, console: &Console) -> Option<String> {
        const PROBE: f64 = 0.123456789;
        let silent = console.silent();
        let rest = |model: &Model| (model.loss.value.words(), model.regularizer.value.words(), model.network.activation.value.clone());
        let is = |name: &&String| {
            let other = self.read(&self.settings(name, PROBE), &silent);
            other.is_ok_and(|other| other.strength.value == PROBE && rest(&other) == rest(model))
        };
        model.parameters.iter().map(|(name, _)| name).find(is).cloned()
    }
}

/// The name in `name=value`.
fn name(set: &str) -> &str {
    set.split('=').next().unwrap_or_default().trim()
}

/// Six digits: a value that a person can write, and that reads back as the very number.
fn digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}
