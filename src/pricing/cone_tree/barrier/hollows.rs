//! Concave terms min_j a_j·θ in the interior-point method: weights t_j = μ / (z_j + ν) of sum 1 for z_j = a_j·θ, and their derivatives
//! ```text
//!   dt_j = -t_j²/μ (dz_j - m),     m = Σ t_j² dz_j / Σ t_j²
//! ```

use super::{Inside, MOST, SNAP, Step, dot};
use crate::pricing::cone_tree::rivals::{by_term, largest};

/// Newton steps for ν.
const STEPS: usize = 60;

/// The weights of one term.
fn weights(z: &[f64], mu: f64, t: &mut Vec<f64>) {
    let least = largest(false, z.iter().copied());
    // Σ t falls and is convex in ν, and at least 1 where the lowest one alone has weight 1: Newton's method climbs from there.
    let mut nu = mu - least;
    for _ in 0..STEPS {
        let shares = z.iter().map(|z| mu / (z + nu));
        let (sum, squares) = shares.fold((0.0, 0.0), |(sum, squares), t| (sum + t, squares + t * t / mu));
        let step = (sum - 1.0) / squares;
        nu += step;
        if step.abs() <= 1e-15 * nu.abs() {
            break;
        }
    }
    t.clear();
    t.extend(z.iter().map(|z| mu / (z + nu)));
    let sum: f64 = t.iter().sum();
    t.iter_mut().for_each(|t| *t /= sum);
}

/// Σ t² z / Σ t².
fn mean(t: &[f64], z: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut squares) = (0.0, 0.0);
    for (t, z) in t.iter().zip(z) {
        (sum, squares) = (sum + t * t * z, squares + t * t);
    }
    sum / squares
}

impl<const R: usize> Inside<'_, R> {
    /// Adds the terms to gradient and Hessian, and finds a_j·θ on the way.
    pub(super) fn bend(&mut self, gradient: &mut Step, hessian: &mut [[f64; MOST]; MOST]) {
        let (mut first, mut t) = (0, Vec::new());
        for rivals in by_term(&self.cone.hollows) {
            let reach = &mut self.hollow[first..first + rivals.len()];
            reach.iter_mut().zip(rivals).for_each(|(z, rival)| *z = dot(&rival.at, &self.w));
            first += rivals.len();
            weights(reach, self.mu, &mut t);
            let middle: [f64; R] = std::array::from_fn(|k| mean(&t, rivals.iter().map(|rival| rival.at[k])));
            for (rival, t) in rivals.iter().zip(&t) {
                let curvature = t * t / self.mu;
                for k in 0..R {
                    gradient[k] -= t * rival.at[k];
                    let apart = rival.at[k] - middle[k];
                    (0..=k).for_each(|j| hessian[k][j] += curvature * apart * (rival.at[j] - middle[j]));
                }
            }
        }
    }

    /// How much the terms rise along the step, after `part` of it.
    pub(super) fn hollow_rise(&self, part: f64) -> f64 {
        let (mut first, mut rise, mut t) = (0, 0.0, Vec::new());
        for rivals in by_term(&self.cone.hollows) {
            let (reach, change) = (&self.hollow[first..first + rivals.len()], &self.turned[first..first + rivals.len()]);
            first += rivals.len();
            let there: Vec<f64> = reach.iter().zip(change).map(|(z, d)| z + part * d).collect();
            weights(&there, self.mu, &mut t);
            rise += t.iter().zip(change).map(|(t, d)| t * d).sum::<f64>();
        }
        rise
    }

    /// The weights at the end of a step to first order, made such of sum 1; what they bring at the generators is added to `heights`.
    pub(super) fn shares(&self, shares: &mut [f64], heights: &mut [f64; R]) {
        let (mut first, mut t) = (0, Vec::new());
        for rivals in by_term(&self.cone.hollows) {
            let range = first..first + rivals.len();
            first = range.end;
            let change = &self.turned[range.clone()];
            weights(&self.hollow[range.clone()], self.mu, &mut t);
            let middle = mean(&t, change.iter().copied());
            let kept = &mut shares[range];
            for ((kept, t), d) in kept.iter_mut().zip(&t).zip(change) {
                let next = t - t * t / self.mu * (d - middle);
                *kept = if next < SNAP { 0.0 } else { next };
            }
            let sum: f64 = kept.iter().sum();
            if !(sum > 0.0 && sum.is_finite()) {
                kept.copy_from_slice(&t);
            } else {
                kept.iter_mut().for_each(|t| *t /= sum);
            }
            for (rival, t) in rivals.iter().zip(&*kept) {
                heights.iter_mut().zip(&rival.at).for_each(|(h, a)| *h += t * a);
            }
        }
    }

    /// The terms where the method stands.
    pub(super) fn depth(&self) -> f64 {
        by_term(&self.cone.hollows).map(|rivals| largest(false, rivals.iter().map(|rival| dot(&rival.at, &self.w)))).sum()
    }
}
