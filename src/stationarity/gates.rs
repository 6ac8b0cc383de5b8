//! The gate that a network lacks most: all of them are priced, so none is missed.

use crate::arrangement::Pattern;
use crate::pricing::{Find, slope_behind};
use crate::problem::{Gates, Matrix, Problem, Sides};

/// The gate of the highest price, from 0, the rows that it lets through, and the neuron behind it; `None` if no price is above 0.
pub fn dearest(
    problem: &Problem,
    inputs: &Matrix,
    gates: &Gates,
    dual: &[f64],
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<(usize, Vec<bool>, Find)> {
    let sides = Sides::of(inputs);
    let mut best: Option<(usize, Vec<bool>, Find)> = None;
    let columns: Vec<Vec<f64>> = (0..problem.outputs()).map(|output| problem.column(dual, output)).collect();
    for (at, gate) in gates.vectors.each_row().enumerate().take_while(|_| !stop()) {
        let open = sides.open(gate);
        for (output, column) in columns.iter().enumerate() {
            let slope = slope_behind(inputs, column, &Pattern::from_bits(&open));
            let price = problem.objective.regularizer.hidden.polar(&slope);
            if price > best.as_ref().map_or(0.0, |(.., find)| find.price) {
                // Against the slope of the loss, at length 1: an output weight above 0 then lowers it.
                let theta = slope.iter().map(|s| -s / price).collect();
                best = Some((at, open.clone(), Find { output, sign: 1.0, theta, price }));
            }
        }
    }
    best
}
