//! Everything that is known after a solve, in one place: summary, JSON and report page all read this and add nothing.

use super::Fit;
use crate::problem::{Guarantee, Network, Problem, Score};

/// What we hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    GlobalOptimum,
    Bounded,
    Failed,
}

impl Status {
    /// The word on the summary's first line.
    pub fn words(self) -> &'static str {
        match self {
            Status::GlobalOptimum => "GLOBAL OPTIMUM",
            Status::Bounded => "BOUNDED",
            Status::Failed => "FAILED",
        }
    }

    /// The word in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Status::GlobalOptimum => "global_optimum",
            Status::Bounded => "bounded",
            Status::Failed => "failed",
        }
    }
}

/// Why the search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    Gap,
    Converged,
    Time,
    Memory,
    Trouble,
    Interrupt,
}

impl Stopped {
    pub fn words(self) -> &'static str {
        match self {
            Stopped::Gap => "gap reached",
            Stopped::Converged => "no neuron worth adding was found",
            Stopped::Time => "time limit",
            Stopped::Memory => "memory limit",
            Stopped::Trouble => "the conic solver failed; this is the best found until then",
            Stopped::Interrupt => "interrupted",
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Stopped::Gap => "gap",
            Stopped::Converged => "converged",
            Stopped::Time => "time",
            Stopped::Memory => "memory",
            Stopped::Trouble => "trouble",
            Stopped::Interrupt => "interrupt",
        }
    }
}

/// What the lower bound rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rests {
    Proved,
    Norm,
    Trivial,
}

impl Rests {
    /// For people; `closed` says whether the gap is as narrow as asked.
    fn words(self, closed: bool) -> &'static str {
        match self {
            Rests::Proved if closed => "no neuron of any kind is worth adding: proved",
            Rests::Proved => "proved: no network of any width goes below this",
            Rests::Norm => "a norm bound over all of weight space; a sharper proof may exist",
            Rests::Trivial => "only the least that the loss could be, whatever the network",
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Rests::Proved => "proof",
            Rests::Norm => "norm",
            Rests::Trivial => "trivial",
        }
    }
}

/// How the search went: sizes of its last program, rounds and time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub neurons_before_pruning: usize,
    pub patterns: usize,
    pub patterns_bound: f64,
    pub rounds: usize,
    pub groups: usize,
    pub columns: usize,
    pub rows: usize,
    pub cones: usize,
    pub seconds: f64,
    /// Seconds until the search was over.
    pub searching: f64,
    pub solver: String,
    /// Leaves of the proof that the checker accepted, 0 without one, and seconds spent on proofs.
    pub leaves: usize,
    pub proving: f64,
    /// What ended the proof before it was whole.
    pub unproved: Option<Stopped>,
    pub fewest: Option<Fewest>,
}

/// What is known of the least number of neurons that an optimal network has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fewest {
    /// No optimal network has fewer; whether that is about all networks, or about those of the active groups.
    pub least: usize,
    pub complete: bool,
    pub found: usize,
    /// Groups that some optimal network uses, their distinct directions, and how many of these depend on the others.
    pub active: usize,
    pub directions: usize,
    pub freedom: usize,
    /// Whether there is one optimal network only.
    pub unique: bool,
}

/// The folder with the result, as shown to people, and `(kind, file name)` of what is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub folder: String,
    pub files: Vec<(&'static str, &'static str)>,
}

/// The answer to `cvxc solve`.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    pub problem: &'a Problem,
    pub network: &'a Network,
    pub status: Status,
    pub stopped: Stopped,
    /// Recomputed from the network, after the solver has gone.
    pub score: Score,
    pub lower_bound: f64,
    pub rests: Rests,
    pub run: Run,
    pub model_hash: String,
    /// Parameters that `--set` changed.
    pub overrides: Vec<(String, String)>,
    /// Options that beat the file: `("time", "60 s")`.
    pub changed: Vec<(String, String)>,
    /// `None` if nothing was written.
    pub written: Option<Written>,
}

impl Answer<'_> {
    /// The interval's relative width.
    pub fn relative_gap(&self) -> f64 {
        self.problem.relative_gap(self.score.objective, self.lower_bound)
    }

    /// Whether the model's promise was kept: the exit code follows from this alone.
    pub fn kept(&self) -> bool {
        match (self.status, self.problem.plan.guarantee) {
            (Status::Failed, _) => false,
            (_, Guarantee::Bounded) => self.stopped != Stopped::Interrupt && self.lower_bound.is_finite(),
            (_, Guarantee::Global) => self.relative_gap() <= self.problem.plan.gap,
        }
    }

    /// What the lower bound rests on, for people.
    pub fn rests_words(&self) -> &'static str {
        let closed = self.relative_gap() <= self.problem.plan.gap;
        match (self.rests, &self.problem.architecture.gates) {
            (Rests::Proved, Some(_)) if closed => "no neuron behind any of the gates is worth adding: proved",
            (Rests::Proved, Some(_)) => "proved: no network with these gates goes below this",
            (rests, _) => rests.words(closed),
        }
    }

    /// How well the network fits the rows it was trained on.
    pub fn train(&self) -> Fit {
        Fit::of(self.problem, self.network, &self.problem.dataset.train)
    }

    /// How far an output is from its target at most, as a part of the largest target.
    pub fn residual(&self) -> f64 {
        let rows = &self.problem.dataset.train;
        let outputs = self.network.forward(&self.problem.architecture, &rows.inputs);
        let largest = rows.targets.iter().fold(f64::MIN_POSITIVE, |most, y| most.max(y.abs()));
        outputs.iter().zip(&rows.targets).fold(0.0, |most: f64, (f, y)| most.max((f - y).abs())) / largest
    }

    /// How well it fits the rows kept aside.
    pub fn test(&self) -> Option<Fit> {
        self.problem.dataset.test.as_ref().map(|rows| Fit::of(self.problem, self.network, rows))
    }
}
