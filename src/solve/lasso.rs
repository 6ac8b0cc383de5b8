//! Programs behind gates, where the loss is smooth, the norm Euclidean and nothing free: group lassos, without a cone program in between.
//!
//! Outputs do not meet: each has a lasso of its own over the same X.

use super::outcome::{Failure, Size, Stopped};
use super::search::{Master, Search};
use crate::arrangement::Pattern;
use crate::backend::lasso::{Curve, Ended, Lasso, Masked, ROOM, Start, System};
use crate::loss::Total;
use crate::lowering::{Group, Neuron, assemble, for_output};
use crate::pricing::with_skip_equalities;
use crate::problem::{Gates, Network, Part, Solver};
use crate::syntax::data::memory_limit;
use nalgebra::DMatrix;
use std::collections::BTreeMap;

/// How much shorter the first step is than the last one before, when groups have come.
const BACK: f64 = 3.0;
/// The part of the gap asked for that is left of a lasso's, so that the proof may round and prices may be a little too high.
const ENOUGH: f64 = 0.03;

/// What later programs of a search take over from earlier ones.
#[derive(Default)]
pub struct Known {
    system: System,
    /// How long the last steps were, for every output.
    paces: BTreeMap<usize, f64>,
    /// The weights of outputs behind gates.
    weights: BTreeMap<(usize, usize), Vec<f64>>,
}

/// The loss of one output.
struct Output {
    total: Total,
    targets: Vec<f64>,
}

impl Curve for Output {
    fn value(&self, f: &[f64]) -> f64 {
        self.total.value(f, &self.targets)
    }
    fn slope(&self, f: &[f64]) -> Vec<f64> {
        self.total.slope(f, &self.targets)
    }
    fn curvature(&self, f: &[f64]) -> Vec<f64> {
        self.total.curvature(f, &self.targets)
    }
    fn conjugate(&self, v: &[f64]) -> f64 {
        self.total.conjugate(v, &self.targets)
    }
}

impl Search<'_, '_> {
    /// Whether the program is a lasso, and nobody but the native solver is asked.
    pub fn is_lasso(&self) -> bool {
        self.problem.lasso() && matches!(self.plan().solver, Solver::Auto | Solver::Native) && self.second.is_none()
    }

    /// Begins with the weights of a network behind these gates: θ = a w.
    pub fn know(&mut self, gates: &Gates, network: &Network) {
        let Some(used) = &network.gates else { return };
        for Part { neuron, output, w, a } in network.parts() {
            if let Some(at) = gates.vectors.each_row().position(|gate| gate == used.row(neuron)) {
                let theta = self.known.weights.entry((output, at)).or_insert_with(|| vec![0.0; w.len()]);
                theta.iter_mut().zip(w).for_each(|(theta, w)| *theta += a * w);
            }
        }
    }

    /// The relative gap at which a lasso is solved.
    pub fn near_enough(&self) -> f64 {
        self.plan().tolerance.unwrap_or(ENOUGH * self.plan().gap)
    }

    /// The optimum over gated groups, from the weights that are known on, to a relative gap of about `tolerance`.
    pub fn lasso(&mut self, groups: &[Group], tolerance: f64) -> Option<Master> {
        if let Err(refused) = self.lasso_fits(groups) {
            (self.trouble, self.refused) = (Some(Stopped::Memory), Some(refused));
            return None;
        }
        let (problem, q) = (self.problem, self.features.size());
        let outputs = problem.outputs();
        let mut known = std::mem::take(&mut self.known);
        let mut weights = vec![Vec::new(); groups.len()];
        let mut dual = self.zeros();
        self.doubtful = false;
        for output in 0..outputs {
            let served = groups.iter().enumerate().filter(|(_, group)| group.output == output);
            let (members, behind): (Vec<usize>, Vec<_>) = served.filter_map(|(at, group)| Some((at, group.behind()?))).unzip();
            let ended = self.one_output(&mut known, output, &behind, tolerance);
            self.doubtful |= !ended.solved;
            dual.iter_mut().skip(output).step_by(outputs).zip(&ended.dual).for_each(|(dual, v)| *dual = *v);
            for ((theta, at), (gate, _)) in ended.theta.column_iter().zip(members).zip(behind) {
                weights[at] = theta.iter().copied().collect();
                known.weights.insert((output, gate), weights[at].clone());
            }
        }
        self.known = known;
        self.solver = "native";
        let n = problem.targets().len();
        self.size = Size { groups: groups.len(), columns: n + groups.len() * q, rows: n, cones: groups.len() };
        let network = assemble(&self.features, outputs, self.neurons(groups, &weights).into_iter(), None);
        let dual = dual.iter().all(|v| v.is_finite()).then(|| with_skip_equalities(problem, &dual)).flatten();
        Some(Master { weights, network, dual })
    }

    /// The lasso of one output over the gates, given by number and pattern, that its groups stand behind.
    fn one_output(&self, known: &mut Known, output: usize, behind: &[(usize, &Pattern)], tolerance: f64) -> Ended {
        let Known { system, paces, weights } = known;
        let inputs = self.features.inputs();
        let mut masks = DMatrix::zeros(inputs.rows, behind.len());
        let mut theta = DMatrix::zeros(inputs.columns, behind.len());
        for (at, (gate, open)) in behind.iter().enumerate() {
            masks.column_mut(at).iter_mut().enumerate().filter(|(i, _)| open.get(*i)).for_each(|(_, mask)| *mask = 1.0);
            if let Some(weights) = weights.get(&(output, *gate)) {
                theta.column_mut(at).copy_from_slice(weights);
            }
        }
        let curve = Output {
            total: Total { outputs: 1, ..self.problem.objective.loss },
            targets: self.problem.column(self.problem.targets(), output),
        };
        let lasso = Lasso { masked: Masked::new(&inputs.values, inputs.columns, masks), curve: &curve, price: self.features.price };
        let start = Start { theta, pace: paces.get(&output).map_or(1.0, |pace| pace / BACK) };
        let gap = tolerance.max(self.near_enough()) * self.problem.unit(self.best.1.objective) / self.problem.outputs() as f64;
        let stop = &self.stop;
        let ended = self.workers.install(|| lasso.solve(start, gap, system, stop));
        if self.control.verbose {
            eprintln!("output {}: {} groups, {} Newton steps", output + 1, behind.len(), ended.steps);
        }
        paces.insert(output, ended.pace);
        ended
    }

    /// One neuron for every group that is not 0.
    fn neurons(&self, groups: &[Group], weights: &[Vec<f64>]) -> Vec<Neuron> {
        let used = groups.iter().zip(weights).filter(|(_, theta)| theta.iter().any(|x| *x != 0.0));
        let neuron = |(group, theta): (&Group, &Vec<f64>)| Neuron {
            serves: for_output(group.output, self.problem.outputs(), group.sign),
            theta: theta.clone(),
            gate: group.gate(self.problem),
        };
        used.map(neuron).collect()
    }

    /// Four masks and eight weights in doubles for every group, and what a factor takes: some X, and itself.
    fn lasso_fits(&self, groups: &[Group]) -> Result<(), Failure> {
        let (n, q, count) = (self.features.examples() as u64, self.features.size() as u64, groups.len() as u64);
        let factor = n.saturating_mul(2 * n.min(q.saturating_mul(count))).min(ROOM as u64);
        let numbers = (4 * n + 8 * q).saturating_mul(count).saturating_add(3 * n.saturating_mul(q)).saturating_add(2 * factor);
        let (needed, limit) = (numbers.saturating_mul(8), memory_limit(self.problem.plan.memory));
        if needed > limit { Err(Failure::Memory { needed, limit }) } else { Ok(()) }
    }
}
