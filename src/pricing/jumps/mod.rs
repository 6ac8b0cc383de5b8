//! Prices where the activation is piecewise constant: max over w of Σ_l value_l(side of ℓ_l at w), a weighted maximum half space.
//!
//! A search along straight lines finds good neurons quickly; a tree over the sides of lines finds the best, or proves that there is
//! none better.

mod climb;
mod tree;

pub use climb::climb;
pub use tree::{JumpTree, prove};

use crate::problem::{Features, Jumps, Place};

/// For every line what its three sides add to Σ_i c_i φ(x_i·w), but for what does not depend on w.
pub fn values_of(features: &Features, jumps: &Jumps, c: &[f64]) -> Vec<[f64; 3]> {
    let mut values = vec![[0.0; 3]; jumps.lines.len()];
    for (places, c) in jumps.places().iter().zip(c) {
        for (k, place) in places.iter().enumerate() {
            if let Place::On { line, .. } = place {
                let jump = c * (features.level(k + 1) - features.level(k));
                let sides = values[*line].iter_mut().zip([-1, 0, 1]);
                sides.filter(|(_, sign)| place.passed(*sign)).for_each(|(value, _)| *value += jump);
            }
        }
    }
    values
}
