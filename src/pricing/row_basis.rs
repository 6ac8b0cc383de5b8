//! An orthonormal basis of the space that the rows span, where that is smaller than the number of columns.

use crate::problem::Matrix;
use nalgebra::DMatrix;

/// Singular values below this part of the largest count as none: what they leave out is an error term in the proof.
const NEGLIGIBLE: f64 = 1e-11;

/// Rows of B (r x d) in units of 2^-bits, most important first; `None` if the rows span all of R^d.
pub fn row_basis(inputs: &Matrix, bits: u32) -> Option<Vec<Vec<i64>>> {
    let d = inputs.columns;
    let largest = inputs.values.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    if largest == 0.0 || !largest.is_finite() || d > 2000 {
        return None;
    }
    let x = DMatrix::from_row_iterator(inputs.rows, d, inputs.values.iter().map(|x| x / largest));
    let svd = x.svd(false, true);
    let top = svd.singular_values.max();
    let mut kept: Vec<usize> = (0..svd.singular_values.len()).filter(|&j| svd.singular_values[j] > NEGLIGIBLE * top).collect();
    kept.sort_by(|&a, &b| svd.singular_values[b].total_cmp(&svd.singular_values[a]));
    if kept.len() == d {
        return None;
    }
    let v = svd.v_t?;
    let unit = libm::scalbn(1.0, bits as i32);
    Some(kept.iter().map(|&j| v.row(j).iter().map(|b| (b * unit).round() as i64).collect()).collect())
}
