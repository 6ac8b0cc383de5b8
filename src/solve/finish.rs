//! The end of a solve: few neurons, the best rigorous bound at hand, and the outcome.

use super::outcome::{Bound, Event, Failure, Outcome, Standing, Stopped};
use super::prove::NODES;
use super::search::Search;
use crate::arrangement::Pattern;
use crate::lowering::{Group, Shape, prune};
use crate::pricing::{lower_bound, norm_bound};
use crate::problem::{Network, Score};

/// How much of an atom may be lost when neurons are merged, tried from the boldest on; the polish that follows restores the rest.
const TOLERANCES: [f64; 5] = [1e-3, 1e-5, 1e-7, 1e-9, 1e-11];

/// How often a dual vector is shortened before its proof is given up.
const SHORTENINGS: usize = 8;

impl Search<'_, '_> {
    /// Prunes, bounds and tells.
    pub fn finish(mut self, stopped: Stopped) -> Result<Outcome, Failure> {
        let before = self.best.0.neurons();
        (self.control.progress)(Event::Stage("pruning"));
        let duals: Vec<Vec<f64>> = self.dual.iter().cloned().collect();
        self.prune();
        self.bound(duals);
        self.fits_width()?;
        let (network, score) = self.best.clone();
        if !score.objective.is_finite() {
            return Err(Failure::Numerical("the objective overflows on this data".into()));
        }
        if stopped == Stopped::Trouble && network.neurons() == 0 {
            return Err(Failure::Numerical("the conic solver found no usable point; `standardize = all` often helps".into()));
        }
        if let (Some(refused), 0) = (self.refused.take(), network.neurons()) {
            return Err(refused);
        }
        let certified = self.certify();
        let narrow = |bound: f64| self.problem.relative_gap(score.objective, bound) <= self.plan().gap;
        let proved = certified.as_ref().map(|(_, verdict)| verdict.lower_bound());
        let (lower_bound, dual, bound) = match (proved, &self.proof) {
            // A proof that closes the gap is worth more than a norm bound that is a little higher.
            (Some(value), Some(proof)) if narrow(value) || self.lower.2 == Bound::Proved || value >= self.lower.0 => {
                (value, proof.dual.clone(), Bound::Proved)
            }
            _ => self.lower.clone(),
        };
        let (closed, certain) = (narrow(lower_bound), bound == Bound::Proved && narrow(lower_bound));
        let leaves = certified.as_ref().map_or(0, |(_, verdict)| verdict.leaves);
        Ok(Outcome {
            standing: if certain { Standing::GlobalOptimum } else { Standing::Bounded },
            certificate: certified.map(|(certificate, _)| certificate),
            leaves,
            proving: self.proving,
            stopped: if closed { Stopped::Gap } else { stopped },
            network,
            objective: score.objective,
            loss: score.loss,
            penalty: score.penalty,
            lower_bound,
            bound,
            dual,
            neurons_before_pruning: before,
            patterns: self.listed.max(self.cells),
            patterns_bound: self.cells_at_most(),
            rounds: self.rounds.max(1),
            size: self.size.clone(),
            seconds: self.began.elapsed().as_secs_f64(),
            solver: self.solver,
        })
    }

    /// Whether the interval is as narrow as asked.
    fn closed(&self) -> bool {
        self.problem.relative_gap(self.best.1.objective, self.lower.0) <= self.plan().gap
    }

    /// Whether a proof makes it so.
    fn proof_closes(&self) -> bool {
        let proof = self.proof.as_ref();
        proof.is_some_and(|proof| self.problem.relative_gap(self.best.1.objective, proof.value) <= self.plan().gap)
    }

    /// The boldest pruning that costs nothing in the objective.
    fn prune(&mut self) {
        let (network, score) = self.best.clone();
        let allowed = (score.objective + 1e-9 * score.objective.abs()).min(self.ceiling);
        for tolerance in TOLERANCES {
            let pruned = prune(self.problem, &self.inputs, &network, tolerance);
            let (polished, after) = self.polish(pruned);
            if after.objective <= allowed {
                self.best = (polished, after);
                return;
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
        let mut groups = self.support(&network);
        let master = self.master(&mut groups, self.tolerance());
        self.size = size;
        match master.map(|master| (self.problem.score(&master.network), master.network)) {
            Some((after, polished)) if after.objective < before.objective => (polished, after),
            _ => (network, before),
        }
    }

    fn support(&self, network: &Network) -> Vec<Group> {
        let cell = |(w, a): (&[f64], &f64)| {
            let pattern = Pattern::of(&self.inputs, w);
            Group { sign: a.signum(), shape: Shape::Cell { pattern, rows: self.nearest_rows(w) } }
        };
        network.hidden.each_row().zip(&network.output).map(cell).collect()
    }

    /// The best lower bound at hand: a proof, finished or not, or norms where there is none.
    ///
    /// `duals` are those of the search; the polish after pruning may have left another.
    fn bound(&mut self, mut duals: Vec<Vec<f64>>) {
        duals.extend(self.dual.clone().filter(|dual| !duals.contains(dual)));
        for dual in duals {
            if !self.proof_closes() {
                self.prove_shorter(dual.clone());
            }
            if self.closed() {
                continue;
            }
            let price = norm_bound(&self.inputs, self.problem.architecture.activation.slopes(), &dual);
            self.keep_bound(&dual, price, Bound::Norm);
        }
    }

    /// Proves `dual`, made shorter as long as neurons are found that beat it: no column can be added any more.
    fn prove_shorter(&mut self, mut dual: Vec<f64>) {
        for _ in 0..SHORTENINGS {
            let most_nodes = if self.stop.now() { 1 } else { NODES };
            let Some(find) = self.prove(&dual, most_nodes).into_iter().next() else { return };
            let factor = self.problem.objective.strength / find.price * (1.0 - 1e-9);
            dual.iter_mut().for_each(|v| *v *= factor);
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
