//! Vectors of doubles whose products have exact signs: rounded sums where these decide, the doubles without rounding elsewhere.
//!
//! A sum of d rounded products, in any order, is off by less than d u / (1 - d u) times the sum of their sizes, u = 2^-53, and by
//! the least normal number for each product that underflows:
//! ```text
//!   |fl(a·b) - a·b| <= (d + 4) 1.2e-16 Σ_j |a_j| Σ_j |b_j|  +  d 2^-1022
//! ```
//! where the sums of sizes are themselves rounded (the rounding of both is some (d + 2) u of the right side, which is nothing beside
//! what 1.2 is above 1.11 until d comes near 10^14).

use super::Doubles;
use super::linear::sign;

/// Above u by more than all other roundings together.
const ROUNDING: f64 = 1.2e-16;

/// Finite doubles and what bounds the rounding of their products.
#[derive(Clone, Copy, Debug)]
pub struct Factor<'a> {
    values: &'a [f64],
    /// Σ_j |a_j|, rounded.
    size: f64,
}

impl<'a> Factor<'a> {
    /// `None` if an entry is not finite.
    pub fn new(values: &'a [f64]) -> Option<Self> {
        let size = size(values);
        let finite = size.is_finite() || values.iter().all(|x| x.is_finite());
        finite.then_some(Factor { values, size })
    }

    /// The sign of a·b: -1, 0 or 1, exactly.
    pub fn sign(&self, other: &Factor) -> i8 {
        self.sign_near(other, product(self.values, other.values))
    }

    /// The same, where `near` is the rounded sum of the products in any order, fused or not.
    pub fn sign_near(&self, other: &Factor, near: f64) -> i8 {
        let length = self.values.len() as f64;
        // The product first: the unit alone may underflow.  Where something overflows no comparison holds.
        let off = (length + 4.0) * ROUNDING * (self.size * other.size) + length * f64::MIN_POSITIVE;
        match near {
            near if near > off && near < f64::INFINITY => 1,
            near if near < -off && near > f64::NEG_INFINITY => -1,
            _ => sign(&Doubles::new(self.values).dot(&Doubles::new(other.values)).mantissa),
        }
    }
}

/// a·b, rounded, as far as both go.
pub fn product(a: &[f64], b: &[f64]) -> f64 {
    let (mut eight, whole) = ([0.0; 8], a.len().min(b.len()) / 8 * 8);
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        (0..8).for_each(|k| eight[k] += a[k] * b[k]);
    }
    a.iter().zip(b).skip(whole).map(|(a, b)| a * b).sum::<f64>() + eight.iter().sum::<f64>()
}

/// |a|₁, rounded.
fn size(a: &[f64]) -> f64 {
    let mut eight = [0.0; 8];
    let eights = a.chunks_exact(8);
    let rest: f64 = eights.remainder().iter().map(|a| a.abs()).sum();
    eights.for_each(|a| (0..8).for_each(|k| eight[k] += a[k].abs()));
    rest + eight.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::super::linear::sign_of_product;
    use super::Factor;

    fn sign(a: &[f64], b: &[f64]) -> i8 {
        let sign = Factor::new(a).unwrap().sign(&Factor::new(b).unwrap());
        assert_eq!(sign, sign_of_product(a, b), "{a:?}, {b:?}");
        sign
    }

    #[test]
    fn signs_are_exact() {
        let next = 1.0f64.next_up();
        assert_eq!(sign(&[1.0, next], &[next, -1.0]), 0);
        assert_eq!(sign(&[1.0, next], &[-1.0, 1.0]), 1);
        assert_eq!(sign(&[0.1, 0.2, -0.3], &[1.0, 1.0, 1.0]), 1);
        assert_eq!(sign(&[1e300, -1e300, 5e-324], &[1e300, 1e300, -1.0]), -1);
        assert_eq!(sign(&[5e-324, 0.0], &[-5e-324, 1.0]), -1);
        assert_eq!(sign(&[0.0, 0.0], &[1.0, 1.0]), 0);
        assert_eq!(sign(&[], &[]), 0);
        // A partial sum that overflows says nothing.
        assert_eq!(sign(&[2e8, -1.7e8, -1.7e8], &[1e300; 3]), -1);
        assert_eq!(sign(&[f64::MAX, f64::MAX, -f64::MAX], &[1.0, 1.0, 1.5]), 1);
    }

    #[test]
    fn what_is_not_finite_is_no_factor() {
        for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Factor::new(&[1.0, wrong]).is_none());
        }
        assert!(Factor::new(&[f64::MAX; 3]).is_some());
    }

    #[test]
    fn signs_of_nearly_orthogonal_vectors_are_exact() {
        let scales =
            [(1.0, 1.0), (1e-200, 1.0), (1e-310, 1.0), (1e300, 1.0), (1e300, 1e-310), (1e8, 1e300), (1e-310, 1e300), (1e-200, 1e-200)];
        // A fixed sequence of numbers in (-1, 1) without a pattern.
        let mut state = 5_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / 2.0f64.powi(52) - 1.0
        };
        let mut seen = [0; 3];
        for (scale, other) in scales {
            for length in [1, 3, 8, 21] {
                let b: Vec<f64> = (0..length).map(|_| next() * other).collect();
                for k in 0..50 {
                    let mut a: Vec<f64> = (0..length).map(|_| next()).collect();
                    let rest: f64 = a.iter().zip(&b).skip(1).map(|(a, b)| a * b).sum();
                    a[0] = -rest / b[0] + f64::from(k % 3) * 1e-16;
                    a.iter_mut().for_each(|a| *a *= scale);
                    seen[(sign(&a, &b) + 1) as usize] += 1;
                }
            }
        }
        assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
    }

    #[test]
    fn long_vectors_do_not_overflow() {
        let (ones, most) = (vec![1.0; 5000], vec![f64::MAX; 5000]);
        assert_eq!(sign(&ones, &most), 1);
        let below: Vec<f64> = most.iter().map(|x| -x).collect();
        assert_eq!(sign(&most, &below), -1);
    }
}
