//! The largest value of a quadratic on the unit ball, smoothed:  min over μ of  μ + b'(μI - A)^{-1}b/4 - δ log det(μI - A).
//!
//! With Q = (μI - A)^{-1} and θ = Qb/2 the minimum is where |θ|² + δ tr Q = 1; then Θ = δQ + θθ' is the derivative with
//! respect to A and θ the one with respect to b.  For every μ with μI > A, δ or no δ, μ + b'Qb/4 bounds θ'Aθ + b·θ on |θ| <= 1.

use super::packed::{add, cholesky, dot, gram_of_lower, inverse_of_lower, packed_length, squared_size, start, times};
use super::tridiagonal::Tridiagonal;

/// What holds at one μ.
#[derive(Clone, Debug)]
pub struct Peak {
    pub mu: f64,
    /// μ + b'Qb/4.
    pub bound: f64,
    /// The bound less δ log det(μI - A).
    pub smooth: f64,
    pub theta: Vec<f64>,
    /// Q, packed.
    pub inverse: Vec<f64>,
}

impl Peak {
    /// None unless μI - A is positive definite.
    pub fn at(curvature: &[f64], slope: &[f64], delta: f64, mu: f64) -> Option<Peak> {
        let rank = slope.len();
        let mut matrix: Vec<f64> = curvature.iter().map(|a| -a).collect();
        (0..rank).for_each(|i| matrix[start(i) + i] += mu);
        let lower = cholesky(&matrix, rank)?;
        let inverse = gram_of_lower(&inverse_of_lower(&lower, rank), rank);
        let theta: Vec<f64> = times(&inverse, slope).iter().map(|x| 0.5 * x).collect();
        let bound = mu + 0.5 * dot(slope, &theta);
        let determinant: f64 = if delta > 0.0 { (0..rank).map(|i| 2.0 * libm::log(lower[start(i) + i])).sum() } else { 0.0 };
        bound.is_finite().then_some(())?;
        Some(Peak { mu, bound, smooth: bound - delta * determinant, theta, inverse })
    }
}

/// The minimum over μ, started from `guess`; None only if no number is finite.
pub fn peak(curvature: &[f64], slope: &[f64], delta: f64, guess: f64) -> Option<Peak> {
    debug_assert_eq!(curvature.len(), packed_length(slope.len()));
    let (low, high) = bracket(curvature, slope, delta);
    let best = best_mu(&Tridiagonal::new(curvature, slope), delta, guess, (low, high));
    // What rounding in the reduction may have cost is put back in small steps.
    let mut room = 4e-16 * (high.abs() + low.abs());
    for _ in 0..30 {
        if let Some(peak) = Peak::at(curvature, slope, delta, (best + room).min(high)) {
            return Some(peak);
        }
        room *= 4.0;
    }
    Peak::at(curvature, slope, delta, high)
}

/// Newton's method for mass^{-1/2} = 1, which is nearly linear in μ, within an interval that shrinks.
fn best_mu(form: &Tridiagonal, delta: f64, guess: f64, (mut low, mut high): (f64, f64)) -> f64 {
    let mut mu = if guess > low && guess < high { guess } else { high };
    for _ in 0..100 {
        let Some((mass, fall)) = form.mass(delta, mu) else {
            low = low.max(mu);
            mu = 0.5 * (low + high);
            if high - low <= 1e-15 * high.abs() || !mu.is_finite() {
                return high;
            }
            continue;
        };
        if mass > 1.0 {
            low = mu
        } else {
            high = mu
        }
        let next = mu + 2.0 * mass * (mass.sqrt() - 1.0) / fall;
        if (mass - 1.0).abs() < 1e-11 || (next - mu).abs() <= 1e-15 * mu.abs() {
            return mu;
        }
        mu = if next > low && next < high { next } else { 0.5 * (low + high) };
    }
    high
}

/// An interval that holds the best μ: the mass is at most 1 at its upper end.
fn bracket(curvature: &[f64], slope: &[f64], delta: f64) -> (f64, f64) {
    let rank = slope.len();
    let low = (0..rank).map(|i| curvature[start(i) + i]).fold(f64::NEG_INFINITY, f64::max);
    let mut reach = vec![0.0; rank];
    for i in 0..rank {
        let row: Vec<f64> = curvature[start(i)..start(i) + i].iter().map(|a| a.abs()).collect();
        reach[i] += row.iter().sum::<f64>() + curvature[start(i) + i];
        add(&mut reach[..i], 1.0, &row);
    }
    let largest = reach.into_iter().fold(f64::NEG_INFINITY, f64::max).min(squared_size(curvature, rank).sqrt()).max(low);
    let room = dot(slope, slope).sqrt() + 2.0 * delta * rank as f64;
    (low, largest + room + 1e-12 * (largest.abs() + room) + 1e-100)
}
