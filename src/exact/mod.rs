//! Arithmetic without rounding: the rationals that people write and that doubles are.

mod doubles;
mod dyadic;
mod enclosure;
mod factor;
pub mod linear;
mod semidefinite;

pub use doubles::Doubles;
pub use dyadic::Dyadic;
pub use enclosure::{above, below, exp_above, ln_above};
pub use factor::{Factor, product};
pub use semidefinite::positive_semidefinite;

pub use dashu_int::{
    IBig as Integer, UBig as Natural,
    ops::{Abs, BitTest, Gcd, SquareRoot},
};
pub use dashu_ratio::RBig as Rational;

use dashu_int::{IBig, UBig};

/// The largest power of ten a written number may carry; a double ends at 308.
const LARGEST_EXPONENT: i64 = 400;

/// Reads a decimal such as `-0.1`, `12` or `3e-4` as the rational it denotes: `0.1` is one tenth, not a double.
///
/// `None` if the text is not a decimal or its exponent is beyond ±400.
pub fn decimal(text: &str) -> Option<Rational> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.as_bytes().first()? {
        b'-' => (true, &mantissa[1..]),
        b'+' => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) || all.len() > 1000 {
        return None;
    }
    let shift = exponent.checked_sub(fraction.len() as i64)?;
    if shift.abs() > LARGEST_EXPONENT + 1000 || exponent.abs() > LARGEST_EXPONENT {
        return None;
    }
    let value = IBig::from(UBig::from_str_radix(&all, 10).ok()?);
    let value = if negative { -value } else { value };
    let power = UBig::from(10u8).pow(shift.unsigned_abs() as usize);
    Some(if shift >= 0 { Rational::from(value * IBig::from(power)) } else { Rational::from_parts(value, power) })
}

/// The decimal that a person would write for a double: 0.1 for the double nearest to one tenth.  `None` for NaN and infinities.
///
/// Numbers of a model file are kept as doubles; what the file says, and what is proved about it, is this.
pub fn written(value: f64) -> Option<Rational> {
    decimal(&value.to_string())
}

/// The rational that a finite double is; `None` for NaN and infinities.
pub fn rational(value: f64) -> Option<Rational> {
    Rational::try_from(value).ok()
}

/// 2^exponent; `None` beyond ±4000.
pub fn power(exponent: i32) -> Option<Rational> {
    if exponent.abs() > 4000 {
        return None;
    }
    let power = Rational::from(UBig::ONE << exponent.unsigned_abs() as usize);
    Some(if exponent >= 0 { power } else { Rational::ONE / power })
}

/// value / 2.
pub fn half(value: Rational) -> Rational {
    value / Rational::from(2)
}

/// The double nearest to `value`.
pub fn double(value: &Rational) -> f64 {
    value.to_f64().value()
}

/// How many bits the numerator needs: a cheap guard against hostile sizes.
pub fn bits(value: &Rational) -> usize {
    value.numerator().bit_len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly() {
        let tenth = Rational::from_parts(IBig::from(1), UBig::from(10u8));
        assert_eq!(decimal("0.1"), Some(tenth.clone()));
        assert_eq!(decimal("1e-1"), Some(tenth.clone()));
        assert_eq!(decimal("-10e-2"), Some(-tenth));
        assert_eq!(decimal("3."), Some(Rational::from(3)));
        assert_ne!(decimal("0.1"), rational(0.1));
        for bad in ["", ".", "-", "1e", "1e9999", "0x1", "1_0", "nan", "inf"] {
            assert_eq!(decimal(bad), None, "{bad}");
        }
    }

    #[test]
    fn doubles_come_back() {
        for value in [0.1, -3.5, 1e300, 5e-324, 0.0] {
            assert_eq!(double(&rational(value).unwrap()), value);
        }
        assert_eq!(rational(f64::NAN), None);
    }
}
