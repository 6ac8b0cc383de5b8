//! Weighted normal equations of what is free: λ_c (p) with Z'W_c Z λ_c = Z'v_c in every output c.  Where rows sum to 0 the outputs are joined,
//! ```text
//!   Σ_k Z'(W_c [c = k] - W_c W_k / Σ_k W_k) Z λ_k = Z'v_c
//! ```
//! and as the same λ in all outputs changes nothing, that of the first is 0.  They bring a dual vector to its equalities, W being its room,
//! and they are Newton's steps of the loss, W being its curvature.

use nalgebra::{DMatrix, DVector};

/// λ (p x C) for Z (n x p), W and v (n x C).
pub fn multipliers(z: &DMatrix<f64>, weights: &DMatrix<f64>, v: &DMatrix<f64>, joined: bool) -> Option<DMatrix<f64>> {
    let ((n, p), outputs) = (z.shape(), v.ncols());
    let block = |weight: &dyn Fn(usize) -> f64| z.tr_mul(&DMatrix::from_fn(n, p, |i, j| weight(i) * z[(i, j)]));
    if !joined {
        let one = |c: usize| solved(block(&|i| weights[(i, c)]), &z.tr_mul(&v.column(c)));
        let columns: Option<Vec<DVector<f64>>> = (0..outputs).map(one).collect();
        return columns.map(|columns| DMatrix::from_columns(&columns));
    }
    let size = (outputs - 1) * p;
    let mut matrix = DMatrix::zeros(size, size);
    for (c, k) in (1..outputs).flat_map(|c| (1..outputs).map(move |k| (c, k))) {
        let between = |i: usize| weights[(i, c)] * (f64::from(u8::from(c == k)) - share(weights, i, k));
        matrix.view_mut(((c - 1) * p, (k - 1) * p), (p, p)).copy_from(&block(&between));
    }
    let off = DVector::from_column_slice(z.tr_mul(&v.columns(1, outputs - 1)).as_slice());
    let others = solved(matrix, &off)?;
    Some(DMatrix::from_column_slice(p, outputs - 1, others.as_slice()).insert_column(0, 0.0))
}

/// W_ic / Σ_k W_ik; 0 where a row has no weight.
pub fn share(weights: &DMatrix<f64>, i: usize, c: usize) -> f64 {
    let whole = weights.row(i).sum();
    if whole > 0.0 { weights[(i, c)] / whole } else { 0.0 }
}

/// M^-1 b, or as near as it comes where M is singular.
fn solved(matrix: DMatrix<f64>, b: &DVector<f64>) -> Option<DVector<f64>> {
    let svd = matrix.svd(true, true);
    let cut = 1e-14 * svd.singular_values.max();
    svd.solve(b, cut).ok()
}
