//! The optimum over the cells of one network only: the subsampled program that its stationarity is about (THEORY 12).

use super::outcome::{Control, Failure};
use super::search::Search;
use crate::lowering::{Group, Shape, all_groups};
use crate::problem::{Class, Network, Part, Problem, Score};

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
    let workers = rayon::ThreadPoolBuilder::new().num_threads(control.threads).build();
    let workers = workers.map_err(|error| Failure::Numerical(error.to_string()))?;
    let mut search = Search::new(problem, control, std::sync::Arc::new(workers));
    let mut groups = match (&problem.architecture.gates, problem.architecture.activation.class()) {
        (Some(gates), _) => search.behind(gates, network),
        (None, Class::Linear) => all_groups(problem, &search.features, std::iter::empty()),
        _ => search.cells_of_network(network, signs),
    };
    let master = search.master(&mut groups, search.tolerance());
    Ok(master.map(|master| problem.score(&master.network)))
}

impl Search<'_, '_> {
    fn cells_of_network(&self, network: &Network, signs: Signs) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for Part { w, output, a, .. } in network.parts() {
            let pattern = self.cell(w);
            let wanted = match signs {
                Signs::Own => vec![a.signum()],
                Signs::Both => vec![1.0, -1.0],
            };
            for sign in wanted {
                let there = |g: &Group| {
                    (g.output, g.sign) == (output, sign) && matches!(&g.shape, Shape::Cell { pattern: other, .. } if *other == pattern)
                };
                if !groups.iter().any(there) {
                    groups.push(Group {
                        output,
                        sign,
                        shape: Shape::Cell { pattern: pattern.clone(), rows: self.nearest_rows(&self.features.lifted(w)) },
                    });
                }
            }
        }
        groups
    }
}
