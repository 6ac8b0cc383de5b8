//! The shortest solution of a linear system that may have many, or none: conjugate gradients on the normal equations.

/// Steps end when the slope of the square is this part of the first one.
const SMALL: f64 = 1e-14;

/// The shortest x of least |A x - b|, with A and its transpose as functions.
pub fn shortest(times: &dyn Fn(&[f64]) -> Vec<f64>, transposed: &dyn Fn(&[f64]) -> Vec<f64>, b: &[f64]) -> Vec<f64> {
    let mut left = b.to_vec();
    let mut slope = transposed(&left);
    let mut x = vec![0.0; slope.len()];
    let (mut direction, mut square) = (slope.clone(), dot(&slope, &slope));
    let enough = SMALL * SMALL * square;
    for _ in 0..4 * b.len() + 10 {
        let image = times(&direction);
        let length = dot(&image, &image);
        if square <= enough || length == 0.0 || !length.is_finite() {
            break;
        }
        let step = square / length;
        x.iter_mut().zip(&direction).for_each(|(x, d)| *x += step * d);
        left.iter_mut().zip(&image).for_each(|(r, a)| *r -= step * a);
        slope = transposed(&left);
        let next = dot(&slope, &slope);
        direction.iter_mut().zip(&slope).for_each(|(d, s)| *d = s + next / square * *d);
        square = next;
    }
    x
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
