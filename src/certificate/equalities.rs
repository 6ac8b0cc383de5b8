//! What the output holds at no price, a skip or an intercept, asks the dual vector to be orthogonal to its columns Z, which rounded
//! numbers never are.
//!
//! It is enough that some u + e is, with e zero outside p pivot rows B: Z_B' e = -Z'u.  With any R and δ = |I - R Z_B'| < 1 (largest
//! row sum) Z_B' is invertible and |e|_∞ <= |R Z'u|_∞ / (1 - δ).  R is guessed in floating point; δ and the rest are exact (PROOF 3).
//!
//! With several outputs it is so for the column u_c of each, on the same rows B.  Where Σ_c u_c = 0, as cross_entropy asks, Σ_c e_c
//! solves the system for 0, and Z_B' is invertible: Σ_c e_c = 0, and what is corrected still sums to 0 in every row.

use super::{Dual, Fault};
use crate::exact::{Abs, Dyadic, Rational, half};
use crate::problem::{Matrix, Problem};

/// Rows where the dual vector of one output may be moved, and by how much at most.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Correction {
    pub rows: Vec<usize>,
    pub most: Rational,
}

impl Correction {
    /// The corrections that `pivots` allow, one for each output; nothing where nothing is free.
    pub fn of_outputs(problem: &Problem, dual: &Dual, pivots: &[usize]) -> Result<Vec<Correction>, Fault> {
        let (z, outputs) = (&problem.free_columns(), problem.outputs());
        let p = z.columns;
        if p == 0 {
            return if pivots.is_empty() { Ok(vec![Correction::default(); outputs]) } else { Err(Fault::Shape) };
        }
        let distinct: std::collections::BTreeSet<&usize> = pivots.iter().collect();
        let inside = pivots.iter().all(|row| *row < z.rows);
        if pivots.len() != p || distinct.len() != p || !inside || dual.mantissas.len() != z.rows * outputs {
            return Err(Fault::Shape);
        }
        if !z.values.iter().all(|x| x.is_finite()) {
            return Err(Fault::Width);
        }
        let rows: Vec<Vec<f64>> = (0..p).map(|k| pivots.iter().map(|&i| z.row(i)[k]).collect()).collect();
        let guess = inverse(&rows).ok_or(Fault::Equalities)?;
        let duals = (0..outputs).map(|output| dual.column(output, outputs).dyadics()).collect::<Vec<_>>();
        let most = bounds(z, &duals, pivots, &guess).ok_or(Fault::Equalities)?;
        Ok(most.into_iter().map(|most| Correction { rows: pivots.to_vec(), most }).collect())
    }

    /// A bound on Σ |e_i| |x_i| for hidden inputs x, the lengths of an example's patches added up.
    pub fn reach(&self, problem: &Problem, inputs: &Matrix) -> Option<Rational> {
        let (mut sum, places) = (Rational::ZERO, problem.architecture.places());
        for row in self.rows.iter().flat_map(|row| row * places..(row + 1) * places) {
            let length = inputs.row(row).iter().map(|x| x.abs()).sum::<f64>() * (1.0 + 1e-9);
            sum += &self.most * crate::exact::rational(length)?;
        }
        Some(sum)
    }
}

/// A floating-point guess at the inverse of a square matrix, row by row, by Gauss and Jordan with pivots.
pub fn inverse(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let p = matrix.len();
    let beside = |(k, row): (usize, &Vec<f64>)| row.iter().copied().chain((0..p).map(|j| f64::from(u8::from(j == k)))).collect();
    let mut rows: Vec<Vec<f64>> = matrix.iter().enumerate().map(beside).collect();
    for column in 0..p {
        let pivot = (column..p).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        let scale = rows[column][column];
        if scale == 0.0 {
            return None;
        }
        rows[column].iter_mut().for_each(|x| *x /= scale);
        let settled = rows[column].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(k, _)| *k != column) {
            let factor = row[column];
            row.iter_mut().zip(&settled).for_each(|(x, s)| *x -= factor * s);
        }
    }
    rows.iter().all(|row| row.iter().all(|x| x.is_finite())).then(|| rows.into_iter().map(|mut row| row.split_off(p)).collect())
}

/// |R Z'u|_∞ / (1 - δ) of some vectors u, if δ <= 1/2.
fn bounds(z: &Matrix, duals: &[Vec<Dyadic>], pivots: &[usize], guess: &[Vec<f64>]) -> Option<Vec<Rational>> {
    let p = pivots.len();
    let exact = |values: &[f64]| -> Vec<Dyadic> { values.iter().map(|x| Dyadic::new(*x)).collect() };
    let guess: Vec<Vec<Dyadic>> = guess.iter().map(|row| exact(row)).collect();
    let columns: Vec<Vec<Dyadic>> = pivots.iter().map(|&i| (0..p).map(|k| Dyadic::new(z.row(i)[k])).collect()).collect();
    let mut delta = Rational::ZERO;
    for (k, row) in guess.iter().enumerate() {
        let mut sum = Rational::ZERO;
        for (j, column) in columns.iter().enumerate() {
            let wanted = if j == k { Rational::ONE } else { Rational::ZERO };
            sum += (wanted - Dyadic::dot(row, column).rational()).abs();
        }
        delta = delta.max(sum);
    }
    let free: Vec<Vec<Dyadic>> = (0..p).map(|k| (0..z.rows).map(|i| Dyadic::new(z.row(i)[k])).collect()).collect();
    let most = |u: &Vec<Dyadic>| {
        let off: Vec<Dyadic> = free.iter().map(|column| Dyadic::dot(column, u)).collect();
        let reach = guess.iter().map(|row| Dyadic::dot(row, &off).rational().abs());
        reach.fold(Rational::ZERO, Rational::max) / (Rational::ONE - &delta)
    };
    (delta <= half(Rational::ONE)).then(|| duals.iter().map(most).collect())
}
