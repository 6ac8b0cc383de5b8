//! An upper bound on every price from norms alone: no search, any rank, often loose.
//!
//! max(z,0) = z/2 + |z|/2, so for ρ(θ) <= 1, dropping the terms that are negative,
//! ```text
//!   G(θ) <= ρ°(g + ½ Σ k ℓ) + ½ Σ_+ k |ℓ·θ| <= ρ°(g + ½ Σ k ℓ) + ½ |θ| sqrt( Σ_+ k · λmax(Σ_+ k ℓℓ') )
//! ```
//! by Cauchy-Schwarz; where lines have rivals, max(0, ℓ_1·θ, ..) <= (Σ_j (ℓ_j·θ)²)^½ and so
//! ```text
//!   G(θ) <= ρ°(g) + Σ_+ k |(ℓ_1·θ, ..)| <= ρ°(g) + |θ| sqrt( Σ_+ k · λmax(Σ_+ k Σ_j ℓ_j ℓ_j') )
//! ```
//! Σ_+ runs over the convex lines, and |θ|² is at most 1 (r with the max norm), and 1 more with a cap.

use super::Price;
use crate::problem::{Features, Gauge, Matrix};
use nalgebra::{DMatrix, SymmetricEigen};

/// At least max over ρ(θ) <= 1 and both output signs of |v'F(θ)|, up to rounding; +∞ where numbers this large or small
/// cannot be squared.
pub fn norm_bound(features: &Features, dual: &[f64]) -> f64 {
    if !super::priceable(&features.lines, dual) {
        return f64::INFINITY;
    }
    let heads = usize::from(features.gauge == Gauge::Cap);
    let longest = (features.hidden.ball(features.size() - heads) + heads) as f64;
    let bound = |sign: f64| {
        let price = Price::new(features, dual, sign);
        let convex: Vec<f64> = price.kinks.iter().map(|k| k.max(0.0)).collect();
        if features.rivals.any() {
            let sum: f64 = features.rivals.all(convex.len()).map(|all| convex[all.start]).sum();
            return features.polar(&price.linear) + (longest * sum * largest_eigenvalue(&features.lines, &convex)).sqrt();
        }
        let half: Vec<f64> = features.lines.transposed_times(&price.kinks);
        let straight: Vec<f64> = price.linear.iter().zip(half).map(|(g, k)| g + 0.5 * k).collect();
        let bent = 0.5 * (longest * convex.iter().sum::<f64>() * largest_eigenvalue(&features.lines, &convex)).sqrt();
        features.polar(&straight) + bent
    };
    bound(1.0).max(bound(-1.0))
}

/// λmax(L' diag(weights) L), raised by a rounding allowance; the trace where the eigenvalues are not finite.
fn largest_eigenvalue(lines: &Matrix, weights: &[f64]) -> f64 {
    let d = lines.columns;
    let mut gram = DMatrix::<f64>::zeros(d, d);
    for (row, &weight) in lines.each_row().zip(weights).filter(|(_, w)| **w > 0.0) {
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
