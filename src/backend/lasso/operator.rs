//! One matrix behind many masks: f = Σ_g D_g X θ_g and its transpose, as products with X and sums over what the masks let through.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, DVector};
use rayon::prelude::*;

/// Rows of one product, of one partial sum, and groups: they depend on nothing but the problem, so that every number of threads gives
/// the same sums.
const ROWS: usize = 1024;
const BLOCK: usize = 2048;
const COLUMNS: usize = 16;

pub struct Masked<'a> {
    /// X' (d x n), where the caller keeps X row after row.
    transposed: DMatrixView<'a, f64>,
    /// One column a group: 1 where its mask lets the row through, 0 elsewhere (n x G).
    pub masks: DMatrix<f64>,
}

impl<'a> Masked<'a> {
    /// X row after row, with as many rows as the masks.
    pub fn new(rows: &'a [f64], width: usize, masks: DMatrix<f64>) -> Self {
        Masked { transposed: DMatrixView::from_slice(rows, width, masks.nrows()), masks }
    }

    /// X'.
    pub fn transposed(&self) -> DMatrixView<'a, f64> {
        self.transposed
    }

    /// X θ, a column for each of θ.
    pub fn reach(&self, theta: &DMatrix<f64>) -> DMatrix<f64> {
        (theta.transpose() * self.transposed).transpose()
    }

    /// n.
    pub fn rows(&self) -> usize {
        self.transposed.ncols()
    }

    /// d.
    pub fn width(&self) -> usize {
        self.transposed.nrows()
    }

    /// Σ_g D_g X θ_g; groups of zeros cost nothing.
    pub fn outputs(&self, theta: &DMatrix<f64>) -> Vec<f64> {
        let active: Vec<usize> = (0..theta.ncols()).filter(|g| theta.column(*g).iter().any(|x| *x != 0.0)).collect();
        self.sums(&active, &theta.select_columns(&active)).as_slice().to_vec()
    }

    /// Σ_g D_g X θ_g over some groups, θ having one column for each of them.
    pub fn sums(&self, groups: &[usize], theta: &DMatrix<f64>) -> DVector<f64> {
        let mut sums = DVector::zeros(self.rows());
        let turned = theta.transpose();
        let rows = |(at, sums): (usize, &mut [f64])| {
            let (first, size) = (at * ROWS, sums.len());
            let reach = (&turned * self.transposed.columns(first, size)).transpose();
            for (reach, g) in reach.column_iter().zip(groups) {
                let mask = self.masks.column(*g);
                let mask = mask.rows(first, size);
                sums.iter_mut().zip(reach.iter().zip(mask.iter())).for_each(|(sum, (reach, mask))| *sum += reach * mask);
            }
        };
        sums.as_mut_slice().par_chunks_mut(ROWS).enumerate().for_each(rows);
        sums
    }

    /// X'D_g v, one column a group.
    pub fn slopes(&self, v: &[f64]) -> DMatrix<f64> {
        let all: Vec<usize> = (0..self.masks.ncols()).collect();
        self.slopes_of(&all, &DVector::from_column_slice(v))
    }

    /// X'D_g v of some groups, one column each.
    pub fn slopes_of(&self, groups: &[usize], v: &DVector<f64>) -> DMatrix<f64> {
        let blocks: Vec<usize> = (0..self.rows()).step_by(BLOCK).collect();
        let parts: Vec<DMatrix<f64>> = blocks.into_par_iter().map(|first| self.slopes_of_rows(first, groups, v)).collect();
        parts.into_iter().reduce(|sum, part| sum + part).unwrap_or_else(|| DMatrix::zeros(self.width(), groups.len()))
    }

    /// What the rows of one block bring.
    fn slopes_of_rows(&self, first: usize, groups: &[usize], v: &DVector<f64>) -> DMatrix<f64> {
        let (size, d) = (BLOCK.min(self.rows() - first), self.width());
        let mut slopes = DMatrix::zeros(d, groups.len());
        let columns = |(slopes, groups): (&mut [f64], &[usize])| {
            let mut masked = DMatrix::zeros(size, groups.len());
            for (mut column, g) in masked.column_iter_mut().zip(groups) {
                column.cmpy(1.0, &self.masks.column(*g).rows(first, size), &v.rows(first, size), 0.0);
            }
            DMatrixViewMut::from_slice(slopes, d, groups.len()).gemm(1.0, &self.transposed.columns(first, size), &masked, 0.0);
        };
        slopes.as_mut_slice().par_chunks_mut((d * COLUMNS).max(1)).zip(groups.par_chunks(COLUMNS)).for_each(columns);
        slopes
    }
}
