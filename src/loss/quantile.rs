//! ℓ = max(τ (y - f), (τ - 1)(y - f));  ℓ*(v) = v y on -τ <= v <= 1 - τ;  t above both straight lines.

use super::{Loss, Parameter, Targets};
use crate::exact::Rational;
use crate::program::{Affine, Cone, Program};

pub struct Quantile;

impl Loss for Quantile {
    fn name(&self) -> &'static str {
        "quantile"
    }
    fn formula(&self) -> &'static str {
        "max(t (y - f), (t - 1)(y - f))"
    }
    fn known_as(&self) -> &'static str {
        "the pinball loss; scikit-learn's mean_pinball_loss(alpha=t) times n"
    }
    fn targets(&self) -> Targets {
        Targets::Real
    }
    fn parameter(&self) -> Option<Parameter> {
        Some(Parameter { name: "t", meaning: "the quantile that the output estimates", above: 0.0, below: 1.0 })
    }
    fn value(&self, f: f64, y: f64, tau: f64) -> f64 {
        (tau * (y - f)).max((tau - 1.0) * (y - f))
    }
    fn slope(&self, f: f64, y: f64, tau: f64) -> f64 {
        if f > y {
            1.0 - tau
        } else if f < y {
            -tau
        } else {
            0.0
        }
    }
    fn curvature(&self, _: f64, _: f64, _: f64) -> f64 {
        0.0
    }
    fn domain(&self, _: f64, tau: f64) -> (f64, f64) {
        (-tau, 1.0 - tau)
    }
    fn conjugate(&self, v: f64, y: f64, tau: f64) -> f64 {
        if -tau <= v && v <= 1.0 - tau { v * y } else { f64::INFINITY }
    }
    fn value_above(&self, f: &Rational, y: &Rational, tau: &Rational) -> Option<Rational> {
        let r = y - f;
        Some(if r >= Rational::ZERO { tau * r } else { (tau - Rational::ONE) * r })
    }
    fn conjugate_above(&self, v: &Rational, y: &Rational, tau: &Rational) -> Option<Rational> {
        (-tau <= *v && *v <= Rational::ONE - tau).then(|| v * y)
    }
    fn linear(&self) -> bool {
        true
    }
    fn cone_form(&self, program: &mut Program, f: usize, y: f64, tau: f64, c: f64) {
        let t = program.add_columns(1, c);
        let under = Affine::new(-tau * y).plus(1.0, t).plus(tau, f);
        let over = Affine::new((1.0 - tau) * y).plus(1.0, t).plus(tau - 1.0, f);
        program.constrain(Cone::Nonnegatives(2), [under, over]);
    }
}
