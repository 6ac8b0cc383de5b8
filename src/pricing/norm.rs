//! An upper bound on every price from norms alone: no search, any rank, often loose.
//!
//! φ(z) = (p-q)/2 z + (p+q)/2 |z|, so for |w| <= 1, dropping the terms that are negative,
//! ```text
//!   G(w) <= |p-q|/2 |X'v| + |p+q|/2 Σ_{+} |v_i||x_i·w| <= |p-q|/2 |X'v| + |p+q|/2 sqrt( Σ_+ |v_i| · λmax(Σ_+ |v_i| x_i x_i') )
//! ```
//! by Cauchy-Schwarz; Σ_+ runs over the rows whose kink is convex for the output sign in question.

use crate::problem::Matrix;
use nalgebra::{DMatrix, SymmetricEigen};

/// At least max over |w| <= 1 and both output signs of |v'φ(Xw)|, up to rounding; +∞ where numbers this large or small
/// cannot be squared.
pub fn norm_bound(inputs: &Matrix, slopes: (f64, f64), dual: &[f64]) -> f64 {
    if !super::priceable(inputs, dual) {
        return f64::INFINITY;
    }
    let (p, q) = slopes;
    let straight = 0.5 * (p - q).abs() * length(&inputs.transposed_times(dual));
    let bent = |sign: f64| {
        let convex: Vec<f64> = dual.iter().map(|v| (sign * (p + q) * v).max(0.0) / (p + q).abs().max(f64::MIN_POSITIVE)).collect();
        0.5 * (p + q).abs() * (convex.iter().sum::<f64>() * largest_eigenvalue(inputs, &convex)).sqrt()
    };
    straight + bent(1.0).max(bent(-1.0))
}

/// λmax(X' diag(weights) X), raised by a rounding allowance; the trace where the eigenvalues are not finite.
fn largest_eigenvalue(inputs: &Matrix, weights: &[f64]) -> f64 {
    let d = inputs.columns;
    let mut gram = DMatrix::<f64>::zeros(d, d);
    for (row, &weight) in inputs.each_row().zip(weights).filter(|(_, w)| **w > 0.0) {
        for i in 0..d {
            for j in 0..=i {
                gram[(i, j)] += weight * row[i] * row[j];
            }
        }
    }
    gram.fill_upper_triangle_with_lower_triangle();
    let trace = gram.trace();
    let largest = SymmetricEigen::new(gram).eigenvalues.iter().copied().fold(0.0, f64::max);
    if largest.is_finite() { (largest + 1e-13 * trace).min(trace) } else { trace }
}

fn length(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}
