//! ℓ = ½ (f - y)²;  ℓ*(v) = ½ v² + v y on all of ℝ;  a quadratic cost.

use super::{Loss, Targets};
use crate::exact::{Rational, half};
use crate::program::Program;

pub struct Squared;

impl Loss for Squared {
    fn name(&self) -> &'static str {
        "squared"
    }
    fn formula(&self) -> &'static str {
        "1/2 (f - y)^2"
    }
    fn known_as(&self) -> &'static str {
        "half of PyTorch's MSELoss(reduction='sum')"
    }
    fn targets(&self) -> Targets {
        Targets::Real
    }
    fn value(&self, f: f64, y: f64, _: f64) -> f64 {
        0.5 * (f - y) * (f - y)
    }
    fn slope(&self, f: f64, y: f64, _: f64) -> f64 {
        f - y
    }
    fn curvature(&self, _: f64, _: f64, _: f64) -> f64 {
        1.0
    }
    fn domain(&self, _: f64, _: f64) -> (f64, f64) {
        (f64::NEG_INFINITY, f64::INFINITY)
    }
    fn conjugate(&self, v: f64, y: f64, _: f64) -> f64 {
        0.5 * v * v + v * y
    }
    fn value_above(&self, f: &Rational, y: &Rational, _: &Rational) -> Option<Rational> {
        let r = f - y;
        Some(half(&r * &r))
    }
    fn conjugate_above(&self, v: &Rational, y: &Rational, _: &Rational) -> Option<Rational> {
        Some(half(v * v) + v * y)
    }
    fn smooth(&self) -> bool {
        true
    }
    fn cone_form(&self, program: &mut Program, f: usize, y: f64, _: f64, c: f64) {
        program.quadratic.push((f, f, c));
        program.cost[f] -= c * y;
        program.constant += 0.5 * c * y * y;
    }
}
