//! What is free, to its last digits.
//!
//! Where a skip or an intercept tells one class from the others, the probabilities that are wrong fall for ever as it grows longer: the
//! optimum is met nowhere, and solvers of cone programs stop early.  Newton's method on the factors of Z, the neurons as they are, makes
//! such a probability smaller by a factor of e in every step.

use super::search::Search;
use crate::pricing::{multipliers, with_skip_equalities};
use crate::problem::{Matrix, Network, Skip};
use nalgebra::DMatrix;

const STEPS: usize = 30;
/// Steps that gain less than this part of the gap are not worth another.
const WORTH: f64 = 1e-2;

impl Search<'_, '_> {
    /// Lengthens what is free of the best network as long as that gains something; the dual vector there, if it did.
    pub fn straighten(&mut self) -> Option<Vec<f64>> {
        let (problem, began) = (self.problem, self.best.1.objective);
        if !problem.objective.loss.loss.exponential() || problem.free_columns().columns == 0 {
            return None;
        }
        for _ in 0..STEPS {
            let before = self.best.1.objective;
            let Some(next) = self.newton(&self.best.0) else { break };
            let after = self.offer(&next).objective;
            let worth = before - after > WORTH * self.plan().gap * problem.unit(after);
            if !worth || self.stop.now() {
                break;
            }
        }
        let f = self.best.0.forward(&problem.architecture, &problem.dataset.train.inputs);
        let gained = self.best.1.objective < began;
        gained.then(|| with_skip_equalities(problem, &problem.objective.loss.slope(&f, problem.targets()))).flatten()
    }

    /// One step of Newton's method.
    fn newton(&self, network: &Network) -> Option<Network> {
        let (problem, total) = (self.problem, &self.problem.objective.loss);
        let (free, outputs) = (problem.free_columns(), problem.outputs());
        let f = network.forward(&problem.architecture, &problem.dataset.train.inputs);
        let table = |values: Vec<f64>| DMatrix::from_row_slice(free.rows, outputs, &values);
        let z = DMatrix::from_row_slice(free.rows, free.columns, &free.values);
        let [weights, slopes] = [total.curvature(&f, problem.targets()), total.slope(&f, problem.targets())].map(table);
        if !weights.iter().chain(slopes.iter()).all(|x| x.is_finite()) {
            return None;
        }
        let steps = multipliers(&z, &weights, &slopes, total.shifted())?;
        let none = || Matrix::new(outputs, free.columns, vec![0.0; outputs * free.columns]);
        let mut factors = network.skip.as_ref().map_or_else(none, Skip::factors);
        // Column after column, that is output after output.
        factors.values.iter_mut().zip(steps.iter()).for_each(|(factor, step)| *factor -= step);
        Some(Network { skip: Skip::of(&factors), ..network.clone() })
    }
}
