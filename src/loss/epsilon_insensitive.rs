//! ℓ = max(0, |f - y| - ε);  ℓ*(v) = v y + ε |v| on |v| <= 1;  t >= 0, t >= ±(f - y) - ε.

use super::{Loss, Parameter, Targets};
use crate::exact::{Abs, Rational};
use crate::program::{Affine, Cone, Program};

pub struct EpsilonInsensitive;

impl Loss for EpsilonInsensitive {
    fn name(&self) -> &'static str {
        "epsilon_insensitive"
    }
    fn formula(&self) -> &'static str {
        "max(0, |f - y| - e)"
    }
    fn known_as(&self) -> &'static str {
        "that of support vector regression; scikit-learn's SVR(epsilon=e)"
    }
    fn targets(&self) -> Targets {
        Targets::Real
    }
    fn parameter(&self) -> Option<Parameter> {
        Some(Parameter { name: "e", meaning: "how far off an output may be for nothing", above: 0.0, below: f64::INFINITY })
    }
    fn value(&self, f: f64, y: f64, epsilon: f64) -> f64 {
        ((f - y).abs() - epsilon).max(0.0)
    }
    fn slope(&self, f: f64, y: f64, epsilon: f64) -> f64 {
        if (f - y).abs() > epsilon { (f - y).signum() } else { 0.0 }
    }
    fn curvature(&self, _: f64, _: f64, _: f64) -> f64 {
        0.0
    }
    fn domain(&self, _: f64, _: f64) -> (f64, f64) {
        (-1.0, 1.0)
    }
    fn conjugate(&self, v: f64, y: f64, epsilon: f64) -> f64 {
        if v.abs() <= 1.0 { v * y + epsilon * v.abs() } else { f64::INFINITY }
    }
    fn value_above(&self, f: &Rational, y: &Rational, epsilon: &Rational) -> Option<Rational> {
        Some(((f - y).abs() - epsilon).max(Rational::ZERO))
    }
    fn conjugate_above(&self, v: &Rational, y: &Rational, epsilon: &Rational) -> Option<Rational> {
        let size = v.clone().abs();
        (size <= Rational::ONE).then(|| v * y + epsilon * size)
    }
    fn linear(&self) -> bool {
        true
    }
    fn cone_form(&self, program: &mut Program, f: usize, y: f64, epsilon: f64, c: f64) {
        let t = program.add_columns(1, c);
        let above = Affine::new(y + epsilon).plus(1.0, t).plus(-1.0, f);
        let below = Affine::new(epsilon - y).plus(1.0, t).plus(1.0, f);
        program.constrain(Cone::Nonnegatives(3), [Affine::new(0.0).plus(1.0, t), above, below]);
    }
}
