//! The semidefinite tree: proves or refutes G(θ) = g·θ + Σ k_i max(ℓ_i·θ, 0) <= T ρ(θ) for all θ, at any rank.
//!
//! A node is a set of sign constraints σ_j ℓ_j·θ >= 0 on rows with k_j > 0.  Under weight decay |θ| = 1 (with l1 and the max norm the ball around theirs).  With a cap θ = (u, 1) and
//! |u| <= 1, and a row is ℓ·u and an offset o; what is written below about θ then holds for (u, √(1 - |u|²)), whose last entry meets
//! zeros only.  With t_i = ℓ_i·θ + o_i and R_i >= |t_i|:
//! ```text
//!   free, k > 0:    k (t)_+ <= k t/2 + p t² + k²/(16 p)                          any p > 0
//!   k < 0:       -|k| (t)_+ <= -(η + h) t - (h/R) t²                             any η, h >= 0 with η + 2h <= |k|
//!   constraint j:   0 <= λ_j σ_j t_j - σ_j t_j (w_j·θ)                           any |w_j| <= λ_j
//!   pair j < k:     0 <= Λ_jk σ_j σ_k t_j t_k                                    any Λ_jk >= 0
//!   so  G(θ) <= θ'Aθ + b·θ + κ <= μ + b'(μI - A)^{-1}b/4 + κ               any μ >= 0 with μI > A       (GLOBAL section 5)
//! ```

mod certified;
mod descent;
mod leaf;
mod node;
mod packed;
mod peak;
mod rows;
#[cfg(test)]
mod tests;
mod tree;
mod tridiagonal;

pub use certified::{form, proof, unstretched};
pub use leaf::bound;
pub use rows::radius;
pub use tree::prove;

use crate::problem::{Gauge, Matrix};
use crate::regularizer::Hidden;

/// G(θ) = g·θ + Σ k_i max(ℓ_i·θ, 0).
#[derive(Clone, Debug)]
pub struct Form {
    /// ℓ (n x r), or (ℓ, o) with a cap.
    pub rows: Matrix,
    pub gauge: Gauge,
    /// h, and what u is divided by here so that |u| <= 1 where h(u) <= 1.
    pub hidden: Hidden,
    pub stretch: f64,
    /// g.
    pub linear: Vec<f64>,
    /// k (n), of any sign.
    pub kinks: Vec<f64>,
}

/// A tree of sign constraints that covers all θ by construction.
#[derive(Clone, Debug)]
pub enum Tree {
    /// `positive` covers ℓ_row·θ >= 0 and `negative` covers ℓ_row·θ <= 0.
    Split {
        row: usize,
        positive: Box<Tree>,
        negative: Box<Tree>,
    },
    Leaf(Leaf),
}

/// Multipliers, rounded to few bits, and the bound they prove.
#[derive(Clone, Debug, Default)]
pub struct Leaf {
    pub mu: f64,
    /// p (n), 0 where the row is not a free convex one.  Rows with ℓ = 0 count as absent.
    pub convex: Vec<f64>,
    /// η (n).
    pub slope: Vec<f64>,
    /// h (n); R is `radius` of ℓ and |o| together.
    pub chord: Vec<f64>,
    /// λ, in the order of the path from the root.
    pub linear: Vec<f64>,
    /// w, in the order of the path; empty is zero.
    pub ball: Vec<Vec<f64>>,
    /// (j, k, Λ_jk), positions in the path.
    pub pairs: Vec<(usize, usize, f64)>,
    pub bound: f64,
}

impl Form {
    /// r, the length of what is on the sphere: with a cap u and what is left to 1.
    pub fn rank(&self) -> usize {
        self.linear.len()
    }

    /// ℓ of a row, without the entries that are zero for all, and its offset.
    pub fn row(&self, row: usize) -> (&[f64], f64) {
        self.parts(self.rows.row(row))
    }

    /// g, and what G is at u = 0 without the rows.
    pub fn straight(&self) -> (&[f64], f64) {
        self.parts(&self.linear)
    }

    /// θ of ρ(θ) = 1: u by its length, or for a cap shortened until it is allowed.
    pub fn measured(&self, u: &[f64]) -> Option<Vec<f64>> {
        let h = self.hidden.gauge(u) * self.stretch;
        match self.gauge {
            Gauge::Norm => (h > 0.0).then(|| u.iter().map(|x| x / h).collect()),
            Gauge::Cap => Some(u.iter().map(|x| x / h.max(1.0)).chain([1.0]).collect()),
        }
    }

    fn parts<'a>(&self, vector: &'a [f64]) -> (&'a [f64], f64) {
        match (self.gauge, vector.split_last()) {
            (Gauge::Cap, Some((last, rest))) => (rest, *last),
            _ => (vector, 0.0),
        }
    }
}

/// What an attempt brought.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub tree: Tree,
    /// The largest bound of a leaf: G(θ) <= worst ρ(θ) is proved by the tree, finished or not.
    pub worst: f64,
    /// θ with G(θ) > T ρ(θ).
    pub violation: Option<Vec<f64>>,
    /// Nodes whose bound was minimised.
    pub nodes: usize,
}
