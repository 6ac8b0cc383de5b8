//! The sign of x·w without error: `|fl(x·w) - x·w| <= γ Σ|x_i w_i|` decides in floats, integers decide the rest.

use crate::exact::linear;

/// The sign of x·w: -1, 0 or 1.
pub fn sign(x: &[f64], w: &[f64]) -> i8 {
    let (mut sum, mut size) = (0.0, 0.0);
    for (x, w) in x.iter().zip(w) {
        sum += x * w;
        size += (x * w).abs();
    }
    // Half of 2^-52 per product and per addition, and the smallest numbers are not trusted at all.
    let slack = size * (x.len() as f64 + 4.0) * f64::EPSILON + f64::MIN_POSITIVE;
    if sum.is_finite() && slack.is_finite() && sum.abs() > slack { if sum > 0.0 { 1 } else { -1 } } else { linear::sign_of_product(x, w) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_exact() {
        let next = 1.0f64.next_up();
        assert_eq!(sign(&[1.0, next], &[next, -1.0]), 0);
        assert_eq!(sign(&[1.0, next], &[-1.0, 1.0]), 1);
        assert_eq!(sign(&[0.1, 0.2, -0.3], &[1.0, 1.0, 1.0]), 1);
        assert_eq!(sign(&[1e300, -1e300], &[1e300, 1e300]), 0);
        assert_eq!(sign(&[5e-324, 0.0], &[-5e-324, 1.0]), -1);
    }
}
