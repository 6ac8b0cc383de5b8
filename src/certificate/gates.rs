//! The inequalities that a certificate of a gated network is about, in integers: with the mantissas m_i of the dual vector and the data
//! x̃_i on their grid,
//! ```text
//!   |Σ_i m_i [x_i·g >= 0] x̃_i|² <= T²    for every gate g
//! ```
//! The gates are a finite list, so nothing has to cover weight space; both output signs have the same inequality.  The grid is paid
//! for in T just as for trees: a gate leaves a row out or passes it on, which stretches no error.

use super::claim::limit;
use super::grid::Grid;
use super::{Correction, Dual, Fault, Pieces};
use crate::exact::Integer;
use crate::problem::Problem;

/// The inequalities above, but for their gates.
#[derive(Clone, Debug, PartialEq)]
pub struct GateClaim {
    rows: Vec<Vec<i64>>,
    mantissas: Vec<i64>,
    limit: i128,
}

impl GateClaim {
    /// The inequalities for a dual vector `scale`·u, which is that of one output.
    pub fn new(problem: &Problem, dual: &Dual, correction: &Correction, scale: f64) -> Result<GateClaim, Fault> {
        let inputs = problem.inputs();
        dual.fits(inputs.rows)?;
        let hidden = problem.objective.regularizer.hidden;
        let covered = hidden.euclidean() && problem.architecture.convolution.is_none() && problem.architecture.bias.inside();
        let pieces = Pieces::behind_gate(problem).filter(|_| covered).ok_or(Fault::Kind)?;
        let grid = Grid::plain(&inputs, &pieces, &hidden).ok_or(Fault::Width)?;
        let moved = correction.reach(problem, &inputs).ok_or(Fault::Width)?;
        let limit = limit(problem, dual, scale, &pieces, &grid, (&moved, correction)).ok_or(Fault::Width)?;
        Ok(GateClaim { rows: grid.rows, mantissas: dual.mantissas.clone(), limit })
    }

    /// Whether the inequality holds for a gate that passes on the rows where `open` says so.
    pub fn holds(&self, open: impl Fn(usize) -> bool) -> bool {
        let mut sums = vec![0_i128; self.rows.first().map_or(0, Vec::len)];
        for (i, (row, m)) in self.rows.iter().zip(&self.mantissas).enumerate() {
            if *m != 0 && open(i) {
                // Mantissas have 38 bits and numbers on the grid 41: no sum over rows that fit in memory overflows.
                sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += i128::from(*m) * i128::from(*x));
            }
        }
        let square = sums.into_iter().map(Integer::from).fold(Integer::ZERO, |square, sum| square + &sum * &sum);
        square <= Integer::from(self.limit) * Integer::from(self.limit)
    }
}
