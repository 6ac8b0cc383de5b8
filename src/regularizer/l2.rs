//! h(w) = |w|₂, its own polar;  a second-order cone.

use super::{Norm, Wall};
use crate::exact::{Dyadic, Integer, Natural, Rational, SquareRoot};
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
    fn square(&self, w: &[f64]) -> Rational {
        let mut sum = Dyadic::ZERO;
        for w in w.iter().map(|w| Dyadic::new(*w)) {
            sum.add(&w.times(&w));
        }
        sum.rational()
    }
    fn polar_within(&self, g: &[i64], shift: u32, limit: i128) -> Option<bool> {
        let square = g.iter().try_fold(0_i128, |sum, g| sum.checked_add(i128::from(*g).checked_mul(i128::from(*g))?))?;
        let square = square.checked_mul(1_i128.checked_shl(2 * shift)?)?;
        Some(limit >= 0 && limit.checked_mul(limit).is_none_or(|limit| square <= limit))
    }
    fn support(&self, g: &[f64]) -> Vec<f64> {
        let length = self.gauge(g);
        g.iter().map(|g| g / length).collect()
    }
    fn polar_at_most(&self, g: &[Integer], limit: &Integer) -> bool {
        *limit >= Integer::ZERO && g.iter().map(|g| g * g).sum::<Integer>() <= limit * limit
    }
    fn polar_above(&self, g: &[i64], bits: u32) -> Natural {
        let square = |g: &i64| Natural::from(g.unsigned_abs()) * Natural::from(g.unsigned_abs());
        let square = g.iter().fold(Natural::ZERO, |sum, g| sum + square(g));
        (square << (2 * bits) as usize).sqrt() + Natural::ONE
    }
    fn walls(&self, size: usize) -> Vec<Wall> {
        vec![Wall { straight: Vec::new(), round: vec![1.0; size] }]
    }
    fn ball(&self, _: usize) -> usize {
        1
    }
    fn add_slope(&self, w: &[f64], c: f64, into: &mut [f64]) {
        into.iter_mut().zip(w).for_each(|(sum, w)| *sum += c * w);
    }
    fn cone_form(&self, program: &mut Program, t: Affine, x: Vec<Affine>) -> std::ops::Range<usize> {
        program.constrain(Cone::SecondOrder(1 + x.len()), std::iter::once(t).chain(x))
    }
}
