//! h(w) = (1-t) |w|₂ + t Σ |w_j|, 0 < t < 1 (sparse group, THEORY 6);  a second-order cone and straight sides.
//!
//! c = c₁ + c₂ with |c₁|₂ <= (1-t) T and |c₂|_∞ <= t T is possible just where the best split is: c₂ takes t T of every entry, or all of
//! it, so that
//! ```text
//!   h°(c) <= T   if and only if   Σ_j max(|c_j| - t T, 0)² <= (1-t)² T²
//! ```
//! h(w) >= |w|₂, so its ball lies in the Euclidean one and h°(c) <= |c|₂.

use super::{EUCLIDEAN, Norm, Wall};
use crate::exact::{Dyadic, Integer, Natural, Rational, SquareRoot, written};
use crate::program::{Affine, Cone, Program};

/// t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixed(pub f64);

fn length(w: &[f64]) -> f64 {
    w.iter().map(|w| w * w).sum::<f64>().sqrt()
}

fn sum(w: &[f64]) -> f64 {
    w.iter().map(|w| w.abs()).sum()
}

impl Mixed {
    /// t, as the model writes it.
    fn part(self) -> Rational {
        written(self.0).unwrap_or(Rational::ZERO)
    }

    /// Σ |w_j| and Σ w_j², exactly.
    fn sums(w: &[f64]) -> (Rational, Rational) {
        let (mut sizes, mut squares) = (Dyadic::ZERO, Dyadic::ZERO);
        for w in w.iter().map(|w| Dyadic::new(w.abs())) {
            squares.add(&w.times(&w));
            sizes.add(&w);
        }
        (sizes.rational(), squares.rational())
    }
}

/// At least √x, by a part of 2^-64 at most.
fn root_above(x: &Rational) -> Rational {
    let denominator = x.denominator().clone();
    let numerator = Natural::try_from(x.numerator().clone()).unwrap_or(Natural::ZERO);
    if numerator == Natural::ZERO {
        return Rational::ZERO;
    }
    let root = ((numerator * &denominator) << 128).sqrt() + Natural::ONE;
    Rational::from_parts(root.into(), denominator << 64)
}

impl Norm for Mixed {
    fn name(&self) -> &'static str {
        "sparse_group"
    }
    fn gauge(&self, w: &[f64]) -> f64 {
        (1.0 - self.0) * length(w) + self.0 * sum(w)
    }
    /// The T where both sides above are equal, over the k largest entries: the one for which these are the entries beyond t T.
    fn polar(&self, g: &[f64]) -> f64 {
        let t = self.0;
        let mut sizes: Vec<f64> = g.iter().map(|g| g.abs()).collect();
        sizes.sort_by(|a, b| b.total_cmp(a));
        let largest = sizes.first().copied().unwrap_or(0.0);
        if largest == 0.0 || !largest.is_finite() {
            return largest;
        }
        let (mut first, mut second, mut polar) = (0.0, 0.0, 0.0);
        for (k, size) in sizes.iter().map(|size| size / largest).enumerate() {
            if k > 0 && size <= t * polar {
                break;
            }
            (first, second) = (first + size, second + size * size);
            let bend = (k as f64 + 1.0) * t * t - (1.0 - t) * (1.0 - t);
            let root = (t * t * first * first - bend * second).max(0.0).sqrt();
            polar = second / (t * first + root);
        }
        polar * largest
    }
    fn square(&self, w: &[f64]) -> Rational {
        let (t, (sizes, squares)) = (self.part(), Mixed::sums(w));
        let h = (Rational::ONE - &t) * root_above(&squares) + t * sizes;
        &h * &h
    }
    fn within(&self, w: &[f64], radius: &Rational) -> bool {
        let (t, (sizes, squares)) = (self.part(), Mixed::sums(w));
        let (rest, share) = (radius - &t * sizes, Rational::ONE - t);
        rest >= Rational::ZERO && &share * &share * squares <= &rest * &rest
    }
    fn polar_within(&self, g: &[i64], shift: u32, limit: i128) -> Option<bool> {
        let t = self.part();
        let (over, under) = (t.numerator().clone(), Integer::from(t.denominator().clone()));
        let limit = Integer::from(limit);
        let (taken, unit) = (&over * &limit, &under << shift as usize);
        let beyond = |g: &i64| (Integer::from(g.unsigned_abs()) * &unit - &taken).max(Integer::ZERO);
        let square = g.iter().map(beyond).fold(Integer::ZERO, |sum, x| sum + &x * &x);
        let side = (under - over) * &limit;
        Some(limit >= Integer::ZERO && square <= &side * &side)
    }
    fn polar_above(&self, g: &[i64], bits: u32) -> Natural {
        let float: Vec<f64> = g.iter().map(|g| *g as f64).collect();
        let guess = (libm::scalbn(self.polar(&float), bits as i32) * (1.0 + 1e-12)).ceil() as i128;
        match self.polar_within(g, bits, guess) {
            Some(true) => Natural::from(guess.unsigned_abs()),
            _ => EUCLIDEAN.polar_above(g, bits),
        }
    }
    fn support(&self, g: &[f64]) -> Vec<f64> {
        let taken = self.0 * self.polar(g);
        let beyond: Vec<f64> = g.iter().map(|g| (g.abs() - taken).max(0.0) * g.signum()).collect();
        let size = self.gauge(&beyond);
        beyond.iter().map(|w| w / size).collect()
    }
    fn walls(&self, size: usize) -> Vec<Wall> {
        let signed = |signs: u32| (0..size).map(|j| if signs >> j & 1 == 1 { -self.0 } else { self.0 }).collect();
        (0..1 << size.min(16)).map(|signs| Wall { straight: signed(signs), round: vec![1.0 - self.0; size] }).collect()
    }
    fn ball(&self, _: usize) -> usize {
        1
    }
    fn add_slope(&self, w: &[f64], c: f64, into: &mut [f64]) {
        let (size, h) = (length(w), self.gauge(w));
        for (sum, w) in into.iter_mut().zip(w).filter(|(_, w)| **w != 0.0) {
            *sum += c * h * ((1.0 - self.0) * w / size + self.0 * w.signum());
        }
    }
    /// |x|₂ <= p, -s <= x <= s, (1-t) p + t Σ s <= bound.
    fn cone_form(&self, program: &mut Program, bound: Affine, x: Vec<Affine>) -> std::ops::Range<usize> {
        let first = program.height();
        let (p, s) = (program.add_columns(1, 0.0), program.add_columns(x.len(), 0.0));
        let sides = x.iter().enumerate().flat_map(|(j, x)| [x.clone().times(-1.0).plus(1.0, s + j), x.clone().plus(1.0, s + j)]);
        let sides: Vec<Affine> = sides.collect();
        let columns = s..s + x.len();
        program.constrain(Cone::Nonnegatives(sides.len()), sides);
        program.constrain(Cone::SecondOrder(1 + x.len()), std::iter::once(Affine::new(0.0).plus(1.0, p)).chain(x));
        let rest = columns.fold(bound.plus(self.0 - 1.0, p), |rest, column| rest.plus(-self.0, column));
        program.constrain(Cone::Nonnegatives(1), [rest]);
        first..program.height()
    }
}
