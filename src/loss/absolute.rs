//! ℓ = |f - y|;  ℓ*(v) = v y on |v| <= 1;  t >= ±(f - y).

use super::{Loss, Targets};
use crate::exact::{Abs, Rational};
use crate::program::{Affine, Cone, Program};

pub struct Absolute;

impl Loss for Absolute {
    fn name(&self) -> &'static str {
        "absolute"
    }
    fn formula(&self) -> &'static str {
        "|f - y|"
    }
    fn known_as(&self) -> &'static str {
        "PyTorch's L1Loss(reduction='sum')"
    }
    fn targets(&self) -> Targets {
        Targets::Real
    }
    fn value(&self, f: f64, y: f64, _: f64) -> f64 {
        (f - y).abs()
    }
    fn slope(&self, f: f64, y: f64, _: f64) -> f64 {
        if f > y {
            1.0
        } else if f < y {
            -1.0
        } else {
            0.0
        }
    }
    fn curvature(&self, _: f64, _: f64, _: f64) -> f64 {
        0.0
    }
    fn domain(&self, _: f64, _: f64) -> (f64, f64) {
        (-1.0, 1.0)
    }
    fn conjugate(&self, v: f64, y: f64, _: f64) -> f64 {
        if v.abs() <= 1.0 { v * y } else { f64::INFINITY }
    }
    fn value_above(&self, f: &Rational, y: &Rational, _: &Rational) -> Option<Rational> {
        Some((f - y).abs())
    }
    fn conjugate_above(&self, v: &Rational, y: &Rational, _: &Rational) -> Option<Rational> {
        (v.clone().abs() <= Rational::ONE).then(|| v * y)
    }
    fn linear(&self) -> bool {
        true
    }
    fn cone_form(&self, program: &mut Program, f: usize, y: f64, _: f64, c: f64) {
        let t = program.add_columns(1, c);
        let above = Affine::new(y).plus(1.0, t).plus(-1.0, f);
        let below = Affine::new(-y).plus(1.0, t).plus(1.0, f);
        program.constrain(Cone::Nonnegatives(2), [above, below]);
    }
}
