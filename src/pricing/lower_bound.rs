//! From a dual vector and a bound on its price to a number that no network of any width goes below.
//!
//! If |v'φ(Xw)| <= U h(w) for every w, then t v is feasible for 0 <= t <= β/U and the optimum is at least -L*(t v); with an
//! unpenalised skip or intercept, Z, the dual also needs Z'v = 0 (THEORY 0, 1, 3).

use super::normal::{multipliers, share};
use crate::problem::{Bias, Matrix, Problem};
use nalgebra::DMatrix;

/// A lower bound and the dual vector that proves it.
#[derive(Clone, Debug, PartialEq)]
pub struct LowerBound {
    pub value: f64,
    pub dual: Vec<f64>,
}

/// The best -L*(t v) over the allowed t; `None` if it is no better than -L*(0), which needs no dual vector.
///
/// `dual` must lie in dom L* and obey the skip's equalities; `price` bounds |v'φ(Xw)|/h(w) from above.  A price that is
/// not a finite positive number proves nothing, unless there is nothing to price: all inputs are zero.
pub fn lower_bound(problem: &Problem, dual: &[f64], price: f64) -> Option<LowerBound> {
    let y = problem.targets();
    let beta = problem.objective.price();
    let value_at = |t: f64| {
        let scaled: Vec<f64> = dual.iter().map(|v| t * v).collect();
        -problem.objective.loss.conjugate(&scaled, y)
    };
    let largest = match price {
        _ if no_inputs(problem) => 1.0,
        price if price > 0.0 && price.is_finite() => (beta / price).min(1e6),
        _ => 0.0,
    };
    let t = best_scale(&value_at, largest);
    let value = value_at(t);
    let better = value > problem.objective.loss.least(y) && value.is_finite();
    better.then(|| LowerBound { value, dual: dual.iter().map(|v| t * v).collect() })
}

/// Whether all that a neuron sees is zero, there is no bias and φ(0) = 0: no neuron can then do anything.
fn no_inputs(problem: &Problem) -> bool {
    let nothing = problem.architecture.bias == Bias::None && problem.architecture.activation.value(0.0) == 0.0;
    nothing && problem.inputs().values.iter().all(|x| *x == 0.0)
}

/// The maximiser of a concave function on [0, largest] by golden sections; the ends and 1 are tried themselves.
fn best_scale(value_at: &impl Fn(f64) -> f64, largest: f64) -> f64 {
    let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut low, mut high) = (0.0, largest);
    for _ in 0..80 {
        let (a, b) = (high - ratio * (high - low), low + ratio * (high - low));
        if value_at(a) >= value_at(b) {
            high = b;
        } else {
            low = a;
        }
    }
    let candidates = [0.5 * (low + high), largest, largest.min(1.0)];
    candidates.into_iter().fold(0.0, |best, t| if value_at(t) > value_at(best) { t } else { best })
}

/// How near to an end of its interval a coordinate may be taken to stand there, relative to 1; tried in this order.  The last are for what
/// only comes to an end as a skip that costs nothing grows for ever.
const SNAPS: [f64; 6] = [0.0, 1e-9, 1e-7, 1e-5, 1e-4, 1e-3];

/// The nearest vector to `dual` in dom L* that is orthogonal to the skip's columns in every output; `None` if none was found.
///
/// Coordinates at an end of their interval stay there: each may move by as much as it is away from its ends.  At a vertex of the
/// domain all of them do, and rounding is all that keeps them from their ends.
pub fn with_skip_equalities(problem: &Problem, dual: &[f64]) -> Option<Vec<f64>> {
    let free = problem.free_columns();
    if free.columns == 0 {
        let mut v = dual.to_vec();
        problem.objective.loss.clamp(&mut v, problem.targets());
        return Some(v);
    }
    let z = span(&free);
    SNAPS.into_iter().find_map(|snap| orthogonalised(problem, &free, &z, snapped(problem, dual, snap)))
}

/// The vector with coordinates that are within `snap` of an end of their interval, or beyond it, at that end.
fn snapped(problem: &Problem, dual: &[f64], snap: f64) -> Vec<f64> {
    let scale = problem.objective.loss.scale(dual.len());
    let near = |(v, y): (&f64, &f64)| {
        let (low, high) = problem.objective.loss.loss.domain(*y, problem.objective.loss.parameter);
        let (low, high, room) = (low * scale, high * scale, snap * scale);
        if *v <= low + room {
            low
        } else if *v >= high - room {
            high
        } else {
            *v
        }
    };
    dual.iter().zip(problem.targets()).map(near).collect()
}

fn orthogonalised(problem: &Problem, free: &Matrix, z: &DMatrix<f64>, mut v: Vec<f64>) -> Option<Vec<f64>> {
    for _ in 0..3 {
        correct(problem, z, &mut v)?;
    }
    // What rows that must sum to 0 lack is rounding now.
    problem.objective.loss.settle_rows(&mut v, problem.targets());
    let mut inside = v.clone();
    problem.objective.loss.clamp(&mut inside, problem.targets());
    let orthogonal = (0..problem.outputs()).all(|output| orthogonal(free, &problem.column(&v, output)));
    (inside == v && orthogonal).then_some(v)
}

/// Whether Z'v = 0 up to the rounding of its sums.
fn orthogonal(z: &Matrix, v: &[f64]) -> bool {
    (0..z.columns).all(|j| {
        let (sum, size) = v.iter().enumerate().fold((0.0, 0.0), |(sum, size), (i, v)| {
            let term = z.row(i)[j] * v;
            (sum + term, size + f64::abs(term))
        });
        f64::abs(sum) <= 1e-12 * size
    })
}

/// Orthonormal columns that span Z.
pub(super) fn span(z: &Matrix) -> DMatrix<f64> {
    let mut z = DMatrix::from_row_slice(z.rows, z.columns, &z.values);
    // The span does not depend on the columns' units, the cut below does.
    for mut column in z.column_iter_mut() {
        let length = column.norm();
        if length > 0.0 {
            column /= length;
        }
    }
    let svd = z.svd(true, false);
    let largest = svd.singular_values.max();
    let u = svd.u.expect("asked for");
    let kept: Vec<usize> = (0..svd.singular_values.len()).filter(|&j| svd.singular_values[j] > 1e-12 * largest).collect();
    u.select_columns(&kept)
}

/// v_c -= W_c Z (Z'W_c Z)^-1 Z'v_c in every output, with W the squared distance of each coordinate from the ends of its interval, at most 1.
fn correct(problem: &Problem, z: &DMatrix<f64>, v: &mut [f64]) -> Option<()> {
    let scale = problem.objective.loss.scale(v.len());
    let room = |v: f64, y: f64| {
        let (low, high) = problem.objective.loss.loss.domain(y, problem.objective.loss.parameter);
        (v - low * scale).min(high * scale - v).min(1.0).powi(2)
    };
    let outputs = problem.outputs();
    let weights: Vec<f64> = v.iter().zip(problem.targets()).map(|(&v, &y)| room(v, y)).collect();
    let weights = DMatrix::from_row_slice(z.nrows(), outputs, &weights);
    let mut after = DMatrix::from_row_slice(z.nrows(), outputs, v);
    let joined = problem.objective.loss.shifted();
    // The least Σ δ_ic²/w_ic that takes a row's sum away shares it out by the weights.
    let shared = |of: &mut DMatrix<f64>, sums: &[f64]| {
        of.iter_mut().enumerate().for_each(|(at, x)| *x -= sums[at % z.nrows()] * share(&weights, at % z.nrows(), at / z.nrows()));
    };
    if joined {
        let sums: Vec<f64> = after.row_iter().map(|row| row.sum()).collect();
        shared(&mut after, &sums);
    }
    let mut shift = (z * multipliers(z, &weights, &after, joined)?).component_mul(&weights);
    if joined {
        let sums: Vec<f64> = shift.row_iter().map(|row| row.sum()).collect();
        shared(&mut shift, &sums);
    }
    after -= shift;
    v.chunks_mut(outputs).enumerate().for_each(|(i, row)| row.iter_mut().enumerate().for_each(|(c, v)| *v = after[(i, c)]));
    Some(())
}
