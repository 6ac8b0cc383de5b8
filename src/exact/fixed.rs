//! Vectors of doubles cut off to 62 bits, so that the sign of a product is decided in integers of 128 bits almost always.
//!
//! With a = ã 2^-e + error, |error| < 2^-e in every entry, and b likewise,
//! ```text
//!   |2^(e+f) a·b - ã·b̃| < Σ (|ã_i| + |b̃_i| + 1)
//! ```
//! so a sum ã·b̃ beyond that bound has the sign of a·b.  Otherwise the doubles themselves are multiplied, without rounding.

use super::linear;

/// Bits of the largest entry: the sum of three products fits 126 bits, and more entries get fewer bits.
const BITS: i32 = 62;

/// Finite doubles and their leading bits.
#[derive(Clone, Debug)]
pub struct Fixed<'a> {
    values: &'a [f64],
    leading: Vec<i64>,
    /// Σ |ã_i|.
    size: i128,
}

impl<'a> Fixed<'a> {
    /// `None` if an entry is not finite.
    pub fn new(values: &'a [f64]) -> Option<Self> {
        if !values.iter().all(|x| x.is_finite()) {
            return None;
        }
        let largest = values.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
        // n < 2^(2 room + 2) products of 2 (62 - room) bits add up to less than 2^126.
        let room = (usize::BITS - values.len().leading_zeros()).saturating_sub(2).div_ceil(2) as i32;
        let exponent = BITS - room - libm::frexp(largest).1;
        // Scaling by a power of two is exact, or leaves less than one unit, which is cut off.
        let leading: Vec<i64> = values.iter().map(|x| libm::scalbn(*x, exponent) as i64).collect();
        let size = leading.iter().map(|x| i128::from(*x).abs()).sum();
        Some(Fixed { values, leading, size })
    }

    /// The sign of a·b: -1, 0 or 1, exactly.
    pub fn sign(&self, other: &Fixed) -> i8 {
        let sum: i128 = self.leading.iter().zip(&other.leading).map(|(a, b)| i128::from(*a) * i128::from(*b)).sum();
        let bound = self.size + other.size + self.leading.len() as i128;
        match sum {
            sum if sum > bound => 1,
            sum if sum < -bound => -1,
            _ => linear::sign_of_product(self.values, other.values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(a: &[f64], b: &[f64]) -> i8 {
        Fixed::new(a).unwrap().sign(&Fixed::new(b).unwrap())
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
        assert!(Fixed::new(&[f64::NAN]).is_none());
    }

    #[test]
    fn long_vectors_do_not_overflow() {
        let (ones, most) = (vec![1.0; 5000], vec![f64::MAX; 5000]);
        assert_eq!(sign(&ones, &most), 1);
        let below: Vec<f64> = most.iter().map(|x| -x).collect();
        assert_eq!(sign(&most, &below), -1);
    }
}
