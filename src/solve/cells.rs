//! The convex program of a model, for other solvers: over the cells that it names, or over those that generation finds.

use super::outcome::{Control, Failure, Outcome, Stopped};
use super::search::Search;
use super::solve;
use crate::arrangement::Pattern;
use crate::backend::built;
use crate::lowering::{Group, Names, Recovery, Shape, all_groups, lower_along, names};
use crate::problem::{Arrangements, Directions, Features, Problem};
use crate::program::{Affine, Block, Cone, Program};
use std::sync::Arc;

/// A program with its names, and the solve that found its cells, if there was one.
pub struct Convex {
    pub program: Program,
    pub names: Names,
    /// Groups of neurons: of a cell, column or gate, an output and a sign.
    pub groups: usize,
    pub outcome: Option<Outcome>,
}

/// The program over all cells that the plan names: nothing is solved; or over those of the last program of a generation.
pub fn program(problem: &Problem, control: &mut Control) -> Result<Convex, Failure> {
    if !built(problem.plan.solver.name()) {
        return Err(Failure::NotBuilt(problem.plan.solver.name()));
    }
    let workers = rayon::ThreadPoolBuilder::new().num_threads(control.threads).build();
    let workers = workers.map_err(|error| Failure::Numerical(error.to_string()))?;
    let listed = Search::new(problem, control, Arc::new(workers)).named()?;
    let outcome = if listed.is_none() { Some(solve(problem, control)?) } else { None };
    let mut groups = listed.or(outcome.as_ref().map(|outcome| outcome.groups.clone())).unwrap_or_default();
    let features = problem.features();
    if problem.plan.arrangements != Arrangements::All || features.rivals.any() {
        groups.iter_mut().for_each(|group| wall_in(group, &features));
    }
    let directions = outcome.as_ref().map_or_else(|| Directions::along_outputs(problem.outputs()), |outcome| outcome.directions.clone());
    let (program, recovery) = lower_whole(problem, &directions, &groups);
    let names = names(problem, &features, &program, &recovery);
    Ok(Convex { program, names, groups: groups.len(), outcome })
}

/// The program of a problem; with a budget τ on the penalty that is a row: costs are straight in the price, so what two prices differ
/// by is what it bounds.
fn lower_whole(problem: &Problem, directions: &Directions, groups: &[Group]) -> (Program, Recovery) {
    let at = |problem: &Problem| lower_along(problem, &problem.features(), directions, groups);
    let Some(budget) = problem.objective.regularizer.budget else { return at(problem) };
    let [(mut program, recovery), (dearer, _)] = [1.0, 2.0].map(|price| at(&problem.priced(price)));
    let mut left = Affine::new(budget);
    for (j, (cost, dearer)) in program.cost.iter_mut().zip(&dearer.cost).enumerate() {
        left = left.plus(*cost - dearer, j);
        *cost -= dearer - *cost;
    }
    let rows = program.constrain(Cone::Nonnegatives(1), [left]);
    program.blocks.push(Block { name: "budget".into(), columns: 0..0, rows, weight: 0.0 });
    (program, recovery)
}

impl Search<'_, '_> {
    /// The groups of a plan that names its cells; `None` where they, or the directions of output weights, are found by price.
    fn named(&mut self) -> Result<Option<Vec<Group>>, Failure> {
        let (problem, jumps) = (self.problem, self.features.jumps().cloned());
        if problem.shared() {
            return Ok(None);
        }
        let groups = match (&problem.architecture.gates, &problem.plan.arrangements, jumps) {
            (Some(gates), ..) => {
                self.list_gates(gates);
                Some(self.gates.clone())
            }
            (None, Arrangements::Generate | Arrangements::LowRank { .. }, Some(_)) => return Ok(None),
            (None, arrangements, Some(jumps)) => self.columns_of(arrangements, &jumps)?,
            _ if problem.architecture.linear() => Some(all_groups(problem, &self.features, std::iter::empty())),
            (None, Arrangements::All, _) => self.list()?,
            (None, Arrangements::Sample { count, seed }, _) => {
                let patterns = self.sample(*count, *seed);
                Some(self.in_cells(patterns))
            }
            (None, Arrangements::Cells { vectors, .. }, _) => {
                let patterns = self.cells_of_vectors(vectors);
                Some(self.in_cells(patterns))
            }
            _ => return Ok(None),
        };
        match groups.filter(|_| !self.stop.now()) {
            Some(groups) => self.fits(&groups).map(|()| Some(groups)),
            None => Err(Failure::Cut(self.why_stopped().unwrap_or(Stopped::Time))),
        }
    }

    fn in_cells(&self, patterns: Vec<Pattern>) -> Vec<Group> {
        all_groups(self.problem, &self.features, patterns.into_iter().map(|pattern| (pattern, Vec::new())))
    }
}

/// All sides of a cell that is not known by its facets: those that a search asked for are enough at its answer and nowhere else.
fn wall_in(group: &mut Group, features: &Features) {
    if let Shape::Cell { rows, pattern } = &mut group.shape {
        let something = |line: &u32| features.wall(*line as usize, |line| pattern.get(line)).iter().any(|x| *x != 0.0);
        *rows = (0..features.lines.rows as u32).filter(something).collect();
    }
}
