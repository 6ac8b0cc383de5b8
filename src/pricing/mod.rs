//! Is any neuron worth adding?  max over ρ(θ) <= 1 of |v'F(θ)|: searched from below, bounded from above.
//!
//! With c = -s v for a neuron of output sign s,
//! ```text
//!   G(θ) = Σ_i c_i F_i(θ) = g·θ + Σ_l k_l max(ℓ_l·θ, 0)
//! ```
//! terms with k_l > 0 are convex, those with k_l < 0 concave (GLOBAL section 1).

mod ascent;
mod cone_tree;
mod every_cell;
mod gates;
mod jumps;
mod lower_bound;
mod nonnegative;
mod norm;
mod normal;
mod pivots;
mod row_basis;
pub mod semidefinite;
mod shared;

pub use ascent::{Find, ascend, ascend_all};
pub use cone_tree::{ConeTree, prove as prove_by_cones};
pub use every_cell::{Priced, price_cells, price_every_cell};
pub use gates::{price_gates, slope_behind, slopes_behind};
pub use jumps::{JumpTree, climb, prove as prove_jumps, values_of};
pub use lower_bound::{LowerBound, lower_bound, with_skip_equalities};
pub use norm::norm_bound;
pub use normal::multipliers;
pub use pivots::pivots;
pub use row_basis::{Leading, row_basis};
pub use shared::{SharedFind, ascend_shared, highest_along, pull, registered};

use crate::problem::{Features, Gauge, Matrix, Rivals};
use crate::regularizer::Hidden;

/// Whether lines and dual vector are of a size whose squares neither overflow nor vanish; otherwise no price means anything.
pub fn priceable(lines: &Matrix, dual: &[f64]) -> bool {
    let fine = |values: &[f64]| {
        let largest = values.iter().fold(0.0, |largest: f64, value| if value.is_nan() { f64::NAN } else { largest.max(value.abs()) });
        largest == 0.0 || (1e-70..1e70).contains(&largest)
    };
    fine(&lines.values) && fine(dual)
}

/// The price function of one output sign.
pub struct Price<'a> {
    pub rivals: &'a Rivals,
    /// ℓ (m x q).
    pub lines: &'a Matrix,
    pub gauge: Gauge,
    pub hidden: Hidden,
    /// g (q).
    pub linear: Vec<f64>,
    /// k (m).
    pub kinks: Vec<f64>,
}

impl<'a> Price<'a> {
    /// `dual` is v (n), `sign` the output sign of the neurons looked for.
    pub fn new(features: &'a Features, dual: &[f64], sign: f64) -> Self {
        let c: Vec<f64> = dual.iter().map(|v| -sign * v).collect();
        let (linear, kinks) = features.weighted(&c);
        Price { rivals: &features.rivals, lines: &features.lines, gauge: features.gauge, hidden: features.hidden, linear, kinks }
    }

    /// G(θ).
    pub fn value(&self, theta: &[f64]) -> f64 {
        let straight: f64 = self.linear.iter().zip(theta).map(|(g, x)| g * x).sum();
        straight + self.rivals.bent(&self.lines.times(theta), &self.kinks)
    }
}
