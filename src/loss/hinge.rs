//! ℓ = max(0, 1 - y f);  ℓ*(v) = y v on -1 <= y v <= 0;  t >= 0, t >= 1 - y f.

use super::{Loss, Targets};
use crate::exact::Rational;
use crate::program::{Affine, Cone, Program};

pub struct Hinge;

impl Loss for Hinge {
    fn name(&self) -> &'static str {
        "hinge"
    }
    fn formula(&self) -> &'static str {
        "max(0, 1 - y f)"
    }
    fn known_as(&self) -> &'static str {
        "the support vector machine's loss; scikit-learn's hinge_loss times n"
    }
    fn targets(&self) -> Targets {
        Targets::Classes
    }
    fn value(&self, f: f64, y: f64, _: f64) -> f64 {
        (1.0 - y * f).max(0.0)
    }
    fn slope(&self, f: f64, y: f64, _: f64) -> f64 {
        if y * f < 1.0 { -y } else { 0.0 }
    }
    fn curvature(&self, _: f64, _: f64, _: f64) -> f64 {
        0.0
    }
    fn domain(&self, y: f64, _: f64) -> (f64, f64) {
        if y > 0.0 { (-1.0, 0.0) } else { (0.0, 1.0) }
    }
    fn conjugate(&self, v: f64, y: f64, _: f64) -> f64 {
        if (-1.0..=0.0).contains(&(y * v)) { y * v } else { f64::INFINITY }
    }
    fn value_above(&self, f: &Rational, y: &Rational, _: &Rational) -> Option<Rational> {
        Some((Rational::ONE - y * f).max(Rational::ZERO))
    }
    fn conjugate_above(&self, v: &Rational, y: &Rational, _: &Rational) -> Option<Rational> {
        let s = y * v;
        (-Rational::ONE <= s && s <= Rational::ZERO).then_some(s)
    }
    fn linear(&self) -> bool {
        true
    }
    fn cone_form(&self, program: &mut Program, f: usize, y: f64, _: f64, c: f64) {
        let t = program.add_columns(1, c);
        program.constrain(Cone::Nonnegatives(2), [Affine::new(0.0).plus(1.0, t), Affine::new(-1.0).plus(1.0, t).plus(y, f)]);
    }
}
