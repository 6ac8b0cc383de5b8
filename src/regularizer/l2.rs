//! h(w) = |w|₂, its own polar;  a second-order cone.

use super::Norm;
use crate::program::{Affine, Cone, Program};

pub struct L2;

impl Norm for L2 {
    fn name(&self) -> &'static str {
        "l2"
    }
    fn gauge(&self, w: &[f64]) -> f64 {
        w.iter().map(|w| w * w).sum::<f64>().sqrt()
    }
    fn polar(&self, g: &[f64]) -> f64 {
        self.gauge(g)
    }
    fn add_slope(&self, w: &[f64], c: f64, into: &mut [f64]) {
        into.iter_mut().zip(w).for_each(|(sum, w)| *sum += c * w);
    }
    fn cone_form(&self, program: &mut Program, t: Affine, x: Vec<Affine>) -> std::ops::Range<usize> {
        program.constrain(Cone::SecondOrder(1 + x.len()), std::iter::once(t).chain(x))
    }
}
