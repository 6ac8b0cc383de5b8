//! ℓ = ½ max(0, 1 - y f)²;  ℓ*(v) = y v + ½ v² on y v <= 0;  ½ t², t >= 0, t >= 1 - y f.

use super::{Loss, Targets};
use crate::exact::{Rational, half};
use crate::program::{Affine, Cone, Program};

pub struct SquaredHinge;

impl Loss for SquaredHinge {
    fn name(&self) -> &'static str {
        "squared_hinge"
    }
    fn formula(&self) -> &'static str {
        "1/2 max(0, 1 - y f)^2"
    }
    fn known_as(&self) -> &'static str {
        "half of scikit-learn's LinearSVC(loss='squared_hinge')"
    }
    fn targets(&self) -> Targets {
        Targets::Classes
    }
    fn value(&self, f: f64, y: f64, _: f64) -> f64 {
        let short = (1.0 - y * f).max(0.0);
        0.5 * short * short
    }
    fn slope(&self, f: f64, y: f64, _: f64) -> f64 {
        -y * (1.0 - y * f).max(0.0)
    }
    fn curvature(&self, f: f64, y: f64, _: f64) -> f64 {
        if y * f < 1.0 { 1.0 } else { 0.0 }
    }
    fn domain(&self, y: f64, _: f64) -> (f64, f64) {
        if y > 0.0 { (f64::NEG_INFINITY, 0.0) } else { (0.0, f64::INFINITY) }
    }
    fn conjugate(&self, v: f64, y: f64, _: f64) -> f64 {
        if y * v <= 0.0 { y * v + 0.5 * v * v } else { f64::INFINITY }
    }
    fn value_above(&self, f: &Rational, y: &Rational, _: &Rational) -> Option<Rational> {
        let short = (Rational::ONE - y * f).max(Rational::ZERO);
        Some(half(&short * &short))
    }
    fn conjugate_above(&self, v: &Rational, y: &Rational, _: &Rational) -> Option<Rational> {
        let s = y * v;
        (s <= Rational::ZERO).then(|| s + half(v * v))
    }
    fn smooth(&self) -> bool {
        true
    }
    fn cone_form(&self, program: &mut Program, f: usize, y: f64, _: f64, c: f64) {
        let t = program.add_columns(1, 0.0);
        program.quadratic.push((t, t, c));
        program.constrain(Cone::Nonnegatives(2), [Affine::new(0.0).plus(1.0, t), Affine::new(-1.0).plus(1.0, t).plus(y, f)]);
    }
}
