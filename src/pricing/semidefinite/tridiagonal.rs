//! A symmetric matrix brought to tridiagonal form, where every further μ costs O(r) and not O(r³).

use super::packed::{add, dot, start, times};

/// H A H' = T and H b, for an orthogonal H that is not kept.
pub struct Tridiagonal {
    diagonal: Vec<f64>,
    /// Entry i is at (i, i-1); entry 0 is 0.
    beside: Vec<f64>,
    slope: Vec<f64>,
}

impl Tridiagonal {
    /// Householder's reduction, from the last row up.
    pub fn new(curvature: &[f64], slope: &[f64]) -> Tridiagonal {
        let rank = slope.len();
        let (mut matrix, mut slope, mut beside) = (curvature.to_vec(), slope.to_vec(), vec![0.0; rank]);
        for i in (1..rank).rev() {
            let (block, rest) = matrix.split_at_mut(start(i));
            let row = &mut rest[..i];
            let length = dot(row, row).sqrt();
            let last = row[i - 1];
            beside[i] = last;
            if i == 1 || length <= last.abs() {
                continue;
            }
            beside[i] = if last > 0.0 { -length } else { length };
            row[i - 1] -= beside[i];
            reflect(block, &mut slope[..i], row);
        }
        Tridiagonal { diagonal: (0..rank).map(|i| matrix[start(i) + i]).collect(), beside, slope }
    }

    /// |θ|² + δ tr Q at μ and minus its derivative; None unless μI - T is positive definite.
    ///
    /// With the pivots d_i of μI - T: tr Q = Σ d_i'/d_i and tr Q² = Σ (d_i'/d_i)² - d_i''/d_i.
    pub fn mass(&self, delta: f64, mu: f64) -> Option<(f64, f64)> {
        let rank = self.diagonal.len();
        let mut pivots = vec![0.0; rank];
        let mut forward = vec![0.0; rank];
        let (mut first, mut second, mut trace, mut squared) = (0.0, 0.0, 0.0, 0.0);
        for i in 0..rank {
            let (mut pivot, mut next, mut after, mut carried) = (mu - self.diagonal[i], 1.0, 0.0, self.slope[i]);
            if i > 0 {
                let ratio = self.beside[i] / pivots[i - 1];
                let down = ratio * ratio;
                pivot -= self.beside[i] * ratio;
                next += down * first;
                after = down * (second - 2.0 * first * first / pivots[i - 1]);
                carried += ratio * forward[i - 1];
            }
            if pivot.is_nan() || pivot <= 0.0 {
                return None;
            }
            (pivots[i], forward[i], first, second) = (pivot, carried, next, after);
            trace += first / pivot;
            squared += (first / pivot) * (first / pivot) - second / pivot;
        }
        let theta: Vec<f64> = self.solve(&pivots, forward).iter().map(|x| 0.5 * x).collect();
        let image = self.solve(&pivots, self.forward(&pivots, &theta));
        Some((dot(&theta, &theta) + delta * trace, 2.0 * dot(&theta, &image) + delta * squared))
    }

    fn forward(&self, pivots: &[f64], x: &[f64]) -> Vec<f64> {
        let mut forward = x.to_vec();
        for i in 1..x.len() {
            forward[i] += self.beside[i] / pivots[i - 1] * forward[i - 1];
        }
        forward
    }

    /// The back substitution after `forward`.
    fn solve(&self, pivots: &[f64], mut x: Vec<f64>) -> Vec<f64> {
        for i in (0..x.len()).rev() {
            let above = if i + 1 < x.len() { self.beside[i + 1] * x[i + 1] } else { 0.0 };
            x[i] = (x[i] + above) / pivots[i];
        }
        x
    }
}

/// Applies I - 2vv'/|v|² on both sides of the block, and to the vector.
fn reflect(block: &mut [f64], vector: &mut [f64], v: &[f64]) {
    let scale = 2.0 / dot(v, v);
    let mut image: Vec<f64> = times(block, v).iter().map(|x| scale * x).collect();
    let along = 0.5 * scale * dot(v, &image);
    add(&mut image, -along, v);
    for i in 0..v.len() {
        let row = &mut block[start(i)..=start(i) + i];
        add(row, -v[i], &image[..=i]);
        add(row, -image[i], &v[..=i]);
    }
    let turn = -scale * dot(v, vector);
    add(vector, turn, v);
}
