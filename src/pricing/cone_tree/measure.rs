//! What ρ and its polar are to a leaf: a Euclidean length, or one that is made to look like it.
//!
//! ρ°(c) = h°(c_u) + c_τ (c_τ is there with a cap only) is minimised by least squares with weights,
//! ```text
//!   (ρ°(c) + κ)² <= Σ_u c_j²/λ_j + (c_τ + κ)²/λ_τ,      equal at the c that the weights are from,      c_τ + κ > 0
//! ```
//! so that every round of solving and weighing again makes ρ° smaller.  (For the max polar of l1 the sum is below it: Lawson's rule.)

use crate::certificate::Claim;
use crate::problem::Gauge;
use crate::regularizer::Norm;

/// Parts of ρ° below this count as this much.
const LEAST: f64 = 1e-7;

pub struct Measure {
    pub hidden: &'static dyn Norm,
    pub cap: bool,
}

/// 1/√λ for every entry, and κ.
#[derive(Clone, Copy)]
pub struct Weights<const R: usize> {
    pub roots: [f64; R],
    pub shift: f64,
}

impl Measure {
    pub fn of(claim: &Claim) -> Self {
        Measure { hidden: claim.hidden, cap: claim.gauge == Gauge::Cap }
    }

    /// Whether ρ is a length as it is.
    pub fn euclidean(&self) -> bool {
        !self.cap && self.hidden.euclidean()
    }

    fn normed(&self, rank: usize) -> usize {
        rank - usize::from(self.cap)
    }

    /// ρ°(c).
    pub fn polar<const R: usize>(&self, c: &[f64; R]) -> f64 {
        let (u, tau) = c.split_at(self.normed(R));
        self.hidden.polar(u) + tau.iter().sum::<f64>()
    }

    /// ρ(θ); infinite where a cap does not allow θ.
    pub fn gauge<const R: usize>(&self, theta: &[f64; R]) -> f64 {
        let (u, tau) = theta.split_at(self.normed(R));
        let h = self.hidden.gauge(u);
        match tau.first() {
            None => h,
            Some(tau) if h <= *tau => *tau,
            Some(_) => f64::INFINITY,
        }
    }

    /// The nearest θ of a cap with the same τ; θ itself without one.
    pub fn within<const R: usize>(&self, theta: &[f64; R]) -> [f64; R] {
        let mut inside = *theta;
        let (u, tau) = inside.split_at_mut(self.normed(R));
        if let Some(tau) = tau.first() {
            let outside = self.hidden.gauge(u) / tau.max(0.0) * (1.0 + 1e-15);
            let part = if outside > 1.0 { 1.0 / outside } else { 1.0 };
            u.iter_mut().for_each(|x| *x *= part);
        }
        inside
    }

    /// The weights to begin with.
    pub fn start<const R: usize>(&self) -> Weights<R> {
        Weights { roots: [1.0; R], shift: if self.cap { 1.0 } else { 0.0 } }
    }

    /// Weights that suit c better.
    pub fn again<const R: usize>(&self, c: &[f64; R], weights: &Weights<R>) -> Weights<R> {
        let (u, tau) = c.split_at(self.normed(R));
        let mut lambda = weights.roots.map(|root| 1.0 / (root * root));
        self.hidden.reweigh(u, &mut lambda[..u.len()]);
        let polar = self.hidden.polar(u);
        let Some(&tau) = tau.first() else { return Weights { roots: lambda.map(|l| 1.0 / l.sqrt()), shift: 0.0 } };
        // As much of the sum as h° is of ρ°.
        let square: f64 = u.iter().zip(&lambda).map(|(c, l)| c * c / l).sum();
        let unit = if polar > 0.0 && square > 0.0 { square / (polar * polar) } else { 1.0 };
        let head = tau.max(0.3 * polar + 0.1);
        let all = polar + head;
        lambda[..u.len()].iter_mut().for_each(|l| *l *= unit * (polar / all).max(LEAST));
        lambda[R - 1] = head / all;
        Weights { roots: lambda.map(|l| 1.0 / l.sqrt()), shift: head - tau }
    }
}
