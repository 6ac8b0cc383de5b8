//! Gated networks (THEORY 2): one free group per gate, no cones, and a finite list to price, so the optimum is a group lasso's.
//!
//! Gates that let the same rows through are one group, and a gate that lets none through can do nothing.  The program begins with
//! few gates and takes in those whose price is above β until there is none.

use super::outcome::{Event, Stopped};
use super::prove::Draft;
use super::search::{Master, Search};
use crate::arrangement::Pattern;
use crate::certificate::{Dual, Kind, Proof};
use crate::lowering::{Group, Shape};
use crate::pricing::{lower_bound, pivots, price_gates};
use crate::problem::{Arrangements, Gates, Network, Sides};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The most gates that one round adds.
const ADDED: usize = 16;
/// What the grid of a proof may cost, relative to the limit, tried in this order.
const ROOMS: [f64; 3] = [1e-9, 1e-7, 1e-5];

impl Search<'_, '_> {
    /// The optimum over the problem's gates.
    pub fn gated(&mut self, gates: &Gates) -> Stopped {
        self.list_gates(gates);
        (self.control.progress)(Event::Patterns { listed: self.gates.len(), bound: gates.count() as f64 });
        if self.stop.now() {
            return self.ended();
        }
        if self.plan().arrangements == Arrangements::All {
            return self.settle(self.gates.clone());
        }
        let mut groups = std::mem::take(&mut self.start);
        loop {
            let Some(master) = self.master(&mut groups, self.tolerance()) else { return self.ended() };
            self.rounds += 1;
            let before = groups.len();
            self.listed = before;
            self.add_gates(&master, &mut groups);
            if groups.len() == before || self.stop.now() {
                return self.ended();
            }
        }
    }

    /// The first gate of every pattern, in the order of the list.
    fn list_gates(&mut self, gates: &Gates) {
        let (sides, stop) = (Sides::of(self.features.inputs()), &self.stop);
        let look = |at: usize| {
            let open = (!stop.now()).then(|| sides.open(gates.vectors.row(at)))?;
            Some(Pattern::from_bits(&open))
        };
        let looked: Vec<Option<Pattern>> = self.workers.install(|| (0..gates.count()).into_par_iter().map(look).collect());
        let mut first: BTreeMap<Pattern, usize> = BTreeMap::new();
        for (at, pattern) in looked.into_iter().map_while(|pattern| pattern).enumerate().filter(|(_, pattern)| pattern.ones() > 0) {
            first.entry(pattern).or_insert(at);
        }
        let mut groups: Vec<Group> = first.into_iter().map(|(pattern, at)| Group::gated(at, pattern)).collect();
        groups.sort_by_key(gate);
        self.gates = groups;
    }

    /// Adds the gates with the highest prices above β, and tells the bound that these prices give.
    fn add_gates(&mut self, master: &Master, groups: &mut Vec<Group>) {
        let Some(dual) = &master.dual else { return };
        let prices = self.prices(dual);
        let limit = self.violation();
        let there: Vec<&Pattern> = groups.iter().filter_map(open).collect();
        let mut over: Vec<usize> = (0..prices.len()).filter(|&g| prices[g] > limit).collect();
        over.retain(|&g| open(&self.gates[g]).is_some_and(|pattern| !there.contains(&pattern)));
        // The sort is stable: of equal prices the first gates in the list come first.
        over.sort_by(|a, b| prices[*b].total_cmp(&prices[*a]));
        groups.extend(over.into_iter().take(ADDED).map(|g| self.gates[g].clone()));
        let bound = lower_bound(self.problem, dual, largest(&prices)).map_or(self.lower.0, |bound| bound.value);
        let (objective, lower_bound) = (self.best.1.objective, bound.max(self.lower.0));
        let gap = self.problem.relative_gap(objective, lower_bound);
        (self.control.progress)(Event::Round { round: self.rounds, groups: groups.len(), objective, lower_bound, gap });
    }

    fn prices(&self, dual: &[f64]) -> Vec<f64> {
        let (problem, inputs, gates) = (self.problem, self.features.inputs(), &self.gates);
        self.workers.install(|| price_gates(problem, inputs, dual, gates.iter().filter_map(open)))
    }

    /// The groups of a network's own gates, one per pattern.
    pub fn behind(&self, gates: &Gates, network: &Network) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let used = network.gates.iter().flat_map(|gates| gates.each_row());
        for (rows, vector) in network.open(self.features.inputs()).iter().flatten().zip(used) {
            let group = gates.vectors.each_row().position(|gate| gate == vector).map(|at| Group::gated(at, Pattern::from_bits(rows)));
            if let Some(group) = group.filter(|group| !groups.iter().any(|known| open(known) == open(group))) {
                groups.push(group);
            }
        }
        groups
    }

    /// The lower bound from `dual`, shortened to what the dearest gate allows: it needs no tree.
    pub fn prove_gates(&mut self, dual: &[f64]) {
        (self.control.progress)(Event::Stage("proving"));
        let shortened = lower_bound(self.problem, dual, largest(&self.prices(dual)));
        let scale = self.problem.objective.loss.scale(dual.len());
        // Nothing better than the dual vector of zeros is still that one.
        let shortened = shortened.map_or_else(|| vec![0.0; dual.len()], |bound| bound.dual);
        let u: Vec<f64> = shortened.iter().map(|v| v / scale).collect();
        let pivots = if self.problem.architecture.skip { pivots(self.problem, &u).unwrap_or_default() } else { Vec::new() };
        let nothing = || Proof { kind: Kind::Gates, unit: 0, tree: String::new() };
        let draft = Draft { dual: Dual::truncated(&u), scale: 1.0, basis: None, pivots, proofs: vec![nothing(), nothing()] };
        for room in ROOMS {
            if self.stop.interrupted() || self.keep_proof(Draft { scale: 1.0 / (1.0 + room), ..draft.clone() }) {
                return;
            }
        }
    }
}

/// The rows that a gated group's gate lets through.
fn open(group: &Group) -> Option<&Pattern> {
    match &group.shape {
        Shape::Gated { pattern, .. } => Some(pattern),
        _ => None,
    }
}

fn gate(group: &Group) -> usize {
    match group.shape {
        Shape::Gated { gate, .. } => gate,
        _ => usize::MAX,
    }
}

/// The highest price; just above 0 where no gate is worth anything, for then nothing limits the dual vector.
fn largest(prices: &[f64]) -> f64 {
    prices.iter().fold(f64::MIN_POSITIVE, |largest: f64, price| if price.is_nan() { f64::INFINITY } else { largest.max(*price) })
}
