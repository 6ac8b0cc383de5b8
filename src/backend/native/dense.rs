//! Cholesky factors of dense symmetric matrices, by blocks, so that nearly all of the work is matrix products.

use nalgebra::{DMatrix, DVector};
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
            // L_21' = L_11⁻¹ A_21'
            let mut across = a.view((below, first), (n - below, size)).transpose();
            if !corner.solve_lower_triangular_mut(&mut across) {
                return None;
            }
            a.view_mut((below, first), (n - below, size)).copy_from(&across.transpose());
            let panels = lower_products(&across, &across);
            for (start, panel) in panels {
                let mut view = a.view_mut((below + start, below + start), panel.shape());
                view -= &panel;
            }
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
}

/// The lower triangle of A'B (k x m each) by panels of columns: where a panel starts, and its rows from there on.
fn lower_products(a: &DMatrix<f64>, b: &DMatrix<f64>) -> Vec<(usize, DMatrix<f64>)> {
    let (k, m) = a.shape();
    let transposed = a.transpose();
    let panel = |first: usize| {
        let size = BLOCK.min(m - first);
        let rows = transposed.view((first, 0), (m - first, k));
        (first, rows * b.view((0, first), (k, size)))
    };
    let starts: Vec<usize> = (0..m).step_by(BLOCK).collect();
    if k * m * m > WORTH_SHARING { starts.into_par_iter().map(panel).collect() } else { starts.into_iter().map(panel).collect() }
}

/// The lower triangle of A'A.
pub fn gram(a: &DMatrix<f64>) -> DMatrix<f64> {
    let mut sum = DMatrix::zeros(a.ncols(), a.ncols());
    for (start, panel) in lower_products(a, a) {
        sum.view_mut((start, start), panel.shape()).copy_from(&panel);
    }
    sum
}
