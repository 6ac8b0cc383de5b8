//! Gated networks (THEORY 2): one free group per gate, no sides, and a finite list to price, so the optimum is a group lasso's.
//!
//! Gates that let the same rows through are one group for each output, and a gate that lets none through can do nothing.  The program begins with
//! few gates and takes in those whose price is above β until there is none, or the gap is narrow.

use super::outcome::{Event, Stopped};
use super::prove::Draft;
use super::search::{Master, Search};
use crate::arrangement::Pattern;
use crate::certificate::{Dual, Kind, Proof};
use crate::lowering::Group;
use crate::pricing::{lower_bound, pivots, price_gates};
use crate::problem::{Arrangements, Gates, Matrix, Network, Part, Sides};
use nalgebra::DMatrixView;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Gates that are held against all rows in one product of matrices, and the most numbers that this may have.
const TOGETHER: usize = 32;
const PRODUCTS: usize = 1 << 22;
/// The most gates that one round adds, while there are fewer neurons.
const ADDED: usize = 16;
/// What the grid of a proof may cost, relative to the limit, tried in this order.
const ROOMS: [f64; 3] = [1e-9, 1e-7, 1e-5];

/// The part of the last gap at which a lasso is solved well enough while gates are missing.
const LOOSE: f64 = 0.3;

/// Gates that are worth adding, and the highest price of all.
struct Over {
    gates: Vec<usize>,
    dearest: f64,
}

/// The patterns of some gates, from one product of matrices.
fn let_through(inputs: &Matrix, sides: &Sides, gates: &Gates, which: Range<usize>) -> Vec<Pattern> {
    // A row-major matrix is the transposed one, column by column.
    let rows = DMatrixView::from_slice(&inputs.values, inputs.columns, inputs.rows);
    let vectors = DMatrixView::from_slice(&gates.vectors.values[which.start * inputs.columns..], inputs.columns, which.len());
    let near = (vectors.transpose() * rows).transpose();
    let pattern = |(at, near): (usize, &[f64])| Pattern::from_bits(&sides.open_near(gates.vectors.row(at), near));
    which.zip(near.as_slice().chunks(inputs.rows)).map(pattern).collect()
}

impl Search<'_, '_> {
    /// The optimum over the problem's gates.
    pub fn gated(&mut self, gates: &Gates) -> Stopped {
        self.list_gates(gates);
        let listed = self.distinct_gates();
        (self.control.progress)(Event::Patterns { listed, bound: gates.count() as f64 });
        if self.stop.now() {
            return self.ended();
        }
        if self.plan().arrangements == Arrangements::All {
            return self.settle(self.gates.clone());
        }
        let mut groups = std::mem::take(&mut self.start);
        let mut tolerance = if self.is_lasso() { LOOSE } else { self.tolerance() };
        let mut least = f64::INFINITY;
        loop {
            let tight = if self.is_lasso() { self.near_enough() } else { self.tolerance() };
            let Some(master) = self.master(&mut groups, tolerance) else { return self.ended() };
            self.rounds += 1;
            let over = self.over(&master, &groups);
            let gap = self.tell(&master, &over, groups.len());
            // A lasso's gap counts all gates, so it may end before every price is as low as can be.
            let narrow = self.is_lasso() && gap <= 2.0 * self.near_enough();
            let done = narrow || over.gates.is_empty() && tolerance <= tight;
            if self.stop.now() || done && !self.turn_to_second() {
                return self.ended();
            }
            let more = !over.gates.is_empty();
            // Groups may go as long as that leads somewhere: otherwise they could come and go for ever.
            let forget = tolerance > tight && gap < 0.9 * least && !self.doubtful;
            least = least.min(gap);
            self.take_in(over, &master, &mut groups, forget);
            tolerance = if self.is_lasso() && more { (LOOSE * gap).max(tight) } else { tight };
        }
    }

    /// How many patterns the gates have.
    pub fn distinct_gates(&self) -> usize {
        self.gates.len() / self.problem.outputs()
    }

    /// The first gate of every pattern, in the order of the list, for one output after the other.
    pub fn list_gates(&mut self, gates: &Gates) {
        let (inputs, stop) = (self.features.inputs(), &self.stop);
        let sides = Sides::of(inputs);
        let together = (PRODUCTS / inputs.rows.max(1)).clamp(1, TOGETHER);
        let block = |first: usize| first..gates.count().min(first + together);
        let look = |first: usize| (!stop.now()).then(|| let_through(inputs, &sides, gates, block(first)));
        let starts = (0..gates.count()).into_par_iter().step_by(together);
        let looked: Vec<Option<Vec<Pattern>>> = self.workers.install(|| starts.map(look).collect());
        let mut first: BTreeMap<Pattern, usize> = BTreeMap::new();
        for (at, pattern) in
            looked.into_iter().map_while(|patterns| patterns).flatten().enumerate().filter(|(_, pattern)| pattern.ones() > 0)
        {
            first.entry(pattern).or_insert(at);
        }
        let mut first: Vec<(usize, Pattern)> = first.into_iter().map(|(pattern, at)| (at, pattern)).collect();
        first.sort_by_key(|(at, _)| *at);
        let of_output = |output| first.iter().map(move |(at, pattern)| Group::gated(output, *at, pattern.clone()));
        self.gates = (0..self.problem.outputs()).flat_map(of_output).collect();
    }

    /// The gates that are priced above β and not among `groups`, the dearest first.
    fn over(&self, master: &Master, groups: &[Group]) -> Over {
        let Some(dual) = &master.dual else { return Over { gates: Vec::new(), dearest: f64::INFINITY } };
        let prices = self.prices(dual);
        let limit = self.violation();
        let there: BTreeSet<(usize, &Pattern)> = groups.iter().filter_map(open).collect();
        let mut gates: Vec<usize> = (0..prices.len()).filter(|&g| prices[g] > limit).collect();
        gates.retain(|&g| open(&self.gates[g]).is_some_and(|pattern| !there.contains(&pattern)));
        // The sort is stable: of equal prices the first gates in the list come first.
        gates.sort_by(|a, b| prices[*b].total_cmp(&prices[*a]));
        Over { gates, dearest: largest(&prices) }
    }

    /// Tells the bound that the prices give; returns the gap.
    fn tell(&mut self, master: &Master, over: &Over, groups: usize) -> f64 {
        let bound = master.dual.as_ref().and_then(|dual| lower_bound(self.problem, dual, over.dearest));
        let (objective, lower_bound) = (self.best.1.objective, bound.map_or(self.lower.0, |bound| bound.value.max(self.lower.0)));
        let gap = self.problem.relative_gap(objective, lower_bound);
        (self.control.progress)(Event::Round { round: self.rounds, groups, objective, lower_bound, gap });
        gap
    }

    /// Adds the dearest of the gates, as many as there are neurons; those that do nothing may go meanwhile.
    fn take_in(&self, over: Over, master: &Master, groups: &mut Vec<Group>, forget: bool) {
        let mut works = master.weights.iter().map(|theta| theta.iter().any(|x| *x != 0.0));
        let count = if self.is_lasso() { ADDED.max(master.network.neurons()) } else { ADDED };
        if forget {
            groups.retain(|_| works.next().unwrap_or(true));
        }
        groups.extend(over.gates.into_iter().take(count).map(|g| self.gates[g].clone()));
    }

    /// The price of every group of [`Search::gates`].
    pub fn prices(&self, dual: &[f64]) -> Vec<f64> {
        let (problem, inputs) = (self.problem, self.features.inputs());
        let of_one = |(output, gates): (usize, &[Group])| {
            price_gates(problem, inputs, &problem.column(dual, output), gates.iter().filter_map(open).map(|(_, pattern)| pattern))
        };
        let gates = self.gates.chunks(self.distinct_gates().max(1)).enumerate();
        self.workers.install(|| gates.flat_map(of_one).collect())
    }

    /// The groups of a network's own gates, one per output and pattern.
    pub fn behind(&self, gates: &Gates, network: &Network) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let (Some(rows), Some(used)) = (network.open(self.features.inputs()), &network.gates) else { return groups };
        for Part { neuron, output, .. } in network.parts() {
            let at = gates.vectors.each_row().position(|gate| gate == used.row(neuron));
            let group = at.map(|at| Group::gated(output, at, Pattern::from_bits(&rows[neuron])));
            if let Some(group) = group.filter(|group| !groups.iter().any(|known| open(known) == open(group))) {
                groups.push(group);
            }
        }
        groups
    }

    /// The lower bound from `dual`, shortened to what the dearest gate allows: it needs no tree.
    pub fn prove_gates(&mut self, dual: &[f64]) {
        (self.control.progress)(Event::Stage("proving"));
        let dearest = match self.problem.shared() {
            true => self.dearest_pair(dual),
            false => largest(&self.prices(dual)),
        };
        let shortened = lower_bound(self.problem, dual, dearest);
        let scale = self.problem.objective.loss.scale(dual.len());
        // Nothing better than the dual vector of zeros is still that one.
        let shortened = shortened.map_or_else(|| vec![0.0; dual.len()], |bound| bound.dual);
        let mut u: Vec<f64> = shortened.iter().map(|v| v / scale).collect();
        let pivots = pivots(self.problem, &mut u).unwrap_or_default();
        let nothing = Proof { kind: Kind::Gates, unit: 0, tree: String::new() };
        let mut dual = Dual::truncated(&u);
        self.problem.objective.loss.balance(&mut dual.mantissas, self.problem.targets());
        let draft = Draft { dual, scale: 1.0, basis: None, pivots, cover: None, proofs: vec![nothing; 2 * self.problem.outputs()] };
        for room in ROOMS {
            if self.stop.interrupted() || self.keep_proof(Draft { scale: 1.0 / (1.0 + room), ..draft.clone() }) {
                return;
            }
        }
    }
}

/// The output that a gated group serves, and the rows that its gate lets through.
fn open(group: &Group) -> Option<(usize, &Pattern)> {
    group.behind().map(|(_, pattern)| (group.output, pattern))
}

/// The highest price; just above 0 where no gate is worth anything, for then nothing limits the dual vector.
fn largest(prices: &[f64]) -> f64 {
    prices.iter().fold(f64::MIN_POSITIVE, |largest: f64, price| if price.is_nan() { f64::INFINITY } else { largest.max(*price) })
}
