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
use std::ops::Range;

/// The inequalities above, but for their gates: one for each output.
#[derive(Clone, Debug, PartialEq)]
pub struct GateClaims {
    rows: Vec<Vec<i64>>,
    outputs: Vec<Inequality>,
}

/// The mantissas of one output, and T.
#[derive(Clone, Debug, PartialEq)]
struct Inequality {
    mantissas: Vec<i64>,
    limit: i128,
}

/// What the sums of the gates that are looked at together may take: less than a processor keeps near.
const ROOM: usize = 1 << 22;

impl GateClaims {
    /// The inequalities for the dual vector `scale`·u, whose entries stand row after row.
    pub fn new(problem: &Problem, dual: &Dual, correction: &Correction, scale: f64) -> Result<GateClaims, Fault> {
        let inputs = problem.inputs();
        let hidden = problem.objective.regularizer.hidden;
        let covered = hidden.euclidean() && problem.architecture.convolution.is_none() && problem.architecture.bias.inside();
        let pieces = Pieces::behind_gate(problem).filter(|_| covered).ok_or(Fault::Kind)?;
        let grid = Grid::plain(&inputs, &pieces, &hidden).ok_or(Fault::Width)?;
        let moved = correction.reach(problem, &inputs).ok_or(Fault::Width)?;
        let inequality = |output| {
            let dual = dual.column(output, problem.outputs());
            dual.fits(inputs.rows)?;
            let limit = limit(problem, &dual, scale, &pieces, &grid, (&moved, correction)).ok_or(Fault::Width)?;
            Ok(Inequality { mantissas: dual.mantissas, limit })
        };
        let outputs = (0..problem.outputs()).map(inequality).collect::<Result<_, Fault>>()?;
        Ok(GateClaims { rows: grid.rows, outputs })
    }

    /// How many rows the inequalities are about.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The first of some gates that breaks an inequality; `open(i, gates)` says which of some gates let row i through.
    pub fn broken(&self, gates: Range<usize>, open: impl Fn(usize, Range<usize>) -> Vec<bool>) -> Option<usize> {
        let width = self.rows.first().map_or(0, Vec::len);
        let together = (ROOM / (16 * width * self.outputs.len()).max(1)).max(1);
        let few = |first: usize| self.broken_among(first..gates.end.min(first + together), width, &open);
        gates.clone().step_by(together).find_map(few)
    }

    fn broken_among(&self, gates: Range<usize>, width: usize, open: impl Fn(usize, Range<usize>) -> Vec<bool>) -> Option<usize> {
        let mut sums = vec![vec![0_i128; width]; gates.len() * self.outputs.len()];
        for (i, row) in self.rows.iter().enumerate() {
            let open = open(i, gates.clone());
            for (output, sums) in self.outputs.iter().zip(sums.chunks_mut(gates.len())) {
                let m = output.mantissas.get(i).copied().unwrap_or_default();
                for (sum, _) in sums.iter_mut().zip(&open).filter(|(_, open)| **open && m != 0) {
                    // Mantissas have 38 bits and numbers on the grid 41: no sum over rows that fit in memory overflows.
                    sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += i128::from(m) * i128::from(*x));
                }
            }
        }
        let within = |sum: &[i128], limit: i128| {
            let square = sum.iter().map(|sum| Integer::from(*sum)).fold(Integer::ZERO, |square, sum| square + &sum * &sum);
            square <= Integer::from(limit) * Integer::from(limit)
        };
        let broken = self
            .outputs
            .iter()
            .zip(sums.chunks(gates.len()))
            .filter_map(|(output, sums)| sums.iter().position(|sum| !within(sum, output.limit)));
        broken.min().map(|at| gates.start + at)
    }
}
