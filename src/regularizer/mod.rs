//! Regularizers: what a neuron costs.  A hidden norm with its polar and cone form, and how it is joined with the output weight.

mod hidden;
mod l1;
mod l2;
mod linf;
mod mixed;

pub use hidden::{Hidden, find};

use crate::exact::{Abs, Integer, Natural, Rational, linear};
use crate::program::{Affine, Program};

/// Bits of integers whose polar is compared in 128 bits.
const POLAR_BITS: usize = 57;

/// A norm h of a neuron's hidden weights: gauge, polar, cone form.
pub trait Norm: Sync {
    /// The word in the language, as in `weight_decay(hidden = l1)`.
    fn name(&self) -> &'static str;
    /// h(w).
    fn gauge(&self, w: &[f64]) -> f64;
    /// h°(g) = max { g·w : h(w) <= 1 }.
    fn polar(&self, g: &[f64]) -> f64;
    /// At least h(w)², exactly where that is rational; the weights are finite.
    fn square(&self, w: &[f64]) -> Rational;
    /// Whether h(w) <= radius, exactly.
    fn within(&self, w: &[f64], radius: &Rational) -> bool {
        self.square(w) <= radius * radius
    }
    /// Whether 2^shift h°(g) <= limit, exactly, for shift < 64; `None` if the numbers are too wide.
    fn polar_within(&self, g: &[i64], shift: u32, limit: i128) -> Option<bool>;
    /// Whether h°(g) <= limit for integers of any size; may say no where it is, but never yes where it is not.
    fn polar_at_most(&self, g: &[Integer], limit: &Integer) -> bool {
        // h° grows with the size of every entry, so these may be rounded up.
        let shift = (linear::bits(g).unsigned_abs() as usize).saturating_sub(POLAR_BITS);
        let up = |x: &Integer| i64::try_from((x.clone().abs() + ((Integer::ONE << shift) - Integer::ONE)) >> shift).ok();
        let Some(g) = g.iter().map(up).collect::<Option<Vec<i64>>>() else { return false };
        let limit = if *limit < Integer::ZERO { -1 } else { i128::try_from(limit >> shift).unwrap_or(i128::MAX) };
        self.polar_within(&g, 0, limit) == Some(true)
    }
    /// At least 2^bits h°(g).
    fn polar_above(&self, g: &[i64], bits: u32) -> Natural;
    /// argmax { g·w : h(w) <= 1 }, for g ≠ 0.
    fn support(&self, g: &[f64]) -> Vec<f64>;
    /// Inequalities that together say h(w) <= t, for `size` weights; there may be 2^size of them.
    fn walls(&self, size: usize) -> Vec<Wall>;
    /// The largest |w|₂² where h(w) <= 1, for `size` weights.
    fn ball(&self, size: usize) -> usize;
    /// into += c · a subgradient of ½ h² at w.
    fn add_slope(&self, w: &[f64], c: f64, into: &mut [f64]);
    /// Demands h(x) <= t of the program and returns the rows used.
    fn cone_form(&self, program: &mut Program, t: Affine, x: Vec<Affine>) -> std::ops::Range<usize>;
}

/// The norm of a model that names none.
pub const EUCLIDEAN: Hidden = Hidden::plain(&l2::L2);

/// One of the inequalities that make h(w) <= t: |q∘w|₂ <= t - s·w.
#[derive(Clone, Debug, PartialEq)]
pub struct Wall {
    /// s, one number per weight; none are zeros.
    pub straight: Vec<f64>,
    /// q, likewise.
    pub round: Vec<f64>,
}

/// Every hidden norm that its name says all of; `sparse_group(t)` needs a number.  A new norm is one file and one row here.
pub const NORMS: &[&dyn Norm] = &[&l2::L2, &l1::L1, &linf::Linf];

impl std::fmt::Debug for dyn Norm {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.name())
    }
}

/// The penalty of an objective, without its strength β.
///
/// `weight_decay` = ½ Σ_j (h(w_j)² + |a_j|²).  Rescaling each neuron makes it Σ_j |a_j| h(w_j) for activations of degree 1
/// (AM-GM, THEORY 1), and that is the gauge the convex program prices.  `output_l1 subject to hidden_norm <= r` is
/// Σ_j |a_j| with h(w_j) <= r, for any activation (THEORY 5).  With several outputs |a_j| is |a_j|₁ there and where it is asked for, which
/// a neuron pays output by output: one that serves several is worth no less as several that serve one each (THEORY 8a).  Under plain
/// weight decay it is |a_j|₂, and outputs share neurons (THEORY 8c).
#[derive(Clone, Copy)]
pub struct Regularizer {
    pub hidden: Hidden,
    /// r, where the hidden norm is bounded and only output weights are priced, ∞ if nothing bounds it; `None` is weight decay.
    pub radius: Option<f64>,
    /// Whether weight decay measures a neuron's output weights by |a|₁ and not |a|₂; with one output both are the same.
    pub output_l1: bool,
    /// τ, where weight decay is at most that and costs nothing by itself (THEORY 6): the objective is then the loss alone.
    pub budget: Option<f64>,
}

/// How far a hidden norm may be beyond its bound and still count as within it: rounding, in networks from elsewhere too.
const ROUNDING: f64 = 1e-6;

/// Whether a size is within a bound, but for rounding.
pub fn within(size: f64, bound: f64) -> bool {
    size <= bound * (1.0 + ROUNDING)
}

impl std::fmt::Debug for Regularizer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {:?}", self.words(), self.radius)
    }
}

impl Regularizer {
    /// Plain weight decay.
    pub fn weight_decay() -> Self {
        Regularizer { hidden: EUCLIDEAN, radius: None, output_l1: false, budget: None }
    }

    /// `output_l1 subject to hidden_norm <= radius`.
    pub fn output_l1(radius: f64) -> Self {
        Regularizer { hidden: EUCLIDEAN, radius: Some(radius), output_l1: false, budget: None }
    }

    /// The constraint as the language writes it, if there is one.
    pub fn constraint(&self) -> Option<String> {
        let norm = if self.hidden.euclidean() { String::new() } else { format!("({})", self.hidden.words()) };
        let budget = self.budget.map(|budget| format!("{} <= {budget}", self.words()));
        let radius = self.radius.filter(|radius| radius.is_finite());
        budget.or(radius.map(|radius| format!("hidden_norm{norm} <= {radius}")))
    }

    /// The penalty as the language writes it, without its constraint.
    pub fn words(&self) -> String {
        if self.radius.is_some() {
            return "output_l1".to_string();
        }
        let hidden = (!self.hidden.euclidean()).then(|| format!("hidden = {}", self.hidden.words()));
        let norms: Vec<String> = hidden.into_iter().chain(self.output_l1.then(|| "output = l1".to_string())).collect();
        if norms.is_empty() { "weight_decay".to_string() } else { format!("weight_decay({})", norms.join(", ")) }
    }

    /// What one neuron costs, a bias in the norm being part of `w`: ½ (h(w)² + |a|²), or |a|₁ if h(w) <= r and +∞ beyond.
    pub fn neuron(&self, w: &[f64], a: &[f64]) -> f64 {
        let h = self.hidden.gauge(w);
        let sum: f64 = a.iter().map(|a| a.abs()).sum();
        match self.radius {
            None if self.output_l1 => 0.5 * (h * h + sum * sum),
            None => 0.5 * (h * h + a.iter().map(|a| a * a).sum::<f64>()),
            Some(radius) if within(h, radius) => sum,
            Some(_) => f64::INFINITY,
        }
    }
}
