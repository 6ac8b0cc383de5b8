//! The inequalities that a certificate of a gated network is about, in integers: with the mantissas m_i of the dual vector and the data
//! x̃_i on their grid,
//! ```text
//!   |Σ_i m_i [x_i·g >= 0] x̃_i|² <= T²    for every gate g
//! ```
//! Where outputs share neurons the price of a gate is a largest singular value instead: with s_c = Σ_i m_ic [x_i·g >= 0] x̃_i (d),
//! ```text
//!   T² I - (s_c·s_k)_ck positive semidefinite, so that |Σ_c a_c s_c|² <= T² for every unit vector a    (THEORY 8b)
//! ```
//! and T pays for the grid with |m_i1| + .. + |m_iC|, which no |Σ_c a_c m_ic| exceeds.
//! The gates are a finite list, so nothing has to cover weight space; both output signs have the same inequality.  The grid is paid
//! for in T just as for trees: a gate leaves a row out or passes it on, which stretches no error.

use super::claim::{limit, positive};
use super::grid::Grid;
use super::{Correction, Dual, Fault, Pieces};
use crate::exact::{BitTest, Integer, positive_semidefinite};
use crate::problem::Problem;
use std::ops::Range;

/// The inequalities above, but for their gates: one for each output.
#[derive(Clone, Debug, PartialEq)]
pub struct GateClaims {
    rows: Vec<Vec<i64>>,
    outputs: Vec<Inequality>,
    /// Whether the outputs have one inequality together, of the same limit.
    shared: bool,
}

/// The mantissas of one output, and T.
#[derive(Clone, Debug, PartialEq)]
struct Inequality {
    mantissas: Vec<i64>,
    limit: i128,
}

/// Bits of the largest entry whose matrix is decided.
const ENTRY_BITS: usize = 120;

/// |m_i1| + .. + |m_iC| for every row.
fn sizes(dual: &Dual, outputs: usize) -> Dual {
    let size = |row: &[i64]| row.iter().fold(0_i64, |sum, m| sum.saturating_add(m.saturating_abs()));
    Dual { exponent: dual.exponent, mantissas: dual.mantissas.chunks(outputs).map(size).collect() }
}

/// What the sums of the gates that are looked at together may take: less than a processor keeps near.
const ROOM: usize = 1 << 22;

impl GateClaims {
    /// The inequalities for the dual vector `scale`·u, whose entries stand row after row; `corrections` has one for every output.
    pub fn new(problem: &Problem, dual: &Dual, corrections: &[Correction], scale: f64) -> Result<GateClaims, Fault> {
        let inputs = problem.inputs();
        let hidden = problem.objective.regularizer.hidden;
        let covered = hidden.euclidean() && problem.architecture.convolution.is_none() && problem.architecture.bias.inside();
        let pieces = Pieces::behind_gate(problem).filter(|_| covered).ok_or(Fault::Kind)?;
        let grid = Grid::plain(&inputs, &pieces, &hidden).ok_or(Fault::Width)?;
        let (scale, shared) = (positive(scale)?, problem.shared());
        let together = sizes(dual, problem.outputs());
        let inequality = |(output, correction): (usize, &Correction)| {
            let moved = correction.reach(problem, &inputs).ok_or(Fault::Width)?;
            let dual = dual.column(output, problem.outputs());
            dual.fits(inputs.rows)?;
            let paid = if shared { &together } else { &dual };
            let limit = limit(problem, paid, &scale, &pieces, &grid, (&moved, correction)).ok_or(Fault::Width)?;
            Ok(Inequality { mantissas: dual.mantissas, limit })
        };
        let outputs = corrections.iter().enumerate().map(inequality).collect::<Result<_, Fault>>()?;
        Ok(GateClaims { rows: grid.rows, outputs, shared })
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

    /// Whether T² I - (s_c·s_k)_ck is proved positive semidefinite; its entries are rounded down to integers of 128 bits, as that proof allows.
    fn together<'s>(&self, sums: impl Iterator<Item = &'s Sum>) -> bool {
        let sums: Vec<Vec<Integer>> = sums.map(|sum| sum.entries().collect()).collect();
        let limit = Integer::from(self.outputs.first().map_or(0, |output| output.limit));
        let square = &limit * &limit;
        let shift = square.bit_len().saturating_sub(ENTRY_BITS);
        let n = sums.len();
        let entry = |at: usize| {
            let (c, k) = (at / n, at % n);
            let product = sums[c].iter().zip(&sums[k]).fold(Integer::ZERO, |sum, (x, y)| sum + x * y);
            let whole = if c == k { &square - product } else { -product };
            i128::try_from(whole >> shift).ok()
        };
        let matrix: Option<Vec<i128>> = (0..n * n).map(entry).collect();
        matrix.is_some_and(|matrix| positive_semidefinite(&matrix, n))
    }

    fn broken_among(&self, gates: Range<usize>, width: usize, open: impl Fn(usize, Range<usize>) -> Vec<bool>) -> Option<usize> {
        let mut sums = vec![Sum::zero(width); gates.len() * self.outputs.len()];
        let mut terms = Sum::zero(width);
        for (i, row) in self.rows.iter().enumerate() {
            let open = open(i, gates.clone());
            for (output, sums) in self.outputs.iter().zip(sums.chunks_mut(gates.len())) {
                terms.set(output.mantissas.get(i).copied().unwrap_or_default(), row);
                sums.iter_mut().zip(&open).filter(|(_, open)| **open).for_each(|(sum, _)| sum.add(&terms));
            }
            if (i + 1).is_multiple_of(TOGETHER) {
                sums.iter_mut().for_each(Sum::carry);
            }
        }
        if self.shared {
            let gate = |at: usize| self.together(sums.iter().skip(at).step_by(gates.len()));
            return (0..gates.len()).find(|at| !gate(*at)).map(|at| gates.start + at);
        }
        let within = |sum: &Sum, limit: i128| sum.square() <= Integer::from(limit) * Integer::from(limit);
        let outputs = self.outputs.iter().zip(sums.chunks(gates.len()));
        let broken = outputs.filter_map(|(output, sums)| sums.iter().position(|sum| !within(sum, output.limit)));
        broken.min().map(|at| gates.start + at)
    }
}

/// Bits of the lower word of a number below.
const LOW: u32 = 48;

/// So many terms are added before the lower words are carried: 2^14 of 48 bits stay below 2^63.
const TOGETHER: usize = 1 << 14;

/// Integers high 2^48 + low, entry by entry: two words, whose sums a processor makes several at a time.
///
/// Mantissas stay below 2^38 and numbers on the grid within 2^40, so the higher word of a product is within 2^30, and their sum over
/// less than 2^32 rows within 2^62.
#[derive(Clone, Debug)]
struct Sum {
    high: Vec<i64>,
    low: Vec<i64>,
}

impl Sum {
    fn zero(width: usize) -> Self {
        Sum { high: vec![0; width], low: vec![0; width] }
    }

    /// m x.
    fn set(&mut self, m: i64, x: &[i64]) {
        for ((high, low), x) in self.high.iter_mut().zip(&mut self.low).zip(x) {
            let product = i128::from(m) * i128::from(*x);
            (*high, *low) = ((product >> LOW) as i64, product as i64 & ((1 << LOW) - 1));
        }
    }

    fn add(&mut self, other: &Sum) {
        self.high.iter_mut().zip(&other.high).for_each(|(sum, x)| *sum += x);
        self.low.iter_mut().zip(&other.low).for_each(|(sum, x)| *sum += x);
    }

    fn carry(&mut self) {
        for (high, low) in self.high.iter_mut().zip(&mut self.low) {
            *high += *low >> LOW;
            *low &= (1 << LOW) - 1;
        }
    }

    fn entries(&self) -> impl Iterator<Item = Integer> + '_ {
        self.high.iter().zip(&self.low).map(|(high, low)| Integer::from((i128::from(*high) << LOW) + i128::from(*low)))
    }

    /// The sum of all squares.
    fn square(&self) -> Integer {
        self.entries().fold(Integer::ZERO, |square, sum| square + &sum * &sum)
    }
}
