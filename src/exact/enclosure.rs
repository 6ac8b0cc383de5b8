//! Rational numbers above logarithms and exponentials, and doubles above and below rationals.
//!
//! exp(a) for a >= 0 lies between its Taylor sum and that sum plus the geometric bound on the rest; everything else follows from
//! exp(-a) = 1 / exp(a) and ln z <= z - 1.  Floating point only ever guesses; the guess decides how tight the answer is, not whether it is true.

use super::{Rational, double, rational};
use dashu_int::{IBig, UBig};

/// Fixed-point numbers carry this many bits behind the point.
const BITS: usize = 256;
/// Terms of the Taylor sum, for arguments below 2^-REDUCTION.
const TERMS: usize = 30;
const REDUCTION: usize = 6;
/// exp(-700) and everything below it are bounded by this argument.
const DEEPEST: i64 = 700;

/// The least double not below `value` (+∞ if there is none).
pub fn above(value: &Rational) -> f64 {
    let near = double(value);
    if near == f64::NEG_INFINITY {
        return f64::MIN;
    }
    if rational(near).is_some_and(|near| near < *value) { near.next_up() } else { near }
}

/// The greatest double not above `value` (-∞ if there is none).
pub fn below(value: &Rational) -> f64 {
    // A difference, so that zero is no negative zero.
    0.0 - above(&-value.clone())
}

/// A rational at least exp(x), within about 1e-60 of it, relative to it for x > 0.
///
/// `None` for x > 700.
pub fn exp_above(x: &Rational) -> Option<Rational> {
    let deepest = Rational::from(DEEPEST);
    if *x > deepest {
        return None;
    }
    if *x > Rational::ZERO {
        return Some(from_fixed(exp_fixed(x).1));
    }
    let a = -x.clone();
    let a = if a > deepest { deepest } else { a };
    Some(up(&(Rational::ONE / from_fixed(exp_fixed(&a).0))))
}

/// A rational at least ln(x) for x > 0, by ln x <= g + x exp(-g) - 1 for any g; `None` for other x and for x beyond exp(±700).
pub fn ln_above(x: &Rational) -> Option<Rational> {
    if *x <= Rational::ZERO {
        return None;
    }
    let guess = rational(libm::log(double(x)))?;
    Some(up(&(&guess + x * exp_above(&-guess.clone())? - Rational::ONE)))
}

/// Fixed-point numbers below and above exp(a), 0 <= a <= 700: exp(a) = exp(a / 2^k)^(2^k) with a / 2^k below 2^-REDUCTION.
fn exp_fixed(a: &Rational) -> (UBig, UBig) {
    let halvings = 10 + REDUCTION;
    let scaled = a * Rational::from(IBig::from(UBig::ONE << (BITS - halvings)));
    let (low, high) = (natural(scaled.floor()), natural(scaled.ceil()));
    let (mut low, mut high) = (taylor(&low, false), taylor(&high, true));
    for _ in 0..halvings {
        low = (&low * &low) >> BITS;
        high = ((&high * &high) >> BITS) + UBig::ONE;
    }
    (low, high)
}

/// Σ t^j / j!, rounded down; or rounded up with the rest, which is below twice the next term.
fn taylor(t: &UBig, up: bool) -> UBig {
    let one = UBig::ONE << BITS;
    let (mut sum, mut term) = (one.clone(), one);
    for j in 1..=TERMS {
        term = ((term * t) >> BITS) / UBig::from(j);
        if up {
            term += UBig::from(2_u8);
        }
        sum += &term;
    }
    if up { sum + term + UBig::ONE } else { sum }
}

/// The next fixed-point number: sums of many such values keep one denominator.
fn up(value: &Rational) -> Rational {
    let unit = UBig::ONE << BITS;
    Rational::from_parts((value * Rational::from(IBig::from(unit.clone()))).ceil(), unit)
}

fn natural(value: IBig) -> UBig {
    value.into_parts().1
}

fn from_fixed(value: UBig) -> Rational {
    Rational::from_parts(IBig::from(value), UBig::ONE << BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(numerator: i64, denominator: u64) -> Rational {
        Rational::from_parts(IBig::from(numerator), UBig::from(denominator))
    }

    #[test]
    fn doubles_lie_on_the_side_they_should() {
        for value in [fraction(1, 3), fraction(-1, 3), fraction(1, 10), Rational::from(7)] {
            let (low, high) = (below(&value), above(&value));
            assert!(rational(low).unwrap() <= value && value <= rational(high).unwrap());
            assert!(high <= low.next_up());
        }
    }

    #[test]
    fn exponentials_and_logarithms_are_bounded_tightly() {
        for k in -30..=60 {
            let x = fraction(k * 37, 11);
            let (bound, value) = (double(&exp_above(&x).unwrap()), libm::exp(double(&x)));
            assert!((bound / value - 1.0).abs() < 1e-12, "{k}: {bound} {value}");
        }
        // e to forty digits, and a little more.
        let e = super::super::decimal("2.7182818284590452353602874713526624977572").unwrap();
        let bound = exp_above(&Rational::ONE).unwrap();
        assert!(bound > e && bound < &e + super::super::decimal("1e-39").unwrap());
        for x in [fraction(1, 1 << 40), fraction(1, 3), fraction(999, 1000), Rational::ONE, fraction(12345, 7)] {
            let (bound, value) = (double(&ln_above(&x).unwrap()), libm::log(double(&x)));
            assert!((bound - value).abs() < 1e-14 * (1.0 + value.abs()), "{x}");
        }
        let ln2 = super::super::decimal("0.6931471805599453094172321214581765680755").unwrap();
        let bound = ln_above(&Rational::from(2)).unwrap();
        assert!(bound > ln2 && bound < &ln2 + super::super::decimal("1e-30").unwrap());
        assert_eq!(ln_above(&Rational::ZERO), None);
        assert_eq!(exp_above(&Rational::from(701)), None);
        assert!(exp_above(&Rational::from(-100_000)).unwrap() > Rational::ZERO);
    }
}
