//! What ρ and its polar are to a leaf.

use crate::certificate::Claim;
use crate::problem::Gauge;
use crate::regularizer::Hidden;

pub struct Measure {
    pub hidden: Hidden,
    pub cap: bool,
}

/// One of the inequalities that make ρ(θ) <= 1: |q∘θ| <= e + l·θ, with a slack that moves it if s is 1.
pub struct Wall<const R: usize> {
    pub constant: f64,
    pub linear: [f64; R],
    /// q_j².
    pub squares: [f64; R],
    pub slack: f64,
}

impl Measure {
    pub fn of(claim: &Claim) -> Self {
        Measure { hidden: claim.hidden, cap: claim.gauge == Gauge::Cap }
    }

    /// Whether ρ is a length as it is.
    pub fn euclidean(&self) -> bool {
        !self.cap && self.hidden.euclidean()
    }

    /// Where ρ(θ) <= 1: the norm's walls around τ and the plane τ = 1, or around 1; none for a length.
    pub fn walls<const R: usize>(&self) -> Vec<Wall<R>> {
        if self.euclidean() {
            return Vec::new();
        }
        let size = self.normed(R);
        let around = |wall: crate::regularizer::Wall| {
            let entry = |of: &[f64], j: usize| of.get(j).copied().unwrap_or(0.0);
            let mut linear = std::array::from_fn(|j| -entry(&wall.straight, j));
            linear[size..].iter_mut().for_each(|tau| *tau = 1.0);
            let squares = std::array::from_fn(|j| entry(&wall.round, j) * entry(&wall.round, j));
            let (constant, slack) = if self.cap { (0.0, 1.0) } else { (1.0, 0.0) };
            Wall { constant, linear, squares, slack }
        };
        let mut walls: Vec<Wall<R>> = self.hidden.walls(size).into_iter().map(around).collect();
        if self.cap {
            let linear = std::array::from_fn(|j| if j + 1 == R { -1.0 } else { 0.0 });
            walls.push(Wall { constant: 1.0, linear, squares: [0.0; R], slack: 0.0 });
        }
        walls
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
}
