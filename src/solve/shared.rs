//! Where outputs share neurons (THEORY 8): output weights are searched like hidden ones, and a cell has as many groups as directions.
//!
//! To first order a neuron θ a' of a cell moves by δθ a' + θ δa': its cell with the output weights kept, and its θ with output weights
//! that may turn, a fan.  A program over both for every neuron is a step of Newton's kind that also adds and drops neurons, and since
//! all prices of its columns are at most β, only products δθ δa' are left over.

use super::outcome::{Event, Stopped};
use super::search::{Master, Search};
use crate::arrangement::Pattern;
use crate::lowering::{Group, Shape, Turned, remade, turned};
use crate::pricing::{Find, ascend_shared, lower_bound, registered, slopes_behind};
use crate::problem::{Network, Score};
use nalgebra::DMatrix;

/// By how much the cosine between output weights may be less than 1 where two neurons of a cell are one.
pub const APART: f64 = 1e-3;
/// Directions whose cosine is this near to 1 are one.
const SAME: f64 = 1e-14;
/// How often neurons are moved and merged again while that helps by more than this part of the objective.
const MOVES: usize = 8;
const WORTH: f64 = 1e-11;
/// Groups below this part of the largest are left out of the next program without cones.
const USED: f64 = 1e-6;
/// The most gates that one round adds.
const ADDED: usize = 16;

impl Search<'_, '_> {
    /// For every neuron its cell along its output weights, and its θ with any output weights; without cells the first alone.
    pub fn turning(&mut self, network: &Network, apart: f64) -> Vec<Group> {
        let neurons = turned(&self.features, network, apart);
        neurons.into_iter().flat_map(|neuron| self.moves(neuron)).collect()
    }

    fn moves(&mut self, neuron: Turned) -> Vec<Group> {
        let Turned { serves, theta, gate, open } = neuron;
        let output = self.directions.add(serves);
        let along = |shape| Group { output, sign: 1.0, shape };
        if let (Some(gate), Some(open), Some(gates)) = (gate, open, &self.problem.architecture.gates) {
            let at = gates.vectors.each_row().position(|listed| listed == gate);
            return at.map(|gate| along(Shape::Gated { gate, pattern: Pattern::from_bits(&open) })).into_iter().collect();
        }
        if self.problem.architecture.linear() {
            return vec![along(Shape::Whole)];
        }
        let cell = Shape::Cell { pattern: Pattern::at(&self.features, &theta), rows: self.nearest_rows(&theta) };
        vec![along(cell), along(Shape::Fan(self.features.allowed(&theta)))]
    }

    /// Adds the moves of the network's neurons that are not there.
    pub fn turn(&mut self, groups: &mut Vec<Group>, network: &Network) {
        for group in self.turning(network, APART) {
            if !groups.iter().any(|other| self.twins(other, &group)) {
                groups.push(group);
            }
        }
    }

    /// Moves the neurons of a network until that helps no more; what moves two ways is one neuron again after every step.
    pub fn polish_shared(&mut self, network: Network) -> (Network, Score) {
        let score = self.problem.score(&network);
        let mut best = (network, score);
        for _ in 0..MOVES {
            let mut groups = self.turning(&best.0, 0.0);
            let Some(master) = self.master(&mut groups, self.tolerance()) else { break };
            let next = remade(&self.features, &master.network, APART);
            let score = self.problem.score(&next);
            let better = score.objective < best.1.objective - WORTH * best.1.objective.abs();
            if score.objective < best.1.objective {
                best = (next, score);
            }
            if !better || self.stop.now() {
                break;
            }
        }
        best
    }

    /// Whether two groups hold the same neurons.
    fn twins(&self, one: &Group, other: &Group) -> bool {
        let cosine = |a: &[f64], b: &[f64]| {
            let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            product(a, b) / (product(a, a) * product(b, b)).sqrt()
        };
        let along = || one.sign * other.sign * cosine(&self.directions.of(one.output), &self.directions.of(other.output)) > 1.0 - SAME;
        match (&one.shape, &other.shape) {
            (Shape::Fan(one), Shape::Fan(other)) => cosine(one, other) > 1.0 - SAME,
            (Shape::Cell { pattern: one, .. }, Shape::Cell { pattern: other, .. }) => one == other && along(),
            (Shape::Gated { pattern: one, .. }, Shape::Gated { pattern: other, .. }) => one == other && along(),
            (Shape::Whole, Shape::Whole) => along(),
            _ => false,
        }
    }

    /// Climbs over hidden and output weights together.
    pub fn ascend_shared(&mut self, dual: &[f64], starts: &[Vec<f64>]) -> Vec<Find> {
        let (features, stop, outputs) = (&self.features, &self.stop, self.problem.outputs());
        let finds = self.workers.install(|| ascend_shared(features, dual, outputs, starts, &|| stop.now()));
        registered(finds, &mut self.directions)
    }

    /// The optimum where there are no cones: behind every gate, or behind none where the activation is the identity, directions are
    /// the right singular vectors of Z, and those of what neurons there would gain.
    pub fn by_singular_vectors(&mut self) -> Stopped {
        if let Some(gates) = &self.problem.architecture.gates {
            self.list_gates(gates);
            let listed = self.distinct_gates();
            (self.control.progress)(Event::Patterns { listed, bound: gates.count() as f64 });
        }
        let mut groups = std::mem::take(&mut self.start);
        loop {
            let Some(master) = self.master(&mut groups, self.tolerance()) else { return self.ended() };
            self.rounds += 1;
            let (finds, dearest) = self.over_shared(&master);
            self.tell_shared(&master, dearest, groups.len());
            if self.stop.now() || (finds.is_empty() && !self.turn_to_second()) {
                return self.ended();
            }
            let sizes: Vec<f64> = master.weights.iter().map(|theta| self.features.gauge(theta)).collect();
            let least = USED * sizes.iter().copied().fold(0.0, f64::max);
            let mut sizes = sizes.into_iter();
            groups.retain(|_| sizes.next().is_some_and(|size| size > least));
            self.turn(&mut groups, &master.network);
            groups.extend(finds);
        }
    }

    fn tell_shared(&mut self, master: &Master, dearest: f64, groups: usize) {
        let bound = master.dual.as_ref().and_then(|dual| lower_bound(self.problem, dual, dearest));
        let (objective, lower_bound) = (self.best.1.objective, bound.map_or(self.lower.0, |bound| bound.value.max(self.lower.0)));
        let gap = self.problem.relative_gap(objective, lower_bound);
        (self.control.progress)(Event::Round { round: self.rounds, groups, objective, lower_bound, gap });
    }

    /// Groups along the singular vectors of the dearest gates that are priced above β, and the highest price of all.
    fn over_shared(&mut self, master: &Master) -> (Vec<Group>, f64) {
        let Some(dual) = &master.dual else { return (Vec::new(), f64::INFINITY) };
        let (limit, values) = (self.violation(), self.singular(dual));
        let dearest = values.iter().filter_map(|pairs| pairs.first()).map(|pair| pair.0).fold(f64::MIN_POSITIVE, f64::max);
        let mut over: Vec<usize> = (0..values.len()).filter(|g| values[*g].first().is_some_and(|pair| pair.0 > limit)).collect();
        over.sort_by(|a, b| values[*b][0].0.total_cmp(&values[*a][0].0));
        over.truncate(ADDED);
        let mut groups = Vec::new();
        for g in over {
            for (_, serves) in values[g].iter().filter(|pair| pair.0 > limit) {
                let output = self.directions.add(serves.clone());
                groups.push(match self.gates.get(g) {
                    Some(gate) => Group { output, ..gate.clone() },
                    None => Group { output, sign: 1.0, shape: Shape::Whole },
                });
            }
        }
        (groups, dearest)
    }

    /// The largest singular value of all, just above 0 where none is.
    pub fn dearest_pair(&self, dual: &[f64]) -> f64 {
        let first = |pairs: &Vec<(f64, Vec<f64>)>| pairs.first().map(|pair| pair.0);
        self.singular(dual).iter().filter_map(first).fold(f64::MIN_POSITIVE, f64::max)
    }

    /// Singular values of X'D V (d x C) with right singular vectors, the largest first, for every distinct gate, or for all rows at once.
    pub fn singular(&self, dual: &[f64]) -> Vec<Vec<(f64, Vec<f64>)>> {
        let (inputs, outputs) = (self.features.inputs(), self.problem.outputs());
        let every = Pattern::from_fn(inputs.rows, |_| true);
        let open: Vec<&Pattern> = match self.features.gated {
            true => self.gates.iter().take(self.distinct_gates()).filter_map(|group| Some(group.behind()?.1)).collect(),
            false => vec![&every],
        };
        let columns = (0..outputs).map(|c| slopes_behind(inputs, &self.problem.column(dual, c), &open));
        let slopes: Vec<Vec<f64>> = self.workers.install(|| columns.collect());
        let d = inputs.columns;
        let pairs = |g: usize| {
            let slope = DMatrix::from_fn(d, outputs, |j, c| slopes[c][g * d + j]);
            if !slope.iter().all(|x| x.is_finite()) {
                return vec![(f64::INFINITY, vec![0.0; outputs])];
            }
            let svd = slope.svd(false, true);
            let rows = svd.v_t.unwrap_or_default();
            let mut pairs: Vec<(f64, Vec<f64>)> =
                svd.singular_values.iter().zip(rows.row_iter()).map(|(value, row)| (*value, row.iter().copied().collect())).collect();
            pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
            pairs
        };
        (0..open.len()).map(pairs).collect()
    }
}
