//! Vectors of doubles whose products are summed without rounding: in integers of 128 bits, one for every eight exponents between the least and the largest.

use super::Dyadic;
use super::linear::parts;
use dashu_int::IBig;

/// A product of two mantissas has 106 bits and is shifted by less than eight: so many of them add up to less than 2^127.
const MOST: usize = 1 << 12;
const STEP: usize = 8;

/// Finite doubles m 2^e; zeros have no exponent of their own.
#[derive(Clone, Debug)]
pub struct Doubles {
    parts: Vec<(i64, i32)>,
    /// The least and the largest exponent of those that are not 0.
    least: i32,
    largest: i32,
}

impl Doubles {
    /// Panics on NaN and infinities.
    pub fn new(values: &[f64]) -> Self {
        let exact: Vec<Option<(i64, i32)>> = values.iter().map(|x| parts(*x)).collect();
        let exponents = || exact.iter().flatten().map(|part| part.1);
        let (least, largest) = (exponents().min().unwrap_or(0), exponents().max().unwrap_or(0));
        Doubles { parts: exact.into_iter().map(|part| part.unwrap_or((0, least))).collect(), least, largest }
    }

    /// Σ a_i b_i, as far as both go.
    pub fn dot(&self, other: &Doubles) -> Dyadic {
        let least = self.least + other.least;
        let spread = (self.largest + other.largest - least) as usize;
        let mut sum = Dyadic::ZERO;
        let mut sums = vec![0_i128; spread / STEP + 1];
        for (a, b) in self.parts.chunks(MOST).zip(other.parts.chunks(MOST)) {
            for ((m, e), (n, f)) in a.iter().zip(b) {
                let above = (e + f - least) as usize;
                sums[above / STEP] += (i128::from(*m) * i128::from(*n)) << (above % STEP);
            }
            for (at, part) in sums.iter_mut().enumerate().filter(|(_, part)| **part != 0) {
                sum.add(&Dyadic { mantissa: IBig::from(*part), exponent: i64::from(least) + (at * STEP) as i64 });
                *part = 0;
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slowly(a: &[f64], b: &[f64]) -> Dyadic {
        let mut sum = Dyadic::ZERO;
        a.iter().zip(b).for_each(|(a, b)| sum.add(&Dyadic::new(*a).times(&Dyadic::new(*b))));
        sum
    }

    #[test]
    fn sums_of_products_do_not_round() {
        let values = [1e300, -3.5, 0.1, 5e-324, -1e300, 0.0, f64::MAX, -1.0f64.next_up(), 1e-200, -0.0];
        for from in 0..values.len() {
            let turned: Vec<f64> = (0..values.len()).map(|k| values[(from + 3 * k) % values.len()]).collect();
            let (fast, slow) = (Doubles::new(&values).dot(&Doubles::new(&turned)), slowly(&values, &turned));
            assert_eq!(fast.rational(), slow.rational(), "{turned:?}");
        }
        for (a, b) in [
            (vec![], vec![]),
            (vec![0.0], vec![1.0]),
            (vec![0.0; 3], vec![0.0; 3]),
            (vec![0.0; 2], vec![1e-300, 1e300]),
            (vec![1.0, 2.0], vec![3.0]),
        ] {
            assert_eq!(Doubles::new(&a).dot(&Doubles::new(&b)).rational(), slowly(&a, &b).rational(), "{a:?} {b:?}");
        }
    }

    #[test]
    fn long_sums_of_large_mantissas_do_not_overflow() {
        let most = (2.0f64.powi(53) - 1.0) * 128.0;
        let (ones, long) = (vec![most; 3 * MOST + 5], vec![-most; 3 * MOST + 5]);
        let mixed: Vec<f64> = ones.iter().enumerate().map(|(k, x)| if k % 9 == 0 { x / 128.0 } else { *x }).collect();
        assert_eq!(Doubles::new(&mixed).dot(&Doubles::new(&long)).rational(), slowly(&mixed, &long).rational());
    }
}
