//! The gate that a network lacks most: all of them are priced, so none is missed.

use crate::arrangement::Pattern;
use crate::pricing::{Find, slope_behind};
use crate::problem::{Directions, Gates, Matrix, Problem, Sides};
use nalgebra::DMatrix;

/// The gate of the highest price, from 0, the rows that it lets through, and the neuron behind it; `None` if no price is above 0.
pub fn dearest(
    problem: &Problem,
    inputs: &Matrix,
    gates: &Gates,
    dual: &[f64],
    directions: &mut Directions,
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<(usize, Vec<bool>, Find)> {
    let sides = Sides::of(inputs);
    let mut best: Option<(usize, Vec<bool>, Find)> = None;
    let columns: Vec<Vec<f64>> = (0..problem.outputs()).map(|output| problem.column(dual, output)).collect();
    for (at, gate) in gates.vectors.each_row().enumerate().take_while(|_| !stop()) {
        let open = sides.open(gate);
        let slopes: Vec<Vec<f64>> = columns.iter().map(|column| slope_behind(inputs, column, &Pattern::from_bits(&open))).collect();
        if problem.shared() {
            let (price, serves, theta) = singular(&slopes)?;
            if price > best.as_ref().map_or(0.0, |(.., find)| find.price) {
                best = Some((at, open, Find { output: directions.add(serves), sign: 1.0, theta, price }));
            }
            continue;
        }
        for (output, slope) in slopes.iter().enumerate() {
            let price = problem.objective.regularizer.hidden.polar(slope);
            if price > best.as_ref().map_or(0.0, |(.., find)| find.price) {
                // Against the slope of the loss, at length 1: an output weight above 0 then lowers it.
                let theta = slope.iter().map(|s| -s / price).collect();
                best = Some((at, open.clone(), Find { output, sign: 1.0, theta, price }));
            }
        }
    }
    best
}

/// The largest singular value of X'D V, whose columns are `slopes`, its right singular vector and minus its left one.
fn singular(slopes: &[Vec<f64>]) -> Option<(f64, Vec<f64>, Vec<f64>)> {
    let slope = DMatrix::from_fn(slopes[0].len(), slopes.len(), |j, c| slopes[c][j]);
    let svd = slope.clone().svd(false, true);
    let (at, price) = svd.singular_values.argmax();
    let serves = svd.v_t?.row(at).transpose();
    let theta = (slope * &serves).iter().map(|x| -x / price).collect();
    Some((price, serves.iter().copied().collect(), theta))
}
