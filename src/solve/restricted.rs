//! The optimum over the cells of one network only: the subsampled program that its stationarity is about (THEORY 12).

use super::outcome::{Control, Failure};
use super::search::Search;
use super::shared::APART;
use crate::backend;
use crate::lowering::{Group, Shape, all_groups};
use crate::problem::{Network, Part, Problem, Score};

/// Which output signs the cells are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    /// Those that the network has there.
    Own,
    /// Both, in every cell.
    Both,
}

/// The best network over the cells of `network`, by its true objective; `None` if no usable point came back.
pub fn restricted(problem: &Problem, network: &Network, signs: Signs, control: &mut Control) -> Result<Option<Score>, Failure> {
    if !backend::built(problem.plan.solver.name()) {
        return Err(Failure::NotBuilt(problem.plan.solver.name()));
    }
    let workers = rayon::ThreadPoolBuilder::new().num_threads(control.threads).build();
    let workers = workers.map_err(|error| Failure::Numerical(error.to_string()))?;
    let mut search = Search::new(problem, control, std::sync::Arc::new(workers));
    if problem.shared() {
        let mut groups = search.turning(network, APART);
        let master = search.master(&mut groups, search.tolerance());
        return Ok(master.map(|master| problem.score(&master.network)));
    }
    let mut groups = match (&problem.architecture.gates, problem.architecture.linear()) {
        (Some(gates), _) => search.behind(gates, network),
        (None, true) => all_groups(problem, &search.features, std::iter::empty()),
        _ => search.cells_of_network(network, signs),
    };
    let master = search.master(&mut groups, search.tolerance());
    Ok(master.map(|master| problem.score(&master.network)))
}

impl Search<'_, '_> {
    fn cells_of_network(&self, network: &Network, signs: Signs) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let jumps = self.features.jumps();
        for Part { w, output, a, .. } in network.parts() {
            let theta = self.features.lifted(w);
            let shape = match jumps {
                Some(_) => Shape::Ray(theta),
                None => Shape::Cell { pattern: self.cell(w), rows: self.nearest_rows(&theta) },
            };
            let wanted = match signs {
                Signs::Own => vec![a.signum()],
                Signs::Both => vec![1.0, -1.0],
            };
            for sign in wanted {
                let same = |other: &Shape| match (other, &shape) {
                    (Shape::Cell { pattern: other, .. }, Shape::Cell { pattern, .. }) => other == pattern,
                    (other, shape) => other == shape,
                };
                let there = |g: &Group| (g.output, g.sign) == (output, sign) && same(&g.shape);
                if !groups.iter().any(there) {
                    groups.push(Group { output, sign, shape: shape.clone() });
                }
            }
        }
        groups
    }
}
