//! `cvxc compare --with`: how far from the optimum a network is, and what the theory says of it.

use super::comparison::BEST_IN_CELLS;
use super::summary::{Row, changed, quoted, row, stopped};
use super::{Answer, answer_json, count, interval, number, percent, residual, rounded};
use crate::problem::{Bias, Score};
use serde_json::{Map, Value, json};

/// Objectives this near are the same: conic solvers get no nearer.
const SAME: f64 = 1e-6;

/// In which sense the network was shown to be stationary (THEORY 12).
#[derive(Clone, Debug, PartialEq)]
pub struct Stationarity {
    /// The word in JSON, and the words for people.
    pub key: &'static str,
    pub words: &'static str,
    pub tolerance: f64,
    pub alignment: f64,
    pub balance: f64,
    pub skip: f64,
    pub neurons: usize,
    pub zero: usize,
    pub cells: usize,
    pub kinks: usize,
    pub corners: usize,
}

/// The neuron that would improve the network most.
#[derive(Clone, Debug, PartialEq)]
pub struct Neuron {
    pub price: f64,
    pub everywhere: bool,
    /// The output that it serves, counted from 1, and its sign there.
    pub output: usize,
    pub sign: f64,
    /// Its output weights of length 1, where outputs share neurons.
    pub along: Option<Vec<f64>>,
    pub weights: Vec<f64>,
    /// The gate that it stands behind, counted from 1.
    pub gate: Option<usize>,
    pub size: f64,
    pub objective: f64,
}

/// The answer to `cvxc compare MODEL --with NET`.
#[derive(Clone, Debug)]
pub struct Examination<'a> {
    pub answer: &'a Answer<'a>,
    pub model: String,
    /// The network as it was named on the command line.
    pub network: String,
    pub score: Score,
    pub stationarity: Stationarity,
    /// The best over its cells with its own output signs there, and with both; `None` where no usable point came back.
    pub own_signs: Option<f64>,
    pub both_signs: Option<f64>,
    pub neuron: Option<Neuron>,
}

impl Examination<'_> {
    /// (objective - lower bound) / (lower bound - inf L); infinite without a lower bound above inf L, unless the objective is it too.
    pub fn at_most_above(&self) -> f64 {
        let (objective, lower) = (self.score.objective, self.answer.lower_bound);
        if objective <= lower { 0.0 } else { (objective - lower) / (lower - self.least()).max(0.0) }
    }

    /// inf L, which percentages are counted from: 0 for most losses.
    fn least(&self) -> f64 {
        self.answer.problem.objective.loss.least(self.answer.problem.targets())
    }

    /// The sentence that one came for.
    pub fn sentence(&self) -> String {
        if self.score.objective.is_infinite() && self.answer.problem.objective.loss.interpolates() {
            return format!("{} does not meet every target, so it is no network that this model is about.", self.network);
        }
        let (lower, upper) = interval(self.answer.lower_bound, self.score.objective);
        let least = self.least();
        let from = if least == 0.0 { String::new() } else { format!("counted from {}, the least loss; ", rounded(least)) };
        let numbers = format!("({from}objective {upper}, lower bound {lower})");
        let above = self.at_most_above();
        if above.is_finite() {
            return format!("{} is at most {} above the global optimum {numbers}.", self.network, percent(above));
        }
        format!("{}: how far it is above the global optimum is not known {numbers}.", self.network)
    }

    /// The whole answer, ending in a line end.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n\n", self.sentence());
        let mut rows = vec![self.optimum()];
        rows.extend(self.stationarity());
        rows.push(self.cells());
        rows.extend(self.neuron());
        rows.push(stopped(self.answer));
        rows.extend(changed(self.answer));
        rows.iter().for_each(|(label, value, note)| text.push_str(&row(label, value, note)));
        format!("{text}\n  next: cvxc solve {} --start {}\n", quoted(&self.model), quoted(&self.network))
    }

    fn optimum(&self) -> Row {
        let (_, upper) = interval(self.answer.lower_bound, self.answer.score.objective);
        let name = match self.answer.relative_gap() <= self.answer.problem.plan.gap {
            true => "optimum",
            false if self.answer.problem.plan.arrangements.partial() => BEST_IN_CELLS,
            false => "best known",
        };
        (name, upper, format!("the lower bound: {}", self.answer.rests_words()))
    }

    fn stationarity(&self) -> Vec<Row> {
        let s = &self.stationarity;
        let parts = [("alignment", s.alignment), ("balance", s.balance)];
        let mut residuals: Vec<String> = parts.iter().map(|(name, value)| format!("{name} {}", residual(*value))).collect();
        if self.answer.problem.free_columns().columns > 0 {
            residuals.push(format!("skip {}", residual(s.skip)));
        }
        let mut rows = vec![("stationary", s.words.to_string(), String::new())];
        if s.key == "not_examined" {
            return rows;
        }
        rows.push(("residuals", residuals.join(", "), format!("up to {} counts as 0", residual(s.tolerance))));
        if s.kinks + s.corners > 0 {
            let words = format!("{} of a neuron on a row, {} of the loss", count(s.kinks), count(s.corners));
            rows.push(("kinks", words, String::new()));
        }
        rows
    }

    fn cells(&self) -> Row {
        let s = &self.stationarity;
        let zero = if s.zero > 0 { format!(" and {} that count as 0", count(s.zero)) } else { String::new() };
        let neurons = format!("{} neurons{zero}", count(s.neurons));
        let label = if self.answer.problem.architecture.gates.is_some() { "gates" } else { "cells" };
        (label, format!("{} distinct", count(s.cells)), format!("{neurons}; {}", self.subsampled()))
    }

    /// What is best over the network's own cells, and whether that is the network itself.
    fn subsampled(&self) -> String {
        let problem = self.answer.problem;
        let here = |value: f64| problem.relative_gap(self.score.objective, value) <= SAME;
        match (self.own_signs, self.both_signs) {
            (Some(own), Some(both)) if here(own) && here(both) => "the optimum of its own subsampled program".to_string(),
            (Some(own), Some(both)) if here(own) => {
                format!("optimal there with its output signs, {} with both", rounded(both))
            }
            (Some(own), Some(both)) => {
                format!("not the optimum there: {} with its output signs, {} with both", rounded(own), rounded(both))
            }
            _ => "the program over them was not solved".to_string(),
        }
    }

    fn neuron(&self) -> Vec<Row> {
        let Some(neuron) = &self.neuron else { return vec![("best neuron", "none has a price above 0".to_string(), String::new())] };
        let known = match (neuron.everywhere, neuron.gate) {
            (true, Some(gate)) => format!("behind gate {}; every gate was priced", count(gate)),
            (true, None) => "priced on every cell".to_string(),
            (false, _) => "the highest found".to_string(),
        };
        let price = format!("price {} of beta", rounded(neuron.price));
        // What rounding can make of nothing is no improvement.
        if self.score.objective - neuron.objective <= 1e-9 * self.score.objective.abs() {
            return vec![("best neuron", "none lowers it".to_string(), format!("{price}, {known}"))];
        }
        let sign = if neuron.sign > 0.0 { "+" } else { "-" };
        let which = if self.answer.problem.outputs() > 1 { format!("{} ", count(neuron.output)) } else { String::new() };
        let gain = format!("{} with it at size {}", rounded(neuron.objective), rounded(neuron.size));
        let served = match &neuron.along {
            Some(along) => format!("along {}", along.iter().map(|a| format!("{a:.3}")).collect::<Vec<_>>().join(", ")),
            None => format!("output {which}{sign}"),
        };
        vec![("best neuron", price, known), ("", served, gain), ("", self.weights(neuron), String::new())]
    }

    /// The three largest weights by name.
    fn weights(&self, neuron: &Neuron) -> String {
        let mut named: Vec<(String, f64)> = self.names().into_iter().zip(neuron.weights.iter().copied()).collect();
        named.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        let rest = if named.len() > 3 { format!(", {} more in --json", named.len() - 3) } else { String::new() };
        let shown: Vec<String> = named.iter().take(3).map(|(name, w)| format!("{name} {w:.3}")).collect();
        format!("weights {}{rest}", shown.join(", "))
    }

    /// The names of a neuron's weights: those of the columns, and the bias.
    fn names(&self) -> Vec<String> {
        let problem = self.answer.problem;
        let mut names: Vec<String> = match &problem.architecture.convolution {
            None => problem.dataset.columns.iter().map(|column| column.name.clone()).collect(),
            Some(convolution) => (1..=convolution.patch()).map(|at| format!("w{at}")).collect(),
        };
        names.extend((problem.architecture.bias != Bias::None).then(|| "(bias)".to_string()));
        names
    }

    /// The object that `--json` prints.
    pub fn json(&self) -> Value {
        json!({
            "cvxc": 1,
            "model": self.answer.problem.name,
            "network": self.network,
            "sentence": self.sentence(),
            "objective": number(self.score.objective),
            "loss": number(self.score.loss),
            "penalty": number(self.score.penalty),
            "lower_bound": number(self.answer.lower_bound),
            "at_most_above": number(self.at_most_above()),
            "stationarity": self.stationarity_json(),
            "subsampled": { "own_signs": self.own_signs.map(number), "both_signs": self.both_signs.map(number) },
            "best_neuron": self.neuron.as_ref().map(|neuron| self.neuron_json(neuron)),
            "solve": answer_json(self.answer),
        })
    }

    fn stationarity_json(&self) -> Value {
        let s = &self.stationarity;
        json!({
            "kind": s.key,
            "tolerance": number(s.tolerance),
            "alignment": number(s.alignment),
            "balance": number(s.balance),
            "skip": number(s.skip),
            "neurons": s.neurons,
            "zero_neurons": s.zero,
            "cells": s.cells,
            "kinks": s.kinks,
            "corners": s.corners,
        })
    }

    fn neuron_json(&self, neuron: &Neuron) -> Value {
        let weights: Map<String, Value> = self.names().into_iter().zip(neuron.weights.iter().map(|w| number(*w))).collect();
        json!({
            "price": number(neuron.price),
            "priced_on_every_cell": neuron.everywhere,
            "gate": neuron.gate,
            "output": neuron.output,
            "sign": number(neuron.sign),
            "along": neuron.along.as_ref().map(|along| along.iter().map(|a| number(*a)).collect::<Vec<_>>()),
            "weights": weights,
            "size": number(neuron.size),
            "objective": number(neuron.objective),
        })
    }
}
