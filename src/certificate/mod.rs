//! What a solve leaves behind for a checker that trusts nobody: plain data, and the inequality in integers that it proves.
//!
//! `grammar/certificate.md` describes the file, independent of this code.

mod claim;
mod cover;
mod equalities;
mod file;
mod gates;
mod grid;
mod jumps;
mod pieces;
mod span;
mod stream;

pub use claim::{BASIS_BITS, Claim, Contest, DUAL_BITS, Fault, GRID_BITS, SLOPE_BITS};
pub use cover::{DIRECTION_BITS, MOST_OUTPUTS, PART_BITS, Ray, between, rays, root, write_leaf, write_split};
pub use equalities::{Correction, inverse};
pub use file::NAME;
pub use gates::GateClaims;
pub use jumps::JumpClaim;
pub use span::{Span, Unmet};
pub use stream::{Reader, Writer};

use crate::exact::{Dyadic, Natural, Rational};
use crate::problem::{Matrix, Network, Problem, Skip};
use pieces::Pieces;
use serde::{Deserialize, Serialize};

/// The word that every certificate begins with, and the version that this cvxc writes and reads.
pub const FORMAT: &str = "cvxc certificate";
pub const VERSION: u32 = 1;

/// A network and the proof that no other one is much better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    pub format: String,
    pub version: u32,
    pub statement: Statement,
    pub network: Weights,
    pub dual: Dual,
    /// t: the lower bound is -L*(t v).
    pub scale: f64,
    /// β, where weight decay has a budget τ: the proofs are about that price, and β τ is taken off the bound.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub price: Option<f64>,
    /// Rows of B in units of 2^-[`BASIS_BITS`], where the rank is below the number of columns: proofs are about ω = B w.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub basis: Option<Vec<Vec<i64>>>,
    /// Rows (from 0) where the dual vector may be corrected, as many as a skip has columns; none without a skip.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub pivots: Vec<usize>,
    /// Hidden weights of the neurons that complete a network which meets its targets up to rounding, with what costs nothing as many as
    /// the rows that decide the others; none without `interpolate`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub completion: Vec<Vec<f64>>,
    /// Cones of output weights that cover all of R^C, bytes in base64; only where outputs share neurons, and not behind gates.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cover: Option<String>,
    /// One proof per output and sign: first +1, then -1; or one per direction of a cover.
    pub proofs: Vec<Proof>,
}

/// Which problem the certificate is about, so that a mistake can be named; the checker proves things about the problem it is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The model file, relative to the certificate's folder where it can be.
    pub model: String,
    /// `NAME=VALUE` for every parameter that the command line changed.
    pub overrides: Vec<String>,
    /// `dense(bias) -> relu -> dense`.
    pub network: String,
    /// `squared + 0.1 * weight_decay`.
    pub objective: String,
    /// The digest of the training rows.
    pub data: String,
}

impl Statement {
    /// The statement of `problem`, which came from the file `model`.
    pub fn of(problem: &Problem, model: String, overrides: Vec<String>) -> Self {
        Statement {
            model,
            overrides,
            network: problem.architecture.words(problem.outputs()),
            objective: problem.objective_words(),
            data: problem.dataset.digest(),
        }
    }
}

/// The network's numbers, each the shortest decimal that reads back as the same double.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// w_j, one row per neuron; the bias, if there is one, stands last.
    pub hidden: Vec<Vec<f64>>,
    /// a_j, one neuron after the other: a number for every output.
    pub output: Vec<f64>,
    /// For one output after the other: one weight per feature, then the intercept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub skip: Option<Vec<f64>>,
    /// The gate of every neuron of a gated layer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gates: Option<Vec<Vec<f64>>>,
}

impl Weights {
    pub fn of(network: &Network) -> Self {
        let rows = |matrix: &Matrix| matrix.each_row().map(<[f64]>::to_vec).collect();
        Weights {
            hidden: rows(&network.hidden),
            output: network.output.values.clone(),
            skip: network.skip.as_ref().map(|skip| skip.factors().values),
            gates: network.gates.as_ref().map(rows),
        }
    }

    /// The network, if the shapes are those of a problem with `size` weights per neuron and `outputs` outputs.
    pub fn network(&self, size: usize, outputs: usize) -> Option<Network> {
        let m = self.hidden.len();
        let matrix = |rows: &Vec<Vec<f64>>| {
            let fits = rows.len() == m && rows.iter().all(|w| w.len() == size);
            fits.then(|| Matrix::new(rows.len(), size, rows.concat()))
        };
        let skip = match &self.skip {
            Some(all) if !all.len().is_multiple_of(outputs) => return None,
            Some(all) => Skip::of(&Matrix::new(outputs, all.len() / outputs.max(1), all.clone())),
            None => None,
        };
        let gates = match &self.gates {
            None => None,
            Some(gates) => Some(matrix(gates)?),
        };
        let output = (self.output.len() == m * outputs).then(|| Matrix::new(m, outputs, self.output.clone()))?;
        Some(Network { hidden: matrix(&self.hidden)?, output, skip, gates })
    }
}

/// The dual vector in units of the loss per row: v_i = scale · mantissa_i · 2^-exponent, scale being 1/n for a mean and 1 for a sum.
/// With several outputs it has an entry for each of them, row after row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dual {
    pub exponent: i32,
    pub mantissas: Vec<i64>,
}

impl Dual {
    /// `u` cut off towards zero at [`DUAL_BITS`] bits of its largest entry, so that it stays in every interval that holds 0.
    pub fn truncated(u: &[f64]) -> Self {
        Self::truncated_to(DUAL_BITS, u)
    }

    /// The same at fewer bits.
    pub fn truncated_to(bits: u32, u: &[f64]) -> Self {
        let largest = u.iter().fold(0.0_f64, |largest, u| largest.max(u.abs()));
        let exponent = bits as i32 - libm::frexp(largest).1;
        // A vector of zeros fits any exponent; with this one a limit is not rounded to nothing.
        let exponent = if largest > 0.0 { exponent } else { 20 };
        Dual { exponent, mantissas: u.iter().map(|&u| libm::scalbn(u, exponent) as i64).collect() }
    }

    /// The entries of one output.
    pub fn column(&self, output: usize, outputs: usize) -> Dual {
        Dual { exponent: self.exponent, mantissas: self.mantissas.iter().skip(output).step_by(outputs).copied().collect() }
    }

    /// The entries as doubles.
    pub fn doubles(&self) -> Vec<f64> {
        self.mantissas.iter().map(|&m| libm::scalbn(m as f64, -self.exponent)).collect()
    }

    /// The entries, exactly.
    pub fn dyadics(&self) -> Vec<Dyadic> {
        self.mantissas.iter().map(|&m| Dyadic { mantissa: m.into(), exponent: -i64::from(self.exponent) }).collect()
    }

    /// factor · u, exactly.
    pub fn times(&self, factor: &Rational) -> Vec<Rational> {
        let power = Rational::from(Natural::ONE << self.exponent.unsigned_abs() as usize);
        let unit = if self.exponent >= 0 { factor / power } else { factor * power };
        self.mantissas.iter().map(|&m| Rational::from(m) * &unit).collect()
    }
}

/// A tree that covers weight space, with a reason at every leaf; nothing where gates are listed.
///
/// A plain structure: nothing of a hostile file is held twice while it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    pub kind: Kind,
    /// Cones: vectors are in units of 2^unit or coarser.  Signs: quadratic weights are in units of 2^-unit or coarser.  Otherwise 0.
    pub unit: u32,
    /// Bytes in base64.
    pub tree: String,
}

/// How a tree divides weight space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Simplicial cones, split at their edges.
    Cones,
    /// Signs of rows, and quadratic bounds.
    Signs,
    /// Sides of the lines where neurons jump.
    Jumps,
    /// Not at all: the model lists its gates, and each of them is priced.
    Gates,
}
