//! Where a regularisation path begins: the largest useful β (THEORY 13), above which the network without neurons is optimal.
//!
//! At that network the dual vector is v = L'(f), f being 0 or what is free of price, and no neuron is worth adding as long as β is at least
//! the highest price |v'F(θ)| over ρ(θ) <= 1.  Where the loss has no gradient there, v is one of several and the β found may be too large.

use super::outcome::Control;
use super::search::{Master, Search};
use crate::problem::Problem;
use std::sync::Arc;

/// The largest useful β of `problem`, in the units of its `minimize loss + β * penalty`; `None` if no neuron is of any use, or a solver fails.
///
/// The search is careless: the proof at the first point of a path says whether it was right.
pub fn largest(problem: &Problem, control: &mut Control) -> Option<f64> {
    let workers = rayon::ThreadPoolBuilder::new().num_threads(control.threads).build().ok()?;
    let mut search = Search::new(problem, control, Arc::new(workers));
    let master = search.master(&mut [], search.tolerance())?;
    let dearest = search.dearest(&master)? / search.features.price;
    (dearest > 0.0 && dearest.is_finite()).then_some(problem.objective.strength * dearest)
}

impl Search<'_, '_> {
    /// The highest price of any neuron that is found.
    fn dearest(&mut self, master: &Master) -> Option<f64> {
        if let Some(gates) = &self.problem.architecture.gates {
            self.list_gates(gates);
            if self.problem.shared() {
                return Some(self.dearest_pair(master.dual.as_ref()?));
            }
            return self.prices(master.dual.as_ref()?).into_iter().reduce(f64::max);
        }
        let finds = match self.features.jumps().cloned() {
            Some(jumps) => self.climbed(&jumps, master),
            None => self.ascend(master, Vec::new(), self.last_starts(), 1),
        };
        finds.into_iter().map(|find| find.price).reduce(f64::max)
    }
}
