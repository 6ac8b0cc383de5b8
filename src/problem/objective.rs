//! What is minimised: loss + strength · regularizer, and the score of a network under it.

use super::{Architecture, Bias, Network, Rows};
use crate::loss::Total;
use crate::regularizer::{Regularizer, within};

/// `minimize loss + strength * regularizer`.
#[derive(Clone, Debug)]
pub struct Objective {
    pub loss: Total,
    pub regularizer: Regularizer,
    /// β, positive.
    pub strength: f64,
}

/// A network's objective and its two parts: `objective = loss + strength · penalty`, or the loss where the penalty is within its budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    pub objective: f64,
    pub loss: f64,
    pub penalty: f64,
}

impl Objective {
    /// The true, non-convex objective of `network` on `rows`.
    pub fn score(&self, network: &Network, architecture: &Architecture, rows: &Rows) -> Score {
        let outputs = network.forward(architecture, &rows.inputs);
        let loss = self.loss.value(&outputs, &rows.targets);
        let neurons = network.hidden.each_row().zip(network.output.each_row());
        let penalty = neurons.map(|(w, a)| self.neuron(architecture, w, a)).sum::<f64>() + 0.0; // an empty sum is -0
        let objective = match self.regularizer.budget {
            None => loss + self.strength * penalty,
            Some(budget) if penalty <= budget => loss,
            Some(_) => f64::INFINITY,
        };
        Score { objective, loss, penalty }
    }

    /// The penalty of one neuron, +∞ where a bound is broken.
    pub fn neuron(&self, architecture: &Architecture, w: &[f64], a: &[f64]) -> f64 {
        let (w, apart) = architecture.apart(w);
        match (architecture.bias, apart) {
            (Bias::Bounded(bound), Some(bias)) if !within(bias.abs(), bound) => f64::INFINITY,
            _ => self.regularizer.neuron(w, a),
        }
    }

    /// What one unit of a neuron's gauge costs: β, or β/r where hidden norms are at most r.
    pub fn price(&self) -> f64 {
        self.strength / self.regularizer.radius.filter(|radius| radius.is_finite()).unwrap_or(1.0)
    }

    /// The objective as the language writes it, without a bound on biases.
    pub fn words(&self) -> String {
        if let (Some(_), Some(constraint)) = (self.regularizer.budget, self.regularizer.constraint()) {
            return format!("{} subject to {constraint}", self.loss.words());
        }
        let penalty = format!("{} * {}", self.strength, self.regularizer.words());
        let constraint = self.regularizer.constraint();
        let (terms, constraints) = match self.loss.interpolates() {
            true => (penalty, constraint.into_iter().chain([self.loss.words()]).collect::<Vec<_>>()),
            false => (format!("{} + {penalty}", self.loss.words()), constraint.into_iter().collect()),
        };
        if constraints.is_empty() { terms } else { format!("{terms} subject to {}", constraints.join(", ")) }
    }
}
