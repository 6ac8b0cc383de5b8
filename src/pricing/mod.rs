//! Is any neuron worth adding?  max over |w| <= 1 of |v'φ(Xw)|: searched from below, bounded from above.
//!
//! With φ(z) = p max(z,0) + q max(-z,0) = -q z + (p+q) max(z,0) and c = -s v for a neuron of output sign s,
//! ```text
//!   G(w) = Σ_i c_i φ(x_i·w) = g·w + Σ_i k_i max(x_i·w, 0),     g = -q X'c,   k = (p+q) c
//! ```
//! terms with k_i > 0 are convex, those with k_i < 0 concave (GLOBAL section 1).

mod ascent;
mod cone_tree;
mod every_cell;
mod gates;
mod lower_bound;
mod nonnegative;
mod norm;
mod pivots;
mod row_basis;
pub mod semidefinite;

pub use ascent::{Find, ascend};
pub use cone_tree::{ConeTree, prove as prove_by_cones};
pub use every_cell::{Priced, price_cells, price_every_cell};
pub use gates::{price_gates, slope_behind};
pub use lower_bound::{LowerBound, lower_bound, with_skip_equalities};
pub use norm::norm_bound;
pub use pivots::pivots;
pub use row_basis::row_basis;

use crate::problem::Matrix;

/// Whether inputs and dual vector are of a size whose squares neither overflow nor vanish; otherwise no price means anything.
pub fn priceable(inputs: &Matrix, dual: &[f64]) -> bool {
    let fine = |values: &[f64]| {
        let largest = values.iter().fold(0.0, |largest: f64, value| if value.is_nan() { f64::NAN } else { largest.max(value.abs()) });
        largest == 0.0 || (1e-70..1e70).contains(&largest)
    };
    fine(&inputs.values) && fine(dual)
}

/// The price function of one output sign.
pub struct Price<'a> {
    pub inputs: &'a Matrix,
    /// g (d).
    pub linear: Vec<f64>,
    /// k (n).
    pub kinks: Vec<f64>,
}

impl<'a> Price<'a> {
    /// `slopes` are (p, q) of the activation, `dual` is v (n), `sign` the output sign of the neurons looked for.
    pub fn new(inputs: &'a Matrix, slopes: (f64, f64), dual: &[f64], sign: f64) -> Self {
        let (p, q) = slopes;
        let c: Vec<f64> = dual.iter().map(|v| -sign * v).collect();
        let linear = inputs.transposed_times(&c).iter().map(|g| -q * g).collect();
        Price { inputs, linear, kinks: c.iter().map(|c| (p + q) * c).collect() }
    }

    /// G(w).
    pub fn value(&self, w: &[f64]) -> f64 {
        let straight: f64 = self.linear.iter().zip(w).map(|(g, w)| g * w).sum();
        let bent: f64 = self.inputs.times(w).iter().zip(&self.kinks).map(|(z, k)| k * z.max(0.0)).sum();
        straight + bent
    }
}
