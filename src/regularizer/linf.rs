//! h(w) = max |w_j|, its polar Σ |g_j|;  linear.

use super::{Norm, Wall};
use crate::exact::{Abs, Dyadic, Integer, Natural, Rational};
use crate::program::{Affine, Cone, Program};

pub struct Linf;

impl Norm for Linf {
    fn name(&self) -> &'static str {
        "linf"
    }
    fn gauge(&self, w: &[f64]) -> f64 {
        w.iter().fold(0.0, |largest, w| largest.max(w.abs()))
    }
    fn polar(&self, g: &[f64]) -> f64 {
        g.iter().map(|g| g.abs()).sum()
    }
    fn square(&self, w: &[f64]) -> Rational {
        let largest = Dyadic::new(self.gauge(w));
        largest.times(&largest).rational()
    }
    fn support(&self, g: &[f64]) -> Vec<f64> {
        g.iter().map(|g| if *g == 0.0 { 0.0 } else { g.signum() }).collect()
    }
    fn polar_within(&self, g: &[i64], shift: u32, limit: i128) -> Option<bool> {
        let sum = g.iter().try_fold(0_i128, |sum, g| sum.checked_add(i128::from(*g).abs()))?;
        Some(sum.checked_mul(1_i128.checked_shl(shift)?)? <= limit)
    }
    fn polar_at_most(&self, g: &[Integer], limit: &Integer) -> bool {
        g.iter().map(|g| g.clone().abs()).sum::<Integer>() <= *limit
    }
    fn polar_above(&self, g: &[i64], bits: u32) -> Natural {
        g.iter().fold(Natural::ZERO, |sum, g| sum + Natural::from(g.unsigned_abs())) << bits as usize
    }
    fn walls(&self, size: usize) -> Vec<Wall> {
        let side = |j: usize, side: f64| (0..size).map(|i| if i == j { side } else { 0.0 }).collect();
        let pair = |j| [1.0, -1.0].map(|s| Wall { straight: side(j, s), round: Vec::new() });
        (0..size).flat_map(pair).collect()
    }
    fn ball(&self, size: usize) -> usize {
        size
    }
    fn add_slope(&self, w: &[f64], c: f64, into: &mut [f64]) {
        let largest = (0..w.len()).max_by(|&i, &j| w[i].abs().total_cmp(&w[j].abs()).then(j.cmp(&i)));
        if let Some(j) = largest {
            into[j] += c * w[j];
        }
    }
    /// -t <= x <= t.
    fn cone_form(&self, program: &mut Program, t: Affine, x: Vec<Affine>) -> std::ops::Range<usize> {
        let sides = x.into_iter().flat_map(|x| [x.clone().times(-1.0).and(&t), x.and(&t)]);
        let sides: Vec<Affine> = sides.collect();
        program.constrain(Cone::Nonnegatives(sides.len()), sides)
    }
}
