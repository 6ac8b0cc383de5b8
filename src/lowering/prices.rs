//! What a restricted program proves by its own multipliers: a bound on the price of every neuron that its groups can hold.
//!
//! In a cell G θ >= 0 the price is linear, c·θ with c = -s E'v, and for any λ >= 0
//! ```text
//!   max { c·θ : G θ >= 0, ρ(θ) <= 1 }  <=  ρ°(c + G'λ)                     (THEORY 0.2)
//! ```
//! The solver's multipliers of the sides are a good λ; whatever they are, the bound holds.

use super::{Group, Recovery, Shape};
use crate::problem::{Features, Problem};
use crate::program::{Program, Solution};
use std::ops::Range;

impl Recovery {
    /// At least the price of every neuron of every group for the dual vector `v` (n x C).
    pub fn price_above(&self, problem: &Problem, features: &Features, (program, solution): (&Program, &Solution), v: &[f64]) -> f64 {
        let blocks = program.blocks.iter().filter(|block| block.weight > 0.0);
        let price = |((group, _), rows): (&(Group, Range<usize>), Range<usize>)| {
            if let Shape::Fan(theta) = &group.shape {
                return fan(problem, features, theta, v);
            }
            let v: Vec<f64> = self.directions.column(v, group.output).iter().map(|v| -group.sign * v).collect();
            above(features, group, &v, &solution.dual[rows])
        };
        self.groups.iter().zip(blocks.map(|block| block.rows.clone())).map(price).fold(0.0, f64::max)
    }
}

/// |V'F(θ)|₂ / ρ(θ), the price of a neuron whose output weights may turn.
fn fan(problem: &Problem, features: &Features, theta: &[f64], v: &[f64]) -> f64 {
    let outputs = features.outputs(theta);
    let along = |c| problem.column(v, c).iter().zip(&outputs).map(|(v, f)| v * f).sum::<f64>();
    let sums: Vec<f64> = (0..problem.outputs()).map(along).collect();
    super::neurons::length(&sums) / features.gauge(theta)
}

/// The same of one group, `v` having its output sign already; `multipliers` are those of its rows.
fn above(features: &Features, group: &Group, v: &[f64], multipliers: &[f64]) -> f64 {
    let sum = |passes: &dyn Fn(usize) -> bool, bit: &dyn Fn(usize) -> bool| {
        let mut c = vec![0.0; features.size()];
        for (i, v) in v.iter().enumerate().filter(|(i, v)| **v != 0.0 && passes(*i)) {
            c.iter_mut().zip(features.coefficients(i, bit)).for_each(|(c, e)| *c += v * e);
        }
        c
    };
    match &group.shape {
        Shape::Ray(theta) | Shape::Fan(theta) => {
            let price: f64 = features.outputs(theta).iter().zip(v).map(|(f, v)| f * v).sum();
            price / features.gauge(theta)
        }
        Shape::Whole => features.polar(&sum(&|_| true, &|_| true)),
        Shape::Gated { pattern, .. } => features.polar(&sum(&|i| pattern.get(i), &|_| true)),
        Shape::Cell { pattern, rows } => {
            let mut c = sum(&|_| true, &|line| pattern.get(line));
            for (line, multiplier) in rows.iter().zip(&multipliers[multipliers.len() - rows.len()..]) {
                let side = if pattern.get(*line as usize) { multiplier.max(0.0) } else { -multiplier.max(0.0) };
                c.iter_mut().zip(features.lines.row(*line as usize)).for_each(|(c, x)| *c += side * x);
            }
            features.polar(&c)
        }
    }
}
