//! L_i = log Σ_c exp f_ic - f_i,label as a Poisson loss whose rows may be shifted for free:
//! ```text
//!   L_i = min over t of Σ_c ℓ(f_ic - t, y_ic),     ℓ(f, y) = e^f - y f - y,     y_ic = 1 for the label and 0 for the others
//! ```
//! The best t is log Σ_c exp f_ic, and the label's -y f + y t = -f + t is all that is left.  The conjugate has v_ic + y_ic = s_ic >= 0 as
//! Poisson's has, and the shift adds Σ_c v_ic = 0: the s of a row are probabilities, and Σ_c (s log s - s + y) = Σ_c s log s (THEORY 7).

use super::poisson::Poisson;
use super::{Loss, Targets};
use crate::exact::Rational;
use crate::program::Program;

pub struct CrossEntropy;

impl Loss for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }
    fn formula(&self) -> &'static str {
        "log(sum_c exp(f_ic)) - f_i,label"
    }
    fn known_as(&self) -> &'static str {
        "PyTorch's CrossEntropyLoss(reduction='sum')"
    }
    fn targets(&self) -> Targets {
        Targets::Labels
    }
    fn value(&self, f: f64, y: f64, p: f64) -> f64 {
        Poisson.value(f, y, p) - y
    }
    fn slope(&self, f: f64, y: f64, p: f64) -> f64 {
        Poisson.slope(f, y, p)
    }
    fn curvature(&self, f: f64, y: f64, p: f64) -> f64 {
        Poisson.curvature(f, y, p)
    }
    fn domain(&self, y: f64, p: f64) -> (f64, f64) {
        Poisson.domain(y, p)
    }
    fn conjugate(&self, v: f64, y: f64, p: f64) -> f64 {
        Poisson.conjugate(v, y, p) + y
    }
    fn value_above(&self, f: &Rational, y: &Rational, p: &Rational) -> Option<Rational> {
        Some(Poisson.value_above(f, y, p)? - y)
    }
    fn conjugate_above(&self, v: &Rational, y: &Rational, p: &Rational) -> Option<Rational> {
        Some(Poisson.conjugate_above(v, y, p)? + y)
    }
    /// log Σ_c exp f_c, without overflow.
    fn shift(&self, row: &[f64]) -> Option<f64> {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some(largest + libm::log(row.iter().map(|f| libm::exp(f - largest)).sum()))
    }
    fn exponential(&self) -> bool {
        true
    }
    fn cone_form(&self, program: &mut Program, f: usize, y: f64, p: f64, c: f64) {
        Poisson.cone_form(program, f, y, p, c);
        program.constant -= c * y;
    }
}
