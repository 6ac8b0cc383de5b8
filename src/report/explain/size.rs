//! How large the program over all cells or gates is.

use crate::problem::Problem;
use crate::report::{bytes, count, size};

/// The arrangement's sizes: distinct lines among the rows of X, their rank, and the most cells they can cut; behind gates their number alone,
/// as `cells`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    pub lines: usize,
    pub rank: usize,
    pub cells: f64,
    /// With `low_rank(k)` the distance between the data and the nearest of that rank, σ_{k+1}.
    pub lost: Option<f64>,
}

/// Columns and second-order cones of the program over all cells or gates, and a rough guess of its memory.
pub fn whole_program(problem: &Problem, sizes: Sizes) -> (f64, f64, f64) {
    let d = problem.architecture.neuron_size(problem.dataset.columns.len()) as f64;
    let n = problem.dataset.train.inputs.rows as f64;
    let groups = match &problem.architecture.gates {
        Some(gates) => gates.count() as f64,
        None if problem.architecture.linear() => 1.0,
        None => 2.0 * sizes.cells,
    } * problem.outputs() as f64;
    if problem.architecture.activation.flat() {
        return (groups, 0.0, groups * n * 16.0 * 10.0);
    }
    // Each group brings a sign row for every patch and n fit rows of d numbers; a factorisation holds about ten times that.
    (groups * (d + 1.0), groups, groups * (1 + problem.architecture.places()) as f64 * n * d * 16.0 * 10.0)
}

pub fn size_lines(problem: &Problem, sizes: Option<Sizes>) -> Vec<String> {
    let train = &problem.dataset.train;
    let d = problem.architecture.neuron_size(train.inputs.columns);
    let patches =
        problem.architecture.convolution.as_ref().map(|convolution| format!("     patches a row {}", count(convolution.places())));
    let shape = format!("rows {}{}     columns of X {}", count(train.inputs.rows), patches.unwrap_or_default(), count(d));
    let Some(sizes) = sizes else {
        return vec![shape, "cells are not counted in this build".to_string()];
    };
    let (variables, cones, memory) = whole_program(problem, sizes);
    let program = format!("variables {}     cones {}     memory ~ {}", size(variables), size(cones), bytes(memory));
    if let Some(gates) = &problem.architecture.gates {
        return vec![format!("{shape}     gates {}", count(gates.count())), format!("all gates in one program: {program}")];
    }
    if problem.shared() {
        let cells = format!("{shape}     distinct lines {}     rank {}     cells <= {}", count(sizes.lines), sizes.rank, size(sizes.cells));
        return vec![cells, "every cell once for each vector of output weights: no program has them all".to_string()];
    }
    vec![
        format!("{shape}     distinct lines {}     rank {}     cells <= {}", count(sizes.lines), sizes.rank, size(sizes.cells)),
        format!("all cells in one program: {program}"),
    ]
}
