//! ℓ = log(1 + exp(-y f));  ℓ*(v) = s log s + (1-s) log(1-s), s = -y v in [0, 1];  t >= ℓ by two exponential cones.

use super::{Loss, Targets};
use crate::exact::{Abs, Rational, exp_above, ln_above};
use crate::program::{Affine, Cone, Program};

pub struct Logistic;

impl Loss for Logistic {
    fn name(&self) -> &'static str {
        "logistic"
    }
    fn formula(&self) -> &'static str {
        "log(1 + exp(-y f))"
    }
    fn known_as(&self) -> &'static str {
        "PyTorch's BCEWithLogitsLoss(reduction='sum'), labels 0 and 1"
    }
    fn targets(&self) -> Targets {
        Targets::Classes
    }
    fn value(&self, f: f64, y: f64, _: f64) -> f64 {
        let z = -y * f;
        z.max(0.0) + libm::log1p(libm::exp(-z.abs()))
    }
    fn slope(&self, f: f64, y: f64, _: f64) -> f64 {
        -y * probability(-y * f)
    }
    fn curvature(&self, f: f64, y: f64, _: f64) -> f64 {
        let s = probability(-y * f);
        s * (1.0 - s)
    }
    fn domain(&self, y: f64, _: f64) -> (f64, f64) {
        if y > 0.0 { (-1.0, 0.0) } else { (0.0, 1.0) }
    }
    fn conjugate(&self, v: f64, y: f64, _: f64) -> f64 {
        let s = -y * v;
        if (0.0..=1.0).contains(&s) { entropy(s) + entropy(1.0 - s) } else { f64::INFINITY }
    }

    /// z + log(1 + e^-z) with e^-|z| and the logarithm rounded up.
    fn value_above(&self, f: &Rational, y: &Rational, _: &Rational) -> Option<Rational> {
        let z = -(y * f);
        let small = exp_above(&-z.clone().abs())?;
        Some(z.max(Rational::ZERO) + ln_above(&(Rational::ONE + small))?)
    }
    fn conjugate_above(&self, v: &Rational, y: &Rational, _: &Rational) -> Option<Rational> {
        let s = -(y * v);
        let inside = Rational::ZERO <= s && s <= Rational::ONE;
        let term = |s: Rational| if s == Rational::ZERO { Some(s) } else { Some(&s * ln_above(&s)?) };
        if inside { Some(term(s.clone())? + term(Rational::ONE - s)?) } else { None }
    }
    fn exponential(&self) -> bool {
        true
    }
    fn smooth(&self) -> bool {
        true
    }
    /// t >= log(1 + e^z), z = -y f, exactly when e^(z-t) + e^(-t) <= 1: with a >= e^(z-t), b >= e^(-t), a + b <= 1.
    fn cone_form(&self, program: &mut Program, f: usize, y: f64, _: f64, c: f64) {
        let t = program.add_columns(1, c);
        let a = program.add_columns(1, 0.0);
        let b = program.add_columns(1, 0.0);
        let one = || Affine::new(1.0);
        let zero = || Affine::new(0.0);
        program.constrain(Cone::Exponential, [zero().plus(-y, f).plus(-1.0, t), one(), zero().plus(1.0, a)]);
        program.constrain(Cone::Exponential, [zero().plus(-1.0, t), one(), zero().plus(1.0, b)]);
        program.constrain(Cone::Nonnegatives(1), [one().plus(-1.0, a).plus(-1.0, b)]);
    }
}

/// 1 / (1 + e^-z) without overflow.
fn probability(z: f64) -> f64 {
    let e = libm::exp(-z.abs());
    if z >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// s log s, continued by 0 at 0.
fn entropy(s: f64) -> f64 {
    if s <= 0.0 { 0.0 } else { s * libm::log(s) }
}
