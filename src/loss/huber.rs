//! ℓ = ½ r² for |r| <= d, d |r| - ½ d² beyond, r = f - y;  ℓ*(v) = ½ v² + v y on |v| <= d;  ½ q² + d t, t >= ±(f - y - q).

use super::{Loss, Parameter, Targets};
use crate::exact::{Abs, Rational, half};
use crate::program::{Affine, Cone, Program};

pub struct Huber;

impl Loss for Huber {
    fn name(&self) -> &'static str {
        "huber"
    }
    fn formula(&self) -> &'static str {
        "1/2 (f - y)^2 up to |f - y| = d, then d |f - y| - d^2/2"
    }
    fn known_as(&self) -> &'static str {
        "PyTorch's HuberLoss(reduction='sum', delta=d)"
    }
    fn targets(&self) -> Targets {
        Targets::Real
    }
    fn parameter(&self) -> Option<Parameter> {
        Some(Parameter { name: "d", meaning: "where the loss turns from square to straight", above: 0.0, below: f64::INFINITY })
    }
    fn value(&self, f: f64, y: f64, d: f64) -> f64 {
        let r = (f - y).abs();
        if r <= d { 0.5 * r * r } else { d * r - 0.5 * d * d }
    }
    fn slope(&self, f: f64, y: f64, d: f64) -> f64 {
        (f - y).clamp(-d, d)
    }
    fn curvature(&self, f: f64, y: f64, d: f64) -> f64 {
        if (f - y).abs() <= d { 1.0 } else { 0.0 }
    }
    fn domain(&self, _: f64, d: f64) -> (f64, f64) {
        (-d, d)
    }
    fn conjugate(&self, v: f64, y: f64, d: f64) -> f64 {
        if v.abs() <= d { 0.5 * v * v + v * y } else { f64::INFINITY }
    }
    fn value_above(&self, f: &Rational, y: &Rational, d: &Rational) -> Option<Rational> {
        let r = (f - y).abs();
        Some(if r <= *d { half(&r * &r) } else { d * r - half(d * d) })
    }
    fn conjugate_above(&self, v: &Rational, y: &Rational, d: &Rational) -> Option<Rational> {
        (v.clone().abs() <= *d).then(|| half(v * v) + v * y)
    }
    fn smooth(&self) -> bool {
        true
    }
    fn cone_form(&self, program: &mut Program, f: usize, y: f64, d: f64, c: f64) {
        let q = program.add_columns(1, 0.0);
        let t = program.add_columns(1, c * d);
        program.quadratic.push((q, q, c));
        let above = Affine::new(y).plus(1.0, t).plus(1.0, q).plus(-1.0, f);
        let below = Affine::new(-y).plus(1.0, t).plus(-1.0, q).plus(1.0, f);
        program.constrain(Cone::Nonnegatives(2), [above, below]);
    }
}
