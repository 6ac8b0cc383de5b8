//! h(w) = Σ |w_j|, its polar max |g_j|;  linear.

use super::{Norm, Wall};
use crate::exact::{Abs, Dyadic, Integer, Natural, Rational};
use crate::program::{Affine, Cone, Program};

pub struct L1;

impl Norm for L1 {
    fn name(&self) -> &'static str {
        "l1"
    }
    fn gauge(&self, w: &[f64]) -> f64 {
        w.iter().map(|w| w.abs()).sum()
    }
    fn polar(&self, g: &[f64]) -> f64 {
        g.iter().fold(0.0, |largest, g| largest.max(g.abs()))
    }
    fn square(&self, w: &[f64]) -> Rational {
        let mut sum = Dyadic::ZERO;
        w.iter().for_each(|w| sum.add(&Dyadic::new(w.abs())));
        sum.times(&sum).rational()
    }
    fn support(&self, g: &[f64]) -> Vec<f64> {
        let largest = (0..g.len()).max_by(|&i, &j| g[i].abs().total_cmp(&g[j].abs()).then(j.cmp(&i)));
        (0..g.len()).map(|j| if Some(j) == largest { g[j].signum() } else { 0.0 }).collect()
    }
    fn polar_within(&self, g: &[i64], shift: u32, limit: i128) -> Option<bool> {
        Some(limit >= 0 && g.iter().all(|g| i128::from(*g).abs() << shift <= limit))
    }
    fn polar_at_most(&self, g: &[Integer], limit: &Integer) -> bool {
        *limit >= Integer::ZERO && g.iter().all(|g| g.clone().abs() <= *limit)
    }
    fn polar_above(&self, g: &[i64], bits: u32) -> Natural {
        Natural::from(g.iter().map(|g| g.unsigned_abs()).max().unwrap_or(0)) << bits as usize
    }
    fn walls(&self, size: usize) -> Vec<Wall> {
        let side = |bits: u32, j: usize| if bits >> j & 1 == 1 { -1.0 } else { 1.0 };
        let wall = |bits| Wall { straight: (0..size).map(|j| side(bits, j)).collect(), round: Vec::new() };
        (0..1_u32 << size).map(wall).collect()
    }
    fn ball(&self, _: usize) -> usize {
        1
    }
    fn add_slope(&self, w: &[f64], c: f64, into: &mut [f64]) {
        let h = self.gauge(w);
        into.iter_mut().zip(w).filter(|(_, w)| **w != 0.0).for_each(|(sum, w)| *sum += c * h * w.signum());
    }
    /// -s <= x <= s, Σ s <= t.
    fn cone_form(&self, program: &mut Program, t: Affine, x: Vec<Affine>) -> std::ops::Range<usize> {
        let first = program.height();
        let sizes = program.add_columns(x.len(), 0.0);
        let sides = x.into_iter().enumerate().flat_map(|(j, x)| [x.clone().times(-1.0).plus(1.0, sizes + j), x.plus(1.0, sizes + j)]);
        let sides: Vec<Affine> = sides.collect();
        program.constrain(Cone::Nonnegatives(sides.len()), sides.clone());
        let sum = (sizes..sizes + sides.len() / 2).fold(t, |sum, column| sum.plus(-1.0, column));
        program.constrain(Cone::Nonnegatives(1), [sum]);
        first..program.height()
    }
}
