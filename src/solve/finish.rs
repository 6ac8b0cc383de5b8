//! The end of a solve: few neurons, the best rigorous bound at hand, and the outcome.

use super::outcome::{Bound, Event, Failure, Outcome, Standing, Stopped};
use super::prove::NODES;
use super::search::Search;
use crate::lowering::{Group, Shape, prune};
use crate::pricing::lower_bound;
use crate::problem::{Arrangements, Features, Matrix, Network, Part, Score};

/// How much of an atom may be lost when neurons are merged, tried from the boldest on; the polish that follows restores the rest.
const TOLERANCES: [f64; 5] = [1e-3, 1e-5, 1e-7, 1e-9, 1e-11];

/// What pruning may cost, relative to the objective.
const SLACK: f64 = 1e-9;

/// How often a skip that costs nothing is made twice as long.
const DOUBLINGS: usize = 12;

/// Nodes of a proof about the data themselves where low rank is to be quick.
const FEW_NODES: usize = 200;

/// How often a dual vector is shortened before its proof is given up.
const SHORTENINGS: usize = 8;

impl Search<'_, '_> {
    /// Prunes, bounds and tells.
    pub fn finish(mut self, stopped: Stopped) -> Result<Outcome, Failure> {
        let (before, groups) = (self.best.0.neurons(), std::mem::take(&mut self.groups));
        let searching = self.began.elapsed().as_secs_f64();
        (self.control.progress)(Event::Stage("pruning"));
        let mut duals: Vec<Vec<f64>> = self.dual.iter().chain(&self.second).cloned().collect();
        self.lengthen_skip();
        self.prune();
        duals.extend(self.straighten());
        self.bound(duals);
        let fewest = (self.plan().fewest && self.narrow(self.lower.0)).then(|| self.fewest(groups.clone())).flatten();
        self.fits_width()?;
        self.usable(stopped)?;
        let (network, score) = self.best.clone();
        let certified = self.certify();
        let proved = certified.as_ref().map(|(_, verdict)| verdict.lower_bound());
        let (lower_bound, dual, bound) = self.told(proved);
        let closed = self.problem.relative_gap(score.objective, lower_bound) <= self.plan().gap;
        let (certain, unproved) = (closed && bound == Bound::Proved, self.unproved());
        let leaves = certified.as_ref().map_or(0, |(_, verdict)| verdict.leaves);
        Ok(Outcome {
            standing: if certain { Standing::GlobalOptimum } else { Standing::Bounded },
            certificate: certified.map(|(certificate, _)| certificate),
            heights: std::mem::take(&mut self.heights),
            leaves,
            proving: self.proving,
            stopped: if closed { Stopped::Gap } else { self.why(stopped, unproved) },
            unproved: unproved.filter(|_| !closed),
            network,
            objective: score.objective,
            loss: score.loss,
            penalty: score.penalty,
            lower_bound,
            bound,
            dual,
            neurons_before_pruning: before,
            fewest,
            groups,
            directions: self.directions.clone(),
            patterns: self.listed.max(self.cells),
            patterns_bound: self.cells_at_most(),
            rounds: self.rounds.max(1),
            size: self.size.clone(),
            seconds: self.began.elapsed().as_secs_f64(),
            searching,
            solver: self.solver,
        })
    }

    /// Whether there is something to tell at all.
    fn usable(&mut self, stopped: Stopped) -> Result<(), Failure> {
        let (network, score) = &self.best;
        if !score.objective.is_finite() {
            return Err(Failure::Numerical("the objective overflows on this data".into()));
        }
        if stopped == Stopped::Trouble && network.neurons() == 0 {
            return Err(Failure::Numerical("the conic solver found no usable point; `standardize = all` often helps".into()));
        }
        match (self.refused.take(), network.neurons()) {
            (Some(refused), 0) => Err(refused),
            _ => Ok(()),
        }
    }

    /// The bound that is told: with a certificate the certified one, so that `verify` says the same; another only without.
    fn told(&self, proved: Option<f64>) -> (f64, Vec<f64>, Bound) {
        match (proved, &self.proof) {
            (Some(value), Some(proof)) => (value, proof.dual.clone(), Bound::Proved),
            // A proof that makes no certificate is none.
            _ if self.lower.2 == Bound::Proved => (self.least, self.zeros(), Bound::Trivial),
            _ => self.lower.clone(),
        }
    }

    /// What ended the proof before it was whole.
    fn unproved(&self) -> Option<Stopped> {
        let cut = self.why_stopped().filter(|why| matches!(why, Stopped::Time | Stopped::Interrupt));
        cut.filter(|_| !self.proof_closes())
    }

    /// Where all cells are searched the proof is part of the search; where only some are, they may be done before it is.
    fn why(&self, stopped: Stopped, unproved: Option<Stopped>) -> Stopped {
        match unproved {
            Some(cut) if stopped == Stopped::Converged && !self.plan().arrangements.partial() => cut,
            _ => stopped,
        }
    }

    /// Whether an interval down to `bound` is as narrow as asked.
    fn narrow(&self, bound: f64) -> bool {
        self.problem.relative_gap(self.best.1.objective, bound) <= self.plan().gap
    }

    /// Whether a proof makes it so.
    pub fn proof_closes(&self) -> bool {
        self.proof.as_ref().is_some_and(|proof| self.narrow(proof.value))
    }

    /// A skip costs nothing: if it tells the classes apart, a longer one does so better, and the optimum is met nowhere.
    fn lengthen_skip(&mut self) {
        let hidden = Matrix::new(0, self.features.inputs().columns, Vec::new());
        for _ in 0..DOUBLINGS {
            let (Some(skip), before) = (&self.best.0.skip, self.best.1.objective) else { return };
            let longer = skip.times(2.0);
            let gates = self.best.0.gates.as_ref().map(|gates| Matrix::new(0, gates.columns, Vec::new()));
            self.offer(&Network {
                hidden: hidden.clone(),
                output: Matrix::new(0, self.problem.outputs(), Vec::new()),
                skip: Some(longer),
                gates,
            });
            if self.best.1.objective >= before || self.narrow(self.least) {
                return;
            }
        }
    }

    /// The boldest pruning that costs nothing in the objective.
    fn prune(&mut self) {
        let (network, score) = self.best.clone();
        let allowed = self.allowed(score.objective);
        for tolerance in TOLERANCES {
            let pruned = prune(&self.features, &network, self.problem.shared(), tolerance);
            let (polished, after) = self.polish(pruned);
            if after.objective <= allowed {
                self.best = (polished, after);
                break;
            }
        }
        // The polish may have found better than what was allowed to be lost.
        self.drop_smallest(self.allowed(self.best.1.objective));
    }

    /// The highest objective that is as good as this one.
    fn allowed(&self, objective: f64) -> f64 {
        let slack = SLACK.min(0.1 * self.plan().gap);
        (objective + slack * objective.abs()).min(self.ceiling)
    }

    /// Drops the smallest neurons, as many as the objective does without: the solver's rounding leaves some that do nothing.
    fn drop_smallest(&mut self, allowed: f64) {
        let mut too_many = self.best.0.neurons() + 1;
        while too_many > 1 {
            let count = too_many / 2;
            let fewer = without_smallest(&self.features, &self.best.0, count);
            let score = self.problem.score(&fewer);
            if score.objective <= allowed {
                (self.best, too_many) = ((fewer, score), too_many - count);
            } else {
                too_many = count;
            }
        }
    }

    /// Solves over the cells of the network's neurons only: at most one neuron each.
    ///
    /// Not where only some cells are searched: a neuron on the edge of its cell would escape into one that is none of them.
    fn polish(&mut self, network: Network) -> (Network, Score) {
        let before = self.problem.score(&network);
        if network.neurons() == 0 || self.plan().arrangements.partial() || self.stop.now() {
            return (network, before);
        }
        let size = self.size.clone();
        if self.problem.shared() {
            let polished = self.polish_shared(network);
            self.size = size;
            return polished;
        }
        let mut groups = self.support(&network);
        let master = self.master(&mut groups, self.tolerance());
        self.size = size;
        match master.map(|master| (self.problem.score(&master.network), master.network)) {
            Some((after, polished)) if after.objective < before.objective => (polished, after),
            _ => (network, before),
        }
    }

    fn support(&self, network: &Network) -> Vec<Group> {
        if let Some(gates) = &self.problem.architecture.gates {
            return self.behind(gates, network);
        }
        if self.features.jumps().is_some() {
            let ray = |Part { w, output, a, .. }: Part| Group { output, sign: a.signum(), shape: Shape::Ray(self.features.lifted(w)) };
            return network.parts().map(ray).collect();
        }
        let cell = |Part { w, output, a, .. }: Part| {
            let rows = self.nearest_rows(&self.features.lifted(w));
            Group { output, sign: a.signum(), shape: Shape::Cell { pattern: self.cell(w), rows } }
        };
        network.parts().map(cell).collect()
    }

    /// The best lower bound at hand: a proof, finished or not, or norms where there is none.
    ///
    /// `duals` are those of the search; the polish after pruning may have left another.
    fn bound(&mut self, mut duals: Vec<Vec<f64>>) {
        duals.extend(self.dual.clone().filter(|dual| !duals.contains(dual)));
        for dual in duals {
            if !self.proof_closes() {
                self.prove_shorter(&dual);
            }
            if self.narrow(self.lower.0) {
                continue;
            }
            let price = self.norm_price(&dual);
            self.keep_bound(&dual, price, Bound::Norm);
        }
        // What norms say of a dual vector a tree can prove, and a checker believes only trees.
        if self.lower.2 == Bound::Norm {
            self.prove(&self.lower.1.clone(), self.most_nodes());
        }
        // The penalty is never negative, and the loss nowhere below its least: the dual vector of zeros says so.
        if self.narrow(self.least) && !self.proof_closes() {
            self.prove(&self.zeros(), 1);
        }
    }

    /// Proves `dual`, made shorter as long as neurons are found that beat it: no column can be added any more.
    fn prove_shorter(&mut self, dual: &[f64]) {
        let mut scale = 1.0;
        for _ in 0..SHORTENINGS {
            let Some(find) = self.prove_part(dual, scale, self.most_nodes()).into_iter().next() else { return };
            scale *= self.features.price / find.price * (1.0 - 1e-9);
        }
    }

    /// Where no time is left the root alone is bounded.
    fn most_nodes(&self) -> usize {
        match self.plan().arrangements {
            _ if self.stop.now() || self.late => 1,
            Arrangements::LowRank { .. } => FEW_NODES,
            _ => NODES,
        }
    }

    /// Keeps the bound that follows from `dual` priced at most `price`, if it is the best so far.
    pub fn keep_bound(&mut self, dual: &[f64], price: f64, bound: Bound) {
        let Some(found) = lower_bound(self.problem, dual, price) else { return };
        // A bound above a network in hand is a sign of numbers beyond floating point, not of a better bound.
        let believable = found.value <= self.best.1.objective + 1e-9 * self.best.1.objective.abs();
        if found.value > self.lower.0 && believable {
            self.lower = (found.value, found.dual, bound);
        }
    }

    /// `dense(k)` promises at most k neurons.
    fn fits_width(&self) -> Result<(), Failure> {
        let needed = self.best.0.neurons();
        match self.problem.architecture.width {
            Some(allowed) if needed > allowed => Err(Failure::TooWide { allowed, needed }),
            _ => Ok(()),
        }
    }
}

/// The network without its `count` smallest neurons.
fn without_smallest(features: &Features, network: &Network, count: usize) -> Network {
    let sizes = features.sizes(network);
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|&a, &b| sizes[a].total_cmp(&sizes[b]));
    let mut kept = order.split_off(count.min(order.len()));
    kept.sort_unstable();
    let rows = |of: &Matrix| Matrix::new(kept.len(), of.columns, kept.iter().flat_map(|&j| of.row(j).iter().copied()).collect());
    Network {
        hidden: rows(&network.hidden),
        output: rows(&network.output),
        skip: network.skip.clone(),
        gates: network.gates.as_ref().map(rows),
    }
}
