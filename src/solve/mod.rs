//! The journey from a problem to its best network, as one readable loop.

mod along;
mod budget;
mod cells;
mod cover;
mod fewest;
mod finish;
mod gated;
mod generate;
mod interpolation;
mod jumps;
mod lasso;
mod low_rank;
mod outcome;
mod path;
mod prove;
mod restricted;
mod search;
mod shared;
mod start;
mod straight;
mod unfinished;

pub use cells::{Convex, program};
pub use fewest::Fewest;
pub use outcome::{Bound, Control, Event, Failure, Outcome, Size, Standing, Stopped};
pub use path::largest;
pub use restricted::{Signs, restricted};

use crate::arrangement::{self, Pattern};
use crate::backend;
use crate::lowering::{Group, all_groups};
use crate::problem::{Arrangements, Gauge, Matrix, Network, Problem};
use search::Search;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Arrangements that may have more cells than this are not even begun to be listed: nobody could wait for the end.
const HOPELESS: f64 = 1e12;

/// Finds the best network of `problem` and an interval that holds the optimum.
///
/// Needs an activation that is continuous or piecewise constant, and of degree 1 under weight decay; the language sees to that.
pub fn solve(problem: &Problem, control: &mut Control) -> Result<Outcome, Failure> {
    solve_from(problem, None, control)
}

/// The same from a network that is there already: generation begins in its cells, and the answer is never worse than it.
pub fn solve_from(problem: &Problem, start: Option<&Network>, control: &mut Control) -> Result<Outcome, Failure> {
    begun(problem, start, &[], control)
}

/// The same from the outcome of a problem nearby, with another strength say: the search begins with its cells and its maxima of the price.
pub fn solve_after(problem: &Problem, before: &Outcome, control: &mut Control) -> Result<Outcome, Failure> {
    begun(problem, Some(&before.network), &before.heights, control)
}

fn begun(problem: &Problem, start: Option<&Network>, heights: &[Vec<f64>], control: &mut Control) -> Result<Outcome, Failure> {
    if !backend::built(problem.plan.solver.name()) {
        return Err(Failure::NotBuilt(problem.plan.solver.name()));
    }
    let coupled = problem.objective.regularizer.budget.is_some() || problem.objective.loss.interpolates() || problem.shared();
    if problem.plan.fewest && coupled {
        return Err(Failure::Bounded);
    }
    if let Some(budget) = problem.objective.regularizer.budget {
        return budget::solve(problem, budget, start, control);
    }
    if problem.objective.loss.interpolates() {
        return interpolation::solve(problem, start, control);
    }
    let workers = rayon::ThreadPoolBuilder::new().num_threads(control.threads).build();
    let workers = workers.map_err(|error| Failure::Numerical(error.to_string()))?;
    let mut search = Search::new(problem, control, Arc::new(workers));
    start.inspect(|network| search.begin_with(network));
    search.near = !search.start.is_empty() && !heights.is_empty();
    search.heights = heights.to_vec();
    let stopped = search.as_planned()?;
    search.finish(stopped)
}

impl Search<'_, '_> {
    /// Searches where the plan says.
    fn as_planned(&mut self) -> Result<Stopped, Failure> {
        let problem = self.problem;
        Ok(match (&problem.architecture.gates, &problem.plan.arrangements) {
            _ if problem.nuclear() => self.by_singular_vectors(),
            (Some(gates), _) => self.gated(gates),
            _ if self.features.jumps().is_some() => self.stepped()?,
            (None, Arrangements::LowRank { rank }) => self.low_rank(*rank)?,
            _ if problem.shared() => self.generate(),
            _ if problem.architecture.linear() => self.whole(),
            (None, Arrangements::All) => self.listed()?,
            (None, Arrangements::Sample { count, seed }) => self.sampled(*count, *seed),
            (None, Arrangements::Cells { vectors, .. }) => self.given(vectors),
            (None, Arrangements::Generate) => self.generate(),
        })
    }

    /// A linear activation has one cell and no constraint: a single group is the whole program.
    fn whole(&mut self) -> Stopped {
        let groups = all_groups(self.problem, &self.features, std::iter::empty());
        self.settle(groups)
    }

    /// Every cell in one program: the paper's formulation.
    fn listed(&mut self) -> Result<Stopped, Failure> {
        let Some(groups) = self.list()? else { return Ok(self.why_stopped().unwrap_or(Stopped::Time)) };
        self.fits(&groups)?;
        let stopped = self.settle(groups);
        // What is too much for a solver at once can be had cell by cell: the optimum is the same.
        Ok(if self.loose() { self.generate() } else { stopped })
    }

    /// The groups of every cell, walled in by its facets; `None` if that was cut short.
    fn list(&mut self) -> Result<Option<Vec<Group>>, Failure> {
        let limit = self.problem.plan.max_patterns;
        // With a cap every cell has a twin behind the origin that holds no neuron and does not count.
        let all = if self.features.gauge == Gauge::Cap { limit.saturating_mul(2) } else { limit };
        let (bound, rows, rank) = (self.cells_at_most(), self.lines.rows(), self.lines.rank());
        let too_many = Failure::TooManyCells { bound, limit, rows, rank };
        if bound > HOPELESS {
            return Err(too_many);
        }
        let stop = self.stop.clone();
        let cells = match self.workers.install(|| arrangement::list_lines(&self.lines, all, &|| stop.now())) {
            Ok(mut cells) => {
                cells.retain(|cell| self.features.reaches(|line| cell.pattern.get(line)));
                self.of_features(cells)
            }
            Err(arrangement::Stop::Interrupted) => return Ok(None),
            Err(arrangement::Stop::TooMany) => return Err(too_many),
        };
        self.patterns(cells.len());
        Ok(Some(all_groups(self.problem, &self.features, cells.into_iter())))
    }

    /// The features' cells and the rows around them.  Where knives cut finer the rows are left to be asked for.
    fn of_features(&self, cells: Vec<arrangement::Cell>) -> Vec<(Pattern, Vec<u32>)> {
        if !self.features.rivals.any() {
            return cells.into_iter().map(|cell| (cell.pattern, cell.facets)).collect();
        }
        let patterns: BTreeSet<Pattern> = cells.iter().map(|cell| Pattern::at(&self.features, &cell.witness)).collect();
        patterns.into_iter().map(|pattern| (pattern, Vec::new())).collect()
    }

    /// The cells of some random weight vectors: an upper bound, and nothing more.
    fn sampled(&mut self, count: usize, seed: u64) -> Stopped {
        let patterns = self.sample(count, seed);
        self.among(&patterns)
    }

    fn sample(&mut self, count: usize, seed: u64) -> Vec<Pattern> {
        let (features, stop) = (&self.features, &self.stop);
        let lines = if features.rivals.any() { Cow::Owned(features.knives()) } else { Cow::Borrowed(&features.lines) };
        let cells = self.workers.install(|| arrangement::sample(&lines, count, seed, &|| stop.now()));
        let patterns: Vec<Pattern> = if features.rivals.any() {
            cells.iter().map(|cell| Pattern::at(features, &cell.witness)).collect::<BTreeSet<_>>().into_iter().collect()
        } else {
            cells.into_iter().map(|cell| cell.pattern).collect()
        };
        self.patterns(patterns.len());
        patterns
    }

    /// The cells of given weight vectors: like a sample, but of somebody's choice.
    fn given(&mut self, vectors: &Matrix) -> Stopped {
        let patterns = self.cells_of_vectors(vectors);
        self.among(&patterns)
    }

    fn cells_of_vectors(&mut self, vectors: &Matrix) -> Vec<Pattern> {
        let (features, stop) = (&self.features, &self.stop);
        let pattern = |w: &[f64]| Pattern::at(features, &features.lifted(w));
        let patterns = self.workers.install(|| arrangement::cells_of(vectors, pattern, &|| stop.now()));
        self.patterns(patterns.len());
        patterns
    }

    /// Solves the program over fixed groups to the end.
    pub fn settle(&mut self, groups: Vec<Group>) -> Stopped {
        let mut groups = groups;
        loop {
            self.master(&mut groups, self.tolerance());
            if !self.turn_to_second() {
                break;
            }
        }
        self.why_stopped().unwrap_or(Stopped::Converged)
    }
}
