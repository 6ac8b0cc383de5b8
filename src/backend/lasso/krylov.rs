//! The Newton system where no factor of it is worth its time, by conjugate gradients:
//! ```text
//!   I + σ W^½ C W^½ = M + σ W^½ (Σ_g (1-κ_g) D_g X X' D_g) W^½,     M = I + U U',  u_g = (σκ_g)^½ W^½ D_g X ẑ_g
//! ```
//! σκ is large and σ(1-κ) <= |θ_g|/β is not: with M as the preconditioner a few steps do.

use super::newton::{Active, Newton};
use crate::backend::dense::{Cholesky, add_gram};
use nalgebra::{DMatrix, DVector};

/// The residual that is small enough, relative to the first one.
const ENOUGH: f64 = 0.03;

/// M⁻¹ = I - U (I + U'U)⁻¹ U'.
struct Steep {
    /// U and U'.
    columns: DMatrix<f64>,
    rows: DMatrix<f64>,
    inner: Cholesky,
}

impl Steep {
    fn new(columns: DMatrix<f64>) -> Option<Steep> {
        let rows = columns.transpose();
        let mut inner = DMatrix::identity(rows.nrows(), rows.nrows());
        add_gram(&mut inner, &rows, 1.0);
        Some(Steep { columns, rows, inner: Cholesky::new(inner)? })
    }

    fn undo(&self, r: &DVector<f64>) -> DVector<f64> {
        let mut along = &self.rows * r;
        self.inner.solve(&mut along);
        r - &self.columns * along
    }

    fn times(&self, x: &DVector<f64>) -> DVector<f64> {
        x + &self.columns * (&self.rows * x)
    }
}

/// g after at most `steps` steps, and whether its residual is small; `None` if rounding has destroyed the preconditioner, or it is time to stop.
pub fn solve(newton: &Newton, active: &Active, roots: &DVector<f64>, right: &DVector<f64>, steps: usize) -> Option<(DVector<f64>, bool)> {
    let steep = Steep::new(steep_columns(newton, active, roots))?;
    let flat = |x: &DVector<f64>| {
        let mut slopes = newton.masked.slopes_of(&active.groups, &x.component_mul(roots));
        slopes.column_iter_mut().zip(&active.kappas).for_each(|(mut slope, kappa)| slope *= newton.sigma * (1.0 - kappa));
        newton.masked.sums(&active.groups, &slopes).component_mul(roots)
    };
    let mut g = DVector::zeros(right.len());
    let mut residual = right.clone();
    let mut eased = steep.undo(&residual);
    let mut along = eased.clone();
    let mut square = residual.dot(&eased);
    let enough = ENOUGH * ENOUGH * square;
    for _ in 0..steps {
        if newton.stop.now() {
            return None;
        }
        if square <= enough {
            return Some((g, true));
        }
        let bent = steep.times(&along) + flat(&along);
        let step = square / along.dot(&bent);
        g.axpy(step, &along, 1.0);
        residual.axpy(-step, &bent, 1.0);
        eased = steep.undo(&residual);
        let next = residual.dot(&eased);
        along = &eased + along * (next / square);
        square = next;
    }
    Some((g, square <= enough))
}

/// U.
fn steep_columns(newton: &Newton, active: &Active, roots: &DVector<f64>) -> DMatrix<f64> {
    let mut columns = newton.masked.reach(&active.directions);
    for ((mut column, group), kappa) in columns.column_iter_mut().zip(&active.groups).zip(&active.kappas) {
        let factor = (newton.sigma * kappa).sqrt();
        column.component_mul_assign(&newton.masked.masks.column(*group).component_mul(roots).scale(factor));
    }
    columns
}
