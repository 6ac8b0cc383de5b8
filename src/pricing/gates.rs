//! The price of every gate: h°(X'D v) bounds what any neuron behind a gate that is open on the rows of D can bring (THEORY 2).

use crate::arrangement::Pattern;
use crate::problem::{Matrix, Problem};
use rayon::prelude::*;

/// X'D v.
pub fn slope_behind(inputs: &Matrix, dual: &[f64], open: &Pattern) -> Vec<f64> {
    let mut sum = vec![0.0; inputs.columns];
    for (i, (row, v)) in inputs.each_row().zip(dual).enumerate() {
        if *v != 0.0 && open.get(i) {
            sum.iter_mut().zip(row).for_each(|(s, x)| *s += v * x);
        }
    }
    sum
}

/// h°(X'D v) for every gate's D, in order, up to rounding.
pub fn price_gates<'a>(problem: &Problem, inputs: &Matrix, dual: &[f64], gates: impl Iterator<Item = &'a Pattern>) -> Vec<f64> {
    let gates: Vec<&Pattern> = gates.collect();
    let norm = problem.objective.regularizer.hidden;
    gates.into_par_iter().map(|open| norm.polar(&slope_behind(inputs, dual, open))).collect()
}
