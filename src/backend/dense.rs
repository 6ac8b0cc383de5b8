//! Cholesky factors of dense symmetric matrices, by blocks, so that nearly all of the work is matrix products.

use nalgebra::{DMatrix, DMatrixViewMut, DVector, Dyn};
use rayon::prelude::*;

/// Columns of one block.
const BLOCK: usize = 48;
/// Products of fewer multiplications than this are not worth a second thread.
const WORTH_SHARING: usize = 1 << 22;

/// L with L L' = A, in the lower triangle.
pub struct Cholesky(DMatrix<f64>);

impl Cholesky {
    /// Factors the matrix whose lower triangle is given; `None` if it is not positive definite in floating point.
    pub fn new(mut a: DMatrix<f64>) -> Option<Cholesky> {
        let n = a.nrows();
        for first in (0..n).step_by(BLOCK) {
            let size = BLOCK.min(n - first);
            let below = first + size;
            let corner = a.view((first, first), (size, size)).clone_owned();
            let corner = nalgebra::Cholesky::new(corner)?.unpack();
            a.view_mut((first, first), (size, size)).copy_from(&corner);
            if below == n {
                break;
            }
            // L_21' = L_11⁻¹ A_21', by substitution: an inverse is quicker, and its rounding costs the interior-point method digits.
            let mut across = a.view((below, first), (n - below, size)).transpose();
            if !corner.solve_lower_triangular_mut(&mut across) {
                return None;
            }
            let across = across.transpose();
            a.view_mut((below, first), (n - below, size)).copy_from(&across);
            add_products(&mut a, below, &across, -1.0);
        }
        a.iter().all(|x| x.is_finite()).then_some(Cholesky(a))
    }

    /// A⁻¹ b in place.
    pub fn solve(&self, b: &mut DVector<f64>) {
        self.0.solve_lower_triangular_mut(b);
        self.0.tr_solve_lower_triangular_mut(b);
    }

    /// A⁻¹ B in place.
    pub fn solve_all(&self, b: &mut DMatrix<f64>) {
        self.0.solve_lower_triangular_mut(b);
        self.0.tr_solve_lower_triangular_mut(b);
    }

    /// The matrix that the factor stands in, to be used again.
    pub fn into_inner(self) -> DMatrix<f64> {
        self.0
    }
}

/// The lower triangle from row and column `first` on, += factor · B B' (B: m x k), by panels of columns.
fn add_products(a: &mut DMatrix<f64>, first: usize, b: &DMatrix<f64>, factor: f64) {
    let n = a.nrows();
    let (m, k) = b.shape();
    let transposed = b.transpose();
    let panel = |(at, columns): (usize, &mut [f64])| {
        let size = columns.len() / n;
        let start = at * BLOCK;
        let mut columns = DMatrixViewMut::from_slice_generic(columns, Dyn(n), Dyn(size));
        let rows = b.rows(start, m - start);
        columns.rows_mut(first + start, m - start).gemm(factor, &rows, &transposed.columns(start, size), 1.0);
    };
    let columns = &mut a.as_mut_slice()[first * n..];
    if k * m * m > WORTH_SHARING {
        columns.par_chunks_mut(n * BLOCK).enumerate().for_each(panel);
    } else {
        columns.chunks_mut((n * BLOCK).max(1)).enumerate().for_each(panel);
    }
}

/// The lower triangle of A += factor · B B' (B: n x k).
pub fn add_gram(a: &mut DMatrix<f64>, b: &DMatrix<f64>, factor: f64) {
    add_products(a, 0, b, factor);
}

/// The lower triangle of A'A.
pub fn gram(a: &DMatrix<f64>) -> DMatrix<f64> {
    let mut sum = DMatrix::zeros(a.ncols(), a.ncols());
    add_gram(&mut sum, &a.transpose(), 1.0);
    sum
}
