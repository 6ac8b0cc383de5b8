//! The journey from a problem to its best network, as one readable loop.

mod finish;
mod generate;
mod outcome;
mod prove;
mod restricted;
mod search;
mod start;
mod unfinished;

pub use outcome::{Bound, Control, Event, Failure, Outcome, Size, Standing, Stopped};
pub use restricted::{Signs, restricted};

use crate::arrangement;
use crate::lowering::all_groups;
use crate::problem::{Arrangements, Class, Matrix, Network, Problem};
use search::Search;
use std::sync::Arc;

/// Arrangements that may have more cells than this are not even begun to be listed: nobody could wait for the end.
const HOPELESS: f64 = 1e12;

/// Finds the best network of `problem` and an interval that holds the optimum.
///
/// Needs an activation of degree 1; the language sees to that.
pub fn solve(problem: &Problem, control: &mut Control) -> Result<Outcome, Failure> {
    solve_from(problem, None, control)
}

/// The same from a network that is there already: generation begins in its cells, and the answer is never worse than it.
pub fn solve_from(problem: &Problem, start: Option<&Network>, control: &mut Control) -> Result<Outcome, Failure> {
    let workers = rayon::ThreadPoolBuilder::new().num_threads(control.threads).build();
    let workers = workers.map_err(|error| Failure::Numerical(error.to_string()))?;
    let mut search = Search::new(problem, control, Arc::new(workers));
    start.inspect(|network| search.begin_with(network));
    let stopped = match &problem.plan.arrangements {
        _ if problem.architecture.activation.class() == Class::Linear => search.whole(),
        Arrangements::All => search.listed()?,
        Arrangements::Sample { count, seed } => search.sampled(*count, *seed),
        Arrangements::Cells { vectors, .. } => search.given(vectors),
        Arrangements::Generate => search.generate(),
    };
    search.finish(stopped)
}

impl Search<'_, '_> {
    /// A linear activation has one cell and no constraint: a single group is the whole program.
    fn whole(&mut self) -> Stopped {
        let groups = all_groups(self.problem, std::iter::empty());
        self.settle(groups)
    }

    /// Every cell in one program: the paper's formulation.
    fn listed(&mut self) -> Result<Stopped, Failure> {
        let limit = self.problem.plan.max_patterns;
        let (bound, rows, rank) = (self.cells_at_most(), self.lines.rows(), self.lines.rank());
        let too_many = Failure::TooManyCells { bound, limit, rows, rank };
        if bound > HOPELESS {
            return Err(too_many);
        }
        let stop = self.stop.clone();
        let cells = match self.workers.install(|| arrangement::list_lines(&self.lines, limit, &|| stop.now())) {
            Ok(cells) => cells,
            Err(arrangement::Stop::Interrupted) => return Ok(self.why_stopped().unwrap_or(Stopped::Time)),
            Err(arrangement::Stop::TooMany) => return Err(too_many),
        };
        self.patterns(cells.len());
        let groups = all_groups(self.problem, cells.into_iter().map(|cell| (cell.pattern, cell.facets)));
        self.fits(&groups)?;
        Ok(self.settle(groups))
    }

    /// The cells of some random weight vectors: an upper bound, and nothing more.
    fn sampled(&mut self, count: usize, seed: u64) -> Stopped {
        let (inputs, stop) = (&self.inputs, &self.stop);
        let cells = self.workers.install(|| arrangement::sample(inputs, count, seed, &|| stop.now()));
        self.patterns(cells.len());
        let patterns: Vec<_> = cells.into_iter().map(|cell| cell.pattern).collect();
        self.among(&patterns)
    }

    /// The cells of given weight vectors: like a sample, but of somebody's choice.
    fn given(&mut self, vectors: &Matrix) -> Stopped {
        let (inputs, stop) = (&self.inputs, &self.stop);
        let patterns = self.workers.install(|| arrangement::cells_of(inputs, vectors, &|| stop.now()));
        self.patterns(patterns.len());
        self.among(&patterns)
    }

    /// Solves the program over fixed groups to the end.
    fn settle(&mut self, groups: Vec<crate::lowering::Group>) -> Stopped {
        let mut groups = groups;
        self.master(&mut groups, self.tolerance());
        self.why_stopped().unwrap_or(Stopped::Converged)
    }
}
