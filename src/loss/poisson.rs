//! ℓ = e^f - y f, y >= 0;  ℓ*(v) = s log s - s, s = v + y >= 0;  u t - y f, t >= e^(f - log u) by an exponential cone, for any u > 0.

use super::{Loss, Targets};
use crate::exact::{Rational, exp_above, ln_above};
use crate::program::{Affine, Cone, Program};

pub struct Poisson;

/// Smaller rates are measured in this unit.
const SMALLEST_UNIT: f64 = 1e-3;

impl Loss for Poisson {
    fn name(&self) -> &'static str {
        "poisson"
    }
    fn formula(&self) -> &'static str {
        "exp(f) - y f"
    }
    fn known_as(&self) -> &'static str {
        "PyTorch's PoissonNLLLoss(log_input=True, reduction='sum')"
    }
    fn targets(&self) -> Targets {
        Targets::Counts
    }
    fn value(&self, f: f64, y: f64, _: f64) -> f64 {
        libm::exp(f) - y * f
    }
    fn slope(&self, f: f64, y: f64, _: f64) -> f64 {
        libm::exp(f) - y
    }
    fn curvature(&self, f: f64, _: f64, _: f64) -> f64 {
        libm::exp(f)
    }
    fn domain(&self, y: f64, _: f64) -> (f64, f64) {
        (-y, f64::INFINITY)
    }
    fn conjugate(&self, v: f64, y: f64, _: f64) -> f64 {
        let s = v + y;
        match s {
            s if s > 0.0 => s * libm::log(s) - s,
            0.0 => 0.0,
            _ => f64::INFINITY,
        }
    }

    /// e^f rounded up, the rest as it is.
    fn value_above(&self, f: &Rational, y: &Rational, _: &Rational) -> Option<Rational> {
        Some(exp_above(f)? - y * f)
    }
    /// s >= 0, so a logarithm rounded up is safe whatever its sign; where s is too small for one, s log s - s <= 0.
    fn conjugate_above(&self, v: &Rational, y: &Rational, _: &Rational) -> Option<Rational> {
        let s = v + y;
        match ln_above(&s) {
            Some(log) => Some(&s * log - s),
            None => (Rational::ZERO <= s && s < Rational::ONE).then_some(Rational::ZERO),
        }
    }
    /// y - y log y, at f = log y: negative for y > e.
    fn least(&self, y: f64, p: f64) -> f64 {
        -self.conjugate(0.0, y, p)
    }
    fn least_below(&self, y: &Rational, p: &Rational) -> Option<Rational> {
        Some(-self.conjugate_above(&Rational::ZERO, y, p)?)
    }
    fn exponential(&self) -> bool {
        true
    }
    fn smooth(&self) -> bool {
        true
    }
    fn cone_form(&self, program: &mut Program, f: usize, y: f64, _: f64, c: f64) {
        // In units of the count itself every cone is near (0, 1, 1) at a good fit, which solvers like.
        let unit = if y > 0.0 { y.max(SMALLEST_UNIT) } else { 1.0 };
        let t = program.add_columns(1, c * unit);
        program.cost[f] -= c * y;
        let rows = [Affine::new(-libm::log(unit)).plus(1.0, f), Affine::new(1.0), Affine::new(0.0).plus(1.0, t)];
        program.constrain(Cone::Exponential, rows);
    }
}
