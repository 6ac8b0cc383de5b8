//! Bounds from data of low rank (THEORY 10): solve on X̂ = X B'B, take the network over as it is, and shorten the dual vector.
//!
//! |w'x - w'x̂| summed over rows against v is at most |v|₂ σ |w|₂ with σ = |X - X̂|, so that a dual vector whose price is β on X̂ has a
//! price of at most β + Lip |v|₂ σ on X.  A proof has to be exact: it is about ω = B w, with Lip Σ |v_i| |x_i - x̂_i| taken off its limit,
//! as what rounding to a basis costs always is.  Whatever the provers can show on X itself may be better, and is tried afterwards.

use super::outcome::{Failure, Stopped};
use super::prove::NODES;
use super::search::Search;
use crate::certificate::BASIS_BITS;
use crate::pricing::Leading;
use crate::problem::{Arrangements, Bias, Convolution, Matrix, Network, Plan, Problem};

impl Search<'_, '_> {
    /// The optimum on the nearest data of rank `rank`, and what it says of the data themselves.
    pub fn low_rank(&mut self, rank: usize) -> Result<Stopped, Failure> {
        let Some(leading) = Leading::of(self.features.inputs(), rank) else { return Ok(self.generate()) };
        let problem = reduced(self.problem, self.features.inputs(), &leading);
        let mut inner = Search::new(&problem, &mut *self.control, self.workers.clone());
        inner.stop = self.stop.share(2);
        let stopped = inner.as_planned()?;
        let (network, dual) = (inner.best.0.clone(), inner.dual.clone());
        (self.rounds, self.size, self.cells, self.solver) = (inner.rounds, inner.size.clone(), inner.cells, inner.solver);
        self.proving += inner.proving;
        self.offer(&whole(&network, &leading));
        if let Some(dual) = dual {
            self.transfer(&dual, &leading);
            self.dual = Some(dual);
        }
        Ok(self.why_stopped().unwrap_or(if stopped == Stopped::Gap { Stopped::Converged } else { stopped }))
    }

    /// Proves the dual vector of X̂ along B, as short as what B leaves out of the rows asks for.
    fn transfer(&mut self, dual: &[f64], leading: &Leading) {
        let inputs = self.features.inputs();
        let along = projected(inputs, &leading.directions);
        let left = |(x, z): (&[f64], &[f64])| (square(x) - square(z)).max(0.0).sqrt();
        let left: Vec<f64> = inputs.each_row().zip(along.each_row()).map(left).collect();
        let (places, share) = (self.problem.architecture.places(), self.problem.architecture.share());
        let of_one = |output| {
            let dual = self.problem.column(dual, output);
            left.iter().enumerate().map(|(row, left)| share * dual[row / places].abs() * left).sum()
        };
        let lost = (0..self.problem.outputs()).map(of_one).fold(0.0, f64::max);
        let (price, steepest) = (self.features.price, self.problem.architecture.activation.steepest());
        let shorter = price / (price + steepest * lost);
        let basis = self.basis.replace(leading.basis(BASIS_BITS));
        self.prove(&dual.iter().map(|v| shorter * v).collect::<Vec<f64>>(), NODES);
        self.basis = basis;
    }
}

/// The problem on Z = X B', of k columns: |B'ω| = |ω|, so its optimum is that on X̂.  Patches of a convolution then lie one behind the other.
fn reduced(problem: &Problem, inputs: &Matrix, leading: &Leading) -> Problem {
    let mut problem = problem.clone();
    let (examples, rank) = (problem.dataset.train.inputs.rows, leading.directions.rows);
    let length = rank * problem.architecture.places();
    problem.dataset.train.inputs = Matrix::new(examples, length, projected(inputs, &leading.directions).values);
    if let Some(convolution) = &mut problem.architecture.convolution {
        *convolution = Convolution { signal: vec![length], size: vec![rank], stride: rank, padding: 0, pool: convolution.pool };
    }
    problem.dataset.test = None;
    problem.architecture.bias = Bias::None;
    problem.architecture.width = None;
    problem.plan = Plan { arrangements: Arrangements::Generate, ..problem.plan };
    problem
}

/// X B'.
fn projected(inputs: &Matrix, directions: &Matrix) -> Matrix {
    let values = inputs.each_row().flat_map(|x| directions.times(x)).collect();
    Matrix::new(inputs.rows, directions.rows, values)
}

/// The network on all columns: w = B'ω.
fn whole(network: &Network, leading: &Leading) -> Network {
    let rows = network.hidden.each_row().flat_map(|omega| leading.directions.transposed_times(omega)).collect();
    Network { hidden: Matrix::new(network.neurons(), leading.directions.columns, rows), ..network.clone() }
}

fn square(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum()
}
