//! Orthonormal bases of the space that the rows span, or of the part of it that matters most.

use crate::problem::Matrix;
use nalgebra::DMatrix;

/// Singular values below this part of the largest count as none: what they leave out is an error term in the proof.
const NEGLIGIBLE: f64 = 1e-11;
/// Matrices of more columns are not taken apart.
const MOST_COLUMNS: usize = 2000;

/// Rows of B (r x d) in units of 2^-bits, most important first; `None` if the rows span all of R^d.
pub fn row_basis(inputs: &Matrix, bits: u32) -> Option<Vec<Vec<i64>>> {
    let all = directions(inputs)?;
    (all.len() < inputs.columns).then(|| in_units(all.iter().map(|(_, direction)| direction.as_slice()), bits))
}

/// The nearest data of rank k in the operator norm: X B'B with the k leading directions as rows of B, |X - X B'B| = σ_{k+1}.
#[derive(Clone, Debug, PartialEq)]
pub struct Leading {
    /// B (k x d).
    pub directions: Matrix,
    /// σ_{k+1}.
    pub lost: f64,
}

impl Leading {
    /// `None` where the rows span no more than `rank` dimensions, so that nothing is to be left out.
    pub fn of(inputs: &Matrix, rank: usize) -> Option<Leading> {
        let mut all = directions(inputs)?;
        let (lost, _) = all.get(rank)?;
        let lost = *lost;
        all.truncate(rank);
        let rows: Vec<Vec<f64>> = all.into_iter().map(|(_, direction)| direction).collect();
        Some(Leading { directions: Matrix::new(rank, inputs.columns, rows.concat()), lost })
    }

    /// B in units of 2^-bits.
    pub fn basis(&self, bits: u32) -> Vec<Vec<i64>> {
        in_units(self.directions.each_row(), bits)
    }
}

/// Singular values that are not negligible with their right vectors, largest first; `None` for data that cannot be taken apart.
fn directions(inputs: &Matrix) -> Option<Vec<(f64, Vec<f64>)>> {
    let d = inputs.columns;
    let largest = inputs.values.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    if largest == 0.0 || !largest.is_finite() || d > MOST_COLUMNS {
        return None;
    }
    let x = DMatrix::from_row_iterator(inputs.rows, d, inputs.values.iter().map(|x| x / largest));
    let svd = x.svd(false, true);
    let top = svd.singular_values.max();
    let mut kept: Vec<usize> = (0..svd.singular_values.len()).filter(|&j| svd.singular_values[j] > NEGLIGIBLE * top).collect();
    kept.sort_by(|&a, &b| svd.singular_values[b].total_cmp(&svd.singular_values[a]));
    let v = svd.v_t?;
    Some(kept.iter().map(|&j| (largest * svd.singular_values[j], v.row(j).iter().copied().collect())).collect())
}

fn in_units<'a>(rows: impl Iterator<Item = &'a [f64]>, bits: u32) -> Vec<Vec<i64>> {
    let unit = libm::scalbn(1.0, bits as i32);
    rows.map(|row| row.iter().map(|b| (b * unit).round() as i64).collect()).collect()
}
