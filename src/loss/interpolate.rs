//! ℓ = 0 where f = y, and +∞ elsewhere;  ℓ*(v) = v y for every v;  f = y.
//!
//! With a number p in place of the infinite one: ℓ = p |f - y|, ℓ*(v) = v y on |v| <= p.  Where the best dual vector of interpolation is
//! shorter than p both have the same optimum, and all its networks interpolate: the exact penalty that the search goes by.

use super::{Loss, Targets};
use crate::exact::{Abs, Rational};
use crate::program::{Affine, Cone, Program};

pub struct Interpolate;

/// An infinite p among rationals: no penalty is 0.
const INFINITE: Rational = Rational::ZERO;

impl Loss for Interpolate {
    fn name(&self) -> &'static str {
        "interpolate"
    }
    fn formula(&self) -> &'static str {
        "f = y"
    }
    fn known_as(&self) -> &'static str {
        "a constraint: every training row is fitted exactly"
    }
    fn targets(&self) -> Targets {
        Targets::Real
    }
    fn exact(&self) -> bool {
        true
    }
    fn value(&self, f: f64, y: f64, p: f64) -> f64 {
        if f == y { 0.0 } else { p * (f - y).abs() }
    }
    fn slope(&self, f: f64, y: f64, p: f64) -> f64 {
        if f == y { 0.0 } else { p.copysign(f - y) }
    }
    fn curvature(&self, _: f64, _: f64, _: f64) -> f64 {
        0.0
    }
    fn domain(&self, _: f64, p: f64) -> (f64, f64) {
        (-p, p)
    }
    fn conjugate(&self, v: f64, y: f64, p: f64) -> f64 {
        if v.abs() <= p { v * y } else { f64::INFINITY }
    }
    fn value_above(&self, f: &Rational, y: &Rational, p: &Rational) -> Option<Rational> {
        (f == y || *p != INFINITE).then(|| p * (f - y).abs())
    }
    fn conjugate_above(&self, v: &Rational, y: &Rational, p: &Rational) -> Option<Rational> {
        (*p == INFINITE || v.clone().abs() <= *p).then(|| v * y)
    }
    fn linear(&self) -> bool {
        true
    }
    fn cone_form(&self, program: &mut Program, f: usize, y: f64, p: f64, c: f64) {
        if p.is_infinite() {
            program.constrain(Cone::Zeros(1), [Affine::new(-y).plus(1.0, f)]);
            return;
        }
        let t = program.add_columns(1, c * p);
        let above = Affine::new(y).plus(1.0, t).plus(-1.0, f);
        let below = Affine::new(-y).plus(1.0, t).plus(1.0, f);
        program.constrain(Cone::Nonnegatives(2), [above, below]);
    }
}
