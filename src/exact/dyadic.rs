//! Numbers m · 2^e: what doubles are, closed under sums and products, so that a network's outputs have no rounding.

use super::Rational;
use super::linear::parts;
use dashu_int::{IBig, UBig};

/// `mantissa · 2^exponent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dyadic {
    pub mantissa: IBig,
    pub exponent: i64,
}

impl Dyadic {
    pub const ZERO: Dyadic = Dyadic { mantissa: IBig::ZERO, exponent: 0 };

    /// Panics on NaN and infinities.
    pub fn new(value: f64) -> Self {
        parts(value).map_or(Dyadic::ZERO, |(mantissa, exponent)| Dyadic { mantissa: mantissa.into(), exponent: exponent.into() })
    }

    pub fn times(&self, other: &Dyadic) -> Dyadic {
        Dyadic { mantissa: &self.mantissa * &other.mantissa, exponent: self.exponent + other.exponent }
    }

    /// self += other.
    pub fn add(&mut self, other: &Dyadic) {
        if other.mantissa.is_zero() {
            return;
        }
        if self.mantissa.is_zero() {
            *self = other.clone();
        } else if self.exponent <= other.exponent {
            self.mantissa += &other.mantissa << (other.exponent - self.exponent) as usize;
        } else {
            self.mantissa <<= (self.exponent - other.exponent) as usize;
            self.mantissa += &other.mantissa;
            self.exponent = other.exponent;
        }
    }

    /// Σ a_i b_i.
    pub fn dot(a: &[Dyadic], b: &[Dyadic]) -> Dyadic {
        let mut sum = Dyadic::ZERO;
        a.iter().zip(b).filter(|(a, b)| !a.mantissa.is_zero() && !b.mantissa.is_zero()).for_each(|(a, b)| sum.add(&a.times(b)));
        sum
    }

    pub fn rational(&self) -> Rational {
        let power = UBig::ONE << self.exponent.unsigned_abs() as usize;
        if self.exponent >= 0 {
            Rational::from(&self.mantissa * IBig::from(power))
        } else {
            Rational::from_parts(self.mantissa.clone(), power)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::rational;

    #[test]
    fn sums_and_products_do_not_round() {
        let values = [1e300, -3.5, 0.1, 5e-324, -1e300, 0.0];
        let dyadics: Vec<Dyadic> = values.iter().map(|v| Dyadic::new(*v)).collect();
        let exact = |v: &f64| rational(*v).unwrap();
        let dot = values.iter().zip(values.iter().rev()).fold(Rational::ZERO, |sum, (a, b)| sum + exact(a) * exact(b));
        let reversed: Vec<Dyadic> = dyadics.iter().rev().cloned().collect();
        assert_eq!(Dyadic::dot(&dyadics, &reversed).rational(), dot);
    }
}
